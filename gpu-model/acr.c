// SPDX-License-Identifier: MIT
/*
 * DOC: ACR loader
 *
 * The high-secure program that protects a region of VRAM (WPR) and puts the
 * images of the other falcons there. A driver starts it with a boot descriptor in
 * DMEM; at 40 in it is the address (in the address space bound to the falcon) of
 * the program's data segment, where the driver has written what region it wants.
 * Here it copies the images, and remembers the region; nothing is protected.
 */
#include <string.h>

#include "falcon.h"
#include "mmu.h"
#include "unit.h"

#define DESC_DATA	0x40u		/* u64 in the boot descriptor */
#define WPR_MAX		(16ull << 20)	/* bytes; drivers ask for half a MiB */

static u64 falcon_read64(const struct falcon *f, u32 offset)
{
	u64 v;

	memcpy(&v, f->dmem + offset, sizeof(v));
	return v;
}

static bool copy_images(struct gpu *gpu, u64 to, u64 from, u64 size)
{
	u8 *dst, *src;
	bool ok = true;

	for (u64 done = 0; ok && done < size; done += 4096) {
		u64 n = size - done < 4096 ? size - done : 4096;

		mmu_enter(gpu);
		dst = memory_ptr(gpu, APERTURE_VRAM, to + done, n, true);
		src = memory_ptr(gpu, APERTURE_VRAM, from + done, n, false);
		ok = dst && src;
		if (ok)
			memmove(dst, src, n);
		mmu_leave(gpu);
	}
	return ok;
}

bool acr_load(struct gpu *gpu, struct falcon *f, u32 region, u32 shadow)
{
	u64 data = falcon_read64(f, DESC_DATA), start, end;
	struct mmu_space space;
	u32 w[2] = { 0 }, from = 0;

	if (!mmu_space_load(gpu, f->inst_aperture, f->inst, &space) ||
	    mmu_read(gpu, &space, MMU_CLIENT_HOST, data + region, w, sizeof(w), NULL) != sizeof(w))
		return false;
	start = (u64)w[0] << 8;
	end = (u64)w[1] << 8;
	if (start >= end || end > gpu->vram_size || end - start > WPR_MAX)
		return false;
	if (shadow && mmu_read(gpu, &space, MMU_CLIENT_HOST, data + shadow, &from, sizeof(from), NULL) != sizeof(from))
		return false;
	if (from && !copy_images(gpu, start, (u64)from << 8, end - start))
		return false;
	gpu->falcon->wpr_start = start;
	gpu->falcon->wpr_end = end;
	gpu_log(gpu, GPU_LOG_INFO, "ACR: region %llx-%llx", (unsigned long long)start, (unsigned long long)end);
	return true;
}

void acr_unload(struct gpu *gpu)
{
	gpu->falcon->wpr_start = gpu->falcon->wpr_end = 0;
}

void acr_wpr(const struct gpu *gpu, u64 *start, u64 *end)
{
	*start = gpu->falcon->wpr_start;
	*end = gpu->falcon->wpr_end;
}
