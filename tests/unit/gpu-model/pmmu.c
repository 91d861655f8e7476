// SPDX-License-Identifier: MIT
/* Page walks, against tables built by an encoder of the test's own. */
#include "mmu.h"
#include "page_tables.h"

#define VA	0x123456789000ull

static struct bench b;
static struct tables t;
static struct mmu_space space;

static bool walk(u64 va, enum mmu_access access, struct mmu_xlate *x)
{
	bool r;

	mmu_enter(b.gpu);
	r = mmu_walk(b.gpu, &space, va, access, x);
	mmu_leave(b.gpu);
	return r;
}

static void test_page_sizes(void)
{
	static const int shifts[] = { 12, 16, 21 };
	struct mmu_xlate x;

	for (int i = 0; i < 3; i++) {
		int shift = shifts[i];
		u64 size = 1ull << shift, va = (VA + ((u64)i << 30)) & ~(size - 1), phys = 32ull << 20;

		map(&t, va, shift, phys, PTE_VRAM, 0);
		ok(walk(va + size - 0x123, MMU_WRITE, &x), "a page of 2^%d bytes is found", shift);
		ok(x.aperture == APERTURE_VRAM && x.addr == phys + size - 0x123 && x.left == 0x123 && x.shift == shift,
		   "its address, what is left of it and its size are right (2^%d)", shift);
		ok(!walk(va + size, MMU_READ, &x), "the next page is not mapped (2^%d)", shift);
	}
}

static void test_apertures(void)
{
	struct mmu_xlate x;
	u64 va = 0x200000000000ull & ((1ull << 47) - 1);

	va = 0x4000000000ull;
	map(&t, va, 12, 0x12345678000ull, PTE_COH, 0);
	ok(walk(va + 8, MMU_READ, &x) && x.aperture == APERTURE_SYS_COH && x.addr == 0x12345678008ull,
	   "coherent system memory, address above 32 bits");
	map(&t, va, 12, 0x5000, PTE_NCOH, 0);
	ok(walk(va, MMU_READ, &x) && x.aperture == APERTURE_SYS_NCOH && x.addr == 0x5000, "non-coherent system memory");
	map(&t, va, 12, 0x5000, PTE_PEER, 0);
	ok(!walk(va, MMU_READ, &x) && x.reason == MMU_FAULT_APERTURE, "peer memory is a fault of the aperture");
	map(&t, va, 12, b.gpu->vram_size, PTE_VRAM, 0);
	ok(!walk(va, MMU_READ, &x) && x.reason == MMU_FAULT_REGION, "an address beyond VRAM is a fault of the region");
	map(&t, va, 12, 1ull << 38, PTE_VRAM, 0);
	ok(!walk(va, MMU_READ, &x) && x.reason == MMU_FAULT_REGION, "no bit of it is dropped");
	phys_wr64(&b, pte_at(&t, va, 12), make_pte(0x5000, PTE_VRAM, 0) | 0xdbull << 56);
	ok(walk(va, MMU_READ, &x) && x.kind == 0xdb && x.addr == 0x5000, "the kind is not taken for a part of the address");
}

static void test_permissions(void)
{
	struct mmu_xlate x;
	u64 va = 0x5000000000ull;

	map(&t, va, 12, 0x6000, PTE_VRAM, PTE_RO);
	ok(walk(va, MMU_READ, &x), "a read-only page can be read");
	ok(!walk(va, MMU_WRITE, &x) && x.reason == MMU_FAULT_RO, "writing it is a fault of reason 6");
	ok(!walk(va, MMU_ATOMIC, &x) && x.reason == MMU_FAULT_RO, "and so is an atomic");
	map(&t, va, 12, 0x6000, PTE_VRAM, PTE_NOATOMIC);
	ok(walk(va, MMU_WRITE, &x), "a page without atomics can be written");
	ok(!walk(va, MMU_ATOMIC, &x) && x.reason == MMU_FAULT_ATOMIC, "an atomic is a fault of reason f");
	ok(walk(va, MMU_PREFETCH, &x), "a prefetch needs what a read needs");
}

static void test_not_valid(void)
{
	struct mmu_xlate x;
	u64 va = 0x6000000000ull;

	ok(!walk(va, MMU_READ, &x) && x.reason == MMU_FAULT_PDE, "no directory: reason 0");
	pte_at(&t, va, 12);
	ok(!walk(va + 4096, MMU_READ, &x) && x.reason == MMU_FAULT_PTE, "a table with an empty entry: reason 2");
	phys_wr64(&b, pte_at(&t, va, 12), 1u << 3);
	ok(walk(va, MMU_WRITE, &x) && x.sparse && x.shift == 12, "VOL alone in a 4 KiB PTE is sparse");
	phys_wr64(&b, pte_at(&t, va + (1 << 21), 16), 1u << 3);
	ok(walk(va + (1 << 21), MMU_WRITE, &x) && x.sparse && x.shift == 16, "VOL alone in a 64 KiB PTE is sparse");
	phys_wr64(&b, pd0_entry(&t, va + (2 << 21)), 1u << 3);
	ok(walk(va + (2 << 21), MMU_READ, &x) && x.sparse, "VOL alone in PD0 is sparse");
	phys_wr64(&b, t.pd3 + 8 * 3, 1u << 3);
	ok(walk(3ull << 47, MMU_READ, &x) && x.sparse, "VOL alone in the root is sparse");
	phys_wr64(&b, t.pd3 + 8 * 3, 0);
	ok(!walk(1ull << 49, MMU_READ, &x) && x.reason == MMU_FAULT_VA_LIMIT, "49 bits of address and no more");
}

/* The same 2 MiB with both tables: 64 KiB entries hide what the 4 KiB table says. */
static void test_dual(void)
{
	u64 va = 0x7000000000ull;
	struct mmu_xlate x;

	map(&t, va, 12, 0x9000, PTE_VRAM, 0);
	map(&t, va + 0x10000, 12, 0xa000, PTE_VRAM, 0);
	map(&t, va + 0x20000, 12, 0xb000, PTE_VRAM, 0);
	map(&t, va + 0x10000, 16, 0x100000, PTE_VRAM, 0);
	phys_wr64(&b, pte_at(&t, va + 0x20000, 16), 1u << 5);
	ok(walk(va, MMU_READ, &x) && x.shift == 12 && x.addr == 0x9000, "an empty 64 KiB entry hands over to the 4 KiB table");
	ok(walk(va + 0x10000, MMU_READ, &x) && x.shift == 16 && x.addr == 0x100000, "a valid one wins");
	ok(!walk(va + 0x20000, MMU_READ, &x) && x.reason == MMU_FAULT_PTE, "PRIV alone hides the 4 KiB table");
	phys_wr64(&b, pd0_entry(&t, va), make_pte(0x400000, PTE_VRAM, 0));
	ok(walk(va + 0x12345, MMU_READ, &x) && x.shift == 21 && x.addr == 0x412345, "a 2 MiB PTE wins over both tables");
}

/* A table of 64 KiB pages has 256 bytes and need not start at a page. */
static void test_large_table_alignment(void)
{
	u64 va = 0x7200000000ull, page = take_page(&t);
	struct mmu_xlate x;

	phys_wr64(&b, pd0_entry(&t, va), (page + 0x700) >> 4 | 1u << 1);
	phys_wr64(&b, page + 0x700 + 8 * 3, make_pte(0x230000, PTE_VRAM, 0));
	ok(walk(va + 0x3abcd, MMU_READ, &x) && x.addr == 0x23abcd && x.shift == 16, "a 64 KiB table in the middle of a page");
}

/* Tables in guest RAM, by directory apertures 2 and 3. */
static void test_system_tables(void)
{
	u64 va = 0x7100000000ull, e = pd0_entry(&t, va), pte = make_pte(0xc000, PTE_VRAM, 0);
	struct mmu_xlate x;

	memcpy(b.ram + 0x3000 + 8 * (va >> 12 & 0x1ff), &pte, 8);
	phys_wr64(&b, e + 8, 0x3000 >> 4 | 2u << 1);
	ok(walk(va, MMU_READ, &x) && x.addr == 0xc000, "a page table in coherent guest RAM");
	phys_wr64(&b, e + 8, 0x3000 >> 4 | 3u << 1);
	ok(walk(va, MMU_READ, &x) && x.addr == 0xc000, "a page table in non-coherent guest RAM");
	phys_wr64(&b, e + 8, (u64)RAM_SIZE * 16 >> 4 | 2u << 1);
	ok(!walk(va, MMU_READ, &x), "a page table outside guest RAM maps nothing");
}

static void test_spaces(void)
{
	struct mmu_space s;
	struct mmu_xlate x;

	ok(space.valid && space.pdb == t.pd3 && !space.replay_tex, "an instance block is read");
	phys_wr64(&b, t.inst + 0x200, t.pd3 | 1u << 10 | 3u << 4);
	mmu_space_load(b.gpu, APERTURE_VRAM, t.inst, &s);
	ok(s.replay_tex && s.replay_gcc, "with its replay bits");
	phys_wr64(&b, t.inst + 0x200, t.pd3 | 1u << 10 | 1u << 11);
	phys_wr64(&b, t.inst + 0x208, 0xffffffull);
	mmu_space_load(b.gpu, APERTURE_VRAM, t.inst, &s);
	mmu_enter(b.gpu);
	ok(!mmu_walk(b.gpu, &s, 0x1000000, MMU_READ, &x) && x.reason == MMU_FAULT_VA_LIMIT, "and its limit");
	mmu_leave(b.gpu);
	phys_wr64(&b, t.inst + 0x200, t.pd3);
	ok(!mmu_space_load(b.gpu, APERTURE_VRAM, t.inst, &s), "an instance block of the old format is none");
	phys_wr64(&b, t.inst + 0x200, t.pd3 | 1u << 10 | 1u << 11);
	ok(!mmu_space_load(b.gpu, APERTURE_VRAM, b.gpu->vram_size, &s), "none beyond the end of VRAM");
	mmu_enter(b.gpu);
	ok(!mmu_walk(b.gpu, &s, 0, MMU_READ, &x) && x.reason == MMU_FAULT_UNBOUND_INST, "which then translates nothing");
	mmu_leave(b.gpu);
}

/* Random tables and entries: the walk ends, and never points outside. */
static void test_garbage(void)
{
	u64 state = 7, inside = 0;
	struct mmu_xlate x;

	for (u64 a = 64 << 10; a < 1 << 20; a += 8)
		phys_wr64(&b, a, random_next(&state, 0) & 0x00000000fffff01full);
	for (int i = 0; i < 20000; i++) {
		struct mmu_space s = { .pdb = (64 << 10) + (random_next(&state, 200) << 12), .limit = ~0ull, .valid = true };

		mmu_enter(b.gpu);
		if (mmu_walk(b.gpu, &s, random_next(&state, 1ull << 49), MMU_READ, &x) && !x.sparse &&
		    x.aperture == APERTURE_VRAM)
			inside += x.addr < b.gpu->vram_size;
		else
			inside++;
		mmu_leave(b.gpu);
	}
	ok_eq((long long)inside, 20000, "walks of random tables stay inside VRAM");
}

int main(void)
{
	bench_open(&b, NULL, 64 << 20, NULL);
	tables_new(&t, &b, 8 << 20, 0);
	mmu_space_load(b.gpu, APERTURE_VRAM, t.inst, &space);
	test_page_sizes();
	test_apertures();
	test_permissions();
	test_not_valid();
	test_dual();
	test_large_table_alignment();
	test_system_tables();
	test_spaces();
	test_garbage();
	bench_close(&b);
	return tap_done();
}
