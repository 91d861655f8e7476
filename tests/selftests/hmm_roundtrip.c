// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of every kind goes to the device and comes back: the same content, in
 * folios of the order that was asked for, and nothing else changed.
 */
#include <fcntl.h>
#include <sys/prctl.h>

#include "hmm_fixture.h"

HMM_TEST(folio_goes_whole_and_comes_back_whole)
{
	fill_on_device(HMM);
	expect_device_reads(HMM, 0, REGION_PAGES);
	expect_on_device(HMM, 0, REGION_PAGES);
	to_system(HMM, 0, REGION_PAGES);
	expect_in_system(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(cpu_read_brings_back_one_whole_folio)
{
	size_t page = BLOCK_PAGES + self->folio / 2;
	size_t first = page & ~(self->folio - 1);
	struct hmm_dmirror_stats before, after;

	ONLY_PRIVATE();
	fill_on_device(HMM);
	if (self->orders) {
		ASSERT_EQ(0, dev_stats(self->fd, &before));
	}

	expect_content(HMM, page, 1);
	expect_in_system(HMM, first, self->folio);
	expect_on_device(HMM, 0, first);
	expect_on_device(HMM, first + self->folio,
			 REGION_PAGES - first - self->folio);
	if (self->orders) {
		ASSERT_EQ(0, dev_stats(self->fd, &after));
		EXPECT_EQ(before.cpu_faults + 1, after.cpu_faults);
		EXPECT_EQ(before.fault_fallbacks, after.fault_fallbacks);
	}
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(cpu_write_is_kept)
{
	size_t page = self->folio - 1;

	fill_on_device(HMM);
	pages_fill(self->r.addr, page, 1, 7);
	EXPECT_EQ(-1, pages_differ(self->r.addr, page, 1, 7));
	expect_content(HMM, 0, page);
	expect_content(HMM, page + 1, REGION_PAGES - page - 1);
}

HMM_TEST(device_write_is_kept)
{
	char *data = malloc(REGION_PAGES * PAGE);

	ASSERT_NE(NULL, data);
	fill_on_device(HMM);
	pages_fill(data, 0, REGION_PAGES, 9);
	ASSERT_EQ(0, dev_cmd(self->fd, HMM_DMIRROR_WRITE, self->r.addr,
			     REGION_PAGES, data, NULL));
	expect_on_device(HMM, 0, REGION_PAGES);
	self->r.seed = 9;
	to_system(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
	free(data);
}

HMM_TEST(device_write_after_cpu_fault_is_kept)
{
	char *data = malloc(REGION_PAGES * PAGE);

	ASSERT_NE(NULL, data);
	fill_on_device(HMM);
	expect_content(HMM, 0, REGION_PAGES);
	pages_fill(data, 0, REGION_PAGES, 5);
	ASSERT_EQ(0, dev_cmd(self->fd, HMM_DMIRROR_WRITE, self->r.addr,
			     REGION_PAGES, data, NULL));
	EXPECT_EQ(-1, pages_differ(self->r.addr, 0, REGION_PAGES, 5));
	free(data);
}

HMM_TEST(hole_becomes_zeroes_on_the_device)
{
	to_device(HMM, 0, REGION_PAGES);
	expect_on_device(HMM, 0, REGION_PAGES);
	to_system(HMM, 0, REGION_PAGES);
	expect_in_system(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(hole_on_the_device_is_brought_back_by_the_cpu)
{
	to_device(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
	pages_fill(self->r.addr, 0, REGION_PAGES, 3);
	EXPECT_EQ(-1, pages_differ(self->r.addr, 0, REGION_PAGES, 3));
}

/* What the region or the process rules out, a device does not bring about. */
static void holes_become_single_pages(HMM_ARGS)
{
	to_device(HMM, 0, REGION_PAGES);
	expect_at(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL, 0);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(holes_stay_small_where_huge_pages_are_ruled_out)
{
	NEEDS_ORDERS();
	ASSERT_EQ(0, madvise(self->r.addr, REGION_PAGES * PAGE,
			     MADV_NOHUGEPAGE));
	holes_become_single_pages(HMM);
}

HMM_TEST(holes_stay_small_for_a_process_without_huge_pages)
{
	NEEDS_ORDERS();
	ASSERT_EQ(0, prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	holes_become_single_pages(HMM);
}

HMM_TEST(zero_page_becomes_zeroes_on_the_device)
{
	expect_content(HMM, 0, REGION_PAGES);
	expect_where(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_ZERO);
	to_device(HMM, 0, REGION_PAGES);
	expect_where(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL);
	/* Single zero pages are not one large hole; the huge one is. */
	if (self->order == BLOCK_ORDER)
		expect_on_device(HMM, 0, REGION_PAGES);
	pages_fill(self->r.addr, 0, REGION_PAGES, 4);
	EXPECT_EQ(-1, pages_differ(self->r.addr, 0, REGION_PAGES, 4));
}

HMM_TEST(region_half_hole_half_data)
{
	size_t half = self->folio > 1 ? self->folio / 2 : 1;
	size_t page;

	/* Every other half folio is populated: in single pages. */
	ASSERT_EQ(0, thp_only(0));
	for (page = 0; page < REGION_PAGES; page += 2 * half)
		pages_fill(self->r.addr, page, half, 1);
	ASSERT_EQ(0, dev_migrate_in(self->fd, self->r.addr, REGION_PAGES, NULL));
	expect_where(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL);
	for (page = 0; page < REGION_PAGES; page += 2 * half) {
		ASSERT_EQ(-1, pages_differ(self->r.addr, page, half, 1));
		ASSERT_EQ(-1, pages_differ(self->r.addr, page + half, half, 0));
	}
}

HMM_TEST(read_only_memory_stays_read_only)
{
	int zeroes = open("/dev/zero", O_RDONLY);
	struct hmm_dmirror_page *info;
	char *data = calloc(1, PAGE);
	size_t i;

	fill(HMM);
	ASSERT_EQ(0, mprotect(self->r.addr, REGION_PAGES * PAGE, PROT_READ));
	to_device(HMM, 0, REGION_PAGES);
	expect_on_device(HMM, 0, REGION_PAGES);
	info = look(HMM, 0, REGION_PAGES);
	for (i = 0; i < REGION_PAGES; i++) {
		ASSERT_EQ(0, info[i].writable);
	}
	free(info);

	/* hmm_range_fault() of 6.12 grants a write it has no right to. */
	if (self->orders) {
		ASSERT_EQ(-EPERM, dev_cmd(self->fd, HMM_DMIRROR_WRITE,
					  self->r.addr, 1, data, NULL));
	}
	expect_content(HMM, 0, REGION_PAGES);
	free(data);

	/* What came back must not have become writable for the CPU, either. */
	for (i = 0; i < REGION_PAGES; i++) {
		ASSERT_EQ(-1, read(zeroes, page_at(self, i), 1));
		ASSERT_EQ(EFAULT, errno);
	}
	close(zeroes);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(writable_memory_is_writable_for_the_device)
{
	struct hmm_dmirror_page *info;
	size_t i;

	fill_on_device(HMM);
	info = look(HMM, 0, REGION_PAGES);
	for (i = 0; i < REGION_PAGES; i++) {
		ASSERT_EQ(1, info[i].writable);
	}
	free(info);
}

HMM_TEST(migrating_again_changes_nothing)
{
	struct hmm_dmirror_page *before, *after;

	fill_on_device(HMM);
	before = look(HMM, 0, REGION_PAGES);
	to_device(HMM, 0, REGION_PAGES);
	after = look(HMM, 0, REGION_PAGES);
	EXPECT_EQ(0, memcmp(before, after, REGION_PAGES * sizeof(*before)));
	expect_content(HMM, 0, REGION_PAGES);
	free(before);
	free(after);
}

HMM_TEST(many_turns_leave_the_content_alone)
{
	int turn;

	fill(HMM);
	for (turn = 0; turn < 8; turn++) {
		to_device(HMM, 0, REGION_PAGES);
		expect_on_device(HMM, 0, REGION_PAGES);
		if (turn & 1)
			to_system(HMM, 0, REGION_PAGES);
		else
			expect_content(HMM, 0, REGION_PAGES);
	}
	expect_content(HMM, 0, REGION_PAGES);
}

/*
 * Half a folio is asked for: that much moves, in whatever orders, and the rest
 * stays.
 */
HMM_TEST(part_of_a_folio_moves_alone)
{
	size_t first = BLOCK_PAGES + self->folio / 4;
	size_t n = self->folio / 2 ? self->folio / 2 : 1;

	fill(HMM);
	to_device(HMM, first, n);
	expect_where(HMM, first, n, HMM_DMIRROR_WHERE_DEV_LOCAL);
	expect_where(HMM, 0, first, HMM_DMIRROR_WHERE_SYS);
	expect_where(HMM, first + n, REGION_PAGES - first - n,
		     HMM_DMIRROR_WHERE_SYS);
	if (!self->coherent)
		expect_device_reads(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(part_of_a_folio_comes_back_alone)
{
	size_t first = BLOCK_PAGES + self->folio / 4;
	size_t n = self->folio / 2 ? self->folio / 2 : 1;

	fill_on_device(HMM);
	to_system(HMM, first, n);
	expect_where(HMM, first, n, HMM_DMIRROR_WHERE_SYS);
	expect_where(HMM, 0, first, HMM_DMIRROR_WHERE_DEV_LOCAL);
	expect_where(HMM, first + n, REGION_PAGES - first - n,
		     HMM_DMIRROR_WHERE_DEV_LOCAL);
	expect_device_reads(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

/* A range that starts and ends inside folios: those in between move whole. */
HMM_TEST(unaligned_range_keeps_inner_folios_whole)
{
	size_t first = self->folio > 1 ? 1 : 0;
	size_t inner = self->folio > 1 ? self->folio : 0;
	size_t last = REGION_PAGES - first;

	fill(HMM);
	to_device(HMM, first, last - first);
	expect_where(HMM, first, last - first, HMM_DMIRROR_WHERE_DEV_LOCAL);
	if (last - first > 2 * self->folio)
		expect_on_device(HMM, inner, REGION_PAGES - 2 * inner);
	expect_where(HMM, 0, first, HMM_DMIRROR_WHERE_SYS);
	expect_content(HMM, 0, REGION_PAGES);
}

/* What is not mapped any more must not come back, either. */
HMM_TEST(folio_with_a_gap_comes_back_in_parts)
{
	size_t hole = self->folio / 2;
	uint64_t moved;

	NEEDS_ORDERS();
	ONLY_LARGE();
	fill_on_device(HMM);
	ASSERT_EQ(0, madvise(page_at(self, hole), PAGE, MADV_DONTNEED));
	ASSERT_EQ(0, dev_migrate_out(self->fd, self->r.addr, REGION_PAGES,
				     &moved));
	EXPECT_EQ(REGION_PAGES - 1, moved);
	EXPECT_EQ(0, live_pages(HMM));
	ASSERT_EQ(-1, pages_differ(self->r.addr, hole, 1, 0));
	expect_content(HMM, 0, hole);
	expect_content(HMM, hole + 1, REGION_PAGES - hole - 1);
}

/* What is there already stands right behind a folio that is to go whole. */
HMM_TEST(page_that_is_there_already_does_not_hide_the_rest)
{
	NEEDS_ORDERS();
	fill(HMM);
	to_device(HMM, self->folio, 1);
	to_device(HMM, 0, REGION_PAGES);
	expect_where(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL);
	expect_on_device(HMM, 0, self->folio);
	expect_content(HMM, 0, REGION_PAGES);
}

/* From the middle of one block to the middle of the next: windows at 2 MiB. */
HMM_TEST(range_across_blocks_moves_in_aligned_windows)
{
	size_t first = BLOCK_PAGES / 2, n = BLOCK_PAGES;

	fill(HMM);
	to_device(HMM, first, n);
	if (self->order < BLOCK_ORDER)
		expect_on_device(HMM, first, n);
	else
		expect_where(HMM, first, n, HMM_DMIRROR_WHERE_DEV_LOCAL);
	expect_where(HMM, 0, first, HMM_DMIRROR_WHERE_SYS);
	expect_where(HMM, first + n, REGION_PAGES - first - n,
		     HMM_DMIRROR_WHERE_SYS);
	expect_content(HMM, 0, REGION_PAGES);
}

/* hmm_range_fault() from every offset inside a folio gives that page's PFN. */
HMM_TEST(walk_from_inside_a_folio_gives_the_right_pfns)
{
	struct hmm_dmirror_page *all, *from;
	size_t offset, i, n;

	NEEDS_ORDERS();
	fill_on_device(HMM);
	all = look(HMM, 0, REGION_PAGES);
	for (offset = 0; offset < self->folio; offset += 1 + offset / 4) {
		n = REGION_PAGES - offset < 100 ? REGION_PAGES - offset : 100;
		from = look(HMM, offset, n);
		for (i = 0; i < n; i++) {
			ASSERT_EQ(all[offset + i].pfn, from[i].pfn);
			ASSERT_EQ(all[offset + i].index, from[i].index);
			ASSERT_EQ(all[offset + i].map_order, from[i].map_order);
		}
		free(from);
	}
	EXPECT_EQ(self->order == BLOCK_ORDER ? BLOCK_ORDER : 0,
		  all[0].map_order);
	free(all);
}

HMM_TEST(other_device_sees_nothing_and_reads_by_fault)
{
	int other = dev_open(self->coherent ? DEV_COHERENT_OTHER :
					      DEV_PRIVATE_OTHER);
	unsigned char *prot = malloc(REGION_PAGES);
	char *copy = malloc(REGION_PAGES * PAGE);
	size_t i;

	ASSERT_GE(other, 0);
	fill_on_device(HMM);
	ASSERT_EQ(0, dev_cmd(other, HMM_DMIRROR_SNAPSHOT, self->r.addr,
			     REGION_PAGES, prot, NULL));
	for (i = 0; i < REGION_PAGES; i++) {
		if (self->coherent) {
			ASSERT_EQ(HMM_DMIRROR_PROT_DEV_COHERENT_REMOTE,
				  prot[i] & 0xf0);
		} else {
			ASSERT_EQ(HMM_DMIRROR_PROT_NONE, prot[i]);
		}
	}
	expect_on_device(HMM, 0, REGION_PAGES);
	ASSERT_EQ(0, dev_cmd(other, HMM_DMIRROR_READ, self->r.addr,
			     REGION_PAGES, copy, NULL));
	EXPECT_EQ(-1, pages_differ(copy, 0, REGION_PAGES, self->r.seed));
	if (!self->coherent)
		expect_in_system(HMM, 0, REGION_PAGES);
	free(prot);
	free(copy);
	close(other);
}

HMM_TEST(other_device_does_not_take_what_is_on_this)
{
	int other = dev_open(self->coherent ? DEV_COHERENT_OTHER :
					      DEV_PRIVATE_OTHER);

	ASSERT_GE(other, 0);
	fill_on_device(HMM);
	EXPECT_EQ(-ENOENT, dev_migrate_in(other, self->r.addr, REGION_PAGES,
					  NULL));
	expect_on_device(HMM, 0, REGION_PAGES);
	EXPECT_EQ(0, dev_migrate_out(other, self->r.addr, REGION_PAGES, NULL));
	expect_on_device(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
	close(other);
}

HMM_TEST(release_brings_everything_back)
{
	fill_on_device(HMM);
	ASSERT_EQ(0, dev_cmd(self->fd, HMM_DMIRROR_RELEASE, self->r.addr, 1,
			     NULL, NULL));
	expect_where(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_SYS);
	expect_content(HMM, 0, REGION_PAGES);
	to_device(HMM, 0, REGION_PAGES);
	expect_where(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(memory_outlives_the_file_it_was_migrated_by)
{
	fill_on_device(HMM);
	ASSERT_EQ(0, close(self->fd));
	expect_content(HMM, 0, REGION_PAGES);
	self->fd = dev_open(variant->device);
	ASSERT_GE(self->fd, 0);
}

HMM_TEST(closing_a_file_leaves_other_files_memory_on_the_device)
{
	int other = dev_open(variant->device);

	NEEDS_ORDERS();
	ASSERT_GE(other, 0);
	fill_on_device(HMM);
	ASSERT_EQ(0, close(other));
	expect_on_device(HMM, 0, REGION_PAGES);
}

HMM_TEST(eviction_brings_folios_back_whole)
{
	struct hmm_dmirror_evict evict;

	NEEDS_ORDERS();
	fill_on_device(HMM);
	ASSERT_EQ(0, dev_evict(self->fd, ORDERS_ALL, &evict));
	EXPECT_EQ(0, evict.left);
	EXPECT_GE(evict.moved, REGION_PAGES);
	expect_in_system(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(eviction_splits_when_only_single_pages_are_allowed)
{
	struct hmm_dmirror_evict evict;

	NEEDS_ORDERS();
	fill_on_device(HMM);
	ASSERT_EQ(0, dev_evict(self->fd, BIT(0), &evict));
	EXPECT_EQ(0, evict.left);
	expect_at(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_SYS, 0);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(exit_with_memory_on_the_device_gives_it_back)
{
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (!pid) {
		self = self_of_child(HMM, variant->device);
		fill_on_device(HMM);
		_exit(0);
	}
	expect_child_ok(_metadata, pid);
	if (self->orders) {
		EXPECT_EQ(0, live_pages(HMM));
	}
}

/* The charge follows the folio to the device and back, and stays what it was. */
HMM_TEST(memcg_charge_follows_the_folio)
{
	long filled, away, back;
	long size = REGION_PAGES * PAGE;

	fill(HMM);
	filled = memcg_current(self->cgroup);
	EXPECT_GE(filled, size);
	to_device(HMM, 0, REGION_PAGES);
	away = memcg_current(self->cgroup);
	EXPECT_GE(away, filled - MEMCG_NOISE);
	EXPECT_LE(away, filled + MEMCG_NOISE);
	to_system(HMM, 0, REGION_PAGES);
	back = memcg_current(self->cgroup);
	EXPECT_GE(back, filled - MEMCG_NOISE);
	EXPECT_LE(back, filled + MEMCG_NOISE);
	region_unmap(&self->r);
	EXPECT_LE(memcg_current(self->cgroup), filled - size + MEMCG_NOISE);
}

HMM_TEST(memcg_is_charged_for_holes_filled_on_the_device)
{
	long before = memcg_current(self->cgroup);
	long size = REGION_PAGES * PAGE;

	to_device(HMM, 0, REGION_PAGES);
	EXPECT_GE(memcg_current(self->cgroup), before + size - MEMCG_NOISE);
}

/* Device memory counts as resident, like the memory that it stands for. */
HMM_TEST(rss_stays_the_same_on_the_device)
{
	long filled, away, back, noise = 2048;	/* kB: per-CPU parts */

	fill(HMM);
	filled = proc_field_kb("/proc/self/status", "RssAnon");
	ASSERT_GE(filled, (long)(REGION_PAGES * 4) - noise);
	to_device(HMM, 0, REGION_PAGES);
	away = proc_field_kb("/proc/self/status", "RssAnon");
	EXPECT_GE(away, filled - noise);
	EXPECT_LE(away, filled + noise);
	to_system(HMM, 0, REGION_PAGES);
	back = proc_field_kb("/proc/self/status", "RssAnon");
	EXPECT_GE(back, filled - noise);
	EXPECT_LE(back, filled + noise);
}

TEST_HARNESS_MAIN
