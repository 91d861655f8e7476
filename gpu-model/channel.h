/* SPDX-License-Identifier: MIT */
/*
 * DOC: Channels
 *
 * The state of a channel: what the channel registers, the runlist, the PBDMA
 * and the engines know of it.
 *
 * Who may touch it: everything under "device lock" with that lock. The rest
 * belongs to the runlist's thread while @running is set (by that thread, under
 * the lock), and to whoever holds the lock while it is not. A register write
 * that takes the channel away from a running thread sets @stop and @stale and
 * leaves the clearing to the thread.
 */
#ifndef GPU_MODEL_CHANNEL_H
#define GPU_MODEL_CHANNEL_H

#include <stdatomic.h>

#include "engine.h"
#include "fault.h"
#include "mmu.h"
#include "types.h"

#define NR_CHANNELS	128u
#define NR_SUBCHANNELS	8u
#define FETCH_WORDS	64u

/**
 * enum channel_state - why a channel does or does not run
 * @CHANNEL_IDLE: nothing to do until GP_PUT moves
 * @CHANNEL_READY: has work, or may have
 * @CHANNEL_ACQUIRE: waits for a semaphore; is tried again at @retry_at
 * @CHANNEL_FAULTED: waits for a replay
 * @CHANNEL_TRAPPED: waits for the driver to serve a PBDMA interrupt
 * @CHANNEL_DEAD: killed by a fault; only a new bind helps
 */
enum channel_state {
	CHANNEL_IDLE,
	CHANNEL_READY,
	CHANNEL_ACQUIRE,
	CHANNEL_FAULTED,
	CHANNEL_TRAPPED,
	CHANNEL_DEAD,
};

/* How the data words after a method header are spread over methods. */
enum method_kind { KIND_INC, KIND_NON_INC, KIND_ONE_INC };

struct channel {
	struct gpu *gpu;
	u32 id;

	/* device lock */
	bool bound, enabled, running, stale, loaded;
	enum channel_state state;
	u64 inst;
	enum gpu_aperture inst_aperture;
	int runlist;			/* that lists it; -1: none */
	u32 tsg, runq;
	u64 timeslice_ns;
	u64 retry_at, retry_ns;		/* host_ns(); CHANNEL_ACQUIRE */
	u32 trap;			/* PBDMA_INTR_0 bits, CHANNEL_TRAPPED */
	bool trap_served;		/* the trapped word is done with */
	bool bell;			/* GP_PUT was written since it began to run */
	bool keeps_runlist;		/* CHANNEL_ACQUIRE without the switch bit */

	/* any thread */
	atomic_bool stop;		/* leave at once, touch no memory any more */
	atomic_bool yield;		/* leave at the next method */
	_Atomic(const struct engine_ops *) on_engine; /* has used it in this slice */

	/* the thread that runs it */
	u64 slice_end;			/* host_ns() */
	u64 random;			/* state of its own random numbers */
	bool released;			/* it has written a semaphore */
	struct mmu_space space;
	enum gpu_aperture userd_aperture;
	u64 userd;
	u64 gp_base;
	u32 gp_entries, gp_get, gp_put;
	u64 segment;			/* address of the next word */
	u32 segment_words;		/* left in the GPFIFO entry */
	u32 word[FETCH_WORDS];		/* fetched ahead: word[word_at..word_nr) */
	u32 word_at, word_nr;
	u32 mthd, left, subc;		/* method header in progress */
	enum method_kind kind;
	u32 subdevice_mask, stored_mask;
	u32 trap_mthd, trap_data;	/* with ENGINE_ERROR: PBDMA_METHOD0 and DATA0 */
	u32 class[NR_SUBCHANNELS];
	u32 sema[4];
	u32 mem_op[4];
	u32 reference;

	/* the thread that runs it; set when it begins, as the lists may change meanwhile */
	u32 on_runlist, on_pbdma;
	int copy_engine;		/* instance that serves the runlist; -1: none */

	/* with ENGINE_FAULT */
	struct gpu_fault fault;
	bool fault_replayable;

	void *context[ENGINE_MAX];	/* the engines' */
};

/* Time for an engine to return ENGINE_AGAIN. Any thread. */
bool channel_slice_over(const struct channel *ch);

/*
 * Round a piece of memory access by an engine: false when the channel has been taken away, and then
 * nothing is entered and nothing may be touched: return ENGINE_AGAIN.
 */
bool channel_enter(struct channel *ch);
void channel_leave(struct channel *ch);

/* Waits for a random while, as the option "delay" has it; the second only now and then. */
void channel_delay(struct channel *ch);
void channel_delay_sometimes(struct channel *ch);

/* Fills channel->fault. @engine and @client as in fault.h; hub clients. */
enum engine_result channel_fault(struct channel *ch, const struct mmu_xlate *x, enum mmu_access access,
				 u32 engine, u32 client);

#endif
