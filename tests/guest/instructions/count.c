// SPDX-License-Identifier: MIT
/*
 * A QEMU plugin that counts instructions: of user space and of the kernel (the upper
 * half of the address space), a CPU each. A program in the guest marks what is to be
 * counted (marker.h); each end mark appends a line to the file of "out=FILE":
 *
 *	NUMBER USER KERNEL
 *
 * Counted are blocks as translated: one that a fault ends early counts whole, and a mark
 * in the middle of a block is off by what is before it. Some ten instructions.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

#define EXPORT __attribute__((visibility("default")))
#define MARKS	256
#define CPUS	64

/* QEMU looks for this before it calls anything. */
EXPORT int qemu_plugin_version = 7;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

struct counts {
	uint64_t user;
	uint64_t kernel;
};

static qemu_plugin_u64 user, kernel;
static struct counts begun[CPUS][MARKS];	/* each CPU writes its own */
static FILE *out;

static struct counts counted(unsigned int cpu)
{
	struct counts c = { qemu_plugin_u64_get(user, cpu), qemu_plugin_u64_get(kernel, cpu) };

	return c;
}

static void begin(unsigned int cpu, void *data)
{
	if (cpu < CPUS)
		begun[cpu][(uintptr_t)data] = counted(cpu);
}

static void end(unsigned int cpu, void *data)
{
	struct counts now = counted(cpu), then;

	if (cpu >= CPUS)
		return;
	then = begun[cpu][(uintptr_t)data];
	fprintf(out, "%u %llu %llu\n", (unsigned int)(uintptr_t)data,
		(unsigned long long)(now.user - then.user),
		(unsigned long long)(now.kernel - then.kernel));
	fflush(out);
}

static void look_for_mark(struct qemu_plugin_insn *insn)
{
	static const uint8_t nop[3] = { 0x0f, 0x1f, 0x80 }, magic[2] = { 0x53, 0x48 };
	uint8_t bytes[7];

	if (qemu_plugin_insn_data(insn, bytes, sizeof(bytes)) != sizeof(bytes) ||
	    memcmp(bytes, nop, 3) || memcmp(bytes + 5, magic, 2))
		return;
	if (bytes[4] == 1 || bytes[4] == 2)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, bytes[4] == 1 ? begin : end,
						       QEMU_PLUGIN_CB_NO_REGS,
						       (void *)(uintptr_t)bytes[3]);
}

static void translated(struct qemu_plugin_tb *tb, void *data)
{
	bool in_kernel = qemu_plugin_tb_vaddr(tb) >> 63;
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)data;
	qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, QEMU_PLUGIN_INLINE_ADD_U64,
							  in_kernel ? kernel : user, n);
	for (size_t i = 0; i < n && !in_kernel; i++)
		look_for_mark(qemu_plugin_tb_get_insn(tb, i));
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	struct qemu_plugin_scoreboard *score = qemu_plugin_scoreboard_new(sizeof(struct counts));

	(void)info;
	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "a");
	if (!out) {
		fprintf(stderr, "instruction counter: out=FILE is missing, or cannot be written\n");
		return 1;
	}
	user = (qemu_plugin_u64){ score, offsetof(struct counts, user) };
	kernel = (qemu_plugin_u64){ score, offsetof(struct counts, kernel) };
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated, NULL);
	return 0;
}
