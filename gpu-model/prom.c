// SPDX-License-Identifier: MIT
/*
 * DOC: PROM
 *
 * The flash chip with the VBIOS, readable at 300000-3fffff. Erased flash
 * beyond the image reads as ones.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "vbios.h"

#define PROM		0x300000u
#define PROM_SIZE	0x100000u

struct prom {
	u8 image[VBIOS_SIZE];
};

static u32 prom_read(struct gpu *gpu, u32 addr)
{
	u32 v = ~0u, at = addr - PROM;

	if (at <= VBIOS_SIZE - 4)
		memcpy(&v, gpu->prom->image + at, 4);
	return v;
}

static int prom_init(struct gpu *gpu)
{
	gpu->prom = calloc(1, sizeof(*gpu->prom));
	if (!gpu->prom)
		return -ENOMEM;
	vbios_build(gpu->chip, gpu->prom->image);
	return 0;
}

static void prom_fini(struct gpu *gpu)
{
	free(gpu->prom);
	gpu->prom = NULL;
}

static const struct gpu_reg prom_regs[] = {
	{ PROM, .count = PROM_SIZE / 4, .name = "NV_PROM_DATA", .flags = REG_RO, .rd = prom_read },
};

const struct gpu_unit prom_unit = {
	.name = "PROM",
	.regs = prom_regs,
	.nr_regs = ARRAY_SIZE(prom_regs),
	.init = prom_init,
	.fini = prom_fini,
};
