// SPDX-License-Identifier: MIT
/*
 * usvm-map: draws where the memory of a process is.
 *
 *	usvm-map [--svg FILE] [--all] PID|FILE
 *
 * One row a mapping, one character for 2 MiB (or less, for small mappings): RAM
 * or video memory, huge or small pages, mixed, untouched. Reads /proc/PID/maps
 * and /proc/PID/pagemap, which needs the rights of ptrace for other processes;
 * FILE is a listing that was saved with "--save FILE" earlier. To a page table
 * memory in a swap file looks like video memory.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pages.h"

#define CELL		(2ull << 20)
#define MAX_CELLS	4096
#define MAX_ROWS	512
#define COLUMNS		64

/* Bytes of a cell by state; the largest decides what is drawn. */
enum state { UNTOUCHED, RAM_SMALL, RAM_HUGE, VRAM_SMALL, VRAM_HUGE, STATES };

static const struct {
	char mark;
	const char *colour;
	const char *text;
} states[STATES] = {
	{ '.', "#dddddd", "untouched" },
	{ 'r', "#9ecae1", "RAM, small pages" },
	{ 'R', "#3182bd", "RAM, huge pages" },
	{ 'v', "#fdae6b", "video memory, small pages" },
	{ 'V', "#e6550d", "video memory, huge pages" },
};

struct row {
	uint64_t start;
	uint64_t end;
	char name[64];
	uint64_t cell;			/* bytes a cell */
	unsigned int cells;
	uint64_t (*bytes)[STATES];
};

struct map {
	struct row rows[MAX_ROWS];
	unsigned int count;
	uint64_t total[STATES];
	enum pages_source source;
	FILE *save;
};

static void add_bytes(struct map *m, struct row *r, uint64_t start, uint64_t end, enum state s)
{
	m->total[s] += end - start;
	while (start < end) {
		uint64_t cell = (start - r->start) / r->cell;
		uint64_t stop = r->start + (cell + 1) * r->cell;

		stop = stop < end ? stop : end;
		r->bytes[cell][s] += stop - start;
		start = stop;
	}
}

struct walk {
	struct map *map;
	struct row *row;
};

static int visit(const struct pages_run *run, void *data)
{
	struct walk *w = data;
	enum state s = run->ram ? run->huge ? RAM_HUGE : RAM_SMALL :
		       run->away ? run->huge ? VRAM_HUGE : VRAM_SMALL : UNTOUCHED;

	add_bytes(w->map, w->row, run->start, run->end, s);
	if (w->map->save)
		fprintf(w->map->save, "%llx %llx %d %s\n", (unsigned long long)run->start,
			(unsigned long long)run->end, s, w->row->name);
	return 0;
}

static struct row *new_row(struct map *m, uint64_t start, uint64_t end, const char *name)
{
	struct row *r;

	if (m->count == MAX_ROWS)
		return NULL;
	r = &m->rows[m->count];
	r->start = start;
	r->end = end;
	snprintf(r->name, sizeof(r->name), "%s", *name ? name : "anonymous");
	/* small mappings in pages of 4 KiB, very large ones in steps that fit */
	r->cell = end - start < 4 * CELL ? 64 << 10 : CELL;
	while ((end - start + r->cell - 1) / r->cell > MAX_CELLS)
		r->cell *= 2;
	r->cells = (unsigned int)((end - start + r->cell - 1) / r->cell);
	r->bytes = calloc(r->cells, sizeof(*r->bytes));
	if (!r->bytes)
		return NULL;
	m->count++;
	return r;
}

static bool holds_anything(const struct row *r)
{
	for (unsigned int i = 0; i < r->cells; i++)
		for (int s = RAM_SMALL; s < STATES; s++)
			if (r->bytes[i][s])
				return true;
	return false;
}

static void drop_last(struct map *m)
{
	free(m->rows[--m->count].bytes);
}

static int read_process(struct map *m, int pid, bool all)
{
	char path[64], line[512];
	FILE *f;
	int err = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "r");
	if (!f)
		return -errno;
	while (!err && fgets(line, sizeof(line), f)) {
		unsigned long long start, end, offset;
		char rights[8], name[256] = "";
		struct walk w = { .map = m };

		if (sscanf(line, "%llx-%llx %7s %llx %*s %*s %255[^\n]", &start, &end, rights, &offset,
			   name) < 4)
			continue;
		/* files cannot move, and what cannot be written mostly is one */
		if (!all && (name[0] == '/' || rights[0] != 'r' || name[1] == 'v'))
			continue;
		w.row = new_row(m, start, end, name);
		if (!w.row)
			break;
		err = pages_walk(pid, start, end, &m->source, visit, &w);
		if (!err && !all && !holds_anything(w.row))
			drop_last(m);
	}
	fclose(f);
	return err;
}

static int read_saved(struct map *m, const char *name)
{
	FILE *f = fopen(name, "r");
	struct row *r = NULL;
	char line[256], text[64];
	unsigned long long start, end;
	int state;

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		text[0] = 0;
		if (sscanf(line, "%llx %llx %d %63[^\n]", &start, &end, &state, text) < 3 ||
		    state < 0 || state >= STATES || start >= end || end - start > 1ull << 46) {
			fclose(f);
			return -EINVAL;
		}
		/* runs of one mapping follow each other */
		if (!r || r->end != start || strcmp(r->name, text)) {
			r = new_row(m, start, end, text);
		} else {
			free(r->bytes);
			m->count--;
			start = r->start;
			r = new_row(m, start, end, text);
		}
		if (!r)
			break;
	}
	/* again, now that the rows have their size */
	rewind(f);
	r = m->rows;
	while (m->count && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %llx %d", &start, &end, &state) != 3)
			break;
		while (r < m->rows + m->count - 1 && start >= r->end)
			r++;
		if (start >= r->start && end <= r->end)
			add_bytes(m, r, start, end, (enum state)state);
	}
	fclose(f);
	return 0;
}

static enum state largest(const uint64_t *bytes, bool *mixed)
{
	enum state best = UNTOUCHED;

	*mixed = false;
	for (int s = RAM_SMALL; s < STATES; s++)
		if (bytes[s] > bytes[best] || (best == UNTOUCHED && bytes[s]))
			best = (enum state)s;
	for (int s = RAM_SMALL; s < STATES; s++)
		*mixed |= bytes[s] && (s >= VRAM_SMALL) != (best >= VRAM_SMALL);
	return best;
}

static void draw_terminal(const struct map *m)
{
	for (unsigned int i = 0; i < m->count; i++) {
		const struct row *r = &m->rows[i];

		printf("%012llx %8llu KiB %s (%llu KiB a mark)\n", (unsigned long long)r->start,
		       (unsigned long long)(r->end - r->start) >> 10, r->name,
		       (unsigned long long)r->cell >> 10);
		for (unsigned int c = 0; c < r->cells; c++) {
			bool mixed;
			enum state s = largest(r->bytes[c], &mixed);

			if (c % COLUMNS == 0)
				printf("  ");
			putchar(mixed ? '*' : states[s].mark);
			if (c % COLUMNS == COLUMNS - 1 || c == r->cells - 1)
				putchar('\n');
		}
	}
	for (int s = 0; s < STATES; s++)
		printf("%c %-26s %10llu KiB\n", states[s].mark, states[s].text,
		       (unsigned long long)m->total[s] >> 10);
	printf("* RAM and video memory in one mark%s\n",
	       m->source == PAGES_FROM_PAGEMAP ? "; page sizes are not known here" : "");
}

static void put_escaped(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '<' || *text == '&')
			fprintf(f, "&#%d;", *text);
		else if (*text >= ' ' && *text != 127)
			fputc(*text, f);
	}
}

/* The legend says how much there is of each; two lines of it are as wide as a row. */
static void draw_legend(FILE *f, const struct map *m)
{
	for (int s = 0; s < STATES; s++) {
		int x = 10 + s % 3 * 260, y = 8 + s / 3 * 18;

		fprintf(f, "<rect x=\"%d\" y=\"%d\" width=\"11\" height=\"11\" fill=\"%s\"/>"
			"<text x=\"%d\" y=\"%d\">%s: %.1f MiB</text>\n", x, y, states[s].colour, x + 16,
			y + 10, states[s].text, (double)m->total[s] / (1 << 20));
	}
}

/* A cell is filled from the bottom, by the share of each state: what is split shows. */
static void draw_cell(FILE *f, const struct row *r, unsigned int c, unsigned int x, unsigned int y)
{
	uint64_t sum = 0;
	double at = y + 11;

	for (int s = 0; s < STATES; s++)
		sum += r->bytes[c][s];
	for (int s = 0; s < STATES; s++) {
		double height = sum ? 11.0 * (double)r->bytes[c][s] / (double)sum : s ? 0 : 11;

		if (height <= 0)
			continue;
		at -= height;
		fprintf(f, "<rect x=\"%u\" y=\"%.2f\" width=\"11\" height=\"%.2f\" fill=\"%s\"/>\n", x,
			at, height, states[s].colour);
	}
}

static bool draw_svg(const struct map *m, const char *name)
{
	unsigned int y = 36, height = 60;
	FILE *f = fopen(name, "w");

	if (!f)
		return false;
	for (unsigned int i = 0; i < m->count; i++)
		height += 26 + 12 * ((m->rows[i].cells + COLUMNS - 1) / COLUMNS);
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"font-family=\"monospace\" font-size=\"11\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", COLUMNS * 12 + 20, height);
	draw_legend(f, m);
	for (unsigned int i = 0; i < m->count; i++) {
		const struct row *r = &m->rows[i];

		y += 26;
		fprintf(f, "<text x=\"10\" y=\"%u\">%012llx %llu KiB ", y - 4,
			(unsigned long long)r->start, (unsigned long long)(r->end - r->start) >> 10);
		put_escaped(f, r->name);
		fprintf(f, " (%llu KiB a square)</text>\n", (unsigned long long)r->cell >> 10);
		for (unsigned int c = 0; c < r->cells; c++)
			draw_cell(f, r, c, 10 + c % COLUMNS * 12, y + c / COLUMNS * 12);
		y += 12 * ((r->cells + COLUMNS - 1) / COLUMNS);
	}
	fprintf(f, "</svg>\n");
	return !fclose(f);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "svg", required_argument, NULL, 's' },
		{ "save", required_argument, NULL, 'o' },
		{ "all", no_argument, NULL, 'a' },
		{ 0 },
	};
	const char *svg = NULL, *save = NULL;
	static struct map map;
	bool all = false;
	char *end;
	long pid;
	int c, err;

	while ((c = getopt_long(argc, argv, "s:o:a", options, NULL)) != -1) {
		if (c == 's')
			svg = optarg;
		else if (c == 'o')
			save = optarg;
		else if (c == 'a')
			all = true;
		else
			optind = argc;
	}
	if (optind != argc - 1) {
		fprintf(stderr, "usage: usvm-map [--svg FILE] [--save FILE] [--all] PID|FILE\n");
		return 2;
	}
	if (save) {
		map.save = fopen(save, "w");
		if (!map.save) {
			perror(save);
			return 1;
		}
	}
	pid = strtol(argv[optind], &end, 10);
	err = *end || pid <= 0 ? read_saved(&map, argv[optind]) :
				 read_process(&map, (int)pid, all);
	if (map.save && fclose(map.save))
		err = -EIO;
	if (err) {
		fprintf(stderr, "usvm-map: %s: %s\n", argv[optind], strerror(-err));
		return 1;
	}
	draw_terminal(&map);
	if (svg && !draw_svg(&map, svg)) {
		perror(svg);
		return 1;
	}
	for (unsigned int i = 0; i < map.count; i++)
		free(map.rows[i].bytes);
	return 0;
}
