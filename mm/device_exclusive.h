/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _MM_DEVICE_EXCLUSIVE_H
#define _MM_DEVICE_EXCLUSIVE_H

#include <linux/mm_types.h>

#if defined(CONFIG_TRANSPARENT_HUGEPAGE) && defined(CONFIG_DEVICE_PRIVATE)
void split_folios_to_pages(struct mm_struct *mm, unsigned long start,
			   unsigned long end);
#else
static inline void split_folios_to_pages(struct mm_struct *mm,
					 unsigned long start, unsigned long end)
{
}
#endif

#endif /* _MM_DEVICE_EXCLUSIVE_H */
