// SPDX-License-Identifier: MIT
/* The device info table, decoded word by word as a driver does. */
#include "bench_device.h"
#include "ptop.h"

struct found {
	int type, inst, addr, fault, engine, runlist, intr, reset;
};

/* Decodes the table; bits as in the public headers of the unit. */
static int decode(struct bench *b, struct found *out)
{
	struct found f = { -1, 0, 0, -1, -1, -1, -1, -1 };
	int n = 0;

	for (u32 i = 0; i < 64; i++) {
		u32 w = rd32(b, 0x022700 + 4 * i);

		switch (w & 3) {
		case 1:
			f.inst = (int)(w >> 26 & 0xf);
			f.addr = (int)(w & 0x00fff000);
			f.fault = w & 4 ? (int)(w >> 3 & 0x7f) : -1;
			break;
		case 2:
			f.engine = w & 0x20 ? (int)(w >> 26 & 0xf) : -1;
			f.runlist = w & 0x10 ? (int)(w >> 21 & 0xf) : -1;
			f.intr = w & 0x08 ? (int)(w >> 15 & 0x1f) : -1;
			f.reset = w & 0x04 ? (int)(w >> 9 & 0x1f) : -1;
			break;
		case 3:
			f.type = (int)(w >> 2 & 0x1fffffff);
			break;
		default:
			continue;
		}
		if (!(w & 0x80000000)) {
			out[n++] = f;
			f = (struct found){ -1, 0, 0, -1, -1, -1, -1, -1 };
		}
	}
	return n;
}

static const struct found *find(const struct found *f, int n, int type, int inst)
{
	for (int i = 0; i < n; i++) {
		if (f[i].type == type && f[i].inst == inst)
			return &f[i];
	}
	return NULL;
}

static void check(const char *chip, int nr_ce, bool sec2)
{
	const struct found *gr, *ce;
	struct found f[64];
	struct bench b;
	u32 intrs = 0, resets = 0, faults = 0;
	int n;

	bench_open(&b, chip, 64 << 20, NULL);
	n = decode(&b, f);
	ok_eq(n, 1 + nr_ce + sec2, "%s: number of engines", chip);
	gr = find(f, n, 0, 0);
	ok(gr && gr->addr == 0x400000 && gr->fault == 0 && gr->engine == 0 && gr->runlist == 0 && gr->intr == 12 && gr->reset == 12,
	   "%s: graphics", chip);
	ce = find(f, n, 0x13, 0);
	ok(ce && ce->addr == 0x104000 && ce->fault == 0x15 && ce->runlist == 0, "%s: CE0 on the runlist of graphics", chip);
	ce = find(f, n, 0x13, nr_ce - 1);
	ok(ce && ce->runlist == nr_ce - 1 && ce->engine == nr_ce, "%s: the last CE on a runlist of its own", chip);
	for (int i = 0; i < n; i++) {
		if (f[i].intr >= 0)
			intrs |= 1u << f[i].intr;
		if (f[i].reset >= 0)
			resets |= 1u << f[i].reset;
		if (f[i].fault >= 0)
			faults |= 1u << f[i].fault;
	}
	ok(__builtin_popcount(intrs) == n && __builtin_popcount(resets) == n, "%s: no two share a bit", chip);
	ok_eq(__builtin_popcount(faults), n - sec2, "%s: nor a fault id", chip);
	ok_eq(!!find(f, n, 0xd, 0), sec2, "%s: SEC2", chip);
	bench_close(&b);
}

static void check_shared(void)
{
	static const char *const options[] = { "ce-runlist", "gr", NULL };
	struct found f[64];
	struct bench b;
	int n, on_gr = 0;

	bench_open(&b, NULL, 64 << 20, options);
	n = decode(&b, f);
	for (int i = 0; i < n; i++)
		on_gr += f[i].type == 0x13 && f[i].runlist == 0;
	ok_eq(on_gr, 4, "ce-runlist=gr: all copy engines on runlist 0");
	ok_eq(ptop_nr_runlists(b.gpu), 1, "and no other runlist");
	bench_close(&b);
}

int main(void)
{
	check("gp104", 4, true);
	check("gp100", 6, false);
	check_shared();
	return tap_done();
}
