// SPDX-License-Identifier: MIT
/* f64 arithmetic and comparison, in the rounding mode that the run loop has set. */
#include "sm_float.h"

static double operand(const u32 *row, unsigned int lane, bool neg, bool abs)
{
	return sm_f64(sm_sign64(sm_pair(row, lane), neg, abs));
}

SM_ALU(sm_dadd)
{
	(void)w;
	(void)c;
	SM_EACH_LANE(l) {
		double x = operand(a, l, i->mod[SM_F_NEG_A], i->mod[SM_F_ABS_A]);
		double y = operand(b, l, i->mod[SM_F_NEG_B], i->mod[SM_F_ABS_B]);

		sm_put_pair(d, l, sm_f64_bits(x + y));
	}
}

SM_ALU(sm_dmul)
{
	(void)w;
	(void)c;
	SM_EACH_LANE(l) {
		double x = operand(a, l, false, false);
		double y = operand(b, l, i->mod[SM_F_NEG_B], false);

		sm_put_pair(d, l, sm_f64_bits(x * y));
	}
}

SM_ALU(sm_dfma)
{
	(void)w;
	SM_EACH_LANE(l) {
		double x = operand(a, l, false, false);
		double y = operand(b, l, i->mod[SM_F_NEG_B], false);
		double z = operand(c, l, i->mod[SM_F_NEG_C], false);

		sm_put_pair(d, l, sm_f64_bits(fma(x, y, z)));
	}
}

/* A NaN loses against a number; -0 is less than +0. */
SM_ALU(sm_dmnmx)
{
	u32 minimum = sm_pred(w, i->p39, i->mod[SM_F_NOT_P39]);

	(void)c;
	SM_EACH_LANE(l) {
		double x = operand(a, l, i->mod[SM_F_NEG_A], i->mod[SM_F_ABS_A]);
		double y = operand(b, l, i->mod[SM_F_NEG_B], i->mod[SM_F_ABS_B]);
		bool min = minimum >> l & 1;
		bool less = x < y || (x == y && signbit(x) && !signbit(y));

		if (isnan(y) || (!isnan(x) && less == min))
			y = x;
		sm_put_pair(d, l, sm_f64_bits(y));
	}
}

static u32 condition(const struct sm_insn *i, const u32 *a, const u32 *b)
{
	u32 less = 0, equal = 0, greater = 0;

	SM_EACH_LANE(l) {
		double x = operand(a, l, i->mod[SM_F_NEG_A], i->mod[SM_F_ABS_A]);
		double y = operand(b, l, i->mod[SM_F_NEG_B], i->mod[SM_F_ABS_B]);

		less |= (u32)(x < y) << l;
		equal |= (u32)(x == y) << l;
		greater |= (u32)(x > y) << l;
	}
	return sm_fold_float(i->mod[SM_F_FCOND], less, equal, greater);
}

SM_ALU(sm_dsetp)
{
	u32 r = condition(i, a, b), p = sm_pred(w, i->p39, i->mod[SM_F_NOT_P39]);

	(void)c;
	(void)d;
	sm_set_pred(w, i->pd3, sm_bool_op(i->mod[SM_F_BOP], r, p));
	sm_set_pred(w, i->pd0, sm_bool_op(i->mod[SM_F_BOP], ~r, p));
}

SM_ALU(sm_dset)
{
	u32 r = condition(i, a, b), p = sm_pred(w, i->p39, i->mod[SM_F_NOT_P39]);
	u32 yes = i->mod[SM_F_BF] ? 0x3f800000 : ~0u;

	(void)c;
	r = sm_bool_op(i->mod[SM_F_BOP], r, p);
	SM_EACH_LANE(l)
		d[l] = r >> l & 1 ? yes : 0;
}
