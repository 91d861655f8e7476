// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation that an operation makes is failed once: the first, the
 * second, and so on by /proc/self/fail-nth, until the operation ends before the
 * n-th came. Whatever the operation then says, the memory's content is what it
 * was. An operation in which nothing could be failed fails the test, and so does
 * one that makes more allocations than there is time to fail.
 */
#include <fcntl.h>

#include "hmm_fixture.h"

/* Seconds: fork makes hundreds of allocations, one a turn. */
#define FAILNTH_TIMEOUT	900

#define DEBUGFS		"/sys/kernel/debug/"
#define FAIL_NTH	"/proc/self/fail-nth"

/* Without these settings allocations that may sleep, or are for users, pass. */
static const struct {
	const char	*file;
	const char	*value;
} settings[] = {
	{ DEBUGFS "failslab/ignore-gfp-wait", "N" },
	{ DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N" },
	{ DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N" },
	{ DEBUGFS "fail_page_alloc/min-order", "0" },
	{ DEBUGFS "failslab/verbose", "0" },
	{ DEBUGFS "fail_page_alloc/verbose", "0" },
};

static bool injection_ready(HMM_ARGS)
{
	size_t i;

	(void)self;
	if (access(FAIL_NTH, W_OK))
		return false;
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		ASSERT_EQ(0, write_text(settings[i].file, settings[i].value)) {
			TH_LOG("%s", settings[i].file);
		}
	}
	return true;
}

#define NEEDS_INJECTION() do {						\
	if (!injection_ready(HMM))					\
		SKIP(return, "this kernel was built without fault injection"); \
} while (0)

/* The @n-th allocation of this task from now on fails. */
static void arm(HMM_ARGS, int fd, int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	(void)self;
	ASSERT_EQ(len, pwrite(fd, text, len, 0));
}

/* Whether it did. Disarms. */
static bool struck(HMM_ARGS, int fd)
{
	char text[16] = "";

	ASSERT_GT(pread(fd, text, sizeof(text) - 1, 0), 0);
	arm(HMM, fd, 0);
	return !atoi(text);
}

/* Enough folios for what is done to one, to its neighbour and to a third. */
static size_t span(const FIXTURE_DATA(hmm) *self)
{
	size_t pages = 4 * self->folio;

	return pages < REGION_PAGES ? pages : REGION_PAGES;
}

struct operation {
	void	(*before)(HMM_ARGS);
	void	(*run)(HMM_ARGS);
	void	(*after)(HMM_ARGS);
};

static void fail_each_once(HMM_ARGS, const struct operation *op)
{
	int fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	double end = now_seconds() + FAILNTH_TIMEOUT * 3 / 4;
	bool all = false;
	int n;

	ASSERT_GE(fd, 0);
	for (n = 1; !all && now_seconds() < end; n++) {
		op->before(HMM);
		arm(HMM, fd, n);
		op->run(HMM);
		all = !struck(HMM, fd);
		if (!all)
			op->after(HMM);
	}
	ASSERT_GT(n, 2) {
		TH_LOG("no allocation was failed");
	}
	EXPECT_TRUE(all) {
		TH_LOG("there are more than %d allocations", n - 1);
	}
	close(fd);
	op->after(HMM);
}

/* --- operations --------------------------------------------------------- */

static char *buffer;

static void ready_hole(HMM_ARGS)
{
	ASSERT_EQ(0, region_renew(self->r.addr, REGION_PAGES));
	self->r.seed = 0;
}

static void ready_in_system(HMM_ARGS)
{
	ready_hole(HMM);
	self->r.seed = 1;
	pages_fill(self->r.addr, 0, span(self), self->r.seed);
}

static void ready_on_device(HMM_ARGS)
{
	ready_in_system(HMM);
	ASSERT_EQ(0, dev_migrate_in(self->fd, self->r.addr, span(self),
				    buffer));
}

static void run_in(HMM_ARGS)
{
	(void)_metadata;
	dev_migrate_in(self->fd, self->r.addr, span(self), buffer);
}

static void run_out(HMM_ARGS)
{
	(void)_metadata;
	dev_migrate_out(self->fd, self->r.addr, span(self), NULL);
}

static void run_touch(HMM_ARGS)
{
	volatile char *p = page_at(self, self->folio / 2);

	(void)_metadata;
	(void)*p;
}

static void run_write(HMM_ARGS)
{
	volatile uint64_t *p = (uint64_t *)page_at(self, self->folio / 2);

	(void)_metadata;
	*p = *p;
}

static void run_fork(HMM_ARGS)
{
	pid_t pid = fork();

	/* Failing is an answer. */
	if (pid < 0)
		return;
	if (!pid)
		_exit(pages_differ(self->r.addr, 0, 4, self->r.seed) >= 0);
	expect_child_ok(_metadata, pid);
}

static void run_evict(HMM_ARGS)
{
	struct hmm_dmirror_evict evict;

	(void)_metadata;
	dev_evict(self->fd, ORDERS_ALL, &evict);
}

static void run_read(HMM_ARGS)
{
	(void)_metadata;
	dev_cmd(self->fd, HMM_DMIRROR_READ, self->r.addr, span(self), buffer,
		NULL);
}

static void run_unmap_part(HMM_ARGS)
{
	(void)_metadata;
	mprotect(page_at(self, self->folio / 4), PAGE, PROT_READ);
	mprotect(self->r.addr, REGION_PAGES * PAGE, PROT_READ | PROT_WRITE);
}

static void run_collapse(HMM_ARGS)
{
	(void)_metadata;
	madvise(self->r.addr, REGION_PAGES * PAGE, MADV_COLLAPSE);
}

static void after_content(HMM_ARGS)
{
	expect_content(HMM, 0, span(self));
}

#define FAILNTH_TEST(name, ready, act, condition)			\
TEST_F_TIMEOUT(hmm, name, FAILNTH_TIMEOUT)				\
{									\
	const struct operation op = {					\
		.before = ready, .run = act, .after = after_content,	\
	};								\
									\
	NEEDS_ORDERS();							\
	condition;							\
	NEEDS_INJECTION();						\
	buffer = malloc(REGION_PAGES * PAGE);				\
	ASSERT_NE(NULL, buffer);					\
	memset(buffer, 1, REGION_PAGES * PAGE);				\
	fail_each_once(HMM, &op);					\
	free(buffer);							\
}

FAILNTH_TEST(migration_in, ready_in_system, run_in, )
FAILNTH_TEST(migration_of_holes, ready_hole, run_in, )
FAILNTH_TEST(migration_out, ready_on_device, run_out, )
FAILNTH_TEST(eviction, ready_on_device, run_evict, )
FAILNTH_TEST(device_read, ready_on_device, run_read, )
FAILNTH_TEST(fork_of_device_memory, ready_on_device, run_fork, )
FAILNTH_TEST(mprotect_of_device_memory, ready_on_device, run_unmap_part, )
FAILNTH_TEST(collapse_of_device_memory, ready_on_device, run_collapse, )
/* The CPU does not fault on coherent memory: nothing is allocated there. */
FAILNTH_TEST(cpu_read_fault, ready_on_device, run_touch, ONLY_PRIVATE())
FAILNTH_TEST(cpu_write_fault, ready_on_device, run_write, ONLY_PRIVATE())

TEST_HARNESS_MAIN
