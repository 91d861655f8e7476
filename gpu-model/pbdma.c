// SPDX-License-Identifier: MIT
#include <string.h>

#include "gr_class.h"
#include "inject.h"
#include "pbdma.h"
#include "pfifo_priv.h"
#include "ptop.h"
#include "trace.h"

#define PBDMA_STRIDE		0x2000u
#define NR_PBDMA_REGS		16u

#define INTR_GPENTRY		BIT(15)
#define INTR_PBENTRY		BIT(18)
#define INTR_METHOD		BIT(21)
#define INTR_DEVICE		BIT(23)
#define INTR_PBSEG		BIT(30)

/* PFIFO_PBDMA_STATUS */
#define STATUS_IS_GROUP		BIT(12)
#define STATUS_VALID		BIT(13)

/* ------------------------------------------------------------------- channel */

void pbdma_clear(struct channel *ch)
{
	memset(&ch->space, 0, sizeof(ch->space));
	ch->userd = 0;
	ch->gp_base = 0;
	ch->gp_entries = 1;
	ch->gp_get = ch->gp_put = 0;
	ch->segment = 0;
	ch->segment_words = 0;
	ch->word_at = ch->word_nr = 0;
	ch->mthd = ch->left = ch->subc = 0;
	ch->subdevice_mask = ch->stored_mask = 0xfff;
	memset(ch->class, 0, sizeof(ch->class));
	memset(ch->sema, 0, sizeof(ch->sema));
	memset(ch->mem_op, 0, sizeof(ch->mem_op));
}

static void read_put(struct channel *ch)
{
	u32 put = memory_read32(ch->gpu, ch->userd_aperture, ch->userd + USERD_GP_PUT);

	ch->gp_put = put & (ch->gp_entries - 1);
}

bool pbdma_has_work(struct channel *ch)
{
	if (ch->word_at < ch->word_nr || ch->segment_words)
		return true;
	read_put(ch);
	return ch->gp_get != ch->gp_put;
}

/* Where the PBDMA is, for the driver: it frees push buffer space by it. */
static void write_userd(struct channel *ch)
{
	u64 get = ch->segment - 4 * (u64)(ch->word_nr - ch->word_at);
	const struct { u32 offset, value; } w[] = {
		{ USERD_GET, (u32)get },
		{ USERD_GET_HI, (u32)(get >> 32) },
		{ USERD_PUT, (u32)(ch->segment + 4 * (u64)ch->segment_words) },
		{ USERD_PUT_HI, (u32)((ch->segment + 4 * (u64)ch->segment_words) >> 32) },
		{ USERD_GP_GET, ch->gp_get },
	};

	for (size_t i = 0; i < ARRAY_SIZE(w); i++) {
		if (!channel_enter(ch))
			return;
		memory_write32(ch->gpu, ch->userd_aperture, ch->userd + w[i].offset, w[i].value);
		channel_leave(ch);
	}
}

enum engine_result pbdma_fault(struct channel *ch, const struct mmu_xlate *x, enum mmu_access access)
{
	return channel_fault(ch, x, access, FAULT_HOST0 + ch->on_pbdma, FAULT_CLIENT_HUB_HOST);
}

/* ------------------------------------------------------------------- fetching */

/* An error of the PBDMA itself rather than of a method. */
static enum engine_result pb_error(struct channel *ch, u32 bits)
{
	ch->trap = bits;
	ch->trap_mthd = 0;
	ch->trap_data = 0;
	return ENGINE_ERROR;
}

/* A GPFIFO entry of length 0 is a command to the PBDMA. */
static enum engine_result control_entry(struct channel *ch, u32 opcode)
{
	switch (opcode) {
	case 0:			/* NOP */
	case 2:			/* checksums of what was read: not kept */
	case 3:
		return ENGINE_OK;
	}
	return pb_error(ch, INTR_GPENTRY);
}

static enum engine_result next_entry(struct channel *ch)
{
	u64 va = ch->gp_base + 8 * (u64)ch->gp_get;
	enum engine_result result = ENGINE_OK;
	struct mmu_xlate x;
	u32 e[2];

	if (mmu_read(ch->gpu, &ch->space, MMU_CLIENT_HOST, va, e, sizeof(e), &x) != sizeof(e))
		return pbdma_fault(ch, &x, MMU_READ);
	ch->segment = (u64)bits32(e[1], 7, 0) << 32 | (e[0] & ~3u);
	ch->segment_words = bits32(e[1], 30, 10);
	if (!ch->segment_words) {
		result = ch->trap_served ? ENGINE_OK : control_entry(ch, bits32(e[1], 7, 0));
		ch->trap_served = false;
	}
	if (result == ENGINE_OK) {
		trace_op(ch->gpu, ENTRY, (int)ch->id, ch->segment, ch->segment_words, 0);
		ch->gp_get = (ch->gp_get + 1) & (ch->gp_entries - 1);
		counter_inc(ch->gpu, CTR_GPFIFO_ENTRIES);
	}
	return result;
}

/* Words ahead: at most to the end of a page, so that one translation does. */
static enum engine_result fetch(struct channel *ch)
{
	u32 to_page = (u32)(0x1000 - (ch->segment & 0xfff)) / 4;
	u32 n = ch->segment_words;
	struct mmu_xlate x;

	if (n > to_page)
		n = to_page;
	if (n > FETCH_WORDS)
		n = FETCH_WORDS;
	if (mmu_read(ch->gpu, &ch->space, MMU_CLIENT_HOST, ch->segment, ch->word, 4 * (u64)n, &x) != 4 * (u64)n)
		return pbdma_fault(ch, &x, MMU_READ);
	ch->segment += 4 * (u64)n;
	ch->segment_words -= n;
	ch->word_at = 0;
	ch->word_nr = n;
	return ENGINE_OK;
}

/* -------------------------------------------------------------------- methods */

/* Fields of a method header. */
#define SEC_OP(w)		bits32(w, 31, 29)
#define TERT_OP(w)		bits32(w, 17, 16)
#define COUNT(w)		bits32(w, 28, 16)
#define SUBCHANNEL(w)		bits32(w, 15, 13)
#define ADDRESS(w)		(bits32(w, 11, 0) << 2)
#define COUNT_OLD(w)		bits32(w, 28, 18)
#define ADDRESS_OLD(w)		(bits32(w, 12, 2) << 2)
#define SUBDEVICE_MASK(w)	bits32(w, 15, 4)

enum { OP_GRP0, OP_INC, OP_GRP2, OP_NON_INC, OP_IMMEDIATE, OP_ONE_INC, OP_RESERVED, OP_END };
enum { GRP0_INC, GRP0_SET_MASK, GRP0_STORE_MASK, GRP0_USE_MASK };

static const struct engine_ops *engine_of(const struct gpu *gpu, u32 class)
{
	for (u32 i = 0; i < gpu->pfifo->nr_engines; i++) {
		if (gpu->pfifo->engine[i]->owns(gpu, class))
			return gpu->pfifo->engine[i];
	}
	return NULL;
}

/*
 * Which engine a subchannel leads to is fixed by the runlist: its own engine, but on the
 * runlist of graphics subchannel 4 is the copy engine that shares it. 5 to 7 are software's.
 */
#define FIRST_SOFTWARE_SUBCHANNEL	5u
#define COPY_SUBCHANNEL			4u

static int engine_type_of(const struct channel *ch)
{
	if (ch->subc >= FIRST_SOFTWARE_SUBCHANNEL)
		return -1;
	if (ch->subc == COPY_SUBCHANNEL || !ptop_serves(ch->gpu, ch->on_runlist, PTOP_GRAPHICS))
		return PTOP_LCE;
	return PTOP_GRAPHICS;
}

/* No SET_OBJECT is needed: without one a subchannel has the class that belongs there. */
static u32 class_of(const struct channel *ch)
{
	const struct gpu_chip *chip = ch->gpu->chip;
	const u32 graphics[COPY_SUBCHANNEL] = {
		chip->threed_class, chip->compute_class, GR_CLASS_INLINE, GR_CLASS_2D,
	};

	if (ch->class[ch->subc])
		return ch->class[ch->subc];
	switch (engine_type_of(ch)) {
	case PTOP_GRAPHICS:
		return graphics[ch->subc];
	case PTOP_LCE:
		return chip->copy_class;
	}
	return 0;
}

/* Tells whether the subchannel's engine has the class; the driver does the rest. */
static enum engine_result set_object(struct channel *ch, u32 data)
{
	u32 class = bits32(data, 15, 0);
	const struct engine_ops *engine = engine_of(ch->gpu, class);

	if (!engine || engine->type != engine_type_of(ch))
		return ENGINE_ERROR;
	ch->class[ch->subc] = class;
	return ENGINE_OK;
}

/* One method; what is not ENGINE_OK comes again. */
static enum engine_result method(struct channel *ch, u32 mthd, u32 data)
{
	const struct engine_ops *engine;
	enum engine_result result;
	u32 cause = INTR_DEVICE;

	if (!(ch->subdevice_mask & 1))
		return ENGINE_OK;	/* meant for another GPU of a group; we are number 0 */
	if (ch->trap_served) {
		ch->trap_served = false;
		return ENGINE_OK;
	}
	if (!mthd) {
		result = set_object(ch, data);
	} else if (mthd < 0x100) {
		result = pbdma_host_method(ch, mthd, data);
		cause = INTR_METHOD;
	} else {
		u32 class = class_of(ch);

		engine = engine_of(ch->gpu, class);
		atomic_store(&ch->on_engine, engine);
		inject_hang(ch);
		result = engine ? engine->method(ch, class, mthd, data) : ENGINE_ERROR;
	}
	if (result == ENGINE_OK) {
		counter_inc(ch->gpu, CTR_METHODS);
	} else if (result == ENGINE_ERROR) {
		ch->trap = cause;
		ch->trap_mthd = ch->subc << 16 | mthd;
		ch->trap_data = data;
	}
	return result;
}

static void begin(struct channel *ch, enum method_kind kind, u32 mthd, u32 count)
{
	ch->kind = kind;
	ch->mthd = mthd;
	ch->left = count;
}

static enum engine_result group0(struct channel *ch, u32 w)
{
	switch (TERT_OP(w)) {
	case GRP0_INC:
		begin(ch, KIND_INC, ADDRESS_OLD(w), COUNT_OLD(w));
		break;
	case GRP0_SET_MASK:
		ch->subdevice_mask = SUBDEVICE_MASK(w);
		break;
	case GRP0_STORE_MASK:
		ch->stored_mask = SUBDEVICE_MASK(w);
		break;
	case GRP0_USE_MASK:
		ch->subdevice_mask = ch->stored_mask;
		break;
	}
	return ENGINE_OK;
}

static enum engine_result bad_header(struct channel *ch)
{
	if (!ch->trap_served)
		return pb_error(ch, INTR_PBENTRY);
	ch->trap_served = false;
	return ENGINE_OK;
}

static enum engine_result header(struct channel *ch, u32 w)
{
	ch->subc = SUBCHANNEL(w);
	switch (SEC_OP(w)) {
	case OP_GRP0:
		return group0(ch, w);
	case OP_INC:
		begin(ch, KIND_INC, ADDRESS(w), COUNT(w));
		return ENGINE_OK;
	case OP_GRP2:
		if (TERT_OP(w))
			return bad_header(ch);
		begin(ch, KIND_NON_INC, ADDRESS_OLD(w), COUNT_OLD(w));
		return ENGINE_OK;
	case OP_NON_INC:
		begin(ch, KIND_NON_INC, ADDRESS(w), COUNT(w));
		return ENGINE_OK;
	case OP_IMMEDIATE:
		return method(ch, ADDRESS(w), COUNT(w));
	case OP_ONE_INC:
		begin(ch, KIND_ONE_INC, ADDRESS(w), COUNT(w));
		return ENGINE_OK;
	case OP_END:
		ch->segment_words = 0;
		ch->word_nr = ch->word_at + 1;
		return ENGINE_OK;
	}
	return bad_header(ch);
}

static enum engine_result execute(struct channel *ch, u32 w)
{
	enum engine_result result;

	if (!ch->left)
		return header(ch, w);
	result = method(ch, ch->mthd, w);
	if (result != ENGINE_OK)
		return result;
	ch->left--;
	if (ch->kind != KIND_NON_INC)
		ch->mthd += 4;
	if (ch->kind == KIND_ONE_INC)
		ch->kind = KIND_NON_INC;
	return ENGINE_OK;
}

/* The next words: ENGINE_OK with some, or with none when the ring is empty. */
static enum engine_result refill(struct channel *ch)
{
	enum engine_result result = ENGINE_OK;

	if (!ch->segment_words) {
		write_userd(ch);
		if (ch->gp_get == ch->gp_put)
			read_put(ch);
		if (ch->gp_get == ch->gp_put)
			return ENGINE_OK;
		result = next_entry(ch);
	}
	if (result == ENGINE_OK && ch->segment_words)
		result = fetch(ch);
	return result;
}

enum engine_result pbdma_run(struct channel *ch)
{
	enum engine_result result = ENGINE_OK;

	for (u32 n = 0; result == ENGINE_OK; n++) {
		if (ch->word_at == ch->word_nr) {
			result = refill(ch);
			if (result == ENGINE_OK && ch->word_at == ch->word_nr && ch->gp_get == ch->gp_put)
				break;
			if (channel_slice_over(ch) && result == ENGINE_OK)
				result = ENGINE_AGAIN;
			continue;
		}
		result = execute(ch, ch->word[ch->word_at]);
		if (result != ENGINE_OK)
			break;
		ch->word_at++;
		if (!(n & 15) && channel_slice_over(ch))
			result = ENGINE_AGAIN;
	}
	write_userd(ch);
	return result;
}

/* ------------------------------------------------------------------- registers */

static u32 pbdma_reg(u32 offset, u32 pbdma)
{
	return 0x040000 + offset + pbdma * PBDMA_STRIDE;
}

u32 pbdma_pending(struct gpu *gpu)
{
	u32 mask = 0;

	for (u32 i = 0; i < gpu->pfifo->nr_pbdmas; i++) {
		if (reg_get(gpu, pbdma_reg(0x108, i)) & reg_get(gpu, pbdma_reg(0x10c, i)))
			mask |= BIT(i);
	}
	return mask;
}

static void update(struct gpu *gpu)
{
	u32 pending = pbdma_pending(gpu);

	reg_set(gpu, 0x0025a0, reg_get(gpu, 0x0025a0) | pending);
	if (pending)
		pfifo_intr_set(gpu, PFIFO_INTR_PBDMA);
}

bool pbdma_trap(struct gpu *gpu, struct channel *ch)
{
	u32 pbdma = pfifo_pbdma_of(gpu, ch);

	if (reg_get(gpu, pbdma_reg(0x108, pbdma)))
		return false;
	gpu_log(gpu, GPU_LOG_INFO, "channel %u: PBDMA interrupt %08x, method %05x data %08x", ch->id, ch->trap,
		ch->trap_mthd, ch->trap_data);
	counter_inc(gpu, CTR_PBDMA_TRAPS);
	trace_op(gpu, TRAP, (int)ch->id, ch->trap, ch->trap_mthd, ch->trap_data);
	reg_set(gpu, pbdma_reg(0x0c0, pbdma), ch->trap_mthd);
	reg_set(gpu, pbdma_reg(0x0c4, pbdma), ch->trap_data);
	reg_set(gpu, pbdma_reg(0x120, pbdma), ch->id);
	reg_set(gpu, pbdma_reg(0x108, pbdma), ch->trap);
	update(gpu);
	return true;
}

static void intr_wr(struct gpu *gpu, u32 addr, u32 value)
{
	u32 pbdma = (addr - 0x040108) / PBDMA_STRIDE, before = reg_get(gpu, addr);

	reg_set(gpu, addr, before & ~value);
	if (before && !reg_get(gpu, addr))
		pfifo_trap_served(gpu, pbdma);
}

static void intr_en_wr(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, value);
	update(gpu);
}

static void intr_1_wr(struct gpu *gpu, u32 addr, u32 value)
{
	reg_set(gpu, addr, reg_get(gpu, addr) & ~value);
}

/* 003080 + 4 * PBDMA: the channel group that is on it. */
static u32 status_rd(struct gpu *gpu, u32 addr)
{
	u32 pbdma = (addr - 0x003080) / 4;

	for (u32 i = 0; i < gpu->pfifo->nr_runlists; i++) {
		const struct channel *ch = gpu->pfifo->runlist[i].current;

		if (ch && ch->on_pbdma == pbdma)
			return STATUS_VALID | STATUS_IS_GROUP | ch->tsg;
	}
	return 0;
}

#define PER_PBDMA	.count = NR_PBDMA_REGS, .stride = PBDMA_STRIDE

static const struct gpu_reg regs[] = {
	{ .addr = 0x003080, .count = NR_PBDMA_REGS, .name = "NV_PFIFO_PBDMA_STATUS", .rd = status_rd,
	  .flags = REG_RO },
	{ .addr = 0x0400c0, PER_PBDMA, .name = "NV_PPBDMA_METHOD0" },
	{ .addr = 0x0400c4, PER_PBDMA, .name = "NV_PPBDMA_DATA0" },
	{ .addr = 0x040108, PER_PBDMA, .name = "NV_PPBDMA_INTR_0", .wr = intr_wr },
	{ .addr = 0x04010c, PER_PBDMA, .name = "NV_PPBDMA_INTR_EN_0", .wr = intr_en_wr },
	{ .addr = 0x040120, PER_PBDMA, .name = "NV_PPBDMA_CHANNEL", .flags = REG_RO },
	{ .addr = 0x04012c, PER_PBDMA, .name = "NV_PPBDMA_TIMEOUT" },
	{ .addr = 0x04013c, PER_PBDMA, .name = "NV_PPBDMA_INTR_STALL" },
	{ .addr = 0x040148, PER_PBDMA, .name = "NV_PPBDMA_INTR_1", .wr = intr_1_wr },
	{ .addr = 0x04014c, PER_PBDMA, .name = "NV_PPBDMA_INTR_EN_1" },
	{ .addr = 0x040150, PER_PBDMA, .name = "NV_PPBDMA_HCE_DBG0", .flags = REG_RO },
	{ .addr = 0x040154, PER_PBDMA, .name = "NV_PPBDMA_HCE_DBG1", .flags = REG_RO },
};

const struct gpu_unit pbdma_unit = {
	.name = "PBDMA",
	.regs = regs,
	.nr_regs = ARRAY_SIZE(regs),
};
