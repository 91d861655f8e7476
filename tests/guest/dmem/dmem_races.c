// SPDX-License-Identifier: MIT
/*
 * Threads that want the same memory on both sides at once. The data must be right, and
 * nobody may wait for ever (the run has a time limit).
 */
#define _GNU_SOURCE
#include "gpu.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4

static struct gpu g;
static atomic_bool stop;
static atomic_long errors;
static int rounds = 10;

struct job {
	pthread_t thread;
	unsigned int id;
	char *area;
};

static void run(void *(*work)(void *), char *area)
{
	struct job job[THREADS];

	stop = false;
	errors = 0;
	for (unsigned int i = 0; i < THREADS; i++) {
		job[i].id = i;
		job[i].area = area;
		pthread_create(&job[i].thread, NULL, work, &job[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(job[i].thread, NULL);
}

/* Each its own memory: all of them share one copy channel. */
static void *own_memory(void *arg)
{
	struct job *job = arg;
	uint64_t size = 2 * HUGE;
	char *a = area_new(size, job->id % 2);

	for (int i = 0; i < rounds; i++) {
		fill(a, size, job->id * 1000 + (unsigned int)i);
		if (svm_to_vram(&g, a, size) < 0)
			errors++;
		errors += (long)wrong(a, size, job->id * 1000 + (unsigned int)i);
	}
	munmap(a, size);
	return NULL;
}

/* All touch the same huge folio while it is moved to VRAM again and again. */
static void *same_folio(void *arg)
{
	struct job *job = arg;

	for (int i = 0; i < 5 * rounds; i++) {
		if (job->id == 0)
			svm_to_vram(&g, job->area, HUGE);
		else
			errors += (long)wrong(job->area, HUGE / 8, 77);
	}
	return NULL;
}

/* Each counts in its own words of the same pages. */
static void *count_in_place(void *arg)
{
	struct job *job = arg;
	volatile uint32_t *w = (volatile uint32_t *)job->area;

	for (uint32_t i = 0; i < 200u * (unsigned int)rounds; i++) {
		uint64_t at = (i * 97u % (HUGE / PAGE)) * (PAGE / 4) + job->id;

		w[at] = w[at] + 1;
		if (job->id == 0 && i % 64 == 0)
			svm_to_vram(&g, job->area, HUGE);
	}
	return NULL;
}

/* Mapped, moved, thrown away, split and protected at once. */
static void *abuse(void *arg)
{
	struct job *job = arg;
	unsigned int seed = job->id + 1;

	for (int i = 0; i < 10 * rounds; i++) {
		uint64_t at = (uint64_t)(rand_r(&seed) % 512) * PAGE;
		uint64_t len = (uint64_t)(1 + rand_r(&seed) % 64) * PAGE;

		if (at + len > HUGE)
			len = HUGE - at;
		switch (rand_r(&seed) % 6) {
		case 0:
			svm_to_vram(&g, job->area, HUGE);
			break;
		case 1:
			svm_to_ram(&g, job->area + at, len);
			break;
		case 2:
			madvise(job->area + at, len, MADV_DONTNEED);
			break;
		case 3:
			memset(job->area + at, (int)job->id, len);
			break;
		case 4:
			mprotect(job->area + at, len, PROT_READ | PROT_WRITE | PROT_EXEC);
			mprotect(job->area + at, len, PROT_READ | PROT_WRITE);
			break;
		default:
			madvise(job->area + at, len, MADV_COLD);
			break;
		}
	}
	return NULL;
}

/* The GPU writes to one half while the CPU pulls pages back and pushes them out. */
static void gpu_against_cpu(void)
{
	char *src = area_new(HUGE, true), *dst = area_new(HUGE, true);
	uint64_t bad = 0;

	for (int i = 0; i < rounds; i++) {
		fill(src, HUGE, (unsigned int)i);
		svm_to_vram(&g, dst, HUGE);
		gpu_copy(&g, dst, src, HUGE);
		if (gpu_flush(&g))
			bad++;
		bad += wrong(dst, HUGE, (unsigned int)i);
	}
	ok(!bad, "the GPU's writes are never lost");
	munmap(src, HUGE);
	munmap(dst, HUGE);
}

/*
 * The GPU writes all the time while its target is moved: no write may go to a page
 * that has been copied already.
 */
static void *push_out(void *arg)
{
	struct job *job = arg;

	while (!stop) {
		svm_to_vram(&g, job->area, HUGE);
		svm_to_ram(&g, job->area, HUGE);
	}
	return NULL;
}

static void gpu_writes_while_it_is_moved(void)
{
	char *src = area_new(HUGE, true), *dst = area_new(HUGE, true);
	struct job job = { .area = dst };
	uint64_t bad = 0;

	stop = false;
	memset(dst, 0, HUGE);
	pthread_create(&job.thread, NULL, push_out, &job);
	for (int i = 0; i < rounds; i++) {
		fill(src, HUGE, 100u + (unsigned int)i);
		gpu_copy(&g, dst, src, HUGE);
		if (gpu_flush(&g))
			bad++;
		bad += wrong(dst, HUGE, 100u + (unsigned int)i);
	}
	stop = true;
	pthread_join(job.thread, NULL);
	ok(!bad, "no write of the GPU goes to the old page");
	munmap(src, HUGE);
	munmap(dst, HUGE);
}

static void fork_while_it_moves(void)
{
	char *a = area_new(HUGE, true);
	struct job job = { .area = a };
	int bad = 0;

	fill(a, HUGE, 8);
	stop = false;
	pthread_create(&job.thread, NULL, push_out, &job);
	for (int i = 0; i < rounds; i++) {
		int status = 0;
		pid_t pid = fork();

		if (!pid)
			_exit(wrong(a, HUGE, 8) != 0);
		waitpid(pid, &status, 0);
		bad += !WIFEXITED(status) || WEXITSTATUS(status);
	}
	stop = true;
	pthread_join(job.thread, NULL);
	ok(!bad && !wrong(a, HUGE, 8), "children forked in the middle of a move are right");
	munmap(a, HUGE);
}

int main(int argc, char **argv)
{
	uint32_t sum = 0, want;
	char *a;

	if (argc > 1)
		rounds = atoi(argv[1]);
	tap_plan(9);
	must(gpu_open(&g), "open");
	must(gpu_svm_init(&g), "SVM_INIT");
	must(gpu_channel(&g), "channel");

	run(own_memory, NULL);
	ok(!errors, "threads with their own memory do not disturb each other");

	a = area_new(HUGE, true);
	fill(a, HUGE, 77);
	run(same_folio, a);
	ok(!errors, "readers of a folio that moves see what is right");

	memset(a, 0, HUGE);
	run(count_in_place, a);
	for (uint64_t i = 0; i < HUGE / PAGE; i++)
		for (int k = 0; k < THREADS; k++)
			sum += ((uint32_t *)a)[i * (PAGE / 4) + (uint64_t)k];
	want = THREADS * 200u * (unsigned int)rounds;
	if (!ok(sum == want, "no increment of four writers is lost"))
		NOTE("%u of %u\n", sum, want);

	run(abuse, a);
	ok(!dmem_order("check"), "whatever is done to it, the allocator is sound");
	munmap(a, HUGE);
	ok(dmem_number("bytes used") == 0, "and everything comes back");

	gpu_against_cpu();
	gpu_writes_while_it_is_moved();
	fork_while_it_moves();
	ok(!dmem_order("check") && dmem_number("bytes reserved") == 0, "sound in the end");
	return tap_end();
}
