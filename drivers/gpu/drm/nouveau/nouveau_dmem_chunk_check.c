// SPDX-License-Identifier: MIT
/*
 * The invariants of the allocator of device memory, in one function that tests call
 * after each step and debugfs on demand. It recomputes from the bit maps everything
 * that is counted or linked elsewhere.
 */
#include "nouveau_dmem_chunk.h"

#include <linux/bitops.h>

struct pool_sums {
	u64 free, used, blocks[NOUVEAU_DMEM_NR_ORDERS];
	u32 chunks, whole, split, isolated, on_lru;
	u32 partial[NOUVEAU_DMEM_CHUNK_ORDER];
};

/* Every page must lie in exactly one block, free or busy, and merged. */
static const char *check_tree(const struct nouveau_dmem_chunk *chunk,
			      struct pool_sums *sums)
{
	u16 nr_free[NOUVEAU_DMEM_NR_ORDERS] = {};
	unsigned int node, up, order, used = 0, covered = 0;

	for (node = 1; node < NOUVEAU_DMEM_CHUNK_NODES; node++) {
		bool free = test_bit(node, chunk->free);
		bool busy = test_bit(node, chunk->busy);

		if (!free && !busy)
			continue;
		if (free && busy)
			return "block both free and busy";
		order = NOUVEAU_DMEM_CHUNK_ORDER - __fls(node);
		for (up = node >> 1; up; up >>= 1)
			if (test_bit(up, chunk->free) || test_bit(up, chunk->busy))
				return "block inside another block";
		covered += 1u << order;
		if (busy) {
			used += 1u << order;
			sums->blocks[order]++;
		} else {
			nr_free[order]++;
			if (node > 1 && test_bit(node ^ 1, chunk->free))
				return "free buddies not merged";
		}
	}
	if (covered != NOUVEAU_DMEM_CHUNK_PAGES)
		return "pages lost";
	if (used != chunk->used)
		return "used pages miscounted";
	for (order = 0; order < NOUVEAU_DMEM_NR_ORDERS; order++) {
		if (nr_free[order] != chunk->nr_free[order])
			return "free blocks miscounted";
		if (!!nr_free[order] != !!(chunk->free_orders & (1u << order)))
			return "mask of free orders wrong";
	}
	return NULL;
}

static const char *check_chunk(const struct nouveau_dmem_region *region, u32 index,
			       struct pool_sums *sums)
{
	const struct nouveau_dmem_chunk *chunk = &region->chunks[index];
	const char *why = check_tree(chunk, sums);
	unsigned int place = NOUVEAU_DMEM_NOWHERE;

	if (why)
		return why;
	if (chunk->region != region || chunk->index != index)
		return "chunk does not know its place";

	if (!chunk->isolated && !chunk->used)
		place = NOUVEAU_DMEM_IN_REGION;
	else if (!chunk->isolated && chunk->free_orders)
		place = NOUVEAU_DMEM_PARTIAL + __fls(chunk->free_orders);
	if (chunk->place != place)
		return "chunk on the wrong list";
	if (list_empty(&chunk->link) != (place == NOUVEAU_DMEM_NOWHERE))
		return "chunk's link does not match its list";
	if (list_empty(&chunk->lru) != (!chunk->used || chunk->isolated))
		return "chunk's age is kept for no reason, or is not kept";

	sums->chunks++;
	sums->used += chunk->used;
	if (chunk->isolated)
		sums->isolated++;
	else
		sums->free += NOUVEAU_DMEM_CHUNK_PAGES - chunk->used;
	if (nouveau_dmem_chunk_is_whole(chunk))
		sums->whole++;
	if (nouveau_dmem_chunk_is_split(chunk))
		sums->split++;
	if (!list_empty(&chunk->lru))
		sums->on_lru++;
	if (place >= NOUVEAU_DMEM_PARTIAL)
		sums->partial[place - NOUVEAU_DMEM_PARTIAL]++;
	return NULL;
}

enum region_fill { REGION_IDLE, REGION_SOME, REGION_FULL };

static const char *check_regions(const struct list_head *list, enum region_fill fill,
				 struct pool_sums *sums)
{
	const struct nouveau_dmem_region *region;

	list_for_each_entry(region, list, link) {
		const struct nouveau_dmem_chunk *chunk;
		u32 i, nr = 0;

		list_for_each_entry(chunk, &region->free_chunks, link) {
			if (chunk->place != NOUVEAU_DMEM_IN_REGION)
				return "used chunk among the free ones";
			nr++;
		}
		if (nr != region->nr_free_chunks)
			return "free chunks miscounted";
		if (fill != (nr == region->nr_chunks ? REGION_IDLE :
			     nr ? REGION_SOME : REGION_FULL))
			return "region on the wrong list";
		for (i = 0; i < region->nr_chunks; i++) {
			const char *why = check_chunk(region, i, sums);

			if (why)
				return why;
		}
	}
	return NULL;
}

static const char *check_lists(const struct nouveau_dmem_pool *pool,
			       const struct pool_sums *sums)
{
	const struct nouveau_dmem_chunk *chunk;
	u64 last = 0;
	u32 nr = 0;
	unsigned int k;

	for (k = 0; k < NOUVEAU_DMEM_CHUNK_ORDER; k++) {
		nr = 0;
		list_for_each_entry(chunk, &pool->partial[k], link)
			nr++;
		if (nr != sums->partial[k])
			return "partial list has the wrong length";
		if (!!nr != !!(pool->partial_mask & (1u << k)))
			return "mask of partial lists wrong";
	}

	nr = 0;
	list_for_each_entry(chunk, &pool->lru, lru) {
		if (chunk->stamp <= last)
			return "ages out of order";
		last = chunk->stamp;
		nr++;
	}
	if (nr != sums->on_lru)
		return "list of ages has the wrong length";
	return NULL;
}

/**
 * nouveau_dmem_pool_check - check every invariant
 * @pool: the pool
 *
 * Slow: looks at every node of every chunk, with interrupts off.
 *
 * Return: NULL, or what is wrong.
 */
const char *nouveau_dmem_pool_check(struct nouveau_dmem_pool *pool)
{
	struct pool_sums sums = {};
	unsigned long flags;
	const char *why;

	spin_lock_irqsave(&pool->lock, flags);
	why = check_regions(&pool->idle, REGION_IDLE, &sums);
	if (!why)
		why = check_regions(&pool->some, REGION_SOME, &sums);
	if (!why)
		why = check_regions(&pool->full, REGION_FULL, &sums);
	if (!why)
		why = check_lists(pool, &sums);
	if (!why && (sums.chunks != pool->nr_chunks || sums.whole != pool->nr_whole ||
		     sums.split != pool->nr_split || sums.isolated != pool->nr_isolated))
		why = "chunks miscounted";
	if (!why && (sums.free != pool->pages_free || sums.used != pool->pages_used))
		why = "pages miscounted";
	if (!why && memcmp(sums.blocks, pool->blocks, sizeof(sums.blocks)))
		why = "blocks miscounted";
	if (!why && pool->pages_reserved > pool->pages_free)
		why = "more pages reserved than free";
	spin_unlock_irqrestore(&pool->lock, flags);
	return why;
}
