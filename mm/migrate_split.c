// SPDX-License-Identifier: GPL-2.0
/*
 * Splitting anonymous folios for device migration.
 *
 * split_huge_page_to_list_to_order() knows folios on the LRU that are mapped.
 * Device folios are on no list, and a migration may find in its middle that a
 * folio has to arrive in parts: it is then unmapped and isolated, and its
 * migration entries may sit in the page tables of many processes.
 *
 * Both splits here are uniform and end in split_frozen_folio(). What makes
 * them safe against everyone who looks at the pages meanwhile:
 *
 * - The refcount is frozen at 0: nobody gets a new reference.
 * - Every part carries PG_locked before it can be told from the whole, so that
 *   whoever follows a migration entry finds a locked folio at any time.
 * - A tail's word of compound_head turns into its final value, for device
 *   memory the pgmap, in one store.
 */
#include <linux/memcontrol.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/page_idle.h>
#include <linux/page_owner.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/vmstat.h>
#include "internal.h"
#include "swap.h"

/* What a part inherits from the whole. */
#define SPLIT_INHERITED_FLAGS						\
	((1UL << PG_referenced) | (1UL << PG_swapbacked) |		\
	 (1UL << PG_mlocked) | (1UL << PG_uptodate) |			\
	 (1UL << PG_active) | (1UL << PG_workingset) |			\
	 (1UL << PG_locked) | (1UL << PG_unevictable) |			\
	 (1UL << PG_dirty) | SPLIT_ARCH_FLAGS |				\
	 LRU_GEN_MASK | LRU_REFS_MASK)

#ifdef CONFIG_ARCH_USES_PG_ARCH_2
#define SPLIT_ARCH_2	(1UL << PG_arch_2)
#else
#define SPLIT_ARCH_2	0UL
#endif
#ifdef CONFIG_ARCH_USES_PG_ARCH_3
#define SPLIT_ARCH_3	(1UL << PG_arch_3)
#else
#define SPLIT_ARCH_3	0UL
#endif
#define SPLIT_ARCH_FLAGS	(SPLIT_ARCH_2 | SPLIT_ARCH_3)

static bool page_range_poisoned(struct page *page, unsigned long nr)
{
	for (; nr; page++, nr--)
		if (PageHWPoison(page))
			return true;
	return false;
}

/*
 * Make the pages from @idx on a folio of their own. @pgmap is NULL for system
 * memory. It is no folio, and not to be passed as one, before it is detached.
 */
static void split_off_part(struct folio *folio, unsigned long idx,
			   unsigned int new_order, struct dev_pagemap *pgmap)
{
	struct page *head = &folio->page;
	struct page *page = head + idx;
	struct folio *part = (struct folio *)page;
	unsigned long i;

	VM_WARN_ON_ONCE_PAGE(atomic_read(&page->_mapcount) != -1, page);

	/*
	 * PG_reserved is set for life on device pages. PG_head is set here and
	 * not later, because others may set bits such as PG_waiters as soon as
	 * the part can be found.
	 */
	page->flags &= ~(PAGE_FLAGS_CHECK_AT_PREP & ~(1UL << PG_reserved));
	page->flags |= (head->flags & SPLIT_INHERITED_FLAGS) |
		       (new_order ? 1UL << PG_head : 0);
	page->mapping = head->mapping;
	page->index = head->index + idx;
	set_page_private(page, 0);
	if (pgmap)
		page->zone_device_data = head->zone_device_data;

	/* All of the above before the page stops being a tail. */
	smp_wmb();
	WRITE_ONCE(page->compound_head, (unsigned long)pgmap);

	if (new_order) {
		/* And that before other pages become tails of it. */
		smp_wmb();
		for (i = 1; i < 1UL << new_order; i++)
			prep_compound_tail(page, i);
		prep_compound_head(page, new_order);
		folio_set_large_rmappable(part);
		if (page_range_poisoned(page, 1UL << new_order))
			folio_set_has_hwpoisoned(part);
	}

	if (folio_test_young(folio))
		folio_set_young(part);
	if (folio_test_idle(folio))
		folio_set_idle(part);
	folio_xchg_last_cpupid(part, folio_last_cpupid(folio));
}

/*
 * Tell the driver of every new folio, the head last. They are all complete,
 * locked and frozen.
 */
static void notify_folio_split(struct folio *folio, unsigned long nr,
			       unsigned long step, struct dev_pagemap *pgmap)
{
	unsigned long i;

	if (!pgmap->ops->folio_split)
		return;
	for (i = step; i < nr; i += step)
		pgmap->ops->folio_split(folio, page_folio(&folio->page + i));
	pgmap->ops->folio_split(folio, NULL);
}

/*
 * Split a folio that is locked, unmapped, off every list, not in the swap cache,
 * and frozen; interrupts are off. The parts are left locked and frozen.
 */
static void split_frozen_folio(struct folio *folio, unsigned int new_order)
{
	const unsigned int order = folio_order(folio);
	const unsigned long nr = 1UL << order, step = 1UL << new_order;
	struct dev_pagemap *pgmap = NULL;
	unsigned long i;

	lockdep_assert_irqs_disabled();
	if (folio_is_zone_device(folio))
		pgmap = folio->page.pgmap;

	/* A folio has to leave the queue while it still has its memcg. */
	folio_unqueue_deferred_split(folio);
	split_page_memcg(&folio->page, order, new_order);
	mod_mthp_stat(order, MTHP_STAT_NR_ANON, -1);
	mod_mthp_stat(new_order, MTHP_STAT_NR_ANON, nr / step);

	folio_clear_has_hwpoisoned(folio);
	/* From the end, because the first tails describe the folio. */
	for (i = nr - step; i; i -= step)
		split_off_part(folio, i, new_order, pgmap);

	if (new_order) {
		folio_set_order(folio, new_order);
		if (page_range_poisoned(&folio->page, step))
			folio_set_has_hwpoisoned(folio);
	} else {
		ClearPageCompound(&folio->page);
	}

	if (pgmap) {
		notify_folio_split(folio, nr, step, pgmap);
	} else {
		split_page_owner(&folio->page, order, new_order);
		pgalloc_tag_split(folio, order, new_order);
	}
}

/*
 * Freeze @folio, split it, and give each part one reference and the part with
 * @fault_page one more. Returns -EAGAIN if someone else has a reference.
 */
static int freeze_and_split(struct folio *folio, unsigned int new_order,
			    struct page *fault_page)
{
	const unsigned long nr = folio_nr_pages(folio), step = 1UL << new_order;
	struct page *head = &folio->page;
	unsigned long i, fault_idx = nr;

	if (fault_page)
		fault_idx = ALIGN_DOWN(page_to_pfn(fault_page) -
				       page_to_pfn(head), step);

	/* No preemption while everyone who wants a reference has to give up. */
	local_irq_disable();
	if (!folio_ref_freeze(folio, fault_page ? 2 : 1)) {
		local_irq_enable();
		return -EAGAIN;
	}
	split_frozen_folio(folio, new_order);
	for (i = 0; i < nr; i += step)
		page_ref_unfreeze(head + i, i == fault_idx ? 2 : 1);
	local_irq_enable();
	return 0;
}

static int check_split_order(struct folio *folio, unsigned int new_order)
{
	if (!folio_test_large(folio) || !folio_test_anon(folio))
		return -EINVAL;
	if (new_order == 1 || new_order >= folio_order(folio))
		return -EINVAL;
	return 0;
}

static void count_folio_split(unsigned int order, int ret)
{
	if (order == HPAGE_PMD_ORDER)
		count_vm_event(ret ? THP_SPLIT_PAGE_FAILED : THP_SPLIT_PAGE);
	count_mthp_stat(order, ret ? MTHP_STAT_SPLIT_FAILED : MTHP_STAT_SPLIT);
}

/* rmap_one: turn one VMA's PMD migration entry of @folio into PTE entries. */
static bool split_pmd_migration_entry(struct folio *folio,
				      struct vm_area_struct *vma,
				      unsigned long addr, void *arg)
{
	unsigned long haddr = addr & HPAGE_PMD_MASK;
	spinlock_t *ptl;
	pmd_t *pmd;

	if (haddr < vma->vm_start || haddr + HPAGE_PMD_SIZE > vma->vm_end)
		return true;
	pmd = mm_find_pmd(vma->vm_mm, haddr);
	if (!pmd)
		return true;

	ptl = pmd_lock(vma->vm_mm, pmd);
	if (is_pmd_migration_entry(*pmd) &&
	    swp_offset_pfn(pmd_to_swp_entry(*pmd)) == folio_pfn(folio))
		split_huge_pmd_locked(vma, haddr, pmd, false, NULL);
	spin_unlock(ptl);
	return true;
}

/**
 * folio_split_unmapped() - split a folio in the middle of its migration
 * @folio: locked anonymous folio, system or device, all of whose mappings are
 *	migration entries; off the LRU, the caller holds the only reference
 * @new_order: order of the parts; 0, or 2 and up
 * @fault_page: page of a running migrate_to_ram() or NULL; if it is in @folio
 *	one more reference is expected
 *
 * On success every part is locked and has one reference, the part with
 * @fault_page two, and the migration entries of all mms name the parts. On
 * failure lock and references are as before; PMD migration entries may have
 * become PTE migration entries, which are as good.
 *
 * Context: sleeps; takes the anon_vma lock for reading, interrupts off for the
 * split itself. The caller keeps the anon_vma alive.
 * Return: 0; -EAGAIN for unexpected references; -EBUSY if writeback or the swap
 * cache hold the folio; -EINVAL for an impossible order.
 */
int folio_split_unmapped(struct folio *folio, unsigned int new_order,
			 struct page *fault_page)
{
	struct rmap_walk_control rwc = { .rmap_one = split_pmd_migration_entry };
	unsigned int order = folio_order(folio);
	int ret;

	if (WARN_ON_ONCE(!folio_test_locked(folio)))
		return -EINVAL;
	if (fault_page && page_folio(fault_page) != folio)
		fault_page = NULL;
	ret = check_split_order(folio, new_order);
	if (ret)
		return ret;

	ret = -EBUSY;
	if (folio_test_writeback(folio))
		goto out;
	if (folio_test_swapcache(folio) && !folio_free_swap(folio))
		goto out;
	ret = -EAGAIN;
	if (folio_mapped(folio) ||
	    folio_ref_count(folio) != (fault_page ? 2 : 1))
		goto out;

	/*
	 * A PMD entry over the parts would be fatal to whoever restores it, so
	 * every one goes. No new one appears: fork copies what is there, and
	 * a walk of the anon_vma meets a parent before its child.
	 */
	if (folio_test_pmd_mappable(folio))
		rmap_walk(folio, &rwc);

	ret = freeze_and_split(folio, new_order, fault_page);
out:
	count_vm_event(ret ? DEVMIGRATE_SPLIT_FAILED : DEVMIGRATE_SPLIT);
	count_folio_split(order, ret);
	return ret;
}

/*
 * Put the mappings of all parts of a split folio back. The anon_vma is locked
 * for writing.
 */
static void remap_parts(struct folio *folio, unsigned long nr,
			unsigned long step)
{
	struct page *head = &folio->page;
	unsigned long i;

	for (i = 0; i < nr; i += step) {
		struct folio *part = page_folio(head + i);

		remove_migration_ptes(part, part, RMP_LOCKED);
	}
}

/**
 * split_device_private_folio() - split a mapped device folio
 * @page: any page of a locked device folio; the caller holds one reference
 * @new_order: order of the parts; 0, or 2 and up
 * @fault_page: page of a running migrate_to_ram() or NULL; if it is in the
 *	folio one more reference is expected
 *
 * All mappings of all mms become PTEs. On success the caller's reference stays
 * with the part of @page, that of the fault with the part of @fault_page, and
 * those two parts (or this one) stay locked; the others are unlocked, and freed
 * where nothing maps them. On failure nothing changed but that PMD mappings may
 * have become PTE mappings.
 *
 * Context: sleeps; takes the anon_vma lock for writing. No page table lock may
 * be held.
 * Return: 0; -EAGAIN for unexpected references; -EBUSY if nothing maps the folio
 * any more; -EINVAL for an impossible order.
 */
int split_device_private_folio(struct page *page, unsigned int new_order,
			       struct page *fault_page)
{
	struct folio *folio = page_folio(page);
	const unsigned long nr = folio_nr_pages(folio), step = 1UL << new_order;
	const unsigned int order = folio_order(folio);
	struct folio *kept, *fault_folio;
	struct page *head = &folio->page;
	struct anon_vma *anon_vma;
	unsigned long i;
	int ret;

	if (WARN_ON_ONCE(!folio_test_locked(folio) ||
			 !folio_is_zone_device(folio)))
		return -EINVAL;
	if (fault_page && page_folio(fault_page) != folio)
		fault_page = NULL;
	ret = check_split_order(folio, new_order);
	if (ret)
		return ret;

	ret = -EBUSY;
	anon_vma = folio_get_anon_vma(folio);
	if (!anon_vma)
		goto out;
	anon_vma_lock_write(anon_vma);

	/* A hint, before page tables are touched; the freeze decides. */
	ret = -EAGAIN;
	if (folio_ref_count(folio) !=
	    folio_mapcount(folio) + (fault_page ? 2 : 1))
		goto out_unlock;

	try_to_migrate(folio, TTU_RMAP_LOCKED | TTU_SYNC |
		       (folio_test_pmd_mappable(folio) ? TTU_SPLIT_HUGE_PMD : 0));
	ret = freeze_and_split(folio, new_order, fault_page);
	remap_parts(folio, nr, ret ? nr : step);

out_unlock:
	anon_vma_unlock_write(anon_vma);
	put_anon_vma(anon_vma);
out:
	count_folio_split(order, ret);
	if (ret)
		return ret;

	kept = page_folio(page);
	fault_folio = fault_page ? page_folio(fault_page) : NULL;
	for (i = 0; i < nr; i += step) {
		struct folio *part = page_folio(head + i);

		if (part == kept)
			continue;
		if (part != fault_folio)
			folio_unlock(part);
		/* Its own reference of the split; frees it if unmapped. */
		folio_put(part);
	}
	return 0;
}
