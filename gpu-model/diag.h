/* SPDX-License-Identifier: MIT */
/*
 * DOC: Diagnostics
 *
 * Two questions that bringing up a driver asks: which registers does it touch
 * that nothing models, and which register does it poll for ever.
 */
#ifndef GPU_MODEL_DIAG_H
#define GPU_MODEL_DIAG_H

#include "types.h"

struct gpu;

int diag_init(struct gpu *gpu);
void diag_fini(struct gpu *gpu);

/* A register that is in no unit's table. Device lock held. */
void diag_unmodelled(struct gpu *gpu, u32 addr, bool write, u32 value);

/* Which block of the GPU an address belongs to, by NVIDIA's public manuals; "?" if none is known. */
const char *diag_block(u32 addr);

/*
 * Each register read. Names a register (once) that is read over and over for more than a
 * second and never changes, while nothing but the timer and up to three other registers is
 * read and nothing is written. Device lock held.
 */
void diag_read(struct gpu *gpu, u32 addr, u32 value);

/* Anything else happened: the register is not polled. Device lock held. */
void diag_progress(struct gpu *gpu);

/* Number of registers that the watchdog has named. */
u32 diag_polled(const struct gpu *gpu);

#endif
