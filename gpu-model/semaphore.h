/* SPDX-License-Identifier: MIT */
/*
 * DOC: Semaphores in memory
 *
 * One word that is compared, written or changed by a single access, as the
 * PBDMA and the copy engines do it. Not inside mmu_enter(), device lock not held.
 * All return ENGINE_OK, ENGINE_AGAIN (the channel was taken away; nothing done)
 * or ENGINE_FAULT, then @x says where and why.
 */
#ifndef GPU_MODEL_SEMAPHORE_H
#define GPU_MODEL_SEMAPHORE_H

#include "channel.h"

enum semaphore_reduction {
	SEMAPHORE_MIN, SEMAPHORE_MAX, SEMAPHORE_XOR, SEMAPHORE_AND,
	SEMAPHORE_OR, SEMAPHORE_ADD, SEMAPHORE_INC, SEMAPHORE_DEC,
	SEMAPHORE_FADD = 10,		/* copy engines only; single precision */
};

enum engine_result semaphore_read(struct channel *ch, enum mmu_client client, u64 va, u32 *value,
				  struct mmu_xlate *x);

/*
 * Writes @payload; with @timestamp also 0 and the time behind it, four words in
 * all, the payload last, so that who sees it sees the time.
 */
enum engine_result semaphore_release(struct channel *ch, enum mmu_client client, u64 va, u32 payload,
				     bool timestamp, struct mmu_xlate *x);

/* *va = op(*va, payload); INC and DEC wrap at the payload. */
enum engine_result semaphore_reduce(struct channel *ch, enum mmu_client client, u64 va, u32 payload,
				    enum semaphore_reduction op, bool is_signed, struct mmu_xlate *x);

#endif
