// SPDX-License-Identifier: MIT
/* Host semaphores: release, acquire in its three forms, reductions, timestamps, interrupts. */
#include "pbdma_rig.h"
#include "ptimer.h"

static struct bench b;
static struct chan c, d;

static void releases(void)
{
	u64 before, after, stamp;

	for (u32 i = 0; i < 16; i += 4)
		sema_wr(&b, 0x100 + i, 0xeeeeeeee);
	sema(&c, sema_va(0x100), 7, RELEASE_1);
	ok(finish(&c) && sema_rd(&b, 0x100) == 7, "release of one word");
	ok_eq(sema_rd(&b, 0x104), 0xeeeeeeee, "leaves the next alone");
	before = ptimer_now(b.gpu);
	sema(&c, sema_va(0x100), 8, RELEASE_4);
	finish(&c);
	after = ptimer_now(b.gpu);
	stamp = sema_rd(&b, 0x108) | (u64)sema_rd(&b, 0x10c) << 32;
	ok(sema_rd(&b, 0x100) == 8 && sema_rd(&b, 0x104) == 0, "release of four words: payload and zero");
	ok(stamp >= before && stamp <= after, "and the time");
	sema(&c, SYS_VA + 0x500, 9, RELEASE_1);
	ok(finish(&c) && *(u32 *)(b.ram + 0x500) == 9, "release in guest memory");
}

/* The channel is held while the word is not right, and goes on when it is. */
static void acquire(const char *name, u32 op, u32 payload, u32 wrong, u32 right)
{
	sema_wr(&b, 0x200, wrong);
	sema_wr(&b, 0x204, 0);
	sema(&c, sema_va(0x200), payload, op);
	sema(&c, sema_va(0x204), 1, RELEASE_1);
	kick(&c);
	sleep_ms(5);
	ok_eq(sema_rd(&b, 0x204), 0, "%s: waits at %x for %x", name, wrong, payload);
	sema_wr(&b, 0x200, right);
	ok(wait_sema(&b, 0x204, 1, 2000), "%s: goes on at %x", name, right);
}

static void acquires(void)
{
	acquire("acquire ==", ACQUIRE_EQ, 5, 6, 5);
	acquire("acquire >=", ACQUIRE_GEQ, 5, 4, 9);
	acquire("acquire >= over the wrap", ACQUIRE_GEQ, 5, 0xfffffff0, 5);
	acquire("acquire >= with switch", ACQUIRE_GEQ | 1u << 12, 0xfffffffe, 0xfffffffd, 2);
	acquire("acquire AND", ACQUIRE_AND, 0xf0, 0x0f, 0x1f);
}

/* Two channels of one runlist: the one that waits must let the other run. */
static void between_channels(void)
{
	sema_wr(&b, 0x300, 0);
	sema_wr(&b, 0x304, 0);
	sema(&c, sema_va(0x300), 1, ACQUIRE_EQ);
	sema(&c, sema_va(0x304), 1, RELEASE_1);
	kick(&c);
	sleep_ms(2);
	sema(&d, sema_va(0x300), 1, RELEASE_1);
	kick(&d);
	ok(wait_sema(&b, 0x304, 1, 2000), "a channel that waits does not hold up the one that releases");
	for (u32 i = 0; i < 50; i++) {
		sema(&c, sema_va(0x310), i, ACQUIRE_EQ);
		sema(&c, sema_va(0x314), i + 1, RELEASE_1);
		sema(&d, sema_va(0x314), i + 1, ACQUIRE_EQ);
		sema(&d, sema_va(0x310), i + 1, RELEASE_1);
	}
	sema_wr(&b, 0x310, 0);
	kick(&d);
	kick(&c);
	ok(wait_sema(&b, 0x310, 50, 10000), "50 turns of ping-pong");
}

/* Lists c and d on runlist 0 with timeslices of 5 ms: in groups of their own, or both in one. */
static void list_both(bool one_group)
{
	const u32 group = 128u << 18 | 5u << 14 | BIT(13) | 1;	/* of the longest slice that the model has */
	const u32 w[4] = { group | (one_group ? 2u : 1u) << 26, 1, one_group ? 2 : (group + 1) | 1u << 26, 2 };
	u64 at = RUNLIST_AT;

	for (u32 i = 0; i < (one_group ? 3 : 4); i++, at += 8) {
		phys_wr32(&b, at, w[i]);
		phys_wr32(&b, at + 4, 0);
	}
	wr32(&b, 0x002270, RUNLIST_AT >> 12);
	wr32(&b, 0x002274, one_group ? 3 : 4);
}

#define PIECES	41u

/* us from a doorbell of channel d to the end of what it was rung for; sorted. False: one was not done. */
static bool latencies(u64 us[PIECES])
{
	for (u32 i = 0; i < PIECES; i++) {
		u64 start, at;

		sema_wr(&b, 0x600, 0);
		sema(&d, sema_va(0x600), i + 1, RELEASE_1);
		start = host_ns();
		kick(&d);
		while (sema_rd(&b, 0x600) != i + 1) {
			if (host_ns() > start + 5000000000ull)
				return false;
			nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
		}
		us[i] = (host_ns() - start) / 1000;
		for (at = i; at && us[at - 1] > us[at]; at--) {
			u64 tmp = us[at];

			us[at] = us[at - 1];
			us[at - 1] = tmp;
		}
	}
	return true;
}

/* The same while c waits by the operation @op. */
static void beside_acquire(u64 us[PIECES], bool one_group, u32 op)
{
	bool done;

	list_both(one_group);
	sema_wr(&b, 0x604, 0);
	sema_wr(&b, 0x608, 0);
	sema(&c, sema_va(0x604), 1, op);
	sema(&c, sema_va(0x608), 1, RELEASE_1);
	kick(&c);
	sleep_ms(20);
	done = latencies(us);
	printf("# least %llu us, median %llu us\n", (unsigned long long)us[0], (unsigned long long)us[PIECES / 2]);
	ok(done && !sema_rd(&b, 0x608), "others get their work done before the acquire is");
	sema_wr(&b, 0x604, 1);
	ok(wait_sema(&b, 0x608, 1, 2000), "which goes on when it may");
}

/* A slice is 5 ms; a machine that is busy makes waits longer, but not all of them. */
static void switch_bit(void)
{
	u64 us[PIECES];

	beside_acquire(us, false, ACQUIRE_GEQ);
	ok(us[PIECES / 2] > 2500, "without the switch bit an acquire keeps the runlist for the rest of its timeslice");
	beside_acquire(us, false, ACQUIRE_GEQ | BIT(12));
	ok(us[0] < 2500, "with it another group runs at once");
	beside_acquire(us, true, ACQUIRE_GEQ);
	ok(us[0] < 2500, "a channel of its own group always does");
}

/* Stopping the one that keeps the runlist sets the other free. */
static void keeper_leaves(void)
{
	u64 us[PIECES];

	list_both(false);
	sema_wr(&b, 0x604, 0);
	sema(&c, sema_va(0x604), 1, ACQUIRE_EQ);
	kick(&c);
	sleep_ms(5);
	wr32(&b, 0x800004 + 8 * c.id, 0x800);
	wr32(&b, 0x002634, c.id);
	ok(latencies(us) && us[0] < 2500, "a channel that is stopped keeps nothing");
	wr32(&b, 0x800004 + 8 * c.id, 0x400);
	sema_wr(&b, 0x604, 1);
	ok(finish(&c), "and goes on where it was when it is started again");
}

static void reduce(const char *name, u32 op, bool is_unsigned, u32 old, u32 payload, u32 want)
{
	sema_wr(&b, 0x400, old);
	sema(&c, sema_va(0x400), payload, 0x10 | op << 27 | (is_unsigned ? 1u << 31 : 0));
	finish(&c);
	ok_eq(sema_rd(&b, 0x400), want, "reduction %s of %x and %x", name, old, payload);
}

static void reductions(void)
{
	reduce("MIN signed", 0, false, 3, 0xffffffff, 0xffffffff);
	reduce("MIN unsigned", 0, true, 3, 0xffffffff, 3);
	reduce("MAX signed", 1, false, 3, 0xffffffff, 3);
	reduce("MAX unsigned", 1, true, 3, 0xffffffff, 0xffffffff);
	reduce("XOR", 2, true, 0xff00, 0x0ff0, 0xf0f0);
	reduce("AND", 3, true, 0xff00, 0x0ff0, 0x0f00);
	reduce("OR", 4, true, 0xff00, 0x0ff0, 0xfff0);
	reduce("ADD", 5, true, 0xffffffff, 2, 1);
	reduce("INC", 6, true, 4, 5, 5);
	reduce("INC at the limit", 6, true, 5, 5, 0);
	reduce("DEC", 7, true, 4, 9, 3);
	reduce("DEC at 0", 7, true, 0, 9, 9);
}

static void interrupts(void)
{
	wr32(&b, 0x002100, ~0u);
	wr32(&b, 0x002140, ~0u);
	wr32(&b, 0x000160, BIT(8));
	wr32(&b, 0x002a00, ~0u);
	atomic_store(&b.irqs, 0);
	mthd(&c, 0, 0x20, 0);
	finish(&c);
	ok_eq(rd32(&b, 0x002100) >> 31, 1, "non-stall interrupt: 002100 b31");
	ok_eq(atomic_load(&b.irqs), 1, "one MSI");
	wr32(&b, 0x002100, 1u << 31);
	ok_eq(rd32(&b, 0x002100) >> 31, 0, "write 1 to clear");
	ok_eq(rd32(&b, 0x000100) >> 8 & 1, 0, "PMC's bit follows");
	wr32(&b, 0x002140, 0x7fffffff);
	mthd(&c, 0, 0x20, 0);
	finish(&c);
	ok(atomic_load(&b.irqs) == 1 && rd32(&b, 0x002100) >> 31, "disabled: pending without MSI");
	wr32(&b, 0x002140, ~0u);
	ok_eq(atomic_load(&b.irqs), 2, "and with one when it is enabled");
}

/* What a fence of nouveau is: release and interrupt in one run of five. */
static void fence(void)
{
	head(&c, INC, 0, 0x10, 5);
	push(&c, (u32)(sema_va(0x500) >> 32));
	push(&c, (u32)sema_va(0x500));
	push(&c, 0x1234);
	push(&c, RELEASE_4);
	push(&c, 0);
	ok(finish(&c) && sema_rd(&b, 0x500) == 0x1234, "nouveau's fence");
}

static void fatal(void)
{
	sema(&d, NOWHERE_VA, 1, RELEASE_1);
	kick(&d);
	ok(wait32(&b, 0x002100, BIT(28), BIT(28)), "a semaphore that is not mapped is fatal");
	ok_eq(rd32(&b, 0x00280c + 16 * 6) >> 16 & 7, 1, "as a write");
	ok(finish(&c), "to its own channel only");
}

int main(void)
{
	static const char *const opts[] = { "delay", "10", NULL };
	static const u32 ids[2] = { 1, 2 };
	const struct chan *both[2] = { &c, &d };

	bench_open(&b, "gp104", 128u << 20, opts);
	chan_open(&c, &b, 1, 0);
	chan_open(&d, &b, 2, 0);
	runlist(&b, 0, ids, both, 2);
	releases();
	acquires();
	between_channels();
	switch_bit();
	keeper_leaves();
	reductions();
	interrupts();
	fence();
	fatal();
	bench_close(&b);
	return tap_done();
}
