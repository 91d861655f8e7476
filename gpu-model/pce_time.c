// SPDX-License-Identifier: MIT
/*
 * How long a card's copy engine would take. Nothing here is slept: the number is
 * reported beside the counts, as the model's own time says nothing about a card.
 */
#include <math.h>

#include "pce.h"

/*
 * PCIe 3.0 x16: 12 GB/s for large transfers, less for small ones; the curve is
 * the fit that GPGPU-Sim's UVM model uses for a GTX 1080 Ti, rate in GB/s =
 * 2 * 12 / pi * atan(0.07292 * KiB).
 */
#define PCIE_PEAK		12.0	/* bytes/ns */
#define PCIE_BEND		0.07292	/* 1/KiB */

/* HBM2 of a P100, 732 GB/s; a copy inside of VRAM reads and writes. */
#define HBM2_PEAK		732.0

#define PI			3.14159265358979

u64 pce_time(enum pce_path path, u64 bytes)
{
	double rate = HBM2_PEAK / 2;

	if (!bytes)
		return 0;
	if (path != PCE_VRAM_TO_VRAM) {
		rate = 2 * PCIE_PEAK / PI * atan(PCIE_BEND * (double)bytes / 1024);
		if (path == PCE_SYS_TO_SYS)
			rate /= 2;	/* over the link twice */
	}
	return (u64)((double)bytes / rate + 0.5);
}
