// SPDX-License-Identifier: MIT
/*
 * Streams that wait for each other on the GPU, and what becomes of that when an
 * engine hangs. The model is told to hang the runlist of graphics, so that nothing here
 * depends on how fast anything is. Needs the GPU model and vadd.usvm.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <usvm.h>

#include "model_port.h"
#include "tap.h"

#define SIZE	(2ul << 20)
#define N	((unsigned int)(SIZE / 8))

static float *a, *c;
static unsigned char *b;
static usvm_kernel *vadd;
static usvm_stream *graphics, *copies;
static usvm_event *event;

static uint64_t waits(void)
{
	struct usvm_statistics s = { 0 };

	usvm_device_get_statistics(&s, 0);
	return s.waits_by_gpu;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static usvm_error launch(void)
{
	unsigned int n = N;
	void *args[] = { &a, &a, &c, &n };

	return usvm_launch(vadd, (struct usvm_dim3){ N / 256, 1, 1 }, (struct usvm_dim3){ 256, 1, 1 },
			   args, graphics);
}

/* Until the worker of @copies has handed its operations over, or 30 s. */
static bool handed_over(uint64_t count)
{
	for (int i = 0; i < 600 && waits() < count; i++)
		usleep(50000);
	printf("# %llu waits on the GPU\n", (unsigned long long)waits());
	return waits() == count;
}

/* Streams that do not wait for each other are independent, events or not. */
static void test_independence(void)
{
	usvm_event *mine;

	usvm_event_create(&mine);
	tap_ok(model_command("inject hang 0", NULL, 0), "the engines of graphics stop");
	launch();
	usvm_event_record(event, graphics);
	usleep(200000);
	usvm_memset_async(b, 9, SIZE, copies);
	usvm_event_record(mine, copies);
	tap_is(usvm_stream_synchronize(copies), USVM_SUCCESS, "copies go on beside a kernel that is stuck");
	tap_is(usvm_event_query(mine), USVM_SUCCESS, "their event has happened");
	tap_is(usvm_event_query(event), USVM_ERROR_NOT_READY, "that of the kernel has not");
	model_command("inject unhang 0", NULL, 0);
	tap_is(usvm_stream_synchronize(graphics), USVM_SUCCESS, "then it has");
	usvm_event_destroy(mine);
}

static void test_order(void)
{
	uint64_t before = waits();

	usvm_mem_prefetch(b, SIZE, 0);
	tap_ok(model_command("inject hang 0", NULL, 0), "the engines of graphics stop again");
	launch();
	usvm_event_record(event, graphics);
	usvm_stream_wait_event(copies, event);
	usvm_memset_async(b, 2, SIZE, copies);
	tap_ok(handed_over(before + 1), "a stream of copies waits for one of kernels on the GPU");
	usleep(200000);
	tap_is(usvm_stream_query(copies), USVM_ERROR_NOT_READY, "it has not gone on");
	tap_is(usvm_event_query(event), USVM_ERROR_NOT_READY, "nor has what it waits for");
	tap_ok(model_command("inject unhang 0", NULL, 0), "the engines go on");
	tap_is(usvm_stream_synchronize(copies), USVM_SUCCESS, "so do the copies");
	tap_is(usvm_event_query(event), USVM_SUCCESS, "after the event");
	tap_is(usvm_stream_synchronize(graphics), USVM_SUCCESS, "and the kernel is over");
	tap_ok(b[0] == 2 && b[SIZE - 1] == 2 && c[5] == 10, "both did their work");
}

/* Never a hang: neither of the stream that is stuck nor of one that waits for it. */
static void test_hung_engine(void)
{
	uint64_t before = waits();
	double start;

	setenv("USVM_TIMEOUT_MS", "3000", 1);
	usvm_mem_prefetch(b, SIZE, 0);
	usvm_memset(b, 1, SIZE);
	tap_ok(model_command("inject hang 0", NULL, 0), "the engines of graphics stop for good");
	launch();
	usvm_event_record(event, graphics);
	usvm_stream_wait_event(copies, event);
	usvm_memset_async(b, 3, SIZE, copies);
	tap_ok(handed_over(before + 1), "a stream waits on the GPU");
	start = seconds();
	tap_is(usvm_stream_synchronize(graphics), USVM_ERROR_TIMEOUT, "the hung stream times out");
	tap_is(usvm_stream_synchronize(copies), USVM_ERROR_TIMEOUT, "and so does the other");
	printf("# after %.1f s\n", seconds() - start);
	tap_ok(seconds() - start < 20, "in time");
	tap_is(usvm_memset(b, 4, SIZE), USVM_ERROR_TIMEOUT, "every call says so");
	start = seconds();
	tap_is(usvm_device_reset(), USVM_SUCCESS, "reset");
	printf("# took %.1f s\n", seconds() - start);
	unsetenv("USVM_TIMEOUT_MS");
	model_command("inject unhang 0", NULL, 0);
	tap_is(usvm_memset_async(b, 5, SIZE, copies), USVM_SUCCESS, "copies work again");
	tap_is(usvm_stream_synchronize(copies), USVM_SUCCESS, "all of them");
	tap_ok(b[0] == 5 && b[SIZE - 1] == 5, "right");
	a[5] = 7;
	tap_is(launch(), USVM_SUCCESS, "kernels work again");
	tap_is(usvm_stream_synchronize(graphics), USVM_SUCCESS, "all of them");
	tap_ok(c[5] == 14 && c[N - 1] == 2 * (float)(N - 1), "right");
}

int main(void)
{
	usvm_module *m;
	int kernels = 0;

	setenv("USVM_DEVICE", "nouveau", 0);
	if (!model_open() || usvm_device_get_attribute(&kernels, USVM_ATTR_KERNELS, 0) || !kernels) {
		printf("1..0 # SKIP no GPU model, or no kernels\n");
		return 0;
	}
	if (usvm_module_load(&m, "vadd.usvm", NULL, 0) || usvm_module_get_kernel(&vadd, m, "vadd") ||
	    usvm_malloc_managed((void **)&a, SIZE) || usvm_malloc_managed((void **)&b, SIZE) ||
	    usvm_malloc_managed((void **)&c, SIZE) || usvm_stream_create(&graphics) ||
	    usvm_stream_create(&copies) || usvm_event_create(&event)) {
		printf("Bail out! no memory, or no vadd.usvm\n");
		return 1;
	}
	for (unsigned int i = 0; i < N; i++)
		a[i] = (float)i;
	memset(b, 1, SIZE);
	/* both have their channels, and what they work on is where they need it */
	launch();
	tap_is(usvm_stream_synchronize(graphics), USVM_SUCCESS, "a kernel in one stream");
	usvm_mem_prefetch_async(b, SIZE, 0, copies);
	usvm_memset_async(b, 1, SIZE, copies);
	tap_is(usvm_stream_synchronize(copies), USVM_SUCCESS, "a fill in another");
	test_independence();
	test_order();
	test_hung_engine();
	usvm_event_destroy(event);
	usvm_stream_destroy(graphics);
	usvm_stream_destroy(copies);
	usvm_module_unload(m);
	return tap_done();
}
