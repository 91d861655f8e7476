// SPDX-License-Identifier: MIT
/*
 * Every injection, by the control socket and by a schedule: that it does what it says.
 * Each has a device of its own with one channel that copies, whose faults are replayable.
 */
#include "control_client.h"
#include "ctl.h"
#include "fault.h"
#include "fault_rig.h"
#include "inject.h"
#include "pce_rig.h"

#define SRC	(VRAM_VA + DATA_AT)
#define DST	(VRAM_VA + DATA_AT + 4096)
#define HOLE	(NOWHERE_VA + 0x10000)
#define ROUNDS	50

enum way { BY_SOCKET, BY_SCHEDULE };

static const char *const way_name[] = { "socket", "schedule" };
static struct bench b;
static struct chan c;
static struct ctl *ctl;
static char dir[] = "/tmp/gpu-model-test-XXXXXX", path[64];
static int fd;

/* A good copy of one byte: did it arrive? */
static bool copy(u8 value)
{
	*vram(&b, DATA_AT) = value;
	ce_launch(&c, SRC, DST, 0, 0, 1, 1, L_COPY);
	return finish(&c) && *vram(&b, DATA_AT + 4096) == value;
}

static void ring(void)
{
	bar_wr32(&b, GPU_BAR1, USERD_AT + c.id * 0x200 + 0x8c, c.put);
}

/*
 * A device, and the command carried out. By schedule it is written with colons, waits for
 * the first copy, and comes with the doorbell after it; @later may be more of the schedule.
 */
static bool begin(enum way way, const char *command, const char *later)
{
	char schedule[128], line[64], error[128] = "";
	const char *const opts[] = {
		"delay", "0", "delay-every", "0", "ce-fault", "replay", "fault-entries", "16",
		way == BY_SCHEDULE ? "schedule" : NULL, schedule, NULL,
	};
	bool good;

	snprintf(schedule, sizeof(schedule), "ce.launches@1:%s%s", command, later);
	for (char *p = schedule; *p; p++)
		*p = *p == ' ' ? ':' : *p;
	bench_open(&b, "gp104", 128u << 20, opts);
	ctl = ctl_new(b.gpu, path, error, sizeof(error));
	fd = dial(path);
	wr32(&b, 0x002140, ~0u);
	wr32(&b, 0x000160, BIT(8));
	setup_fault_buffer(&b);
	chan_open_on(&c, &b, 1, 1, REPLAY);
	wr32(&b, 0x002a00, ~0u);
	wr32(&b, 0x002100, ~0u);
	ce_object(&c, 0xc1b5);
	good = ctl && copy(1);
	if (way == BY_SCHEDULE) {
		ring();
		return good;
	}
	snprintf(line, sizeof(line), "inject %s\n", command);
	return good && !strcmp(ask(fd, line), "ok\n");
}

static void end(void)
{
	close(fd);
	ctl_free(ctl);
	bench_close(&b);
}

/* A copy from an address that is not mapped is begun. */
static void fault(void)
{
	ce_launch(&c, HOLE, DST, 0, 0, 1, 1, L_COPY);
	kick(&c);
}

static void copy_error(enum way way)
{
	bool armed = begin(way, "copy-error 1", "");

	ok(armed && !copy(2), "copy-error by %s: a copy fails", way_name[way]);
	ok(copy(3) && counter_get(b.gpu, CTR_CE_LAUNCH_ERRORS) == 1, "and the next does not");
	end();
}

static void hang(enum way way)
{
	bool armed = begin(way, "hang 1", ",fifo.doorbells@40:unhang:1");

	*vram(&b, DATA_AT) = 2;
	ce_launch(&c, SRC, DST, 0, 0, 1, 1, L_COPY);
	kick(&c);
	sleep_ms(20);
	ok(armed && *vram(&b, DATA_AT + 4096) == 1, "hang by %s: the engine stands", way_name[way]);
	if (way == BY_SOCKET)
		ok(!strcmp(ask(fd, "inject unhang 1\n"), "ok\n"), "it is let go");
	for (int i = 0; way == BY_SCHEDULE && i < 40; i++)
		ring();
	ok(finish(&c) && *vram(&b, DATA_AT + 4096) == 2, "unhang by %s: it goes on", way_name[way]);
	end();
}

static void delay(enum way way)
{
	bool armed = begin(way, "delay 20000 1", "");
	u64 start = host_ns();
	u32 good = 0;

	for (u8 i = 0; i < 10; i++)
		good += copy(i);
	ok(armed && good == 10 && host_ns() - start > 50000000,
	   "delay by %s: ten copies, each up to 20 ms late twice, take 50 ms at least", way_name[way]);
	end();
}

static void lost_irq(enum way way)
{
	bool armed = begin(way, "lost-irq 1", "");
	unsigned int before = atomic_load(&b.irqs);

	mthd(&c, 0, 0x20, 0);
	finish(&c);
	ok(armed && atomic_load(&b.irqs) == before && rd32(&b, 0x002100) >> 31,
	   "lost-irq by %s: it pends and was not sent", way_name[way]);
	wr32(&b, 0x002100, ~0u);
	mthd(&c, 0, 0x20, 0);
	finish(&c);
	ok_eq(atomic_load(&b.irqs), before + 1, "the next is");
	end();
}

/* Up to 20 ms late, at random: of many some are seen to be, and each comes. */
static void late_irq(enum way way)
{
	bool armed = begin(way, "late-irq 20000", "");
	unsigned int late = 0, came = 0;

	for (u32 i = 0; i < ROUNDS; i++) {
		unsigned int before = atomic_load(&b.irqs);

		mthd(&c, 0, 0x20, 0);
		finish(&c);
		late += atomic_load(&b.irqs) == before;
		for (u32 ms = 0; ms < 5000 && atomic_load(&b.irqs) == before; ms++)
			sleep_ms(1);
		came += atomic_load(&b.irqs) == before + 1;
		wr32(&b, 0x002100, ~0u);
	}
	ok(armed && late > 0, "late-irq by %s: interrupts are late", way_name[way]);
	ok_eq(came, ROUNDS, "and come");
	end();
}

static void overflow(enum way way)
{
	bool armed = begin(way, "overflow 1", "");

	fault();
	ok(armed && wait32(&b, 0x002a80, ~0u, 1), "overflow by %s: a buffer that is empty takes an entry", way_name[way]);
	invalidate(&b, c.t.pd3, 1 | 1 << 3);
	ok(wait32(&b, 0x002a84, 1, 1) && rd32(&b, 0x002a80) == 1, "and has no room for the next");
	wr32(&b, 0x002a84, 1);
	invalidate(&b, c.t.pd3, 1 | 1 << 3);
	ok(wait32(&b, 0x002a80, ~0u, 2), "which comes again with the next replay");
	end();
}

static void duplicate(enum way way)
{
	bool armed = begin(way, "duplicate 100", "");

	fault();
	ok(armed && wait32(&b, 0x002a80, ~0u, 2), "duplicate by %s: two entries", way_name[way]);
	ok(fault_entry(&b, 0)[2] == (u32)HOLE && fault_entry(&b, 1)[2] == (u32)HOLE, "of one access");
	end();
}

static void late_fault(enum way way)
{
	bool armed = begin(way, "late-fault 200000", "");

	fault();
	ok(armed && wait32(&b, 0x002a80, ~0u, 1), "late-fault by %s: the entry comes", way_name[way]);
	ok_eq((long long)counter_get(b.gpu, CTR_FAULTS_LATE), 1, "late");
	end();
}

static void ahead(enum way way)
{
	bool armed = begin(way, "ahead 200000", "");

	fault();
	ok(armed && wait32(&b, 0x002a80, ~0u, 1), "ahead by %s: PUT moves", way_name[way]);
	ok_eq((long long)counter_get(b.gpu, CTR_FAULTS_BEHIND), 1, "and its entry is written behind it");
	for (u32 ms = 0; ms < 5000 && !(fault_entry(&b, 0)[7] >> 31); ms++)
		sleep_ms(1);
	ok(fault_entry(&b, 0)[7] >> 31 && fault_entry(&b, 0)[2] == (u32)HOLE, "at last");
	end();
}

/* That a burst arrives with its last entry is shown where entries are posted by hand (fault_buffer.c). */
static void burst(enum way way)
{
	bool armed = begin(way, "burst 7", "");
	struct fault_policy policy;

	gpu_lock(b.gpu);
	fault_get_policy(b.gpu, &policy);
	gpu_unlock(b.gpu);
	ok(armed && policy.burst == 7, "burst by %s: seven at a time", way_name[way]);
	fault();
	ok(wait32(&b, 0x002a80, ~0u, 1), "one that stays alone arrives too");
	end();
}

static void kill_channel(enum way way)
{
	bool armed = begin(way, "kill 1", "");

	ok(armed && wait32(&b, 0x002100, BIT(28), BIT(28)) && rd32(&b, 0x00259c), "kill by %s: a fatal fault", way_name[way]);
	*vram(&b, DATA_AT) = 2;
	ce_launch(&c, SRC, DST, 0, 0, 1, 1, L_COPY);
	kick(&c);
	sleep_ms(20);
	ok_eq(*vram(&b, DATA_AT + 4096), 1, "and the channel runs no more");
	end();
}

static void removal(enum way way)
{
	bool armed = begin(way, "remove", "");

	ok(armed && rd32(&b, 0) == ~0u && bar_rd32(&b, GPU_CONFIG, 0) == ~0u, "remove by %s: all ones", way_name[way]);
	end();
}

int main(void)
{
	static void (*const test[])(enum way) = {
		copy_error, hang, delay, lost_irq, late_irq, overflow, duplicate, late_fault, ahead, burst, kill_channel,
		removal,
	};

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/ctl", dir);
	for (size_t i = 0; i < ARRAY_SIZE(test); i++) {
		test[i](BY_SOCKET);
		test[i](BY_SCHEDULE);
	}
	rmdir(dir);
	return tap_done();
}
