// SPDX-License-Identifier: MIT
/*
 * Running kernels: launch descriptors (QMD 2.1 of the classes C0C0 and C1C0; bit numbers
 * are those of NVIDIA's clc0c0qmd.h), arguments, and what tests do with them.
 *
 * Arguments are in constant bank 0 from its start. Bank 7 has what the compiler wants
 * to know of the grid. Descriptors and code are in buffer objects, as faults on them
 * cannot be replayed; the data is anybody's memory.
 */
#include <errno.h>
#include <inttypes.h>

#include "igt.h"
#include "igt_nouveau_svm.h"
#include "igt_nouveau_svm_priv.h"

#define BLOCK		64u
#define CODE_EACH	0x1000u
#define SLOTS		32u
#define SLOT_BYTES	0x1000u
#define SLOT_BANK0	0x400u
#define SLOT_BANK7	0x800u
#define BANK0_BYTES	0x400u
#define BANK7_BYTES	0x200u
#define BANK7_BLOCK	0x100u	/* threads a block, x y z; then blocks, x y z */
#define STACK_BYTES	0x800u	/* of a warp */
#define WARPS		64u	/* of an SM */

enum method {
	WAIT_FOR_IDLE = 0x0110,
	SHARED_WINDOW = 0x0214,
	SEND_PCAS_A = 0x02b4,		/* descriptor >> 8 */
	SEND_SIGNALING_PCAS_B = 0x02bc,	/* invalidate, schedule */
	LOCAL_SIZE_0 = 0x02e4,		/* of an SM: high, low, mask of SMs */
	LOCAL_SIZE_1 = 0x02f0,
	LOCAL_WINDOW = 0x077c,
	LOCAL_ADDRESS = 0x0790,
	PROGRAM_REGION = 0x1608,
};

static void push1(struct nsvm_channel *ch, uint32_t method, uint32_t value)
{
	nsvm_push(ch, NSVM_SUBCH_COMPUTE, method, 1, &value);
}

static void push_address(struct nsvm_channel *ch, uint32_t method, uint64_t va)
{
	const uint32_t words[2] = { (uint32_t)(va >> 32), (uint32_t)va };

	nsvm_push(ch, NSVM_SUBCH_COMPUTE, method, 2, words);
}

static int load_code(struct nsvm_channel *ch)
{
	int ret = nsvm_bo_new(ch->svm, &ch->code, NSVM_NR_KERNELS * CODE_EACH + NSVM_PAGE,
			      NOUVEAU_GEM_DOMAIN_GART);

	for (unsigned int i = 0; !ret && i < NSVM_NR_KERNELS; i++) {
		igt_assert(nsvm_kernels[i].words * 8 <= CODE_EACH);
		memcpy((char *)ch->code.map + i * CODE_EACH, nsvm_kernels[i].code,
		       nsvm_kernels[i].words * 8);
	}
	return ret;
}

int nsvm_compute_open(struct nsvm_channel *ch)
{
	uint32_t sms = (uint32_t)(ch->svm->graph_units >> 8) & 0xffff;
	uint32_t sm_bytes = (STACK_BYTES * WARPS + 0x7fff) & ~0x7fffu;
	const uint32_t size[3] = { 0, sm_bytes, 0xff };
	int ret = load_code(ch);

	if (!ret)
		ret = nsvm_bo_new(ch->svm, &ch->slots, SLOTS * SLOT_BYTES,
				  NOUVEAU_GEM_DOMAIN_GART);
	if (!ret)
		ret = nsvm_bo_new(ch->svm, &ch->local, (uint64_t)sm_bytes * (sms ? sms : 1),
				  NOUVEAU_GEM_DOMAIN_GART);
	if (ret)
		return ret;
	push1(ch, LOCAL_WINDOW, 0xff000000);
	push1(ch, SHARED_WINDOW, 0xfe000000);
	push_address(ch, LOCAL_ADDRESS, ch->local.va);
	nsvm_push(ch, NSVM_SUBCH_COMPUTE, LOCAL_SIZE_0, 3, size);
	nsvm_push(ch, NSVM_SUBCH_COMPUTE, LOCAL_SIZE_1, 3, size);
	return 0;
}

/* Bits @high to @low of a descriptor. */
static void set(uint32_t *qmd, unsigned int high, unsigned int low, uint64_t value)
{
	for (unsigned int bit = low; bit <= high; bit++, value >>= 1)
		qmd[bit / 32] = (qmd[bit / 32] & ~(1u << bit % 32)) |
				(uint32_t)(value & 1) << bit % 32;
}

static void set_bank(uint32_t *qmd, unsigned int bank, uint64_t va, uint32_t bytes)
{
	set(qmd, 640 + bank, 640 + bank, 1);				/* valid */
	set(qmd, 1072 + 64 * bank, 1024 + 64 * bank, va);
	set(qmd, 1074 + 64 * bank, 1074 + 64 * bank, 1);		/* invalidate */
	set(qmd, 1087 + 64 * bank, 1075 + 64 * bank, bytes / 16);
}

static void describe(uint32_t *qmd, const struct nsvm_kernel *k, uint32_t entry,
		     uint32_t blocks, uint64_t slot)
{
	memset(qmd, 0, 256);
	set(qmd, 134, 134, 1);			/* global memory is cached */
	set(qmd, 191, 189, 7);			/* what is cached before is dropped */
	set(qmd, 287, 256, entry);
	set(qmd, 366, 366, 1);			/* all see a release */
	set(qmd, 369, 368, 1);			/* and what the grid wrote */
	set(qmd, 378, 378, 1);			/* no limit of calls */
	set(qmd, 415, 384, blocks);
	set(qmd, 431, 416, 1);
	set(qmd, 463, 448, 1);
	set(qmd, 607, 592, BLOCK);
	set(qmd, 623, 608, 1);
	set(qmd, 639, 624, 1);
	set(qmd, 991, 984, k->registers);
	set(qmd, 1015, 992, STACK_BYTES);
	set_bank(qmd, 0, slot + SLOT_BANK0, BANK0_BYTES);
	set_bank(qmd, 7, slot + SLOT_BANK7, BANK7_BYTES);
}

static void put_arguments(unsigned char *bank, const struct nsvm_kernel *k, const uint64_t *args)
{
	unsigned int at = 0;

	memset(bank, 0, BANK0_BYTES);
	for (unsigned int i = 0; i < k->arguments; i++) {
		at = (at + k->size[i] - 1) / k->size[i] * k->size[i];
		memcpy(bank + at, &args[i], k->size[i]);
		at += k->size[i];
	}
}

void nsvm_launch(struct nsvm_channel *ch, enum nsvm_kernel_id id, uint32_t threads,
		 const uint64_t *args)
{
	const struct nsvm_kernel *k = &nsvm_kernels[id];
	const uint32_t grid[8] = { BLOCK, 1, 1, (threads + BLOCK - 1) / BLOCK, 1, 1, 0, 1 };
	uint64_t va = ch->slots.va + ch->slot * SLOT_BYTES;
	unsigned char *slot = (unsigned char *)ch->slots.map + ch->slot * SLOT_BYTES;

	igt_assert(ch->engine == NSVM_COMPUTE && threads);
	describe((uint32_t *)slot, k, id * CODE_EACH, grid[3], va);
	put_arguments(slot + SLOT_BANK0, k, args);
	memset(slot + SLOT_BANK7, 0, BANK7_BYTES);
	memcpy(slot + SLOT_BANK7 + BANK7_BLOCK, grid, sizeof(grid));

	push_address(ch, PROGRAM_REGION, ch->code.va);
	push1(ch, SEND_PCAS_A, (uint32_t)(va >> 8));
	push1(ch, SEND_SIGNALING_PCAS_B, 3);
	push1(ch, WAIT_FOR_IDLE, 0);
	if (++ch->slot == SLOTS) {
		int ret = nsvm_finish(ch);

		igt_assert_f(!ret || ret == -ENODEV, "waiting for launches: %d\n", ret);
		ch->slot = 0;
	}
}

static uint32_t words_of(uint64_t size, unsigned int stride)
{
	return (uint32_t)((size / 4 + stride - 1) / stride);
}

int nsvm_gpu_write(struct nsvm_channel *ch, void *p, uint64_t size, unsigned int stride,
		   uint32_t seed)
{
	uint32_t n = words_of(size, stride);
	const uint64_t args[] = { (uintptr_t)p, stride, seed, n };

	nsvm_launch(ch, NSVM_KERNEL_WRITE, n, args);
	return nsvm_finish(ch);
}

int nsvm_gpu_add(struct nsvm_channel *ch, void *p, uint64_t size, unsigned int stride,
		 uint32_t value)
{
	uint32_t n = words_of(size, stride);
	const uint64_t args[] = { (uintptr_t)p, stride, value, n };

	nsvm_launch(ch, NSVM_KERNEL_ADD, n, args);
	return nsvm_finish(ch);
}

int nsvm_gpu_atomic(struct nsvm_channel *ch, void *p, uint64_t size, unsigned int stride,
		    uint32_t value, unsigned int times)
{
	uint32_t n = words_of(size, stride);
	const uint64_t args[] = { (uintptr_t)p, stride, n - 1, value, n * times };

	/* The kernel finds its word by a mask. */
	igt_assert(!(n & (n - 1)));
	nsvm_launch(ch, NSVM_KERNEL_ATOMIC, n * times, args);
	return nsvm_finish(ch);
}

int nsvm_gpu_read(struct nsvm_channel *ch, uint32_t *out, const void *p, uint64_t size,
		  unsigned int stride)
{
	uint32_t n = words_of(size, stride);
	const uint64_t args[] = { (uintptr_t)out, (uintptr_t)p, stride, n };

	nsvm_launch(ch, NSVM_KERNEL_READ, n, args);
	return nsvm_finish(ch);
}

/* Read by the GPU into a buffer object, so that only @p can fault. */
static void assert_reads(struct nsvm_channel *ch, const void *p, uint64_t size,
			 unsigned int stride, uint32_t seed, bool zero, const char *what)
{
	uint32_t n = words_of(size, stride), bad = 0;
	const uint32_t *seen;
	struct nsvm_bo out;
	uint64_t args[4];
	int ret = nsvm_bo_new(ch->svm, &out, n * 4ull, NOUVEAU_GEM_DOMAIN_GART);

	igt_assert_f(!ret, "buffer: %d\n", ret);
	memset(out.map, 0xa5, n * 4ull);
	args[0] = out.va;
	args[1] = (uintptr_t)p;
	args[2] = stride;
	args[3] = n;
	nsvm_launch(ch, NSVM_KERNEL_READ, n, args);
	ret = nsvm_submit_with(ch, &out, 1, NULL);
	if (!ret)
		ret = nsvm_wait(ch, ch->issued, NSVM_WAIT_MS);
	seen = out.map;
	for (uint32_t i = 0; !ret && i < n; i++) {
		uint32_t expected = zero ? 0 : seed + i * stride;

		if (seen[i] == expected)
			continue;
		if (bad++ < 8)
			igt_info("%s: GPU at %p expected %#010x, actual %#010x\n", what,
				 (const void *)((const uint32_t *)p + (size_t)i * stride),
				 expected, seen[i]);
	}
	nsvm_bo_del(ch->svm, &out);
	igt_assert_f(!ret, "%s: the GPU reads from %p, %#" PRIx64 " bytes: %d\n", what, p, size,
		     ret);
	igt_assert_f(!bad, "%s: the GPU reads %u wrong words from %p, %#" PRIx64 " bytes\n",
		     what, bad, p, size);
}

void nsvm_assert_gpu_sees(struct nsvm_channel *ch, const void *p, uint64_t size,
			  unsigned int stride, uint32_t seed, const char *what)
{
	assert_reads(ch, p, size, stride, seed, false, what);
}

void nsvm_assert_gpu_sees_zero(struct nsvm_channel *ch, const void *p, uint64_t size,
			       unsigned int stride, const char *what)
{
	assert_reads(ch, p, size, stride, 0, true, what);
}
