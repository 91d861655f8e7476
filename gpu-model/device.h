/* SPDX-License-Identifier: MIT */
/*
 * DOC: The device as its transport sees it
 *
 * A Pascal GPU (GP104, GP100) as a library that knows no transport: whoever
 * carries PCI accesses (a vfio-user server, a protocol test, a fuzzer) creates
 * a &struct gpu, hands in an interrupt sink and a view of guest RAM, and calls
 * the region functions. Everything that a unit of the GPU needs is in unit.h.
 *
 * Locking
 * -------
 * Three locks, always taken in this order:
 *
 * 1. ``gpu->lock``, one mutex for all registers and all engine state. The region
 *    functions take it, so does the event thread before it calls a timed
 *    function, and so must an engine thread before it looks at shared state.
 *    Callbacks between units (interrupt lines, doorbells, replay, cancel) run
 *    with it held and must not block.
 * 2. ``gpu->access``, a read-write lock round every use of memory by way of a
 *    translation or of a pointer into guest RAM: mmu_enter() and mmu_leave().
 *    Engines hold it shared while they translate and move a bounded piece
 *    (64 KiB at most); a TLB invalidate and a change of guest RAM's map take it
 *    exclusively. That is how an invalidate waits, as hardware does, for the
 *    accesses that began with the old translation. A thread that holds it
 *    shared must not take ``gpu->lock``: leave first, then post the fault.
 * 3. one mutex for each TLB, inside mmu.c.
 *
 * Threads
 * -------
 * - transport threads call the functions of this header; any number of them;
 * - the event thread (event.h) runs timed functions: alarms, late faults,
 *   answers of falcons;
 * - engine threads belong to the units that start them (PFIFO, copy engines,
 *   graphics), take ``gpu->lock`` for state, and move memory without it.
 *
 * VRAM
 * ----
 * VRAM is one sparse mapping that lives as long as the device, so a pointer into
 * it stays good. Several threads may touch the same bytes at once; a guest that
 * lets them gets what a card would give it: some mixture. Page tables and
 * semaphores are therefore read and written with single aligned accesses.
 */
#ifndef GPU_MODEL_DEVICE_H
#define GPU_MODEL_DEVICE_H

#include <stdio.h>

#include "types.h"

struct gpu;

/* Numbers as VFIO gives them to PCI regions. BAR2 of the manuals is PCI BAR 3. */
enum gpu_region {
	GPU_BAR0 = 0,		/* registers */
	GPU_BAR1 = 1,		/* user mappings, USERD */
	GPU_BAR2 = 3,		/* instance memory */
	GPU_CONFIG = 7,		/* PCI configuration space */
};

enum gpu_log_level { GPU_LOG_ERROR, GPU_LOG_WARN, GPU_LOG_INFO, GPU_LOG_DEBUG };

/**
 * struct gpu_host - what the device asks of its transport
 * @ctx: first argument of each function
 * @irq: sends one MSI. Called with the device lock held: must not block and
 *	must not call back. May be NULL.
 * @dma: pointer to guest-physical [addr, addr + len), or NULL when the range is
 *	not (wholly) one piece of guest RAM. Called inside an access bracket; the pointer
 *	is not used after it. See gpu_dma_change_begin(). May be NULL: no guest RAM.
 * @log: one line of text without newline. May be called from any thread, with
 *	any lock held. NULL: stderr, warnings and errors only.
 */
struct gpu_host {
	void *ctx;
	void (*irq)(void *ctx);
	void *(*dma)(void *ctx, u64 addr, u64 len, bool write);
	void (*log)(void *ctx, enum gpu_log_level level, const char *text);
};

/* One KEY=VALUE pair; which keys exist is in options.c. */
struct gpu_option {
	const char *key, *value;
};

/**
 * struct gpu_config - how a device is made
 * @chip: "gp104" or "gp100"; NULL is gp104
 * @vram_bytes: 64 MiB to 16 GiB, a multiple of 1 MiB; 0 is 512 MiB
 * @seed: start of all random decisions; the same seed, the same delays
 * @options: unit options; a key that no unit reads is ignored here, and is to
 *	be refused by whoever parsed it
 * @nr_options: number of them
 * @host: the transport's side
 */
struct gpu_config {
	const char *chip;
	u64 vram_bytes;
	u64 seed;
	const struct gpu_option *options;
	size_t nr_options;
	struct gpu_host host;
};

/**
 * gpu_create() - makes a device in its power-on state and starts its threads
 * @config: copied, with its strings
 * @error: buffer for one line that says what is wrong, or NULL
 * @error_size: size of it
 *
 * Return: the device, or NULL with @error filled.
 */
struct gpu *gpu_create(const struct gpu_config *config, char *error, size_t error_size);

/* Stops all threads and frees everything. No region function may be running. NULL is fine. */
void gpu_destroy(struct gpu *gpu);

/* PCI function reset: registers and engines as after power-on; VRAM keeps its bytes. */
void gpu_reset(struct gpu *gpu);

/* Bytes of a region; 0 for a number that is none. */
u64 gpu_region_size(const struct gpu *gpu, u32 region);

/**
 * gpu_region_read() - a PCI read
 * @gpu: the device
 * @region: enum gpu_region
 * @offset: bytes from the start of the region
 * @buf: receives @len bytes; zeroed first
 * @len: any length; registers are read in aligned 32-bit words
 *
 * Return: 0, or -EINVAL when the range is not inside the region.
 */
int gpu_region_read(struct gpu *gpu, u32 region, u64 offset, void *buf, u32 len);
int gpu_region_write(struct gpu *gpu, u32 region, u64 offset, const void *buf, u32 len);

/*
 * Round every change of what gpu_host.dma answers (DMA_MAP, DMA_UNMAP). When begin
 * returns, no engine holds a pointer into guest RAM, and none gets one until end.
 */
void gpu_dma_change_begin(struct gpu *gpu);
void gpu_dma_change_end(struct gpu *gpu);

/* Registers touched but not modelled, with names and counts. Return: number of them. */
u32 gpu_report_unmodelled(struct gpu *gpu, FILE *to);

#endif
