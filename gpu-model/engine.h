/* SPDX-License-Identifier: MIT */
/*
 * DOC: Engines behind a PBDMA
 *
 * An engine is what executes the methods of classes: a copy engine, graphics
 * with compute. It registers &struct engine_ops once, in its unit's init, and
 * is called for each method that a channel sends to a subchannel whose class it
 * owns. All calls for a channel come from one thread at a time, in the order of
 * the push buffer, **without the device lock**.
 *
 * A method is taken (ENGINE_OK) or it is not (everything else), and then the
 * same word comes again when the channel runs the next time: that is how long
 * work is cut into slices, how a fault stops a channel, and how a channel that
 * was preempted goes on. So an engine keeps its progress in its own context.
 */
#ifndef GPU_MODEL_ENGINE_H
#define GPU_MODEL_ENGINE_H

#include "types.h"

struct channel;
struct gpu;

/**
 * enum engine_result - what came of a method
 * @ENGINE_OK: taken
 * @ENGINE_AGAIN: the slice is used up (channel_slice_over()): not taken, call again soon
 * @ENGINE_WAIT: waits for memory to change (an acquire): call again a little later
 * @ENGINE_FAULT: channel->fault tells a faulted access that PFIFO is to post, as
 *	replayable when channel->fault_replayable, else as fatal. Call again after a replay.
 * @ENGINE_STALLED: the engine has posted replayable faults itself; call again after a replay
 * @ENGINE_DEAD: the engine has posted a fatal fault itself: the end of the channel
 * @ENGINE_ERROR: no such method or class: PBDMA's DEVICE interrupt; the driver decides
 */
enum engine_result {
	ENGINE_OK,
	ENGINE_AGAIN,
	ENGINE_WAIT,
	ENGINE_FAULT,
	ENGINE_STALLED,
	ENGINE_DEAD,
	ENGINE_ERROR,
};

/**
 * struct engine_ops - an engine
 * @name: for logs
 * @type: enum ptop_type: which entry of the device info table it is, for resets
 * @owns: it executes this class. Any thread, no lock.
 * @method: executes one method. The context of the engine for this channel is
 *	channel->context[slot]; it is made by the engine when first needed.
 * @drop: the channel is unbound, killed or reset: free channel->context[slot]. Device lock held;
 *	no @method is running for it. May be called when there is none.
 */
struct engine_ops {
	const char *name;
	int type;
	bool (*owns)(const struct gpu *gpu, u32 class);
	enum engine_result (*method)(struct channel *ch, u32 class, u32 mthd, u32 data);
	void (*drop)(struct channel *ch);
};

#define ENGINE_MAX	4

/* From a unit's init. Returns the slot, or -ENOSPC. PFIFO's init runs before. */
int engine_register(struct gpu *gpu, const struct engine_ops *ops);

#endif
