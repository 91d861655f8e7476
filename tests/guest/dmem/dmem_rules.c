// SPDX-License-Identifier: MIT
/*
 * What the ioctl promises and refuses, policies, the query, atomicity of errors, and
 * what happens to memory that the CPU's side changes while it is in VRAM.
 */
#define _GNU_SOURCE
#include "gpu.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct gpu g;

static void arguments_are_checked(char *a)
{
	struct drm_nouveau_svm_bind out;

	ok(svm_command(&g, 0, 12345, a, HUGE, NULL) == -EINVAL, "unknown target is refused");
	ok(svm_command(&g, 77, 0, a, HUGE, NULL) == -EINVAL, "unknown command is refused");
	ok(svm_command(&g, NOUVEAU_SVM_BIND_COMMAND__POLICY, 9, a, HUGE, NULL) == -EINVAL,
	   "unknown policy is refused");
	ok(svm_command(&g, NOUVEAU_SVM_BIND_COMMAND__QUERY, 1, a, HUGE, NULL) == -EINVAL,
	   "a query takes no target");
	ok(svm_command(&g, 0, 0, a, 0, NULL) == -EINVAL, "an empty range is refused");
	ok(svm_command(&g, 0, 0, (void *)-HUGE, HUGE / 2, NULL) == -EINVAL,
	   "kernel addresses are refused");
	ok(!svm_command(&g, NOUVEAU_SVM_BIND_COMMAND__FEATURES, 0, a, 1, &out) &&
	   out.result == 31, "the features are told");
}

/* The GPU's address space belongs to the process that made it. */
static void child_is_refused(char *a)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(svm_to_vram(&g, a, HUGE) == -EPERM &&
		      svm_query(&g, a, HUGE, NULL, 0) == -EPERM ? 0 : 1);
	waitpid(pid, &status, 0);
	ok(pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status),
	   "a child may not use its parent's address space");
}

static void query_tells_the_truth(void)
{
	struct drm_nouveau_svm_extent e[8] = {};
	char *a = area_new(3 * HUGE, true);
	long n;

	fill(a, 2 * HUGE, 1);
	svm_to_vram(&g, a + HUGE, HUGE);
	must(svm_command(&g, NOUVEAU_SVM_BIND_COMMAND__POLICY, NOUVEAU_SVM_BIND_POLICY__HOST,
			 a + 2 * HUGE, HUGE, NULL), "policy");
	n = svm_query(&g, a, 3 * HUGE, e, 8);
	if (!ok(n == 3, "three parts, three extents"))
		NOTE("%ld extents\n", n);
	ok(e[0].where == NOUVEAU_SVM_EXTENT_RAM && e[0].order == 9 &&
	   e[0].va_start == (uintptr_t)a && e[0].va_end == (uintptr_t)a + HUGE,
	   "query: a huge page of RAM");
	ok(e[1].where == NOUVEAU_SVM_EXTENT_VRAM && e[1].order == 9 &&
	   e[1].moved == NOUVEAU_SVM_EXTENT_VRAM && e[1].moved_ms < 60000,
	   "query: a huge folio of VRAM, moved just now");
	ok(e[2].where == NOUVEAU_SVM_EXTENT_NOWHERE &&
	   e[2].policy == NOUVEAU_SVM_BIND_POLICY__HOST, "query: untouched, with a policy");
	ok(svm_query(&g, a, 3 * HUGE, e, 1) == 3, "query counts what does not fit");
	ok(svm_query(&g, a, 3 * HUGE, (void *)8, 8) == -EFAULT, "query refuses a bad pointer");
	munmap(a, 3 * HUGE);
	ok(svm_query(&g, a, 3 * HUGE, e, 8) == 0, "query leaves out what is not mapped");
}

static void policy_rules_gpu_faults(void)
{
	char *a = area_new(2 * HUGE, true), *b = area_new(HUGE, true);

	fill(a, 2 * HUGE, 2);
	memset(b, 0, HUGE);
	must(svm_to_vram(&g, b, HUGE) < 0, "bind");
	must(svm_command(&g, NOUVEAU_SVM_BIND_COMMAND__POLICY, NOUVEAU_SVM_BIND_POLICY__HOST,
			 a, HUGE, NULL), "policy");
	must(svm_command(&g, NOUVEAU_SVM_BIND_COMMAND__POLICY, NOUVEAU_SVM_BIND_POLICY__DEVICE,
			 a + HUGE, HUGE, NULL), "policy");
	must(dmem_order("reset"), "reset");
	gpu_copy(&g, b, a, HUGE);
	must(gpu_flush(&g), "flush");
	ok(!svm_bytes_in_vram(&g, a, HUGE) &&
	   dmem_number("GPU faults served by mapping in place") == 1,
	   "policy host: mapped where it is, as one huge page");
	ok(!wrong(b, HUGE, 2), "and read right");
	must(svm_to_vram(&g, b, HUGE) < 0, "bind");
	gpu_copy(&g, b, a + HUGE, HUGE);
	must(gpu_flush(&g), "flush");
	ok(svm_bytes_in_vram(&g, a + HUGE, HUGE) == HUGE, "policy device: moved");

	/* Pulled back by the CPU just now: stays for the guard time. */
	must(debug_write("svm_guard_ms", "60000"), "guard");
	must(svm_command(&g, NOUVEAU_SVM_BIND_COMMAND__POLICY, NOUVEAU_SVM_BIND_POLICY__DEFAULT,
			 a, 2 * HUGE, NULL), "policy");
	((volatile char *)a)[HUGE] = 1;
	gpu_copy(&g, b, a + HUGE, HUGE);
	must(gpu_flush(&g), "flush");
	ok(!svm_bytes_in_vram(&g, a + HUGE, HUGE), "within the guard time it stays in RAM");
	must(debug_write("svm_guard_ms", "0"), "guard");
	usleep(20000);
	svm_to_ram(&g, b, HUGE);
	madvise(b, HUGE, MADV_DONTNEED);
	must(svm_to_ram(&g, a, 2 * HUGE) < 0, "bind");
	/* A new translation is needed for the GPU to fault again. */
	mprotect(a + HUGE, HUGE, PROT_READ);
	mprotect(a + HUGE, HUGE, PROT_READ | PROT_WRITE);
	gpu_copy(&g, b, a + HUGE, HUGE);
	must(gpu_flush(&g), "flush");
	ok(svm_bytes_in_vram(&g, a + HUGE, HUGE) == HUGE, "after the guard time it moves");
	must(debug_write("svm_guard_ms", "100"), "guard");
	must(debug_write("svm_policy", "host") || debug_write("svm_policy", "auto"), "policy");
	ok(debug_write("svm_policy", "nonsense") == -EINVAL, "the switch refuses nonsense");
	munmap(a, 2 * HUGE);
	munmap(b, HUGE);
}

/* A fault takes no translation away but where something moves. */
static void fault_beside_what_is_mapped(void)
{
	char *a = area_new(HUGE, false), *b = area_new(HUGE, true);
	long faults;

	fill(a, MTHP / 2, 11);
	fill(a + MTHP / 2, MTHP / 2, 12);
	fill(b, HUGE, 0);
	svm_to_vram(&g, a, MTHP / 2);
	svm_to_vram(&g, b, HUGE);
	must(dmem_order("reset"), "reset");
	gpu_copy(&g, b, a + MTHP / 2, MTHP / 2);
	must(gpu_flush(&g), "flush");
	faults = dmem_number("GPU faults read");
	ok(faults > 0 && svm_bytes_in_vram(&g, a, MTHP) == MTHP,
	   "a fault moves the other half of 64 KiB");
	gpu_copy(&g, b + HUGE / 2, a, MTHP / 2);
	must(gpu_flush(&g), "flush");
	ok(dmem_number("GPU faults read") == faults, "the half that was there stays mapped");
	ok(!wrong(b, MTHP / 2, 12) && !wrong(b + HUGE / 2, MTHP / 2, 11), "both are right");
	munmap(a, HUGE);
	munmap(b, HUGE);
}

static void memory_changes_while_in_vram(void)
{
	char *a = area_new(4 * HUGE, true), *b = area_new(HUGE, true), *c;
	long before;

	memset(b, 7, HUGE);
	fill(a, 4 * HUGE, 3);
	fill(a + 2 * HUGE, HUGE, 9);
	svm_to_vram(&g, a, 4 * HUGE);

	before = dmem_number("bytes used");
	munmap(a + 64 * PAGE, 128 * PAGE);
	ok(wrong(a, 64 * PAGE, 3) == 0, "half a huge folio is unmapped: the rest is right");
	ok(((uint32_t *)a)[192 * PAGE / 4] != 0, "on both sides");
	madvise(a + HUGE, HUGE, MADV_DONTNEED);
	ok(dmem_number("bytes used") <= before - 2 * (long)HUGE + (long)HUGE,
	   "MADV_DONTNEED gives VRAM back");
	gpu_copy(&g, b, a + HUGE, PAGE);
	must(gpu_flush(&g), "flush");
	ok(*(uint32_t *)b == 0, "and the GPU sees zeroes there");

	c = mremap(a + 2 * HUGE, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   (char *)area_new(2 * HUGE, true) + PAGE);
	must(c == MAP_FAILED ? -errno : 0, "mremap");
	gpu_copy(&g, b, c, HUGE);
	must(gpu_flush(&g), "flush");
	ok(!wrong(b, HUGE, 9), "moved to where it is not aligned, the GPU finds it there");
	fill(b, PAGE, 10);
	gpu_copy(&g, c, b, PAGE);
	must(gpu_flush(&g), "flush");
	ok(!wrong(c, PAGE, 10), "and writes it there");

	mprotect(a + 3 * HUGE, HUGE, PROT_READ);
	gpu_copy(&g, b, a + 3 * HUGE, HUGE);
	ok(!gpu_flush(&g) && !memcmp(b, a + 3 * HUGE, HUGE), "read only memory can be read");
	munmap(a, 4 * HUGE);
	munmap(b, HUGE);
}

static void fork_shares_and_parts(void)
{
	char *a = area_new(HUGE, true);
	int status = 0;
	pid_t pid;

	fill(a, HUGE, 4);
	svm_to_vram(&g, a, HUGE);
	pid = fork();
	if (!pid) {
		int bad = wrong(a, HUGE, 4) != 0;

		fill(a, HUGE, 5);
		_exit(bad || wrong(a, HUGE, 5));
	}
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && !WEXITSTATUS(status), "a child reads and writes its copy");
	ok(!wrong(a, HUGE, 4), "the parent's is as it was");
	svm_to_vram(&g, a, HUGE);
	pid = fork();
	if (!pid)
		_exit(wrong(a, HUGE, 4) != 0);
	fill(a, HUGE, 6);
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && !WEXITSTATUS(status), "the child's is as it was at fork");
	ok(!wrong(a, HUGE, 6), "the parent's is what it wrote");
	munmap(a, HUGE);
}

/* Only that channel dies. */
static void bad_address_kills_its_channel_only(void)
{
	char *a = area_new(HUGE, true);
	struct gpu other;

	fill(a, HUGE, 7);
	must(gpu_open(&other), "open");
	gpu_copy(&g, (void *)0x123450000ul, a, PAGE);
	gpu_flush(&g);
	gpu_copy(&g, a + PAGE, a, PAGE);
	ok(gpu_flush(&g) == -ENODEV, "a bad address kills the channel");
	ok(svm_to_vram(&g, a, HUGE) >= 0 && svm_bytes_in_vram(&g, a, HUGE) == HUGE &&
	   !wrong(a, HUGE, 7), "memory still moves both ways");
	gpu_close(&other);
	must(gpu_channel(&g), "a new channel");
	gpu_copy(&g, a + HUGE / 2, a, PAGE);
	ok(!gpu_flush(&g) && !memcmp(a, a + HUGE / 2, PAGE), "a new channel works");
	munmap(a, HUGE);
}

int main(void)
{
	struct gpu plain;
	char *a;

	tap_plan(41);
	must(gpu_open(&plain), "open");
	a = area_new(HUGE, true);
	ok(svm_to_vram(&plain, a, HUGE) == -EINVAL, "without SVM_INIT nothing is moved");
	gpu_close(&plain);

	must(gpu_open(&g), "open");
	must(gpu_svm_init(&g), "SVM_INIT");
	ok(gpu_svm_init(&g) == -EBUSY, "SVM_INIT once");
	must(gpu_channel(&g), "channel");

	arguments_are_checked(a);
	child_is_refused(a);
	query_tells_the_truth();
	policy_rules_gpu_faults();
	fault_beside_what_is_mapped();
	memory_changes_while_in_vram();
	fork_shares_and_parts();
	bad_address_kills_its_channel_only();
	ok(!dmem_order("check"), "the allocator is sound");
	return tap_end();
}
