// SPDX-License-Identifier: MIT
/*
 * Channels: a push buffer in segments, submission, and the fence.
 *
 *   push buffer   |  segment 0  |  segment 1  | ... |  segment 7  |
 *                     busy[0]      ^begin ^end
 *                                  `------'
 *                                  the next submission
 *
 * Each submission ends with a semaphore release by the host unit: when all
 * engines of the channel are idle it writes {sequence, 0, time} to slot 0 of
 * the fence buffer. A segment may be written again when the sequence number
 * kept for it has been reached. The other slots of the fence buffer are time
 * stamps, written by the same method.
 *
 * The kernel's own fence is not used: see nv_wait().
 */
#include <drm/drm.h>
#include <drm/nouveau_drm.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "nv.h"
#include "nv_class.h"

#define SEGMENT_WORDS	4096u
#define PUSH_BYTES	(NV_CHANNEL_SEGMENTS * SEGMENT_WORDS * 4ull)
#define RELEASE_WORDS	5u
#define FULL_WAIT_NS	10000000000ull	/* for a segment to become free */
#define CLOSE_WAIT_NS	3000000000ull

/* Missing in the kernel's header; the argument is as old as the driver. */
struct grobj_alloc {
	int32_t channel;
	uint32_t handle;
	int32_t class;
};
#define DRM_IOCTL_NOUVEAU_GROBJ_ALLOC	DRM_IOW(DRM_COMMAND_BASE + DRM_NOUVEAU_GROBJ_ALLOC, struct grobj_alloc)

/* What the GPU writes into a slot of the fence buffer. */
struct slot {
	uint32_t payload;
	uint32_t zero;
	uint64_t time;
};

static struct slot *slots(const struct nv_channel *ch)
{
	return ch->fence.map;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int add_object(struct nv_channel *ch, unsigned int subchannel, uint32_t class)
{
	struct grobj_alloc alloc = {
		.channel = ch->id,
		.handle = 0xca000000 | class,
		.class = (int32_t)class,
	};
	int err = nv_ioctl(ch->dev->fd, DRM_IOCTL_NOUVEAU_GROBJ_ALLOC, &alloc);

	return err ? err : nv_push1(ch, subchannel, NVC06F_SET_OBJECT, class);
}

int nv_channel_open(struct nv_device *dev, struct nv_channel *ch, enum nv_engine engine)
{
	struct drm_nouveau_channel_alloc alloc = {
		.fb_ctxdma_handle = ~0u,
		.tt_ctxdma_handle = engine == NV_ENGINE_COPY ? NOUVEAU_FIFO_ENGINE_CE :
							       NOUVEAU_FIFO_ENGINE_GR,
	};
	int err;

	memset(ch, 0, sizeof(*ch));
	err = nv_ioctl(dev->fd, DRM_IOCTL_NOUVEAU_CHANNEL_ALLOC, &alloc);
	if (err)
		return err;
	ch->dev = dev;
	ch->id = alloc.channel;
	ch->engine = engine;
	err = nv_bo_new(dev, &ch->push, PUSH_BYTES);
	if (!err)
		err = nv_bo_new(dev, &ch->fence, (NV_CHANNEL_STAMPS + 1) * sizeof(struct slot));
	if (err)
		goto fail;
	memset(ch->fence.map, 0, ch->fence.size);
	nv_channel_use(ch, &ch->push);
	nv_channel_use(ch, &ch->fence);
	if (engine == NV_ENGINE_GRAPHICS)
		err = add_object(ch, NV_SUBCH_COMPUTE, dev->compute_class);
	if (!err)
		err = add_object(ch, NV_SUBCH_COPY, dev->copy_class);
	if (!err)
		return 0;
fail:
	nv_channel_close(ch);
	return err;
}

void nv_channel_close(struct nv_channel *ch)
{
	struct drm_nouveau_channel_free free = { .channel = ch->id };

	if (!ch->dev)
		return;
	if (ch->fence.map && !ch->error)
		nv_wait(ch, ch->issued, CLOSE_WAIT_NS);
	nv_ioctl(ch->dev->fd, DRM_IOCTL_NOUVEAU_CHANNEL_FREE, &free);
	nv_bo_del(ch->dev, &ch->fence);
	nv_bo_del(ch->dev, &ch->push);
	ch->dev = NULL;
}

int nv_channel_use(struct nv_channel *ch, const struct nv_bo *bo)
{
	for (unsigned int i = 0; i < ch->extras; i++)
		if (ch->extra[i] == bo->handle)
			return 0;
	if (ch->extras == NV_CHANNEL_BUFFERS)
		return -ENOSPC;
	ch->extra[ch->extras++] = bo->handle;
	return 0;
}

void nv_channel_unuse(struct nv_channel *ch, const struct nv_bo *bo)
{
	for (unsigned int i = 0; i < ch->extras; i++)
		if (ch->extra[i] == bo->handle)
			ch->extra[i] = ch->extra[--ch->extras];
}

/* A submission without commands: the kernel only looks whether the channel was killed. */
int nv_channel_check(struct nv_channel *ch)
{
	struct drm_nouveau_gem_pushbuf push = { .channel = (uint32_t)ch->id };

	if (!ch->error && nv_ioctl(ch->dev->fd, DRM_IOCTL_NOUVEAU_GEM_PUSHBUF, &push))
		ch->error = -ENODEV;
	return ch->error;
}

/* To the next segment, once the GPU has read what it held. */
static int next_segment(struct nv_channel *ch)
{
	unsigned int next = (ch->segment + 1) % NV_CHANNEL_SEGMENTS;
	int err = nv_submit(ch, NULL);

	if (!err)
		err = nv_wait(ch, ch->busy[next], FULL_WAIT_NS);
	if (err)
		return err;
	ch->segment = next;
	ch->begin = ch->end = next * SEGMENT_WORDS;
	return 0;
}

int nv_push(struct nv_channel *ch, unsigned int subchannel, uint32_t method, unsigned int count,
	    const uint32_t *data)
{
	uint32_t limit = (ch->segment + 1) * SEGMENT_WORDS - RELEASE_WORDS;
	uint32_t *words = ch->push.map;

	if (ch->error)
		return ch->error;
	if (!count || count > 512)
		return -EINVAL;
	if (ch->end + 1 + count > limit) {
		int err = next_segment(ch);

		if (err)
			return err;
	}
	words[ch->end++] = NV_PUSH_INCREASING << 29 | count << 16 | subchannel << 13 | method >> 2;
	memcpy(&words[ch->end], data, count * 4);
	ch->end += count;
	return 0;
}

int nv_push1(struct nv_channel *ch, unsigned int subchannel, uint32_t method, uint32_t value)
{
	return nv_push(ch, subchannel, method, 1, &value);
}

static void semaphore_words(uint64_t va, uint32_t payload, uint32_t operation, uint32_t words[4])
{
	words[0] = (uint32_t)(va >> 32);
	words[1] = (uint32_t)va;
	words[2] = payload;
	words[3] = operation;
}

int nv_release(struct nv_channel *ch, uint64_t va, uint32_t value)
{
	uint32_t words[4];

	semaphore_words(va, value, NVC06F_SEMAPHORED_RELEASE, words);
	return nv_push(ch, NV_SUBCH_COPY, NVC06F_SEMAPHOREA, 4, words);
}

int nv_acquire(struct nv_channel *ch, uint64_t va, uint32_t value)
{
	uint32_t words[4];

	semaphore_words(va, value, NVC06F_SEMAPHORED_ACQUIRE_GEQ, words);
	return nv_push(ch, NV_SUBCH_COPY, NVC06F_SEMAPHOREA, 4, words);
}

int nv_stamp(struct nv_channel *ch, unsigned int slot)
{
	if (slot >= NV_CHANNEL_STAMPS)
		return -EINVAL;
	return nv_release(ch, ch->fence.va + (slot + 1) * sizeof(struct slot), 1);
}

uint64_t nv_stamp_read(const struct nv_channel *ch, unsigned int slot)
{
	return __atomic_load_n(&slots(ch)[slot + 1].time, __ATOMIC_ACQUIRE);
}

int nv_submit(struct nv_channel *ch, uint32_t *seq)
{
	struct drm_nouveau_gem_pushbuf_bo buffers[NV_CHANNEL_BUFFERS] = { 0 };
	struct drm_nouveau_gem_pushbuf_push push = { .bo_index = 0 };
	struct drm_nouveau_gem_pushbuf submit = {
		.channel = (uint32_t)ch->id,
		.nr_buffers = ch->extras,
		.buffers = (uintptr_t)buffers,
		.nr_push = 1,
		.push = (uintptr_t)&push,
	};
	uint32_t *words = ch->push.map;
	uint32_t release[4];
	int err;

	if (ch->error)
		return ch->error;
	if (ch->begin == ch->end)
		goto done;
	semaphore_words(ch->fence.va, ch->issued + 1, NVC06F_SEMAPHORED_RELEASE, release);
	words[ch->end] = NV_PUSH_INCREASING << 29 | 4u << 16 | NV_SUBCH_COPY << 13 |
			 NVC06F_SEMAPHOREA >> 2;
	memcpy(&words[ch->end + 1], release, sizeof(release));
	/*
	 * All are said to be read only. The driver would make channels that write
	 * the same buffer wait for each other; who waits for whom is the caller's
	 * business.
	 */
	for (unsigned int i = 0; i < ch->extras; i++) {
		buffers[i].handle = ch->extra[i];
		buffers[i].valid_domains = NOUVEAU_GEM_DOMAIN_GART;
		buffers[i].read_domains = NOUVEAU_GEM_DOMAIN_GART;
	}
	push.offset = ch->begin * 4ull;
	push.length = (ch->end + RELEASE_WORDS - ch->begin) * 4ull;
	err = nv_ioctl(ch->dev->fd, DRM_IOCTL_NOUVEAU_GEM_PUSHBUF, &submit);
	if (err) {
		if (err == -ENODEV)
			ch->error = err;
		return err;
	}
	ch->end += RELEASE_WORDS;
	ch->begin = ch->end;
	ch->busy[ch->segment] = ++ch->issued;
	ch->submits++;
done:
	if (seq)
		*seq = ch->issued;
	return 0;
}

bool nv_done(const struct nv_channel *ch, uint32_t seq)
{
	uint32_t reached = __atomic_load_n(&slots(ch)->payload, __ATOMIC_ACQUIRE);

	return (int32_t)(reached - seq) >= 0;
}

int nv_wait(struct nv_channel *ch, uint32_t seq, uint64_t timeout_ns)
{
	uint64_t start = now_ns(), checked = start, nap = 10000;

	for (int i = 0; i < 64; i++) {
		if (nv_done(ch, seq))
			return 0;
		sched_yield();
	}
	while (!nv_done(ch, seq)) {
		struct timespec t = { .tv_nsec = (long)nap };
		uint64_t now;

		nanosleep(&t, NULL);
		nap = nap < 500000 ? nap * 2 : nap;
		now = now_ns();
		if (now - checked > 5000000) {
			int err = nv_channel_check(ch);

			checked = now;
			/* The release may have come before the channel died. */
			if (err)
				return nv_done(ch, seq) ? 0 : err;
		}
		if (now - start > timeout_ns)
			return nv_done(ch, seq) ? 0 : -ETIMEDOUT;
	}
	return 0;
}
