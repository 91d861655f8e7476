// SPDX-License-Identifier: MIT
#include "units.h"

const struct gpu_unit *const gpu_units[] = {
	&pmc_unit,
	&pbus_unit,
	&pci_unit,
	&ptimer_unit,
	&prom_unit,
	&pfuse_unit,
	&ptop_unit,
	&pfb_unit,
	&ltc_unit,
	&pmmu_unit,
	&bar_unit,
	&pramin_unit,
	&fault_unit,
	&pgraph_unit,
	&fecs_unit,
	&pmu_unit,
	&sec2_unit,
	&pfifo_unit,
	&pbdma_unit,
	&pce_unit,
	NULL,
};
