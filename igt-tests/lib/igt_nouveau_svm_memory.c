// SPDX-License-Identifier: MIT
/*
 * Areas: private anonymous memory on pages of a chosen size, and patterns in it.
 *
 * An area lies in a mapping with an inaccessible border, so that it never merges with
 * a neighbour, and is remembered until it is unmapped: a subtest that fails jumps over
 * its own clearing up.
 *
 * Which size madvise() gives is a setting of the whole system. It is changed when an
 * area is made and put back when the program ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>

#include "igt.h"
#include "igt_nouveau_svm.h"
#include "igt_nouveau_svm_priv.h"

#define THP	"/sys/kernel/mm/transparent_hugepage/"
#define BORDER	NSVM_HUGE_SIZE
#define SHOWN	8u

static const struct {
	const char *name;
	unsigned int order;
	const char *word[3];	/* for the settings below */
} kinds[NSVM_NR_PAGES] = {
	[NSVM_BASE] = { "base", 0, { "madvise", "never", "never" } },
	[NSVM_MTHP] = { "mthp", 4, { "madvise", "madvise", "never" } },
	[NSVM_HUGE] = { "huge", 9, { "madvise", "never", "madvise" } },
};

/* In the order in which they are written. */
static struct {
	const char *file;
	char before[16];
} settings[] = {
	{ THP "enabled", "" },
	{ THP "hugepages-64kB/enabled", "" },
	{ THP "hugepages-2048kB/enabled", "" },
};

static struct {
	void *p;
	uint64_t size;
} areas[256];
static enum nsvm_pages selected = NSVM_NR_PAGES;
static bool changed;

const char *nsvm_pages_name(enum nsvm_pages pages)
{
	return kinds[pages].name;
}

unsigned int nsvm_pages_order(enum nsvm_pages pages)
{
	return kinds[pages].order;
}

uint64_t nsvm_pages_size(enum nsvm_pages pages)
{
	return NSVM_PAGE << kinds[pages].order;
}

static int write_text(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* "always [madvise] never": the word in brackets. */
static void read_choice(const char *file, char word[16])
{
	char line[128] = "", *open_at, *close_at;
	FILE *f = fopen(file, "re");

	word[0] = 0;
	if (!f)
		return;
	if (fgets(line, sizeof(line), f)) {
		open_at = strchr(line, '[');
		close_at = open_at ? strchr(open_at, ']') : NULL;
		if (close_at)
			snprintf(word, 16, "%.*s", (int)(close_at - open_at - 1), open_at + 1);
	}
	fclose(f);
}

static void put_back(int sig)
{
	(void)sig;
	for (unsigned int i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].before[0])
			write_text(settings[i].file, settings[i].before);
}

void nsvm_pages_select(enum nsvm_pages pages)
{
	if (pages == selected)
		return;
	if (!changed) {
		for (unsigned int i = 0; i < ARRAY_SIZE(settings); i++)
			read_choice(settings[i].file, settings[i].before);
		igt_install_exit_handler(put_back);
		changed = true;
	}
	selected = NSVM_NR_PAGES;
	/* Base pages are had by madvise() on any kernel. */
	for (unsigned int i = 0; i < ARRAY_SIZE(settings) && pages != NSVM_BASE; i++)
		igt_require_f(!write_text(settings[i].file, kinds[pages].word[i]),
			      "%s cannot be set to %s\n", settings[i].file, kinds[pages].word[i]);
	selected = pages;
}

static void area_unmap(unsigned int i)
{
	munmap((char *)areas[i].p - BORDER, areas[i].size + 2 * BORDER);
	areas[i].p = NULL;
}

void nsvm_memory_forget(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(areas); i++)
		if (areas[i].p)
			area_unmap(i);
}

struct nsvm_area nsvm_area_new(uint64_t size, enum nsvm_pages pages)
{
	uint64_t whole = (size + NSVM_HUGE_SIZE - 1) & ~(NSVM_HUGE_SIZE - 1), all, start;
	struct nsvm_area area = { .size = size, .pages = pages };
	unsigned int slot = 0;
	char *at;

	nsvm_pages_select(pages);
	while (slot < ARRAY_SIZE(areas) && areas[slot].p)
		slot++;
	igt_assert_f(slot < ARRAY_SIZE(areas), "too many areas\n");

	/* Reserve, align, give back what is too much. */
	all = whole + 3 * BORDER;
	at = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	igt_assert_f(at != MAP_FAILED, "mmap of %#" PRIx64 " bytes: %m\n", all);
	start = ((uintptr_t)at + 2 * BORDER - 1) & ~(BORDER - 1);
	if (start - BORDER > (uintptr_t)at)
		munmap(at, start - BORDER - (uintptr_t)at);
	if ((uintptr_t)at + all > start + whole + BORDER)
		munmap((char *)(start + whole + BORDER), (uintptr_t)at + all - start - whole - BORDER);

	area.p = mmap((void *)start, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	igt_assert_f(area.p != MAP_FAILED, "mmap of %#" PRIx64 " bytes: %m\n", size);
	areas[slot].p = area.p;
	areas[slot].size = whole;
	/* A kernel without huge pages refuses the advice, and needs none for base pages. */
	if (madvise(area.p, size, pages == NSVM_BASE ? MADV_NOHUGEPAGE : MADV_HUGEPAGE))
		igt_require_f(pages == NSVM_BASE, "MADV_HUGEPAGE: %m\n");
	return area;
}

void nsvm_area_del(struct nsvm_area *area)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(areas); i++)
		if (area->p && areas[i].p == area->p)
			area_unmap(i);
	area->p = NULL;
}

struct nsvm_area nsvm_area_filled(const struct nsvm *svm, uint64_t size, enum nsvm_pages pages,
				  uint32_t seed)
{
	struct nsvm_area area = nsvm_area_new(size, pages);
	struct nsvm_residency r;

	nsvm_fill(area.p, size, 1, seed);
	r = nsvm_where(svm, area.p, size);
	if (r.orders_known && r.ram_order[kinds[pages].order] != size) {
		nsvm_show_where(svm, "wanted other pages", area.p, size);
		igt_skip("memory is too fragmented for pages of order %u\n", kinds[pages].order);
	}
	return area;
}

void nsvm_fill(void *p, uint64_t size, unsigned int stride, uint32_t seed)
{
	volatile uint32_t *w = p;

	for (uint64_t i = 0; i < size / 4; i += stride)
		w[i] = seed + (uint32_t)i;
}

static void show_word(const char *what, uint64_t nr, const void *at, uint32_t expected,
		      uint32_t actual)
{
	if (nr < SHOWN)
		igt_info("%s: at %p expected %#010x, actual %#010x\n", what, at, expected, actual);
	else if (nr == SHOWN)
		igt_info("%s: and more\n", what);
}

uint64_t nsvm_wrong(const void *p, uint64_t size, unsigned int stride, uint32_t seed,
		    const char *what)
{
	const volatile uint32_t *w = p;
	uint64_t n = 0;

	for (uint64_t i = 0; i < size / 4; i += stride) {
		uint32_t actual = w[i];

		if (actual == seed + (uint32_t)i)
			continue;
		if (what)
			show_word(what, n, (const void *)&w[i], seed + (uint32_t)i, actual);
		n++;
	}
	return n;
}

void nsvm_assert_pattern(const void *p, uint64_t size, unsigned int stride, uint32_t seed,
			 const char *what)
{
	uint64_t n = nsvm_wrong(p, size, stride, seed, what);

	igt_assert_f(!n, "%s: %" PRIu64 " wrong words from %p, %#" PRIx64 " bytes\n", what, n, p,
		     size);
}

void nsvm_assert_zero(const void *p, uint64_t size, unsigned int stride, const char *what)
{
	const volatile uint32_t *w = p;
	uint64_t n = 0;

	for (uint64_t i = 0; i < size / 4; i += stride) {
		uint32_t actual = w[i];

		if (actual)
			show_word(what, n++, (const void *)&w[i], 0, actual);
	}
	igt_assert_f(!n, "%s: %" PRIu64 " words from %p are not 0\n", what, n, p);
}
