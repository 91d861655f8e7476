/* SPDX-License-Identifier: MIT */
/* What count_instructions looks for in a guest's program: a NOP that no compiler emits. */
#ifndef TCG_PLUGIN_MARKER_H
#define TCG_PLUGIN_MARKER_H

#define MARKER_MAGIC	0x4b524d00	/* with the number of the marker in its low 8 bits */

/* @id: a constant, 0 to 255. Does nothing on a processor. */
#define MARKER(id) \
	__asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00; .long %c0" : : "i"(MARKER_MAGIC + (id)) : "memory")

#endif
