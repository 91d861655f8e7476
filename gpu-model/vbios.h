/* SPDX-License-Identifier: MIT */
/*
 * DOC: VBIOS
 *
 * An image of our own making: the headers and tables that a driver insists on,
 * and no code. Devinit counts as done (see pfuse.c), so nothing in it is run.
 */
#ifndef GPU_MODEL_VBIOS_H
#define GPU_MODEL_VBIOS_H

#include "chips.h"

#define VBIOS_SIZE	8192u

/* Fills the image for a chip; the bytes of the whole sum up to 0. */
void vbios_build(const struct gpu_chip *chip, u8 image[VBIOS_SIZE]);

#endif
