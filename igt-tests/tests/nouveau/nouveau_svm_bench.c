// SPDX-License-Identifier: MIT
/**
 * TEST: nouveau svm bench
 * Category: Core
 * Mega feature: SVM
 * Sub-category: benchmarks
 * Description: How long moves and faults take. Each subtest prints one line, which begins
 *              with "bench:"; it fails when the content is wrong, never for being slow
 */
#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "igt.h"
#include "igt_nouveau_svm.h"

IGT_TEST_DESCRIPTION("Latency and throughput of moves and faults");

#define TIMES	15u	/* how often a latency is taken */
#define LEAVE	(8ull << 20)	/* VRAM that buffer objects leave, where it is scarce */

/* What throughput is taken of: as much as an emulated GPU does in a second or so. */
static const uint64_t sizes[NSVM_NR_PAGES] = {
	[NSVM_BASE] = 1ull << 20,
	[NSVM_MTHP] = 4ull << 20,
	[NSVM_HUGE] = 16ull << 20,
};

static struct nsvm svm = { .fd = -1 };
static struct nsvm_channel ch;
static struct nsvm_hog hog;

/**
 * SUBTEST: %s-%s-%s
 * Description: %arg[2] of %arg[1], on %arg[3] pages
 *
 * arg[1]:
 *
 * @bind:		SVM_BIND to VRAM
 * @back:		SVM_BIND to RAM
 * @touch:		CPU faults on memory in VRAM
 * @fault:		GPU faults that move memory to VRAM
 * @zero:		GPU faults on memory that nobody has touched
 * @map:		GPU faults that map memory in RAM
 * @use:		GPU accesses to memory in VRAM that is mapped, for comparison
 *
 * arg[2]:
 *
 * @latency:		microseconds for one page: the median of 15 tries, and the least
 * @throughput:		MiB in a second, while VRAM is free
 *
 * arg[3]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */

/**
 * SUBTEST: %s-scarce-%s
 * Description: MiB in a second of %arg[1], while others have to leave VRAM for it, on %arg[2]
 *              pages
 *
 * arg[1]:
 *
 * @bind:		SVM_BIND to VRAM
 * @fault:		GPU faults that move memory to VRAM
 * @zero:		GPU faults on memory that nobody has touched
 *
 * arg[2]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
enum {
	FROM_VRAM	= 1 << 0,	/* it is there before */
	IN_PLACE	= 1 << 1,	/* it stays in RAM */
	UNTOUCHED	= 1 << 2,
	ON_GPU		= 1 << 3,
	TO_VRAM		= 1 << 4,	/* so that scarcity makes a difference */
};

static void run_bind(const struct nsvm_area *a, uint64_t size)
{
	igt_assert_lte(0, (int)nsvm_to_vram(&svm, a->p, size));
}

static void run_back(const struct nsvm_area *a, uint64_t size)
{
	igt_assert_lte(0, (int)nsvm_to_ram(&svm, a->p, size));
}

static void run_touch(const struct nsvm_area *a, uint64_t size)
{
	for (uint64_t at = 0; at < size; at += NSVM_PAGE)
		(void)*(volatile char *)((char *)a->p + at);
}

static void run_gpu(const struct nsvm_area *a, uint64_t size)
{
	/* One access to each page: more would be faults that the first one serves. */
	igt_assert_eq(nsvm_gpu_add(&ch, a->p, size,
				   (unsigned int)(nsvm_pages_size(a->pages) / 4), 0), 0);
}

static const struct work {
	const char *name;
	void (*run)(const struct nsvm_area *a, uint64_t size);
	unsigned int flags;
} works[] = {
	{ "bind", run_bind, TO_VRAM },
	{ "back", run_back, FROM_VRAM },
	{ "touch", run_touch, FROM_VRAM },
	{ "fault", run_gpu, ON_GPU | TO_VRAM },
	{ "zero", run_gpu, ON_GPU | TO_VRAM | UNTOUCHED },
	{ "map", run_gpu, ON_GPU | IN_PLACE },
	{ "use", run_gpu, ON_GPU | FROM_VRAM },
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* One try, on fresh memory. Returns nanoseconds. */
static uint64_t measure(const struct work *w, uint64_t size, enum nsvm_pages pages)
{
	struct nsvm_area a;
	uint64_t start, ns;

	if (w->flags & UNTOUCHED)
		a = nsvm_area_new(size, pages);
	else
		a = nsvm_area_filled(&svm, size, pages, NSVM_SEED);
	if (w->flags & FROM_VRAM)
		run_bind(&a, size);
	if (w->flags & IN_PLACE)
		igt_assert_eq(nsvm_policy(&svm, a.p, size, NOUVEAU_SVM_BIND_POLICY__HOST), 0);
	else if (w->flags & ON_GPU && svm.features & NOUVEAU_SVM_BIND_FEATURE_POLICY)
		igt_assert_eq(nsvm_policy(&svm, a.p, size, NOUVEAU_SVM_BIND_POLICY__DEVICE), 0);
	start = now_ns();
	w->run(&a, size);
	ns = now_ns() - start;
	if (w->flags & UNTOUCHED)
		nsvm_assert_zero(a.p, size, NSVM_PAGE_WORDS, "measured memory");
	else
		nsvm_assert_pattern(a.p, size, NSVM_PAGE_WORDS, NSVM_SEED, "measured memory");
	nsvm_area_del(&a);
	return ns;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void begin(const struct work *w)
{
	nsvm_begin(&svm);
	if (w->flags & IN_PLACE)
		nsvm_require_features(&svm, NOUVEAU_SVM_BIND_FEATURE_POLICY);
	nsvm_require_channel(&svm, &ch, NSVM_COMPUTE);
}

static void test_latency(const struct work *w, enum nsvm_pages pages)
{
	uint64_t ns[TIMES];

	begin(w);
	for (unsigned int i = 0; i < TIMES; i++)
		ns[i] = measure(w, nsvm_pages_size(pages), pages);
	qsort(ns, TIMES, sizeof(ns[0]), compare);
	igt_info("bench: %s, latency, %" PRIu64 " KiB: %.1f us (median of %u), %.1f us (least)\n",
		 w->name, nsvm_pages_size(pages) >> 10, (double)ns[TIMES / 2] / 1000, TIMES,
		 (double)ns[0] / 1000);
}

static void test_throughput(const struct work *w, bool scarce, enum nsvm_pages pages)
{
	struct nsvm_area other = { 0 };
	uint64_t size = sizes[pages], ns;

	begin(w);
	/* Other memory takes what the buffers leave: somebody has to go. */
	if (scarce) {
		nsvm_hog_new(&svm, &hog, LEAVE);
		igt_assert_eq(nsvm_hog_use(&hog, &ch), 0);
		other = nsvm_area_filled(&svm, LEAVE, NSVM_HUGE, NSVM_SEED);
		run_bind(&other, LEAVE);
	}
	ns = measure(w, size, pages);
	nsvm_area_del(&other);
	nsvm_hog_del(&svm, &hog);
	igt_info("bench: %s, throughput, %" PRIu64 " KiB in pages of %" PRIu64
		 " KiB, VRAM %s: %.1f MiB/s\n", w->name, size >> 10,
		 nsvm_pages_size(pages) >> 10, scarce ? "scarce" : "free",
		 (double)size / (1 << 20) / ((double)ns / 1e9));
	nsvm_assert_sound(&svm);
}

int igt_main()
{
	igt_fixture()
		nsvm_require(&svm);

	for (unsigned int i = 0; i < ARRAY_SIZE(works); i++) {
		for (unsigned int pages = 0; pages < NSVM_NR_PAGES; pages++) {
			igt_subtest_f("%s-latency-%s", works[i].name, nsvm_pages_name(pages))
				test_latency(&works[i], pages);
			igt_subtest_f("%s-throughput-%s", works[i].name, nsvm_pages_name(pages))
				test_throughput(&works[i], false, pages);
			if (works[i].flags & TO_VRAM)
				igt_subtest_f("%s-scarce-%s", works[i].name, nsvm_pages_name(pages))
					test_throughput(&works[i], true, pages);
		}
	}

	igt_fixture() {
		nsvm_channel_close(&ch);
		nsvm_close(&svm);
	}
}
