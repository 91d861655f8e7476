// SPDX-License-Identifier: GPL-2.0
/*
 * HMM test driver: devices that mirror a process's memory and take its pages,
 * without any hardware. /dev/hmm_dmirror0 and 1 have private memory of their
 * own, 2 and 3 memory that the CPU can read, too. What user space can ask for
 * is in test_hmm_uapi.h; which part does what is in test_hmm_internal.h.
 *
 * This file: the module, its devices, open files and their settings, ioctls.
 */
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "test_hmm_internal.h"

#define DMIRROR_NDEVICES	4
#define DMIRROR_NPRIVATE	2

static unsigned long spm_addr_dev0;
module_param(spm_addr_dev0, ulong, 0444);
MODULE_PARM_DESC(spm_addr_dev0,
		 "Physical address of 256 MiB that the first coherent device has, set aside at boot");

static unsigned long spm_addr_dev1;
module_param(spm_addr_dev1, ulong, 0444);
MODULE_PARM_DESC(spm_addr_dev1,
		 "The same for the second coherent device; both or none are set");

static struct dmirror_device dmirror_devices[DMIRROR_NDEVICES];
static dev_t dmirror_dev;

static void dmirror_release(struct kref *ref)
{
	struct dmirror *dmirror = container_of(ref, struct dmirror, ref);

	xa_destroy(&dmirror->pt);
	kfree(dmirror);
}

/**
 * dmirror_put - drop a reference
 * @dmirror: the open file
 */
void dmirror_put(struct dmirror *dmirror)
{
	kref_put(&dmirror->ref, dmirror_release);
}

/**
 * dmirror_get_by_id - find the open file that device memory was allocated for
 * @mdevice: the device
 * @id: its number
 *
 * Return: the file with a reference, or NULL if it was closed.
 */
struct dmirror *dmirror_get_by_id(struct dmirror_device *mdevice, u32 id)
{
	struct dmirror *dmirror;

	xa_lock(&mdevice->mirrors);
	dmirror = xa_load(&mdevice->mirrors, id);
	if (dmirror)
		kref_get(&dmirror->ref);
	xa_unlock(&mdevice->mirrors);
	return dmirror;
}

/**
 * dmirror_should_fail - was this allocation's failure ordered?
 * @dmirror: the open file on whose behalf, or NULL
 * @side: HMM_DMIRROR_SIDE_*: which memory
 * @order: of the allocation
 */
bool dmirror_should_fail(struct dmirror *dmirror, unsigned int side,
			 unsigned int order)
{
	struct dmirror_inject *inject;
	bool fail = false;

	if (!dmirror)
		return false;
	inject = &dmirror->inject[side];
	if (!READ_ONCE(inject->count) && !READ_ONCE(dmirror->fail_large_once))
		return false;

	spin_lock(&dmirror->inject_lock);
	if (order && dmirror->fail_large_once) {
		dmirror->fail_large_once = false;
		fail = true;
	} else if (inject->count && inject->orders & BIT(order)) {
		if (inject->skip) {
			inject->skip--;
		} else {
			inject->count--;
			inject->fired++;
			fail = true;
		}
	}
	spin_unlock(&dmirror->inject_lock);
	return fail;
}

static int dmirror_fops_open(struct inode *inode, struct file *filp)
{
	struct dmirror_device *mdevice =
		container_of(inode->i_cdev, struct dmirror_device, cdevice);
	struct dmirror *dmirror;
	int ret;

	dmirror = kzalloc(sizeof(*dmirror), GFP_KERNEL);
	if (!dmirror)
		return -ENOMEM;

	kref_init(&dmirror->ref);
	dmirror->mdevice = mdevice;
	mutex_init(&dmirror->mutex);
	xa_init(&dmirror->pt);
	spin_lock_init(&dmirror->inject_lock);
	dmirror->to_dev = DMIRROR_ORDERS_DEFAULT;
	dmirror->to_sys = DMIRROR_ORDERS_DEFAULT;

	ret = mmu_interval_notifier_insert(&dmirror->notifier, current->mm, 0,
					   ULONG_MAX & PAGE_MASK,
					   &dmirror_notifier_ops);
	if (ret)
		goto err_put;
	ret = xa_alloc(&mdevice->mirrors, &dmirror->id, dmirror, xa_limit_31b,
		       GFP_KERNEL);
	if (ret)
		goto err_notifier;
	filp->private_data = dmirror;
	return 0;

err_notifier:
	mmu_interval_notifier_remove(&dmirror->notifier);
err_put:
	dmirror_put(dmirror);
	return ret;
}

/*
 * What was migrated stays on the device: other files' memory is none of this
 * one's business, and its own may belong to a child by now. The CPU fault that
 * brings it back needs no file.
 */
static int dmirror_fops_release(struct inode *inode, struct file *filp)
{
	struct dmirror *dmirror = filp->private_data;

	mmu_interval_notifier_remove(&dmirror->notifier);
	xa_erase(&dmirror->mdevice->mirrors, dmirror->id);
	dmirror_put(dmirror);
	return 0;
}

static int dmirror_set_orders(struct dmirror *dmirror,
			      struct hmm_dmirror_orders *orders)
{
	if ((orders->to_dev | orders->to_sys) & ~DMIRROR_ORDERS_ALL)
		return -EINVAL;
	if (orders->to_dev)
		WRITE_ONCE(dmirror->to_dev, orders->to_dev | BIT(0));
	if (orders->to_sys)
		WRITE_ONCE(dmirror->to_sys, orders->to_sys | BIT(0));
	orders->to_dev = READ_ONCE(dmirror->to_dev);
	orders->to_sys = READ_ONCE(dmirror->to_sys);
	return 0;
}

static int dmirror_set_inject(struct dmirror *dmirror,
			      struct hmm_dmirror_inject *cmd)
{
	struct dmirror_inject *inject;

	if (cmd->side > HMM_DMIRROR_SIDE_SYS ||
	    cmd->orders & ~DMIRROR_ORDERS_ALL)
		return -EINVAL;

	inject = &dmirror->inject[cmd->side];
	spin_lock(&dmirror->inject_lock);
	cmd->fired = inject->fired;
	inject->orders = cmd->orders ? cmd->orders : DMIRROR_ORDERS_ALL;
	inject->skip = cmd->skip;
	inject->count = cmd->count;
	inject->fired = 0;
	spin_unlock(&dmirror->inject_lock);
	return 0;
}

static int dmirror_set_flags(struct dmirror *dmirror,
			     struct hmm_dmirror_cmd *cmd)
{
	if (cmd->npages & ~HMM_DMIRROR_FLAG_FAIL_ALLOC)
		return -EINVAL;
	spin_lock(&dmirror->inject_lock);
	dmirror->fail_large_once = cmd->npages & HMM_DMIRROR_FLAG_FAIL_ALLOC;
	spin_unlock(&dmirror->inject_lock);
	return 0;
}

static bool dmirror_range_is_good(u64 addr, u64 npages)
{
	u64 size;

	return !(addr & ~PAGE_MASK) && npages &&
	       !check_shl_overflow(npages, PAGE_SHIFT, &size) &&
	       size <= TASK_SIZE_MAX && addr <= TASK_SIZE_MAX - size;
}

static int dmirror_range_cmd(struct dmirror *dmirror, unsigned int command,
			     struct hmm_dmirror_cmd *cmd)
{
	cmd->cpages = 0;
	cmd->faults = 0;
	if (command == HMM_DMIRROR_FLAGS)
		return dmirror_set_flags(dmirror, cmd);
	if (!dmirror_range_is_good(cmd->addr, cmd->npages))
		return -EINVAL;

	switch (command) {
	case HMM_DMIRROR_READ:
		return dmirror_read(dmirror, cmd, false);
	case HMM_DMIRROR_READ_UNLOCKED:
		return dmirror_read(dmirror, cmd, true);
	case HMM_DMIRROR_WRITE:
		return dmirror_write(dmirror, cmd);
	case HMM_DMIRROR_MIGRATE_TO_DEV:
		return dmirror_migrate_to_device(dmirror, cmd);
	case HMM_DMIRROR_MIGRATE_TO_SYS:
		return dmirror_migrate_to_system(dmirror, cmd);
	case HMM_DMIRROR_SNAPSHOT:
		return dmirror_snapshot(dmirror, cmd);
	case HMM_DMIRROR_PAGES:
		return dmirror_pages(dmirror, cmd);
	case HMM_DMIRROR_EXCLUSIVE:
		return dmirror_exclusive(dmirror, cmd);
	case HMM_DMIRROR_CHECK_EXCLUSIVE:
		return dmirror_check_exclusive(dmirror, cmd);
	case HMM_DMIRROR_RELEASE:
		return dmirror_release_memory(dmirror->mdevice, true);
	default:
		return -EINVAL;
	}
}

static int dmirror_timed(struct dmirror *dmirror,
			 struct hmm_dmirror_timed *timed)
{
	struct hmm_dmirror_timed in = *timed;

	if (in.side > HMM_DMIRROR_SIDE_SYS || in.flags ||
	    !dmirror_range_is_good(in.addr, in.npages))
		return -EINVAL;
	memset(timed, 0, sizeof(*timed));
	timed->addr = in.addr;
	timed->npages = in.npages;
	timed->side = in.side;
	return dmirror_migrate(dmirror, timed);
}

static int dmirror_evict_cmd(struct dmirror *dmirror,
			     struct hmm_dmirror_evict *evict)
{
	if (evict->to_sys & ~DMIRROR_ORDERS_ALL)
		return -EINVAL;
	return dmirror_evict(dmirror, evict);
}

/* What an ioctl takes and gives; each starts where the union starts. */
union dmirror_ioctl_arg {
	struct hmm_dmirror_cmd		cmd;
	struct hmm_dmirror_orders	orders;
	struct hmm_dmirror_inject	inject;
	struct hmm_dmirror_timed	timed;
	struct hmm_dmirror_evict	evict;
	struct hmm_dmirror_stats	stats;
};

static int dmirror_do_ioctl(struct dmirror *dmirror, unsigned int command,
			    union dmirror_ioctl_arg *arg)
{
	switch (command) {
	case HMM_DMIRROR_ORDERS:
		return dmirror_set_orders(dmirror, &arg->orders);
	case HMM_DMIRROR_INJECT:
		return dmirror_set_inject(dmirror, &arg->inject);
	case HMM_DMIRROR_TIMED:
		return dmirror_timed(dmirror, &arg->timed);
	case HMM_DMIRROR_EVICT:
		return dmirror_evict_cmd(dmirror, &arg->evict);
	case HMM_DMIRROR_STATS:
		dmirror_pool_stats(dmirror->mdevice, &arg->stats);
		return 0;
	default:
		/* Commands on a range all have the same argument. */
		if (_IOC_SIZE(command) != sizeof(arg->cmd))
			return -EINVAL;
		return dmirror_range_cmd(dmirror, command, &arg->cmd);
	}
}

static long dmirror_fops_unlocked_ioctl(struct file *filp, unsigned int command,
					unsigned long arg)
{
	void __user *uarg = (void __user *)arg;
	size_t size = _IOC_SIZE(command);
	union dmirror_ioctl_arg karg = {};
	int ret;

	if (_IOC_TYPE(command) != 'H' || size > sizeof(karg))
		return -EINVAL;
	if (copy_from_user(&karg, uarg, size))
		return -EFAULT;
	ret = dmirror_do_ioctl(filp->private_data, command, &karg);
	if (ret)
		return ret;
	if (copy_to_user(uarg, &karg, size))
		return -EFAULT;
	return 0;
}

/* Kernel pages in a VMA of the driver's own, which nobody may migrate. */
static int dmirror_fops_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long addr;
	struct page *page;
	int ret;

	for (addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE) {
		page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!page)
			return -ENOMEM;
		ret = vm_insert_page(vma, addr, page);
		put_page(page);
		if (ret)
			return ret;
	}
	return 0;
}

static const struct file_operations dmirror_fops = {
	.open		= dmirror_fops_open,
	.release	= dmirror_fops_release,
	.mmap		= dmirror_fops_mmap,
	.unlocked_ioctl	= dmirror_fops_unlocked_ioctl,
	.llseek		= default_llseek,
	.owner		= THIS_MODULE,
};

/* The devices are static, and outlive every reference: files pin the module. */
static void dmirror_device_release(struct device *device)
{
}

static void dmirror_device_free(struct dmirror_device *mdevice)
{
	dmirror_release_memory(mdevice, false);
	kfree(mdevice->evict_window);
	xa_destroy(&mdevice->mirrors);
}

static int dmirror_device_init(struct dmirror_device *mdevice, int id)
{
	int ret;

	mutex_init(&mdevice->grow_mutex);
	spin_lock_init(&mdevice->pool_lock);
	INIT_LIST_HEAD(&mdevice->chunks);
	xa_init_flags(&mdevice->mirrors, XA_FLAGS_ALLOC1);
	mdevice->evict_window = kzalloc(sizeof(*mdevice->evict_window),
					GFP_KERNEL);
	if (!mdevice->evict_window)
		return -ENOMEM;

	device_initialize(&mdevice->device);
	mdevice->device.release = dmirror_device_release;
	mdevice->device.devt = MKDEV(MAJOR(dmirror_dev), id);
	ret = dev_set_name(&mdevice->device, "hmm_dmirror%u", id);
	if (ret)
		goto err_free;

	mutex_lock(&mdevice->grow_mutex);
	ret = dmirror_chunk_add(mdevice);
	mutex_unlock(&mdevice->grow_mutex);
	if (ret)
		goto err_free;

	cdev_init(&mdevice->cdevice, &dmirror_fops);
	mdevice->cdevice.owner = THIS_MODULE;
	ret = cdev_device_add(&mdevice->cdevice, &mdevice->device);
	if (!ret)
		return 0;
err_free:
	put_device(&mdevice->device);
	dmirror_device_free(mdevice);
	return ret;
}

static void dmirror_device_remove(struct dmirror_device *mdevice)
{
	cdev_device_del(&mdevice->cdevice, &mdevice->device);
	put_device(&mdevice->device);
	dmirror_device_free(mdevice);
}

static int __init hmm_dmirror_init(void)
{
	int ndevices = DMIRROR_NPRIVATE;
	int id, ret;

	if (!spm_addr_dev0 != !spm_addr_dev1) {
		pr_err("spm_addr_dev0 and spm_addr_dev1 go together\n");
		return -EINVAL;
	}
	if ((spm_addr_dev0 | spm_addr_dev1) & (DMIRROR_BLOCK_SIZE - 1)) {
		pr_err("spm_addr_dev0 and spm_addr_dev1 must be aligned to %lu KiB\n",
		       DMIRROR_BLOCK_SIZE >> 10);
		return -EINVAL;
	}
	if (spm_addr_dev0)
		ndevices = DMIRROR_NDEVICES;

	ret = alloc_chrdev_region(&dmirror_dev, 0, DMIRROR_NDEVICES,
				  "HMM_DMIRROR");
	if (ret)
		return ret;
	for (id = 0; id < ndevices; id++) {
		dmirror_devices[id].kind = id < DMIRROR_NPRIVATE ?
			HMM_DMIRROR_MEMORY_DEVICE_PRIVATE :
			HMM_DMIRROR_MEMORY_DEVICE_COHERENT;
		dmirror_devices[id].spm_start = id == DMIRROR_NPRIVATE ?
			spm_addr_dev0 : spm_addr_dev1;
		ret = dmirror_device_init(&dmirror_devices[id], id);
		if (ret)
			goto err_remove;
	}
	pr_info("HMM test driver, %d devices\n", ndevices);
	return 0;

err_remove:
	while (--id >= 0)
		dmirror_device_remove(&dmirror_devices[id]);
	unregister_chrdev_region(dmirror_dev, DMIRROR_NDEVICES);
	return ret;
}

static void __exit hmm_dmirror_exit(void)
{
	int id;

	for (id = 0; id < DMIRROR_NDEVICES; id++) {
		if (dmirror_devices[id].evict_window)
			dmirror_device_remove(&dmirror_devices[id]);
	}
	unregister_chrdev_region(dmirror_dev, DMIRROR_NDEVICES);
}

module_init(hmm_dmirror_init);
module_exit(hmm_dmirror_exit);
MODULE_DESCRIPTION("HMM (Heterogeneous Memory Management) test module");
MODULE_LICENSE("GPL");
