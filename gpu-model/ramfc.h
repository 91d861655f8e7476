/* SPDX-License-Identifier: MIT */
/* The part of a channel's instance block that belongs to the PBDMA. Device lock held. */
#ifndef GPU_MODEL_RAMFC_H
#define GPU_MODEL_RAMFC_H

#include "channel.h"

/* Reads a channel's instance block: where it begins, or where it was. False: there is none. */
bool ramfc_load(struct channel *ch);

/* Writes where the channel, which does not run, is. */
void ramfc_save(struct channel *ch);

#endif
