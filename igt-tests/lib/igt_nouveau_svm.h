/* SPDX-License-Identifier: MIT */
#ifndef IGT_NOUVEAU_SVM_H
#define IGT_NOUVEAU_SVM_H
/**
 * SECTION:igt_nouveau_svm
 * @short_description: shared virtual memory of nouveau
 * @title: nouveau SVM
 * @include: igt_nouveau_svm.h
 *
 * What tests of nouveau's SVM share: a device with SVM switched on, memory on pages
 * of a chosen size with a pattern in it, moving and asking where it is, channels of
 * the copy and of the compute engine, buffer objects that make VRAM scarce, the
 * driver's counters, and, where the GPU is a model, its control port.
 *
 * Functions that return an int return 0 or a negative errno. Those that return
 * nothing fail the subtest when they cannot do what they say; functions called
 * "require" skip it with a reason. All belong to one thread at a time, except that
 * different channels may be used by different threads.
 *
 * A subtest that ends in the middle, as failing ones do, leaves areas, buffers and
 * dead channels behind. nsvm_begin() at the start of the next one clears that up.
 *
 * Addresses are the same on both sides, so that a pointer is what a kernel gets.
 *
 * Patterns: word number w of an area with pattern "seed" is seed + w. With a stride
 * of s words only the words 0, s, 2s... are looked at; NSVM_PAGE_WORDS is one word a
 * page, the usual way of touching every page and not taking all day.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drm.h"
#include "nouveau_drm.h"

#define NSVM_PAGE	4096ull
#define NSVM_MTHP_SIZE	(64ull << 10)
#define NSVM_HUGE_SIZE	(2ull << 20)
#define NSVM_PAGE_WORDS	1024u		/* stride: a word a page */
#define NSVM_ORDERS	12
#define NSVM_SEED	0x10000000u	/* for those who need only one */

/* The part of the interface that unmodified kernels do not have. */
#ifndef NOUVEAU_SVM_BIND_COMMAND__QUERY
#define NOUVEAU_SVM_BIND_TARGET__CPU		0
#define NOUVEAU_SVM_BIND_COMMAND__POLICY	1
#define NOUVEAU_SVM_BIND_COMMAND__QUERY		2
#define NOUVEAU_SVM_BIND_COMMAND__FEATURES	3
#define NOUVEAU_SVM_BIND_POLICY__DEFAULT	0
#define NOUVEAU_SVM_BIND_POLICY__AUTO		1
#define NOUVEAU_SVM_BIND_POLICY__DEVICE		2
#define NOUVEAU_SVM_BIND_POLICY__HOST		3
#define NOUVEAU_SVM_BIND_FEATURE_CPU_TARGET	(1ull << 0)
#define NOUVEAU_SVM_BIND_FEATURE_POLICY		(1ull << 1)
#define NOUVEAU_SVM_BIND_FEATURE_QUERY		(1ull << 2)
#define NOUVEAU_SVM_BIND_FEATURE_RESULT		(1ull << 3)
#define NOUVEAU_SVM_EXTENT_NOWHERE		0
#define NOUVEAU_SVM_EXTENT_RAM			1
#define NOUVEAU_SVM_EXTENT_VRAM			2
struct drm_nouveau_svm_extent {
	__u64 va_start;
	__u64 va_end;
	__u32 where;
	__u32 order;
	__u32 policy;
	__u32 moved;
	__u64 moved_ms;
	__u64 reserved;
};
#endif
#define NSVM_FEATURES_ALL	(NOUVEAU_SVM_BIND_FEATURE_CPU_TARGET | \
				 NOUVEAU_SVM_BIND_FEATURE_POLICY | \
				 NOUVEAU_SVM_BIND_FEATURE_QUERY | \
				 NOUVEAU_SVM_BIND_FEATURE_RESULT)

/*
 * The device: igt_nouveau_svm.c
 */

/**
 * struct nsvm - a nouveau file with SVM switched on
 * @fd: an open render node
 * @chipset: for instance 0x134
 * @vram_size: bytes of VRAM that buffer objects may take
 * @graph_units: NOUVEAU_GETPARAM_GRAPH_UNITS
 * @copy_class: class of the copy engine
 * @compute_class: class of the compute engine
 * @window: addresses that the driver has for buffer objects, below 1 TiB
 * @window_size: its bytes
 * @features: NOUVEAU_SVM_BIND_FEATURE_*; 0 on an unmodified kernel
 */
struct nsvm {
	int fd;
	uint32_t chipset;
	uint64_t vram_size;
	uint64_t graph_units;
	uint32_t copy_class;
	uint32_t compute_class;
	void *window;
	uint64_t window_size;
	uint64_t features;
};

/**
 * nsvm_require_fd - open the first nouveau render node whose chip has SVM
 *
 * Skips without one. SVM is not switched on: that is for tests of the interface.
 *
 * Returns: a file descriptor; the caller closes it.
 */
int nsvm_require_fd(void);

/**
 * nsvm_ioctl - one ioctl, restarted when a signal interrupts it
 */
int nsvm_ioctl(int fd, unsigned long request, void *arg);

/** nsvm_init - DRM_NOUVEAU_SVM_INIT */
int nsvm_init(int fd, uint64_t unmanaged_addr, uint64_t unmanaged_size);

/** nsvm_bind - DRM_NOUVEAU_SVM_BIND with arguments of any kind */
int nsvm_bind(int fd, struct drm_nouveau_svm_bind *bind);

/** nsvm_features - NOUVEAU_SVM_BIND_FEATURE_* of the driver; 0 on an unmodified kernel */
uint64_t nsvm_features(int fd);

/**
 * nsvm_window - addresses below 1 TiB with nothing behind them
 * @size: filled in
 *
 * The same for every file of the process; it stays reserved until the process ends.
 */
void *nsvm_window(uint64_t *size);

/** nsvm_require - open a device and switch SVM on; skips where there is none */
void nsvm_require(struct nsvm *svm);

/** nsvm_close - close the device; a second call does nothing */
void nsvm_close(struct nsvm *svm);

/** nsvm_require_features - skip on kernels without all features of @mask */
void nsvm_require_features(const struct nsvm *svm, uint64_t mask);

/**
 * nsvm_begin - clear up after a subtest that ended in the middle
 *
 * Unmaps areas, frees hogs and buffers, resets the model's faults on demand and the
 * page size. The first line of each subtest.
 */
void nsvm_begin(struct nsvm *svm);

/*
 * Moving and asking.
 */

/**
 * nsvm_command - a command of DRM_NOUVEAU_SVM_BIND
 * @command: NOUVEAU_SVM_BIND_COMMAND__*
 * @target: of the command
 * @p: first byte
 * @size: bytes
 * @result: filled in if not NULL
 */
int nsvm_command(const struct nsvm *svm, unsigned int command, uint32_t target, const void *p,
		 uint64_t size, uint64_t *result);

/**
 * nsvm_to_vram - SVM_BIND to VRAM
 *
 * Returns: pages that moved, 0 on unmodified kernels, which do not tell; or -errno.
 */
long nsvm_to_vram(const struct nsvm *svm, const void *p, uint64_t size);

/**
 * nsvm_to_ram - back to system memory
 *
 * By SVM_BIND, or by reading each page where the kernel has no such command.
 *
 * Returns: pages that moved, or -errno.
 */
long nsvm_to_ram(const struct nsvm *svm, const void *p, uint64_t size);

/** nsvm_policy - what GPU faults in the range do; needs FEATURE_POLICY */
int nsvm_policy(const struct nsvm *svm, const void *p, uint64_t size, uint32_t policy);

/**
 * nsvm_query - the query command as it is
 *
 * Returns: how many extents there are, also when @room is less; or -errno.
 */
long nsvm_query(const struct nsvm *svm, const void *p, uint64_t size,
		struct drm_nouveau_svm_extent *extents, uint64_t room);

/**
 * struct nsvm_residency - where the bytes of a range are
 * @unmapped: no mapping
 * @nowhere: mapped, but nothing there yet (or swapped out)
 * @ram: in system memory
 * @vram: in video memory
 * @ram_order: of those in RAM, by order of the folio
 * @vram_order: of those in VRAM
 * @orders_known: false on unmodified kernels; orders are then all 0
 */
struct nsvm_residency {
	uint64_t unmapped;
	uint64_t nowhere;
	uint64_t ram;
	uint64_t vram;
	uint64_t ram_order[NSVM_ORDERS];
	uint64_t vram_order[NSVM_ORDERS];
	bool orders_known;
};

/** nsvm_where - by the query, or by the page tables where there is none */
struct nsvm_residency nsvm_where(const struct nsvm *svm, const void *p, uint64_t size);

/** nsvm_show_where - print the residency of a range, as for a failing test */
void nsvm_show_where(const struct nsvm *svm, const char *what, const void *p, uint64_t size);

/** nsvm_assert_in_vram - all of the range is there; prints where it is if not */
void nsvm_assert_in_vram(const struct nsvm *svm, const void *p, uint64_t size);

/** nsvm_assert_in_ram - all of the range is there; prints where it is if not */
void nsvm_assert_in_ram(const struct nsvm *svm, const void *p, uint64_t size);

/** nsvm_assert_vram_order - all in VRAM, in folios of that order; needs FEATURE_QUERY */
void nsvm_assert_vram_order(const struct nsvm *svm, const void *p, uint64_t size,
			    unsigned int order);

/** nsvm_assert_ram_order - all in RAM, in folios of that order; needs FEATURE_QUERY */
void nsvm_assert_ram_order(const struct nsvm *svm, const void *p, uint64_t size,
			   unsigned int order);

/**
 * nsvm_counter - a number of the driver, by its name in debugfs' "dmem"
 *
 * Returns: -1 where there is none (unmodified kernel, no debugfs).
 */
int64_t nsvm_counter(const struct nsvm *svm, const char *name);

/** nsvm_debugfs_write - write to a file of the device in debugfs, e.g. "dmem", "evict" */
int nsvm_debugfs_write(const struct nsvm *svm, const char *file, const char *text);

/**
 * nsvm_assert_sound - the driver's own check of its allocator passes
 *
 * Does nothing where there is no such check.
 */
void nsvm_assert_sound(const struct nsvm *svm);

/*
 * Memory: igt_nouveau_svm_memory.c
 */

/** enum nsvm_pages - what an area is made of */
enum nsvm_pages {
	NSVM_BASE,	/* 4 KiB */
	NSVM_MTHP,	/* 64 KiB, order 4 */
	NSVM_HUGE,	/* 2 MiB, order 9 */
	NSVM_NR_PAGES,
};

/** nsvm_pages_name - "base", "mthp", "huge" */
const char *nsvm_pages_name(enum nsvm_pages pages);

/** nsvm_pages_order - 0, 4, 9 */
unsigned int nsvm_pages_order(enum nsvm_pages pages);

/** nsvm_pages_size - bytes of one */
uint64_t nsvm_pages_size(enum nsvm_pages pages);

/**
 * nsvm_pages_select - what madvise(MADV_HUGEPAGE) memory gets from now on
 *
 * Changes /sys/kernel/mm/transparent_hugepage, which is put back when the program
 * ends. Skips if the kernel cannot. nsvm_area_new() calls it.
 */
void nsvm_pages_select(enum nsvm_pages pages);

/**
 * struct nsvm_area - private anonymous memory, aligned to 2 MiB
 * @p: the memory
 * @size: its bytes
 * @pages: what it is made of
 */
struct nsvm_area {
	void *p;
	uint64_t size;
	enum nsvm_pages pages;
};

/** nsvm_area_new - untouched memory; @size is rounded up to 2 MiB for alignment only */
struct nsvm_area nsvm_area_new(uint64_t size, enum nsvm_pages pages);

/** nsvm_area_del - unmap it all, also what the test has unmapped or moved meanwhile */
void nsvm_area_del(struct nsvm_area *area);

/**
 * nsvm_area_filled - an area that the CPU has filled with @seed
 *
 * Every page is there; on kernels with the query that the pages are of the wanted size
 * is checked, and the test is skipped when memory is too fragmented for that.
 */
struct nsvm_area nsvm_area_filled(const struct nsvm *svm, uint64_t size, enum nsvm_pages pages,
				  uint32_t seed);

/** nsvm_fill - the CPU writes the pattern to every word @stride words apart */
void nsvm_fill(void *p, uint64_t size, unsigned int stride, uint32_t seed);

/**
 * nsvm_wrong - count words that are not as the pattern has them
 * @stride: in words
 * @what: if not NULL the first wrong words are printed with address, expected, actual
 */
uint64_t nsvm_wrong(const void *p, uint64_t size, unsigned int stride, uint32_t seed,
		    const char *what);

/** nsvm_assert_pattern - nsvm_wrong() finds nothing */
void nsvm_assert_pattern(const void *p, uint64_t size, unsigned int stride, uint32_t seed,
			 const char *what);

/** nsvm_assert_zero - every word @stride words apart is 0; prints those that are not */
void nsvm_assert_zero(const void *p, uint64_t size, unsigned int stride, const char *what);

/*
 * Buffer objects: igt_nouveau_svm_bo.c
 */

/**
 * struct nsvm_bo - memory that the driver places
 * @handle: GEM handle
 * @va: its address on the GPU
 * @size: bytes
 * @map: for the CPU; NULL for VRAM
 */
struct nsvm_bo {
	uint32_t handle;
	uint64_t va;
	uint64_t size;
	void *map;
};

/** nsvm_bo_new - @domain: NOUVEAU_GEM_DOMAIN_VRAM or NOUVEAU_GEM_DOMAIN_GART (mapped) */
int nsvm_bo_new(const struct nsvm *svm, struct nsvm_bo *bo, uint64_t size, uint32_t domain);

/** nsvm_bo_del - also when it is all zero */
void nsvm_bo_del(const struct nsvm *svm, struct nsvm_bo *bo);

#define NSVM_HOG_MAX	128

/**
 * struct nsvm_hog - buffer objects that fill VRAM
 * @bos: they
 * @count: how many
 * @bytes: of all
 * @left: VRAM that was meant to be left
 */
struct nsvm_hog {
	struct nsvm_bo bos[NSVM_HOG_MAX];
	unsigned int count;
	uint64_t bytes;
	uint64_t left;
};

/**
 * nsvm_hog_new - take VRAM, but for @leave bytes
 *
 * Memory in VRAM that is in the way goes to RAM. Buffer objects that the GPU does not
 * use go, too, when memory wants to VRAM: it is nsvm_hog_use() that makes VRAM scarce
 * at a given moment. Skips on kernels without features: there device memory and
 * buffers do not make room for each other.
 */
void nsvm_hog_new(struct nsvm *svm, struct nsvm_hog *hog, uint64_t leave);

struct nsvm_channel;

/**
 * nsvm_hog_use - have the GPU use all of it now
 *
 * When this returns all buffers of the hog are in VRAM, and other memory has at most
 * what was left.
 */
int nsvm_hog_use(struct nsvm_hog *hog, struct nsvm_channel *ch);

/** nsvm_hog_del - give VRAM back */
void nsvm_hog_del(struct nsvm *svm, struct nsvm_hog *hog);

/*
 * Channels: igt_nouveau_svm_channel.c
 */

/** enum nsvm_engine - what a channel is for */
enum nsvm_engine {
	NSVM_COPY,	/* a copy engine; its accesses to unmapped memory kill the channel */
	NSVM_COMPUTE,	/* compute, whose accesses fault and are replayed; copies, too */
};

/**
 * struct nsvm_channel - a queue of commands, executed in order
 * @svm: the device
 * @id: nouveau's number for it
 * @engine: what it was made for
 * @notifier: handle of the buffer that the kernel makes with a channel
 * @push: commands
 * @fence: the word that says how far the GPU is
 * @code: machine code of all kernels (compute)
 * @slots: launch descriptors (compute)
 * @local: call stacks (compute)
 * @begin: first word of @push that was not submitted
 * @end: next word to write
 * @slot: the next launch descriptor
 * @issued: number of the last submission
 * @error: 0, or -ENODEV once the channel is dead
 */
struct nsvm_channel {
	struct nsvm *svm;
	int32_t id;
	enum nsvm_engine engine;
	uint32_t notifier;
	struct nsvm_bo push;
	struct nsvm_bo fence;
	struct nsvm_bo code;
	struct nsvm_bo slots;
	struct nsvm_bo local;
	uint32_t begin;
	uint32_t end;
	unsigned int slot;
	uint32_t issued;
	int error;
};

/** nsvm_channel_open - make a channel */
int nsvm_channel_open(struct nsvm *svm, struct nsvm_channel *ch, enum nsvm_engine engine);

/**
 * nsvm_require_channel - make one, or have the old one if it is alive
 * @ch: zeroed at first
 *
 * Skips where the engine is not to be had (no firmware for graphics).
 */
void nsvm_require_channel(struct nsvm *svm, struct nsvm_channel *ch, enum nsvm_engine engine);

/** nsvm_channel_close - free it, dead or alive; nothing for one that is all zero */
void nsvm_channel_close(struct nsvm_channel *ch);

/** nsvm_channel_check - 0, or -ENODEV if the kernel has killed the channel */
int nsvm_channel_check(struct nsvm_channel *ch);

/**
 * nsvm_room - what is pushed next goes into one submission
 * @words: as many as that; a copy takes 11, nsvm_set() 11, nsvm_launch() 9
 *
 * A full push buffer is submitted when the next method is pushed, and then without
 * the buffers that the test will name: call this before a series that needs them.
 */
void nsvm_room(struct nsvm_channel *ch, unsigned int words);

/** nsvm_push - one run of methods with increasing addresses; @count at most 64 */
void nsvm_push(struct nsvm_channel *ch, unsigned int subchannel, uint32_t method,
	       unsigned int count, const uint32_t *data);

/** nsvm_submit - hand over what was written; @seq may be NULL */
int nsvm_submit(struct nsvm_channel *ch, uint32_t *seq);

/**
 * nsvm_wait - until a submission is done
 * @ms: at most so long
 *
 * Returns: 0, -ETIME, or -ENODEV when the channel died.
 */
int nsvm_wait(struct nsvm_channel *ch, uint32_t seq, unsigned int ms);

#define NSVM_WAIT_MS	60000u	/* far more than anything takes under emulation */

/** nsvm_finish - submit and wait for everything */
int nsvm_finish(struct nsvm_channel *ch);

/** nsvm_copy - the copy engine copies; both must be mapped on the GPU */
void nsvm_copy(struct nsvm_channel *ch, uint64_t dst, uint64_t src, uint64_t size);

/** nsvm_set - the copy engine writes a word @count times; must be mapped on the GPU */
void nsvm_set(struct nsvm_channel *ch, uint64_t dst, uint32_t value, uint64_t count);

/*
 * Kernels: igt_nouveau_svm_compute.c; their source is lib/kernels/igt_nouveau_svm.cl
 */

/** enum nsvm_kernel_id - i is the number of the thread, w = i * stride */
enum nsvm_kernel_id {
	NSVM_KERNEL_WRITE,	/* (p, stride, seed, n): p[w] = seed + w */
	NSVM_KERNEL_READ,	/* (out, p, stride, n): out[i] = p[w] */
	NSVM_KERNEL_ADD,	/* (p, stride, value, n): p[w] += value */
	NSVM_KERNEL_ATOMIC,	/* (p, stride, mask, value, n): atomic add to p[(i & mask) * stride] */
	NSVM_KERNEL_WAIT,	/* (flag, value, limit, out): spin on *flag; *out = turns */
	NSVM_NR_KERNELS,
};

/** struct nsvm_kernel - machine code; igt_nouveau_svm_kernels.c, made by embed.py */
struct nsvm_kernel {
	const char *name;
	const uint64_t *code;
	unsigned int words;
	unsigned int registers;
	unsigned int arguments;		/* how many */
	unsigned char size[8];		/* bytes of each: 4 or 8 */
};
extern const struct nsvm_kernel nsvm_kernels[NSVM_NR_KERNELS];

/**
 * nsvm_launch - have the GPU run a kernel
 * @ch: a NSVM_COMPUTE channel
 * @id: which
 * @threads: how many; rounded up to blocks of 64
 * @args: its arguments, one a number, in order
 *
 * Runs when it is submitted; what comes behind it in the channel waits for it.
 */
void nsvm_launch(struct nsvm_channel *ch, enum nsvm_kernel_id id, uint32_t threads,
		 const uint64_t *args);

/** nsvm_gpu_write - GPU: word @stride words apart become the pattern; returns as nsvm_finish() */
int nsvm_gpu_write(struct nsvm_channel *ch, void *p, uint64_t size, unsigned int stride,
		   uint32_t seed);

/** nsvm_gpu_add - GPU: each word @stride words apart grows by @value */
int nsvm_gpu_add(struct nsvm_channel *ch, void *p, uint64_t size, unsigned int stride,
		 uint32_t value);

/** nsvm_gpu_atomic - GPU: each word @stride words apart grows by @value, @times, atomically */
int nsvm_gpu_atomic(struct nsvm_channel *ch, void *p, uint64_t size, unsigned int stride,
		    uint32_t value, unsigned int times);

/**
 * nsvm_gpu_read - GPU: reads each word @stride words apart
 * @out: as many words as are read; memory of any kind that the GPU may write
 */
int nsvm_gpu_read(struct nsvm_channel *ch, uint32_t *out, const void *p, uint64_t size,
		  unsigned int stride);

/** nsvm_assert_gpu_sees - what the GPU reads is the pattern; prints what is not */
void nsvm_assert_gpu_sees(struct nsvm_channel *ch, const void *p, uint64_t size,
			  unsigned int stride, uint32_t seed, const char *what);

/** nsvm_assert_gpu_sees_zero - what the GPU reads is 0; prints what is not */
void nsvm_assert_gpu_sees_zero(struct nsvm_channel *ch, const void *p, uint64_t size,
			       unsigned int stride, const char *what);

/*
 * The GPU model's control port: igt_nouveau_svm_model.c
 */

/** nsvm_model_there - is the GPU a model that listens to us? */
bool nsvm_model_there(void);

/** nsvm_require_model - skip on a card */
void nsvm_require_model(void);

/**
 * nsvm_model - one command, e.g. "inject copy-error 1"
 * @answer: its lines without the final "ok"; NULL if they are of no interest
 * @room: bytes of @answer
 *
 * Returns: 0; -EINVAL when the model refuses; -ENODEV without one; -ETIME.
 */
int nsvm_model(const char *command, char *answer, size_t room);

/** nsvm_model_counter - a counter of the model, e.g. "ce.launches"; fails if it has none */
uint64_t nsvm_model_counter(const char *name);

#endif
