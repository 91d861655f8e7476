// SPDX-License-Identifier: MIT
/*
 * DOC: LTC and the PRI ring
 *
 * One L2 cache slice on one partition, without a cache behind it: VRAM is
 * always coherent here, and no compression tags exist. Clearing values (ZBC)
 * are stored and never used.
 */
#include "unit.h"

static const struct gpu_reg ltc_regs[] = {
	{ 0x12006c, .name = "NV_PPRIV_MASTER_RING_ENUMERATE_RESULTS_ROP_L2", .reset = 1, .flags = REG_RO },
	{ 0x120074, .name = "NV_PPRIV_MASTER_RING_ENUMERATE_RESULTS_FBP", .reset = 1, .flags = REG_RO },
	{ 0x120078, .name = "NV_PPRIV_MASTER_RING_ENUMERATE_RESULTS_GPC", .reset = 1, .flags = REG_RO },
	{ 0x120048, .name = "NV_PPRIV_MASTER_RING_COMMAND_DATA" },
	{ 0x120050, .name = "NV_PPRIV_MASTER_RING_START_RESULTS", .reset = 1, .flags = REG_RO },	/* connectivity: pass */
	{ 0x120060, .name = "NV_PPRIV_MASTER_RING_GLOBAL_CTL" },
	{ 0x12004c, .name = "NV_PPRIV_MASTER_RING_COMMAND", .rd = reg_read_zero },
	{ 0x120058, .count = 2, .name = "NV_PPRIV_MASTER_RING_INTERRUPT_STATUS", .flags = REG_RO },
	{ 0x14046c, .name = "NV_PLTCG_LTC0_LTS0_CBC_CTRL_1", .rd = reg_read_zero },
	{ 0x17e204, .name = "NV_PLTCG_LTCS_LTSS_DSTG_ZBC_STENCIL_CLEAR_VALUE" },
	{ 0x17e270, .count = 3, .name = "NV_PLTCG_LTCS_LTSS_CBC_CTRL" },
	{ 0x17e280, .name = "NV_PLTCG_LTCS_LTSS_CBC_PARAM", .reset = 1u << 28, .flags = REG_RO },
	{ 0x17e338, .name = "NV_PLTCG_LTCS_LTSS_DSTG_ZBC_INDEX" },
	{ 0x17e33c, .count = 4, .name = "NV_PLTCG_LTCS_LTSS_DSTG_ZBC_COLOR_CLEAR_VALUE" },
	{ 0x17e34c, .name = "NV_PLTCG_LTCS_LTSS_DSTG_ZBC_DEPTH_CLEAR_VALUE" },
};

const struct gpu_unit ltc_unit = {
	.name = "LTC",
	.regs = ltc_regs,
	.nr_regs = ARRAY_SIZE(ltc_regs),
};
