/* SPDX-License-Identifier: MIT */
/*
 * The nouveau backend, shared by its files.
 *
 * On Pascal the copy engine cannot take a page fault: touching an address that
 * the GPU's page tables do not hold kills the channel. So the backend must know
 * what is mapped there before it asks for a copy. The kernel maps on the GPU,
 * writable, what SVM_BIND moved to VRAM from writable memory, until the page
 * leaves VRAM. Hence "ours": ranges that this backend bound itself in that way,
 * since the last fork() (a fork unmaps them). A page that is ours and is away
 * from RAM, as the CPU's page table shows, is mapped. All else the copy engine
 * leaves alone: those parts go through a buffer, or the CPU copies.
 */
#ifndef USVM_GPU_H
#define USVM_GPU_H

#include "internal.h"
#include "nv_compute.h"

#define GPU_MARKS	64
#define GPU_STAGE_BYTES	(1ull << 20)
#define GPU_WORDS	256	/* queues that may record events at a time, for the GPU to wait for */

struct extent {
	uint64_t start;
	uint64_t end;
};

/** struct gpu - a device */
struct gpu {
	struct nv_device nv;
	pthread_mutex_t lock;		/* for the next four */
	struct extent *ours;		/* sorted, not touching each other */
	size_t count;
	size_t room;
	unsigned int forks;		/* that were taken into account */
	uint64_t features;		/* of the kernel's SVM_BIND */
	bool probed;			/* computes is known; under lock */
	bool computes;
	struct nv_bo words;		/* see gpu_wait.c; made and given out under lock */
	bool word_taken[GPU_WORDS];
	_Atomic uint32_t word_value[GPU_WORDS];	/* what was promised last */
	_Atomic uint64_t moved_ns;	/* when any queue was seen to get on */
	bool copy_faults;		/* the copy engine may fault (USVM_COPY_FAULTS=1) */
	_Atomic uint64_t submissions;	/* of channels that are closed */
	_Atomic uint64_t launches;
	_Atomic uint64_t binds;
	_Atomic uint64_t waits;
	_Atomic uint64_t by_engine;
	_Atomic uint64_t staged;
	_Atomic uint64_t by_cpu;
};

/** struct mark - a ticket that is reached when the GPU reaches a sequence number */
struct mark {
	uint64_t ticket;
	uint64_t since_ns;
	uint32_t seq;
	struct usvm_event *event;	/* one reference, or NULL */
	uint64_t generation;
};

/** struct queue - one stream's way to the GPU; one thread at a time */
struct queue {
	struct device *dev;
	struct gpu *gpu;
	struct nv_channel copy;		/* opened at the first copy */
	struct nv_channel graphics;	/* opened at the first launch; does copies, too */
	struct nv_channel *active;	/* NULL before */
	struct nv_compute compute;	/* on the graphics channel */
	struct nv_bo stage;		/* two buffers for staged copies */
	uint32_t stage_seq[2];
	bool settled;			/* the GPU has nothing to do */
	bool waits;			/* it was told to wait for another queue */
	int word;			/* ours of gpu.words, or -1 */
	uint64_t done;			/* ticket */
	struct mark marks[GPU_MARKS];	/* a ring, oldest at first */
	unsigned int first;
	unsigned int count;
	uint64_t checked_ns;
};

/* gpu.c */
/** gpu_use() - make sure that there is a channel with this engine, in q->active */
usvm_error gpu_use(struct queue *q, enum nv_engine engine);
/** gpu_stage() - make sure that the active channel has the buffer for staged copies */
usvm_error gpu_stage(struct queue *q);
/** gpu_settle() - submit and wait for everything */
usvm_error gpu_settle(struct queue *q);
/** gpu_error() - a negative errno of a channel */
usvm_error gpu_error(struct queue *q, int err);

/* gpu_wait.c */
/** gpu_promise() - tell the GPU to reach @point after all work so far; false: it will not */
bool gpu_promise(struct queue *q, struct gpu_point *point);
/** gpu_wait() - what follows waits for another queue; NOT_SUPPORTED: the CPU has to wait */
usvm_error gpu_wait(struct queue *q, const struct gpu_point *point);
/** gpu_let_go() - all that was promised counts as done; for a lost device */
void gpu_let_go(struct gpu *gpu);
/** gpu_give_word() - a queue ends */
void gpu_give_word(struct queue *q);

/* gpu_place.c */
usvm_error gpu_place(struct device *dev, uint64_t start, uint64_t end, bool to_device);
/** gpu_forget() - parts of a range may have left VRAM; what is known of its 2 MiB blocks ends */
void gpu_forget(struct device *dev, uint64_t start, uint64_t end);
/** gpu_look_up() - is @at mapped in VRAM, and up to where is the answer the same? */
usvm_error gpu_look_up(struct gpu *gpu, uint64_t at, uint64_t end, bool *vram, uint64_t *until);

/* gpu_query.c */
usvm_error gpu_residency(struct device *dev, uint64_t start, uint64_t end,
			 struct usvm_residency *residency);
usvm_error gpu_advice(struct device *dev, uint64_t start, uint64_t end);

/* gpu_copy.c */
usvm_error gpu_transfer(struct queue *q, const struct transfer *t);

/* gpu_launch.c */
usvm_error gpu_launch(struct queue *q, const struct grid *grid);
/** gpu_computes() - can this device and kernel run kernels? May take seconds */
bool gpu_computes(struct gpu *gpu);

#endif
