// SPDX-License-Identifier: MIT
/* The run loop: fetch, guard, operands, operation, write back; and turns of warps. */
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>

#include "sm_warp.h"

#define MAX_CODE_PAGES	256	/* of a launch on one core: 1 MiB of code */

static const u32 lane_bit[SM_LANES] = {
	1u << 0, 1u << 1, 1u << 2, 1u << 3, 1u << 4, 1u << 5, 1u << 6, 1u << 7,
	1u << 8, 1u << 9, 1u << 10, 1u << 11, 1u << 12, 1u << 13, 1u << 14, 1u << 15,
	1u << 16, 1u << 17, 1u << 18, 1u << 19, 1u << 20, 1u << 21, 1u << 22, 1u << 23,
	1u << 24, 1u << 25, 1u << 26, 1u << 27, 1u << 28, 1u << 29, 1u << 30, 1u << 31,
};

/* ------------------------------------------------------------------ errors */

const char *sm_error_name(enum sm_error error)
{
	switch (error) {
	case SM_OK:
		return "no error";
	case SM_ERR_STACK:
		return "stack overflow";
	case SM_ERR_EMPTY_STACK:
		return "empty stack";
	case SM_ERR_MISALIGNED_PC:
		return "misaligned program counter";
	case SM_ERR_ILLEGAL_INSTRUCTION:
		return "illegal instruction";
	case SM_ERR_ILLEGAL_PARAMETER:
		return "illegal instruction parameter";
	case SM_ERR_OOR_REGISTER:
		return "register out of range";
	case SM_ERR_OOR_ADDRESS:
		return "address out of range";
	case SM_ERR_MISALIGNED_ADDRESS:
		return "misaligned address";
	case SM_ERR_ADDRESS_SPACE:
		return "invalid address space";
	}
	return "?";
}

enum sm_outcome sm_fail(struct sm_warp *w, enum sm_error error)
{
	struct sm_report *r = &w->core->report;

	if (r->error != SM_OK)
		return SM_FAIL;
	memset(r, 0, sizeof(*r));
	r->error = error;
	r->pc = w->pc;
	r->warp = w->wid;
	memcpy(r->block, w->block->id, sizeof(r->block));
	if (!(w->pc & 7) && sm_read(w->core, w->pc, &r->word, 8)) {
		if (!sm_read(w->core, w->pc & ~31ull, &r->sched, 8))
			r->sched = 0;
		sm_dis(r->word, w->pc, r->text, sizeof(r->text));
	}
	return SM_FAIL;
}

/* ------------------------------------------------------------------- cores */

const char *sm_launch_check(const struct sm_launch *launch)
{
	u64 threads = (u64)launch->block[0] * launch->block[1] * launch->block[2];

	for (int n = 0; n < 3; n++) {
		if (!launch->block[n] || launch->block[n] > SM_MAX_THREADS)
			return "a dimension of the block is 0 or too large";
	}
	if (threads > SM_MAX_THREADS)
		return "too many threads in a block";
	if (launch->shared > SM_MAX_SHARED)
		return "too much shared memory";
	if (launch->local > SM_MAX_LOCAL || launch->local * threads > 64u << 20)
		return "too much local memory";
	if (!launch->registers || launch->registers > 255)
		return "number of registers";
	if ((launch->code + launch->entry) & 7)
		return "the program is not aligned";
	for (int n = 0; n < SM_NR_BANKS; n++) {
		if (launch->bank[n].size > SM_BANK_MAX)
			return "a constant bank is too large";
	}
	return NULL;
}

struct sm_core *sm_core_new(const struct sm_memory *memory)
{
	struct sm_core *core = calloc(1, sizeof(*core));

	if (!core)
		return NULL;
	core->memory = *memory;
	for (u32 n = 0; n < SM_NR_BANKS; n++) {
		core->bank[n].data = calloc(1, SM_BANK_MAX);
		if (!core->bank[n].data) {
			sm_core_free(core);
			return NULL;
		}
	}
	sm_memory_drop(core);
	return core;
}

static void drop_code(struct sm_core *core)
{
	while (core->code) {
		struct sm_code_page *page = core->code;

		core->code = page->next;
		free(page);
	}
	core->code_now = NULL;
}

void sm_core_free(struct sm_core *core)
{
	if (!core)
		return;
	drop_code(core);
	for (u32 n = 0; n < SM_NR_BANKS; n++)
		free(core->bank[n].data);
	free(core);
}

void sm_core_launch(struct sm_core *core, const struct sm_launch *launch)
{
	core->launch = *launch;
	memset(&core->report, 0, sizeof(core->report));
	drop_code(core);
	sm_memory_drop(core);
}

u64 sm_core_instructions(const struct sm_core *core)
{
	return core->instructions;
}

u64 sm_core_parked(const struct sm_core *core)
{
	return core->parked;
}

const struct sm_report *sm_core_report(const struct sm_core *core)
{
	return &core->report;
}

void sm_core_trace(struct sm_core *core,
		   void (*fn)(void *ctx, u32 warp, u64 pc, u64 word, u32 mask), void *ctx)
{
	core->trace = fn;
	core->trace_ctx = ctx;
}

/* ------------------------------------------------------------------- fetch */

/*
 * The decoded page of an address. A launch with more code than is kept starts
 * over: pages are only a cache.
 */
static struct sm_code_page *code_page(struct sm_core *core, u64 address)
{
	struct sm_code_page *page = core->code_now;
	u32 n = 0;

	if (page && page->address == address)
		return page;
	for (page = core->code; page && page->address != address; page = page->next)
		n++;
	if (!page) {
		if (n >= MAX_CODE_PAGES)
			drop_code(core);
		page = calloc(1, sizeof(*page));
		if (!page)
			return NULL;
		page->address = address;
		page->next = core->code;
		core->code = page;
	}
	core->code_now = page;
	return page;
}

/* The instruction at w->pc; NULL with *outcome when there is none to run. */
static const struct sm_insn *fetch(struct sm_warp *w, enum sm_outcome *outcome)
{
	struct sm_code_page *page;
	struct sm_insn *insn;
	u64 word;

	if (w->pc & 7) {
		*outcome = sm_fail(w, SM_ERR_MISALIGNED_PC);
		return NULL;
	}
	if (sm_is_sched(w->pc))
		w->pc += 8;
	page = code_page(w->core, w->pc & ~(u64)(SM_PAGE - 1));
	if (!page) {
		*outcome = SM_PARK;
		return NULL;
	}
	insn = &page->insn[w->pc % SM_PAGE / 8];
	if (!insn->exec) {
		if (!sm_read(w->core, w->pc, &word, 8)) {
			*outcome = SM_PARK;
			return NULL;
		}
		sm_prepare(w->core, word, insn);
	}
	return insn;
}

/* --------------------------------------------------------------- operation */

static void fill(u32 *row, u32 v)
{
	SM_EACH_LANE(l)
		row[l] = v;
}

/* A constant operand of @n words in @rows. False: the access faulted. */
static bool constant_operand(struct sm_warp *w, const struct sm_insn *i, unsigned int n, u32 *rows)
{
	for (unsigned int k = 0; k < n; k++) {
		u32 v;

		if (!sm_constant(w->core, i->bank, i->coff + 4 * k, &v))
			return false;
		fill(rows + k * SM_LANES, v);
	}
	return true;
}

static void write_back(struct sm_warp *w, const struct sm_insn *i, const u32 *rows)
{
	for (unsigned int n = 0; n < i->nd; n++) {
		u32 *d = w->reg[i->d + n];
		const u32 *s = rows + n * SM_LANES;

		if (w->mask == ~0u) {
			memcpy(d, s, sizeof(sm_row_t));
		} else {
			SM_EACH_LANE(l)
				d[l] = w->mask & lane_bit[l] ? s[l] : d[l];
		}
	}
}

static enum sm_outcome run_alu(struct sm_warp *w, const struct sm_insn *i)
{
	static const int modes[4] = { FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO };
	u32 d[2 * SM_LANES], tb[2 * SM_LANES], tc[2 * SM_LANES];
	const u32 *b = tb, *c = tc;

	switch (i->b_src) {
	case SM_SRC_CONST:
		if (!constant_operand(w, i, i->nb, tb))
			return SM_PARK;
		break;
	case SM_SRC_IMM:
		if (i->nb == 2) {	/* the upper half of an f64 */
			fill(tb, 0);
			fill(tb + SM_LANES, i->imm);
		} else {
			fill(tb, i->imm);
		}
		break;
	default:
		b = sm_reg(w, i->nb ? i->b : SM_RZ);
	}
	if (i->c_src == SM_SRC_CONST) {
		if (!constant_operand(w, i, i->exec->nc, tc))
			return SM_PARK;
	} else {
		c = sm_reg(w, i->exec->nc ? i->c : SM_RZ);
	}
	if (i->op == SM_SHFL) {		/* immediate lanes and bounds are in no register */
		b = i->mod[SM_F_IMM_LANE] ? sm_reg(w, SM_RZ) : b;
		c = i->mod[SM_F_IMM_CLAMP] ? sm_reg(w, SM_RZ) : c;
	}
	if (i->rnd)
		fesetround(modes[i->rnd]);
	i->exec->alu(w, i, sm_reg(w, i->exec->na ? i->a : SM_RZ), b, c, d);
	if (i->rnd)
		fesetround(FE_TONEAREST);
	if (i->d != SM_RZ)
		write_back(w, i, d);
	return SM_NEXT;
}

static void run_warp(struct sm_warp *w, u32 quantum)
{
	struct sm_core *core = w->core;
	enum sm_outcome r = SM_NEXT;

	while (quantum--) {
		const struct sm_insn *i;

		if (!w->active) {
			w->state = SM_WARP_DONE;
			return;
		}
		i = fetch(w, &r);
		if (i) {
			w->mask = w->active & sm_pred(w, i->pred, i->pred_not);
			core->instructions++;
			if (core->trace)
				core->trace(core->trace_ctx, w->wid, w->pc, i->word, w->mask);
			if (!w->mask)
				r = SM_NEXT;
			else if (i->exec->alu)
				r = run_alu(w, i);
			else
				r = i->exec->act(w, i);
		}
		switch (r) {
		case SM_NEXT:
			w->pc += 8;
			break;
		case SM_JUMPED:
			break;
		case SM_PARK:
			core->parked++;
			w->state = SM_WARP_PARKED;
			return;
		case SM_WAIT:
		case SM_FAIL:
			return;
		}
	}
	if (!w->active)
		w->state = SM_WARP_DONE;
}

/* ------------------------------------------------------------------ blocks */

struct sm_block *sm_block_new(struct sm_core *core, const u32 id[3])
{
	const struct sm_launch *launch = &core->launch;
	struct sm_block *block = calloc(1, sizeof(*block));

	if (!block)
		return NULL;
	block->core = core;
	memcpy(block->id, id, sizeof(block->id));
	block->threads = launch->block[0] * launch->block[1] * launch->block[2];
	block->nr_warps = (block->threads + SM_LANES - 1) / SM_LANES;
	block->rows = launch->registers + 4;
	block->shared_size = (launch->shared + 255) & ~255u;
	block->local_size = (launch->local + 15) & ~15u;
	block->warp = calloc(block->nr_warps, sizeof(*block->warp));
	block->reg = calloc((size_t)block->nr_warps * block->rows, sizeof(*block->reg));
	block->shared = calloc(1, block->shared_size + 16);
	block->local = calloc(block->nr_warps * SM_LANES + 1, block->local_size + 1);
	if (!block->warp || !block->reg || !block->shared || !block->local) {
		sm_block_free(block);
		return NULL;
	}
	for (u32 n = 0; n < block->nr_warps; n++) {
		struct sm_warp *w = &block->warp[n];
		u32 lanes = block->threads - n * SM_LANES;

		w->block = block;
		w->core = core;
		w->wid = n;
		w->pc = launch->code + launch->entry;
		w->active = lanes >= SM_LANES ? ~0u : (1u << lanes) - 1;
		w->exited = ~w->active;
		w->pred[SM_PT] = ~0u;
		w->reg = block->reg + (size_t)n * block->rows;
		SM_EACH_LANE(l) {
			u32 t = n * SM_LANES + l;

			w->tid[0][l] = t % launch->block[0];
			w->tid[1][l] = t / launch->block[0] % launch->block[1];
			w->tid[2][l] = t / launch->block[0] / launch->block[1];
		}
	}
	return block;
}

void sm_block_free(struct sm_block *block)
{
	if (!block)
		return;
	free(block->warp);
	free(block->reg);
	free(block->shared);
	free(block->local);
	free(block);
}

void sm_block_replay(struct sm_block *block)
{
	for (u32 n = 0; n < block->nr_warps; n++) {
		if (block->warp[n].state == SM_WARP_PARKED)
			block->warp[n].state = SM_WARP_READY;
	}
}

enum sm_block_state sm_block_run(struct sm_block *block, u32 quantum)
{
	u32 nr[4] = { 0 };

	for (u32 n = 0; n < block->nr_warps; n++) {
		struct sm_warp *w = &block->warp[n];

		if (w->state != SM_WARP_READY)
			continue;
		run_warp(w, quantum);
		if (block->core->report.error != SM_OK)
			return SM_BLOCK_ERROR;
	}
	sm_barrier_check(block);
	for (u32 n = 0; n < block->nr_warps; n++)
		nr[block->warp[n].state]++;
	if (nr[SM_WARP_DONE] == block->nr_warps)
		return SM_BLOCK_DONE;
	if (nr[SM_WARP_READY])
		return SM_BLOCK_RUNNING;
	return nr[SM_WARP_PARKED] ? SM_BLOCK_WAITING : SM_BLOCK_DEADLOCK;
}
