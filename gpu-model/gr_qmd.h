/* SPDX-License-Identifier: MIT */
/* Launch descriptors (QMD version 2.1, as Pascal has them). */
#ifndef GR_QMD_H
#define GR_QMD_H

#include "sm.h"
#include "types.h"

#define GR_QMD_SIZE	256u	/* bytes; and its alignment */

/* A semaphore that is released when the grid has ended. */
struct gr_release {
	bool enabled, one_word, reduce, is_signed;
	u8 op;			/* of the reduction: add, min, max, inc, dec, and, or, xor */
	u64 address;
	u32 payload;
};

/**
 * gr_qmd_read() - take a launch descriptor apart
 * @qmd: GR_QMD_SIZE bytes
 * @code: program region of the channel
 * @windows: addresses of the shared and of the local window
 * @launch: result
 * @release: result, two of them
 *
 * Every value is possible; sm_launch_check() says whether the launch is.
 */
void gr_qmd_read(const u32 *qmd, u64 code, const u64 windows[2], struct sm_launch *launch,
		 struct gr_release release[2]);

#endif
