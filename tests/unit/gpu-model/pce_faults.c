// SPDX-License-Identifier: MIT
/*
 * A copy engine's access to an address that is not mapped: fatal, as on a real
 * Pascal; or, with ce-fault=replay, a replayable fault with its replay and cancel.
 */
#include "fault_rig.h"
#include "pce_rig.h"

#define SRC	(DATA_AT)
#define DST	(DATA_AT + (4u << 20))
#define HOLE	(NOWHERE_VA + 0x10000)

static struct bench b;
static struct chan c;

static void open_device(const char *fault)
{
	const char *const opts[] = { "delay", "10", "ce-fault", fault, NULL };

	bench_open(&b, "gp104", 128u << 20, opts);
	wr32(&b, 0x002140, ~0u);
	wr32(&b, 0x000160, ~0u);
}

static u32 fault_id(void)
{
	u32 mask = rd32(&b, 0x00259c);

	return mask ? (u32)__builtin_ctz(mask) : 99;
}

static void fatal(u32 flags, const char *name)
{
	u32 id;

	open_device("fatal");
	chan_open_on(&c, &b, 1, 1, flags);
	ce_object(&c, 0xc1b5);
	ce_launch(&c, VRAM_VA + SRC, HOLE, 0, 0, 64, 1, L_COPY);
	sema(&c, sema_va(0x100), 1, RELEASE_1);
	kick(&c);
	ok(wait32(&b, 0x002100, BIT(28), BIT(28)), "%s: MMU fault interrupt", name);
	id = fault_id();
	ok_eq(rd32(&b, 0x002800 + 16 * id), (u32)(c.t.inst >> 12), "instance block");
	ok_eq(rd32(&b, 0x002804 + 16 * id), (u32)HOLE, "address, low");
	ok_eq(rd32(&b, 0x002808 + 16 * id), (u32)(HOLE >> 32), "address, high");
	ok_eq(rd32(&b, 0x00280c + 16 * id) >> 16 & 7, 1, "a write");
	ok_eq(rd32(&b, 0x00280c + 16 * id) >> 20 & 1, 1, "of the hub");
	ok_eq(rd32(&b, 0x002a80), 0, "nothing in the replayable buffer");
	ok(counter_get(b.gpu, CTR_FAULTS_NO_TABLE) == 1 && !counter_get(b.gpu, CTR_FAULTS_NO_PAGE), "counted by its reason");
	sleep_ms(5);
	ok_eq(sema_rd(&b, 0x100), 0, "the channel is dead");
	kick(&c);
	sleep_ms(5);
	ok_eq(sema_rd(&b, 0x100), 0, "and stays so");
	map(&c.t, HOLE, 12, DST, PTE_VRAM, 0);
	invalidate(&b, c.t.pd3, 1 | 1 << 3);
	sleep_ms(5);
	ok_eq(sema_rd(&b, 0x100), 0, "a replay does not wake it");
	chan_open_on(&c, &b, 1, 1, flags);
	ok(finish(&c), "a new bind does");
	bench_close(&b);
}

static bool wait_put(u32 put)
{
	return wait32(&b, 0x002a80, ~0u, put);
}

static void replayable(void)
{
	u64 pages = counter_get(b.gpu, CTR_FAULTS_REPLAYABLE);
	const volatile u32 *e;

	pattern(vram(&b, SRC), 3 * 4096, 8);
	memset(vram(&b, DST), 0, 3 * 4096);
	sema_wr(&b, 0x100, 0);
	ce_launch(&c, VRAM_VA + SRC + 100, HOLE + 100, 0, 0, 2 * 4096, 1, L_COPY);
	sema(&c, sema_va(0x100), 1, RELEASE_1);
	kick(&c);
	ok(wait_put(1), "a write to nowhere: an entry");
	e = fault_entry(&b, 0);
	ok_eq((long long)(e[0] | (u64)e[1] << 32), (long long)c.t.inst, "entry: instance block");
	ok_eq((long long)(e[2] | (u64)e[3] << 32), (long long)HOLE, "entry: page");
	ok_eq(e[7] >> 31, 1, "entry: valid");
	ok_eq(e[7] >> 16 & 0xf, 1, "entry: a write");
	ok_eq(rd32(&b, 0x002100) >> 28 & 1, 0, "no fatal fault");
	for (u32 i = 0; i < 3; i++) {
		ok(wait_put(i + 1), "page %u faults", i);
		wr32(&b, 0x002a7c, i + 1);
		map(&c.t, HOLE + i * 4096, 12, DST + i * 4096, PTE_VRAM, 0);
		invalidate(&b, c.t.pd3, 1 | 1 << 3);
	}
	ok(wait_sema(&b, 0x100, 1, 2000), "mapped and replayed page by page, the copy ends");
	ok(!memcmp(vram(&b, DST + 100), vram(&b, SRC + 100), 8192), "with all its bytes");
	ok_eq((long long)(counter_get(b.gpu, CTR_FAULTS_REPLAYABLE) - pages), 3, "three faults");
}

/* A replay that came without the mapping: the same fault again. */
static void early_replay(void)
{
	u32 put = rd32(&b, 0x002a80);

	sema_wr(&b, 0x100, 0);
	ce_launch(&c, HOLE + 0x100000, VRAM_VA + DST, 0, 0, 64, 1, L_COPY);
	sema(&c, sema_va(0x100), 1, RELEASE_1);
	kick(&c);
	ok(wait_put(put + 1), "a read from nowhere faults");
	wr32(&b, 0x002a7c, put + 1);
	invalidate(&b, c.t.pd3, 1 | 1 << 3);
	ok(wait_put(put + 2), "a replay without a mapping: again");
	wr32(&b, 0x002a7c, put + 2);
	map(&c.t, HOLE + 0x100000, 12, SRC, PTE_VRAM, PTE_RO);
	invalidate(&b, c.t.pd3, 1 | 1 << 3);
	ok(wait_sema(&b, 0x100, 1, 2000), "with one it goes on");
	ce_launch(&c, VRAM_VA + SRC, HOLE + 0x100000, 0, 0, 64, 1, L_COPY);
	kick(&c);
	ok(wait_put(put + 3), "a write to a read-only page faults");
	ok_eq(fault_entry(&b, put + 2)[7] & 0x1f, 6, "with reason 6");
	wr32(&b, 0x002a7c, put + 3);
	map(&c.t, HOLE + 0x100000, 12, DST, PTE_VRAM, 0);
	invalidate(&b, c.t.pd3, 1 | 1 << 3);
	ok(finish(&c), "made writable, it goes on");
}

/* A replay from the push buffer of another channel. */
static void replay_by_method(void)
{
	u32 put = rd32(&b, 0x002a80);
	struct chan d;

	chan_open_on(&d, &b, 7, 2, 0);
	ce_launch(&c, HOLE + 0x180000, VRAM_VA + DST, 0, 0, 64, 1, L_COPY);
	kick(&c);
	ok(wait_put(put + 1), "a read from nowhere faults");
	wr32(&b, 0x002a7c, put + 1);
	map(&c.t, HOLE + 0x180000, 12, SRC, PTE_VRAM, 0);
	head(&d, INC, 0, 0x28, 4);
	push(&d, 0);
	push(&d, 0);
	push(&d, (u32)c.t.pd3 | 1 << 2);	/* REPLAY_START */
	push(&d, 9u << 27 | (u32)(c.t.pd3 >> 32));
	ok(finish(&d) && finish(&c), "a MEM_OP of another channel replays it");
	wr32(&b, 0x800000 + 8 * 7, 0);
}

static void cancel(void)
{
	u32 put = rd32(&b, 0x002a80), info;
	struct chan d;

	chan_open_on(&d, &b, 2, 2, 0);
	sema_wr(&b, 0x100, 0);
	ce_launch(&c, HOLE + 0x200000, VRAM_VA + DST, 0, 0, 64, 1, L_COPY);
	sema(&c, sema_va(0x100), 1, RELEASE_1);
	kick(&c);
	ok(wait_put(put + 1), "a bad address faults");
	ok_eq(rd32(&b, 0x409b00), 0x80000000 | (u32)(c.t.inst >> 12), "409b00 names the context");
	info = fault_entry(&b, put)[7];
	wr32(&b, 0x002a7c, put + 1);
	/* Another client is meant: nothing happens to this one. */
	invalidate(&b, 0, 1 | 2 | 3 << 3 | ((info >> 8 & 0x3f) ^ 0x20) << 9 | 1 << 20);
	ok_eq(rd32(&b, 0x002100) >> 28 & 1, 0, "a cancel of another client is not for it");
	invalidate(&b, 0, 1 | 2 | 3 << 3 | (info >> 8 & 0x3f) << 9 | 1 << 20);
	ok(wait32(&b, 0x002100, BIT(28), BIT(28)), "cancelled: a fatal fault");
	ok_eq(rd32(&b, 0x002804 + 16 * fault_id()), (u32)(HOLE + 0x200000), "with its address");
	map(&c.t, HOLE + 0x200000, 12, SRC, PTE_VRAM, 0);
	invalidate(&b, c.t.pd3, 1 | 1 << 3);
	sleep_ms(5);
	ok_eq(sema_rd(&b, 0x100), 0, "the channel is dead");
	ok(finish(&d), "another is not");
}

/* While a channel waits for a replay the engine serves others. */
static void others_run(void)
{
	u32 put = rd32(&b, 0x002a80);
	const struct chan *both[2];
	static const u32 ids[2] = { 3, 4 };
	struct chan e, f;

	chan_open(&e, &b, 3, REPLAY);
	chan_open(&f, &b, 4, REPLAY);
	both[0] = &e;
	both[1] = &f;
	runlist(&b, 1, ids, both, 2);
	ce_object(&e, 0xc1b5);
	ce_object(&f, 0xc1b5);
	ce_launch(&e, HOLE, VRAM_VA + DST, 0, 0, 64, 1, L_COPY);
	kick(&e);
	ok(wait_put(put + 1), "one channel faults");
	ce_launch(&f, VRAM_VA + SRC, VRAM_VA + DST, 0, 0, 64, 1, L_COPY);
	ok(finish(&f), "another of the same runlist copies");
	/* Its address space goes away while it waits. */
	wr32(&b, 0x800004 + 8 * e.id, 0x800);
	wr32(&b, 0x002634, 1u << 24 | e.id);
	ok(wait32(&b, 0x002634, BIT(20), 0), "a channel that waits can be preempted");
	wr32(&b, 0x800000 + 8 * e.id, 0);
	invalidate(&b, 0, 1 | 2 | 1 << 3);
	ok(finish(&f), "and removed");
}

int main(void)
{
	fatal(0, "without replay bits");
	fatal(REPLAY, "as on a card, with them too");
	open_device("replay");
	setup_fault_buffer(&b);
	chan_open_on(&c, &b, 1, 1, REPLAY);
	ce_object(&c, 0xc1b5);
	replayable();
	early_replay();
	replay_by_method();
	cancel();
	others_run();
	bench_close(&b);
	return tap_done();
}
