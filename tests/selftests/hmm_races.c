// SPDX-License-Identifier: GPL-2.0
/*
 * Races, made to happen: hmm_delay.ko holds one task at a named function until
 * another has got where it should not matter. Each test asserts that the task
 * was held, else it would prove nothing.
 */
#include <pthread.h>
#include <sys/resource.h>

#include "hmm_fixture.h"

#define RULES	"/sys/kernel/debug/hmm_delay/rules"

/* Microseconds that a held task waits at most. */
#define HOLD	"300000"

static void rule(HMM_ARGS, const char *text)
{
	(void)self;
	ASSERT_EQ(0, write_text(RULES, text)) {
		TH_LOG("rule '%s': is hmm_delay.ko loaded, and the function there?",
		       text);
	}
}

/* Over all rules: how often tasks were held, and how often that ended early. */
static int held_and_met(HMM_ARGS, int *sum_met)
{
	int entries, waits, met, sum = 0;
	char name[64];
	FILE *f = fopen(RULES, "re");

	(void)self;
	ASSERT_NE(NULL, f);
	*sum_met = 0;
	while (fscanf(f, "%63s %d %d %d", name, &entries, &waits, &met) == 4) {
		sum += waits;
		*sum_met += met;
	}
	fclose(f);
	return sum;
}

static int held(HMM_ARGS)
{
	int met;

	return held_and_met(HMM, &met);
}

static int rules_met(HMM_ARGS)
{
	int met;

	held_and_met(HMM, &met);
	return met;
}

static void rules_done(HMM_ARGS)
{
	EXPECT_GT(held(HMM), 0) {
		TH_LOG("nobody was held: the race did not happen");
	}
	ASSERT_EQ(0, write_text(RULES, "clear"));
}

/* --- the task that is held ---------------------------------------------- */

struct job {
	FIXTURE_DATA(hmm) *self;
	void		*(*run)(void *);
	pthread_t	thread;
	volatile bool	go;
	size_t		first;
	size_t		npages;
	int		ret;
	long		faults;		/* that job_touch() took */
	volatile bool	done;
};

static void *job_in(void *arg)
{
	struct job *job = arg;

	job->ret = dev_migrate_in(job->self->fd, page_at(job->self, job->first),
				  job->npages, NULL);
	job->done = true;
	return NULL;
}

static void *job_out(void *arg)
{
	struct job *job = arg;

	job->ret = dev_migrate_out(job->self->fd,
				   page_at(job->self, job->first), job->npages,
				   NULL);
	job->done = true;
	return NULL;
}

static void *job_evict(void *arg)
{
	struct job *job = arg;
	struct hmm_dmirror_evict evict;

	job->ret = dev_evict(job->self->fd, ORDERS_ALL, &evict);
	job->done = true;
	return NULL;
}

static void *job_evict_small(void *arg)
{
	struct job *job = arg;
	struct hmm_dmirror_evict evict;

	job->ret = dev_evict(job->self->fd, BIT(0), &evict);
	job->done = true;
	return NULL;
}

static void *job_touch(void *arg)
{
	struct job *job = arg;
	struct rusage before, after;

	getrusage(RUSAGE_THREAD, &before);
	job->ret = pages_differ(job->self->r.addr, job->first, job->npages,
				job->self->r.seed);
	getrusage(RUSAGE_THREAD, &after);
	job->faults = after.ru_minflt - before.ru_minflt;
	job->done = true;
	return NULL;
}

static void *job_thread(void *arg)
{
	struct job *job = arg;

	while (!job->go)
		usleep(100);
	return job->run(job);
}

/*
 * A thread that waits for job_go(). What is to run while another job is held
 * must exist before: making a thread maps its stack, and takes the mmap lock
 * for writing, which the other one may hold.
 */
static void job_prepare(HMM_ARGS, struct job *job, void *(*run)(void *),
			size_t first, size_t npages)
{
	job->self = self;
	job->run = run;
	job->go = false;
	job->first = first;
	job->npages = npages;
	job->done = false;
	ASSERT_EQ(0, pthread_create(&job->thread, NULL, job_thread, job));
}

static void job_go(struct job *job)
{
	job->go = true;
}

/* Until a task is held, or the job is over. */
static void wait_until_held(HMM_ARGS, struct job *job)
{
	while (!job->done && !held(HMM))
		usleep(500);
}

/* Start a job, and return when it is held at @function. */
static void job_hold(HMM_ARGS, struct job *job, const char *function,
		     void *(*run)(void *), size_t first, size_t npages)
{
	char text[128];

	snprintf(text, sizeof(text), "at %s delay " HOLD, function);
	rule(HMM, text);
	job_prepare(HMM, job, run, first, npages);
	job_go(job);
	wait_until_held(HMM, job);
}

static void job_end(HMM_ARGS, struct job *job)
{
	(void)self;
	ASSERT_EQ(0, pthread_join(job->thread, NULL));
}

/* --- what happens meanwhile --------------------------------------------- */

/* Only a single page, and behind it a whole block, so that both kinds of zap. */
static void zap(HMM_ARGS)
{
	ASSERT_EQ(0, madvise(page_at(self, self->folio / 2), PAGE,
			     MADV_DONTNEED));
	ASSERT_EQ(0, madvise(page_at(self, BLOCK_PAGES), BLOCK, MADV_DONTNEED));
}

static void expect_zapped(HMM_ARGS)
{
	size_t hole = self->folio / 2;

	ASSERT_EQ(-1, pages_differ(self->r.addr, hole, 1, 0));
	ASSERT_EQ(-1, pages_differ(self->r.addr, BLOCK_PAGES, BLOCK_PAGES, 0));
	expect_content(HMM, 0, hole);
	expect_content(HMM, hole + 1, BLOCK_PAGES - hole - 1);
}

/* Zap while the migration, whichever, is held at @function. */
static void zap_at(HMM_ARGS, const char *function, void *(*run)(void *))
{
	struct job job;

	job_hold(HMM, &job, function, run, 0, REGION_PAGES);
	zap(HMM);
	job_end(HMM, &job);
	rules_done(HMM);
	expect_zapped(HMM);
}

HMM_TEST(zap_before_pages_on_the_way_in)
{
	fill(HMM);
	zap_at(HMM, "migrate_vma_pages", job_in);
}

HMM_TEST(zap_before_finalize_on_the_way_in)
{
	fill(HMM);
	zap_at(HMM, "migrate_vma_finalize", job_in);
}

HMM_TEST(zap_before_pages_on_the_way_out)
{
	fill_on_device(HMM);
	zap_at(HMM, "migrate_vma_pages", job_out);
}

HMM_TEST(zap_before_finalize_on_the_way_out)
{
	fill_on_device(HMM);
	zap_at(HMM, "migrate_vma_finalize", job_out);
}

HMM_TEST(zap_before_pages_of_eviction)
{
	NEEDS_ORDERS();
	fill_on_device(HMM);
	zap_at(HMM, "migrate_device_pages", job_evict);
}

HMM_TEST(zap_before_finalize_of_eviction_in_pieces)
{
	NEEDS_ORDERS();
	fill_on_device(HMM);
	zap_at(HMM, "migrate_device_finalize", job_evict_small);
}

/*
 * The walk drops the page table lock to split: what it then finds may be gone,
 * and what it has found before. Therefore the region's first folio is made of
 * single pages, which the walk has taken when it splits the second.
 */
HMM_TEST(zap_while_the_walk_splits_a_system_folio)
{
	NEEDS_ORDERS();
	ONLY_LARGE();
	fill(HMM);
	ASSERT_EQ(0, dev_orders(self->fd, BIT(0), BIT(0)));
	to_device(HMM, 0, self->folio);
	to_system(HMM, 0, self->folio);
	zap_at(HMM, "split_huge_page_to_list_to_order", job_in);
}

HMM_TEST(zap_while_the_walk_splits_a_device_folio)
{
	NEEDS_ORDERS();
	ONLY_LARGE();
	fill_on_device(HMM);
	ASSERT_EQ(0, dev_orders(self->fd, BIT(0), BIT(0)));
	to_system(HMM, 0, self->folio);
	to_device(HMM, 0, self->folio);
	zap_at(HMM, "split_device_private_folio", job_out);
}

/* --- munmap, fork and exit of another process --------------------------- */

/*
 * A child shares the memory. While the parent's migration is held, the child
 * does something to its own mapping, which needs no lock of the parent's.
 */
static void child_at(HMM_ARGS, const char *function, void *(*run)(void *),
		     void (*act)(HMM_ARGS))
{
	int go[2];
	char c;
	struct job job;
	pid_t pid;

	ASSERT_EQ(0, pipe(go));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		close(go[1]);
		if (read(go[0], &c, 1) != 1)
			_exit(2);
		act(HMM);
		_exit(0);
	}
	close(go[0]);
	job_hold(HMM, &job, function, run, 0, REGION_PAGES);
	ASSERT_EQ(1, write(go[1], "g", 1));
	job_end(HMM, &job);
	expect_child_ok(_metadata, pid);
	rules_done(HMM);
	close(go[1]);
	expect_content(HMM, 0, REGION_PAGES);
}

static void act_exit(HMM_ARGS)
{
	(void)_metadata;
	(void)self;
}

static void act_unmap_part(HMM_ARGS)
{
	size_t hole = self->folio / 2;

	ASSERT_EQ(0, munmap(page_at(self, hole), PAGE));
	expect_content(HMM, 0, hole);
	expect_content(HMM, hole + 1, REGION_PAGES - hole - 1);
}

static void act_write(HMM_ARGS)
{
	pages_fill(self->r.addr, 0, REGION_PAGES, 41);
	ASSERT_EQ(-1, pages_differ(self->r.addr, 0, REGION_PAGES, 41));
}

static void act_fork(HMM_ARGS)
{
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (!pid) {
		act_write(HMM);
		_exit(0);
	}
	expect_content(HMM, 0, REGION_PAGES);
	expect_child_ok(_metadata, pid);
}

static void act_move(HMM_ARGS)
{
	struct region target;
	char *to;

	ASSERT_EQ(0, region_map(&target, 3 * BLOCK_PAGES));
	to = target.addr + PAGE;
	ASSERT_EQ(to, mremap(self->r.addr, REGION_PAGES * PAGE,
			     REGION_PAGES * PAGE,
			     MREMAP_MAYMOVE | MREMAP_FIXED, to));
	ASSERT_EQ(-1, pages_differ(to, 0, REGION_PAGES, self->r.seed));
}

HMM_TEST(sharer_exits_before_pages_on_the_way_in)
{
	fill(HMM);
	child_at(HMM, "migrate_vma_pages", job_in, act_exit);
}

HMM_TEST(sharer_unmaps_before_pages_on_the_way_in)
{
	fill(HMM);
	child_at(HMM, "migrate_vma_pages", job_in, act_unmap_part);
}

HMM_TEST(sharer_forks_before_pages_on_the_way_in)
{
	fill(HMM);
	child_at(HMM, "migrate_vma_pages", job_in, act_fork);
}

HMM_TEST(sharer_moves_before_pages_on_the_way_in)
{
	fill(HMM);
	child_at(HMM, "migrate_vma_pages", job_in, act_move);
}

HMM_TEST(sharer_writes_before_finalize_on_the_way_in)
{
	fill(HMM);
	child_at(HMM, "migrate_vma_finalize", job_in, act_write);
}

HMM_TEST(sharer_unmaps_before_pages_of_a_split_on_the_way_out)
{
	NEEDS_ORDERS();
	ONLY_LARGE();
	fill_on_device(HMM);
	ASSERT_EQ(0, dev_inject(self->fd, HMM_DMIRROR_SIDE_SYS,
				ORDERS_ALL & ~BIT(0), 0, 1000000, NULL));
	child_at(HMM, "folio_split_unmapped", job_out, act_unmap_part);
}

HMM_TEST(sharer_forks_before_pages_of_a_split_on_the_way_out)
{
	NEEDS_ORDERS();
	ONLY_LARGE();
	fill_on_device(HMM);
	ASSERT_EQ(0, dev_inject(self->fd, HMM_DMIRROR_SIDE_SYS,
				ORDERS_ALL & ~BIT(0), 0, 1000000, NULL));
	child_at(HMM, "folio_split_unmapped", job_out, act_fork);
}

HMM_TEST(sharer_exits_before_pages_of_eviction)
{
	NEEDS_ORDERS();
	fill_on_device(HMM);
	child_at(HMM, "migrate_device_pages", job_evict, act_exit);
}

HMM_TEST(sharer_moves_before_pages_of_eviction)
{
	NEEDS_ORDERS();
	fill_on_device(HMM);
	child_at(HMM, "migrate_device_pages", job_evict, act_move);
}

/* Eviction holds no mmap lock: the only process that maps the memory may go. */
HMM_TEST(owner_exits_before_pages_of_eviction)
{
	int ready[2];
	struct job job;
	pid_t pid;
	char c;

	NEEDS_ORDERS();
	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		self = self_of_child(HMM, variant->device);
		fill_on_device(HMM);
		ASSERT_EQ(1, write(ready[1], "r", 1));
		pause();
		_exit(0);
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	job_hold(HMM, &job, "migrate_device_pages", job_evict, 0, REGION_PAGES);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	job_end(HMM, &job);
	rules_done(HMM);
	EXPECT_EQ(0, live_pages(HMM));
}

/* In use, as far as the slab allocator knows: it keeps some that are free. */
static long anon_vmas(HMM_ARGS)
{
	FILE *f = fopen("/proc/slabinfo", "re");
	char line[512];
	long n = -1;

	(void)self;
	ASSERT_NE(NULL, f);
	while (n < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "anon_vma %ld", &n);
	fclose(f);
	ASSERT_LT(0, n);
	return n;
}

/* A process with a block of pages on the device, each in a VMA of its own. */
static pid_t fork_owner_of_many_vmas(HMM_ARGS, int device)
{
	int ready[2];
	size_t page;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (pid) {
		ASSERT_EQ(1, read(ready[0], &c, 1));
		close(ready[0]);
		close(ready[1]);
		return pid;
	}
	self = self_of_child(HMM, device);
	/* What lies between has no anon_vma that could be shared. */
	for (page = 1; page < REGION_PAGES; page += 2)
		ASSERT_EQ(0, mprotect(page_at(self, page), PAGE, PROT_NONE));
	for (page = 0; page < REGION_PAGES; page += 2) {
		*page_at(self, page) = 1;
		ASSERT_EQ(0, dev_migrate_in(self->fd, page_at(self, page), 1,
					    NULL));
	}
	ASSERT_EQ(1, write(ready[1], "r", 1));
	pause();
	_exit(0);
}

/*
 * Only the migration holds the anon_vmas in which it will look for its entries.
 * Were they free, nothing would be seen of it but that.
 */
HMM_TEST(anon_vmas_outlive_their_owner_during_eviction)
{
	long before, after, met, turns = 5;
	struct job job;
	pid_t pid;

	NEEDS_ORDERS();
	ONLY_PRIVATE();
	if (self->order)
		SKIP(return, "single pages have most anon_vmas");
	do {
		pid = fork_owner_of_many_vmas(HMM, variant->device);
		rule(HMM, "at migrate_device_pages until __x64_sys_getsid 500000");
		job_prepare(HMM, &job, job_evict, 0, REGION_PAGES);
		job_go(&job);
		wait_until_held(HMM, &job);
		before = anon_vmas(HMM);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		after = anon_vmas(HMM);
		getsid(0);
		job_end(HMM, &job);
		met = rules_met(HMM);
		rules_done(HMM);
		EXPECT_EQ(0, live_pages(HMM));
	} while (!met && --turns);
	EXPECT_EQ(1, met) {
		TH_LOG("the owner never died while eviction was held");
	}
	EXPECT_LT(before - after, (long)BLOCK_PAGES / 4);
}

/* --- CPU faults against migrations -------------------------------------- */

/* Faults that a thread may take that waits, sleeping, for another. */
#define FEW_FAULTS	20

/* While one thread's fault brings the folio back, the others sleep. */
HMM_TEST(faults_wait_for_the_one_that_migrates)
{
	struct hmm_dmirror_stats before, after;
	struct job first, second, third;

	NEEDS_ORDERS();
	ONLY_PRIVATE();
	fill_on_device(HMM);
	ASSERT_EQ(0, dev_stats(self->fd, &before));
	job_prepare(HMM, &second, job_touch, self->folio / 2, 1);
	job_prepare(HMM, &third, job_touch, self->folio - 1, 1);
	job_hold(HMM, &first, "dmirror_cpu_fault", job_touch, 0, 1);
	job_go(&second);
	job_go(&third);
	job_end(HMM, &first);
	job_end(HMM, &second);
	job_end(HMM, &third);
	rules_done(HMM);
	EXPECT_EQ(-1, first.ret);
	EXPECT_EQ(-1, second.ret);
	EXPECT_EQ(-1, third.ret);
	EXPECT_LE(second.faults, FEW_FAULTS);
	EXPECT_LE(third.faults, FEW_FAULTS);
	ASSERT_EQ(0, dev_stats(self->fd, &after));
	EXPECT_EQ(before.cpu_faults + 1, after.cpu_faults);
	expect_in_system(HMM, 0, self->folio);
}

HMM_TEST(fault_while_eviction_holds_the_folio)
{
	struct job evict, touch;

	NEEDS_ORDERS();
	ONLY_PRIVATE();
	fill_on_device(HMM);
	job_prepare(HMM, &touch, job_touch, 0, REGION_PAGES);
	job_hold(HMM, &evict, "migrate_device_pages", job_evict, 0, REGION_PAGES);
	job_go(&touch);
	job_end(HMM, &touch);
	job_end(HMM, &evict);
	rules_done(HMM);
	EXPECT_EQ(-1, touch.ret);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(eviction_while_a_fault_holds_the_folio)
{
	struct job evict, touch;

	NEEDS_ORDERS();
	ONLY_PRIVATE();
	fill_on_device(HMM);
	job_prepare(HMM, &evict, job_evict, 0, REGION_PAGES);
	job_hold(HMM, &touch, "dmirror_cpu_fault", job_touch, self->folio / 2, 1);
	job_go(&evict);
	job_end(HMM, &evict);
	job_end(HMM, &touch);
	rules_done(HMM);
	EXPECT_EQ(-1, touch.ret);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(zap_while_a_fault_brings_the_folio_back)
{
	struct job touch;

	ONLY_PRIVATE();
	fill_on_device(HMM);
	job_hold(HMM, &touch, "migrate_vma_pages", job_touch, 0, 1);
	zap(HMM);
	job_end(HMM, &touch);
	rules_done(HMM);
	expect_zapped(HMM);
}

HMM_TEST(two_migrations_of_overlapping_ranges)
{
	struct job a, b;

	fill(HMM);
	job_prepare(HMM, &b, job_in, BLOCK_PAGES / 4, BLOCK_PAGES);
	job_hold(HMM, &a, "migrate_vma_pages", job_in, 0,
		 BLOCK_PAGES + BLOCK_PAGES / 2);
	job_go(&b);
	job_end(HMM, &a);
	job_end(HMM, &b);
	rules_done(HMM);
	expect_content(HMM, 0, REGION_PAGES);
}

/* The device's page table must not keep what the zap took. */
HMM_TEST(device_reads_zeroes_after_a_zap_during_migration)
{
	char *copy = malloc(REGION_PAGES * PAGE);

	NEEDS_ORDERS();
	fill(HMM);
	zap_at(HMM, "migrate_vma_finalize", job_in);
	ASSERT_EQ(0, dev_cmd(self->fd, HMM_DMIRROR_READ,
			     page_at(self, BLOCK_PAGES), BLOCK_PAGES, copy,
			     NULL));
	EXPECT_EQ(-1, pages_differ(copy, 0, BLOCK_PAGES, 0));
	free(copy);
}

TEST_HARNESS_MAIN
