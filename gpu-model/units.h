/* SPDX-License-Identifier: MIT */
/* Every unit, by name; the list in units.c is in order of initialisation and reset. */
#ifndef GPU_MODEL_UNITS_H
#define GPU_MODEL_UNITS_H

#include "unit.h"

extern const struct gpu_unit pmc_unit, pbus_unit, pci_unit, ptimer_unit, prom_unit, pfuse_unit, pmgr_unit, ptop_unit,
	pfb_unit, ltc_unit, pmmu_unit, bar_unit, pramin_unit, fault_unit, pgraph_unit, fecs_unit, pmu_unit, sec2_unit,
	trace_unit, inject_unit, pfifo_unit, pfifo_recovery_unit, pbdma_unit, pce_unit, gr_unit;

#endif
