// SPDX-License-Identifier: MIT
/*
 * DOC: FECS
 *
 * The falcon that switches contexts of the graphics engine, answered without
 * its firmware: a method (409504) with data (409500) is done when its write
 * returns. Context images have a size, and nothing is ever saved to them.
 */
#include "falcon.h"
#include "pgraph.h"
#include "pgraph_priv.h"
#include "unit.h"

#define REG_DATA	0x409500u
#define REG_STATUS0	0x409800u	/* CTXSW_MAILBOX(0): answers */
#define REG_STATUS1	0x409804u	/* CTXSW_MAILBOX(1): of control methods */
#define REG_CURRENT	0x409b00u
#define CURRENT_VALID	BIT(31)

#define IMAGE_SIZE	0x400u		/* of a graphics context; drivers write up to f8 in it */
#define SMALL_IMAGE	0x100u		/* of ZCULL and performance monitor contexts */

enum {
	BIND_POINTER = 0x03, HALT = 0x04, GOLDEN_SAVE = 0x09, IMAGE = 0x10, ZCULL_IMAGE = 0x16,
	SET_WATCHDOG = 0x21, PM_IMAGE = 0x25, ELPG_IMAGE = 0x30, ELPG_BIND = 0x31, ELPG_ADDRESS = 0x32,
	STOP_CTXSW = 0x38, START_CTXSW = 0x39,
};

void fecs_set_context(struct gpu *gpu, enum gpu_aperture aperture, u64 inst)
{
	reg_set(gpu, REG_CURRENT, CURRENT_VALID | (u32)aperture << 28 | (u32)(inst >> 12));
}

u64 fecs_context(const struct gpu *gpu)
{
	u32 v = reg_get(gpu, REG_CURRENT);

	return v & CURRENT_VALID ? (u64)bits32(v, 27, 0) << 12 : 0;
}

bool fecs_stopped(const struct gpu *gpu)
{
	return gpu->pgraph->ctxsw_stopped;
}

static void answer(struct gpu *gpu, u32 bits)
{
	reg_set(gpu, REG_STATUS0, reg_get(gpu, REG_STATUS0) | bits);
}

static void method_write(struct gpu *gpu, u32 addr, u32 method)
{
	(void)addr;
	counter_inc(gpu, CTR_FECS_METHODS);
	switch (method) {
	case BIND_POINTER:
		reg_set(gpu, REG_CURRENT, reg_get(gpu, REG_DATA));
		answer(gpu, BIT(4));
		break;
	case GOLDEN_SAVE:
		answer(gpu, BIT(0));
		break;
	case IMAGE:
		reg_set(gpu, REG_STATUS0, IMAGE_SIZE);
		break;
	case ZCULL_IMAGE:
	case PM_IMAGE:
	case ELPG_IMAGE:
		reg_set(gpu, REG_STATUS0, SMALL_IMAGE);
		break;
	case ELPG_BIND:
	case ELPG_ADDRESS:
		reg_set(gpu, REG_STATUS0, 1);
		break;
	case STOP_CTXSW:
	case START_CTXSW:
		gpu->pgraph->ctxsw_stopped = method == STOP_CTXSW;
		reg_set(gpu, REG_STATUS1, 1);
		break;
	case HALT:
		reg_set(gpu, REG_STATUS1, 1);
		break;
	case SET_WATCHDOG:
		break;
	default:
		gpu_log(gpu, GPU_LOG_WARN, "FECS: unknown method %02x", method);
	}
}

bool acr_bootstrap_falcon(struct gpu *gpu, u32 id)
{
	switch (id) {
	case 2:
		gpu->pgraph->fecs_cpuctl = FALCON_CPUCTL_HALTED | FALCON_CPUCTL_ALIAS;
		return true;
	case 3:
		gpu->pgraph->gpccs_cpuctl = FALCON_CPUCTL_HALTED | FALCON_CPUCTL_ALIAS;
		return true;
	}
	return false;
}

static u32 fecs_cpuctl_read(struct gpu *gpu, u32 addr)
{
	(void)addr;
	return gpu->pgraph->fecs_cpuctl;
}

/* Its firmware says that it is up. */
static void fecs_cpuctl_write(struct gpu *gpu, u32 addr, u32 value)
{
	(void)addr;
	if (!(value & FALCON_CPUCTL_START))
		return;
	counter_inc(gpu, CTR_FALCON_STARTS);
	gpu->pgraph->fecs_cpuctl &= ~FALCON_CPUCTL_HALTED;
	gpu->pgraph->ctxsw_stopped = false;
	answer(gpu, BIT(0));
}

static u32 gpccs_cpuctl_read(struct gpu *gpu, u32 addr)
{
	(void)addr;
	return gpu->pgraph->gpccs_cpuctl;
}

static void gpccs_cpuctl_write(struct gpu *gpu, u32 addr, u32 value)
{
	(void)addr;
	if (!(value & FALCON_CPUCTL_START))
		return;
	counter_inc(gpu, CTR_FALCON_STARTS);
	gpu->pgraph->gpccs_cpuctl &= ~FALCON_CPUCTL_HALTED;
}

static void status_set(struct gpu *gpu, u32 addr, u32 value)
{
	u32 target = addr - 0x20;

	reg_set(gpu, target, reg_get(gpu, target) | value);
}

static void status_clear(struct gpu *gpu, u32 addr, u32 value)
{
	u32 target = addr - 0x40;

	reg_set(gpu, target, reg_get(gpu, target) & ~value);
}

#define HWCFG	(0x40u | 0x40u << 9)
#define HWCFG1	(5u | 3u << 4 | 1u << 8 | 1u << 12)

static const struct gpu_reg fecs_regs[] = {
	{ 0x409100, .name = "NV_PGRAPH_PRI_FECS_FALCON_CPUCTL", .rd = fecs_cpuctl_read, .wr = fecs_cpuctl_write },
	{ 0x409130, .name = "NV_PGRAPH_PRI_FECS_FALCON_CPUCTL_ALIAS", .rd = fecs_cpuctl_read,
	  .wr = fecs_cpuctl_write },
	{ 0x409108, .name = "NV_PGRAPH_PRI_FECS_FALCON_HWCFG", .reset = HWCFG, .flags = REG_RO },
	{ 0x40912c, .name = "NV_PGRAPH_PRI_FECS_FALCON_HWCFG1", .reset = HWCFG1, .flags = REG_RO },
	{ REG_DATA, .name = "NV_PGRAPH_PRI_FECS_METHOD_DATA" },
	{ 0x409504, .name = "NV_PGRAPH_PRI_FECS_METHOD_PUSH", .wr = method_write },
	{ 0x409604, .name = "NV_PGRAPH_PRI_FECS_FS", .reset = 0x00010001, .flags = REG_RO },	/* 1 GPC, 1 ROP unit */
	{ 0x409614, .name = "NV_PGRAPH_PRI_FECS_CTXSW_RESET_CTL" },
	{ REG_STATUS0, .count = 8, .name = "NV_PGRAPH_PRI_FECS_CTXSW_MAILBOX" },
	{ 0x409820, .count = 8, .name = "NV_PGRAPH_PRI_FECS_CTXSW_MAILBOX_SET", .wr = status_set },
	{ 0x409840, .count = 8, .name = "NV_PGRAPH_PRI_FECS_CTXSW_MAILBOX_CLEAR", .wr = status_clear },
	{ REG_CURRENT, .name = "NV_PGRAPH_PRI_FECS_CURRENT_CTX" },
	{ 0x409b04, .name = "NV_PGRAPH_PRI_FECS_NEW_CTX" },
	{ 0x409c18, .name = "NV_PGRAPH_PRI_FECS_HOST_INT_STATUS", .rd = reg_read_zero },
	{ 0x409c20, .name = "NV_PGRAPH_PRI_FECS_HOST_INT_CLEAR" },
	{ 0x409c24, .name = "NV_PGRAPH_PRI_FECS_HOST_INT_ENABLE" },
	{ 0x41a100, .name = "NV_PGRAPH_PRI_GPCS_GPCCS_FALCON_CPUCTL", .rd = gpccs_cpuctl_read,
	  .wr = gpccs_cpuctl_write },
	{ 0x41a130, .name = "NV_PGRAPH_PRI_GPCS_GPCCS_FALCON_CPUCTL_ALIAS", .rd = gpccs_cpuctl_read,
	  .wr = gpccs_cpuctl_write },
	{ 0x41a108, .name = "NV_PGRAPH_PRI_GPCS_GPCCS_FALCON_HWCFG", .reset = HWCFG, .flags = REG_RO },
	{ 0x41a12c, .name = "NV_PGRAPH_PRI_GPCS_GPCCS_FALCON_HWCFG1", .reset = HWCFG1, .flags = REG_RO },
};

const struct gpu_unit fecs_unit = {
	.name = "FECS",
	.regs = fecs_regs,
	.nr_regs = ARRAY_SIZE(fecs_regs),
};
