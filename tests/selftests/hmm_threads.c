// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that fault, migrate, unmap, fork and evict at the same time. Each
 * page holds its own number, and a counter that only grows: whatever the page
 * went through, neither may be lost.
 */
#include <pthread.h>

#include "hmm_fixture.h"

#define SECONDS		2.0
#define NTHREADS	4

struct crew {
	FIXTURE_DATA(hmm) *self;
	volatile bool	stop;
	volatile int	errors;
	volatile uint64_t turns[NTHREADS];
};

struct worker {
	struct crew	*crew;
	unsigned int	number;
	pthread_t	thread;
};

/* The first word of a page is its number; the second belongs to a thread. */
static volatile uint64_t *word(FIXTURE_DATA(hmm) *self, size_t page, size_t n)
{
	return (uint64_t *)page_at(self, page) + n;
}

static void number_pages(FIXTURE_DATA(hmm) *self)
{
	size_t page;

	for (page = 0; page < REGION_PAGES; page++)
		*word(self, page, 0) = page + 1;
}

static void start(struct __test_metadata *_metadata, struct worker *w,
		  struct crew *crew, unsigned int number,
		  void *(*run)(void *))
{
	w->crew = crew;
	w->number = number;
	ASSERT_EQ(0, pthread_create(&w->thread, NULL, run, w));
}

/* Counts up a word of its own in every page. */
static void *count_up(void *arg)
{
	struct worker *w = arg;
	struct crew *crew = w->crew;
	size_t page, slot = 1 + w->number;
	uint64_t turn = 0;

	while (!crew->stop) {
		for (page = 0; page < REGION_PAGES && !crew->stop; page += 3) {
			volatile uint64_t *p = word(crew->self, page, 0);

			if (p[0] != page + 1 || p[slot] != turn) {
				crew->errors++;
				return NULL;
			}
			p[slot] = turn + 1;
		}
		/* Finish the turn, so that all counters agree at its end. */
		for (; page < REGION_PAGES; page += 3)
			*word(crew->self, page, slot) = turn + 1;
		crew->turns[w->number] = ++turn;
	}
	return NULL;
}

static void *migrate_in_loop(void *arg)
{
	struct worker *w = arg;
	FIXTURE_DATA(hmm) *self = w->crew->self;
	unsigned int seed = 1 + w->number;
	char *buffer = malloc(REGION_PAGES * PAGE);
	size_t first, n;

	while (!w->crew->stop) {
		first = rand_r(&seed) % REGION_PAGES;
		n = 1 + rand_r(&seed) % (REGION_PAGES - first);
		if (rand_r(&seed) % 2) {
			first = 0;
			n = REGION_PAGES;
		}
		dev_cmd(self->fd, HMM_DMIRROR_MIGRATE_TO_DEV,
			page_at(self, first), n, buffer, NULL);
		w->crew->turns[w->number]++;
	}
	free(buffer);
	return NULL;
}

static void *migrate_out_loop(void *arg)
{
	struct worker *w = arg;
	FIXTURE_DATA(hmm) *self = w->crew->self;
	unsigned int seed = 100 + w->number;
	size_t first, n;

	while (!w->crew->stop) {
		first = rand_r(&seed) % REGION_PAGES;
		n = 1 + rand_r(&seed) % (REGION_PAGES - first);
		dev_migrate_out(self->fd, page_at(self, first), n, NULL);
		w->crew->turns[w->number]++;
	}
	return NULL;
}

/* For a while, and until each had a turn: a loaded machine may need longer. */
static void let_work(struct crew *crew, unsigned int n)
{
	double begin = now_seconds();
	unsigned int i, idle = n;

	while (!crew->errors && now_seconds() < begin + HMM_TIMEOUT / 2) {
		for (i = 0, idle = 0; i < n; i++)
			idle += !crew->turns[i];
		if (!idle && now_seconds() >= begin + SECONDS)
			break;
		usleep(10000);
	}
	crew->stop = true;
}

static void run_crew(HMM_ARGS, void *(*const jobs[])(void *), unsigned int n)
{
	struct worker workers[NTHREADS];
	struct crew crew = { .self = self };
	unsigned int i;
	size_t page;

	number_pages(self);
	for (i = 0; i < n; i++)
		start(_metadata, &workers[i], &crew, i, jobs[i]);
	let_work(&crew, n);
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, pthread_join(workers[i].thread, NULL));
	}
	ASSERT_EQ(0, crew.errors);

	for (page = 0; page < REGION_PAGES; page++) {
		ASSERT_EQ(page + 1, *word(self, page, 0));
	}
	for (i = 0; i < n; i++) {
		EXPECT_GT(crew.turns[i], 0) {
			TH_LOG("thread %u made no progress", i);
		}
		if (jobs[i] != count_up)
			continue;
		for (page = 0; page < REGION_PAGES; page += 3) {
			ASSERT_EQ(crew.turns[i], *word(self, page, 1 + i));
		}
	}
}

HMM_TEST(writers_lose_nothing_while_memory_comes_and_goes)
{
	void *(*const jobs[])(void *) = {
		count_up, count_up, migrate_in_loop,
	};

	run_crew(HMM, jobs, 3);
}

HMM_TEST(writer_loses_nothing_between_two_migrators)
{
	void *(*const jobs[])(void *) = {
		count_up, migrate_in_loop, migrate_in_loop, migrate_out_loop,
	};

	run_crew(HMM, jobs, 4);
}

/* --- many threads fault on one folio ------------------------------------ */

struct gate {
	FIXTURE_DATA(hmm) *self;
	pthread_barrier_t barrier;
	size_t		page[NTHREADS];
	volatile int	errors;
};

struct gate_worker {
	struct gate	*gate;
	unsigned int	number;
};

static void *fault_together(void *arg)
{
	struct gate_worker *w = arg;
	struct gate *g = w->gate;

	pthread_barrier_wait(&g->barrier);
	if (*word(g->self, g->page[w->number], 0) != g->page[w->number] + 1)
		g->errors++;
	return NULL;
}

HMM_TEST(threads_that_fault_on_one_folio_all_get_through)
{
	struct gate_worker workers[NTHREADS];
	pthread_t threads[NTHREADS];
	struct gate gate = { .self = self };
	struct hmm_dmirror_stats before = {}, after = {};
	const int rounds = 20;
	int round, i;

	ONLY_PRIVATE();
	number_pages(self);
	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(0, dev_migrate_in(self->fd, self->r.addr,
					    REGION_PAGES, NULL));
		if (self->orders) {
			ASSERT_EQ(0, dev_stats(self->fd, &before));
		}
		pthread_barrier_init(&gate.barrier, NULL, NTHREADS);
		for (i = 0; i < NTHREADS; i++) {
			gate.page[i] = (round + i * self->folio / NTHREADS) %
				       self->folio;
			workers[i].gate = &gate;
			workers[i].number = i;
			ASSERT_EQ(0, pthread_create(&threads[i], NULL,
						    fault_together,
						    &workers[i]));
		}
		for (i = 0; i < NTHREADS; i++) {
			ASSERT_EQ(0, pthread_join(threads[i], NULL));
		}
		ASSERT_EQ(0, gate.errors);
		pthread_barrier_destroy(&gate.barrier);
		if (self->orders) {
			/* Who waited for another's migration is not counted. */
			ASSERT_EQ(0, dev_stats(self->fd, &after));
			EXPECT_LE(after.cpu_faults - before.cpu_faults,
				  2 * NTHREADS);
		}
	}
	/* It came back whole, in spite of the crowd. */
	if (self->orders)
		expect_in_system(HMM, 0, self->folio);
}

/* --- migration against everything else ---------------------------------- */

struct loop {
	FIXTURE_DATA(hmm) *self;
	volatile bool	stop;
	uint64_t	turns;
};

static void *migrate_forever(void *arg)
{
	struct loop *loop = arg;
	FIXTURE_DATA(hmm) *self = loop->self;
	char *buffer = malloc(REGION_PAGES * PAGE);

	while (!loop->stop) {
		dev_cmd(self->fd, HMM_DMIRROR_MIGRATE_TO_DEV, self->r.addr,
			REGION_PAGES, buffer, NULL);
		loop->turns++;
		dev_migrate_out(self->fd, self->r.addr, REGION_PAGES, NULL);
	}
	free(buffer);
	return NULL;
}

/* Run @step again and again beside the migrations. */
static void beside_migration(HMM_ARGS, void (*step)(HMM_ARGS, unsigned int i))
{
	struct loop loop = { .self = self };
	double end = now_seconds() + SECONDS;
	pthread_t thread;
	unsigned int i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, migrate_forever, &loop));
	for (i = 0; now_seconds() < end || i < 3; i++)
		step(HMM, i);
	loop.stop = true;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_GT(loop.turns, 0);
}

static void step_dontneed(HMM_ARGS, unsigned int i)
{
	size_t first = (i * 37) % REGION_PAGES;
	size_t n = 1 + (i * 101) % (REGION_PAGES - first);

	pages_fill(self->r.addr, first, n > 64 ? 64 : n, i + 1);
	ASSERT_EQ(-1, pages_differ(self->r.addr, first, n > 64 ? 64 : n,
				   i + 1));
	ASSERT_EQ(0, madvise(page_at(self, first), n * PAGE, MADV_DONTNEED));
	ASSERT_EQ(-1, pages_differ(self->r.addr, first, 1, 0));
}

HMM_TEST(dontneed_beside_migration)
{
	beside_migration(HMM, step_dontneed);
}

static void step_remap(HMM_ARGS, unsigned int i)
{
	size_t first = (i * 37) % BLOCK_PAGES;

	ASSERT_EQ(0, region_renew(page_at(self, first), BLOCK_PAGES));
	pages_fill(self->r.addr, first, 16, i + 1);
	ASSERT_EQ(-1, pages_differ(self->r.addr, first, 16, i + 1));
}

HMM_TEST(munmap_and_mmap_beside_migration)
{
	beside_migration(HMM, step_remap);
}

static void step_protect(HMM_ARGS, unsigned int i)
{
	size_t first = (i * 37) % BLOCK_PAGES;

	ASSERT_EQ(0, mprotect(page_at(self, first), BLOCK, PROT_READ));
	ASSERT_EQ(-1, pages_differ(self->r.addr, first, 8, self->r.seed));
	ASSERT_EQ(0, mprotect(self->r.addr, REGION_PAGES * PAGE,
			      PROT_READ | PROT_WRITE));
	pages_fill(self->r.addr, first, 8, self->r.seed);
}

HMM_TEST(mprotect_beside_migration)
{
	fill(HMM);
	beside_migration(HMM, step_protect);
	expect_content(HMM, 0, REGION_PAGES);
}

static void step_fork(HMM_ARGS, unsigned int i)
{
	size_t first = (i * 37) % BLOCK_PAGES;
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (!pid) {
		if (pages_differ(self->r.addr, first, 64, self->r.seed) >= 0)
			_exit(1);
		pages_fill(self->r.addr, first, 64, 99);
		_exit(pages_differ(self->r.addr, first, 64, 99) >= 0);
	}
	pages_fill(self->r.addr, first, 8, self->r.seed);
	expect_child_ok(_metadata, pid);
}

HMM_TEST(fork_beside_migration)
{
	fill(HMM);
	beside_migration(HMM, step_fork);
	expect_content(HMM, 0, REGION_PAGES);
}

static void step_evict(HMM_ARGS, unsigned int i)
{
	struct hmm_dmirror_evict evict;

	ASSERT_EQ(0, dev_evict(self->fd, i & 1 ? ORDERS_ALL : BIT(0), &evict));
	ASSERT_EQ(-1, pages_differ(self->r.addr, (i * 37) % BLOCK_PAGES, 8,
				   self->r.seed));
}

HMM_TEST(eviction_beside_migration)
{
	NEEDS_ORDERS();
	fill(HMM);
	beside_migration(HMM, step_evict);
	expect_content(HMM, 0, REGION_PAGES);
}

static void step_mremap(HMM_ARGS, unsigned int i)
{
	/* To and fro inside the region's own guard space, aligned and not. */
	char *to = self->r.addr + REGION_PAGES * PAGE + (i % 3) * PAGE;

	ASSERT_EQ(to, mremap(page_at(self, BLOCK_PAGES), 64 * PAGE, 64 * PAGE,
			     MREMAP_MAYMOVE | MREMAP_FIXED, to));
	ASSERT_EQ(-1, pages_differ(to - BLOCK_PAGES * PAGE, BLOCK_PAGES, 64,
				   self->r.seed));
	ASSERT_EQ(page_at(self, BLOCK_PAGES),
		  mremap(to, 64 * PAGE, 64 * PAGE,
			 MREMAP_MAYMOVE | MREMAP_FIXED,
			 page_at(self, BLOCK_PAGES)));
}

HMM_TEST(mremap_beside_migration)
{
	fill(HMM);
	beside_migration(HMM, step_mremap);
	expect_content(HMM, 0, REGION_PAGES);
}

static void step_collapse(HMM_ARGS, unsigned int i)
{
	madvise(self->r.addr, REGION_PAGES * PAGE, MADV_COLLAPSE);
	ASSERT_EQ(-1, pages_differ(self->r.addr, (i * 37) % BLOCK_PAGES, 8,
				   self->r.seed));
}

HMM_TEST(collapse_beside_migration)
{
	fill(HMM);
	beside_migration(HMM, step_collapse);
	expect_content(HMM, 0, REGION_PAGES);
}

/* The mirror must never read or write what is no longer mapped. */
static void step_device_access(HMM_ARGS, unsigned int i)
{
	size_t first = (i * 37) % BLOCK_PAGES;
	char *data = malloc(64 * PAGE);

	pages_fill(data, 0, 64, i + 1);
	ASSERT_EQ(0, dev_cmd(self->fd, HMM_DMIRROR_WRITE, page_at(self, first),
			     64, data, NULL));
	memset(data, 0, 64 * PAGE);
	ASSERT_EQ(0, dev_cmd(self->fd, HMM_DMIRROR_READ, page_at(self, first),
			     64, data, NULL));
	ASSERT_EQ(-1, pages_differ(data, 0, 64, i + 1));
	ASSERT_EQ(-1, pages_differ(page_at(self, first), 0, 64, i + 1));
	free(data);
}

HMM_TEST(device_writes_are_seen_by_the_cpu_beside_migration)
{
	NEEDS_ORDERS();
	beside_migration(HMM, step_device_access);
}

TEST_HARNESS_MAIN
