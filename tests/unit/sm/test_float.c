// SPDX-License-Identifier: MIT
/* f32 and f64 instructions against the C library and the host's arithmetic. */
#include <fenv.h>
#include <math.h>
#include <string.h>

#include "operation.h"

#define REF(name)	static u64 ref_##name(const struct operands *x, u32 *p2, u32 *p3)
#define UNUSED		((void)x, (void)p2, (void)p3)

static float f32(u64 bits)
{
	u32 b = (u32)bits;
	float f;

	memcpy(&f, &b, 4);
	return f;
}

static u32 from_f32(float f)
{
	u32 b;

	memcpy(&b, &f, 4);
	return f != f ? 0x7fffffff : b;
}

static double f64(u64 b)
{
	double d;

	memcpy(&d, &b, 8);
	return d;
}

static u64 from_f64(double d)
{
	u64 b;

	memcpy(&b, &d, 8);
	return b;
}

static float flush(float f)
{
	return fpclassify(f) == FP_SUBNORMAL ? copysignf(0, f) : f;
}

static float sat(float f)
{
	return f >= 1 ? 1 : f > 0 ? f : 0;
}

#define A	f32(x->a)
#define B	f32(x->b)
#define C	f32(x->c)
#define DA	f64(x->a)
#define DB	f64(x->b)
#define DC	f64(x->c)
#define P0	(x->flags >> 2 & 1)
#define P1	(x->flags >> 3 & 1)

/* The host's operation in a rounding mode, out of the optimizer's reach. */
#define ROUNDED(type, mode, expr) \
	({ \
		volatile type r_; \
		\
		fesetround(mode); \
		r_ = (expr); \
		fesetround(FE_TONEAREST); \
		r_; \
	})

static volatile float va, vb, vc;
static volatile double da, db, dc;

static void take(const struct operands *x)
{
	va = A;
	vb = B;
	vc = C;
	da = DA;
	db = DB;
	dc = DC;
}

#define F_MODE(name, mode, expr) \
	REF(name) { UNUSED; take(x); return from_f32(ROUNDED(float, mode, expr)); }
#define D_MODE(name, mode, expr) \
	REF(name) { UNUSED; take(x); return from_f64(ROUNDED(double, mode, expr)); }

F_MODE(fadd, FE_TONEAREST, va + vb)
F_MODE(fadd_rm, FE_DOWNWARD, va + vb)
F_MODE(fadd_rp, FE_UPWARD, va + vb)
F_MODE(fadd_rz, FE_TOWARDZERO, va + vb)
F_MODE(fsub_abs, FE_TONEAREST, fabsf(va) - vb)
F_MODE(fadd_negabs, FE_TONEAREST, -fabsf(va) + fabsf(vb))
F_MODE(fadd_imm, FE_TONEAREST, va + 1.5f)
F_MODE(fadd_long, FE_TONEAREST, va + 1.1f)
F_MODE(fmul, FE_TONEAREST, va * vb)
F_MODE(fmul_neg, FE_TONEAREST, -(va * vb))
F_MODE(fmul_rm, FE_DOWNWARD, va * vb)
F_MODE(fmul_rp, FE_UPWARD, va * vb)
F_MODE(fmul_d2, FE_TONEAREST, va * vb * 0.5f)
F_MODE(fmul_m4, FE_TONEAREST, va * vb * 4)
F_MODE(fmul_long, FE_TONEAREST, va * 1.1f)
F_MODE(ffma, FE_TONEAREST, fmaf(va, vb, vc))
F_MODE(ffma_rz, FE_TOWARDZERO, fmaf(va, vb, vc))
F_MODE(ffma_rp, FE_UPWARD, fmaf(va, vb, vc))
F_MODE(ffma_neg, FE_TONEAREST, fmaf(-va, vb, -vc))
F_MODE(ffma_long, FE_TONEAREST, fmaf(va, 1.1f, vc))

REF(fadd_ftz) { UNUSED; return from_f32(flush(flush(A) + flush(B))); }
REF(fadd_sat) { UNUSED; return from_f32(sat(A + B)); }
REF(fmul_ftz) { UNUSED; return from_f32(flush(flush(A) * flush(B))); }
REF(ffma_ftz) { UNUSED; return from_f32(flush(fmaf(flush(A), flush(B), flush(C)))); }
REF(ffma_sat) { UNUSED; return from_f32(sat(fmaf(A, B, C))); }

REF(fmul_fmz)
{
	float a = flush(A), b = flush(B);

	UNUSED;
	return a == 0 || b == 0 ? 0 : from_f32(flush(a * b));
}

static u32 minimum(float a, float b)
{
	if (isnan(a))
		return from_f32(b);
	if (isnan(b))
		return from_f32(a);
	if (a == b)
		return from_f32(signbit(a) ? a : b);
	return from_f32(a < b ? a : b);
}

REF(fmin) { UNUSED; return minimum(A, B); }

REF(fmax)
{
	UNUSED;
	if (isnan(A) && isnan(B))
		return 0x7fffffff;
	return isnan(A) || isnan(B) ? minimum(A, B) : minimum(-A, -B) ^ 0x80000000;
}

/* ---------------------------------------------------------------- compare */

#define COMPARE(name, expr) \
	REF(name) \
	{ \
		*p2 = (expr) && P0; \
		*p3 = !(expr) && P0; \
		return 0; \
	}

COMPARE(lt, A < B)
COMPARE(eq, A == B)
COMPARE(le, A <= B)
COMPARE(gt, A > B)
COMPARE(ne, A < B || A > B)
COMPARE(ge, A >= B)
COMPARE(num, !isunordered(A, B))
COMPARE(nan_, isunordered(A, B))
COMPARE(ltu, !(A >= B))
COMPARE(equ, A == B || isunordered(A, B))
COMPARE(leu, !(A > B))
COMPARE(gtu, !(A <= B))
COMPARE(neu, A != B)
COMPARE(geu, !(A < B))
COMPARE(lt_ftz, flush(A) < flush(B))
COMPARE(lt_abs, -fabsf(A) < fabsf(B))
COMPARE(d_lt, DA < DB)
COMPARE(d_neu, DA != DB)
COMPARE(d_geu, !(DA < DB))

REF(fset) { UNUSED; return A < B ? ~0u : 0; }
REF(fset_bf) { UNUSED; return A != B ? 0x3f800000 : 0; }
REF(fcmp) { UNUSED; return C >= 0 ? (u32)x->a : (u32)x->b; }
REF(dset) { UNUSED; return DA > DB ? ~0u : 0; }

/* -------------------------------------------------------------------- f64 */

D_MODE(dadd, FE_TONEAREST, da + db)
D_MODE(dsub_rm, FE_DOWNWARD, da - db)
D_MODE(dadd_rp, FE_UPWARD, da + db)
D_MODE(dmul, FE_TONEAREST, da * db)
D_MODE(dmul_rz, FE_TOWARDZERO, da * db)
D_MODE(dfma, FE_TONEAREST, fma(da, db, dc))
D_MODE(dfma_neg_rp, FE_UPWARD, fma(-da, db, dc))
D_MODE(dmul_imm, FE_TONEAREST, da * 1.5)

REF(dmin)
{
	UNUSED;
	if (isnan(DA))
		return x->b;
	if (isnan(DB))
		return x->a;
	if (DA == DB)
		return signbit(DA) ? x->a : x->b;
	return DA < DB ? x->a : x->b;
}

/* NaNs of f64 keep what the host gives them: compared as "some NaN". */
#define D_NAN(name) \
	static u64 ref_##name##_nan(const struct operands *x, u32 *p2, u32 *p3) \
	{ \
		u64 r = ref_##name(x, p2, p3); \
		\
		return isnan(f64(r)) ? ~0ull : r; \
	}

D_NAN(dadd)
D_NAN(dsub_rm)
D_NAN(dadd_rp)
D_NAN(dmul)
D_NAN(dmul_rz)
D_NAN(dfma)
D_NAN(dfma_neg_rp)
D_NAN(dmul_imm)
D_NAN(dmin)

/* Makes any NaN in r13:r12 all ones. */
#define NAN_TO_ONES	"\ndsetp.nan.and p6, pt, r12, r12, pt\n@p6 mov32i r12, 0xffffffff\n" \
			"@p6 mov32i r13, 0xffffffff"

/* ------------------------------------------------------ special functions */

/* Good enough when within one unit in 2^22, as the results of a card are. */
static u64 close_to(double want, float is)
{
	if (isnan(want))
		return isnan(is);
	if (fabs(want) > 3.4e38)
		return fabsf(is) > 3.3e38f && !signbit(is) == !signbit(want);
	return fabs(is - want) <= fabs(want) * 0x1p-22 + 0x1p-126;
}

static void check_special(const char *name, double (*fn)(double), double low, double high)
{
	char text[256];
	struct machine m;
	unsigned int bad = 0;
	float *v;

	machine_init(&m);
	m.launch.block[0] = 1024;
	machine_arg_address(&m, 0, M_DATA);
	snprintf(text, sizeof(text),
		 "s2r r0, sr_tid.x\nshl r0, r0, 0x2\niadd r2, r0, c[0x0][0x0]\nmov r3, c[0x0][0x4]\n"
		 "ld.e.32 r4, [r2]\n%s\nst.e.32 [r2+0x1000], r12\nexit\n", name);
	machine_program(&m, text);
	v = machine_at(&m, M_DATA);
	for (int n = 0; n < 1024; n++)
		v[n] = (float)(low + (high - low) * n / 1024);
	bad += machine_run(&m, false) != SM_BLOCK_DONE;
	for (int n = 0; n < 1024 && !bad; n++) {
		if (!close_to(fn(v[n]), v[1024 + n])) {
			printf("# %s(%a) = %a, should be %a\n", name, v[n], v[1024 + n], fn(v[n]));
			bad++;
		}
	}
	ok(!bad, "%s", name);
	machine_fini(&m);
}

static double reciprocal(double v)
{
	return 1 / v;
}

static double reciprocal_root(double v)
{
	return 1 / sqrt(v);
}

static const struct operation operations[] = {
	{ "fadd r12, r4, r6", FLOAT, D32, ref_fadd },
	{ "fadd.rm r12, r4, r6", FLOAT, D32, ref_fadd_rm },
	{ "fadd.rp r12, r4, r6", FLOAT, D32, ref_fadd_rp },
	{ "fadd.rz r12, r4, r6", FLOAT, D32, ref_fadd_rz },
	{ "fadd r12, |r4|, -r6", FLOAT, D32, ref_fsub_abs },
	{ "fadd r12, -|r4|, |r6|", FLOAT, D32, ref_fadd_negabs },
	{ "fadd r12, r4, 1.5", FLOAT, D32, ref_fadd_imm },
	{ "fadd32i r12, r4, 1.1", FLOAT, D32, ref_fadd_long },
	{ "fadd.ftz r12, r4, r6", FLOAT, D32, ref_fadd_ftz },
	{ "fadd.sat r12, r4, r6", FLOAT, D32, ref_fadd_sat },
	{ "fmul r12, r4, r6", FLOAT, D32, ref_fmul },
	{ "fmul r12, r4, -r6", FLOAT, D32, ref_fmul_neg },
	{ "fmul.rm r12, r4, r6", FLOAT, D32, ref_fmul_rm },
	{ "fmul.rp r12, r4, r6", FLOAT, D32, ref_fmul_rp },
	{ "fmul.d2 r12, r4, r6", FLOAT, D32, ref_fmul_d2 },
	{ "fmul.m4 r12, r4, r6", FLOAT, D32, ref_fmul_m4 },
	{ "fmul.ftz r12, r4, r6", FLOAT, D32, ref_fmul_ftz },
	{ "fmul.fmz r12, r4, r6", FLOAT, D32, ref_fmul_fmz },
	{ "fmul32i r12, r4, 1.1", FLOAT, D32, ref_fmul_long },
	{ "ffma r12, r4, r6, r8", FLOAT, D32, ref_ffma },
	{ "ffma.rz r12, r4, r6, r8", FLOAT, D32, ref_ffma_rz },
	{ "ffma.rp r12, r4, r6, r8", FLOAT, D32, ref_ffma_rp },
	{ "ffma r12, r4, -r6, -r8", FLOAT, D32, ref_ffma_neg },
	{ "ffma.ftz r12, r4, r6, r8", FLOAT, D32, ref_ffma_ftz },
	{ "ffma.sat r12, r4, r6, r8", FLOAT, D32, ref_ffma_sat },
	{ "mov r12, r8\nffma32i r12, r4, 1.1, r12", FLOAT, D32, ref_ffma_long },
	{ "fmnmx r12, r4, r6, pt", FLOAT, D32, ref_fmin },
	{ "fmnmx r12, r4, r6, !pt", FLOAT, D32, ref_fmax },
	{ "fsetp.lt.and p2, p3, r4, r6, p0", FLOAT, PRED, ref_lt },
	{ "fsetp.eq.and p2, p3, r4, r6, p0", FLOAT, PRED, ref_eq },
	{ "fsetp.le.and p2, p3, r4, r6, p0", FLOAT, PRED, ref_le },
	{ "fsetp.gt.and p2, p3, r4, r6, p0", FLOAT, PRED, ref_gt },
	{ "fsetp.ne.and p2, p3, r4, r6, p0", FLOAT, PRED, ref_ne },
	{ "fsetp.ge.and p2, p3, r4, r6, p0", FLOAT, PRED, ref_ge },
	{ "fsetp.num.and p2, p3, r4, r6, p0", FLOAT, PRED, ref_num },
	{ "fsetp.nan.and p2, p3, r4, r6, p0", FLOAT, PRED, ref_nan_ },
	{ "fsetp.ltu.and p2, p3, r4, r6, p0", FLOAT, PRED, ref_ltu },
	{ "fsetp.equ.and p2, p3, r4, r6, p0", FLOAT, PRED, ref_equ },
	{ "fsetp.leu.and p2, p3, r4, r6, p0", FLOAT, PRED, ref_leu },
	{ "fsetp.gtu.and p2, p3, r4, r6, p0", FLOAT, PRED, ref_gtu },
	{ "fsetp.neu.and p2, p3, r4, r6, p0", FLOAT, PRED, ref_neu },
	{ "fsetp.geu.and p2, p3, r4, r6, p0", FLOAT, PRED, ref_geu },
	{ "fsetp.lt.ftz.and p2, p3, r4, r6, p0", FLOAT, PRED, ref_lt_ftz },
	{ "fsetp.lt.and p2, p3, -|r4|, |r6|, p0", FLOAT, PRED, ref_lt_abs },
	{ "fset.lt.and r12, r4, r6, pt", FLOAT, D32, ref_fset },
	{ "fset.bf.neu.and r12, r4, r6, pt", FLOAT, D32, ref_fset_bf },
	{ "fcmp.ge r12, r4, r6, r8", FLOAT, D32, ref_fcmp },
	{ "dadd r12, r4, r6" NAN_TO_ONES, DOUBLE, D64, ref_dadd_nan },
	{ "dadd.rm r12, r4, -r6" NAN_TO_ONES, DOUBLE, D64, ref_dsub_rm_nan },
	{ "dadd.rp r12, r4, r6" NAN_TO_ONES, DOUBLE, D64, ref_dadd_rp_nan },
	{ "dmul r12, r4, r6" NAN_TO_ONES, DOUBLE, D64, ref_dmul_nan },
	{ "dmul.rz r12, r4, r6" NAN_TO_ONES, DOUBLE, D64, ref_dmul_rz_nan },
	{ "dmul r12, r4, 1.5" NAN_TO_ONES, DOUBLE, D64, ref_dmul_imm_nan },
	{ "dfma r12, r4, r6, r8" NAN_TO_ONES, DOUBLE, D64, ref_dfma_nan },
	{ "dfma.rp r12, r4, -r6, r8" NAN_TO_ONES, DOUBLE, D64, ref_dfma_neg_rp_nan },
	{ "dmnmx r12, r4, r6, pt" NAN_TO_ONES, DOUBLE, D64, ref_dmin_nan },
	{ "dsetp.lt.and p2, p3, r4, r6, p0", DOUBLE, PRED, ref_d_lt },
	{ "dsetp.neu.and p2, p3, r4, r6, p0", DOUBLE, PRED, ref_d_neu },
	{ "dsetp.geu.and p2, p3, r4, r6, p0", DOUBLE, PRED, ref_d_geu },
	{ "dset.gt.and r12, r4, r6, pt", DOUBLE, D32, ref_dset },
};

int main(void)
{
	check_operations(operations, sizeof(operations) / sizeof(operations[0]));
	check_special("mufu.rcp r12, r4", reciprocal, -50, 50);
	check_special("mufu.rsq r12, r4", reciprocal_root, 0.001, 1000);
	check_special("mufu.sqrt r12, r4", sqrt, 0, 1000);
	check_special("mufu.lg2 r12, r4", log2, 0, 1000);
	check_special("rro.ex2 r4, r4\nmufu.ex2 r12, r4", exp2, -140, 140);
	check_special("rro.sincos r4, r4\nmufu.sin r12, r4", sin, -100, 100);
	check_special("rro.sincos r4, r4\nmufu.cos r12, r4", cos, -100, 100);
	return done();
}
