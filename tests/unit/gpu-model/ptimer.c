// SPDX-License-Identifier: MIT
/* The timer: time, setting it, alarms. */
#include "bench_device.h"
#include "ptimer.h"

static struct bench b;

static u64 read_time(void)
{
	u32 hi = rd32(&b, 0x009410), lo = rd32(&b, 0x009400);

	return rd32(&b, 0x009410) == hi ? (u64)hi << 32 | lo : read_time();
}

static void test_time(void)
{
	u64 a = read_time(), c;

	sleep_ms(20);
	c = read_time();
	ok(c - a >= 20000000 && c - a < 2000000000, "time runs in nanoseconds");
	ok_eq(rd32(&b, 0x009400) & 0x1f, 0, "the low five bits are zero");
	wr32(&b, 0x009410, 0x1234);
	wr32(&b, 0x009400, 0x10000000);
	c = read_time();
	ok(c >> 32 == 0x1234 && (u32)c - 0x10000000u < 1000000000, "it can be set");
	ok(ptimer_now(b.gpu) - c < 1000000000, "and timestamps follow");
}

static void arm(u32 in_ns)
{
	wr32(&b, 0x009140, 0);
	wr32(&b, 0x009100, 1);
	wr32(&b, 0x009420, rd32(&b, 0x009400) + in_ns);
	wr32(&b, 0x009140, 1);
}

static void test_alarm(void)
{
	unsigned int before = atomic_load(&b.irqs);

	wr32(&b, 0x000160, 1 << 20);
	arm(500000000);
	ok_eq(rd32(&b, 0x009100), 0, "an alarm has not come before its time");
	ok(wait32(&b, 0x009100, 1, 1), "it comes");
	ok_eq(atomic_load(&b.irqs) - before, 1, "with one interrupt");
	ok(rd32(&b, 0x000100) & 1 << 20, "of the timer");
	wr32(&b, 0x009100, 1);
	ok(!rd32(&b, 0x009100) && !(rd32(&b, 0x000100) & 1 << 20), "which is acknowledged by a one");
	arm(-1000u);
	ok(wait32(&b, 0x009100, 1, 1), "an alarm that is just past fires at once");
	wr32(&b, 0x009100, 1);
	arm(30000000);
	wr32(&b, 0x009140, 0);
	before = atomic_load(&b.irqs);
	ok(wait32(&b, 0x009100, 1, 1), "with the enable off it still pends");
	ok(!(rd32(&b, 0x000100) & 1 << 20) && atomic_load(&b.irqs) == before, "but does not interrupt");
	arm(600000000);
	wr32(&b, 0x009420, rd32(&b, 0x009400) + 20000000);
	ok(wait32(&b, 0x009100, 1, 1), "writing the alarm again moves it");
	wr32(&b, 0x009100, 1);
	sleep_ms(700);
	ok_eq(rd32(&b, 0x009100), 0, "the old one is gone");
}

static void test_alarm_follows_clock(void)
{
	u64 start = host_ns();

	arm(4000000000u);
	wr32(&b, 0x009400, rd32(&b, 0x009420) - 1000000);
	ok(wait32(&b, 0x009100, 1, 1) && host_ns() - start < 3500000000u,
	   "setting the clock forward brings an alarm nearer");
	wr32(&b, 0x009100, 1);
	arm(10000000);
	gpu_reset(b.gpu);
	sleep_ms(40);
	ok_eq(rd32(&b, 0x009100), 0, "a reset disarms");
	wr32(&b, 0x009400, 0x20);
	sleep_ms(20);
	ok_eq(rd32(&b, 0x009100), 0, "setting the clock arms nothing");
}

int main(void)
{
	bench_open(&b, NULL, 64 << 20, NULL);
	test_time();
	test_alarm();
	test_alarm_follows_clock();
	bench_close(&b);
	return tap_done();
}
