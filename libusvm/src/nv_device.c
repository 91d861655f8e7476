// SPDX-License-Identifier: MIT
/*
 * Finding a nouveau device and giving it this process's address space.
 *
 * SVM_INIT needs an "unmanaged" window: addresses at which the driver places
 * its own objects and which the program must never use. It is reserved here
 * with an inaccessible mapping. Channels fetch their commands through it with
 * 40 address bits, so that it lies below 1 TiB.
 */
#include <drm/drm.h>
#include <drm/nouveau_drm.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#include "nv.h"
#include "nv_class.h"

/*
 * Tried in order. The second is for programs under AddressSanitizer, whose
 * shadow covers everything from 2 GiB to far above 1 TiB.
 */
static const struct {
	uint64_t start;
	uint64_t size;
} windows[] = {
	{ 0x4000000000, 1ull << 30 },
	{ 0x8000000000, 1ull << 30 },
	{ 0x2000000000, 1ull << 30 },
	{ 0x0050000000, 256ull << 20 },
	{ 0x0030000000, 256ull << 20 },
};

int nv_ioctl(int fd, unsigned long request, void *arg)
{
	return drmIoctl(fd, request, arg) ? -errno : 0;
}

int nv_getparam(const struct nv_device *dev, uint64_t param, uint64_t *value)
{
	struct drm_nouveau_getparam get = { .param = param };
	int err = nv_ioctl(dev->fd, DRM_IOCTL_NOUVEAU_GETPARAM, &get);

	if (!err)
		*value = get.value;
	return err;
}

static bool is_nouveau(int fd)
{
	drmVersionPtr version = drmGetVersion(fd);
	bool yes = version && version->name && !strcmp(version->name, "nouveau");

	drmFreeVersion(version);
	return yes;
}

static int open_node(struct nv_device *dev, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!is_nouveau(fd)) {
		close(fd);
		return -ENODEV;
	}
	dev->fd = fd;
	snprintf(dev->path, sizeof(dev->path), "%s", path);
	return 0;
}

static int open_first(struct nv_device *dev)
{
	static const struct {
		const char *format;
		int first;
	} kinds[] = { { "/dev/dri/renderD%d", 128 }, { "/dev/dri/card%d", 0 } };
	char path[sizeof(dev->path)];
	int denied = -ENODEV;

	for (unsigned int k = 0; k < 2; k++) {
		for (int i = 0; i < 64; i++) {
			int err;

			snprintf(path, sizeof(path), kinds[k].format, kinds[k].first + i);
			err = open_node(dev, path);
			if (!err)
				return 0;
			if (err == -EACCES || err == -EPERM)
				denied = err;
		}
	}
	return denied;
}

static int reserve_window(struct nv_device *dev)
{
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		void *want = (void *)(uintptr_t)windows[i].start;
		void *got = mmap(want, windows[i].size, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
				 -1, 0);

		if (got == want) {
			dev->window = got;
			dev->window_size = windows[i].size;
			return 0;
		}
		if (got != MAP_FAILED)
			munmap(got, windows[i].size);
	}
	return -ENOMEM;
}

static int identify(struct nv_device *dev)
{
	uint64_t value;
	int err = nv_getparam(dev, NOUVEAU_GETPARAM_CHIPSET_ID, &value);

	if (err)
		return err;
	dev->chipset = (uint32_t)value;
	if (dev->chipset < 0x130 || dev->chipset >= 0x140)
		return -ENOSYS;
	dev->copy_class = dev->chipset == 0x130 ? PASCAL_DMA_COPY_A : PASCAL_DMA_COPY_B;
	dev->compute_class = dev->chipset == 0x130 ? PASCAL_COMPUTE_A : PASCAL_COMPUTE_B;
	err = nv_getparam(dev, NOUVEAU_GETPARAM_FB_SIZE, &dev->vram_size);
	if (err)
		return err;
	err = nv_getparam(dev, NOUVEAU_GETPARAM_PCI_DEVICE, &value);
	if (err)
		return err;
	dev->pci_device = (uint32_t)value;
	return nv_getparam(dev, NOUVEAU_GETPARAM_GRAPH_UNITS, &dev->graph_units);
}

int nv_device_open(struct nv_device *dev, const char *path)
{
	struct drm_nouveau_svm_init init;
	int err;

	memset(dev, 0, sizeof(*dev));
	dev->fd = -1;
	err = path ? open_node(dev, path) : open_first(dev);
	if (err) {
		dev->failed = "opening a nouveau device under /dev/dri";
		return err;
	}
	err = identify(dev);
	if (err) {
		dev->failed = err == -ENOSYS ? "this chip is not a Pascal" : "asking what chip it is";
		goto fail;
	}
	err = reserve_window(dev);
	if (err) {
		dev->failed = "reserving addresses below 1 TiB for the driver";
		goto fail;
	}
	init.unmanaged_addr = (uintptr_t)dev->window;
	init.unmanaged_size = dev->window_size;
	err = nv_ioctl(dev->fd, DRM_IOCTL_NOUVEAU_SVM_INIT, &init);
	if (err) {
		dev->failed = "SVM_INIT (the kernel needs CONFIG_DRM_NOUVEAU_SVM)";
		goto fail;
	}
	return 0;
fail:
	nv_device_close(dev);
	return err;
}

void nv_device_close(struct nv_device *dev)
{
	if (dev->fd >= 0)
		close(dev->fd);
	dev->fd = -1;
	if (dev->window)
		munmap(dev->window, dev->window_size);
	dev->window = NULL;
}
