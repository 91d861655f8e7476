/* SPDX-License-Identifier: MIT */
/*
 * DOC: Grids
 *
 * Runs the blocks of a launch on several threads, in slices. Each thread is one
 * SM: it keeps some blocks resident, gives them turns, and starts the next
 * block of the grid when one has ended. All accesses to memory are inside of
 * gr_grid_host.enter() and leave(), for one turn of one block at a time.
 *
 * A page that faults is reported once for each SM until the next replay, as the
 * SM's own translation cache would merge the misses; warps wait at their
 * instruction and others go on.
 */
#ifndef GR_GRID_H
#define GR_GRID_H

#include <stdatomic.h>

#include "sm.h"
#include "types.h"

#define GR_MAX_SMS	16

/* A page that an SM could not reach. @reason is the host's; gr_grid passes it on. */
struct gr_fault {
	u64 page;
	enum sm_access access;
	u32 reason;
	u32 sm;
};

/**
 * struct gr_grid_host - what a grid runs on
 * @ctx: first argument; all functions are called from any of the pool's threads
 * @enter: begins the use of memory; false: not any more, end the slice
 * @leave: ends it
 * @translate: as sm_memory.translate; inside of the bracket
 * @fault: reports a page; outside of the bracket
 * @over: time to end the slice
 */
struct gr_grid_host {
	void *ctx;
	bool (*enter)(void *ctx);
	void (*leave)(void *ctx);
	void *(*translate)(void *ctx, u64 page, enum sm_access access, bool *keep, u32 *reason);
	void (*fault)(void *ctx, const struct gr_fault *fault);
	bool (*over)(void *ctx);
};

/* Threads that run SMs. One job at a time. */
struct gr_pool;

/* @threads beside the caller's; 0 is fine. NULL without memory or threads. */
struct gr_pool *gr_pool_new(u32 threads);
void gr_pool_free(struct gr_pool *pool);
u32 gr_pool_sms(const struct gr_pool *pool);	/* threads and the caller */
/* Calls @fn with 0..sms-1, each on a thread; returns when all have returned. */
void gr_pool_run(struct gr_pool *pool, void (*fn)(void *arg, u32 sm), void *arg);

enum gr_grid_state {
	GR_GRID_DONE,		/* all blocks have ended */
	GR_GRID_AGAIN,		/* the slice is over */
	GR_GRID_STALLED,	/* everything left waits for a replay */
	GR_GRID_ERROR,		/* a warp failed: gr_grid_report(); the grid has ended */
	GR_GRID_DEADLOCK,	/* warps wait at barriers for ever; the grid has ended */
};

struct gr_grid;

/* A grid of nobody yet, with a core for each SM of the pool. NULL without memory. */
struct gr_grid *gr_grid_new(struct gr_pool *pool, const struct gr_grid_host *host);
void gr_grid_free(struct gr_grid *grid);

/* Begins a launch that sm_launch_check() is content with. None may be under way. */
void gr_grid_start(struct gr_grid *grid, const struct sm_launch *launch);

bool gr_grid_active(const struct gr_grid *grid);

/* Runs a slice. DONE, ERROR and DEADLOCK end the launch. */
enum gr_grid_state gr_grid_run(struct gr_grid *grid);

/* Drops what is left of the launch. Not while gr_grid_run() runs. */
void gr_grid_abort(struct gr_grid *grid);

/* Waiting accesses are to be tried again. Any thread, at any time. */
void gr_grid_replay(struct gr_grid *grid);

const struct sm_report *gr_grid_report(const struct gr_grid *grid);
u64 gr_grid_instructions(const struct gr_grid *grid);	/* of all launches */

#endif
