// SPDX-License-Identifier: MIT
/* Each message type of the vfio-user server: what it answers, and which errno. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "tap.h"
#include "vfio_user_client.h"

static int nr_open_fds(void)
{
	int nr = 0;

	for (int fd = 0; fd < 256; fd++)
		nr += fcntl(fd, F_GETFD) >= 0;
	return nr;
}

static void version(void)
{
	struct rig *r = rig_new();
	struct vfio_user_version v = { 0, 0 };

	ok_eq(rig_call(r, VFIO_USER_DEVICE_RESET, NULL, 0), EINVAL,
	      "a command before VERSION is refused");
	ok_eq(r->resets, 0, "and not done");
	ok_eq(rig_call(r, VFIO_USER_VERSION, &v, 2), EINVAL, "VERSION: too short");
	v.major = 1;
	ok_eq(rig_call(r, VFIO_USER_VERSION, &v, sizeof(v)), EINVAL, "VERSION: major 1");
	ok_eq(rig_call(r, VFIO_USER_VERSION, "\0\0\0\0{}", 6), EINVAL,
	      "VERSION: capabilities without a zero byte");
	ok_eq(rig_hello(r), 0, "VERSION");
	memcpy(&v, r->body, sizeof(v));
	ok(v.major == 0 && v.minor == 0, "VERSION: server says 0.0");
	ok(strstr((char *)r->body + sizeof(v), "\"write_multiple\":true") &&
	   strstr((char *)r->body + sizeof(v), "\"max_data_xfer_size\":65536"),
	   "VERSION: capabilities");
	ok_eq(r->body[r->h.size - sizeof(r->h) - 1], 0, "VERSION: reply ends with zero");
	ok_eq(rig_hello(r), EINVAL, "VERSION: only once");
	rig_free(r);

	r = rig_new();
	v = (struct vfio_user_version){ 0, 7 };
	ok_eq(rig_call(r, VFIO_USER_VERSION, &v, sizeof(v)), 0, "VERSION: client says 0.7");
	memcpy(&v, r->body, sizeof(v));
	ok_eq(v.minor, 0, "VERSION: the lower minor wins");
	rig_free(r);
}

static void device_info(struct rig *r)
{
	struct vfio_user_device_info i = { .argsz = sizeof(i) };

	ok_eq(rig_call(r, VFIO_USER_DEVICE_GET_INFO, &i, sizeof(i)), 0, "GET_INFO");
	memcpy(&i, r->body, sizeof(i));
	ok(i.num_regions == VFIO_PCI_NUM_REGIONS && i.num_irqs == VFIO_PCI_NUM_IRQS &&
	   i.flags == (VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET), "GET_INFO: a PCI device");
	i.argsz = 4;
	ok_eq(rig_call(r, VFIO_USER_DEVICE_GET_INFO, &i, sizeof(i)), EINVAL, "GET_INFO: argsz");
	ok_eq(rig_call(r, VFIO_USER_DEVICE_GET_INFO, &i, 8), EINVAL, "GET_INFO: short");
}

static void region_info(struct rig *r)
{
	struct vfio_user_region_info i = { .argsz = sizeof(i), .index = 1 };
	struct vfio_user_region_io_fds f = { .argsz = sizeof(f) };

	ok_eq(rig_call(r, VFIO_USER_DEVICE_GET_REGION_INFO, &i, sizeof(i)), 0, "GET_REGION_INFO");
	memcpy(&i, r->body, sizeof(i));
	ok(i.index == 1 && i.size == 1 << 20 &&
	   i.flags == (VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE),
	   "GET_REGION_INFO: size and flags");
	i = (struct vfio_user_region_info){ .argsz = sizeof(i), .index = 2 };
	ok_eq(rig_call(r, VFIO_USER_DEVICE_GET_REGION_INFO, &i, sizeof(i)), 0,
	      "GET_REGION_INFO of an absent region");
	memcpy(&i, r->body, sizeof(i));
	ok(!i.size && !i.flags, "GET_REGION_INFO: size 0");
	i.index = VFIO_PCI_NUM_REGIONS;
	ok_eq(rig_call(r, VFIO_USER_DEVICE_GET_REGION_INFO, &i, sizeof(i)), EINVAL,
	      "GET_REGION_INFO: no such index");
	i.index = 0;
	i.argsz = 8;
	ok_eq(rig_call(r, VFIO_USER_DEVICE_GET_REGION_INFO, &i, sizeof(i)), EINVAL,
	      "GET_REGION_INFO: argsz");
	ok_eq(rig_call(r, VFIO_USER_DEVICE_GET_REGION_INFO, &i, 12), EINVAL,
	      "GET_REGION_INFO: short");

	ok_eq(rig_call(r, VFIO_USER_DEVICE_GET_REGION_IO_FDS, &f, sizeof(f)), 0, "GET_REGION_IO_FDS");
	memcpy(&f, r->body, sizeof(f));
	ok_eq(f.count, 0, "GET_REGION_IO_FDS: none");
	f.index = 77;
	ok_eq(rig_call(r, VFIO_USER_DEVICE_GET_REGION_IO_FDS, &f, sizeof(f)), EINVAL,
	      "GET_REGION_IO_FDS: no such index");
	ok_eq(rig_call(r, VFIO_USER_DEVICE_GET_REGION_IO_FDS, &f, 4), EINVAL,
	      "GET_REGION_IO_FDS: short");
}

static void irq_info(struct rig *r)
{
	struct vfio_user_irq_info i = { .argsz = sizeof(i), .index = VFIO_PCI_MSIX_IRQ_INDEX };

	ok_eq(rig_call(r, VFIO_USER_DEVICE_GET_IRQ_INFO, &i, sizeof(i)), 0, "GET_IRQ_INFO");
	memcpy(&i, r->body, sizeof(i));
	ok(i.count == 4 && (i.flags & VFIO_IRQ_INFO_EVENTFD), "GET_IRQ_INFO: four vectors");
	i = (struct vfio_user_irq_info){ .argsz = sizeof(i), .index = VFIO_PCI_INTX_IRQ_INDEX };
	ok_eq(rig_call(r, VFIO_USER_DEVICE_GET_IRQ_INFO, &i, sizeof(i)), 0, "GET_IRQ_INFO of INTx");
	memcpy(&i, r->body, sizeof(i));
	ok_eq(i.count, 0, "GET_IRQ_INFO: no INTx");
	i.index = VFIO_PCI_NUM_IRQS;
	ok_eq(rig_call(r, VFIO_USER_DEVICE_GET_IRQ_INFO, &i, sizeof(i)), EINVAL,
	      "GET_IRQ_INFO: no such index");
	ok_eq(rig_call(r, VFIO_USER_DEVICE_GET_IRQ_INFO, &i, 12), EINVAL, "GET_IRQ_INFO: short");
}

static int set_irqs(struct rig *r, uint32_t flags, uint32_t index, uint32_t start,
		    uint32_t count, const void *data, size_t len, const int *fds, unsigned int nr)
{
	struct vfio_user_irq_set s = { 20, flags, index, start, count };
	uint8_t m[64];

	memcpy(m, &s, sizeof(s));
	if (len)
		memcpy(m + sizeof(s), data, len);
	return rig_call_fds(r, VFIO_USER_DEVICE_SET_IRQS, m, sizeof(s) + len, fds, nr);
}

static uint64_t rung(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

static void irqs(struct rig *r)
{
	const uint32_t trigger = VFIO_IRQ_SET_ACTION_TRIGGER;
	const uint32_t by_fd = VFIO_IRQ_SET_DATA_EVENTFD | trigger;
	const uint32_t none = VFIO_IRQ_SET_DATA_NONE | trigger;
	const uint32_t by_bool = VFIO_IRQ_SET_DATA_BOOL | trigger;
	const uint32_t msi = VFIO_PCI_MSI_IRQ_INDEX, msix = VFIO_PCI_MSIX_IRQ_INDEX;
	int fds[4], before = nr_open_fds();

	for (int i = 0; i < 4; i++)
		fds[i] = eventfd(0, EFD_NONBLOCK);
	ok(!vfio_user_irq_raise(r->vu, msi, 0), "an interrupt nobody listens to");
	ok_eq(set_irqs(r, by_fd, msi, 0, 1, NULL, 0, fds, 1), 0, "SET_IRQS: eventfd for MSI");
	ok(vfio_user_irq_raise(r->vu, msi, 0) && rung(fds[0]) == 1, "MSI rings the eventfd");
	ok_eq(set_irqs(r, none, msi, 0, 1, NULL, 0, NULL, 0), 0, "SET_IRQS: trigger by hand");
	ok_eq((long long)rung(fds[0]), 1, "rings too");
	ok_eq(set_irqs(r, by_fd, msi, 0, 1, NULL, 0, NULL, 0), 0, "SET_IRQS: eventfd -1");
	ok(!vfio_user_irq_raise(r->vu, msi, 0) && !rung(fds[0]), "is silent afterwards");

	ok_eq(set_irqs(r, by_fd, msix, 0, 4, NULL, 0, fds, 4), 0, "SET_IRQS: four at once");
	ok(vfio_user_irq_raise(r->vu, msix, 2) && !rung(fds[1]) && rung(fds[2]) == 1,
	   "the third rings the third");
	ok_eq(set_irqs(r, by_bool, msix, 1, 3, "\1\0\1", 3, NULL, 0), 0, "SET_IRQS: trigger by bool");
	ok(rung(fds[1]) == 1 && !rung(fds[2]) && rung(fds[3]) == 1, "rings where 1");
	ok_eq(set_irqs(r, none, msix, 0, 0, NULL, 0, NULL, 0), 0, "SET_IRQS: disable all");
	ok(!vfio_user_irq_raise(r->vu, msix, 2), "all are silent");

	ok_eq(set_irqs(r, by_fd, VFIO_PCI_NUM_IRQS, 0, 1, NULL, 0, fds, 1), EINVAL,
	      "SET_IRQS: no such index");
	ok_eq(set_irqs(r, by_fd, msi, 0, 2, NULL, 0, fds, 2), EINVAL, "SET_IRQS: too many vectors");
	ok_eq(set_irqs(r, by_fd, msix, 3, 0xffffffff, NULL, 0, NULL, 0), EINVAL,
	      "SET_IRQS: start + count wraps");
	ok_eq(set_irqs(r, by_fd, msix, 0, 2, NULL, 0, fds, 1), EINVAL,
	      "SET_IRQS: fewer descriptors than vectors");
	ok_eq(set_irqs(r, none, msi, 0, 1, NULL, 0, fds, 1), EINVAL,
	      "SET_IRQS: descriptor without DATA_EVENTFD");
	ok_eq(set_irqs(r, by_bool, msix, 0, 3, "\1", 1, NULL, 0), EINVAL,
	      "SET_IRQS: fewer bools than vectors");
	ok_eq(set_irqs(r, none | VFIO_IRQ_SET_DATA_BOOL, msi, 0, 1, NULL, 0, NULL, 0), EINVAL,
	      "SET_IRQS: two kinds of data");
	ok_eq(set_irqs(r, VFIO_IRQ_SET_DATA_NONE, msi, 0, 1, NULL, 0, NULL, 0), EINVAL,
	      "SET_IRQS: no action");
	ok_eq(set_irqs(r, none | 0x100, msi, 0, 1, NULL, 0, NULL, 0), EINVAL,
	      "SET_IRQS: unknown flag");
	ok_eq(set_irqs(r, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, msi, 0, 1,
		       NULL, 0, NULL, 0), ENOTSUP, "SET_IRQS: mask");
	ok_eq(set_irqs(r, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK, msi, 0, 1,
		       NULL, 0, NULL, 0), ENOTSUP, "SET_IRQS: unmask");
	ok_eq(rig_call(r, VFIO_USER_DEVICE_SET_IRQS, "", 1), EINVAL, "SET_IRQS: short");
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	ok_eq(nr_open_fds(), before, "SET_IRQS: no descriptor is leaked");
}

/* An eventfd that blocks, and is full: the device must not wait for the client to read it. */
static void irq_blocking(struct rig *r)
{
	const uint64_t full = UINT64_MAX - 1;
	int fd = eventfd(0, 0);

	if (write(fd, &full, sizeof(full)) != sizeof(full))
		abort();
	ok_eq(set_irqs(r, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
		       NULL, 0, &fd, 1), 0, "SET_IRQS: an eventfd that blocks");
	alarm(20);
	ok(!vfio_user_irq_raise(r->vu, VFIO_PCI_MSI_IRQ_INDEX, 0), "a full one is not waited for");
	alarm(0);
	ok(rung(fd) == full && vfio_user_irq_raise(r->vu, VFIO_PCI_MSI_IRQ_INDEX, 0) && rung(fd) == 1,
	   "and rings again when it was read");
	close(fd);
}

static int dma_map(struct rig *r, uint32_t flags, uint64_t offset, uint64_t iova,
		   uint64_t size, const int *fds, unsigned int nr)
{
	struct vfio_user_dma_map m = { sizeof(m), flags, offset, iova, size };

	return rig_call_fds(r, VFIO_USER_DMA_MAP, &m, sizeof(m), fds, nr);
}

static int dma_unmap(struct rig *r, uint32_t flags, uint64_t iova, uint64_t size)
{
	struct vfio_user_dma_unmap m = { sizeof(m), flags, iova, size };

	return rig_call(r, VFIO_USER_DMA_UNMAP, &m, sizeof(m));
}

static void dma(struct rig *r)
{
	struct guest_memory *gm = vfio_user_memory(r->vu);
	const uint32_t rw = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	int before = nr_open_fds(), fds[2] = { memfd_create("ram", 0), memfd_create("rom", 0) };
	uint32_t v = 0x12345678, w = 0;
	unsigned int shared, lost;

	if (ftruncate(fds[0], 1 << 20) || ftruncate(fds[1], 1 << 16))
		abort();
	ok_eq(guest_memory_read(gm, 0x100000, &w, 4), -EFAULT, "no memory before any is mapped");
	r->changes = 0;
	ok_eq(dma_map(r, rw, 0x1000, 0x100000, 0x10000, fds, 1), 0, "DMA_MAP with a descriptor");
	ok(r->changes == 1 && !r->changing, "DMA_MAP: the device is told");
	ok_eq(guest_memory_write(gm, 0x100010, &v, 4), 0, "DMA_MAP: the device can write");
	ok(pread(fds[0], &w, 4, 0x1010) == 4 && w == v, "DMA_MAP: at the right offset of the file");
	ok_eq(dma_map(r, rw, 0, 0x200000, 0x1000, NULL, 0), 0, "DMA_MAP without a descriptor");
	ok_eq(guest_memory_read(gm, 0x200000, &w, 4), -EFAULT, "DMA_MAP: which cannot be reached");
	ok_eq(dma_map(r, VFIO_DMA_MAP_FLAG_READ, 0, 0x300000, 0x10000, fds + 1, 1), 0,
	      "DMA_MAP read only");
	ok_eq(guest_memory_read(gm, 0x300000, &w, 4), 0, "DMA_MAP: can be read");
	ok_eq(guest_memory_write(gm, 0x300000, &v, 4), -EFAULT, "DMA_MAP: cannot be written");

	ok_eq(dma_map(r, rw, 0, 0x10f000, 0x1000, fds, 1), EEXIST, "DMA_MAP: overlap");
	ok_eq(dma_map(r, rw, 0, 0x400000, 0, fds, 1), EINVAL, "DMA_MAP: size 0");
	ok_eq(dma_map(r, rw, 0, 0x400800, 0x1000, fds, 1), EINVAL, "DMA_MAP: not a page");
	ok_eq(dma_map(r, rw, 0, 0x400000, 0x800, fds, 1), EINVAL, "DMA_MAP: size not a page");
	ok_eq(dma_map(r, rw, 0, ~0xfffull, 0x2000, fds, 1), EINVAL, "DMA_MAP: wraps");
	ok_eq(dma_map(r, rw, 0xff000, 0x400000, 0x2000, fds, 1), EINVAL,
	      "DMA_MAP: beyond the end of the file");
	ok_eq(dma_map(r, rw, ~0xfffull, 0x400000, 0x2000, fds, 1), EINVAL,
	      "DMA_MAP: offset wraps");
	ok_eq(dma_map(r, rw, ~0xfffull, 0x400000, 0x1000, fds, 1), EINVAL,
	      "DMA_MAP: offset ends where it would wrap");
	ok_eq(dma_map(r, 0, 0, 0x400000, 0x1000, fds, 1), EINVAL, "DMA_MAP: neither read nor write");
	ok_eq(dma_map(r, rw | 0x40, 0, 0x400000, 0x1000, fds, 1), EINVAL, "DMA_MAP: unknown flag");
	ok_eq(dma_map(r, rw, 0, 0x400000, 0x1000, fds, 2), EINVAL, "DMA_MAP: two descriptors");
	ok_eq(rig_call(r, VFIO_USER_DMA_MAP, &v, 4), EINVAL, "DMA_MAP: short");
	ok_eq(guest_memory_ranges(gm, &shared, &lost), 3, "three ranges are left");
	ok_eq(shared, 2, "two of them shared");

	ok_eq(dma_unmap(r, 0, 0x104000, 0x1000), EINVAL, "DMA_UNMAP: a part of a range");
	ok_eq(dma_unmap(r, 0, 0x500000, 0x1000), ENOENT, "DMA_UNMAP: nothing there");
	ok_eq(dma_unmap(r, 0, 0x100000, 0), EINVAL, "DMA_UNMAP: size 0");
	ok_eq(dma_unmap(r, 0, ~0xfffull, 0x2000), EINVAL, "DMA_UNMAP: wraps");
	ok_eq(dma_unmap(r, VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP, 0x100000, 0x10000), ENOTSUP,
	      "DMA_UNMAP: dirty bitmap");
	ok_eq(dma_unmap(r, VFIO_DMA_UNMAP_FLAG_ALL, 0x100000, 0x10000), EINVAL,
	      "DMA_UNMAP: all, but with an address");
	ok_eq(dma_unmap(r, 0x80, 0x100000, 0x10000), EINVAL, "DMA_UNMAP: unknown flag");
	ok_eq(rig_call(r, VFIO_USER_DMA_UNMAP, &v, 4), EINVAL, "DMA_UNMAP: short");
	ok_eq(guest_memory_ranges(gm, &shared, &lost), 3, "still three ranges");
	ok_eq(dma_unmap(r, 0, 0x100000, 0x101000), 0, "DMA_UNMAP: two ranges by one message");
	ok_eq(r->h.size, 16 + sizeof(struct vfio_user_dma_unmap), "DMA_UNMAP: reply has the request");
	ok_eq(guest_memory_read(gm, 0x100010, &w, 4), -EFAULT, "DMA_UNMAP: gone");
	ok_eq(dma_unmap(r, VFIO_DMA_UNMAP_FLAG_ALL, 0, 0), 0, "DMA_UNMAP: all");
	ok_eq(guest_memory_ranges(gm, &shared, &lost), 0, "nothing is left");
	ok_eq(r->changing, 0, "begin and end of changes come in pairs");
	close(fds[0]);
	close(fds[1]);
	ok_eq(nr_open_fds(), before, "DMA_MAP: no descriptor is leaked");
}

static int region_write(struct rig *r, uint32_t region, uint64_t offset, uint32_t count,
			const void *data, size_t len)
{
	struct vfio_user_region_access a = { offset, region, count };
	uint8_t m[128];

	memcpy(m, &a, sizeof(a));
	if (len)
		memcpy(m + sizeof(a), data, len);
	return rig_call(r, VFIO_USER_REGION_WRITE, m, sizeof(a) + len);
}

static int region_read(struct rig *r, uint32_t region, uint64_t offset, uint32_t count)
{
	struct vfio_user_region_access a = { offset, region, count };

	return rig_call(r, VFIO_USER_REGION_READ, &a, sizeof(a));
}

static void regions(struct rig *r)
{
	r->writes = r->reads = 0;
	ok_eq(region_write(r, 0, 0x100, 4, "abcd", 4), 0, "REGION_WRITE");
	ok(!memcmp(r->mem + 0x100, "abcd", 4), "REGION_WRITE: arrives");
	ok_eq(r->h.size, 32, "REGION_WRITE: reply without data");
	ok_eq(region_read(r, 0, 0x101, 2), 0, "REGION_READ");
	ok(r->h.size == 34 && !memcmp(r->body + 16, "bc", 2), "REGION_READ: data");
	ok_eq(region_read(r, 0, MEM_SIZE - 4, 4), 0, "REGION_READ: last word");
	ok_eq(region_read(r, 1, 0, VFIO_USER_MAX_XFER), 0, "REGION_READ: as much as announced");
	ok_eq(r->writes + r->reads, 4, "four callbacks so far");

	ok_eq(region_read(r, 1, 0, VFIO_USER_MAX_XFER + 1), EINVAL, "REGION_READ: too much");
	ok_eq(region_read(r, 0, MEM_SIZE - 2, 4), EINVAL, "REGION_READ: over the end");
	ok_eq(region_read(r, 0, ~1ull, 4), EINVAL, "REGION_READ: wraps");
	ok_eq(region_read(r, 0, 0, 0), EINVAL, "REGION_READ: nothing");
	ok_eq(region_read(r, 2, 0, 4), EINVAL, "REGION_READ: absent region");
	ok_eq(region_read(r, 99, 0, 4), EINVAL, "REGION_READ: no such region");
	ok_eq(rig_call(r, VFIO_USER_REGION_READ, "", 1), EINVAL, "REGION_READ: short");
	ok_eq(region_write(r, 0, 0, 8, "abcd", 4), EINVAL, "REGION_WRITE: less data than said");
	ok_eq(region_write(r, 0, 0, 2, "abcd", 4), EINVAL, "REGION_WRITE: more data than said");
	ok_eq(region_write(r, 0, MEM_SIZE, 4, "abcd", 4), EINVAL, "REGION_WRITE: at the end");
	ok_eq(region_write(r, 0, ~3ull, 4, "abcd", 4), EINVAL, "REGION_WRITE: wraps");
	ok_eq(region_write(r, 3, 0, 4, "abcd", 4), EINVAL, "REGION_WRITE: absent region");
	ok_eq(region_write(r, 0, 0, 0, NULL, 0), EINVAL, "REGION_WRITE: nothing");
	ok_eq(rig_call(r, VFIO_USER_REGION_WRITE, "", 1), EINVAL, "REGION_WRITE: short");
	ok_eq(r->writes + r->reads, 4, "and no callback for a wrong one");
}

static size_t multi(uint8_t *m, uint64_t count, uint64_t offset)
{
	memcpy(m, &count, 8);
	for (uint64_t i = 0; i < count; i++) {
		struct vfio_user_write_one w = { offset + 8 * i, 0, 4, { (uint8_t)i, 1, 2, 3 } };

		memcpy(m + 8 + i * sizeof(w), &w, sizeof(w));
	}
	return 8 + count * sizeof(struct vfio_user_write_one);
}

static void write_multi(struct rig *r)
{
	static uint8_t m[8 + 256 * 24], msg[sizeof(m) + 16];
	struct vfio_user_write_one w;
	uint64_t count;
	size_t len;
	bool ordered = true;

	r->writes = 0;
	len = multi(m, 200, 0x400);
	rig_send(r, msg, rig_build(r, msg, VFIO_USER_REGION_WRITE_MULTI, VFIO_USER_NO_REPLY, m, len),
		 NULL, 0);
	rig_serve(r);
	ok(!rig_reply(r), "REGION_WRITE_MULTI: posted, no reply");
	for (unsigned int i = 0; i < 200; i++)
		ordered &= r->order[i] == 0x400 + 8 * i && r->mem[0x400 + 8 * i] == i;
	ok(r->writes == 200 && ordered, "REGION_WRITE_MULTI: 200 writes in order");
	ok_eq(rig_call(r, VFIO_USER_REGION_WRITE_MULTI, m, len), 0, "REGION_WRITE_MULTI with reply");
	memcpy(&count, r->body, 8);
	ok_eq((long long)count, 200, "REGION_WRITE_MULTI: reply has the count");
	len = multi(m, 0, 0);
	ok_eq(rig_call(r, VFIO_USER_REGION_WRITE_MULTI, m, len), 0, "REGION_WRITE_MULTI: none");

	r->writes = 0;
	len = multi(m, 3, 0);
	ok_eq(rig_call(r, VFIO_USER_REGION_WRITE_MULTI, m, len - 1), EINVAL,
	      "REGION_WRITE_MULTI: cut short");
	m[0] = 2;
	ok_eq(rig_call(r, VFIO_USER_REGION_WRITE_MULTI, m, len), EINVAL,
	      "REGION_WRITE_MULTI: more than said");
	memset(m, 0xff, 8);
	ok_eq(rig_call(r, VFIO_USER_REGION_WRITE_MULTI, m, len), EINVAL,
	      "REGION_WRITE_MULTI: a huge count");
	ok_eq(rig_call(r, VFIO_USER_REGION_WRITE_MULTI, m, 4), EINVAL, "REGION_WRITE_MULTI: short");
	len = multi(m, 3, 0);
	w = (struct vfio_user_write_one){ .offset = MEM_SIZE, .count = 4 };
	memcpy(m + 8 + 2 * sizeof(w), &w, sizeof(w));
	ok_eq(rig_call(r, VFIO_USER_REGION_WRITE_MULTI, m, len), EINVAL,
	      "REGION_WRITE_MULTI: the third beyond the end");
	w = (struct vfio_user_write_one){ .count = 9 };
	memcpy(m + 8 + 2 * sizeof(w), &w, sizeof(w));
	ok_eq(rig_call(r, VFIO_USER_REGION_WRITE_MULTI, m, len), EINVAL,
	      "REGION_WRITE_MULTI: the third of 9 bytes");
	ok_eq(r->writes, 0, "REGION_WRITE_MULTI: a wrong one writes nothing");
}

static void others(struct rig *r)
{
	uint8_t m[64];

	ok_eq(rig_call(r, VFIO_USER_DEVICE_RESET, NULL, 0), 0, "DEVICE_RESET");
	ok_eq(r->resets, 1, "DEVICE_RESET: done");
	ok_eq(rig_call(r, VFIO_USER_DEVICE_RESET, "x", 1), EINVAL, "DEVICE_RESET: with a body");
	ok_eq(rig_call(r, VFIO_USER_DMA_READ, m, 12), EINVAL, "DMA_READ is not for clients");
	ok_eq(rig_call(r, VFIO_USER_DMA_WRITE, m, 12), EINVAL, "DMA_WRITE is not for clients");
	ok_eq(rig_call(r, VFIO_USER_DIRTY_PAGES, m, 16), ENOTSUP, "DIRTY_PAGES");
	ok_eq(rig_call(r, 16, m, 0), ENOTSUP, "an unknown command");
	ok_eq(rig_call(r, 0, m, 0), ENOTSUP, "command 0");
}

int main(void)
{
	struct rig *r;

	version();
	r = rig_new();
	rig_hello(r);
	device_info(r);
	region_info(r);
	irq_info(r);
	irqs(r);
	irq_blocking(r);
	dma(r);
	regions(r);
	write_multi(r);
	others(r);
	rig_free(r);
	return tap_done();
}
