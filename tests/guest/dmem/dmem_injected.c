// SPDX-License-Identifier: MIT
/*
 * Trouble made on purpose, by the model's control port: copies that fail, come late, or
 * never end; interrupts that are lost; a channel that dies. Whatever happens, the data
 * is right, nothing is lost, and afterwards memory moves as before.
 */
#define _GNU_SOURCE
#include "gpu.h"
#include "model_port.h"

#include <sys/mman.h>

#define SIZE	(4 * HUGE)
#define PAGES	((long)(SIZE / PAGE))

static struct gpu g;
static char *a;
static uint32_t seed;

static void inject(const char *what)
{
	char line[64];

	snprintf(line, sizeof(line), "inject %s", what);
	if (!model_command(line, NULL, 0))
		must(-1, line);
}

/* All in RAM with a new content, and all counters at zero. */
static void begin(void)
{
	fill(a, SIZE, ++seed);
	must(dmem_order("reset"), "reset");
}

/* In the end everything works and is sound. */
static void works_again(const char *name)
{
	bool right = !wrong(a, SIZE, seed);

	ok(right && svm_to_vram(&g, a, SIZE) == PAGES && !wrong(a, SIZE, seed) &&
	   !dmem_order("check") && dmem_number("bytes used") == 0 &&
	   dmem_number("bytes reserved") == 0 &&
	   dmem_number("pages lost: device did not answer") == 0, name);
}

static void a_copy_fails(void)
{
	begin();
	inject("copy-error 1");
	ok(svm_to_vram(&g, a, SIZE) == PAGES - (long)(HUGE / PAGE),
	   "a copy to VRAM fails: its 2 MiB stay, the rest moves");
	ok(dmem_number("copies failed") == 1, "it is counted");
	works_again("and moves the next time");

	begin();
	svm_to_vram(&g, a, SIZE);
	inject("copy-error 2");
	ok(!wrong(a, SIZE, seed) && dmem_number("copies failed") == 2,
	   "copies of a CPU fault fail: they are made again");
	works_again("nothing is wrong afterwards");
}

static void copies_are_late(void)
{
	begin();
	inject("delay 100000 1");
	ok(svm_to_vram(&g, a, SIZE) == PAGES && !wrong(a, SIZE, seed),
	   "copies that are late are waited for");
	inject("delay 0 1");
	works_again("nothing is wrong afterwards");
}

static void an_interrupt_is_lost(void)
{
	begin();
	must(debug_write("dmem_timeout_ms", "1000"), "timeout");
	inject("lost-irq 1");
	ok(svm_to_vram(&g, a, SIZE) >= 0 && !wrong(a, SIZE, seed),
	   "an interrupt is lost: the wait ends");
	must(debug_write("dmem_timeout_ms", "10000"), "timeout");
	works_again("nothing is wrong afterwards");
}

/* The channel of the driver's copies is the second that it makes. */
static void the_channel_dies(void)
{
	long made = dmem_number("copy channels made");

	begin();
	svm_to_vram(&g, a, SIZE);
	inject("kill 2");
	ok(!wrong(a, SIZE, seed), "the channel is dead: a CPU fault gets a new one");
	ok(dmem_number("copy channels made") > made, "it is counted");
	works_again("nothing is wrong afterwards");
}

int main(void)
{
	tap_plan(12);
	must(model_open() ? 0 : -1, "the model's port");
	must(gpu_open(&g), "open");
	must(gpu_svm_init(&g), "SVM_INIT");
	a = area_new(SIZE, true);
	a_copy_fails();
	copies_are_late();
	an_interrupt_is_lost();
	the_channel_dies();
	munmap(a, SIZE);
	return tap_end();
}
