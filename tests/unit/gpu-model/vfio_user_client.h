/* SPDX-License-Identifier: MIT */
/*
 * The other end of a vfio-user socket, and a device that only remembers: what
 * the tests of the server share. All on one thread: a message is sent, the
 * server serves it, the reply is taken.
 */
#ifndef VFIO_USER_CLIENT_H
#define VFIO_USER_CLIENT_H

#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vfio_user.h"
#include "vfio_user_wire.h"

#define MEM_SIZE	8192u		/* region 0 */

struct rig {
	struct vfio_user *vu;
	int fd;				/* the client's end */
	uint8_t mem[MEM_SIZE];
	unsigned int reads, writes, resets, changes;
	int changing;			/* between memory_begin and memory_end */
	uint64_t order[512];		/* offsets written, in order */
	uint16_t id;
	/* the last reply */
	struct vfio_user_header h;
	uint8_t body[VFIO_USER_MAX_XFER + 64];
};

static void rig_read(void *device, uint32_t region, uint64_t offset, void *buf, size_t len)
{
	struct rig *r = device;

	r->reads++;
	if (region == 0 && offset + len <= MEM_SIZE)
		memcpy(buf, r->mem + offset, len);
}

static void rig_write(void *device, uint32_t region, uint64_t offset, const void *buf, size_t len)
{
	struct rig *r = device;

	if (r->writes < 512)
		r->order[r->writes] = offset;
	r->writes++;
	if (region == 0 && offset + len <= MEM_SIZE)
		memcpy(r->mem + offset, buf, len);
}

static void rig_reset(void *device)
{
	struct rig *r = device;

	r->resets++;
}

static void rig_memory_begin(void *device)
{
	struct rig *r = device;

	r->changing++;
}

static void rig_memory_end(void *device)
{
	struct rig *r = device;

	r->changing--;
	r->changes++;
}

static const struct vfio_user_ops rig_ops = {
	rig_read, rig_write, rig_reset, rig_memory_begin, rig_memory_end,
};

/* Regions: 0 of 8 KiB, 1 of 1 MiB, 7 of 256 bytes. One MSI, four MSI-X. */
__attribute__((unused))
static struct rig *rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct vfio_user_device dev = {
		.ops = &rig_ops, .device = r,
		.region_size = { [0] = MEM_SIZE, [1] = 1 << 20, [VFIO_PCI_CONFIG_REGION_INDEX] = 256 },
		.irq_count = { [VFIO_PCI_MSI_IRQ_INDEX] = 1, [VFIO_PCI_MSIX_IRQ_INDEX] = 4 },
	};
	int pair[2];

	if (!r || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		abort();
	r->fd = pair[1];
	r->vu = vfio_user_new(pair[0], &dev);
	return r;
}

static void rig_free(struct rig *r)
{
	vfio_user_free(r->vu);
	close(r->fd);
	free(r);
}

/* Sends raw bytes, with descriptors. */
static void rig_send(struct rig *r, const void *p, size_t len, const int *fds, unsigned int nr)
{
	union {
		char buf[CMSG_SPACE(32 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { (void *)p, len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (nr) {
		struct cmsghdr *c;

		mh.msg_control = control.buf;
		mh.msg_controllen = CMSG_SPACE(nr * sizeof(int));
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nr * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nr * sizeof(int));
	}
	if (sendmsg(r->fd, &mh, MSG_NOSIGNAL) != (ssize_t)len)
		abort();
}

/* Serves everything that has arrived; returns what ended it (-EAGAIN normally). */
static int rig_serve(struct rig *r)
{
	int error;

	do {
		error = vfio_user_receive(r->vu);
	} while (!error);
	return error;
}

/* Takes one reply; false if there is none. */
static bool rig_reply(struct rig *r)
{
	size_t have = 0, want;

	memset(&r->h, 0, sizeof(r->h));
	if (recv(r->fd, &r->h, sizeof(r->h), MSG_DONTWAIT) != sizeof(r->h))
		return false;
	want = r->h.size - sizeof(r->h);
	if (want > sizeof(r->body))
		abort();
	while (have < want) {
		ssize_t n = recv(r->fd, r->body + have, want - have, MSG_DONTWAIT);

		if (n <= 0)
			return false;
		have += (size_t)n;
	}
	return true;
}

/* Builds a message in @to; returns its size. */
static size_t rig_build(struct rig *r, uint8_t *to, uint16_t command, uint32_t flags,
			const void *body, size_t len)
{
	struct vfio_user_header h = {
		.id = ++r->id, .command = command, .flags = flags,
		.size = (uint32_t)(sizeof(h) + len),
	};

	memcpy(to, &h, sizeof(h));
	if (len)
		memcpy(to + sizeof(h), body, len);
	return h.size;
}

/*
 * The usual case: one command, one reply. Returns the errno of the reply, 0 for
 * success, -1 when there is no reply or it does not belong to the command.
 */
static int rig_call_fds(struct rig *r, uint16_t command, const void *body, size_t len,
			const int *fds, unsigned int nr)
{
	uint8_t *m = malloc(sizeof(struct vfio_user_header) + len);

	rig_send(r, m, rig_build(r, m, command, 0, body, len), fds, nr);
	free(m);
	rig_serve(r);
	if (!rig_reply(r) || r->h.id != r->id || r->h.command != command)
		return -1;
	if (r->h.flags == (VFIO_USER_TYPE_REPLY | VFIO_USER_ERROR))
		return (int)r->h.error;
	return r->h.flags == VFIO_USER_TYPE_REPLY && !r->h.error ? 0 : -1;
}

__attribute__((unused))
static int rig_call(struct rig *r, uint16_t command, const void *body, size_t len)
{
	return rig_call_fds(r, command, body, len, NULL, 0);
}

static int rig_hello(struct rig *r)
{
	static const char hello[] = "\0\0\0\0{\"capabilities\":{\"max_msg_fds\":8}}";

	return rig_call(r, VFIO_USER_VERSION, hello, sizeof(hello));
}

#endif
