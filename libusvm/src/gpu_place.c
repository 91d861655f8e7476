// SPDX-License-Identifier: MIT
/*
 * Moving memory on the nouveau backend, and knowing what is mapped there.
 *
 * Before SVM_BIND every page is made writable, because one that is shared after
 * a fork or is the zero page gives the GPU a read-only entry, and a write of the
 * copy engine there is as fatal as one to nothing. Untouched pages are left to
 * this project's kernel, which makes them in VRAM, writable.
 *
 * An unmodified one (6.12) gives untouched pages read-only entries, and splits a
 * huge page before it moves its parts; splitting puts the zero page in the place
 * of parts that hold only zeros. So there untouched memory becomes small pages
 * first, and of huge pages only the parts that hold something become "ours".
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "gpu.h"
#include "nv_uapi.h"
#include "pages.h"

/* With gpu->lock held: index of the first of ours that ends after @address. */
static size_t find(const struct gpu *gpu, uint64_t address)
{
	size_t low = 0, high = gpu->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (gpu->ours[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A fork made the GPU forget all private memory of the process. */
static void notice_forks(struct gpu *gpu)
{
	unsigned int forks = runtime_fork_count();

	if (gpu->forks != forks)
		gpu->count = 0;
	gpu->forks = forks;
}

/* Without memory for it nothing is noted: such pages count as not mapped. */
static void note_ours(struct gpu *gpu, uint64_t start, uint64_t end)
{
	size_t first, last;

	pthread_mutex_lock(&gpu->lock);
	notice_forks(gpu);
	if (gpu->count == gpu->room) {
		size_t room = gpu->room ? gpu->room * 2 : 16;
		struct extent *bigger = realloc(gpu->ours, room * sizeof(*bigger));

		if (!bigger) {
			pthread_mutex_unlock(&gpu->lock);
			return;
		}
		gpu->ours = bigger;
		gpu->room = room;
	}
	/* those that touch or overlap become one */
	first = find(gpu, start ? start - 1 : 0);
	for (last = first; last < gpu->count && gpu->ours[last].start <= end; last++)
		;
	if (last > first) {
		start = gpu->ours[first].start < start ? gpu->ours[first].start : start;
		end = gpu->ours[last - 1].end > end ? gpu->ours[last - 1].end : end;
	}
	memmove(&gpu->ours[first + 1], &gpu->ours[last],
		(gpu->count - last) * sizeof(*gpu->ours));
	gpu->count = gpu->count - (last - first) + 1;
	gpu->ours[first].start = start;
	gpu->ours[first].end = end;
	pthread_mutex_unlock(&gpu->lock);
}

static bool is_ours(struct gpu *gpu, uint64_t at, uint64_t end, uint64_t *until)
{
	bool yes;
	size_t i;

	pthread_mutex_lock(&gpu->lock);
	notice_forks(gpu);
	i = find(gpu, at);
	*until = end;
	yes = i < gpu->count && gpu->ours[i].start <= at;
	if (yes && gpu->ours[i].end < end)
		*until = gpu->ours[i].end;
	if (!yes && i < gpu->count && gpu->ours[i].start < end)
		*until = gpu->ours[i].start;
	pthread_mutex_unlock(&gpu->lock);
	return yes;
}

/* The kernel may have unmapped these: they count as not mapped from now on. */
static void forget_ours(struct gpu *gpu, uint64_t start, uint64_t end)
{
	struct extent tail = { 0 };
	size_t first, last;

	pthread_mutex_lock(&gpu->lock);
	first = find(gpu, start);
	if (first < gpu->count && gpu->ours[first].start < start) {
		tail.start = end;
		tail.end = gpu->ours[first].end;
		gpu->ours[first++].end = start;
	}
	for (last = first; last < gpu->count && gpu->ours[last].end <= end; last++)
		;
	if (last < gpu->count && gpu->ours[last].start < end)
		gpu->ours[last].start = end;
	memmove(&gpu->ours[first], &gpu->ours[last], (gpu->count - last) * sizeof(*gpu->ours));
	gpu->count -= last - first;
	pthread_mutex_unlock(&gpu->lock);
	if (tail.start < tail.end)
		note_ours(gpu, tail.start, tail.end);
}

/*
 * Moving a part of a large folio out of VRAM splits it; the rest stays there
 * without being mapped, unless the kernel says that it takes care of that.
 */
void gpu_forget(struct device *dev, uint64_t start, uint64_t end)
{
	struct gpu *gpu = dev->priv;

	if (gpu->features & NOUVEAU_SVM_BIND_FEATURE_MAPPED ||
	    !(gpu->features & NOUVEAU_SVM_BIND_FEATURE_RESULT))
		return;
	start &= ~(NV_HUGE_SIZE - 1);
	end = end > UINT64_MAX - NV_HUGE_SIZE ? UINT64_MAX :
						(end + NV_HUGE_SIZE - 1) & ~(NV_HUGE_SIZE - 1);
	forget_ours(gpu, start, end);
}

struct question {
	struct gpu *gpu;
	bool any;
	bool vram;
	uint64_t until;
};

static int answer(const struct pages_run *run, void *data)
{
	struct question *q = data;
	uint64_t at = run->start, until;

	while (at < run->end) {
		bool vram = run->away && is_ours(q->gpu, at, run->end, &until);

		if (!run->away)
			until = run->end;
		if (q->any && vram != q->vram)
			return 1;
		q->any = true;
		q->vram = vram;
		q->until = until;
		at = until;
	}
	return 0;
}

usvm_error gpu_look_up(struct gpu *gpu, uint64_t at, uint64_t end, bool *vram, uint64_t *until)
{
	struct question q = { .gpu = gpu, .until = end };
	int err = pages_walk(0, at, end, NULL, answer, &q);

	if (err < 0)
		return error_from_errno(err);
	*vram = q.vram;
	*until = q.until < end ? q.until : end;
	return USVM_SUCCESS;
}

/* What is to be done with pages before they are bound. */
enum treatment {
	MAKE_WRITABLE,
	LEAVE,			/* untouched, and the kernel makes them writable */
	MAKE_SMALL,		/* untouched, and it does not */
	MISTRUST_ZEROS,		/* huge, and it will be split */
};

struct preparing {
	struct gpu *gpu;
	uint64_t from;		/* neighbouring pages that are treated alike */
	uint64_t to;
	enum treatment treatment;
	uint64_t bind_from;	/* prepared, and not yet bound */
	uint64_t bind_to;
	usvm_error error;
};

/* Return: false if the pages cannot be written, but are there. */
static bool make_writable(struct preparing *p)
{
	usvm_error err = memory_populate(p->from, p->to, true);

	if (err == USVM_ERROR_NOT_SUPPORTED) {
		err = memory_populate(p->from, p->to, false);
		if (err && err != USVM_ERROR_NOT_SUPPORTED)
			p->error = err;
		return false;
	}
	p->error = err;
	return !err;
}

static bool all_zero(uint64_t page)
{
	const uint64_t *w = (const uint64_t *)(uintptr_t)page;

	for (unsigned int i = 0; i < USVM_PAGE / 8; i++)
		if (w[i])
			return false;
	return true;
}

static void note_pages_with_contents(struct preparing *p)
{
	uint64_t start = p->from;

	for (uint64_t at = p->from; at < p->to; at += USVM_PAGE) {
		if (!all_zero(at))
			continue;
		if (start < at)
			note_ours(p->gpu, start, at);
		start = at + USVM_PAGE;
	}
	if (start < p->to)
		note_ours(p->gpu, start, p->to);
}

static void bind_prepared(struct preparing *p)
{
	if (p->bind_from < p->bind_to && !p->error) {
		atomic_fetch_add(&p->gpu->binds, 1);
		p->error = error_from_errno(nv_svm_bind(&p->gpu->nv,
							(void *)(uintptr_t)p->bind_from,
							p->bind_to - p->bind_from));
	}
	p->bind_from = p->bind_to;
}

static void flush(struct preparing *p)
{
	uint64_t from = p->from;

	if (from == p->to || p->error)
		return;
	/* a kernel without huge pages refuses: good as well */
	if (p->treatment == MAKE_SMALL)
		madvise((void *)(uintptr_t)from, p->to - from, MADV_NOHUGEPAGE);
	if (p->treatment == LEAVE || make_writable(p)) {
		if (p->treatment == MISTRUST_ZEROS)
			note_pages_with_contents(p);
		else
			note_ours(p->gpu, from, p->to);
	}
	if (p->bind_to != from) {
		bind_prepared(p);
		p->bind_from = from;
	}
	p->bind_to = p->to;
	p->from = p->to;
}

/* Untouched pages of a mapping, and not a gap between mappings? */
static bool mapped(const struct pages_run *run)
{
	unsigned char resident[1024];	/* 4 MiB at a time */
	uint64_t step = sizeof(resident) * USVM_PAGE;

	for (uint64_t at = run->start; at < run->end; at += step) {
		uint64_t end = run->end - at < step ? run->end : at + step;

		if (mincore((void *)(uintptr_t)at, end - at, resident))
			return false;
	}
	return true;
}

static enum treatment treatment_of(const struct gpu *gpu, const struct pages_run *run)
{
	bool ours = gpu->features & NOUVEAU_SVM_BIND_FEATURE_RESULT;

	if (!run->ram && !run->away)
		return !ours ? MAKE_SMALL : mapped(run) ? LEAVE : MAKE_WRITABLE;
	return run->ram && run->huge && !ours ? MISTRUST_ZEROS : MAKE_WRITABLE;
}

static int prepare(const struct pages_run *run, void *data)
{
	struct preparing *p = data;
	uint64_t at = run->start, until;

	while (at < run->end && !p->error) {
		bool keep = run->away && is_ours(p->gpu, at, run->end, &until);
		enum treatment treatment = treatment_of(p->gpu, run);

		if (!run->away)
			until = run->end;
		if (keep) {
			flush(p);
		} else {
			if (p->to != at || p->treatment != treatment) {
				flush(p);
				p->from = at;
				p->treatment = treatment;
			}
			p->to = until;
		}
		at = until;
	}
	return p->error ? 1 : 0;
}

/* What is in VRAM and mapped is not bound again: some kernels would unmap it. */
static usvm_error bind(struct gpu *gpu, uint64_t start, uint64_t end)
{
	struct preparing p = {
		.gpu = gpu, .from = start, .to = start, .bind_from = start, .bind_to = start,
	};
	int err;

	if (start >= end)
		return USVM_SUCCESS;
	err = pages_walk(0, start, end, NULL, prepare, &p);
	if (err < 0)
		return error_from_errno(err);
	flush(&p);
	bind_prepared(&p);
	return p.error;
}

struct binding {
	struct gpu *gpu;
	uint64_t at;
	usvm_error error;
};

/* What is mostly read stays in RAM. */
static void skip_read_mostly(uint64_t start, uint64_t end, const uint64_t *notes, void *data)
{
	struct binding *b = data;

	if (!notes[NOTE_READ_MOSTLY])
		return;
	if (!b->error)
		b->error = bind(b->gpu, b->at, start);
	b->at = end;
}

static usvm_error to_ram(struct gpu *gpu, uint64_t start, uint64_t end)
{
	if (gpu->features & NOUVEAU_SVM_BIND_FEATURE_CPU_TARGET) {
		int err = nv_svm_bind_to_ram(&gpu->nv, (void *)(uintptr_t)start, end - start);

		atomic_fetch_add(&gpu->binds, 1);
		if (err)
			return error_from_errno(err);
	}
	/* what is left, or all of it on a kernel that cannot */
	return memory_to_ram(start, end);
}

usvm_error gpu_place(struct device *dev, uint64_t start, uint64_t end, bool to_device)
{
	struct binding b = { .gpu = dev->priv, .at = start };

	if (!to_device) {
		gpu_forget(dev, start, end);
		return to_ram(dev->priv, start, end);
	}
	ranges_each(start, end, skip_read_mostly, &b);
	return b.error ? b.error : bind(b.gpu, b.at, end);
}
