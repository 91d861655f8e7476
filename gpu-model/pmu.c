// SPDX-License-Identifier: MIT
/*
 * DOC: PMU
 *
 * On GP104 the driver starts it only to unload the ACR. On GP100, which has no
 * SEC2, it is also where the ACR loader runs, and the loader itself boots
 * the falcons of the graphics engine.
 */
#include "falcon.h"
#include "unit.h"

/* Where the loader of this generation has the region in its data segment. */
#define ACR_V0_REGION	0x210u

#define FALCON_FECS	2u
#define FALCON_GPCCS	3u

/* What the unloader leaves in the mailbox. */
#define UNLOADED_GP104	0x1du

static void pmu_start(struct gpu *gpu, struct falcon *f)
{
	u32 answer = 0;

	if (gpu->chip->has_sec2) {
		acr_unload(gpu);
		answer = UNLOADED_GP104;
	} else if (acr_load(gpu, f, ACR_V0_REGION, 0)) {
		acr_bootstrap_falcon(gpu, FALCON_FECS);
		acr_bootstrap_falcon(gpu, FALCON_GPCCS);
	} else {
		acr_unload(gpu);
	}
	falcon_reg_set(gpu, f, FALCON_MAILBOX0, answer);
	f->cpuctl = FALCON_CPUCTL_HALTED;
	falcon_raise(gpu, f, FALCON_IRQ_HALT);
}

void pmu_create(struct gpu *gpu)
{
	struct falcon *f = &gpu->falcon->pmu;

	f->name = "PMU";
	f->base = 0x10a000;
	f->line = 24;
	f->start = pmu_start;
}
