// SPDX-License-Identifier: MIT
#include <linux/slab.h>

int shim_atomic_depth;
int shim_fail_alloc;
