/* SPDX-License-Identifier: MIT */
/* What the examples share: giving up with words, finding their kernels, time. */
#ifndef USVM_EXAMPLE_H
#define USVM_EXAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <usvm.h>

/* Ends the program if a call fails. */
#define TRY(call) do { \
	usvm_error try_error = (call); \
	if (try_error) { \
		fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, \
			usvm_error_string(try_error)); \
		exit(1); \
	} \
} while (0)

#define MIB (1024.0 * 1024.0)

static inline double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Says what the program runs on. */
static inline void say_device(const char *program)
{
	struct usvm_device_properties p;

	TRY(usvm_device_get_properties(&p, 0));
	printf("%s on %s (%s)\n", program, p.name, p.backend);
}

/*
 * The module of a program: NAME.usvm in the directory that USVM_MODULES names,
 * or in the working directory, for GPUs (installed in share/usvm); C functions
 * for the host device.
 */
static inline usvm_module *load_kernels(const char *name, const struct usvm_host_kernel *host,
					size_t hosts)
{
	const char *dir = getenv("USVM_MODULES");
	usvm_module *m;
	char path[512];
	usvm_error err;

	snprintf(path, sizeof(path), "%s/%s.usvm", dir ? dir : ".", name);
	err = usvm_module_load(&m, access(path, R_OK) ? NULL : path, host, hosts);
	if (err == USVM_ERROR_NOT_SUPPORTED) {
		fprintf(stderr, "%s: this GPU needs %s, or cannot run kernels: skipped\n", name, path);
		exit(77);
	}
	TRY(err);
	return m;
}

static inline usvm_kernel *find_kernel(usvm_module *m, const char *name)
{
	usvm_kernel *k;

	TRY(usvm_module_get_kernel(&k, m, name));
	return k;
}

/* A number of MiB from the command line. */
static inline size_t mib_argument(int argc, char **argv, size_t otherwise)
{
	char *end;
	unsigned long n;

	if (argc < 2)
		return otherwise << 20;
	n = strtoul(argv[1], &end, 0);
	if (*end || !n || n > 1 << 20) {
		fprintf(stderr, "usage: %s [MIB]\n", argv[0]);
		exit(2);
	}
	return (size_t)n << 20;
}

#endif
