// SPDX-License-Identifier: MIT
/*
 * libFuzzer target for the allocator of device memory: the input is a program of
 * calls, two bytes each; after every call the invariants must hold, and a shadow
 * of what is allocated must agree with the answers.
 */
#include "../../../drivers/gpu/drm/nouveau/nouveau_dmem_chunk.c"
#include "../../../drivers/gpu/drm/nouveau/nouveau_dmem_chunk_check.c"

#define CHUNKS	3
#define PAGES	NOUVEAU_DMEM_CHUNK_PAGES

static u8 owner[CHUNKS][PAGES];	/* 1 + order of the block that starts here */

static void mark(const struct nouveau_dmem_chunk *chunk, unsigned int page,
		 unsigned int order)
{
	WARN_ON(owner[chunk->index][page]);
	owner[chunk->index][page] = 1 + order;
}

static bool starts_here(unsigned int chunk, unsigned int page, unsigned int order)
{
	return block_is_sane(page, order) && owner[chunk][page] == 1 + order;
}

/* What carving must do, page by page. */
static bool carve_shadow(unsigned int chunk, unsigned int page, unsigned int order)
{
	unsigned int k, start;

	if (!block_is_sane(page, order))
		return false;
	for (k = order; k <= NOUVEAU_DMEM_CHUNK_ORDER; k++) {
		start = page & ~((1u << k) - 1);
		if (starts_here(chunk, start, k))
			break;
	}
	if (k > NOUVEAU_DMEM_CHUNK_ORDER)
		return false;
	while (k > order) {
		k--;
		owner[chunk][start] = 1 + k;
		owner[chunk][start + (1u << k)] = 1 + k;
		if (page >= start + (1u << k))
			start += 1u << k;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nouveau_dmem_region *region = nouveau_dmem_region_new(CHUNKS, NULL);
	struct nouveau_dmem_resv resv = {};
	struct nouveau_dmem_pool pool;
	unsigned int c, p, k;
	size_t i;

	memset(owner, 0, sizeof(owner));
	nouveau_dmem_pool_init(&pool);
	nouveau_dmem_region_add(&pool, region);

	for (i = 0; i + 2 < size && i < 3000; i += 3) {
		unsigned int order = data[i] >> 4;
		struct nouveau_dmem_chunk *chunk = &region->chunks[data[i + 1] % CHUNKS];
		unsigned int page = (data[i + 1] / CHUNKS << 8 | data[i + 2]) % (PAGES + 1);
		struct nouveau_dmem_block block;
		bool done, should;

		switch (data[i] & 15) {
		case 0 ... 5:
			if (!nouveau_dmem_block_alloc(&pool, data[i] & 1 ? &resv : NULL,
						      order, &block))
				mark(block.chunk, block.page, order);
			break;
		case 6 ... 9:
			should = starts_here(chunk->index, page, order);
			done = !nouveau_dmem_block_free(&pool, chunk, page, order);
			WARN_ON(done != should);
			if (done)
				owner[chunk->index][page] = 0;
			break;
		case 10:
			should = carve_shadow(chunk->index, page, order);
			done = !nouveau_dmem_block_carve(&pool, chunk, page, order);
			WARN_ON(done != should);
			break;
		case 11:
			if (!resv.pages)
				nouveau_dmem_reserve(&pool, &resv, page);
			else
				nouveau_dmem_unreserve(&pool, &resv);
			break;
		case 12:
			nouveau_dmem_chunk_isolate_coldest(&pool, order ? ~0ull : page);
			break;
		case 13:
			if (chunk->isolated)
				nouveau_dmem_chunk_putback(&pool, chunk);
			else
				nouveau_dmem_chunk_isolate(&pool, chunk);
			break;
		case 14:
			nouveau_dmem_chunk_touch(&pool, chunk);
			break;
		default:
			should = !pool.pages_used && !pool.pages_reserved;
			done = !nouveau_dmem_region_remove(&pool, region);
			WARN_ON(done != should);
			if (done)
				nouveau_dmem_region_add(&pool, region);
			break;
		}
		WARN_ON(nouveau_dmem_pool_check(&pool) != NULL);
		WARN_ON(pool.max_steps > 2 * NOUVEAU_DMEM_CHUNK_ORDER + 1);
	}

	for (c = 0; c < CHUNKS; c++)
		for (p = 0; p < PAGES; p++)
			if ((k = owner[c][p]))
				WARN_ON(nouveau_dmem_block_free(&pool, &region->chunks[c],
								p, k - 1));
	nouveau_dmem_unreserve(&pool, &resv);
	for (c = 0; c < CHUNKS; c++)
		WARN_ON(!nouveau_dmem_chunk_is_free(&region->chunks[c]) ||
			!test_bit(1, region->chunks[c].free));
	WARN_ON(nouveau_dmem_region_remove(&pool, region) != 0);
	nouveau_dmem_region_del(region);
	return 0;
}
