// SPDX-License-Identifier: MIT
/*
 * DOC: PMC
 *
 * Identity, engine enables, and the interrupt tree: leaf 0 at 000100 with one bit a unit, masked
 * by 000160 (set) and 000180 (clear); leaf 1 (non-stalling sources) never
 * pends here. The host gets one MSI on each change from nothing pending to something, and 088704
 * makes the unit look again.
 *
 * The line of the replayable fault buffer has no acknowledge register. On a
 * card it follows GET != PUT, and a driver masks it until it has caught up;
 * nouveau does not, and would be interrupted without end. Here a new entry
 * raises the line and reading 000100 drops it. The page on faults says so.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "inject.h"
#include "pmc.h"
#include "trace.h"
#include "unit.h"

struct pmc {
	u32 lines;		/* what units drive */
	u32 enable[2];
	bool asserted;		/* the interrupt as the host last saw it */
	void (*engine_reset[32])(struct gpu *gpu);
	u32 lose;		/* injected: interrupts still to be swallowed */
	u64 late_ns;
	struct event late;
};

static void send(struct gpu *gpu)
{
	if (inject_removed(gpu))
		return;
	counter_inc(gpu, CTR_IRQS);
	trace_op(gpu, IRQ, -1, gpu->pmc->lines, 0, 0);
	if (gpu->config.host.irq)
		gpu->config.host.irq(gpu->config.host.ctx);
}

static void send_late(struct gpu *gpu, struct event *event)
{
	(void)event;
	send(gpu);
}

static void raise(struct gpu *gpu)
{
	struct pmc *pmc = gpu->pmc;

	if (pmc->lose) {
		pmc->lose--;
		counter_inc(gpu, CTR_IRQS_LOST);
	} else if (pmc->late_ns) {
		pmc->late.fn = send_late;
		event_in(gpu, &pmc->late, gpu_random(gpu, pmc->late_ns));
	} else {
		send(gpu);
	}
}

static void update(struct gpu *gpu, bool rearmed)
{
	struct pmc *pmc = gpu->pmc;
	bool level = pmc->lines & pmc->enable[0];

	if (level && (!pmc->asserted || rearmed))
		raise(gpu);
	pmc->asserted = level;
}

void pmc_set_line(struct gpu *gpu, unsigned int line, bool level)
{
	u32 before = gpu->pmc->lines;

	if (level)
		gpu->pmc->lines |= BIT(line & 31);
	else
		gpu->pmc->lines &= ~BIT(line & 31);
	if (gpu->pmc->lines != before)
		update(gpu, false);
}

void pmc_rearm(struct gpu *gpu)
{
	update(gpu, true);
}

void pmc_on_engine_reset(struct gpu *gpu, unsigned int bit, void (*fn)(struct gpu *gpu))
{
	gpu->pmc->engine_reset[bit & 31] = fn;
}

void pmc_inject(struct gpu *gpu, u32 lost, u64 late_ns)
{
	gpu->pmc->lose = lost;
	gpu->pmc->late_ns = late_ns;
}

static u32 intr_read(struct gpu *gpu, u32 addr)
{
	u32 v = addr == 0x100 ? gpu->pmc->lines : 0;

	if (v & BIT(PMC_REPLAYABLE_FAULT))
		pmc_set_line(gpu, PMC_REPLAYABLE_FAULT, false);
	return v;
}

static u32 enable_read(struct gpu *gpu, u32 addr)
{
	return gpu->pmc->enable[(addr >> 2) & 1];
}

static void enable_set(struct gpu *gpu, u32 addr, u32 value)
{
	gpu->pmc->enable[(addr >> 2) & 1] |= value;
	update(gpu, false);
}

static void enable_clear(struct gpu *gpu, u32 addr, u32 value)
{
	gpu->pmc->enable[(addr >> 2) & 1] &= ~value;
	update(gpu, false);
}

static void pmc_enable_write(struct gpu *gpu, u32 addr, u32 value)
{
	u32 off = reg_get(gpu, addr) & ~value;

	reg_set(gpu, addr, value);
	for (int i = 0; off; i++, off >>= 1) {
		if ((off & 1) && gpu->pmc->engine_reset[i])
			gpu->pmc->engine_reset[i](gpu);
	}
}

static u32 boot0_read(struct gpu *gpu, u32 addr)
{
	(void)addr;
	return gpu->chip->boot0;
}

static int pmc_init(struct gpu *gpu)
{
	gpu->pmc = calloc(1, sizeof(*gpu->pmc));
	return gpu->pmc ? 0 : -ENOMEM;
}

static void pmc_reset(struct gpu *gpu)
{
	gpu->pmc->lines = 0;
	memset(gpu->pmc->enable, 0, sizeof(gpu->pmc->enable));
	gpu->pmc->asserted = false;
}

static void pmc_fini(struct gpu *gpu)
{
	free(gpu->pmc);
	gpu->pmc = NULL;
}

static const struct gpu_reg pmc_regs[] = {
	{ 0x000000, .name = "NV_PMC_BOOT_0", .flags = REG_RO, .rd = boot0_read },
	{ 0x000004, .name = "NV_PMC_BOOT_1", .flags = REG_RO },
	{ 0x000100, .count = 2, .name = "NV_PMC_INTR", .flags = REG_RO, .rd = intr_read },
	{ 0x000140, .count = 2, .name = "NV_PMC_INTR_EN", .flags = REG_RO, .rd = enable_read },
	{ 0x000160, .count = 2, .name = "NV_PMC_INTR_EN_SET", .rd = enable_read, .wr = enable_set },
	{ 0x000180, .count = 2, .name = "NV_PMC_INTR_EN_CLEAR", .rd = enable_read, .wr = enable_clear },
	{ 0x0001c0, .name = "NV_PMC_INTR_LTC", .flags = REG_RO },
	{ 0x000200, .name = "NV_PMC_ENABLE", .wr = pmc_enable_write },
	{ 0x000204, .name = "NV_PMC_ENABLE_PB" },
	{ 0x00020c, .name = "NV_PMC_ELPG_ENABLE" },
	{ 0x000260, .name = "NV_PMC_260" },
};

const struct gpu_unit pmc_unit = {
	.name = "PMC",
	.regs = pmc_regs,
	.nr_regs = ARRAY_SIZE(pmc_regs),
	.init = pmc_init,
	.reset = pmc_reset,
	.fini = pmc_fini,
};
