/* SPDX-License-Identifier: MIT */
/*
 * Numbers of NVIDIA's channel, copy and compute classes as far as this
 * library writes them into a push buffer. Names follow the class headers
 * that NVIDIA publishes (clc06f.h, clc0b5.h, clc0c0.h); all are byte offsets
 * of methods or bit positions in their data.
 */
#ifndef USVM_NV_CLASS_H
#define USVM_NV_CLASS_H

/* Object classes. GP100 has the A kind, GP102 to GP108 the B kind. */
#define PASCAL_DMA_COPY_A	0xc0b5
#define PASCAL_DMA_COPY_B	0xc1b5
#define PASCAL_COMPUTE_A	0xc0c0
#define PASCAL_COMPUTE_B	0xc1c0

/* Subchannels, bound by the first method of each. The order is ours. */
#define NV_SUBCH_COMPUTE	1
#define NV_SUBCH_COPY		4

/* Push buffer headers: b31:29 kind, b28:16 count, b15:13 subchannel, b12:0 method / 4. */
#define NV_PUSH_INCREASING	1u
#define NV_PUSH_MAX_COUNT	0x1fff

/* Host methods, the same on every subchannel. */
#define NVC06F_SET_OBJECT	0x0000
#define NVC06F_SEMAPHOREA	0x0010	/* A address high, B low, C payload, D operation */
#define NVC06F_SEMAPHORED_ACQUIRE_GEQ	0x1004	/* until at least the payload; others may run meanwhile */
#define NVC06F_SEMAPHORED_RELEASE	0x2	/* waits for idle, writes 16 bytes: payload, 0, time */

/* Copy class. */
#define NVC0B5_LAUNCH_DMA	0x0300
#define NVC0B5_LAUNCH_NON_PIPELINED	(2u << 0)
#define NVC0B5_LAUNCH_FLUSH		(1u << 2)
#define NVC0B5_LAUNCH_SRC_PITCH		(1u << 7)
#define NVC0B5_LAUNCH_DST_PITCH		(1u << 8)
#define NVC0B5_LAUNCH_MULTI_LINE	(1u << 9)
#define NVC0B5_LAUNCH_REMAP		(1u << 10)
#define NVC0B5_OFFSET_IN_UPPER	0x0400	/* + lower, out upper, out lower */
#define NVC0B5_OFFSET_OUT_UPPER	0x0408
#define NVC0B5_PITCH_IN		0x0410	/* + pitch out, line length, line count */
#define NVC0B5_LINE_LENGTH_IN	0x0418
#define NVC0B5_SET_REMAP_CONST_A	0x0700	/* + constant B, components */
#define NVC0B5_REMAP_DST_X_CONST_A	(4u << 0)
#define NVC0B5_REMAP_DST_Y_CONST_B	(5u << 4)
#define NVC0B5_REMAP_COMPONENT_SIZE(bytes)	(((bytes) - 1u) << 16)
#define NVC0B5_REMAP_NUM_DST(n)			(((n) - 1u) << 24)

#endif
