/* SPDX-License-Identifier: MIT */
#ifndef __NOUVEAU_DMEM_CHUNK_H__
#define __NOUVEAU_DMEM_CHUNK_H__

#include <linux/bitmap.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/* A chunk is 2 MiB of VRAM, counted in pages of 4 KiB. */
#define NOUVEAU_DMEM_CHUNK_ORDER	9
#define NOUVEAU_DMEM_CHUNK_PAGES	(1u << NOUVEAU_DMEM_CHUNK_ORDER)
#define NOUVEAU_DMEM_NR_ORDERS		(NOUVEAU_DMEM_CHUNK_ORDER + 1)

/* Bits of a complete binary tree with one leaf a page; bit 0 is not used. */
#define NOUVEAU_DMEM_CHUNK_NODES	(2 * NOUVEAU_DMEM_CHUNK_PAGES)

/* Which list a chunk hangs on; NOUVEAU_DMEM_PARTIAL + largest free order. */
enum nouveau_dmem_place {
	NOUVEAU_DMEM_NOWHERE,		/* no free block, or isolated */
	NOUVEAU_DMEM_IN_REGION,		/* free as a whole */
	NOUVEAU_DMEM_PARTIAL,		/* split, with room left */
};

/**
 * struct nouveau_dmem_chunk - 2 MiB of VRAM
 * @link: in its region's list of free chunks, or in one of the pool's partial
 *	lists; see @place
 * @lru: in &nouveau_dmem_pool.lru while in use and not isolated
 * @region: the region it is part of
 * @index: its number in the region
 * @used: pages allocated
 * @free_orders: bit k: a free block of order k exists
 * @place: &enum nouveau_dmem_place
 * @isolated: nothing is allocated from it until it is put back
 * @nr_free: free blocks by order
 * @free: tree nodes that are free blocks
 * @busy: tree nodes that are allocated blocks
 * @stamp: &nouveau_dmem_pool.clock at the last touch
 */
struct nouveau_dmem_chunk {
	struct list_head link;
	struct list_head lru;
	struct nouveau_dmem_region *region;
	u32 index;
	u16 used;
	u16 free_orders;
	u8 place;
	bool isolated;
	u16 nr_free[NOUVEAU_DMEM_NR_ORDERS];
	DECLARE_BITMAP(free, NOUVEAU_DMEM_CHUNK_NODES);
	DECLARE_BITMAP(busy, NOUVEAU_DMEM_CHUNK_NODES);
	u64 stamp;
};

/**
 * struct nouveau_dmem_region - some chunks that come and go together
 * @link: in one of the pool's lists of regions
 * @free_chunks: chunks that are free as a whole and not isolated
 * @owner: whatever the caller wants to find again
 * @nr_chunks: number of chunks
 * @nr_free_chunks: length of @free_chunks
 * @chunks: the chunks, in order of address
 */
struct nouveau_dmem_region {
	struct list_head link;
	struct list_head free_chunks;
	void *owner;
	u32 nr_chunks;
	u32 nr_free_chunks;
	struct nouveau_dmem_chunk chunks[];
};

/**
 * struct nouveau_dmem_block - an allocated block, or none when @chunk is NULL
 * @chunk: where it is
 * @page: first page in the chunk, a multiple of 1 << @order
 * @order: size
 */
struct nouveau_dmem_block {
	struct nouveau_dmem_chunk *chunk;
	u16 page;
	u8 order;
};

/**
 * struct nouveau_dmem_resv - pages set aside for one caller
 * @pages: how many are left
 */
struct nouveau_dmem_resv {
	u32 pages;
};

/**
 * struct nouveau_dmem_pool - all the VRAM that device memory has
 * @lock: protects everything below; taken with interrupts off
 * @idle: regions of which every chunk is free
 * @some: other regions with a free chunk
 * @full: regions without a free chunk
 * @partial: split chunks with room, by the order of the largest free block
 * @partial_mask: bit k: @partial[k] is not empty
 * @lru: chunks in use, the coldest first
 * @clock: counts touches
 * @nr_chunks: chunks in all regions
 * @nr_whole: chunks allocated as one block
 * @nr_split: chunks in use otherwise
 * @nr_isolated: isolated chunks
 * @pages_free: free pages that may be allocated (not in isolated chunks)
 * @pages_used: allocated pages
 * @pages_reserved: part of @pages_free that is promised
 * @blocks: allocated blocks by order
 * @max_steps: most loop turns that one call has needed
 */
struct nouveau_dmem_pool {
	spinlock_t lock;
	struct list_head idle;
	struct list_head some;
	struct list_head full;
	struct list_head partial[NOUVEAU_DMEM_CHUNK_ORDER];
	u32 partial_mask;
	struct list_head lru;
	u64 clock;
	u32 nr_chunks;
	u32 nr_whole;
	u32 nr_split;
	u32 nr_isolated;
	u64 pages_free;
	u64 pages_used;
	u64 pages_reserved;
	u64 blocks[NOUVEAU_DMEM_NR_ORDERS];
	u32 max_steps;
};

static inline bool nouveau_dmem_chunk_is_free(const struct nouveau_dmem_chunk *c)
{
	return c->used == 0;
}

static inline bool nouveau_dmem_chunk_is_whole(const struct nouveau_dmem_chunk *c)
{
	return test_bit(1, c->busy);
}

static inline bool nouveau_dmem_chunk_is_split(const struct nouveau_dmem_chunk *c)
{
	return c->used && !nouveau_dmem_chunk_is_whole(c);
}

void nouveau_dmem_pool_init(struct nouveau_dmem_pool *pool);
bool nouveau_dmem_pool_is_empty(struct nouveau_dmem_pool *pool);

struct nouveau_dmem_region *nouveau_dmem_region_new(u32 nr_chunks, void *owner);
void nouveau_dmem_region_del(struct nouveau_dmem_region *region);
void nouveau_dmem_region_add(struct nouveau_dmem_pool *pool,
			     struct nouveau_dmem_region *region);
int nouveau_dmem_region_remove(struct nouveau_dmem_pool *pool,
			       struct nouveau_dmem_region *region);
struct nouveau_dmem_region *
nouveau_dmem_region_remove_idle(struct nouveau_dmem_pool *pool, u32 max_chunks);

int nouveau_dmem_reserve(struct nouveau_dmem_pool *pool,
			 struct nouveau_dmem_resv *resv, u32 pages);
void nouveau_dmem_unreserve(struct nouveau_dmem_pool *pool,
			    struct nouveau_dmem_resv *resv);

int nouveau_dmem_block_alloc(struct nouveau_dmem_pool *pool,
			     struct nouveau_dmem_resv *resv, unsigned int order,
			     struct nouveau_dmem_block *block);
int nouveau_dmem_block_free(struct nouveau_dmem_pool *pool,
			    struct nouveau_dmem_chunk *chunk, unsigned int page,
			    unsigned int order);
int nouveau_dmem_block_carve(struct nouveau_dmem_pool *pool,
			     struct nouveau_dmem_chunk *chunk, unsigned int page,
			     unsigned int order);

void nouveau_dmem_chunk_touch(struct nouveau_dmem_pool *pool,
			      struct nouveau_dmem_chunk *chunk);
struct nouveau_dmem_chunk *
nouveau_dmem_chunk_isolate_coldest(struct nouveau_dmem_pool *pool, u64 newer);
int nouveau_dmem_chunk_isolate(struct nouveau_dmem_pool *pool,
			       struct nouveau_dmem_chunk *chunk);
void nouveau_dmem_chunk_putback(struct nouveau_dmem_pool *pool,
				struct nouveau_dmem_chunk *chunk);

const char *nouveau_dmem_pool_check(struct nouveau_dmem_pool *pool);

#endif
