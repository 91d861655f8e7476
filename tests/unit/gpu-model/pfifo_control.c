// SPDX-License-Identifier: MIT
/* The control socket: commands, several clients, clients that misbehave. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

#include "control_client.h"
#include "ctl.h"
#include "pce_rig.h"
#include "trace.h"

static struct bench b;
static struct chan c;
static char dir[] = "/tmp/gpu-model-test-XXXXXX", path[64];

static void commands(int fd)
{
	const char *a;
	char want[64];

	a = ask(fd, "help\n");
	ok(strstr(a, "counters") && strstr(a, "inject copy-error") && strstr(a, "ok\n"), "help");
	a = ask(fd, "counters ce.\n");
	ok(strstr(a, "ce.launches 0\n") && !strstr(a, "reg.reads"), "counters with a prefix");
	ce_launch(&c, VRAM_VA + DATA_AT, VRAM_VA + DATA_AT + 4096, 0, 0, 4096, 1, L_COPY);
	finish(&c);
	a = ask(fd, "counters\r\n");
	ok(strstr(a, "ce.launches 1\n") && strstr(a, "ce.bytes.vram_to_vram 4096\n") && strstr(a, "reg.reads "),
	   "all counters, after a copy");
	a = ask(fd, "state\n");
	snprintf(want, sizeof(want), "channel 5 inst %llx runlist 1 group 5", (unsigned long long)c.t.inst);
	ok(strstr(a, want) && strstr(a, "runlist 1 channels 1"), "state");
	a = ask(fd, "reg 000000\n");
	ok(strstr(a, "000000 "), "reg");
	ok(strstr(ask(fd, "reg 3\n"), "error\n"), "reg: not a register");
	ok(strstr(ask(fd, "reg zzz\n"), "error\n"), "reg: not a number");
	ok(strstr(ask(fd, "nonsense\n"), "error\n"), "an unknown command");
	ok(strstr(ask(fd, "\n"), "error\n"), "an empty line");
	ok(strstr(ask(fd, "inject hang 99\n"), "error\n"), "a wrong injection");
	ok(!strcmp(ask(fd, "inject copy-error\n"), "ok\n"), "an injection");
	ok(!strcmp(ask(fd, "clear\n"), "ok\n") && strstr(ask(fd, "counters ce.bytes\n"), "ce.bytes 0\n"), "clear");
	ok(strstr(ask(fd, "unmodelled\n"), "ok\n"), "unmodelled");
}

static void tracing(int fd)
{
	const char *a, *from, *to;

	ok(!strcmp(ask(fd, "trace on\n"), "ok\n"), "trace on");
	ce_launch(&c, VRAM_VA + DATA_AT, VRAM_VA + DATA_AT + 4096, 0, 0, 4096, 1, L_COPY);
	finish(&c);
	ce_launch(&c, VRAM_VA + DATA_AT, VRAM_VA + DATA_AT + 4096, 0, 0, 4096, 1, L_COPY);
	finish(&c);
	a = ask(fd, "trace dump\n");
	from = strstr(a, "ch5 launch from=");
	to = strstr(a, "ch5 launched bytes=1000");
	ok(strstr(a, "ch5 doorbell") && from && to && from < to && strstr(to, "ch5 release"),
	   "a copy in the trace: doorbell, launch, end, release, in this order");
	a = ask(fd, "trace dump 2\n");
	ok(strstr(a, "release") && !strstr(a, "doorbell"), "the last two");
	ask(fd, "trace off\n");
	a = ask(fd, "trace dump 1\n");
	finish(&c);
	ok(strlen(a) && !strcmp(ask(fd, "trace dump 0\n"), "ok\n"), "trace off");
	ok(strstr(ask(fd, "trace what\n"), "error\n"), "a wrong trace command");
}

static void misbehaviour(void)
{
	char big[1000];
	int many[12], fd = dial(path), served = 0;

	memset(big, 'x', sizeof(big));
	big[999] = 0;
	ok(!*ask(fd, big), "a line without end ends the connection");
	close(fd);
	fd = dial(path);
	say(fd, "coun");
	sleep_ms(5);
	ok(strstr(ask(fd, "ters ce.launches\n"), "ce.launches"), "a line in two pieces");
	ok(strstr(ask(fd, "clear\nclear\n"), "ok\n"), "two lines in one");
	close(fd);
	for (int i = 0; i < 12; i++)
		many[i] = dial(path);
	for (int i = 0; i < 12; i++)
		served += many[i] >= 0 && strstr(ask(many[i], "clear\n"), "ok\n");
	ok(served >= 6 && served <= 8, "eight clients at most");
	for (int i = 0; i < 12; i++)
		close(many[i]);
	sleep_ms(20);
	fd = dial(path);
	ok(strstr(ask(fd, "clear\n"), "ok\n"), "and again when they have gone");
	say(fd, "counters\n");
	close(fd);
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* A connection that there is no descriptor for waits, and nobody runs in circles for it. */
static void no_descriptors(void)
{
	struct rlimit before, now;
	int fd = control_socket(), next = fcntl(fd, F_DUPFD, 0);
	double used;

	close(next);
	getrlimit(RLIMIT_NOFILE, &before);
	now = before;
	now.rlim_cur = (rlim_t)next;
	setrlimit(RLIMIT_NOFILE, &now);
	used = cpu_ms();
	ok(control_connect(fd, path), "a connection, and no descriptor is left");
	sleep_ms(1000);
	used = cpu_ms() - used;
	ok(used < 200, "costs no CPU");
	printf("# %.1f ms of CPU in 1 s\n", used);
	setrlimit(RLIMIT_NOFILE, &before);
	ok(strstr(ask(fd, "clear\n"), "ok\n"), "and is served when there is one");
	close(fd);
}

int main(void)
{
	static const char *const opts[] = { "delay", "0", NULL };
	char error[256];
	struct ctl *ctl;
	int fd;

	bench_open(&b, "gp104", 128u << 20, opts);
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/ctl", dir);
	ctl = ctl_new(b.gpu, path, error, sizeof(error));
	ok(ctl, "a control socket");
	ok(!ctl_new(b.gpu, path, error, sizeof(error)) && strstr(error, "in use"), "not two at one path");
	chan_open_on(&c, &b, 5, 1, 0);
	ce_object(&c, 0xc1b5);
	fd = dial(path);
	commands(fd);
	tracing(fd);
	misbehaviour();
	no_descriptors();
	ctl_free(ctl);
	ok(!*ask(fd, "clear\n"), "freeing ends connections");
	ok(access(path, F_OK) && !rmdir(dir), "and removes the socket file");
	close(fd);
	bench_close(&b);
	return tap_done();
}
