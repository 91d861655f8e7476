// SPDX-License-Identifier: MIT
/*
 * Fuzz target for the vfio-user server: what a client may send. An input is a list
 * of pieces: raw bytes, or messages with a header that fits them, with and without
 * descriptors, and the files behind these may be cut. Whatever comes, callbacks must see only accesses inside of regions,
 * and nothing may leak or crash.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "fuzz_main.h"
#include "vfio_user_client.h"

static void check_access(uint32_t region, uint64_t offset, size_t len)
{
	static const uint64_t size[8] = { [0] = MEM_SIZE, [1] = 1 << 20, [VFIO_PCI_CONFIG_REGION_INDEX] = 256 };

	if (region > 7 || !len || offset >= size[region] || len > size[region] - offset)
		abort();
}

static void checked_read(void *device, uint32_t region, uint64_t offset, void *buf, size_t len)
{
	check_access(region, offset, len);
	rig_read(device, region, offset, buf, len);
}

static void checked_write(void *device, uint32_t region, uint64_t offset, const void *buf, size_t len)
{
	check_access(region, offset, len);
	rig_write(device, region, offset, buf, len);
}

static void drain(struct rig *r)
{
	static uint8_t sink[65536];

	while (recv(r->fd, sink, sizeof(sink), MSG_DONTWAIT) > 0)
		;
}

/* Takes up to @n bytes off the input; the rest of @to stays 0. */
static size_t take(const uint8_t **data, size_t *size, void *to, size_t n)
{
	memset(to, 0, n);
	if (n > *size)
		n = *size;
	memcpy(to, *data, n);
	*data += n;
	*size -= n;
	return n;
}

/* Small numbers and addresses that make sense are what random bytes rarely are. */
static void tame(uint8_t *body, size_t len, uint8_t how)
{
	static const uint64_t good[] = { 0, 0x1000, 0x2000, 0x10000, 20, 24, 32, 1, 2, 3, 0x24, 0x100000 };

	for (size_t i = 0; i + 8 <= len; i += how & 1 ? 4 : 8) {
		uint64_t v = good[(body[i] + how) % (sizeof(good) / sizeof(good[0]))];

		if (body[i + 1] & 3)
			memcpy(body + i, &v, how & 1 ? 4 : 8);
	}
}

static bool piece(struct rig *r, const uint8_t **data, size_t *size, const int *fds)
{
	uint8_t control[4], body[512], m[sizeof(body) + 16];
	size_t len;

	take(data, size, control, sizeof(control));
	len = take(data, size, body, control[1] % 128);
	if (control[0] < 0xf0) {
		if (control[0] & 0x40)
			tame(body, len, control[2]);
		len = rig_build(r, m, control[0] % 17, control[2] & 0x20 ? VFIO_USER_NO_REPLY : 0, body, len);
	} else {
		memcpy(m, body, len);
	}
	if (len)
		rig_send(r, m, len, fds, control[3] & 0x10 ? control[3] % 12 : 0);
	if (control[2] & 0x40 && ftruncate(fds[control[1] % 6 * 2], (off_t)(control[3] & 0x1f) << 12))
		abort();
	for (int error = 0; !error; drain(r)) {
		error = vfio_user_receive(r->vu);
		if (error && error != -EAGAIN)
			return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct vfio_user_ops ops = {
		checked_read, checked_write, rig_reset, rig_memory_begin, rig_memory_end,
	};
	static int fds[12];
	struct rig *r = calloc(1, sizeof(*r));
	struct vfio_user_device dev = {
		.ops = &ops, .device = r,
		.region_size = { [0] = MEM_SIZE, [1] = 1 << 20, [VFIO_PCI_CONFIG_REGION_INDEX] = 256 },
		.irq_count = { [VFIO_PCI_MSI_IRQ_INDEX] = 1, [VFIO_PCI_MSIX_IRQ_INDEX] = 4 },
	};
	int pair[2];

	if (!fds[0]) {
		for (int i = 0; i < 12; i++)
			fds[i] = i & 1 ? eventfd(0, EFD_NONBLOCK) : memfd_create("ram", 0);
		for (int i = 0; i < 12; i += 2) {
			if (ftruncate(fds[i], 0x20000))
				abort();
		}
	}
	if (!r || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		abort();
	r->fd = pair[1];
	r->vu = vfio_user_new(pair[0], &dev);
	if (size && data[0] & 1)
		rig_hello(r);
	while (size && piece(r, &data, &size, fds)) {
		vfio_user_irq_raise(r->vu, VFIO_PCI_MSI_IRQ_INDEX, 0);
		guest_memory_write(vfio_user_memory(r->vu), 0x1ffe, "four", 4);
	}
	rig_free(r);
	return 0;
}
