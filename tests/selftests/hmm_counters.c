// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel tells of device folios: events of migration, mTHP statistics,
 * AnonHugePages, PAGEMAP_SCAN. The counters are the whole machine's, so nothing
 * else may migrate meanwhile.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "hmm_fixture.h"

struct events {
	long	in, out, thp_in, thp_out, mthp_in, mthp_out;
	long	split, fallback, fault, fault_pmd;
};

static void events_read(HMM_ARGS, struct events *e)
{
	(void)self;
	e->in = vmstat("devmigrate_in");
	ASSERT_GE(e->in, 0) {
		TH_LOG("this kernel counts no device migration");
	}
	e->out = vmstat("devmigrate_out");
	e->thp_in = vmstat("devmigrate_thp_in");
	e->thp_out = vmstat("devmigrate_thp_out");
	e->mthp_in = vmstat("devmigrate_mthp_in");
	e->mthp_out = vmstat("devmigrate_mthp_out");
	e->split = vmstat("devmigrate_split");
	e->fallback = vmstat("devmigrate_fallback");
	e->fault = vmstat("devmigrate_fault");
	e->fault_pmd = vmstat("devmigrate_fault_pmd");
}

/* How many of the region's folios count as THP, and how many as mTHP. */
static long region_thps(const FIXTURE_DATA(hmm) *self)
{
	return self->order == BLOCK_ORDER ? REGION_PAGES / BLOCK_PAGES : 0;
}

static long region_mthps(const FIXTURE_DATA(hmm) *self)
{
	if (!self->order || self->order == BLOCK_ORDER)
		return 0;
	return REGION_PAGES / self->folio;
}

HMM_TEST(migration_is_counted_by_direction_and_size)
{
	struct events before, away, back;

	NEEDS_ORDERS();
	fill(HMM);
	events_read(HMM, &before);
	to_device(HMM, 0, REGION_PAGES);
	events_read(HMM, &away);
	EXPECT_EQ(before.in + (long)REGION_PAGES, away.in);
	EXPECT_EQ(before.out, away.out);
	EXPECT_EQ(before.thp_in + region_thps(self), away.thp_in);
	EXPECT_EQ(before.mthp_in + region_mthps(self), away.mthp_in);
	EXPECT_EQ(before.split, away.split);
	EXPECT_EQ(before.fallback, away.fallback);

	to_system(HMM, 0, REGION_PAGES);
	events_read(HMM, &back);
	EXPECT_EQ(away.in, back.in);
	EXPECT_EQ(away.out + (long)REGION_PAGES, back.out);
	EXPECT_EQ(away.thp_out + region_thps(self), back.thp_out);
	EXPECT_EQ(away.mthp_out + region_mthps(self), back.mthp_out);
	EXPECT_EQ(away.split, back.split);
	EXPECT_EQ(away.fault, back.fault);
	EXPECT_EQ(away.fault_pmd, back.fault_pmd);
}

HMM_TEST(cpu_faults_are_counted_by_entry)
{
	bool pmd = self->order == BLOCK_ORDER;
	struct events before, after;

	NEEDS_ORDERS();
	ONLY_PRIVATE();
	fill_on_device(HMM);
	events_read(HMM, &before);
	expect_content(HMM, 0, self->folio);
	events_read(HMM, &after);
	EXPECT_EQ(before.fault + !pmd, after.fault);
	EXPECT_EQ(before.fault_pmd + pmd, after.fault_pmd);
	EXPECT_EQ(before.out + (long)self->folio, after.out);
}

HMM_TEST(a_fallback_is_counted_as_such)
{
	struct events before, after;

	NEEDS_ORDERS();
	ONLY_LARGE();
	fill_on_device(HMM);
	events_read(HMM, &before);
	ASSERT_EQ(0, dev_inject(self->fd, HMM_DMIRROR_SIDE_SYS,
				ORDERS_ALL & ~BIT(0), 0, 1, NULL));
	to_system(HMM, 0, REGION_PAGES);
	events_read(HMM, &after);
	EXPECT_EQ(before.fallback + 1, after.fallback);
	EXPECT_EQ(before.split + 1, after.split);
	EXPECT_EQ(before.out + (long)REGION_PAGES, after.out);
}

/* --- mTHP statistics ---------------------------------------------------- */

static long nr_anon(HMM_ARGS)
{
	char path[128];
	long value = -1;

	snprintf(path, sizeof(path),
		 "/sys/kernel/mm/transparent_hugepage/hugepages-%ukB/stats/nr_anon",
		 4U << self->order);
	ASSERT_EQ(0, read_number(path, &value));
	return value;
}

HMM_TEST(nr_anon_counts_a_folio_once_wherever_it_is)
{
	long before, folios = REGION_PAGES / self->folio;

	NEEDS_ORDERS();
	ONLY_LARGE();
	before = nr_anon(HMM);
	fill(HMM);
	EXPECT_EQ(before + folios, nr_anon(HMM));
	to_device(HMM, 0, REGION_PAGES);
	EXPECT_EQ(before + folios, nr_anon(HMM));
	to_system(HMM, 0, REGION_PAGES);
	EXPECT_EQ(before + folios, nr_anon(HMM));
	to_device(HMM, 0, REGION_PAGES);
	EXPECT_EQ(before + folios, nr_anon(HMM));
	region_unmap(&self->r);
	EXPECT_EQ(before, nr_anon(HMM));
}

HMM_TEST(nr_anon_forgets_folios_that_were_split)
{
	long before;

	NEEDS_ORDERS();
	ONLY_LARGE();
	before = nr_anon(HMM);
	fill_on_device(HMM);
	ASSERT_EQ(0, dev_orders(self->fd, 0, BIT(0)));
	to_system(HMM, 0, REGION_PAGES);
	EXPECT_EQ(before, nr_anon(HMM));
}

HMM_TEST(nr_anon_counts_holes_filled_on_the_device)
{
	long before, folios = REGION_PAGES / self->folio;

	NEEDS_ORDERS();
	ONLY_LARGE();
	before = nr_anon(HMM);
	to_device(HMM, 0, REGION_PAGES);
	expect_on_device(HMM, 0, REGION_PAGES);
	EXPECT_EQ(before + folios, nr_anon(HMM));
	expect_content(HMM, 0, REGION_PAGES);
	EXPECT_EQ(before + folios, nr_anon(HMM));
}

/* kB; per-CPU parts of a counter may be on their way. */
#define MEMINFO_NOISE	1024

HMM_TEST(meminfo_counts_anonymous_memory_wherever_it_is)
{
	long filled, away, huge, huge_away;

	fill(HMM);
	filled = proc_field_kb("/proc/meminfo", "AnonPages");
	huge = proc_field_kb("/proc/meminfo", "AnonHugePages");
	to_device(HMM, 0, REGION_PAGES);
	away = proc_field_kb("/proc/meminfo", "AnonPages");
	huge_away = proc_field_kb("/proc/meminfo", "AnonHugePages");
	EXPECT_GE(away, filled - MEMINFO_NOISE);
	EXPECT_LE(away, filled + MEMINFO_NOISE);
	if (self->order == BLOCK_ORDER) {
		EXPECT_EQ(huge, huge_away);
	}
}

/* --- PAGEMAP_SCAN ------------------------------------------------------- */

static long scan(HMM_ARGS, uint64_t flags, uint64_t category, uint64_t *pages)
{
	struct page_region found[64];
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.flags = flags,
		.start = (uintptr_t)self->r.addr,
		.end = (uintptr_t)self->r.addr + REGION_PAGES * PAGE,
		.vec = (uintptr_t)found,
		.vec_len = 64,
		.category_mask = category,
		.return_mask = category,
	};
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	long ret, i;

	ASSERT_GE(fd, 0);
	ret = ioctl(fd, PAGEMAP_SCAN, &arg);
	ASSERT_GE(ret, 0) {
		TH_LOG("PAGEMAP_SCAN: %s", strerror(errno));
	}
	for (i = 0, *pages = 0; i < ret; i++)
		*pages += (found[i].end - found[i].start) / PAGE;
	close(fd);
	return ret;
}

HMM_TEST(pagemap_scan_finds_all_device_memory)
{
	uint64_t pages;

	fill_on_device(HMM);
	scan(HMM, 0, self->coherent ? PAGE_IS_PRESENT : PAGE_IS_SWAPPED, &pages);
	EXPECT_EQ(REGION_PAGES, pages);
}

static int uffd_async(HMM_ARGS)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_UNPOPULATED,
	};
	struct uffdio_register reg = {
		.range = {
			.start = (uintptr_t)self->r.addr,
			.len = REGION_PAGES * PAGE,
		},
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, ioctl(fd, UFFDIO_API, &api));
	ASSERT_EQ(0, ioctl(fd, UFFDIO_REGISTER, &reg));
	return fd;
}

HMM_TEST(pagemap_scan_sees_what_was_written_since_the_last_scan)
{
	size_t page = self->folio / 2;
	uint64_t pages;
	int uffd;

	NEEDS_ORDERS();
	fill_on_device(HMM);
	uffd = uffd_async(HMM);
	scan(HMM, PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC, PAGE_IS_WRITTEN,
	     &pages);
	EXPECT_EQ(REGION_PAGES, pages);
	expect_where(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL);
	scan(HMM, 0, PAGE_IS_WRITTEN, &pages);
	EXPECT_EQ(0, pages);
	expect_content(HMM, 0, REGION_PAGES);
	scan(HMM, 0, PAGE_IS_WRITTEN, &pages);
	EXPECT_EQ(0, pages) {
		TH_LOG("reading counted as writing");
	}
	pages_fill(self->r.addr, page, 1, 1);
	scan(HMM, 0, PAGE_IS_WRITTEN, &pages);
	EXPECT_EQ(1, pages);
	expect_content(HMM, 0, REGION_PAGES);
	close(uffd);
}

/* The device's write counts like the CPU's. */
HMM_TEST(pagemap_scan_sees_what_the_device_wrote)
{
	char *data = malloc(PAGE);
	size_t page = self->folio / 2;
	uint64_t pages;
	int uffd;

	NEEDS_ORDERS();
	fill_on_device(HMM);
	uffd = uffd_async(HMM);
	scan(HMM, PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC, PAGE_IS_WRITTEN,
	     &pages);
	memset(data, 7, PAGE);
	ASSERT_EQ(0, dev_cmd(self->fd, HMM_DMIRROR_WRITE, page_at(self, page), 1,
			     data, NULL));
	EXPECT_EQ(7, *page_at(self, page));
	scan(HMM, 0, PAGE_IS_WRITTEN, &pages);
	EXPECT_EQ(1, pages);
	close(uffd);
	free(data);
}

TEST_HARNESS_MAIN
