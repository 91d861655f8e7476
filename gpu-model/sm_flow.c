// SPDX-License-Identifier: MIT
/*
 * Divergence, calls and barriers.
 *
 * One stack for everything: SSY, PBK, PCNT, PRET and CAL push the lanes that
 * are active and where they meet again; a branch that only some lanes take
 * pushes the others. SYNC, BRK, CONT and RET take lanes out of all that was
 * pushed since the entry they end; when no lane is left running, entries are
 * popped until one has lanes.
 */
#include "sm_warp.h"

/* After lanes stopped: whose turn is it? */
void sm_flow_settle(struct sm_warp *w)
{
	while (!w->active && w->sp) {
		const struct sm_stack_entry *top = &w->stack[--w->sp];
		u32 live = top->mask & ~w->exited;

		if (live) {
			w->active = live;
			w->pc = top->pc;
		}
	}
}

static bool push(struct sm_warp *w, enum sm_token token, u32 mask, u64 pc)
{
	if (w->sp == SM_STACK_DEPTH)
		return false;
	w->stack[w->sp++] = (struct sm_stack_entry){ token, mask, pc };
	return true;
}

/* The lanes for which a flow instruction is done: guard and condition code. */
static u32 taken(const struct sm_warp *w, const struct sm_insn *i)
{
	unsigned int cc = i->mod[SM_F_FCC];

	return cc == 15 ? w->mask : w->mask & sm_cc_mask(w, cc);
}

static enum sm_outcome branch(struct sm_warp *w, u32 mask, u64 target)
{
	if (!mask)
		return SM_NEXT;
	if (mask != w->active) {
		if (!push(w, SM_TOK_DIV, w->active & ~mask, w->pc + 8))
			return sm_fail(w, SM_ERR_STACK);
		w->active = mask;
	}
	w->pc = target;
	return SM_JUMPED;
}

SM_ACT(sm_bra)
{
	return branch(w, taken(w, i), w->pc + 8 + i->offset);
}

SM_ACT(sm_jmp)
{
	return branch(w, taken(w, i), w->core->launch.code + (u32)i->offset);
}

/* To a target of each lane: all lanes with the target of the first one go there. */
SM_ACT(sm_brx)
{
	const u32 *a = sm_reg(w, i->a);
	u32 todo = taken(w, i), same = 0;
	enum sm_outcome r;

	if (!todo)
		return SM_NEXT;
	SM_EACH_ACTIVE(l, todo)
		same |= a[l] == a[__builtin_ctz(todo)] ? 1u << l : 0;
	if (todo != same && todo != w->active) {	/* the rest goes on behind it */
		if (!push(w, SM_TOK_DIV, w->active & ~todo, w->pc + 8))
			return sm_fail(w, SM_ERR_STACK);
		w->active = todo;
	}
	r = SM_JUMPED;
	if (todo != same) {		/* the others come back to this instruction */
		if (!push(w, SM_TOK_DIV, todo & ~same, w->pc))
			return sm_fail(w, SM_ERR_STACK);
		w->active = same;
		w->pc = w->pc + 8 + (s32)a[__builtin_ctz(same)] + i->offset;
		return r;
	}
	return branch(w, todo, w->pc + 8 + (s32)a[__builtin_ctz(todo)] + i->offset);
}

SM_ACT(sm_push)
{
	enum sm_token token;

	switch (i->op) {
	case SM_SSY:
		token = SM_TOK_SSY;
		break;
	case SM_PBK:
		token = SM_TOK_BREAK;
		break;
	case SM_PCNT:
		token = SM_TOK_CONT;
		break;
	default:
		token = SM_TOK_CALL;
	}
	if (!push(w, token, w->active, w->pc + 8 + i->offset))
		return sm_fail(w, SM_ERR_STACK);
	return SM_NEXT;
}

SM_ACT(sm_call)
{
	if (!push(w, SM_TOK_CALL, w->active, w->pc + 8))
		return sm_fail(w, SM_ERR_STACK);
	w->pc = i->op == SM_CAL ? w->pc + 8 + i->offset : w->core->launch.code + (u32)i->offset;
	return SM_JUMPED;
}

SM_ACT(sm_leave)
{
	enum sm_token token;
	u32 mask = taken(w, i);
	u32 n = w->sp;

	if (!mask)
		return SM_NEXT;
	switch (i->op) {
	case SM_SYNC:
		token = SM_TOK_SSY;
		break;
	case SM_BRK:
		token = SM_TOK_BREAK;
		break;
	case SM_CONT:
		token = SM_TOK_CONT;
		break;
	default:
		token = SM_TOK_CALL;
	}
	while (n && w->stack[n - 1].token != token)
		n--;
	if (!n)
		return sm_fail(w, SM_ERR_EMPTY_STACK);
	for (u32 k = n; k < w->sp; k++)
		w->stack[k].mask &= ~mask;
	w->active &= ~mask;
	w->pc += 8;
	sm_flow_settle(w);
	return SM_JUMPED;
}

SM_ACT(sm_exit)
{
	u32 mask = taken(w, i);

	if (!mask)
		return SM_NEXT;
	w->exited |= mask;
	w->active &= ~mask;
	w->pc += 8;
	sm_flow_settle(w);
	return SM_JUMPED;
}

SM_ACT(sm_nop)
{
	(void)w;
	(void)i;
	return SM_NEXT;
}

/* ---------------------------------------------------------------- barriers */

/* What a warp that came with a reduction gets. */
static void reduce(struct sm_warp *w, const struct sm_barrier *b)
{
	switch (w->reduction) {
	case SM_RED_COUNT:
		w->result = b->nr_true;
		w->result_true = b->nr_true != 0;
		return;
	case SM_RED_AND:
		w->result_true = !b->nr_false;
		break;
	case SM_RED_OR:
		w->result_true = b->nr_true != 0;
		break;
	default:
		return;
	}
	w->result = w->result_true ? ~0u : 0;
}

static void complete(struct sm_block *block, u32 id)
{
	struct sm_barrier *b = &block->barrier[id];

	for (u32 n = 0; n < block->nr_warps; n++) {
		struct sm_warp *w = &block->warp[n];

		if (w->state != SM_WARP_BARRIER || w->barrier != id)
			continue;
		reduce(w, b);
		w->state = SM_WARP_READY;
	}
	memset(b, 0, sizeof(*b));
}

/* Barriers that all expected warps have reached let them go. */
void sm_barrier_check(struct sm_block *block)
{
	u32 live = 0;

	for (u32 n = 0; n < block->nr_warps; n++)
		live += block->warp[n].state != SM_WARP_DONE;
	for (u32 id = 0; id < SM_NR_BARRIERS; id++) {
		struct sm_barrier *b = &block->barrier[id];

		if (b->arrived && b->arrived >= (b->expected ? b->expected : live))
			complete(block, id);
	}
}

enum { BAR_SYNC, BAR_ARRIVE, BAR_REDUCE };

/*
 * A thread count given as an immediate, or in a register beside an immediate
 * barrier number, limits the barrier to so many threads. With the number in RZ
 * (as NAK writes it) the count means nothing. A reduction takes the predicate of
 * the active lanes; B2R reads its result behind the barrier. There is no scan.
 */
SM_ACT(sm_bar)
{
	u32 id = i->mod[SM_F_IMM_ID] ? i->u1 : sm_reg(w, i->a)[__builtin_ctz(w->mask)];
	u32 threads = 0;
	struct sm_barrier *b;

	if (i->mod[SM_F_IMM_COUNT])
		threads = i->u2;
	else if (i->mod[SM_F_IMM_ID] || i->a != SM_RZ)
		threads = sm_reg(w, i->b)[__builtin_ctz(w->mask)];
	if (id >= SM_NR_BARRIERS || threads % SM_LANES || i->mod[SM_F_BAR] > BAR_REDUCE)
		return sm_fail(w, SM_ERR_ILLEGAL_PARAMETER);
	b = &w->block->barrier[id];
	w->reduction = SM_RED_NONE;
	if (i->mod[SM_F_BAR] == BAR_REDUCE) {
		u32 p = sm_pred(w, i->p39, i->mod[SM_F_NOT_P39]);

		b->nr_true += __builtin_popcount(p & w->mask);
		b->nr_false += __builtin_popcount(~p & w->mask);
		w->reduction = i->mod[SM_F_BARRED];
	}
	b->arrived++;
	b->expected = threads / SM_LANES;
	w->pc += 8;
	if (i->mod[SM_F_BAR] != BAR_ARRIVE) {
		w->state = SM_WARP_BARRIER;
		w->barrier = id;
	}
	return i->mod[SM_F_BAR] == BAR_ARRIVE ? SM_JUMPED : SM_WAIT;
}
