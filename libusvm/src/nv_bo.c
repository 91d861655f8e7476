// SPDX-License-Identifier: MIT
/* Buffer objects: memory that the driver places, for commands, fences and staging. */
#include <drm/drm.h>
#include <drm/nouveau_drm.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "nv.h"

int nv_bo_new(const struct nv_device *dev, struct nv_bo *bo, uint64_t size)
{
	struct drm_nouveau_gem_new new = {
		.info = {
			.domain = NOUVEAU_GEM_DOMAIN_GART | NOUVEAU_GEM_DOMAIN_MAPPABLE |
				  NOUVEAU_GEM_DOMAIN_COHERENT,
			.size = (size + NV_PAGE_SIZE - 1) & ~(NV_PAGE_SIZE - 1),
		},
		.align = NV_PAGE_SIZE,
	};
	int err;

	memset(bo, 0, sizeof(*bo));
	if (!size || size > dev->window_size)
		return -EINVAL;
	err = nv_ioctl(dev->fd, DRM_IOCTL_NOUVEAU_GEM_NEW, &new);
	if (err)
		return err;
	bo->handle = new.info.handle;
	bo->va = new.info.offset;
	bo->size = new.info.size;
	bo->map = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, dev->fd,
		       (off_t)new.info.map_handle);
	if (bo->map == MAP_FAILED) {
		err = -errno;
		bo->map = NULL;
		nv_bo_del(dev, bo);
	}
	return err;
}

void nv_bo_del(const struct nv_device *dev, struct nv_bo *bo)
{
	struct drm_gem_close close = { .handle = bo->handle };

	if (bo->map)
		munmap(bo->map, bo->size);
	if (bo->handle)
		nv_ioctl(dev->fd, DRM_IOCTL_GEM_CLOSE, &close);
	memset(bo, 0, sizeof(*bo));
}
