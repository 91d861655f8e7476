/* SPDX-License-Identifier: MIT */
/*
 * What goes over a vfio-user socket, byte for byte (little endian, as both ends
 * run on the same machine). Fields keep the names of the protocol document.
 */
#ifndef VFIO_USER_WIRE_H
#define VFIO_USER_WIRE_H

#include <assert.h>
#include <stdint.h>

enum vfio_user_command {
	VFIO_USER_VERSION = 1,
	VFIO_USER_DMA_MAP = 2,
	VFIO_USER_DMA_UNMAP = 3,
	VFIO_USER_DEVICE_GET_INFO = 4,
	VFIO_USER_DEVICE_GET_REGION_INFO = 5,
	VFIO_USER_DEVICE_GET_REGION_IO_FDS = 6,
	VFIO_USER_DEVICE_GET_IRQ_INFO = 7,
	VFIO_USER_DEVICE_SET_IRQS = 8,
	VFIO_USER_REGION_READ = 9,
	VFIO_USER_REGION_WRITE = 10,
	VFIO_USER_DMA_READ = 11,
	VFIO_USER_DMA_WRITE = 12,
	VFIO_USER_DEVICE_RESET = 13,
	VFIO_USER_DIRTY_PAGES = 14,
	VFIO_USER_REGION_WRITE_MULTI = 15,
};

/* header.flags */
#define VFIO_USER_TYPE_MASK	0x0fu
#define VFIO_USER_TYPE_COMMAND	0x00u
#define VFIO_USER_TYPE_REPLY	0x01u
#define VFIO_USER_NO_REPLY	0x10u
#define VFIO_USER_ERROR		0x20u

/*
 * QEMU's client accepts a server of version 0.0 only; it announces 0.0 itself.
 */
#define VFIO_USER_MAJOR		0
#define VFIO_USER_MINOR		0

/* What this server announces in its VERSION reply. */
#define VFIO_USER_MAX_FDS	8
#define VFIO_USER_MAX_XFER	65536u
#define VFIO_USER_MAX_DMA_MAPS	4096
#define VFIO_USER_PAGE_SIZE	4096u

struct vfio_user_header {
	uint16_t id;
	uint16_t command;
	uint32_t size;		/* of the whole message, this header included */
	uint32_t flags;
	uint32_t error;		/* errno, with VFIO_USER_ERROR */
};

struct vfio_user_version {
	uint16_t major;
	uint16_t minor;
	/* followed by JSON, with its terminating zero byte */
};

struct vfio_user_dma_map {
	uint32_t argsz;
	uint32_t flags;		/* VFIO_DMA_MAP_FLAG_* */
	uint64_t offset;	/* in the file that came along */
	uint64_t iova;
	uint64_t size;
};

struct vfio_user_dma_unmap {
	uint32_t argsz;
	uint32_t flags;		/* VFIO_DMA_UNMAP_FLAG_* */
	uint64_t iova;
	uint64_t size;
};

struct vfio_user_device_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t num_regions;
	uint32_t num_irqs;
};

struct vfio_user_region_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t cap_offset;
	uint64_t size;
	uint64_t offset;
};

struct vfio_user_region_io_fds {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
};

struct vfio_user_irq_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
};

struct vfio_user_irq_set {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t start;
	uint32_t count;
	/* VFIO_IRQ_SET_DATA_BOOL: followed by count bytes */
};

struct vfio_user_region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	/* a write, and the reply to a read, are followed by count bytes */
};

#define VFIO_USER_MULTI_DATA	8

struct vfio_user_write_one {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	uint8_t data[VFIO_USER_MULTI_DATA];
};

struct vfio_user_write_multi {
	uint64_t count;
	/* followed by count times struct vfio_user_write_one */
};

static_assert(sizeof(struct vfio_user_header) == 16, "header");
static_assert(sizeof(struct vfio_user_dma_map) == 32, "DMA_MAP");
static_assert(sizeof(struct vfio_user_dma_unmap) == 24, "DMA_UNMAP");
static_assert(sizeof(struct vfio_user_region_info) == 32, "GET_REGION_INFO");
static_assert(sizeof(struct vfio_user_irq_set) == 20, "SET_IRQS");
static_assert(sizeof(struct vfio_user_region_access) == 16, "REGION_READ");
static_assert(sizeof(struct vfio_user_write_one) == 24, "REGION_WRITE_MULTI");

#endif
