// SPDX-License-Identifier: MIT
/*
 * usvm-guest-cost: prefetches between marks of the instruction counter. What it counted is
 * judged outside of the guest. Marks 1 to 5: 2 and 32 MiB to the device in huge pages,
 * 32 MiB to the host, 2 MiB to the device in small pages, 32 MiB that is there already.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <usvm.h>

#include "marker.h"

#define MIB	(1ul << 20)

int main(void)
{
	cpu_set_t one;
	char *p, *q;
	int bad = 0;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	if (usvm_malloc_managed((void **)&p, 64 * MIB) || usvm_malloc_managed((void **)&q, 2 * MIB))
		return 1;
	madvise(q, 2 * MIB, MADV_NOHUGEPAGE);
	/* the first use of everything is not what is counted */
	memset(p, 1, 64 * MIB);
	memset(q, 1, 2 * MIB);
	bad |= usvm_mem_prefetch(p, 64 * MIB, 0);
	bad |= usvm_mem_prefetch(p, 64 * MIB, USVM_HOST);
	COUNT_BEGIN(1);
	bad |= usvm_mem_prefetch(p, 2 * MIB, 0);
	COUNT_END(1);
	COUNT_BEGIN(2);
	bad |= usvm_mem_prefetch(p + 2 * MIB, 32 * MIB, 0);
	COUNT_END(2);
	COUNT_BEGIN(5);
	bad |= usvm_mem_prefetch(p + 2 * MIB, 32 * MIB, 0);
	COUNT_END(5);
	COUNT_BEGIN(3);
	bad |= usvm_mem_prefetch(p + 2 * MIB, 32 * MIB, USVM_HOST);
	COUNT_END(3);
	COUNT_BEGIN(4);
	bad |= usvm_mem_prefetch(q, 2 * MIB, 0);
	COUNT_END(4);
	for (size_t i = 0; i < 64 * MIB; i++)
		bad |= p[i] != 1;
	printf("%s\n", bad ? "wrong" : "right");
	return bad != 0;
}
