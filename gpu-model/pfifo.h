/* SPDX-License-Identifier: MIT */
/*
 * DOC: PFIFO
 *
 * Channels, runlists, scheduling and their interrupts. Each runlist has a
 * thread that runs its channels one at a time, in the order of the list, a
 * timeslice each. Device lock held for all functions.
 */
#ifndef GPU_MODEL_PFIFO_H
#define GPU_MODEL_PFIFO_H

#include "channel.h"
#include "memory.h"
#include "types.h"

struct gpu;

/* 002100 */
#define PFIFO_INTR_BIND		BIT(0)
#define PFIFO_INTR_SCHED	BIT(8)
#define PFIFO_INTR_MMU_FAULT	BIT(28)
#define PFIFO_INTR_PBDMA	BIT(29)
#define PFIFO_INTR_RUNLIST	BIT(30)
#define PFIFO_INTR_NONSTALL	BIT(31)

/* A 32-bit write through BAR1 has landed at 8c mod 200: it may be a channel's GP_PUT. */
void pfifo_doorbell(struct gpu *gpu, enum gpu_aperture aperture, u64 addr, u32 value);

/* 002100, and with it PFIFO's line. */
void pfifo_intr_set(struct gpu *gpu, u32 bits);
void pfifo_intr_clear(struct gpu *gpu, u32 bits);

/* A channel's end: it runs no more until it is bound again. */
void pfifo_kill(struct gpu *gpu, struct channel *ch);

/* The bits of PBDMA_INTR_0 that held up a channel are served: it goes on. */
void pfifo_trap_served(struct gpu *gpu, u32 pbdma);

/* Channel by number, or NULL. */
struct channel *pfifo_channel(struct gpu *gpu, u32 id);

/* Number of the channel that is bound to an instance block, or -1. */
int pfifo_channel_at(struct gpu *gpu, u64 inst);

/* PBDMA that serves a channel: a runlist's first, or second for run queue 1. */
u32 pfifo_pbdma_of(struct gpu *gpu, const struct channel *ch);

#endif
