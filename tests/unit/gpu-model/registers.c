// SPDX-License-Identifier: MIT
/*
 * Addresses, names and values that NVIDIA has published for Pascal, written
 * down from its headers, against what the model calls and does.
 *
 * Headers: open-gpu-kernel-modules, published/pascal/gp100 and gp102 (dev_pmc, dev_fb,
 * dev_fault, dev_mmu, dev_ram); nvgpu, hw/gp106 (mc, bus, timer, top, fb, fifo, flush,
 * psec, pwr, pri_ringmaster).
 */
#include "bench_device.h"
#include "event.h"
#include "falcon.h"
#include "fault.h"
#include "mmu.h"
#include "pmc.h"
#include "ptop.h"

static struct bench b;

static const struct {
	const char *published;
	u32 addr;
	const char *name;
} regs[] = {
	{ "mc_boot_0", 0x000000, "NV_PMC_BOOT_0" },
	{ "NV_PMC_INTR(0)", 0x000100, "NV_PMC_INTR[0]" },
	{ "NV_PMC_INTR(1)", 0x000104, "NV_PMC_INTR[1]" },
	{ "NV_PMC_INTR_EN(1)", 0x000144, "NV_PMC_INTR_EN[1]" },
	{ "NV_PMC_INTR_EN_SET(0)", 0x000160, "NV_PMC_INTR_EN_SET[0]" },
	{ "NV_PMC_INTR_EN_CLEAR(0)", 0x000180, "NV_PMC_INTR_EN_CLEAR[0]" },
	{ "mc_intr_ltc", 0x0001c0, "NV_PMC_INTR_LTC" },
	{ "NV_PMC_ENABLE", 0x000200, "NV_PMC_ENABLE" },
	{ "mc_enable_pb", 0x000204, "NV_PMC_ENABLE_PB" },
	{ "mc_elpg_enable", 0x00020c, "NV_PMC_ELPG_ENABLE" },
	{ "bus_intr_0", 0x001100, "NV_PBUS_INTR_0" },
	{ "bus_intr_en_0", 0x001140, "NV_PBUS_INTR_EN_0" },
	{ "bus_bar0_window", 0x001700, "NV_PBUS_BAR0_WINDOW" },
	{ "bus_bar1_block", 0x001704, "NV_PBUS_BAR1_BLOCK" },
	{ "bus_bind_status", 0x001710, "NV_PBUS_BIND_STATUS" },
	{ "bus_bar2_block", 0x001714, "NV_PBUS_BAR2_BLOCK" },
	{ "fifo_intr_mmu_fault_id", 0x00259c, "NV_PFIFO_INTR_MMU_FAULT_ID" },
	{ "fifo_intr_mmu_fault_inst(0)", 0x002800, "NV_PFIFO_INTR_MMU_FAULT_INST[0]" },
	{ "fifo_intr_mmu_fault_lo(1)", 0x002814, "NV_PFIFO_INTR_MMU_FAULT_LO[1]" },
	{ "fifo_intr_mmu_fault_hi(1)", 0x002818, "NV_PFIFO_INTR_MMU_FAULT_HI[1]" },
	{ "fifo_intr_mmu_fault_info(31)", 0x0029fc, "NV_PFIFO_INTR_MMU_FAULT_INFO[31]" },
	{ "fifo_replay_fault_buffer_lo", 0x002a70, "NV_PFIFO_REPLAY_FAULT_BUFFER_LO" },
	{ "fifo_replay_fault_buffer_hi", 0x002a74, "NV_PFIFO_REPLAY_FAULT_BUFFER_HI" },
	{ "fifo_replay_fault_buffer_size", 0x002a78, "NV_PFIFO_REPLAY_FAULT_BUFFER_SIZE" },
	{ "fifo_replay_fault_buffer_get", 0x002a7c, "NV_PFIFO_REPLAY_FAULT_BUFFER_GET" },
	{ "fifo_replay_fault_buffer_put", 0x002a80, "NV_PFIFO_REPLAY_FAULT_BUFFER_PUT" },
	{ "fifo_replay_fault_buffer_info", 0x002a84, "NV_PFIFO_REPLAY_FAULT_BUFFER_INFO" },
	{ "timer_pri_timeout", 0x009080, "NV_PTIMER_PRI_TIMEOUT" },
	{ "timer_pri_timeout_fecs_errcode", 0x00908c, "NV_PTIMER_PRI_TIMEOUT_FECS_ERRCODE" },
	{ "timer_time_0", 0x009400, "NV_PTIMER_TIME_0" },
	{ "timer_time_1", 0x009410, "NV_PTIMER_TIME_1" },
	{ "top_scratch1", 0x02240c, "NV_PTOP_SCRATCH1" },
	{ "top_num_gpcs", 0x022430, "NV_PTOP_SCAL_NUM_GPCS" },
	{ "top_tpc_per_gpc", 0x022434, "NV_PTOP_SCAL_NUM_TPC_PER_GPC" },
	{ "top_num_fbps", 0x022438, "NV_PTOP_SCAL_NUM_FBPS" },
	{ "top_num_fbpas", 0x02243c, "NV_PTOP_SCAL_NUM_FBPAS" },
	{ "top_ltc_per_fbp", 0x022450, "NV_PTOP_SCAL_NUM_LTC_PER_FBP" },
	{ "top_num_ltcs", 0x022454, "NV_PTOP_SCAL_NUM_LTCS" },
	{ "top_slices_per_ltc", 0x02245c, "NV_PTOP_SCAL_NUM_SLICES_PER_LTC" },
	{ "top_device_info(63)", 0x0227fc, "NV_PTOP_DEVICE_INFO[63]" },
	{ "flush_fb_flush", 0x070000, "NV_UFLUSH_FB_FLUSH" },
	{ "flush_l2_system_invalidate", 0x070004, "NV_UFLUSH_L2_SYSTEM_INVALIDATE" },
	{ "flush_l2_clean_comptags", 0x07000c, "NV_UFLUSH_L2_CLEAN_COMPTAGS" },
	{ "flush_l2_flush_dirty", 0x070010, "NV_UFLUSH_L2_FLUSH_DIRTY" },
	{ "psec_falcon_irqsset", 0x087000, "NV_PSEC_FALCON_IRQSSET" },
	{ "psec_falcon_irqsclr", 0x087004, "NV_PSEC_FALCON_IRQSCLR" },
	{ "psec_falcon_irqstat", 0x087008, "NV_PSEC_FALCON_IRQSTAT" },
	{ "psec_falcon_irqmode", 0x08700c, "NV_PSEC_FALCON_IRQMODE" },
	{ "psec_falcon_irqmset", 0x087010, "NV_PSEC_FALCON_IRQMSET" },
	{ "psec_falcon_irqmclr", 0x087014, "NV_PSEC_FALCON_IRQMCLR" },
	{ "psec_falcon_irqmask", 0x087018, "NV_PSEC_FALCON_IRQMASK" },
	{ "psec_falcon_irqdest", 0x08701c, "NV_PSEC_FALCON_IRQDEST" },
	{ "psec_falcon_mailbox1", 0x087044, "NV_PSEC_FALCON_MAILBOX[1]" },
	{ "psec_falcon_itfen", 0x087048, "NV_PSEC_FALCON_ITFEN" },
	{ "psec_falcon_idlestate", 0x08704c, "NV_PSEC_FALCON_IDLESTATE" },
	{ "psec_falcon_curctx", 0x087050, "NV_PSEC_FALCON_CURCTX" },
	{ "psec_falcon_nxtctx", 0x087054, "NV_PSEC_FALCON_NXTCTX" },
	{ "psec_falcon_os", 0x087080, "NV_PSEC_FALCON_OS" },
	{ "psec_falcon_debug1", 0x087090, "NV_PSEC_FALCON_DEBUG1" },
	{ "psec_falcon_engctl", 0x0870a4, "NV_PSEC_FALCON_ENGCTL" },
	{ "psec_falcon_cpuctl", 0x087100, "NV_PSEC_FALCON_CPUCTL" },
	{ "psec_falcon_bootvec", 0x087104, "NV_PSEC_FALCON_BOOTVEC" },
	{ "psec_falcon_hwcfg", 0x087108, "NV_PSEC_FALCON_HWCFG" },
	{ "psec_falcon_dmactl", 0x08710c, "NV_PSEC_FALCON_DMACTL" },
	{ "psec_falcon_cpuctl_alias", 0x087130, "NV_PSEC_FALCON_CPUCTL_ALIAS" },
	{ "psec_falcon_imemc(1)", 0x087190, "NV_PSEC_FALCON_IMEMC[1]" },
	{ "psec_falcon_dmemc(1)", 0x0871c8, "NV_PSEC_FALCON_DMEMC[1]" },
	{ "psec_falcon_dmemd(7)", 0x0871fc, "NV_PSEC_FALCON_DMEMD[7]" },
	{ "psec_sec2_falcon_icd_cmd", 0x087200, "NV_PSEC_FALCON_ICD_CMD" },
	{ "psec_sec2_falcon_icd_rdata", 0x08720c, "NV_PSEC_FALCON_ICD_RDATA" },
	{ "psec_falcon_sctl", 0x087240, "NV_PSEC_FALCON_SCTL" },
	{ "psec_falcon_engine", 0x0873c0, "NV_PSEC_FALCON_ENGINE" },
	{ "psec_fbif_transcfg(4)", 0x087610, "NV_PSEC_FBIF_TRANSCFG[4]" },
	{ "psec_fbif_ctl", 0x087624, "NV_PSEC_FBIF_CTL" },
	{ "pwr_falcon_mailbox0", 0x10a040, "NV_PPWR_FALCON_MAILBOX[0]" },
	{ "pwr_pmu_new_instblk", 0x10a480, "NV_PPWR_PMU_NEW_INSTBLK" },
	{ "fb_fbhub_num_active_ltcs", 0x100800, "NV_PFB_FBHUB_NUM_ACTIVE_LTCS" },
	{ "fb_niso_scrub_status", 0x100b20, "NV_PFB_NISO_SCRUB_STATUS" },
	{ "fb_niso_flush_sysmem_addr", 0x100c10, "NV_PFB_NISO_FLUSH_SYSMEM_ADDR" },
	{ "fb_mmu_ctrl", 0x100c80, "NV_PFB_PRI_MMU_CTRL" },
	{ "fb_mmu_invalidate_pdb", 0x100cb8, "NV_PFB_PRI_MMU_INVALIDATE_PDB" },
	{ "fb_mmu_invalidate", 0x100cbc, "NV_PFB_PRI_MMU_INVALIDATE" },
	{ "fb_mmu_debug_ctrl", 0x100cc4, "NV_PFB_PRI_MMU_DEBUG_CTRL" },
	{ "fb_mmu_debug_wr", 0x100cc8, "NV_PFB_PRI_MMU_DEBUG_WR" },
	{ "fb_mmu_debug_rd", 0x100ccc, "NV_PFB_PRI_MMU_DEBUG_RD" },
	{ "fb_mmu_priv_level_mask", 0x100cdc, "NV_PFB_PRI_MMU_PRIV_LEVEL_MASK" },
	{ "NV_PFB_PRI_MMU_LOCAL_MEMORY_RANGE", 0x100ce0, "NV_PFB_PRI_MMU_LOCAL_MEMORY_RANGE" },
	{ "fb_priv_mmu_phy_secure", 0x100ce4, "NV_PFB_PRI_MMU_PHYS_SECURE" },
	{ "pri_ringmaster_command_data", 0x120048, "NV_PPRIV_MASTER_RING_COMMAND_DATA" },
	{ "pri_ringmaster_command", 0x12004c, "NV_PPRIV_MASTER_RING_COMMAND" },
	{ "pri_ringmaster_start_results", 0x120050, "NV_PPRIV_MASTER_RING_START_RESULTS" },
	{ "pri_ringmaster_intr_status0", 0x120058, "NV_PPRIV_MASTER_RING_INTERRUPT_STATUS[0]" },
	{ "pri_ringmaster_global_ctl", 0x120060, "NV_PPRIV_MASTER_RING_GLOBAL_CTL" },
	{ "pri_ringmaster_enum_ltc", 0x12006c, "NV_PPRIV_MASTER_RING_ENUMERATE_RESULTS_ROP_L2" },
	{ "pri_ringmaster_enum_fbp", 0x120074, "NV_PPRIV_MASTER_RING_ENUMERATE_RESULTS_FBP" },
	{ "pri_ringmaster_enum_gpc", 0x120078, "NV_PPRIV_MASTER_RING_ENUMERATE_RESULTS_GPC" },
};

static const struct {
	const char *published;
	u32 value, model;
} values[] = {
	{ "NV_PFAULT_MMU_ENG_ID_GRAPHICS", 0, FAULT_GRAPHICS },
	{ "NV_PFAULT_MMU_ENG_ID_IFB", 3, FAULT_IFB },
	{ "NV_PFAULT_MMU_ENG_ID_BAR1", 4, FAULT_BAR1 },
	{ "NV_PFAULT_MMU_ENG_ID_BAR2", 5, FAULT_BAR2 },
	{ "NV_PFAULT_MMU_ENG_ID_HOST0", 6, FAULT_HOST0 },
	{ "NV_PFAULT_MMU_ENG_ID_CE0", 21, FAULT_CE0 },
	{ "NV_PFAULT_FAULT_TYPE_PDE", 0, MMU_FAULT_PDE },
	{ "NV_PFAULT_FAULT_TYPE_PDE_SIZE", 1, MMU_FAULT_PDE_SIZE },
	{ "NV_PFAULT_FAULT_TYPE_PTE", 2, MMU_FAULT_PTE },
	{ "NV_PFAULT_FAULT_TYPE_VA_LIMIT_VIOLATION", 3, MMU_FAULT_VA_LIMIT },
	{ "NV_PFAULT_FAULT_TYPE_UNBOUND_INST_BLOCK", 4, MMU_FAULT_UNBOUND_INST },
	{ "NV_PFAULT_FAULT_TYPE_PRIV_VIOLATION", 5, MMU_FAULT_PRIV },
	{ "NV_PFAULT_FAULT_TYPE_RO_VIOLATION", 6, MMU_FAULT_RO },
	{ "NV_PFAULT_FAULT_TYPE_PITCH_MASK_VIOLATION", 8, MMU_FAULT_PITCH },
	{ "NV_PFAULT_FAULT_TYPE_WORK_CREATION", 9, MMU_FAULT_WORK_CREATION },
	{ "NV_PFAULT_FAULT_TYPE_UNSUPPORTED_APERTURE", 0xa, MMU_FAULT_APERTURE },
	{ "NV_PFAULT_FAULT_TYPE_COMPRESSION_FAILURE", 0xb, MMU_FAULT_COMPRESSION },
	{ "NV_PFAULT_FAULT_TYPE_UNSUPPORTED_KIND", 0xc, MMU_FAULT_KIND },
	{ "NV_PFAULT_FAULT_TYPE_REGION_VIOLATION", 0xd, MMU_FAULT_REGION },
	{ "NV_PFAULT_FAULT_TYPE_POISONED", 0xe, MMU_FAULT_POISONED },
	{ "NV_PFAULT_FAULT_TYPE_ATOMIC_VIOLATION", 0xf, MMU_FAULT_ATOMIC },
	{ "NV_PFAULT_CLIENT_GPC_L1_0", 0, FAULT_CLIENT_GPC_L1_0 },
	{ "NV_PFAULT_CLIENT_GPC_T1_0", 1, FAULT_CLIENT_GPC_T1_0 },
	{ "NV_PFAULT_CLIENT_HUB_CE0", 1, FAULT_CLIENT_HUB_CE0 },
	{ "NV_PFAULT_CLIENT_HUB_HOST", 6, FAULT_CLIENT_HUB_HOST },
	{ "NV_PFAULT_CLIENT_HUB_HOST_CPU", 7, FAULT_CLIENT_HUB_HOST_CPU },
	{ "NV_PFAULT_ACCESS_TYPE_READ", 0, MMU_READ },
	{ "NV_PFAULT_ACCESS_TYPE_WRITE", 1, MMU_WRITE },
	{ "NV_PFAULT_ACCESS_TYPE_ATOMIC", 2, MMU_ATOMIC },
	{ "NV_PFAULT_ACCESS_TYPE_PREFETCH", 3, MMU_PREFETCH },
	{ "NV_MMU_PTE_APERTURE_VIDEO_MEMORY", 0, APERTURE_VRAM },
	{ "NV_MMU_PTE_APERTURE_PEER_MEMORY", 1, APERTURE_PEER },
	{ "NV_MMU_PTE_APERTURE_SYSTEM_COHERENT_MEMORY", 2, APERTURE_SYS_COH },
	{ "NV_MMU_PTE_APERTURE_SYSTEM_NON_COHERENT_MEMORY", 3, APERTURE_SYS_NCOH },
	{ "NV_RAMIN_PAGE_DIR_BASE_TARGET (byte offset)", 128 * 4, INST_PDB },
	{ "NV_RAMIN_ADR_LIMIT_LO (byte offset)", 130 * 4, INST_LIMIT },
	{ "mc_intr_pfifo_pending", 0x100, 1u << PMC_PFIFO },
	{ "mc_intr_replayable_fault_pending", 0x200, 1u << PMC_REPLAYABLE_FAULT },
	{ "mc_intr_pbus_pending", 0x10000000, 1u << PMC_PBUS },
	{ "top_device_info_type_enum_graphics", 0, PTOP_GRAPHICS },
	{ "top_device_info_type_enum_lce", 0x13, PTOP_LCE },
	{ "psec_falcon_irqstat_halt_true", 0x10, FALCON_IRQ_HALT },
	{ "psec_falcon_irqstat_swgen0_true", 0x40, FALCON_IRQ_SWGEN0 },
	{ "psec_falcon_cpuctl_startcpu", 1u << 1, FALCON_CPUCTL_START },
	{ "psec_falcon_cpuctl_halt_intr_m", 1u << 4, FALCON_CPUCTL_HALTED },
	{ "psec_falcon_cpuctl_cpuctl_alias_en_m", 1u << 6, FALCON_CPUCTL_ALIAS },
};

/* Reset bits and fault ids of the copy engines. */
static void check_copy_engines(void)
{
	static const u32 reset[] = { 6, 7, 21, 22, 23, 24 }, fault[] = { 21, 22, 27, 28, 29, 30 };
	struct bench gp100;

	bench_open(&gp100, "gp100", 64 << 20, NULL);
	for (u32 i = 0; i < 6; i++) {
		const struct ptop_engine *e = ptop_find(gp100.gpu, PTOP_LCE, i);

		ok_eq(e->reset, reset[i], "NV_PMC_ENABLE_CE%u", i);
		ok_eq(e->fault_id, fault[i], "NV_PFAULT_MMU_ENG_ID_CE%u", i);
	}
	bench_close(&gp100);
}

static void check_behaviour(void)
{
	u32 v = rd32(&b, 0x000000);

	ok(bits32(v, 28, 24) == 0x13 && bits32(v, 23, 20) == 4, "mc_boot_0: architecture 13, implementation 4");
	v = rd32(&b, 0x100c80);
	ok(bits32(v, 15, 15) == 1 && bits32(v, 23, 16) > 0, "fb_mmu_ctrl: PRI FIFO empty, with space");
	v = rd32(&b, 0x100ce0);
	ok_eq((u64)bits32(v, 9, 4) << (bits32(v, 3, 0) + 20), 512ll << 20, "LOWER_MAG << (LOWER_SCALE + 20): size of VRAM");
	ok_eq(rd32(&b, 0x002a78), 0x1200, "fifo_replay_fault_buffer_size_hw_entries");
	ok_eq(rd32(&b, 0x02240c) >> 1 & 1, 1, "top_scratch1_devinit_completed");
	ok_eq(rd32(&b, 0x120050) & 1, 1, "pri_ringmaster_start_results_connectivity_pass");
	ok_eq(rd32(&b, 0x12004c) & 0x3f, 0, "pri_ringmaster_command_cmd_no_cmd");
	v = rd32(&b, 0x087108);
	ok(bits32(v, 8, 0) * 256 <= FALCON_DMEM_SIZE && bits32(v, 17, 9) * 256 <= FALCON_DMEM_SIZE,
	   "psec_falcon_hwcfg: the memories are as large as it says");
}

int main(void)
{
	char name[80];

	bench_open(&b, "gp104", 0, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		gpu_reg_name(b.gpu, regs[i].addr, name, sizeof(name));
		if (!ok(!strcmp(name, regs[i].name), "%s is at %06x", regs[i].published, regs[i].addr))
			printf("# the model has \"%s\" there\n", name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		ok_eq(values[i].model, values[i].value, "%s is %x", values[i].published, values[i].value);
	check_copy_engines();
	check_behaviour();
	bench_close(&b);
	return tap_done();
}
