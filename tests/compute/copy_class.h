/* SPDX-License-Identifier: MIT */
/* The copy class, so far as a preloaded program needs it: no faults, no semaphores. */
#ifndef COPY_CLASS_H
#define COPY_CLASS_H

#include "engine.h"
#include "types.h"

/**
 * struct copy_class - a copy engine's object
 * @method: its method space
 * @copy: reads or writes virtual memory
 */
struct copy_class {
	u32 method[0x400];
	enum engine_result (*copy)(u64 va, void *buf, u32 len, bool write);
};

void copy_class_method(struct copy_class *c, u32 mthd, u32 data);

#endif
