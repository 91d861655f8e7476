// SPDX-License-Identifier: MIT
/*
 * vfio-user: the messages and their checks. Nothing that a wrong message asks for is done in part.
 *
 * A handler returns 0 after it has replied, a negative errno for an error reply, or GONE if the
 * reply could not be sent.
 */
#include "vfio_user_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int sent(int error)
{
	return error ? GONE : 0;
}

static int reply_with(struct vfio_user *vu, const struct message *m, const void *body, size_t len)
{
	memcpy(vu->out + sizeof(m->h), body, len);
	return vfio_user_reply(vu, m, len);
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
	return sent(vfio_user_reply(vu, m, sizeof(v) + (size_t)len + 1));
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
	return sent(vfio_user_reply(vu, m, 0));
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
	return sent(vfio_user_reply(vu, m, 0));
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
	return sent(vfio_user_reply(vu, m, sizeof(a) + a.count));
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
	return sent(vfio_user_reply(vu, m, 0));
}

int vfio_user_dispatch(struct vfio_user *vu, const struct message *m)
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
