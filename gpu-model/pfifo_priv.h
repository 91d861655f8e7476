/* SPDX-License-Identifier: MIT */
/* State of PFIFO, shared by pfifo.c (registers) and runlist.c (threads). Device lock. */
#ifndef GPU_MODEL_PFIFO_PRIV_H
#define GPU_MODEL_PFIFO_PRIV_H

#include <pthread.h>

#include "channel.h"
#include "event.h"
#include "fault.h"
#include "pfifo.h"
#include "unit.h"

#define MAX_RUNLISTS		8u
#define MAX_RUNLIST_ENTRIES	512u	/* groups and channels; more are not read */

struct runlist {
	struct gpu *gpu;
	u32 id;
	pthread_t thread;
	pthread_cond_t wake;
	bool started;			/* there is a thread */
	u16 order[NR_CHANNELS];		/* channels, as listed */
	u32 nr;
	u32 next;			/* where to look first */
	struct channel *current;
	struct {			/* submitted, and not read yet */
		enum gpu_aperture aperture;
		u64 base;
		u32 count;
		struct event event;	/* queued until it is read */
	} pending;
	struct {			/* by an acquire that must not switch; see keep_runlist() */
		u32 group;
		u64 slice_ns;		/* of the group; 0: nobody keeps the runlist */
		u64 until;		/* host_ns(): end of a slice */
		bool wanted;		/* another group has work, and waits for @until */
	} kept;
	u64 busy_ns;			/* real time spent running channels */
};

struct pfifo {
	struct channel channel[NR_CHANNELS];
	struct runlist runlist[MAX_RUNLISTS];
	u32 nr_runlists, nr_pbdmas;
	bool quit;
	bool preempting;		/* 002634 b20 */
	bool preempt_group;
	u32 preempt_id;
	struct event switch_timeout;
	u64 replays;			/* so far; an engine may stall just when one comes */
	const struct engine_ops *engine[ENGINE_MAX];
	u32 nr_engines;
	struct fault_listener listener;
	atomic_uint delay_us, delay_every;
};

/* runlist.c */
int runlist_start(struct gpu *gpu, struct runlist *rl, u32 id);
void runlist_stop(struct gpu *gpu);
void runlist_kick(struct runlist *rl);
void runlist_kick_all(struct gpu *gpu);
void runlist_submit(struct gpu *gpu, struct runlist *rl, enum gpu_aperture aperture, u64 base, u32 count);
void runlist_reset(struct runlist *rl);
void runlist_let_go(struct runlist *rl);

/* pfifo.c */
void channel_clear(struct channel *ch);
struct runlist *pfifo_runlist_of(struct gpu *gpu, const struct channel *ch);

/* pfifo_recovery.c */

/* A card waits about so long too; a busy host must not look like a hung engine. */
#define SWITCH_TIMEOUT_NS	1000000000ull

/*
 * The channel's time is over and its engine does not give it up: if another waits, the
 * driver is told; true then. Its own thread, device lock not held.
 */
bool recovery_switch_timeout(struct channel *ch);
void recovery_init(struct gpu *gpu);
void pfifo_preempt_check(struct gpu *gpu);

#endif
