// SPDX-License-Identifier: MIT
/* Translation caches: stale until invalidated, and only what was named goes. */
#include "mmu.h"
#include "page_tables.h"

#define VA	0x40000000ull
#define PAGE_A	0x100000u
#define PAGE_B	0x101000u

static struct bench b;
static struct tables one, two;
static struct mmu_space space1, space2;

static u32 read_va(const struct mmu_space *space, enum mmu_client client, u64 va)
{
	u32 v = 0xdead;

	mmu_read(b.gpu, space, client, va, &v, 4, NULL);
	return v;
}

static void test_stale(int shift)
{
	u64 va = VA + ((u64)shift << 32), a = 2ull << 20, c = 4ull << 20;

	phys_wr32(&b, a, 0xaaaa);
	phys_wr32(&b, c, 0xcccc);
	map(&one, va, shift, a, PTE_VRAM, 0);
	ok_eq(read_va(&space1, MMU_CLIENT_CE, va), 0xaaaa, "first use walks (2^%d)", shift);
	map(&one, va, shift, c, PTE_VRAM, 0);
	ok_eq(read_va(&space1, MMU_CLIENT_CE, va), 0xaaaa, "a changed PTE is not seen without an invalidate (2^%d)", shift);
	invalidate(&b, one.pd3, 1);
	ok_eq(read_va(&space1, MMU_CLIENT_CE, va), 0xcccc, "it is seen after one (2^%d)", shift);
	phys_wr64(&b, pte_at(&one, va, shift), 0);
	ok_eq(read_va(&space1, MMU_CLIENT_CE, va), 0xcccc, "a removed PTE still translates (2^%d)", shift);
	invalidate(&b, one.pd3, 1);
	ok_eq(mmu_read(b.gpu, &space1, MMU_CLIENT_CE, va, &(u32){ 0 }, 4, NULL), 0, "until it is invalidated (2^%d)", shift);
}

static void test_permission_is_kept(void)
{
	struct mmu_xlate x;
	u32 v = 1;

	map(&one, VA, 12, PAGE_A, PTE_VRAM, PTE_RO);
	ok_eq(mmu_write(b.gpu, &space1, MMU_CLIENT_CE, VA, &v, 4, &x), 0, "a read-only page takes no write");
	map(&one, VA, 12, PAGE_A, PTE_VRAM, 0);
	ok(!mmu_write(b.gpu, &space1, MMU_CLIENT_CE, VA, &v, 4, &x) && x.reason == MMU_FAULT_RO,
	   "nor when only the PTE was changed");
	invalidate(&b, one.pd3, 1);
	ok_eq(mmu_write(b.gpu, &space1, MMU_CLIENT_CE, VA, &v, 4, &x), 4, "but after an invalidate");
}

static void test_miss_is_not_kept(void)
{
	u64 va = VA + 0x7000;

	phys_wr32(&b, PAGE_A, 0x1111);
	ok_eq(mmu_read(b.gpu, &space1, MMU_CLIENT_CE, va, &(u32){ 0 }, 4, NULL), 0, "nothing there");
	map(&one, va, 12, PAGE_A, PTE_VRAM, 0);
	ok_eq(read_va(&space1, MMU_CLIENT_CE, va), 0x1111, "what was not found is looked up again");
}

static void test_by_directory(void)
{
	phys_wr32(&b, PAGE_A, 0xa);
	phys_wr32(&b, PAGE_B, 0xb);
	map(&one, VA, 12, PAGE_A, PTE_VRAM, 0);
	map(&two, VA, 12, PAGE_A, PTE_VRAM, 0);
	invalidate(&b, 0, 3);
	read_va(&space1, MMU_CLIENT_CE, VA);
	read_va(&space2, MMU_CLIENT_CE, VA);
	map(&one, VA, 12, PAGE_B, PTE_VRAM, 0);
	map(&two, VA, 12, PAGE_B, PTE_VRAM, 0);
	invalidate(&b, one.pd3, 1);
	ok_eq(read_va(&space1, MMU_CLIENT_CE, VA), 0xb, "the directory that was named is read anew");
	ok_eq(read_va(&space2, MMU_CLIENT_CE, VA), 0xa, "another one keeps its translation");
	invalidate(&b, 0, 3);
	ok_eq(read_va(&space2, MMU_CLIENT_CE, VA), 0xb, "\"all directories\" drops it too");
}

static void test_hub_only(void)
{
	map(&one, VA, 12, PAGE_A, PTE_VRAM, 0);
	invalidate(&b, 0, 3);
	read_va(&space1, MMU_CLIENT_CE, VA);
	read_va(&space1, MMU_CLIENT_GPC, VA);
	map(&one, VA, 12, PAGE_B, PTE_VRAM, 0);
	invalidate(&b, one.pd3, 5);
	ok_eq(read_va(&space1, MMU_CLIENT_CE, VA), 0xb, "hub only: a copy engine looks again");
	ok_eq(read_va(&space1, MMU_CLIENT_GPC, VA), 0xa, "a shader does not");
	invalidate(&b, one.pd3, 1);
	ok_eq(read_va(&space1, MMU_CLIENT_GPC, VA), 0xb, "without that bit it does");
}

static void test_clients_apart(void)
{
	map(&one, VA, 12, PAGE_A, PTE_VRAM, 0);
	invalidate(&b, 0, 3);
	read_va(&space1, MMU_CLIENT_CE, VA);
	map(&one, VA, 12, PAGE_B, PTE_VRAM, 0);
	ok_eq(read_va(&space1, MMU_CLIENT_HOST, VA), 0xb, "each client has a cache of its own");
}

static void test_limit(void)
{
	struct mmu_space below = space1;
	struct mmu_xlate x;

	below.limit = VA - 1;
	map(&one, VA, 12, PAGE_A, PTE_VRAM, 0);
	invalidate(&b, 0, 3);
	read_va(&space1, MMU_CLIENT_CE, VA);
	ok(!mmu_read(b.gpu, &below, MMU_CLIENT_CE, VA, &(u32){ 0 }, 4, &x) && x.reason == MMU_FAULT_VA_LIMIT,
	   "a translation that is kept does not lift the limit");
}

/* With room for one entry, every translation takes the place of the last. */
static void test_one_entry(void)
{
	static const char *const options[] = { "tlb-entries", "1", NULL };
	u32 good = 0;

	bench_close(&b);
	bench_open(&b, NULL, 64 << 20, options);
	tables_new(&one, &b, 8 << 20, 0);
	tables_new(&two, &b, 16 << 20, 0);
	mmu_space_load(b.gpu, APERTURE_VRAM, one.inst, &space1);
	mmu_space_load(b.gpu, APERTURE_VRAM, two.inst, &space2);
	phys_wr32(&b, PAGE_A, 0xa);
	phys_wr32(&b, PAGE_B, 0xb);
	map(&one, VA, 12, PAGE_A, PTE_VRAM, 0);
	map(&one, VA + 0x1000, 12, PAGE_B, PTE_VRAM, 0);
	map(&two, VA, 12, PAGE_B, PTE_VRAM, 0);
	for (int i = 0; i < 10; i++) {
		good += read_va(&space1, MMU_CLIENT_CE, VA) == 0xa;
		good += read_va(&space2, MMU_CLIENT_CE, VA) == 0xb;
		good += read_va(&space1, MMU_CLIENT_CE, VA + 0x1000) == 0xb;
	}
	ok_eq(good, 30, "an entry is used for its own address and directory only");
}

static void test_counters(void)
{
	u64 all = counter_get(b.gpu, CTR_TLB_INVALIDATES_ALL), pdb = counter_get(b.gpu, CTR_TLB_INVALIDATES_PDB);
	u64 dropped, hits = counter_get(b.gpu, CTR_TLB_HITS), generation = mmu_generation(b.gpu);

	invalidate(&b, 0, 3);
	invalidate(&b, one.pd3, 1);
	ok_eq((long long)(counter_get(b.gpu, CTR_TLB_INVALIDATES_ALL) - all), 1, "invalidates of everything are counted");
	ok_eq((long long)(counter_get(b.gpu, CTR_TLB_INVALIDATES_PDB) - pdb), 1, "and those of one directory");
	ok(mmu_generation(b.gpu) != generation, "whoever keeps translations elsewhere can tell");
	read_va(&space1, MMU_CLIENT_CE, VA);
	read_va(&space1, MMU_CLIENT_CE, VA + 8);
	ok_eq((long long)(counter_get(b.gpu, CTR_TLB_HITS) - hits), 1, "a second use of a page is a hit");
	dropped = counter_get(b.gpu, CTR_TLB_DROPPED);
	invalidate(&b, 0, 3);
	ok_eq((long long)(counter_get(b.gpu, CTR_TLB_DROPPED) - dropped), 1, "one entry was there to drop");
	wr32(&b, 0x100cbc, 3);
	ok_eq((long long)(counter_get(b.gpu, CTR_TLB_INVALIDATES_ALL) - all), 2,
	      "without its trigger bit the register does nothing");
}

/* An invalidate takes its time; a driver that does not wait for it uses the old page. */
static void test_done_later(void)
{
	static const char *const opts[] = { "invalidate-delay-us", "500000", NULL };
	static const u64 va = VA + 0x100000;

	bench_open(&b, "gp104", 128u << 20, opts);
	tables_new(&one, &b, 8 << 20, 0);
	mmu_space_load(b.gpu, APERTURE_VRAM, one.inst, &space1);
	phys_wr32(&b, PAGE_A, 0xaaaa);
	phys_wr32(&b, PAGE_B, 0xbbbb);
	map(&one, va, 12, PAGE_A, PTE_VRAM, 0);
	read_va(&space1, MMU_CLIENT_CE, va);
	map(&one, va, 12, PAGE_B, PTE_VRAM, 0);
	wr32(&b, 0x100cb8, (u32)(one.pd3 >> 12) << 4);
	wr32(&b, 0x100cec, (u32)(one.pd3 >> 40));
	wr32(&b, 0x100cbc, 0x80000001);
	wr32(&b, 0x100cb8, 0x12345670);
	ok_eq(rd32(&b, 0x100c80) & 0x00ff8000, 15 << 16, "an invalidate that is under way: one entry fewer, not empty");
	ok_eq(read_va(&space1, MMU_CLIENT_CE, va), 0xaaaa, "until it is done the old page is used");
	ok(wait32(&b, 0x100c80, 0x00ff8000, 16 << 16 | BIT(15)), "it is done");
	ok_eq(read_va(&space1, MMU_CLIENT_CE, va), 0xbbbb, "then the new one is, though 100cb8 names another directory by now");
	for (u32 i = 0; i < 40; i++)
		wr32(&b, 0x100cbc, 0x80000003);
	ok_eq(rd32(&b, 0x100c80) & 0x00ff8000, 0, "the queue has sixteen entries; more wait for room");
	gpu_reset(b.gpu);
	ok_eq(rd32(&b, 0x100c80) & 0x00ff8000, 16 << 16 | BIT(15), "a reset empties it");
	bench_close(&b);
}

int main(void)
{
	static const char *const options[] = { "tlb-entries", "64", NULL };

	bench_open(&b, NULL, 64 << 20, options);
	tables_new(&one, &b, 8 << 20, 0);
	tables_new(&two, &b, 16 << 20, 0);
	mmu_space_load(b.gpu, APERTURE_VRAM, one.inst, &space1);
	mmu_space_load(b.gpu, APERTURE_VRAM, two.inst, &space2);
	test_stale(12);
	test_stale(16);
	test_stale(21);
	test_permission_is_kept();
	test_miss_is_not_kept();
	test_by_directory();
	test_hub_only();
	test_clients_apart();
	test_counters();
	test_limit();
	test_one_entry();
	bench_close(&b);
	test_done_later();
	return tap_done();
}
