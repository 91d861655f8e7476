// SPDX-License-Identifier: GPL-2.0
/*
 * How fast memory moves to a device and back, by folio order and size, through
 * the HMM test driver.
 *
 *   hmm_migration [-r REPETITIONS] [-o ORDER,...] [-s KIB,...] [-k private|coherent]
 *
 * Prints tab-separated lines, one for each single measurement, never a mean:
 *
 *   method  kind  order  KiB  direction  repetition  total  setup  alloc  copy  pages  finalize
 *
 * Times are nanoseconds, -1 where a method cannot tell. Methods:
 *
 *   timed   the driver's own clock around each step of the migration
 *   ioctl   from user space, around the whole ioctl; for a driver without the
 *           former. What HMM_DMIRROR_MIGRATE_TO_DEV reads back is measured by
 *           itself and subtracted; the way out reads nothing back
 *   memcpy  a copy of the same bytes in user space, direction "copy"
 *
 * Before each measurement all pages are where they should be, in folios of the
 * order told, or the program ends with an error. Every size is warmed up once.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "../tests/selftests/hmm_lib.h"

#define MAX_LIST	32

struct list {
	unsigned long	value[MAX_LIST];
	unsigned int	n;
};

struct bench {
	int		fd;
	const char	*kind;
	bool		orders;
	unsigned int	order;
	unsigned int	repetitions;
	struct region	r;
	char		*buffer;
};

static void die(const char *what, int err)
{
	fprintf(stderr, "hmm_migration: %s: %s\n", what, strerror(-err));
	exit(1);
}

static void check(const char *what, int ret)
{
	if (ret)
		die(what, ret);
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void report(const struct bench *b, const char *method,
		   const char *direction, unsigned int repetition,
		   long long total, const struct hmm_dmirror_timed *t)
{
	printf("%s\t%s\t%u\t%zu\t%s\t%u\t%lld", method, b->kind, b->order,
	       b->r.npages * PAGE / 1024, direction, repetition, total);
	if (t)
		printf("\t%llu\t%llu\t%llu\t%llu\t%llu\n",
		       (unsigned long long)t->ns_setup,
		       (unsigned long long)t->ns_alloc,
		       (unsigned long long)t->ns_copy,
		       (unsigned long long)t->ns_pages,
		       (unsigned long long)t->ns_finalize);
	else
		printf("\t-1\t-1\t-1\t-1\t-1\n");
}

/* The region is all on the one side, in folios of the order that is measured. */
static void verify(const struct bench *b, unsigned int where)
{
	struct hmm_dmirror_page *info;
	size_t i;

	if (!b->orders)
		return;
	info = calloc(b->r.npages, sizeof(*info));
	if (!info)
		die("page table copy", -ENOMEM);
	check("HMM_DMIRROR_PAGES", dev_pages(b->fd, b->r.addr, b->r.npages,
					     info));
	for (i = 0; i < b->r.npages; i++) {
		if (info[i].where == where && info[i].order == b->order)
			continue;
		fprintf(stderr,
			"hmm_migration: page %zu is at %u in a folio of order %u, not at %u of order %u\n",
			i, info[i].where, info[i].order, where, b->order);
		exit(1);
	}
	free(info);
}

static long long move_timed(const struct bench *b, uint32_t side,
			    struct hmm_dmirror_timed *t)
{
	memset(t, 0, sizeof(*t));
	t->addr = (uintptr_t)b->r.addr;
	t->npages = b->r.npages;
	t->side = side;
	if (ioctl(b->fd, HMM_DMIRROR_TIMED, t))
		die("HMM_DMIRROR_TIMED", -errno);
	if (t->cpages != b->r.npages) {
		fprintf(stderr, "hmm_migration: %llu of %zu pages moved\n",
			(unsigned long long)t->cpages, b->r.npages);
		exit(1);
	}
	return t->ns_total;
}

/* What a migration to the device reads back, alone. */
static long long read_back(const struct bench *b)
{
	long long begin = now_ns();

	check("HMM_DMIRROR_READ", dev_cmd(b->fd, HMM_DMIRROR_READ, b->r.addr,
					  b->r.npages, b->buffer, NULL));
	return now_ns() - begin;
}

static long long move_by_ioctl(const struct bench *b, uint32_t side)
{
	long long begin, total;
	uint64_t moved;

	begin = now_ns();
	if (side == HMM_DMIRROR_SIDE_DEV) {
		check("HMM_DMIRROR_MIGRATE_TO_DEV",
		      dev_migrate_in(b->fd, b->r.addr, b->r.npages,
				     b->buffer));
		total = now_ns() - begin;
		return total - read_back(b);
	}
	check("HMM_DMIRROR_MIGRATE_TO_SYS",
	      dev_migrate_out(b->fd, b->r.addr, b->r.npages, &moved));
	total = now_ns() - begin;
	if (moved != b->r.npages)
		die("HMM_DMIRROR_MIGRATE_TO_SYS left pages behind", -EBUSY);
	return total;
}

/* One way; repetition 0 warms up and is not told. */
static void measure(const struct bench *b, uint32_t side, unsigned int repetition)
{
	const char *direction = side == HMM_DMIRROR_SIDE_DEV ? "in" : "out";
	struct hmm_dmirror_timed t;
	long long total;

	if (b->orders) {
		total = move_timed(b, side, &t);
		if (repetition)
			report(b, "timed", direction, repetition, total, &t);
	} else {
		total = move_by_ioctl(b, side);
		if (repetition)
			report(b, "ioctl", direction, repetition, total, NULL);
	}
}

static void measure_memcpy(const struct bench *b)
{
	size_t size = b->r.npages * PAGE;
	unsigned int i;
	long long begin;

	for (i = 0; i <= b->repetitions; i++) {
		begin = now_ns();
		memcpy(b->buffer, b->r.addr, size);
		if (i)
			report(b, "memcpy", "copy", i, now_ns() - begin, NULL);
	}
}

static void measure_size(struct bench *b, unsigned long kib)
{
	unsigned int i;

	check("region", region_map(&b->r, kib * 1024 / PAGE));
	b->buffer = malloc(kib * 1024);
	if (!b->buffer)
		die("buffer", -ENOMEM);
	memset(b->buffer, 1, kib * 1024);
	pages_fill(b->r.addr, 0, b->r.npages, 1);
	verify(b, HMM_DMIRROR_WHERE_SYS);

	for (i = 0; i <= b->repetitions; i++) {
		measure(b, HMM_DMIRROR_SIDE_DEV, i);
		verify(b, HMM_DMIRROR_WHERE_DEV_LOCAL);
		measure(b, HMM_DMIRROR_SIDE_SYS, i);
		verify(b, HMM_DMIRROR_WHERE_SYS);
	}
	if (pages_differ(b->r.addr, 0, b->r.npages, 1) >= 0) {
		fprintf(stderr, "hmm_migration: the content changed\n");
		exit(1);
	}
	measure_memcpy(b);
	free(b->buffer);
	region_unmap(&b->r);
}

static int parse_list(struct list *list, const char *text, unsigned long max)
{
	char *end;

	list->n = 0;
	do {
		if (list->n == MAX_LIST)
			return -E2BIG;
		errno = 0;
		list->value[list->n] = strtoul(text, &end, 10);
		if (errno || end == text || list->value[list->n] > max)
			return -EINVAL;
		list->n++;
		text = end + 1;
	} while (*end == ',');
	return *end ? -EINVAL : 0;
}

static void usage(void)
{
	fprintf(stderr,
		"usage: hmm_migration [-r REPETITIONS] [-o ORDER,...] [-s KIB,...] [-k private|coherent]\n");
	exit(2);
}

int main(int argc, char **argv)
{
	struct list orders = { { 0, 4, BLOCK_ORDER }, 3 };
	struct list sizes = { { 64, 2048, 16384, 262144 }, 4 };
	struct list repetitions = { { 5 }, 1 };
	struct bench b = { .kind = "private" };
	unsigned int o, s;
	int opt, device;

	while ((opt = getopt(argc, argv, "r:o:s:k:")) != -1) {
		if (opt == 'r' && !parse_list(&repetitions, optarg, 1000))
			continue;
		if (opt == 'o' && !parse_list(&orders, optarg, BLOCK_ORDER))
			continue;
		if (opt == 's' && !parse_list(&sizes, optarg, 1 << 20))
			continue;
		if (opt == 'k' && (!strcmp(optarg, "private") ||
				   !strcmp(optarg, "coherent"))) {
			b.kind = optarg;
			continue;
		}
		usage();
	}
	if (optind < argc || !repetitions.value[0])
		usage();
	b.repetitions = repetitions.value[0];

	device = strcmp(b.kind, "private") ? DEV_COHERENT : DEV_PRIVATE;
	b.fd = dev_open(device);
	if (b.fd < 0)
		die("device", b.fd);
	b.orders = dev_has_orders(b.fd);

	for (o = 0; o < orders.n; o++) {
		b.order = orders.value[o];
		if (b.order && !b.orders) {
			fprintf(stderr,
				"hmm_migration: order %u left out: the driver moves single pages only\n",
				b.order);
			continue;
		}
		check("folio sizes of the kernel", thp_only(b.order));
		if (b.orders)
			check("HMM_DMIRROR_ORDERS",
			      dev_orders(b.fd, 1U << b.order, 1U << b.order));
		for (s = 0; s < sizes.n; s++) {
			if (sizes.value[s] * 1024 < PAGE << b.order)
				continue;
			measure_size(&b, sizes.value[s]);
			fflush(stdout);
		}
	}
	return 0;
}
