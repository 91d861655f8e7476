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

__attribute__((unused))
static void ce_object(struct chan *c, u32 class)
{
	mthd(c, CE, 0, class);
}

/* @pitch_in, @pitch_out, @lines count with L_MULTI only. */
__attribute__((unused))
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

/* What the device info table says of the copy engine of a runlist. */
struct ce_info {
	u32 engine, reset, fault;
};

__attribute__((unused))
static struct ce_info ce_of_runlist(struct bench *b, u32 runlist)
{
	struct ce_info ce = { 0 };
	u32 type = 0, w, data = 0, names = 0;

	for (u32 n = 0; n < 64; n++) {
		w = rd32(b, 0x022700 + 4 * n);
		if ((w & 3) == 1)
			data = w;
		else if ((w & 3) == 2)
			names = w;
		else if ((w & 3) == 3)
			type = bits32(w, 30, 2);
		if (w & 3 && !(w >> 31)) {	/* the last word of an engine */
			if (type == 0x13 && bits32(names, 24, 21) == runlist)
				ce = (struct ce_info){ bits32(names, 29, 26), bits32(names, 13, 9),
						       bits32(data, 9, 3) };
			type = data = names = 0;
		}
	}
	return ce;
}

/* Bytes that tell where they come from. */
__attribute__((unused))
static void pattern(u8 *p, size_t len, u32 seed)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (u8)((i * 31 + seed * 17 + (i >> 8) * 7) ^ (i >> 16));
}

#endif
