// SPDX-License-Identifier: MIT
/* BAR1, BAR2 and PRAMIN: several views of the same bytes. */
#include "memory.h"
#include "page_tables.h"

#define TARGET	0x300000u	/* VRAM behind the mapping */

static struct bench b;
static struct tables t;

static void test_physical_mode(void)
{
	phys_wr32(&b, TARGET, 0x12345678);
	ok_eq(bar_rd32(&b, GPU_BAR1, TARGET), 0x12345678, "BAR1 is VRAM itself before it is bound");
	ok_eq(bar_rd32(&b, GPU_BAR2, TARGET), 0x12345678, "and so is BAR2");
}

static void test_same_bytes(void)
{
	map(&t, 0x10000, 12, TARGET, PTE_VRAM, 0);
	wr32(&b, 0x001714, 0x80000000 | (u32)(t.inst >> 12));
	ok_eq(rd32(&b, 0x001710) & 0xf, 0, "a bind is over when it is asked about");
	bar_wr32(&b, GPU_BAR2, 0x10010, 0xcafe0001);
	ok_eq(phys_rd32(&b, TARGET + 0x10), 0xcafe0001, "what is written through BAR2 is seen through PRAMIN");
	phys_wr32(&b, TARGET + 0x20, 0xcafe0002);
	ok_eq(bar_rd32(&b, GPU_BAR2, 0x10020), 0xcafe0002, "and the other way round");
}

static void test_widths(void)
{
	static const u8 bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	u8 got[16] = { 0 };

	for (u32 len = 1; len <= 8; len *= 2) {
		memset(got, 0, sizeof(got));
		gpu_region_write(b.gpu, GPU_BAR2, 0x10100, bytes, len);
		gpu_region_read(b.gpu, GPU_BAR2, 0x10100, got, len);
		ok(!memcmp(got, bytes, len), "an access of %u bytes", len);
	}
	map(&t, 0x11000, 12, TARGET + 0x8000, PTE_VRAM, 0);
	gpu_region_write(b.gpu, GPU_BAR2, 0x10ff8, bytes, 16);
	ok(phys_rd64(&b, TARGET + 0xff8) == 0x0807060504030201ull && phys_rd64(&b, TARGET + 0x8000) == 0x100f0e0d0c0b0a09ull,
	   "an access across two pages that do not lie together");
}

static void test_guest_ram(void)
{
	map(&t, 0x20000, 12, 0x5000, PTE_COH, 0);
	bar_wr32(&b, GPU_BAR2, 0x20004, 0x600df00d);
	ok(!memcmp(b.ram + 0x5004, "\x0d\xf0\x0d\x60", 4), "a BAR may show guest RAM");
	map(&t, 0x21000, 12, (u64)RAM_SIZE << 8, PTE_COH, 0);
	ok_eq(bar_rd32(&b, GPU_BAR2, 0x21000), 0xffffffff, "an address that is no guest RAM reads as ones");
}

static void test_unmapped(void)
{
	u64 faults = counter_get(b.gpu, CTR_BAR_FAULTS);

	wr32(&b, 0x00259c, 0xffffffff);
	ok_eq(bar_rd32(&b, GPU_BAR2, 0x1000000), 0xffffffff, "an address that is not mapped reads as ones");
	ok_eq((long long)(counter_get(b.gpu, CTR_BAR_FAULTS) - faults), 1, "it is counted");
	ok_eq(rd32(&b, 0x00259c), 1 << 5, "and reported as a fault of BAR2");
	ok(rd32(&b, 0x002854) == 0x1000000 && rd32(&b, 0x002858) == 0, "with its address");
	ok(rd32(&b, 0x002100) & 1u << 28, "PFIFO's MMU fault interrupt is pending");
	wr32(&b, 0x00259c, 1 << 5);
	ok(!(rd32(&b, 0x002100) & 1u << 28), "until the unit's bit is cleared");
}

static void test_sparse(void)
{
	phys_wr64(&b, pte_at(&t, 0x30000, 12), 1u << 3);
	bar_wr32(&b, GPU_BAR2, 0x30000, 5);
	ok_eq(bar_rd32(&b, GPU_BAR2, 0x30000), 0, "sparse memory swallows a write and reads as zero");
}

static void test_stale(void)
{
	phys_wr32(&b, TARGET, 0xa);
	phys_wr32(&b, TARGET + 0x1000, 0xb);
	map(&t, 0x40000, 12, TARGET, PTE_VRAM, 0);
	ok_eq(bar_rd32(&b, GPU_BAR2, 0x40000), 0xa, "a mapping is used");
	map(&t, 0x40000, 12, TARGET + 0x1000, PTE_VRAM, 0);
	ok_eq(bar_rd32(&b, GPU_BAR2, 0x40000), 0xa, "BAR2 has a TLB too");
	invalidate(&b, t.pd3, 5);
	ok_eq(bar_rd32(&b, GPU_BAR2, 0x40000), 0xb, "which a hub-only invalidate reaches");
}

static void test_bounds(void)
{
	u8 byte;

	ok(gpu_region_read(b.gpu, GPU_BAR2, GPU_BAR2_SIZE, &byte, 1) < 0, "a read at the end of a BAR is refused");
	ok(gpu_region_write(b.gpu, GPU_BAR2, ~0ull, "12345678", 8) < 0, "so is a write whose end wraps round");
	ok(gpu_region_read(b.gpu, 5, 0, &byte, 1) < 0, "and any access to a region that does not exist");
	ok(!memory_read(b.gpu, APERTURE_VRAM, ~0ull - 3, (u8[8]){ 0 }, 8), "no address wraps round into VRAM");
	wr32(&b, 0x001700, 0xffffff);
	wr32(&b, 0x700000, 1);
	ok_eq(rd32(&b, 0x700000), 0, "PRAMIN beyond the end of VRAM reads as zero");
	wr32(&b, 0x001700, 2u << 24 | 1);
	wr32(&b, 0x700010, 0x600dcafe);
	ok(!memcmp(b.ram + 0x10010, "\xfe\xca\x0d\x60", 4), "PRAMIN can show guest RAM");
	wr32(&b, 0x001700, 3u << 24 | 0xffff);
	wr32(&b, 0x700010, 1);
	ok_eq(rd32(&b, 0x700010), 0, "and reads zero where there is none");
}

int main(void)
{
	bench_open(&b, NULL, 64 << 20, NULL);
	test_physical_mode();
	tables_new(&t, &b, 8 << 20, 0);
	test_same_bytes();
	test_widths();
	test_guest_ram();
	test_unmapped();
	test_sparse();
	test_stale();
	test_bounds();
	bench_close(&b);
	return tap_done();
}
