/* SPDX-License-Identifier: MIT */
/*
 * DOC: Timed functions
 *
 * One thread, asleep until the next function is due. Functions run with the
 * device lock held, in order of their time. Used for timer alarms, late faults
 * and interrupts, and answers that a falcon would take a while to give.
 */
#ifndef GPU_MODEL_EVENT_H
#define GPU_MODEL_EVENT_H

#include "types.h"

struct gpu;

/**
 * struct event - one thing to do later; zero it before first use
 * @fn: what
 * @ctx: for the owner
 * @at: when, in host_ns(); only event.c writes it
 * @queued: it is waiting; only event.c writes it
 * @next: used by event.c
 */
struct event {
	void (*fn)(struct gpu *gpu, struct event *event);
	void *ctx;
	u64 at;
	bool queued;
	struct event *next;
};

int event_init(struct gpu *gpu);	/* 0 or a negative errno */
void event_stop(struct gpu *gpu);	/* device lock not held */
void event_fini(struct gpu *gpu);

/* All: device lock held. An event that is queued already is moved. */
void event_at(struct gpu *gpu, struct event *event, u64 host_time_ns);
void event_in(struct gpu *gpu, struct event *event, u64 delay_ns);
void event_cancel(struct gpu *gpu, struct event *event);
void event_cancel_all(struct gpu *gpu);	/* device reset */

#endif
