#version 450
// SPDX-License-Identifier: MIT
// The functions as GLSL: three words in, a word of each function out.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#define wide		uint64_t
#define EXACT		precise
#define TO_UINT(x)	uint(x)
#define TO_INT(x)	int(x)
#define TO_FLOAT(x)	float(x)
#define TO_WIDE(x)	uint64_t(x)
#define TO_DOUBLE(x)	double(x)
#define BITS_TO_FLOAT(x)	uintBitsToFloat(x)
#define FLOAT_TO_BITS(x)	floatBitsToUint(x)
#define POPCOUNT(x)	uint(bitCount(x))
#define TOP_BIT(x)	uint(findMSB(x))
#define FMA(a, b, c)	fma(a, b, c)
#define DFMA(a, b, c)	fma(a, b, c)
#include "functions.h"

layout(local_size_x = 64) in;
layout(set = 0, binding = 0) readonly buffer In { uint v[]; } inp;
layout(set = 0, binding = 1) writeonly buffer Out { uint v[]; } outp;
layout(push_constant) uniform Push { uint n; uint k; } push;

#define CALL(number, name)	outp.v[i * NR_FUNCTIONS + number] = name(a, b, c);

void main()
{
	uint i = gl_GlobalInvocationID.x, a, b, c;

	if (i >= push.n)
		return;
	a = inp.v[3u * i];
	b = inp.v[3u * i + 1u];
	c = inp.v[3u * i + 2u];
	FUNCTIONS(CALL)
}
