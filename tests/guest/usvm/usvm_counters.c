// SPDX-License-Identifier: MIT
/*
 * What the GPU did for the library, by the model's own counters: copies, faults,
 * page-table entries. Above all what advice changes. Needs the GPU model, a kernel
 * with this project's nouveau, and vadd.usvm in the working directory.
 */
#include <stdlib.h>
#include <string.h>
#include <usvm.h>

#include "model_port.h"
#include "tap.h"

#define MIB	(1ul << 20)
#define SIZE	(4 * MIB)
#define HUGE	(2 * MIB)
#define N	((unsigned int)(SIZE / sizeof(float)))

/* Counters that the tests are about, and their values at the last look. */
static const char *const names[] = {
	"ce.launches", "ce.bytes.sys_to_vram", "ce.bytes.vram_to_sys", "ce.bytes.vram_to_vram",
	"ce.bytes.filled", "fault.read", "fault.write", "fault.fatal", "gr.grids", "pbdma.entries",
};
enum { LAUNCHES, TO_VRAM, TO_RAM, INSIDE, FILLED, READ, WRITE, FATAL, GRIDS, ENTRIES, COUNTERS };
static long long now[COUNTERS], moved[COUNTERS];

static void look(void)
{
	for (int i = 0; i < COUNTERS; i++) {
		long long value = model_counter(names[i]);

		moved[i] = value - now[i];
		now[i] = value;
	}
}

static bool counted(int counter, long long low, long long high, const char *what)
{
	bool good = tap_ok(moved[counter] >= low && moved[counter] <= high, what);

	if (!good)
		printf("# %s: %lld, not %lld to %lld\n", names[counter], moved[counter], low, high);
	return good;
}

static bool exactly(int counter, long long want, const char *what)
{
	return counted(counter, want, want, what);
}

static uint64_t in_vram(const void *p)
{
	struct usvm_residency r = { 0 };

	usvm_mem_range_get_residency(&r, p, SIZE);
	return r.vram_small + r.vram_huge;
}

/* Memory that one part of the test uses: a + b = c. */
struct vectors {
	float *a;
	float *b;
	float *c;
};

static struct vectors vectors_new(float k)
{
	struct vectors v;

	if (usvm_malloc_managed((void **)&v.a, SIZE) || usvm_malloc_managed((void **)&v.b, SIZE) ||
	    usvm_malloc_managed((void **)&v.c, SIZE))
		exit(1);
	for (unsigned int i = 0; i < N; i++) {
		v.a[i] = (float)i * k;
		v.b[i] = 1;
		v.c[i] = -1;
	}
	return v;
}

static void vectors_free(struct vectors *v)
{
	usvm_free(v->a);
	usvm_free(v->b);
	usvm_free(v->c);
}

static bool sums_right(const struct vectors *v, float k)
{
	size_t bad = 0;

	for (unsigned int i = 0; i < N; i++)
		bad += v->c[i] != (float)i * k + 1;
	return !bad;
}

static usvm_kernel *vadd;

static usvm_error add(const struct vectors *v)
{
	unsigned int n = N;
	void *args[] = { (void *)&v->a, (void *)&v->b, (void *)&v->c, &n };
	usvm_error err = usvm_launch(vadd, (struct usvm_dim3){ N / 256, 1, 1 },
				     (struct usvm_dim3){ 256, 1, 1 }, args, NULL);

	return err ? err : usvm_stream_synchronize(NULL);
}

static void test_prefetch(struct vectors *v)
{
	look();
	usvm_mem_prefetch(v->a, SIZE, 0);
	look();
	exactly(TO_VRAM, SIZE, "a prefetch copies each byte once");
	counted(LAUNCHES, 1, SIZE / HUGE, "with one launch or less for 2 MiB");
	exactly(READ, 0, "and no fault");
	usvm_mem_prefetch(v->a, SIZE, 0);
	look();
	exactly(LAUNCHES, 0, "prefetching it again copies nothing");
	usvm_mem_prefetch(v->a, SIZE, USVM_HOST);
	look();
	exactly(TO_RAM, SIZE, "a prefetch to the host copies each byte once");
	counted(LAUNCHES, 1, SIZE / HUGE, "with one launch or less for 2 MiB, too");
}

static void test_copies(struct vectors *v)
{
	usvm_mem_prefetch(v->a, SIZE, 0);
	usvm_mem_prefetch(v->b, SIZE, 0);
	look();
	usvm_memcpy(v->b, v->a, SIZE);
	look();
	exactly(INSIDE, SIZE, "a copy inside VRAM is the engine's");
	exactly(LAUNCHES, 1, "one launch");
	exactly(ENTRIES, 2, "one entry in the channel's ring, and the driver's fence");
	usvm_fill(v->b, 8, 0x0102030405060708, SIZE / 8);
	look();
	exactly(FILLED, SIZE, "so is a fill");
	exactly(LAUNCHES, 1, "one launch");
	usvm_memcpy(v->c, v->a, SIZE);
	look();
	exactly(TO_RAM, SIZE, "VRAM to RAM: the engine reads each byte once");
	usvm_memcpy(v->b, v->c, SIZE);
	look();
	exactly(TO_VRAM, SIZE, "RAM to VRAM: it writes each byte once");
	tap_ok(!memcmp(v->b, v->a, SIZE) && !memcmp(v->c, v->a, SIZE), "every byte is right");
}

/* The yardstick for what follows: without advice, faults move memory. */
static void test_no_advice(void)
{
	struct vectors v = vectors_new(1);

	look();
	tap_is(add(&v), USVM_SUCCESS, "launch on memory in RAM, no advice");
	look();
	exactly(GRIDS, 1, "one grid");
	exactly(TO_VRAM, 3 * SIZE, "its faults move all of it, each byte once");
	counted(READ, 2, 2 * SIZE / HUGE * 16, "read faults");
	tap_ok(in_vram(v.a) == SIZE && in_vram(v.c) == SIZE, "and it stays in VRAM");
	tap_ok(sums_right(&v, 1), "sums right");
	vectors_free(&v);
}

static void test_read_mostly(void)
{
	struct vectors v = vectors_new(2);

	usvm_mem_prefetch(v.c, SIZE, 0);
	usvm_mem_advise(v.a, SIZE, USVM_ADVISE_SET_READ_MOSTLY, 0);
	usvm_mem_advise(v.b, SIZE, USVM_ADVISE_SET_READ_MOSTLY, 0);
	look();
	usvm_mem_prefetch(v.a, SIZE, 0);
	look();
	exactly(LAUNCHES, 0, "read-mostly: a prefetch to the device does nothing");
	tap_is(add(&v), USVM_SUCCESS, "launch that reads it");
	look();
	exactly(TO_VRAM, 0, "no second copy is made");
	counted(READ, 2, 2 * SIZE / HUGE * 16, "read faults map it where it is");
	tap_ok(!in_vram(v.a) && !in_vram(v.b), "in RAM");
	tap_is(add(&v), USVM_SUCCESS, "launch again");
	look();
	exactly(READ, 0, "no fault: it is still mapped");
	tap_ok(v.a[7] == 14 && v.b[N - 1] == 1, "the CPU reads it");
	tap_is(add(&v), USVM_SUCCESS, "and once more");
	look();
	exactly(READ, 0, "no fault: CPU and GPU share it");
	exactly(TO_RAM, 0, "nothing moved for the CPU");
	tap_ok(sums_right(&v, 2), "sums right");
	vectors_free(&v);
}

static void test_preferred(void)
{
	struct vectors v = vectors_new(3);

	usvm_mem_advise(v.a, SIZE, USVM_ADVISE_SET_PREFERRED_LOCATION, 0);
	usvm_mem_advise(v.b, SIZE, USVM_ADVISE_SET_PREFERRED_LOCATION, USVM_HOST);
	usvm_mem_advise(v.c, SIZE, USVM_ADVISE_SET_PREFERRED_LOCATION, USVM_HOST);
	look();
	tap_is(add(&v), USVM_SUCCESS, "launch: one vector prefers the device, two the host");
	look();
	exactly(TO_VRAM, SIZE, "one is moved");
	counted(READ, 1, SIZE / HUGE * 16, "read faults of one in RAM");
	tap_ok(in_vram(v.a) == SIZE && !in_vram(v.b) && !in_vram(v.c), "each is where it prefers to be");
	tap_ok(sums_right(&v, 3), "sums right");
	vectors_free(&v);
}

static void test_accessed_by(void)
{
	struct vectors v = vectors_new(4);

	usvm_mem_advise(v.a, SIZE, USVM_ADVISE_SET_ACCESSED_BY, 0);
	usvm_mem_advise(v.b, SIZE, USVM_ADVISE_SET_ACCESSED_BY, 0);
	usvm_mem_advise(v.c, SIZE, USVM_ADVISE_SET_ACCESSED_BY, 0);
	look();
	tap_is(add(&v), USVM_SUCCESS, "launch on memory that is accessed by the device");
	look();
	exactly(TO_VRAM, 0, "nothing moves: it is mapped where it is");
	counted(WRITE, 1, SIZE / HUGE * 16, "for writing as well");
	tap_ok(sums_right(&v, 4), "sums right");
	look();
	exactly(TO_RAM, 0, "the CPU finds them in RAM");
	tap_is(add(&v), USVM_SUCCESS, "launch again");
	look();
	exactly(READ, 0, "no fault");
	usvm_mem_prefetch(v.a, SIZE, 0);
	look();
	exactly(TO_VRAM, SIZE, "a prefetch still moves it");
	tap_is(add(&v), USVM_SUCCESS, "launch");
	look();
	exactly(READ, 0, "and it is mapped there");
	usvm_mem_advise(v.b, SIZE, USVM_ADVISE_SET_ACCESSED_BY, USVM_HOST);
	usvm_mem_advise(v.b, SIZE, USVM_ADVISE_UNSET_ACCESSED_BY, 0);
	v.b[0] = 1;
	usvm_mem_prefetch(v.b, SIZE, USVM_HOST);
	usvm_mem_discard_async(v.b, SIZE, NULL);
	usvm_stream_synchronize(NULL);
	memset(v.b, 0, SIZE);
	look();
	tap_is(add(&v), USVM_SUCCESS, "launch after the advice has ended");
	look();
	counted(TO_VRAM, SIZE, 2 * SIZE, "moves it");
	vectors_free(&v);
}

/* Advice ends with the memory: what comes to lie there next is not advised. */
static void test_freed_advice(void)
{
	struct vectors v = vectors_new(5), w;

	usvm_mem_advise(v.a, SIZE, USVM_ADVISE_SET_READ_MOSTLY, 0);
	usvm_mem_advise(v.b, SIZE, USVM_ADVISE_SET_PREFERRED_LOCATION, USVM_HOST);
	vectors_free(&v);
	w = vectors_new(6);
	tap_ok(w.a == v.a && w.b == v.b, "new memory lies where freed memory lay");
	look();
	tap_is(add(&w), USVM_SUCCESS, "launch on it");
	look();
	exactly(TO_VRAM, 3 * SIZE, "moves it: the advice has ended with the old memory");
	vectors_free(&w);
}

int main(void)
{
	struct vectors v;
	usvm_module *m;
	int advice = 0;

	setenv("USVM_DEVICE", "nouveau", 0);
	if (!model_open() ||
	    usvm_device_get_attribute(&advice, USVM_ATTR_KERNEL_ADVICE, 0) || !advice) {
		printf("1..0 # SKIP no GPU model, or an unmodified nouveau\n");
		return 0;
	}
	if (usvm_module_load(&m, "vadd.usvm", NULL, 0) || usvm_module_get_kernel(&vadd, m, "vadd")) {
		printf("Bail out! vadd.usvm cannot be loaded\n");
		return 1;
	}
	look();
	v = vectors_new(1);
	test_prefetch(&v);
	test_copies(&v);
	vectors_free(&v);
	test_no_advice();
	test_read_mostly();
	test_preferred();
	test_accessed_by();
	test_freed_advice();
	tap_is((int)model_counter("fault.fatal"), 0, "no fatal fault in all of it");
	usvm_module_unload(m);
	return tap_done();
}
