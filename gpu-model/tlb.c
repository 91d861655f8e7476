// SPDX-License-Identifier: MIT
/*
 * DOC: Translation caches
 *
 * One for each client of the MMU. An entry is a translation of 4 KiB, 64 KiB
 * or 2 MiB, tagged with the page directory that it came from. Three direct-mapped
 * arrays; an entry goes when another takes its place or when it is
 * invalidated, never by itself.
 *
 * An invalidate touches only the entries in use, which are listed: there are
 * one or two of them for each page that a driver moves.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tlb.h"

#define NR_SIZES	3

static const u8 shifts[NR_SIZES] = { 12, 16, 21 };

struct entry {
	u64 pdb, page, addr;
	u8 pdb_aperture, aperture, kind;
	bool valid, sparse, read_only, no_atomic;
};

struct tlb {
	pthread_mutex_t lock;
	u32 size[NR_SIZES];
	u32 live[NR_SIZES];		/* valid entries of each size */
	u32 first[NR_SIZES];		/* where the array of each size starts in @entry */
	struct entry *entry;
	u32 *used, nr_used;		/* indices of the valid entries */
};

struct tlb *tlb_create(u32 entries)
{
	struct tlb *tlb = calloc(1, sizeof(*tlb));
	u32 total = 0;

	if (!tlb)
		return NULL;
	for (int i = 0; i < NR_SIZES; i++) {
		tlb->size[i] = i ? (entries + 7) / 8 : entries;
		tlb->first[i] = total;
		total += tlb->size[i];
	}
	tlb->entry = calloc(total, sizeof(*tlb->entry));
	tlb->used = calloc(total, sizeof(*tlb->used));
	if (!tlb->entry || !tlb->used) {
		free(tlb->entry);
		free(tlb->used);
		free(tlb);
		return NULL;
	}
	pthread_mutex_init(&tlb->lock, NULL);
	return tlb;
}

void tlb_destroy(struct tlb *tlb)
{
	if (!tlb)
		return;
	pthread_mutex_destroy(&tlb->lock);
	free(tlb->entry);
	free(tlb->used);
	free(tlb);
}

static u32 slot(const struct tlb *tlb, int size, const struct mmu_space *space, u64 va)
{
	u64 h = (va >> shifts[size]) + ((space->pdb >> 12) * 0x9e3779b97f4a7c15ull >> 40);

	return tlb->first[size] + (u32)(h % tlb->size[size]);
}

static bool matches(const struct entry *e, int size, const struct mmu_space *space, u64 va)
{
	return e->valid && e->page == va >> shifts[size] && e->pdb == space->pdb &&
	       e->pdb_aperture == space->pdb_aperture;
}

static void fill(struct mmu_xlate *x, const struct entry *e, int size, u64 va)
{
	u64 offset = va & ((1ull << shifts[size]) - 1);

	x->aperture = e->aperture;
	x->addr = e->addr + offset;
	x->left = (1ull << shifts[size]) - offset;
	x->shift = shifts[size];
	x->kind = e->kind;
	x->sparse = e->sparse;
	x->read_only = e->read_only;
	x->no_atomic = e->no_atomic;
}

bool tlb_find(struct tlb *tlb, const struct mmu_space *space, u64 va, struct mmu_xlate *x)
{
	bool found = false;

	pthread_mutex_lock(&tlb->lock);
	for (int i = 0; i < NR_SIZES && !found; i++) {
		const struct entry *e;

		if (!tlb->live[i])
			continue;
		e = &tlb->entry[slot(tlb, i, space, va)];
		found = matches(e, i, space, va);
		if (found)
			fill(x, e, i, va);
	}
	pthread_mutex_unlock(&tlb->lock);
	return found;
}

void tlb_keep(struct tlb *tlb, const struct mmu_space *space, u64 va, const struct mmu_xlate *x)
{
	int size = x->shift == 21 ? 2 : x->shift == 16 ? 1 : 0;
	u64 offset = va & ((1ull << shifts[size]) - 1);
	struct entry *e;
	u32 i;

	pthread_mutex_lock(&tlb->lock);
	i = slot(tlb, size, space, va);
	e = &tlb->entry[i];
	if (!e->valid) {
		tlb->used[tlb->nr_used++] = i;
		tlb->live[size]++;
	}
	*e = (struct entry){
		.pdb = space->pdb, .pdb_aperture = (u8)space->pdb_aperture,
		.page = va >> shifts[size], .addr = x->addr - offset,
		.aperture = (u8)x->aperture, .kind = x->kind,
		.valid = true, .sparse = x->sparse,
		.read_only = x->read_only, .no_atomic = x->no_atomic,
	};
	pthread_mutex_unlock(&tlb->lock);
}

static int size_of(const struct tlb *tlb, u32 i)
{
	return i >= tlb->first[2] ? 2 : i >= tlb->first[1] ? 1 : 0;
}

u32 tlb_drop(struct tlb *tlb, bool all, enum gpu_aperture aperture, u64 pdb)
{
	u32 kept = 0, dropped = 0;

	pthread_mutex_lock(&tlb->lock);
	for (u32 n = 0; n < tlb->nr_used; n++) {
		u32 i = tlb->used[n];
		struct entry *e = &tlb->entry[i];

		if (!all && (e->pdb != pdb || e->pdb_aperture != aperture)) {
			tlb->used[kept++] = i;
			continue;
		}
		dropped++;
		tlb->live[size_of(tlb, i)]--;
		memset(e, 0, sizeof(*e));
	}
	tlb->nr_used = kept;
	pthread_mutex_unlock(&tlb->lock);
	return dropped;
}
