// SPDX-License-Identifier: MIT
/*
 * DOC: PFB
 *
 * The frame buffer unit: how much VRAM there is, the hub MMU's invalidate
 * registers with replay and cancel, and the window registers of the
 * write-protected region. VRAM itself is memory.c.
 *
 * Invalidates: a write of 100cbc with its trigger queues one, for the page directory that 100cb8
 * and 100cec name then. They are done in order, each up to ``invalidate-delay-us`` after it came to
 * the head of the queue, and until then the old translations are good. 100c80 tells how many entries
 * are free and whether all are done. A write to a full queue waits until its first entry is done.
 *
 * VRAM size: GP104 tells it in one register as 6 bits of mantissa and a power of two; GP100 in
 * MiB per FBPA, of which there is one. A size that the chip cannot express is refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "falcon.h"
#include "fault.h"
#include "mmu.h"
#include "pte_watch.h"
#include "replay.h"
#include "unit.h"

#define INVALIDATE_ALL_PDB	BIT(1)
#define INVALIDATE_HUB_ONLY	BIT(2)
#define INVALIDATE_REPLAY(v)	bits32(v, 5, 3)
#define INVALIDATE_CLIENT(v)	bits32(v, 14, 9)
#define INVALIDATE_GPC(v)	bits32(v, 19, 15)
#define INVALIDATE_CLIENT_HUB	BIT(20)
#define INVALIDATE_TRIGGER	BIT(31)

enum { REPLAY_NONE, REPLAY_START, REPLAY_START_ACK_ALL, REPLAY_CANCEL_TARGETED, REPLAY_CANCEL_GLOBAL };

#define INVALIDATE_QUEUE	16u
#define DEFAULT_INVALIDATE_US	20u

/* What was written to 100cbc, 100cb8 and 100cec. */
struct invalidate {
	u32 trigger, pdb, pdb_hi;
};

struct pfb {
	struct invalidate queue[INVALIDATE_QUEUE];
	u32 nr;
	u64 delay_ns;
	struct event event;	/* the first of the queue is done; queued while there is one */
};

#define WPR_START_INDEX		2u
#define WPR_END_INDEX		3u
#define WPR_END_GRANULE		0x20000u

static void replay(struct gpu *gpu, u32 v)
{
	switch (INVALIDATE_REPLAY(v)) {
	case REPLAY_START:
	case REPLAY_START_ACK_ALL:
		fault_replay(gpu);
		break;
	case REPLAY_CANCEL_TARGETED:
		fault_cancel_targeted(gpu, v & INVALIDATE_CLIENT_HUB, (u8)INVALIDATE_GPC(v),
				      (u8)INVALIDATE_CLIENT(v));
		break;
	case REPLAY_CANCEL_GLOBAL:
		fault_cancel_global(gpu);
		break;
	}
}

static void count(struct gpu *gpu, u32 v)
{
	counter_inc(gpu, CTR_TLB_INVALIDATES);
	counter_inc(gpu, v & INVALIDATE_ALL_PDB ? CTR_TLB_INVALIDATES_ALL : CTR_TLB_INVALIDATES_PDB);
	if (v & INVALIDATE_HUB_ONLY)
		counter_inc(gpu, CTR_TLB_INVALIDATES_HUB);
}

static enum gpu_aperture pdb_aperture(const struct invalidate *inv)
{
	return (enum gpu_aperture)bits32(inv->pdb, 1, 0);
}

static u64 pdb_address(const struct invalidate *inv)
{
	return ((u64)inv->pdb_hi << 32 | (inv->pdb & ~0xfu)) << 8;
}

static void invalidate(struct gpu *gpu, const struct invalidate *inv)
{
	mmu_invalidate(gpu, inv->trigger & INVALIDATE_ALL_PDB, inv->trigger & INVALIDATE_HUB_ONLY, pdb_aperture(inv),
		       pdb_address(inv));
	replay(gpu, inv->trigger);
}

static void do_first(struct gpu *gpu)
{
	struct pfb *pfb = gpu->pfb;
	struct invalidate first = pfb->queue[0];

	memmove(pfb->queue, pfb->queue + 1, --pfb->nr * sizeof(first));
	invalidate(gpu, &first);
}

static void wait_for_next(struct gpu *gpu)
{
	if (gpu->pfb->nr)
		event_in(gpu, &gpu->pfb->event, gpu_random(gpu, gpu->pfb->delay_ns));
}

static void on_event(struct gpu *gpu, struct event *event)
{
	(void)event;
	do_first(gpu);
	wait_for_next(gpu);
}

static void invalidate_write(struct gpu *gpu, u32 addr, u32 v)
{
	struct invalidate inv = { v, reg_get(gpu, 0x100cb8), reg_get(gpu, 0x100cec) };
	struct pfb *pfb = gpu->pfb;

	reg_set(gpu, addr, v & ~INVALIDATE_TRIGGER);
	if (!(v & INVALIDATE_TRIGGER))
		return;
	count(gpu, v);
	if (!(v & INVALIDATE_ALL_PDB))
		pte_watch_root(gpu, pdb_aperture(&inv), pdb_address(&inv));
	if (!pfb->delay_ns) {
		invalidate(gpu, &inv);
		return;
	}
	if (pfb->nr == INVALIDATE_QUEUE)
		do_first(gpu);
	pfb->queue[pfb->nr++] = inv;
	if (!pfb->event.queued)
		wait_for_next(gpu);
}

/* b23:16 free entries of the invalidate queue, b15 queue empty. */
static u32 mmu_ctrl_read(struct gpu *gpu, u32 addr)
{
	u32 nr = gpu->pfb->nr;

	return (reg_get(gpu, addr) & 0x7fff) | (INVALIDATE_QUEUE - nr) << 16 | (nr ? 0 : BIT(15));
}

/* ----------------------------------------------------------------- WPR, VPR */

static u32 wpr_info_read(struct gpu *gpu, u32 addr)
{
	u32 index = reg_get(gpu, addr);
	u64 start, end, v = 0;

	acr_wpr(gpu, &start, &end);
	if (index == WPR_START_INDEX)
		v = start;
	else if (index == WPR_END_INDEX && end)
		v = end - WPR_END_GRANULE;
	return ((u32)(v >> 8) & ~0xffu) | (index & 0xf);
}

/* b1: fetch request, over at once; b4: a protected video region is locked, which there is not. */
static void vpr_info_write(struct gpu *gpu, u32 addr, u32 v)
{
	reg_set(gpu, addr, v & ~(BIT(1) | BIT(4)));
}

/* ------------------------------------------------------------------ VRAM size */

#define MANTISSA_MAX	63u

/* False when the size has no such form. */
static bool local_memory_range(u64 bytes, u32 *v)
{
	u64 mantissa = bytes >> 20;
	u32 scale = 0;

	while (mantissa > MANTISSA_MAX && !(mantissa & 1)) {
		mantissa >>= 1;
		scale++;
	}
	*v = (u32)mantissa << 4 | scale;
	return mantissa <= MANTISSA_MAX && scale < 16;
}

static u32 fbpa_amount_read(struct gpu *gpu, u32 addr)
{
	(void)addr;
	return (u32)(gpu->vram_size >> 20);
}

static u32 local_memory_range_read(struct gpu *gpu, u32 addr)
{
	u32 v = 0;

	(void)addr;
	local_memory_range(gpu->vram_size, &v);
	return v;
}

static int pfb_init(struct gpu *gpu)
{
	u32 v;

	gpu->pfb = calloc(1, sizeof(*gpu->pfb));
	if (!gpu->pfb)
		return -ENOMEM;
	gpu->pfb->delay_ns = gpu_option_u64(gpu, "invalidate-delay-us", DEFAULT_INVALIDATE_US) * 1000;
	gpu->pfb->event.fn = on_event;
	if (gpu->chip->vram_in_fb && !local_memory_range(gpu->vram_size, &v)) {
		gpu_log(gpu, GPU_LOG_ERROR, "%s cannot express a VRAM of %llu MiB", gpu->chip->name,
			(unsigned long long)gpu->vram_size >> 20);
		return -EINVAL;
	}
	return 0;
}

/* Events are cancelled already, and a reset drops all translations. */
static void pfb_reset(struct gpu *gpu)
{
	gpu->pfb->nr = 0;
}

static void pfb_fini(struct gpu *gpu)
{
	free(gpu->pfb);
	gpu->pfb = NULL;
}

static const struct gpu_reg pfb_regs[] = {
	{ 0x100800, .name = "NV_PFB_FBHUB_NUM_ACTIVE_LTCS" },
	{ 0x100804, .name = "NV_PFB_FBHUB_804" },
	{ 0x100b20, .name = "NV_PFB_NISO_SCRUB_STATUS", .reset = 1, .flags = REG_RO },	/* scrubbing is over */
	{ 0x100c10, .name = "NV_PFB_NISO_FLUSH_SYSMEM_ADDR" },
	{ 0x100c14, .name = "NV_PFB_NISO_CTRL" },
	{ 0x100c80, .name = "NV_PFB_PRI_MMU_CTRL", .rd = mmu_ctrl_read },
	{ 0x100cb8, .name = "NV_PFB_PRI_MMU_INVALIDATE_PDB" },
	{ 0x100cbc, .name = "NV_PFB_PRI_MMU_INVALIDATE", .wr = invalidate_write },
	{ 0x100cc4, .name = "NV_PFB_PRI_MMU_DEBUG_CTRL" },
	{ 0x100cc8, .name = "NV_PFB_PRI_MMU_DEBUG_WR" },
	{ 0x100ccc, .name = "NV_PFB_PRI_MMU_DEBUG_RD" },
	{ 0x100cd0, .name = "NV_PFB_PRI_MMU_VPR_INFO", .wr = vpr_info_write },
	{ 0x100cd4, .name = "NV_PFB_PRI_MMU_WPR_INFO", .rd = wpr_info_read },
	{ 0x100ce0, .name = "NV_PFB_PRI_MMU_LOCAL_MEMORY_RANGE", .flags = REG_RO | REG_GP104,
	  .rd = local_memory_range_read },
	{ 0x100cdc, .name = "NV_PFB_PRI_MMU_PRIV_LEVEL_MASK" },
	{ 0x100ce4, .name = "NV_PFB_PRI_MMU_PHYS_SECURE" },
	{ 0x100cec, .name = "NV_PFB_PRI_MMU_INVALIDATE_UPPER_PDB" },
	{ 0x1fac80, .name = "NV_PFB_HSHUB_PRI_MMU_CTRL", .flags = REG_GP100 },
	{ 0x1facc4, .name = "NV_PFB_HSHUB_PRI_MMU_DEBUG_CTRL", .flags = REG_GP100 },
	{ 0x1facc8, .name = "NV_PFB_HSHUB_PRI_MMU_DEBUG_WR", .flags = REG_GP100 },
	{ 0x1faccc, .name = "NV_PFB_HSHUB_PRI_MMU_DEBUG_RD", .flags = REG_GP100 },
	{ 0x10ecc0, .name = "NV_PFB_FBPA_10ECC0" },
	{ 0x90020c, .name = "NV_PFB_FBPA_0_CSTATUS", .flags = REG_RO, .rd = fbpa_amount_read },
	{ 0x9a0160, .name = "NV_PFB_FBPA_160" },
	{ 0x9a0584, .name = "NV_PFB_FBPA_584" },
	{ 0x9a065c, .name = "NV_PFB_FBPA_65C" },
};

const struct gpu_unit pfb_unit = {
	.name = "PFB",
	.regs = pfb_regs,
	.nr_regs = ARRAY_SIZE(pfb_regs),
	.init = pfb_init,
	.reset = pfb_reset,
	.fini = pfb_fini,
};
