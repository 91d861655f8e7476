// SPDX-License-Identifier: MIT
/**
 * DOC: what can be seen of device memory
 *
 * - debugfs ``dri/N/dmem``: one "name: value" a line, for people and scripts.
 *   Writing "check" runs the allocator's checks, "evict" empties device memory,
 *   "reset" sets the counters to zero.
 * - debugfs ``dri/N/dmem_timeout_ms``: how long a copy may take.
 * - trace events of the system nouveau_dmem.
 * - DRM fdinfo: drm-total-vram and drm-resident-vram of a file.
 *
 * To add a counter: one line in DMEM_COUNTERS() and a call of dmem_count().
 */
#define CREATE_TRACE_POINTS
#include "nouveau_dmem_priv.h"
#include "nouveau_dmem_trace.h"

#include "nouveau_bo.h"
#include "nouveau_drv.h"
#include "nouveau_gem.h"
#include "nouveau_svm.h"

#include <drm/drm_debugfs.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_print.h>

#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

static const char * const counter_names[] = {
#define X(name, text) [DMEM_##name] = text,
	DMEM_COUNTERS(X)
#undef X
};

static void show_pool(struct seq_file *m, struct nouveau_dmem *dmem)
{
	struct nouveau_dmem_pool *pool = &dmem->pool;
	struct nouveau_dmem_pool now;
	u32 regions = 0, free = 0;
	struct nouveau_dmem_vram *vram;
	unsigned int largest = 0, k;

	mutex_lock(&dmem->grow);
	list_for_each_entry(vram, &dmem->vrams, link) {
		regions++;
		free += vram->region->nr_free_chunks;
	}
	mutex_unlock(&dmem->grow);
	spin_lock_irq(&pool->lock);
	now = *pool;
	spin_unlock_irq(&pool->lock);

	if (free)
		largest = NOUVEAU_DMEM_CHUNK_ORDER;
	else if (now.partial_mask)
		largest = __fls(now.partial_mask);

	seq_printf(m, "regions: %u\n", regions);
	seq_printf(m, "chunks: %u\n", now.nr_chunks);
	seq_printf(m, "chunks limit: %u\n", dmem->limit_chunks);
	seq_printf(m, "chunks free: %u\n", free);
	seq_printf(m, "chunks whole: %u\n", now.nr_whole);
	seq_printf(m, "chunks split: %u\n", now.nr_split);
	seq_printf(m, "chunks isolated: %u\n", now.nr_isolated);
	seq_printf(m, "bytes used: %llu\n", now.pages_used << PAGE_SHIFT);
	seq_printf(m, "bytes free: %llu\n", now.pages_free << PAGE_SHIFT);
	seq_printf(m, "bytes reserved: %llu\n", now.pages_reserved << PAGE_SHIFT);
	seq_printf(m, "bytes largest free: %lu\n",
		   now.pages_free ? PAGE_SIZE << largest : 0);
	for (k = 0; k < NOUVEAU_DMEM_NR_ORDERS; k++)
		if (k != 1)
			seq_printf(m, "bytes used order %u: %llu\n", k,
				   now.blocks[k] << (PAGE_SHIFT + k));
	seq_printf(m, "allocator steps at most: %u\n", now.max_steps);
}

static int dmem_show(struct seq_file *m, void *data)
{
	struct drm_device *dev = m->private;
	struct nouveau_dmem *dmem;
	unsigned int i, k, idx;

	if (!drm_dev_enter(dev, &idx))
		return -ENODEV;
	dmem = nouveau_drm(dev)->dmem;
	if (!dmem) {
		seq_puts(m, "device memory: none\n");
		goto out;
	}

	show_pool(m, dmem);
	for (i = 0; i < 2; i++) {
		const char *dir = i ? "RAM" : "VRAM";

		for (k = 0; k < NOUVEAU_DMEM_NR_ORDERS; k++)
			if (k != 1)
				seq_printf(m, "folios to %s order %u: %llu\n", dir, k,
					   (u64)atomic64_read(&dmem->stats.folios[i][k]));
		seq_printf(m, "nanoseconds to %s: %llu\n", dir,
			   (u64)atomic64_read(&dmem->stats.ns[i]));
	}
	for (i = 0; i < DMEM_NR_COUNTERS; i++)
		seq_printf(m, "%s: %llu\n", counter_names[i],
			   (u64)atomic64_read(&dmem->stats.count[i]));
	seq_printf(m, "copy channels made: %u\n", dmem->copier.made);
out:
	drm_dev_exit(idx);
	return 0;
}

static int dmem_open(struct inode *inode, struct file *file)
{
	return single_open(file, dmem_show, inode->i_private);
}

static void reset_counters(struct nouveau_dmem *dmem)
{
	unsigned int i, k;

	for (i = 0; i < DMEM_NR_COUNTERS; i++)
		atomic64_set(&dmem->stats.count[i], 0);
	for (i = 0; i < 2; i++) {
		atomic64_set(&dmem->stats.ns[i], 0);
		for (k = 0; k < NOUVEAU_DMEM_NR_ORDERS; k++)
			atomic64_set(&dmem->stats.folios[i][k], 0);
	}
}

static int evict_all(struct nouveau_dmem *dmem)
{
	u32 left;

	for (left = dmem->pool.nr_chunks; left; left--)
		if (!dmem_evict_coldest(dmem, ~0ull))
			break;
	return READ_ONCE(dmem->pool.pages_used) ? -EBUSY : 0;
}

static ssize_t dmem_write(struct file *file, const char __user *buf, size_t len,
			  loff_t *pos)
{
	struct drm_device *dev = ((struct seq_file *)file->private_data)->private;
	struct nouveau_dmem *dmem;
	char word[16] = {};
	int idx, ret = 0;

	if (len >= sizeof(word))
		return -EINVAL;
	if (copy_from_user(word, buf, len))
		return -EFAULT;
	if (!drm_dev_enter(dev, &idx))
		return -ENODEV;

	dmem = nouveau_drm(dev)->dmem;
	if (!dmem) {
		ret = -ENODEV;
	} else if (sysfs_streq(word, "check")) {
		const char *why = nouveau_dmem_pool_check(&dmem->pool);

		if (why) {
			NV_ERROR(dmem->drm, "dmem: %s\n", why);
			ret = -EIO;
		}
	} else if (sysfs_streq(word, "evict")) {
		ret = evict_all(dmem);
	} else if (sysfs_streq(word, "reset")) {
		reset_counters(dmem);
	} else {
		ret = -EINVAL;
	}
	drm_dev_exit(idx);
	return ret ? ret : len;
}

static const struct file_operations dmem_fops = {
	.owner		= THIS_MODULE,
	.open		= dmem_open,
	.read		= seq_read,
	.write		= dmem_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static int timeout_get(void *data, u64 *val)
{
	struct nouveau_drm *drm = nouveau_drm(data);

	*val = drm->dmem ? drm->dmem->copier.timeout_ms : 0;
	return 0;
}

static int timeout_set(void *data, u64 val)
{
	struct nouveau_drm *drm = nouveau_drm(data);

	if (!drm->dmem)
		return -ENODEV;
	if (val < 1 || val > 600000)
		return -EINVAL;
	WRITE_ONCE(drm->dmem->copier.timeout_ms, val);
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE(timeout_fops, timeout_get, timeout_set, "%llu\n");

/**
 * nouveau_dmem_debugfs_init - create the files
 * @minor: where
 */
void nouveau_dmem_debugfs_init(struct drm_minor *minor)
{
	debugfs_create_file("dmem", 0600, minor->debugfs_root, minor->dev, &dmem_fops);
	debugfs_create_file_unsafe("dmem_timeout_ms", 0600, minor->debugfs_root,
				   minor->dev, &timeout_fops);
	nouveau_svm_debugfs_init(minor);
}

/**
 * nouveau_dmem_show_fdinfo - memory of one file
 * @p: where to print
 * @file: the file
 *
 * VRAM of its buffer objects and of device memory that its address space has
 * brought there.
 */
void nouveau_dmem_show_fdinfo(struct drm_printer *p, struct drm_file *file)
{
	struct nouveau_cli *cli = nouveau_cli(file);
	u64 total = 0, resident = 0, dmem = 0;
	struct drm_gem_object *obj;
	int id;

	spin_lock(&file->table_lock);
	idr_for_each_entry(&file->object_idr, obj, id) {
		struct nouveau_bo *nvbo = nouveau_gem_object(obj);
		struct ttm_resource *res = READ_ONCE(nvbo->bo.resource);

		if (nvbo->valid_domains & NOUVEAU_GEM_DOMAIN_VRAM)
			total += obj->size;
		if (res && res->mem_type == TTM_PL_VRAM)
			resident += obj->size;
	}
	spin_unlock(&file->table_lock);

	mutex_lock(&cli->mutex);
	if (cli->svm.svmm)
		dmem = (u64)atomic_long_read(&cli->svm.svmm->owner->pages) << PAGE_SHIFT;
	mutex_unlock(&cli->mutex);

	drm_printf(p, "drm-total-vram:\t%llu KiB\n", (total + dmem) >> 10);
	drm_printf(p, "drm-resident-vram:\t%llu KiB\n", (resident + dmem) >> 10);
	drm_printf(p, "nouveau-svm-vram:\t%llu KiB\n", dmem >> 10);
}
