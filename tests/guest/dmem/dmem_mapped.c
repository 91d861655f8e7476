// SPDX-License-Identifier: MIT
/*
 * What is bound stays mapped. The copy engine of a Pascal card does not wait for a
 * fault to be served: its channel dies of a missing translation. Run with 64 MiB of
 * VRAM and without ce-fault=replay, so that the model's does the same.
 */
#define _GNU_SOURCE
#include "gpu.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROUNDS	60

static struct gpu g;

/* The GPU reads @size bytes at @from, and they are what fill() made of @seed. */
static bool gpu_sees(struct gpu *gpu, char *buffer, const char *from, uint64_t size,
		     uint32_t seed)
{
	memset(buffer, 0, size);
	svm_to_vram(gpu, buffer, size);
	gpu_copy(gpu, buffer, from, size);
	return !gpu_flush(gpu) && !wrong(buffer, size, seed);
}

static void bound_twice(char *buffer)
{
	char *a = area_new(2 * HUGE, true), *b = area_new(HUGE, false);

	fill(a, 2 * HUGE, 1);
	ok(svm_to_vram(&g, a, 2 * HUGE) == (long)(2 * HUGE / PAGE), "bound");
	ok(svm_to_vram(&g, a, 2 * HUGE) == 0, "bound again: nothing moves");
	ok(gpu_sees(&g, buffer, a, 2 * HUGE, 1), "and all is mapped");
	ok(svm_to_vram(&g, a + PAGE, PAGE) == 0 && gpu_sees(&g, buffer, a, 2 * HUGE, 1),
	   "also when a part is bound again");

	fill(b, HUGE, 2);
	svm_to_vram(&g, b, HUGE / 2);
	ok(svm_to_vram(&g, b, HUGE) == (long)(HUGE / 2 / PAGE), "half of it was there");
	ok(gpu_sees(&g, buffer, b, HUGE, 2), "both halves are mapped, page by page");
	munmap(a, 2 * HUGE);
	munmap(b, HUGE);
}

/* Translations that something else has taken away. */
static void bound_again_to_be_mapped(char *buffer)
{
	char *a = area_new(2 * HUGE, true), *b = area_new(HUGE, false);

	fill(a, 2 * HUGE, 3);
	fill(b, HUGE, 4);
	svm_to_vram(&g, a, 2 * HUGE);
	svm_to_vram(&g, b, HUGE);
	for (int prot = PROT_READ; prot <= (PROT_READ | PROT_WRITE); prot += PROT_WRITE) {
		mprotect(a, 2 * HUGE, prot);
		mprotect(b, HUGE, prot);
	}
	ok(svm_to_vram(&g, a, 2 * HUGE) == 0 && svm_to_vram(&g, b, HUGE) == 0,
	   "after mprotect: nothing moves");
	ok(gpu_sees(&g, buffer, a, 2 * HUGE, 3) && gpu_sees(&g, buffer, b, HUGE, 4),
	   "and all is mapped again");
	munmap(a, 2 * HUGE);
	munmap(b, HUGE);
}

struct binder {
	pthread_t thread;
	char *area;
	uint64_t size;
	char *touch;
};

static atomic_bool stop;

/* Binds all of it again and again, of which a part has come back to RAM. */
static void *keep_binding(void *arg)
{
	struct binder *b = arg;

	while (!stop) {
		if (b->touch)
			*(volatile char *)b->touch += 1;
		svm_to_vram(&g, b->area, b->size);
	}
	return NULL;
}

/* Not for a moment may the neighbours be gone. */
static void bound_beside_copies(char *buffer, bool huge, const char *name)
{
	struct binder b = { .area = area_new(2 * HUGE, huge), .size = 2 * HUGE };
	bool good = true;

	fill(b.area, 2 * HUGE, 6);
	/* Small pages: one at the other end of the same 2 MiB comes and goes. */
	b.touch = huge ? NULL : b.area + HUGE - PAGE;
	svm_to_vram(&g, b.area, 2 * HUGE);
	stop = false;
	pthread_create(&b.thread, NULL, keep_binding, &b);
	for (int i = 0; good && i < ROUNDS; i++)
		good = gpu_sees(&g, buffer, b.area, HUGE / 2, 6);
	stop = true;
	pthread_join(b.thread, NULL);
	ok(good, name);
	munmap(b.area, 2 * HUGE);
}

/* Where VRAM is wanted nothing leaves it but what the CPU touches. */
static void neighbours_of_a_touched_page(char *buffer)
{
	char *a = area_new(HUGE, false);
	bool good = true;

	for (uint64_t at = 0; at < HUGE; at += PAGE)
		fill(a + at, PAGE, 7);
	svm_to_vram(&g, a, HUGE);
	(void)*(volatile char *)(a + 5 * PAGE);
	ok(svm_bytes_in_vram(&g, a, HUGE) == HUGE - MTHP, "a touch takes 64 KiB back");
	must(svm_command(&g, NOUVEAU_SVM_BIND_COMMAND__POLICY,
			 NOUVEAU_SVM_BIND_POLICY__DEVICE, a, HUGE, NULL), "policy");
	svm_to_vram(&g, a, HUGE);
	for (uint64_t at = HUGE / 2; good && at < HUGE / 2 + 16 * PAGE; at += 2 * PAGE) {
		(void)*(volatile char *)(a + at);
		good = gpu_sees(&g, buffer, a + at + PAGE, PAGE, 7);
	}
	ok(good && svm_bytes_in_vram(&g, a, HUGE) == HUGE - 8 * PAGE,
	   "with policy device it takes one page, and the GPU works on beside it");
	munmap(a, HUGE);
}

/* One call for more than there is: the last huge page is the buffer. */
static void more_than_vram(void)
{
	uint64_t size = 40 * HUGE;
	char *a = area_new(size + HUGE, true), *buffer = a + size;
	bool good = true;
	long moved;

	for (uint64_t at = 0; at < size; at += HUGE)
		fill(a + at, HUGE, 8 + (uint32_t)(at / HUGE));
	memset(buffer, 0, HUGE);
	moved = svm_to_vram(&g, a, size + HUGE);
	ok(moved > 0 && moved < (long)(size / PAGE), "more than VRAM: a part moves");
	for (uint64_t at = 0; good && at < size; at += HUGE) {
		gpu_copy(&g, buffer, a + at, HUGE);
		good = !gpu_flush(&g) && !wrong(buffer, HUGE, 8 + (uint32_t)(at / HUGE));
	}
	ok(good, "the rest is mapped where it is");
	munmap(a, size + HUGE);
}

int main(void)
{
	struct drm_nouveau_svm_bind out;
	char *buffer;

	tap_plan(15);
	must(gpu_open(&g), "open");
	must(gpu_svm_init(&g), "SVM_INIT");
	must(gpu_channel(&g), "channel");
	buffer = area_new(2 * HUGE, true);
	ok(!svm_command(&g, NOUVEAU_SVM_BIND_COMMAND__FEATURES, 0, buffer, 1, &out) &&
	   out.result & NOUVEAU_SVM_BIND_FEATURE_MAPPED, "the driver promises it");
	bound_twice(buffer);
	bound_again_to_be_mapped(buffer);
	bound_beside_copies(buffer, true, "huge pages bound again while the GPU reads them");
	bound_beside_copies(buffer, false, "small pages bound beside those that the GPU reads");
	neighbours_of_a_touched_page(buffer);
	more_than_vram();
	return tap_end();
}
