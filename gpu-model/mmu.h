/* SPDX-License-Identifier: MIT */
/*
 * DOC: GPU virtual memory
 *
 * Address spaces, page walks (pmmu.c) and translation caches (tlb.c). A
 * translation that was once found stays in the cache of the client that asked
 * until it is invalidated by 100cbc (or pushed out by another), whatever
 * happens to the page tables: a driver that forgets an invalidate sees the old
 * page. What was not found is not kept.
 */
#ifndef GPU_MODEL_MMU_H
#define GPU_MODEL_MMU_H

#include "memory.h"
#include "types.h"

struct gpu;

enum mmu_access { MMU_READ = 0, MMU_WRITE = 1, MMU_ATOMIC = 2, MMU_PREFETCH = 3 };

/* Why a translation failed: numbers as in fault registers and fault buffer entries. */
enum mmu_reason {
	MMU_FAULT_PDE = 0x0,
	MMU_FAULT_PDE_SIZE = 0x1,
	MMU_FAULT_PTE = 0x2,
	MMU_FAULT_VA_LIMIT = 0x3,
	MMU_FAULT_UNBOUND_INST = 0x4,
	MMU_FAULT_PRIV = 0x5,
	MMU_FAULT_RO = 0x6,
	MMU_FAULT_WO = 0x7,
	MMU_FAULT_PITCH = 0x8,
	MMU_FAULT_WORK_CREATION = 0x9,
	MMU_FAULT_APERTURE = 0xa,
	MMU_FAULT_COMPRESSION = 0xb,
	MMU_FAULT_KIND = 0xc,
	MMU_FAULT_REGION = 0xd,
	MMU_FAULT_POISONED = 0xe,
	MMU_FAULT_ATOMIC = 0xf,		/* atomic access to a page without permission */
};

/* Who translates. Each has a cache of its own. The first four are behind the hub's MMU. */
enum mmu_client { MMU_CLIENT_BAR1, MMU_CLIENT_BAR2, MMU_CLIENT_HOST, MMU_CLIENT_CE, MMU_CLIENT_GPC, MMU_NR_CLIENTS };

/**
 * struct mmu_space - an address space, as read from an instance block
 * @inst: physical address of the instance block
 * @inst_aperture: where it lies
 * @pdb: page directory base
 * @pdb_aperture: where it lies
 * @limit: last valid address
 * @replay_tex: faults of texture and shader clients are replayable
 * @replay_gcc: the same for the constant cache
 * @valid: format version 2, readable
 *
 * A copy, as an engine keeps one when it loads a channel: later changes of the
 * instance block count when it is loaded again.
 */
struct mmu_space {
	u64 inst;
	enum gpu_aperture inst_aperture;
	u64 pdb;
	enum gpu_aperture pdb_aperture;
	u64 limit;
	bool replay_tex, replay_gcc, valid;
};

/**
 * struct mmu_xlate - outcome of a translation
 * @aperture: where the page lies
 * @addr: physical address of the byte asked for
 * @left: bytes from there to the end of the page
 * @shift: page size: 12, 16 or 21
 * @kind: of the PTE; 0 is pitch
 * @sparse: reads as 0, writes are dropped; @aperture and @addr mean nothing
 * @read_only: as the PTE says
 * @no_atomic: as the PTE says
 * @reason: why it failed (enum mmu_reason), when it did
 * @va: the address asked for
 */
struct mmu_xlate {
	enum gpu_aperture aperture;
	u64 addr, left;
	u8 shift, kind;
	bool sparse, read_only, no_atomic;
	u8 reason;
	u64 va;
};

/* Offset of the page directory base in an instance block. */
#define INST_PDB	0x200
#define INST_LIMIT	0x208

/* Reads an instance block. False (and @space->valid false) when there is none to read. */
bool mmu_space_load(struct gpu *gpu, enum gpu_aperture aperture, u64 inst, struct mmu_space *space);

/*
 * Bracket for every use of a translation and of memory_ptr(). Shared; may nest in one thread. Keep
 * it short: at most 64 KiB moved, nothing waited for, gpu->lock not taken inside.
 */
void mmu_enter(struct gpu *gpu);
void mmu_leave(struct gpu *gpu);

/**
 * mmu_translate() - from virtual to physical, through the client's cache
 * @gpu: the device
 * @space: address space
 * @client: who asks
 * @va: virtual address
 * @access: what for; a prefetch needs what a read needs
 * @x: outcome
 *
 * Context: inside mmu_enter()/mmu_leave(). Any thread.
 * Return: true when the access is allowed (@x says where), false for a fault (@x->reason).
 */
bool mmu_translate(struct gpu *gpu, const struct mmu_space *space, enum mmu_client client,
		   u64 va, enum mmu_access access, struct mmu_xlate *x);

/* The same walk without caches or counters: for diagnostics and tests. */
bool mmu_walk(struct gpu *gpu, const struct mmu_space *space, u64 va,
	      enum mmu_access access, struct mmu_xlate *x);

/*
 * Whole accesses through a space; they bracket themselves. Return: bytes done, in order; fewer than
 * @len when a page faulted, then @x (may be NULL) says where and why.
 */
u64 mmu_read(struct gpu *gpu, const struct mmu_space *space, enum mmu_client client,
	     u64 va, void *buf, u64 len, struct mmu_xlate *x);
u64 mmu_write(struct gpu *gpu, const struct mmu_space *space, enum mmu_client client,
	      u64 va, const void *buf, u64 len, struct mmu_xlate *x);

/**
 * mmu_invalidate() - drops translations
 * @gpu: the device
 * @all: of every page directory; else only of @pdb
 * @hub_only: leave the caches of the GPCs alone
 * @aperture: of @pdb
 * @pdb: page directory base
 *
 * Waits until accesses under the old translations are over.
 * Context: device lock held, not inside mmu_enter().
 */
void mmu_invalidate(struct gpu *gpu, bool all, bool hub_only, enum gpu_aperture aperture, u64 pdb);

/*
 * Changes with every invalidate: whoever keeps translations of his own (inside one
 * mmu_enter() only, or with this number compared at each mmu_enter()) must drop them then.
 */
u64 mmu_generation(const struct gpu *gpu);

#endif
