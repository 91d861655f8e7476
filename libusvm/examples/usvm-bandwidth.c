// SPDX-License-Identifier: MIT
/*
 * usvm-bandwidth: how fast memory moves, by size, direction and page size.
 *
 *	usvm-bandwidth [--max MIB] [--repeat N] [--json]
 *
 * Directions: prefetch to the device and back, touching back by the CPU, copy
 * and fill by the device in its own memory. Page sizes: small and huge as asked
 * of the kernel with madvise(), and beside them what really was there. The time
 * is the median of some repeats. On an emulated GPU ratios mean something,
 * absolute numbers do not.
 */
#include <getopt.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "example.h"

#define HUGE		(2ul << 20)
#define MAX_REPEAT	32

enum direction { TO_DEVICE, TO_HOST, TOUCH, COPY, FILL, DIRECTIONS };

static const char *const names[DIRECTIONS] = {
	"prefetch to device", "prefetch to host", "CPU touches back", "copy on device",
	"fill on device",
};

struct buffers {
	unsigned char *a;
	unsigned char *b;
	size_t size;
	int device;
};

static unsigned char *area(size_t size, bool huge)
{
	unsigned char *p = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("usvm-bandwidth");
		exit(1);
	}
	p = (unsigned char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
	madvise(p, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return p;
}

/* Where memory has to be before the clock starts. */
static void set_up(const struct buffers *b, enum direction d)
{
	if (d == TO_DEVICE) {
		TRY(usvm_mem_prefetch(b->a, b->size, USVM_HOST));
		memset(b->a, 0x5a, b->size);
		return;
	}
	TRY(usvm_mem_prefetch(b->a, b->size, b->device));
	if (d == COPY)
		TRY(usvm_mem_prefetch(b->b, b->size, b->device));
}

static double once(const struct buffers *b, enum direction d)
{
	double start;

	set_up(b, d);
	start = seconds();
	switch (d) {
	case TO_DEVICE:
		TRY(usvm_mem_prefetch(b->a, b->size, b->device));
		break;
	case TO_HOST:
		TRY(usvm_mem_prefetch(b->a, b->size, USVM_HOST));
		break;
	case TOUCH:
		for (size_t i = 0; i < b->size; i += 4096)
			(void)*(volatile unsigned char *)(b->a + i);
		break;
	case COPY:
		TRY(usvm_memcpy(b->b, b->a, b->size));
		break;
	default:
		TRY(usvm_fill(b->a, 4, 0x01020304, b->size / 4));
	}
	return seconds() - start;
}

static int by_value(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return a < b ? -1 : a > b;
}

static double median(const struct buffers *b, enum direction d, int repeat)
{
	double times[MAX_REPEAT];

	for (int i = 0; i < repeat; i++)
		times[i] = once(b, d);
	qsort(times, (size_t)repeat, sizeof(times[0]), by_value);
	return times[repeat / 2];
}

/* How much of the buffer is behind huge entries when it is on the device. */
static double huge_share(const struct buffers *b)
{
	struct usvm_residency r;
	uint64_t all;

	TRY(usvm_mem_prefetch(b->a, b->size, b->device));
	TRY(usvm_mem_range_get_residency(&r, b->a, b->size));
	all = r.ram_small + r.ram_huge + r.vram_small + r.vram_huge;
	return all ? (double)(r.ram_huge + r.vram_huge) / (double)all : 0;
}

static void measure(size_t size, bool huge, int repeat, bool json, bool *first)
{
	struct buffers b = { area(size, huge), area(size, huge), size, 0 };
	double share;

	TRY(usvm_get_device(&b.device));
	memset(b.a, 1, size);
	memset(b.b, 2, size);
	share = huge_share(&b);
	for (int d = 0; d < DIRECTIONS; d++) {
		double t = median(&b, (enum direction)d, repeat), mib = (double)size / MIB;

		if (json)
			printf("%s\n{\"direction\":\"%s\",\"bytes\":%zu,\"pages\":\"%s\","
			       "\"huge_share\":%.3f,\"seconds\":%.9f}", *first ? "" : ",", names[d],
			       size, huge ? "huge" : "small", share, t);
		else
			printf("%-20s %10zu KiB  %-5s %6.0f %% %12.3f ms %12.1f MiB/s\n", names[d],
			       size >> 10, huge ? "huge" : "small", 100 * share, 1e3 * t, mib / t);
		*first = false;
	}
	munmap(b.a, size);
	munmap(b.b, size);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "max", required_argument, NULL, 'm' },
		{ "repeat", required_argument, NULL, 'r' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	unsigned long max = 16;
	bool json = false, first = true;
	int repeat = 3, c;

	while ((c = getopt_long(argc, argv, "m:r:j", options, NULL)) != -1) {
		if (c == 'm')
			max = strtoul(optarg, NULL, 0);
		else if (c == 'r')
			repeat = atoi(optarg);
		else if (c == 'j')
			json = true;
		if (c == '?' || !max || max > 1 << 16 || repeat < 1 || repeat > MAX_REPEAT) {
			fprintf(stderr, "usage: usvm-bandwidth [--max MIB] [--repeat 1..%d] [--json]\n",
				MAX_REPEAT);
			return 2;
		}
	}
	if (json) {
		printf("{\"program\":\"usvm-bandwidth\",\"results\":[");
	} else {
		say_device("usvm-bandwidth");
		printf("%-20s %14s  %-5s %8s %15s %18s\n", "direction", "size", "asked", "is huge",
		       "time", "rate");
	}
	for (size_t size = 64 << 10; size <= max << 20; size *= 4)
		for (int huge = 0; huge < 2; huge++)
			if (!huge || size >= HUGE)
				measure(size, huge, repeat, json, &first);
	if (json)
		printf("\n]}\n");
	return 0;
}
