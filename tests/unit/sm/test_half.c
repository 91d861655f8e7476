// SPDX-License-Identifier: MIT
/*
 * Packed f16 instructions against the compiler's own f16, through a quad float that
 * holds every sum and product exactly.
 */
#include <math.h>
#include <string.h>

#include "operation.h"

#define REF(name)	static u64 ref_##name(const struct operands *x, u32 *p2, u32 *p3)
#define UNUSED		((void)x, (void)p2, (void)p3)

typedef _Float16 half_t;
typedef __float128 exact;

static half_t from_bits(u64 bits)
{
	u16 b = (u16)bits;
	half_t h;

	memcpy(&h, &b, 2);
	return h;
}

static u32 to_bits(half_t h)
{
	u16 b;

	memcpy(&b, &h, 2);
	return h != h ? 0x7fff : b;
}

static u32 single_bits(float f)
{
	u32 b;

	memcpy(&b, &f, 4);
	return f != f ? 0x7fffffff : b;
}

static float single(u64 bits)
{
	u32 b = (u32)bits;
	float f;

	memcpy(&f, &b, 4);
	return f;
}

static half_t flush(half_t h)
{
	u32 bits = to_bits(h);

	return bits & 0x7c00 ? h : from_bits(bits & 0x8000);
}

static exact saturate(exact v)
{
	return v >= 1 ? 1 : v > 0 ? v : 0;
}

/* The low and the high number of an operand, exactly. */
#define AL	((exact)from_bits(x->a))
#define AH	((exact)from_bits(x->a >> 16))
#define BL	((exact)from_bits(x->b))
#define BH	((exact)from_bits(x->b >> 16))
#define CL	((exact)from_bits(x->c))
#define CH	((exact)from_bits(x->c >> 16))
#define P0	(x->flags >> 2 & 1)

static u64 pack(exact low, exact high)
{
	return to_bits((half_t)low) | to_bits((half_t)high) << 16;
}

static exact absolute(exact v)
{
	return signbit((double)v) ? -v : v;
}

static exact fl(exact v)
{
	return flush((half_t)v);
}

REF(add) { UNUSED; return pack(AL + BL, AH + BH); }
REF(add_signs) { UNUSED; return pack(-absolute(AL) - BL, -absolute(AH) - BH); }
REF(add_abs) { UNUSED; return pack(AL + absolute(BL), AH + absolute(BH)); }
REF(add_halves) { UNUSED; return pack(AH + BL, AH + BL); }
REF(add_halves2) { UNUSED; return pack(AL + BH, AL + BH); }
REF(add_ftz) { UNUSED; return pack(fl(fl(AL) + fl(BL)), fl(fl(AH) + fl(BH))); }
REF(add_sat) { UNUSED; return pack(saturate(AL + BL), saturate(AH + BH)); }
REF(add_f32) { UNUSED; return single_bits((float)(AL + BL)); }
REF(add_low) { UNUSED; return (x->c & 0xffff0000) | (pack(AL + BL, 0) & 0xffff); }
REF(add_high) { UNUSED; return (x->c & 0xffff) | (pack(0, AH + BH) & 0xffff0000); }
REF(add_imm) { UNUSED; return pack(AL + 1.5f, AH - 2); }
REF(add_long) { UNUSED; return pack((exact)from_bits(0x2e66) - AL, (exact)from_bits(0x3555) - AH); }
REF(mul) { UNUSED; return pack(AL * BL, AH * BH); }
REF(mul_neg) { UNUSED; return pack(absolute(AL) * -BL, absolute(AH) * -BH); }
REF(mul_ftz) { UNUSED; return pack(fl(fl(AL) * fl(BL)), fl(fl(AH) * fl(BH))); }
REF(mul_sat) { UNUSED; return pack(saturate(AL * BL), saturate(AH * BH)); }
REF(mul_imm) { UNUSED; return pack(-AL * 0.5f, -AH * 4); }
REF(mul_long) { UNUSED; return pack(AH * (exact)from_bits(0x2e66), AH * (exact)from_bits(0x3555)); }
REF(fma) { UNUSED; return pack(AL * BL + CL, AH * BH + CH); }
REF(fma_signs) { UNUSED; return pack(AL * -BL - CL, AH * -BH - CH); }
REF(fma_halves) { UNUSED; return pack(AL * BH + CL, AL * BH + CL); }
REF(fma_sat) { UNUSED; return pack(saturate(AL * BL + CL), saturate(AH * BH + CH)); }
REF(fma_f32) { UNUSED; return single_bits((float)(AL * BL + CL)); }
REF(fma_imm) { UNUSED; return pack(AL * 0.5f - CL, AH * 4 - CH); }
REF(fma_long) { UNUSED; return pack(AL * 0.5f + CL, AH * 4 + CH); }

static exact fmz(exact a, exact b, exact c)
{
	a = fl(a);
	b = fl(b);
	c = fl(c);
	return fl(a == 0 || b == 0 ? c : a * b + c);
}

REF(mul_fmz) { UNUSED; return pack(fmz(AL, BL, 0), fmz(AH, BH, 0)); }
REF(fma_fmz) { UNUSED; return pack(fmz(AL, BL, CL), fmz(AH, BH, CH)); }

/* With an f32 among the sources, in f32; a constant is one. */
static u64 twice(float f)
{
	return pack(f, f);
}

REF(add_single) { UNUSED; return twice(single(x->a) + single(x->b)); }
REF(add_const) { UNUSED; return pack((float)AL + 1.5f, (float)AH + 1.5f); }
REF(mul_const) { UNUSED; return pack((float)AL * 1.5f, (float)AH * 1.5f); }
REF(fma_b_const) { UNUSED; return pack(fmaf(AL, 1.5f, CL), fmaf(AH, 1.5f, CH)); }
REF(fma_c_const) { UNUSED; return pack(fmaf(AL, BL, 1.5f), fmaf(AH, BH, 1.5f)); }
REF(fma_c_single) { UNUSED; return single_bits(fmaf(AL, BL, single(x->c))); }

static u64 ones(bool low, bool high, u32 one)
{
	return (low ? one : 0) | (high ? one << 16 : 0);
}

REF(set_lt) { UNUSED; return ones(AL < BL && P0, AH < BH && P0, 0xffff); }
REF(set_geu) { UNUSED; return ones((AL < BL) == P0, (AH < BH) == P0, 0x3c00); }
REF(set_imm) { UNUSED; return ones(AL == 1, AH == 0, 0xffff); }
REF(set_ftz) { UNUSED; return ones(fl(AL) == fl(BL), fl(AH) == fl(BH), 0xffff); }
REF(set_const) { UNUSED; return ones(AL > 1.5f, AH > 1.5f, 0x3c00); }

REF(setp)
{
	UNUSED;
	*p2 = AL <= BL;
	*p3 = AH <= BH;
	return 0;
}

REF(setp_and)
{
	bool both = (AL < BL || AL > BL) && (AH < BH || AH > BH);	/* not of a NaN */

	UNUSED;
	*p2 = both || !P0;
	*p3 = !both || !P0;
	return 0;
}

REF(setp_imm)
{
	UNUSED;
	*p2 = AL > 0.5f;
	*p3 = AH > -1;
	return 0;
}

REF(setp_const)
{
	UNUSED;
	*p2 = AH != AH || AH > 1.5f;
	*p3 = *p2;
	return 0;
}

static const struct operation operations[] = {
	{ "hadd2 r12, r4, r6", HALVES, D32, ref_add },
	{ "hadd2 r12, -|r4|, -r6", HALVES, D32, ref_add_signs },
	{ "hadd2 r12, r4, |r6|", HALVES, D32, ref_add_abs },
	{ "hadd2.ah1.bh0 r12, r4, r6", HALVES, D32, ref_add_halves },
	{ "hadd2.ah0.bh1 r12, r4, r6", HALVES, D32, ref_add_halves2 },
	{ "hadd2.ftz r12, r4, r6", HALVES, D32, ref_add_ftz },
	{ "hadd2.sat r12, r4, r6", HALVES, D32, ref_add_sat },
	{ "hadd2.f32 r12, r4, r6", HALVES, D32, ref_add_f32 },
	{ "mov r12, r8\nhadd2.mrg_h0 r12, r4, r6", HALVES, D32, ref_add_low },
	{ "mov r12, r8\nhadd2.mrg_h1 r12, r4, r6", HALVES, D32, ref_add_high },
	{ "hadd2.af32.bf32 r12, r4, r6", FLOAT, D32, ref_add_single },
	{ "hadd2 r12, r4, c[0x0][0x8]", HALVES, D32, ref_add_const },
	{ "hadd2 r12, r4, 0xc0003e00", HALVES, D32, ref_add_imm },
	{ "hadd2_32i r12, -r4, 0x35552e66", HALVES, D32, ref_add_long },
	{ "hmul2 r12, r4, r6", HALVES, D32, ref_mul },
	{ "hmul2 r12, |r4|, -r6", HALVES, D32, ref_mul_neg },
	{ "hmul2.ftz r12, r4, r6", HALVES, D32, ref_mul_ftz },
	{ "hmul2.fmz r12, r4, r6", HALVES, D32, ref_mul_fmz },
	{ "hmul2.sat r12, r4, r6", HALVES, D32, ref_mul_sat },
	{ "hmul2 r12, r4, c[0x0][0x8]", HALVES, D32, ref_mul_const },
	{ "hmul2 r12, -r4, 0x44003800", HALVES, D32, ref_mul_imm },
	{ "hmul2_32i.ah1 r12, r4, 0x35552e66", HALVES, D32, ref_mul_long },
	{ "hfma2 r12, r4, r6, r8", HALVES, D32, ref_fma },
	{ "hfma2 r12, r4, -r6, -r8", HALVES, D32, ref_fma_signs },
	{ "hfma2.ah0.bh1.ch0 r12, r4, r6, r8", HALVES, D32, ref_fma_halves },
	{ "hfma2.fmz r12, r4, r6, r8", HALVES, D32, ref_fma_fmz },
	{ "hfma2.sat r12, r4, r6, r8", HALVES, D32, ref_fma_sat },
	{ "hfma2.f32 r12, r4, r6, r8", HALVES, D32, ref_fma_f32 },
	{ "hfma2.f32.cf32 r12, r4, r6, r8", HALVES, D32, ref_fma_c_single },
	{ "hfma2 r12, r4, c[0x0][0x8], r8", HALVES, D32, ref_fma_b_const },
	{ "hfma2 r12, r4, r6, c[0x0][0x8]", HALVES, D32, ref_fma_c_const },
	{ "hfma2 r12, r4, 0x44003800, -r8", HALVES, D32, ref_fma_imm },
	{ "mov r12, r8\nhfma2_32i r12, r4, 0x44003800, r12", HALVES, D32, ref_fma_long },
	{ "hset2.lt.and r12, r4, r6, p0", HALVES, D32, ref_set_lt },
	{ "hset2.bf.geu.xor r12, r4, r6, p0", HALVES, D32, ref_set_geu },
	{ "hset2.eq.and r12, r4, 0x3c00", HALVES, D32, ref_set_imm },
	{ "hset2.eq.ftz.and r12, r4, r6", HALVES, D32, ref_set_ftz },
	{ "hset2.bf.gt.and r12, r4, c[0x0][0x8]", HALVES, D32, ref_set_const },
	{ "hsetp2.le.and p2, p3, r4, r6", HALVES, PRED, ref_setp },
	{ "hsetp2.h_and.ne.or p2, p3, r4, r6, !p0", HALVES, PRED, ref_setp_and },
	{ "hsetp2.gt.and p2, p3, r4, 0xbc003800", HALVES, PRED, ref_setp_imm },
	{ "hsetp2.gtu.and.ah1 p2, p3, r4, c[0x0][0x8]", HALVES, PRED, ref_setp_const },
};

int main(void)
{
	check_operations(operations, sizeof(operations) / sizeof(operations[0]));
	return done();
}
