// SPDX-License-Identifier: MIT
/*
 * How much work a migration is: counted by the driver, exact, the same on every
 * machine. 64 MiB each way, in huge pages, in 64 KiB folios and in single pages.
 */
#define _GNU_SOURCE
#include "gpu.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE	(64ul << 20)
#define HUGES	((long)(SIZE / HUGE))

static struct gpu g;

static void reset(void)
{
	must(dmem_order("reset"), "debugfs dmem");
}

static bool at_most(const char *name, long most)
{
	long is = dmem_number(name);

	if (is > most || is < 0)
		NOTE("%s: %ld, not at most %ld\n", name, is, most);
	return is >= 0 && is <= most;
}

static bool exactly(const char *name, long want)
{
	long is = dmem_number(name);

	if (is != want)
		NOTE("%s: %ld, not %ld\n", name, is, want);
	return is == want;
}

static void huge_pages_by_bind(char *a, char *b)
{
	uint64_t bad;

	fill(a, SIZE, 1);
	ok(thp_mapped(a, SIZE), "the CPU has it in huge pages");
	reset();
	ok(svm_to_vram(&g, a, SIZE) == (long)(SIZE / PAGE), "bind says that every page moved");
	ok(at_most("copy launches", HUGES), "one launch or less for 2 MiB to VRAM");
	ok(exactly("folios to VRAM order 9", HUGES), "all of it in folios of 2 MiB");
	ok(exactly("chunks split", 0), "no chunk is split");
	ok(svm_bytes_in_vram(&g, a, SIZE) == SIZE, "query finds all of it in VRAM");

	reset();
	memset(b, 0, HUGE);
	must(svm_to_vram(&g, b, HUGE) < 0, "bind");
	reset();
	gpu_copy(&g, b, a, HUGE);
	gpu_copy(&g, a + HUGE, a, HUGE);
	ok(!gpu_flush(&g), "the GPU uses it");
	ok(exactly("GPU faults read", 0), "without a fault");

	reset();
	bad = wrong(a, HUGE, 1) + wrong(a + HUGE, HUGE, 1) + wrong(b, HUGE, 1);
	for (uint64_t i = 2; i < SIZE / HUGE; i++)
		bad += ((uint32_t *)(a + i * HUGE))[5] == 0;
	ok(!bad, "the CPU reads what is right");
	ok(exactly("CPU faults served", HUGES + 1), "one CPU fault for 2 MiB");
	ok(at_most("copy launches", HUGES + 1), "one launch or less for 2 MiB to RAM");
	ok(exactly("folios to RAM order 9", HUGES + 1), "back in folios of 2 MiB");
	ok(exactly("bytes used", 0), "nothing is left in VRAM");
	ok(thp_mapped(a, SIZE), "the CPU has huge pages again");
}

/* Unaligned range: only the ends may be cut. */
static void unaligned_bind_keeps_the_middle_huge(char *a)
{
	fill(a, SIZE, 2);
	reset();
	ok(svm_to_vram(&g, a + 3 * PAGE, SIZE - 8 * PAGE) == (long)(SIZE / PAGE - 8),
	   "an unaligned bind moves what it says");
	ok(exactly("folios to VRAM order 9", HUGES - 2), "all but the two ends move as 2 MiB");
	ok(!wrong(a, SIZE, 2), "its data is right");
}

static void way_back_by_bind(void)
{
	char *a = area_new(SIZE, true);

	fill(a, SIZE, 3);
	svm_to_vram(&g, a, SIZE);
	reset();
	ok(svm_to_ram(&g, a, SIZE) == (long)(SIZE / PAGE), "bind to the CPU moves every page");
	ok(exactly("CPU faults served", 0), "without a CPU fault");
	ok(at_most("copy launches", HUGES), "one launch or less for 2 MiB by bind to RAM");
	ok(!wrong(a, SIZE, 3) && exactly("CPU faults served", 0), "and is there");
	munmap(a, SIZE);
}

/* Memory that nobody has touched becomes huge pages of VRAM, zeroed. */
static void holes_are_zeroed_in_vram(void)
{
	char *h = area_new(SIZE, true), *t = area_new(HUGE, true);
	uint64_t sum = 0;

	reset();
	ok(svm_to_vram(&g, h, SIZE) == (long)(SIZE / PAGE), "untouched memory moves");
	ok(exactly("folios to VRAM order 9", HUGES), "as 2 MiB");
	ok(at_most("copy launches", HUGES), "with one launch or less for 2 MiB");
	fill(t, HUGE, 4);
	must(svm_to_vram(&g, t, HUGE) < 0, "bind");
	reset();
	gpu_copy(&g, h, t, HUGE);
	must(gpu_flush(&g), "flush");
	ok(exactly("GPU faults read", 0), "the GPU may write it at once");
	for (uint64_t i = HUGE; i < SIZE; i += 64)
		sum += *(uint32_t *)(h + i);
	ok(!sum && !wrong(h, HUGE, 4), "zeroes where the GPU has not written");
	munmap(h, SIZE);
}

static bool mthp_64k(const char *value)
{
	int fd = open("/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled", O_WRONLY);
	bool done = fd >= 0 && write(fd, value, strlen(value)) > 0;

	if (fd >= 0)
		close(fd);
	return done;
}

static void folios_of_64k_move_whole(void)
{
	char *a = area_new(SIZE, false);

	must(mthp_64k("always") ? 0 : -1, "mTHP");
	madvise(a, SIZE, MADV_HUGEPAGE);
	/* One page of each, so that no 2 MiB page is taken. */
	for (uint64_t i = 0; i < SIZE; i += HUGE)
		madvise(a + i, HUGE, MADV_HUGEPAGE);
	int thp = open("/sys/kernel/mm/transparent_hugepage/hugepages-2048kB/enabled", O_WRONLY);

	if (thp >= 0 && write(thp, "never", 5) < 0)
		NOTE("huge pages stay\n");
	fill(a, SIZE, 5);
	reset();
	ok(svm_to_vram(&g, a, SIZE) == (long)(SIZE / PAGE), "memory in 64 KiB folios moves");
	ok(at_most("copy launches", SIZE / MTHP), "one launch or less for 64 KiB");
	ok(exactly("folios to VRAM order 4", SIZE / MTHP), "every folio stays whole");
	reset();
	ok(!wrong(a, SIZE, 5), "and comes back right");
	ok(exactly("folios to RAM order 4", SIZE / MTHP), "whole as well");
	if (thp >= 0 && write(thp, "inherit", 7) < 0)
		NOTE("huge pages stay off\n");
	mthp_64k("never");
	munmap(a, SIZE);
}

/* The GPU touches first: policy moves it. */
static void gpu_touches_first(void)
{
	char *a = area_new(SIZE, true), *b = area_new(SIZE, true);

	fill(a, SIZE, 6);
	memset(b, 1, SIZE);
	must(svm_to_vram(&g, b, SIZE) < 0, "bind");
	reset();
	gpu_copy(&g, b, a, SIZE);
	ok(!gpu_flush(&g), "the GPU touches 64 MiB first");
	ok(at_most("GPU faults served by migration", HUGES) &&
	   at_most("GPU faults served by mapping in place", 0), "one served fault for 2 MiB");
	ok(at_most("copy launches", HUGES), "one launch for 2 MiB");
	ok(svm_bytes_in_vram(&g, a, SIZE) == SIZE, "it is in VRAM now");
	ok(!wrong(b, SIZE, 6), "the GPU has read what the CPU wrote");
	munmap(a, SIZE);
	munmap(b, SIZE);
}

static void small_pages_come_back_together(void)
{
	char *a = area_new(HUGE, false);
	long faults;

	fill(a, HUGE, 7);
	reset();
	ok(svm_to_vram(&g, a, HUGE) == (long)(HUGE / PAGE), "small pages move");
	ok(at_most("allocator steps at most", 19), "with bounded work in the allocator");
	reset();
	ok(!wrong(a, HUGE, 7), "and come back right");
	faults = dmem_number("CPU faults served");
	ok(faults > 0 && faults <= (long)(HUGE / MTHP), "at least 16 with each fault");
	munmap(a, HUGE);
}

int main(void)
{
	char *a, *b;

	tap_plan(41);
	must(gpu_open(&g), "open");
	must(gpu_svm_init(&g), "SVM_INIT");
	must(gpu_channel(&g), "channel");
	a = area_new(SIZE, true);
	b = area_new(HUGE, true);

	huge_pages_by_bind(a, b);
	unaligned_bind_keeps_the_middle_huge(a);
	way_back_by_bind();
	holes_are_zeroed_in_vram();
	folios_of_64k_move_whole();
	gpu_touches_first();
	small_pages_come_back_together();
	ok(!dmem_order("check"), "the allocator is sound");
	return tap_end();
}
