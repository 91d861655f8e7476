// SPDX-License-Identifier: MIT
/*
 * Fuzz target for the interpreter and the classes of the graphics engine.
 *
 * The first byte of an input chooses what the rest is: instructions (whole words,
 * or rows of the table with random fields, so that most of them exist), a launch
 * descriptor, or a stream of methods. Whatever it is, nothing may crash, run for
 * ever, or reach memory that is not mapped: pages are separate allocations, so
 * that a sanitizer sees the first byte beyond one, and pages that may only be
 * read must hold afterwards what they held before.
 *
 * With clang: libFuzzer. Else (FUZZ_STANDALONE) a program that makes its own
 * random inputs: fuzz_sm [ROUNDS [SEED]], or reads the files that it is given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gr_class.h"
#include "gr_grid.h"
#include "sm.h"
#include "sm_isa.h"

#define PAGES		8u
#define PAGE		4096u
#define BASE		0x100000ull
#define READ_ONLY	6u	/* first of the pages that may not be written */
#define READ_ONLY_BYTE	0x5a
#define MAX_TURNS	64

static u8 *page[PAGES];

static void *translate(u64 va, enum sm_access access)
{
	u64 n = (va - BASE) / PAGE;

	if (va < BASE || n >= PAGES || (access != SM_READ && n >= READ_ONLY))
		return NULL;
	return page[n];
}

static void *core_translate(void *ctx, u64 va, enum sm_access access, bool *keep)
{
	(void)ctx;
	(void)keep;
	return translate(va, access);
}

static void *grid_translate(void *ctx, u64 va, enum sm_access access, bool *keep, u32 *reason)
{
	(void)ctx;
	(void)keep;
	*reason = 2;
	return translate(va, access);
}

static void fresh_memory(void)
{
	for (u32 n = 0; n < PAGES; n++) {
		if (!page[n])
			page[n] = aligned_alloc(PAGE, PAGE);
		memset(page[n], n < READ_ONLY ? 0 : READ_ONLY_BYTE, PAGE);
	}
}

static void check_memory(void)
{
	for (u32 n = READ_ONLY; n < PAGES; n++) {
		for (u32 i = 0; i < PAGE; i++) {
			if (page[n][i] != READ_ONLY_BYTE)
				abort();
		}
	}
}

static u64 take(const u8 **data, size_t *size, unsigned int bytes)
{
	u64 v = 0;

	for (unsigned int n = 0; n < bytes && *size; n++) {
		v |= (u64)*(*data)++ << 8 * n;
		--*size;
	}
	return v;
}

/* ------------------------------------------------------------ instructions */

/* Registers that point somewhere useful, by pairs, and a few numbers. */
static const char prologue[] =
	"mov32i r0, 0x100000\nmov r1, rz\nmov32i r2, 0x104000\nmov r3, rz\n"
	"mov32i r4, 0x106000\nmov r5, rz\nmov32i r6, 0xfe000000\nmov r7, rz\n"
	"mov32i r8, 0xff000000\nmov r9, rz\ns2r r10, sr_tid.x\nshl r11, r10, 0x2\n"
	"iadd r12, r0, r11\nmov r13, rz\nmov32i r14, 0x3f800000\nisetp.lt.u32.and p0, p1, r10, 0x10, pt\n"
	"ssy 0x100ff8\npbk 0x100ff8\n";

/* A word of the input made an instruction that exists: opcode bits of a row. */
static u64 existing(u64 word, u32 choice)
{
	const struct sm_row *row = &sm_rows[choice % sm_nr_rows];
	u16 code, mask;

	for (enum sm_variant v = choice / sm_nr_rows % SM_NR_VARIANTS;; v = SM_V_REG) {
		if (sm_variant_code(row, v, &code, &mask))
			break;
	}
	word = (word & ~((u64)mask << 48)) | (u64)(code & mask) << 48;
	if (choice & 0x1000)		/* mostly small registers */
		word &= ~0x00007000f000f0f0ull;
	if (choice & 0x2000)		/* mostly without a guard */
		word = (word & ~0xf0000ull) | 0x70000;
	return word;
}

static void run_program(const u8 *data, size_t size)
{
	struct sm_memory memory = { .translate = core_translate };
	struct sm_launch launch = {
		.code = BASE, .grid = { 1, 1, 1 }, .registers = 32, .shared = 1024, .local = 256,
		.shared_window = 0xfe000000, .local_window = 0xff000000,
		.bank = { { BASE + 4 * PAGE, 0x2000 }, { BASE + 7 * PAGE, 0x2000 }, { 0x10, 0x100 } },
	};
	struct sm_core *core = sm_core_new(&memory);
	const u32 id[3] = { 0 };
	struct sm_block *block;
	u64 code[PAGE / 8];
	int n = sm_asm(prologue, code, PAGE / 8, (char[128]){ 0 }, 128);

	if (n < 0 || !core)
		abort();
	launch.block[0] = 1 + take(&data, &size, 1);
	launch.block[1] = launch.block[2] = 1;
	for (; size && n < (int)(PAGE / 8); n++) {
		u32 choice = take(&data, &size, 2);
		u64 word = take(&data, &size, 8);

		code[n] = choice & 0x8000 ? word : existing(word, choice);
	}
	memcpy(page[0], code, n * 8);
	if (sm_launch_check(&launch))
		abort();
	sm_core_launch(core, &launch);
	block = sm_block_new(core, id);
	for (int turns = 0; block && turns < MAX_TURNS; turns++) {
		enum sm_block_state state = sm_block_run(block, 32);

		if (state == SM_BLOCK_WAITING && turns < MAX_TURNS / 2)
			sm_block_replay(block);
		else if (state != SM_BLOCK_RUNNING)
			break;
	}
	sm_block_free(block);
	sm_core_free(core);
}

/* Text of anything is text, and what can be read back means the same. */
static void check_text(const u8 *data, size_t size)
{
	char text[128], again[128];
	u64 word, back;

	while (size) {
		word = take(&data, &size, 8);
		sm_dis(word, 0x1008, text, sizeof(text));
		if (text[0] == '.' || sm_asm_line(text, 0x1008, &back, NULL, 0))
			continue;
		sm_dis(back, 0x1008, again, sizeof(again));
		if (strcmp(text, again))
			abort();
	}
}

/* ----------------------------------------------------------------- methods */

static u32 turns_left;
static struct gr_grid *grid;

static bool enter(void *ctx)
{
	(void)ctx;
	return turns_left && turns_left--;
}

static void leave(void *ctx)
{
	(void)ctx;
}

static void fault(void *ctx, const struct gr_fault *f)
{
	(void)ctx;
	(void)f;
}

static bool over(void *ctx)
{
	(void)ctx;
	if (turns_left)
		turns_left--;
	return !turns_left;
}

static enum engine_result access_bytes(u64 va, void *buf, u32 len, bool write)
{
	u8 *p = buf;

	while (len) {
		u32 n = PAGE - va % PAGE;
		u8 *at = translate(va - va % PAGE, write ? SM_WRITE : SM_READ);

		if (!at)
			return ENGINE_FAULT;
		n = n < len ? n : len;
		if (write)
			memcpy(at + va % PAGE, p, n);
		else
			memcpy(p, at + va % PAGE, n);
		p += n;
		va += n;
		len -= n;
	}
	return ENGINE_OK;
}

static enum engine_result host_read(void *ctx, u64 va, void *buf, u32 len)
{
	(void)ctx;
	return access_bytes(va, buf, len, false);
}

static enum engine_result host_write(void *ctx, u64 va, const void *buf, u32 len)
{
	(void)ctx;
	return access_bytes(va, (void *)buf, len, true);
}

static u64 host_time(void *ctx)
{
	(void)ctx;
	return 1;
}

static void host_note(void *ctx, u32 class, u32 mthd, u32 data, bool known)
{
	(void)ctx;
	(void)data;
	if (known != gr_method_known(class, mthd) && known)
		abort();
}

static enum engine_result host_launch(void *ctx, const struct sm_launch *launch)
{
	enum gr_grid_state state;

	(void)ctx;
	if (sm_launch_check(launch))
		return ENGINE_OK;
	gr_grid_start(grid, launch);
	turns_left = MAX_TURNS;
	state = gr_grid_run(grid);
	if (gr_grid_active(grid))
		gr_grid_abort(grid);
	return state == GR_GRID_DONE ? ENGINE_OK : ENGINE_DEAD;
}

static void run_methods(const u8 *data, size_t size, bool descriptor)
{
	static const u32 classes[] = { 0xc1c0, 0xc197, 0xa140, 0x902d };
	struct gr_grid_host grid_host = {
		.enter = enter, .leave = leave, .translate = grid_translate, .fault = fault, .over = over,
	};
	struct gr_host host = {
		.read = host_read, .write = host_write, .time = host_time, .launch = host_launch,
		.over = over, .note = host_note,
	};
	struct gr_state *gr = gr_state_new(&host);
	struct gr_pool *pool = gr_pool_new(0);
	char err[128];

	grid = gr_grid_new(pool, &grid_host);
	if (!gr || !grid || sm_asm("exit\n", (u64 *)page[0], 16, err, sizeof(err)) < 0)
		abort();
	if (descriptor) {
		size_t n = size < GR_QMD_SIZE ? size : GR_QMD_SIZE;

		memcpy(page[1], data, n);
		gr_method(gr, 0xc1c0, 0x1608, 0);
		gr_method(gr, 0xc1c0, 0x160c, (u32)BASE);
		gr_method(gr, 0xc1c0, 0x2b4, (u32)(BASE + PAGE) >> 8);
		gr_method(gr, 0xc1c0, 0x2bc, 3);
		data += n;
		size -= n;
	}
	while (size) {
		u32 choice = take(&data, &size, 1);
		u32 mthd = take(&data, &size, 2) * 4, value = take(&data, &size, 4);

		if (choice & 0x80)	/* an address that exists */
			value = (u32)BASE + (value & 0x7fff);
		if (choice & 0x40)	/* a small number, or the upper half of an address */
			value &= 0xff;
		turns_left = MAX_TURNS;
		gr_method(gr, classes[choice & 3], mthd & 0x3ffc, value);
	}
	gr_grid_free(grid);
	gr_pool_free(pool);
	gr_state_free(gr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 kind;

	if (!size)
		return 0;
	kind = data[0] & 3;
	fresh_memory();
	switch (kind) {
	case 0:
		run_program(data + 1, size - 1);
		break;
	case 1:
		check_text(data + 1, size - 1);
		break;
	default:
		run_methods(data + 1, size - 1, kind == 2);
	}
	check_memory();
	return 0;
}

#ifdef FUZZ_STANDALONE
static u64 seed = 1;

static u64 next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

static void run_file(const char *name)
{
	static u8 data[65536];
	FILE *f = fopen(name, "r");

	if (!f) {
		perror(name);
		exit(1);
	}
	LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof(data), f));
	fclose(f);
}

/* A descriptor of which half of the fields make sense. */
static void plausible(u8 *data)
{
	u32 *q = (u32 *)(void *)(data + 4);

	data[0] = 2;
	memmove(q, data + 1, GR_QMD_SIZE - 4);
	q[8] = 8;
	for (int n = 12; n < 15; n++)
		q[n] &= 0x00030003;
	q[18] &= 0x001f0000;
	q[19] &= 0x00030007;
	q[19] |= 0x00010001;
	q[18] |= 0x00010000;
	q[17] &= 0xffff;
	q[29] = q[30] = 0;
	memmove(data + 1, q, GR_QMD_SIZE - 4);
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 20000;
	static _Alignas(8) u8 data[4096];

	if (argc > 1 && !rounds) {
		for (int n = 1; n < argc; n++)
			run_file(argv[n]);
		return 0;
	}
	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	seed = seed ? seed : 1;
	printf("# %lu rounds, seed %llu\n", rounds, (unsigned long long)seed);
	for (unsigned long n = 0; n < rounds; n++) {
		size_t size = 1 + next() % 1500;

		for (size_t i = 0; i < size; i += 8) {
			u64 r = next();

			memcpy(data + i, &r, 8);
		}
		if (n % 8 == 7)
			plausible(data);
		LLVMFuzzerTestOneInput(data, n % 8 == 7 ? GR_QMD_SIZE : size);
	}
	printf("ok 1 - %lu random programs, descriptors and method streams\n1..1\n", rounds);
	return 0;
}
#endif
