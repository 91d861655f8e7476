// SPDX-License-Identifier: MIT
/* From an instruction word to its row of the table and the values of its fields. */
#include <pthread.h>
#include <string.h>

#include "sm_isa.h"

/* The form that bits 63:51 select; 0 = none, else row + 1. */
static struct {
	u8 row, variant;
} lookup[1 << 13];

bool sm_variant_code(const struct sm_row *row, enum sm_variant v, u16 *code, u16 *mask)
{
	u16 c = row->code, m = row->mask;

	if (v != SM_V_REG && !(row->forms & SM_RCI))
		return false;
	if (v == SM_V_CONST && (row->forms & SM_NOCONST))
		return false;
	switch (v) {
	case SM_V_REG:
		break;
	case SM_V_CONST:
		c ^= 0x1000;
		break;
	case SM_V_IMM:		/* 58 59 5a 5b 5c become 30 32 34 36 38: bit 56 is the sign */
		c = 0x3000 + ((row->code & 0x0f00) - 0x0800) * 2 + (row->code & 0x00ff);
		m &= ~0x0100;
		break;
	case SM_V_RC:
		if (!(row->forms & SM_RC))
			return false;
		c -= 0x0800;
		break;
	default:
		return false;
	}
	*code = c;
	*mask = m;
	return true;
}

static void add_form(unsigned int row, enum sm_variant v)
{
	u16 code, mask;

	if (!sm_variant_code(&sm_rows[row], v, &code, &mask))
		return;
	for (u32 i = 0; i < sizeof(lookup) / sizeof(lookup[0]); i++) {
		if (((i << 3) & mask) == (code & mask & 0xfff8)) {
			lookup[i].row = row + 1;
			lookup[i].variant = v;
		}
	}
}

static void make_lookup(void)
{
	for (unsigned int i = 0; i < sm_nr_rows; i++) {
		for (enum sm_variant v = 0; v < SM_NR_VARIANTS; v++)
			add_form(i, v);
	}
}

static u64 bits(u64 word, unsigned int pos, unsigned int width)
{
	return word >> pos & (width == 64 ? ~0ull : (1ull << width) - 1);
}

static s64 sign_extend(u64 v, unsigned int width)
{
	return (s64)(v << (64 - width)) >> (64 - width);
}

static void take_constant(struct sm_insn *insn)
{
	insn->bank = bits(insn->word, 34, 5);
	insn->coff = bits(insn->word, 20, 14) * 4;
}

/* Signs and 9 bits each of two f16: 29 and 28:20 the low one, 56 and 38:30 the high one. */
static u32 halves_value(u64 word)
{
	return (u32)bits(word, 20, 9) << 6 | (u32)bits(word, 29, 1) << 15 |
	       (u32)bits(word, 30, 9) << 22 | (u32)bits(word, 56, 1) << 31;
}

static void take_b(struct sm_insn *insn, enum sm_variant v)
{
	const struct sm_row *row = insn->row;
	u32 imm = bits(insn->word, 20, 19);

	insn->b = bits(insn->word, 20, 8);
	if (row->forms & SM_IMM_U16) {
		insn->b_src = SM_SRC_IMM;
		insn->imm = bits(insn->word, 20, 16);
		return;
	}
	if (row->forms & SM_IMM_HALVES) {
		insn->b_src = SM_SRC_IMM;
		insn->imm = halves_value(insn->word);
		return;
	}
	if (row->forms & (SM_B_CONST | SM_C_CONST)) {
		insn->b_src = row->forms & SM_B_CONST ? SM_SRC_CONST : SM_SRC_REG;
		insn->b = bits(insn->word, 39, 8);
		take_constant(insn);
		return;
	}
	switch (v) {
	case SM_V_CONST:
		insn->b_src = SM_SRC_CONST;
		take_constant(insn);
		break;
	case SM_V_IMM:
		insn->b_src = SM_SRC_IMM;
		if (row->forms & SM_IMM_U6)
			insn->imm = imm & 63;
		else if (row->forms & (SM_IMM_FLOAT | SM_IMM_DOUBLE))
			insn->imm = imm << 12 | (u32)bits(insn->word, 56, 1) << 31;
		else
			insn->imm = imm | (bits(insn->word, 56, 1) ? 0xfff80000 : 0);
		break;
	case SM_V_RC:
		insn->b = bits(insn->word, 39, 8);
		take_constant(insn);
		break;
	default:
		break;
	}
}

static void take_operand(struct sm_insn *insn, const struct sm_field *f, enum sm_variant v)
{
	u64 x = bits(insn->word, f->pos, f->width);

	switch (f->id) {
	case SM_F_D:
		insn->d = x;
		break;
	case SM_F_A:
		insn->a = x;
		break;
	case SM_F_BR:
		insn->b = x;
		break;
	case SM_F_B:
		take_b(insn, v);
		break;
	case SM_F_C:
		insn->c = x;
		if (v == SM_V_RC || insn->row->forms & SM_C_CONST)
			insn->c_src = SM_SRC_CONST;
		break;
	case SM_F_I32:
		insn->b_src = SM_SRC_IMM;
		insn->imm = x;
		break;
	case SM_F_PD0:
		insn->pd0 = x;
		break;
	case SM_F_PD3:
		insn->pd3 = x;
		break;
	case SM_F_PD48:
		insn->pd48 = x;
		break;
	case SM_F_PD45:
		insn->pd45 = x;
		break;
	case SM_F_P39:
		insn->p39 = x;
		break;
	case SM_F_P12:
		insn->p12 = x;
		break;
	case SM_F_P29:
		insn->p29 = x;
		break;
	case SM_F_U1:
	case SM_F_SREG:
		insn->u1 = x;
		break;
	case SM_F_U2:
		insn->u2 = x;
		break;
	case SM_F_CADDR:
		insn->bank = bits(insn->word, 36, 5);
		/* fall through */
	case SM_F_ADDR:
	case SM_F_REL:
		insn->a = bits(insn->word, 8, 8);
		insn->offset = sign_extend(x, f->width);
		break;
	case SM_F_ADDR4:
		insn->a = bits(insn->word, 8, 8);
		insn->offset = sign_extend(x, f->width) * 4;
		break;
	case SM_F_ABS:
		insn->offset = x;
		break;
	case SM_F_LANE:
		insn->b = x;
		insn->u1 = x & 31;
		break;
	case SM_F_CLAMP:
		insn->c = bits(insn->word, 39, 8);
		insn->u2 = x;
		break;
	case SM_F_BARID:
		insn->a = x;
		insn->u1 = x;
		break;
	case SM_F_BARCOUNT:
		insn->b = x;
		insn->u2 = x;
		break;
	}
}

/* A value without a name (reserved) makes the instruction unknown. */
static bool take_modifier(struct sm_insn *insn, const struct sm_field *f)
{
	const struct sm_field_text *text = &sm_field_text[f->id];
	u32 x = bits(insn->word, f->pos, f->width);

	if (f->top)
		x |= (u32)bits(insn->word, f->top, 1) << f->width;
	insn->mod[f->id] = x;
	return text->kind != SM_ENUM || (x < 32 && text->names[x]);
}

void sm_decode(u64 word, struct sm_insn *insn)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	unsigned int key = word >> 51;
	enum sm_variant v;

	pthread_once(&once, make_lookup);
	memset(insn, 0, sizeof(*insn));
	insn->word = word;
	insn->pred = SM_PT;
	insn->pd0 = insn->pd3 = insn->pd48 = insn->pd45 = SM_PT;
	insn->p39 = insn->p12 = insn->p29 = SM_PT;
	insn->a = insn->b = insn->c = insn->d = SM_RZ;
	if (!lookup[key].row)
		return;
	insn->row = &sm_rows[lookup[key].row - 1];
	insn->op = insn->row->op;
	v = lookup[key].variant;
	if (!(insn->row->forms & SM_NOPRED)) {
		insn->pred = bits(word, 16, 3);
		insn->pred_not = bits(word, 19, 1);
	}
	for (const struct sm_field *f = insn->row->field; f->id != SM_F_END; f++) {
		if (f->id >= SM_F_NR_MODS) {
			take_operand(insn, f, v);
		} else if (!take_modifier(insn, f)) {
			insn->row = NULL;
			insn->op = SM_OP_NONE;
			return;
		}
	}
}
