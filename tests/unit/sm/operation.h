/* SPDX-License-Identifier: MIT */
/*
 * One instruction against one C function, on many operands.
 *
 * The instruction reads a in r4 (r5: upper half), b in r6 (r7), c in r8 (r9) and
 * may use p0, p1; the carry flag is set as bit 0 of x.flags says, zero as bit 1.
 * It writes r12 (r13), or p2 and p3. c[0x0][0x8] is 1.5f. Lines before the last one
 * prepare; the last one names the test.
 */
#ifndef SM_TEST_OPERATION_H
#define SM_TEST_OPERATION_H

#include "machine.h"

struct operands {
	u64 a, b, c;
	u32 flags;		/* b0 carry, b1 zero, b2 p0, b3 p1 */
};

struct outcome {
	u64 d;			/* r13:r12 */
	u32 p2, p3;
	u32 carry, zero;
};

enum operand_kind { WORD, WIDE, FLOAT, DOUBLE, HALF, HALVES };

struct operation {
	const char *text;
	enum operand_kind kind;
	enum { D32, D64, PRED, D_CARRY, D_ZERO_CARRY } result;
	u64 (*reference)(const struct operands *x, u32 *p2, u32 *p3);
};

/* Runs each on some thousand operands and reports one test for each. */
void check_operations(const struct operation *op, unsigned int nr);

#endif
