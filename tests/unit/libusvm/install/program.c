/* SPDX-License-Identifier: MIT */
/* A program from outside: C17, built with nothing but what was installed. */
#include <stdio.h>
#include <usvm.h>
#include <usvm_kernel.h>

__kernel void square(__global int *x, uint n)
{
	if (get_global_id(0) < n)
		x[get_global_id(0)] *= x[get_global_id(0)];
}
USVM_KERNEL_2(square, int *, uint)

static const struct usvm_host_kernel kernels[] = { USVM_HOST_KERNEL(square) };

int main(void)
{
	struct usvm_dim3 grid = { 2, 1, 1 }, block = { 8, 1, 1 };
	uint n = 16;
	int *x;
	void *args[] = { &x, &n };
	usvm_kernel *k;
	usvm_module *m;

	if (usvm_malloc_managed((void **)&x, n * sizeof(*x)))
		return 1;
	for (uint i = 0; i < n; i++)
		x[i] = (int)i;
	if (usvm_module_load(&m, NULL, kernels, 1) || usvm_module_get_kernel(&k, m, "square") ||
	    usvm_launch(k, grid, block, args, NULL) || usvm_device_synchronize())
		return 2;
	printf("%d %d\n", x[15], usvm_version() == USVM_VERSION);
	return usvm_module_unload(m) || usvm_free(x);
}
