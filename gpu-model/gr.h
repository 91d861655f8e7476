/* SPDX-License-Identifier: MIT */
/*
 * DOC: The graphics engine as a unit of the device
 *
 * Puts the classes (gr_class.c) and grids (gr_grid.c) behind PFIFO: methods come
 * from the runlist's thread, memory is the channel's address space, and a page
 * that an SM cannot reach is a fault of a GPC client.
 *
 * A faulted access of a shader is replayable when the channel's address space
 * says so, else it is the end of the channel, like every fault of the front end
 * itself (descriptors, reports, uploads). A warp that fails raises PGRAPH's TRAP
 * interrupt with the SM's error registers; its grid ends there, and the channel
 * goes on.
 */
#ifndef GPU_MODEL_GR_H
#define GPU_MODEL_GR_H

#include "channel.h"
#include "gr_class.h"
#include "gr_grid.h"

#define GR_MAX_POSTED	64u	/* faults that a cancel can name */
#define GR_MAX_NOTED	128u	/* methods that are reported once each */

struct gr_unit {
	int slot;			/* of channel->context[] */
	struct gr_pool *pool;
	struct fault_listener listener;
	/* device lock */
	u32 nr_noted;
	u32 noted[GR_MAX_NOTED];	/* class << 16 | method */
};

/* What the engine keeps for a channel. */
struct gr_context {
	struct channel *ch;
	struct gr_state *state;
	struct gr_grid *grid;		/* made with the first launch */
	u64 instructions;		/* counted so far */
	atomic_bool fatal;		/* an access faulted that cannot be replayed */
	/* device lock */
	u32 nr_posted;
	struct gpu_fault posted[GR_MAX_POSTED];	/* since the last replay */
	struct gpu_fault fatal_fault;
};

extern const struct gpu_unit gr_unit;

/* gr_trap.c: the registers and the interrupt of a failed warp. Device lock not held. */
void gr_trap(struct gpu *gpu, struct channel *ch, const struct sm_launch *launch,
	     const struct sm_report *report);

#endif
