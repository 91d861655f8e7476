// SPDX-License-Identifier: MIT
/* Channel registers, runlists, preemption, death, and what the driver reads of them. */
#include "pce_rig.h"
#include "pfifo_priv.h"

static struct bench b;

#define CCSR(id)	(0x800004 + 8 * (id))
#define CE0_STATUS	(0x002640 + 8 * ce_of_runlist(&b, 0).engine)

static void identity(void)
{
	u32 pbdmas = rd32(&b, 0x002004) & 0xff, served = 0;

	ok(pbdmas >= 2, "at least two PBDMAs");
	for (u32 i = 0; i < pbdmas; i++)
		served |= rd32(&b, 0x002390 + 4 * i);
	ok_eq(served, (1u << (pbdmas - 1)) - 1, "every runlist has a PBDMA");
	ok(rd32(&b, 0x002390) == 1 && rd32(&b, 0x002394) == 1, "the first runlist has two");
	ok_eq(rd32(&b, 0x002008), 128, "number of channels");
}

static void not_listed(struct chan *c)
{
	sema_wr(&b, 0x100, 0);
	chan_open(c, &b, 1, 0);
	sema(c, sema_va(0x100), 1, RELEASE_1);
	kick(c);
	sleep_ms(5);
	ok_eq(sema_rd(&b, 0x100), 0, "a channel on no runlist does not run");
}

static void listed(struct chan *c)
{
	const struct chan *list[1] = { c };
	u32 id = 1;

	wr32(&b, 0x002a00, ~0u);
	runlist(&b, 0, &id, list, 1);
	ok(wait_sema(&b, 0x100, 1, 2000), "it does when it is listed, with what was pushed before");
	ok_eq(rd32(&b, 0x002284) & BIT(20), 0, "the runlist is taken");
	ok_eq(rd32(&b, 0x002a00), 1, "and its interrupt raised");
	wr32(&b, 0x002a00, 1);
	ok_eq(rd32(&b, 0x002100) >> 30 & 1, 0, "until it is served");
}

static void stop_and_start(struct chan *c)
{
	u32 id = 1;

	ok_eq(rd32(&b, CCSR(1)) & 1, 1, "enabled");
	ok_eq(rd32(&b, CCSR(1)) & 0xc00, 0, "the triggers read 0");
	wr32(&b, CCSR(1), rd32(&b, CCSR(1)) | 0x800);
	ok_eq(rd32(&b, CCSR(1)) & 1, 0, "stopped");
	sema(c, sema_va(0x100), 2, RELEASE_1);
	kick(c);
	sleep_ms(5);
	ok_eq(sema_rd(&b, 0x100), 1, "a stopped channel does not run");
	wr32(&b, CCSR(1), rd32(&b, CCSR(1)) | 0x400);
	ok(wait_sema(&b, 0x100, 2, 2000), "started, it reads GP_PUT that was written meanwhile");
	wr32(&b, 0x002630, 1);
	sema(c, sema_va(0x100), 3, RELEASE_1);
	kick(c);
	sleep_ms(5);
	ok_eq(sema_rd(&b, 0x100), 2, "a blocked runlist does not run");
	wr32(&b, 0x002630, 0);
	ok(wait_sema(&b, 0x100, 3, 2000), "until it is allowed again");
	runlist(&b, 0, &id, NULL, 0);
	sema(c, sema_va(0x100), 4, RELEASE_1);
	kick(c);
	sleep_ms(5);
	ok_eq(sema_rd(&b, 0x100), 3, "nor a channel that was taken from the list");
	runlist(&b, 0, &id, NULL, 1);
	ok(wait_sema(&b, 0x100, 4, 2000), "until it is back");
}

static void preempt(struct chan *c)
{
	wr32(&b, 0x002634, 1u << 24 | 1);
	ok(wait32(&b, 0x002634, BIT(20), 0), "preemption of a channel that waits for work");
	ok_eq(rd32(&b, 0x002634) & 0x01000fff, 1u << 24 | 1, "the register names it");
	sema_wr(&b, 0x200, 0);
	sema(c, sema_va(0x200), 1, ACQUIRE_EQ);
	sema(c, sema_va(0x204), 5, RELEASE_1);
	kick(c);
	sleep_ms(2);
	wr32(&b, 0x002634, 1);
	ok(wait32(&b, 0x002634, BIT(20), 0), "preemption by channel, in an acquire");
	sema_wr(&b, 0x200, 1);
	ok(wait_sema(&b, 0x204, 5, 2000), "the channel goes on afterwards");
	wr32(&b, 0x002634, 77);
	ok(wait32(&b, 0x002634, BIT(20), 0), "preemption of a channel that there is not");
}

/* Off its PBDMA and its runlist, unbound; what the driver does before a suspend. */
static void switch_off(u32 id)
{
	wr32(&b, CCSR(id), 0x800);
	wr32(&b, 0x002634, id);
	ok(wait32(&b, 0x002634, BIT(20), 0), "preempted");
	runlist(&b, 0, &id, NULL, 0);
	wr32(&b, 0x800000 + 8 * id, 0);
}

static void switch_on(struct chan *c)
{
	u32 id = c->id;

	wr32(&b, 0x800000 + 8 * id, 0x80000000 | (u32)(c->t.inst >> 12));
	wr32(&b, CCSR(id), 0x400);
	runlist(&b, 0, &id, NULL, 1);
}

/* The instance block keeps where a channel is: nothing is executed twice. */
static void off_and_on(struct chan *c)
{
	u8 saved[4096], *inst = vram(&b, c->t.inst);

	ce_object(c, 0xc1b5);
	sema(c, sema_va(0x300), 1, RELEASE_1);
	ok(finish(c), "work is done");
	switch_off(1);
	sema_wr(&b, 0x300, 0);
	/* The memory of a card without power; USERD and the rest are as they were. */
	memcpy(saved, inst, sizeof(saved));
	memset(inst, 0xff, sizeof(saved));
	memcpy(inst, saved, sizeof(saved));
	switch_on(c);
	ce_launch(c, VRAM_VA + DATA_AT, VRAM_VA + DATA_AT + 4096, 0, 0, 64, 1, L_COPY);
	ok(finish(c), "bound again it takes new work, with its objects");
	ok_eq(sema_rd(&b, 0x300), 0, "and does not do the old again");

	sema_wr(&b, 0x308, 0);
	sema(c, sema_va(0x300), 1, RELEASE_1);
	sema(c, sema_va(0x308), 1, ACQUIRE_EQ);
	sema(c, sema_va(0x304), 7, RELEASE_1);
	kick(c);
	ok(wait_sema(&b, 0x300, 1, 2000), "it waits within an entry");
	switch_off(1);
	sema_wr(&b, 0x300, 0);
	sema_wr(&b, 0x308, 1);
	switch_on(c);
	ok(wait_sema(&b, 0x304, 7, 2000), "bound again it goes on there");
	ok_eq(sema_rd(&b, 0x300), 0, "not at the entry's beginning");
}

/* A driver, or what had its memory before, may have put anything there. */
static void nonsense_to_go_on_with(struct chan *c)
{
	u64 get = VRAM_VA + PUSH_AT + c->id * PUSH_SIZE + PUSH_SIZE - 3;

	ok(finish(c), "work is done");
	switch_off(1);
	memset(vram(&b, PUSH_AT + c->id * PUSH_SIZE + PUSH_SIZE - 4), 0, 4);
	phys_wr32(&b, c->t.inst + 0x18, (u32)get);
	phys_wr32(&b, c->t.inst + 0x1c, (u32)(get >> 32));
	phys_wr32(&b, c->t.inst + 0x184, 0xffe00001);
	phys_wr32(&b, c->t.inst + 0x188, 0xffffe000);
	switch_on(c);
	ok(finish(c), "a place to go on at that is no word's: it goes on at the word, for as long as an entry may be");
}

/* Two channels that both have endless work share the engine. */
static void timeslices(struct chan *c)
{
	static const u32 ids[2] = { 1, 2 };
	const struct chan *both[2];
	struct chan d;

	chan_open(&d, &b, 2, 0);
	both[0] = c;
	both[1] = &d;
	runlist(&b, 0, ids, both, 2);
	ce_object(c, 0xc1b5);
	ce_launch(c, VRAM_VA + DATA_AT, VRAM_VA + DATA_AT + 4096, 0, 0, 64, 0xffffffff, L_COPY | L_MULTI);
	kick(c);
	sleep_ms(2);
	ok(wait32(&b, CE0_STATUS, BIT(31) | 0x1fff, BIT(31) | BIT(12) | 1),
	   "the engine is busy with the group of the channel");
	ok_eq(rd32(&b, 0x002640), 0, "the other engine of the runlist is not");
	ok(finish(&d), "another channel of the list gets its turn");
	wr32(&b, CCSR(1), 0x800);
	wr32(&b, 0x002634, 1u << 24 | 1);
	ok(wait32(&b, 0x002634, BIT(20), 0), "the endless one can be preempted");
	wr32(&b, 0x800000 + 8, 0);
	sleep_ms(2);
	ok_eq(rd32(&b, CE0_STATUS), 0, "then the engine is idle");
	wr32(&b, 0x800000 + 16, 0);
}

static void hostile(void)
{
	struct chan c;
	u32 id = 200;

	runlist(&b, 0, &id, NULL, 1);
	wr32(&b, 0x002270, 0x0fffffff);
	wr32(&b, 0x002274, 0xffff);
	wait32(&b, 0x002284, BIT(20), 0);
	wr32(&b, 0x002274, 0x7f << 20 | 5);
	wr32(&b, 0x002270, 1u << 28);
	wr32(&b, 0x002274, 1);
	wait32(&b, 0x002284, BIT(20), 0);
	ok(b.last_log[0], "runlists of nonsense are read with a warning");
	for (u32 i = 0; i < 128; i++) {
		wr32(&b, 0x800000 + 8 * i, 0x8fffffff);
		wr32(&b, CCSR(i), 0x400);
	}
	wr32(&b, 0x800000, 0x80000000);
	wr32(&b, CCSR(0), 0xffffffff);
	sleep_ms(2);
	for (u32 i = 0; i < 128; i++)
		wr32(&b, 0x800000 + 8 * i, 0);
	chan_open_on(&c, &b, 5, 0, 0);
	/* GPFIFO of one entry, at an address near the end of everything. */
	phys_wr32(&b, c.t.inst + 0x48, 0xffffffff);
	phys_wr32(&b, c.t.inst + 0x4c, 0xffffffff);
	wr32(&b, 0x800000 + 8 * 5, 0x80000000 | (u32)(c.t.inst >> 12));
	wr32(&b, CCSR(5), 0x400);
	phys_wr32(&b, USERD_AT + 5 * 0x200 + 0x8c, 0xffffffff);
	bar_wr32(&b, GPU_BAR1, USERD_AT + 5 * 0x200 + 0x8c, 0xffffffff);
	ok(wait32(&b, 0x002100, BIT(28), BIT(28)), "a GPFIFO at the end of the address space faults");
	wr32(&b, 0x00259c, ~0u);
	chan_open_on(&c, &b, 5, 0, 0);
	ok(finish(&c), "after all that a channel works");
}

/* A wait before the engine begins is none of the channel's time: it would never get on. */
static void a_delay_longer_than_a_slice(void)
{
	static const char *const opts[] = { "delay", "500000", "delay-every", "0", NULL };
	struct chan c;
	u64 start;

	bench_open(&b, "gp104", 128u << 20, opts);
	chan_open_on(&c, &b, 1, 0, 0);
	for (u32 i = 0; i < 400; i++)
		mthd(&c, 0, 0x0008, 0);
	start = host_ns();
	kick(&c);
	ok(finish(&c) && host_ns() - start < 1000000000ull, "a delay does not eat the timeslice");
	bench_close(&b);
}

/* A driver that writes the next list where the last one is, before that one has been read. */
static void read_later(void)
{
	static const char *const opts[] = { "delay", "500000", NULL };
	struct chan one, two;

	bench_open(&b, "gp104", 128u << 20, opts);
	chan_open(&one, &b, 1, 0);
	chan_open(&two, &b, 2, 0);
	phys_wr32(&b, RUNLIST_AT, 1u << 26 | 128u << 18 | 3u << 14 | 1u << 13 | 1);
	phys_wr32(&b, RUNLIST_AT + 8, 1);
	wr32(&b, 0x002270, RUNLIST_AT >> 12);
	wr32(&b, 0x002274, 2);
	ok_eq(rd32(&b, 0x002284), BIT(20), "a runlist that was submitted is pending");
	ok_eq(rd32(&b, 0x002a00) & 1, 0, "and has not interrupted");
	ok_eq(rd32(&b, 0x00228c), 0, "another runlist is not pending");
	phys_wr32(&b, RUNLIST_AT + 8, 2);
	ok(wait32(&b, 0x002284, BIT(20), 0), "it is read");
	ok_eq(rd32(&b, 0x002a00) & 1, 1, "and interrupts");
	ok(b.gpu->pfifo->channel[1].runlist < 0 && !b.gpu->pfifo->channel[2].runlist,
	   "as it was then: who writes over it too early loses a channel");
	wr32(&b, 0x002274, 2);
	phys_wr32(&b, RUNLIST_AT + 0x1008, 1);
	phys_wr32(&b, RUNLIST_AT + 0x1000, 1u << 26 | 1u << 13 | 1);
	wr32(&b, 0x002270, (RUNLIST_AT + 0x1000) >> 12);
	wr32(&b, 0x002274, 2);
	wait32(&b, 0x002284, BIT(20), 0);
	ok(!b.gpu->pfifo->channel[1].runlist && b.gpu->pfifo->channel[2].runlist < 0,
	   "one that is submitted while another is pending takes its place");
	wr32(&b, 0x002274, 2);
	gpu_reset(b.gpu);
	ok_eq(rd32(&b, 0x002284), 0, "a reset forgets it");
	bench_close(&b);
}

int main(void)
{
	static const char *const opts[] = { "delay", "50", NULL };
	struct chan c;

	bench_open(&b, "gp104", 128u << 20, opts);
	wr32(&b, 0x002140, ~0u);
	identity();
	not_listed(&c);
	listed(&c);
	stop_and_start(&c);
	preempt(&c);
	off_and_on(&c);
	nonsense_to_go_on_with(&c);
	timeslices(&c);
	hostile();
	bench_close(&b);
	a_delay_longer_than_a_slice();
	read_later();
	return tap_done();
}
