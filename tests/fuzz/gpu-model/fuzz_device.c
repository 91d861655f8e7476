// SPDX-License-Identifier: MIT
/*
 * Fuzz target for the device as a guest reaches it.
 *
 * An input is a list of accesses: registers (any, or one of those with
 * behaviour), the BARs, configuration space, trouble made on demand, and bytes put into VRAM
 * where page tables, runlists, channels and push buffers lie. A scene is set up first: page tables for BAR2 and a channel
 * with a copy engine, so that random bytes reach the units behind them. Whatever
 * the guest does, the device must not crash, hang, or touch guest RAM outside the
 * page that it was given: everything round that page is another allocation.
 *
 * With clang: libFuzzer. Else (FUZZ_STANDALONE) a program that makes its own
 * random inputs: fuzz_device [ROUNDS [SEED]], or reads the files that it is given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chips.h"
#include "device.h"
#include "inject.h"
#include "unit.h"

#define VRAM		(64ull << 20)
#define RAM_AT		0x10000u	/* guest-physical address of the page of guest RAM */
#define RAM_SIZE	0x4000u
#define HANG_SECONDS	30
#define INPUTS_A_DEVICE	64	/* making one takes longer than an input */

/* Where the scene is in VRAM. */
enum {
	INST = 0x100000, PD3 = 0x101000, PD2 = 0x102000, PD1 = 0x103000, PD0 = 0x104000, SPT = 0x105000, LPT = 0x106000,
	USERD = 0x107000, GPFIFO = 0x108000, PUSH = 0x109000, RUNLIST = 0x10a000, SCENE_END = 0x10b000,
};

static u8 *ram;
static struct gpu *gpu;

static void *dma(void *ctx, u64 addr, u64 len, bool write)
{
	(void)ctx;
	(void)write;
	return addr >= RAM_AT && addr - RAM_AT <= RAM_SIZE && len <= RAM_SIZE - (addr - RAM_AT) ? ram + (addr - RAM_AT) : NULL;
}

static void quiet(void *ctx, enum gpu_log_level level, const char *text)
{
	(void)ctx;
	(void)level;
	(void)text;
}

static void wr32(u32 addr, u32 v)
{
	gpu_region_write(gpu, GPU_BAR0, addr, &v, 4);
}

/* VRAM by way of PRAMIN. */
static void vram32(u32 addr, u32 v)
{
	wr32(0x001700, addr >> 16);
	wr32(0x700000 + (addr & 0xffff), v);
}

static void vram64(u32 addr, u64 v)
{
	vram32(addr, (u32)v);
	vram32(addr + 4, (u32)(v >> 32));
}

/* The first 2 MiB of virtual memory are VRAM, but for one page, which is guest RAM. */
static void build_tables(void)
{
	vram64(INST + 0x200, PD3 | 1u << 10 | 1u << 11);
	vram64(INST + 0x208, (1ull << 49) - 1);
	vram64(PD3, PD2 >> 4 | 2);
	vram64(PD2, PD1 >> 4 | 2);
	vram64(PD1, PD0 >> 4 | 2);
	vram64(PD0, LPT >> 4 | 2);
	vram64(PD0 + 8, SPT >> 4 | 2);
	for (u32 i = 0; i < 512; i++)
		vram64(SPT + 8 * i, (u64)i << 8 | 1);
	vram64(SPT + 8 * 0x20, (u64)(RAM_AT >> 12) << 8 | 2 << 1 | 1);
}

static void build_channel(void)
{
	vram32(INST + 0x08, USERD);
	vram32(INST + 0x48, GPFIFO);
	vram32(INST + 0x4c, 9u << 16);
	vram64(GPFIFO, PUSH | (u64)64 << 42);
	vram32(PUSH, 1u << 29 | 1u << 16 | 4u << 13);
	vram32(PUSH + 4, 0xc1b5);
	vram32(USERD + 0x8c, 1);
	vram64(RUNLIST, 1u << 13 | 1u << 26);
	vram64(RUNLIST + 8, (u64)INST << 20);
	wr32(0x000200, ~0u);
	wr32(0x002140, ~0u);
	wr32(0x000160, ~0u);
	wr32(0x001714, 1u << 31 | INST >> 12);
	wr32(0x001704, 1u << 31 | INST >> 12);
	wr32(0x002254, 1u << 28);
	wr32(0x800000, 1u << 31 | INST >> 12);
	wr32(0x002270, RUNLIST >> 12);
	wr32(0x002274, 2);
	wr32(0x800004, 0x400);
}

/* Registers that do something. */
static const u32 hooks[] = {
	0x000100, 0x000160, 0x000180, 0x000200, 0x001700, 0x001704, 0x001714, 0x002100, 0x002140, 0x002254, 0x00259c,
	0x002270, 0x002274, 0x002630, 0x002634, 0x002640, 0x002a00, 0x002a30, 0x002a70, 0x002a74, 0x002a7c, 0x002a84,
	0x009100, 0x009140, 0x009400, 0x009410, 0x009420, 0x040108, 0x040118, 0x070000, 0x087000, 0x087004, 0x087054,
	0x087058, 0x087100, 0x087130, 0x0871c0, 0x0871c4, 0x0873c0, 0x087a00, 0x087a34, 0x087ac0, 0x087ac4, 0x088004,
	0x088704, 0x100c80, 0x100cb8, 0x100cbc, 0x100cec, 0x100cd4, 0x104410, 0x10a100, 0x10a1c0, 0x10a1c4, 0x10a480,
	0x400100, 0x409100, 0x409500, 0x409504, 0x409800, 0x409820, 0x409840, 0x409b00, 0x404170, 0x800000, 0x800004,
	0x800008, 0x80000c,
};

/* Bytes of an input, one after the other; zeros when it has ended. */
struct input {
	const u8 *p;
	size_t left;
};

static u32 take(struct input *in, u32 bytes)
{
	u32 v = 0;

	for (u32 i = 0; i < bytes && in->left; i++, in->left--)
		v |= (u32)*in->p++ << 8 * i;
	return v;
}

/* Trouble on demand, but for the removal: nothing would be left to look at. */
static void make_trouble(u8 what, u8 number)
{
	static const struct { const char *name; u8 most; } kind[] = {
		{ "copy-error", 9 }, { "hang", 5 }, { "unhang", 5 }, { "lost-irq", 9 }, { "late-irq", 200 },
		{ "overflow", 9 }, { "duplicate", 100 }, { "late-fault", 200 }, { "ahead", 200 }, { "burst", 9 },
		{ "kill", 3 }, { "nonsense", 1 },
	};
	char command[32], answer[256];
	FILE *out = fmemopen(answer, sizeof(answer), "w");

	if (!out)
		abort();
	what %= sizeof(kind) / sizeof(kind[0]);
	snprintf(command, sizeof(command), "%s %u", kind[what].name, number % (kind[what].most + 1u));
	gpu_lock(gpu);
	inject_command(gpu, command, out);
	gpu_unlock(gpu);
	fclose(out);
}

static void one_access(struct input *in)
{
	static const u8 sizes[] = { 1, 2, 4, 8, 3, 16, 64, 200 };
	u8 buf[256] = { 0 };
	u32 op = take(in, 1), len = sizes[op >> 4 & 7];

	switch (op & 15) {
	case 0 ... 4:		/* a register that does something */
		wr32(hooks[take(in, 1) % (sizeof(hooks) / sizeof(hooks[0]))], take(in, 4));
		break;
	case 5:
		gpu_region_read(gpu, GPU_BAR0, hooks[take(in, 1) % (sizeof(hooks) / sizeof(hooks[0]))], buf, 4);
		break;
	case 6:			/* any register */
		wr32(take(in, 3) & 0xfffffc, take(in, 4));
		break;
	case 7:
		gpu_region_read(gpu, GPU_BAR0, take(in, 3), buf, len);
		break;
	case 8 ... 10:		/* the scene's bytes */
		vram32(INST + take(in, 2) % (SCENE_END - INST) / 4 * 4, take(in, 4));
		break;
	case 11:
		make_trouble((u8)take(in, 1), (u8)take(in, 1));
		break;
	case 12:
		gpu_region_write(gpu, GPU_BAR2, take(in, 3), in->p, len < in->left ? len : (u32)in->left);
		break;
	case 13:
		gpu_region_read(gpu, op & 0x80 ? GPU_BAR1 : GPU_BAR2, take(in, 4), buf, len);
		break;
	case 14:		/* GP_PUT, through BAR1 */
		memcpy(buf, &(u32){ take(in, 1) }, 4);
		gpu_region_write(gpu, GPU_BAR1, USERD + 0x8c, buf, 4);
		break;
	case 15:
		if (op & 0x80)
			gpu_reset(gpu);
		else
			gpu_region_write(gpu, GPU_CONFIG, take(in, 1), &(u32){ take(in, 4) }, 4);
		break;
	}
}

static void open_device(const char *chip)
{
	static const struct gpu_option fast = { "delay", "0" };
	struct gpu_config config = { .chip = chip, .vram_bytes = VRAM, .seed = 1, .options = &fast, .nr_options = 1,
				     .host = { .dma = dma, .log = quiet } };

	ram = calloc(1, RAM_SIZE);
	gpu = gpu_create(&config, NULL, 0);
	if (!gpu || !ram)
		abort();
}

static void close_device(void)
{
	gpu_destroy(gpu);
	gpu = NULL;
	free(ram);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static int inputs;
	struct input in = { data, size };
	u32 boot0 = 0;

	if (!size || size > 4096)
		return 0;
	alarm(HANG_SECONDS);
	if (!gpu)
		open_device(inputs / INPUTS_A_DEVICE % 2 ? "gp100" : "gp104");
	gpu_reset(gpu);
	memset(gpu->vram, 0, SCENE_END);
	build_tables();
	build_channel();
	while (in.left)
		one_access(&in);
	gpu_region_read(gpu, GPU_BAR0, 0, &boot0, 4);
	if (boot0 != gpu->chip->boot0)
		abort();
	if (++inputs % INPUTS_A_DEVICE == 0)
		close_device();
	alarm(0);
	return 0;
}

#ifdef FUZZ_STANDALONE
static u64 state;

static u8 random_byte(void)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (u8)(state >> 56);
}

static int run_file(const char *path)
{
	static u8 data[4096];
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		return 1;
	}
	LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof(data), f));
	fclose(f);
	close_device();
	return 0;
}

int main(int argc, char **argv)
{
	u32 rounds = argc > 1 ? (u32)strtoul(argv[1], NULL, 0) : 1000;
	u8 data[1024];

	if (argc > 1 && !rounds)
		return run_file(argv[1]);
	state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	for (u32 r = 0; r < rounds; r++) {
		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = random_byte();
		LLVMFuzzerTestOneInput(data, sizeof(data));
	}
	if (gpu)
		close_device();
	printf("ok 1 - %u random sequences of accesses\n1..1\n", rounds);
	return 0;
}
#endif
