/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the HMM test driver to each other:
 *
 *   test_hmm.c          module, devices, files, ioctls: the table of contents
 *   test_hmm_pool.c     device memory: chunks, free blocks by order, backing
 *   test_hmm_mirror.c   the device's page table: faults, reads, writes, snapshots
 *   test_hmm_migrate.c  migration both ways, and the CPU fault
 *   test_hmm_evict.c    device memory emptied, and chunks removed
 *
 * Locks, outermost first:
 *
 *   dmirror_device.grow_mutex     chunks come and go; eviction
 *   mm->mmap_lock                 (read) around migrate_vma_*() and hmm_range_fault()
 *   dmirror.mutex                 the mirror's entries; taken by the MMU notifier, so
 *                                 nothing that reclaims is called under it
 *   dmirror_device.pool_lock      (interrupts off) free blocks; taken when the core
 *                                 frees a folio, in whatever context that happens
 */
#ifndef _LIB_TEST_HMM_INTERNAL_H
#define _LIB_TEST_HMM_INTERNAL_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/pgtable.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

#include "test_hmm_uapi.h"

/* A block is the largest folio there is, and what one PMD maps. */
#define DMIRROR_BLOCK_ORDER	PMD_ORDER
#define DMIRROR_BLOCK_PAGES	(1UL << DMIRROR_BLOCK_ORDER)
#define DMIRROR_BLOCK_SIZE	(PAGE_SIZE << DMIRROR_BLOCK_ORDER)
#define DMIRROR_NR_ORDERS	(DMIRROR_BLOCK_ORDER + 1)
#define DMIRROR_CHUNK_SIZE	(256UL << 20)
#define DMIRROR_CHUNK_PAGES	(DMIRROR_CHUNK_SIZE >> PAGE_SHIFT)
/* What a device can grow to: struct pages for that much are 256 MiB. */
#define DMIRROR_MAX_PAGES	(64 * DMIRROR_CHUNK_PAGES)

/*
 * Order 0 always works, so every mask of orders has it. There is no anonymous
 * folio of order 1.
 */
#define DMIRROR_ORDERS_DEFAULT	(BIT(0) | BIT(DMIRROR_BLOCK_ORDER))
#define DMIRROR_ORDERS_ALL	(GENMASK(DMIRROR_BLOCK_ORDER, 0) & ~BIT(1))

static_assert(DMIRROR_NR_ORDERS <= HMM_DMIRROR_NR_ORDERS);

/**
 * struct dmirror_chunk - device memory that came, and goes, as one
 * @pagemap: what the core knows of it
 * @mdevice: whose it is
 * @link: in dmirror_device.chunks
 * @first_pfn: page frame number of its first page
 * @live_pages: base pages handed out
 * @retired: nothing is handed out any more
 * @nr_free: free blocks by order
 * @hint: by order, where the last free block was found
 * @free: by order, a bit for each block, set while it is free as a whole
 *
 * From @live_pages on, all is protected by dmirror_device.pool_lock.
 */
struct dmirror_chunk {
	struct dev_pagemap	pagemap;
	struct dmirror_device	*mdevice;
	struct list_head	link;
	unsigned long		first_pfn;

	unsigned long		live_pages;
	bool			retired;
	unsigned long		nr_free[DMIRROR_NR_ORDERS];
	unsigned long		hint[DMIRROR_NR_ORDERS];
	unsigned long		*free[DMIRROR_NR_ORDERS];
};

/**
 * struct dmirror_window - what one call of migrate_vma_setup() works on
 * @src: what the core collected
 * @dst: where it shall go
 */
struct dmirror_window {
	unsigned long		src[DMIRROR_BLOCK_PAGES];
	unsigned long		dst[DMIRROR_BLOCK_PAGES];
};

/**
 * struct dmirror_device - one simulated device
 * @cdevice: its character device
 * @device: what @cdevice hangs on
 * @kind: HMM_DMIRROR_MEMORY_*, 0 for a device that does not exist
 * @spm_start: physical address of a coherent device's memory
 * @mirrors: open files by number; device memory remembers the number, so that
 *           a CPU fault finds the file, or that it is gone
 * @grow_mutex: serializes all changes of @chunks, and eviction
 * @evict_window: for eviction, which must not depend on an allocation;
 *                protected by @grow_mutex
 * @reserved_blocks: free blocks promised to migrations that are under way;
 *                   protected by @grow_mutex
 * @pool_lock: protects @chunks, @stats and the chunks' free blocks
 * @chunks: the device's memory
 * @stats: what HMM_DMIRROR_STATS tells, but for the following three
 * @nr_split: calls of the split callback for a new folio
 * @nr_cpu_faults: CPU faults on device memory
 * @nr_fault_fallbacks: CPU faults that got smaller folios than were there
 */
struct dmirror_device {
	struct cdev		cdevice;
	struct device		device;
	unsigned int		kind;
	phys_addr_t		spm_start;
	struct xarray		mirrors;

	struct mutex		grow_mutex;
	struct dmirror_window	*evict_window;
	unsigned long		reserved_blocks;

	spinlock_t		pool_lock;
	struct list_head	chunks;
	struct hmm_dmirror_stats stats;

	atomic64_t		nr_split;
	atomic64_t		nr_cpu_faults;
	atomic64_t		nr_fault_fallbacks;
};

/**
 * struct dmirror_inject - failures of one memory's allocations made to order
 * @orders: bit N: those of order N are meant
 * @skip: how many of those succeed yet
 * @count: how many then fail
 * @fired: how many failed
 */
struct dmirror_inject {
	u32			orders;
	u64			skip;
	u64			count;
	u64			fired;
};

/**
 * struct dmirror - one open file: a process's memory mirrored by a device
 * @ref: one for the file, one for each CPU fault that looks at the settings
 * @mdevice: the device
 * @id: its number in dmirror_device.mirrors
 * @notifier: on all memory of the process that opened the file
 * @mutex: protects @pt
 * @pt: the device's page table: struct page by virtual page number, tagged
 *      with DPT_XA_TAG_*; holds no references, for the notifier removes
 *      entries before the pages go
 * @to_dev: orders allowed in device memory
 * @to_sys: orders allowed in system memory
 * @inject_lock: protects what follows
 * @inject: failures to come, by HMM_DMIRROR_SIDE_*
 * @fail_large_once: the next allocation of an order above 0 fails
 */
struct dmirror {
	struct kref		ref;
	struct dmirror_device	*mdevice;
	u32			id;
	struct mmu_interval_notifier notifier;
	struct mutex		mutex;
	struct xarray		pt;
	u32			to_dev;
	u32			to_sys;

	spinlock_t		inject_lock;
	struct dmirror_inject	inject[2];
	bool			fail_large_once;
};

#define DPT_XA_TAG_ATOMIC	1UL
#define DPT_XA_TAG_WRITE	3UL

static inline bool dmirror_is_private(const struct dmirror_device *mdevice)
{
	return mdevice->kind == HMM_DMIRROR_MEMORY_DEVICE_PRIVATE;
}

static inline struct dmirror_chunk *dmirror_page_chunk(struct page *page)
{
	return container_of(page_pgmap(page), struct dmirror_chunk, pagemap);
}

static inline bool dmirror_is_device_page(struct page *page)
{
	return is_device_private_page(page) || is_device_coherent_page(page);
}

/* test_hmm.c */
struct dmirror *dmirror_get_by_id(struct dmirror_device *mdevice, u32 id);
void dmirror_put(struct dmirror *dmirror);
bool dmirror_should_fail(struct dmirror *dmirror, unsigned int side,
			 unsigned int order);

/* test_hmm_pool.c */
extern const struct dev_pagemap_ops dmirror_pagemap_ops;
int dmirror_chunk_add(struct dmirror_device *mdevice);
void dmirror_chunk_remove(struct dmirror_chunk *chunk);
void dmirror_pool_reserve(struct dmirror_device *mdevice);
void dmirror_pool_unreserve(struct dmirror_device *mdevice);
struct folio *dmirror_device_folio_alloc(struct dmirror_device *mdevice,
					 struct dmirror *dmirror,
					 unsigned int order);
struct page *dmirror_backing(struct page *page);
u32 dmirror_folio_mirror_id(struct folio *folio);
void dmirror_pool_stats(struct dmirror_device *mdevice,
			struct hmm_dmirror_stats *stats);

/* test_hmm_mirror.c */
extern const struct mmu_interval_notifier_ops dmirror_notifier_ops;
int dmirror_read(struct dmirror *dmirror, struct hmm_dmirror_cmd *cmd,
		 bool may_unlock);
int dmirror_write(struct dmirror *dmirror, struct hmm_dmirror_cmd *cmd);
int dmirror_read_migrated(struct dmirror *dmirror, struct hmm_dmirror_cmd *cmd);
int dmirror_snapshot(struct dmirror *dmirror, struct hmm_dmirror_cmd *cmd);
int dmirror_pages(struct dmirror *dmirror, struct hmm_dmirror_cmd *cmd);
int dmirror_exclusive(struct dmirror *dmirror, struct hmm_dmirror_cmd *cmd);
int dmirror_check_exclusive(struct dmirror *dmirror,
			    struct hmm_dmirror_cmd *cmd);

/* test_hmm_migrate.c */

/**
 * struct dmirror_move - pages on their way, as the parts of a migration see it
 * @mdevice: the device
 * @dmirror: the open file on whose behalf, or NULL
 * @vma: where the pages are mapped, or NULL when that is not known
 * @addr: user address of the first page, if @vma is there
 * @npages: length of @src and @dst
 * @src: as filled by the core
 * @dst: to be filled
 * @orders: allowed orders at the destination
 * @side: HMM_DMIRROR_SIDE_*: the destination
 * @smaller: a folio got destinations that are smaller than itself, or none
 */
struct dmirror_move {
	struct dmirror_device	*mdevice;
	struct dmirror		*dmirror;
	struct vm_area_struct	*vma;
	unsigned long		addr;
	unsigned long		npages;
	unsigned long		*src;
	unsigned long		*dst;
	u32			orders;
	u32			side;
	bool			smaller;
};

void dmirror_move_alloc(struct dmirror_move *move);
void dmirror_move_copy(struct dmirror_move *move);
unsigned long dmirror_move_count(struct dmirror_move *move, u64 *folios);
int dmirror_migrate(struct dmirror *dmirror, struct hmm_dmirror_timed *timed);
int dmirror_migrate_to_device(struct dmirror *dmirror,
			      struct hmm_dmirror_cmd *cmd);
int dmirror_migrate_to_system(struct dmirror *dmirror,
			      struct hmm_dmirror_cmd *cmd);
vm_fault_t dmirror_cpu_fault(struct vm_fault *vmf);

/* test_hmm_evict.c */
int dmirror_evict(struct dmirror *dmirror, struct hmm_dmirror_evict *evict);
int dmirror_release_memory(struct dmirror_device *mdevice, bool interruptible);

#endif /* _LIB_TEST_HMM_INTERNAL_H */
