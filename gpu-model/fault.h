/* SPDX-License-Identifier: MIT */
/*
 * DOC: MMU faults
 *
 * Two kinds, as on Pascal. A replayable fault becomes an entry in a buffer that
 * the driver reads, services and answers with a replay (or a cancel); the
 * engine keeps the access and tries again. A fatal fault goes into registers,
 * raises PFIFO's MMU fault interrupt, and is the end of the channel. Only
 * shader and texture accesses fault replayably on Pascal.
 *
 * All functions: device lock held, not inside mmu_enter().
 */
#ifndef GPU_MODEL_FAULT_H
#define GPU_MODEL_FAULT_H

#include "mmu.h"
#include "types.h"

struct gpu;

/* Fault ids (which unit's MMU port), as in the device info table and the fault registers. */
enum fault_engine {
	FAULT_GRAPHICS = 0x00,
	FAULT_IFB = 0x03,
	FAULT_BAR1 = 0x04,
	FAULT_BAR2 = 0x05,
	FAULT_HOST0 = 0x06,	/* HOST0..: PBDMA 0.. */
	FAULT_CE0 = 0x15,	/* further copy engines: see ptop_engine.fault_id */
	FAULT_NR = 0x20,
};

/* Clients: behind the hub, or (hub = false) inside a GPC. */
enum {
	FAULT_CLIENT_GPC_L1_0 = 0x00,
	FAULT_CLIENT_GPC_T1_0 = 0x01,
	FAULT_CLIENT_HUB_CE0 = 0x01,
	FAULT_CLIENT_HUB_HOST = 0x06,
	FAULT_CLIENT_HUB_HOST_CPU = 0x07,
};

/**
 * struct gpu_fault - one faulted access
 * @space: where; its instance block names the context
 * @va: address
 * @access: enum mmu_access
 * @reason: enum mmu_reason
 * @engine: enum fault_engine
 * @client: which client of it
 * @gpc: which GPC, when not @hub
 * @hub: behind the hub
 */
struct gpu_fault {
	struct mmu_space space;
	u64 va;
	u8 access, reason, engine, client, gpc;
	bool hub;
};

/**
 * struct fault_cancel - a targeted cancel
 * @inst: instance block of the context that is on the graphics engine (409b00); 0: none
 * @client: the client named
 * @gpc: the GPC named
 * @hub: it is behind the hub
 * @global: every faulted access, whatever its client
 */
struct fault_cancel {
	u64 inst;
	u8 client, gpc;
	bool hub, global;
};

/**
 * struct fault_listener - an engine whose accesses may fault replayably
 * @replay: try all waiting accesses again
 * @cancel: waiting accesses that match must now fail for good: the engine posts them as fatal
 * @ctx: first argument
 * @next: used by fault.c
 *
 * Both are called with the device lock held and must not block: they make the
 * engine's thread look again.
 */
struct fault_listener {
	void (*replay)(void *ctx);
	void (*cancel)(void *ctx, const struct fault_cancel *cancel);
	void *ctx;
	struct fault_listener *next;
};

/* The listener must stay in memory until the device is destroyed; register it in init(). */
void fault_listen(struct gpu *gpu, struct fault_listener *listener);

/*
 * Posts a replayable fault; it may appear in the buffer later (see fault_policy). Also makes the context
 * the one that 409b00 names. When the buffer is full or off the entry is lost, as in hardware: the access
 * is reported again when it is tried again after the next replay.
 */
void fault_post_replayable(struct gpu *gpu, const struct gpu_fault *fault);

/* Posts a fatal fault: registers of its engine, 00259c, PFIFO interrupt bit 28. */
void fault_post_fatal(struct gpu *gpu, const struct gpu_fault *fault);

/**
 * struct fault_policy - how faults are reported
 * @late_ns: each entry appears up to so many ns late
 * @duplicate_percent: probability that an entry is written twice
 * @burst: collect so many entries before they are written; 0 and 1: at once. A burst
 *	that does not fill is written after 200 us.
 * @ahead_ns: PUT moves at once, and the entry that it has passed is written up to so many ns
 *	later, its valid bit last: it is the valid bit that a driver must wait for
 * @overflow_next: pretend that the buffer is full for so many entries, each when it is not empty
 */
struct fault_policy {
	u64 late_ns, ahead_ns;
	u32 duplicate_percent, burst, overflow_next;
};

/* From options at creation; the control socket may change it while running. */
void fault_set_policy(struct gpu *gpu, const struct fault_policy *policy);
void fault_get_policy(struct gpu *gpu, struct fault_policy *policy);

#endif
