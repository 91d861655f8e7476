/* SPDX-License-Identifier: MIT */
/* From the invalidate register to the engines: what fault.c does on behalf of pfb.c. Device lock held. */
#ifndef GPU_MODEL_REPLAY_H
#define GPU_MODEL_REPLAY_H

#include "types.h"

struct gpu;

/* All waiting accesses are tried again. */
void fault_replay(struct gpu *gpu);

/* Waiting accesses of one client fail for good. */
void fault_cancel_targeted(struct gpu *gpu, bool hub, u8 gpc, u8 client);

/* All waiting accesses fail for good. */
void fault_cancel_global(struct gpu *gpu);

#endif
