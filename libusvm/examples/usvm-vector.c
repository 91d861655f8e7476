// SPDX-License-Identifier: MIT
/*
 * usvm-vector: a pipeline over malloc'ed vectors.
 *
 * The vectors are cut into chunks. Each chunk is prefetched, worked on by the
 * GPU and prefetched back; two streams take turns, so that one chunk moves
 * while the other is worked on. The CPU checks every sum.
 */
#include "example.h"
#include "kernels/vector.cl"

#define CHUNK	(512u << 10)	/* elements */

static const struct usvm_host_kernel kernels[] = { USVM_HOST_KERNEL(saxpy) };

int main(int argc, char **argv)
{
	size_t bytes = mib_argument(argc, argv, 16), wrong = 0;
	uint n = (uint)(bytes / sizeof(float));
	float *x = malloc(bytes), *y = malloc(bytes), a = 3;
	usvm_stream *stream[2];
	usvm_module *m;
	usvm_kernel *k;
	double start;
	int device;

	if (!x || !y)
		return 1;
	say_device("usvm-vector");
	TRY(usvm_get_device(&device));
	m = load_kernels("vector", kernels, 1);
	k = find_kernel(m, "saxpy");
	TRY(usvm_stream_create(&stream[0]));
	TRY(usvm_stream_create(&stream[1]));
	for (uint i = 0; i < n; i++) {
		x[i] = (float)(i % 1000);
		y[i] = 1;
	}

	start = seconds();
	for (uint at = 0, turn = 0; at < n; at += CHUNK, turn ^= 1) {
		uint count = n - at < CHUNK ? n - at : CHUNK;
		float *cx = x + at, *cy = y + at;
		void *arguments[] = { &cy, &cx, &a, &count };
		usvm_stream *s = stream[turn];

		TRY(usvm_mem_prefetch_async(cx, count * sizeof(*cx), device, s));
		TRY(usvm_mem_prefetch_async(cy, count * sizeof(*cy), device, s));
		TRY(usvm_launch(k, (struct usvm_dim3){ (count + 255) / 256, 1, 1 },
				(struct usvm_dim3){ 256, 1, 1 }, arguments, s));
		TRY(usvm_mem_prefetch_async(cy, count * sizeof(*cy), USVM_HOST, s));
	}
	TRY(usvm_device_synchronize());
	printf("%u elements in %.1f ms\n", n, 1e3 * (seconds() - start));

	for (uint i = 0; i < n; i++)
		wrong += y[i] != 3 * (float)(i % 1000) + 1;
	printf("%zu wrong\n", wrong);
	TRY(usvm_stream_destroy(stream[0]));
	TRY(usvm_stream_destroy(stream[1]));
	TRY(usvm_module_unload(m));
	free(x);
	free(y);
	return wrong != 0;
}
