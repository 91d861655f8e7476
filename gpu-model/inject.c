// SPDX-License-Identifier: MIT
#include "inject.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "channel.h"
#include "fault.h"
#include "pfifo_priv.h"
#include "pmc.h"
#include "trace.h"
#include "unit.h"

/**
 * struct command - something that can be injected
 * @name: of the command
 * @args: what its numbers are called, for the help
 * @min: numbers that must be given
 * @max: numbers that may be given; the others are 1
 * @run: does it; 0 or -EINVAL. Device lock held.
 * @help: what it does
 */
struct command {
	const char *name, *args;
	int min, max;
	int (*run)(struct gpu *gpu, const u64 *n);
	const char *help;
};

static int copy_error(struct gpu *gpu, const u64 *n)
{
	atomic_fetch_add(&gpu->inject->copy_errors, (u32)n[0]);
	return 0;
}

static int hang(struct gpu *gpu, const u64 *n)
{
	if (n[0] >= gpu->pfifo->nr_runlists)
		return -EINVAL;
	atomic_fetch_or(&gpu->inject->hung, BIT(n[0]));
	return 0;
}

void inject_unhang(struct gpu *gpu, u32 runlist)
{
	if (gpu->inject && runlist < MAX_RUNLISTS)
		atomic_fetch_and(&gpu->inject->hung, ~BIT(runlist));
}

static int unhang(struct gpu *gpu, const u64 *n)
{
	if (n[0] >= gpu->pfifo->nr_runlists)
		return -EINVAL;
	inject_unhang(gpu, (u32)n[0]);
	return 0;
}

static int delay(struct gpu *gpu, const u64 *n)
{
	if (n[0] > 10000000 || n[1] > 1000000)
		return -EINVAL;
	atomic_store(&gpu->pfifo->delay_us, (u32)n[0]);
	atomic_store(&gpu->pfifo->delay_every, (u32)n[1]);
	return 0;
}

static int lost_irq(struct gpu *gpu, const u64 *n)
{
	pmc_inject(gpu, (u32)n[0], 0);
	return 0;
}

static int late_irq(struct gpu *gpu, const u64 *n)
{
	if (n[0] > 10000000)
		return -EINVAL;
	pmc_inject(gpu, 0, n[0] * 1000);
	return 0;
}

static int overflow(struct gpu *gpu, const u64 *n)
{
	struct fault_policy p;

	fault_get_policy(gpu, &p);
	p.overflow_next = (u32)n[0];
	fault_set_policy(gpu, &p);
	return 0;
}

static int duplicate(struct gpu *gpu, const u64 *n)
{
	struct fault_policy p;

	if (n[0] > 100)
		return -EINVAL;
	fault_get_policy(gpu, &p);
	p.duplicate_percent = (u32)n[0];
	fault_set_policy(gpu, &p);
	return 0;
}

static int late_fault(struct gpu *gpu, const u64 *n)
{
	struct fault_policy p;

	if (n[0] > 10000000)
		return -EINVAL;
	fault_get_policy(gpu, &p);
	p.late_ns = n[0] * 1000;
	fault_set_policy(gpu, &p);
	return 0;
}

static int ahead(struct gpu *gpu, const u64 *n)
{
	struct fault_policy p;

	if (n[0] > 10000000)
		return -EINVAL;
	fault_get_policy(gpu, &p);
	p.ahead_ns = n[0] * 1000;
	fault_set_policy(gpu, &p);
	return 0;
}

static int burst(struct gpu *gpu, const u64 *n)
{
	struct fault_policy p;

	if (n[0] > 1024)
		return -EINVAL;
	fault_get_policy(gpu, &p);
	p.burst = (u32)n[0];
	fault_set_policy(gpu, &p);
	return 0;
}

/* As if the channel's PBDMA had met an address that is not there. */
static int kill_channel(struct gpu *gpu, const u64 *n)
{
	struct channel *ch = n[0] < NR_CHANNELS ? pfifo_channel(gpu, (u32)n[0]) : NULL;
	struct gpu_fault fault;

	if (!ch || !ch->bound || !ch->loaded)
		return -EINVAL;
	fault = (struct gpu_fault){
		.space = ch->space, .access = MMU_READ, .reason = MMU_FAULT_PDE,
		.engine = (u8)(FAULT_HOST0 + pfifo_pbdma_of(gpu, ch)), .client = FAULT_CLIENT_HUB_HOST,
		.hub = true,
	};
	pfifo_kill(gpu, ch);
	fault_post_fatal(gpu, &fault);
	return 0;
}

/* When it is done, no access to guest memory is under way, and none begins any more. */
static int removal(struct gpu *gpu, const u64 *n)
{
	(void)n;
	atomic_store(&gpu->inject->removed, true);
	for (u32 i = 0; i < NR_CHANNELS; i++)
		pfifo_kill(gpu, pfifo_channel(gpu, i));
	pthread_rwlock_wrlock(&gpu->access);
	pthread_rwlock_unlock(&gpu->access);
	return 0;
}

bool inject_removed(const struct gpu *gpu)
{
	return gpu->inject && atomic_load_explicit(&gpu->inject->removed, memory_order_relaxed);
}

static const struct command commands[] = {
	{ "copy-error", "[N]", 0, 1, copy_error, "the next N copies fail (LAUNCHERR) and copy nothing" },
	{ "hang", "RUNLIST", 1, 1, hang, "the engines of a runlist stop until they are reset" },
	{ "unhang", "RUNLIST", 1, 1, unhang, "they go on" },
	{ "delay", "US EVERY", 2, 2, delay, "as the options delay and delay-every" },
	{ "lost-irq", "[N]", 0, 1, lost_irq, "the next N interrupts are not sent" },
	{ "late-irq", "US", 1, 1, late_irq, "interrupts are sent up to so much late; 0: no more" },
	{ "overflow", "[N]", 0, 1, overflow, "the fault buffer is full for N faults" },
	{ "duplicate", "PERCENT", 1, 1, duplicate, "faults are reported twice" },
	{ "late-fault", "US", 1, 1, late_fault, "faults appear up to so much late" },
	{ "ahead", "US", 1, 1, ahead, "PUT passes fault entries up to so long before they are written" },
	{ "burst", "N", 1, 1, burst, "faults appear N at a time" },
	{ "kill", "CHANNEL", 1, 1, kill_channel, "a channel dies of a fatal fault" },
	{ "remove", "", 0, 0, removal, "the device leaves the bus: reads are all ones, nothing is done" },
};

void inject_help(FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  inject %-10s %-9s %s\n", commands[i].name, commands[i].args, commands[i].help);
}

static int run_command(struct gpu *gpu, const struct command *c, char **save, FILE *out)
{
	u64 n[4] = { 1, 1, 1, 1 };
	int nr = 0, r;

	for (char *word; (word = strtok_r(NULL, " ", save)); nr++) {
		char *end;

		errno = 0;
		if (nr < c->max)
			n[nr] = strtoull(word, &end, 0);
		if (nr >= c->max || errno || *word < '0' || *word > '9' || *end || n[nr] > UINT32_MAX) {
			fprintf(out, "\"%s\" is one word too many, or not a number\n", word);
			return -EINVAL;
		}
	}
	if (nr < c->min) {
		fprintf(out, "usage: inject %s %s\n", c->name, c->args);
		return -EINVAL;
	}
	r = c->run(gpu, n);
	if (r)
		fprintf(out, "inject %s: %llu is out of range\n", c->name, (unsigned long long)n[0]);
	else
		trace_op(gpu, INJECT, -1, (u64)(c - commands), n[0], 0);
	return r;
}

int inject_command(struct gpu *gpu, const char *command, FILE *out)
{
	char text[96], *save, *name;

	if (strlen(command) >= sizeof(text)) {
		fprintf(out, "too long\n");
		return -EINVAL;
	}
	memcpy(text, command, strlen(command) + 1);
	name = strtok_r(text, " ", &save);
	for (size_t i = 0; name && i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(commands[i].name, name))
			return run_command(gpu, &commands[i], &save, out);
	}
	fprintf(out, "nothing is called \"%s\" that could be injected\n", name ? name : "");
	return -EINVAL;
}

/* ------------------------------------------------------------------- occasions */

bool inject_copy_error(struct gpu *gpu)
{
	u32 left = atomic_load(&gpu->inject->copy_errors);

	while (left) {
		if (atomic_compare_exchange_weak(&gpu->inject->copy_errors, &left, left - 1))
			return true;
	}
	return false;
}

/*
 * Neither the end of a slice nor a preemption gets the channel off a hung engine;
 * when its time is long over and another wants to run, PFIFO complains.
 */
void inject_hang(struct channel *ch)
{
	const struct timespec ts = { 0, 1000000 };
	bool told = false;

	while ((atomic_load_explicit(&ch->gpu->inject->hung, memory_order_relaxed) & BIT(ch->on_runlist)) &&
	       !atomic_load(&ch->stop)) {
		nanosleep(&ts, NULL);
		if (!told && host_ns() > ch->slice_end + SWITCH_TIMEOUT_NS)
			told = recovery_switch_timeout(ch);
	}
}

/* -------------------------------------------------------------------- the unit */

static int inject_init(struct gpu *gpu)
{
	gpu->inject = calloc(1, sizeof(*gpu->inject));
	return gpu->inject ? schedule_init(gpu) : -ENOMEM;
}

static void inject_reset(struct gpu *gpu)
{
	atomic_store(&gpu->inject->hung, 0);
	schedule_arm(gpu);
}

static void inject_fini(struct gpu *gpu)
{
	free(gpu->inject);
	gpu->inject = NULL;
}

const struct gpu_unit inject_unit = {
	.name = "inject",
	.init = inject_init,
	.reset = inject_reset,
	.fini = inject_fini,
};
