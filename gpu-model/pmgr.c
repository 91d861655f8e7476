// SPDX-License-Identifier: MIT
/*
 * DOC: PMGR and the VGA port
 *
 * Pins and pads of a board, of which there are none: GPIO and I2C interrupts
 * never pend. The VGA port of the display engine, which a driver locks and unlocks even
 * where the display is fused off, is storage.
 */
#include "unit.h"

static void intr_ack(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, reg_get(gpu, addr) & ~value);
}

static const struct gpu_reg pmgr_regs[] = {
	{ 0x00dc00, .name = "NV_PMGR_GPIO_INTR_0", .wr = intr_ack },
	{ 0x00dc08, .name = "NV_PMGR_GPIO_INTR_EN_0" },
	{ 0x00dc60, .name = "NV_PMGR_AUX_INTR", .wr = intr_ack },
	{ 0x00dc68, .name = "NV_PMGR_AUX_INTR_EN" },
	{ 0x00dc80, .name = "NV_PMGR_GPIO_INTR_1", .wr = intr_ack },
	{ 0x00dc88, .name = "NV_PMGR_GPIO_INTR_EN_1" },
	{ 0x6013d4, .name = "NV_PRMCIO_CRX" },		/* b7:0 index, b15:8 data */
};

const struct gpu_unit pmgr_unit = {
	.name = "PMGR",
	.regs = pmgr_regs,
	.nr_regs = ARRAY_SIZE(pmgr_regs),
};
