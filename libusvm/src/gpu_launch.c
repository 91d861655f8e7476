// SPDX-License-Identifier: MIT
/* Kernels on the nouveau backend: where their code is, and running a grid. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gpu.h"
#include "module.h"

/* Bytes that the instruction fetch may read beyond the last instruction. */
#define CODE_TAIL	512

struct uploaded {
	struct nv_bo bo;
};

/* The device is drained, so that no queue runs the code. */
static void release(struct usvm_module *module)
{
	struct gpu *gpu = module->dev->priv;
	struct uploaded *up = module->uploaded;

	pthread_mutex_lock(&runtime_lock);
	for (usvm_stream *s = module->dev->streams; s; s = s->next)
		if (s->queue->graphics.dev)
			nv_channel_unuse(&s->queue->graphics, &up->bo);
	pthread_mutex_unlock(&runtime_lock);
	nv_bo_del(&gpu->nv, &up->bo);
	free(up);
	module->uploaded = NULL;
}

/* The first launch of a module takes its code to where the GPU can fetch it. */
static usvm_error upload(struct gpu *gpu, struct usvm_module *module, struct uploaded **out)
{
	struct uploaded *up;
	int err = 0;

	pthread_mutex_lock(&gpu->lock);
	up = module->uploaded;
	if (!up) {
		up = calloc(1, sizeof(*up));
		err = up ? nv_bo_new(&gpu->nv, &up->bo, module->code_size + CODE_TAIL) : -ENOMEM;
		if (err) {
			free(up);
		} else {
			memcpy(up->bo.map, module->code, module->code_size);
			module->release = release;
			module->uploaded = up;
		}
	}
	pthread_mutex_unlock(&gpu->lock);
	*out = up;
	return error_from_errno(err);
}

static usvm_error use_compute(struct queue *q)
{
	usvm_error err = gpu_use(q, NV_ENGINE_GRAPHICS);

	if (err || q->compute.ch)
		return err;
	return error_from_errno(nv_compute_open(&q->compute, &q->graphics));
}

struct preferred {
	struct device *dev;
	usvm_error error;
};

static void prefetch(uint64_t start, uint64_t end, const uint64_t *notes, void *data)
{
	struct preferred *p = data;

	if (notes[NOTE_PREFERRED] == (uint64_t)(p->dev->index + 3) && !p->error)
		p->error = gpu_place(p->dev, start, end, true);
}

usvm_error gpu_launch(struct queue *q, const struct grid *grid)
{
	const struct usvm_kernel *k = grid->kernel;
	struct preferred preferred = { .dev = q->dev };
	struct nv_grid g = {
		.entry = (uint32_t)k->code_offset,
		.grid = { grid->grid.x, grid->grid.y, grid->grid.z },
		.block = { grid->block.x, grid->block.y, grid->block.z },
		.registers = k->registers,
		.barriers = k->barriers,
		.shared_bytes = k->shared_bytes,
		.local_bytes = k->local_bytes,
		.arguments = grid->bytes,
		.arguments_size = k->bytes,
	};
	struct uploaded *up;
	usvm_error err;
	int failed;

	if (!k->code)
		return USVM_ERROR_NOT_SUPPORTED;
	ranges_each(0, UINT64_MAX, prefetch, &preferred);
	/* the grid's faults may move memory anywhere */
	gpu_forget(q->dev, 0, UINT64_MAX);
	err = preferred.error ? preferred.error : use_compute(q);
	if (!err)
		err = upload(q->gpu, k->module, &up);
	if (err)
		return err;
	g.code = up->bo.va;
	failed = nv_channel_use(q->active, &up->bo);
	if (!failed)
		failed = nv_launch(&q->compute, &g);
	q->settled = false;
	return failed ? gpu_error(q, failed) : USVM_SUCCESS;
}

/* Asked once: making the first object of the graphics engine takes seconds. */
bool gpu_computes(struct gpu *gpu)
{
	bool yes;

	pthread_mutex_lock(&gpu->lock);
	if (!gpu->probed) {
		struct nv_channel ch;

		gpu->computes = !nv_channel_open(&gpu->nv, &ch, NV_ENGINE_GRAPHICS);
		gpu->probed = true;
		if (gpu->computes)
			nv_channel_close(&ch);
	}
	yes = gpu->computes;
	pthread_mutex_unlock(&gpu->lock);
	return yes;
}
