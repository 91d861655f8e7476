// SPDX-License-Identifier: MIT
/*
 * DOC: Page tables of Pascal
 *
 * 49-bit addresses, five levels::
 *
 *	48 47 46       38 37       29 28      21 20        12 11       0
 *	+----+-----------+-----------+----------+------------+----------+
 *	|PD3 |    PD2    |    PD1    |   PD0    | SPT (4K)   |  offset  |
 *	+----+-----------+-----------+----------+-----+------+----------+
 *	                                        | LPT |  offset (64K)   |
 *	                                        +-----+-----------------+
 *	                                        |    offset (2M)        |
 *	                                        +-----------------------+
 *
 * An entry of PD0 has 16 bytes: the first half points to the table of 64 KiB pages, or is
 * itself a 2 MiB PTE; the second half points to the table of 4 KiB pages.
 *
 * Entries that are not valid are of three kinds: all zero faults; VOL alone
 * is sparse (reads as zero, swallows writes) at any level; a 64 KiB entry with
 * PRIV alone says "nothing here, and do not look at the 4 KiB table". A 64 KiB
 * entry that is zero hands over to the 4 KiB table.
 *
 * Not modelled: privileged PTEs (PRIV on a valid entry is no fault), compression, peer memory
 * (a fault), caching of page directory entries.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mmu.h"
#include "pte_watch.h"
#include "tlb.h"
#include "trace.h"
#include "unit.h"

#define VA_BITS		49

#define PDB_APERTURE(v)	((v) & 3)
#define PDB_REPLAY_TEX	BIT_ULL(4)
#define PDB_REPLAY_GCC	BIT_ULL(5)
#define PDB_VERSION2	BIT_ULL(10)
#define PDB_ADDR	0x000ffffffffff000ull

#define PTE_VALID	BIT_ULL(0)
#define PTE_VOL		BIT_ULL(3)
#define PTE_PRIV	BIT_ULL(5)
#define PTE_READ_ONLY	BIT_ULL(6)
#define PTE_NO_ATOMIC	BIT_ULL(7)

/* Apertures of directory entries are numbered differently from those of PTEs. */
enum { PDE_INVALID, PDE_VRAM, PDE_SYS_COH, PDE_SYS_NCOH };

struct mmu {
	struct tlb *tlb[MMU_NR_CLIENTS];
	atomic_ullong generation;
};

struct dir {
	enum gpu_aperture aperture;
	u64 addr;
};

static _Thread_local unsigned int bracket_depth;

void mmu_enter(struct gpu *gpu)
{
	if (!bracket_depth++)
		pthread_rwlock_rdlock(&gpu->access);
}

void mmu_leave(struct gpu *gpu)
{
	if (!--bracket_depth)
		pthread_rwlock_unlock(&gpu->access);
}

bool mmu_space_load(struct gpu *gpu, enum gpu_aperture aperture, u64 inst, struct mmu_space *space)
{
	u64 w[2];

	memset(space, 0, sizeof(*space));
	space->inst = inst;
	space->inst_aperture = aperture;
	if (!memory_read(gpu, aperture, inst + INST_PDB, w, sizeof(w)))
		return false;
	space->pdb_aperture = PDB_APERTURE(w[0]);
	space->pdb = w[0] & PDB_ADDR;
	space->limit = w[1] | 0xfff;
	space->replay_tex = w[0] & PDB_REPLAY_TEX;
	space->replay_gcc = w[0] & PDB_REPLAY_GCC;
	space->valid = w[0] & PDB_VERSION2;
	return space->valid;
}

/* --------------------------------------------------------------------- walk */

/* Where a directory entry points; false: nowhere. @low_bits: bits below 12 that belong to the address. */
static bool pde_target(u64 pde, u64 low_bits, struct dir *next)
{
	switch ((pde >> 1) & 3) {
	case PDE_VRAM:
		next->aperture = APERTURE_VRAM;
		break;
	case PDE_SYS_COH:
		next->aperture = APERTURE_SYS_COH;
		break;
	case PDE_SYS_NCOH:
		next->aperture = APERTURE_SYS_NCOH;
		break;
	default:
		return false;
	}
	next->addr = (bits64(pde, 53, 4) << 8) & ~(0xfffull & ~low_bits);
	return true;
}

static bool is_sparse(u64 entry)
{
	return !(entry & PTE_VALID) && !((entry >> 1) & 3) && (entry & PTE_VOL);
}

static bool found_sparse(struct mmu_xlate *x, unsigned int shift)
{
	x->sparse = true;
	x->shift = (u8)shift;
	x->left = (1ull << shift) - (x->va & ((1ull << shift) - 1));
	return true;
}

static bool failed(struct mmu_xlate *x, enum mmu_reason reason)
{
	x->reason = reason;
	return false;
}

static bool use_pte(struct gpu *gpu, u64 pte, unsigned int shift, struct mmu_xlate *x)
{
	u64 mask = (1ull << shift) - 1, offset = x->va & mask;

	if (!(pte & PTE_VALID))
		return pte & PTE_VOL ? found_sparse(x, shift) : failed(x, MMU_FAULT_PTE);
	x->aperture = (pte >> 1) & 3;
	if (x->aperture == APERTURE_PEER)
		return failed(x, MMU_FAULT_APERTURE);
	if (x->aperture == APERTURE_VRAM)
		x->addr = bits64(pte, 35, 8) << 12;
	else
		x->addr = bits64(pte, 53, 8) << 12;
	x->addr = (x->addr & ~mask) | offset;
	if (x->aperture == APERTURE_VRAM && x->addr >= gpu->vram_size)
		return failed(x, MMU_FAULT_REGION);
	x->left = mask + 1 - offset;
	x->shift = (u8)shift;
	x->kind = (u8)(pte >> 56);
	x->read_only = pte & PTE_READ_ONLY;
	x->no_atomic = pte & PTE_NO_ATOMIC;
	return true;
}

static bool walk_small(struct gpu *gpu, const struct dir *table, struct mmu_xlate *x)
{
	return use_pte(gpu, memory_read64(gpu, table->aperture, table->addr + bits64(x->va, 20, 12) * 8), 12, x);
}

static bool walk_pd0(struct gpu *gpu, const struct dir *pd0, struct mmu_xlate *x)
{
	u64 at = pd0->addr + bits64(x->va, 28, 21) * 16;
	u64 big = memory_read64(gpu, pd0->aperture, at);
	u64 small = memory_read64(gpu, pd0->aperture, at + 8);
	bool have_big;
	struct dir table;

	if (big & PTE_VALID)
		return use_pte(gpu, big, 21, x);
	have_big = pde_target(big, 0xf00, &table);
	if (have_big) {
		u64 pte = memory_read64(gpu, table.aperture, table.addr + bits64(x->va, 20, 16) * 8);

		if (pte & (PTE_VALID | PTE_VOL | PTE_PRIV))
			return use_pte(gpu, pte, 16, x);
	} else if (is_sparse(big)) {
		return found_sparse(x, 21);
	}
	if (pde_target(small, 0, &table))
		return walk_small(gpu, &table, x);
	return failed(x, have_big ? MMU_FAULT_PTE : MMU_FAULT_PDE);
}

/* From virtual to physical; permissions are another matter. */
static bool walk(struct gpu *gpu, const struct mmu_space *space, struct mmu_xlate *x)
{
	static const u8 level[3][2] = { { 48, 47 }, { 46, 38 }, { 37, 29 } };
	struct dir dir = { space->pdb_aperture, space->pdb };

	if (!space->valid)
		return failed(x, MMU_FAULT_UNBOUND_INST);
	if (x->va >> VA_BITS || x->va > space->limit)
		return failed(x, MMU_FAULT_VA_LIMIT);
	for (int i = 0; i < 3; i++) {
		u64 pde = memory_read64(gpu, dir.aperture, dir.addr + bits64(x->va, level[i][0], level[i][1]) * 8);

		if (!pde_target(pde, 0, &dir))
			return is_sparse(pde) ? found_sparse(x, 21) : failed(x, MMU_FAULT_PDE);
	}
	return walk_pd0(gpu, &dir, x);
}

static bool permitted(struct mmu_xlate *x, enum mmu_access access)
{
	if (x->sparse || access == MMU_READ || access == MMU_PREFETCH)
		return true;
	if (x->read_only)
		return failed(x, MMU_FAULT_RO);
	if (access == MMU_ATOMIC && x->no_atomic)
		return failed(x, MMU_FAULT_ATOMIC);
	return true;
}

bool mmu_walk(struct gpu *gpu, const struct mmu_space *space, u64 va, enum mmu_access access,
	      struct mmu_xlate *x)
{
	*x = (struct mmu_xlate){ .va = va };
	return walk(gpu, space, x) && permitted(x, access);
}

static void count_use(struct gpu *gpu, const struct mmu_xlate *x)
{
	counter_inc(gpu, x->sparse ? CTR_PTE_SPARSE : x->shift == 21 ? CTR_PTE_2M :
		    x->shift == 16 ? CTR_PTE_64K : CTR_PTE_4K);
}

bool mmu_translate(struct gpu *gpu, const struct mmu_space *space, enum mmu_client client, u64 va,
		   enum mmu_access access, struct mmu_xlate *x)
{
	struct tlb *tlb = gpu->mmu->tlb[client];

	*x = (struct mmu_xlate){ .va = va };
	if (va <= space->limit && tlb_find(tlb, space, va, x)) {
		counter_inc(gpu, CTR_TLB_HITS);
		return permitted(x, access);
	}
	counter_inc(gpu, CTR_TLB_MISSES);
	if (!walk(gpu, space, x))
		return false;
	count_use(gpu, x);
	tlb_keep(tlb, space, va, x);
	return permitted(x, access);
}

/* ----------------------------------------------------------- whole accesses */

/* One piece inside one page. Return: bytes done, 0 for a fault. */
static u64 piece(struct gpu *gpu, const struct mmu_space *space, enum mmu_client client, u64 va,
		 u8 *buf, u64 len, bool write, struct mmu_xlate *x)
{
	u8 *p;

	if (!mmu_translate(gpu, space, client, va, write ? MMU_WRITE : MMU_READ, x))
		return 0;
	if (len > x->left)
		len = x->left;
	if (x->sparse) {
		if (!write)
			memset(buf, 0, len);
		return len;
	}
	if (len > 4096 - (x->addr & 4095))	/* guest RAM need not be in one piece beyond that */
		len = 4096 - (x->addr & 4095);
	p = memory_ptr(gpu, x->aperture, x->addr, len, write);
	if (!p) {
		failed(x, MMU_FAULT_REGION);
		return 0;
	}
	if (write)
		memcpy(p, buf, len);
	else
		memcpy(buf, p, len);
	return len;
}

static u64 virtual_access(struct gpu *gpu, const struct mmu_space *space, enum mmu_client client,
			  u64 va, u8 *buf, u64 len, bool write, struct mmu_xlate *x)
{
	struct mmu_xlate local;
	u64 done = 0;

	while (done < len) {
		u64 n;

		mmu_enter(gpu);
		n = piece(gpu, space, client, va + done, buf + done, len - done, write, x ? x : &local);
		mmu_leave(gpu);
		if (!n)
			break;
		done += n;
	}
	return done;
}

u64 mmu_read(struct gpu *gpu, const struct mmu_space *space, enum mmu_client client, u64 va,
	     void *buf, u64 len, struct mmu_xlate *x)
{
	return virtual_access(gpu, space, client, va, buf, len, false, x);
}

u64 mmu_write(struct gpu *gpu, const struct mmu_space *space, enum mmu_client client, u64 va,
	      const void *buf, u64 len, struct mmu_xlate *x)
{
	return virtual_access(gpu, space, client, va, (u8 *)buf, len, true, x);
}

/* --------------------------------------------------------------- invalidates */

void mmu_invalidate(struct gpu *gpu, bool all, bool hub_only, enum gpu_aperture aperture, u64 pdb)
{
	u64 dropped = 0;

	trace_op(gpu, INVALIDATE, -1, pdb, all, hub_only);
	pthread_rwlock_wrlock(&gpu->access);
	for (int i = 0; i < MMU_NR_CLIENTS; i++) {
		if (!hub_only || i != MMU_CLIENT_GPC)
			dropped += tlb_drop(gpu->mmu->tlb[i], all, aperture, pdb);
	}
	atomic_fetch_add(&gpu->mmu->generation, 1);
	pthread_rwlock_unlock(&gpu->access);
	counter_add(gpu, CTR_TLB_DROPPED, dropped);
}

u64 mmu_generation(const struct gpu *gpu)
{
	return atomic_load(&gpu->mmu->generation);
}

/* --------------------------------------------------------------------- unit */

static int pmmu_init(struct gpu *gpu)
{
	u64 entries = gpu_option_u64(gpu, "tlb-entries", 2048);

	if (!entries || entries > 1u << 20 || entries & (entries - 1))
		return -EINVAL;
	gpu->mmu = calloc(1, sizeof(*gpu->mmu));
	if (!gpu->mmu || pte_watch_init(gpu))
		return -ENOMEM;
	for (int i = 0; i < MMU_NR_CLIENTS; i++) {
		gpu->mmu->tlb[i] = tlb_create((u32)entries);
		if (!gpu->mmu->tlb[i])
			return -ENOMEM;
	}
	return 0;
}

static void pmmu_fini(struct gpu *gpu)
{
	for (int i = 0; gpu->mmu && i < MMU_NR_CLIENTS; i++)
		tlb_destroy(gpu->mmu->tlb[i]);
	free(gpu->mmu);
	gpu->mmu = NULL;
	pte_watch_fini(gpu);
}

const struct gpu_unit pmmu_unit = {
	.name = "PMMU",
	.init = pmmu_init,
	.reset = pte_watch_forget,
	.fini = pmmu_fini,
};
