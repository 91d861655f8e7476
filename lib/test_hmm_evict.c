// SPDX-License-Identifier: GPL-2.0
/*
 * Device memory of the HMM test driver emptied: on request, when chunks are
 * given back, and when the module goes. Nothing is known of who maps the
 * pages. A folio that cannot move whole moves in pieces, and what cannot move
 * now (somebody holds it) is tried again.
 */
#include <linux/delay.h>
#include <linux/sched/signal.h>

#include "test_hmm_internal.h"

/* How often to look before a page that does not move is worth a message. */
#define DMIRROR_PATIENCE	10000

static unsigned long dmirror_live_pages(struct dmirror_chunk *chunk)
{
	unsigned long live;

	spin_lock_irq(&chunk->mdevice->pool_lock);
	live = chunk->live_pages;
	spin_unlock_irq(&chunk->mdevice->pool_lock);
	return live;
}

static bool dmirror_block_is_free(struct dmirror_chunk *chunk,
				  unsigned long block)
{
	bool is_free;

	spin_lock_irq(&chunk->mdevice->pool_lock);
	is_free = test_bit(block, chunk->free[DMIRROR_BLOCK_ORDER]);
	spin_unlock_irq(&chunk->mdevice->pool_lock);
	return is_free;
}

/* Every folio lies within one block. Returns the base pages that moved. */
static unsigned long dmirror_evict_block(struct dmirror_chunk *chunk,
					 struct dmirror *dmirror, u32 orders,
					 unsigned long block)
{
	struct dmirror_window *window = chunk->mdevice->evict_window;
	struct dmirror_move move = {
		.mdevice = chunk->mdevice,
		.dmirror = dmirror,
		.npages = DMIRROR_BLOCK_PAGES,
		.src = window->src,
		.dst = window->dst,
		.orders = orders,
		.side = HMM_DMIRROR_SIDE_SYS,
	};
	unsigned long moved;

	memset(window, 0, sizeof(*window));
	if (migrate_device_range(move.src, chunk->first_pfn +
				 (block << DMIRROR_BLOCK_ORDER), move.npages))
		return 0;
	dmirror_move_alloc(&move);
	dmirror_move_copy(&move);
	migrate_device_pages(move.src, move.dst, move.npages);
	moved = dmirror_move_count(&move, NULL);
	migrate_device_finalize(move.src, move.dst, move.npages);
	return moved;
}

static unsigned long dmirror_evict_chunk(struct dmirror_chunk *chunk,
					 struct dmirror *dmirror, u32 orders)
{
	unsigned long nblocks = DMIRROR_CHUNK_PAGES >> DMIRROR_BLOCK_ORDER;
	unsigned long block, moved = 0;

	lockdep_assert_held(&chunk->mdevice->grow_mutex);
	for (block = 0; block < nblocks; block++) {
		if (dmirror_block_is_free(chunk, block))
			continue;
		moved += dmirror_evict_block(chunk, dmirror, orders, block);
		cond_resched();
	}
	return moved;
}

/**
 * dmirror_evict - empty the device, and keep its memory
 * @dmirror: the open file on whose behalf
 * @evict: orders and patience in, counts out
 *
 * Return: 0, also when something is left; -EINTR.
 */
int dmirror_evict(struct dmirror *dmirror, struct hmm_dmirror_evict *evict)
{
	struct dmirror_device *mdevice = dmirror->mdevice;
	struct dmirror_chunk *chunk;
	u32 pass = 0;
	int ret = 0;

	evict->moved = 0;
	mutex_lock(&mdevice->grow_mutex);
	do {
		evict->left = 0;
		list_for_each_entry(chunk, &mdevice->chunks, link) {
			evict->moved += dmirror_evict_chunk(chunk, dmirror,
							    evict->to_sys);
			evict->left += dmirror_live_pages(chunk);
		}
		if (signal_pending(current))
			ret = -EINTR;
	} while (!ret && evict->left && ++pass < evict->passes);
	mutex_unlock(&mdevice->grow_mutex);
	return ret;
}

static void dmirror_retire(struct dmirror_chunk *chunk, bool retired)
{
	spin_lock_irq(&chunk->mdevice->pool_lock);
	chunk->retired = retired;
	spin_unlock_irq(&chunk->mdevice->pool_lock);
}

/*
 * Pages that are on their way, or held by somebody for a moment, come back
 * sooner or later; memunmap_pages() would wait for them without moving them.
 */
static int dmirror_empty_chunk(struct dmirror_chunk *chunk, bool interruptible)
{
	unsigned int pass = 0;

	dmirror_retire(chunk, true);
	while (dmirror_live_pages(chunk)) {
		dmirror_evict_chunk(chunk, NULL, DMIRROR_ORDERS_ALL);
		if (!dmirror_live_pages(chunk))
			break;
		if (interruptible && signal_pending(current)) {
			dmirror_retire(chunk, false);
			return -EINTR;
		}
		if (++pass == DMIRROR_PATIENCE)
			pr_warn("%s: %lu pages do not move\n",
				dev_name(&chunk->mdevice->device),
				dmirror_live_pages(chunk));
		usleep_range(100, 1000);
	}
	return 0;
}

/**
 * dmirror_release_memory - empty the device and give its memory back
 * @mdevice: the device; it gets new memory with the next migration
 * @interruptible: whether a signal ends the wait for pages that do not move
 *
 * Return: 0, or -EINTR with the memory still there.
 */
int dmirror_release_memory(struct dmirror_device *mdevice, bool interruptible)
{
	struct dmirror_chunk *chunk, *tmp;
	int ret = 0;

	mutex_lock(&mdevice->grow_mutex);
	list_for_each_entry_safe(chunk, tmp, &mdevice->chunks, link) {
		ret = dmirror_empty_chunk(chunk, interruptible);
		if (ret)
			break;
		dmirror_chunk_remove(chunk);
	}
	mutex_unlock(&mdevice->grow_mutex);
	return ret;
}
