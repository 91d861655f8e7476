/* SPDX-License-Identifier: MIT */
/*
 * DOC: What a unit of the GPU shares with the others
 *
 * A unit is one hardware block of NVIDIA's manuals and one file here. It
 * describes its registers in a table (&struct gpu_reg) and may give any of them
 * a read or write function; the rest is storage. A register in no unit's table
 * is storage too, and is reported as not modelled.
 *
 * How to add a register: a line in the table of its unit. The name is the one
 * in NVIDIA's public manuals where there is one.
 */
#ifndef GPU_MODEL_UNIT_H
#define GPU_MODEL_UNIT_H

#include <pthread.h>
#include <stdatomic.h>

#include "chips.h"
#include "counters.h"
#include "device.h"
#include "types.h"

#define GPU_BAR0_SIZE	(16u << 20)
#define GPU_BAR1_SIZE	(256u << 20)
#define GPU_BAR2_SIZE	(32u << 20)
#define GPU_CONFIG_SIZE	256u

/* Flags of a register description. */
#define REG_RO		0x1	/* writes are dropped */
#define REG_FALLBACK	0x2	/* a whole range; single registers of any table win over it */
#define REG_GP104	0x4	/* only on this chip; neither flag: on both */
#define REG_GP100	0x8

/**
 * struct gpu_reg - one register, or an evenly spaced run of them
 * @addr: offset in BAR0 of the first
 * @count: how many; 0 means 1
 * @stride: bytes from one to the next; 0 means 4
 * @flags: REG_*
 * @reset: value after reset
 * @name: as in the manuals; static
 * @rd: value to return; NULL: what is stored. @addr is the address that was read.
 * @wr: takes the value; it must call reg_set() itself if it is to be stored. NULL: store.
 *
 * Both run with the device lock held and must neither block nor loop on the guest's behalf.
 */
struct gpu_reg {
	u32 addr, count, stride, flags, reset;
	const char *name;
	u32 (*rd)(struct gpu *gpu, u32 addr);
	void (*wr)(struct gpu *gpu, u32 addr, u32 value);
};

/**
 * struct gpu_unit - a hardware block
 * @name: as in the manuals
 * @regs: its registers
 * @nr_regs: number of descriptions
 * @init: once, at creation: allocate state, start threads (which must wait for
 *	gpu->lock; it is held). 0 or a negative errno. May be NULL like the others.
 * @reset: with the device lock held; the storage has been set to the reset values already.
 *	Called at creation too, after every unit's @init.
 * @stop: the device is going away: make threads end and join them. Lock not held.
 * @fini: free everything. No thread of any unit runs any more.
 */
struct gpu_unit {
	const char *name;
	const struct gpu_reg *regs;
	size_t nr_regs;
	int (*init)(struct gpu *gpu);
	void (*reset)(struct gpu *gpu);
	void (*stop)(struct gpu *gpu);
	void (*fini)(struct gpu *gpu);
};

extern const struct gpu_unit *const gpu_units[];	/* units.c; ends with NULL */

/**
 * struct gpu - the device
 *
 * The pointers to units' state belong to the unit of that name.
 */
struct gpu {
	pthread_mutex_t lock;		/* see device.h */
	pthread_rwlock_t access;
	struct gpu_config config;	/* its strings are owned here */
	const struct gpu_chip *chip;

	u32 *regs;			/* storage of BAR0 */
	u16 *reg_index;			/* BAR0 offset / 4 -> index into @reg; 0: in no table */
	const struct gpu_reg **reg;
	u32 nr_reg;

	u8 *vram;
	u64 vram_size;
	int vram_fd;

	atomic_ullong counter[GPU_NR_COUNTERS];
	u64 random_state;

	/* owned by the unit of that name */
	struct diag *diag;
	struct event_queue *events;
	struct pmc *pmc;
	struct pfb *pfb;
	struct ptimer *ptimer;
	struct pci *pci;
	struct prom *prom;
	struct mmu *mmu;
	struct pte_watch *pte_watch;
	struct bars *bars;
	struct fault_unit *fault;
	struct ptop *ptop;
	struct falcon_unit *falcon;
	struct pgraph *pgraph;
	struct pfifo *pfifo;
	struct pbdma *pbdma;
	struct pce *pce;
	struct gr_unit *gr;
	struct inject *inject;
	struct trace *trace;
};

static inline void gpu_lock(struct gpu *gpu)
{
	pthread_mutex_lock(&gpu->lock);
}

static inline void gpu_unlock(struct gpu *gpu)
{
	pthread_mutex_unlock(&gpu->lock);
}

/* Storage of a register; @addr is inside BAR0 and a multiple of 4. */
static inline u32 reg_get(const struct gpu *gpu, u32 addr)
{
	return gpu->regs[addr / 4];
}

static inline void reg_set(struct gpu *gpu, u32 addr, u32 value)
{
	gpu->regs[addr / 4] = value;
}

/* A whole register access, functions included; device lock held. */
u32 gpu_reg_read(struct gpu *gpu, u32 addr);
void gpu_reg_write(struct gpu *gpu, u32 addr, u32 value);

/* For tables: a register that reads 0 whatever was written. */
u32 reg_read_zero(struct gpu *gpu, u32 addr);

/* "NAME" or "NAME[3]" of an address, "?" for one in no table. Returns @buf. */
const char *gpu_reg_name(const struct gpu *gpu, u32 addr, char *buf, size_t size);

/* Value of an option, or @fallback. */
const char *gpu_option(const struct gpu *gpu, const char *key, const char *fallback);
u64 gpu_option_u64(const struct gpu *gpu, const char *key, u64 fallback);

void gpu_log(struct gpu *gpu, enum gpu_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Uniform in [0, bound); device lock held. An engine thread keeps a stream of its own. */
u64 gpu_random(struct gpu *gpu, u64 bound);
/* The same from any state: seed it with gpu->config.seed and the thread's number. */
u64 random_next(u64 *state, u64 bound);

/* CLOCK_MONOTONIC in ns. The GPU's own clock is ptimer_now(). */
u64 host_ns(void);

#endif
