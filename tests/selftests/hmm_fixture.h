/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture of the HMM selftests: a region of two blocks of 2 MiB, a device
 * of either kind, one folio order. Each test runs as a process in a memory
 * cgroup of its own; when it is gone, its parent looks whether device memory or
 * charges stayed behind.
 *
 * To be included once by each test program, after nothing else of the harness.
 */
#ifndef HMM_FIXTURE_H
#define HMM_FIXTURE_H

#include <kselftest_harness.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hmm_lib.h"

/* Seconds; a checked kernel on an emulated CPU is some thirty times slower. */
#define HMM_TIMEOUT	240

#define REGION_PAGES	(2 * BLOCK_PAGES)
#define BIT(n)		(1U << (n))
#define ORDERS_ALL	(0x3ffU & ~BIT(1))

/*
 * Bytes that a kernel may keep charged of a process that is gone: 64 pages in
 * stock for each CPU, and its own objects.
 */
#define MEMCG_NOISE	\
	((long)(sysconf(_SC_NPROCESSORS_ONLN) * 64 * PAGE + (1L << 19)))

FIXTURE(hmm) {
	int		fd;
	bool		orders;		/* the driver knows folio orders */
	bool		coherent;
	unsigned int	order;
	size_t		folio;		/* pages of a folio of that order */
	struct region	r;
	uint64_t	live_before;
	int		memcg;		/* 0 or why there is none */
	char		cgroup[32];
};

FIXTURE_VARIANT(hmm) {
	int		device;
	unsigned int	order;
};

#define HMM_VARIANT(kind, DEVICE, n)			\
	FIXTURE_VARIANT_ADD(hmm, kind ## _order ## n) {	\
		.device = DEVICE, .order = n }

HMM_VARIANT(private, DEV_PRIVATE, 0);
HMM_VARIANT(private, DEV_PRIVATE, 2);
HMM_VARIANT(private, DEV_PRIVATE, 3);
HMM_VARIANT(private, DEV_PRIVATE, 4);
HMM_VARIANT(private, DEV_PRIVATE, 5);
HMM_VARIANT(private, DEV_PRIVATE, 6);
HMM_VARIANT(private, DEV_PRIVATE, 7);
HMM_VARIANT(private, DEV_PRIVATE, 8);
HMM_VARIANT(private, DEV_PRIVATE, 9);
HMM_VARIANT(coherent, DEV_COHERENT, 0);
HMM_VARIANT(coherent, DEV_COHERENT, 2);
HMM_VARIANT(coherent, DEV_COHERENT, 3);
HMM_VARIANT(coherent, DEV_COHERENT, 4);
HMM_VARIANT(coherent, DEV_COHERENT, 5);
HMM_VARIANT(coherent, DEV_COHERENT, 6);
HMM_VARIANT(coherent, DEV_COHERENT, 7);
HMM_VARIANT(coherent, DEV_COHERENT, 8);
HMM_VARIANT(coherent, DEV_COHERENT, 9);

#define HMM_TEST(name)		TEST_F_TIMEOUT(hmm, name, HMM_TIMEOUT)

#define HMM_ARGS	struct __test_metadata *_metadata, FIXTURE_DATA(hmm) *self
#define HMM		_metadata, self

/* For tests that only private memory can have: the CPU reads coherent memory. */
#define ONLY_PRIVATE() do {						\
	if (self->coherent)						\
		SKIP(return, "the CPU does not fault on coherent memory"); \
} while (0)

/* For tests of what a driver of single pages lacks. */
#define NEEDS_ORDERS() do {						\
	if (!self->orders)						\
		SKIP(return, "the test driver moves single pages only"); \
} while (0)

#define ONLY_LARGE() do {						\
	if (!self->order)						\
		SKIP(return, "a single page has no parts");		\
} while (0)

FIXTURE_SETUP(hmm)
{
	struct hmm_dmirror_stats stats;

	self->order = variant->order;
	self->folio = 1UL << variant->order;
	self->coherent = variant->device >= DEV_COHERENT;
	self->fd = dev_open(variant->device);
	if (self->fd == -ENOENT && self->coherent)
		SKIP(return, "the test driver was given no coherent memory");
	ASSERT_GE(self->fd, 0);

	self->orders = dev_has_orders(self->fd);
	if (self->order && !self->orders)
		SKIP(return, "the test driver moves single pages only");
	if (self->orders) {
		ASSERT_EQ(0, dev_stats(self->fd, &stats));
		self->live_before = stats.live_pages;
		ASSERT_EQ(0, dev_orders(self->fd, BIT(self->order),
					BIT(self->order)));
	}

	ASSERT_EQ(0, thp_only(self->order));
	snprintf(self->cgroup, sizeof(self->cgroup), "hmm-%d", getpid());
	self->memcg = memcg_enter(self->cgroup);
	ASSERT_EQ(0, self->memcg) {
		TH_LOG("no memory cgroup: mount cgroup2 at /sys/fs/cgroup");
	}
	ASSERT_EQ(0, region_map(&self->r, REGION_PAGES));
}

/* Runs in the parent, after the test's process and all its memory are gone. */
FIXTURE_TEARDOWN_PARENT(hmm)
{
	struct hmm_dmirror_stats stats = {};
	long charged = 0;
	int i, fd, ret = 0;

	for (i = 0; i < 50; i++) {
		charged = memcg_current(self->cgroup);
		if (charged <= MEMCG_NOISE)
			break;
		usleep(20000);
	}
	EXPECT_GE(charged, 0);
	EXPECT_LE(charged, MEMCG_NOISE) {
		TH_LOG("charges stayed behind");
	}
	/* An orphan of the test may be a moment behind. */
	for (i = 0; i < 50 && (ret = memcg_remove(self->cgroup)); i++)
		usleep(20000);
	EXPECT_EQ(0, ret);

	if (!self->orders)
		return;
	fd = dev_open(variant->device);
	EXPECT_GE(fd, 0);
	for (i = 0; i < 50; i++) {
		EXPECT_EQ(0, dev_stats(fd, &stats));
		if (stats.live_pages == self->live_before)
			break;
		usleep(20000);
	}
	EXPECT_EQ(stats.live_pages, self->live_before) {
		TH_LOG("device memory stayed behind");
	}
	close(fd);
}

static inline char *page_at(const FIXTURE_DATA(hmm) *self, size_t page)
{
	return self->r.addr + page * PAGE;
}

/* What the 6.12 driver can tell: a byte a page, without order and PFN. */
static inline void look_by_snapshot(HMM_ARGS, size_t first, size_t npages,
				    struct hmm_dmirror_page *info)
{
	unsigned char *prot = malloc(npages);
	size_t i;

	ASSERT_NE(NULL, prot);
	ASSERT_EQ(0, dev_cmd(self->fd, HMM_DMIRROR_SNAPSHOT,
			     page_at(self, first), npages, prot, NULL));
	memset(info, 0, npages * sizeof(*info));
	for (i = 0; i < npages; i++) {
		info[i].writable = !!(prot[i] & HMM_DMIRROR_PROT_WRITE);
		switch (prot[i] & 0xf0) {
		case HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL:
		case HMM_DMIRROR_PROT_DEV_COHERENT_LOCAL:
			info[i].where = HMM_DMIRROR_WHERE_DEV_LOCAL;
			break;
		case HMM_DMIRROR_PROT_DEV_PRIVATE_REMOTE:
		case HMM_DMIRROR_PROT_DEV_COHERENT_REMOTE:
			info[i].where = HMM_DMIRROR_WHERE_DEV_REMOTE;
			break;
		case HMM_DMIRROR_PROT_ZERO:
			info[i].where = HMM_DMIRROR_WHERE_ZERO;
			break;
		case 0:
			info[i].where = prot[i] ? HMM_DMIRROR_WHERE_SYS :
						  HMM_DMIRROR_WHERE_NONE;
			break;
		}
	}
	free(prot);
}

/* One entry for each page; not const: the caller frees. */
static inline struct hmm_dmirror_page *look(HMM_ARGS, size_t first,
					    size_t npages)
{
	struct hmm_dmirror_page *info = calloc(npages + 1, sizeof(*info));

	ASSERT_NE(NULL, info);
	if (!npages)
		return info;
	if (self->orders) {
		ASSERT_EQ(0, dev_pages(self->fd, page_at(self, first), npages,
				       info));
	} else {
		look_by_snapshot(HMM, first, npages, info);
	}
	return info;
}

/*
 * The device's idea of a page's PFN against that of /proc/self/pagemap, which
 * the kernel finds on another way.
 */
static inline void expect_same_pfn(HMM_ARGS, size_t page, uint64_t pfn)
{
	struct pagemap_entry entry;

	ASSERT_EQ(0, pagemap_read(page_at(self, page), &entry));
	ASSERT_EQ(pfn, entry.pfn) {
		TH_LOG("page %zu: pagemap says otherwise", page);
	}
}

/*
 * All pages from @first on are @where, each in a folio of @order that lies as
 * a folio of that order must: aligned, contiguous, at its place.
 */
static inline void expect_at(HMM_ARGS, size_t first, size_t npages,
			     unsigned int where, unsigned int order)
{
	struct hmm_dmirror_page *info = look(HMM, first, npages);
	size_t mask = (1UL << order) - 1;
	size_t i;

	for (i = 0; i < npages; i++) {
		ASSERT_EQ(where, info[i].where) {
			TH_LOG("page %zu of the region is elsewhere", first + i);
		}
		if (!self->orders)
			continue;
		ASSERT_EQ(order, info[i].order) {
			TH_LOG("page %zu of the region", first + i);
		}
		ASSERT_EQ(info[i].pfn & mask, info[i].index);
		if (i && info[i].index) {
			ASSERT_EQ(info[i - 1].pfn + 1, info[i].pfn);
		}
		if (i < 2 || i == npages - 1 || i == npages / 2)
			expect_same_pfn(HMM, first + i, info[i].pfn);
	}
	free(info);
}

/* As expect_at(), of whatever order. */
static inline void expect_where(HMM_ARGS, size_t first, size_t npages,
				unsigned int where)
{
	struct hmm_dmirror_page *info = look(HMM, first, npages);
	size_t i;

	for (i = 0; i < npages; i++) {
		ASSERT_EQ(where, info[i].where) {
			TH_LOG("page %zu of the region is elsewhere", first + i);
		}
	}
	free(info);
}

static inline size_t count_where(HMM_ARGS, size_t first, size_t npages,
				 unsigned int where)
{
	struct hmm_dmirror_page *info = look(HMM, first, npages);
	size_t i, n = 0;

	for (i = 0; i < npages; i++)
		n += info[i].where == where;
	free(info);
	return n;
}

static inline void expect_on_device(HMM_ARGS, size_t first, size_t npages)
{
	expect_at(HMM, first, npages, HMM_DMIRROR_WHERE_DEV_LOCAL, self->order);
}

static inline void expect_in_system(HMM_ARGS, size_t first, size_t npages)
{
	expect_at(HMM, first, npages, HMM_DMIRROR_WHERE_SYS, self->order);
}

/* The CPU reads what the region was filled with. Brings private memory back. */
static inline void expect_content(HMM_ARGS, size_t first, size_t npages)
{
	ASSERT_EQ(-1, pages_differ(self->r.addr, first, npages, self->r.seed));
}

/*
 * The device reads it. What is on the device stays there. Not for the driver of
 * 6.12: having faulted on private memory of its own, it reads the place in the
 * kernel's memory map where nothing is.
 */
static inline void expect_device_reads(HMM_ARGS, size_t first, size_t npages)
{
	char *copy;

	if (!self->orders && !self->coherent)
		return;
	copy = malloc((first + npages) * PAGE);
	ASSERT_NE(NULL, copy);
	ASSERT_EQ(0, dev_cmd(self->fd, HMM_DMIRROR_READ, page_at(self, first),
			     npages, copy + first * PAGE, NULL));
	ASSERT_EQ(-1, pages_differ(copy, first, npages, self->r.seed));
	free(copy);
}

/* Populate the region with the pattern, in folios of the variant's order. */
static inline void fill(HMM_ARGS)
{
	self->r.seed = 1;
	pages_fill(self->r.addr, 0, self->r.npages, self->r.seed);
	expect_in_system(HMM, 0, self->r.npages);
}

static inline void to_device(HMM_ARGS, size_t first, size_t npages)
{
	char *copy = malloc((first + npages) * PAGE);

	ASSERT_NE(NULL, copy);
	ASSERT_EQ(0, dev_migrate_in(self->fd, page_at(self, first), npages,
				    copy + first * PAGE));
	ASSERT_EQ(-1, pages_differ(copy, first, npages, self->r.seed));
	free(copy);
}

static inline void to_system(HMM_ARGS, size_t first, size_t npages)
{
	uint64_t moved;

	ASSERT_EQ(0, dev_migrate_out(self->fd, page_at(self, first), npages,
				     &moved));
	ASSERT_EQ(npages, moved);
}

/* The region filled, and all of it on the device. */
static inline void fill_on_device(HMM_ARGS)
{
	fill(HMM);
	to_device(HMM, 0, self->r.npages);
	expect_on_device(HMM, 0, self->r.npages);
}

static inline uint64_t live_pages(HMM_ARGS)
{
	struct hmm_dmirror_stats stats;

	ASSERT_EQ(0, dev_stats(self->fd, &stats));
	return stats.live_pages - self->live_before;
}

/*
 * What a child uses that opens the device for its own memory: the fixture is
 * shared with the parent, whose file it must not replace.
 */
static inline FIXTURE_DATA(hmm) *self_of_child(HMM_ARGS, int device)
{
	FIXTURE_DATA(hmm) *own = malloc(sizeof(*own));

	ASSERT_NE(NULL, own);
	*own = *self;
	own->fd = dev_open(device);
	ASSERT_GE(own->fd, 0);
	if (own->orders) {
		ASSERT_EQ(0, dev_orders(own->fd, BIT(own->order),
					BIT(own->order)));
	}
	return own;
}

/* The test goes on in a child; its result is that of the parent's. */
static inline void expect_child_ok(struct __test_metadata *_metadata, pid_t pid)
{
	int status;

	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	ASSERT_EQ(0, WEXITSTATUS(status));
}

#endif /* HMM_FIXTURE_H */
