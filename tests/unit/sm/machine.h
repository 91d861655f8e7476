/* SPDX-License-Identifier: MIT */
/* A little machine round the interpreter: some memory, a program, one core. */
#ifndef SM_TEST_MACHINE_H
#define SM_TEST_MACHINE_H

#include <stdio.h>

#include "sm.h"
#include "sm_isa.h"

#define M_BASE		0x1000000000ull	/* virtual address of the memory */
#define M_PAGES		64u
#define M_SIZE		(M_PAGES * 4096)
#define M_CODE		0x0000		/* offsets in it */
#define M_CONST		0x8000		/* bank 0, 4 KiB */
#define M_DATA		0x10000
#define M_MAX_FAULTS	256

struct machine {
	u8 *memory;
	bool mapped[M_PAGES];
	u8 rights[M_PAGES];	/* most that is allowed, enum sm_access */
	u32 nr_faults;
	struct { u64 page; enum sm_access access; } fault[M_MAX_FAULTS];
	u32 nr_translations;
	struct sm_launch launch;
	struct sm_core *core;
};

/* All memory mapped and zero, one block of one thread, 64 registers. */
void machine_init(struct machine *m);
void machine_fini(struct machine *m);

/* Assembles @text to M_CODE; a mistake in it ends the test program. */
void machine_program(struct machine *m, const char *text);

/* Word @n of the arguments, c[0x0][4 * n]. */
void machine_arg(struct machine *m, unsigned int n, u32 v);
/* An address in the memory as arguments @n and @n + 1. */
void machine_arg_address(struct machine *m, unsigned int n, u32 offset);

static inline void *machine_at(struct machine *m, u32 offset)
{
	return m->memory + offset;
}

/*
 * Runs all blocks, one after the other, each to its end. Replays at once after
 * each park when @map says so, mapping the pages that faulted. Returns the state
 * in which it stopped.
 */
enum sm_block_state machine_run(struct machine *m, bool map);

/* TAP */
void ok(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int done(void);		/* exit status */

/* Random numbers with a liking for edges. */
u32 random_word(void);
u64 random_wide(void);
u32 random_float(void);
u64 random_double(void);

#endif
