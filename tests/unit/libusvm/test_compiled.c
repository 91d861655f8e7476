// SPDX-License-Identifier: MIT
/*
 * Modules that Mesa compiled: each loads, and its arguments have the sizes that the
 * same source has as C functions.
 *
 *	test-usvm-compiled DIRECTORY
 */
#include <stdio.h>
#include <stdlib.h>
#include <usvm.h>

#include "kernels/join.cl"
#include "kernels/stencil.cl"
#include "kernels/vector.cl"
#include "tap.h"

static void check(const char *dir, const char *file, const struct usvm_host_kernel *host)
{
	usvm_module *m;
	usvm_kernel *k;
	char path[512];
	usvm_error err;

	snprintf(path, sizeof(path), "%s/%s.usvm", dir, file);
	err = usvm_module_load(&m, path, host, 1);
	tap_is(err, USVM_SUCCESS, file);
	if (err)
		return;
	tap_is(usvm_module_get_kernel(&k, m, host->name), USVM_SUCCESS, host->name);
	usvm_module_unload(m);
}

int main(int argc, char **argv)
{
	static const struct usvm_host_kernel join = USVM_HOST_KERNEL(probe);
	static const struct usvm_host_kernel stencil = USVM_HOST_KERNEL(heat);
	static const struct usvm_host_kernel vector = USVM_HOST_KERNEL(saxpy);

	if (argc != 2)
		return 2;
	setenv("USVM_DEVICE", "host", 1);
	check(argv[1], "join", &join);
	check(argv[1], "stencil", &stencil);
	check(argv[1], "vector", &vector);
	return tap_done();
}
