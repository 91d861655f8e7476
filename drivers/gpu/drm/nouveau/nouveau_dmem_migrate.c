// SPDX-License-Identifier: MIT
/**
 * DOC: migrations
 *
 * A migration works on a *window*: at most 2 MiB, inside one VMA, aligned so that a
 * huge page is never cut. Its steps, and what is held:
 *
 * To VRAM (ioctl or GPU fault)::
 *
 *	reserve VRAM			may evict, may create buffer objects
 *	watch the window		interval notifier
 *	take the mmap lock		for reading, for this window only
 *	migrate_vma_setup		folios locked; the notifier clears the GPU's PTEs
 *	allocate device folios		as large as the sources, smaller if need be
 *	map for DMA, submit, wait	copier's lock for the submit only
 *	clear dst of what failed	so that the old page stays
 *	migrate_vma_pages
 *	map on the GPU			svmm lock; only what moved, only if nobody else
 *					has touched the window
 *	unmap DMA, migrate_vma_finalize
 *
 * To RAM the same without VRAM and GPU mapping. In a CPU fault the faulting folio is
 * locked by the core mm and handed over as fault_page.
 *
 * The GPU's translations of the window are gone before the first byte is copied:
 * migrate_vma_setup() calls the MMU notifier of every address space of the process,
 * and those do not ignore our own migrations. Nothing can map the window again
 * before the end, since the CPU's page table holds migration entries.
 *
 * A huge folio that finds no room on the other side moves in parts: the largest
 * blocks that are to be had, down to single pages; what finds no room at all stays
 * where it is. The core mm splits the folio accordingly.
 *
 * Errors: a piece whose DMA mapping or copy failed has its dst entry cleared and
 * its folio given back before migrate_vma_pages(), and stays. A DMA mapping is
 * recorded in the window when it is made and undone in one place.
 */
#include "nouveau_dmem_priv.h"
#include "nouveau_dmem_trace.h"

#include "nouveau_drv.h"
#include "nouveau_svm.h"

#include <linux/dma-mapping.h>
#include <linux/mmu_notifier.h>

#include <nvif/if000c.h>

/**
 * dmem_window_new - memory for one migration
 *
 * Return: a window to be freed with dmem_window_del(), or NULL.
 */
struct nouveau_dmem_window *dmem_window_new(void)
{
	return kvmalloc(sizeof(struct nouveau_dmem_window), GFP_KERNEL);
}

/**
 * dmem_window_del - free a window
 * @w: the window, or NULL
 */
void dmem_window_del(struct nouveau_dmem_window *w)
{
	kvfree(w);
}

/**
 * dmem_window_reset - begin with an empty window
 * @w: the window
 * @npages: how much of it will be used
 */
void dmem_window_reset(struct nouveau_dmem_window *w, unsigned long npages)
{
	memset(w->src, 0, npages * sizeof(w->src[0]));
	memset(w->dst, 0, npages * sizeof(w->dst[0]));
	memset(w->dma_pages, 0, npages * sizeof(w->dma_pages[0]));
	nouveau_dmem_batch_init(&w->batch, w->run, DMEM_WINDOW_PAGES);
}

/**
 * dmem_dst_entry - the migration entry of a destination
 * @folio: locked
 */
unsigned long dmem_dst_entry(struct folio *folio)
{
	unsigned long mpfn = migrate_pfn(folio_pfn(folio));

	return folio_test_large(folio) ? mpfn | MIGRATE_PFN_COMPOUND : mpfn;
}

static struct folio *dst_folio(const struct nouveau_dmem_window *w, unsigned long i)
{
	return page_folio(migrate_pfn_to_page(w->dst[i]));
}

/**
 * dmem_window_drop - give a destination up; its source stays
 * @w: the window
 * @i: its entry
 */
void dmem_window_drop(struct nouveau_dmem_window *w, unsigned long i)
{
	struct folio *folio = dst_folio(w, i);

	w->dst[i] = 0;
	folio_unlock(folio);
	folio_put(folio);
}

/* The copy of the whole window failed: every source stays. */
static void drop_all_dst(struct nouveau_dmem_window *w, unsigned long npages)
{
	unsigned long i;

	for (i = 0; i < npages; i++)
		if (w->dst[i])
			dmem_window_drop(w, i);
}

/**
 * dmem_window_map_dma - let the copy engine at system memory
 * @dmem: device memory
 * @w: the window, which remembers it
 * @i: entry to remember it at
 * @page: first page
 * @pages: how many
 *
 * Return: 0 or -EIO.
 */
int dmem_window_map_dma(struct nouveau_dmem *dmem, struct nouveau_dmem_window *w,
			unsigned long i, struct page *page, unsigned int pages)
{
	struct device *dev = dmem->drm->dev->dev;
	dma_addr_t addr = dma_map_page(dev, page, 0, (size_t)pages << PAGE_SHIFT,
				       DMA_BIDIRECTIONAL);

	if (dma_mapping_error(dev, addr))
		return -EIO;
	w->dma[i] = addr;
	w->dma_pages[i] = pages;
	return 0;
}

/**
 * dmem_window_unmap_dma - undo every DMA mapping of a window
 * @dmem: device memory
 * @w: the window; its copies are over
 * @npages: its size
 */
void dmem_window_unmap_dma(struct nouveau_dmem *dmem, struct nouveau_dmem_window *w,
			   unsigned long npages)
{
	struct device *dev = dmem->drm->dev->dev;
	unsigned long i;

	for (i = 0; i < npages; i++) {
		if (!w->dma_pages[i])
			continue;
		dma_unmap_page(dev, w->dma[i], (size_t)w->dma_pages[i] << PAGE_SHIFT,
			       DMA_BIDIRECTIONAL);
		w->dma_pages[i] = 0;
	}
}

/**
 * dmem_window_copy - copy what the window's batch says
 * @dmem: device memory
 * @w: the window
 * @npages: its size
 *
 * Return: 0; or an error, after which the window has no destination any more.
 */
int dmem_window_copy(struct nouveau_dmem *dmem, struct nouveau_dmem_window *w,
		     unsigned long npages)
{
	struct nouveau_dmem_copy copy;
	int ret;

	ret = nouveau_dmem_copy_submit(&dmem->copier, &w->batch, &copy);
	if (!ret)
		ret = nouveau_dmem_copy_wait(&dmem->copier, &copy);
	trace_nouveau_dmem_copy(w->batch.nr, nouveau_dmem_batch_pages(&w->batch), ret);
	if (ret) {
		dmem_count(dmem, DMEM_COPY_ERRORS, 1);
		drop_all_dst(w, npages);
		return ret;
	}
	dmem_count(dmem, DMEM_LAUNCHES, w->batch.nr);
	return 0;
}

/**
 * dmem_window_account - count what has moved
 * @dmem: device memory
 * @w: a window after migrate_vma_pages() or migrate_device_pages()
 * @npages: its size
 * @to_ram: direction
 *
 * Return: pages moved.
 */
unsigned long dmem_window_account(struct nouveau_dmem *dmem,
				  struct nouveau_dmem_window *w,
				  unsigned long npages, bool to_ram)
{
	unsigned long i, nr, moved = 0;

	for (i = 0; i < npages; i += nr) {
		struct folio *folio;

		nr = 1;
		if (!w->dst[i] || !(w->src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		folio = dst_folio(w, i);
		nr = folio_nr_pages(folio);
		moved += nr;
		atomic64_inc(&dmem->stats.folios[to_ram][folio_order(folio)]);
	}
	dmem_count(dmem, to_ram ? DMEM_TO_RAM : DMEM_TO_VRAM, moved);
	return moved;
}

/*
 * To VRAM.
 */

/* One task's migrations to VRAM, window after window. */
struct nouveau_dmem_job {
	struct nouveau_dmem *dmem;
	struct nouveau_svmm *svmm;
	struct nouveau_dmem_resv resv;
	struct nouveau_svm_watch watch;
	struct migrate_vma args;
	unsigned long mapped;		/* pages of the window */
	/* Where and how each page of the window was mapped on the GPU. */
	u8 gpu_shift[DMEM_WINDOW_PAGES];
	DECLARE_BITMAP(gpu_write, DMEM_WINDOW_PAGES);
	struct nouveau_dmem_window w;
};

/* One destination of @order for entry @i, with its copy. */
static bool to_vram_one(struct nouveau_dmem_job *job, unsigned long i,
			struct page *spage, unsigned int order)
{
	struct nouveau_dmem_window *w = &job->w;
	struct nouveau_dmem *dmem = job->dmem;
	unsigned int pages = 1u << order;
	struct folio *folio;
	int ret;

	folio = dmem_folio_new(dmem, &job->resv, job->svmm->owner, order);
	if (!folio)
		return false;

	if (spage) {
		ret = dmem_window_map_dma(dmem, w, i, spage, pages);
		if (!ret)
			ret = nouveau_dmem_batch_add(&w->batch, NOUVEAU_DMEM_TO_VRAM,
						     w->dma[i],
						     nouveau_dmem_page_addr(folio_page(folio, 0)),
						     pages);
	} else {
		ret = nouveau_dmem_batch_add(&w->batch, NOUVEAU_DMEM_ZERO_VRAM, 0,
					     nouveau_dmem_page_addr(folio_page(folio, 0)),
					     pages);
		if (!ret)
			dmem_count(dmem, DMEM_ZEROED, pages);
	}
	w->dst[i] = dmem_dst_entry(folio);
	if (ret)
		dmem_window_drop(w, i);
	return true;
}

/* Destinations for the source at entry @i, of 1 << @order pages. */
static void to_vram_source(struct nouveau_dmem_job *job, unsigned long i,
			   unsigned int order)
{
	struct nouveau_dmem_window *w = &job->w;
	struct page *spage = migrate_pfn_to_page(w->src[i]);
	unsigned int k = order, at;

	if (!(w->src[i] & MIGRATE_PFN_VALID))
		spage = NULL;

	for (at = 0; at < 1u << order; ) {
		if (to_vram_one(job, i + at, spage ? spage + at : NULL, k)) {
			at += 1u << k;
			continue;
		}
		if (!k)
			return;
		if (k == order)
			dmem_count(job->dmem, DMEM_FALLBACK_VRAM, 1);
		k = dmem_smaller_order(k);
	}
}

static void to_vram_copy(struct nouveau_dmem_job *job, unsigned long npages)
{
	struct nouveau_dmem_window *w = &job->w;
	unsigned long i, nr;

	for (i = 0; i < npages; i += nr) {
		unsigned int order = 0;

		nr = 1;
		if (!(w->src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		order = migrate_pfn_order(w->src[i]);
		nr = 1ul << order;
		to_vram_source(job, i, order);
	}
	dmem_window_copy(job->dmem, w, npages);
}

/* The page table entry for a part, at @addr, of the folio at entry @i. */
static u64 to_vram_pte(struct nouveau_dmem_job *job, unsigned long i, u64 addr)
{
	struct nouveau_dmem_window *w = &job->w;
	bool hole = !(w->src[i] & MIGRATE_PFN_VALID);
	bool write = hole ? job->args.vma->vm_flags & VM_WRITE :
			    w->src[i] & MIGRATE_PFN_WRITE;
	u64 pte = NVIF_VMM_PFNMAP_V0_V | NVIF_VMM_PFNMAP_V0_VRAM | addr;

	/* The CPU has no access to it, so that the GPU may do atomics on it. */
	if (write)
		pte |= NVIF_VMM_PFNMAP_V0_W | NVIF_VMM_PFNMAP_V0_A;
	return pte;
}

/* Largest GPU page for a folio of @order at @addr. */
static unsigned int gpu_page_shift(unsigned long addr, unsigned int order)
{
	if (order >= NOUVEAU_DMEM_CHUNK_ORDER && IS_ALIGNED(addr, SZ_2M))
		return 21;
	if (order >= 4 && IS_ALIGNED(addr, SZ_64K))
		return 16;
	return PAGE_SHIFT;
}

/* Map a run of pages of one size, and remember what the GPU may do with them. */
static void map_run(struct nouveau_dmem_job *job, unsigned long addr,
		    unsigned int shift, unsigned int n)
{
	unsigned long page = (addr - job->args.start) >> PAGE_SHIFT;
	unsigned int i, each = 1u << (shift - PAGE_SHIFT);

	if (nouveau_svmm_map(job->svmm, addr, shift, job->w.phys, n))
		return;
	memset(&job->gpu_shift[page], shift, n * each);
	job->mapped += n * each;
	for (i = 0; i < n; i++)
		if (job->w.phys[i] & NVIF_VMM_PFNMAP_V0_W)
			bitmap_set(job->gpu_write, page + i * each, each);
}

/*
 * Map what has moved. Neighbours with pages of one size are mapped by one call.
 * Failures are not errors: the GPU will fault.
 */
static void to_vram_map(struct nouveau_dmem_job *job, unsigned long npages)
{
	struct nouveau_dmem_window *w = &job->w;
	unsigned long start = job->args.start, run_start = 0, i, nr;
	unsigned int shift = 0, n = 0;

	if (!nouveau_svmm_map_begin(job->svmm, &job->watch)) {
		dmem_count(job->dmem, DMEM_MAP_RACES, 1);
		return;
	}

	for (i = 0; i <= npages; i += nr) {
		unsigned long va = start + (i << PAGE_SHIFT);
		struct folio *folio = NULL;
		unsigned int s = 0;
		u64 addr, end;

		nr = 1;
		if (i < npages && w->dst[i] && (w->src[i] & MIGRATE_PFN_MIGRATE)) {
			folio = dst_folio(w, i);
			nr = folio_nr_pages(folio);
			s = gpu_page_shift(va, folio_order(folio));
		}
		if (n && s != shift) {
			map_run(job, run_start, shift, n);
			n = 0;
		}
		if (!folio)
			continue;
		if (!n)
			run_start = va;
		shift = s;
		addr = nouveau_dmem_page_addr(folio_page(folio, 0));
		for (end = addr + (nr << PAGE_SHIFT); addr < end; addr += 1ull << shift)
			w->phys[n++] = to_vram_pte(job, i, addr);
	}
	nouveau_svmm_map_end(job->svmm);
}

/**
 * nouveau_dmem_job_new - prepare to move memory to VRAM
 * @drm: the device
 * @svmm: the address space to map it in; the caller holds a reference
 *
 * Return: a job to be freed with nouveau_dmem_job_del(), or NULL.
 */
struct nouveau_dmem_job *nouveau_dmem_job_new(struct nouveau_drm *drm,
					      struct nouveau_svmm *svmm)
{
	struct nouveau_dmem_job *job = kvzalloc(sizeof(*job), GFP_KERNEL);

	if (!job)
		return NULL;
	job->dmem = drm->dmem;
	job->svmm = svmm;
	return job;
}

/**
 * nouveau_dmem_job_del - free a job
 * @job: a job between nouveau_dmem_job_end() and nouveau_dmem_job_begin(), or NULL
 */
void nouveau_dmem_job_del(struct nouveau_dmem_job *job)
{
	kvfree(job);
}

/**
 * nouveau_dmem_job_begin - get ready for one window
 * @job: the job
 * @start: first byte, page aligned
 * @end: one past the last, in the same aligned 2 MiB
 * @push: whether others may be evicted for it
 * @cold: with NOUVEAU_DMEM_PUSH_OLDER, what was touched since this clock stays
 *
 * Reserves VRAM and begins to watch the window. May create and evict buffer objects:
 * neither the mmap lock nor a folio lock may be held.
 *
 * Return: 0, and then nouveau_dmem_job_end() must follow; -ENODEV without device
 * memory; -ENOSPC without VRAM; or another error.
 */
int nouveau_dmem_job_begin(struct nouveau_dmem_job *job, unsigned long start,
			   unsigned long end, enum nouveau_dmem_push push, u64 cold)
{
	struct nouveau_dmem *dmem = job->dmem;
	int ret;

	if (!dmem)
		return -ENODEV;
	ret = nouveau_dmem_copier_revive(&dmem->copier);
	if (ret)
		return ret;
	ret = dmem_reserve(dmem, &job->resv, (end - start) >> PAGE_SHIFT,
			   push == NOUVEAU_DMEM_PUSH_OLDER ? cold : 0);
	if (ret) {
		dmem_count(dmem, DMEM_FALLBACK_FULL, 1);
		nouveau_dmem_unreserve(&dmem->pool, &job->resv);
		return ret;
	}
	job->mapped = 0;
	job->watch.migrating = current;
	ret = nouveau_svmm_watch(job->svmm, &job->watch, start, end);
	if (ret)
		nouveau_dmem_unreserve(&dmem->pool, &job->resv);
	return ret;
}

/**
 * nouveau_dmem_job_end - done with one window
 * @job: the job
 *
 * The mmap lock may not be held.
 */
void nouveau_dmem_job_end(struct nouveau_dmem_job *job)
{
	nouveau_svmm_unwatch(&job->watch);
	nouveau_dmem_unreserve(&job->dmem->pool, &job->resv);
}

/**
 * nouveau_dmem_job_move - move memory to VRAM and map it on the GPU
 * @job: the job, after nouveau_dmem_job_begin() for a window around the range
 * @vma: where it is; the mmap lock is held for reading
 * @start: first byte, page aligned
 * @end: one past the last
 * @moved: pages that moved are added here
 *
 * What cannot be moved stays, without an error.
 *
 * Return: 0 or an error of the core mm.
 */
int nouveau_dmem_job_move(struct nouveau_dmem_job *job, struct vm_area_struct *vma,
			  unsigned long start, unsigned long end, unsigned long *moved)
{
	unsigned long npages = (end - start) >> PAGE_SHIFT, now;
	struct nouveau_dmem *dmem = job->dmem;
	struct nouveau_dmem_window *w = &job->w;
	struct migrate_vma *args = &job->args;
	u64 begin = ktime_get_ns();
	int ret;

	if (WARN_ON_ONCE(npages > DMEM_WINDOW_PAGES))
		return -EINVAL;
	if (!vma_is_anonymous(vma))
		return 0;

	dmem_window_reset(w, npages);
	memset(job->gpu_shift, 0, sizeof(job->gpu_shift));
	bitmap_zero(job->gpu_write, DMEM_WINDOW_PAGES);
	*args = (struct migrate_vma) {
		.vma		= vma,
		.src		= w->src,
		.dst		= w->dst,
		.start		= start,
		.end		= end,
		/* Tells the notifier that nothing leaves VRAM. */
		.pgmap_owner	= dmem,
		.flags		= MIGRATE_VMA_SELECT_SYSTEM |
				  MIGRATE_VMA_SELECT_COMPOUND,
		.large_orders	= DMEM_LARGE_ORDERS,
	};
	ret = migrate_vma_setup(args);
	if (ret || !args->cpages)
		return ret;

	to_vram_copy(job, npages);
	migrate_vma_pages(args);
	now = dmem_window_account(dmem, w, npages, false);
	if (now)
		to_vram_map(job, npages);
	*moved += now;
	dmem_window_unmap_dma(dmem, w, npages);
	migrate_vma_finalize(args);
	atomic64_add(ktime_get_ns() - begin, &dmem->stats.ns[0]);
	trace_nouveau_dmem_migrate(false, start, npages, now);
	return 0;
}

/**
 * nouveau_dmem_job_watch - the job's watch on its window
 * @job: the job, between begin and end
 */
struct nouveau_svm_watch *nouveau_dmem_job_watch(struct nouveau_dmem_job *job)
{
	return &job->watch;
}

/**
 * nouveau_dmem_job_pages_mapped - how many pages were mapped on the GPU
 * @job: the job, after nouveau_dmem_job_begin()
 */
unsigned long nouveau_dmem_job_pages_mapped(struct nouveau_dmem_job *job)
{
	return job->mapped;
}

/**
 * nouveau_dmem_job_mapped - did the last move map this address on the GPU?
 * @job: the job
 * @addr: the address
 * @start: first byte of the GPU's page
 * @end: one past the last
 * @write: whether the GPU may write it
 *
 * Return: whether it did; if not, nothing else is set.
 */
bool nouveau_dmem_job_mapped(struct nouveau_dmem_job *job, u64 addr, u64 *start,
			     u64 *end, bool *write)
{
	unsigned long page = (addr - job->args.start) >> PAGE_SHIFT;
	u64 size;

	if (addr < job->args.start || addr >= job->args.end || !job->gpu_shift[page])
		return false;
	size = 1ull << job->gpu_shift[page];
	*start = ALIGN_DOWN(addr, size);
	*end = *start + size;
	*write = test_bit(page, job->gpu_write);
	return true;
}
