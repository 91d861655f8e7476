/* SPDX-License-Identifier: MIT */
#ifndef SHIM_LINUX_BITMAP_H
#define SHIM_LINUX_BITMAP_H

#include <linux/types.h>

#define SHIM_WORD_BITS (8 * sizeof(unsigned long))

#define DECLARE_BITMAP(name, bits) \
	unsigned long name[((bits) + SHIM_WORD_BITS - 1) / SHIM_WORD_BITS]

static inline bool test_bit(unsigned long nr, const unsigned long *map)
{
	return map[nr / SHIM_WORD_BITS] >> nr % SHIM_WORD_BITS & 1;
}

static inline void __set_bit(unsigned long nr, unsigned long *map)
{
	map[nr / SHIM_WORD_BITS] |= 1ul << nr % SHIM_WORD_BITS;
}

static inline void __clear_bit(unsigned long nr, unsigned long *map)
{
	map[nr / SHIM_WORD_BITS] &= ~(1ul << nr % SHIM_WORD_BITS);
}

static inline unsigned long __ffs(unsigned long word)
{
	return (unsigned long)__builtin_ctzl(word);
}

static inline unsigned long __fls(unsigned long word)
{
	return SHIM_WORD_BITS - 1 - (unsigned long)__builtin_clzl(word);
}

static inline unsigned long find_next_bit(const unsigned long *map,
					  unsigned long size, unsigned long from)
{
	while (from < size && !test_bit(from, map))
		from++;
	return from;
}

#endif
