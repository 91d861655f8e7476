// SPDX-License-Identifier: MIT
/* Managed allocations, and the few things done to any memory by the CPU alone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"
#include "pages.h"

#define HUGE		(2ull << 20)
#define SMALLEST	(64ull << 10)

struct allocation {
	struct allocation *next;
	char *base;
	size_t size;		/* as asked for */
	size_t mapped;
	int device;
};

static pthread_mutex_t memory_lock = PTHREAD_MUTEX_INITIALIZER;
static struct allocation *allocations;

/* A 2 MiB aligned mapping: one larger, its ends given back. */
static char *map_aligned(size_t size)
{
	char *p = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	size_t head;

	if (p == MAP_FAILED)
		return NULL;
	head = (size_t)(-(uintptr_t)p & (HUGE - 1));
	if (head)
		munmap(p, head);
	munmap(p + head + size, HUGE - head);
	return p + head;
}

USVM_API usvm_error usvm_malloc_managed(void **pointer, size_t size)
{
	struct allocation *a;
	struct device *dev;
	usvm_error err;

	if (!pointer)
		return api_return(USVM_ERROR_INVALID_VALUE);
	*pointer = NULL;
	if (!size)
		return api_return(USVM_ERROR_INVALID_VALUE);
	err = api_device(&dev);
	if (err)
		return api_return(err);
	if (size > SIZE_MAX / 2)
		return api_return(USVM_ERROR_OUT_OF_MEMORY);
	a = calloc(1, sizeof(*a));
	if (!a)
		return api_return(USVM_ERROR_OUT_OF_MEMORY);
	/*
	 * Small ones should not cost a huge page each, but share no 64 KiB either:
	 * so much may come back to RAM with a page that the CPU touches.
	 */
	a->mapped = size < HUGE / 2 ? (size + SMALLEST - 1) & ~(SMALLEST - 1) :
				      (size + HUGE - 1) & ~(HUGE - 1);
	a->base = map_aligned(a->mapped);
	if (!a->base) {
		free(a);
		return api_return(USVM_ERROR_OUT_OF_MEMORY);
	}
	if (a->mapped >= HUGE)	/* best effort: there may be no huge pages */
		madvise(a->base, a->mapped, MADV_HUGEPAGE);
	a->size = size;
	a->device = dev->index;
	pthread_mutex_lock(&memory_lock);
	a->next = allocations;
	allocations = a;
	pthread_mutex_unlock(&memory_lock);
	*pointer = a->base;
	return USVM_SUCCESS;
}

USVM_API usvm_error usvm_free(void *pointer)
{
	struct allocation **at, *a;
	usvm_error err = api_usable();

	if (err || !pointer)
		return api_return(err);
	pthread_mutex_lock(&memory_lock);
	for (at = &allocations; *at && (*at)->base != pointer; at = &(*at)->next)
		;
	a = *at;
	if (a)
		*at = a->next;
	pthread_mutex_unlock(&memory_lock);
	if (!a)
		return api_return(USVM_ERROR_INVALID_VALUE);
	for (int i = 0; i < runtime_devices(); i++) {
		struct device *dev;

		if (!api_device_at(i, &dev))
			device_drain(dev);
	}
	advice_end((uintptr_t)a->base, (uintptr_t)a->base + a->mapped);
	munmap(a->base, a->mapped);
	free(a);
	return USVM_SUCCESS;
}

bool memory_find(const void *pointer, void **base, size_t *size, int *device)
{
	uintptr_t p = (uintptr_t)pointer;
	struct allocation *a;

	pthread_mutex_lock(&memory_lock);
	for (a = allocations; a; a = a->next)
		if (p >= (uintptr_t)a->base && p < (uintptr_t)a->base + a->size)
			break;
	if (a) {
		*base = a->base;
		*size = a->size;
		*device = a->device;
	}
	pthread_mutex_unlock(&memory_lock);
	return a;
}

void memory_clear(void)
{
	while (allocations) {
		struct allocation *a = allocations;

		allocations = a->next;
		munmap(a->base, a->mapped);
		free(a);
	}
}

USVM_API usvm_error usvm_pointer_get_attributes(struct usvm_pointer_attributes *attributes,
						const void *pointer)
{
	uintptr_t page = (uintptr_t)pointer & ~(USVM_PAGE - 1);
	unsigned char resident;
	struct device *dev;
	usvm_error err;

	if (!attributes)
		return api_return(USVM_ERROR_INVALID_VALUE);
	err = api_device(&dev);
	if (err)
		return api_return(err);
	memset(attributes, 0, sizeof(*attributes));
	if (memory_find(pointer, &attributes->base, &attributes->size, &attributes->device)) {
		attributes->type = USVM_MEMORY_MANAGED;
		return USVM_SUCCESS;
	}
	if (mincore((void *)page, USVM_PAGE, &resident))
		return api_return(USVM_ERROR_INVALID_ADDRESS);
	attributes->type = USVM_MEMORY_SYSTEM;
	attributes->device = dev->index;
	attributes->base = (void *)page;
	attributes->size = USVM_PAGE;
	return USVM_SUCCESS;
}

usvm_error memory_populate(uint64_t start, uint64_t end, bool write)
{
	int advice = write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;

	if (!madvise((void *)(uintptr_t)start, end - start, advice))
		return USVM_SUCCESS;
	switch (errno) {
	case ENOMEM:
	case EFAULT:
		return USVM_ERROR_INVALID_ADDRESS;
	case EINVAL:	/* before Linux 5.14, or memory of a device */
		return USVM_ERROR_NOT_SUPPORTED;
	default:
		return error_from_errno(-errno);
	}
}

static int bring_back(const struct pages_run *run, void *data)
{
	usvm_error *err = data;

	if (!run->away)
		return 0;
	*err = memory_populate(run->start, run->end, false);
	if (*err == USVM_ERROR_NOT_SUPPORTED) {
		for (uint64_t p = run->start; p < run->end; p += USVM_PAGE)
			(void)*(volatile char *)(uintptr_t)p;
		*err = USVM_SUCCESS;
	}
	return *err ? 1 : 0;
}

usvm_error memory_to_ram(uint64_t start, uint64_t end)
{
	usvm_error result = USVM_SUCCESS;
	int err = pages_walk(0, start, end, NULL, bring_back, &result);

	return err < 0 ? error_from_errno(err) : result;
}
