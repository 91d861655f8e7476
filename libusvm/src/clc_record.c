// SPDX-License-Identifier: MIT
/*
 * The recorder of usvm-clc, preloaded before Mesa's drm-shim: keeps the buffer
 * objects of the imaginary card in sight, executes the uploads in its push buffers,
 * and at the first launch writes the kernel's machine code and its registers, and
 * ends the program.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <drm/drm.h>
#include <drm/nouveau_drm.h>

#include "gr_class.h"
#include "sm_isa.h"

#define MAX_OBJECTS	1024
#define MAX_CODE	65536u

static struct {
	u32 handle;
	u64 va;
	u64 size;
	u8 *map;
} objects[MAX_OBJECTS];
static unsigned int count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct gr_state *gr;
static u32 classes[8];

/* A push buffer's method whose data may go on in the next one. */
static struct {
	u32 subchannel;
	u32 method;
	u32 left;
	u32 step;		/* added after each word */
	bool once;
} run;

static u8 *at(u64 va, u32 length)
{
	for (unsigned int i = 0; i < count; i++)
		if (va >= objects[i].va && va - objects[i].va + length <= objects[i].size)
			return objects[i].map + (va - objects[i].va);
	return NULL;
}

static enum engine_result gr_read(void *ctx, u64 va, void *buf, u32 len)
{
	u8 *p = at(va, len);

	(void)ctx;
	if (p)
		memcpy(buf, p, len);
	else
		memset(buf, 0, len);
	return ENGINE_OK;
}

static enum engine_result gr_write(void *ctx, u64 va, const void *buf, u32 len)
{
	u8 *p = at(va, len);

	(void)ctx;
	if (p)
		memcpy(p, buf, len);
	return ENGINE_OK;
}

static u64 gr_time(void *ctx)
{
	(void)ctx;
	return 0;
}

static bool gr_over(void *ctx)
{
	(void)ctx;
	return false;
}

static void gr_note(void *ctx, u32 class, u32 mthd, u32 data, bool known)
{
	(void)ctx;
	(void)class;
	(void)mthd;
	(void)data;
	(void)known;
}

/* Code ends where its 32-byte groups are empty. */
static u32 code_size(u64 va)
{
	static const u8 empty[32];
	u32 size = 0;

	while (size < MAX_CODE) {
		u8 *p = at(va + size, 32);

		if (!p || !memcmp(p, empty, 32))
			break;
		size += 32;
	}
	return size;
}

/* A kernel has one barrier if it has any: Mesa uses number 0 only. */
static bool has_barrier(u64 va, u32 size)
{
	for (u32 i = 0; i < size; i += 8) {
		char text[128];
		u64 word;

		/* of four words the first is no instruction */
		if (!(i % 32))
			continue;
		memcpy(&word, at(va + i, 8), 8);
		sm_dis(word, i, text, sizeof(text));
		if (!strncmp(text, "bar.", 4) || strstr(text, " bar."))
			return true;
	}
	return false;
}

static enum engine_result gr_launch(void *ctx, const struct sm_launch *launch)
{
	const char *description = getenv("USVM_CLC_DESCRIPTION"), *code = getenv("USVM_CLC_CODE");
	u64 va = launch->code + launch->entry;
	u32 size = code_size(va);
	const char *name;
	FILE *f;

	(void)ctx;
	if (!description || !code || !size)
		_exit(1);
	f = fopen(code, "wb");
	if (!f || fwrite(at(va, size), 1, size, f) != size || fclose(f))
		_exit(1);
	name = strrchr(code, '/') ? strrchr(code, '/') + 1 : code;
	f = fopen(description, "a");
	if (!f)
		_exit(1);
	fprintf(f, "code %s\nregisters %u\nbarriers %u\nshared %u\nlocal %u\n", name,
		launch->registers ? launch->registers : 255, has_barrier(va, size), launch->shared,
		launch->local);
	_exit(fclose(f) ? 1 : 0);
}

static void start(void)
{
	static const struct gr_host host = {
		.read = gr_read, .write = gr_write, .time = gr_time, .launch = gr_launch,
		.over = gr_over, .note = gr_note,
	};

	gr = gr_state_new(&host);
	if (!gr)
		_exit(1);
}

static void method(u32 subchannel, u32 mthd, u32 data)
{
	u32 kind = classes[subchannel] & 0xff;

	if (!mthd)
		classes[subchannel] = data & 0xffff;
	else if (mthd >= 0x100 && (kind == 0x97 || kind == 0xc0 || kind == 0x40))
		gr_method(gr, classes[subchannel], mthd, data);
}

static void word(u32 w)
{
	u32 kind = w >> 29;

	if (run.left) {
		method(run.subchannel, run.method, w);
		run.method += run.step;
		run.left--;
		if (run.once)
			run.step = 0;
		return;
	}
	run.subchannel = w >> 13 & 7;
	run.method = (w & 0xfff) * 4;
	if (kind == 4) {
		method(run.subchannel, run.method, w >> 16 & 0x1fff);
		return;
	}
	run.left = kind == 1 || kind == 3 || kind == 5 ? w >> 16 & 0x1fff : 0;
	run.step = kind == 3 ? 0 : 4;
	run.once = kind == 5;
}

static void push(const struct drm_nouveau_gem_pushbuf *p)
{
	const struct drm_nouveau_gem_pushbuf_bo *bo = (const void *)(uintptr_t)p->buffers;
	const struct drm_nouveau_gem_pushbuf_push *entry = (const void *)(uintptr_t)p->push;

	for (u32 i = 0; i < p->nr_push; i++) {
		u64 length = entry[i].length & 0x7fffff;

		for (unsigned int o = 0; o < count; o++) {
			if (objects[o].handle != bo[entry[i].bo_index].handle ||
			    entry[i].offset + length > objects[o].size)
				continue;
			for (u64 b = 0; b + 4 <= length; b += 4) {
				u32 w;

				memcpy(&w, objects[o].map + entry[i].offset + b, 4);
				word(w);
			}
		}
	}
}

static void note_object(int fd, const struct drm_nouveau_gem_new *new)
{
	void *map = mmap(NULL, new->info.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 (off_t)new->info.map_handle);

	if (map == MAP_FAILED || count == MAX_OBJECTS)
		return;
	objects[count].handle = new->info.handle;
	objects[count].va = new->info.offset;
	objects[count].size = new->info.size;
	objects[count++].map = map;
}

static void forget_object(u32 handle)
{
	for (unsigned int i = 0; i < count; i++) {
		if (objects[i].handle != handle)
			continue;
		munmap(objects[i].map, objects[i].size);
		objects[i] = objects[--count];
		return;
	}
}

int ioctl(int fd, unsigned long request, ...)
{
	static int (*next)(int fd, unsigned long request, void *arg);
	unsigned int nr = request & 0xffff;
	va_list list;
	void *arg;
	int ret;

	va_start(list, request);
	arg = va_arg(list, void *);
	va_end(list);
	pthread_mutex_lock(&lock);
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "ioctl");
	if (!gr)
		start();
	ret = next(fd, request, arg);
	if (!ret && nr == (DRM_IOCTL_NOUVEAU_GEM_NEW & 0xffff))
		note_object(fd, arg);
	else if (!ret && nr == (DRM_IOCTL_NOUVEAU_GEM_PUSHBUF & 0xffff))
		push(arg);
	else if (!ret && nr == (DRM_IOCTL_GEM_CLOSE & 0xffff))
		forget_object(((struct drm_gem_close *)arg)->handle);
	pthread_mutex_unlock(&lock);
	return ret;
}
