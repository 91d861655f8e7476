// SPDX-License-Identifier: GPL-2.0
/*
 * The device's page table, and what the device does through it.
 *
 * Each open file mirrors the memory of the process that opened it. An entry
 * names the page that holds the data: for private device memory that is the
 * backing page. Entries come from hmm_range_fault() under the sequence number
 * of the notifier, and go in its callback; there is no third way, for
 * migration of the device's own memory neither. So an entry is never older
 * than what the CPU's page table says.
 */
#include <linux/hmm.h>
#include <linux/highmem.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "test_hmm_internal.h"

/* Pages of one hmm_range_fault(), on the stack. */
#define DMIRROR_RANGE_PAGES	64

/**
 * struct dmirror_bounce - data on its way between device and user
 * @ptr: the data
 * @size: its length in bytes
 * @addr: user address that the first byte of @ptr mirrors
 * @cpages: pages transferred
 */
struct dmirror_bounce {
	void			*ptr;
	unsigned long		size;
	unsigned long		addr;
	unsigned long		cpages;
};

static int dmirror_bounce_init(struct dmirror_bounce *bounce,
			       const struct hmm_dmirror_cmd *cmd)
{
	bounce->addr = cmd->addr;
	bounce->size = cmd->npages << PAGE_SHIFT;
	bounce->cpages = 0;
	bounce->ptr = __vmalloc(bounce->size, GFP_KERNEL | __GFP_NOWARN);
	return bounce->ptr ? 0 : -ENOMEM;
}

static void dmirror_bounce_fini(struct dmirror_bounce *bounce)
{
	vfree(bounce->ptr);
}

/* Forget what the device knows of the range, ends included. */
static void dmirror_forget(struct dmirror *dmirror, unsigned long start,
			   unsigned long end)
{
	unsigned long index;
	void *entry;

	lockdep_assert_held(&dmirror->mutex);
	xa_for_each_range(&dmirror->pt, index, entry, start >> PAGE_SHIFT,
			  end >> PAGE_SHIFT)
		xa_erase(&dmirror->pt, index);
}

static bool dmirror_invalidate(struct mmu_interval_notifier *mni,
			       const struct mmu_notifier_range *range,
			       unsigned long cur_seq)
{
	struct dmirror *dmirror = container_of(mni, struct dmirror, notifier);

	if (mmu_notifier_range_blockable(range))
		mutex_lock(&dmirror->mutex);
	else if (!mutex_trylock(&dmirror->mutex))
		return false;

	mmu_interval_set_seq(mni, cur_seq);
	dmirror_forget(dmirror, range->start, range->end - 1);
	mutex_unlock(&dmirror->mutex);
	return true;
}

const struct mmu_interval_notifier_ops dmirror_notifier_ops = {
	.invalidate = dmirror_invalidate,
};

/*
 * hmm_range_fault() until the result is good. On success dmirror->mutex is
 * held and what @range says is true as long as it is.
 */
static int dmirror_range_walk(struct dmirror *dmirror, struct hmm_range *range)
{
	struct mm_struct *mm = dmirror->notifier.mm;
	unsigned long timeout;
	int ret;

	timeout = jiffies + msecs_to_jiffies(HMM_RANGE_DEFAULT_TIMEOUT);
	for (;;) {
		range->notifier_seq = mmu_interval_read_begin(range->notifier);
		mmap_read_lock(mm);
		ret = hmm_range_fault(range);
		mmap_read_unlock(mm);
		if (ret && ret != -EBUSY)
			return ret;

		if (!ret) {
			mutex_lock(&dmirror->mutex);
			if (!mmu_interval_read_retry(range->notifier,
						     range->notifier_seq))
				return 0;
			mutex_unlock(&dmirror->mutex);
		}
		if (time_after(jiffies, timeout))
			return -EBUSY;
		if (fatal_signal_pending(current))
			return -EINTR;
	}
}

static int dmirror_store(struct dmirror *dmirror, unsigned long addr,
			 unsigned long pfn)
{
	struct page *page = dmirror_backing(hmm_pfn_to_page(pfn));
	void *entry = page;

	lockdep_assert_held(&dmirror->mutex);
	if (pfn & HMM_PFN_WRITE)
		entry = xa_tag_pointer(page, DPT_XA_TAG_WRITE);
	return xa_err(xa_store(&dmirror->pt, addr >> PAGE_SHIFT, entry,
			       GFP_ATOMIC));
}

static bool dmirror_pfn_is_own(struct dmirror *dmirror, unsigned long pfn)
{
	struct page *page;

	if (!(pfn & HMM_PFN_VALID))
		return false;
	page = hmm_pfn_to_page(pfn);
	return dmirror_is_device_page(page) &&
	       page_pgmap(page)->owner == dmirror->mdevice;
}

/* How dmirror_map() deals with pages that are not there. */
enum dmirror_map_mode {
	DMIRROR_MAP_READ,	/* fault them in */
	DMIRROR_MAP_WRITE,	/* fault them in, writable */
	DMIRROR_MAP_DEVICE,	/* leave them; map only this device's memory */
};

static int dmirror_store_range(struct dmirror *dmirror, struct hmm_range *range,
			       enum dmirror_map_mode mode)
{
	unsigned long addr = range->start;
	unsigned long *pfn = range->hmm_pfns;
	int ret;

	for (; addr < range->end; addr += PAGE_SIZE, pfn++) {
		if (mode == DMIRROR_MAP_DEVICE) {
			if (!dmirror_pfn_is_own(dmirror, *pfn))
				continue;
		} else if (WARN_ON_ONCE(!(*pfn & HMM_PFN_VALID) ||
					(*pfn & HMM_PFN_ERROR))) {
			return -EFAULT;
		} else if (mode == DMIRROR_MAP_WRITE &&
			   WARN_ON_ONCE(!(*pfn & HMM_PFN_WRITE))) {
			return -EFAULT;
		}
		ret = dmirror_store(dmirror, addr, *pfn);
		if (ret)
			return ret;
	}
	return 0;
}

/* The process may be gone, therefore a reference on its memory first. */
static int dmirror_map(struct dmirror *dmirror, unsigned long start,
		       unsigned long end, enum dmirror_map_mode mode)
{
	unsigned long pfns[DMIRROR_RANGE_PAGES];
	struct hmm_range range = {
		.notifier = &dmirror->notifier,
		.hmm_pfns = pfns,
		.dev_private_owner = dmirror->mdevice,
	};
	unsigned long addr;
	int ret = 0;

	if (mode != DMIRROR_MAP_DEVICE)
		range.default_flags = HMM_PFN_REQ_FAULT;
	if (mode == DMIRROR_MAP_WRITE)
		range.default_flags |= HMM_PFN_REQ_WRITE;

	if (!mmget_not_zero(dmirror->notifier.mm))
		return -EFAULT;
	for (addr = start; addr < end && !ret; addr = range.end) {
		range.start = addr;
		range.end = min(addr + sizeof(pfns) / sizeof(*pfns) * PAGE_SIZE,
				end);
		ret = dmirror_range_walk(dmirror, &range);
		if (ret)
			break;
		ret = dmirror_store_range(dmirror, &range, mode);
		mutex_unlock(&dmirror->mutex);
		cond_resched();
	}
	mmput(dmirror->notifier.mm);
	return ret;
}

/* Fault one page in as a CPU would, dropping the mmap lock if that waits. */
static int dmirror_fault_page_unlocked(struct mm_struct *mm, unsigned long addr)
{
	bool unlocked = false;
	int ret;

	mmap_read_lock(mm);
	ret = fixup_user_fault(mm, addr, 0, &unlocked);
	mmap_read_unlock(mm);
	return ret;
}

/*
 * Have the pages of the range faulted in by somebody who may wait without the
 * mmap lock, userfaultfd's monitor for instance. What the device has itself
 * stays where it is.
 */
static int dmirror_populate_unlocked(struct dmirror *dmirror,
				     unsigned long start, unsigned long end)
{
	unsigned long pfns[DMIRROR_RANGE_PAGES];
	struct hmm_range range = {
		.notifier = &dmirror->notifier,
		.hmm_pfns = pfns,
		.dev_private_owner = dmirror->mdevice,
	};
	struct mm_struct *mm = dmirror->notifier.mm;
	unsigned long addr, i;
	int ret = 0;

	if (!mmget_not_zero(mm))
		return -EFAULT;
	for (addr = start; addr < end && !ret; addr = range.end) {
		range.start = addr;
		range.end = min(addr + sizeof(pfns) / sizeof(*pfns) * PAGE_SIZE,
				end);
		ret = dmirror_range_walk(dmirror, &range);
		if (ret)
			break;
		mutex_unlock(&dmirror->mutex);
		for (i = 0; i < (range.end - addr) >> PAGE_SHIFT; i++) {
			if (pfns[i] & HMM_PFN_VALID)
				continue;
			ret = dmirror_fault_page_unlocked(mm, addr +
							  (i << PAGE_SHIFT));
			if (ret)
				break;
		}
	}
	mmput(mm);
	return ret;
}

/*
 * Copy from the device's view of memory to @bounce, from where it stopped the
 * last time. -ENOENT at a page that the device has not mapped.
 */
static int dmirror_do_read(struct dmirror *dmirror,
			   struct dmirror_bounce *bounce)
{
	unsigned long npages = bounce->size >> PAGE_SHIFT;
	unsigned long first = bounce->addr >> PAGE_SHIFT;
	int ret = 0;

	mutex_lock(&dmirror->mutex);
	while (bounce->cpages < npages) {
		void *entry = xa_load(&dmirror->pt, first + bounce->cpages);

		if (!entry) {
			ret = -ENOENT;
			break;
		}
		memcpy_from_page(bounce->ptr + (bounce->cpages << PAGE_SHIFT),
				 xa_untag_pointer(entry), 0, PAGE_SIZE);
		bounce->cpages++;
	}
	mutex_unlock(&dmirror->mutex);
	return ret;
}

static int dmirror_do_write(struct dmirror *dmirror,
			    struct dmirror_bounce *bounce)
{
	unsigned long npages = bounce->size >> PAGE_SHIFT;
	unsigned long first = bounce->addr >> PAGE_SHIFT;
	int ret = 0;

	mutex_lock(&dmirror->mutex);
	while (bounce->cpages < npages) {
		void *entry = xa_load(&dmirror->pt, first + bounce->cpages);

		if (!entry || xa_pointer_tag(entry) != DPT_XA_TAG_WRITE) {
			ret = -ENOENT;
			break;
		}
		memcpy_to_page(xa_untag_pointer(entry), 0,
			       bounce->ptr + (bounce->cpages << PAGE_SHIFT),
			       PAGE_SIZE);
		bounce->cpages++;
	}
	mutex_unlock(&dmirror->mutex);
	return ret;
}

static int dmirror_bounce_to_user(struct dmirror_bounce *bounce,
				  const struct hmm_dmirror_cmd *cmd)
{
	if (copy_to_user(u64_to_user_ptr(cmd->ptr), bounce->ptr, bounce->size))
		return -EFAULT;
	return 0;
}

/**
 * dmirror_read - the device reads memory, faulting where it must
 * @dmirror: the open file
 * @cmd: range and buffer; cpages and faults are filled
 * @may_unlock: faults may drop the mmap lock
 */
int dmirror_read(struct dmirror *dmirror, struct hmm_dmirror_cmd *cmd,
		 bool may_unlock)
{
	unsigned long end = cmd->addr + (cmd->npages << PAGE_SHIFT);
	struct dmirror_bounce bounce;
	unsigned long from;
	int ret;

	ret = dmirror_bounce_init(&bounce, cmd);
	if (ret)
		return ret;

	while ((ret = dmirror_do_read(dmirror, &bounce)) == -ENOENT) {
		from = cmd->addr + (bounce.cpages << PAGE_SHIFT);
		ret = may_unlock ?
			dmirror_populate_unlocked(dmirror, from, end) : 0;
		if (!ret)
			ret = dmirror_map(dmirror, from, end, DMIRROR_MAP_READ);
		if (ret)
			break;
		cmd->faults++;
	}
	if (!ret)
		ret = dmirror_bounce_to_user(&bounce, cmd);
	cmd->cpages = bounce.cpages;
	dmirror_bounce_fini(&bounce);
	return ret;
}

/**
 * dmirror_write - the device writes memory, faulting where it must
 * @dmirror: the open file
 * @cmd: range and buffer; cpages and faults are filled
 */
int dmirror_write(struct dmirror *dmirror, struct hmm_dmirror_cmd *cmd)
{
	unsigned long end = cmd->addr + (cmd->npages << PAGE_SHIFT);
	struct dmirror_bounce bounce;
	unsigned long from;
	int ret;

	ret = dmirror_bounce_init(&bounce, cmd);
	if (ret)
		return ret;
	if (copy_from_user(bounce.ptr, u64_to_user_ptr(cmd->ptr),
			   bounce.size)) {
		ret = -EFAULT;
		goto out;
	}

	while ((ret = dmirror_do_write(dmirror, &bounce)) == -ENOENT) {
		from = cmd->addr + (bounce.cpages << PAGE_SHIFT);
		ret = dmirror_map(dmirror, from, end, DMIRROR_MAP_WRITE);
		if (ret)
			break;
		cmd->faults++;
	}
out:
	cmd->cpages = bounce.cpages;
	dmirror_bounce_fini(&bounce);
	return ret;
}

/**
 * dmirror_read_migrated - read a range that was migrated, without any fault
 * @dmirror: the open file
 * @cmd: range and buffer; cpages is filled
 *
 * Maps what is in this device's memory. Return: -ENOENT if a page of the range
 * is not.
 */
int dmirror_read_migrated(struct dmirror *dmirror, struct hmm_dmirror_cmd *cmd)
{
	unsigned long end = cmd->addr + (cmd->npages << PAGE_SHIFT);
	struct dmirror_bounce bounce;
	int ret;

	ret = dmirror_map(dmirror, cmd->addr, end, DMIRROR_MAP_DEVICE);
	if (ret)
		return ret;
	ret = dmirror_bounce_init(&bounce, cmd);
	if (ret)
		return ret;
	ret = dmirror_do_read(dmirror, &bounce);
	if (!ret)
		ret = dmirror_bounce_to_user(&bounce, cmd);
	cmd->cpages = bounce.cpages;
	dmirror_bounce_fini(&bounce);
	return ret;
}

static unsigned char dmirror_prot(struct dmirror *dmirror, unsigned long pfn)
{
	unsigned char prot = HMM_DMIRROR_PROT_NONE;
	struct page *page;
	unsigned int shift;
	bool own;

	if (pfn & HMM_PFN_ERROR)
		return HMM_DMIRROR_PROT_ERROR;
	if (!(pfn & HMM_PFN_VALID))
		return HMM_DMIRROR_PROT_NONE;

	page = hmm_pfn_to_page(pfn);
	own = dmirror_pfn_is_own(dmirror, pfn);
	if (is_device_private_page(page))
		prot = own ? HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL :
			     HMM_DMIRROR_PROT_DEV_PRIVATE_REMOTE;
	else if (is_device_coherent_page(page))
		prot = own ? HMM_DMIRROR_PROT_DEV_COHERENT_LOCAL :
			     HMM_DMIRROR_PROT_DEV_COHERENT_REMOTE;
	else if (is_zero_pfn(page_to_pfn(page)))
		prot = HMM_DMIRROR_PROT_ZERO;

	prot |= pfn & HMM_PFN_WRITE ? HMM_DMIRROR_PROT_WRITE :
				      HMM_DMIRROR_PROT_READ;
	shift = hmm_pfn_to_map_order(pfn) + PAGE_SHIFT;
	if (shift == PMD_SHIFT)
		prot |= HMM_DMIRROR_PROT_PMD;
	else if (shift == PUD_SHIFT)
		prot |= HMM_DMIRROR_PROT_PUD;
	return prot;
}

/* The huge zero folio has no name for a module: no owner tells it. */
static bool dmirror_is_zero(struct folio *folio)
{
	return is_zero_pfn(folio_pfn(folio)) ||
	       (folio_order(folio) == DMIRROR_BLOCK_ORDER &&
		!folio->mapping && !folio_test_hugetlb(folio));
}

static void dmirror_describe(struct dmirror *dmirror, unsigned long pfn,
			     struct hmm_dmirror_page *info)
{
	struct folio *folio;
	struct page *page;

	memset(info, 0, sizeof(*info));
	if (!(pfn & HMM_PFN_VALID) || (pfn & HMM_PFN_ERROR))
		return;

	page = hmm_pfn_to_page(pfn);
	folio = page_folio(page);
	info->pfn = page_to_pfn(page);
	info->index = folio_page_idx(folio, page);
	info->order = folio_order(folio);
	info->map_order = hmm_pfn_to_map_order(pfn);
	info->writable = !!(pfn & HMM_PFN_WRITE);
	if (dmirror_pfn_is_own(dmirror, pfn))
		info->where = HMM_DMIRROR_WHERE_DEV_LOCAL;
	else if (dmirror_is_device_page(page))
		info->where = HMM_DMIRROR_WHERE_DEV_REMOTE;
	else if (dmirror_is_zero(folio))
		info->where = HMM_DMIRROR_WHERE_ZERO;
	else
		info->where = HMM_DMIRROR_WHERE_SYS;
}

/* A notifier of its own for a range that is looked at without mapping it. */
struct dmirror_watch {
	struct mmu_interval_notifier notifier;
	struct dmirror		*dmirror;
};

static bool dmirror_watch_invalidate(struct mmu_interval_notifier *mni,
				     const struct mmu_notifier_range *range,
				     unsigned long cur_seq)
{
	struct dmirror_watch *watch =
		container_of(mni, struct dmirror_watch, notifier);
	struct dmirror *dmirror = watch->dmirror;

	if (mmu_notifier_range_blockable(range))
		mutex_lock(&dmirror->mutex);
	else if (!mutex_trylock(&dmirror->mutex))
		return false;
	mmu_interval_set_seq(mni, cur_seq);
	mutex_unlock(&dmirror->mutex);
	return true;
}

static const struct mmu_interval_notifier_ops dmirror_watch_ops = {
	.invalidate = dmirror_watch_invalidate,
};

/* What is written for each page of a range that is looked at. */
struct dmirror_look {
	union {
		unsigned char	prot[DMIRROR_RANGE_PAGES];
		struct hmm_dmirror_page info[DMIRROR_RANGE_PAGES];
	};
	unsigned long		pfns[DMIRROR_RANGE_PAGES];
};

static int dmirror_look_at(struct dmirror *dmirror, struct hmm_range *range,
			   struct dmirror_look *look, bool details)
{
	struct dmirror_watch watch = { .dmirror = dmirror };
	unsigned long i;
	int ret;

	range->notifier = &watch.notifier;
	ret = mmu_interval_notifier_insert(range->notifier,
					   dmirror->notifier.mm, range->start,
					   range->end - range->start,
					   &dmirror_watch_ops);
	if (ret)
		return ret;

	ret = dmirror_range_walk(dmirror, range);
	if (!ret) {
		for (i = 0; i < (range->end - range->start) >> PAGE_SHIFT; i++) {
			unsigned long pfn = look->pfns[i];

			if (details)
				dmirror_describe(dmirror, pfn, &look->info[i]);
			else
				look->prot[i] = dmirror_prot(dmirror, pfn);
		}
		mutex_unlock(&dmirror->mutex);
	}
	mmu_interval_notifier_remove(range->notifier);
	return ret;
}

static int dmirror_look_range(struct dmirror *dmirror,
			      struct hmm_dmirror_cmd *cmd, bool details)
{
	unsigned long end = cmd->addr + (cmd->npages << PAGE_SHIFT);
	char __user *to = u64_to_user_ptr(cmd->ptr);
	struct mm_struct *mm = dmirror->notifier.mm;
	struct dmirror_look *look;
	struct hmm_range range = {
		.dev_private_owner = dmirror->mdevice,
	};
	unsigned long addr, n;
	size_t each;
	int ret = 0;

	look = kmalloc(sizeof(*look), GFP_KERNEL);
	if (!look)
		return -ENOMEM;
	if (!mmget_not_zero(mm)) {
		kfree(look);
		return -EINVAL;
	}

	range.hmm_pfns = look->pfns;
	each = details ? sizeof(look->info[0]) : sizeof(look->prot[0]);
	for (addr = cmd->addr; addr < end; addr = range.end) {
		range.start = addr;
		range.end = min(addr + DMIRROR_RANGE_PAGES * PAGE_SIZE, end);
		ret = dmirror_look_at(dmirror, &range, look, details);
		if (ret)
			break;

		n = (range.end - range.start) >> PAGE_SHIFT;
		if (copy_to_user(to, details ? (void *)look->info : look->prot,
				 n * each)) {
			ret = -EFAULT;
			break;
		}
		cmd->cpages += n;
		to += n * each;
	}
	mmput(mm);
	kfree(look);
	return ret;
}

/**
 * dmirror_snapshot - what the device may do with each page, a byte for each
 * @dmirror: the open file
 * @cmd: range and buffer; cpages is filled
 */
int dmirror_snapshot(struct dmirror *dmirror, struct hmm_dmirror_cmd *cmd)
{
	return dmirror_look_range(dmirror, cmd, false);
}

/**
 * dmirror_pages - which page and folio is where
 * @dmirror: the open file
 * @cmd: range and buffer of struct hmm_dmirror_page; cpages is filled
 */
int dmirror_pages(struct dmirror *dmirror, struct hmm_dmirror_cmd *cmd)
{
	return dmirror_look_range(dmirror, cmd, true);
}

static int dmirror_map_exclusive(struct dmirror *dmirror, unsigned long addr,
				 struct page **pages, unsigned long n)
{
	unsigned long i;
	int ret = 0;

	mutex_lock(&dmirror->mutex);
	for (i = 0; i < n && !ret; i++) {
		if (!pages[i]) {
			ret = -EBUSY;
			break;
		}
		ret = xa_err(xa_store(&dmirror->pt, (addr >> PAGE_SHIFT) + i,
				      xa_tag_pointer(pages[i],
						     DPT_XA_TAG_ATOMIC),
				      GFP_ATOMIC));
	}
	mutex_unlock(&dmirror->mutex);
	return ret;
}

static int dmirror_make_exclusive(struct dmirror *dmirror, unsigned long addr,
				  unsigned long end)
{
	struct page *pages[DMIRROR_RANGE_PAGES];
	unsigned long n = (end - addr) >> PAGE_SHIFT;
	int got, i, ret;

	got = make_device_exclusive_range(dmirror->notifier.mm, addr, end,
					  pages, NULL);
	/* All or nothing: of a partial result some pages are undefined. */
	ret = got == n ? dmirror_map_exclusive(dmirror, addr, pages, n) :
			 -EBUSY;
	for (i = 0; i < got; i++) {
		if (pages[i]) {
			unlock_page(pages[i]);
			put_page(pages[i]);
		}
	}
	return ret;
}

/**
 * dmirror_exclusive - the device takes pages for itself, for atomic access
 * @dmirror: the open file
 * @cmd: range, and buffer for its content; cpages is filled
 */
int dmirror_exclusive(struct dmirror *dmirror, struct hmm_dmirror_cmd *cmd)
{
	unsigned long end = cmd->addr + (cmd->npages << PAGE_SHIFT);
	struct mm_struct *mm = dmirror->notifier.mm;
	struct dmirror_bounce bounce;
	unsigned long addr, next;
	int ret = 0;

	if (!mmget_not_zero(mm))
		return -EINVAL;
	mmap_read_lock(mm);
	for (addr = cmd->addr; addr < end && !ret; addr = next) {
		next = min(end, addr + DMIRROR_RANGE_PAGES * PAGE_SIZE);
		ret = dmirror_make_exclusive(dmirror, addr, next);
	}
	mmap_read_unlock(mm);
	mmput(mm);
	if (ret)
		return ret;

	ret = dmirror_bounce_init(&bounce, cmd);
	if (ret)
		return ret;
	ret = dmirror_do_read(dmirror, &bounce);
	if (!ret)
		ret = dmirror_bounce_to_user(&bounce, cmd);
	cmd->cpages = bounce.cpages;
	dmirror_bounce_fini(&bounce);
	return ret;
}

/**
 * dmirror_check_exclusive - make sure that the device has nothing exclusively
 * @dmirror: the open file
 * @cmd: range
 *
 * Return: -EPERM if a page of the range is exclusive yet.
 */
int dmirror_check_exclusive(struct dmirror *dmirror,
			    struct hmm_dmirror_cmd *cmd)
{
	unsigned long first = cmd->addr >> PAGE_SHIFT;
	unsigned long index;
	void *entry;
	int ret = 0;

	mutex_lock(&dmirror->mutex);
	xa_for_each_range(&dmirror->pt, index, entry, first,
			  first + cmd->npages - 1) {
		if (xa_pointer_tag(entry) == DPT_XA_TAG_ATOMIC)
			ret = -EPERM;
	}
	mutex_unlock(&dmirror->mutex);
	return ret;
}
