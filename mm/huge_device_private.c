// SPDX-License-Identifier: GPL-2.0
/*
 * PMD entries that map a whole device-private folio.
 *
 * Such an entry is a non-present PMD of swap format. It holds one reference
 * and one PMD mapping of its folio, stands for HPAGE_PMD_NR pages of
 * MM_ANONPAGES, and has a page table deposited for the day it is split. Only
 * anonymous memory is ever mapped like this.
 *
 * No TLB knows the entry, so none has to be flushed when it changes. The
 * device's own page tables follow through the mmu notifiers that the callers
 * send, as for any other entry.
 *
 * Unless said otherwise the caller holds the page table lock of the PMD.
 */
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/rmap.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/userfaultfd_k.h>
#include <linux/vmstat.h>
#include <asm/pgalloc.h>
#include <trace/events/thp.h>
#include "huge_device_private.h"
#include "internal.h"

/* Carry what a swap-format PMD says beside its entry over to another one. */
static pmd_t pmd_swp_copy_bits(pmd_t to, pmd_t from)
{
	if (pmd_swp_soft_dirty(from))
		to = pmd_swp_mksoft_dirty(to);
	if (pmd_swp_uffd_wp(from))
		to = pmd_swp_mkuffd_wp(to);
	return to;
}

/**
 * make_pmd_device_private() - the PMD that maps a device-private folio
 * @page: first page of the folio
 * @write: whether the device may write
 * @old_pmd: swap-format PMD whose soft-dirty and uffd-wp bits are kept
 */
pmd_t make_pmd_device_private(struct page *page, bool write, pmd_t old_pmd)
{
	swp_entry_t entry;

	if (write)
		entry = make_writable_device_private_entry(page_to_pfn(page));
	else
		entry = make_readable_device_private_entry(page_to_pfn(page));
	return pmd_swp_copy_bits(swp_entry_to_pmd(entry), old_pmd);
}

/**
 * pmd_device_private_wrprotect() - take write permission from a PMD
 * @pmd: a device-private PMD
 *
 * Return: @pmd as it is, if the device may not write anyway.
 */
pmd_t pmd_device_private_wrprotect(pmd_t pmd)
{
	swp_entry_t entry = pmd_to_swp_entry(pmd);

	if (!is_writable_device_private_entry(entry))
		return pmd;
	entry = make_readable_device_private_entry(swp_offset(entry));
	return pmd_swp_copy_bits(swp_entry_to_pmd(entry), pmd);
}

/*
 * Fork: share the folio, read-only on both sides. Cannot fail, because device
 * memory cannot be pinned. Both page table locks are held; @pgtable becomes
 * the child's deposit.
 */
void copy_huge_pmd_device_private(struct vm_area_struct *dst_vma,
				  struct vm_area_struct *src_vma,
				  pmd_t *dst_pmd, pmd_t *src_pmd,
				  unsigned long addr, pgtable_t pgtable)
{
	struct mm_struct *dst_mm = dst_vma->vm_mm;
	struct mm_struct *src_mm = src_vma->vm_mm;
	pmd_t pmd = pmd_device_private_wrprotect(*src_pmd);
	struct page *page = pfn_swap_entry_to_page(pmd_to_swp_entry(pmd));
	struct folio *folio = page_folio(page);

	lockdep_assert_held(pmd_lockptr(src_mm, src_pmd));
	lockdep_assert_held(pmd_lockptr(dst_mm, dst_pmd));
	VM_WARN_ON_FOLIO(!folio_test_pmd_mappable(folio), folio);

	if (!pmd_same(pmd, *src_pmd))
		set_pmd_at(src_mm, addr, src_pmd, pmd);

	folio_get(folio);
	folio_try_dup_anon_rmap_pmd(folio, page, src_vma);
	add_mm_counter(dst_mm, MM_ANONPAGES, HPAGE_PMD_NR);
	mm_inc_nr_ptes(dst_mm);
	pgtable_trans_huge_deposit(dst_mm, dst_pmd, pgtable);
	if (!userfaultfd_wp(dst_vma))
		pmd = pmd_swp_clear_uffd_wp(pmd);
	set_pmd_at(dst_mm, addr, dst_pmd, pmd);
}

/*
 * The mapping @old_pmd is gone from the page table. Returns the folio, whose
 * reference the caller drops after the page table lock.
 */
struct folio *zap_huge_pmd_device_private(struct vm_area_struct *vma,
					  pmd_t old_pmd)
{
	struct page *page = pfn_swap_entry_to_page(pmd_to_swp_entry(old_pmd));
	struct folio *folio = page_folio(page);

	VM_WARN_ON_FOLIO(!folio_test_pmd_mappable(folio), folio);
	folio_remove_rmap_pmd(folio, page, vma);
	return folio;
}

/* Entry for page @page of a split PMD: of the device, or of migration. */
static pte_t split_device_private_pte(struct page *page, pmd_t old_pmd,
				      bool exclusive, bool freeze)
{
	unsigned long pfn = page_to_pfn(page);
	swp_entry_t entry = pmd_to_swp_entry(old_pmd);
	pte_t pte;

	if (is_writable_device_private_entry(entry))
		entry = freeze ? make_writable_migration_entry(pfn) :
				 make_writable_device_private_entry(pfn);
	else if (freeze)
		entry = exclusive ? make_readable_exclusive_migration_entry(pfn) :
				    make_readable_migration_entry(pfn);
	else
		entry = make_readable_device_private_entry(pfn);

	pte = swp_entry_to_pte(entry);
	if (pmd_swp_soft_dirty(old_pmd))
		pte = pte_swp_mksoft_dirty(pte);
	if (pmd_swp_uffd_wp(old_pmd))
		pte = pte_swp_mkuffd_wp(pte);
	return pte;
}

/*
 * Replace the PMD by a table of HPAGE_PMD_NR entries: device-private ones, or
 * with @freeze migration entries, which take neither reference nor rmap. With
 * @freeze the caller holds the folio lock. The folio itself stays whole.
 */
void split_huge_pmd_device_private(struct vm_area_struct *vma, pmd_t *pmd,
				   unsigned long haddr, bool freeze)
{
	struct mm_struct *mm = vma->vm_mm;
	pmd_t old_pmd = *pmd, table;
	struct page *page = pfn_swap_entry_to_page(pmd_to_swp_entry(old_pmd));
	struct folio *folio = page_folio(page);
	bool exclusive = PageAnonExclusive(page);
	unsigned long addr = haddr;
	pgtable_t pgtable;
	pte_t *pte;
	int i;

	lockdep_assert_held(pmd_lockptr(mm, pmd));
	VM_WARN_ON_FOLIO(!folio_test_pmd_mappable(folio), folio);
	VM_WARN_ON_FOLIO(freeze && !folio_test_locked(folio), folio);

	count_vm_event(THP_SPLIT_PMD);

	if (freeze) {
		/* Device memory is never pinned: this cannot fail. */
		if (exclusive)
			folio_try_share_anon_rmap_pmd(folio, page);
	} else {
		folio_ref_add(folio, HPAGE_PMD_NR - 1);
		folio_add_anon_rmap_ptes(folio, page, HPAGE_PMD_NR, vma, haddr,
					 exclusive ? RMAP_EXCLUSIVE : RMAP_NONE);
	}

	pgtable = pgtable_trans_huge_withdraw(mm, pmd);
	pmd_populate(mm, &table, pgtable);
	pte = pte_offset_map(&table, haddr);
	VM_WARN_ON(!pte);
	for (i = 0; i < HPAGE_PMD_NR; i++, addr += PAGE_SIZE) {
		VM_WARN_ON(!pte_none(ptep_get(pte + i)));
		set_pte_at(mm, addr, pte + i,
			   split_device_private_pte(page + i, old_pmd, exclusive,
						    freeze));
	}
	pte_unmap(pte);

	folio_remove_rmap_pmd(folio, page, vma);
	if (freeze)
		folio_put(folio);

	smp_wmb(); /* the table's entries before the table */
	pmd_populate(mm, pmd, pgtable);
}

/*
 * The device-private half of set_pmd_migration_entry(). The caller holds the
 * folio lock and a reference beside the one of the mapping, which goes.
 */
int set_pmd_migration_entry_device_private(struct page_vma_mapped_walk *pvmw,
					   struct page *page)
{
	struct folio *folio = page_folio(page);
	struct mm_struct *mm = pvmw->vma->vm_mm;
	pmd_t old_pmd = *pvmw->pmd, pmd;
	swp_entry_t entry = pmd_to_swp_entry(old_pmd);
	bool exclusive = PageAnonExclusive(page);

	lockdep_assert_held(pmd_lockptr(mm, pvmw->pmd));
	VM_WARN_ON_FOLIO(!folio_test_locked(folio), folio);

	if (exclusive && folio_try_share_anon_rmap_pmd(folio, page))
		return -EBUSY;

	if (is_writable_device_private_entry(entry))
		entry = make_writable_migration_entry(page_to_pfn(page));
	else if (exclusive)
		entry = make_readable_exclusive_migration_entry(page_to_pfn(page));
	else
		entry = make_readable_migration_entry(page_to_pfn(page));
	pmd = pmd_swp_copy_bits(swp_entry_to_pmd(entry), old_pmd);

	set_pmd_at(mm, pvmw->address & HPAGE_PMD_MASK, pvmw->pmd, pmd);
	folio_remove_rmap_pmd(folio, page, pvmw->vma);
	folio_put(folio);
	trace_set_migration_pmd(pvmw->address, pmd_val(pmd));
	return 0;
}
