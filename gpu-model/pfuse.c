// SPDX-License-Identifier: MIT
/*
 * DOC: Fuses, straps, thermal sensor
 *
 * Constants: no display (021c04), every unit that exists is enabled, strap 0 for
 * the memory type, and a temperature sensor that says it has no valid reading.
 */
#include "unit.h"

static const struct gpu_reg pfuse_regs[] = {
	{ 0x020460, .name = "NV_THERM_TEMP_SENSOR_TSENSE", .flags = REG_RO },
	{ 0x021c00, .name = "NV_FUSE_STATUS_OPT_00", .flags = REG_RO },
	{ 0x021c04, .name = "NV_FUSE_STATUS_OPT_DISPLAY", .reset = 1, .flags = REG_RO },
	{ 0x021c14, .name = "NV_FUSE_STATUS_OPT_FBPA", .flags = REG_RO },
	{ 0x021d38, .name = "NV_FUSE_STATUS_OPT_FBP", .flags = REG_RO },
	{ 0x021d70, .count = 4, .name = "NV_FUSE_STATUS_OPT_ROP_L2_FBP", .flags = REG_RO },
	{ 0x101000, .name = "NV_PEXTDEV_BOOT_0" },
};

const struct gpu_unit pfuse_unit = {
	.name = "FUSE",
	.regs = pfuse_regs,
	.nr_regs = ARRAY_SIZE(pfuse_regs),
};
