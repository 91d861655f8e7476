/* SPDX-License-Identifier: MIT */
#ifndef __NOUVEAU_DMEM_BATCH_H__
#define __NOUVEAU_DMEM_BATCH_H__

#include <linux/types.h>

/* Longest run, in pages: 32 MiB keeps the line count of a launch small. */
#define NOUVEAU_DMEM_RUN_PAGES_MAX	8192u

enum nouveau_dmem_dir {
	NOUVEAU_DMEM_TO_VRAM,
	NOUVEAU_DMEM_TO_RAM,
	NOUVEAU_DMEM_ZERO_VRAM,		/* no source */
	NOUVEAU_DMEM_NR_DIRS,
};

/**
 * struct nouveau_dmem_run - one launch of the copy engine
 * @src: physical or DMA address of the source, 0 for zero fill
 * @dst: physical or DMA address of the destination
 * @pages: size in pages of 4 KiB
 * @dir: &enum nouveau_dmem_dir, which tells the apertures
 */
struct nouveau_dmem_run {
	u64 src;
	u64 dst;
	u32 pages;
	u8 dir;
};

/**
 * struct nouveau_dmem_batch - what one fence will cover
 * @nr: runs in use
 * @max: room in @run
 * @run: the runs
 */
struct nouveau_dmem_batch {
	u32 nr;
	u32 max;
	struct nouveau_dmem_run *run;
};

void nouveau_dmem_batch_init(struct nouveau_dmem_batch *batch,
			     struct nouveau_dmem_run *run, u32 max);
int nouveau_dmem_batch_add(struct nouveau_dmem_batch *batch,
			   enum nouveau_dmem_dir dir, u64 src, u64 dst, u32 pages);
u64 nouveau_dmem_batch_pages(const struct nouveau_dmem_batch *batch);

#endif
