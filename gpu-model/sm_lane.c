// SPDX-License-Identifier: MIT
/* Moves, predicates, special registers, and what passes between the lanes of a warp. */
#include <time.h>

#include "sm_warp.h"

SM_ALU(sm_mov)
{
	(void)w;
	(void)i;
	(void)a;
	(void)c;
	memcpy(d, b, sizeof(sm_row_t));
}

SM_ALU(sm_sel)
{
	u32 p = sm_pred(w, i->p39, i->mod[SM_F_NOT_P39]);

	(void)c;
	SM_EACH_LANE(l)
		d[l] = p >> l & 1 ? a[l] : b[l];
}

/* ------------------------------------------------- predicates and registers */

static u32 packed_bits(const struct sm_warp *w, const struct sm_insn *i, unsigned int l)
{
	u32 v = 0;

	if (i->mod[SM_F_PRCC])
		return (w->cc_z >> l & 1) | (w->cc_s >> l & 1) << 1 | (w->cc_c >> l & 1) << 2 |
		       (w->cc_o >> l & 1) << 3;
	for (unsigned int p = 0; p < SM_PT; p++)
		v |= (w->pred[p] >> l & 1) << p;
	return v;
}

/* The bits that B selects, put into byte @n of A. */
SM_ALU(sm_p2r)
{
	unsigned int shift = 8 * i->mod[SM_F_BYTE];

	(void)c;
	SM_EACH_LANE(l) {
		u32 field = (b[l] & 0xff) << shift;

		d[l] = (a[l] & ~field) | (packed_bits(w, i, l) << shift & field);
	}
}

SM_ALU(sm_r2p)
{
	unsigned int shift = 8 * i->mod[SM_F_BYTE];
	u32 *cc[4] = { &w->cc_z, &w->cc_s, &w->cc_c, &w->cc_o };

	(void)c;
	(void)d;
	SM_EACH_ACTIVE(l, w->mask) {
		u32 v = a[l] >> shift, bit = 1u << l;

		for (unsigned int n = 0; n < (i->mod[SM_F_PRCC] ? 4u : 7u); n++) {
			u32 *mask = i->mod[SM_F_PRCC] ? cc[n] : &w->pred[n];

			if (b[l] >> n & 1)
				*mask = v >> n & 1 ? *mask | bit : *mask & ~bit;
		}
	}
}

static void set_pair(struct sm_warp *w, const struct sm_insn *i, u32 first, u32 second)
{
	u32 p = sm_pred(w, i->p39, i->mod[SM_F_NOT_P39]);

	sm_set_pred(w, i->pd3, sm_bool_op(i->mod[SM_F_BOP], first, p));
	sm_set_pred(w, i->pd0, sm_bool_op(i->mod[SM_F_BOP], second, p));
}

static void set_register(const struct sm_warp *w, const struct sm_insn *i, u32 r, u32 *restrict d)
{
	u32 yes = i->mod[SM_F_BF] ? 0x3f800000 : ~0u;

	r = sm_bool_op(i->mod[SM_F_BOP], r, sm_pred(w, i->p39, i->mod[SM_F_NOT_P39]));
	SM_EACH_LANE(l)
		d[l] = r >> l & 1 ? yes : 0;
}

static u32 two_predicates(const struct sm_warp *w, const struct sm_insn *i)
{
	return sm_bool_op(i->mod[SM_F_BOP2], sm_pred(w, i->p12, i->mod[SM_F_NOT_P12]),
			  sm_pred(w, i->p29, i->mod[SM_F_NOT_P29]));
}

SM_ALU(sm_psetp)
{
	u32 r = two_predicates(w, i);

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	set_pair(w, i, r, ~r);
}

SM_ALU(sm_pset)
{
	(void)a;
	(void)b;
	(void)c;
	set_register(w, i, two_predicates(w, i), d);
	if (i->mod[SM_F_CC])
		sm_set_cc(w, d, 0, 0);
}

/* Lanes in which a condition code test holds. */
u32 sm_cc_mask(const struct sm_warp *w, unsigned int cc)
{
	u32 z = w->cc_z, c = w->cc_c, s = w->cc_s, o = w->cc_o;
	u32 less = (s ^ o) & ~z, greater = ~((s ^ o) | z);

	if (cc < 0x10)		/* integer results are never unordered */
		return (cc & 1 ? less : 0) | (cc & 2 ? z : 0) | (cc & 4 ? greater : 0) |
		       (cc == 15 ? ~0u : 0);
	switch (cc) {
	case 0x10:
		return ~o;
	case 0x11:
		return ~c;
	case 0x12:
		return ~s;
	case 0x13:
		return ~c | z;
	case 0x14:
		return c & ~z;
	case 0x15:
		return s;
	case 0x16:
		return c;
	case 0x17:
		return o;
	case 0x1e:
		return z | s;
	default:		/* 0x1f */
		return ~(z | s);
	}
}

SM_ALU(sm_csetp)
{
	u32 r = sm_cc_mask(w, i->mod[SM_F_FCC]);

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	set_pair(w, i, r, ~r);
}

SM_ALU(sm_cset)
{
	(void)a;
	(void)b;
	(void)c;
	set_register(w, i, sm_cc_mask(w, i->mod[SM_F_FCC]), d);
}

/* ------------------------------------------------------- special registers */

static u64 nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* One that is the same in all lanes; 0 for those that have no meaning here. */
static u32 uniform_register(const struct sm_warp *w, unsigned int sreg)
{
	const struct sm_launch *launch = &w->core->launch;

	switch (sreg) {
	case 0x01:
	case 0x50:
		return (u32)w->core->instructions;
	case 0x51:
		return w->core->instructions >> 32;
	case 0x02:		/* warps and SMs of the GPU */
		return 64 << 8 | 1 << 20;
	case 0x03:		/* this warp, this SM */
		return w->wid << 8;
	case 0x25:
	case 0x26:
	case 0x27:
		return w->block->id[sreg - 0x25];
	case 0x28:
		return launch->block[0] | launch->block[1] << 16 | launch->block[2] << 26;
	case 0x30:
		return (u32)launch->shared_window;
	case 0x31:
	case 0x35:
		return SM_WINDOW_SIZE;
	case 0x32:
		return w->block->shared_size;
	case 0x34:
		return (u32)launch->local_window;
	case 0x36:
		return w->block->local_size;
	case 0x3d:
		return launch->registers;
	case 0x52:
		return (u32)nanoseconds();
	case 0x53:
		return nanoseconds() >> 32;
	default:
		return 0;
	}
}

SM_ALU(sm_s2r)
{
	unsigned int sreg = i->u1;
	u32 v;

	(void)a;
	(void)b;
	(void)c;
	switch (sreg) {
	case 0x00:
		SM_EACH_LANE(l)
			d[l] = l;
		break;
	case 0x20:
		SM_EACH_LANE(l)
			d[l] = w->tid[0][l] | w->tid[1][l] << 16 | w->tid[2][l] << 26;
		break;
	case 0x21:
	case 0x22:
	case 0x23:
		memcpy(d, w->tid[sreg - 0x21], sizeof(sm_row_t));
		break;
	case 0x38:
	case 0x39:
	case 0x3a:
	case 0x3b:
	case 0x3c:
		SM_EACH_LANE(l) {
			u32 eq = 1u << l, lt = eq - 1;
			const u32 masks[5] = { eq, lt, lt | eq, ~(lt | eq), ~lt };

			d[l] = masks[sreg - 0x38];
		}
		break;
	default:
		v = uniform_register(w, sreg);
		SM_EACH_LANE(l)
			d[l] = v;
	}
}

/* ------------------------------------------------------------ across lanes */

/*
 * Operand C is the bounds: bits 12:8 a mask of lane bits that stay (the
 * segment), bits 4:0 the clamp. A source lane outside gives the lane its own
 * value and a false predicate.
 */
SM_ALU(sm_shfl)
{
	bool lane_imm = i->mod[SM_F_IMM_LANE], clamp_imm = i->mod[SM_F_IMM_CLAMP];
	u32 inside = 0;

	SM_EACH_LANE(l) {
		u32 n = lane_imm ? i->u1 : b[l] & 31, bounds = clamp_imm ? i->u2 : c[l];
		u32 segment = bounds >> 8 & 31, clamp = bounds & 31;
		u32 max = (l & segment) | (clamp & ~segment), min = l & segment, from;
		bool ok;

		switch (i->mod[SM_F_SHFL]) {
		case 0:
			from = min | (n & ~segment);
			ok = from <= max;
			break;
		case 1:
			from = l - n;
			ok = (s32)from >= (s32)max;
			break;
		case 2:
			from = l + n;
			ok = from <= max;
			break;
		default:
			from = l ^ n;
			ok = from <= max;
		}
		d[l] = a[ok ? from & 31 : l];
		inside |= (u32)ok << l;
	}
	sm_set_pred(w, i->pd48, inside);
}

SM_ALU(sm_vote)
{
	u32 ballot = sm_pred(w, i->p39, i->mod[SM_F_NOT_P39]) & w->mask;
	bool all = ballot == w->mask, r;

	(void)a;
	(void)b;
	(void)c;
	switch (i->mod[SM_F_VOTE]) {
	case 0:
		r = all;
		break;
	case 1:
		r = ballot != 0;
		break;
	default:
		r = all || !ballot;
	}
	SM_EACH_LANE(l)
		d[l] = ballot;
	sm_set_pred(w, i->pd45, r ? ~0u : 0);
}

/* The result of the warp's last barrier with a reduction, as a number and as a predicate. */
SM_ALU(sm_b2r)
{
	(void)a;
	(void)b;
	(void)c;
	sm_set_pred(w, i->pd45, w->result_true ? ~0u : 0);
	SM_EACH_LANE(l)
		d[l] = w->result;
}
