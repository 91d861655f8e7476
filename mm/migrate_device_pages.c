// SPDX-License-Identifier: GPL-2.0
/*
 * Migration of memory to and from devices: sources become destinations.
 */

/**
 * DOC: pages
 *
 * migrate_vma_pages() and migrate_device_pages() go through the entries with
 * the driver's destinations, which hold the data by now.
 *
 * ==========================  ===============================================
 * destinations of an entry    what is done
 * ==========================  ===============================================
 * none                        the entry loses its MIGRATE: the source stays
 * one folio of its order      the metadata move to it
 * smaller folios, gaps        the source is split until each part either has a
 *                             destination of its order or none at all; the
 *                             array gets an entry for each part
 * larger than the source      refused: the source stays
 * ==========================  ===============================================
 *
 * A split is uniform when all destinations have one order, else it goes by
 * halves, so that the parts without destination stay as large as they can be.
 * A hole is split the same way, only in the array.
 *
 * Who holds what: each source folio is locked, unmapped everywhere and carries
 * one reference of the migration, which is all it may carry (and one of the
 * fault handler, if it is the fault folio, which also did the locking). Since
 * it is off the LRU and has migration entries only, nobody can find it; whoever
 * still has a reference makes both the split and the move of the metadata fail,
 * and then the source stays. After a split each part is locked and has one
 * reference of its own; lock and reference of the fault handler are with the
 * part that contains the fault page. If an anon_vma reference was taken for
 * the folio, each part gets one.
 *
 * Nothing but references and array entries is given back here: finalize does
 * that for all entries, moved or not.
 */

#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mmu_notifier.h>
#include <linux/rmap.h>
#include <linux/swap.h>
#include <linux/vmstat.h>
#include <trace/events/migrate_device.h>
#include "internal.h"
#include "migrate_device.h"

/* One call of __migrate_device_pages(). */
struct device_pages {
	unsigned long *src;
	unsigned long *dst;
	struct migrate_vma *migrate;	/* NULL: sources named by PFN */
	struct page *fault_page;
	struct mmu_notifier_range range;
	bool notified;
};

static unsigned int dst_order(unsigned long mpfn)
{
	return folio_order(page_folio(migrate_pfn_to_page(mpfn)));
}

/* No destination at all, or one for everything: then there is nothing to split. */
static bool dst_fits(const unsigned long *dst, unsigned int order)
{
	unsigned long i;

	if (!order)
		return true;
	if ((dst[0] & MIGRATE_PFN_VALID) && dst_order(dst[0]) >= order)
		return true;
	for (i = 0; i < 1UL << order; i++)
		if (dst[i] & MIGRATE_PFN_VALID)
			return false;
	return true;
}

/* To which order to split next, on the way to parts that fit. */
static unsigned int split_order(const unsigned long *dst, unsigned int order)
{
	unsigned int common;
	unsigned long i;

	if (!(dst[0] & MIGRATE_PFN_VALID))
		return next_lower_order(order);
	common = dst_order(dst[0]);
	for (i = 0; i < 1UL << order; i += 1UL << common)
		if (!(dst[i] & MIGRATE_PFN_VALID) ||
		    dst_order(dst[i]) != common)
			return next_lower_order(order);
	/* There is no order 1; the destination will be refused. */
	return common == 1 ? 0 : common;
}

static void expand_hole(unsigned long *src, unsigned int order,
			unsigned int new_order)
{
	unsigned long i;

	for (i = 0; i < 1UL << order; i += 1UL << new_order)
		src[i] = migrate_hole_entry(new_order);
}

/* Split an unmapped source folio and give each part its entry. */
static int split_source(struct device_pages *dp, unsigned long *src,
			struct folio *folio, unsigned int new_order)
{
	unsigned int order = folio_order(folio);
	unsigned long pfn = folio_pfn(folio);
	unsigned long flags, i;
	int ret;

	ret = folio_split_unmapped(folio, new_order, dp->fault_page);
	trace_migrate_device_split(pfn, order, new_order,
				   MIGRATE_DEVICE_SPLIT_UNMAPPED, ret);
	if (ret)
		return ret;

	flags = src[0] & (MIGRATE_PFN_MIGRATE | MIGRATE_PFN_WRITE |
			  MIGRATE_PFN_ANON_VMA);
	if (new_order)
		flags |= MIGRATE_PFN_COMPOUND;
	for (i = 0; i < 1UL << order; i += 1UL << new_order) {
		if (i && (flags & MIGRATE_PFN_ANON_VMA))
			get_anon_vma(folio_anon_vma(folio));
		src[i] = migrate_pfn(pfn + i) | flags;
	}
	return 0;
}

/*
 * Bring the entry at @i to the order of its destination. Returns its order
 * then; the parts after it are looked at when it is their turn. An entry that
 * should be split and cannot loses its MIGRATE.
 */
static unsigned int fit_entry(struct device_pages *dp, unsigned long i)
{
	unsigned int order = migrate_pfn_order(dp->src[i]);
	bool fallback = false;

	while (!dst_fits(dp->dst + i, order)) {
		unsigned int new_order = split_order(dp->dst + i, order);
		struct page *page = migrate_pfn_to_page(dp->src[i]);

		if (!fallback)
			count_vm_event(DEVMIGRATE_FALLBACK);
		fallback = true;
		if (!page) {
			expand_hole(dp->src + i, order, new_order);
		} else if (split_source(dp, dp->src + i, page_folio(page),
					new_order)) {
			dp->src[i] &= ~MIGRATE_PFN_MIGRATE;
			break;
		}
		order = new_order;
	}
	return order;
}

static void count_moved(bool to_device, unsigned int order)
{
	count_vm_events(to_device ? DEVMIGRATE_IN : DEVMIGRATE_OUT,
			1UL << order);
	if (order == MIGRATE_DEVICE_MAX_ORDER)
		count_vm_event(to_device ? DEVMIGRATE_THP_IN :
			       DEVMIGRATE_THP_OUT);
	else if (order)
		count_vm_event(to_device ? DEVMIGRATE_MTHP_IN :
			       DEVMIGRATE_MTHP_OUT);
}

/*
 * Nothing but anonymous memory outside the swap cache goes to a device. Called
 * with the source locked and unmapped.
 */
static bool may_go_to_device(struct folio *folio)
{
	if (!folio_mapping(folio))
		return true;
	return folio_test_anon(folio) && folio_free_swap(folio);
}

static int move_folio(struct device_pages *dp, struct folio *dst,
		      struct folio *src)
{
	bool to_device = folio_is_zone_device(dst);
	int ret;

	if (folio_order(dst) != folio_order(src))
		return -EINVAL;
	if (WARN_ON_ONCE(folio_test_writeback(src)))
		return -EBUSY;
	if (to_device) {
		if (!folio_is_device_private(dst) &&
		    !folio_is_device_coherent(dst))
			return -EINVAL;
		if (!may_go_to_device(src))
			return -EBUSY;
		/*
		 * A device leaves no dirty bit. What MADV_FREE has offered to
		 * reclaim would come back, written, and still on offer.
		 */
		if (folio_test_anon(src) && !folio_test_swapbacked(src))
			folio_set_swapbacked(src);
	}

	ret = folio_migrate_mapping(folio_mapping(src), dst, src,
				    is_fault_folio(src, dp->fault_page));
	if (ret != MIGRATEPAGE_SUCCESS)
		return ret;
	folio_migrate_flags(dst, src);
	count_moved(to_device, folio_order(src));
	return 0;
}

static void notify_holes(struct device_pages *dp, unsigned long addr)
{
	struct migrate_vma *migrate = dp->migrate;

	if (dp->notified)
		return;
	dp->notified = true;
	mmu_notifier_range_init_owner(&dp->range, MMU_NOTIFY_MIGRATE, 0,
				      migrate->vma->vm_mm, addr, migrate->end,
				      migrate->pgmap_owner);
	mmu_notifier_invalidate_range_start(&dp->range);
}

/* An entry that fits its destination, of which there is at most one. */
static void move_entry(struct device_pages *dp, unsigned long i)
{
	struct page *newpage = migrate_pfn_to_page(dp->dst[i]);
	struct page *page = migrate_pfn_to_page(dp->src[i]);
	unsigned long *src = dp->src + i;
	struct folio *folio, *newfolio;
	unsigned int order;
	int ret;

	if (!newpage) {
		*src &= ~MIGRATE_PFN_MIGRATE;
		return;
	}
	newfolio = page_folio(newpage);

	if (!page) {
		unsigned long addr;

		order = migrate_pfn_order(*src);
		/* A source named by PFN is a page: there are no holes. */
		if (WARN_ON_ONCE(!dp->migrate) ||
		    newpage != &newfolio->page ||
		    folio_order(newfolio) != order) {
			*src &= ~MIGRATE_PFN_MIGRATE;
			return;
		}
		addr = dp->migrate->start + (i << PAGE_SHIFT);
		notify_holes(dp, addr);
		migrate_vma_insert_folio(dp->migrate, addr, newfolio, src);
		if (*src & MIGRATE_PFN_MIGRATE)
			count_moved(folio_is_zone_device(newfolio), order);
		return;
	}

	folio = page_folio(page);
	ret = newpage == &newfolio->page ? move_folio(dp, newfolio, folio) :
		-EINVAL;
	if (ret)
		*src &= ~MIGRATE_PFN_MIGRATE;
	if (trace_migrate_device_folio_enabled())
		trace_migrate_device_folio(folio_pfn(folio),
					   folio_pfn(newfolio),
					   folio_order(folio),
					   folio_is_zone_device(newfolio), ret);
}

/*
 * __migrate_device_pages() - give the sources' metadata to the destinations
 * @src_pfns: sources, from migrate_vma_setup() or migrate_device_range()
 * @dst_pfns: the driver's destinations, locked
 * @npages: entries in each array
 * @migrate: the migration, or NULL if the sources were named by PFN
 */
void __migrate_device_pages(unsigned long *src_pfns, unsigned long *dst_pfns,
			    unsigned long npages, struct migrate_vma *migrate)
{
	struct device_pages dp = {
		.src = src_pfns,
		.dst = dst_pfns,
		.migrate = migrate,
		.fault_page = migrate ? migrate->fault_page : NULL,
	};
	unsigned long i, nr;

	for (i = 0; i < npages; i += nr) {
		nr = migrate_entry_nr(src_pfns[i]);
		if (WARN_ON_ONCE(nr > npages - i))
			break;
		if (!(src_pfns[i] & MIGRATE_PFN_MIGRATE))
			continue;
		nr = 1UL << fit_entry(&dp, i);
		if (src_pfns[i] & MIGRATE_PFN_MIGRATE)
			move_entry(&dp, i);
	}

	if (dp.notified)
		mmu_notifier_invalidate_range_end(&dp.range);
}
