/* SPDX-License-Identifier: MIT */
/*
 * Where the pages of a range are, as this process's page tables tell.
 *
 * A page in video memory is, to the CPU, a special swap entry. The tables do
 * not say which kind of swap entry, so that "away" counts pages in a swap
 * file too: without swap, it means video memory.
 */
#ifndef USVM_PAGES_H
#define USVM_PAGES_H

#include <stdbool.h>
#include <stdint.h>

/** enum pages_source - what pages_scan() could ask */
enum pages_source {
	PAGES_FROM_SCAN,	/* PAGEMAP_SCAN, Linux 6.7: place, and huge or not */
	PAGES_FROM_PAGEMAP,	/* /proc/self/pagemap: place only */
};

/**
 * struct pages_count - bytes of a range by place
 * @ram_small: in RAM, mapped by 4 KiB entries
 * @ram_huge: in RAM, mapped by 2 MiB entries
 * @away_small: in video memory (or swap), by 4 KiB entries
 * @away_huge: in video memory, by 2 MiB entries
 * @none: never touched, or not mapped at all
 * @source: how it was found; with PAGES_FROM_PAGEMAP all is counted as small
 */
struct pages_count {
	uint64_t ram_small;
	uint64_t ram_huge;
	uint64_t away_small;
	uint64_t away_huge;
	uint64_t none;
	enum pages_source source;
};

/** struct pages_run - neighbouring pages in the same state */
struct pages_run {
	uint64_t start;
	uint64_t end;
	bool ram;
	bool away;
	bool huge;
};

/**
 * pages_walk() - call a function for each run of pages in the same state
 * @pid: whose memory; 0 for this process
 * @start: first address; rounded down to a page
 * @end: end address; rounded up
 * @source: how it was found; may be NULL
 * @visit: called in the order of addresses; runs cover the range without gaps;
 *	two neighbours may be in the same state. Not 0 ends the walk.
 * @data: for @visit
 *
 * Return: 0, a negative errno, or what @visit returned.
 */
int pages_walk(int pid, uint64_t start, uint64_t end, enum pages_source *source,
	       int (*visit)(const struct pages_run *run, void *data), void *data);

/**
 * pages_scan() - count a range of this process by place
 * @addr: first byte
 * @size: bytes
 * @count: the answer; whole pages
 *
 * Return: 0 or a negative errno.
 */
int pages_scan(const void *addr, uint64_t size, struct pages_count *count);

#endif
