/* SPDX-License-Identifier: MIT */
/*
 * A vfio-user server for one PCI device and one client.
 *
 * It knows messages, file descriptors, guest memory and interrupt eventfds and
 * nothing about the device, which is reached through struct vfio_user_ops.
 * Whatever the client sends is checked here: a callback sees a region that
 * exists and an access that lies inside of it.
 *
 * One thread owns a connection and calls vfio_user_receive(); all callbacks run
 * on it. vfio_user_irq_raise() and guest memory are for any thread.
 */
#ifndef VFIO_USER_H
#define VFIO_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest_memory.h"

#define VFIO_USER_NR_REGIONS	9	/* VFIO_PCI_NUM_REGIONS */
#define VFIO_USER_NR_IRQS	5	/* VFIO_PCI_NUM_IRQS */
#define VFIO_USER_MAX_VECTORS	32

struct vfio_user;

/**
 * struct vfio_user_ops - the device behind a server
 * @read: read @len bytes of a region; the buffer is zero before
 * @write: write @len bytes of a region
 * @reset: back to the state after power on
 * @memory_begin: guest memory is about to be mapped or unmapped; may be NULL. A
 *	device with threads of its own returns when none of them holds a pointer.
 * @memory_end: it is done
 */
struct vfio_user_ops {
	void (*read)(void *device, uint32_t region, uint64_t offset, void *buf, size_t len);
	void (*write)(void *device, uint32_t region, uint64_t offset, const void *buf,
		      size_t len);
	void (*reset)(void *device);
	void (*memory_begin)(void *device);
	void (*memory_end)(void *device);
};

/**
 * struct vfio_user_device - what the server tells the client about the device
 * @ops: callbacks
 * @device: their first argument
 * @region_size: bytes, by VFIO region index; 0: not there
 * @irq_count: vectors, by VFIO interrupt index; at most VFIO_USER_MAX_VECTORS
 */
struct vfio_user_device {
	const struct vfio_user_ops *ops;
	void *device;
	uint64_t region_size[VFIO_USER_NR_REGIONS];
	uint32_t irq_count[VFIO_USER_NR_IRQS];
};

/** struct vfio_user_stats - what went over the socket */
struct vfio_user_stats {
	uint64_t messages, posted, errors;
	uint64_t region_reads, region_writes;
	uint64_t multi_messages, multi_writes;
	uint64_t dma_maps, dma_unmaps, resets;
	uint64_t receives;		/* system calls that brought something */
	uint64_t irqs;			/* interrupts signalled */
};

/**
 * vfio_user_new() - serve a connected stream socket
 * @fd: the socket; closed by vfio_user_free(), also when this fails
 * @device: copied
 *
 * Returns the server or NULL without memory.
 */
struct vfio_user *vfio_user_new(int fd, const struct vfio_user_device *device);

/** vfio_user_free() - close the connection, unmap guest memory */
void vfio_user_free(struct vfio_user *vu);

/** vfio_user_fd() - the socket, to be polled for POLLIN */
int vfio_user_fd(const struct vfio_user *vu);

/** vfio_user_greeted() - it has agreed on a version with the client: a client it is, and no probe */
bool vfio_user_greeted(const struct vfio_user *vu);

/**
 * vfio_user_receive() - read once from the socket and serve what is complete
 *
 * Does not wait. Returns 0; -EAGAIN if there was nothing; -ENOTCONN when the
 * client is gone; -EPROTO when the stream cannot be followed any longer (a
 * message shorter than its header or larger than announced).
 */
int vfio_user_receive(struct vfio_user *vu);

/** vfio_user_memory() - guest memory; valid as long as the server is */
struct guest_memory *vfio_user_memory(struct vfio_user *vu);

/**
 * vfio_user_irq_raise() - signal an interrupt
 *
 * Any thread. Returns true if the client listens to it.
 */
bool vfio_user_irq_raise(struct vfio_user *vu, uint32_t index, uint32_t vector);

/** vfio_user_stats() - counters so far; to be called on the owner's thread */
struct vfio_user_stats vfio_user_stats(struct vfio_user *vu);

/**
 * vfio_user_listen() - make a listening socket at @path
 * @error: room for a message that names the path and the reason
 * @len: bytes of room
 *
 * A socket file that nobody listens on is replaced; anything else at @path, and
 * a socket that is in use, is left alone. Returns the socket or -errno.
 */
int vfio_user_listen(const char *path, char *error, size_t len);

#endif
