/* SPDX-License-Identifier: MIT */
/*
 * Guest memory: the ranges of the guest's physical address space that the
 * device may reach by DMA.
 *
 * Ranges come and go while the guest runs (firmware alone replaces most of RAM
 * some fifty times), and engine threads copy at the same time. So nobody keeps
 * a pointer: guest_memory_ptr() is valid between guest_memory_lock() and
 * guest_memory_unlock() of the same thread, and a range is unmapped only when
 * no thread is in between.
 *
 * The file behind a range is the client's, who may cut it at any time. The range is
 * lost then: the access that finds out reads zeros (memory_guard.h), and all later
 * ones fail as if the memory were not shared.
 */
#ifndef GUEST_MEMORY_H
#define GUEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guest_memory;

/**
 * guest_memory_new() - an empty address space
 *
 * Returns it, to be given back with guest_memory_free(), or NULL without memory.
 */
struct guest_memory *guest_memory_new(void);

/** guest_memory_free() - unmap everything; nobody may hold the lock */
void guest_memory_free(struct guest_memory *gm);

/**
 * guest_memory_map() - add a range
 * @gm: the address space
 * @iova: first byte, as the device addresses it; page aligned
 * @size: bytes, page aligned, not 0
 * @fd: file with the memory, stays the caller's; -1 for memory that QEMU does
 *      not share (its accesses fail, but it can be unmapped like the rest)
 * @offset: of the first byte in @fd
 * @writable: the device may write
 *
 * Returns 0, -EINVAL for bad numbers or a file that is too short, -EEXIST when
 * a part is there already, -ENOSPC when the table is full, or mmap's error.
 */
int guest_memory_map(struct guest_memory *gm, uint64_t iova, uint64_t size,
		     int fd, uint64_t offset, bool writable);

/**
 * guest_memory_unmap() - take ranges away
 *
 * Every range inside of [@iova, @iova + @size) goes. Waits for holders of the
 * lock. Returns 0, -EINVAL when a range would have to be cut or the numbers
 * are bad, -ENOENT when there is nothing; in both cases all stays as it was.
 */
int guest_memory_unmap(struct guest_memory *gm, uint64_t iova, uint64_t size);

/** guest_memory_unmap_all() - back to an empty address space */
void guest_memory_unmap_all(struct guest_memory *gm);

/**
 * guest_memory_lock() - keep all ranges until guest_memory_unlock()
 *
 * Any number of threads may hold it. It does not nest: a thread that holds it
 * and calls it again may wait for ever behind an unmap.
 */
void guest_memory_lock(struct guest_memory *gm);
void guest_memory_unlock(struct guest_memory *gm);

/**
 * guest_memory_ptr() - look up an address
 *
 * The lock must be held. Returns a pointer to @len bytes, or NULL if they are
 * not all in one shared range, or @write is set and the range is read-only, or
 * the range is lost.
 */
void *guest_memory_ptr(struct guest_memory *gm, uint64_t iova, size_t len, bool write);

/**
 * guest_memory_read() - copy out of guest memory; takes the lock
 * guest_memory_write() - copy into guest memory; takes the lock
 *
 * An access may go over several ranges that touch. Returns 0, or -EFAULT if a
 * part cannot be reached (parts before it may have been copied).
 */
int guest_memory_read(struct guest_memory *gm, uint64_t iova, void *buf, size_t len);
int guest_memory_write(struct guest_memory *gm, uint64_t iova, const void *buf, size_t len);

/**
 * guest_memory_ranges() - how many ranges there are
 * @shared: so many of them with memory
 * @lost: so many of these whose file was cut under us
 */
unsigned int guest_memory_ranges(struct guest_memory *gm, unsigned int *shared, unsigned int *lost);

#endif
