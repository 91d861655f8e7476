// SPDX-License-Identifier: MIT
/*
 * Vulkan compute and copies against the same sums in C. The shaders are beside it, as
 * SPIR-V in headers that glslangValidator makes. Compiled where it runs (tools/inside/vulkan.sh).
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "mix.h"
#include "reduce.h"
#include "vk.h"

#define N	16384u

static unsigned int tests, bad_tests;

static void ok(bool good, const char *what)
{
	printf("%sok %u - %s\n", good ? "" : "not ", ++tests, what);
	fflush(stdout);
	bad_tests += !good;
}

static uint32_t random32(void)
{
	static uint32_t s = 2463534242u;

	s ^= s << 13;
	s ^= s >> 17;
	s ^= s << 5;
	return s;
}

static uint32_t top_bit(uint32_t v)
{
	return 31 - (uint32_t)__builtin_clz(v);
}

static void test_mix(const struct buffer b[3])
{
	struct push push = { N - 5, 0x9e3779b9 };
	const uint32_t *in = b[0].map, *out = b[1].map, *sum = b[2].map;
	uint32_t bad[4] = { 0 }, total = 0, most = 0;
	VkCommandBuffer c = vk_begin();

	memset(b[1].map, 0xee, 16 * N);
	memset(b[2].map, 0, 8);
	vk_dispatch(c, vk_make_pipeline(mix_spv, sizeof(mix_spv)), b, push, N / 64);
	vk_submit(c);
	for (uint32_t i = 0; i < push.n; i++) {
		uint32_t v = in[i], steps = 0;

		for (uint32_t w = (v & 0xffff) + 1; w != 1; steps++)
			w = w & 1 ? 3 * w + 1 : w >> 1;
		bad[0] += out[4 * i] != ((v * push.k + (v >> 3)) ^ (i << 5));
		bad[1] += out[4 * i + 1] != (uint32_t)((float)(v & 0xffff) * 0.25f + 1.5f);
		bad[2] += out[4 * i + 2] != (uint32_t)__builtin_popcount(v) + top_bit(v | 1) * 100;
		bad[3] += out[4 * i + 3] != steps;
		total += v & 0xff;
		most = v > most ? v : most;
	}
	ok(!bad[0] && !bad[2], "integers");
	ok(!bad[1], "floats");
	ok(!bad[3], "loops");
	ok(out[4 * push.n] == 0xeeeeeeee, "nothing behind the end");
	ok(sum[0] == total && sum[1] == most, "atomics");
}

static void test_reduce(const struct buffer b[3])
{
	const uint32_t *in = b[0].map, *out = b[1].map, *sum = b[2].map;
	uint32_t want[256] = { 0 }, total = 0;
	VkCommandBuffer c = vk_begin();

	memset(b[1].map, 0, 1024);
	memset(b[2].map, 0, 8);
	vk_dispatch(c, vk_make_pipeline(reduce_spv, sizeof(reduce_spv)), b, (struct push){ N, 0 }, N / 256);
	vk_submit(c);
	for (uint32_t i = 0; i < N; i++) {
		want[in[i] & 255]++;
		total += in[i];
	}
	ok(sum[0] == total && sum[1] == N / 256, "a reduction in shared memory");
	ok(!memcmp(out, want, sizeof(want)), "a histogram in shared memory");
}

/* Through memory of the device, with odd places and sizes, and without waiting between. */
static void test_copies(const struct buffer b[3])
{
	struct buffer local = vk_make_buffer(32 * N, false);
	const uint32_t *in = b[0].map, *out = b[1].map;
	VkBufferCopy there = { .srcOffset = 12, .dstOffset = 4, .size = 4 * N - 12 };
	VkBufferCopy back = { .srcOffset = 4, .dstOffset = 64, .size = 4 * N - 12 };
	uint32_t update[5] = { 1, 22, 333, 4444, 55555 };
	VkCommandBuffer c = vk_begin();
	bool good = true;

	memset(b[1].map, 0, 16 * N);
	vkCmdFillBuffer(c, local.buffer, 0, VK_WHOLE_SIZE, 0xabcdef01);
	vk_barrier(c);
	vkCmdCopyBuffer(c, b[0].buffer, local.buffer, 1, &there);
	vkCmdUpdateBuffer(c, local.buffer, 20 * N, sizeof(update), update);
	vk_barrier(c);
	vkCmdCopyBuffer(c, local.buffer, b[1].buffer, 1, &back);
	back = (VkBufferCopy){ .srcOffset = 20 * N - 4, .dstOffset = 8 * N, .size = sizeof(update) + 8 };
	vkCmdCopyBuffer(c, local.buffer, b[1].buffer, 1, &back);
	vk_submit(c);
	ok(!memcmp(out + 16, in + 3, 4 * N - 12), "copies to memory of the device and back");
	ok(!out[15] && !out[16 + N - 3], "nothing beside them");
	ok(!memcmp(out + 2 * N + 1, update, sizeof(update)), "an update");
	for (uint32_t i = 0; i < 7; i += 6)
		good &= out[2 * N + i] == 0xabcdef01;
	ok(good, "a fill");
}

int main(void)
{
	struct buffer b[3];

	printf("1..11\n");
	vk_open_device(false);
	vk_make_layouts();
	for (uint32_t n = 0; n < 3; n++)
		b[n] = vk_make_buffer(n == 1 ? 16 * N + 64 : 4 * N, true);
	for (uint32_t i = 0; i < N; i++)
		((uint32_t *)b[0].map)[i] = random32();
	test_mix(b);
	test_reduce(b);
	test_copies(b);
	return bad_tests != 0;
}
