/* SPDX-License-Identifier: MIT */
/* What the C and the Vulkan program have in common. */
#ifndef SAME_H
#define SAME_H

#define SAME_N		8192u	/* triples of operands */
#define SAME_FUNCTIONS	19u	/* NR_FUNCTIONS of functions.h */

#endif
