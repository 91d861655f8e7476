// SPDX-License-Identifier: MIT
#include "model_port.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORTS		"/sys/class/virtio-ports"
#define ANSWER_MS	20000

static int port = -1;

static bool is_named_gpu(const char *entry)
{
	char path[320], name[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), PORTS "/%s/name", entry);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (!fgets(name, sizeof(name), f))
		name[0] = 0;
	fclose(f);
	return !strcmp(name, "gpu\n");
}

bool model_open(void)
{
	DIR *dir = port < 0 ? opendir(PORTS) : NULL;
	struct dirent *e;
	char path[300];

	while (dir && port < 0 && (e = readdir(dir))) {
		if (!is_named_gpu(e->d_name))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", e->d_name);
		port = open(path, O_RDWR | O_CLOEXEC);
	}
	if (dir)
		closedir(dir);
	if (port >= 0 && !model_command("counters irq.", NULL, 0))
		model_close();
	return port >= 0;
}

void model_close(void)
{
	if (port >= 0)
		close(port);
	port = -1;
}

/* One line without its end; false: no answer in time. */
static bool read_line(char *line, size_t room)
{
	size_t n = 0;
	char c;

	for (;;) {
		struct pollfd p = { .fd = port, .events = POLLIN };

		if (poll(&p, 1, ANSWER_MS) != 1 || read(port, &c, 1) != 1)
			return false;
		if (c == '\n')
			break;
		if (n + 1 < room)
			line[n++] = c;
	}
	line[n] = 0;
	return true;
}

bool model_command(const char *line, char *text, size_t room)
{
	char out[256], in[512];
	int n = snprintf(out, sizeof(out), "%s\n", line);
	size_t used = 0;

	if (text && room)
		text[0] = 0;
	if (port < 0 || n >= (int)sizeof(out) || write(port, out, (size_t)n) != n)
		return false;
	while (read_line(in, sizeof(in))) {
		size_t length = strlen(in);

		if (!strcmp(in, "ok") || !strcmp(in, "error"))
			return in[0] == 'o';
		if (text && used + length + 2 <= room) {
			memcpy(text + used, in, length);
			memcpy(text + used + length, "\n", 2);
			used += length + 1;
		}
	}
	return false;
}

long long model_counter(const char *name)
{
	size_t length = strlen(name);
	char line[128], text[4096];

	snprintf(line, sizeof(line), "counters %s", name);
	if (!model_command(line, text, sizeof(text)))
		return -1;
	/* names that begin so come as well */
	for (const char *at = text; *at; at = strchr(at, '\n') + 1)
		if (!strncmp(at, name, length) && at[length] == ' ')
			return strtoll(at + length + 1, NULL, 10);
	return -1;
}
