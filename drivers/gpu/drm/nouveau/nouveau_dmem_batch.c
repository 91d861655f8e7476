// SPDX-License-Identifier: MIT
/**
 * DOC: batches of copies
 *
 * A migration hands the copy engine a list of (direction, source, destination,
 * size). Neighbours are joined while they are collected: a run grows when the next
 * piece continues it on both sides, at its end or at its beginning (the page
 * allocator likes to hand out descending addresses). Only the last run is looked
 * at, so that adding costs the same whatever is in the batch. One run is one
 * launch, one batch is one fence.
 *
 * Pure logic: the same file is built in user space.
 */
#include "nouveau_dmem_batch.h"

#include <linux/errno.h>

#define PAGE_BYTES 4096ull

/**
 * nouveau_dmem_batch_init - make an empty batch
 * @batch: memory for it
 * @run: room for the runs; stays the caller's
 * @max: how many fit
 */
void nouveau_dmem_batch_init(struct nouveau_dmem_batch *batch,
			     struct nouveau_dmem_run *run, u32 max)
{
	batch->nr = 0;
	batch->max = max;
	batch->run = run;
}

static bool run_takes(const struct nouveau_dmem_run *run, enum nouveau_dmem_dir dir,
		      u32 pages)
{
	return run->dir == dir && run->pages + pages <= NOUVEAU_DMEM_RUN_PAGES_MAX;
}

/**
 * nouveau_dmem_batch_add - add a piece
 * @batch: the batch
 * @dir: direction
 * @src: source address, ignored for zero fill
 * @dst: destination address
 * @pages: size in pages of 4 KiB, 1 to NOUVEAU_DMEM_RUN_PAGES_MAX
 *
 * Return: 0; -ENOSPC when a new run is needed and there is no room; -EINVAL for a
 * bad size. On error the batch is as it was.
 */
int nouveau_dmem_batch_add(struct nouveau_dmem_batch *batch,
			   enum nouveau_dmem_dir dir, u64 src, u64 dst, u32 pages)
{
	bool zero = dir == NOUVEAU_DMEM_ZERO_VRAM;
	struct nouveau_dmem_run *run;

	if (!pages || pages > NOUVEAU_DMEM_RUN_PAGES_MAX)
		return -EINVAL;
	if (zero)
		src = 0;

	run = batch->nr ? &batch->run[batch->nr - 1] : NULL;
	if (run && run_takes(run, dir, pages)) {
		u64 bytes = run->pages * PAGE_BYTES;

		if (run->dst + bytes == dst && (zero || run->src + bytes == src)) {
			run->pages += pages;
			return 0;
		}
		bytes = pages * PAGE_BYTES;
		if (dst + bytes == run->dst && (zero || src + bytes == run->src)) {
			run->src = src;
			run->dst = dst;
			run->pages += pages;
			return 0;
		}
	}

	if (batch->nr == batch->max)
		return -ENOSPC;
	run = &batch->run[batch->nr++];
	run->src = src;
	run->dst = dst;
	run->pages = pages;
	run->dir = dir;
	return 0;
}

/**
 * nouveau_dmem_batch_pages - how much a batch moves
 * @batch: the batch
 *
 * Return: pages of 4 KiB, zero fill included.
 */
u64 nouveau_dmem_batch_pages(const struct nouveau_dmem_batch *batch)
{
	u64 pages = 0;
	u32 i;

	for (i = 0; i < batch->nr; i++)
		pages += batch->run[i].pages;
	return pages;
}
