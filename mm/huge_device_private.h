/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PMD entries of device-private folios, for the rest of mm/. Each function is
 * called by its namesake in huge_memory.c under the page table lock.
 */
#ifndef _MM_HUGE_DEVICE_PRIVATE_H
#define _MM_HUGE_DEVICE_PRIVATE_H

#include <linux/mm_types.h>
#include <linux/pgtable.h>

struct page_vma_mapped_walk;

#if defined(CONFIG_ARCH_ENABLE_THP_MIGRATION) && defined(CONFIG_DEVICE_PRIVATE)
void copy_huge_pmd_device_private(struct vm_area_struct *dst_vma,
				  struct vm_area_struct *src_vma,
				  pmd_t *dst_pmd, pmd_t *src_pmd,
				  unsigned long addr, pgtable_t pgtable);
struct folio *zap_huge_pmd_device_private(struct vm_area_struct *vma,
					  pmd_t old_pmd);
void split_huge_pmd_device_private(struct vm_area_struct *vma, pmd_t *pmd,
				   unsigned long haddr, bool freeze);
int set_pmd_migration_entry_device_private(struct page_vma_mapped_walk *pvmw,
					   struct page *page);
pmd_t make_pmd_device_private(struct page *page, bool write, pmd_t old_pmd);
#else
static inline void
copy_huge_pmd_device_private(struct vm_area_struct *dst_vma,
			     struct vm_area_struct *src_vma,
			     pmd_t *dst_pmd, pmd_t *src_pmd,
			     unsigned long addr, pgtable_t pgtable)
{
}

static inline struct folio *
zap_huge_pmd_device_private(struct vm_area_struct *vma, pmd_t old_pmd)
{
	return NULL;
}

static inline void
split_huge_pmd_device_private(struct vm_area_struct *vma, pmd_t *pmd,
			      unsigned long haddr, bool freeze)
{
}

static inline int
set_pmd_migration_entry_device_private(struct page_vma_mapped_walk *pvmw,
				       struct page *page)
{
	return -EBUSY;
}

static inline pmd_t make_pmd_device_private(struct page *page, bool write,
					    pmd_t old_pmd)
{
	return old_pmd;
}
#endif

#endif /* _MM_HUGE_DEVICE_PRIVATE_H */
