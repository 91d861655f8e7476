/* SPDX-License-Identifier: MIT */
/*
 * The lowest layer: one Pascal GPU through nouveau, as a program by hand
 * would use it. A device with shared virtual memory, buffer objects, channels
 * with push buffers, fences in memory.
 *
 * What it does not do: no policy, no threads, no retry. Nothing here decides
 * where memory lives; nothing waits without a time limit. The objects have no
 * locks: a caller that shares one between threads serializes its calls.
 * Different channels of one device may be used by different threads at once.
 *
 * Errors are negative errno values throughout. -ENODEV from a channel call
 * means that the kernel has killed the channel (an access that could not be
 * resolved, an engine error, or the card is gone); it stays dead.
 */
#ifndef USVM_NV_H
#define USVM_NV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NV_PAGE_SIZE	4096ull
#define NV_HUGE_SIZE	(2ull << 20)

/**
 * struct nv_device - a nouveau file with SVM switched on
 * @fd: the open DRM node
 * @path: its name under /dev/dri
 * @chipset: for instance 0x134 for GP104
 * @vram_size: bytes of video memory that user objects may take
 * @pci_device: PCI device id
 * @graph_units: NOUVEAU_GETPARAM_GRAPH_UNITS: GPCs, TPCs << 8, ROPs << 32
 * @copy_class: class of the copy engine, for SET_OBJECT
 * @compute_class: class of the compute engine, for SET_OBJECT
 * @window: start of the address range kept for the driver's own objects
 * @window_size: its bytes; no memory of the program can be placed there
 * @failed: when nv_device_open() fails, the step that failed, in words
 */
struct nv_device {
	int fd;
	char path[32];
	uint32_t chipset;
	uint64_t vram_size;
	uint32_t pci_device;
	uint64_t graph_units;
	uint32_t copy_class;
	uint32_t compute_class;
	void *window;
	uint64_t window_size;
	const char *failed;
};

/**
 * nv_ioctl() - one DRM ioctl, restarted when a signal interrupts it
 * @fd: an open DRM node
 * @request: ioctl number
 * @arg: its argument
 *
 * Return: 0 or a negative errno.
 */
int nv_ioctl(int fd, unsigned long request, void *arg);

/**
 * nv_device_open() - open a GPU and switch shared virtual memory on
 * @dev: filled in; needs no preparation
 * @path: a node such as /dev/dri/renderD128, or NULL for the first one that works
 *
 * The whole address space of this process is the GPU's from here on, except
 * @dev->window. Memory that a child gets by fork() is not.
 *
 * Return: 0; -ENODEV: no nouveau device; -ENOSYS: the kernel or the chip has
 * no SVM; -EACCES and others from the kernel. @dev->failed says what failed.
 */
int nv_device_open(struct nv_device *dev, const char *path);

/**
 * nv_device_close() - close the device; all its objects must be gone before
 * @dev: an open device; a second call does nothing
 */
void nv_device_close(struct nv_device *dev);

/**
 * nv_getparam() - ask nouveau for a number
 * @dev: an open device
 * @param: NOUVEAU_GETPARAM_*
 * @value: the answer
 *
 * Return: 0 or a negative errno; -EINVAL for what the kernel does not know.
 */
int nv_getparam(const struct nv_device *dev, uint64_t param, uint64_t *value);

/**
 * nv_svm_bind() - move a range of this process's memory to video memory
 * @dev: an open device
 * @addr: first byte; rounded down to a page
 * @size: bytes, not 0; the end is rounded up to a page
 *
 * Pages that can move are in video memory and mapped on the GPU when this
 * returns. Others stay where they are and may be unmapped on the GPU: success
 * does not mean that anything moved. See pages_scan() for finding out.
 *
 * Return: 0 or a negative errno.
 */
int nv_svm_bind(const struct nv_device *dev, const void *addr, uint64_t size);

/**
 * nv_svm_bind_to_ram() - move a range back to RAM by the kernel
 * @dev: an open device
 * @addr: as nv_svm_bind()
 * @size: as nv_svm_bind()
 *
 * Return: 0 or a negative errno; -EINVAL: the kernel is an unmodified one, on
 * which touching every page is the only way.
 */
int nv_svm_bind_to_ram(const struct nv_device *dev, const void *addr, uint64_t size);

/**
 * nv_svm_features() - what this kernel's SVM_BIND can do
 * @dev: an open device
 *
 * Return: a mask of NOUVEAU_SVM_BIND_FEATURE_* of nv_uapi.h; 0 on an unmodified kernel.
 */
uint64_t nv_svm_features(const struct nv_device *dev);

/**
 * nv_svm_policy() - what a GPU fault in a range does
 * @dev: an open device
 * @addr: first byte; rounded down to a page
 * @size: bytes
 * @policy: NOUVEAU_SVM_BIND_POLICY__* of nv_uapi.h
 *
 * Return: 0 or a negative errno; -EINVAL without the feature.
 */
int nv_svm_policy(const struct nv_device *dev, const void *addr, uint64_t size, uint32_t policy);

struct drm_nouveau_svm_extent;

/**
 * nv_svm_query() - where a range is, by folio size, without touching it
 * @dev: an open device
 * @addr: first byte; rounded down to a page
 * @size: bytes
 * @extents: filled in, in the order of addresses; unmapped addresses are left out
 * @room: elements of @extents
 * @count: how many there are; more than @room: the rest did not fit
 *
 * Return: 0 or a negative errno; -EINVAL without the feature.
 */
int nv_svm_query(const struct nv_device *dev, const void *addr, uint64_t size,
		 struct drm_nouveau_svm_extent *extents, uint64_t room, uint64_t *count);

/**
 * struct nv_bo - memory of the driver's own: pinned down while a channel uses it
 * @handle: GEM handle
 * @va: address on the GPU, inside the device's window
 * @size: bytes
 * @map: the same memory for the CPU
 */
struct nv_bo {
	uint32_t handle;
	uint64_t va;
	uint64_t size;
	void *map;
};

/**
 * nv_bo_new() - make a buffer in system memory that CPU and GPU both see
 * @dev: an open device
 * @bo: filled in
 * @size: bytes; rounded up to pages
 *
 * Return: 0 or a negative errno; @bo is then all zero.
 */
int nv_bo_new(const struct nv_device *dev, struct nv_bo *bo, uint64_t size);

/**
 * nv_bo_del() - free a buffer
 * @dev: the device it was made on
 * @bo: a buffer that no submission uses any more, or one that is all zero
 */
void nv_bo_del(const struct nv_device *dev, struct nv_bo *bo);

#define NV_CHANNEL_SEGMENTS	8
#define NV_CHANNEL_BUFFERS	64
#define NV_CHANNEL_STAMPS	192	/* 16 bytes each, after the completion word */

/** enum nv_engine - what a channel is for */
enum nv_engine {
	NV_ENGINE_COPY,		/* the copy engine's own runlist */
	NV_ENGINE_GRAPHICS,	/* graphics runlist: compute, and a copy engine beside it */
};

/**
 * struct nv_channel - a queue of commands, executed in order
 * @dev: the device
 * @id: nouveau's number for it
 * @engine: what it was made for
 * @push: memory of the push buffer, in NV_CHANNEL_SEGMENTS equal segments
 * @fence: memory of the completion word and of the time stamps
 * @extra: buffers that each submission keeps in place
 * @extras: how many
 * @segment: the segment being written
 * @begin: first word of it that was not yet submitted
 * @end: next word to write
 * @busy: for each segment the sequence number after which it is free
 * @issued: last sequence number that was submitted
 * @error: 0, or why the channel takes no more work (-ENODEV)
 * @submits: submissions so far
 * @launches: copies, fills and grids so far
 */
struct nv_channel {
	struct nv_device *dev;
	int32_t id;
	enum nv_engine engine;
	struct nv_bo push;
	struct nv_bo fence;
	uint32_t extra[NV_CHANNEL_BUFFERS];
	unsigned int extras;
	unsigned int segment;
	uint32_t begin;
	uint32_t end;
	uint32_t busy[NV_CHANNEL_SEGMENTS];
	uint32_t issued;
	int error;
	uint64_t submits;
	uint64_t launches;
};

/**
 * nv_channel_open() - make a channel and bind its engine objects
 * @dev: an open device; must outlive the channel
 * @ch: filled in
 * @engine: NV_ENGINE_GRAPHICS fails where the kernel has no graphics firmware
 *
 * Return: 0 or a negative errno.
 */
int nv_channel_open(struct nv_device *dev, struct nv_channel *ch, enum nv_engine engine);

/**
 * nv_channel_close() - free a channel, dead or alive
 * @ch: the channel; what was submitted is waited for (bounded), what was not is dropped
 */
void nv_channel_close(struct nv_channel *ch);

/**
 * nv_channel_use() - keep a buffer in place for all later submissions
 * @ch: an open channel
 * @bo: a buffer of the same device; a second call for it does nothing
 *
 * Return: 0 or -ENOSPC.
 */
int nv_channel_use(struct nv_channel *ch, const struct nv_bo *bo);

/**
 * nv_channel_unuse() - later submissions no longer need a buffer
 * @ch: an open channel
 * @bo: a buffer that nv_channel_use() was called with, or not
 *
 * The buffer may be freed once what was submitted before is done.
 */
void nv_channel_unuse(struct nv_channel *ch, const struct nv_bo *bo);

/**
 * nv_channel_check() - ask the kernel whether the channel is alive
 * @ch: an open channel
 *
 * Return: 0, or -ENODEV and the channel is marked dead.
 */
int nv_channel_check(struct nv_channel *ch);

/**
 * nv_push() - write a run of methods with increasing addresses
 * @ch: an open channel
 * @subchannel: NV_SUBCH_*
 * @method: byte offset of the first method
 * @count: data words, 1 to 512
 * @data: the words
 *
 * Submits by itself when the current segment is full, and waits (bounded)
 * when the next one is still being read.
 *
 * Return: 0 or a negative errno.
 */
int nv_push(struct nv_channel *ch, unsigned int subchannel, uint32_t method, unsigned int count,
	    const uint32_t *data);

/**
 * nv_push1() - write one method
 * @ch: an open channel
 * @subchannel: NV_SUBCH_*
 * @method: byte offset
 * @value: its data
 *
 * Return: as nv_push().
 */
int nv_push1(struct nv_channel *ch, unsigned int subchannel, uint32_t method, uint32_t value);

/**
 * nv_submit() - hand everything written so far to the GPU
 * @ch: an open channel
 * @seq: sequence number to wait for; NULL if nobody will
 *
 * With nothing written since the last call this submits nothing and gives the
 * last number again.
 *
 * Return: 0 or a negative errno.
 */
int nv_submit(struct nv_channel *ch, uint32_t *seq);

/**
 * nv_done() - is a submission over?
 * @ch: an open channel
 * @seq: from nv_submit()
 *
 * Looks at memory only.
 */
bool nv_done(const struct nv_channel *ch, uint32_t seq);

/**
 * nv_wait() - wait for a submission
 * @ch: an open channel
 * @seq: from nv_submit()
 * @timeout_ns: how long at most
 *
 * Polls the completion word that the GPU writes, not the kernel's fence: an
 * unmodified 6.12 never signals that one for an engine outside runlist 0.
 *
 * Return: 0; -ETIMEDOUT; -ENODEV when the channel died, seen within some 10 ms.
 */
int nv_wait(struct nv_channel *ch, uint32_t seq, uint64_t timeout_ns);

/**
 * nv_stamp() - have the GPU write its time once everything before is done
 * @ch: an open channel
 * @slot: 0 to NV_CHANNEL_STAMPS - 1; the caller sees to it that it is free
 *
 * Return: as nv_push().
 */
int nv_stamp(struct nv_channel *ch, unsigned int slot);

/**
 * nv_stamp_read() - the time that the GPU wrote
 * @ch: an open channel
 * @slot: as for nv_stamp(), after its submission is done
 *
 * Return: nanoseconds of the GPU's timer.
 */
uint64_t nv_stamp_read(const struct nv_channel *ch, unsigned int slot);

/**
 * nv_release() - once everything before is done, write a word for other channels
 * @ch: an open channel that uses the buffer (nv_channel_use())
 * @va: GPU address of 16 bytes, 16-aligned: the word, zero, the GPU's time
 * @value: the word
 *
 * Return: as nv_push().
 */
int nv_release(struct nv_channel *ch, uint64_t va, uint32_t value);

/**
 * nv_acquire() - what follows waits on the GPU until a word has reached a value
 * @ch: an open channel that uses the buffer (nv_channel_use())
 * @va: GPU address of the word
 * @value: at least this, counting modulo 2^32
 *
 * Nobody watches whether that ever happens: the write should have been submitted.
 *
 * Return: as nv_push().
 */
int nv_acquire(struct nv_channel *ch, uint64_t va, uint32_t value);

/* The copy engine. Addresses are the GPU's: SVM pointers or those of buffers. */

/**
 * nv_copy() - copy bytes
 * @ch: a channel
 * @dst: where to
 * @src: where from; must not overlap
 * @size: bytes
 *
 * Every page of both ranges must be mapped on the GPU, the destination
 * writable: on Pascal an access of the copy engine that faults kills the channel.
 *
 * Return: as nv_push().
 */
int nv_copy(struct nv_channel *ch, uint64_t dst, uint64_t src, uint64_t size);

/**
 * nv_copy_2d() - copy lines
 * @ch: a channel
 * @dst: first byte of the first line written
 * @dst_pitch: bytes from one line to the next
 * @src: first byte read
 * @src_pitch: as @dst_pitch
 * @width: bytes a line
 * @height: lines
 *
 * Return: as nv_push(); -EINVAL if a pitch or width does not fit in 32 bits.
 */
int nv_copy_2d(struct nv_channel *ch, uint64_t dst, uint64_t dst_pitch, uint64_t src,
	       uint64_t src_pitch, uint64_t width, uint64_t height);

/**
 * nv_fill() - fill memory with a pattern
 * @ch: a channel
 * @dst: where to; aligned to @element
 * @element: bytes of the pattern: 1, 2, 4 or 8
 * @value: the pattern, in its low bytes
 * @count: how many elements
 *
 * Return: as nv_push(); -EINVAL for another element size.
 */
int nv_fill(struct nv_channel *ch, uint64_t dst, unsigned int element, uint64_t value,
	    uint64_t count);

#endif
