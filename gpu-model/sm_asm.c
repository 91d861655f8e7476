// SPDX-License-Identifier: MIT
/*
 * An assembler for the same table: it reads what the disassembler writes.
 *
 * A line is tried against every form of its mnemonic until one takes all of it.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sm_asm.h"

#define MAX_LINE	160
#define SCHED_WORD	0x001f8000fc0007e0ull	/* no stall, no barrier, three times */

/* ".name" of one modifier; a modifier that is not there has its nameless value. */
static bool take_modifier(struct sm_parser *s, const struct sm_field *f)
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
	sm_asm_place(s, f->pos, f->width, value);
	if (f->top)
		sm_asm_place(s, f->top, 1, value >> f->width);
	return true;
}

static bool take_row(struct sm_parser *s)
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
		sm_asm_space(s);
		if (!*s->p) {
			if (!sm_asm_default(s, f))
				return false;
			continue;
		}
		if ((!first && !sm_asm_take(s, ",")) || !sm_asm_operand(s, f))
			return false;
		first = false;
	}
	sm_asm_space(s);
	return !*s->p;
}

static int assemble(const char *text, u64 pc, const struct sm_labels *labels, u64 *word)
{
	struct sm_parser s = { .p = text, .pc = pc, .labels = labels };
	unsigned int pred = SM_PT;
	bool not = false;
	const char *start;
	u16 code, mask;

	if (sm_asm_take(&s, "@")) {
		not = sm_asm_take(&s, "!");
		if (!sm_asm_pred(&s, &pred))
			return -EINVAL;
	}
	sm_asm_space(&s);
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

static int find_labels(const char *text, struct sm_labels *labels, char *err, size_t err_size)
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
		if (labels->nr == SM_MAX_LABELS || len > sizeof(labels->label[0].name)) {
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
	struct sm_labels labels = { 0 };
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
