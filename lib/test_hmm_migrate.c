// SPDX-License-Identifier: GPL-2.0
/*
 * Migration of the HMM test driver: to the device, to system memory, and on a
 * CPU fault.
 *
 * Each migration is in windows that end where an aligned block of 2 MiB ends,
 * whatever the start: a window that straddled two blocks would see halves of
 * large folios only. In each window
 *
 *   setup      the core collects, and replaces mappings by migration entries
 *   alloc      each source folio gets a destination: of its own order if that
 *              is allowed and can be had, else pieces as large as can be; what
 *              cannot be had at all stays empty, and there the old page stays
 *   copy       what has a destination
 *   pages      the core moves what has a destination, splitting folios whose
 *              destination is in pieces
 *   finalize   the core puts the new mappings in place
 *
 * The last two are always called, no matter what the second came to.
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/ktime.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "test_hmm_internal.h"

static struct folio *dmirror_system_folio_alloc(struct dmirror_move *move,
						unsigned long i,
						unsigned int order)
{
	unsigned long addr = move->addr + (i << PAGE_SHIFT);
	gfp_t gfp = GFP_HIGHUSER_MOVABLE;
	struct folio *folio;

	if (dmirror_should_fail(move->dmirror, HMM_DMIRROR_SIDE_SYS, order))
		return NULL;

	/* Smaller folios are tried instead, so this need not try hard. */
	if (order)
		gfp = GFP_TRANSHUGE | __GFP_NORETRY;
	if (move->vma)
		folio = vma_alloc_folio(gfp, order, move->vma, addr,
					order == DMIRROR_BLOCK_ORDER);
	else
		folio = folio_alloc(gfp, order);
	if (folio)
		folio_lock(folio);
	return folio;
}

static struct folio *dmirror_dst_alloc(struct dmirror_move *move,
				       unsigned long i, unsigned int order)
{
	if (move->side == HMM_DMIRROR_SIDE_SYS)
		return dmirror_system_folio_alloc(move, i, order);
	return dmirror_device_folio_alloc(move->mdevice, move->dmirror, order);
}

/* The largest allowed order that is at most @order. */
static unsigned int dmirror_allowed_order(struct dmirror_move *move,
					  unsigned int order)
{
	if (!order)
		return 0;
	return __fls(((move->orders & DMIRROR_ORDERS_ALL) | BIT(0)) &
		     GENMASK(order, 0));
}

/* Destinations for the source folio, or hole, that starts at entry @i. */
static void dmirror_alloc_entry(struct dmirror_move *move, unsigned long i)
{
	unsigned int src_order = migrate_pfn_order(move->src[i]);
	unsigned int order = dmirror_allowed_order(move, src_order);
	unsigned long end = i + (1UL << src_order);
	unsigned long flags = 0;
	struct folio *folio;

	if (move->src[i] & MIGRATE_PFN_WRITE)
		flags |= MIGRATE_PFN_WRITE;
	if (!(move->src[i] & MIGRATE_PFN_VALID) &&
	    move->vma->vm_flags & VM_WRITE)
		flags |= MIGRATE_PFN_WRITE;

	while (i < end) {
		folio = dmirror_dst_alloc(move, i, order);
		if (folio) {
			move->dst[i] = migrate_pfn(folio_pfn(folio)) | flags;
			if (order)
				move->dst[i] |= MIGRATE_PFN_COMPOUND;
			i += 1UL << order;
		} else if (order) {
			order = dmirror_allowed_order(move, order - 1);
		} else {
			i++;
		}
		if (!folio || order < src_order)
			move->smaller = true;
	}
}

/**
 * dmirror_move_alloc - destinations for all that is to move
 * @move: sources in, destinations out
 *
 * Sources that are already where they should go are left out, and so are holes
 * on the way to system memory.
 */
void dmirror_move_alloc(struct dmirror_move *move)
{
	unsigned long i, nr;

	for (i = 0; i < move->npages; i += nr) {
		struct page *page;

		nr = 1;
		if (!(move->src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		nr = 1UL << migrate_pfn_order(move->src[i]);
		if (WARN_ON_ONCE(i + nr > move->npages))
			break;

		page = migrate_pfn_to_page(move->src[i]);
		if (move->side == HMM_DMIRROR_SIDE_SYS && !page)
			continue;
		if (WARN_ON_ONCE(page && dmirror_is_device_page(page) !=
				 (move->side == HMM_DMIRROR_SIDE_SYS)))
			continue;
		dmirror_alloc_entry(move, i);
	}
}

/*
 * Copy, or clear where there is no source, @nr pages; each side contiguous. One
 * of them is the device's.
 */
static void dmirror_copy_run(struct dmirror_move *move, struct page *dst,
			     struct page *src, unsigned long nr)
{
	unsigned long i;

	if (move->side == HMM_DMIRROR_SIDE_DEV)
		dst = dmirror_backing(dst);
	else if (src)
		src = dmirror_backing(src);
	for (i = 0; i < nr; i++) {
		if (src)
			copy_highpage(dst + i, src + i);
		else
			clear_highpage(dst + i);
	}
}

/**
 * dmirror_move_copy - fill the destinations
 * @move: sources and destinations
 */
void dmirror_move_copy(struct dmirror_move *move)
{
	unsigned long i, j, end, nr;

	for (i = 0; i < move->npages; i = end) {
		struct page *src = migrate_pfn_to_page(move->src[i]);

		end = i + 1;
		if (!(move->src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		end = i + (1UL << migrate_pfn_order(move->src[i]));
		for (j = i; j < end; j += nr) {
			struct page *dst = migrate_pfn_to_page(move->dst[j]);

			nr = 1UL << migrate_pfn_order(move->dst[j]);
			if (dst)
				dmirror_copy_run(move, dst,
						 src ? src + (j - i) : NULL, nr);
		}
	}
}

/**
 * dmirror_move_count - what moved
 * @move: sources and destinations, after the core's pages step and before its
 *        finalize
 * @folios: incremented for each folio that moved, by order; or NULL
 *
 * Return: number of base pages.
 */
unsigned long dmirror_move_count(struct dmirror_move *move, u64 *folios)
{
	unsigned long i, nr, moved = 0;

	for (i = 0; i < move->npages; i += nr) {
		nr = 1;
		if (!(move->src[i] & MIGRATE_PFN_MIGRATE) || !move->dst[i])
			continue;
		nr = 1UL << migrate_pfn_order(move->dst[i]);
		moved += nr;
		if (folios)
			folios[ilog2(nr)]++;
	}
	return moved;
}

static void dmirror_args_init(struct dmirror_move *move,
			      struct migrate_vma *args)
{
	memset(args, 0, sizeof(*args));
	args->vma = move->vma;
	args->start = move->addr;
	args->end = move->addr + (move->npages << PAGE_SHIFT);
	args->src = move->src;
	args->dst = move->dst;
	args->pgmap_owner = move->mdevice;
	if (move->side == HMM_DMIRROR_SIDE_DEV)
		args->flags = MIGRATE_VMA_SELECT_SYSTEM;
	else if (dmirror_is_private(move->mdevice))
		args->flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE;
	else
		args->flags = MIGRATE_VMA_SELECT_DEVICE_COHERENT;

	/* To the core, no order at all means the PMD's. */
	if (move->orders & ~BIT(0)) {
		args->flags |= MIGRATE_VMA_SELECT_COMPOUND;
		args->large_orders = move->orders & ~BIT(0);
	}
}

/* One window, at most a block. The mmap lock is held for reading. */
static int dmirror_migrate_window(struct dmirror_move *move,
				  struct hmm_dmirror_timed *timed)
{
	u64 begin, setup, alloc, copy, pages, moved;
	struct migrate_vma args;
	int ret;

	dmirror_args_init(move, &args);

	begin = ktime_get_ns();
	ret = migrate_vma_setup(&args);
	if (ret)
		return ret;
	setup = ktime_get_ns();
	dmirror_move_alloc(move);
	alloc = ktime_get_ns();
	dmirror_move_copy(move);
	copy = ktime_get_ns();
	migrate_vma_pages(&args);
	pages = ktime_get_ns();
	timed->cpages += dmirror_move_count(move, timed->folios);
	moved = ktime_get_ns();
	migrate_vma_finalize(&args);

	timed->windows++;
	timed->ns_setup += setup - begin;
	timed->ns_alloc += alloc - setup;
	timed->ns_copy += copy - alloc;
	timed->ns_pages += pages - copy;
	timed->ns_finalize += ktime_get_ns() - moved;
	timed->ns_total += ktime_get_ns() - begin;
	return 0;
}

/* Migrate up to the end of the block, of the VMA or of the range. */
static int dmirror_migrate_next(struct dmirror_move *move, unsigned long *addr,
				unsigned long end,
				struct hmm_dmirror_timed *timed)
{
	struct mm_struct *mm = move->dmirror->notifier.mm;
	unsigned long next;
	int ret = -EINVAL;

	mmap_read_lock(mm);
	move->vma = vma_lookup(mm, *addr);
	if (move->vma && move->vma->vm_flags & VM_READ) {
		next = ALIGN_DOWN(*addr, DMIRROR_BLOCK_SIZE) +
		       DMIRROR_BLOCK_SIZE;
		next = min3(next, end, move->vma->vm_end);
		move->addr = *addr;
		move->npages = (next - *addr) >> PAGE_SHIFT;
		ret = dmirror_migrate_window(move, timed);
		*addr = next;
	}
	mmap_read_unlock(mm);
	return ret;
}

/**
 * dmirror_migrate - migrate a range of memory
 * @dmirror: the open file
 * @timed: range and direction in, pages and nanoseconds out
 *
 * Pages that cannot move stay where they are, without an error.
 *
 * Return: 0; -EINVAL where no readable memory is mapped, with what lies before
 * it migrated; -ENOMEM; -EINTR.
 */
int dmirror_migrate(struct dmirror *dmirror, struct hmm_dmirror_timed *timed)
{
	unsigned long end = timed->addr + (timed->npages << PAGE_SHIFT);
	struct dmirror_move move = {
		.mdevice = dmirror->mdevice,
		.dmirror = dmirror,
		.side = timed->side,
		.orders = timed->side == HMM_DMIRROR_SIDE_DEV ?
			READ_ONCE(dmirror->to_dev) : READ_ONCE(dmirror->to_sys),
	};
	struct dmirror_window *window;
	unsigned long addr = timed->addr;
	int ret = 0;

	/* The process may be gone, therefore a reference on its memory first. */
	if (!mmget_not_zero(dmirror->notifier.mm))
		return -EINVAL;
	window = kmalloc(sizeof(*window), GFP_KERNEL);
	if (!window) {
		ret = -ENOMEM;
		goto out;
	}
	move.src = window->src;
	move.dst = window->dst;

	while (addr < end && !ret) {
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		if (move.side == HMM_DMIRROR_SIDE_DEV)
			dmirror_pool_reserve(dmirror->mdevice);
		ret = dmirror_migrate_next(&move, &addr, end, timed);
		if (move.side == HMM_DMIRROR_SIDE_DEV)
			dmirror_pool_unreserve(dmirror->mdevice);
		cond_resched();
	}
	kfree(window);
out:
	mmput(dmirror->notifier.mm);
	return ret;
}

/**
 * dmirror_migrate_to_device - migrate a range, and read it back as proof
 * @dmirror: the open file
 * @cmd: range, and buffer for its content; cpages is filled
 *
 * Return: as dmirror_migrate(), and -ENOENT if a page is not on the device.
 */
int dmirror_migrate_to_device(struct dmirror *dmirror,
			      struct hmm_dmirror_cmd *cmd)
{
	struct hmm_dmirror_timed timed = {
		.addr = cmd->addr,
		.npages = cmd->npages,
		.side = HMM_DMIRROR_SIDE_DEV,
	};
	int ret;

	ret = dmirror_migrate(dmirror, &timed);
	if (ret)
		return ret;
	return dmirror_read_migrated(dmirror, cmd);
}

/**
 * dmirror_migrate_to_system - migrate a range
 * @dmirror: the open file
 * @cmd: range; cpages is filled
 *
 * Return: as dmirror_migrate().
 */
int dmirror_migrate_to_system(struct dmirror *dmirror,
			      struct hmm_dmirror_cmd *cmd)
{
	struct hmm_dmirror_timed timed = {
		.addr = cmd->addr,
		.npages = cmd->npages,
		.side = HMM_DMIRROR_SIDE_SYS,
	};
	int ret;

	ret = dmirror_migrate(dmirror, &timed);
	cmd->cpages = timed.cpages;
	return ret;
}

/*
 * What of the fault page's folio can be reached through the VMA of the fault:
 * after mremap() or munmap() that may be less than all of it.
 */
static void dmirror_fault_window(struct vm_fault *vmf,
				 struct dmirror_move *move)
{
	struct folio *folio = page_folio(vmf->page);
	unsigned long before = folio_page_idx(folio, vmf->page) << PAGE_SHIFT;
	unsigned long addr = vmf->address & PAGE_MASK;
	unsigned long behind = folio_size(folio) - before;

	before = min(before, addr - vmf->vma->vm_start);
	behind = min(behind, vmf->vma->vm_end - addr);
	move->addr = addr - before;
	move->npages = (before + behind) >> PAGE_SHIFT;
}

static vm_fault_t dmirror_fault_migrate(struct vm_fault *vmf,
					struct dmirror_move *move)
{
	unsigned long index = (vmf->address - move->addr) >> PAGE_SHIFT;
	struct migrate_vma args;
	vm_fault_t ret = 0;
	unsigned long i;
	bool wanted = false;

	dmirror_args_init(move, &args);
	args.fault_page = vmf->page;
	if (migrate_vma_setup(&args))
		return VM_FAULT_SIGBUS;

	dmirror_move_alloc(move);
	dmirror_move_copy(move);

	/* Is there a source for the fault's page, and no destination? */
	for (i = 0; i <= index; i++) {
		if (move->src[i] & MIGRATE_PFN_MIGRATE)
			wanted = i + (1UL << migrate_pfn_order(move->src[i])) >
				 index;
	}
	for (i = 0; wanted && i <= index; i++) {
		if (move->dst[i] &&
		    i + (1UL << migrate_pfn_order(move->dst[i])) > index)
			wanted = false;
	}
	if (wanted)
		ret = VM_FAULT_OOM;

	migrate_vma_pages(&args);
	migrate_vma_finalize(&args);
	return ret;
}

/**
 * dmirror_cpu_fault - the CPU touched private device memory
 * @vmf: the fault; @vmf->page is locked by the core and has a reference for us
 *
 * Brings the whole folio back, in one piece if it can. A page for which there
 * is neither memory nor a migration under way makes the fault fail.
 */
vm_fault_t dmirror_cpu_fault(struct vm_fault *vmf)
{
	struct dmirror_device *mdevice = dmirror_page_chunk(vmf->page)->mdevice;
	unsigned long src = 0, dst = 0;
	struct dmirror_move move = {
		.mdevice = mdevice,
		.vma = vmf->vma,
		.side = HMM_DMIRROR_SIDE_SYS,
		.orders = DMIRROR_ORDERS_DEFAULT,
	};
	unsigned long *entries = NULL;
	vm_fault_t ret;

	atomic64_inc(&mdevice->nr_cpu_faults);
	move.dmirror = dmirror_get_by_id(mdevice,
			dmirror_folio_mirror_id(page_folio(vmf->page)));
	if (move.dmirror)
		move.orders = READ_ONCE(move.dmirror->to_sys);

	dmirror_fault_window(vmf, &move);
	if (move.npages > 1)
		entries = kcalloc(2 * move.npages, sizeof(*entries),
				  GFP_KERNEL | __GFP_NOWARN);
	if (entries) {
		move.src = entries;
		move.dst = entries + move.npages;
	} else {
		move.smaller = move.npages > 1;
		move.addr = vmf->address & PAGE_MASK;
		move.npages = 1;
		move.src = &src;
		move.dst = &dst;
	}

	ret = dmirror_fault_migrate(vmf, &move);
	if (move.smaller)
		atomic64_inc(&mdevice->nr_fault_fallbacks);
	kfree(entries);
	if (move.dmirror)
		dmirror_put(move.dmirror);
	return ret;
}
