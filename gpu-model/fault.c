// SPDX-License-Identifier: MIT
/*
 * DOC: Fault reporting
 *
 * Replayable faults: a ring of 32-byte entries in the address space of BAR2. The unit
 * writes at PUT, the driver reads at GET, and GET == PUT is empty. A full ring, one that is off and one
 * that is not mapped lose entries: INFO says why, and PFIFO interrupts (bit 25). The access itself is
 * not lost, it faults again at the next replay.
 *
 * What hardware does at will the model does on request (struct fault_policy): entries
 * that come late, twice, several at a time, or a while after PUT has passed them.
 *
 * Fatal faults: four registers for each fault id at 002800, a bit in 00259c, and
 * PFIFO's MMU fault interrupt, which goes when 00259c has been cleared. The
 * registers keep the first fault until then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bar.h"
#include "event.h"
#include "fault.h"
#include "pfifo.h"
#include "pgraph.h"
#include "pmc.h"
#include "ptimer.h"
#include "replay.h"
#include "trace.h"
#include "unit.h"

#define ENTRY_SIZE		32u
#define DEFAULT_ENTRIES		0x1200u	/* as a card has */
#define MAX_WAITING		1024u	/* entries on their way */
#define MAX_BEHIND		256u	/* entries that PUT has passed and that are not written yet */
#define BURST_WAIT_NS		200000u

#define REG_FAULT_UNITS		0x00259cu
#define REG_FAULT_UNIT(id)	(0x002800u + 0x10 * (id))
#define REG_BUFFER_LO		0x002a70u
#define REG_BUFFER_HI		0x002a74u
#define BUFFER_ENABLE		BIT(0)
#define INFO_OVERFLOW		BIT(0)
#define INFO_WRITE_NACK		BIT(24)	/* the entry could not be written */
#define INFO_DISABLED		BIT(28)	/* a fault while the buffer was off */
#define INFO_BITS		(INFO_OVERFLOW | INFO_WRITE_NACK | INFO_DISABLED)
#define INTR_REPLAYABLE_ERROR	BIT(25)	/* of PFIFO */

struct waiting {
	struct gpu_fault fault;
	u64 time, due;			/* GPU time of the fault; host time at which it shows */
};

struct behind {
	u32 w[8];
	u32 slot;
	u64 due;
};

struct fault_unit {
	u32 entries, get, put;
	u32 info;
	struct fault_policy policy;
	struct fault_listener *listeners;
	struct waiting waiting[MAX_WAITING];
	u32 nr_waiting;
	struct event later;
	struct behind behind[MAX_BEHIND];
	u32 nr_behind;
	struct event catch_up;
};

/* ------------------------------------------------------------------- buffer */

static u64 buffer_base(const struct gpu *gpu)
{
	return (u64)reg_get(gpu, REG_BUFFER_HI) << 32 | (reg_get(gpu, REG_BUFFER_LO) & ~0xfffu);
}

static bool buffer_full(const struct fault_unit *u)
{
	return (u->put + 1) % u->entries == u->get;
}

static void encode(u32 w[8], const struct gpu_fault *f, u64 time)
{
	u64 va = f->va & ~0xfffull;

	w[0] = (u32)f->space.inst | (u32)f->space.inst_aperture << 8;
	w[1] = (u32)(f->space.inst >> 32);
	w[2] = (u32)va;
	w[3] = (u32)(va >> 32);
	w[4] = (u32)time;
	w[5] = (u32)(time >> 32);
	w[6] = f->engine;
	w[7] = BIT(31) | (u32)(f->gpc & 0x1f) << 24 | (f->hub ? BIT(20) : 0) | (u32)(f->access & 0xf) << 16 |
	       (u32)(f->client & 0x7f) << 8 | (f->reason & 0x1f);
}

/* The word with the valid bit goes last, by itself: the driver may look at any time. */
static bool write_entry(struct gpu *gpu, u32 slot, const u32 w[8])
{
	const struct mmu_space *space = bar2_space(gpu);
	u64 va = buffer_base(gpu) + slot * ENTRY_SIZE;

	if (!space)
		return memory_write(gpu, APERTURE_VRAM, va, w, 28) &&
		       memory_write(gpu, APERTURE_VRAM, va + 28, &w[7], 4);
	return mmu_write(gpu, space, MMU_CLIENT_BAR2, va, w, 28, NULL) == 28 &&
	       mmu_write(gpu, space, MMU_CLIENT_BAR2, va + 28, &w[7], 4, NULL) == 4;
}

/* An entry is lost: INFO says why, and PFIFO interrupts. */
static void lost(struct gpu *gpu, u32 why)
{
	if (why == INFO_OVERFLOW)
		counter_inc(gpu, CTR_FAULTS_OVERFLOW);
	gpu->fault->info |= why;
	pfifo_intr_set(gpu, INTR_REPLAYABLE_ERROR);
}

/* An overflow on request comes only while entries wait: an empty buffer cannot overflow. */
static bool overflow_requested(struct fault_unit *u)
{
	if (!u->policy.overflow_next || u->get == u->put)
		return false;
	u->policy.overflow_next--;
	return true;
}

static bool write_now(struct gpu *gpu, u32 slot, const u32 w[8])
{
	if (write_entry(gpu, slot, w))
		return true;
	gpu_log(gpu, GPU_LOG_WARN, "the fault buffer is not mapped at %llx", (unsigned long long)buffer_base(gpu));
	lost(gpu, INFO_WRITE_NACK);
	return false;
}

/* Writes the entries that are due; the order among them is that of their times, not of their places. */
static void catch_up(struct gpu *gpu, struct event *event)
{
	struct fault_unit *u = gpu->fault;
	u64 now = host_ns(), next = ~0ull;
	u32 kept = 0;

	for (u32 i = 0; i < u->nr_behind; i++) {
		if (u->behind[i].due <= now) {
			if (reg_get(gpu, REG_BUFFER_LO) & BUFFER_ENABLE)
				write_now(gpu, u->behind[i].slot, u->behind[i].w);
			continue;
		}
		if (u->behind[i].due < next)
			next = u->behind[i].due;
		u->behind[kept++] = u->behind[i];
	}
	u->nr_behind = kept;
	if (kept)
		event_at(gpu, event, next);
}

/* By the policy: the entry at PUT is written later. False: it is to be written now. */
static bool write_behind(struct gpu *gpu, const u32 w[8])
{
	struct fault_unit *u = gpu->fault;
	struct behind *b = &u->behind[u->nr_behind];

	if (!u->policy.ahead_ns || u->nr_behind == MAX_BEHIND)
		return false;
	memcpy(b->w, w, sizeof(b->w));
	b->slot = u->put;
	b->due = host_ns() + gpu_random(gpu, u->policy.ahead_ns + 1);
	u->nr_behind++;
	counter_inc(gpu, CTR_FAULTS_BEHIND);
	catch_up(gpu, &u->catch_up);
	return true;
}

static void show(struct gpu *gpu, const struct gpu_fault *f, u64 time)
{
	struct fault_unit *u = gpu->fault;
	u32 w[8];

	if (!(reg_get(gpu, REG_BUFFER_LO) & BUFFER_ENABLE)) {
		lost(gpu, INFO_DISABLED);
		return;
	}
	if (buffer_full(u) || overflow_requested(u)) {
		lost(gpu, INFO_OVERFLOW);
		return;
	}
	encode(w, f, time);
	if (!write_behind(gpu, w) && !write_now(gpu, u->put, w))
		return;
	u->put = (u->put + 1) % u->entries;
	pmc_set_line(gpu, PMC_REPLAYABLE_FAULT, true);
}

/* Once, or (by the policy) twice. */
static void show_all(struct gpu *gpu, const struct waiting *w)
{
	show(gpu, &w->fault, w->time);
	if (gpu_random(gpu, 100) < gpu->fault->policy.duplicate_percent) {
		counter_inc(gpu, CTR_FAULTS_DUPLICATE);
		show(gpu, &w->fault, w->time);
	}
}

/* ------------------------------------------------------- late and in bursts */

static void schedule(struct gpu *gpu)
{
	struct fault_unit *u = gpu->fault;
	u64 first = ~0ull;

	for (u32 i = 0; i < u->nr_waiting; i++) {
		if (u->waiting[i].due < first)
			first = u->waiting[i].due;
	}
	if (u->nr_waiting)
		event_at(gpu, &u->later, first);
}

static void show_due(struct gpu *gpu, struct event *event)
{
	struct fault_unit *u = gpu->fault;
	u64 now = host_ns();
	u32 kept = 0;

	(void)event;
	for (u32 i = 0; i < u->nr_waiting; i++) {
		if (u->waiting[i].due <= now)
			show_all(gpu, &u->waiting[i]);
		else
			u->waiting[kept++] = u->waiting[i];
	}
	u->nr_waiting = kept;
	schedule(gpu);
}

static void show_later(struct gpu *gpu, const struct waiting *w)
{
	struct fault_unit *u = gpu->fault;

	if (u->nr_waiting == MAX_WAITING) {
		lost(gpu, INFO_OVERFLOW);
		return;
	}
	u->waiting[u->nr_waiting++] = *w;
	counter_inc(gpu, CTR_FAULTS_LATE);
	if (u->policy.burst > 1 && u->nr_waiting >= u->policy.burst) {
		for (u32 i = 0; i < u->nr_waiting; i++)
			u->waiting[i].due = 0;
		show_due(gpu, &u->later);
	} else {
		schedule(gpu);
	}
}

static enum gpu_counter by_reason(u8 reason)
{
	switch (reason) {
	case MMU_FAULT_PDE:
		return CTR_FAULTS_NO_TABLE;
	case MMU_FAULT_PTE:
		return CTR_FAULTS_NO_PAGE;
	case MMU_FAULT_RO:
		return CTR_FAULTS_READ_ONLY;
	case MMU_FAULT_ATOMIC:
		return CTR_FAULTS_NO_ATOMIC;
	case MMU_FAULT_VA_LIMIT:
		return CTR_FAULTS_LIMIT;
	case MMU_FAULT_UNBOUND_INST:
		return CTR_FAULTS_UNBOUND;
	case MMU_FAULT_APERTURE:
		return CTR_FAULTS_APERTURE;
	case MMU_FAULT_REGION:
		return CTR_FAULTS_REGION;
	}
	return CTR_FAULTS_OTHER;
}

static void count(struct gpu *gpu, const struct gpu_fault *f, enum gpu_counter kind)
{
	static const enum gpu_counter by_access[4] = {
		CTR_FAULTS_READ, CTR_FAULTS_WRITE, CTR_FAULTS_ATOMIC, CTR_FAULTS_PREFETCH,
	};

	counter_inc(gpu, kind);
	counter_inc(gpu, by_access[f->access & 3]);
	counter_inc(gpu, by_reason(f->reason));
}

void fault_post_replayable(struct gpu *gpu, const struct gpu_fault *fault)
{
	const struct fault_policy *p = &gpu->fault->policy;
	struct waiting w = { .fault = *fault, .time = ptimer_now(gpu) };

	count(gpu, fault, CTR_FAULTS_REPLAYABLE);
	trace_op(gpu, FAULT, pfifo_channel_at(gpu, fault->space.inst), fault->va, fault->access, fault->reason);
	fecs_set_context(gpu, fault->space.inst_aperture, fault->space.inst);
	if (!p->late_ns && p->burst < 2) {
		show_all(gpu, &w);
		return;
	}
	w.due = host_ns() + (p->burst > 1 ? BURST_WAIT_NS : 0) + gpu_random(gpu, p->late_ns + 1);
	show_later(gpu, &w);
}

/* -------------------------------------------------------------------- fatal */

void fault_post_fatal(struct gpu *gpu, const struct gpu_fault *f)
{
	u32 id = f->engine % FAULT_NR, unit = REG_FAULT_UNIT(id);

	count(gpu, f, CTR_FAULTS_FATAL);
	trace_op(gpu, FATAL, pfifo_channel_at(gpu, f->space.inst), f->va, f->access, f->reason);
	if (!(reg_get(gpu, REG_FAULT_UNITS) & BIT(id))) {
		reg_set(gpu, unit, (u32)(f->space.inst >> 12) | (u32)f->space.inst_aperture << 28);
		reg_set(gpu, unit + 0x4, (u32)f->va);
		reg_set(gpu, unit + 0x8, (u32)(f->va >> 32));
		reg_set(gpu, unit + 0xc, (u32)(f->gpc & 0x1f) << 24 | (f->hub ? BIT(20) : 0) |
			(u32)(f->access & 7) << 16 | (u32)(f->client & 0x7f) << 8 | (f->reason & 0x1f));
	}
	reg_set(gpu, REG_FAULT_UNITS, reg_get(gpu, REG_FAULT_UNITS) | BIT(id));
	pfifo_intr_set(gpu, PFIFO_INTR_MMU_FAULT);
}

static void units_ack(struct gpu *gpu, u32 addr, u32 value)
{
	u32 left = reg_get(gpu, addr) & ~value;

	reg_set(gpu, addr, left);
	if (!left)
		pfifo_intr_clear(gpu, PFIFO_INTR_MMU_FAULT);
}

/* --------------------------------------------------------- replay and cancel */

void fault_listen(struct gpu *gpu, struct fault_listener *listener)
{
	listener->next = gpu->fault->listeners;
	gpu->fault->listeners = listener;
}

void fault_replay(struct gpu *gpu)
{
	counter_inc(gpu, CTR_REPLAYS);
	for (struct fault_listener *l = gpu->fault->listeners; l; l = l->next)
		l->replay(l->ctx);
}

static void cancel(struct gpu *gpu, const struct fault_cancel *c)
{
	counter_inc(gpu, CTR_CANCELS);
	for (struct fault_listener *l = gpu->fault->listeners; l; l = l->next)
		l->cancel(l->ctx, c);
}

void fault_cancel_targeted(struct gpu *gpu, bool hub, u8 gpc, u8 client)
{
	struct fault_cancel c = { .inst = fecs_context(gpu), .hub = hub, .gpc = gpc, .client = client };

	cancel(gpu, &c);
}

void fault_cancel_global(struct gpu *gpu)
{
	struct fault_cancel c = { .inst = fecs_context(gpu), .global = true };

	cancel(gpu, &c);
}

/* ---------------------------------------------------------------- registers */

static u32 size_read(struct gpu *gpu, u32 addr)
{
	(void)addr;
	return gpu->fault->entries;
}

static u32 get_read(struct gpu *gpu, u32 addr)
{
	(void)addr;
	return gpu->fault->get;
}

static void get_write(struct gpu *gpu, u32 addr, u32 value)
{
	(void)addr;
	gpu->fault->get = value % gpu->fault->entries;
}

static u32 put_read(struct gpu *gpu, u32 addr)
{
	(void)addr;
	return gpu->fault->put;
}

static u32 info_read(struct gpu *gpu, u32 addr)
{
	(void)addr;
	return gpu->fault->info;
}

static void info_write(struct gpu *gpu, u32 addr, u32 value)
{
	(void)addr;
	gpu->fault->info &= ~(value & INFO_BITS);
}

void fault_set_policy(struct gpu *gpu, const struct fault_policy *policy)
{
	gpu->fault->policy = *policy;
	if (gpu->fault->policy.duplicate_percent > 100)
		gpu->fault->policy.duplicate_percent = 100;
	if (gpu->fault->policy.burst > MAX_WAITING)
		gpu->fault->policy.burst = MAX_WAITING;
}

void fault_get_policy(struct gpu *gpu, struct fault_policy *policy)
{
	*policy = gpu->fault->policy;
}

static int fault_init(struct gpu *gpu)
{
	u64 entries = gpu_option_u64(gpu, "fault-entries", DEFAULT_ENTRIES);
	struct fault_policy policy = {
		.late_ns = gpu_option_u64(gpu, "fault-late-us", 0) * 1000,
		.ahead_ns = gpu_option_u64(gpu, "fault-ahead-us", 0) * 1000,
		.duplicate_percent = (u32)gpu_option_u64(gpu, "fault-duplicate", 0),
		.burst = (u32)gpu_option_u64(gpu, "fault-burst", 0),
	};

	if (entries < 2 || entries > 0x4000)
		return -EINVAL;
	gpu->fault = calloc(1, sizeof(*gpu->fault));
	if (!gpu->fault)
		return -ENOMEM;
	gpu->fault->entries = (u32)entries;
	gpu->fault->later.fn = show_due;
	gpu->fault->catch_up.fn = catch_up;
	fault_set_policy(gpu, &policy);
	return 0;
}

static void fault_reset(struct gpu *gpu)
{
	struct fault_unit *u = gpu->fault;

	event_cancel(gpu, &u->later);
	event_cancel(gpu, &u->catch_up);
	u->get = u->put = u->nr_waiting = u->nr_behind = u->info = 0;
}

static void fault_fini(struct gpu *gpu)
{
	free(gpu->fault);
	gpu->fault = NULL;
}

static const struct gpu_reg fault_regs[] = {
	{ REG_FAULT_UNITS, .name = "NV_PFIFO_INTR_MMU_FAULT_ID", .wr = units_ack },
	{ 0x002800, .count = FAULT_NR, .stride = 16, .name = "NV_PFIFO_INTR_MMU_FAULT_INST", .flags = REG_RO },
	{ 0x002804, .count = FAULT_NR, .stride = 16, .name = "NV_PFIFO_INTR_MMU_FAULT_LO", .flags = REG_RO },
	{ 0x002808, .count = FAULT_NR, .stride = 16, .name = "NV_PFIFO_INTR_MMU_FAULT_HI", .flags = REG_RO },
	{ 0x00280c, .count = FAULT_NR, .stride = 16, .name = "NV_PFIFO_INTR_MMU_FAULT_INFO", .flags = REG_RO },
	{ REG_BUFFER_LO, .name = "NV_PFIFO_REPLAY_FAULT_BUFFER_LO" },
	{ REG_BUFFER_HI, .name = "NV_PFIFO_REPLAY_FAULT_BUFFER_HI" },
	{ 0x002a78, .name = "NV_PFIFO_REPLAY_FAULT_BUFFER_SIZE", .flags = REG_RO, .rd = size_read },
	{ 0x002a7c, .name = "NV_PFIFO_REPLAY_FAULT_BUFFER_GET", .rd = get_read, .wr = get_write },
	{ 0x002a80, .name = "NV_PFIFO_REPLAY_FAULT_BUFFER_PUT", .flags = REG_RO, .rd = put_read },
	{ 0x002a84, .name = "NV_PFIFO_REPLAY_FAULT_BUFFER_INFO", .rd = info_read, .wr = info_write },
};

const struct gpu_unit fault_unit = {
	.name = "FAULT",
	.regs = fault_regs,
	.nr_regs = ARRAY_SIZE(fault_regs),
	.init = fault_init,
	.reset = fault_reset,
	.fini = fault_fini,
};
