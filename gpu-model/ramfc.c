// SPDX-License-Identifier: MIT
/*
 * RAMFC: what a channel's instance block keeps of the PBDMA while the channel is not on it.
 *
 * The hardware writes it when a channel leaves the PBDMA and reads it when the channel comes
 * back. A driver that takes a channel off for a suspend saves and restores the block with
 * the rest of its memory, and the channel goes on behind the last entry it has fetched.
 *
 * GP_GET and PB_GET are where a card has them. The rest is the model's own, in words that
 * no driver writes; they count only when MAGIC is among them, which a block that the driver
 * has just made does not have.
 */
#include "memory.h"
#include "ramfc.h"

#define USERD_LO	0x08
#define USERD_HI	0x0c
#define GP_GET		0x14
#define PB_GET		0x18
#define PB_GET_HI	0x1c
#define GP_BASE		0x48
#define GP_BASE_HI	0x4c

#define OWN_MAGIC	0x180
#define OWN_LEFT	0x184	/* words of the entry that are not executed */
#define OWN_COUNT	0x188	/* data words of the method header in progress */
#define OWN_HEADER	0x18c	/* kind, subchannel, method */
#define OWN_MASKS	0x190	/* subdevice mask, stored mask */
#define OWN_REFERENCE	0x194
#define OWN_CLASS	0x1a0	/* a word a subchannel */
#define OWN_SEMA	0x1c0
#define OWN_MEM_OP	0x1d0
#define MAGIC		0x4d4f444c

/* What a GPFIFO entry and a method header can count: the block may hold anything. */
#define MAX_WORDS	0x1fffffu
#define MAX_COUNT	0x1fffu

static u32 rd(const struct channel *ch, u32 offset)
{
	return memory_read32(ch->gpu, ch->inst_aperture, ch->inst + offset);
}

static void wr(const struct channel *ch, u32 offset, u32 value)
{
	memory_write32(ch->gpu, ch->inst_aperture, ch->inst + offset, value);
}

static void load_progress(struct channel *ch)
{
	u32 header = rd(ch, OWN_HEADER), masks = rd(ch, OWN_MASKS);

	ch->gp_get = rd(ch, GP_GET) & (ch->gp_entries - 1);
	ch->segment = (u64)(rd(ch, PB_GET_HI) & 0xff) << 32 | (rd(ch, PB_GET) & ~3u);
	ch->segment_words = rd(ch, OWN_LEFT) & MAX_WORDS;
	ch->left = rd(ch, OWN_COUNT) & MAX_COUNT;
	ch->kind = (header >> 24 & 3) <= KIND_ONE_INC ? (enum method_kind)(header >> 24 & 3) : KIND_INC;
	ch->subc = header >> 16 & (NR_SUBCHANNELS - 1);
	ch->mthd = header & 0x3ffc;
	ch->subdevice_mask = masks & 0xfff;
	ch->stored_mask = masks >> 16 & 0xfff;
	ch->reference = rd(ch, OWN_REFERENCE);
	for (u32 i = 0; i < NR_SUBCHANNELS; i++)
		ch->class[i] = rd(ch, OWN_CLASS + 4 * i);
	for (u32 i = 0; i < ARRAY_SIZE(ch->sema); i++)
		ch->sema[i] = rd(ch, OWN_SEMA + 4 * i);
	for (u32 i = 0; i < ARRAY_SIZE(ch->mem_op); i++)
		ch->mem_op[i] = rd(ch, OWN_MEM_OP + 4 * i);
}

bool ramfc_load(struct channel *ch)
{
	u32 lo = rd(ch, USERD_LO), hi = rd(ch, GP_BASE_HI);

	if (!ch->bound || !mmu_space_load(ch->gpu, ch->inst_aperture, ch->inst, &ch->space))
		return false;
	ch->userd_aperture = (enum gpu_aperture)bits32(lo, 1, 0);
	ch->userd = (u64)rd(ch, USERD_HI) << 32 | (lo & ~0x1ffu);
	ch->gp_base = (u64)bits32(hi, 7, 0) << 32 | rd(ch, GP_BASE);
	ch->gp_entries = 1u << bits32(hi, 20, 16);
	if (rd(ch, OWN_MAGIC) == MAGIC)
		load_progress(ch);
	return true;
}

void ramfc_save(struct channel *ch)
{
	u32 ahead = ch->word_nr - ch->word_at;
	u64 get = ch->segment - 4 * (u64)ahead;

	wr(ch, GP_GET, ch->gp_get);
	wr(ch, PB_GET, (u32)get);
	wr(ch, PB_GET_HI, (u32)(get >> 32));
	wr(ch, OWN_LEFT, ch->segment_words + ahead);
	wr(ch, OWN_COUNT, ch->left);
	wr(ch, OWN_HEADER, (u32)ch->kind << 24 | ch->subc << 16 | (ch->mthd & 0x3ffc));
	wr(ch, OWN_MASKS, ch->stored_mask << 16 | ch->subdevice_mask);
	wr(ch, OWN_REFERENCE, ch->reference);
	for (u32 i = 0; i < NR_SUBCHANNELS; i++)
		wr(ch, OWN_CLASS + 4 * i, ch->class[i]);
	for (u32 i = 0; i < ARRAY_SIZE(ch->sema); i++)
		wr(ch, OWN_SEMA + 4 * i, ch->sema[i]);
	for (u32 i = 0; i < ARRAY_SIZE(ch->mem_op); i++)
		wr(ch, OWN_MEM_OP + 4 * i, ch->mem_op[i]);
	wr(ch, OWN_MAGIC, MAGIC);
}
