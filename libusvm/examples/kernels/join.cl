/* SPDX-License-Identifier: MIT */
#include <usvm_kernel.h>

/* A row of the build side, in a list of its bucket. Allocated one by one by the CPU. */
struct row {
	__global struct row *next;
	uint key;
	uint value;
};

/* For each key of the probe side: the sum of the values that match, and how many. */
__kernel void probe(__global struct row *__global const *buckets, uint mask,
		    __global const uint *keys, __global uint *sums, __global uint *matches, uint n)
{
	uint i = (uint)get_global_id(0), sum = 0, count = 0;
	__global const struct row *r;

	if (i >= n)
		return;
	for (r = buckets[keys[i] & mask]; r; r = r->next) {
		if (r->key == keys[i]) {
			sum += r->value;
			count++;
		}
	}
	sums[i] = sum;
	matches[i] = count;
}
USVM_KERNEL_6(probe, struct row *const *, uint, const uint *, uint *, uint *, uint)
