/* SPDX-License-Identifier: MIT */
#ifndef __NOUVEAU_DMEM_PRIV_H__
#define __NOUVEAU_DMEM_PRIV_H__
/* What the files nouveau_dmem*.c share, and nobody else needs. */

#include <linux/atomic.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "nouveau_dmem.h"
#include "nouveau_dmem_chunk.h"
#include "nouveau_dmem_copy.h"

#define DMEM_WINDOW_PAGES	NOUVEAU_DMEM_CHUNK_PAGES
#define DMEM_WINDOW_BYTES	((unsigned long)DMEM_WINDOW_PAGES << PAGE_SHIFT)

/* Folios of these orders are wanted whole. */
#define DMEM_LARGE_ORDERS	((BIT(NOUVEAU_DMEM_NR_ORDERS) - 1) & ~(BIT(0) | BIT(1)))

#define DMEM_COUNTERS(X) \
	X(TO_VRAM, "pages to VRAM")					\
	X(TO_RAM, "pages to RAM")					\
	X(ZEROED, "pages zero filled in VRAM")				\
	X(LAUNCHES, "copy launches")					\
	X(COPY_ERRORS, "copies failed")					\
	X(CPU_FAULTS, "CPU faults served")				\
	X(GPU_FAULTS, "GPU faults read")				\
	X(GPU_FAULTS_DUPLICATE, "GPU faults served by another's service") \
	X(GPU_FAULTS_CANCELLED, "GPU faults cancelled")			\
	X(GPU_FAULTS_MIGRATED, "GPU faults served by migration")	\
	X(GPU_FAULTS_MAPPED, "GPU faults served by mapping in place")	\
	X(MAP_RACES, "mappings dropped: range changed meanwhile")	\
	X(FALLBACK_VRAM, "huge folios moved in parts: no 2 MiB of VRAM") \
	X(FALLBACK_RAM, "huge folios moved in parts: no huge page of RAM") \
	X(FALLBACK_FULL, "windows left in RAM: no VRAM")		\
	X(EVICTED, "chunks evicted")					\
	X(EVICT_FAILED, "chunks that could not be evicted")		\
	X(LOST, "pages lost: device did not answer")			\
	X(GROWN, "VRAM regions taken")					\
	X(SHRUNK, "VRAM regions given back")

enum dmem_counter {
#define X(name, text) DMEM_##name,
	DMEM_COUNTERS(X)
#undef X
	DMEM_NR_COUNTERS
};

/**
 * struct nouveau_dmem_stats - what has happened so far
 * @count: the counters
 * @folios: folios moved, by direction (0: to VRAM, 1: to RAM) and order
 * @ns: time spent in migrations, by direction
 */
struct nouveau_dmem_stats {
	atomic64_t count[DMEM_NR_COUNTERS];
	atomic64_t folios[2][NOUVEAU_DMEM_NR_ORDERS];
	atomic64_t ns[2];
};

/**
 * struct nouveau_dmem_vram - VRAM that device memory has taken
 * @link: in &nouveau_dmem.vrams
 * @dmem: whose
 * @bo: the pinned buffer object behind it
 * @pagemap: the struct pages in front of it
 * @region: how the allocator sees it
 * @addr: address in VRAM; changes over suspend
 */
struct nouveau_dmem_vram {
	struct list_head link;
	struct nouveau_dmem *dmem;
	struct nouveau_bo *bo;
	struct dev_pagemap pagemap;
	struct nouveau_dmem_region *region;
	u64 addr;
};

/**
 * struct nouveau_dmem - device memory of one device
 * @drm: the device
 * @pool: the allocator
 * @grow: serializes taking VRAM and giving it back; protects @vrams
 * @growing: the task that holds @grow to take VRAM, which must not wait for room
 * @vrams: regions, newest first
 * @limit_chunks: never take more than this
 * @copier: the copy engine
 * @stats: counters
 * @dying: unbind has begun
 * @room_work: makes room for buffer objects
 * @room_done: completed each time @room_work has run
 * @room_bytes: what it is asked for
 */
struct nouveau_dmem {
	struct nouveau_drm *drm;
	struct nouveau_dmem_pool pool;
	struct mutex grow;
	struct task_struct *growing;
	struct list_head vrams;
	u32 limit_chunks;
	struct nouveau_dmem_copier copier;
	struct nouveau_dmem_stats stats;
	bool dying;
	struct work_struct room_work;
	struct completion room_done;
	atomic64_t room_bytes;
};

/**
 * struct nouveau_dmem_owner - whom device pages are accounted to
 * @ref: one for the address space, one for each folio
 * @pages: device pages
 */
struct nouveau_dmem_owner {
	refcount_t ref;
	atomic_long_t pages;
};

/**
 * struct nouveau_dmem_window - one migration of at most 2 MiB
 * @src: migration entries of the sources
 * @dst: of the destinations
 * @dma: DMA address for each entry that begins a mapped piece
 * @dma_pages: size of that piece, 0 where nothing is mapped
 * @phys: scratch for page table entries
 * @run: room for @batch
 * @batch: the copies
 */
struct nouveau_dmem_window {
	unsigned long src[DMEM_WINDOW_PAGES];
	unsigned long dst[DMEM_WINDOW_PAGES];
	dma_addr_t dma[DMEM_WINDOW_PAGES];
	u16 dma_pages[DMEM_WINDOW_PAGES];
	u64 phys[DMEM_WINDOW_PAGES];
	struct nouveau_dmem_run run[DMEM_WINDOW_PAGES];
	struct nouveau_dmem_batch batch;
};

static inline void dmem_count(struct nouveau_dmem *dmem, enum dmem_counter what, u64 by)
{
	atomic64_add(by, &dmem->stats.count[what]);
}

static inline struct nouveau_dmem_vram *dmem_page_vram(struct page *page)
{
	return container_of(page_pgmap(page), struct nouveau_dmem_vram, pagemap);
}

/* Page number in its region. */
static inline unsigned long dmem_page_index(struct page *page)
{
	return page_to_pfn(page) -
	       (dmem_page_vram(page)->pagemap.range.start >> PAGE_SHIFT);
}

static inline struct nouveau_dmem_chunk *dmem_page_chunk(struct page *page)
{
	return &dmem_page_vram(page)->region->chunks[dmem_page_index(page) /
						     NOUVEAU_DMEM_CHUNK_PAGES];
}

/* Orders that anonymous folios have; 1 is not one of them. */
static inline unsigned int dmem_smaller_order(unsigned int order)
{
	return order == 2 ? 0 : order - 1;
}

/* nouveau_dmem.c */
int dmem_reserve(struct nouveau_dmem *dmem, struct nouveau_dmem_resv *resv,
		 u32 pages, u64 newer);
struct folio *dmem_folio_new(struct nouveau_dmem *dmem, struct nouveau_dmem_resv *resv,
			     struct nouveau_dmem_owner *owner, unsigned int order);
bool dmem_give_back_idle(struct nouveau_dmem *dmem, u64 bytes);

/* nouveau_dmem_migrate.c */
struct nouveau_dmem_window *dmem_window_new(void);
void dmem_window_del(struct nouveau_dmem_window *w);
void dmem_window_reset(struct nouveau_dmem_window *w, unsigned long npages);
unsigned long dmem_dst_entry(struct folio *folio);
void dmem_window_drop(struct nouveau_dmem_window *w, unsigned long i);
int dmem_window_map_dma(struct nouveau_dmem *dmem, struct nouveau_dmem_window *w,
			unsigned long i, struct page *page, unsigned int pages);
int dmem_window_copy(struct nouveau_dmem *dmem, struct nouveau_dmem_window *w,
		     unsigned long npages);
void dmem_window_unmap_dma(struct nouveau_dmem *dmem, struct nouveau_dmem_window *w,
			   unsigned long npages);
unsigned long dmem_window_account(struct nouveau_dmem *dmem,
				  struct nouveau_dmem_window *w,
				  unsigned long npages, bool to_ram);

/* nouveau_dmem_to_ram.c */
vm_fault_t dmem_migrate_to_ram(struct vm_fault *vmf);
int dmem_window_to_ram(struct nouveau_dmem *dmem, struct nouveau_dmem_window *w,
		       unsigned long npages, struct vm_area_struct *vma,
		       unsigned long start, unsigned long must);

/* nouveau_dmem_evict.c */
bool dmem_evict_chunk(struct nouveau_dmem *dmem, struct nouveau_dmem_chunk *chunk);
bool dmem_evict_coldest(struct nouveau_dmem *dmem, u64 newer);
void dmem_evict_region(struct nouveau_dmem *dmem, struct nouveau_dmem_vram *vram);
void dmem_room_work(struct work_struct *work);

#endif
