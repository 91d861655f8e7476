/* SPDX-License-Identifier: MIT */
/*
 * What the files of the library share.
 *
 *   public calls        memory.c range.c transfer.c stream.c event.c module.c device.c
 *        |  operations
 *   streams             stream.c: in order, on the caller's thread or a worker
 *        |  struct backend
 *   backends            host.c | gpu.c gpu_copy.c gpu_place.c gpu_launch.c gpu_wait.c
 *                                |
 *   lowest layer                nv_*.c, pages.c
 *
 * Locks, outer to inner: runtime_lock, usvm_stream.lock, usvm_event.lock,
 * ranges_lock, gpu.lock. runtime_lock is held while waiting for all streams of
 * a device, so no operation of a stream takes it. None of the others is held
 * while the GPU is waited for or a caller's function runs; who may use a
 * stream's queue is decided by usvm_stream.executing.
 */
#ifndef USVM_INTERNAL_H
#define USVM_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "usvm.h"

#define USVM_MAX_DEVICES	8
#define USVM_MAX_ARGUMENTS	16
#define USVM_MAX_ARGUMENT_BYTES	1024
#define USVM_PAGE		4096ull

/* What is exported is marked by hand: the library hides everything else. */
#define USVM_API __attribute__((visibility("default")))

struct queue;
struct device;

/** struct gpu_point - what a device's own work can wait for: a word, and what it reaches */
struct gpu_point {
	uint64_t va;
	uint32_t value;
};

/** struct transfer - one copy or fill; a fill has no source */
struct transfer {
	char *dst;
	const char *src;
	uint64_t dst_pitch;
	uint64_t src_pitch;
	uint64_t width;		/* bytes */
	uint64_t height;
	uint64_t value;
	uint32_t element;
};

/** struct grid - one kernel launch */
struct grid {
	const struct usvm_kernel *kernel;
	struct usvm_dim3 grid;
	struct usvm_dim3 block;
	unsigned char bytes[USVM_MAX_ARGUMENT_BYTES];	/* arguments, at usvm_kernel.offset */
};

/** struct usvm_kernel - see module.c */
struct usvm_kernel {
	struct usvm_module *module;
	char *name;
	unsigned int arguments;
	uint16_t size[USVM_MAX_ARGUMENTS];
	uint16_t offset[USVM_MAX_ARGUMENTS];	/* natural alignment, as OpenCL has it */
	uint32_t bytes;
	void (*call)(void **arguments);		/* host function, or NULL */
	bool code;				/* the module has machine code for it */
	uint64_t code_offset;
	uint32_t registers;
	uint32_t barriers;
	uint32_t shared_bytes;
	uint32_t local_bytes;
};

/**
 * struct backend - how a kind of device does its work
 *
 * All are called by one thread at a time for the same queue. What transfer()
 * and launch() start may still run when they return; mark() comes after it.
 */
struct backend {
	const char *name;
	void (*close)(struct device *dev);
	void (*properties)(struct device *dev, struct usvm_device_properties *p);
	int (*attribute)(struct device *dev, enum usvm_device_attribute attribute);
	usvm_error (*mem_info)(struct device *dev, size_t *free_bytes, size_t *total);
	void (*statistics)(struct device *dev, struct usvm_statistics *statistics);
	void (*reset)(struct device *dev);
	/* moves whole pages; @to_device or to RAM */
	usvm_error (*place)(struct device *dev, uint64_t start, uint64_t end, bool to_device);

	/* a range is about to be discarded; may be NULL */
	void (*forget)(struct device *dev, uint64_t start, uint64_t end);
	/* where a range is; NULL, or NOT_SUPPORTED: the page tables are to be read */
	usvm_error (*residency)(struct device *dev, uint64_t start, uint64_t end,
				struct usvm_residency *residency);
	/* the notes of a range have changed; NULL: nobody need know */
	usvm_error (*advice)(struct device *dev, uint64_t start, uint64_t end);

	usvm_error (*queue_open)(struct device *dev, struct queue **queue);
	void (*queue_close)(struct queue *queue);
	usvm_error (*transfer)(struct queue *queue, const struct transfer *t);
	usvm_error (*launch)(struct queue *queue, const struct grid *grid);
	/* everything so far is to be reported by progress() as @ticket, and to @event */
	usvm_error (*mark)(struct queue *queue, uint64_t ticket, struct usvm_event *event,
			   uint64_t generation);
	/* work given later waits for a point of this device; NULL or NOT_SUPPORTED: the CPU waits */
	usvm_error (*wait)(struct queue *queue, const struct gpu_point *point);
	/* @completed: highest ticket that is done; @block: wait until @ticket is */
	usvm_error (*progress)(struct queue *queue, uint64_t *completed, uint64_t ticket,
			       bool block);
};

extern const struct backend host_backend;

/** host_open() - make the host device */
usvm_error host_open(struct device *dev);

#ifdef USVM_HAVE_NOUVEAU
extern const struct backend gpu_backend;
/** gpu_open() - open a GPU; @node may be NULL: the first */
usvm_error gpu_open(struct device *dev, const char *node);
#endif

/** enum op_kind - what a stream can be told */
enum op_kind {
	OP_TRANSFER,
	OP_LAUNCH,
	OP_PLACE,
	OP_DISCARD,
	OP_HOST_FUNC,
	OP_RECORD,
	OP_WAIT_EVENT,
};

/** struct op - one entry of a stream's queue */
struct op {
	struct op *next;
	enum op_kind kind;
	uint64_t ticket;
	bool on_stack;			/* a thread waits for it: not freed by the stream */
	usvm_error error;
	union {
		struct transfer transfer;
		struct grid *grid;	/* owned */
		struct {
			uint64_t start;
			uint64_t end;
			struct device *device;	/* NULL: to RAM */
		} range;
		struct {
			void (*function)(void *data);
			void *data;
		} host;
		struct {
			struct usvm_event *event;	/* one reference */
			uint64_t generation;
		} event;
	};
};

/** struct usvm_stream - see stream.c */
struct usvm_stream {
	struct device *dev;
	struct usvm_stream *next;	/* of the device's */
	pthread_mutex_t lock;
	pthread_cond_t wake;		/* for the worker: look again */
	pthread_cond_t moved;		/* for waiters: completed or executing changed */
	struct op *head;
	struct op **tail;
	uint64_t issued;		/* last ticket given out */
	uint64_t ran;			/* last ticket handed to the backend */
	uint64_t completed;		/* last ticket known to be done */
	bool executing;			/* some thread uses the queue */
	bool started;
	bool stop;
	pthread_t worker;
	usvm_error error;		/* first one that nobody was told of */
	struct queue *queue;
};

/** struct device - one of the runtime's devices */
struct device {
	int index;
	const struct backend *backend;
	void *priv;
	_Atomic int lost;		/* usvm_error that every call gets, until a reset */
	struct usvm_stream *streams;	/* under runtime_lock */
	struct usvm_stream *fallback;	/* the default stream */
};

extern pthread_mutex_t runtime_lock;

/* runtime.c */
/** api_device() - the calling thread's device; opens all devices when first used */
usvm_error api_device(struct device **dev);
/** api_device_at() - device by number */
usvm_error api_device_at(int index, struct device **dev);
/** api_stream() - resolve NULL to the default stream, and refuse work for a lost device */
usvm_error api_stream(usvm_stream **stream);
/** api_return() - remember an error as the thread's last, and pass it on */
usvm_error api_return(usvm_error error);
/** api_usable() - USVM_ERROR_FORKED in a child */
usvm_error api_usable(void);
/** runtime_devices() - how many; 0 before the first use */
int runtime_devices(void);
/** runtime_fork_count() - how often this process has forked since the library was first used */
unsigned int runtime_fork_count(void);
/** runtime_timeout_ns() - longest wait for a GPU */
uint64_t runtime_timeout_ns(void);
/** error_from_errno() - negative errno to usvm_error */
usvm_error error_from_errno(int err);

/* stream.c */
/** stream_enqueue() - give an operation to a stream; takes @op over */
usvm_error stream_enqueue(usvm_stream *stream, struct op *op);
/** stream_run() - do an operation now, in order, and wait; @op stays the caller's */
usvm_error stream_run(usvm_stream *stream, struct op *op);
/** stream_drain() - wait for all that was put in; the error is not cleared */
void stream_drain(usvm_stream *stream);
/** stream_new() - @stream gets a new stream of @dev */
usvm_error stream_new(struct device *dev, usvm_stream **stream);
/** stream_free() - drain and free */
void stream_free(usvm_stream *stream);
/** stream_quiesce() - drop what is queued, wait for who executes; for a reset */
void stream_quiesce(usvm_stream *stream);
/** device_drain() - wait for all streams of a device */
void device_drain(struct device *dev);

/* event.c */
/** event_get() - one more reference */
void event_get(struct usvm_event *event);
/** event_put() - one reference less */
void event_put(struct usvm_event *event);
/** event_complete() - recorded work is done; @gpu_ns is 0 if no GPU ran it */
void event_complete(struct usvm_event *event, uint64_t generation, uint64_t gpu_ns);
/** event_promised() - @generation has been given to a GPU, which will reach @point */
void event_promised(struct usvm_event *event, uint64_t generation, const struct device *dev,
		    const struct gpu_point *point);
/** enum event_state - how far a record is, for a stream of a device that is to wait for it */
enum event_state {
	EVENT_PENDING,	/* in some stream's queue, or on another device */
	EVENT_PROMISED,	/* on this device: it can wait by itself */
	EVENT_DONE,
};
/** event_state() - @block: until it is not EVENT_PENDING; @point: where it was promised */
enum event_state event_state(struct usvm_event *event, uint64_t generation,
			     const struct device *dev, struct gpu_point *point, bool block);
/** event_wait() - until @generation is done; 0, never recorded, always is */
void event_wait(struct usvm_event *event, uint64_t generation);
/** event_start() - a new record; Return: its generation */
uint64_t event_start(struct usvm_event *event);
/** event_generation() - of the last record */
uint64_t event_generation(struct usvm_event *event);

/* range.c: advice and history of addresses */
/** enum range_note - what is kept of each range */
enum range_note {
	NOTE_READ_MOSTLY,
	NOTE_PREFERRED,		/* location + 3, 0: none */
	NOTE_ACCESSED_BY,	/* bit mask */
	NOTE_LAST_PREFETCH,	/* location + 3, 0: none */
	NOTE_COUNT,
};
/** ranges_set() - note a value for whole pages; -ENOMEM */
int ranges_set(uint64_t start, uint64_t end, enum range_note note, uint64_t value);
/** ranges_or() - set or clear bits */
int ranges_change_bits(uint64_t start, uint64_t end, enum range_note note, uint64_t set,
		       uint64_t clear);
/** ranges_forget() - drop all notes */
void ranges_forget(uint64_t start, uint64_t end);
/** ranges_same() - true if one value holds for all of it, in @value */
bool ranges_same(uint64_t start, uint64_t end, enum range_note note, uint64_t *value);
/** ranges_each() - call for every noted piece inside */
void ranges_each(uint64_t start, uint64_t end,
		 void (*visit)(uint64_t start, uint64_t end, const uint64_t *notes, void *data),
		 void *data);
/** ranges_clear() - at the end */
void ranges_clear(void);

/* advise.c */
/** advice_end() - nothing is known of a range any more; also the devices forget its advice */
void advice_end(uint64_t start, uint64_t end);

/* memory.c */
/** memory_find() - the managed allocation that holds an address */
bool memory_find(const void *pointer, void **base, size_t *size, int *device);
/** memory_clear() - unmap what was not freed; at the end */
void memory_clear(void);
/** memory_to_ram() - bring a range back by touching it */
usvm_error memory_to_ram(uint64_t start, uint64_t end);
/** memory_valid() - something is mapped at every page; @write: and can be written */
usvm_error memory_populate(uint64_t start, uint64_t end, bool write);

/** clock_ns() - CLOCK_MONOTONIC */
uint64_t clock_ns(void);

#endif
