/* SPDX-License-Identifier: MIT */
#include <usvm_kernel.h>

/*
 * One step of a heat equation in whole numbers, so that every order of the work
 * gives the same result. @rows rows of @out from row @first on; rows outside of
 * the grid are cold.
 */
__kernel void heat(__global uint *out, __global const uint *in, uint width, uint height, uint first,
		   uint rows)
{
	uint x = (uint)get_global_id(0), y = first + (uint)get_global_id(1);
	uint sum;

	if (x >= width || y >= first + rows || y >= height)
		return;
	sum = 4 * in[y * width + x];
	sum += x ? in[y * width + x - 1] : 0;
	sum += x + 1 < width ? in[y * width + x + 1] : 0;
	sum += y ? in[(y - 1) * width + x] : 0;
	sum += y + 1 < height ? in[(y + 1) * width + x] : 0;
	out[y * width + x] = sum >> 3;
}
USVM_KERNEL_6(heat, uint *, const uint *, uint, uint, uint, uint)
