// SPDX-License-Identifier: MIT
/*
 * Getting a channel off an engine: preemption, the context switch timeout when
 * that does not succeed, and what a driver does then (triggers an MMU fault on the
 * engine, resets it).
 */
#include "inject.h"
#include "pfifo_priv.h"
#include "pmc.h"
#include "ptop.h"
#include "trace.h"

#define SCHED_ERROR_CTXSW_TIMEOUT 0x0a

/* ----------------------------------------------------------------- preemption */

static bool preempt_names(const struct pfifo *pf, const struct channel *ch)
{
	return (pf->preempt_group ? ch->tsg : ch->id) == pf->preempt_id;
}

/* The preemption is over when none of the channels named is running. */
void pfifo_preempt_check(struct gpu *gpu)
{
	struct pfifo *pf = gpu->pfifo;

	for (u32 i = 0; pf->preempting && i < NR_CHANNELS; i++) {
		if (pf->channel[i].running && preempt_names(pf, &pf->channel[i]))
			return;
	}
	if (pf->preempting)
		event_cancel(gpu, &pf->switch_timeout);
	pf->preempting = false;
}

#define PREEMPT_GROUP	BIT(24)
#define PREEMPT_PENDING	BIT(20)

static void preempt_wr(struct gpu *gpu, u32 addr, u32 value)
{
	struct pfifo *pf = gpu->pfifo;

	reg_set(gpu, addr, value & (PREEMPT_GROUP | 0xfff));
	counter_inc(gpu, CTR_PREEMPTS);
	pf->preempt_group = value & PREEMPT_GROUP;
	pf->preempt_id = bits32(value, 11, 0);
	pf->preempting = true;
	trace_op(gpu, PREEMPT, -1, pf->preempt_id, pf->preempt_group, 0);
	for (u32 i = 0; i < pf->nr_runlists; i++)
		runlist_let_go(&pf->runlist[i]);
	runlist_kick_all(gpu);
	for (u32 i = 0; i < NR_CHANNELS; i++) {
		if (pf->channel[i].running && preempt_names(pf, &pf->channel[i]))
			atomic_store(&pf->channel[i].yield, true);
	}
	pfifo_preempt_check(gpu);
	if (pf->preempting)
		event_in(gpu, &pf->switch_timeout, SWITCH_TIMEOUT_NS);
}

static u32 preempt_rd(struct gpu *gpu, u32 addr)
{
	return reg_get(gpu, addr) | (gpu->pfifo->preempting ? PREEMPT_PENDING : 0);
}

static void complain(struct gpu *gpu, const char *what, u32 id)
{
	gpu_log(gpu, GPU_LOG_WARN, "an engine does not give up %s %u", what, id);
	counter_inc(gpu, CTR_SWITCH_TIMEOUTS);
	reg_set(gpu, 0x00254c, SCHED_ERROR_CTXSW_TIMEOUT);
	pfifo_intr_set(gpu, PFIFO_INTR_SCHED);
}

static void on_switch_timeout(struct gpu *gpu, struct event *event)
{
	(void)event;
	if (gpu->pfifo->preempting)
		complain(gpu, gpu->pfifo->preempt_group ? "channel group" : "channel", gpu->pfifo->preempt_id);
}

static bool others_wait(const struct runlist *rl, const struct channel *ch)
{
	for (u32 i = 0; i < rl->nr; i++) {
		const struct channel *other = &rl->gpu->pfifo->channel[rl->order[i]];

		if (other != ch && other->bound && other->enabled && other->state == CHANNEL_READY)
			return true;
	}
	return false;
}

bool recovery_switch_timeout(struct channel *ch)
{
	struct gpu *gpu = ch->gpu;
	bool told;

	gpu_lock(gpu);
	told = others_wait(&gpu->pfifo->runlist[ch->on_runlist], ch);
	if (told) {
		atomic_store(&ch->yield, true);
		complain(gpu, "channel", ch->id);
	}
	gpu_unlock(gpu);
	return told;
}

/* --------------------------------------------------------------- engine status */

static const struct ptop_engine *engine_by_number(struct gpu *gpu, u32 number)
{
	u32 nr;
	const struct ptop_engine *e = ptop_engines(gpu, &nr);

	for (u32 i = 0; i < nr; i++) {
		if (e[i].engine == (int)number && e[i].runlist >= 0 &&
		    e[i].runlist < (int)gpu->pfifo->nr_runlists)
			return &e[i];
	}
	return NULL;
}

#define STATUS_BUSY		BIT(31)
#define STATUS_SWITCHING	BIT(15)
#define STATUS_SAVING		BIT(14)
#define STATUS_IS_GROUP		BIT(12)

/* The channel of the engine's runlist that is on this very engine; NULL: it is idle. */
static struct channel *channel_on(struct gpu *gpu, const struct ptop_engine *e)
{
	struct channel *ch = gpu->pfifo->runlist[e->runlist].current;
	const struct engine_ops *on = ch ? atomic_load(&ch->on_engine) : NULL;

	if (!on || on->type != (int)e->type || (e->type == PTOP_LCE && ch->copy_engine != (int)e->inst))
		return NULL;
	return ch;
}

/* 002640 + 8 * engine: the channel group that an engine works for, while it does. */
static u32 engine_status_rd(struct gpu *gpu, u32 addr)
{
	const struct ptop_engine *e = engine_by_number(gpu, (addr - 0x002640) / 8);
	const struct channel *ch = e ? channel_on(gpu, e) : NULL;
	u32 v;

	if (!ch)
		return 0;
	v = STATUS_BUSY | STATUS_IS_GROUP | ch->tsg;
	if (atomic_load(&ch->yield))
		v |= STATUS_SWITCHING | STATUS_SAVING;
	return v;
}

/* ----------------------------------------------------------------- engine reset */

#define TRIGGER_ENABLE	BIT(8)

/* 002a30 + 4 * engine: the driver makes a fault, to have the engine stopped. */
static void trigger_wr(struct gpu *gpu, u32 addr, u32 value)
{
	const struct ptop_engine *e = engine_by_number(gpu, (addr - 0x002a30) / 4);
	const struct channel *ch;
	struct gpu_fault fault = { .reason = MMU_FAULT_PDE, .hub = true, .client = FAULT_CLIENT_HUB_HOST };

	reg_set(gpu, addr, value);
	if (!e || !(value & TRIGGER_ENABLE))
		return;
	ch = channel_on(gpu, e);
	if (ch)
		fault.space = ch->space;
	fault.engine = (u8)e->fault_id;
	fault_post_fatal(gpu, &fault);
}

/* Ends the work of the channel that is on an engine which has lost its reset bit. */
static void on_engine_reset(struct gpu *gpu)
{
	struct pfifo *pf = gpu->pfifo;
	u32 nr, enabled = reg_get(gpu, 0x000200);
	const struct ptop_engine *e = ptop_engines(gpu, &nr);

	for (u32 i = 0; i < nr; i++) {
		struct channel *ch;

		if (e[i].runlist < 0 || e[i].runlist >= (int)pf->nr_runlists || e[i].reset < 0 ||
		    (enabled & BIT(e[i].reset)))
			continue;
		ch = channel_on(gpu, &e[i]);
		if (ch)
			pfifo_kill(gpu, ch);
		if (ch || !pf->runlist[e[i].runlist].current)
			inject_unhang(gpu, (u32)e[i].runlist);
	}
}

void recovery_init(struct gpu *gpu)
{
	u32 nr;
	const struct ptop_engine *e = ptop_engines(gpu, &nr);

	gpu->pfifo->switch_timeout.fn = on_switch_timeout;
	for (u32 i = 0; i < nr; i++) {
		if (e[i].runlist >= 0 && e[i].reset >= 0)
			pmc_on_engine_reset(gpu, (unsigned int)e[i].reset, on_engine_reset);
	}
}

static const struct gpu_reg regs[] = {
	{ .addr = 0x00254c, .name = "NV_PFIFO_INTR_SCHED_ERROR", .flags = REG_RO },
	{ .addr = 0x002634, .name = "NV_PFIFO_PREEMPT", .rd = preempt_rd, .wr = preempt_wr },
	{ .addr = 0x002640, .count = 16, .stride = 8, .name = "NV_PFIFO_ENGINE_STATUS", .rd = engine_status_rd,
	  .flags = REG_RO },
	{ .addr = 0x002a30, .count = 16, .name = "NV_PFIFO_TRIGGER_MMU_FAULT", .wr = trigger_wr },
};

const struct gpu_unit pfifo_recovery_unit = {
	.name = "PFIFO recovery",
	.regs = regs,
	.nr_regs = ARRAY_SIZE(regs),
};
