// SPDX-License-Identifier: GPL-2.0
/*
 * Device-exclusive access to pages of large folios.
 *
 * make_device_exclusive_range() gives its caller the lock of each page, so each
 * page has to be a folio of its own.
 */
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include "device_exclusive.h"
#include "internal.h"

/* There is no order 1 of anonymous folios. */
static unsigned int half_of(struct folio *folio)
{
	unsigned int order = folio_order(folio);

	/* What is in the swap cache can be split to single pages only. */
	return order <= 2 || folio_test_swapcache(folio) ? 0 : order - 1;
}

/* Halve the large folio at @addr. Returns whether that was done. */
static bool halve_folio_at(struct mm_struct *mm, unsigned long addr)
{
	struct folio *folio;
	struct page *page;
	int ret = -EBUSY;

	if (get_user_pages_remote(mm, addr, 1,
				  FOLL_GET | FOLL_WRITE | FOLL_SPLIT_PMD,
				  &page, NULL) != 1)
		return false;

	/* With our reference on it, nobody else can split it. */
	folio = page_folio(page);
	if (folio_test_large(folio) && folio_test_anon(folio) &&
	    !folio_test_hugetlb(folio) && folio_trylock(folio)) {
		ret = split_huge_page_to_list_to_order(page, NULL,
						       half_of(folio));
		/* The lock is with the part that has the page. */
		folio_unlock(page_folio(page));
	}
	put_page(page);
	return !ret;
}

/**
 * split_folios_to_pages() - make each page of a range a folio of its own
 * @mm: address space
 * @start: first address
 * @end: address after the last
 *
 * Folios are split by halves, so that what lies outside the range stays as large
 * as it can be. What cannot be split now is left as it is. A page of zeroes may
 * be replaced by the shared zero page, as in every split: who wants to write
 * has to fault once more.
 *
 * Context: process context, mmap lock held for reading. Faults the pages in, for
 * writing; sleeps.
 */
void split_folios_to_pages(struct mm_struct *mm, unsigned long start,
			   unsigned long end)
{
	unsigned long addr;
	unsigned int i;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		/* Not for ever: others may put a large folio there again. */
		for (i = 0; i < HPAGE_PMD_ORDER; i++)
			if (!halve_folio_at(mm, addr))
				break;
		cond_resched();
	}
}
