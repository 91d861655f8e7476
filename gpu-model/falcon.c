// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "falcon.h"
#include "pmc.h"
#include "unit.h"

#define PORT_OFFSET(v)		((v) & 0x00fffffcu)
#define PORT_WRITE_STEP		BIT(24)
#define PORT_READ_STEP		BIT(25)
#define BIND_DONE		5u

static struct falcon *falcon_of(struct gpu *gpu, u32 addr)
{
	struct falcon_unit *u = gpu->falcon;

	return (addr & ~0xfffu) == u->pmu.base ? &u->pmu : &u->sec2;
}

static u32 offset_of(u32 addr)
{
	return addr & 0xfff;
}

u32 falcon_reg_get(struct gpu *gpu, const struct falcon *f, u32 offset)
{
	return reg_get(gpu, f->base + offset);
}

void falcon_reg_set(struct gpu *gpu, const struct falcon *f, u32 offset, u32 value)
{
	reg_set(gpu, f->base + offset, value);
}

/* --------------------------------------------------------------- interrupts */

static void update(struct gpu *gpu, struct falcon *f)
{
	if (f->line >= 0)
		pmc_set_line(gpu, (unsigned int)f->line, f->stat & f->mask & f->dest & ~(f->dest >> 16));
}

void falcon_raise(struct gpu *gpu, struct falcon *f, u32 bits)
{
	f->stat |= bits;
	update(gpu, f);
}

static void irqsset_write(struct gpu *gpu, u32 addr, u32 v)
{
	falcon_raise(gpu, falcon_of(gpu, addr), v);
}

static void irqsclr_write(struct gpu *gpu, u32 addr, u32 v)
{
	struct falcon *f = falcon_of(gpu, addr);

	f->stat &= ~v;
	if (f->acked)
		f->acked(gpu, f, v);
	update(gpu, f);
}

static u32 irqstat_read(struct gpu *gpu, u32 addr)
{
	return falcon_of(gpu, addr)->stat;
}

static void irqmset_write(struct gpu *gpu, u32 addr, u32 v)
{
	falcon_of(gpu, addr)->mask |= v;
	update(gpu, falcon_of(gpu, addr));
}

static void irqmclr_write(struct gpu *gpu, u32 addr, u32 v)
{
	falcon_of(gpu, addr)->mask &= ~v;
	update(gpu, falcon_of(gpu, addr));
}

static u32 irqmask_read(struct gpu *gpu, u32 addr)
{
	return falcon_of(gpu, addr)->mask;
}

static u32 irqdest_read(struct gpu *gpu, u32 addr)
{
	return falcon_of(gpu, addr)->dest;
}

static void irqdest_write(struct gpu *gpu, u32 addr, u32 v)
{
	falcon_of(gpu, addr)->dest = v;
	update(gpu, falcon_of(gpu, addr));
}

/* -------------------------------------------------- instance block, CPU, reset */

static void bind_write(struct gpu *gpu, u32 addr, u32 v)
{
	struct falcon *f = falcon_of(gpu, addr);

	reg_set(gpu, addr, v);
	f->inst = (u64)bits32(v, 27, 0) << 12;
	f->inst_aperture = bits32(v, 29, 28);
	f->bind_state = BIND_DONE;
	falcon_raise(gpu, f, FALCON_IRQ_BIND);
}

static void bind_ack_write(struct gpu *gpu, u32 addr, u32 v)
{
	reg_set(gpu, addr, v);
	if (v & BIT(1))
		falcon_of(gpu, addr)->bind_state = 0;
}

static u32 bind_state_read(struct gpu *gpu, u32 addr)
{
	return falcon_of(gpu, addr)->bind_state << 12;
}

static u32 cpuctl_read(struct gpu *gpu, u32 addr)
{
	return falcon_of(gpu, addr)->cpuctl;
}

static void cpuctl_write(struct gpu *gpu, u32 addr, u32 v)
{
	struct falcon *f = falcon_of(gpu, addr);

	if (!(v & FALCON_CPUCTL_START))
		return;
	counter_inc(gpu, CTR_FALCON_STARTS);
	f->start(gpu, f);
}

void falcon_reset(struct gpu *gpu, struct falcon *f)
{
	f->stat = f->mask = f->dest = f->bind_state = 0;
	f->inst = 0;
	f->cpuctl = FALCON_CPUCTL_HALTED;
	update(gpu, f);
}

static void engine_write(struct gpu *gpu, u32 addr, u32 v)
{
	struct falcon *f = falcon_of(gpu, addr);

	reg_set(gpu, addr, v & 1);
	if (!(v & 1))
		return;
	falcon_reset(gpu, f);
	if (f == &gpu->falcon->sec2)
		sec2_reset(gpu);
}

/* ------------------------------------------------------------------ memories */

static u8 *port_cell(struct falcon *f, u32 offset, u32 **control)
{
	bool emem = offset >= 0xac0;
	u32 *c = emem ? &f->emem_port[(offset - 0xac0) / 8] : &f->dmem_port[(offset - 0x1c0) / 8];

	*control = c;
	return emem ? f->emem + PORT_OFFSET(*c) % FALCON_EMEM_SIZE : f->dmem + PORT_OFFSET(*c) % FALCON_DMEM_SIZE;
}

static void port_step(u32 *control, u32 when)
{
	if (*control & when)
		*control = (*control & ~0x00fffffcu) | PORT_OFFSET(*control + 4);
}

static u32 port_control_read(struct gpu *gpu, u32 addr)
{
	u32 *control;

	port_cell(falcon_of(gpu, addr), offset_of(addr), &control);
	return *control;
}

static void port_control_write(struct gpu *gpu, u32 addr, u32 v)
{
	u32 *control;

	port_cell(falcon_of(gpu, addr), offset_of(addr), &control);
	*control = v;
}

static u32 port_data_read(struct gpu *gpu, u32 addr)
{
	u32 *control, v;

	memcpy(&v, port_cell(falcon_of(gpu, addr), offset_of(addr), &control), 4);
	port_step(control, PORT_READ_STEP);
	return v;
}

static void port_data_write(struct gpu *gpu, u32 addr, u32 v)
{
	u32 *control;

	memcpy(port_cell(falcon_of(gpu, addr), offset_of(addr), &control), &v, 4);
	port_step(control, PORT_WRITE_STEP);
}

/* Code is never run, so it is not kept. */
static void imem_data_write(struct gpu *gpu, u32 addr, u32 v)
{
	(void)gpu;
	(void)addr;
	(void)v;
}

static u32 dmactl_read(struct gpu *gpu, u32 addr)
{
	return reg_get(gpu, addr) & ~6u;	/* scrubbing of the memories is over */
}

/* --------------------------------------------------------------------- units */

static int falcon_init(struct gpu *gpu)
{
	gpu->falcon = calloc(1, sizeof(*gpu->falcon));
	if (!gpu->falcon)
		return -ENOMEM;
	sec2_create(gpu);
	pmu_create(gpu);
	return 0;
}

static void falcon_unit_reset(struct gpu *gpu)
{
	falcon_reset(gpu, &gpu->falcon->sec2);
	falcon_reset(gpu, &gpu->falcon->pmu);
	sec2_reset(gpu);
	acr_unload(gpu);
}

static void falcon_fini(struct gpu *gpu)
{
	free(gpu->falcon);
	gpu->falcon = NULL;
}

#define HWCFG		(0x40u | 0x40u << 9)			/* IMEM, DMEM in blocks of 256 bytes */
#define HWCFG1		(5u | 3u << 4 | 1u << 8 | 1u << 12)	/* core, security, ports */

#define FALCON_REGS(base, n) \
	{ (base) + 0x000, .name = n "_FALCON_IRQSSET", .rd = reg_read_zero, .wr = irqsset_write }, \
	{ (base) + 0x004, .name = n "_FALCON_IRQSCLR", .rd = reg_read_zero, .wr = irqsclr_write }, \
	{ (base) + 0x008, .name = n "_FALCON_IRQSTAT", .flags = REG_RO, .rd = irqstat_read }, \
	{ (base) + 0x00c, .name = n "_FALCON_IRQMODE" }, \
	{ (base) + 0x010, .name = n "_FALCON_IRQMSET", .rd = irqmask_read, .wr = irqmset_write }, \
	{ (base) + 0x014, .name = n "_FALCON_IRQMCLR", .rd = reg_read_zero, .wr = irqmclr_write }, \
	{ (base) + 0x018, .name = n "_FALCON_IRQMASK", .flags = REG_RO, .rd = irqmask_read }, \
	{ (base) + 0x01c, .name = n "_FALCON_IRQDEST", .rd = irqdest_read, .wr = irqdest_write }, \
	{ (base) + 0x040, .count = 2, .name = n "_FALCON_MAILBOX" }, \
	{ (base) + 0x048, .name = n "_FALCON_ITFEN" }, \
	{ (base) + 0x04c, .name = n "_FALCON_IDLESTATE", .flags = REG_RO }, \
	{ (base) + 0x050, .name = n "_FALCON_CURCTX" }, \
	{ (base) + 0x058, .name = n "_FALCON_CTXACK", .wr = bind_ack_write }, \
	{ (base) + 0x080, .name = n "_FALCON_OS" }, \
	{ (base) + 0x084, .name = n "_FALCON_RM" }, \
	{ (base) + 0x090, .name = n "_FALCON_DEBUG1" }, \
	{ (base) + 0x0a4, .name = n "_FALCON_ENGCTL" }, \
	{ (base) + 0x0dc, .name = n "_FALCON_CTX_STATUS", .flags = REG_RO, .rd = bind_state_read }, \
	{ (base) + 0x100, .name = n "_FALCON_CPUCTL", .rd = cpuctl_read, .wr = cpuctl_write }, \
	{ (base) + 0x104, .name = n "_FALCON_BOOTVEC" }, \
	{ (base) + 0x108, .name = n "_FALCON_HWCFG", .flags = REG_RO, .reset = HWCFG }, \
	{ (base) + 0x10c, .name = n "_FALCON_DMACTL", .rd = dmactl_read }, \
	{ (base) + 0x12c, .name = n "_FALCON_HWCFG1", .flags = REG_RO, .reset = HWCFG1 }, \
	{ (base) + 0x130, .name = n "_FALCON_CPUCTL_ALIAS", .rd = cpuctl_read, .wr = cpuctl_write }, \
	{ (base) + 0x148, .name = n "_FALCON_TRACEIDX" }, \
	{ (base) + 0x14c, .name = n "_FALCON_TRACEPC", .flags = REG_RO }, \
	{ (base) + 0x180, .count = 4, .stride = 16, .name = n "_FALCON_IMEMC" }, \
	{ (base) + 0x184, .count = 4, .stride = 16, .name = n "_FALCON_IMEMD", .rd = reg_read_zero, \
	  .wr = imem_data_write }, \
	{ (base) + 0x188, .count = 4, .stride = 16, .name = n "_FALCON_IMEMT" }, \
	{ (base) + 0x1c0, .count = 8, .stride = 8, .name = n "_FALCON_DMEMC", .rd = port_control_read, \
	  .wr = port_control_write }, \
	{ (base) + 0x1c4, .count = 8, .stride = 8, .name = n "_FALCON_DMEMD", .rd = port_data_read, \
	  .wr = port_data_write }, \
	{ (base) + 0x200, .name = n "_FALCON_ICD_CMD" }, \
	{ (base) + 0x20c, .name = n "_FALCON_ICD_RDATA", .flags = REG_RO, .rd = bind_state_read }, \
	{ (base) + 0x240, .name = n "_FALCON_SCTL" }, \
	{ (base) + 0x3c0, .name = n "_FALCON_ENGINE", .wr = engine_write }

static const struct gpu_reg falcon_regs[] = {
	FALCON_REGS(0x10a000, "NV_PPWR"),
	{ 0x10a480, .name = "NV_PPWR_PMU_NEW_INSTBLK", .wr = bind_write },
	{ 0x10a4a0, .count = 4, .name = "NV_PPWR_PMU_QUEUE_HEAD" },
	{ 0x10a4b0, .count = 4, .name = "NV_PPWR_PMU_QUEUE_TAIL" },
	{ 0x10a4c8, .name = "NV_PPWR_PMU_MSGQ_HEAD" },
	{ 0x10a4cc, .name = "NV_PPWR_PMU_MSGQ_TAIL" },
	{ 0x10ac08, .name = "NV_PPWR_PMU_DEBUG_FUSE", .flags = REG_RO },
	{ 0x10ae00, .count = 5, .name = "NV_PPWR_FBIF_TRANSCFG" },
	{ 0x10ae24, .name = "NV_PPWR_FBIF_CTL" },
};

static const struct gpu_reg sec2_regs[] = {
	FALCON_REGS(0x087000, "NV_PSEC"),
	{ 0x087054, .name = "NV_PSEC_FALCON_NXTCTX", .wr = bind_write },
	{ 0x087408, .name = "NV_PSEC_DEBUG_FUSE", .flags = REG_RO },
	{ 0x087600, .count = 8, .name = "NV_PSEC_FBIF_TRANSCFG" },
	{ 0x087624, .name = "NV_PSEC_FBIF_CTL" },
	{ 0x087a00, .count = 4, .stride = 8, .name = "NV_PSEC_QUEUE_HEAD", .wr = sec2_command_head_write },
	{ 0x087a04, .count = 4, .stride = 8, .name = "NV_PSEC_QUEUE_TAIL", .flags = REG_RO },
	{ 0x087a30, .count = 2, .stride = 8, .name = "NV_PSEC_MSGQ_HEAD", .flags = REG_RO },
	{ 0x087a34, .count = 2, .stride = 8, .name = "NV_PSEC_MSGQ_TAIL" },
	{ 0x087ac0, .count = 8, .stride = 8, .name = "NV_PSEC_EMEMC", .rd = port_control_read,
	  .wr = port_control_write },
	{ 0x087ac4, .count = 8, .stride = 8, .name = "NV_PSEC_EMEMD", .rd = port_data_read,
	  .wr = port_data_write },
};

const struct gpu_unit pmu_unit = {
	.name = "PMU",
	.regs = falcon_regs,
	.nr_regs = ARRAY_SIZE(falcon_regs),
	.init = falcon_init,
	.reset = falcon_unit_reset,
	.fini = falcon_fini,
};

const struct gpu_unit sec2_unit = {
	.name = "SEC2",
	.regs = sec2_regs,
	.nr_regs = ARRAY_SIZE(sec2_regs),
};
