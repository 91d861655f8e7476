/* SPDX-License-Identifier: MIT */
/**
 * DOC: names of the CUDA runtime over libusvm
 *
 * Lets a small CUDA-runtime program build after changing its include and its
 * kernel launches: replace <cuda_runtime.h> by this file, and kernel<<<g, b, 0,
 * s>>>(...) by cudaLaunchKernel() with a usvm_kernel from usvm_module_get_kernel().
 *
 * What differs from CUDA:
 * - Streams never wait for the default stream, nor it for them.
 * - cudaMalloc() gives managed memory that prefers the current device; CPU code
 *   may use it, too. The kind of a cudaMemcpy() is not looked at.
 * - cudaMallocHost() gives memory that is not pinned; nothing needs it to be.
 * - cudaStreamDestroy() waits. cudaDeviceReset() does not free memory.
 * - cudaMemAdviseSetReadMostly makes no second copy (see usvm.h).
 * - Dynamic shared memory of a launch must be 0.
 */
#ifndef USVM_CUDA_H
#define USVM_CUDA_H

#include <stdbool.h>
#include <string.h>
#include <usvm.h>

typedef usvm_error cudaError_t;
typedef usvm_stream *cudaStream_t;
typedef usvm_event *cudaEvent_t;

#define cudaSuccess			USVM_SUCCESS
#define cudaErrorInvalidValue		USVM_ERROR_INVALID_VALUE
#define cudaErrorMemoryAllocation	USVM_ERROR_OUT_OF_MEMORY
#define cudaErrorNoDevice		USVM_ERROR_NO_DEVICE
#define cudaErrorInvalidDevice		USVM_ERROR_INVALID_DEVICE
#define cudaErrorNotSupported		USVM_ERROR_NOT_SUPPORTED
#define cudaErrorNotReady		USVM_ERROR_NOT_READY
#define cudaErrorIllegalAddress		USVM_ERROR_DEVICE_LOST
#define cudaErrorLaunchTimeout		USVM_ERROR_TIMEOUT
#define cudaErrorFileNotFound		USVM_ERROR_NOT_FOUND

#define cudaCpuDeviceId			USVM_HOST
#define cudaInvalidDeviceId		USVM_NOWHERE
#define cudaMemAttachGlobal		1u
#define cudaStreamDefault		0u
#define cudaStreamNonBlocking		1u
#define cudaEventDefault		0u
#define cudaEventDisableTiming		2u

enum cudaMemcpyKind {
	cudaMemcpyHostToHost,
	cudaMemcpyHostToDevice,
	cudaMemcpyDeviceToHost,
	cudaMemcpyDeviceToDevice,
	cudaMemcpyDefault,
};

enum cudaMemoryAdvise {
	cudaMemAdviseSetReadMostly = USVM_ADVISE_SET_READ_MOSTLY,
	cudaMemAdviseUnsetReadMostly = USVM_ADVISE_UNSET_READ_MOSTLY,
	cudaMemAdviseSetPreferredLocation = USVM_ADVISE_SET_PREFERRED_LOCATION,
	cudaMemAdviseUnsetPreferredLocation = USVM_ADVISE_UNSET_PREFERRED_LOCATION,
	cudaMemAdviseSetAccessedBy = USVM_ADVISE_SET_ACCESSED_BY,
	cudaMemAdviseUnsetAccessedBy = USVM_ADVISE_UNSET_ACCESSED_BY,
};

enum cudaMemRangeAttribute {
	cudaMemRangeAttributeReadMostly = USVM_RANGE_READ_MOSTLY,
	cudaMemRangeAttributePreferredLocation = USVM_RANGE_PREFERRED_LOCATION,
	cudaMemRangeAttributeLastPrefetchLocation = USVM_RANGE_LAST_PREFETCH_LOCATION,
};

enum cudaDeviceAttr {
	cudaDevAttrPageableMemoryAccess = USVM_ATTR_PAGEABLE_MEMORY_ACCESS,
	cudaDevAttrConcurrentManagedAccess = USVM_ATTR_CONCURRENT_COPY,
	cudaDevAttrManagedMemory = 1000,
};

struct cudaDeviceProp {
	char name[256];
	size_t totalGlobalMem;
	int multiProcessorCount;
	int maxThreadsPerBlock;
	int maxGridSize[3];
	int managedMemory;
	int concurrentManagedAccess;
	int pageableMemoryAccess;
};

#ifdef __cplusplus
struct dim3 : usvm_dim3 {
	dim3(uint32_t vx = 1, uint32_t vy = 1, uint32_t vz = 1) { x = vx; y = vy; z = vz; }
};
#else
typedef struct usvm_dim3 dim3;
#endif

/* Inline functions that a program need not call all of. */
#define USVM_CUDA static inline __attribute__((unused))

USVM_CUDA cudaError_t cudaGetLastError(void) { return usvm_get_last_error(); }
USVM_CUDA cudaError_t cudaPeekAtLastError(void) { return usvm_peek_at_last_error(); }
USVM_CUDA const char *cudaGetErrorName(cudaError_t e) { return usvm_error_name(e); }
USVM_CUDA const char *cudaGetErrorString(cudaError_t e) { return usvm_error_string(e); }

USVM_CUDA cudaError_t cudaGetDeviceCount(int *n) { return usvm_device_count(n); }
USVM_CUDA cudaError_t cudaSetDevice(int d) { return usvm_set_device(d); }
USVM_CUDA cudaError_t cudaGetDevice(int *d) { return usvm_get_device(d); }
USVM_CUDA cudaError_t cudaDeviceSynchronize(void) { return usvm_device_synchronize(); }
USVM_CUDA cudaError_t cudaDeviceReset(void) { return usvm_device_reset(); }
USVM_CUDA cudaError_t cudaMemGetInfo(size_t *f, size_t *t) { return usvm_mem_get_info(f, t); }

USVM_CUDA cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr attribute, int device)
{
	if (attribute == cudaDevAttrManagedMemory) {
		*value = 1;
		return cudaSuccess;
	}
	return usvm_device_get_attribute(value, (enum usvm_device_attribute)attribute, device);
}

USVM_CUDA cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *p, int device)
{
	struct usvm_device_properties u;
	cudaError_t err = usvm_device_get_properties(&u, device);

	if (err)
		return err;
	memset(p, 0, sizeof(*p));
	strcpy(p->name, u.name);
	p->totalGlobalMem = u.memory_bytes;
	p->multiProcessorCount = (int)u.multiprocessors;
	p->maxThreadsPerBlock = (int)u.max_threads_per_block;
	for (int i = 0; i < 3; i++)
		p->maxGridSize[i] = (int)u.max_grid[i];
	p->managedMemory = p->pageableMemoryAccess = 1;
	return usvm_device_get_attribute(&p->concurrentManagedAccess, USVM_ATTR_CONCURRENT_COPY,
					 device);
}

USVM_CUDA cudaError_t usvm_cuda_managed(void **p, size_t n) { return usvm_malloc_managed(p, n); }

USVM_CUDA cudaError_t usvm_cuda_malloc(void **p, size_t n)
{
	int device;
	cudaError_t err = usvm_get_device(&device);

	if (!err)
		err = usvm_malloc_managed(p, n);
	return err ? err : usvm_mem_advise(*p, n, USVM_ADVISE_SET_PREFERRED_LOCATION, device);
}

#ifdef __cplusplus
template <class T> cudaError_t cudaMallocManaged(T **p, size_t n, unsigned int = cudaMemAttachGlobal)
{
	return usvm_cuda_managed(reinterpret_cast<void **>(p), n);
}
template <class T> cudaError_t cudaMalloc(T **p, size_t n)
{
	return usvm_cuda_malloc(reinterpret_cast<void **>(p), n);
}
template <class T> cudaError_t cudaMallocHost(T **p, size_t n)
{
	return usvm_cuda_managed(reinterpret_cast<void **>(p), n);
}
#else
USVM_CUDA cudaError_t cudaMallocManaged(void **p, size_t n, unsigned int flags)
{
	(void)flags;
	return usvm_cuda_managed(p, n);
}
USVM_CUDA cudaError_t cudaMalloc(void **p, size_t n) { return usvm_cuda_malloc(p, n); }
USVM_CUDA cudaError_t cudaMallocHost(void **p, size_t n) { return usvm_cuda_managed(p, n); }
#endif

USVM_CUDA cudaError_t cudaFree(void *p) { return usvm_free(p); }
USVM_CUDA cudaError_t cudaFreeHost(void *p) { return usvm_free(p); }

USVM_CUDA cudaError_t cudaMemPrefetchAsync(const void *p, size_t n, int to, cudaStream_t s)
{
	return usvm_mem_prefetch_async(p, n, to, s);
}

USVM_CUDA cudaError_t cudaMemAdvise(const void *p, size_t n, enum cudaMemoryAdvise a, int location)
{
	return usvm_mem_advise(p, n, (enum usvm_advice)a, location);
}

USVM_CUDA cudaError_t cudaMemRangeGetAttribute(void *data, size_t size,
					       enum cudaMemRangeAttribute attribute,
					       const void *p, size_t n)
{
	int64_t value;
	cudaError_t err;

	if (size != sizeof(int))
		return cudaErrorInvalidValue;
	err = usvm_mem_range_get_attribute(&value, (enum usvm_range_attribute)attribute, p, n);
	if (!err)
		*(int *)data = (int)value;
	return err;
}

USVM_CUDA cudaError_t cudaMemcpy(void *d, const void *s, size_t n, enum cudaMemcpyKind kind)
{
	(void)kind;
	return usvm_memcpy(d, s, n);
}

USVM_CUDA cudaError_t cudaMemcpyAsync(void *d, const void *s, size_t n, enum cudaMemcpyKind kind,
				      cudaStream_t stream)
{
	(void)kind;
	return usvm_memcpy_async(d, s, n, stream);
}

USVM_CUDA cudaError_t cudaMemcpy2D(void *d, size_t dp, const void *s, size_t sp, size_t w, size_t h,
				   enum cudaMemcpyKind kind)
{
	(void)kind;
	return usvm_memcpy_2d(d, dp, s, sp, w, h);
}

USVM_CUDA cudaError_t cudaMemset(void *d, int v, size_t n) { return usvm_memset(d, v, n); }

USVM_CUDA cudaError_t cudaMemsetAsync(void *d, int v, size_t n, cudaStream_t s)
{
	return usvm_memset_async(d, v, n, s);
}

USVM_CUDA cudaError_t cudaMemset2D(void *d, size_t p, int v, size_t w, size_t h)
{
	return usvm_memset_2d(d, p, v, w, h);
}

USVM_CUDA cudaError_t cudaStreamCreate(cudaStream_t *s) { return usvm_stream_create(s); }

USVM_CUDA cudaError_t cudaStreamCreateWithFlags(cudaStream_t *s, unsigned int flags)
{
	(void)flags;
	return usvm_stream_create(s);
}

USVM_CUDA cudaError_t cudaStreamDestroy(cudaStream_t s) { return usvm_stream_destroy(s); }
USVM_CUDA cudaError_t cudaStreamSynchronize(cudaStream_t s) { return usvm_stream_synchronize(s); }
USVM_CUDA cudaError_t cudaStreamQuery(cudaStream_t s) { return usvm_stream_query(s); }

USVM_CUDA cudaError_t cudaStreamWaitEvent(cudaStream_t s, cudaEvent_t e, unsigned int flags)
{
	(void)flags;
	return usvm_stream_wait_event(s, e);
}

USVM_CUDA cudaError_t cudaLaunchHostFunc(cudaStream_t s, void (*fn)(void *), void *data)
{
	return usvm_launch_host_func(s, fn, data);
}

USVM_CUDA cudaError_t cudaEventCreate(cudaEvent_t *e) { return usvm_event_create(e); }

USVM_CUDA cudaError_t cudaEventCreateWithFlags(cudaEvent_t *e, unsigned int flags)
{
	(void)flags;
	return usvm_event_create(e);
}

USVM_CUDA cudaError_t cudaEventDestroy(cudaEvent_t e) { return usvm_event_destroy(e); }
USVM_CUDA cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t s) { return usvm_event_record(e, s); }
USVM_CUDA cudaError_t cudaEventSynchronize(cudaEvent_t e) { return usvm_event_synchronize(e); }
USVM_CUDA cudaError_t cudaEventQuery(cudaEvent_t e) { return usvm_event_query(e); }

USVM_CUDA cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t start, cudaEvent_t end)
{
	return usvm_event_elapsed_time(ms, start, end);
}

USVM_CUDA cudaError_t cudaLaunchKernel(usvm_kernel *kernel, dim3 grid, dim3 block, void **args,
				       size_t shared, cudaStream_t stream)
{
	return shared ? cudaErrorInvalidValue : usvm_launch(kernel, grid, block, args, stream);
}

#endif
