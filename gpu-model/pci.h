/* SPDX-License-Identifier: MIT */
/* PCI configuration space, and its mirror at 088000. */
#ifndef GPU_MODEL_PCI_H
#define GPU_MODEL_PCI_H

#include "types.h"

struct gpu;

/* One access; the caller has checked that it is inside GPU_CONFIG_SIZE. Device lock held. */
void pci_config_access(struct gpu *gpu, u32 offset, u8 *buf, u32 len, bool write);

#endif
