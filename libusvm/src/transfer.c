// SPDX-License-Identifier: MIT
/* Copies and fills: checks the arguments and gives the stream one operation. */
#include <stdlib.h>

#include "internal.h"

/* Bytes from the first to the last one of @height lines; false if that overflows. */
static bool span(uint64_t pitch, uint64_t width, uint64_t height, uint64_t *bytes)
{
	if (__builtin_mul_overflow(pitch, height - 1, bytes))
		return false;
	return !__builtin_add_overflow(*bytes, width, bytes);
}

static bool in_address_space(const void *p, uint64_t bytes)
{
	uint64_t end;

	return p && !__builtin_add_overflow((uint64_t)(uintptr_t)p, bytes, &end);
}

static usvm_error check(const struct transfer *t)
{
	uint64_t dst_span, src_span;

	if (t->height > 1 && t->dst_pitch < t->width)
		return USVM_ERROR_INVALID_VALUE;
	if (!span(t->dst_pitch, t->width, t->height, &dst_span) ||
	    !in_address_space(t->dst, dst_span))
		return USVM_ERROR_INVALID_VALUE;
	if (t->element)
		return (uintptr_t)t->dst % t->element || t->dst_pitch % t->element ?
			       USVM_ERROR_INVALID_VALUE : USVM_SUCCESS;
	if (t->height > 1 && t->src_pitch < t->width)
		return USVM_ERROR_INVALID_VALUE;
	if (!span(t->src_pitch, t->width, t->height, &src_span) ||
	    !in_address_space(t->src, src_span))
		return USVM_ERROR_INVALID_VALUE;
	/* Lines of one matrix may interleave, as when columns are moved. */
	if (t->height == 1 && (uintptr_t)t->dst < (uintptr_t)t->src + src_span &&
	    (uintptr_t)t->src < (uintptr_t)t->dst + dst_span)
		return USVM_ERROR_INVALID_VALUE;
	return USVM_SUCCESS;
}

static usvm_error transfer(const struct transfer *t, usvm_stream *stream, bool wait)
{
	struct op now = { .kind = OP_TRANSFER, .transfer = *t };
	usvm_error err = api_stream(&stream);
	struct op *op;

	if (err || !t->width || !t->height)
		return api_return(err);
	err = check(t);
	if (err)
		return api_return(err);
	if (wait)
		return api_return(stream_run(stream, &now));
	op = malloc(sizeof(*op));
	if (!op)
		return api_return(USVM_ERROR_OUT_OF_MEMORY);
	*op = now;
	return api_return(stream_enqueue(stream, op));
}

static usvm_error copy(void *dst, size_t dst_pitch, const void *src, size_t src_pitch,
		       size_t width, size_t height, usvm_stream *stream, bool wait)
{
	struct transfer t = {
		.dst = dst, .src = src, .dst_pitch = dst_pitch, .src_pitch = src_pitch,
		.width = width, .height = height,
	};

	return transfer(&t, stream, wait);
}

static usvm_error fill(void *dst, size_t pitch, size_t element, uint64_t value, size_t count,
		       size_t height, usvm_stream *stream, bool wait)
{
	struct transfer t = { .dst = dst, .dst_pitch = pitch, .height = height, .value = value };

	if ((element != 1 && element != 2 && element != 4 && element != 8) ||
	    __builtin_mul_overflow(element, count, &t.width))
		return api_return(USVM_ERROR_INVALID_VALUE);
	t.element = (uint32_t)element;
	return transfer(&t, stream, wait);
}

USVM_API usvm_error usvm_memcpy_async(void *dst, const void *src, size_t size, usvm_stream *stream)
{
	return copy(dst, size, src, size, size, 1, stream, false);
}

USVM_API usvm_error usvm_memcpy(void *dst, const void *src, size_t size)
{
	return copy(dst, size, src, size, size, 1, NULL, true);
}

USVM_API usvm_error usvm_memcpy_2d_async(void *dst, size_t dst_pitch, const void *src,
					 size_t src_pitch, size_t width, size_t height,
					 usvm_stream *stream)
{
	return copy(dst, dst_pitch, src, src_pitch, width, height, stream, false);
}

USVM_API usvm_error usvm_memcpy_2d(void *dst, size_t dst_pitch, const void *src, size_t src_pitch,
				   size_t width, size_t height)
{
	return copy(dst, dst_pitch, src, src_pitch, width, height, NULL, true);
}

USVM_API usvm_error usvm_fill_async(void *dst, size_t element, uint64_t value, size_t count,
				    usvm_stream *stream)
{
	return fill(dst, 0, element, value, count, 1, stream, false);
}

USVM_API usvm_error usvm_fill(void *dst, size_t element, uint64_t value, size_t count)
{
	return fill(dst, 0, element, value, count, 1, NULL, true);
}

USVM_API usvm_error usvm_memset_async(void *dst, int value, size_t size, usvm_stream *stream)
{
	return fill(dst, 0, 1, (uint8_t)value, size, 1, stream, false);
}

USVM_API usvm_error usvm_memset(void *dst, int value, size_t size)
{
	return fill(dst, 0, 1, (uint8_t)value, size, 1, NULL, true);
}

USVM_API usvm_error usvm_memset_2d_async(void *dst, size_t pitch, int value, size_t width,
					 size_t height, usvm_stream *stream)
{
	return fill(dst, pitch, 1, (uint8_t)value, width, height, stream, false);
}

USVM_API usvm_error usvm_memset_2d(void *dst, size_t pitch, int value, size_t width,
				   size_t height)
{
	return fill(dst, pitch, 1, (uint8_t)value, width, height, NULL, true);
}
