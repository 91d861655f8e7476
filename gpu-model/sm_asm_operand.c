// SPDX-License-Identifier: MIT
/*
 * Operands of the assembler's lines: registers, numbers, constants, addresses, targets.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sm_asm.h"

void sm_asm_space(struct sm_parser *s)
{
	while (*s->p == ' ' || *s->p == '\t')
		s->p++;
}

bool sm_asm_take(struct sm_parser *s, const char *text)
{
	size_t n = strlen(text);

	sm_asm_space(s);
	if (strncmp(s->p, text, n))
		return false;
	s->p += n;
	return true;
}

void sm_asm_place(struct sm_parser *s, unsigned int pos, unsigned int width, u64 value)
{
	s->word |= (value & (width == 64 ? ~0ull : (1ull << width) - 1)) << pos;
}

static bool take_number(struct sm_parser *s, s64 *v)
{
	bool neg;
	char *end;

	sm_asm_space(s);
	neg = *s->p == '-';
	if (!isdigit((unsigned char)s->p[neg]))
		return false;
	*v = strtoull(s->p + neg, &end, 0);
	if (neg)
		*v = -*v;
	s->p = end;
	return true;
}

/* Also 1.5 and -0.25: the bits of an f32, or the high half of an f64. */
static bool take_float(struct sm_parser *s, bool is_double, u32 *v)
{
	const char *digit;
	char *end;
	s64 x;

	sm_asm_space(s);
	digit = s->p + (*s->p == '-');
	if (!isdigit((unsigned char)*digit))
		return false;
	if (digit[strspn(digit, "0123456789")] == '.') {
		double d = strtod(s->p, &end);
		float f = (float)d;
		u64 bits;

		s->p = end;
		if (is_double) {
			memcpy(&bits, &d, 8);
			*v = bits >> 32;
		} else {
			memcpy(v, &f, 4);
		}
		return true;
	}
	if (!take_number(s, &x))
		return false;
	*v = x;
	return true;
}

static bool take_reg(struct sm_parser *s, unsigned int *reg)
{
	char *end;

	sm_asm_space(s);
	if (s->p[0] == 'r' && s->p[1] == 'z' && !isalnum((unsigned char)s->p[2])) {
		*reg = SM_RZ;
		s->p += 2;
		return true;
	}
	if (s->p[0] != 'r' || !isdigit((unsigned char)s->p[1]))
		return false;
	*reg = strtoul(s->p + 1, &end, 10);
	s->p = end;
	return *reg < SM_RZ;
}

bool sm_asm_pred(struct sm_parser *s, unsigned int *pred)
{
	sm_asm_space(s);
	if (s->p[0] != 'p')
		return false;
	if (s->p[1] == 't')
		*pred = SM_PT;
	else if (s->p[1] >= '0' && s->p[1] <= '6')
		*pred = s->p[1] - '0';
	else
		return false;
	s->p += 2;
	return true;
}

static const struct sm_field *find_field(const struct sm_row *row, u8 id)
{
	for (const struct sm_field *f = row->field; f->id != SM_F_END; f++) {
		if (f->id == id)
			return f;
	}
	return NULL;
}

/* A sign before an operand, not that of a number: an error when the instruction has no bit for it. */
static bool take_sign(struct sm_parser *s, const char *text, u8 id)
{
	const struct sm_field *f = id ? find_field(s->row, id) : NULL;

	sm_asm_space(s);
	if (*s->p != *text || (*text == '-' && isdigit((unsigned char)s->p[1])))
		return true;
	if (!f)
		return false;
	s->p++;
	sm_asm_place(s, f->pos, 1, 1);
	return true;
}

static bool take_constant(struct sm_parser *s)
{
	s64 bank, offset;

	if (!sm_asm_take(s, "c[") || !take_number(s, &bank) || !sm_asm_take(s, "]") || !sm_asm_take(s, "[") ||
	    !take_number(s, &offset) || !sm_asm_take(s, "]"))
		return false;
	if (bank < 0 || bank > 31 || offset < 0 || offset > 0xfffc || offset & 3)
		return false;
	sm_asm_place(s, 34, 5, bank);
	sm_asm_place(s, 20, 14, offset / 4);
	return true;
}

/* 20 bits, or what else the form has room for. */
static bool take_short(struct sm_parser *s)
{
	u32 forms = s->row->forms, f;
	s64 v;

	if (forms & SM_IMM_U16) {
		if (!take_number(s, &v) || v < 0 || v > 0xffff)
			return false;
		sm_asm_place(s, 20, 16, v);
		return true;
	}
	if (forms & SM_IMM_HALVES) {
		if (!take_number(s, &v) || v < 0 || v > UINT32_MAX || v & 0x003f003f)
			return false;
		sm_asm_place(s, 20, 9, v >> 6);
		sm_asm_place(s, 29, 1, v >> 15);
		sm_asm_place(s, 30, 9, v >> 22);
		sm_asm_place(s, 56, 1, v >> 31);
		return true;
	}
	if (forms & (SM_IMM_FLOAT | SM_IMM_DOUBLE)) {
		if (!take_float(s, forms & SM_IMM_DOUBLE, &f) || f & 0xfff)
			return false;
		sm_asm_place(s, 20, 19, f >> 12);
		sm_asm_place(s, 56, 1, f >> 31);
		return true;
	}
	if (!take_number(s, &v))
		return false;
	if (forms & SM_IMM_U6) {
		sm_asm_place(s, 20, 6, v);
		return v >= 0 && v < 64;
	}
	if (v < -0x80000 || v > 0x7ffff)
		return false;
	sm_asm_place(s, 20, 19, v);
	sm_asm_place(s, 56, 1, v < 0);
	return true;
}

static bool take_long(struct sm_parser *s)
{
	u32 v;

	if (!take_float(s, false, &v))
		return false;
	sm_asm_place(s, 20, 32, v);
	return true;
}

static bool take_immediate(struct sm_parser *s)
{
	bool brackets = sm_asm_take(s, "(");

	if (find_field(s->row, SM_F_I32) ? !take_long(s) : !take_short(s))
		return false;
	return !brackets || sm_asm_take(s, ")");
}

static bool take_source(struct sm_parser *s, u8 neg, u8 abs, u8 inv, unsigned int pos,
			enum sm_src src)
{
	unsigned int reg;
	bool bars;

	if (!take_sign(s, "-", neg) || !take_sign(s, "~", inv))
		return false;
	bars = *s->p == '|';
	if (!take_sign(s, "|", abs))
		return false;
	switch (src) {
	case SM_SRC_CONST:
		if (!take_constant(s))
			return false;
		break;
	case SM_SRC_IMM:
		if (!take_immediate(s))
			return false;
		break;
	default:
		if (!take_reg(s, &reg))
			return false;
		sm_asm_place(s, pos, 8, reg);
	}
	return !bars || sm_asm_take(s, "|");
}

static bool take_b(struct sm_parser *s)
{
	static const enum sm_src source[] = { SM_SRC_REG, SM_SRC_CONST, SM_SRC_IMM, SM_SRC_REG };
	enum sm_src src = source[s->variant];
	unsigned int pos = s->variant == SM_V_RC ? 39 : 20;

	if (s->row->forms & (SM_IMM_U16 | SM_IMM_HALVES))
		src = SM_SRC_IMM;
	if (s->row->forms & SM_B_CONST)
		src = SM_SRC_CONST;
	if (s->row->forms & SM_C_CONST)
		pos = 39;
	return take_source(s, SM_F_NEG_B, SM_F_ABS_B, SM_F_INV_B, pos, src);
}

static bool take_c(struct sm_parser *s, unsigned int pos)
{
	bool constant = s->variant == SM_V_RC || s->row->forms & SM_C_CONST;

	return take_source(s, SM_F_NEG_C, 0, 0, pos, constant ? SM_SRC_CONST : SM_SRC_REG);
}

static bool take_address(struct sm_parser *s, const struct sm_field *f)
{
	unsigned int reg = SM_RZ;
	s64 offset = 0;
	unsigned int shift = f->id == SM_F_ADDR4 ? 2 : 0;

	if (!sm_asm_take(s, "["))
		return false;
	if (take_reg(s, &reg)) {
		bool plus = sm_asm_take(s, "+");

		if (!take_number(s, &offset) && plus)
			return false;
	} else if (!take_number(s, &offset)) {
		return false;
	}
	if (!sm_asm_take(s, "]") || offset & ((1 << shift) - 1))
		return false;
	offset >>= shift;
	if (offset < -(1ll << (f->width - 1)) || offset >= 1ll << (f->width - 1))
		return false;
	sm_asm_place(s, 8, 8, reg);
	sm_asm_place(s, f->pos, f->width, offset);
	return true;
}

static bool take_target(struct sm_parser *s, s64 *address)
{
	sm_asm_space(s);
	for (unsigned int i = 0; s->labels && i < s->labels->nr; i++) {
		const char *name = s->labels->label[i].name;
		size_t n = strlen(name);

		if (!strncmp(s->p, name, n) && !isalnum((unsigned char)s->p[n]) && s->p[n] != '_') {
			*address = s->labels->label[i].address;
			s->p += n;
			return true;
		}
	}
	return take_number(s, address);
}

static bool take_sreg(struct sm_parser *s)
{
	s64 v;

	if (!sm_asm_take(s, "sr_"))
		return false;
	if (take_number(s, &v)) {
		sm_asm_place(s, 20, 8, v);
		return v >= 0 && v < 256;
	}
	for (unsigned int i = 0; i < 256; i++) {
		const char *name = sm_sreg_name(i);
		size_t n = name ? strlen(name) : 0;

		if (n && !strncmp(s->p, name, n) && s->p[n] != '.' &&
		    !isalnum((unsigned char)s->p[n])) {
			sm_asm_place(s, 20, 8, i);
			s->p += n;
			return true;
		}
	}
	return false;
}

static bool take_predicate(struct sm_parser *s, const struct sm_field *f, u8 not)
{
	unsigned int pred;

	if (!take_sign(s, "!", not) || !sm_asm_pred(s, &pred))
		return false;
	sm_asm_place(s, f->pos, 3, pred);
	return true;
}

static bool take_reg_or_imm(struct sm_parser *s, u8 kind, const struct sm_field *f, unsigned int pos)
{
	unsigned int reg;
	s64 v;

	if (take_reg(s, &reg)) {
		sm_asm_place(s, pos, 8, reg);
		return true;
	}
	if (!take_number(s, &v) || v < 0 || v >= 1 << f->width)
		return false;
	sm_asm_place(s, f->pos, f->width, v);
	sm_asm_place(s, find_field(s->row, kind)->pos, 1, 1);
	return true;
}

bool sm_asm_operand(struct sm_parser *s, const struct sm_field *f)
{
	unsigned int reg;
	s64 v;

	switch (f->id) {
	case SM_F_D:
		if (!take_reg(s, &reg))
			return false;
		sm_asm_place(s, f->pos, 8, reg);
		return true;
	case SM_F_A:
		return take_source(s, SM_F_NEG_A, SM_F_ABS_A, SM_F_INV_A, 8, SM_SRC_REG);
	case SM_F_BR:
		return take_source(s, SM_F_NEG_B, SM_F_ABS_B, SM_F_INV_B, 20, SM_SRC_REG);
	case SM_F_B:
		return take_b(s);
	case SM_F_C:
		return take_c(s, f->pos);
	case SM_F_I32:
		return take_source(s, SM_F_NEG_B, SM_F_ABS_B, SM_F_INV_B, f->pos, SM_SRC_IMM);
	case SM_F_P39:
		return take_predicate(s, f, SM_F_NOT_P39);
	case SM_F_P12:
		return take_predicate(s, f, SM_F_NOT_P12);
	case SM_F_P29:
		return take_predicate(s, f, SM_F_NOT_P29);
	case SM_F_PD0:
	case SM_F_PD3:
	case SM_F_PD48:
	case SM_F_PD45:
		return take_predicate(s, f, 0);
	case SM_F_U1:
	case SM_F_U2:
		if (!take_number(s, &v) || v < 0 || v >= 1ll << f->width)
			return false;
		sm_asm_place(s, f->pos, f->width, v);
		return true;
	case SM_F_CADDR:
		if (!sm_asm_take(s, "c[") || !take_number(s, &v) || !sm_asm_take(s, "]") || v < 0 || v > 31)
			return false;
		sm_asm_place(s, 36, 5, v);
		return take_address(s, f);
	case SM_F_ADDR:
	case SM_F_ADDR4:
		return take_address(s, f);
	case SM_F_SREG:
		return take_sreg(s);
	case SM_F_REL:
		if (!take_target(s, &v))
			return false;
		v -= s->pc + 8;
		sm_asm_place(s, f->pos, f->width, v);
		return v >= -(1 << 23) && v < 1 << 23;
	case SM_F_ABS:
		if (!take_target(s, &v))
			return false;
		sm_asm_place(s, f->pos, f->width, v);
		return true;
	case SM_F_LANE:
		return take_reg_or_imm(s, SM_F_IMM_LANE, f, 20);
	case SM_F_CLAMP:
		return take_reg_or_imm(s, SM_F_IMM_CLAMP, f, 39);
	case SM_F_BARID:
		return take_reg_or_imm(s, SM_F_IMM_ID, f, 8);
	case SM_F_BARCOUNT:
		return take_reg_or_imm(s, SM_F_IMM_COUNT, f, 20);
	}
	return false;
}

bool sm_asm_default(struct sm_parser *s, const struct sm_field *f)
{
	switch (f->id) {
	case SM_F_P39:
	case SM_F_PD0:
		sm_asm_place(s, f->pos, 3, SM_PT);
		return true;
	case SM_F_U1:		/* lanes (bytes) that a MOV writes; no barrier */
		sm_asm_place(s, f->pos, f->width, s->row->op == SM_B2R ? 0xff : 0xf);
		return s->row->op == SM_MOV || s->row->op == SM_MOV32I || s->row->op == SM_B2R;
	case SM_F_PD45:
		sm_asm_place(s, f->pos, 3, SM_PT);
		return s->row->op == SM_B2R;
	case SM_F_BARCOUNT:
		sm_asm_place(s, find_field(s->row, SM_F_IMM_COUNT)->pos, 1, 1);
		return true;
	}
	return false;
}
