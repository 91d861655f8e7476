// SPDX-License-Identifier: MIT
/*
 * An assembler for the same table: it reads what the disassembler writes.
 *
 * A line is tried against every form of its mnemonic until one takes all of it.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sm_isa.h"

#define MAX_LABELS	64
#define MAX_LINE	160
#define SCHED_WORD	0x001f8000fc0007e0ull	/* no stall, no barrier, three times */

struct labels {
	unsigned int nr;
	struct {
		char name[32];
		u64 address;
	} label[MAX_LABELS];
};

struct parser {
	const char *p;
	u64 word;
	u64 pc;
	const struct sm_row *row;
	enum sm_variant variant;
	const struct labels *labels;
};

static void skip_space(struct parser *s)
{
	while (*s->p == ' ' || *s->p == '\t')
		s->p++;
}

static bool take(struct parser *s, const char *text)
{
	size_t n = strlen(text);

	skip_space(s);
	if (strncmp(s->p, text, n))
		return false;
	s->p += n;
	return true;
}

static void place(struct parser *s, unsigned int pos, unsigned int width, u64 value)
{
	s->word |= (value & (width == 64 ? ~0ull : (1ull << width) - 1)) << pos;
}

static bool take_number(struct parser *s, s64 *v)
{
	bool neg;
	char *end;

	skip_space(s);
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
static bool take_float(struct parser *s, bool is_double, u32 *v)
{
	const char *digit;
	char *end;
	s64 x;

	skip_space(s);
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

static bool take_reg(struct parser *s, unsigned int *reg)
{
	char *end;

	skip_space(s);
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

static bool take_pred(struct parser *s, unsigned int *pred)
{
	skip_space(s);
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
static bool take_sign(struct parser *s, const char *text, u8 id)
{
	const struct sm_field *f = id ? find_field(s->row, id) : NULL;

	skip_space(s);
	if (*s->p != *text || (*text == '-' && isdigit((unsigned char)s->p[1])))
		return true;
	if (!f)
		return false;
	s->p++;
	place(s, f->pos, 1, 1);
	return true;
}

static bool take_constant(struct parser *s)
{
	s64 bank, offset;

	if (!take(s, "c[") || !take_number(s, &bank) || !take(s, "]") || !take(s, "[") ||
	    !take_number(s, &offset) || !take(s, "]"))
		return false;
	if (bank < 0 || bank > 31 || offset < 0 || offset > 0xfffc || offset & 3)
		return false;
	place(s, 34, 5, bank);
	place(s, 20, 14, offset / 4);
	return true;
}

/* 20 bits, or what else the form has room for. */
static bool take_short(struct parser *s)
{
	u32 forms = s->row->forms, f;
	s64 v;

	if (forms & SM_IMM_U16) {
		if (!take_number(s, &v) || v < 0 || v > 0xffff)
			return false;
		place(s, 20, 16, v);
		return true;
	}
	if (forms & SM_IMM_HALVES) {
		if (!take_number(s, &v) || v < 0 || v > UINT32_MAX || v & 0x003f003f)
			return false;
		place(s, 20, 9, v >> 6);
		place(s, 29, 1, v >> 15);
		place(s, 30, 9, v >> 22);
		place(s, 56, 1, v >> 31);
		return true;
	}
	if (forms & (SM_IMM_FLOAT | SM_IMM_DOUBLE)) {
		if (!take_float(s, forms & SM_IMM_DOUBLE, &f) || f & 0xfff)
			return false;
		place(s, 20, 19, f >> 12);
		place(s, 56, 1, f >> 31);
		return true;
	}
	if (!take_number(s, &v))
		return false;
	if (forms & SM_IMM_U6) {
		place(s, 20, 6, v);
		return v >= 0 && v < 64;
	}
	if (v < -0x80000 || v > 0x7ffff)
		return false;
	place(s, 20, 19, v);
	place(s, 56, 1, v < 0);
	return true;
}

static bool take_long(struct parser *s)
{
	u32 v;

	if (!take_float(s, false, &v))
		return false;
	place(s, 20, 32, v);
	return true;
}

static bool take_immediate(struct parser *s)
{
	bool brackets = take(s, "(");

	if (find_field(s->row, SM_F_I32) ? !take_long(s) : !take_short(s))
		return false;
	return !brackets || take(s, ")");
}

static bool take_source(struct parser *s, u8 neg, u8 abs, u8 inv, unsigned int pos,
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
		place(s, pos, 8, reg);
	}
	return !bars || take(s, "|");
}

static bool take_b(struct parser *s)
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

static bool take_c(struct parser *s, unsigned int pos)
{
	bool constant = s->variant == SM_V_RC || s->row->forms & SM_C_CONST;

	return take_source(s, SM_F_NEG_C, 0, 0, pos, constant ? SM_SRC_CONST : SM_SRC_REG);
}

static bool take_address(struct parser *s, const struct sm_field *f)
{
	unsigned int reg = SM_RZ;
	s64 offset = 0;
	unsigned int shift = f->id == SM_F_ADDR4 ? 2 : 0;

	if (!take(s, "["))
		return false;
	if (take_reg(s, &reg)) {
		bool plus = take(s, "+");

		if (!take_number(s, &offset) && plus)
			return false;
	} else if (!take_number(s, &offset)) {
		return false;
	}
	if (!take(s, "]") || offset & ((1 << shift) - 1))
		return false;
	offset >>= shift;
	if (offset < -(1ll << (f->width - 1)) || offset >= 1ll << (f->width - 1))
		return false;
	place(s, 8, 8, reg);
	place(s, f->pos, f->width, offset);
	return true;
}

static bool take_target(struct parser *s, s64 *address)
{
	skip_space(s);
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

static bool take_sreg(struct parser *s)
{
	s64 v;

	if (!take(s, "sr_"))
		return false;
	if (take_number(s, &v)) {
		place(s, 20, 8, v);
		return v >= 0 && v < 256;
	}
	for (unsigned int i = 0; i < 256; i++) {
		const char *name = sm_sreg_name(i);
		size_t n = name ? strlen(name) : 0;

		if (n && !strncmp(s->p, name, n) && s->p[n] != '.' &&
		    !isalnum((unsigned char)s->p[n])) {
			place(s, 20, 8, i);
			s->p += n;
			return true;
		}
	}
	return false;
}

static bool take_predicate(struct parser *s, const struct sm_field *f, u8 not)
{
	unsigned int pred;

	if (!take_sign(s, "!", not) || !take_pred(s, &pred))
		return false;
	place(s, f->pos, 3, pred);
	return true;
}

static bool take_reg_or_imm(struct parser *s, u8 kind, const struct sm_field *f, unsigned int pos)
{
	unsigned int reg;
	s64 v;

	if (take_reg(s, &reg)) {
		place(s, pos, 8, reg);
		return true;
	}
	if (!take_number(s, &v) || v < 0 || v >= 1 << f->width)
		return false;
	place(s, f->pos, f->width, v);
	place(s, find_field(s->row, kind)->pos, 1, 1);
	return true;
}

static bool take_operand(struct parser *s, const struct sm_field *f)
{
	unsigned int reg;
	s64 v;

	switch (f->id) {
	case SM_F_D:
		if (!take_reg(s, &reg))
			return false;
		place(s, f->pos, 8, reg);
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
		place(s, f->pos, f->width, v);
		return true;
	case SM_F_CADDR:
		if (!take(s, "c[") || !take_number(s, &v) || !take(s, "]") || v < 0 || v > 31)
			return false;
		place(s, 36, 5, v);
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
		place(s, f->pos, f->width, v);
		return v >= -(1 << 23) && v < 1 << 23;
	case SM_F_ABS:
		if (!take_target(s, &v))
			return false;
		place(s, f->pos, f->width, v);
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

/* What an operand is that the line does not have. */
static bool default_operand(struct parser *s, const struct sm_field *f)
{
	switch (f->id) {
	case SM_F_P39:
	case SM_F_PD0:
		place(s, f->pos, 3, SM_PT);
		return true;
	case SM_F_U1:		/* lanes (bytes) that a MOV writes; no barrier */
		place(s, f->pos, f->width, s->row->op == SM_B2R ? 0xff : 0xf);
		return s->row->op == SM_MOV || s->row->op == SM_MOV32I || s->row->op == SM_B2R;
	case SM_F_PD45:
		place(s, f->pos, 3, SM_PT);
		return s->row->op == SM_B2R;
	case SM_F_BARCOUNT:
		place(s, find_field(s->row, SM_F_IMM_COUNT)->pos, 1, 1);
		return true;
	}
	return false;
}

/* ".name" of one modifier; a modifier that is not there has its nameless value. */
static bool take_modifier(struct parser *s, const struct sm_field *f)
{
	const struct sm_field_text *text = &sm_field_text[f->id];
	int value = -1;
	size_t n;

	n = *s->p == '.' ? strcspn(s->p + 1, ". \t") : 0;
	if (text->kind == SM_FLAG) {
		value = n && n == strlen(text->flag) && !strncmp(s->p + 1, text->flag, n);
		s->p += value ? n + 1 : 0;
	} else {
		for (int i = 0; i < 1 << (f->width + !!f->top) && value < 0; i++) {
			const char *name = text->names[i];

			if (n && name && n == strlen(name) && !strncmp(s->p + 1, name, n)) {
				value = i;
				s->p += n + 1;
			}
		}
		for (int i = 0; i < 1 << (f->width + !!f->top) && value < 0; i++) {
			if (text->names[i] && !text->names[i][0])
				value = i;
		}
		if (value < 0)
			return false;
	}
	place(s, f->pos, f->width, value);
	if (f->top)
		place(s, f->top, 1, value >> f->width);
	return true;
}

static bool take_row(struct parser *s)
{
	size_t n = strlen(s->row->name);
	bool first = true;

	if (strncmp(s->p, s->row->name, n) || (s->p[n] && !strchr(". \t", s->p[n])))
		return false;
	s->p += n;
	for (const struct sm_field *f = s->row->field; f->id != SM_F_END; f++) {
		unsigned int kind = sm_field_text[f->id].kind;

		if ((kind == SM_FLAG || kind == SM_ENUM) && !take_modifier(s, f))
			return false;
	}
	if (*s->p == '.')
		return false;
	for (const struct sm_field *f = s->row->field; f->id != SM_F_END; f++) {
		if (sm_field_text[f->id].kind != SM_OPERAND)
			continue;
		skip_space(s);
		if (!*s->p) {
			if (!default_operand(s, f))
				return false;
			continue;
		}
		if ((!first && !take(s, ",")) || !take_operand(s, f))
			return false;
		first = false;
	}
	skip_space(s);
	return !*s->p;
}

static int assemble(const char *text, u64 pc, const struct labels *labels, u64 *word)
{
	struct parser s = { .p = text, .pc = pc, .labels = labels };
	unsigned int pred = SM_PT;
	bool not = false;
	const char *start;
	u16 code, mask;

	if (take(&s, "@")) {
		not = take(&s, "!");
		if (!take_pred(&s, &pred))
			return -EINVAL;
	}
	skip_space(&s);
	start = s.p;
	for (unsigned int r = 0; r < sm_nr_rows; r++) {
		for (enum sm_variant v = 0; v < SM_NR_VARIANTS; v++) {
			s.row = &sm_rows[r];
			s.variant = v;
			s.p = start;
			if (!sm_variant_code(s.row, v, &code, &mask))
				continue;
			s.word = (u64)(code & mask) << 48;
			if (s.row->forms & SM_NOPRED && (pred != SM_PT || not))
				continue;
			if (!(s.row->forms & SM_NOPRED))
				s.word |= (u64)pred << 16 | (u64)not << 19;
			if (take_row(&s)) {
				*word = s.word;
				return 0;
			}
		}
	}
	return -EINVAL;
}

int sm_asm_line(const char *text, u64 pc, u64 *word, char *err, size_t err_size)
{
	if (!assemble(text, pc, NULL, word))
		return 0;
	if (err)
		snprintf(err, err_size, "no form of this instruction fits: %s", text);
	return -EINVAL;
}

/* ---------------------------------------------------------------- programs */

/* Copies a line without comment and surrounding space; returns the next one. */
static const char *next_line(const char *text, char *line)
{
	size_t n = strcspn(text, "\n"), len = n;
	const char *p = text;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '#' || (p[i] == '/' && i + 1 < n && p[i + 1] == '/')) {
			len = i;
			break;
		}
	}
	while (len && isspace((unsigned char)*p)) {
		p++;
		len--;
	}
	while (len && isspace((unsigned char)p[len - 1]))
		len--;
	if (len >= MAX_LINE)
		len = MAX_LINE - 1;
	memcpy(line, p, len);
	line[len] = 0;
	return text + n + (text[n] == '\n');
}

/* Address of the instruction with number @n: every fourth word is scheduling. */
static u64 address(unsigned int n)
{
	return n / 3 * 32 + (n % 3 + 1) * 8;
}

static int find_labels(const char *text, struct labels *labels, char *err, size_t err_size)
{
	unsigned int n = 0;
	char line[MAX_LINE];
	size_t len;

	while (*text) {
		text = next_line(text, line);
		len = strlen(line);
		if (!len)
			continue;
		if (line[len - 1] != ':') {
			n++;
			continue;
		}
		if (labels->nr == MAX_LABELS || len > sizeof(labels->label[0].name)) {
			snprintf(err, err_size, "too many labels, or too long: %s", line);
			return -EINVAL;
		}
		line[len - 1] = 0;
		strcpy(labels->label[labels->nr].name, line);
		labels->label[labels->nr++].address = address(n);
	}
	return 0;
}

int sm_asm(const char *text, u64 *code, unsigned int max, char *err, size_t err_size)
{
	struct labels labels = { 0 };
	unsigned int n = 0, row = 0;
	char line[MAX_LINE];

	if (find_labels(text, &labels, err, err_size))
		return -EINVAL;
	while (*text) {
		text = next_line(text, line);
		row++;
		if (!line[0] || line[strlen(line) - 1] == ':')
			continue;
		if ((n / 3 + 1) * 4 > max) {
			snprintf(err, err_size, "line %u: the program is longer than %u words", row,
				 max);
			return -EINVAL;
		}
		code[n / 3 * 4] = SCHED_WORD;
		if (assemble(line, address(n), &labels, &code[address(n) / 8])) {
			snprintf(err, err_size, "line %u: no form of this instruction fits: %s", row,
				 line);
			return -EINVAL;
		}
		n++;
	}
	for (; n % 3; n++) {
		snprintf(line, sizeof(line), "bra 0x%llx", (unsigned long long)address(n));
		assemble(line, address(n), NULL, &code[address(n) / 8]);
	}
	return n / 3 * 4;
}
