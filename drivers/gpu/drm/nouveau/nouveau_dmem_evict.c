// SPDX-License-Identifier: MIT
/**
 * DOC: eviction
 *
 * A chunk is evicted by its struct pages: no VMA and no mmap lock are needed, and no
 * address space is looked at. It is isolated first, so that nothing new is put into
 * it. The chunk that was least recently migrated or faulted goes first; that is all
 * that can be known about use, since Pascal gives no accessed bits.
 *
 * Somebody's folio lock is never waited for: what is locked is tried again a few
 * times and then left.
 *
 * Who evicts:
 *
 * - a migration that needs VRAM, before it locks its folios (dmem_reserve());
 * - TTM, when a buffer object finds no VRAM: a worker evicts and gives regions
 *   back, and TTM, which holds a reservation, only waits for it with a time limit;
 * - unbind, which does not give up.
 */
#include "nouveau_dmem_priv.h"
#include "nouveau_dmem_trace.h"

#include "nouveau_drv.h"

#include <drm/drm_drv.h>

#include <linux/delay.h>
#include <linux/highmem.h>

/* How often a chunk with locked pages is tried. */
#define EVICT_TRIES		3

/* How long a buffer object waits for room. */
#define ROOM_WAIT_MS		2000

static unsigned long chunk_pfn(const struct nouveau_dmem_chunk *chunk)
{
	const struct nouveau_dmem_vram *vram = chunk->region->owner;

	return (vram->pagemap.range.start >> PAGE_SHIFT) +
	       (unsigned long)chunk->index * NOUVEAU_DMEM_CHUNK_PAGES;
}

/*
 * The device does not answer and is going away: what was in VRAM is lost. The
 * process gets zeroes, never somebody else's old data, and the log says so.
 */
static void replace_by_zeroes(struct nouveau_dmem *dmem, struct nouveau_dmem_window *w)
{
	unsigned long i, nr;

	for (i = 0; i < DMEM_WINDOW_PAGES; i += nr) {
		struct page *spage = migrate_pfn_to_page(w->src[i]);
		unsigned int at;

		nr = 1;
		if (!spage || !(w->src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		nr = 1ul << migrate_pfn_order(w->src[i]);
		for (at = 0; at < nr; at++) {
			struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_ZERO |
						       __GFP_NOFAIL);

			lock_page(page);
			w->dst[i + at] = migrate_pfn(page_to_pfn(page));
			dmem_count(dmem, DMEM_LOST, 1);
		}
	}
	NV_ERROR(dmem->drm, "dmem: device memory lost\n");
}

/* One attempt to empty a chunk. */
static void evict_once(struct nouveau_dmem *dmem, struct nouveau_dmem_chunk *chunk,
		       struct nouveau_dmem_window *w)
{
	u64 begin = ktime_get_ns();
	unsigned long moved;
	int ret;

	memset(w->src, 0, sizeof(w->src));
	memset(w->dst, 0, sizeof(w->dst));
	memset(w->dma_pages, 0, sizeof(w->dma_pages));

	migrate_device_range(w->src, chunk_pfn(chunk), DMEM_WINDOW_PAGES);
	ret = dmem_window_to_ram(dmem, w, DMEM_WINDOW_PAGES, NULL, 0, ~0ul);
	if (ret && READ_ONCE(dmem->dying))
		replace_by_zeroes(dmem, w);
	migrate_device_pages(w->src, w->dst, DMEM_WINDOW_PAGES);
	moved = dmem_window_account(dmem, w, DMEM_WINDOW_PAGES, true);
	dmem_window_unmap_dma(dmem, w, DMEM_WINDOW_PAGES);
	migrate_device_finalize(w->src, w->dst, DMEM_WINDOW_PAGES);
	atomic64_add(ktime_get_ns() - begin, &dmem->stats.ns[1]);
	trace_nouveau_dmem_evict(chunk_pfn(chunk), moved, READ_ONCE(chunk->used));
}

/**
 * dmem_evict_chunk - empty an isolated chunk
 * @dmem: device memory
 * @chunk: the chunk; it stays isolated
 *
 * Sleeps; no folio may be locked.
 *
 * Return: whether it is empty now.
 */
bool dmem_evict_chunk(struct nouveau_dmem *dmem, struct nouveau_dmem_chunk *chunk)
{
	struct nouveau_dmem_window *w;
	unsigned int tries;

	if (nouveau_dmem_copier_revive(&dmem->copier) && !READ_ONCE(dmem->dying))
		return false;
	w = dmem_window_new();
	if (!w)
		return false;
	for (tries = 0; READ_ONCE(chunk->used) && tries < EVICT_TRIES; tries++) {
		if (tries)
			usleep_range(500, 2000);
		evict_once(dmem, chunk, w);
		cond_resched();
	}
	dmem_window_del(w);
	dmem_count(dmem, chunk->used ? DMEM_EVICT_FAILED : DMEM_EVICTED, 1);
	return !READ_ONCE(chunk->used);
}

/**
 * dmem_evict_coldest - empty the chunk that was not used for the longest time
 * @dmem: device memory
 * @newer: leave alone what was touched at this clock or later
 *
 * Return: whether pages became free.
 */
bool dmem_evict_coldest(struct nouveau_dmem *dmem, u64 newer)
{
	struct nouveau_dmem_chunk *chunk;
	unsigned int before, after;

	chunk = nouveau_dmem_chunk_isolate_coldest(&dmem->pool, newer);
	if (!chunk)
		return false;
	before = READ_ONCE(chunk->used);
	dmem_evict_chunk(dmem, chunk);
	after = READ_ONCE(chunk->used);
	nouveau_dmem_chunk_putback(&dmem->pool, chunk);
	return after < before;
}

/**
 * dmem_evict_region - empty a region for good
 * @dmem: device memory, dying
 * @vram: the region
 *
 * Does not return before the last page is free: a page that somebody holds for a
 * moment, a fault in flight for one, is waited for.
 */
void dmem_evict_region(struct nouveau_dmem *dmem, struct nouveau_dmem_vram *vram)
{
	struct nouveau_dmem_region *region = vram->region;
	unsigned int waits = 0;
	bool used = true;
	u32 i;

	while (used) {
		used = false;
		for (i = 0; i < region->nr_chunks; i++) {
			struct nouveau_dmem_chunk *chunk = &region->chunks[i];

			if (!chunk->isolated)
				nouveau_dmem_chunk_isolate(&dmem->pool, chunk);
			if (READ_ONCE(chunk->used) && !dmem_evict_chunk(dmem, chunk))
				used = true;
			if (!chunk->isolated)
				used = true;
		}
		if (used) {
			if (++waits % 1000 == 0)
				NV_WARN(dmem->drm, "dmem: pages still in use\n");
			msleep(10);
		}
	}
}

/**
 * dmem_room_work - make room for buffer objects
 * @work: &nouveau_dmem.room_work
 */
void dmem_room_work(struct work_struct *work)
{
	struct nouveau_dmem *dmem = container_of(work, struct nouveau_dmem, room_work);
	u64 bytes = atomic64_xchg(&dmem->room_bytes, 0);
	unsigned int tries = 2 * DIV_ROUND_UP_ULL(bytes, DMEM_WINDOW_BYTES) + 8;

	while (!dmem_give_back_idle(dmem, bytes) && tries--) {
		struct nouveau_dmem_chunk *chunk, *first;
		struct nouveau_dmem_region *region;
		u32 i;

		if (READ_ONCE(dmem->dying))
			break;
		/* A region goes as a whole: the one that has the coldest chunk. */
		first = nouveau_dmem_chunk_isolate_coldest(&dmem->pool, ~0ull);
		if (!first)
			break;
		region = first->region;
		dmem_evict_chunk(dmem, first);
		for (i = 0; i < region->nr_chunks; i++) {
			chunk = &region->chunks[i];
			if (chunk == first || !READ_ONCE(chunk->used) ||
			    nouveau_dmem_chunk_isolate(&dmem->pool, chunk))
				continue;
			dmem_evict_chunk(dmem, chunk);
			nouveau_dmem_chunk_putback(&dmem->pool, chunk);
		}
		nouveau_dmem_chunk_putback(&dmem->pool, first);
	}
	complete_all(&dmem->room_done);
}

/**
 * nouveau_dmem_make_room - a buffer object finds no VRAM
 * @drm: the device
 * @bytes: how much is needed
 *
 * Called with reservations held. Waits for the worker that evicts, which takes none
 * of them, for a limited time.
 *
 * Return: whether it is worth trying again.
 */
bool nouveau_dmem_make_room(struct nouveau_drm *drm, u64 bytes)
{
	struct nouveau_dmem *dmem;
	bool done = false;
	int idx;

	if (!drm_dev_enter(drm->dev, &idx))
		return false;
	dmem = drm->dmem;
	/* Device memory itself wants more: it must not push itself out. */
	if (dmem && !READ_ONCE(dmem->dying) && READ_ONCE(dmem->growing) != current &&
	    current_work() != &dmem->room_work && READ_ONCE(dmem->pool.nr_chunks)) {
		atomic64_add(bytes, &dmem->room_bytes);
		reinit_completion(&dmem->room_done);
		queue_work(system_unbound_wq, &dmem->room_work);
		done = wait_for_completion_timeout(&dmem->room_done,
						   msecs_to_jiffies(ROOM_WAIT_MS)) != 0;
	}
	drm_dev_exit(idx);
	return done;
}
