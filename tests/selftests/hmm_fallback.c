// SPDX-License-Identifier: GPL-2.0
/*
 * What happens when memory of the wanted order cannot be had, on either side:
 * smaller folios, the largest that can be had; nothing lost, nothing stuck.
 */
#include "hmm_fixture.h"

/* The order below @order that anonymous folios have. */
static unsigned int smaller(unsigned int order)
{
	return order <= 2 ? 0 : order - 1;
}

static void fail_side(HMM_ARGS, uint32_t side, uint32_t orders, uint64_t skip,
		      uint64_t count)
{
	ASSERT_EQ(0, dev_inject(self->fd, side, orders, skip, count, NULL));
}

/* An injection that hit nothing proves nothing. */
static uint64_t fired(HMM_ARGS, uint32_t side)
{
	uint64_t n;

	ASSERT_EQ(0, dev_inject(self->fd, side, 0, 0, 0, &n));
	EXPECT_GT(n, 0) {
		TH_LOG("nothing was made to fail");
	}
	return n;
}

#define FOREVER		1000000000ULL

/* The next allocation of more than a page fails, on whichever side. */
static void fail_large_once(HMM_ARGS)
{
	ASSERT_EQ(0, dev_cmd(self->fd, HMM_DMIRROR_FLAGS, NULL,
			     HMM_DMIRROR_FLAG_FAIL_ALLOC, NULL, NULL));
}

/*
 * Of the first folio @fits pages find room, and not one more. The folios behind
 * it go whole, if they are large.
 */
static size_t fail_midway(HMM_ARGS, uint32_t side)
{
	size_t fits = self->folio / 2 + 1;

	fail_large_once(HMM);
	fail_side(HMM, side, BIT(0), fits, FOREVER);
	return self->order ? fits + REGION_PAGES - self->folio : fits;
}

/* --- orders the driver allows ------------------------------------------- */

HMM_TEST(device_takes_the_largest_allowed_order)
{
	unsigned int order;

	NEEDS_ORDERS();
	ONLY_LARGE();
	fill(HMM);
	for (order = smaller(self->order); ; order = smaller(order)) {
		ASSERT_EQ(0, dev_orders(self->fd, BIT(order) | BIT(0),
					BIT(self->order)));
		to_device(HMM, 0, REGION_PAGES);
		expect_at(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL,
			  order);
		expect_content(HMM, 0, REGION_PAGES);
		if (!order)
			break;
		/* Start again: what was split stays split. */
		ASSERT_EQ(0, region_renew(self->r.addr, REGION_PAGES));
		fill(HMM);
	}
}

HMM_TEST(system_takes_the_largest_allowed_order)
{
	unsigned int order = self->order;

	NEEDS_ORDERS();
	ONLY_LARGE();
	do {
		order = smaller(order);
		fill_on_device(HMM);
		ASSERT_EQ(0, dev_orders(self->fd, 0, BIT(order)));
		to_system(HMM, 0, REGION_PAGES);
		expect_at(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_SYS, order);
		expect_content(HMM, 0, REGION_PAGES);
		ASSERT_EQ(0, region_renew(self->r.addr, REGION_PAGES));
	} while (order);
}

HMM_TEST(driver_of_single_pages_gets_single_pages)
{
	NEEDS_ORDERS();
	ASSERT_EQ(0, dev_orders(self->fd, BIT(0), BIT(0)));
	fill(HMM);
	to_device(HMM, 0, REGION_PAGES);
	expect_at(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL, 0);
	to_system(HMM, 0, REGION_PAGES);
	expect_at(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_SYS, 0);
	expect_content(HMM, 0, REGION_PAGES);
}

/* A fault handler that never asks for large folios, on a large device folio. */
HMM_TEST(cpu_fault_of_a_driver_of_single_pages_ends)
{
	size_t page = BLOCK_PAGES - 1;

	NEEDS_ORDERS();
	ONLY_PRIVATE();
	fill_on_device(HMM);
	ASSERT_EQ(0, dev_orders(self->fd, 0, BIT(0)));
	expect_content(HMM, page, 1);
	expect_at(HMM, page, 1, HMM_DMIRROR_WHERE_SYS, 0);
	expect_content(HMM, 0, REGION_PAGES);
}

/* --- allocation failure on the device ----------------------------------- */

HMM_TEST(without_large_device_memory_single_pages_go)
{
	NEEDS_ORDERS();
	ONLY_LARGE();
	fill(HMM);
	fail_side(HMM, HMM_DMIRROR_SIDE_DEV, ORDERS_ALL & ~BIT(0), 0, FOREVER);
	to_device(HMM, 0, REGION_PAGES);
	fired(HMM, HMM_DMIRROR_SIDE_DEV);
	expect_at(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL, 0);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(one_failure_makes_one_folio_smaller)
{
	NEEDS_ORDERS();
	ONLY_LARGE();
	fill(HMM);
	fail_large_once(HMM);
	to_device(HMM, 0, REGION_PAGES);
	expect_at(HMM, 0, self->folio, HMM_DMIRROR_WHERE_DEV_LOCAL, 0);
	expect_on_device(HMM, self->folio, REGION_PAGES - self->folio);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(without_any_device_memory_everything_stays)
{
	NEEDS_ORDERS();
	fill(HMM);
	fail_side(HMM, HMM_DMIRROR_SIDE_DEV, 0, 0, FOREVER);
	EXPECT_EQ(-ENOENT, dev_migrate_in(self->fd, self->r.addr, REGION_PAGES,
					  NULL));
	fired(HMM, HMM_DMIRROR_SIDE_DEV);
	expect_where(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_SYS);
	expect_content(HMM, 0, REGION_PAGES);
	EXPECT_EQ(0, live_pages(HMM));
}

/* Memory ends in the middle of a folio: the first part goes, the rest stays. */
HMM_TEST(device_memory_that_ends_midway_takes_what_fits)
{
	size_t moves;

	NEEDS_ORDERS();
	fill(HMM);
	moves = fail_midway(HMM, HMM_DMIRROR_SIDE_DEV);
	EXPECT_EQ(-ENOENT, dev_migrate_in(self->fd, self->r.addr, REGION_PAGES,
					  NULL));
	fired(HMM, HMM_DMIRROR_SIDE_DEV);
	EXPECT_EQ(moves, count_where(HMM, 0, REGION_PAGES,
				     HMM_DMIRROR_WHERE_DEV_LOCAL));
	EXPECT_EQ(moves, live_pages(HMM));
	expect_content(HMM, 0, REGION_PAGES);
}

/* Holes, too: a large hole of which only parts get memory. */
HMM_TEST(hole_with_device_memory_for_parts_only)
{
	uint64_t n, failed = 0;
	int i;

	NEEDS_ORDERS();
	fail_side(HMM, HMM_DMIRROR_SIDE_DEV, ORDERS_ALL & ~BIT(0), 0, FOREVER);
	to_device(HMM, 0, BLOCK_PAGES);
	expect_at(HMM, 0, BLOCK_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL, 0);

	/* The second block is filled three pages at a time. */
	fail_large_once(HMM);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, dev_inject(self->fd, HMM_DMIRROR_SIDE_DEV, BIT(0),
					3, FOREVER, &n));
		failed += i ? n : 0;
		dev_migrate_in(self->fd, page_at(self, BLOCK_PAGES),
			       BLOCK_PAGES, NULL);
	}
	EXPECT_GT(failed, 0);
	ASSERT_EQ(0, dev_inject(self->fd, HMM_DMIRROR_SIDE_DEV, 0, 0, 0, NULL));
	expect_content(HMM, 0, REGION_PAGES);
	pages_fill(self->r.addr, 0, REGION_PAGES, 3);
	EXPECT_EQ(-1, pages_differ(self->r.addr, 0, REGION_PAGES, 3));
}

HMM_TEST(zero_page_without_large_device_memory)
{
	NEEDS_ORDERS();
	expect_content(HMM, 0, REGION_PAGES);
	fail_side(HMM, HMM_DMIRROR_SIDE_DEV, ORDERS_ALL & ~BIT(0), 0, FOREVER);
	to_device(HMM, 0, REGION_PAGES);
	expect_at(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL, 0);
	expect_content(HMM, 0, REGION_PAGES);
	pages_fill(self->r.addr, 0, REGION_PAGES, 3);
	EXPECT_EQ(-1, pages_differ(self->r.addr, 0, REGION_PAGES, 3));
}

/* --- allocation failure in system memory -------------------------------- */

HMM_TEST(without_large_system_memory_single_pages_come)
{
	NEEDS_ORDERS();
	ONLY_LARGE();
	fill_on_device(HMM);
	fail_side(HMM, HMM_DMIRROR_SIDE_SYS, ORDERS_ALL & ~BIT(0), 0, FOREVER);
	to_system(HMM, 0, REGION_PAGES);
	fired(HMM, HMM_DMIRROR_SIDE_SYS);
	expect_at(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_SYS, 0);
	expect_content(HMM, 0, REGION_PAGES);
	EXPECT_EQ(0, live_pages(HMM));
}

HMM_TEST(without_any_system_memory_everything_stays)
{
	uint64_t moved;

	NEEDS_ORDERS();
	fill_on_device(HMM);
	fail_side(HMM, HMM_DMIRROR_SIDE_SYS, 0, 0, FOREVER);
	ASSERT_EQ(0, dev_migrate_out(self->fd, self->r.addr, REGION_PAGES,
				     &moved));
	EXPECT_EQ(0, moved);
	fired(HMM, HMM_DMIRROR_SIDE_SYS);
	expect_where(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL);
	expect_device_reads(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(system_memory_that_ends_midway_takes_what_fits)
{
	uint64_t moved;
	size_t moves;

	NEEDS_ORDERS();
	fill_on_device(HMM);
	moves = fail_midway(HMM, HMM_DMIRROR_SIDE_SYS);
	ASSERT_EQ(0, dev_migrate_out(self->fd, self->r.addr, REGION_PAGES,
				     &moved));
	fired(HMM, HMM_DMIRROR_SIDE_SYS);
	EXPECT_EQ(moves, moved);
	EXPECT_EQ(moves, count_where(HMM, 0, REGION_PAGES,
				     HMM_DMIRROR_WHERE_SYS));
	expect_where(HMM, 0, self->folio / 2 + 1, HMM_DMIRROR_WHERE_SYS);
	EXPECT_EQ(REGION_PAGES - moves, live_pages(HMM));
	expect_device_reads(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

/*
 * One fault, no large page: the faulting page comes, and as much of its folio
 * as can. A fault that never ends is caught by the test's time limit.
 */
HMM_TEST(cpu_fault_without_large_system_memory_ends)
{
	size_t page = self->folio / 2, first = 0;
	struct hmm_dmirror_stats before, after;

	NEEDS_ORDERS();
	ONLY_PRIVATE();
	ONLY_LARGE();
	fill_on_device(HMM);
	ASSERT_EQ(0, dev_stats(self->fd, &before));
	fail_side(HMM, HMM_DMIRROR_SIDE_SYS, ORDERS_ALL & ~BIT(0), 0, FOREVER);
	expect_content(HMM, page, 1);
	fired(HMM, HMM_DMIRROR_SIDE_SYS);
	ASSERT_EQ(0, dev_stats(self->fd, &after));
	EXPECT_EQ(before.cpu_faults + 1, after.cpu_faults);
	EXPECT_EQ(before.fault_fallbacks + 1, after.fault_fallbacks);
	expect_at(HMM, first, self->folio, HMM_DMIRROR_WHERE_SYS, 0);
	expect_on_device(HMM, self->folio, REGION_PAGES - self->folio);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(cpu_write_fault_without_large_system_memory_ends)
{
	size_t page = self->folio - 1;

	NEEDS_ORDERS();
	ONLY_PRIVATE();
	ONLY_LARGE();
	fill_on_device(HMM);
	fail_side(HMM, HMM_DMIRROR_SIDE_SYS, ORDERS_ALL & ~BIT(0), 0, FOREVER);
	pages_fill(self->r.addr, page, 1, 13);
	fired(HMM, HMM_DMIRROR_SIDE_SYS);
	EXPECT_EQ(-1, pages_differ(self->r.addr, page, 1, 13));
	expect_content(HMM, 0, page);
	expect_content(HMM, page + 1, REGION_PAGES - page - 1);
}

/* Every allocation fails once: the fault is retried and then succeeds. */
HMM_TEST(cpu_fault_without_any_system_memory_is_retried)
{
	NEEDS_ORDERS();
	ONLY_PRIVATE();
	fill_on_device(HMM);
	fail_side(HMM, HMM_DMIRROR_SIDE_SYS, 0, 0, 2 * self->folio);
	expect_content(HMM, self->folio / 2, 1);
	fired(HMM, HMM_DMIRROR_SIDE_SYS);
	expect_content(HMM, 0, REGION_PAGES);
}

/* Only the faulting page's allocation succeeds, whichever of the folio it is. */
HMM_TEST(cpu_fault_that_gets_a_few_pages_only)
{
	size_t page;

	NEEDS_ORDERS();
	ONLY_PRIVATE();
	ONLY_LARGE();
	fill_on_device(HMM);
	for (page = 0; page < self->folio; page += 1 + self->folio / 8) {
		fail_side(HMM, HMM_DMIRROR_SIDE_SYS, ORDERS_ALL & ~BIT(0), 0,
			  FOREVER);
		expect_content(HMM, page, 1);
	}
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(eviction_without_large_system_memory_splits)
{
	struct hmm_dmirror_evict evict;

	NEEDS_ORDERS();
	fill_on_device(HMM);
	if (self->order)
		fail_side(HMM, HMM_DMIRROR_SIDE_SYS, ORDERS_ALL & ~BIT(0), 0,
			  FOREVER);
	ASSERT_EQ(0, dev_evict(self->fd, ORDERS_ALL, &evict));
	if (self->order)
		fired(HMM, HMM_DMIRROR_SIDE_SYS);
	EXPECT_EQ(0, evict.left);
	expect_at(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_SYS, 0);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(eviction_that_runs_out_of_memory_leaves_the_rest)
{
	struct hmm_dmirror_evict evict = {};

	NEEDS_ORDERS();
	fill_on_device(HMM);
	fail_midway(HMM, HMM_DMIRROR_SIDE_SYS);
	ASSERT_EQ(0, dev_evict(self->fd, BIT(self->order), &evict));
	fired(HMM, HMM_DMIRROR_SIDE_SYS);
	EXPECT_EQ(evict.left, live_pages(HMM) + self->live_before);
	expect_content(HMM, 0, REGION_PAGES);
	ASSERT_EQ(0, dev_evict(self->fd, ORDERS_ALL, &evict));
	EXPECT_EQ(0, evict.left);
}

/* --- both at once: shared by fork, and no large memory ------------------- */

HMM_TEST(child_faults_without_large_system_memory)
{
	pid_t pid;

	NEEDS_ORDERS();
	ONLY_PRIVATE();
	fill_on_device(HMM);
	pid = fork();
	ASSERT_GE(pid, 0);
	fail_side(HMM, HMM_DMIRROR_SIDE_SYS, ORDERS_ALL & ~BIT(0), 0, FOREVER);
	if (!pid) {
		pages_fill(self->r.addr, self->folio / 2, 1, 14);
		ASSERT_EQ(-1, pages_differ(self->r.addr, self->folio / 2, 1,
					   14));
		expect_content(HMM, self->folio / 2 + 1,
			       REGION_PAGES - self->folio / 2 - 1);
		_exit(0);
	}
	pages_fill(self->r.addr, 0, 1, 15);
	expect_child_ok(_metadata, pid);
	EXPECT_EQ(-1, pages_differ(self->r.addr, 0, 1, 15));
	expect_content(HMM, 1, REGION_PAGES - 1);
}

HMM_TEST(shared_folio_that_fits_in_parts_only)
{
	pid_t pid;
	int i;

	NEEDS_ORDERS();
	ONLY_LARGE();
	fill(HMM);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		for (i = 0; i < 4; i++)
			expect_content(HMM, 0, REGION_PAGES);
		_exit(0);
	}
	fail_midway(HMM, HMM_DMIRROR_SIDE_DEV);
	dev_migrate_in(self->fd, self->r.addr, REGION_PAGES, NULL);
	fired(HMM, HMM_DMIRROR_SIDE_DEV);
	fail_side(HMM, HMM_DMIRROR_SIDE_DEV, ORDERS_ALL & ~BIT(0), 0, FOREVER);
	dev_migrate_in(self->fd, self->r.addr, REGION_PAGES, NULL);
	expect_content(HMM, 0, REGION_PAGES);
	expect_child_ok(_metadata, pid);
}

TEST_HARNESS_MAIN
