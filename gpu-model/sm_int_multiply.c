// SPDX-License-Identifier: MIT
/* Integer multiplication: 32 by 32 bits, and the 16-bit XMAD it is usually made of. */
#include "sm_warp.h"

static u64 product(u32 a, u32 b, bool signed_a, bool signed_b)
{
	u64 x = signed_a ? (u64)(s64)(s32)a : a;
	u64 y = signed_b ? (u64)(s64)(s32)b : b;

	return x * y;		/* modulo 2^64, right for every mixture of signs */
}

SM_ALU(sm_imul)
{
	bool sa = i->mod[SM_F_SIGN_A], sb = i->mod[SM_F_SIGN_B];
	unsigned int shift = i->mod[SM_F_HI] ? 32 : 0;

	(void)c;
	SM_EACH_LANE(l)
		d[l] = (u32)(product(a[l], b[l], sa, sb) >> shift);
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, 0, 0);
}

SM_ALU(sm_imad)
{
	bool sa = i->mod[SM_F_SIGN_A], sb = i->mod[SM_F_SIGN_B];
	unsigned int shift = i->mod[SM_F_HI] ? 32 : 0;
	u32 in = i->mod[SM_F_X] ? w->cc_c : 0, carry = 0;

	SM_EACH_LANE(l) {
		u64 p = product(a[l], b[l], sa, sb), sum;

		if (i->mod[SM_F_NEG_A])
			p = -p;
		sum = (u64)(u32)(p >> shift) + (i->mod[SM_F_NEG_C] ? -c[l] : c[l]) + (in >> l & 1);
		d[l] = (u32)sum;
		carry |= (u32)(sum >> 32) << l;
	}
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, carry, 0);
}

static u32 half(u32 v, bool high, bool is_signed)
{
	u32 h = high ? v >> 16 : v & 0xffff;

	return is_signed ? (u32)(int16_t)h : h;
}

SM_ALU(sm_xmad)
{
	bool sa = i->mod[SM_F_XSIGN] & 1, sb = i->mod[SM_F_XSIGN] & 2;
	bool ha = i->mod[SM_F_H1A], hb = i->mod[SM_F_H1B];
	bool merge = i->mod[SM_F_MRG];
	unsigned int shift = i->mod[SM_F_PSL] ? 16 : 0, mode = i->mod[SM_F_XC];
	sm_row_t addend;
	u32 carry = 0;

	switch (mode) {
	case 1:
		SM_EACH_LANE(l)
			addend[l] = c[l] & 0xffff;
		break;
	case 2:
		SM_EACH_LANE(l)
			addend[l] = c[l] >> 16;
		break;
	case 4:
		SM_EACH_LANE(l)
			addend[l] = c[l] + (b[l] << 16);
		break;
	default:
		memcpy(addend, c, sizeof(addend));
	}
	if (!i->mod[SM_F_X] && !i->mod[SM_F_CC]) {
		SM_EACH_LANE(l) {
			u32 p = half(a[l], ha, sa) * half(b[l], hb, sb);

			d[l] = (p << shift) + addend[l];
		}
	} else {
		SM_EACH_LANE(l) {
			u32 p = (half(a[l], ha, sa) * half(b[l], hb, sb)) << shift;
			u64 sum = (u64)p + addend[l] + (i->mod[SM_F_X] ? w->cc_c >> l & 1 : 0);

			d[l] = (u32)sum;
			carry |= (u32)(sum >> 32) << l;
		}
	}
	if (merge) {
		SM_EACH_LANE(l)
			d[l] = (d[l] & 0xffff) | b[l] << 16;
	}
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, carry, 0);
}
