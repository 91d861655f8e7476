/* SPDX-License-Identifier: MIT */
/*
 * An encoder of Pascal's page tables, written from the format's description
 * and not from the model's walker: it is what the walker is judged by.
 *
 * Tables are taken one after the other from a piece of VRAM that starts at @next.
 */
#ifndef PAGE_TABLES_H
#define PAGE_TABLES_H

#include "bench_device.h"

struct tables {
	struct bench *b;
	u64 next;		/* VRAM address of the next free page */
	u64 inst, pd3;
};

/* VRAM as the CPU sees it without any page table: the PRAMIN window. */
__attribute__((unused))
static u32 phys_rd32(struct bench *b, u64 addr)
{
	wr32(b, 0x001700, (u32)(addr >> 16));
	return rd32(b, 0x700000 + (u32)(addr & 0xffff));
}

__attribute__((unused))
static void phys_wr32(struct bench *b, u64 addr, u32 v)
{
	wr32(b, 0x001700, (u32)(addr >> 16));
	wr32(b, 0x700000 + (u32)(addr & 0xffff), v);
}

__attribute__((unused))
static u64 phys_rd64(struct bench *b, u64 addr)
{
	return phys_rd32(b, addr) | (u64)phys_rd32(b, addr + 4) << 32;
}

__attribute__((unused))
static void phys_wr64(struct bench *b, u64 addr, u64 v)
{
	phys_wr32(b, addr, (u32)v);
	phys_wr32(b, addr + 4, (u32)(v >> 32));
}

__attribute__((unused))
static u64 take_page(struct tables *t)
{
	u64 page = t->next;

	for (u32 i = 0; i < 4096; i += 4)
		phys_wr32(t->b, page + i, 0);
	t->next += 4096;
	return page;
}

/* An instance block and an empty root. @flags: bits of the page directory word, replay for one. */
__attribute__((unused))
static void tables_new(struct tables *t, struct bench *b, u64 vram, u32 flags)
{
	t->b = b;
	t->next = vram;
	t->inst = take_page(t);
	t->pd3 = take_page(t);
	phys_wr64(b, t->inst + 0x200, t->pd3 | 1u << 10 | 1u << 11 | flags);
	phys_wr64(b, t->inst + 0x208, (1ull << 49) - 1);
}

/* Follows the pointer at @entry, or makes a table and points to it. */
static u64 descend(struct tables *t, u64 entry)
{
	u64 pde = phys_rd64(t->b, entry), table;

	if (pde & 6)
		return (pde & 0x003fffffffffff00ull) << 4;
	table = take_page(t);
	phys_wr64(t->b, entry, table >> 4 | 1u << 1);	/* video memory is 1 in a directory */
	return table;
}

static u64 pd0_entry(struct tables *t, u64 va)
{
	u64 pd2 = descend(t, t->pd3 + 8 * (va >> 47 & 0x3));
	u64 pd1 = descend(t, pd2 + 8 * (va >> 38 & 0x1ff));
	u64 pd0 = descend(t, pd1 + 8 * (va >> 29 & 0x1ff));

	return pd0 + 16 * (va >> 21 & 0xff);
}

/* Address of the PTE word for a page of 1 << @shift at @va; tables are made as needed. */
__attribute__((unused))
static u64 pte_at(struct tables *t, u64 va, int shift)
{
	u64 e = pd0_entry(t, va);

	switch (shift) {
	case 21:
		return e;
	case 16:
		return descend(t, e) + 8 * (va >> 16 & 0x1f);
	default:
		return descend(t, e + 8) + 8 * (va >> 12 & 0x1ff);
	}
}

enum { PTE_VRAM = 0, PTE_PEER = 1, PTE_COH = 2, PTE_NCOH = 3 };
enum { PTE_RO = 1 << 6, PTE_NOATOMIC = 1 << 7 };

__attribute__((unused))
static u64 make_pte(u64 phys, int aperture, u64 flags)
{
	return 1 | (u64)aperture << 1 | flags | phys >> 12 << 8;
}

__attribute__((unused))
static void map(struct tables *t, u64 va, int shift, u64 phys, int aperture, u64 flags)
{
	phys_wr64(t->b, pte_at(t, va, shift), make_pte(phys, aperture, flags));
}

/* As a driver does: PDB, the trigger, and wait. @bits: of 100cbc, without the trigger. */
__attribute__((unused))
static void invalidate(struct bench *b, u64 pdb, u32 bits)
{
	wr32(b, 0x100cb8, (u32)(pdb >> 12) << 4);
	wr32(b, 0x100cec, (u32)(pdb >> 40));
	wr32(b, 0x100cbc, 0x80000000 | bits);
	while (!(rd32(b, 0x100c80) & BIT(15)))
		;
}

#endif
