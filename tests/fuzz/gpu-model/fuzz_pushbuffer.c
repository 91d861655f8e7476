// SPDX-License-Identifier: MIT
/*
 * Fuzz target for what a user of a channel controls: GPFIFO entries, push buffers
 * and the methods in them. An input is a list of steps: raw words, methods with
 * numbers that make sense, semaphores, launches, doorbells, replays and cancels of faults.
 * Every other device takes copies to nowhere for replayable faults, whose entries come
 * late, twice and behind PUT. Whatever comes, the channel must be removable in the time of a few slices, guest RAM must not be left,
 * and a second channel must go on working.
 */
#include "fault_rig.h"
#include "fuzz_main.h"
#include "pce_rig.h"

#define FUZZED	1u
#define WITNESS	2u

/* Instance blocks and page tables of the two, kept to be put back: physical copies reach them. */
#define SCENE_AT	(TABLES_AT + FUZZED * (1u << 20))
#define SCENE_SIZE	(2u << 20)
#define INPUTS_A_DEVICE	256

static struct bench b;
static struct chan fuzzed, witness;
static u8 *scene;

static u64 address(u8 pick, u8 low)
{
	static const u64 base[] = {
		VRAM_VA + DATA_AT, SYS_VA, SYS_VA + RAM_SIZE - 256, NOWHERE_VA, VRAM_VA + SEMA_AT,
		(1ull << 49) - 128, (1ull << 40) - 64, 0, VRAM_VA + PUSH_AT + FUZZED * PUSH_SIZE,
		VRAM_VA + (32u << 20) - 100, DATA_AT, 128ull << 20, ~0ull,
	};

	return base[pick % ARRAY_SIZE(base)] + low * 3;
}

static u32 number(u8 pick, u8 low)
{
	static const u32 n[] = { 0, 1, 2, 64, 4096, 65536, 0x7fffffff, 0xffffffff, 0x80000000, 100000 };

	return pick & 0x80 ? low : n[pick % ARRAY_SIZE(n)];
}

/* One step of at most 64 words. */
static void step(struct chan *c, const u8 *d)
{
	static const u32 kinds[] = { 0xc1b5, 0xc1b5, 0xc1b5, 0x906e, 0xc197, 0xc1c0, 0x902d, 0xa140 };

	switch (d[0] % 14) {
	case 0:
		push(c, d[1] | (u32)d[2] << 8 | (u32)d[3] << 16 | (u32)d[4] << 24);
		break;
	case 1:
		mthd(c, d[1] & 7, 0, kinds[d[2] & 7]);
		break;
	case 2:
		head(c, d[1] & 7, CE, (d[2] | (d[3] & 0x1f) << 8) << 2 & 0x3ffc, d[4] & 15);
		for (u32 i = 0; i < (d[4] & 15); i++)
			push(c, number(d[5], d[6] + i));
		break;
	case 3:
	case 4:
		sema(c, address(d[1], d[2]), number(d[3], d[4]), d[5] | (d[7] & 1u) << 12 | (u32)d[6] << 24);
		break;
	case 5:
	case 6:
	case 7:
		ce_object(c, 0xc1b5);
		ce_launch(c, address(d[1], d[2]), address(d[3], d[4]), number(d[5], d[1]), number(d[5] >> 1, d[2]),
			  number(d[6], d[3]), number(d[6] >> 2, d[4]),
			  (d[7] | (u32)d[5] << 8 | (u32)(d[6] & 15) << 16) | (d[7] & 1 ? L_COPY : 0));
		break;
	case 8:
		mthd(c, CE, 0x700 + (d[1] & 3) * 4, d[2] | (u32)d[3] << 8 | (u32)d[4] << 16 | (u32)d[5] << 24);
		break;
	case 9:
		if (c->at != c->begin)
			end_entry(c);
		break;
	case 10:
		entry(c, address(d[1], d[2]), number(d[3], d[4]) & 0x1fffff, (u32)d[5] << 24);
		break;
	case 11:
		kick(c);
		break;
	case 12:		/* replay, cancel one, cancel all */
		invalidate(&b, c->t.pd3, 1 | (d[1] & 3u) << 3 | (u32)d[2] << 9 | (u32)d[3] << 15);
		break;
	case 13:		/* the driver reads the fault buffer, or says so */
		wr32(&b, 0x002a7c, d[1] & 1 ? rd32(&b, 0x002a80) : d[2]);
		wr32(&b, 0x002a84, ~0u);
		break;
	}
}

static void serve_interrupts(void)
{
	for (u32 i = 0; i < 5; i++) {
		wr32(&b, 0x0400c0 + 0x2000 * i, 0x80600008);
		wr32(&b, 0x040108 + 0x2000 * i, ~0u);
	}
	wr32(&b, 0x0025a0, ~0u);
	wr32(&b, 0x00259c, ~0u);
	wr32(&b, 0x002100, ~0u);
}

static void open_device(bool replay)
{
	const char *const opts[] = {
		"delay", "0", "delay-every", "0", "ce-fault", replay ? "replay" : "fatal", "fault-late-us", replay ? "50" : "0",
		"fault-ahead-us", replay ? "50" : "0", "fault-duplicate", replay ? "30" : "0", "fault-entries", "16", NULL,
	};

	bench_open(&b, "gp104", 128u << 20, opts);
	setup_fault_buffer(&b);
	chan_open(&fuzzed, &b, FUZZED, REPLAY);
	chan_open(&witness, &b, WITNESS, 0);
	scene = scene ? scene : malloc(SCENE_SIZE);
	if (!scene)
		abort();
	memcpy(scene, vram(&b, SCENE_AT), SCENE_SIZE);
}

/* A channel as if it were new, alone on its runlist. */
static void renew(struct chan *c, u32 rl)
{
	const struct chan *list[1] = { c };

	memset(vram(&b, USERD_AT + c->id * 0x200), 0, 0x200);
	c->put = c->at = c->begin = 0;
	wr32(&b, 0x800000 + 8 * c->id, 0x80000000 | (u32)(c->t.inst >> 12));
	wr32(&b, 0x800004 + 8 * c->id, 0x400);
	runlist(&b, rl, &c->id, list, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int inputs;
	struct chan *c = &fuzzed;

	if (!b.gpu)
		open_device(inputs / INPUTS_A_DEVICE % 2);
	memcpy(vram(&b, SCENE_AT), scene, SCENE_SIZE);
	wr32(&b, 0x100cbc, 0x80000003);
	renew(c, 1);
	for (u32 n = 0; size >= 8 && n < 100 && c->at + 1024 < PUSH_SIZE; n++, data += 8, size -= 8)
		step(c, data);
	kick(c);
	serve_interrupts();
	sleep_ms(1);
	serve_interrupts();
	wr32(&b, 0x800004 + 8 * FUZZED, 0x800);
	wr32(&b, 0x002634, 1u << 24 | FUZZED);
	if (!wait32(&b, 0x002634, BIT(20), 0) && !wait32(&b, 0x002634, BIT(20), 0)) {
		fprintf(stderr, "a channel does not get off its engine\n");
		abort();
	}
	wr32(&b, 0x800000 + 8 * FUZZED, 0);
	serve_interrupts();
	/* It may have written all of VRAM: the witness begins anew as well. */
	memcpy(vram(&b, SCENE_AT), scene, SCENE_SIZE);
	wr32(&b, 0x100cbc, 0x80000003);
	renew(&witness, 2);
	if (!finish(&witness)) {
		fprintf(stderr, "another channel has stopped\n");
		abort();
	}
	if (++inputs % INPUTS_A_DEVICE == 0) {
		bench_close(&b);
		b.gpu = NULL;
	}
	return 0;
}
