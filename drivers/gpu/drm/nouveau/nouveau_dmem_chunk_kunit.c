// SPDX-License-Identifier: MIT
/*
 * KUnit tests of the allocator of device memory: the properties that the user-space
 * tests prove, in the kernel, where the lists, the bit maps and the spinlock are the
 * real ones. The source is included: the module tests its own copy.
 */
#include "nouveau_dmem_chunk.c"
#include "nouveau_dmem_chunk_check.c"

#include <kunit/test.h>

#include <linux/module.h>
#include <linux/prandom.h>

#define ORDER	NOUVEAU_DMEM_CHUNK_ORDER
#define PAGES	NOUVEAU_DMEM_CHUNK_PAGES
#define CHUNKS	4

/* Loop turns that one call may need. */
#define STEPS_MAX (2 * ORDER + 1)

struct fixture {
	struct nouveau_dmem_pool pool;
	struct nouveau_dmem_region *region;
	struct nouveau_dmem_block *block;
};

static void is_sound(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_ASSERT_NULL(test, nouveau_dmem_pool_check(&f->pool));
	KUNIT_ASSERT_LE(test, f->pool.max_steps, STEPS_MAX);
}

static int fixture_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	f->block = kunit_kcalloc(test, CHUNKS * PAGES, sizeof(*f->block), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->block);
	nouveau_dmem_pool_init(&f->pool);
	f->region = nouveau_dmem_region_new(CHUNKS, f);
	KUNIT_ASSERT_NOT_NULL(test, f->region);
	nouveau_dmem_region_add(&f->pool, f->region);
	is_sound(test);
	return 0;
}

static void fixture_exit(struct kunit *test)
{
	struct fixture *f = test->priv;

	if (!f || !f->region)
		return;
	KUNIT_EXPECT_EQ(test, nouveau_dmem_region_remove(&f->pool, f->region), 0);
	nouveau_dmem_region_del(f->region);
}

static void each_order_fills_the_pool_exactly(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct nouveau_dmem_block more;
	unsigned int order, i, nr;

	for (order = 0; order <= ORDER; order++) {
		nr = CHUNKS * PAGES >> order;
		for (i = 0; i < nr; i++)
			KUNIT_ASSERT_EQ(test, nouveau_dmem_block_alloc(&f->pool, NULL, order,
								       &f->block[i]), 0);
		is_sound(test);
		KUNIT_EXPECT_EQ(test, nouveau_dmem_block_alloc(&f->pool, NULL, order, &more),
				-ENOSPC);
		for (i = 0; i < nr; i++)
			KUNIT_ASSERT_EQ(test, nouveau_dmem_block_free(&f->pool,
								      f->block[i].chunk,
								      f->block[i].page, order), 0);
		is_sound(test);
		KUNIT_EXPECT_EQ(test, f->region->nr_free_chunks, CHUNKS);
	}
}

/* As the core mm frees: interrupts off, a spinlock held. */
static void blocks_are_carved_and_freed_in_atomic_context(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct nouveau_dmem_block b;
	DEFINE_SPINLOCK(outer);
	unsigned int p, bad = 0;

	KUNIT_ASSERT_EQ(test, nouveau_dmem_block_alloc(&f->pool, NULL, ORDER, &b), 0);
	spin_lock_irq(&outer);
	for (p = 1; p < PAGES; p++)
		bad += nouveau_dmem_block_carve(&f->pool, b.chunk, p, 0) != 0;
	bad += nouveau_dmem_block_carve(&f->pool, b.chunk, 0, 0) != 0;
	for (p = 0; p < PAGES; p++)
		bad += nouveau_dmem_block_free(&f->pool, b.chunk, p, 0) != 0;
	spin_unlock_irq(&outer);
	KUNIT_EXPECT_EQ(test, bad, 0);
	is_sound(test);
	KUNIT_EXPECT_EQ(test, f->region->nr_free_chunks, CHUNKS);
}

static void bad_frees_are_refused(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct nouveau_dmem_block b;

	KUNIT_ASSERT_EQ(test, nouveau_dmem_block_alloc(&f->pool, NULL, 4, &b), 0);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_block_free(&f->pool, b.chunk, b.page, 3), -EINVAL);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_block_free(&f->pool, b.chunk, b.page, 5), -EINVAL);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_block_free(&f->pool, b.chunk, PAGES, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_block_free(&f->pool, b.chunk, b.page, 4), 0);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_block_free(&f->pool, b.chunk, b.page, 4), -EINVAL);
	is_sound(test);
}

static void reserved_pages_are_there_for_their_owner_only(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct nouveau_dmem_resv resv = {};
	struct nouveau_dmem_block b;

	KUNIT_ASSERT_EQ(test, nouveau_dmem_reserve(&f->pool, &resv, CHUNKS * PAGES), 0);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_block_alloc(&f->pool, NULL, 0, &b), -ENOSPC);
	KUNIT_ASSERT_EQ(test, nouveau_dmem_block_alloc(&f->pool, &resv, 0, &b), 0);
	nouveau_dmem_unreserve(&f->pool, &resv);
	is_sound(test);
	KUNIT_EXPECT_EQ(test, nouveau_dmem_block_free(&f->pool, b.chunk, b.page, 0), 0);
}

static void random_use_that_ends_empty_leaves_whole_chunks(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct rnd_state rnd;
	unsigned int turn, nr = 0;

	prandom_seed_state(&rnd, 6120);
	for (turn = 0; turn < 50000; turn++) {
		u32 r = prandom_u32_state(&rnd);

		if (r % 100 < (turn / 5000 % 2 ? 40 : 60)) {
			if (!nouveau_dmem_block_alloc(&f->pool, NULL, (r >> 8) % (ORDER + 1),
						      &f->block[nr]))
				nr++;
		} else if (nr) {
			unsigned int pick = (r >> 8) % nr;
			struct nouveau_dmem_block *b = &f->block[pick];

			KUNIT_ASSERT_EQ(test, nouveau_dmem_block_free(&f->pool, b->chunk,
								      b->page, b->order), 0);
			*b = f->block[--nr];
		}
		if (turn % 256 == 0)
			is_sound(test);
	}
	while (nr--)
		KUNIT_ASSERT_EQ(test, nouveau_dmem_block_free(&f->pool, f->block[nr].chunk,
							      f->block[nr].page,
							      f->block[nr].order), 0);
	is_sound(test);
	KUNIT_EXPECT_TRUE(test, nouveau_dmem_pool_is_empty(&f->pool));
	KUNIT_EXPECT_EQ(test, f->region->nr_free_chunks, CHUNKS);
}

static struct kunit_case chunk_cases[] = {
	KUNIT_CASE(each_order_fills_the_pool_exactly),
	KUNIT_CASE(blocks_are_carved_and_freed_in_atomic_context),
	KUNIT_CASE(bad_frees_are_refused),
	KUNIT_CASE(reserved_pages_are_there_for_their_owner_only),
	KUNIT_CASE(random_use_that_ends_empty_leaves_whole_chunks),
	{}
};

static struct kunit_suite chunk_suite = {
	.name = "nouveau_dmem_chunk",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = chunk_cases,
};

kunit_test_suite(chunk_suite);

MODULE_DESCRIPTION("KUnit tests of nouveau's allocator of device memory");
MODULE_LICENSE("Dual MIT/GPL");
