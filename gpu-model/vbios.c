// SPDX-License-Identifier: MIT
#include <string.h>

#include "vbios.h"

/* Where things lie in the image. */
enum {
	AT_PCIR_POINTER = 0x18,
	AT_DCB_POINTER = 0x36,
	AT_PCIR = 0x40,
	AT_BIT = 0x100,
	AT_VERSION = 0x200,	/* 'i' */
	AT_DEVINIT = 0x240,	/* 'I' */
	AT_PMU = 0x280,		/* 'p' */
	AT_PMU_TABLE = 0x300,
	AT_PMU_DESCRIPTOR = 0x340,
	AT_MEMORY = 0x400,	/* 'M' */
	AT_MEMORY_TYPES = 0x420,
	AT_PERFORMANCE = 0x480,	/* 'P' */
	AT_RAMMAP = 0x500,
	AT_CLOCK = 0x560,	/* 'C' */
	AT_DCB = 0x600,
};

#define BIT_HEADER	12
#define BIT_ENTRY	6
#define PMU_DEVINIT	4	/* type of application */

static void put(u8 *image, u32 at, u32 value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		image[at + (u32)i] = (u8)(value >> (8 * i));
}

/* Appends an entry to the BIOS information table. */
static void bit_entry(u8 *image, char id, u8 version, u16 length, u16 at)
{
	u32 entry = AT_BIT + BIT_HEADER + image[AT_BIT + 10] * BIT_ENTRY;

	put(image, entry, (u8)id, 1);
	put(image, entry + 1, version, 1);
	put(image, entry + 2, length, 2);
	put(image, entry + 4, at, 2);
	image[AT_BIT + 10]++;
}

static void build_pci_data(u8 *image, const struct gpu_chip *chip)
{
	put(image, AT_PCIR_POINTER, AT_PCIR, 2);
	memcpy(image + AT_PCIR, "PCIR", 4);
	put(image, AT_PCIR + 0x04, 0x10de, 2);
	put(image, AT_PCIR + 0x06, chip->pci_device, 2);
	put(image, AT_PCIR + 0x0a, 0x18, 2);			/* header length */
	put(image, AT_PCIR + 0x0c, 3, 1);			/* revision */
	put(image, AT_PCIR + 0x0d, chip->class_code, 3);
	put(image, AT_PCIR + 0x10, VBIOS_SIZE / 512, 2);
	put(image, AT_PCIR + 0x14, 0, 1);			/* type: PC-AT */
	put(image, AT_PCIR + 0x15, 0x80, 1);			/* last image */
}

/* PMU applications: one, for devinit, whose descriptor says that it has no code and no data. */
static void build_pmu(u8 *image)
{
	put(image, AT_PMU, AT_PMU_TABLE, 4);
	put(image, AT_PMU_TABLE, 1, 1);				/* version */
	put(image, AT_PMU_TABLE + 1, 4, 1);			/* header */
	put(image, AT_PMU_TABLE + 2, 6, 1);			/* entry size */
	put(image, AT_PMU_TABLE + 3, 1, 1);			/* entries */
	put(image, AT_PMU_TABLE + 4, PMU_DEVINIT, 1);
	put(image, AT_PMU_TABLE + 6, AT_PMU_DESCRIPTOR, 4);
}

/* Which memory the board carries: one entry, for strap 0. */
static void build_memory_types(u8 *image, const struct gpu_chip *chip)
{
	put(image, AT_MEMORY + 3, AT_MEMORY_TYPES, 2);
	put(image, AT_MEMORY_TYPES, 0x10, 1);			/* version */
	put(image, AT_MEMORY_TYPES + 1, 7, 1);			/* header */
	put(image, AT_MEMORY_TYPES + 2, 2, 1);			/* entry size */
	put(image, AT_MEMORY_TYPES + 3, 1, 1);			/* entries */
	put(image, AT_MEMORY_TYPES + 4, 0, 1);			/* selected by the strap */
	put(image, AT_MEMORY_TYPES + 7, chip->memory_type, 1);
}

/* A memory clock table without clocks. */
static void build_rammap(u8 *image)
{
	put(image, AT_PERFORMANCE + 4, AT_RAMMAP, 4);
	put(image, AT_RAMMAP, 0x11, 1);				/* version */
	put(image, AT_RAMMAP + 1, 0x15, 1);			/* header */
}

/* Display connectors: none. */
static void build_dcb(u8 *image)
{
	put(image, AT_DCB_POINTER, AT_DCB, 2);
	put(image, AT_DCB, 0x40, 1);				/* version */
	put(image, AT_DCB + 1, 0x1b, 1);			/* header */
	put(image, AT_DCB + 2, 0, 1);				/* entries */
	put(image, AT_DCB + 3, 8, 1);				/* entry size */
	put(image, AT_DCB + 6, 0x4edcbdcb, 4);			/* signature */
}

static void build_bit(u8 *image)
{
	memcpy(image + AT_BIT, "\xff\xb8" "BIT", 5);
	put(image, AT_BIT + 6, 0x0100, 2);			/* version */
	put(image, AT_BIT + 8, BIT_HEADER, 1);
	put(image, AT_BIT + 9, BIT_ENTRY, 1);
	bit_entry(image, 'i', 2, 0x20, AT_VERSION);
	bit_entry(image, 'I', 1, 0x1c, AT_DEVINIT);
	bit_entry(image, 'p', 2, 4, AT_PMU);
	bit_entry(image, 'M', 2, 0x10, AT_MEMORY);
	bit_entry(image, 'P', 2, 0x60, AT_PERFORMANCE);
	bit_entry(image, 'C', 2, 0x10, AT_CLOCK);
}

void vbios_build(const struct gpu_chip *chip, u8 image[VBIOS_SIZE])
{
	u8 sum = 0;

	memset(image, 0, VBIOS_SIZE);
	put(image, 0, 0xaa55, 2);
	put(image, 2, VBIOS_SIZE / 512, 1);
	build_pci_data(image, chip);
	build_bit(image);
	put(image, AT_VERSION, chip->id == CHIP_GP104 ? 0x86043300 : 0x86004200, 4);
	build_pmu(image);
	build_memory_types(image, chip);
	build_rammap(image);
	build_dcb(image);
	for (u32 i = 0; i < VBIOS_SIZE; i++)
		sum = (u8)(sum + image[i]);
	image[VBIOS_SIZE - 1] = (u8)-sum;
}
