// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "diag.h"
#include "unit.h"

#define MAX_UNMODELLED	4096u	/* distinct registers kept; more are only counted */
#define MAX_NAMED	64u	/* registers that the watchdog names before it falls silent */
#define POLL_NS		1000000000ull
#define POLL_CHECK	64u	/* reads between two looks at the clock */

struct touched {
	u32 addr, reads, writes, last;
};

struct diag {
	struct touched touched[MAX_UNMODELLED];
	u32 nr_touched, nr_lost;
	u32 hash[MAX_UNMODELLED * 2];	/* index + 1 into touched */

	u32 poll_addr, poll_value, poll_count;
	u64 poll_since;
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
	gpu_log(gpu, GPU_LOG_WARN, "watchdog: the guest polls %06x %s, which stays %08x", addr,
		gpu_reg_name(gpu, addr, name, sizeof(name)), value);
}

void diag_read(struct gpu *gpu, u32 addr, u32 value)
{
	struct diag *d = gpu->diag;

	if (is_timer(addr))
		return;
	if (addr != d->poll_addr || value != d->poll_value) {
		d->poll_addr = addr;
		d->poll_value = value;
		d->poll_count = 0;
		return;
	}
	if (!d->poll_count++)
		d->poll_since = host_ns();
	if (d->poll_count % POLL_CHECK == 0 && host_ns() - d->poll_since > POLL_NS)
		name_it(gpu, addr, value);
}

void diag_progress(struct gpu *gpu)
{
	gpu->diag->poll_addr = ~0u;
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
			fprintf(to, "not modelled: %06x reads %u writes %u last %08x\n", sorted[i].addr,
				sorted[i].reads, sorted[i].writes, sorted[i].last);
		if (d->nr_lost)
			fprintf(to, "not modelled: %u accesses to further registers\n", d->nr_lost);
	}
	free(sorted);
	return nr;
}
