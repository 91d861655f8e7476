// SPDX-License-Identifier: MIT
/* Shared virtual memory: what nouveau does with a range of the program's own memory. */
#include <drm/drm.h>
#include <drm/nouveau_drm.h>
#include <errno.h>

#include "nv.h"

static int bind(const struct nv_device *dev, const void *addr, uint64_t size, uint64_t target)
{
	uint64_t start = (uintptr_t)addr & ~(NV_PAGE_SIZE - 1);
	uint64_t end = ((uintptr_t)addr + size + NV_PAGE_SIZE - 1) & ~(NV_PAGE_SIZE - 1);
	struct drm_nouveau_svm_bind bind = {
		.header = (uint64_t)NOUVEAU_SVM_BIND_COMMAND__MIGRATE
				<< NOUVEAU_SVM_BIND_COMMAND_SHIFT |
			  target << NOUVEAU_SVM_BIND_TARGET_SHIFT,
		.va_start = start,
		.va_end = end,
		.npages = (end - start) / NV_PAGE_SIZE,
	};

	if (!size || end <= start)
		return -EINVAL;
	return nv_ioctl(dev->fd, DRM_IOCTL_NOUVEAU_SVM_BIND, &bind);
}

int nv_svm_bind(const struct nv_device *dev, const void *addr, uint64_t size)
{
	return bind(dev, addr, size, NOUVEAU_SVM_BIND_TARGET__GPU_VRAM);
}

int nv_svm_bind_to_ram(const struct nv_device *dev, const void *addr, uint64_t size)
{
	return bind(dev, addr, size, 0);
}
