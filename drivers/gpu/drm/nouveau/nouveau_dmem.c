// SPDX-License-Identifier: MIT
/**
 * DOC: device memory of nouveau
 *
 * Private anonymous memory of a process can live in VRAM. The CPU then has no access
 * to it; a CPU fault brings it back. This is the table of contents:
 *
 * ========================== ======================================================
 * nouveau_dmem.c             life cycle, VRAM taken and given back, what the core mm
 *                            calls
 * nouveau_dmem_chunk*.[ch]   the allocator
 * nouveau_dmem_batch.[ch]    copies joined into launches
 * nouveau_dmem_copy.[ch]     the copy engine
 * nouveau_dmem_migrate.c     windows, and to VRAM
 * nouveau_dmem_to_ram.c      back to RAM
 * nouveau_dmem_evict.c       out of VRAM when others need it
 * nouveau_dmem_stats.c       what can be seen from outside
 * nouveau_svm.c              address spaces shared with the CPU, ioctls, notifier
 * nouveau_svm_map.c          GPU translations
 * nouveau_svm_fault.c        GPU faults
 * ========================== ======================================================
 *
 * VRAM is taken from TTM in regions, each a pinned buffer object with a pagemap of
 * its own, and given back when a region is idle and somebody else needs the space.
 * Up to 7/8 of VRAM are taken: page tables cannot be moved, and need some.
 *
 * While a device page exists the device is kept awake.
 */
#include "nouveau_dmem_priv.h"

#include "nouveau_bo.h"
#include "nouveau_drv.h"

#include <linux/ioport.h>
#include <linux/pm_runtime.h>
#include <linux/sched/mm.h>

#include <uapi/drm/nouveau_drm.h>

/* Regions are taken in these sizes, the largest that is to be had. */
#define REGION_CHUNKS_MAX	8

/* How many cold chunks one reservation may push out. */
#define EVICT_MAX		8

/**
 * nouveau_dmem_page_addr - where a device page is in VRAM
 * @page: a device-private page of this driver, which the caller keeps alive
 */
u64 nouveau_dmem_page_addr(struct page *page)
{
	return dmem_page_vram(page)->addr + ((u64)dmem_page_index(page) << PAGE_SHIFT);
}

/**
 * nouveau_dmem_owner_new - somebody to account device pages to
 *
 * Return: an owner with one reference, or NULL.
 */
struct nouveau_dmem_owner *nouveau_dmem_owner_new(void)
{
	struct nouveau_dmem_owner *owner = kzalloc(sizeof(*owner), GFP_KERNEL);

	if (owner)
		refcount_set(&owner->ref, 1);
	return owner;
}

/**
 * nouveau_dmem_owner_put - drop a reference
 * @owner: an owner or NULL
 *
 * Any context.
 */
void nouveau_dmem_owner_put(struct nouveau_dmem_owner *owner)
{
	if (owner && refcount_dec_and_test(&owner->ref))
		kfree(owner);
}

/*
 * Called by the core mm in any context, also with interrupts off.
 */
static void dmem_folio_free(struct folio *folio, unsigned int order)
{
	struct page *page = folio_page(folio, 0);
	struct nouveau_dmem *dmem = dmem_page_vram(page)->dmem;
	struct nouveau_dmem_chunk *chunk = dmem_page_chunk(page);
	struct nouveau_dmem_owner *owner = folio_zone_device_data(folio);

	if (owner)
		atomic_long_sub(1L << order, &owner->pages);
	folio_set_zone_device_data(folio, NULL);
	nouveau_dmem_owner_put(owner);
	pm_runtime_put_autosuspend(dmem->drm->dev->dev);
	WARN_ON_ONCE(nouveau_dmem_block_free(&dmem->pool, chunk,
					     dmem_page_index(page) % NOUVEAU_DMEM_CHUNK_PAGES,
					     order));
}

/*
 * Called by the core mm with interrupts off, once for each new folio, then with
 * @tail NULL. The cookie, our owner, has been copied to each tail.
 */
static void dmem_folio_split(struct folio *head, struct folio *tail)
{
	struct folio *folio = tail ? tail : head;
	struct page *page = folio_page(folio, 0);
	struct nouveau_dmem *dmem = dmem_page_vram(page)->dmem;

	if (tail) {
		struct nouveau_dmem_owner *owner = folio_zone_device_data(tail);

		if (owner)
			refcount_inc(&owner->ref);
		pm_runtime_get_noresume(dmem->drm->dev->dev);
	}
	WARN_ON_ONCE(nouveau_dmem_block_carve(&dmem->pool, dmem_page_chunk(page),
					      dmem_page_index(page) % NOUVEAU_DMEM_CHUNK_PAGES,
					      folio_order(folio)));
}

static const struct dev_pagemap_ops dmem_pagemap_ops = {
	.folio_free	= dmem_folio_free,
	.folio_split	= dmem_folio_split,
	.migrate_to_ram	= dmem_migrate_to_ram,
};

/**
 * dmem_folio_new - a device folio
 * @dmem: device memory
 * @resv: pages to take it from, or NULL
 * @owner: whom to account it to
 * @order: its order
 *
 * Return: a locked folio with one reference, or NULL when no block is free.
 */
struct folio *dmem_folio_new(struct nouveau_dmem *dmem, struct nouveau_dmem_resv *resv,
			     struct nouveau_dmem_owner *owner, unsigned int order)
{
	struct nouveau_dmem_vram *vram;
	struct nouveau_dmem_block block;
	struct folio *folio;
	unsigned long pfn;

	if (nouveau_dmem_block_alloc(&dmem->pool, resv, order, &block))
		return NULL;

	vram = block.chunk->region->owner;
	pfn = (vram->pagemap.range.start >> PAGE_SHIFT) +
	      block.chunk->index * NOUVEAU_DMEM_CHUNK_PAGES + block.page;
	folio = page_folio(pfn_to_page(pfn));
	zone_device_folio_init(folio, order);
	refcount_inc(&owner->ref);
	atomic_long_add(1L << order, &owner->pages);
	folio_set_zone_device_data(folio, owner);
	pm_runtime_get_noresume(dmem->drm->dev->dev);
	return folio;
}

/* Give VRAM back. The region is in no pool and no page of it is in use. */
static void dmem_vram_del(struct nouveau_dmem_vram *vram)
{
	lockdep_assert_held(&vram->dmem->grow);

	list_del(&vram->link);
	memunmap_pages(&vram->pagemap);
	release_mem_region(vram->pagemap.range.start, range_len(&vram->pagemap.range));
	nouveau_dmem_region_del(vram->region);
	nouveau_bo_unpin(vram->bo);
	nouveau_bo_fini(vram->bo);
	kfree(vram);
}

/* Take @chunks of VRAM. */
static int dmem_vram_new(struct nouveau_dmem *dmem, u32 chunks)
{
	u64 size = (u64)chunks * DMEM_WINDOW_BYTES;
	struct nouveau_drm *drm = dmem->drm;
	struct nouveau_dmem_vram *vram;
	struct resource *res;
	void *ptr;
	int ret;

	vram = kzalloc(sizeof(*vram), GFP_KERNEL);
	if (!vram)
		return -ENOMEM;
	vram->dmem = dmem;
	vram->region = nouveau_dmem_region_new(chunks, vram);
	if (!vram->region) {
		ret = -ENOMEM;
		goto out_free;
	}

	ret = nouveau_bo_new(&drm->client, size, 0, NOUVEAU_GEM_DOMAIN_VRAM, 0, 0,
			     NULL, NULL, &vram->bo);
	if (ret)
		goto out_region;
	ret = nouveau_bo_pin(vram->bo, NOUVEAU_GEM_DOMAIN_VRAM, true);
	if (ret)
		goto out_bo;
	vram->addr = vram->bo->offset;

	/* Physical addresses that nothing uses, for the struct pages. */
	res = request_free_mem_region(&iomem_resource, size, "nouveau_dmem");
	if (IS_ERR(res)) {
		ret = PTR_ERR(res);
		goto out_unpin;
	}
	vram->pagemap.type = MEMORY_DEVICE_PRIVATE;
	vram->pagemap.range.start = res->start;
	vram->pagemap.range.end = res->end;
	vram->pagemap.nr_range = 1;
	vram->pagemap.ops = &dmem_pagemap_ops;
	vram->pagemap.owner = drm->dev;
	ptr = memremap_pages(&vram->pagemap, numa_node_id());
	if (IS_ERR(ptr)) {
		ret = PTR_ERR(ptr);
		goto out_res;
	}

	list_add(&vram->link, &dmem->vrams);
	nouveau_dmem_region_add(&dmem->pool, vram->region);
	dmem_count(dmem, DMEM_GROWN, 1);
	return 0;

out_res:
	release_mem_region(vram->pagemap.range.start, range_len(&vram->pagemap.range));
out_unpin:
	nouveau_bo_unpin(vram->bo);
out_bo:
	nouveau_bo_fini(vram->bo);
out_region:
	nouveau_dmem_region_del(vram->region);
out_free:
	kfree(vram);
	return ret;
}

/* Take more VRAM, as much at once as is to be had. */
static int dmem_grow(struct nouveau_dmem *dmem)
{
	u32 chunks = REGION_CHUNKS_MAX;
	int ret = -ENOSPC;

	mutex_lock(&dmem->grow);
	if (dmem->dying || dmem->pool.nr_chunks >= dmem->limit_chunks)
		goto out;
	chunks = min(chunks, dmem->limit_chunks - dmem->pool.nr_chunks);
	dmem->growing = current;
	for (; chunks; chunks /= 2) {
		ret = dmem_vram_new(dmem, chunks);
		if (!ret)
			break;
	}
	dmem->growing = NULL;
out:
	mutex_unlock(&dmem->grow);
	return ret;
}

/**
 * dmem_reserve - make sure of VRAM before folios are locked
 * @dmem: device memory
 * @resv: the reservation
 * @pages: how many pages
 * @newer: push out chunks that are older than this clock; 0 for none
 *
 * Creates and evicts buffer objects and evicts device memory: no folio may be
 * locked.
 *
 * Return: 0, or -ENOSPC, -ESHUTDOWN.
 */
int dmem_reserve(struct nouveau_dmem *dmem, struct nouveau_dmem_resv *resv,
		 u32 pages, u64 newer)
{
	unsigned int tries;

	for (tries = 0; tries < EVICT_MAX; tries++) {
		if (READ_ONCE(dmem->dying))
			return -ESHUTDOWN;
		if (!nouveau_dmem_reserve(&dmem->pool, resv, pages))
			return 0;
		if (!dmem_grow(dmem))
			continue;
		if (!newer || !dmem_evict_coldest(dmem, newer))
			break;
	}
	return nouveau_dmem_reserve(&dmem->pool, resv, pages);
}

/**
 * dmem_give_back_idle - give unused VRAM back
 * @dmem: device memory
 * @bytes: stop when so much was given back
 *
 * No folio may be locked.
 *
 * Return: whether anything was given back.
 */
bool dmem_give_back_idle(struct nouveau_dmem *dmem, u64 bytes)
{
	struct nouveau_dmem_region *region;
	u64 done = 0;

	mutex_lock(&dmem->grow);
	while (done < bytes) {
		region = nouveau_dmem_region_remove_idle(&dmem->pool, REGION_CHUNKS_MAX);
		if (!region)
			break;
		done += (u64)region->nr_chunks * DMEM_WINDOW_BYTES;
		dmem_vram_del(region->owner);
		dmem_count(dmem, DMEM_SHRUNK, 1);
	}
	mutex_unlock(&dmem->grow);
	return done > 0;
}

/**
 * nouveau_dmem_touch - a device page was used
 * @drm: the device
 * @page: the page
 *
 * Keeps its chunk from being evicted first. Pascal has no accessed bits, so that
 * migrations and faults are all that is known about use.
 */
void nouveau_dmem_touch(struct nouveau_drm *drm, struct page *page)
{
	nouveau_dmem_chunk_touch(&drm->dmem->pool, dmem_page_chunk(page));
}

/**
 * nouveau_dmem_now - the clock that ages are measured with
 * @drm: the device
 */
u64 nouveau_dmem_now(struct nouveau_drm *drm)
{
	return drm->dmem ? READ_ONCE(drm->dmem->pool.clock) : 0;
}

/**
 * nouveau_dmem_revive - make sure that copies can be made
 * @drm: the device
 *
 * No folio may be locked.
 *
 * Return: 0, -ENODEV, or why there is no channel.
 */
int nouveau_dmem_revive(struct nouveau_drm *drm)
{
	return drm->dmem ? nouveau_dmem_copier_revive(&drm->dmem->copier) : -ENODEV;
}

/**
 * nouveau_dmem_suspend - empty VRAM before the device sleeps
 * @drm: the device
 *
 * User space is frozen, and nouveau_svm_suspend() has taken all GPU translations
 * away. Everything goes to RAM by our own copies, and the VRAM back to TTM. What
 * somebody holds locked just now is left to TTM: its region is unpinned and moves
 * with its content, perhaps to another address.
 */
void nouveau_dmem_suspend(struct nouveau_drm *drm)
{
	struct nouveau_dmem *dmem = drm->dmem;
	struct nouveau_dmem_vram *vram;
	u32 tries;

	if (!dmem)
		return;
	for (tries = 2 * dmem->pool.nr_chunks; tries; tries--)
		if (!READ_ONCE(dmem->pool.pages_used) || !dmem_evict_coldest(dmem, ~0ull))
			break;
	dmem_give_back_idle(dmem, ~0ull);
	nouveau_dmem_copier_idle(&dmem->copier);
	mutex_lock(&dmem->grow);
	list_for_each_entry(vram, &dmem->vrams, link)
		nouveau_bo_unpin(vram->bo);
	mutex_unlock(&dmem->grow);
}

/**
 * nouveau_dmem_resume - have the rest of VRAM again
 * @drm: the device
 */
void nouveau_dmem_resume(struct nouveau_drm *drm)
{
	struct nouveau_dmem *dmem = drm->dmem;
	struct nouveau_dmem_vram *vram;
	int ret;

	if (!dmem)
		return;
	mutex_lock(&dmem->grow);
	list_for_each_entry(vram, &dmem->vrams, link) {
		ret = nouveau_bo_pin(vram->bo, NOUVEAU_GEM_DOMAIN_VRAM, true);
		if (ret)
			NV_ERROR(drm, "dmem: no VRAM after resume, %d\n", ret);
		vram->addr = vram->bo->offset;
	}
	mutex_unlock(&dmem->grow);
}

/*
 * Teach lockdep the order of locks once, so that a violation is reported on the
 * first run and not when two tasks meet.
 */
static void dmem_teach_lockdep(struct nouveau_dmem *dmem)
{
	if (!IS_ENABLED(CONFIG_LOCKDEP))
		return;
	mutex_lock(&dmem->grow);
	mutex_lock(&dmem->copier.lock);
	fs_reclaim_acquire(GFP_KERNEL);
	spin_lock_irq(&dmem->pool.lock);
	spin_unlock_irq(&dmem->pool.lock);
	fs_reclaim_release(GFP_KERNEL);
	mutex_unlock(&dmem->copier.lock);
	mutex_unlock(&dmem->grow);
}

/**
 * nouveau_dmem_init - offer VRAM as device memory
 * @drm: the device
 *
 * Leaves &nouveau_drm.dmem NULL when the device cannot.
 */
void nouveau_dmem_init(struct nouveau_drm *drm)
{
	struct nouveau_dmem *dmem;
	int ret;

	if (drm->client.device.info.family < NV_DEVICE_INFO_V0_PASCAL || !drm->svm)
		return;

	dmem = kzalloc(sizeof(*dmem), GFP_KERNEL);
	if (!dmem)
		return;
	dmem->drm = drm;
	mutex_init(&dmem->grow);
	INIT_LIST_HEAD(&dmem->vrams);
	INIT_WORK(&dmem->room_work, dmem_room_work);
	init_completion(&dmem->room_done);
	nouveau_dmem_pool_init(&dmem->pool);
	dmem->limit_chunks = div_u64(drm->gem.vram_available / 8 * 7, DMEM_WINDOW_BYTES);

	ret = nouveau_dmem_copier_init(&dmem->copier, drm);
	if (ret) {
		NV_INFO(drm, "dmem: no copy engine, %d\n", ret);
		kfree(dmem);
		return;
	}
	dmem_teach_lockdep(dmem);
	drm->dmem = dmem;
	NV_INFO(drm, "dmem: up to %u MiB of VRAM\n", dmem->limit_chunks * 2);
}

/**
 * nouveau_dmem_fini - bring everything back to RAM
 * @drm: the device
 *
 * Faults and binds may be under way: new ones find no VRAM, and each region is
 * evicted until the last of its pages is free.
 */
void nouveau_dmem_fini(struct nouveau_drm *drm)
{
	struct nouveau_dmem *dmem = drm->dmem;
	struct nouveau_dmem_vram *vram, *next;

	if (!dmem)
		return;

	mutex_lock(&dmem->grow);
	WRITE_ONCE(dmem->dying, true);
	mutex_unlock(&dmem->grow);
	cancel_work_sync(&dmem->room_work);
	complete_all(&dmem->room_done);

	mutex_lock(&dmem->grow);
	list_for_each_entry_safe(vram, next, &dmem->vrams, link) {
		dmem_evict_region(dmem, vram);
		WARN_ON(nouveau_dmem_region_remove(&dmem->pool, vram->region));
		dmem_vram_del(vram);
	}
	mutex_unlock(&dmem->grow);

	WARN_ON(!nouveau_dmem_pool_is_empty(&dmem->pool));
	nouveau_dmem_copier_fini(&dmem->copier);
	drm->dmem = NULL;
	mutex_destroy(&dmem->grow);
	kfree(dmem);
}
