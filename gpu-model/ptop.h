/* SPDX-License-Identifier: MIT */
/*
 * DOC: PTOP
 *
 * Which engines there are and where: the device info table at 022700. The
 * option ``ce-runlist`` decides where the copy engines live: ``own`` (default;
 * CE0 shares the runlist of graphics, as a card's GRCE does, each other copy engine has
 * a runlist of its own) or ``gr`` (all on runlist 0).
 */
#ifndef GPU_MODEL_PTOP_H
#define GPU_MODEL_PTOP_H

#include "types.h"

struct gpu;

enum ptop_type { PTOP_GRAPHICS = 0x00, PTOP_SEC2 = 0x0d, PTOP_LCE = 0x13 };

/* @engine, @runlist, @fault_id: -1 where there is none. Index of the array has no meaning. */
struct ptop_engine {
	enum ptop_type type;
	u32 inst;
	u32 addr;
	int engine, runlist, intr, reset, fault_id;
};

const struct ptop_engine *ptop_engines(const struct gpu *gpu, u32 *count);

/* Number of runlists in use: 0 .. n - 1. */
u32 ptop_nr_runlists(const struct gpu *gpu);

/* By type and instance; NULL if there is none. */
const struct ptop_engine *ptop_find(const struct gpu *gpu, enum ptop_type type, u32 inst);

/* An engine of this type is on this runlist. */
bool ptop_serves(const struct gpu *gpu, u32 runlist, enum ptop_type type);

#endif
