// SPDX-License-Identifier: MIT
/* The replayable fault buffer and the fatal fault registers. */
#include "event.h"
#include "fault.h"
#include "page_tables.h"
#include "pgraph.h"

#define BUFFER_VA	0x100000u
#define BUFFER		0x400000u	/* VRAM behind it */
#define ENTRIES		16

static struct bench b;
static struct tables bar2, user;
static struct mmu_space space;
static int replays, cancels;
static struct fault_cancel last_cancel;

static void on_replay(void *ctx)
{
	(void)ctx;
	replays++;
}

static void on_cancel(void *ctx, const struct fault_cancel *c)
{
	(void)ctx;
	cancels++;
	last_cancel = *c;
}

static struct fault_listener listener = { .replay = on_replay, .cancel = on_cancel };

static void post(u64 va, enum mmu_access access)
{
	struct gpu_fault f = { .space = space, .va = va, .access = (u8)access, .reason = MMU_FAULT_PTE,
			       .engine = FAULT_GRAPHICS, .client = FAULT_CLIENT_GPC_T1_0, .gpc = 3 };

	gpu_lock(b.gpu);
	fault_post_replayable(b.gpu, &f);
	gpu_unlock(b.gpu);
}

static u32 word(u32 entry, u32 i)
{
	return phys_rd32(&b, BUFFER + entry * 32 + i * 4);
}

static void policy(struct fault_policy p)
{
	gpu_lock(b.gpu);
	fault_set_policy(b.gpu, &p);
	gpu_unlock(b.gpu);
}

static u32 put(void)
{
	return rd32(&b, 0x002a80);
}

static void drain(void)
{
	wr32(&b, 0x002a7c, put());
}

static void test_off(void)
{
	post(0x1000, MMU_READ);
	ok_eq(put(), 0, "no entry while the buffer is off");
	ok_eq(rd32(&b, 0x002a84), 1 << 28, "which INFO tells");
	ok(rd32(&b, 0x002100) & 1 << 25, "and PFIFO's interrupt for lost entries");
	wr32(&b, 0x002a84, 1 << 28);
	ok_eq(rd32(&b, 0x002a84), 0, "until it is acknowledged");
}

static void test_entry(void)
{
	wr32(&b, 0x002a74, 0);
	wr32(&b, 0x002a70, BUFFER_VA);
	wr32(&b, 0x002a70, rd32(&b, 0x002a70) | 1);
	ok_eq(rd32(&b, 0x002a78), ENTRIES, "the buffer tells its size");
	post(0x123456789abcull, MMU_WRITE);
	ok_eq(put(), 1, "an entry moves PUT");
	ok(word(0, 0) == (u32)space.inst && word(0, 1) == (u32)(space.inst >> 32), "words 0 and 1: instance block");
	ok(word(0, 2) == 0x56789000 && word(0, 3) == 0x1234, "words 2 and 3: page address");
	ok(word(0, 4) || word(0, 5), "words 4 and 5: time");
	ok_eq(word(0, 6), FAULT_GRAPHICS, "word 6: engine");
	ok_eq(word(0, 7), 0x80000000u | 3 << 24 | 1 << 16 | 1 << 8 | 2, "word 7: valid, GPC, access, client, reason");
	ok_eq(rd32(&b, 0x409b00), 0x80000000u | (u32)(space.inst >> 12), "the context is named by FECS");
}

static void test_interrupt(void)
{
	unsigned int before;

	drain();
	rd32(&b, 0x000100);
	wr32(&b, 0x000160, 1 << 9);
	before = atomic_load(&b.irqs);
	post(0x2000, MMU_READ);
	ok_eq(atomic_load(&b.irqs) - before, 1, "an entry interrupts");
	ok(rd32(&b, 0x000100) & 1 << 9, "by bit 9 of the master");
	ok(!(rd32(&b, 0x000100) & 1 << 9), "which a read has taken back");
	post(0x3000, MMU_READ);
	ok_eq(atomic_load(&b.irqs) - before, 2, "the next entry interrupts again, though GET has not moved");
	drain();
	rd32(&b, 0x000100);
}

static void test_overflow(void)
{
	u64 lost = counter_get(b.gpu, CTR_FAULTS_OVERFLOW);
	u32 get = put();

	for (u32 i = 0; i < ENTRIES + 4; i++)
		post((u64)i << 12, MMU_READ);
	ok_eq((put() + 1) % ENTRIES, get, "a full ring stops one short of GET");
	ok_eq((long long)(counter_get(b.gpu, CTR_FAULTS_OVERFLOW) - lost), 5, "what does not fit is lost and counted");
	ok_eq(rd32(&b, 0x002a84) & 1, 1, "the overflow bit is set");
	wr32(&b, 0x002a84, 1);
	ok_eq(rd32(&b, 0x002a84) & 1, 0, "and can be cleared");
	drain();
	post(0x7000, MMU_READ);
	ok(put() != rd32(&b, 0x002a7c), "after GET has moved there is room again");
	drain();
	wr32(&b, 0x002a7c, 0xffffffff);
	ok(rd32(&b, 0x002a7c) < ENTRIES, "a GET outside the ring is brought inside");
	drain();
}

static void test_policies(void)
{
	u32 before = put(), after = 0;

	policy((struct fault_policy){ .duplicate_percent = 100 });
	post(0x1000, MMU_READ);
	ok_eq((put() - before) % ENTRIES, 2, "a duplicate on request");
	drain();
	policy((struct fault_policy){ .burst = 4 });
	/*
	 * A burst also goes when it has waited for 200 us. Only a try in which the
	 * four were posted well within that time tells; on a busy machine that
	 * may take several.
	 */
	for (int try = 0; try < 1000; try++) {
		u64 start = host_ns();

		before = put();
		post(0x0000, MMU_READ);
		post(0x1000, MMU_READ);
		post(0x2000, MMU_READ);
		post(0x3000, MMU_READ);
		after = put();
		if (host_ns() - start < 100000)
			break;
		/* What is left of it comes by itself. */
		wait32(&b, 0x002a80, ~0u, (before + 4) % ENTRIES);
		drain();
	}
	ok_eq(after, (before + 4) % ENTRIES, "a burst of four arrives with the fourth");
	drain();
	before = put();
	post(0x1000, MMU_READ);
	ok(wait32(&b, 0x002a80, ~0u, (before + 1) % ENTRIES), "a burst that does not fill arrives too");
	drain();
	before = put();
	policy((struct fault_policy){ .late_ns = 1000000000 });
	for (int i = 0; i < 5; i++)
		post((u64)i << 12, MMU_READ);
	ok((put() - before) % ENTRIES < 5, "late entries are not there at once");
	ok(wait32(&b, 0x002a80, ~0u, (before + 5) % ENTRIES), "but they come");
	drain();
	policy((struct fault_policy){ .overflow_next = 1 });
	before = put();
	post(0x1000, MMU_READ);
	ok_eq((put() - before) % ENTRIES, 1, "an overflow on request waits for a buffer that is not empty");
	post(0x2000, MMU_READ);
	ok((put() - before) % ENTRIES == 1 && rd32(&b, 0x002a84) == 1, "and then loses one entry");
	drain();
	wr32(&b, 0x002a84, 1);
	policy((struct fault_policy){ 0 });
}

static u32 nr_valid(u32 from, u32 n)
{
	u32 valid = 0;

	for (u32 i = 0; i < n; i++)
		valid += word((from + i) % ENTRIES, 7) >> 31;
	return valid;
}

/* PUT passes entries that are not written yet: the valid bit tells, and the rest is there when it is. */
static void test_ahead(void)
{
	u32 from, valid, wrong = 0;

	drain();
	from = put();
	for (u32 i = 0; i < 8; i++)
		phys_wr32(&b, BUFFER + (from + i) % ENTRIES * 32 + 28, 0);
	policy((struct fault_policy){ .ahead_ns = 400000000 });
	for (u32 i = 0; i < 8; i++)
		post((u64)(0x100 + i) << 12, MMU_READ);
	valid = nr_valid(from, 8);
	ok_eq((put() - from) % ENTRIES, 8, "PUT is ahead of the entries");
	ok(valid < 8, "which are not all valid");
	for (int i = 0; i < 5000 && nr_valid(from, 8) < 8; i++)
		sleep_ms(1);
	ok_eq(nr_valid(from, 8), 8, "but become so");
	for (u32 i = 0; i < 8; i++)
		wrong += word((from + i) % ENTRIES, 2) != (0x100 + i) << 12;
	ok_eq(wrong, 0, "each in its place");
	ok(counter_get(b.gpu, CTR_FAULTS_BEHIND) == 8, "and are counted");
	drain();
	policy((struct fault_policy){ 0 });
	post(0x1000, MMU_READ);
	ok_eq(nr_valid((put() + ENTRIES - 1) % ENTRIES, 1), 1, "without the policy an entry is there when PUT is");
	drain();
	from = put();
	phys_wr32(&b, BUFFER + from * 32 + 28, 0);
	policy((struct fault_policy){ .ahead_ns = 20000000 });
	post(0x1000, MMU_READ);
	wr32(&b, 0x002a70, BUFFER_VA);
	sleep_ms(50);
	ok_eq(nr_valid(from, 1), 0, "a buffer that is switched off is not written any more");
	wr32(&b, 0x002a70, BUFFER_VA | 1);
	policy((struct fault_policy){ 0 });
	drain();
}

static void test_replay(void)
{
	replays = cancels = 0;
	invalidate(&b, user.pd3, 1);
	ok_eq(replays, 0, "an invalidate alone replays nothing");
	invalidate(&b, 0, 0xb);
	ok_eq(replays, 1, "100cbc with replay reaches the engines");
	gpu_lock(b.gpu);
	fecs_set_context(b.gpu, APERTURE_VRAM, space.inst);
	gpu_unlock(b.gpu);
	invalidate(&b, 0, 0x1b | 0x11 << 9 | 3 << 15);
	ok(cancels == 1 && last_cancel.client == 0x11 && last_cancel.gpc == 3 && !last_cancel.hub && !last_cancel.global &&
	   last_cancel.inst == space.inst, "a targeted cancel names client, GPC and context");
	invalidate(&b, 0, 0x1b | 1 << 9 | 1 << 20);
	ok(cancels == 2 && last_cancel.hub && last_cancel.client == 1, "or a client of the hub");
	invalidate(&b, 0, 0x23);
	ok(cancels == 3 && last_cancel.global, "a global cancel names none");
}

static void test_fatal(void)
{
	struct gpu_fault f = { .space = space, .va = 0xab12345678ull, .access = MMU_ATOMIC, .reason = MMU_FAULT_RO,
			       .engine = FAULT_CE0, .client = FAULT_CLIENT_HUB_CE0, .hub = true };

	gpu_lock(b.gpu);
	fault_post_fatal(b.gpu, &f);
	f.va = 1;
	fault_post_fatal(b.gpu, &f);
	gpu_unlock(b.gpu);
	ok_eq(rd32(&b, 0x00259c), 1u << 0x15, "a fatal fault sets its unit's bit");
	ok_eq(rd32(&b, 0x002950), (long long)(space.inst >> 12), "instance block");
	ok(rd32(&b, 0x002954) == 0x12345678 && rd32(&b, 0x002958) == 0xab, "address; a second fault does not overwrite the first");
	ok_eq(rd32(&b, 0x00295c), 1 << 20 | 2 << 16 | 1 << 8 | 6, "access, client, reason");
	ok(rd32(&b, 0x002100) & 1u << 28, "PFIFO interrupts");
	wr32(&b, 0x00259c, 1u << 0x15);
	ok(!rd32(&b, 0x00259c) && !(rd32(&b, 0x002100) & 1u << 28), "until it is acknowledged");
}

static void test_unmapped_buffer(void)
{
	u32 before = put();

	wr32(&b, 0x002a70, 0x1000001);
	post(0x1000, MMU_READ);
	ok_eq(put(), before, "a buffer that is not mapped in BAR2 takes no entry");
	ok_eq(rd32(&b, 0x002a84), 1 << 24, "which INFO tells as a write that was refused");
	wr32(&b, 0x002a70, BUFFER_VA | 1);
}

int main(void)
{
	static const char *const options[] = { "fault-entries", "16", NULL };

	bench_open(&b, NULL, 64 << 20, options);
	tables_new(&bar2, &b, 8 << 20, 0);
	tables_new(&user, &b, 16 << 20, 3 << 4);
	map(&bar2, BUFFER_VA, 12, BUFFER, PTE_VRAM, 0);
	wr32(&b, 0x001714, 0x80000000 | (u32)(bar2.inst >> 12));
	mmu_space_load(b.gpu, APERTURE_VRAM, user.inst, &space);
	fault_listen(b.gpu, &listener);
	test_off();
	test_entry();
	test_interrupt();
	test_overflow();
	test_policies();
	test_ahead();
	test_replay();
	test_fatal();
	test_unmapped_buffer();
	bench_close(&b);
	return tap_done();
}
