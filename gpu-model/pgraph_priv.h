/* SPDX-License-Identifier: MIT */
/* What pgraph.c and fecs.c share. */
#ifndef GPU_MODEL_PGRAPH_PRIV_H
#define GPU_MODEL_PGRAPH_PRIV_H

#include "types.h"

struct pgraph {
	u32 fecs_cpuctl, gpccs_cpuctl;
	bool ctxsw_stopped;
};

#endif
