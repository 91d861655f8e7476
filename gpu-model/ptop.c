// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "ptop.h"
#include "unit.h"

#define TABLE		0x022700u
#define TABLE_WORDS	64u
#define MAX_ENGINES	(TABLE_WORDS / 3)

/* Interrupt and reset bits and fault ids of the copy engines, by instance. */
static const struct {
	u8 intr, reset, fault_id;
} copy_engines[] = {
	{ 5, 6, FAULT_CE0 }, { 6, 7, 0x16 }, { 7, 21, 0x1b },
	{ 10, 22, 0x1c }, { 11, 23, 0x1d }, { 14, 24, 0x1e },
};

struct ptop {
	struct ptop_engine engine[MAX_ENGINES];
	u32 nr_engines, nr_runlists;
	u32 table[TABLE_WORDS];
};

const struct ptop_engine *ptop_engines(const struct gpu *gpu, u32 *count)
{
	*count = gpu->ptop->nr_engines;
	return gpu->ptop->engine;
}

u32 ptop_nr_runlists(const struct gpu *gpu)
{
	return gpu->ptop->nr_runlists;
}

const struct ptop_engine *ptop_find(const struct gpu *gpu, enum ptop_type type, u32 inst)
{
	for (u32 i = 0; i < gpu->ptop->nr_engines; i++) {
		const struct ptop_engine *e = &gpu->ptop->engine[i];

		if (e->type == type && e->inst == inst)
			return e;
	}
	return NULL;
}

bool ptop_serves(const struct gpu *gpu, u32 runlist, enum ptop_type type)
{
	for (u32 i = 0; i < gpu->ptop->nr_engines; i++) {
		const struct ptop_engine *e = &gpu->ptop->engine[i];

		if (e->type == type && e->runlist == (int)runlist)
			return true;
	}
	return false;
}

static void add(struct ptop *ptop, struct ptop_engine engine)
{
	ptop->engine[ptop->nr_engines++] = engine;
	if (engine.runlist >= (int)ptop->nr_runlists)
		ptop->nr_runlists = (u32)engine.runlist + 1;
}

/* Three words an engine: type, then data, then enumeration; bit 31 says that more follow. */
static void encode(u32 word[3], const struct ptop_engine *e)
{
	word[0] = BIT(31) | (u32)e->type << 2 | 3;
	word[1] = BIT(31) | e->inst << 26 | e->addr | 1;
	if (e->fault_id >= 0)
		word[1] |= BIT(2) | (u32)e->fault_id << 3;
	word[2] = 2;
	if (e->engine >= 0)
		word[2] |= BIT(5) | (u32)e->engine << 26;
	if (e->runlist >= 0)
		word[2] |= BIT(4) | (u32)e->runlist << 21;
	if (e->intr >= 0)
		word[2] |= BIT(3) | (u32)e->intr << 15;
	if (e->reset >= 0)
		word[2] |= BIT(2) | (u32)e->reset << 9;
}

static u32 table_read(struct gpu *gpu, u32 addr)
{
	return gpu->ptop->table[(addr - TABLE) / 4];
}

static int ptop_init(struct gpu *gpu)
{
	const char *where = gpu_option(gpu, "ce-runlist", "own");
	bool own = !strcmp(where, "own");
	struct ptop *ptop;

	if (!own && strcmp(where, "gr"))
		return -EINVAL;
	ptop = gpu->ptop = calloc(1, sizeof(*ptop));
	if (!ptop)
		return -ENOMEM;
	add(ptop, (struct ptop_engine){ .type = PTOP_GRAPHICS, .addr = 0x400000, .engine = 0, .runlist = 0,
					.intr = 12, .reset = 12, .fault_id = FAULT_GRAPHICS });
	for (u32 i = 0; i < gpu->chip->nr_ce; i++)
		add(ptop, (struct ptop_engine){ .type = PTOP_LCE, .inst = i, .addr = 0x104000,
						.engine = (int)i + 1, .runlist = own ? (int)i : 0,
						.intr = copy_engines[i].intr, .reset = copy_engines[i].reset,
						.fault_id = copy_engines[i].fault_id });
	if (gpu->chip->has_sec2)
		add(ptop, (struct ptop_engine){ .type = PTOP_SEC2, .addr = 0x087000, .engine = -1,
						.runlist = -1, .intr = 15, .reset = 14, .fault_id = -1 });
	for (u32 i = 0; i < ptop->nr_engines; i++)
		encode(ptop->table + 3 * i, &ptop->engine[i]);
	return 0;
}

static void ptop_fini(struct gpu *gpu)
{
	free(gpu->ptop);
	gpu->ptop = NULL;
}

static const struct gpu_reg ptop_regs[] = {
	{ 0x022430, .name = "NV_PTOP_SCAL_NUM_GPCS", .reset = 1, .flags = REG_RO },
	{ 0x022434, .name = "NV_PTOP_SCAL_NUM_TPC_PER_GPC", .reset = 2, .flags = REG_RO },
	{ 0x022438, .name = "NV_PTOP_SCAL_NUM_FBPS", .reset = 1, .flags = REG_RO },
	{ 0x022450, .name = "NV_PTOP_SCAL_NUM_LTC_PER_FBP", .reset = 1, .flags = REG_RO },
	{ 0x02243c, .name = "NV_PTOP_SCAL_NUM_FBPAS", .reset = 1, .flags = REG_RO },
	{ 0x022454, .name = "NV_PTOP_SCAL_NUM_LTCS", .reset = 1, .flags = REG_RO },
	{ 0x02245c, .name = "NV_PTOP_SCAL_NUM_SLICES_PER_LTC", .reset = 1, .flags = REG_RO },
	{ 0x022458, .name = "NV_PTOP_SCAL_NUM_FBPA_PER_FBP", .reset = 1, .flags = REG_RO },
	{ 0x02240c, .name = "NV_PTOP_SCRATCH1", .reset = 2, .flags = REG_RO },	/* b1: devinit is done */
	{ TABLE, .count = TABLE_WORDS, .name = "NV_PTOP_DEVICE_INFO", .flags = REG_RO, .rd = table_read },
};

const struct gpu_unit ptop_unit = {
	.name = "PTOP",
	.regs = ptop_regs,
	.nr_regs = ARRAY_SIZE(ptop_regs),
	.init = ptop_init,
	.fini = ptop_fini,
};
