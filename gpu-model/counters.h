/* SPDX-License-Identifier: MIT */
/*
 * DOC: Counters
 *
 * One table of everything that is counted. A counter is a line here; it is
 * printed by name. Any thread, no lock.
 */
#ifndef GPU_MODEL_COUNTERS_H
#define GPU_MODEL_COUNTERS_H

#include "types.h"

struct gpu;

#define GPU_COUNTERS(X) \
	X(REG_READS, "reg.reads") \
	X(REG_WRITES, "reg.writes") \
	X(BAR1_READS, "bar1.reads") \
	X(BAR1_WRITES, "bar1.writes") \
	X(BAR2_READS, "bar2.reads") \
	X(BAR2_WRITES, "bar2.writes") \
	X(BAR_FAULTS, "bar.faults") \
	X(IRQS, "irq.sent") \
	X(IRQS_LOST, "irq.lost") \
	X(TLB_HITS, "tlb.hits") \
	X(TLB_MISSES, "tlb.misses") \
	X(TLB_INVALIDATES, "tlb.invalidates") \
	X(TLB_INVALIDATES_ALL, "tlb.invalidates.all") \
	X(TLB_INVALIDATES_PDB, "tlb.invalidates.pdb") \
	X(TLB_INVALIDATES_HUB, "tlb.invalidates.hub") \
	X(TLB_DROPPED, "tlb.dropped") \
	X(PTE_4K, "pte.used.4k") \
	X(PTE_64K, "pte.used.64k") \
	X(PTE_2M, "pte.used.2m") \
	X(PTE_SPARSE, "pte.used.sparse") \
	X(PTE_WRITTEN_4K, "pte.written.4k") \
	X(PTE_WRITTEN_64K, "pte.written.64k") \
	X(PTE_WRITTEN_2M, "pte.written.2m") \
	X(FAULTS_REPLAYABLE, "fault.replayable") \
	X(FAULTS_FATAL, "fault.fatal") \
	X(FAULTS_READ, "fault.read") \
	X(FAULTS_WRITE, "fault.write") \
	X(FAULTS_ATOMIC, "fault.atomic") \
	X(FAULTS_PREFETCH, "fault.prefetch") \
	X(FAULTS_NO_TABLE, "fault.reason.no_table") \
	X(FAULTS_NO_PAGE, "fault.reason.no_page") \
	X(FAULTS_READ_ONLY, "fault.reason.read_only") \
	X(FAULTS_NO_ATOMIC, "fault.reason.no_atomic") \
	X(FAULTS_LIMIT, "fault.reason.limit") \
	X(FAULTS_UNBOUND, "fault.reason.unbound") \
	X(FAULTS_APERTURE, "fault.reason.aperture") \
	X(FAULTS_REGION, "fault.reason.region") \
	X(FAULTS_OTHER, "fault.reason.other") \
	X(FAULTS_DUPLICATE, "fault.duplicate") \
	X(FAULTS_LATE, "fault.late") \
	X(FAULTS_BEHIND, "fault.behind") \
	X(FAULTS_OVERFLOW, "fault.overflow") \
	X(REPLAYS, "fault.replays") \
	X(CANCELS, "fault.cancels") \
	X(FALCON_STARTS, "falcon.starts") \
	X(SEC2_COMMANDS, "sec2.commands") \
	X(FECS_METHODS, "fecs.methods") \
	X(ALARMS, "ptimer.alarms")

/* PFIFO, PBDMA and the copy engines. */
#define GPU_COUNTERS_FIFO(X) \
	X(RUNLIST_SUBMITS, "fifo.runlists") \
	X(DOORBELLS, "fifo.doorbells") \
	X(METHODS, "pbdma.methods") \
	X(PREEMPTS, "fifo.preempts") \
	X(CHANNEL_KILLS, "fifo.kills") \
	X(SWITCH_TIMEOUTS, "fifo.switch_timeouts") \
	X(BUSY_NS, "fifo.busy_ns") \
	X(GPFIFO_ENTRIES, "pbdma.entries") \
	X(SEMAPHORE_RELEASES, "pbdma.releases") \
	X(ACQUIRE_RETRIES, "pbdma.acquire_retries") \
	X(NON_STALL_INTERRUPTS, "pbdma.non_stall_interrupts") \
	X(PBDMA_TRAPS, "pbdma.traps") \
	X(CE_LAUNCHES, "ce.launches") \
	X(CE_BYTES, "ce.bytes") \
	X(CE_BYTES_VRAM_TO_VRAM, "ce.bytes.vram_to_vram") \
	X(CE_BYTES_VRAM_TO_SYS, "ce.bytes.vram_to_sys") \
	X(CE_BYTES_SYS_TO_VRAM, "ce.bytes.sys_to_vram") \
	X(CE_BYTES_SYS_TO_SYS, "ce.bytes.sys_to_sys") \
	X(CE_BYTES_FILLED, "ce.bytes.filled") \
	X(CE_RUNS_VRAM_TO_VRAM, "ce.runs.vram_to_vram") \
	X(CE_RUNS_VRAM_TO_SYS, "ce.runs.vram_to_sys") \
	X(CE_RUNS_SYS_TO_VRAM, "ce.runs.sys_to_vram") \
	X(CE_RUNS_SYS_TO_SYS, "ce.runs.sys_to_sys") \
	X(CE_RELEASES, "ce.releases") \
	X(CE_LAUNCH_ERRORS, "ce.launch_errors") \
	X(CE_CARD_NS, "ce.card_ns")

/* Graphics and compute. */
#define GPU_COUNTERS_GR(X) \
	X(GR_GRIDS, "gr.grids") \
	X(GR_WARP_INSTRUCTIONS, "gr.warp_instructions") \
	X(GR_FAULTS, "gr.faults") \
	X(GR_STALLS, "gr.stalls") \
	X(GR_WARP_ERRORS, "gr.warp_errors") \
	X(GR_LAUNCHES_REFUSED, "gr.launches_refused") \
	X(GR_METHODS_UNMODELLED, "gr.methods_unmodelled")

enum gpu_counter {
#define X(id, name) CTR_##id,
	GPU_COUNTERS(X)
	GPU_COUNTERS_FIFO(X)
	GPU_COUNTERS_GR(X)
#undef X
	GPU_NR_COUNTERS
};

void counter_add(struct gpu *gpu, enum gpu_counter counter, u64 n);
u64 counter_get(const struct gpu *gpu, enum gpu_counter counter);
void counter_clear_all(struct gpu *gpu);
const char *counter_name(enum gpu_counter counter);

static inline void counter_inc(struct gpu *gpu, enum gpu_counter counter)
{
	counter_add(gpu, counter, 1);
}

#endif
