/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Large device-private folios: what the fault path and device migration call.
 * The contract is in Documentation/mm/contract.rst.
 */
#ifndef _LINUX_HUGE_DEVICE_PRIVATE_H
#define _LINUX_HUGE_DEVICE_PRIVATE_H

#include <linux/errno.h>
#include <linux/mm_types.h>
#include <linux/pgtable.h>

#if defined(CONFIG_TRANSPARENT_HUGEPAGE) && defined(CONFIG_DEVICE_MIGRATION)
int folio_split_unmapped(struct folio *folio, unsigned int new_order,
			 struct page *fault_page);
int split_device_private_folio(struct page *page, unsigned int new_order,
			       struct page *fault_page);
#else
static inline int folio_split_unmapped(struct folio *folio,
				       unsigned int new_order,
				       struct page *fault_page)
{
	return -EINVAL;
}

static inline int split_device_private_folio(struct page *page,
					     unsigned int new_order,
					     struct page *fault_page)
{
	return -EINVAL;
}
#endif

#if defined(CONFIG_DEVICE_MIGRATION) && defined(CONFIG_DEVICE_PRIVATE)
vm_fault_t do_device_private_page(struct vm_fault *vmf);
#else
static inline vm_fault_t do_device_private_page(struct vm_fault *vmf)
{
	return VM_FAULT_SIGBUS;
}
#endif

#if defined(CONFIG_ARCH_ENABLE_THP_MIGRATION) && defined(CONFIG_DEVICE_PRIVATE)
vm_fault_t do_huge_pmd_device_private(struct vm_fault *vmf);
pmd_t pmd_device_private_wrprotect(pmd_t pmd);
#else
static inline pmd_t pmd_device_private_wrprotect(pmd_t pmd)
{
	return pmd;
}

static inline vm_fault_t do_huge_pmd_device_private(struct vm_fault *vmf)
{
	return VM_FAULT_SIGBUS;
}
#endif

#endif /* _LINUX_HUGE_DEVICE_PRIVATE_H */
