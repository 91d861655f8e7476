// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "event.h"
#include "unit.h"

struct event_queue {
	pthread_t thread;
	pthread_cond_t wake;
	struct event *first;		/* in order of their time */
	bool stopping;
};

/* Runs what is due; device lock held (and given up by nobody but the wait). */
static void run_due(struct gpu *gpu)
{
	struct event_queue *q = gpu->events;

	while (q->first && q->first->at <= host_ns() && !q->stopping) {
		struct event *e = q->first;

		q->first = e->next;
		e->queued = false;
		e->fn(gpu, e);
	}
}

static void wait_next(struct gpu *gpu)
{
	struct event_queue *q = gpu->events;
	struct timespec ts;

	if (!q->first) {
		pthread_cond_wait(&q->wake, &gpu->lock);
		return;
	}
	ts.tv_sec = (time_t)(q->first->at / 1000000000ull);
	ts.tv_nsec = (long)(q->first->at % 1000000000ull);
	pthread_cond_timedwait(&q->wake, &gpu->lock, &ts);
}

static void *event_thread(void *arg)
{
	struct gpu *gpu = arg;

	gpu_lock(gpu);
	while (!gpu->events->stopping) {
		run_due(gpu);
		if (!gpu->events->stopping)
			wait_next(gpu);
	}
	gpu_unlock(gpu);
	return NULL;
}

int event_init(struct gpu *gpu)
{
	pthread_condattr_t attr;
	struct event_queue *q = calloc(1, sizeof(*q));
	int r;

	if (!q)
		return -ENOMEM;
	gpu->events = q;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->wake, &attr);
	pthread_condattr_destroy(&attr);
	r = pthread_create(&q->thread, NULL, event_thread, gpu);
	if (r) {
		pthread_cond_destroy(&q->wake);
		free(q);
		gpu->events = NULL;
	}
	return -r;
}

void event_stop(struct gpu *gpu)
{
	gpu_lock(gpu);
	gpu->events->stopping = true;
	pthread_cond_signal(&gpu->events->wake);
	gpu_unlock(gpu);
	pthread_join(gpu->events->thread, NULL);
}

void event_fini(struct gpu *gpu)
{
	if (!gpu->events)
		return;
	pthread_cond_destroy(&gpu->events->wake);
	free(gpu->events);
	gpu->events = NULL;
}

void event_at(struct gpu *gpu, struct event *event, u64 host_time_ns)
{
	struct event_queue *q = gpu->events;
	struct event **p;

	event_cancel(gpu, event);
	event->at = host_time_ns;
	for (p = &q->first; *p && (*p)->at <= event->at; p = &(*p)->next)
		;
	event->next = *p;
	*p = event;
	event->queued = true;
	if (q->first == event)
		pthread_cond_signal(&q->wake);
}

void event_in(struct gpu *gpu, struct event *event, u64 delay_ns)
{
	event_at(gpu, event, host_ns() + delay_ns);
}

void event_cancel(struct gpu *gpu, struct event *event)
{
	struct event **p;

	if (!event->queued)
		return;
	for (p = &gpu->events->first; *p && *p != event; p = &(*p)->next)
		;
	if (*p)
		*p = event->next;
	event->queued = false;
}

void event_cancel_all(struct gpu *gpu)
{
	while (gpu->events->first)
		event_cancel(gpu, gpu->events->first);
}
