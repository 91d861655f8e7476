// SPDX-License-Identifier: MIT
/* The nouveau backend: devices, queues, and how far a queue is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpu.h"
#include "nv_uapi.h"

#define CHECK_NS	5000000ull	/* how often a waiting queue asks whether its channel lives */
#define SLICE_NS	50000000ull	/* how often a blocked one looks for a reset */

usvm_error gpu_open(struct device *dev, const char *node)
{
	struct gpu *gpu = calloc(1, sizeof(*gpu));
	const char *faults = getenv("USVM_COPY_FAULTS");
	int err;

	if (!gpu)
		return USVM_ERROR_OUT_OF_MEMORY;
	err = nv_device_open(&gpu->nv, node);
	if (err) {
		free(gpu);
		return err == -EACCES || err == -EPERM ? USVM_ERROR_PERMISSION :
							 USVM_ERROR_NO_DEVICE;
	}
	pthread_mutex_init(&gpu->lock, NULL);
	gpu->features = nv_svm_features(&gpu->nv);
	gpu->forks = runtime_fork_count();
	gpu->copy_faults = faults && !strcmp(faults, "1");
	dev->backend = &gpu_backend;
	dev->priv = gpu;
	return USVM_SUCCESS;
}

static void gpu_close(struct device *dev)
{
	struct gpu *gpu = dev->priv;

	nv_bo_del(&gpu->nv, &gpu->words);
	nv_device_close(&gpu->nv);
	pthread_mutex_destroy(&gpu->lock);
	free(gpu->ours);
	free(gpu);
}

static void gpu_properties(struct device *dev, struct usvm_device_properties *p)
{
	const struct nv_device *nv = &((struct gpu *)dev->priv)->nv;

	snprintf(p->name, sizeof(p->name), "NVIDIA GP1%02X (NV%X)", nv->chipset & 0xf, nv->chipset);
	snprintf(p->backend, sizeof(p->backend), "nouveau");
	snprintf(p->node, sizeof(p->node), "%s", nv->path);
	p->memory_bytes = nv->vram_size;
	p->chipset = nv->chipset;
	p->pci_device_id = nv->pci_device;
	p->multiprocessors = (uint32_t)(nv->graph_units >> 8) & 0xffff;
	p->max_threads_per_block = 1024;
	p->max_grid[0] = 0x7fffffff;
	p->max_grid[1] = p->max_grid[2] = 0xffff;
}

static int gpu_attribute(struct device *dev, enum usvm_device_attribute attribute)
{
	struct gpu *gpu = dev->priv;

	switch (attribute) {
	case USVM_ATTR_PAGEABLE_MEMORY_ACCESS:
	case USVM_ATTR_KERNEL_FAULTS:
	case USVM_ATTR_SEPARATE_MEMORY:
		return 1;
	case USVM_ATTR_CONCURRENT_COPY:
		return gpu->copy_faults;
	case USVM_ATTR_COPIES_STAGED:
		return !gpu->copy_faults;
	case USVM_ATTR_KERNELS:
		return gpu_computes(gpu);
	case USVM_ATTR_RESIDENCY_QUERY:
		return gpu->features & NOUVEAU_SVM_BIND_FEATURE_QUERY ? 1 : 0;
	case USVM_ATTR_KERNEL_ADVICE:
		return gpu->features & NOUVEAU_SVM_BIND_FEATURE_POLICY ? 1 : 0;
	}
	return -1;
}

static usvm_error gpu_mem_info(struct device *dev, size_t *free_bytes, size_t *total)
{
	const struct gpu *gpu = dev->priv;
	uint64_t used = 0;
	int err = nv_getparam(&gpu->nv, NOUVEAU_GETPARAM_VRAM_USED, &used);

	if (err)	/* before Linux 6.8 */
		return err == -EINVAL ? USVM_ERROR_NOT_SUPPORTED : error_from_errno(err);
	*total = gpu->nv.vram_size;
	*free_bytes = used < *total ? *total - used : 0;
	return USVM_SUCCESS;
}

static void add_counts(const struct nv_channel *ch, struct usvm_statistics *statistics)
{
	statistics->submissions += ch->submits;
	statistics->launches += ch->launches;
}

static void gpu_statistics(struct device *dev, struct usvm_statistics *statistics)
{
	struct gpu *gpu = dev->priv;

	statistics->submissions = atomic_load(&gpu->submissions);
	statistics->launches = atomic_load(&gpu->launches);
	statistics->binds = atomic_load(&gpu->binds);
	statistics->waits_by_gpu = atomic_load(&gpu->waits);
	statistics->bytes_by_engine = atomic_load(&gpu->by_engine);
	statistics->bytes_staged = atomic_load(&gpu->staged);
	statistics->bytes_by_cpu = atomic_load(&gpu->by_cpu);
	pthread_mutex_lock(&runtime_lock);
	for (usvm_stream *s = dev->streams; s; s = s->next) {
		add_counts(&s->queue->copy, statistics);
		add_counts(&s->queue->graphics, statistics);
	}
	pthread_mutex_unlock(&runtime_lock);
}

static usvm_error gpu_queue_open(struct device *dev, struct queue **queue)
{
	struct queue *q = calloc(1, sizeof(*q));

	if (!q)
		return USVM_ERROR_OUT_OF_MEMORY;
	q->dev = dev;
	q->gpu = dev->priv;
	q->settled = true;
	q->word = -1;
	*queue = q;
	return USVM_SUCCESS;
}

/* Whatever was marked will not happen any more: those who wait are let go. */
static void abandon(struct queue *q)
{
	while (q->count) {
		struct mark *m = &q->marks[q->first];

		if (m->event) {
			event_complete(m->event, m->generation, 0);
			event_put(m->event);
		}
		q->done = m->ticket;
		q->first = (q->first + 1) % GPU_MARKS;
		q->count--;
	}
}

static void close_channel(struct queue *q, struct nv_channel *ch)
{
	atomic_fetch_add(&q->gpu->submissions, ch->submits);
	atomic_fetch_add(&q->gpu->launches, ch->launches);
	nv_channel_close(ch);
	memset(ch, 0, sizeof(*ch));
}

static void close_channels(struct queue *q)
{
	abandon(q);
	/* they may wait for what will not happen any more */
	if (atomic_load(&q->dev->lost))
		gpu_let_go(q->gpu);
	close_channel(q, &q->copy);
	close_channel(q, &q->graphics);	/* waits for its grids */
	nv_compute_close(&q->compute);
	nv_bo_del(&q->gpu->nv, &q->stage);
	q->active = NULL;
	q->settled = true;
	q->waits = false;
	q->stage_seq[0] = q->stage_seq[1] = 0;
}

static void gpu_queue_close(struct queue *q)
{
	close_channels(q);
	gpu_give_word(q);
	free(q);
}

/* All streams are quiet, and runtime_lock is held. */
static void gpu_reset(struct device *dev)
{
	for (usvm_stream *s = dev->streams; s; s = s->next)
		close_channels(s->queue);
}

usvm_error gpu_error(struct queue *q, int err)
{
	if (err == -ENODEV || err == -ETIMEDOUT)
		abandon(q);
	return error_from_errno(err);
}

usvm_error gpu_use(struct queue *q, enum nv_engine engine)
{
	struct nv_channel *want = engine == NV_ENGINE_COPY && !q->graphics.dev ? &q->copy :
									       &q->graphics;
	int err;

	if (q->active == want)
		return USVM_SUCCESS;
	if (q->active) {
		usvm_error late = gpu_settle(q);

		if (late)
			return late;
	}
	if (!want->dev) {
		err = nv_channel_open(&q->gpu->nv, want, engine);
		if (err)	/* -ENODEV would read as a lost device */
			return err == -ENODEV ? USVM_ERROR_NOT_SUPPORTED : error_from_errno(err);
	}
	q->stage_seq[0] = q->stage_seq[1] = 0;
	q->active = want;
	return USVM_SUCCESS;
}

usvm_error gpu_stage(struct queue *q)
{
	int err = 0;

	if (!q->stage.handle)
		err = nv_bo_new(&q->gpu->nv, &q->stage, 2 * GPU_STAGE_BYTES);
	if (!err)
		err = nv_channel_use(q->active, &q->stage);
	return error_from_errno(err);
}

/*
 * When the time began that a queue is waited for: not before it was told to, and if
 * it waits for another queue, not while any gets on.
 */
static uint64_t waited_since(const struct queue *q, uint64_t told_ns)
{
	uint64_t moved = q->waits ? atomic_load(&q->gpu->moved_ns) : 0;

	return moved > told_ns ? moved : told_ns;
}

/* Waits in slices, so that a reset or a lost sister stream is noticed. */
static usvm_error wait_seq(struct queue *q, uint32_t seq)
{
	uint64_t start = clock_ns(), limit = runtime_timeout_ns();

	for (;;) {
		usvm_error lost = (usvm_error)atomic_load(&q->dev->lost);
		int err;

		if (lost) {
			abandon(q);
			return lost;
		}
		err = nv_wait(q->active, seq, SLICE_NS);
		if (err != -ETIMEDOUT || clock_ns() > waited_since(q, start) + limit)
			return gpu_error(q, err);
	}
}

usvm_error gpu_settle(struct queue *q)
{
	usvm_error err;
	uint32_t seq;
	int failed;

	if (!q->active || q->settled)
		return USVM_SUCCESS;
	failed = nv_submit(q->active, &seq);
	err = failed ? gpu_error(q, failed) : wait_seq(q, seq);
	if (!err)
		q->settled = true;
	return err;
}

/* Takes over what the GPU has reached. */
static void collect(struct queue *q)
{
	while (q->count) {
		struct mark *m = &q->marks[q->first];

		if (!nv_done(q->active, m->seq))
			return;
		if (m->event) {
			event_complete(m->event, m->generation, nv_stamp_read(q->active, q->first));
			event_put(m->event);
		}
		q->done = m->ticket;
		q->first = (q->first + 1) % GPU_MARKS;
		q->count--;
		atomic_store(&q->gpu->moved_ns, clock_ns());
	}
	q->waits = false;
}

static usvm_error gpu_mark(struct queue *q, uint64_t ticket, struct usvm_event *event,
			   uint64_t generation)
{
	usvm_error lost = (usvm_error)atomic_load(&q->dev->lost);
	struct gpu_point point;
	bool promised = false;
	unsigned int slot;
	struct mark *m;
	int err = 0;

	if (lost) {
		abandon(q);
		return lost;
	}
	if (!q->active || (q->settled && !event)) {
		if (event)
			event_complete(event, generation, 0);
		if (q->active)
			collect(q);
		q->done = ticket;
		return USVM_SUCCESS;
	}
	if (q->count == GPU_MARKS) {
		lost = wait_seq(q, q->marks[q->first].seq);
		if (lost)
			return lost;
		collect(q);
	}
	slot = (q->first + q->count) % GPU_MARKS;
	m = &q->marks[slot];
	if (event) {
		err = nv_stamp(q->active, slot);
		promised = !err && gpu_promise(q, &point);
	}
	if (!err)
		err = nv_submit(q->active, &m->seq);
	if (err)
		return gpu_error(q, err);
	if (promised)
		event_promised(event, generation, q->dev, &point);
	m->ticket = ticket;
	m->event = event;
	m->generation = generation;
	m->since_ns = clock_ns();
	if (event) {
		event_get(event);
		q->settled = false;
	}
	q->count++;
	return USVM_SUCCESS;
}

static usvm_error gpu_progress(struct queue *q, uint64_t *completed, uint64_t ticket, bool block)
{
	usvm_error err = (usvm_error)atomic_load(&q->dev->lost);
	uint64_t now;

	if (err)
		abandon(q);
	else if (q->active && block && q->count)
		err = wait_seq(q, q->marks[(q->first + q->count - 1) % GPU_MARKS].seq);
	if (!err && q->active)
		collect(q);
	now = clock_ns();
	if (!err && q->count && now - q->checked_ns > CHECK_NS) {
		int failed = nv_channel_check(q->active);

		q->checked_ns = now;
		if (!failed &&
		    now > waited_since(q, q->marks[q->first].since_ns) + runtime_timeout_ns())
			failed = -ETIMEDOUT;
		err = failed ? gpu_error(q, failed) : USVM_SUCCESS;
	}
	if (!err && !q->count) {
		q->done = ticket > q->done ? ticket : q->done;
		q->settled = !q->active || q->active->begin == q->active->end;
	}
	*completed = q->done;
	return err;
}

const struct backend gpu_backend = {
	.name = "nouveau",
	.close = gpu_close,
	.properties = gpu_properties,
	.attribute = gpu_attribute,
	.mem_info = gpu_mem_info,
	.statistics = gpu_statistics,
	.reset = gpu_reset,
	.place = gpu_place,
	.forget = gpu_forget,
	.residency = gpu_residency,
	.advice = gpu_advice,
	.queue_open = gpu_queue_open,
	.queue_close = gpu_queue_close,
	.transfer = gpu_transfer,
	.launch = gpu_launch,
	.mark = gpu_mark,
	.wait = gpu_wait,
	.progress = gpu_progress,
};
