// SPDX-License-Identifier: MIT
#include <string.h>

#include "pce_shape.h"

static u32 get(const u32 *method, u32 mthd)
{
	return method[mthd / 4];
}

struct pce_shape pce_shape(const u32 *method)
{
	u32 launch = get(method, CE_LAUNCH_DMA), comps = get(method, CE_SET_REMAP_COMPONENTS);
	struct pce_shape s = {
		.src = (u64)bits32(get(method, CE_OFFSET_IN_UPPER), 16, 0) << 32 |
		       get(method, CE_OFFSET_IN_LOWER),
		.dst = (u64)bits32(get(method, CE_OFFSET_OUT_UPPER), 16, 0) << 32 |
		       get(method, CE_OFFSET_OUT_LOWER),
		.src_pitch = (u64)(s64)(s32)get(method, CE_PITCH_IN),
		.dst_pitch = (u64)(s64)(s32)get(method, CE_PITCH_OUT),
		.elements = get(method, CE_LINE_LENGTH_IN),
		.lines = launch & LAUNCH_MULTI_LINE ? get(method, CE_LINE_COUNT) : 1,
		.src_element = 1, .dst_element = 1,
		.reads_src = true,
	};

	if (!(launch & LAUNCH_REMAP))
		return s;
	s.remap = true;
	s.component = bits32(comps, 17, 16) + 1;
	s.nr_src = bits32(comps, 21, 20) + 1;
	s.nr_dst = bits32(comps, 25, 24) + 1;
	s.src_element = s.component * s.nr_src;
	s.dst_element = s.component * s.nr_dst;
	s.constant[0] = get(method, CE_SET_REMAP_CONST_A);
	s.constant[1] = get(method, CE_SET_REMAP_CONST_B);
	s.reads_src = false;
	for (u32 i = 0; i < s.nr_dst; i++) {
		s.select[i] = (u8)bits32(comps, 4 * i + 2, 4 * i);
		s.reads_src |= s.select[i] <= REMAP_W;
	}
	return s;
}

u32 pce_shape_bad(const u32 *method)
{
	u32 launch = get(method, CE_LAUNCH_DMA);
	struct pce_shape s = pce_shape(method);

	if (!LAUNCH_TRANSFER(launch))
		return 0;
	/* Block-linear surfaces are not modelled. */
	if (!(launch & LAUNCH_DST_PITCH) || (s.reads_src && !(launch & LAUNCH_SRC_PITCH)))
		return 1;
	for (u32 i = 0; s.remap && i < s.nr_dst; i++) {
		if (s.select[i] > REMAP_NO_WRITE || (s.select[i] <= REMAP_W && s.select[i] >= s.nr_src))
			return 1;
	}
	return 0;
}

void pce_shape_remap(const struct pce_shape *s, const u8 *src, u8 *dst, bool *keep, u64 nr)
{
	for (u64 e = 0; e < nr; e++) {
		for (u32 c = 0; c < s->nr_dst; c++) {
			u64 at = e * s->dst_element + c * s->component;
			u32 sel = s->select[c];

			if (sel <= REMAP_W)
				memcpy(dst + at, src + e * s->src_element + sel * s->component, s->component);
			else if (sel <= REMAP_CONST_B)
				memcpy(dst + at, &s->constant[sel - REMAP_CONST_A], s->component);
			memset(keep + at, sel == REMAP_NO_WRITE, s->component);
		}
	}
}
