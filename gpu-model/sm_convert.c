// SPDX-License-Identifier: MIT
/*
 * Conversions between integers and f16, f32, f64.
 *
 * Float to float goes through f64, which holds every f16 and f32 exactly, and
 * is rounded once, to the destination.
 */
#include <fenv.h>

#include "sm_float.h"

enum { F16 = 1, F32 = 2, F64 = 3 };

float sm_half_to_float(u16 bits)
{
	u32 sign = (u32)(bits & 0x8000) << 16, exp = bits >> 10 & 0x1f, frac = bits & 0x3ff;

	if (exp == 31)
		return sm_f32(sign | 0x7f800000 | frac << 13);
	if (exp)
		return sm_f32(sign | (exp + 112) << 23 | frac << 13);
	return sign ? -(frac * 0x1p-24f) : frac * 0x1p-24f;
}

/* Rounds by the mode in force: scales so that the last bit of the f16 is the unit. */
u16 sm_double_to_half(double d)
{
	u16 sign = signbit(d) ? 0x8000 : 0;
	double m = fabs(d), unit, n;
	int exp;

	if (isnan(d))
		return 0x7fff;
	if (isinf(d))
		return sign | 0x7c00;
	if (m == 0)
		return sign;
	frexp(m, &exp);			/* m = f * 2^exp, f in [0.5, 1) */
	unit = exp < -13 ? 0x1p-24 : ldexp(1, exp - 11);
	n = nearbyint(d / unit) * unit;	/* d / unit and the product are exact */
	m = fabs(n);
	if (m >= 65536)			/* up from the largest f16 */
		return sign | 0x7c00;
	if (m > 65504)
		return sign | 0x7bff;
	if (m < 0x1p-14)
		return sign | (u16)(m * 0x1p24);
	frexp(m, &exp);
	return sign | (u16)((exp + 14) << 10) | (u16)(ldexp(m, 11 - exp) - 1024);
}

/* The source of a conversion from float, as an exact double. */
static double float_source(const struct sm_insn *i, const u32 *b, unsigned int l)
{
	bool neg = i->mod[SM_F_NEG_B], abs = i->mod[SM_F_ABS_B];
	u32 x = b[l];

	switch (i->mod[SM_F_SFLOAT]) {
	case F64:
		return sm_f64(sm_sign64(sm_pair(b, l), neg, abs));
	case F16:
		x = sm_f32_bits(sm_half_to_float(i->mod[SM_F_H1B] ? x >> 16 : x));
		return sm_f32(sm_sign32(x, neg, abs));
	default:
		x = sm_sign32(x, neg, abs);
		return sm_f32(i->mod[SM_F_FTZ] ? sm_flush32(x) : x);
	}
}

static double to_integral(unsigned int mode, double v)
{
	switch (mode) {
	case 0:
		return nearbyint(v);	/* to nearest is in force: sm_prepare() */
	case 1:
		return floor(v);
	case 2:
		return ceil(v);
	default:
		return trunc(v);
	}
}

SM_ALU(sm_f2f)
{
	unsigned int to = i->mod[SM_F_DFLOAT];
	bool integral = i->mod[SM_F_FRND] & 4;

	(void)w;
	(void)a;
	(void)c;
	SM_EACH_LANE(l) {
		double v = float_source(i, b, l);
		u32 r;

		if (integral)
			v = to_integral(i->mod[SM_F_FRND] & 3, v);
		if (i->mod[SM_F_SAT])
			v = v > 0 ? v < 1 ? v : 1 : 0;
		if (to == F64) {
			sm_put_pair(d, l, sm_f64_bits(v));
			continue;
		}
		if (to == F16) {
			d[l] = sm_double_to_half(v);
			continue;
		}
		r = sm_f32_bits((float)v);
		if (i->mod[SM_F_FTZ])
			r = sm_flush32(r);
		d[l] = sm_is_nan32(r) ? SM_F32_NAN : r;
	}
}

/* Saturates; NaN becomes 0, or the top bit alone for 64 bits. */
static u64 to_integer(double v, unsigned int bits, bool is_signed)
{
	if (isnan(v))
		return bits == 64 ? 1ull << 63 : 0;
	if (is_signed) {
		double limit = ldexp(1, bits - 1);

		if (v >= limit)
			return (1ull << (bits - 1)) - 1;
		if (v < -limit)
			return -(1ull << (bits - 1));
		return (u64)(s64)v;
	}
	if (v <= 0)
		return 0;
	if (v >= ldexp(1, bits))
		return bits == 64 ? ~0ull : (1ull << bits) - 1;
	return (u64)v;
}

SM_ALU(sm_f2i)
{
	unsigned int to = i->mod[SM_F_DINT] & 3;
	bool is_signed = i->mod[SM_F_DINT] & 4;

	(void)a;
	(void)c;
	SM_EACH_LANE(l) {
		double v = to_integral(i->mod[SM_F_RND], float_source(i, b, l));
		u64 r = to_integer(v, 8u << to, is_signed);

		if (to == 3)
			sm_put_pair(d, l, r);
		else
			d[l] = (u32)r;
	}
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, 0, 0);
}

/* The source of a conversion from integer: its magnitude and sign. */
static u64 integer_source(const struct sm_insn *i, const u32 *b, unsigned int l, bool *negative)
{
	unsigned int from = i->mod[SM_F_SINT] & 3;
	bool is_signed = i->mod[SM_F_SINT] & 4;
	u64 x;

	if (from == 3)
		x = sm_pair(b, l);
	else
		x = b[l] >> (from < 2 ? 8 * i->mod[SM_F_BYTE] : 0);
	if (from < 3)
		x &= (1ull << (8u << from)) - 1;
	*negative = is_signed && x >> ((8u << from) - 1) & 1;
	if (*negative) {
		x = -x;
		if (from < 3)
			x &= (1ull << (8u << from)) - 1;
	}
	if (i->mod[SM_F_ABS_B])
		*negative = false;
	if (i->mod[SM_F_NEG_B])
		*negative = !*negative;
	return x;
}

SM_ALU(sm_i2f)
{
	(void)w;
	(void)a;
	(void)c;
	SM_EACH_LANE(l) {
		volatile float f;
		volatile double v;
		bool negative;
		u64 x = integer_source(i, b, l, &negative);

		if (i->mod[SM_F_DFLOAT] == F16) {	/* what a double does not hold overflows */
			d[l] = sm_double_to_half(negative ? -(double)x : (double)x);
			continue;
		}
		/* converted with its sign, for the sake of directed rounding */
		if (i->mod[SM_F_DFLOAT] == F64) {
			if (x >> 63) {
				v = (double)x;
				v = negative ? -(double)x : v;
			} else {
				v = (double)(negative ? -(s64)x : (s64)x);
			}
			sm_put_pair(d, l, sm_f64_bits(v));
			continue;
		}
		if (x >> 63) {
			f = (float)x;
			f = negative ? -f : f;
		} else {
			f = (float)(negative ? -(s64)x : (s64)x);
		}
		d[l] = sm_f32_bits(f);
	}
}

SM_ALU(sm_i2i)
{
	unsigned int to = i->mod[SM_F_DINT] & 3;
	bool is_signed = i->mod[SM_F_DINT] & 4;
	unsigned int bits = 8u << (to > 2 ? 2 : to);
	s64 low = is_signed ? -(1ll << (bits - 1)) : 0;
	s64 high = is_signed ? (1ll << (bits - 1)) - 1 : (1ll << bits) - 1;

	(void)a;
	(void)c;
	SM_EACH_LANE(l) {
		bool negative;
		u64 x = integer_source(i, b, l, &negative);
		s64 v = negative ? -(s64)x : (s64)x;
		u32 r;

		if (i->mod[SM_F_SAT])
			v = v < low ? low : v > high ? high : v;
		r = (u32)v;
		if (bits < 32)
			r = is_signed ? (u32)((s32)(r << (32 - bits)) >> (32 - bits)) :
					r & ((1u << bits) - 1);
		if (to == 3)
			sm_put_pair(d, l, (u64)v);
		else
			d[l] = r;
	}
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, 0, 0);
}
