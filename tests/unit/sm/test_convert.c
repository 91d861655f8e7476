// SPDX-License-Identifier: MIT
/* Conversions against casts, and against the compiler's own _Float16. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "operation.h"

#define REF(name)	static u64 ref_##name(const struct operands *x, u32 *p2, u32 *p3)
#define UNUSED		((void)x, (void)p2, (void)p3)
#define B		((u32)x->b)

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

static _Float16 f16(u32 bits)
{
	u16 b = (u16)bits;
	_Float16 h;

	memcpy(&h, &b, 2);
	return h;
}

static u32 from_f16(_Float16 h)
{
	u16 b;

	memcpy(&b, &h, 2);
	return h != h ? 0x7fff : b;
}

/* --------------------------------------------------------- float to integer */

static u64 clamp(double v, double low, double high, u64 lowest, u64 highest)
{
	if (v != v)
		return 0;
	if (v <= low)
		return lowest;
	if (v >= high)
		return highest;
	return v < 0 ? (u64)(s64)v : (u64)v;
}

#define S32(v)	((u32)clamp(v, -0x1p31, 0x1p31, 0x80000000, 0x7fffffff))
#define U32(v)	((u32)clamp(v, 0, 0x1p32, 0, 0xffffffff))
#define S64(v)	((v) != (v) ? 1ull << 63 : clamp(v, -0x1p63, 0x1p63, 1ull << 63, ~0ull >> 1))
#define U64(v)	((v) != (v) ? 1ull << 63 : clamp(v, 0, 0x1p64, 0, ~0ull))

REF(f2s) { UNUSED; return S32(trunc(f32(B))); }
REF(f2s_near) { UNUSED; return S32(rint(f32(B))); }
REF(f2s_floor) { UNUSED; return S32(floor(f32(B))); }
REF(f2s_ceil_neg) { UNUSED; return S32(ceil(-f32(B))); }
REF(f2u) { UNUSED; return U32(trunc(f32(B))); }
REF(f2u_abs) { UNUSED; return U32(trunc(fabs(f32(B)))); }
REF(f2s64) { UNUSED; return S64(trunc((double)f32(B))); }
REF(f2u64) { UNUSED; return U64(trunc((double)f32(B))); }
REF(f2s16) { UNUSED; return (u32)clamp(trunc(f32(B)), -0x1p15, 0x1p15, 0xffff8000, 0x7fff); }
REF(f2u8) { UNUSED; return clamp(trunc(f32(B)), 0, 256, 0, 255); }
REF(d2s) { UNUSED; return S32(trunc(f64(x->b))); }
REF(d2s64) { UNUSED; return S64(floor(f64(x->b))); }
REF(d2u64) { UNUSED; return U64(rint(f64(x->b))); }

/* --------------------------------------------------------- integer to float */

REF(s2f) { UNUSED; return from_f32((float)(s32)B); }
REF(u2f) { UNUSED; return from_f32((float)B); }
REF(s2f_abs) { UNUSED; return from_f32((float)llabs((s32)B)); }
REF(s2f_neg) { UNUSED; return from_f32((float)-(s64)(s32)B); }
REF(u8_2f) { UNUSED; return from_f32(B >> 16 & 255); }
REF(s16_2f) { UNUSED; return from_f32((int16_t)(B >> 16)); }
REF(s64_2f) { UNUSED; return from_f32((float)(s64)x->b); }
REF(u64_2f) { UNUSED; return from_f32((float)x->b); }
REF(s2d) { UNUSED; return from_f64((double)(s32)B); }
REF(s64_2d) { UNUSED; return from_f64((double)(s64)x->b); }
REF(u64_2d) { UNUSED; return from_f64((double)x->b); }

/* toward zero: the nearest float, or the one before it when that is too far */
REF(u2f_rz)
{
	float f = (float)B;

	UNUSED;
	return from_f32((double)f > (double)B ? nextafterf(f, 0) : f);
}

/* ----------------------------------------------------------- float to float */

REF(f2d) { UNUSED; return from_f64(f32(B)); }
REF(d2f) { UNUSED; return from_f32((float)f64(x->b)); }

REF(d2f_rm)
{
	double d = f64(x->b);
	float f = (float)d;

	UNUSED;
	return from_f32(f > d ? nextafterf(f, -INFINITY) : f);
}

REF(f2h) { UNUSED; return from_f16((_Float16)f32(B)); }
REF(h2f) { UNUSED; return from_f32((float)f16(B)); }
REF(h2f_high) { UNUSED; return from_f32((float)f16(B >> 16)); }
REF(floor32) { UNUSED; return from_f32(floorf(f32(B))); }
REF(ceil32) { UNUSED; return from_f32(ceilf(f32(B))); }
REF(trunc32) { UNUSED; return from_f32(truncf(f32(B))); }
REF(rint32) { UNUSED; return from_f32(rintf(f32(B))); }
REF(floor64) { UNUSED; return from_f64(floor(f64(x->b))); }
REF(sat32) { UNUSED; return from_f32(f32(B) >= 1 ? 1 : f32(B) > 0 ? f32(B) : 0); }

/* f64 NaNs: any will do */
REF(d_floor_nan)
{
	u64 r = ref_floor64(x, p2, p3);

	return isnan(f64(r)) ? ~0ull : r;
}

REF(f2d_nan)
{
	u64 r = ref_f2d(x, p2, p3);

	return isnan(f64(r)) ? ~0ull : r;
}

#define NAN_TO_ONES	"\ndsetp.nan.and p6, pt, r12, r12, pt\n@p6 mov32i r12, 0xffffffff\n" \
			"@p6 mov32i r13, 0xffffffff"

/* ------------------------------------------------------- integer to integer */

REF(s8) { UNUSED; return (u32)(int8_t)(B >> 8); }
REF(u16) { UNUSED; return B & 0xffff; }
REF(s32_to_u8_sat) { UNUSED; return (s32)B < 0 ? 0 : (s32)B > 255 ? 255 : B; }
REF(s32_to_s16_sat) { UNUSED; return (u32)((s32)B < -32768 ? -32768 : (s32)B > 32767 ? 32767 : (s32)B); }
REF(neg32) { UNUSED; return -B; }
REF(abs32) { UNUSED; return (s32)B < 0 ? -B : B; }

static const struct operation operations[] = {
	{ "f2i.s32.f32.rz r12, r6", FLOAT, D32, ref_f2s },
	{ "f2i.s32.f32 r12, r6", FLOAT, D32, ref_f2s_near },
	{ "f2i.s32.f32.rm r12, r6", FLOAT, D32, ref_f2s_floor },
	{ "f2i.s32.f32.rp r12, -r6", FLOAT, D32, ref_f2s_ceil_neg },
	{ "f2i.u32.f32.rz r12, r6", FLOAT, D32, ref_f2u },
	{ "f2i.u32.f32.rz r12, |r6|", FLOAT, D32, ref_f2u_abs },
	{ "f2i.s64.f32.rz r12, r6", FLOAT, D64, ref_f2s64 },
	{ "f2i.u64.f32.rz r12, r6", FLOAT, D64, ref_f2u64 },
	{ "f2i.s16.f32.rz r12, r6", FLOAT, D32, ref_f2s16 },
	{ "f2i.u8.f32.rz r12, r6", FLOAT, D32, ref_f2u8 },
	{ "f2i.s32.f64.rz r12, r6", DOUBLE, D32, ref_d2s },
	{ "f2i.s64.f64.rm r12, r6", DOUBLE, D64, ref_d2s64 },
	{ "f2i.u64.f64 r12, r6", DOUBLE, D64, ref_d2u64 },
	{ "i2f.f32.s32 r12, r6", WORD, D32, ref_s2f },
	{ "i2f.f32.u32 r12, r6", WORD, D32, ref_u2f },
	{ "i2f.f32.u32.rz r12, r6", WORD, D32, ref_u2f_rz },
	{ "i2f.f32.s32 r12, |r6|", WORD, D32, ref_s2f_abs },
	{ "i2f.f32.s32 r12, -r6", WORD, D32, ref_s2f_neg },
	{ "i2f.f32.u8.b2 r12, r6", WORD, D32, ref_u8_2f },
	{ "i2f.f32.s16.b2 r12, r6", WORD, D32, ref_s16_2f },
	{ "i2f.f32.s64 r12, r6", WIDE, D32, ref_s64_2f },
	{ "i2f.f32.u64 r12, r6", WIDE, D32, ref_u64_2f },
	{ "i2f.f64.s32 r12, r6", WORD, D64, ref_s2d },
	{ "i2f.f64.s64 r12, r6", WIDE, D64, ref_s64_2d },
	{ "i2f.f64.u64 r12, r6", WIDE, D64, ref_u64_2d },
	{ "f2f.f64.f32 r12, r6" NAN_TO_ONES, FLOAT, D64, ref_f2d_nan },
	{ "f2f.f32.f64 r12, r6", DOUBLE, D32, ref_d2f },
	{ "f2f.f32.f64.rm r12, r6", DOUBLE, D32, ref_d2f_rm },
	{ "f2f.f16.f32 r12, r6", FLOAT, D32, ref_f2h },
	{ "f2f.f32.f16 r12, r6", HALF, D32, ref_h2f },
	{ "f2f.f32.f16.h1b r12, r6", WORD, D32, ref_h2f_high },
	{ "f2f.f32.f32.floor r12, r6", FLOAT, D32, ref_floor32 },
	{ "f2f.f32.f32.ceil r12, r6", FLOAT, D32, ref_ceil32 },
	{ "f2f.f32.f32.trunc r12, r6", FLOAT, D32, ref_trunc32 },
	{ "f2f.f32.f32.round r12, r6", FLOAT, D32, ref_rint32 },
	{ "f2f.f64.f64.floor r12, r6" NAN_TO_ONES, DOUBLE, D64, ref_d_floor_nan },
	{ "f2f.f32.f32.sat r12, r6", FLOAT, D32, ref_sat32 },
	{ "i2i.s32.s8.b1 r12, r6", WORD, D32, ref_s8 },
	{ "i2i.u16.u32 r12, r6", WORD, D32, ref_u16 },
	{ "i2i.u8.s32.sat r12, r6", WORD, D32, ref_s32_to_u8_sat },
	{ "i2i.s16.s32.sat r12, r6", WORD, D32, ref_s32_to_s16_sat },
	{ "i2i.s32.s32 r12, -r6", WORD, D32, ref_neg32 },
	{ "i2i.s32.s32 r12, |r6|", WORD, D32, ref_abs32 },
};

int main(void)
{
	check_operations(operations, sizeof(operations) / sizeof(operations[0]));
	return done();
}
