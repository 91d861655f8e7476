// SPDX-License-Identifier: MIT
/*
 * The instructions of SM50 and SM60, one row a form.
 *
 * A row gives the opcode bits 63:48 of the form whose operand B is a register,
 * the mask that says which of them count, and the fields in the order of the
 * text. The forms with a constant or an immediate as B follow from it
 * (sm_variant_code()). Field positions are bits of the 64-bit word.
 *
 * Not here, and so "unknown instruction": textures, surfaces, attributes,
 * interpolation and the video instructions.
 */
#include "sm_isa.h"

#define F1(id, pos)		{ SM_F_##id, pos, 1, 0 }
#define FW(id, pos, width)	{ SM_F_##id, pos, width, 0 }
#define FT(id, pos, width, top)	{ SM_F_##id, pos, width, top }

#define D	FW(D, 0, 8)
#define A	FW(A, 8, 8)
#define B	FW(B, 20, 8)
#define BR	FW(BR, 20, 8)
#define C	FW(C, 39, 8)
#define I32	FW(I32, 20, 32)
#define PD0	FW(PD0, 0, 3)
#define PD3	FW(PD3, 3, 3)
#define PD48	FW(PD48, 48, 3)
#define P39	F1(NOT_P39, 42), FW(P39, 39, 3)
#define CC	F1(CC, 47)
#define FCC	FW(FCC, 0, 5)

#define INT	SM_RCI
#define INT3	(SM_RCI | SM_RC)
#define FLT	(SM_RCI | SM_IMM_FLOAT)
#define FLT3	(SM_RCI | SM_RC | SM_IMM_FLOAT)
#define DBL	(SM_RCI | SM_IMM_DOUBLE)
#define DBL3	(SM_RCI | SM_RC | SM_IMM_DOUBLE)

const struct sm_row sm_rows[] = {
	/* ------------------------------------------------------------ integer */
	{ SM_BFE, "bfe", 0x5c00, 0xfff8, INT, {
		FW(SIGN, 48, 1), F1(BREV, 40), CC, D, A, B } },
	{ SM_POPC, "popc", 0x5c08, 0xfff8, INT, {
		D, F1(INV_B, 40), B } },
	{ SM_IADD, "iadd", 0x5c10, 0xfff8, INT, {
		F1(SAT, 50), F1(X, 43), CC, D, F1(NEG_A, 49), A, F1(NEG_B, 48), B } },
	{ SM_ISCADD, "iscadd", 0x5c18, 0xfff8, INT, {
		CC, D, F1(NEG_A, 49), A, F1(NEG_B, 48), B, FW(U1, 39, 5) } },
	{ SM_IMNMX, "imnmx", 0x5c20, 0xfff8, INT, {
		FW(SIGN, 48, 1), FW(MMX, 43, 2), CC, D, A, B, P39 } },
	{ SM_SHR, "shr", 0x5c28, 0xfff8, INT, {
		FW(SIGN, 48, 1), F1(W, 39), F1(X, 44), F1(BREV, 40), CC, D, A, B } },
	{ SM_FLO, "flo", 0x5c30, 0xfff8, INT, {
		FW(SIGN, 48, 1), F1(SH, 41), CC, D, F1(INV_B, 40), B } },
	{ SM_IMUL, "imul", 0x5c38, 0xfff8, INT, {
		FW(SIGN_A, 40, 1), FW(SIGN_B, 41, 1), F1(HI, 39), CC, D, A, B } },
	{ SM_LOP, "lop", 0x5c40, 0xfff8, INT, {
		FW(LOGIC, 41, 2), F1(X, 43), FW(PTEST, 44, 2), CC, PD48, D, F1(INV_A, 39), A,
		F1(INV_B, 40), B } },
	{ SM_SHL, "shl", 0x5c48, 0xfff8, INT, {
		F1(W, 39), F1(X, 43), CC, D, A, B } },
	{ SM_IADD3, "iadd3", 0x5cc0, 0xfff0, 0, {
		FW(IADD3SH, 37, 2), FW(IADD3A, 35, 2), FW(IADD3B, 33, 2), FW(IADD3C, 31, 2),
		F1(X, 48), CC, D, F1(NEG_A, 51), A, F1(NEG_B, 50), BR, F1(NEG_C, 49), C } },
	{ SM_SHF_R, "shf.r", 0x5cf8, 0xfff8, INT | SM_NOCONST | SM_IMM_U6, {
		F1(W, 50), FW(SHFTYPE, 37, 2), F1(HI, 48), F1(X, 49), CC, D, A, B, C } },
	{ SM_SHF_L, "shf.l", 0x5bf8, 0xfff8, INT | SM_NOCONST | SM_IMM_U6, {
		F1(W, 50), FW(SHFTYPE, 37, 2), F1(HI, 48), F1(X, 49), CC, D, A, B, C } },
	{ SM_BFI, "bfi", 0x5bf0, 0xfff8, INT3, {
		CC, D, A, B, C } },
	{ SM_LOP3, "lop3", 0x5be0, 0xfff8, 0, {
		F1(X, 38), FW(PTEST, 36, 2), CC, PD48, D, A, BR, C, FW(U1, 28, 8) } },
	{ SM_LEA, "lea", 0x5bd0, 0xfff8, INT, {
		F1(X, 46), CC, PD48, D, F1(NEG_A, 45), A, B, FW(U1, 39, 5) } },
	{ SM_PRMT, "prmt", 0x5bc0, 0xfff0, INT3, {
		FW(PRMT, 48, 4), D, A, B, C } },
	{ SM_ISETP, "isetp", 0x5b60, 0xfff0, INT, {
		FW(ICOND, 49, 3), FW(SIGN, 48, 1), F1(X, 43), FW(BOP, 45, 2), PD3, PD0, A, B,
		P39 } },
	{ SM_ISET, "iset", 0x5b50, 0xfff0, INT, {
		F1(BF, 44), FW(ICOND, 49, 3), FW(SIGN, 48, 1), F1(X, 43), FW(BOP, 45, 2), CC, D, A,
		B, P39 } },
	{ SM_ICMP, "icmp", 0x5b40, 0xfff0, INT3, {
		FW(ICOND, 49, 3), FW(SIGN, 48, 1), D, A, B, C } },
	{ SM_XMAD, "xmad", 0x5b00, 0xffc0, 0, {
		FW(XSIGN, 48, 2), F1(PSL, 36), F1(MRG, 37), FW(XC, 50, 3), F1(X, 38),
		F1(H1A, 53), F1(H1B, 35), CC, D, A, BR, C } },
	{ SM_XMAD, "xmad", 0x3600, 0xfec0, SM_IMM_U16, {
		FW(XSIGN, 48, 2), F1(PSL, 36), F1(MRG, 37), FW(XC, 50, 3), F1(X, 38),
		F1(H1A, 53), CC, D, A, B, C } },
	{ SM_XMAD, "xmad", 0x4e00, 0xfe00, SM_B_CONST, {
		FW(XSIGN, 48, 2), F1(PSL, 55), F1(MRG, 56), FW(XC, 50, 2), F1(X, 54),
		F1(H1A, 53), F1(H1B, 52), CC, D, A, B, C } },
	{ SM_XMAD, "xmad", 0x5100, 0xff80, SM_C_CONST, {
		FW(XSIGN, 48, 2), FW(XC, 50, 2), F1(X, 54), F1(H1A, 53), F1(H1B, 52), CC, D, A,
		B, C } },
	{ SM_IMAD, "imad", 0x5a00, 0xff80, INT3, {
		FW(SIGN_A, 48, 1), FW(SIGN_B, 53, 1), F1(HI, 54), F1(SAT, 50), F1(X, 49), CC, D,
		F1(NEG_A, 51), A, B, F1(NEG_C, 52), C } },
	{ SM_IADD32I, "iadd32i", 0x1c00, 0xfe80, 0, {
		F1(SAT, 54), F1(X, 53), F1(CC, 52), D, F1(NEG_A, 56), A, I32 } },
	{ SM_IMUL32I, "imul32i", 0x1f00, 0xff00, 0, {
		FW(SIGN_A, 54, 1), FW(SIGN_B, 55, 1), F1(HI, 53), F1(CC, 52), D, A, I32 } },
	{ SM_IMAD32I, "imad32i", 0x1000, 0xfc00, 0, {	/* C is the destination */
		FW(SIGN_A, 54, 1), FW(SIGN_B, 57, 1), F1(HI, 53), F1(CC, 52), D, F1(NEG_A, 56), A,
		I32, F1(NEG_C, 55), FW(C, 0, 8) } },
	{ SM_ISCADD32I, "iscadd32i", 0x1400, 0xfc00, 0, {
		F1(CC, 52), D, A, I32, FW(U1, 53, 5) } },
	{ SM_LOP32I, "lop32i", 0x0400, 0xfc00, 0, {
		FW(LOGIC, 53, 2), F1(X, 57), F1(CC, 52), D, F1(INV_A, 55), A, F1(INV_B, 56), I32 } },

	/* ---------------------------------------------------------------- f32 */
	{ SM_FADD, "fadd", 0x5c58, 0xfff8, FLT, {
		F1(FTZ, 44), F1(SAT, 50), FW(RND, 39, 2), CC, D, F1(NEG_A, 48), F1(ABS_A, 46), A,
		F1(NEG_B, 45), F1(ABS_B, 49), B } },
	{ SM_FMNMX, "fmnmx", 0x5c60, 0xfff8, FLT, {
		F1(FTZ, 44), CC, D, F1(NEG_A, 48), F1(ABS_A, 46), A, F1(NEG_B, 45), F1(ABS_B, 49), B,
		P39 } },
	{ SM_FMUL, "fmul", 0x5c68, 0xfff8, FLT, {
		FW(FMZ, 44, 2), FW(PDIV, 41, 3), FW(RND, 39, 2), F1(SAT, 50), CC, D, A,
		F1(NEG_B, 48), B } },
	{ SM_FCHK, "fchk.divide", 0x5c88, 0xfff8, FLT, {
		PD3, F1(NEG_A, 48), F1(ABS_A, 46), A, F1(NEG_B, 45), F1(ABS_B, 49), B } },
	{ SM_RRO, "rro", 0x5c90, 0xfff8, FLT, {
		FW(RRO, 39, 1), D, F1(NEG_B, 45), F1(ABS_B, 49), B } },
	{ SM_FSETP, "fsetp", 0x5bb0, 0xfff0, FLT, {
		FW(FCOND, 48, 4), F1(FTZ, 47), FW(BOP, 45, 2), PD3, PD0, F1(NEG_A, 43), F1(ABS_A, 7),
		A, F1(NEG_B, 6), F1(ABS_B, 44), B, P39 } },
	{ SM_FCMP, "fcmp", 0x5ba0, 0xfff0, FLT3, {
		FW(FCOND, 48, 4), F1(FTZ, 47), D, A, B, C } },
	{ SM_FFMA, "ffma", 0x5980, 0xff80, FLT3, {
		FW(FMZ, 53, 2), FW(RND, 51, 2), F1(SAT, 50), CC, D, A, F1(NEG_B, 48), B,
		F1(NEG_C, 49), C } },
	{ SM_FSET, "fset", 0x5800, 0xff00, FLT, {
		F1(BF, 52), FW(FCOND, 48, 4), F1(FTZ, 55), FW(BOP, 45, 2), CC, D, F1(NEG_A, 43),
		F1(ABS_A, 54), A, F1(NEG_B, 53), F1(ABS_B, 44), B, P39 } },
	{ SM_MUFU, "mufu", 0x5080, 0xfff8, 0, {
		FW(MUFU, 20, 4), F1(SAT, 50), D, F1(NEG_A, 48), F1(ABS_A, 46), A } },
	{ SM_FADD32I, "fadd32i", 0x0800, 0xfc00, 0, {
		F1(FTZ, 55), F1(CC, 52), D, F1(NEG_A, 56), F1(ABS_A, 54), A, F1(NEG_B, 53),
		F1(ABS_B, 57), I32 } },
	{ SM_FMUL32I, "fmul32i", 0x1e00, 0xff00, 0, {
		FW(FMZ, 53, 2), F1(SAT, 55), F1(CC, 52), D, A, I32 } },
	{ SM_FFMA32I, "ffma32i", 0x0c00, 0xfc00, 0, {	/* C is the destination */
		FW(FMZ, 53, 2), F1(SAT, 55), F1(CC, 52), D, F1(NEG_A, 56), A, I32, F1(NEG_C, 57),
		FW(C, 0, 8) } },

	/* ---------------------------------------------------------------- f64 */
	{ SM_DMNMX, "dmnmx", 0x5c50, 0xfff8, DBL, {
		CC, D, F1(NEG_A, 48), F1(ABS_A, 46), A, F1(NEG_B, 45), F1(ABS_B, 49), B, P39 } },
	{ SM_DADD, "dadd", 0x5c70, 0xfff8, DBL, {
		FW(RND, 39, 2), CC, D, F1(NEG_A, 48), F1(ABS_A, 46), A, F1(NEG_B, 45), F1(ABS_B, 49),
		B } },
	{ SM_DMUL, "dmul", 0x5c80, 0xfff8, DBL, {
		FW(RND, 39, 2), CC, D, A, F1(NEG_B, 48), B } },
	{ SM_DFMA, "dfma", 0x5b70, 0xfff0, DBL3, {
		FW(RND, 50, 2), CC, D, A, F1(NEG_B, 48), B, F1(NEG_C, 49), C } },
	{ SM_DSETP, "dsetp", 0x5b80, 0xfff0, DBL, {
		FW(FCOND, 48, 4), FW(BOP, 45, 2), PD3, PD0, F1(NEG_A, 43), F1(ABS_A, 7), A,
		F1(NEG_B, 6), F1(ABS_B, 44), B, P39 } },
	{ SM_DSET, "dset", 0x5900, 0xff80, DBL, {
		F1(BF, 52), FW(FCOND, 48, 4), FW(BOP, 45, 2), CC, D, F1(NEG_A, 43), F1(ABS_A, 54), A,
		F1(NEG_B, 53), F1(ABS_B, 44), B, P39 } },

	/* ------------------------------------- f16, two at a time (from SM60 on) */
	{ SM_HADD2, "hadd2", 0x5d10, 0xfff8, 0, {
		F1(FTZ, 39), F1(SAT, 32), FW(HDST, 49, 2), FW(HA, 47, 2), FW(HB, 28, 2), D,
		F1(NEG_A, 43), F1(ABS_A, 44), A, F1(NEG_B, 31), F1(ABS_B, 30), B } },
	{ SM_HADD2, "hadd2", 0x7a80, 0xfe80, SM_B_CONST, {
		F1(FTZ, 39), F1(SAT, 52), FW(HDST, 49, 2), FW(HA, 47, 2), D, F1(NEG_A, 43),
		F1(ABS_A, 44), A, F1(NEG_B, 56), F1(ABS_B, 54), B } },
	{ SM_HADD2, "hadd2", 0x7a00, 0xfe80, SM_IMM_HALVES, {
		F1(FTZ, 39), F1(SAT, 52), FW(HDST, 49, 2), FW(HA, 47, 2), D, F1(NEG_A, 43),
		F1(ABS_A, 44), A, B } },
	{ SM_HADD2, "hadd2_32i", 0x2c00, 0xfe00, 0, {
		F1(FTZ, 55), F1(SAT, 52), FW(HA, 53, 2), D, F1(NEG_A, 56), A, I32 } },
	{ SM_HMUL2, "hmul2", 0x5d08, 0xfff8, 0, {
		FW(FMZ, 39, 2), F1(SAT, 32), FW(HDST, 49, 2), FW(HA, 47, 2), FW(HB, 28, 2), D,
		F1(ABS_A, 44), A, F1(NEG_B, 31), F1(ABS_B, 30), B } },
	{ SM_HMUL2, "hmul2", 0x7880, 0xfe80, SM_B_CONST, {
		FW(FMZ, 39, 2), F1(SAT, 52), FW(HDST, 49, 2), FW(HA, 47, 2), D, F1(NEG_A, 43),
		F1(ABS_A, 44), A, F1(ABS_B, 54), B } },
	{ SM_HMUL2, "hmul2", 0x7800, 0xfe80, SM_IMM_HALVES, {
		FW(FMZ, 39, 2), F1(SAT, 52), FW(HDST, 49, 2), FW(HA, 47, 2), D, F1(NEG_A, 43),
		F1(ABS_A, 44), A, B } },
	{ SM_HMUL2, "hmul2_32i", 0x2a00, 0xfe00, 0, {
		FW(FMZ, 55, 2), F1(SAT, 52), FW(HA, 53, 2), D, A, I32 } },
	{ SM_HFMA2, "hfma2", 0x5d00, 0xfff8, 0, {
		FW(FMZ, 37, 2), F1(SAT, 32), FW(HDST, 49, 2), FW(HA, 47, 2), FW(HB, 28, 2),
		FW(HC, 35, 2), D, A, F1(NEG_B, 31), B, F1(NEG_C, 30), C } },
	{ SM_HFMA2, "hfma2", 0x7080, 0xf880, SM_B_CONST, {
		FW(FMZ, 57, 2), F1(SAT, 52), FW(HDST, 49, 2), FW(HA, 47, 2), FW(HC, 53, 2), D, A,
		F1(NEG_B, 56), B, F1(NEG_C, 51), C } },
	{ SM_HFMA2, "hfma2", 0x7000, 0xf880, SM_IMM_HALVES, {
		FW(FMZ, 57, 2), F1(SAT, 52), FW(HDST, 49, 2), FW(HA, 47, 2), FW(HC, 53, 2), D, A, B,
		F1(NEG_C, 51), C } },
	{ SM_HFMA2, "hfma2", 0x6080, 0xf880, SM_C_CONST, {
		FW(FMZ, 57, 2), F1(SAT, 52), FW(HDST, 49, 2), FW(HA, 47, 2), FW(HB, 53, 2), D, A,
		F1(NEG_B, 56), B, F1(NEG_C, 51), C } },
	{ SM_HFMA2, "hfma2_32i", 0x2800, 0xfe00, 0, {	/* C is the destination */
		FW(FMZ, 55, 2), FW(HA, 53, 2), D, A, I32, F1(NEG_C, 52), FW(C, 0, 8) } },
	{ SM_HSET2, "hset2", 0x5d18, 0xfff8, 0, {
		F1(BF, 49), FW(FCOND, 35, 4), F1(FTZ, 50), FW(BOP, 45, 2), FW(HA, 47, 2),
		FW(HB, 28, 2), D, F1(NEG_A, 43), F1(ABS_A, 44), A, F1(NEG_B, 31), F1(ABS_B, 30), B,
		P39 } },
	{ SM_HSET2, "hset2", 0x7c80, 0xfe80, SM_B_CONST, {
		F1(BF, 53), FW(FCOND, 49, 4), F1(FTZ, 54), FW(BOP, 45, 2), FW(HA, 47, 2), D,
		F1(NEG_A, 43), F1(ABS_A, 44), A, F1(NEG_B, 56), B, P39 } },
	{ SM_HSET2, "hset2", 0x7c00, 0xfe80, SM_IMM_HALVES, {
		F1(BF, 53), FW(FCOND, 49, 4), F1(FTZ, 54), FW(BOP, 45, 2), FW(HA, 47, 2), D,
		F1(NEG_A, 43), F1(ABS_A, 44), A, B, P39 } },
	{ SM_HSETP2, "hsetp2", 0x5d20, 0xfff8, 0, {
		F1(HAND, 49), FW(FCOND, 35, 4), F1(FTZ, 6), FW(BOP, 45, 2), FW(HA, 47, 2),
		FW(HB, 28, 2), PD3, PD0, F1(NEG_A, 43), F1(ABS_A, 44), A, F1(NEG_B, 31),
		F1(ABS_B, 30), B, P39 } },
	{ SM_HSETP2, "hsetp2", 0x7e80, 0xfe80, SM_B_CONST, {
		F1(HAND, 53), FW(FCOND, 49, 4), F1(FTZ, 6), FW(BOP, 45, 2), FW(HA, 47, 2), PD3, PD0,
		F1(NEG_A, 43), F1(ABS_A, 44), A, F1(NEG_B, 56), F1(ABS_B, 54), B, P39 } },
	{ SM_HSETP2, "hsetp2", 0x7e00, 0xfe80, SM_IMM_HALVES, {
		F1(HAND, 53), FW(FCOND, 49, 4), F1(FTZ, 6), FW(BOP, 45, 2), FW(HA, 47, 2), PD3, PD0,
		F1(NEG_A, 43), F1(ABS_A, 44), A, B, P39 } },

	/* -------------------------------------------------------- conversions */
	{ SM_F2F, "f2f", 0x5ca8, 0xfff8, FLT, {
		F1(FTZ, 44), FW(DFLOAT, 8, 2), FW(SFLOAT, 10, 2), FT(FRND, 39, 2, 42), FW(H1B, 41, 1),
		F1(SAT, 50), CC, D, F1(NEG_B, 45), F1(ABS_B, 49), B } },
	{ SM_F2I, "f2i", 0x5cb0, 0xfff8, FLT, {
		F1(FTZ, 44), FT(DINT, 8, 2, 12), FW(SFLOAT, 10, 2), FW(RND, 39, 2), FW(H1B, 41, 1),
		CC, D, F1(NEG_B, 45), F1(ABS_B, 49), B } },
	{ SM_I2F, "i2f", 0x5cb8, 0xfff8, INT, {
		FW(DFLOAT, 8, 2), FT(SINT, 10, 2, 13), FW(RND, 39, 2), FW(BYTE, 41, 2), CC, D,
		F1(NEG_B, 45), F1(ABS_B, 49), B } },
	{ SM_I2I, "i2i", 0x5ce0, 0xfff8, INT, {
		FT(DINT, 8, 2, 12), FT(SINT, 10, 2, 13), F1(SAT, 50), FW(BYTE, 41, 2), CC, D,
		F1(NEG_B, 45), F1(ABS_B, 49), B } },

	/* ------------------------------------------ moves, predicates, lanes */
	{ SM_MOV, "mov", 0x5c98, 0xfff8, INT, {
		D, B, FW(U1, 39, 4) } },
	{ SM_MOV32I, "mov32i", 0x0100, 0xfff0, 0, {
		D, I32, FW(U1, 12, 4) } },
	{ SM_SEL, "sel", 0x5ca0, 0xfff8, INT, {
		D, A, B, P39 } },
	{ SM_P2R, "p2r", 0x5ce8, 0xfff8, INT, {
		FW(PRCC, 40, 1), FW(BYTE, 41, 2), D, A, B } },
	{ SM_R2P, "r2p", 0x5cf0, 0xfff8, INT, {
		FW(PRCC, 40, 1), FW(BYTE, 41, 2), A, B } },
	{ SM_PSETP, "psetp", 0x5090, 0xfff8, 0, {
		FW(BOP2, 24, 2), FW(BOP, 45, 2), PD3, PD0, F1(NOT_P12, 15), FW(P12, 12, 3),
		F1(NOT_P29, 32), FW(P29, 29, 3), P39 } },
	{ SM_PSET, "pset", 0x5088, 0xfff8, 0, {
		F1(BF, 44), FW(BOP2, 24, 2), FW(BOP, 45, 2), CC, D, F1(NOT_P12, 15), FW(P12, 12, 3),
		F1(NOT_P29, 32), FW(P29, 29, 3), P39 } },
	{ SM_CSETP, "csetp", 0x50a0, 0xfff8, 0, {
		FW(FCC, 8, 5), FW(BOP, 45, 2), PD3, PD0, P39 } },
	{ SM_CSET, "cset", 0x5098, 0xfff8, 0, {
		F1(BF, 44), FW(FCC, 8, 5), FW(BOP, 45, 2), D, P39 } },
	{ SM_S2R, "s2r", 0xf0c8, 0xfff8, 0, {
		D, FW(SREG, 20, 8) } },
	{ SM_CS2R, "cs2r", 0x50c8, 0xfff8, 0, {
		D, FW(SREG, 20, 8) } },
	{ SM_SHFL, "shfl", 0xef10, 0xfff8, 0, {
		FW(SHFL, 30, 2), PD48, D, A, F1(IMM_LANE, 28), FW(LANE, 20, 8), F1(IMM_CLAMP, 29),
		FW(CLAMP, 34, 13) } },
	{ SM_VOTE, "vote", 0x50d8, 0xfff8, 0, {
		FW(VOTE, 48, 2), D, FW(PD45, 45, 3), P39 } },

	/* ------------------------------------------------------------- memory */
	/* LD and ST set a predicate, bits 60:58, that must be PT here */
	{ SM_LD, "ld", 0x9c00, 0xfc00, 0, {
		F1(E, 52), FW(LOADC, 56, 2), FW(SIZE, 53, 3), D, FW(ADDR, 20, 32) } },
	{ SM_ST, "st", 0xbc00, 0xfc00, 0, {
		F1(E, 52), FW(STOREC, 56, 2), FW(SIZE, 53, 3), FW(ADDR, 20, 32), D } },
	{ SM_LDG, "ldg", 0xeed0, 0xfff8, 0, {
		F1(E, 45), FW(LOADC, 46, 2), FW(SIZE, 48, 3), D, FW(ADDR, 20, 24) } },
	{ SM_STG, "stg", 0xeed8, 0xfff8, 0, {
		F1(E, 45), FW(STOREC, 46, 2), FW(SIZE, 48, 3), FW(ADDR, 20, 24), D } },
	{ SM_LDL, "ldl", 0xef40, 0xfff8, 0, {
		FW(LOADC, 44, 2), FW(SIZE, 48, 3), D, FW(ADDR, 20, 24) } },
	{ SM_STL, "stl", 0xef50, 0xfff8, 0, {
		FW(STOREC, 44, 2), FW(SIZE, 48, 3), FW(ADDR, 20, 24), D } },
	{ SM_LDS, "lds", 0xef48, 0xfff8, 0, {
		F1(U, 44), FW(SIZE, 48, 3), D, FW(ADDR, 20, 24) } },
	{ SM_STS, "sts", 0xef58, 0xfff8, 0, {
		FW(SIZE, 48, 3), FW(ADDR, 20, 24), D } },
	{ SM_LDC, "ldc", 0xef90, 0xfff8, 0, {
		FW(LDCMODE, 44, 2), FW(SIZE, 48, 3), D, FW(CADDR, 20, 16) } },
	{ SM_ATOM, "atom", 0xed00, 0xff00, 0, {
		FW(ATOMOP, 52, 4), F1(E, 48), FW(ATOMTYPE, 49, 3), D, FW(ADDR, 28, 20), BR } },
	{ SM_ATOM_CAS, "atom.cas", 0xeef0, 0xfff0, 0, {
		F1(E, 48), FW(CASTYPE, 49, 1), D, FW(ADDR, 28, 20), BR } },
	{ SM_ATOMS, "atoms", 0xec00, 0xff00, 0, {
		FW(ATOMOP, 52, 4), FW(ATOMSTYPE, 28, 2), D, FW(ADDR4, 30, 22), BR } },
	{ SM_ATOMS_CAS, "atoms.cas", 0xee40, 0xffe0, 0, {
		FW(CASTYPE, 52, 1), D, FW(ADDR4, 30, 22), BR } },
	{ SM_RED, "red", 0xebf8, 0xfff8, 0, {
		FW(ATOMOP, 23, 3), F1(E, 48), FW(ATOMTYPE, 20, 3), FW(ADDR, 28, 20), D } },
	{ SM_CCTL, "cctl", 0xef60, 0xffe0, 0, {
		F1(E, 52), FW(CCTL, 0, 4), FW(ADDR4, 22, 30) } },
	{ SM_CCTLL, "cctll", 0xef80, 0xfff0, 0, {
		FW(CCTL, 0, 4), FW(ADDR4, 22, 22) } },
	{ SM_CCTLT, "cctlt", 0xebf0, 0xfff8, 0, { { 0 } } },
	{ SM_MEMBAR, "membar", 0xef98, 0xfff8, 0, {
		FW(MEMBAR, 8, 2) } },

	/* --------------------------------------------------------------- flow */
	{ SM_BRA, "bra", 0xe240, 0xfff0, 0, {
		F1(U, 7), F1(LMT, 6), FCC, FW(REL, 20, 24) } },
	{ SM_BRX, "brx", 0xe250, 0xfff0, 0, {
		F1(LMT, 6), FCC, A, FW(REL, 20, 24) } },
	{ SM_JMP, "jmp", 0xe210, 0xfff0, 0, {
		F1(U, 7), F1(LMT, 6), FCC, FW(ABS, 20, 32) } },
	{ SM_JCAL, "jcal", 0xe220, 0xfff0, SM_NOPRED, {
		FW(ABS, 20, 32) } },
	{ SM_CAL, "cal", 0xe260, 0xfff0, SM_NOPRED, {
		FW(REL, 20, 24) } },
	{ SM_PRET, "pret", 0xe270, 0xfff0, SM_NOPRED, {
		FW(REL, 20, 24) } },
	{ SM_SSY, "ssy", 0xe290, 0xfff0, SM_NOPRED, {
		FW(REL, 20, 24) } },
	{ SM_PBK, "pbk", 0xe2a0, 0xfff0, SM_NOPRED, {
		FW(REL, 20, 24) } },
	{ SM_PCNT, "pcnt", 0xe2b0, 0xfff0, SM_NOPRED, {
		FW(REL, 20, 24) } },
	{ SM_EXIT, "exit", 0xe300, 0xfff0, 0, {
		F1(KEEPREF, 5), FCC } },
	{ SM_RET, "ret", 0xe320, 0xfff0, 0, { FCC } },
	{ SM_KIL, "kil", 0xe330, 0xfff0, 0, { FCC } },
	{ SM_BRK, "brk", 0xe340, 0xfff0, 0, { FCC } },
	{ SM_CONT, "cont", 0xe350, 0xfff0, 0, { FCC } },
	{ SM_SYNC, "sync", 0xf0f8, 0xfff8, 0, { FCC } },
	{ SM_SAM, "sam", 0xe370, 0xfff0, SM_NOPRED, { { 0 } } },
	{ SM_RAM, "ram", 0xe380, 0xfff0, SM_NOPRED, { { 0 } } },
	{ SM_BPT, "bpt", 0xe3a0, 0xfff0, SM_NOPRED, { FW(U1, 20, 20) } },
	/* the reductions are counting, "and", "or" */
	{ SM_BAR, "bar", 0xf0a8, 0xfff8, 0, {
		FW(BAR, 32, 3), FW(BARRED, 35, 2), F1(IMM_ID, 43), FW(BARID, 8, 8),
		F1(IMM_COUNT, 44), FW(BARCOUNT, 20, 12), P39 } },
	{ SM_B2R, "b2r", 0xf0b8, 0xfff8, 0, {
		FW(B2R, 32, 2), D, FW(PD45, 45, 3), FW(U1, 8, 8) } },
	{ SM_DEPBAR, "depbar", 0xf0f0, 0xfff8, 0, {
		FW(U1, 26, 3), FW(U2, 20, 6) } },
	{ SM_NOP, "nop", 0x50b0, 0xfff8, 0, { { 0 } } },
};

const unsigned int sm_nr_rows = sizeof(sm_rows) / sizeof(sm_rows[0]);

/* ------------------------------------------------------------------- names */

#define NAMES(...)	(const char *const[32]){ __VA_ARGS__ }

static const char *const fcond_names[32] = {
	"f", "lt", "eq", "le", "gt", "ne", "ge", "num",
	"nan", "ltu", "equ", "leu", "gtu", "neu", "geu", "t",
};

/* Condition codes; the compound ones of graphics (csm, fcsm) have no name here. */
static const char *const fcc_names[32] = {
	"f", "lt", "eq", "le", "gt", "ne", "ge", "num",
	"nan", "ltu", "equ", "leu", "gtu", "neu", "geu", "",
	"off", "lo", "sff", "ls", "hi", "sft", "hs", "oft",
	[0x1e] = "rle", [0x1f] = "rgt",
};

static const char *const int_names[32] = {
	"u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64",
};

#define FLAG(id, text)		[SM_F_##id] = { SM_FLAG, text, NULL }
#define ENUM(id, ...)		[SM_F_##id] = { SM_ENUM, NULL, NAMES(__VA_ARGS__) }
#define TABLE(id, table)	[SM_F_##id] = { SM_ENUM, NULL, table }
#define PREFIX(id)		[SM_F_##id] = { SM_PREFIX, NULL, NULL }
#define KIND(id)		[SM_F_##id] = { SM_KIND, NULL, NULL }
#define OPERAND(id)		[SM_F_##id] = { SM_OPERAND, NULL, NULL }

const struct sm_field_text sm_field_text[SM_F_NR] = {
	FLAG(SAT, "sat"), FLAG(X, "x"), FLAG(CC, "cc"), FLAG(HI, "hi"), FLAG(W, "w"),
	FLAG(FTZ, "ftz"), FLAG(E, "e"), FLAG(BREV, "brev"), FLAG(SH, "sh"), FLAG(BF, "bf"),
	FLAG(PSL, "psl"), FLAG(MRG, "mrg"), FLAG(LMT, "lmt"), FLAG(U, "u"), FLAG(H1A, "h1a"),
	FLAG(H1B, "h1b"), FLAG(KEEPREF, "keepref"), FLAG(HAND, "h_and"),
	ENUM(FMZ, "", "ftz", "fmz"),
	ENUM(RND, "", "rm", "rp", "rz"),
	ENUM(FRND, "", "rm", "rp", "rz", "round", "floor", "ceil", "trunc"),
	ENUM(ICOND, "f", "lt", "eq", "le", "gt", "ne", "ge", "t"),
	TABLE(FCOND, fcond_names),
	ENUM(BOP, "and", "or", "xor"),
	ENUM(BOP2, "and", "or", "xor"),
	ENUM(SIGN, "u32", "s32"),
	ENUM(SIGN_A, "u32", "s32"),
	ENUM(SIGN_B, "u32", "s32"),
	ENUM(LOGIC, "and", "or", "xor", "passb"),
	ENUM(PTEST, "", "t", "z", "nz"),
	ENUM(PDIV, "", "d2", "d4", "d8", "m8", "m4", "m2"),
	ENUM(MMX, "", "xlo", "xmed", "xhi"),
	ENUM(PRMT, "", "f4e", "b4e", "rc8", "ecl", "ecr", "rc16"),
	ENUM(XSIGN, "", "su", "us", "ss"),
	ENUM(XC, "", "clo", "chi", "csfu", "cbcc"),
	ENUM(DFLOAT, NULL, "f16", "f32", "f64"),
	ENUM(SFLOAT, NULL, "f16", "f32", "f64"),
	TABLE(DINT, int_names),
	TABLE(SINT, int_names),
	ENUM(BYTE, "", "b1", "b2", "b3"),
	ENUM(SHFTYPE, "", NULL, "u64", "s64"),
	ENUM(MUFU, "cos", "sin", "ex2", "lg2", "rcp", "rsq", "rcp64h", "rsq64h", "sqrt"),
	ENUM(RRO, "sincos", "ex2"),
	ENUM(VOTE, "all", "any", "eq"),
	ENUM(SHFL, "idx", "up", "down", "bfly"),
	ENUM(SIZE, "u8", "s8", "u16", "s16", "32", "64", "128"),
	ENUM(LOADC, "", "cg", "ci", "cv"),
	ENUM(STOREC, "", "cg", "cs", "wt"),
	ENUM(ATOMOP, "add", "min", "max", "inc", "dec", "and", "or", "xor", "exch", NULL,
	     "safeadd"),
	ENUM(ATOMTYPE, "u32", "s32", "u64", "f32", NULL, "s64"),
	ENUM(ATOMSTYPE, "u32", "s32", "u64", "s64"),
	ENUM(CASTYPE, "32", "64"),
	ENUM(LDCMODE, "", "il", "is", "isl"),
	ENUM(CCTL, "qry1", "pf1", "pf15", "pf2", "wb", "iv", "ivall", "rs", NULL, "rslb"),
	ENUM(MEMBAR, "cta", "gl", "sys", "vc"),
	ENUM(BAR, "sync", "arrive", "red", "scan"),
	ENUM(BARRED, "", "and", "or"),
	TABLE(FCC, fcc_names),
	ENUM(PRCC, "pr", "cc"),
	ENUM(IADD3SH, "", "rs", "ls"),
	ENUM(IADD3A, "", "ah0", "ah1"),
	ENUM(IADD3B, "", "bh0", "bh1"),
	ENUM(IADD3C, "", "ch0", "ch1"),
	ENUM(HDST, "", "f32", "mrg_h0", "mrg_h1"),
	ENUM(HA, "", "af32", "ah0", "ah1"),
	ENUM(HB, "", "bf32", "bh0", "bh1"),
	ENUM(HC, "", "cf32", "ch0", "ch1"),
	ENUM(B2R, "bar", "result", "warp"),
	PREFIX(NEG_A), PREFIX(NEG_B), PREFIX(NEG_C), PREFIX(ABS_A), PREFIX(ABS_B), PREFIX(INV_A),
	PREFIX(INV_B), PREFIX(NOT_P39), PREFIX(NOT_P12), PREFIX(NOT_P29),
	KIND(IMM_LANE), KIND(IMM_CLAMP), KIND(IMM_ID), KIND(IMM_COUNT),
	OPERAND(D), OPERAND(A), OPERAND(B), OPERAND(BR), OPERAND(C), OPERAND(I32), OPERAND(PD0),
	OPERAND(PD3), OPERAND(PD48), OPERAND(PD45), OPERAND(P39), OPERAND(P12), OPERAND(P29),
	OPERAND(U1), OPERAND(U2), OPERAND(ADDR), OPERAND(ADDR4), OPERAND(CADDR), OPERAND(SREG),
	OPERAND(REL), OPERAND(ABS), OPERAND(LANE), OPERAND(CLAMP), OPERAND(BARID),
	OPERAND(BARCOUNT),
};

static const char *const sreg_names[256] = {
	[0x00] = "laneid", [0x01] = "clock", [0x02] = "virtcfg", [0x03] = "virtid",
	[0x20] = "tid", [0x21] = "tid.x", [0x22] = "tid.y", [0x23] = "tid.z",
	[0x24] = "ctaparam", [0x25] = "ctaid.x", [0x26] = "ctaid.y", [0x27] = "ctaid.z",
	[0x28] = "ntid", [0x30] = "swinlo", [0x31] = "swinsz", [0x32] = "smemsz",
	[0x34] = "lwinlo", [0x35] = "lwinsz", [0x36] = "lmemlosz", [0x37] = "lmemhioff",
	[0x38] = "eqmask", [0x39] = "ltmask", [0x3a] = "lemask", [0x3b] = "gtmask",
	[0x3c] = "gemask", [0x3d] = "regalloc", [0x50] = "clocklo", [0x51] = "clockhi",
	[0x52] = "globaltimerlo", [0x53] = "globaltimerhi",
};

const char *sm_sreg_name(unsigned int sreg)
{
	return sreg < 256 ? sreg_names[sreg] : NULL;
}
