// SPDX-License-Identifier: MIT
/* Reads page tables through PAGEMAP_SCAN, or the older /proc/PID/pagemap. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "pages.h"

#define PAGE		4096ull
#define PAGEMAP_PRESENT	(1ull << 63)
#define PAGEMAP_SWAPPED	(1ull << 62)

static bool same(const struct pages_run *a, const struct pages_run *b)
{
	return a->ram == b->ram && a->away == b->away && a->huge == b->huge;
}

typedef int (*visit_t)(const struct pages_run *run, void *data);

/* Gives @from..@to as untouched memory, if there is anything between. */
static int visit_none(uint64_t from, uint64_t to, visit_t visit, void *data)
{
	struct pages_run run = { .start = from, .end = to };

	return from < to ? visit(&run, data) : 0;
}

#ifdef PAGEMAP_SCAN
static int walk_scan(int fd, uint64_t start, uint64_t end, visit_t visit, void *data)
{
	struct page_region regions[256] = { 0 };	/* a checker may not know who writes it */
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.end = end,
		.vec = (uintptr_t)regions,
		.vec_len = sizeof(regions) / sizeof(regions[0]),
		.category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.return_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED | PAGE_IS_HUGE,
	};
	uint64_t at = start;

	while (at < end) {
		int n, err;

		arg.start = at;
		n = ioctl(fd, PAGEMAP_SCAN, &arg);
		if (n < 0)
			return -errno;
		for (int i = 0; i < n; i++) {
			struct pages_run run = {
				.start = regions[i].start,
				.end = regions[i].end,
				.ram = regions[i].categories & PAGE_IS_PRESENT,
				.away = regions[i].categories & PAGE_IS_SWAPPED,
				.huge = regions[i].categories & PAGE_IS_HUGE,
			};

			err = visit_none(at, run.start, visit, data);
			if (!err)
				err = visit(&run, data);
			if (err)
				return err;
			at = run.end;
		}
		if (arg.walk_end >= end || !n) {
			err = visit_none(at, end, visit, data);
			if (err)
				return err;
			break;
		}
	}
	return 0;
}
#endif

static int walk_pagemap(int fd, uint64_t start, uint64_t end, visit_t visit, void *data)
{
	uint64_t entries[512];
	struct pages_run run = { .start = start, .end = start };

	for (uint64_t at = start; at < end;) {
		uint64_t want = (end - at) / PAGE;
		ssize_t got;

		if (want > 512)
			want = 512;
		got = pread(fd, entries, want * 8, (off_t)(at / PAGE * 8));
		if (got < 0)
			return -errno;
		if (got < 8) {		/* beyond the address space */
			memset(entries, 0, want * 8);
			got = (ssize_t)want * 8;
		}
		for (ssize_t i = 0; i < got / 8; i++, at += PAGE) {
			struct pages_run page = {
				.start = at,
				.ram = entries[i] & PAGEMAP_PRESENT,
				.away = entries[i] & PAGEMAP_SWAPPED,
			};

			if (run.end > run.start && !same(&run, &page)) {
				int err = visit(&run, data);

				if (err)
					return err;
				run.start = run.end;
			}
			if (run.end == run.start)
				run = page;
			run.end = at + PAGE;
		}
	}
	return run.end > run.start ? visit(&run, data) : 0;
}

int pages_walk(int pid, uint64_t start, uint64_t end, enum pages_source *source, visit_t visit,
	       void *data)
{
	char path[40] = "/proc/self/pagemap";
	int fd, err;

	start &= ~(PAGE - 1);
	end = (end + PAGE - 1) & ~(PAGE - 1);
	if (end < start)
		return -EINVAL;
	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (source)
		*source = PAGES_FROM_SCAN;
#ifdef PAGEMAP_SCAN
	err = walk_scan(fd, start, end, visit, data);
	if (err == -ENOTTY)
#endif
	{
		if (source)
			*source = PAGES_FROM_PAGEMAP;
		err = walk_pagemap(fd, start, end, visit, data);
	}
	close(fd);
	return err;
}

static int add(const struct pages_run *run, void *data)
{
	struct pages_count *count = data;
	uint64_t size = run->end - run->start;

	if (run->ram)
		*(run->huge ? &count->ram_huge : &count->ram_small) += size;
	else if (run->away)
		*(run->huge ? &count->away_huge : &count->away_small) += size;
	else
		count->none += size;
	return 0;
}

int pages_scan(const void *addr, uint64_t size, struct pages_count *count)
{
	uint64_t start = (uintptr_t)addr;

	memset(count, 0, sizeof(*count));
	return pages_walk(0, start, start + size, &count->source, add, count);
}
