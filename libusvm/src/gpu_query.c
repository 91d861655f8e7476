// SPDX-License-Identifier: MIT
/* What this project's nouveau can be told and asked: policy of a range, and where it is. */
#include <errno.h>
#include <stdlib.h>

#include "gpu.h"
#include "nv_uapi.h"

#define FIRST_ROOM	256
#define HUGE_ORDER	9

static void add_extent(struct usvm_residency *r, const struct drm_nouveau_svm_extent *e)
{
	uint64_t size = e->va_end - e->va_start;
	bool huge = e->order >= HUGE_ORDER;

	switch (e->where) {
	case NOUVEAU_SVM_EXTENT_RAM:
		*(huge ? &r->ram_huge : &r->ram_small) += size;
		break;
	case NOUVEAU_SVM_EXTENT_VRAM:
		*(huge ? &r->vram_huge : &r->vram_small) += size;
		break;
	default:
		r->untouched += size;
	}
}

usvm_error gpu_residency(struct device *dev, uint64_t start, uint64_t end,
			 struct usvm_residency *residency)
{
	struct gpu *gpu = dev->priv;
	struct drm_nouveau_svm_extent *extents = NULL;
	uint64_t room = FIRST_ROOM, count = room + 1, known = 0;
	int err = 0;

	if (!(gpu->features & NOUVEAU_SVM_BIND_FEATURE_QUERY))
		return USVM_ERROR_NOT_SUPPORTED;
	/* Asked again with more room while the answer grows. */
	while (!err && count > room) {
		struct drm_nouveau_svm_extent *more;

		room = count > room && extents ? count + count / 4 : room;
		more = realloc(extents, room * sizeof(*more));
		if (!more) {
			err = -ENOMEM;
			break;
		}
		extents = more;
		err = nv_svm_query(&gpu->nv, (void *)(uintptr_t)start, end - start, extents, room,
				   &count);
	}
	for (uint64_t i = 0; !err && i < count; i++) {
		add_extent(residency, &extents[i]);
		known += extents[i].va_end - extents[i].va_start;
	}
	residency->untouched += end - start - known;	/* not mapped */
	residency->source = USVM_RESIDENCY_KERNEL;
	free(extents);
	return error_from_errno(err);
}

struct advising {
	struct device *dev;
	uint64_t at;
	int err;
};

static void tell(struct advising *a, uint64_t start, uint64_t end, uint32_t policy)
{
	const struct gpu *gpu = a->dev->priv;

	if (start < end && !a->err)
		a->err = nv_svm_policy(&gpu->nv, (void *)(uintptr_t)start, end - start, policy);
}

/*
 * What is mostly read stays in RAM, whatever else is said of it. What prefers a
 * place goes there. What the device only accesses is mapped where it is.
 */
static uint32_t policy_of(const struct device *dev, const uint64_t *notes)
{
	uint64_t preferred = notes[NOTE_PREFERRED];

	if (notes[NOTE_READ_MOSTLY])
		return NOUVEAU_SVM_BIND_POLICY__HOST;
	if (preferred)
		return preferred == (uint64_t)(dev->index + 3) ? NOUVEAU_SVM_BIND_POLICY__DEVICE :
								 NOUVEAU_SVM_BIND_POLICY__HOST;
	return notes[NOTE_ACCESSED_BY] >> dev->index & 1 ? NOUVEAU_SVM_BIND_POLICY__HOST :
							   NOUVEAU_SVM_BIND_POLICY__DEFAULT;
}

static void advise_piece(uint64_t start, uint64_t end, const uint64_t *notes, void *data)
{
	struct advising *a = data;

	tell(a, a->at, start, NOUVEAU_SVM_BIND_POLICY__DEFAULT);
	tell(a, start, end, policy_of(a->dev, notes));
	a->at = end;
}

usvm_error gpu_advice(struct device *dev, uint64_t start, uint64_t end)
{
	struct gpu *gpu = dev->priv;
	struct advising a = { .dev = dev, .at = start };

	if (!(gpu->features & NOUVEAU_SVM_BIND_FEATURE_POLICY))
		return USVM_SUCCESS;
	ranges_each(start, end, advise_piece, &a);
	tell(&a, a.at, end, NOUVEAU_SVM_BIND_POLICY__DEFAULT);
	return error_from_errno(a.err);
}
