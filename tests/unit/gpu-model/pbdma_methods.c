// SPDX-License-Identifier: MIT
/* The push buffer decoder: GPFIFO entries, method headers, what the driver is told. */
#include "mmu.h"
#include "pce_rig.h"

static struct bench b;
static struct chan c;

#define COPY	0xc1b5
#define SUB	4u

/*
 * The decoder is watched through the copy class: CE_SET_SEMAPHORE_A/B/PAYLOAD and a
 * launch of nothing but a release show which methods arrived with which data.
 */
static void expect(u32 at, u32 payload, const char *what)
{
	bool good = finish(&c);

	ok(good && sema_rd(&b, at) == payload, "%s", what);
	if (sema_rd(&b, at) != payload)
		printf("# word %x is %x, not %x\n", at, sema_rd(&b, at), payload);
}

static void headers(void)
{
	u64 va = sema_va(0x100);

	mthd(&c, SUB, 0, COPY);
	head(&c, INC, SUB, 0x240, 3);
	push(&c, (u32)(va >> 32));
	push(&c, (u32)va);
	push(&c, 0x1111);
	head(&c, IMMD, SUB, 0x300, 8);
	expect(0x100, 0x1111, "incrementing header, immediate launch");

	mthd(&c, SUB, 0x244, (u32)va + 4);
	head(&c, NON_INC, SUB, 0x248, 3);
	push(&c, 1);
	push(&c, 2);
	push(&c, 0x2222);
	head(&c, IMMD, SUB, 0x300, 8);
	expect(0x104, 0x2222, "non-incrementing header: the last word counts");

	head(&c, ONE_INC, SUB, 0x244, 4);
	push(&c, (u32)va + 8);
	push(&c, 1);
	push(&c, 2);
	push(&c, 0x3333);
	head(&c, IMMD, SUB, 0x300, 8);
	expect(0x108, 0x3333, "increment-once header");

	/* Old forms: address in b12:2, count in b28:18. */
	push(&c, 0u << 29 | 2u << 18 | SUB << 13 | 0x244);
	push(&c, (u32)va + 12);
	push(&c, 0x4444);
	head(&c, IMMD, SUB, 0x300, 8);
	expect(0x10c, 0x4444, "old incrementing header");
	push(&c, 2u << 29 | 2u << 18 | SUB << 13 | 0x248);
	push(&c, 7);
	push(&c, 0x5555);
	mthd(&c, SUB, 0x244, (u32)va + 16);
	head(&c, IMMD, SUB, 0x300, 8);
	expect(0x110, 0x5555, "old non-incrementing header");

	push(&c, 0);
	head(&c, INC, SUB, 0x248, 0);
	head(&c, IMMD, SUB, 0x248, 0x1abc);
	mthd(&c, SUB, 0x244, (u32)va + 20);
	head(&c, IMMD, SUB, 0x300, 8);
	expect(0x114, 0x1abc, "words of 0 and headers of no data pass, 13 bits of immediate data");
}

static void subdevices(void)
{
	u64 va = sema_va(0x200);

	mthd(&c, SUB, 0x244, (u32)va);
	mthd(&c, SUB, 0x248, 0x77);
	push(&c, 1u << 16 | 0x0020);	/* set mask: subdevice 1 only */
	mthd(&c, SUB, 0x248, 0x88);
	push(&c, 1u << 16 | 0xfff0);
	head(&c, IMMD, SUB, 0x300, 8);
	expect(0x200, 0x77, "methods for another subdevice are not ours");
	push(&c, 2u << 16 | 0x0020);	/* store mask, then use it */
	mthd(&c, SUB, 0x248, 0x99);
	push(&c, 3u << 16);
	mthd(&c, SUB, 0x248, 0xaa);
	push(&c, 1u << 16 | 0x0010);
	head(&c, IMMD, SUB, 0x300, 8);
	expect(0x200, 0x99, "a stored mask counts when it is used");
}

static void entries(void)
{
	u64 va = sema_va(0x300), pb;
	u32 at;

	/* One method, its header in one entry and its data in the next. */
	mthd(&c, SUB, 0x244, (u32)va);
	head(&c, INC, SUB, 0x248, 1);
	end_entry(&c);
	push(&c, 0xabcd);
	head(&c, IMMD, SUB, 0x300, 8);
	expect(0x300, 0xabcd, "data of a method may be in the next entry");

	/* Entries of no words, and the end of a segment before its length. */
	entry(&c, 0, 0, 0);
	mthd(&c, SUB, 0x248, 0x1234);
	head(&c, IMMD, SUB, 0x300, 8);
	push(&c, 7u << 29);
	mthd(&c, SUB, 0x248, 0x6666);
	head(&c, IMMD, SUB, 0x300, 8);
	end_entry(&c);
	expect(0x300, 0x1234, "END_PB_SEGMENT skips the rest of an entry");

	/* A push buffer over a page boundary. */
	at = 0x3000 - 8;
	pb = PUSH_AT + c.id * PUSH_SIZE;
	c.begin = c.at = at;
	mthd(&c, SUB, 0x248, 0x5678);
	for (int i = 0; i < 200; i++)
		push(&c, 0);
	head(&c, IMMD, SUB, 0x300, 8);
	expect(0x300, 0x5678, "a segment over a page boundary, longer than what is fetched ahead");
	ok_eq(userd(&c, 0x88), c.put, "GP_GET follows");
	ok_eq((long long)((u64)userd(&c, 0x60) << 32 | userd(&c, 0x44)), (long long)(VRAM_VA + pb + c.at),
	      "GET is where the push buffer ends");
}

static void ring(void)
{
	u64 before = counter_get(b.gpu, CTR_GPFIFO_ENTRIES);
	u32 n = 0;
	bool good = true;

	/* Three times round the ring, a few entries at a time. */
	while (n < 3 * GP_ENTRIES && good) {
		for (int i = 0; i < 100; i++, n++) {
			push(&c, 0);
			end_entry(&c);
		}
		good = finish(&c);
	}
	ok(good, "the ring wraps");
	ok(counter_get(b.gpu, CTR_GPFIFO_ENTRIES) - before >= n, "each entry was read");
	kick(&c);
	kick(&c);
	ok(finish(&c), "doorbells without work do nothing");
}

/* PBDMA's interrupt: the driver sees the method, and may let it pass. */
static void traps(void)
{
	const u32 intr = 0x040108, p = 0;

	wr32(&b, 0x04010c, ~0u);
	wr32(&b, 0x002140, ~0u);
	sema_wr(&b, 0x400, 0);
	mthd(&c, 7, 0, 0x906e);			/* a software class */
	mthd(&c, 7, 0x458, 0x1234);
	sema(&c, sema_va(0x400), 5, RELEASE_1);
	kick(&c);
	ok(wait32(&b, intr + p, 0x00800000, 0x00800000), "a class that no engine has: DEVICE interrupt");
	ok_eq(rd32(&b, 0x0400c0) & 0x7fffc, 7 << 16, "the subchannel and method");
	ok_eq(rd32(&b, 0x0400c4), 0x906e, "the data");
	ok_eq(rd32(&b, 0x040120), c.id, "the channel");
	ok_eq(rd32(&b, 0x0025a0) & 1, 1, "the PBDMA");
	ok_eq(rd32(&b, 0x002100) >> 29 & 1, 1, "PFIFO's interrupt");
	ok_eq(rd32(&b, 0x000100) >> 8 & 1, 1, "and PMC's");
	ok_eq(sema_rd(&b, 0x400), 0, "the channel waits");
	wr32(&b, 0x0400c0, 0x80600008);
	wr32(&b, intr, 0x00800000);
	wr32(&b, 0x0025a0, 1);
	ok(wait32(&b, intr, 0x00800000, 0x00800000), "the next method of the class traps as well");
	ok_eq(rd32(&b, 0x0400c0) & 0x7fffc, 7 << 16 | 0x458, "with its address");
	wr32(&b, intr, 0x00800000);
	wr32(&b, 0x0025a0, 1);
	ok(wait_sema(&b, 0x400, 5, 2000), "served, the channel goes on");
	ok_eq(rd32(&b, 0x002100) >> 29 & 1, 0, "and the interrupt is gone");

	mthd(&c, 0, 0x0c, 1);			/* no such host method */
	kick(&c);
	ok(wait32(&b, intr, 0x00200000, 0x00200000), "a host method that there is not: METHOD interrupt");
	wr32(&b, intr, 0x00200000);
	wr32(&b, 0x0025a0, 1);
	mthd(&c, 0, 0x70, 1);
	kick(&c);
	ok(wait32(&b, intr, 0x00200000, 0x00200000), "so is a syncpoint on a discrete GPU");
	wr32(&b, intr, 0x00200000);
	wr32(&b, 0x0025a0, 1);
	push(&c, 6u << 29);
	kick(&c);
	ok(wait32(&b, intr, 0x00040000, 0x00040000), "a header that there is not: PBENTRY interrupt");
	wr32(&b, intr, 0x00040000);
	wr32(&b, 0x0025a0, 1);
	entry(&c, 1, 0, 0);			/* opcode in the high word's low byte */
	((u32 *)vram(&b, GPFIFO_AT + c.id * 4096 + 8 * (c.put - 1)))[1] = 1;
	kick(&c);
	ok(wait32(&b, intr, 0x00008000, 0x00008000), "a control entry ILLEGAL: GPENTRY interrupt");
	wr32(&b, intr, 0x00008000);
	wr32(&b, 0x0025a0, 1);
	ok(finish(&c), "all served, the channel goes on");
}

/* SET_OBJECT of @class there: the DEVICE interrupt, served. */
static bool refused(u32 subc, u32 class)
{
	bool trapped;

	mthd(&c, subc, 0, class);
	kick(&c);
	trapped = wait32(&b, 0x040108, 0x00800000, 0x00800000);
	wr32(&b, 0x040108, 0x00800000);
	wr32(&b, 0x0025a0, 1);
	return trapped && finish(&c);
}

/* A subchannel's engine is fixed by its runlist; SET_OBJECT only asks whether it has the class. */
static void subchannels(void)
{
	struct chan d;

	pattern(vram(&b, DATA_AT), 4096, 5);
	ce_launch(&c, VRAM_VA + DATA_AT, VRAM_VA + DATA_AT + 65536, 0, 0, 4096, 1, L_COPY);
	ok(finish(&c) && !memcmp(vram(&b, DATA_AT), vram(&b, DATA_AT + 65536), 4096),
	   "subchannel 4 beside graphics copies without SET_OBJECT");
	head(&c, INC, 2, 0x180, 6);		/* inline-to-memory: 4 bytes */
	push(&c, 4);
	push(&c, 1);
	push(&c, (u32)((VRAM_VA + DATA_AT) >> 32));
	push(&c, (u32)(VRAM_VA + DATA_AT));
	push(&c, 0);
	push(&c, 0);
	mthd(&c, 2, 0x1b0, 0x1);
	mthd(&c, 2, 0x1b4, 0x5eed5eed);
	ok(finish(&c) && *(u32 *)vram(&b, DATA_AT) == 0x5eed5eed, "subchannel 2 uploads");
	for (u32 subc = 0; subc < 4; subc++) {
		static const u32 class[4] = { 0xc197, 0xc1c0, 0xa140, 0x902d };

		mthd(&c, subc, 0, class[subc]);
	}
	mthd(&c, CE, 0, 0xc1b5);
	ok(finish(&c), "each subchannel has its class");
	ok(refused(0, 0xc1b5), "subchannel 0 beside graphics does not copy: DEVICE interrupt");
	ok(refused(CE, 0xc197), "subchannel 4 draws nothing");
	ok(refused(5, 0xc1b5), "subchannels from 5 on are for software");

	chan_open_on(&d, &b, 8, 1, 0);
	pattern(vram(&b, DATA_AT), 4096, 6);
	head(&d, INC, 0, 0x400, 8);
	push(&d, (u32)((VRAM_VA + DATA_AT) >> 32));
	push(&d, (u32)(VRAM_VA + DATA_AT));
	push(&d, (u32)((VRAM_VA + DATA_AT + 65536) >> 32));
	push(&d, (u32)(VRAM_VA + DATA_AT + 65536));
	push(&d, 0);
	push(&d, 0);
	push(&d, 4096);
	push(&d, 1);
	mthd(&d, 0, 0x300, L_COPY);
	ok(finish(&d) && !memcmp(vram(&b, DATA_AT), vram(&b, DATA_AT + 65536), 4096),
	   "on a copy engine's own runlist every subchannel is the copy engine's");
}

/* MEM_OP: an invalidate from a push buffer; the others need nothing. */
static void mem_ops(void)
{
	u64 va = NOWHERE_VA, all = counter_get(b.gpu, CTR_TLB_INVALIDATES_ALL);
	struct mmu_space space;
	u32 v = 0;

	mmu_space_load(b.gpu, APERTURE_VRAM, c.t.inst, &space);
	phys_wr32(&b, DATA_AT, 0xaaaa);
	phys_wr32(&b, DATA_AT + 4096, 0xbbbb);
	map(&c.t, va, 12, DATA_AT, PTE_VRAM, 0);
	mmu_read(b.gpu, &space, MMU_CLIENT_CE, va, &v, 4, NULL);
	map(&c.t, va, 12, DATA_AT + 4096, PTE_VRAM, 0);
	head(&c, INC, 0, 0x28, 4);
	push(&c, 0);
	push(&c, 0);
	push(&c, (u32)c.t.pd3);
	push(&c, 9u << 27 | (u32)(c.t.pd3 >> 32));
	finish(&c);
	mmu_read(b.gpu, &space, MMU_CLIENT_CE, va, &v, 4, NULL);
	ok_eq(v, 0xbbbb, "MEM_OP: an invalidate of one page directory");
	for (u32 op = 5; op <= 0x15; op++) {
		if (op == 5 || (op >= 0xd && op <= 0x10) || op == 0x15)
			mthd(&c, 0, 0x34, op << 27);
	}
	ok(finish(&c), "MEM_OP: membars and L2 operations pass");
	ok_eq((long long)(counter_get(b.gpu, CTR_TLB_INVALIDATES_ALL) - all), 0, "and invalidate nothing");
	phys_wr64(&b, pte_at(&c.t, va, 12), 0);
	invalidate(&b, c.t.pd3, 1);
}

static void fetch_faults(void)
{
	struct chan d;

	chan_open_on(&d, &b, 9, 1, 0);
	entry(&d, NOWHERE_VA, 4, 0);
	kick(&d);
	ok(wait32(&b, 0x002100, BIT(28), BIT(28)), "a push buffer that is not mapped: fatal fault");
	ok_eq(rd32(&b, 0x00259c), 1u << 8, "of HOST2, the PBDMA of runlist 1");
	ok_eq(rd32(&b, 0x002800 + 16 * 8), (u32)(d.t.inst >> 12), "with the instance block");
	ok_eq(rd32(&b, 0x002804 + 16 * 8), (u32)NOWHERE_VA, "and the address");
	wr32(&b, 0x00259c, 1u << 8);
	ok_eq(rd32(&b, 0x002100) >> 28 & 1, 0, "acknowledged by 00259c");
	kick(&d);
	ok(finish(&c), "other channels do not care");
}

int main(void)
{
	static const char *const opts[] = { "delay", "20", "delay-every", "4", NULL };

	bench_open(&b, "gp104", 128u << 20, opts);
	chan_open_on(&c, &b, 3, 0, 0);
	headers();
	subdevices();
	entries();
	ring();
	traps();
	subchannels();
	mem_ops();
	fetch_faults();
	bench_close(&b);
	return tap_done();
}
