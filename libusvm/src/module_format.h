/* SPDX-License-Identifier: MIT */
/*
 * A module file: machine code of kernels and what is needed to launch them.
 * Little endian, as the GPU. Offsets count from the start of the file unless
 * said otherwise.
 *
 *	header | kernel table | strings | code
 *
 * The code is for one SM generation; 60 runs on all Pascal chips. Each kernel
 * takes its arguments in constant bank 0 at the offsets that the table gives.
 */
#ifndef USVM_MODULE_FORMAT_H
#define USVM_MODULE_FORMAT_H

#include <stdint.h>

#define USVM_MODULE_MAGIC	"USVMMOD"	/* with its 0: 8 bytes */
#define USVM_MODULE_VERSION	1
#define USVM_MODULE_SM60	60

struct usvm_module_header {
	char magic[8];
	uint32_t version;
	uint32_t sm;
	uint32_t kernels;	/* entries of the kernel table */
	uint32_t reserved;	/* 0 */
	uint64_t table;		/* offset of the kernel table */
	uint64_t strings;	/* offset */
	uint64_t strings_size;	/* the last byte is 0 */
	uint64_t code;		/* offset, a multiple of 256 */
	uint64_t code_size;
};

struct usvm_module_entry {
	uint32_t name;		/* offset in the strings */
	uint32_t arguments;	/* at most 16 */
	uint64_t code;		/* offset in the code, a multiple of 64 */
	uint32_t registers;	/* a thread, 1 to 255 */
	uint32_t barriers;	/* 0 to 16 */
	uint32_t shared_bytes;	/* a block */
	uint32_t local_bytes;	/* a thread */
	uint16_t size[16];	/* bytes of each argument */
	uint16_t offset[16];	/* of each in constant bank 0 */
};

#endif
