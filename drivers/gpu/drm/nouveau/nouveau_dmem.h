/* SPDX-License-Identifier: MIT */
#ifndef __NOUVEAU_DMEM_H__
#define __NOUVEAU_DMEM_H__
#include <nvif/os.h>

struct drm_file;
struct drm_minor;
struct drm_printer;
struct nouveau_dmem_job;
struct nouveau_dmem_owner;
struct nouveau_drm;
struct nouveau_svm_watch;
struct nouveau_svmm;
struct page;
struct vm_area_struct;

#if IS_ENABLED(CONFIG_DRM_NOUVEAU_SVM)
void nouveau_dmem_init(struct nouveau_drm *drm);
void nouveau_dmem_fini(struct nouveau_drm *drm);
void nouveau_dmem_suspend(struct nouveau_drm *drm);
void nouveau_dmem_resume(struct nouveau_drm *drm);
bool nouveau_dmem_make_room(struct nouveau_drm *drm, u64 bytes);
void nouveau_dmem_debugfs_init(struct drm_minor *minor);
void nouveau_dmem_show_fdinfo(struct drm_printer *p, struct drm_file *file);

u64 nouveau_dmem_page_addr(struct page *page);

/* Who may lose VRAM to a migration. */
enum nouveau_dmem_push {
	NOUVEAU_DMEM_PUSH_NONE,		/* take what is free */
	NOUVEAU_DMEM_PUSH_OLDER,	/* and what was cold when the call began */
};

struct nouveau_dmem_job *nouveau_dmem_job_new(struct nouveau_drm *drm,
					      struct nouveau_svmm *svmm);
void nouveau_dmem_job_del(struct nouveau_dmem_job *job);
int nouveau_dmem_job_begin(struct nouveau_dmem_job *job, unsigned long start,
			   unsigned long end, enum nouveau_dmem_push push, u64 cold);
void nouveau_dmem_job_end(struct nouveau_dmem_job *job);
int nouveau_dmem_job_move(struct nouveau_dmem_job *job, struct vm_area_struct *vma,
			  unsigned long start, unsigned long end, unsigned long *moved);
struct nouveau_svm_watch *nouveau_dmem_job_watch(struct nouveau_dmem_job *job);
unsigned long nouveau_dmem_job_pages_mapped(struct nouveau_dmem_job *job);
bool nouveau_dmem_job_mapped(struct nouveau_dmem_job *job, u64 addr, u64 *start,
			     u64 *end, bool *write);
int nouveau_dmem_migrate_to_host(struct nouveau_drm *drm, struct vm_area_struct *vma,
				 unsigned long start, unsigned long end,
				 unsigned long *moved);
void nouveau_dmem_touch(struct nouveau_drm *drm, struct page *page);
u64 nouveau_dmem_now(struct nouveau_drm *drm);
int nouveau_dmem_revive(struct nouveau_drm *drm);

struct nouveau_dmem_owner *nouveau_dmem_owner_new(void);
void nouveau_dmem_owner_put(struct nouveau_dmem_owner *owner);

#else /* IS_ENABLED(CONFIG_DRM_NOUVEAU_SVM) */
static inline void nouveau_dmem_init(struct nouveau_drm *drm) {}
static inline void nouveau_dmem_fini(struct nouveau_drm *drm) {}
static inline void nouveau_dmem_suspend(struct nouveau_drm *drm) {}
static inline void nouveau_dmem_resume(struct nouveau_drm *drm) {}
static inline bool nouveau_dmem_make_room(struct nouveau_drm *drm, u64 bytes)
{
	return false;
}
static inline void nouveau_dmem_debugfs_init(struct drm_minor *minor) {}
static inline void nouveau_dmem_show_fdinfo(struct drm_printer *p,
					    struct drm_file *file) {}
#endif /* IS_ENABLED(CONFIG_DRM_NOUVEAU_SVM) */
#endif
