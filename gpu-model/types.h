/* SPDX-License-Identifier: MIT */
/*
 * Short names for sized integers, as the kernel has them, so that the model
 * and the driver that it serves read alike.
 */
#ifndef GPU_MODEL_TYPES_H
#define GPU_MODEL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT(n)		(1u << (n))
#define BIT_ULL(n)	(1ull << (n))

/* Bits hi..lo of a 32-bit word, moved down to bit 0. */
static inline u32 bits32(u32 v, unsigned int hi, unsigned int lo)
{
	return (v >> lo) & (u32)((1ull << (hi - lo + 1)) - 1);
}

static inline u64 bits64(u64 v, unsigned int hi, unsigned int lo)
{
	return (v >> lo) & (hi - lo == 63 ? ~0ull : (1ull << (hi - lo + 1)) - 1);
}

#endif
