// SPDX-License-Identifier: MIT
/*
 * vfio-user: the stream.
 *
 * Reading. Posted writes arrive by the hundred thousand, so the socket is read
 * in large pieces and a piece may hold many messages. Descriptors come with
 * the last bytes of a piece (the kernel ends a read after them), and belong to
 * the message that holds these bytes.
 *
 * Answering. A command is answered by its own handler (vfio_user_messages.c) or by
 * an error reply, exactly once; one with VFIO_USER_NO_REPLY never.
 */
#include "vfio_user_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ------------------------------------------------------------------ sending */

static int send_all(int fd, const uint8_t *p, size_t len)
{
	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			struct pollfd pfd = { .fd = fd, .events = POLLOUT };

			poll(&pfd, 1, -1);
			continue;
		}
		if (n <= 0)
			return -ENOTCONN;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int vfio_user_reply(struct vfio_user *vu, const struct message *m, size_t len)
{
	struct vfio_user_header h = {
		.id = m->h.id,
		.command = m->h.command,
		.size = (uint32_t)(sizeof(h) + len),
		.flags = VFIO_USER_TYPE_REPLY,
	};

	if (m->h.flags & VFIO_USER_NO_REPLY)
		return 0;
	memcpy(vu->out, &h, sizeof(h));
	return send_all(vu->fd, vu->out, h.size);
}

static int reply_error(struct vfio_user *vu, const struct message *m, int error)
{
	struct vfio_user_header h = {
		.id = m->h.id,
		.command = m->h.command,
		.size = sizeof(h),
		.flags = VFIO_USER_TYPE_REPLY | VFIO_USER_ERROR,
		.error = (uint32_t)-error,
	};

	vu->stats.errors++;
	if (m->h.flags & VFIO_USER_NO_REPLY)
		return 0;
	return send_all(vu->fd, (const uint8_t *)&h, sizeof(h));
}

/* ---------------------------------------------------------------- receiving */

/* The first @nr are done with. */
static void close_fds(struct vfio_user *vu, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (vu->fds[i] >= 0)
			close(vu->fds[i]);
	}
	vu->nr_fds -= nr;
	memmove(vu->fds, vu->fds + nr, vu->nr_fds * sizeof(*vu->fds));
	memmove(vu->fds_at, vu->fds_at + nr, vu->nr_fds * sizeof(*vu->fds_at));
}

/* How many descriptors came with the bytes of in[] below @end. */
static unsigned int fds_below(const struct vfio_user *vu, size_t end)
{
	unsigned int nr = 0;

	while (nr < vu->nr_fds && vu->fds_at[nr] < end)
		nr++;
	return nr;
}

/* @end: of the message, in in[]. All before it is served. */
static int serve_one(struct vfio_user *vu, const struct vfio_user_header *h,
		     const uint8_t *body, size_t end)
{
	struct message m = {
		.h = *h,
		.body = body,
		.len = h->size - sizeof(*h),
		.fds = vu->fds,
		.nr_fds = fds_below(vu, end),
		.too_many_fds = vu->too_many_fds && vu->lost_at < end,
	};
	int error;

	vu->stats.messages++;
	if (h->flags & VFIO_USER_NO_REPLY)
		vu->stats.posted++;
	error = vfio_user_dispatch(vu, &m);
	if (error < 0) {
		/* A reply in our direction that nobody asked for has no answer. */
		if ((h->flags & VFIO_USER_TYPE_MASK) == VFIO_USER_TYPE_REPLY) {
			vu->stats.errors++;
			error = 0;
		} else {
			error = reply_error(vu, &m, error);
		}
	}
	close_fds(vu, m.nr_fds);
	if (m.too_many_fds)
		vu->too_many_fds = false;
	return error ? -ENOTCONN : 0;
}

static int serve_complete(struct vfio_user *vu)
{
	size_t at = 0;
	int error = 0;

	while (!error && vu->have - at >= sizeof(struct vfio_user_header)) {
		struct vfio_user_header h;

		memcpy(&h, vu->in + at, sizeof(h));
		if (h.size < sizeof(h) || h.size > MAX_MESSAGE) {
			struct message m = { .h = h };

			reply_error(vu, &m, h.size < sizeof(h) ? -EINVAL : -E2BIG);
			return -EPROTO;
		}
		if (vu->have - at < h.size)
			break;
		error = serve_one(vu, &h, vu->in + at + sizeof(h), at + h.size);
		at += h.size;
	}
	vu->have -= at;
	for (unsigned int i = 0; i < vu->nr_fds; i++)
		vu->fds_at[i] -= at;
	vu->lost_at -= vu->too_many_fds ? at : 0;
	memmove(vu->in, vu->in + at, vu->have);
	return error;
}

static void lose_fds(struct vfio_user *vu)
{
	vu->too_many_fds = true;
	vu->lost_at = vu->have - 1;
}

static void take_fds(struct vfio_user *vu, struct msghdr *mh)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		size_t nr;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		nr = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < nr; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (vu->nr_fds == VFIO_USER_MAX_FDS) {
				close(fd);
				lose_fds(vu);
			} else {
				vu->fds_at[vu->nr_fds] = vu->have - 1;
				vu->fds[vu->nr_fds++] = fd;
			}
		}
	}
	if (mh->msg_flags & MSG_CTRUNC)
		lose_fds(vu);
}

int vfio_user_receive(struct vfio_user *vu)
{
	union {
		char buf[CMSG_SPACE(VFIO_USER_MAX_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { vu->in + vu->have, BUFFER_SIZE - vu->have };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf, .msg_controllen = sizeof(control.buf),
	};
	ssize_t n = recvmsg(vu->fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? -EAGAIN : -ENOTCONN;
	if (!n)
		return -ENOTCONN;
	vu->stats.receives++;
	vu->have += (size_t)n;
	if (mh.msg_controllen || (mh.msg_flags & MSG_CTRUNC))
		take_fds(vu, &mh);
	return serve_complete(vu);
}

/* --------------------------------------------------------------- life cycle */

struct vfio_user *vfio_user_new(int fd, const struct vfio_user_device *device)
{
	struct vfio_user *vu = calloc(1, sizeof(*vu));

	if (vu)
		vu->memory = guest_memory_new();
	if (!vu || !vu->memory) {
		free(vu);
		close(fd);
		return NULL;
	}
	vu->fd = fd;
	vu->dev = *device;
	vfio_user_irqs_init(&vu->irqs, device->irq_count);
	return vu;
}

void vfio_user_free(struct vfio_user *vu)
{
	if (!vu)
		return;
	close_fds(vu, vu->nr_fds);
	close(vu->fd);
	vfio_user_irqs_fini(&vu->irqs);
	guest_memory_free(vu->memory);
	free(vu);
}

int vfio_user_fd(const struct vfio_user *vu)
{
	return vu->fd;
}

bool vfio_user_greeted(const struct vfio_user *vu)
{
	return vu->version_done;
}

struct guest_memory *vfio_user_memory(struct vfio_user *vu)
{
	return vu->memory;
}

bool vfio_user_irq_raise(struct vfio_user *vu, uint32_t index, uint32_t vector)
{
	return vfio_user_irqs_raise(&vu->irqs, index, vector);
}

struct vfio_user_stats vfio_user_stats(struct vfio_user *vu)
{
	struct vfio_user_stats stats = vu->stats;

	pthread_mutex_lock(&vu->irqs.lock);
	stats.irqs = vu->irqs.raised;
	pthread_mutex_unlock(&vu->irqs.lock);
	return stats;
}
