// SPDX-License-Identifier: MIT
/* The functions as a Vulkan shader: same_vulkan IN OUT reads operands, writes results. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "same.h"
#include "same_spv.h"
#include "../vulkan/vk.h"

static bool transfer(const char *path, const char *mode, void *data, size_t size)
{
	FILE *f = fopen(path, mode);
	size_t n;

	if (!f) {
		perror(path);
		return false;
	}
	n = mode[0] == 'r' ? fread(data, 1, size, f) : fwrite(data, 1, size, f);
	return !fclose(f) && n == size;
}

int main(int argc, char **argv)
{
	size_t out_size = SAME_N * SAME_FUNCTIONS * 4;
	struct buffer b[3];
	VkCommandBuffer c;

	if (argc != 3) {
		fprintf(stderr, "usage: same_vulkan IN OUT\n");
		return 2;
	}
	vk_open_device(true);
	vk_make_layouts();
	b[0] = vk_make_buffer(SAME_N * 12, true);
	b[1] = b[2] = vk_make_buffer(out_size, true);
	if (!transfer(argv[1], "rb", b[0].map, SAME_N * 12))
		return 1;
	memset(b[1].map, 0xee, out_size);
	c = vk_begin();
	vk_dispatch(c, vk_make_pipeline(same_spv, sizeof(same_spv)), b, (struct push){ SAME_N, 0 },
		    SAME_N / 64);
	vk_submit(c);
	return !transfer(argv[2], "wb", b[1].map, out_size);
}
