/* SPDX-License-Identifier: MIT */
#ifndef SHIM_LINUX_SLAB_H
#define SHIM_LINUX_SLAB_H

#include <linux/bug.h>
#include <linux/spinlock.h>
#include <stdlib.h>

#define GFP_KERNEL 0

/* Number of the allocation that is to fail, counted down; 0: none. */
extern int shim_fail_alloc;

static inline void *kvzalloc(size_t size, int gfp)
{
	(void)gfp;
	WARN_ON(shim_atomic_depth);
	if (shim_fail_alloc && !--shim_fail_alloc)
		return NULL;
	return calloc(1, size);
}

static inline void kvfree(void *p)
{
	WARN_ON(shim_atomic_depth);
	free(p);
}

#endif
