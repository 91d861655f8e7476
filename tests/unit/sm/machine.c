// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

static void *translate(void *ctx, u64 page, enum sm_access access, bool *keep)
{
	struct machine *m = ctx;
	u64 n = (page - M_BASE) / 4096;
	enum sm_access needs = access == SM_PREFETCH ? SM_READ : access;

	(void)keep;
	m->nr_translations++;
	if (page >= M_BASE && n < M_PAGES && m->mapped[n] && needs <= m->rights[n])
		return m->memory + n * 4096;
	if (m->nr_faults < M_MAX_FAULTS) {
		m->fault[m->nr_faults].page = page;
		m->fault[m->nr_faults].access = access;
	}
	m->nr_faults++;
	return NULL;
}

static void must(bool good, const char *what)
{
	if (good)
		return;
	printf("Bail out! %s\n", what);
	exit(1);
}

void machine_init(struct machine *m)
{
	struct sm_memory memory = { .ctx = m, .translate = translate };

	memset(m, 0, sizeof(*m));
	m->memory = aligned_alloc(4096, M_SIZE);
	must(m->memory != NULL, "memory");
	memset(m->memory, 0, M_SIZE);
	for (u32 n = 0; n < M_PAGES; n++) {
		m->mapped[n] = true;
		m->rights[n] = SM_ATOMIC;
	}
	m->launch = (struct sm_launch){
		.code = M_BASE + M_CODE,
		.grid = { 1, 1, 1 },
		.block = { 1, 1, 1 },
		.registers = 64,
		.shared_window = 0xfe000000,
		.local_window = 0xff000000,
		.bank[0] = { M_BASE + M_CONST, 0x1000 },
	};
	m->core = sm_core_new(&memory);
	must(m->core != NULL, "core");
}

void machine_fini(struct machine *m)
{
	sm_core_free(m->core);
	free(m->memory);
}

void machine_program(struct machine *m, const char *text)
{
	char err[256];
	int n = sm_asm(text, machine_at(m, M_CODE), (M_CONST - M_CODE) / 8, err, sizeof(err));

	must(n > 0, err);
}

void machine_arg(struct machine *m, unsigned int n, u32 v)
{
	memcpy(machine_at(m, M_CONST + 4 * n), &v, 4);
}

void machine_arg_address(struct machine *m, unsigned int n, u32 offset)
{
	u64 va = M_BASE + offset;

	machine_arg(m, n, (u32)va);
	machine_arg(m, n + 1, va >> 32);
}

static enum sm_block_state run_block(struct machine *m, struct sm_block *block, bool map)
{
	enum sm_block_state state;
	u32 turns = 0;

	for (;;) {
		u32 seen = m->nr_faults;

		state = sm_block_run(block, 64);
		if (state == SM_BLOCK_RUNNING && ++turns < 1000000)
			continue;
		if (state != SM_BLOCK_WAITING || !map)
			return state;
		for (u32 n = 0; n < seen && n < M_MAX_FAULTS; n++) {
			u64 page = (m->fault[n].page - M_BASE) / 4096;

			if (page >= M_PAGES)
				return state;
		}
		for (u32 n = 0; n < m->nr_faults && n < M_MAX_FAULTS; n++) {
			u64 page = (m->fault[n].page - M_BASE) / 4096;

			if (page < M_PAGES) {
				m->mapped[page] = true;
				m->rights[page] = SM_ATOMIC;
			}
		}
		sm_core_flush_tlb(m->core);
		sm_block_replay(block);
	}
}

enum sm_block_state machine_run(struct machine *m, bool map)
{
	enum sm_block_state state = SM_BLOCK_DONE;
	const char *why = sm_launch_check(&m->launch);

	must(!why, why);
	m->nr_faults = 0;
	sm_core_launch(m->core, &m->launch);
	for (u32 n = 0; n < m->launch.grid[0] && state == SM_BLOCK_DONE; n++) {
		const u32 id[3] = { n, 0, 0 };
		struct sm_block *block = sm_block_new(m->core, id);

		must(block != NULL, "block");
		state = run_block(m, block, map);
		sm_block_free(block);
	}
	return state;
}

/* --------------------------------------------------------------------- TAP */

static unsigned int nr_tests, nr_bad;

void ok(bool good, const char *fmt, ...)
{
	char name[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	for (char *p = name; *p; p++)
		*p = *p == '\n' ? ';' : *p;
	printf("%sok %u - %s\n", good ? "" : "not ", ++nr_tests, name);
	fflush(stdout);
	nr_bad += !good;
}

int done(void)
{
	printf("1..%u\n", nr_tests);
	return nr_bad != 0;
}

/* ------------------------------------------------------------ random numbers */

static u64 state = 0x9e3779b97f4a7c15ull;

static u64 next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dull;
}

u32 random_word(void)
{
	static const u32 edges[] = {
		0, 1, 2, 31, 32, 33, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x10000,
		0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff,
	};
	u64 r = next();

	if ((r & 7) == 0)
		return edges[(r >> 8) % (sizeof(edges) / sizeof(edges[0]))];
	if ((r & 7) == 1)
		return (r >> 32) & 0xff;
	return r >> 32;
}

u64 random_wide(void)
{
	u64 lo = random_word();

	return (u64)random_word() << 32 | lo;
}

u32 random_float(void)
{
	static const u32 edges[] = {
		0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x3f800000, 0xbf800000,
		0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x3effffff,
		0x3f000000, 0x4b000000, 0x4b800001, 0x4f000000, 0xcf000000, 0x5f000000,
	};
	u64 r = next();

	if ((r & 7) < 2)
		return edges[(r >> 8) % (sizeof(edges) / sizeof(edges[0]))];
	if ((r & 7) < 5)	/* an ordinary size */
		return (r >> 32 & 0x807fffff) | (u32)(110 + (r >> 8) % 36) << 23;
	return r >> 32;
}

u64 random_double(void)
{
	static const u64 edges[] = {
		0, 1ull << 63, 1, 0x000fffffffffffff, 0x3ff0000000000000, 0xbff0000000000000,
		0x7fefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
		0x41dfffffffc00000, 0x43e0000000000000, 0xc3e0000000000000, 0x3fdfffffffffffff,
	};
	u64 r = next();

	if ((r & 7) < 2)
		return edges[(r >> 8) % (sizeof(edges) / sizeof(edges[0]))];
	if ((r & 7) < 6)
		return (next() & 0x800fffffffffffffull) | (u64)(1000 + (r >> 8) % 60) << 52;
	return next();
}
