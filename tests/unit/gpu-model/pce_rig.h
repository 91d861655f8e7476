/* SPDX-License-Identifier: MIT */
/* Launches of the copy class, and patterns to check them by. */
#ifndef PCE_RIG_H
#define PCE_RIG_H

#include "pbdma_rig.h"

#define CE	4u		/* subchannel */

#define L_PIPELINED	1u
#define L_FLUSH		BIT(2)
#define L_SEMA_1	(1u << 3)
#define L_SEMA_4	(2u << 3)
#define L_PITCH		(BIT(7) | BIT(8))
#define L_MULTI		BIT(9)
#define L_REMAP		BIT(10)
#define L_SRC_PHYS	BIT(12)
#define L_DST_PHYS	BIT(13)
#define L_COPY		(2u | L_FLUSH | L_PITCH)

static void ce_object(struct chan *c, u32 class)
{
	mthd(c, CE, 0, class);
}

/* @pitch_in, @pitch_out, @lines count with L_MULTI only. */
static void ce_launch(struct chan *c, u64 src, u64 dst, u32 pitch_in, u32 pitch_out, u32 length,
		      u32 lines, u32 launch)
{
	head(c, INC, CE, 0x400, 8);
	push(c, (u32)(src >> 32));
	push(c, (u32)src);
	push(c, (u32)(dst >> 32));
	push(c, (u32)dst);
	push(c, pitch_in);
	push(c, pitch_out);
	push(c, length);
	push(c, lines);
	mthd(c, CE, 0x300, launch);
}

/* Bytes that tell where they come from. */
__attribute__((unused))
static void pattern(u8 *p, size_t len, u32 seed)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (u8)((i * 31 + seed * 17 + (i >> 8) * 7) ^ (i >> 16));
}

#endif
