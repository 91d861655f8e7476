// SPDX-License-Identifier: MIT
/* Blocks of a launch, spread over SMs. */
#include <stdlib.h>
#include <string.h>

#include "gr_grid.h"

#define MAX_RESIDENT	16u	/* blocks of an SM */
#define MAX_THREADS	2048u	/* of the resident blocks of an SM */
#define MAX_LOCAL	(128ull << 20)	/* bytes of local memory of them */
#define TURN		2048u	/* warp instructions of a block's turn, about */
#define MAX_FAULTS	256u	/* pages that an SM has reported and that are not replayed */

struct sm {
	struct gr_grid *grid;
	u32 number;
	struct sm_core *core;
	struct sm_block *block[MAX_RESIDENT];
	bool waiting[MAX_RESIDENT];	/* nothing to do before a replay */
	u32 replays;			/* seen */
	u32 nr_faults, nr_posted;
	struct gr_fault fault[MAX_FAULTS];
	enum gr_grid_state state;	/* of the last slice */
};

struct gr_grid {
	struct gr_pool *pool;
	struct gr_grid_host host;
	struct sm_launch launch;
	bool active;
	u32 resident, quantum;
	u64 total;
	atomic_ullong next;		/* block to start */
	atomic_bool failed;		/* some SM: the others end their slice */
	atomic_uint replays;
	u32 nr_sms;
	struct sm sm[GR_MAX_SMS];
	struct sm_report report;
};

/* A page that was reported for @had need not be for @access. */
static bool covers(enum sm_access had, enum sm_access access)
{
	return access == SM_PREFETCH || (had != SM_PREFETCH && had >= access);
}

/* A miss is noted here and told to the host after the turn. */
static void *translate(void *ctx, u64 page, enum sm_access access, bool *keep)
{
	struct sm *sm = ctx;
	struct gr_fault f = { .page = page, .access = access, .sm = sm->number };
	struct gr_grid *grid = sm->grid;
	void *host;

	host = grid->host.translate(grid->host.ctx, page, access, keep, &f.reason);
	if (host)
		return host;
	for (u32 n = 0; n < sm->nr_faults; n++) {
		if (sm->fault[n].page == page && covers(sm->fault[n].access, access))
			return NULL;
	}
	/* With a full list it is asked for again after the replay. */
	if (sm->nr_faults < MAX_FAULTS)
		sm->fault[sm->nr_faults++] = f;
	return NULL;
}

struct gr_grid *gr_grid_new(struct gr_pool *pool, const struct gr_grid_host *host)
{
	struct gr_grid *grid = calloc(1, sizeof(*grid));

	if (!grid)
		return NULL;
	grid->pool = pool;
	grid->host = *host;
	grid->nr_sms = gr_pool_sms(pool);
	for (u32 n = 0; n < grid->nr_sms; n++) {
		struct sm *sm = &grid->sm[n];
		struct sm_memory memory = { .ctx = sm, .translate = translate };

		sm->grid = grid;
		sm->number = n;
		sm->core = sm_core_new(&memory);
		if (!sm->core) {
			gr_grid_free(grid);
			return NULL;
		}
	}
	return grid;
}

void gr_grid_free(struct gr_grid *grid)
{
	if (!grid)
		return;
	gr_grid_abort(grid);
	for (u32 n = 0; n < grid->nr_sms; n++)
		sm_core_free(grid->sm[n].core);
	free(grid);
}

void gr_grid_start(struct gr_grid *grid, const struct sm_launch *launch)
{
	u32 threads = launch->block[0] * launch->block[1] * launch->block[2];
	u32 warps = (threads + SM_LANES - 1) / SM_LANES;
	u64 local = (u64)threads * launch->local;

	grid->launch = *launch;
	grid->total = (u64)launch->grid[0] * launch->grid[1] * launch->grid[2];
	atomic_store(&grid->next, 0);
	atomic_store(&grid->failed, false);
	grid->resident = MAX_THREADS / threads;
	if (local && grid->resident > MAX_LOCAL / local)
		grid->resident = MAX_LOCAL / local;
	if (grid->resident > MAX_RESIDENT)
		grid->resident = MAX_RESIDENT;
	if (!grid->resident)
		grid->resident = 1;
	grid->quantum = TURN / warps;
	memset(&grid->report, 0, sizeof(grid->report));
	for (u32 n = 0; n < grid->nr_sms; n++) {
		struct sm *sm = &grid->sm[n];

		sm_core_launch(sm->core, launch);
		sm->nr_faults = sm->nr_posted = 0;
		sm->replays = atomic_load(&grid->replays);
	}
	grid->active = true;
}

bool gr_grid_active(const struct gr_grid *grid)
{
	return grid->active;
}

void gr_grid_abort(struct gr_grid *grid)
{
	for (u32 n = 0; n < grid->nr_sms; n++) {
		for (u32 k = 0; k < MAX_RESIDENT; k++) {
			sm_block_free(grid->sm[n].block[k]);
			grid->sm[n].block[k] = NULL;
		}
	}
	grid->active = false;
}

void gr_grid_replay(struct gr_grid *grid)
{
	atomic_fetch_add(&grid->replays, 1);
}

const struct sm_report *gr_grid_report(const struct gr_grid *grid)
{
	return &grid->report;
}

u64 gr_grid_instructions(const struct gr_grid *grid)
{
	u64 sum = 0;

	for (u32 n = 0; n < grid->nr_sms; n++)
		sum += sm_core_instructions(grid->sm[n].core);
	return sum;
}

/* ------------------------------------------------------------ one SM's slice */

static void wake_parked(struct sm *sm)
{
	u32 replays = atomic_load(&sm->grid->replays);

	if (sm->replays == replays)
		return;
	sm->replays = replays;
	sm->nr_faults = sm->nr_posted = 0;
	for (u32 k = 0; k < MAX_RESIDENT; k++) {
		if (sm->block[k])
			sm_block_replay(sm->block[k]);
		sm->waiting[k] = false;
	}
}

/* Fills free places with the next blocks of the grid. False: no memory for one. */
static bool start_blocks(struct sm *sm)
{
	struct gr_grid *grid = sm->grid;
	const struct sm_launch *l = &grid->launch;

	for (u32 k = 0; k < grid->resident; k++) {
		u64 n;

		if (sm->block[k] || atomic_load(&grid->next) >= grid->total)
			continue;
		n = atomic_fetch_add(&grid->next, 1);
		if (n >= grid->total)
			return true;
		const u32 id[3] = { n % l->grid[0], n / l->grid[0] % l->grid[1],
				    n / l->grid[0] / l->grid[1] };

		sm->block[k] = sm_block_new(sm->core, id);
		sm->waiting[k] = false;
		if (!sm->block[k])
			return false;
	}
	return true;
}

/* A turn of one block. False: the slice has to end. */
static bool turn(struct sm *sm, u32 k, enum sm_block_state *state)
{
	struct gr_grid_host *host = &sm->grid->host;

	if (!host->enter(host->ctx))
		return false;
	/* what was looked up in an earlier bracket is not good in this one */
	sm_core_flush_tlb(sm->core);
	*state = sm_block_run(sm->block[k], sm->grid->quantum);
	host->leave(host->ctx);
	while (sm->nr_posted < sm->nr_faults)
		host->fault(host->ctx, &sm->fault[sm->nr_posted++]);
	return true;
}

static void fail(struct sm *sm, enum gr_grid_state state)
{
	sm->state = state;
	atomic_store(&sm->grid->failed, true);
}

/* One round over the resident blocks. Returns false when the slice ends here. */
static bool turns(struct sm *sm, bool *used, bool *ran)
{
	enum sm_block_state state;

	for (u32 k = 0; k < sm->grid->resident; k++) {
		if (!sm->block[k])
			continue;
		*used = true;
		if (sm->waiting[k])
			continue;
		*ran = true;
		if (!turn(sm, k, &state)) {
			sm->state = GR_GRID_AGAIN;
			return false;
		}
		switch (state) {
		case SM_BLOCK_RUNNING:
			break;
		case SM_BLOCK_WAITING:
			sm->waiting[k] = true;
			break;
		case SM_BLOCK_DONE:
			sm_block_free(sm->block[k]);
			sm->block[k] = NULL;
			break;
		case SM_BLOCK_ERROR:
			fail(sm, GR_GRID_ERROR);
			return false;
		case SM_BLOCK_DEADLOCK:
			fail(sm, GR_GRID_DEADLOCK);
			return false;
		}
	}
	return true;
}

static void slice(void *arg, u32 number)
{
	struct gr_grid *grid = arg;
	struct sm *sm = &grid->sm[number];

	for (;;) {
		bool used = false, ran = false;

		if (atomic_load(&grid->failed)) {
			sm->state = GR_GRID_AGAIN;
			return;
		}
		wake_parked(sm);
		if (!start_blocks(sm)) {
			fail(sm, GR_GRID_ERROR);
			return;
		}
		if (!turns(sm, &used, &ran))
			return;
		if (!used) {
			sm->state = GR_GRID_DONE;
			return;
		}
		if (!ran && sm->replays == atomic_load(&grid->replays)) {
			sm->state = GR_GRID_STALLED;
			return;
		}
		if (grid->host.over(grid->host.ctx)) {
			sm->state = GR_GRID_AGAIN;
			return;
		}
	}
}

enum gr_grid_state gr_grid_run(struct gr_grid *grid)
{
	u32 nr[GR_GRID_DEADLOCK + 1] = { 0 };

	gr_pool_run(grid->pool, slice, grid);
	for (u32 n = 0; n < grid->nr_sms; n++) {
		nr[grid->sm[n].state]++;
		if (grid->sm[n].state == GR_GRID_ERROR)
			grid->report = *sm_core_report(grid->sm[n].core);
	}
	if (nr[GR_GRID_ERROR] || nr[GR_GRID_DEADLOCK]) {
		gr_grid_abort(grid);
		return nr[GR_GRID_ERROR] ? GR_GRID_ERROR : GR_GRID_DEADLOCK;
	}
	if (nr[GR_GRID_AGAIN])
		return GR_GRID_AGAIN;
	if (nr[GR_GRID_STALLED])
		return GR_GRID_STALLED;
	grid->active = false;
	return GR_GRID_DONE;
}
