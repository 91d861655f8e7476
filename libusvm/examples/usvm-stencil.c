// SPDX-License-Identifier: MIT
/*
 * usvm-stencil: a heat equation on a grid that need not fit in VRAM.
 *
 * The grid stays in malloc'ed memory. A step goes over it in bands of rows:
 * the band and one row on either side are prefetched, worked on, and sent
 * home, so that never more than two bands are on the GPU. With more memory than
 * VRAM the result is the same; the CPU computes it as well and compares.
 *
 *	usvm-stencil [MIB [STEPS]]
 */
#include <string.h>

#include "example.h"
#include "kernels/stencil.cl"

#define WIDTH	2048u
#define BAND	64u	/* rows */

static const struct usvm_host_kernel kernels[] = { USVM_HOST_KERNEL(heat) };

static void step_on_gpu(usvm_kernel *k, uint *out, uint *in, uint height, int device)
{
	for (uint first = 0; first < height; first += BAND) {
		uint rows = height - first < BAND ? height - first : BAND, width = WIDTH;
		uint above = first ? first - 1 : 0;
		uint below = first + rows < height ? first + rows + 1 : height;
		void *arguments[] = { &out, &in, &width, &height, &first, &rows };

		TRY(usvm_mem_prefetch_async(in + above * WIDTH, (below - above) * WIDTH * 4ul,
					    device, NULL));
		TRY(usvm_mem_prefetch_async(out + first * WIDTH, rows * WIDTH * 4ul, device, NULL));
		TRY(usvm_launch(k, (struct usvm_dim3){ WIDTH / 64, (rows + 3) / 4, 1 },
				(struct usvm_dim3){ 64, 4, 1 }, arguments, NULL));
		TRY(usvm_mem_prefetch_async(in + above * WIDTH, (below - above) * WIDTH * 4ul,
					    USVM_HOST, NULL));
		TRY(usvm_mem_prefetch_async(out + first * WIDTH, rows * WIDTH * 4ul, USVM_HOST,
					    NULL));
	}
	TRY(usvm_stream_synchronize(NULL));
}

static void step_on_cpu(uint *out, const uint *in, uint height)
{
	for (uint y = 0; y < height; y++) {
		for (uint x = 0; x < WIDTH; x++) {
			uint sum = 4 * in[y * WIDTH + x];

			sum += x ? in[y * WIDTH + x - 1] : 0;
			sum += x + 1 < WIDTH ? in[y * WIDTH + x + 1] : 0;
			sum += y ? in[(y - 1) * WIDTH + x] : 0;
			sum += y + 1 < height ? in[(y + 1) * WIDTH + x] : 0;
			out[y * WIDTH + x] = sum >> 3;
		}
	}
}

int main(int argc, char **argv)
{
	size_t bytes = mib_argument(argc, argv, 16) / 2;	/* two grids */
	uint height = (uint)(bytes / WIDTH / 4);
	uint *grid[2] = { malloc(bytes), malloc(bytes) }, *check[2] = { malloc(bytes), malloc(bytes) };
	struct usvm_device_properties p;
	int device, steps = argc > 2 ? atoi(argv[2]) : 3;
	size_t wrong = 0;
	usvm_module *m;
	usvm_kernel *k;
	double start;

	if (steps < 1 || steps > 1000) {
		fprintf(stderr, "usage: usvm-stencil [MIB [STEPS]]\n");
		return 2;
	}
	if (!grid[0] || !grid[1] || !check[0] || !check[1])
		return 1;
	say_device("usvm-stencil");
	TRY(usvm_get_device(&device));
	TRY(usvm_device_get_properties(&p, device));
	m = load_kernels("stencil", kernels, 1);
	k = find_kernel(m, "heat");
	for (size_t i = 0; i < bytes / 4; i++)
		grid[0][i] = (uint)(i * 2654435761u) >> 4;
	memcpy(check[0], grid[0], bytes);

	printf("two grids of %u x %u, %.0f MiB in all; the device has %.0f MiB\n", WIDTH, height,
	       2 * (double)bytes / MIB, (double)p.memory_bytes / MIB);
	start = seconds();
	for (int i = 0; i < steps; i++)
		step_on_gpu(k, grid[(i + 1) % 2], grid[i % 2], height, device);
	printf("%d steps in %.1f ms\n", steps, 1e3 * (seconds() - start));
	for (int i = 0; i < steps; i++)
		step_on_cpu(check[(i + 1) % 2], check[i % 2], height);
	for (size_t i = 0; i < bytes / 4; i++)
		wrong += grid[steps % 2][i] != check[steps % 2][i];
	printf("%zu wrong\n", wrong);
	TRY(usvm_module_unload(m));
	for (int i = 0; i < 2; i++) {
		free(grid[i]);
		free(check[i]);
	}
	return wrong != 0;
}
