// SPDX-License-Identifier: MIT
/*
 * DOC: PGRAPH
 *
 * Registers of the graphics engine, as far as a driver must find sense in them
 * to make channels and contexts: one GPC with two TPCs, an engine that is
 * always idle, and interrupts of the front end. The configuration of the
 * pipeline (404000 to 5fffff) is stored and has no effect: there is no
 * pipeline. Compute is gr_*.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "falcon.h"
#include "pgraph.h"
#include "pgraph_priv.h"
#include "pmc.h"
#include "ptop.h"
#include "unit.h"

#define REG_INTR	0x400100u

#define NR_TPC		2u
#define TPC_MASK	3u

static void update(struct gpu *gpu)
{
	const struct ptop_engine *gr = ptop_find(gpu, PTOP_GRAPHICS, 0);

	pmc_set_line(gpu, (unsigned int)gr->intr, reg_get(gpu, REG_INTR) & reg_get(gpu, 0x40013c));
}

void pgraph_intr(struct gpu *gpu, u32 bits)
{
	reg_set(gpu, REG_INTR, reg_get(gpu, REG_INTR) | bits);
	update(gpu);
}

static void intr_ack(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, reg_get(gpu, addr) & ~value);
	update(gpu);
}

static void intr_enable_write(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, value);
	update(gpu);
}

/* b4 asks for a change of the power mode, which is over at once. */
static void pwr_mode_write(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, value & ~BIT(4));
}

static int pgraph_init(struct gpu *gpu)
{
	gpu->pgraph = calloc(1, sizeof(*gpu->pgraph));
	return gpu->pgraph ? 0 : -ENOMEM;
}

static void pgraph_reset(struct gpu *gpu)
{
	memset(gpu->pgraph, 0, sizeof(*gpu->pgraph));
	gpu->pgraph->fecs_cpuctl = gpu->pgraph->gpccs_cpuctl = FALCON_CPUCTL_HALTED;
}

static void pgraph_fini(struct gpu *gpu)
{
	free(gpu->pgraph);
	gpu->pgraph = NULL;
}

/* A block of configuration registers: stored, without effect. */
#define STORED(first, last, n)	{ (first), .count = ((last) + 4 - (first)) / 4, .name = (n), .flags = REG_FALLBACK }

static const struct gpu_reg pgraph_regs[] = {
	{ REG_INTR, .name = "NV_PGRAPH_INTR", .wr = intr_ack },
	{ 0x400108, .name = "NV_PGRAPH_EXCEPTION", .wr = intr_ack },
	{ 0x400138, .name = "NV_PGRAPH_EXCEPTION_EN" },
	{ 0x40013c, .name = "NV_PGRAPH_INTR_EN", .wr = intr_enable_write },
	{ 0x400500, .name = "NV_PGRAPH_GRFIFO_CONTROL" },
	{ 0x40060c, .name = "NV_PGRAPH_GRFIFO_STATUS_2", .flags = REG_RO },	/* b0 busy */
	{ 0x400700, .name = "NV_PGRAPH_STATUS", .flags = REG_RO },		/* idle */
	{ 0x404170, .name = "NV_PGRAPH_PRI_FE_PWR_MODE", .wr = pwr_mode_write },
	{ 0x500c30, .name = "NV_PGRAPH_PRI_GPC0_GPM_PD_PPC0_TPC_MASK", .reset = TPC_MASK, .flags = REG_RO },
	{ 0x502608, .name = "NV_PGRAPH_PRI_GPC0_GPCCS_FS_GPC", .reset = NR_TPC, .flags = REG_RO },
	STORED(0x400000, 0x403ffc, "NV_PGRAPH"),
	STORED(0x404000, 0x4057fc, "NV_PGRAPH_PRI_FE"),
	STORED(0x405800, 0x405ffc, "NV_PGRAPH_PRI_DS"),
	STORED(0x406000, 0x406ffc, "NV_PGRAPH_PRI_PD"),
	STORED(0x407000, 0x407ffc, "NV_PGRAPH_PRI_SSYNC"),
	STORED(0x408000, 0x408ffc, "NV_PGRAPH_PRI_SCC_BE"),
	STORED(0x409000, 0x409ffc, "NV_PGRAPH_PRI_FECS"),
	STORED(0x410000, 0x417ffc, "NV_PGRAPH_PRI_BE_UNICAST"),
	STORED(0x418000, 0x418ffc, "NV_PGRAPH_PRI_GPCS"),
	STORED(0x419000, 0x419ffc, "NV_PGRAPH_PRI_GPCS_TPCS"),
	STORED(0x41a000, 0x41affc, "NV_PGRAPH_PRI_GPCS_GPCCS"),
	STORED(0x41b000, 0x41fffc, "NV_PGRAPH_PRI_GPCS_PPCS"),
	STORED(0x500000, 0x507ffc, "NV_PGRAPH_PRI_GPC0"),
};

const struct gpu_unit pgraph_unit = {
	.name = "PGRAPH",
	.regs = pgraph_regs,
	.nr_regs = ARRAY_SIZE(pgraph_regs),
	.init = pgraph_init,
	.reset = pgraph_reset,
	.fini = pgraph_fini,
};
