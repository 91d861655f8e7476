// SPDX-License-Identifier: MIT
/* What can be seen from outside: numbers in debugfs and fdinfo, trace events. */
#define _GNU_SOURCE
#include "gpu.h"

#include <errno.h>
#include <sys/mman.h>

#define TRACING	"/sys/kernel/tracing/"

static struct gpu g;

static void write_to(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		must(-EIO, path);
}

/* A memory key of our file, in bytes; -1 when it has none. */
static long fdinfo(const char *key)
{
	size_t len = strlen(key);
	char path[64], line[128];
	long kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", g.fd);
	f = fopen(path, "r");
	if (!f)
		must(-errno, path);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, len) && line[len] == ':')
			kib = atol(line + len + 1);
	fclose(f);
	return kib < 0 ? -1 : kib << 10;
}

/* Is there a line of the trace with each of these? */
static bool traced(const char *event, const char *what)
{
	FILE *f = fopen(TRACING "trace", "r");
	bool found = false;
	char line[512];

	if (!f)
		must(-errno, "trace");
	while (fgets(line, sizeof(line), f)) {
		const char *at = strstr(line, event);

		found |= at && strstr(at, what);
	}
	fclose(f);
	return found;
}

static void memory_of_a_file(char *a)
{
	long total = fdinfo("drm-total-vram"), resident = fdinfo("drm-resident-vram");
	bool in_vram;
	uint32_t bo;

	ok(total >= 0 && resident >= 0 && fdinfo("nouveau-svm-vram") == 0, "fdinfo has the keys");
	must(gpu_bo(&g, HUGE, &bo, &in_vram), "bo");
	ok(fdinfo("drm-total-vram") == total + (long)HUGE, "fdinfo counts a buffer object");
	gpu_bo_free(&g, bo);
	svm_to_vram(&g, a, 4 * HUGE);
	ok(fdinfo("nouveau-svm-vram") == 4 * (long)HUGE &&
	   fdinfo("drm-total-vram") == total + 4 * (long)HUGE &&
	   fdinfo("drm-resident-vram") == resident + 4 * (long)HUGE,
	   "fdinfo counts what is in VRAM");
	*(volatile char *)a = 1;
	ok(fdinfo("nouveau-svm-vram") == 3 * (long)HUGE, "and not what has come back");
	svm_to_ram(&g, a, 4 * HUGE);
	ok(fdinfo("nouveau-svm-vram") == 0, "nothing in the end");
}

static void numbers_of_the_pool(char *a)
{
	long chunks, free;

	must(dmem_order("reset"), "reset");
	ok(!dmem_number("pages to VRAM") && !dmem_number("folios to RAM order 9") &&
	   !dmem_number("nanoseconds to VRAM"), "reset sets to zero");
	chunks = dmem_number("chunks");
	free = dmem_number("chunks free");
	ok(dmem_number("regions") > 0 && chunks > 0 && chunks <= dmem_number("chunks limit") &&
	   free == chunks && dmem_number("bytes free") == chunks * (long)HUGE,
	   "an empty pool is all free");
	svm_to_vram(&g, a, 4 * HUGE);
	ok(dmem_number("bytes used") == 4 * (long)HUGE &&
	   dmem_number("bytes used order 9") == 4 * (long)HUGE &&
	   dmem_number("chunks whole") == 4 && dmem_number("chunks free") == free - 4 &&
	   dmem_number("bytes reserved") == 0, "four huge folios are four whole chunks");
	ok(dmem_number("pages to VRAM") == 2048 && dmem_number("folios to VRAM order 9") == 4 &&
	   dmem_number("copy launches") == 4 && dmem_number("nanoseconds to VRAM") > 0,
	   "their way is counted");
	munmap(a, PAGE);
	(void)*(volatile char *)(a + PAGE);
	ok(dmem_number("CPU faults served") >= 1, "a CPU fault is counted");
	must(dmem_order("evict"), "evict");
	ok(dmem_number("chunks evicted") >= 3 && dmem_number("bytes used") == 0 &&
	   dmem_number("chunks free") == free && dmem_number("folios to RAM order 9") >= 3,
	   "so is an eviction");
	ok(dmem_number("bytes largest free") == (long)HUGE && dmem_number("chunks split") == 0 &&
	   dmem_number("chunks isolated") == 0, "the pool is whole again");
	ok(dmem_order("nonsense") == -EINVAL, "an unknown order is refused");
}

static void events(void)
{
	char *a = area_new(2 * HUGE, true), *b = area_new(HUGE, true), what[96];

	fill(a, 2 * HUGE, 3);
	memset(b, 0, HUGE);
	svm_to_vram(&g, b, HUGE);
	write_to(TRACING "trace", "");
	write_to(TRACING "events/nouveau_dmem/enable", "1");
	svm_to_vram(&g, a, HUGE);
	snprintf(what, sizeof(what), "to=vram start=%lx npages=512 moved=512", (unsigned long)a);
	ok(traced("nouveau_dmem_migrate", what), "an event for a migration");
	ok(traced("nouveau_dmem_copy", "launches=1 pages=512 error=0"), "an event for its copy");
	(void)*(volatile char *)a;
	snprintf(what, sizeof(what), "addr=%lx moved=512", (unsigned long)a);
	ok(traced("nouveau_dmem_cpu_fault", what), "an event for a CPU fault");
	gpu_copy(&g, b, a + HUGE, PAGE);
	must(gpu_flush(&g), "flush");
	snprintf(what, sizeof(what), "addr=%lx ", (unsigned long)a + HUGE);
	ok(traced("nouveau_dmem_gpu_fault", what), "an event for a GPU fault");
	must(dmem_order("evict"), "evict");
	ok(traced("nouveau_dmem_evict", "moved=512 left=0"), "an event for an eviction");
	write_to(TRACING "events/nouveau_dmem/enable", "0");
	munmap(a, 2 * HUGE);
	munmap(b, HUGE);
}

int main(void)
{
	char *a;

	tap_plan(18);
	must(gpu_open(&g), "open");
	must(gpu_svm_init(&g), "SVM_INIT");
	must(gpu_channel(&g), "channel");
	a = area_new(4 * HUGE, true);
	fill(a, 4 * HUGE, 1);
	memory_of_a_file(a);
	numbers_of_the_pool(a);
	events();
	return tap_end();
}
