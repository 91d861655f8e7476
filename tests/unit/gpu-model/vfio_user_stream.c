// SPDX-License-Identifier: MIT
/*
 * The byte stream under the messages: cut anywhere, glued together, with
 * descriptors; what cannot be followed ends the connection.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
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

static size_t build_write(struct rig *r, uint8_t *to, uint64_t offset, uint32_t v, uint32_t flags)
{
	struct vfio_user_region_access a = { offset, 0, 4 };
	uint8_t body[sizeof(a) + 4];

	memcpy(body, &a, sizeof(a));
	memcpy(body + sizeof(a), &v, 4);
	return rig_build(r, to, VFIO_USER_REGION_WRITE, flags, body, sizeof(body));
}

static void cut(void)
{
	struct rig *r = rig_new();
	uint8_t m[64];
	size_t len;
	bool good = true;

	rig_hello(r);
	for (size_t at = 1; at < 36; at++) {
		len = build_write(r, m, 4 * at, (uint32_t)at, 0);
		rig_send(r, m, at, NULL, 0);
		good &= rig_serve(r) == -EAGAIN && !rig_reply(r);
		rig_send(r, m + at, len - at, NULL, 0);
		good &= rig_serve(r) == -EAGAIN && rig_reply(r) && r->mem[4 * at] == at;
	}
	ok(good, "a message cut at each byte");
	len = build_write(r, m, 0, 99, 0);
	for (size_t i = 0; i < len; i++) {
		rig_send(r, m + i, 1, NULL, 0);
		rig_serve(r);
	}
	ok(rig_reply(r) && r->mem[0] == 99, "a message byte by byte");
	rig_free(r);
}

static void glued(void)
{
	struct rig *r = rig_new();
	static uint8_t m[1000 * 36];
	size_t len = 0;
	bool ordered = true;
	unsigned int replies = 0;

	rig_hello(r);
	for (uint32_t i = 0; i < 500; i++)
		len += build_write(r, m + len, 4 * i, i, i % 50 ? VFIO_USER_NO_REPLY : 0);
	rig_send(r, m, len, NULL, 0);
	rig_serve(r);
	while (rig_reply(r))
		replies++;
	for (uint32_t i = 0; i < 500; i++)
		ordered &= r->order[i] == 4 * i;
	ok(r->writes == 500 && ordered, "500 messages in one piece, in order");
	ok_eq(replies, 10, "a reply for each that wants one");
	ok(vfio_user_stats(r->vu).receives < 10, "with a few system calls");
	rig_free(r);
}

static size_t build_map(struct rig *r, uint8_t *to, uint64_t iova)
{
	struct vfio_user_dma_map m = { sizeof(m), 3, 0, iova, 0x1000 };

	return rig_build(r, to, VFIO_USER_DMA_MAP, 0, &m, sizeof(m));
}

static void descriptors(void)
{
	struct rig *r = rig_new();
	struct guest_memory *gm = vfio_user_memory(r->vu);
	int fd = memfd_create("ram", 0), many[20], before = nr_open_fds();
	uint8_t m[256];
	uint32_t v = 7;
	unsigned int shared, lost;
	size_t len;

	if (ftruncate(fd, 0x10000))
		abort();
	rig_hello(r);
	/* Posted writes, then a map with its descriptor, read in one piece. */
	len = build_write(r, m, 0, 1, VFIO_USER_NO_REPLY);
	len += build_write(r, m + len, 4, 2, VFIO_USER_NO_REPLY);
	rig_send(r, m, len, NULL, 0);
	len = build_map(r, m, 0x10000);
	rig_send(r, m, len, &fd, 1);
	rig_serve(r);
	ok(rig_reply(r) && !r->h.error && !guest_memory_write(gm, 0x10000, &v, 4),
	   "a descriptor behind other messages");
	/* The descriptor comes with the first half of its message, more behind the second. */
	len = build_map(r, m, 0x20000);
	len += build_map(r, m + len, 0x30000);
	rig_send(r, m, 20, &fd, 1);
	rig_serve(r);
	rig_send(r, m + 20, len - 20, NULL, 0);
	rig_serve(r);
	ok(rig_reply(r) && !r->h.error && !guest_memory_write(gm, 0x20000, &v, 4),
	   "a descriptor with the first half of its message");
	ok(rig_reply(r) && !r->h.error && guest_memory_write(gm, 0x30000, &v, 4) == -EFAULT,
	   "is not that of the next");
	/* Its second half is read in one piece with the next message, which has one of its own. */
	len = build_map(r, m, 0x50000);
	rig_send(r, m, 20, &fd, 1);
	rig_serve(r);
	rig_send(r, m + 20, len - 20, NULL, 0);
	len = build_map(r, m, 0x60000);
	rig_send(r, m, len, &fd, 1);
	rig_serve(r);
	ok(rig_reply(r) && !r->h.error && rig_reply(r) && !r->h.error &&
	   !guest_memory_write(gm, 0x50000, &v, 4) && !guest_memory_write(gm, 0x60000, &v, 4),
	   "two messages in one piece, each with its own descriptor");
	for (int i = 0; i < 20; i++)
		many[i] = fd;
	len = build_map(r, m, 0x40000);
	rig_send(r, m, len, many, 20);
	rig_serve(r);
	ok(rig_reply(r) && r->h.error == EINVAL, "20 descriptors with one message are too many");
	len = rig_build(r, m, VFIO_USER_DEVICE_RESET, 0, NULL, 0);
	rig_send(r, m, len, &fd, 1);
	rig_serve(r);
	ok(rig_reply(r) && r->h.error == EINVAL && !r->resets, "a descriptor where none belongs");
	rig_send(r, m, 5, &fd, 1);
	rig_serve(r);
	guest_memory_ranges(gm, &shared, &lost);
	ok_eq(shared, 4, "four ranges are shared");
	rig_free(r);
	ok_eq(nr_open_fds(), before - 2, "no descriptor is left when the connection ends");
	close(fd);
}

static void flags(void)
{
	struct rig *r = rig_new();
	uint8_t m[64];
	size_t len;

	rig_hello(r);
	len = build_write(r, m, 0, 1, 2);
	rig_send(r, m, len, NULL, 0);
	rig_serve(r);
	ok(rig_reply(r) && r->h.error == EINVAL, "a message type that there is not");
	len = build_write(r, m, 0, 1, 0x40);
	rig_send(r, m, len, NULL, 0);
	rig_serve(r);
	ok(rig_reply(r) && r->h.error == EINVAL, "a flag that there is not");
	len = build_write(r, m, 0, 1, VFIO_USER_TYPE_REPLY);
	rig_send(r, m, len, NULL, 0);
	ok_eq(rig_serve(r), -EAGAIN, "a reply that nobody asked for");
	ok(!rig_reply(r), "is not answered");
	len = build_write(r, m, 1 << 20, 1, VFIO_USER_NO_REPLY);
	rig_send(r, m, len, NULL, 0);
	rig_serve(r);
	ok(!rig_reply(r) && vfio_user_stats(r->vu).errors == 4, "a wrong posted message is counted, not answered");
	ok_eq(r->writes, 0, "none of them was done");
	rig_free(r);
}

static void broken(uint32_t size, int error)
{
	struct rig *r = rig_new();
	struct vfio_user_header h = { .id = 5, .command = VFIO_USER_REGION_READ, .size = size };

	rig_hello(r);
	rig_send(r, &h, sizeof(h), NULL, 0);
	ok_eq(rig_serve(r), -EPROTO, "a message of %u bytes ends the connection", size);
	ok(rig_reply(r) && (int)r->h.error == error && r->h.id == 5, "after an error reply");
	rig_free(r);
}

static void closed(void)
{
	struct rig *r = rig_new();

	rig_hello(r);
	shutdown(r->fd, SHUT_RDWR);
	ok_eq(rig_serve(r), -ENOTCONN, "the client goes");
	rig_free(r);
	r = rig_new();
	rig_hello(r);
	rig_send(r, "half a mess", 11, NULL, 0);
	shutdown(r->fd, SHUT_WR);
	ok_eq(rig_serve(r), -ENOTCONN, "in the middle of a message");
	rig_free(r);
}

/* One thread uses guest memory all the time, while its ranges come and go. */
static atomic_bool stop;

static void *user(void *arg)
{
	struct guest_memory *gm = arg;
	uint8_t buf[4096];

	while (!atomic_load(&stop)) {
		guest_memory_read(gm, 0x1000, buf, sizeof(buf));
		guest_memory_write(gm, 0x1800, buf, sizeof(buf));
	}
	return NULL;
}

static void coming_and_going(void)
{
	struct guest_memory *gm = guest_memory_new();
	int fd = memfd_create("ram", 0);
	pthread_t t[2];
	bool good = true;

	if (ftruncate(fd, 0x4000))
		abort();
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, user, gm);
	for (int i = 0; i < 2000; i++) {
		good &= !guest_memory_map(gm, 0x1000, 0x1000, fd, 0, true);
		good &= !guest_memory_map(gm, 0x2000, 0x1000, fd, 0x2000, true);
		good &= !guest_memory_unmap(gm, 0x1000, 0x2000);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	ok(good, "2000 times mapped and unmapped under two users");
	guest_memory_free(gm);
	close(fd);
}

int main(void)
{
	cut();
	glued();
	descriptors();
	flags();
	broken(15, EINVAL);
	broken(0, EINVAL);
	broken(0xffffffff, E2BIG);
	broken(VFIO_USER_MAX_XFER + 33, E2BIG);
	closed();
	coming_and_going();
	return tap_done();
}
