// SPDX-License-Identifier: MIT
/*
 * Injected trouble and what a driver does about it: a failed copy, a hung engine
 * with its context switch timeout and reset, a killed channel; and the schedule.
 */
#include "inject.h"
#include "pce_rig.h"

static struct bench b;
static struct chan c, d;

static int inject(const char *command)
{
	char text[256] = "";
	FILE *out = fmemopen(text, sizeof(text) - 1, "w");
	int r;

	gpu_lock(b.gpu);
	r = inject_command(b.gpu, command, out);
	gpu_unlock(b.gpu);
	fclose(out);
	if (r)
		printf("# %s\n", text);
	return r;
}

static void commands(void)
{
	ok(inject("nonsense"), "an unknown command is refused");
	ok(inject("hang"), "a missing number too");
	ok(inject("hang x"), "and what is no number");
	ok(inject("hang 1 2"), "and a number too many");
	ok(inject("hang 99"), "and one out of range");
	ok(inject("duplicate 101"), "more than 100 percent");
	ok(inject("kill 9"), "a channel that is not bound");
	ok(inject(""), "nothing");
}

static void copy_error(void)
{
	wr32(&b, 0x10440c + 0x80, 7);
	*vram(&b, DATA_AT) = 1;
	*vram(&b, DATA_AT + 64) = 0;
	ok_eq(inject("copy-error 2"), 0, "two copies are to fail");
	for (u32 i = 0; i < 2; i++) {
		ce_launch(&c, VRAM_VA + DATA_AT, VRAM_VA + DATA_AT + 64, 0, 0, 1, 1, L_COPY);
		ok(finish(&c) && *vram(&b, DATA_AT + 64) == 0, "copy %u copies nothing", i);
		ok_eq(rd32(&b, 0x104410 + 0x80), 4, "and raises LAUNCHERR");
		wr32(&b, 0x104410 + 0x80, 4);
	}
	ce_launch(&c, VRAM_VA + DATA_AT, VRAM_VA + DATA_AT + 64, 0, 0, 1, 1, L_COPY);
	ok(finish(&c) && *vram(&b, DATA_AT + 64) == 1, "the third is good");
}

/* The whole way of a driver: timeout, trigger, fault, reset of the engine. */
static void hang(void)
{
	const struct ce_info ce = ce_of_runlist(&b, 1);
	const u32 engine = ce.engine, reset = ce.reset;

	wr32(&b, 0x000200, ~0u);
	ok_eq(inject("hang 1"), 0, "hang runlist 1");
	sema_wr(&b, 0x100, 0);
	ce_launch(&c, VRAM_VA + DATA_AT, VRAM_VA + DATA_AT + 64, 0, 0, 1, 1, L_COPY);
	sema(&c, sema_va(0x100), 1, RELEASE_1);
	kick(&c);
	sleep_ms(5);
	ok_eq(sema_rd(&b, 0x100), 0, "the engine hangs");
	ok(finish(&d), "that of another runlist does not");
	wr32(&b, 0x800004 + 8 * c.id, 0x800);
	wr32(&b, 0x002634, 1u << 24 | c.id);
	sleep_ms(100);
	ok_eq(rd32(&b, 0x002634) & BIT(20), BIT(20), "a preemption does not end");
	ok_eq(rd32(&b, 0x002640 + 8 * engine) & 0x80008000, 0x80008000, "the engine is busy switching");
	ok_eq(rd32(&b, 0x002640 + 8 * engine) & 0x1fff, BIT(12) | c.id, "from the group");
	sleep_ms(800);
	ok(wait32(&b, 0x002100, BIT(8), BIT(8)), "SCHED_ERROR after a second");
	ok_eq(rd32(&b, 0x00254c) & 0xff, 0x0a, "CTXSW_TIMEOUT");
	wr32(&b, 0x002100, BIT(8));
	wr32(&b, 0x002a30 + 4 * engine, 0x100 | ce.fault);
	ok_eq(rd32(&b, 0x002100) >> 28 & 1, 1, "a triggered MMU fault");
	ok_eq(rd32(&b, 0x002a30 + 4 * engine) & 0x100, 0x100, "that says so");
	wr32(&b, 0x00259c, ~0u);
	wr32(&b, 0x002a30 + 4 * engine, 0);
	wr32(&b, 0x000200, ~BIT(reset));
	wr32(&b, 0x000200, ~0u);
	ok(wait32(&b, 0x002634, BIT(20), 0), "a reset of the engine ends the preemption");
	ok_eq(rd32(&b, 0x002640 + 8 * engine), 0, "the engine is idle");
	wr32(&b, 0x800004 + 8 * c.id, 0x400);
	sleep_ms(5);
	ok_eq(sema_rd(&b, 0x100), 0, "the channel is dead");
	chan_open_on(&c, &b, 1, 1, 0);
	ce_object(&c, 0xc1b5);
	ok(finish(&c), "a new one works");
}

static void kill_one(void)
{
	char text[32];

	snprintf(text, sizeof(text), "kill %u", c.id);
	ok_eq(inject(text), 0, "a channel is killed");
	ok_eq(rd32(&b, 0x002100) >> 28 & 1, 1, "by a fatal fault");
	ok_eq(rd32(&b, 0x002800 + 16 * 8), (u32)(c.t.inst >> 12), "that names it");
	wr32(&b, 0x00259c, ~0u);
	sema_wr(&b, 0x100, 0);
	sema(&c, sema_va(0x100), 1, RELEASE_1);
	kick(&c);
	sleep_ms(5);
	ok_eq(sema_rd(&b, 0x100), 0, "it runs no more");
}

static void interrupts(void)
{
	wr32(&b, 0x002a00, ~0u);
	wr32(&b, 0x002140, ~0u);
	wr32(&b, 0x002100, ~0u);
	wr32(&b, 0x000160, BIT(8));
	atomic_store(&b.irqs, 0);
	inject("lost-irq 1");
	mthd(&d, 0, 0x20, 0);
	finish(&d);
	ok(atomic_load(&b.irqs) == 0 && rd32(&b, 0x002100) >> 31, "a lost interrupt: pending, never sent");
	wr32(&b, 0x002100, ~0u);
	mthd(&d, 0, 0x20, 0);
	finish(&d);
	ok_eq(atomic_load(&b.irqs), 1, "the next one is sent");
	wr32(&b, 0x002100, ~0u);
	inject("late-irq 300000");
	mthd(&d, 0, 0x20, 0);
	finish(&d);
	ok_eq(atomic_load(&b.irqs), 1, "a late one is not there yet");
	sleep_ms(500);
	ok_eq(atomic_load(&b.irqs), 2, "and comes");
	inject("late-irq 0");
}

static void schedule(void)
{
	static const char *const opts[] = {
		"delay", "0", "schedule", "ce.launches@3:copy-error:1,ms@1:delay:7:9,pbdma.entries@1000000:hang:0",
		NULL,
	};
	char error[128];
	u32 good = 0;

	ok(schedule_check("ce.launches@x:copy-error", error, sizeof(error)), "schedule: not a number");
	ok(schedule_check("nothing@1:copy-error", error, sizeof(error)), "schedule: no such counter");
	ok(schedule_check("ce.launches:copy-error", error, sizeof(error)), "schedule: no @");
	ok_eq(schedule_check("ms@5:hang:1,ce.bytes@4096:kill:2", error, sizeof(error)), 0, "schedule: good");
	bench_open(&b, "gp104", 128u << 20, opts);
	chan_open_on(&c, &b, 1, 1, 0);
	ce_object(&c, 0xc1b5);
	for (u32 i = 1; i <= 10; i++) {
		*vram(&b, DATA_AT) = (u8)i;
		ce_launch(&c, VRAM_VA + DATA_AT, VRAM_VA + DATA_AT + 64, 0, 0, 1, 1, L_COPY);
		finish(&c);
		good += *vram(&b, DATA_AT + 64) == i;
	}
	ok_eq(good, 9, "one of ten copies fails by schedule");
	ok_eq(counter_get(b.gpu, CTR_CE_LAUNCH_ERRORS), 1, "and is counted");
	ok(wait32(&b, 0x002008, ~0u, 128) && atomic_load(&b.gpu->inject->waiting), "the rest waits");
	bench_close(&b);
}

int main(void)
{
	static const char *const opts[] = { "delay", "0", NULL };

	bench_open(&b, "gp104", 128u << 20, opts);
	chan_open_on(&c, &b, 1, 1, 0);
	chan_open_on(&d, &b, 2, 2, 0);
	ce_object(&c, 0xc1b5);
	commands();
	copy_error();
	hang();
	kill_one();
	interrupts();
	bench_close(&b);
	schedule();
	return tap_done();
}
