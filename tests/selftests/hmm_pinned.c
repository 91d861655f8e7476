// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is pinned for long, as for DMA: it stays where it is, the process
 * and who has pinned it go on sharing it, and what lies around it moves. Pinned
 * by the kernel's gup_test, which also reads what it has pinned.
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "hmm_fixture.h"

#include <mm/gup_test.h>

#define GUP_TEST	"/sys/kernel/debug/gup_test"

/* Pins until the file is closed. */
static int pin(HMM_ARGS, size_t first, size_t npages)
{
	struct pin_longterm_test args = {
		.addr = (uintptr_t)page_at(self, first),
		.size = npages * PAGE,
		.flags = PIN_LONGTERM_TEST_FLAG_USE_WRITE,
	};
	int fd = open(GUP_TEST, O_RDWR);

	ASSERT_GE(fd, 0) {
		TH_LOG("no " GUP_TEST ": CONFIG_GUP_TEST, debugfs");
	}
	ASSERT_EQ(0, ioctl(fd, PIN_LONGTERM_TEST_START, &args));
	return fd;
}

/* What was pinned is what the process sees, before and after it writes. */
static void expect_shared(HMM_ARGS, int fd, size_t first, size_t npages)
{
	char *copy = malloc(npages * PAGE);
	uint64_t ptr = (uintptr_t)copy;
	size_t i;

	ASSERT_NE(NULL, copy);
	ASSERT_EQ(0, ioctl(fd, PIN_LONGTERM_TEST_READ, &ptr));
	EXPECT_EQ(0, memcmp(copy, page_at(self, first), npages * PAGE));
	for (i = first; i < first + npages; i++)
		page_at(self, i)[i % PAGE] ^= 0x55;
	ASSERT_EQ(0, ioctl(fd, PIN_LONGTERM_TEST_READ, &ptr));
	EXPECT_EQ(0, memcmp(copy, page_at(self, first), npages * PAGE));
	for (i = first; i < first + npages; i++)
		page_at(self, i)[i % PAGE] ^= 0x55;
	free(copy);
}

/* Nothing that is pinned moves, so a range with it cannot be read back whole. */
static void to_device_but_pinned(HMM_ARGS, size_t first, size_t npages)
{
	char *copy = malloc(npages * PAGE);

	ASSERT_NE(NULL, copy);
	EXPECT_EQ(-ENOENT, dev_migrate_in(self->fd, page_at(self, first),
					  npages, copy));
	free(copy);
}

HMM_TEST(pinned_folio_stays_and_the_rest_goes)
{
	size_t page = BLOCK_PAGES + self->folio / 2;
	size_t first = page & ~(self->folio - 1);
	struct pagemap_entry before, after;
	int fd;

	NEEDS_ORDERS();
	fill(HMM);
	fd = pin(HMM, page, 1);
	ASSERT_EQ(0, pagemap_read(page_at(self, first), &before));
	to_device_but_pinned(HMM, 0, REGION_PAGES);
	expect_on_device(HMM, 0, first);
	expect_in_system(HMM, first, self->folio);
	expect_on_device(HMM, first + self->folio,
			 REGION_PAGES - first - self->folio);

	expect_shared(HMM, fd, page, 1);
	/* The folio's other pages have not become somebody else's, either. */
	*page_at(self, first) ^= 0x55;
	*page_at(self, first) ^= 0x55;
	ASSERT_EQ(0, pagemap_read(page_at(self, first), &after));
	EXPECT_EQ(before.pfn, after.pfn);

	close(fd);
	to_device(HMM, 0, REGION_PAGES);
	expect_on_device(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(part_of_a_pinned_folio_stays)
{
	size_t page = BLOCK_PAGES + self->folio / 2;
	size_t first = page & ~(self->folio - 1);
	int fd;

	NEEDS_ORDERS();
	ONLY_LARGE();
	fill(HMM);
	fd = pin(HMM, page, 1);
	to_device_but_pinned(HMM, page, self->folio / 2);
	expect_in_system(HMM, first, self->folio);
	expect_shared(HMM, fd, page, 1);
	close(fd);
	expect_content(HMM, 0, REGION_PAGES);
}

HMM_TEST(everything_is_pinned)
{
	int fd;

	NEEDS_ORDERS();
	fill(HMM);
	fd = pin(HMM, 0, REGION_PAGES);
	to_device_but_pinned(HMM, 0, REGION_PAGES);
	expect_in_system(HMM, 0, REGION_PAGES);
	expect_shared(HMM, fd, 0, REGION_PAGES);
	close(fd);
	to_device(HMM, 0, REGION_PAGES);
	expect_content(HMM, 0, REGION_PAGES);
}

/* Coherent memory must not be pinned on the device: the core moves it first. */
HMM_TEST(pinning_brings_coherent_memory_back)
{
	size_t page = BLOCK_PAGES + self->folio / 2;
	size_t first = page & ~(self->folio - 1);
	int fd;

	NEEDS_ORDERS();
	if (!self->coherent)
		SKIP(return, "private memory comes back by a fault");
	fill_on_device(HMM);
	fd = pin(HMM, page, 1);
	expect_in_system(HMM, first, self->folio);
	expect_on_device(HMM, 0, first);
	expect_on_device(HMM, first + self->folio,
			 REGION_PAGES - first - self->folio);
	expect_shared(HMM, fd, page, 1);
	close(fd);
	expect_content(HMM, 0, REGION_PAGES);
}

TEST_HARNESS_MAIN
