// SPDX-License-Identifier: MIT
/*
 * Who goes first: memory that is in VRAM when the file is closed, the process forks or
 * exits, the machine sleeps, the driver is unbound.
 */
#define _GNU_SOURCE
#include "gpu.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static void start(struct gpu *g)
{
	must(gpu_open(g), "open");
	must(gpu_svm_init(g), "SVM_INIT");
}

static void file_is_closed_first(void)
{
	char *a = area_new(4 * HUGE, true);
	struct gpu g;

	start(&g);
	fill(a, 4 * HUGE, 1);
	ok(svm_to_vram(&g, a, 4 * HUGE) == (long)(4 * HUGE / PAGE), "in VRAM");
	gpu_close(&g);
	ok(dmem_number("bytes used") == (long)(4 * HUGE), "still there after the file is closed");
	ok(!wrong(a, 4 * HUGE, 1), "and right when the CPU wants it");
	ok(dmem_number("bytes used") == 0, "then VRAM is free");
	munmap(a, 4 * HUGE);
}

/* A child process for each: what it leaves behind must be nothing. */
static int in_child(void (*work)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		work();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

static void exit_with_memory_in_vram(void)
{
	char *a = area_new(4 * HUGE, true);
	struct gpu g;

	start(&g);
	fill(a, 4 * HUGE, 2);
	svm_to_vram(&g, a, 3 * HUGE);
}

static void die_with_memory_in_vram(void)
{
	exit_with_memory_in_vram();
	raise(SIGKILL);
}

/* The parent that made the address space goes; the child keeps the memory. */
static void parent_goes_first(void)
{
	char *a = area_new(2 * HUGE, true);
	int fds[2], bad = 1;
	struct gpu g;

	start(&g);
	fill(a, 2 * HUGE, 3);
	svm_to_vram(&g, a, 2 * HUGE);
	if (pipe(fds))
		must(-errno, "pipe");
	if (!fork()) {
		char c;

		close(fds[1]);
		/* Ends when the parent does. */
		while (read(fds[0], &c, 1) > 0)
			;
		usleep(50000);
		bad = wrong(a, 2 * HUGE, 3) != 0;
		must(write_file("child-result", bad ? "bad" : "good"), "result");
		_exit(0);
	}
	_exit(0);
}

static void child_outlives_its_parent(void)
{
	char text[8] = {};
	int fd;

	fd = open("child-result", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	close(fd);
	in_child(parent_goes_first);
	for (int i = 0; i < 200 && !text[0]; i++) {
		usleep(100000);
		fd = open("child-result", O_RDONLY);
		if (read(fd, text, sizeof(text) - 1) < 0)
			must(-errno, "read");
		close(fd);
	}
	ok(!strncmp(text, "good", 4), "a child that outlives the parent has its memory");
	for (int i = 0; i < 100 && dmem_number("bytes used"); i++)
		usleep(50000);
	ok(dmem_number("bytes used") == 0, "and nothing stays behind");
}

/* A level of suspend that any machine can do. */
static void sleep_with_memory_in_vram(const char *level, const char *name)
{
	char *a = area_new(4 * HUGE, true), *b = area_new(HUGE, true);
	uint64_t bad, after;
	struct gpu g;
	int ret;

	start(&g);
	must(gpu_channel(&g), "channel");
	fill(a, 4 * HUGE, 4);
	memset(b, 0, HUGE);
	svm_to_vram(&g, a, 3 * HUGE);
	/* Saving the GPU's own memory through its window takes seconds here. */
	write_file("/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout", "300");
	must(write_file("/sys/power/pm_test", level), "pm_test");
	ret = write_file("/sys/power/state", "freeze");
	if (ret)
		NOTE("freeze: %s\n", strerror(-ret));
	must(write_file("/sys/power/pm_test", "none"), "pm_test");
	bad = wrong(a, 4 * HUGE, 4);
	gpu_copy(&g, b, a, HUGE);
	ret = ret ? ret : gpu_flush(&g);
	after = wrong(b, HUGE, 4);
	if (!ok(!ret && !bad && !after, name))
		NOTE("%d, words wrong: %lu in memory, %lu copied by the GPU\n", ret,
		     (unsigned long)bad, (unsigned long)after);
	munmap(a, 4 * HUGE);
	munmap(b, HUGE);
	gpu_close(&g);
}

/* /sys/bus/pci/drivers/nouveau/0000:.. */
static bool device_name(char *name, size_t room)
{
	DIR *dir = opendir("/sys/bus/pci/drivers/nouveau");
	struct dirent *e;
	bool found = false;

	if (!dir)
		return false;
	while ((e = readdir(dir)))
		if (e->d_name[0] == '0') {
			snprintf(name, room, "%s", e->d_name);
			found = true;
		}
	closedir(dir);
	return found;
}

static atomic_bool stop;

struct mover {
	pthread_t thread;
	struct gpu *g;
	char *area;
	long errors;
	int what;
};

static void *keep_moving(void *arg)
{
	struct mover *m = arg;

	while (!stop) {
		if (m->what == 0)
			svm_to_vram(m->g, m->area, 2 * HUGE);
		else
			m->errors += (long)wrong(m->area, 2 * HUGE, 5);
	}
	return NULL;
}

static void unbind_brings_everything_back(void)
{
	char name[300], *a = area_new(8 * HUGE, true), *b = area_new(2 * HUGE, true);
	struct mover m[3];
	struct gpu g;

	must(device_name(name, sizeof(name)) ? 0 : -ENODEV, "device");
	start(&g);
	fill(a, 8 * HUGE, 6);
	fill(b, 2 * HUGE, 5);
	svm_to_vram(&g, a, 8 * HUGE);
	stop = false;
	for (int i = 0; i < 3; i++) {
		m[i] = (struct mover) { .g = &g, .area = b, .what = i };
		pthread_create(&m[i].thread, NULL, keep_moving, &m[i]);
	}
	usleep(300000);
	ok(!write_file("/sys/bus/pci/drivers/nouveau/unbind", name),
	   "unbind with memory in VRAM, binds and faults in flight");
	usleep(100000);
	stop = true;
	for (int i = 0; i < 3; i++)
		pthread_join(m[i].thread, NULL);
	ok(!wrong(a, 8 * HUGE, 6) && !wrong(b, 2 * HUGE, 5) && !m[1].errors && !m[2].errors,
	   "everything is in RAM and right");
	ok(svm_to_vram(&g, a, HUGE) < 0, "the old file moves nothing any more");
	gpu_close(&g);

	ok(!write_file("/sys/bus/pci/drivers/nouveau/bind", name), "bound again");
	start(&g);
	ok(svm_to_vram(&g, a, 8 * HUGE) == (long)(8 * HUGE / PAGE) && !wrong(a, 8 * HUGE, 6),
	   "and works");
	gpu_close(&g);
}

int main(void)
{
	int status;

	tap_plan(17);
	file_is_closed_first();
	status = in_child(exit_with_memory_in_vram);
	ok(WIFEXITED(status) && !WEXITSTATUS(status), "a process exits with memory in VRAM");
	ok(dmem_number("bytes used") == 0, "exit gives it back");
	status = in_child(die_with_memory_in_vram);
	ok(WIFSIGNALED(status), "a process is killed with memory in VRAM");
	ok(dmem_number("bytes used") == 0, "death gives it back");
	child_outlives_its_parent();
	sleep_with_memory_in_vram("devices", "memory in VRAM survives suspended devices");
	ok(!dmem_order("check"), "the allocator is sound");
	unbind_brings_everything_back();
	return tap_end();
}
