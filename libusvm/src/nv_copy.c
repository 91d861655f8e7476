// SPDX-License-Identifier: MIT
/* The copy engine's methods: copies in one and two dimensions, fills. */
#include <errno.h>

#include "nv.h"
#include "nv_class.h"

/* A line's length has 32 bits; stay well inside, and on whole huge pages. */
#define MAX_LINE	(1ull << 30)

#define LAUNCH		(NVC0B5_LAUNCH_NON_PIPELINED | NVC0B5_LAUNCH_FLUSH | \
			 NVC0B5_LAUNCH_SRC_PITCH | NVC0B5_LAUNCH_DST_PITCH)

static int launch(struct nv_channel *ch, uint32_t flags)
{
	int err = nv_push1(ch, NV_SUBCH_COPY, NVC0B5_LAUNCH_DMA, LAUNCH | flags);

	if (!err)
		ch->launches++;
	return err;
}

int nv_copy_2d(struct nv_channel *ch, uint64_t dst, uint64_t dst_pitch, uint64_t src,
	       uint64_t src_pitch, uint64_t width, uint64_t height)
{
	uint32_t words[8] = {
		(uint32_t)(src >> 32), (uint32_t)src, (uint32_t)(dst >> 32), (uint32_t)dst,
		(uint32_t)src_pitch, (uint32_t)dst_pitch, (uint32_t)width, (uint32_t)height,
	};
	int err;

	if ((src_pitch | dst_pitch | width | height) >> 31)
		return -EINVAL;
	if (!width || !height)
		return 0;
	err = nv_push(ch, NV_SUBCH_COPY, NVC0B5_OFFSET_IN_UPPER, 8, words);
	return err ? err : launch(ch, height > 1 ? NVC0B5_LAUNCH_MULTI_LINE : 0);
}

int nv_copy(struct nv_channel *ch, uint64_t dst, uint64_t src, uint64_t size)
{
	while (size) {
		uint64_t part = size < MAX_LINE ? size : MAX_LINE;
		int err = nv_copy_2d(ch, dst, part, src, part, part, 1);

		if (err)
			return err;
		dst += part;
		src += part;
		size -= part;
	}
	return 0;
}

int nv_fill(struct nv_channel *ch, uint64_t dst, unsigned int element, uint64_t value,
	    uint64_t count)
{
	unsigned int component = element < 4 ? element : 4;
	uint32_t remap[3] = {
		(uint32_t)value, (uint32_t)(value >> 32),
		NVC0B5_REMAP_DST_X_CONST_A | NVC0B5_REMAP_DST_Y_CONST_B |
		NVC0B5_REMAP_COMPONENT_SIZE(component) | NVC0B5_REMAP_NUM_DST(element / component),
	};
	int err;

	if (element != 1 && element != 2 && element != 4 && element != 8)
		return -EINVAL;
	if (!count)
		return 0;
	err = nv_push(ch, NV_SUBCH_COPY, NVC0B5_SET_REMAP_CONST_A, 3, remap);
	while (!err && count) {
		uint64_t part = count < MAX_LINE / 8 ? count : MAX_LINE / 8;
		uint32_t words[2] = { (uint32_t)(dst >> 32), (uint32_t)dst };

		err = nv_push(ch, NV_SUBCH_COPY, NVC0B5_OFFSET_OUT_UPPER, 2, words);
		/* with remapping the line's length counts elements */
		if (!err)
			err = nv_push1(ch, NV_SUBCH_COPY, NVC0B5_LINE_LENGTH_IN, (uint32_t)part);
		if (!err)
			err = launch(ch, NVC0B5_LAUNCH_REMAP);
		dst += part * element;
		count -= part;
	}
	return err;
}
