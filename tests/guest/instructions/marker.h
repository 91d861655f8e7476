/* SPDX-License-Identifier: MIT */
/*
 * Marks for the instruction counter (count.c): between begin and end of the same
 * number, it counts what the CPU of the calling thread executes, in user space and in the
 * kernel. The marks are instructions that do nothing; without the counter they
 * are just that. The thread should be bound to one CPU.
 */
#ifndef INSTRUCTIONS_MARKER_H
#define INSTRUCTIONS_MARKER_H

/* A long NOP: 0f 1f 80, and four bytes that any assembler leaves alone. */
#define COUNT_MARK(kind, number) \
	__asm__ volatile(".byte 0x0f, 0x1f, 0x80, " #number ", " #kind ", 0x53, 0x48" ::: "memory")

/** COUNT_BEGIN(), COUNT_END() - @number: 0 to 255, a literal */
#define COUNT_BEGIN(number)	COUNT_MARK(1, number)
#define COUNT_END(number)	COUNT_MARK(2, number)

#endif
