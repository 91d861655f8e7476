// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own visitors: khugepaged, ksmd, DAMON, swap and swapoff, reclaim
 * under memory pressure. None may bring device memory back unasked, or harm it.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/swap.h>

#include "hmm_fixture.h"

#define THP_DIR		"/sys/kernel/mm/transparent_hugepage/"
#define KSM_DIR		"/sys/kernel/mm/ksm/"
#define DAMON_DIR	"/sys/kernel/mm/damon/admin/kdamonds/"

/*
 * Until a daemon's counter has grown by @n. Says whether it has: the caller
 * quiets the daemon before it fails.
 */
static bool wait_for_rounds(HMM_ARGS, const char *path, long n)
{
	double end = now_seconds() + HMM_TIMEOUT / 2;
	long first, now;

	(void)self;
	ASSERT_EQ(0, read_number(path, &first));
	do {
		usleep(20000);
		ASSERT_EQ(0, read_number(path, &now));
	} while (now < first + n && now_seconds() < end);
	EXPECT_GE(now, first + n) {
		TH_LOG("%s does not grow: nothing came by", path);
	}
	return now >= first + n;
}

static void khugepaged_wild(HMM_ARGS)
{
	ASSERT_EQ(0, write_text(THP_DIR "hugepages-2048kB/enabled", "always"));
	/* Only now, and by a change: that puts a process on khugepaged's list. */
	ASSERT_EQ(0, madvise(self->r.addr, REGION_PAGES * PAGE,
			     MADV_NOHUGEPAGE));
	ASSERT_EQ(0, madvise(self->r.addr, REGION_PAGES * PAGE, MADV_HUGEPAGE));
	ASSERT_EQ(0, write_text(THP_DIR "khugepaged/pages_to_scan", "100000"));
	ASSERT_EQ(0, write_text(THP_DIR "khugepaged/alloc_sleep_millisecs", "0"));
	ASSERT_EQ(0, write_text(THP_DIR "khugepaged/scan_sleep_millisecs", "10"));
}

static bool is_huge(HMM_ARGS, size_t page)
{
	struct hmm_dmirror_page *info = look(HMM, page, 1);
	bool huge = info->order == BLOCK_ORDER;

	free(info);
	return huge;
}

HMM_TEST(khugepaged_leaves_device_memory_on_the_device)
{
	fill_on_device(HMM);
	khugepaged_wild(HMM);
	wait_for_rounds(HMM, THP_DIR "khugepaged/full_scans", 2);
	ASSERT_EQ(0, thp_only(self->order));
	if (self->orders && !self->coherent)
		expect_on_device(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

/* Of entries that khugepaged takes for swap it would fetch as many as this. */
#define MAX_PTES_SWAP	THP_DIR "khugepaged/max_ptes_swap"

/* The second block, all of it in RAM, shows when khugepaged has come by. */
HMM_TEST(khugepaged_leaves_a_folio_in_a_block_that_it_could_collapse)
{
	double end = now_seconds() + HMM_TIMEOUT / 2;
	char text[16];
	long max;

	NEEDS_ORDERS();
	ONLY_PRIVATE();
	if (self->order >= BLOCK_ORDER)
		SKIP(return, "there is nothing to collapse");
	ASSERT_EQ(0, read_number(MAX_PTES_SWAP, &max));
	fill(HMM);
	to_device(HMM, 0, self->folio);
	ASSERT_EQ(0, write_text(MAX_PTES_SWAP, "511"));
	khugepaged_wild(HMM);
	wait_for_rounds(HMM, THP_DIR "khugepaged/full_scans", 2);
	while (!is_huge(HMM, BLOCK_PAGES) && now_seconds() < end)
		usleep(20000);
	EXPECT_TRUE(is_huge(HMM, BLOCK_PAGES)) {
		TH_LOG("khugepaged has not come by");
	}
	snprintf(text, sizeof(text), "%ld", max);
	ASSERT_EQ(0, write_text(MAX_PTES_SWAP, text));
	ASSERT_EQ(0, thp_only(self->order));
	expect_on_device(HMM, 0, self->folio);
	expect_content(HMM, 0, REGION_PAGES);
}

/* Collapse and migration in turns and at once: what one takes the other wants. */
HMM_TEST(khugepaged_beside_migration)
{
	double end = now_seconds() + 5;
	long scans, scans_after;
	size_t page = 0;

	fill(HMM);
	khugepaged_wild(HMM);
	ASSERT_EQ(0, read_number(THP_DIR "khugepaged/full_scans", &scans));
	while (now_seconds() < end) {
		dev_migrate_in(self->fd, page_at(self, page), REGION_PAGES / 4,
			       NULL);
		page = (page + 37) % (REGION_PAGES * 3 / 4);
		EXPECT_EQ(-1, pages_differ(self->r.addr, page, 64,
					   self->r.seed));
		dev_migrate_out(self->fd, self->r.addr, REGION_PAGES, NULL);
	}
	ASSERT_EQ(0, read_number(THP_DIR "khugepaged/full_scans", &scans_after));
	ASSERT_EQ(0, thp_only(self->order));
	EXPECT_GT(scans_after, scans);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(ksmd_keeps_the_content)
{
	size_t page;

	/* Half of the pages are equal, so that there is something to merge. */
	fill(HMM);
	for (page = 0; page < REGION_PAGES; page += 2)
		memset(page_at(self, page), 0x5a, PAGE);
	ASSERT_EQ(0, dev_migrate_in(self->fd, self->r.addr, REGION_PAGES / 2,
				    NULL));
	ASSERT_EQ(0, madvise(self->r.addr, REGION_PAGES * PAGE,
			     MADV_MERGEABLE));
	ASSERT_EQ(0, write_text(KSM_DIR "pages_to_scan", "4096"));
	ASSERT_EQ(0, write_text(KSM_DIR "sleep_millisecs", "10"));
	ASSERT_EQ(0, write_text(KSM_DIR "run", "1"));
	wait_for_rounds(HMM, KSM_DIR "full_scans", 3);
	dev_migrate_in(self->fd, self->r.addr, REGION_PAGES, NULL);
	wait_for_rounds(HMM, KSM_DIR "full_scans", 2);
	ASSERT_EQ(0, write_text(KSM_DIR "run", "2"));
	ASSERT_EQ(0, write_text(KSM_DIR "run", "0"));
	for (page = 0; page < REGION_PAGES; page++) {
		if (page % 2)
			expect_content(HMM, page, 1);
		else {
			ASSERT_EQ(0x5a, *page_at(self, page));
		}
	}
}

static void damon_write(HMM_ARGS, const char *file, const char *text)
{
	char path[256];

	(void)self;
	snprintf(path, sizeof(path), DAMON_DIR "%s", file);
	ASSERT_EQ(0, write_text(path, text)) {
		TH_LOG("%s", path);
	}
}

HMM_TEST(damon_watches_without_touching)
{
	char pid[16];

	fill_on_device(HMM);
	snprintf(pid, sizeof(pid), "%d", getpid());
	damon_write(HMM, "nr_kdamonds", "1");
	damon_write(HMM, "0/contexts/nr_contexts", "1");
	damon_write(HMM, "0/contexts/0/operations", "vaddr");
	damon_write(HMM, "0/contexts/0/monitoring_attrs/intervals/sample_us",
		    "1000");
	damon_write(HMM, "0/contexts/0/monitoring_attrs/intervals/aggr_us",
		    "20000");
	damon_write(HMM, "0/contexts/0/targets/nr_targets", "1");
	damon_write(HMM, "0/contexts/0/targets/0/pid_target", pid);
	damon_write(HMM, "0/state", "on");
	usleep(500000);
	damon_write(HMM, "0/state", "off");
	damon_write(HMM, "nr_kdamonds", "0");
	expect_on_device(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

/* --- swap, on compressed memory ----------------------------------------- */

#define SWAP_DEVICE	"/dev/zram0"

/* The header that mkswap writes: the kernel looks for nothing else. */
static int make_swap(const char *path, size_t size)
{
	uint32_t head[3] = { 1, size / PAGE - 1, 0 };
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (pwrite(fd, head, sizeof(head), 1024) != sizeof(head) ||
	    pwrite(fd, "SWAPSPACE2", 10, PAGE - 10) != 10 || fsync(fd))
		ret = -EIO;
	close(fd);
	return ret;
}

static void swap_on(HMM_ARGS)
{
	(void)self;
	swapoff(SWAP_DEVICE);
	write_text("/sys/block/zram0/reset", "1");
	ASSERT_EQ(0, write_text("/sys/block/zram0/disksize", "67108864"));
	ASSERT_EQ(0, make_swap(SWAP_DEVICE, 64 << 20));
	ASSERT_EQ(0, swapon(SWAP_DEVICE, 0)) {
		TH_LOG("swapon: %s", strerror(errno));
	}
}

static void swap_off(HMM_ARGS)
{
	(void)self;
	ASSERT_EQ(0, swapoff(SWAP_DEVICE)) {
		TH_LOG("swapoff: %s", strerror(errno));
	}
	ASSERT_EQ(0, write_text("/sys/block/zram0/reset", "1"));
}

/* swapoff walks the page tables only as long as something is in swap. */
static void put_something_in_swap(HMM_ARGS)
{
	struct pagemap_entry entry;
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)self;
	ASSERT_NE(MAP_FAILED, p);
	*p = 1;
	ASSERT_EQ(0, madvise(p, PAGE, MADV_PAGEOUT));
	ASSERT_EQ(0, pagemap_read(p, &entry));
	ASSERT_TRUE(entry.swap);
}

HMM_TEST(swapoff_passes_over_device_memory)
{
	fill_on_device(HMM);
	swap_on(HMM);
	put_something_in_swap(HMM);
	swap_off(HMM);
	if (self->orders)
		expect_on_device(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(swapoff_with_pages_in_swap_beside_device_memory)
{
	fill(HMM);
	swap_on(HMM);
	ASSERT_EQ(0, madvise(page_at(self, BLOCK_PAGES), BLOCK, MADV_PAGEOUT));
	to_device(HMM, 0, BLOCK_PAGES);
	swap_off(HMM);
	expect_content(HMM, 0, REGION_PAGES);
}

/* A page that came back from swap may have kept its slot: that must not win. */
HMM_TEST(memory_back_from_swap_migrates)
{
	fill(HMM);
	swap_on(HMM);
	ASSERT_EQ(0, madvise(self->r.addr, REGION_PAGES * PAGE, MADV_PAGEOUT));
	expect_content(HMM, 0, REGION_PAGES);
	dev_migrate_in(self->fd, self->r.addr, REGION_PAGES, NULL);
	pages_fill(self->r.addr, 0, REGION_PAGES, 17);
	swap_off(HMM);
	EXPECT_EQ(-1, pages_differ(self->r.addr, 0, REGION_PAGES, 17));
}

HMM_TEST(pages_in_swap_stay_there)
{
	fill(HMM);
	swap_on(HMM);
	ASSERT_EQ(0, madvise(self->r.addr, REGION_PAGES * PAGE, MADV_PAGEOUT));
	dev_migrate_in(self->fd, self->r.addr, REGION_PAGES, NULL);
	expect_content(HMM, 0, REGION_PAGES);
	swap_off(HMM);
	expect_content(HMM, 0, REGION_PAGES);
}

/* --- pressure ----------------------------------------------------------- */

/* Reclaim of the group meets device pages, which are on no list of its. */
HMM_TEST(reclaim_of_the_cgroup_leaves_device_memory)
{
	char path[128];

	fill_on_device(HMM);
	swap_on(HMM);
	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/memory.reclaim",
		 self->cgroup);
	/* Fails in the end: there is less to be had than is asked for. */
	write_text(path, "8M");
	if (!self->coherent)
		expect_where(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL);
	expect_content(HMM, 0, REGION_PAGES);
	swap_off(HMM);
}

/*
 * Folios of RAM that are partly unmapped are queued, and split when memory is
 * short; one of the device that were queued would be freed in its queue.
 */
HMM_TEST(reclaim_knows_nothing_of_partly_unmapped_folios)
{
	NEEDS_ORDERS();
	ONLY_LARGE();
	fill_on_device(HMM);
	ASSERT_EQ(0, munmap(page_at(self, 0), self->folio / 2 * PAGE));
	ASSERT_EQ(0, write_text("/proc/sys/vm/drop_caches", "2"));
	EXPECT_EQ(REGION_PAGES, live_pages(HMM));
	ASSERT_EQ(0, munmap(self->r.addr, BLOCK));
	EXPECT_EQ(BLOCK_PAGES, live_pages(HMM));
	ASSERT_EQ(0, write_text("/proc/sys/vm/drop_caches", "2"));
	expect_content(HMM, BLOCK_PAGES, BLOCK_PAGES);
}

HMM_TEST(compaction_keeps_the_content)
{
	fill(HMM);
	to_device(HMM, 0, BLOCK_PAGES);
	ASSERT_EQ(0, write_text("/proc/sys/vm/compact_memory", "1"));
	expect_content(HMM, 0, REGION_PAGES);
}

TEST_HARNESS_MAIN
