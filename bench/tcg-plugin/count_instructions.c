// SPDX-License-Identifier: MIT
/*
 * A QEMU TCG plugin: guest instructions in the kernel and in user space, of all CPUs,
 * counted up to each marker (marker.h) that a program executes.
 *
 *   -plugin count_instructions.so,out=FILE,do_idle=ADDR,schedule_idle=ADDR,
 *           cpuidle=START-END,entry=START-END
 *
 * Each marker adds a line "marker NUMBER KERNEL USER" to FILE; the difference of two
 * lines is what was executed between them.
 *
 * A CPU that has nothing to do is not counted. It is idle from do_idle() on, until an
 * interrupt enters the kernel (a TB in the entry text) or schedule_idle() looks for a
 * task; and again when it is back in the idle text, where it halts. The addresses are in
 * the kernel's System.map; the kernel must not be relocated.
 *
 * Blocks add their length to a counter of their CPU without a call; only the rare blocks
 * at which a CPU becomes idle or busy call a function.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "marker.h"
#include "qemu_plugin.h"

#define MAX_CPUS	16
#define MARKER_BYTES	8
#define KERNEL_HALF	(1ull << 63)

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

struct range {
	uint64_t start, end;
};

/* What the inline operations add to, one for each CPU. */
struct score {
	uint64_t kernel, user;
};

/* Kernel instructions executed before the CPU was busy the last time, and what of them counts. */
struct cpu {
	bool idle;
	uint64_t since, busy;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct cpu cpus[MAX_CPUS];
static qemu_plugin_u64 kernel, user;
static uint64_t do_idle, schedule_idle;
static struct range cpuidle, entry;
static FILE *out;

static bool inside(const struct range *r, uint64_t addr)
{
	return addr >= r->start && addr < r->end;
}

static void become_idle(unsigned int cpu, void *unused)
{
	struct cpu *c = &cpus[cpu % MAX_CPUS];

	(void)unused;
	if (c->idle)
		return;
	pthread_mutex_lock(&lock);
	c->busy += qemu_plugin_u64_get(kernel, cpu) - c->since;
	c->idle = true;
	pthread_mutex_unlock(&lock);
}

static void become_busy(unsigned int cpu, void *unused)
{
	struct cpu *c = &cpus[cpu % MAX_CPUS];

	(void)unused;
	if (!c->idle)
		return;
	pthread_mutex_lock(&lock);
	c->since = qemu_plugin_u64_get(kernel, cpu);
	c->idle = false;
	pthread_mutex_unlock(&lock);
}

static void marker(unsigned int cpu, void *number)
{
	uint64_t k = 0, u = 0;

	(void)cpu;
	pthread_mutex_lock(&lock);
	for (int i = 0; i < qemu_plugin_num_vcpus() && i < MAX_CPUS; i++) {
		k += cpus[i].busy;
		if (!cpus[i].idle)
			k += qemu_plugin_u64_get(kernel, (unsigned int)i) - cpus[i].since;
		u += qemu_plugin_u64_get(user, (unsigned int)i);
	}
	fprintf(out, "marker %u %" PRIu64 " %" PRIu64 "\n", (unsigned int)(uintptr_t)number, k, u);
	fflush(out);
	pthread_mutex_unlock(&lock);
}

static void find_marker(struct qemu_plugin_insn *insn)
{
	static const uint8_t nop[4] = { 0x0f, 0x1f, 0x84, 0x00 };
	uint8_t bytes[MARKER_BYTES];
	uint32_t word;

	if (qemu_plugin_insn_data(insn, bytes, sizeof(bytes)) != sizeof(bytes) ||
	    memcmp(bytes, nop, sizeof(nop)) != 0)
		return;
	memcpy(&word, bytes + sizeof(nop), sizeof(word));
	if ((word & ~0xffu) == MARKER_MAGIC)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, marker, QEMU_PLUGIN_CB_NO_REGS,
						       (void *)(uintptr_t)(word & 0xff));
}

static void translate(struct qemu_plugin_tb *tb, void *unused)
{
	uint64_t addr = qemu_plugin_tb_vaddr(tb);
	size_t n = qemu_plugin_tb_n_insns(tb);
	bool in_kernel = addr >= KERNEL_HALF;

	(void)unused;
	/* Before the block is counted. */
	if (addr == do_idle || inside(&cpuidle, addr))
		qemu_plugin_register_vcpu_tb_exec_cb(tb, become_idle, QEMU_PLUGIN_CB_NO_REGS, NULL);
	else if (addr == schedule_idle || inside(&entry, addr))
		qemu_plugin_register_vcpu_tb_exec_cb(tb, become_busy, QEMU_PLUGIN_CB_NO_REGS, NULL);
	qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, QEMU_PLUGIN_INLINE_ADD_U64,
							  in_kernel ? kernel : user, n);
	for (size_t i = 0; !in_kernel && i < n; i++)
		find_marker(qemu_plugin_tb_get_insn(tb, i));
}

/* "NAME=START" or "NAME=START-END", hexadecimal. */
static bool parse_range(const char *arg, const char *name, struct range *r)
{
	size_t len = strlen(name);
	char *end;

	if (strncmp(arg, name, len) != 0 || arg[len] != '=')
		return false;
	r->start = strtoull(arg + len + 1, &end, 16);
	r->end = *end == '-' ? strtoull(end + 1, &end, 16) : r->start + 1;
	return !*end && r->start && r->end > r->start;
}

static bool parse(const char *arg)
{
	struct range r;

	if (!strncmp(arg, "out=", 4)) {
		out = fopen(arg + 4, "w");
		return out;
	}
	if (parse_range(arg, "cpuidle", &cpuidle) || parse_range(arg, "entry", &entry))
		return true;
	if (parse_range(arg, "do_idle", &r)) {
		do_idle = r.start;
		return true;
	}
	if (parse_range(arg, "schedule_idle", &r)) {
		schedule_idle = r.start;
		return true;
	}
	return false;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info,
					   int argc, char **argv)
{
	struct qemu_plugin_scoreboard *scores;

	if (!info->system_emulation)
		return -1;
	for (int i = 0; i < argc; i++) {
		if (!parse(argv[i])) {
			fprintf(stderr, "count_instructions: bad argument '%s'\n", argv[i]);
			return -1;
		}
	}
	if (!out || !do_idle || !schedule_idle || !cpuidle.start || !entry.start) {
		fprintf(stderr, "count_instructions: out, do_idle, schedule_idle, cpuidle and entry are needed\n");
		return -1;
	}
	scores = qemu_plugin_scoreboard_new(sizeof(struct score));
	kernel = (qemu_plugin_u64){ scores, offsetof(struct score, kernel) };
	user = (qemu_plugin_u64){ scores, offsetof(struct score, user) };
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate, NULL);
	return 0;
}
