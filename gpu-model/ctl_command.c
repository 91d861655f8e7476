// SPDX-License-Identifier: MIT
/* The commands of the control socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "inject.h"
#include "pfifo_priv.h"
#include "trace.h"
#include "unit.h"

static bool parse_number(const char *text, u64 max, u64 *v)
{
	char *end;

	errno = 0;
	*v = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !errno && !*end && *v <= max;
}

static bool counters(struct gpu *gpu, const char *prefix, FILE *out)
{
	for (int i = 0; i < GPU_NR_COUNTERS; i++) {
		const char *name = counter_name((enum gpu_counter)i);

		if (!strncmp(name, prefix, strlen(prefix)))
			fprintf(out, "%s %llu\n", name,
				(unsigned long long)counter_get(gpu, (enum gpu_counter)i));
	}
	return true;
}

static bool clear(struct gpu *gpu, const char *args, FILE *out)
{
	(void)args;
	(void)out;
	counter_clear_all(gpu);
	return true;
}

static bool trace(struct gpu *gpu, const char *args, FILE *out)
{
	u64 n = TRACE_RING;

	if (!strcmp(args, "on") || !strcmp(args, "off")) {
		trace_enable(gpu, !strcmp(args, "on"));
		return true;
	}
	if (!strcmp(args, "dump") || (!strncmp(args, "dump ", 5) && parse_number(args + 5, UINT64_MAX, &n))) {
		trace_dump(gpu, n, out);
		return true;
	}
	fprintf(out, "usage: trace on|off|dump [N]\n");
	return false;
}

static bool inject(struct gpu *gpu, const char *args, FILE *out)
{
	bool good;

	gpu_lock(gpu);
	good = !inject_command(gpu, args, out);
	gpu_unlock(gpu);
	return good;
}

static const char *const state_name[] = {
	[CHANNEL_IDLE] = "idle", [CHANNEL_READY] = "ready", [CHANNEL_ACQUIRE] = "acquire",
	[CHANNEL_FAULTED] = "faulted", [CHANNEL_TRAPPED] = "trapped", [CHANNEL_DEAD] = "dead",
};

static void print_channel(const struct channel *ch, FILE *out)
{
	fprintf(out, "channel %u inst %llx runlist %d group %u %s%s%s\n", ch->id, (unsigned long long)ch->inst,
		ch->runlist, ch->tsg, state_name[ch->state], ch->enabled ? "" : " stopped",
		ch->running ? " running" : "");
}

static bool state(struct gpu *gpu, const char *args, FILE *out)
{
	struct pfifo *pf = gpu->pfifo;

	(void)args;
	gpu_lock(gpu);
	for (u32 i = 0; i < pf->nr_runlists; i++) {
		const struct runlist *rl = &pf->runlist[i];

		fprintf(out, "runlist %u channels %u current %d busy_ns %llu%s\n", i, rl->nr,
			rl->current ? (int)rl->current->id : -1, (unsigned long long)rl->busy_ns,
			atomic_load(&gpu->inject->hung) & BIT(i) ? " hung" : "");
	}
	for (u32 i = 0; i < NR_CHANNELS; i++) {
		if (pf->channel[i].bound)
			print_channel(&pf->channel[i], out);
	}
	gpu_unlock(gpu);
	return true;
}

static bool reg(struct gpu *gpu, const char *args, FILE *out)
{
	char name[64];
	char *end;
	u64 addr;

	errno = 0;
	addr = strtoull(args, &end, 16);
	if (errno || end == args || *end || addr >= GPU_BAR0_SIZE || addr & 3) {
		fprintf(out, "usage: reg ADDRESS (hexadecimal)\n");
		return false;
	}
	gpu_lock(gpu);
	fprintf(out, "%06llx %08x %s\n", (unsigned long long)addr, reg_get(gpu, (u32)addr),
		gpu_reg_name(gpu, (u32)addr, name, sizeof(name)));
	gpu_unlock(gpu);
	return true;
}

static bool unmodelled(struct gpu *gpu, const char *args, FILE *out)
{
	(void)args;
	gpu_report_unmodelled(gpu, out);
	return true;
}

static bool help(struct gpu *gpu, const char *args, FILE *out);

static const struct {
	const char *name;
	bool (*run)(struct gpu *gpu, const char *args, FILE *out);
	const char *help;
} commands[] = {
	{ "counters", counters, "counters [PREFIX]     all counters, or those whose names begin so" },
	{ "clear", clear, "clear                 set all counters to 0" },
	{ "state", state, "state                 runlists and channels" },
	{ "trace", trace, "trace on|off          record operations; trace dump [N]: print the last" },
	{ "reg", reg, "reg ADDRESS           stored value of a register, without side effects" },
	{ "unmodelled", unmodelled, "unmodelled            registers touched that are not modelled" },
	{ "inject", inject, "inject WHAT [N]...    make trouble, see below" },
	{ "help", help, "help                  this" },
};

static bool help(struct gpu *gpu, const char *args, FILE *out)
{
	(void)gpu;
	(void)args;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %s\n", commands[i].help);
	inject_help(out);
	return true;
}

bool ctl_command(struct gpu *gpu, const char *line, FILE *out)
{
	size_t len = strcspn(line, " ");
	const char *args = line + len + strspn(line + len, " ");
	bool good;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strlen(commands[i].name) != len || strncmp(commands[i].name, line, len))
			continue;
		good = commands[i].run(gpu, args, out);
		fprintf(out, good ? "ok\n" : "error\n");
		return good;
	}
	fprintf(out, "no such command; try \"help\"\nerror\n");
	return false;
}
