// SPDX-License-Identifier: MIT
/*
 * The host device: plain memory, the CPU as copy engine, threads for kernels.
 * Everything is done when the call returns, so that tickets need no keeping.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

struct host {
	struct host_pool *pool;
	_Atomic uint64_t launches;
	_Atomic uint64_t bytes;
};

struct queue {
	struct host *host;
	uint64_t done;
};

usvm_error host_open(struct device *dev)
{
	struct host *host = calloc(1, sizeof(*host));

	if (!host)
		return USVM_ERROR_OUT_OF_MEMORY;
	host->pool = host_pool_new();
	if (!host->pool) {
		free(host);
		return USVM_ERROR_OUT_OF_MEMORY;
	}
	dev->backend = &host_backend;
	dev->priv = host;
	return USVM_SUCCESS;
}

static void host_close(struct device *dev)
{
	struct host *host = dev->priv;

	host_pool_free(host->pool);
	free(host);
}

static uint64_t ram(int name)
{
	long pages = sysconf(name), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

static void host_properties(struct device *dev, struct usvm_device_properties *p)
{
	struct host *host = dev->priv;

	snprintf(p->name, sizeof(p->name), "host CPU");
	snprintf(p->backend, sizeof(p->backend), "host");
	p->memory_bytes = ram(_SC_PHYS_PAGES);
	p->multiprocessors = host_pool_threads(host->pool);
	p->max_threads_per_block = 1024;
	p->max_grid[0] = 0x7fffffff;
	p->max_grid[1] = p->max_grid[2] = 0xffff;
}

static int host_attribute(struct device *dev, enum usvm_device_attribute attribute)
{
	(void)dev;
	switch (attribute) {
	case USVM_ATTR_PAGEABLE_MEMORY_ACCESS:
	case USVM_ATTR_CONCURRENT_COPY:
	case USVM_ATTR_KERNEL_FAULTS:
	case USVM_ATTR_KERNELS:
		return 1;
	case USVM_ATTR_SEPARATE_MEMORY:
	case USVM_ATTR_RESIDENCY_QUERY:
	case USVM_ATTR_KERNEL_ADVICE:
	case USVM_ATTR_COPIES_STAGED:
		return 0;
	}
	return -1;
}

static usvm_error host_mem_info(struct device *dev, size_t *free_bytes, size_t *total)
{
	(void)dev;
	*free_bytes = ram(_SC_AVPHYS_PAGES);
	*total = ram(_SC_PHYS_PAGES);
	return USVM_SUCCESS;
}

static void host_statistics(struct device *dev, struct usvm_statistics *statistics)
{
	struct host *host = dev->priv;

	statistics->launches = atomic_load(&host->launches);
	statistics->bytes_by_cpu = atomic_load(&host->bytes);
}

static void host_reset(struct device *dev)
{
	(void)dev;	/* nothing is ever lost */
}

/* Memory is where it should be already; a bad range is told as on a GPU. */
static usvm_error host_place(struct device *dev, uint64_t start, uint64_t end, bool to_device)
{
	usvm_error err = memory_populate(start, end, false);

	(void)dev;
	(void)to_device;
	return err == USVM_ERROR_NOT_SUPPORTED ? USVM_SUCCESS : err;
}

static usvm_error host_queue_open(struct device *dev, struct queue **queue)
{
	struct queue *q = calloc(1, sizeof(*q));

	if (!q)
		return USVM_ERROR_OUT_OF_MEMORY;
	q->host = dev->priv;
	*queue = q;
	return USVM_SUCCESS;
}

static void host_queue_close(struct queue *queue)
{
	free(queue);
}

static void fill_line(char *dst, const struct transfer *t)
{
	if (t->element == 1) {
		memset(dst, (int)t->value, t->width);
		return;
	}
	for (uint64_t at = 0; at < t->width; at += t->element)
		memcpy(dst + at, &t->value, t->element);	/* little endian: the low bytes */
}

static usvm_error host_transfer(struct queue *q, const struct transfer *t)
{
	for (uint64_t y = 0; y < t->height; y++) {
		if (t->element)
			fill_line(t->dst + y * t->dst_pitch, t);
		else
			memcpy(t->dst + y * t->dst_pitch, t->src + y * t->src_pitch, t->width);
	}
	atomic_fetch_add(&q->host->bytes, t->width * t->height);
	return USVM_SUCCESS;
}

static usvm_error host_launch(struct queue *q, const struct grid *grid)
{
	if (!grid->kernel->call)
		return USVM_ERROR_NOT_SUPPORTED;
	atomic_fetch_add(&q->host->launches, 1);
	return host_pool_run(q->host->pool, grid);
}

static usvm_error host_mark(struct queue *q, uint64_t ticket, struct usvm_event *event,
			    uint64_t generation)
{
	q->done = ticket;
	if (event)
		event_complete(event, generation, 0);
	return USVM_SUCCESS;
}

static usvm_error host_progress(struct queue *q, uint64_t *completed, uint64_t ticket, bool block)
{
	(void)ticket;
	(void)block;
	*completed = q->done;
	return USVM_SUCCESS;
}

const struct backend host_backend = {
	.name = "host",
	.close = host_close,
	.properties = host_properties,
	.attribute = host_attribute,
	.mem_info = host_mem_info,
	.statistics = host_statistics,
	.reset = host_reset,
	.place = host_place,
	.queue_open = host_queue_open,
	.queue_close = host_queue_close,
	.transfer = host_transfer,
	.launch = host_launch,
	.mark = host_mark,
	.progress = host_progress,
};
