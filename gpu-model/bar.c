// SPDX-License-Identifier: MIT
/*
 * DOC: BAR1 and BAR2
 *
 * With its BLOCK register in virtual mode, an offset into a BAR is a virtual
 * address in the address space of the instance block that the register names;
 * in physical mode it is a VRAM address. BAR2 of the manuals is PCI BAR 3.
 *
 * Channels are rung up through BAR1: their USERD pages are mapped there, and
 * a write to GP_PUT (8c in each 200 bytes) is passed on to PFIFO.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bar.h"
#include "fault.h"
#include "pfifo.h"
#include "pte_watch.h"
#include "unit.h"

#define BLOCK_VIRTUAL	BIT(31)
#define BLOCK_TARGET(v)	bits32(v, 29, 28)
#define BLOCK_INST(v)	((u64)bits32(v, 27, 0) << 12)

#define USERD_SIZE	0x200u
#define USERD_GP_PUT	0x8cu

struct bars {
	struct {
		bool virtual;
		struct mmu_space space;
	} bar[3];		/* 1 and 2 are used */
};

static void block_write(struct gpu *gpu, u32 addr, u32 value)
{
	int bar = addr == 0x1704 ? 1 : 2;

	reg_set(gpu, addr, value);
	gpu->bars->bar[bar].virtual = value & BLOCK_VIRTUAL;
	mmu_space_load(gpu, BLOCK_TARGET(value), BLOCK_INST(value), &gpu->bars->bar[bar].space);
}

const struct mmu_space *bar2_space(const struct gpu *gpu)
{
	return gpu->bars->bar[2].virtual ? &gpu->bars->bar[2].space : NULL;
}

bool bar_owns(const struct gpu *gpu, u64 pdb)
{
	return gpu->bars->bar[1].space.pdb == pdb || gpu->bars->bar[2].space.pdb == pdb;
}

static void bar_fault(struct gpu *gpu, int bar, const struct mmu_xlate *x, bool write)
{
	struct gpu_fault f = {
		.space = gpu->bars->bar[bar].space,
		.va = x->va,
		.access = write ? MMU_WRITE : MMU_READ,
		.reason = x->reason,
		.engine = bar == 1 ? FAULT_BAR1 : FAULT_BAR2,
		.client = FAULT_CLIENT_HUB_HOST_CPU,
		.hub = true,
	};

	counter_inc(gpu, CTR_BAR_FAULTS);
	fault_post_fatal(gpu, &f);
}

/* Aligned words go by single accesses: page tables and semaphores are read beside it. */
static void move(u8 *to, const u8 *from, u32 len)
{
	if (len == 4 && !((uintptr_t)to & 3) && !((uintptr_t)from & 3))
		__atomic_store_n((u32 *)to, __atomic_load_n((const u32 *)from, __ATOMIC_RELAXED), __ATOMIC_RELEASE);
	else if (len == 8 && !((uintptr_t)to & 7) && !((uintptr_t)from & 7))
		__atomic_store_n((u64 *)to, __atomic_load_n((const u64 *)from, __ATOMIC_RELAXED), __ATOMIC_RELEASE);
	else
		memcpy(to, from, len);
}

static bool translate(struct gpu *gpu, int bar, u64 offset, bool write, struct mmu_xlate *x)
{
	if (gpu->bars->bar[bar].virtual)
		return mmu_translate(gpu, &gpu->bars->bar[bar].space,
				     bar == 1 ? MMU_CLIENT_BAR1 : MMU_CLIENT_BAR2, offset,
				     write ? MMU_WRITE : MMU_READ, x);
	*x = (struct mmu_xlate){ .aperture = APERTURE_VRAM, .addr = offset, .va = offset };
	return true;
}

/* Inside one 4 KiB page. False: a fault. */
static bool access_page(struct gpu *gpu, int bar, u64 offset, u8 *buf, u32 len, bool write,
			struct mmu_xlate *x)
{
	bool ok;
	u8 *p;

	mmu_enter(gpu);
	ok = translate(gpu, bar, offset, write, x);
	if (ok && x->sparse) {
		if (!write)
			memset(buf, 0, len);
	} else if (ok) {
		p = memory_ptr(gpu, x->aperture, x->addr, len, write);
		ok = p;
		if (ok && write && bar == 2 && x->aperture == APERTURE_VRAM)
			pte_watch_write(gpu, x->addr, buf, len);
		if (ok)
			move(write ? p : buf, write ? buf : p, len);
		else
			x->reason = MMU_FAULT_REGION;
	}
	mmu_leave(gpu);
	return ok;
}

/* A write of @len bytes has landed: is there a GP_PUT in it? */
static void doorbells(struct gpu *gpu, u64 offset, const u8 *buf, u32 len, const struct mmu_xlate *x)
{
	u32 at = (USERD_GP_PUT - (u32)offset) & (USERD_SIZE - 1);

	for (; at + 4 <= len; at += USERD_SIZE) {
		u32 value;

		memcpy(&value, buf + at, 4);
		pfifo_doorbell(gpu, x->aperture, x->addr + at, value);
	}
}

void bar_access(struct gpu *gpu, int bar, u64 offset, u8 *buf, u32 len, bool write)
{
	if (bar == 1)
		counter_inc(gpu, write ? CTR_BAR1_WRITES : CTR_BAR1_READS);
	else
		counter_inc(gpu, write ? CTR_BAR2_WRITES : CTR_BAR2_READS);
	while (len) {
		u32 n = 4096 - (u32)(offset & 4095);
		struct mmu_xlate x;

		if (n > len)
			n = len;
		if (!access_page(gpu, bar, offset, buf, n, write, &x)) {
			if (!write)
				memset(buf, 0xff, n);
			bar_fault(gpu, bar, &x, write);
		} else if (bar == 1 && write && !x.sparse) {
			doorbells(gpu, offset, buf, n, &x);
		}
		offset += n;
		buf += n;
		len -= n;
	}
}

static int bar_init(struct gpu *gpu)
{
	gpu->bars = calloc(1, sizeof(*gpu->bars));
	return gpu->bars ? 0 : -ENOMEM;
}

static void bar_reset(struct gpu *gpu)
{
	memset(gpu->bars, 0, sizeof(*gpu->bars));
}

static void bar_fini(struct gpu *gpu)
{
	free(gpu->bars);
	gpu->bars = NULL;
}

static const struct gpu_reg bar_regs[] = {
	{ 0x001704, .name = "NV_PBUS_BAR1_BLOCK", .wr = block_write },
	{ 0x001714, .name = "NV_PBUS_BAR2_BLOCK", .wr = block_write },
	/* pending and outstanding binds: a bind is done when the write returns */
	{ 0x001710, .name = "NV_PBUS_BIND_STATUS", .rd = reg_read_zero },
};

const struct gpu_unit bar_unit = {
	.name = "BAR",
	.regs = bar_regs,
	.nr_regs = ARRAY_SIZE(bar_regs),
	.init = bar_init,
	.reset = bar_reset,
	.fini = bar_fini,
};
