// SPDX-License-Identifier: MIT
/*
 * The nouveau backend: what moves, what stays, and that every byte is right.
 * Needs a Pascal GPU (or its model) and a kernel with nouveau's SVM; skipped
 * elsewhere. "--bad-access" also kills the channel on purpose; "--kernels FILE"
 * runs the kernel vadd(const float *a, const float *b, float *c, uint n) of a
 * module file: c[i] = a[i] + b[i].
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <usvm.h>

#include "tap.h"

#define PAGE	4096u
#define MIB	(1u << 20)

/* Small pages: an unmodified 6.12 cannot mix page sizes on the GPU. */
static unsigned char *pages(size_t n)
{
	unsigned char *p = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(p, n * PAGE, MADV_NOHUGEPAGE);
	return p;
}

static unsigned char pattern(size_t i, unsigned int seed)
{
	return (unsigned char)((i * 2654435761u + seed * 40503u) >> 11);
}

static void write_pattern(unsigned char *p, size_t n, unsigned int seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = pattern(i, seed);
}

static size_t wrong(const unsigned char *p, size_t n, unsigned int seed)
{
	size_t bad = 0;

	for (size_t i = 0; i < n; i++)
		bad += p[i] != pattern(i, seed);
	return bad;
}

static uint64_t in_vram(const void *p, size_t n)
{
	struct usvm_residency r = { 0 };

	usvm_mem_range_get_residency(&r, p, n);
	return r.vram_small + r.vram_huge;
}

static struct usvm_statistics statistics(void)
{
	struct usvm_statistics s = { 0 };

	usvm_device_get_statistics(&s, 0);
	return s;
}

static void test_device(void)
{
	struct usvm_device_properties p;
	size_t free_bytes = 0, total = 0;
	int value = -1;

	tap_is(usvm_device_get_properties(&p, 0), USVM_SUCCESS, "properties");
	printf("# %s, %s, %llu MiB\n", p.name, p.node, (unsigned long long)p.memory_bytes / MIB);
	tap_ok(!strcmp(p.backend, "nouveau") && p.chipset >= 0x130 && p.chipset < 0x140,
	       "a Pascal on nouveau");
	tap_is(usvm_mem_get_info(&free_bytes, &total), USVM_SUCCESS, "memory info");
	tap_ok(free_bytes && free_bytes <= total && total == p.memory_bytes, "is about VRAM");
	usvm_device_get_attribute(&value, USVM_ATTR_SEPARATE_MEMORY, 0);
	tap_is(value, 1, "VRAM is not RAM");
}

static void test_move(void)
{
	unsigned char *p = pages(64), *q = malloc(64 * PAGE);

	write_pattern(p, 64 * PAGE, 1);
	tap_is(usvm_mem_prefetch(p, 64 * PAGE, 0), USVM_SUCCESS, "prefetch 64 pages");
	tap_is((int)in_vram(p, 64 * PAGE), 64 * PAGE, "all are in VRAM");
	tap_is(usvm_memcpy(q, p, 64 * PAGE), USVM_SUCCESS, "copy VRAM to RAM");
	tap_is((int)wrong(q, 64 * PAGE, 1), 0, "the copy is right");
	tap_is((int)in_vram(p, 64 * PAGE), 64 * PAGE, "the source stayed in VRAM");
	tap_is(usvm_mem_prefetch(p, 16 * PAGE, USVM_HOST), USVM_SUCCESS, "prefetch 16 pages back");
	tap_is((int)in_vram(p, 64 * PAGE), 48 * PAGE, "48 are left");
	tap_is((int)wrong(p, 64 * PAGE, 1), 0, "the CPU reads all of it");
	tap_is((int)in_vram(p, 64 * PAGE), 0, "which brought the rest back");
	munmap(p, 64 * PAGE);
	free(q);
}

static void test_engine(void)
{
	unsigned char *a = pages(64), *b = pages(64);
	struct usvm_statistics before, after;

	write_pattern(a, 64 * PAGE, 2);
	usvm_mem_prefetch(a, 64 * PAGE, 0);
	tap_is(usvm_mem_prefetch(b, 64 * PAGE, 0), USVM_SUCCESS, "prefetch of untouched memory");
	tap_is((int)in_vram(b, 64 * PAGE), 64 * PAGE, "moves it");
	before = statistics();
	tap_is(usvm_memcpy(b, a, 64 * PAGE), USVM_SUCCESS, "copy VRAM to VRAM");
	after = statistics();
	tap_ok(after.bytes_by_engine - before.bytes_by_engine == 64 * PAGE &&
	       after.bytes_by_cpu == before.bytes_by_cpu && after.bytes_staged == before.bytes_staged,
	       "by the engine alone");
	tap_ok(after.launches - before.launches == 1 && after.submissions - before.submissions == 1 &&
	       after.binds == before.binds, "one launch, one submission, no bind: as by hand");
	tap_is(usvm_fill(a + 8, 8, 0x0102030405060708, 100), USVM_SUCCESS, "fill in VRAM");
	tap_is((int)in_vram(a, 64 * PAGE) + (int)in_vram(b, 64 * PAGE), 128 * PAGE,
	       "nothing left VRAM");
	tap_ok(wrong(a, 8, 2) == 0 && a[8] == 8 && a[15] == 1 && a[800] == 8 && a[807] == 1 &&
	       a[808] == pattern(808, 2), "the fill is right, and no more");
	tap_is((int)wrong(b, 64 * PAGE, 2), 0, "the copy is right");
	munmap(a, 64 * PAGE);
	munmap(b, 64 * PAGE);
}

/* Pages of both ranges here and there, copies at odd places, against memmove. */
static void test_mixed(void)
{
	enum { N = 48 };
	unsigned char *a = pages(N), *b = pages(N), *want = malloc(N * PAGE);
	unsigned int seed = 7, errors = 0, bad = 0;

	write_pattern(a, N * PAGE, 3);
	write_pattern(b, N * PAGE, 4);
	write_pattern(want, N * PAGE, 4);
	for (int round = 0; round < 60; round++) {
		size_t from, to, size;

		for (int i = 0; i < 6; i++) {
			unsigned char *p = rand_r(&seed) & 1 ? a : b;
			size_t at = (size_t)rand_r(&seed) % N;

			errors += usvm_mem_prefetch(p + at * PAGE, PAGE,
						    rand_r(&seed) & 1 ? 0 : USVM_HOST) != 0;
		}
		from = (size_t)rand_r(&seed) % (N * PAGE);
		to = (size_t)rand_r(&seed) % (N * PAGE);
		size = (size_t)rand_r(&seed) % (N * PAGE);
		size = size > N * PAGE - from ? N * PAGE - from : size;
		size = size > N * PAGE - to ? N * PAGE - to : size;
		if (round % 4 == 3) {
			errors += usvm_memset(b + to, round, size) != 0;
			memset(want + to, round, size);
		} else {
			errors += usvm_memcpy(b + to, a + from, size) != 0;
			for (size_t i = 0; i < size; i++)
				want[to + i] = pattern(from + i, 3);
		}
	}
	tap_is((int)errors, 0, "60 copies and fills between pages anywhere: no error");
	for (size_t i = 0; i < N * PAGE; i++)
		bad += b[i] != want[i];
	tap_is((int)bad, 0, "and every byte is right");
	tap_is((int)wrong(a, N * PAGE, 3), 0, "in the source as well");
	munmap(a, N * PAGE);
	munmap(b, N * PAGE);
	free(want);
}

static void test_2d(void)
{
	unsigned char *a = pages(64), *b = pages(64);
	struct usvm_statistics before;
	size_t bad = 0;

	write_pattern(a, 64 * PAGE, 5);
	memset(b, 0, 64 * PAGE);
	usvm_mem_prefetch(a, 64 * PAGE, 0);
	usvm_mem_prefetch(b, 64 * PAGE, 0);
	before = statistics();
	tap_is(usvm_memcpy_2d(b + 3, 1000, a + 5, 1500, 777, 100), USVM_SUCCESS, "2D copy");
	tap_ok(statistics().launches - before.launches == 1, "is one launch");
	for (size_t y = 0; y < 100; y++)
		for (size_t x = 0; x < 1000; x++)
			bad += b[3 + y * 1000 + x] != (x < 777 ? pattern(5 + y * 1500 + x, 5) : 0);
	tap_is((int)bad, 0, "lines are right, gaps untouched");
	munmap(a, 64 * PAGE);
	munmap(b, 64 * PAGE);
}

static void test_streams(void)
{
	enum { N = 32 };
	unsigned char *a = pages(N), *b = pages(N);
	usvm_event *start, *end;
	usvm_stream *s, *t;
	float ms = -1;

	usvm_stream_create(&s);
	usvm_stream_create(&t);
	usvm_event_create(&start);
	usvm_event_create(&end);
	write_pattern(a, N * PAGE, 6);
	usvm_mem_prefetch_async(a, N * PAGE, 0, s);
	usvm_mem_prefetch_async(b, N * PAGE, 0, s);
	usvm_memset_async(b, 0, N * PAGE, s);
	usvm_event_record(start, s);
	usvm_memcpy_async(b, a, N * PAGE, s);
	usvm_event_record(end, s);
	usvm_stream_wait_event(t, end);
	usvm_memset_async(a, 0xaa, N * PAGE, t);
	usvm_mem_prefetch_async(b, N * PAGE, USVM_HOST, t);
	tap_is(usvm_stream_synchronize(t), USVM_SUCCESS, "two streams, one after the other's event");
	tap_is((int)in_vram(b, N * PAGE), 0, "prefetched to the host in stream order");
	tap_is((int)wrong(b, N * PAGE, 6), 0, "the copy came before the fill");
	tap_ok(a[0] == 0xaa && a[N * PAGE - 1] == 0xaa, "and the fill after it");
	tap_is(usvm_event_elapsed_time(&ms, start, end), USVM_SUCCESS, "time by the GPU's clock");
	tap_ok(ms > 0 && ms < 10000, "is positive");
	printf("# %.3f ms for %u KiB\n", (double)ms, N * PAGE / 1024);
	tap_is(usvm_stream_destroy(s), USVM_SUCCESS, "destroy");
	tap_is(usvm_stream_destroy(t), USVM_SUCCESS, "destroy");
	usvm_event_destroy(start);
	usvm_event_destroy(end);
	munmap(a, N * PAGE);
	munmap(b, N * PAGE);
}

static void test_fork(void)
{
	unsigned char *a = pages(16), *b = pages(16);
	int status = -1;
	pid_t pid;

	write_pattern(a, 16 * PAGE, 8);
	usvm_mem_prefetch(a, 16 * PAGE, 0);
	usvm_mem_prefetch(b, 16 * PAGE, 0);
	pid = fork();
	if (!pid) {
		size_t bad = wrong(a, 16 * PAGE, 8);

		a[0] ^= 1;
		_exit(bad || usvm_memset(a, 0, 16) != USVM_ERROR_FORKED);
	}
	/* the GPU lost sight of these pages: a copy must not trust what it knew */
	tap_is(usvm_memcpy(b, a, 16 * PAGE), USVM_SUCCESS, "copy after a fork");
	waitpid(pid, &status, 0);
	tap_ok(WIFEXITED(status) && !WEXITSTATUS(status), "the child read its own memory");
	tap_is((int)wrong(b, 16 * PAGE, 8), 0, "the parent's copy is right");
	tap_is((int)wrong(a, 16 * PAGE, 8), 0, "the child's write is not seen");
	usvm_mem_prefetch(a, 16 * PAGE, 0);
	usvm_mem_prefetch(b, 16 * PAGE, 0);
	tap_is(usvm_memset(a, 3, 16 * PAGE), USVM_SUCCESS, "and on the engine again");
	tap_ok(a[0] == 3 && a[16 * PAGE - 1] == 3, "right");
	munmap(a, 16 * PAGE);
	munmap(b, 16 * PAGE);
}

static void test_advice(void)
{
	unsigned char *p = pages(16);

	write_pattern(p, 16 * PAGE, 9);
	usvm_mem_advise(p + 4 * PAGE, 4 * PAGE, USVM_ADVISE_SET_READ_MOSTLY, 0);
	tap_is(usvm_mem_prefetch(p, 16 * PAGE, 0), USVM_SUCCESS, "prefetch around read-mostly pages");
	tap_ok(in_vram(p, 16 * PAGE) == 12 * PAGE && !in_vram(p + 4 * PAGE, 4 * PAGE),
	       "leaves them in RAM");
	usvm_mem_advise(p, 16 * PAGE, USVM_ADVISE_UNSET_READ_MOSTLY, 0);
	usvm_mem_prefetch(p, 16 * PAGE, 0);
	tap_is((int)in_vram(p, 16 * PAGE), 16 * PAGE, "until the advice ends");
	tap_is((int)wrong(p, 16 * PAGE, 9), 0, "contents are right");
	munmap(p, 16 * PAGE);
	tap_is(usvm_mem_prefetch(p, PAGE, 0), USVM_ERROR_INVALID_ADDRESS, "prefetch of nothing");
	tap_is(usvm_memcpy(p, &p, 8), USVM_ERROR_INVALID_ADDRESS, "copy to nothing");
	tap_is(usvm_memset((void *)(uintptr_t)p, 0, 8), USVM_ERROR_INVALID_ADDRESS, "fill of nothing");
}

/* Huge pages, empty, half empty and full: whatever the kernel does to them. */
static void test_huge(void)
{
	unsigned char *p, *q;
	size_t bad = 0;

	usvm_malloc_managed((void **)&p, 4 * MIB);
	usvm_malloc_managed((void **)&q, 4 * MIB);
	tap_is(usvm_mem_prefetch(p, MIB, 0), USVM_SUCCESS, "prefetch a quarter of untouched memory");
	tap_is(usvm_memset(p, 5, 4 * MIB), USVM_SUCCESS, "fill all of it");
	memset(q, 0, 2 * MIB);
	write_pattern(q, MIB / 2, 11);
	write_pattern(q + 2 * MIB, 2 * MIB, 12);
	tap_is(usvm_mem_prefetch(q, 3 * MIB, 0), USVM_SUCCESS,
	       "prefetch huge pages, one mostly of zeros, one in part");
	tap_is(usvm_memset(q + MIB, 6, MIB), USVM_SUCCESS, "fill where the zeros were");
	tap_is(usvm_memcpy(p + 5, q, 4 * MIB - 5), USVM_SUCCESS, "copy from there");
	bad = wrong(p + 5, MIB / 2, 11);
	for (size_t i = MIB / 2; i < 2 * MIB; i++)
		bad += p[5 + i] != (i < MIB ? 0 : 6);
	bad += wrong(p + 5 + 2 * MIB, 2 * MIB - 5, 12);
	tap_is((int)bad, 0, "every byte is right");
	tap_ok(p[0] == 5 && p[4] == 5, "and those before it");
	usvm_free(p);
	usvm_free(q);
}

/* A ring of two slots and more rounds than slots: each stream waits for the other. */
static void test_ring(void)
{
	enum { ROUNDS = 12, PART = 16 * PAGE };
	unsigned char *slot = pages(2 * 16), *out = pages(ROUNDS * 16);
	usvm_event *full[2], *empty[2];
	uint64_t before = statistics().waits_by_gpu;
	usvm_stream *s, *t;
	size_t bad = 0;

	usvm_stream_create(&s);
	usvm_stream_create(&t);
	for (int i = 0; i < 2; i++) {
		usvm_event_create(&full[i]);
		usvm_event_create(&empty[i]);
	}
	usvm_mem_prefetch(slot, 2 * PART, 0);
	usvm_mem_prefetch(out, ROUNDS * PART, 0);
	for (int i = 0; i < ROUNDS; i++) {
		usvm_stream_wait_event(s, empty[i & 1]);
		usvm_memset_async(slot + (i & 1) * PART, i + 1, PART, s);
		usvm_event_record(full[i & 1], s);
		usvm_stream_wait_event(t, full[i & 1]);
		usvm_memcpy_async(out + (size_t)i * PART, slot + (i & 1) * PART, PART, t);
		usvm_event_record(empty[i & 1], t);
	}
	tap_is(usvm_stream_synchronize(t), USVM_SUCCESS, "two streams that wait for each other");
	for (size_t i = 0; i < ROUNDS * PART; i++)
		bad += out[i] != i / PART + 1;
	tap_is((int)bad, 0, "nothing is overwritten or missed");
	printf("# %llu of %d waits on the GPU\n",
	       (unsigned long long)(statistics().waits_by_gpu - before), 2 * ROUNDS);
	usvm_stream_destroy(s);
	usvm_stream_destroy(t);
	for (int i = 0; i < 2; i++) {
		usvm_event_destroy(full[i]);
		usvm_event_destroy(empty[i]);
	}
	munmap(slot, 2 * PART);
	munmap(out, ROUNDS * PART);
}

struct worker {
	pthread_t thread;
	unsigned int seed;
	size_t bad;
	unsigned int errors;
};

static void *work(void *data)
{
	struct worker *w = data;
	unsigned char *a, *b, *c = malloc(32 * PAGE);
	usvm_stream *s;

	/* managed memory: what one thread touches brings nothing of another's back */
	w->errors += usvm_malloc_managed((void **)&a, 32 * PAGE) != 0;
	w->errors += usvm_malloc_managed((void **)&b, 32 * PAGE) != 0;
	w->errors += usvm_stream_create(&s) != 0;
	for (unsigned int i = 0; i < 6; i++) {
		unsigned int seed = w->seed * 100 + i;

		write_pattern(a, 32 * PAGE, seed);
		w->errors += usvm_mem_prefetch_async(a, 32 * PAGE, 0, s) != 0;
		w->errors += usvm_mem_prefetch_async(b, 24 * PAGE, 0, s) != 0;
		w->errors += usvm_memcpy_async(b, a, 32 * PAGE, s) != 0;
		w->errors += usvm_memset_async(a, 0, PAGE, s) != 0;
		w->errors += usvm_memcpy_async(c, b, 32 * PAGE, s) != 0;
		w->errors += usvm_mem_prefetch_async(b, 8 * PAGE, USVM_HOST, s) != 0;
		w->errors += usvm_stream_synchronize(s) != 0;
		w->bad += wrong(c, 32 * PAGE, seed) + wrong(b, 32 * PAGE, seed) + (a[0] != 0);
	}
	w->errors += usvm_stream_destroy(s) != 0;
	w->errors += usvm_free(a) != 0;
	w->errors += usvm_free(b) != 0;
	free(c);
	return NULL;
}

/* An unmodified 6.12 loses data when two threads bind at once. */
static void test_threads(void)
{
	struct worker w[4];
	size_t bad = 0, errors = 0;
	int query = 0;

	usvm_device_get_attribute(&query, USVM_ATTR_RESIDENCY_QUERY, 0);
	if (!query) {
		printf("# threads: not on this kernel\n");
		return;
	}
	for (unsigned int i = 0; i < 4; i++) {
		w[i] = (struct worker){ .seed = i + 1 };
		pthread_create(&w[i].thread, NULL, work, &w[i]);
	}
	for (unsigned int i = 0; i < 4; i++) {
		pthread_join(w[i].thread, NULL);
		bad += w[i].bad;
		errors += w[i].errors;
	}
	tap_is((int)errors, 0, "4 threads, each with its stream and memory: no error");
	tap_is((int)bad, 0, "and every byte is right");
}

static double milliseconds(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

/* What a prefetch costs, it costs in the kernel. */
static void test_cost(void)
{
	double user = 0, system = 0;
	struct rusage before, after;
	unsigned char *p;
	int query = 0;

	usvm_device_get_attribute(&query, USVM_ATTR_RESIDENCY_QUERY, 0);
	if (!query) {
		printf("# cost: this kernel moves small pages, which takes minutes here\n");
		return;
	}
	usvm_malloc_managed((void **)&p, 32 * MIB);
	for (int i = 0; i < 3; i++) {
		memset(p, i + 1, 32 * MIB);
		getrusage(RUSAGE_THREAD, &before);
		usvm_mem_prefetch(p, 32 * MIB, 0);
		getrusage(RUSAGE_THREAD, &after);
		user += milliseconds(after.ru_utime) - milliseconds(before.ru_utime);
		system += milliseconds(after.ru_stime) - milliseconds(before.ru_stime);
		usvm_mem_prefetch(p, 32 * MIB, USVM_HOST);
	}
	printf("# 3 x 32 MiB: %.1f ms of the user's, %.1f ms of the kernel's\n", user, system);
	tap_ok(user <= 0.05 * (user + system), "a prefetch spends at most 5 % outside of the kernel");
	usvm_free(p);
}

/*
 * mprotect() unmaps pages from the GPU behind the library's back, which its
 * manual forbids. With the hardware's rule the channel dies; where the copy
 * engine may fault, nothing happens.
 */
static void test_bad_access(void)
{
	unsigned char *p = pages(4);
	usvm_error err;

	usvm_mem_prefetch(p, 4 * PAGE, 0);
	mprotect(p, 4 * PAGE, PROT_READ);
	mprotect(p, 4 * PAGE, PROT_READ | PROT_WRITE);
	err = usvm_memset(p, 1, 4 * PAGE);
	printf("# %s\n", usvm_error_name(err));
	tap_ok(err == USVM_SUCCESS || err == USVM_ERROR_DEVICE_LOST, "a bad access is reported");
	if (err) {
		tap_is(usvm_memset(p, 1, 4), USVM_ERROR_DEVICE_LOST, "and again by the next call");
		tap_is(usvm_device_reset(), USVM_SUCCESS, "reset");
	}
	write_pattern(p, 4 * PAGE, 10);
	usvm_mem_prefetch(p, 4 * PAGE, 0);
	tap_is(usvm_memset(p, 2, PAGE), USVM_SUCCESS, "the engine works");
	tap_ok(p[0] == 2 && p[PAGE - 1] == 2 && p[PAGE] == pattern(PAGE, 10), "right");
	munmap(p, 4 * PAGE);
}

static size_t wrong_sums(const float *c, unsigned int n, float k)
{
	size_t bad = 0;

	for (unsigned int i = 0; i < n; i++)
		bad += c[i] != (float)i * k + 1;
	return bad;
}

static void add_inputs(float *a, float *b, unsigned int n, float k)
{
	for (unsigned int i = 0; i < n; i++) {
		a[i] = (float)i * k;
		b[i] = 1;
	}
}

/* What advice does to the faults of a kernel that writes memory the GPU never saw. */
static void test_advised_faults(usvm_kernel *k)
{
	unsigned int n = 8 * PAGE / 4;
	struct usvm_dim3 grid = { (n + 63) / 64, 1, 1 }, block = { 64, 1, 1 };
	float *a = (float *)pages(8), *b = (float *)pages(8), *c = (float *)pages(8);
	void *args[] = { &a, &b, &c, &n };
	int advice = 0;

	usvm_device_get_attribute(&advice, USVM_ATTR_KERNEL_ADVICE, 0);
	add_inputs(a, b, n, 1);
	add_inputs(c, c, n, 1);
	usvm_mem_advise(a, 8 * PAGE, USVM_ADVISE_SET_READ_MOSTLY, 0);
	usvm_mem_advise(b, 8 * PAGE, USVM_ADVISE_SET_PREFERRED_LOCATION, 0);
	usvm_mem_advise(c, 8 * PAGE, USVM_ADVISE_SET_PREFERRED_LOCATION, USVM_HOST);
	usvm_launch(k, grid, block, args, NULL);
	tap_is(usvm_stream_synchronize(NULL), USVM_SUCCESS, "launch on advised memory");
	tap_is((int)in_vram(b, 8 * PAGE), 8 * PAGE, "what prefers the device is there");
	tap_ok(!advice || (!in_vram(a, 8 * PAGE) && !in_vram(c, 8 * PAGE)),
	       "what is mostly read, or prefers the host, is in RAM (where the kernel takes advice)");
	tap_is((int)wrong_sums(c, n, 1), 0, "sums right");
	usvm_mem_advise(a, 8 * PAGE, USVM_ADVISE_UNSET_READ_MOSTLY, 0);
	usvm_mem_advise(b, 8 * PAGE, USVM_ADVISE_UNSET_PREFERRED_LOCATION, 0);
	usvm_mem_advise(c, 8 * PAGE, USVM_ADVISE_UNSET_PREFERRED_LOCATION, 0);
	munmap(a, 8 * PAGE);
	munmap(b, 8 * PAGE);
	munmap(c, 8 * PAGE);
}

static void test_kernels(const char *file)
{
	unsigned int n = 20000;
	struct usvm_dim3 grid = { (n + 63) / 64, 1, 1 }, block = { 64, 1, 1 };
	float *a = malloc(n * 4), *b = (float *)pages(20), *c = (float *)pages(20), *d;
	void *args[] = { &a, &b, &c, &n }, *args2[] = { &c, &b, &d, &n };
	struct usvm_statistics before;
	usvm_kernel *k;
	usvm_module *m;
	usvm_stream *s;

	tap_is(usvm_module_load(&m, file, NULL, 0), USVM_SUCCESS, "load a module");
	tap_is(usvm_module_get_kernel(&k, m, "vadd"), USVM_SUCCESS, "find its kernel");
	usvm_malloc_managed((void **)&d, n * 4);
	add_inputs(a, b, n, 0.5f);
	before = statistics();
	tap_is(usvm_launch(k, grid, block, args, NULL), USVM_SUCCESS, "launch on RAM");
	tap_is(usvm_device_synchronize(), USVM_SUCCESS, "and wait");
	tap_is((int)wrong_sums(c, n, 0.5f), 0, "sums right: inputs malloc'ed, output never touched");
	tap_ok(statistics().launches - before.launches == 1, "one launch");

	add_inputs(a, b, n, 2);
	usvm_mem_prefetch(b, n * 4, 0);
	usvm_mem_prefetch(c, n * 4, 0);
	tap_is(usvm_launch(k, grid, block, args, NULL), USVM_SUCCESS, "launch on VRAM and RAM");
	tap_is(usvm_device_synchronize(), USVM_SUCCESS, "and wait");
	tap_ok(in_vram(c, n * 4) > 0, "the output stayed in VRAM");
	tap_is((int)wrong_sums(c, n, 2), 0, "sums right");

	usvm_stream_create(&s);
	add_inputs(a, b, n, 3);
	usvm_launch(k, grid, block, args, s);
	usvm_launch(k, grid, block, args2, s);
	tap_is(usvm_stream_synchronize(s), USVM_SUCCESS, "two launches in a stream");
	for (unsigned int i = 0; i < n; i++)
		d[i]--;
	tap_is((int)wrong_sums(d, n, 3), 0, "the second saw the first one's sums");
	usvm_mem_prefetch_async(c, n * 4, 0, s);
	usvm_memset_async(c, 0, n * 4, s);
	for (int i = 0; i < 100; i++)
		usvm_launch(k, grid, block, args, s);
	tap_is(usvm_stream_synchronize(s), USVM_SUCCESS, "a fill, then a hundred launches");
	tap_is((int)wrong_sums(c, n, 3), 0, "sums right");
	usvm_stream_destroy(s);
	test_advised_faults(k);
	tap_is(usvm_module_unload(m), USVM_SUCCESS, "unload");
	munmap(b, 20 * PAGE);
	munmap(c, 20 * PAGE);
	usvm_free(d);
	free(a);
}

int main(int argc, char **argv)
{
	int count;

	setenv("USVM_DEVICE", "nouveau", 0);
	if (usvm_device_count(&count)) {
		printf("1..0 # SKIP no GPU that shares memory\n");
		return 0;
	}
	test_device();
	test_move();
	test_engine();
	test_mixed();
	test_2d();
	test_streams();
	test_ring();
	test_huge();
	test_fork();
	test_advice();
	test_threads();
	test_cost();
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--bad-access"))
			test_bad_access();
		if (!strcmp(argv[i], "--kernels") && i + 1 < argc)
			test_kernels(argv[++i]);
	}
	return tap_done();
}
