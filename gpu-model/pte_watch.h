/* SPDX-License-Identifier: MIT */
/*
 * DOC: Counting the PTEs that a driver writes
 *
 * Which VRAM pages hold page tables is learnt from the roots that invalidates
 * name, and kept up to date by looking at writes of directory entries through
 * BAR2 and PRAMIN. From then on every write that leaves a valid PTE is counted, by
 * size; PTEs that were valid when their table became known are counted once.
 * The BARs' own address spaces are left out.
 */
#ifndef GPU_MODEL_PTE_WATCH_H
#define GPU_MODEL_PTE_WATCH_H

#include "memory.h"
#include "types.h"

struct gpu;

int pte_watch_init(struct gpu *gpu);
void pte_watch_fini(struct gpu *gpu);

/* Device reset: nothing is known any more. Device lock held. */
void pte_watch_forget(struct gpu *gpu);

/* A root has been named. Device lock held. */
void pte_watch_root(struct gpu *gpu, enum gpu_aperture aperture, u64 pdb);

/* @len bytes are going to be written to VRAM at @addr, within one page of 4 KiB. Device lock held. */
void pte_watch_write(struct gpu *gpu, u64 addr, const u8 *buf, u32 len);

#endif
