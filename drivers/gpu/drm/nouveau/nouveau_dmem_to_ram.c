// SPDX-License-Identifier: MIT
/* To RAM: CPU faults, SVM_BIND to the CPU, and the common part of eviction. */
#include "nouveau_dmem_priv.h"
#include "nouveau_dmem_trace.h"

#include "nouveau_drv.h"
#include "nouveau_svm.h"

/* Around a CPU fault on a small page so many bytes come back with it. */
#define FAULT_AROUND_BYTES	SZ_64K

/* How often the copy of a CPU fault is tried before the process is told. */
#define FAULT_COPY_TRIES	5

/* A page of RAM for a page that must come back may reclaim, others may not. */
static struct folio *ram_folio_new(struct vm_area_struct *vma, unsigned long addr,
				   unsigned int order, bool must)
{
	gfp_t gfp = GFP_HIGHUSER_MOVABLE;
	struct folio *folio;

	if (order)
		gfp = (gfp | __GFP_COMP | __GFP_NOMEMALLOC | __GFP_NOWARN |
		       __GFP_NORETRY) & ~__GFP_DIRECT_RECLAIM;
	else if (!must)
		gfp |= __GFP_NOWARN | __GFP_RETRY_MAYFAIL;

	if (vma)
		folio = vma_alloc_folio(gfp, order, vma, addr, true);
	else
		folio = folio_alloc(gfp | __GFP_COMP, order);
	if (folio)
		folio_lock(folio);
	return folio;
}

static bool to_ram_one(struct nouveau_dmem *dmem, struct nouveau_dmem_window *w,
		       unsigned long i, struct page *spage, unsigned int order,
		       struct vm_area_struct *vma, unsigned long addr, bool must)
{
	struct folio *folio = ram_folio_new(vma, addr, order, must);
	int ret;

	if (!folio)
		return false;

	w->dst[i] = dmem_dst_entry(folio);
	ret = dmem_window_map_dma(dmem, w, i, folio_page(folio, 0), 1u << order);
	if (!ret)
		ret = nouveau_dmem_batch_add(&w->batch, NOUVEAU_DMEM_TO_RAM,
					     nouveau_dmem_page_addr(spage), w->dma[i],
					     1u << order);
	if (ret)
		dmem_window_drop(w, i);
	return true;
}

/**
 * dmem_window_to_ram - find RAM for a window and copy
 * @dmem: device memory
 * @w: a window whose @src was set up by the core mm
 * @npages: its size
 * @vma: whose memory policy to obey, or NULL
 * @start: address of the first entry, if there is a @vma
 * @must: the entry that may push others out of RAM; ~0 for none, so that no
 *	entry does
 *
 * Return: 0, or the error of the copy; then nothing has a destination.
 */
int dmem_window_to_ram(struct nouveau_dmem *dmem, struct nouveau_dmem_window *w,
		       unsigned long npages, struct vm_area_struct *vma,
		       unsigned long start, unsigned long must)
{
	unsigned long i, nr;

	nouveau_dmem_batch_init(&w->batch, w->run, DMEM_WINDOW_PAGES);
	for (i = 0; i < npages; i += nr) {
		struct page *spage = migrate_pfn_to_page(w->src[i]);
		unsigned int order, k, at;

		nr = 1;
		if (!spage || !(w->src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		order = migrate_pfn_order(w->src[i]);
		nr = 1ul << order;
		for (at = 0, k = order; at < nr; ) {
			bool needed = must - i >= at && must - i < at + (1ul << k);

			if (to_ram_one(dmem, w, i + at, spage + at, k, vma,
				       start + ((i + at) << PAGE_SHIFT), needed)) {
				at += 1u << k;
			} else if (k) {
				if (k == order)
					dmem_count(dmem, DMEM_FALLBACK_RAM, 1);
				k = dmem_smaller_order(k);
			} else {
				/* This one stays; the next may be needed. */
				at++;
			}
		}
	}
	return dmem_window_copy(dmem, w, npages);
}

static int to_ram_window(struct nouveau_dmem *dmem, struct nouveau_dmem_window *w,
			 struct migrate_vma *args, unsigned long must,
			 unsigned long *moved)
{
	unsigned long npages = (args->end - args->start) >> PAGE_SHIFT, now;
	u64 begin = ktime_get_ns();
	int ret, err;

	dmem_window_reset(w, npages);
	args->src = w->src;
	args->dst = w->dst;
	args->cpages = 0;
	ret = migrate_vma_setup(args);
	if (ret || !args->cpages)
		return ret;

	err = dmem_window_to_ram(dmem, w, npages, args->vma, args->start, must);
	migrate_vma_pages(args);
	now = dmem_window_account(dmem, w, npages, true);
	dmem_window_unmap_dma(dmem, w, npages);
	migrate_vma_finalize(args);
	*moved += now;
	if (now)
		nouveau_svm_pulled_back(dmem->drm, args->vma->vm_mm, args->start);
	atomic64_add(ktime_get_ns() - begin, &dmem->stats.ns[1]);
	trace_nouveau_dmem_migrate(true, args->start, npages, now);
	return err;
}

/*
 * What comes back with a fault: its folio, or some pages around it. Not where the
 * process wants its memory in VRAM: there nothing leaves but what the CPU touches.
 */
static void fault_range(struct nouveau_dmem *dmem, struct vm_fault *vmf,
			unsigned long *start, unsigned long *end)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = vmf->address & PAGE_MASK;
	struct folio *folio = page_folio(vmf->page);
	unsigned long around = FAULT_AROUND_BYTES;

	if (nouveau_svm_prefers_device(dmem->drm, vma->vm_mm, addr))
		around = PAGE_SIZE;

	if (folio_test_large(folio)) {
		*start = addr - (folio_page_idx(folio, vmf->page) << PAGE_SHIFT);
		*end = *start + folio_size(folio);
		/* After a move the folio may lie across two windows: take its own. */
		if (*start > addr)
			*start = addr;
	} else {
		*start = ALIGN_DOWN(addr, around);
		*end = *start + around;
	}
	*start = max(*start, vma->vm_start);
	*end = min(*end, vma->vm_end);
}

/* One page comes back even when there is no memory for a window. */
static vm_fault_t fault_without_window(struct nouveau_dmem *dmem, struct vm_fault *vmf,
				       struct migrate_vma *args)
{
	static DEFINE_MUTEX(lock);
	static struct nouveau_dmem_window emergency;
	unsigned long moved = 0;
	int ret;

	/* Waits only for others who are in the same need. */
	mutex_lock(&lock);
	args->start = vmf->address & PAGE_MASK;
	args->end = args->start + PAGE_SIZE;
	ret = to_ram_window(dmem, &emergency, args, 0, &moved);
	mutex_unlock(&lock);
	return ret ? VM_FAULT_SIGBUS : 0;
}

/**
 * dmem_migrate_to_ram - a CPU fault on a device page
 * @vmf: the fault; the page's folio is locked and referenced by the core mm
 *
 * Takes no lock that a notifier takes, and none of a client. The copier's lock is
 * held by others for a submit at most.
 *
 * Return: 0 when the fault is to be tried again, which is also the answer when
 * another thread was faster; VM_FAULT_SIGBUS when the page cannot be copied.
 */
vm_fault_t dmem_migrate_to_ram(struct vm_fault *vmf)
{
	struct nouveau_dmem *dmem = dmem_page_vram(vmf->page)->dmem;
	struct migrate_vma args = {
		.vma		= vmf->vma,
		.pgmap_owner	= dmem->drm->dev,
		.fault_page	= vmf->page,
		.flags		= MIGRATE_VMA_SELECT_DEVICE_PRIVATE |
				  MIGRATE_VMA_SELECT_COMPOUND,
		.large_orders	= DMEM_LARGE_ORDERS,
	};
	struct nouveau_dmem_window *w;
	unsigned long moved = 0, must;
	unsigned int tries = 0;
	vm_fault_t fault;
	int ret;

	dmem_count(dmem, DMEM_CPU_FAULTS, 1);
	if (nouveau_dmem_copier_revive(&dmem->copier))
		return VM_FAULT_SIGBUS;

	w = dmem_window_new();
	if (!w)
		return fault_without_window(dmem, vmf, &args);

	fault_range(dmem, vmf, &args.start, &args.end);
	must = ((vmf->address & PAGE_MASK) - args.start) >> PAGE_SHIFT;
	/* A copy that failed has changed nothing: it can be tried again. */
	do {
		ret = to_ram_window(dmem, w, &args, must, &moved);
	} while (ret && ++tries < FAULT_COPY_TRIES &&
		 !nouveau_dmem_copier_revive(&dmem->copier));
	fault = ret ? VM_FAULT_SIGBUS : 0;
	/* No RAM even for the page itself: let the OOM killer decide. */
	if (!ret && (w->src[must] & MIGRATE_PFN_MIGRATE) && !w->dst[must] &&
	    !migrate_pfn_order(w->src[must]))
		fault = VM_FAULT_OOM;
	dmem_window_del(w);
	trace_nouveau_dmem_cpu_fault(vmf->address, moved);
	return fault;
}

/**
 * nouveau_dmem_migrate_to_host - move a part of a window back to RAM
 * @drm: the device
 * @vma: where it is; the mmap lock is held for reading
 * @start: first byte, page aligned
 * @end: one past the last, in the same @vma and the same aligned 2 MiB
 * @moved: pages that moved are added here
 *
 * Return: 0, -ENODEV, -ENOMEM, or why it could not be copied.
 */
int nouveau_dmem_migrate_to_host(struct nouveau_drm *drm, struct vm_area_struct *vma,
				 unsigned long start, unsigned long end,
				 unsigned long *moved)
{
	struct nouveau_dmem *dmem = drm->dmem;
	struct migrate_vma args = {
		.vma		= vma,
		.start		= start,
		.end		= end,
		.pgmap_owner	= drm->dev,
		.flags		= MIGRATE_VMA_SELECT_DEVICE_PRIVATE |
				  MIGRATE_VMA_SELECT_COMPOUND,
		.large_orders	= DMEM_LARGE_ORDERS,
	};
	struct nouveau_dmem_window *w;
	int ret;

	if (!dmem)
		return -ENODEV;
	if (!vma_is_anonymous(vma))
		return 0;
	w = dmem_window_new();
	if (!w)
		return -ENOMEM;
	ret = to_ram_window(dmem, w, &args, ~0ul, moved);
	dmem_window_del(w);
	return ret;
}
