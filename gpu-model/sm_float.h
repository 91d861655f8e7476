/* SPDX-License-Identifier: MIT */
/* Bits and values of floating-point numbers, and the comparisons of f32 and f64. */
#ifndef SM_FLOAT_H
#define SM_FLOAT_H

#include <math.h>
#include <string.h>

#include "sm_warp.h"

#define SM_F32_NAN	0x7fffffffu	/* every NaN that an f32 operation makes */

static inline float sm_f32(u32 bits)
{
	float f;

	memcpy(&f, &bits, 4);
	return f;
}

static inline u32 sm_f32_bits(float f)
{
	u32 bits;

	memcpy(&bits, &f, 4);
	return bits;
}

static inline double sm_f64(u64 bits)
{
	double d;

	memcpy(&d, &bits, 8);
	return d;
}

static inline u64 sm_f64_bits(double d)
{
	u64 bits;

	memcpy(&bits, &d, 8);
	return bits;
}

static inline bool sm_is_nan32(u32 bits)
{
	return (bits & 0x7fffffff) > 0x7f800000;
}

/* A denormal becomes a zero of its sign. */
static inline u32 sm_flush32(u32 bits)
{
	return bits & 0x7f800000 ? bits : bits & 0x80000000;
}

/* To [0, 1]; NaN becomes 0. */
static inline u32 sm_saturate32(u32 bits)
{
	float f = sm_f32(bits);

	return f > 0 ? f < 1 ? bits : 0x3f800000 : 0;
}

/* |x|, then -x, as flags of an operand ask. */
static inline u32 sm_sign32(u32 bits, bool neg, bool abs)
{
	if (abs)
		bits &= 0x7fffffff;
	return neg ? bits ^ 0x80000000 : bits;
}

static inline u64 sm_sign64(u64 bits, bool neg, bool abs)
{
	if (abs)
		bits &= ~(1ull << 63);
	return neg ? bits ^ 1ull << 63 : bits;
}

/*
 * One of the sixteen conditions: bit 0 less, bit 1 equal, bit 2 greater, bit 3
 * unordered. Lane masks of what holds.
 */
static inline u32 sm_fold_float(unsigned int cond, u32 less, u32 equal, u32 greater)
{
	u32 unordered = ~(less | equal | greater);

	return (cond & 1 ? less : 0) | (cond & 2 ? equal : 0) | (cond & 4 ? greater : 0) |
	       (cond & 8 ? unordered : 0);
}

float sm_half_to_float(u16 bits);
u16 sm_double_to_half(double d);	/* in the rounding mode in force */

#endif
