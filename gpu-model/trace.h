/* SPDX-License-Identifier: MIT */
/*
 * DOC: Trace of operations
 *
 * What the device did, in the order in which it did it: one record an
 * operation, numbered. The last ones are kept in memory for the control socket;
 * with a file each becomes a line there. While the trace is off an operation
 * costs one test.
 */
#ifndef GPU_MODEL_TRACE_H
#define GPU_MODEL_TRACE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "types.h"

struct gpu;

/*
 * Kinds of operation: name, and what the three numbers are. An X for each; the
 * channel is -1 where there is none.
 */
#define TRACE_KINDS(X) \
	X(DOORBELL, "doorbell", "gp_put", "", "") \
	X(RUNLIST, "runlist", "id", "channels", "") \
	X(START, "start", "", "", "") \
	X(STOP, "stop", "", "", "") \
	X(BIND, "bind", "inst", "", "") \
	X(PREEMPT, "preempt", "id", "group", "") \
	X(ENTRY, "entry", "address", "words", "") \
	X(LAUNCH, "launch", "from", "to", "bytes") \
	X(LAUNCH_END, "launched", "bytes", "card_ns", "") \
	X(RELEASE, "release", "address", "payload", "") \
	X(ACQUIRE, "acquire", "address", "payload", "") \
	X(NON_STALL, "non-stall", "", "", "") \
	X(FAULT, "fault", "address", "access", "reason") \
	X(FATAL, "fatal-fault", "address", "access", "reason") \
	X(REPLAY, "replay", "", "", "") \
	X(CANCEL, "cancel", "inst", "client", "") \
	X(KILL, "kill", "", "", "") \
	X(INVALIDATE, "invalidate", "pdb", "all", "hub_only") \
	X(IRQ, "irq", "pending", "", "") \
	X(TRAP, "trap", "bits", "method", "data") \
	X(INJECT, "inject", "what", "number", "") \
	X(RESET, "reset", "", "", "")

enum trace_kind {
#define X(id, name, a, b, c) TRACE_##id,
	TRACE_KINDS(X)
#undef X
	TRACE_NR_KINDS
};

struct trace_record {
	u64 number, ns;		/* ns: host_ns() */
	u64 arg[3];
	int channel;
	enum trace_kind kind;
};

struct trace {
	atomic_bool on;
	pthread_mutex_t lock;	/* the rest; taken last of all locks */
	struct trace_record *ring;
	u64 next;		/* number of the next record */
	FILE *file;
};

#define TRACE_RING	65536u

int trace_init(struct gpu *gpu);	/* 0 or -ENOMEM */
void trace_fini(struct gpu *gpu);

/* Control: on and off, and a file (its owner closes it after setting NULL). Any thread. */
void trace_enable(struct gpu *gpu, bool on);
void trace_to_file(struct gpu *gpu, FILE *file);

/* Prints the last @count records, oldest first. */
void trace_dump(struct gpu *gpu, u64 count, FILE *to);

void trace_add(struct gpu *gpu, enum trace_kind kind, int channel, u64 a, u64 b, u64 c);

/* An operation. Any thread, any lock held. */
#define trace_op(gpu, kind, channel, a, b, c) do { \
	if ((gpu)->trace && atomic_load_explicit(&(gpu)->trace->on, memory_order_relaxed)) \
		trace_add(gpu, TRACE_##kind, channel, a, b, c); \
} while (0)

#endif
