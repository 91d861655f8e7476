// SPDX-License-Identifier: MIT
/* Atomics and reductions, on global and shared memory. Lanes take their turns in order. */
#include "sm_float.h"

enum { ADD, MIN, MAX, INC, DEC, AND, OR, XOR, EXCH };
enum { U32, S32, U64, F32, S64 = 5 };

static u32 combine32(unsigned int op, unsigned int type, u32 old, u32 v)
{
	switch (op) {
	case ADD:
		if (type == F32) {
			float f = sm_f32(sm_flush32(old)) + sm_f32(sm_flush32(v));
			u32 r = sm_flush32(sm_f32_bits(f));

			return sm_is_nan32(r) ? SM_F32_NAN : r;
		}
		return old + v;
	case MIN:
		if (type == S32)
			return (s32)v < (s32)old ? v : old;
		return v < old ? v : old;
	case MAX:
		if (type == S32)
			return (s32)v > (s32)old ? v : old;
		return v > old ? v : old;
	case INC:
		return old >= v ? 0 : old + 1;
	case DEC:
		return !old || old > v ? v : old - 1;
	case AND:
		return old & v;
	case OR:
		return old | v;
	case XOR:
		return old ^ v;
	default:
		return v;
	}
}

static u64 combine64(unsigned int op, unsigned int type, u64 old, u64 v)
{
	switch (op) {
	case ADD:
		return old + v;
	case MIN:
		if (type == S64)
			return (s64)v < (s64)old ? v : old;
		return v < old ? v : old;
	case MAX:
		if (type == S64)
			return (s64)v > (s64)old ? v : old;
		return v > old ? v : old;
	case AND:
		return old & v;
	case OR:
		return old | v;
	case XOR:
		return old ^ v;
	default:
		return v;
	}
}

static u32 update32(u32 *p, unsigned int op, unsigned int type, u32 v)
{
	u32 old = __atomic_load_n(p, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(p, &old, combine32(op, type, old, v), false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
	return old;
}

static u64 update64(u64 *p, unsigned int op, unsigned int type, u64 v)
{
	u64 old = __atomic_load_n(p, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(p, &old, combine64(op, type, old, v), false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
	return old;
}

/* What differs between the instructions that come here. */
struct atomic {
	unsigned int op, type;
	bool wide;		/* 64 bits */
	bool swap;		/* compare and swap: the new value is behind the compared one */
	const u32 *value;	/* rows of the operand */
	unsigned int d;		/* register for the old value; SM_RZ: none */
};

static void apply(struct sm_warp *w, const struct atomic *t, u8 *const *p)
{
	SM_EACH_ACTIVE(l, w->mask) {
		u64 old;

		if (t->wide) {
			old = sm_pair(t->value, l);
			if (t->swap)
				__atomic_compare_exchange_n((u64 *)p[l], &old,
							    sm_pair(t->value + 2 * SM_LANES, l),
							    false, __ATOMIC_SEQ_CST,
							    __ATOMIC_SEQ_CST);
			else
				old = update64((u64 *)p[l], t->op, t->type, old);
		} else {
			u32 old32 = t->value[l];

			if (t->swap)
				__atomic_compare_exchange_n((u32 *)p[l], &old32,
							    t->value[SM_LANES + l], false,
							    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
			else
				old32 = update32((u32 *)p[l], t->op, t->type, old32);
			old = old32;
		}
		if (t->d == SM_RZ)
			continue;
		w->reg[t->d][l] = (u32)old;
		if (t->wide)
			w->reg[t->d + 1][l] = old >> 32;
	}
}

/*
 * The destination may be the register of the operand, and a lane's result must not
 * become another's operand; rows are by lane, so reading before writing is enough.
 */
SM_ACT(sm_atom)
{
	struct atomic t = { .d = SM_RZ };
	enum sm_outcome r;
	u8 *p[SM_LANES];

	if (i->op == SM_ATOM_CAS) {
		t.swap = true;
		t.wide = i->mod[SM_F_CASTYPE];
	} else {
		t.op = i->mod[SM_F_ATOMOP];
		t.type = i->mod[SM_F_ATOMTYPE];
		t.wide = t.type == U64 || t.type == S64;
	}
	if (i->op == SM_RED) {
		t.value = sm_reg(w, i->d);
	} else {
		t.value = sm_reg(w, i->b);
		t.d = i->d;
	}
	r = sm_generic(w, i, t.wide ? 8 : 4, SM_ATOMIC, p);
	if (r == SM_NEXT)
		apply(w, &t, p);
	return r;
}

SM_ACT(sm_atoms)
{
	static const u8 types[4] = { U32, S32, U64, S64 };
	struct atomic t = { .d = i->d, .value = sm_reg(w, i->b) };
	enum sm_outcome r;
	u8 *p[SM_LANES];

	if (i->op == SM_ATOMS_CAS) {
		t.swap = true;
		t.wide = i->mod[SM_F_CASTYPE];
	} else {
		t.op = i->mod[SM_F_ATOMOP];
		t.type = types[i->mod[SM_F_ATOMSTYPE]];
		t.wide = i->mod[SM_F_ATOMSTYPE] >= 2;
	}
	r = sm_shared(w, i, t.wide ? 8 : 4, p);
	if (r == SM_NEXT)
		apply(w, &t, p);
	return r;
}
