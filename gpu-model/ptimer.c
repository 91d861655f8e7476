// SPDX-License-Identifier: MIT
/*
 * DOC: PTIMER
 *
 * A clock in nanoseconds that runs with the host's monotonic one; a driver may
 * set it. The low five bits of TIME_0 read as zero, as on a card. ALARM_0 is
 * compared with TIME_0: the interrupt comes when the low 32 bits of the clock
 * reach it, up to 4.3 s later; an alarm that has passed by less than
 * 67 ms when it is written fires at once.
 */
#include <errno.h>
#include <stdlib.h>

#include "event.h"
#include "pmc.h"
#include "ptimer.h"
#include "unit.h"

#define JUST_PASSED	(1u << 26)	/* ns */

struct ptimer {
	atomic_ullong offset;		/* GPU time - host time */
	struct event alarm;
	bool armed;
};

u64 ptimer_now(const struct gpu *gpu)
{
	return host_ns() + atomic_load_explicit(&gpu->ptimer->offset, memory_order_relaxed);
}

static void update(struct gpu *gpu)
{
	pmc_set_line(gpu, PMC_PTIMER, reg_get(gpu, 0x009100) & reg_get(gpu, 0x009140));
}

static void alarm_fired(struct gpu *gpu, struct event *event)
{
	(void)event;
	gpu->ptimer->armed = false;
	counter_inc(gpu, CTR_ALARMS);
	reg_set(gpu, 0x009100, reg_get(gpu, 0x009100) | 1);
	update(gpu);
}

static void arm(struct gpu *gpu)
{
	u32 now = (u32)ptimer_now(gpu), alarm = reg_get(gpu, 0x009420);

	event_in(gpu, &gpu->ptimer->alarm, now - alarm < JUST_PASSED ? 0 : alarm - now);
}

static void alarm_write(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, value & ~0x1fu);
	gpu->ptimer->armed = true;
	arm(gpu);
}

static u32 time0_read(struct gpu *gpu, u32 addr)
{
	(void)addr;
	return (u32)ptimer_now(gpu) & ~0x1fu;
}

static u32 time1_read(struct gpu *gpu, u32 addr)
{
	(void)addr;
	return (u32)(ptimer_now(gpu) >> 32) & 0x1fffffff;
}

static void set_time(struct gpu *gpu, u64 time)
{
	atomic_store_explicit(&gpu->ptimer->offset, time - host_ns(), memory_order_relaxed);
	if (gpu->ptimer->armed)
		arm(gpu);
}

static void time0_write(struct gpu *gpu, u32 addr, u32 value)
{
	(void)addr;
	set_time(gpu, (ptimer_now(gpu) & ~0xffffffffull) | value);
}

static void time1_write(struct gpu *gpu, u32 addr, u32 value)
{
	(void)addr;
	set_time(gpu, (ptimer_now(gpu) & 0xffffffffull) | (u64)(value & 0x1fffffff) << 32);
}

static void intr_ack(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, reg_get(gpu, addr) & ~value);
	update(gpu);
}

static void enable_write(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, value & 1);
	update(gpu);
}

static int ptimer_init(struct gpu *gpu)
{
	gpu->ptimer = calloc(1, sizeof(*gpu->ptimer));
	if (!gpu->ptimer)
		return -ENOMEM;
	gpu->ptimer->alarm.fn = alarm_fired;
	return 0;
}

static void ptimer_reset(struct gpu *gpu)
{
	gpu->ptimer->armed = false;
	atomic_store(&gpu->ptimer->offset, 0);
}

static void ptimer_fini(struct gpu *gpu)
{
	free(gpu->ptimer);
	gpu->ptimer = NULL;
}

static const struct gpu_reg ptimer_regs[] = {
	{ 0x009080, .name = "NV_PTIMER_PRI_TIMEOUT" },
	{ 0x009084, .count = 2, .name = "NV_PTIMER_PRI_TIMEOUT_SAVE" },
	{ 0x00908c, .name = "NV_PTIMER_PRI_TIMEOUT_FECS_ERRCODE" },
	{ 0x009100, .name = "NV_PTIMER_INTR_0", .wr = intr_ack },
	{ 0x009140, .name = "NV_PTIMER_INTR_EN_0", .wr = enable_write },
	{ 0x009200, .name = "NV_PTIMER_NUMERATOR", .reset = 1 },
	{ 0x009210, .name = "NV_PTIMER_DENOMINATOR", .reset = 1 },
	{ 0x009400, .name = "NV_PTIMER_TIME_0", .rd = time0_read, .wr = time0_write },
	{ 0x009410, .name = "NV_PTIMER_TIME_1", .rd = time1_read, .wr = time1_write },
	{ 0x009420, .name = "NV_PTIMER_ALARM_0", .wr = alarm_write },
};

const struct gpu_unit ptimer_unit = {
	.name = "PTIMER",
	.regs = ptimer_regs,
	.nr_regs = ARRAY_SIZE(ptimer_regs),
	.init = ptimer_init,
	.reset = ptimer_reset,
	.fini = ptimer_fini,
};
