// SPDX-License-Identifier: MIT
/**
 * DOC: GPU translations
 *
 * Translations come by nouveau_svmm_map() and go by nouveau_svmm_invalidate(), both
 * under svmm->mutex. What is there is noted page by page, a note for each 2 MiB that
 * has any: whether there is a translation, whether it allows writes, whether it leads
 * to VRAM, and how large its page is, since a page goes as a whole.
 *
 * The notes are there for engines that cannot wait for a fault to be served: on
 * Pascal a copy engine dies of a missing translation. Therefore
 *
 * - a migration to VRAM takes away what leads to system memory only. It does not
 *   touch what is in VRAM already, and neither may its notifier: these
 *   translations stay, not to come back a moment later but at all times;
 * - a translation that is good is not written again, since that would take it away
 *   first: not by a fault next to it, not by a bind of the range a second time;
 * - SVM_BIND ends with everything mapped that is present in its range
 *   (nouveau_svmm_map_present()).
 *
 * A note is allocated without reclaim. Where one is missing for want of memory, it
 * counts as "not mapped": more is taken away and written again than necessary.
 *
 * Bringing a translation is a race with the notifier. It is won by a *watch*, an
 * interval notifier on the window: translations are written under svmm->mutex and
 * only if no invalidation has begun since the watch did; the notifier takes the same
 * mutex. A migration does not count what it does itself.
 */
#include "nouveau_svm_priv.h"

#include "nouveau_dmem.h"
#include "nouveau_drv.h"

#include <linux/hmm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include <nvif/if000c.h>
#include <nvif/ioctl.h>
#include <nvif/vmm.h>

#define BIG_PAGES	16u		/* pages in one of 64 KiB */
#define BIG_BYTES	((unsigned long)BIG_PAGES << PAGE_SHIFT)

/* The layout that nvif_object_ioctl() wants. */
struct nouveau_svmm_pfnmap {
	struct nvif_ioctl_v0 i;
	struct nvif_ioctl_mthd_v0 m;
	struct nvif_vmm_pfnmap_v0 p;
};

/**
 * struct svm_note - the translations of 2 MiB
 * @valid: pages that have one
 * @write: those that may be written
 * @vram: those that are in VRAM
 * @big: parts of 64 KiB that are mapped by one page of that size
 * @huge: all of it is one page
 */
struct svm_note {
	DECLARE_BITMAP(valid, SVM_WINDOW_PAGES);
	DECLARE_BITMAP(write, SVM_WINDOW_PAGES);
	DECLARE_BITMAP(vram, SVM_WINDOW_PAGES);
	u32 big;
	bool huge;
};

/*
 * Notes. svmm->mutex is held throughout.
 */

static struct svm_note *note_at(struct nouveau_svmm *svmm, u64 addr)
{
	return xa_load(&svmm->notes, addr / SVM_WINDOW_BYTES);
}

static struct svm_note *note_get(struct nouveau_svmm *svmm, u64 addr)
{
	struct svm_note *note = note_at(svmm, addr);

	if (note)
		return note;
	note = kzalloc(sizeof(*note), GFP_NOWAIT | __GFP_NOWARN);
	if (note && xa_err(xa_store(&svmm->notes, addr / SVM_WINDOW_BYTES, note,
				    GFP_NOWAIT | __GFP_NOWARN))) {
		kfree(note);
		note = NULL;
	}
	return note;
}

/* Forget pages [first, last) of a window, and what is of one piece with them. */
static void note_forget(struct svm_note *note, unsigned int first, unsigned int last)
{
	if (note->huge) {
		first = 0;
		last = SVM_WINDOW_PAGES;
	}
	if (note->big & BIT(first / BIG_PAGES))
		first = round_down(first, BIG_PAGES);
	if (note->big & BIT((last - 1) / BIG_PAGES))
		last = round_up(last, BIG_PAGES);
	bitmap_clear(note->valid, first, last - first);
	bitmap_clear(note->write, first, last - first);
	bitmap_clear(note->vram, first, last - first);
	note->huge = false;
	for (; first < last; first += BIG_PAGES - first % BIG_PAGES)
		if (first % BIG_PAGES == 0)
			note->big &= ~BIT(first / BIG_PAGES);
}

static void notes_forget(struct nouveau_svmm *svmm, u64 start, u64 end)
{
	struct svm_note *note;
	unsigned long index;

	if (start >= end)
		return;
	xa_for_each_range(&svmm->notes, index, note, start / SVM_WINDOW_BYTES,
			  (end - 1) / SVM_WINDOW_BYTES) {
		u64 base = (u64)index * SVM_WINDOW_BYTES;
		u64 first = max(start, base) - base;
		u64 last = min_t(u64, end - base, SVM_WINDOW_BYTES);

		note_forget(note, first >> PAGE_SHIFT, last >> PAGE_SHIFT);
		if (bitmap_empty(note->valid, SVM_WINDOW_PAGES)) {
			xa_erase(&svmm->notes, index);
			kfree(note);
		}
	}
}

/* What nouveau_svmm_map() has written; all of it is in one window. */
static void notes_add(struct nouveau_svmm *svmm, u64 addr, unsigned int shift,
		      const u64 *phys, unsigned int nr)
{
	unsigned int page = (addr % SVM_WINDOW_BYTES) >> PAGE_SHIFT, i;
	unsigned int each = 1u << (shift - PAGE_SHIFT);
	struct svm_note *note = note_get(svmm, addr);

	if (!note)
		return;
	for (i = 0; i < nr; i++, page += each) {
		if (!(phys[i] & NVIF_VMM_PFNMAP_V0_V))
			continue;
		bitmap_set(note->valid, page, each);
		if (phys[i] & NVIF_VMM_PFNMAP_V0_W)
			bitmap_set(note->write, page, each);
		if (phys[i] & NVIF_VMM_PFNMAP_V0_VRAM)
			bitmap_set(note->vram, page, each);
		if (each == BIG_PAGES)
			note->big |= BIT(page / BIG_PAGES);
		else if (each == SVM_WINDOW_PAGES)
			note->huge = true;
	}
}

/**
 * nouveau_svmm_notes_free - forget everything
 * @svmm: an address space that nobody uses any more
 */
void nouveau_svmm_notes_free(struct nouveau_svmm *svmm)
{
	struct svm_note *note;
	unsigned long index;

	xa_for_each(&svmm->notes, index, note)
		kfree(note);
	xa_destroy(&svmm->notes);
}

/**
 * nouveau_svmm_is_mapped - is there a translation?
 * @svmm: the address space, between map_begin and map_end
 * @addr: where
 * @write: one that may be written
 */
bool nouveau_svmm_is_mapped(struct nouveau_svmm *svmm, u64 addr, bool write)
{
	unsigned int page = (addr % SVM_WINDOW_BYTES) >> PAGE_SHIFT;
	struct svm_note *note = note_at(svmm, addr);

	lockdep_assert_held(&svmm->mutex);
	return note && test_bit(page, write ? note->write : note->valid);
}

static bool is_mapped_to_vram(struct nouveau_svmm *svmm, u64 addr)
{
	unsigned int page = (addr % SVM_WINDOW_BYTES) >> PAGE_SHIFT;
	struct svm_note *note = note_at(svmm, addr);

	return note && test_bit(page, note->vram);
}

/*
 * Going.
 */

static void clear_range(struct nouveau_svmm *svmm, u64 start, u64 end)
{
	struct nvif_vmm_pfnclr_v0 args = { .addr = start, .size = end - start };

	if (start >= end)
		return;
	nvif_object_mthd(&svmm->vmm->vmm.object, NVIF_VMM_V0_PFNCLR, &args, sizeof(args));
	notes_forget(svmm, start, end);
}

/* All but what leads to VRAM. */
static void clear_ram(struct nouveau_svmm *svmm, u64 start, u64 end)
{
	u64 addr = start;

	while (addr < end) {
		if (is_mapped_to_vram(svmm, addr)) {
			clear_range(svmm, start, addr);
			start = addr + PAGE_SIZE;
		}
		/* A whole window without notes is nothing but a part of the range. */
		addr += note_at(svmm, addr) ? PAGE_SIZE :
			SVM_WINDOW_BYTES - addr % SVM_WINDOW_BYTES;
	}
	clear_range(svmm, start, end);
}

/**
 * nouveau_svmm_invalidate - take translations away
 * @svmm: the address space; its mutex is held
 * @start: first byte
 * @end: one past the last; the driver's own window is left alone
 * @keep_vram: what leads to VRAM stays: for our own migrations to it
 */
void nouveau_svmm_invalidate(struct nouveau_svmm *svmm, u64 start, u64 end, bool keep_vram)
{
	void (*clear)(struct nouveau_svmm *svmm, u64 start, u64 end) =
		keep_vram ? clear_ram : clear_range;

	lockdep_assert_held(&svmm->mutex);
	if (!svmm->vmm)
		return;
	clear(svmm, start, min_t(u64, end, svmm->unmanaged.start));
	clear(svmm, max_t(u64, start, svmm->unmanaged.limit), end);
}

/*
 * Watches.
 */

static bool watch_invalidate(struct mmu_interval_notifier *mni,
			     const struct mmu_notifier_range *range,
			     unsigned long cur_seq)
{
	struct nouveau_svm_watch *watch =
		container_of(mni, struct nouveau_svm_watch, notifier);
	struct nouveau_svmm *svmm = watch->svmm;

	/* What a migration does itself is no race with it. */
	if (watch->migrating == current)
		return true;
	if (range->event == MMU_NOTIFY_EXCLUSIVE && range->owner == svmm->drm->dev)
		return true;

	/*
	 * The sequence changes under the mutex under which translations are
	 * written; the notifier that takes them away is called after this one.
	 */
	if (mmu_notifier_range_blockable(range))
		mutex_lock(&svmm->mutex);
	else if (!mutex_trylock(&svmm->mutex))
		return false;
	mmu_interval_set_seq(mni, cur_seq);
	mutex_unlock(&svmm->mutex);
	return true;
}

static const struct mmu_interval_notifier_ops watch_ops = {
	.invalidate = watch_invalidate,
};

/**
 * nouveau_svmm_watch - begin to watch a range
 * @svmm: the address space; the caller holds a reference and a user of its mm
 * @watch: memory for it, @watch->migrating is set by the caller
 * @start: first byte
 * @end: one past the last
 *
 * The mmap lock may not be held.
 *
 * Return: 0, and then nouveau_svmm_unwatch() must follow; or an error.
 */
int nouveau_svmm_watch(struct nouveau_svmm *svmm, struct nouveau_svm_watch *watch,
		       unsigned long start, unsigned long end)
{
	int ret;

	watch->svmm = svmm;
	ret = mmu_interval_notifier_insert(&watch->notifier, svmm->notifier.mm, start,
					   end - start, &watch_ops);
	if (!ret)
		watch->seq = mmu_interval_read_begin(&watch->notifier);
	return ret;
}

/**
 * nouveau_svmm_unwatch - stop watching
 * @watch: the watch
 *
 * The mmap lock may not be held.
 */
void nouveau_svmm_unwatch(struct nouveau_svm_watch *watch)
{
	mmu_interval_notifier_remove(&watch->notifier);
}

/*
 * Coming.
 */

/**
 * nouveau_svmm_pfnmap_new - arguments for one window of page table entries
 *
 * Return: &nouveau_svmm.pfnmap, to be freed with kvfree(), or NULL.
 */
struct nouveau_svmm_pfnmap *nouveau_svmm_pfnmap_new(void)
{
	struct nouveau_svmm_pfnmap *args;

	return kvzalloc(struct_size(args, p.phys, SVM_WINDOW_PAGES), GFP_KERNEL);
}

/**
 * nouveau_svmm_map_begin - may translations be written?
 * @svmm: the address space
 * @watch: a watch on the range
 *
 * Return: true, with svmm->mutex held, to be followed by nouveau_svmm_map_end();
 * false when the range has changed or one of the two sides has gone.
 */
bool nouveau_svmm_map_begin(struct nouveau_svmm *svmm, struct nouveau_svm_watch *watch)
{
	mutex_lock(&svmm->mutex);
	if (svmm->vmm && !svmm->mm_gone &&
	    !mmu_interval_read_retry(&watch->notifier, watch->seq))
		return true;
	mutex_unlock(&svmm->mutex);
	return false;
}

/**
 * nouveau_svmm_map - write translations
 * @svmm: the address space, between map_begin and map_end
 * @addr: first byte, aligned to the page size
 * @shift: log2 of the page size: 12, 16 or 21
 * @phys: entries, NVIF_VMM_PFNMAP_V0_*
 * @nr: how many; all are in one aligned 2 MiB
 *
 * What was mapped there before is taken away first.
 *
 * Return: 0 or an error; some entries may be missing, the GPU will fault on them.
 */
int nouveau_svmm_map(struct nouveau_svmm *svmm, unsigned long addr, unsigned int shift,
		     const u64 *phys, unsigned int nr)
{
	struct nouveau_svmm_pfnmap *args = svmm->pfnmap;
	u64 size = (u64)nr << shift;
	int ret;

	lockdep_assert_held(&svmm->mutex);
	if (WARN_ON_ONCE(addr % SVM_WINDOW_BYTES + size > SVM_WINDOW_BYTES))
		return -EINVAL;

	memset(args, 0, sizeof(*args));
	args->i.type = NVIF_IOCTL_V0_MTHD;
	args->m.method = NVIF_VMM_V0_PFNMAP;
	args->p.page = shift;
	args->p.addr = addr;
	args->p.size = size;
	memcpy(args->p.phys, phys, nr * sizeof(*phys));
	ret = nvif_object_ioctl(&svmm->vmm->vmm.object, args,
				struct_size(args, p.phys, nr), NULL);
	notes_forget(svmm, addr, addr + size);
	/* Entries that could not be written are not valid any more. */
	if (!ret)
		notes_add(svmm, addr, shift, args->p.phys, nr);
	return ret;
}

/**
 * nouveau_svmm_map_end - done writing translations
 * @svmm: the address space
 */
void nouveau_svmm_map_end(struct nouveau_svmm *svmm)
{
	mutex_unlock(&svmm->mutex);
}

/**
 * nouveau_svm_pte - the entry that mirrors a page of the process
 * @pfn: what hmm_range_fault() says of it; HMM_PFN_VALID is set
 *
 * Atomics are allowed in VRAM only, where the CPU has no access.
 */
u64 nouveau_svm_pte(unsigned long pfn)
{
	struct page *page = hmm_pfn_to_page(pfn);
	u64 pte = NVIF_VMM_PFNMAP_V0_V;

	if (pfn & HMM_PFN_WRITE)
		pte |= NVIF_VMM_PFNMAP_V0_W;
	if (!is_device_private_page(page))
		return pte | NVIF_VMM_PFNMAP_V0_HOST | page_to_phys(page);
	if (pfn & HMM_PFN_WRITE)
		pte |= NVIF_VMM_PFNMAP_V0_A;
	return pte | NVIF_VMM_PFNMAP_V0_VRAM | nouveau_dmem_page_addr(page);
}

/**
 * nouveau_svm_is_big - do entries make one page of 64 KiB?
 * @phys: the 16 entries of an aligned 64 KiB
 */
bool nouveau_svm_is_big(const u64 *phys)
{
	unsigned int i;

	if (!(phys[0] & NVIF_VMM_PFNMAP_V0_V) ||
	    !IS_ALIGNED(phys[0] & NVIF_VMM_PFNMAP_V0_ADDR, BIG_BYTES))
		return false;
	for (i = 1; i < BIG_PAGES; i++)
		if (phys[i] != phys[0] + ((u64)i << PAGE_SHIFT))
			return false;
	return true;
}

/* Entries for what is present and not mapped yet: 0 where nothing is to be done. */
static unsigned int present_entries(struct nouveau_svmm *svmm, unsigned long start,
				    const unsigned long *pfns, u64 *phys, unsigned int nr)
{
	unsigned int i, todo = 0;

	for (i = 0; i < nr; i++) {
		unsigned long addr = start + ((unsigned long)i << PAGE_SHIFT);

		phys[i] = 0;
		if (!(pfns[i] & HMM_PFN_VALID) ||
		    nouveau_svmm_is_mapped(svmm, addr, pfns[i] & HMM_PFN_WRITE))
			continue;
		phys[i] = nouveau_svm_pte(pfns[i]);
		todo++;
	}
	return todo;
}

/* Write them, in pages as large as may be. */
static int map_entries(struct nouveau_svmm *svmm, unsigned long start, const u64 *phys,
		       unsigned int nr)
{
	unsigned int i, n;
	int ret = 0;

	for (i = 0; i < nr && !ret; i += n) {
		unsigned long addr = start + ((unsigned long)i << PAGE_SHIFT);

		n = 1;
		if (!phys[i])
			continue;
		if (IS_ALIGNED(addr, BIG_BYTES) && nr - i >= BIG_PAGES &&
		    nouveau_svm_is_big(&phys[i])) {
			n = BIG_PAGES;
			ret = nouveau_svmm_map(svmm, addr, 16, &phys[i], 1);
			continue;
		}
		/* Up to where the next large page may begin. */
		while (i + n < nr && phys[i + n] &&
		       !IS_ALIGNED(addr + ((unsigned long)n << PAGE_SHIFT), BIG_BYTES))
			n++;
		ret = nouveau_svmm_map(svmm, addr, PAGE_SHIFT, &phys[i], n);
	}
	return ret;
}

/* The range is in one window; a huge page is one for the GPU, also beyond the range. */
static int map_snapshot(struct nouveau_svmm *svmm, unsigned long start, unsigned long end,
			struct nouveau_svm_present *p)
{
	unsigned int nr = (end - start) >> PAGE_SHIFT;
	unsigned long huge = ALIGN_DOWN(start, SVM_WINDOW_BYTES);
	u64 pte;

	if (!present_entries(svmm, start, p->pfns, p->phys, nr))
		return 0;
	if (!(p->pfns[0] & HMM_PFN_VALID) ||
	    hmm_pfn_to_map_order(p->pfns[0]) < SVM_WINDOW_SHIFT - PAGE_SHIFT)
		return map_entries(svmm, start, p->phys, nr);
	pte = nouveau_svm_pte(p->pfns[0]) - (start - huge);
	return nouveau_svmm_map(svmm, huge, SVM_WINDOW_SHIFT, &pte, 1);
}

/**
 * nouveau_svmm_map_present - map what is present and is not mapped
 * @svmm: the address space, of the caller's own mm
 * @start: first byte, page aligned
 * @end: one past the last, in the same aligned 2 MiB
 * @p: scratch
 *
 * Nothing is faulted in, and no translation is taken away that is good. The mmap
 * lock may not be held.
 *
 * Return: 0; -EBUSY when the range does not stay still; -EINTR on a fatal signal; or
 * another error, after which a part may be mapped.
 */
int nouveau_svmm_map_present(struct nouveau_svmm *svmm, unsigned long start,
			     unsigned long end, struct nouveau_svm_present *p)
{
	unsigned long timeout = jiffies + msecs_to_jiffies(HMM_RANGE_DEFAULT_TIMEOUT);
	unsigned long window = ALIGN_DOWN(start, SVM_WINDOW_BYTES);
	struct mm_struct *mm = svmm->notifier.mm;
	struct hmm_range range = {
		.notifier = &p->watch.notifier,
		.start = start,
		.end = end,
		.hmm_pfns = p->pfns,
		.dev_private_owner = svmm->drm->dev,
	};
	int ret;

	p->watch.migrating = NULL;
	ret = nouveau_svmm_watch(svmm, &p->watch, window, window + SVM_WINDOW_BYTES);
	if (ret)
		return ret;
	do {
		ret = -EINTR;
		if (fatal_signal_pending(current))
			break;
		ret = -EBUSY;
		if (time_after(jiffies, timeout))
			break;
		memset(p->pfns, 0, sizeof(p->pfns));
		p->watch.seq = mmu_interval_read_begin(&p->watch.notifier);
		range.notifier_seq = p->watch.seq;
		mmap_read_lock(mm);
		ret = hmm_range_fault(&range);
		mmap_read_unlock(mm);
		if (ret)
			continue;
		if (!nouveau_svmm_map_begin(svmm, &p->watch)) {
			ret = svmm->vmm && !svmm->mm_gone ? -EBUSY : -ESRCH;
			continue;
		}
		ret = map_snapshot(svmm, start, end, p);
		nouveau_svmm_map_end(svmm);
	} while (ret == -EBUSY);
	nouveau_svmm_unwatch(&p->watch);
	return ret;
}
