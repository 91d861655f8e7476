/* SPDX-License-Identifier: MIT */
__kernel void nsvm_write(__global uint *p, uint stride, uint seed, uint n)
{
	uint i = (uint)get_global_id(0), w = i * stride;

	if (i < n)
		p[w] = seed + w;
}

__kernel void nsvm_read(__global uint *out, __global const uint *p, uint stride, uint n)
{
	uint i = (uint)get_global_id(0);

	if (i < n)
		out[i] = p[i * stride];
}

__kernel void nsvm_add(__global uint *p, uint stride, uint value, uint n)
{
	uint i = (uint)get_global_id(0);

	if (i < n)
		p[i * stride] += value;
}

__kernel void nsvm_atomic(__global uint *p, uint stride, uint mask, uint value, uint n)
{
	uint i = (uint)get_global_id(0);

	if (i < n)
		atomic_add(p + (i & mask) * stride, value);
}

__kernel void nsvm_wait(volatile __global uint *flag, uint value, uint limit, __global uint *out)
{
	uint i = 0;

	while (*flag != value && i < limit)
		i++;
	*out = i;
}
