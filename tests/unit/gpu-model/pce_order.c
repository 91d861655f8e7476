// SPDX-License-Identifier: MIT
/*
 * Engines run beside the CPU: who does not wait for the fence reads old data; who
 * does reads new; a channel keeps its order, channels have none between them.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "pce_rig.h"

#define SRC	(DATA_AT)
#define DST	(DATA_AT + (8u << 20))
#define NR	40u

static struct bench b;
static struct chan c, d;

/* How many of NR copies show the old byte right after the doorbell. */
static u32 unfenced_reads(u32 *wrong_fenced)
{
	u32 old = 0;

	*wrong_fenced = 0;
	for (u32 i = 0; i < NR; i++) {
		memset(vram(&b, SRC), (int)(i + 1), 65536);
		memset(vram(&b, DST), 0, 65536);
		ce_launch(&c, VRAM_VA + SRC, VRAM_VA + DST, 0, 0, 65536, 1, L_COPY);
		kick(&c);
		old += *(volatile u8 *)vram(&b, DST + 65535) != i + 1;
		finish(&c);
		*wrong_fenced += *(volatile u8 *)vram(&b, DST + 65535) != i + 1;
	}
	return old;
}

/* A chain of copies, each of which reads what the one before has written. */
static void order_in_a_channel(void)
{
	bool good = true;

	pattern(vram(&b, SRC), 4096, 3);
	for (u32 i = 0; i < 100; i++)
		ce_launch(&c, VRAM_VA + SRC + i * 4096, VRAM_VA + SRC + (i + 1) * 4096, 0, 0, 4096, 1, L_COPY);
	good = finish(&c);
	ok(good && !memcmp(vram(&b, SRC), vram(&b, SRC + 100 * 4096), 4096), "copies of a channel are done in order");
}

/*
 * Two channels on two runlists write the same word, one launch each, over and
 * over. Unless somebody fences them, either may be last.
 */
static void no_order_between_channels(void)
{
	u32 last[2] = { 0, 0 };

	memset(vram(&b, SRC), 1, 64);
	memset(vram(&b, SRC + 64), 2, 64);
	for (u32 i = 0; i < 200 && !(last[0] && last[1]); i++) {
		ce_launch(&c, VRAM_VA + SRC, VRAM_VA + DST, 0, 0, 64, 1, L_COPY);
		ce_launch(&d, VRAM_VA + SRC + 64, VRAM_VA + DST, 0, 0, 64, 1, L_COPY);
		kick(&c);
		kick(&d);
		finish(&c);
		finish(&d);
		last[*vram(&b, DST) - 1]++;
	}
	ok(last[0] && last[1], "two channels have no order");
	printf("# %u times the first was last, %u times the second\n", last[0], last[1]);
}

/* With a semaphore between them they have. */
static void order_by_semaphore(void)
{
	u32 wrong = 0;

	for (u32 i = 1; i <= 50; i++) {
		ce_launch(&c, VRAM_VA + SRC, VRAM_VA + DST, 0, 0, 64, 1, L_COPY);
		sema(&c, sema_va(0x800), i, RELEASE_1);
		sema(&d, sema_va(0x800), i, ACQUIRE_GEQ);
		ce_launch(&d, VRAM_VA + SRC + 64, VRAM_VA + DST, 0, 0, 64, 1, L_COPY);
		kick(&d);
		kick(&c);
		finish(&d);
		wrong += *vram(&b, DST) != 2;
	}
	ok_eq(wrong, 0, "a semaphore between two channels orders them");
}

/* A huge copy is interrupted by a stop and a preemption, and goes on afterwards. */
static void interruptible(void)
{
	u64 before;

	before = counter_get(b.gpu, CTR_CE_BYTES);
	sema_wr(&b, 0x900, 0);
	ce_launch(&c, VRAM_VA + SRC, VRAM_VA + DST, 0, 0, 64, 0xffffffff, L_COPY | L_MULTI);
	sema(&c, sema_va(0x900), 1, RELEASE_1);
	kick(&c);
	sleep_ms(5);
	wr32(&b, 0x800004 + 8 * c.id, 0x800);
	wr32(&b, 0x002634, 1u << 24 | c.id);
	ok(wait32(&b, 0x002634, BIT(20), 0), "4 Gi lines: a preemption is over in no time");
	ok_eq(rd32(&b, 0x800004 + 8 * c.id) & BIT(28), 0, "the channel is off the engine");
	ok_eq(sema_rd(&b, 0x900), 0, "and not at its end");
	wr32(&b, 0x800004 + 8 * c.id, 0x400);
	sleep_ms(2);
	wr32(&b, 0x800000 + 8 * c.id, 0);
	sleep_ms(50);
	ok_eq(rd32(&b, 0x800004 + 8 * c.id) & BIT(28), 0, "an unbind ends it");
	ok_eq((long long)(counter_get(b.gpu, CTR_CE_BYTES) - before), 0, "it was not counted as done");
	ok_eq(sema_rd(&b, 0x900), 0, "nor released");
	ok(finish(&d), "other channels do not care");
}

/*
 * Guest RAM is exchanged under an endless copy, as firmware does when it remaps it; the
 * old one cannot be touched any more. Whoever kept a pointer would die here.
 */
static void memory_goes(void)
{
	u8 *heap = b.ram, *ram[2];
	u32 n = 0;

	for (int i = 0; i < 2; i++) {
		ram[i] = mmap(NULL, RAM_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (ram[i] == MAP_FAILED)
			exit(1);
	}
	chan_open_on(&c, &b, 1, 1, 0);
	ce_object(&c, 0xc1b5);
	ce_launch(&c, SYS_VA, SYS_VA + (1u << 20), 4096, 4096, 4096, 0xffffffff, L_COPY);
	ce_launch(&c, SYS_VA, SYS_VA + (1u << 20), 0, 0, 65536, 0xffffffff, L_COPY | L_MULTI);
	kick(&c);
	for (n = 0; n < 300; n++) {
		gpu_dma_change_begin(b.gpu);
		mprotect(ram[~n & 1], RAM_SIZE, PROT_NONE);
		mprotect(ram[n & 1], RAM_SIZE, PROT_READ | PROT_WRITE);
		b.ram = ram[n & 1];
		gpu_dma_change_end(b.gpu);
		usleep(100);
	}
	wr32(&b, 0x800000 + 8 * c.id, 0);
	gpu_dma_change_begin(b.gpu);
	b.ram = heap;
	gpu_dma_change_end(b.gpu);
	munmap(ram[0], RAM_SIZE);
	munmap(ram[1], RAM_SIZE);
	ok(finish(&d), "guest RAM is exchanged %u times under a copy", n);
}

/* After a reset no engine touches memory any more. */
static void reset(void)
{
	const struct timespec ts = { 0, 20000000 };
	u8 copy[64];

	chan_open_on(&c, &b, 4, 1, 0);
	ce_object(&c, 0xc1b5);
	ce_launch(&c, VRAM_VA + SRC, VRAM_VA + DST, 0, 0, 64, 0xffffffff, L_COPY | L_MULTI);
	kick(&c);
	sleep_ms(5);
	gpu_reset(b.gpu);
	memset(vram(&b, DST), 0x5a, 64);
	nanosleep(&ts, NULL);
	memset(copy, 0x5a, 64);
	ok(!memcmp(copy, vram(&b, DST), 64), "a reset stops a copy at once");
	chan_open_on(&c, &b, 4, 1, 0);
	ok(finish(&c), "and channels can be made again");
}

int main(void)
{
	static const char *const opts[] = { "delay", "2000", "delay-every", "3", NULL };
	u32 old, wrong;

	bench_open(&b, "gp104", 128u << 20, opts);
	chan_open_on(&c, &b, 1, 1, 0);
	chan_open_on(&d, &b, 2, 2, 0);
	ce_object(&c, 0xc1b5);
	ce_object(&d, 0xc1b5);
	old = unfenced_reads(&wrong);
	ok(old > NR / 2, "a reader that does not wait for the fence sees old data");
	printf("# %u of %u\n", old, NR);
	ok_eq(wrong, 0, "one that does never");
	order_in_a_channel();
	no_order_between_channels();
	order_by_semaphore();
	interruptible();
	memory_goes();
	reset();
	bench_close(&b);
	return tap_done();
}
