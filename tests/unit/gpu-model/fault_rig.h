/* SPDX-License-Identifier: MIT */
/* A fault buffer for tests with channels: page tables of BAR2 at 96 MiB, the buffer at 112 MiB. */
#ifndef FAULT_RIG_H
#define FAULT_RIG_H

#include "page_tables.h"

#define FAULT_BUFFER_VA	0x30000000u		/* in BAR2's address space */
#define FAULT_BUFFER_AT	(112u << 20)

/* Bits of a page directory word: faults of its address space are replayable. */
#define REPLAY		(1u << 4 | 1u << 5)

static void setup_fault_buffer(struct bench *b)
{
	struct tables bar2;

	tables_new(&bar2, b, 96u << 20, 0);
	map(&bar2, FAULT_BUFFER_VA, 12, FAULT_BUFFER_AT, PTE_VRAM, 0);
	wr32(b, 0x001714, 0x80000000 | (u32)(bar2.inst >> 12));
	wr32(b, 0x002a74, 0);
	wr32(b, 0x002a7c, 0);
	wr32(b, 0x002a70, FAULT_BUFFER_VA | 1);
}

__attribute__((unused))
static const volatile u32 *fault_entry(struct bench *b, u32 n)
{
	return (const volatile u32 *)(b->gpu->vram + FAULT_BUFFER_AT + 32 * n);
}

#endif
