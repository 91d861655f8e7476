// SPDX-License-Identifier: MIT
/*
 * usvm-guest-hold MILLISECONDS: 8 MiB in VRAM, 2 MiB in RAM, 2 MiB half and half, then
 * sleeps: something for usvm-map and usvm-top to look at. "ready" when it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <usvm.h>

#define MIB	(1ul << 20)

int main(int argc, char **argv)
{
	char *p;

	if (argc != 2 || usvm_malloc_managed((void **)&p, 12 * MIB))
		return 1;
	memset(p, 1, 12 * MIB);
	if (usvm_mem_prefetch(p, 12 * MIB, 0) || usvm_mem_prefetch(p + 8 * MIB, 2 * MIB, USVM_HOST) ||
	    usvm_mem_prefetch(p + 10 * MIB, MIB, USVM_HOST))
		return 1;
	printf("ready\n");
	fflush(stdout);
	usleep((useconds_t)atoi(argv[1]) * 1000);
	return 0;
}
