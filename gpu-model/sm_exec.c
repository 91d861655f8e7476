// SPDX-License-Identifier: MIT
/* Which function runs an operation, and what is checked once, when it is decoded. */
#include <pthread.h>

#include "sm_warp.h"

static SM_ACT(illegal)
{
	return sm_fail(w, i->error);
}

static const struct sm_exec illegal_exec = { .act = illegal };

#define ALU(op, fn, d, a, b, c)	[SM_##op] = { .alu = fn, .nd = d, .na = a, .nb = b, .nc = c }
#define ACT(op, fn)		[SM_##op] = { .act = fn }

const struct sm_exec sm_exec_table[SM_NR_OPS] = {
	ALU(BFE, sm_bfe, 1, 1, 1, 0), ALU(BFI, sm_bfi, 1, 1, 1, 1), ALU(FLO, sm_flo, 1, 0, 1, 0),
	ALU(IADD, sm_iadd, 1, 1, 1, 0), ALU(IADD3, sm_iadd3, 1, 1, 1, 1),
	ALU(IADD32I, sm_iadd, 1, 1, 1, 0), ALU(ICMP, sm_icmp, 1, 1, 1, 1),
	ALU(IMAD, sm_imad, 1, 1, 1, 1), ALU(IMAD32I, sm_imad, 1, 1, 1, 1),
	ALU(IMNMX, sm_imnmx, 1, 1, 1, 0), ALU(IMUL, sm_imul, 1, 1, 1, 0),
	ALU(IMUL32I, sm_imul, 1, 1, 1, 0), ALU(ISCADD, sm_iscadd, 1, 1, 1, 0),
	ALU(ISCADD32I, sm_iscadd, 1, 1, 1, 0), ALU(ISET, sm_iset, 1, 1, 1, 0),
	ALU(ISETP, sm_isetp, 0, 1, 1, 0), ALU(LEA, sm_lea, 1, 1, 1, 0),
	ALU(LOP, sm_lop, 1, 1, 1, 0), ALU(LOP3, sm_lop3, 1, 1, 1, 1),
	ALU(LOP32I, sm_lop, 1, 1, 1, 0), ALU(POPC, sm_popc, 1, 0, 1, 0),
	ALU(PRMT, sm_prmt, 1, 1, 1, 1), ALU(SHF_L, sm_shf_l, 1, 1, 1, 1),
	ALU(SHF_R, sm_shf_r, 1, 1, 1, 1), ALU(SHL, sm_shl, 1, 1, 1, 0),
	ALU(SHR, sm_shr, 1, 1, 1, 0), ALU(XMAD, sm_xmad, 1, 1, 1, 1),

	ALU(FADD, sm_fadd, 1, 1, 1, 0), ALU(FADD32I, sm_fadd, 1, 1, 1, 0),
	ALU(FCHK, sm_fchk, 0, 1, 1, 0), ALU(FCMP, sm_fcmp, 1, 1, 1, 1),
	ALU(FFMA, sm_ffma, 1, 1, 1, 1), ALU(FFMA32I, sm_ffma, 1, 1, 1, 1),
	ALU(FMNMX, sm_fmnmx, 1, 1, 1, 0), ALU(FMUL, sm_fmul, 1, 1, 1, 0),
	ALU(FMUL32I, sm_fmul, 1, 1, 1, 0), ALU(FSET, sm_fset, 1, 1, 1, 0),
	ALU(FSETP, sm_fsetp, 0, 1, 1, 0), ALU(MUFU, sm_mufu, 1, 1, 0, 0),
	ALU(RRO, sm_rro, 1, 0, 1, 0),

	ALU(DADD, sm_dadd, 2, 2, 2, 0), ALU(DFMA, sm_dfma, 2, 2, 2, 2),
	ALU(DMNMX, sm_dmnmx, 2, 2, 2, 0), ALU(DMUL, sm_dmul, 2, 2, 2, 0),
	ALU(DSET, sm_dset, 1, 2, 2, 0), ALU(DSETP, sm_dsetp, 0, 2, 2, 0),

	ALU(HADD2, sm_hadd2, 1, 1, 1, 0), ALU(HFMA2, sm_hfma2, 1, 1, 1, 1),
	ALU(HMUL2, sm_hmul2, 1, 1, 1, 0), ALU(HSET2, sm_hset2, 1, 1, 1, 0),
	ALU(HSETP2, sm_hsetp2, 0, 1, 1, 0),

	ALU(F2F, sm_f2f, 1, 0, 1, 0), ALU(F2I, sm_f2i, 1, 0, 1, 0), ALU(I2F, sm_i2f, 1, 0, 1, 0),
	ALU(I2I, sm_i2i, 1, 0, 1, 0),

	ALU(MOV, sm_mov, 1, 0, 1, 0), ALU(MOV32I, sm_mov, 1, 0, 1, 0), ALU(SEL, sm_sel, 1, 1, 1, 0),
	ALU(P2R, sm_p2r, 1, 1, 1, 0), ALU(R2P, sm_r2p, 0, 1, 1, 0), ALU(PSET, sm_pset, 1, 0, 0, 0),
	ALU(PSETP, sm_psetp, 0, 0, 0, 0), ALU(CSET, sm_cset, 1, 0, 0, 0),
	ALU(CSETP, sm_csetp, 0, 0, 0, 0), ALU(S2R, sm_s2r, 1, 0, 0, 0),
	ALU(CS2R, sm_s2r, 1, 0, 0, 0), ALU(SHFL, sm_shfl, 1, 1, 1, 1), ALU(VOTE, sm_vote, 1, 0, 0, 0),
	ALU(B2R, sm_b2r, 1, 0, 0, 0),

	ACT(LD, sm_ld_generic), ACT(ST, sm_st_generic), ACT(LDG, sm_ld_generic),
	ACT(STG, sm_st_generic), ACT(LDL, sm_ld_local), ACT(STL, sm_st_local),
	ACT(LDS, sm_ld_shared), ACT(STS, sm_st_shared), ACT(LDC, sm_ldc), ACT(ATOM, sm_atom),
	ACT(ATOM_CAS, sm_atom), ACT(RED, sm_atom), ACT(ATOMS, sm_atoms), ACT(ATOMS_CAS, sm_atoms),
	ACT(CCTL, sm_cctl), ACT(CCTLL, sm_order), ACT(CCTLT, sm_order), ACT(MEMBAR, sm_order),

	ACT(BRA, sm_bra), ACT(BRX, sm_brx), ACT(JMP, sm_jmp), ACT(CAL, sm_call), ACT(JCAL, sm_call),
	ACT(PRET, sm_push), ACT(SSY, sm_push), ACT(PBK, sm_push), ACT(PCNT, sm_push),
	ACT(SYNC, sm_leave), ACT(BRK, sm_leave), ACT(CONT, sm_leave), ACT(RET, sm_leave),
	ACT(EXIT, sm_exit), ACT(KIL, sm_exit), ACT(BAR, sm_bar), ACT(DEPBAR, sm_nop),
	ACT(NOP, sm_nop), ACT(SAM, sm_nop), ACT(RAM, sm_nop),
};

/* Modifiers that exist but are not modelled: refused rather than ignored. */
static bool is_modelled(const struct sm_insn *i)
{
	const u8 *mod = i->mod;

	switch (i->op) {
	case SM_SHL:
	case SM_SHR:
	case SM_SHF_L:
	case SM_SHF_R:
	case SM_LOP:
	case SM_LOP32I:
	case SM_LOP3:
	case SM_LEA:
		return !mod[SM_F_X];
	case SM_IMAD:
		return !mod[SM_F_SAT];
	case SM_XMAD:
		return mod[SM_F_XC] != 3;
	case SM_MOV:
	case SM_MOV32I:
		return i->u1 == 0xf;	/* all four bytes */
	case SM_LDC:
		return mod[SM_F_LDCMODE] < 3;
	case SM_B2R:
		return mod[SM_F_B2R] == 1;	/* "result" */
	case SM_IADD3:
		return !mod[SM_F_IADD3SH] || !mod[SM_F_CC];
	case SM_FADD:
	case SM_FADD32I:
	case SM_FMUL:
	case SM_FMUL32I:
	case SM_FFMA:
	case SM_FFMA32I:
	case SM_FMNMX:
	case SM_DADD:
	case SM_DMUL:
	case SM_DFMA:
	case SM_DMNMX:
	case SM_F2F:
	case SM_I2F:
	case SM_DSET:
		return !mod[SM_F_CC];
	case SM_ATOM:
	case SM_RED:
		if (mod[SM_F_ATOMTYPE] == 3)
			return mod[SM_F_ATOMOP] == 0 || mod[SM_F_ATOMOP] == 8;
		/* fall through */
	case SM_ATOMS:
		if (mod[SM_F_ATOMOP] > 8)
			return false;
		if (mod[SM_F_ATOMOP] == 3 || mod[SM_F_ATOMOP] == 4)	/* inc, dec */
			return !mod[SM_F_ATOMTYPE] && !mod[SM_F_ATOMSTYPE];
		return true;
	default:
		return true;
	}
}

static u8 data_registers(const struct sm_insn *i)
{
	static const u8 by_size[8] = { 1, 1, 1, 1, 1, 2, 4, 4 };
	bool wide;

	switch (i->op) {
	case SM_LD:
	case SM_ST:
	case SM_LDG:
	case SM_STG:
	case SM_LDL:
	case SM_STL:
	case SM_LDS:
	case SM_STS:
	case SM_LDC:
		return by_size[i->mod[SM_F_SIZE]];
	case SM_ATOM:
	case SM_RED:
		wide = i->mod[SM_F_ATOMTYPE] == 2 || i->mod[SM_F_ATOMTYPE] == 5;
		return wide ? 2 : 1;
	case SM_ATOMS:
		return i->mod[SM_F_ATOMSTYPE] >= 2 ? 2 : 1;
	case SM_ATOM_CAS:
	case SM_ATOMS_CAS:
		return i->mod[SM_F_CASTYPE] ? 2 : 1;
	default:
		return 0;
	}
}

static bool has_register(const struct sm_launch *launch, unsigned int reg, unsigned int n)
{
	return !n || reg == SM_RZ || reg + n <= launch->registers;
}

static bool registers_exist(const struct sm_launch *launch, const struct sm_insn *i)
{
	unsigned int data = data_registers(i);
	bool swap = i->op == SM_ATOM_CAS || i->op == SM_ATOMS_CAS;

	if (i->exec->alu)
		return has_register(launch, i->d, i->nd) &&
		       has_register(launch, i->a, i->exec->na) &&
		       (i->b_src != SM_SRC_REG || (i->op == SM_SHFL && i->mod[SM_F_IMM_LANE]) ||
			has_register(launch, i->b, i->nb)) &&
		       (i->c_src != SM_SRC_REG || (i->op == SM_SHFL && i->mod[SM_F_IMM_CLAMP]) ||
			has_register(launch, i->c, i->exec->nc));
	if (i->op == SM_BAR)
		return (i->mod[SM_F_IMM_ID] || has_register(launch, i->a, 1)) &&
		       (i->mod[SM_F_IMM_COUNT] || has_register(launch, i->b & 0xff, 1));
	if (data && !has_register(launch, i->d, data))
		return false;
	if ((swap || i->op == SM_ATOM || i->op == SM_ATOMS) &&
	    !has_register(launch, i->b, swap ? 2 * data : data))
		return false;
	return (!data && i->op != SM_BRX) || has_register(launch, i->a, i->mod[SM_F_E] ? 2 : 1);
}

static u8 rounding(const struct sm_insn *i)
{
	if (i->op == SM_F2I)	/* done by hand */
		return 0;
	if (i->op == SM_F2F)
		return i->mod[SM_F_FRND] & 4 ? 0 : i->mod[SM_F_FRND] & 3;
	return i->mod[SM_F_RND];
}

enum sm_error sm_prepare(struct sm_core *core, u64 word, struct sm_insn *i)
{
	enum sm_error error = SM_OK;
	const struct sm_exec *exec;

	sm_decode(word, i);
	exec = &sm_exec_table[i->op];
	i->nd = exec->nd;
	i->nb = exec->nb;
	i->rnd = rounding(i);
	if (i->op == SM_F2F)
		i->nd = i->mod[SM_F_DFLOAT] == 3 ? 2 : 1;
	if (i->op == SM_I2F)
		i->nd = i->mod[SM_F_DFLOAT] == 3 ? 2 : 1;
	if (i->op == SM_F2I || i->op == SM_I2I)
		i->nd = (i->mod[SM_F_DINT] & 3) == 3 ? 2 : 1;
	if ((i->op == SM_F2F || i->op == SM_F2I) && i->mod[SM_F_SFLOAT] == 3)
		i->nb = 2;
	if ((i->op == SM_I2F || i->op == SM_I2I) && (i->mod[SM_F_SINT] & 3) == 3)
		i->nb = 2;
	i->exec = exec;
	if (!exec->alu && !exec->act)
		error = SM_ERR_ILLEGAL_INSTRUCTION;
	else if (!is_modelled(i))
		error = SM_ERR_ILLEGAL_PARAMETER;
	else if (!registers_exist(&core->launch, i))
		error = SM_ERR_OOR_REGISTER;
	if (error != SM_OK) {
		i->error = error;
		i->exec = &illegal_exec;
	}
	return error;
}
