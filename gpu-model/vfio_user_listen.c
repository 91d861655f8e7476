// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "vfio_user.h"

static int fail(char *error, size_t len, const char *path, const char *what, int code)
{
	snprintf(error, len, "socket path: %s: \"%s\"", what, path);
	return -code;
}

/* A file left over from a server that died answers ECONNREFUSED. A busy server must not hold us up. */
static bool is_stale(const struct sockaddr_un *sa)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool stale;

	if (fd < 0)
		return false;
	stale = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) && errno == ECONNREFUSED;
	close(fd);
	return stale;
}

int vfio_user_listen(const char *path, char *error, size_t len)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct stat st;
	int fd, code;

	if (!*path)
		return fail(error, len, path, "is empty", EINVAL);
	if (strlen(path) >= sizeof(sa.sun_path)) {
		char what[64];

		snprintf(what, sizeof(what), "is longer than %zu bytes",
			 sizeof(sa.sun_path) - 1);
		return fail(error, len, path, what, ENAMETOOLONG);
	}
	memcpy(sa.sun_path, path, strlen(path) + 1);
	if (!lstat(path, &st)) {
		if (!S_ISSOCK(st.st_mode))
			return fail(error, len, path, "is there and is not a socket", EEXIST);
		if (!is_stale(&sa))
			return fail(error, len, path, "is in use by another server", EADDRINUSE);
		if (unlink(path))
			return fail(error, len, path, strerror(errno), errno);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(error, len, path, strerror(errno), errno);
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) || listen(fd, 1)) {
		code = errno;
		close(fd);
		return fail(error, len, path, strerror(code), code);
	}
	return fd;
}
