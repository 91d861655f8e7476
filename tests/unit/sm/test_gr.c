// SPDX-License-Identifier: MIT
/*
 * The graphics engine in the device: channels push methods, SMs fault into the
 * fault buffer, are replayed and cancelled, and other channels go on.
 */
#include "fault.h"
#include "pbdma_rig.h"
#include "sm_isa.h"

#define GR		1u	/* subchannel of the compute object */
#define CODE_AT		DATA_AT
#define QMD_AT		(DATA_AT + 0x10000)	/* 0x100 a channel */
#define BANK_AT		(DATA_AT + 0x20000)	/* 0x1000 a channel */
#define BACKING		(DATA_AT + 0x100000)	/* of pages that are mapped late */

#define FAULT_VA	0x400000000ull	/* nothing there to begin with */
#define BUFFER_VA	0x100000u
#define BUFFER		0x700000u	/* VRAM of the fault buffer */
#define BAR2_TABLES	(80u << 20)
#define REPLAY_FLAGS	(3u << 4)

static struct bench b;
static struct tables bar2;
static struct chan c, other;
static u32 seen;		/* entries of the fault buffer that were read */

static u64 data_va(u32 at)
{
	return VRAM_VA + at;
}

/* ------------------------------------------------------------------ launches */

static void set(u32 *q, unsigned int hi, unsigned int lo, u64 v)
{
	for (unsigned int n = lo; n <= hi; n++, v >>= 1)
		q[n / 32] = (q[n / 32] & ~(1u << n % 32)) | (u32)(v & 1) << n % 32;
}

static void assemble(u32 at, const char *text)
{
	char err[256];

	if (sm_asm(text, (u64 *)(void *)vram(&b, at), 512, err, sizeof(err)) < 0) {
		printf("Bail out! %s\n", err);
		exit(1);
	}
}

/* A descriptor: program at CODE_AT + @entry, one pointer as argument. */
static u32 *describe(struct chan *ch, u32 entry, u32 blocks, u32 threads, u64 pointer)
{
	u32 *q = (u32 *)(void *)vram(&b, QMD_AT + 0x100 * ch->id);
	u64 bank = data_va(BANK_AT + 0x1000 * ch->id);

	memset(q, 0, 256);
	memcpy(vram(&b, BANK_AT + 0x1000 * ch->id), &pointer, 8);
	set(q, 287, 256, entry);
	set(q, 415, 384, blocks);
	set(q, 431, 416, 1);
	set(q, 463, 448, 1);
	set(q, 607, 592, threads);
	set(q, 623, 608, 1);
	set(q, 639, 624, 1);
	set(q, 991, 984, 16);
	set(q, 640, 640, 1);
	set(q, 1072, 1024, bank);
	set(q, 1087, 1075, 16);
	return q;
}

static void object(struct chan *ch)
{
	u64 code = data_va(CODE_AT);

	mthd(ch, GR, 0, b.gpu->chip->compute_class);
	mthd(ch, GR, 0x1608, (u32)(code >> 32));
	mthd(ch, GR, 0x160c, (u32)code);
	mthd(ch, GR, 0x77c, 0xff000000);
	mthd(ch, GR, 0x214, 0xfe000000);
}

static void launch(struct chan *ch)
{
	mthd(ch, GR, 0x2b4, (u32)(data_va(QMD_AT + 0x100 * ch->id) >> 8));
	mthd(ch, GR, 0x2bc, 3);
}

/* Numbers the semaphores that end a channel's work. */
static u32 fence(struct chan *ch)
{
	static u32 number = 5000;

	sema(ch, sema_va(0x8000 + 16 * ch->id), ++number, RELEASE_1);
	kick(ch);
	return number;
}

static bool reached(struct chan *ch, u32 number, unsigned int ms)
{
	return wait_sema(&b, 0x8000 + 16 * ch->id, number, ms);
}

/* Programs, by entry. Each thread has a word of its own, 16 bytes apart, and a common one. */
enum { STORE = 0, ADD = 0x400, LONG = 0x800, BAD = 0xc00, ATOMIC = 0x1000, PREFETCH = 0x1400,
       PREFETCH_ADD = 0x1800 };

#define ELEMENT \
	"s2r r1, sr_ctaid.x\ns2r r2, sr_tid.x\nshl r1, r1, 0x6\niadd r0, r1, r2\nshl r3, r0, 0x4\n" \
	"iadd.cc r4, r3, c[0x0][0x0]\nmov r5, c[0x0][0x4]\niadd.x r5, r5, rz\n"

static void programs(void)
{
	assemble(CODE_AT + STORE, ELEMENT "st.e.32 [r4], r0\nexit\n");
	assemble(CODE_AT + ADD, ELEMENT "ld.e.32 r6, [r4]\niadd r6, r6, 0x1\nst.e.32 [r4], r6\nexit\n");
	assemble(CODE_AT + LONG, ELEMENT "mov32i r6, 0x4000\nagain:\niadd r6, r6, -0x1\n"
		 "isetp.ne.u32.and p0, pt, r6, rz, pt\n@p0 bra again\nst.e.32 [r4], r0\nexit\n");
	assemble(CODE_AT + BAD, ELEMENT "nop\nnop\nnop\nexit\n");
	memset(vram(&b, CODE_AT + BAD + 8 * 9), 0xff, 8);
	assemble(CODE_AT + PREFETCH, ELEMENT "cctl.e.pf2 [r4]\nexit\n");
	assemble(CODE_AT + PREFETCH_ADD, ELEMENT "cctl.e.pf2 [r4]\nld.e.32 r6, [r4]\niadd r6, r6, 0x1\n"
		 "st.e.32 [r4], r6\nexit\n");
	assemble(CODE_AT + ATOMIC, "mov r4, c[0x0][0x0]\nmov r5, c[0x0][0x4]\nmov32i r6, 0x1\n"
		 "red.add.e.u32 [r4], r6\nexit\n");
}

static u32 element(u64 at, u32 n)
{
	return *(u32 *)(void *)vram(&b, at + 16 * n);
}

static u32 wrong(u64 at, u32 n, u32 add)
{
	u32 bad = 0;

	for (u32 i = 0; i < n; i++)
		bad += element(at, i) != (add ? add : i);
	return bad;
}

/* -------------------------------------------------------------------- faults */

static u32 fault_word(u32 entry, u32 i)
{
	return phys_rd32(&b, BUFFER + entry * 32 + i * 4);
}

/* Waits for the next entry; false when none comes. */
static bool next_fault(u64 *va, u32 *info)
{
	for (int n = 0; n < 2000; n++) {
		if (rd32(&b, 0x002a80) != seen) {
			*va = (u64)fault_word(seen, 3) << 32 | fault_word(seen, 2);
			*info = fault_word(seen, 7);
			seen = (seen + 1) % rd32(&b, 0x002a78);
			wr32(&b, 0x002a7c, seen);
			return true;
		}
		sleep_ms(1);
	}
	return false;
}

static void replay(void)
{
	invalidate(&b, 0, 0xb);
}

static void drain(void)
{
	seen = rd32(&b, 0x002a80);
	wr32(&b, 0x002a7c, seen);
}

/* Serves faults as a driver does, a batch and a replay, until the channel has reached its fence. */
static u32 serve(struct chan *ch, u32 number, u32 *odd)
{
	u32 faults = 0, info;
	u64 va;

	for (int n = 0; n < 5000 && !reached(ch, number, 0); n++) {
		sleep_ms(1);
		if (rd32(&b, 0x002a80) == seen)
			continue;
		while (rd32(&b, 0x002a80) != seen && next_fault(&va, &info)) {
			faults++;
			if (va < FAULT_VA || va >= FAULT_VA + 0x100000 || info >> 20 & 1 ||
			    (info >> 8 & 0x7f) % 3 != 1 || !(info >> 31)) {
				++*odd;
				continue;
			}
			map(&ch->t, va, 12, BACKING + (va - FAULT_VA), PTE_VRAM, 0);
		}
		replay();
	}
	return faults;
}

/* --------------------------------------------------------------------- tests */

static void test_launch(void)
{
	memset(vram(&b, BACKING), 0xee, 0x10000);
	describe(&c, STORE, 16, 64, data_va(BACKING));
	launch(&c);
	ok(finish(&c) && !wrong(BACKING, 1024, 0), "a grid of 16 blocks; its channel waits for it");
	ok_eq((long long)counter_get(b.gpu, CTR_GR_GRIDS), 1, "is counted");
	describe(&c, STORE, 0, 64, data_va(BACKING));
	launch(&c);
	ok(finish(&c), "a grid without blocks");
	describe(&c, STORE, 1, 2000, data_va(BACKING));
	launch(&c);
	ok(finish(&c) && counter_get(b.gpu, CTR_GR_LAUNCHES_REFUSED) == 1, "a block that no SM takes is refused");
}

static void test_first_touch(void)
{
	u64 before = counter_get(b.gpu, CTR_FAULTS_REPLAYABLE);
	u32 odd = 0, faults, number;

	memset(vram(&b, BACKING), 0, 0x100000);
	describe(&c, ADD, 256, 64, FAULT_VA);	/* 256 KiB: 64 pages */
	launch(&c);
	number = fence(&c);
	faults = serve(&c, number, &odd);
	ok(reached(&c, number, 0) && !wrong(BACKING, 256 * 64, 1), "64 pages that fault: each access once");
	ok(!odd, "entries name a GPC client and a page of the grid");
	ok(faults >= 64 && faults < 1000, "%u entries for 64 pages", faults);
	ok(counter_get(b.gpu, CTR_FAULTS_REPLAYABLE) - before >= faults, "are counted");
	describe(&c, ADD, 256, 64, FAULT_VA);
	launch(&c);
	before = counter_get(b.gpu, CTR_FAULTS_REPLAYABLE);
	ok(finish(&c) && !wrong(BACKING, 256 * 64, 2) && counter_get(b.gpu, CTR_FAULTS_REPLAYABLE) == before,
	   "the second run faults nowhere");
}

static void test_access_kinds(void)
{
	u64 va = FAULT_VA + 0x80000, got;
	u32 info = 0, number;

	drain();
	*(u32 *)(void *)vram(&b, BACKING + 0x80000) = 0;
	map(&c.t, va, 12, BACKING + 0x80000, PTE_VRAM, PTE_NOATOMIC);
	describe(&c, ATOMIC, 2, 64, va);
	launch(&c);
	number = fence(&c);
	ok(next_fault(&got, &info) && got == va && (info >> 16 & 7) == 2 && (info & 0x1f) == MMU_FAULT_ATOMIC,
	   "an atomic on a page without atomics: access 2, reason f");
	map(&c.t, va, 12, BACKING + 0x80000, PTE_VRAM, 0);
	while (!reached(&c, number, 5)) {
		if (rd32(&b, 0x002a80) != seen)
			next_fault(&got, &info);
		replay();
	}
	ok_eq(element(BACKING + 0x80000, 0), 128, "and all threads count once after the replay");
	drain();
	va += 0x1000;
	map(&c.t, va, 12, BACKING + 0x81000, PTE_VRAM, PTE_RO);
	describe(&c, STORE, 1, 64, va);
	launch(&c);
	number = fence(&c);
	ok(next_fault(&got, &info) && got == va && (info >> 16 & 7) == 1 && (info & 0x1f) == MMU_FAULT_RO,
	   "a store to a read-only page: access 1, reason 6");
	map(&c.t, va, 12, BACKING + 0x81000, PTE_VRAM, 0);
	replay();
	ok(reached(&c, number, 2000), "and done after it may be written");
}

static void test_prefetch(void)
{
	u64 va = FAULT_VA + 0xc0000, got = 0;
	u32 info = 0, number;

	drain();
	*(u32 *)(void *)vram(&b, BACKING + 0xc0000) = 0;
	describe(&c, PREFETCH, 1, 64, va);
	launch(&c);
	number = fence(&c);
	ok(next_fault(&got, &info) && got == va && (info >> 16 & 7) == 3,
	   "a prefetch of a page that is not there: access 3");
	ok(reached(&c, number, 2000), "and nothing waits for it");
	invalidate(&b, 0, 0x1b | (info >> 8 & 0x7f) << 9);
	describe(&c, STORE, 1, 64, data_va(BACKING));
	launch(&c);
	ok(finish(&c) && !(rd32(&b, 0x00259c) & 1), "nor is there anything to cancel");
	drain();
	describe(&c, PREFETCH_ADD, 1, 64, va);
	launch(&c);
	number = fence(&c);
	ok(next_fault(&got, &info) && got == va && (info >> 16 & 7) == 3 &&
	   next_fault(&got, &info) && got == va && (info >> 16 & 7) == 0 && !reached(&c, number, 20),
	   "a load behind a prefetch has an entry of its own, and waits");
	map(&c.t, va, 12, BACKING + 0xc0000, PTE_VRAM, 0);
	replay();
	ok(reached(&c, number, 2000) && element(BACKING + 0xc0000, 0) == 1, "until it is served");
	drain();
}

/* A replay that serves nothing makes the same faults again. */
static void test_vain_replay(void)
{
	u64 va = FAULT_VA + 0x90000, got = 0;
	u32 info, number, n = 0;

	drain();
	describe(&c, STORE, 1, 32, va);
	launch(&c);
	number = fence(&c);
	for (int i = 0; i < 3 && next_fault(&got, &info); i++) {
		n += got == va;
		replay();
	}
	ok_eq(n, 3, "a replay of what is still not there faults again");
	map(&c.t, va, 12, BACKING + 0x90000, PTE_VRAM, 0);
	replay();
	ok(reached(&c, number, 2000) && !wrong(BACKING + 0x90000, 32, 0), "until it is");
}

/* While one channel waits for a replay the other one computes. */
static void test_two_channels(void)
{
	const u32 ids[2] = { 1, 2 };
	const struct chan *list[2] = { &c, &other };
	u64 va = FAULT_VA + 0xa0000, got;
	u32 info, number, number2;

	chan_open(&other, &b, 2, REPLAY_FLAGS);
	runlist(&b, 0, ids, list, 2);
	object(&other);
	drain();
	describe(&c, STORE, 1, 32, va);
	launch(&c);
	number = fence(&c);
	next_fault(&got, &info);
	describe(&other, LONG, 64, 64, data_va(BACKING));
	launch(&other);
	number2 = fence(&other);
	ok(reached(&other, number2, 20000) && !wrong(BACKING, 4096, 0), "another channel computes meanwhile");
	ok(!reached(&c, number, 0), "the faulted one waits");
	map(&c.t, va, 12, BACKING + 0xa0000, PTE_VRAM, 0);
	replay();
	ok(reached(&c, number, 2000), "and is served");
	/* both long: each gets its slices */
	describe(&c, LONG, 64, 64, data_va(BACKING + 0x40000));
	describe(&other, LONG, 64, 64, data_va(BACKING + 0x80000));
	launch(&c);
	launch(&other);
	number = fence(&c);
	number2 = fence(&other);
	ok(reached(&c, number, 20000) && reached(&other, number2, 20000) && !wrong(BACKING + 0x40000, 4096, 0) &&
	   !wrong(BACKING + 0x80000, 4096, 0), "two long grids share the engine");
}

static void test_front_end(void)
{
	static const u32 words[3] = { 0x03020100, 0x07060504, 0x0b0a0908 };
	u8 *to = vram(&b, BACKING);
	u64 va = data_va(BACKING);

	memset(to, 0xee, 64);
	head(&c, INC, GR, 0x180, 5);
	push(&c, 5);			/* bytes of a line */
	push(&c, 2);			/* lines */
	push(&c, (u32)(va >> 32));
	push(&c, (u32)va);
	push(&c, 8);			/* pitch */
	mthd(&c, GR, 0x1b0, 1);
	head(&c, NON_INC, GR, 0x1b4, 3);
	for (int n = 0; n < 3; n++)
		push(&c, words[n]);
	ok(finish(&c) && !memcmp(to, "\0\1\2\3\4\xee\xee\xee\5\6\7\x8\x9\xee\xee\xee", 16), "an upload, clipped to its lines");
	mthd(&c, GR, 0x1b00, (u32)((va + 32) >> 32));
	mthd(&c, GR, 0x1b04, (u32)(va + 32));
	mthd(&c, GR, 0x1b08, 0x1234);
	mthd(&c, GR, 0x1b0c, 0);
	ok(finish(&c) && *(u32 *)(void *)(to + 32) == 0x1234 && *(u64 *)(void *)(to + 40), "a report: payload and time");
	/* fills through a linear colour target of the 3D class */
	mthd(&c, 2, 0, b.gpu->chip->threed_class);
	head(&c, INC, 2, 0x800, 6);
	push(&c, (u32)((va + 0x1000) >> 32));
	push(&c, (u32)(va + 0x1000));
	push(&c, 64);			/* bytes of a line */
	push(&c, 2);
	push(&c, 0xcd);			/* two words */
	push(&c, 1 << 12);
	mthd(&c, 2, 0xff4, 5 << 16);
	mthd(&c, 2, 0xff8, 2 << 16);
	mthd(&c, 2, 0xd80, 0x11);
	mthd(&c, 2, 0xd84, 0x22);
	memset(to + 0x1000, 0, 256);
	mthd(&c, 2, 0x19d0, 0x3c);
	ok(finish(&c) && !memcmp(to + 0x1000, (u32[]){ 0x11, 0x22, 0x11, 0x22 }, 16) &&
	   !*(u32 *)(void *)(to + 0x1000 + 40) && *(u32 *)(void *)(to + 0x1040) == 0x11 &&
	   !*(u32 *)(void *)(to + 0x1080), "a clear of two lines of five pixels");
	/* constants of graphics */
	head(&c, INC, 2, 0x2380, 4);
	push(&c, 256);
	push(&c, (u32)((va + 0x2000) >> 32));
	push(&c, (u32)(va + 0x2000));
	push(&c, 8);			/* offset */
	head(&c, NON_INC, 2, 0x2390, 2);
	push(&c, 0xaa);
	push(&c, 0xbb);
	ok(finish(&c) && *(u64 *)(void *)(to + 0x2008) == 0xbb000000aaull, "constants move on by themselves");
}

static void test_releases(void)
{
	u32 *q = describe(&c, STORE, 1, 32, data_va(BACKING));
	u64 va = data_va(BACKING + 0x4000);
	u32 *to = (u32 *)(void *)vram(&b, BACKING + 0x4000);

	memset(to, 0, 64);
	to[8] = 40;
	set(q, 138, 138, 1);
	set(q, 775, 736, va);
	set(q, 831, 800, 77);
	set(q, 139, 139, 1);
	set(q, 871, 832, va + 32);
	set(q, 927, 896, 2);
	set(q, 890, 890, 1);		/* reduction: add */
	launch(&c);
	ok(finish(&c) && to[0] == 77 && (to[2] || to[3]) && to[8] == 42, "semaphores of the descriptor, with a reduction");
}

static void test_warp_error(void)
{
	describe(&c, BAD, 4, 64, data_va(BACKING));
	launch(&c);
	ok(finish(&c), "an illegal instruction ends its grid, not the channel");
	ok(rd32(&b, 0x400100) & 1 << 21, "TRAP interrupt");
	ok((rd32(&b, 0x400108) & 1 << 24) && rd32(&b, 0x400118) == 1 && rd32(&b, 0x502c90) == 1 << 16 &&
	   rd32(&b, 0x504508) == 2, "GPC 0, TPC 0, SM");
	ok_eq(rd32(&b, 0x504648), 9, "warp error: illegal instruction encoding");
	ok(strstr(b.last_log, "illegal instruction") && strstr(b.last_log, "ffffffffffffffff"),
	   "the log has the instruction");
	wr32(&b, 0x400108, 1 << 24);
	wr32(&b, 0x400100, 1 << 21);
	describe(&c, STORE, 1, 64, data_va(BACKING));
	launch(&c);
	ok(finish(&c) && !wrong(BACKING, 64, 0), "the next grid runs");
}

static void test_cancel(void)
{
	u64 va = FAULT_VA + 0xb0000, got;
	u32 info = 0, number;

	drain();
	describe(&c, STORE, 1, 32, va);
	launch(&c);
	number = fence(&c);
	ok(next_fault(&got, &info) && got == va, "a fault to be cancelled");
	invalidate(&b, 0, 0x1b | 0x7f << 9);
	sleep_ms(5);
	ok(!(rd32(&b, 0x00259c) & 1), "a cancel of another client does nothing");
	invalidate(&b, 0, 0x1b | (info >> 8 & 0x7f) << 9);
	ok(wait32(&b, 0x00259c, 1, 1), "a cancel of this client makes it fatal");
	ok(rd32(&b, 0x002804) == (u32)va && rd32(&b, 0x002808) == (u32)(va >> 32) &&
	   rd32(&b, 0x002800) == (u32)(c.t.inst >> 12), "unit 0 has address and context");
	replay();
	ok(!reached(&c, number, 100), "the channel is dead");
	wr32(&b, 0x00259c, 1);
}

static void test_without_replay(void)
{
	struct chan plain;
	u64 before = counter_get(b.gpu, CTR_FAULTS_REPLAYABLE);
	u32 number;

	chan_open_on(&plain, &b, 3, 0, 0);
	object(&plain);
	describe(&plain, PREFETCH, 1, 32, NOWHERE_VA);
	launch(&plain);
	ok(finish(&plain) && counter_get(b.gpu, CTR_FAULTS_REPLAYABLE) == before,
	   "without replayable faults a prefetch of nothing is nothing");
	describe(&plain, STORE, 1, 32, NOWHERE_VA);
	launch(&plain);
	number = fence(&plain);
	ok(wait32(&b, 0x00259c, 1, 1) && counter_get(b.gpu, CTR_FAULTS_REPLAYABLE) == before,
	   "without replayable faults the first one is fatal");
	ok(!reached(&plain, number, 50), "and ends the channel");
	wr32(&b, 0x00259c, 1);
	chan_open_on(&plain, &b, 4, 0, 0);
	object(&plain);
	mthd(&plain, GR, 0x2b4, (u32)(NOWHERE_VA >> 8));
	mthd(&plain, GR, 0x2bc, 3);
	kick(&plain);
	ok(wait32(&b, 0x00259c, 1, 1) && rd32(&b, 0x00280c) >> 20 & 1,
	   "a descriptor that is not mapped is a fault of the hub");
}

int main(int argc, char **argv)
{
	bench_open(&b, argc > 1 ? argv[1] : NULL, 128 << 20, NULL);
	tables_new(&bar2, &b, BAR2_TABLES, 0);
	for (u32 n = 0; n < 32; n++)
		map(&bar2, BUFFER_VA + n * 4096, 12, BUFFER + n * 4096, PTE_VRAM, 0);
	wr32(&b, 0x001714, 0x80000000 | (u32)(bar2.inst >> 12));
	wr32(&b, 0x002a74, 0);
	wr32(&b, 0x002a70, BUFFER_VA | 1);
	programs();
	for (u32 id = 1; id < 5; id++)
		sema_wr(&b, 0x8000 + 16 * id, 0);
	chan_open_on(&c, &b, 1, 0, REPLAY_FLAGS);
	object(&c);
	test_launch();
	test_first_touch();
	test_access_kinds();
	test_prefetch();
	test_vain_replay();
	test_two_channels();
	test_front_end();
	test_releases();
	test_warp_error();
	test_cancel();
	test_without_replay();
	bench_close(&b);
	return tap_done();
}
