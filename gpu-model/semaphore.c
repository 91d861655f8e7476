// SPDX-License-Identifier: MIT
#include <string.h>

#include "ptimer.h"
#include "semaphore.h"
#include "unit.h"

/* Inside of an access bracket. NULL with @x filled: it faults. A sparse page is *@sparse. */
static u32 *word(struct channel *ch, enum mmu_client client, u64 va, enum mmu_access access,
		 struct mmu_xlate *x, bool *sparse)
{
	u32 *p;

	*sparse = false;
	va &= ~3ull;
	if (!mmu_translate(ch->gpu, &ch->space, client, va, access, x))
		return NULL;
	if (x->sparse) {
		*sparse = true;
		return NULL;
	}
	p = memory_ptr(ch->gpu, x->aperture, x->addr, 4, access != MMU_READ);
	if (!p)
		x->reason = MMU_FAULT_APERTURE;
	return p;
}

enum engine_result semaphore_read(struct channel *ch, enum mmu_client client, u64 va, u32 *value,
				  struct mmu_xlate *x)
{
	bool sparse;
	u32 *p;

	*value = 0;
	if (!channel_enter(ch))
		return ENGINE_AGAIN;
	p = word(ch, client, va, MMU_READ, x, &sparse);
	if (p)
		*value = __atomic_load_n(p, __ATOMIC_ACQUIRE);
	channel_leave(ch);
	return p || sparse ? ENGINE_OK : ENGINE_FAULT;
}

enum engine_result semaphore_release(struct channel *ch, enum mmu_client client, u64 va, u32 payload,
				     bool timestamp, struct mmu_xlate *x)
{
	u64 now = ptimer_now(ch->gpu);
	u32 v[4] = { payload, 0, (u32)now, (u32)(now >> 32) };
	enum engine_result result = ENGINE_OK;

	if (!channel_enter(ch))
		return ENGINE_AGAIN;
	for (int i = timestamp ? 3 : 0; i >= 0 && result == ENGINE_OK; i--) {
		bool sparse;
		u32 *p = word(ch, client, va + 4 * (u64)i, MMU_WRITE, x, &sparse);

		if (p)
			__atomic_store_n(p, v[i], __ATOMIC_RELEASE);
		else if (!sparse)
			result = ENGINE_FAULT;
	}
	channel_leave(ch);
	ch->released = true;
	return result;
}

static u32 float_sum(u32 a, u32 b)
{
	float x, y;

	memcpy(&x, &a, sizeof(x));
	memcpy(&y, &b, sizeof(y));
	x += y;
	memcpy(&a, &x, sizeof(a));
	return a;
}

static u32 reduced(u32 old, u32 v, enum semaphore_reduction op, bool is_signed)
{
	switch (op) {
	case SEMAPHORE_MIN:
		if (is_signed)
			return (s32)v < (s32)old ? v : old;
		return v < old ? v : old;
	case SEMAPHORE_MAX:
		if (is_signed)
			return (s32)v > (s32)old ? v : old;
		return v > old ? v : old;
	case SEMAPHORE_XOR:
		return old ^ v;
	case SEMAPHORE_AND:
		return old & v;
	case SEMAPHORE_OR:
		return old | v;
	case SEMAPHORE_ADD:
		return old + v;
	case SEMAPHORE_INC:
		return old >= v ? 0 : old + 1;
	case SEMAPHORE_DEC:
		return !old || old > v ? v : old - 1;
	case SEMAPHORE_FADD:
		return float_sum(old, v);
	}
	return old;
}

enum engine_result semaphore_reduce(struct channel *ch, enum mmu_client client, u64 va, u32 payload,
				    enum semaphore_reduction op, bool is_signed, struct mmu_xlate *x)
{
	bool sparse;
	u32 *p;

	if (!channel_enter(ch))
		return ENGINE_AGAIN;
	p = word(ch, client, va, MMU_ATOMIC, x, &sparse);
	if (p) {
		u32 old = __atomic_load_n(p, __ATOMIC_RELAXED);

		while (!__atomic_compare_exchange_n(p, &old, reduced(old, payload, op, is_signed), false,
						    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			;
	}
	channel_leave(ch);
	ch->released = true;
	return p || sparse ? ENGINE_OK : ENGINE_FAULT;
}
