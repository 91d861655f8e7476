// SPDX-License-Identifier: MIT
/*
 * Events: each record starts a new generation, and completion names the one
 * it is about, so that recording again makes an older completion stale.
 */
#include <stdlib.h>

#include "internal.h"

struct usvm_event {
	pthread_mutex_t lock;
	pthread_cond_t done_moved;
	unsigned int refs;
	uint64_t recorded;	/* generation of the last record; 0: never */
	uint64_t done;		/* last generation that completed */
	uint64_t seen_ns;	/* CLOCK_MONOTONIC when that was seen */
	uint64_t gpu_ns;	/* GPU's clock, or 0 */
	uint64_t promised;	/* last generation that was given to a GPU */
	const struct device *dev;	/* which */
	struct gpu_point point;	/* and what it reaches with it */
};

void event_get(struct usvm_event *event)
{
	pthread_mutex_lock(&event->lock);
	event->refs++;
	pthread_mutex_unlock(&event->lock);
}

void event_put(struct usvm_event *event)
{
	bool last;

	pthread_mutex_lock(&event->lock);
	last = --event->refs == 0;
	pthread_mutex_unlock(&event->lock);
	if (!last)
		return;
	pthread_cond_destroy(&event->done_moved);
	pthread_mutex_destroy(&event->lock);
	free(event);
}

uint64_t event_start(struct usvm_event *event)
{
	uint64_t generation;

	pthread_mutex_lock(&event->lock);
	generation = ++event->recorded;
	pthread_mutex_unlock(&event->lock);
	return generation;
}

uint64_t event_generation(struct usvm_event *event)
{
	uint64_t generation;

	pthread_mutex_lock(&event->lock);
	generation = event->recorded;
	pthread_mutex_unlock(&event->lock);
	return generation;
}

void event_complete(struct usvm_event *event, uint64_t generation, uint64_t gpu_ns)
{
	pthread_mutex_lock(&event->lock);
	if (generation > event->done) {
		event->done = generation;
		event->gpu_ns = gpu_ns;
		event->seen_ns = clock_ns();
		pthread_cond_broadcast(&event->done_moved);
	}
	pthread_mutex_unlock(&event->lock);
}

void event_promised(struct usvm_event *event, uint64_t generation, const struct device *dev,
		    const struct gpu_point *point)
{
	pthread_mutex_lock(&event->lock);
	event->promised = generation;
	event->dev = dev;
	event->point = *point;
	pthread_cond_broadcast(&event->done_moved);
	pthread_mutex_unlock(&event->lock);
}

enum event_state event_state(struct usvm_event *event, uint64_t generation,
			     const struct device *dev, struct gpu_point *point, bool block)
{
	enum event_state state;

	pthread_mutex_lock(&event->lock);
	for (;;) {
		if (event->done >= generation) {
			state = EVENT_DONE;
			break;
		}
		/* a later record is not waited for in place of this one */
		if (event->promised == generation && event->dev == dev) {
			*point = event->point;
			state = EVENT_PROMISED;
			break;
		}
		state = EVENT_PENDING;
		if (!block)
			break;
		pthread_cond_wait(&event->done_moved, &event->lock);
	}
	pthread_mutex_unlock(&event->lock);
	return state;
}

void event_wait(struct usvm_event *event, uint64_t generation)
{
	pthread_mutex_lock(&event->lock);
	while (event->done < generation)
		pthread_cond_wait(&event->done_moved, &event->lock);
	pthread_mutex_unlock(&event->lock);
}

USVM_API usvm_error usvm_event_create(usvm_event **event)
{
	usvm_error err = event ? api_usable() : USVM_ERROR_INVALID_VALUE;
	usvm_event *e;

	if (err)
		return api_return(err);
	e = calloc(1, sizeof(*e));
	if (!e)
		return api_return(USVM_ERROR_OUT_OF_MEMORY);
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->done_moved, NULL);
	e->refs = 1;
	*event = e;
	return USVM_SUCCESS;
}

USVM_API usvm_error usvm_event_destroy(usvm_event *event)
{
	usvm_error err = event ? api_usable() : USVM_ERROR_INVALID_VALUE;

	if (!err)
		event_put(event);
	return api_return(err);
}

static usvm_error enqueue(usvm_event *event, usvm_stream *stream, enum op_kind kind)
{
	usvm_error err = event ? api_stream(&stream) : USVM_ERROR_INVALID_VALUE;
	struct op *op;

	if (err)
		return api_return(err);
	op = calloc(1, sizeof(*op));
	if (!op)
		return api_return(USVM_ERROR_OUT_OF_MEMORY);
	op->kind = kind;
	op->event.event = event;
	event_get(event);
	op->event.generation = kind == OP_RECORD ? event_start(event) : event_generation(event);
	return api_return(stream_enqueue(stream, op));
}

USVM_API usvm_error usvm_event_record(usvm_event *event, usvm_stream *stream)
{
	return enqueue(event, stream, OP_RECORD);
}

USVM_API usvm_error usvm_stream_wait_event(usvm_stream *stream, usvm_event *event)
{
	return enqueue(event, stream, OP_WAIT_EVENT);
}

USVM_API usvm_error usvm_event_synchronize(usvm_event *event)
{
	usvm_error err = event ? api_usable() : USVM_ERROR_INVALID_VALUE;

	if (!err)
		event_wait(event, event_generation(event));
	return api_return(err);
}

USVM_API usvm_error usvm_event_query(usvm_event *event)
{
	usvm_error err = event ? api_usable() : USVM_ERROR_INVALID_VALUE;

	if (err)
		return api_return(err);
	pthread_mutex_lock(&event->lock);
	err = event->done < event->recorded ? USVM_ERROR_NOT_READY : USVM_SUCCESS;
	pthread_mutex_unlock(&event->lock);
	return api_return(err);
}

/* Both clocks of an event that happened. */
static usvm_error times(usvm_event *event, int64_t *seen, int64_t *gpu)
{
	usvm_error err = USVM_SUCCESS;

	pthread_mutex_lock(&event->lock);
	if (!event->recorded)
		err = USVM_ERROR_INVALID_VALUE;
	else if (event->done < event->recorded)
		err = USVM_ERROR_NOT_READY;
	*seen = (int64_t)event->seen_ns;
	*gpu = (int64_t)event->gpu_ns;
	pthread_mutex_unlock(&event->lock);
	return err;
}

USVM_API usvm_error usvm_event_elapsed_time(float *milliseconds, usvm_event *start,
					    usvm_event *end)
{
	int64_t seen[2], gpu[2];
	usvm_error err;

	if (!milliseconds || !start || !end)
		return api_return(USVM_ERROR_INVALID_VALUE);
	err = api_usable();
	if (!err)
		err = times(start, &seen[0], &gpu[0]);
	if (!err)
		err = times(end, &seen[1], &gpu[1]);
	if (!err)
		*milliseconds = (float)(gpu[0] && gpu[1] ? gpu[1] - gpu[0] : seen[1] - seen[0]) / 1e6f;
	return api_return(err);
}
