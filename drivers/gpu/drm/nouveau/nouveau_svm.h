/* SPDX-License-Identifier: MIT */
#ifndef __NOUVEAU_SVM_H__
#define __NOUVEAU_SVM_H__
#include <nvif/os.h>

#include <linux/kref.h>
#include <linux/maple_tree.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

struct drm_device;
struct drm_file;
struct drm_minor;
struct nouveau_dmem_owner;
struct nouveau_drm;
struct nouveau_svmm_pfnmap;
struct nouveau_vmm;

/**
 * struct nouveau_svmm - an address space that the GPU shares with a process
 * @notifier: on the process' mm
 * @ref: one of the file, one of each channel, one of each fault being served
 * @drm: the device
 * @mutex: protects @vmm, @mm_gone, @pfnmap and the GPU's page tables against the
 *	notifier, which takes it: nothing that can reclaim may be allocated under it
 * @vmm: the GPU's side; NULL once the file is closed
 * @mm_gone: the process has gone; nothing may be mapped any more
 * @unmanaged: addresses that the driver hands out for buffer objects
 * @owner: accounts the device pages that this address space brought to VRAM
 * @pfnmap: arguments for one window of page table entries
 * @policy: &enum nouveau_svm_policy by address, if it is not the default
 * @moves: when a 2 MiB range was last moved, and where to
 * @notes: which translations there are, by 2 MiB; under @mutex
 * @head: in the device's list of address spaces
 */
struct nouveau_svmm {
	struct mmu_notifier notifier;
	struct kref ref;
	struct nouveau_drm *drm;
	struct mutex mutex;
	struct nouveau_vmm *vmm;
	bool mm_gone;
	struct {
		unsigned long start;
		unsigned long limit;
	} unmanaged;
	struct nouveau_dmem_owner *owner;
	struct nouveau_svmm_pfnmap *pfnmap;
	struct maple_tree policy;
	struct xarray moves;
	struct xarray notes;
	struct list_head head;
};

/**
 * struct nouveau_svm_watch - notices whether a range changes
 * @notifier: on the range
 * @svmm: the address space
 * @migrating: a task whose own invalidations do not count, or NULL
 * @seq: of the notifier, when the watch began
 */
struct nouveau_svm_watch {
	struct mmu_interval_notifier notifier;
	struct nouveau_svmm *svmm;
	struct task_struct *migrating;
	unsigned long seq;
};

#if IS_ENABLED(CONFIG_DRM_NOUVEAU_SVM)
void nouveau_svm_init(struct nouveau_drm *drm);
void nouveau_svm_fini(struct nouveau_drm *drm);
void nouveau_svm_suspend(struct nouveau_drm *drm);
void nouveau_svm_resume(struct nouveau_drm *drm);
void nouveau_svm_debugfs_init(struct drm_minor *minor);

int nouveau_svmm_init(struct drm_device *dev, void *data, struct drm_file *file);
void nouveau_svmm_fini(struct nouveau_svmm **psvmm);
int nouveau_svmm_join(struct nouveau_svmm *svmm, u64 inst);
void nouveau_svmm_part(struct nouveau_svmm *svmm, u64 inst);
int nouveau_svmm_bind(struct drm_device *dev, void *data, struct drm_file *file);

void nouveau_svm_pulled_back(struct nouveau_drm *drm, struct mm_struct *mm,
			     unsigned long addr);
bool nouveau_svm_prefers_device(struct nouveau_drm *drm, struct mm_struct *mm,
				unsigned long addr);
int nouveau_svmm_watch(struct nouveau_svmm *svmm, struct nouveau_svm_watch *watch,
		       unsigned long start, unsigned long end);
void nouveau_svmm_unwatch(struct nouveau_svm_watch *watch);
bool nouveau_svmm_map_begin(struct nouveau_svmm *svmm, struct nouveau_svm_watch *watch);
int nouveau_svmm_map(struct nouveau_svmm *svmm, unsigned long addr, unsigned int shift,
		     const u64 *phys, unsigned int nr);
void nouveau_svmm_map_end(struct nouveau_svmm *svmm);
#else /* IS_ENABLED(CONFIG_DRM_NOUVEAU_SVM) */
static inline void nouveau_svm_init(struct nouveau_drm *drm) {}
static inline void nouveau_svm_fini(struct nouveau_drm *drm) {}
static inline void nouveau_svm_suspend(struct nouveau_drm *drm) {}
static inline void nouveau_svm_resume(struct nouveau_drm *drm) {}

static inline int nouveau_svmm_init(struct drm_device *dev, void *data,
				    struct drm_file *file)
{
	return -ENOSYS;
}

static inline void nouveau_svmm_fini(struct nouveau_svmm **psvmm) {}

static inline int nouveau_svmm_join(struct nouveau_svmm *svmm, u64 inst)
{
	return 0;
}

static inline void nouveau_svmm_part(struct nouveau_svmm *svmm, u64 inst) {}

static inline int nouveau_svmm_bind(struct drm_device *dev, void *data,
				    struct drm_file *file)
{
	return -ENOSYS;
}
#endif /* IS_ENABLED(CONFIG_DRM_NOUVEAU_SVM) */
#endif
