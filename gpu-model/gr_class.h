/* SPDX-License-Identifier: MIT */
/*
 * DOC: Classes of the graphics engine
 *
 * What the methods of 3D, compute, inline-to-memory and 2D objects do, so far as
 * compute needs them: uploads, constant buffers, launches, reports, and the
 * clear of a linear surface that fills buffers. Everything else is state that
 * nothing here looks at, or is counted as not modelled.
 *
 * This file and gr_class.c know no device: memory, time and launches come from
 * &struct gr_host, so that the same code runs behind a PBDMA and behind a
 * recorded push buffer.
 */
#ifndef GR_CLASS_H
#define GR_CLASS_H

#include "engine.h"
#include "gr_qmd.h"
#include "types.h"

struct gr_state;

/**
 * struct gr_host - what the classes are built on
 * @ctx: first argument
 * @read, @write: virtual memory of the channel. ENGINE_OK, or why not: then the
 *	method is not taken and comes again.
 * @time: GPU time in ns
 * @launch: runs a grid to its end; called again with the same launch until it
 *	returns ENGINE_OK. Anything else is returned for the method.
 * @over: time to return ENGINE_AGAIN
 * @note: a method that the model does not execute. @known: it is only state.
 */
struct gr_host {
	void *ctx;
	enum engine_result (*read)(void *ctx, u64 va, void *buf, u32 len);
	enum engine_result (*write)(void *ctx, u64 va, const void *buf, u32 len);
	u64 (*time)(void *ctx);
	enum engine_result (*launch)(void *ctx, const struct sm_launch *launch);
	bool (*over)(void *ctx);
	void (*note)(void *ctx, u32 class, u32 mthd, u32 data, bool known);
};

#define GR_CLASS_2D	0x902d
#define GR_CLASS_INLINE	0xa140

/* State of a channel's objects, or NULL without memory. @host is copied. */
struct gr_state *gr_state_new(const struct gr_host *host);
void gr_state_free(struct gr_state *g);

/**
 * gr_method() - execute a method
 * @class: as the object's class says; by its low byte 97 is 3D, c0 compute, 40
 *	inline-to-memory, 2d 2D
 *
 * Returns ENGINE_OK when it is done; else it has to come again.
 */
enum engine_result gr_method(struct gr_state *g, u32 class, u32 mthd, u32 data);

/* Name of a method, "?" for an unknown one. */
const char *gr_method_name(u32 class, u32 mthd);

/* Is it one that only sets state (or waits for what is in order anyway)? */
bool gr_method_known(u32 class, u32 mthd);

#endif
