// SPDX-License-Identifier: MIT
/**
 * DOC: the copy engine of device memory
 *
 * Device memory has a channel of its own on a copy engine. A CPU fault therefore
 * takes no mutex of a client and none of TTM, and when the channel dies nothing else
 * is harmed.
 *
 * A batch is submitted under the copier's lock: its launches, then one fence. The
 * wait is outside the lock and has a time limit. An error of any kind (no room in
 * the ring, a killed channel, the time limit) ends with the channel taken off the
 * hardware *before* it is reported: only then can nothing write into pages that the
 * caller is about to give back. A batch that failed may have been copied in part;
 * the sources are intact, so the caller leaves the pages where they were.
 *
 * A launch that the engine refuses does not stop the channel: the fence signals as
 * if all were well. So each launch releases a semaphore of its own when it is over,
 * and after the fence every one of them is looked at.
 *
 * A dead channel is made anew by nouveau_dmem_copier_revive(). That creates buffer
 * objects, so it is called before folios are locked, or from a worker.
 *
 * To add a class of copy engine: an entry in copy_classes[], and functions for it if
 * its methods differ from those of Pascal.
 */
#include "nouveau_dmem_copy.h"

#include "nouveau_bo.h"
#include "nouveau_chan.h"
#include "nouveau_dma.h"
#include "nouveau_drv.h"
#include "nouveau_fence.h"
#include "nouveau_vmm.h"

#include <nvif/class.h>
#include <nvif/fifo.h>
#include <nvif/push906f.h>

#include <nvhw/class/cla0b5.h>

#define COPY_TIMEOUT_MS		10000
#define COPY_LINE_BYTES		4096
#define COPY_ENGINE_INSTANCE	4	/* SET_OBJECT's subchannel for copy engines */

/* Batches under way at once, and launches in one. */
#define BANKS			8
#define BANK_WORDS		512

/* Of this class, but not in its header here. */
#define NVA0B5_SET_SEMAPHORE_A		(0x00000240)
#define NVA0B5_SET_SEMAPHORE_B		(0x00000244)
#define NVA0B5_SET_SEMAPHORE_PAYLOAD	(0x00000248)

/* What a launch writes when it is over, and where. */
struct launch_done {
	u64 addr;
	u32 seq;
};

struct nouveau_dmem_copy_class {
	s32 oclass;
	int (*copy)(struct nvif_push *push, const struct nouveau_dmem_run *run,
		    const struct launch_done *done);
	int (*zero)(struct nvif_push *push, const struct nouveau_dmem_run *run,
		    const struct launch_done *done);
};

static void push_done(struct nvif_push *push, const struct launch_done *done)
{
	PUSH_MTHD(push, NVA0B5, SET_SEMAPHORE_A, upper_32_bits(done->addr),
				SET_SEMAPHORE_B, lower_32_bits(done->addr),
				SET_SEMAPHORE_PAYLOAD, done->seq);
}

static int
pascal_copy(struct nvif_push *push, const struct nouveau_dmem_run *run,
	    const struct launch_done *done)
{
	bool to_vram = run->dir == NOUVEAU_DMEM_TO_VRAM;
	int ret;

	ret = PUSH_WAIT(push, 18);
	if (ret)
		return ret;

	if (to_vram) {
		PUSH_IMMD(push, NVA0B5, SET_SRC_PHYS_MODE,
			  NVDEF(NVA0B5, SET_SRC_PHYS_MODE, TARGET, COHERENT_SYSMEM));
		PUSH_IMMD(push, NVA0B5, SET_DST_PHYS_MODE,
			  NVDEF(NVA0B5, SET_DST_PHYS_MODE, TARGET, LOCAL_FB));
	} else {
		PUSH_IMMD(push, NVA0B5, SET_SRC_PHYS_MODE,
			  NVDEF(NVA0B5, SET_SRC_PHYS_MODE, TARGET, LOCAL_FB));
		PUSH_IMMD(push, NVA0B5, SET_DST_PHYS_MODE,
			  NVDEF(NVA0B5, SET_DST_PHYS_MODE, TARGET, COHERENT_SYSMEM));
	}

	PUSH_MTHD(push, NVA0B5, OFFSET_IN_UPPER,
		  NVVAL(NVA0B5, OFFSET_IN_UPPER, UPPER, upper_32_bits(run->src)),

				OFFSET_IN_LOWER, lower_32_bits(run->src),

				OFFSET_OUT_UPPER,
		  NVVAL(NVA0B5, OFFSET_OUT_UPPER, UPPER, upper_32_bits(run->dst)),

				OFFSET_OUT_LOWER, lower_32_bits(run->dst),
				PITCH_IN, COPY_LINE_BYTES,
				PITCH_OUT, COPY_LINE_BYTES,
				LINE_LENGTH_IN, COPY_LINE_BYTES,
				LINE_COUNT, run->pages);

	push_done(push, done);
	PUSH_MTHD(push, NVA0B5, LAUNCH_DMA,
		  NVDEF(NVA0B5, LAUNCH_DMA, DATA_TRANSFER_TYPE, NON_PIPELINED) |
		  NVDEF(NVA0B5, LAUNCH_DMA, FLUSH_ENABLE, TRUE) |
		  NVDEF(NVA0B5, LAUNCH_DMA, SEMAPHORE_TYPE, RELEASE_ONE_WORD_SEMAPHORE) |
		  NVDEF(NVA0B5, LAUNCH_DMA, INTERRUPT_TYPE, NONE) |
		  NVDEF(NVA0B5, LAUNCH_DMA, SRC_MEMORY_LAYOUT, PITCH) |
		  NVDEF(NVA0B5, LAUNCH_DMA, DST_MEMORY_LAYOUT, PITCH) |
		  NVDEF(NVA0B5, LAUNCH_DMA, SRC_TYPE, PHYSICAL) |
		  NVDEF(NVA0B5, LAUNCH_DMA, DST_TYPE, PHYSICAL) |
		  NVDEF(NVA0B5, LAUNCH_DMA, MULTI_LINE_ENABLE, TRUE) |
		  NVDEF(NVA0B5, LAUNCH_DMA, REMAP_ENABLE, FALSE) |
		  NVDEF(NVA0B5, LAUNCH_DMA, BYPASS_L2, USE_PTE_SETTING));
	return 0;
}

/* Remap two constants of 4 bytes: one element is 8 bytes, a line is a page. */
static int
pascal_zero(struct nvif_push *push, const struct nouveau_dmem_run *run,
	    const struct launch_done *done)
{
	int ret;

	ret = PUSH_WAIT(push, 17);
	if (ret)
		return ret;

	PUSH_IMMD(push, NVA0B5, SET_DST_PHYS_MODE,
		  NVDEF(NVA0B5, SET_DST_PHYS_MODE, TARGET, LOCAL_FB));

	PUSH_MTHD(push, NVA0B5, SET_REMAP_CONST_A, 0,
				SET_REMAP_CONST_B, 0,

				SET_REMAP_COMPONENTS,
		  NVDEF(NVA0B5, SET_REMAP_COMPONENTS, DST_X, CONST_A) |
		  NVDEF(NVA0B5, SET_REMAP_COMPONENTS, DST_Y, CONST_B) |
		  NVDEF(NVA0B5, SET_REMAP_COMPONENTS, COMPONENT_SIZE, FOUR) |
		  NVDEF(NVA0B5, SET_REMAP_COMPONENTS, NUM_DST_COMPONENTS, TWO));

	PUSH_MTHD(push, NVA0B5, OFFSET_OUT_UPPER,
		  NVVAL(NVA0B5, OFFSET_OUT_UPPER, UPPER, upper_32_bits(run->dst)),

				OFFSET_OUT_LOWER, lower_32_bits(run->dst));

	PUSH_MTHD(push, NVA0B5, LINE_LENGTH_IN, run->pages * (COPY_LINE_BYTES / 8));

	push_done(push, done);
	PUSH_MTHD(push, NVA0B5, LAUNCH_DMA,
		  NVDEF(NVA0B5, LAUNCH_DMA, DATA_TRANSFER_TYPE, NON_PIPELINED) |
		  NVDEF(NVA0B5, LAUNCH_DMA, FLUSH_ENABLE, TRUE) |
		  NVDEF(NVA0B5, LAUNCH_DMA, SEMAPHORE_TYPE, RELEASE_ONE_WORD_SEMAPHORE) |
		  NVDEF(NVA0B5, LAUNCH_DMA, INTERRUPT_TYPE, NONE) |
		  NVDEF(NVA0B5, LAUNCH_DMA, SRC_MEMORY_LAYOUT, PITCH) |
		  NVDEF(NVA0B5, LAUNCH_DMA, DST_MEMORY_LAYOUT, PITCH) |
		  NVDEF(NVA0B5, LAUNCH_DMA, DST_TYPE, PHYSICAL) |
		  NVDEF(NVA0B5, LAUNCH_DMA, MULTI_LINE_ENABLE, FALSE) |
		  NVDEF(NVA0B5, LAUNCH_DMA, REMAP_ENABLE, TRUE) |
		  NVDEF(NVA0B5, LAUNCH_DMA, BYPASS_L2, USE_PTE_SETTING));
	return 0;
}

/* Only Pascal was ever run; SVM is not enabled on the later ones. */
static const struct nouveau_dmem_copy_class copy_classes[] = {
	{ TURING_DMA_COPY_A, pascal_copy, pascal_zero },
	{  VOLTA_DMA_COPY_A, pascal_copy, pascal_zero },
	{ PASCAL_DMA_COPY_B, pascal_copy, pascal_zero },
	{ PASCAL_DMA_COPY_A, pascal_copy, pascal_zero },
	{}
};

/* Make the copy object on a new channel and select it. */
static int copier_object_new(struct nouveau_dmem_copier *copier,
			     struct nouveau_channel *chan)
{
	const struct nouveau_dmem_copy_class *class;
	struct nvif_push *push = &chan->chan.push;
	int ret;

	for (class = copy_classes; class->oclass; class++) {
		ret = nvif_object_ctor(&chan->user, "dmemCopy",
				       class->oclass | COPY_ENGINE_INSTANCE << 16,
				       class->oclass, NULL, 0, &copier->object);
		if (ret)
			continue;

		ret = PUSH_WAIT(push, 2);
		if (ret) {
			nvif_object_dtor(&copier->object);
			return ret;
		}
		PUSH_NVSQ(push, NVA0B5, 0x0000, copier->object.handle & 0x0000ffff);
		copier->class = class;
		return 0;
	}
	return -ENODEV;
}

/* Take the channel off the hardware. The copier's lock is held. */
static void copier_kill(struct nouveau_dmem_copier *copier)
{
	lockdep_assert_held(&copier->lock);

	if (!copier->chan)
		return;
	/* Pending fences must signal with an error, not as if all were well. */
	nouveau_channel_kill(copier->chan);
	nvif_object_dtor(&copier->object);
	nouveau_channel_del(&copier->chan);
}

/**
 * nouveau_dmem_copier_revive - make sure that there is a channel
 * @copier: the copier
 *
 * Creates buffer objects if it has to: no folio may be locked, but for the one
 * whose CPU fault is served (nobody who is waited for here waits for a folio).
 *
 * Return: 0; -ENODEV when there is no copy engine of a known class; or why no
 * channel could be made.
 */
int nouveau_dmem_copier_revive(struct nouveau_dmem_copier *copier)
{
	struct nouveau_drm *drm = copier->drm;
	struct nouveau_channel *chan = NULL;
	u64 runm;
	int ret;

	mutex_lock(&copier->lock);
	if (copier->chan && atomic_read(&copier->chan->killed))
		copier_kill(copier);
	ret = !!copier->chan;
	mutex_unlock(&copier->lock);
	if (ret)
		return 0;

	runm = nvif_fifo_runlist_ce(&drm->client.device);
	if (!runm)
		return -ENODEV;
	ret = nouveau_channel_new(&drm->client, true, runm, NvDmaFB, NvDmaTT, &chan);
	if (ret)
		return ret;

	mutex_lock(&copier->lock);
	if (!copier->chan) {
		ret = copier_object_new(copier, chan);
		if (!ret) {
			copier->chan = chan;
			copier->made++;
			chan = NULL;
		}
	}
	mutex_unlock(&copier->lock);
	if (chan)
		nouveau_channel_del(&chan);
	return ret;
}

static void copier_done_del(struct nouveau_dmem_copier *copier)
{
	if (!copier->done)
		return;
	nouveau_vma_del(&copier->done_vma);
	nouveau_bo_unmap(copier->done);
	nouveau_bo_unpin(copier->done);
	nouveau_bo_fini(copier->done);
	copier->done = NULL;
}

/* Words in system memory that the engine and the CPU both see. */
static int copier_done_new(struct nouveau_dmem_copier *copier)
{
	u32 domain = NOUVEAU_GEM_DOMAIN_GART | NOUVEAU_GEM_DOMAIN_COHERENT;
	struct nouveau_drm *drm = copier->drm;
	struct nouveau_bo *bo;
	int ret;

	ret = nouveau_bo_new(&drm->client, BANKS * BANK_WORDS * 4, 0, domain, 0, 0,
			     NULL, NULL, &bo);
	if (ret)
		return ret;
	ret = nouveau_bo_pin(bo, domain, false);
	if (ret) {
		nouveau_bo_fini(bo);
		return ret;
	}
	copier->done = bo;
	ret = nouveau_bo_map(bo);
	if (!ret)
		ret = nouveau_vma_new(bo, nouveau_cli_vmm(&drm->client),
				      &copier->done_vma);
	return ret;
}

/**
 * nouveau_dmem_copier_init - get a copy engine
 * @copier: memory for the copier
 * @drm: the device
 *
 * Return: 0 or an error, after which the copier may not be used.
 */
int nouveau_dmem_copier_init(struct nouveau_dmem_copier *copier,
			     struct nouveau_drm *drm)
{
	int ret;

	copier->drm = drm;
	copier->timeout_ms = COPY_TIMEOUT_MS;
	mutex_init(&copier->lock);
	init_waitqueue_head(&copier->bank_wait);
	ret = copier_done_new(copier);
	if (!ret)
		ret = nouveau_dmem_copier_revive(copier);
	if (ret)
		copier_done_del(copier);
	return ret;
}

/**
 * nouveau_dmem_copier_idle - wait until nothing is under way
 * @copier: the copier
 *
 * Return: 0 or an error; then the channel is dead.
 */
int nouveau_dmem_copier_idle(struct nouveau_dmem_copier *copier)
{
	int ret = 0;

	mutex_lock(&copier->lock);
	if (copier->chan)
		ret = nouveau_channel_idle(copier->chan);
	if (ret)
		copier_kill(copier);
	mutex_unlock(&copier->lock);
	return ret;
}

/**
 * nouveau_dmem_copier_fini - give the copy engine back
 * @copier: the copier
 */
void nouveau_dmem_copier_fini(struct nouveau_dmem_copier *copier)
{
	nouveau_dmem_copier_idle(copier);
	mutex_lock(&copier->lock);
	copier_kill(copier);
	mutex_unlock(&copier->lock);
	copier_done_del(copier);
	mutex_destroy(&copier->lock);
}

static bool bank_try_get(struct nouveau_dmem_copier *copier, unsigned int *bank)
{
	for (*bank = 0; *bank < BANKS; ++*bank)
		if (!test_and_set_bit(*bank, &copier->banks))
			return true;
	return false;
}

static void bank_put(struct nouveau_dmem_copier *copier, unsigned int bank)
{
	clear_bit(bank, &copier->banks);
	wake_up(&copier->bank_wait);
}

/* Has every launch of a batch said that it is over? */
static bool all_done(struct nouveau_dmem_copier *copier,
		     const struct nouveau_dmem_copy *copy)
{
	u32 i;

	for (i = 0; i < copy->nr; i++)
		if (nouveau_bo_rd32(copier->done, copy->bank * BANK_WORDS + i) != copy->seq)
			return false;
	return true;
}

/**
 * nouveau_dmem_copy_submit - start a batch
 * @copier: the copier
 * @batch: what to copy; may be empty
 * @copy: what to wait for with nouveau_dmem_copy_wait(), which must follow
 *
 * Sleeps. On error nothing of the batch is under way any more, but a part of it may
 * have been copied, and @copy need not be waited for.
 *
 * Return: 0; -ENODEV when there is no channel; else why it was not submitted.
 */
int nouveau_dmem_copy_submit(struct nouveau_dmem_copier *copier,
			     const struct nouveau_dmem_batch *batch,
			     struct nouveau_dmem_copy *copy)
{
	const struct nouveau_dmem_copy_class *class;
	struct nouveau_fence *fence = NULL;
	struct launch_done done;
	struct nvif_push *push;
	int ret = -ENODEV;
	u32 i;

	copy->fence = NULL;
	if (!batch->nr)
		return 0;
	if (WARN_ON_ONCE(batch->nr > BANK_WORDS))
		return -EINVAL;

	/* Those who have one wait for a fence, with a time limit. */
	wait_event(copier->bank_wait, bank_try_get(copier, &copy->bank));
	mutex_lock(&copier->lock);
	if (!++copier->seq)
		copier->seq++;
	copy->seq = copier->seq;
	copy->nr = batch->nr;
	if (!copier->chan || atomic_read(&copier->chan->killed))
		goto dead;
	ret = nouveau_fence_create(&fence, copier->chan);
	if (ret)
		goto out;

	class = copier->class;
	push = &copier->chan->chan.push;
	for (i = 0; !ret && i < batch->nr; i++) {
		const struct nouveau_dmem_run *run = &batch->run[i];

		done.addr = copier->done_vma->addr + 4 * (copy->bank * BANK_WORDS + i);
		done.seq = copy->seq;
		ret = run->dir == NOUVEAU_DMEM_ZERO_VRAM ?
		      class->zero(push, run, &done) : class->copy(push, run, &done);
	}
	if (ret) {
		/* It has no timeline yet: only memory. */
		kfree(fence);
		goto dead;
	}
	ret = nouveau_fence_emit(fence);
	if (!ret) {
		copy->fence = fence;
		goto out;
	}
	nouveau_fence_unref(&fence);
dead:
	copier_kill(copier);
out:
	mutex_unlock(&copier->lock);
	if (ret)
		bank_put(copier, copy->bank);
	return ret;
}

/**
 * nouveau_dmem_copy_wait - wait for a batch
 * @copier: the copier
 * @copy: from nouveau_dmem_copy_submit()
 *
 * Sleeps for &nouveau_dmem_copier.timeout_ms at most. On error nothing is under way
 * any more.
 *
 * Return: 0 when all of the batch was copied; -ETIMEDOUT; or the channel's error.
 */
int nouveau_dmem_copy_wait(struct nouveau_dmem_copier *copier,
			   struct nouveau_dmem_copy *copy)
{
	struct nouveau_fence *fence = copy->fence;
	long left;
	int ret = 0;

	if (!fence)
		return 0;

	left = dma_fence_wait_timeout(&fence->base, false,
				      msecs_to_jiffies(copier->timeout_ms));
	if (left == 0)
		ret = -ETIMEDOUT;
	else if (left < 0)
		ret = left;
	else if (fence->base.error)
		ret = fence->base.error;

	if (ret) {
		struct nouveau_channel *chan;
		bool mine;

		NV_ERROR(copier->drm, "dmem: a copy failed, %d\n", ret);
		mutex_lock(&copier->lock);
		/* The channel may be another one by now; this batch's is gone then. */
		rcu_read_lock();
		chan = rcu_dereference(fence->channel);
		mine = chan && chan == copier->chan;
		rcu_read_unlock();
		if (mine || (copier->chan && atomic_read(&copier->chan->killed)))
			copier_kill(copier);
		mutex_unlock(&copier->lock);
	}
	if (!ret && !all_done(copier, copy)) {
		NV_ERROR(copier->drm, "dmem: the engine refused a copy\n");
		ret = -EIO;
	}
	bank_put(copier, copy->bank);
	nouveau_fence_unref(&copy->fence);
	return ret;
}
