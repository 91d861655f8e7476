// SPDX-License-Identifier: MIT
// The functions as OpenCL C. Compiled with functions.h in the include path.
#pragma OPENCL FP_CONTRACT OFF
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#define wide		ulong
#define EXACT
#define TO_UINT(x)	((uint)(x))
#define TO_INT(x)	((int)(x))
#define TO_FLOAT(x)	((float)(x))
#define TO_WIDE(x)	((ulong)(x))
#define TO_DOUBLE(x)	((double)(x))
#define BITS_TO_FLOAT(x)	as_float(x)
#define FLOAT_TO_BITS(x)	as_uint(x)
#define POPCOUNT(x)	popcount(x)
#define TOP_BIT(x)	(31u - clz(x))
#define FMA(a, b, c)	fma((float)(a), (float)(b), (float)(c))
#define DFMA(a, b, c)	fma(a, b, c)
#include "functions.h"

#define CALL(number, name)	out[i * NR_FUNCTIONS + number] = name(a, b, c);

kernel void same(global const uint *in, global uint *out, uint n)
{
	uint i = get_global_id(0), a, b, c;

	if (i >= n)
		return;
	a = in[3 * i];
	b = in[3 * i + 1];
	c = in[3 * i + 2];
	FUNCTIONS(CALL)
}
