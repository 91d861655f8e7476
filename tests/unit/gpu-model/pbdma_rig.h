/* SPDX-License-Identifier: MIT */
/*
 * Channels on the bench: what a driver sets up before it can push methods, and
 * nothing of a driver's cleverness. The layout is fixed:
 *
 *   VRAM  64 MiB   instance blocks and page tables
 *          1 MiB   USERD, 0x200 a channel
 *          2 MiB   runlists, a page each
 *          3 MiB   GPFIFOs, a page a channel
 *          4 MiB   push buffers, 64 KiB a channel
 *          5 MiB   semaphores
 *          8 MiB   data
 *
 * Everything of VRAM below 32 MiB is mapped at VRAM_VA, guest memory at SYS_VA.
 */
#ifndef PBDMA_RIG_H
#define PBDMA_RIG_H

#include "page_tables.h"

#define USERD_AT	(1u << 20)
#define RUNLIST_AT	(2u << 20)
#define GPFIFO_AT	(3u << 20)
#define PUSH_AT		(4u << 20)
#define PUSH_SIZE	(64u << 10)
#define SEMA_AT		(5u << 20)
#define DATA_AT		(8u << 20)
#define TABLES_AT	(64u << 20)

#define VRAM_VA		0x100000000ull
#define SYS_VA		0x200000000ull
#define NOWHERE_VA	0x300000000ull

#define GP_ENTRIES	512u

struct chan {
	struct bench *b;
	u32 id, runlist;
	struct tables t;
	u32 at;			/* next byte of the push buffer */
	u32 begin;		/* of what is not submitted yet */
	u32 put;
};

static u8 *vram(struct bench *b, u64 addr)
{
	return b->gpu->vram + addr;
}

static u32 sema_rd(struct bench *b, u32 n)
{
	return __atomic_load_n((u32 *)vram(b, SEMA_AT + n), __ATOMIC_ACQUIRE);
}

__attribute__((unused))
static void sema_wr(struct bench *b, u32 n, u32 v)
{
	__atomic_store_n((u32 *)vram(b, SEMA_AT + n), v, __ATOMIC_RELEASE);
}

static u64 sema_va(u32 n)
{
	return VRAM_VA + SEMA_AT + n;
}

/* Submits a runlist, each of @n channels in a group of its own, and waits until it has been read. */
__attribute__((unused))
static void runlist(struct bench *b, u32 id, const u32 *chans, const struct chan *const *c, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		u64 e = RUNLIST_AT + id * 4096 + 16 * i;

		phys_wr32(b, e, 1u << 26 | 128u << 18 | 3u << 14 | 1u << 13 | chans[i]);
		phys_wr32(b, e + 4, 0);
		phys_wr32(b, e + 8, chans[i]);
		phys_wr32(b, e + 12, c ? (u32)(c[i]->t.inst >> 12) : 0);
	}
	wr32(b, 0x002270, (RUNLIST_AT + id * 4096) >> 12);
	wr32(b, 0x002274, id << 20 | 2 * n);
	wait32(b, 0x002284 + 8 * id, BIT(20), 0);
}

static void map_all(struct tables *t)
{
	for (u64 a = 0; a < 32u << 20; a += 2u << 20)
		map(t, VRAM_VA + a, 21, a, PTE_VRAM, 0);
	for (u64 a = 0; a < RAM_SIZE; a += 4096)
		map(t, SYS_VA + a, 12, a, PTE_COH, 0);
}

/* A channel, bound and started, on no runlist yet. @flags: of the page directory (replay). */
__attribute__((unused))
static void chan_open(struct chan *c, struct bench *b, u32 id, u32 flags)
{
	u64 userd = USERD_AT + id * 0x200, gp = VRAM_VA + GPFIFO_AT + id * 4096;

	memset(c, 0, sizeof(*c));
	c->b = b;
	c->id = id;
	tables_new(&c->t, b, TABLES_AT + id * (1u << 20), flags);
	map_all(&c->t);
	memset(vram(b, userd), 0, 0x200);
	phys_wr32(b, c->t.inst + 0x08, (u32)userd);
	phys_wr32(b, c->t.inst + 0x0c, (u32)(userd >> 32));
	phys_wr32(b, c->t.inst + 0x48, (u32)gp);
	phys_wr32(b, c->t.inst + 0x4c, (u32)(gp >> 32) | 9u << 16);
	wr32(b, 0x800000 + 8 * id, 0x80000000 | (u32)(c->t.inst >> 12));
	wr32(b, 0x800004 + 8 * id, 0x400);
}

/* The same, alone on a runlist. */
__attribute__((unused))
static void chan_open_on(struct chan *c, struct bench *b, u32 id, u32 rl, u32 flags)
{
	const struct chan *list[1] = { c };

	chan_open(c, b, id, flags);
	c->runlist = rl;
	runlist(b, rl, &id, list, 1);
}

static void push(struct chan *c, u32 word)
{
	*(u32 *)vram(c->b, PUSH_AT + c->id * PUSH_SIZE + c->at) = word;
	c->at += 4;
}

enum { INC = 1, NON_INC = 3, IMMD = 4, ONE_INC = 5 };

static void head(struct chan *c, u32 op, u32 subc, u32 mthd, u32 count)
{
	push(c, op << 29 | count << 16 | subc << 13 | mthd >> 2);
}

static void mthd(struct chan *c, u32 subc, u32 m, u32 data)
{
	head(c, INC, subc, m, 1);
	push(c, data);
}

/* An entry of the GPFIFO, not yet shown to the device. */
__attribute__((unused))
static void entry(struct chan *c, u64 va, u32 words, u32 flags)
{
	u32 *e = (u32 *)vram(c->b, GPFIFO_AT + c->id * 4096 + 8 * c->put);

	e[0] = (u32)va;
	e[1] = (u32)(va >> 32) | words << 10 | flags;
	c->put = (c->put + 1) % GP_ENTRIES;
}

static void end_entry(struct chan *c)
{
	entry(c, VRAM_VA + PUSH_AT + c->id * PUSH_SIZE + c->begin, (c->at - c->begin) / 4, 0);
	if (c->at > PUSH_SIZE / 2)
		c->at = 0;
	c->begin = c->at;
}

/* GP_PUT, through BAR1 (which shows VRAM while it has no page tables). */
static void kick(struct chan *c)
{
	if (c->at != c->begin)
		end_entry(c);
	bar_wr32(c->b, GPU_BAR1, USERD_AT + c->id * 0x200 + 0x8c, c->put);
}

/* A host semaphore: operation @op of SEMAPHORE_D. */
static void sema(struct chan *c, u64 va, u32 payload, u32 op)
{
	head(c, INC, 0, 0x10, 4);
	push(c, (u32)(va >> 32));
	push(c, (u32)va);
	push(c, payload);
	push(c, op);
}

#define RELEASE_1	(2u | 1u << 24)		/* one word */
#define RELEASE_4	2u
#define ACQUIRE_EQ	1u
#define ACQUIRE_GEQ	4u
#define ACQUIRE_AND	8u

/* Waits up to @ms for a semaphore word. */
static bool wait_sema(struct bench *b, u32 n, u32 want, unsigned int ms)
{
	for (unsigned int i = 0; i <= ms; i++) {
		if (sema_rd(b, n) == want)
			return true;
		sleep_ms(1);
	}
	return false;
}

/* Pushes a release of a fresh number at word 0xff0 + id and waits for it: all before is done. */
__attribute__((unused))
static bool finish(struct chan *c)
{
	static u32 number = 1000;
	u32 at = 0xf000 + 16 * c->id;

	sema(c, sema_va(at), ++number, RELEASE_1);
	kick(c);
	return wait_sema(c->b, at, number, 5000);
}

__attribute__((unused))
static u32 userd(struct chan *c, u32 at)
{
	return *(volatile u32 *)vram(c->b, USERD_AT + c->id * 0x200 + at);
}

#endif
