// SPDX-License-Identifier: MIT
/**
 * TEST: nouveau svm race
 * Category: Core
 * Mega feature: SVM
 * Sub-category: races
 * Description: CPU, GPU and changes of the address space at the same memory at once
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "igt.h"
#include "igt_nouveau_svm.h"

IGT_TEST_DESCRIPTION("CPU, GPU and changes of memory at once");

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#define LEAVE		(12ull << 20)	/* VRAM that scarcity leaves */
#define GPU_ROUNDS	4u
#define CPU_ROUNDS	40u
#define OTHER_ROUNDS	6u
#define PAUSE_US	20000u
#define MAX_ACTORS	10u

/* The first half is used, the second one is what things happen to. */
static const uint64_t sizes[NSVM_NR_PAGES] = {
	[NSVM_BASE] = 64 * NSVM_PAGE,
	[NSVM_MTHP] = 8 * NSVM_MTHP_SIZE,
	[NSVM_HUGE] = NSVM_HUGE_SIZE,
};

/* In words, from one counter to the next: a power of two of them in the first half. */
static const unsigned int strides[NSVM_NR_PAGES] = {
	[NSVM_BASE] = 4 * NSVM_PAGE_WORDS,
	[NSVM_MTHP] = 16 * NSVM_PAGE_WORDS,
	[NSVM_HUGE] = 32 * NSVM_PAGE_WORDS,
};

/* Words of each group of @stride; those not named keep the pattern. */
enum word {
	SHARED_WORD,		/* both sides add to it atomically */
	GPU_WORD,		/* GPU actor n has the n-th of two */
	CPU_WORD = GPU_WORD + 2,	/* CPU actor n has the n-th of four */
	KEPT_WORD = CPU_WORD + 4,	/* nobody writes it */
};

static struct nsvm svm = { .fd = -1 };
static struct nsvm_channel channels[2];
static struct nsvm_hog hog;

/**
 * SUBTEST: %s-%s-%s
 * Description: %arg[1]. VRAM is %arg[2]; on %arg[3] pages. No addition of either side is
 *              lost, and words that nobody writes stay
 *
 * arg[1]:
 *
 * @same-word:		CPU and GPU add to the same words
 * @same-page:		CPU and GPU count in words of their own, of the same pages
 * @two-channels:	Two channels and the CPU count in the same pages
 * @threads:		Four threads count while the memory is moved to VRAM
 * @bind:		CPU and GPU count while the memory is moved to VRAM
 * @bind-back:		CPU and GPU count while the memory is moved both ways
 * @munmap:		Both count in one half; the other is unmapped and mapped again
 * @mprotect:		Both count; rights that neither needs come and go
 * @mprotect-half:	Both count in one half; the other loses all rights and gets them again
 * @dontneed:		Both count in one half; the other is dropped and filled again
 * @pageout:		Both count while pages are reclaimed
 * @collapse:		Both count while one half is split and collapsed again
 * @fork:		Both count while children are forked, which read
 * @all:		All of this at once
 *
 * arg[2]:
 *
 * @plenty:		free
 * @scarce:		taken by buffer objects that the GPU uses again and again
 *
 * arg[3]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
enum {
	ATOMIC		= 1 << 0,
	GPU		= 1 << 1,
	GPU_2		= 1 << 2,
	CPU		= 1 << 3,
	CPU_4		= 1 << 4,
	BIND		= 1 << 5,
	BACK		= 1 << 6,
	MUNMAP		= 1 << 7,
	RIGHTS		= 1 << 8,
	NO_RIGHTS	= 1 << 9,
	DONTNEED	= 1 << 10,
	PAGEOUT		= 1 << 11,
	COLLAPSE	= 1 << 12,
	FORK		= 1 << 13,
	SCARCE		= 1 << 14,
};

static const struct section {
	const char *name;
	unsigned int flags;
} sections[] = {
	{ "same-word", ATOMIC | GPU | CPU },
	{ "same-page", GPU | CPU },
	{ "two-channels", GPU | GPU_2 | CPU },
	{ "threads", CPU | CPU_4 | BIND },
	{ "bind", GPU | CPU | BIND },
	{ "bind-back", GPU | CPU | BIND | BACK },
	{ "munmap", GPU | CPU | MUNMAP },
	{ "mprotect", GPU | CPU | RIGHTS },
	{ "mprotect-half", GPU | CPU | NO_RIGHTS },
	{ "dontneed", GPU | CPU | DONTNEED },
	{ "pageout", GPU | CPU | PAGEOUT },
	{ "collapse", GPU | CPU | COLLAPSE },
	{ "fork", GPU | CPU | FORK },
	{ "all", GPU | CPU | BIND | BACK | MUNMAP | RIGHTS | PAGEOUT | FORK },
};

/**
 * struct race - the memory, and when to stop
 * @a: the area
 * @flags: as above
 * @stride: words from one counter to the next
 * @half: bytes of the half with the counters
 * @counting: actors that count and are not done
 */
struct race {
	struct nsvm_area a;
	unsigned int flags;
	unsigned int stride;
	uint64_t half;
	atomic_int counting;
};

/**
 * struct actor - a thread
 * @race: which
 * @act: one round; nothing in it may assert, as only the main thread can be left
 * @counts: adds to counters; the others end when nobody does any more
 * @rounds: how many at most. A GPU that is always disturbed would not get anywhere
 * @index: which of its kind
 * @done: rounds that are over
 * @error: of the first that failed
 */
struct actor {
	pthread_t thread;
	struct race *race;
	int (*act)(struct actor *me);
	bool counts;
	unsigned int rounds;
	unsigned int index;
	unsigned int done;
	int error;
};

static int count_gpu(struct actor *me)
{
	struct nsvm_channel *ch = &channels[me->index];
	struct race *r = me->race;
	uint32_t *p = r->a.p;

	if (r->flags & ATOMIC)
		return nsvm_gpu_atomic(ch, p + SHARED_WORD, r->half, r->stride, 1, 2);
	return nsvm_gpu_add(ch, p + GPU_WORD + me->index, r->half - 64, r->stride, 1);
}

static int count_cpu(struct actor *me)
{
	struct race *r = me->race;
	volatile uint32_t *p = r->a.p;

	for (uint64_t i = 0; i < r->half / 4; i += r->stride) {
		if (r->flags & ATOMIC)
			__atomic_fetch_add(&p[i + SHARED_WORD], 1, __ATOMIC_SEQ_CST);
		else
			p[i + CPU_WORD + me->index]++;
		if (p[i + KEPT_WORD] != NSVM_SEED + (uint32_t)i + KEPT_WORD)
			return -EILSEQ;
	}
	sched_yield();
	return 0;
}

static int do_bind(struct actor *me)
{
	long ret = nsvm_to_vram(&svm, me->race->a.p, me->race->a.size);

	return ret < 0 && ret != -EBUSY ? (int)ret : 0;
}

static int do_back(struct actor *me)
{
	long ret = nsvm_to_ram(&svm, me->race->a.p, me->race->a.size);

	return ret < 0 && ret != -EBUSY ? (int)ret : 0;
}

static char *second_half(const struct race *r)
{
	return (char *)r->a.p + r->half;
}

static int do_munmap(struct actor *me)
{
	char *p = second_half(me->race), *got;

	if (munmap(p, me->race->half))
		return -errno;
	got = mmap(p, me->race->half, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (got != p)
		return -ENOMEM;
	p[0] = 1;
	return 0;
}

static int do_rights(struct actor *me)
{
	struct race *r = me->race;

	if (mprotect(r->a.p, r->half / 2, PROT_READ | PROT_WRITE | PROT_EXEC) ||
	    mprotect(r->a.p, r->half / 2, PROT_READ | PROT_WRITE))
		return -errno;
	return 0;
}

static int do_no_rights(struct actor *me)
{
	char *p = second_half(me->race);

	if (mprotect(p, me->race->half, PROT_NONE))
		return -errno;
	nsvm_to_vram(&svm, me->race->a.p, me->race->a.size);
	if (mprotect(p, me->race->half, PROT_READ | PROT_WRITE))
		return -errno;
	p[0]++;
	return 0;
}

static int do_dontneed(struct actor *me)
{
	volatile char *p = second_half(me->race);

	p[NSVM_PAGE] = 1;
	nsvm_to_vram(&svm, me->race->a.p, me->race->a.size);
	if (madvise((void *)(uintptr_t)p, me->race->half, MADV_DONTNEED))
		return -errno;
	return p[NSVM_PAGE] ? -EILSEQ : 0;
}

static int do_pageout(struct actor *me)
{
	/* Without swap, or while the GPU has it, nothing goes: that is no error. */
	madvise(me->race->a.p, me->race->a.size, MADV_PAGEOUT);
	return 0;
}

static int do_collapse(struct actor *me)
{
	/* The page has no counter. With others at it the second call need not succeed. */
	madvise((char *)me->race->a.p + NSVM_PAGE, NSVM_PAGE, MADV_DONTNEED);
	madvise(me->race->a.p, me->race->a.size, MADV_COLLAPSE);
	return 0;
}

static int do_fork(struct actor *me)
{
	struct race *r = me->race;
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		const volatile uint32_t *p = r->a.p;

		for (uint64_t i = 0; i < r->half / 4; i += r->stride)
			if (p[i + KEPT_WORD] != NSVM_SEED + (uint32_t)i + KEPT_WORD)
				_exit(1);
		_exit(0);
	}
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -ECHILD;
}

static void *act(void *arg)
{
	struct actor *me = arg;
	struct race *r = me->race;

	while (!me->error && me->done < me->rounds && (me->counts || r->counting > 0)) {
		me->error = me->act(me);
		me->done += !me->error;
		/* Who only disturbs leaves the others some time. */
		if (!me->counts)
			usleep(PAUSE_US);
	}
	if (me->counts)
		r->counting--;
	return NULL;
}

static void add(struct race *r, struct actor *actors, unsigned int *n, struct actor actor)
{
	igt_assert(*n < MAX_ACTORS);
	actor.race = r;
	r->counting += actor.counts;
	actors[(*n)++] = actor;
}

static unsigned int cast(struct race *r, struct actor actors[MAX_ACTORS])
{
	static const struct {
		unsigned int flag;
		int (*act)(struct actor *me);
	} others[] = {
		{ BIND, do_bind }, { BACK, do_back }, { MUNMAP, do_munmap }, { RIGHTS, do_rights },
		{ NO_RIGHTS, do_no_rights }, { DONTNEED, do_dontneed }, { PAGEOUT, do_pageout },
		{ COLLAPSE, do_collapse }, { FORK, do_fork },
	};
	unsigned int gpus = r->flags & GPU_2 ? 2 : r->flags & GPU ? 1 : 0;
	unsigned int cpus = r->flags & CPU_4 ? 4 : r->flags & CPU ? 1 : 0, n = 0;

	for (unsigned int i = 0; i < gpus; i++)
		add(r, actors, &n, (struct actor) {
			.act = count_gpu, .counts = true, .rounds = GPU_ROUNDS, .index = i });
	for (unsigned int i = 0; i < cpus; i++)
		add(r, actors, &n, (struct actor) {
			.act = count_cpu, .counts = true, .rounds = CPU_ROUNDS, .index = i });
	for (unsigned int i = 0; i < ARRAY_SIZE(others); i++)
		if (r->flags & others[i].flag)
			add(r, actors, &n, (struct actor) {
				.act = others[i].act, .rounds = OTHER_ROUNDS });
	return n;
}

static void assert_word(const struct race *r, unsigned int word, uint32_t grown, bool gpu)
{
	const volatile uint32_t *p = r->a.p;

	for (uint64_t i = 0; i < r->half / 4; i += r->stride) {
		uint32_t expected = NSVM_SEED + (uint32_t)i + word + grown;

		igt_assert_f(p[i + word] == expected,
			     "%s counter %u at %p: expected %#010x, actual %#010x\n",
			     gpu ? "GPU" : "CPU", word, (const void *)&p[i + word], expected,
			     p[i + word]);
	}
}

static void check(const struct race *r, const struct actor *actors, unsigned int n)
{
	if (r->flags & ATOMIC) {
		assert_word(r, SHARED_WORD, 2 * GPU_ROUNDS + CPU_ROUNDS, true);
	} else {
		for (unsigned int i = 0; i < n; i++) {
			if (actors[i].act == count_gpu)
				assert_word(r, GPU_WORD + actors[i].index, GPU_ROUNDS, true);
			if (actors[i].act == count_cpu)
				assert_word(r, CPU_WORD + actors[i].index, CPU_ROUNDS, false);
		}
	}
	assert_word(r, KEPT_WORD, 0, false);
}

static void run(struct race *r)
{
	struct actor actors[MAX_ACTORS];
	unsigned int n = cast(r, actors);

	for (unsigned int i = 0; i < n; i++)
		igt_assert_eq(pthread_create(&actors[i].thread, NULL, act, &actors[i]), 0);
	if (r->flags & SCARCE) {
		struct nsvm_channel squeezing;

		igt_assert_eq(nsvm_channel_open(&svm, &squeezing, NSVM_COPY), 0);
		while (r->counting > 0 && !nsvm_hog_use(&hog, &squeezing))
			;
		nsvm_channel_close(&squeezing);
	}
	for (unsigned int i = 0; i < n; i++)
		pthread_join(actors[i].thread, NULL);
	for (unsigned int i = 0; i < n; i++) {
		igt_debug("actor %u: %u rounds\n", i, actors[i].done);
		igt_assert_f(!actors[i].error, "actor %u, round %u: %d\n", i, actors[i].done,
			     actors[i].error);
	}
	check(r, actors, n);
}

static void test_race(unsigned int flags, enum nsvm_pages pages)
{
	struct race r = { .flags = flags, .stride = strides[pages], .half = sizes[pages] / 2 };

	nsvm_begin(&svm);
	for (unsigned int i = 0; i < ARRAY_SIZE(channels); i++)
		nsvm_require_channel(&svm, &channels[i], NSVM_COMPUTE);
	if (flags & SCARCE)
		nsvm_hog_new(&svm, &hog, LEAVE);
	r.a = nsvm_area_filled(&svm, sizes[pages], pages, NSVM_SEED);
	run(&r);
	nsvm_area_del(&r.a);
	nsvm_hog_del(&svm, &hog);
	nsvm_assert_sound(&svm);
}

/**
 * SUBTEST: dies-%s-%s
 * Description: Memory in VRAM is unmapped while %arg[1] uses it, on %arg[2] pages. Its
 *              channel lives or dies of that; memory beside it stays, and others work
 *
 * arg[1]:
 *
 * @copy:		the copy engine
 * @kernel:		a compute kernel
 * @both:		the copy engine of one channel and a compute kernel of another
 *
 * arg[2]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
#define DIES_COPY	1u
#define DIES_KERNEL	2u

static const struct section ends[] = {
	{ "copy", DIES_COPY },
	{ "kernel", DIES_KERNEL },
	{ "both", DIES_COPY | DIES_KERNEL },
};

static void start_work(struct nsvm_channel *copy, struct nsvm_channel *compute, unsigned int flags,
		       const struct nsvm_area *a)
{
	const uint64_t args[] = { (uintptr_t)a->p, NSVM_PAGE_WORDS, 0, a->size / NSVM_PAGE };
	uint64_t start = (uintptr_t)a->p, half = a->size / 2;

	for (unsigned int i = 0; i < 4; i++) {
		if (flags & DIES_COPY)
			nsvm_copy(copy, start, start + half, half);
		if (flags & DIES_KERNEL)
			nsvm_launch(compute, NSVM_KERNEL_ADD, (uint32_t)args[3], args);
	}
	if (flags & DIES_COPY)
		igt_assert_eq(nsvm_submit(copy, NULL), 0);
	if (flags & DIES_KERNEL)
		igt_assert_eq(nsvm_submit(compute, NULL), 0);
}

static void end_work(struct nsvm_channel *ch, const char *what)
{
	int ret = nsvm_wait(ch, ch->issued, NSVM_WAIT_MS);

	igt_debug("%s: %d\n", what, ret);
	igt_assert_f(!ret || ret == -ENODEV, "%s: expected 0 or %d, actual %d\n", what, -ENODEV,
		     ret);
}

static void test_dies(unsigned int flags, enum nsvm_pages pages)
{
	struct nsvm_channel copy = { 0 };
	struct nsvm_area a, beside;

	nsvm_begin(&svm);
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(channels); i++)
			nsvm_require_channel(&svm, &channels[i], NSVM_COMPUTE);
		if (flags & DIES_COPY)
			nsvm_require_channel(&svm, &copy, NSVM_COPY);
		a = nsvm_area_filled(&svm, sizes[pages], pages, NSVM_SEED);
		beside = nsvm_area_filled(&svm, sizes[pages], pages, NSVM_SEED);
		igt_assert_lte(0, (int)nsvm_to_vram(&svm, a.p, a.size));
		igt_assert_lte(0, (int)nsvm_to_vram(&svm, beside.p, beside.size));

		start_work(&copy, &channels[0], flags, &a);
		usleep(round * 500);
		igt_assert_eq(munmap((char *)a.p + a.size / 2, a.size / 2), 0);
		if (flags & DIES_COPY)
			end_work(&copy, "copy");
		if (flags & DIES_KERNEL)
			end_work(&channels[0], "kernel");
		nsvm_assert_gpu_sees(&channels[1], beside.p, beside.size, strides[pages], NSVM_SEED,
				     "beside, by another channel");
		nsvm_assert_pattern(beside.p, beside.size, NSVM_PAGE_WORDS, NSVM_SEED, "beside");
		nsvm_area_del(&a);
		nsvm_area_del(&beside);
	}
	nsvm_channel_close(&copy);
	nsvm_assert_sound(&svm);
}

int igt_main()
{
	igt_fixture()
		nsvm_require(&svm);

	for (unsigned int i = 0; i < ARRAY_SIZE(sections); i++) {
		for (unsigned int pages = 0; pages < NSVM_NR_PAGES; pages++) {
			igt_subtest_f("%s-plenty-%s", sections[i].name, nsvm_pages_name(pages))
				test_race(sections[i].flags, pages);
			igt_subtest_f("%s-scarce-%s", sections[i].name, nsvm_pages_name(pages))
				test_race(sections[i].flags | SCARCE, pages);
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++)
		for (unsigned int pages = 0; pages < NSVM_NR_PAGES; pages++)
			igt_subtest_f("dies-%s-%s", ends[i].name, nsvm_pages_name(pages))
				test_dies(ends[i].flags, pages);

	igt_fixture() {
		for (unsigned int i = 0; i < ARRAY_SIZE(channels); i++)
			nsvm_channel_close(&channels[i]);
		nsvm_close(&svm);
	}
}
