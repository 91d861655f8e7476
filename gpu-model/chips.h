/* SPDX-License-Identifier: MIT */
/*
 * DOC: Chips
 *
 * What differs between Pascal chips, in one table: another Pascal is another
 * row, and not another model.
 */
#ifndef GPU_MODEL_CHIPS_H
#define GPU_MODEL_CHIPS_H

#include "types.h"

enum gpu_chip_id { CHIP_GP104, CHIP_GP100 };

/**
 * struct gpu_chip - one chip
 * @id: for switches
 * @name: "gp104"; also the directory of its firmware
 * @boot0: PMC_BOOT_0
 * @pci_device: PCI device id; vendor is 10de
 * @pci_subsystem: subsystem device id
 * @class_code: PCI class, 24 bits
 * @memory_type: low nibble of an entry of the VBIOS's memory type table
 * @vram_in_fb: VRAM size is told by one register of PFB; else by the sum over FBPs
 * @has_sec2: SEC2 is in the device info table and loads the other falcons
 * @ls_signature_size: bytes of a light-secure signature file
 * @nr_ce: logical copy engines
 * @copy_class: class of them
 * @threed_class: 3D class
 * @compute_class: compute class
 */
struct gpu_chip {
	enum gpu_chip_id id;
	const char *name;
	u32 boot0;
	u16 pci_device, pci_subsystem;
	u32 class_code;
	u8 memory_type;
	bool vram_in_fb, has_sec2;
	u32 ls_signature_size;
	u32 nr_ce;
	u16 copy_class, threed_class, compute_class;
};

extern const struct gpu_chip gpu_chips[];
extern const size_t gpu_nr_chips;

/* NULL name: the default. NULL when there is none of that name. */
const struct gpu_chip *gpu_chip_find(const char *name);

#endif
