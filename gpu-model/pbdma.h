/* SPDX-License-Identifier: MIT */
/*
 * DOC: PBDMA
 *
 * Reads the GPFIFO and the push buffers of a channel, decodes method headers,
 * executes the host's own methods and hands the others to the engines.
 */
#ifndef GPU_MODEL_PBDMA_H
#define GPU_MODEL_PBDMA_H

#include "channel.h"
#include "types.h"

struct gpu;

/* Offsets in a channel's USERD page. */
#define USERD_PUT	0x40
#define USERD_GET	0x44
#define USERD_PUT_HI	0x58
#define USERD_GET_HI	0x60
#define USERD_GP_GET	0x88
#define USERD_GP_PUT	0x8c

/* Forgets what it read and where it was. Device lock held. */
void pbdma_clear(struct channel *ch);

/* GP_PUT is ahead, or an entry is not at its end. The thread that runs the channel. */
bool pbdma_has_work(struct channel *ch);

/*
 * Runs a channel until its ring is empty (ENGINE_OK) or something stops it. The thread that
 * runs it, device lock not held.
 */
enum engine_result pbdma_run(struct channel *ch);

/*
 * Reports the method at which a channel stopped with ENGINE_ERROR. False: this PBDMA waits for
 * the driver already. Device lock held.
 */
bool pbdma_trap(struct gpu *gpu, struct channel *ch);

/* PBDMAs with an enabled interrupt, a bit each. Device lock held. */
u32 pbdma_pending(struct gpu *gpu);

/* Methods below 100 (pbdma_host.c). */
enum engine_result pbdma_host_method(struct channel *ch, u32 mthd, u32 data);

/* A faulted access of the PBDMA itself; always fatal. */
enum engine_result pbdma_fault(struct channel *ch, const struct mmu_xlate *x, enum mmu_access access);

#endif
