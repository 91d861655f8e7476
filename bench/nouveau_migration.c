// SPDX-License-Identifier: MIT
/*
 * How fast nouveau moves memory to VRAM and back, in a guest on the GPU model.
 *
 *   nouveau_migration [-r REPETITIONS] [-s KIB,...] [-p] [-n]
 *
 * Binds an area of huge pages (small ones with -p) to VRAM and touches it back (with -n
 * it is unmapped there: 6.12's own driver needs minutes for 64 MiB back). Runs on
 * any kernel with DRM_NOUVEAU_SVM_BIND. Prints tab-separated lines, one for each single
 * measurement, never a mean:
 *
 *   way  KiB  repetition  ns  accesses  launches  interrupts
 *
 * way is "vram" or "ram". The last three are the model's own counts, of accesses to
 * its registers and windows, launches of the copy engine and interrupts; -1 without a
 * model. Before and behind each the program executes a marker of the TCG plugin: 1 and 2 round the way to
 * VRAM, 3 and 4 round the way back. What the copy engine has copied says whether memory
 * has moved: the program fails when it has not, or when a byte is wrong. Each size is
 * done once before it is measured.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "gpu.h"
#include "model_port.h"
#include "tcg-plugin/marker.h"

struct counts {
	long long ns, registers, launches, interrupts, to_vram, to_ram;
};

static struct gpu g;
static bool model, no_way_back;

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long counter(const char *name)
{
	return model ? model_counter(name) : -1;
}

static void read_counts(struct counts *c)
{
	c->registers = model ? counter("reg.reads") + counter("reg.writes") +
			       counter("bar1.writes") + counter("bar2.writes") +
			       counter("bar1.reads") + counter("bar2.reads") : -1;
	c->launches = counter("ce.launches");
	c->interrupts = counter("irq.sent");
	c->to_vram = counter("ce.bytes.sys_to_vram");
	c->to_ram = counter("ce.bytes.vram_to_sys");
}

static void report(const char *way, uint64_t size, unsigned int repetition,
		   const struct counts *a, const struct counts *b)
{
	printf("%s\t%llu\t%u\t%lld\t%lld\t%lld\t%lld\n", way,
	       (unsigned long long)size >> 10, repetition, b->ns - a->ns,
	       model ? b->registers - a->registers : -1,
	       model ? b->launches - a->launches : -1,
	       model ? b->interrupts - a->interrupts : -1);
	fflush(stdout);
}

static void fail(const char *what)
{
	fprintf(stderr, "nouveau_migration: %s\n", what);
	exit(1);
}

static void measure(uint64_t size, bool huge, unsigned int repetition)
{
	char *a = area_new(size, huge);
	struct counts c[4];
	volatile char sum = 0;

	fill(a, size, repetition);
	if (huge && !thp_mapped(a, size))
		fail("no huge pages");

	read_counts(&c[0]);
	c[0].ns = now_ns();
	MARKER(1);
	if (svm_to_vram(&g, a, size) < 0)
		fail("SVM_BIND failed");
	MARKER(2);
	c[1].ns = now_ns();
	read_counts(&c[1]);
	if (model && c[1].to_vram - c[0].to_vram < (long long)size)
		fail("not everything was copied to VRAM");
	if (repetition)
		report("vram", size, repetition, &c[0], &c[1]);
	if (no_way_back) {
		munmap(a, size);
		return;
	}

	read_counts(&c[2]);
	c[2].ns = now_ns();
	MARKER(3);
	for (uint64_t at = 0; at < size; at += PAGE)
		sum += a[at];
	MARKER(4);
	c[3].ns = now_ns();
	read_counts(&c[3]);
	if (model && c[3].to_ram - c[2].to_ram < (long long)size)
		fail("not everything was copied back");
	if (wrong(a, size, repetition))
		fail("wrong data");
	if (repetition)
		report("ram", size, repetition, &c[2], &c[3]);
	munmap(a, size);
}

int main(int argc, char **argv)
{
	unsigned int repetitions = 3;
	char *sizes = strdup("65536"), *rest, *item;
	bool huge = true;
	int c;

	while ((c = getopt(argc, argv, "r:s:pn")) != -1) {
		switch (c) {
		case 'r': repetitions = (unsigned int)atoi(optarg); break;
		case 's': free(sizes); sizes = strdup(optarg); break;
		case 'p': huge = false; break;
		case 'n': no_way_back = true; break;
		default:
			fprintf(stderr, "usage: %s [-r REPETITIONS] [-s KIB,...] [-p] [-n]\n", argv[0]);
			return 2;
		}
	}
	if (!sizes || !repetitions)
		return 2;
	model = model_open();
	must(gpu_open(&g), "open");
	must(gpu_svm_init(&g), "SVM_INIT");
	rest = sizes;
	while ((item = strsep(&rest, ","))) {
		uint64_t size = strtoull(item, NULL, 10) << 10;

		if (!size || size % HUGE)
			fail("sizes are multiples of 2048 KiB");
		for (unsigned int r = 0; r <= repetitions; r++)
			measure(size, huge, r);
	}
	free(sizes);
	return 0;
}
