// SPDX-License-Identifier: MIT
/*
 * Streams: operations in order.
 *
 *   caller          queue              worker                    GPU
 *   enqueue  --->  [3] [2] [1]  --->  runs one at a time  --->  may lag behind
 *            issued = 3          ran = 1                   completed = 0
 *
 * Three tickets tell how far a stream is: issued >= ran >= completed. An
 * operation that the CPU does (host function, moving memory, staging) waits for
 * the GPU first; others only hand work over, and the worker asks the backend
 * now and then how far the GPU has got.
 *
 * A call that waits anyway does its operation on its own thread when the
 * stream is idle, so that a program which uses no stream needs no worker. The
 * right to use the stream's queue is @executing: one thread at a time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "internal.h"

#define FIRST_NAP_NS	20000
#define LAST_NAP_NS	1000000

static bool idle(const usvm_stream *s)
{
	return !s->head && !s->executing && s->completed == s->issued;
}

static void note_error(usvm_stream *s, usvm_error err, bool told)
{
	if (!s->error && !told)
		s->error = err;
	if (err == USVM_ERROR_DEVICE_LOST || err == USVM_ERROR_TIMEOUT) {
		int none = USVM_SUCCESS;

		atomic_compare_exchange_strong(&s->dev->lost, &none, (int)err);
	}
}

static usvm_error discard(struct device *dev, uint64_t start, uint64_t end)
{
	if (dev->backend->forget)
		dev->backend->forget(dev, start, end);
	if (madvise((void *)(uintptr_t)start, end - start, MADV_DONTNEED))
		return errno == ENOMEM ? USVM_ERROR_INVALID_ADDRESS : error_from_errno(-errno);
	return USVM_SUCCESS;
}

static usvm_error place(usvm_stream *s, const struct op *op)
{
	struct device *dev = op->range.device ? op->range.device : s->dev;

	return dev->backend->place(dev, op->range.start, op->range.end, op->range.device != NULL);
}

/* What the CPU does must not overtake what the GPU was given before. */
static usvm_error settle(usvm_stream *s, uint64_t before)
{
	uint64_t completed;
	usvm_error err = s->dev->backend->mark(s->queue, before, NULL, 0);

	return err ? err : s->dev->backend->progress(s->queue, &completed, before, true);
}

/* On the GPU if both streams are of one device, else by this thread. */
static usvm_error wait_event(usvm_stream *s, struct op *op, usvm_error err)
{
	const struct backend *backend = s->dev->backend;
	struct usvm_event *event = op->event.event;
	uint64_t generation = op->event.generation;
	bool settled = false;
	struct gpu_point point;
	enum event_state state = event_state(event, generation, s->dev, &point, false);

	/*
	 * Only this thread notices what this stream's GPU work has reached, and the
	 * other stream may be waiting for that.
	 */
	if (state == EVENT_PENDING) {
		err = err ? err : settle(s, op->ticket - 1);
		settled = true;
		state = event_state(event, generation, s->dev, &point, true);
	}
	if (state == EVENT_PROMISED && !err && backend->wait) {
		usvm_error asked = backend->wait(s->queue, &point);

		if (asked != USVM_ERROR_NOT_SUPPORTED)
			return asked;
	}
	if (state != EVENT_DONE) {
		err = err || settled ? err : settle(s, op->ticket - 1);
		event_wait(event, generation);
	}
	return err;
}

static usvm_error run(usvm_stream *s, struct op *op)
{
	const struct backend *backend = s->dev->backend;
	usvm_error err = (usvm_error)atomic_load(&s->dev->lost);

	if (err && op->kind != OP_RECORD && op->kind != OP_WAIT_EVENT)
		return err;
	switch (op->kind) {
	case OP_TRANSFER:
		return backend->transfer(s->queue, &op->transfer);
	case OP_LAUNCH:
		return backend->launch(s->queue, op->grid);
	case OP_PLACE:
		err = settle(s, op->ticket - 1);
		return err ? err : place(s, op);
	case OP_DISCARD:
		err = settle(s, op->ticket - 1);
		return err ? err : discard(s->dev, op->range.start, op->range.end);
	case OP_HOST_FUNC:
		err = settle(s, op->ticket - 1);
		if (!err)
			op->host.function(op->host.data);
		return err;
	case OP_RECORD:
		if (!err)
			err = backend->mark(s->queue, op->ticket, op->event.event,
					    op->event.generation);
		if (err)	/* nobody may wait for ever */
			event_complete(op->event.event, op->event.generation, 0);
		return err;
	case OP_WAIT_EVENT:
		return wait_event(s, op, err);
	}
	return USVM_ERROR_INVALID_VALUE;
}

static void free_op(struct op *op)
{
	if (op->kind == OP_LAUNCH)
		free(op->grid);
	if (op->kind == OP_RECORD || op->kind == OP_WAIT_EVENT)
		event_put(op->event.event);
	if (!op->on_stack)
		free(op);
}

/* All below with s->lock held, and given up while the queue is used. */

static void run_next(usvm_stream *s)
{
	struct op *op = s->head;
	uint64_t ticket = op->ticket;
	bool waited_for = op->on_stack;
	usvm_error err;

	s->head = op->next;
	if (!s->head)
		s->tail = &s->head;
	s->executing = true;
	pthread_mutex_unlock(&s->lock);
	err = run(s, op);
	if (waited_for) {
		uint64_t done;
		usvm_error late = s->dev->backend->mark(s->queue, ticket, NULL, 0);

		if (!late)
			late = s->dev->backend->progress(s->queue, &done, ticket, true);
		err = err ? err : late;
	}
	pthread_mutex_lock(&s->lock);
	s->executing = false;
	s->ran = ticket;
	if (err)
		note_error(s, err, waited_for);
	free_op(op);
	if (waited_for) {
		op->error = err;
		s->completed = ticket;	/* from here on its waiter may return */
	}
	pthread_cond_broadcast(&s->moved);
}

/* Asks the backend how far it is. Return: true if that is all the way. */
static bool look(usvm_stream *s, bool *marked)
{
	uint64_t ticket = s->ran, completed = s->completed;
	usvm_error err = USVM_SUCCESS;

	s->executing = true;
	pthread_mutex_unlock(&s->lock);
	if (!*marked)
		err = s->dev->backend->mark(s->queue, ticket, NULL, 0);
	*marked = true;
	if (!err)
		err = s->dev->backend->progress(s->queue, &completed, ticket, false);
	pthread_mutex_lock(&s->lock);
	s->executing = false;
	if (err) {
		note_error(s, err, false);
		completed = ticket;
	}
	if (completed > s->completed)
		s->completed = completed;
	pthread_cond_broadcast(&s->moved);
	return s->completed >= s->ran;
}

static void nap(usvm_stream *s, uint64_t ns)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)ns;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&s->wake, &s->lock, &until);
}

static void *worker(void *data)
{
	usvm_stream *s = data;
	uint64_t ns = FIRST_NAP_NS;
	bool marked = false;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		if (s->executing) {
			pthread_cond_wait(&s->wake, &s->lock);
		} else if (s->head) {
			marked = false;
			ns = FIRST_NAP_NS;
			run_next(s);
		} else if (s->ran > s->completed) {
			if (!look(s, &marked) && !s->head) {
				nap(s, ns);
				ns = ns < LAST_NAP_NS ? ns * 2 : ns;
			}
		} else if (s->stop) {
			break;
		} else {
			pthread_cond_wait(&s->wake, &s->lock);
		}
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static usvm_error put_in(usvm_stream *s, struct op *op)
{
	if (!s->started) {
		if (pthread_create(&s->worker, NULL, worker, s))
			return USVM_ERROR_OUT_OF_MEMORY;
		s->started = true;
	}
	op->next = NULL;
	op->ticket = ++s->issued;
	*s->tail = op;
	s->tail = &op->next;
	pthread_cond_signal(&s->wake);
	return USVM_SUCCESS;
}

usvm_error stream_enqueue(usvm_stream *s, struct op *op)
{
	usvm_error err;

	pthread_mutex_lock(&s->lock);
	err = put_in(s, op);
	pthread_mutex_unlock(&s->lock);
	if (err) {
		if (op->kind == OP_RECORD)
			event_complete(op->event.event, op->event.generation, 0);
		free_op(op);
	}
	return err;
}

usvm_error stream_run(usvm_stream *s, struct op *op)
{
	usvm_error err;

	op->on_stack = true;
	pthread_mutex_lock(&s->lock);
	if (idle(s)) {
		op->next = NULL;
		op->ticket = ++s->issued;
		s->head = op;
		s->tail = &op->next;
		run_next(s);
		if (s->head || s->ran > s->completed)
			pthread_cond_signal(&s->wake);
	} else {
		err = put_in(s, op);
		if (err) {
			pthread_mutex_unlock(&s->lock);
			return err;
		}
		while (s->completed < op->ticket)
			pthread_cond_wait(&s->moved, &s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return op->error;
}

static void wait_for(usvm_stream *s, uint64_t ticket)
{
	while (s->completed < ticket)
		pthread_cond_wait(&s->moved, &s->lock);
}

void stream_drain(usvm_stream *s)
{
	pthread_mutex_lock(&s->lock);
	wait_for(s, s->issued);
	pthread_mutex_unlock(&s->lock);
}

void device_drain(struct device *dev)
{
	pthread_mutex_lock(&runtime_lock);
	for (usvm_stream *s = dev->streams; s; s = s->next)
		stream_drain(s);
	pthread_mutex_unlock(&runtime_lock);
}

/* The device is marked lost by the caller, so that what is queued ends at once. */
void stream_quiesce(usvm_stream *s)
{
	pthread_mutex_lock(&s->lock);
	wait_for(s, s->issued);
	while (s->executing)
		pthread_cond_wait(&s->moved, &s->lock);
	s->error = USVM_SUCCESS;
	pthread_mutex_unlock(&s->lock);
}

/* With runtime_lock held, or before anyone else knows the device. */
usvm_error stream_new(struct device *dev, usvm_stream **stream)
{
	usvm_stream *s = calloc(1, sizeof(*s));
	pthread_condattr_t monotonic;
	usvm_error err;

	if (!s)
		return USVM_ERROR_OUT_OF_MEMORY;
	err = dev->backend->queue_open(dev, &s->queue);
	if (err) {
		free(s);
		return err;
	}
	s->dev = dev;
	s->tail = &s->head;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &monotonic);
	pthread_cond_init(&s->moved, NULL);
	pthread_condattr_destroy(&monotonic);
	s->next = dev->streams;
	dev->streams = s;
	*stream = s;
	return USVM_SUCCESS;
}

void stream_free(usvm_stream *s)
{
	usvm_stream **at = &s->dev->streams;

	stream_drain(s);
	if (s->started) {
		pthread_mutex_lock(&s->lock);
		s->stop = true;
		pthread_cond_signal(&s->wake);
		pthread_mutex_unlock(&s->lock);
		pthread_join(s->worker, NULL);
	}
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->dev->backend->queue_close(s->queue);
	pthread_cond_destroy(&s->wake);
	pthread_cond_destroy(&s->moved);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static usvm_error take_error(usvm_stream *s)
{
	usvm_error err = s->error;

	s->error = USVM_SUCCESS;
	return err ? err : (usvm_error)atomic_load(&s->dev->lost);
}

USVM_API usvm_error usvm_stream_create(usvm_stream **stream)
{
	struct device *dev;
	usvm_error err = stream ? api_device(&dev) : USVM_ERROR_INVALID_VALUE;

	if (err)
		return api_return(err);
	pthread_mutex_lock(&runtime_lock);
	err = stream_new(dev, stream);
	pthread_mutex_unlock(&runtime_lock);
	return api_return(err);
}

USVM_API usvm_error usvm_stream_destroy(usvm_stream *stream)
{
	usvm_error err = stream ? api_usable() : USVM_ERROR_INVALID_VALUE;

	if (err)
		return api_return(err);
	stream_drain(stream);
	err = take_error(stream);
	pthread_mutex_lock(&runtime_lock);
	stream_free(stream);
	pthread_mutex_unlock(&runtime_lock);
	return api_return(err);
}

USVM_API usvm_error usvm_stream_synchronize(usvm_stream *stream)
{
	usvm_error err = api_stream(&stream);

	if (err)
		return api_return(err);
	pthread_mutex_lock(&stream->lock);
	wait_for(stream, stream->issued);
	err = take_error(stream);
	pthread_mutex_unlock(&stream->lock);
	return api_return(err);
}

USVM_API usvm_error usvm_stream_query(usvm_stream *stream)
{
	usvm_error err = api_stream(&stream);

	if (err)
		return api_return(err);
	pthread_mutex_lock(&stream->lock);
	err = stream->completed < stream->issued ? USVM_ERROR_NOT_READY : take_error(stream);
	pthread_mutex_unlock(&stream->lock);
	return api_return(err);
}

USVM_API usvm_error usvm_device_synchronize(void)
{
	usvm_error first = USVM_SUCCESS;
	struct device *dev;
	usvm_error err = api_device(&dev);

	if (err)
		return api_return(err);
	pthread_mutex_lock(&runtime_lock);
	for (usvm_stream *s = dev->streams; s; s = s->next) {
		pthread_mutex_lock(&s->lock);
		wait_for(s, s->issued);
		err = take_error(s);
		pthread_mutex_unlock(&s->lock);
		first = first ? first : err;
	}
	pthread_mutex_unlock(&runtime_lock);
	return api_return(first);
}

USVM_API usvm_error usvm_launch_host_func(usvm_stream *stream, void (*function)(void *data),
					  void *data)
{
	usvm_error err = function ? api_stream(&stream) : USVM_ERROR_INVALID_VALUE;
	struct op *op;

	if (err)
		return api_return(err);
	op = calloc(1, sizeof(*op));
	if (!op)
		return api_return(USVM_ERROR_OUT_OF_MEMORY);
	op->kind = OP_HOST_FUNC;
	op->host.function = function;
	op->host.data = data;
	return api_return(stream_enqueue(stream, op));
}
