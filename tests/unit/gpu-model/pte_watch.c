// SPDX-License-Identifier: MIT
/* PTEs are counted as a driver writes them, by size. */
#include "page_tables.h"

static struct bench b;
static struct tables t, bar2;

struct counts {
	u64 small, large, huge;
};

static struct counts now(void)
{
	return (struct counts){ counter_get(b.gpu, CTR_PTE_WRITTEN_4K), counter_get(b.gpu, CTR_PTE_WRITTEN_64K),
				counter_get(b.gpu, CTR_PTE_WRITTEN_2M) };
}

static void expect(struct counts before, u64 small, u64 large, u64 huge, const char *what)
{
	struct counts c = now();

	if (!ok(c.small - before.small == small && c.large - before.large == large && c.huge - before.huge == huge, "%s", what))
		printf("# got %llu %llu %llu, want %llu %llu %llu\n", (unsigned long long)(c.small - before.small),
		       (unsigned long long)(c.large - before.large), (unsigned long long)(c.huge - before.huge),
		       (unsigned long long)small, (unsigned long long)large, (unsigned long long)huge);
}

int main(void)
{
	struct counts c;

	bench_open(&b, NULL, 64 << 20, NULL);
	tables_new(&bar2, &b, 24 << 20, 0);
	tables_new(&t, &b, 8 << 20, 0);
	map(&t, 0x10000, 12, 0x100000, PTE_VRAM, 0);
	map(&t, 0x11000, 12, 0x101000, PTE_VRAM, 0);
	map(&t, 0x400000, 21, 0x200000, PTE_VRAM, 0);
	map(&t, 0x800000, 16, 0x300000, PTE_VRAM, 0);
	c = now();
	expect((struct counts){ 0 }, 0, 0, 0, "nothing is counted in tables that nobody has named");
	invalidate(&b, t.pd3, 1);
	expect(c, 2, 1, 1, "what is there counts when an invalidate names the root");
	c = now();
	invalidate(&b, t.pd3, 1);
	expect(c, 0, 0, 0, "once");
	map(&t, 0x12000, 12, 0x102000, PTE_VRAM, 0);
	map(&t, 0x600000, 21, 0x200000, PTE_VRAM, 0);
	map(&t, 0x810000, 16, 0x310000, PTE_COH, 0);
	expect(c, 1, 1, 1, "then each PTE that is written");
	c = now();
	map(&t, 0x12000, 12, 0x103000, PTE_VRAM, 0);
	expect(c, 1, 0, 0, "again when it is written again");
	c = now();
	phys_wr64(&b, pte_at(&t, 0x12000, 12), 0);
	phys_wr64(&b, pte_at(&t, 0x13000, 12), 1u << 3);
	expect(c, 0, 0, 0, "but not when it is removed, or made sparse");
	map(&t, 1ull << 40, 12, 0x104000, PTE_VRAM, 0);
	expect(c, 1, 0, 0, "tables that appear later are followed");
	c = now();
	map(&bar2, 0x20000, 12, t.pd3 & ~0xfffull, PTE_VRAM, 0);
	wr32(&b, 0x001714, 0x80000000 | (u32)(bar2.inst >> 12));
	invalidate(&b, bar2.pd3, 5);
	map(&bar2, 0x21000, 12, 0x105000, PTE_VRAM, 0);
	expect(c, 0, 0, 0, "BAR2's own tables do not count");
	map(&bar2, 0x30000, 12, pte_at(&t, 0x20000, 12) & ~0xfffull, PTE_VRAM, 0);
	bar_wr32(&b, GPU_BAR2, 0x30000 + 8 * 0x20, (u32)make_pte(0x106000, PTE_VRAM, 0));
	bar_wr32(&b, GPU_BAR2, 0x30004 + 8 * 0x20, 1);
	expect(c, 1, 0, 0, "a write through BAR2 counts, its high word does not");
	c = now();
	gpu_region_write(b.gpu, GPU_BAR2, 0x30000 + 8 * 0x30, (u64[4]){ 1, 1, 0, 1 }, 32);
	expect(c, 3, 0, 0, "several at once");
	c = now();
	phys_wr64(&b, pd0_entry(&t, 0x10000) + 8, 0);
	bar_wr32(&b, GPU_BAR2, 0x30000, 1);
	expect(c, 0, 0, 0, "a table that no directory points to is none");
	phys_wr64(&b, t.pd3 + 64, (pte_at(&t, 1ull << 40, 12) & ~0xfffull) >> 4 | 2);
	phys_wr64(&b, pte_at(&t, 1ull << 40, 12) + 8, 1);
	expect(c, 1, 0, 0, "a root has four entries");
	phys_wr64(&b, t.pd3 + 8, t.pd3 >> 4 | 2);
	phys_wr64(&b, t.pd3 + 16, t.pd3 >> 4 | 2);
	ok(rd32(&b, 0) != 0, "a root that points to itself does no harm");
	bench_close(&b);
	return tap_done();
}
