// SPDX-License-Identifier: MIT
/*
 * usvm-clc: compiles a kernel of an OpenCL C file with Mesa, for a module.
 *
 *	usvm-clc SOURCE.cl INCLUDE-DIR KERNEL DESCRIPTION CODE
 *
 * Needs no GPU: it runs with Mesa's drm-shim and, before that, with the recorder of
 * clc_record.c preloaded. The kernel is launched once on an imaginary card; the
 * recorder takes its machine code and what the launch says of it, and ends the
 * program. Arguments may be pointers to global or constant memory, and numbers, vectors
 * and structures by value. Registers are appended to the description that is begun here.
 */
#define CL_TARGET_OPENCL_VERSION 300
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES	1024	/* of all arguments of a module's kernel */

static void fail(const char *what, cl_int err)
{
	fprintf(stderr, "usvm-clc: %s: %d\n", what, err);
	exit(1);
}

static char *read_text(const char *name)
{
	FILE *f = fopen(name, "r");
	char *text = calloc(1, 1 << 20);

	if (!f || !text || !fread(text, 1, (1 << 20) - 1, f)) {
		perror(name);
		exit(1);
	}
	fclose(f);
	return text;
}

/* @name: for the error message */
static cl_program build(cl_context context, cl_device_id device, const char *text,
			const char *include, const char *name)
{
	char options[4096], log[8192] = "";
	cl_int err;
	cl_program program = clCreateProgramWithSource(context, 1, &text, NULL, &err);

	if (err)
		fail("program", err);
	snprintf(options, sizeof(options), "-cl-std=CL3.0 -cl-kernel-arg-info -I %s", include);
	err = clBuildProgram(program, 1, &device, options, NULL, NULL);
	if (err) {
		clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof(log), log, NULL);
		fprintf(stderr, "%s\n", log);
		fail(name, err);
	}
	return program;
}

/*
 * Size and alignment of any type of the source, without running anything: a kernel
 * is declared that requires a work-group of that shape.
 */
static void measure(cl_context context, cl_device_id device, const char *source,
		    const char *include, const char *type, size_t *size, size_t *align)
{
	char *text = read_text(source), *whole = NULL;
	size_t shape[3] = { 0 };
	cl_program program;
	cl_kernel kernel;
	cl_int err;

	if (asprintf(&whole, "%s\n__kernel __attribute__((reqd_work_group_size((sizeof(%s) & 31) + 1, "
		     "(sizeof(%s) >> 5) + 1, __alignof__(%s)))) void usvm_measure(void) { }\n",
		     text, type, type, type) < 0)
		fail("memory", 0);
	program = build(context, device, whole, include, type);
	kernel = clCreateKernel(program, "usvm_measure", &err);
	if (!err)
		err = clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_COMPILE_WORK_GROUP_SIZE,
					       sizeof(shape), shape, NULL);
	if (err || !shape[0] || !shape[1] || !shape[2])
		fail(type, err);
	*size = shape[0] - 1 + ((shape[1] - 1) << 5);
	*align = shape[2];
	clReleaseKernel(kernel);
	clReleaseProgram(program);
	free(whole);
	free(text);
}

/* Global and constant memory: an address. */
static cl_int set_pointer(cl_context context, cl_kernel kernel, cl_uint i)
{
	cl_int err;
	cl_mem buffer = clCreateBuffer(context, CL_MEM_READ_WRITE, 4096, NULL, &err);

	return err ? err : clSetKernelArg(kernel, i, sizeof(buffer), &buffer);
}

static void set_arguments(cl_context context, cl_device_id device, cl_kernel kernel, char **argv,
			  FILE *description)
{
	static const char zeros[MAX_BYTES];
	size_t end = 0;
	cl_uint n = 0;

	if (clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof(n), &n, NULL))
		fail("arguments", 0);
	for (cl_uint i = 0; i < n; i++) {
		cl_kernel_arg_address_qualifier space;
		size_t size = 8, align = 8;
		char type[128] = "";
		cl_int err;

		err = clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof(space),
					 &space, NULL);
		if (!err)
			err = clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_TYPE_NAME, sizeof(type) - 1,
						 type, NULL);
		if (err)
			fail("argument", err);
		if (space == CL_KERNEL_ARG_ADDRESS_LOCAL || strstr(type, "image") ||
		    !strcmp(type, "sampler_t")) {
			fprintf(stderr, "usvm-clc: argument %u of %s: %s cannot be passed here "
				"(local memory: declare it in the kernel)\n", i, argv[3], type);
			exit(1);
		}
		if (space == CL_KERNEL_ARG_ADDRESS_PRIVATE) {
			measure(context, device, argv[1], argv[2], type, &size, &align);
			if (size > MAX_BYTES)
				fail("an argument is too large", 0);
			err = clSetKernelArg(kernel, i, size, zeros);
		} else {
			err = set_pointer(context, kernel, i);
		}
		if (err)
			fail("setting an argument", err);
		end = (end + align - 1) / align * align;
		fprintf(description, "argument %zu %zu\n", size, end);
		end += size;
	}
}

int main(int argc, char **argv)
{
	size_t global[3] = { 64, 1, 1 };
	cl_platform_id platform;
	cl_command_queue queue;
	cl_device_id device;
	cl_context context;
	cl_program program;
	cl_kernel kernel;
	FILE *description;
	char *text;
	cl_int err;

	if (argc != 6) {
		fprintf(stderr, "usage: usvm-clc SOURCE.cl INCLUDE-DIR KERNEL DESCRIPTION CODE\n");
		return 2;
	}
	setenv("USVM_CLC_DESCRIPTION", argv[4], 1);
	setenv("USVM_CLC_CODE", argv[5], 1);
	err = clGetPlatformIDs(1, &platform, NULL);
	if (!err)
		err = clGetDeviceIDs(platform, CL_DEVICE_TYPE_GPU, 1, &device, NULL);
	if (err)
		fail("no OpenCL device", err);
	context = clCreateContext(NULL, 1, &device, NULL, NULL, &err);
	if (err)
		fail("context", err);
	text = read_text(argv[1]);
	program = build(context, device, text, argv[2], argv[1]);
	free(text);
	kernel = clCreateKernel(program, argv[3], &err);
	if (err)
		fail(argv[3], err);
	description = fopen(argv[4], "w");
	if (!description)
		fail(argv[4], 0);
	fprintf(description, "# from %s\nkernel %s\n", strrchr(argv[1], '/') ? strrchr(argv[1], '/') + 1 :
		argv[1], argv[3]);
	set_arguments(context, device, kernel, argv, description);
	fclose(description);
	queue = clCreateCommandQueueWithProperties(context, device, NULL, &err);
	if (!err)
		err = clEnqueueNDRangeKernel(queue, kernel, 3, NULL, global, NULL, 0, NULL, NULL);
	if (!err)
		err = clFinish(queue);
	/* The recorder ends the program when it sees the launch. */
	fprintf(stderr, "usvm-clc: %s: the launch did not reach the card (%d)\n", argv[3], err);
	return 1;
}
