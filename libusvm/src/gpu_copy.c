// SPDX-License-Identifier: MIT
/*
 * Copies and fills on the nouveau backend. Each range is taken apart into
 * pieces that are in VRAM and mapped, and pieces that are not:
 *
 *	source    destination
 *	VRAM      VRAM		copy engine
 *	VRAM      RAM		copy engine to a staging buffer, then CPU
 *	RAM       VRAM		CPU to a staging buffer, then copy engine
 *	RAM       RAM		CPU
 *
 * Whatever the CPU touches, it touches after all earlier work of the stream.
 */
#include <string.h>

#include "gpu.h"

static usvm_error pushed(struct queue *q, int err)
{
	q->settled = false;
	return err ? gpu_error(q, err) : USVM_SUCCESS;
}

static usvm_error engine_copy(struct queue *q, uint64_t dst, uint64_t src, uint64_t size)
{
	atomic_fetch_add(&q->gpu->by_engine, size);
	return pushed(q, nv_copy(q->active, dst, src, size));
}

static usvm_error submit(struct queue *q, uint32_t *seq)
{
	int err = nv_submit(q->active, seq);

	return err ? gpu_error(q, err) : USVM_SUCCESS;
}

static usvm_error wait_stage(struct queue *q, unsigned int i)
{
	int err = nv_wait(q->active, q->stage_seq[i], runtime_timeout_ns());

	return err ? gpu_error(q, err) : USVM_SUCCESS;
}

static char *stage(struct queue *q, unsigned int i)
{
	return (char *)q->stage.map + i * GPU_STAGE_BYTES;
}

static uint64_t stage_va(struct queue *q, unsigned int i)
{
	return q->stage.va + i * GPU_STAGE_BYTES;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* RAM to VRAM: the CPU fills one half while the engine empties the other. */
static usvm_error stage_in(struct queue *q, uint64_t dst, const char *src, uint64_t size)
{
	usvm_error err = gpu_stage(q);
	unsigned int i = 0;

	err = err ? err : gpu_settle(q);
	for (uint64_t at = 0; at < size && !err; at += GPU_STAGE_BYTES, i ^= 1) {
		uint64_t part = smaller(size - at, GPU_STAGE_BYTES);

		err = wait_stage(q, i);
		if (err)
			break;
		memcpy(stage(q, i), src + at, part);
		err = pushed(q, nv_copy(q->active, dst + at, stage_va(q, i), part));
		if (!err)
			err = submit(q, &q->stage_seq[i]);
	}
	atomic_fetch_add(&q->gpu->staged, size);
	return err;
}

/* VRAM to RAM: the engine fills one half while the CPU empties the other. */
static usvm_error stage_out(struct queue *q, char *dst, uint64_t src, uint64_t size)
{
	usvm_error err = gpu_stage(q);
	uint64_t taken = 0;
	unsigned int i = 0;

	err = err ? err : gpu_settle(q);
	for (uint64_t at = 0; taken < size && !err; at += GPU_STAGE_BYTES, i ^= 1) {
		if (at < size) {
			err = pushed(q, nv_copy(q->active, stage_va(q, i), src + at,
						smaller(size - at, GPU_STAGE_BYTES)));
			if (!err)
				err = submit(q, &q->stage_seq[i]);
		}
		if (!err && at) {
			uint64_t part = smaller(size - taken, GPU_STAGE_BYTES);

			err = wait_stage(q, i ^ 1);
			if (!err)
				memcpy(dst + taken, stage(q, i ^ 1), part);
			taken += part;
		}
	}
	atomic_fetch_add(&q->gpu->staged, size);
	return err;
}

static usvm_error cpu_copy(struct queue *q, char *dst, const char *src, uint64_t size)
{
	usvm_error err = gpu_settle(q);

	if (!err)
		err = memory_populate((uintptr_t)src & ~(USVM_PAGE - 1),
				      ((uintptr_t)src + size + USVM_PAGE - 1) & ~(USVM_PAGE - 1),
				      false);
	if (!err || err == USVM_ERROR_NOT_SUPPORTED)
		err = memory_populate((uintptr_t)dst & ~(USVM_PAGE - 1),
				      ((uintptr_t)dst + size + USVM_PAGE - 1) & ~(USVM_PAGE - 1),
				      true);
	/* memory of a device can be copied though it cannot be populated */
	if (err && err != USVM_ERROR_NOT_SUPPORTED)
		return err;
	memcpy(dst, src, size);
	atomic_fetch_add(&q->gpu->by_cpu, size);
	return USVM_SUCCESS;
}

static usvm_error copy_piece(struct queue *q, char *dst, bool dst_vram, const char *src,
			     bool src_vram, uint64_t size)
{
	usvm_error err;

	if (!dst_vram && !src_vram)
		return cpu_copy(q, dst, src, size);
	err = gpu_use(q, NV_ENGINE_COPY);
	if (err)
		return err;
	if (dst_vram && src_vram)
		return engine_copy(q, (uintptr_t)dst, (uintptr_t)src, size);
	return dst_vram ? stage_in(q, (uintptr_t)dst, src, size) :
			  stage_out(q, dst, (uintptr_t)src, size);
}

static usvm_error copy_line(struct queue *q, char *dst, const char *src, uint64_t size)
{
	uint64_t d = (uintptr_t)dst, s = (uintptr_t)src, d_end = d + size, s_end = s + size;
	uint64_t d_until = d, s_until = s;
	bool d_vram = false, s_vram = false;
	usvm_error err = USVM_SUCCESS;

	while (d < d_end && !err) {
		uint64_t part;

		/* Asked again only where the last answer ends. */
		if (d_until == d)
			err = gpu_look_up(q->gpu, d, d_end, &d_vram, &d_until);
		if (!err && s_until == s)
			err = gpu_look_up(q->gpu, s, s_end, &s_vram, &s_until);
		if (err)
			break;
		part = smaller(d_until - d, s_until - s);
		err = copy_piece(q, (char *)(uintptr_t)d, d_vram, (const char *)(uintptr_t)s,
				 s_vram, part);
		d += part;
		s += part;
	}
	return err;
}

static usvm_error engine_fill(struct queue *q, uint64_t dst, const struct transfer *t,
			      uint64_t size)
{
	usvm_error err = gpu_use(q, NV_ENGINE_COPY);

	if (err)
		return err;
	atomic_fetch_add(&q->gpu->by_engine, size);
	return pushed(q, nv_fill(q->active, dst, t->element, t->value, size / t->element));
}

static usvm_error cpu_fill(struct queue *q, char *dst, const struct transfer *t, uint64_t size)
{
	usvm_error err = gpu_settle(q);

	if (!err)
		err = memory_populate((uintptr_t)dst & ~(USVM_PAGE - 1),
				      ((uintptr_t)dst + size + USVM_PAGE - 1) & ~(USVM_PAGE - 1),
				      true);
	if (err && err != USVM_ERROR_NOT_SUPPORTED)
		return err;
	if (t->element == 1)
		memset(dst, (int)t->value, size);
	else
		for (uint64_t at = 0; at < size; at += t->element)
			memcpy(dst + at, &t->value, t->element);
	atomic_fetch_add(&q->gpu->by_cpu, size);
	return USVM_SUCCESS;
}

/* Elements are aligned, so that no page border goes through one. */
static usvm_error fill_line(struct queue *q, char *dst, const struct transfer *t)
{
	uint64_t at = (uintptr_t)dst, end = at + t->width;
	usvm_error err = USVM_SUCCESS;

	while (at < end && !err) {
		uint64_t until;
		bool vram;

		err = gpu_look_up(q->gpu, at, end, &vram, &until);
		if (err)
			break;
		err = vram ? engine_fill(q, at, t, until - at) :
			     cpu_fill(q, (char *)(uintptr_t)at, t, until - at);
		at = until;
	}
	return err;
}

/* True if the copy engine may touch everything from the first to the last byte. */
static usvm_error all_mapped(struct queue *q, const void *p, uint64_t pitch,
			     const struct transfer *t, bool *yes)
{
	uint64_t start = (uintptr_t)p, end = start + pitch * (t->height - 1) + t->width, until;
	usvm_error err = gpu_look_up(q->gpu, start, end, yes, &until);

	*yes = *yes && until == end;
	return err;
}

/* With faults allowed the engine may be given anything. */
static usvm_error transfer_blindly(struct queue *q, const struct transfer *t)
{
	usvm_error err = gpu_use(q, NV_ENGINE_COPY);

	for (uint64_t y = 0; y < t->height && !err && t->element; y++)
		err = engine_fill(q, (uintptr_t)t->dst + y * t->dst_pitch, t, t->width);
	if (err || t->element)
		return err;
	if (t->height == 1)
		return engine_copy(q, (uintptr_t)t->dst, (uintptr_t)t->src, t->width);
	atomic_fetch_add(&q->gpu->by_engine, t->width * t->height);
	return pushed(q, nv_copy_2d(q->active, (uintptr_t)t->dst, t->dst_pitch, (uintptr_t)t->src,
				    t->src_pitch, t->width, t->height));
}

usvm_error gpu_transfer(struct queue *q, const struct transfer *t)
{
	usvm_error err = USVM_SUCCESS;

	if (q->gpu->copy_faults)
		return transfer_blindly(q, t);
	if (t->height > 1 && !t->element) {
		bool dst = false, src = false;

		err = all_mapped(q, t->dst, t->dst_pitch, t, &dst);
		if (!err && dst)
			err = all_mapped(q, t->src, t->src_pitch, t, &src);
		if (!err && dst && src)
			return transfer_blindly(q, t);
	}
	for (uint64_t y = 0; y < t->height && !err; y++) {
		char *dst = t->dst + y * t->dst_pitch;

		err = t->element ? fill_line(q, dst, t) :
				   copy_line(q, dst, t->src + y * t->src_pitch, t->width);
	}
	return err;
}
