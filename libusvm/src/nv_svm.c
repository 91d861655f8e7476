// SPDX-License-Identifier: MIT
/* Shared virtual memory: what nouveau does with a range of the program's own memory. */
#include <errno.h>
#include <string.h>

#include "nv.h"
#include "nv_uapi.h"

static int command(const struct nv_device *dev, const void *addr, uint64_t size, uint64_t cmd,
		   uint64_t target, struct drm_nouveau_svm_bind *bind)
{
	uint64_t start = (uintptr_t)addr & ~(NV_PAGE_SIZE - 1);
	uint64_t end = ((uintptr_t)addr + size + NV_PAGE_SIZE - 1) & ~(NV_PAGE_SIZE - 1);

	if (!size || end <= start)
		return -EINVAL;
	bind->header = cmd << NOUVEAU_SVM_BIND_COMMAND_SHIFT |
		       target << NOUVEAU_SVM_BIND_TARGET_SHIFT;
	bind->va_start = start;
	bind->va_end = end;
	return nv_ioctl(dev->fd, DRM_IOCTL_NOUVEAU_SVM_BIND, bind);
}

static int migrate(const struct nv_device *dev, const void *addr, uint64_t size, uint64_t target)
{
	struct drm_nouveau_svm_bind bind = { .npages = size / NV_PAGE_SIZE + 1 };

	return command(dev, addr, size, NOUVEAU_SVM_BIND_COMMAND__MIGRATE, target, &bind);
}

int nv_svm_bind(const struct nv_device *dev, const void *addr, uint64_t size)
{
	return migrate(dev, addr, size, NOUVEAU_SVM_BIND_TARGET__GPU_VRAM);
}

int nv_svm_bind_to_ram(const struct nv_device *dev, const void *addr, uint64_t size)
{
	return migrate(dev, addr, size, NOUVEAU_SVM_BIND_TARGET__CPU);
}

uint64_t nv_svm_features(const struct nv_device *dev)
{
	struct drm_nouveau_svm_bind bind = { 0 };

	/* The range is not looked at, but must not be empty. */
	if (command(dev, (void *)NV_PAGE_SIZE, NV_PAGE_SIZE, NOUVEAU_SVM_BIND_COMMAND__FEATURES, 0,
		    &bind))
		return 0;
	return bind.result;
}

int nv_svm_policy(const struct nv_device *dev, const void *addr, uint64_t size, uint32_t policy)
{
	struct drm_nouveau_svm_bind bind = { 0 };

	return command(dev, addr, size, NOUVEAU_SVM_BIND_COMMAND__POLICY, policy, &bind);
}

int nv_svm_query(const struct nv_device *dev, const void *addr, uint64_t size,
		 struct drm_nouveau_svm_extent *extents, uint64_t room, uint64_t *count)
{
	struct drm_nouveau_svm_bind bind = {
		.npages = room,
		.reserved0 = (uintptr_t)extents,
	};
	int err;

	memset(extents, 0, room * sizeof(*extents));
	err = command(dev, addr, size, NOUVEAU_SVM_BIND_COMMAND__QUERY, 0, &bind);
	if (!err)
		*count = bind.result;
	return err;
}
