/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the HMM selftests share that knows nothing of the test harness: the
 * test driver's devices, regions with a pattern in them, and what /proc, /sys
 * and cgroups tell. Functions return a negative errno on failure unless said
 * otherwise.
 */
#ifndef HMM_LIB_H
#define HMM_LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <lib/test_hmm_uapi.h>

#define PAGE		4096UL
#define BLOCK		(2UL << 20)
#define BLOCK_PAGES	(BLOCK / PAGE)
#define BLOCK_ORDER	9
#define WORDS		(PAGE / sizeof(uint64_t))

/* Minor numbers of the test driver's devices. */
enum {
	DEV_PRIVATE,
	DEV_PRIVATE_OTHER,
	DEV_COHERENT,
	DEV_COHERENT_OTHER,
};

/**
 * struct region - memory under test, with inaccessible memory around it
 * @map: what was mapped
 * @map_size: its length in bytes
 * @addr: the region, aligned to a block
 * @npages: its length in pages
 * @seed: of the pattern it holds; 0: zeroes
 */
struct region {
	char		*map;
	size_t		map_size;
	char		*addr;
	size_t		npages;
	uint64_t	seed;
};

int region_map(struct region *r, size_t npages);
int region_renew(char *addr, size_t npages);
void region_unmap(struct region *r);
void pages_fill(char *addr, size_t first, size_t npages, uint64_t seed);
ssize_t pages_differ(const char *addr, size_t first, size_t npages,
		     uint64_t seed);

int dev_open(int minor);
bool dev_has_orders(int fd);
int dev_cmd(int fd, unsigned long request, void *addr, size_t npages, void *ptr,
	    uint64_t *cpages);
int dev_migrate_in(int fd, void *addr, size_t npages, void *copy);
int dev_migrate_out(int fd, void *addr, size_t npages, uint64_t *cpages);
int dev_pages(int fd, void *addr, size_t npages, struct hmm_dmirror_page *info);
int dev_orders(int fd, uint32_t to_dev, uint32_t to_sys);
int dev_inject(int fd, uint32_t side, uint32_t orders, uint64_t skip,
	       uint64_t count, uint64_t *fired);
int dev_evict(int fd, uint32_t to_sys, struct hmm_dmirror_evict *evict);
int dev_stats(int fd, struct hmm_dmirror_stats *stats);

int thp_only(unsigned int order);
int read_number(const char *path, long *value);
int write_text(const char *path, const char *text);
long proc_field_kb(const char *path, const char *field);
long vmstat(const char *event);

/* What /proc/self/pagemap tells of a page. */
struct pagemap_entry {
	uint64_t	pfn;		/* 0 if there is none */
	bool		present;
	bool		swap;		/* a device-private page is told as one */
	bool		soft_dirty;
	bool		uffd_wp;
};

int pagemap_read(const void *addr, struct pagemap_entry *entry);

int memcg_enter(const char *name);
long memcg_current(const char *name);
int memcg_remove(const char *name);

double now_seconds(void);

#endif /* HMM_LIB_H */
