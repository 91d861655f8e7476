/* SPDX-License-Identifier: MIT */
/*
 * DOC: Faults on demand
 *
 * Trouble that no card makes when asked: a copy that fails, an engine that
 * hangs, interrupts that are lost. Each is armed by the control socket or by
 * the option ``schedule``, and happens at the next occasion.
 */
#ifndef GPU_MODEL_INJECT_H
#define GPU_MODEL_INJECT_H

#include <stdatomic.h>
#include <stdio.h>

#include "event.h"
#include "types.h"

struct channel;
struct gpu;

#define MAX_SCHEDULE	32

/* One "WHEN@N:COMMAND" of the schedule. */
struct scheduled {
	int counter;		/* enum gpu_counter; -1: milliseconds since creation */
	u64 at;
	char command[96];
	bool done;
};

/**
 * struct inject - what is armed
 * @copy_errors: so many launches end with an error and copy nothing
 * @hung: runlists whose engine has stopped, a bit each
 * @removed: the device is off the bus
 * @waiting: the schedule has something to do still
 * @schedule: entries, @nr of them; device lock
 * @timer: for those that wait for a time
 */
struct inject {
	atomic_uint copy_errors, hung;
	atomic_bool removed, waiting;
	struct scheduled schedule[MAX_SCHEDULE];
	u32 nr;
	u64 created;
	struct event timer;
};

/*
 * Runs a command, "copy-error 2" for one; words are separated by blanks. Returns 0, or -EINVAL
 * and prints what is wrong to @out. Device lock held.
 */
int inject_command(struct gpu *gpu, const char *command, FILE *out);

/* The commands, a line each. */
void inject_help(FILE *out);

/* Is @text a schedule? Returns 0, or -EINVAL with @error filled. */
int schedule_check(const char *text, char *error, size_t size);

/* The device is off the bus: it reads as all ones, sends no interrupt, reaches no guest memory. Any thread. */
bool inject_removed(const struct gpu *gpu);

/* Occasions, on the thread that runs a channel, device lock not held. */
bool inject_copy_error(struct gpu *gpu);
void inject_hang(struct channel *ch);

/* The option "schedule": read at creation, its timer armed again after a reset. Device lock. */
int schedule_init(struct gpu *gpu);
void schedule_arm(struct gpu *gpu);

/* Looks whether something of the schedule is due. Device lock held or not, as the name says. */
void schedule_poll(struct gpu *gpu);
void schedule_poll_locked(struct gpu *gpu);

/* The engines of a runlist were reset: what hangs there goes on. Device lock held. */
void inject_unhang(struct gpu *gpu, u32 runlist);

#endif
