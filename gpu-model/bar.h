/* SPDX-License-Identifier: MIT */
/* BAR1 and BAR2: the CPU's windows into GPU virtual memory. */
#ifndef GPU_MODEL_BAR_H
#define GPU_MODEL_BAR_H

#include "mmu.h"

struct gpu;

/*
 * One access of any length; @bar is 1 or 2. What is not mapped reads as ff and swallows
 * writes, and is posted as a fatal fault of that BAR. Device lock held.
 */
void bar_access(struct gpu *gpu, int bar, u64 offset, u8 *buf, u32 len, bool write);

/*
 * Address space of BAR2, in which the fault buffer lies. NULL when the BAR is in physical
 * mode. Device lock held.
 */
const struct mmu_space *bar2_space(const struct gpu *gpu);

/* One of the BARs is bound to this page directory. Device lock held. */
bool bar_owns(const struct gpu *gpu, u64 pdb);

#endif
