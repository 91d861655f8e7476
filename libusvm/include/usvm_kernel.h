/* SPDX-License-Identifier: MIT */
/**
 * DOC: one kernel source for GPU and host
 *
 * A kernel written in the part of OpenCL C that is also C compiles twice: by
 * an OpenCL compiler into a module file for the GPU, and by the C compiler,
 * with this header, into a function of the program for the host device.
 *
 *	#include <usvm_kernel.h>
 *
 *	__kernel void scale(__global float *x, float by, uint n)
 *	{
 *		size_t i = get_global_id(0);
 *
 *		if (i < n)
 *			x[i] *= by;
 *	}
 *	USVM_KERNEL_3(scale, float *, float, uint)
 *
 * and in the program: static const struct usvm_host_kernel kernels[] =
 * { USVM_HOST_KERNEL(scale) };
 *
 * Under an OpenCL compiler this header is empty but for the macros, which then
 * expand to nothing. Not there on the host: barriers, local memory, vector
 * types, images. A kernel that uses them does not compile here.
 */
#ifndef USVM_KERNEL_H
#define USVM_KERNEL_H

#ifdef __OPENCL_VERSION__

#define USVM_KERNEL_1(name, a)
#define USVM_KERNEL_2(name, a, b)
#define USVM_KERNEL_3(name, a, b, c)
#define USVM_KERNEL_4(name, a, b, c, d)
#define USVM_KERNEL_5(name, a, b, c, d, e)
#define USVM_KERNEL_6(name, a, b, c, d, e, f)
#define USVM_KERNEL_7(name, a, b, c, d, e, f, g)
#define USVM_KERNEL_8(name, a, b, c, d, e, f, g, h)

#else

#include <usvm.h>

#define __kernel static
#define __global
#define __constant const

typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef uint64_t ulong;

/**
 * struct usvm_work_item - which work-item the calling thread is running
 * @group: of the block in the grid
 * @local: of the work-item in the block
 * @groups: blocks of the grid
 * @size: work-items of a block
 */
struct usvm_work_item {
	uint32_t group[3];
	uint32_t local[3];
	uint32_t groups[3];
	uint32_t size[3];
};

/** usvm_current_work_item() - for the functions below; only inside a kernel */
#ifdef __cplusplus
extern "C"
#endif
const struct usvm_work_item *usvm_current_work_item(void);

/* Inline functions that a kernel need not call all of. */
#define USVM_ITEM static inline __attribute__((unused))

USVM_ITEM size_t get_local_id(uint d) { return usvm_current_work_item()->local[d]; }
USVM_ITEM size_t get_local_size(uint d) { return usvm_current_work_item()->size[d]; }
USVM_ITEM size_t get_group_id(uint d) { return usvm_current_work_item()->group[d]; }
USVM_ITEM size_t get_num_groups(uint d) { return usvm_current_work_item()->groups[d]; }

USVM_ITEM size_t get_global_size(uint d)
{
	const struct usvm_work_item *w = usvm_current_work_item();

	return (size_t)w->groups[d] * w->size[d];
}

USVM_ITEM size_t get_global_id(uint d)
{
	const struct usvm_work_item *w = usvm_current_work_item();

	return (size_t)w->group[d] * w->size[d] + w->local[d];
}

USVM_ITEM int atomic_add(volatile int *p, int v) { return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST); }
USVM_ITEM int atomic_inc(volatile int *p) { return atomic_add(p, 1); }

#define USVM_ARG(type, i) (*(type *)usvm_args[i])

#define USVM_KERNEL_N(name, n, call, ...) \
	static void usvm_call_##name(void **usvm_args) { name call; } \
	static const uint16_t usvm_sizes_##name[n] = __VA_ARGS__;

#define USVM_KERNEL_1(name, a) \
	USVM_KERNEL_N(name, 1, (USVM_ARG(a, 0)), { sizeof(a) })
#define USVM_KERNEL_2(name, a, b) \
	USVM_KERNEL_N(name, 2, (USVM_ARG(a, 0), USVM_ARG(b, 1)), { sizeof(a), sizeof(b) })
#define USVM_KERNEL_3(name, a, b, c) \
	USVM_KERNEL_N(name, 3, (USVM_ARG(a, 0), USVM_ARG(b, 1), USVM_ARG(c, 2)), \
		      { sizeof(a), sizeof(b), sizeof(c) })
#define USVM_KERNEL_4(name, a, b, c, d) \
	USVM_KERNEL_N(name, 4, (USVM_ARG(a, 0), USVM_ARG(b, 1), USVM_ARG(c, 2), USVM_ARG(d, 3)), \
		      { sizeof(a), sizeof(b), sizeof(c), sizeof(d) })
#define USVM_KERNEL_5(name, a, b, c, d, e) \
	USVM_KERNEL_N(name, 5, (USVM_ARG(a, 0), USVM_ARG(b, 1), USVM_ARG(c, 2), USVM_ARG(d, 3), \
				USVM_ARG(e, 4)), \
		      { sizeof(a), sizeof(b), sizeof(c), sizeof(d), sizeof(e) })
#define USVM_KERNEL_6(name, a, b, c, d, e, f) \
	USVM_KERNEL_N(name, 6, (USVM_ARG(a, 0), USVM_ARG(b, 1), USVM_ARG(c, 2), USVM_ARG(d, 3), \
				USVM_ARG(e, 4), USVM_ARG(f, 5)), \
		      { sizeof(a), sizeof(b), sizeof(c), sizeof(d), sizeof(e), sizeof(f) })
#define USVM_KERNEL_7(name, a, b, c, d, e, f, g) \
	USVM_KERNEL_N(name, 7, (USVM_ARG(a, 0), USVM_ARG(b, 1), USVM_ARG(c, 2), USVM_ARG(d, 3), \
				USVM_ARG(e, 4), USVM_ARG(f, 5), USVM_ARG(g, 6)), \
		      { sizeof(a), sizeof(b), sizeof(c), sizeof(d), sizeof(e), sizeof(f), sizeof(g) })
#define USVM_KERNEL_8(name, a, b, c, d, e, f, g, h) \
	USVM_KERNEL_N(name, 8, (USVM_ARG(a, 0), USVM_ARG(b, 1), USVM_ARG(c, 2), USVM_ARG(d, 3), \
				USVM_ARG(e, 4), USVM_ARG(f, 5), USVM_ARG(g, 6), USVM_ARG(h, 7)), \
		      { sizeof(a), sizeof(b), sizeof(c), sizeof(d), sizeof(e), sizeof(f), sizeof(g), \
			sizeof(h) })

/** USVM_HOST_KERNEL() - one entry of a table for usvm_module_load() */
#define USVM_HOST_KERNEL(kernel) \
	{ #kernel, sizeof(usvm_sizes_##kernel) / 2, usvm_sizes_##kernel, usvm_call_##kernel }

#endif
#endif
