// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "unit.h"

#define MAX_UNMODELLED	4096u	/* distinct registers kept; more are only counted */
#define MAX_NAMED	64u	/* registers that the watchdog names before it falls silent */
#define POLL_NS		1000000000ull
#define POLL_CHECK	64u	/* reads between two looks at the clock */
#define MAX_POLLED	4u	/* registers that a loop may read by turns */

struct touched {
	u32 addr, reads, writes, last;
};

/* A register that may be polled: read with the same value since. */
struct polled {
	u32 addr, value, count;
	u64 since;
};

struct diag {
	struct touched touched[MAX_UNMODELLED];
	u32 nr_touched, nr_lost;
	u32 hash[MAX_UNMODELLED * 2];	/* index + 1 into touched */

	struct polled polled[MAX_POLLED];
	u32 nr_polled, oldest;
	u32 named[MAX_NAMED], nr_named;
};

int diag_init(struct gpu *gpu)
{
	gpu->diag = calloc(1, sizeof(*gpu->diag));
	return gpu->diag ? 0 : -ENOMEM;
}

void diag_fini(struct gpu *gpu)
{
	free(gpu->diag);
	gpu->diag = NULL;
}

const char *diag_block(u32 addr)
{
	static const struct {
		u32 first, last;
		const char *name;
	} block[] = {
		{ 0x000000, 0x000fff, "NV_PMC" },
		{ 0x001000, 0x001fff, "NV_PBUS" },
		{ 0x002000, 0x003fff, "NV_PFIFO" },
		{ 0x009000, 0x009fff, "NV_PTIMER" },
		{ 0x00d000, 0x00dfff, "NV_PMGR" },
		{ 0x00e000, 0x00efff, "NV_PMGR" },
		{ 0x020000, 0x020fff, "NV_THERM" },
		{ 0x021000, 0x021fff, "NV_FUSE" },
		{ 0x022000, 0x022fff, "NV_PTOP" },
		{ 0x040000, 0x05ffff, "NV_PPBDMA" },
		{ 0x070000, 0x070fff, "NV_UFLUSH" },
		{ 0x084000, 0x084fff, "NV_PNVDEC" },
		{ 0x087000, 0x087fff, "NV_PSEC" },
		{ 0x088000, 0x088fff, "NV_PCFG" },
		{ 0x08a000, 0x08afff, "NV_PCFG" },
		{ 0x08c000, 0x08cfff, "NV_XP" },
		{ 0x100000, 0x100fff, "NV_PFB" },
		{ 0x101000, 0x101fff, "NV_PEXTDEV" },
		{ 0x104000, 0x104fff, "NV_PCE" },
		{ 0x10a000, 0x10bfff, "NV_PPWR" },
		{ 0x120000, 0x12ffff, "NV_PPRIV" },
		{ 0x130000, 0x137fff, "NV_PTRIM" },
		{ 0x140000, 0x17ffff, "NV_PLTCG" },
		{ 0x180000, 0x1bffff, "NV_PERF" },
		{ 0x1c8000, 0x1cffff, "NV_PNVENC" },
		{ 0x1fa000, 0x1fafff, "NV_PFB" },
		{ 0x300000, 0x3fffff, "NV_PROM" },
		{ 0x400000, 0x5fffff, "NV_PGRAPH" },
		{ 0x610000, 0x6fffff, "NV_PDISP" },
		{ 0x700000, 0x7fffff, "NV_PRAMIN" },
		{ 0x800000, 0x81ffff, "NV_PCCSR" },
		{ 0x900000, 0x9fffff, "NV_PFB_FBPA" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(block); i++) {
		if (addr >= block[i].first && addr <= block[i].last)
			return block[i].name;
	}
	return "?";
}

static struct touched *touched_find(struct diag *d, u32 addr)
{
	u32 size = ARRAY_SIZE(d->hash);
	u32 h = (addr / 4 * 2654435761u) % size;

	while (d->hash[h]) {
		struct touched *t = &d->touched[d->hash[h] - 1];

		if (t->addr == addr)
			return t;
		h = (h + 1) % size;
	}
	if (d->nr_touched == MAX_UNMODELLED)
		return NULL;
	d->touched[d->nr_touched].addr = addr;
	d->hash[h] = ++d->nr_touched;
	return &d->touched[d->nr_touched - 1];
}

void diag_unmodelled(struct gpu *gpu, u32 addr, bool write, u32 value)
{
	struct touched *t = touched_find(gpu->diag, addr);

	if (!t) {
		gpu->diag->nr_lost++;
		return;
	}
	if (!t->reads && !t->writes)
		gpu_log(gpu, GPU_LOG_DEBUG, "register %06x is not modelled (%s %08x)", addr,
			write ? "write" : "read", value);
	if (write)
		t->writes++;
	else
		t->reads++;
	t->last = value;
}

static bool is_timer(u32 addr)
{
	return (addr & ~0xfffu) == 0x009000;
}

static void name_it(struct gpu *gpu, u32 addr, u32 value)
{
	struct diag *d = gpu->diag;
	char name[64];

	for (u32 i = 0; i < d->nr_named; i++) {
		if (d->named[i] == addr)
			return;
	}
	if (d->nr_named == MAX_NAMED)
		return;
	d->named[d->nr_named++] = addr;
	gpu_reg_name(gpu, addr, name, sizeof(name));
	gpu_log(gpu, GPU_LOG_WARN, "watchdog: the guest polls %06x %s, which stays %08x", addr,
		strcmp(name, "?") ? name : diag_block(addr), value);
}

/* The entry of a register; a new one takes the place of the one that was entered first. */
static struct polled *polled_find(struct diag *d, u32 addr)
{
	struct polled *p;

	for (u32 i = 0; i < d->nr_polled; i++) {
		if (d->polled[i].addr == addr)
			return &d->polled[i];
	}
	if (d->nr_polled < MAX_POLLED) {
		p = &d->polled[d->nr_polled++];
	} else {
		p = &d->polled[d->oldest];
		d->oldest = (d->oldest + 1) % MAX_POLLED;
	}
	*p = (struct polled){ .addr = addr };
	return p;
}

void diag_read(struct gpu *gpu, u32 addr, u32 value)
{
	struct polled *p;

	if (is_timer(addr))
		return;
	p = polled_find(gpu->diag, addr);
	if (value != p->value)
		p->count = 0;
	p->value = value;
	if (!p->count++)
		p->since = host_ns();
	if (p->count % POLL_CHECK == 0 && host_ns() - p->since > POLL_NS)
		name_it(gpu, addr, value);
}

void diag_progress(struct gpu *gpu)
{
	gpu->diag->nr_polled = gpu->diag->oldest = 0;
}

u32 diag_polled(const struct gpu *gpu)
{
	return gpu->diag->nr_named;
}

static int by_addr(const void *a, const void *b)
{
	const struct touched *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

u32 gpu_report_unmodelled(struct gpu *gpu, FILE *to)
{
	struct diag *d = gpu->diag;
	struct touched *sorted;
	u32 nr;

	gpu_lock(gpu);
	nr = d->nr_touched;
	sorted = calloc(nr + 1, sizeof(*sorted));
	if (sorted) {
		for (u32 i = 0; i < nr; i++)
			sorted[i] = d->touched[i];
		qsort(sorted, nr, sizeof(*sorted), by_addr);
	}
	gpu_unlock(gpu);
	if (to && sorted) {
		for (u32 i = 0; i < nr; i++)
			fprintf(to, "not modelled: %06x %s reads %u writes %u last %08x\n", sorted[i].addr,
				diag_block(sorted[i].addr), sorted[i].reads, sorted[i].writes, sorted[i].last);
		if (d->nr_lost)
			fprintf(to, "not modelled: %u accesses to further registers\n", d->nr_lost);
	}
	free(sorted);
	return nr;
}
