// SPDX-License-Identifier: MIT
/*
 * OpenCL programs as any application would write them, each against the same sum in C:
 * on pointers from malloc() where the device has fine-grain system SVM, else on buffers.
 */
#define CL_TARGET_OPENCL_VERSION 300
#include <CL/cl.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define N	65536u

static const char *source =
"kernel void vadd(global const float *a, global const float *b, global float *c, uint n)\n"
"{\n"
"	uint i = get_global_id(0);\n"
"	if (i < n)\n"
"		c[i] = a[i] * 2.0f + b[i];\n"
"}\n"
"kernel void reduce(global const uint *in, global uint *out, local uint *part)\n"
"{\n"
"	uint l = get_local_id(0);\n"
"	part[l] = in[get_global_id(0)];\n"
"	barrier(CLK_LOCAL_MEM_FENCE);\n"
"	for (uint n = get_local_size(0) / 2; n; n /= 2) {\n"
"		if (l < n)\n"
"			part[l] += part[l + n];\n"
"		barrier(CLK_LOCAL_MEM_FENCE);\n"
"	}\n"
"	if (!l)\n"
"		atomic_add(out, part[0]);\n"
"}\n"
"kernel void histogram(global const uint *in, global uint *out)\n"
"{\n"
"	local uint mine[256];\n"
"	uint l = get_local_id(0);\n"
"	mine[l] = 0;\n"
"	barrier(CLK_LOCAL_MEM_FENCE);\n"
"	atomic_inc(&mine[in[get_global_id(0)] & 255]);\n"
"	barrier(CLK_LOCAL_MEM_FENCE);\n"
"	atomic_add(&out[l], mine[l]);\n"
"}\n"
"kernel void atomics(global const int *in, global int *out, global uint *out_u)\n"
"{\n"
"	int v = in[get_global_id(0)];\n"
"	atomic_min(&out[0], v);\n"
"	atomic_max(&out[1], v);\n"
"	atomic_xor(&out[2], v);\n"
"	atomic_or(&out_u[0], (uint)v & 0xf0f0);\n"
"	int old = out[3], was;\n"
"	do {\n"
"		was = old;\n"
"		old = atomic_cmpxchg(&out[3], was, was + (v & 3));\n"
"	} while (old != was);\n"
"}\n"
"kernel void collatz(global const ulong *in, global uint *out)\n"
"{\n"
"	uint i = get_global_id(0), n = 0;\n"
"	ulong v = in[i];\n"
"	while (v != 1) {\n"
"		v = v & 1 ? 3 * v + 1 : v >> 1;\n"
"		n++;\n"
"	}\n"
"	out[i] = n;\n"
"}\n"
"kernel void wide(global const ulong *a, global const ulong *b, global ulong *c)\n"
"{\n"
"	uint i = get_global_id(0), s = get_local_id(0);\n"
"	ulong x = a[i], y = b[i];\n"
"	c[8 * i] = x * y;\n"
"	c[8 * i + 1] = x / y;\n"
"	c[8 * i + 2] = x % y;\n"
"	c[8 * i + 3] = (ulong)((long)x >> s);\n"
"	c[8 * i + 4] = x << s;\n"
"	c[8 * i + 5] = (long)x < (long)y ? x : y;\n"
"	c[8 * i + 6] = x < y;\n"
"	c[8 * i + 7] = clz(x);\n"
"}\n"
"struct node { global struct node *next; ulong value; };\n"
"kernel void list(global struct node *head, global ulong *out)\n"
"{\n"
"	ulong sum = 0;\n"
"	for (; head; head = head->next)\n"
"		sum += head->value;\n"
"	out[get_global_id(0)] = sum + get_global_id(0);\n"
"}\n"
"kernel void private_array(global const uint *in, global uint *out)\n"
"{\n"
"	uint t[32], i = get_global_id(0), s = 0;\n"
"	for (uint n = 0; n < 32; n++)\n"
"		t[(n * 7 + in[i]) & 31] = n + i;\n"
"	for (uint n = 0; n < 32; n++)\n"
"		s = s * 3 + t[(n + in[i]) & 31];\n"
"	out[i] = s;\n"
"}\n"
"kernel void functions(global const float *in, global float *out)\n"
"{\n"
"	uint i = get_global_id(0);\n"
"	float x = in[i];\n"
"	out[8 * i] = sin(x);\n"
"	out[8 * i + 1] = cos(x);\n"
"	out[8 * i + 2] = exp(x);\n"
"	out[8 * i + 3] = log(fabs(x) + 0.5f);\n"
"	out[8 * i + 4] = sqrt(fabs(x));\n"
"	out[8 * i + 5] = pow(fabs(x) + 0.5f, 1.7f);\n"
"	out[8 * i + 6] = 1.0f / (x + 20.0f);\n"
"	out[8 * i + 7] = floor(x) + rint(x * 3);\n"
"}\n"
"#ifdef DOUBLES\n"
"#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"
"kernel void doubles(global const double *a, global const double *b, global double *c)\n"
"{\n"
"	uint i = get_global_id(0);\n"
"	c[4 * i] = fma(a[i], b[i], 1.0);\n"
"	c[4 * i + 1] = a[i] / b[i];\n"
"	c[4 * i + 2] = sqrt(fabs(a[i]));\n"
"	c[4 * i + 3] = (double)(long)(a[i] * 1000.0) + (a[i] < b[i] ? 0.5 : 0.25);\n"
"}\n"
"#endif\n"
"kernel void mix(global uint *out, uint rounds)\n"
"{\n"
"	uint i = get_global_id(0), v = i, w = i * 77;\n"
"	for (uint n = 0; n < rounds; n++) {\n"
"		v = (v ^ w) * 0x9e3779b9u + n;\n"
"		w = rotate(w, 13u) + v;\n"
"		v ^= v >> 15;\n"
"	}\n"
"	out[i] = v ^ w;\n"
"}\n";

static unsigned int tests, bad_tests;
static cl_context context;
static cl_device_id device;
static cl_command_queue queue;
static cl_program program;
static int has_svm;

static void ok(int good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %u - ", good ? "" : "not ", ++tests);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	bad_tests += !good;
}

static void bail(const char *what, int error)
{
	printf("Bail out! %s: %d\n", what, error);
	exit(1);
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

#define MAX_ARRAYS	8

/* The arrays of a test; without SVM each has a buffer while a kernel runs. */
static struct {
	void *p;
	size_t size;
	cl_mem buffer;
} array[MAX_ARRAYS];

static void *new_array(size_t size)
{
	for (int n = 0; n < MAX_ARRAYS; n++) {
		if (!array[n].p) {
			array[n].p = calloc(1, size);
			array[n].size = size;
			return array[n].p;
		}
	}
	bail("arrays", MAX_ARRAYS);
	return NULL;
}

static void free_arrays(void)
{
	for (int n = 0; n < MAX_ARRAYS; n++) {
		free(array[n].p);
		array[n].p = NULL;
	}
}

static cl_int set_pointer(cl_kernel k, cl_uint arg, void *p)
{
	cl_int e;

	if (has_svm)
		return clSetKernelArgSVMPointer(k, arg, p);
	for (int n = 0; n < MAX_ARRAYS; n++) {
		if (array[n].p != p)
			continue;
		if (!array[n].buffer)
			array[n].buffer = clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
							 array[n].size, p, &e);
		return clSetKernelArg(k, arg, sizeof(cl_mem), &array[n].buffer);
	}
	return CL_INVALID_ARG_VALUE;
}

/* What the kernel left in the buffers. */
static cl_int take_back(void)
{
	cl_int e = CL_SUCCESS;

	for (int n = 0; n < MAX_ARRAYS; n++) {
		if (!array[n].buffer)
			continue;
		if (!e)
			e = clEnqueueReadBuffer(queue, array[n].buffer, CL_TRUE, 0, array[n].size, array[n].p, 0,
						NULL, NULL);
		clReleaseMemObject(array[n].buffer);
		array[n].buffer = NULL;
	}
	return e;
}

/* Arguments: arrays, up to a NULL. They hold what the kernel shall see. */
static cl_kernel kernel(const char *name, ...)
{
	cl_int e;
	cl_kernel k = clCreateKernel(program, name, &e);
	va_list ap;
	void *p;

	if (e)
		bail(name, e);
	va_start(ap, name);
	for (cl_uint n = 0; (p = va_arg(ap, void *)); n++) {
		e = set_pointer(k, n, p);
		if (e)
			bail(name, e);
	}
	va_end(ap);
	return k;
}

static void run(cl_kernel k, size_t n, size_t local)
{
	cl_int e = clEnqueueNDRangeKernel(queue, k, 1, NULL, &n, &local, 0, NULL, NULL);

	if (!e)
		e = clFinish(queue);
	if (!e)
		e = take_back();
	if (e)
		bail("launch", e);
	clReleaseKernel(k);
}

static void test_vadd(void)
{
	float *a = new_array(4 * N), *b = new_array(4 * N), *c = new_array(4 * N);
	unsigned int n = N - 3, bad = 0;
	cl_kernel k;

	for (unsigned int i = 0; i < N; i++) {
		a[i] = i * 0.37f;
		b[i] = -(float)i;
	}
	k = kernel("vadd", a, b, c, NULL);
	clSetKernelArg(k, 3, 4, &n);
	run(k, N, 64);
	for (unsigned int i = 0; i < n; i++)
		bad += c[i] != fmaf(a[i], 2, b[i]);
	ok(!bad && !c[n], has_svm ? "vadd on malloc'ed pointers" : "vadd on buffers");
	free_arrays();
}

/* Buffers that have objects of the driver to themselves, and end within a page. */
static void test_odd_buffers(void)
{
	enum { ROUNDS = 3, ODD = 833333 };
	unsigned int bad = 0, n = ODD;
	float *a = new_array(4 * ODD), *c = new_array(4 * ODD);
	cl_kernel k = clCreateKernel(program, "vadd", NULL);
	cl_mem in, out;
	cl_int e;

	for (unsigned int i = 0; i < ODD; i++)
		a[i] = (float)(i & 0xffff);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		size_t global = ODD;

		in = clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, 4 * ODD, a, &e);
		if (e)
			bail("buffer", e);
		out = clCreateBuffer(context, CL_MEM_READ_WRITE, 4 * ODD, NULL, &e);
		if (e)
			bail("buffer", e);
		clSetKernelArg(k, 0, sizeof(in), &in);
		clSetKernelArg(k, 1, sizeof(in), &in);
		clSetKernelArg(k, 2, sizeof(out), &out);
		clSetKernelArg(k, 3, 4, &n);
		e = clEnqueueNDRangeKernel(queue, k, 1, NULL, &global, NULL, 0, NULL, NULL);
		if (!e)
			e = clEnqueueReadBuffer(queue, out, CL_TRUE, 0, 4 * ODD, c, 0, NULL, NULL);
		if (e)
			bail("launch", e);
		for (unsigned int i = 0; i < ODD; i++)
			bad += c[i] != 3 * a[i];
		clReleaseMemObject(in);
		clReleaseMemObject(out);
	}
	ok(!bad, "large buffers of no whole number of pages");
	clReleaseKernel(k);
	free_arrays();
}

static void test_reduction(void)
{
	unsigned int *in = new_array(4 * N), *out = new_array(4 * 256), sum = 0, bad = 0, want[256] = { 0 };
	cl_kernel k;

	for (unsigned int i = 0; i < N; i++) {
		in[i] = random64();
		sum += in[i];
		want[in[i] & 255]++;
	}
	k = kernel("reduce", in, out, NULL);
	clSetKernelArg(k, 2, 256 * 4, NULL);
	run(k, N, 256);
	ok(out[0] == sum, "a reduction with barriers and an atomic");
	memset(out, 0, 1024);
	run(kernel("histogram", in, out, NULL), N, 256);
	for (unsigned int i = 0; i < 256; i++)
		bad += out[i] != want[i];
	ok(!bad, "a histogram in shared memory");
	free_arrays();
}

static void test_atomics(void)
{
	int *in = new_array(4 * N), *out = new_array(16), want[4] = { 0 };
	unsigned int *u = new_array(4 * 1), want_u = 0;

	for (unsigned int i = 0; i < N; i++) {
		in[i] = random64();
		want[0] = in[i] < want[0] ? in[i] : want[0];
		want[1] = in[i] > want[1] ? in[i] : want[1];
		want[2] ^= in[i];
		want[3] += in[i] & 3;
		want_u |= in[i] & 0xf0f0;
	}
	run(kernel("atomics", in, out, u, NULL), N, 128);
	ok(!memcmp(out, want, sizeof(want)) && *u == want_u, "atomics");
	free_arrays();
}

static void test_collatz(void)
{
	uint64_t *in = new_array(8 * 4096);
	unsigned int *out = new_array(4 * 4096), bad = 0;

	for (unsigned int i = 0; i < 4096; i++)
		in[i] = (random64() >> 24) + 1;
	run(kernel("collatz", in, out, NULL), 4096, 64);
	for (unsigned int i = 0; i < 4096; i++) {
		unsigned int n = 0;

		for (uint64_t v = in[i]; v != 1; n++)
			v = v & 1 ? 3 * v + 1 : v >> 1;
		bad += out[i] != n;
	}
	ok(!bad, "64-bit collatz: loops that every lane leaves at its own time");
	free_arrays();
}

/*
 * Counts of shifts are below 64 to begin with: Mesa 25.0 leaves a mask out and
 * wraps the count for the lower half of the result only.
 */
static void test_wide(void)
{
	enum { M = 4096 };
	uint64_t *a = new_array(8 * M), *b = new_array(8 * M), *c = new_array(64 * M);
	unsigned int bad[8] = { 0 }, any = 0;

	for (unsigned int i = 0; i < M; i++) {
		a[i] = random64() >> (random64() & 63);
		b[i] = (random64() >> (random64() & 63)) | 1;
		if (random64() & 1)
			a[i] = -a[i];
	}
	run(kernel("wide", a, b, c, NULL), M, 64);
	for (unsigned int i = 0; i < M; i++) {
		const uint64_t want[8] = {
			a[i] * b[i], a[i] / b[i], a[i] % b[i], (uint64_t)((int64_t)a[i] >> (i & 63)),
			a[i] << (i & 63), (int64_t)a[i] < (int64_t)b[i] ? a[i] : b[i], a[i] < b[i],
			a[i] ? __builtin_clzll(a[i]) : 64,
		};

		for (unsigned int n = 0; n < 8; n++)
			bad[n] += c[8 * i + n] != want[n];
	}
	for (unsigned int n = 0; n < 8; n++) {
		if (bad[n])
			printf("# operation %u: %u wrong\n", n, bad[n]);
		any |= bad[n];
	}
	ok(!any, "64-bit integers: * / %% >> << min < clz");
	free_arrays();
}

static void test_list(void)
{
	struct node { struct node *next; uint64_t value; } *head = NULL;
	uint64_t out[256], want = 0;
	unsigned int bad = 0;

	for (unsigned int i = 0; i < 1000; i++) {
		struct node *n = malloc(sizeof(*n) + (i * 37 & 1023));

		n->next = head;
		n->value = random64();
		want += n->value;
		head = n;
	}
	run(kernel("list", head, out, NULL), 256, 64);
	for (unsigned int i = 0; i < 256; i++)
		bad += out[i] != want + i;
	ok(!bad, "a list of malloc'ed nodes");
}

static void test_private(void)
{
	enum { M = 1024 };
	unsigned int *in = new_array(4 * M), *out = new_array(4 * M), bad = 0;

	for (unsigned int i = 0; i < M; i++)
		in[i] = random64();
	run(kernel("private_array", in, out, NULL), M, 64);
	for (unsigned int i = 0; i < M; i++) {
		unsigned int t[32], s = 0;

		for (unsigned int n = 0; n < 32; n++)
			t[(n * 7 + in[i]) & 31] = n + i;
		for (unsigned int n = 0; n < 32; n++)
			s = s * 3 + t[(n + in[i]) & 31];
		bad += out[i] != s;
	}
	ok(!bad, "private arrays, indexed");
	free_arrays();
}

static int close_to(double is, double want, double relative)
{
	return fabs(is - want) <= fabs(want) * relative + 1e-6;
}

static void test_functions(void)
{
	enum { M = 4096 };
	static const char *const name[8] = { "sin", "cos", "exp", "log", "sqrt", "pow", "1/x", "floor, rint" };
	float *in = new_array(4 * M), *out = new_array(32 * M);
	unsigned int bad[8] = { 0 };

	for (unsigned int i = 0; i < M; i++)
		in[i] = (int)(random64() & 0xfffff) / 65536.0f * (random64() & 1 ? 1 : -1);
	run(kernel("functions", in, out, NULL), M, 64);
	for (unsigned int i = 0; i < M; i++) {
		float x = in[i];
		const double want[8] = {
			sin(x), cos(x), exp(x), log(fabsf(x) + 0.5f), sqrt(fabs(x)), pow(fabsf(x) + 0.5f, 1.7f),
			1.0 / (x + 20.0f), floor(x) + rint(x * 3),
		};

		for (unsigned int n = 0; n < 8; n++)
			bad[n] += !close_to(out[8 * i + n], want[n], 4e-6);
	}
	for (unsigned int n = 0; n < 8; n++)
		ok(!bad[n], "%s within a relative 4e-6", name[n]);
	free_arrays();
}

static void test_doubles(void)
{
	enum { M = 4096 };
	double *a = new_array(8 * M), *b = new_array(8 * M), *c = new_array(32 * M);
	unsigned int bad[4] = { 0 };

	for (unsigned int i = 0; i < M; i++) {
		a[i] = (int64_t)random64() / 1e15;
		b[i] = (int64_t)random64() / 1e15 + 1e-3;
	}
	run(kernel("doubles", a, b, c, NULL), M, 64);
	for (unsigned int i = 0; i < M; i++) {
		bad[0] += c[4 * i] != fma(a[i], b[i], 1);
		bad[1] += fabs(c[4 * i + 1] - a[i] / b[i]) > fabs(a[i] / b[i]) * 1e-14;
		bad[2] += fabs(c[4 * i + 2] - sqrt(fabs(a[i]))) > sqrt(fabs(a[i])) * 1e-14;
		bad[3] += c[4 * i + 3] != (double)(int64_t)(a[i] * 1000) + (a[i] < b[i] ? 0.5 : 0.25);
	}
	ok(!bad[0], "f64 fma is exact");
	ok(!bad[1] && !bad[2], "f64 division and root");
	ok(!bad[3], "f64 conversion and comparison");
	free_arrays();
}

static void test_rate(void)
{
	enum { M = 16384, ROUNDS = 2000 };
	unsigned int *out = new_array(4 * M), bad = 0, rounds = ROUNDS;
	cl_kernel k = kernel("mix", out, NULL);
	double t = seconds();

	clSetKernelArg(k, 1, 4, &rounds);
	run(k, M, 256);
	t = seconds() - t;
	for (unsigned int i = 0; i < M; i++) {
		unsigned int v = i, w = i * 77;

		for (unsigned int n = 0; n < ROUNDS; n++) {
			v = (v ^ w) * 0x9e3779b9u + n;
			w = (w << 13 | w >> 19) + v;
			v ^= v >> 15;
		}
		bad += out[i] != (v ^ w);
	}
	printf("# integer kernel: %u rounds of %u warps in %.3f s\n", ROUNDS, M / 32, t);
	ok(!bad, "integer kernel");
	free_arrays();
}

int main(void)
{
	cl_platform_id platform;
	cl_device_svm_capabilities svm = 0;
	cl_device_fp_config doubles = 0;
	cl_int e;

	if (clGetPlatformIDs(1, &platform, NULL) ||
	    clGetDeviceIDs(platform, CL_DEVICE_TYPE_GPU, 1, &device, NULL)) {
		printf("1..0 # SKIP no OpenCL device\n");
		return 77;
	}
	clGetDeviceInfo(device, CL_DEVICE_SVM_CAPABILITIES, sizeof(svm), &svm, NULL);
	clGetDeviceInfo(device, CL_DEVICE_DOUBLE_FP_CONFIG, sizeof(doubles), &doubles, NULL);
	has_svm = !!(svm & CL_DEVICE_SVM_FINE_GRAIN_SYSTEM);
	printf("# %s\n", has_svm ? "pointers from malloc()" : "buffers: no fine-grain system SVM");
	context = clCreateContext(NULL, 1, &device, NULL, NULL, &e);
	if (!e)
		queue = clCreateCommandQueueWithProperties(context, device, NULL, &e);
	if (!e)
		program = clCreateProgramWithSource(context, 1, &source, NULL, &e);
	if (!e)
		e = clBuildProgram(program, 1, &device, doubles ? "-DDOUBLES" : "", NULL, NULL);
	if (e)
		bail("set-up", e);
	test_vadd();
	test_odd_buffers();
	test_reduction();
	test_atomics();
	test_collatz();
	test_wide();
	if (has_svm)
		test_list();
	test_private();
	test_functions();
	if (doubles)
		test_doubles();
	test_rate();
	printf("1..%u\n", tests);
	return bad_tests != 0;
}
