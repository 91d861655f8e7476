/* SPDX-License-Identifier: MIT */
/*
 * DOC: Launches of the copy class
 *
 * What the methods of the class say that a launch shall do. Knows no device: the copy
 * engine uses it, and so does whatever stands in for one.
 */
#ifndef GPU_MODEL_PCE_SHAPE_H
#define GPU_MODEL_PCE_SHAPE_H

#include "types.h"

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

/**
 * struct pce_shape - a launch
 * @src: address of the first line
 * @dst: address of the first line
 * @src_pitch: from line to line, in bytes
 * @dst_pitch: from line to line, in bytes
 * @elements: of a line
 * @lines: how many
 * @src_element: bytes of an element; 1 without remap
 * @dst_element: bytes of an element; 1 without remap
 * @component: bytes of a component, with remap
 * @nr_src: components of an element
 * @nr_dst: components of an element
 * @select: where each component of the destination comes from, with remap
 * @constant: what REMAP_CONST_A and _B are
 * @remap: elements have components; else lines are bytes
 * @reads_src: the source matters
 */
struct pce_shape {
	u64 src, dst;
	u64 src_pitch, dst_pitch;
	u64 elements, lines;
	u32 src_element, dst_element;
	u32 component;
	u32 nr_src, nr_dst;
	u8 select[4];
	u32 constant[2];
	bool remap, reads_src;
};

#define PCE_MAX_ELEMENT	16u		/* bytes */

/* @method: last value of each method, by number / 4, LAUNCH_DMA among them. */
struct pce_shape pce_shape(const u32 *method);

/* Why a launch cannot be done, as in the engine's LAUNCHERR register; 0: it can. */
u32 pce_shape_bad(const u32 *method);

/*
 * Makes @nr elements of the destination from as many of the source. @keep is set for bytes that
 * shall stay as they are.
 */
void pce_shape_remap(const struct pce_shape *s, const u8 *src, u8 *dst, bool *keep, u64 nr);

#endif
