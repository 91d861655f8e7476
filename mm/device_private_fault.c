// SPDX-License-Identifier: GPL-2.0
/*
 * CPU faults on device-private memory.
 *
 * The driver's migrate_to_ram is called with the folio of the fault page
 * locked and referenced. Who finds it locked waits as for a migration entry and
 * retries: of many threads that fault on one folio one works and the others
 * sleep, and none of them holds a reference that would keep the one from
 * migrating it.
 */
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/vmstat.h>
#include "internal.h"

/* Drivers migrate under the mmap lock: let the fault come again with it. */
static bool fault_needs_mmap_lock(struct vm_fault *vmf)
{
	if (!(vmf->flags & FAULT_FLAG_VMA_LOCK))
		return false;
	vma_end_read(vmf->vma);
	return true;
}

/*
 * @vmf->page is locked and referenced. The driver may split its folio; lock and
 * reference then stay with the part that has the page.
 */
static vm_fault_t migrate_fault_page_to_ram(struct vm_fault *vmf)
{
	struct folio *folio;
	vm_fault_t ret;

	ret = page_pgmap(vmf->page)->ops->migrate_to_ram(vmf);

	folio = page_folio(vmf->page);
	folio_unlock(folio);
	folio_put(folio);
	return ret;
}

/**
 * do_device_private_page() - CPU fault on a device-private PTE
 * @vmf: the fault; orig_pte is the entry that was seen, pte is unmapped
 *
 * Context: mmap or VMA lock held for reading; takes and drops the page table
 * lock; sleeps.
 * Return: what the driver returned, 0 to retry, or VM_FAULT_RETRY under the
 * VMA lock, which is then released.
 */
vm_fault_t do_device_private_page(struct vm_fault *vmf)
{
	swp_entry_t entry = pte_to_swp_entry(vmf->orig_pte);
	struct folio *folio;

	if (fault_needs_mmap_lock(vmf))
		return VM_FAULT_RETRY;

	vmf->pte = pte_offset_map_lock(vmf->vma->vm_mm, vmf->pmd, vmf->address,
				       &vmf->ptl);
	if (unlikely(!vmf->pte))
		return 0;
	if (unlikely(!pte_same(ptep_get(vmf->pte), vmf->orig_pte))) {
		pte_unmap_unlock(vmf->pte, vmf->ptl);
		return 0;
	}

	/* The mapping pins the folio as long as the page table is locked. */
	vmf->page = pfn_swap_entry_to_page(entry);
	folio = page_folio(vmf->page);
	if (!folio_trylock(folio)) {
		pte_unmap(vmf->pte);
		migration_entry_wait_on_locked(entry, vmf->ptl);
		return 0;
	}
	folio_get(folio);
	pte_unmap_unlock(vmf->pte, vmf->ptl);

	count_vm_event(DEVMIGRATE_FAULT);
	return migrate_fault_page_to_ram(vmf);
}

#ifdef CONFIG_ARCH_ENABLE_THP_MIGRATION
/**
 * do_huge_pmd_device_private() - CPU fault on a device-private PMD
 * @vmf: the fault; orig_pmd is the entry that was seen
 *
 * Context: mmap or VMA lock held for reading; takes and drops the page table
 * lock; sleeps.
 * Return: what the driver returned, 0 to retry, or VM_FAULT_RETRY under the
 * VMA lock, which is then released.
 */
vm_fault_t do_huge_pmd_device_private(struct vm_fault *vmf)
{
	swp_entry_t entry = pmd_to_swp_entry(vmf->orig_pmd);
	struct folio *folio;
	spinlock_t *ptl;

	if (fault_needs_mmap_lock(vmf))
		return VM_FAULT_RETRY;

	ptl = pmd_lock(vmf->vma->vm_mm, vmf->pmd);
	if (unlikely(!pmd_same(*vmf->pmd, vmf->orig_pmd))) {
		spin_unlock(ptl);
		return 0;
	}

	/* The mapping pins the folio as long as the page table is locked. */
	folio = pfn_swap_entry_folio(entry);
	if (!folio_trylock(folio)) {
		migration_entry_wait_on_locked(entry, ptl);
		return 0;
	}
	folio_get(folio);
	spin_unlock(ptl);

	vmf->page = folio_page(folio, (vmf->address & ~HPAGE_PMD_MASK) >>
				      PAGE_SHIFT);
	vmf->pte = NULL;
	count_vm_event(DEVMIGRATE_FAULT_PMD);
	return migrate_fault_page_to_ram(vmf);
}
#endif
