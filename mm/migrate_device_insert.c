// SPDX-License-Identifier: GPL-2.0
/*
 * Migration of memory to and from devices: device folios put into holes.
 */

/**
 * DOC: insert
 *
 * An entry of the source array without a page stands for addresses at which
 * nothing is mapped, or the shared zero page. A driver may give a device folio
 * of the entry's order for it, or smaller ones for parts. That folio is new: it
 * is charged to the memory cgroup, gets its anonymous rmap and is counted here,
 * as the page fault handler does with new memory.
 *
 * Who holds what: the mmap lock is held for reading, the folio is locked and
 * the driver's reference on it belongs to migrate_vma_finalize(), which drops
 * it with or without success. Success adds the reference of the mapping (one
 * for a PMD, one for each PTE). Since migrate_vma_setup() no lock was held that
 * keeps the addresses empty, so that everything is checked again under the page
 * table lock; a fault that came first wins, and the entry loses its MIGRATE.
 *
 * A PMD entry needs a free PMD, or one with the huge zero page, whose deposited
 * page table it takes over. Everything smaller is mapped by PTEs, all of which
 * must be free or map the zero page; a huge zero page is split for it.
 */

#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mmu_notifier.h>
#include <linux/oom.h>
#include <linux/pgtable.h>
#include <linux/rmap.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/userfaultfd_k.h>
#include <asm/pgalloc.h>
#include <asm/tlbflush.h>
#include <trace/events/migrate_device.h>
#include "internal.h"
#include "migrate_device.h"

/* The CPU may touch coherent device memory only. */
static bool insertable(const struct folio *folio)
{
	return !folio_is_zone_device(folio) ||
		folio_is_device_private(folio) ||
		folio_is_device_coherent(folio);
}

static pte_t new_pte(struct vm_area_struct *vma, struct page *page)
{
	pte_t pte;

	if (is_device_private_page(page)) {
		swp_entry_t entry;

		if (vma->vm_flags & VM_WRITE)
			entry = make_writable_device_private_entry(
						page_to_pfn(page));
		else
			entry = make_readable_device_private_entry(
						page_to_pfn(page));
		return swp_entry_to_pte(entry);
	}

	pte = mk_pte(page, vma->vm_page_prot);
	if (vma->vm_flags & VM_WRITE)
		pte = pte_mkwrite(pte_mkdirty(pte), vma);
	return pte;
}

/* Page table lock held. */
static void map_new_folio(struct vm_area_struct *vma, unsigned long addr,
			  struct folio *folio, int nr_refs)
{
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, folio_nr_pages(folio));
	folio_add_new_anon_rmap(folio, vma, addr, RMAP_EXCLUSIVE);
	if (!folio_is_zone_device(folio))
		folio_add_lru_vma(folio, vma);
	folio_ref_add(folio, nr_refs);
}

/*
 * May a page be mapped now? Userfaults are not delivered from here: userspace
 * gets its fault when it touches the address, which stays empty.
 */
static bool may_populate(struct vm_area_struct *vma)
{
	return !check_stable_address_space(vma->vm_mm) &&
		!userfaultfd_missing(vma);
}

static bool insert_ptes(struct vm_area_struct *vma, pmd_t *pmdp,
			unsigned long addr, struct folio *folio)
{
	unsigned long i, nr = folio_nr_pages(folio);
	struct mm_struct *mm = vma->vm_mm;
	bool zero_mapped = false;
	pte_t *ptep;
	spinlock_t *ptl;

	if (pte_alloc(mm, pmdp))
		return false;
	ptep = pte_offset_map_lock(mm, pmdp, addr, &ptl);
	if (!ptep)
		return false;
	if (!may_populate(vma))
		goto unlock;
	for (i = 0; i < nr; i++) {
		pte_t pte = ptep_get(ptep + i);

		if (pte_none(pte))
			continue;
		if (!pte_present(pte) || !is_zero_pfn(pte_pfn(pte)))
			goto unlock;
		zero_mapped = true;
	}

	if (zero_mapped) {
		unsigned long a = addr;

		for (i = 0; i < nr; i++, a += PAGE_SIZE) {
			pte_t pte = ptep_get(ptep + i);

			if (pte_none(pte))
				continue;
			flush_cache_page(vma, a, pte_pfn(pte));
			ptep_get_and_clear(mm, a, ptep + i);
		}
		flush_tlb_range(vma, addr, a);
	}

	map_new_folio(vma, addr, folio, nr);
	for (i = 0; i < nr; i++) {
		unsigned long a = addr + (i << PAGE_SHIFT);

		set_pte_at(mm, a, ptep + i,
			   new_pte(vma, folio_page(folio, i)));
		update_mmu_cache(vma, a, ptep + i);
	}
	pte_unmap_unlock(ptep, ptl);
	return true;
unlock:
	pte_unmap_unlock(ptep, ptl);
	return false;
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
static pmd_t new_pmd(struct vm_area_struct *vma, struct folio *folio)
{
	pmd_t pmd;

	if (folio_is_device_private(folio)) {
		swp_entry_t entry;

		if (vma->vm_flags & VM_WRITE)
			entry = make_writable_device_private_entry(
						folio_pfn(folio));
		else
			entry = make_readable_device_private_entry(
						folio_pfn(folio));
		return swp_entry_to_pmd(entry);
	}

	pmd = mk_huge_pmd(&folio->page, vma->vm_page_prot);
	return maybe_pmd_mkwrite(pmd_mkdirty(pmd), vma);
}

static bool insert_pmd(struct vm_area_struct *vma, pmd_t *pmdp,
		       unsigned long addr, struct folio *folio)
{
	struct mm_struct *mm = vma->vm_mm;
	bool inserted = false;
	pgtable_t pgtable;
	spinlock_t *ptl;
	pmd_t pmd;

	if (!thp_migration_supported())
		return false;
	pgtable = pte_alloc_one(mm);
	if (!pgtable)
		return false;

	ptl = pmd_lock(mm, pmdp);
	pmd = *pmdp;
	if (!may_populate(vma))
		goto unlock;
	if (is_huge_zero_pmd(pmd)) {
		/* Its page table stays deposited. */
		flush_cache_range(vma, addr, addr + HPAGE_PMD_SIZE);
		pmdp_huge_clear_flush(vma, addr, pmdp);
	} else if (pmd_none(pmd)) {
		pgtable_trans_huge_deposit(mm, pmdp, pgtable);
		mm_inc_nr_ptes(mm);
		pgtable = NULL;
	} else {
		goto unlock;
	}

	map_new_folio(vma, addr, folio, 1);
	set_pmd_at(mm, addr, pmdp, new_pmd(vma, folio));
	update_mmu_cache_pmd(vma, addr, pmdp);
	inserted = true;
unlock:
	spin_unlock(ptl);
	if (pgtable)
		pte_free(mm, pgtable);
	return inserted;
}
#else
static bool insert_pmd(struct vm_area_struct *vma, pmd_t *pmdp,
		       unsigned long addr, struct folio *folio)
{
	return false;
}
#endif /* CONFIG_TRANSPARENT_HUGEPAGE */

static pmd_t *pmd_alloc_at(struct mm_struct *mm, unsigned long addr)
{
	p4d_t *p4dp = p4d_alloc(mm, pgd_offset(mm, addr), addr);
	pud_t *pudp;

	if (!p4dp)
		return NULL;
	pudp = pud_alloc(mm, p4dp, addr);
	if (!pudp)
		return NULL;
	return pmd_alloc(mm, pudp, addr);
}

static bool insert_folio(struct vm_area_struct *vma, unsigned long addr,
			 struct folio *folio)
{
	unsigned int order = folio_order(folio);
	gfp_t gfp = GFP_KERNEL;
	pmd_t *pmdp;

	/* Only anonymous memory may be populated by a device. */
	if (!vma_is_anonymous(vma) || !insertable(folio))
		return false;
	if (order && !thp_vma_allowable_order(vma, vma->vm_flags, TVA_IN_PF,
					      order))
		return false;

	pmdp = pmd_alloc_at(vma->vm_mm, addr);
	if (!pmdp)
		return false;
	/* What else is in the way will be found under the page table lock. */
	if (order < MIGRATE_DEVICE_MAX_ORDER &&
	    is_huge_zero_pmd(pmdp_get_lockless(pmdp)))
		split_huge_pmd(vma, pmdp, addr);
	if (unlikely(anon_vma_prepare(vma)))
		return false;

	/* Nobody is killed for the sake of a large folio. */
	if (order)
		gfp |= __GFP_NORETRY | __GFP_NOWARN;
	if (mem_cgroup_charge(folio, vma->vm_mm, gfp))
		return false;

	/*
	 * A barrier in there: what was written to the folio is visible before
	 * the entry that leads to it.
	 */
	__folio_mark_uptodate(folio);

	if (order == MIGRATE_DEVICE_MAX_ORDER)
		return insert_pmd(vma, pmdp, addr, folio);
	return insert_ptes(vma, pmdp, addr, folio);
}

/*
 * migrate_vma_insert_folio() - map a device folio where nothing was mapped
 * @migrate: the migration
 * @addr: where, aligned to the size of @folio
 * @folio: destination, locked, not larger than the hole
 * @src: the entry of the hole; loses MIGRATE on failure
 *
 * To be called inside a notifier range for the address. The mmap lock is held
 * for reading. May sleep.
 */
void migrate_vma_insert_folio(struct migrate_vma *migrate, unsigned long addr,
			      struct folio *folio, unsigned long *src)
{
	bool inserted = insert_folio(migrate->vma, addr, folio);

	if (!inserted)
		*src &= ~MIGRATE_PFN_MIGRATE;
	trace_migrate_device_insert(addr, folio_pfn(folio),
				    folio_order(folio), inserted);
}
