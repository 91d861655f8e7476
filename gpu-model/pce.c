// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inject.h"
#include "pce.h"
#include "pfifo.h"
#include "pmc.h"
#include "ptop.h"
#include "semaphore.h"
#include "trace.h"
#include "unit.h"

#define NR_CE		6u
#define CE_STRIDE	0x80u

#define INTR_BLOCKPIPE		BIT(0)
#define INTR_NONBLOCKPIPE	BIT(1)
#define INTR_LAUNCHERR		BIT(2)

struct pce {
	int slot;		/* of channel->context[] */
	bool replayable;	/* option ce-fault=replay */
};

static u32 pce_reg(u32 offset, u32 inst)
{
	return 0x104400 + offset + inst * CE_STRIDE;
}

/* ---------------------------------------------------------------- interrupts */

static void update_line(struct gpu *gpu, u32 inst)
{
	const struct ptop_engine *e = ptop_find(gpu, PTOP_LCE, inst);

	if (e && e->intr >= 0)
		pmc_set_line(gpu, (unsigned int)e->intr,
			     reg_get(gpu, pce_reg(0x10, inst)) & reg_get(gpu, pce_reg(0x0c, inst)));
}

static void raise_intr(struct channel *ch, u32 bits, u32 error)
{
	struct gpu *gpu = ch->gpu;
	u32 inst = (u32)ch->copy_engine;

	gpu_lock(gpu);
	if (!atomic_load(&ch->stop)) {
		if (error)
			reg_set(gpu, pce_reg(0x18, inst), error);
		reg_set(gpu, pce_reg(0x10, inst), reg_get(gpu, pce_reg(0x10, inst)) | bits);
		update_line(gpu, inst);
	}
	gpu_unlock(gpu);
}

static void intr_wr(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, reg_get(gpu, addr) & ~value);
	update_line(gpu, (addr - 0x104410) / CE_STRIDE);
}

static void intr_en_wr(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, value);
	update_line(gpu, (addr - 0x10440c) / CE_STRIDE);
}

#define PER_CE	.count = NR_CE, .stride = CE_STRIDE

static const struct gpu_reg regs[] = {
	{ .addr = 0x10440c, PER_CE, .name = "NV_CE_INTR_EN", .wr = intr_en_wr },
	{ .addr = 0x104410, PER_CE, .name = "NV_CE_INTR_STATUS", .wr = intr_wr },
	{ .addr = 0x104418, PER_CE, .name = "NV_CE_LAUNCHERR" },
};

/* -------------------------------------------------------------------- methods */

enum engine_result pce_fault(struct channel *ch, const struct mmu_xlate *x, enum mmu_access access)
{
	static const u8 client[NR_CE] = { 0x01, 0x02, 0x19, 0x19, 0x19, 0x19 };
	u32 inst = (u32)ch->copy_engine;
	const struct ptop_engine *e = ptop_find(ch->gpu, PTOP_LCE, inst);
	u32 id = e && e->fault_id >= 0 ? (u32)e->fault_id : FAULT_CE0;

	channel_fault(ch, x, access, id, client[inst % NR_CE]);
	ch->fault_replayable = ch->gpu->pce->replayable && ch->space.replay_tex;
	return ENGINE_FAULT;
}

static void report_transfer(struct channel *ch, struct pce_context *pce)
{
	static const enum gpu_counter bytes[PCE_NR_PATHS] = {
		CTR_CE_BYTES_VRAM_TO_VRAM, CTR_CE_BYTES_VRAM_TO_SYS,
		CTR_CE_BYTES_SYS_TO_VRAM, CTR_CE_BYTES_SYS_TO_SYS,
	};
	static const enum gpu_counter runs[PCE_NR_PATHS] = {
		CTR_CE_RUNS_VRAM_TO_VRAM, CTR_CE_RUNS_VRAM_TO_SYS,
		CTR_CE_RUNS_SYS_TO_VRAM, CTR_CE_RUNS_SYS_TO_SYS,
	};
	struct gpu *gpu = ch->gpu;
	u64 total = 0, ns = 0;

	for (int i = 0; i < PCE_NR_PATHS; i++) {
		counter_add(gpu, bytes[i], pce->bytes[i]);
		counter_add(gpu, runs[i], pce->bytes[i] != 0);
		total += pce->bytes[i];
		ns += pce_time((enum pce_path)i, pce->bytes[i]);
	}
	counter_inc(gpu, CTR_CE_LAUNCHES);
	counter_add(gpu, CTR_CE_BYTES, total);
	counter_add(gpu, CTR_CE_BYTES_FILLED, pce->fills);
	counter_add(gpu, CTR_CE_CARD_NS, ns);
	trace_op(gpu, LAUNCH_END, (int)ch->id, total, ns, 0);
}

static enum engine_result release(struct channel *ch, struct pce_context *pce, u32 launch)
{
	u64 va = (u64)bits32(pce_get(pce, CE_SET_SEMAPHORE_A), 16, 0) << 32 |
		 pce_get(pce, CE_SET_SEMAPHORE_B);
	u32 payload = pce_get(pce, CE_SET_SEMAPHORE_PAYLOAD);
	enum engine_result result;
	struct mmu_xlate x;

	if (launch & LAUNCH_REDUCTION_ENABLE)
		result = semaphore_reduce(ch, MMU_CLIENT_CE, va, payload,
					  (enum semaphore_reduction)LAUNCH_REDUCTION(launch),
					  !(launch & LAUNCH_REDUCTION_UNSIGNED), &x);
	else
		result = semaphore_release(ch, MMU_CLIENT_CE, va, payload, LAUNCH_SEMAPHORE(launch) == 2, &x);
	if (result == ENGINE_FAULT)
		return pce_fault(ch, &x, launch & LAUNCH_REDUCTION_ENABLE ? MMU_ATOMIC : MMU_WRITE);
	if (result == ENGINE_OK) {
		counter_inc(ch->gpu, CTR_CE_RELEASES);
		trace_op(ch->gpu, RELEASE, (int)ch->id, va, payload, 0);
	}
	return result;
}

static void begin(struct channel *ch, struct pce_context *pce)
{
	pce->launched = true;
	pce->done = 0;
	pce->fills = 0;
	memset(pce->bytes, 0, sizeof(pce->bytes));
	trace_op(ch->gpu, LAUNCH, (int)ch->id,
		 (u64)pce_get(pce, CE_OFFSET_IN_UPPER) << 32 | pce_get(pce, CE_OFFSET_IN_LOWER),
		 (u64)pce_get(pce, CE_OFFSET_OUT_UPPER) << 32 | pce_get(pce, CE_OFFSET_OUT_LOWER),
		 pce_get(pce, CE_LINE_LENGTH_IN));
	schedule_poll(ch->gpu);
	channel_delay_sometimes(ch);
}

static enum engine_result launch(struct channel *ch, struct pce_context *pce)
{
	u32 l = pce_get(pce, CE_LAUNCH_DMA), bad = pce_shape_bad(pce->method);
	enum engine_result result = ENGINE_OK;

	if (ch->copy_engine < 0)
		return ENGINE_ERROR;	/* nothing on this runlist copies */
	if (LAUNCH_REDUCTION_ENABLE & l && LAUNCH_REDUCTION(l) > SEMAPHORE_DEC &&
	    LAUNCH_REDUCTION(l) != SEMAPHORE_FADD)
		bad = 1;
	if (!bad && !pce->launched && LAUNCH_TRANSFER(l) && inject_copy_error(ch->gpu))
		bad = 1;
	if (bad) {
		counter_inc(ch->gpu, CTR_CE_LAUNCH_ERRORS);
		raise_intr(ch, INTR_LAUNCHERR, bad);
		return ENGINE_OK;
	}
	if (!pce->launched)
		begin(ch, pce);
	if (LAUNCH_TRANSFER(l))
		result = pce_transfer(ch, pce);
	if (result == ENGINE_OK && LAUNCH_SEMAPHORE(l))
		result = release(ch, pce, l);
	if (result != ENGINE_OK)
		return result;
	pce->launched = false;
	if (LAUNCH_TRANSFER(l))
		report_transfer(ch, pce);
	if (LAUNCH_INTERRUPT(l))
		raise_intr(ch, LAUNCH_INTERRUPT(l) == 1 ? INTR_BLOCKPIPE : INTR_NONBLOCKPIPE, 0);
	return ENGINE_OK;
}

static enum engine_result pce_method(struct channel *ch, u32 class, u32 mthd, u32 data)
{
	int slot = ch->gpu->pce->slot;
	struct pce_context *pce = ch->context[slot];

	(void)class;
	if (mthd >= CE_LAST_METHOD)
		return ENGINE_OK;	/* performance counters */
	if (!pce) {
		pce = calloc(1, sizeof(*pce));
		if (!pce)
			return ENGINE_ERROR;
		ch->context[slot] = pce;
	}
	pce->method[mthd / 4] = data;
	return mthd == CE_LAUNCH_DMA ? launch(ch, pce) : ENGINE_OK;
}

static bool pce_owns(const struct gpu *gpu, u32 class)
{
	return class == gpu->chip->copy_class;
}

static void pce_drop(struct channel *ch)
{
	int slot = ch->gpu->pce ? ch->gpu->pce->slot : -1;

	if (slot < 0)
		return;
	free(ch->context[slot]);
	ch->context[slot] = NULL;
}

static const struct engine_ops pce_ops = {
	.name = "copy",
	.type = PTOP_LCE,
	.owns = pce_owns,
	.method = pce_method,
	.drop = pce_drop,
};

/* -------------------------------------------------------------------- the unit */

static int pce_init(struct gpu *gpu)
{
	gpu->pce = calloc(1, sizeof(*gpu->pce));
	if (!gpu->pce)
		return -ENOMEM;
	gpu->pce->replayable = !strcmp(gpu_option(gpu, "ce-fault", "fatal"), "replay");
	gpu->pce->slot = engine_register(gpu, &pce_ops);
	return gpu->pce->slot < 0 ? gpu->pce->slot : 0;
}

static void pce_fini(struct gpu *gpu)
{
	free(gpu->pce);
	gpu->pce = NULL;
}

const struct gpu_unit pce_unit = {
	.name = "PCE",
	.regs = regs,
	.nr_regs = ARRAY_SIZE(regs),
	.init = pce_init,
	.fini = pce_fini,
};
