/* SPDX-License-Identifier: MIT */
/*
 * DOC: The streaming multiprocessor
 *
 * An interpreter for SM50/SM60 machine code that knows no GPU around it: it is
 * given a launch (what a QMD says), a way to translate virtual addresses, and
 * blocks to run. One &struct sm_core is one thread's worth of SM: it keeps
 * decoded instructions, constants and translations, and runs the blocks that
 * it is given in turns. Different cores may run blocks of the same grid at the
 * same time; atomics are atomic between them.
 *
 * A memory access that does not translate parks its warp at that instruction,
 * before any lane of it had an effect. Other warps go on. sm_block_replay()
 * makes parked warps try again.
 *
 * Not modelled: time. Every instruction takes one turn; barriers of the
 * scheduling words are ignored because everything is done in order. Stores are
 * visible at once, as the host's memory model has it.
 */
#ifndef SM_H
#define SM_H

#include "types.h"

#define SM_LANES		32
#define SM_NR_BANKS		8	/* constant banks of a launch */
#define SM_BANK_MAX		0x10000	/* bytes of a bank */
#define SM_MAX_THREADS		1024	/* of a block */
#define SM_MAX_SHARED		0x18000	/* bytes of a block */
#define SM_MAX_LOCAL		0x80000	/* bytes of a thread */
#define SM_WINDOW_SIZE		(1u << 24)	/* shared and local window in the address space */

/* What a translation is for: numbers as in fault records. Nothing waits for a prefetch. */
enum sm_access { SM_READ = 0, SM_WRITE = 1, SM_ATOMIC = 2, SM_PREFETCH = 3 };

/**
 * struct sm_memory - virtual memory as a core sees it
 * @ctx: first argument
 * @translate: pointer to the 4 KiB page of host memory behind virtual address
 *	@page (a multiple of 4 KiB), or NULL for a fault, which the callee has
 *	noted for whoever reports it. The core keeps the pointer, unless @keep was
 *	set to false, until sm_core_flush_tlb(). A page given for SM_WRITE may be
 *	read too, one given for SM_ATOMIC may be written too. For SM_PREFETCH, which
 *	needs what SM_READ needs, the pointer is not used.
 */
struct sm_memory {
	void *ctx;
	void *(*translate)(void *ctx, u64 page, enum sm_access access, bool *keep);
};

/**
 * struct sm_launch - a grid
 * @code: program region
 * @entry: first instruction, from @code
 * @grid: blocks
 * @block: threads of a block; at most SM_MAX_THREADS of them
 * @shared: bytes of shared memory of a block
 * @local: bytes of local memory of a thread
 * @registers: of a thread, 1 to 255
 * @shared_window, @local_window: addresses where generic accesses find them
 * @bank: constant banks; size 0 is not bound
 *
 * sm_launch_check() says whether a core takes it.
 */
struct sm_launch {
	u64 code;
	u32 entry;
	u32 grid[3], block[3];
	u32 shared, local, registers;
	u64 shared_window, local_window;
	struct { u64 address; u32 size; } bank[SM_NR_BANKS];
};

/* NULL, or what is wrong with a launch. */
const char *sm_launch_check(const struct sm_launch *launch);

/* Errors of a warp: numbers of the SM's warp error register. */
enum sm_error {
	SM_OK = 0,
	SM_ERR_STACK = 0x01,		/* divergence stack overflow */
	SM_ERR_EMPTY_STACK = 0x03,	/* SYNC, BRK, CONT or RET without what it ends */
	SM_ERR_MISALIGNED_PC = 0x05,
	SM_ERR_ILLEGAL_INSTRUCTION = 0x09,
	SM_ERR_ILLEGAL_PARAMETER = 0x0b,
	SM_ERR_OOR_REGISTER = 0x0d,
	SM_ERR_OOR_ADDRESS = 0x0e,	/* outside of local or shared memory */
	SM_ERR_MISALIGNED_ADDRESS = 0x0f,
	SM_ERR_ADDRESS_SPACE = 0x10,	/* atomic on local memory */
};

const char *sm_error_name(enum sm_error error);

/**
 * struct sm_report - the first error of a launch on a core
 * @error: what
 * @pc: address of the instruction
 * @word: the instruction, @sched: the scheduling word of its group
 * @text: the instruction as text
 * @block, @warp: which warp
 */
struct sm_report {
	enum sm_error error;
	u64 pc, word, sched;
	char text[128];
	u32 block[3], warp;
};

struct sm_core;
struct sm_block;

/* A core, or NULL without memory. @memory is copied. */
struct sm_core *sm_core_new(const struct sm_memory *memory);
void sm_core_free(struct sm_core *core);

/**
 * sm_core_launch() - begin work on a grid
 * @launch: copied; sm_launch_check() must be content with it
 *
 * Drops everything kept from the launch before: code, constants, translations.
 * No block of the core may be left.
 */
void sm_core_launch(struct sm_core *core, const struct sm_launch *launch);

/* Forget pointers to pages (translate() is asked again). */
void sm_core_flush_tlb(struct sm_core *core);

/* Warp instructions done since the core was made, and accesses that were parked. */
u64 sm_core_instructions(const struct sm_core *core);
u64 sm_core_parked(const struct sm_core *core);

/* The error of the launch; report->error is SM_OK when there was none. */
const struct sm_report *sm_core_report(const struct sm_core *core);

/* Calls @fn with each instruction before it is run; for traces. NULL: off. */
void sm_core_trace(struct sm_core *core,
		   void (*fn)(void *ctx, u32 warp, u64 pc, u64 word, u32 mask), void *ctx);

enum sm_block_state {
	SM_BLOCK_RUNNING,	/* there is more to do */
	SM_BLOCK_WAITING,	/* every warp left is parked, or at a barrier behind a parked one */
	SM_BLOCK_DONE,
	SM_BLOCK_ERROR,		/* see sm_core_report() */
	SM_BLOCK_DEADLOCK,	/* all warps left wait at barriers that nobody can complete */
};

/* A block of the core's launch, or NULL without memory. */
struct sm_block *sm_block_new(struct sm_core *core, const u32 id[3]);
void sm_block_free(struct sm_block *block);

/**
 * sm_block_run() - give every warp of a block a turn
 * @quantum: most warp instructions of a turn
 *
 * A warp that spins for another one never keeps it from running.
 */
enum sm_block_state sm_block_run(struct sm_block *block, u32 quantum);

/* Parked warps try again. */
void sm_block_replay(struct sm_block *block);

#endif
