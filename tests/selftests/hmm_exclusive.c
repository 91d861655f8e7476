// SPDX-License-Identifier: GPL-2.0
/*
 * Device-exclusive access to pages of large folios: the device gets each page
 * that it asks for at the first request, whatever folio it is in; nobody loses
 * anything, and what was not asked for stays large.
 */
#include <pthread.h>

#include "hmm_fixture.h"

/* 0 or a negative errno; the pages' content must be what the region holds. */
static int take_exclusive(HMM_ARGS, size_t first, size_t npages)
{
	char *copy = malloc((first + npages) * PAGE);
	int ret;

	ASSERT_NE(NULL, copy);
	ret = dev_cmd(self->fd, HMM_DMIRROR_EXCLUSIVE, page_at(self, first),
		      npages, copy + first * PAGE, NULL);
	if (!ret) {
		ASSERT_EQ(-1, pages_differ(copy, first, npages, self->r.seed));
	}
	free(copy);
	return ret;
}

static bool is_exclusive(HMM_ARGS, size_t page)
{
	int ret = dev_cmd(self->fd, HMM_DMIRROR_CHECK_EXCLUSIVE,
			  page_at(self, page), 1, NULL, NULL);

	(void)_metadata;
	return ret == -EPERM;
}

HMM_TEST(page_in_the_middle_of_a_folio)
{
	size_t page = self->folio / 2;

	fill(HMM);
	ASSERT_EQ(0, take_exclusive(HMM, page, 1));
	EXPECT_TRUE(is_exclusive(HMM, page));
	/* The CPU takes it back by touching it. */
	expect_content(HMM, page, 1);
	EXPECT_FALSE(is_exclusive(HMM, page));
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(the_rest_of_the_folio_stays_large)
{
	size_t page = self->folio / 2;

	NEEDS_ORDERS();
	ONLY_LARGE();
	fill(HMM);
	ASSERT_EQ(0, take_exclusive(HMM, page, 1));
	expect_at(HMM, 0, page, HMM_DMIRROR_WHERE_SYS,
		  self->order > 2 ? self->order - 1 : 0);
	expect_in_system(HMM, self->folio, REGION_PAGES - self->folio);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(every_page_of_the_region)
{
	size_t page;

	fill(HMM);
	ASSERT_EQ(0, take_exclusive(HMM, 0, REGION_PAGES));
	for (page = 0; page < REGION_PAGES; page += 13)
		EXPECT_TRUE(is_exclusive(HMM, page));
	expect_content(HMM, 0, REGION_PAGES);
}

/* A split replaces pages of zeroes by the shared one, which is nobody's. */
HMM_TEST(page_of_zeroes_in_a_folio_at_the_first_request)
{
	size_t page = self->folio / 2;

	memset(self->r.addr, 0, REGION_PAGES * PAGE);
	self->r.seed = 0;
	expect_in_system(HMM, 0, REGION_PAGES);
	ASSERT_EQ(0, take_exclusive(HMM, page, 1));
	EXPECT_TRUE(is_exclusive(HMM, page));
	ASSERT_EQ(0, take_exclusive(HMM, self->folio, self->folio));
	expect_content(HMM, 0, REGION_PAGES);
	pages_fill(self->r.addr, 0, REGION_PAGES, 2);
	EXPECT_EQ(-1, pages_differ(self->r.addr, 0, REGION_PAGES, 2));
}

HMM_TEST(memory_that_was_never_touched)
{
	ASSERT_EQ(0, take_exclusive(HMM, 1, self->folio));
	EXPECT_TRUE(is_exclusive(HMM, self->folio));
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(memory_that_was_on_the_device)
{
	size_t page = self->folio - 1;

	fill_on_device(HMM);
	ASSERT_EQ(0, take_exclusive(HMM, page, 1));
	EXPECT_TRUE(is_exclusive(HMM, page));
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(exclusive_page_is_not_migrated_and_its_neighbours_are)
{
	size_t page = self->folio / 2;

	fill(HMM);
	ASSERT_EQ(0, take_exclusive(HMM, page, 1));
	/* It reads back the whole range, which is not all on the device. */
	EXPECT_EQ(-ENOENT, dev_migrate_in(self->fd, self->r.addr, REGION_PAGES,
					  NULL));
	EXPECT_EQ(REGION_PAGES - 1, count_where(HMM, 0, REGION_PAGES,
						HMM_DMIRROR_WHERE_DEV_LOCAL));
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(shared_by_fork)
{
	size_t page = self->folio / 2;
	pid_t pid;

	fill(HMM);
	ASSERT_EQ(0, take_exclusive(HMM, page, 1));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (pages_differ(self->r.addr, 0, REGION_PAGES, 1) >= 0)
			_exit(1);
		pages_fill(self->r.addr, 0, REGION_PAGES, 5);
		_exit(0);
	}
	expect_child_ok(_metadata, pid);
	/* Shared for a while, and now again by a request to write. */
	ASSERT_EQ(0, take_exclusive(HMM, page, 1));
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(read_only_memory_is_refused_and_stays_whole)
{
	fill(HMM);
	ASSERT_EQ(0, mprotect(self->r.addr, REGION_PAGES * PAGE, PROT_READ));
	EXPECT_EQ(-EBUSY, take_exclusive(HMM, self->folio / 2, 1));
	expect_in_system(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

/* Their pages cannot be folios of their own. */
HMM_TEST(hugetlb_memory_is_refused_and_keeps_its_content)
{
	char *huge, copy[PAGE];

	huge = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (huge == MAP_FAILED)
		SKIP(return, "no huge page is reserved");
	pages_fill(huge, 0, BLOCK_PAGES, 3);
	EXPECT_EQ(-EBUSY, dev_cmd(self->fd, HMM_DMIRROR_EXCLUSIVE,
				  huge + 5 * PAGE, 1, copy, NULL));
	EXPECT_EQ(-EBUSY, dev_cmd(self->fd, HMM_DMIRROR_EXCLUSIVE, huge, 1,
				  copy, NULL));
	EXPECT_EQ(-1, pages_differ(huge, 0, BLOCK_PAGES, 3));
	munmap(huge, BLOCK);
}

/* --- beside a CPU that writes ------------------------------------------- */

struct writer {
	char		*page;
	volatile bool	stop;
	volatile bool	lost;
	uint64_t	count;
};

static void *count_in_page(void *arg)
{
	struct writer *w = arg;
	volatile uint64_t *word = (uint64_t *)w->page;

	*word = 0;
	while (!w->stop) {
		if (*word != w->count) {
			w->lost = true;
			break;
		}
		*word = ++w->count;
	}
	return NULL;
}

HMM_TEST(writer_loses_nothing_to_requests)
{
	size_t page = self->folio / 2;
	struct writer w = { .page = page_at(self, page) };
	double end;
	pthread_t thread;
	char copy[PAGE];
	int taken = 0;

	fill(HMM);
	ASSERT_EQ(0, pthread_create(&thread, NULL, count_in_page, &w));
	end = now_seconds() + 1;
	while (now_seconds() < end || (!taken && now_seconds() < end + 60))
		taken += !dev_cmd(self->fd, HMM_DMIRROR_EXCLUSIVE, w.page, 1,
				  copy, NULL);
	w.stop = true;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_FALSE(w.lost);
	EXPECT_EQ(w.count, *(uint64_t *)w.page);
	EXPECT_GT(taken, 0);
	expect_content(HMM, 0, page);
	expect_content(HMM, page + 1, REGION_PAGES - page - 1);
}

TEST_HARNESS_MAIN
