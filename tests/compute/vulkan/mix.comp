#version 450
// SPDX-License-Identifier: MIT
// Integers, floats, loops that lanes leave at their own time.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) readonly buffer In { uint v[]; } inp;
layout(set = 0, binding = 1) buffer Out { uvec4 v[]; } outp;
layout(set = 0, binding = 2) buffer Sum { uint total; uint most; } sum;
layout(push_constant) uniform Push { uint n; uint k; } push;

void main()
{
	uint i = gl_GlobalInvocationID.x, v, steps = 0u;

	if (i >= push.n)
		return;
	v = inp.v[i];
	outp.v[i].x = v * push.k + (v >> 3u) ^ (i << 5u);
	outp.v[i].y = uint(float(v & 0xffffu) * 0.25 + 1.5);
	outp.v[i].z = bitCount(v) + uint(findMSB(v | 1u)) * 100u;
	for (uint w = (v & 0xffffu) + 1u; w != 1u; steps++)
		w = (w & 1u) != 0u ? 3u * w + 1u : w >> 1u;
	outp.v[i].w = steps;
	atomicAdd(sum.total, v & 0xffu);
	atomicMax(sum.most, v);
}
