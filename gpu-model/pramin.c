// SPDX-License-Identifier: MIT
/*
 * DOC: PRAMIN
 *
 * 700000-7fffff is a window of 1 MiB into VRAM, or guest RAM; 001700 says where,
 * in steps of 64 KiB. What is not there reads as 0. It works before any page table exists, so it is how a driver
 * builds the page tables of BAR2.
 */
#include "memory.h"
#include "pte_watch.h"
#include "unit.h"

#define WINDOW		0x700000u
#define WINDOW_SIZE	0x100000u

static u64 target(const struct gpu *gpu, u32 addr)
{
	return ((u64)bits32(reg_get(gpu, 0x001700), 23, 0) << 16) + (addr - WINDOW);
}

static enum gpu_aperture aperture(const struct gpu *gpu)
{
	return bits32(reg_get(gpu, 0x001700), 25, 24);
}

static u32 pramin_read(struct gpu *gpu, u32 addr)
{
	return memory_read32(gpu, aperture(gpu), target(gpu, addr));
}

static void pramin_write(struct gpu *gpu, u32 addr, u32 value)
{
	if (aperture(gpu) == APERTURE_VRAM)
		pte_watch_write(gpu, target(gpu, addr), (const u8 *)&value, sizeof(value));
	memory_write32(gpu, aperture(gpu), target(gpu, addr), value);
}

static const struct gpu_reg pramin_regs[] = {
	{ 0x001700, .name = "NV_PBUS_BAR0_WINDOW" },
	{ WINDOW, .count = WINDOW_SIZE / 4, .name = "NV_PRAMIN", .rd = pramin_read, .wr = pramin_write },
};

const struct gpu_unit pramin_unit = {
	.name = "PRAMIN",
	.regs = pramin_regs,
	.nr_regs = ARRAY_SIZE(pramin_regs),
};
