// SPDX-License-Identifier: GPL-2.0
/*
 * Migration of memory to and from devices.
 */

/**
 * DOC: device migration
 *
 * A driver moves memory in three steps:
 *
 * 1. migrate_vma_setup() finds the folios of a range of addresses, locks them
 *    and replaces every mapping, in every process, by a migration entry. From
 *    here on nobody reads or writes them: faults wait. Those that are pinned or
 *    busy are given back. migrate_device_range() and migrate_device_pfns() do
 *    this for device memory by its PFNs, with no address space at hand.
 * 2. The driver allocates destinations, locks them, copies, and puts them into
 *    the dst array. What it cannot allocate or copy it leaves 0. Then
 *    migrate_vma_pages() or migrate_device_pages() gives the metadata of each
 *    source to its destination. What failed has lost its MIGRATE in src.
 * 3. migrate_vma_finalize() or migrate_device_finalize() replaces the migration
 *    entries by mappings of the destination, or of the source if it stays, and
 *    drops locks and references of both.
 *
 * The steps work on folios: the first entry of a large one has
 * MIGRATE_PFN_COMPOUND and the entries of its other pages are 0. Nothing large
 * is reported to a driver that did not ask with MIGRATE_VMA_SELECT_COMPOUND.
 *
 * Locks and references of a source folio (m is the number of mappings; the
 * folio of the fault page is locked by the fault handler, not by this code, and
 * has one reference more in each line):
 *
 * ===========================  ======  =========================  ==========
 * when                         locked  references                 mappings
 * ===========================  ======  =========================  ==========
 * before setup                 no      m                          m
 * after the walk (collect)     yes     m - 1 or m, + 1 for us     entry here
 * system folio, isolated       yes     as before: isolation's     entry here
 *                                      replaces ours
 * after unmap                  yes     1                          entries
 * after pages                  yes     1                          entries
 * after finalize, moved        no      0: freed                   none
 * after finalize, stayed       no      m                          m
 * ===========================  ======  =========================  ==========
 *
 * A destination is locked by the driver, whose one reference is dropped, and
 * whose lock is released, by finalize.
 *
 * The mmap lock is held for reading from migrate_vma_setup() to
 * migrate_vma_finalize(). It keeps the VMA, and so the anon_vma of each folio
 * that was found in it, but not the page tables: other threads may zap the
 * migration entries (munmap() waits, MADV_DONTNEED does not) or fork a process
 * that has another mapping. Both are fine, since entries are always looked up
 * by the reverse map. Sources named by PFN have no such VMA, so a reference to
 * the anon_vma is taken before the last mapping goes, for as long as finalize
 * may need the reverse map.
 */

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mmu_notifier.h>
#include <linux/rmap.h>
#include <linux/swap.h>
#define CREATE_TRACE_POINTS
#include <trace/events/migrate_device.h>
#include "internal.h"
#include "migrate_device.h"

/*
 * Does anybody but us, the fault handler and the page cache hold a reference on
 * an unmapped folio? Like folio_migrate_mapping(), which has the last word, but
 * early, before the driver copies in vain. Device folios are allowed one
 * reference that may well be gone by then: of somebody who found the folio
 * before it was unmapped and is about to see that it is locked.
 */
static bool folio_is_busy(struct folio *folio, struct page *fault_page)
{
	int unexpected = folio_ref_count(folio) - 1 -
		is_fault_folio(folio, fault_page) - folio_is_zone_device(folio);

	return unexpected > 0 &&
		unexpected > folio_expected_ref_count(folio);
}

/* Take a system folio off the LRU; our reference passes to the isolation. */
static bool isolate_source(struct folio *folio, bool *allow_drain)
{
	if (folio_is_zone_device(folio))
		return true;
	if (!folio_test_lru(folio) && *allow_drain) {
		lru_add_drain_all();
		*allow_drain = false;
	}
	if (!folio_isolate_lru(folio))
		return false;
	folio_put(folio);
	return true;
}

static void unisolate_source(struct folio *folio)
{
	if (folio_is_zone_device(folio))
		return;
	folio_get(folio);
	folio_putback_lru(folio);
}

/* Replace all mappings that are left. Returns false if that is not possible. */
static bool unmap_source(unsigned long *src, struct folio *folio,
			 struct page *fault_page, bool hold_anon_vma)
{
	if (folio_mapped(folio)) {
		if (hold_anon_vma && folio_test_anon(folio) &&
		    folio_get_anon_vma(folio))
			*src |= MIGRATE_PFN_ANON_VMA;
		if (!hold_anon_vma || (*src & MIGRATE_PFN_ANON_VMA))
			try_to_migrate(folio, 0);
	}
	return !folio_mapped(folio) && !folio_is_busy(folio, fault_page);
}

/*
 * Put mappings of @dst, which has taken over from @src or is @src itself, in
 * the place of migration entries. Sources named by PFN whose anon_vma could not
 * be held were not mapped, and may have no anon_vma any more to look in.
 */
static void remap_source(unsigned long mpfn, struct folio *src,
			 struct folio *dst, bool hold_anon_vma)
{
	if (!hold_anon_vma) {
		remove_migration_ptes(src, dst, 0);
	} else if (mpfn & MIGRATE_PFN_ANON_VMA) {
		remove_migration_ptes(src, dst, 0);
		put_anon_vma(folio_anon_vma(src));
	}
}

static void release_source(struct folio *folio, struct page *fault_page)
{
	if (!is_fault_folio(folio, fault_page))
		folio_unlock(folio);
	folio_put(folio);
}

/*
 * migrate_device_unmap() - isolate and unmap collected folios
 * @src_pfns: entries of locked folios with one reference each
 * @npages: number of entries
 * @fault_page: page whose folio the fault handler has locked, or NULL
 * @hold_anon_vma: no mmap lock is held that keeps anon_vmas alive
 *
 * Folios that cannot be unmapped, or that somebody else uses, are mapped again
 * and released, and their entries are cleared.
 *
 * Return: number of base pages that are left to migrate, holes included.
 */
unsigned long migrate_device_unmap(unsigned long *src_pfns,
				   unsigned long npages,
				   struct page *fault_page, bool hold_anon_vma)
{
	unsigned long i, nr, unmapped = 0, restore = 0;
	bool allow_drain = true;

	lru_add_drain();

	for (i = 0; i < npages; i += nr) {
		struct page *page = migrate_pfn_to_page(src_pfns[i]);
		struct folio *folio;

		nr = migrate_entry_nr(src_pfns[i]);
		if (!page) {
			if (src_pfns[i] & MIGRATE_PFN_MIGRATE)
				unmapped += nr;
			continue;
		}

		folio = page_folio(page);
		if (isolate_source(folio, &allow_drain)) {
			if (unmap_source(&src_pfns[i], folio, fault_page,
					 hold_anon_vma)) {
				unmapped += nr;
				continue;
			}
			unisolate_source(folio);
		}
		src_pfns[i] &= ~MIGRATE_PFN_MIGRATE;
		restore++;
	}

	for (i = 0; i < npages && restore; i += nr) {
		struct page *page = migrate_pfn_to_page(src_pfns[i]);
		struct folio *folio;

		nr = migrate_entry_nr(src_pfns[i]);
		if (!page || (src_pfns[i] & MIGRATE_PFN_MIGRATE))
			continue;

		folio = page_folio(page);
		remap_source(src_pfns[i], folio, folio, hold_anon_vma);
		src_pfns[i] = 0;
		release_source(folio, fault_page);
		restore--;
	}
	return unmapped;
}

/**
 * migrate_vma_setup() - prepare to migrate a range of memory
 * @args: the vma, the range, what to select, and the arrays
 *
 * On success the src array describes what can be migrated, in entries for
 * single pages or folios; each has MIGRATE_PFN_MIGRATE:
 *
 * * with MIGRATE_PFN_VALID, a folio, locked and unmapped everywhere, so that
 *   its content is stable. MIGRATE_PFN_COMPOUND tells that it is large; its
 *   order is migrate_pfn_order() of the entry, and the entries of its other
 *   pages are 0. MIGRATE_PFN_WRITE tells that all of it was mapped writable.
 * * without MIGRATE_PFN_VALID, addresses where nothing is mapped, or the shared
 *   zero page. With MIGRATE_PFN_COMPOUND they are of migrate_pfn_order(), too.
 *
 * @args->cpages is the number of base pages of all these entries, and
 * @args->npages that of all entries in the range.
 *
 * Large entries are of the orders in @args->large_orders, and only if
 * MIGRATE_VMA_SELECT_COMPOUND is set in @args->flags. Large folios that cannot
 * be reported so are split, which is best effort like all of this.
 *
 * For each entry that it wants to migrate, the driver allocates and locks a
 * destination, copies the content (or clears it, for a hole) and puts it into
 * dst with migrate_pfn(), and MIGRATE_PFN_COMPOUND if it is large. It may be of
 * the entry's order, or there may be smaller ones at the places they belong to
 * within the entry, or only some of those. Pages without destination stay where
 * they are. Then it calls migrate_vma_pages(), looks, if it wants to know, which
 * entries still have MIGRATE_PFN_MIGRATE, updates its page tables, and calls
 * migrate_vma_finalize(). Since all folios are locked and the mmap lock is held,
 * nothing in the range is mapped or unmapped in between.
 *
 * If a driver cannot bring back device memory on a CPU fault it must return
 * VM_FAULT_SIGBUS, with grave consequences for the process. In this case
 * @args->fault_page is the page of the fault, whose folio is locked, with a
 * reference, by the caller of the driver.
 *
 * Context: process context, mmap lock held for reading, until
 * migrate_vma_finalize() has returned. May sleep.
 * Return: 0, also if nothing can be migrated, in which case there is nothing to
 * finalize; -EINVAL for a range or a VMA that is not eligible, missing arrays,
 * or a fault page that is not device private or not locked.
 */
int migrate_vma_setup(struct migrate_vma *args)
{
	unsigned long nr_pages, collected;

	args->start &= PAGE_MASK;
	args->end &= PAGE_MASK;
	if (!args->vma || is_vm_hugetlb_page(args->vma) ||
	    (args->vma->vm_flags & VM_SPECIAL) || vma_is_dax(args->vma))
		return -EINVAL;
	if (args->start >= args->end || args->start < args->vma->vm_start ||
	    args->end > args->vma->vm_end)
		return -EINVAL;
	if (!args->src || !args->dst)
		return -EINVAL;
	if (args->fault_page &&
	    (!is_device_private_page(args->fault_page) ||
	     !folio_test_locked(page_folio(args->fault_page))))
		return -EINVAL;
	mmap_assert_locked(args->vma->vm_mm);

	nr_pages = (args->end - args->start) >> PAGE_SHIFT;
	memset(args->src, 0, sizeof(*args->src) * nr_pages);
	memset(args->dst, 0, sizeof(*args->dst) * nr_pages);
	args->cpages = 0;
	args->npages = nr_pages;

	migrate_vma_collect(args);

	collected = args->cpages;
	if (collected)
		args->cpages = migrate_device_unmap(args->src, args->npages,
						    args->fault_page, false);
	trace_migrate_device_setup(args->start, args->end, args->flags,
				   args->large_orders, collected,
				   args->cpages);
	return 0;
}
EXPORT_SYMBOL(migrate_vma_setup);

/**
 * migrate_vma_pages() - move the metadata of sources to their destinations
 * @migrate: after migrate_vma_setup(), with the destinations in dst
 *
 * Sources with smaller destinations are split; afterwards src has an entry for
 * each part. Entries that could not be moved, or have no destination, lose
 * MIGRATE_PFN_MIGRATE. The content must have been copied before.
 *
 * Context: as migrate_vma_setup(), and under its lock. May sleep.
 */
void migrate_vma_pages(struct migrate_vma *migrate)
{
	__migrate_device_pages(migrate->src, migrate->dst, migrate->npages,
			       migrate);
}
EXPORT_SYMBOL(migrate_vma_pages);

/**
 * migrate_device_pages() - move the metadata of sources named by PFN
 * @src_pfns: as filled by migrate_device_range() or migrate_device_pfns()
 * @dst_pfns: destinations
 * @npages: number of entries in each array
 *
 * The counterpart of migrate_vma_pages().
 *
 * Context: process context, no mmap lock needed. May sleep.
 */
void migrate_device_pages(unsigned long *src_pfns, unsigned long *dst_pfns,
			  unsigned long npages)
{
	__migrate_device_pages(src_pfns, dst_pfns, npages, NULL);
}
EXPORT_SYMBOL(migrate_device_pages);

/*
 * Has @dst become what @src was? A driver that gives up after it has filled dst
 * and does not call migrate_vma_pages() must get its sources back, rather than
 * lose them together with the entries that lead to them.
 */
static bool has_moved(unsigned long mpfn, struct folio *src, struct folio *dst)
{
	return (mpfn & MIGRATE_PFN_MIGRATE) && dst && dst->mapping &&
		folio_order(dst) == folio_order(src);
}

/* Map what is there now in place of the migration entries of @src. */
static void finalize_mappings(unsigned long mpfn, struct folio *src,
			      struct folio *dst, bool hold_anon_vma)
{
	struct folio *stays = has_moved(mpfn, src, dst) ? dst : src;

	if (!folio_is_zone_device(stays))
		folio_add_lru(stays);
	remap_source(mpfn, src, stays, hold_anon_vma);
}

/* The folio of an entry, or NULL. Inline: four times for each single page. */
static __always_inline struct folio *entry_folio(unsigned long mpfn)
{
	struct page *page = migrate_pfn_to_page(mpfn);

	return page ? page_folio(page) : NULL;
}

/*
 * All entries are mapped before any folio is unlocked. Whoever meets a migration
 * entry, under its page table lock, may have found the head of a large folio by
 * it just before that was split; he expects it to be locked as long as the entry
 * is there, although the entry is another part's by now.
 *
 * One by one: there may be destinations anywhere within a large source that was
 * not split in the end.
 */
static void finalize_entries(const unsigned long *src_pfns,
			     const unsigned long *dst_pfns,
			     unsigned long npages, struct page *fault_page,
			     bool hold_anon_vma)
{
	struct folio *src, *dst;
	unsigned long i;

	for (i = 0; i < npages; i++) {
		src = entry_folio(src_pfns[i]);
		if (src)
			finalize_mappings(src_pfns[i], src,
					  entry_folio(dst_pfns[i]),
					  hold_anon_vma);
	}

	for (i = 0; i < npages; i++) {
		src = entry_folio(src_pfns[i]);
		dst = entry_folio(dst_pfns[i]);
		if (src)
			release_source(src, fault_page);
		if (dst) {
			folio_unlock(dst);
			folio_put(dst);
		}
	}
}

/**
 * migrate_device_finalize() - complete a migration of sources named by PFN
 * @src_pfns: after migrate_device_pages()
 * @dst_pfns: after migrate_device_pages()
 * @npages: number of entries in each array
 *
 * The counterpart of migrate_vma_finalize().
 *
 * Context: process context. May sleep.
 */
void migrate_device_finalize(unsigned long *src_pfns, unsigned long *dst_pfns,
			     unsigned long npages)
{
	finalize_entries(src_pfns, dst_pfns, npages, NULL, true);
}
EXPORT_SYMBOL(migrate_device_finalize);

/**
 * migrate_vma_finalize() - complete a migration
 * @migrate: after migrate_vma_pages()
 *
 * Maps the destinations of what has moved and the sources of what has not,
 * unlocks all of them, and drops the references of the migration and those that
 * the driver has on its destinations. Copies must be complete and visible to
 * the CPU before.
 *
 * Instead of migrate_vma_pages() first, to give up: then nothing has moved, and
 * the destinations in dst, if any, are released as well.
 *
 * Context: as migrate_vma_setup(), and under its lock. May sleep.
 */
void migrate_vma_finalize(struct migrate_vma *migrate)
{
	finalize_entries(migrate->src, migrate->dst, migrate->npages,
			 migrate->fault_page, false);
}
EXPORT_SYMBOL(migrate_vma_finalize);
