/* SPDX-License-Identifier: MIT */
#ifndef SHIM_LINUX_BUG_H
#define SHIM_LINUX_BUG_H

#include <stdio.h>
#include <stdlib.h>

/* A warning in the kernel is the end of a test here. */
#define WARN_ON(cond) ({						\
	int shim_warn = !!(cond);					\
									\
	if (shim_warn) {						\
		fprintf(stderr, "%s:%d: WARN_ON(%s)\n", __FILE__,	\
			__LINE__, #cond);				\
		abort();						\
	}								\
	shim_warn;							\
})

#endif
