// SPDX-License-Identifier: MIT
/*
 * Kernels that Mesa compiled get the arguments that they were launched with: numbers,
 * structures, vectors and pointers by value. The modules mixed.usvm, vectors.usvm and
 * turned.usvm are in the working directory.
 */
#include <stdlib.h>
#include <string.h>
#include <usvm.h>

#include "arguments.cl"
#include "tap.h"

static const struct usvm_dim3 one = { 1, 1, 1 }, block = { 64, 1, 1 };

static usvm_module *load(const char *name, const struct usvm_host_kernel *host, usvm_kernel **k)
{
	usvm_module *m = NULL;
	char file[64];

	snprintf(file, sizeof(file), "%s.usvm", name);
	tap_is(usvm_module_load(&m, file, host, host != NULL), USVM_SUCCESS, file);
	tap_is(usvm_module_get_kernel(k, m, name), USVM_SUCCESS, name);
	return m;
}

static usvm_error run(usvm_kernel *k, struct usvm_dim3 grid, void **args)
{
	usvm_error err = usvm_launch(k, grid, block, args, NULL);

	return err ? err : usvm_stream_synchronize(NULL);
}

static void test_mixed(void)
{
	static const struct usvm_host_kernel host = USVM_HOST_KERNEL(mixed);
	static const long want[9] = { -7, 11, -1234567890123, -13, 17, 23, 1l << 60, 10, 200 };
	long *out = calloc(9, sizeof(*out));
	int table[3] = { 19, 21, 23 };
	const int *constant = table;
	char a = -7;
	struct point p = { 11, -1234567890123, -13 };
	short b = 17;
	ulong c = 1ul << 60;
	float d = 2.5f;
	uchar e = 200;
	void *args[] = { &out, &a, &p, &b, &constant, &c, &d, &e };
	usvm_kernel *k;
	usvm_module *m = load("mixed", &host, &k);

	tap_is(run(k, one, args), USVM_SUCCESS, "launch with numbers, a structure, constant memory");
	tap_ok(!memcmp(out, want, sizeof(want)), "each arrived");
	args[2] = NULL;
	tap_is(usvm_launch(k, one, block, args, NULL), USVM_ERROR_INVALID_VALUE, "an argument that is missing");
	usvm_module_unload(m);
	free(out);
}

static void test_vectors(void)
{
	static const float want[7] = { 3, 0.5f, 4.5f, 5, 6, -7, -9 };
	float v[4] = { 0.5f, 1.5f, 2.5f, 4.5f };
	float *out = calloc(7, sizeof(*out));
	int w[4] = { -7, -8, -9, 0 };
	uchar a = 3, b[2] = { 5, 6 };
	void *args[] = { &out, &a, v, b, w };
	usvm_kernel *k;
	usvm_module *m = load("vectors", NULL, &k);

	tap_is(run(k, one, args), USVM_SUCCESS, "launch with vectors");
	tap_ok(!memcmp(out, want, sizeof(want)), "each arrived");
	usvm_module_unload(m);
	free(out);
}

static void test_turned(void)
{
	int *data = malloc(256 * sizeof(*data));
	void *args[] = { &data };
	usvm_kernel *k;
	usvm_module *m = load("turned", NULL, &k);
	int bad = 0;

	for (int i = 0; i < 256; i++)
		data[i] = i;
	tap_is(run(k, (struct usvm_dim3){ 4, 1, 1 }, args), USVM_SUCCESS, "launch with local memory and a barrier");
	for (int i = 0; i < 256; i++)
		bad += data[i] != (i & ~63) + 63 - (i & 63);
	tap_is(bad, 0, "each block is turned round");
	usvm_module_unload(m);
	free(data);
}

int main(void)
{
	int kernels = 0;

	setenv("USVM_DEVICE", "nouveau", 0);
	if (usvm_device_get_attribute(&kernels, USVM_ATTR_KERNELS, 0) || !kernels) {
		printf("1..0 # SKIP no GPU that runs kernels\n");
		return 0;
	}
	test_mixed();
	test_vectors();
	test_turned();
	return tap_done();
}
