// SPDX-License-Identifier: MIT
/*
 * The bytes of a launch.
 *
 * A launch is a number of lines; the progress is one number, bytes of the
 * destination written so far, so that it can stop anywhere (end of a slice, a
 * fault) and go on there. A piece is what lies in one line and in one page on
 * either side, and is moved inside of one access bracket.
 */
#include <string.h>

#include "pce.h"
#include "unit.h"

#define PIECE		65536u

/* One side of a piece. */
struct side {
	u8 *p;				/* NULL: sparse */
	bool system;
};

/*
 * Finds @va for at most *len bytes, which it cuts to what is in one page. Inside of
 * an access bracket. False: @x says why not.
 */
static bool locate(struct channel *ch, const struct pce_context *pce, bool write, u64 va, u64 *len,
		   struct side *side, struct mmu_xlate *x)
{
	u32 launch = pce_get(pce, CE_LAUNCH_DMA);

	if (launch & (write ? LAUNCH_DST_PHYSICAL : LAUNCH_SRC_PHYSICAL)) {
		static const enum gpu_aperture target[4] = {
			APERTURE_VRAM, APERTURE_SYS_COH, APERTURE_SYS_NCOH, APERTURE_PEER,
		};
		u32 mode = pce_get(pce, write ? CE_SET_DST_PHYS_MODE : CE_SET_SRC_PHYS_MODE);
		u64 left = 0x1000 - (va & 0xfff);

		if (left < *len && target[mode & 3] != APERTURE_VRAM)
			*len = left;		/* guest memory is in pieces */
		*x = (struct mmu_xlate){ .aperture = target[mode & 3], .addr = va, .va = va };
	} else {
		if (!mmu_translate(ch->gpu, &ch->space, MMU_CLIENT_CE, va, write ? MMU_WRITE : MMU_READ, x))
			return false;
		if (x->left < *len)
			*len = x->left;
		/* A large page may lie over several ranges of guest memory. */
		if (x->aperture != APERTURE_VRAM && *len > 0x1000 - (va & 0xfff))
			*len = 0x1000 - (va & 0xfff);
		if (x->sparse) {
			*side = (struct side){ NULL, false };
			return true;
		}
	}
	side->system = x->aperture != APERTURE_VRAM;
	side->p = memory_ptr(ch->gpu, x->aperture, x->addr, *len, write);
	x->reason = MMU_FAULT_APERTURE;
	return side->p;
}

static void count(struct pce_context *pce, bool src_system, bool dst_system, u64 n)
{
	if (src_system)
		pce->bytes[dst_system ? PCE_SYS_TO_SYS : PCE_SYS_TO_VRAM] += n;
	else
		pce->bytes[dst_system ? PCE_VRAM_TO_SYS : PCE_VRAM_TO_VRAM] += n;
}

/* A piece of a plain copy. *n is what may be moved, then what was. */
static enum engine_result plain(struct channel *ch, struct pce_context *pce, u64 src, u64 dst, u64 *n)
{
	struct side from, to;
	struct mmu_xlate x;
	bool read = false, written;

	if (!channel_enter(ch))
		return ENGINE_AGAIN;
	written = locate(ch, pce, false, src, n, &from, &x);
	if (written) {
		read = true;
		written = locate(ch, pce, true, dst, n, &to, &x);
	}
	if (written && to.p) {
		if (from.p)
			memmove(to.p, from.p, *n);
		else
			memset(to.p, 0, *n);
	}
	channel_leave(ch);
	if (!written)
		return pce_fault(ch, &x, read ? MMU_WRITE : MMU_READ);
	count(pce, from.system, to.system, *n);
	return ENGINE_OK;
}

/* Reads or writes @len bytes that may lie in several pages; bytes with keep[] set stay as they are. */
static enum engine_result move_bytes(struct channel *ch, struct pce_context *pce, bool write, u64 va,
				     u8 *buf, const bool *keep, u64 len, bool *system)
{
	for (u64 at = 0; at < len;) {
		u64 n = len - at;
		struct mmu_xlate x;
		struct side side;
		bool good;

		if (!channel_enter(ch))
			return ENGINE_AGAIN;
		good = locate(ch, pce, write, va + at, &n, &side, &x);
		for (u64 i = 0; good && side.p && i < n; i++) {
			if (!write)
				buf[at + i] = side.p[i];
			else if (!keep[at + i])
				side.p[i] = buf[at + i];
		}
		if (good && !side.p && !write)
			memset(buf + at, 0, n);
		channel_leave(ch);
		if (!good)
			return pce_fault(ch, &x, write ? MMU_WRITE : MMU_READ);
		*system = side.system;
		at += n;
	}
	return ENGINE_OK;
}

#define REMAP_BATCH	256u		/* elements */

/* Some elements of a line with remap. @nr: how many may be done, then how many were. */
static enum engine_result mapped(struct channel *ch, struct pce_context *pce, const struct pce_shape *s,
				 u64 src, u64 dst, u64 *nr)
{
	u8 from[REMAP_BATCH * PCE_MAX_ELEMENT], to[REMAP_BATCH * PCE_MAX_ELEMENT] = { 0 };
	bool keep[REMAP_BATCH * PCE_MAX_ELEMENT], src_system = false, dst_system = false;
	enum engine_result result = ENGINE_OK;

	if (*nr > REMAP_BATCH)
		*nr = REMAP_BATCH;
	if (s->reads_src)
		result = move_bytes(ch, pce, false, src, from, NULL, *nr * s->src_element, &src_system);
	if (result != ENGINE_OK)
		return result;
	pce_shape_remap(s, from, to, keep, *nr);
	result = move_bytes(ch, pce, true, dst, to, keep, *nr * s->dst_element, &dst_system);
	if (result != ENGINE_OK)
		return result;
	if (s->reads_src)
		count(pce, src_system, dst_system, *nr * s->dst_element);
	else
		count(pce, dst_system, dst_system, *nr * s->dst_element);
	pce->fills += s->reads_src ? 0 : *nr * s->dst_element;
	return ENGINE_OK;
}

enum engine_result pce_transfer(struct channel *ch, struct pce_context *pce)
{
	struct pce_shape s = pce_shape(pce->method);
	u64 line_bytes = s.elements * s.dst_element;

	if (!line_bytes)
		return ENGINE_OK;
	/* 2^32 lines of 2^36 bytes do not overflow 64 bits by division; lines are counted. */
	while (pce->done / line_bytes < s.lines) {
		u64 line = pce->done / line_bytes, element = pce->done % line_bytes / s.dst_element;
		u64 src = s.src + line * s.src_pitch + element * s.src_element;
		u64 dst = s.dst + line * s.dst_pitch + element * s.dst_element;
		u64 n = s.elements - element;
		enum engine_result result;

		if (channel_slice_over(ch))
			return ENGINE_AGAIN;
		if (s.remap) {
			result = mapped(ch, pce, &s, src, dst, &n);
		} else {
			n = n < PIECE ? n : PIECE;
			result = plain(ch, pce, src, dst, &n);
		}
		if (result != ENGINE_OK)
			return result;
		pce->done += n * s.dst_element;
	}
	return ENGINE_OK;
}
