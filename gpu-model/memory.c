// SPDX-License-Identifier: MIT
#include <string.h>

#include "inject.h"
#include "memory.h"
#include "mmu.h"
#include "unit.h"

static bool in_vram(const struct gpu *gpu, u64 addr, u64 len)
{
	return addr <= gpu->vram_size && len <= gpu->vram_size - addr;
}

void *memory_ptr(struct gpu *gpu, enum gpu_aperture aperture, u64 addr, u64 len, bool write)
{
	const struct gpu_host *host = &gpu->config.host;

	switch (aperture) {
	case APERTURE_VRAM:
		return in_vram(gpu, addr, len) ? gpu->vram + addr : NULL;
	case APERTURE_SYS_COH:
	case APERTURE_SYS_NCOH:
		if (!host->dma || addr + len < addr || inject_removed(gpu))
			return NULL;
		return host->dma(host->ctx, addr, len, write);
	case APERTURE_PEER:
		break;
	}
	return NULL;
}

bool memory_read(struct gpu *gpu, enum gpu_aperture aperture, u64 addr, void *buf, u64 len)
{
	void *p;

	mmu_enter(gpu);
	p = memory_ptr(gpu, aperture, addr, len, false);
	if (p)
		memcpy(buf, p, len);
	else
		memset(buf, 0, len);
	mmu_leave(gpu);
	return p;
}

bool memory_write(struct gpu *gpu, enum gpu_aperture aperture, u64 addr, const void *buf, u64 len)
{
	void *p;

	mmu_enter(gpu);
	p = memory_ptr(gpu, aperture, addr, len, true);
	if (p)
		memcpy(p, buf, len);
	mmu_leave(gpu);
	return p;
}

static u32 load32(const void *p)
{
	return __atomic_load_n((const u32 *)p, __ATOMIC_ACQUIRE);
}

static u64 load64(const void *p)
{
	return __atomic_load_n((const u64 *)p, __ATOMIC_ACQUIRE);
}

u32 memory_read32(struct gpu *gpu, enum gpu_aperture aperture, u64 addr)
{
	u32 v = 0;
	void *p;

	mmu_enter(gpu);
	p = addr & 3 ? NULL : memory_ptr(gpu, aperture, addr, 4, false);
	if (p)
		v = load32(p);
	mmu_leave(gpu);
	return v;
}

u64 memory_read64(struct gpu *gpu, enum gpu_aperture aperture, u64 addr)
{
	u64 v = 0;
	void *p;

	mmu_enter(gpu);
	p = addr & 7 ? NULL : memory_ptr(gpu, aperture, addr, 8, false);
	if (p)
		v = load64(p);
	mmu_leave(gpu);
	return v;
}

bool memory_write32(struct gpu *gpu, enum gpu_aperture aperture, u64 addr, u32 value)
{
	void *p;

	mmu_enter(gpu);
	p = addr & 3 ? NULL : memory_ptr(gpu, aperture, addr, 4, true);
	if (p)
		__atomic_store_n((u32 *)p, value, __ATOMIC_RELEASE);
	mmu_leave(gpu);
	return p;
}

u32 vram_read32(const struct gpu *gpu, u64 addr)
{
	return !(addr & 3) && in_vram(gpu, addr, 4) ? load32(gpu->vram + addr) : 0;
}

u64 vram_read64(const struct gpu *gpu, u64 addr)
{
	return !(addr & 7) && in_vram(gpu, addr, 8) ? load64(gpu->vram + addr) : 0;
}

bool vram_write32(struct gpu *gpu, u64 addr, u32 value)
{
	if (addr & 3 || !in_vram(gpu, addr, 4))
		return false;
	__atomic_store_n((u32 *)(gpu->vram + addr), value, __ATOMIC_RELEASE);
	return true;
}
