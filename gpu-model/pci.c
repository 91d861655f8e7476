// SPDX-License-Identifier: MIT
/*
 * DOC: PCI configuration space
 *
 * 256 bytes: a 3D or VGA controller with BAR0 (16 MiB, registers), BAR1 (256 MiB,
 * 64 bit, prefetchable), BAR3 (32 MiB, 64 bit, prefetchable; the manuals' BAR2) and one 64-bit MSI
 * vector. No PCI Express and no power management capability: link and
 * power states are not modelled, and drivers skip them then. The registers see the same bytes at
 * 088000.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pci.h"
#include "pmc.h"
#include "unit.h"

#define MIRROR		0x088000u
#define MSI_CAP		0x68u

struct pci {
	u8 config[GPU_CONFIG_SIZE];
	u8 writable[GPU_CONFIG_SIZE];	/* mask of the bits that a write changes */
};

static void put(u8 *p, u32 value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (u8)(value >> (8 * i));
}

static void define(struct pci *pci, u32 offset, u32 value, u32 writable, int bytes)
{
	put(pci->config + offset, value, bytes);
	put(pci->writable + offset, writable, bytes);
}

static void pci_reset(struct gpu *gpu)
{
	const struct gpu_chip *chip = gpu->chip;
	struct pci *pci = gpu->pci;

	memset(pci, 0, sizeof(*pci));
	define(pci, 0x00, 0x10de, 0, 2);
	define(pci, 0x02, chip->pci_device, 0, 2);
	define(pci, 0x04, 0, 0x0547, 2);		/* command */
	define(pci, 0x06, 0x0010, 0, 2);		/* status: capability list */
	define(pci, 0x08, 0xa1, 0, 1);
	define(pci, 0x09, chip->class_code, 0, 3);
	define(pci, 0x0c, 0, 0xff, 1);			/* cache line size */
	define(pci, 0x10, 0x0, ~(GPU_BAR0_SIZE - 1), 4);
	define(pci, 0x14, 0xc, ~(GPU_BAR1_SIZE - 1), 4);
	define(pci, 0x18, 0x0, ~0u, 4);
	define(pci, 0x1c, 0xc, ~(GPU_BAR2_SIZE - 1), 4);
	define(pci, 0x20, 0x0, ~0u, 4);
	define(pci, 0x2c, 0x10de, 0, 2);
	define(pci, 0x2e, chip->pci_subsystem, 0, 2);
	define(pci, 0x34, MSI_CAP, 0, 1);
	define(pci, 0x3c, 0, 0xff, 1);			/* interrupt line */
	define(pci, 0x3d, 0, 0, 1);			/* no INTA: interrupts are MSI only */
	define(pci, 0x50, 0, 1, 4);			/* ROM shadow */
	define(pci, MSI_CAP, 0x05, 0, 1);
	define(pci, MSI_CAP + 2, 0x0080, 0x0071, 2);	/* 64 bit, one vector */
	define(pci, MSI_CAP + 4, 0, ~3u, 4);
	define(pci, MSI_CAP + 8, 0, ~0u, 4);
	define(pci, MSI_CAP + 12, 0, 0xffff, 2);
}

void pci_config_access(struct gpu *gpu, u32 offset, u8 *buf, u32 len, bool write)
{
	struct pci *pci = gpu->pci;

	for (u32 i = 0; i < len; i++) {
		u8 *c = &pci->config[offset + i], mask = pci->writable[offset + i];

		if (write)
			*c = (u8)((*c & ~mask) | (buf[i] & mask));
		else
			buf[i] = *c;
	}
}

static u32 mirror_read(struct gpu *gpu, u32 addr)
{
	u32 v;

	pci_config_access(gpu, addr - MIRROR, (u8 *)&v, 4, false);
	return v;
}

static void mirror_write(struct gpu *gpu, u32 addr, u32 value)
{
	pci_config_access(gpu, addr - MIRROR, (u8 *)&value, 4, true);
}

static void msi_rearm(struct gpu *gpu, u32 addr, u32 value)
{
	(void)addr;
	(void)value;
	pmc_rearm(gpu);
}

static int pci_init(struct gpu *gpu)
{
	gpu->pci = calloc(1, sizeof(*gpu->pci));
	return gpu->pci ? 0 : -ENOMEM;
}

static void pci_fini(struct gpu *gpu)
{
	free(gpu->pci);
	gpu->pci = NULL;
}

static const struct gpu_reg pci_regs[] = {
	{ MIRROR, .count = GPU_CONFIG_SIZE / 4, .name = "NV_XVE", .rd = mirror_read, .wr = mirror_write },
	{ 0x088704, .name = "NV_XVE_CYA_2", .wr = msi_rearm },
};

const struct gpu_unit pci_unit = {
	.name = "XVE",
	.regs = pci_regs,
	.nr_regs = ARRAY_SIZE(pci_regs),
	.init = pci_init,
	.reset = pci_reset,
	.fini = pci_fini,
};
