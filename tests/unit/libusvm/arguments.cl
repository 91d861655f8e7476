/* SPDX-License-Identifier: MIT */
/*
 * Kernels that write down what they were given: every kind of argument, in an order
 * that leaves gaps for alignment; and one that needs local memory and a barrier.
 */
#include <usvm_kernel.h>

struct point {
	int x;
	long y;
	short z;
};

__kernel void mixed(__global long *out, char a, struct point p, short b, __constant int *table,
		    ulong c, float d, uchar e)
{
	if (get_global_id(0))
		return;
	out[0] = a;
	out[1] = p.x;
	out[2] = p.y;
	out[3] = p.z;
	out[4] = b;
	out[5] = table[2];
	out[6] = (long)c;
	out[7] = (long)(d * 4);
	out[8] = e;
}
USVM_KERNEL_8(mixed, long *, char, struct point, short, const int *, ulong, float, uchar)

#ifdef __OPENCL_VERSION__

__kernel void vectors(__global float *out, uchar a, float4 v, uchar2 b, int3 w)
{
	if (get_global_id(0))
		return;
	out[0] = a;
	out[1] = v.x;
	out[2] = v.w;
	out[3] = b.x;
	out[4] = b.y;
	out[5] = w.x;
	out[6] = w.z;
}

/* Each block of 64 is turned round. */
__kernel void turned(__global int *data)
{
	__local int kept[64];
	uint at = (uint)get_local_id(0);

	kept[at] = data[get_global_id(0)];
	barrier(CLK_LOCAL_MEM_FENCE);
	data[get_global_id(0)] = kept[63 - at];
}

#endif
