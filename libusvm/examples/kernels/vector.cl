/* SPDX-License-Identifier: MIT */
#include <usvm_kernel.h>

/* y = a * x + y */
__kernel void saxpy(__global float *y, __global const float *x, float a, uint n)
{
	uint i = (uint)get_global_id(0);

	if (i < n)
		y[i] = a * x[i] + y[i];
}
USVM_KERNEL_4(saxpy, float *, const float *, float, uint)
