/* SPDX-License-Identifier: MIT */
/**
 * DOC: libusvm, unified memory for applications on nouveau
 *
 * One address space for CPU and GPU: any pointer of the program works on both,
 * whether it comes from usvm_malloc_managed(), malloc(), mmap() or the stack.
 * Memory moves to video memory when it is prefetched and comes back when the
 * CPU touches it. The calls follow CUDA's runtime; each names its counterpart.
 *
 * Units: sizes, offsets and pitches are bytes; times are said where they occur.
 * Errors: every call returns usvm_error. Errors of work that runs later
 * (streams) are returned by the next call that waits for that stream; a lost
 * device is returned by every call that gives work, until usvm_device_reset().
 * Nothing waits for ever on the GPU: the limit is USVM_TIMEOUT_MS milliseconds
 * (30000).
 * Threads: every call may be made by any thread at any time, except that an
 * object must not be destroyed while another thread still passes it to a call.
 * fork(): the child sees the memory as ordinary copy-on-write memory and must
 * not call the library (it gets USVM_ERROR_FORKED); exec() is fine.
 *
 * Devices: Pascal GPUs driven by nouveau, else one host device (plain memory
 * and worker threads) on which the same program gives the same results.
 * USVM_DEVICE=host, USVM_DEVICE=nouveau or USVM_DEVICE=/dev/dri/NODE decides.
 */
#ifndef USVM_H
#define USVM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define USVM_VERSION	1000	/* 1000 * major + 10 * minor, as cudaRuntimeGetVersion */

/** enum usvm_error - what a call returns; see usvm_error_string() */
typedef enum usvm_error {
	USVM_SUCCESS = 0,
	USVM_ERROR_INVALID_VALUE = 1,	/* an argument is out of range */
	USVM_ERROR_OUT_OF_MEMORY = 2,	/* of the process, or of the driver */
	USVM_ERROR_NO_DEVICE = 3,	/* the device that USVM_DEVICE names cannot be used */
	USVM_ERROR_INVALID_DEVICE = 4,	/* no device of this number */
	USVM_ERROR_NOT_SUPPORTED = 5,	/* not by this device or kernel */
	USVM_ERROR_NOT_READY = 6,	/* queried work is still running */
	USVM_ERROR_INVALID_ADDRESS = 7,	/* nothing is mapped there, or not writable */
	USVM_ERROR_DEVICE_LOST = 8,	/* the kernel killed a channel; usvm_device_reset() */
	USVM_ERROR_TIMEOUT = 9,		/* the GPU did not finish in time; as DEVICE_LOST */
	USVM_ERROR_FORKED = 10,		/* called in a child of fork() */
	USVM_ERROR_INVALID_MODULE = 11,	/* not a module file, or damaged */
	USVM_ERROR_NOT_FOUND = 12,	/* no such file or kernel */
	USVM_ERROR_PERMISSION = 13,	/* the device node cannot be opened */
	USVM_ERROR_SYSTEM = 14,		/* an error of the operating system of another kind */
} usvm_error;

/** usvm_stream - work in order; NULL is the device's own default stream */
typedef struct usvm_stream usvm_stream;
/** usvm_event - a point in a stream */
typedef struct usvm_event usvm_event;
/** usvm_module - loaded kernels */
typedef struct usvm_module usvm_module;
/** usvm_kernel - one kernel of a module; lives as long as the module */
typedef struct usvm_kernel usvm_kernel;

/** USVM_HOST - the CPU as a location. CUDA: cudaCpuDeviceId */
#define USVM_HOST	(-1)

/* Errors and version ---------------------------------------------------- */

/**
 * usvm_version() - version of the library in use
 *
 * CUDA: cudaRuntimeGetVersion. Return: as USVM_VERSION.
 */
int usvm_version(void);

/**
 * usvm_error_name() - the constant's name, such as "USVM_ERROR_TIMEOUT"
 * @error: any value
 *
 * CUDA: cudaGetErrorName. Return: a constant string.
 */
const char *usvm_error_name(usvm_error error);

/**
 * usvm_error_string() - a sentence for people
 * @error: any value
 *
 * CUDA: cudaGetErrorString. Return: a constant string.
 */
const char *usvm_error_string(usvm_error error);

/**
 * usvm_get_last_error() - last error that a call returned to this thread, and forget it
 *
 * USVM_ERROR_NOT_READY does not count. CUDA: cudaGetLastError.
 */
usvm_error usvm_get_last_error(void);

/**
 * usvm_peek_at_last_error() - as usvm_get_last_error(), and keep it
 *
 * CUDA: cudaPeekAtLastError.
 */
usvm_error usvm_peek_at_last_error(void);

/* Devices ---------------------------------------------------------------- */

/**
 * usvm_device_count() - how many devices there are; at least one on success
 * @count: the answer
 *
 * CUDA: cudaGetDeviceCount.
 * Return: USVM_ERROR_NO_DEVICE or _PERMISSION if USVM_DEVICE names what cannot be used.
 */
usvm_error usvm_device_count(int *count);

/**
 * usvm_set_device() - the device that later calls of this thread are about
 * @device: 0 to count - 1; 0 unless set
 *
 * CUDA: cudaSetDevice. Return: USVM_ERROR_INVALID_DEVICE.
 */
usvm_error usvm_set_device(int device);

/**
 * usvm_get_device() - the device of this thread
 * @device: the answer
 *
 * CUDA: cudaGetDevice.
 */
usvm_error usvm_get_device(int *device);

/**
 * struct usvm_device_properties - what a device is
 * @name: for people, such as "NVIDIA GP104 (NV134)"
 * @backend: "nouveau" or "host"
 * @node: device node, or ""
 * @memory_bytes: size of device memory; of RAM on the host device
 * @chipset: nouveau's number, 0 on the host device
 * @pci_device_id: 0 on the host device
 * @multiprocessors: TPCs, or worker threads
 * @max_threads_per_block: of a launch
 * @max_grid: largest grid in x, y, z
 */
struct usvm_device_properties {
	char name[64];
	char backend[16];
	char node[64];
	uint64_t memory_bytes;
	uint32_t chipset;
	uint32_t pci_device_id;
	uint32_t multiprocessors;
	uint32_t max_threads_per_block;
	uint32_t max_grid[3];
};

/**
 * usvm_device_get_properties() - describe a device
 * @properties: filled in
 * @device: 0 to count - 1
 *
 * CUDA: cudaGetDeviceProperties.
 */
usvm_error usvm_device_get_properties(struct usvm_device_properties *properties, int device);

/** enum usvm_device_attribute - capabilities; all answers are 0 or 1 */
enum usvm_device_attribute {
	/* any pointer of the process works. CUDA: cudaDevAttrPageableMemoryAccess. Always 1 */
	USVM_ATTR_PAGEABLE_MEMORY_ACCESS = 1,
	/*
	 * CPU and copies may use the same memory at once.
	 * CUDA: cudaDevAttrConcurrentManagedAccess. 0 on Pascal: while a copy or
	 * fill runs, no CPU thread may touch its memory (see usvm_memcpy()).
	 */
	USVM_ATTR_CONCURRENT_COPY = 2,
	/* kernels may touch memory that is anywhere, also unmapped */
	USVM_ATTR_KERNEL_FAULTS = 3,
	/* usvm_launch() works on this device */
	USVM_ATTR_KERNELS = 4,
	/* device memory is not RAM: prefetching moves something */
	USVM_ATTR_SEPARATE_MEMORY = 5,
	/* the kernel itself answers where memory is; else it is read from page tables */
	USVM_ATTR_RESIDENCY_QUERY = 6,
	/* advice reaches the kernel's fault handler; else it only steers this library */
	USVM_ATTR_KERNEL_ADVICE = 7,
	/*
	 * The copy engine reaches only what the library knows to be mapped there; the
	 * rest is copied through a buffer. 0: it takes faults, and reaches everything.
	 */
	USVM_ATTR_COPIES_STAGED = 8,
};

/**
 * usvm_device_get_attribute() - ask for a capability
 * @value: the answer
 * @attribute: which
 * @device: 0 to count - 1
 *
 * CUDA: cudaDeviceGetAttribute.
 */
usvm_error usvm_device_get_attribute(int *value, enum usvm_device_attribute attribute, int device);

/**
 * usvm_mem_get_info() - device memory in bytes
 * @free_bytes: not in use by anyone
 * @total_bytes: all of it
 *
 * CUDA: cudaMemGetInfo. Free is what the kernel's memory manager says: video
 * memory that it keeps ready for migration counts as used.
 */
usvm_error usvm_mem_get_info(size_t *free_bytes, size_t *total_bytes);

/**
 * usvm_device_synchronize() - wait for all streams of this thread's device
 *
 * CUDA: cudaDeviceSynchronize. Return: the first error of their work.
 */
usvm_error usvm_device_synchronize(void);

/**
 * usvm_device_reset() - throw away the device's channels, and with them its errors
 *
 * Streams, events and memory stay valid; work that has not finished is dropped.
 * Memory in VRAM keeps its contents. CUDA: cudaDeviceReset (which also frees).
 */
usvm_error usvm_device_reset(void);

/**
 * struct usvm_statistics - counts since the device was opened
 * @submissions: of commands to the GPU
 * @launches: copies, fills and grids that the GPU ran
 * @binds: requests to the kernel to move a range
 * @waits_by_gpu: for another stream's event, without the CPU
 * @bytes_by_engine: copied or filled by the GPU with both sides in place
 * @bytes_staged: copied by the GPU on one side, by the CPU on the other
 * @bytes_by_cpu: copied or filled by the CPU
 */
struct usvm_statistics {
	uint64_t submissions;
	uint64_t launches;
	uint64_t binds;
	uint64_t waits_by_gpu;
	uint64_t bytes_by_engine;
	uint64_t bytes_staged;
	uint64_t bytes_by_cpu;
};

/**
 * usvm_device_get_statistics() - how the work of a device was done
 * @statistics: filled in
 * @device: 0 to count - 1
 *
 * No counterpart in CUDA.
 */
usvm_error usvm_device_get_statistics(struct usvm_statistics *statistics, int device);

/* Memory ----------------------------------------------------------------- */

/**
 * usvm_malloc_managed() - memory made for moving: 2 MiB aligned, huge pages advised
 * @pointer: the memory, zeroed; NULL on error
 * @size: bytes, not 0
 *
 * malloc'ed memory works as well; this moves in larger pieces.
 * CUDA: cudaMallocManaged. Return: USVM_ERROR_OUT_OF_MEMORY.
 */
usvm_error usvm_malloc_managed(void **pointer, size_t size);

/**
 * usvm_free() - give memory of usvm_malloc_managed() back
 * @pointer: what it gave, or NULL
 *
 * Waits for all streams of all devices first. CUDA: cudaFree.
 * Return: USVM_ERROR_INVALID_VALUE if it is not such a pointer.
 */
usvm_error usvm_free(void *pointer);

/**
 * usvm_mem_prefetch_async() - move a range, in stream order
 * @pointer: any memory of the process; whole pages are moved
 * @size: bytes
 * @location: device number, or USVM_HOST
 * @stream: when; NULL: default stream of the thread's device
 *
 * Moving is best effort: pages that cannot move (files, pinned pages, no room)
 * stay. CUDA: cudaMemPrefetchAsync.
 * Return: USVM_ERROR_INVALID_VALUE, _INVALID_DEVICE; later also _INVALID_ADDRESS.
 */
usvm_error usvm_mem_prefetch_async(const void *pointer, size_t size, int location,
				   usvm_stream *stream);

/**
 * usvm_mem_prefetch() - move a range now, after all earlier work of the default stream
 * @pointer: as above
 * @size: bytes
 * @location: device number, or USVM_HOST
 */
usvm_error usvm_mem_prefetch(const void *pointer, size_t size, int location);

/** enum usvm_advice - hints; none is needed for correct results. CUDA: cudaMemoryAdvise */
enum usvm_advice {
	/*
	 * Many readers, few writers. The range stays in RAM and the GPU reads it
	 * there: prefetching it to a device does nothing. CUDA makes a second
	 * copy instead; no second copy exists here, so a write of the GPU goes to the
	 * same page: it is mapped as the CPU has it, writable if that is.
	 */
	USVM_ADVISE_SET_READ_MOSTLY = 1,
	USVM_ADVISE_UNSET_READ_MOSTLY = 2,
	USVM_ADVISE_SET_PREFERRED_LOCATION = 3,	/* usvm_launch() prefetches such ranges there */
	USVM_ADVISE_UNSET_PREFERRED_LOCATION = 4,
	/*
	 * The device uses the range where it is: its faults map it there and move
	 * nothing (a preferred location comes first). CUDA maps it ahead of the
	 * first access; here the first access to each 2 MiB faults once. Of the host
	 * it is noted, and has no effect: the CPU cannot map video memory.
	 */
	USVM_ADVISE_SET_ACCESSED_BY = 5,
	USVM_ADVISE_UNSET_ACCESSED_BY = 6,
};

/**
 * usvm_mem_advise() - say how a range will be used
 * @pointer: any memory; rounded out to whole pages
 * @size: bytes
 * @advice: one hint
 * @location: device or USVM_HOST; ignored by the READ_MOSTLY hints and UNSET_PREFERRED_LOCATION
 *
 * Advice belongs to addresses; it ends when managed memory is freed, and
 * otherwise when it is unset. CUDA: cudaMemAdvise.
 */
usvm_error usvm_mem_advise(const void *pointer, size_t size, enum usvm_advice advice, int location);

/**
 * usvm_mem_discard_async() - the contents of a range are no longer needed
 * @pointer: any private memory; only pages wholly inside are discarded
 * @size: bytes
 * @stream: when
 *
 * The pages are freed wherever they are and read as zero afterwards. CUDA:
 * cudaMemDiscardBatchAsync, which leaves the contents undefined.
 */
usvm_error usvm_mem_discard_async(void *pointer, size_t size, usvm_stream *stream);

/** enum usvm_range_attribute - CUDA: cudaMemRangeAttribute */
enum usvm_range_attribute {
	USVM_RANGE_READ_MOSTLY = 1,		/* 1 if all of the range has the advice */
	USVM_RANGE_PREFERRED_LOCATION = 2,	/* device, USVM_HOST or USVM_NOWHERE */
	USVM_RANGE_ACCESSED_BY = 3,		/* bit mask of devices; bit 63: the host */
	USVM_RANGE_LAST_PREFETCH_LOCATION = 4,	/* device, USVM_HOST or USVM_NOWHERE */
};

/** USVM_NOWHERE - no location, or not the same for the whole range. CUDA: cudaInvalidDeviceId */
#define USVM_NOWHERE	(-2)

/**
 * usvm_mem_range_get_attribute() - one attribute of a range
 * @value: the answer
 * @attribute: which
 * @pointer: any memory
 * @size: bytes, not 0
 *
 * CUDA: cudaMemRangeGetAttribute.
 */
usvm_error usvm_mem_range_get_attribute(int64_t *value, enum usvm_range_attribute attribute,
					const void *pointer, size_t size);

/** enum usvm_residency_source - where an answer about residency comes from */
enum usvm_residency_source {
	USVM_RESIDENCY_PAGE_TABLES = 1,	/* by page-table entry size; swap looks like VRAM */
	USVM_RESIDENCY_PAGEMAP = 2,	/* as above, sizes unknown: all counted as small */
	USVM_RESIDENCY_KERNEL = 3,	/* by nouveau's own query, by folio size */
};

/**
 * struct usvm_residency - bytes of a range by place and size of mapping
 * @ram_small: RAM, less than 2 MiB at a time
 * @ram_huge: RAM, 2 MiB
 * @vram_small: video memory, less than 2 MiB at a time
 * @vram_huge: video memory, 2 MiB
 * @untouched: no memory there yet
 * @source: how it was found out
 */
struct usvm_residency {
	uint64_t ram_small;
	uint64_t ram_huge;
	uint64_t vram_small;
	uint64_t vram_huge;
	uint64_t untouched;
	enum usvm_residency_source source;
};

/**
 * usvm_mem_range_get_residency() - where a range is
 * @residency: filled in; counts whole pages
 * @pointer: any memory
 * @size: bytes, not 0
 *
 * CUDA has the location of the last prefetch only.
 * Return: USVM_ERROR_NOT_SUPPORTED where /proc is not mounted.
 */
usvm_error usvm_mem_range_get_residency(struct usvm_residency *residency, const void *pointer,
					size_t size);

/** enum usvm_memory_type - CUDA: cudaMemoryType */
enum usvm_memory_type {
	USVM_MEMORY_SYSTEM = 1,		/* malloc, mmap, stack: works on the device, too */
	USVM_MEMORY_MANAGED = 2,	/* usvm_malloc_managed() */
};

/**
 * struct usvm_pointer_attributes - what a pointer is
 * @type: by which allocator
 * @device: device that was current at allocation; the current one for system memory
 * @base: start of a managed allocation, else the page's
 * @size: bytes of it
 */
struct usvm_pointer_attributes {
	enum usvm_memory_type type;
	int device;
	void *base;
	size_t size;
};

/**
 * usvm_pointer_get_attributes() - describe a pointer
 * @attributes: filled in
 * @pointer: any
 *
 * CUDA: cudaPointerGetAttributes. Return: USVM_ERROR_INVALID_ADDRESS: nothing is mapped there.
 */
usvm_error usvm_pointer_get_attributes(struct usvm_pointer_attributes *attributes,
				       const void *pointer);

/* Copies and fills ------------------------------------------------------- */

/**
 * usvm_memcpy_async() - copy, in stream order
 * @dst: any memory
 * @src: any memory; must not overlap @dst
 * @size: bytes
 * @stream: when
 *
 * Nothing changes its place by being copied: what is in VRAM on both sides is
 * copied by the copy engine, what is on one side is staged through a buffer,
 * what is in RAM on both sides is copied by the CPU. On Pascal the copy engine
 * cannot take a page fault: a CPU thread that touches VRAM memory of a running
 * copy, or other memory in the same 64 KiB or the same huge page, pulls it away
 * under the copy, and the device is lost (USVM_ATTR_CONCURRENT_COPY is 0).
 * Managed allocations share neither.
 *
 * CUDA: cudaMemcpyAsync with cudaMemcpyDefault.
 */
usvm_error usvm_memcpy_async(void *dst, const void *src, size_t size, usvm_stream *stream);

/** usvm_memcpy() - copy, in order with the default stream, and wait. CUDA: cudaMemcpy */
usvm_error usvm_memcpy(void *dst, const void *src, size_t size);

/**
 * usvm_memcpy_2d_async() - copy lines, in stream order
 * @dst: first byte of the first line
 * @dst_pitch: bytes from line to line, at least @width
 * @src: as @dst
 * @src_pitch: as @dst_pitch
 * @width: bytes a line
 * @height: lines
 * @stream: when
 *
 * CUDA: cudaMemcpy2DAsync.
 */
usvm_error usvm_memcpy_2d_async(void *dst, size_t dst_pitch, const void *src, size_t src_pitch,
				size_t width, size_t height, usvm_stream *stream);

/** usvm_memcpy_2d() - and wait. CUDA: cudaMemcpy2D */
usvm_error usvm_memcpy_2d(void *dst, size_t dst_pitch, const void *src, size_t src_pitch,
			  size_t width, size_t height);

/**
 * usvm_fill_async() - fill with a pattern of 1, 2, 4 or 8 bytes, in stream order
 * @dst: any memory, aligned to @element
 * @element: bytes of the pattern
 * @value: the pattern in its low bytes
 * @count: how many elements
 * @stream: when
 *
 * CUDA: cuMemsetD8Async, cuMemsetD16Async, cuMemsetD32Async.
 */
usvm_error usvm_fill_async(void *dst, size_t element, uint64_t value, size_t count,
			   usvm_stream *stream);

/** usvm_fill() - and wait. CUDA: cuMemsetD8, cuMemsetD16, cuMemsetD32 */
usvm_error usvm_fill(void *dst, size_t element, uint64_t value, size_t count);

/** usvm_memset_async() - fill bytes, in stream order. CUDA: cudaMemsetAsync */
usvm_error usvm_memset_async(void *dst, int value, size_t size, usvm_stream *stream);

/** usvm_memset() - fill bytes and wait. CUDA: cudaMemset */
usvm_error usvm_memset(void *dst, int value, size_t size);

/**
 * usvm_memset_2d_async() - fill the bytes of lines, in stream order
 * @dst: first byte of the first line
 * @pitch: bytes from line to line, at least @width
 * @value: its low 8 bits
 * @width: bytes a line
 * @height: lines
 * @stream: when
 *
 * CUDA: cudaMemset2DAsync.
 */
usvm_error usvm_memset_2d_async(void *dst, size_t pitch, int value, size_t width, size_t height,
				usvm_stream *stream);

/** usvm_memset_2d() - and wait. CUDA: cudaMemset2D */
usvm_error usvm_memset_2d(void *dst, size_t pitch, int value, size_t width, size_t height);

/* Streams ---------------------------------------------------------------- */

/**
 * usvm_stream_create() - a new stream on this thread's device
 * @stream: the answer
 *
 * Work of one stream runs in order; streams are independent of each other and
 * of the default stream (in CUDA's words: all are non-blocking).
 * CUDA: cudaStreamCreateWithFlags.
 */
usvm_error usvm_stream_create(usvm_stream **stream);

/**
 * usvm_stream_destroy() - wait for a stream's work, then free it
 * @stream: not NULL
 *
 * CUDA: cudaStreamDestroy (which does not wait). Return: an error of its work.
 */
usvm_error usvm_stream_destroy(usvm_stream *stream);

/**
 * usvm_stream_synchronize() - wait for all work put into a stream so far
 * @stream: NULL: the default stream
 *
 * CUDA: cudaStreamSynchronize. Return: the first error since the last report.
 */
usvm_error usvm_stream_synchronize(usvm_stream *stream);

/**
 * usvm_stream_query() - is a stream's work done?
 * @stream: NULL: the default stream
 *
 * CUDA: cudaStreamQuery. Return: USVM_ERROR_NOT_READY if not.
 */
usvm_error usvm_stream_query(usvm_stream *stream);

/**
 * usvm_stream_wait_event() - later work of a stream waits for an event
 * @stream: any stream of any device
 * @event: as last recorded; never recorded: no wait
 *
 * CUDA: cudaStreamWaitEvent.
 */
usvm_error usvm_stream_wait_event(usvm_stream *stream, usvm_event *event);

/**
 * usvm_launch_host_func() - call a function, in stream order
 * @stream: when
 * @function: called on a thread of the library; must not call the library
 * @data: for @function
 *
 * CUDA: cudaLaunchHostFunc.
 */
usvm_error usvm_launch_host_func(usvm_stream *stream, void (*function)(void *data), void *data);

/* Events ----------------------------------------------------------------- */

/** usvm_event_create() - a new event. CUDA: cudaEventCreate */
usvm_error usvm_event_create(usvm_event **event);

/** usvm_event_destroy() - free an event; also while it is pending. CUDA: cudaEventDestroy */
usvm_error usvm_event_destroy(usvm_event *event);

/**
 * usvm_event_record() - the event happens when the stream gets here
 * @event: if it is pending elsewhere, that is forgotten
 * @stream: where
 *
 * CUDA: cudaEventRecord.
 */
usvm_error usvm_event_record(usvm_event *event, usvm_stream *stream);

/** usvm_event_synchronize() - wait for it, as last recorded. CUDA: cudaEventSynchronize */
usvm_error usvm_event_synchronize(usvm_event *event);

/** usvm_event_query() - USVM_SUCCESS if it happened, else _NOT_READY. CUDA: cudaEventQuery */
usvm_error usvm_event_query(usvm_event *event);

/**
 * usvm_event_elapsed_time() - time between two events that happened
 * @milliseconds: the answer
 * @start: first event
 * @end: second event; on the same device
 *
 * By the GPU's clock where the GPU ran the work, by CLOCK_MONOTONIC else; a
 * pair with one of each is compared by CLOCK_MONOTONIC as seen at completion.
 * CUDA: cudaEventElapsedTime. Return: USVM_ERROR_NOT_READY.
 */
usvm_error usvm_event_elapsed_time(float *milliseconds, usvm_event *start, usvm_event *end);

/* Kernels ---------------------------------------------------------------- */

/** struct usvm_dim3 - sizes in three dimensions. CUDA: dim3 */
struct usvm_dim3 {
	uint32_t x;
	uint32_t y;
	uint32_t z;
};

/**
 * struct usvm_host_kernel - a kernel for the host device; made by USVM_KERNEL_n() of usvm_kernel.h
 * @name: as in the module file
 * @arguments: how many, at most 16
 * @sizes: bytes of each argument
 * @call: calls the C function once, for one work-item
 */
struct usvm_host_kernel {
	const char *name;
	unsigned int arguments;
	const uint16_t *sizes;
	void (*call)(void **arguments);
};

/**
 * usvm_module_load() - load kernels
 * @module: the answer
 * @path: a module file, for GPUs; NULL if there is none
 * @host: the same kernels as C functions, for the host device; NULL if there are none
 * @hosts: how many
 *
 * CUDA: cuModuleLoad. Return: USVM_ERROR_NOT_FOUND, _INVALID_MODULE;
 * _NOT_SUPPORTED if there is nothing that this thread's device can run.
 */
usvm_error usvm_module_load(usvm_module **module, const char *path,
			    const struct usvm_host_kernel *host, size_t hosts);

/** usvm_module_unload() - wait for the device and free. CUDA: cuModuleUnload */
usvm_error usvm_module_unload(usvm_module *module);

/** usvm_module_get_kernel() - find a kernel by name, or _NOT_FOUND. CUDA: cuModuleGetFunction */
usvm_error usvm_module_get_kernel(usvm_kernel **kernel, usvm_module *module, const char *name);

/**
 * usvm_launch() - run a kernel, in stream order
 * @kernel: what
 * @grid: blocks
 * @block: work-items a block; at most max_threads_per_block in all
 * @arguments: addresses of the arguments, copied before this returns
 * @stream: when
 *
 * Pointers among the arguments may point to any memory of the process.
 * CUDA: cudaLaunchKernel.
 */
usvm_error usvm_launch(usvm_kernel *kernel, struct usvm_dim3 grid, struct usvm_dim3 block,
		       void **arguments, usvm_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
