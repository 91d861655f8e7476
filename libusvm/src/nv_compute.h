/* SPDX-License-Identifier: MIT */
/*
 * The compute engine: launching a grid of machine code that is in memory.
 *
 * What a grid sees: its arguments in constant bank 0 from offset 0; in bank 7
 * what Mesa's compiler expects there: work-items a block at 0x100 (x, y, z),
 * blocks at 0x10c (x, y, z), number of dimensions at 0x11c. The shared window
 * is at 0xfe000000 and the local one at 0xff000000: memory between 0xfe000000
 * and 4 GiB cannot be reached by a kernel.
 */
#ifndef USVM_NV_COMPUTE_H
#define USVM_NV_COMPUTE_H

#include "nv.h"

#define NV_COMPUTE_SLOTS	64
#define NV_COMPUTE_ARGUMENTS	1024	/* bytes at most */
#define NV_COMPUTE_LOCAL	(16u << 10)	/* bytes a thread at most */

/**
 * struct nv_compute - what a channel needs for launches
 * @dev: the device
 * @ch: a channel made for NV_ENGINE_GRAPHICS
 * @slots: descriptors and constants of launches that may be on their way
 * @local: memory for call stacks and local memory of all threads
 * @local_size: bytes a thread that @local is enough for
 * @seq: for each slot the sequence number after which it is free
 * @next: slot of the next launch
 */
struct nv_compute {
	struct nv_device *dev;
	struct nv_channel *ch;
	struct nv_bo slots;
	struct nv_bo local;
	uint32_t local_size;
	uint32_t seq[NV_COMPUTE_SLOTS];
	unsigned int next;
};

/**
 * struct nv_grid - one launch
 * @code: address of the code of a module, a multiple of 256
 * @entry: offset of the kernel's first instruction in it
 * @grid: blocks in x, y, z
 * @block: threads of a block in x, y, z
 * @registers: a thread
 * @barriers: 0 to 16
 * @shared_bytes: a block
 * @local_bytes: a thread
 * @arguments: constant bank 0
 * @arguments_size: bytes, at most NV_COMPUTE_ARGUMENTS
 */
struct nv_grid {
	uint64_t code;
	uint32_t entry;
	uint32_t grid[3];
	uint32_t block[3];
	uint32_t registers;
	uint32_t barriers;
	uint32_t shared_bytes;
	uint32_t local_bytes;
	const void *arguments;
	size_t arguments_size;
};

/**
 * nv_compute_open() - prepare a channel for launches
 * @c: filled in
 * @ch: an open channel for NV_ENGINE_GRAPHICS; must outlive @c
 *
 * Return: 0 or a negative errno.
 */
int nv_compute_open(struct nv_compute *c, struct nv_channel *ch);

/**
 * nv_compute_close() - free its buffers; nothing launched may run any more
 * @c: also when it is all zero
 */
void nv_compute_close(struct nv_compute *c);

/**
 * nv_launch() - write the commands that run a grid
 * @c: an open one
 * @grid: what to run; all of it is copied
 *
 * The buffer that holds the code must be in use by the channel. Memory of the
 * program need not be mapped: shader accesses fault and are replayed.
 *
 * Return: as nv_push(); -EINVAL for what a descriptor cannot hold.
 */
int nv_launch(struct nv_compute *c, const struct nv_grid *grid);

#endif
