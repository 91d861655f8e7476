// SPDX-License-Identifier: MIT
/* Batches of copies, in user space. */
#include "../../../drivers/gpu/drm/nouveau/nouveau_dmem_batch.c"

#include "tap.h"

#define MAX 600
#define P(n) ((n) * PAGE_BYTES)

static struct nouveau_dmem_run runs[MAX];
static struct nouveau_dmem_batch batch;

static void fresh(u32 max)
{
	nouveau_dmem_batch_init(&batch, runs, max);
}

static int add(enum nouveau_dmem_dir dir, u64 src, u64 dst, u32 pages)
{
	return nouveau_dmem_batch_add(&batch, dir, P(src), P(dst), pages);
}

/* src 10 11 12 13, dst 50 51 52 53: one launch */
static void ascending_pages_are_one_run(void)
{
	u32 i;

	fresh(MAX);
	for (i = 0; i < 512; i++)
		CHECK(!add(NOUVEAU_DMEM_TO_VRAM, 10 + i, 50 + i, 1));
	CHECK(batch.nr == 1 && runs[0].pages == 512);
	CHECK(runs[0].src == P(10) && runs[0].dst == P(50));
}

static void descending_pages_are_one_run(void)
{
	u32 i;

	fresh(MAX);
	for (i = 0; i < 512; i++)
		CHECK(!add(NOUVEAU_DMEM_TO_RAM, 1000 - i, 2000 - i, 1));
	CHECK(batch.nr == 1 && runs[0].pages == 512);
	CHECK(runs[0].src == P(489) && runs[0].dst == P(1489));
}

/* src 10 11, dst 50 52; then src 10 12, dst 50 51; then crossed over */
static void one_side_alone_does_not_join(void)
{
	fresh(MAX);
	CHECK(!add(NOUVEAU_DMEM_TO_VRAM, 10, 50, 1) && !add(NOUVEAU_DMEM_TO_VRAM, 11, 52, 1));
	CHECK(batch.nr == 2);
	fresh(MAX);
	CHECK(!add(NOUVEAU_DMEM_TO_VRAM, 10, 50, 1) && !add(NOUVEAU_DMEM_TO_VRAM, 12, 51, 1));
	CHECK(batch.nr == 2);
	fresh(MAX);
	CHECK(!add(NOUVEAU_DMEM_TO_VRAM, 10, 50, 1) && !add(NOUVEAU_DMEM_TO_VRAM, 11, 49, 1));
	CHECK(batch.nr == 2);
}

static void directions_are_not_mixed(void)
{
	fresh(MAX);
	CHECK(!add(NOUVEAU_DMEM_TO_VRAM, 10, 50, 1));
	CHECK(!add(NOUVEAU_DMEM_TO_RAM, 11, 51, 1));
	CHECK(!add(NOUVEAU_DMEM_ZERO_VRAM, 12, 52, 1));
	CHECK(batch.nr == 3 && runs[2].src == 0);
}

static void zero_fill_joins_by_destination(void)
{
	fresh(MAX);
	CHECK(!add(NOUVEAU_DMEM_ZERO_VRAM, 99, 50, 4));
	CHECK(!add(NOUVEAU_DMEM_ZERO_VRAM, 3, 54, 4));
	CHECK(!add(NOUVEAU_DMEM_ZERO_VRAM, 7, 49, 1));
	CHECK(batch.nr == 1 && runs[0].pages == 9 && runs[0].dst == P(49));
}

static void orders_may_differ_in_a_run(void)
{
	fresh(MAX);
	CHECK(!add(NOUVEAU_DMEM_TO_VRAM, 0, 512, 16));
	CHECK(!add(NOUVEAU_DMEM_TO_VRAM, 16, 528, 1));
	CHECK(!add(NOUVEAU_DMEM_TO_VRAM, 17, 529, 495));
	CHECK(batch.nr == 1 && nouveau_dmem_batch_pages(&batch) == 512);
}

static void runs_are_bounded(void)
{
	fresh(MAX);
	CHECK(!add(NOUVEAU_DMEM_TO_VRAM, 0, 0, NOUVEAU_DMEM_RUN_PAGES_MAX - 1));
	CHECK(!add(NOUVEAU_DMEM_TO_VRAM, NOUVEAU_DMEM_RUN_PAGES_MAX - 1,
		   NOUVEAU_DMEM_RUN_PAGES_MAX - 1, 2));
	CHECK(batch.nr == 2);
	CHECK(add(NOUVEAU_DMEM_TO_VRAM, 0, 0, 0) == -EINVAL);
	CHECK(add(NOUVEAU_DMEM_TO_VRAM, 0, 0, NOUVEAU_DMEM_RUN_PAGES_MAX + 1) == -EINVAL);
	CHECK(batch.nr == 2);
}

static void full_batch_still_grows_its_last_run(void)
{
	fresh(2);
	CHECK(!add(NOUVEAU_DMEM_TO_VRAM, 0, 0, 1) && !add(NOUVEAU_DMEM_TO_VRAM, 5, 5, 1));
	CHECK(add(NOUVEAU_DMEM_TO_VRAM, 9, 9, 1) == -ENOSPC);
	CHECK(!add(NOUVEAU_DMEM_TO_VRAM, 6, 6, 1));
	CHECK(batch.nr == 2 && nouveau_dmem_batch_pages(&batch) == 3);
}

/* Whatever is joined, the same bytes go to the same places. */
static void joining_never_changes_what_is_copied(void)
{
	static u32 want[4096], got[4096];
	u32 seed = 1, turn, i, k;

	for (turn = 0; turn < 500; turn++) {
		u32 s = 1, d = 0;

		fresh(MAX);
		memset(want, 0, sizeof(want));
		memset(got, 0, sizeof(got));
		for (i = 0; i < 300; i++) {
			u32 n;

			seed = seed * 1664525u + 1013904223u;
			n = 1 + (seed >> 28);
			if (d + n > 4096)
				break;
			if ((seed >> 20) % 3 == 0)
				s += 1 + (seed >> 16) % 5;
			CHECK(!add(NOUVEAU_DMEM_TO_VRAM, s, d, n));
			for (k = 0; k < n; k++)
				want[d + k] = s + k;
			s += n;
			d += n;
		}
		for (i = 0; i < batch.nr; i++)
			for (k = 0; k < runs[i].pages; k++)
				got[runs[i].dst / PAGE_BYTES + k] = runs[i].src / PAGE_BYTES + k;
		CHECK(!memcmp(want, got, sizeof(want)));
		for (i = 1; i < batch.nr; i++)
			CHECK(runs[i - 1].src + P(runs[i - 1].pages) != runs[i].src);
	}
}

int main(void)
{
	tap_plan(9);
	RUN(ascending_pages_are_one_run);
	RUN(descending_pages_are_one_run);
	RUN(one_side_alone_does_not_join);
	RUN(directions_are_not_mixed);
	RUN(zero_fill_joins_by_destination);
	RUN(orders_may_differ_in_a_run);
	RUN(runs_are_bounded);
	RUN(full_batch_still_grows_its_last_run);
	RUN(joining_never_changes_what_is_copied);
	return 0;
}
