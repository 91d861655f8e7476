// SPDX-License-Identifier: MIT
/* Loads, stores, atomics, and what happens when a page is not there. */
#include <string.h>

#include "machine.h"

static struct machine m;

#define HEAD \
	"s2r r0, sr_tid.x\n" \
	"shl r1, r0, 0x2\n" \
	"iadd r2, r1, c[0x0][0x0]\n" \
	"mov r3, c[0x0][0x4]\n"

#define DATA_PAGE	(M_DATA / 4096)

static void fresh(u32 threads, const char *text)
{
	machine_fini(&m);
	machine_init(&m);
	m.launch.block[0] = threads;
	m.launch.shared = 1024;
	m.launch.local = 256;
	machine_arg_address(&m, 0, M_DATA);
	machine_program(&m, text);
}

static void unmap(u32 page)
{
	m.mapped[page] = false;
}

/* ----------------------------------------------------------------- spaces */

static void sizes(void)
{
	static const u8 bytes[16] = { 0x81, 0x92, 0xa3, 0xf4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xf0 };
	u32 *out;

	fresh(1, HEAD
	      "ld.e.u8 r8, [r2]\nst.e.32 [r2+0x100], r8\n"
	      "ld.e.s8 r8, [r2+0x1]\nst.e.32 [r2+0x104], r8\n"
	      "ld.e.u16 r8, [r2+0x2]\nst.e.32 [r2+0x108], r8\n"
	      "ldg.e.s16 r8, [r2+0x2]\nst.e.32 [r2+0x10c], r8\n"
	      "ldg.e.128 r8, [r2]\nst.e.128 [r2+0x110], r8\n"
	      "st.e.u8 [r2+0x120], r8\nstg.e.u16 [r2+0x124], r8\n"
	      "st.e.64 [r2+0x128], r10\nst.e.128 [r2+0x130], rz\nexit\n");
	memcpy(machine_at(&m, M_DATA), bytes, 16);
	memset(machine_at(&m, M_DATA + 0x120), 0xee, 32);
	machine_run(&m, false);
	out = machine_at(&m, M_DATA + 0x100);
	ok(out[0] == 0x81 && out[1] == 0xffffff92 && out[2] == 0xf4a3 && out[3] == 0xfffff4a3,
	   "small loads are extended");
	ok(!memcmp(out + 4, bytes, 16), "128 bits in and out");
	ok(out[8] == 0xeeeeee81 && out[9] == 0xeeee9281 && !memcmp(out + 10, bytes + 8, 8),
	   "small stores leave their neighbours");
	ok(!out[12] && !out[13] && !out[14] && !out[15], "RZ stores zeros");
}

static void windows(void)
{
	u32 *out;

	fresh(64, HEAD
	      /* shared by its own instruction and through the window */
	      "sts.32 [r1], r0\n"
	      "mov32i r4, 0xfe000000\niadd r4, r4, r1\nmov r5, rz\n"
	      "ld.e.32 r6, [r4]\niadd r6, r6, 0x1\nst.e.32 [r4], r6\n"
	      "lds.32 r7, [r1]\n"
	      /* local: each thread has its own */
	      "iadd r8, r0, 0x7d0\nstl.32 [0x10], r8\n"
	      "mov32i r4, 0xff000010\n"
	      "ld.e.32 r9, [r4]\niadd r7, r7, r9\n"
	      "st.e.32 [r2], r7\nexit\n");
	machine_run(&m, false);
	out = machine_at(&m, M_DATA);
	ok(out[0] == 2001 && out[1] == 2003 && out[63] == 2127,
	   "shared and local memory through their windows");
}

static void constants(void)
{
	u32 *out;

	fresh(1, HEAD
	      "mov32i r4, 0x8\n"
	      "ldc.32 r8, c[0x0][r4+0x4]\nldc.64 r10, c[0x0][r4+0x8]\n"
	      "ldc.s16 r12, c[0x0][r4+0xa]\nmov r13, c[0x0][0x14]\nmov r14, c[0x3][0x4]\n"
	      "mov r15, c[0x0][0x1004]\n"
	      "st.e.64 [r2], r8\nst.e.64 [r2+0x8], r10\nst.e.32 [r2+0x10], r12\n"
	      "st.e.32 [r2+0x14], r13\nst.e.64 [r2+0x18], r14\nexit\n");
	for (u32 n = 2; n < 8; n++)
		machine_arg(&m, n, 0x80010000 + n);
	machine_run(&m, false);
	out = machine_at(&m, M_DATA);
	ok(out[0] == 0x80010003 && out[2] == 0x80010004 && out[3] == 0x80010005 &&
	   out[4] == 0xffff8001 && out[5] == 0x80010005, "constants, indexed and as operands");
	ok(!out[6] && !out[7], "what is bound to nothing reads as 0");

	/* banks 1 and 2 are parts of bank 0; of four lanes each reads from one of its own */
	fresh(4, HEAD "shl r4, r0, 0x10\nldc.is.32 r8, c[0x0][r4+0x8]\n"
	      "iadd32i r4, r4, 0x4\nldc.is.32 r9, c[0x1][r4+0x4]\n"
	      "iadd r2, r2, r1\nst.e.64 [r2], r8\nexit\n");
	for (u32 n = 2; n < 12; n++)
		machine_arg(&m, n, 0x80010000 + n);
	for (u32 n = 1; n < 3; n++) {
		m.launch.bank[n].address = m.launch.bank[0].address + 16 * n;
		m.launch.bank[n].size = 16;
	}
	machine_run(&m, false);
	out = machine_at(&m, M_DATA);
	ok(out[0] == 0x80010002 && out[1] == 0x80010006 && out[2] == 0x80010006 &&
	   out[3] == 0x8001000a && out[4] == 0x8001000a && !out[5] && !out[6] && !out[7],
	   "constants of the bank that each lane names");
}

/* ------------------------------------------------------------------ atomics */

static void check_atomic(const char *text, u32 first, u32 want, u32 threads)
{
	char program[512];
	u32 *out;

	snprintf(program, sizeof(program),
		 "s2r r0, sr_tid.x\nmov r2, c[0x0][0x0]\nmov r3, c[0x0][0x4]\n%s\nexit\n", text);
	fresh(threads, program);
	out = machine_at(&m, M_DATA);
	out[0] = first;
	machine_run(&m, false);
	ok(out[0] == want, "%s: %u", text, out[0]);
}

static void wide_atomics(void)
{
	u64 *out;

	fresh(64, "s2r r0, sr_tid.x\nmov r2, c[0x0][0x0]\nmov r3, c[0x0][0x4]\n"
		  "mov r5, r0\nmov r4, rz\nred.add.e.u64 [r2], r4\n"
		  "iadd r4, r0, -0x5\nshr.s32 r5, r4, 0x1f\n"
		  "red.min.e.s64 [r2+0x8], r4\nred.max.e.u64 [r2+0x10], r4\n"
		  "mov r8, rz\nmov r9, rz\niadd r10, r0, 0x1\nmov r11, r10\n"
		  "atom.cas.e.64 r12, [r2+0x18], r8\nexit\n");
	out = machine_at(&m, M_DATA);
	machine_run(&m, false);
	ok(out[0] == (u64)2016 << 32, "64-bit addition");
	ok((s64)out[1] == -5 && out[2] == ~0ull, "64-bit minimum and maximum");
	ok(out[3] == 0x100000001ull, "64-bit compare and swap: the first wins");
}

static void shared_atomics(void)
{
	u32 *out;

	fresh(128, HEAD
	      "mov32i r4, 0x1\n"
	      "atoms.add.u32 r5, [0x10], r4\n"
	      "bar.sync 0x0\nlds.32 r6, [0x10]\n"
	      "st.e.32 [r2], r6\nst.e.32 [r2+0x400], r5\nexit\n");
	machine_run(&m, false);
	out = machine_at(&m, M_DATA);
	{
		u64 sum = 0;

		for (u32 n = 0; n < 128; n++)
			sum += out[256 + n];
		ok(out[0] == 128 && out[127] == 128 && sum == 127 * 128 / 2,
		   "shared atomics: every old value once");
	}
}

static void returned_values(void)
{
	u32 *out;
	u64 seen = 0;

	fresh(64, HEAD
	      "mov r6, c[0x0][0x8]\nmov r7, c[0x0][0xc]\nmov32i r4, 0x1\n"
	      "atom.add.e.u32 r4, [r6], r4\nst.e.32 [r2], r4\nexit\n");
	machine_arg_address(&m, 2, M_DATA + 0x1000);
	machine_run(&m, false);
	out = machine_at(&m, M_DATA);
	for (u32 n = 0; n < 64; n++)
		seen |= out[n] < 64 ? 1ull << out[n] : 0;
	ok(seen == ~0ull, "an atomic returns each old value once, into its operand's register too");
}

/* ------------------------------------------------------------------- faults */

/* Each thread adds 1 to a counter of its own and to one of all, 64 bytes apart. */
static const char counting[] =
	"s2r r0, sr_tid.x\n"
	"shl r1, r0, 0x6\n"
	"iadd r2, r1, c[0x0][0x0]\n"
	"mov r3, c[0x0][0x4]\n"
	"ld.e.32 r4, [r2]\n"
	"iadd r4, r4, 0x1\n"
	"st.e.32 [r2], r4\n"
	"mov r6, c[0x0][0x8]\n"
	"mov r7, c[0x0][0xc]\n"
	"mov32i r8, 0x1\n"
	"red.add.e.u32 [r6], r8\n"
	"red.add.e.u32 [r2+0x4], r8\n"
	"exit\n";

static void replay(void)
{
	u32 bad = 0, reads = 0, writes = 0;

	fresh(256, counting);		/* 16 KiB: four pages */
	machine_arg_address(&m, 2, M_DATA + 0x8000);
	for (u32 n = 0; n < 4; n++)
		unmap(DATA_PAGE + n);
	m.rights[DATA_PAGE + 8] = SM_WRITE;	/* no atomics there yet */
	ok(machine_run(&m, true) == SM_BLOCK_DONE, "faults are replayed to the end");
	for (u32 n = 0; n < 256; n++)
		bad += *(u32 *)machine_at(&m, M_DATA + 64 * n) != 1 ||
		       *(u32 *)machine_at(&m, M_DATA + 64 * n + 4) != 1;
	ok(!bad && *(u32 *)machine_at(&m, M_DATA + 0x8000) == 256,
	   "every lane's access happened exactly once");
	for (u32 n = 0; n < m.nr_faults && n < M_MAX_FAULTS; n++) {
		reads += m.fault[n].access == SM_READ;
		writes += m.fault[n].access == SM_ATOMIC &&
			  m.fault[n].page == M_BASE + M_DATA + 0x8000;
	}
	ok(reads == 8 && writes == 8, "each warp reports its own page, and the atomic as atomic");
}

static void no_side_effects(void)
{
	u32 *data;
	enum sm_block_state state;

	/* lanes 0-15 store to a mapped page, 16-31 to one that is not */
	fresh(32, "s2r r0, sr_tid.x\nshl r1, r0, 0x8\niadd r2, r1, c[0x0][0x0]\n"
		  "mov r3, c[0x0][0x4]\nmov32i r4, 0x7\nst.e.32 [r2], r4\n"
		  "mov32i r5, 0x1\nred.add.e.u32 [r2+0x4], r5\nexit\n");
	unmap(DATA_PAGE + 1);
	data = machine_at(&m, M_DATA);
	state = machine_run(&m, false);
	ok(state == SM_BLOCK_WAITING && !data[0] && m.nr_faults == 1,
	   "a warp of which one lane faults stores nothing");
	ok(m.fault[0].page == M_BASE + M_DATA + 0x1000 && m.fault[0].access == SM_WRITE,
	   "the fault names page and access; a page is reported once for a warp");
	ok(machine_run(&m, true) == SM_BLOCK_DONE && data[0] == 7 && data[1] == 1 &&
	   *(u32 *)machine_at(&m, M_DATA + 0x1f00) == 7, "and all of it after a replay");
}

static void others_go_on(void)
{
	enum sm_block_state state;
	u32 *data;

	fresh(64, HEAD
	      "isetp.lt.u32.and p0, pt, r0, 0x20, pt\n"
	      "mov r6, c[0x0][0x8]\nmov r7, c[0x0][0xc]\n"
	      "@p0 ld.e.32 r8, [r6]\n"
	      "st.e.32 [r2], r0\nexit\n");
	machine_arg_address(&m, 2, M_DATA + 0x4000);
	unmap(DATA_PAGE + 4);
	state = machine_run(&m, false);
	data = machine_at(&m, M_DATA);
	ok(state == SM_BLOCK_WAITING && data[63] == 63 && !data[31],
	   "a parked warp does not hold the others");
}

static void code_and_constants(void)
{
	fresh(32, HEAD "mov r4, c[0x0][0x804]\nst.e.32 [r2], r4\nexit\n");
	machine_arg(&m, 0x201, 4711);
	unmap(M_CODE / 4096);
	unmap(M_CONST / 4096);
	ok(machine_run(&m, true) == SM_BLOCK_DONE && *(u32 *)machine_at(&m, M_DATA + 124) == 4711 &&
	   m.nr_faults == 2, "instructions and constants fault and are replayed too");
}

static void read_only(void)
{
	fresh(32, HEAD "ld.e.32 r4, [r2]\niadd r4, r4, 0x5\nst.e.32 [r2], r4\nexit\n");
	m.rights[DATA_PAGE] = SM_READ;
	ok(machine_run(&m, true) == SM_BLOCK_DONE && m.nr_faults == 1 &&
	   m.fault[0].access == SM_WRITE && *(u32 *)machine_at(&m, M_DATA) == 5,
	   "a store to a page that may only be read faults as a write");
}

/* A prefetch tells of its page, and neither waits nor keeps a later access from telling. */
static void prefetches(void)
{
	fresh(32, HEAD "cctl.e.pf2 [r2+0x1000]\ncctl.e.pf1 [r2]\nst.e.32 [r2], r0\nexit\n");
	unmap(DATA_PAGE + 1);
	ok(machine_run(&m, false) == SM_BLOCK_DONE && *(u32 *)machine_at(&m, M_DATA + 124) == 31 &&
	   m.nr_faults == 1 && m.fault[0].access == SM_PREFETCH && m.fault[0].page == M_BASE + M_DATA + 0x1000,
	   "a prefetch of a page that is not there is told once, and waits for nothing");
	fresh(32, HEAD "cctl.e.pf15 [r2]\nld.e.32 r4, [r2]\niadd r4, r4, 0x5\nst.e.32 [r2], r4\nexit\n");
	unmap(DATA_PAGE);
	ok(machine_run(&m, true) == SM_BLOCK_DONE && *(u32 *)machine_at(&m, M_DATA) == 5 && m.nr_faults == 2 &&
	   m.fault[0].access == SM_PREFETCH && m.fault[1].access == SM_READ, "the load behind it faults as a read");
	fresh(32, HEAD "mov32i r4, 0xfe000000\nmov r5, rz\ncctl.e.pf2 [r4]\ncctl.e.wb [r2+0x1000]\nexit\n");
	unmap(DATA_PAGE + 1);
	ok(machine_run(&m, false) == SM_BLOCK_DONE && !m.nr_faults,
	   "shared memory is not prefetched, and other cache control asks for no page");
}

/* A translation is asked for once, until the core is told to forget. */
static void translations(void)
{
	fresh(32, HEAD "mov32i r5, 0x64\nagain:\nld.e.32 r4, [r2]\niadd r5, r5, -0x1\n"
		       "isetp.ne.u32.and p0, pt, r5, rz, pt\n@p0 bra again\nexit\n");
	machine_run(&m, false);
	ok(m.nr_translations <= 4, "100 loads of a page, %u translations", m.nr_translations);
}

int main(void)
{
	machine_init(&m);
	sizes();
	windows();
	constants();
	check_atomic("red.add.e.u32 [r2], r0", 1000, 1000 + 2016, 64);
	check_atomic("red.min.e.u32 [r2], r0", 1000, 0, 64);
	check_atomic("red.max.e.u32 [r2], r0", 5, 63, 64);
	check_atomic("iadd r4, r0, -0x20\nred.min.e.s32 [r2], r4", 5, -32, 64);
	check_atomic("iadd r4, r0, -0x20\nred.max.e.s32 [r2], r4", -100, 31, 64);
	check_atomic("mov32i r4, 0x9\nred.inc.e.u32 [r2], r4", 0, 64 % 10, 64);
	check_atomic("mov32i r4, 0x9\nred.dec.e.u32 [r2], r4", 0, 6, 64);
	check_atomic("red.or.e.u32 [r2], r0", 0x80, 0xbf, 64);
	check_atomic("red.and.e.u32 [r2], r0", ~0u, 0, 64);
	check_atomic("red.xor.e.u32 [r2], r0", 7, 7, 64);
	check_atomic("atom.exch.e.u32 r4, [r2], r0", 7, 63, 64);
	check_atomic("i2f.f32.u32 r4, r0\nred.add.e.f32 [r2], r4", 0x3f800000, 0x44fc2000, 64);
	check_atomic("mov r4, r0\niadd r5, r0, 0x1\natom.cas.e.32 r6, [r2], r4", 0, 64, 64);
	wide_atomics();
	shared_atomics();
	returned_values();
	replay();
	no_side_effects();
	others_go_on();
	code_and_constants();
	read_only();
	prefetches();
	translations();
	machine_fini(&m);
	return done();
}
