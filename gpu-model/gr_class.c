// SPDX-License-Identifier: MIT
/*
 * Methods with an effect. A method that cannot be done now (its memory faults,
 * the slice is over) changes nothing, or remembers how far it came, and is
 * executed again when it comes the next time.
 */
#include <stdlib.h>
#include <string.h>

#include "gr_class.h"

#define NR_METHODS	0x1000	/* words of an object's method space */

/* Methods of more than one class. */
enum {
	LINE_LENGTH_IN = 0x180, LINE_COUNT = 0x184, OFFSET_OUT_UPPER = 0x188, PITCH_OUT = 0x190,
	LAUNCH_DMA = 0x1b0, LOAD_INLINE_DATA = 0x1b4, I2M_SEMAPHORE_A = 0x1dc,
	I2M_SEMAPHORE_C = 0x1e4,
	REPORT_SEMAPHORE_A = 0x1b00, REPORT_SEMAPHORE_C = 0x1b08, REPORT_SEMAPHORE_D = 0x1b0c,
};

/* Compute. */
enum {
	SHARED_WINDOW = 0x214, SHARED_WINDOW_A = 0x2a0, SEND_PCAS_A = 0x2b4,
	SEND_SIGNALING_PCAS_B = 0x2bc, LOCAL_WINDOW = 0x77c, LOCAL_WINDOW_A = 0x7b0,
	PROGRAM_REGION_A = 0x1608,
};

/* 3D. */
enum {
	COLOR_TARGET_A = 0x800, COLOR_TARGET_WIDTH = 0x808, COLOR_TARGET_HEIGHT = 0x80c,
	COLOR_TARGET_FORMAT = 0x810, COLOR_TARGET_MEMORY = 0x814, COLOR_CLEAR_VALUE = 0xd80,
	SURFACE_CLIP_HORIZONTAL = 0xff4, SURFACE_CLIP_VERTICAL = 0xff8, CLEAR_SURFACE = 0x19d0,
	CONSTANT_SELECTOR_A = 0x2380, CONSTANT_SELECTOR_B = 0x2384, LOAD_CONSTANT_OFFSET = 0x238c,
	LOAD_CONSTANT = 0x2390, LOAD_CONSTANT_END = 0x23d0,
};

#define LAUNCH_PITCH(l)		((l) & 1)
#define LAUNCH_COMPLETION(l)	((l) >> 4 & 3)
#define LAUNCH_ONE_WORD(l)	((l) >> 12 & 1)
#define COMPLETION_RELEASE	2

/* The method space of one object, and the upload that goes on in it. */
struct object {
	u32 method[NR_METHODS];
	u64 uploaded;		/* bytes of the upload so far */
};

struct gr_state {
	struct gr_host host;
	struct object threed, compute, upload, twod;
	u32 clear_line;		/* lines of a clear that are done */
	bool launched;		/* a grid is on its way */
	struct sm_launch launch;
	struct gr_release release[2];
};

struct gr_state *gr_state_new(const struct gr_host *host)
{
	struct gr_state *g = calloc(1, sizeof(*g));

	if (g)
		g->host = *host;
	return g;
}

void gr_state_free(struct gr_state *g)
{
	free(g);
}

static u32 get(const struct object *o, u32 mthd)
{
	return o->method[mthd / 4];
}

/* An address in two methods, upper part first. */
static u64 address(const struct object *o, u32 mthd)
{
	return (u64)(get(o, mthd) & 0x1ffff) << 32 | get(o, mthd + 4);
}

/* -------------------------------------------------------------- semaphores */

static enum engine_result release(struct gr_state *g, u64 va, u32 payload, bool one_word)
{
	u32 words[4] = { payload };
	enum engine_result r;
	u64 time;

	if (one_word)
		return g->host.write(g->host.ctx, va, words, 4);
	time = g->host.time(g->host.ctx);
	memcpy(&words[2], &time, 8);
	/* the payload last: who sees it sees the time */
	r = g->host.write(g->host.ctx, va + 4, &words[1], 12);
	return r == ENGINE_OK ? g->host.write(g->host.ctx, va, words, 4) : r;
}

static u32 reduced(u32 op, bool is_signed, u32 old, u32 v)
{
	bool less = is_signed ? (s32)v < (s32)old : v < old;

	switch (op) {
	case 0:
		return old + v;
	case 1:
		return less ? v : old;
	case 2:
		return less ? old : v;
	case 3:
		return old >= v ? 0 : old + 1;
	case 4:
		return !old || old > v ? v : old - 1;
	case 5:
		return old & v;
	case 6:
		return old | v;
	default:
		return old ^ v;
	}
}

static enum engine_result release_of_grid(struct gr_state *g, const struct gr_release *rel)
{
	enum engine_result r;
	u32 v;

	if (!rel->enabled)
		return ENGINE_OK;
	if (!rel->reduce)
		return release(g, rel->address, rel->payload, rel->one_word);
	r = g->host.read(g->host.ctx, rel->address, &v, 4);
	if (r != ENGINE_OK)
		return r;
	v = reduced(rel->op, rel->is_signed, v, rel->payload);
	return g->host.write(g->host.ctx, rel->address, &v, 4);
}

/* Release and "report": the counter of a report is 0 here, its time is true. */
static enum engine_result report(struct gr_state *g, const struct object *o, u32 class, u32 d)
{
	if (d & 1) {		/* acquire and trap */
		g->host.note(g->host.ctx, class, REPORT_SEMAPHORE_D, d, false);
		return ENGINE_OK;
	}
	return release(g, address(o, REPORT_SEMAPHORE_A), get(o, REPORT_SEMAPHORE_C), d >> 28 & 1);
}

/* ----------------------------------------------------------------- uploads */

/* One word of an upload; what is beyond the lines is dropped. */
static enum engine_result upload_word(struct gr_state *g, struct object *o, u32 data)
{
	u32 launch = get(o, LAUNCH_DMA);
	u64 line = get(o, LINE_LENGTH_IN), total = line * get(o, LINE_COUNT);
	u64 at = o->uploaded, end = at + 4 < total ? at + 4 : total;
	enum engine_result r = ENGINE_OK;

	if (!LAUNCH_PITCH(launch))	/* noted when it began */
		return ENGINE_OK;
	while (at < end) {
		u64 x = at % line, va = address(o, OFFSET_OUT_UPPER) + at / line * get(o, PITCH_OUT);
		u32 n = line - x < end - at ? line - x : end - at;
		u32 part = data >> 8 * (at - o->uploaded);

		r = g->host.write(g->host.ctx, va + x, &part, n);
		if (r != ENGINE_OK)
			return r;
		at += n;
	}
	if (o->uploaded < total && at == total && LAUNCH_COMPLETION(launch) == COMPLETION_RELEASE)
		r = release(g, address(o, I2M_SEMAPHORE_A), get(o, I2M_SEMAPHORE_C),
			    LAUNCH_ONE_WORD(launch));
	if (r == ENGINE_OK)
		o->uploaded += 4;
	return r;
}

static enum engine_result upload_method(struct gr_state *g, struct object *o, u32 class, u32 mthd,
					u32 data)
{
	if (mthd == LOAD_INLINE_DATA)
		return upload_word(g, o, data);
	o->uploaded = 0;
	if (!LAUNCH_PITCH(data))
		g->host.note(g->host.ctx, class, mthd, data, false);	/* block-linear */
	return ENGINE_OK;
}

/* ---------------------------------------------------------------- launches */

static u64 window(const struct object *o, u32 low, u32 pair)
{
	return get(o, pair) || get(o, pair + 4) ? address(o, pair) : get(o, low);
}

static enum engine_result begin_launch(struct gr_state *g)
{
	const struct object *o = &g->compute;
	u64 windows[2] = { window(o, SHARED_WINDOW, SHARED_WINDOW_A),
			   window(o, LOCAL_WINDOW, LOCAL_WINDOW_A) };
	u32 qmd[GR_QMD_SIZE / 4];
	enum engine_result r;

	r = g->host.read(g->host.ctx, (u64)get(o, SEND_PCAS_A) << 8, qmd, sizeof(qmd));
	if (r != ENGINE_OK)
		return r;
	gr_qmd_read(qmd, address(o, PROGRAM_REGION_A), windows, &g->launch, g->release);
	g->launched = true;
	return ENGINE_OK;
}

#define PCAS_SCHEDULE	2

static enum engine_result launch(struct gr_state *g, u32 data)
{
	enum engine_result r = ENGINE_OK;

	if (!(data & PCAS_SCHEDULE))
		return ENGINE_OK;
	if (!g->launched)
		r = begin_launch(g);
	if (r == ENGINE_OK && g->launch.grid[0] && g->launch.grid[1] && g->launch.grid[2])
		r = g->host.launch(g->host.ctx, &g->launch);
	for (unsigned int n = 0; n < 2 && r == ENGINE_OK; n++) {
		r = release_of_grid(g, &g->release[n]);
		if (r == ENGINE_OK)	/* not again, should the second one fault */
			g->release[n].enabled = false;
	}
	if (r == ENGINE_OK || r == ENGINE_DEAD)
		g->launched = false;
	return r;
}

/* ------------------------------------------------------------------ clears */

#define CLEAR_COLORS	0x3c
#define TARGET_LINEAR	(1 << 12)
#define MAX_CLEAR_BYTES	0x10000u	/* of a piece */

/* Bytes of a pixel of the colour formats that a buffer can have; 0: not modelled. */
static u32 pixel_size(u32 format)
{
	switch (format) {
	case 0xc0:		/* RGBA32 float */
	case 0xc1:		/* sint */
	case 0xc2:		/* uint */
		return 16;
	case 0xcb:		/* RG32 float */
	case 0xcc:
	case 0xcd:
		return 8;
	case 0xe3:		/* R32 sint */
	case 0xe4:
	case 0xe5:		/* float */
		return 4;
	case 0xf0:		/* R16 */
	case 0xf1:
		return 2;
	case 0xf5:		/* R8 */
	case 0xf6:
		return 1;
	default:
		return 0;
	}
}

/* One line, a piece at a time. Done again from its start when a piece fails. */
static enum engine_result clear_line(struct gr_state *g, u64 va, u32 size, u32 width)
{
	const u32 *value = &g->threed.method[COLOR_CLEAR_VALUE / 4];
	u32 per_piece = MAX_CLEAR_BYTES / 16;
	u8 piece[MAX_CLEAR_BYTES / 16 * 16];

	for (u32 n = 0; n < per_piece; n++)
		memcpy(piece + n * size, value, size);
	for (u32 x = 0; x < width; x += per_piece) {
		u32 n = width - x < per_piece ? width - x : per_piece;
		enum engine_result r = g->host.write(g->host.ctx, va + (u64)x * size, piece, n * size);

		if (r != ENGINE_OK)
			return r;
	}
	return ENGINE_OK;
}

static enum engine_result clear(struct gr_state *g, u32 class, u32 data)
{
	const struct object *o = &g->threed;
	u32 size = pixel_size(get(o, COLOR_TARGET_FORMAT));
	u32 width = get(o, SURFACE_CLIP_HORIZONTAL) >> 16;
	u32 height = get(o, SURFACE_CLIP_VERTICAL) >> 16;

	if (!(data & CLEAR_COLORS))
		return ENGINE_OK;
	if (!size || !(get(o, COLOR_TARGET_MEMORY) & TARGET_LINEAR)) {
		g->host.note(g->host.ctx, class, CLEAR_SURFACE, data, false);
		return ENGINE_OK;
	}
	if (height > get(o, COLOR_TARGET_HEIGHT))
		height = get(o, COLOR_TARGET_HEIGHT);
	while (g->clear_line < height) {
		u64 va = address(o, COLOR_TARGET_A) + (u64)g->clear_line * get(o, COLOR_TARGET_WIDTH);
		enum engine_result r = clear_line(g, va, size, width);

		if (r != ENGINE_OK)
			return r;
		g->clear_line++;
		if (g->clear_line < height && g->host.over(g->host.ctx))
			return ENGINE_AGAIN;
	}
	g->clear_line = 0;
	return ENGINE_OK;
}

/* A word into the selected constant buffer, which then moves on. */
static enum engine_result load_constant(struct gr_state *g, u32 data)
{
	struct object *o = &g->threed;
	u32 offset = get(o, LOAD_CONSTANT_OFFSET), size = get(o, CONSTANT_SELECTOR_A);
	enum engine_result r = ENGINE_OK;

	if (offset < size && size - offset >= 4)
		r = g->host.write(g->host.ctx, address(o, CONSTANT_SELECTOR_B) + offset, &data, 4);
	if (r == ENGINE_OK)
		o->method[LOAD_CONSTANT_OFFSET / 4] += 4;
	return r;
}

/* ----------------------------------------------------------------- methods */

static enum engine_result compute_method(struct gr_state *g, u32 class, u32 mthd, u32 data)
{
	switch (mthd) {
	case LAUNCH_DMA:
	case LOAD_INLINE_DATA:
		return upload_method(g, &g->compute, class, mthd, data);
	case SEND_SIGNALING_PCAS_B:
		return launch(g, data);
	case REPORT_SEMAPHORE_D:
		return report(g, &g->compute, class, data);
	default:
		g->host.note(g->host.ctx, class, mthd, data, gr_method_known(class, mthd));
		return ENGINE_OK;
	}
}

static enum engine_result threed_method(struct gr_state *g, u32 class, u32 mthd, u32 data)
{
	if (mthd >= LOAD_CONSTANT && mthd < LOAD_CONSTANT_END)
		return load_constant(g, data);
	switch (mthd) {
	case LAUNCH_DMA:
	case LOAD_INLINE_DATA:
		return upload_method(g, &g->threed, class, mthd, data);
	case CLEAR_SURFACE:
		return clear(g, class, data);
	case REPORT_SEMAPHORE_D:
		return report(g, &g->threed, class, data);
	default:
		g->host.note(g->host.ctx, class, mthd, data, gr_method_known(class, mthd));
		return ENGINE_OK;
	}
}

enum engine_result gr_method(struct gr_state *g, u32 class, u32 mthd, u32 data)
{
	struct object *o;

	switch (class & 0xff) {
	case 0x97:
		o = &g->threed;
		break;
	case 0xc0:
		o = &g->compute;
		break;
	case 0x40:
		o = &g->upload;
		break;
	default:
		o = &g->twod;
	}
	if (mthd / 4 >= NR_METHODS)
		return ENGINE_OK;
	o->method[mthd / 4] = data;
	if (o == &g->threed)
		return threed_method(g, class, mthd, data);
	if (o == &g->compute)
		return compute_method(g, class, mthd, data);
	if (o == &g->upload && (mthd == LAUNCH_DMA || mthd == LOAD_INLINE_DATA))
		return upload_method(g, o, class, mthd, data);
	g->host.note(g->host.ctx, class, mthd, data, gr_method_known(class, mthd));
	return ENGINE_OK;
}
