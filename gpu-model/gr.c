// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gr.h"
#include "pfifo.h"
#include "pgraph.h"
#include "ptimer.h"
#include "ptop.h"
#include "unit.h"

#define MAX_THREADS	3	/* beside the runlist's */
#define NR_TPCS		2u	/* that the chip says it has */
#define CLIENT_HUB_FE	0x04u

/* A page that reads as zeros, and one for writes that nobody reads. */
static const u8 sparse_zero[4096];
static u8 sparse_sink[4096];

/* ------------------------------------------------- memory of the front end */

/* What the front end reads and writes itself; a fault there kills the channel. */
static enum engine_result front_end_fault(struct channel *ch, const struct mmu_xlate *x,
					  enum mmu_access access)
{
	return channel_fault(ch, x, access, FAULT_GRAPHICS, CLIENT_HUB_FE);
}

static enum engine_result host_read(void *ctx, u64 va, void *buf, u32 len)
{
	struct channel *ch = ((struct gr_context *)ctx)->ch;
	struct mmu_xlate x;
	u64 done;

	if (!channel_enter(ch))
		return ENGINE_AGAIN;
	done = mmu_read(ch->gpu, &ch->space, MMU_CLIENT_HOST, va, buf, len, &x);
	channel_leave(ch);
	return done == len ? ENGINE_OK : front_end_fault(ch, &x, MMU_READ);
}

static enum engine_result host_write(void *ctx, u64 va, const void *buf, u32 len)
{
	struct channel *ch = ((struct gr_context *)ctx)->ch;
	struct mmu_xlate x;
	u64 done;

	if (!channel_enter(ch))
		return ENGINE_AGAIN;
	done = mmu_write(ch->gpu, &ch->space, MMU_CLIENT_HOST, va, buf, len, &x);
	channel_leave(ch);
	if (done != len)
		return front_end_fault(ch, &x, MMU_WRITE);
	ch->released = true;	/* it may have been a semaphore */
	return ENGINE_OK;
}

static u64 host_time(void *ctx)
{
	return ptimer_now(((struct gr_context *)ctx)->ch->gpu);
}

static bool host_over(void *ctx)
{
	return channel_slice_over(((struct gr_context *)ctx)->ch);
}

/* Says once of each method that it is not modelled. */
static void host_note(void *ctx, u32 class, u32 mthd, u32 data, bool known)
{
	struct channel *ch = ((struct gr_context *)ctx)->ch;
	struct gr_unit *gr = ch->gpu->gr;
	u32 key = class << 16 | mthd;
	bool seen = false;

	if (known)
		return;
	counter_inc(ch->gpu, CTR_GR_METHODS_UNMODELLED);
	gpu_lock(ch->gpu);
	for (u32 n = 0; n < gr->nr_noted; n++)
		seen |= gr->noted[n] == key;
	if (!seen && gr->nr_noted < GR_MAX_NOTED)
		gr->noted[gr->nr_noted++] = key;
	gpu_unlock(ch->gpu);
	if (!seen)
		gpu_log(ch->gpu, GPU_LOG_INFO, "class %04x: method %04x (%s), data %08x: not modelled",
			class, mthd, gr_method_name(class, mthd), data);
}

/* ------------------------------------------------------ memory of the SMs */

static bool grid_enter(void *ctx)
{
	return channel_enter(((struct gr_context *)ctx)->ch);
}

static void grid_leave(void *ctx)
{
	channel_leave(((struct gr_context *)ctx)->ch);
}

static void *grid_translate(void *ctx, u64 page, enum sm_access access, bool *keep, u32 *reason)
{
	static const enum mmu_access as[] = { MMU_READ, MMU_WRITE, MMU_ATOMIC, MMU_PREFETCH };
	struct channel *ch = ((struct gr_context *)ctx)->ch;
	bool writes = access == SM_WRITE || access == SM_ATOMIC;
	struct mmu_xlate x;
	void *p;

	if (!mmu_translate(ch->gpu, &ch->space, MMU_CLIENT_GPC, page, as[access], &x)) {
		*reason = x.reason;
		return NULL;
	}
	if (x.sparse) {
		*keep = false;
		return writes ? sparse_sink : (void *)sparse_zero;
	}
	p = memory_ptr(ch->gpu, x.aperture, x.addr, 4096, writes);
	*reason = MMU_FAULT_APERTURE;
	return p;
}

static struct gpu_fault gpc_fault(const struct gr_context *c, const struct gr_fault *f)
{
	return (struct gpu_fault){
		.space = c->ch->space,
		.va = f->page,
		.access = (u8)f->access,
		.reason = (u8)f->reason,
		.engine = FAULT_GRAPHICS,
		.client = (u8)(FAULT_CLIENT_GPC_T1_0 + 3 * (f->sm % NR_TPCS)),
	};
}

static void grid_fault(void *ctx, const struct gr_fault *fault)
{
	struct gr_context *c = ctx;
	struct gpu *gpu = c->ch->gpu;
	struct gpu_fault f = gpc_fault(c, fault);

	gpu_lock(gpu);
	if (!atomic_load(&c->ch->stop)) {
		counter_inc(gpu, CTR_GR_FAULTS);
		if (fault->access == SM_PREFETCH) {
			/* nothing waits for it: it cannot be cancelled, and without replays it is nobody's */
			if (c->ch->space.replay_tex)
				fault_post_replayable(gpu, &f);
		} else if (!c->ch->space.replay_tex) {
			if (!atomic_load(&c->fatal))
				c->fatal_fault = f;
			atomic_store(&c->fatal, true);
		} else {
			if (c->nr_posted < GR_MAX_POSTED)
				c->posted[c->nr_posted++] = f;
			fault_post_replayable(gpu, &f);
		}
	}
	gpu_unlock(gpu);
}

static bool grid_over(void *ctx)
{
	struct gr_context *c = ctx;

	return channel_slice_over(c->ch) || atomic_load(&c->fatal);
}

/* -------------------------------------------------------------- launches */

static bool make_grid(struct gr_context *c)
{
	struct gr_grid_host host = {
		.ctx = c, .enter = grid_enter, .leave = grid_leave, .translate = grid_translate,
		.fault = grid_fault, .over = grid_over,
	};
	struct gpu *gpu = c->ch->gpu;
	struct gr_grid *grid = gr_grid_new(gpu->gr->pool, &host);

	gpu_lock(gpu);
	c->grid = grid;
	gpu_unlock(gpu);
	return grid;
}

static bool start(struct gr_context *c, const struct sm_launch *launch)
{
	struct channel *ch = c->ch;
	const char *why = sm_launch_check(launch);

	if (why) {
		gpu_log(ch->gpu, GPU_LOG_WARN, "channel %u: launch refused: %s", ch->id, why);
		counter_inc(ch->gpu, CTR_GR_LAUNCHES_REFUSED);
		return false;
	}
	if (!c->grid && !make_grid(c)) {
		gpu_log(ch->gpu, GPU_LOG_ERROR, "channel %u: no memory for a grid", ch->id);
		return false;
	}
	gpu_lock(ch->gpu);
	fecs_set_context(ch->gpu, ch->space.inst_aperture, ch->space.inst);
	c->nr_posted = 0;
	gpu_unlock(ch->gpu);
	atomic_store(&c->fatal, false);
	counter_inc(ch->gpu, CTR_GR_GRIDS);
	gr_grid_start(c->grid, launch);
	return true;
}

static enum engine_result die(struct gr_context *c)
{
	struct gpu *gpu = c->ch->gpu;

	gr_grid_abort(c->grid);
	gpu_lock(gpu);
	if (!atomic_load(&c->ch->stop))
		fault_post_fatal(gpu, &c->fatal_fault);
	gpu_unlock(gpu);
	return ENGINE_DEAD;
}

static enum engine_result host_launch(void *ctx, const struct sm_launch *launch)
{
	struct gr_context *c = ctx;
	struct channel *ch = c->ch;
	enum gr_grid_state state;
	u64 instructions;

	if ((!c->grid || !gr_grid_active(c->grid)) && !start(c, launch))
		return ENGINE_OK;	/* dropped */
	state = gr_grid_run(c->grid);
	instructions = gr_grid_instructions(c->grid);
	counter_add(ch->gpu, CTR_GR_WARP_INSTRUCTIONS, instructions - c->instructions);
	c->instructions = instructions;
	if (atomic_load(&c->fatal))
		return die(c);
	switch (state) {
	case GR_GRID_DONE:
		return ENGINE_OK;
	case GR_GRID_AGAIN:
		return ENGINE_AGAIN;
	case GR_GRID_STALLED:
		counter_inc(ch->gpu, CTR_GR_STALLS);
		ch->fault_replayable = false;
		return ENGINE_STALLED;
	case GR_GRID_ERROR:
		gr_trap(ch->gpu, ch, launch, gr_grid_report(c->grid));
		return ENGINE_OK;
	default:
		gpu_log(ch->gpu, GPU_LOG_WARN, "channel %u: a block waits at a barrier for ever; the grid is ended",
			ch->id);
		counter_inc(ch->gpu, CTR_GR_WARP_ERRORS);
		return ENGINE_OK;
	}
}

/* --------------------------------------------------- replay, cancel, methods */

/* The engine's context of a channel by number, or NULL. Device lock. */
static struct gr_context *context_of(struct gpu *gpu, u32 id)
{
	return pfifo_channel(gpu, id)->context[gpu->gr->slot];
}

static void on_replay(void *ctx)
{
	struct gpu *gpu = ctx;

	for (u32 id = 0; id < NR_CHANNELS; id++) {
		struct gr_context *c = context_of(gpu, id);

		if (!c)
			continue;
		c->nr_posted = 0;
		if (c->grid)
			gr_grid_replay(c->grid);
	}
}

static void on_cancel(void *ctx, const struct fault_cancel *cancel)
{
	struct gpu *gpu = ctx;

	for (u32 id = 0; id < NR_CHANNELS; id++) {
		struct gr_context *c = context_of(gpu, id);

		for (u32 n = 0; c && n < c->nr_posted; n++) {
			const struct gpu_fault *f = &c->posted[n];

			if (!cancel->global && (cancel->hub || cancel->client != f->client ||
						cancel->gpc != f->gpc ||
						(cancel->inst && cancel->inst != f->space.inst)))
				continue;
			pfifo_kill(gpu, c->ch);
			fault_post_fatal(gpu, f);
			c->nr_posted = 0;
		}
	}
}

static bool gr_owns(const struct gpu *gpu, u32 class)
{
	return class == gpu->chip->threed_class || class == gpu->chip->compute_class ||
	       class == GR_CLASS_INLINE || class == GR_CLASS_2D;
}

static struct gr_context *make_context(struct channel *ch)
{
	struct gr_context *c = calloc(1, sizeof(*c));
	struct gr_host host = {
		.ctx = c, .read = host_read, .write = host_write, .time = host_time,
		.launch = host_launch, .over = host_over, .note = host_note,
	};

	if (!c)
		return NULL;
	c->ch = ch;
	c->state = gr_state_new(&host);
	if (!c->state) {
		free(c);
		return NULL;
	}
	gpu_lock(ch->gpu);
	ch->context[ch->gpu->gr->slot] = c;
	gpu_unlock(ch->gpu);
	return c;
}

static enum engine_result gr_unit_method(struct channel *ch, u32 class, u32 mthd, u32 data)
{
	struct gr_context *c = ch->context[ch->gpu->gr->slot];

	if (!c)
		c = make_context(ch);
	return c ? gr_method(c->state, class, mthd, data) : ENGINE_ERROR;
}

static void gr_drop(struct channel *ch)
{
	struct gr_context *c = ch->gpu->gr ? ch->context[ch->gpu->gr->slot] : NULL;

	if (!c)
		return;
	gr_grid_free(c->grid);
	gr_state_free(c->state);
	free(c);
	ch->context[ch->gpu->gr->slot] = NULL;
}

static const struct engine_ops gr_ops = {
	.name = "graphics",
	.type = PTOP_GRAPHICS,
	.owns = gr_owns,
	.method = gr_unit_method,
	.drop = gr_drop,
};

/* ---------------------------------------------------------------- the unit */

static int gr_init(struct gpu *gpu)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct gr_unit *gr = calloc(1, sizeof(*gr));

	if (!gr)
		return -ENOMEM;
	gr->pool = gr_pool_new(cpus > MAX_THREADS ? MAX_THREADS : cpus > 1 ? (u32)cpus - 1 : 0);
	if (!gr->pool) {
		free(gr);
		return -ENOMEM;
	}
	gr->slot = engine_register(gpu, &gr_ops);
	if (gr->slot < 0) {
		int r = gr->slot;

		gr_pool_free(gr->pool);
		free(gr);
		return r;
	}
	gpu->gr = gr;
	gr->listener = (struct fault_listener){ .replay = on_replay, .cancel = on_cancel, .ctx = gpu };
	fault_listen(gpu, &gr->listener);
	return 0;
}

static void gr_fini(struct gpu *gpu)
{
	if (!gpu->gr)
		return;
	gr_pool_free(gpu->gr->pool);
	free(gpu->gr);
	gpu->gr = NULL;
}

const struct gpu_unit gr_unit = {
	.name = "GR",
	.init = gr_init,
	.fini = gr_fini,
};
