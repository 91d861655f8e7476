// SPDX-License-Identifier: MIT
#include "counters.h"
#include "unit.h"

static const char *const names[GPU_NR_COUNTERS] = {
#define X(id, name) [CTR_##id] = name,
	GPU_COUNTERS(X)
	GPU_COUNTERS_FIFO(X)
	GPU_COUNTERS_GR(X)
#undef X
};

void counter_add(struct gpu *gpu, enum gpu_counter counter, u64 n)
{
	atomic_fetch_add_explicit(&gpu->counter[counter], n, memory_order_relaxed);
}

u64 counter_get(const struct gpu *gpu, enum gpu_counter counter)
{
	return atomic_load_explicit(&gpu->counter[counter], memory_order_relaxed);
}

void counter_clear_all(struct gpu *gpu)
{
	for (int i = 0; i < GPU_NR_COUNTERS; i++)
		atomic_store_explicit(&gpu->counter[i], 0, memory_order_relaxed);
}

const char *counter_name(enum gpu_counter counter)
{
	return names[counter];
}
