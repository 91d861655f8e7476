/* SPDX-License-Identifier: MIT */
/* PTIMER: the GPU's clock. */
#ifndef GPU_MODEL_PTIMER_H
#define GPU_MODEL_PTIMER_H

#include "types.h"

struct gpu;

/* The GPU's time in ns, as in timestamps of semaphores and faults. Any thread, no lock. */
u64 ptimer_now(const struct gpu *gpu);

#endif
