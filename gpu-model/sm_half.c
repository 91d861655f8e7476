// SPDX-License-Identifier: MIT
/*
 * f16 arithmetic and comparison, two numbers in a register.
 *
 * Each source names what its two numbers are: both halves, one half twice, or one
 * f32 twice. Constants have no such field: they are an f32. A result goes to both
 * halves, to one of them, or, as an f32, is that of the lower numbers.
 *
 * f64 holds sums and products of f16 exactly, and a fused product and sum well
 * enough: what it rounds away is too small beside the other term to decide how an
 * f16 is rounded. So results are rounded once, to the destination. With an f32
 * among the sources the operation is one of f32.
 */
#include "sm_float.h"

enum { BOTH, F32, LOW, HIGH };		/* of a source */
enum { PACK, AS_F32, TO_LOW, TO_HIGH };	/* of the destination */

#define F16_NAN		0x7fff
#define F16_ONE		0x3c00

struct half_source {
	const u32 *row;
	unsigned int select;
	bool neg, abs;
};

static double flushed16(float f)
{
	return fabsf(f) < 0x1p-14f ? copysign(0, f) : f;
}

/* One of the two numbers of a source. */
static double take(const struct half_source *s, unsigned int l, unsigned int half, bool flush)
{
	u32 bits = s->row[l];
	double v;

	if (s->select == F32) {
		v = sm_f32(flush ? sm_flush32(bits) : bits);
	} else {
		bool high = s->select == BOTH ? half : s->select == HIGH;
		float f = sm_half_to_float(high ? bits >> 16 : bits & 0xffff);

		v = flush ? flushed16(f) : (double)f;
	}
	if (s->abs)
		v = fabs(v);
	return s->neg ? -v : v;
}

/* The f16, or the f32, that a result is rounded to. */
static u32 round_half(double v, bool flush, bool saturate)
{
	u16 bits;

	if (saturate)
		v = v > 0 ? v < 1 ? v : 1 : 0;
	bits = sm_double_to_half(v);
	if ((bits & 0x7fff) > 0x7c00)
		return F16_NAN;
	return flush && !(bits & 0x7c00) ? bits & 0x8000 : bits;
}

static u32 round_single(double v, bool flush, bool saturate)
{
	u32 bits;

	if (saturate)
		v = v > 0 ? v < 1 ? v : 1 : 0;
	bits = sm_f32_bits((float)v);
	if (sm_is_nan32(bits))
		return SM_F32_NAN;
	return flush ? sm_flush32(bits) : bits;
}

/* a * b + c, of f16 or of f32. Without a product @b is 1; without a sum @c is no number to add. */
static double compute(double a, double b, const double *c, bool single, bool zero_wins)
{
	if (zero_wins && (a == 0 || b == 0))
		return c ? *c : 0;
	if (single)
		return c ? fmaf((float)a, (float)b, (float)*c) : (float)a * (float)b;
	return c ? fma(a, b, *c) : a * b;
}

static void store(const struct sm_warp *w, const struct sm_insn *i, unsigned int l, const double v[2],
		  bool flush, u32 *restrict d)
{
	bool saturate = i->mod[SM_F_SAT];
	u32 old = sm_reg(w, i->d)[l];

	switch (i->mod[SM_F_HDST]) {
	case AS_F32:
		d[l] = round_single(v[0], flush, saturate);
		break;
	case TO_LOW:
		d[l] = (old & 0xffff0000) | round_half(v[0], flush, saturate);
		break;
	case TO_HIGH:
		d[l] = (old & 0xffff) | round_half(v[1], flush, saturate) << 16;
		break;
	default:
		d[l] = round_half(v[0], flush, saturate) | round_half(v[1], flush, saturate) << 16;
	}
}

static struct half_source source_a(const struct sm_insn *i, const u32 *row)
{
	return (struct half_source){ row, i->mod[SM_F_HA], i->mod[SM_F_NEG_A], i->mod[SM_F_ABS_A] };
}

static struct half_source source_b(const struct sm_insn *i, const u32 *row)
{
	return (struct half_source){ row, i->b_src == SM_SRC_CONST ? F32 : i->mod[SM_F_HB],
				     i->mod[SM_F_NEG_B], i->mod[SM_F_ABS_B] };
}

static struct half_source source_c(const struct sm_insn *i, const u32 *row)
{
	return (struct half_source){ row, i->c_src == SM_SRC_CONST ? F32 : i->mod[SM_F_HC],
				     i->mod[SM_F_NEG_C], false };
}

SM_ALU(sm_hadd2)
{
	struct half_source x = source_a(i, a), y = source_b(i, b);
	bool single = x.select == F32 || y.select == F32, flush = i->mod[SM_F_FTZ];

	(void)c;
	SM_EACH_LANE(l) {
		double v[2];

		for (unsigned int h = 0; h < 2; h++) {
			double z = take(&y, l, h, flush);

			v[h] = compute(take(&x, l, h, flush), 1, &z, single, false);
		}
		store(w, i, l, v, flush, d);
	}
}

SM_ALU(sm_hmul2)
{
	struct half_source x = source_a(i, a), y = source_b(i, b);
	bool single = x.select == F32 || y.select == F32, flush = i->mod[SM_F_FMZ];

	(void)c;
	SM_EACH_LANE(l) {
		double v[2];

		for (unsigned int h = 0; h < 2; h++)
			v[h] = compute(take(&x, l, h, flush), take(&y, l, h, flush), NULL, single,
				       i->mod[SM_F_FMZ] == 2);
		store(w, i, l, v, flush, d);
	}
}

SM_ALU(sm_hfma2)
{
	struct half_source x = source_a(i, a), y = source_b(i, b), z = source_c(i, c);
	bool single = x.select == F32 || y.select == F32 || z.select == F32;
	bool flush = i->mod[SM_F_FMZ];

	SM_EACH_LANE(l) {
		double v[2];

		for (unsigned int h = 0; h < 2; h++) {
			double t = take(&z, l, h, flush);

			v[h] = compute(take(&x, l, h, flush), take(&y, l, h, flush), &t, single,
				       i->mod[SM_F_FMZ] == 2);
		}
		store(w, i, l, v, flush, d);
	}
}

/* Lanes in which the condition holds for the lower and for the upper numbers. */
static void compare(const struct sm_insn *i, const u32 *a, const u32 *b, u32 holds[2])
{
	struct half_source x = source_a(i, a), y = source_b(i, b);

	for (unsigned int h = 0; h < 2; h++) {
		u32 less = 0, equal = 0, greater = 0;

		SM_EACH_LANE(l) {
			double p = take(&x, l, h, i->mod[SM_F_FTZ]);
			double q = take(&y, l, h, i->mod[SM_F_FTZ]);

			less |= (u32)(p < q) << l;
			equal |= (u32)(p == q) << l;
			greater |= (u32)(p > q) << l;
		}
		holds[h] = sm_fold_float(i->mod[SM_F_FCOND], less, equal, greater);
	}
}

SM_ALU(sm_hset2)
{
	u32 yes = i->mod[SM_F_BF] ? F16_ONE : 0xffff, p = sm_pred(w, i->p39, i->mod[SM_F_NOT_P39]);
	u32 holds[2];

	(void)c;
	compare(i, a, b, holds);
	for (unsigned int h = 0; h < 2; h++)
		holds[h] = sm_bool_op(i->mod[SM_F_BOP], holds[h], p);
	SM_EACH_LANE(l)
		d[l] = (holds[0] >> l & 1 ? yes : 0) | (holds[1] >> l & 1 ? yes << 16 : 0);
}

/* A predicate for each half; with "h_and" whether both hold, and whether not. */
SM_ALU(sm_hsetp2)
{
	u32 p = sm_pred(w, i->p39, i->mod[SM_F_NOT_P39]), holds[2];

	(void)c;
	(void)d;
	compare(i, a, b, holds);
	if (i->mod[SM_F_HAND]) {
		holds[0] &= holds[1];
		holds[1] = ~holds[0];
	}
	sm_set_pred(w, i->pd3, sm_bool_op(i->mod[SM_F_BOP], holds[0], p));
	sm_set_pred(w, i->pd0, sm_bool_op(i->mod[SM_F_BOP], holds[1], p));
}
