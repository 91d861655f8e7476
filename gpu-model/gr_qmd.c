// SPDX-License-Identifier: MIT
/* Fields of a launch descriptor, by bit number as NVIDIA's class headers give them. */
#include <string.h>

#include "gr_qmd.h"

static u32 field(const u32 *q, unsigned int hi, unsigned int lo)
{
	u64 v = q[lo / 32];

	if (hi / 32 != lo / 32)
		v |= (u64)q[lo / 32 + 1] << 32;
	return (u32)(v >> lo % 32 & ((1ull << (hi - lo + 1)) - 1));
}

static void read_release(const u32 *q, unsigned int n, struct gr_release *r)
{
	unsigned int base = n * 96;

	*r = (struct gr_release){
		.enabled = field(q, 138 + n, 138 + n),
		.address = (u64)field(q, 775 + base, 768 + base) << 32 | field(q, 767 + base, 736 + base),
		.op = field(q, 790 + base, 788 + base),
		.is_signed = field(q, 793 + base, 792 + base) == 1,
		.reduce = field(q, 794 + base, 794 + base),
		.one_word = field(q, 799 + base, 799 + base),
		.payload = field(q, 831 + base, 800 + base),
	};
}

void gr_qmd_read(const u32 *q, u64 code, const u64 windows[2], struct sm_launch *launch,
		 struct gr_release release[2])
{
	memset(launch, 0, sizeof(*launch));
	launch->code = code;
	launch->entry = field(q, 287, 256);
	launch->grid[0] = field(q, 415, 384);
	launch->grid[1] = field(q, 431, 416);
	launch->grid[2] = field(q, 463, 448);
	launch->block[0] = field(q, 607, 592);
	launch->block[1] = field(q, 623, 608);
	launch->block[2] = field(q, 639, 624);
	launch->shared = field(q, 561, 544);
	launch->local = field(q, 951, 928) + field(q, 983, 960);
	launch->registers = field(q, 991, 984);
	launch->shared_window = windows[0];
	launch->local_window = windows[1];
	for (unsigned int n = 0; n < SM_NR_BANKS; n++) {
		unsigned int base = 1024 + 64 * n;
		u32 size = field(q, base + 63, base + 51) << 4;

		if (!field(q, 640 + n, 640 + n))
			continue;
		launch->bank[n].address = (u64)field(q, base + 48, base + 32) << 32 |
					  field(q, base + 31, base);
		launch->bank[n].size = size < SM_BANK_MAX ? size : SM_BANK_MAX;
	}
	for (unsigned int n = 0; n < 2; n++)
		read_release(q, n, &release[n]);
}
