/* SPDX-License-Identifier: MIT */
/* A loaded module, for module.c and the backend that runs it. */
#ifndef USVM_MODULE_H
#define USVM_MODULE_H

#include "internal.h"

/**
 * struct usvm_module - kernels, with or without machine code
 * @dev: device that was current when it was loaded; it runs nowhere else
 * @kernels: @count of them
 * @code: machine code of all, or NULL
 * @code_size: bytes
 * @uploaded: the backend's copy of the code, or NULL
 * @release: frees @uploaded; set by who set it
 */
struct usvm_module {
	struct device *dev;
	struct usvm_kernel *kernels;
	size_t count;
	unsigned char *code;
	uint64_t code_size;
	void *uploaded;
	void (*release)(struct usvm_module *module);
};

#endif
