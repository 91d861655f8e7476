// SPDX-License-Identifier: MIT
/* Integer addition, logic, shifts, bit fields, comparison. */
#include "sm_warp.h"

static const u32 lane_bit[SM_LANES] = {
	1u << 0, 1u << 1, 1u << 2, 1u << 3, 1u << 4, 1u << 5, 1u << 6, 1u << 7,
	1u << 8, 1u << 9, 1u << 10, 1u << 11, 1u << 12, 1u << 13, 1u << 14, 1u << 15,
	1u << 16, 1u << 17, 1u << 18, 1u << 19, 1u << 20, 1u << 21, 1u << 22, 1u << 23,
	1u << 24, 1u << 25, 1u << 26, 1u << 27, 1u << 28, 1u << 29, 1u << 30, 1u << 31,
};

u32 sm_mask_of(const u32 *row)
{
	u32 mask = 0;

	SM_EACH_LANE(l)
		mask |= row[l] ? lane_bit[l] : 0;
	return mask;
}

void sm_set_cc(struct sm_warp *w, const u32 *result, u32 carry, u32 overflow)
{
	u32 nonzero = sm_mask_of(result), sign = 0;

	SM_EACH_LANE(l)
		sign |= (s32)result[l] < 0 ? lane_bit[l] : 0;
	w->cc_c = sm_select(w->mask, carry, w->cc_c);
	w->cc_z = sm_select(w->mask, ~nonzero, w->cc_z);
	w->cc_s = sm_select(w->mask, sign, w->cc_s);
	w->cc_o = sm_select(w->mask, overflow, w->cc_o);
}

static u32 saturate(s64 v)
{
	return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? (u32)INT32_MIN : (u32)v;
}

/*
 * The general addition: a + b + carry in of each lane, where a subtracted operand
 * comes inverted. Sets the condition codes when asked.
 */
static void add(struct sm_warp *w, const struct sm_insn *i, const u32 *a, const u32 *b,
		u32 carry_in, u32 *restrict d)
{
	u32 carry = 0, overflow = 0;

	SM_EACH_LANE(l) {
		u32 in = carry_in >> l & 1;
		u64 sum = (u64)a[l] + b[l] + in;
		u32 r = (u32)sum;

		carry |= (u32)(sum >> 32) << l;
		overflow |= ((~(a[l] ^ b[l]) & (a[l] ^ r)) >> 31) << l;
		d[l] = i->mod[SM_F_SAT] ? saturate((s64)(s32)a[l] + (s32)b[l] + in) : r;
	}
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, carry, overflow);
}

SM_ALU(sm_iadd)
{
	bool neg_a = i->mod[SM_F_NEG_A], neg_b = i->mod[SM_F_NEG_B];
	u32 flip_a = neg_a ? ~0u : 0, flip_b = neg_b ? ~0u : 0;
	u32 one = neg_a || neg_b;
	sm_row_t x, y;

	(void)c;
	if (!i->mod[SM_F_X] && !i->mod[SM_F_CC] && !i->mod[SM_F_SAT] && !(neg_a && neg_b)) {
		SM_EACH_LANE(l)
			d[l] = (a[l] ^ flip_a) + (b[l] ^ flip_b) + one;
		return;
	}
	if (neg_a && neg_b)	/* "plus one": both as they are */
		flip_a = flip_b = 0;
	SM_EACH_LANE(l) {
		x[l] = a[l] ^ flip_a;
		y[l] = b[l] ^ flip_b;
	}
	add(w, i, x, y, i->mod[SM_F_X] ? w->cc_c : one ? ~0u : 0, d);
}

/* A half of a word as IADD3 selects it: 0 all, 1 low, 2 high. */
static u32 half(u32 v, unsigned int select)
{
	return select == 1 ? v & 0xffff : select == 2 ? v >> 16 : v;
}

SM_ALU(sm_iadd3)
{
	const u8 *mod = i->mod;
	u32 carry = 0;

	SM_EACH_LANE(l) {
		u32 x = half(a[l], mod[SM_F_IADD3A]), y = half(b[l], mod[SM_F_IADD3B]);
		u32 z = half(c[l], mod[SM_F_IADD3C]);
		u64 sum;

		x = mod[SM_F_NEG_A] ? -x : x;
		y = mod[SM_F_NEG_B] ? -y : y;
		z = mod[SM_F_NEG_C] ? -z : z;
		sum = (u64)x + y;
		if (mod[SM_F_IADD3SH])
			sum = mod[SM_F_IADD3SH] == 1 ? (u32)sum >> 16 : (u32)sum << 16;
		sum = (u32)sum + (u64)z + (sum >> 32 << 32) +
		      (mod[SM_F_X] ? w->cc_c >> l & 1 : 0);
		d[l] = (u32)sum;
		carry |= (sum >> 32 ? 1u : 0) << l;
	}
	if (mod[SM_F_CC])
		sm_set_cc(w, d, carry, 0);
}

SM_ALU(sm_iscadd)
{
	u32 flip_a = i->mod[SM_F_NEG_A] ? ~0u : 0, flip_b = i->mod[SM_F_NEG_B] ? ~0u : 0;
	u32 one = i->mod[SM_F_NEG_A] || i->mod[SM_F_NEG_B];
	sm_row_t x, y;

	(void)c;
	if (flip_a && flip_b)
		flip_a = flip_b = 0;
	SM_EACH_LANE(l) {
		x[l] = (a[l] << i->u1) ^ flip_a;
		y[l] = b[l] ^ flip_b;
	}
	add(w, i, x, y, one ? ~0u : 0, d);
}

SM_ALU(sm_lea)
{
	u32 flip = i->mod[SM_F_NEG_A] ? ~0u : 0;
	sm_row_t x;

	(void)c;
	SM_EACH_LANE(l)
		x[l] = (a[l] << i->u1) ^ flip;
	add(w, i, x, b, flip, d);
}

/* ------------------------------------------------------------------- logic */

static void test_result(struct sm_warp *w, const struct sm_insn *i, const u32 *d)
{
	u32 nonzero;

	if (i->pd48 == SM_PT)
		return;
	nonzero = sm_mask_of(d);
	switch (i->mod[SM_F_PTEST]) {
	case 0:
		sm_set_pred(w, i->pd48, 0);
		break;
	case 1:
		sm_set_pred(w, i->pd48, ~0u);
		break;
	case 2:
		sm_set_pred(w, i->pd48, ~nonzero);
		break;
	default:
		sm_set_pred(w, i->pd48, nonzero);
	}
}

SM_ALU(sm_lop)
{
	u32 flip_a = i->mod[SM_F_INV_A] ? ~0u : 0, flip_b = i->mod[SM_F_INV_B] ? ~0u : 0;

	(void)c;
	switch (i->mod[SM_F_LOGIC]) {
	case 0:
		SM_EACH_LANE(l)
			d[l] = (a[l] ^ flip_a) & (b[l] ^ flip_b);
		break;
	case 1:
		SM_EACH_LANE(l)
			d[l] = (a[l] ^ flip_a) | (b[l] ^ flip_b);
		break;
	case 2:
		SM_EACH_LANE(l)
			d[l] = a[l] ^ flip_a ^ b[l] ^ flip_b;
		break;
	default:
		SM_EACH_LANE(l)
			d[l] = b[l] ^ flip_b;
	}
	test_result(w, i, d);
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, 0, 0);
}

/* Bit n of the table is the result for the bits a = n >> 2, b = n >> 1, c = n. */
SM_ALU(sm_lop3)
{
	u32 lut = i->u1;

	SM_EACH_LANE(l) {
		u32 r = 0;

		for (unsigned int n = 0; n < 8; n++) {
			if (lut >> n & 1)
				r |= (n & 4 ? a[l] : ~a[l]) & (n & 2 ? b[l] : ~b[l]) &
				     (n & 1 ? c[l] : ~c[l]);
		}
		d[l] = r;
	}
	test_result(w, i, d);
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, 0, 0);
}

/* ------------------------------------------------------------------ shifts */

static u32 reverse(u32 v)
{
	v = (v >> 1 & 0x55555555) | (v & 0x55555555) << 1;
	v = (v >> 2 & 0x33333333) | (v & 0x33333333) << 2;
	v = (v >> 4 & 0x0f0f0f0f) | (v & 0x0f0f0f0f) << 4;
	return __builtin_bswap32(v);
}

SM_ALU(sm_shl)
{
	(void)c;
	SM_EACH_LANE(l) {
		u32 n = i->mod[SM_F_W] ? b[l] & 31 : b[l];

		d[l] = n > 31 ? 0 : a[l] << n;
	}
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, 0, 0);
}

SM_ALU(sm_shr)
{
	(void)c;
	SM_EACH_LANE(l) {
		u32 v = i->mod[SM_F_BREV] ? reverse(a[l]) : a[l];
		u32 n = i->mod[SM_F_W] ? b[l] & 31 : b[l];

		if (i->mod[SM_F_SIGN])
			d[l] = (u32)((s32)v >> (n > 31 ? 31 : n));
		else
			d[l] = n > 31 ? 0 : v >> n;
	}
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, 0, 0);
}

/* Shift count of SHF: wrapped or clamped to the size of the type. */
static u32 funnel_count(const struct sm_insn *i, u32 n)
{
	u32 bits = i->mod[SM_F_SHFTYPE] ? 64 : 32;

	return i->mod[SM_F_W] ? n & (bits - 1) : n > bits ? bits : n;
}

SM_ALU(sm_shf_r)
{
	bool is_signed = i->mod[SM_F_SHFTYPE] == 3;

	SM_EACH_LANE(l) {
		u64 v = (u64)c[l] << 32 | a[l];
		u32 n = funnel_count(i, b[l]);

		if (is_signed)
			v = (u64)((s64)v >> (n > 63 ? 63 : n));
		else
			v = n > 63 ? 0 : v >> n;
		d[l] = i->mod[SM_F_HI] ? v >> 32 : (u32)v;
	}
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, 0, 0);
}

SM_ALU(sm_shf_l)
{
	SM_EACH_LANE(l) {
		u64 v = (u64)c[l] << 32 | a[l];
		u32 n = funnel_count(i, b[l]);

		d[l] = n > 63 ? 0 : v << n >> 32;
	}
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, 0, 0);
}

/* -------------------------------------------------------------- bit fields */

SM_ALU(sm_bfe)
{
	bool is_signed = i->mod[SM_F_SIGN];

	(void)c;
	SM_EACH_LANE(l) {
		u32 v = i->mod[SM_F_BREV] ? reverse(a[l]) : a[l];
		u32 pos = b[l] & 0xff, len = b[l] >> 8 & 0xff;

		if (!len) {
			v = 0;
		} else if (is_signed) {
			v = (u32)((s32)v >> (pos > 31 ? 31 : pos));
			if (len < 32)
				v = (u32)((s32)(v << (32 - len)) >> (32 - len));
		} else {
			v = pos > 31 ? 0 : v >> pos;
			if (len < 32)
				v &= (1u << len) - 1;
		}
		d[l] = v;
	}
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, 0, 0);
}

SM_ALU(sm_bfi)
{
	SM_EACH_LANE(l) {
		u32 pos = b[l] & 0xff, len = b[l] >> 8 & 0xff, field;

		d[l] = c[l];
		if (pos > 31 || !len)
			continue;
		field = (len > 31 ? ~0u : (1u << len) - 1) << pos;
		d[l] = (c[l] & ~field) | (a[l] << pos & field);
	}
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, 0, 0);
}

SM_ALU(sm_popc)
{
	u32 flip = i->mod[SM_F_INV_B] ? ~0u : 0;

	(void)w;
	(void)a;
	(void)c;
	SM_EACH_LANE(l)
		d[l] = __builtin_popcount(b[l] ^ flip);
}

/* Highest bit that differs from the sign (or from 0); ~0 when there is none. */
SM_ALU(sm_flo)
{
	(void)a;
	(void)c;
	SM_EACH_LANE(l) {
		u32 v = i->mod[SM_F_INV_B] ? ~b[l] : b[l], n;

		if (i->mod[SM_F_SIGN] && (s32)v < 0)
			v = ~v;
		n = v ? __builtin_clz(v) : 0;
		d[l] = !v ? ~0u : i->mod[SM_F_SH] ? n : 31 - n;
	}
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, 0, 0);
}

/* Which of the eight bytes c:a becomes byte @n, in the modes that are not plain selection. */
static unsigned int permute_index(unsigned int mode, unsigned int k, unsigned int n)
{
	switch (mode) {
	case 1:			/* forward 4 extract */
		return (k + n) & 7;
	case 2:			/* backward 4 extract */
		return (k - n) & 7;
	case 3:			/* replicate 8 */
		return k;
	case 4:			/* edge clamp left */
		return n > k ? n : k;
	case 5:			/* edge clamp right */
		return n < k ? n : k;
	default:		/* replicate 16 */
		return (k & 1) * 2 + (n & 1);
	}
}

SM_ALU(sm_prmt)
{
	unsigned int mode = i->mod[SM_F_PRMT];

	(void)w;
	SM_EACH_LANE(l) {
		u64 v = (u64)c[l] << 32 | a[l];
		u32 r = 0;

		for (unsigned int n = 0; n < 4; n++) {
			unsigned int k = mode ? permute_index(mode, b[l] & 3, n) :
						b[l] >> 4 * n & 15;
			u32 byte = v >> 8 * (k & 7) & 0xff;

			if (k & 8)	/* its sign, in all bits */
				byte = byte & 0x80 ? 0xff : 0;
			r |= byte << 8 * n;
		}
		d[l] = r;
	}
}
