/* SPDX-License-Identifier: MIT */
#ifndef __NOUVEAU_SVM_PRIV_H__
#define __NOUVEAU_SVM_PRIV_H__
/* What the files nouveau_svm*.c share, and nobody else needs. */

#include <linux/hmm.h>
#include <linux/workqueue.h>

#include <nvif/event.h>
#include <nvif/object.h>

#include "nouveau_svm.h"

/* The window in which the GPU's page tables are changed. */
#define SVM_WINDOW_SHIFT	21
#define SVM_WINDOW_BYTES	(1UL << SVM_WINDOW_SHIFT)
#define SVM_WINDOW_PAGES	(SVM_WINDOW_BYTES >> PAGE_SHIFT)

/* After a page was pulled back by the CPU, GPU faults leave it there so long. */
#define SVM_GUARD_MS		100

#define SVM_ERR(s, f, a...) NV_WARN((s)->drm, "svm: " f "\n", ##a)

/* What a GPU fault does with memory; see the uAPI. */
enum nouveau_svm_policy {
	NOUVEAU_SVM_POLICY_AUTO,
	NOUVEAU_SVM_POLICY_DEVICE,
	NOUVEAU_SVM_POLICY_HOST,
	NOUVEAU_SVM_NR_POLICIES,
};

enum nouveau_svm_access {
	NOUVEAU_SVM_READ,
	NOUVEAU_SVM_WRITE,
	NOUVEAU_SVM_ATOMIC,
	NOUVEAU_SVM_PREFETCH,
};

/**
 * struct nouveau_svm_fault - an entry of the fault buffer
 * @inst: the instance block of the channel
 * @addr: the page
 * @svmm: the address space, referenced, or NULL when the channel has none
 * @access: &enum nouveau_svm_access
 * @gpc: where it comes from
 * @hub: where it comes from
 * @client: where it comes from
 * @reason: what the MMU found
 */
struct nouveau_svm_fault {
	u64 inst;
	u64 addr;
	struct nouveau_svmm *svmm;
	u8 access;
	u8 gpc;
	u8 hub;
	u8 client;
	u8 reason;
};

/**
 * struct nouveau_svm_buffer - the hardware's buffer of replayable faults
 * @object: the buffer
 * @entries: its size
 * @getaddr: register
 * @putaddr: register
 * @notify: new entries
 * @work: serves them
 * @fault: the entries of one batch
 * @nr: how many
 * @cancels: cancels put off in a row
 * @hmm_pfns: scratch for one window
 * @phys: scratch for one window
 */
struct nouveau_svm_buffer {
	struct nvif_object object;
	u32 entries;
	u32 getaddr;
	u32 putaddr;
	struct nvif_event notify;
	struct work_struct work;
	struct nouveau_svm_fault *fault;
	u32 nr;
	u32 cancels;
	unsigned long hmm_pfns[SVM_WINDOW_PAGES];
	u64 phys[SVM_WINDOW_PAGES];
};

/**
 * struct nouveau_svm - shared virtual memory of one device
 * @drm: the device
 * @mutex: protects the two lists
 * @inst: channels by instance block
 * @svmms: address spaces
 * @policy: what GPU faults do where the address space says nothing
 * @guard_ms: see SVM_GUARD_MS
 * @buffer: the fault buffer
 */
struct nouveau_svm {
	struct nouveau_drm *drm;
	struct mutex mutex;
	struct list_head inst;
	struct list_head svmms;
	enum nouveau_svm_policy policy;
	u32 guard_ms;
	struct nouveau_svm_buffer buffer;
};

/**
 * struct nouveau_svm_present - scratch for nouveau_svmm_map_present()
 * @watch: on the window
 * @pfns: what the process has there
 * @phys: page table entries
 */
struct nouveau_svm_present {
	struct nouveau_svm_watch watch;
	unsigned long pfns[SVM_WINDOW_PAGES];
	u64 phys[SVM_WINDOW_PAGES];
};

/* A move of a 2 MiB range, as kept in &nouveau_svmm.moves. */
static inline void *svm_move_pack(unsigned long when, bool to_vram)
{
	return xa_mk_value((when << 1 | to_vram) & LONG_MAX);
}

static inline bool svm_move_to_vram(void *move)
{
	return xa_to_value(move) & 1;
}

/* How many jiffies ago it was. */
static inline unsigned long svm_move_age(void *move)
{
	return ((jiffies << 1 & LONG_MAX) - (xa_to_value(move) & ~1ul)) >> 1;
}

/* nouveau_svm.c */
struct nouveau_svmm *nouveau_svmm_get_by_inst(struct nouveau_svm *svm, u64 inst);
void nouveau_svmm_put(struct nouveau_svmm *svmm);
enum nouveau_svm_policy nouveau_svmm_policy(struct nouveau_svmm *svmm, unsigned long addr);
void nouveau_svmm_moved(struct nouveau_svmm *svmm, unsigned long addr, bool to_vram);

/* nouveau_svm_map.c */
struct nouveau_svmm_pfnmap *nouveau_svmm_pfnmap_new(void);
void nouveau_svmm_notes_free(struct nouveau_svmm *svmm);
void nouveau_svmm_invalidate(struct nouveau_svmm *svmm, u64 start, u64 end, bool keep_vram);
bool nouveau_svmm_is_mapped(struct nouveau_svmm *svmm, u64 addr, bool write);
int nouveau_svmm_map_present(struct nouveau_svmm *svmm, unsigned long start,
			     unsigned long end, struct nouveau_svm_present *p);
u64 nouveau_svm_pte(unsigned long pfn);
bool nouveau_svm_is_big(const u64 *phys);

/* nouveau_svm_fault.c */
int nouveau_svm_buffer_ctor(struct nouveau_svm *svm, s32 oclass);
void nouveau_svm_buffer_dtor(struct nouveau_svm *svm);
int nouveau_svm_buffer_start(struct nouveau_svm *svm);
void nouveau_svm_buffer_stop(struct nouveau_svm *svm);

#endif
