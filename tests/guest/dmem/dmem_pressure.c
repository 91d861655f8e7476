// SPDX-License-Identifier: MIT
/*
 * Less VRAM than is wanted: run with 64 MiB of it. Nothing may be lost, nothing may
 * fail that could go on.
 */
#define _GNU_SOURCE
#include "gpu.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>

static struct gpu g;
static uint64_t vram;

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One call for four times as much as there is. */
static void bind_of_too_much_moves_a_part(void)
{
	uint64_t size = 4 * vram;
	char *a = area_new(size, true);
	long moved;

	fill(a, size, 1);
	must(dmem_order("reset"), "reset");
	moved = svm_to_vram(&g, a, size);
	NOTE("%ld of %lu pages moved\n", moved, (unsigned long)(size / PAGE));
	ok(moved >= (long)(vram / PAGE) && moved < (long)(size / PAGE), "a part moves");
	ok(dmem_number("chunks evicted") == 0, "a call does not push out what it has moved");
	ok(!wrong(a, size, 1), "all of it is right");
	munmap(a, size);
}

/* Piece after piece: each must get in, the coldest goes out. */
static void working_set_of_four_times_vram(void)
{
	uint64_t size = 4 * vram, at;
	char *a = area_new(size, true);
	bool all = true;
	double t0;

	fill(a, size, 2);
	must(dmem_order("reset"), "reset");
	t0 = seconds();
	for (int round = 0; round < 2; round++)
		for (at = 0; at < size; at += HUGE) {
			svm_to_vram(&g, a + at, HUGE);
			all &= svm_bytes_in_vram(&g, a + at, HUGE) == HUGE;
		}
	NOTE("%ld chunks evicted, %.1f s\n", dmem_number("chunks evicted"), seconds() - t0);
	ok(all, "each piece gets in");
	ok(dmem_number("chunks evicted") >= (long)(3 * vram / HUGE), "others go out");
	ok(dmem_number("chunks evicted") <= (long)(2 * size / HUGE), "no more than needed");
	ok(!wrong(a, size, 2), "all of it is right");
	munmap(a, size);
}

static void gpu_works_on_four_times_vram(void)
{
	uint64_t size = 4 * vram, at;
	char *a = area_new(size, true), *b = area_new(size, true);
	uint64_t bad = 0;

	fill(a, size, 3);
	must(svm_command(&g, NOUVEAU_SVM_BIND_COMMAND__POLICY, NOUVEAU_SVM_BIND_POLICY__DEVICE,
			 a, size, NULL), "policy");
	for (at = 0; at < size; at += HUGE)
		gpu_copy(&g, b + at, a + at, HUGE);
	ok(!gpu_flush(&g), "the GPU copies four times what VRAM holds");
	bad = wrong(b, size, 3) + wrong(a, size, 3);
	ok(!bad, "both are right");
	munmap(a, size);
	munmap(b, size);
}

/* Two thirds of a chunk in single pages in each chunk: no 2 MiB block is free. */
static void huge_pages_move_in_parts(void)
{
	uint64_t n = vram / HUGE, i;
	char *small = area_new(n * HUGE, false), *a = area_new(HUGE, true);
	long moved;

	must(dmem_order("evict"), "evict");
	fill(small, n * HUGE, 4);
	svm_to_vram(&g, small, n * HUGE);
	/* Free half of each chunk, in the middle of it. */
	for (i = 0; i < n; i++)
		madvise(small + i * HUGE + 64 * PAGE, HUGE / 2, MADV_DONTNEED);
	fill(a, HUGE, 5);
	must(dmem_order("reset"), "reset");
	moved = svm_to_vram(&g, a, HUGE);
	ok(moved == (long)(HUGE / PAGE), "a huge page moves though no 2 MiB is free");
	ok(dmem_number("huge folios moved in parts: no 2 MiB of VRAM") == 1 &&
	   dmem_number("folios to VRAM order 9") == 0, "in parts");
	ok(dmem_number("chunks evicted") == 0, "without an eviction");
	ok(!dmem_order("check"), "the allocator is sound");
	ok(!wrong(a, HUGE, 5), "and comes back right");
	for (i = 0; i < n; i++)
		if (wrong(small + i * HUGE, 64 * PAGE, 4) && i == 0)
			break;
	ok(i == n, "what it shares chunks with is right");
	munmap(small, n * HUGE);
	munmap(a, HUGE);
}

/* Buffer objects push device memory out, and the other way round. */
static void buffers_and_memory_share(void)
{
	uint64_t size = vram, got = 0;
	char *a = area_new(size, true);
	uint32_t handle[64];
	int n = 0, failed = 0;
	bool in_vram;

	fill(a, size, 6);
	must(svm_to_vram(&g, a, size) < 0, "bind");
	must(dmem_order("reset"), "reset");
	while (n < 64 && got + 4 * HUGE < vram) {
		if (gpu_bo(&g, 2 * HUGE, &handle[n], &in_vram)) {
			failed++;
			break;
		}
		got += 2 * HUGE;
		n++;
	}
	NOTE("%lu MiB of buffers, %ld regions given back\n", (unsigned long)(got >> 20),
	     dmem_number("VRAM regions given back"));
	ok(!failed, "buffer objects find VRAM");
	ok(dmem_number("VRAM regions given back") > 0, "which device memory gives back");
	ok(!wrong(a, size, 6), "what was pushed out is right");
	while (n)
		gpu_bo_free(&g, handle[--n]);
	ok(svm_to_vram(&g, a, size) >= (long)(size / PAGE / 2), "and can come again");
	ok(!wrong(a, size, 6), "right again");
	munmap(a, size);
}

int main(void)
{
	tap_plan(22);
	must(gpu_open(&g), "open");
	must(gpu_svm_init(&g), "SVM_INIT");
	must(gpu_channel(&g), "channel");
	vram = (uint64_t)dmem_number("chunks limit") * HUGE;
	NOTE("%lu MiB of VRAM for memory\n", (unsigned long)(vram >> 20));
	must(vram < HUGE || vram > 256ul << 20 ? -EINVAL : 0, "too little or too much VRAM");

	working_set_of_four_times_vram();
	bind_of_too_much_moves_a_part();
	gpu_works_on_four_times_vram();
	huge_pages_move_in_parts();
	buffers_and_memory_share();
	ok(!dmem_order("check"), "the allocator is sound in the end");
	ok(!dmem_order("evict") && dmem_number("bytes used") == 0, "everything can be evicted");
	return tap_end();
}
