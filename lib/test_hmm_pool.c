// SPDX-License-Identifier: GPL-2.0
/*
 * Device memory of the HMM test driver.
 *
 * A chunk is what memremap_pages() brings, 256 MiB at a time. Each chunk is a
 * buddy system: for each order a bitmap has one bit for each naturally aligned
 * block, set while that block is free as a whole and not part of a larger free
 * one. Nothing is kept in the free pages themselves: after a life as part of a
 * large folio there is hardly a word in struct page that could be trusted.
 *
 * Private device memory is simulated: the pages have no memory behind them, so
 * each folio gets system pages as its backing, contiguous as the folio is.
 * What the head's zone_device_data holds:
 *
 *   63                                   5 4       1  0
 *   +-------------------------------------+---------+---+
 *   | struct page of the first backing    | order   | L |
 *   | page (64 bytes aligned), private:   | of the  |   |
 *   | number of the mirror. 0 if coherent | folio   |   |
 *   +-------------------------------------+---------+---+
 *
 * L, "loose": each backing page has a reference of its own and is freed by
 * itself, which is so after the folio was split. The split callback therefore
 * allocates nothing and takes no lock, as it must: it runs with interrupts off
 * under locks of the core.
 */
#include <linux/bitmap.h>
#include <linux/ioport.h>
#include <linux/slab.h>

#include "test_hmm_internal.h"

#define BACKING_LOOSE		1UL
#define BACKING_ORDER_SHIFT	1
#define BACKING_ORDER_MASK	0xfUL
#define BACKING_PAGE_MASK	(~0x1fUL)

static_assert(DMIRROR_BLOCK_ORDER <= BACKING_ORDER_MASK);
static_assert(sizeof(struct page) % 32 == 0);

static void dmirror_set_backing(struct folio *folio, struct page *backing,
				unsigned int order, bool loose)
{
	unsigned long word = (unsigned long)backing;

	word |= (unsigned long)order << BACKING_ORDER_SHIFT;
	if (loose)
		word |= BACKING_LOOSE;
	folio_set_zone_device_data(folio, (void *)word);
}

static struct page *dmirror_word_page(unsigned long word)
{
	return (struct page *)(word & BACKING_PAGE_MASK);
}

static unsigned int dmirror_word_order(unsigned long word)
{
	return (word >> BACKING_ORDER_SHIFT) & BACKING_ORDER_MASK;
}

/**
 * dmirror_backing - the memory that holds the data of a device's page
 * @page: a page in use, any of its folio; may be a system page, too
 *
 * The caller keeps the folio from being split or freed.
 * Return: the backing page, or @page itself if it has memory of its own.
 */
struct page *dmirror_backing(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (!folio_is_device_private(folio))
		return page;
	return dmirror_word_page((unsigned long)folio_zone_device_data(folio)) +
	       folio_page_idx(folio, page);
}

/**
 * dmirror_folio_mirror_id - which open file a private folio was allocated for
 * @folio: a device-private folio in use
 */
u32 dmirror_folio_mirror_id(struct folio *folio)
{
	return page_private(dmirror_backing(&folio->page));
}

static unsigned long dmirror_block_index(struct dmirror_chunk *chunk,
					 unsigned long pfn, unsigned int order)
{
	return (pfn - chunk->first_pfn) >> order;
}

static void dmirror_mark_free(struct dmirror_chunk *chunk, unsigned int order,
			      unsigned long index)
{
	__set_bit(index, chunk->free[order]);
	chunk->nr_free[order]++;
}

static void dmirror_mark_used(struct dmirror_chunk *chunk, unsigned int order,
			      unsigned long index)
{
	__clear_bit(index, chunk->free[order]);
	chunk->nr_free[order]--;
}

static unsigned long dmirror_find_free(struct dmirror_chunk *chunk,
				       unsigned int order)
{
	unsigned long nbits = DMIRROR_CHUNK_PAGES >> order;
	unsigned long index;

	index = find_next_bit(chunk->free[order], nbits, chunk->hint[order]);
	if (index >= nbits)
		index = find_first_bit(chunk->free[order], nbits);
	chunk->hint[order] = index;
	return index;
}

/*
 * Take a block of @order, from the smallest free block that has it; the rest of
 * that block stays free in halves. Returns the block's first page or NULL.
 */
static struct page *dmirror_pool_take(struct dmirror_device *mdevice,
				      unsigned int order)
{
	struct dmirror_chunk *chunk;
	unsigned long index, flags;
	struct page *page = NULL;
	unsigned int from;

	spin_lock_irqsave(&mdevice->pool_lock, flags);
	for (from = order; from < DMIRROR_NR_ORDERS; from++) {
		list_for_each_entry(chunk, &mdevice->chunks, link) {
			if (!chunk->retired && chunk->nr_free[from])
				goto found;
		}
	}
	goto out;

found:
	index = dmirror_find_free(chunk, from);
	dmirror_mark_used(chunk, from, index);
	while (from > order) {
		from--;
		index <<= 1;
		dmirror_mark_free(chunk, from, index + 1);
	}
	chunk->live_pages += 1UL << order;
	mdevice->stats.allocated[order]++;
	page = pfn_to_page(chunk->first_pfn + (index << order));
out:
	spin_unlock_irqrestore(&mdevice->pool_lock, flags);
	return page;
}

/* Give a block back, and merge it with its buddies as long as they are free. */
static void dmirror_pool_give(struct dmirror_chunk *chunk, unsigned long pfn,
			      unsigned int order)
{
	struct dmirror_device *mdevice = chunk->mdevice;
	unsigned long index = dmirror_block_index(chunk, pfn, order);
	unsigned int into = order;
	unsigned long flags;

	spin_lock_irqsave(&mdevice->pool_lock, flags);
	WARN_ONCE(test_bit(index, chunk->free[order]),
		  "device page 0x%lx, order %u, freed twice\n", pfn, order);
	while (into < DMIRROR_BLOCK_ORDER &&
	       test_bit(index ^ 1, chunk->free[into])) {
		dmirror_mark_used(chunk, into, index ^ 1);
		index >>= 1;
		into++;
	}
	dmirror_mark_free(chunk, into, index);
	chunk->live_pages -= 1UL << order;
	mdevice->stats.freed[order]++;
	spin_unlock_irqrestore(&mdevice->pool_lock, flags);
}

static struct page *dmirror_backing_alloc(unsigned int order)
{
	gfp_t gfp = GFP_HIGHUSER;

	/* Smaller folios are tried instead, so this need not try hard. */
	if (order)
		gfp |= __GFP_NORETRY | __GFP_NOWARN;
	return alloc_pages(gfp, order);
}

static void dmirror_backing_free(unsigned long word)
{
	struct page *backing = dmirror_word_page(word);
	unsigned int order = dmirror_word_order(word);
	unsigned long i;

	if (!backing)
		return;
	set_page_private(backing, 0);
	if (!(word & BACKING_LOOSE)) {
		__free_pages(backing, order);
		return;
	}
	for (i = 0; i < 1UL << order; i++)
		__free_page(backing + i);
}

/**
 * dmirror_device_folio_alloc - a folio of device memory
 * @mdevice: the device
 * @dmirror: the open file it is for, or NULL
 * @order: its order, at most DMIRROR_BLOCK_ORDER
 *
 * May sleep. Adds no memory to the device: dmirror_pool_reserve() does, before
 * folios are locked.
 *
 * Return: the folio, locked, with one reference, its content undefined, or NULL.
 */
struct folio *dmirror_device_folio_alloc(struct dmirror_device *mdevice,
					 struct dmirror *dmirror,
					 unsigned int order)
{
	struct page *backing = NULL;
	struct folio *folio;
	struct page *page;

	if (dmirror_should_fail(dmirror, HMM_DMIRROR_SIDE_DEV, order))
		return NULL;

	if (dmirror_is_private(mdevice)) {
		backing = dmirror_backing_alloc(order);
		if (!backing)
			return NULL;
		set_page_private(backing, dmirror ? dmirror->id : 0);
	}

	page = dmirror_pool_take(mdevice, order);
	if (!page) {
		dmirror_backing_free((unsigned long)backing |
				     (order << BACKING_ORDER_SHIFT));
		return NULL;
	}

	folio = (struct folio *)page;
	zone_device_folio_init(folio, order);
	dmirror_set_backing(folio, backing, order, false);
	return folio;
}

/* The last reference is gone. Any context. */
static void dmirror_folio_free(struct folio *folio, unsigned int order)
{
	unsigned long word = (unsigned long)folio_zone_device_data(folio);

	/* What the core frees is what it got, or what it split that into. */
	WARN_ON_ONCE(dmirror_word_order(word) != order);
	folio_set_zone_device_data(folio, NULL);
	dmirror_backing_free(word);
	dmirror_pool_give(dmirror_page_chunk(&folio->page), folio_pfn(folio),
			  order);
}

/*
 * @new is a part that @head, which is being split, loses; a call with @new NULL
 * ends the series, and @head then has the order that it keeps. Interrupts off.
 */
static void dmirror_folio_split(struct folio *head, struct folio *new)
{
	unsigned long word = (unsigned long)folio_zone_device_data(head);
	struct page *backing = dmirror_word_page(word);
	unsigned int order = dmirror_word_order(word);
	bool loose = word & BACKING_LOOSE;
	struct page *part;

	if (backing && !loose) {
		split_page(backing, order);
		loose = true;
		dmirror_set_backing(head, backing, order, loose);
	}
	if (!new) {
		dmirror_set_backing(head, backing, folio_order(head), loose);
		return;
	}

	if (backing) {
		part = backing + (folio_pfn(new) - folio_pfn(head));
		set_page_private(part, page_private(backing));
		dmirror_set_backing(new, part, folio_order(new), true);
	} else {
		dmirror_set_backing(new, NULL, folio_order(new), false);
	}
	atomic64_inc(&dmirror_page_chunk(&head->page)->mdevice->nr_split);
}

const struct dev_pagemap_ops dmirror_pagemap_ops = {
	.folio_free	= dmirror_folio_free,
	.folio_split	= dmirror_folio_split,
	.migrate_to_ram	= dmirror_cpu_fault,
};

static void dmirror_chunk_free(struct dmirror_chunk *chunk)
{
	unsigned int order;

	for (order = 0; order < DMIRROR_NR_ORDERS; order++)
		bitmap_free(chunk->free[order]);
	kfree(chunk);
}

static struct dmirror_chunk *dmirror_chunk_alloc(struct dmirror_device *mdevice)
{
	struct dmirror_chunk *chunk;
	unsigned int order;

	chunk = kzalloc(sizeof(*chunk), GFP_KERNEL);
	if (!chunk)
		return NULL;
	chunk->mdevice = mdevice;
	for (order = 0; order < DMIRROR_NR_ORDERS; order++) {
		chunk->free[order] = bitmap_zalloc(DMIRROR_CHUNK_PAGES >> order,
						   GFP_KERNEL);
		if (!chunk->free[order]) {
			dmirror_chunk_free(chunk);
			return NULL;
		}
	}
	return chunk;
}

static void dmirror_chunk_release_region(struct dmirror_chunk *chunk)
{
	if (chunk->pagemap.type == MEMORY_DEVICE_PRIVATE)
		release_mem_region(chunk->pagemap.range.start,
				   range_len(&chunk->pagemap.range));
}

static int dmirror_chunk_find_region(struct dmirror_chunk *chunk)
{
	struct dmirror_device *mdevice = chunk->mdevice;
	struct resource *res;

	if (!dmirror_is_private(mdevice)) {
		/* A coherent device has what it was told of, and no more. */
		if (!list_empty(&mdevice->chunks))
			return -ENOSPC;
		chunk->pagemap.type = MEMORY_DEVICE_COHERENT;
		chunk->pagemap.range.start = mdevice->spm_start;
		chunk->pagemap.range.end = mdevice->spm_start +
					   DMIRROR_CHUNK_SIZE - 1;
		return 0;
	}

	res = request_free_mem_region(&iomem_resource, DMIRROR_CHUNK_SIZE,
				      "hmm_dmirror");
	if (IS_ERR(res))
		return PTR_ERR(res);
	chunk->pagemap.type = MEMORY_DEVICE_PRIVATE;
	chunk->pagemap.range.start = res->start;
	chunk->pagemap.range.end = res->end;
	return 0;
}

/**
 * dmirror_chunk_add - give the device another chunk of memory
 * @mdevice: the device; its grow_mutex is held
 *
 * Return: 0, -ENOSPC if the device has all it may have (a coherent one: one
 * chunk), -ENOMEM, or what memremap_pages() says.
 */
int dmirror_chunk_add(struct dmirror_device *mdevice)
{
	struct dmirror_chunk *chunk;
	unsigned long i, nblocks;
	void *addr;
	int ret;

	lockdep_assert_held(&mdevice->grow_mutex);
	if (mdevice->stats.capacity_pages >= DMIRROR_MAX_PAGES)
		return -ENOSPC;

	chunk = dmirror_chunk_alloc(mdevice);
	if (!chunk)
		return -ENOMEM;
	ret = dmirror_chunk_find_region(chunk);
	if (ret)
		goto err_free;

	chunk->pagemap.nr_range = 1;
	chunk->pagemap.ops = &dmirror_pagemap_ops;
	chunk->pagemap.owner = mdevice;
	addr = memremap_pages(&chunk->pagemap, numa_node_id());
	if (IS_ERR_OR_NULL(addr)) {
		ret = addr ? PTR_ERR(addr) : -EFAULT;
		goto err_region;
	}

	chunk->first_pfn = PHYS_PFN(chunk->pagemap.range.start);
	nblocks = DMIRROR_CHUNK_PAGES >> DMIRROR_BLOCK_ORDER;
	for (i = 0; i < nblocks; i++)
		dmirror_mark_free(chunk, DMIRROR_BLOCK_ORDER, i);

	spin_lock_irq(&mdevice->pool_lock);
	list_add_tail(&chunk->link, &mdevice->chunks);
	mdevice->stats.capacity_pages += DMIRROR_CHUNK_PAGES;
	spin_unlock_irq(&mdevice->pool_lock);

	pr_info("%s: %lu MiB more, page frames 0x%lx to 0x%lx\n",
		dev_name(&mdevice->device), DMIRROR_CHUNK_SIZE >> 20,
		chunk->first_pfn, chunk->first_pfn + DMIRROR_CHUNK_PAGES - 1);
	return 0;

err_region:
	dmirror_chunk_release_region(chunk);
err_free:
	dmirror_chunk_free(chunk);
	return ret;
}

/**
 * dmirror_chunk_remove - take a chunk from its device and free it
 * @chunk: retired, none of its pages in use; gone afterwards
 *
 * The device's grow_mutex is held.
 */
void dmirror_chunk_remove(struct dmirror_chunk *chunk)
{
	struct dmirror_device *mdevice = chunk->mdevice;

	lockdep_assert_held(&mdevice->grow_mutex);
	WARN_ON(!chunk->retired);

	spin_lock_irq(&mdevice->pool_lock);
	list_del(&chunk->link);
	mdevice->stats.capacity_pages -= DMIRROR_CHUNK_PAGES;
	spin_unlock_irq(&mdevice->pool_lock);

	memunmap_pages(&chunk->pagemap);
	dmirror_chunk_release_region(chunk);
	dmirror_chunk_free(chunk);
}

static unsigned long dmirror_whole_blocks(struct dmirror_device *mdevice)
{
	struct dmirror_chunk *chunk;
	unsigned long blocks = 0;

	spin_lock_irq(&mdevice->pool_lock);
	list_for_each_entry(chunk, &mdevice->chunks, link) {
		if (!chunk->retired)
			blocks += chunk->nr_free[DMIRROR_BLOCK_ORDER];
	}
	spin_unlock_irq(&mdevice->pool_lock);
	return blocks;
}

/**
 * dmirror_pool_reserve - see to it that one window finds room on the device
 * @mdevice: the device
 *
 * Memory is added before anything is locked for migration, because adding
 * allocates and takes the memory hotplug lock. A window is within one aligned
 * block, and room is counted in whole blocks, so that what is free in pieces
 * does not decide which orders can be had. Where no more can be added, the
 * allocation of folios fails in its time.
 */
void dmirror_pool_reserve(struct dmirror_device *mdevice)
{
	mutex_lock(&mdevice->grow_mutex);
	mdevice->reserved_blocks++;
	while (dmirror_whole_blocks(mdevice) < mdevice->reserved_blocks) {
		if (dmirror_chunk_add(mdevice))
			break;
	}
	mutex_unlock(&mdevice->grow_mutex);
}

/**
 * dmirror_pool_unreserve - the window that dmirror_pool_reserve() cared for is
 * done with
 * @mdevice: the device
 */
void dmirror_pool_unreserve(struct dmirror_device *mdevice)
{
	mutex_lock(&mdevice->grow_mutex);
	mdevice->reserved_blocks--;
	mutex_unlock(&mdevice->grow_mutex);
}

/**
 * dmirror_pool_stats - the device's counters
 * @mdevice: the device
 * @stats: where to
 */
void dmirror_pool_stats(struct dmirror_device *mdevice,
			struct hmm_dmirror_stats *stats)
{
	struct dmirror_chunk *chunk;
	unsigned int order;

	spin_lock_irq(&mdevice->pool_lock);
	*stats = mdevice->stats;
	stats->kind = mdevice->kind;
	stats->split = atomic64_read(&mdevice->nr_split);
	stats->cpu_faults = atomic64_read(&mdevice->nr_cpu_faults);
	stats->fault_fallbacks = atomic64_read(&mdevice->nr_fault_fallbacks);
	list_for_each_entry(chunk, &mdevice->chunks, link) {
		stats->live_pages += chunk->live_pages;
		for (order = 0; order < DMIRROR_NR_ORDERS; order++) {
			if (chunk->nr_free[order] && order > stats->largest_free)
				stats->largest_free = order;
		}
	}
	spin_unlock_irq(&mdevice->pool_lock);
}
