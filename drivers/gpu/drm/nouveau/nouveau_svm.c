// SPDX-License-Identifier: MIT
/**
 * DOC: shared virtual memory
 *
 * A file that has called SVM_INIT has a GPU address space in which the GPU sees what
 * the process sees at the same address, but for one window that stays with the
 * driver. An MMU notifier on the process' mm takes GPU translations away whenever
 * the CPU's change; GPU faults and migrations to VRAM bring them.
 *
 * The notifier does not ignore our own migrations. That is what makes sure that the
 * GPU's translation of a page is gone before the page is copied, in every address
 * space that has one. What is in VRAM already when something is moved there keeps its
 * translation; see nouveau_svm_map.c.
 *
 * svmm->mutex is taken in reclaim. Under it nothing is allocated that could reclaim:
 * the buffer for page table entries is there before, and the nvkm side allocates its
 * page tables without reclaim.
 *
 * An svmm is counted. The file's close takes the GPU side away (vmm becomes NULL);
 * the exit of the process does the same by the notifier's release, since a file can
 * outlive the memory of the process that opened it.
 */
#include "nouveau_svm_priv.h"

#include "nouveau_chan.h"
#include "nouveau_dmem.h"
#include "nouveau_drv.h"
#include "nouveau_svm_bind.h"

#include <drm/drm_debugfs.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>

#include <linux/debugfs.h>
#include <linux/pm_runtime.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include <nvif/class.h>
#include <nvif/ifc00d.h>
#include <nvif/vmm.h>

/* A channel of an address space. */
struct nouveau_ivmm {
	struct nouveau_svmm *svmm;
	u64 inst;
	struct list_head head;
};

static void svmm_release(struct kref *ref)
{
	struct nouveau_svmm *svmm = container_of(ref, struct nouveau_svmm, ref);

	mmu_notifier_put(&svmm->notifier);
}

/**
 * nouveau_svmm_put - drop a reference
 * @svmm: an address space or NULL
 */
void nouveau_svmm_put(struct nouveau_svmm *svmm)
{
	if (svmm)
		kref_put(&svmm->ref, svmm_release);
}

/* Memory of an address space that no notifier knows any more. */
static void svmm_free(struct nouveau_svmm *svmm)
{
	mtree_destroy(&svmm->policy);
	xa_destroy(&svmm->moves);
	nouveau_svmm_notes_free(svmm);
	nouveau_dmem_owner_put(svmm->owner);
	kvfree(svmm->pfnmap);
	mutex_destroy(&svmm->mutex);
	kfree(svmm);
}

static struct nouveau_ivmm *ivmm_find(struct nouveau_svm *svm, u64 inst)
{
	struct nouveau_ivmm *ivmm;

	lockdep_assert_held(&svm->mutex);
	list_for_each_entry(ivmm, &svm->inst, head)
		if (ivmm->inst == inst)
			return ivmm;
	return NULL;
}

/**
 * nouveau_svmm_get_by_inst - whose channel is this?
 * @svm: the device
 * @inst: address of an instance block, as in a fault
 *
 * Return: the address space, referenced, or NULL.
 */
struct nouveau_svmm *nouveau_svmm_get_by_inst(struct nouveau_svm *svm, u64 inst)
{
	struct nouveau_svmm *svmm = NULL;
	struct nouveau_ivmm *ivmm;

	mutex_lock(&svm->mutex);
	ivmm = ivmm_find(svm, inst);
	if (ivmm) {
		svmm = ivmm->svmm;
		kref_get(&svmm->ref);
	}
	mutex_unlock(&svm->mutex);
	return svmm;
}

/**
 * nouveau_svmm_join - a channel begins to use an address space
 * @svmm: the address space, or NULL
 * @inst: the channel's instance block
 *
 * Return: 0 or -ENOMEM.
 */
int nouveau_svmm_join(struct nouveau_svmm *svmm, u64 inst)
{
	struct nouveau_svm *svm;
	struct nouveau_ivmm *ivmm;

	if (!svmm)
		return 0;
	ivmm = kmalloc(sizeof(*ivmm), GFP_KERNEL);
	if (!ivmm)
		return -ENOMEM;
	kref_get(&svmm->ref);
	ivmm->svmm = svmm;
	ivmm->inst = inst;

	svm = svmm->drm->svm;
	mutex_lock(&svm->mutex);
	list_add(&ivmm->head, &svm->inst);
	mutex_unlock(&svm->mutex);
	return 0;
}

/**
 * nouveau_svmm_part - a channel is gone
 * @svmm: the address space, or NULL
 * @inst: the channel's instance block
 */
void nouveau_svmm_part(struct nouveau_svmm *svmm, u64 inst)
{
	struct nouveau_svm *svm = svmm ? svmm->drm->svm : NULL;
	struct nouveau_ivmm *ivmm;

	if (!svm)
		return;
	mutex_lock(&svm->mutex);
	ivmm = ivmm_find(svm, inst);
	if (ivmm)
		list_del(&ivmm->head);
	mutex_unlock(&svm->mutex);
	if (ivmm) {
		nouveau_svmm_put(ivmm->svmm);
		kfree(ivmm);
	}
}

/*
 * Translations.
 */

static void svmm_invalidate_all(struct nouveau_svmm *svmm)
{
	mutex_lock(&svmm->mutex);
	nouveau_svmm_invalidate(svmm, 0, TASK_SIZE_MAX, false);
	mutex_unlock(&svmm->mutex);
}

/**
 * nouveau_svmm_moved - note that something was moved
 * @svmm: the address space
 * @addr: where
 * @to_vram: direction
 *
 * Does not sleep for memory: if there is none the note is lost.
 */
void nouveau_svmm_moved(struct nouveau_svmm *svmm, unsigned long addr, bool to_vram)
{
	xa_store(&svmm->moves, addr / SVM_WINDOW_BYTES, svm_move_pack(jiffies, to_vram),
		 GFP_NOWAIT | __GFP_NOWARN);
}

/**
 * nouveau_svm_pulled_back - the CPU has taken something back to RAM
 * @drm: the device
 * @mm: whose
 * @addr: where
 */
void nouveau_svm_pulled_back(struct nouveau_drm *drm, struct mm_struct *mm,
			     unsigned long addr)
{
	struct nouveau_svm *svm = drm->svm;
	struct nouveau_svmm *svmm;

	mutex_lock(&svm->mutex);
	list_for_each_entry(svmm, &svm->svmms, head)
		if (svmm->notifier.mm == mm)
			nouveau_svmm_moved(svmm, addr, false);
	mutex_unlock(&svm->mutex);
}

/**
 * nouveau_svm_prefers_device - does somebody want this memory in VRAM at any time?
 * @drm: the device
 * @mm: whose
 * @addr: where
 */
bool nouveau_svm_prefers_device(struct nouveau_drm *drm, struct mm_struct *mm,
				unsigned long addr)
{
	struct nouveau_svm *svm = drm->svm;
	struct nouveau_svmm *svmm;
	bool ret = false;

	mutex_lock(&svm->mutex);
	list_for_each_entry(svmm, &svm->svmms, head)
		ret |= svmm->notifier.mm == mm &&
		       nouveau_svmm_policy(svmm, addr) == NOUVEAU_SVM_POLICY_DEVICE;
	mutex_unlock(&svm->mutex);
	return ret;
}

static void svmm_forget_moves(struct nouveau_svmm *svmm, unsigned long start,
			      unsigned long end)
{
	unsigned long index;
	void *move;

	xa_for_each_range(&svmm->moves, index, move, start / SVM_WINDOW_BYTES,
			  (end - 1) / SVM_WINDOW_BYTES)
		xa_erase(&svmm->moves, index);
}

static int svmm_invalidate_range_start(struct mmu_notifier *mn,
				       const struct mmu_notifier_range *range)
{
	struct nouveau_svmm *svmm = container_of(mn, struct nouveau_svmm, notifier);
	bool keep_vram;

	if (!mmu_notifier_range_blockable(range))
		return -EAGAIN;

	/* Our own migration to VRAM leaves alone what is there. */
	keep_vram = range->event == MMU_NOTIFY_MIGRATE && range->owner &&
		    range->owner == svmm->drm->dmem;
	mutex_lock(&svmm->mutex);
	nouveau_svmm_invalidate(svmm, range->start, range->end, keep_vram);
	mutex_unlock(&svmm->mutex);
	if (range->event == MMU_NOTIFY_UNMAP)
		svmm_forget_moves(svmm, range->start, range->end);
	return 0;
}

/* The process exits. Its pages are about to be freed; the file may stay open. */
static void svmm_mm_release(struct mmu_notifier *mn, struct mm_struct *mm)
{
	struct nouveau_svmm *svmm = container_of(mn, struct nouveau_svmm, notifier);

	mutex_lock(&svmm->mutex);
	svmm->mm_gone = true;
	nouveau_svmm_invalidate(svmm, 0, TASK_SIZE_MAX, false);
	mutex_unlock(&svmm->mutex);
}

static void svmm_free_notifier(struct mmu_notifier *mn)
{
	svmm_free(container_of(mn, struct nouveau_svmm, notifier));
}

static const struct mmu_notifier_ops svmm_notifier_ops = {
	.release		= svmm_mm_release,
	.invalidate_range_start	= svmm_invalidate_range_start,
	.free_notifier		= svmm_free_notifier,
};

/**
 * nouveau_svmm_policy - what a GPU fault is to do
 * @svmm: the address space
 * @addr: where
 */
enum nouveau_svm_policy nouveau_svmm_policy(struct nouveau_svmm *svmm, unsigned long addr)
{
	void *entry = mtree_load(&svmm->policy, addr);
	struct nouveau_svm *svm = svmm->drm->svm;

	return entry ? xa_to_value(entry) : READ_ONCE(svm->policy);
}

/*
 * Life of an address space.
 */

/**
 * nouveau_svmm_fini - the file is closed
 * @psvmm: the address space, or NULL; is set to NULL
 */
void nouveau_svmm_fini(struct nouveau_svmm **psvmm)
{
	struct nouveau_svmm *svmm = *psvmm;
	struct nouveau_svm *svm;

	if (!svmm)
		return;
	*psvmm = NULL;
	/* Unbind has freed the device's side before it closes what is open. */
	svm = svmm->drm->svm;
	if (svm)
		mutex_lock(&svm->mutex);
	list_del_init(&svmm->head);
	if (svm)
		mutex_unlock(&svm->mutex);

	mutex_lock(&svmm->mutex);
	nouveau_svmm_invalidate(svmm, 0, TASK_SIZE_MAX, false);
	svmm->vmm = NULL;
	mutex_unlock(&svmm->mutex);
	pm_runtime_put_autosuspend(svmm->drm->dev->dev);
	nouveau_svmm_put(svmm);
}

static struct nouveau_svmm *svmm_alloc(struct nouveau_drm *drm)
{
	struct nouveau_svmm *svmm = kzalloc(sizeof(*svmm), GFP_KERNEL);

	if (!svmm)
		return NULL;
	svmm->drm = drm;
	kref_init(&svmm->ref);
	mutex_init(&svmm->mutex);
	mt_init(&svmm->policy);
	xa_init(&svmm->moves);
	xa_init(&svmm->notes);
	INIT_LIST_HEAD(&svmm->head);
	svmm->notifier.ops = &svmm_notifier_ops;
	svmm->owner = nouveau_dmem_owner_new();
	svmm->pfnmap = nouveau_svmm_pfnmap_new();
	if (!svmm->owner || !svmm->pfnmap) {
		svmm_free(svmm);
		return NULL;
	}

	/* Reclaim enters the notifier: let lockdep know before it happens. */
	fs_reclaim_acquire(GFP_KERNEL);
	might_lock(&svmm->mutex);
	fs_reclaim_release(GFP_KERNEL);
	return svmm;
}

/**
 * nouveau_svmm_init - DRM_NOUVEAU_SVM_INIT
 * @dev: the device
 * @data: &struct drm_nouveau_svm_init
 * @file: the file
 *
 * Return: 0; -ENOSYS without SVM; -EBUSY when the file has it already; -EINVAL for a
 * window that wraps; -ENOMEM.
 */
int nouveau_svmm_init(struct drm_device *dev, void *data, struct drm_file *file)
{
	struct nouveau_cli *cli = nouveau_cli(file);
	struct drm_nouveau_svm_init *args = data;
	struct nouveau_drm *drm = cli->drm;
	struct gp100_vmm_v0 vmm = { .fault_replay = true };
	struct nouveau_svmm *svmm;
	int ret;

	if (!drm->svm)
		return -ENOSYS;
	if (args->unmanaged_addr + args->unmanaged_size < args->unmanaged_addr)
		return -EINVAL;

	svmm = svmm_alloc(drm);
	if (!svmm)
		return -ENOMEM;
	svmm->unmanaged.start = args->unmanaged_addr;
	svmm->unmanaged.limit = args->unmanaged_addr + args->unmanaged_size;

	mutex_lock(&cli->mutex);
	ret = -EBUSY;
	if (cli->svm.cli)
		goto out_free;

	/* Everything the file does from now on uses this address space. */
	ret = nvif_vmm_ctor(&cli->mmu, "svmVmm", cli->vmm.vmm.object.oclass, MANAGED,
			    args->unmanaged_addr, args->unmanaged_size,
			    &vmm, sizeof(vmm), &cli->svm.vmm);
	if (ret)
		goto out_free;
	svmm->vmm = &cli->svm;

	mmap_write_lock(current->mm);
	ret = __mmu_notifier_register(&svmm->notifier, current->mm);
	mmap_write_unlock(current->mm);
	if (ret) {
		nvif_vmm_dtor(&cli->svm.vmm);
		goto out_free;
	}

	mutex_lock(&drm->svm->mutex);
	list_add(&svmm->head, &drm->svm->svmms);
	mutex_unlock(&drm->svm->mutex);
	/* The notifier writes page tables at any time: the GPU stays awake. */
	pm_runtime_get_noresume(drm->dev->dev);
	cli->svm.svmm = svmm;
	cli->svm.cli = cli;
	mutex_unlock(&cli->mutex);
	return 0;

out_free:
	mutex_unlock(&cli->mutex);
	svmm_free(svmm);
	return ret;
}

/**
 * nouveau_svmm_bind - DRM_NOUVEAU_SVM_BIND
 * @dev: the device
 * @data: &struct drm_nouveau_svm_bind
 * @file: the file
 *
 * Return: see the uAPI header.
 */
int nouveau_svmm_bind(struct drm_device *dev, void *data, struct drm_file *file)
{
	struct nouveau_cli *cli = nouveau_cli(file);
	struct nouveau_svmm *svmm = NULL;
	int ret, idx;

	if (!drm_dev_enter(dev, &idx))
		return -ENODEV;
	mutex_lock(&cli->mutex);
	if (cli->svm.svmm) {
		svmm = cli->svm.svmm;
		kref_get(&svmm->ref);
	}
	mutex_unlock(&cli->mutex);
	ret = nouveau_svm_bind(svmm, data);
	nouveau_svmm_put(svmm);
	drm_dev_exit(idx);
	return ret;
}

/*
 * Life of the device.
 */

/**
 * nouveau_svm_suspend - no GPU translation may survive
 * @drm: the device
 *
 * VRAM may come back at other addresses.
 */
void nouveau_svm_suspend(struct nouveau_drm *drm)
{
	struct nouveau_svm *svm = drm->svm;
	struct nouveau_svmm *svmm;

	if (!svm)
		return;
	nouveau_svm_buffer_stop(svm);
	mutex_lock(&svm->mutex);
	list_for_each_entry(svmm, &svm->svmms, head)
		svmm_invalidate_all(svmm);
	mutex_unlock(&svm->mutex);
}

/**
 * nouveau_svm_resume - faults are served again
 * @drm: the device
 */
void nouveau_svm_resume(struct nouveau_drm *drm)
{
	if (drm->svm)
		nouveau_svm_buffer_start(drm->svm);
}

static const char * const policy_names[NOUVEAU_SVM_NR_POLICIES] = {
	[NOUVEAU_SVM_POLICY_AUTO]	= "auto",
	[NOUVEAU_SVM_POLICY_DEVICE]	= "device",
	[NOUVEAU_SVM_POLICY_HOST]	= "host",
};

static int policy_show(struct seq_file *m, void *data)
{
	struct nouveau_drm *drm = nouveau_drm(m->private);

	if (drm->svm)
		seq_printf(m, "%s\n", policy_names[drm->svm->policy]);
	return 0;
}

static int policy_open(struct inode *inode, struct file *file)
{
	return single_open(file, policy_show, inode->i_private);
}

static ssize_t policy_write(struct file *file, const char __user *buf, size_t len,
			    loff_t *pos)
{
	struct drm_device *dev = ((struct seq_file *)file->private_data)->private;
	struct nouveau_drm *drm = nouveau_drm(dev);
	char word[16] = {};
	int i;

	if (len >= sizeof(word))
		return -EINVAL;
	if (copy_from_user(word, buf, len))
		return -EFAULT;
	if (!drm->svm)
		return -ENODEV;
	i = sysfs_match_string(policy_names, word);
	if (i < 0)
		return i;
	WRITE_ONCE(drm->svm->policy, i);
	return len;
}

static const struct file_operations policy_fops = {
	.owner		= THIS_MODULE,
	.open		= policy_open,
	.read		= seq_read,
	.write		= policy_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

/**
 * nouveau_svm_debugfs_init - the switches
 * @minor: where
 *
 * svm_policy: auto, device or host; svm_guard_ms.
 */
void nouveau_svm_debugfs_init(struct drm_minor *minor)
{
	struct nouveau_drm *drm = nouveau_drm(minor->dev);

	if (!drm->svm)
		return;
	debugfs_create_file("svm_policy", 0600, minor->debugfs_root, minor->dev,
			    &policy_fops);
	debugfs_create_u32("svm_guard_ms", 0600, minor->debugfs_root,
			   &drm->svm->guard_ms);
}

/**
 * nouveau_svm_fini - no more faults are served
 * @drm: the device
 */
void nouveau_svm_fini(struct nouveau_drm *drm)
{
	struct nouveau_svm *svm = drm->svm;
	struct nouveau_ivmm *ivmm, *next;
	struct nouveau_svmm *svmm;

	if (!svm)
		return;
	nouveau_svm_buffer_dtor(svm);
	mutex_lock(&svm->mutex);
	while ((svmm = list_first_entry_or_null(&svm->svmms, struct nouveau_svmm, head)))
		list_del_init(&svmm->head);
	list_for_each_entry_safe(ivmm, next, &svm->inst, head) {
		list_del(&ivmm->head);
		nouveau_svmm_put(ivmm->svmm);
		kfree(ivmm);
	}
	drm->svm = NULL;
	mutex_unlock(&svm->mutex);
	mutex_destroy(&svm->mutex);
	kvfree(svm);
}

/**
 * nouveau_svm_init - begin to serve GPU faults
 * @drm: the device
 *
 * Leaves &nouveau_drm.svm NULL when the device cannot. Volta and later are left
 * out: their channels cannot be recovered, which would let any client take the GPU
 * away from everybody.
 */
void nouveau_svm_init(struct nouveau_drm *drm)
{
	static const struct nvif_mclass buffers[] = {
		{   VOLTA_FAULT_BUFFER_A, 0 },
		{ MAXWELL_FAULT_BUFFER_A, 0 },
		{}
	};
	struct nouveau_svm *svm;
	int ret;

	if (drm->client.device.info.family > NV_DEVICE_INFO_V0_PASCAL)
		return;
	ret = nvif_mclass(&drm->client.device.object, buffers);
	if (ret < 0)
		return;

	svm = kvzalloc(sizeof(*svm), GFP_KERNEL);
	if (!svm)
		return;
	svm->drm = drm;
	svm->guard_ms = SVM_GUARD_MS;
	mutex_init(&svm->mutex);
	INIT_LIST_HEAD(&svm->inst);
	INIT_LIST_HEAD(&svm->svmms);
	drm->svm = svm;
	if (nouveau_svm_buffer_ctor(svm, buffers[ret].oclass))
		nouveau_svm_fini(drm);
}
