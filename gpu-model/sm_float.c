// SPDX-License-Identifier: MIT
/*
 * f32 arithmetic and comparison.
 *
 * The host's own arithmetic, in the rounding mode that the run loop has set for
 * the instruction. Differences are made up for here: one NaN for all, denormals
 * flushed on request, saturation.
 */
#include "sm_float.h"

/* An operand as the instruction sees it. */
static void operand(const u32 *src, bool neg, bool abs, bool flush, u32 *restrict out)
{
	u32 keep = abs ? 0x7fffffff : ~0u, flip = neg ? 0x80000000 : 0;

	SM_EACH_LANE(l)
		out[l] = (src[l] & keep) ^ flip;
	if (flush) {
		SM_EACH_LANE(l)
			out[l] = sm_flush32(out[l]);
	}
}

static void result(const struct sm_insn *i, const float *r, bool flush, u32 *restrict d)
{
	SM_EACH_LANE(l) {
		u32 bits = sm_f32_bits(r[l]);

		d[l] = sm_is_nan32(bits) ? SM_F32_NAN : bits;
	}
	if (flush) {
		SM_EACH_LANE(l)
			d[l] = sm_flush32(d[l]);
	}
	if (i->mod[SM_F_SAT]) {
		SM_EACH_LANE(l)
			d[l] = sm_saturate32(d[l]);
	}
}

SM_ALU(sm_fadd)
{
	bool flush = i->mod[SM_F_FTZ];
	sm_row_t x, y;
	float r[SM_LANES];

	(void)w;
	(void)c;
	operand(a, i->mod[SM_F_NEG_A], i->mod[SM_F_ABS_A], flush, x);
	operand(b, i->mod[SM_F_NEG_B], i->mod[SM_F_ABS_B], flush, y);
	SM_EACH_LANE(l)
		r[l] = sm_f32(x[l]) + sm_f32(y[l]);
	result(i, r, flush, d);
}

/* "fmz": flush denormals, and 0 times anything is 0. */
static u32 zero_product(const u32 *x, const u32 *y)
{
	sm_row_t t;

	SM_EACH_LANE(l)
		t[l] = !(x[l] << 1) || !(y[l] << 1);
	return sm_mask_of(t);
}

SM_ALU(sm_fmul)
{
	static const float scale[8] = { 1, 1 / 2.0f, 1 / 4.0f, 1 / 8.0f, 8, 4, 2, 1 };
	bool flush = i->mod[SM_F_FMZ];
	float s = scale[i->mod[SM_F_PDIV]];
	sm_row_t x, y;
	float r[SM_LANES];

	(void)w;
	(void)c;
	operand(a, false, false, flush, x);
	operand(b, i->mod[SM_F_NEG_B], false, flush, y);
	SM_EACH_LANE(l)
		r[l] = sm_f32(x[l]) * sm_f32(y[l]);
	if (i->mod[SM_F_PDIV]) {
		SM_EACH_LANE(l)
			r[l] *= s;
	}
	if (i->mod[SM_F_FMZ] == 2) {
		u32 zero = zero_product(x, y);

		SM_EACH_LANE(l)
			r[l] = zero >> l & 1 ? 0 : r[l];
	}
	result(i, r, flush, d);
}

/* The same lanes once with the host's FMA instruction and once with the library's. */
#define FUSED_LANES(fn) \
	static void fn(const u32 *x, const u32 *y, const u32 *z, float *restrict r) \
	{ \
		SM_EACH_LANE(l) \
			r[l] = __builtin_fmaf(sm_f32(x[l]), sm_f32(y[l]), sm_f32(z[l])); \
	}

FUSED_LANES(fused_library)
#ifdef __x86_64__
__attribute__((target("avx2,fma"))) FUSED_LANES(fused_host)
#endif

static void fused(const u32 *x, const u32 *y, const u32 *z, float *restrict r)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2")) {
		fused_host(x, y, z, r);
		return;
	}
#endif
	fused_library(x, y, z, r);
}

SM_ALU(sm_ffma)
{
	bool flush = i->mod[SM_F_FMZ];
	sm_row_t x, y, z;
	float r[SM_LANES];

	(void)w;
	operand(a, i->mod[SM_F_NEG_A], false, flush, x);
	operand(b, i->mod[SM_F_NEG_B], false, flush, y);
	operand(c, i->mod[SM_F_NEG_C], false, flush, z);
	fused(x, y, z, r);
	if (i->mod[SM_F_FMZ] == 2) {
		u32 zero = zero_product(x, y);

		SM_EACH_LANE(l)
			r[l] = zero >> l & 1 ? sm_f32(z[l]) : r[l];
	}
	result(i, r, flush, d);
}

/* A NaN loses against a number; -0 is less than +0. */
SM_ALU(sm_fmnmx)
{
	u32 minimum = sm_pred(w, i->p39, i->mod[SM_F_NOT_P39]);
	bool flush = i->mod[SM_F_FTZ];
	sm_row_t x, y;

	(void)c;
	operand(a, i->mod[SM_F_NEG_A], i->mod[SM_F_ABS_A], flush, x);
	operand(b, i->mod[SM_F_NEG_B], i->mod[SM_F_ABS_B], flush, y);
	SM_EACH_LANE(l) {
		/* as integers in the order of the numbers */
		s32 p = (s32)(x[l] ^ ((u32)((s32)x[l] >> 31) >> 1));
		s32 q = (s32)(y[l] ^ ((u32)((s32)y[l] >> 31) >> 1));
		bool less = p < q, min = minimum >> l & 1;
		u32 r = less == min ? x[l] : y[l];

		if (sm_is_nan32(x[l]))
			r = y[l];
		if (sm_is_nan32(y[l]))
			r = x[l];
		d[l] = sm_is_nan32(r) ? SM_F32_NAN : r;
	}
}

/* -------------------------------------------------------------- comparison */

static u32 compare(unsigned int cond, const u32 *x, const u32 *y)
{
	sm_row_t less, equal, greater;

	SM_EACH_LANE(l) {
		less[l] = sm_f32(x[l]) < sm_f32(y[l]);
		equal[l] = sm_f32(x[l]) == sm_f32(y[l]);
		greater[l] = sm_f32(x[l]) > sm_f32(y[l]);
	}
	return sm_fold_float(cond, sm_mask_of(less), sm_mask_of(equal), sm_mask_of(greater));
}

static u32 condition(const struct sm_insn *i, const u32 *a, const u32 *b)
{
	bool flush = i->mod[SM_F_FTZ];
	sm_row_t x, y;

	operand(a, i->mod[SM_F_NEG_A], i->mod[SM_F_ABS_A], flush, x);
	operand(b, i->mod[SM_F_NEG_B], i->mod[SM_F_ABS_B], flush, y);
	return compare(i->mod[SM_F_FCOND], x, y);
}

SM_ALU(sm_fsetp)
{
	u32 r = condition(i, a, b), p = sm_pred(w, i->p39, i->mod[SM_F_NOT_P39]);

	(void)c;
	(void)d;
	sm_set_pred(w, i->pd3, sm_bool_op(i->mod[SM_F_BOP], r, p));
	sm_set_pred(w, i->pd0, sm_bool_op(i->mod[SM_F_BOP], ~r, p));
}

SM_ALU(sm_fset)
{
	u32 r = condition(i, a, b), p = sm_pred(w, i->p39, i->mod[SM_F_NOT_P39]);
	u32 yes = i->mod[SM_F_BF] ? 0x3f800000 : ~0u;

	(void)c;
	r = sm_bool_op(i->mod[SM_F_BOP], r, p);
	SM_EACH_LANE(l)
		d[l] = r >> l & 1 ? yes : 0;
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, 0, 0);
}

SM_ALU(sm_fcmp)
{
	static const sm_row_t zero;
	sm_row_t z;
	u32 r;

	(void)w;
	operand(c, false, false, i->mod[SM_F_FTZ], z);
	r = compare(i->mod[SM_F_FCOND], z, zero);
	SM_EACH_LANE(l)
		d[l] = r >> l & 1 ? a[l] : b[l];
}

/*
 * Would a division by multiplying with the reciprocal be wrong? True where an
 * exponent is extreme or an operand special, so that the slow path is taken.
 */
SM_ALU(sm_fchk)
{
	u32 r = 0;

	(void)c;
	(void)d;
	SM_EACH_LANE(l) {
		u32 x = sm_sign32(a[l], i->mod[SM_F_NEG_A], i->mod[SM_F_ABS_A]);
		u32 y = sm_sign32(b[l], i->mod[SM_F_NEG_B], i->mod[SM_F_ABS_B]);
		int ex = x >> 23 & 0xff, ey = y >> 23 & 0xff;
		bool slow = ex == 255 || ey == 255 || ey == 0 || ey >= 253 || ex - ey >= 126 ||
			    ex - ey <= -125 || ex <= 24;

		r |= (u32)slow << l;
	}
	sm_set_pred(w, i->pd3, r);
}

/* ------------------------------------------------------ special functions */

/*
 * Range reduction is left to MUFU, which is exact for any argument here; RRO
 * passes its operand on.
 */
SM_ALU(sm_rro)
{
	(void)w;
	(void)a;
	(void)c;
	SM_EACH_LANE(l)
		d[l] = sm_sign32(b[l], i->mod[SM_F_NEG_B], i->mod[SM_F_ABS_B]);
}

static u32 special(unsigned int function, u32 bits)
{
	float x = sm_f32(bits);

	switch (function) {
	case 0:
		return sm_f32_bits((float)cos(x));
	case 1:
		return sm_f32_bits((float)sin(x));
	case 2:
		return sm_f32_bits((float)exp2(x));
	case 3:
		return sm_f32_bits((float)log2(x));
	case 4:
		return sm_f32_bits(1 / x);
	case 5:
		return sm_f32_bits((float)(1 / sqrt(x)));
	case 6:			/* of the f64 with this upper half and 0 below */
		return sm_f64_bits(1 / sm_f64((u64)bits << 32)) >> 32;
	case 7:
		return sm_f64_bits(1 / sqrt(sm_f64((u64)bits << 32))) >> 32;
	default:
		return sm_f32_bits(sqrtf(x));
	}
}

SM_ALU(sm_mufu)
{
	unsigned int function = i->mod[SM_F_MUFU];
	bool wide = function == 6 || function == 7;

	(void)b;
	(void)c;
	memset(d, 0, sizeof(sm_row_t));
	SM_EACH_ACTIVE(l, w->mask) {
		u32 r = special(function, sm_sign32(a[l], i->mod[SM_F_NEG_A], i->mod[SM_F_ABS_A]));

		if (!wide && sm_is_nan32(r))
			r = SM_F32_NAN;
		d[l] = i->mod[SM_F_SAT] ? sm_saturate32(r) : r;
	}
}
