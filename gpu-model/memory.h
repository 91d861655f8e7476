/* SPDX-License-Identifier: MIT */
/*
 * DOC: Physical memory
 *
 * VRAM and guest RAM by physical address, as the units behind the MMU see
 * them. Every function checks bounds: an access that is not wholly inside fails
 * and touches nothing.
 */
#ifndef GPU_MODEL_MEMORY_H
#define GPU_MODEL_MEMORY_H

#include "types.h"

struct gpu;

/* Numbered as in page table entries and instance blocks. */
enum gpu_aperture { APERTURE_VRAM = 0, APERTURE_PEER = 1, APERTURE_SYS_COH = 2, APERTURE_SYS_NCOH = 3 };

/**
 * memory_ptr() - pointer to physical memory
 * @gpu: the device
 * @aperture: where; peer memory does not exist
 * @addr: physical address
 * @len: bytes
 * @write: they are going to be written
 *
 * Context: inside mmu_enter()/mmu_leave(); the pointer dies with it.
 * Return: the pointer, or NULL.
 */
void *memory_ptr(struct gpu *gpu, enum gpu_aperture aperture, u64 addr, u64 len, bool write);

/* Copies in and out; they bracket themselves. False: nothing done (a read has zeroed @buf). */
bool memory_read(struct gpu *gpu, enum gpu_aperture aperture, u64 addr, void *buf, u64 len);
bool memory_write(struct gpu *gpu, enum gpu_aperture aperture, u64 addr, const void *buf, u64 len);

/* One aligned word by a single access; 0 when out of bounds or not aligned. */
u32 memory_read32(struct gpu *gpu, enum gpu_aperture aperture, u64 addr);
u64 memory_read64(struct gpu *gpu, enum gpu_aperture aperture, u64 addr);
bool memory_write32(struct gpu *gpu, enum gpu_aperture aperture, u64 addr, u32 value);

/* VRAM only: what page walks, PRAMIN and USERD need, without any lock. */
u32 vram_read32(const struct gpu *gpu, u64 addr);
u64 vram_read64(const struct gpu *gpu, u64 addr);
bool vram_write32(struct gpu *gpu, u64 addr, u32 value);

#endif
