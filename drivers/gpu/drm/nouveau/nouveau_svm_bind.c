// SPDX-License-Identifier: MIT
/**
 * DOC: DRM_NOUVEAU_SVM_BIND
 *
 * The commands of the ioctl: migrate a range, set its policy, ask about it. Each
 * works on one window of 2 MiB after the other and holds the mmap lock for one
 * window at a time; each stops at a fatal signal.
 *
 * All of them are refused when the caller's mm is not the one that ran SVM_INIT:
 * after fork, or when the file was passed to another process, the GPU's address
 * space still belongs to the process that made it.
 */
#include "nouveau_svm_bind.h"

#include "nouveau_dmem.h"
#include "nouveau_drv.h"
#include "nouveau_svm_priv.h"

#include <linux/hmm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

/* First address that is mapped in [start, end), or end. */
static unsigned long next_mapped(struct mm_struct *mm, unsigned long start,
				 unsigned long end)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = find_vma_intersection(mm, start, end);
	start = vma ? max(start, vma->vm_start) : end;
	mmap_read_unlock(mm);
	return start;
}

static unsigned long window_end(unsigned long start, unsigned long end)
{
	return min(end, ALIGN(start + 1, SVM_WINDOW_BYTES));
}

static int window_to_vram(struct nouveau_dmem_job *job, struct mm_struct *mm,
			  unsigned long start, unsigned long end,
			  unsigned long *moved)
{
	struct vm_area_struct *vma;
	int ret = 0;

	mmap_read_lock(mm);
	while (start < end && !ret) {
		unsigned long next;

		vma = find_vma_intersection(mm, start, end);
		if (!vma)
			break;
		start = max(start, vma->vm_start);
		next = min(end, vma->vm_end);
		ret = nouveau_dmem_job_move(job, vma, start, next, moved);
		start = next;
	}
	mmap_read_unlock(mm);
	return ret;
}

struct to_vram {
	struct nouveau_svmm *svmm;
	struct nouveau_dmem_job *job;
	struct nouveau_svm_present *present;
	u64 cold;		/* what is newer is not pushed out */
	bool full;
	unsigned long moved;
};

/* Move what can be moved of a window. Returns how many pages of it are mapped by that. */
static int move_window(struct to_vram *t, unsigned long start, unsigned long end,
		       unsigned long *mapped)
{
	unsigned long before = t->moved;
	int ret;

	*mapped = 0;
	if (t->full)
		return 0;
	ret = nouveau_dmem_job_begin(t->job, start, end, NOUVEAU_DMEM_PUSH_OLDER, t->cold);
	if (ret == -ENOSPC)
		t->full = true;
	if (ret)
		/* A full VRAM is no error: the result says how far it went. */
		return ret == -ENOSPC ? 0 : ret;
	ret = window_to_vram(t->job, current->mm, start, end, &t->moved);
	*mapped = nouveau_dmem_job_pages_mapped(t->job);
	nouveau_dmem_job_end(t->job);
	if (t->moved != before)
		nouveau_svmm_moved(t->svmm, start, true);
	return ret;
}

/* What is there afterwards is mapped, wherever it is. */
static int bind_window(struct to_vram *t, unsigned long start, unsigned long end)
{
	unsigned long mapped;
	int ret = move_window(t, start, end, &mapped);

	if (ret || mapped == (end - start) >> PAGE_SHIFT)
		return ret;
	return nouveau_svmm_map_present(t->svmm, start, end, t->present);
}

static int bind_to_vram(struct nouveau_svmm *svmm, unsigned long start,
			unsigned long end, unsigned long *moved)
{
	struct to_vram t = {
		.svmm = svmm,
		.job = nouveau_dmem_job_new(svmm->drm, svmm),
		.present = kvmalloc(sizeof(*t.present), GFP_KERNEL),
		/* What this call brings to VRAM it does not push out again. */
		.cold = nouveau_dmem_now(svmm->drm) + 1,
	};
	int ret = t.job && t.present ? 0 : -ENOMEM;

	while (!ret && (start = next_mapped(current->mm, start, end)) < end) {
		unsigned long next = window_end(start, end);

		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		ret = bind_window(&t, start, next);
		start = next;
		cond_resched();
	}
	*moved = t.moved;
	kvfree(t.present);
	nouveau_dmem_job_del(t.job);
	return ret;
}

static int window_to_host(struct nouveau_svmm *svmm, struct mm_struct *mm,
			  unsigned long start, unsigned long end,
			  unsigned long *moved)
{
	struct vm_area_struct *vma;
	int ret = 0;

	mmap_read_lock(mm);
	while (start < end && !ret) {
		unsigned long next;

		vma = find_vma_intersection(mm, start, end);
		if (!vma)
			break;
		start = max(start, vma->vm_start);
		next = min(end, vma->vm_end);
		ret = nouveau_dmem_migrate_to_host(svmm->drm, vma, start, next, moved);
		start = next;
	}
	mmap_read_unlock(mm);
	return ret;
}

static int bind_to_host(struct nouveau_svmm *svmm, unsigned long start,
			unsigned long end, unsigned long *moved)
{
	struct mm_struct *mm = current->mm;
	int ret = 0;

	while ((start = next_mapped(mm, start, end)) < end) {
		unsigned long next = window_end(start, end);

		if (fatal_signal_pending(current))
			return -EINTR;
		ret = nouveau_dmem_revive(svmm->drm);
		if (!ret)
			ret = window_to_host(svmm, mm, start, next, moved);
		if (ret)
			break;
		start = next;
		cond_resched();
	}
	return ret;
}

static int svm_bind_migrate(struct nouveau_svmm *svmm, u32 target,
			    struct drm_nouveau_svm_bind *args)
{
	unsigned long moved = 0;
	int ret;

	if (args->reserved0)
		return -EINVAL;
	switch (target) {
	case NOUVEAU_SVM_BIND_TARGET__GPU_VRAM:
		ret = bind_to_vram(svmm, args->va_start, args->va_end, &moved);
		break;
	case NOUVEAU_SVM_BIND_TARGET__CPU:
		ret = bind_to_host(svmm, args->va_start, args->va_end, &moved);
		break;
	default:
		return -EINVAL;
	}
	args->result = moved;
	return ret;
}

static int svm_bind_policy(struct nouveau_svmm *svmm, u32 policy,
			   struct drm_nouveau_svm_bind *args)
{
	void *entry = NULL;

	BUILD_BUG_ON(NOUVEAU_SVM_BIND_POLICY__DEVICE != NOUVEAU_SVM_POLICY_DEVICE + 1);
	BUILD_BUG_ON(NOUVEAU_SVM_BIND_POLICY__HOST != NOUVEAU_SVM_POLICY_HOST + 1);

	if (args->reserved0 || policy > NOUVEAU_SVM_NR_POLICIES)
		return -EINVAL;
	if (policy != NOUVEAU_SVM_BIND_POLICY__DEFAULT)
		entry = xa_mk_value(policy - 1);
	args->result = 0;
	return mtree_store_range(&svmm->policy, args->va_start, args->va_end - 1, entry,
				 GFP_KERNEL);
}

/*
 * Query.
 */

struct query {
	struct nouveau_svmm *svmm;
	struct nouveau_svm_watch watch;
	struct drm_nouveau_svm_extent __user *out;
	u64 room;
	u64 total;
	struct drm_nouveau_svm_extent last;
	unsigned long pfns[SVM_WINDOW_PAGES];
};

static int query_flush(struct query *q)
{
	if (q->last.va_start == q->last.va_end)
		return 0;
	if (q->total < q->room &&
	    copy_to_user(&q->out[q->total], &q->last, sizeof(q->last)))
		return -EFAULT;
	q->total++;
	q->last.va_start = q->last.va_end;
	return 0;
}

static int query_add(struct query *q, const struct drm_nouveau_svm_extent *e)
{
	struct drm_nouveau_svm_extent *last = &q->last;
	int ret;

	if (last->va_end == e->va_start && last->va_start != last->va_end &&
	    last->where == e->where && last->order == e->order &&
	    last->policy == e->policy && last->moved == e->moved &&
	    last->moved_ms == e->moved_ms) {
		last->va_end = e->va_end;
		return 0;
	}
	ret = query_flush(q);
	*last = *e;
	return ret;
}

/* What one page table entry says; svmm->mutex is held, so that it stays true. */
static void query_pfn(struct query *q, unsigned long pfn, struct drm_nouveau_svm_extent *e)
{
	struct page *page;

	e->where = NOUVEAU_SVM_EXTENT_NOWHERE;
	e->order = 0;
	if (!(pfn & HMM_PFN_VALID))
		return;
	page = hmm_pfn_to_page(pfn);
	e->where = is_device_private_page(page) ? NOUVEAU_SVM_EXTENT_VRAM :
						  NOUVEAU_SVM_EXTENT_RAM;
	e->order = folio_order(page_folio(page));
}

static void query_move(struct query *q, unsigned long addr,
		       struct drm_nouveau_svm_extent *e)
{
	void *move = xa_load(&q->svmm->moves, addr / SVM_WINDOW_BYTES);

	e->moved = NOUVEAU_SVM_EXTENT_NOWHERE;
	e->moved_ms = 0;
	if (!move)
		return;
	e->moved = svm_move_to_vram(move) ? NOUVEAU_SVM_EXTENT_VRAM :
					    NOUVEAU_SVM_EXTENT_RAM;
	e->moved_ms = jiffies_to_msecs(svm_move_age(move));
}

/* Look at the CPU's page tables without faulting anything in. */
static int query_window(struct query *q, unsigned long start, unsigned long end)
{
	unsigned long nr = (end - start) >> PAGE_SHIFT, i;
	struct nouveau_svmm *svmm = q->svmm;
	struct hmm_range range = {
		.notifier = &q->watch.notifier,
		.start = start,
		.end = end,
		.hmm_pfns = q->pfns,
		.dev_private_owner = svmm->drm->dev,
	};
	struct drm_nouveau_svm_extent *found;
	int ret;

	found = kvmalloc_array(nr, sizeof(*found), GFP_KERNEL);
	if (!found)
		return -ENOMEM;
	memset(q->pfns, 0, nr * sizeof(q->pfns[0]));
	q->watch.migrating = NULL;
	ret = nouveau_svmm_watch(svmm, &q->watch, start, end);
	if (ret)
		goto out;

	do {
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		q->watch.seq = mmu_interval_read_begin(&q->watch.notifier);
		range.notifier_seq = q->watch.seq;
		mmap_read_lock(current->mm);
		ret = hmm_range_fault(&range);
		mmap_read_unlock(current->mm);
		if (!ret && !nouveau_svmm_map_begin(svmm, &q->watch))
			ret = -EBUSY;
	} while (ret == -EBUSY);

	if (!ret) {
		for (i = 0; i < nr; i++) {
			found[i].va_start = start + (i << PAGE_SHIFT);
			found[i].va_end = found[i].va_start + PAGE_SIZE;
			found[i].reserved = 0;
			query_pfn(q, q->pfns[i], &found[i]);
		}
		nouveau_svmm_map_end(svmm);
	}
	nouveau_svmm_unwatch(&q->watch);

	/* Once for the window: the clock goes on meanwhile. */
	query_move(q, start, &found[0]);
	for (i = 0; !ret && i < nr; i++) {
		found[i].policy = nouveau_svmm_policy(svmm, found[i].va_start) + 1;
		found[i].moved = found[0].moved;
		found[i].moved_ms = found[0].moved_ms;
		ret = query_add(q, &found[i]);
	}
out:
	kvfree(found);
	return ret;
}

static int svm_bind_query(struct nouveau_svmm *svmm, u32 target,
			  struct drm_nouveau_svm_bind *args)
{
	unsigned long start = args->va_start, end = args->va_end;
	struct query *q;
	int ret = 0;

	if (target)
		return -EINVAL;
	q = kvzalloc(sizeof(*q), GFP_KERNEL);
	if (!q)
		return -ENOMEM;
	q->svmm = svmm;
	q->out = u64_to_user_ptr(args->reserved0);
	q->room = args->npages;

	while (!ret && (start = next_mapped(current->mm, start, end)) < end) {
		unsigned long next = window_end(start, end);

		ret = query_window(q, start, next);
		start = next;
	}
	if (!ret)
		ret = query_flush(q);
	args->result = q->total;
	kvfree(q);
	return ret;
}

/**
 * nouveau_svm_bind - the commands of DRM_NOUVEAU_SVM_BIND
 * @svmm: the file's address space, or NULL
 * @args: the arguments
 *
 * Return: see the uAPI header.
 */
int nouveau_svm_bind(struct nouveau_svmm *svmm, struct drm_nouveau_svm_bind *args)
{
	u32 command = args->header >> NOUVEAU_SVM_BIND_COMMAND_SHIFT &
		      NOUVEAU_SVM_BIND_COMMAND_MASK;
	u32 target = args->header >> NOUVEAU_SVM_BIND_TARGET_SHIFT &
		     NOUVEAU_SVM_BIND_TARGET_MASK;

	args->va_start &= PAGE_MASK;
	args->va_end = ALIGN(args->va_end, PAGE_SIZE);
	if (args->header & ~NOUVEAU_SVM_BIND_VALID_MASK || args->reserved1 || args->stride)
		return -EINVAL;
	if (args->va_start >= args->va_end || args->va_end > TASK_SIZE_MAX)
		return -EINVAL;

	if (command == NOUVEAU_SVM_BIND_COMMAND__FEATURES) {
		args->result = NOUVEAU_SVM_BIND_FEATURE_CPU_TARGET |
			       NOUVEAU_SVM_BIND_FEATURE_POLICY |
			       NOUVEAU_SVM_BIND_FEATURE_QUERY |
			       NOUVEAU_SVM_BIND_FEATURE_RESULT |
			       NOUVEAU_SVM_BIND_FEATURE_MAPPED;
		return 0;
	}
	if (!svmm)
		return -EINVAL;
	if (svmm->notifier.mm != current->mm)
		return -EPERM;

	switch (command) {
	case NOUVEAU_SVM_BIND_COMMAND__MIGRATE:
		return svm_bind_migrate(svmm, target, args);
	case NOUVEAU_SVM_BIND_COMMAND__POLICY:
		return svm_bind_policy(svmm, target, args);
	case NOUVEAU_SVM_BIND_COMMAND__QUERY:
		return svm_bind_query(svmm, target, args);
	default:
		return -EINVAL;
	}
}
