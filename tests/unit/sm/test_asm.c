// SPDX-License-Identifier: MIT
/*
 * The table: what the assembler makes the disassembler reads back, and the words
 * of machine code that Mesa 25.0 makes have the meaning that they should have.
 */
#include <inttypes.h>
#include <string.h>

#include "machine.h"

/* Words as Mesa's compilers wrote them (nv50_ir for OpenCL), with address and text. */
static const struct {
	u64 pc, word;
	const char *text;
} known[] = {
	{ 0x08, 0x4c98079c04070000, "mov r0, c[0x7][0x100], 0xf" },
	{ 0x10, 0xf0c8000002570001, "s2r r1, sr_ctaid.x" },
	{ 0x28, 0x5b007fa800170003, "xmad.mrg.h1b r3, r0, r1, rz" },
	{ 0x30, 0x4e00011c04070101, "xmad r1, r1, c[0x7][0x100], r2" },
	{ 0x38, 0x5b30009800370000, "xmad.psl.cbcc.h1a.h1b r0, r0, r3, r1" },
	{ 0x48, 0xe29000000f000000, "ssy 0x140" },
	{ 0x50, 0x4b62038000670007, "isetp.lt.u32.and p0, pt, r0, c[0x0][0x18], pt" },
	{ 0x58, 0xf0f800000008000f, "@!p0 sync" },
	{ 0x70, 0x010000000027f003, "mov32i r3, 0x2, 0xf" },
	{ 0x78, 0x5bfc00600037ff02, "shf.l.w.s64 r2, rz, r3, r0" },
	{ 0xa8, 0x5c10800000270000, "iadd.cc r0, r0, r2" },
	{ 0xb0, 0x5c10080000370101, "iadd.x r1, r1, r3" },
	{ 0xb8, 0x9c90000000070004, "ld.e.32 r4, [r0]" },
	{ 0xf8, 0x3280004000070404, "ffma r4, r4, 0x40000000, r0" },
	{ 0x130, 0xbc90000000070004, "st.e.32 [r0], r4" },
	{ 0x148, 0xe30000000007000f, "exit" },
	/* as other assemblers write it */
	{ 0x150, 0xf0b8e0010007ff00, "b2r.result r0, pt, 0xff" },
};

static void known_words(void)
{
	char text[128], err[128];
	u64 word;

	for (unsigned int n = 0; n < sizeof(known) / sizeof(known[0]); n++) {
		sm_dis(known[n].word, known[n].pc, text, sizeof(text));
		ok(!strcmp(text, known[n].text), "reads: %s", text);
		word = 0;
		sm_asm_line(known[n].text, known[n].pc, &word, err, sizeof(err));
		/* MOV32I's mask of bytes and predicates of SSY are wherever they are */
		ok(word == known[n].word, "writes: %s: %016" PRIx64, known[n].text, word);
	}
}

/* Text of random words, assembled and read again. */
static void round_trip(void)
{
	unsigned int words = 0, bad = 0;
	char first[128], second[128], err[256];

	for (int n = 0; n < 400000; n++) {
		u64 word = random_wide(), back;
		struct sm_insn i;

		sm_decode(word, &i);
		if (!i.row)
			continue;
		words++;
		sm_dis(word, 0x100008, first, sizeof(first));
		if (sm_asm_line(first, 0x100008, &back, err, sizeof(err))) {
			printf("# %016" PRIx64 ": %s\n", word, err);
			bad++;
		} else {
			sm_dis(back, 0x100008, second, sizeof(second));
			if (strcmp(first, second)) {
				printf("# %s became %s\n", first, second);
				bad++;
			}
		}
		if (bad > 5)
			break;
	}
	ok(!bad && words > 50000, "%u random words read, written and read again", words);
}

/* Each row of the table is reached by its own opcode. */
static void every_row(void)
{
	unsigned int bad = 0;

	for (unsigned int r = 0; r < sm_nr_rows; r++) {
		for (enum sm_variant v = 0; v < SM_NR_VARIANTS; v++) {
			u16 code, mask;
			struct sm_insn i;

			if (!sm_variant_code(&sm_rows[r], v, &code, &mask))
				continue;
			/* a float format has no value 0 */
			sm_decode((u64)(code & mask) << 48 | 2 << 10 | 2 << 8, &i);
			if (i.row != &sm_rows[r]) {
				printf("# %s, %04x is read as %s\n", sm_rows[r].name, code,
				       i.row ? i.row->name : "nothing");
				bad++;
			}
		}
	}
	ok(!bad, "no form hides another one");
}

static void refused(const char *text)
{
	char err[256] = "";
	u64 word;

	ok(sm_asm_line(text, 8, &word, err, sizeof(err)) < 0 && err[0], "refused: %s", text);
}

int main(void)
{
	known_words();
	every_row();
	round_trip();
	refused("iadd r0, r1");
	refused("iadd r256, r1, r2");
	refused("iadd r0, r1, 0x80000");
	refused("fadd r0, r1, 1.1");
	refused("frobnicate r0");
	refused("ld.e.32 r0, [r2+0x100000000]");
	refused("lds.32 r0, [r2+0x800000]");
	refused("atoms.add.u32 r0, [r2+0x2], r1");
	refused("@p7 exit");
	refused("iadd.ftz r0, r1, r2");
	refused("mov r0, c[0x20][0x0]");
	refused("mov r0, c[0x0][0x2]");
	refused("popc r0, -r1");
	refused("hadd2 r0, r1, 0x3c003c01");
	refused("hmul2 r0, -r1, r2");
	refused("b2r.result p0");
	return done();
}
