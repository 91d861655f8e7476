// SPDX-License-Identifier: GPL-2.0
/*
 * Everything a process can do to a mapping, done to memory that is on the
 * device: munmap, mremap, mprotect, madvise, mlock, mbind, /proc, userfaultfd.
 */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "hmm_fixture.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

/* --- munmap and MADV_DONTNEED ------------------------------------------- */

/*
 * After part of the region went: the rest is whole, comes back whichever way,
 * and the device gets everything back that is not mapped any more.
 */
static void rest_is_there(HMM_ARGS, size_t hole, size_t n)
{
	size_t behind = hole + n;

	expect_content(HMM, 0, hole);
	expect_content(HMM, behind, REGION_PAGES - behind);
	if (self->orders && !self->coherent) {
		EXPECT_EQ(0, live_pages(HMM));
	}
}

static void unmap_part(HMM_ARGS, size_t hole, size_t n)
{
	fill_on_device(HMM);
	ASSERT_EQ(0, munmap(page_at(self, hole), n * PAGE));
	rest_is_there(HMM, hole, n);
}

HMM_TEST(unmapping_the_first_page_of_a_folio)
{
	unmap_part(HMM, BLOCK_PAGES, 1);
}

HMM_TEST(unmapping_the_last_page_of_a_folio)
{
	unmap_part(HMM, BLOCK_PAGES - 1, 1);
}

HMM_TEST(unmapping_the_middle_of_a_folio)
{
	unmap_part(HMM, self->folio / 2, 1);
}

HMM_TEST(unmapping_all_but_one_page_of_a_folio)
{
	ONLY_LARGE();
	unmap_part(HMM, BLOCK_PAGES, self->folio - 1);
}

HMM_TEST(unmapping_halves_of_two_folios)
{
	unmap_part(HMM, self->folio / 2, self->folio);
}

HMM_TEST(unmapped_part_frees_device_memory_at_the_next_migration)
{
	size_t keep = self->folio / 2;
	uint64_t moved;

	NEEDS_ORDERS();
	ONLY_LARGE();
	fill_on_device(HMM);
	/* Of the first folio one page is left, and that one goes home. */
	ASSERT_EQ(0, munmap(page_at(self, 0), keep * PAGE));
	ASSERT_EQ(0, munmap(page_at(self, keep + 1),
			    (self->folio - keep - 1) * PAGE));
	ASSERT_EQ(0, dev_migrate_out(self->fd, page_at(self, keep), 1, &moved));
	ASSERT_EQ(1, moved);
	EXPECT_EQ(REGION_PAGES - self->folio, live_pages(HMM));
	expect_content(HMM, keep, 1);
}

HMM_TEST(unmapped_part_frees_device_memory_at_eviction)
{
	struct hmm_dmirror_evict evict;
	size_t keep = self->folio / 2;

	NEEDS_ORDERS();
	ONLY_LARGE();
	fill_on_device(HMM);
	ASSERT_EQ(0, munmap(page_at(self, 0), keep * PAGE));
	ASSERT_EQ(0, dev_evict(self->fd, ORDERS_ALL, &evict));
	EXPECT_EQ(0, evict.left);
	EXPECT_EQ(REGION_PAGES - keep, evict.moved);
	EXPECT_EQ(0, live_pages(HMM));
	expect_content(HMM, keep, REGION_PAGES - keep);
}

HMM_TEST(dontneed_of_everything_frees_device_memory_and_reads_zero)
{
	fill_on_device(HMM);
	ASSERT_EQ(0, madvise(self->r.addr, REGION_PAGES * PAGE, MADV_DONTNEED));
	if (self->orders) {
		EXPECT_EQ(0, live_pages(HMM));
	}
	self->r.seed = 0;
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(dontneed_of_a_part_zeroes_that_part_only)
{
	size_t hole = BLOCK_PAGES + self->folio / 4;
	size_t n = self->folio / 2 ? self->folio / 2 : 1;

	fill_on_device(HMM);
	ASSERT_EQ(0, madvise(page_at(self, hole), n * PAGE, MADV_DONTNEED));
	ASSERT_EQ(-1, pages_differ(self->r.addr, hole, n, 0));
	expect_content(HMM, 0, hole);
	expect_content(HMM, hole + n, REGION_PAGES - hole - n);
}

/* A folio with a hole goes through the device again, the hole as zeroes. */
HMM_TEST(partly_zapped_folio_migrates_again)
{
	size_t hole = self->folio / 2;
	int ret;

	fill_on_device(HMM);
	ASSERT_EQ(0, madvise(page_at(self, hole), PAGE, MADV_DONTNEED));
	ret = dev_migrate_in(self->fd, self->r.addr, REGION_PAGES, NULL);
	/* The driver of 6.12 forgets one page too many when pages go. */
	if (self->orders) {
		ASSERT_EQ(0, ret);
	}
	expect_where(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL);
	ASSERT_EQ(-1, pages_differ(self->r.addr, hole, 1, 0));
	expect_content(HMM, 0, hole);
	expect_content(HMM, hole + 1, REGION_PAGES - hole - 1);
}

HMM_TEST(mapping_over_device_memory_frees_it)
{
	fill_on_device(HMM);
	ASSERT_EQ(0, region_renew(self->r.addr, BLOCK_PAGES));
	if (self->orders) {
		EXPECT_EQ(BLOCK_PAGES, live_pages(HMM));
	}
	ASSERT_EQ(-1, pages_differ(self->r.addr, 0, BLOCK_PAGES, 0));
	expect_content(HMM, BLOCK_PAGES, BLOCK_PAGES);
}

/* --- mremap ------------------------------------------------------------- */

/* Move @n pages from page @first to @to; the content moves along. */
static void move_and_check(HMM_ARGS, size_t first, size_t n, char *to)
{
	size_t i;

	ASSERT_EQ(to, mremap(page_at(self, first), n * PAGE, n * PAGE,
			     MREMAP_MAYMOVE | MREMAP_FIXED, to));
	for (i = 0; i < n; i++) {
		/* the pattern goes by page number of where it was filled */
		ASSERT_EQ(-1, pages_differ(to - first * PAGE, first + i, 1,
					   self->r.seed));
	}
	expect_content(HMM, 0, first);
	expect_content(HMM, first + n, REGION_PAGES - first - n);
}

HMM_TEST(moved_to_another_block_stays_on_the_device)
{
	struct hmm_dmirror_page *before, *after;
	struct region target;
	size_t i;

	fill_on_device(HMM);
	ASSERT_EQ(0, region_map(&target, REGION_PAGES));
	before = look(HMM, 0, REGION_PAGES);
	ASSERT_EQ(target.addr,
		  mremap(self->r.addr, REGION_PAGES * PAGE, REGION_PAGES * PAGE,
			 MREMAP_MAYMOVE | MREMAP_FIXED, target.addr));
	self->r.addr = target.addr;
	after = look(HMM, 0, REGION_PAGES);
	for (i = 0; i < REGION_PAGES; i++) {
		ASSERT_EQ(before[i].pfn, after[i].pfn);
		ASSERT_EQ(before[i].order, after[i].order);
	}
	expect_content(HMM, 0, REGION_PAGES);
	free(before);
	free(after);
}

/* At its new place the folio is not aligned, and crosses a PMD. */
HMM_TEST(moved_to_an_unaligned_place_comes_back_by_fault)
{
	struct region target;

	fill_on_device(HMM);
	ASSERT_EQ(0, region_map(&target, 3 * BLOCK_PAGES));
	move_and_check(HMM, 0, REGION_PAGES, target.addr + BLOCK - 3 * PAGE);
}

HMM_TEST(moved_to_an_unaligned_place_migrates_both_ways)
{
	struct region target;
	char *to;

	fill_on_device(HMM);
	ASSERT_EQ(0, region_map(&target, 3 * BLOCK_PAGES));
	to = target.addr + BLOCK - 3 * PAGE;
	ASSERT_EQ(to, mremap(self->r.addr, REGION_PAGES * PAGE,
			     REGION_PAGES * PAGE,
			     MREMAP_MAYMOVE | MREMAP_FIXED, to));
	self->r.addr = to;
	to_system(HMM, 0, REGION_PAGES);
	expect_where(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_SYS);
	expect_content(HMM, 0, REGION_PAGES);
	to_device(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(moving_a_part_of_a_folio_leaves_the_rest)
{
	size_t n = self->folio / 2 ? self->folio / 2 : 1;
	struct region target;

	fill_on_device(HMM);
	ASSERT_EQ(0, region_map(&target, REGION_PAGES));
	move_and_check(HMM, BLOCK_PAGES + self->folio / 4, n, target.addr);
}

HMM_TEST(shrinking_and_growing_a_mapping)
{
	fill_on_device(HMM);
	ASSERT_EQ(self->r.addr, mremap(self->r.addr, REGION_PAGES * PAGE,
				       BLOCK + PAGE, 0));
	expect_content(HMM, 0, BLOCK_PAGES + 1);
}

/* --- mprotect ----------------------------------------------------------- */

HMM_TEST(protecting_everything_and_back)
{
	fill_on_device(HMM);
	ASSERT_EQ(0, mprotect(self->r.addr, REGION_PAGES * PAGE, PROT_READ));
	expect_on_device(HMM, 0, REGION_PAGES);
	ASSERT_EQ(0, mprotect(self->r.addr, REGION_PAGES * PAGE, PROT_NONE));
	ASSERT_EQ(0, mprotect(self->r.addr, REGION_PAGES * PAGE,
			      PROT_READ | PROT_WRITE));
	expect_content(HMM, 0, REGION_PAGES);
	pages_fill(self->r.addr, 0, REGION_PAGES, 2);
	EXPECT_EQ(-1, pages_differ(self->r.addr, 0, REGION_PAGES, 2));
}

HMM_TEST(protected_memory_is_not_writable_for_the_device)
{
	struct hmm_dmirror_page *info;
	size_t i;

	fill_on_device(HMM);
	ASSERT_EQ(0, mprotect(self->r.addr, REGION_PAGES * PAGE, PROT_READ));
	info = look(HMM, 0, REGION_PAGES);
	for (i = 0; i < REGION_PAGES; i++) {
		ASSERT_EQ(0, info[i].writable);
	}
	free(info);
}

HMM_TEST(protecting_a_part_of_a_folio)
{
	size_t first = self->folio / 4;
	size_t n = self->folio / 2 ? self->folio / 2 : 1;
	struct hmm_dmirror_page *info;
	size_t i;

	fill_on_device(HMM);
	ASSERT_EQ(0, mprotect(page_at(self, first), n * PAGE, PROT_READ));
	expect_where(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL);
	info = look(HMM, 0, REGION_PAGES);
	for (i = 0; i < REGION_PAGES; i++) {
		ASSERT_EQ(i < first || i >= first + n, info[i].writable);
	}
	free(info);
	expect_device_reads(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

/* --- madvise, mlock, mbind ---------------------------------------------- */

static void advise_and_check(HMM_ARGS, int advice)
{
	fill_on_device(HMM);
	if (madvise(self->r.addr, REGION_PAGES * PAGE, advice)) {
		/* Refusing is fine; changing what is there is not. */
		ASSERT_TRUE(errno == EINVAL || errno == EAGAIN ||
			    errno == EBUSY || errno == ENOMEM);
	}
	expect_content(HMM, 0, REGION_PAGES);
	pages_fill(self->r.addr, 0, REGION_PAGES, 6);
	EXPECT_EQ(-1, pages_differ(self->r.addr, 0, REGION_PAGES, 6));
}

HMM_TEST(madvise_cold_keeps_the_content)
{
	advise_and_check(HMM, MADV_COLD);
}

HMM_TEST(madvise_pageout_keeps_the_content)
{
	advise_and_check(HMM, MADV_PAGEOUT);
}

HMM_TEST(madvise_collapse_keeps_the_content)
{
	advise_and_check(HMM, MADV_COLLAPSE);
}

HMM_TEST(madvise_populate_write_keeps_the_content)
{
	advise_and_check(HMM, MADV_POPULATE_WRITE);
}

HMM_TEST(madvise_populate_read_keeps_the_content)
{
	advise_and_check(HMM, MADV_POPULATE_READ);
}

HMM_TEST(madvise_mergeable_keeps_the_content)
{
	advise_and_check(HMM, MADV_MERGEABLE);
}

HMM_TEST(madvise_collapse_of_a_mixture_keeps_the_content)
{
	size_t page;

	fill(HMM);
	for (page = 0; page < REGION_PAGES; page += 7) {
		ASSERT_EQ(0, dev_migrate_in(self->fd, page_at(self, page), 1,
					    NULL));
	}
	madvise(self->r.addr, REGION_PAGES * PAGE, MADV_COLLAPSE);
	expect_content(HMM, 0, REGION_PAGES);
}

/* Freed lazily: each page reads as it was or as zeroes, and a write is kept. */
HMM_TEST(madvise_free_gives_old_content_or_zeroes)
{
	size_t page;

	fill_on_device(HMM);
	ASSERT_EQ(0, madvise(self->r.addr, REGION_PAGES * PAGE, MADV_FREE));
	for (page = 0; page < REGION_PAGES; page++) {
		if (pages_differ(self->r.addr, page, 1, 0) < 0)
			continue;
		expect_content(HMM, page, 1);
	}
	pages_fill(self->r.addr, 0, REGION_PAGES, 6);
	EXPECT_EQ(-1, pages_differ(self->r.addr, 0, REGION_PAGES, 6));
}

HMM_TEST(madvise_free_of_a_part_keeps_the_rest)
{
	size_t first = self->folio / 4;
	size_t n = self->folio / 2 ? self->folio / 2 : 1;

	fill_on_device(HMM);
	ASSERT_EQ(0, madvise(page_at(self, first), n * PAGE, MADV_FREE));
	expect_content(HMM, 0, first);
	expect_content(HMM, first + n, REGION_PAGES - first - n);
}

/*
 * What the device has written is wanted again. No mark of a PTE tells that, and
 * without swap only what is on offer can be reclaimed.
 */
HMM_TEST(what_the_device_writes_is_no_longer_free_to_discard)
{
	char *data = malloc(REGION_PAGES * PAGE);

	NEEDS_ORDERS();
	ASSERT_NE(NULL, data);
	fill(HMM);
	ASSERT_EQ(0, madvise(self->r.addr, REGION_PAGES * PAGE, MADV_FREE));
	ASSERT_EQ(0, dev_migrate_in(self->fd, self->r.addr, REGION_PAGES, NULL));
	pages_fill(data, 0, REGION_PAGES, 8);
	ASSERT_EQ(0, dev_cmd(self->fd, HMM_DMIRROR_WRITE, self->r.addr,
			     REGION_PAGES, data, NULL));
	expect_where(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL);
	self->r.seed = 8;
	to_system(HMM, 0, REGION_PAGES);
	ASSERT_EQ(0, madvise(self->r.addr, REGION_PAGES * PAGE, MADV_PAGEOUT));
	expect_content(HMM, 0, REGION_PAGES);
	free(data);
}

HMM_TEST(mlock_and_munlock_keep_the_content)
{
	fill_on_device(HMM);
	ASSERT_EQ(0, mlock(self->r.addr, REGION_PAGES * PAGE));
	expect_content(HMM, 0, REGION_PAGES);
	ASSERT_EQ(0, munlock(self->r.addr, REGION_PAGES * PAGE));
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(mlocked_memory_migrates_and_comes_back)
{
	ASSERT_EQ(0, mlock(self->r.addr, REGION_PAGES * PAGE));
	fill(HMM);
	dev_migrate_in(self->fd, self->r.addr, REGION_PAGES, NULL);
	expect_content(HMM, 0, REGION_PAGES);
	ASSERT_EQ(0, munlock(self->r.addr, REGION_PAGES * PAGE));
}

HMM_TEST(mincore_tells_of_every_page)
{
	unsigned char vec[REGION_PAGES];
	size_t i;

	fill_on_device(HMM);
	ASSERT_EQ(0, mincore(self->r.addr, REGION_PAGES * PAGE, vec));
	for (i = 0; i < REGION_PAGES; i++) {
		ASSERT_EQ(1, vec[i] & 1);
	}
	expect_on_device(HMM, 0, REGION_PAGES);
}

HMM_TEST(mbind_leaves_device_memory_in_order)
{
	unsigned long nodes = 1;

	fill_on_device(HMM);
	ASSERT_EQ(0, syscall(SYS_mbind, self->r.addr, REGION_PAGES * PAGE,
			     MPOL_BIND, &nodes, 64, MPOL_MF_MOVE)) {
		TH_LOG("mbind: %s", strerror(errno));
	}
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(move_pages_asks_and_changes_nothing)
{
	void *pages[REGION_PAGES];
	int status[REGION_PAGES];
	size_t i;

	fill_on_device(HMM);
	for (i = 0; i < REGION_PAGES; i++)
		pages[i] = page_at(self, i);
	ASSERT_EQ(0, syscall(SYS_move_pages, 0, REGION_PAGES, pages, NULL,
			     status, 0));
	expect_on_device(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

/* --- reading by others: GUP and /proc ----------------------------------- */

HMM_TEST(reading_through_proc_mem_gives_the_content)
{
	char *copy = malloc(REGION_PAGES * PAGE);
	int fd = open("/proc/self/mem", O_RDWR);
	ssize_t n;

	fill_on_device(HMM);
	ASSERT_GE(fd, 0);
	n = pread(fd, copy, REGION_PAGES * PAGE, (uintptr_t)self->r.addr);
	ASSERT_EQ(REGION_PAGES * PAGE, n);
	EXPECT_EQ(-1, pages_differ(copy, 0, REGION_PAGES, self->r.seed));
	expect_content(HMM, 0, REGION_PAGES);
	close(fd);
	free(copy);
}

HMM_TEST(another_process_reads_and_writes_it)
{
	struct iovec local = { .iov_len = PAGE }, remote = { .iov_len = PAGE };
	size_t page = self->folio / 2;
	char *data = malloc(REGION_PAGES * PAGE);
	pid_t parent = getpid(), pid;

	fill_on_device(HMM);
	pages_fill(data, page, 1, 8);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		local.iov_base = data + page * PAGE;
		remote.iov_base = page_at(self, page);
		_exit(process_vm_writev(parent, &local, 1, &remote, 1, 0) !=
		      (ssize_t)PAGE);
	}
	expect_child_ok(_metadata, pid);
	EXPECT_EQ(-1, pages_differ(self->r.addr, page, 1, 8));
	expect_content(HMM, 0, page);
	expect_content(HMM, page + 1, REGION_PAGES - page - 1);
	free(data);
}

HMM_TEST(system_call_reads_its_argument_from_the_device)
{
	int fds[2];
	char *copy = malloc(REGION_PAGES * PAGE);
	size_t page = self->folio - 1;

	ASSERT_EQ(0, pipe(fds));
	fill_on_device(HMM);
	ASSERT_EQ((ssize_t)PAGE, write(fds[1], page_at(self, page), PAGE));
	ASSERT_EQ((ssize_t)PAGE, read(fds[0], copy + page * PAGE, PAGE));
	EXPECT_EQ(-1, pages_differ(copy, page, 1, self->r.seed));
	expect_content(HMM, 0, REGION_PAGES);
	free(copy);
}

/* --- what /proc says ---------------------------------------------------- */

/* The sum of a field of /proc/self/smaps over the VMAs of the region, in kB. */
static long smaps_kb(HMM_ARGS, const char *field)
{
	unsigned long start, end, from = (uintptr_t)self->r.addr;
	unsigned long to = from + REGION_PAGES * PAGE;
	size_t len = strlen(field);
	bool inside = false;
	long sum = 0, kb;
	char line[512];
	FILE *f = fopen("/proc/self/smaps", "re");

	ASSERT_NE(NULL, f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start < to && end > from;
		else if (inside && !strncmp(line, field, len) &&
			 sscanf(line + len, ": %ld", &kb) == 1)
			sum += kb;
	}
	fclose(f);
	return sum;
}

HMM_TEST(smaps_counts_device_memory_as_it_counts_system_memory)
{
	long rss, pss, private_dirty;

	fill(HMM);
	rss = smaps_kb(HMM, "Rss");
	pss = smaps_kb(HMM, "Pss");
	private_dirty = smaps_kb(HMM, "Private_Dirty") +
			smaps_kb(HMM, "Private_Clean");
	to_device(HMM, 0, REGION_PAGES);
	EXPECT_EQ(rss, smaps_kb(HMM, "Rss"));
	EXPECT_EQ(pss, smaps_kb(HMM, "Pss"));
	EXPECT_EQ(private_dirty, smaps_kb(HMM, "Private_Dirty") +
				 smaps_kb(HMM, "Private_Clean"));
	expect_on_device(HMM, 0, REGION_PAGES);
}

HMM_TEST(pagemap_has_an_entry_for_every_page)
{
	struct hmm_dmirror_page *info;
	struct pagemap_entry entry;
	size_t i;

	NEEDS_ORDERS();
	fill_on_device(HMM);
	info = look(HMM, 0, REGION_PAGES);
	for (i = 0; i < REGION_PAGES; i += 3) {
		ASSERT_EQ(0, pagemap_read(page_at(self, i), &entry));
		ASSERT_EQ(info[i].pfn, entry.pfn);
		ASSERT_EQ(self->coherent, entry.present);
		ASSERT_EQ(!self->coherent, entry.swap);
	}
	free(info);
}

HMM_TEST(soft_dirty_is_cleared_and_reading_leaves_it)
{
	size_t page = self->folio / 2;
	struct pagemap_entry entry;

	fill_on_device(HMM);
	ASSERT_EQ(0, write_text("/proc/self/clear_refs", "4"));
	ASSERT_EQ(0, pagemap_read(page_at(self, page), &entry));
	EXPECT_FALSE(entry.soft_dirty);
	expect_on_device(HMM, 0, REGION_PAGES);
	expect_content(HMM, page, 1);
	ASSERT_EQ(0, pagemap_read(page_at(self, page), &entry));
	EXPECT_FALSE(entry.soft_dirty) {
		TH_LOG("reading made it dirty");
	}
	expect_content(HMM, 0, REGION_PAGES);
}

/*
 * Device-private entries stay writable in 6.12 when soft-dirty is cleared, so
 * there the write after the way back is not noticed.
 */
HMM_TEST(write_after_soft_dirty_was_cleared_is_noticed)
{
	size_t page = self->folio / 2;
	struct pagemap_entry entry;

	NEEDS_ORDERS();
	fill_on_device(HMM);
	ASSERT_EQ(0, write_text("/proc/self/clear_refs", "4"));
	pages_fill(self->r.addr, page, 1, 1);
	ASSERT_EQ(0, pagemap_read(page_at(self, page), &entry));
	EXPECT_TRUE(entry.soft_dirty);
	expect_content(HMM, 0, REGION_PAGES);
}

/*
 * A mapping that moves is new at its place, whatever kind of entry it has. But
 * 6.12 moves the page table of a whole block as it is, so that takes half of it.
 */
HMM_TEST(moved_memory_is_soft_dirty)
{
	size_t length = self->order == BLOCK_ORDER ? BLOCK : BLOCK / 2;
	char *to = self->r.addr + REGION_PAGES * PAGE;
	struct pagemap_entry entry;

	NEEDS_ORDERS();
	fill_on_device(HMM);
	ASSERT_EQ(0, write_text("/proc/self/clear_refs", "4"));
	ASSERT_EQ(to, mremap(self->r.addr, length, length,
			     MREMAP_MAYMOVE | MREMAP_FIXED, to));
	ASSERT_EQ(0, pagemap_read(to + length / 2, &entry));
	EXPECT_TRUE(entry.soft_dirty);
	ASSERT_EQ(!self->coherent, entry.swap);
	ASSERT_EQ(-1, pages_differ(to, 0, length / PAGE, self->r.seed));
	ASSERT_EQ(0, pagemap_read(page_at(self, BLOCK_PAGES), &entry));
	EXPECT_FALSE(entry.soft_dirty);
	expect_content(HMM, BLOCK_PAGES, BLOCK_PAGES);
}

/* --- userfaultfd -------------------------------------------------------- */

static int uffd_open(HMM_ARGS, uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	ASSERT_GE(fd, 0) {
		TH_LOG("userfaultfd: %s", strerror(errno));
	}
	ASSERT_EQ(0, ioctl(fd, UFFDIO_API, &api));
	(void)self;
	return fd;
}

static void uffd_register(HMM_ARGS, int fd, uint64_t mode)
{
	struct uffdio_register reg = {
		.range = {
			.start = (uintptr_t)self->r.addr,
			.len = REGION_PAGES * PAGE,
		},
		.mode = mode,
	};

	ASSERT_EQ(0, ioctl(fd, UFFDIO_REGISTER, &reg)) {
		TH_LOG("UFFDIO_REGISTER: %s", strerror(errno));
	}
}

static int uffd_protect(const FIXTURE_DATA(hmm) *self, int fd, size_t page,
			size_t n, bool on)
{
	struct uffdio_writeprotect wp = {
		.range = {
			.start = (uintptr_t)page_at(self, page),
			.len = n * PAGE,
		},
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return ioctl(fd, UFFDIO_WRITEPROTECT, &wp) ? -errno : 0;
}

/* Who writes to a protected page waits for us; what it finds then is intact. */
struct uffd_writer {
	char		*addr;
	size_t		page;
};

static void *uffd_write(void *arg)
{
	struct uffd_writer *w = arg;

	pages_fill(w->addr, w->page, 1, 11);
	return NULL;
}

static void uffd_wp_catches_write(HMM_ARGS, int uffd, size_t page)
{
	struct uffd_writer w = { .addr = self->r.addr, .page = page };
	struct uffd_msg msg;
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, uffd_write, &w));
	ASSERT_EQ((ssize_t)sizeof(msg), read(uffd, &msg, sizeof(msg)));
	ASSERT_EQ(UFFD_EVENT_PAGEFAULT, msg.event);
	EXPECT_TRUE(msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP);
	EXPECT_EQ((uintptr_t)page_at(self, page),
		  msg.arg.pagefault.address & ~(PAGE - 1));
	expect_content(HMM, page, 1);
	ASSERT_EQ(0, uffd_protect(self, uffd, page, 1, false));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(-1, pages_differ(self->r.addr, page, 1, 11));
}

HMM_TEST(uffd_write_protection_set_on_device_memory_holds)
{
	size_t page = self->folio / 2;
	int uffd;

	fill_on_device(HMM);
	uffd = uffd_open(HMM, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	uffd_register(HMM, uffd, UFFDIO_REGISTER_MODE_WP);
	ASSERT_EQ(0, uffd_protect(self, uffd, 0, REGION_PAGES, true));
	uffd_wp_catches_write(HMM, uffd, page);
	ASSERT_EQ(0, uffd_protect(self, uffd, 0, REGION_PAGES, false));
	expect_content(HMM, 0, page);
	expect_content(HMM, page + 1, REGION_PAGES - page - 1);
	close(uffd);
}

HMM_TEST(uffd_write_protection_survives_the_way_to_the_device_and_back)
{
	size_t page = self->folio / 2;
	struct pagemap_entry entry;
	int uffd;

	fill(HMM);
	uffd = uffd_open(HMM, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	uffd_register(HMM, uffd, UFFDIO_REGISTER_MODE_WP);
	ASSERT_EQ(0, uffd_protect(self, uffd, 0, REGION_PAGES, true));
	to_device(HMM, 0, REGION_PAGES);
	ASSERT_EQ(0, pagemap_read(page_at(self, page), &entry));
	EXPECT_TRUE(entry.uffd_wp);
	to_system(HMM, 0, REGION_PAGES);
	ASSERT_EQ(0, pagemap_read(page_at(self, page), &entry));
	EXPECT_TRUE(entry.uffd_wp);
	uffd_wp_catches_write(HMM, uffd, page);
	ASSERT_EQ(0, uffd_protect(self, uffd, 0, REGION_PAGES, false));
	close(uffd);
}

/* Answers every missing page with the region's pattern. */
struct uffd_server {
	int		fd;
	char		*addr;
	char		*pattern;
	size_t		npages;
};

static void *uffd_serve(void *arg)
{
	struct uffd_server *s = arg;
	struct uffdio_copy copy;
	struct uffd_msg msg;
	size_t page;

	while (s->npages) {
		if (read(s->fd, &msg, sizeof(msg)) != sizeof(msg))
			break;
		page = (msg.arg.pagefault.address - (uintptr_t)s->addr) / PAGE;
		memset(&copy, 0, sizeof(copy));
		copy.dst = (uintptr_t)s->addr + page * PAGE;
		copy.src = (uintptr_t)s->pattern + page * PAGE;
		copy.len = PAGE;
		if (!ioctl(s->fd, UFFDIO_COPY, &copy))
			s->npages--;
	}
	return NULL;
}

HMM_TEST(device_reads_what_userfaultfd_provides)
{
	size_t n = 32;
	char *pattern = malloc(n * PAGE), *copy = malloc(n * PAGE);
	struct uffd_server s = { .addr = self->r.addr, .pattern = pattern,
				 .npages = n };
	pthread_t thread;

	NEEDS_ORDERS();
	pages_fill(pattern, 0, n, 12);
	s.fd = uffd_open(HMM, 0);
	uffd_register(HMM, s.fd, UFFDIO_REGISTER_MODE_MISSING);
	ASSERT_EQ(0, pthread_create(&thread, NULL, uffd_serve, &s));
	ASSERT_EQ(0, dev_cmd(self->fd, HMM_DMIRROR_READ_UNLOCKED, self->r.addr,
			     n, copy, NULL));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(-1, pages_differ(copy, 0, n, 12));
	close(s.fd);
	free(pattern);
	free(copy);
}

TEST_HARNESS_MAIN
