/* SPDX-License-Identifier: MIT */
/* A client of the control socket. */
#ifndef CONTROL_CLIENT_H
#define CONTROL_CLIENT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket whose answers are waited for five seconds at most; not connected. */
static int control_socket(void)
{
	struct timeval limit = { 5, 0 };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

static bool control_connect(int fd, const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	return !connect(fd, (struct sockaddr *)&sa, sizeof(sa));
}

static int dial(const char *path)
{
	int fd = control_socket();

	if (control_connect(fd, path))
		return fd;
	close(fd);
	return -1;
}

static void say(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		return;
}

/* The answer to a command, up to its "ok" or "error" line; empty when the connection ended. */
static const char *ask(int fd, const char *command)
{
	static char text[1 << 20];
	size_t have = 0;

	say(fd, command);
	while (have < sizeof(text) - 1) {
		ssize_t n = recv(fd, text + have, sizeof(text) - 1 - have, 0);

		if (n <= 0)
			return "";
		have += (size_t)n;
		text[have] = 0;
		if (!strcmp(text, "ok\n") || !strcmp(text, "error\n") ||
		    (have > 4 && !strcmp(text + have - 4, "\nok\n")) ||
		    (have > 7 && !strcmp(text + have - 7, "\nerror\n")))
			break;
	}
	return text;
}

#endif
