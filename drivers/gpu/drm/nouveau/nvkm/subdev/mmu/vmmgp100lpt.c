// SPDX-License-Identifier: MIT
/*
 * Page-by-page mapping at 64 KiB on Pascal: what vmmgp100.c does for its 4 KiB and
 * 2 MiB page tables, for the large page table. An entry looks like one of 4 KiB;
 * its address is a multiple of 64 KiB.
 */
#include "vmm.h"

#include <linux/sizes.h>

#define LPTE_VALID		BIT_ULL(0)
#define LPTE_APERTURE		(3ULL << 1)
#define LPTE_SYSTEM_COHERENT	(2ULL << 1)
#define LPTE_VOLATILE		BIT_ULL(3)
#define LPTE_READ_ONLY		BIT_ULL(6)
#define LPTE_NO_ATOMICS		BIT_ULL(7)

static u64 lpte_read(struct nvkm_mmu_pt *pt, u32 ptei)
{
	u32 lo = nvkm_ro32(pt->memory, pt->base + ptei * 8 + 0);
	u32 hi = nvkm_ro32(pt->memory, pt->base + ptei * 8 + 4);

	return (u64)hi << 32 | lo;
}

static dma_addr_t lpte_dma_addr(u64 pte)
{
	return (pte >> 8) << 12;
}

/* Invalidate entries that hold a DMA mapping; returns whether there were any. */
bool gp100_vmm_lpt_pfn_clear(struct nvkm_vmm *vmm, struct nvkm_mmu_pt *pt,
			     u32 ptei, u32 ptes)
{
	bool dma = false;

	nvkm_kmap(pt->memory);
	for (; ptes; ptes--, ptei++) {
		u64 pte = lpte_read(pt, ptei);

		if ((pte & LPTE_VALID) && (pte & LPTE_APERTURE)) {
			/* Invalid but volatile would mean sparse. */
			pte &= ~(LPTE_VALID | LPTE_VOLATILE);
			VMM_WO064(pt, vmm, ptei * 8, pte);
			dma = true;
		}
	}
	nvkm_done(pt->memory);
	return dma;
}

/* Undo the DMA mappings of entries that the GPU cannot use any more. */
void gp100_vmm_lpt_pfn_unmap(struct nvkm_vmm *vmm, struct nvkm_mmu_pt *pt,
			     u32 ptei, u32 ptes)
{
	struct device *dev = vmm->mmu->subdev.device->dev;

	nvkm_kmap(pt->memory);
	for (; ptes; ptes--, ptei++) {
		u64 pte = lpte_read(pt, ptei);

		if (pte & LPTE_APERTURE)
			dma_unmap_page(dev, lpte_dma_addr(pte), SZ_64K,
				       DMA_BIDIRECTIONAL);
	}
	nvkm_done(pt->memory);
}

/* Map one page array entry a PTE. The caller passes valid entries only. */
void gp100_vmm_lpt_pfn(struct nvkm_vmm *vmm, struct nvkm_mmu_pt *pt,
		       u32 ptei, u32 ptes, struct nvkm_vmm_map *map)
{
	struct device *dev = vmm->mmu->subdev.device->dev;

	nvkm_kmap(pt->memory);
	for (; ptes; ptes--, ptei++, map->pfn++) {
		u64 pfn = *map->pfn, pte = 0;

		if (pfn & NVKM_VMM_PFN_VRAM) {
			pte = (pfn & NVKM_VMM_PFN_ADDR) >> 4 | LPTE_VALID;
		} else {
			struct page *page = pfn_to_page(pfn >> NVKM_VMM_PFN_ADDR_SHIFT);
			dma_addr_t addr = dma_map_page(dev, page, 0, SZ_64K,
						       DMA_BIDIRECTIONAL);

			if (!dma_mapping_error(dev, addr))
				pte = addr >> 4 | LPTE_SYSTEM_COHERENT |
				      LPTE_VOLATILE | LPTE_VALID;
		}
		if (!(pfn & NVKM_VMM_PFN_W))
			pte |= LPTE_READ_ONLY;
		if (!(pfn & NVKM_VMM_PFN_A))
			pte |= LPTE_NO_ATOMICS;
		VMM_WO064(pt, vmm, ptei * 8, pte);
	}
	nvkm_done(pt->memory);
}
