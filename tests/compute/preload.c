// SPDX-License-Identifier: MIT
/*
 * Runs what a program submits to nouveau on the model's graphics engine, in the
 * program's own process: no kernel driver, no QEMU, no device.
 *
 * To be preloaded before Mesa's libnouveau_noop_drm_shim.so, which answers the
 * ioctls of an imaginary card with success and nothing else. Here buffer objects
 * are mapped, and push buffers are read as a PBDMA would and executed before the
 * ioctl returns. An address that is in no buffer object is a pointer of the
 * process, as with shared virtual memory.
 *
 * GR_PRELOAD_STATS=1 prints what was run when the program ends.
 * GR_PRELOAD_CODE=DIR writes the machine code of launch N to DIR/N.bin, for sm-dump.
 * GR_PRELOAD_THREADS=N runs grids on N threads instead of one for each CPU.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <drm/drm.h>
#include <drm/nouveau_drm.h>

#include "copy_class.h"
#include "gr_class.h"
#include "gr_grid.h"

#define PAGE		4096ull
#define MAX_OBJECTS	65536u
#define MAX_NOTED	256u

/* A buffer object: where the GPU sees it and where it is here. */
struct object {
	u64 va, size;
	u8 *host;
	u32 handle;
};

/* A piece of an object that a program has mapped itself, as Vulkan does. */
struct mapping {
	u64 va, size;
	u8 *host;
};

static struct {
	pthread_mutex_t lock;		/* one push buffer at a time */
	struct object *object;
	u32 nr_objects;
	struct mapping *mapping;
	u32 nr_mappings;
	struct gr_pool *pool;
	struct gr_grid *grid;
	struct gr_state *gr;
	struct copy_class copy;
	u32 class[8];			/* of each subchannel */
	u32 mthd, left, subchannel;	/* a method header whose data is not complete */
	bool increment, once;
	bool faulted;
	u64 launches, ns;
	u32 nr_noted;
	struct { u32 class, mthd, count; } noted[MAX_NOTED];
} m = { .lock = PTHREAD_MUTEX_INITIALIZER };

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void __attribute__((format(printf, 1, 2), noreturn)) die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "gr-preload: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	_exit(70);
}

/* ------------------------------------------------------------------- memory */

static bool is_mapped(u64 page)
{
	return page && !msync((void *)page, PAGE, MS_ASYNC);
}

/* Host pointer to a page of the address space, NULL when nothing is there. */
static u8 *page_ptr(u64 page)
{
	static __thread u32 last;

	if (last < m.nr_objects && page - m.object[last].va < m.object[last].size)
		return m.object[last].host + (page - m.object[last].va);
	for (u32 n = 0; n < m.nr_objects; n++) {
		if (page - m.object[n].va < m.object[n].size) {
			last = n;
			return m.object[n].host + (page - m.object[n].va);
		}
	}
	for (u32 n = 0; n < m.nr_mappings; n++) {
		if (page - m.mapping[n].va < m.mapping[n].size)
			return m.mapping[n].host + (page - m.mapping[n].va);
	}
	return is_mapped(page) ? (u8 *)page : NULL;
}

static enum engine_result copy_bytes(u64 va, void *buf, u32 len, bool write)
{
	u8 *p = buf;

	while (len) {
		u32 n = PAGE - (va & (PAGE - 1));
		u8 *page = page_ptr(va & ~(PAGE - 1));

		if (!page)
			die("the engine reached for unmapped memory at %llx", (unsigned long long)va);
		n = n < len ? n : len;
		if (write)
			memcpy(page + (va & (PAGE - 1)), p, n);
		else
			memcpy(p, page + (va & (PAGE - 1)), n);
		va += n;
		p += n;
		len -= n;
	}
	return ENGINE_OK;
}

static enum engine_result host_read(void *ctx, u64 va, void *buf, u32 len)
{
	(void)ctx;
	return copy_bytes(va, buf, len, false);
}

static enum engine_result host_write(void *ctx, u64 va, const void *buf, u32 len)
{
	(void)ctx;
	return copy_bytes(va, (void *)buf, len, true);
}

static u64 host_time(void *ctx)
{
	(void)ctx;
	return now_ns();
}

static bool host_over(void *ctx)
{
	(void)ctx;
	return false;
}

static void host_note(void *ctx, u32 class, u32 mthd, u32 data, bool known)
{
	(void)ctx;
	(void)data;
	if (known)
		return;
	for (u32 n = 0; n < m.nr_noted; n++) {
		if (m.noted[n].class == class && m.noted[n].mthd == mthd) {
			m.noted[n].count++;
			return;
		}
	}
	if (m.nr_noted < MAX_NOTED) {
		m.noted[m.nr_noted].class = class;
		m.noted[m.nr_noted].mthd = mthd;
		m.noted[m.nr_noted++].count = 1;
	}
}

/* -------------------------------------------------------------------- grids */

static bool grid_enter(void *ctx)
{
	(void)ctx;
	return true;
}

static void grid_leave(void *ctx)
{
	(void)ctx;
}

static void *grid_translate(void *ctx, u64 page, enum sm_access access, bool *keep, u32 *reason)
{
	(void)ctx;
	(void)access;
	(void)keep;
	*reason = 0;
	return page_ptr(page);
}

static void grid_fault(void *ctx, const struct gr_fault *fault)
{
	static const char *const access[] = { "read", "write", "atomic" };

	(void)ctx;
	if (fault->access == SM_PREFETCH)
		return;
	m.faulted = true;
	fprintf(stderr, "gr-preload: page fault, %s of %llx\n", access[fault->access],
		(unsigned long long)fault->page);
}

/* The program, and what happens to be behind it in its page or two. */
static void write_code(const char *directory, const struct sm_launch *launch)
{
	u64 va = launch->code + launch->entry, end = (va & ~(PAGE - 1)) + 4 * PAGE;
	char name[4096];
	FILE *f;

	snprintf(name, sizeof(name), "%s/%llu.bin", directory, (unsigned long long)m.launches);
	f = fopen(name, "w");
	for (; f && va < end; va += 8) {
		u8 *page = page_ptr(va & ~(PAGE - 1));

		if (!page || !fwrite(page + (va & (PAGE - 1)), 8, 1, f))
			break;
	}
	if (f)
		fclose(f);
}

static enum engine_result host_launch(void *ctx, const struct sm_launch *launch)
{
	const char *why = sm_launch_check(launch);
	enum gr_grid_state state;
	u64 start = now_ns();

	(void)ctx;
	if (why)
		die("launch refused: %s", why);
	if (getenv("GR_PRELOAD_CODE"))
		write_code(getenv("GR_PRELOAD_CODE"), launch);
	gr_grid_start(m.grid, launch);
	do {
		state = gr_grid_run(m.grid);
	} while (state == GR_GRID_AGAIN);
	m.ns += now_ns() - start;
	m.launches++;
	if (state == GR_GRID_ERROR) {
		const struct sm_report *r = gr_grid_report(m.grid);

		fprintf(stderr, "gr-preload: %s at %llx (+%llx), block %u %u %u warp %u: %016llx %s\n",
			sm_error_name(r->error), (unsigned long long)r->pc,
			(unsigned long long)(r->pc - launch->code - launch->entry), r->block[0],
			r->block[1], r->block[2], r->warp, (unsigned long long)r->word, r->text);
	} else if (state != GR_GRID_DONE) {
		fprintf(stderr, "gr-preload: the grid %s\n",
			state == GR_GRID_STALLED ? "faulted" : "is deadlocked at a barrier");
		gr_grid_abort(m.grid);
	}
	return ENGINE_OK;
}

static void print_stats(void)
{
	u64 instructions = gr_grid_instructions(m.grid);

	fprintf(stderr, "gr-preload: %llu launches, %llu warp instructions in %.3f s, %.1f M/s on %u threads\n",
		(unsigned long long)m.launches, (unsigned long long)instructions, m.ns / 1e9,
		m.ns ? instructions * 1e3 / m.ns : 0, gr_pool_sms(m.pool));
	for (u32 n = 0; n < m.nr_noted; n++)
		fprintf(stderr, "gr-preload: method %04x of %04x (%s), %u times: not modelled\n",
			m.noted[n].mthd, m.noted[n].class,
			gr_method_name(m.noted[n].class, m.noted[n].mthd), m.noted[n].count);
}

static void start(void)
{
	static const struct gr_host host = {
		.read = host_read, .write = host_write, .time = host_time, .launch = host_launch,
		.over = host_over, .note = host_note,
	};
	static const struct gr_grid_host grid_host = {
		.enter = grid_enter, .leave = grid_leave, .translate = grid_translate,
		.fault = grid_fault, .over = host_over,
	};
	const char *threads = getenv("GR_PRELOAD_THREADS");
	long cpus = threads ? atol(threads) : sysconf(_SC_NPROCESSORS_ONLN);

	m.object = calloc(MAX_OBJECTS, sizeof(*m.object));
	m.mapping = calloc(MAX_OBJECTS, sizeof(*m.mapping));
	m.pool = gr_pool_new(cpus > 1 ? cpus - 1 : 0);
	m.grid = m.pool ? gr_grid_new(m.pool, &grid_host) : NULL;
	m.gr = gr_state_new(&host);
	if (!m.object || !m.mapping || !m.grid || !m.gr)
		die("no memory");
	m.copy = (struct copy_class){ .copy = copy_bytes };
	m.class[2] = GR_CLASS_INLINE;	/* fixed on a card's runlist of graphics */
	m.class[3] = GR_CLASS_2D;
	m.class[4] = 0xc1b5;
	if (getenv("GR_PRELOAD_STATS"))
		atexit(print_stats);
}

/* ------------------------------------------------------------- push buffers */

static void method(u32 subchannel, u32 mthd, u32 data)
{
	u32 class = m.class[subchannel];

	if (!mthd) {
		m.class[subchannel] = data & 0xffff;
		return;
	}
	if (mthd < 0x100)	/* the host's own: references and semaphores of the kernel */
		return;
	switch (class & 0xff) {
	case 0x97:
	case 0xc0:
	case 0x40:
	case 0x2d:
		if (gr_method(m.gr, class, mthd, data) != ENGINE_OK)
			die("method %04x of class %04x failed", mthd, class);
		break;
	case 0xb5:
		copy_class_method(&m.copy, mthd, data);
		break;
	default:
		host_note(NULL, class, mthd, data, false);
	}
}

static void word(u32 w)
{
	if (m.left) {
		method(m.subchannel, m.mthd, w);
		m.left--;
		if (m.increment)
			m.mthd += 4;
		if (m.once)
			m.increment = false;
		return;
	}
	m.subchannel = w >> 13 & 7;
	m.mthd = (w & 0xfff) << 2;
	m.left = w >> 16 & 0x1fff;
	switch (w >> 29) {
	case 1:			/* incrementing */
		m.increment = true;
		m.once = false;
		break;
	case 3:			/* not incrementing */
		m.increment = false;
		m.once = false;
		break;
	case 4:			/* immediate */
		m.left = 0;
		method(m.subchannel, m.mthd, w >> 16 & 0x1fff);
		break;
	case 5:			/* incrementing once */
		m.increment = true;
		m.once = true;
		break;
	default:
		m.left = 0;
		if (w)
			die("header %08x", w);
	}
}

static void words(const u8 *p, u64 length)
{
	for (u64 at = 0; at < length; at += 4) {
		u32 w;

		memcpy(&w, p + at, 4);
		word(w);
	}
}

static const struct object *by_handle(u32 handle)
{
	for (u32 n = m.nr_objects; n--;) {
		if (m.object[n].handle == handle)
			return &m.object[n];
	}
	return NULL;
}

static void push(const struct drm_nouveau_gem_pushbuf *p)
{
	const struct drm_nouveau_gem_pushbuf_bo *bo = (void *)(uintptr_t)p->buffers;
	const struct drm_nouveau_gem_pushbuf_push *entry = (void *)(uintptr_t)p->push;

	for (u32 n = 0; n < p->nr_push; n++) {
		const struct object *o = by_handle(bo[entry[n].bo_index].handle);
		u64 length = entry[n].length & 0x7fffff;	/* above: flags */

		if (!o || entry[n].offset + length > o->size)
			die("push buffer outside of its object");
		words(o->host + entry[n].offset, length);
	}
}

/* Push buffers by address, as Vulkan submits them. */
static void exec(const struct drm_nouveau_exec *e)
{
	const struct drm_nouveau_exec_push *p = (void *)(uintptr_t)e->push_ptr;

	for (u32 n = 0; n < e->push_count; n++) {
		for (u64 at = 0; at < p[n].va_len;) {
			u64 va = p[n].va + at, left = PAGE - (va & (PAGE - 1));
			u8 *page = page_ptr(va & ~(PAGE - 1));

			if (!page)
				die("push buffer at %llx is not mapped", (unsigned long long)va);
			left = left < p[n].va_len - at ? left : p[n].va_len - at;
			words(page + (va & (PAGE - 1)), left);
			at += left;
		}
	}
}

static void unmap(u64 va, u64 size)
{
	for (u32 n = 0; n < m.nr_mappings;) {
		struct mapping *p = &m.mapping[n];

		if (p->va >= va && p->va + p->size <= va + size)
			*p = m.mapping[--m.nr_mappings];
		else
			n++;
	}
}

static void bind(const struct drm_nouveau_vm_bind *b)
{
	const struct drm_nouveau_vm_bind_op *op = (void *)(uintptr_t)b->op_ptr;

	for (u32 n = 0; n < b->op_count; n++) {
		const struct object *o = by_handle(op[n].handle);

		unmap(op[n].addr, op[n].range);
		if (op[n].op != DRM_NOUVEAU_VM_BIND_OP_MAP || op[n].flags & DRM_NOUVEAU_VM_BIND_SPARSE)
			continue;
		if (!o || op[n].bo_offset + op[n].range > o->size || m.nr_mappings == MAX_OBJECTS)
			die("a mapping outside of its object");
		m.mapping[m.nr_mappings++] = (struct mapping){
			.va = op[n].addr, .size = op[n].range, .host = o->host + op[n].bo_offset,
		};
	}
}

static void new_object(int fd, const struct drm_nouveau_gem_new *new)
{
	u64 size = new->info.size;	/* whole pages, see before() */
	struct object *o = &m.object[m.nr_objects];

	if (m.nr_objects == MAX_OBJECTS)
		die("too many buffer objects");
	if (new->info.offset & (PAGE - 1))
		die("a buffer object is not page aligned");
	o->host = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, new->info.map_handle);
	if (o->host == MAP_FAILED)
		die("a buffer object cannot be mapped");
	o->va = new->info.offset;
	o->size = size;
	o->handle = new->info.handle;
	m.nr_objects++;
}

/* Handles are used again: an object that goes keeps its memory, and loses its name. */
static void close_object(const struct drm_gem_close *c)
{
	for (u32 n = 0; n < m.nr_objects; n++) {
		if (m.object[n].handle == c->handle) {
			munmap(m.object[n].host, m.object[n].size);
			m.object[n] = m.object[--m.nr_objects];
			return;
		}
	}
}

/* What a newer driver answers than the one that the shim plays. */
static bool shim_lacks(unsigned long number, void *arg)
{
	struct drm_nouveau_getparam *param = arg;

	switch (number) {
	case DRM_IOCTL_NOUVEAU_SVM_INIT & 0xffff:
	case DRM_IOCTL_NOUVEAU_SVM_BIND & 0xffff:
	case DRM_IOCTL_NOUVEAU_VM_INIT & 0xffff:
	case DRM_IOCTL_NOUVEAU_VM_BIND & 0xffff:
	case DRM_IOCTL_NOUVEAU_EXEC & 0xffff:
		return true;
	case DRM_IOCTL_NOUVEAU_GETPARAM & 0xffff:
		if (param->param == NOUVEAU_GETPARAM_EXEC_PUSH_MAX)
			param->value = 128;
		else if (param->param == NOUVEAU_GETPARAM_VRAM_BAR_SIZE)
			param->value = 256 << 20;
		else if (param->param == NOUVEAU_GETPARAM_VRAM_USED)
			param->value = 0;
		else
			return false;
		return true;
	}
	return false;
}

/* What the engine has to do with an ioctl that succeeded. */
static void after(int fd, unsigned long number, void *arg)
{
	switch (number) {
	case DRM_IOCTL_NOUVEAU_GEM_NEW & 0xffff:
		new_object(fd, arg);
		break;
	case DRM_IOCTL_NOUVEAU_GEM_PUSHBUF & 0xffff:
		push(arg);
		break;
	case DRM_IOCTL_NOUVEAU_VM_BIND & 0xffff:
		bind(arg);
		break;
	case DRM_IOCTL_NOUVEAU_EXEC & 0xffff:
		exec(arg);
		break;
	case DRM_IOCTL_GEM_CLOSE & 0xffff:
		close_object(arg);
		break;
	}
}

/*
 * A driver makes whole pages of any size. The shim takes it as it is, maps no byte more, and
 * puts the next object at the address behind it.
 */
static void before(unsigned long number, void *arg)
{
	struct drm_nouveau_gem_new *new = arg;

	if (number == (DRM_IOCTL_NOUVEAU_GEM_NEW & 0xffff))
		new->info.size = (new->info.size + PAGE - 1) & ~(PAGE - 1);
}

int ioctl(int fd, unsigned long request, ...)
{
	static int (*next)(int, unsigned long, void *);
	unsigned long number;
	va_list ap;
	void *arg;
	int r;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!next)
		next = (int (*)(int, unsigned long, void *))dlsym(RTLD_NEXT, "ioctl");
	number = request & 0xffff;
	if ((number >> 8) != DRM_IOCTL_BASE)
		return next(fd, request, arg);
	/* the shim's answer too: another thread may get a handle that is closed here */
	pthread_mutex_lock(&m.lock);
	if (!m.gr)
		start();
	before(number, arg);
	r = shim_lacks(number, arg) ? 0 : next(fd, request, arg);
	if (!r)
		after(fd, number, arg);
	pthread_mutex_unlock(&m.lock);
	return r;
}
