/* SPDX-License-Identifier: MIT */
/*
 * Inside of the interpreter: warps, cores, and how an operation is run.
 *
 * The registers of a warp are rows of 32 words, one word a lane, so that an
 * operation is a loop over lanes that a compiler turns into vector code.
 * Predicates and condition codes are bit masks of lanes.
 */
#ifndef SM_WARP_H
#define SM_WARP_H

#include <string.h>

#include "sm.h"
#include "sm_isa.h"

#define SM_STACK_DEPTH	128	/* entries of the divergence stack */
#define SM_NR_BARRIERS	16
#define SM_PAGE		4096u

typedef u32 sm_row_t[SM_LANES];

/* Kinds of entries of the divergence stack. */
enum sm_token { SM_TOK_SSY, SM_TOK_DIV, SM_TOK_BREAK, SM_TOK_CONT, SM_TOK_CALL };

struct sm_stack_entry {
	enum sm_token token;
	u32 mask;		/* lanes that go on at @pc when the entry is popped */
	u64 pc;
};

enum sm_warp_state { SM_WARP_READY, SM_WARP_BARRIER, SM_WARP_PARKED, SM_WARP_DONE };

struct sm_warp {
	struct sm_block *block;
	struct sm_core *core;
	u64 pc;
	u32 active;		/* lanes that run */
	u32 exited;
	u32 mask;		/* lanes of the instruction being run: active and guard true */
	u32 pred[8];		/* [7] is true for all */
	u32 cc_c, cc_z, cc_s, cc_o;	/* condition codes of each lane */
	u32 wid;
	enum sm_warp_state state;
	u32 barrier;		/* where it waits */
	u8 reduction;		/* what it waits for there: enum sm_reduction */
	u32 result;		/* of its last barrier with a reduction */
	bool result_true;
	u32 sp;
	struct sm_stack_entry stack[SM_STACK_DEPTH];
	u32 tid[3][SM_LANES];
	sm_row_t *reg;		/* rows of registers, then zero rows */
};

/* What a barrier computes of a predicate of all threads, as BAR.RED encodes it; plus none. */
enum sm_reduction { SM_RED_COUNT, SM_RED_AND, SM_RED_OR, SM_RED_NONE };

struct sm_barrier {
	u32 arrived;		/* warps */
	u32 expected;		/* warps that complete it; 0: all that have not exited */
	u32 nr_true;		/* threads that came with a predicate that is true, */
	u32 nr_false;		/* ... or is not */
};

struct sm_block {
	struct sm_core *core;
	u32 id[3];
	u32 threads, nr_warps;
	struct sm_warp *warp;
	sm_row_t *reg;		/* of all warps */
	u32 rows;		/* of one warp */
	u8 *shared, *local;
	u32 shared_size, local_size;	/* local: of one thread */
	struct sm_barrier barrier[SM_NR_BARRIERS];
};

#define SM_CODE_INSNS	(SM_PAGE / 8)
#define SM_TLB_SIZE	256u

struct sm_code_page {
	u64 address;
	struct sm_code_page *next;
	struct sm_insn insn[SM_CODE_INSNS];
};

struct sm_tlb_entry {
	u64 page;		/* virtual address; ~0: empty */
	u8 *host;
	u8 access;		/* most that it is good for, enum sm_access */
};

/* A constant bank, copied from memory piece by piece when it is read. */
#define SM_BANK_PIECE	256u

struct sm_bank {
	u8 *data;
	bool valid[SM_BANK_MAX / SM_BANK_PIECE];
};

struct sm_core {
	struct sm_memory memory;
	struct sm_launch launch;
	struct sm_code_page *code;		/* all pages of the launch */
	struct sm_code_page *code_now;		/* the one used last */
	struct sm_bank bank[SM_NR_BANKS];
	struct sm_tlb_entry tlb[SM_TLB_SIZE];
	u64 instructions, parked, fences;
	struct sm_report report;
	void (*trace)(void *ctx, u32 warp, u64 pc, u64 word, u32 mask);
	void *trace_ctx;
};

/* What the run loop does after an operation that is not a plain ALU one. */
enum sm_outcome {
	SM_NEXT,	/* go on behind the instruction */
	SM_JUMPED,	/* w->pc has been set */
	SM_PARK,	/* stay at the instruction until a replay */
	SM_WAIT,	/* at a barrier; w->pc has been set */
	SM_FAIL,	/* core->report has been filled */
};

/**
 * struct sm_exec - how an operation is run
 * @alu: computes all 32 lanes: sources as rows, a 64-bit source as two rows; results to
 *	@d, which never overlaps a source. The run loop writes back the lanes that count.
 *	Predicates and condition codes it sets itself, for the lanes of w->mask.
 * @act: everything else; called with w->mask not 0
 * @nd, @na, @nb, @nc: registers of the destination and of each source; nd of operations
 *	that depend on a type is set in sm_insn.nd by sm_prepare()
 */
struct sm_exec {
	void (*alu)(struct sm_warp *w, const struct sm_insn *i, const u32 *a, const u32 *b,
		    const u32 *c, u32 *restrict d);
	enum sm_outcome (*act)(struct sm_warp *w, const struct sm_insn *i);
	u8 nd, na, nb, nc;
};

extern const struct sm_exec sm_exec_table[SM_NR_OPS];	/* sm_exec.c */

/**
 * sm_prepare() - decode for running
 * Returns SM_OK, or why the instruction cannot be run; insn->exec is set in both cases.
 */
enum sm_error sm_prepare(struct sm_core *core, u64 word, struct sm_insn *insn);

/* Records the first error of the launch; returns SM_FAIL. */
enum sm_outcome sm_fail(struct sm_warp *w, enum sm_error error);

#define SM_EACH_LANE(l)		for (unsigned int l = 0; l < SM_LANES; l++)
#define SM_EACH_ACTIVE(l, m)	\
	for (u32 m_##l = (m), l; m_##l && ((l = __builtin_ctz(m_##l)), true); m_##l &= m_##l - 1)

static inline const u32 *sm_reg(const struct sm_warp *w, unsigned int reg)
{
	return w->reg[reg == SM_RZ ? w->block->rows - 4 : reg];
}

static inline u64 sm_pair(const u32 *row, unsigned int lane)
{
	return (u64)row[SM_LANES + lane] << 32 | row[lane];
}

static inline void sm_put_pair(u32 *row, unsigned int lane, u64 v)
{
	row[lane] = (u32)v;
	row[SM_LANES + lane] = v >> 32;
}

static inline u32 sm_pred(const struct sm_warp *w, unsigned int pred, bool not)
{
	return not ? ~w->pred[pred] : w->pred[pred];
}

/* Sets a predicate in the lanes of the instruction. */
static inline void sm_set_pred(struct sm_warp *w, unsigned int pred, u32 value)
{
	if (pred != SM_PT)
		w->pred[pred] = (w->pred[pred] & ~w->mask) | (value & w->mask);
}

static inline u32 sm_select(u32 mask, u32 yes, u32 no)
{
	return (yes & mask) | (no & ~mask);
}

/* Bit mask of the lanes whose word is not 0. */
u32 sm_mask_of(const u32 *row);

/* Condition codes after an integer result; carry and overflow as lane masks. */
void sm_set_cc(struct sm_warp *w, const u32 *result, u32 carry, u32 overflow);

/* AND, OR, XOR of lane masks. */
static inline u32 sm_bool_op(unsigned int op, u32 a, u32 b)
{
	return op == 0 ? a & b : op == 1 ? a | b : a ^ b;
}

/* sm_memory.c */
void *sm_translate(struct sm_core *core, u64 va, enum sm_access access);
bool sm_constant(struct sm_core *core, unsigned int bank, u32 offset, u32 *v);
bool sm_read(struct sm_core *core, u64 va, void *buf, u32 len);
void sm_memory_drop(struct sm_core *core);

/*
 * Host pointers of all lanes of a global or shared access of @size bytes. SM_NEXT: p[] is
 * filled for the lanes of w->mask.
 */
enum sm_outcome sm_generic(struct sm_warp *w, const struct sm_insn *i, unsigned int size,
			   enum sm_access access, u8 **p);
enum sm_outcome sm_shared(struct sm_warp *w, const struct sm_insn *i, unsigned int size, u8 **p);

/* sm_flow.c */
void sm_flow_settle(struct sm_warp *w);
void sm_barrier_check(struct sm_block *block);

/* Operations, by file. */
#define SM_ALU(name)	void name(struct sm_warp *w, const struct sm_insn *i, const u32 *a, \
				  const u32 *b, const u32 *c, u32 *restrict d)
#define SM_ACT(name)	enum sm_outcome name(struct sm_warp *w, const struct sm_insn *i)

/* sm_int.c, sm_int_wide.c */
SM_ALU(sm_bfe); SM_ALU(sm_bfi); SM_ALU(sm_flo); SM_ALU(sm_iadd); SM_ALU(sm_iadd3);
SM_ALU(sm_icmp); SM_ALU(sm_imad); SM_ALU(sm_imnmx); SM_ALU(sm_imul); SM_ALU(sm_iscadd);
SM_ALU(sm_iset); SM_ALU(sm_isetp); SM_ALU(sm_lea); SM_ALU(sm_lop); SM_ALU(sm_lop3);
SM_ALU(sm_popc); SM_ALU(sm_prmt); SM_ALU(sm_shf_l); SM_ALU(sm_shf_r); SM_ALU(sm_shl);
SM_ALU(sm_shr); SM_ALU(sm_xmad);
/* sm_float.c */
SM_ALU(sm_fadd); SM_ALU(sm_fchk); SM_ALU(sm_fcmp); SM_ALU(sm_ffma); SM_ALU(sm_fmnmx);
SM_ALU(sm_fmul); SM_ALU(sm_fset); SM_ALU(sm_fsetp); SM_ALU(sm_mufu); SM_ALU(sm_rro);
/* sm_double.c */
SM_ALU(sm_dadd); SM_ALU(sm_dfma); SM_ALU(sm_dmnmx); SM_ALU(sm_dmul); SM_ALU(sm_dset);
SM_ALU(sm_dsetp);
/* sm_half.c */
SM_ALU(sm_hadd2); SM_ALU(sm_hfma2); SM_ALU(sm_hmul2); SM_ALU(sm_hset2); SM_ALU(sm_hsetp2);
/* sm_convert.c */
SM_ALU(sm_f2f); SM_ALU(sm_f2i); SM_ALU(sm_i2f); SM_ALU(sm_i2i);
/* sm_lane.c */
SM_ALU(sm_mov); SM_ALU(sm_sel); SM_ALU(sm_p2r); SM_ALU(sm_r2p); SM_ALU(sm_pset);
SM_ALU(sm_psetp); SM_ALU(sm_cset); SM_ALU(sm_csetp); SM_ALU(sm_s2r); SM_ALU(sm_shfl);
SM_ALU(sm_vote); SM_ALU(sm_b2r);
u32 sm_cc_mask(const struct sm_warp *w, unsigned int cc);
/* sm_memory.c */
SM_ACT(sm_ld_generic); SM_ACT(sm_st_generic); SM_ACT(sm_ld_local); SM_ACT(sm_st_local);
SM_ACT(sm_ld_shared); SM_ACT(sm_st_shared); SM_ACT(sm_ldc); SM_ACT(sm_cctl);
SM_ACT(sm_order);
/* sm_atomic.c */
SM_ACT(sm_atom); SM_ACT(sm_atoms);
/* sm_flow.c */
SM_ACT(sm_bra); SM_ACT(sm_brx); SM_ACT(sm_jmp); SM_ACT(sm_call); SM_ACT(sm_push); SM_ACT(sm_leave);
SM_ACT(sm_exit); SM_ACT(sm_bar); SM_ACT(sm_nop);

#endif
