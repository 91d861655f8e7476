// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "copy_class.h"

enum { LAUNCH = 0x300, SRC_UPPER = 0x400, DST_UPPER = 0x408, PITCH_IN = 0x410, PITCH_OUT = 0x414,
       LINE_LENGTH = 0x418, LINE_COUNT = 0x41c };

#define SRC_PITCH	(1 << 7)
#define DST_PITCH	(1 << 8)
#define MULTI_LINE	(1 << 9)
#define REMAP		(1 << 10)

static u32 get(const struct copy_class *c, u32 mthd)
{
	return c->method[mthd / 4];
}

static void copy_line(struct copy_class *c, u64 src, u64 dst, u64 len)
{
	u8 piece[16384];

	while (len) {
		u32 n = len < sizeof(piece) ? len : sizeof(piece);

		c->copy(src, piece, n, false);
		c->copy(dst, piece, n, true);
		src += n;
		dst += n;
		len -= n;
	}
}

void copy_class_method(struct copy_class *c, u32 mthd, u32 data)
{
	u64 src, dst;
	u32 lines;

	if (mthd / 4 >= 0x400)
		return;
	c->method[mthd / 4] = data;
	if (mthd != LAUNCH)
		return;
	if (!(data & SRC_PITCH) || !(data & DST_PITCH) || data & REMAP) {
		fprintf(stderr, "gr-preload: copy %08x is not linear\n", data);
		return;
	}
	src = (u64)get(c, SRC_UPPER) << 32 | get(c, SRC_UPPER + 4);
	dst = (u64)get(c, DST_UPPER) << 32 | get(c, DST_UPPER + 4);
	lines = data & MULTI_LINE ? get(c, LINE_COUNT) : 1;
	for (u32 n = 0; n < lines; n++)
		copy_line(c, src + (u64)n * get(c, PITCH_IN), dst + (u64)n * get(c, PITCH_OUT),
			  get(c, LINE_LENGTH));
}
