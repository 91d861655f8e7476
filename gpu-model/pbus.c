// SPDX-License-Identifier: MIT
/*
 * DOC: PBUS and NV_UFLUSH
 *
 * The bus unit's interrupt never pends: the model has no bus errors. A flush
 * is over when the write that asks for it returns, because every access
 * before it has landed by then.
 */
#include "unit.h"

static void intr_ack(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, reg_get(gpu, addr) & ~value);
}

static const struct gpu_reg pbus_regs[] = {
	{ 0x001100, .name = "NV_PBUS_INTR_0", .wr = intr_ack },
	{ 0x001140, .name = "NV_PBUS_INTR_EN_0" },
	/* b0 pending, b1 outstanding */
	{ 0x070000, .name = "NV_UFLUSH_FB_FLUSH", .rd = reg_read_zero },
	{ 0x070004, .name = "NV_UFLUSH_L2_SYSTEM_INVALIDATE", .rd = reg_read_zero },
	{ 0x07000c, .name = "NV_UFLUSH_L2_CLEAN_COMPTAGS", .rd = reg_read_zero },
	{ 0x070010, .name = "NV_UFLUSH_L2_FLUSH_DIRTY", .rd = reg_read_zero },
};

const struct gpu_unit pbus_unit = {
	.name = "PBUS",
	.regs = pbus_regs,
	.nr_regs = ARRAY_SIZE(pbus_regs),
};
