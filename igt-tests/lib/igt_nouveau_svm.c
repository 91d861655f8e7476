// SPDX-License-Identifier: MIT
/*
 * The device: finding it, switching SVM on, moving memory and asking where it is.
 *
 * The window that SVM_INIT wants belongs to the process, not to the file: every file
 * may use the same addresses. It is below 1 TiB since channels fetch their commands
 * with 40 address bits.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "igt.h"
#include "igt_nouveau_svm.h"
#include "igt_nouveau_svm_priv.h"

#define PASCAL_FIRST	0x130u
#define PASCAL_LAST	0x13fu

#define PAGEMAP_PRESENT	(1ull << 63)
#define PAGEMAP_AWAY	(1ull << 62)

int nsvm_ioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	do
		ret = ioctl(fd, request, arg);
	while (ret < 0 && (errno == EINTR || errno == EAGAIN));
	return ret < 0 ? -errno : 0;
}

static bool is_nouveau(int fd)
{
	char name[16] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

	return !nsvm_ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, "nouveau");
}

static int getparam(int fd, uint64_t param, uint64_t *value)
{
	struct drm_nouveau_getparam get = { .param = param };
	int ret = nsvm_ioctl(fd, DRM_IOCTL_NOUVEAU_GETPARAM, &get);

	*value = get.value;
	return ret;
}

int nsvm_require_fd(void)
{
	uint64_t chipset = 0;
	char path[32];
	int fd = -1;

	for (int i = 128; i < 192 && fd < 0; i++) {
		snprintf(path, sizeof(path), "/dev/dri/renderD%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && !is_nouveau(fd)) {
			close(fd);
			fd = -1;
		}
	}
	igt_require_f(fd >= 0, "no render node of nouveau\n");
	getparam(fd, NOUVEAU_GETPARAM_CHIPSET_ID, &chipset);
	if (chipset < PASCAL_FIRST || chipset > PASCAL_LAST) {
		close(fd);
		igt_skip("chip %#" PRIx64 " is not a Pascal: nouveau has no SVM for it\n",
			 chipset);
	}
	return fd;
}

int nsvm_init(int fd, uint64_t unmanaged_addr, uint64_t unmanaged_size)
{
	struct drm_nouveau_svm_init init = {
		.unmanaged_addr = unmanaged_addr,
		.unmanaged_size = unmanaged_size,
	};

	return nsvm_ioctl(fd, DRM_IOCTL_NOUVEAU_SVM_INIT, &init);
}

int nsvm_bind(int fd, struct drm_nouveau_svm_bind *bind)
{
	return nsvm_ioctl(fd, DRM_IOCTL_NOUVEAU_SVM_BIND, bind);
}

uint64_t nsvm_features(int fd)
{
	struct drm_nouveau_svm_bind bind = {
		.header = NOUVEAU_SVM_BIND_COMMAND__FEATURES << NOUVEAU_SVM_BIND_COMMAND_SHIFT,
		.va_start = NSVM_PAGE,
		.va_end = 2 * NSVM_PAGE,
	};

	/* An unmodified kernel refuses the command. */
	return nsvm_bind(fd, &bind) ? 0 : bind.result;
}

void *nsvm_window(uint64_t *size)
{
	static const uint64_t starts[] = { 0x4000000000, 0x8000000000, 0x2000000000 };
	static void *window;

	*size = 1ull << 30;
	for (unsigned int i = 0; !window && i < ARRAY_SIZE(starts); i++) {
		void *want = (void *)(uintptr_t)starts[i];
		void *got = mmap(want, *size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
				 MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

		if (got == want)
			window = got;
		else if (got != MAP_FAILED)
			munmap(got, *size);
	}
	igt_require_f(window, "no room below 1 TiB for the driver's window\n");
	return window;
}

void nsvm_require(struct nsvm *svm)
{
	uint64_t chipset = 0;
	int ret;

	memset(svm, 0, sizeof(*svm));
	svm->fd = nsvm_require_fd();
	svm->window = nsvm_window(&svm->window_size);
	getparam(svm->fd, NOUVEAU_GETPARAM_CHIPSET_ID, &chipset);
	svm->chipset = (uint32_t)chipset;
	svm->copy_class = chipset == PASCAL_FIRST ? 0xc0b5 : 0xc1b5;
	svm->compute_class = chipset == PASCAL_FIRST ? 0xc0c0 : 0xc1c0;
	igt_assert_eq(getparam(svm->fd, NOUVEAU_GETPARAM_FB_SIZE, &svm->vram_size), 0);
	igt_assert_eq(getparam(svm->fd, NOUVEAU_GETPARAM_GRAPH_UNITS, &svm->graph_units), 0);
	ret = nsvm_init(svm->fd, (uintptr_t)svm->window, svm->window_size);
	if (ret == -ENOSYS || ret == -ENODEV || ret == -ENOTTY) {
		nsvm_close(svm);
		igt_skip("this kernel has no SVM for nouveau (CONFIG_DRM_NOUVEAU_SVM)\n");
	}
	igt_assert_eq(ret, 0);
	svm->features = nsvm_features(svm->fd);
}

void nsvm_close(struct nsvm *svm)
{
	if (svm->fd > 0)
		close(svm->fd);
	svm->fd = -1;
}

void nsvm_require_features(const struct nsvm *svm, uint64_t mask)
{
	igt_require_f((svm->features & mask) == mask,
		      "the kernel's SVM_BIND has features %#" PRIx64 ", not all of %#" PRIx64 "\n",
		      svm->features, mask);
}

void nsvm_begin(struct nsvm *svm)
{
	nsvm_model_reset();
	nsvm_bo_forget(svm);
	nsvm_memory_forget();
	if (svm->features & NOUVEAU_SVM_BIND_FEATURE_POLICY)
		nsvm_policy(svm, (void *)NSVM_PAGE, 0x7ffffffff000 - NSVM_PAGE,
			    NOUVEAU_SVM_BIND_POLICY__DEFAULT);
}

int nsvm_command(const struct nsvm *svm, unsigned int command, uint32_t target, const void *p,
		 uint64_t size, uint64_t *result)
{
	struct drm_nouveau_svm_bind bind = {
		.header = (uint64_t)command << NOUVEAU_SVM_BIND_COMMAND_SHIFT |
			  (uint64_t)target << NOUVEAU_SVM_BIND_TARGET_SHIFT,
		.va_start = (uintptr_t)p,
		.va_end = (uintptr_t)p + size,
		.npages = size / NSVM_PAGE,
	};
	int ret = nsvm_bind(svm->fd, &bind);

	if (result)
		*result = bind.result;
	return ret;
}

static long migrate(const struct nsvm *svm, uint32_t target, const void *p, uint64_t size)
{
	uint64_t moved = 0;
	int ret = nsvm_command(svm, NOUVEAU_SVM_BIND_COMMAND__MIGRATE, target, p, size, &moved);

	if (ret)
		return ret;
	return svm->features & NOUVEAU_SVM_BIND_FEATURE_RESULT ? (long)moved : 0;
}

long nsvm_to_vram(const struct nsvm *svm, const void *p, uint64_t size)
{
	return migrate(svm, (uint32_t)NOUVEAU_SVM_BIND_TARGET__GPU_VRAM, p, size);
}

long nsvm_to_ram(const struct nsvm *svm, const void *p, uint64_t size)
{
	if (svm->features & NOUVEAU_SVM_BIND_FEATURE_CPU_TARGET)
		return migrate(svm, NOUVEAU_SVM_BIND_TARGET__CPU, p, size);
	for (uint64_t at = 0; at < size; at += NSVM_PAGE)
		(void)*((const volatile char *)p + at);
	return 0;
}

int nsvm_policy(const struct nsvm *svm, const void *p, uint64_t size, uint32_t policy)
{
	return nsvm_command(svm, NOUVEAU_SVM_BIND_COMMAND__POLICY, policy, p, size, NULL);
}

long nsvm_query(const struct nsvm *svm, const void *p, uint64_t size,
		struct drm_nouveau_svm_extent *extents, uint64_t room)
{
	struct drm_nouveau_svm_bind bind = {
		.header = NOUVEAU_SVM_BIND_COMMAND__QUERY << NOUVEAU_SVM_BIND_COMMAND_SHIFT,
		.va_start = (uintptr_t)p,
		.va_end = (uintptr_t)p + size,
		.npages = room,
		.reserved0 = (uintptr_t)extents,
	};
	int ret = nsvm_bind(svm->fd, &bind);

	return ret ? ret : (long)bind.result;
}

/* Without the query: what the CPU's page table does not have in RAM is in VRAM. */
static void where_by_pagemap(struct nsvm_residency *r, const void *p, uint64_t size)
{
	uint64_t first = (uintptr_t)p / NSVM_PAGE, entry;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	igt_require_f(fd >= 0, "/proc/self/pagemap cannot be read\n");
	for (uint64_t i = 0; i < size / NSVM_PAGE; i++) {
		igt_assert_eq((int)pread(fd, &entry, 8, (off_t)((first + i) * 8)), 8);
		if (entry & PAGEMAP_PRESENT)
			r->ram += NSVM_PAGE;
		else if (entry & PAGEMAP_AWAY)
			r->vram += NSVM_PAGE;
		else
			r->nowhere += NSVM_PAGE;
	}
	close(fd);
}

static void where_add(struct nsvm_residency *r, const struct drm_nouveau_svm_extent *e)
{
	uint64_t bytes = e->va_end - e->va_start;
	unsigned int order = e->order < NSVM_ORDERS ? e->order : NSVM_ORDERS - 1;

	switch (e->where) {
	case NOUVEAU_SVM_EXTENT_RAM:
		r->ram += bytes;
		r->ram_order[order] += bytes;
		break;
	case NOUVEAU_SVM_EXTENT_VRAM:
		r->vram += bytes;
		r->vram_order[order] += bytes;
		break;
	default:
		r->nowhere += bytes;
	}
}

struct nsvm_residency nsvm_where(const struct nsvm *svm, const void *p, uint64_t size)
{
	struct drm_nouveau_svm_extent *e;
	struct nsvm_residency r = { 0 };
	uint64_t room = size / NSVM_PAGE + 1;
	long n;

	if (!(svm->features & NOUVEAU_SVM_BIND_FEATURE_QUERY)) {
		where_by_pagemap(&r, p, size);
		return r;
	}
	e = calloc(room, sizeof(*e));
	igt_assert(e);
	n = nsvm_query(svm, p, size, e, room);
	igt_assert_f(n >= 0 && (uint64_t)n <= room, "query of %p, %#" PRIx64 " bytes: %ld\n", p,
		     size, n);
	r.orders_known = true;
	for (long i = 0; i < n; i++)
		where_add(&r, &e[i]);
	free(e);
	r.unmapped = size - r.nowhere - r.ram - r.vram;
	return r;
}

void nsvm_show_where(const struct nsvm *svm, const char *what, const void *p, uint64_t size)
{
	struct nsvm_residency r = nsvm_where(svm, p, size);

	igt_info("%s: %p, %" PRIu64 " KiB: %" PRIu64 " KiB in VRAM, %" PRIu64 " in RAM, %" PRIu64
		 " not there, %" PRIu64 " not mapped\n", what, p, size >> 10, r.vram >> 10,
		 r.ram >> 10, r.nowhere >> 10, r.unmapped >> 10);
	for (unsigned int i = 0; i < NSVM_ORDERS; i++)
		if (r.ram_order[i] || r.vram_order[i])
			igt_info("  order %u: %" PRIu64 " KiB in VRAM, %" PRIu64 " in RAM\n", i,
				 r.vram_order[i] >> 10, r.ram_order[i] >> 10);
}

void nsvm_assert_in_vram(const struct nsvm *svm, const void *p, uint64_t size)
{
	struct nsvm_residency r = nsvm_where(svm, p, size);

	if (r.vram != size)
		nsvm_show_where(svm, "expected in VRAM", p, size);
	igt_assert_eq_u64(r.vram, size);
}

void nsvm_assert_in_ram(const struct nsvm *svm, const void *p, uint64_t size)
{
	struct nsvm_residency r = nsvm_where(svm, p, size);

	if (r.ram != size)
		nsvm_show_where(svm, "expected in RAM", p, size);
	igt_assert_eq_u64(r.ram, size);
}

static void assert_order(const struct nsvm *svm, const void *p, uint64_t size,
			 uint64_t bytes, const char *where, unsigned int order)
{
	if (bytes != size) {
		igt_info("expected order %u in %s\n", order, where);
		nsvm_show_where(svm, "actually", p, size);
	}
	igt_assert_eq_u64(bytes, size);
}

void nsvm_assert_vram_order(const struct nsvm *svm, const void *p, uint64_t size,
			    unsigned int order)
{
	struct nsvm_residency r = nsvm_where(svm, p, size);

	igt_assert(r.orders_known);
	assert_order(svm, p, size, r.vram_order[order], "VRAM", order);
}

void nsvm_assert_ram_order(const struct nsvm *svm, const void *p, uint64_t size,
			   unsigned int order)
{
	struct nsvm_residency r = nsvm_where(svm, p, size);

	igt_assert(r.orders_known);
	assert_order(svm, p, size, r.ram_order[order], "RAM", order);
}

int64_t nsvm_counter(const struct nsvm *svm, const char *name)
{
	int fd = igt_debugfs_open(svm->fd, "dmem", O_RDONLY);
	size_t len = strlen(name);
	long long value = -1;
	char line[160];
	FILE *f;

	if (fd < 0)
		return -1;
	f = fdopen(fd, "r");
	igt_assert(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			value = atoll(line + len + 1);
	fclose(f);
	return value;
}

int nsvm_debugfs_write(const struct nsvm *svm, const char *file, const char *text)
{
	int fd = igt_debugfs_open(svm->fd, file, O_WRONLY), ret = 0;

	if (fd < 0)
		return -ENOENT;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

void nsvm_assert_sound(const struct nsvm *svm)
{
	int ret = nsvm_debugfs_write(svm, "dmem", "check");

	igt_assert_f(!ret || ret == -ENOENT, "the driver's check of its allocator: %d\n", ret);
}
