// SPDX-License-Identifier: MIT
/* SEC2, PMU and FECS from the driver's side of their registers. */
#include "page_tables.h"

#define SEC2	0x087000u
#define PMU	0x10a000u
#define EMEM	0x01000000u
#define DATA_VA	0x200000u
#define DATA	0x600000u	/* VRAM behind it */
#define WPR	0x1000000u
#define SHADOW	0x1200000u
#define WPR_LEN	0x40000u

static struct bench b;
static struct tables t;

static u32 frd(u32 base, u32 off)
{
	return rd32(&b, base + off);
}

static void fwr(u32 base, u32 off, u32 v)
{
	wr32(&b, base + off, v);
}

static void reset(u32 base)
{
	fwr(base, 0x3c0, 1);
	fwr(base, 0x3c0, 0);
}

static void bind(u32 base, u32 reg)
{
	fwr(base, reg, 1u << 30 | (u32)(t.inst >> 12));
}

static void test_ports(void)
{
	fwr(SEC2, 0x1c0, 0x1000 | 1u << 24);
	for (u32 i = 0; i < 4; i++)
		fwr(SEC2, 0x1c4, 0x100 + i);
	ok_eq(frd(SEC2, 0x1c0) & 0xffffff, 0x1010, "a data port steps on writes");
	fwr(SEC2, 0x1c8, 0x1004 | 1u << 25);
	ok(frd(SEC2, 0x1cc) == 0x101 && frd(SEC2, 0x1cc) == 0x102, "another port reads them back");
	fwr(SEC2, 0x1c0, 0x1000);
	ok(frd(SEC2, 0x1c4) == 0x100 && frd(SEC2, 0x1c4) == 0x100, "without the step bit it stays");
	fwr(SEC2, 0xac0, 0x20 | 1u << 24);
	fwr(SEC2, 0xac4, 0xe);
	fwr(SEC2, 0xac0, 0x20);
	ok_eq(frd(SEC2, 0xac4), 0xe, "external memory has ports too");
	fwr(SEC2, 0x1c0, 0xfffffc | 1u << 24);
	fwr(SEC2, 0x1c4, 1);
	fwr(SEC2, 0x1c4, 2);
	ok_eq(frd(SEC2, 0x10c) & 6, 0, "an offset beyond the memory wraps and harms nothing");
}

/* The boot descriptor in DMEM: the data segment's address is at 40. */
static void put_descriptor(u32 base, u64 data_va)
{
	fwr(base, 0x1c0, 0x40 | 1u << 24);
	fwr(base, 0x1c4, (u32)data_va);
	fwr(base, 0x1c4, (u32)(data_va >> 32));
}

static void start(u32 base)
{
	fwr(base, 0x040, 0xcafebeef);
	fwr(base, 0x104, 0);
	fwr(base, frd(base, 0x100) & 1u << 6 ? 0x130 : 0x100, 2);
}

static u32 wpr_start(void)
{
	wr32(&b, 0x100cd4, 2);
	return rd32(&b, 0x100cd4) & 0xffffff00;
}

static u32 wpr_last(void)
{
	wr32(&b, 0x100cd4, 3);
	return rd32(&b, 0x100cd4) & 0xffffff00;
}

static void test_acr_on_sec2(void)
{
	reset(SEC2);
	bind(SEC2, 0x054);
	ok(frd(SEC2, 0x008) & 8 && (frd(SEC2, 0x0dc) >> 12 & 7) == 5, "SEC2: an instance block is bound");
	fwr(SEC2, 0x058, 2);
	ok_eq(frd(SEC2, 0x0dc) >> 12 & 7, 0, "SEC2: and acknowledged");
	put_descriptor(SEC2, DATA_VA);
	start(SEC2);
	ok(frd(SEC2, 0x100) & 1 << 4 && frd(SEC2, 0x040), "ACR: a descriptor without a region is an error");
	ok_eq(wpr_last(), 0, "ACR: and protects nothing");
	phys_wr32(&b, DATA + 0x220, WPR >> 8);
	phys_wr32(&b, DATA + 0x224, (WPR + WPR_LEN) >> 8);
	phys_wr32(&b, DATA + 0x238, SHADOW >> 8);
	phys_wr32(&b, SHADOW + 0x1234, 0x1337);
	reset(SEC2);
	bind(SEC2, 0x054);
	put_descriptor(SEC2, DATA_VA);
	start(SEC2);
	ok(frd(SEC2, 0x100) & 1 << 4 && frd(SEC2, 0x040) == 0, "ACR: runs to its end and reports success");
	ok_eq(wpr_start(), WPR >> 8, "ACR: start of the region");
	ok_eq(wpr_last() + 0x200, (WPR + WPR_LEN) >> 8, "ACR: its last 128 KiB");
	ok_eq(phys_rd32(&b, WPR + 0x1234), 0x1337, "ACR: images are copied there");
	ok(frd(SEC2, 0x100) & 1 << 6, "ACR: SEC2 is secure now");
}

static u32 emem(u32 at)
{
	fwr(SEC2, 0xac8, at - EMEM);
	return frd(SEC2, 0xacc);
}

static u32 head, tail;

static void emem_put(u32 at, const u32 *words, u32 n)
{
	fwr(SEC2, 0xac0, (at - EMEM) | 1u << 24);
	for (u32 i = 0; i < n; i++)
		fwr(SEC2, 0xac4, words[i]);
}

/*
 * As a driver does: words at the head, then the head register. Where they do not fit
 * before the end, a rewind command goes there, and the words at the start.
 */
static void send(const u32 *words, u32 n)
{
	u32 at = frd(SEC2, 0xa00);

	if (at + 4 * n > EMEM + 0x80 - 4) {
		emem_put(at, (const u32[]){ 0x00030400 }, 1);
		at = EMEM;
	}
	emem_put(at, words, n);
	fwr(SEC2, 0xa00, at + 4 * n);
}

static void test_sec2_firmware(void)
{
	static const u32 bootstrap[4] = { 0x07031008, 0, 1, 2 }, unload = 0x08030406;

	fwr(SEC2, 0x014, ~0u);
	start(SEC2);
	head = frd(SEC2, 0xa30);
	tail = frd(SEC2, 0xa34);
	ok(!(frd(SEC2, 0x100) & 1 << 4) && head - tail == 32, "SEC2: its firmware starts and sends a message");
	ok((frd(SEC2, 0x008) & frd(SEC2, 0x018) & frd(SEC2, 0x01c)) & 0x40, "SEC2: and interrupts");
	ok(rd32(&b, 0x000100) & 1u << 15, "SEC2: on the line of the device info table");
	ok((emem(tail) & 0xffff) == 0x2001 && emem(tail + 8) == frd(SEC2, 0xa00), "SEC2: it says where its queues are");
	fwr(SEC2, 0x004, 0x40);
	ok(frd(SEC2, 0x008) & 0x40, "SEC2: the interrupt stays while a message waits");
	fwr(SEC2, 0xa34, head);
	fwr(SEC2, 0x004, 0x40);
	ok(!(frd(SEC2, 0x008) & 0x40), "SEC2: and goes when it has been taken");
	ok_eq(frd(SEC2, 0x004), 0, "SEC2: the clear register reads zero");
	send(bootstrap, 4);
	ok(wait32(&b, SEC2 + 0x008, 0x40, 0x40), "SEC2: a command is answered");
	fwr(SEC2, 0x01c, 0x400040);
	ok(!(rd32(&b, 0x000100) & 1u << 15), "SEC2: an interrupt routed elsewhere is not on that line");
	fwr(SEC2, 0x01c, 0x50);
	ok(emem(head) == bootstrap[0] && emem(head + 8) == 0 && emem(head + 12) == 2,
	   "SEC2: with unit, sequence number, no error, falcon");
	ok(rd32(&b, 0x409100) & 1 << 4, "FECS is loaded and waits");
	fwr(SEC2, 0xa34, frd(SEC2, 0xa30));
	fwr(SEC2, 0x004, 0x40);
	send((const u32[]){ 0x0b031008, 0, 1, 9 }, 4);
	head = frd(SEC2, 0xa34);
	ok(wait32(&b, SEC2 + 0x008, 0x40, 0x40) && emem(head + 8) != 0, "SEC2: a falcon that does not exist is an error");
	fwr(SEC2, 0xa34, frd(SEC2, 0xa30));
	fwr(SEC2, 0x004, 0x40);
	send(&unload, 1);
	ok(wait32(&b, SEC2 + 0x100, 0x10, 0x10), "SEC2: unload halts it");
}

/* Commands and messages for several rounds of both rings. */
static void test_sec2_rings(void)
{
	u32 good = 0;

	wr32(&b, 0x000200, ~0u);
	wr32(&b, 0x000200, ~(1u << 14));
	wr32(&b, 0x000200, ~0u);
	ok(!(frd(SEC2, 0x100) & 1 << 6), "a reset by PMC takes SEC2's security");
	bind(SEC2, 0x054);
	put_descriptor(SEC2, DATA_VA);
	start(SEC2);
	start(SEC2);
	fwr(SEC2, 0xa34, frd(SEC2, 0xa30));
	fwr(SEC2, 0x004, 0x40);
	for (u32 i = 0; i < 40; i++) {
		u32 at = frd(SEC2, 0xa34), c[4] = { 0x00031008 | i << 24, 0, 1, 2 + (i & 1) };

		send(c, 4);
		if (!wait32(&b, SEC2 + 0x008, 0x40, 0x40))
			break;
		if (frd(SEC2, 0xa30) < at)
			at = EMEM + 0x80;
		good += emem(at) == c[0] && emem(at + 12) == c[3];
		fwr(SEC2, 0xa34, frd(SEC2, 0xa30));
		fwr(SEC2, 0x004, 0x40);
	}
	ok_eq(good, 40, "forty commands, each answered, through both rings' ends");
}

/* A driver that does not fetch its messages: none is overwritten, and none is lost. */
static void test_sec2_full(void)
{
	u32 sent = 0, got = 0, at;

	/* eight answers are a whole ring, and it does not begin at its start */
	ok(frd(SEC2, 0xa34) != EMEM + 0x80, "the message ring is somewhere in its middle");
	for (u32 i = 0; i < 8; i++, sent++) {
		send((const u32[4]){ 0x00031008 | (0x80 + i) << 24, 0, 1, 2 }, 4);
		if (i == 3)
			wait32(&b, SEC2 + 0xa04, ~0u, frd(SEC2, 0xa00));
	}
	sleep_ms(50);
	for (int turn = 0; turn < 200 && got < sent; turn++) {
		at = frd(SEC2, 0xa34);
		head = frd(SEC2, 0xa30);
		if (head < at)
			at = EMEM + 0x80;
		for (; at < head; at += 16)
			got += emem(at) >> 24 == 0x80 + got;
		fwr(SEC2, 0xa34, head);
		fwr(SEC2, 0x004, 0x40);
		sleep_ms(2);
	}
	ok_eq(got, sent, "answers that do not fit wait until there is room");
}

static void test_pmu(void)
{
	reset(PMU);
	start(PMU);
	ok(frd(PMU, 0x100) & 1 << 4 && frd(PMU, 0x040) == 0x1d, "PMU: the unloader reports 1d");
	ok_eq(wpr_last(), 0, "PMU: nothing is protected any more");
}

static u32 fecs(u32 method, u32 data)
{
	wr32(&b, 0x409800, 0);
	wr32(&b, 0x409804, ~0u);
	wr32(&b, 0x409500, data);
	wr32(&b, 0x409504, method);
	return rd32(&b, 0x409800);
}

static void test_fecs(void)
{
	wr32(&b, 0x409800, 0);
	wr32(&b, 0x409130, 2);
	ok(rd32(&b, 0x409800) & 1, "FECS: up after its start");
	ok(fecs(0x10, 0) >= 0x100, "FECS: size of a context image");
	ok(fecs(0x16, 0) && fecs(0x25, 0), "FECS: sizes of the smaller ones");
	ok(fecs(0x03, 0x80000123) & 1 << 4 && rd32(&b, 0x409b00) == 0x80000123, "FECS: a context is bound");
	ok(fecs(0x09, 0x80000123) & 1, "FECS: the golden image is saved");
	fecs(0x38, ~0u);
	ok_eq(rd32(&b, 0x409804), 1, "FECS: context switches stop");
	fecs(0x39, ~0u);
	ok_eq(rd32(&b, 0x409804), 1, "FECS: and go on");
	wr32(&b, 0x409800, 0xff);
	wr32(&b, 0x409840, 0x0f);
	wr32(&b, 0x409820, 0x100);
	ok_eq(rd32(&b, 0x409800), 0x1f0, "FECS: mailboxes can be set and cleared by bits");
	wr32(&b, 0x404170, 0x12);
	ok_eq(rd32(&b, 0x404170) & 0x10, 0, "a change of the power mode is over when it is asked about");
}

/* GP100: ACR runs on the PMU and boots the others itself. */
static void test_gp100(void)
{
	bench_close(&b);
	bench_open(&b, "gp100", 64 << 20, NULL);
	tables_new(&t, &b, 8 << 20, 0);
	map(&t, DATA_VA, 12, DATA, PTE_VRAM, 0);
	phys_wr32(&b, DATA + 0x210, (u32)((b.gpu->vram_size - 4096) >> 8));
	phys_wr32(&b, DATA + 0x214, (u32)((b.gpu->vram_size + 4096) >> 8));
	bind(PMU, 0x480);
	put_descriptor(PMU, DATA_VA);
	start(PMU);
	ok_eq(wpr_last(), 0, "GP100: a region that does not lie in VRAM is not protected");
	phys_wr32(&b, DATA + 0x210, WPR >> 8);
	phys_wr32(&b, DATA + 0x214, (WPR + WPR_LEN) >> 8);
	start(PMU);
	ok(frd(PMU, 0x100) & 1 << 4 && frd(PMU, 0x040) == 0, "GP100: the loader runs on the PMU");
	ok_eq(wpr_start(), WPR >> 8, "GP100: the region is protected");
	ok(rd32(&b, 0x409100) & 1 << 6 && rd32(&b, 0x41a100) & 1 << 6, "GP100: FECS and GPCCS are loaded");
}

int main(void)
{
	bench_open(&b, NULL, 64 << 20, NULL);
	tables_new(&t, &b, 8 << 20, 0);
	map(&t, DATA_VA, 12, DATA, PTE_VRAM, 0);
	test_ports();
	test_acr_on_sec2();
	test_sec2_firmware();
	test_sec2_rings();
	test_sec2_full();
	test_pmu();
	test_fecs();
	test_gp100();
	bench_close(&b);
	return tap_done();
}
