// SPDX-License-Identifier: MIT
/**
 * DOC: the allocator of device memory
 *
 * Objects
 * -------
 * A *pool* holds all the VRAM that device memory has. It is given *regions*,
 * each a run of 2 MiB *chunks*, and hands out *blocks* of 2^k pages, k from 0 to
 * 9, naturally aligned in their chunk.
 *
 * States of a chunk
 * -----------------
 * ::
 *
 *             alloc(9)                 alloc(k < 9)
 *      WHOLE <--------- FREE ------------------------------> SPLIT
 *        |                ^                                   |  ^
 *        |   free(9)      |      the last block is freed      |  |
 *        +--------------->+<----------------------------------+  |
 *        |                    carve                              |
 *        +-------------------------------------------------------+
 *
 * FREE: no block is allocated. WHOLE: one block of order 9 is. SPLIT: anything
 * else; inside is a binary buddy system. The state is not stored, it is read off
 * two bit maps over the nodes of one complete binary tree (node 1 is the whole
 * chunk, nodes 512..1023 are its pages, the buddy of n is n ^ 1, its parent
 * n / 2): "is a free block" and "is an allocated block". Besides its state a chunk
 * may be *isolated*: nothing is allocated from it, blocks may still be freed.
 *
 * Policy
 * ------
 * Chunks are split lazily (only when no split chunk has room) and merged eagerly
 * (on each free). Split chunks are filled before a free chunk is opened, the one
 * whose largest free block is the smallest that fits first; free chunks are taken
 * from regions that are in use before idle ones. Both keep 2 MiB blocks
 * available and let regions become idle, so that they can be given back.
 *
 * Chunks in use are on one list, the coldest first. A chunk becomes the
 * warmest when something is allocated from it and when it is touched.
 *
 * A caller that must not fail half way *reserves* pages first. A reservation
 * is a number of pages: it keeps single pages available for certain, blocks of a
 * higher order only by luck, so its owner must be able to use smaller blocks.
 *
 * When the core mm splits a folio, the block under it is *carved*: it becomes
 * several allocated blocks and nothing moves. They are freed one by one and merge
 * as any other.
 *
 * Locks and contexts
 * ------------------
 * One spinlock with interrupts off around every call. Nothing but
 * nouveau_dmem_region_new() allocates or sleeps: blocks are freed and carved by
 * the core mm in atomic context, under page table locks, or with interrupts off.
 * The lock is a leaf: nothing else is taken inside.
 *
 * Cost
 * ----
 * alloc, free and carve make at most two passes over the nine levels of the tree,
 * and alloc one search in a bit map of at most 512 bits. Their loop turns are
 * counted and the maximum is kept in &nouveau_dmem_pool.max_steps. Isolating looks
 * at a bounded number of chunks. Adding and removing a region costs a turn a
 * chunk. A chunk costs about 350 bytes.
 *
 * Trade-offs, and why not drm_buddy
 * ---------------------------------
 * drm_buddy allocates its block descriptors, on free as well as on allocation
 * there is one to a block, and frees them with kmem_cache_free(); it has no notion
 * of an allocated block that is split in place, none of an order of eviction, it
 * prefers to break a large block to keep addresses low, and its size is fixed at
 * init. Here a block needs no descriptor. The price is that no block is larger
 * than 2 MiB, which is the largest page that a Pascal GPU maps and the largest
 * folio that the core mm migrates.
 *
 * Not done: chunks are not compacted by moving blocks (eviction empties them), and
 * there is one lock for all CPUs (each call holds it for well under a
 * microsecond, each migration takes far longer).
 */
#include "nouveau_dmem_chunk.h"

#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>

/* How far down the list of cold chunks a victim is looked for. */
#define ISOLATE_SEARCH_MAX	32

static inline unsigned int node_of(unsigned int page, unsigned int order)
{
	return (NOUVEAU_DMEM_CHUNK_PAGES | page) >> order;
}

static inline unsigned int page_of(unsigned int node, unsigned int order)
{
	return (node << order) & (NOUVEAU_DMEM_CHUNK_PAGES - 1);
}

static inline bool block_is_sane(unsigned int page, unsigned int order)
{
	return order <= NOUVEAU_DMEM_CHUNK_ORDER &&
	       page < NOUVEAU_DMEM_CHUNK_PAGES && !(page & ((1u << order) - 1));
}

static void node_set_free(struct nouveau_dmem_chunk *chunk, unsigned int node,
			  unsigned int order)
{
	__set_bit(node, chunk->free);
	chunk->nr_free[order]++;
	chunk->free_orders |= 1u << order;
}

static void node_clear_free(struct nouveau_dmem_chunk *chunk, unsigned int node,
			    unsigned int order)
{
	__clear_bit(node, chunk->free);
	if (!--chunk->nr_free[order])
		chunk->free_orders &= ~(1u << order);
}

static unsigned int chunk_pages_free(const struct nouveau_dmem_chunk *chunk)
{
	return NOUVEAU_DMEM_CHUNK_PAGES - chunk->used;
}

static void steps_done(struct nouveau_dmem_pool *pool, unsigned int steps)
{
	if (steps > pool->max_steps)
		pool->max_steps = steps;
}

/* Put a region on the list that its number of free chunks asks for. */
static void region_relink(struct nouveau_dmem_pool *pool,
			  struct nouveau_dmem_region *region)
{
	if (region->nr_free_chunks == region->nr_chunks)
		list_move(&region->link, &pool->idle);
	else if (region->nr_free_chunks)
		list_move(&region->link, &pool->some);
	else
		list_move(&region->link, &pool->full);
}

/* Put a chunk on the list that its state asks for. */
static void chunk_relink(struct nouveau_dmem_pool *pool,
			 struct nouveau_dmem_chunk *chunk)
{
	struct nouveau_dmem_region *region = chunk->region;
	unsigned int old = chunk->place, new = NOUVEAU_DMEM_NOWHERE;

	if (!chunk->isolated && nouveau_dmem_chunk_is_free(chunk))
		new = NOUVEAU_DMEM_IN_REGION;
	else if (!chunk->isolated && chunk->free_orders)
		new = NOUVEAU_DMEM_PARTIAL + __fls(chunk->free_orders);

	if (new != old) {
		list_del_init(&chunk->link);
		if (old >= NOUVEAU_DMEM_PARTIAL) {
			old -= NOUVEAU_DMEM_PARTIAL;
			if (list_empty(&pool->partial[old]))
				pool->partial_mask &= ~(1u << old);
		} else if (old == NOUVEAU_DMEM_IN_REGION) {
			region->nr_free_chunks--;
			region_relink(pool, region);
		}

		chunk->place = new;
		if (new >= NOUVEAU_DMEM_PARTIAL) {
			new -= NOUVEAU_DMEM_PARTIAL;
			list_add(&chunk->link, &pool->partial[new]);
			pool->partial_mask |= 1u << new;
		} else if (new == NOUVEAU_DMEM_IN_REGION) {
			list_add(&chunk->link, &region->free_chunks);
			region->nr_free_chunks++;
			region_relink(pool, region);
		}
	}

	if (chunk->used && !chunk->isolated) {
		if (list_empty(&chunk->lru))
			list_add_tail(&chunk->lru, &pool->lru);
	} else {
		list_del_init(&chunk->lru);
	}
}

static void chunk_make_warm(struct nouveau_dmem_pool *pool,
			    struct nouveau_dmem_chunk *chunk)
{
	chunk->stamp = ++pool->clock;
	if (!list_empty(&chunk->lru))
		list_move_tail(&chunk->lru, &pool->lru);
}

/* Keep the numbers of whole and split chunks around a change of a chunk. */
static void chunk_count(struct nouveau_dmem_pool *pool,
			const struct nouveau_dmem_chunk *chunk, int by)
{
	if (nouveau_dmem_chunk_is_whole(chunk))
		pool->nr_whole += by;
	else if (chunk->used)
		pool->nr_split += by;
}

/**
 * nouveau_dmem_pool_init - make an empty pool
 * @pool: memory for it
 */
void nouveau_dmem_pool_init(struct nouveau_dmem_pool *pool)
{
	unsigned int i;

	memset(pool, 0, sizeof(*pool));
	spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->idle);
	INIT_LIST_HEAD(&pool->some);
	INIT_LIST_HEAD(&pool->full);
	INIT_LIST_HEAD(&pool->lru);
	for (i = 0; i < NOUVEAU_DMEM_CHUNK_ORDER; i++)
		INIT_LIST_HEAD(&pool->partial[i]);
}

/**
 * nouveau_dmem_pool_is_empty - is no page allocated and none reserved?
 * @pool: the pool
 */
bool nouveau_dmem_pool_is_empty(struct nouveau_dmem_pool *pool)
{
	unsigned long flags;
	bool empty;

	spin_lock_irqsave(&pool->lock, flags);
	empty = !pool->pages_used && !pool->pages_reserved;
	spin_unlock_irqrestore(&pool->lock, flags);
	return empty;
}

/**
 * nouveau_dmem_region_new - describe some chunks
 * @nr_chunks: how many, at least 1
 * @owner: kept in &nouveau_dmem_region.owner
 *
 * May sleep. The chunks are all free; the region is in no pool yet.
 *
 * Return: the region, to be freed with nouveau_dmem_region_del(), or NULL.
 */
struct nouveau_dmem_region *nouveau_dmem_region_new(u32 nr_chunks, void *owner)
{
	struct nouveau_dmem_region *region;
	u32 i;

	if (!nr_chunks)
		return NULL;

	region = kvzalloc(struct_size(region, chunks, nr_chunks), GFP_KERNEL);
	if (!region)
		return NULL;

	INIT_LIST_HEAD(&region->link);
	INIT_LIST_HEAD(&region->free_chunks);
	region->owner = owner;
	region->nr_chunks = nr_chunks;
	for (i = 0; i < nr_chunks; i++) {
		struct nouveau_dmem_chunk *chunk = &region->chunks[i];

		INIT_LIST_HEAD(&chunk->link);
		INIT_LIST_HEAD(&chunk->lru);
		chunk->region = region;
		chunk->index = i;
		node_set_free(chunk, 1, NOUVEAU_DMEM_CHUNK_ORDER);
	}
	return region;
}

/**
 * nouveau_dmem_region_del - free the description of chunks
 * @region: a region that is in no pool, or NULL
 */
void nouveau_dmem_region_del(struct nouveau_dmem_region *region)
{
	if (region)
		WARN_ON(!list_empty(&region->link));
	kvfree(region);
}

/**
 * nouveau_dmem_region_add - let a pool allocate from a region
 * @pool: the pool
 * @region: a region that is in no pool
 */
void nouveau_dmem_region_add(struct nouveau_dmem_pool *pool,
			     struct nouveau_dmem_region *region)
{
	unsigned long flags;
	u32 i;

	spin_lock_irqsave(&pool->lock, flags);
	list_add_tail(&region->link, &pool->full);
	/* From the back, so that the lowest address is the first to be used. */
	for (i = region->nr_chunks; i--; )
		chunk_relink(pool, &region->chunks[i]);
	pool->nr_chunks += region->nr_chunks;
	pool->pages_free += (u64)region->nr_chunks * NOUVEAU_DMEM_CHUNK_PAGES;
	spin_unlock_irqrestore(&pool->lock, flags);
}

/* Take a region out; the caller has seen that no page of it is in use. */
static void region_unlink(struct nouveau_dmem_pool *pool,
			  struct nouveau_dmem_region *region)
{
	u32 i;

	for (i = 0; i < region->nr_chunks; i++) {
		struct nouveau_dmem_chunk *chunk = &region->chunks[i];

		if (chunk->isolated)
			pool->nr_isolated--;
		else
			pool->pages_free -= NOUVEAU_DMEM_CHUNK_PAGES;
		chunk->isolated = false;
		chunk->place = NOUVEAU_DMEM_NOWHERE;
		list_del_init(&chunk->link);
	}
	pool->nr_chunks -= region->nr_chunks;
	region->nr_free_chunks = 0;
	list_del_init(&region->link);
}

/**
 * nouveau_dmem_region_remove - take a region out of its pool
 * @pool: the pool
 * @region: a region in it
 *
 * Isolated chunks do not hinder it, used ones do.
 *
 * Return: 0, or -EBUSY when a page of it is in use or the pages that are left
 * would not cover the reservations.
 */
int nouveau_dmem_region_remove(struct nouveau_dmem_pool *pool,
			       struct nouveau_dmem_region *region)
{
	unsigned long flags;
	u64 pages = 0;
	int ret = 0;
	u32 i;

	spin_lock_irqsave(&pool->lock, flags);
	for (i = 0; i < region->nr_chunks; i++) {
		if (region->chunks[i].used)
			ret = -EBUSY;
		if (!region->chunks[i].isolated)
			pages += NOUVEAU_DMEM_CHUNK_PAGES;
	}
	if (!ret && pages && pool->pages_free - pages < pool->pages_reserved)
		ret = -EBUSY;
	if (!ret)
		region_unlink(pool, region);
	spin_unlock_irqrestore(&pool->lock, flags);
	return ret;
}

/**
 * nouveau_dmem_region_remove_idle - take out some region that is not in use
 * @pool: the pool
 * @max_chunks: largest region to be considered, in chunks
 *
 * Return: a region that is in no pool any more, or NULL.
 */
struct nouveau_dmem_region *
nouveau_dmem_region_remove_idle(struct nouveau_dmem_pool *pool, u32 max_chunks)
{
	struct nouveau_dmem_region *region, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	list_for_each_entry(region, &pool->idle, link) {
		u64 pages = (u64)region->nr_chunks * NOUVEAU_DMEM_CHUNK_PAGES;

		if (region->nr_chunks <= max_chunks &&
		    pool->pages_free - pages >= pool->pages_reserved) {
			found = region;
			break;
		}
	}
	if (found)
		region_unlink(pool, found);
	spin_unlock_irqrestore(&pool->lock, flags);
	return found;
}

/**
 * nouveau_dmem_reserve - set pages aside
 * @pool: the pool
 * @resv: the reservation to add them to
 * @pages: how many
 *
 * Return: 0, or -ENOSPC when so many are not free; then nothing is added.
 */
int nouveau_dmem_reserve(struct nouveau_dmem_pool *pool,
			 struct nouveau_dmem_resv *resv, u32 pages)
{
	unsigned long flags;
	int ret = 0;

	spin_lock_irqsave(&pool->lock, flags);
	if (pool->pages_free - pool->pages_reserved < pages) {
		ret = -ENOSPC;
	} else {
		pool->pages_reserved += pages;
		resv->pages += pages;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	return ret;
}

/**
 * nouveau_dmem_unreserve - give back what is left of a reservation
 * @pool: the pool
 * @resv: the reservation; it is empty afterwards
 */
void nouveau_dmem_unreserve(struct nouveau_dmem_pool *pool,
			    struct nouveau_dmem_resv *resv)
{
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	pool->pages_reserved -= resv->pages;
	resv->pages = 0;
	spin_unlock_irqrestore(&pool->lock, flags);
}

/* Find a chunk with a free block of @order or more; the pool's lock is held. */
static struct nouveau_dmem_chunk *
chunk_find(struct nouveau_dmem_pool *pool, unsigned int order)
{
	struct nouveau_dmem_region *region;
	u32 fit = pool->partial_mask & ~((1u << order) - 1);

	if (order < NOUVEAU_DMEM_CHUNK_ORDER && fit)
		return list_first_entry(&pool->partial[__ffs(fit)],
					struct nouveau_dmem_chunk, link);

	region = list_first_entry_or_null(&pool->some, struct nouveau_dmem_region, link);
	if (!region)
		region = list_first_entry_or_null(&pool->idle,
						  struct nouveau_dmem_region, link);
	if (!region)
		return NULL;
	return list_first_entry(&region->free_chunks, struct nouveau_dmem_chunk, link);
}

/* Allocate from a chunk that has room; returns the first page. */
static unsigned int chunk_take(struct nouveau_dmem_chunk *chunk, unsigned int order,
			       unsigned int *steps)
{
	unsigned int from = __ffs(chunk->free_orders & ~((1u << order) - 1));
	unsigned int first = NOUVEAU_DMEM_CHUNK_PAGES >> from;
	unsigned int node = find_next_bit(chunk->free, 2 * first, first);

	node_clear_free(chunk, node, from);
	for (; from > order; ++*steps) {
		from--;
		node <<= 1;
		node_set_free(chunk, node ^ 1, from);
	}
	__set_bit(node, chunk->busy);
	chunk->used += 1u << order;
	return page_of(node, order);
}

/**
 * nouveau_dmem_block_alloc - allocate a block
 * @pool: the pool
 * @resv: a reservation to take the pages from as far as it goes, or NULL
 * @order: log2 of the size in pages, at most NOUVEAU_DMEM_CHUNK_ORDER
 * @block: the result
 *
 * Any context.
 *
 * Return: 0; -ENOSPC when no block of this order is free or the pages are
 * promised to others; -EINVAL for a bad order. On error @block->chunk is NULL.
 */
int nouveau_dmem_block_alloc(struct nouveau_dmem_pool *pool,
			     struct nouveau_dmem_resv *resv, unsigned int order,
			     struct nouveau_dmem_block *block)
{
	u32 pages, own = 0;
	struct nouveau_dmem_chunk *chunk;
	unsigned int steps = 1;
	unsigned long flags;

	block->chunk = NULL;
	if (order > NOUVEAU_DMEM_CHUNK_ORDER)
		return -EINVAL;

	pages = 1u << order;
	spin_lock_irqsave(&pool->lock, flags);
	if (resv)
		own = min(resv->pages, pages);
	if (pool->pages_free - pool->pages_reserved + own < pages)
		goto full;
	chunk = chunk_find(pool, order);
	if (!chunk)
		goto full;

	chunk_count(pool, chunk, -1);
	block->page = chunk_take(chunk, order, &steps);
	block->order = order;
	block->chunk = chunk;
	chunk_count(pool, chunk, 1);

	if (resv)
		resv->pages -= own;
	pool->pages_reserved -= own;
	pool->pages_free -= pages;
	pool->pages_used += pages;
	pool->blocks[order]++;
	chunk_relink(pool, chunk);
	chunk_make_warm(pool, chunk);
	steps_done(pool, steps);
full:
	spin_unlock_irqrestore(&pool->lock, flags);
	return block->chunk ? 0 : -ENOSPC;
}

/**
 * nouveau_dmem_block_free - free a block
 * @pool: the pool
 * @chunk: the block's chunk
 * @page: its first page in the chunk
 * @order: its order
 *
 * Any context, interrupts off included.
 *
 * Return: 0, or -EINVAL when there is no such block; then nothing is changed.
 */
int nouveau_dmem_block_free(struct nouveau_dmem_pool *pool,
			    struct nouveau_dmem_chunk *chunk, unsigned int page,
			    unsigned int order)
{
	unsigned int node, pages, steps = 1;
	unsigned int k = order;
	unsigned long flags;
	int ret = 0;

	if (!block_is_sane(page, order))
		return -EINVAL;

	pages = 1u << order;
	node = node_of(page, order);
	spin_lock_irqsave(&pool->lock, flags);
	if (!test_bit(node, chunk->busy)) {
		ret = -EINVAL;
		goto out;
	}

	chunk_count(pool, chunk, -1);
	__clear_bit(node, chunk->busy);
	for (; node > 1 && test_bit(node ^ 1, chunk->free); steps++) {
		node_clear_free(chunk, node ^ 1, k++);
		node >>= 1;
	}
	node_set_free(chunk, node, k);
	chunk->used -= pages;
	chunk_count(pool, chunk, 1);

	pool->pages_used -= pages;
	if (!chunk->isolated)
		pool->pages_free += pages;
	pool->blocks[order]--;
	chunk_relink(pool, chunk);
	steps_done(pool, steps);
out:
	spin_unlock_irqrestore(&pool->lock, flags);
	return ret;
}

/**
 * nouveau_dmem_block_carve - turn a part of an allocated block into its own block
 * @pool: the pool
 * @chunk: the chunk
 * @page: first page of the part
 * @order: order of the part
 *
 * The allocated block around it is halved until the part is a block; the other
 * halves become allocated blocks as well. Called once for each part of a folio
 * that was split, in any order, it ends with exactly these parts. Nothing is
 * done when the part is a block already. Any context.
 *
 * Return: 0, or -EINVAL when no allocated block contains the part.
 */
int nouveau_dmem_block_carve(struct nouveau_dmem_pool *pool,
			     struct nouveau_dmem_chunk *chunk, unsigned int page,
			     unsigned int order)
{
	unsigned int target, node, k = order, steps = 1;
	unsigned long flags;
	int ret = 0;

	if (!block_is_sane(page, order))
		return -EINVAL;

	target = node_of(page, order);
	spin_lock_irqsave(&pool->lock, flags);
	for (node = target; node && !test_bit(node, chunk->busy); node >>= 1) {
		k++;
		steps++;
	}
	if (!node) {
		ret = -EINVAL;
		goto out;
	}

	chunk_count(pool, chunk, -1);
	while (k > order) {
		__clear_bit(node, chunk->busy);
		pool->blocks[k]--;
		k--;
		node = target >> (k - order);
		__set_bit(node, chunk->busy);
		__set_bit(node ^ 1, chunk->busy);
		pool->blocks[k] += 2;
		steps++;
	}
	chunk_count(pool, chunk, 1);
	steps_done(pool, steps);
out:
	spin_unlock_irqrestore(&pool->lock, flags);
	return ret;
}

/**
 * nouveau_dmem_chunk_touch - note that a chunk was just used
 * @pool: the pool
 * @chunk: a chunk in it
 */
void nouveau_dmem_chunk_touch(struct nouveau_dmem_pool *pool,
			      struct nouveau_dmem_chunk *chunk)
{
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	chunk_make_warm(pool, chunk);
	spin_unlock_irqrestore(&pool->lock, flags);
}

/* Isolate with the lock held; fails if reservations need the free pages. */
static bool chunk_try_isolate(struct nouveau_dmem_pool *pool,
			      struct nouveau_dmem_chunk *chunk)
{
	unsigned int pages = chunk_pages_free(chunk);

	if (chunk->isolated || pool->pages_free - pages < pool->pages_reserved)
		return false;
	chunk->isolated = true;
	pool->pages_free -= pages;
	pool->nr_isolated++;
	chunk_relink(pool, chunk);
	return true;
}

/**
 * nouveau_dmem_chunk_isolate - allocate nothing from this chunk any more
 * @pool: the pool
 * @chunk: a chunk in it
 *
 * Return: 0, -EBUSY when it is isolated already or its free pages are reserved.
 */
int nouveau_dmem_chunk_isolate(struct nouveau_dmem_pool *pool,
			       struct nouveau_dmem_chunk *chunk)
{
	unsigned long flags;
	bool done;

	spin_lock_irqsave(&pool->lock, flags);
	done = chunk_try_isolate(pool, chunk);
	spin_unlock_irqrestore(&pool->lock, flags);
	return done ? 0 : -EBUSY;
}

/**
 * nouveau_dmem_chunk_isolate_coldest - isolate the chunk least recently touched
 * @pool: the pool
 * @newer: leave alone what was touched at this &nouveau_dmem_pool.clock or
 *	later; ~0 for no limit
 *
 * Return: an isolated chunk with pages in use, or NULL.
 */
struct nouveau_dmem_chunk *
nouveau_dmem_chunk_isolate_coldest(struct nouveau_dmem_pool *pool, u64 newer)
{
	struct nouveau_dmem_chunk *chunk, *found = NULL;
	unsigned int left = ISOLATE_SEARCH_MAX;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	list_for_each_entry(chunk, &pool->lru, lru) {
		if (!left-- || chunk->stamp >= newer)
			break;
		if (chunk_try_isolate(pool, chunk)) {
			found = chunk;
			break;
		}
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	return found;
}

/**
 * nouveau_dmem_chunk_putback - allow allocations from an isolated chunk again
 * @pool: the pool
 * @chunk: an isolated chunk
 *
 * If it is still in use it becomes the warmest, so that a chunk which cannot be
 * emptied is not tried again at once.
 */
void nouveau_dmem_chunk_putback(struct nouveau_dmem_pool *pool,
				struct nouveau_dmem_chunk *chunk)
{
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	if (!WARN_ON(!chunk->isolated)) {
		chunk->isolated = false;
		pool->nr_isolated--;
		pool->pages_free += chunk_pages_free(chunk);
		chunk_relink(pool, chunk);
		chunk_make_warm(pool, chunk);
	}
	spin_unlock_irqrestore(&pool->lock, flags);
}
