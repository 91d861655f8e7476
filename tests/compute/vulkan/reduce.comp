#version 450
// SPDX-License-Identifier: MIT
// Shared memory, barriers, an atomic for each group, a histogram in shared memory.
layout(local_size_x = 256) in;
layout(set = 0, binding = 0) readonly buffer In { uint v[]; } inp;
layout(set = 0, binding = 1) buffer Out { uint bin[]; } outp;
layout(set = 0, binding = 2) buffer Sum { uint total; uint groups; } sum;
layout(push_constant) uniform Push { uint n; uint k; } push;
shared uint part[256];
shared uint bin[256];

void main()
{
	uint l = gl_LocalInvocationID.x, v = inp.v[gl_GlobalInvocationID.x];

	part[l] = v;
	bin[l] = 0u;
	barrier();
	atomicAdd(bin[v & 255u], 1u);
	for (uint n = 128u; n != 0u; n >>= 1u) {
		barrier();
		if (l < n)
			part[l] += part[l + n];
	}
	barrier();
	if (l == 0u) {
		atomicAdd(sum.total, part[0]);
		atomicAdd(sum.groups, 1u);
	}
	atomicAdd(outp.bin[l], bin[l]);
}
