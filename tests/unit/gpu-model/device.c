// SPDX-License-Identifier: MIT
/* The device itself: creation, widths, identity, interrupts, reset, diagnostics. */
#include "diag.h"
#include "event.h"
#include "page_tables.h"
#include "pmc.h"

static struct bench b;

static void refused(const char *chip, u64 vram, const char *key, const char *value, const char *what)
{
	struct gpu_option o = { key, value };
	struct gpu_config config = { .chip = chip, .vram_bytes = vram, .options = &o, .nr_options = key ? 1 : 0 };
	char error[256] = "";
	struct gpu *gpu;

	bench_log(&b, GPU_LOG_INFO, "");
	config.host = (struct gpu_host){ .ctx = &b, .log = bench_log };
	gpu = gpu_create(&config, error, sizeof(error));
	ok(!gpu && error[0], "%s is refused: %s", what, error);
	gpu_destroy(gpu);
}

static void test_creation(void)
{
	struct bench small, big;

	refused("gp999", 0, NULL, NULL, "an unknown chip");
	refused(NULL, 32 << 20, NULL, NULL, "32 MiB of VRAM");
	refused(NULL, 32ull << 30, NULL, NULL, "32 GiB of VRAM");
	refused(NULL, (64 << 20) + 4096, NULL, NULL, "VRAM of a fraction of a MiB");
	refused("gp104", 67ull << 20, NULL, NULL, "a size that GP104 cannot tell");
	refused(NULL, 0, "tlb-entries", "7", "a TLB whose size is no power of two");
	refused(NULL, 0, "ce-runlist", "nowhere", "an unknown place for copy engines");
	refused(NULL, 0, "fault-entries", "1", "a fault buffer without room");
	refused(NULL, 0, "schedule", "ms@x:hang:0", "a schedule that makes no sense");
	bench_open(&small, "gp104", 64ull << 20, NULL);
	bench_open(&big, "gp100", 16ull << 30, NULL);
	ok_eq(rd32(&small, 0x100ce0), 32 << 4 | 1, "GP104 tells 64 MiB as 32 << 1");
	ok_eq(rd32(&big, 0x90020c), 16384, "GP100 tells 16 GiB per FBPA");
	phys_wr32(&big, (16ull << 30) - 4, 0x5eed);
	ok_eq(phys_rd32(&big, (16ull << 30) - 4), 0x5eed, "the last word of 16 GiB is there");
	bench_close(&small);
	bench_close(&big);
}

/* Values from NVIDIA's public headers, written down here. */
static void test_identity(void)
{
	struct bench gp100;

	bench_open(&gp100, "gp100", 0, NULL);
	ok_eq(rd32(&b, 0) >> 20 & 0x1ff, 0x134, "chipset of GP104");
	ok_eq(rd32(&gp100, 0) >> 20 & 0x1ff, 0x130, "chipset of GP100");
	ok_eq(rd32(&b, 0x100ce0), 0x204 + 0x000, "512 MiB is 32 << 4 MiB");
	ok_eq(rd32(&b, 0x088000), 0x1b8010de, "the mirror of configuration space has the PCI id");
	bench_close(&gp100);
}

static void test_widths(void)
{
	u8 byte;
	u16 half;
	u64 both;
	static const u8 two[2] = { 0x22, 0x33 };

	wr32(&b, 0x409b04, 0x11223344);
	gpu_region_read(b.gpu, GPU_BAR0, 0x409b06, &byte, 1);
	ok_eq(byte, 0x22, "a byte of a register");
	gpu_region_read(b.gpu, GPU_BAR0, 0x409b06, &half, 2);
	ok_eq(half, 0x1122, "half of a register");
	gpu_region_read(b.gpu, GPU_BAR0, 0x088000, &both, 8);
	ok_eq((u32)both, 0x1b8010de, "two registers at once");
	gpu_region_write(b.gpu, GPU_BAR0, 0x409b05, two, 2);
	ok_eq(rd32(&b, 0x409b04), 0x11332244, "a write of two bytes leaves the others");
	ok(gpu_region_read(b.gpu, GPU_BAR0, GPU_BAR0_SIZE - 2, &both, 4) < 0, "nothing beyond the end of BAR0");
	ok(gpu_region_write(b.gpu, GPU_CONFIG, 254, &both, 4) < 0, "nor of configuration space");
}

static void test_config_space(void)
{
	u32 bar[7], ones = ~0u, v;

	for (u32 i = 0; i < 6; i++) {
		gpu_region_write(b.gpu, GPU_CONFIG, 0x10 + 4 * i, &ones, 4);
		gpu_region_read(b.gpu, GPU_CONFIG, 0x10 + 4 * i, &bar[i], 4);
	}
	ok_eq(bar[0], 0xff000000, "BAR0: 16 MiB, 32 bit");
	ok(bar[1] == 0xf000000c && bar[2] == ~0u, "BAR1: 256 MiB, 64 bit, prefetchable");
	ok(bar[3] == 0xfe00000c && bar[4] == ~0u, "BAR3: 32 MiB, 64 bit, prefetchable");
	ok_eq(bar[5], 0, "no further BAR");
	gpu_region_write(b.gpu, GPU_CONFIG, 0, &ones, 4);
	gpu_region_read(b.gpu, GPU_CONFIG, 0, &v, 4);
	ok_eq(v, 0x1b8010de, "the identity cannot be written");
	gpu_region_read(b.gpu, GPU_CONFIG, 0x34, &v, 4);
	gpu_region_read(b.gpu, GPU_CONFIG, v & 0xff, &v, 4);
	ok((v & 0xffff) == 0x0005 && v & 1 << 23, "one capability: MSI, 64 bit");
}

static void test_interrupts(void)
{
	unsigned int n = atomic_load(&b.irqs);

	gpu_lock(b.gpu);
	pmc_set_line(b.gpu, PMC_PBUS, true);
	gpu_unlock(b.gpu);
	ok_eq(atomic_load(&b.irqs) - n, 0, "a line that is not enabled does not interrupt");
	wr32(&b, 0x000160, 1u << PMC_PBUS);
	ok_eq(atomic_load(&b.irqs) - n, 1, "enabling it does");
	wr32(&b, 0x000160, 1u << PMC_PBUS | 1u << PMC_PFB);
	gpu_lock(b.gpu);
	pmc_set_line(b.gpu, PMC_PFB, true);
	gpu_unlock(b.gpu);
	ok_eq(atomic_load(&b.irqs) - n, 1, "a second line makes no second edge");
	ok_eq(rd32(&b, 0x000100), 1u << PMC_PBUS | 1u << PMC_PFB, "both pend");
	wr32(&b, 0x088704, 0);
	ok_eq(atomic_load(&b.irqs) - n, 2, "arming again while something pends interrupts again");
	wr32(&b, 0x000180, ~0u);
	wr32(&b, 0x088704, 0);
	ok_eq(atomic_load(&b.irqs) - n, 2, "but not when all is masked");
	wr32(&b, 0x000160, 1u << PMC_PBUS | 1u << PMC_PFB);
	ok_eq(atomic_load(&b.irqs) - n, 3, "unmasking makes an edge");
	wr32(&b, 0x000180, 1u << PMC_PFB);
	ok_eq(rd32(&b, 0x000140), 1u << PMC_PBUS, "bits are masked one by one");
	gpu_lock(b.gpu);
	pmc_set_line(b.gpu, PMC_PBUS, false);
	pmc_set_line(b.gpu, PMC_PFB, false);
	pmc_inject(b.gpu, 1, 0);
	pmc_set_line(b.gpu, PMC_PBUS, true);
	gpu_unlock(b.gpu);
	ok_eq(atomic_load(&b.irqs) - n, 3, "an interrupt is lost on request");
	gpu_lock(b.gpu);
	pmc_set_line(b.gpu, PMC_PBUS, false);
	pmc_set_line(b.gpu, PMC_PBUS, true);
	gpu_unlock(b.gpu);
	ok_eq(atomic_load(&b.irqs) - n, 4, "but only as many as were asked for");
	gpu_lock(b.gpu);
	pmc_set_line(b.gpu, PMC_PBUS, false);
	pmc_inject(b.gpu, 0, 20000000);
	pmc_set_line(b.gpu, PMC_PBUS, true);
	pmc_inject(b.gpu, 0, 0);
	pmc_set_line(b.gpu, PMC_PBUS, false);
	gpu_unlock(b.gpu);
	for (int i = 0; i < 200 && atomic_load(&b.irqs) - n < 5; i++)
		sleep_ms(1);
	ok_eq(atomic_load(&b.irqs) - n, 5, "or comes late");
	wr32(&b, 0x000180, ~0u);
}

static int engine_resets, other_resets;

static void count_reset(struct gpu *gpu)
{
	(void)gpu;
	engine_resets++;
}

static void count_other(struct gpu *gpu)
{
	(void)gpu;
	other_resets++;
}

static void test_engine_reset(void)
{
	pmc_on_engine_reset(b.gpu, 28, count_reset);
	pmc_on_engine_reset(b.gpu, 27, count_other);
	wr32(&b, 0x000200, ~0u);
	ok_eq(rd32(&b, 0x000200), ~0u, "engine enables read back");
	wr32(&b, 0x000200, ~(1u << 28));
	wr32(&b, 0x000200, ~(1u << 28));
	wr32(&b, 0x000200, ~0u);
	ok_eq(engine_resets, 1, "an engine is reset when its bit falls, once");
	ok_eq(other_resets, 0, "and no other");
}

static char order[8];

static void note(struct gpu *gpu, struct event *event)
{
	(void)gpu;
	order[strlen(order)] = *(const char *)event->ctx;
}

static bool noted(size_t n)
{
	size_t len = 0;

	for (int i = 0; i < 1000 && len < n; i++) {
		sleep_ms(1);
		gpu_lock(b.gpu);
		len = strlen(order);
		gpu_unlock(b.gpu);
	}
	return len == n;
}

static void test_events(void)
{
	struct event a = { .fn = note, .ctx = "a" }, c = { .fn = note, .ctx = "c" }, d = { .fn = note, .ctx = "d" };
	struct event e = { .fn = note, .ctx = "e" };

	gpu_lock(b.gpu);
	event_in(b.gpu, &d, 30000000);
	event_in(b.gpu, &a, 10000000);
	event_in(b.gpu, &c, 20000000);
	event_in(b.gpu, &e, 15000000);
	event_cancel(b.gpu, &e);
	gpu_unlock(b.gpu);
	ok(noted(3) && !strcmp(order, "acd"), "timed functions run in the order of their times, but for one that was cancelled");
	gpu_lock(b.gpu);
	memset(order, 0, sizeof(order));
	event_in(b.gpu, &a, 5000000);
	event_in(b.gpu, &c, 40000000);
	event_in(b.gpu, &a, 60000000);
	gpu_unlock(b.gpu);
	ok(noted(2) && !strcmp(order, "ca"), "one that is asked for again is moved");
}

/* What the device prints of registers that nothing models. */
static const char *report(struct bench *d)
{
	static char text[1024];
	FILE *out = fmemopen(text, sizeof(text) - 1, "w");

	memset(text, 0, sizeof(text));
	gpu_report_unmodelled(d->gpu, out);
	fclose(out);
	return text;
}

/* Reads the registers by turns for a second and a half. */
static void poll_all(struct bench *d, const u32 *addr, u32 nr)
{
	u64 start = host_ns();

	d->last_log[0] = 0;
	while (host_ns() - start < 1500000000ull) {
		for (u32 i = 0; i < nr; i++)
			rd32(d, addr[i]);
	}
}

static void test_watchdog(void)
{
	static const u32 two[] = { 0x001710, 0xabcdc4 }, many[] = { 0x100, 0x104, 0x140, 0x160, 0x164, 0x200, 0x204 };
	struct bench fresh;

	bench_open(&fresh, NULL, 64 << 20, NULL);
	poll_all(&fresh, two, 2);
	ok_eq(diag_polled(fresh.gpu), 2, "registers that a loop polls by turns are named both");
	ok(strstr(fresh.last_log, "abcdc4 ?"), "one that has no name by its address: %s", fresh.last_log);
	poll_all(&fresh, many, 7);
	ok(diag_polled(fresh.gpu) == 2 && !fresh.last_log[0], "who reads many registers in turn polls none");
	bench_close(&fresh);
}

static void test_diagnostics(void)
{
	struct bench fresh;
	char name[64];
	u64 start;

	bench_open(&fresh, NULL, 64 << 20, NULL);
	ok_eq(gpu_report_unmodelled(fresh.gpu, NULL), 0, "nothing is reported at first");
	rd32(&fresh, 0x000000);
	ok_eq(gpu_report_unmodelled(fresh.gpu, NULL), 0, "nor for a register that is modelled");
	wr32(&fresh, 0xabcdc0, 1);
	ok_eq(rd32(&fresh, 0xabcdc0), 1, "one that is not is storage");
	rd32(&fresh, 0xabcdc4);
	ok_eq(gpu_report_unmodelled(fresh.gpu, NULL), 2, "and is reported");
	rd32(&fresh, 0x10a7fc);
	ok(strstr(report(&fresh), "10a7fc NV_PPWR reads 1 writes 0") &&
	   strstr(report(&fresh), "abcdc0 ? reads 1 writes 1 last 00000001"),
	   "with the name of the block that it is in, and counts");
	ok(!strcmp(gpu_reg_name(fresh.gpu, 0x000164, name, sizeof(name)), "NV_PMC_INTR_EN_SET[1]"), "registers have names");
	ok(!strcmp(gpu_reg_name(fresh.gpu, 0xabcdc0, name, sizeof(name)), "?"), "or have none");
	for (start = host_ns(); host_ns() - start < 1500000000ull;) {
		rd32(&fresh, 0x001710);
		rd32(&fresh, 0x009400);
	}
	ok(diag_polled(fresh.gpu) == 1 && strstr(fresh.last_log, "001710 NV_PBUS_BIND_STATUS"),
	   "a register that is polled for ever is named: %s", fresh.last_log);
	bench_close(&fresh);
}

static struct tables t;

/* BAR2 shows @target at 40000; its first word is its address. */
static void map_and_use(u32 target)
{
	if (!t.b)
		tables_new(&t, &b, 8 << 20, 0);
	phys_wr32(&b, target, target);
	map(&t, 0x40000, 12, target, PTE_VRAM, 0);
	wr32(&b, 0x001714, 0x80000000 | (u32)(t.inst >> 12));
	bar_rd32(&b, GPU_BAR2, 0x40000);
}

static void test_reset(void)
{
	phys_wr32(&b, 0x123000, 0xfeed);
	wr32(&b, 0x409b04, 5);
	wr32(&b, 0x001704, 0x80000123);
	wr32(&b, 0x000160, ~0u);
	map_and_use(0x200000);
	gpu_reset(b.gpu);
	map_and_use(0x201000);
	ok_eq(bar_rd32(&b, GPU_BAR2, 0x40000), 0x201000, "a reset drops translations");
	gpu_reset(b.gpu);
	ok(!rd32(&b, 0x409b04) && !rd32(&b, 0x001704) && !rd32(&b, 0x000160), "a reset clears registers");
	ok_eq(rd32(&b, 0x409604), 0x10001, "constants are back");
	ok_eq(phys_rd32(&b, 0x123000), 0xfeed, "VRAM keeps its bytes");
	ok_eq(bar_rd32(&b, GPU_BAR1, 0x123000), 0xfeed, "the BARs are in physical mode again");
}

int main(void)
{
	bench_open(&b, NULL, 0, NULL);
	test_creation();
	test_identity();
	test_widths();
	test_config_space();
	test_interrupts();
	test_engine_reset();
	test_events();
	test_diagnostics();
	test_watchdog();
	test_reset();
	bench_close(&b);
	return tap_done();
}
