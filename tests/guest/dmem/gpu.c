// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "gpu.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* GPFIFO entries have 40 address bits, so the driver's window is below 1 TiB. */
#define UNMANAGED	0x4000000000ul
#define UNMANAGED_SIZE	(1ul << 30)

#define PUSH_BYTES	65536u
#define COPY_CLASS	0xc1b5u
#define COPY_CLASS_GP100 0xc0b5u
#define SUBCHANNEL	4u
#define DEBUGFS		"/sys/kernel/debug/dri/0/"

/* The old object ioctl: not in today's header, still in the driver. */
struct grobj_alloc {
	int32_t channel;
	uint32_t handle;
	int32_t class;
};

static int do_ioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	do
		ret = ioctl(fd, request, arg);
	while (ret < 0 && (errno == EINTR || errno == EAGAIN));
	return ret < 0 ? -errno : 0;
}

int gpu_open(struct gpu *g)
{
	memset(g, 0, sizeof(*g));
	g->fd = open("/dev/dri/renderD128", O_RDWR | O_CLOEXEC);
	return g->fd < 0 ? -errno : 0;
}

int gpu_svm_init(struct gpu *g)
{
	struct drm_nouveau_svm_init init = { UNMANAGED, UNMANAGED_SIZE };
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;

	/* The CPU stays out of the window that the GPU uses for its own. */
	if (mmap((void *)UNMANAGED, UNMANAGED_SIZE, PROT_NONE, flags, -1, 0) == MAP_FAILED)
		return -errno;
	return do_ioctl(g->fd, DRM_IOCTL_NOUVEAU_SVM_INIT, &init);
}

static int copy_object(struct gpu *g, uint32_t class)
{
	struct grobj_alloc object = { g->channel, 0xbeef, (int32_t)class };

	return do_ioctl(g->fd, DRM_IOW(DRM_COMMAND_BASE + DRM_NOUVEAU_GROBJ_ALLOC,
				       struct grobj_alloc), &object);
}

int gpu_channel(struct gpu *g)
{
	struct drm_nouveau_channel_alloc channel = {
		.fb_ctxdma_handle = ~0u, .tt_ctxdma_handle = NOUVEAU_FIFO_ENGINE_CE,
	};
	struct drm_nouveau_gem_new bo = {
		.info = {
			.domain = NOUVEAU_GEM_DOMAIN_GART | NOUVEAU_GEM_DOMAIN_MAPPABLE |
				  NOUVEAU_GEM_DOMAIN_COHERENT,
			.size = PUSH_BYTES,
		},
		.align = PAGE,
	};
	uint32_t class = COPY_CLASS;
	void *map;
	int ret;

	ret = do_ioctl(g->fd, DRM_IOCTL_NOUVEAU_CHANNEL_ALLOC, &channel);
	if (ret)
		return ret;
	g->channel = channel.channel;
	ret = copy_object(g, class);
	if (ret) {
		class = COPY_CLASS_GP100;
		ret = copy_object(g, class);
	}
	if (ret)
		return ret;
	ret = do_ioctl(g->fd, DRM_IOCTL_NOUVEAU_GEM_NEW, &bo);
	if (ret)
		return ret;
	map = mmap(NULL, bo.info.size, PROT_READ | PROT_WRITE, MAP_SHARED, g->fd,
		   bo.info.map_handle);
	if (map == MAP_FAILED)
		return -errno;
	g->handle = bo.info.handle;
	g->push = map;
	g->max = PUSH_BYTES / 4;
	g->cur = 0;
	g->push[g->cur++] = 1u << 29 | 1u << 16 | SUBCHANNEL << 13;
	g->push[g->cur++] = class;
	return 0;
}

void gpu_close(struct gpu *g)
{
	if (g->push)
		munmap(g->push, PUSH_BYTES);
	close(g->fd);
	memset(g, 0, sizeof(*g));
	g->fd = -1;
}

static void method(struct gpu *g, uint32_t m, unsigned int n, const uint32_t *data)
{
	if (g->cur + n + 1 > g->max)
		must(-ENOSPC, "push buffer");
	g->push[g->cur++] = 1u << 29 | n << 16 | SUBCHANNEL << 13 | m >> 2;
	memcpy(&g->push[g->cur], data, 4 * n);
	g->cur += n;
}

void gpu_copy(struct gpu *g, void *dst, const void *src, uint64_t size)
{
	uint64_t d = (uintptr_t)dst, s = (uintptr_t)src;
	uint32_t line = size < PAGE ? (uint32_t)size : (uint32_t)PAGE;
	uint32_t words[8] = {
		(uint32_t)(s >> 32), (uint32_t)s, (uint32_t)(d >> 32), (uint32_t)d,
		line, line, line, (uint32_t)(size / line),
	};
	/* Non-pipelined, flush, both sides pitch, many lines; both virtual. */
	uint32_t launch = 2 | 1 << 2 | 1 << 7 | 1 << 8 | 1 << 9;

	method(g, 0x400, 8, words);
	method(g, 0x300, 1, &launch);
}

int gpu_flush(struct gpu *g)
{
	struct drm_nouveau_gem_pushbuf_bo bo = {
		.handle = g->handle,
		.valid_domains = NOUVEAU_GEM_DOMAIN_GART,
		.read_domains = NOUVEAU_GEM_DOMAIN_GART,
	};
	struct drm_nouveau_gem_pushbuf_push push = { .length = g->cur * 4 };
	struct drm_nouveau_gem_pushbuf submit = {
		.channel = (uint32_t)g->channel,
		.nr_buffers = 1, .buffers = (uintptr_t)&bo,
		.nr_push = 1, .push = (uintptr_t)&push,
	};
	struct drm_nouveau_gem_cpu_prep prep = {
		.handle = g->handle, .flags = NOUVEAU_GEM_CPU_PREP_WRITE,
	};
	int ret = do_ioctl(g->fd, DRM_IOCTL_NOUVEAU_GEM_PUSHBUF, &submit);

	if (!ret)
		ret = do_ioctl(g->fd, DRM_IOCTL_NOUVEAU_GEM_CPU_PREP, &prep);
	g->cur = 0;
	return ret;
}

int gpu_bo(struct gpu *g, uint64_t size, uint32_t *handle, bool *in_vram)
{
	struct drm_nouveau_gem_new bo = {
		.info = { .domain = NOUVEAU_GEM_DOMAIN_VRAM, .size = size },
		.align = PAGE,
	};
	int ret = do_ioctl(g->fd, DRM_IOCTL_NOUVEAU_GEM_NEW, &bo);

	*handle = bo.info.handle;
	*in_vram = !ret && bo.info.domain == NOUVEAU_GEM_DOMAIN_VRAM;
	return ret;
}

void gpu_bo_free(struct gpu *g, uint32_t handle)
{
	struct drm_gem_close arg = { .handle = handle };

	must(do_ioctl(g->fd, DRM_IOCTL_GEM_CLOSE, &arg), "GEM_CLOSE");
}

int svm_command(struct gpu *g, unsigned int command, uint32_t target, void *p,
		uint64_t size, struct drm_nouveau_svm_bind *out)
{
	struct drm_nouveau_svm_bind bind = {
		.header = (uint64_t)command << NOUVEAU_SVM_BIND_COMMAND_SHIFT |
			  (uint64_t)target << NOUVEAU_SVM_BIND_TARGET_SHIFT,
		.va_start = (uintptr_t)p,
		.va_end = (uintptr_t)p + size,
		/* 6.12's own driver wants it. */
		.npages = size / PAGE,
	};
	int ret = do_ioctl(g->fd, DRM_IOCTL_NOUVEAU_SVM_BIND, &bind);

	if (out)
		*out = bind;
	return ret;
}

static long migrate(struct gpu *g, uint32_t target, void *p, uint64_t size)
{
	struct drm_nouveau_svm_bind out;
	int ret = svm_command(g, NOUVEAU_SVM_BIND_COMMAND__MIGRATE, target, p, size, &out);

	return ret ? ret : (long)out.result;
}

long svm_to_vram(struct gpu *g, void *p, uint64_t size)
{
	return migrate(g, (uint32_t)NOUVEAU_SVM_BIND_TARGET__GPU_VRAM, p, size);
}

long svm_to_ram(struct gpu *g, void *p, uint64_t size)
{
	return migrate(g, NOUVEAU_SVM_BIND_TARGET__CPU, p, size);
}

long svm_query(struct gpu *g, void *p, uint64_t size,
	       struct drm_nouveau_svm_extent *e, unsigned int room)
{
	struct drm_nouveau_svm_bind bind = {
		.header = NOUVEAU_SVM_BIND_COMMAND__QUERY,
		.va_start = (uintptr_t)p,
		.va_end = (uintptr_t)p + size,
		.npages = room,
		.reserved0 = (uintptr_t)e,
	};
	int ret = do_ioctl(g->fd, DRM_IOCTL_NOUVEAU_SVM_BIND, &bind);

	return ret ? ret : (long)bind.result;
}

uint64_t svm_bytes_in_vram(struct gpu *g, void *p, uint64_t size)
{
	static struct drm_nouveau_svm_extent e[65536];
	long n = svm_query(g, p, size, e, 65536);
	uint64_t bytes = 0;

	if (n < 0)
		must((int)n, "query");
	for (long i = 0; i < n && i < 65536; i++)
		if (e[i].where == NOUVEAU_SVM_EXTENT_VRAM)
			bytes += e[i].va_end - e[i].va_start;
	return bytes;
}

long dmem_number(const char *name)
{
	FILE *f = fopen(DEBUGFS "dmem", "r");
	size_t len = strlen(name);
	char line[128];
	long value = -1;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			value = atol(line + len + 1);
	fclose(f);
	return value;
}

int debug_write(const char *file, const char *word)
{
	char path[128];
	int fd, ret = 0;

	snprintf(path, sizeof(path), DEBUGFS "%s", file);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	if (write(fd, word, strlen(word)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int dmem_order(const char *word)
{
	return debug_write("dmem", word);
}

void *area_new(uint64_t size, bool huge)
{
	char *p = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		must(-errno, "mmap");
	p = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
	madvise(p, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return p;
}

static uint32_t word(uint32_t seed, uint64_t i)
{
	return seed * 2246822519u + (uint32_t)i * 2654435761u;
}

void fill(void *p, uint64_t size, uint32_t seed)
{
	uint32_t *w = p;

	for (uint64_t i = 0; i < size / 4; i++)
		w[i] = word(seed, i);
}

uint64_t wrong(const void *p, uint64_t size, uint32_t seed)
{
	const uint32_t *w = p;
	uint64_t n = 0;

	for (uint64_t i = 0; i < size / 4; i++)
		n += w[i] != word(seed, i);
	return n;
}

/* Is the whole area mapped by huge pages? By the size of AnonHugePages in smaps. */
bool thp_mapped(const void *p, uint64_t size)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long start, end, kib;
	bool inside = false;
	char line[256];
	uint64_t sum = 0;

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start < (uintptr_t)p + size && end > (uintptr_t)p;
		else if (inside && sscanf(line, "AnonHugePages: %lu kB", &kib) == 1)
			sum += kib << 10;
	}
	fclose(f);
	return sum >= size;
}

static int tap_nr, tap_failed, tap_planned;

void tap_plan(int n)
{
	tap_planned = n;
	printf("TAP version 13\n1..%d\n", n);
	fflush(stdout);
}

bool ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tap_nr, name);
	fflush(stdout);
	tap_failed += !good;
	return good;
}

int tap_end(void)
{
	return tap_failed || tap_nr != tap_planned;
}

void must(int err, const char *what)
{
	if (!err)
		return;
	printf("Bail out! %s: %s\n", what, strerror(-err));
	exit(1);
}
