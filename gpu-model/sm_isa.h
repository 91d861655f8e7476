/* SPDX-License-Identifier: MIT */
/*
 * The SM50/SM60 instruction set as data.
 *
 * sm_table.c lists every form of every instruction once: its opcode bits and
 * its fields in the order in which an assembler writes them. The decoder, the
 * disassembler and the assembler all work from that list; only the meaning of
 * an operation (sm_int.c, sm_float.c, ...) is code.
 *
 * An instruction is one 64-bit word. Bits 63:51 select the form, bits 19:16 are
 * the guard predicate of most instructions.
 */
#ifndef SM_ISA_H
#define SM_ISA_H

#include "types.h"

enum sm_op {
	SM_OP_NONE,
	/* integer */
	SM_BFE, SM_BFI, SM_FLO, SM_IADD, SM_IADD3, SM_IADD32I, SM_ICMP, SM_IMAD, SM_IMAD32I,
	SM_IMNMX, SM_IMUL, SM_IMUL32I, SM_ISCADD, SM_ISCADD32I, SM_ISET, SM_ISETP, SM_LEA,
	SM_LOP, SM_LOP3, SM_LOP32I, SM_POPC, SM_PRMT, SM_SHF_L, SM_SHF_R, SM_SHL, SM_SHR,
	SM_XMAD,
	/* f32 */
	SM_FADD, SM_FADD32I, SM_FCHK, SM_FCMP, SM_FFMA, SM_FFMA32I, SM_FMNMX, SM_FMUL,
	SM_FMUL32I, SM_FSET, SM_FSETP, SM_MUFU, SM_RRO,
	/* f64 */
	SM_DADD, SM_DFMA, SM_DMNMX, SM_DMUL, SM_DSET, SM_DSETP,
	/* f16, two at a time */
	SM_HADD2, SM_HFMA2, SM_HMUL2, SM_HSET2, SM_HSETP2,
	/* conversions */
	SM_F2F, SM_F2I, SM_I2F, SM_I2I,
	/* moves, predicates, lanes */
	SM_MOV, SM_MOV32I, SM_SEL, SM_P2R, SM_R2P, SM_PSET, SM_PSETP, SM_CSET, SM_CSETP,
	SM_S2R, SM_CS2R, SM_SHFL, SM_VOTE,
	/* memory */
	SM_LD, SM_ST, SM_LDG, SM_STG, SM_LDL, SM_STL, SM_LDS, SM_STS, SM_LDC,
	SM_ATOM, SM_ATOM_CAS, SM_ATOMS, SM_ATOMS_CAS, SM_RED, SM_CCTL, SM_CCTLL, SM_CCTLT,
	SM_MEMBAR,
	/* flow */
	SM_BRA, SM_BRX, SM_JMP, SM_CAL, SM_JCAL, SM_PRET, SM_SSY, SM_PBK, SM_PCNT, SM_SYNC,
	SM_BRK, SM_CONT, SM_RET, SM_EXIT, SM_KIL, SM_BAR, SM_B2R, SM_DEPBAR, SM_NOP, SM_SAM,
	SM_RAM, SM_BPT,
	SM_NR_OPS,
};

/*
 * What a field of an instruction means. Modifiers come first: their values
 * land in sm_insn.mod[] under these names.
 */
enum sm_field_id {
	SM_F_END,
	/* part of the mnemonic, one bit each */
	SM_F_SAT, SM_F_X, SM_F_CC, SM_F_HI, SM_F_W, SM_F_FTZ, SM_F_E, SM_F_BREV, SM_F_SH,
	SM_F_BF, SM_F_PSL, SM_F_MRG, SM_F_LMT, SM_F_U, SM_F_H1A, SM_F_H1B,
	/* part of the mnemonic, one of several names */
	SM_F_FMZ, SM_F_RND, SM_F_FRND, SM_F_ICOND, SM_F_FCOND, SM_F_BOP, SM_F_BOP2, SM_F_SIGN,
	SM_F_SIGN_A, SM_F_SIGN_B, SM_F_LOGIC, SM_F_PTEST, SM_F_PDIV, SM_F_MMX, SM_F_PRMT,
	SM_F_XSIGN, SM_F_XC, SM_F_DFLOAT, SM_F_SFLOAT, SM_F_DINT, SM_F_SINT, SM_F_BYTE,
	SM_F_SHFTYPE, SM_F_MUFU, SM_F_RRO, SM_F_VOTE, SM_F_SHFL, SM_F_SIZE, SM_F_LOADC,
	SM_F_STOREC, SM_F_ATOMOP, SM_F_ATOMTYPE, SM_F_ATOMSTYPE, SM_F_CASTYPE, SM_F_LDCMODE,
	SM_F_CCTL, SM_F_MEMBAR, SM_F_BAR, SM_F_BARRED, SM_F_FCC, SM_F_PRCC, SM_F_IADD3SH,
	SM_F_IADD3A, SM_F_IADD3B, SM_F_IADD3C, SM_F_KEEPREF, SM_F_HDST, SM_F_HA, SM_F_HB, SM_F_HC,
	SM_F_HAND, SM_F_B2R,
	/* signs before an operand */
	SM_F_NEG_A, SM_F_NEG_B, SM_F_NEG_C, SM_F_ABS_A, SM_F_ABS_B, SM_F_INV_A, SM_F_INV_B,
	SM_F_NOT_P39, SM_F_NOT_P12, SM_F_NOT_P29,
	/* kind of a SHFL or BAR operand: 1 = immediate */
	SM_F_IMM_LANE, SM_F_IMM_CLAMP, SM_F_IMM_ID, SM_F_IMM_COUNT,
	SM_F_NR_MODS,

	/* operands */
	SM_F_D = SM_F_NR_MODS,	/* destination, or data of a store, bits 7:0 */
	SM_F_A,			/* register, bits 15:8 */
	SM_F_B,			/* register, constant or immediate, by form */
	SM_F_BR,		/* register, bits 27:20, whatever the form */
	SM_F_C,			/* register, bits 46:39; constant in the RC form */
	SM_F_I32,		/* 32-bit immediate, bits 51:20 */
	SM_F_PD0, SM_F_PD3, SM_F_PD48, SM_F_PD45,	/* predicates set */
	SM_F_P39, SM_F_P12, SM_F_P29,			/* predicates used */
	SM_F_U1, SM_F_U2,	/* unsigned immediates */
	SM_F_ADDR,		/* [register + signed offset]; width and position of the offset */
	SM_F_ADDR4,		/* the same, offset in words */
	SM_F_CADDR,		/* c[bank][register + offset] */
	SM_F_SREG,		/* special register */
	SM_F_REL,		/* branch target, relative */
	SM_F_ABS,		/* branch target in the program region */
	SM_F_LANE, SM_F_CLAMP,	/* SHFL: register or immediate */
	SM_F_BARID, SM_F_BARCOUNT,	/* BAR: register or immediate */
	SM_F_NR,
};

/* One field: @width bits from @pos, plus the bit @top above them when not 0. */
struct sm_field {
	u8 id, pos, width, top;
};

#define SM_MAX_FIELDS	18

/* Sources of operand B that a row of the table stands for. */
enum sm_forms {
	SM_RCI = 1,	/* register, constant, immediate: 5cxx, 4cxx, 38xx */
	SM_RC = 2,	/* also B in bits 46:39 and C a constant: 53xx */
	SM_NOPRED = 4,	/* no guard predicate */
	SM_IMM_FLOAT = 8,	/* the immediate is the top of an f32 */
	SM_IMM_DOUBLE = 16,	/* ... of an f64 */
	SM_IMM_U16 = 32,	/* 16 bits, zero extended; the row is the immediate form itself */
	SM_NOCONST = 64,	/* of RCI, there is no form with a constant */
	SM_IMM_U6 = 128,	/* the immediate has 6 bits: other fields follow */
	SM_IMM_HALVES = 256,	/* the tops of two f16; the row is the immediate form itself */
	SM_B_CONST = 512,	/* the row is the form with a constant as B */
	SM_C_CONST = 1024,	/* ... as C; B is the register in bits 46:39 */
};

struct sm_row {
	enum sm_op op;
	const char *name;
	u16 code, mask;		/* bits 63:48 of the (register) form */
	u32 forms;		/* enum sm_forms */
	struct sm_field field[SM_MAX_FIELDS];
};

extern const struct sm_row sm_rows[];
extern const unsigned int sm_nr_rows;

/* How a field looks in the text. */
struct sm_field_text {
	enum { SM_FLAG, SM_ENUM, SM_PREFIX, SM_KIND, SM_OPERAND } kind;
	const char *flag;		/* FLAG: the name */
	const char *const *names;	/* ENUM: by value; "" is not written, NULL is undefined */
};

extern const struct sm_field_text sm_field_text[SM_F_NR];
const char *sm_sreg_name(unsigned int sreg);

/* Where an operand comes from. */
enum sm_src { SM_SRC_REG, SM_SRC_CONST, SM_SRC_IMM };

#define SM_RZ	255	/* the register that reads 0 */
#define SM_PT	7	/* the predicate that reads true */

/* One decoded instruction. */
struct sm_insn {
	u64 word;
	const struct sm_row *row;	/* NULL: unknown */
	const struct sm_exec *exec;	/* set by sm_prepare(); NULL: not decoded yet */
	enum sm_op op;
	u8 pred;		/* guard; SM_PT when there is none */
	u8 pred_not;
	u8 d, a, b, c;		/* register numbers */
	u8 b_src, c_src;	/* enum sm_src */
	u8 bank;		/* of the constant among the operands */
	u8 pd0, pd3, pd48, pd45, p39, p12, p29;
	u8 nd, nb;		/* registers that an ALU operation writes, and reads as B */
	u8 error;		/* enum sm_error: it cannot be run */
	u8 rnd;			/* rounding mode in force while it runs: 0 nearest, 1 -, 2 +, 3 zero */
	u32 coff;		/* byte offset in the bank */
	u32 imm;		/* immediate operand B; f64: its high half */
	u32 u1, u2;
	s64 offset;		/* of an address; relative or absolute branch target */
	u8 mod[SM_F_NR_MODS];
};

/* The kinds of a row's operand B, in the order in which they are tried. */
enum sm_variant { SM_V_REG, SM_V_CONST, SM_V_IMM, SM_V_RC, SM_NR_VARIANTS };

/**
 * sm_variant_code() - opcode bits 63:48 of a variant of a row
 * @mask: gets the mask that belongs to it
 *
 * Returns false when the row has no such variant.
 */
bool sm_variant_code(const struct sm_row *row, enum sm_variant v, u16 *code, u16 *mask);

/**
 * sm_decode() - take an instruction word apart
 * @insn: all of it is written; insn->row is NULL for an unknown word
 *
 * Needs no lock; any thread.
 */
void sm_decode(u64 word, struct sm_insn *insn);

/**
 * sm_dis() - write an instruction as text
 * @word: the instruction
 * @pc: its address (targets of branches are printed as addresses)
 * @buf: at least 128 bytes, always terminated
 */
void sm_dis(u64 word, u64 pc, char *buf, size_t size);

/**
 * sm_asm_line() - one instruction from text, as sm_dis() writes it
 * @pc: address that the instruction will have
 * @err: gets the reason on failure, may be NULL
 *
 * Returns 0, or -EINVAL.
 */
int sm_asm_line(const char *text, u64 pc, u64 *word, char *err, size_t err_size);

/**
 * sm_asm() - a program: instructions, "label:" lines, comments after # or //
 * @code: gets groups of one scheduling word and three instructions; the rest of
 *	the last group is filled with branches to themselves
 * @max: words that fit in @code
 *
 * A branch to a label is written with the label instead of the address;
 * addresses count from the first word.
 *
 * Returns the number of words, or -EINVAL (@err says line and reason).
 */
int sm_asm(const char *text, u64 *code, unsigned int max, char *err, size_t err_size);

/* Is the word at @pc scheduling information? @base: any address of a group start. */
static inline bool sm_is_sched(u64 pc)
{
	return (pc & 31) == 0;
}

#endif
