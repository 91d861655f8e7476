// SPDX-License-Identifier: MIT
/**
 * TEST: nouveau svm huge
 * Category: Core
 * Mega feature: SVM
 * Sub-category: large folios
 * Description: Memory moves and is mapped in large pieces, and which sizes those are
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "igt.h"
#include "igt_nouveau_svm.h"

IGT_TEST_DESCRIPTION("Sizes of folios and of translations");

#define HUGE	NSVM_HUGE_SIZE
#define SEED_2	0x20000000u
#define LEAVE	(12ull << 20)

static struct nsvm svm = { .fd = -1 };
static struct nsvm_channel ch;
static struct nsvm_hog hog;

/**
 * SUBTEST: range-%s
 * Description: SVM_BIND of %arg[1] in an area of huge pages: exactly that is in VRAM, in
 *              the largest folios that its alignment allows; content and the rest are right,
 *              and again after the way back
 *
 * arg[1]:
 *
 * @one:		one huge page
 * @three:		three huge pages
 * @half:		the lower half of one
 * @straddle:		the halves of two that touch
 * @quarter:		the third quarter of one
 * @from-page-1:	all of one but its first page
 * @to-last-page:	all of one but its last page
 * @odd:		pages 3 to 300 of one
 * @one-and-more:	one and the first 64 KiB of the next
 * @page:		one page in the middle of one
 */
static const struct range {
	const char *name;
	unsigned int first;	/* pages */
	unsigned int last;	/* one past */
} ranges[] = {
	{ "one", 0, 512 },
	{ "three", 0, 1536 },
	{ "half", 0, 256 },
	{ "straddle", 256, 768 },
	{ "quarter", 256, 384 },
	{ "from-page-1", 1, 512 },
	{ "to-last-page", 0, 511 },
	{ "odd", 3, 300 },
	{ "one-and-more", 512, 1040 },
	{ "page", 77, 78 },
};

/* The largest aligned folio that begins at @page and stays in the range; no order 1. */
static unsigned int largest(unsigned int page, unsigned int last)
{
	unsigned int order = 9;

	while (order && (page % (1u << order) || page + (1u << order) > last || order == 1))
		order--;
	return order;
}

static void assert_orders(const char *base, unsigned int first, unsigned int last, bool vram)
{
	struct nsvm_residency r = nsvm_where(&svm, base + first * NSVM_PAGE,
					     (last - first) * NSVM_PAGE);
	const uint64_t *actual = vram ? r.vram_order : r.ram_order;
	uint64_t expected[NSVM_ORDERS] = { 0 };
	bool same = true;

	for (unsigned int page = first; page < last;) {
		unsigned int order = largest(page, last);

		expected[order] += NSVM_PAGE << order;
		page += 1u << order;
	}
	for (unsigned int k = 0; k < NSVM_ORDERS; k++) {
		if (actual[k] == expected[k])
			continue;
		same = false;
		igt_info("pages %u to %u of %p: expected %" PRIu64 " KiB in %s of order %u, actual %"
			 PRIu64 "\n", first, last, (const void *)base, expected[k] >> 10,
			 vram ? "VRAM" : "RAM", k, actual[k] >> 10);
	}
	igt_assert_f(same, "folios are not as large as they could be\n");
}

static void test_range(const struct range *t)
{
	struct nsvm_area a = nsvm_area_filled(&svm, 3 * HUGE, NSVM_HUGE, NSVM_SEED);
	char *p = a.p;

	igt_assert_eq_s64(nsvm_to_vram(&svm, p + t->first * NSVM_PAGE,
				       (t->last - t->first) * NSVM_PAGE), t->last - t->first);
	assert_orders(p, t->first, t->last, true);
	if (t->first)
		nsvm_assert_in_ram(&svm, p, t->first * NSVM_PAGE);
	if (t->last < 3 * 512)
		nsvm_assert_in_ram(&svm, p + t->last * NSVM_PAGE, a.size - t->last * NSVM_PAGE);
	nsvm_assert_gpu_sees(&ch, p, a.size, 16 * NSVM_PAGE_WORDS, NSVM_SEED, "on both sides");
	igt_assert_lte(0, (int)nsvm_to_ram(&svm, p, a.size));
	nsvm_assert_in_ram(&svm, p, a.size);
	nsvm_assert_pattern(p, a.size, NSVM_PAGE_WORDS, NSVM_SEED, "back in RAM");
	nsvm_area_del(&a);
}

/**
 * SUBTEST: back-%s
 * Description: A huge folio is in VRAM and %arg[1]: how it comes back, and that it is right
 *
 * arg[1]:
 *
 * @cpu-read:		the CPU reads one word: all of it, as a huge page
 * @cpu-write:		the CPU writes one word in the middle: all of it, with that word
 * @gpu-then-cpu:	the GPU writes all of it, the CPU reads: all of it, as a huge page
 * @bind:		SVM_BIND to RAM: all of it, as a huge page
 * @bind-middle:	SVM_BIND of 64 KiB in the middle to RAM: only those
 * @bind-page:		SVM_BIND of one page to RAM: only that
 * @fork-child:		a child of fork() reads it: it is right for both
 * @evict:		the driver empties VRAM: all of it, as a huge page
 */
static void back_cpu_read(char *p)
{
	igt_assert_eq_u32(*(volatile uint32_t *)(p + HUGE / 2), NSVM_SEED + HUGE / 8);
	nsvm_assert_ram_order(&svm, p, HUGE, 9);
}

static void back_cpu_write(char *p)
{
	volatile uint32_t *word = (uint32_t *)(p + HUGE / 2 + 12);

	*word = *word + 0;
	nsvm_assert_ram_order(&svm, p, HUGE, 9);
	nsvm_assert_gpu_sees(&ch, p, HUGE, NSVM_PAGE_WORDS, NSVM_SEED, "after the CPU's write");
}

static void back_gpu_then_cpu(char *p)
{
	igt_assert_eq(nsvm_gpu_write(&ch, p, HUGE, NSVM_PAGE_WORDS, SEED_2), 0);
	nsvm_assert_vram_order(&svm, p, HUGE, 9);
	nsvm_assert_pattern(p, HUGE, NSVM_PAGE_WORDS, SEED_2, "written by the GPU");
	nsvm_assert_ram_order(&svm, p, HUGE, 9);
	nsvm_fill(p, HUGE, NSVM_PAGE_WORDS, NSVM_SEED);
}

static void back_bind(char *p)
{
	igt_assert_eq_s64(nsvm_to_ram(&svm, p, HUGE), HUGE / NSVM_PAGE);
	nsvm_assert_ram_order(&svm, p, HUGE, 9);
}

static void back_part(char *p, uint64_t at, uint64_t size)
{
	igt_assert_eq_s64(nsvm_to_ram(&svm, p + at, size), size / NSVM_PAGE);
	nsvm_assert_in_vram(&svm, p, at);
	nsvm_assert_in_ram(&svm, p + at, size);
	nsvm_assert_in_vram(&svm, p + at + size, HUGE - at - size);
	nsvm_assert_gpu_sees(&ch, p, HUGE, 16 * NSVM_PAGE_WORDS, NSVM_SEED, "in parts");
}

static void back_bind_middle(char *p)
{
	back_part(p, HUGE / 2, NSVM_MTHP_SIZE);
}

static void back_bind_page(char *p)
{
	back_part(p, HUGE / 2 + NSVM_PAGE, NSVM_PAGE);
}

static void back_fork_child(char *p)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(!!nsvm_wrong(p, HUGE, NSVM_PAGE_WORDS, NSVM_SEED, NULL));
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert_f(WIFEXITED(status) && !WEXITSTATUS(status), "the child: status %#x\n", status);
}

static void back_evict(char *p)
{
	int ret = nsvm_debugfs_write(&svm, "dmem", "evict");

	igt_require_f(ret != -ENOENT, "no debugfs\n");
	igt_assert_eq(ret, 0);
	nsvm_assert_ram_order(&svm, p, HUGE, 9);
}

static const struct {
	const char *name;
	void (*run)(char *p);
} backs[] = {
	{ "cpu-read", back_cpu_read },
	{ "cpu-write", back_cpu_write },
	{ "gpu-then-cpu", back_gpu_then_cpu },
	{ "bind", back_bind },
	{ "bind-middle", back_bind_middle },
	{ "bind-page", back_bind_page },
	{ "fork-child", back_fork_child },
	{ "evict", back_evict },
};

static void test_back(void (*run)(char *p))
{
	struct nsvm_area a = nsvm_area_filled(&svm, HUGE, NSVM_HUGE, NSVM_SEED);

	igt_assert_eq_s64(nsvm_to_vram(&svm, a.p, HUGE), HUGE / NSVM_PAGE);
	nsvm_assert_vram_order(&svm, a.p, HUGE, 9);
	run(a.p);
	nsvm_assert_pattern(a.p, HUGE, NSVM_PAGE_WORDS, NSVM_SEED, "at last");
	nsvm_area_del(&a);
	nsvm_assert_sound(&svm);
}

/**
 * SUBTEST: split-%s-%s
 * Description: A huge folio is split by %arg[1] while it is %arg[2]: both sides see what
 *              they should, it moves on in parts, and nothing is left behind
 *
 * arg[1]:
 *
 * @munmap:		munmap() of 64 KiB in the middle
 * @dontneed:		MADV_DONTNEED of one page
 * @mprotect:		mprotect() of 64 KiB
 * @mremap:		mremap() of one half elsewhere
 *
 * arg[2]:
 *
 * @ram:		in RAM, before it moves
 * @vram:		in VRAM
 * @scarce:		in VRAM, of which buffer objects then take nearly all
 */
enum splitter { BY_MUNMAP, BY_DONTNEED, BY_MPROTECT, BY_MREMAP, NR_SPLITTERS };
static const char *const splitters[NR_SPLITTERS] = { "munmap", "dontneed", "mprotect", "mremap" };
static const char *const places[] = { "ram", "vram", "scarce" };

static void split(enum splitter by, char *p, char *elsewhere)
{
	switch (by) {
	case BY_MUNMAP:
		igt_assert_eq(munmap(p + HUGE / 2, NSVM_MTHP_SIZE), 0);
		break;
	case BY_DONTNEED:
		igt_assert_eq(madvise(p + HUGE / 2, NSVM_PAGE, MADV_DONTNEED), 0);
		break;
	case BY_MPROTECT:
		igt_assert_eq(mprotect(p + HUGE / 2, NSVM_MTHP_SIZE, PROT_READ), 0);
		break;
	default:
		igt_assert(mremap(p + HUGE / 2, HUGE / 2, HUGE / 2, MREMAP_MAYMOVE | MREMAP_FIXED,
				  elsewhere + HUGE / 2) == elsewhere + HUGE / 2);
	}
}

static void check_split(enum splitter by, char *p, char *elsewhere, unsigned int stride,
			bool gpu)
{
	uint64_t gone = by == BY_MUNMAP ? NSVM_MTHP_SIZE : by == BY_DONTNEED ? NSVM_PAGE : 0;
	char *upper = (by == BY_MREMAP ? elsewhere : p) + HUGE / 2 + gone;
	uint32_t seed = NSVM_SEED + (uint32_t)((HUGE / 2 + gone) / 4);
	uint64_t rest = HUGE / 2 - gone;

	if (gpu) {
		nsvm_assert_gpu_sees(&ch, p, HUGE / 2, stride, NSVM_SEED, "lower half");
		nsvm_assert_gpu_sees(&ch, upper, rest, stride, seed, "upper half");
		if (by == BY_DONTNEED)
			nsvm_assert_gpu_sees_zero(&ch, p + HUGE / 2, NSVM_PAGE, 1, "hole");
	} else {
		nsvm_assert_pattern(p, HUGE / 2, stride, NSVM_SEED, "lower half");
		nsvm_assert_pattern(upper, rest, stride, seed, "upper half");
		if (by == BY_DONTNEED)
			nsvm_assert_zero(p + HUGE / 2, NSVM_PAGE, 1, "hole");
	}
}

static void test_split(enum splitter by, unsigned int place)
{
	struct nsvm_area elsewhere = nsvm_area_new(HUGE, NSVM_HUGE);
	struct nsvm_area a = nsvm_area_filled(&svm, HUGE, NSVM_HUGE, NSVM_SEED);

	if (place == 2)
		nsvm_hog_new(&svm, &hog, LEAVE);
	if (place)
		igt_assert_eq_s64(nsvm_to_vram(&svm, a.p, HUGE), HUGE / NSVM_PAGE);
	split(by, a.p, elsewhere.p);
	if (place == 2)
		igt_assert_eq(nsvm_hog_use(&hog, &ch), 0);
	check_split(by, a.p, elsewhere.p, 64 * NSVM_PAGE_WORDS, true);
	igt_assert_lte(0, (int)nsvm_to_vram(&svm, a.p, HUGE));
	igt_assert_lte(0, (int)nsvm_to_vram(&svm, elsewhere.p, HUGE));
	if (place < 2)
		nsvm_assert_in_vram(&svm, a.p, HUGE / 2);
	check_split(by, a.p, elsewhere.p, 64 * NSVM_PAGE_WORDS, true);
	check_split(by, a.p, elsewhere.p, NSVM_PAGE_WORDS, false);
	nsvm_hog_del(&svm, &hog);
	nsvm_area_del(&elsewhere);
	nsvm_area_del(&a);
	nsvm_assert_sound(&svm);
}

/**
 * SUBTEST: maps-%s
 * Description: How few GPU faults %arg[1] takes: the translation is as large as the memory
 *
 * arg[1]:
 *
 * @ram-huge:		reading a huge page of RAM under the policy "host": one
 * @ram-mthp:		reading 64 KiB folios of RAM under "host": one for each
 * @vram-huge:		reading and writing a huge folio after SVM_BIND: none
 * @vram-mthp:		reading and writing 64 KiB folios after SVM_BIND: none
 * @vram-base:		reading and writing pages after SVM_BIND: none
 * @twice-huge:		reading and writing a huge folio after two SVM_BINDs: none
 * @twice-mthp:		reading and writing 64 KiB folios after two SVM_BINDs: none
 * @twice-base:		reading and writing pages after two SVM_BINDs: none
 * @first-touch:	writing a huge page that nobody has touched: one
 */
static int64_t faults(void)
{
	int64_t n = nsvm_counter(&svm, "GPU faults served by migration");
	int64_t m = nsvm_counter(&svm, "GPU faults served by mapping in place");

	igt_require_f(n >= 0 && m >= 0, "no debugfs\n");
	return n + m;
}

static const struct maps {
	const char *name;
	enum nsvm_pages pages;
	unsigned int binds;
	bool touched;
	unsigned int faults;
	const char *counter;	/* of the model: translations that were written */
} all_maps[] = {
	{ "ram-huge", NSVM_HUGE, 0, true, 1, "pte.written.2m" },
	{ "ram-mthp", NSVM_MTHP, 0, true, 4, "pte.written.64k" },
	{ "vram-huge", NSVM_HUGE, 1, true, 0, "pte.written.2m" },
	{ "vram-mthp", NSVM_MTHP, 1, true, 0, "pte.written.64k" },
	{ "vram-base", NSVM_BASE, 1, true, 0, NULL },
	{ "twice-huge", NSVM_HUGE, 2, true, 0, "pte.written.2m" },
	{ "twice-mthp", NSVM_MTHP, 2, true, 0, "pte.written.64k" },
	{ "twice-base", NSVM_BASE, 2, true, 0, NULL },
	{ "first-touch", NSVM_HUGE, 0, false, 1, "pte.written.2m" },
};

static void test_maps(const struct maps *t)
{
	uint64_t size = t->pages == NSVM_HUGE ? HUGE : 4 * NSVM_MTHP_SIZE, written = 0;
	int64_t before;
	struct nsvm_area a;

	if (t->touched)
		a = nsvm_area_filled(&svm, size, t->pages, NSVM_SEED);
	else
		a = nsvm_area_new(size, t->pages);
	if (t->touched && !t->binds)
		igt_assert_eq(nsvm_policy(&svm, a.p, size, NOUVEAU_SVM_BIND_POLICY__HOST), 0);
	if (nsvm_model_there() && t->counter)
		written = nsvm_model_counter(t->counter);
	for (unsigned int i = 0; i < t->binds; i++)
		igt_assert_eq_s64(nsvm_to_vram(&svm, a.p, size), i ? 0 : size / NSVM_PAGE);
	before = faults();
	if (t->binds || !t->touched)
		igt_assert_eq(nsvm_gpu_write(&ch, a.p, size, NSVM_PAGE_WORDS, NSVM_SEED), 0);
	if (t->touched)
		nsvm_assert_gpu_sees(&ch, a.p, size, NSVM_PAGE_WORDS, NSVM_SEED, "mapped");
	igt_assert_eq_s64(faults() - before, t->faults);
	if (nsvm_model_there() && t->counter)
		igt_assert_lt_u64(written, nsvm_model_counter(t->counter));
	if (t->binds || !t->touched)
		nsvm_assert_vram_order(&svm, a.p, size, nsvm_pages_order(t->pages));
	nsvm_assert_pattern(a.p, size, NSVM_PAGE_WORDS, NSVM_SEED, "at last");
	nsvm_area_del(&a);
}

/**
 * SUBTEST: zero-page-huge
 * Description: The huge zero page goes to VRAM as a folio of its own; others still see zeroes
 *
 * SUBTEST: zero-page-base
 * Description: Pages that were only read go to VRAM as pages of their own
 *
 * SUBTEST: holes-fill
 * Description: A huge range of which one page was touched goes to VRAM: the hole is zeroes,
 *              the page is right
 *
 * SUBTEST: mixed-orders
 * Description: One range of huge, 64 KiB and single pages moves both ways with its sizes
 *
 * SUBTEST: merge-after-free
 * Description: VRAM that was used by single pages serves huge folios after they are freed
 *
 * SUBTEST: merge-after-return
 * Description: VRAM that was used by single pages serves huge folios after the CPU took them
 */
static void zero_page(enum nsvm_pages pages)
{
	uint64_t size = pages == NSVM_HUGE ? HUGE : NSVM_MTHP_SIZE;
	struct nsvm_area a = nsvm_area_new(size, pages), other = nsvm_area_new(size, pages);

	nsvm_assert_zero(a.p, size, NSVM_PAGE_WORDS, "zero page");
	nsvm_assert_zero(other.p, size, NSVM_PAGE_WORDS, "zero page");
	igt_assert_lte(0, (int)nsvm_to_vram(&svm, a.p, size));
	nsvm_assert_vram_order(&svm, a.p, size, nsvm_pages_order(pages));
	igt_assert_eq(nsvm_gpu_write(&ch, a.p, size, NSVM_PAGE_WORDS, SEED_2), 0);
	nsvm_assert_pattern(a.p, size, NSVM_PAGE_WORDS, SEED_2, "written by the GPU");
	nsvm_assert_zero(other.p, size, 1, "somebody else's zero page");
	nsvm_area_del(&a);
	nsvm_area_del(&other);
}

static void zero_page_huge(void)
{
	zero_page(NSVM_HUGE);
}

static void zero_page_base(void)
{
	zero_page(NSVM_BASE);
}

static void holes_fill(void)
{
	struct nsvm_area a = nsvm_area_new(HUGE, NSVM_HUGE);
	char *page = (char *)a.p + 100 * NSVM_PAGE;

	nsvm_pages_select(NSVM_BASE);
	igt_assert_eq(madvise(a.p, HUGE, MADV_NOHUGEPAGE), 0);
	nsvm_fill(page, NSVM_PAGE, 1, NSVM_SEED);
	igt_assert_eq(madvise(a.p, HUGE, MADV_HUGEPAGE), 0);
	igt_assert_eq_s64(nsvm_to_vram(&svm, a.p, HUGE), HUGE / NSVM_PAGE);
	nsvm_assert_in_vram(&svm, a.p, HUGE);
	nsvm_assert_gpu_sees_zero(&ch, a.p, 100 * NSVM_PAGE, NSVM_PAGE_WORDS, "hole");
	nsvm_assert_gpu_sees(&ch, page, NSVM_PAGE, 1, NSVM_SEED, "page");
	nsvm_assert_zero(a.p, 100 * NSVM_PAGE, 1, "hole");
	nsvm_assert_pattern(page, NSVM_PAGE, 1, NSVM_SEED, "page");
	nsvm_assert_zero(page + NSVM_PAGE, HUGE - 101 * NSVM_PAGE, NSVM_PAGE_WORDS, "hole");
	nsvm_area_del(&a);
}

static void mixed_orders(void)
{
	struct nsvm_area a = nsvm_area_new(2 * HUGE, NSVM_HUGE);
	char *p = a.p;

	nsvm_fill(p, HUGE, NSVM_PAGE_WORDS, NSVM_SEED);
	nsvm_pages_select(NSVM_MTHP);
	nsvm_fill(p + HUGE, HUGE / 2, NSVM_PAGE_WORDS, NSVM_SEED + HUGE / 4);
	igt_assert_eq(madvise(p + HUGE, HUGE, MADV_NOHUGEPAGE), 0);
	nsvm_fill(p + 3 * HUGE / 2, HUGE / 2, NSVM_PAGE_WORDS, NSVM_SEED + 3 * HUGE / 8);
	for (int round = 0; round < 2; round++) {
		igt_assert_eq_s64(nsvm_to_vram(&svm, p, 2 * HUGE), 2 * HUGE / NSVM_PAGE);
		nsvm_assert_vram_order(&svm, p, HUGE, 9);
		nsvm_assert_vram_order(&svm, p + HUGE, HUGE / 2, 4);
		nsvm_assert_vram_order(&svm, p + 3 * HUGE / 2, HUGE / 2, 0);
		nsvm_assert_gpu_sees(&ch, p, 2 * HUGE, NSVM_PAGE_WORDS, NSVM_SEED, "in VRAM");
		igt_assert_eq_s64(nsvm_to_ram(&svm, p, 2 * HUGE), 2 * HUGE / NSVM_PAGE);
		nsvm_assert_ram_order(&svm, p, HUGE, 9);
		nsvm_assert_ram_order(&svm, p + HUGE, HUGE / 2, 4);
		nsvm_assert_ram_order(&svm, p + 3 * HUGE / 2, HUGE / 2, 0);
		nsvm_assert_pattern(p, 2 * HUGE, NSVM_PAGE_WORDS, NSVM_SEED, "in RAM");
	}
	nsvm_area_del(&a);
}

/* Single pages in two chunks, away again, then a huge page: whole, and nothing pushed out. */
static void merge(bool by_return)
{
	struct nsvm_area small = nsvm_area_filled(&svm, 2 * HUGE, NSVM_BASE, NSVM_SEED), a;
	int64_t free;

	igt_assert_eq_s64(nsvm_to_vram(&svm, small.p, small.size), small.size / NSVM_PAGE);
	free = nsvm_counter(&svm, "chunks free");
	igt_require_f(free >= 0, "no debugfs\n");
	if (by_return)
		igt_assert_eq_s64(nsvm_to_ram(&svm, small.p, small.size), small.size / NSVM_PAGE);
	else
		nsvm_area_del(&small);
	nsvm_assert_sound(&svm);
	igt_assert_lte((int)(free + 1), (int)nsvm_counter(&svm, "chunks free"));
	a = nsvm_area_filled(&svm, HUGE, NSVM_HUGE, NSVM_SEED);
	igt_assert_eq_s64(nsvm_to_vram(&svm, a.p, HUGE), HUGE / NSVM_PAGE);
	nsvm_assert_vram_order(&svm, a.p, HUGE, 9);
	nsvm_area_del(&a);
	nsvm_area_del(&small);
}

static void merge_after_free(void)
{
	merge(false);
}

static void merge_after_return(void)
{
	merge(true);
}

/* What every subtest begins with. */
static void begin(void)
{
	nsvm_begin(&svm);
	nsvm_require_channel(&svm, &ch, NSVM_COMPUTE);
}

int igt_main()
{
	static const struct {
		const char *name;
		void (*run)(void);
	} plain[] = {
		{ "zero-page-huge", zero_page_huge },
		{ "zero-page-base", zero_page_base },
		{ "holes-fill", holes_fill },
		{ "mixed-orders", mixed_orders },
		{ "merge-after-free", merge_after_free },
		{ "merge-after-return", merge_after_return },
	};

	igt_fixture() {
		nsvm_require(&svm);
		nsvm_require_features(&svm, NSVM_FEATURES_ALL);
	}

	for (unsigned int i = 0; i < ARRAY_SIZE(ranges); i++) {
		igt_subtest_f("range-%s", ranges[i].name) {
			begin();
			test_range(&ranges[i]);
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(backs); i++) {
		igt_subtest_f("back-%s", backs[i].name) {
			begin();
			test_back(backs[i].run);
		}
	}
	for (unsigned int by = 0; by < NR_SPLITTERS; by++) {
		for (unsigned int place = 0; place < ARRAY_SIZE(places); place++) {
			igt_subtest_f("split-%s-%s", splitters[by], places[place]) {
				begin();
				test_split(by, place);
			}
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(all_maps); i++) {
		igt_subtest_f("maps-%s", all_maps[i].name) {
			begin();
			test_maps(&all_maps[i]);
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(plain); i++) {
		igt_subtest(plain[i].name) {
			begin();
			plain[i].run();
		}
	}

	igt_fixture() {
		nsvm_channel_close(&ch);
		nsvm_close(&svm);
	}
}
