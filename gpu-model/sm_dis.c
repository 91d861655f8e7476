// SPDX-License-Identifier: MIT
/* Instructions as text, from the fields of their row. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "sm_isa.h"

struct out {
	char *buf;
	size_t size, len;
};

static void __attribute__((format(printf, 2, 3))) put(struct out *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(o->buf + o->len, o->size - o->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		o->len = o->len + n < o->size ? o->len + n : o->size - 1;
}

static void put_reg(struct out *o, unsigned int reg)
{
	if (reg == SM_RZ)
		put(o, "rz");
	else
		put(o, "r%u", reg);
}

static void put_pred(struct out *o, unsigned int pred, bool not)
{
	put(o, "%s", not ? "!" : "");
	if (pred == SM_PT)
		put(o, "pt");
	else
		put(o, "p%u", pred);
}

static void put_signed(struct out *o, s64 v, bool plus)
{
	put(o, "%s0x%" PRIx64, v < 0 ? "-" : plus ? "+" : "", v < 0 ? -(u64)v : (u64)v);
}

static void put_address(struct out *o, const struct sm_insn *i)
{
	put(o, "[");
	if (i->a != SM_RZ)
		put_reg(o, i->a);
	if (i->offset || i->a == SM_RZ)
		put_signed(o, i->offset, i->a != SM_RZ);
	put(o, "]");
}

static void put_immediate(struct out *o, const struct sm_insn *i)
{
	if (!(i->row->forms & SM_RCI) || i->row->forms & (SM_IMM_FLOAT | SM_IMM_DOUBLE))
		put(o, "0x%x", i->imm);
	else
		put_signed(o, (s32)i->imm, false);
}

/* -(0x5) is a negated immediate, -0x5 an immediate. */
static void put_source(struct out *o, const struct sm_insn *i, unsigned int reg, unsigned int src,
		       bool neg, bool abs, bool inv)
{
	bool brackets = neg && src == SM_SRC_IMM;

	put(o, "%s%s%s%s", neg ? "-" : "", inv ? "~" : "", abs ? "|" : "", brackets ? "(" : "");
	if (src == SM_SRC_CONST)
		put(o, "c[0x%x][0x%x]", i->bank, i->coff);
	else if (src == SM_SRC_IMM)
		put_immediate(o, i);
	else
		put_reg(o, reg);
	put(o, "%s%s", brackets ? ")" : "", abs ? "|" : "");
}

static void put_reg_or_imm(struct out *o, bool imm, unsigned int reg, u32 value)
{
	if (imm)
		put(o, "0x%x", value);
	else
		put_reg(o, reg);
}

static void put_operand(struct out *o, const struct sm_insn *i, const struct sm_field *f, u64 pc)
{
	const u8 *mod = i->mod;

	switch (f->id) {
	case SM_F_D:
		put_reg(o, i->d);
		break;
	case SM_F_A:
		put_source(o, i, i->a, SM_SRC_REG, mod[SM_F_NEG_A], mod[SM_F_ABS_A], mod[SM_F_INV_A]);
		break;
	case SM_F_B:
	case SM_F_BR:
	case SM_F_I32:
		put_source(o, i, i->b, i->b_src, mod[SM_F_NEG_B], mod[SM_F_ABS_B], mod[SM_F_INV_B]);
		break;
	case SM_F_C:
		put_source(o, i, i->c, i->c_src, mod[SM_F_NEG_C], false, false);
		break;
	case SM_F_PD0:
		put_pred(o, i->pd0, false);
		break;
	case SM_F_PD3:
		put_pred(o, i->pd3, false);
		break;
	case SM_F_PD48:
		put_pred(o, i->pd48, false);
		break;
	case SM_F_PD45:
		put_pred(o, i->pd45, false);
		break;
	case SM_F_P39:
		put_pred(o, i->p39, mod[SM_F_NOT_P39]);
		break;
	case SM_F_P12:
		put_pred(o, i->p12, mod[SM_F_NOT_P12]);
		break;
	case SM_F_P29:
		put_pred(o, i->p29, mod[SM_F_NOT_P29]);
		break;
	case SM_F_U1:
		put(o, "0x%x", i->u1);
		break;
	case SM_F_U2:
		put(o, "0x%x", i->u2);
		break;
	case SM_F_ADDR:
	case SM_F_ADDR4:
		put_address(o, i);
		break;
	case SM_F_CADDR:
		put(o, "c[0x%x]", i->bank);
		put_address(o, i);
		break;
	case SM_F_SREG:
		if (sm_sreg_name(i->u1))
			put(o, "sr_%s", sm_sreg_name(i->u1));
		else
			put(o, "sr_0x%x", i->u1);
		break;
	case SM_F_REL:
		put(o, "0x%" PRIx64, pc + 8 + i->offset);
		break;
	case SM_F_ABS:
		put(o, "0x%" PRIx64, i->offset);
		break;
	case SM_F_LANE:
		put_reg_or_imm(o, mod[SM_F_IMM_LANE], i->b, i->u1);
		break;
	case SM_F_CLAMP:
		put_reg_or_imm(o, mod[SM_F_IMM_CLAMP], i->c, i->u2);
		break;
	case SM_F_BARID:
		put_reg_or_imm(o, mod[SM_F_IMM_ID], i->a, i->u1);
		break;
	case SM_F_BARCOUNT:
		put_reg_or_imm(o, mod[SM_F_IMM_COUNT], i->b & 0xff, i->u2);
		break;
	}
}

void sm_dis(u64 word, u64 pc, char *buf, size_t size)
{
	struct out o = { .buf = buf, .size = size };
	const char *separator = " ";
	struct sm_insn i;

	sm_decode(word, &i);
	buf[0] = 0;
	if (!i.row) {
		put(&o, ".unknown 0x%016" PRIx64, word);
		return;
	}
	if (i.pred != SM_PT || i.pred_not) {
		put(&o, "@");
		put_pred(&o, i.pred, i.pred_not);
		put(&o, " ");
	}
	put(&o, "%s", i.row->name);
	for (const struct sm_field *f = i.row->field; f->id != SM_F_END; f++) {
		const struct sm_field_text *text = &sm_field_text[f->id];

		if (text->kind == SM_FLAG && i.mod[f->id])
			put(&o, ".%s", text->flag);
		else if (text->kind == SM_ENUM && text->names[i.mod[f->id]][0])
			put(&o, ".%s", text->names[i.mod[f->id]]);
	}
	for (const struct sm_field *f = i.row->field; f->id != SM_F_END; f++) {
		if (sm_field_text[f->id].kind != SM_OPERAND)
			continue;
		put(&o, "%s", separator);
		separator = ", ";
		put_operand(&o, &i, f, pc);
	}
}
