/* SPDX-License-Identifier: MIT */
#ifndef __NOUVEAU_DMEM_COPY_H__
#define __NOUVEAU_DMEM_COPY_H__

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait.h>

#include <nvif/object.h>

#include "nouveau_dmem_batch.h"

struct nouveau_bo;
struct nouveau_channel;
struct nouveau_dmem_copy_class;
struct nouveau_drm;
struct nouveau_fence;
struct nouveau_vma;

/**
 * struct nouveau_dmem_copier - the copy engine of device memory
 * @drm: the device
 * @lock: protects what follows and the push buffer; taken with folios locked,
 *	never held over an allocation of a buffer object
 * @chan: the channel, NULL while it is dead
 * @object: the copy object on it
 * @class: how to program it
 * @timeout_ms: how long a batch may take
 * @made: channels made so far
 * @done: a word for each launch under way, which the engine writes after it
 * @done_vma: where the engine sees it
 * @banks: parts of @done in use, one a batch
 * @bank_wait: woken when a part becomes free
 * @seq: what the launches of the latest batch write
 */
struct nouveau_dmem_copier {
	struct nouveau_drm *drm;
	struct mutex lock;
	struct nouveau_channel *chan;
	struct nvif_object object;
	const struct nouveau_dmem_copy_class *class;
	u32 timeout_ms;
	u32 made;
	struct nouveau_bo *done;
	struct nouveau_vma *done_vma;
	unsigned long banks;
	wait_queue_head_t bank_wait;
	u32 seq;
};

/**
 * struct nouveau_dmem_copy - a batch on its way
 * @fence: signalled when it is over; NULL when nothing was to be done
 * @bank: its part of &nouveau_dmem_copier.done
 * @seq: what each launch writes there
 * @nr: launches
 */
struct nouveau_dmem_copy {
	struct nouveau_fence *fence;
	unsigned int bank;
	u32 seq;
	u32 nr;
};

int nouveau_dmem_copier_init(struct nouveau_dmem_copier *copier,
			     struct nouveau_drm *drm);
void nouveau_dmem_copier_fini(struct nouveau_dmem_copier *copier);
int nouveau_dmem_copier_revive(struct nouveau_dmem_copier *copier);
int nouveau_dmem_copier_idle(struct nouveau_dmem_copier *copier);

int nouveau_dmem_copy_submit(struct nouveau_dmem_copier *copier,
			     const struct nouveau_dmem_batch *batch,
			     struct nouveau_dmem_copy *copy);
int nouveau_dmem_copy_wait(struct nouveau_dmem_copier *copier,
			   struct nouveau_dmem_copy *copy);

#endif
