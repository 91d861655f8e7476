// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "copy_class.h"
#include "pce_shape.h"

#define BATCH	1024u		/* elements moved at once */

/* A part of a line: @nr elements. */
static void copy_part(struct copy_class *c, const struct pce_shape *s, u64 src, u64 dst, u32 nr)
{
	u8 from[BATCH * PCE_MAX_ELEMENT] = { 0 }, to[BATCH * PCE_MAX_ELEMENT] = { 0 };
	bool keep[BATCH * PCE_MAX_ELEMENT];

	if (s->reads_src)
		c->copy(src, from, nr * s->src_element, false);
	if (!s->remap) {
		c->copy(dst, from, nr, true);
		return;
	}
	pce_shape_remap(s, from, to, keep, nr);
	for (u32 at = 0; at < nr * s->dst_element; at += s->component) {
		if (!keep[at])
			c->copy(dst + at, to + at, s->component, true);
	}
}

void copy_class_method(struct copy_class *c, u32 mthd, u32 data)
{
	struct pce_shape s;

	if (mthd / 4 >= ARRAY_SIZE(c->method))
		return;
	c->method[mthd / 4] = data;
	if (mthd != CE_LAUNCH_DMA)
		return;
	if (pce_shape_bad(c->method)) {
		fprintf(stderr, "gr-preload: copy %08x is not modelled\n", data);
		return;
	}
	if (!LAUNCH_TRANSFER(data))
		return;
	s = pce_shape(c->method);
	for (u64 line = 0; line < s.lines; line++) {
		for (u64 at = 0; at < s.elements; at += BATCH) {
			u64 left = s.elements - at;

			copy_part(c, &s, s.src + line * s.src_pitch + at * s.src_element,
				  s.dst + line * s.dst_pitch + at * s.dst_element,
				  (u32)(left < BATCH ? left : BATCH));
		}
	}
}
