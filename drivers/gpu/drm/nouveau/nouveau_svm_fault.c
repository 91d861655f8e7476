// SPDX-License-Identifier: MIT
/**
 * DOC: GPU faults
 *
 * The hardware puts replayable faults into a buffer and stalls the access. The
 * handler takes all that are there, as one batch: sorted by channel, address and
 * strength of the access (the strongest first, so that the mapping it gets serves
 * the others, which are then duplicates). Each is served, or cancelled when the
 * process may not do what the GPU wants; in the end one replay makes the GPU try
 * again. A fault that was not served in this batch for some passing reason comes
 * again by itself.
 *
 * Serving a fault
 * ---------------
 * First comes the policy of the address (see the uAPI header). "auto" moves
 * the aligned 2 MiB to VRAM when the CPU maps it by one huge page or has touched
 * nothing of it, otherwise the aligned 64 KiB, as long as VRAM is free, and not so
 * soon after the CPU has pulled it back. "device" does the same at any time, and may
 * push out colder memory. "host" never moves anything.
 *
 * What was not moved is mapped where it is, at the size at which the CPU maps it: a
 * huge page by a PTE of 2 MiB, anything else by what is valid in the aligned 64 KiB
 * around the fault, with one PTE if it is one piece.
 *
 * Atomics work on VRAM, where the CPU has no access. On RAM the page is taken from
 * the CPU (device exclusive) before it is mapped.
 *
 * To add a policy: a value in &enum nouveau_svm_policy and in the uAPI header, a
 * name in policy_names[], and a line in want_vram().
 */
#include "nouveau_svm_priv.h"

#include "nouveau_dmem.h"
#include "nouveau_dmem_priv.h"
#include "nouveau_dmem_trace.h"
#include "nouveau_drv.h"

#include <drm/drm_drv.h>

#include <linux/delay.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/sort.h>

#include <nvif/class.h>
#include <nvif/clb069.h>
#include <nvif/event.h>
#include <nvif/if000c.h>
#include <nvif/ifc00d.h>
#include <nvif/object.h>

#define FAULT_ENTRY_BYTES	32
#define FAULT_AROUND_PAGES	16u
#define FAULT_AROUND_BYTES	((unsigned long)FAULT_AROUND_PAGES << PAGE_SHIFT)

/* An entry may become valid a moment after PUT has passed it. */
#define FAULT_VALID_TRIES	100

/* A cancel that finds another context running is put off so often in a row. */
#define FAULT_CANCEL_TRIES	2000

/**
 * struct served - what a fault has got
 * @start: first byte that is mapped
 * @end: one past the last
 * @write: writes are allowed
 * @atomic: atomics are allowed
 */
struct served {
	u64 start;
	u64 end;
	bool write;
	bool atomic;
};

/*
 * Replay and cancel.
 */

static void fault_replay(struct nouveau_svm *svm)
{
	struct gp100_vmm_fault_replay_vn args = {};

	WARN_ON(nvif_object_mthd(&svm->drm->client.vmm.vmm.object,
				 GP100_VMM_VN_FAULT_REPLAY, &args, sizeof(args)));
}

/*
 * Have the hardware fail the access for good; the channel dies of it. Only the
 * context that is current can be told so: when it is another one the fault is
 * replayed, comes again, and is cancelled then.
 *
 * Returns whether to replay.
 */
static bool fault_cancel(struct nouveau_svm *svm, const struct nouveau_svm_fault *fault)
{
	struct gp100_vmm_fault_cancel_v0 args = {
		.hub = fault->hub,
		.gpc = fault->gpc,
		.client = fault->client,
		.inst = fault->inst,
	};
	int ret;

	if (svm->drm->dmem)
		dmem_count(svm->drm->dmem, DMEM_GPU_FAULTS_CANCELLED, 1);
	ret = nvif_object_mthd(&svm->drm->client.vmm.vmm.object,
			       GP100_VMM_VN_FAULT_CANCEL, &args, sizeof(args));
	if (ret != -EAGAIN) {
		WARN_ON(ret);
		svm->buffer.cancels = 0;
		return false;
	}
	if (++svm->buffer.cancels < FAULT_CANCEL_TRIES) {
		usleep_range(100, 500);
		return true;
	}
	if (svm->buffer.cancels == FAULT_CANCEL_TRIES)
		SVM_ERR(svm, "fault of %016llx cannot be cancelled", fault->inst);
	return false;
}

/*
 * The fault buffer.
 */

/* Stronger accesses are served first. */
static int access_strength(u8 access)
{
	switch (access) {
	case NOUVEAU_SVM_ATOMIC:	return 3;
	case NOUVEAU_SVM_WRITE:		return 2;
	case NOUVEAU_SVM_READ:		return 1;
	default:			return 0;
	}
}

static int fault_cmp(const void *a, const void *b)
{
	const struct nouveau_svm_fault *fa = a, *fb = b;

	if (fa->inst != fb->inst)
		return fa->inst < fb->inst ? -1 : 1;
	if (fa->addr != fb->addr)
		return fa->addr < fb->addr ? -1 : 1;
	return access_strength(fb->access) - access_strength(fa->access);
}

/* Take one entry out of the hardware's buffer. */
static void fault_read(struct nouveau_svm *svm, u32 index)
{
	struct nouveau_svm_buffer *buffer = &svm->buffer;
	struct nvif_object *memory = &buffer->object;
	u32 offset = index * FAULT_ENTRY_BYTES, tries, info;
	struct nouveau_svm_fault *fault = &buffer->fault[buffer->nr];

	for (tries = 0; tries < FAULT_VALID_TRIES; tries++) {
		info = nvif_rd32(memory, offset + 0x1c);
		if (info & 0x80000000)
			break;
		udelay(1);
	}
	if (tries == FAULT_VALID_TRIES) {
		SVM_ERR(svm, "fault buffer entry %u is not valid", index);
		return;
	}

	fault->inst = nvif_rd32(memory, offset + 0x00) |
		      (u64)nvif_rd32(memory, offset + 0x04) << 32;
	fault->addr = nvif_rd32(memory, offset + 0x08) |
		      (u64)nvif_rd32(memory, offset + 0x0c) << 32;
	fault->addr &= PAGE_MASK;
	fault->svmm = NULL;
	fault->gpc = (info & 0x1f000000) >> 24;
	fault->hub = (info & 0x00100000) >> 20;
	fault->access = (info & 0x000f0000) >> 16;
	fault->client = (info & 0x00007f00) >> 8;
	fault->reason = info & 0x0000001f;
	nvif_mask(memory, offset + 0x1c, 0x80000000, 0x00000000);
	buffer->nr++;
}

/* Take everything that is there. */
static void faults_read(struct nouveau_svm *svm)
{
	struct nvif_object *device = &svm->drm->client.device.object;
	struct nouveau_svm_buffer *buffer = &svm->buffer;
	u32 get = nvif_rd32(device, buffer->getaddr);
	u32 put = nvif_rd32(device, buffer->putaddr);

	buffer->nr = 0;
	if (get >= buffer->entries || put >= buffer->entries) {
		SVM_ERR(svm, "fault buffer get %08x put %08x", get, put);
		return;
	}
	while (get != put) {
		fault_read(svm, get);
		if (++get == buffer->entries)
			get = 0;
	}
	nvif_wr32(device, buffer->getaddr, get);
	sort(buffer->fault, buffer->nr, sizeof(buffer->fault[0]), fault_cmp, NULL);
}

/* Each channel's address space is looked up once. */
static void faults_lookup(struct nouveau_svm *svm)
{
	struct nouveau_svm_buffer *buffer = &svm->buffer;
	u32 i;

	for (i = 0; i < buffer->nr; i++) {
		struct nouveau_svm_fault *fault = &buffer->fault[i];

		if (i && fault[-1].inst == fault->inst) {
			fault->svmm = fault[-1].svmm;
			if (fault->svmm)
				kref_get(&fault->svmm->ref);
		} else {
			fault->svmm = nouveau_svmm_get_by_inst(svm, fault->inst);
		}
	}
}

/*
 * Mapping in place.
 */

static void served_by(struct served *served, u64 start, u64 end, u64 pte)
{
	served->start = start;
	served->end = end;
	served->write = pte & NVIF_VMM_PFNMAP_V0_W;
	served->atomic = pte & NVIF_VMM_PFNMAP_V0_A;
}

/* Map what hmm_range_fault() has found in [start, end); svmm->mutex is held. */
static int map_found(struct nouveau_svm *svm, struct nouveau_svmm *svmm, u64 addr,
		     unsigned long start, unsigned long end, struct served *served)
{
	struct nouveau_svm_buffer *buffer = &svm->buffer;
	unsigned int nr = (end - start) >> PAGE_SHIFT, i;
	unsigned int at = (addr - start) >> PAGE_SHIFT;
	unsigned long pfn = buffer->hmm_pfns[at];
	unsigned long huge = ALIGN_DOWN(addr, SVM_WINDOW_BYTES);
	unsigned int first, last;
	bool big = true;

	if (!(pfn & HMM_PFN_VALID))
		return -EFAULT;
	if (is_device_private_page(hmm_pfn_to_page(pfn)))
		nouveau_dmem_touch(svm->drm, hmm_pfn_to_page(pfn));

	if (hmm_pfn_to_map_order(pfn) >= NOUVEAU_DMEM_CHUNK_ORDER) {
		u64 pte = nouveau_svm_pte(pfn) - (addr - huge);

		served_by(served, huge, huge + SVM_WINDOW_BYTES, pte);
		return nouveau_svmm_map(svmm, huge, SVM_WINDOW_SHIFT, &pte, 1);
	}

	/* Neighbours that are mapped are in use: they are not written again. */
	for (i = 0; i < nr; i++) {
		unsigned long neighbour = start + ((unsigned long)i << PAGE_SHIFT);
		bool mapped = i != at && nouveau_svmm_is_mapped(svmm, neighbour, false);

		buffer->phys[i] = buffer->hmm_pfns[i] & HMM_PFN_VALID && !mapped ?
				  nouveau_svm_pte(buffer->hmm_pfns[i]) : 0;
		big &= !mapped;
	}
	if (big && nouveau_svm_is_big(buffer->phys)) {
		served_by(served, start, end, buffer->phys[0]);
		return nouveau_svmm_map(svmm, start, 16, buffer->phys, 1);
	}
	for (first = at; first && buffer->phys[first - 1]; first--)
		;
	for (last = at + 1; last < nr && buffer->phys[last]; last++)
		;
	served_by(served, addr, addr + PAGE_SIZE, buffer->phys[at]);
	return nouveau_svmm_map(svmm, start + ((unsigned long)first << PAGE_SHIFT),
				PAGE_SHIFT, &buffer->phys[first], last - first);
}

/*
 * Let the process' page tables have what the GPU needs, then mirror them. The whole
 * 2 MiB is watched, since a huge page is mapped as a whole.
 */
static int map_in_place(struct nouveau_svm *svm, struct nouveau_svmm *svmm,
			const struct nouveau_svm_fault *fault, struct served *served)
{
	unsigned long timeout = jiffies + msecs_to_jiffies(HMM_RANGE_DEFAULT_TIMEOUT);
	unsigned long window = ALIGN_DOWN(fault->addr, SVM_WINDOW_BYTES);
	unsigned long start = ALIGN_DOWN(fault->addr, FAULT_AROUND_BYTES);
	unsigned int at = (fault->addr - start) >> PAGE_SHIFT;
	struct mm_struct *mm = svmm->notifier.mm;
	struct nouveau_svm_watch watch = {};
	struct hmm_range range = {
		.notifier = &watch.notifier,
		.start = start,
		.end = start + FAULT_AROUND_BYTES,
		.hmm_pfns = svm->buffer.hmm_pfns,
		.pfn_flags_mask = HMM_PFN_REQ_FAULT | HMM_PFN_REQ_WRITE,
		.dev_private_owner = svm->drm->dev,
	};
	int ret;

	ret = nouveau_svmm_watch(svmm, &watch, window, window + SVM_WINDOW_BYTES);
	if (ret)
		return ret;

	do {
		ret = -EBUSY;
		if (time_after(jiffies, timeout))
			break;
		/* Only the faulting page must be there. */
		memset(svm->buffer.hmm_pfns, 0,
		       FAULT_AROUND_PAGES * sizeof(svm->buffer.hmm_pfns[0]));
		if (fault->access != NOUVEAU_SVM_PREFETCH)
			svm->buffer.hmm_pfns[at] = HMM_PFN_REQ_FAULT;
		if (fault->access == NOUVEAU_SVM_WRITE)
			svm->buffer.hmm_pfns[at] |= HMM_PFN_REQ_WRITE;

		watch.seq = mmu_interval_read_begin(&watch.notifier);
		range.notifier_seq = watch.seq;
		mmap_read_lock(mm);
		ret = hmm_range_fault(&range);
		mmap_read_unlock(mm);
		if (ret)
			continue;
		if (!nouveau_svmm_map_begin(svmm, &watch)) {
			ret = svmm->vmm && !svmm->mm_gone ? -EBUSY : -ESRCH;
			continue;
		}
		ret = map_found(svm, svmm, fault->addr, start, range.end, served);
		nouveau_svmm_map_end(svmm);
	} while (ret == -EBUSY);

	nouveau_svmm_unwatch(&watch);
	/* A prefetch of what is not there is no error. */
	return fault->access == NOUVEAU_SVM_PREFETCH ? 0 : ret;
}

/* Map one page of RAM for atomics: the CPU loses it until it faults. */
static int map_exclusive(struct nouveau_svm *svm, struct nouveau_svmm *svmm,
			 const struct nouveau_svm_fault *fault, struct served *served)
{
	unsigned long timeout = jiffies + msecs_to_jiffies(HMM_RANGE_DEFAULT_TIMEOUT);
	unsigned long start = fault->addr;
	struct mm_struct *mm = svmm->notifier.mm;
	struct nouveau_svm_watch watch = {};
	struct folio *folio;
	struct page *page;
	u64 pte;
	int ret;

	ret = nouveau_svmm_watch(svmm, &watch, start, start + PAGE_SIZE);
	if (ret)
		return ret;

	for (;;) {
		ret = -EBUSY;
		if (time_after(jiffies, timeout))
			break;

		/*
		 * Bring it to RAM, and out of an exclusive mapping that we made in
		 * the turn before, while the watch does not count yet: otherwise
		 * taking it would change the range each time.
		 */
		mmap_read_lock(mm);
		ret = fixup_user_fault(mm, start, FAULT_FLAG_WRITE | FAULT_FLAG_REMOTE,
				       NULL);
		mmap_read_unlock(mm);
		if (ret)
			break;

		page = NULL;
		watch.seq = mmu_interval_read_begin(&watch.notifier);
		mmap_read_lock(mm);
		ret = make_device_exclusive_range(mm, start, start + PAGE_SIZE, &page,
						  svm->drm->dev);
		mmap_read_unlock(mm);
		if (ret <= 0 || !page) {
			ret = -EINVAL;
			break;
		}
		folio = page_folio(page);
		if (nouveau_svmm_map_begin(svmm, &watch)) {
			pte = NVIF_VMM_PFNMAP_V0_V | NVIF_VMM_PFNMAP_V0_W |
			      NVIF_VMM_PFNMAP_V0_A | NVIF_VMM_PFNMAP_V0_HOST |
			      page_to_phys(page);
			served_by(served, start, start + PAGE_SIZE, pte);
			ret = nouveau_svmm_map(svmm, start, PAGE_SHIFT, &pte, 1);
			nouveau_svmm_map_end(svmm);
			folio_unlock(folio);
			folio_put(folio);
			break;
		}
		folio_unlock(folio);
		folio_put(folio);
	}
	nouveau_svmm_unwatch(&watch);
	return ret;
}

/*
 * Moving to VRAM.
 */

/* Does the policy want this address in VRAM now? */
static bool want_vram(struct nouveau_svm *svm, struct nouveau_svmm *svmm,
		      const struct nouveau_svm_fault *fault,
		      enum nouveau_dmem_push *push)
{
	void *move;

	*push = NOUVEAU_DMEM_PUSH_NONE;
	if (!svm->drm->dmem || fault->access == NOUVEAU_SVM_PREFETCH)
		return false;

	switch (nouveau_svmm_policy(svmm, fault->addr)) {
	case NOUVEAU_SVM_POLICY_HOST:
		return false;
	case NOUVEAU_SVM_POLICY_DEVICE:
		*push = NOUVEAU_DMEM_PUSH_OLDER;
		return true;
	default:
		move = xa_load(&svmm->moves, fault->addr / SVM_WINDOW_BYTES);
		return !move || svm_move_to_vram(move) ||
		       jiffies_to_msecs(svm_move_age(move)) > READ_ONCE(svm->guard_ms);
	}
}

/*
 * How much is moved: the whole window when it is one huge page or one hole, the
 * aligned 64 KiB around the address otherwise. False: it is in VRAM, or cannot be.
 */
static bool choose_range(struct nouveau_svm *svm, struct nouveau_svm_watch *watch,
			 struct vm_area_struct *vma, unsigned long addr,
			 unsigned long *start, unsigned long *end)
{
	unsigned long window = ALIGN_DOWN(addr, SVM_WINDOW_BYTES), pfn, i, nr;
	unsigned long *pfns = svm->buffer.hmm_pfns;
	struct hmm_range range = {
		.notifier = &watch->notifier,
		.notifier_seq = watch->seq,
		.start = max(window, vma->vm_start),
		.end = min(window + SVM_WINDOW_BYTES, vma->vm_end),
		.hmm_pfns = pfns,
		.dev_private_owner = svm->drm->dev,
	};
	bool hole = true;

	nr = (range.end - range.start) >> PAGE_SHIFT;
	memset(pfns, 0, nr * sizeof(*pfns));
	if (hmm_range_fault(&range))
		return false;

	pfn = pfns[(addr - range.start) >> PAGE_SHIFT];
	if ((pfn & HMM_PFN_VALID) && is_device_private_page(hmm_pfn_to_page(pfn)))
		return false;
	for (i = 0; i < nr && hole; i++)
		hole = !(pfns[i] & HMM_PFN_VALID);

	*start = range.start;
	*end = range.end;
	if (hole || ((pfn & HMM_PFN_VALID) &&
		     hmm_pfn_to_map_order(pfn) >= NOUVEAU_DMEM_CHUNK_ORDER))
		return true;
	*start = max(*start, ALIGN_DOWN(addr, FAULT_AROUND_BYTES));
	*end = min(*end, ALIGN_DOWN(addr, FAULT_AROUND_BYTES) + FAULT_AROUND_BYTES);
	return true;
}

/* Move, and say what is mapped by that. Whatever goes wrong: map in place. */
static bool move_to_vram(struct nouveau_svm *svm, struct nouveau_svmm *svmm,
			 const struct nouveau_svm_fault *fault,
			 enum nouveau_dmem_push push, struct served *served)
{
	unsigned long window = ALIGN_DOWN(fault->addr, SVM_WINDOW_BYTES);
	struct mm_struct *mm = svmm->notifier.mm;
	unsigned long start, end, moved = 0;
	struct vm_area_struct *vma;
	struct nouveau_dmem_job *job;
	bool done = false;

	job = nouveau_dmem_job_new(svm->drm, svmm);
	if (!job)
		return false;
	if (nouveau_dmem_job_begin(job, window, window + SVM_WINDOW_BYTES, push,
				   nouveau_dmem_now(svm->drm)))
		goto out;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, fault->addr);
	/* A write to what may not be written is for map_in_place() to refuse. */
	if (vma && vma_is_anonymous(vma) && vma->vm_flags & VM_READ &&
	    (fault->access == NOUVEAU_SVM_READ || vma->vm_flags & VM_WRITE) &&
	    choose_range(svm, nouveau_dmem_job_watch(job), vma, fault->addr, &start, &end))
		nouveau_dmem_job_move(job, vma, start, end, &moved);
	mmap_read_unlock(mm);

	if (moved) {
		done = nouveau_dmem_job_mapped(job, fault->addr, &served->start,
					       &served->end, &served->write);
		served->atomic = served->write;
		nouveau_svmm_moved(svmm, window, true);
	}
	nouveau_dmem_job_end(job);
out:
	nouveau_dmem_job_del(job);
	return done;
}

/*
 * The handler.
 */

static bool is_served(const struct nouveau_svm_fault *fault, const struct served *served)
{
	if (fault->addr < served->start || fault->addr >= served->end)
		return false;
	switch (fault->access) {
	case NOUVEAU_SVM_ATOMIC:	return served->atomic;
	case NOUVEAU_SVM_WRITE:		return served->write;
	default:			return true;
	}
}

/* RAM that is written atomically is mapped in another way than the rest. */
static int serve_atomic(struct nouveau_svm *svm, struct nouveau_svmm *svmm,
			const struct nouveau_svm_fault *fault, struct served *served)
{
	struct nouveau_svm_fault write = *fault;
	int ret;

	/* If it is in VRAM an ordinary mapping will do. */
	write.access = NOUVEAU_SVM_WRITE;
	ret = map_in_place(svm, svmm, &write, served);
	if (ret || served->atomic)
		return ret;
	return map_exclusive(svm, svmm, fault, served);
}

static int fault_serve(struct nouveau_svm *svm, const struct nouveau_svm_fault *fault,
		       struct served *served)
{
	struct nouveau_svmm *svmm = fault->svmm;
	struct nouveau_dmem *dmem = svm->drm->dmem;
	enum nouveau_dmem_push push;
	int ret;

	if (fault->addr >= svmm->unmanaged.start && fault->addr < svmm->unmanaged.limit)
		return -EFAULT;
	if (!mmget_not_zero(svmm->notifier.mm))
		return -ESRCH;

	if (want_vram(svm, svmm, fault, &push) &&
	    move_to_vram(svm, svmm, fault, push, served) && is_served(fault, served)) {
		dmem_count(dmem, DMEM_GPU_FAULTS_MIGRATED, 1);
		ret = 0;
	} else {
		ret = fault->access == NOUVEAU_SVM_ATOMIC ?
		      serve_atomic(svm, svmm, fault, served) :
		      map_in_place(svm, svmm, fault, served);
		if (!ret && dmem)
			dmem_count(dmem, DMEM_GPU_FAULTS_MAPPED, 1);
	}
	mmput(svmm->notifier.mm);
	trace_nouveau_dmem_gpu_fault(fault->addr, fault->access,
				     served->end > served->start ?
				     __ffs64(served->end - served->start) : 0, ret);
	return ret;
}

static void fault_work(struct work_struct *work)
{
	struct nouveau_svm *svm = container_of(work, struct nouveau_svm, buffer.work);
	struct nouveau_svm_buffer *buffer = &svm->buffer;
	struct nouveau_svmm *last = NULL;
	struct served served = {};
	bool replay = false;
	int idx, ret;
	u32 i;

	if (!drm_dev_enter(svm->drm->dev, &idx))
		return;
	faults_read(svm);
	faults_lookup(svm);
	if (svm->drm->dmem)
		dmem_count(svm->drm->dmem, DMEM_GPU_FAULTS, buffer->nr);

	for (i = 0; i < buffer->nr; i++) {
		struct nouveau_svm_fault *fault = &buffer->fault[i];

		if (fault->svmm && fault->svmm == last && is_served(fault, &served)) {
			if (svm->drm->dmem)
				dmem_count(svm->drm->dmem, DMEM_GPU_FAULTS_DUPLICATE, 1);
			continue;
		}
		last = fault->svmm;
		memset(&served, 0, sizeof(served));
		ret = fault->svmm ? fault_serve(svm, fault, &served) : -EFAULT;
		/* A range that does not stay still is no fault of the GPU's. */
		if (ret && ret != -EBUSY) {
			memset(&served, 0, sizeof(served));
			replay |= fault_cancel(svm, fault);
		} else {
			replay = true;
		}
		cond_resched();
	}
	for (i = 0; i < buffer->nr; i++)
		nouveau_svmm_put(buffer->fault[i].svmm);
	if (replay)
		fault_replay(svm);
	drm_dev_exit(idx);
}

static int fault_event(struct nvif_event *event, void *argv, u32 argc)
{
	struct nouveau_svm_buffer *buffer =
		container_of(event, struct nouveau_svm_buffer, notify);

	queue_work(system_unbound_wq, &buffer->work);
	return NVIF_EVENT_KEEP;
}

/**
 * nouveau_svm_buffer_stop - serve no more faults
 * @svm: the device
 */
void nouveau_svm_buffer_stop(struct nouveau_svm *svm)
{
	nvif_event_block(&svm->buffer.notify);
	flush_work(&svm->buffer.work);
}

/**
 * nouveau_svm_buffer_start - serve faults
 * @svm: the device
 *
 * Return: 0 or an error.
 */
int nouveau_svm_buffer_start(struct nouveau_svm *svm)
{
	int ret = nvif_event_allow(&svm->buffer.notify);

	/* What came before anybody listened. */
	if (!ret)
		queue_work(system_unbound_wq, &svm->buffer.work);
	return ret;
}

/**
 * nouveau_svm_buffer_ctor - get hold of the fault buffer
 * @svm: the device
 * @oclass: class of the buffer
 *
 * Return: 0 or an error; nouveau_svm_buffer_dtor() must follow in both cases.
 */
int nouveau_svm_buffer_ctor(struct nouveau_svm *svm, s32 oclass)
{
	struct nouveau_svm_buffer *buffer = &svm->buffer;
	struct nvif_object *device = &svm->drm->client.device.object;
	struct nvif_clb069_v0 args = {};
	int ret;

	INIT_WORK(&buffer->work, fault_work);
	ret = nvif_object_ctor(device, "svmFaultBuffer", 0, oclass, &args, sizeof(args),
			       &buffer->object);
	if (ret < 0) {
		SVM_ERR(svm, "no fault buffer: %d", ret);
		return ret;
	}
	ret = nvif_object_map(&buffer->object, NULL, 0);
	if (ret)
		return ret;

	buffer->entries = args.entries;
	buffer->getaddr = args.get;
	buffer->putaddr = args.put;
	buffer->fault = kvcalloc(buffer->entries, sizeof(*buffer->fault), GFP_KERNEL);
	if (!buffer->fault)
		return -ENOMEM;

	ret = nvif_event_ctor(&buffer->object, "svmFault", 0, fault_event, true, NULL, 0,
			      &buffer->notify);
	if (ret)
		return ret;
	return nouveau_svm_buffer_start(svm);
}

/**
 * nouveau_svm_buffer_dtor - let go of the fault buffer
 * @svm: the device
 */
void nouveau_svm_buffer_dtor(struct nouveau_svm *svm)
{
	struct nouveau_svm_buffer *buffer = &svm->buffer;

	if (nvif_object_constructed(&buffer->object)) {
		nouveau_svm_buffer_stop(svm);
		nvif_event_dtor(&buffer->notify);
		nvif_object_dtor(&buffer->object);
	}
	kvfree(buffer->fault);
}
