// SPDX-License-Identifier: MIT
/*
 * The process's devices: found at first use, gone at exit.
 *
 * A child of fork() has no worker threads and no right to the GPU's address
 * space: a flag set in the child makes every call fail there. The parent
 * counts its forks, because a fork unmaps its private memory from the GPU.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

pthread_mutex_t runtime_lock = PTHREAD_MUTEX_INITIALIZER;

static struct device devices[USVM_MAX_DEVICES];
static int device_count;
static _Atomic int open_error = USVM_ERROR_NOT_READY;	/* until tried */
static _Atomic unsigned int forks;
static _Atomic bool forked;
static _Thread_local int current;
static _Thread_local usvm_error last_error;

uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t runtime_timeout_ns(void)
{
	const char *ms = getenv("USVM_TIMEOUT_MS");
	unsigned long long n = ms ? strtoull(ms, NULL, 10) : 0;

	return (n ? n : 30000) * 1000000;
}

static void after_fork_in_parent(void)
{
	atomic_fetch_add(&forks, 1);
}

static void after_fork_in_child(void)
{
	atomic_store(&forked, true);
}

unsigned int runtime_fork_count(void)
{
	return atomic_load(&forks);
}

int runtime_devices(void)
{
	return device_count;
}

usvm_error api_usable(void)
{
	return atomic_load(&forked) ? USVM_ERROR_FORKED : USVM_SUCCESS;
}

usvm_error api_return(usvm_error error)
{
	if (error && error != USVM_ERROR_NOT_READY)
		last_error = error;
	return error;
}

/* The device is complete only when its default stream is. */
static usvm_error finish_device(struct device *dev)
{
	usvm_error err;

	dev->index = device_count;
	err = stream_new(dev, &dev->fallback);
	if (err) {
		dev->backend->close(dev);
		memset(dev, 0, sizeof(*dev));
		return err;
	}
	device_count++;
	return USVM_SUCCESS;
}

static usvm_error add_host(void)
{
	struct device *dev = &devices[device_count];
	usvm_error err = host_open(dev);

	return err ? err : finish_device(dev);
}

#ifdef USVM_HAVE_NOUVEAU
static usvm_error add_gpu(const char *node)
{
	struct device *dev = &devices[device_count];
	usvm_error err;

	if (device_count == USVM_MAX_DEVICES)
		return USVM_ERROR_NOT_SUPPORTED;
	err = gpu_open(dev, node);
	return err ? err : finish_device(dev);
}

static usvm_error add_gpus(void)
{
	usvm_error worst = USVM_ERROR_NO_DEVICE;
	char node[32];

	for (int i = 128; i < 128 + 16; i++) {
		usvm_error err;

		snprintf(node, sizeof(node), "/dev/dri/renderD%d", i);
		if (access(node, F_OK))
			continue;
		err = add_gpu(node);
		if (err == USVM_ERROR_PERMISSION)
			worst = err;
	}
	return device_count ? USVM_SUCCESS : worst;
}
#else
static usvm_error add_gpu(const char *node)
{
	(void)node;
	return USVM_ERROR_NO_DEVICE;
}

static usvm_error add_gpus(void)
{
	return USVM_ERROR_NO_DEVICE;
}
#endif

static usvm_error open_devices(void)
{
	const char *want = getenv("USVM_DEVICE");
	usvm_error err;

	if (!want || !*want || !strcmp(want, "auto"))
		return add_gpus() ? add_host() : USVM_SUCCESS;
	if (!strcmp(want, "host"))
		return add_host();
	if (!strcmp(want, "nouveau"))
		return add_gpus();
	err = add_gpu(want);
	return err && err != USVM_ERROR_PERMISSION ? USVM_ERROR_NO_DEVICE : err;
}

static usvm_error ready(void)
{
	usvm_error err = api_usable();

	if (err)
		return err;
	err = (usvm_error)atomic_load(&open_error);
	if (err != USVM_ERROR_NOT_READY)
		return err;
	pthread_mutex_lock(&runtime_lock);
	err = (usvm_error)atomic_load(&open_error);
	if (err == USVM_ERROR_NOT_READY) {
		pthread_atfork(NULL, after_fork_in_parent, after_fork_in_child);
		err = open_devices();
		atomic_store(&open_error, (int)err);
	}
	pthread_mutex_unlock(&runtime_lock);
	return err;
}

usvm_error api_device_at(int index, struct device **dev)
{
	usvm_error err = ready();

	if (err)
		return err;
	if (index < 0 || index >= device_count)
		return USVM_ERROR_INVALID_DEVICE;
	*dev = &devices[index];
	return USVM_SUCCESS;
}

usvm_error api_device(struct device **dev)
{
	return api_device_at(current, dev);
}

usvm_error api_stream(usvm_stream **stream)
{
	struct device *dev;
	usvm_error err;

	if (*stream) {
		err = api_usable();
		dev = (*stream)->dev;
	} else {
		err = api_device(&dev);
		if (!err)
			*stream = dev->fallback;
	}
	return err ? err : (usvm_error)atomic_load(&dev->lost);
}

USVM_API int usvm_version(void)
{
	return USVM_VERSION;
}

USVM_API usvm_error usvm_get_last_error(void)
{
	usvm_error err = last_error;

	last_error = USVM_SUCCESS;
	return err;
}

USVM_API usvm_error usvm_peek_at_last_error(void)
{
	return last_error;
}

USVM_API usvm_error usvm_device_count(int *count)
{
	usvm_error err;

	if (!count)
		return api_return(USVM_ERROR_INVALID_VALUE);
	err = ready();
	*count = err ? 0 : device_count;
	return api_return(err);
}

USVM_API usvm_error usvm_set_device(int device)
{
	struct device *dev;
	usvm_error err = api_device_at(device, &dev);

	if (!err)
		current = device;
	return api_return(err);
}

USVM_API usvm_error usvm_get_device(int *device)
{
	usvm_error err = device ? ready() : USVM_ERROR_INVALID_VALUE;

	if (!err)
		*device = current;
	return api_return(err);
}

static void __attribute__((destructor)) close_devices(void)
{
	if (atomic_load(&forked))
		return;
	for (int i = 0; i < device_count; i++) {
		struct device *dev = &devices[i];

		stream_free(dev->fallback);
		while (dev->streams)
			stream_free(dev->streams);
		dev->backend->close(dev);
	}
	device_count = 0;
	open_error = USVM_ERROR_NO_DEVICE;
	memory_clear();
	ranges_clear();
}
