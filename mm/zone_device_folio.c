// SPDX-License-Identifier: GPL-2.0
/*
 * Birth and death of ZONE_DEVICE folios of any order.
 *
 * page->pgmap and page->compound_head are one word. While device pages are
 * free each of them holds its pgmap there; building a large folio overwrites
 * the word in the tails, freeing the folio restores it. A driver never sees a
 * free page without pgmap and never has to clean one up.
 *
 * Nothing here takes a lock. A folio is built by the one who owns its free
 * pages and taken apart by the one who dropped its last reference.
 */
#include <linux/export.h>
#include <linux/memcontrol.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/percpu-refcount.h>
#include "internal.h"

/*
 * What an earlier life may have left in page->flags. PG_reserved is set on
 * device pages for life, PG_hwpoison must survive, and node, zone and section
 * are not flags.
 */
#define ZONE_DEVICE_STALE_FLAGS						\
	(PAGE_FLAGS_CHECK_AT_PREP & ~(1UL << PG_reserved))

/* Private and coherent pages are free at refcount 0 and pin their pgmap. */
static bool pgmap_counts_pages(const struct dev_pagemap *pgmap)
{
	return pgmap->type == MEMORY_DEVICE_PRIVATE ||
	       pgmap->type == MEMORY_DEVICE_COHERENT;
}

/*
 * Turn a folio that nobody references back into plain free pages. The stores
 * to the shared word go from "tail of head" to the pgmap in one step, for
 * page_pgmap() may be looking.
 */
static void zone_device_folio_dissolve(struct folio *folio,
				       struct dev_pagemap *pgmap,
				       unsigned int order)
{
	struct page *head = &folio->page;
	unsigned long i;

	VM_WARN_ON_FOLIO(order > 1 && !list_empty(&folio->_deferred_list),
			 folio);

	for (i = 1; i < 1UL << order; i++) {
		struct page *tail = head + i;

		VM_WARN_ON_ONCE_PAGE(atomic_read(&tail->_mapcount) != -1, tail);
		/* In tails 1 and 2 these words hold the folio's own fields. */
		tail->flags &= ~ZONE_DEVICE_STALE_FLAGS;
		tail->mapping = NULL;
		tail->index = 0;
		tail->zone_device_data = NULL;
		WRITE_ONCE(tail->pgmap, pgmap);
	}
	head->flags &= ~ZONE_DEVICE_STALE_FLAGS;
}

/* Call the driver. What it gets may be in use again before this returns. */
static void give_back(const struct dev_pagemap_ops *ops, struct folio *folio,
		      unsigned int order)
{
	struct page *page = &folio->page;
	unsigned long i;

	if (ops->folio_free) {
		ops->folio_free(folio, order);
		return;
	}
	for (i = 0; i < 1UL << order; i++)
		ops->page_free(page + i);
}

/**
 * free_zone_device_folio() - give a device folio back to its driver
 * @folio: folio whose last reference was just dropped
 *
 * Context: any, also under a page table lock or with interrupts off.
 */
void free_zone_device_folio(struct folio *folio)
{
	struct dev_pagemap *pgmap = folio->page.pgmap;
	const struct dev_pagemap_ops *ops = pgmap->ops;
	const unsigned int order = folio_order(folio);
	const unsigned long nr = 1UL << order;
	unsigned long i;

	if (WARN_ON_ONCE(!ops || (!ops->folio_free && !ops->page_free)))
		return;

	/* As for any folio: the statistics need the memcg and the order. */
	if (unlikely(folio_test_mlocked(folio))) {
		__folio_clear_mlocked(folio);
		zone_stat_mod_folio(folio, NR_MLOCK, -(long)nr);
		count_vm_events(UNEVICTABLE_PGCLEARED, nr);
	}
	mem_cgroup_uncharge(folio);

	/* Any page of a PTE-mapped folio may carry the exclusive mark. */
	if (folio_test_anon(folio)) {
		for (i = 0; i < nr; i++)
			__ClearPageAnonExclusive(folio_page(folio, i));
		mod_mthp_stat(order, MTHP_STAT_NR_ANON, -1);
	}

	/*
	 * A stale mapping would make the next user take the folio for an
	 * anonymous one. Other kinds of device memory do not use the field.
	 */
	folio->mapping = NULL;

	if (!pgmap_counts_pages(pgmap)) {
		give_back(ops, folio, order);
		/* These pages are handed out again at a refcount of 1. */
		folio_set_count(folio, 1);
		return;
	}

	zone_device_folio_dissolve(folio, pgmap, order);

	/* From the callback on the pages may belong to someone else. */
	give_back(ops, folio, order);
	percpu_ref_put_many(&pgmap->ref, nr);
}

/*
 * The pgmap of a page about to be used. A free page that lost its pgmap is a
 * bug of the driver or of the core, but the memory is good: look the pgmap up.
 */
static struct dev_pagemap *zone_device_page_pgmap(struct page *page)
{
	struct dev_pagemap *pgmap = page->pgmap;

	if (likely(pgmap && !PageTail(page)))
		return pgmap;

	pgmap = get_dev_pagemap(page_to_pfn(page), NULL);
	WARN_ONCE(1, "free device page %#lx without pgmap\n", page_to_pfn(page));
	page->pgmap = pgmap;
	put_dev_pagemap(pgmap);
	return pgmap;
}

static void build_large_folio(struct page *page, unsigned int order,
			      struct dev_pagemap *pgmap)
{
	const unsigned long nr = 1UL << order;
	unsigned long i;

	WARN_ON_ONCE(order == 1);
	WARN_ON_ONCE(!IS_ALIGNED(page_to_pfn(page), nr));
	WARN_ON_ONCE(!pgmap->ops || !pgmap->ops->folio_free);
	for (i = 1; i < nr; i++)
		WARN_ON_ONCE(zone_device_page_pgmap(page + i) != pgmap);

	percpu_ref_get_many(&pgmap->ref, nr - 1);
	prep_compound_page(page, order);
}

/**
 * zone_device_page_init() - build a folio from free device pages
 * @page: first page, aligned to @order
 * @order: order of the folio; 0, or 2 and up
 *
 * The pages must be free, of one pagemap, and owned by the caller. The folio
 * has one reference, is locked, and holds a reference to the pagemap for each
 * of its pages. For anonymous memory use zone_device_folio_init().
 *
 * Context: process context.
 */
void zone_device_page_init(struct page *page, unsigned int order)
{
	struct dev_pagemap *pgmap = zone_device_page_pgmap(page);

	if (WARN_ON_ONCE(!pgmap))
		return;
	/* Drivers must not hand out pages after memunmap_pages(). */
	WARN_ON_ONCE(!percpu_ref_tryget_live(&pgmap->ref));
	if (order)
		build_large_folio(page, order, pgmap);
	set_page_count(page, 1);
	lock_page(page);
}
EXPORT_SYMBOL_GPL(zone_device_page_init);

/**
 * zone_device_folio_init() - build a device folio for anonymous memory
 * @folio: first page, see zone_device_page_init()
 * @order: order of the folio
 */
void zone_device_folio_init(struct folio *folio, unsigned int order)
{
	zone_device_page_init(&folio->page, order);
	if (order)
		folio_set_large_rmappable(folio);
}
EXPORT_SYMBOL_GPL(zone_device_folio_init);
