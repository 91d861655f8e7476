// SPDX-License-Identifier: MIT
/* Guest memory whose file is cut while it is mapped: an access error, never the end of the program. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest_memory.h"
#include "tap.h"

#define SIZE	(1u << 20)

static int file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, SIZE))
		abort();
	return fd;
}

static void cut(int fd, off_t size)
{
	if (ftruncate(fd, size))
		abort();
}

/* Two files side by side; the first is cut. */
static void cut_file(void)
{
	struct guest_memory *gm = guest_memory_new();
	int a = file("a"), b = file("b");
	unsigned int shared, lost;
	uint8_t buf[16] = "0123456789abcde";

	ok(!guest_memory_map(gm, 0, SIZE, a, 0, true) && !guest_memory_map(gm, SIZE, SIZE, b, 0, true),
	   "two files are mapped");
	ok(!guest_memory_write(gm, SIZE - 4096, buf, 16), "the end of the first can be written");
	cut(a, SIZE / 2);
	ok(!guest_memory_read(gm, 0, buf, 16), "what is left of a file that was cut can be read");
	ok_eq(guest_memory_read(gm, SIZE - 4096, buf, 16), -EFAULT, "a read of what was cut fails");
	ok_eq(guest_memory_write(gm, SIZE - 4096, buf, 16), -EFAULT, "a write too");
	ok_eq(guest_memory_read(gm, 0, buf, 16), -EFAULT, "the range is lost as a whole");
	ok_eq(guest_memory_ranges(gm, &shared, &lost), 2, "and still there");
	ok(shared == 2 && lost == 1, "as the one that is lost");
	ok(!guest_memory_write(gm, SIZE, buf, 16) && !guest_memory_read(gm, SIZE, buf, 16),
	   "the file beside it is as ever");
	ok(!guest_memory_unmap(gm, 0, SIZE), "a lost range can be unmapped");
	cut(a, SIZE);
	ok(!guest_memory_map(gm, 0, SIZE, a, 0, true) && !guest_memory_read(gm, SIZE - 4096, buf, 16),
	   "and mapped again when the file is long enough");
	guest_memory_free(gm);
	close(a);
	close(b);
}

static void read_only(void)
{
	struct guest_memory *gm = guest_memory_new();
	int fd = file("rom");
	uint32_t v;

	ok(!guest_memory_map(gm, 0, SIZE, fd, 0, false), "a file is mapped for reading");
	cut(fd, 0);
	ok_eq(guest_memory_read(gm, 0, &v, 4), -EFAULT, "cut to nothing: a read fails");
	guest_memory_free(gm);
	close(fd);
}

/* An engine has looked up a pointer and is copying when the file is cut. */
static void under_a_pointer(void)
{
	struct guest_memory *gm = guest_memory_new();
	int fd = file("ram");
	uint8_t *p, sum = 0;

	guest_memory_map(gm, 0, SIZE, fd, 0, true);
	guest_memory_lock(gm);
	p = guest_memory_ptr(gm, 0, SIZE, true);
	memset(p, 0x5a, SIZE);
	cut(fd, 8192);
	for (uint32_t i = 0; i < SIZE; i += 4096)
		sum |= p[SIZE - 4096 - i];
	memset(p, 0x5a, SIZE);
	ok_eq(sum, 0, "through a pointer that is held, a file that was cut reads 0 and can be written");
	ok(!guest_memory_ptr(gm, 0, 1, false), "and has no pointer afterwards");
	guest_memory_unlock(gm);
	guest_memory_free(gm);
	close(fd);
}

static void the_top(void)
{
	struct guest_memory *gm = guest_memory_new();
	int fd = file("ram");
	uint8_t buf[32];

	ok(!guest_memory_map(gm, 0, 4096, fd, 0, true) && !guest_memory_map(gm, ~0xfffull, 4096, fd, 4096, true),
	   "the first page of all and the last");
	ok_eq(guest_memory_read(gm, ~15ull, buf, 16), 0, "the last bytes can be read");
	ok_eq(guest_memory_read(gm, ~15ull, buf, 32), -EFAULT, "an access does not go on at 0");
	guest_memory_free(gm);
	close(fd);
}

struct race {
	struct guest_memory *gm;
	atomic_bool quit;
	atomic_uint done;
};

static void *keep_reading(void *arg)
{
	struct race *r = arg;
	uint8_t buf[4096];

	while (!atomic_load(&r->quit)) {
		for (uint64_t at = 0; at < SIZE; at += sizeof(buf))
			guest_memory_read(r->gm, at, buf, sizeof(buf));
		atomic_fetch_add(&r->done, 1);
	}
	return NULL;
}

static void while_others_read(void)
{
	struct race r = { .gm = guest_memory_new() };
	pthread_t thread[3];
	int fd = file("ram");

	for (int i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, keep_reading, &r);
	for (int i = 0; i < 300; i++) {
		guest_memory_map(r.gm, 0, SIZE, fd, 0, true);
		if (i % 10 == 0)
			usleep(1000);
		cut(fd, 4096 * (i % 256));
		sched_yield();
		guest_memory_unmap(r.gm, 0, SIZE);
		cut(fd, SIZE);
	}
	atomic_store(&r.quit, true);
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	ok(atomic_load(&r.done) > 0, "cut 300 times while three threads read");
	guest_memory_free(r.gm);
	close(fd);
}

/* A bus error that is none of ours ends a program as before. */
static void not_ours(void)
{
	const struct rlimit none = { 0, 0 };
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		int fd = file("other");
		volatile uint8_t *p = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);

		setrlimit(RLIMIT_CORE, &none);
		cut(fd, 0);
		_exit(p[0]);
	}
	waitpid(pid, &status, 0);
	/* A sanitizer has a handler of its own and exits. */
	ok(WIFSIGNALED(status) ? WTERMSIG(status) == SIGBUS : WEXITSTATUS(status) != 0,
	   "a bus error in another mapping is not taken for one of these");
}

int main(void)
{
	cut_file();
	read_only();
	the_top();
	under_a_pointer();
	while_others_read();
	not_ours();
	return tap_done();
}
