// SPDX-License-Identifier: MIT
/*
 * A small runner, for where igt_runner of Debian's newest igt-gpu-tools cannot be had or
 * does not start. It writes the part of igt_runner's results.json that readers of results
 * use: for each subtest result, output, errors and times, and the totals.
 *
 *	small_runner [--per-test-timeout=SECONDS] [--blacklist=FILE]
 *		(--test-list=FILE | --include-tests=REGEX) TEST-DIR RESULTS-DIR
 *
 * Each subtest is a process of its own. One that exceeds the time limit is killed with
 * its process group. The exit status is 0 when results were written, whatever they are,
 * as igt_runner's.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_TESTS	4096
#define MAX_PATTERNS	256
#define MAX_OUTPUT	(256u << 10)

static const struct {
	int status;
	const char *name;
} statuses[] = {
	{ 0, "pass" }, { 77, "skip" }, { 78, "timeout" }, { 79, "notrun" }, { 98, "fail" },
	{ 112, "abort" },
};
static const char *const totals_names[] = {
	"crash", "pass", "fail", "skip", "timeout", "abort", "notrun",
};

struct text {
	char *bytes;
	size_t size;
};

static regex_t excluded[MAX_PATTERNS];
static unsigned int excludes;
static char *wanted[MAX_TESTS];
static unsigned int wants;
static regex_t include;
static bool by_list;
static unsigned int seconds = 300;
static unsigned int totals[sizeof(totals_names) / sizeof(totals_names[0])];

static void fail(const char *what)
{
	fprintf(stderr, "small_runner: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void compile(regex_t *r, const char *pattern)
{
	char text[160];
	int err = regcomp(r, pattern, REG_EXTENDED | REG_NOSUB | REG_ICASE);

	if (!err)
		return;
	regerror(err, r, text, sizeof(text));
	fprintf(stderr, "small_runner: '%s': %s\n", pattern, text);
	exit(1);
}

/* Lines of a list without comments and empty ones. */
static void read_lines(const char *file, void (*line)(const char *text))
{
	char text[512];
	FILE *f = fopen(file, "r");

	if (!f)
		fail(file);
	while (fgets(text, sizeof(text), f)) {
		text[strcspn(text, "#\r\n")] = 0;
		while (*text && text[strlen(text) - 1] == ' ')
			text[strlen(text) - 1] = 0;
		if (*text)
			line(text);
	}
	fclose(f);
}

static void add_exclude(const char *text)
{
	if (excludes < MAX_PATTERNS)
		compile(&excluded[excludes++], text);
}

static void add_wanted(const char *text)
{
	if (wants < MAX_TESTS)
		wanted[wants++] = strdup(text);
}

static bool selected(const char *name)
{
	for (unsigned int i = 0; i < excludes; i++)
		if (!regexec(&excluded[i], name, 0, NULL, 0))
			return false;
	if (!by_list)
		return !regexec(&include, name, 0, NULL, 0);
	for (unsigned int i = 0; i < wants; i++)
		if (!strcmp(wanted[i], name))
			return true;
	return false;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void drain(int fd, struct text *t)
{
	char buffer[4096];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		/* Beyond the limit it is read, but not kept. */
		if (t->size + (size_t)n > MAX_OUTPUT)
			continue;
		memcpy(t->bytes + t->size, buffer, (size_t)n);
		t->size += (size_t)n;
	}
}

static pid_t start(const char *program, const char *option, const char *subtest, int out[2],
		   int err[2])
{
	pid_t pid;

	if (pipe2(out, O_CLOEXEC | O_NONBLOCK) || pipe2(err, O_CLOEXEC | O_NONBLOCK))
		fail("pipe");
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid) {
		/* The test's own descriptors block. */
		fcntl(out[1], F_SETFL, 0);
		fcntl(err[1], F_SETFL, 0);
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		setpgid(0, 0);
		execl(program, program, option, subtest, NULL);
		_exit(127);
	}
	close(out[1]);
	close(err[1]);
	return pid;
}

/* Returns the wait status, or -1 when it was killed for its time. */
static int finish(pid_t pid, int out, int err, struct text *o, struct text *e)
{
	double end = now() + seconds;
	bool late = false;
	int status = 0;

	for (;;) {
		struct pollfd fds[2] = { { out, POLLIN, 0 }, { err, POLLIN, 0 } };

		poll(fds, 2, 100);
		drain(out, o);
		drain(err, e);
		if (waitpid(pid, &status, WNOHANG) == pid)
			break;
		if (!late && now() > end) {
			late = true;
			kill(-pid, SIGKILL);
		}
	}
	kill(-pid, SIGKILL);	/* children that a failed test left */
	drain(out, o);
	drain(err, e);
	close(out);
	close(err);
	return late ? -1 : status;
}

static const char *result_of(int status)
{
	if (status < 0)
		return "timeout";
	if (!WIFEXITED(status))
		return "crash";
	for (unsigned int i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (WEXITSTATUS(status) == statuses[i].status)
			return statuses[i].name;
	return "crash";
}

static void put_text(FILE *f, const struct text *t)
{
	fputc('"', f);
	for (size_t i = 0; i < t->size; i++) {
		unsigned char c = (unsigned char)t->bytes[i];

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", f);
		else if (c < 32 || c > 126)
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

static void run(const char *program, const char *subtest, const char *name, FILE *json, bool first)
{
	struct text o = { calloc(1, MAX_OUTPUT), 0 }, e = { calloc(1, MAX_OUTPUT), 0 };
	double begin = now();
	const char *result;
	int out[2], err[2];
	pid_t pid;

	if (!o.bytes || !e.bytes)
		fail("memory");
	fprintf(stderr, "Starting subtest: %s\n", name);
	pid = start(program, "--run-subtest", subtest, out, err);
	result = result_of(finish(pid, out[0], err[0], &o, &e));
	fprintf(stderr, "%s: %s (%.3fs)\n", name, result, now() - begin);
	if (strcmp(result, "pass") && strcmp(result, "skip"))
		fwrite(e.bytes, 1, e.size, stderr);
	for (unsigned int i = 0; i < sizeof(totals) / sizeof(totals[0]); i++)
		totals[i] += !strcmp(result, totals_names[i]);

	fprintf(json, "%s\n\"%s\": {\"result\": \"%s\", \"time\": {\"start\": %.6f, \"end\": %.6f}, ",
		first ? "" : ",", name, result, begin, now());
	fputs("\"out\": ", json);
	put_text(json, &o);
	fputs(", \"err\": ", json);
	put_text(json, &e);
	fputs(", \"dmesg\": \"\"}", json);
	fflush(json);
	free(o.bytes);
	free(e.bytes);
}

static bool run_program(const char *dir, const char *program, FILE *json, bool first)
{
	struct text o = { calloc(1, MAX_OUTPUT), 0 }, e = { calloc(1, MAX_OUTPUT), 0 };
	char path[1024], name[512], *subtest, *rest;
	int out[2], err[2];
	pid_t pid;

	if (!o.bytes || !e.bytes)
		fail("memory");
	snprintf(path, sizeof(path), "%s/%s", dir, program);
	pid = start(path, "--list-subtests", NULL, out, err);
	if (finish(pid, out[0], err[0], &o, &e) == 0) {
		o.bytes[o.size < MAX_OUTPUT ? o.size : MAX_OUTPUT - 1] = 0;
		for (subtest = strtok_r(o.bytes, "\n", &rest); subtest;
		     subtest = strtok_r(NULL, "\n", &rest)) {
			snprintf(name, sizeof(name), "igt@%s@%s", program, subtest);
			if (!selected(name))
				continue;
			run(path, subtest, name, json, first);
			first = false;
		}
	} else {
		fprintf(stderr, "small_runner: %s does not list its subtests\n", program);
	}
	free(o.bytes);
	free(e.bytes);
	return first;
}

static int is_test(const struct dirent *d)
{
	return d->d_name[0] != '.' && !strchr(d->d_name, '.');
}

static void run_all(const char *dir, const char *results)
{
	struct dirent **entries;
	char path[1024];
	bool first = true;
	FILE *json;
	int n;

	snprintf(path, sizeof(path), "%s/results.json", results);
	json = fopen(path, "w");
	if (!json)
		fail(path);
	n = scandir(dir, &entries, is_test, alphasort);
	if (n < 0)
		fail(dir);
	fprintf(json, "{\"__type__\": \"TestrunResult\", \"results_version\": 10, "
		"\"name\": \"small_runner\", \"tests\": {");
	for (int i = 0; i < n; i++) {
		first = run_program(dir, entries[i]->d_name, json, first);
		free(entries[i]);
	}
	free(entries);
	fputs("\n}, \"totals\": {\"\": {", json);
	for (unsigned int i = 0; i < sizeof(totals) / sizeof(totals[0]); i++)
		fprintf(json, "%s\"%s\": %u", i ? ", " : "", totals_names[i], totals[i]);
	fputs("}}}\n", json);
	if (fclose(json))
		fail(path);
}

static const char *value(const char *argument, const char *option)
{
	size_t n = strlen(option);

	return strncmp(argument, option, n) ? NULL : argument + n;
}

int main(int argc, char **argv)
{
	const char *dirs[2] = { NULL, NULL }, *v;
	unsigned int given = 0;
	bool chosen = false;

	for (int i = 1; i < argc; i++) {
		if ((v = value(argv[i], "--per-test-timeout="))) {
			seconds = (unsigned int)strtoul(v, NULL, 10);
		} else if ((v = value(argv[i], "--blacklist="))) {
			read_lines(v, add_exclude);
		} else if ((v = value(argv[i], "--test-list="))) {
			read_lines(v, add_wanted);
			by_list = chosen = true;
		} else if ((v = value(argv[i], "--include-tests="))) {
			compile(&include, v);
			chosen = true;
		} else if (argv[i][0] != '-' && given < 2) {
			dirs[given++] = argv[i];
		} else {
			fprintf(stderr, "small_runner: unknown argument '%s'\n", argv[i]);
			return 1;
		}
	}
	if (given != 2 || !chosen || !seconds) {
		fprintf(stderr, "usage: small_runner [--per-test-timeout=SECONDS] [--blacklist=FILE] "
			"(--test-list=FILE | --include-tests=REGEX) TEST-DIR RESULTS-DIR\n");
		return 1;
	}
	run_all(dirs[0], dirs[1]);
	return 0;
}
