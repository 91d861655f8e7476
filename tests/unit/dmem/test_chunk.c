// SPDX-License-Identifier: MIT
/*
 * The allocator of device memory, in user space: its source is included, so that
 * the very lines that the kernel runs are the ones that are tested.
 */
#include "../../../drivers/gpu/drm/nouveau/nouveau_dmem_chunk.c"
#include "../../../drivers/gpu/drm/nouveau/nouveau_dmem_chunk_check.c"

#include "tap.h"

#define ORDER	NOUVEAU_DMEM_CHUNK_ORDER
#define PAGES	NOUVEAU_DMEM_CHUNK_PAGES

/*
 * Loop turns that one call may need: down the tree and up again, and one search.
 */
#define STEPS_MAX (2 * ORDER + 1)

static u64 rnd_state = 0x9e3779b97f4a7c15ull;

static u32 rnd(u32 limit)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return (u32)(rnd_state >> 32) % limit;
}

static void pool_is_sound(struct nouveau_dmem_pool *pool)
{
	const char *why = nouveau_dmem_pool_check(pool);

	if (why)
		printf("# %s\n", why);
	CHECK(!why);
	CHECK(pool->max_steps <= STEPS_MAX);
}

static struct nouveau_dmem_region *add(struct nouveau_dmem_pool *pool, u32 chunks)
{
	struct nouveau_dmem_region *region = nouveau_dmem_region_new(chunks, pool);

	CHECK(region);
	nouveau_dmem_region_add(pool, region);
	pool_is_sound(pool);
	return region;
}

static void drop(struct nouveau_dmem_pool *pool, struct nouveau_dmem_region *region)
{
	CHECK(!nouveau_dmem_region_remove(pool, region));
	pool_is_sound(pool);
	nouveau_dmem_region_del(region);
}

static struct nouveau_dmem_block take(struct nouveau_dmem_pool *pool, unsigned int order)
{
	struct nouveau_dmem_block block;

	CHECK(!nouveau_dmem_block_alloc(pool, NULL, order, &block));
	CHECK(block.chunk && block.order == order);
	CHECK(!(block.page & ((1u << order) - 1)));
	CHECK(block.page + (1u << order) <= PAGES);
	return block;
}

static int give(struct nouveau_dmem_pool *pool, struct nouveau_dmem_block *block)
{
	return nouveau_dmem_block_free(pool, block->chunk, block->page, block->order);
}

/* Every page once, no page twice, and then nothing more. */
static void each_order_fills_the_pool_exactly(void)
{
	unsigned int order, i, nr;

	for (order = 0; order <= ORDER; order++) {
		static u8 seen[3][PAGES];
		static struct nouveau_dmem_block blocks[3 * PAGES];
		struct nouveau_dmem_pool pool;
		struct nouveau_dmem_region *region;
		struct nouveau_dmem_block more;

		nouveau_dmem_pool_init(&pool);
		region = add(&pool, 3);
		memset(seen, 0, sizeof(seen));
		nr = 3 * PAGES >> order;
		for (i = 0; i < nr; i++) {
			unsigned int p;

			blocks[i] = take(&pool, order);
			for (p = 0; p < 1u << order; p++)
				CHECK(!seen[blocks[i].chunk->index][blocks[i].page + p]++);
		}
		pool_is_sound(&pool);
		CHECK(nouveau_dmem_block_alloc(&pool, NULL, order, &more) == -ENOSPC);
		CHECK(!more.chunk);
		CHECK(nouveau_dmem_block_alloc(&pool, NULL, 0, &more) == -ENOSPC);
		for (i = 0; i < nr; i++)
			CHECK(!give(&pool, &blocks[i]));
		pool_is_sound(&pool);
		CHECK(region->nr_free_chunks == 3);
		drop(&pool, region);
	}
}

/*
 *	chunk 0   |s s . . . . . .|	split, has room
 *	chunk 1   |. . . . . . . .|	free: must stay so
 */
static void split_chunks_are_filled_before_free_ones(void)
{
	struct nouveau_dmem_pool pool;
	struct nouveau_dmem_region *region;
	struct nouveau_dmem_block blocks[2 * PAGES / 3], whole;
	unsigned int i;

	nouveau_dmem_pool_init(&pool);
	region = add(&pool, 2);
	for (i = 0; i < 2 * PAGES / 3; i++) {
		blocks[i] = take(&pool, i % 2);
		CHECK(blocks[i].chunk == blocks[0].chunk);
	}
	CHECK(pool.pages_used >= PAGES - 2);
	CHECK(region->nr_free_chunks == 1);
	whole = take(&pool, ORDER);
	CHECK(nouveau_dmem_chunk_is_whole(whole.chunk));
	CHECK(whole.chunk != blocks[0].chunk);
	while (i--)
		CHECK(!give(&pool, &blocks[i]));
	CHECK(!give(&pool, &whole));
	drop(&pool, region);
}

static void smallest_hole_that_fits_is_used(void)
{
	struct nouveau_dmem_pool pool;
	struct nouveau_dmem_region *region;
	struct nouveau_dmem_block a, b, c, d;
	unsigned int p;

	nouveau_dmem_pool_init(&pool);
	region = add(&pool, 2);
	a = take(&pool, 8);
	b = take(&pool, 8);	/* fills chunk of a */
	CHECK(a.chunk == b.chunk);
	c = take(&pool, 3);	/* opens the other: its largest hole is order 8 */
	CHECK(c.chunk != a.chunk);
	for (p = 0; p < 256; p += 8)
		CHECK(!nouveau_dmem_block_carve(&pool, b.chunk, b.page + p, 3));
	CHECK(!nouveau_dmem_block_free(&pool, b.chunk, b.page, 3));
	d = take(&pool, 2);	/* must go into the hole of order 3 */
	CHECK(d.chunk == a.chunk);
	pool_is_sound(&pool);
	CHECK(!give(&pool, &a) && !give(&pool, &c) && !give(&pool, &d));
	for (p = 8; p < 256; p += 8)
		CHECK(!nouveau_dmem_block_free(&pool, b.chunk, b.page + p, 3));
	drop(&pool, region);
}

static void bad_frees_are_refused_and_change_nothing(void)
{
	struct nouveau_dmem_pool pool, before;
	struct nouveau_dmem_region *region;
	struct nouveau_dmem_block b;

	nouveau_dmem_pool_init(&pool);
	region = add(&pool, 1);
	b = take(&pool, 4);
	before = pool;
	CHECK(nouveau_dmem_block_free(&pool, b.chunk, b.page, 3) == -EINVAL);
	CHECK(nouveau_dmem_block_free(&pool, b.chunk, b.page, 5) == -EINVAL);
	CHECK(nouveau_dmem_block_free(&pool, b.chunk, b.page + 1, 4) == -EINVAL);
	CHECK(nouveau_dmem_block_free(&pool, b.chunk, PAGES, 0) == -EINVAL);
	CHECK(nouveau_dmem_block_free(&pool, b.chunk, 0, ORDER + 1) == -EINVAL);
	CHECK(nouveau_dmem_block_free(&pool, b.chunk, 0, 40) == -EINVAL);
	CHECK(!memcmp(&before, &pool, sizeof(pool)));
	CHECK(!give(&pool, &b));
	CHECK(give(&pool, &b) == -EINVAL);
	pool_is_sound(&pool);
	drop(&pool, region);
}

/* The callback of a split folio: tails one after the other, then the head. */
static void carved_block_is_freed_page_by_page(void)
{
	unsigned int to, order;

	for (order = 1; order <= ORDER; order++) {
		for (to = 0; to < order; to++) {
			struct nouveau_dmem_pool pool;
			struct nouveau_dmem_region *region;
			struct nouveau_dmem_block b;
			unsigned int p, step = 1u << to;

			nouveau_dmem_pool_init(&pool);
			region = add(&pool, 1);
			b = take(&pool, order);
			for (p = step; p < 1u << order; p += step)
				CHECK(!nouveau_dmem_block_carve(&pool, b.chunk, b.page + p, to));
			CHECK(!nouveau_dmem_block_carve(&pool, b.chunk, b.page, to));
			pool_is_sound(&pool);
			CHECK(pool.blocks[to] == 1u << (order - to));
			CHECK(pool.pages_used == 1u << order);
			for (p = 0; p < 1u << order; p += step)
				CHECK(!nouveau_dmem_block_free(&pool, b.chunk, b.page + p, to));
			pool_is_sound(&pool);
			CHECK(region->nr_free_chunks == 1);
			drop(&pool, region);
		}
	}
}

/*
 *	|0 . . . . . . .|1 . . .|2 .|3|4|	carved to different sizes
 */
static void uneven_carving_keeps_every_page(void)
{
	struct nouveau_dmem_pool pool;
	struct nouveau_dmem_region *region;
	struct nouveau_dmem_block b;

	nouveau_dmem_pool_init(&pool);
	region = add(&pool, 1);
	b = take(&pool, 4);
	CHECK(!nouveau_dmem_block_carve(&pool, b.chunk, b.page + 15, 0));
	pool_is_sound(&pool);
	CHECK(pool.blocks[3] == 1 && pool.blocks[2] == 1 &&
	      pool.blocks[1] == 1 && pool.blocks[0] == 2);
	CHECK(!nouveau_dmem_block_carve(&pool, b.chunk, b.page, 3));
	CHECK(nouveau_dmem_block_carve(&pool, b.chunk, b.page, 4) == -EINVAL);
	CHECK(nouveau_dmem_block_carve(&pool, b.chunk, b.page + 16, 0) == -EINVAL);
	CHECK(nouveau_dmem_block_carve(&pool, b.chunk, b.page + 1, 1) == -EINVAL);
	CHECK(!nouveau_dmem_block_free(&pool, b.chunk, b.page, 3));
	CHECK(!nouveau_dmem_block_free(&pool, b.chunk, b.page + 8, 2));
	CHECK(!nouveau_dmem_block_free(&pool, b.chunk, b.page + 12, 1));
	CHECK(!nouveau_dmem_block_free(&pool, b.chunk, b.page + 14, 0));
	CHECK(!nouveau_dmem_block_free(&pool, b.chunk, b.page + 15, 0));
	drop(&pool, region);
}

static void reserved_pages_are_there_for_their_owner_only(void)
{
	struct nouveau_dmem_pool pool;
	struct nouveau_dmem_region *region;
	struct nouveau_dmem_resv resv = {}, other = {};
	struct nouveau_dmem_block b;
	unsigned int i;

	nouveau_dmem_pool_init(&pool);
	CHECK(nouveau_dmem_reserve(&pool, &resv, 1) == -ENOSPC);
	region = add(&pool, 1);
	CHECK(!nouveau_dmem_reserve(&pool, &resv, PAGES - 8));
	CHECK(nouveau_dmem_reserve(&pool, &other, 9) == -ENOSPC);
	CHECK(!other.pages);
	CHECK(nouveau_dmem_block_alloc(&pool, NULL, 4, &b) == -ENOSPC);
	CHECK(nouveau_dmem_region_remove(&pool, region) == -EBUSY);
	CHECK(nouveau_dmem_chunk_isolate(&pool, &region->chunks[0]) == -EBUSY);
	for (i = 0; i < 8; i++)
		take(&pool, 0);
	CHECK(nouveau_dmem_block_alloc(&pool, NULL, 0, &b) == -ENOSPC);
	CHECK(nouveau_dmem_block_alloc(&pool, &other, 0, &b) == -ENOSPC);
	for (i = 0; i < PAGES - 8; i++)
		CHECK(!nouveau_dmem_block_alloc(&pool, &resv, 0, &b));
	CHECK(!resv.pages && !pool.pages_reserved);
	pool_is_sound(&pool);
	for (i = 0; i < PAGES; i++)
		CHECK(!nouveau_dmem_block_free(&pool, b.chunk, i, 0));
	CHECK(!nouveau_dmem_reserve(&pool, &resv, 5));
	nouveau_dmem_unreserve(&pool, &resv);
	CHECK(!resv.pages && nouveau_dmem_pool_is_empty(&pool));
	/* A reservation that is too small for the block pays a part of it. */
	CHECK(!nouveau_dmem_reserve(&pool, &resv, 5));
	CHECK(!nouveau_dmem_block_alloc(&pool, &resv, 3, &b));
	CHECK(!resv.pages && !pool.pages_reserved);
	CHECK(!give(&pool, &b));
	pool_is_sound(&pool);
	drop(&pool, region);
}

static void isolated_chunk_only_drains(void)
{
	struct nouveau_dmem_pool pool;
	struct nouveau_dmem_region *region;
	struct nouveau_dmem_block a, b;

	nouveau_dmem_pool_init(&pool);
	region = add(&pool, 1);
	a = take(&pool, 3);
	CHECK(!nouveau_dmem_chunk_isolate(&pool, a.chunk));
	CHECK(nouveau_dmem_chunk_isolate(&pool, a.chunk) == -EBUSY);
	CHECK(pool.pages_free == 0 && pool.nr_isolated == 1);
	CHECK(nouveau_dmem_block_alloc(&pool, NULL, 0, &b) == -ENOSPC);
	pool_is_sound(&pool);
	CHECK(!nouveau_dmem_block_carve(&pool, a.chunk, a.page, 0));
	CHECK(!nouveau_dmem_block_free(&pool, a.chunk, a.page, 0));
	pool_is_sound(&pool);
	nouveau_dmem_chunk_putback(&pool, a.chunk);
	pool_is_sound(&pool);
	b = take(&pool, 0);
	CHECK(b.chunk == a.chunk);
	CHECK(nouveau_dmem_region_remove(&pool, region) == -EBUSY);
	CHECK(!give(&pool, &b));
	CHECK(!nouveau_dmem_block_free(&pool, a.chunk, a.page + 1, 0));
	CHECK(!nouveau_dmem_block_free(&pool, a.chunk, a.page + 2, 1));
	CHECK(!nouveau_dmem_block_free(&pool, a.chunk, a.page + 4, 2));
	CHECK(nouveau_dmem_pool_is_empty(&pool));
	drop(&pool, region);
}

static void coldest_chunk_is_isolated_first(void)
{
	struct nouveau_dmem_pool pool;
	struct nouveau_dmem_region *region;
	struct nouveau_dmem_block b[4];
	struct nouveau_dmem_chunk *victim;
	u64 now;
	int i;

	nouveau_dmem_pool_init(&pool);
	CHECK(!nouveau_dmem_chunk_isolate_coldest(&pool, ~0ull));
	region = add(&pool, 4);
	CHECK(!nouveau_dmem_chunk_isolate_coldest(&pool, ~0ull));
	for (i = 0; i < 4; i++)
		b[i] = take(&pool, ORDER);
	nouveau_dmem_chunk_touch(&pool, b[0].chunk);
	pool_is_sound(&pool);
	CHECK(nouveau_dmem_chunk_isolate_coldest(&pool, ~0ull) == b[1].chunk);
	CHECK(nouveau_dmem_chunk_isolate_coldest(&pool, ~0ull) == b[2].chunk);
	/* What could not be emptied is the warmest when it comes back. */
	nouveau_dmem_chunk_putback(&pool, b[1].chunk);
	pool_is_sound(&pool);
	CHECK(nouveau_dmem_chunk_isolate_coldest(&pool, ~0ull) == b[3].chunk);
	now = pool.clock;
	nouveau_dmem_chunk_touch(&pool, b[0].chunk);
	victim = nouveau_dmem_chunk_isolate_coldest(&pool, now);
	CHECK(!victim);
	pool_is_sound(&pool);
	nouveau_dmem_chunk_putback(&pool, b[2].chunk);
	nouveau_dmem_chunk_putback(&pool, b[3].chunk);
	for (i = 0; i < 4; i++)
		CHECK(!give(&pool, &b[i]));
	drop(&pool, region);
}

static void idle_regions_are_given_back(void)
{
	struct nouveau_dmem_pool pool;
	struct nouveau_dmem_region *big, *small, *got;
	struct nouveau_dmem_resv resv = {};
	struct nouveau_dmem_block b;

	nouveau_dmem_pool_init(&pool);
	CHECK(!nouveau_dmem_region_remove_idle(&pool, ~0u));
	small = add(&pool, 1);
	b = take(&pool, 0);
	big = add(&pool, 4);
	CHECK(b.chunk->region == small);
	CHECK(!nouveau_dmem_region_remove_idle(&pool, 3));
	CHECK(!nouveau_dmem_reserve(&pool, &resv, PAGES));
	CHECK(!nouveau_dmem_region_remove_idle(&pool, 4));
	nouveau_dmem_unreserve(&pool, &resv);
	got = nouveau_dmem_region_remove_idle(&pool, 4);
	CHECK(got == big && big->owner == &pool);
	pool_is_sound(&pool);
	nouveau_dmem_region_del(big);
	CHECK(!give(&pool, &b));
	CHECK(nouveau_dmem_region_remove_idle(&pool, ~0u) == small);
	CHECK(!pool.nr_chunks && !pool.pages_free);
	nouveau_dmem_region_del(small);
}

/* A region in use is preferred, so that the idle one stays removable. */
static void free_chunks_come_from_regions_in_use(void)
{
	struct nouveau_dmem_pool pool;
	struct nouveau_dmem_region *r[3];
	struct nouveau_dmem_block b[4];
	int i;

	nouveau_dmem_pool_init(&pool);
	for (i = 0; i < 3; i++)
		r[i] = add(&pool, 4);
	for (i = 0; i < 4; i++)
		b[i] = take(&pool, ORDER);
	for (i = 1; i < 4; i++)
		CHECK(b[i].chunk->region == b[0].chunk->region);
	for (i = 0; i < 4; i++)
		CHECK(!give(&pool, &b[i]));
	for (i = 0; i < 3; i++)
		drop(&pool, r[i]);
}

static void no_memory_for_a_region_is_an_error(void)
{
	struct nouveau_dmem_region *region;

	shim_fail_alloc = 1;
	region = nouveau_dmem_region_new(4, NULL);
	CHECK(!region);
	shim_fail_alloc = 0;
	CHECK(!nouveau_dmem_region_new(0, NULL));
	nouveau_dmem_region_del(NULL);
}

/* The checker is worth nothing if it does not see a broken pool. */
static void checker_sees_each_kind_of_damage(void)
{
	struct nouveau_dmem_pool pool;
	struct nouveau_dmem_region *region;
	struct nouveau_dmem_block a, b;
	struct nouveau_dmem_chunk *chunk;

	nouveau_dmem_pool_init(&pool);
	region = add(&pool, 2);
	a = take(&pool, 2);
	b = take(&pool, ORDER);
	chunk = a.chunk;

#define BROKEN_BY(damage, repair) do {			\
	damage;						\
	CHECK(nouveau_dmem_pool_check(&pool));		\
	repair;						\
	pool_is_sound(&pool);				\
} while (0)
	BROKEN_BY(chunk->used++, chunk->used--);
	BROKEN_BY(chunk->nr_free[2]++, chunk->nr_free[2]--);
	BROKEN_BY(chunk->free_orders ^= 1, chunk->free_orders ^= 1);
	BROKEN_BY(__set_bit(node_of(a.page, 2), chunk->free),
		  __clear_bit(node_of(a.page, 2), chunk->free));
	BROKEN_BY(__set_bit(node_of(a.page, 1), chunk->busy),
		  __clear_bit(node_of(a.page, 1), chunk->busy));
	BROKEN_BY(__clear_bit(node_of(a.page, 2), chunk->busy),
		  __set_bit(node_of(a.page, 2), chunk->busy));
	BROKEN_BY(chunk->place = 0, chunk->place = NOUVEAU_DMEM_PARTIAL + 8);
	BROKEN_BY(chunk->isolated = true, chunk->isolated = false);
	BROKEN_BY(chunk->index = 7, chunk->index = a.chunk - region->chunks);
	BROKEN_BY(pool.pages_free--, pool.pages_free++);
	BROKEN_BY(pool.pages_used--, pool.pages_used++);
	BROKEN_BY(pool.pages_reserved = PAGES, pool.pages_reserved = 0);
	BROKEN_BY(pool.blocks[2]++, pool.blocks[2]--);
	BROKEN_BY(pool.nr_whole--, pool.nr_whole++);
	BROKEN_BY(pool.nr_split--, pool.nr_split++);
	BROKEN_BY(pool.partial_mask = 0, pool.partial_mask = 1u << 8);
	BROKEN_BY(list_move(&region->link, &pool.idle), list_move(&region->link, &pool.full));
	BROKEN_BY(chunk->stamp += 10, chunk->stamp -= 10);
#undef BROKEN_BY
	CHECK(!give(&pool, &a));
	CHECK(!give(&pool, &b));
	drop(&pool, region);
}

struct live {
	struct nouveau_dmem_block b;
};

/* Anything goes, and in the end every chunk is whole again. */
static void random_use_that_ends_empty_leaves_whole_chunks(void)
{
	static struct live live[16 * PAGES];
	struct nouveau_dmem_pool pool;
	struct nouveau_dmem_region *r[4];
	struct nouveau_dmem_resv resv = {};
	struct nouveau_dmem_chunk *out[4] = {};
	u32 nr = 0, i, turn;

	nouveau_dmem_pool_init(&pool);
	for (i = 0; i < 4; i++)
		r[i] = add(&pool, 1 + rnd(4));

	for (turn = 0; turn < 200000; turn++) {
		struct nouveau_dmem_block *b;
		u32 what = rnd(100), phase = turn / 10000 % 2;

		if (what < (phase ? 30u : 55u)) {
			b = &live[nr].b;
			if (!nouveau_dmem_block_alloc(&pool, rnd(2) ? &resv : NULL,
						      rnd(ORDER + 1), b))
				nr++;
		} else if (what < 85 && nr) {
			u32 pick = rnd(nr);

			CHECK(!give(&pool, &live[pick].b));
			live[pick] = live[--nr];
		} else if (what < 90 && nr) {
			struct nouveau_dmem_block *whole = &live[rnd(nr)].b;
			u32 to = rnd(whole->order + 1u), p;

			for (p = 1u << to; p < 1u << whole->order; p += 1u << to) {
				CHECK(!nouveau_dmem_block_carve(&pool, whole->chunk,
								whole->page + p, to));
				live[nr].b = *whole;
				live[nr].b.page += p;
				live[nr++].b.order = to;
			}
			CHECK(!nouveau_dmem_block_carve(&pool, whole->chunk, whole->page, to));
			whole->order = to;
		} else if (what < 93) {
			if (!resv.pages)
				nouveau_dmem_reserve(&pool, &resv, rnd(2 * PAGES));
			else
				nouveau_dmem_unreserve(&pool, &resv);
		} else if (what < 97) {
			u32 slot = rnd(4);

			if (out[slot])
				nouveau_dmem_chunk_putback(&pool, out[slot]);
			out[slot] = out[slot] ? NULL :
				    nouveau_dmem_chunk_isolate_coldest(&pool, ~0ull);
		} else if (nr) {
			nouveau_dmem_chunk_touch(&pool, live[rnd(nr)].b.chunk);
		}
		if (turn % 64 == 0)
			pool_is_sound(&pool);
	}

	while (nr)
		CHECK(!give(&pool, &live[--nr].b));
	nouveau_dmem_unreserve(&pool, &resv);
	for (i = 0; i < 4; i++)
		if (out[i])
			nouveau_dmem_chunk_putback(&pool, out[i]);
	pool_is_sound(&pool);
	CHECK(nouveau_dmem_pool_is_empty(&pool));
	CHECK(!pool.nr_split && !pool.nr_whole && !pool.nr_isolated);
	for (i = 0; i < 4; i++) {
		CHECK(r[i]->nr_free_chunks == r[i]->nr_chunks);
		drop(&pool, r[i]);
	}
	printf("# at most %u loop turns in one call\n", pool.max_steps);
}

/* The bound does not grow with the number of chunks. */
static void cost_does_not_depend_on_the_size_of_the_pool(void)
{
	static const u32 sizes[] = { 1, 64, 2048 };
	u32 steps[3], i;

	for (i = 0; i < 3; i++) {
		struct nouveau_dmem_pool pool;
		struct nouveau_dmem_region *region;
		struct nouveau_dmem_block b;

		nouveau_dmem_pool_init(&pool);
		region = add(&pool, sizes[i]);
		b = take(&pool, 0);
		CHECK(!give(&pool, &b));
		steps[i] = pool.max_steps;
		drop(&pool, region);
	}
	CHECK(steps[0] == steps[1] && steps[1] == steps[2] && steps[0] == ORDER + 1);
}

int main(void)
{
	tap_plan(15);
	RUN(each_order_fills_the_pool_exactly);
	RUN(split_chunks_are_filled_before_free_ones);
	RUN(smallest_hole_that_fits_is_used);
	RUN(bad_frees_are_refused_and_change_nothing);
	RUN(carved_block_is_freed_page_by_page);
	RUN(uneven_carving_keeps_every_page);
	RUN(reserved_pages_are_there_for_their_owner_only);
	RUN(isolated_chunk_only_drains);
	RUN(coldest_chunk_is_isolated_first);
	RUN(idle_regions_are_given_back);
	RUN(free_chunks_come_from_regions_in_use);
	RUN(no_memory_for_a_region_is_an_error);
	RUN(checker_sees_each_kind_of_damage);
	RUN(random_use_that_ends_empty_leaves_whole_chunks);
	RUN(cost_does_not_depend_on_the_size_of_the_pool);
	return 0;
}
