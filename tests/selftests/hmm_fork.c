// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that processes share by fork: each sees what it had, whoever writes,
 * whoever migrates, whoever goes first.
 */
#include "hmm_fixture.h"

/* A word in shared memory by which parent and child take turns. */
static volatile int *turn_new(struct __test_metadata *_metadata)
{
	volatile int *turn = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, turn);
	return turn;
}

static void turn_wait(volatile int *turn, int value)
{
	while (*turn < value)
		usleep(500);
}

static void turn_pass(volatile int *turn, int value)
{
	__sync_synchronize();
	*turn = value;
}

/*
 * A child that waits for its turn, then reads what it inherited, and, if @seed is
 * not 0, writes something of its own.
 */
static pid_t fork_reader(HMM_ARGS, volatile int *turn, uint64_t seed)
{
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (pid)
		return pid;
	turn_wait(turn, 1);
	expect_content(HMM, 0, REGION_PAGES);
	if (seed) {
		pages_fill(self->r.addr, 0, REGION_PAGES, seed);
		ASSERT_EQ(-1, pages_differ(self->r.addr, 0, REGION_PAGES, seed));
	}
	_exit(0);
}

HMM_TEST(parent_and_child_write_after_fork)
{
	size_t page = self->folio / 2;
	pid_t pid;

	fill_on_device(HMM);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		expect_content(HMM, 0, REGION_PAGES);
		pages_fill(self->r.addr, page, 1, 21);
		ASSERT_EQ(-1, pages_differ(self->r.addr, page, 1, 21));
		expect_content(HMM, page + 1, REGION_PAGES - page - 1);
		_exit(0);
	}
	pages_fill(self->r.addr, page, 1, 22);
	expect_child_ok(_metadata, pid);
	EXPECT_EQ(-1, pages_differ(self->r.addr, page, 1, 22));
	expect_content(HMM, 0, page);
	expect_content(HMM, page + 1, REGION_PAGES - page - 1);
}

HMM_TEST(child_writes_while_parent_leaves_it_on_the_device)
{
	pid_t pid;

	fill_on_device(HMM);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		pages_fill(self->r.addr, 0, REGION_PAGES, 23);
		ASSERT_EQ(-1, pages_differ(self->r.addr, 0, REGION_PAGES, 23));
		_exit(0);
	}
	expect_child_ok(_metadata, pid);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(fork_leaves_device_memory_read_only_for_the_device)
{
	struct hmm_dmirror_page *info;
	volatile int *turn = turn_new(_metadata);
	size_t i;
	pid_t pid;

	ONLY_PRIVATE();
	fill_on_device(HMM);
	pid = fork_reader(HMM, turn, 0);
	info = look(HMM, 0, REGION_PAGES);
	for (i = 0; i < REGION_PAGES; i++) {
		ASSERT_EQ(HMM_DMIRROR_WHERE_DEV_LOCAL, info[i].where);
		ASSERT_EQ(0, info[i].writable);
	}
	free(info);
	turn_pass(turn, 1);
	expect_child_ok(_metadata, pid);
}

/* The device's write must not reach the child's copy. */
HMM_TEST(device_write_after_fork_breaks_sharing)
{
	volatile int *turn = turn_new(_metadata);
	char *data = malloc(REGION_PAGES * PAGE);
	pid_t pid;

	NEEDS_ORDERS();		/* 6.12 does not fault: a write is refused */
	fill_on_device(HMM);
	pid = fork_reader(HMM, turn, 0);
	pages_fill(data, 0, REGION_PAGES, 24);
	ASSERT_EQ(0, dev_cmd(self->fd, HMM_DMIRROR_WRITE, self->r.addr,
			     REGION_PAGES, data, NULL));
	turn_pass(turn, 1);
	expect_child_ok(_metadata, pid);
	EXPECT_EQ(-1, pages_differ(self->r.addr, 0, REGION_PAGES, 24));
	free(data);
}

HMM_TEST(shared_folio_migrates_for_both)
{
	volatile int *turn = turn_new(_metadata);
	pid_t pid;

	fill(HMM);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		turn_wait(turn, 1);
		expect_content(HMM, 0, REGION_PAGES);
		turn_pass(turn, 2);
		turn_wait(turn, 3);
		expect_content(HMM, 0, REGION_PAGES);
		_exit(0);
	}
	to_device(HMM, 0, REGION_PAGES);
	expect_on_device(HMM, 0, REGION_PAGES);
	turn_pass(turn, 1);
	turn_wait(turn, 2);
	expect_content(HMM, 0, REGION_PAGES);
	to_device(HMM, 0, REGION_PAGES);
	to_system(HMM, 0, REGION_PAGES);
	turn_pass(turn, 3);
	expect_child_ok(_metadata, pid);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(shared_device_folio_comes_back_whole_by_ioctl)
{
	volatile int *turn = turn_new(_metadata);
	pid_t pid;

	fill_on_device(HMM);
	pid = fork_reader(HMM, turn, 0);
	to_system(HMM, 0, REGION_PAGES);
	expect_in_system(HMM, 0, REGION_PAGES);
	turn_pass(turn, 1);
	expect_child_ok(_metadata, pid);
	expect_content(HMM, 0, REGION_PAGES);
}

/*
 * The destination is smaller than the folio, and the folio has entries in two
 * processes: both page tables must follow the split.
 */
HMM_TEST(shared_device_folio_splits_for_both)
{
	volatile int *turn = turn_new(_metadata);
	pid_t pid;

	NEEDS_ORDERS();
	fill_on_device(HMM);
	pid = fork_reader(HMM, turn, 25);
	ASSERT_EQ(0, dev_orders(self->fd, 0, BIT(0)));
	to_system(HMM, 0, REGION_PAGES);
	expect_at(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_SYS, 0);
	turn_pass(turn, 1);
	expect_child_ok(_metadata, pid);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(shared_system_folio_splits_for_both_on_the_way_in)
{
	volatile int *turn = turn_new(_metadata);
	pid_t pid;

	NEEDS_ORDERS();
	fill(HMM);
	pid = fork_reader(HMM, turn, 26);
	/* Allowed by setting, failing by order: the core sees a large source. */
	ASSERT_EQ(0, dev_inject(self->fd, HMM_DMIRROR_SIDE_DEV,
				ORDERS_ALL & ~BIT(0), 0, 1000000, NULL));
	to_device(HMM, 0, REGION_PAGES);
	expect_at(HMM, 0, REGION_PAGES, HMM_DMIRROR_WHERE_DEV_LOCAL, 0);
	turn_pass(turn, 1);
	expect_child_ok(_metadata, pid);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(fault_in_one_process_leaves_the_other_alone)
{
	volatile int *turn = turn_new(_metadata);
	size_t page = self->folio / 2;
	pid_t pid;

	fill_on_device(HMM);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		expect_content(HMM, page, 1);
		turn_pass(turn, 1);
		turn_wait(turn, 2);
		expect_content(HMM, 0, REGION_PAGES);
		_exit(0);
	}
	turn_wait(turn, 1);
	expect_content(HMM, 0, REGION_PAGES);
	pages_fill(self->r.addr, 0, REGION_PAGES, 27);
	turn_pass(turn, 2);
	expect_child_ok(_metadata, pid);
	EXPECT_EQ(-1, pages_differ(self->r.addr, 0, REGION_PAGES, 27));
}

HMM_TEST(child_unmaps_a_part_that_the_parent_keeps)
{
	size_t first = self->folio / 4;
	size_t n = self->folio / 2 ? self->folio / 2 : 1;
	pid_t pid;

	fill_on_device(HMM);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		ASSERT_EQ(0, munmap(page_at(self, first), n * PAGE));
		expect_content(HMM, 0, first);
		expect_content(HMM, first + n, REGION_PAGES - first - n);
		_exit(0);
	}
	expect_child_ok(_metadata, pid);
	expect_content(HMM, 0, REGION_PAGES);
	/* The driver of 6.12 does not find again what it has not migrated. */
	if (self->orders || !self->coherent)
		to_device(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(parent_goes_first)
{
	volatile int *turn = turn_new(_metadata);
	pid_t parent, pid = fork();

	ASSERT_GE(pid, 0);
	if (pid) {
		expect_child_ok(_metadata, pid);
		turn_wait(turn, 2);
		ASSERT_EQ(2, *turn);
		return;
	}

	/* A parent between us and the test, which goes. */
	self = self_of_child(HMM, variant->device);
	fill_on_device(HMM);
	parent = getpid();
	pid = fork();
	ASSERT_GE(pid, 0);
	if (pid)
		_exit(0);
	while (getppid() == parent)
		usleep(1000);
	if (pages_differ(self->r.addr, 0, REGION_PAGES, self->r.seed) < 0)
		turn_pass(turn, 2);
	else
		turn_pass(turn, 3);
	_exit(0);
}

/* Each writes a quarter of its own; the ancestors' quarters it inherited. */
HMM_TEST(three_generations_write_their_own)
{
	const size_t part = REGION_PAGES / 4;
	int depth = 0, i;
	pid_t pid;

	fill_on_device(HMM);
	do {
		pages_fill(self->r.addr, depth * part, part, 30 + depth);
		pid = fork();
		ASSERT_GE(pid, 0);
	} while (!pid && ++depth < 3);

	if (depth < 3)
		expect_child_ok(_metadata, pid);
	for (i = 0; i <= depth && i < 3; i++) {
		ASSERT_EQ(-1, pages_differ(self->r.addr, i * part, part,
					   30 + i));
	}
	expect_content(HMM, i * part, REGION_PAGES - i * part);
	if (depth)
		_exit(0);
}

HMM_TEST(exclusive_page_is_not_shared_after_the_way_back)
{
	pid_t pid;

	/* Only one process: a write in place, no copy, the folio stays whole. */
	fill_on_device(HMM);
	to_system(HMM, 0, REGION_PAGES);
	pages_fill(self->r.addr, 0, REGION_PAGES, 1);
	expect_in_system(HMM, 0, REGION_PAGES);
	/* And still a fork protects. */
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		pages_fill(self->r.addr, 0, REGION_PAGES, 33);
		_exit(0);
	}
	expect_child_ok(_metadata, pid);
	expect_content(HMM, 0, REGION_PAGES);
}

TEST_HARNESS_MAIN
