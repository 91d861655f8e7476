/* SPDX-License-Identifier: MIT */
/*
 * Between the two halves of the assembler: lines and programs (sm_asm.c), and the operands in
 * a line (sm_asm_operand.c). Callers include sm_isa.h.
 */
#ifndef SM_ASM_H
#define SM_ASM_H

#include "sm_isa.h"

#define SM_MAX_LABELS	64

struct sm_labels {
	unsigned int nr;
	struct {
		char name[32];
		u64 address;
	} label[SM_MAX_LABELS];
};

/* A line that is being tried against one form of one instruction. */
struct sm_parser {
	const char *p;			/* what has not been taken yet */
	u64 word;			/* the fields taken so far */
	u64 pc;
	const struct sm_row *row;
	enum sm_variant variant;
	const struct sm_labels *labels;	/* NULL: none */
};

/* The functions below that return false may have moved @s; the form does not fit then. */

/* Goes to the next character that is no space. */
void sm_asm_space(struct sm_parser *s);

/* Takes @text, if it is what comes next. */
bool sm_asm_take(struct sm_parser *s, const char *text);

/* Puts the low @width bits of @value at bit @pos of the word. */
void sm_asm_place(struct sm_parser *s, unsigned int pos, unsigned int width, u64 value);

/* A predicate register without sign: p0 to p6, pt. */
bool sm_asm_pred(struct sm_parser *s, unsigned int *pred);

/* The operand that @f of the form says. */
bool sm_asm_operand(struct sm_parser *s, const struct sm_field *f);

/* What an operand is that the line does not have; false when it must be there. */
bool sm_asm_default(struct sm_parser *s, const struct sm_field *f);

#endif
