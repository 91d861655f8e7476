// SPDX-License-Identifier: MIT
/* Streams, events, host functions, kernels, threads, fork: on the host device. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <usvm.h>
#include <usvm_kernel.h>

#include "tap.h"

__kernel void saxpy(__global float *y, __global const float *x, float a, uint n)
{
	size_t i = get_global_id(0);

	if (i < n)
		y[i] = a * x[i] + y[i];
}
USVM_KERNEL_4(saxpy, float *, const float *, float, uint)

__kernel void coordinates(__global uint *seen, uint width, uint height)
{
	size_t x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);

	seen[(z * height + y) * width + x] += (uint)(1 + get_group_id(0) + 10 * get_local_id(1));
}
USVM_KERNEL_3(coordinates, uint *, uint, uint)

__kernel void count(__global int *n)
{
	atomic_inc(n);
}
USVM_KERNEL_1(count, int *)

static const struct usvm_host_kernel kernels[] = {
	USVM_HOST_KERNEL(saxpy),
	USVM_HOST_KERNEL(coordinates),
	USVM_HOST_KERNEL(count),
};

struct log {
	pthread_mutex_t lock;
	int entries[64];
	int n;
};

struct note {
	struct log *log;
	int value;
	int sleep_ms;
};

static void write_note(void *data)
{
	struct note *note = data;
	struct timespec t = { .tv_nsec = note->sleep_ms * 1000000l };

	nanosleep(&t, NULL);
	pthread_mutex_lock(&note->log->lock);
	note->log->entries[note->log->n++] = note->value;
	pthread_mutex_unlock(&note->log->lock);
}

/* Holds a stream until the test lets it go: no test depends on who is faster. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	bool open;
};

#define GATE { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false }

static void wait_at_gate(void *data)
{
	struct gate *gate = data;

	pthread_mutex_lock(&gate->lock);
	while (!gate->open)
		pthread_cond_wait(&gate->moved, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

static void open_gate(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->open = true;
	pthread_cond_broadcast(&gate->moved);
	pthread_mutex_unlock(&gate->lock);
}

static void test_order(void)
{
	struct gate gate = GATE;
	struct log log = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct note notes[20];
	usvm_stream *s;
	bool good = true;

	tap_is(usvm_stream_create(&s), USVM_SUCCESS, "a stream");
	tap_is(usvm_stream_query(s), USVM_SUCCESS, "an empty stream is done");
	usvm_launch_host_func(s, wait_at_gate, &gate);
	for (int i = 0; i < 20; i++) {
		notes[i] = (struct note){ &log, i, i % 5 == 0 ? 2 : 0 };
		usvm_launch_host_func(s, write_note, &notes[i]);
	}
	tap_is(usvm_stream_query(s), USVM_ERROR_NOT_READY, "a busy stream is not");
	open_gate(&gate);
	tap_is(usvm_stream_synchronize(s), USVM_SUCCESS, "wait for it");
	for (int i = 0; i < 20; i++)
		good &= log.entries[i] == i;
	tap_ok(good && log.n == 20, "host functions ran in order, once each");
	tap_is(usvm_stream_destroy(s), USVM_SUCCESS, "destroy");
	tap_is(usvm_launch_host_func(NULL, NULL, NULL), USVM_ERROR_INVALID_VALUE, "no function");
}

static void test_copies_in_order(void)
{
	enum { N = 1 << 20 };
	char *a = malloc(N), *b = malloc(N), *c = malloc(N);
	usvm_stream *s;

	usvm_stream_create(&s);
	memset(b, 0, N);
	usvm_memset_async(a, 7, N, s);
	usvm_memcpy_async(b, a, N, s);
	usvm_memset_async(a, 9, N, s);
	usvm_memcpy_async(c, a, N, s);
	usvm_fill_async(a, 4, 0x01020304, N / 4, s);
	tap_is(usvm_stream_synchronize(s), USVM_SUCCESS, "copies and fills");
	tap_ok(b[0] == 7 && b[N - 1] == 7 && c[0] == 9 && a[0] == 4 && a[3] == 1,
	       "each saw what those before it left");
	usvm_stream_destroy(s);
	free(a);
	free(b);
	free(c);
}

static void test_events(void)
{
	struct log log = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct note slow = { &log, 1, 20 }, after = { &log, 2, 0 };
	struct gate gate = GATE, late = GATE;
	usvm_event *start, *end, *never;
	usvm_stream *s, *t;
	float ms = -1;

	usvm_stream_create(&s);
	usvm_stream_create(&t);
	tap_is(usvm_event_create(&start), USVM_SUCCESS, "an event");
	usvm_event_create(&end);
	usvm_event_create(&never);
	tap_is(usvm_event_query(never), USVM_SUCCESS, "never recorded: done");
	tap_is(usvm_event_elapsed_time(&ms, never, never), USVM_ERROR_INVALID_VALUE,
	       "but it has no time");
	usvm_event_record(start, s);
	usvm_launch_host_func(s, wait_at_gate, &gate);
	usvm_launch_host_func(s, write_note, &slow);
	usvm_event_record(end, s);
	tap_is(usvm_event_query(end), USVM_ERROR_NOT_READY, "pending");
	tap_is(usvm_event_elapsed_time(&ms, start, end), USVM_ERROR_NOT_READY, "no time yet");
	tap_is(usvm_stream_wait_event(t, end), USVM_SUCCESS, "another stream waits");
	usvm_launch_host_func(t, write_note, &after);
	open_gate(&gate);
	tap_is(usvm_stream_synchronize(t), USVM_SUCCESS, "and goes on");
	tap_ok(log.n == 2 && log.entries[0] == 1 && log.entries[1] == 2, "after the event");
	tap_is(usvm_event_synchronize(end), USVM_SUCCESS, "the event happened");
	tap_is(usvm_event_elapsed_time(&ms, start, end), USVM_SUCCESS, "elapsed time");
	tap_ok(ms >= 19.0f && ms < 60000.0f, "is that of the work between");
	tap_is(usvm_stream_wait_event(t, never), USVM_SUCCESS, "an event that was never recorded");
	tap_is(usvm_stream_synchronize(t), USVM_SUCCESS, "does not block");
	usvm_launch_host_func(s, wait_at_gate, &late);
	usvm_event_record(end, s);
	tap_is(usvm_event_destroy(end), USVM_SUCCESS, "destroying a pending event");
	open_gate(&late);
	tap_is(usvm_stream_destroy(s), USVM_SUCCESS, "is allowed");
	usvm_stream_destroy(t);
	usvm_event_destroy(start);
	usvm_event_destroy(never);
}

/* A ring of one slot: each side waits for what the other recorded before, not later. */
static void test_ping_pong(void)
{
	usvm_event *full, *empty;
	usvm_stream *s, *t;
	char slot[8], out[50][8];
	bool good = true;

	usvm_stream_create(&s);
	usvm_stream_create(&t);
	usvm_event_create(&full);
	usvm_event_create(&empty);
	for (int i = 0; i < 50; i++) {
		usvm_stream_wait_event(s, empty);
		usvm_memset_async(slot, i, sizeof(slot), s);
		usvm_event_record(full, s);
		usvm_stream_wait_event(t, full);
		usvm_memcpy_async(out[i], slot, sizeof(slot), t);
		usvm_event_record(empty, t);
	}
	tap_is(usvm_stream_synchronize(t), USVM_SUCCESS, "two streams take turns at one slot");
	for (int i = 0; i < 50; i++)
		good &= out[i][0] == i && out[i][7] == i;
	tap_ok(good, "nothing is overwritten or missed");
	usvm_stream_destroy(s);
	usvm_stream_destroy(t);
	usvm_event_destroy(full);
	usvm_event_destroy(empty);
}

static void test_kernels(void)
{
	enum { N = 100000 };
	float *x = malloc(N * sizeof(*x)), *y, a = 2.5f;
	struct usvm_dim3 one = { 1, 1, 1 };
	usvm_module *m;
	usvm_kernel *k;
	uint n = N, width = 12, height = 6, *seen;
	void *args[] = { &y, &x, &a, &n }, *shape[] = { &seen, &width, &height };
	bool good = true;

	tap_is(usvm_module_load(&m, NULL, NULL, 0), USVM_ERROR_INVALID_VALUE, "a module of nothing");
	tap_is(usvm_module_load(&m, "/nonexistent", kernels, 1), USVM_ERROR_NOT_FOUND, "no such file");
	tap_is(usvm_module_load(&m, "/proc/self/exe", kernels, 1), USVM_ERROR_INVALID_MODULE,
	       "not a module");
	tap_is(usvm_module_load(&m, NULL, kernels, 3), USVM_SUCCESS, "host kernels");
	tap_is(usvm_module_get_kernel(&k, m, "nope"), USVM_ERROR_NOT_FOUND, "no such kernel");
	tap_is(usvm_module_get_kernel(&k, m, "saxpy"), USVM_SUCCESS, "saxpy");
	usvm_malloc_managed((void **)&y, N * sizeof(*y));
	for (int i = 0; i < N; i++) {
		x[i] = (float)i;
		y[i] = 1;
	}
	tap_is(usvm_launch(k, (struct usvm_dim3){ (N + 63) / 64, 1, 1 },
			   (struct usvm_dim3){ 64, 1, 1 }, args, NULL), USVM_SUCCESS, "launch");
	a = 100;	/* arguments were copied */
	tap_is(usvm_device_synchronize(), USVM_SUCCESS, "and wait");
	for (int i = 0; i < N; i++)
		good &= y[i] == 2.5f * (float)i + 1;
	tap_ok(good, "malloc'ed and managed pointers: all sums right");

	seen = calloc(12 * 6 * 8, sizeof(*seen));
	usvm_module_get_kernel(&k, m, "coordinates");
	usvm_launch(k, (struct usvm_dim3){ 3, 2, 4 }, (struct usvm_dim3){ 4, 3, 2 }, shape, NULL);
	usvm_device_synchronize();
	good = true;
	for (uint z = 0; z < 8; z++)
		for (uint v = 0; v < 6; v++)
			for (uint u = 0; u < 12; u++)
				good &= seen[(z * 6 + v) * 12 + u] == 1 + u / 4 + 10 * (v % 3);
	tap_ok(good, "three dimensions: each work-item once, with its own numbers");
	tap_is(usvm_launch(k, one, (struct usvm_dim3){ 1025, 1, 1 }, shape, NULL),
	       USVM_ERROR_INVALID_VALUE, "block too large");
	tap_is(usvm_launch(k, (struct usvm_dim3){ 0, 1, 1 }, one, shape, NULL),
	       USVM_ERROR_INVALID_VALUE, "no blocks");
	tap_is(usvm_launch(k, one, one, NULL, NULL), USVM_ERROR_INVALID_VALUE, "no arguments");
	tap_is(usvm_module_unload(m), USVM_SUCCESS, "unload");
	free(seen);
	free(x);
	usvm_free(y);
}

struct job {
	usvm_kernel *kernel;
	int *total;
	int errors;
};

static void *busy_thread(void *data)
{
	struct job *job = data;
	struct usvm_dim3 grid = { 10, 1, 1 }, block = { 10, 1, 1 };
	void *args[] = { &job->total };
	char *a, *b = malloc(65536);
	usvm_stream *s;

	job->errors += usvm_stream_create(&s) != 0;
	for (int i = 0; i < 20; i++) {
		job->errors += usvm_malloc_managed((void **)&a, 65536) != 0;
		job->errors += usvm_memset_async(a, i, 65536, s) != 0;
		job->errors += usvm_memcpy_async(b, a, 65536, s) != 0;
		job->errors += usvm_launch(job->kernel, grid, block, args, s) != 0;
		job->errors += usvm_mem_advise(a, 65536, USVM_ADVISE_SET_READ_MOSTLY, 0) != 0;
		job->errors += usvm_mem_prefetch_async(a, 65536, 0, s) != 0;
		job->errors += usvm_stream_synchronize(s) != 0;
		job->errors += b[65535] != i;
		job->errors += usvm_memset(b, 0, 65536) != 0;	/* the default stream, shared by all */
		job->errors += usvm_free(a) != 0;
	}
	job->errors += usvm_stream_destroy(s) != 0;
	free(b);
	return NULL;
}

static void test_threads(void)
{
	struct job jobs[8];
	pthread_t threads[8];
	usvm_module *m;
	int total = 0, errors = 0;

	usvm_module_load(&m, NULL, kernels, 3);
	for (int i = 0; i < 8; i++) {
		jobs[i] = (struct job){ .total = &total };
		usvm_module_get_kernel(&jobs[i].kernel, m, "count");
		pthread_create(&threads[i], NULL, busy_thread, &jobs[i]);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		errors += jobs[i].errors;
	}
	tap_is(errors, 0, "8 threads, each with its stream and the common one: no error");
	tap_is(total, 8 * 20 * 100, "and every work-item ran once");
	usvm_module_unload(m);
}

/* What goes wrong later is told once, by the next call that waits. */
static void test_late_errors(void)
{
	char *p = (char *)4096;		/* nothing is ever mapped so low, by another thread neither */
	usvm_stream *s;

	usvm_stream_create(&s);
	usvm_get_last_error();
	tap_is(usvm_mem_discard_async(p, 4096, s), USVM_SUCCESS, "discard what is not mapped: nothing yet");
	tap_is(usvm_stream_synchronize(s), USVM_ERROR_INVALID_ADDRESS, "told by the call that waits");
	tap_is(usvm_get_last_error(), USVM_ERROR_INVALID_ADDRESS, "which is the thread's last error");
	tap_is(usvm_stream_synchronize(s), USVM_SUCCESS, "and not told again");
	usvm_mem_discard_async(p, 4096, s);
	tap_is(usvm_stream_destroy(s), USVM_ERROR_INVALID_ADDRESS, "destroying waits, and tells");
}

static void test_fork(void)
{
	int status = -1, value;
	char *p;
	pid_t pid;

	usvm_malloc_managed((void **)&p, 4096);
	p[0] = 42;
	pid = fork();
	if (!pid) {
		p[0]++;
		_exit(usvm_memset(p, 1, 10) == USVM_ERROR_FORKED &&
		      usvm_get_device(&value) == USVM_ERROR_FORKED &&
		      usvm_free(p) == USVM_ERROR_FORKED && p[0] == 43 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	tap_ok(WIFEXITED(status) && !WEXITSTATUS(status),
	       "a child sees the memory, and its calls say that it forked");
	tap_ok(p[0] == 42, "the parent's memory is its own");
	tap_is(usvm_memset(p, 1, 10), USVM_SUCCESS, "and the parent goes on");
	usvm_free(p);
}

static void test_reset(void)
{
	char a[100] = { 0 };
	usvm_stream *s;

	usvm_stream_create(&s);
	usvm_memset_async(a, 1, 100, s);
	tap_is(usvm_device_reset(), USVM_SUCCESS, "reset");
	tap_is(usvm_memset_async(a, 2, 100, s), USVM_SUCCESS, "a stream outlives it");
	tap_is(usvm_stream_synchronize(s), USVM_SUCCESS, "and works");
	tap_ok(a[99] == 2, "as before");
	usvm_stream_destroy(s);
}

int main(void)
{
	setenv("USVM_DEVICE", "host", 1);
	setenv("USVM_HOST_THREADS", "4", 1);
	test_order();
	test_copies_in_order();
	test_events();
	test_ping_pong();
	test_kernels();
	test_threads();
	test_late_errors();
	test_fork();
	test_reset();
	return tap_done();
}
