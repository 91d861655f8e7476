/* SPDX-License-Identifier: MIT */
/*
 * Commands of SVM_BIND that this project's nouveau has beyond the released
 * header's. Other kernels answer EINVAL to them. When the installed header has
 * them, they come from there.
 */
#ifndef USVM_NV_UAPI_H
#define USVM_NV_UAPI_H

#include <drm/drm.h>
#include <drm/nouveau_drm.h>

#ifndef NOUVEAU_SVM_BIND_TARGET__CPU
#define NOUVEAU_SVM_BIND_TARGET__CPU		0

#define NOUVEAU_SVM_BIND_COMMAND__POLICY	1
#define NOUVEAU_SVM_BIND_COMMAND__QUERY		2
#define NOUVEAU_SVM_BIND_COMMAND__FEATURES	3

#define NOUVEAU_SVM_BIND_POLICY__DEFAULT	0
#define NOUVEAU_SVM_BIND_POLICY__AUTO		1
#define NOUVEAU_SVM_BIND_POLICY__DEVICE		2
#define NOUVEAU_SVM_BIND_POLICY__HOST		3

#define NOUVEAU_SVM_BIND_FEATURE_CPU_TARGET	(1ULL << 0)
#define NOUVEAU_SVM_BIND_FEATURE_POLICY		(1ULL << 1)
#define NOUVEAU_SVM_BIND_FEATURE_QUERY		(1ULL << 2)
#define NOUVEAU_SVM_BIND_FEATURE_RESULT		(1ULL << 3)

#define NOUVEAU_SVM_EXTENT_NOWHERE		0
#define NOUVEAU_SVM_EXTENT_RAM			1
#define NOUVEAU_SVM_EXTENT_VRAM			2

struct drm_nouveau_svm_extent {
	__u64 va_start;
	__u64 va_end;
	__u32 where;	/* NOUVEAU_SVM_EXTENT_* */
	__u32 order;	/* log2 of the pages of a folio */
	__u32 policy;	/* NOUVEAU_SVM_BIND_POLICY__* */
	__u32 moved;	/* where its 2 MiB were moved last */
	__u64 moved_ms;	/* how long ago */
	__u64 reserved;
};
#endif

/* What is in VRAM stays mapped on the GPU, whatever moves beside it. */
#ifndef NOUVEAU_SVM_BIND_FEATURE_MAPPED
#define NOUVEAU_SVM_BIND_FEATURE_MAPPED		(1ULL << 4)
#endif

#endif
