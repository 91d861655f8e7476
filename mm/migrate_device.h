/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of device memory migration share; nobody else includes it.
 *
 *   migrate_device.c          the exported calls, unmap and finalize
 *   migrate_device_collect.c  the page table walk of migrate_vma_setup()
 *   migrate_device_pages.c    source and destination brought to one size, and
 *                             the move of the metadata
 *   migrate_device_insert.c   device folios put into holes
 *   migrate_device_range.c    sources named by PFN instead of by address
 */
#ifndef _MM_MIGRATE_DEVICE_H
#define _MM_MIGRATE_DEVICE_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/huge_device_private.h>
#include <linux/memremap.h>
#include <linux/migrate.h>

/*
 * Private to these files, in a source entry: finalize drops a reference to the
 * anon_vma of this folio. Without the mmap lock nothing else keeps an anon_vma
 * alive while only migration entries are left of a folio's mappings.
 */
#define MIGRATE_PFN_ANON_VMA	(1UL << 5)

/*
 * No folio that may be migrated is larger than a PMD entry can map. PMD_ORDER
 * rather than HPAGE_PMD_ORDER: the latter does not exist without THP.
 */
#define MIGRATE_DEVICE_MAX_ORDER	PMD_ORDER

/**
 * migrate_entry_nr - number of pages, and so of array entries, of an entry
 * @mpfn: source or destination entry
 *
 * Return: 1 for everything that is not the first entry of something large.
 */
static inline unsigned long migrate_entry_nr(unsigned long mpfn)
{
	return 1UL << migrate_pfn_order(mpfn);
}

/* The entry of a hole of @order that a device folio may fill. */
static inline unsigned long migrate_hole_entry(unsigned int order)
{
	if (!order)
		return MIGRATE_PFN_MIGRATE;
	return ((unsigned long)order << MIGRATE_PFN_SHIFT) |
		MIGRATE_PFN_MIGRATE | MIGRATE_PFN_COMPOUND;
}

/* Is this the folio that the CPU fault handler keeps locked for us? */
static inline bool is_fault_folio(const struct folio *folio,
				  const struct page *fault_page)
{
	return fault_page && page_folio(fault_page) == folio;
}

/* The next smaller order that anonymous memory can have: there is no order 1. */
static inline unsigned int next_lower_order(unsigned int order)
{
	return order <= 2 ? 0 : order - 1;
}

void migrate_vma_collect(struct migrate_vma *migrate);

unsigned long migrate_device_unmap(unsigned long *src_pfns,
		unsigned long npages, struct page *fault_page,
		bool hold_anon_vma);

void __migrate_device_pages(unsigned long *src_pfns, unsigned long *dst_pfns,
		unsigned long npages, struct migrate_vma *migrate);

void migrate_vma_insert_folio(struct migrate_vma *migrate, unsigned long addr,
		struct folio *folio, unsigned long *src);

#endif /* _MM_MIGRATE_DEVICE_H */
