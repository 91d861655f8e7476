/* SPDX-License-Identifier: MIT */
/*
 * DOC: Falcons
 *
 * The microcontrollers of the GPU, without their instruction set: what is loaded
 * into them is never run. Instead each answers as its firmware would, at the
 * moment it would: falcon.c has what all share (interrupts, memory ports,
 * binding an instance block, reset), acr.c the loader that sets up the write-protected
 * region, sec2.c and pmu.c the two falcons, and fecs.c the one of the graphics engine.
 */
#ifndef GPU_MODEL_FALCON_H
#define GPU_MODEL_FALCON_H

#include "event.h"
#include "memory.h"
#include "types.h"

struct gpu;

#define FALCON_DMEM_SIZE	0x10000u
#define FALCON_EMEM_SIZE	0x1000u
#define FALCON_PORTS		8u

/* IRQSTAT bits */
#define FALCON_IRQ_BIND		BIT(3)
#define FALCON_IRQ_HALT		BIT(4)
#define FALCON_IRQ_SWGEN0	BIT(6)

/* CPUCTL bits */
#define FALCON_CPUCTL_START	BIT(1)
#define FALCON_CPUCTL_HALTED	BIT(4)
#define FALCON_CPUCTL_ALIAS	BIT(6)	/* secure: started by the alias register */

/* offsets */
#define FALCON_MAILBOX0		0x040u

/**
 * struct falcon - one microcontroller
 * @name: for logs
 * @base: its registers
 * @start: it has been started: do what its firmware would
 * @acked: interrupt bits have been cleared by the driver; may be NULL
 * @line: interrupt line in PMC_INTR(0), -1 for none
 * @dmem: data memory
 * @emem: external data memory of SEC2
 * @stat: interrupt status
 * @mask: interrupt mask
 * @dest: interrupt destinations (b15:0 host, b31:16 level)
 * @cpuctl: as the register reads
 * @bind_state: 5 while a bound instance block has not been acknowledged
 * @inst: the bound instance block
 * @inst_aperture: where it lies
 * @dmem_port: control words of the data ports
 * @emem_port: the same for external memory
 */
struct falcon {
	const char *name;
	u32 base;
	void (*start)(struct gpu *gpu, struct falcon *f);
	void (*acked)(struct gpu *gpu, struct falcon *f, u32 bits);
	int line;

	u8 dmem[FALCON_DMEM_SIZE], emem[FALCON_EMEM_SIZE];
	u32 stat, mask, dest, cpuctl, bind_state;
	u64 inst;
	enum gpu_aperture inst_aperture;
	u32 dmem_port[FALCON_PORTS], emem_port[FALCON_PORTS];
};

struct falcon_unit {
	struct falcon sec2, pmu;
	u64 wpr_start, wpr_end;
	struct event sec2_service;
	u64 sec2_delay_ns;
};

/* falcon.c */
u32 falcon_reg_get(struct gpu *gpu, const struct falcon *f, u32 offset);
void falcon_reg_set(struct gpu *gpu, const struct falcon *f, u32 offset, u32 value);
void falcon_raise(struct gpu *gpu, struct falcon *f, u32 bits);
void falcon_reset(struct gpu *gpu, struct falcon *f);

/* sec2.c, pmu.c: set up at creation */
void sec2_create(struct gpu *gpu);
void pmu_create(struct gpu *gpu);
void sec2_reset(struct gpu *gpu);
void sec2_command_head_write(struct gpu *gpu, u32 addr, u32 value);

/*
 * acr.c: the ACR loader runs on @f, whose boot descriptor lies in DMEM and names
 * the loader's data segment, with the region that is to be protected at @region (byte
 * offset there) and, when @shadow is not 0, the copy to fill it from. False when there is
 * no such region in the descriptor: then nothing has been done.
 */
bool acr_load(struct gpu *gpu, struct falcon *f, u32 region, u32 shadow);
void acr_unload(struct gpu *gpu);
void acr_wpr(const struct gpu *gpu, u64 *start, u64 *end);

/* fecs.c: FECS (2) or GPCCS (3) has been loaded by a secure falcon: it waits for its start. */
bool acr_bootstrap_falcon(struct gpu *gpu, u32 id);

#endif
