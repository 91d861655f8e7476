/* SPDX-License-Identifier: MIT */
/*
 * DOC: Copy engines
 *
 * Classes C0B5 (GP100) and C1B5 (GP102 and later): lines of bytes or of
 * elements from one place to another, and a semaphore afterwards. pce.c has the
 * methods, the launch and the registers, pce_shape.c knows what a launch means,
 * pce_copy.c moves the bytes, pce_time.c knows how long a card would have taken.
 */
#ifndef GPU_MODEL_PCE_H
#define GPU_MODEL_PCE_H

#include "channel.h"
#include "pce_shape.h"
#include "types.h"

struct gpu;

/* Where bytes went: for counters and for the time a card would have taken. */
enum pce_path { PCE_VRAM_TO_VRAM, PCE_VRAM_TO_SYS, PCE_SYS_TO_VRAM, PCE_SYS_TO_SYS, PCE_NR_PATHS };

/**
 * struct pce_context - a copy engine's state for one channel
 * @method: last value of each method, by number / 4
 * @launched: a launch is in progress: it comes again until it is over
 * @done: bytes of the destination that are written
 * @bytes: of this launch by path
 * @fills: bytes of the destination made of constants only
 */
struct pce_context {
	u32 method[CE_LAST_METHOD / 4];
	bool launched;
	u64 done;
	u64 bytes[PCE_NR_PATHS];
	u64 fills;
};

static inline u32 pce_get(const struct pce_context *pce, u32 mthd)
{
	return pce->method[mthd / 4];
}

/*
 * Goes on with the transfer of the current launch, for a slice at most. ENGINE_OK: all done.
 * pce_shape_bad() has been asked before.
 */
enum engine_result pce_transfer(struct channel *ch, struct pce_context *pce);

/* A faulted access of the channel's copy engine. */
enum engine_result pce_fault(struct channel *ch, const struct mmu_xlate *x, enum mmu_access access);

/* ns that a card's engine would be busy with so many bytes on a path. */
u64 pce_time(enum pce_path path, u64 bytes);

#endif
