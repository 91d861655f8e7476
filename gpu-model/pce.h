/* SPDX-License-Identifier: MIT */
/*
 * DOC: Copy engines
 *
 * Classes C0B5 (GP100) and C1B5 (GP102 and later): lines of bytes or of
 * elements from one place to another, and a semaphore afterwards. pce.c has the
 * methods, the launch and the registers, pce_copy.c moves the bytes, pce_time.c
 * knows how long a card would have taken.
 */
#ifndef GPU_MODEL_PCE_H
#define GPU_MODEL_PCE_H

#include "channel.h"
#include "types.h"

struct gpu;

/* Methods of the class. */
#define CE_SET_SEMAPHORE_A	0x240
#define CE_SET_SEMAPHORE_B	0x244
#define CE_SET_SEMAPHORE_PAYLOAD 0x248
#define CE_SET_SRC_PHYS_MODE	0x260
#define CE_SET_DST_PHYS_MODE	0x264
#define CE_LAUNCH_DMA		0x300
#define CE_OFFSET_IN_UPPER	0x400
#define CE_OFFSET_IN_LOWER	0x404
#define CE_OFFSET_OUT_UPPER	0x408
#define CE_OFFSET_OUT_LOWER	0x40c
#define CE_PITCH_IN		0x410
#define CE_PITCH_OUT		0x414
#define CE_LINE_LENGTH_IN	0x418
#define CE_LINE_COUNT		0x41c
#define CE_SET_REMAP_CONST_A	0x700
#define CE_SET_REMAP_CONST_B	0x704
#define CE_SET_REMAP_COMPONENTS	0x708
#define CE_LAST_METHOD		0x800

/* Fields of LAUNCH_DMA. */
#define LAUNCH_TRANSFER(l)	bits32(l, 1, 0)		/* 0 none, 1 pipelined, 2 not */
#define LAUNCH_SEMAPHORE(l)	bits32(l, 4, 3)		/* 0 none, 1 one word, 2 four words */
#define LAUNCH_INTERRUPT(l)	bits32(l, 6, 5)		/* 0 none, 1 blocking, 2 not */
#define LAUNCH_SRC_PITCH	BIT(7)
#define LAUNCH_DST_PITCH	BIT(8)
#define LAUNCH_MULTI_LINE	BIT(9)
#define LAUNCH_REMAP		BIT(10)
#define LAUNCH_SRC_PHYSICAL	BIT(12)
#define LAUNCH_DST_PHYSICAL	BIT(13)
#define LAUNCH_REDUCTION(l)	bits32(l, 17, 14)
#define LAUNCH_REDUCTION_UNSIGNED BIT(18)
#define LAUNCH_REDUCTION_ENABLE	BIT(19)

/* What a component of the destination is made of. */
enum { REMAP_X, REMAP_Y, REMAP_Z, REMAP_W, REMAP_CONST_A, REMAP_CONST_B, REMAP_NO_WRITE };

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
 * pce_bad_launch() has been asked before.
 */
enum engine_result pce_transfer(struct channel *ch, struct pce_context *pce);

/* Why a launch cannot be done, as in the engine's LAUNCHERR register; 0: it can. */
u32 pce_bad_launch(const struct pce_context *pce);

/* A faulted access of the channel's copy engine. */
enum engine_result pce_fault(struct channel *ch, const struct mmu_xlate *x, enum mmu_access access);

/* ns that a card's engine would be busy with so many bytes on a path. */
u64 pce_time(enum pce_path path, u64 bytes);

#endif
