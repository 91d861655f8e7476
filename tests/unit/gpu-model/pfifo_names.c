// SPDX-License-Identifier: MIT
/*
 * Addresses, names and fields that NVIDIA has published for the host and the copy
 * engines, written down from its headers, against what the model calls and uses.
 *
 * Headers: nvgpu, hw/gp106 (fifo, pbdma, ccsr, ce); open-gpu-doc, classes clc06f.h and clc1b5.h.
 */
#include "bench_device.h"
#include "pbdma.h"
#include "pce.h"
#include "pfifo.h"

static struct bench b;

static const struct {
	const char *published;
	u32 addr;
	const char *name;
} regs[] = {
	{ "fifo_intr_0", 0x002100, "NV_PFIFO_INTR_0" },
	{ "fifo_intr_en_0", 0x002140, "NV_PFIFO_INTR_EN_0" },
	{ "fifo_bar1_base", 0x002254, "NV_PFIFO_BAR1_BASE" },
	{ "fifo_runlist_base", 0x002270, "NV_PFIFO_RUNLIST_BASE" },
	{ "fifo_runlist", 0x002274, "NV_PFIFO_RUNLIST" },
	{ "fifo_eng_runlist_base(1)", 0x002288, "NV_PFIFO_ENG_RUNLIST_BASE[1]" },
	{ "fifo_eng_runlist(1)", 0x00228c, "NV_PFIFO_ENG_RUNLIST[1]" },
	{ "fifo_pbdma_map(2)", 0x002398, "NV_PFIFO_PBDMA_MAP[2]" },
	{ "fifo_intr_bind_error", 0x00252c, "NV_PFIFO_INTR_BIND_ERROR" },
	{ "fifo_intr_sched_error", 0x00254c, "NV_PFIFO_INTR_SCHED_ERROR" },
	{ "fifo_intr_chsw_error", 0x00256c, "NV_PFIFO_INTR_CHSW_ERROR" },
	{ "fifo_intr_pbdma_id", 0x0025a0, "NV_PFIFO_INTR_PBDMA_ID" },
	{ "fifo_error_sched_disable", 0x00262c, "NV_PFIFO_ERROR_SCHED_DISABLE" },
	{ "fifo_sched_disable", 0x002630, "NV_PFIFO_SCHED_DISABLE" },
	{ "fifo_preempt", 0x002634, "NV_PFIFO_PREEMPT" },
	{ "fifo_engine_status(2)", 0x002650, "NV_PFIFO_ENGINE_STATUS[2]" },
	{ "fifo_intr_runlist", 0x002a00, "NV_PFIFO_INTR_RUNLIST" },
	{ "fifo_fb_timeout", 0x002a04, "NV_PFIFO_FB_TIMEOUT" },
	{ "fifo_trigger_mmu_fault(3)", 0x002a3c, "NV_PFIFO_TRIGGER_MMU_FAULT[3]" },
	{ "fifo_pbdma_status(1)", 0x003084, "NV_PFIFO_PBDMA_STATUS[1]" },
	{ "pbdma_method0(1)", 0x0420c0, "NV_PPBDMA_METHOD0[1]" },
	{ "pbdma_data0(1)", 0x0420c4, "NV_PPBDMA_DATA0[1]" },
	{ "pbdma_intr_0(1)", 0x042108, "NV_PPBDMA_INTR_0[1]" },
	{ "pbdma_intr_en_0(1)", 0x04210c, "NV_PPBDMA_INTR_EN_0[1]" },
	{ "pbdma_channel(1)", 0x042120, "NV_PPBDMA_CHANNEL[1]" },
	{ "pbdma_intr_stall(1)", 0x04213c, "NV_PPBDMA_INTR_STALL[1]" },
	{ "pbdma_intr_1(1)", 0x042148, "NV_PPBDMA_INTR_1[1]" },
	{ "pbdma_intr_en_1(1)", 0x04214c, "NV_PPBDMA_INTR_EN_1[1]" },
	{ "ce_intr_status(1)", 0x104490, "NV_CE_INTR_STATUS[1]" },
	{ "ccsr_channel_inst(5)", 0x800028, "NV_PCCSR_CHANNEL_INST[5]" },
	{ "ccsr_channel(5)", 0x80002c, "NV_PCCSR_CHANNEL[5]" },
};

static void fields(void)
{
	const struct {
		const char *published;
		u32 value, ours;
	} values[] = {
		{ "fifo_intr_0_bind_error_pending", 0x1, PFIFO_INTR_BIND },
		{ "fifo_intr_0_sched_error_pending", 0x100, PFIFO_INTR_SCHED },
		{ "fifo_intr_0_mmu_fault_pending", 0x10000000, PFIFO_INTR_MMU_FAULT },
		{ "fifo_intr_0_pbdma_intr_pending", 0x20000000, PFIFO_INTR_PBDMA },
		{ "fifo_intr_0_runlist_event_pending", 0x40000000, PFIFO_INTR_RUNLIST },
		{ "fifo_intr_0_channel_intr_pending", 0x80000000, PFIFO_INTR_NONSTALL },
		{ "NVC1B5_SET_SEMAPHORE_A", 0x240, CE_SET_SEMAPHORE_A },
		{ "NVC1B5_SET_SEMAPHORE_PAYLOAD", 0x248, CE_SET_SEMAPHORE_PAYLOAD },
		{ "NVC1B5_SET_SRC_PHYS_MODE", 0x260, CE_SET_SRC_PHYS_MODE },
		{ "NVC1B5_SET_DST_PHYS_MODE", 0x264, CE_SET_DST_PHYS_MODE },
		{ "NVC1B5_LAUNCH_DMA", 0x300, CE_LAUNCH_DMA },
		{ "LAUNCH_DMA_DATA_TRANSFER_TYPE 1:0", 3, LAUNCH_TRANSFER(~0u) },
		{ "LAUNCH_DMA_SEMAPHORE_TYPE 4:3", 2, LAUNCH_SEMAPHORE(0x10) },
		{ "LAUNCH_DMA_INTERRUPT_TYPE 6:5", 1, LAUNCH_INTERRUPT(0x20) },
		{ "LAUNCH_DMA_SRC_MEMORY_LAYOUT 7:7", 1u << 7, LAUNCH_SRC_PITCH },
		{ "LAUNCH_DMA_DST_MEMORY_LAYOUT 8:8", 1u << 8, LAUNCH_DST_PITCH },
		{ "LAUNCH_DMA_MULTI_LINE_ENABLE 9:9", 1u << 9, LAUNCH_MULTI_LINE },
		{ "LAUNCH_DMA_REMAP_ENABLE 10:10", 1u << 10, LAUNCH_REMAP },
		{ "LAUNCH_DMA_SRC_TYPE 12:12", 1u << 12, LAUNCH_SRC_PHYSICAL },
		{ "LAUNCH_DMA_DST_TYPE 13:13", 1u << 13, LAUNCH_DST_PHYSICAL },
		{ "LAUNCH_DMA_SEMAPHORE_REDUCTION 17:14", 10, LAUNCH_REDUCTION(10u << 14) },
		{ "LAUNCH_DMA_SEMAPHORE_REDUCTION_SIGN 18:18", 1u << 18, LAUNCH_REDUCTION_UNSIGNED },
		{ "LAUNCH_DMA_SEMAPHORE_REDUCTION_ENABLE 19:19", 1u << 19, LAUNCH_REDUCTION_ENABLE },
		{ "NVC1B5_OFFSET_IN_UPPER", 0x400, CE_OFFSET_IN_UPPER },
		{ "NVC1B5_OFFSET_OUT_LOWER", 0x40c, CE_OFFSET_OUT_LOWER },
		{ "NVC1B5_PITCH_IN", 0x410, CE_PITCH_IN },
		{ "NVC1B5_PITCH_OUT", 0x414, CE_PITCH_OUT },
		{ "NVC1B5_LINE_LENGTH_IN", 0x418, CE_LINE_LENGTH_IN },
		{ "NVC1B5_LINE_COUNT", 0x41c, CE_LINE_COUNT },
		{ "NVC1B5_SET_REMAP_CONST_A", 0x700, CE_SET_REMAP_CONST_A },
		{ "NVC1B5_SET_REMAP_COMPONENTS", 0x708, CE_SET_REMAP_COMPONENTS },
		{ "SET_REMAP_COMPONENTS_DST_X_CONST_A", 4, REMAP_CONST_A },
		{ "SET_REMAP_COMPONENTS_DST_X_NO_WRITE", 6, REMAP_NO_WRITE },
		{ "Nvc06fControl.GPGet", 0x88, USERD_GP_GET },
		{ "Nvc06fControl.GPPut", 0x8c, USERD_GP_PUT },
		{ "Nvc06fControl.Get", 0x44, USERD_GET },
		{ "Nvc06fControl.GetHi", 0x60, USERD_GET_HI },
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		ok_eq(values[i].ours, values[i].value, "%s", values[i].published);
}

int main(void)
{
	char name[64];

	bench_open(&b, "gp104", 64u << 20, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++)
		ok(!strcmp(gpu_reg_name(b.gpu, regs[i].addr, name, sizeof(name)), regs[i].name), "%s is %06x %s",
		   regs[i].published, regs[i].addr, name);
	fields();
	bench_close(&b);
	return tap_done();
}
