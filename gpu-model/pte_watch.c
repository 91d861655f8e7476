// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bar.h"
#include "pte_watch.h"
#include "unit.h"

/* What a page of VRAM holds. Directories first, from the root down. */
enum table_kind { NOT_A_TABLE, PD3, PD2, PD1, PD0, SPT, LPT };

#define PAGE		4096u
#define ENTRY		8u
#define PTE_VALID	1u
#define PDE_VRAM	1u
#define LPT_SIZE	0x100u

/*
 * Tables visited at once, when a root is named and when a directory entry is written: a
 * guest that links tables into knots costs no more than that.
 */
#define ROOT_MAX	4096u
#define ENTRY_MAX	64u

struct pte_watch {
	u8 *kind;		/* of each 4 KiB page of VRAM */
	u64 pages;
	u32 budget;		/* tables that may still be visited */
};

int pte_watch_init(struct gpu *gpu)
{
	struct pte_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->pages = gpu->vram_size / PAGE;
	w->kind = mmap(NULL, w->pages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (w->kind == MAP_FAILED) {
		free(w);
		return -ENOMEM;
	}
	gpu->pte_watch = w;
	return 0;
}

void pte_watch_fini(struct gpu *gpu)
{
	if (!gpu->pte_watch)
		return;
	munmap(gpu->pte_watch->kind, gpu->pte_watch->pages);
	free(gpu->pte_watch);
	gpu->pte_watch = NULL;
}

void pte_watch_forget(struct gpu *gpu)
{
	madvise(gpu->pte_watch->kind, gpu->pte_watch->pages, MADV_DONTNEED);
}

/* Where the low word of a directory entry points in VRAM; 0: nowhere (no table lies there). */
static u64 target(u32 entry, enum table_kind child)
{
	if (((entry >> 1) & 3) != PDE_VRAM)
		return 0;
	return child == LPT ? (u64)(entry & ~0xfu) << 4 : (u64)(entry & ~0xffu) << 4;
}

/* What an entry at @addr, in a table of @kind, points to. */
static enum table_kind child_of(enum table_kind kind, u64 addr)
{
	switch (kind) {
	case PD3:
	case PD2:
	case PD1:
		return kind + 1;
	case PD0:
		return addr & 8 ? SPT : LPT;
	default:
		return NOT_A_TABLE;
	}
}

static void count_pte(struct gpu *gpu, enum table_kind kind)
{
	counter_inc(gpu, kind == SPT ? CTR_PTE_WRITTEN_4K : kind == LPT ? CTR_PTE_WRITTEN_64K : CTR_PTE_WRITTEN_2M);
}

static bool is_2m_pte(enum table_kind kind, u64 addr, u32 entry)
{
	return kind == PD0 && !(addr & 8) && (entry & PTE_VALID);
}

static void learn(struct gpu *gpu, u64 addr, enum table_kind kind);

/* An entry appears in a table of @kind. Depth is bounded by the number of kinds. */
static void entry_appears(struct gpu *gpu, u64 addr, enum table_kind kind, u32 entry)
{
	enum table_kind child = child_of(kind, addr);
	u64 table;

	if (child == NOT_A_TABLE || is_2m_pte(kind, addr, entry)) {
		if (entry & PTE_VALID)
			count_pte(gpu, kind);
		return;
	}
	table = target(entry, child);
	if (table)
		learn(gpu, table, child);
}

static u32 table_bytes(enum table_kind kind)
{
	return kind == LPT ? LPT_SIZE : kind == PD3 ? 4 * ENTRY : PAGE;
}

/*
 * A table is new: so are all its entries. What the page held before does not matter; 64 KiB tables
 * share pages.
 */
static void learn(struct gpu *gpu, u64 addr, enum table_kind kind)
{
	struct pte_watch *w = gpu->pte_watch;
	u64 page = addr / PAGE;

	if (page >= w->pages || (w->kind[page] == kind && kind != LPT) || !w->budget)
		return;
	w->budget--;
	w->kind[page] = (u8)kind;
	for (u64 at = addr; at < addr + table_bytes(kind); at += ENTRY)
		entry_appears(gpu, at, kind, vram_read32(gpu, at));
}

static void forget_entry(struct gpu *gpu, u64 addr, enum table_kind kind);

/* A table is freed, and with it, without a word, all that lies below. */
static void forget(struct gpu *gpu, u64 addr, enum table_kind kind)
{
	struct pte_watch *w = gpu->pte_watch;
	u64 page = addr / PAGE;

	if (page >= w->pages || w->kind[page] != kind || !w->budget)
		return;
	w->budget--;
	w->kind[page] = NOT_A_TABLE;
	if (kind != SPT) {
		for (u64 at = addr; at < addr + PAGE; at += ENTRY)
			forget_entry(gpu, at, kind);
	}
}

/* A directory entry goes; depth is bounded as above. 64 KiB tables stay: others share their page. */
static void forget_entry(struct gpu *gpu, u64 addr, enum table_kind kind)
{
	enum table_kind child = child_of(kind, addr);
	u32 entry = vram_read32(gpu, addr);
	u64 table = child == NOT_A_TABLE || is_2m_pte(kind, addr, entry) ? 0 : target(entry, child);

	if (table && child != LPT)
		forget(gpu, table, child);
}

void pte_watch_root(struct gpu *gpu, enum gpu_aperture aperture, u64 pdb)
{
	struct pte_watch *w = gpu->pte_watch;

	if (aperture != APERTURE_VRAM || bar_owns(gpu, pdb) || pdb / PAGE >= w->pages || w->kind[pdb / PAGE] == PD3)
		return;
	w->kind[pdb / PAGE] = NOT_A_TABLE;
	w->budget = ROOT_MAX;
	learn(gpu, pdb, PD3);
}

static void entry_written(struct gpu *gpu, u64 addr, u32 entry)
{
	struct pte_watch *w = gpu->pte_watch;
	enum table_kind kind = w->kind[addr / PAGE];

	if (kind == PD3 && addr % PAGE >= table_bytes(PD3))
		return;
	if (child_of(kind, addr) != NOT_A_TABLE && entry == vram_read32(gpu, addr))
		return;
	w->budget = ENTRY_MAX;
	forget_entry(gpu, addr, kind);
	entry_appears(gpu, addr, kind, entry);
}

void pte_watch_write(struct gpu *gpu, u64 addr, const u8 *buf, u32 len)
{
	const struct pte_watch *w = gpu->pte_watch;
	u64 at = (addr + ENTRY - 1) & ~(u64)(ENTRY - 1);

	if (addr / PAGE >= w->pages || w->kind[addr / PAGE] == NOT_A_TABLE)
		return;
	for (; at + 4 <= addr + len; at += ENTRY) {
		u32 entry;

		memcpy(&entry, buf + (at - addr), 4);
		entry_written(gpu, at, entry);
	}
}
