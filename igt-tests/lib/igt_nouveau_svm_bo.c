// SPDX-License-Identifier: MIT
/*
 * Buffer objects, and the hog: buffers that take VRAM away.
 *
 * TTM moves a buffer out of VRAM when somebody else wants the room and the GPU does not
 * use it just then. So a hog that only exists makes room for anybody; one that is named
 * in a submission is wholly in VRAM at that moment, and others have given way.
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/mman.h>

#include "igt.h"
#include "igt_nouveau_svm.h"
#include "igt_nouveau_svm_priv.h"

#define HOG_BO_MIN	(2ull << 20)

static struct nsvm_hog *hogs[8];

int nsvm_bo_new(const struct nsvm *svm, struct nsvm_bo *bo, uint64_t size, uint32_t domain)
{
	bool mapped = domain != NOUVEAU_GEM_DOMAIN_VRAM;
	struct drm_nouveau_gem_new new = {
		.info = {
			.domain = mapped ? NOUVEAU_GEM_DOMAIN_GART | NOUVEAU_GEM_DOMAIN_MAPPABLE |
				  NOUVEAU_GEM_DOMAIN_COHERENT : domain,
			.size = (size + NSVM_PAGE - 1) & ~(NSVM_PAGE - 1),
		},
		.align = NSVM_PAGE,
	};
	int ret;

	memset(bo, 0, sizeof(*bo));
	ret = nsvm_ioctl(svm->fd, DRM_IOCTL_NOUVEAU_GEM_NEW, &new);
	if (ret)
		return ret;
	bo->handle = new.info.handle;
	bo->va = new.info.offset;
	bo->size = new.info.size;
	if (!mapped)
		return 0;
	bo->map = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, svm->fd,
		       (off_t)new.info.map_handle);
	if (bo->map == MAP_FAILED) {
		ret = -errno;
		bo->map = NULL;
		nsvm_bo_del(svm, bo);
	}
	return ret;
}

void nsvm_bo_del(const struct nsvm *svm, struct nsvm_bo *bo)
{
	struct drm_gem_close close = { .handle = bo->handle };

	if (bo->map)
		munmap(bo->map, bo->size);
	if (bo->handle)
		nsvm_ioctl(svm->fd, DRM_IOCTL_GEM_CLOSE, &close);
	memset(bo, 0, sizeof(*bo));
}

/* The kernel does not count what it has pinned, and so not what device memory has taken. */
static uint64_t vram_for_all(const struct nsvm *svm)
{
	struct drm_nouveau_getparam get = { .param = NOUVEAU_GETPARAM_FB_SIZE };
	int64_t chunks = nsvm_counter(svm, "chunks");

	igt_require_f(chunks >= 0, "no debugfs to see how much VRAM device memory has taken\n");
	igt_assert_eq(nsvm_ioctl(svm->fd, DRM_IOCTL_NOUVEAU_GETPARAM, &get), 0);
	return get.value + (uint64_t)chunks * NSVM_HUGE_SIZE;
}

void nsvm_hog_new(struct nsvm *svm, struct nsvm_hog *hog, uint64_t leave)
{
	uint64_t each = HOG_BO_MIN, vram, want;
	unsigned int slot = 0;

	nsvm_require_features(svm, NSVM_FEATURES_ALL);
	vram = vram_for_all(svm);
	igt_require_f(vram > 2 * leave, "VRAM of %" PRIu64 " MiB is too small\n", vram >> 20);
	want = vram - leave;
	while (want / each > NSVM_HOG_MAX)
		each *= 2;
	while (slot < ARRAY_SIZE(hogs) && hogs[slot] && hogs[slot] != hog)
		slot++;
	igt_assert(slot < ARRAY_SIZE(hogs));

	memset(hog, 0, sizeof(*hog));
	hog->left = leave;
	hogs[slot] = hog;
	while (hog->bytes + each <= want && hog->count < NSVM_HOG_MAX) {
		int ret = nsvm_bo_new(svm, &hog->bos[hog->count], each, NOUVEAU_GEM_DOMAIN_VRAM);

		igt_assert_f(!ret, "buffer %u of %" PRIu64 " KiB in VRAM: %d\n", hog->count,
			     each >> 10, ret);
		hog->bytes += each;
		hog->count++;
	}
	igt_info("%u buffers of %" PRIu64 " MiB in VRAM of %" PRIu64 " MiB\n", hog->count,
		 each >> 20, vram >> 20);
}

int nsvm_hog_use(struct nsvm_hog *hog, struct nsvm_channel *ch)
{
	uint32_t zero = 0, seq;
	int ret;

	nsvm_push(ch, NSVM_SUBCH_COPY, 0x100, 1, &zero);	/* does nothing */
	ret = nsvm_submit_with(ch, hog->bos, hog->count, &seq);
	return ret ? ret : nsvm_wait(ch, seq, NSVM_WAIT_MS);
}

void nsvm_hog_del(struct nsvm *svm, struct nsvm_hog *hog)
{
	while (hog->count)
		nsvm_bo_del(svm, &hog->bos[--hog->count]);
	for (unsigned int i = 0; i < ARRAY_SIZE(hogs); i++)
		if (hogs[i] == hog)
			hogs[i] = NULL;
}

void nsvm_bo_forget(struct nsvm *svm)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(hogs); i++)
		if (hogs[i])
			nsvm_hog_del(svm, hogs[i]);
}
