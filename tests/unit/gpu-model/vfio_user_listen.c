// SPDX-License-Identifier: MIT
/* A socket path: what may be there already, and what is said about the rest. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tap.h"
#include "vfio_user.h"

static char dir[] = "/tmp/gpu-model-test-XXXXXX";

static const char *path(const char *name)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s/%s", dir, name);
	return text;
}

static bool connects(const char *p)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	bool good;

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%.*s", (int)sizeof(sa.sun_path) - 1, p);
	good = !connect(fd, (struct sockaddr *)&sa, sizeof(sa)) || errno == EAGAIN;	/* its queue is full */
	close(fd);
	return good;
}

int main(void)
{
	char error[256], text[300];
	struct stat st;
	FILE *f;
	int fd, fd2;

	if (!mkdtemp(dir))
		return 1;
	fd = vfio_user_listen(path("a"), error, sizeof(error));
	ok(fd >= 0 && connects(path("a")), "a new path");
	fd2 = vfio_user_listen(path("a"), error, sizeof(error));
	ok_eq(fd2, -EADDRINUSE, "a path in use");
	ok(strstr(error, path("a")) && strstr(error, "in use"), "the error names the path and the reason");
	ok(connects(path("a")), "the one that uses it is not disturbed");
	close(fd);
	ok(!lstat(path("a"), &st), "its file is left over");
	fd = vfio_user_listen(path("a"), error, sizeof(error));
	ok(fd >= 0 && connects(path("a")), "and replaced");
	close(fd);

	f = fopen(path("file"), "w");
	fputs("precious", f);
	fclose(f);
	ok_eq(vfio_user_listen(path("file"), error, sizeof(error)), -EEXIST, "an ordinary file");
	ok(!stat(path("file"), &st) && st.st_size == 8, "is left alone");
	ok(!symlink("/nonexistent", path("link")), "a symbolic link");
	ok_eq(vfio_user_listen(path("link"), error, sizeof(error)), -EEXIST, "is refused");
	ok_eq(vfio_user_listen(path("no/such/dir"), error, sizeof(error)), -ENOENT, "a directory that is not there");
	ok(strstr(error, "No such file"), "says so");
	ok_eq(vfio_user_listen("", error, sizeof(error)), -EINVAL, "no path");
	memset(text, 'x', sizeof(text));
	text[299] = 0;
	ok_eq(vfio_user_listen(text, error, sizeof(error)), -ENAMETOOLONG, "a path that is too long");
	ok(strstr(error, "longer than 107"), "says how long it may be");
	unlink(path("a"));
	unlink(path("file"));
	unlink(path("link"));
	rmdir(dir);
	return tap_done();
}
