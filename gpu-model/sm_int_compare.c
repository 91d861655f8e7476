// SPDX-License-Identifier: MIT
/* Integer comparison, minimum and maximum, also of 64-bit numbers in two steps. */
#include "sm_warp.h"

/* Lanes where "less", "equal" and "greater" hold, folded by a condition's bits. */
static u32 fold(unsigned int cond, u32 less, u32 equal)
{
	return (cond & 1 ? less : 0) | (cond & 2 ? equal : 0) | (cond & 4 ? ~(less | equal) : 0);
}

/* a cond b for all lanes. */
static u32 compare(unsigned int cond, bool is_signed, const u32 *a, const u32 *b)
{
	sm_row_t t;

	/* signed numbers in the order of unsigned ones */
	u32 flip = is_signed ? 0x80000000 : 0;

	switch (cond) {
	case 1:
	case 6:
		SM_EACH_LANE(l)
			t[l] = (a[l] ^ flip) < (b[l] ^ flip);
		return sm_mask_of(t) ^ (cond == 6 ? ~0u : 0);
	case 4:
	case 3:
		SM_EACH_LANE(l)
			t[l] = (a[l] ^ flip) > (b[l] ^ flip);
		return sm_mask_of(t) ^ (cond == 3 ? ~0u : 0);
	case 2:
	case 5:
		SM_EACH_LANE(l)
			t[l] = a[l] ^ b[l];
		return sm_mask_of(t) ^ (cond == 2 ? ~0u : 0);
	case 7:
		return ~0u;
	default:
		return 0;
	}
}

/*
 * The upper half of a 64-bit comparison: the lower halves have been subtracted
 * with condition codes, and this goes on with their carry (no borrow) and zero.
 */
static u32 compare_upper(const struct sm_warp *w, const struct sm_insn *i, const u32 *a,
			 const u32 *b)
{
	u32 less = 0, equal = 0;

	SM_EACH_LANE(l) {
		u64 diff = (u64)a[l] + (u32)~b[l] + (w->cc_c >> l & 1);
		u32 r = (u32)diff, carry = diff >> 32;
		u32 overflow = ((a[l] ^ b[l]) & (a[l] ^ r)) >> 31;
		bool is_zero = !r && w->cc_z >> l & 1;
		bool is_less = i->mod[SM_F_SIGN] ? r >> 31 ^ overflow : !carry;

		equal |= (u32)is_zero << l;
		less |= (u32)(is_less && !is_zero) << l;
	}
	return fold(i->mod[SM_F_ICOND], less, equal);
}

static u32 condition(const struct sm_warp *w, const struct sm_insn *i, const u32 *a, const u32 *b)
{
	if (i->mod[SM_F_X])
		return compare_upper(w, i, a, b);
	return compare(i->mod[SM_F_ICOND], i->mod[SM_F_SIGN], a, b);
}

SM_ALU(sm_isetp)
{
	u32 r = condition(w, i, a, b), p = sm_pred(w, i->p39, i->mod[SM_F_NOT_P39]);

	(void)c;
	(void)d;
	sm_set_pred(w, i->pd3, sm_bool_op(i->mod[SM_F_BOP], r, p));
	sm_set_pred(w, i->pd0, sm_bool_op(i->mod[SM_F_BOP], ~r, p));
}

SM_ALU(sm_iset)
{
	u32 r = condition(w, i, a, b), p = sm_pred(w, i->p39, i->mod[SM_F_NOT_P39]);
	u32 yes = i->mod[SM_F_BF] ? 0x3f800000 : ~0u;

	(void)c;
	r = sm_bool_op(i->mod[SM_F_BOP], r, p);
	SM_EACH_LANE(l)
		d[l] = r >> l & 1 ? yes : 0;
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, 0, 0);
}

SM_ALU(sm_icmp)
{
	static const sm_row_t zero;
	u32 r = compare(i->mod[SM_F_ICOND], i->mod[SM_F_SIGN], c, zero);

	(void)w;
	SM_EACH_LANE(l)
		d[l] = r >> l & 1 ? a[l] : b[l];
}

/*
 * Minimum and maximum of 64-bit numbers: "xhi" looks at the upper halves and
 * leaves in C which was less and in Z whether they were equal; "xmed" and "xlo"
 * decide by that, or by their own unsigned halves when all above were equal.
 */
SM_ALU(sm_imnmx)
{
	enum { PLAIN, XLO, XMED, XHI } mode = i->mod[SM_F_MMX];
	u32 less = compare(1, i->mod[SM_F_SIGN], a, b), equal = compare(2, false, a, b);
	u32 minimum = sm_pred(w, i->p39, i->mod[SM_F_NOT_P39]);

	(void)c;
	if (mode == XLO || mode == XMED)
		less = sm_select(w->cc_z, compare(1, false, a, b), w->cc_c);
	if (mode == XMED)
		equal = sm_select(w->cc_z, equal, 0);
	for (unsigned int l = 0; l < SM_LANES; l++)
		d[l] = (less ^ ~minimum) >> l & 1 ? a[l] : b[l];
	if (mode == XHI || mode == XMED) {
		w->cc_c = sm_select(w->mask, less, w->cc_c);
		w->cc_z = sm_select(w->mask, equal, w->cc_z);
	} else if (i->mod[SM_F_CC]) {
		sm_set_cc(w, d, 0, 0);
	}
}
