/* SPDX-License-Identifier: MIT */
/*
 * Mappings of files that somebody else may cut.
 *
 * An access beyond the end of a mapped file is a SIGBUS, and any thread may be in
 * the middle of one when the file's owner truncates it. For a guarded mapping the
 * signal's handler puts anonymous memory in the place of the whole mapping and
 * marks it lost; the access goes on there. A SIGBUS anywhere else goes to
 * whoever had the signal before.
 */
#ifndef MEMORY_GUARD_H
#define MEMORY_GUARD_H

#include <stdbool.h>
#include <stddef.h>

struct guarded;

/**
 * memory_guard() - guard a mapping
 * @start: its address
 * @size: its bytes
 *
 * The first call takes SIGBUS. Returns what memory_unguard() wants, or NULL when no more can
 * be guarded. Any thread.
 */
struct guarded *memory_guard(void *start, size_t size);

/**
 * memory_unguard() - before the mapping is unmapped; nobody may be accessing it
 * @g: from memory_guard()
 */
void memory_unguard(struct guarded *g);

/* The file was cut, and an access has found out. Any thread. */
bool memory_guard_lost(const struct guarded *g);

#endif
