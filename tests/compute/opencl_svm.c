// SPDX-License-Identifier: MIT
/*
 * OpenCL on shared virtual memory, as an application uses it: ordinary memory of the
 * process, through Mesa and the kernel's driver. Written for a guest; where the driver's
 * numbers and the model's counters can be had, they are held to what is promised.
 */
#define _GNU_SOURCE
#define CL_TARGET_OPENCL_VERSION 300
#include <CL/cl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "model_port.h"

#define PAGE	4096ul
#define HUGE	(2ul << 20)
#define BIG	(64ul << 20)

static const char *source =
"kernel void scale(global uint *a, ulong n, uint k)\n"
"{\n"
"	ulong i = get_global_id(0);\n"
"	if (i < n)\n"
"		a[i] = a[i] * k + (uint)i;\n"
"}\n"
"kernel void vadd(global const float *a, global const float *b, global float *c, ulong n)\n"
"{\n"
"	ulong i = get_global_id(0);\n"
"	if (i < n)\n"
"		c[i] = a[i] * 2.0f + b[i];\n"
"}\n"
"struct node { global struct node *next; ulong value; };\n"
"kernel void list(global struct node *head, global ulong *sum)\n"
"{\n"
"	ulong s = 0;\n"
"	if (get_global_id(0))\n"
"		return;\n"
"	for (; head; head = head->next) {\n"
"		s += head->value;\n"
"		head->value = ~head->value;\n"
"	}\n"
"	*sum = s;\n"
"}\n"
"struct leaf { global struct leaf *less, *more; ulong key; uint hits; uint id; };\n"
"kernel void tree(global struct leaf *root, global const ulong *key, global uint *found)\n"
"{\n"
"	uint i = get_global_id(0);\n"
"	ulong k = key[i];\n"
"	uint id = 0;\n"
"	while (root) {\n"
"		if (k == root->key) {\n"
"			id = root->id;\n"
"			atomic_inc(&root->hits);\n"
"			break;\n"
"		}\n"
"		root = k < root->key ? root->less : root->more;\n"
"	}\n"
"	found[i] = id;\n"
"}\n"
"kernel void histogram(global const uint *in, global uint *bin)\n"
"{\n"
"	atomic_inc(&bin[in[get_global_id(0)] & 1023]);\n"
"}\n";

static unsigned int tests, bad_tests;
static cl_context context;
static cl_device_id device;
static cl_command_queue queue;
static cl_program program;

static bool ok(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %u - ", good ? "" : "not ", ++tests);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	bad_tests += !good;
	return good;
}

static void bail(const char *what, int error)
{
	printf("Bail out! %s: %d\n", what, error);
	exit(1);
}

static void must(cl_int error, const char *what)
{
	if (error)
		bail(what, error);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static uint64_t random64(void)
{
	static uint64_t s = 88172645463325252ull;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s;
}

static void *allocate(size_t size)
{
	void *p = malloc(size);

	if (!p)
		bail("malloc", ENOMEM);
	return p;
}

/* --------------------------------------------------- what driver and model tell */

/* A number of the driver by its name in debugfs; -1: none. */
static long driver_number(const char *name)
{
	FILE *f = fopen("/sys/kernel/debug/dri/0/dmem", "r");
	size_t len = strlen(name);
	char line[256];
	long value = -1;

	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, name, len) && line[len] == ':')
			value = atol(line + len + 1);
	}
	if (f)
		fclose(f);
	return value;
}

/*
 * Two SMs may report the same page. A record that comes while the other one's is being
 * served finds everything in its place, and is only mapped once more.
 */
static long faults_late(void)
{
	return driver_number("GPU faults served by mapping in place");
}

static long faults_served(void)
{
	return driver_number("GPU faults served by migration") + faults_late();
}

/* How many pages of a range are not in RAM, by the process's page tables; -1: unknown. */
static long pages_away(const void *p, size_t size)
{
	uintptr_t first = (uintptr_t)p / PAGE, last = ((uintptr_t)p + size - 1) / PAGE;
	int fd = open("/proc/self/pagemap", O_RDONLY);
	long away = 0;

	if (fd < 0)
		return -1;
	for (uintptr_t n = first; n <= last; n++) {
		uint64_t entry;

		if (pread(fd, &entry, 8, (off_t)(n * 8)) != 8) {
			away = -1;
			break;
		}
		away += !(entry >> 63) && (entry >> 62 & 1);	/* not present, a swap entry */
	}
	close(fd);
	return away;
}

/* ----------------------------------------------------------------------- launches */

static cl_kernel kernel(const char *name)
{
	cl_int e;
	cl_kernel k = clCreateKernel(program, name, &e);

	must(e, name);
	return k;
}

static void pointer(cl_kernel k, cl_uint arg, const void *p)
{
	must(clSetKernelArgSVMPointer(k, arg, p), "pointer argument");
}

static void value(cl_kernel k, cl_uint arg, size_t size, const void *v)
{
	must(clSetKernelArg(k, arg, size, v), "argument");
}

/* @n: work items, made up to whole groups of 64. */
static void run(cl_kernel k, size_t n)
{
	size_t local = 64, global = (n + local - 1) / local * local;

	must(clEnqueueNDRangeKernel(queue, k, 1, NULL, &global, &local, 0, NULL, NULL), "launch");
	must(clFinish(queue), "finish");
	clReleaseKernel(k);
}

static void scale(uint32_t *a, uint64_t n, uint32_t factor)
{
	cl_kernel k = kernel("scale");

	pointer(k, 0, a);
	value(k, 1, sizeof(n), &n);
	value(k, 2, sizeof(factor), &factor);
	run(k, n);
}

/* -------------------------------------------------------------------------- tests */

static void test_vectors(void)
{
	uint64_t n = 100003;
	char *memory = allocate(3 * 4 * n + 64);
	/* as odd as floats may lie, and next to each other in the same pages */
	float *a = (float *)(memory + 12), *b = a + n + 1, *c = b + n + 2;
	unsigned long bad = 0;
	cl_kernel k = kernel("vadd");

	for (uint64_t i = 0; i < n; i++) {
		a[i] = i * 0.5f;
		b[i] = -(float)i;
	}
	pointer(k, 0, a);
	pointer(k, 1, b);
	pointer(k, 2, c);
	value(k, 3, sizeof(n), &n);
	run(k, n);
	for (uint64_t i = 0; i < n; i++)
		bad += c[i] != a[i] * 2.0f + b[i];
	ok(!bad, "a vector kernel on malloc'ed memory");
	free(memory);
}

/* CPU and GPU change the same memory in turns; nobody copies anything. */
static void test_turns(void)
{
	uint64_t n = 300000;
	uint32_t *a = allocate(4 * n), *want = allocate(4 * n);
	unsigned long bad = 0;

	for (uint64_t i = 0; i < n; i++)
		a[i] = want[i] = (uint32_t)random64();
	for (uint32_t turn = 0; turn < 6; turn++) {
		scale(a, n, 3 + 2 * turn);
		for (uint64_t i = 0; i < n; i++) {
			want[i] = want[i] * (3 + 2 * turn) + (uint32_t)i;
			bad += a[i] != want[i];
			a[i] ^= turn;
			want[i] ^= turn;
		}
	}
	ok(!bad, "CPU and GPU write the same memory in turns");
	free(a);
	free(want);
}

static void fill(uint32_t *p, size_t words, uint32_t seed)
{
	for (size_t i = 0; i < words; i++)
		p[i] = (uint32_t)i * 2654435761u + seed;
}

static unsigned long wrong(const uint32_t *p, size_t words, uint32_t seed)
{
	unsigned long bad = 0;

	for (size_t i = 0; i < words; i++)
		bad += p[i] != (uint32_t)i * 2654435761u + seed;
	return bad;
}

/* Ranges as OpenCL has them: any first byte, any length. */
static void test_migrate(void)
{
	static const struct { size_t at, size; } range[] = {
		{ 0, 8ul << 20 }, { 64, 1 }, { 4096, 4096 }, { 4095, 2 }, { 1234, 3ul << 20 },
		{ (2ul << 20) - 8, 16 }, { 5, (8ul << 20) - 11 },
	};
	size_t size = 8ul << 20, words = size / 4;
	char *room = clSVMAlloc(context, CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER, size + 2 * HUGE, 0);
	/* away from what the CPU has beside it, and would pull back with its neighbours */
	uint32_t *p = (uint32_t *)(((uintptr_t)room + HUGE) & -HUGE);
	unsigned int bad_data = 0, bad_place = 0;

	if (!room)
		bail("clSVMAlloc", ENOMEM);
	for (unsigned int n = 0; n < sizeof(range) / sizeof(range[0]); n++) {
		const void *first = (char *)p + range[n].at;
		size_t length = range[n].size;
		uintptr_t begin = ((uintptr_t)first + PAGE - 1) & -PAGE;
		uintptr_t end = ((uintptr_t)first + length) & -PAGE;
		long whole = end > begin ? (long)((end - begin) / PAGE) : 0, away;

		fill(p, words, n);
		must(clEnqueueSVMMigrateMem(queue, 1, &first, &length, 0, 0, NULL, NULL), "migrate");
		must(clFinish(queue), "finish");
		away = pages_away(first, length);
		if (away < whole) {
			printf("# %zu bytes at +%zu: %ld pages away, not %ld\n", length, range[n].at, away, whole);
			bad_place++;
		}
		bad_data += !!wrong(p, words, n);
	}
	ok(!bad_place, "clEnqueueSVMMigrateMem: the whole pages of any range go to VRAM");
	ok(!bad_data, "clEnqueueSVMMigrateMem: and the CPU finds everything as it was");

	const void *all = p;

	fill(p, words, 99);
	must(clEnqueueSVMMigrateMem(queue, 1, &all, &size, 0, 0, NULL, NULL), "migrate");
	scale(p, words, 5);
	must(clEnqueueSVMMigrateMem(queue, 1, &all, &size, CL_MIGRATE_MEM_OBJECT_HOST, 0, NULL, NULL),
	     "migrate to the host");
	must(clFinish(queue), "finish");
	bad_data = 0;
	for (size_t i = 0; i < words; i++)
		bad_data += p[i] != ((uint32_t)i * 2654435761u + 99) * 5 + (uint32_t)i;
	ok(!bad_data, "there, used by the GPU, and back");
	clSVMFree(context, room);
}

static void test_list(void)
{
	struct node { struct node *next; uint64_t value; } *head = NULL, *n;
	uint64_t *sum = allocate(8), want = 0;
	unsigned int bad = 0;
	cl_kernel k = kernel("list");

	for (unsigned int i = 0; i < 3000; i++) {
		n = allocate(sizeof(*n) + (i * 37 & 1023));
		n->next = head;
		n->value = i * 0x9e3779b97f4a7c15ull;
		want += n->value;
		head = n;
	}
	pointer(k, 0, head);
	pointer(k, 1, sum);
	run(k, 1);
	for (unsigned int i = 3000; head; head = n) {
		n = head->next;
		bad += head->value != ~(--i * 0x9e3779b97f4a7c15ull);
		free(head);
	}
	ok(*sum == want, "the GPU walks a list that the CPU has built");
	ok(!bad, "and the CPU finds what the GPU wrote into its nodes");
	free(sum);
}

struct leaf {
	struct leaf *less, *more;
	uint64_t key;
	uint32_t hits, id;
};

static struct leaf **place_of(struct leaf **root, uint64_t key)
{
	while (*root && (*root)->key != key)
		root = key < (*root)->key ? &(*root)->less : &(*root)->more;
	return root;
}

static void test_tree(void)
{
	enum { LEAVES = 20000, KEYS = 8192 };
	static struct leaf *leaf[LEAVES];
	struct leaf *root = NULL;
	uint64_t *key = allocate(8 * KEYS);
	uint32_t *found = allocate(4 * KEYS), *hits = calloc(LEAVES + 1, 4);
	unsigned int bad = 0;
	cl_kernel k = kernel("tree");

	for (uint32_t i = 0; i < LEAVES; i++) {
		leaf[i] = allocate(sizeof(**leaf));
		*leaf[i] = (struct leaf){ .key = random64() % (LEAVES * 4), .id = i + 1 };
		if (!*place_of(&root, leaf[i]->key))
			*place_of(&root, leaf[i]->key) = leaf[i];
	}
	for (unsigned int i = 0; i < KEYS; i++)
		key[i] = random64() % (LEAVES * 4);
	pointer(k, 0, root);
	pointer(k, 1, key);
	pointer(k, 2, found);
	run(k, KEYS);
	for (unsigned int i = 0; i < KEYS; i++) {
		struct leaf *l = *place_of(&root, key[i]);

		bad += found[i] != (l ? l->id : 0);
		hits[found[i]]++;
	}
	ok(!bad, "the GPU searches a tree that the CPU has built");
	bad = 0;
	for (uint32_t i = 0; i < LEAVES; i++) {
		bad += leaf[i]->hits != hits[i + 1];
		free(leaf[i]);
	}
	ok(!bad, "and counts in its nodes with atomics");
	free(key);
	free(found);
	free(hits);
}

/* Atomics on memory that is in VRAM: neither the channel nor the counts may suffer. */
static void test_atomics(void)
{
	enum { N = 65536, BINS = 1024 };
	uint32_t *in = allocate(4 * N), want[BINS] = { 0 };
	uint32_t *bin = clSVMAlloc(context, CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER, 4 * BINS, PAGE);
	const void *first = bin;
	size_t size = 4 * BINS;
	unsigned int bad = 0;
	double t;

	if (!bin)
		bail("clSVMAlloc", ENOMEM);
	memset(bin, 0, size);
	for (unsigned int i = 0; i < N; i++) {
		in[i] = (uint32_t)random64();
		want[in[i] & (BINS - 1)] += 3;
	}
	for (unsigned int turn = 0; turn < 3; turn++) {
		cl_kernel k = kernel("histogram");

		must(clEnqueueSVMMigrateMem(queue, 1, &first, &size, 0, 0, NULL, NULL), "migrate");
		pointer(k, 0, in);
		pointer(k, 1, bin);
		t = seconds();
		run(k, N);
		printf("# a histogram of %u in VRAM: %.0f ms\n", N, (seconds() - t) * 1e3);
		if (!turn)
			ok(pages_away(bin, size) > 0, "memory stays in VRAM while the GPU counts in it");
	}
	for (unsigned int i = 0; i < BINS; i++)
		bad += bin[i] != want[i];
	ok(!bad, "atomics on memory in VRAM");
	free(in);
	clSVMFree(context, bin);
}

/* Whether the CPU has a range in huge pages, all of it. */
static bool is_huge(const void *p, size_t size)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	uintptr_t from, to;
	char line[512];
	long huge = 0;
	bool inside = false;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (uintptr_t)p >= from && (uintptr_t)p < to;
		else if (inside && !strncmp(line, "AnonHugePages:", 14))
			huge = atol(line + 14);
	}
	if (f)
		fclose(f);
	return huge >= (long)(size >> 10);
}

static void figure(const char *what, long long is, long long most)
{
	ok(is >= 0 && is <= most, "64 MiB, %s: %lld, at most %lld", what, is, most);
}

/* The figures: 64 MiB in huge pages, which the GPU has never touched. */
static void test_figures(void)
{
	uint64_t n = BIG / 4;
	uint32_t *a = aligned_alloc(HUGE, BIG);
	long served, late;
	long long launches, faults;
	double t;

	if (!a)
		bail("aligned_alloc", ENOMEM);
	madvise(a, BIG, MADV_HUGEPAGE);
	fill(a, n, 7);
	if (!ok(is_huge(a, BIG), "64 MiB, malloc'ed: the CPU has huge pages"))
		return;
	served = faults_served();
	late = faults_late();
	launches = model_counter("ce.launches");
	faults = model_counter("fault.replayable");
	t = seconds();
	scale(a, n, 3);
	printf("# first run: %.0f ms, %lld fault records\n", (seconds() - t) * 1e3,
	       model_counter("fault.replayable") - faults);
	late = faults_late() - late;
	printf("# %ld records came late\n", late);
	figure("first run: faults served by the driver", faults_served() - served - late, BIG / HUGE);
	figure("first run: launches of copy engines", model_counter("ce.launches") - launches, BIG / HUGE);
	ok(pages_away(a, BIG) == (long)(BIG / PAGE), "64 MiB: all of it is in VRAM");
	served = faults_served();
	launches = model_counter("ce.launches");
	faults = model_counter("fault.replayable");
	t = seconds();
	scale(a, n, 5);
	printf("# second run: %.0f ms\n", (seconds() - t) * 1e3);
	figure("second run: fault records", model_counter("fault.replayable") - faults, 0);
	figure("second run: faults served by the driver", faults_served() - served, 0);
	figure("second run: launches of copy engines", model_counter("ce.launches") - launches, 0);

	unsigned long bad = 0;

	for (uint64_t i = 0; i < n; i++)
		bad += a[i] != (((uint32_t)i * 2654435761u + 7) * 3 + (uint32_t)i) * 5 + (uint32_t)i;
	ok(!bad, "64 MiB: every word is right");
	free(a);
}

static void set_up(void)
{
	cl_device_svm_capabilities svm = 0;
	char name[128] = "";
	cl_platform_id platform;
	double t = seconds();
	cl_int e;

	must(clGetPlatformIDs(1, &platform, NULL), "platform");
	must(clGetDeviceIDs(platform, CL_DEVICE_TYPE_GPU, 1, &device, NULL), "device");
	clGetDeviceInfo(device, CL_DEVICE_NAME, sizeof(name), name, NULL);
	clGetDeviceInfo(device, CL_DEVICE_SVM_CAPABILITIES, sizeof(svm), &svm, NULL);
	ok(svm & CL_DEVICE_SVM_FINE_GRAIN_SYSTEM, "%s has fine-grain system SVM", name);
	context = clCreateContext(NULL, 1, &device, NULL, NULL, &e);
	must(e, "context");
	queue = clCreateCommandQueueWithProperties(context, device, NULL, &e);
	must(e, "queue");
	printf("# platform, device, context: %.1f s\n", seconds() - t);
	t = seconds();
	program = clCreateProgramWithSource(context, 1, &source, NULL, &e);
	must(e, "program");
	must(clBuildProgram(program, 1, &device, "", NULL, NULL), "build");
	printf("# build: %.1f s\n", seconds() - t);
}

int main(void)
{
	printf("1..20\n");
	if (!model_open())
		bail("no control port of the model", ENODEV);
	set_up();
	test_vectors();
	test_turns();
	test_migrate();
	test_list();
	test_tree();
	test_atomics();
	test_figures();
	return bad_tests != 0;
}
