// SPDX-License-Identifier: MIT
/*
 * Loads and stores.
 *
 * Every access has two halves. First the address of each lane becomes a host
 * pointer; when any lane's page faults, the warp parks and nothing has
 * happened. Only when all lanes translate is memory touched. The caller of the
 * core sees to it that translations stay good while a block has its turn.
 */
#include <stdlib.h>

#include "sm_warp.h"

/* ------------------------------------------------------------ translations */

void *sm_translate(struct sm_core *core, u64 va, enum sm_access access)
{
	u64 page = va & ~(u64)(SM_PAGE - 1);
	struct sm_tlb_entry *e = &core->tlb[va / SM_PAGE % SM_TLB_SIZE];
	bool keep = true;
	u8 *host;

	if (e->page == page && access <= e->access)
		return e->host + (va & (SM_PAGE - 1));
	host = core->memory.translate(core->memory.ctx, page, access, &keep);
	if (!host)
		return NULL;
	if (keep) {
		e->page = page;
		e->host = host;
		e->access = access;
	}
	return host + (va & (SM_PAGE - 1));
}

void sm_core_flush_tlb(struct sm_core *core)
{
	for (u32 n = 0; n < SM_TLB_SIZE; n++)
		core->tlb[n].page = ~0ull;
}

/* Bytes of the address space, over pages. False: one of them faulted. */
bool sm_read(struct sm_core *core, u64 va, void *buf, u32 len)
{
	u8 *to = buf;

	while (len) {
		u32 n = SM_PAGE - (va & (SM_PAGE - 1));
		const u8 *from = sm_translate(core, va, SM_READ);

		if (!from)
			return false;
		n = n < len ? n : len;
		memcpy(to, from, n);
		to += n;
		va += n;
		len -= n;
	}
	return true;
}

/* --------------------------------------------------------------- constants */

/*
 * A word of a bank; 0 outside of it. Banks are cached by the launch, like the
 * constant cache that a launch invalidates. False: the access faulted.
 */
bool sm_constant(struct sm_core *core, unsigned int bank, u32 offset, u32 *v)
{
	u32 size, piece = offset / SM_BANK_PIECE, len;
	struct sm_bank *b;

	*v = 0;
	if (bank >= SM_NR_BANKS)
		return true;
	size = core->launch.bank[bank].size;
	if (offset >= size || size - offset < 4)
		return true;
	b = &core->bank[bank];
	if (!b->valid[piece]) {
		len = size - piece * SM_BANK_PIECE;
		len = len < SM_BANK_PIECE ? len : SM_BANK_PIECE;
		if (!sm_read(core, core->launch.bank[bank].address + piece * SM_BANK_PIECE,
			     b->data + piece * SM_BANK_PIECE, len))
			return false;
		b->valid[piece] = true;
		if (offset % SM_BANK_PIECE > SM_BANK_PIECE - 4 &&	/* reaches into the next one */
		    !sm_constant(core, bank, (piece + 1) * SM_BANK_PIECE, v))
			return false;
	}
	memcpy(v, b->data + offset, 4);
	return true;
}

/* What was kept of memory for a launch. */
void sm_memory_drop(struct sm_core *core)
{
	for (u32 n = 0; n < SM_NR_BANKS; n++)
		memset(core->bank[n].valid, 0, sizeof(core->bank[n].valid));
	sm_core_flush_tlb(core);
}

/* ----------------------------------------------------------------- lanes */

/* Bytes and signedness of the SIZE field. */
static const struct { u8 bytes; bool is_signed; } sizes[8] = {
	{ 1, false }, { 1, true }, { 2, false }, { 2, true }, { 4, false }, { 8, false },
	{ 16, false }, { 16, false },
};

static void load(struct sm_warp *w, const struct sm_insn *i, u8 *const *p)
{
	unsigned int size = sizes[i->mod[SM_F_SIZE]].bytes;
	bool is_signed = sizes[i->mod[SM_F_SIZE]].is_signed;
	sm_row_t *d = &w->reg[i->d];

	if (i->d == SM_RZ)
		return;
	SM_EACH_ACTIVE(l, w->mask) {
		u32 v;
		u64 q;

		switch (size) {
		case 1:
			v = __atomic_load_n(p[l], __ATOMIC_RELAXED);
			d[0][l] = is_signed ? (u32)(int8_t)v : v;
			break;
		case 2:
			v = __atomic_load_n((u16 *)p[l], __ATOMIC_RELAXED);
			d[0][l] = is_signed ? (u32)(int16_t)v : v;
			break;
		case 4:
			d[0][l] = __atomic_load_n((u32 *)p[l], __ATOMIC_RELAXED);
			break;
		default:
			for (unsigned int n = 0; n < size / 8; n++) {
				q = __atomic_load_n((u64 *)p[l] + n, __ATOMIC_RELAXED);
				d[2 * n][l] = (u32)q;
				d[2 * n + 1][l] = q >> 32;
			}
		}
	}
}

static void store(struct sm_warp *w, const struct sm_insn *i, u8 *const *p)
{
	unsigned int size = sizes[i->mod[SM_F_SIZE]].bytes;
	const u32 *s = sm_reg(w, i->d);		/* RZ has zero rows enough behind it */

	SM_EACH_ACTIVE(l, w->mask) {
		switch (size) {
		case 1:
			__atomic_store_n(p[l], (u8)s[l], __ATOMIC_RELAXED);
			break;
		case 2:
			__atomic_store_n((u16 *)p[l], (u16)s[l], __ATOMIC_RELAXED);
			break;
		case 4:
			__atomic_store_n((u32 *)p[l], s[l], __ATOMIC_RELAXED);
			break;
		default:
			for (unsigned int n = 0; n < size / 8; n++)
				__atomic_store_n((u64 *)p[l] + n,
						 sm_pair(s + 2 * n * SM_LANES, l),
						 __ATOMIC_RELAXED);
		}
	}
}

/* Place of a lane in local memory, or NULL outside of it. */
static u8 *local_place(const struct sm_warp *w, unsigned int l, u64 offset, unsigned int size)
{
	const struct sm_block *block = w->block;

	if (offset > block->local_size || block->local_size - offset < size)
		return NULL;
	return block->local + (u64)(w->wid * SM_LANES + l) * block->local_size + offset;
}

static u8 *shared_place(const struct sm_warp *w, u64 offset, unsigned int size)
{
	const struct sm_block *block = w->block;

	if (offset > block->shared_size || block->shared_size - offset < size)
		return NULL;
	return block->shared + offset;
}

static bool in_window(u64 va, u64 window)
{
	return va >= window && va - window < SM_WINDOW_SIZE;
}

/*
 * Pointers of all lanes to the generic addresses @va. SM_NEXT: every lane has
 * one. SM_PARK: some page faulted; each such page was asked for once.
 */
static enum sm_outcome generic_places(struct sm_warp *w, const u64 *va, unsigned int size,
				      enum sm_access access, u8 **p)
{
	const struct sm_launch *launch = &w->core->launch;
	u64 failed[SM_LANES];
	u32 nr_failed = 0;

	SM_EACH_ACTIVE(l, w->mask) {
		u32 n = 0;

		if (va[l] & (size - 1))
			return sm_fail(w, SM_ERR_MISALIGNED_ADDRESS);
		if (in_window(va[l], launch->shared_window)) {
			p[l] = shared_place(w, va[l] - launch->shared_window, size);
			if (!p[l])
				return sm_fail(w, SM_ERR_OOR_ADDRESS);
			continue;
		}
		if (in_window(va[l], launch->local_window)) {
			if (access == SM_ATOMIC)
				return sm_fail(w, SM_ERR_ADDRESS_SPACE);
			p[l] = local_place(w, l, va[l] - launch->local_window, size);
			if (!p[l])
				return sm_fail(w, SM_ERR_OOR_ADDRESS);
			continue;
		}
		while (n < nr_failed && failed[n] != va[l] / SM_PAGE)
			n++;
		if (n < nr_failed)
			continue;
		p[l] = sm_translate(w->core, va[l], access);
		if (!p[l])
			failed[nr_failed++] = va[l] / SM_PAGE;
	}
	return nr_failed ? SM_PARK : SM_NEXT;
}

enum sm_outcome sm_generic(struct sm_warp *w, const struct sm_insn *i, unsigned int size,
			   enum sm_access access, u8 **p)
{
	const u32 *a = sm_reg(w, i->a);
	u64 va[SM_LANES];

	if (i->mod[SM_F_E]) {
		SM_EACH_LANE(l)
			va[l] = sm_pair(a, l) + i->offset;
	} else {
		SM_EACH_LANE(l)
			va[l] = (u32)(a[l] + i->offset);
	}
	return generic_places(w, va, size, access, p);
}

enum sm_outcome sm_shared(struct sm_warp *w, const struct sm_insn *i, unsigned int size, u8 **p)
{
	const u32 *a = sm_reg(w, i->a);

	SM_EACH_ACTIVE(l, w->mask) {
		u32 offset = a[l] + (u32)i->offset;

		if (offset & (size - 1))
			return sm_fail(w, SM_ERR_MISALIGNED_ADDRESS);
		p[l] = shared_place(w, offset, size);
		if (!p[l])
			return sm_fail(w, SM_ERR_OOR_ADDRESS);
	}
	return SM_NEXT;
}

static enum sm_outcome local(struct sm_warp *w, const struct sm_insn *i, unsigned int size, u8 **p)
{
	const u32 *a = sm_reg(w, i->a);

	SM_EACH_ACTIVE(l, w->mask) {
		u32 offset = a[l] + (u32)i->offset;

		if (offset & (size - 1))
			return sm_fail(w, SM_ERR_MISALIGNED_ADDRESS);
		p[l] = local_place(w, l, offset, size);
		if (!p[l])
			return sm_fail(w, SM_ERR_OOR_ADDRESS);
	}
	return SM_NEXT;
}

/* ------------------------------------------------------------- operations */

SM_ACT(sm_ld_generic)
{
	u8 *p[SM_LANES];
	enum sm_outcome r = sm_generic(w, i, sizes[i->mod[SM_F_SIZE]].bytes, SM_READ, p);

	if (r == SM_NEXT)
		load(w, i, p);
	return r;
}

SM_ACT(sm_st_generic)
{
	u8 *p[SM_LANES];
	enum sm_outcome r = sm_generic(w, i, sizes[i->mod[SM_F_SIZE]].bytes, SM_WRITE, p);

	if (r == SM_NEXT)
		store(w, i, p);
	return r;
}

SM_ACT(sm_ld_local)
{
	u8 *p[SM_LANES];
	enum sm_outcome r = local(w, i, sizes[i->mod[SM_F_SIZE]].bytes, p);

	if (r == SM_NEXT)
		load(w, i, p);
	return r;
}

SM_ACT(sm_st_local)
{
	u8 *p[SM_LANES];
	enum sm_outcome r = local(w, i, sizes[i->mod[SM_F_SIZE]].bytes, p);

	if (r == SM_NEXT)
		store(w, i, p);
	return r;
}

SM_ACT(sm_ld_shared)
{
	u8 *p[SM_LANES];
	enum sm_outcome r = sm_shared(w, i, sizes[i->mod[SM_F_SIZE]].bytes, p);

	if (r == SM_NEXT)
		load(w, i, p);
	return r;
}

SM_ACT(sm_st_shared)
{
	u8 *p[SM_LANES];
	enum sm_outcome r = sm_shared(w, i, sizes[i->mod[SM_F_SIZE]].bytes, p);

	if (r == SM_NEXT)
		store(w, i, p);
	return r;
}

/*
 * Indexed constants. All words are fetched before any register changes. "is": the
 * upper half of the register counts banks from that of the instruction.
 */
SM_ACT(sm_ldc)
{
	unsigned int size = sizes[i->mod[SM_F_SIZE]].bytes, words = (size + 3) / 4;
	bool segmented = i->mod[SM_F_LDCMODE] == 2;
	bool is_signed = sizes[i->mod[SM_F_SIZE]].is_signed;
	const u32 *a = sm_reg(w, i->a);
	u32 v[4][SM_LANES];

	SM_EACH_ACTIVE(l, w->mask) {
		u32 bank = i->bank + (segmented ? a[l] >> 16 : 0);
		u32 offset = (segmented ? a[l] & 0xffff : a[l]) + (u32)i->offset;

		if (offset & (size - 1))
			return sm_fail(w, SM_ERR_MISALIGNED_ADDRESS);
		for (unsigned int n = 0; n < words; n++) {
			if (!sm_constant(w->core, bank, (offset & ~3u) + 4 * n, &v[n][l]))
				return SM_PARK;
		}
		if (size < 4) {
			u32 x = v[0][l] << (32 - 8 * size - 8 * (offset & 3));

			v[0][l] = is_signed ? (u32)((s32)x >> (32 - 8 * size)) :
					      x >> (32 - 8 * size);
		}
	}
	for (unsigned int n = 0; n < words && i->d != SM_RZ; n++) {
		SM_EACH_ACTIVE(l, w->mask)
			w->reg[i->d + n][l] = v[n][l];
	}
	return SM_NEXT;
}

/* The pages of all lanes are asked for, and whatever comes of it the warp goes on. */
static void prefetch(struct sm_warp *w, const struct sm_insn *i)
{
	const struct sm_launch *launch = &w->core->launch;
	const u32 *a = sm_reg(w, i->a);
	u64 last = ~0ull;

	SM_EACH_ACTIVE(l, w->mask) {
		u64 va = i->mod[SM_F_E] ? sm_pair(a, l) + i->offset : (u32)(a[l] + i->offset);
		u64 page = va & ~(u64)(SM_PAGE - 1);
		bool keep = true;

		if (page == last || in_window(va, launch->shared_window) || in_window(va, launch->local_window))
			continue;
		last = page;
		if (w->core->tlb[page / SM_PAGE % SM_TLB_SIZE].page != page)
			w->core->memory.translate(w->core->memory.ctx, page, SM_PREFETCH, &keep);
	}
}

/* Cache control. There are no caches, but a prefetch may be the first that hears of a page. */
SM_ACT(sm_cctl)
{
	enum { PF1 = 1, PF2 = 3 };

	if (i->mod[SM_F_CCTL] >= PF1 && i->mod[SM_F_CCTL] <= PF2)
		prefetch(w, i);
	return sm_order(w, i);
}

/* MEMBAR and what is like it: memory is coherent; only the host's order is needed. */
SM_ACT(sm_order)
{
	(void)i;
#ifdef __SANITIZE_THREAD__	/* which knows no fences */
	__atomic_fetch_add(&w->core->fences, 1, __ATOMIC_SEQ_CST);
#else
	(void)w;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
	return SM_NEXT;
}
