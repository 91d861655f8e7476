// SPDX-License-Identifier: MIT
/* Divergence, calls, barriers, turns of warps, and errors. */
#include <string.h>

#include "machine.h"

/* Every program ends with r12 of each thread in out[thread]. */
#define HEAD \
	"s2r r0, sr_tid.x\n" \
	"shl r1, r0, 0x2\n" \
	"iadd r2, r1, c[0x0][0x0]\n" \
	"mov r3, c[0x0][0x4]\n"
#define TAIL \
	"st.e.32 [r2], r12\n" \
	"exit\n"

static struct machine m;

static u32 *run(u32 threads, const char *text)
{
	machine_fini(&m);
	machine_init(&m);
	m.launch.block[0] = threads;
	m.launch.shared = 4096;
	machine_arg_address(&m, 0, M_DATA);
	machine_program(&m, text);
	if (machine_run(&m, false) != SM_BLOCK_DONE)
		printf("# %s: %s\n", sm_core_report(m.core)->text,
		       sm_error_name(sm_core_report(m.core)->error));
	return machine_at(&m, M_DATA);
}

static bool all(const u32 *out, u32 threads, u32 (*want)(u32 tid))
{
	for (u32 t = 0; t < threads; t++) {
		if (out[t] != want(t)) {
			printf("# thread %u: %u instead of %u\n", t, out[t], want(t));
			return false;
		}
	}
	return true;
}

static u32 if_else_want(u32 t)
{
	return (t & 1 ? 100 + t : 200 + t) + 1000;
}

static const char if_else[] = HEAD
	"lop.and pt, r4, r0, 0x1\n"
	"isetp.ne.u32.and p0, pt, r4, rz, pt\n"
	"ssy join\n"
	"@p0 bra odd\n"
	"iadd r12, r0, 0xc8\n"
	"sync\n"
	"odd:\n"
	"iadd r12, r0, 0x64\n"
	"sync\n"
	"join:\n"
	"iadd r12, r12, 0x3e8\n"
	TAIL;

static u32 nested_want(u32 t)
{
	return t < 8 ? t < 4 ? 1 : 2 : t < 16 ? 3 : 4;
}

static const char nested[] = HEAD
	"isetp.lt.u32.and p0, pt, r0, 0x8, pt\n"
	"ssy end\n"
	"@!p0 bra high\n"
	"isetp.lt.u32.and p1, pt, r0, 0x4, pt\n"
	"ssy low_end\n"
	"@!p1 bra low_high\n"
	"mov32i r12, 0x1\n"
	"sync\n"
	"low_high:\n"
	"mov32i r12, 0x2\n"
	"sync\n"
	"low_end:\n"
	"sync\n"
	"high:\n"
	"isetp.lt.u32.and p1, pt, r0, 0x10, pt\n"
	"mov32i r12, 0x4\n"
	"@p1 mov32i r12, 0x3\n"
	"sync\n"
	"end:\n"
	TAIL;

static u32 loop_want(u32 t)
{
	return t * (t + 1) / 2;		/* skips nothing, leaves after t rounds */
}

/* Each lane leaves a loop after a number of rounds of its own. */
static const char loop[] = HEAD
	"mov r12, rz\n"
	"mov r5, rz\n"
	"pbk out\n"
	"again:\n"
	"isetp.ge.u32.and p0, pt, r5, r0, pt\n"
	"@p0 brk\n"
	"iadd r5, r5, 0x1\n"
	"iadd r12, r12, r5\n"
	"bra again\n"
	"out:\n"
	TAIL;

static u32 cont_want(u32 t)
{
	u32 sum = 0;

	for (u32 n = 0; n < t; n++)
		sum += n & 1 ? n : 0;
	return sum;
}

/* The same with a "continue" that some lanes take. */
static const char cont[] = HEAD
	"mov r12, rz\n"
	"mov32i r5, 0xffffffff\n"
	"pbk out\n"
	"next:\n"
	"pcnt next_end\n"
	"iadd r5, r5, 0x1\n"
	"isetp.ge.u32.and p0, pt, r5, r0, pt\n"
	"@p0 brk\n"
	"lop.and.z p1, r6, r5, 0x1\n"
	"@p1 cont\n"
	"iadd r12, r12, r5\n"
	"cont\n"
	"next_end:\n"
	"bra next\n"
	"out:\n"
	TAIL;

static u32 call_want(u32 t)
{
	return t & 2 ? 3 * t + 7 : t + 7;
}

/* A function that some lanes return from early. */
static const char call[] = HEAD
	"mov r12, r0\n"
	"cal triple\n"
	"iadd r12, r12, 0x7\n"
	TAIL
	"triple:\n"
	"lop.and pt, r4, r0, 0x2\n"
	"isetp.eq.u32.and p0, pt, r4, rz, pt\n"
	"@p0 ret\n"
	"iscadd r12, r0, r0, 0x1\n"
	"ret\n";

static u32 exit_want(u32 t)
{
	return t < 16 ? 0 : t + 1;
}

/* Lanes that exit inside of a divergent piece are not waited for. */
static const char early_exit[] = HEAD
	"isetp.lt.u32.and p0, pt, r0, 0x10, pt\n"
	"ssy join\n"
	"@!p0 sync\n"
	"exit\n"
	"join:\n"
	"iadd r12, r0, 0x1\n"
	TAIL;

static u32 vote_want(u32 t)
{
	return t < 8 ? 0x55 : 0xaaaaaaaa & ~0xffu;
}

/* Ballots see the lanes that run. */
static const char vote[] = HEAD
	"lop.and.nz p1, r4, r0, 0x1\n"
	"isetp.lt.u32.and p0, pt, r0, 0x8, pt\n"
	"ssy join\n"
	"@p0 bra low\n"
	"vote.any r12, p2, p1\n"
	"sync\n"
	"low:\n"
	"vote.any r12, p2, !p1\n"
	"sync\n"
	"join:\n"
	TAIL;

static u32 shuffle_want(u32 t)
{
	u32 lane = t & 31;

	return (lane ^ 5) + 10 * (lane < 30 ? lane + 2 : lane) +
	       1000 * (lane & ~7u) + (lane >= 3 ? 100000 : 0);
}

static const char shuffle[] = HEAD
	"s2r r4, sr_laneid\n"
	"shfl.bfly pt, r12, r4, 0x5, 0x1f\n"
	"shfl.down pt, r5, r4, 0x2, 0x1f\n"
	"xmad r12, r5, 0xa, r12\n"
	"mov32i r6, 0x181f\n"
	"shfl.idx pt, r5, r4, rz, r6\n"		/* first of each segment of 8 */
	"xmad r12, r5, 0x3e8, r12\n"
	"shfl.up p0, r5, r4, 0x3, 0x0\n"
	"@p0 iadd32i r12, r12, 0x186a0\n"
	TAIL;

static u32 barrier_want(u32 t)
{
	return 255 - t;
}

/* What a warp wrote before the barrier the others read behind it. */
static const char barrier[] = HEAD
	"sts.32 [r1], r0\n"
	"bar.sync 0x0\n"
	"mov32i r4, 0xff\n"
	"iadd r4, r4, -r0\n"
	"shl r4, r4, 0x2\n"
	"lds.32 r12, [r4]\n"
	TAIL;

static u32 exited_barrier_want(u32 t)
{
	return t < 32 ? 0 : 1;
}

/* A warp that has ended is not waited for. */
static const char exited_barrier[] = HEAD
	"isetp.lt.u32.and p0, pt, r0, 0x20, pt\n"
	"@p0 exit\n"
	"bar.sync 0x0\n"
	"mov32i r12, 0x1\n"
	TAIL;

static u32 half_barrier_want(u32 t)
{
	return t < 64 ? 63 - t : 255 - t;
}

/* Two barriers, each of half of the warps. */
static const char half_barrier[] = HEAD
	"isetp.lt.u32.and p0, pt, r0, 0x40, pt\n"
	"@p0 bra low\n"
	"bar.sync 0x1, 0x40\n"
	"mov32i r4, 0xbf\n"
	"iadd r4, r4, -r0\n"
	"iadd r12, r4, 0x40\n"
	TAIL
	"low:\n"
	"bar.sync 0x2, 0x40\n"
	"mov32i r4, 0x3f\n"
	"iadd r12, r4, -r0\n"
	TAIL;

/* BAR.RED: how many threads, whether all, whether any, and again when the barrier is used again. */
static u32 count_want(u32 t)
{
	(void)t;
	return 70 + 1000;
}

static const char count_barrier[] = HEAD
	"isetp.lt.u32.and p0, pt, r0, 0x46, pt\n"
	"bar.red 0x3, 0x80, p0\n"
	"b2r.result r12, p1\n"
	"@p1 iadd r12, r12, 0x3e8\n"
	TAIL;

static u32 count_none_want(u32 t)
{
	(void)t;
	return 3;
}

static const char count_none[] = HEAD
	"mov32i r12, 0x7\n"
	"bar.red 0x0, rz, !pt\n"
	"b2r.result r12, p1\n"
	"@!p1 iadd r12, r12, 0x3\n"
	TAIL;

static u32 and_or_want(u32 t)
{
	(void)t;
	return 1 + 4 + 8;
}

/* "and" of what one thread denies and of what all agree on, "or" of both, on one barrier. */
static const char and_or_barrier[] = HEAD
	"mov r12, rz\n"
	"isetp.ne.u32.and p0, pt, r0, 0x21, pt\n"
	"bar.red.and 0x0, rz, pt\n"
	"b2r.result r5, p1\n"
	"@p1 iadd r12, r12, 0x1\n"
	"bar.red.and 0x0, rz, p0\n"
	"b2r.result r5, p1\n"
	"@p1 iadd r12, r12, 0x2\n"
	"bar.red.or 0x0, rz, !p0\n"
	"b2r.result r5, p1\n"
	"@p1 iadd r12, r12, 0x4\n"
	"bar.red.or 0x0, rz, !pt\n"
	"b2r.result r5, p1\n"
	"@!p1 iadd r12, r12, 0x8\n"
	TAIL;

static u32 spin_want(u32 t)
{
	return t / 32 == 0 ? 0 : 1;
}

/* Warp 0 spins until the last warp has stored: nobody may starve. */
static const char spin[] = HEAD
	"mov r12, rz\n"
	"isetp.ge.u32.and p0, pt, r0, 0x20, pt\n"
	"@p0 bra other\n"
	"wait:\n"
	"lds.32 r4, [0x800]\n"
	"isetp.eq.u32.and p1, pt, r4, rz, pt\n"
	"@p1 bra wait\n"
	TAIL
	"other:\n"
	"mov32i r12, 0x1\n"
	"sts.32 [0x800], r12\n"
	TAIL;

/* A lock taken by one lane of each warp, the count under it plain. */
static const char lock[] = HEAD
	"s2r r10, sr_laneid\n"
	"isetp.ne.u32.and p0, pt, r10, rz, pt\n"
	"@p0 exit\n"
	"mov r4, rz\n"
	"mov32i r5, 0x1\n"
	"mov32i r9, 0x64\n"
	"again:\n"
	"atoms.cas.32 r6, [0x0], r4\n"
	"isetp.ne.u32.and p1, pt, r6, rz, pt\n"
	"@p1 bra again\n"
	"lds.32 r7, [0x4]\n"
	"iadd r7, r7, 0x1\n"
	"sts.32 [0x4], r7\n"
	"atoms.exch.u32 rz, [0x0], rz\n"
	"iadd r9, r9, -0x1\n"
	"isetp.ne.u32.and p1, pt, r9, rz, pt\n"
	"@p1 bra again\n"
	"bar.sync 0x0\n"
	"lds.32 r12, [0x4]\n"
	TAIL;

static void expect_error(const char *name, const char *text, enum sm_error error)
{
	enum sm_block_state state;

	machine_fini(&m);
	machine_init(&m);
	m.launch.shared = 256;
	m.launch.local = 64;
	machine_arg_address(&m, 0, M_DATA);
	machine_program(&m, text);
	state = machine_run(&m, false);
	ok(state == SM_BLOCK_ERROR && sm_core_report(m.core)->error == error, "%s: %s", name,
	   sm_error_name(sm_core_report(m.core)->error));
}

static void unknown_instruction(void)
{
	const struct sm_report *r;
	u64 *code;

	machine_fini(&m);
	machine_init(&m);
	machine_program(&m, "nop\nnop\nnop\nnop\nnop\nnop\n");
	code = machine_at(&m, M_CODE);
	code[5] = 0x0000123456789abcull;
	machine_run(&m, false);
	r = sm_core_report(m.core);
	ok(r->error == SM_ERR_ILLEGAL_INSTRUCTION && r->pc == M_BASE + 5 * 8 &&
	   r->word == code[5] && r->sched == code[4],
	   "an unknown instruction is reported with its address and words");
}

static void deadlock(void)
{
	machine_fini(&m);
	machine_init(&m);
	m.launch.block[0] = 64;
	machine_program(&m, "s2r r0, sr_tid.x\nisetp.lt.u32.and p0, pt, r0, 0x20, pt\n"
			    "@p0 bar.sync 0x1, 0x40\n@!p0 bar.sync 0x2, 0x40\nexit\n");
	ok(machine_run(&m, false) == SM_BLOCK_DEADLOCK,
	   "warps at different barriers are a deadlock, not a hang");
}

static u32 lock_sum(u32 t)
{
	return t % 32 ? 0 : 800;
}

static const struct {
	const char *name, *text;
	u32 threads;
	u32 (*want)(u32 tid);
} programs[] = {
	{ "both sides of a branch", if_else, 64, if_else_want },
	{ "nested branches", nested, 32, nested_want },
	{ "lanes leave a loop one after the other", loop, 32, loop_want },
	{ "lanes continue a loop early", cont, 32, cont_want },
	{ "lanes return from a call early", call, 48, call_want },
	{ "lanes exit inside of a divergent piece", early_exit, 32, exit_want },
	{ "a vote counts the lanes that run", vote, 32, vote_want },
	{ "shuffles", shuffle, 64, shuffle_want },
	{ "a barrier orders the warps of a block", barrier, 256, barrier_want },
	{ "a barrier does not wait for warps that have ended", exited_barrier, 96, exited_barrier_want },
	{ "barriers of half of the warps", half_barrier, 128, half_barrier_want },
	{ "a barrier counts a predicate", count_barrier, 128, count_want },
	{ "a barrier counts none", count_none, 96, count_none_want },
	{ "a barrier tells all and any", and_or_barrier, 90, and_or_want },
	{ "a spinning warp does not starve the others", spin, 96, spin_want },
	{ "a spin lock between warps keeps others out", lock, 256, lock_sum },
	{ "an incomplete last warp", if_else, 33, if_else_want },
};

int main(void)
{
	machine_init(&m);
	for (unsigned int n = 0; n < sizeof(programs) / sizeof(programs[0]); n++) {
		u32 *out = run(programs[n].threads, programs[n].text);

		ok(all(out, programs[n].threads, programs[n].want) &&
		   !out[programs[n].threads], "%s", programs[n].name);
	}
	unknown_instruction();
	deadlock();
	expect_error("sync without ssy", "sync\nexit\n", SM_ERR_EMPTY_STACK);
	expect_error("endless recursion", "again:\ncal again\nexit\n", SM_ERR_STACK);
	expect_error("register beyond the launch", "mov r64, rz\nexit\n", SM_ERR_OOR_REGISTER);
	expect_error("upper half beyond the launch", "dadd r63, r2, r4\nexit\n",
		     SM_ERR_OOR_REGISTER);
	expect_error("misaligned load", "ld.e.32 r4, [r2+0x2]\nexit\n", SM_ERR_MISALIGNED_ADDRESS);
	expect_error("shared memory beyond the block", "lds.32 r4, [0x100]\nexit\n",
		     SM_ERR_OOR_ADDRESS);
	expect_error("negative shared address", "lds.32 r4, [-0x4]\nexit\n", SM_ERR_OOR_ADDRESS);
	expect_error("local memory beyond the thread", "stl.32 [0x40], r4\nexit\n",
		     SM_ERR_OOR_ADDRESS);
	expect_error("atomic on local memory", "mov32i r2, 0xff000000\nmov r3, rz\n"
		     "red.add.e.u32 [r2], r4\nexit\n", SM_ERR_ADDRESS_SPACE);
	expect_error("barrier with an odd count", "bar.sync 0x0, 0x21\nexit\n",
		     SM_ERR_ILLEGAL_PARAMETER);
	expect_error("barrier with a scan", "bar.scan 0x0\nexit\n", SM_ERR_ILLEGAL_PARAMETER);
	expect_error("state of a barrier", "b2r.bar r0, pt, 0x0\nexit\n", SM_ERR_ILLEGAL_PARAMETER);
	expect_error("jump to nowhere aligned", "jmp 0x3\nexit\n", SM_ERR_MISALIGNED_PC);
	expect_error("breakpoint", "bpt 0x0\nexit\n", SM_ERR_ILLEGAL_INSTRUCTION);
	machine_fini(&m);
	return done();
}
