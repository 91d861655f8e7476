/* SPDX-License-Identifier: MIT */
/* PMC: interrupt lines of the units, and the one that goes to the host. */
#ifndef GPU_MODEL_PMC_H
#define GPU_MODEL_PMC_H

#include "types.h"

struct gpu;

/* Bits of PMC_INTR(0) with a fixed place; engines have theirs from the device info table. */
enum pmc_line {
	PMC_PFIFO = 8,
	PMC_REPLAYABLE_FAULT = 9,
	PMC_PFB = 13,
	PMC_PTIMER = 20,
	PMC_PBUS = 28,
};

/*
 * Level of a line of PMC_INTR(0), already masked by the unit's own enable. An MSI
 * goes out when the whole turns from nothing pending to something. Device lock held.
 */
void pmc_set_line(struct gpu *gpu, unsigned int line, bool level);

/* The message-signalled interrupt has been armed again: look at the lines anew. */
void pmc_rearm(struct gpu *gpu);

/* Calls @fn when PMC_ENABLE bit @bit goes from 1 to 0 (engine reset). One a bit. */
void pmc_on_engine_reset(struct gpu *gpu, unsigned int bit, void (*fn)(struct gpu *gpu));

/* Injected trouble: the next @lost interrupts are not sent; each later one @late_ns late. */
void pmc_inject(struct gpu *gpu, u32 lost, u64 late_ns);

#endif
