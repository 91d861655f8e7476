// SPDX-License-Identifier: MIT
/*
 * usvm-top: what lives in video memory, by folio size, and how fast it moves.
 *
 *	usvm-top [-d SECONDS] [-n TIMES] [--debugfs FILE] [--proc DIR]
 *
 * Upper half: nouveau's debugfs file dmem (this project's kernels; needs root),
 * counters with their rates since the last look. Lower half: processes with an
 * open nouveau device, from /proc/PID/fdinfo, with the video memory of their
 * buffer objects. What is not there is said to be missing, not guessed.
 */
#include <ctype.h>
#include <dirent.h>
#include <getopt.h>
#include <glob.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_LINES	128
#define MAX_CLIENTS	256

struct counter {
	char name[64];
	uint64_t value;
	uint64_t before;
	bool known_before;
};

struct client {
	int pid;
	char name[32];
	uint64_t total_kib;
	uint64_t resident_kib;
	unsigned int files;
};

struct top {
	struct counter counters[MAX_LINES];
	unsigned int count;
	struct client clients[MAX_CLIENTS];
	unsigned int nclients;
	double when;
	double last;
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct counter *find(struct top *top, const char *name)
{
	for (unsigned int i = 0; i < top->count; i++)
		if (!strcmp(top->counters[i].name, name))
			return &top->counters[i];
	if (top->count == MAX_LINES)
		return NULL;
	snprintf(top->counters[top->count].name, sizeof(top->counters[0].name), "%.63s", name);
	return &top->counters[top->count++];
}

static bool read_counters(struct top *top, const char *path)
{
	FILE *f = path ? fopen(path, "r") : NULL;
	char line[160];

	if (!f)
		return false;
	top->last = top->when;
	top->when = seconds();
	for (unsigned int i = 0; i < top->count; i++) {
		top->counters[i].before = top->counters[i].value;
		top->counters[i].known_before = true;
	}
	while (fgets(line, sizeof(line), f)) {
		char *colon = strrchr(line, ':');	/* some names have one, too */
		struct counter *c;

		if (!colon || !isdigit((unsigned char)colon[1 + (colon[1] == ' ')]))
			continue;
		*colon = 0;
		c = find(top, line);
		if (c)
			c->value = strtoull(colon + 1, NULL, 10);
	}
	fclose(f);
	return true;
}

/* State first, then what has a rate. */
static void show_counters(const struct top *top)
{
	double dt = top->when - top->last;

	for (unsigned int i = 0; i < top->count; i++) {
		const struct counter *c = &top->counters[i];
		bool state = !strncmp(c->name, "bytes", 5) || !strncmp(c->name, "chunks", 6);

		if (!c->value && !c->before)
			continue;
		printf("%-52s %14llu", c->name, (unsigned long long)c->value);
		if (!state && c->known_before && dt > 0 && c->value >= c->before)
			printf(" %12.1f/s", (double)(c->value - c->before) / dt);
		putchar('\n');
	}
}

static struct client *client_of(struct top *top, int pid, const char *proc)
{
	char path[300];
	struct client *c;
	FILE *f;

	for (unsigned int i = 0; i < top->nclients; i++)
		if (top->clients[i].pid == pid)
			return &top->clients[i];
	if (top->nclients == MAX_CLIENTS)
		return NULL;
	c = &top->clients[top->nclients++];
	memset(c, 0, sizeof(*c));
	c->pid = pid;
	snprintf(path, sizeof(path), "%s/%d/comm", proc, pid);
	f = fopen(path, "r");
	if (f) {
		if (fgets(c->name, sizeof(c->name), f))
			c->name[strcspn(c->name, "\n")] = 0;
		fclose(f);
	}
	return c;
}

static uint64_t kib(const char *text)
{
	char unit[8] = "";
	unsigned long long n = 0;

	sscanf(text, "%llu %7s", &n, unit);
	return !strcmp(unit, "MiB") ? n << 10 : !strcmp(unit, "KiB") ? n : n >> 10;
}

static void read_fdinfo(struct top *top, int pid, const char *path, const char *proc)
{
	uint64_t total = 0, resident = 0;
	FILE *f = fopen(path, "r");
	bool nouveau = false;
	struct client *c;
	char line[160];

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "drm-driver:", 11))
			nouveau = strstr(line, "nouveau");
		else if (!strncmp(line, "drm-total-vram:", 15))
			total = kib(line + 15);
		else if (!strncmp(line, "drm-resident-vram:", 18))
			resident = kib(line + 18);
	}
	fclose(f);
	c = nouveau ? client_of(top, pid, proc) : NULL;
	if (!c)
		return;
	c->files++;
	c->total_kib += total;
	c->resident_kib += resident;
}

static void read_clients(struct top *top, const char *proc)
{
	struct dirent *p, *fd;
	DIR *dir = opendir(proc);
	char path[600];

	top->nclients = 0;
	while (dir && (p = readdir(dir))) {
		int pid = atoi(p->d_name);
		DIR *fds;

		if (pid <= 0)
			continue;
		snprintf(path, sizeof(path), "%s/%d/fdinfo", proc, pid);
		fds = opendir(path);
		while (fds && (fd = readdir(fds))) {
			if (fd->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%d/fdinfo/%s", proc, pid, fd->d_name);
			read_fdinfo(top, pid, path, proc);
		}
		if (fds)
			closedir(fds);
	}
	if (dir)
		closedir(dir);
}

static void show_clients(const struct top *top)
{
	printf("\n%8s %-20s %6s %16s %16s\n", "PID", "name", "files", "VRAM KiB", "resident KiB");
	for (unsigned int i = 0; i < top->nclients; i++) {
		const struct client *c = &top->clients[i];

		printf("%8d %-20s %6u %16llu %16llu\n", c->pid, c->name, c->files,
		       (unsigned long long)c->total_kib, (unsigned long long)c->resident_kib);
	}
	if (!top->nclients)
		printf("%8s no process has an open nouveau device that we may see\n", "");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "debugfs", required_argument, NULL, 'f' },
		{ "proc", required_argument, NULL, 'p' },
		{ 0 },
	};
	const char *debugfs = NULL, *proc = "/proc";
	static struct top top;
	double delay = 1;
	long times = -1;
	glob_t found = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "d:n:", options, NULL)) != -1) {
		if (c == 'd')
			delay = atof(optarg);
		else if (c == 'n')
			times = atol(optarg);
		else if (c == 'f')
			debugfs = optarg;
		else if (c == 'p')
			proc = optarg;
		if (c == '?' || delay <= 0 || delay > 3600 || !times) {
			fprintf(stderr, "usage: usvm-top [-d SECONDS] [-n TIMES] [--debugfs FILE] [--proc DIR]\n");
			return 2;
		}
	}
	if (!debugfs && !glob("/sys/kernel/debug/dri/*/dmem", 0, NULL, &found) && found.gl_pathc)
		debugfs = found.gl_pathv[0];
	for (;;) {
		if (isatty(1))
			printf("\033[H\033[J");
		if (read_counters(&top, debugfs))
			show_counters(&top);
		else
			printf("no counters: %s\n", debugfs ? debugfs :
			       "no dri/*/dmem under /sys/kernel/debug (another kernel, or not root)");
		read_clients(&top, proc);
		show_clients(&top);
		fflush(stdout);
		if (times > 0 && !--times)
			break;
		nanosleep(&(struct timespec){ (time_t)delay,
					      (long)((delay - (double)(time_t)delay) * 1e9) }, NULL);
	}
	globfree(&found);
	return 0;
}
