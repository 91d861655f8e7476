// SPDX-License-Identifier: MIT
/*
 * Notes on address ranges: advice, and where a range was last prefetched to.
 *
 * A sorted array of pieces that do not overlap; setting a note splits pieces
 * at the ends of the range and fills the gaps. Programs advise some tens of
 * ranges; an array is the smallest thing that does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct piece {
	uint64_t start;
	uint64_t end;
	uint64_t notes[NOTE_COUNT];
};

static pthread_mutex_t ranges_lock = PTHREAD_MUTEX_INITIALIZER;
static struct piece *pieces;
static size_t count;
static size_t room;

/* Index of the first piece that ends after @address. */
static size_t at(uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (pieces[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int make_room(size_t more)
{
	size_t want = room ? room * 2 : 16;
	struct piece *bigger;

	if (count + more <= room)
		return 0;
	bigger = realloc(pieces, want * sizeof(*pieces));
	if (!bigger)
		return -ENOMEM;
	pieces = bigger;
	room = want;
	return 0;
}

static void insert(size_t i, uint64_t start, uint64_t end)
{
	memmove(&pieces[i + 1], &pieces[i], (count - i) * sizeof(*pieces));
	memset(&pieces[i], 0, sizeof(*pieces));
	pieces[i].start = start;
	pieces[i].end = end;
	count++;
}

static void cut(uint64_t address)
{
	size_t i = at(address);

	if (i == count || pieces[i].start >= address)
		return;
	memmove(&pieces[i + 1], &pieces[i], (count - i) * sizeof(*pieces));
	count++;
	pieces[i].end = address;
	pieces[i + 1].start = address;
}

/* After this, pieces cover @start..@end without gaps, and none sticks out. */
static int cover(uint64_t start, uint64_t end)
{
	uint64_t from = start;
	int err = make_room(2);

	if (err)
		return err;
	cut(start);
	cut(end);
	for (size_t i = at(start); from < end; i++) {
		if (i < count && pieces[i].start == from) {
			from = pieces[i].end;
			continue;
		}
		err = make_room(1);
		if (err)
			return err;
		insert(i, from, i < count && pieces[i].start < end ? pieces[i].start : end);
		from = pieces[i].end;
	}
	return 0;
}

static bool mergeable(const struct piece *a, const struct piece *b)
{
	return a->end == b->start && !memcmp(a->notes, b->notes, sizeof(a->notes));
}

static bool blank(const struct piece *p)
{
	for (int i = 0; i < NOTE_COUNT; i++)
		if (p->notes[i])
			return false;
	return true;
}

static void tidy(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (blank(&pieces[i]))
			continue;
		if (kept && mergeable(&pieces[kept - 1], &pieces[i]))
			pieces[kept - 1].end = pieces[i].end;
		else
			pieces[kept++] = pieces[i];
	}
	count = kept;
}

static int change(uint64_t start, uint64_t end, enum range_note note, uint64_t and, uint64_t or)
{
	int err;

	if (start >= end)
		return 0;
	pthread_mutex_lock(&ranges_lock);
	err = cover(start, end);
	for (size_t i = at(start); !err && i < count && pieces[i].start < end; i++)
		pieces[i].notes[note] = (pieces[i].notes[note] & and) | or;
	tidy();
	pthread_mutex_unlock(&ranges_lock);
	return err;
}

int ranges_set(uint64_t start, uint64_t end, enum range_note note, uint64_t value)
{
	return change(start, end, note, 0, value);
}

int ranges_change_bits(uint64_t start, uint64_t end, enum range_note note, uint64_t set,
		       uint64_t clear)
{
	return change(start, end, note, ~clear, set);
}

void ranges_forget(uint64_t start, uint64_t end)
{
	size_t first, last;

	pthread_mutex_lock(&ranges_lock);
	/* without room for the cuts, pieces that stick out lose a hint: harmless */
	if (!make_room(2)) {
		cut(start);
		cut(end);
	}
	first = at(start);
	for (last = first; last < count && pieces[last].start < end; last++)
		;
	memmove(&pieces[first], &pieces[last], (count - last) * sizeof(*pieces));
	count -= last - first;
	pthread_mutex_unlock(&ranges_lock);
}

bool ranges_same(uint64_t start, uint64_t end, enum range_note note, uint64_t *value)
{
	uint64_t from = start;
	bool same = true;

	pthread_mutex_lock(&ranges_lock);
	*value = 0;
	for (size_t i = at(start); i < count && pieces[i].start < end && same; i++) {
		bool first = from == start;

		if (pieces[i].start > from) {	/* a gap: nothing noted */
			same = first || !*value;
			*value = 0;
			first = false;
		}
		if (same && !first)
			same = *value == pieces[i].notes[note];
		*value = pieces[i].notes[note];
		from = pieces[i].end;
	}
	if (same && from < end && from > start)
		same = !*value;
	pthread_mutex_unlock(&ranges_lock);
	return same;
}

void ranges_each(uint64_t start, uint64_t end,
		 void (*visit)(uint64_t start, uint64_t end, const uint64_t *notes, void *data),
		 void *data)
{
	struct piece *copy = NULL;
	size_t n = 0, first, last;

	/* A copy, so that the visitor may take its time, and change notes. */
	pthread_mutex_lock(&ranges_lock);
	first = at(start);
	for (last = first; last < count && pieces[last].start < end; last++)
		;
	if (last > first)
		copy = malloc((last - first) * sizeof(*copy));
	if (copy) {
		n = last - first;
		memcpy(copy, &pieces[first], n * sizeof(*copy));
	}
	pthread_mutex_unlock(&ranges_lock);
	for (size_t i = 0; i < n; i++)
		visit(copy[i].start > start ? copy[i].start : start,
		      copy[i].end < end ? copy[i].end : end, copy[i].notes, data);
	free(copy);
}

void ranges_clear(void)
{
	free(pieces);
	pieces = NULL;
	count = room = 0;
}
