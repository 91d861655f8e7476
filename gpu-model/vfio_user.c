// SPDX-License-Identifier: MIT
/*
 * vfio-user: the stream, the messages and their checks.
 *
 * Reading. Posted writes arrive by the hundred thousand, so the socket is read
 * in large pieces and a piece may hold many messages. Descriptors come with
 * the last bytes of a piece (the kernel ends a read after them), and belong to
 * the message that holds these bytes.
 *
 * Answering. A command is answered by its own handler or by an error reply,
 * exactly once; one with VFIO_USER_NO_REPLY never. Nothing that a wrong
 * message asks for is done in part.
 */
#include "vfio_user.h"

#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vfio_user_irq.h"
#include "vfio_user_wire.h"

static_assert(VFIO_USER_NR_REGIONS == VFIO_PCI_NUM_REGIONS, "region indices");

#define MAX_MESSAGE	(sizeof(struct vfio_user_header) + \
			 sizeof(struct vfio_user_region_access) + VFIO_USER_MAX_XFER)
#define BUFFER_SIZE	(2 * MAX_MESSAGE)

struct vfio_user {
	int fd;
	bool version_done;
	struct vfio_user_device dev;
	struct guest_memory *memory;
	struct vfio_user_irqs irqs;
	struct vfio_user_stats stats;

	uint8_t in[BUFFER_SIZE];
	size_t have;			/* bytes in in[] */
	int fds[VFIO_USER_MAX_FDS];	/* in the order in which they came */
	size_t fds_at[VFIO_USER_MAX_FDS]; /* each belongs to the message with this byte of in[] */
	unsigned int nr_fds;
	bool too_many_fds;		/* some had no room: of the message with byte lost_at */
	size_t lost_at;

	uint8_t out[MAX_MESSAGE];
};

/* One message while it is served. */
struct message {
	struct vfio_user_header h;
	const uint8_t *body;
	size_t len;			/* of body */
	int *fds;			/* handlers set to -1 what they keep */
	unsigned int nr_fds;
	bool too_many_fds;
};

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

/* The body, @len bytes, is in vu->out already, after the header. */
static int reply(struct vfio_user *vu, const struct message *m, size_t len)
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

static int reply_with(struct vfio_user *vu, const struct message *m, const void *body, size_t len)
{
	memcpy(vu->out + sizeof(m->h), body, len);
	return reply(vu, m, len);
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

/* ----------------------------------------------------------------- handlers */

/*
 * A handler returns 0 after it has replied, a negative errno for an error
 * reply, or GONE if the reply could not be sent.
 */
#define GONE	1

static int sent(int error)
{
	return error ? GONE : 0;
}

static int on_version(struct vfio_user *vu, const struct message *m)
{
	struct vfio_user_version v;
	int len;

	if (vu->version_done || m->len < sizeof(v))
		return -EINVAL;
	memcpy(&v, m->body, sizeof(v));
	if (v.major != VFIO_USER_MAJOR)
		return -EINVAL;
	/* Capabilities are optional, but if there they end with a zero byte. */
	if (m->len > sizeof(v) && m->body[m->len - 1])
		return -EINVAL;
	v.minor = VFIO_USER_MINOR;
	memcpy(vu->out + sizeof(m->h), &v, sizeof(v));
	len = snprintf((char *)vu->out + sizeof(m->h) + sizeof(v), 512,
		       "{\"capabilities\":{\"max_msg_fds\":%u,\"max_data_xfer_size\":%u,"
		       "\"pgsizes\":%u,\"max_dma_maps\":%u,\"write_multiple\":true}}",
		       VFIO_USER_MAX_FDS, VFIO_USER_MAX_XFER, VFIO_USER_PAGE_SIZE,
		       VFIO_USER_MAX_DMA_MAPS);
	vu->version_done = true;
	return sent(reply(vu, m, sizeof(v) + (size_t)len + 1));
}

static void memory_begin(struct vfio_user *vu)
{
	if (vu->dev.ops->memory_begin)
		vu->dev.ops->memory_begin(vu->dev.device);
}

static void memory_end(struct vfio_user *vu)
{
	if (vu->dev.ops->memory_end)
		vu->dev.ops->memory_end(vu->dev.device);
}

static int on_dma_map(struct vfio_user *vu, const struct message *m)
{
	const uint32_t known = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	struct vfio_user_dma_map map;
	int error;

	if (m->len != sizeof(map) || m->nr_fds > 1)
		return -EINVAL;
	memcpy(&map, m->body, sizeof(map));
	if (map.argsz < sizeof(map) || (map.flags & ~known) || !(map.flags & known))
		return -EINVAL;
	/* The mapping outlives the descriptor, which the caller closes. */
	memory_begin(vu);
	error = guest_memory_map(vu->memory, map.iova, map.size,
				 m->nr_fds ? m->fds[0] : -1, map.offset,
				 map.flags & VFIO_DMA_MAP_FLAG_WRITE);
	memory_end(vu);
	if (error)
		return error;
	vu->stats.dma_maps++;
	return sent(reply(vu, m, 0));
}

static int unmap_checked(struct vfio_user *vu, const struct vfio_user_dma_unmap *unmap)
{
	switch (unmap->flags) {
	case 0:
		return guest_memory_unmap(vu->memory, unmap->iova, unmap->size);
	case VFIO_DMA_UNMAP_FLAG_ALL:
		if (unmap->iova || unmap->size)
			return -EINVAL;
		guest_memory_unmap_all(vu->memory);
		return 0;
	case VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP:
		return -ENOTSUP;
	}
	return -EINVAL;
}

static int on_dma_unmap(struct vfio_user *vu, const struct message *m)
{
	struct vfio_user_dma_unmap unmap;
	int error;

	if (m->len != sizeof(unmap) || m->nr_fds)
		return -EINVAL;
	memcpy(&unmap, m->body, sizeof(unmap));
	if (unmap.argsz < sizeof(unmap))
		return -EINVAL;
	memory_begin(vu);
	error = unmap_checked(vu, &unmap);
	memory_end(vu);
	if (error)
		return error;
	vu->stats.dma_unmaps++;
	return sent(reply_with(vu, m, &unmap, sizeof(unmap)));
}

static int on_get_info(struct vfio_user *vu, const struct message *m)
{
	struct vfio_user_device_info info;

	if (m->len != sizeof(info) || m->nr_fds)
		return -EINVAL;
	memcpy(&info, m->body, sizeof(info));
	if (info.argsz < sizeof(info))
		return -EINVAL;
	info = (struct vfio_user_device_info){
		.argsz = sizeof(info),
		.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
		.num_regions = VFIO_USER_NR_REGIONS,
		.num_irqs = VFIO_USER_NR_IRQS,
	};
	return sent(reply_with(vu, m, &info, sizeof(info)));
}

static int on_get_region_info(struct vfio_user *vu, const struct message *m)
{
	struct vfio_user_region_info info;
	uint32_t index;

	if (m->len < sizeof(info) || m->nr_fds)
		return -EINVAL;
	memcpy(&info, m->body, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VFIO_USER_NR_REGIONS)
		return -EINVAL;
	index = info.index;
	info = (struct vfio_user_region_info){
		.argsz = sizeof(info),
		.index = index,
		.size = vu->dev.region_size[index],
	};
	if (info.size)
		info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	return sent(reply_with(vu, m, &info, sizeof(info)));
}

/* No region has descriptors that could stand in for messages. */
static int on_get_region_io_fds(struct vfio_user *vu, const struct message *m)
{
	struct vfio_user_region_io_fds fds;

	if (m->len != sizeof(fds) || m->nr_fds)
		return -EINVAL;
	memcpy(&fds, m->body, sizeof(fds));
	if (fds.argsz < sizeof(fds) || fds.flags || fds.count ||
	    fds.index >= VFIO_USER_NR_REGIONS)
		return -EINVAL;
	fds.argsz = sizeof(fds);
	return sent(reply_with(vu, m, &fds, sizeof(fds)));
}

static int on_get_irq_info(struct vfio_user *vu, const struct message *m)
{
	struct vfio_user_irq_info info;
	uint32_t index;

	if (m->len != sizeof(info) || m->nr_fds)
		return -EINVAL;
	memcpy(&info, m->body, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VFIO_USER_NR_IRQS)
		return -EINVAL;
	index = info.index;
	info = (struct vfio_user_irq_info){
		.argsz = sizeof(info),
		.index = index,
		.count = vu->irqs.count[index],
	};
	if (info.count)
		info.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE;
	return sent(reply_with(vu, m, &info, sizeof(info)));
}

static int on_set_irqs(struct vfio_user *vu, const struct message *m)
{
	struct vfio_user_irq_set set;
	int error;

	if (m->len < sizeof(set))
		return -EINVAL;
	memcpy(&set, m->body, sizeof(set));
	if (set.argsz < sizeof(set))
		return -EINVAL;
	error = vfio_user_irqs_set(&vu->irqs, &set, m->body + sizeof(set),
				   m->len - sizeof(set), m->fds, m->nr_fds);
	if (error)
		return error;
	return sent(reply(vu, m, 0));
}

static bool region_has(const struct vfio_user *vu, uint32_t region, uint64_t offset, uint32_t count)
{
	uint64_t size = region < VFIO_USER_NR_REGIONS ? vu->dev.region_size[region] : 0;

	return count && offset < size && count <= size - offset;
}

static int on_region_read(struct vfio_user *vu, const struct message *m)
{
	uint8_t *body = vu->out + sizeof(m->h);
	struct vfio_user_region_access a;

	if (m->len != sizeof(a) || m->nr_fds)
		return -EINVAL;
	memcpy(&a, m->body, sizeof(a));
	if (a.count > VFIO_USER_MAX_XFER || !region_has(vu, a.region, a.offset, a.count))
		return -EINVAL;
	vu->stats.region_reads++;
	memcpy(body, &a, sizeof(a));
	memset(body + sizeof(a), 0, a.count);
	vu->dev.ops->read(vu->dev.device, a.region, a.offset, body + sizeof(a), a.count);
	return sent(reply(vu, m, sizeof(a) + a.count));
}

static int on_region_write(struct vfio_user *vu, const struct message *m)
{
	struct vfio_user_region_access a;

	if (m->len < sizeof(a) || m->nr_fds)
		return -EINVAL;
	memcpy(&a, m->body, sizeof(a));
	if (a.count != m->len - sizeof(a) || !region_has(vu, a.region, a.offset, a.count))
		return -EINVAL;
	vu->stats.region_writes++;
	vu->dev.ops->write(vu->dev.device, a.region, a.offset, m->body + sizeof(a), a.count);
	return sent(reply_with(vu, m, &a, sizeof(a)));
}

static int on_region_write_multi(struct vfio_user *vu, const struct message *m)
{
	struct vfio_user_write_multi multi;
	const uint8_t *one = m->body + sizeof(multi);
	struct vfio_user_write_one w;

	if (m->len < sizeof(multi) || m->nr_fds)
		return -EINVAL;
	memcpy(&multi, m->body, sizeof(multi));
	if ((m->len - sizeof(multi)) % sizeof(w) ||
	    multi.count != (m->len - sizeof(multi)) / sizeof(w))
		return -EINVAL;
	for (uint64_t i = 0; i < multi.count; i++) {
		memcpy(&w, one + i * sizeof(w), sizeof(w));
		if (w.count > sizeof(w.data) || !region_has(vu, w.region, w.offset, w.count))
			return -EINVAL;
	}
	vu->stats.multi_messages++;
	vu->stats.multi_writes += multi.count;
	for (uint64_t i = 0; i < multi.count; i++) {
		memcpy(&w, one + i * sizeof(w), sizeof(w));
		vu->dev.ops->write(vu->dev.device, w.region, w.offset, w.data, w.count);
	}
	return sent(reply_with(vu, m, &multi, sizeof(multi)));
}

static int on_reset(struct vfio_user *vu, const struct message *m)
{
	if (m->len || m->nr_fds)
		return -EINVAL;
	vu->stats.resets++;
	vu->dev.ops->reset(vu->dev.device);
	return sent(reply(vu, m, 0));
}

static int dispatch(struct vfio_user *vu, const struct message *m)
{
	if ((m->h.flags & VFIO_USER_TYPE_MASK) != VFIO_USER_TYPE_COMMAND ||
	    (m->h.flags & ~(VFIO_USER_TYPE_MASK | VFIO_USER_NO_REPLY)))
		return -EINVAL;
	if (m->too_many_fds)
		return -EINVAL;
	if (!vu->version_done && m->h.command != VFIO_USER_VERSION)
		return -EINVAL;
	switch (m->h.command) {
	case VFIO_USER_VERSION: return on_version(vu, m);
	case VFIO_USER_DMA_MAP: return on_dma_map(vu, m);
	case VFIO_USER_DMA_UNMAP: return on_dma_unmap(vu, m);
	case VFIO_USER_DEVICE_GET_INFO: return on_get_info(vu, m);
	case VFIO_USER_DEVICE_GET_REGION_INFO: return on_get_region_info(vu, m);
	case VFIO_USER_DEVICE_GET_REGION_IO_FDS: return on_get_region_io_fds(vu, m);
	case VFIO_USER_DEVICE_GET_IRQ_INFO: return on_get_irq_info(vu, m);
	case VFIO_USER_DEVICE_SET_IRQS: return on_set_irqs(vu, m);
	case VFIO_USER_REGION_READ: return on_region_read(vu, m);
	case VFIO_USER_REGION_WRITE: return on_region_write(vu, m);
	case VFIO_USER_REGION_WRITE_MULTI: return on_region_write_multi(vu, m);
	case VFIO_USER_DEVICE_RESET: return on_reset(vu, m);
	case VFIO_USER_DMA_READ:	/* from server to client only */
	case VFIO_USER_DMA_WRITE:
		return -EINVAL;
	default:			/* DIRTY_PAGES (migration), and what is newer */
		return -ENOTSUP;
	}
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
	error = dispatch(vu, &m);
	if (error < 0) {
		/* A reply in our direction that nobody asked for has no answer. */
		if ((h->flags & VFIO_USER_TYPE_MASK) == VFIO_USER_TYPE_REPLY) {
			vu->stats.errors++;
			error = 0;
		} else {
			error = sent(reply_error(vu, &m, error));
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
