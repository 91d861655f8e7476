// SPDX-License-Identifier: GPL-2.0
/*
 * Migration of memory to and from devices: the page table walk.
 */

/**
 * DOC: collect
 *
 * The first half of migrate_vma_setup() walks the page tables of the range and
 * decides, address by address, what may be migrated and in which sizes.
 *
 * ==============================  ============================================
 * found                           becomes
 * ==============================  ============================================
 * nothing, the shared zero page   hole entries, as large as alignment, range,
 *                                 driver and process allow
 * PMD, all of it in the range     one compound entry, if the driver takes that
 *                                 order; a PMD migration entry is installed
 * run of PTEs that maps all of a  one compound entry, likewise; PTE migration
 * large folio, aligned            entries are installed
 * large folio, anything else      split to the largest order the driver takes
 *                                 and that can be aligned, then looked at again
 * small folio                     one entry, as ever; not if KSM has merged it
 * ==============================  ============================================
 *
 * A driver that did not ask for large folios takes order 0 only, so everything
 * large is split to single pages.
 *
 * Who holds what: the caller holds the mmap lock for reading all the time. The
 * walk holds the page table lock of the table it looks at. Under it, it takes a
 * reference and *tries* to lock each folio; since locked folios pile up along
 * the range it never waits for a folio lock, and what is locked by others is
 * left out. Of a folio that goes into the array the walk keeps lock and
 * reference, and gives up the reference and the rmap of the mapping that it
 * replaced by migration entries. The latter happens for all that was found in a
 * table together, after one flush of the TLB and before the page table lock is
 * dropped; what turns out to be pinned then gets its mappings back. The folio of
 * the fault page is locked by the fault handler already and carries a reference
 * of it; the walk adds its own reference and leaves the lock alone.
 *
 * To split, the walk drops the page table lock, having finished what it has
 * unmapped, and after that starts again at the address it had reached.
 * The position in the arrays is computed from the address, so that starting
 * again can overwrite entries at that address and after it, never add to them;
 * what had been recorded before that address is not looked at again, whatever
 * happens to the page table meanwhile. A folio that could not be split is left
 * out, and so are its other pages in the same table.
 */

#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mmu_notifier.h>
#include <linux/pagewalk.h>
#include <linux/rmap.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/vmstat.h>
#include <asm/tlbflush.h>
#include <trace/events/migrate.h>
#include <trace/events/migrate_device.h>
#include "internal.h"
#include "migrate_device.h"

struct collect {
	struct migrate_vma *migrate;
	unsigned long orders;		/* sizes the driver takes; has BIT(0) */
	unsigned long hole_orders;	/* those of them the process allows */
	struct folio *skip;		/* large folio that cannot be taken */
	unsigned long flush_start;	/* PTEs cleared but not yet flushed */
	unsigned long flush_end;
};

/* A large folio, locked and referenced, that must be split to go on. */
struct split_request {
	struct folio *folio;
	unsigned int order;
};

static unsigned long collect_index(const struct collect *c, unsigned long addr)
{
	return (addr - c->migrate->start) >> PAGE_SHIFT;
}

static unsigned int highest_order_in(unsigned long orders)
{
	return __fls(orders);
}

/* The orders up to that to which @pfn, a page number, is aligned. */
static unsigned long orders_aligned(unsigned long pfn)
{
	if (!pfn)
		return ~0UL;
	return GENMASK(__ffs(pfn), 0);
}

static unsigned long orders_below(unsigned int order)
{
	return BIT(order) - 1;
}

static unsigned long orders_the_driver_takes(const struct migrate_vma *migrate)
{
	unsigned long orders = migrate->large_orders;

	if (!IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) ||
	    !(migrate->flags & MIGRATE_VMA_SELECT_COMPOUND))
		return BIT(0);
	if (!orders)
		orders = BIT(MIGRATE_DEVICE_MAX_ORDER);
	if (!thp_migration_supported())
		orders &= ~BIT(MIGRATE_DEVICE_MAX_ORDER);
	orders &= orders_below(MIGRATE_DEVICE_MAX_ORDER + 1) & ~BIT(1);
	return orders | BIT(0);
}

/* Does the driver want memory of this kind? */
static bool collect_wants(const struct collect *c, struct folio *folio)
{
	const struct migrate_vma *migrate = c->migrate;
	unsigned long select;

	if (!folio_is_zone_device(folio))
		return migrate->flags & MIGRATE_VMA_SELECT_SYSTEM;
	if (folio_is_device_private(folio))
		select = MIGRATE_VMA_SELECT_DEVICE_PRIVATE;
	else if (folio_is_device_coherent(folio))
		select = MIGRATE_VMA_SELECT_DEVICE_COHERENT;
	else
		return false;
	return (migrate->flags & select) &&
		page_pgmap(&folio->page)->owner == migrate->pgmap_owner;
}

/* Large folios of files never reach a device: do not split them in vain. */
static bool collect_can_migrate(const struct collect *c, struct folio *folio)
{
	return folio->mapping && collect_wants(c, folio) &&
		(!folio_test_large(folio) || folio_test_anon(folio));
}

static void collect_unlock(const struct collect *c, struct folio *folio)
{
	if (!is_fault_folio(folio, c->migrate->fault_page))
		folio_unlock(folio);
	folio_put(folio);
}

/*
 * Reference and lock, unless that means to wait. What KSM has merged stays where
 * it is: ksmd reads it, and looks for its mappings in its own way. The lock keeps
 * it from being merged now.
 */
static bool collect_trylock(const struct collect *c, struct folio *folio)
{
	folio_get(folio);
	if (is_fault_folio(folio, c->migrate->fault_page))
		return true;
	if (!folio_trylock(folio)) {
		folio_put(folio);
		return false;
	}
	if (!folio_test_ksm(folio))
		return true;
	collect_unlock(c, folio);
	return false;
}

static void record_folio(struct collect *c, unsigned long addr,
			 struct page *page, unsigned int order, bool write)
{
	unsigned long mpfn = migrate_pfn(page_to_pfn(page)) |
		MIGRATE_PFN_MIGRATE;

	if (write)
		mpfn |= MIGRATE_PFN_WRITE;
	if (order)
		mpfn |= MIGRATE_PFN_COMPOUND;
	c->migrate->src[collect_index(c, addr)] = mpfn;
	c->migrate->cpages += 1UL << order;
}

/* Cover [@addr, @end), where nothing is mapped, with the largest blocks. */
static void record_hole(struct collect *c, unsigned long addr,
			unsigned long end, unsigned long orders)
{
	orders |= BIT(0);
	while (addr < end) {
		unsigned long fit = ilog2((end - addr) >> PAGE_SHIFT);
		unsigned int order = highest_order_in(orders &
				orders_aligned(addr >> PAGE_SHIFT) &
				orders_below(fit + 1));

		c->migrate->src[collect_index(c, addr)] =
			migrate_hole_entry(order);
		c->migrate->cpages += 1UL << order;
		addr += PAGE_SIZE << order;
	}
}

static int collect_hole(unsigned long start, unsigned long end,
			__always_unused int depth, struct mm_walk *walk)
{
	struct collect *c = walk->private;

	/* Only anonymous memory may be populated by a device. */
	if (vma_is_anonymous(walk->vma))
		record_hole(c, start, end, c->hole_orders);
	return 0;
}

/*
 * Split a folio that collect_trylock() has locked, and let go of it. To be
 * called without page table lock: the split takes those of all mappings.
 */
static bool collect_split(struct collect *c, struct split_request *req)
{
	struct page *fault_page = c->migrate->fault_page;
	struct folio *folio = req->folio;
	struct page *page = &folio->page;
	unsigned int order = folio_order(folio);
	int ret;

	/* What stays in the swap cache can be split to single pages only. */
	if (folio_test_swapcache(folio) && !folio_free_swap(folio))
		req->order = 0;
	if (folio_is_zone_device(folio))
		ret = split_device_private_folio(page, req->order, fault_page);
	else
		ret = split_huge_page_to_list_to_order(page, NULL, req->order);
	count_vm_event(ret ? DEVMIGRATE_SPLIT_FAILED : DEVMIGRATE_SPLIT);
	trace_migrate_device_split(page_to_pfn(page), order, req->order,
				   MIGRATE_DEVICE_SPLIT_COLLECT, ret);
	if (ret)
		c->skip = folio;

	/* The reference and the lock have stayed with the part of @page. */
	collect_unlock(c, page_folio(page));
	cond_resched();
	return !ret;
}

/*
 * The order to which a folio of @order is split whose first page is, or would
 * be, mapped at page number @vpn: more alignment than that it cannot get.
 */
static unsigned int collect_split_order(const struct collect *c,
					unsigned int order, unsigned long vpn)
{
	return highest_order_in(c->orders & orders_below(order) &
				orders_aligned(vpn));
}

static bool is_writable_mapping(pte_t pte)
{
	return pte_present(pte) ? pte_write(pte) :
		is_writable_device_private_entry(pte_to_swp_entry(pte));
}

/* The migration entry that takes the place of @pte, a mapping of @page. */
static pte_t migration_pte_of(pte_t pte, struct page *page, bool write,
			      bool exclusive)
{
	unsigned long pfn = page_to_pfn(page);
	swp_entry_t entry;
	pte_t swp_pte;

	if (write)
		entry = make_writable_migration_entry(pfn);
	else if (exclusive)
		entry = make_readable_exclusive_migration_entry(pfn);
	else
		entry = make_readable_migration_entry(pfn);

	if (!pte_present(pte)) {
		swp_pte = swp_entry_to_pte(entry);
		if (pte_swp_soft_dirty(pte))
			swp_pte = pte_swp_mksoft_dirty(swp_pte);
		if (pte_swp_uffd_wp(pte))
			swp_pte = pte_swp_mkuffd_wp(swp_pte);
		return swp_pte;
	}

	if (pte_young(pte))
		entry = make_migration_entry_young(entry);
	if (pte_dirty(pte))
		entry = make_migration_entry_dirty(entry);
	swp_pte = swp_entry_to_pte(entry);
	if (pte_soft_dirty(pte))
		swp_pte = pte_swp_mksoft_dirty(swp_pte);
	if (pte_uffd_wp(pte))
		swp_pte = pte_swp_mkuffd_wp(swp_pte);
	return swp_pte;
}

/* The way back: what migration_pte_of() has replaced. */
static pte_t pte_of_migration_pte(pte_t swp_pte, struct page *page,
				  struct vm_area_struct *vma)
{
	swp_entry_t entry = pte_to_swp_entry(swp_pte);
	bool write = is_writable_migration_entry(entry);
	pte_t pte;

	if (is_device_private_page(page)) {
		if (write)
			entry = make_writable_device_private_entry(
						page_to_pfn(page));
		else
			entry = make_readable_device_private_entry(
						page_to_pfn(page));
		pte = swp_entry_to_pte(entry);
		if (pte_swp_soft_dirty(swp_pte))
			pte = pte_swp_mksoft_dirty(pte);
		if (pte_swp_uffd_wp(swp_pte))
			pte = pte_swp_mkuffd_wp(pte);
		return pte;
	}

	pte = mk_pte(page, READ_ONCE(vma->vm_page_prot));
	if (!is_migration_entry_young(entry))
		pte = pte_mkold(pte);
	if (is_migration_entry_dirty(entry))
		pte = pte_mkdirty(pte);
	if (pte_swp_soft_dirty(swp_pte))
		pte = pte_mksoft_dirty(pte);
	else
		pte = pte_clear_soft_dirty(pte);
	if (write)
		pte = pte_mkwrite(pte, vma);
	if (pte_swp_uffd_wp(swp_pte))
		pte = pte_mkuffd_wp(pte);
	return pte;
}

/*
 * Replace @nr PTEs that map consecutive pages of one locked folio by migration
 * entries. Page table lock held, and not to be dropped before collect_settle().
 * Returns whether all of them were writable.
 */
static bool install_migration_ptes(struct collect *c,
				   struct vm_area_struct *vma,
				   unsigned long addr, pte_t *ptep,
				   struct folio *folio, struct page *page,
				   unsigned long nr)
{
	bool all_writable = true, present = false, dirty = false;
	bool anon = folio_test_anon(folio);
	unsigned long a = addr;

	for (; nr; nr--, a += PAGE_SIZE, ptep++, page++) {
		bool exclusive = anon && PageAnonExclusive(page);
		pte_t pte = ptep_get(ptep);
		bool write;

		if (pte_present(pte))
			flush_cache_page(vma, a, pte_pfn(pte));
		pte = ptep_get_and_clear(vma->vm_mm, a, ptep);
		write = is_writable_mapping(pte);
		if (pte_present(pte)) {
			present = true;
			dirty |= pte_dirty(pte);
		}
		all_writable &= write;
		pte = migration_pte_of(pte, page, write, exclusive);
		set_pte_at(vma->vm_mm, a, ptep, pte);
		if (trace_set_migration_pte_enabled())
			trace_set_migration_pte(a, pte_val(pte),
						folio_order(folio));
	}

	if (present) {
		if (!c->flush_end)
			c->flush_start = addr;
		c->flush_end = a;
	}
	if (dirty)
		folio_mark_dirty(folio);
	return all_writable;
}

/*
 * Put the PTEs of a run back of which @shared pages were made shareable. Nothing
 * but the PTEs and that has changed so far.
 */
static void restore_ptes(struct vm_area_struct *vma, unsigned long addr,
			 pte_t *ptep, struct page *page, unsigned long nr,
			 unsigned long shared)
{
	unsigned long i;

	for (i = 0; i < nr; i++, addr += PAGE_SIZE) {
		pte_t swp_pte = ptep_get(ptep + i);

		if (i < shared &&
		    !is_readable_migration_entry(pte_to_swp_entry(swp_pte)))
			SetPageAnonExclusive(page + i);
		set_pte_at(vma->vm_mm, addr, ptep + i,
			   pte_of_migration_pte(swp_pte, page + i, vma));
		update_mmu_cache(vma, addr, ptep + i);
	}
}

/*
 * Give up rmap and references of mappings that install_migration_ptes() has
 * replaced, with the TLB flushed. Fails, with the mappings back in their place,
 * if a page is pinned.
 */
static bool give_up_mappings(struct vm_area_struct *vma, unsigned long addr,
			     pte_t *ptep, struct folio *folio,
			     struct page *page, unsigned long nr)
{
	bool anon = folio_test_anon(folio);
	unsigned long i;

	for (i = 0; anon && i < nr; i++) {
		if (!PageAnonExclusive(page + i) ||
		    !folio_try_share_anon_rmap_pte(folio, page + i))
			continue;
		restore_ptes(vma, addr, ptep, page, nr, i);
		return false;
	}
	folio_remove_rmap_ptes(folio, page, nr, vma);
	folio_put_refs(folio, nr);
	return true;
}

/*
 * Finish what install_migration_ptes() has begun in [@addr, @end) of one table,
 * before the page table lock is dropped and anybody sees the entries.
 *
 * Pages that are exclusive to this mapping must be made shareable, which is
 * safe against GUP-fast only when their PTEs are cleared and flushed. Hence all
 * PTEs first, one flush for all of them, and then the pages.
 */
static void collect_settle(struct collect *c, struct vm_area_struct *vma,
			   unsigned long addr, unsigned long end, pte_t *ptep)
{
	unsigned long *src = c->migrate->src + collect_index(c, addr);
	unsigned long nr;

	if (c->flush_end)
		flush_tlb_range(vma, c->flush_start, c->flush_end);
	c->flush_start = 0;
	c->flush_end = 0;

	for (; addr < end; addr += nr << PAGE_SHIFT, src += nr, ptep += nr) {
		struct page *page = migrate_pfn_to_page(*src);
		struct folio *folio;

		nr = migrate_entry_nr(*src);
		if (!page)
			continue;
		folio = page_folio(page);
		if (give_up_mappings(vma, addr, ptep, folio, page, nr))
			continue;
		*src = 0;
		c->migrate->cpages -= nr;
		collect_unlock(c, folio);
	}
}

/* The page of a PTE if it is of a kind that migrates, else NULL. */
static struct page *collect_page_of(struct vm_area_struct *vma,
				    unsigned long addr, pte_t pte)
{
	swp_entry_t entry;

	if (pte_present(pte))
		return vm_normal_page(vma, addr, pte);

	/* Swapped pages, other migrations and the like are left alone. */
	entry = pte_to_swp_entry(pte);
	if (!is_device_private_entry(entry))
		return NULL;
	return pfn_swap_entry_to_page(entry);
}

/* Do the PTEs from @ptep on, the first being @pte, map @nr pages in a row? */
static bool is_mapped_run(pte_t *ptep, pte_t pte, unsigned long nr)
{
	bool present = pte_present(pte);
	unsigned long i, pfn;

	pfn = present ? pte_pfn(pte) : swp_offset_pfn(pte_to_swp_entry(pte));
	for (i = 1; i < nr; i++) {
		pte_t next = ptep_get(ptep + i);

		if (present) {
			if (!pte_present(next) || pte_pfn(next) != pfn + i)
				return false;
		} else {
			swp_entry_t entry;

			if (pte_none(next) || pte_present(next))
				return false;
			entry = pte_to_swp_entry(next);
			if (!is_device_private_entry(entry) ||
			    swp_offset_pfn(entry) != pfn + i)
				return false;
		}
	}
	return true;
}

static inline bool is_hole_pte(const struct collect *c, pte_t pte)
{
	if (pte_none(pte))
		return true;
	return pte_present(pte) && is_zero_pfn(pte_pfn(pte)) &&
		(c->migrate->flags & MIGRATE_VMA_SELECT_SYSTEM);
}

/* Returns how many pages from @addr on have been dealt with: at least one. */
static unsigned long collect_hole_ptes(struct collect *c, unsigned long addr,
				       unsigned long end, pte_t *ptep)
{
	unsigned long nr = 1;

	while (addr + (nr << PAGE_SHIFT) < end &&
	       is_hole_pte(c, ptep_get(ptep + nr)))
		nr++;

	/* A page table is in the way of a PMD entry. */
	if (vma_is_anonymous(c->migrate->vma))
		record_hole(c, addr, addr + (nr << PAGE_SHIFT),
			    c->hole_orders &
			    orders_below(MIGRATE_DEVICE_MAX_ORDER));
	return nr;
}

/*
 * Returns how many pages from @addr on have been dealt with. 0: @req must be
 * carried out, without page table lock, before @addr can be looked at again.
 */
static unsigned long collect_pte(struct collect *c, unsigned long addr,
				 unsigned long end, pte_t *ptep,
				 struct split_request *req)
{
	struct vm_area_struct *vma = c->migrate->vma;
	unsigned long nr, first_vpn;
	unsigned int order;
	struct folio *folio;
	struct page *page;
	pte_t pte;
	bool write;

	pte = ptep_get(ptep);
	if (is_hole_pte(c, pte))
		return collect_hole_ptes(c, addr, end, ptep);

	page = collect_page_of(vma, addr, pte);
	if (!page)
		return 1;
	folio = page_folio(page);
	if (folio == c->skip || !collect_can_migrate(c, folio))
		return 1;
	if (!collect_trylock(c, folio)) {
		/* Were its lock free a page later, it would be split there. */
		c->skip = folio_test_large(folio) ? folio : NULL;
		return 1;
	}

	order = folio_order(folio);
	nr = 1UL << order;
	if (order) {
		first_vpn = (addr >> PAGE_SHIFT) - folio_page_idx(folio, page);
		if (!(c->orders & BIT(order)) || page != &folio->page ||
		    !(orders_aligned(first_vpn) & BIT(order)) ||
		    nr > (end - addr) >> PAGE_SHIFT ||
		    !is_mapped_run(ptep, pte, nr)) {
			req->folio = folio;
			req->order = collect_split_order(c, order, first_vpn);
			return 0;
		}
	}

	write = install_migration_ptes(c, vma, addr, ptep, folio, page, nr);
	record_folio(c, addr, page, order, write);
	return nr;
}

/* Returns the address up to which the page table has been dealt with. */
static unsigned long collect_pte_range(struct collect *c, pmd_t *pmdp,
				       unsigned long addr, unsigned long end)
{
	struct vm_area_struct *vma = c->migrate->vma;
	struct split_request req = {};
	unsigned long start = addr;
	pte_t *start_pte, *ptep;
	spinlock_t *ptl;

	start_pte = pte_offset_map_lock(vma->vm_mm, pmdp, addr, &ptl);
	if (!start_pte)
		return addr;
	ptep = start_pte;
	while (addr < end) {
		unsigned long nr = collect_pte(c, addr, end, ptep, &req);

		if (!nr)
			break;
		ptep += nr;
		addr += nr << PAGE_SHIFT;
	}
	collect_settle(c, vma, start, addr, start_pte);
	pte_unmap_unlock(start_pte, ptl);

	if (req.folio)
		collect_split(c, &req);
	return addr;
}

enum huge_pmd {
	HUGE_PMD_DONE,		/* taken, or nothing that can be taken */
	HUGE_PMD_AGAIN,		/* it has changed, look again */
};

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
static enum huge_pmd collect_huge_zero(struct collect *c, pmd_t *pmdp,
				       unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = c->migrate->vma;

	if (!(c->migrate->flags & MIGRATE_VMA_SELECT_SYSTEM))
		return HUGE_PMD_DONE;
	if (end - start == HPAGE_PMD_SIZE && vma_is_anonymous(vma) &&
	    (c->hole_orders & BIT(HPAGE_PMD_ORDER))) {
		record_hole(c, start, end, BIT(HPAGE_PMD_ORDER));
		return HUGE_PMD_DONE;
	}
	split_huge_pmd(vma, pmdp, start);
	return HUGE_PMD_AGAIN;
}

static enum huge_pmd collect_huge_pmd(struct collect *c, pmd_t *pmdp,
				      unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = c->migrate->vma;
	struct page_vma_mapped_walk pvmw = {
		.vma = vma,
		.address = start & HPAGE_PMD_MASK,
		.pmd = pmdp,
	};
	struct split_request req;
	enum huge_pmd ret = HUGE_PMD_DONE;
	struct folio *folio;
	bool write;
	pmd_t pmd;

	pvmw.ptl = pmd_lock(vma->vm_mm, pmdp);
	pmd = *pmdp;
	if (is_huge_zero_pmd(pmd)) {
		spin_unlock(pvmw.ptl);
		return collect_huge_zero(c, pmdp, start, end);
	}
	if (pmd_trans_huge(pmd)) {
		folio = pmd_folio(pmd);
		write = pmd_write(pmd);
	} else if (is_pmd_device_private_entry(pmd)) {
		swp_entry_t entry = pmd_to_swp_entry(pmd);

		folio = pfn_swap_entry_folio(entry);
		write = is_writable_device_private_entry(entry);
	} else {
		/* Somebody else's migration is best left alone. */
		if (!is_swap_pmd(pmd) && !pmd_devmap(pmd))
			ret = HUGE_PMD_AGAIN;
		goto unlock;
	}
	if (folio == c->skip || !collect_can_migrate(c, folio) ||
	    !collect_trylock(c, folio))
		goto unlock;

	if (end - start == HPAGE_PMD_SIZE &&
	    (c->orders & BIT(HPAGE_PMD_ORDER))) {
		/* -EBUSY: pinned, which rules out a split, too. */
		if (set_pmd_migration_entry(&pvmw, &folio->page))
			collect_unlock(c, folio);
		else
			record_folio(c, start, &folio->page, HPAGE_PMD_ORDER,
				     write);
		goto unlock;
	}

	req.folio = folio;
	req.order = collect_split_order(c, HPAGE_PMD_ORDER, 0);
	spin_unlock(pvmw.ptl);
	return collect_split(c, &req) ? HUGE_PMD_AGAIN : HUGE_PMD_DONE;
unlock:
	spin_unlock(pvmw.ptl);
	return ret;
}

static bool is_huge_pmd(pmd_t pmd)
{
	return is_swap_pmd(pmd) || pmd_trans_huge(pmd) || pmd_devmap(pmd);
}
#else
static enum huge_pmd collect_huge_pmd(struct collect *c, pmd_t *pmdp,
				      unsigned long start, unsigned long end)
{
	return HUGE_PMD_DONE;
}

static bool is_huge_pmd(pmd_t pmd)
{
	return false;
}
#endif /* CONFIG_TRANSPARENT_HUGEPAGE */

static int collect_pmd(pmd_t *pmdp, unsigned long start, unsigned long end,
		       struct mm_walk *walk)
{
	struct collect *c = walk->private;
	unsigned long addr = start;

	c->skip = NULL;
	while (addr < end) {
		pmd_t pmd = pmdp_get_lockless(pmdp);

		if (pmd_none(pmd))
			return collect_hole(addr, end, -1, walk);
		if (!is_huge_pmd(pmd))
			addr = collect_pte_range(c, pmdp, addr, end);
		else if (collect_huge_pmd(c, pmdp, addr, end) == HUGE_PMD_DONE)
			break;
		/* A table that was just freed or filled: see what it is now. */
		cond_resched();
	}
	return 0;
}

static const struct mm_walk_ops collect_walk_ops = {
	.pmd_entry = collect_pmd,
	.pte_hole = collect_hole,
	.walk_lock = PGWALK_RDLOCK,
};

/*
 * migrate_vma_collect() - find, lock and unmap the pages of a range
 * @migrate: with valid vma, range and arrays; the arrays are zeroed
 *
 * Fills src and cpages (in base pages); the locks and references of the entries
 * are described above. The mmap lock is held.
 */
void migrate_vma_collect(struct migrate_vma *migrate)
{
	struct vm_area_struct *vma = migrate->vma;
	struct collect c = {
		.migrate = migrate,
		.orders = orders_the_driver_takes(migrate),
	};
	struct mmu_notifier_range range;

	/*
	 * What page faults may do by sysfs is about RAM that nobody asked for;
	 * here a range is asked for. What the process rules out, or what this
	 * VMA does, holds.
	 */
	if (vma_is_anonymous(vma))
		c.hole_orders = thp_vma_allowable_orders(vma, vma->vm_flags,
							 TVA_IN_PF, c.orders);

	/*
	 * The owner lets the driver ignore the invalidation of mappings of its
	 * own device memory, which this walk will not touch.
	 */
	mmu_notifier_range_init_owner(&range, MMU_NOTIFY_MIGRATE, 0,
				      vma->vm_mm, migrate->start, migrate->end,
				      migrate->pgmap_owner);
	mmu_notifier_invalidate_range_start(&range);
	walk_page_range(vma->vm_mm, migrate->start, migrate->end,
			&collect_walk_ops, &c);
	mmu_notifier_invalidate_range_end(&range);
}
