// SPDX-License-Identifier: MIT
/* Ranges of memory: prefetching, advice, discarding, and what is known of them. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "pages.h"

#define HOST_BIT	(1ull << 63)

/* Whole pages that a range touches. */
static usvm_error whole_pages(const void *pointer, size_t size, uint64_t *start, uint64_t *end)
{
	uint64_t first = (uintptr_t)pointer;

	if (!pointer || !size || first + size + USVM_PAGE < first)
		return USVM_ERROR_INVALID_VALUE;
	*start = first & ~(USVM_PAGE - 1);
	*end = (first + size + USVM_PAGE - 1) & ~(USVM_PAGE - 1);
	return USVM_SUCCESS;
}

/* A location as a note: 0 is kept for "none". */
static uint64_t location_note(int location)
{
	return (uint64_t)(location + 3);
}

static usvm_error check_location(int location, struct device **dev)
{
	*dev = NULL;
	return location == USVM_HOST ? api_usable() : api_device_at(location, dev);
}

static usvm_error prepare(struct op *op, const void *pointer, size_t size, int location,
			  usvm_stream **stream)
{
	usvm_error err;

	op->kind = OP_PLACE;
	err = whole_pages(pointer, size, &op->range.start, &op->range.end);
	if (!err)
		err = api_stream(stream);
	if (!err)
		err = check_location(location, &op->range.device);
	if (!err && ranges_set(op->range.start, op->range.end, NOTE_LAST_PREFETCH,
			       location_note(location)))
		err = USVM_ERROR_OUT_OF_MEMORY;
	return err;
}

USVM_API usvm_error usvm_mem_prefetch_async(const void *pointer, size_t size, int location,
					    usvm_stream *stream)
{
	struct op *op = calloc(1, sizeof(*op));
	usvm_error err;

	if (!op)
		return api_return(USVM_ERROR_OUT_OF_MEMORY);
	err = prepare(op, pointer, size, location, &stream);
	if (err) {
		free(op);
		return api_return(err);
	}
	return api_return(stream_enqueue(stream, op));
}

USVM_API usvm_error usvm_mem_prefetch(const void *pointer, size_t size, int location)
{
	usvm_stream *stream = NULL;
	struct op op = { 0 };
	usvm_error err = prepare(&op, pointer, size, location, &stream);

	return api_return(err ? err : stream_run(stream, &op));
}

USVM_API usvm_error usvm_mem_discard_async(void *pointer, size_t size, usvm_stream *stream)
{
	uint64_t first = (uintptr_t)pointer, start, end;
	struct op *op;
	usvm_error err;

	if (!pointer || first + size + USVM_PAGE < first)
		return api_return(USVM_ERROR_INVALID_VALUE);
	err = api_stream(&stream);
	if (err)
		return api_return(err);
	start = (first + USVM_PAGE - 1) & ~(USVM_PAGE - 1);
	end = (first + size) & ~(USVM_PAGE - 1);
	if (start >= end)
		return USVM_SUCCESS;
	op = calloc(1, sizeof(*op));
	if (!op)
		return api_return(USVM_ERROR_OUT_OF_MEMORY);
	op->kind = OP_DISCARD;
	op->range.start = start;
	op->range.end = end;
	return api_return(stream_enqueue(stream, op));
}

/* Each device sees the advice: what is preferred here is not there. */
static usvm_error tell_devices(uint64_t start, uint64_t end)
{
	usvm_error err = USVM_SUCCESS;
	struct device *dev;

	for (int i = 0; i < runtime_devices() && !err; i++) {
		err = api_device_at(i, &dev);
		if (!err && dev->backend->advice)
			err = dev->backend->advice(dev, start, end);
	}
	return err;
}

USVM_API usvm_error usvm_mem_advise(const void *pointer, size_t size, enum usvm_advice advice,
				    int location)
{
	uint64_t start, end, bit;
	struct device *dev;
	usvm_error err = whole_pages(pointer, size, &start, &end);
	int failed = 0;

	if (!err)
		err = api_device(&dev);
	if (!err && (advice == USVM_ADVISE_SET_PREFERRED_LOCATION ||
		     advice == USVM_ADVISE_SET_ACCESSED_BY ||
		     advice == USVM_ADVISE_UNSET_ACCESSED_BY))
		err = check_location(location, &dev);
	if (err)
		return api_return(err);
	bit = location == USVM_HOST ? HOST_BIT : 1ull << (location & 31);
	switch (advice) {
	case USVM_ADVISE_SET_READ_MOSTLY:
		failed = ranges_set(start, end, NOTE_READ_MOSTLY, 1);
		break;
	case USVM_ADVISE_UNSET_READ_MOSTLY:
		failed = ranges_set(start, end, NOTE_READ_MOSTLY, 0);
		break;
	case USVM_ADVISE_SET_PREFERRED_LOCATION:
		failed = ranges_set(start, end, NOTE_PREFERRED, location_note(location));
		break;
	case USVM_ADVISE_UNSET_PREFERRED_LOCATION:
		failed = ranges_set(start, end, NOTE_PREFERRED, 0);
		break;
	case USVM_ADVISE_SET_ACCESSED_BY:
		failed = ranges_change_bits(start, end, NOTE_ACCESSED_BY, bit, 0);
		break;
	case USVM_ADVISE_UNSET_ACCESSED_BY:
		failed = ranges_change_bits(start, end, NOTE_ACCESSED_BY, 0, bit);
		break;
	default:
		return api_return(USVM_ERROR_INVALID_VALUE);
	}
	if (failed)
		return api_return(USVM_ERROR_OUT_OF_MEMORY);
	return api_return(tell_devices(start, end));
}

static void has_advice(uint64_t start, uint64_t end, const uint64_t *notes, void *data)
{
	bool *any = data;

	(void)start;
	(void)end;
	*any |= notes[NOTE_READ_MOSTLY] || notes[NOTE_PREFERRED] || notes[NOTE_ACCESSED_BY];
}

void advice_end(uint64_t start, uint64_t end)
{
	bool any = false;

	ranges_each(start, end, has_advice, &any);
	ranges_forget(start, end);
	if (any)
		tell_devices(start, end);
}

USVM_API usvm_error usvm_mem_range_get_attribute(int64_t *value,
						 enum usvm_range_attribute attribute,
						 const void *pointer, size_t size)
{
	uint64_t start, end, noted;
	enum range_note note;
	usvm_error err;
	bool same;

	if (!value)
		return api_return(USVM_ERROR_INVALID_VALUE);
	err = api_usable();
	if (!err)
		err = whole_pages(pointer, size, &start, &end);
	if (err)
		return api_return(err);
	switch (attribute) {
	case USVM_RANGE_READ_MOSTLY:
		note = NOTE_READ_MOSTLY;
		break;
	case USVM_RANGE_PREFERRED_LOCATION:
		note = NOTE_PREFERRED;
		break;
	case USVM_RANGE_ACCESSED_BY:
		note = NOTE_ACCESSED_BY;
		break;
	case USVM_RANGE_LAST_PREFETCH_LOCATION:
		note = NOTE_LAST_PREFETCH;
		break;
	default:
		return api_return(USVM_ERROR_INVALID_VALUE);
	}
	same = ranges_same(start, end, note, &noted);
	if (note == NOTE_READ_MOSTLY || note == NOTE_ACCESSED_BY)
		*value = same ? (int64_t)noted : 0;
	else
		*value = same && noted ? (int64_t)noted - 3 : USVM_NOWHERE;
	return USVM_SUCCESS;
}

USVM_API usvm_error usvm_mem_range_get_residency(struct usvm_residency *residency,
						 const void *pointer, size_t size)
{
	struct pages_count count;
	uint64_t start, end;
	struct device *dev;
	usvm_error err;
	int failed;

	if (!residency)
		return api_return(USVM_ERROR_INVALID_VALUE);
	err = whole_pages(pointer, size, &start, &end);
	if (!err)
		err = api_device(&dev);
	if (err)
		return api_return(err);
	if (dev->backend->residency) {
		memset(residency, 0, sizeof(*residency));
		err = dev->backend->residency(dev, start, end, residency);
		if (err != USVM_ERROR_NOT_SUPPORTED)
			return api_return(err);
	}
	failed = pages_scan((void *)(uintptr_t)start, end - start, &count);
	if (failed)
		return api_return(USVM_ERROR_NOT_SUPPORTED);
	residency->ram_small = count.ram_small;
	residency->ram_huge = count.ram_huge;
	residency->vram_small = count.away_small;
	residency->vram_huge = count.away_huge;
	residency->untouched = count.none;
	residency->source = count.source == PAGES_FROM_SCAN ? USVM_RESIDENCY_PAGE_TABLES :
							      USVM_RESIDENCY_PAGEMAP;
	return USVM_SUCCESS;
}
