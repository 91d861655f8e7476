// SPDX-License-Identifier: MIT
/* Integer instructions against plain C. */
#include "operation.h"

#define REF(name)	static u64 ref_##name(const struct operands *x, u32 *p2, u32 *p3)
#define UNUSED		((void)x, (void)p2, (void)p3)

#define A	((u32)x->a)
#define B	((u32)x->b)
#define C	((u32)x->c)
#define CARRY	(x->flags & 1)
#define ZERO	(x->flags >> 1 & 1)
#define P0	(x->flags >> 2 & 1)
#define P1	(x->flags >> 3 & 1)

/* ---------------------------------------------------------------- addition */

REF(add) { UNUSED; return A + B; }
REF(sub) { UNUSED; return A - B; }
REF(rsub) { UNUSED; return B - A; }
REF(plus_one) { UNUSED; return A + B + 1; }
REF(add_imm) { UNUSED; return A - 0x1234; }
REF(add_long_imm) { UNUSED; return A + 0x12345678; }
REF(sub_long_imm) { UNUSED; return 0x12345678 - A; }
REF(add_guarded) { UNUSED; return P0 ? A + B : 7; }

REF(add_cc)
{
	u64 s = (u64)A + B;

	*p2 = s >> 32;
	*p3 = (u32)s == 0;
	return s;
}

REF(sub_cc)		/* carry: no borrow */
{
	*p2 = A >= B;
	*p3 = A == B;
	return A - B;
}

REF(add_x)
{
	*p3 = 0;
	*p2 = ((u64)A + B + CARRY) >> 32;
	return A + B + CARRY;
}

REF(sub_x)
{
	*p3 = 0;
	*p2 = (u64)A >= (u64)B + !CARRY;
	return A - B - !CARRY;
}

REF(add_sat)
{
	s64 s = (s64)(s32)A + (s32)B;

	UNUSED;
	return s > INT32_MAX ? INT32_MAX : s < INT32_MIN ? (u32)INT32_MIN : (u32)s;
}

REF(scadd) { UNUSED; return (A << 3) + B; }
REF(scadd_neg) { UNUSED; return B - (A << 5); }
REF(scadd_imm) { UNUSED; return (A << 4) + 0x7654321; }
REF(add3) { UNUSED; return A - B + C; }
REF(lea) { UNUSED; return (A << 6) + B; }

/* ---------------------------------------------------------- multiplication */

REF(mul) { UNUSED; return A * B; }
REF(mul_hi_u) { UNUSED; return (u64)A * B >> 32; }
REF(mul_hi_s) { UNUSED; return (u64)((s64)(s32)A * (s32)B) >> 32; }
REF(mad) { UNUSED; return A * B + C; }
REF(mad_hi) { UNUSED; return ((u64)A * B >> 32) + C; }
REF(mad_neg) { UNUSED; return C - A * B; }
REF(mad_negc) { UNUSED; return A * B - C; }
REF(mad_imm) { UNUSED; return A * 0x12345u + C; }
REF(mul_imm) { UNUSED; return A * 0x12345u; }

REF(mad_cc)
{
	u64 s = (u64)(A * B) + C;

	*p3 = 0;
	*p2 = s >> 32;
	return s;
}

REF(mad_hi_x) { UNUSED; return ((u64)A * B >> 32) + C + CARRY; }
REF(xmad) { UNUSED; return (A & 0xffff) * (B & 0xffff) + C; }
REF(xmad_hh) { UNUSED; return (A >> 16) * (B >> 16) + C; }
REF(xmad_ss) { UNUSED; return (u32)((int16_t)A * (int16_t)(B >> 16)) + C; }
REF(xmad_psl) { UNUSED; return ((A & 0xffff) * (B >> 16) << 16) + C; }
REF(xmad_mrg) { UNUSED; return (((A & 0xffff) * (B >> 16) + C) & 0xffff) | B << 16; }
REF(xmad_cbcc) { UNUSED; return ((A >> 16) * (B >> 16) << 16) + C + (B << 16); }
REF(xmad_clo) { UNUSED; return (A & 0xffff) * (B & 0xffff) + (C & 0xffff); }
REF(xmad_chi) { UNUSED; return (A & 0xffff) * (B & 0xffff) + (C >> 16); }
REF(xmad_imm) { UNUSED; return (A >> 16) * 0xabcd + C; }

/* The sequences that compilers write for whole products. */
REF(xmad_product) { UNUSED; return A * B; }

static const char xmad_product_text[] =
	"xmad r14, r4, r6, rz\n"
	"xmad.mrg.h1b r15, r4, r6, rz\n"
	"xmad.psl.cbcc.h1a.h1b r12, r4, r15, r14";

/* ----------------------------------------------------------- logic, shifts */

REF(and) { UNUSED; return A & B; }
REF(andn) { UNUSED; return A & ~B; }
REF(or) { UNUSED; return A | B; }
REF(xor) { UNUSED; return A ^ B; }
REF(xnor) { UNUSED; return ~A ^ B; }
REF(pass) { UNUSED; return ~B; }
REF(and_imm) { UNUSED; return A & 0xf0f0f0f0; }
REF(lop3_maj) { UNUSED; return (A & B) | (A & C) | (B & C); }
REF(lop3_sel) { UNUSED; return (A & B) | (~A & C); }

REF(and_nonzero)
{
	*p2 = (A & B) != 0;
	*p3 = 0;
	return 0;
}

REF(shl) { UNUSED; return B > 31 ? 0 : A << B; }
REF(shl_w) { UNUSED; return A << (B & 31); }
REF(shr) { UNUSED; return B > 31 ? 0 : A >> B; }
REF(shr_s) { UNUSED; return (u32)((s32)A >> (B > 31 ? 31 : B)); }
REF(shr_w) { UNUSED; return A >> (B & 31); }

static u32 reversed(u32 v)
{
	u32 r = 0;

	for (int n = 0; n < 32; n++)
		r |= (v >> n & 1) << (31 - n);
	return r;
}

REF(brev) { UNUSED; return reversed(A); }

/* c:a by b bits; b counted in the type's width */
REF(funnel_r)
{
	u64 v = (u64)C << 32 | A;

	UNUSED;
	return B > 31 ? C : v >> B;
}

REF(funnel_r_w) { UNUSED; return ((u64)C << 32 | A) >> (B & 31); }
REF(funnel_r64_hi) { UNUSED; return B > 63 ? 0 : ((u64)C << 32 | A) >> B >> 32; }

REF(funnel_r64_s)
{
	s64 v = (s64)((u64)C << 32 | A);

	UNUSED;
	return (u64)(v >> (B > 63 ? 63 : B));
}

REF(funnel_l_w) { UNUSED; return ((u64)C << 32 | A) << (B & 31) >> 32; }
REF(funnel_l64) { UNUSED; return B > 63 ? 0 : ((u64)C << 32 | A) << B >> 32; }

/* with immediates, whose field is shorter than others' */
REF(funnel_l64_imm) { UNUSED; return ((u64)C << 32 | A) << 35 >> 32; }
REF(funnel_l_imm) { UNUSED; return ((u64)C << 32 | A) << 7 >> 32; }
REF(funnel_r64_imm) { UNUSED; return (u64)((s64)((u64)C << 32 | A) >> 42); }
REF(funnel_r_imm) { UNUSED; return ((u64)C << 32 | A) >> 11; }

/* -------------------------------------------------------------- bit fields */

REF(bfe_u)
{
	u32 pos = B & 255, len = B >> 8 & 255, r = 0;

	UNUSED;
	for (u32 n = 0; n < len && n < 32; n++)
		r |= (pos + n < 32 ? A >> (pos + n) & 1 : 0) << n;
	return r;
}

REF(bfe_s)
{
	u32 pos = B & 255, len = B >> 8 & 255, top, r = 0;

	UNUSED;
	if (!len)
		return 0;
	top = pos + len - 1 < 31 ? pos + len - 1 : 31;
	for (u32 n = 0; n < 32; n++) {
		u32 from = pos + n < top ? pos + n : top;

		r |= (A >> from & 1) << n;
	}
	return r;
}

REF(bfi)
{
	u32 pos = B & 255, len = B >> 8 & 255, r = C;

	UNUSED;
	for (u32 n = 0; n < len && pos + n < 32; n++) {
		r &= ~(1u << (pos + n));
		r |= (A >> n & 1) << (pos + n);
	}
	return r;
}

REF(popc)
{
	u32 n = 0;

	UNUSED;
	for (u32 v = B; v; v &= v - 1)
		n++;
	return n;
}

static u32 highest(u32 v)
{
	for (int n = 31; n >= 0; n--) {
		if (v >> n & 1)
			return n;
	}
	return ~0u;
}

REF(flo_u) { UNUSED; return highest(B); }
REF(flo_s) { UNUSED; return highest(B >> 31 ? ~B : B); }
REF(flo_sh) { UNUSED; return B ? 31 - highest(B) : ~0u; }

REF(prmt)
{
	u8 bytes[8];
	u32 r = 0;

	UNUSED;
	for (int n = 0; n < 4; n++) {
		bytes[n] = A >> 8 * n;
		bytes[4 + n] = C >> 8 * n;
	}
	for (int n = 0; n < 4; n++) {
		u32 s = B >> 4 * n & 15;
		u32 byte = bytes[s & 7];

		if (s & 8)
			byte = byte >> 7 ? 255 : 0;
		r |= byte << 8 * n;
	}
	return r;
}

REF(prmt_f4e) { UNUSED; return ((u64)C << 32 | A) >> 8 * (B & 3); }
REF(prmt_rc8) { UNUSED; return (A >> 8 * (B & 3) & 255) * 0x01010101; }

/* -------------------------------------------------------------- comparison */

#define COMPARE(name, expr) \
	REF(name) \
	{ \
		(void)x; \
		*p2 = (expr) && P0; \
		*p3 = !(expr) && P0; \
		return 0; \
	}

COMPARE(lt_s, (s32)A < (s32)B)
COMPARE(lt_u, A < B)
COMPARE(le_s, (s32)A <= (s32)B)
COMPARE(le_u, A <= B)
COMPARE(gt_s, (s32)A > (s32)B)
COMPARE(ge_u, A >= B)
COMPARE(eq, A == B)
COMPARE(ne, A != B)
COMPARE(never, 0)
COMPARE(always, 1)

REF(lt_or)
{
	*p2 = (s32)A < (s32)B || !P1;
	*p3 = (s32)A >= (s32)B || !P1;
	return 0;
}

REF(lt_xor)
{
	*p2 = (A < B) ^ P1;
	*p3 = (A >= B) ^ P1;
	return 0;
}

REF(set) { UNUSED; return A < B ? ~0u : 0; }
REF(set_bf) { UNUSED; return (s32)A >= (s32)B ? 0x3f800000 : 0; }
REF(cmp) { UNUSED; return (s32)C < 0 ? A : B; }
REF(min_s) { UNUSED; return (s32)A < (s32)B ? A : B; }
REF(max_u) { UNUSED; return A > B ? A : B; }
REF(sel) { UNUSED; return P1 ? A : B; }

/* 64-bit comparison in two steps */
COMPARE(wide_lt_s, (s64)x->a < (s64)x->b)
COMPARE(wide_lt_u, x->a < x->b)
COMPARE(wide_eq, x->a == x->b)
COMPARE(wide_ge_s, (s64)x->a >= (s64)x->b)
COMPARE(wide_gt_u, x->a > x->b)

#define WIDE_COMPARE(cond) \
	"iadd.cc rz, r4, -r6\nisetp." cond ".x.and p2, p3, r5, r7, p0"

REF(wide_min_s) { UNUSED; return (s64)x->a < (s64)x->b ? x->a : x->b; }
REF(wide_max_u) { UNUSED; return x->a > x->b ? x->a : x->b; }
REF(wide_add) { UNUSED; return x->a + x->b; }
REF(wide_sub) { UNUSED; return x->a - x->b; }
REF(wide_mul) { UNUSED; return x->a * x->b; }

static const char wide_mul_text[] =
	"imul.u32.u32 r12, r4, r6\n"
	"imul.u32.u32.hi r13, r4, r6\n"
	"imad.u32.u32 r13, r4, r7, r13\n"
	"imad.u32.u32 r13, r5, r6, r13";

/* -------------------------------------------------------------- predicates */

REF(psetp_and)
{
	*p2 = P0 && !P1;
	*p3 = !(P0 && !P1);
	return 0;
}

REF(psetp_xor_or)
{
	*p2 = (P0 ^ P1) || P1;
	*p3 = !(P0 ^ P1) || P1;
	return 0;
}

REF(pset) { UNUSED; return P0 || P1 ? ~0u : 0; }
REF(cset_carry) { UNUSED; return CARRY ? ~0u : 0; }
REF(cset_equal) { UNUSED; return ZERO ? ~0u : 0; }
REF(p2r) { UNUSED; return (A & ~0x300u) | P0 << 8 | P1 << 9; }
REF(mov_imm) { UNUSED; return 0xdeadbeef; }

static const struct operation operations[] = {
	{ "iadd r12, r4, r6", WORD, D32, ref_add },
	{ "iadd r12, r4, -r6", WORD, D32, ref_sub },
	{ "iadd r12, -r4, r6", WORD, D32, ref_rsub },
	{ "iadd r12, -r4, -r6", WORD, D32, ref_plus_one },
	{ "iadd r12, r4, -0x1234", WORD, D32, ref_add_imm },
	{ "mov32i r12, 0x7\n@p0 iadd r12, r4, r6", WORD, D32, ref_add_guarded },
	{ "iadd32i r12, r4, 0x12345678", WORD, D32, ref_add_long_imm },
	{ "iadd32i r12, -r4, 0x12345678", WORD, D32, ref_sub_long_imm },
	{ "iadd.cc r12, r4, r6", WORD, D_ZERO_CARRY, ref_add_cc },
	{ "iadd.cc r12, r4, -r6", WORD, D_ZERO_CARRY, ref_sub_cc },
	{ "iadd.x.cc r12, r4, r6", WORD, D_CARRY, ref_add_x },
	{ "iadd.x.cc r12, r4, -r6", WORD, D_CARRY, ref_sub_x },
	{ "iadd.sat r12, r4, r6", WORD, D32, ref_add_sat },
	{ "iscadd r12, r4, r6, 0x3", WORD, D32, ref_scadd },
	{ "iscadd r12, -r4, r6, 0x5", WORD, D32, ref_scadd_neg },
	{ "iscadd32i r12, r4, 0x7654321, 0x4", WORD, D32, ref_scadd_imm },
	{ "iadd3 r12, r4, -r6, r8", WORD, D32, ref_add3 },
	{ "lea pt, r12, r4, r6, 0x6", WORD, D32, ref_lea },
	{ "imul.u32.u32 r12, r4, r6", WORD, D32, ref_mul },
	{ "imul.u32.u32.hi r12, r4, r6", WORD, D32, ref_mul_hi_u },
	{ "imul.s32.s32.hi r12, r4, r6", WORD, D32, ref_mul_hi_s },
	{ "imul32i.u32.u32 r12, r4, 0x12345", WORD, D32, ref_mul_imm },
	{ "imad.u32.u32 r12, r4, r6, r8", WORD, D32, ref_mad },
	{ "imad.u32.u32.hi r12, r4, r6, r8", WORD, D32, ref_mad_hi },
	{ "imad.s32.s32 r12, -r4, r6, r8", WORD, D32, ref_mad_neg },
	{ "imad.s32.s32 r12, r4, r6, -r8", WORD, D32, ref_mad_negc },
	{ "imad.u32.u32.cc r12, r4, r6, r8", WORD, D_CARRY, ref_mad_cc },
	{ "imad.u32.u32.hi.x r12, r4, r6, r8", WORD, D32, ref_mad_hi_x },
	{ "mov r12, r8\nimad32i.u32.u32 r12, r4, 0x12345, r12", WORD, D32, ref_mad_imm },
	{ "xmad r12, r4, r6, r8", WORD, D32, ref_xmad },
	{ "xmad.h1a.h1b r12, r4, r6, r8", WORD, D32, ref_xmad_hh },
	{ "xmad.ss.h1b r12, r4, r6, r8", WORD, D32, ref_xmad_ss },
	{ "xmad.psl.h1b r12, r4, r6, r8", WORD, D32, ref_xmad_psl },
	{ "xmad.mrg.h1b r12, r4, r6, r8", WORD, D32, ref_xmad_mrg },
	{ "xmad.psl.cbcc.h1a.h1b r12, r4, r6, r8", WORD, D32, ref_xmad_cbcc },
	{ "xmad.clo r12, r4, r6, r8", WORD, D32, ref_xmad_clo },
	{ "xmad.chi r12, r4, r6, r8", WORD, D32, ref_xmad_chi },
	{ "xmad.h1a r12, r4, 0xabcd, r8", WORD, D32, ref_xmad_imm },
	{ xmad_product_text, WORD, D32, ref_xmad_product },
	{ "lop.and pt, r12, r4, r6", WORD, D32, ref_and },
	{ "lop.and pt, r12, r4, ~r6", WORD, D32, ref_andn },
	{ "lop.or pt, r12, r4, r6", WORD, D32, ref_or },
	{ "lop.xor pt, r12, r4, r6", WORD, D32, ref_xor },
	{ "lop.xor pt, r12, ~r4, r6", WORD, D32, ref_xnor },
	{ "lop.passb pt, r12, rz, ~r6", WORD, D32, ref_pass },
	{ "lop.and.nz p2, rz, r4, r6\npsetp.and.and p3, pt, !pt, pt", WORD, PRED, ref_and_nonzero },
	{ "lop32i.and r12, r4, 0xf0f0f0f0", WORD, D32, ref_and_imm },
	{ "lop3 pt, r12, r4, r6, r8, 0xe8", WORD, D32, ref_lop3_maj },
	{ "lop3 pt, r12, r4, r6, r8, 0xca", WORD, D32, ref_lop3_sel },
	{ "shl r12, r4, r6", WORD, D32, ref_shl },
	{ "shl.w r12, r4, r6", WORD, D32, ref_shl_w },
	{ "shr.u32 r12, r4, r6", WORD, D32, ref_shr },
	{ "shr.s32 r12, r4, r6", WORD, D32, ref_shr_s },
	{ "shr.u32.w r12, r4, r6", WORD, D32, ref_shr_w },
	{ "shr.u32.brev r12, r4, 0x0", WORD, D32, ref_brev },
	{ "shf.r r12, r4, r6, r8", WORD, D32, ref_funnel_r },
	{ "shf.r.w r12, r4, r6, r8", WORD, D32, ref_funnel_r_w },
	{ "shf.r.u64.hi r12, r4, r6, r8", WORD, D32, ref_funnel_r64_hi },
	{ "shf.r.s64 r12, r4, r6, r8", WORD, D32, ref_funnel_r64_s },
	{ "shf.l.w r12, r4, r6, r8", WORD, D32, ref_funnel_l_w },
	{ "shf.l.u64 r12, r4, r6, r8", WORD, D32, ref_funnel_l64 },
	{ "shf.l.u64 r12, r4, 0x23, r8", WORD, D32, ref_funnel_l64_imm },
	{ "shf.l.w.s64 r12, r4, 0x7, r8", WORD, D32, ref_funnel_l_imm },
	{ "shf.r.s64 r12, r4, 0x2a, r8", WORD, D32, ref_funnel_r64_imm },
	{ "shf.r.w r12, r4, 0xb, r8", WORD, D32, ref_funnel_r_imm },
	{ "bfe.u32 r12, r4, r6", WORD, D32, ref_bfe_u },
	{ "bfe.s32 r12, r4, r6", WORD, D32, ref_bfe_s },
	{ "bfi r12, r4, r6, r8", WORD, D32, ref_bfi },
	{ "popc r12, r6", WORD, D32, ref_popc },
	{ "flo.u32 r12, r6", WORD, D32, ref_flo_u },
	{ "flo.s32 r12, r6", WORD, D32, ref_flo_s },
	{ "flo.u32.sh r12, r6", WORD, D32, ref_flo_sh },
	{ "prmt r12, r4, r6, r8", WORD, D32, ref_prmt },
	{ "prmt.f4e r12, r4, r6, r8", WORD, D32, ref_prmt_f4e },
	{ "prmt.rc8 r12, r4, r6, r8", WORD, D32, ref_prmt_rc8 },
	{ "isetp.lt.s32.and p2, p3, r4, r6, p0", WORD, PRED, ref_lt_s },
	{ "isetp.lt.u32.and p2, p3, r4, r6, p0", WORD, PRED, ref_lt_u },
	{ "isetp.le.s32.and p2, p3, r4, r6, p0", WORD, PRED, ref_le_s },
	{ "isetp.le.u32.and p2, p3, r4, r6, p0", WORD, PRED, ref_le_u },
	{ "isetp.gt.s32.and p2, p3, r4, r6, p0", WORD, PRED, ref_gt_s },
	{ "isetp.ge.u32.and p2, p3, r4, r6, p0", WORD, PRED, ref_ge_u },
	{ "isetp.eq.u32.and p2, p3, r4, r6, p0", WORD, PRED, ref_eq },
	{ "isetp.ne.u32.and p2, p3, r4, r6, p0", WORD, PRED, ref_ne },
	{ "isetp.f.u32.and p2, p3, r4, r6, p0", WORD, PRED, ref_never },
	{ "isetp.t.u32.and p2, p3, r4, r6, p0", WORD, PRED, ref_always },
	{ "isetp.lt.s32.or p2, p3, r4, r6, !p1", WORD, PRED, ref_lt_or },
	{ "isetp.lt.u32.xor p2, p3, r4, r6, p1", WORD, PRED, ref_lt_xor },
	{ "iset.lt.u32.and r12, r4, r6, pt", WORD, D32, ref_set },
	{ "iset.bf.ge.s32.and r12, r4, r6, pt", WORD, D32, ref_set_bf },
	{ "icmp.lt.s32 r12, r4, r6, r8", WORD, D32, ref_cmp },
	{ "imnmx.s32 r12, r4, r6, pt", WORD, D32, ref_min_s },
	{ "imnmx.u32 r12, r4, r6, !pt", WORD, D32, ref_max_u },
	{ "sel r12, r4, r6, p1", WORD, D32, ref_sel },
	{ WIDE_COMPARE("lt.s32"), WIDE, PRED, ref_wide_lt_s },
	{ WIDE_COMPARE("lt.u32"), WIDE, PRED, ref_wide_lt_u },
	{ WIDE_COMPARE("eq.u32"), WIDE, PRED, ref_wide_eq },
	{ WIDE_COMPARE("ge.s32"), WIDE, PRED, ref_wide_ge_s },
	{ WIDE_COMPARE("gt.u32"), WIDE, PRED, ref_wide_gt_u },
	{ "imnmx.s32.xhi.cc r13, r5, r7, pt\nimnmx.u32.xlo r12, r4, r6, pt", WIDE, D64, ref_wide_min_s },
	{ "imnmx.s32.xhi.cc r13, r5, r7, pt\nimnmx.s32.xlo r12, r4, r6, pt", WIDE, D64, ref_wide_min_s },
	{ "imnmx.u32.xhi.cc r13, r5, r7, !pt\nimnmx.u32.xlo r12, r4, r6, !pt", WIDE, D64, ref_wide_max_u },
	{ "iadd.cc r12, r4, r6\niadd.x r13, r5, r7", WIDE, D64, ref_wide_add },
	{ "iadd.cc r12, r4, -r6\niadd.x r13, r5, -r7", WIDE, D64, ref_wide_sub },
	{ wide_mul_text, WIDE, D64, ref_wide_mul },
	{ "psetp.and.and p2, p3, p0, !p1, pt", WORD, PRED, ref_psetp_and },
	{ "psetp.xor.or p2, p3, p0, p1, p1", WORD, PRED, ref_psetp_xor_or },
	{ "pset.or.and r12, p0, p1, pt", WORD, D32, ref_pset },
	{ "cset.hs.and r12, pt", WORD, D32, ref_cset_carry },
	{ "cset.eq.and r12, pt", WORD, D32, ref_cset_equal },
	{ "p2r.pr.b1 r12, r4, 0x3", WORD, D32, ref_p2r },
	{ "mov32i r12, 0xdeadbeef", WORD, D32, ref_mov_imm },
};

int main(void)
{
	check_operations(operations, sizeof(operations) / sizeof(operations[0]));
	return done();
}
