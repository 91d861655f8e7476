// SPDX-License-Identifier: MIT
/*
 * Every form of a launch, byte for byte: against a model of the copy written here,
 * with guards of unlike bytes round the destination.
 */
#include "pce_rig.h"

#define SRC	(DATA_AT)
#define DST	(DATA_AT + (4u << 20))
#define SPAN	(256u << 10)

static struct bench b;
static struct chan c;
static u8 want[SPAN];

static void prepare(void)
{
	pattern(vram(&b, SRC), SPAN, 1);
	memset(vram(&b, DST), 0xcc, SPAN);
	memset(want, 0xcc, SPAN);
}

/* What the destination must look like after a copy of lines. */
static void model_lines(u32 src_at, u32 dst_at, u32 pitch_in, u32 pitch_out, u32 length, u32 lines)
{
	for (u32 l = 0; l < lines; l++)
		memcpy(want + dst_at + l * pitch_out, vram(&b, SRC) + src_at + l * pitch_in, length);
}

static void check(const u8 *got, const char *name)
{
	bool good = finish(&c);
	size_t i = 0;

	while (i < SPAN && got[i] == want[i])
		i++;
	ok(good && i == SPAN, "%s", name);
	if (i < SPAN)
		printf("# at %zx: %02x, not %02x\n", i, got[i], want[i]);
}

static void plain(u32 length, u32 src_at, u32 dst_at)
{
	prepare();
	model_lines(src_at, dst_at, 0, 0, length, 1);
	ce_launch(&c, VRAM_VA + SRC + src_at, VRAM_VA + DST + dst_at, 0x4000, 0x4000, length, 77, L_COPY);
	check(vram(&b, DST), "one line; the line count of before does not matter");
	printf("# %u bytes from +%x to +%x\n", length, src_at, dst_at);
}

static void lines(u32 pitch_in, u32 pitch_out, u32 length, u32 nr)
{
	prepare();
	model_lines(3, 5, pitch_in, pitch_out, length, nr);
	ce_launch(&c, VRAM_VA + SRC + 3, VRAM_VA + DST + 5, pitch_in, pitch_out, length, nr, L_COPY | L_MULTI);
	check(vram(&b, DST), "several lines with pitch");
	printf("# %u lines of %u, pitch %u to %u\n", nr, length, pitch_in, pitch_out);
}

static void physical(void)
{
	prepare();
	model_lines(0, 0, 0, 0, 8192, 1);
	mthd(&c, CE, 0x260, 0);
	mthd(&c, CE, 0x264, 0);
	ce_launch(&c, SRC, DST, 0, 0, 8192, 1, L_COPY | L_SRC_PHYS | L_DST_PHYS);
	check(vram(&b, DST), "physical, VRAM to VRAM");

	prepare();
	model_lines(0, 0, 0, 0, 12345, 1);
	memset(b.ram, 0xcc, SPAN);
	mthd(&c, CE, 0x264, 1);
	ce_launch(&c, SRC, 0, 0, 0, 12345, 1, L_COPY | L_SRC_PHYS | L_DST_PHYS);
	check(b.ram, "physical, VRAM to coherent memory");

	prepare();
	pattern(b.ram, SPAN, 9);
	memcpy(want + 100, b.ram + 50, 20000);
	mthd(&c, CE, 0x260, 2);
	mthd(&c, CE, 0x264, 0);
	ce_launch(&c, 50, DST + 100, 0, 0, 20000, 1, L_COPY | L_SRC_PHYS | L_DST_PHYS);
	check(vram(&b, DST), "physical, non-coherent memory to VRAM");

	prepare();
	pattern(b.ram, SPAN, 4);
	memcpy(want, b.ram, 4096 * 3);
	ce_launch(&c, SYS_VA, DST, 0, 0, 4096 * 3, 1, L_COPY | L_DST_PHYS);
	check(vram(&b, DST), "virtual source, physical destination");
}

/* As nouveau clears device memory: two components of 4 bytes, length in elements. */
static void fill(void)
{
	prepare();
	for (u32 i = 0; i < 512; i++) {
		memcpy(want + 8 * i, &(u32){ 0x11223344 }, 4);
		memcpy(want + 8 * i + 4, &(u32){ 0x55667788 }, 4);
	}
	mthd(&c, CE, 0x700, 0x11223344);
	mthd(&c, CE, 0x704, 0x55667788);
	mthd(&c, CE, 0x708, 4 | 5 << 4 | 3 << 16 | 1 << 24);
	ce_launch(&c, NOWHERE_VA, VRAM_VA + DST, 0, 0, 512, 9, L_COPY | L_REMAP);
	check(vram(&b, DST), "fill with two constants of 4 bytes; the source is not looked at");

	prepare();
	for (u32 l = 0; l < 3; l++) {
		for (u32 i = 0; i < 1000; i++)
			memcpy(want + 1 + l * 5000 + 3 * i, "\x44\x44\x88", 3);
	}
	mthd(&c, CE, 0x708, 4 | 4 << 4 | 5 << 8 | 0 << 16 | 2 << 24);
	ce_launch(&c, NOWHERE_VA, VRAM_VA + DST + 1, 0, 5000, 1000, 3, L_COPY | L_REMAP | L_MULTI);
	check(vram(&b, DST), "fill of several lines, elements of 3 bytes that cross pages");
}

static void remap(void)
{
	const u8 *src = vram(&b, SRC);

	/* Four bytes RGBA become BGR and a byte that stays. */
	prepare();
	for (u32 i = 0; i < 3000; i++) {
		want[7 + 4 * i + 0] = src[4 * i + 2];
		want[7 + 4 * i + 1] = src[4 * i + 1];
		want[7 + 4 * i + 2] = src[4 * i + 0];
	}
	mthd(&c, CE, 0x708, 2 | 1 << 4 | 0 << 8 | 6 << 12 | 0 << 16 | 3 << 20 | 3 << 24);
	ce_launch(&c, VRAM_VA + SRC, VRAM_VA + DST + 7, 0, 0, 3000, 1, L_COPY | L_REMAP);
	check(vram(&b, DST), "remap swaps, and a component not written");

	/* One component of 2 bytes becomes two, the second a constant. */
	prepare();
	for (u32 l = 0; l < 4; l++) {
		for (u32 i = 0; i < 100; i++) {
			memcpy(want + l * 1024 + 4 * i, src + l * 333 + 2 * i, 2);
			memcpy(want + l * 1024 + 4 * i + 2, "\x44\x33", 2);
		}
	}
	mthd(&c, CE, 0x708, 0 | 4 << 4 | 1 << 16 | 0 << 20 | 1 << 24);
	ce_launch(&c, VRAM_VA + SRC, VRAM_VA + DST, 333, 1024, 100, 4, L_COPY | L_REMAP | L_MULTI);
	check(vram(&b, DST), "remap widens, lines by pitch");
}

static void release(void)
{
	u64 va = sema_va(0x100);

	prepare();
	model_lines(0, 0, 0, 0, 4096, 1);
	for (u32 i = 0; i < 16; i += 4)
		sema_wr(&b, 0x100 + i, 0xeeeeeeee);
	mthd(&c, CE, 0x240, (u32)(va >> 32));
	mthd(&c, CE, 0x244, (u32)va);
	mthd(&c, CE, 0x248, 42);
	ce_launch(&c, VRAM_VA + SRC, VRAM_VA + DST, 0, 0, 4096, 1, L_COPY | L_SEMA_1);
	kick(&c);
	ok(wait_sema(&b, 0x100, 42, 2000), "release of one word after the copy");
	ok(!memcmp(vram(&b, DST), want, SPAN), "the bytes are there when it is");
	ok_eq(sema_rd(&b, 0x104), 0xeeeeeeee, "no more than one word");
	mthd(&c, CE, 0x248, 43);
	mthd(&c, CE, 0x300, L_SEMA_4);
	kick(&c);
	ok(wait_sema(&b, 0x100, 43, 2000) && !sema_rd(&b, 0x104) && sema_rd(&b, 0x108) != 0xeeeeeeee,
	   "release of four words without a copy");
	mthd(&c, CE, 0x248, 7);
	mthd(&c, CE, 0x300, L_SEMA_1 | 5u << 14 | BIT(19));
	finish(&c);
	ok_eq(sema_rd(&b, 0x100), 50, "reduction ADD");
	sema_wr(&b, 0x100, 0x3fc00000);		/* 1.5 */
	mthd(&c, CE, 0x248, 0x40100000);	/* 2.25 */
	mthd(&c, CE, 0x300, L_SEMA_1 | 10u << 14 | BIT(19));
	finish(&c);
	ok_eq(sema_rd(&b, 0x100), 0x40700000, "reduction FADD: 3.75");
}

static void sparse(void)
{
	prepare();
	phys_wr64(&b, pte_at(&c.t, NOWHERE_VA + (1u << 30), 21), 8);
	memset(want, 0, 6000);
	ce_launch(&c, NOWHERE_VA + (1u << 30), VRAM_VA + DST, 0, 0, 6000, 1, L_COPY);
	check(vram(&b, DST), "a sparse source reads as zeros");
	prepare();
	ce_launch(&c, VRAM_VA + SRC, NOWHERE_VA + (1u << 30), 0, 0, 6000, 1, L_COPY);
	check(vram(&b, DST), "a sparse destination takes writes and keeps none");
}

static void nothing(void)
{
	u64 launches = counter_get(b.gpu, CTR_CE_LAUNCHES);

	prepare();
	ce_launch(&c, VRAM_VA + SRC, VRAM_VA + DST, 0, 0, 0, 1, L_COPY);
	check(vram(&b, DST), "no bytes");
	ce_launch(&c, VRAM_VA + SRC, VRAM_VA + DST, 64, 64, 64, 0, L_COPY | L_MULTI);
	check(vram(&b, DST), "no lines");
	ce_launch(&c, NOWHERE_VA, NOWHERE_VA, 0, 0, 64, 1, 0);
	check(vram(&b, DST), "no transfer");
	ok_eq((long long)(counter_get(b.gpu, CTR_CE_LAUNCHES) - launches), 2, "counted: transfers");
}

static void errors(u32 inst)
{
	wr32(&b, 0x10440c + 0x80 * inst, 7);
	prepare();
	ce_launch(&c, VRAM_VA + SRC, VRAM_VA + DST, 0, 0, 64, 1, 2 | BIT(7));
	check(vram(&b, DST), "a block-linear destination is not modelled: nothing is written");
	ok_eq(rd32(&b, 0x104410 + 0x80 * inst), 4, "LAUNCHERR instead");
	ok(rd32(&b, 0x104418 + 0x80 * inst), "with a reason");
	wr32(&b, 0x104410 + 0x80 * inst, 4);
	ok_eq(rd32(&b, 0x104410 + 0x80 * inst), 0, "write 1 to clear");
	ce_launch(&c, VRAM_VA + SRC, VRAM_VA + DST, 0, 0, 64, 1, L_COPY | 1u << 5);
	finish(&c);
	ok_eq(rd32(&b, 0x104410 + 0x80 * inst), 1, "blocking interrupt");
	ce_launch(&c, VRAM_VA + SRC, VRAM_VA + DST, 0, 0, 64, 1, L_COPY | 2u << 5);
	finish(&c);
	ok_eq(rd32(&b, 0x104410 + 0x80 * inst), 3, "non-blocking interrupt");
}

/* The time of a card: 12 GB/s at most over the link, 366 inside of it. */
static void accounting(void)
{
	u64 ns = counter_get(b.gpu, CTR_CE_CARD_NS), sys = counter_get(b.gpu, CTR_CE_BYTES_SYS_TO_VRAM);
	u64 in = counter_get(b.gpu, CTR_CE_RUNS_SYS_TO_VRAM), out = counter_get(b.gpu, CTR_CE_RUNS_VRAM_TO_SYS);
	u64 busy = counter_get(b.gpu, CTR_BUSY_NS);

	ce_launch(&c, SYS_VA, VRAM_VA + DST, 0, 0, 2 << 20, 1, L_COPY);
	finish(&c);
	ns = counter_get(b.gpu, CTR_CE_CARD_NS) - ns;
	ok_eq((long long)(counter_get(b.gpu, CTR_CE_BYTES_SYS_TO_VRAM) - sys), 2 << 20, "bytes by direction");
	ok_eq((long long)(counter_get(b.gpu, CTR_CE_RUNS_SYS_TO_VRAM) - in), 1, "a run in that direction");
	ok_eq((long long)(counter_get(b.gpu, CTR_CE_RUNS_VRAM_TO_SYS) - out), 0, "none in the other");
	for (int i = 0; i < 5000 && counter_get(b.gpu, CTR_BUSY_NS) == busy; i++)
		sleep_ms(1);		/* it is counted at the end of a slice */
	ok(counter_get(b.gpu, CTR_BUSY_NS) > busy, "and the time in which engines were busy");
	ok(ns > 174000 && ns < 177000, "2 MiB over PCIe take a card 175 us");
	printf("# %llu ns\n", (unsigned long long)ns);
}

int main(int argc, char **argv)
{
	const char *chip = argc > 1 ? argv[1] : "gp104";
	static const char *const opts[] = { "delay", "0", NULL };

	bench_open(&b, chip, 128u << 20, opts);
	chan_open_on(&c, &b, 5, 1, 0);
	ce_object(&c, b.gpu->chip->copy_class);
	plain(1, 0, 0);
	plain(4096, 0, 0);
	plain(4096, 100, 3000);
	plain(200000, 1, 2);
	lines(300, 500, 300, 20);
	lines(4096, 4096, 4096, 50);
	lines(64, 64, 100, 30);
	lines(0, 128, 128, 10);
	physical();
	fill();
	remap();
	release();
	sparse();
	nothing();
	errors(1);
	accounting();
	bench_close(&b);
	return tap_done();
}
