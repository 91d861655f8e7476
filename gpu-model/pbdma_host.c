// SPDX-License-Identifier: MIT
/* The methods that a PBDMA executes itself: class C06F, below 100. */
#include "pbdma.h"
#include "pfifo_priv.h"
#include "replay.h"
#include "semaphore.h"
#include "trace.h"

enum {
	ILLEGAL = 0x04, NOP = 0x08,
	SEMAPHORE_A = 0x10, SEMAPHORE_B = 0x14, SEMAPHORE_C = 0x18, SEMAPHORE_D = 0x1c,
	NON_STALL_INTERRUPT = 0x20, FB_FLUSH = 0x24,
	MEM_OP_A = 0x28, MEM_OP_B = 0x2c, MEM_OP_C = 0x30, MEM_OP_D = 0x34,
	SET_REFERENCE = 0x50, SYNCPOINT_A = 0x70, SYNCPOINT_B = 0x74, WFI = 0x78,
	CRC_CHECK = 0x7c, YIELD = 0x80,
};

/* SEMAPHORE_D */
#define OPERATION(d)	bits32(d, 4, 0)
#define ACQUIRE_SWITCH	BIT(12)
#define RELEASE_4BYTE	BIT(24)
#define REDUCTION(d)	bits32(d, 30, 27)
#define UNSIGNED	BIT(31)

enum { ACQUIRE = 1, RELEASE = 2, ACQ_GEQ = 4, ACQ_AND = 8, REDUCE = 0x10 };

static bool acquired(u32 operation, u32 value, u32 wanted)
{
	switch (operation) {
	case ACQUIRE:
		return value == wanted;
	case ACQ_GEQ:
		return (s32)(value - wanted) >= 0;	/* sequence numbers wrap */
	}
	return value & wanted;				/* ACQ_AND */
}

static enum engine_result semaphore(struct channel *ch, u32 d)
{
	u64 va = (u64)bits32(ch->sema[0], 7, 0) << 32 | ch->sema[1];
	u32 payload = ch->sema[2], value;
	enum engine_result result;
	struct mmu_xlate x;

	switch (OPERATION(d)) {
	case ACQUIRE:
	case ACQ_GEQ:
	case ACQ_AND:
		result = semaphore_read(ch, MMU_CLIENT_HOST, va, &value, &x);
		if (result == ENGINE_FAULT)
			return pbdma_fault(ch, &x, MMU_READ);
		if (result == ENGINE_OK && !acquired(OPERATION(d), value, payload)) {
			counter_inc(ch->gpu, CTR_ACQUIRE_RETRIES);
			ch->keeps_runlist = !(d & ACQUIRE_SWITCH);
			return ENGINE_WAIT;
		}
		if (result == ENGINE_OK)
			trace_op(ch->gpu, ACQUIRE, (int)ch->id, va, payload, 0);
		return result;
	case RELEASE:
		result = semaphore_release(ch, MMU_CLIENT_HOST, va, payload, !(d & RELEASE_4BYTE), &x);
		break;
	case REDUCE:
		if (REDUCTION(d) > SEMAPHORE_DEC)
			return ENGINE_ERROR;
		result = semaphore_reduce(ch, MMU_CLIENT_HOST, va, payload,
					  (enum semaphore_reduction)REDUCTION(d), !(d & UNSIGNED), &x);
		break;
	default:
		return ENGINE_ERROR;
	}
	if (result == ENGINE_FAULT)
		return pbdma_fault(ch, &x, OPERATION(d) == REDUCE ? MMU_ATOMIC : MMU_WRITE);
	if (result == ENGINE_OK) {
		counter_inc(ch->gpu, CTR_SEMAPHORE_RELEASES);
		trace_op(ch->gpu, RELEASE, (int)ch->id, va, payload, 0);
	}
	return result;
}

static void non_stall(struct channel *ch)
{
	gpu_lock(ch->gpu);
	if (!atomic_load(&ch->stop)) {
		counter_inc(ch->gpu, CTR_NON_STALL_INTERRUPTS);
		trace_op(ch->gpu, NON_STALL, (int)ch->id, 0, 0, 0);
		pfifo_intr_set(ch->gpu, PFIFO_INTR_NONSTALL);
	}
	gpu_unlock(ch->gpu);
}

/* MEM_OP_D, and what it takes from MEM_OP_C. */
#define MEM_OP(d)	bits32(d, 31, 27)
#define PDB_ALL		BIT(0)
#define NOT_GPCS	BIT(1)
#define PDB_APERTURE(c)	bits32(c, 11, 10)
#define PDB_LOW(c)	((u64)bits32(c, 31, 12) << 12)
#define REPLAY(c)	bits32(c, 4, 2)		/* with the GPCs only */
#define TARGET_CLIENT(a) bits32(a, 5, 0)
#define TARGET_GPC(a)	bits32(a, 10, 6)

enum {
	MEM_OP_MEMBAR = 0x05, MEM_OP_TLB_INVALIDATE = 0x09, MEM_OP_TLB_INVALIDATE_TARGETED = 0x0a,
	MEM_OP_L2_PEERMEM_INVALIDATE = 0x0d, MEM_OP_L2_SYSMEM_INVALIDATE = 0x0e,
	MEM_OP_L2_CLEAN_COMPTAGS = 0x0f, MEM_OP_L2_FLUSH_DIRTY = 0x10,
	MEM_OP_L2_WAIT_FOR_SYS_PENDING_READS = 0x15,
};

enum { REPLAY_NONE, REPLAY_START, REPLAY_START_ACK_ALL, REPLAY_CANCEL_TARGETED, REPLAY_CANCEL_GLOBAL };

/* As 100cbc does it, from a push buffer: NVIDIA's own driver invalidates and replays this way. */
static void tlb_invalidate(struct channel *ch, u32 d)
{
	struct gpu *gpu = ch->gpu;
	u32 a = ch->mem_op[0], c = ch->mem_op[2];

	gpu_lock(gpu);
	mmu_invalidate(gpu, c & PDB_ALL, c & NOT_GPCS, (enum gpu_aperture)PDB_APERTURE(c),
		       (u64)bits32(d, 26, 0) << 32 | PDB_LOW(c));
	switch (c & NOT_GPCS ? REPLAY_NONE : REPLAY(c)) {
	case REPLAY_START:
	case REPLAY_START_ACK_ALL:
		fault_replay(gpu);
		break;
	case REPLAY_CANCEL_TARGETED:
		fault_cancel_targeted(gpu, false, (u8)TARGET_GPC(a), (u8)TARGET_CLIENT(a));
		break;
	case REPLAY_CANCEL_GLOBAL:
		fault_cancel_global(gpu);
		break;
	}
	gpu_unlock(gpu);
}

static enum engine_result mem_op(struct channel *ch, u32 d)
{
	switch (MEM_OP(d)) {
	case MEM_OP_TLB_INVALIDATE:
	case MEM_OP_TLB_INVALIDATE_TARGETED:
		tlb_invalidate(ch, d);
		return ENGINE_OK;
	case MEM_OP_MEMBAR:		/* memory is always as it was written */
	case MEM_OP_L2_PEERMEM_INVALIDATE:
	case MEM_OP_L2_SYSMEM_INVALIDATE:
	case MEM_OP_L2_CLEAN_COMPTAGS:
	case MEM_OP_L2_FLUSH_DIRTY:
	case MEM_OP_L2_WAIT_FOR_SYS_PENDING_READS:
		return ENGINE_OK;
	}
	return ENGINE_ERROR;
}

enum engine_result pbdma_host_method(struct channel *ch, u32 mthd, u32 data)
{
	switch (mthd) {
	case SEMAPHORE_A:
	case SEMAPHORE_B:
	case SEMAPHORE_C:
		ch->sema[(mthd - SEMAPHORE_A) / 4] = data;
		return ENGINE_OK;
	case SEMAPHORE_D:
		ch->sema[3] = data;
		return semaphore(ch, data);
	case NON_STALL_INTERRUPT:
		non_stall(ch);
		return ENGINE_OK;
	case MEM_OP_A:
	case MEM_OP_B:
	case MEM_OP_C:
		ch->mem_op[(mthd - MEM_OP_A) / 4] = data;
		return ENGINE_OK;
	case MEM_OP_D:
		return mem_op(ch, data);
	case SET_REFERENCE:
		ch->reference = data;
		return ENGINE_OK;
	case YIELD:
		if (bits32(data, 1, 0))
			atomic_store(&ch->yield, true);
		return ENGINE_OK;
	case NOP:
	case FB_FLUSH:
	case WFI:		/* a method is taken when its work is done */
	case CRC_CHECK:
		return ENGINE_OK;
	case SYNCPOINT_A:	/* a discrete GPU has none */
	case SYNCPOINT_B:
	case ILLEGAL:
		break;
	}
	return ENGINE_ERROR;
}
