// SPDX-License-Identifier: MIT
/*
 * usvm-clc: compiles a kernel of an OpenCL C file with Mesa, for a module.
 *
 *	usvm-clc SOURCE.cl INCLUDE-DIR KERNEL DESCRIPTION CODE
 *
 * Needs no GPU: it runs with Mesa's drm-shim and, before that, with the recorder of
 * clc_record.c preloaded. The kernel is launched once on an imaginary card; the
 * recorder takes its machine code and what the launch says of it, and ends the
 * program. Registers are appended to the description that is begun here.
 */
#define CL_TARGET_OPENCL_VERSION 300
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static cl_program build(cl_context context, cl_device_id device, const char *source,
			const char *include)
{
	const char *text = read_text(source);
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
		fail(source, err);
	}
	free((void *)text);
	return program;
}

/* Bytes of an argument that is passed by value. */
static size_t size_of(const char *type)
{
	static const struct {
		const char *name;
		size_t size;
	} types[] = {
		{ "char", 1 }, { "uchar", 1 }, { "short", 2 }, { "ushort", 2 }, { "int", 4 },
		{ "uint", 4 }, { "float", 4 }, { "long", 8 }, { "ulong", 8 }, { "double", 8 },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(type, types[i].name))
			return types[i].size;
	fprintf(stderr, "usvm-clc: an argument of type %s cannot be passed by value here\n", type);
	exit(1);
}

static void set_arguments(cl_context context, cl_kernel kernel, FILE *description)
{
	cl_uint n = 0;

	if (clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof(n), &n, NULL))
		fail("arguments", 0);
	for (cl_uint i = 0; i < n; i++) {
		cl_kernel_arg_address_qualifier space;
		static const char zeros[16];
		char type[64] = "";
		cl_int err;

		err = clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof(space),
					 &space, NULL);
		if (!err)
			err = clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_TYPE_NAME, sizeof(type) - 1,
						 type, NULL);
		if (err)
			fail("argument", err);
		if (space == CL_KERNEL_ARG_ADDRESS_GLOBAL) {
			cl_mem buffer = clCreateBuffer(context, CL_MEM_READ_WRITE, 4096, NULL, &err);

			if (!err)
				err = clSetKernelArg(kernel, i, sizeof(buffer), &buffer);
			fprintf(description, "argument 8\n");
		} else {
			err = clSetKernelArg(kernel, i, size_of(type), zeros);
			fprintf(description, "argument %zu\n", size_of(type));
		}
		if (err)
			fail("setting an argument", err);
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
	program = build(context, device, argv[1], argv[2]);
	kernel = clCreateKernel(program, argv[3], &err);
	if (err)
		fail(argv[3], err);
	description = fopen(argv[4], "w");
	if (!description)
		fail(argv[4], 0);
	fprintf(description, "# from %s\nkernel %s\n", strrchr(argv[1], '/') ? strrchr(argv[1], '/') + 1 :
		argv[1], argv[3]);
	set_arguments(context, kernel, description);
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
