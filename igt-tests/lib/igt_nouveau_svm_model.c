// SPDX-License-Identifier: MIT
/*
 * The GPU model's control connection, which reaches a guest as a virtio port of the name
 * "gpu". A command is a line; the answer is lines up to "ok" or "error".
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>

#include "igt.h"
#include "igt_nouveau_svm.h"
#include "igt_nouveau_svm_priv.h"

#define PORTS		"/sys/class/virtio-ports"
#define PORT_NAME	"gpu"
#define ANSWER_MS	10000
#define ANSWER_BYTES	65536u

/* What injections that stay are put back to: the model's defaults. */
static const char *const defaults[] = {
	"inject delay 50 16", "inject late-irq 0", "inject lost-irq 0", "inject overflow 0",
	"inject duplicate 0", "inject late-fault 0", "inject burst 0", "inject copy-error 0",
};

static int port = -1;
static bool injected;

static bool port_is_ours(const char *dir)
{
	char path[300], name[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), PORTS "/%s/name", dir);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(name, sizeof(name), f))
		name[0] = 0;
	fclose(f);
	name[strcspn(name, "\n")] = 0;
	return !strcmp(name, PORT_NAME);
}

bool nsvm_model_there(void)
{
	static bool looked;
	struct dirent *entry;
	DIR *dir;

	if (looked)
		return port >= 0;
	looked = true;
	dir = opendir(PORTS);
	while (dir && port < 0 && (entry = readdir(dir))) {
		char path[300];

		if (!port_is_ours(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		port = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	}
	if (dir)
		closedir(dir);
	return port >= 0;
}

void nsvm_require_model(void)
{
	igt_require_f(nsvm_model_there(), "the GPU is not a model with a control port\n");
}

/* Is there a last line, "ok" or "error"? Cuts it off. */
static int ended(char *text, size_t *len)
{
	static const struct {
		const char *word;
		int ret;
	} ends[] = { { "ok\n", 0 }, { "error\n", -EINVAL } };

	for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t n = strlen(ends[i].word);

		if (*len >= n && !strcmp(text + *len - n, ends[i].word) &&
		    (*len == n || text[*len - n - 1] == '\n')) {
			*len -= n;
			text[*len] = 0;
			return ends[i].ret;
		}
	}
	return 1;
}

static int read_answer(char *text)
{
	struct pollfd fd = { .fd = port, .events = POLLIN };
	size_t len = 0;
	int ret;

	text[0] = 0;
	while (len < ANSWER_BYTES - 1) {
		ssize_t n;

		if (poll(&fd, 1, ANSWER_MS) <= 0)
			return -ETIME;
		n = read(port, text + len, ANSWER_BYTES - 1 - len);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n <= 0)
			return -ENODEV;
		len += (size_t)n;
		text[len] = 0;
		ret = ended(text, &len);
		if (ret <= 0)
			return ret;
	}
	return -ENOSPC;
}

int nsvm_model(const char *command, char *answer, size_t room)
{
	static char text[ANSWER_BYTES];
	char line[256];
	int n, ret;

	if (!nsvm_model_there())
		return -ENODEV;
	n = snprintf(line, sizeof(line), "%s\n", command);
	if (write(port, line, (size_t)n) != n)
		return -errno;
	ret = read_answer(text);
	if (!strncmp(command, "inject ", 7))
		injected = true;
	if (ret)
		igt_debug("model: %s: %d %s\n", command, ret, text);
	if (answer)
		snprintf(answer, room, "%s", text);
	return ret;
}

uint64_t nsvm_model_counter(const char *name)
{
	static char text[ANSWER_BYTES];
	char command[128];
	uint64_t value = 0;
	char *at;
	int ret;

	snprintf(command, sizeof(command), "counters %s", name);
	ret = nsvm_model(command, text, sizeof(text));
	igt_assert_f(!ret, "model: %s: %d\n", command, ret);
	for (at = text; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		if (!strncmp(at, name, strlen(name)) && at[strlen(name)] == ' ')
			break;
	igt_assert_f(at && *at && sscanf(at + strlen(name), "%" SCNu64, &value) == 1,
		     "the model has no counter %s\n", name);
	return value;
}

void nsvm_model_reset(void)
{
	if (!injected)
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(defaults); i++)
		nsvm_model(defaults[i], NULL, 0);
	injected = false;
}
