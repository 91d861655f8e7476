/* SPDX-License-Identifier: MIT */
#ifndef SHIM_LINUX_OVERFLOW_H
#define SHIM_LINUX_OVERFLOW_H

#include <linux/types.h>

#define struct_size(ptr, member, count) \
	(sizeof(*(ptr)) + sizeof((ptr)->member[0]) * (size_t)(count))

#endif
