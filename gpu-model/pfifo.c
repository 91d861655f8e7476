// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "inject.h"
#include "pbdma.h"
#include "pfifo_priv.h"
#include "pmc.h"
#include "ptop.h"
#include "ramfc.h"
#include "trace.h"

#define DEFAULT_DELAY_US	50
#define DEFAULT_DELAY_EVERY	16

/* ---------------------------------------------------------------- interrupts */

static void update_line(struct gpu *gpu)
{
	pmc_set_line(gpu, PMC_PFIFO, reg_get(gpu, 0x002100) & reg_get(gpu, 0x002140));
}

void pfifo_intr_set(struct gpu *gpu, u32 bits)
{
	reg_set(gpu, 0x002100, reg_get(gpu, 0x002100) | bits);
	update_line(gpu);
}

void pfifo_intr_clear(struct gpu *gpu, u32 bits)
{
	reg_set(gpu, 0x002100, reg_get(gpu, 0x002100) & ~bits);
	update_line(gpu);
}

/* These four follow the registers that say which unit it was. */
#define INTR_DERIVED	(PFIFO_INTR_MMU_FAULT | PFIFO_INTR_PBDMA | PFIFO_INTR_RUNLIST)

static void intr_wr(struct gpu *gpu, u32 addr, u32 value)
{
	(void)addr;
	pfifo_intr_clear(gpu, value & ~INTR_DERIVED);
}

static void intr_en_wr(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, value);
	update_line(gpu);
}

static void runlist_intr_wr(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, reg_get(gpu, addr) & ~value);
	if (!reg_get(gpu, addr))
		pfifo_intr_clear(gpu, PFIFO_INTR_RUNLIST);
}

static void w1c_wr(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, reg_get(gpu, addr) & ~value);
}

/* 0025a0: PBDMAs with an interrupt; one that still has a cause stays. */
static void pbdma_intr_wr(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, (reg_get(gpu, addr) & ~value) | pbdma_pending(gpu));
	if (!reg_get(gpu, addr))
		pfifo_intr_clear(gpu, PFIFO_INTR_PBDMA);
}

/* ------------------------------------------------------------------ channels */

struct channel *pfifo_channel(struct gpu *gpu, u32 id)
{
	return id < NR_CHANNELS ? &gpu->pfifo->channel[id] : NULL;
}

int pfifo_channel_at(struct gpu *gpu, u64 inst)
{
	for (u32 i = 0; i < NR_CHANNELS; i++) {
		if (gpu->pfifo->channel[i].bound && gpu->pfifo->channel[i].inst == inst)
			return (int)i;
	}
	return -1;
}

struct runlist *pfifo_runlist_of(struct gpu *gpu, const struct channel *ch)
{
	if (ch->runlist < 0 || (u32)ch->runlist >= gpu->pfifo->nr_runlists)
		return NULL;
	return &gpu->pfifo->runlist[ch->runlist];
}

u32 pfifo_pbdma_of(struct gpu *gpu, const struct channel *ch)
{
	(void)gpu;
	if (ch->runlist <= 0)
		return ch->runq;
	return (u32)ch->runlist + 1;
}

/* Back to the state after reset, but for what the runlist and the registers say. */
void channel_clear(struct channel *ch)
{
	struct pfifo *pf = ch->gpu->pfifo;

	for (u32 i = 0; i < pf->nr_engines; i++) {
		pf->engine[i]->drop(ch);
		ch->context[i] = NULL;
	}
	ch->stale = false;
	ch->loaded = false;
	ch->bell = false;
	ch->released = false;
	ch->state = CHANNEL_READY;
	ch->trap = 0;
	ch->trap_served = false;
	pbdma_clear(ch);
}

/* Takes the channel away from whoever runs it. */
static void take_away(struct channel *ch)
{
	if (ch->running) {
		ch->stale = true;
		atomic_store(&ch->stop, true);
	} else {
		channel_clear(ch);
	}
}

void pfifo_kill(struct gpu *gpu, struct channel *ch)
{
	if (!ch->bound || ch->state == CHANNEL_DEAD)
		return;
	counter_inc(gpu, CTR_CHANNEL_KILLS);
	trace_op(gpu, KILL, (int)ch->id, 0, 0, 0);
	ch->state = CHANNEL_DEAD;
	if (ch->running)
		atomic_store(&ch->stop, true);
}

static void kick_channel(struct gpu *gpu, struct channel *ch)
{
	struct runlist *rl = pfifo_runlist_of(gpu, ch);

	if (ch->state == CHANNEL_IDLE)
		ch->state = CHANNEL_READY;
	ch->bell = true;
	if (rl)
		runlist_kick(rl);
}

void pfifo_doorbell(struct gpu *gpu, enum gpu_aperture aperture, u64 addr, u32 value)
{
	schedule_poll_locked(gpu);
	for (u32 i = 0; i < NR_CHANNELS; i++) {
		struct channel *ch = &gpu->pfifo->channel[i];

		if (ch->bound && ch->loaded && ch->userd_aperture == aperture &&
		    ch->userd + USERD_GP_PUT == addr) {
			/* @value is for the trace: the PBDMA reads GP_PUT where it was written. */
			counter_inc(gpu, CTR_DOORBELLS);
			trace_op(gpu, DOORBELL, (int)ch->id, value, 0, 0);
			kick_channel(gpu, ch);
		}
	}
}

void pfifo_trap_served(struct gpu *gpu, u32 pbdma)
{
	for (u32 i = 0; i < NR_CHANNELS; i++) {
		struct channel *ch = &gpu->pfifo->channel[i];

		if (ch->state == CHANNEL_TRAPPED && pfifo_pbdma_of(gpu, ch) == pbdma) {
			ch->trap_served = true;
			ch->state = CHANNEL_READY;
			kick_channel(gpu, ch);
		}
	}
}

/* 800000 + 8n: instance block and bind. */
static void ccsr_inst_wr(struct gpu *gpu, u32 addr, u32 value)
{
	struct channel *ch = &gpu->pfifo->channel[(addr - 0x800000) / 8];

	reg_set(gpu, addr, value);
	ch->bound = value >> 31;
	ch->inst = (u64)bits32(value, 27, 0) << 12;
	ch->inst_aperture = (enum gpu_aperture)bits32(value, 29, 28);
	trace_op(gpu, BIND, (int)ch->id, ch->bound ? ch->inst : 0, 0, 0);
	take_away(ch);
	if (!ch->bound)
		ch->enabled = false;
}

#define CCSR_ENABLE	BIT(0)
#define CCSR_SET	BIT(10)
#define CCSR_CLEAR	BIT(11)
#define CCSR_BUSY	BIT(28)

/* 800004 + 8n: start and stop are triggers, and read 0. */
static u32 ccsr_rd(struct gpu *gpu, u32 addr)
{
	struct channel *ch = &gpu->pfifo->channel[(addr - 0x800004) / 8];

	return (reg_get(gpu, addr) & 0x000f0000) | (ch->enabled ? CCSR_ENABLE : 0) |
	       (ch->running ? CCSR_BUSY : 0);
}

static void ccsr_wr(struct gpu *gpu, u32 addr, u32 value)
{
	struct channel *ch = &gpu->pfifo->channel[(addr - 0x800004) / 8];

	reg_set(gpu, addr, value & 0x000f0000);
	if (value & CCSR_CLEAR) {
		trace_op(gpu, STOP, (int)ch->id, 0, 0, 0);
		ch->enabled = false;
		atomic_store(&ch->yield, true);
	}
	if (value & CCSR_SET) {
		trace_op(gpu, START, (int)ch->id, 0, 0, 0);
		ch->enabled = true;
		/* USERD must be known for its doorbell to be heard. */
		if (ch->bound && !ch->loaded && !ch->running)
			ch->loaded = ramfc_load(ch);
		kick_channel(gpu, ch);
	}
}

/* ------------------------------------------------------------------- runlists */

static void read_pending(struct gpu *gpu, struct event *event)
{
	struct runlist *rl = event->ctx;

	runlist_submit(gpu, rl, rl->pending.aperture, rl->pending.base, rl->pending.count);
	trace_op(gpu, RUNLIST, -1, rl->id, rl->nr, 0);
	reg_set(gpu, 0x002a00, reg_get(gpu, 0x002a00) | BIT(rl->id));
	pfifo_intr_set(gpu, PFIFO_INTR_RUNLIST);
}

/* The list is read later, like everything that engines do; one that is submitted until then takes its place. */
static void runlist_wr(struct gpu *gpu, u32 addr, u32 value)
{
	u32 base = reg_get(gpu, 0x002270), id = bits32(value, 26, 20);
	u32 delay = atomic_load_explicit(&gpu->pfifo->delay_us, memory_order_relaxed);
	struct runlist *rl;

	reg_set(gpu, addr, value);
	if (id >= gpu->pfifo->nr_runlists) {
		gpu_log(gpu, GPU_LOG_WARN, "runlist %u submitted, there are %u", id, gpu->pfifo->nr_runlists);
		return;
	}
	rl = &gpu->pfifo->runlist[id];
	counter_inc(gpu, CTR_RUNLIST_SUBMITS);
	rl->pending.aperture = (enum gpu_aperture)bits32(base, 29, 28);
	rl->pending.base = (u64)bits32(base, 27, 0) << 12;
	rl->pending.count = bits32(value, 15, 0);
	rl->pending.event.fn = read_pending;
	rl->pending.event.ctx = rl;
	if (delay)
		event_in(gpu, &rl->pending.event, gpu_random(gpu, delay * 1000ull));
	else
		read_pending(gpu, &rl->pending.event);
}

#define RUNLIST_PENDING	BIT(20)

/* 002284 + 8n */
static u32 runlist_rd(struct gpu *gpu, u32 addr)
{
	u32 id = (addr - 0x002284) / 8;

	return gpu->pfifo->runlist[id].pending.event.queued ? RUNLIST_PENDING : 0;
}

static void block_wr(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, value);
	runlist_kick_all(gpu);
}

static u32 nr_pbdmas_rd(struct gpu *gpu, u32 addr)
{
	(void)addr;
	return gpu->pfifo->nr_pbdmas;
}

/* 002390 + 4 * PBDMA: its runlists. The first has two PBDMAs, the others one each. */
static u32 pbdma_map_rd(struct gpu *gpu, u32 addr)
{
	u32 i = (addr - 0x002390) / 4;

	if (i >= gpu->pfifo->nr_pbdmas)
		return 0;
	return i < 2 ? BIT(0) : BIT(i - 1);
}

static const struct gpu_reg regs[] = {
	{ .addr = 0x002004, .name = "NV_PFIFO_CFG0", .rd = nr_pbdmas_rd, .flags = REG_RO },
	{ .addr = 0x002008, .name = "NV_PFIFO_CFG1", .reset = NR_CHANNELS, .flags = REG_RO },
	{ .addr = 0x002100, .name = "NV_PFIFO_INTR_0", .wr = intr_wr },
	{ .addr = 0x002140, .name = "NV_PFIFO_INTR_EN_0", .wr = intr_en_wr },
	{ .addr = 0x002254, .name = "NV_PFIFO_BAR1_BASE" },
	{ .addr = 0x002270, .name = "NV_PFIFO_RUNLIST_BASE" },
	{ .addr = 0x002274, .name = "NV_PFIFO_RUNLIST", .wr = runlist_wr },
	{ .addr = 0x002280, .count = MAX_RUNLISTS, .stride = 8, .name = "NV_PFIFO_ENG_RUNLIST_BASE" },
	{ .addr = 0x002284, .count = MAX_RUNLISTS, .stride = 8, .name = "NV_PFIFO_ENG_RUNLIST", .flags = REG_RO,
	  .rd = runlist_rd },
	{ .addr = 0x002390, .count = 16, .name = "NV_PFIFO_PBDMA_MAP", .rd = pbdma_map_rd, .flags = REG_RO },
	{ .addr = 0x00252c, .name = "NV_PFIFO_INTR_BIND_ERROR", .flags = REG_RO },
	{ .addr = 0x00256c, .name = "NV_PFIFO_INTR_CHSW_ERROR", .wr = w1c_wr },
	{ .addr = 0x0025a0, .name = "NV_PFIFO_INTR_PBDMA_ID", .wr = pbdma_intr_wr },
	{ .addr = 0x00262c, .name = "NV_PFIFO_ERROR_SCHED_DISABLE", .wr = w1c_wr },
	{ .addr = 0x002630, .name = "NV_PFIFO_SCHED_DISABLE", .wr = block_wr },
	{ .addr = 0x002a00, .name = "NV_PFIFO_INTR_RUNLIST", .wr = runlist_intr_wr },
	{ .addr = 0x002a04, .name = "NV_PFIFO_FB_TIMEOUT" },
	{ .addr = 0x800000, .count = NR_CHANNELS, .stride = 8, .name = "NV_PCCSR_CHANNEL_INST", .wr = ccsr_inst_wr },
	{ .addr = 0x800004, .count = NR_CHANNELS, .stride = 8, .name = "NV_PCCSR_CHANNEL", .rd = ccsr_rd,
	  .wr = ccsr_wr },
};

/* ------------------------------------------------------------ replay and cancel */

static void on_replay(void *ctx)
{
	struct gpu *gpu = ctx;

	gpu->pfifo->replays++;
	trace_op(gpu, REPLAY, -1, 0, 0, 0);
	for (u32 i = 0; i < NR_CHANNELS; i++) {
		if (gpu->pfifo->channel[i].state == CHANNEL_FAULTED)
			gpu->pfifo->channel[i].state = CHANNEL_READY;
	}
	runlist_kick_all(gpu);
}

/* Only for faults that PFIFO has posted; an engine that posts its own has its own listener. */
static void on_cancel(void *ctx, const struct fault_cancel *cancel)
{
	struct gpu *gpu = ctx;

	trace_op(gpu, CANCEL, -1, cancel->inst, cancel->client, 0);
	for (u32 i = 0; i < NR_CHANNELS; i++) {
		struct channel *ch = &gpu->pfifo->channel[i];

		if (ch->state != CHANNEL_FAULTED || !ch->fault_replayable)
			continue;
		if (!cancel->global && (cancel->hub != ch->fault.hub || cancel->client != ch->fault.client ||
					(cancel->inst && cancel->inst != ch->inst)))
			continue;
		pfifo_kill(gpu, ch);
		fault_post_fatal(gpu, &ch->fault);
	}
}

/* -------------------------------------------------------------------- channel.h */

bool channel_slice_over(const struct channel *ch)
{
	return atomic_load_explicit(&ch->stop, memory_order_relaxed) ||
	       atomic_load_explicit(&ch->yield, memory_order_relaxed) || host_ns() >= ch->slice_end;
}

bool channel_enter(struct channel *ch)
{
	mmu_enter(ch->gpu);
	if (!atomic_load(&ch->stop))
		return true;
	mmu_leave(ch->gpu);
	return false;
}

void channel_leave(struct channel *ch)
{
	mmu_leave(ch->gpu);
}

enum engine_result channel_fault(struct channel *ch, const struct mmu_xlate *x, enum mmu_access access,
				 u32 engine, u32 client)
{
	ch->fault = (struct gpu_fault){
		.space = ch->space,
		.va = x->va,
		.access = (u8)access,
		.reason = x->reason,
		.engine = (u8)engine,
		.client = (u8)client,
		.hub = true,
	};
	ch->fault_replayable = false;
	return ENGINE_FAULT;
}

void channel_delay(struct channel *ch)
{
	u32 max = atomic_load_explicit(&ch->gpu->pfifo->delay_us, memory_order_relaxed);
	u64 left = max ? random_next(&ch->random, max + 1) : 0;

	while (left && !atomic_load_explicit(&ch->stop, memory_order_relaxed)) {
		u64 n = left < 1000 ? left : 1000;
		struct timespec ts = { 0, (long)n * 1000 };

		nanosleep(&ts, NULL);
		left -= n;
	}
}

void channel_delay_sometimes(struct channel *ch)
{
	u32 every = atomic_load_explicit(&ch->gpu->pfifo->delay_every, memory_order_relaxed);

	if (every && !random_next(&ch->random, every))
		channel_delay(ch);
}

int engine_register(struct gpu *gpu, const struct engine_ops *ops)
{
	struct pfifo *pf = gpu->pfifo;

	if (pf->nr_engines == ENGINE_MAX)
		return -ENOSPC;
	pf->engine[pf->nr_engines] = ops;
	return (int)pf->nr_engines++;
}

/* -------------------------------------------------------------------- the unit */

static int pfifo_init(struct gpu *gpu)
{
	struct pfifo *pf = calloc(1, sizeof(*pf));
	int r = 0;

	if (!pf)
		return -ENOMEM;
	gpu->pfifo = pf;
	recovery_init(gpu);
	pf->nr_runlists = ptop_nr_runlists(gpu);
	if (pf->nr_runlists > MAX_RUNLISTS)
		return -ENOSPC;
	pf->nr_pbdmas = pf->nr_runlists + 1;
	atomic_store(&pf->delay_us, (u32)gpu_option_u64(gpu, "delay", DEFAULT_DELAY_US));
	atomic_store(&pf->delay_every, (u32)gpu_option_u64(gpu, "delay-every", DEFAULT_DELAY_EVERY));
	for (u32 i = 0; i < NR_CHANNELS; i++) {
		pf->channel[i].gpu = gpu;
		pf->channel[i].id = i;
		pf->channel[i].runlist = -1;
		pf->channel[i].random = gpu->config.seed + i;
	}
	pf->listener = (struct fault_listener){ .replay = on_replay, .cancel = on_cancel, .ctx = gpu };
	fault_listen(gpu, &pf->listener);
	for (u32 i = 0; !r && i < pf->nr_runlists; i++)
		r = runlist_start(gpu, &pf->runlist[i], i);
	if (r) {
		gpu_unlock(gpu);
		runlist_stop(gpu);
		gpu_lock(gpu);
		free(pf);
		gpu->pfifo = NULL;
	}
	return r;
}

static void pfifo_reset(struct gpu *gpu)
{
	struct pfifo *pf = gpu->pfifo;

	pf->preempting = false;
	trace_op(gpu, RESET, -1, 0, 0, 0);
	for (u32 i = 0; i < pf->nr_runlists; i++)
		runlist_reset(&pf->runlist[i]);
	for (u32 i = 0; i < NR_CHANNELS; i++) {
		struct channel *ch = &pf->channel[i];

		ch->bound = false;
		ch->enabled = false;
		ch->runlist = -1;
		take_away(ch);
	}
}

/* The engines must still be there to take back what they keep for channels. */
static void pfifo_stop(struct gpu *gpu)
{
	if (!gpu->pfifo)
		return;
	runlist_stop(gpu);
	gpu_lock(gpu);
	for (u32 i = 0; i < NR_CHANNELS; i++)
		channel_clear(&gpu->pfifo->channel[i]);
	gpu_unlock(gpu);
}

static void pfifo_fini(struct gpu *gpu)
{
	free(gpu->pfifo);
	gpu->pfifo = NULL;
}

const struct gpu_unit pfifo_unit = {
	.name = "PFIFO",
	.regs = regs,
	.nr_regs = ARRAY_SIZE(regs),
	.init = pfifo_init,
	.reset = pfifo_reset,
	.stop = pfifo_stop,
	.fini = pfifo_fini,
};
