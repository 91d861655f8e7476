// SPDX-License-Identifier: MIT
/*
 * Launch descriptors (QMD version 2.1, class C0C0 and C1C0) and the few
 * methods round them. Bit numbers are those of NVIDIA's clc0c0qmd.h.
 */
#include <errno.h>
#include <string.h>

#include "nv_class.h"
#include "nv_compute.h"

#define SLOT_BYTES	0x1000u
#define SLOT_QMD	0x000u	/* 256 bytes, 256-aligned */
#define SLOT_BANK0	0x400u
#define SLOT_BANK7	0x800u
#define BANK7_BYTES	0x800u
#define BANK7_BLOCK	0x100u

#define CALL_STACK_BYTES	0x800u	/* of a warp */
#define WARPS_PER_SM		64u
#define SHARED_BYTES_MAX	(48u << 10)

enum method {
	SHARED_WINDOW = 0x0214,
	LOCAL_SIZE_0 = 0x02e4,		/* of an SM: high, low, mask of SMs; twice */
	SEND_PCAS_A = 0x02b4,		/* descriptor >> 8 */
	SEND_SIGNALING_PCAS_B = 0x02bc,	/* b0 invalidate, b1 schedule */
	LOCAL_WINDOW = 0x077c,
	LOCAL_ADDRESS = 0x0790,		/* high, low */
	PROGRAM_REGION = 0x1608,	/* high, low */
	WAIT_FOR_IDLE = 0x0110,
};

static void set(uint32_t *qmd, unsigned int high, unsigned int low, uint64_t value)
{
	for (unsigned int bit = low; bit <= high; bit++, value >>= 1) {
		qmd[bit / 32] &= ~(1u << (bit % 32));
		qmd[bit / 32] |= (uint32_t)(value & 1) << (bit % 32);
	}
}

static void set_bank(uint32_t *qmd, unsigned int bank, uint64_t va, uint32_t size)
{
	set(qmd, 640 + bank, 640 + bank, 1);				/* valid */
	set(qmd, 1072 + 64 * bank, 1024 + 64 * bank, va);
	set(qmd, 1074 + 64 * bank, 1074 + 64 * bank, 1);		/* invalidate what is cached */
	set(qmd, 1087 + 64 * bank, 1075 + 64 * bank, (size + 15) / 16);
}

static uint32_t round_up(uint32_t n, uint32_t to)
{
	return (n + to - 1) / to * to;
}

static void describe(uint32_t qmd[64], const struct nv_grid *g, uint64_t slot_va)
{
	memset(qmd, 0, 256);
	set(qmd, 134, 134, 1);			/* global caching */
	set(qmd, 191, 189, 7);			/* invalidate data, instructions, constants */
	set(qmd, 287, 256, g->entry);
	set(qmd, 366, 366, 1);			/* a release is seen by all */
	set(qmd, 369, 368, 1);			/* and so are the grid's writes */
	set(qmd, 378, 378, 1);			/* no limit of visible calls */
	set(qmd, 415, 384, g->grid[0]);
	set(qmd, 431, 416, g->grid[1]);
	set(qmd, 463, 448, g->grid[2]);
	set(qmd, 561, 544, round_up(g->shared_bytes, 0x100));
	set(qmd, 607, 592, g->block[0]);
	set(qmd, 623, 608, g->block[1]);
	set(qmd, 639, 624, g->block[2]);
	set(qmd, 951, 928, round_up(g->local_bytes, 16));
	set(qmd, 959, 955, g->barriers);
	set(qmd, 991, 984, g->registers);
	set(qmd, 1015, 992, CALL_STACK_BYTES);
	set_bank(qmd, 0, slot_va + SLOT_BANK0, NV_COMPUTE_ARGUMENTS);
	set_bank(qmd, 7, slot_va + SLOT_BANK7, BANK7_BYTES);
}

static uint32_t dimensions(const struct nv_grid *g)
{
	return g->grid[2] * g->block[2] > 1 ? 3 : g->grid[1] * g->block[1] > 1 ? 2 : 1;
}

/* Each warp of each SM has its own piece; enough for all that can be resident. */
static int grow_local(struct nv_compute *c, uint32_t bytes)
{
	const struct nv_device *dev = c->dev;
	uint32_t sms = (uint32_t)(dev->graph_units >> 8) & 0xffff;
	uint64_t sm = round_up((bytes * 32 + CALL_STACK_BYTES) * WARPS_PER_SM, 0x8000);
	struct nv_bo bo;
	uint32_t words[3], seq;
	int err;

	if (c->local.handle && bytes <= c->local_size)
		return 0;
	err = nv_bo_new(dev, &bo, sm * (sms ? sms : 1));
	if (!err && c->local.handle) {
		/* what runs still uses the old one */
		err = nv_submit(c->ch, &seq);
		if (!err)
			err = nv_wait(c->ch, seq, 10000000000ull);
		if (!err)
			nv_channel_unuse(c->ch, &c->local);
		if (!err)
			nv_bo_del(dev, &c->local);
	}
	if (!err)
		err = nv_channel_use(c->ch, &bo);
	if (err) {
		nv_bo_del(dev, &bo);
		return err;
	}
	c->local = bo;
	c->local_size = bytes;
	words[0] = (uint32_t)(bo.va >> 32);
	words[1] = (uint32_t)bo.va;
	err = nv_push(c->ch, NV_SUBCH_COMPUTE, LOCAL_ADDRESS, 2, words);
	words[0] = (uint32_t)(sm >> 32);
	words[1] = (uint32_t)sm;
	words[2] = 0xff;
	for (int i = 0; i < 2 && !err; i++)
		err = nv_push(c->ch, NV_SUBCH_COMPUTE, LOCAL_SIZE_0 + 12 * (uint32_t)i, 3, words);
	return err;
}

int nv_compute_open(struct nv_compute *c, struct nv_channel *ch)
{
	int err;

	memset(c, 0, sizeof(*c));
	if (ch->engine != NV_ENGINE_GRAPHICS)
		return -EINVAL;
	c->dev = ch->dev;
	c->ch = ch;
	err = nv_bo_new(ch->dev, &c->slots, NV_COMPUTE_SLOTS * SLOT_BYTES);
	if (!err)
		err = nv_channel_use(ch, &c->slots);
	if (!err)
		err = nv_push1(ch, NV_SUBCH_COMPUTE, LOCAL_WINDOW, 0xff000000);
	if (!err)
		err = nv_push1(ch, NV_SUBCH_COMPUTE, SHARED_WINDOW, 0xfe000000);
	if (!err)
		err = grow_local(c, 0);
	if (err)
		nv_compute_close(c);
	return err;
}

void nv_compute_close(struct nv_compute *c)
{
	if (!c->ch)
		return;
	nv_bo_del(c->dev, &c->slots);
	nv_bo_del(c->dev, &c->local);
	memset(c, 0, sizeof(*c));
}

/* A slot's number is one that was submitted, or the one that will be next. */
static int free_slot(struct nv_compute *c, unsigned int slot)
{
	int err = 0;

	if ((int32_t)(c->seq[slot] - c->ch->issued) > 0)
		err = nv_submit(c->ch, NULL);
	return err ? err : nv_wait(c->ch, c->seq[slot], 30000000000ull);
}

int nv_launch(struct nv_compute *c, const struct nv_grid *g)
{
	unsigned int slot = c->next;
	uint64_t va = c->slots.va + slot * SLOT_BYTES;
	unsigned char *map = (unsigned char *)c->slots.map + slot * SLOT_BYTES;
	uint32_t region[2] = { (uint32_t)(g->code >> 32), (uint32_t)g->code };
	uint32_t dims = dimensions(g);
	int err;

	if (g->arguments_size > NV_COMPUTE_ARGUMENTS || g->local_bytes > NV_COMPUTE_LOCAL ||
	    g->shared_bytes > SHARED_BYTES_MAX || g->registers > 255 || g->barriers > 16 ||
	    g->grid[1] > 0xffff || g->grid[2] > 0xffff || g->code % 256)
		return -EINVAL;
	err = free_slot(c, slot);
	if (!err)
		err = grow_local(c, g->local_bytes);
	if (err)
		return err;
	c->next = (slot + 1) % NV_COMPUTE_SLOTS;
	describe((uint32_t *)(map + SLOT_QMD), g, va);
	/* compilers add arguments of their own behind; all of those may be 0 */
	memset(map + SLOT_BANK0, 0, NV_COMPUTE_ARGUMENTS);
	memcpy(map + SLOT_BANK0, g->arguments, g->arguments_size);
	memcpy(map + SLOT_BANK7 + BANK7_BLOCK, g->block, 12);
	memcpy(map + SLOT_BANK7 + BANK7_BLOCK + 12, g->grid, 12);
	memcpy(map + SLOT_BANK7 + BANK7_BLOCK + 28, &dims, 4);
	err = nv_push(c->ch, NV_SUBCH_COMPUTE, PROGRAM_REGION, 2, region);
	if (!err)
		err = nv_push1(c->ch, NV_SUBCH_COMPUTE, SEND_PCAS_A, (uint32_t)((va + SLOT_QMD) >> 8));
	if (!err)
		err = nv_push1(c->ch, NV_SUBCH_COMPUTE, SEND_SIGNALING_PCAS_B, 3);
	/* the next command of the channel comes after the grid */
	if (!err)
		err = nv_push1(c->ch, NV_SUBCH_COMPUTE, WAIT_FOR_IDLE, 0);
	c->seq[slot] = c->ch->issued + 1;
	if (!err)
		c->ch->launches++;
	return err;
}
