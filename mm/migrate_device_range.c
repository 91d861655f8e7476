// SPDX-License-Identifier: GPL-2.0
/*
 * Migration of memory to and from devices: sources named by PFN.
 */

/**
 * DOC: range
 *
 * A driver that needs its memory back, to give it to somebody else or because
 * the device goes away, knows its pages but not who maps them. Folios are found
 * by PFN here, locked if that is possible at once, and then unmapped and moved
 * by the same code as those that were found by address.
 *
 * A folio is taken as a whole if all its pages are named, in a row, and are
 * mapped by somebody. One that sticks out is split, by halves, until its parts
 * are inside or outside. So is one of which only a part is mapped any more: this
 * frees the memory of the rest, instead of copying it back.
 *
 * Who holds what: the driver guarantees that the pages exist. A reference is
 * taken on each folio unless it has none, which is a free one, then its lock is
 * tried. With the lock, its order and position are stable. No mmap lock is held,
 * so migrate_device_unmap() takes references to the anon_vmas.
 */

#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/slab.h>
#include <linux/vmstat.h>
#include <trace/events/migrate_device.h>
#include "internal.h"
#include "migrate_device.h"

/* Is a part of a large folio mapped, and another part not? */
static bool folio_is_partly_mapped(struct folio *folio)
{
	int mapped;

	if (folio_test_pmd_mappable(folio) && folio_entire_mapcount(folio))
		return false;
	mapped = folio_nr_pages_mapped(folio);
	return mapped && mapped < folio_nr_pages(folio);
}

/* Reference and lock for the folio that contains a device page, or NULL. */
static struct folio *get_locked_folio(struct page *page)
{
	struct folio *folio;

	for (;;) {
		folio = page_folio(page);
		if (!folio_try_get(folio)) {
			/* Free, unless it was split or freed meanwhile. */
			if (page_folio(page) == folio)
				return NULL;
			continue;
		}
		if (page_folio(page) == folio)
			break;
		folio_put(folio);
	}
	if (!folio_trylock(folio)) {
		folio_put(folio);
		return NULL;
	}
	/* Without the lock it may have been split just now. */
	if (page_folio(page) != folio) {
		folio_unlock(folio);
		folio_put(folio);
		return NULL;
	}
	return folio;
}

static int split_locked_folio(struct folio *folio, struct page *page)
{
	unsigned int order = folio_order(folio);
	unsigned int new_order = next_lower_order(order);
	int ret;

	ret = split_device_private_folio(page, new_order, NULL);
	count_vm_event(ret ? DEVMIGRATE_SPLIT_FAILED : DEVMIGRATE_SPLIT);
	trace_migrate_device_split(page_to_pfn(page), order, new_order,
				   MIGRATE_DEVICE_SPLIT_RANGE, ret);
	return ret;
}

/*
 * Lock the folio of a page, which becomes the first one of an entry of at most
 * @room pages. Returns the entry, or 0 if there is nothing to migrate or it
 * cannot be locked, split or taken in.
 */
static unsigned long lock_source(unsigned long pfn, unsigned long room)
{
	struct page *page = pfn_to_page(pfn);
	struct folio *folio;
	int ret;

	do {
		folio = get_locked_folio(page);
		if (!folio)
			return 0;
		if (!folio_test_large(folio))
			return migrate_pfn(pfn) | MIGRATE_PFN_MIGRATE;
		if (page == &folio->page && folio_nr_pages(folio) <= room &&
		    !folio_is_partly_mapped(folio))
			return migrate_pfn(pfn) | MIGRATE_PFN_MIGRATE |
				MIGRATE_PFN_COMPOUND;

		/* Lock and reference stay with the part of the page. */
		ret = split_locked_folio(folio, page);
		folio = page_folio(page);
		folio_unlock(folio);
		folio_put(folio);
		cond_resched();
	} while (!ret);
	return 0;
}

/**
 * migrate_device_range() - unmap device memory to migrate it
 * @src_pfns: array of @npages entries to fill
 * @start: first PFN
 * @npages: number of pages
 *
 * Fills @src_pfns like migrate_vma_setup() does, with entries for the folios of
 * device memory from @start on. Large folios appear as such, with
 * MIGRATE_PFN_COMPOUND, whoever asks: a driver that never allocates them will
 * not meet them. Free pages, and those that are locked or in use otherwise, get
 * 0 entries; to empty a range a driver may have to call this repeatedly.
 *
 * Destinations may be smaller than the sources, see migrate_vma_setup(). Then
 * migrate_device_pages() and migrate_device_finalize() are to be called.
 *
 * Context: process context, no mmap lock needed. May sleep.
 * Return: 0.
 */
int migrate_device_range(unsigned long *src_pfns, unsigned long start,
			 unsigned long npages)
{
	unsigned long i, nr;

	memset(src_pfns, 0, sizeof(*src_pfns) * npages);
	for (i = 0; i < npages; i += nr) {
		src_pfns[i] = lock_source(start + i, npages - i);
		nr = migrate_entry_nr(src_pfns[i]);
	}
	migrate_device_unmap(src_pfns, npages, NULL, true);
	return 0;
}
EXPORT_SYMBOL(migrate_device_range);

/**
 * migrate_device_pfns() - unmap a list of device pages to migrate them
 * @src_pfns: array of @npages PFNs of device pages, replaced by entries
 * @npages: number of entries
 *
 * Like migrate_device_range() for PFNs in any order. A large folio is taken as
 * a whole if the PFNs of all its pages follow each other in the array, else it
 * is split. PFNs must not appear twice.
 *
 * Context: process context, no mmap lock needed. May sleep.
 * Return: 0.
 */
int migrate_device_pfns(unsigned long *src_pfns, unsigned long npages)
{
	unsigned long i, j, nr, room;

	for (i = 0; i < npages; i += nr) {
		unsigned long pfn = src_pfns[i];

		for (room = 1; i + room < npages; room++)
			if (room >> MIGRATE_DEVICE_MAX_ORDER ||
			    src_pfns[i + room] != pfn + room)
				break;
		src_pfns[i] = lock_source(pfn, room);
		nr = migrate_entry_nr(src_pfns[i]);
		for (j = 1; j < nr; j++)
			src_pfns[i + j] = 0;
	}
	migrate_device_unmap(src_pfns, npages, NULL, true);
	return 0;
}
EXPORT_SYMBOL(migrate_device_pfns);

static void alloc_system_folio(unsigned long *dst, unsigned int order)
{
	gfp_t gfp = GFP_USER | __GFP_NOWARN;
	struct folio *folio;

	if (order)
		gfp |= __GFP_NORETRY;
	folio = folio_alloc(gfp, order);
	if (!folio)
		return;
	folio_lock(folio);
	*dst = migrate_pfn(folio_pfn(folio));
	if (order)
		*dst |= MIGRATE_PFN_COMPOUND;
}

/*
 * migrate_device_coherent_folio() - move coherent device memory to system RAM
 * @folio: unlocked, with a reference of the caller, which is passed to the new
 * folio, or dropped
 *
 * Used by get_user_pages() for memory that must not be pinned where it is. A
 * large folio is moved as one, or in single pages if there is no such folio.
 *
 * Context: process context. May sleep.
 * Return: 0 if all of it was moved, else -EBUSY or -ENOMEM.
 */
int migrate_device_coherent_folio(struct folio *folio)
{
	unsigned int order;
	unsigned long *src, *dst, i, nr;
	unsigned long small[2] = {};
	int ret = -EBUSY;

	folio_lock(folio);
	order = folio_order(folio);
	nr = 1UL << order;
	src = small;
	if (order) {
		src = kvcalloc(nr, 2 * sizeof(*src), GFP_KERNEL);
		if (!src) {
			folio_unlock(folio);
			folio_put(folio);
			return -ENOMEM;
		}
	}
	dst = src + nr;

	src[0] = migrate_pfn(folio_pfn(folio)) | MIGRATE_PFN_MIGRATE;
	if (order)
		src[0] |= MIGRATE_PFN_COMPOUND;
	migrate_device_unmap(src, nr, NULL, true);
	if (!(src[0] & MIGRATE_PFN_MIGRATE))
		goto out;

	alloc_system_folio(dst, order);
	if (order && !dst[0])
		for (i = 0; i < nr; i++)
			alloc_system_folio(&dst[i], 0);

	/* Before the metadata: a part that is not copied has none to keep. */
	for (i = 0; i < nr; i++) {
		struct page *to = migrate_pfn_to_page(dst[i]);

		if (to && dst[i] & MIGRATE_PFN_COMPOUND)
			folio_copy(page_folio(to), folio);
		else if (to)
			copy_highpage(to, folio_page(folio, i));
	}
	migrate_device_pages(src, dst, nr);
	ret = 0;
	for (i = 0; i < nr; i += migrate_entry_nr(src[i]))
		if (!(src[i] & MIGRATE_PFN_MIGRATE))
			ret = -EBUSY;
	migrate_device_finalize(src, dst, nr);
out:
	if (order)
		kvfree(src);
	return ret;
}
