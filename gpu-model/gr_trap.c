// SPDX-License-Identifier: MIT
/*
 * A failed warp, as the driver sees it: PGRAPH's TRAP interrupt, and behind it
 * one register a level, from the engine down to the SM.
 */
#include "gr.h"
#include "pgraph.h"
#include "unit.h"

#define REG_EXCEPTION		0x400108u
#define REG_EXCEPTION_GPC	0x400118u
#define GPC0_EXCEPTION		0x502c90u
#define TPC0_EXCEPTION		0x504508u
#define TPC0_WARP_ERROR		0x504648u
#define TPC0_GLOBAL_ERROR	0x504650u

#define INTR_TRAP		BIT(21)
#define EXCEPTION_GPC		BIT(24)
#define GPC_EXCEPTION_TPC0	BIT(16)
#define TPC_EXCEPTION_SM	BIT(1)

void gr_trap(struct gpu *gpu, struct channel *ch, const struct sm_launch *launch,
	     const struct sm_report *r)
{
	gpu_log(gpu, GPU_LOG_WARN,
		"channel %u: %s at %llx (program + %llx), block %u %u %u warp %u: %016llx, scheduling %016llx: %s",
		ch->id, sm_error_name(r->error), (unsigned long long)r->pc,
		(unsigned long long)(r->pc - launch->code - launch->entry), r->block[0], r->block[1],
		r->block[2], r->warp, (unsigned long long)r->word, (unsigned long long)r->sched, r->text);
	gpu_lock(gpu);
	counter_inc(gpu, CTR_GR_WARP_ERRORS);
	fecs_set_context(gpu, ch->space.inst_aperture, ch->space.inst);
	reg_set(gpu, TPC0_WARP_ERROR, r->error);
	reg_set(gpu, TPC0_GLOBAL_ERROR, 0);	/* nothing beyond the one warp */
	reg_set(gpu, TPC0_EXCEPTION, TPC_EXCEPTION_SM);
	reg_set(gpu, GPC0_EXCEPTION, GPC_EXCEPTION_TPC0);
	reg_set(gpu, REG_EXCEPTION_GPC, BIT(0));
	reg_set(gpu, REG_EXCEPTION, reg_get(gpu, REG_EXCEPTION) | EXCEPTION_GPC);
	pgraph_intr(gpu, INTR_TRAP);
	gpu_unlock(gpu);
}
