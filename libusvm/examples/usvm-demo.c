// SPDX-License-Identifier: MIT
/*
 * usvm-demo: ordinary malloc'ed memory goes to video memory and comes back.
 *
 *   malloc -> CPU writes -> SVM_BIND moves it to VRAM -> the copy engine copies
 *   one half onto the other and fills the first, through the program's own
 *   pointers -> CPU touches it back
 *
 * Each step is checked by a checksum: of memory in RAM by reading it; of memory
 * in VRAM by having the copy engine copy it to a buffer of the driver's, since
 * reading it would bring it home. Written on the library's lowest layer, so
 * that it shows what a program asks of the kernel.
 */
#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "nv.h"
#include "nv_uapi.h"
#include "pages.h"

#define MIB		(1ull << 20)
#define WAIT_NS		20000000000ull
#define STAGE_BYTES	MIB
#define FILL_PATTERN	0x5ca1ab1eu
#define MAX_STEPS	12
#define MAP_MARKS	64

struct step {
	const char *name;
	uint64_t bytes;
	double seconds;
	uint64_t launches;	/* of this program's own channel */
	uint64_t cpu_faults;
	uint64_t driver_launches;	/* by a counters file, as the next */
	uint64_t gpu_faults;
	struct pages_count where;
	char map[MAP_MARKS + 1];	/* one mark for each part of the memory */
	uint64_t sum;
	bool good;
};

struct demo {
	uint64_t size;		/* of both halves */
	bool no_thp;
	bool json;
	const char *node;
	const char *counters;
	glob_t found;		/* holds what counters points to, if we looked for it */
	uint64_t folios[11];	/* bytes in VRAM after the prefetch, by order; the last: above */
	bool folios_known;
	unsigned char *malloced;
	unsigned char *lower;	/* 2 MiB aligned, inside what malloc gave */
	unsigned char *upper;
	struct nv_device dev;
	struct nv_channel ch;
	struct nv_bo stage;
	struct step steps[MAX_STEPS];
	unsigned int nsteps;
	struct step start;	/* counts when the current step began */
	double began;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int complain(const char *what, int err)
{
	fprintf(stderr, "usvm-demo: %s: %s\n", what, strerror(-err));
	return err;
}

/* Order matters in it, so that swapped pages show. */
static uint64_t checksum(uint64_t sum, const void *p, uint64_t size)
{
	const uint64_t *w = p;

	for (uint64_t i = 0; i < size / 8; i++)
		sum = (sum ^ w[i]) * 0x9e3779b97f4a7c15u + (sum >> 47);
	return sum;
}

/*
 * Lines "name: value" or "name value", names with blanks: nouveau's debugfs file
 * dmem, or one that somebody keeps with the model's counters. What is not there
 * leaves the number alone.
 */
static void read_counters(const char *path, struct step *s)
{
	FILE *f = path ? fopen(path, "r") : NULL;
	char line[128];

	while (f && fgets(line, sizeof(line), f)) {
		char *value = line + strcspn(line, "0123456789\n");
		uint64_t n = strtoull(value, NULL, 10);

		while (value > line && (value[-1] == ' ' || value[-1] == ':'))
			value--;
		*value = 0;
		if (!strcmp(line, "launches") || !strcmp(line, "copy launches"))
			s->driver_launches = n;
		else if (!strcmp(line, "faults") || !strcmp(line, "GPU faults read"))
			s->gpu_faults = n;
	}
	if (f)
		fclose(f);
}

/* This project's nouveau shows its counters to root in debugfs. */
static void find_counters(struct demo *d)
{
	if (!d->counters && !glob("/sys/kernel/debug/dri/*/dmem", 0, NULL, &d->found) &&
	    d->found.gl_pathc)
		d->counters = d->found.gl_pathv[0];
}

static void count_now(const struct demo *d, struct step *s)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	s->cpu_faults = (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
	s->launches = d->ch.launches;
	read_counters(d->counters, s);
}

/* R, r: RAM by 2 MiB and 4 KiB entries; V, v: VRAM; *: both; a dot: untouched. */
static void draw(const struct demo *d, char *map)
{
	uint64_t part = d->size / MAP_MARKS < NV_HUGE_SIZE ? NV_HUGE_SIZE : d->size / MAP_MARKS;

	for (uint64_t at = 0; at < d->size && *map == 0; at += part, map++) {
		uint64_t size = d->size - at < part ? d->size - at : part;
		struct pages_count c;

		if (pages_scan(d->lower + at, size, &c))
			*map = '?';
		else if ((c.away_small || c.away_huge) && (c.ram_small || c.ram_huge))
			*map = '*';
		else if (c.away_small || c.away_huge)
			*map = c.away_huge >= c.away_small ? 'V' : 'v';
		else if (c.ram_small || c.ram_huge)
			*map = c.ram_huge >= c.ram_small ? 'R' : 'r';
		else
			*map = '.';
	}
}

static void begin(struct demo *d)
{
	count_now(d, &d->start);
	d->began = now();
}

/* Notes the step that began last; what is checked by the caller goes in later. */
static struct step *end(struct demo *d, const char *name, uint64_t bytes)
{
	struct step *s = &d->steps[d->nsteps++];

	s->seconds = now() - d->began;
	s->name = name;
	s->bytes = bytes;
	count_now(d, s);
	s->cpu_faults -= d->start.cpu_faults;
	s->launches -= d->start.launches;
	s->driver_launches -= d->start.driver_launches;
	s->gpu_faults -= d->start.gpu_faults;
	if (pages_scan(d->lower, d->size, &s->where))
		memset(&s->where, 0, sizeof(s->where));
	memset(s->map, 0, sizeof(s->map));
	draw(d, s->map);
	return s;
}

static int finish(struct nv_channel *ch)
{
	uint32_t seq;
	int err = nv_submit(ch, &seq);

	return err ? err : nv_wait(ch, seq, WAIT_NS);
}

/* The checksum of memory that stays where it is. */
static int gpu_checksum(struct demo *d, const void *p, uint64_t size, uint64_t *sum)
{
	*sum = 0;
	for (uint64_t at = 0; at < size; at += STAGE_BYTES) {
		uint64_t part = size - at < STAGE_BYTES ? size - at : STAGE_BYTES;
		int err = nv_copy(&d->ch, d->stage.va, (uintptr_t)p + at, part);

		if (!err)
			err = finish(&d->ch);
		if (err)
			return complain("copy engine, reading VRAM for a checksum", err);
		*sum = checksum(*sum, d->stage.map, part);
	}
	return 0;
}

static int prepare(struct demo *d)
{
	int err;

	d->malloced = malloc(d->size + NV_HUGE_SIZE);
	if (!d->malloced)
		return complain("malloc", -ENOMEM);
	d->lower = (void *)(((uintptr_t)d->malloced + NV_HUGE_SIZE - 1) & ~(NV_HUGE_SIZE - 1));
	d->upper = d->lower + d->size / 2;
	/* best effort: a kernel without huge pages has nothing to advise */
	madvise(d->lower, d->size, d->no_thp ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
	err = nv_device_open(&d->dev, d->node);
	if (err)
		return complain(d->dev.failed, err);
	err = nv_channel_open(&d->dev, &d->ch, NV_ENGINE_COPY);
	if (err)
		return complain("making a copy channel", err);
	err = nv_bo_new(&d->dev, &d->stage, STAGE_BYTES);
	if (!err)
		err = nv_channel_use(&d->ch, &d->stage);
	return err ? complain("making a staging buffer", err) : 0;
}

static uint64_t cpu_write(struct demo *d)
{
	uint64_t *w = (uint64_t *)d->lower, x = 1;
	struct step *s;

	begin(d);
	for (uint64_t i = 0; i < d->size / 16; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		w[i] = x;
	}
	memset(d->upper, 0xff, d->size / 2);
	s = end(d, "CPU writes", d->size);
	s->sum = checksum(0, d->lower, d->size / 2);
	s->good = s->where.none == 0;
	return s->sum;
}

static uint64_t at_home(const struct pages_count *where)
{
	return where->ram_small + where->ram_huge + where->none;
}

/* By which folio sizes it moved: only the kernel knows. */
static void ask_folios(struct demo *d)
{
	struct drm_nouveau_svm_extent *e = calloc(d->size / NV_PAGE_SIZE, sizeof(*e));
	uint64_t n = 0;

	d->folios_known = e && nv_svm_features(&d->dev) & NOUVEAU_SVM_BIND_FEATURE_QUERY &&
			  !nv_svm_query(&d->dev, d->lower, d->size, e, d->size / NV_PAGE_SIZE, &n);
	for (uint64_t i = 0; d->folios_known && i < n; i++)
		if (e[i].where == NOUVEAU_SVM_EXTENT_VRAM)
			d->folios[e[i].order < 10 ? e[i].order : 10] += e[i].va_end - e[i].va_start;
	free(e);
}

static int to_vram(struct demo *d, uint64_t want)
{
	struct step *s;
	int err;

	begin(d);
	err = nv_svm_bind(&d->dev, d->lower, d->size);
	s = end(d, "prefetch to VRAM", d->size);
	if (err)
		return complain("SVM_BIND", err);
	/* The kernel moves what it can. The copy engine must not meet the rest. */
	for (int again = 0; again < 3 && at_home(&s->where); again++) {
		fprintf(stderr, "usvm-demo: %llu KiB stayed in RAM, asking once more\n",
			(unsigned long long)at_home(&s->where) >> 10);
		err = nv_svm_bind(&d->dev, d->lower, d->size);
		if (err)
			return complain("SVM_BIND", err);
		d->nsteps--;
		s = end(d, "prefetch to VRAM", d->size);
	}
	if (at_home(&s->where)) {
		fprintf(stderr, "usvm-demo: %llu KiB did not go to VRAM: too little of it?\n",
			(unsigned long long)at_home(&s->where) >> 10);
		return -ENOSPC;
	}
	ask_folios(d);
	err = gpu_checksum(d, d->lower, d->size / 2, &s->sum);
	s->good = !err && s->sum == want;
	return err;
}

static int gpu_work(struct demo *d, uint64_t want)
{
	uint64_t half = d->size / 2, fill = 0;
	struct step *s;
	int err;

	begin(d);
	err = nv_copy(&d->ch, (uintptr_t)d->upper, (uintptr_t)d->lower, half);
	if (!err)
		err = finish(&d->ch);
	s = end(d, "GPU copies", half);
	if (err)
		return complain("copy engine, copying", err);
	err = gpu_checksum(d, d->upper, half, &s->sum);
	if (err)
		return err;
	s->good = s->sum == want && !at_home(&s->where);

	begin(d);
	err = nv_fill(&d->ch, (uintptr_t)d->lower, 4, FILL_PATTERN, half / 4);
	if (!err)
		err = finish(&d->ch);
	s = end(d, "GPU fills", half);
	if (err)
		return complain("copy engine, filling", err);
	err = gpu_checksum(d, d->lower, half, &s->sum);
	if (err)
		return err;
	for (uint64_t i = 0; i < half; i += 8) {
		uint64_t pattern = (uint64_t)FILL_PATTERN << 32 | FILL_PATTERN;

		fill = checksum(fill, &pattern, 8);
	}
	s->good = s->sum == fill && !at_home(&s->where);
	return 0;
}

/* One touch a page; the check reads every byte afterwards. */
static void touch_back(struct demo *d, uint64_t want)
{
	uint64_t wrong = 0;
	struct step *s;

	begin(d);
	for (uint64_t i = 0; i < d->size; i += NV_PAGE_SIZE)
		(void)*(volatile unsigned char *)(d->lower + i);
	s = end(d, "CPU touches back", d->size);
	for (uint64_t i = 0; i < d->size / 2; i += 4)
		wrong += *(uint32_t *)(d->lower + i) != FILL_PATTERN;
	s->sum = checksum(0, d->upper, d->size / 2);
	s->good = !wrong && s->sum == want && at_home(&s->where) == d->size;
	if (wrong)
		fprintf(stderr, "usvm-demo: %llu filled words are wrong\n",
			(unsigned long long)wrong);
}

static void print_folios(const struct demo *d, const struct pages_count *where)
{
	bool any = false;

	if (d->folios_known) {
		printf("\nmoved to VRAM in folios of:");
		for (unsigned int order = 0; order < 11; order++) {
			uint64_t bytes = NV_PAGE_SIZE << order;

			if (!d->folios[order])
				continue;
			printf("%s %llu x %llu KiB", any ? "," : "",
			       (unsigned long long)(d->folios[order] / bytes),
			       (unsigned long long)bytes >> 10);
			any = true;
		}
		printf("%s (the kernel's query)\n", any ? "" : " none");
	} else if (where->source == PAGES_FROM_SCAN) {
		printf("\nmoved to VRAM behind %llu page-table entries of 2 MiB and %llu of 4 KiB"
		       " (page tables; this kernel cannot be asked for folios)\n",
		       (unsigned long long)(where->away_huge / NV_HUGE_SIZE),
		       (unsigned long long)(where->away_small / NV_PAGE_SIZE));
	} else {
		printf("\nmoved to VRAM in unknown sizes (this kernel has no PAGEMAP_SCAN)\n");
	}
}

static void number_or_na(bool known, uint64_t n)
{
	if (known)
		printf(" %9llu", (unsigned long long)n);
	else
		printf(" %9s", "n/a");
}

static void print_table(const struct demo *d)
{
	printf("\n%-17s %6s %9s %9s %7s %7s %7s %7s %9s %9s %9s %9s  %-16s\n", "", "", "", "",
	       "RAM", "RAM", "VRAM", "VRAM", "CPU", "own", "driver's", "GPU", "");
	printf("%-17s %6s %9s %9s %7s %7s %7s %7s %9s %9s %9s %9s  %-16s\n", "step", "MiB", "ms",
	       "MiB/s", "4K MiB", "2M MiB", "4K MiB", "2M MiB", "faults", "launches", "launches",
	       "faults", "checksum");
	for (unsigned int i = 0; i < d->nsteps; i++) {
		const struct step *s = &d->steps[i];
		double mib = (double)s->bytes / (double)MIB;

		printf("%-17s %6.0f %9.2f %9.1f %7.1f %7.1f %7.1f %7.1f %9llu %9llu", s->name, mib,
		       1e3 * s->seconds, mib / s->seconds, (double)s->where.ram_small / (double)MIB,
		       (double)s->where.ram_huge / (double)MIB,
		       (double)s->where.away_small / (double)MIB,
		       (double)s->where.away_huge / (double)MIB,
		       (unsigned long long)s->cpu_faults, (unsigned long long)s->launches);
		number_or_na(d->counters, s->driver_launches);
		number_or_na(d->counters, s->gpu_faults);
		printf("  %016llx %s\n", (unsigned long long)s->sum, s->good ? "ok" : "WRONG");
	}
}

static void print_maps(const struct demo *d)
{
	printf("\nwhere it was after each step, in parts of %llu KiB"
	       " (R RAM, V VRAM: 2 MiB entries; r, v: 4 KiB; * both)\n",
	       (unsigned long long)(d->size / MAP_MARKS < NV_HUGE_SIZE ? NV_HUGE_SIZE :
				    d->size / MAP_MARKS) >> 10);
	for (unsigned int i = 0; i < d->nsteps; i++)
		printf("%-17s %s\n", d->steps[i].name, d->steps[i].map);
}

static void print_json(const struct demo *d, bool good)
{
	printf("{\"program\":\"usvm-demo\",\"chipset\":\"%x\",\"bytes\":%llu,\"good\":%s,\"steps\":[",
	       d->dev.chipset, (unsigned long long)d->size, good ? "true" : "false");
	for (unsigned int i = 0; i < d->nsteps; i++) {
		const struct step *s = &d->steps[i];

		printf("%s{\"name\":\"%s\",\"bytes\":%llu,\"seconds\":%.6f,\"ram_small\":%llu,"
		       "\"ram_huge\":%llu,\"vram_small\":%llu,\"vram_huge\":%llu,\"cpu_faults\":%llu,"
		       "\"own_launches\":%llu,\"checksum\":\"%016llx\",\"good\":%s", i ? "," : "",
		       s->name, (unsigned long long)s->bytes, s->seconds,
		       (unsigned long long)s->where.ram_small, (unsigned long long)s->where.ram_huge,
		       (unsigned long long)s->where.away_small,
		       (unsigned long long)s->where.away_huge, (unsigned long long)s->cpu_faults,
		       (unsigned long long)s->launches, (unsigned long long)s->sum,
		       s->good ? "true" : "false");
		if (d->counters)
			printf(",\"driver_launches\":%llu,\"gpu_faults\":%llu",
			       (unsigned long long)s->driver_launches, (unsigned long long)s->gpu_faults);
		printf("}");
	}
	printf("]}\n");
}

static void run(struct demo *d, bool *good)
{
	uint64_t want = cpu_write(d);

	*good = !to_vram(d, want) && !gpu_work(d, want);
	if (*good)
		touch_back(d, want);
	for (unsigned int i = 0; i < d->nsteps; i++)
		*good &= d->steps[i].good;
}

static int parse(struct demo *d, int argc, char **argv)
{
	static const struct option options[] = {
		{ "size", required_argument, NULL, 's' },
		{ "no-thp", no_argument, NULL, 'n' },
		{ "device", required_argument, NULL, 'd' },
		{ "counters", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	unsigned long mib = 64;
	char *rest;
	int c;

	while ((c = getopt_long(argc, argv, "s:nd:c:jh", options, NULL)) != -1) {
		switch (c) {
		case 's':
			mib = strtoul(optarg, &rest, 0);
			if (*rest || mib < 4 || mib > 1 << 20 || mib % 4) {
				fprintf(stderr, "usvm-demo: --size takes MiB, a multiple of 4\n");
				return 2;
			}
			break;
		case 'n':
			d->no_thp = true;
			break;
		case 'd':
			d->node = optarg;
			break;
		case 'c':
			d->counters = optarg;
			break;
		case 'j':
			d->json = true;
			break;
		default:
			printf("usage: usvm-demo [--size MIB] [--no-thp] [--device NODE] [--counters FILE] [--json]\n"
			       "  --no-thp    ask the kernel for 4 KiB pages (MADV_NOHUGEPAGE)\n"
			       "  --counters  a file with lines \"launches N\" and \"faults N\", read around each step;\n"
			       "              nouveau's debugfs file dmem if there is one\n");
			return c == 'h' ? -1 : 2;
		}
	}
	d->size = mib * MIB;
	return 0;
}

int main(int argc, char **argv)
{
	struct demo d = { .dev.fd = -1 };
	bool good = false;
	int stop = parse(&d, argc, argv);

	if (stop)
		return stop < 0 ? 0 : stop;
	if (!prepare(&d)) {
		find_counters(&d);
		if (!d.json)
			printf("usvm-demo: %llu MiB of malloc'ed memory, chip NV%x at %s, %s\n",
			       (unsigned long long)(d.size / MIB), d.dev.chipset, d.dev.path,
			       d.no_thp ? "huge pages refused" : "huge pages asked for");
		run(&d, &good);
		if (d.json)
			print_json(&d, good);
		else
			print_table(&d);
		if (!d.json && d.nsteps > 1) {
			print_maps(&d);
			print_folios(&d, &d.steps[1].where);
		}
		if (!d.json)
			printf("%s\n", good ? "Every byte is right." : "FAILED.");
	}
	nv_channel_close(&d.ch);
	nv_bo_del(&d.dev, &d.stage);
	nv_device_close(&d.dev);
	if (d.found.gl_pathv)
		globfree(&d.found);
	free(d.malloced);
	return !good;
}
