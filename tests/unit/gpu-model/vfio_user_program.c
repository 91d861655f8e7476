// SPDX-License-Identifier: MIT
/*
 * The program as a whole: command line, socket, a client that reads registers, the
 * end of it all; and that it uses no CPU while nothing happens. The first argument is
 * the program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "vfio_user_wire.h"

static const char *program;
static char dir[] = "/tmp/gpu-model-test-XXXXXX", sock[64], ctl[64];
static char said[8192];			/* what the program wrote */

struct run {
	pid_t pid;
	int out;
};

static struct run start(const char *const *args)
{
	const char *argv[32] = { program };
	struct run r;
	int pair[2];

	for (int i = 0; args[i]; i++)
		argv[i + 1] = args[i];
	if (pipe(pair))
		abort();
	r.pid = fork();
	if (!r.pid) {
		dup2(pair[1], 1);
		dup2(pair[1], 2);
		close(pair[0]);
		close(pair[1]);
		execv(program, (char *const *)argv);
		_exit(127);
	}
	close(pair[1]);
	r.out = pair[0];
	return r;
}

/* Exit status; 128 + signal; -1 when it does not end in five seconds. */
static int finish(struct run *r)
{
	size_t have = 0;
	int status = 0, code = -1;

	for (int i = 0; i < 500; i++) {
		struct timespec ts = { 0, 10000000 };
		pid_t pid = waitpid(r->pid, &status, WNOHANG);

		if (pid == r->pid) {
			code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			break;
		}
		nanosleep(&ts, NULL);
	}
	if (code < 0) {
		kill(r->pid, SIGKILL);
		waitpid(r->pid, &status, 0);
	}
	while (have < sizeof(said) - 1) {
		ssize_t n = read(r->out, said + have, sizeof(said) - 1 - have);

		if (n <= 0)
			break;
		have += (size_t)n;
	}
	said[have] = 0;
	close(r->out);
	return code;
}

static void refused(int status, const char *word, const char *const *args)
{
	struct run r = start(args);
	int got = finish(&r);
	bool good = got == status && strstr(said, word);

	ok(good, "refused with status %d and a word of \"%s\"", status, word);
	if (!good)
		printf("# status %d: %s\n", got, said);
}

#define ARGS(...)	((const char *const[]){ __VA_ARGS__, NULL })

static void command_line(void)
{
	struct run r;

	refused(2, "--socket", ARGS("--chip", "gp104"));
	refused(2, "not a size", ARGS("--socket", sock, "--vram", "much"));
	refused(1, "64 MiB", ARGS("--socket", sock, "--vram", "1M"));
	refused(1, "gp999", ARGS("--socket", sock, "--chip", "gp999"));
	refused(2, "no option is called", ARGS("--socket", sock, "--opt", "colour=green"));
	refused(2, "none of fatal|replay", ARGS("--socket", sock, "--opt", "ce-fault=maybe"));
	refused(2, "is not a number", ARGS("--socket", sock, "--opt", "delay=-1"));
	refused(2, "power of two", ARGS("--socket", sock, "--opt", "tlb-entries=3"));
	refused(2, "KEY=VALUE", ARGS("--socket", sock, "--opt", "delay"));
	refused(2, "no counter", ARGS("--socket", sock, "--opt", "schedule=what@1:hang:0"));
	refused(2, "unexpected", ARGS("--socket", sock, "more"));
	refused(2, "--help", ARGS("--what"));
	refused(1, "No such file", ARGS("--socket", "/nonexistent/dir/sock"));
	refused(1, "not a socket", ARGS("--socket", "/dev/null"));
	refused(1, "control", ARGS("--socket", sock, "--control", "/nonexistent/control"));
	refused(1, "trace file", ARGS("--socket", sock, "--trace", "/nonexistent/trace"));
	r = start(ARGS("--help"));
	ok(!finish(&r) && strstr(said, "--socket") && strstr(said, "ce-runlist") && strstr(said, "schedule"), "--help");
	r = start(ARGS("--version"));
	ok(!finish(&r) && strstr(said, "gpu-model "), "--version");
}

static int dial(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	for (int i = 0; i < 500; i++) {
		struct timespec ts = { 0, 10000000 };
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		if (!connect(fd, (struct sockaddr *)&sa, sizeof(sa)))
			return fd;
		close(fd);
		nanosleep(&ts, NULL);
	}
	return -1;
}

static bool call(int fd, uint16_t command, const void *body, size_t len, void *reply, size_t want)
{
	struct vfio_user_header h = { .id = 1, .command = command, .size = (uint32_t)(sizeof(h) + len) };
	uint8_t m[256];

	memcpy(m, &h, sizeof(h));
	memcpy(m + sizeof(h), body, len);
	if (send(fd, m, h.size, MSG_NOSIGNAL) != (ssize_t)h.size ||
	    recv(fd, &h, sizeof(h), MSG_WAITALL) != sizeof(h) || h.error)
		return false;
	return h.size - sizeof(h) == want && (!want || recv(fd, reply, want, MSG_WAITALL) == (ssize_t)want);
}

static bool hello(int fd)
{
	struct vfio_user_header h;
	static const char body[4];
	uint8_t reply[256];
	uint8_t m[20];

	h = (struct vfio_user_header){ .id = 1, .command = VFIO_USER_VERSION, .size = 20 };
	memcpy(m, &h, sizeof(h));
	memcpy(m + sizeof(h), body, 4);
	return send(fd, m, 20, MSG_NOSIGNAL) == 20 && recv(fd, &h, sizeof(h), MSG_WAITALL) == sizeof(h) &&
	       recv(fd, reply, h.size - sizeof(h), MSG_WAITALL) == (ssize_t)(h.size - sizeof(h));
}

static uint32_t reg_read(int fd, uint64_t offset)
{
	struct vfio_user_region_access a = { offset, 0, 4 };
	uint8_t reply[20];
	uint32_t v = 0;

	if (call(fd, VFIO_USER_REGION_READ, &a, sizeof(a), reply, sizeof(reply)))
		memcpy(&v, reply + 16, 4);
	return v;
}

static double cpu_seconds(pid_t pid)
{
	char path[64], text[1024];
	unsigned long user = 0, sys = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (!f || !fgets(text, sizeof(text), f) || !strrchr(text, ')') ||
	    sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys) != 2)
		user = sys = 1000000;
	if (f)
		fclose(f);
	return (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
}

static void life(const char *chip, uint32_t boot0)
{
	struct run r = start(ARGS("--socket", sock, "--chip", chip, "--vram", "64M", "--control", ctl));
	int fd = dial(sock);
	double before;
	struct stat st;

	ok(fd >= 0 && hello(fd), "%s: a client connects", chip);
	ok_eq(reg_read(fd, 0), boot0, "%s: its name", chip);
	before = cpu_seconds(r.pid);
	sleep(2);
	ok(cpu_seconds(r.pid) - before < 0.03, "%s: no CPU while nothing happens", chip);
	printf("# %.2f s of CPU in 2 s\n", cpu_seconds(r.pid) - before);
	ok(call(fd, VFIO_USER_DEVICE_RESET, "", 0, NULL, 0) && reg_read(fd, 0) == boot0, "%s: survives a reset", chip);
	close(fd);
	ok_eq(finish(&r), 0, "%s: ends when the client goes", chip);
	ok(stat(sock, &st) && stat(ctl, &st), "%s: and removes its sockets", chip);
}

static void removal(void)
{
	struct run r = start(ARGS("--socket", sock, "--control", ctl));
	int fd = dial(sock), c = dial(ctl);
	char answer[64] = "";

	ok(hello(fd) && reg_read(fd, 0) == 0x134000a1, "the default is a GP104");
	ok(send(c, "inject remove\n", 14, 0) == 14 && recv(c, answer, sizeof(answer) - 1, 0) > 0 &&
	   !strcmp(answer, "ok\n"), "removal by the control socket");
	ok_eq(reg_read(fd, 0), 0xffffffff, "afterwards registers read all ones");
	close(c);
	close(fd);
	ok_eq(finish(&r), 0, "and the program ends as ever");
}

/* Whether a path is in use is asked by connecting; whoever is asked must not take that for its client. */
static void others(void)
{
	struct run r = start(ARGS("--socket", sock)), second;
	int fd = dial(sock), fd2;
	char byte;

	close(fd);
	second = start(ARGS("--socket", sock));
	ok(finish(&second) == 1 && strstr(said, "in use"), "a second model at the same path is refused");
	fd = dial(sock);
	ok(fd >= 0 && hello(fd) && reg_read(fd, 0) == 0x134000a1, "the first has not gone for that");
	fd2 = dial(sock);
	ok(fd2 >= 0 && recv(fd2, &byte, 1, 0) <= 0, "a second client sees its connection end");
	close(fd2);
	ok_eq(reg_read(fd, 0), 0x134000a1, "the first is served as ever");
	close(fd);
	ok_eq(finish(&r), 0, "and ends the program when it goes");
}

/* A client that asks and does not read the answers: the server is held up in a reply. */
static void deaf_client(void)
{
	struct {
		struct vfio_user_header h;
		struct vfio_user_region_access a;
	} m = { { .id = 1, .command = VFIO_USER_REGION_READ, .size = sizeof(m) }, { 0, 0, 4096 } };
	struct run r = start(ARGS("--socket", sock));
	int fd = dial(sock), misses = 0;

	hello(fd);
	while (misses < 20) {
		if (send(fd, &m, sizeof(m), MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof(m)) {
			misses = 0;
		} else {
			usleep(10000);
			misses++;
		}
	}
	kill(r.pid, SIGTERM);
	ok_eq(finish(&r), 0, "SIGTERM while a client does not read its replies");
	close(fd);
}

/* Signals that come while it ends are as nothing. */
static void many_signals(void)
{
	int bad = 0;

	for (int i = 0; i < 20; i++) {
		struct run r = start(ARGS("--socket", sock, "--control", ctl));
		int fd = dial(sock);
		struct stat st;

		hello(fd);
		for (int n = 0; n < 50 && !kill(r.pid, n & 1 ? SIGTERM : SIGINT); n++)
			usleep(200);
		bad += finish(&r) != 0 || !stat(sock, &st) || !stat(ctl, &st);
		close(fd);
	}
	ok_eq(bad, 0, "20 times many signals: status 0, and no socket is left");
}

static void signals(void)
{
	struct run r = start(ARGS("--socket", sock));
	int fd = dial(sock);
	struct stat st;

	hello(fd);
	close(fd);
	finish(&r);
	r = start(ARGS("--socket", sock));
	for (int i = 0; i < 500 && stat(sock, &st); i++)
		usleep(10000);
	kill(r.pid, SIGTERM);
	ok_eq(finish(&r), 0, "SIGTERM before a client came");
	ok(stat(sock, &st), "removes the socket");
	r = start(ARGS("--socket", sock));
	fd = dial(sock);
	hello(fd);
	kill(r.pid, SIGINT);
	ok_eq(finish(&r), 0, "SIGINT while serving");
	close(fd);
	r = start(ARGS("--socket", sock));
	fd = dial(sock);
	hello(fd);
	if (send(fd, "\1\0\4\0\1\0\0\0\0\0\0\0\0\0\0\0", 16, 0) != 16)
		abort();
	ok_eq(finish(&r), 1, "a client that breaks the protocol: status 1");
	ok(strstr(said, "makes no sense"), "and a word about it");
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc < 2 || !mkdtemp(dir))
		return 2;
	program = argv[1];
	snprintf(sock, sizeof(sock), "%s/gpu", dir);
	snprintf(ctl, sizeof(ctl), "%s/ctl", dir);
	command_line();
	life("gp104", 0x134000a1);
	life("gp100", 0x130000a1);
	removal();
	others();
	signals();
	deaf_client();
	many_signals();
	rmdir(dir);
	return tap_done();
}
