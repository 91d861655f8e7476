/* SPDX-License-Identifier: MIT */
/* Translation caches; used by pmmu.c only. The caller holds gpu->access, shared or (to invalidate) exclusively. */
#ifndef GPU_MODEL_TLB_H
#define GPU_MODEL_TLB_H

#include "mmu.h"

struct gpu;
struct tlb;

/* @entries: 4 KiB translations kept; a power of two. NULL: no memory. */
struct tlb *tlb_create(u32 entries);
void tlb_destroy(struct tlb *tlb);

/* True when a translation of @va is kept: @x is filled but for permissions, which are the caller's to check. */
bool tlb_find(struct tlb *tlb, const struct mmu_space *space, u64 va, struct mmu_xlate *x);

/* Keeps a translation that a walk has found. */
void tlb_keep(struct tlb *tlb, const struct mmu_space *space, u64 va, const struct mmu_xlate *x);

/* Drops everything, or what belongs to one page directory. Return: entries dropped. */
u32 tlb_drop(struct tlb *tlb, bool all, enum gpu_aperture aperture, u64 pdb);

#endif
