// SPDX-License-Identifier: MIT
/*
 * How fast the interpreter is: warp instructions a second on one core. Counted against
 * the CPU time of the thread, so that other work on the machine disturbs little.
 *
 *	sm-bench [LEAST]	exits with 1 when the integer kernel is slower than LEAST M/s
 */
#include <stdlib.h>
#include <time.h>

#include "machine.h"

#define SECONDS	1.0

/* What a compiler makes of a hash: xor, multiply by XMADs, rotate, shift, add, a loop. */
static const char integer[] =
	"mov32i r5, 0xffffffff\n"
	"mov32i r4, 0x1000\n"
	"s2r r1, sr_tid.x\n"
	"mov32i r2, 0x9e3779b9\n"
	"mov r3, r1\n"
	"loop:\n"
	"lop.xor pt, r1, r1, r3\n"
	"xmad.mrg.h1b r6, r1, r2, rz\n"
	"xmad r7, r1, r2, rz\n"
	"xmad.psl.cbcc.h1a.h1b r1, r1, r6, r7\n"
	"iadd r1, r1, r4\n"
	"shf.l.w r3, r3, 0xd, r3\n"
	"iadd r3, r3, r1\n"
	"shr.u32 r6, r1, 0xf\n"
	"lop.xor pt, r1, r1, r6\n"
	"iadd r4, r4, r5\n"
	"isetp.ne.s32.and p0, pt, r4, rz, pt\n"
	"@p0 bra loop\n"
	"exit\n";

static const char floating[] =
	"mov32i r5, 0xffffffff\n"
	"mov32i r4, 0x1000\n"
	"mov32i r1, 0x3f800000\n"
	"mov32i r2, 0x3f7fff00\n"
	"mov r3, r2\n"
	"loop:\n"
	"ffma r1, r1, r2, r3\n"
	"fmul r3, r1, r2\n"
	"fadd r1, r1, r3\n"
	"ffma r3, r3, r2, r1\n"
	"fmul r1, r3, r2\n"
	"iadd r4, r4, r5\n"
	"isetp.ne.s32.and p0, pt, r4, rz, pt\n"
	"@p0 bra loop\n"
	"exit\n";

static const char memory[] =
	"mov32i r9, 0xffffffff\n"
	"mov32i r8, 0x1000\n"
	"s2r r1, sr_tid.x\n"
	"shl r1, r1, 0x2\n"
	"mov r2, c[0x0][0x0]\n"
	"mov r3, c[0x0][0x4]\n"
	"iadd.cc r2, r2, r1\n"
	"iadd.x r3, r3, rz\n"
	"loop:\n"
	"ld.e.32 r4, [r2]\n"
	"iadd r4, r4, r8\n"
	"st.e.32 [r2], r4\n"
	"iadd r8, r8, r9\n"
	"isetp.ne.s32.and p0, pt, r8, rz, pt\n"
	"@p0 bra loop\n"
	"exit\n";

static double thread_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* M warp instructions a second. */
static double rate(const char *name, const char *text)
{
	struct machine m;
	double start, spent;
	u64 before, done;

	machine_init(&m);
	machine_program(&m, text);
	machine_arg_address(&m, 0, M_DATA);
	m.launch.block[0] = 256;
	before = sm_core_instructions(m.core);
	start = thread_seconds();
	do {
		if (machine_run(&m, false) != SM_BLOCK_DONE) {
			printf("%s did not end\n", name);
			exit(1);
		}
		spent = thread_seconds() - start;
	} while (spent < SECONDS);
	done = sm_core_instructions(m.core) - before;
	machine_fini(&m);
	printf("%-8s %6.1f M warp instructions/s on one core\n", name, done / spent / 1e6);
	fflush(stdout);
	return done / spent / 1e6;
}

int main(int argc, char **argv)
{
	double least = argc > 1 ? atof(argv[1]) : 0;
	double integers = rate("integer", integer);

	rate("f32", floating);
	rate("memory", memory);
	return integers < least;
}
