// SPDX-License-Identifier: MIT
/* Module files: good ones load, damaged ones are refused, whatever the damage. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <usvm.h>
#include <usvm_kernel.h>

#include "module_format.h"
#include "tap.h"

__kernel void twice(__global float *x, uint n)
{
	if (get_global_id(0) < n)
		x[get_global_id(0)] *= 2;
}
USVM_KERNEL_2(twice, float *, uint)

static const struct usvm_host_kernel hosts[] = { USVM_HOST_KERNEL(twice) };

struct file {
	struct usvm_module_header h;
	struct usvm_module_entry e[2];
	char strings[16];
	unsigned char pad[256 * 2 - 16 - 2 * sizeof(struct usvm_module_entry) -
			  sizeof(struct usvm_module_header)];
	unsigned char code[512];
};

static struct file good(void)
{
	struct file f = {
		.h = {
			.magic = USVM_MODULE_MAGIC, .version = 1, .sm = 60, .kernels = 2,
			.table = offsetof(struct file, e), .strings = offsetof(struct file, strings),
			.strings_size = 16, .code = offsetof(struct file, code), .code_size = 512,
		},
		.e = {
			{ .name = 0, .arguments = 2, .registers = 8, .size = { 8, 4 }, .offset = { 0, 8 } },
			{ .name = 6, .code = 256, .registers = 255, .barriers = 16 },
		},
		.strings = "twice\0other",
	};

	return f;
}

static usvm_error load(const void *bytes, size_t size, usvm_module **m)
{
	char name[] = "/tmp/usvm-module.XXXXXX";
	int fd = mkstemp(name);
	usvm_error err;

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		return USVM_ERROR_SYSTEM;
	close(fd);
	err = usvm_module_load(m, name, hosts, 1);
	unlink(name);
	return err;
}

static void refused(struct file f, size_t size, const char *what)
{
	usvm_module *m;
	usvm_error err = load(&f, size, &m);

	tap_is(err, USVM_ERROR_INVALID_MODULE, what);
	if (!err)
		usvm_module_unload(m);
}

#define REFUSED(change, what) do { \
	struct file f = good(); \
	f.change; \
	refused(f, sizeof(f), what); \
} while (0)

static void test_damage(void)
{
	REFUSED(h.magic[0] = 'X', "another magic");
	REFUSED(h.version = 2, "another version");
	REFUSED(h.sm = 70, "code for another GPU");
	REFUSED(h.kernels = 0, "no kernels");
	REFUSED(h.kernels = 1u << 31, "too many kernels");
	REFUSED(h.reserved = 1, "a reserved word");
	REFUSED(h.table = UINT64_MAX - 8, "a table around the end");
	REFUSED(h.table = sizeof(struct file) - 64, "a table over the end");
	REFUSED(h.strings_size = 1 << 20, "strings over the end");
	REFUSED(h.strings_size = 0, "no strings");
	REFUSED(h.strings_size = 3, "a string without its end");
	REFUSED(h.code_size = 513, "code over the end");
	REFUSED(h.code = UINT64_MAX, "code nowhere");
	REFUSED(e[0].name = 16, "a name beyond the strings");
	REFUSED(e[0].arguments = 17, "too many arguments");
	REFUSED(e[0].code = 512, "an entry beyond the code");
	REFUSED(e[1].code = 8, "an entry not aligned");
	REFUSED(e[0].registers = 0, "no registers");
	REFUSED(e[0].registers = 256, "too many registers");
	REFUSED(e[1].barriers = 17, "too many barriers");
	REFUSED(e[1].shared_bytes = 1 << 20, "too much shared memory");
	REFUSED(e[1].local_bytes = 1 << 30, "too much local memory");
	REFUSED(e[0].offset[1] = 4, "arguments that overlap");
	REFUSED(e[0].offset[1] = 1022, "an argument beyond the bank");
	REFUSED(e[0].size[1] = 0, "an argument of no size");
	REFUSED(e[0].size[1] = 8, "arguments that differ from the host kernel's");
	refused(good(), 20, "a file that ends in its header");
	refused(good(), 0, "an empty file");
}

/* Any byte changed at random: refused or loaded, never worse. */
static void test_random_damage(void)
{
	unsigned int seed = 5, loaded = 0, other = 0;

	for (int i = 0; i < 3000; i++) {
		struct file f = good();
		usvm_module *m;
		usvm_error err;

		for (int n = rand_r(&seed) % 4; n >= 0; n--)
			((unsigned char *)&f)[(unsigned int)rand_r(&seed) % 600] = (unsigned char)rand_r(&seed);
		err = load(&f, sizeof(f) - (unsigned int)(rand_r(&seed) % 4 ? 0 : rand_r(&seed) % 1024), &m);
		loaded += !err;
		other += err && err != USVM_ERROR_INVALID_MODULE;
		if (!err)
			usvm_module_unload(m);
	}
	printf("# %u of 3000 loaded\n", loaded);
	tap_is((int)other, 0, "3000 files with random damage: loaded, or refused as damaged");
}

static void test_good(void)
{
	struct file f = good();
	usvm_kernel *k;
	usvm_module *m;
	float x[4] = { 1, 2, 3, 4 }, *px = x;
	uint n = 3;
	void *args[] = { &px, &n };

	tap_is(load(&f, sizeof(f), &m), USVM_SUCCESS, "a good file, and its host kernel");
	tap_is(usvm_module_get_kernel(&k, m, "other"), USVM_SUCCESS, "a kernel of the file alone");
	usvm_launch(k, (struct usvm_dim3){ 1, 1, 1 }, (struct usvm_dim3){ 1, 1, 1 }, NULL, NULL);
	tap_is(usvm_stream_synchronize(NULL), USVM_ERROR_NOT_SUPPORTED,
	       "cannot run on the host: told when waited for");
	tap_is(usvm_stream_synchronize(NULL), USVM_SUCCESS, "once");
	tap_is(usvm_module_get_kernel(&k, m, "twice"), USVM_SUCCESS, "a kernel of both");
	tap_is(usvm_launch(k, (struct usvm_dim3){ 1, 1, 1 }, (struct usvm_dim3){ 4, 1, 1 }, args, NULL),
	       USVM_SUCCESS, "runs");
	usvm_stream_synchronize(NULL);
	tap_ok(x[0] == 2 && x[2] == 6 && x[3] == 4, "and is right");
	usvm_module_unload(m);
}

int main(void)
{
	setenv("USVM_DEVICE", "host", 1);
	test_good();
	test_damage();
	test_random_damage();
	return tap_done();
}
