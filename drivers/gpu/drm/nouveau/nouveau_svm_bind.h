/* SPDX-License-Identifier: MIT */
#ifndef __NOUVEAU_SVM_BIND_H__
#define __NOUVEAU_SVM_BIND_H__

struct drm_nouveau_svm_bind;
struct nouveau_svmm;

int nouveau_svm_bind(struct nouveau_svmm *svmm, struct drm_nouveau_svm_bind *args);

#endif
