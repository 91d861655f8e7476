// SPDX-License-Identifier: MIT
#include <string.h>

#include "chips.h"

const struct gpu_chip gpu_chips[] = {
	{	/* GeForce GTX 1080 */
		.id = CHIP_GP104,
		.name = "gp104",
		.boot0 = 0x134000a1,
		.pci_device = 0x1b80,
		.pci_subsystem = 0x119e,
		.class_code = 0x030200,
		.memory_type = 0x8,		/* GDDR5X */
		.vram_in_fb = true,
		.has_sec2 = true,
		.ls_signature_size = 192,
		.nr_ce = 4,
		.copy_class = 0xc1b5,
		.threed_class = 0xc197,
		.compute_class = 0xc1c0,
	},
	{	/* Tesla P100 PCIe 12 GB */
		.id = CHIP_GP100,
		.name = "gp100",
		.boot0 = 0x130000a1,
		.pci_device = 0x15f8,
		.pci_subsystem = 0x118f,
		.class_code = 0x030200,
		.memory_type = 0x6,		/* HBM2 */
		.ls_signature_size = 76,
		.nr_ce = 6,
		.copy_class = 0xc0b5,
		.threed_class = 0xc097,
		.compute_class = 0xc0c0,
	},
};

const size_t gpu_nr_chips = sizeof(gpu_chips) / sizeof(gpu_chips[0]);

const struct gpu_chip *gpu_chip_find(const char *name)
{
	if (!name)
		return &gpu_chips[0];
	for (size_t i = 0; i < gpu_nr_chips; i++) {
		if (!strcmp(gpu_chips[i].name, name))
			return &gpu_chips[i];
	}
	return NULL;
}
