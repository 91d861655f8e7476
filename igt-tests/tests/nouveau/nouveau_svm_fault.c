// SPDX-License-Identifier: MIT
/**
 * TEST: nouveau svm fault
 * Category: Core
 * Mega feature: SVM
 * Sub-category: GPU faults
 * Description: Compute kernels touch memory that the GPU has no mapping for
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/mman.h>

#include "igt.h"
#include "igt_nouveau_svm.h"

IGT_TEST_DESCRIPTION("First touch by compute kernels");

#define VALUE		0x00050000u	/* what the GPU adds */
#define SEED_2		0x20000000u
#define TIMES		4u		/* threads that add to the same word */
#define LEAVE		(12ull << 20)	/* VRAM that scarcity leaves */
#define CHANNELS	3u

/* Enough to have some pages, and not more: each access below is a fault. */
static const uint64_t sizes[NSVM_NR_PAGES] = {
	[NSVM_BASE] = 64 * NSVM_PAGE,
	[NSVM_MTHP] = 8 * NSVM_MTHP_SIZE,
	[NSVM_HUGE] = 2 * NSVM_HUGE_SIZE,
};

/* In words, what is touched: the number of these must be a power of two. */
static const unsigned int strides[NSVM_NR_PAGES] = {
	[NSVM_BASE] = 4 * NSVM_PAGE_WORDS,
	[NSVM_MTHP] = 16 * NSVM_PAGE_WORDS,
	[NSVM_HUGE] = 128 * NSVM_PAGE_WORDS,
};

static struct nsvm svm = { .fd = -1 };
static struct nsvm_channel ch;
static struct nsvm_channel more[CHANNELS];
static struct nsvm_hog hog;

/**
 * SUBTEST: %s-%s-%s-%s
 * Description: The GPU's first access to memory is %arg[1]; the memory %arg[2]; the GPU's
 *              faults %arg[3]; on %arg[4] pages. What was not written stays, what was
 *              written is seen by both sides, and the memory is where the policy wants it
 *
 * arg[1]:
 *
 * @read:		a read
 * @write:		a write
 * @add:		a read and a write by the same thread
 * @atomic:		an atomic addition by several threads at once
 * @upgrade:		a read, and then a write
 * @upgrade-atomic:	a write, and then an atomic addition
 *
 * arg[2]:
 *
 * @untouched:		was never touched
 * @filled:		was filled by the CPU
 * @bound:		was moved to VRAM before
 * @pulled:		was in VRAM, and the CPU has pulled one page of it back
 * @shared:		is shared with a child of fork()
 *
 * arg[3]:
 *
 * @auto:		move it to VRAM, as there is room
 * @host:		leave it where it is
 *
 * arg[4]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */

/**
 * SUBTEST: %s-%s-scarce-%s
 * Description: The GPU's first access to memory is %arg[1]; the memory %arg[2]; VRAM is
 *              taken by buffer objects that the GPU uses; on %arg[3] pages. Both sides see
 *              what is right, also when the buffers have come back
 *
 * arg[1]:
 *
 * @read:		a read
 * @write:		a write
 * @atomic:		an atomic addition by several threads at once
 *
 * arg[2]:
 *
 * @untouched:		was never touched
 * @filled:		was filled by the CPU
 * @bound:		was moved to VRAM before
 *
 * arg[3]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
enum {
	/* what the GPU does, in this order */
	READ		= 1 << 0,
	WRITE		= 1 << 1,
	ADD		= 1 << 2,
	ATOMIC		= 1 << 3,
	/* what the memory was */
	UNTOUCHED	= 1 << 4,
	BOUND		= 1 << 5,
	PULLED		= 1 << 6,
	SHARED		= 1 << 7,
	/* where it may go */
	HOST		= 1 << 8,
	SCARCE		= 1 << 9,
};

struct section {
	const char *name;
	unsigned int flags;
};

static const struct section accesses[] = {
	{ "read", READ },
	{ "write", WRITE },
	{ "add", ADD },
	{ "atomic", ATOMIC },
	{ "upgrade", READ | WRITE },
	{ "upgrade-atomic", WRITE | ATOMIC },
};

static const struct section memories[] = {
	{ "untouched", UNTOUCHED },
	{ "filled", 0 },
	{ "bound", BOUND },
	{ "pulled", BOUND | PULLED },
	{ "shared", SHARED },
};

static const struct section places[] = {
	{ "auto", 0 },
	{ "host", HOST },
	{ "scarce", SCARCE },
};

/**
 * struct state - an area and what must be in it
 * @a: the area
 * @flags: as above
 * @stride: words from one that is touched to the next
 * @old: pattern of what is not touched, unless it is zeroes
 * @new: pattern of what is touched
 * @zero: what is not touched is zeroes, and what is touched is @new
 *	  until a write makes a pattern of it
 * @go: what a child that shares the memory waits for, or -1
 */
struct state {
	struct nsvm_area a;
	unsigned int flags;
	unsigned int stride;
	uint32_t old;
	uint32_t new;
	bool zero;
	int go;
};

static struct nsvm_area area(unsigned int flags, enum nsvm_pages pages)
{
	if (flags & UNTOUCHED)
		return nsvm_area_new(sizes[pages], pages);
	return nsvm_area_filled(&svm, sizes[pages], pages, NSVM_SEED);
}

/* A child that looks at its copy when it is told that the GPU is done. */
static void share(struct state *s)
{
	int fds[2];

	igt_assert_eq(pipe(fds), 0);
	igt_fork(child, 1) {
		char c;

		close(fds[1]);
		igt_assert_eq((int)read(fds[0], &c, 1), 0);
		nsvm_assert_pattern(s->a.p, s->a.size, NSVM_PAGE_WORDS, s->old, "the child's copy");
	}
	close(fds[0]);
	s->go = fds[1];
}

static void unshare(struct state *s)
{
	if (s->go < 0)
		return;
	close(s->go);
	s->go = -1;
	igt_waitchildren();
}

static void make_ready(struct state *s)
{
	if (s->flags & BOUND) {
		igt_assert_lte(0, (int)nsvm_to_vram(&svm, s->a.p, s->a.size));
		nsvm_assert_in_vram(&svm, s->a.p, s->a.size);
	}
	if (s->flags & PULLED)
		nsvm_assert_pattern(s->a.p, NSVM_PAGE, 1, s->old, "pulled back");
	if (s->flags & SHARED)
		share(s);
	if (s->flags & HOST)
		igt_assert_eq(nsvm_policy(&svm, s->a.p, s->a.size,
					  NOUVEAU_SVM_BIND_POLICY__HOST), 0);
	if (s->flags & SCARCE)
		igt_assert_eq(nsvm_hog_use(&hog, &ch), 0);
}

/* Words that are touched, where none of them has counted from a pattern. */
static void assert_touched(const struct state *s)
{
	const volatile uint32_t *w = s->a.p;

	for (uint64_t i = 0; i < s->a.size / 4; i += s->stride)
		igt_assert_f(w[i] == s->new, "at %p expected %#010x, actual %#010x\n",
			     (const void *)&w[i], s->new, w[i]);
}

static void access_it(struct state *s)
{
	void *p = s->a.p;

	if (s->flags & READ) {
		if (s->zero)
			nsvm_assert_gpu_sees_zero(&ch, p, s->a.size, s->stride, "first touch");
		else
			nsvm_assert_gpu_sees(&ch, p, s->a.size, s->stride, s->old, "first touch");
	}
	if (s->flags & WRITE) {
		igt_assert_eq(nsvm_gpu_write(&ch, p, s->a.size, s->stride, SEED_2), 0);
		s->new = SEED_2;
		s->flags &= ~UNTOUCHED;
	}
	if (s->flags & ADD) {
		igt_assert_eq(nsvm_gpu_add(&ch, p, s->a.size, s->stride, VALUE), 0);
		s->new += VALUE;
	}
	if (s->flags & ATOMIC) {
		igt_assert_eq(nsvm_gpu_atomic(&ch, p, s->a.size, s->stride, VALUE, TIMES), 0);
		s->new += TIMES * VALUE;
	}
}

/* Only then is it known which size is to be had, and that nobody is in the way. */
static void check_place(const struct state *s)
{
	unsigned int order = nsvm_pages_order(s->a.pages);

	if (s->flags & (SCARCE | SHARED | PULLED) ||
	    !(svm.features & NOUVEAU_SVM_BIND_FEATURE_QUERY))
		return;
	if (s->flags & HOST && !(s->flags & BOUND)) {
		/* Pages that only the GPU may use just now have no place in the query. */
		if (!(s->flags & (UNTOUCHED | ATOMIC)))
			nsvm_assert_in_ram(&svm, s->a.p, s->a.size);
		igt_assert_eq_u64(nsvm_where(&svm, s->a.p, s->a.size).vram, 0);
	} else if (s->zero) {
		nsvm_assert_in_vram(&svm, s->a.p, s->a.size);
	} else {
		nsvm_assert_vram_order(&svm, s->a.p, s->a.size, order);
	}
}

static void check_content(const struct state *s)
{
	const char *what = "not touched by the GPU";
	uint32_t *next = (uint32_t *)s->a.p + 1;

	if (s->flags & UNTOUCHED)
		assert_touched(s);
	else
		nsvm_assert_pattern(s->a.p, s->a.size, s->stride, s->new, "touched by the GPU");
	/* The word behind each that was touched, and one of every page. */
	if (s->zero) {
		nsvm_assert_zero(next, s->a.size - 4, NSVM_PAGE_WORDS, what);
		return;
	}
	nsvm_assert_pattern(next, s->a.size - 4, NSVM_PAGE_WORDS, s->old + 1, what);
}

static void test_access(unsigned int flags, enum nsvm_pages pages)
{
	struct state s = {
		.flags = flags, .stride = strides[pages], .old = NSVM_SEED, .new = NSVM_SEED,
		.zero = flags & UNTOUCHED, .go = -1,
	};

	nsvm_begin(&svm);
	if (flags & HOST)
		nsvm_require_features(&svm, NOUVEAU_SVM_BIND_FEATURE_POLICY);
	nsvm_require_channel(&svm, &ch, NSVM_COMPUTE);
	if (flags & SCARCE)
		nsvm_hog_new(&svm, &hog, LEAVE);
	if (s.zero)
		s.new = 0;
	s.a = area(flags, pages);
	make_ready(&s);
	access_it(&s);
	check_place(&s);
	unshare(&s);
	if (flags & SCARCE)
		igt_assert_eq(nsvm_hog_use(&hog, &ch), 0);
	check_content(&s);
	nsvm_area_del(&s.a);
	nsvm_hog_del(&svm, &hog);
	nsvm_assert_sound(&svm);
}

/**
 * SUBTEST: many-%s-%s
 * Description: On %arg[2] pages, faults of one time: %arg[1]
 *
 * arg[1]:
 *
 * @pages:		one launch touches every page of 1 MiB
 * @apart:		one launch touches a word of each of 32 times 2 MiB
 * @warps:		64 warps add to one word
 * @channels:		three channels add to the same pages
 * @both-sides:		one launch reads one area and writes another
 * @evict:		one launch touches every page of more than VRAM has room for
 * @bound:		none at all, since SVM_BIND has mapped what it has moved
 *
 * arg[2]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
static void many_pages(enum nsvm_pages pages)
{
	struct nsvm_area a = nsvm_area_filled(&svm, NSVM_HUGE_SIZE, pages, NSVM_SEED);
	uint64_t half = a.size / 2;

	igt_assert_eq(nsvm_gpu_add(&ch, a.p, half, NSVM_PAGE_WORDS, VALUE), 0);
	nsvm_assert_pattern(a.p, half, NSVM_PAGE_WORDS, NSVM_SEED + VALUE, "touched");
	nsvm_assert_pattern((uint32_t *)a.p + 1, a.size - 4, NSVM_PAGE_WORDS, NSVM_SEED + 1,
			    "not touched");
	nsvm_area_del(&a);
}

static void many_apart(enum nsvm_pages pages)
{
	const unsigned int windows = 32, stride = (unsigned int)(NSVM_HUGE_SIZE / 4);
	struct nsvm_area a = nsvm_area_new(windows * NSVM_HUGE_SIZE, pages);

	nsvm_fill(a.p, a.size, stride, NSVM_SEED);
	igt_assert_eq(nsvm_gpu_add(&ch, a.p, a.size, stride, VALUE), 0);
	nsvm_assert_pattern(a.p, a.size, stride, NSVM_SEED + VALUE, "touched");
	for (unsigned int i = 0; i < windows; i++)
		nsvm_assert_zero((char *)a.p + i * NSVM_HUGE_SIZE + 4, 4, 1, "not touched");
	nsvm_area_del(&a);
}

static void many_warps(enum nsvm_pages pages)
{
	struct nsvm_area a = nsvm_area_filled(&svm, sizes[pages], pages, NSVM_SEED);
	uint32_t *word = (uint32_t *)a.p + a.size / 8 + 3;
	const uint32_t before = *word, threads = 64 * 32;
	const uint64_t args[] = { (uintptr_t)word, 0, 0, VALUE, threads };

	nsvm_launch(&ch, NSVM_KERNEL_ATOMIC, threads, args);
	igt_assert_eq(nsvm_finish(&ch), 0);
	igt_assert_f(*word == before + threads * VALUE, "at %p expected %#010x, actual %#010x\n",
		     word, before + threads * VALUE, *word);
	nsvm_assert_pattern(a.p, a.size, strides[pages], NSVM_SEED, "not touched");
	nsvm_area_del(&a);
}

static void many_channels(enum nsvm_pages pages)
{
	const uint32_t threads = (uint32_t)(NSVM_HUGE_SIZE / NSVM_PAGE);
	struct nsvm_area a = nsvm_area_filled(&svm, NSVM_HUGE_SIZE, pages, NSVM_SEED);
	const uint64_t args[] = { (uintptr_t)a.p, NSVM_PAGE_WORDS, threads - 1, VALUE, threads };
	uint32_t seq[CHANNELS];

	for (unsigned int i = 0; i < CHANNELS; i++) {
		nsvm_require_channel(&svm, &more[i], NSVM_COMPUTE);
		nsvm_launch(&more[i], NSVM_KERNEL_ATOMIC, threads, args);
	}
	for (unsigned int i = 0; i < CHANNELS; i++)
		igt_assert_eq(nsvm_submit(&more[i], &seq[i]), 0);
	for (unsigned int i = 0; i < CHANNELS; i++)
		igt_assert_eq(nsvm_wait(&more[i], seq[i], NSVM_WAIT_MS), 0);
	nsvm_assert_pattern(a.p, a.size, NSVM_PAGE_WORDS, NSVM_SEED + CHANNELS * VALUE, "touched");
	nsvm_area_del(&a);
}

static void many_both_sides(enum nsvm_pages pages)
{
	struct nsvm_area from = nsvm_area_filled(&svm, sizes[pages], pages, NSVM_SEED);
	struct nsvm_area to = nsvm_area_new(NSVM_HUGE_SIZE, pages);
	const uint32_t *seen = to.p;

	igt_assert_eq(nsvm_gpu_read(&ch, to.p, from.p, from.size, 64), 0);
	for (uint32_t i = 0; i < from.size / 256; i++)
		igt_assert_f(seen[i] == NSVM_SEED + 64 * i,
			     "at %p expected %#010x, actual %#010x\n", &seen[i],
			     NSVM_SEED + 64 * i, seen[i]);
	nsvm_assert_pattern(from.p, from.size, 64, NSVM_SEED, "read only by the GPU");
	nsvm_area_del(&from);
	nsvm_area_del(&to);
}

static void many_evict(enum nsvm_pages pages)
{
	struct nsvm_area other, a;

	/* What the buffers leave goes to other memory, which is older. */
	nsvm_hog_new(&svm, &hog, LEAVE / 2);
	igt_assert_eq(nsvm_hog_use(&hog, &ch), 0);
	other = nsvm_area_filled(&svm, LEAVE / 2, NSVM_HUGE, NSVM_SEED);
	igt_assert_lte(0, (int)nsvm_to_vram(&svm, other.p, other.size));
	a = nsvm_area_filled(&svm, 2 * sizes[pages], pages, NSVM_SEED);
	igt_assert_eq(nsvm_policy(&svm, a.p, a.size, NOUVEAU_SVM_BIND_POLICY__DEVICE), 0);
	igt_assert_eq(nsvm_gpu_add(&ch, a.p, a.size, NSVM_PAGE_WORDS, VALUE), 0);
	nsvm_assert_pattern(a.p, a.size, NSVM_PAGE_WORDS, NSVM_SEED + VALUE, "touched");
	nsvm_assert_pattern(other.p, other.size, NSVM_PAGE_WORDS, NSVM_SEED, "in its way");
	nsvm_area_del(&a);
	nsvm_area_del(&other);
	nsvm_hog_del(&svm, &hog);
}

static void many_bound(enum nsvm_pages pages)
{
	struct nsvm_area a = nsvm_area_filled(&svm, sizes[pages], pages, NSVM_SEED);
	int64_t before, after;

	igt_require_f(nsvm_counter(&svm, "GPU faults read") >= 0, "the driver does not count\n");
	igt_assert_lte(0, (int)nsvm_to_vram(&svm, a.p, a.size));
	before = nsvm_counter(&svm, "GPU faults read");
	igt_assert_eq(nsvm_gpu_add(&ch, a.p, a.size, strides[pages], VALUE), 0);
	nsvm_assert_gpu_sees(&ch, a.p, a.size, strides[pages], NSVM_SEED + VALUE, "bound");
	after = nsvm_counter(&svm, "GPU faults read");
	igt_assert_f(after == before, "from %p, %#" PRIx64 " bytes: expected 0 faults, actual %"
		     PRId64 "\n", a.p, a.size, after - before);
	nsvm_assert_vram_order(&svm, a.p, a.size, nsvm_pages_order(pages));
	nsvm_area_del(&a);
}

static const struct {
	const char *name;
	void (*run)(enum nsvm_pages pages);
} many[] = {
	{ "pages", many_pages },
	{ "apart", many_apart },
	{ "warps", many_warps },
	{ "channels", many_channels },
	{ "both-sides", many_both_sides },
	{ "evict", many_evict },
	{ "bound", many_bound },
};

/* Under "auto" memory that the CPU has pulled back stays away for a while. */
static void no_guard(void)
{
	nsvm_debugfs_write(&svm, "svm_guard_ms", "0");
}

static void guard_again(int sig)
{
	(void)sig;
	if (svm.fd >= 0)
		nsvm_debugfs_write(&svm, "svm_guard_ms", "100");
}

/* Filling VRAM takes its time: what differs when there is none will do. */
static bool is_worth_it(unsigned int flags)
{
	unsigned int access = flags & (READ | WRITE | ADD | ATOMIC);

	if (!(flags & SCARCE))
		return true;
	return (access == READ || access == WRITE || access == ATOMIC) &&
	       !(flags & (PULLED | SHARED));
}

static void subtests_of(const struct section *access, const struct section *memory)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
		unsigned int flags = access->flags | memory->flags | places[i].flags;

		for (unsigned int pages = 0; is_worth_it(flags) && pages < NSVM_NR_PAGES; pages++)
			igt_subtest_f("%s-%s-%s-%s", access->name, memory->name, places[i].name,
				      nsvm_pages_name(pages))
				test_access(flags, pages);
	}
}

int igt_main()
{
	igt_fixture() {
		nsvm_require(&svm);
		igt_install_exit_handler(guard_again);
		no_guard();
	}

	for (unsigned int i = 0; i < ARRAY_SIZE(accesses); i++)
		for (unsigned int k = 0; k < ARRAY_SIZE(memories); k++)
			subtests_of(&accesses[i], &memories[k]);
	for (unsigned int i = 0; i < ARRAY_SIZE(many); i++) {
		for (unsigned int pages = 0; pages < NSVM_NR_PAGES; pages++) {
			igt_subtest_f("many-%s-%s", many[i].name, nsvm_pages_name(pages)) {
				nsvm_begin(&svm);
				nsvm_require_channel(&svm, &ch, NSVM_COMPUTE);
				many[i].run(pages);
				nsvm_assert_sound(&svm);
			}
		}
	}

	igt_fixture() {
		for (unsigned int i = 0; i < CHANNELS; i++)
			nsvm_channel_close(&more[i]);
		nsvm_channel_close(&ch);
		guard_again(0);
		nsvm_close(&svm);
	}
}
