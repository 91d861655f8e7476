// SPDX-License-Identifier: MIT
/*
 * The option "schedule": WHEN@N:COMMAND[:NUMBER]..., separated by commas. WHEN is
 * the name of a counter (the command runs when it has reached N) or "ms" (N
 * milliseconds after the device was made).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inject.h"
#include "unit.h"

static int counter_by_name(const char *name)
{
	for (int i = 0; i < GPU_NR_COUNTERS; i++) {
		if (!strcmp(counter_name((enum gpu_counter)i), name))
			return i;
	}
	return -1;
}

static int parse_entry(char *text, struct scheduled *s, char *error, size_t size)
{
	char *at = strchr(text, '@'), *colon = at ? strchr(at, ':') : NULL, *end;

	if (!colon || strlen(colon + 1) >= sizeof(s->command)) {
		snprintf(error, size, "schedule: \"%s\" is not WHEN@N:COMMAND", text);
		return -EINVAL;
	}
	*at = *colon = 0;
	memset(s, 0, sizeof(*s));
	s->counter = counter_by_name(text);
	if (s->counter < 0 && strcmp(text, "ms")) {
		snprintf(error, size, "schedule: no counter is called \"%s\"", text);
		return -EINVAL;
	}
	errno = 0;
	s->at = strtoull(at + 1, &end, 0);
	if (errno || end == at + 1 || *end || s->at > UINT64_MAX / 1000000) {
		snprintf(error, size, "schedule: \"%s\" is not a number", at + 1);
		return -EINVAL;
	}
	memcpy(s->command, colon + 1, strlen(colon + 1) + 1);
	for (char *p = s->command; *p; p++) {
		if (*p == ':')
			*p = ' ';
	}
	return 0;
}

static int parse(const char *text, struct scheduled *list, u32 *nr, char *error, size_t size)
{
	char *copy = strdup(text), *save;
	int r = copy ? 0 : -ENOMEM;

	*nr = 0;
	for (char *e = copy ? strtok_r(copy, ",", &save) : NULL; e && !r; e = strtok_r(NULL, ",", &save)) {
		if (*nr == MAX_SCHEDULE) {
			snprintf(error, size, "schedule: more than %d entries", MAX_SCHEDULE);
			r = -EINVAL;
		} else {
			r = parse_entry(e, &list[(*nr)++], error, size);
		}
	}
	free(copy);
	return r;
}

int schedule_check(const char *text, char *error, size_t size)
{
	struct scheduled list[MAX_SCHEDULE];
	u32 nr;

	return parse(text, list, &nr, error, size);
}

static u64 ms_since_creation(const struct gpu *gpu)
{
	return (host_ns() - gpu->inject->created) / 1000000;
}

static void run_entry(struct gpu *gpu, struct scheduled *s)
{
	char text[160] = "";
	FILE *out = fmemopen(text, sizeof(text) - 1, "w");

	s->done = true;
	if (!out)
		return;
	if (inject_command(gpu, s->command, out)) {
		fflush(out);
		gpu_log(gpu, GPU_LOG_WARN, "schedule: %s: %s", s->command, text);
	} else {
		gpu_log(gpu, GPU_LOG_INFO, "schedule: %s", s->command);
	}
	fclose(out);
}

void schedule_poll_locked(struct gpu *gpu)
{
	struct inject *in = gpu->inject;
	bool waiting = false;

	if (!atomic_load_explicit(&in->waiting, memory_order_relaxed))
		return;
	for (u32 i = 0; i < in->nr; i++) {
		struct scheduled *s = &in->schedule[i];
		u64 now = s->counter < 0 ? ms_since_creation(gpu) :
			  counter_get(gpu, (enum gpu_counter)s->counter);

		if (!s->done && now >= s->at)
			run_entry(gpu, s);
		waiting |= !s->done;
	}
	atomic_store(&in->waiting, waiting);
}

void schedule_poll(struct gpu *gpu)
{
	if (!atomic_load_explicit(&gpu->inject->waiting, memory_order_relaxed))
		return;
	gpu_lock(gpu);
	schedule_poll_locked(gpu);
	gpu_unlock(gpu);
}

static void on_timer(struct gpu *gpu, struct event *event)
{
	(void)event;
	schedule_poll_locked(gpu);
	schedule_arm(gpu);
}

void schedule_arm(struct gpu *gpu)
{
	struct inject *in = gpu->inject;
	u64 first = UINT64_MAX;

	for (u32 i = 0; i < in->nr; i++) {
		if (in->schedule[i].counter < 0 && !in->schedule[i].done && in->schedule[i].at < first)
			first = in->schedule[i].at;
	}
	in->timer.fn = on_timer;
	if (first != UINT64_MAX)
		event_at(gpu, &in->timer, in->created + first * 1000000);
}

int schedule_init(struct gpu *gpu)
{
	const char *text = gpu_option(gpu, "schedule", "");
	char error[128];

	gpu->inject->created = host_ns();
	if (parse(text, gpu->inject->schedule, &gpu->inject->nr, error, sizeof(error))) {
		gpu_log(gpu, GPU_LOG_ERROR, "%s", error);
		return -EINVAL;
	}
	atomic_store(&gpu->inject->waiting, gpu->inject->nr > 0);
	return 0;
}
