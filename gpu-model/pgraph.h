/* SPDX-License-Identifier: MIT */
/* PGRAPH and its context-switch falcon, as seen by the other units. Device lock held. */
#ifndef GPU_MODEL_PGRAPH_H
#define GPU_MODEL_PGRAPH_H

#include "memory.h"
#include "types.h"

struct gpu;

/* The context now on the graphics engine, as 409b00 names it. */
void fecs_set_context(struct gpu *gpu, enum gpu_aperture aperture, u64 inst);

/* Its instance block, 0 when there is none. */
u64 fecs_context(const struct gpu *gpu);

/* FECS has been told to stop context switches (method 38) and not to go on again (39). */
bool fecs_stopped(const struct gpu *gpu);

/* Raises PGRAPH's interrupt with these bits of 400100, and drops nothing. */
void pgraph_intr(struct gpu *gpu, u32 bits);

#endif
