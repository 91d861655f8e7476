// SPDX-License-Identifier: GPL-2.0
/*
 * The test driver's interface: numbers and layout, which programs written for
 * other kernels rely on, and what is refused. What is refused changes nothing.
 */
#include <sys/ioctl.h>

#include "hmm_fixture.h"

/* As programs for newer kernels have them, told without the header's macros. */
#define NEWER_FLAGS		0xc0284808UL
#define NEWER_READ_UNLOCKED	0xc0284809UL
#define NEWER_FAIL_ALLOC	1

struct newer_cmd {
	uint64_t addr, ptr, npages, cpages, faults;
};

static int newer_ioctl(int fd, unsigned long request, void *addr, void *ptr,
		       uint64_t npages, struct newer_cmd *cmd)
{
	*cmd = (struct newer_cmd) {
		.addr = (uintptr_t)addr, .ptr = (uintptr_t)ptr, .npages = npages,
	};
	return ioctl(fd, request, cmd) ? -errno : 0;
}

HMM_TEST(failing_flag_is_for_one_large_folio)
{
	struct newer_cmd cmd;

	NEEDS_ORDERS();
	ONLY_LARGE();
	fill(HMM);
	ASSERT_EQ(0, newer_ioctl(self->fd, NEWER_FLAGS, NULL, NULL,
				 NEWER_FAIL_ALLOC, &cmd));
	to_device(HMM, 0, REGION_PAGES);
	/* One folio was not to be had, and then there are its pages. */
	expect_at(HMM, 0, self->folio, HMM_DMIRROR_WHERE_DEV_LOCAL, 0);
	expect_on_device(HMM, self->folio, REGION_PAGES - self->folio);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(failing_flag_can_be_taken_back)
{
	struct newer_cmd cmd;

	NEEDS_ORDERS();
	fill(HMM);
	ASSERT_EQ(0, newer_ioctl(self->fd, NEWER_FLAGS, NULL, NULL,
				 NEWER_FAIL_ALLOC, &cmd));
	ASSERT_EQ(0, newer_ioctl(self->fd, NEWER_FLAGS, NULL, NULL, 0, &cmd));
	to_device(HMM, 0, REGION_PAGES);
	expect_on_device(HMM, 0, REGION_PAGES);
	EXPECT_EQ(-EINVAL, newer_ioctl(self->fd, NEWER_FLAGS, NULL, NULL, 2,
				       &cmd));
}

HMM_TEST(unlocked_read_reads)
{
	char *copy = malloc(REGION_PAGES * PAGE);
	struct newer_cmd cmd;

	NEEDS_ORDERS();
	ASSERT_NE(NULL, copy);
	fill_on_device(HMM);
	ASSERT_EQ(0, newer_ioctl(self->fd, NEWER_READ_UNLOCKED, self->r.addr,
				 copy, REGION_PAGES, &cmd));
	EXPECT_EQ(REGION_PAGES, cmd.cpages);
	EXPECT_EQ(-1, pages_differ(copy, 0, REGION_PAGES, self->r.seed));
	free(copy);
}

/* --- what is refused ---------------------------------------------------- */

static const unsigned long range_commands[] = {
	HMM_DMIRROR_READ, HMM_DMIRROR_WRITE, HMM_DMIRROR_MIGRATE_TO_DEV,
	HMM_DMIRROR_MIGRATE_TO_SYS, HMM_DMIRROR_SNAPSHOT, HMM_DMIRROR_EXCLUSIVE,
	HMM_DMIRROR_CHECK_EXCLUSIVE, HMM_DMIRROR_READ_UNLOCKED,
	HMM_DMIRROR_PAGES,
};

HMM_TEST(ranges_that_are_none)
{
	const struct {
		uint64_t	addr;
		uint64_t	npages;
	} bad[] = {
		{ 0, 0 },			/* empty */
		{ 1, 1 },			/* not aligned */
		{ 0, 1ULL << 52 },		/* 2^64 bytes */
		{ 0, (1ULL << 52) + 1 },	/* that and a page */
		{ -PAGE, 2 },			/* past the end */
		{ 1ULL << 62, 1 },		/* not the user's */
	};
	struct newer_cmd cmd;
	char byte[16];
	size_t c, i;

	NEEDS_ORDERS();
	fill_on_device(HMM);
	for (c = 0; c < sizeof(range_commands) / sizeof(*range_commands); c++) {
		for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
			EXPECT_EQ(-EINVAL,
				  newer_ioctl(self->fd, range_commands[c],
					      (void *)bad[i].addr, byte,
					      bad[i].npages, &cmd)) {
				TH_LOG("command %#lx, range %zu",
				       range_commands[c], i);
			}
		}
	}
	expect_on_device(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(commands_that_are_none)
{
	struct newer_cmd cmd;

	NEEDS_ORDERS();
	/* No such number; a size that is another's; another driver's letter. */
	EXPECT_EQ(-EINVAL, newer_ioctl(self->fd, _IOWR('H', 0x3f, cmd),
				       self->r.addr, &cmd, 1, &cmd));
	EXPECT_EQ(-EINVAL, newer_ioctl(self->fd, _IOWR('H', 0x00, uint64_t),
				       self->r.addr, &cmd, 1, &cmd));
	EXPECT_EQ(-EINVAL, newer_ioctl(self->fd, _IOWR('I', 0x00, cmd),
				       self->r.addr, &cmd, 1, &cmd));
}

HMM_TEST(buffers_that_cannot_be_used)
{
	char *nowhere = self->r.addr + REGION_PAGES * PAGE;
	struct newer_cmd cmd;

	NEEDS_ORDERS();
	fill_on_device(HMM);
	EXPECT_EQ(-EFAULT, newer_ioctl(self->fd, HMM_DMIRROR_READ, self->r.addr,
				       nowhere, 1, &cmd));
	EXPECT_EQ(-EFAULT, newer_ioctl(self->fd, HMM_DMIRROR_WRITE,
				       self->r.addr, nowhere, 1, &cmd));
	EXPECT_EQ(-EFAULT, newer_ioctl(self->fd, HMM_DMIRROR_PAGES,
				       self->r.addr, nowhere, 1, &cmd));
	EXPECT_EQ(-1, ioctl(self->fd, HMM_DMIRROR_READ, nowhere));
	EXPECT_EQ(EFAULT, errno);
	expect_on_device(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(settings_that_are_none)
{
	struct hmm_dmirror_orders orders = { .to_dev = 1U << 10 };
	struct hmm_dmirror_inject inject = { .side = 2, .count = 1 };
	struct hmm_dmirror_evict evict = { .to_sys = 1U << 10 };
	struct hmm_dmirror_timed timed = {
		.addr = (uintptr_t)self->r.addr, .npages = 1, .flags = 1,
	};

	NEEDS_ORDERS();
	EXPECT_EQ(-1, ioctl(self->fd, HMM_DMIRROR_ORDERS, &orders));
	EXPECT_EQ(EINVAL, errno);
	memset(&orders, 0, sizeof(orders));
	ASSERT_EQ(0, ioctl(self->fd, HMM_DMIRROR_ORDERS, &orders));
	EXPECT_EQ(BIT(self->order) | BIT(0), orders.to_dev);
	EXPECT_EQ(BIT(self->order) | BIT(0), orders.to_sys);

	EXPECT_EQ(-1, ioctl(self->fd, HMM_DMIRROR_INJECT, &inject));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->fd, HMM_DMIRROR_EVICT, &evict));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, ioctl(self->fd, HMM_DMIRROR_TIMED, &timed));
	EXPECT_EQ(EINVAL, errno);
	timed.flags = 0;
	timed.side = 2;
	EXPECT_EQ(-1, ioctl(self->fd, HMM_DMIRROR_TIMED, &timed));
	EXPECT_EQ(EINVAL, errno);
}

/* --- what a timed migration tells --------------------------------------- */

HMM_TEST(timed_migration_tells_pages_folios_and_times)
{
	struct hmm_dmirror_timed timed = {
		.addr = (uintptr_t)self->r.addr,
		.npages = REGION_PAGES,
		.side = HMM_DMIRROR_SIDE_DEV,
	};
	unsigned int order;

	NEEDS_ORDERS();
	fill(HMM);
	ASSERT_EQ(0, ioctl(self->fd, HMM_DMIRROR_TIMED, &timed));
	EXPECT_EQ(REGION_PAGES, timed.cpages);
	EXPECT_EQ(REGION_PAGES / BLOCK_PAGES, timed.windows);
	for (order = 0; order < HMM_DMIRROR_NR_ORDERS; order++) {
		EXPECT_EQ(order == self->order ? REGION_PAGES / self->folio : 0,
			  timed.folios[order]);
	}
	EXPECT_GT(timed.ns_copy, 0);
	EXPECT_LE(timed.ns_setup + timed.ns_alloc + timed.ns_copy +
		  timed.ns_pages + timed.ns_finalize, timed.ns_total);
	expect_on_device(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

TEST_HARNESS_MAIN
