// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "ctl.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "types.h"
#include "vfio_user.h"

#define MAX_CLIENTS	8u
#define MAX_LINE	256u
#define NO_FD_MS	100	/* until accept() is tried again when there is no descriptor for it */

struct client {
	struct ctl *ctl;
	pthread_t thread;
	int fd;
	bool used, ended;	/* ended: to be joined; ctl->lock */
};

struct ctl {
	struct gpu *gpu;
	char *path;
	int listener, stop_fd;
	pthread_t thread;
	pthread_mutex_t lock;
	struct client client[MAX_CLIENTS];
};

/* False: the ctl is being freed, or poll failed. @fd: -1 to wait for @ms only, -1 for ever. */
static bool wait_for(struct ctl *ctl, int fd, int ms)
{
	struct pollfd p[2] = { { fd, POLLIN, 0 }, { ctl->stop_fd, POLLIN, 0 } };

	while (poll(p, 2, ms) < 0) {
		if (errno != EINTR)
			return false;
	}
	return !p[1].revents;
}

/* ------------------------------------------------------------------ connections */

static bool answer(struct client *c, char *line)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool sent = true;

	if (!out)
		return false;
	line[strcspn(line, "\r")] = 0;
	ctl_command(c->ctl->gpu, line, out);
	fclose(out);
	for (size_t at = 0; sent && at < len;) {
		ssize_t n = send(c->fd, text + at, len - at, MSG_NOSIGNAL);

		sent = n > 0;
		at += sent ? (size_t)n : 0;
	}
	free(text);
	return sent;
}

/* Answers every whole line in @buf; false: end the connection. */
static bool serve_lines(struct client *c, char *buf, size_t *have)
{
	char *end;

	while ((end = memchr(buf, '\n', *have))) {
		size_t n = (size_t)(end - buf) + 1;

		*end = 0;
		if (!answer(c, buf))
			return false;
		*have -= n;
		memmove(buf, buf + n, *have);
	}
	return *have < MAX_LINE;	/* a line that does not end is no command */
}

static void *client_thread(void *arg)
{
	struct client *c = arg;
	char buf[MAX_LINE];
	size_t have = 0;

	while (wait_for(c->ctl, c->fd, -1)) {
		ssize_t n = recv(c->fd, buf + have, sizeof(buf) - have, 0);

		if (n <= 0)
			break;
		have += (size_t)n;
		if (!serve_lines(c, buf, &have))
			break;
	}
	shutdown(c->fd, SHUT_RDWR);
	pthread_mutex_lock(&c->ctl->lock);
	c->ended = true;
	pthread_mutex_unlock(&c->ctl->lock);
	return NULL;
}

static void reap(struct client *c)
{
	pthread_join(c->thread, NULL);
	close(c->fd);
	c->used = false;
}

static void add_client(struct ctl *ctl, int fd)
{
	for (u32 i = 0; i < MAX_CLIENTS; i++) {
		struct client *c = &ctl->client[i];
		bool ended;

		pthread_mutex_lock(&ctl->lock);
		ended = c->ended;
		pthread_mutex_unlock(&ctl->lock);
		if (c->used && ended)
			reap(c);
		if (c->used)
			continue;
		*c = (struct client){ .ctl = ctl, .fd = fd, .used = true };
		if (!pthread_create(&c->thread, NULL, client_thread, c))
			return;
		c->used = false;
		break;
	}
	close(fd);
}

static void *listen_thread(void *arg)
{
	struct ctl *ctl = arg;

	while (wait_for(ctl, ctl->listener, -1)) {
		int fd = accept4(ctl->listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			add_client(ctl, fd);
		else if (!wait_for(ctl, -1, NO_FD_MS))	/* the connection stays and poll() would not sleep */
			break;
	}
	return NULL;
}

/* -------------------------------------------------------------------- life cycle */

struct ctl *ctl_new(struct gpu *gpu, const char *path, char *error, size_t size)
{
	struct ctl *ctl = calloc(1, sizeof(*ctl));

	if (!ctl) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	ctl->gpu = gpu;
	ctl->path = strdup(path);
	ctl->stop_fd = eventfd(0, EFD_CLOEXEC);
	ctl->listener = vfio_user_listen(path, error, size);
	pthread_mutex_init(&ctl->lock, NULL);
	if (ctl->listener >= 0 && ctl->stop_fd >= 0 &&
	    !pthread_create(&ctl->thread, NULL, listen_thread, ctl))
		return ctl;
	if (ctl->listener >= 0) {
		snprintf(error, size, "control socket: %s", strerror(errno));
		unlink(path);
		close(ctl->listener);
	}
	if (ctl->stop_fd >= 0)
		close(ctl->stop_fd);
	pthread_mutex_destroy(&ctl->lock);
	free(ctl->path);
	free(ctl);
	return NULL;
}

void ctl_free(struct ctl *ctl)
{
	const uint64_t one = 1;

	if (!ctl)
		return;
	/* Never read: it stays readable, and every thread sees it. */
	if (write(ctl->stop_fd, &one, sizeof(one)) != sizeof(one))
		abort();
	pthread_join(ctl->thread, NULL);
	for (u32 i = 0; i < MAX_CLIENTS; i++) {
		if (ctl->client[i].used) {
			shutdown(ctl->client[i].fd, SHUT_RDWR);	/* it may be in send() */
			reap(&ctl->client[i]);
		}
	}
	close(ctl->listener);
	close(ctl->stop_fd);
	unlink(ctl->path);
	pthread_mutex_destroy(&ctl->lock);
	free(ctl->path);
	free(ctl);
}
