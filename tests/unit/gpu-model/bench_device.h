/* SPDX-License-Identifier: MIT */
/*
 * A device on the bench: no transport, a small piece of "guest RAM" at guest
 * address 0, and an interrupt counter.
 */
#ifndef BENCH_DEVICE_H
#define BENCH_DEVICE_H

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "device.h"
#include "tap.h"
#include "unit.h"

#define RAM_SIZE	(4u << 20)

struct bench {
	struct gpu *gpu;
	atomic_uint irqs;
	u8 *ram;
	char last_log[512];
};

static void bench_irq(void *ctx)
{
	atomic_fetch_add(&((struct bench *)ctx)->irqs, 1);
}

static void *bench_dma(void *ctx, u64 addr, u64 len, bool write)
{
	struct bench *b = ctx;

	(void)write;
	return addr <= RAM_SIZE && len <= RAM_SIZE - addr ? b->ram + addr : NULL;
}

static void bench_log(void *ctx, enum gpu_log_level level, const char *text)
{
	struct bench *b = ctx;

	if (level <= GPU_LOG_WARN)
		snprintf(b->last_log, sizeof(b->last_log), "%s", text);
}

/* @options: "key", "value", ..., NULL; may be NULL. The test ends when there is no device. */
__attribute__((unused))
static void bench_open(struct bench *b, const char *chip, u64 vram, const char *const *options)
{
	struct gpu_option o[16];
	struct gpu_config config = { .chip = chip, .vram_bytes = vram, .seed = 1, .options = o };
	char error[256] = "";

	memset(b, 0, sizeof(*b));
	b->ram = calloc(1, RAM_SIZE);
	for (; options && options[0]; options += 2)
		o[config.nr_options++] = (struct gpu_option){ options[0], options[1] };
	config.host = (struct gpu_host){ .ctx = b, .irq = bench_irq, .dma = bench_dma, .log = bench_log };
	b->gpu = gpu_create(&config, error, sizeof(error));
	if (!b->gpu || !b->ram) {
		printf("Bail out! no device: %s\n", error);
		exit(1);
	}
}

__attribute__((unused))
static void bench_close(struct bench *b)
{
	gpu_destroy(b->gpu);
	free(b->ram);
}

__attribute__((unused))
static u32 rd32(struct bench *b, u32 addr)
{
	u32 v = 0;

	gpu_region_read(b->gpu, GPU_BAR0, addr, &v, 4);
	return v;
}

__attribute__((unused))
static void wr32(struct bench *b, u32 addr, u32 v)
{
	gpu_region_write(b->gpu, GPU_BAR0, addr, &v, 4);
}

__attribute__((unused))
static u32 bar_rd32(struct bench *b, u32 region, u64 at)
{
	u32 v = 0;

	gpu_region_read(b->gpu, region, at, &v, 4);
	return v;
}

__attribute__((unused))
static void bar_wr32(struct bench *b, u32 region, u64 at, u32 v)
{
	gpu_region_write(b->gpu, region, at, &v, 4);
}

__attribute__((unused))
static void sleep_ms(unsigned int ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 }, NULL);
}

/* Waits up to ten seconds (machines are busy) for a register to take a value under a mask. */
__attribute__((unused))
static bool wait32(struct bench *b, u32 addr, u32 mask, u32 want)
{
	for (int i = 0; i < 10000; i++) {
		if ((rd32(b, addr) & mask) == want)
			return true;
		sleep_ms(1);
	}
	return false;
}

#endif
