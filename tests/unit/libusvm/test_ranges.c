// SPDX-License-Identifier: MIT
/* Advice on ranges at random, against a table with one entry a page. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <usvm.h>

#include "tap.h"

#define PAGE	4096u
#define N	64

struct page {
	int read_mostly;
	int preferred;
	uint64_t accessed_by;
};

static struct page pages[N];

static int64_t get(const char *base, size_t at, size_t n, enum usvm_range_attribute a)
{
	int64_t value = 12345;

	usvm_mem_range_get_attribute(&value, a, base + at * PAGE, n * PAGE);
	return value;
}

static int64_t expected(size_t at, size_t n, enum usvm_range_attribute a)
{
	for (size_t i = at; i < at + n; i++) {
		if (a == USVM_RANGE_READ_MOSTLY && pages[i].read_mostly != pages[at].read_mostly)
			return 0;
		if (a == USVM_RANGE_PREFERRED_LOCATION && pages[i].preferred != pages[at].preferred)
			return USVM_NOWHERE;
		if (a == USVM_RANGE_ACCESSED_BY && pages[i].accessed_by != pages[at].accessed_by)
			return 0;
	}
	return a == USVM_RANGE_READ_MOSTLY ? pages[at].read_mostly :
	       a == USVM_RANGE_PREFERRED_LOCATION ? pages[at].preferred :
						    (int64_t)pages[at].accessed_by;
}

static void advise(char *base, size_t at, size_t n, enum usvm_advice advice, int location)
{
	/* odd ends: whole pages are advised */
	usvm_mem_advise(base + at * PAGE + 1, n * PAGE - 2, advice, location);
	for (size_t i = at; i < at + n; i++) {
		uint64_t bit = location == USVM_HOST ? 1ull << 63 : 1;

		switch (advice) {
		case USVM_ADVISE_SET_READ_MOSTLY:
			pages[i].read_mostly = 1;
			break;
		case USVM_ADVISE_UNSET_READ_MOSTLY:
			pages[i].read_mostly = 0;
			break;
		case USVM_ADVISE_SET_PREFERRED_LOCATION:
			pages[i].preferred = location;
			break;
		case USVM_ADVISE_UNSET_PREFERRED_LOCATION:
			pages[i].preferred = USVM_NOWHERE;
			break;
		case USVM_ADVISE_SET_ACCESSED_BY:
			pages[i].accessed_by |= bit;
			break;
		case USVM_ADVISE_UNSET_ACCESSED_BY:
			pages[i].accessed_by &= ~bit;
			break;
		}
	}
}

int main(void)
{
	unsigned int seed = 3, wrong = 0;
	char *base;

	setenv("USVM_DEVICE", "host", 1);
	base = mmap(NULL, N * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < N; i++)
		pages[i].preferred = USVM_NOWHERE;
	for (int round = 0; round < 20000; round++) {
		size_t at = (size_t)rand_r(&seed) % N, n = 1 + (size_t)rand_r(&seed) % (N - at);
		enum usvm_range_attribute a = (enum usvm_range_attribute)(1 + rand_r(&seed) % 3);

		advise(base, at, n, (enum usvm_advice)(1 + rand_r(&seed) % 6),
		       rand_r(&seed) & 1 ? 0 : USVM_HOST);
		at = (size_t)rand_r(&seed) % N;
		n = 1 + (size_t)rand_r(&seed) % (N - at);
		wrong += get(base, at, n, a) != expected(at, n, a);
		n = 1;
		wrong += get(base, at, n, a) != expected(at, n, a);
	}
	tap_is((int)wrong, 0, "20000 random pieces of advice: every answer is the table's");
	munmap(base, N * PAGE);
	return tap_done();
}
