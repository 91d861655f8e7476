// SPDX-License-Identifier: MIT
/* Surprise removal while everything is busy: ones, no interrupt, no access to guest memory, no hang. */
#include <pthread.h>

#include "inject.h"
#include "pce_rig.h"

static struct bench b;
static struct chan c;
static atomic_bool quit;
static atomic_uint wrong;

static bool inject(const char *command)
{
	char text[128] = "";
	FILE *out = fmemopen(text, sizeof(text) - 1, "w");
	int r;

	gpu_lock(b.gpu);
	r = inject_command(b.gpu, command, out);
	gpu_unlock(b.gpu);
	fclose(out);
	return !r;
}

/* A driver that goes on as if nothing were. */
static void *traffic(void *arg)
{
	(void)arg;
	while (!atomic_load(&quit)) {
		u32 v;

		wr32(&b, 0x002140, ~0u);
		bar_wr32(&b, GPU_BAR1, USERD_AT + c.id * 0x200 + 0x8c, c.put);
		bar_rd32(&b, GPU_BAR2, 0x1000);
		wr32(&b, 0x100cbc, 0x80000001);
		v = rd32(&b, 0);
		if (v != ~0u && v != 0x134000a1)
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

/* Enough copies into guest memory to be busy for a while. */
static void fill_ring(void)
{
	for (u32 i = 0; i < 400; i++) {
		ce_launch(&c, VRAM_VA + DATA_AT, SYS_VA, 0, 0, RAM_SIZE, 1, L_COPY);
		mthd(&c, 0, 0x20, 0);
	}
	kick(&c);
}

static bool all(const u8 *p, size_t len, u8 v)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] != v)
			return false;
	}
	return true;
}

static void is_gone(void)
{
	u8 buf[64];

	ok(rd32(&b, 0) == ~0u && rd32(&b, 0x002100) == ~0u, "registers read all ones");
	ok(bar_rd32(&b, GPU_BAR1, 0x2000) == ~0u && bar_rd32(&b, GPU_BAR2, 0) == ~0u, "so do BAR1 and BAR2");
	ok_eq(bar_rd32(&b, GPU_CONFIG, 0), ~0u, "and configuration space");
	ok(!gpu_region_read(b.gpu, GPU_BAR0, 3, buf, sizeof(buf)) && all(buf, sizeof(buf), 0xff),
	   "at any alignment and length");
	ok(gpu_region_read(b.gpu, GPU_BAR0, GPU_BAR0_SIZE, buf, 1) < 0, "an access outside of a region is still an error");
}

static void removal(void)
{
	pthread_t thread[2];
	unsigned int irqs;
	u8 *before = malloc(RAM_SIZE);

	memset(vram(&b, DATA_AT), 0xab, RAM_SIZE);
	fill_ring();
	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, traffic, NULL);
	for (int i = 0; i < 5000 && *(volatile u8 *)b.ram != 0xab; i++)
		sleep_ms(1);
	ok(*(volatile u8 *)b.ram == 0xab, "copies into guest memory are under way");
	ok(inject("late-irq 1000") && inject("late-fault 1000"), "interrupts and faults are late");
	ok(inject("remove"), "the device is removed");
	irqs = atomic_load(&b.irqs);
	memset(b.ram, 0x11, RAM_SIZE);
	memcpy(before, b.ram, RAM_SIZE);
	sleep_ms(50);
	ok(!memcmp(before, b.ram, RAM_SIZE), "nothing writes to guest memory any more");
	ok_eq(atomic_load(&b.irqs), irqs, "no interrupt comes");
	is_gone();
	atomic_store(&quit, true);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	ok_eq(atomic_load(&wrong), 0, "the driver has read the true value or all ones, nothing else");
	gpu_reset(b.gpu);
	is_gone();
	ok(inject("remove") && inject("kill 1") == false, "trouble made with a device that is gone");
	free(before);
}

int main(void)
{
	static const char *const opts[] = { "delay", "10", NULL };

	bench_open(&b, "gp104", 128u << 20, opts);
	chan_open_on(&c, &b, 1, 1, 0);
	wr32(&b, 0x002140, ~0u);
	wr32(&b, 0x000160, ~0u);
	removal();
	bench_close(&b);
	ok(true, "and it can be destroyed");
	return tap_done();
}
