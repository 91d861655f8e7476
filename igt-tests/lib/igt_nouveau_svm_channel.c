// SPDX-License-Identifier: MIT
/*
 * Channels: a push buffer that is written from its start again when it is full and the
 * GPU is done, submission, and a fence in memory.
 *
 * Each submission ends with a semaphore release, which waits until the engines of the
 * channel are idle. The word it writes is polled: an unmodified 6.12 never signals its
 * own fences for an engine outside runlist 0.
 *
 * Numbers are those of NVIDIA's class headers (clc06f.h, clc0b5.h).
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <time.h>

#include "igt.h"
#include "igt_nouveau_svm.h"
#include "igt_nouveau_svm_priv.h"

#define PUSH_WORDS	16384u
#define TAIL_WORDS	8u	/* for the release */

/* Missing in the header; the argument is as old as the driver. */
struct grobj_alloc {
	int32_t channel;
	uint32_t handle;
	int32_t class;
};
#define IOCTL_GROBJ_ALLOC	DRM_IOW(DRM_COMMAND_BASE + DRM_NOUVEAU_GROBJ_ALLOC, struct grobj_alloc)

enum method {
	SET_OBJECT = 0x000,
	SEMAPHORE = 0x010,		/* address high, low, payload, operation */
	COPY_LAUNCH = 0x300,
	COPY_ADDRESSES = 0x400,		/* in high, low, out high, low, pitches, length, lines */
	COPY_OUT = 0x408,
	COPY_LENGTH = 0x418,
	COPY_CONSTANT_A = 0x700,	/* + B, + components */
};

#define SEMAPHORE_RELEASE	2u		/* waits for idle, 16 bytes with a time */
#define LAUNCH_PLAIN		(2u | 1u << 2 | 1u << 7 | 1u << 8)	/* in order, flush, linear */
#define LAUNCH_LINES		(1u << 9)
#define LAUNCH_REMAP		(1u << 10)
#define REMAP_WORD_A		(4u | 3u << 16)	/* one component of four bytes: constant A */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int add_object(struct nsvm_channel *ch, unsigned int subchannel, uint32_t class)
{
	struct grobj_alloc alloc = {
		.channel = ch->id,
		.handle = 0x51000000 | class,
		.class = (int32_t)class,
	};
	int ret = nsvm_ioctl(ch->svm->fd, IOCTL_GROBJ_ALLOC, &alloc);

	if (!ret)
		nsvm_push(ch, subchannel, SET_OBJECT, 1, &class);
	return ret;
}

int nsvm_channel_open(struct nsvm *svm, struct nsvm_channel *ch, enum nsvm_engine engine)
{
	struct drm_nouveau_channel_alloc alloc = {
		.fb_ctxdma_handle = ~0u,
		.tt_ctxdma_handle = engine == NSVM_COPY ? NOUVEAU_FIFO_ENGINE_CE :
							  NOUVEAU_FIFO_ENGINE_GR,
	};
	int ret;

	memset(ch, 0, sizeof(*ch));
	ret = nsvm_ioctl(svm->fd, DRM_IOCTL_NOUVEAU_CHANNEL_ALLOC, &alloc);
	if (ret)
		return ret;
	ch->svm = svm;
	ch->id = alloc.channel;
	ch->notifier = alloc.notifier_handle;
	ch->engine = engine;
	ret = nsvm_bo_new(svm, &ch->push, PUSH_WORDS * 4, NOUVEAU_GEM_DOMAIN_GART);
	if (!ret)
		ret = nsvm_bo_new(svm, &ch->fence, NSVM_PAGE, NOUVEAU_GEM_DOMAIN_GART);
	if (!ret)
		memset(ch->fence.map, 0, NSVM_PAGE);
	if (!ret && engine == NSVM_COMPUTE)
		ret = add_object(ch, NSVM_SUBCH_COMPUTE, svm->compute_class);
	if (!ret)
		ret = add_object(ch, NSVM_SUBCH_COPY, svm->copy_class);
	if (!ret && engine == NSVM_COMPUTE)
		ret = nsvm_compute_open(ch);
	if (!ret)
		ret = nsvm_finish(ch);
	if (ret)
		nsvm_channel_close(ch);
	return ret;
}

void nsvm_require_channel(struct nsvm *svm, struct nsvm_channel *ch, enum nsvm_engine engine)
{
	int ret;

	if (ch->svm && !nsvm_channel_check(ch) && !nsvm_finish(ch))
		return;
	nsvm_channel_close(ch);
	ret = nsvm_channel_open(svm, ch, engine);
	igt_require_f(engine == NSVM_COPY || (ret != -ENODEV && ret != -ENOENT && ret != -EINVAL),
		      "no compute engine (%d): is there firmware for graphics?\n", ret);
	igt_assert_f(!ret, "channel: %d\n", ret);
}

void nsvm_channel_close(struct nsvm_channel *ch)
{
	struct drm_nouveau_channel_free free = { .channel = ch->id };
	struct drm_gem_close notifier = { .handle = ch->notifier };

	if (!ch->svm)
		return;
	nsvm_ioctl(ch->svm->fd, DRM_IOCTL_NOUVEAU_CHANNEL_FREE, &free);
	/* Its handle is ours, and outlives the channel. */
	nsvm_ioctl(ch->svm->fd, DRM_IOCTL_GEM_CLOSE, &notifier);
	nsvm_bo_del(ch->svm, &ch->local);
	nsvm_bo_del(ch->svm, &ch->slots);
	nsvm_bo_del(ch->svm, &ch->code);
	nsvm_bo_del(ch->svm, &ch->fence);
	nsvm_bo_del(ch->svm, &ch->push);
	memset(ch, 0, sizeof(*ch));
}

/* A submission without commands: the kernel only looks whether the channel was killed. */
int nsvm_channel_check(struct nsvm_channel *ch)
{
	struct drm_nouveau_gem_pushbuf push = { .channel = (uint32_t)ch->id };

	if (!ch->error && nsvm_ioctl(ch->svm->fd, DRM_IOCTL_NOUVEAU_GEM_PUSHBUF, &push))
		ch->error = -ENODEV;
	return ch->error;
}

void nsvm_room(struct nsvm_channel *ch, unsigned int words)
{
	int ret;

	igt_assert(words + TAIL_WORDS <= PUSH_WORDS);
	if (ch->end + words + TAIL_WORDS <= PUSH_WORDS)
		return;
	ret = nsvm_finish(ch);
	/* A dead channel takes anything; its caller learns of it when it submits. */
	igt_assert_f(!ret || ret == -ENODEV, "full push buffer: %d\n", ret);
	ch->begin = 0;
	ch->end = 0;
}

void nsvm_push(struct nsvm_channel *ch, unsigned int subchannel, uint32_t method,
	       unsigned int count, const uint32_t *data)
{
	uint32_t *words = ch->push.map;

	igt_assert(count && count <= 64);
	nsvm_room(ch, 1 + count);
	words[ch->end++] = 1u << 29 | count << 16 | subchannel << 13 | method >> 2;
	memcpy(&words[ch->end], data, count * 4);
	ch->end += count;
}

static void add_buffer(struct drm_nouveau_gem_pushbuf_bo *buffers, uint32_t *n,
		       const struct nsvm_bo *bo)
{
	uint32_t domain = bo->map ? NOUVEAU_GEM_DOMAIN_GART : NOUVEAU_GEM_DOMAIN_VRAM;

	if (!bo->handle)
		return;
	buffers[*n].handle = bo->handle;
	buffers[*n].valid_domains = domain;
	buffers[*n].read_domains = domain;
	buffers[*n].write_domains = *n ? domain : 0;
	(*n)++;
}

int nsvm_submit_with(struct nsvm_channel *ch, const struct nsvm_bo *bos, unsigned int count,
		     uint32_t *seq)
{
	struct drm_nouveau_gem_pushbuf_bo buffers[NSVM_HOG_MAX + 8] = { 0 };
	struct drm_nouveau_gem_pushbuf_push push = { .bo_index = 0 };
	struct drm_nouveau_gem_pushbuf submit = {
		.channel = (uint32_t)ch->id,
		.buffers = (uintptr_t)buffers,
		.nr_push = 1,
		.push = (uintptr_t)&push,
	};
	uint32_t *words = ch->push.map;
	int ret;

	if (ch->error)
		return ch->error;
	if (ch->begin == ch->end) {
		if (seq)
			*seq = ch->issued;
		return 0;
	}
	words[ch->end++] = 1u << 29 | 4u << 16 | NSVM_SUBCH_COPY << 13 | SEMAPHORE >> 2;
	words[ch->end++] = (uint32_t)(ch->fence.va >> 32);
	words[ch->end++] = (uint32_t)ch->fence.va;
	words[ch->end++] = ++ch->issued;
	words[ch->end++] = SEMAPHORE_RELEASE;

	igt_assert(count <= NSVM_HOG_MAX);
	add_buffer(buffers, &submit.nr_buffers, &ch->push);
	add_buffer(buffers, &submit.nr_buffers, &ch->fence);
	add_buffer(buffers, &submit.nr_buffers, &ch->code);
	add_buffer(buffers, &submit.nr_buffers, &ch->slots);
	add_buffer(buffers, &submit.nr_buffers, &ch->local);
	for (unsigned int i = 0; i < count; i++)
		add_buffer(buffers, &submit.nr_buffers, &bos[i]);
	push.offset = ch->begin * 4ull;
	push.length = (ch->end - ch->begin) * 4ull;
	ch->begin = ch->end;
	ret = nsvm_ioctl(ch->svm->fd, DRM_IOCTL_NOUVEAU_GEM_PUSHBUF, &submit);
	if (ret)
		ch->issued--;
	if (ret == -ENODEV)
		ch->error = ret;
	if (seq)
		*seq = ch->issued;
	return ret;
}

int nsvm_submit(struct nsvm_channel *ch, uint32_t *seq)
{
	return nsvm_submit_with(ch, NULL, 0, seq);
}

static bool reached(const struct nsvm_channel *ch, uint32_t seq)
{
	return (int32_t)(__atomic_load_n((uint32_t *)ch->fence.map, __ATOMIC_ACQUIRE) - seq) >= 0;
}

int nsvm_wait(struct nsvm_channel *ch, uint32_t seq, unsigned int ms)
{
	uint64_t start = now_ms(), checked = start, nap = 20000;

	for (int i = 0; i < 64 && !reached(ch, seq); i++)
		sched_yield();
	while (!reached(ch, seq)) {
		struct timespec t = { .tv_nsec = (long)nap };
		uint64_t now = now_ms();

		if (now - start > ms)
			return -ETIME;
		if (now - checked > 10) {
			checked = now;
			/* The release may have come before the channel died. */
			if (nsvm_channel_check(ch))
				return reached(ch, seq) ? 0 : ch->error;
		}
		nanosleep(&t, NULL);
		nap = nap < 1000000 ? nap * 2 : nap;
	}
	return 0;
}

int nsvm_finish(struct nsvm_channel *ch)
{
	uint32_t seq;
	int ret = nsvm_submit(ch, &seq);

	return ret ? ret : nsvm_wait(ch, seq, NSVM_WAIT_MS);
}

void nsvm_copy(struct nsvm_channel *ch, uint64_t dst, uint64_t src, uint64_t size)
{
	uint32_t line = (uint32_t)(size < NSVM_PAGE ? size : NSVM_PAGE);
	uint32_t words[8] = {
		(uint32_t)(src >> 32), (uint32_t)src, (uint32_t)(dst >> 32), (uint32_t)dst,
		line, line, line, (uint32_t)(size / line),
	};
	uint32_t launch = LAUNCH_PLAIN | LAUNCH_LINES;

	igt_assert(size && size % line == 0);
	nsvm_push(ch, NSVM_SUBCH_COPY, COPY_ADDRESSES, 8, words);
	nsvm_push(ch, NSVM_SUBCH_COPY, COPY_LAUNCH, 1, &launch);
}

void nsvm_set(struct nsvm_channel *ch, uint64_t dst, uint32_t value, uint64_t count)
{
	uint32_t remap[3] = { value, 0, REMAP_WORD_A };
	uint32_t out[2] = { (uint32_t)(dst >> 32), (uint32_t)dst };
	uint32_t length = (uint32_t)count, launch = LAUNCH_PLAIN | LAUNCH_REMAP;

	igt_assert(count && !(count >> 28));
	nsvm_push(ch, NSVM_SUBCH_COPY, COPY_CONSTANT_A, 3, remap);
	nsvm_push(ch, NSVM_SUBCH_COPY, COPY_OUT, 2, out);
	nsvm_push(ch, NSVM_SUBCH_COPY, COPY_LENGTH, 1, &length);
	nsvm_push(ch, NSVM_SUBCH_COPY, COPY_LAUNCH, 1, &launch);
}
