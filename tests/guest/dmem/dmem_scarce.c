// SPDX-License-Identifier: MIT
/*
 * Back from VRAM when RAM has no huge page left, but small ones. Run with little memory:
 * it is used up, and then given back in single pages.
 */
#define _GNU_SOURCE
#include "gpu.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define HOG_STEP	(256 * PAGE)
#define SINGLES		(48ul << 20)
#define LEFT		(24ul << 20)	/* less than eat_huge_pages() takes */

/* Free blocks of 2 MiB and more, of the zones that user memory comes from. */
static long huge_blocks_free(void)
{
	FILE *f = fopen("/proc/buddyinfo", "r");
	char line[256], zone[16];
	long sum = 0;

	if (!f)
		must(-errno, "buddyinfo");
	while (fgets(line, sizeof(line), f)) {
		long free[11];

		if (sscanf(line, "Node %*d, zone %15s %ld %ld %ld %ld %ld %ld %ld %ld %ld %ld %ld",
			   zone, &free[0], &free[1], &free[2], &free[3], &free[4], &free[5],
			   &free[6], &free[7], &free[8], &free[9], &free[10]) == 12 &&
		    strcmp(zone, "DMA") != 0)
			sum += free[9] + free[10];
	}
	fclose(f);
	return sum;
}

static uint64_t free_memory(void)
{
	struct sysinfo info;

	must(sysinfo(&info) ? -errno : 0, "sysinfo");
	return (uint64_t)info.freeram * info.mem_unit;
}

/* Small pages until little is left; then every other one of some goes back. */
static char *hog(uint64_t size)
{
	char *p = area_new(size, false);
	uint64_t used = 0;

	while (used + HOG_STEP <= size && huge_blocks_free() && free_memory() > LEFT) {
		memset(p + used, 1, HOG_STEP);
		used += HOG_STEP;
	}
	must(used < 2 * SINGLES ? -ENOMEM : 0, "memory");
	for (uint64_t at = 0; at < 2 * SINGLES; at += 2 * PAGE)
		madvise(p + at, PAGE, MADV_DONTNEED);
	NOTE("%lu MiB used up\n", (unsigned long)(used >> 20));
	return p;
}

/* What huge pages are left, also those that each CPU keeps for itself. */
static void eat_huge_pages(void)
{
	for (int cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++) {
		char *p = area_new(16 * HUGE, true);
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		sched_setaffinity(0, sizeof(set), &set);
		for (uint64_t at = 0; at < 16 * HUGE; at += HUGE)
			p[at] = 1;
	}
}

static void set_vm(const char *path, const char *value)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(value, f) < 0 || fclose(f))
		must(-EIO, path);
}

int main(void)
{
	uint64_t size = 4 * HUGE, memory;
	struct gpu g;
	char *a, *p;

	tap_plan(6);
	must(gpu_open(&g), "open");
	must(gpu_svm_init(&g), "SVM_INIT");
	memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * PAGE;

	/* What the kernel holds back it holds back in large blocks. */
	set_vm("/proc/sys/vm/min_free_kbytes", "1024");
	set_vm("/sys/kernel/mm/transparent_hugepage/defrag", "never");
	set_vm("/proc/sys/vm/overcommit_memory", "1");
	a = area_new(size, true);
	for (uint64_t at = 0; at < size; at += HUGE)
		fill(a + at, HUGE, 1 + (uint32_t)(at / HUGE));
	ok(svm_to_vram(&g, a, size) == (long)(size / PAGE), "in VRAM");
	p = hog(memory);
	eat_huge_pages();
	ok(!huge_blocks_free(), "RAM has no huge page left");
	must(dmem_order("reset"), "reset");
	ok(!wrong(a, HUGE, 1) && !wrong(a + HUGE, HUGE, 2), "touched, it comes back in parts, and right");
	ok(dmem_number("huge folios moved in parts: no huge page of RAM") > 0, "as the counter says");
	ok(svm_to_ram(&g, a, size) == (long)(2 * HUGE / PAGE) && !wrong(a + 2 * HUGE, HUGE, 3) &&
	   !wrong(a + 3 * HUGE, HUGE, 4), "so does what is called back");
	ok(dmem_number("bytes used") == 0 && !dmem_order("check"), "nothing is left in VRAM");
	munmap(p, memory);
	return tap_end();
}
