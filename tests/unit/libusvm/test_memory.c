// SPDX-License-Identifier: MIT
/* Managed memory, any memory, copies, fills, advice, attributes: on the host device. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <usvm.h>

#include "tap.h"

#define MIB	(1u << 20)

/* An address at which nothing is. */
static void *nowhere(void)
{
	void *p = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p, 4096);
	return p;
}

static void test_device(void)
{
	struct usvm_device_properties p;
	size_t free_bytes, total;
	int count = 0, value = -1;

	tap_is(usvm_device_count(&count), USVM_SUCCESS, "there are devices");
	tap_is(count, 1, "USVM_DEVICE=host gives exactly one");
	tap_is(usvm_device_get_properties(&p, 0), USVM_SUCCESS, "properties");
	tap_ok(!strcmp(p.backend, "host"), "it says that it is the host");
	tap_is(usvm_device_get_properties(&p, 1), USVM_ERROR_INVALID_DEVICE, "no second device");
	tap_is(usvm_set_device(3), USVM_ERROR_INVALID_DEVICE, "a device that is not there");
	tap_is(usvm_get_device(&value), USVM_SUCCESS, "current device");
	tap_is(value, 0, "it is device 0");
	tap_is(usvm_device_get_attribute(&value, USVM_ATTR_KERNELS, 0), USVM_SUCCESS, "attribute");
	tap_is(value, 1, "the host runs kernels");
	tap_is(usvm_device_get_attribute(&value, (enum usvm_device_attribute)99, 0),
	       USVM_ERROR_INVALID_VALUE, "an attribute that is not there");
	tap_is(usvm_mem_get_info(&free_bytes, &total), USVM_SUCCESS, "memory info");
	tap_ok(free_bytes && free_bytes <= total, "free memory is part of all memory");
}

static void test_managed(void)
{
	struct usvm_pointer_attributes a;
	char local[16], *p = NULL, *q = NULL, *plain = malloc(100);
	bool zero = true;

	tap_is(usvm_malloc_managed((void **)&p, 5 * MIB), USVM_SUCCESS, "5 MiB managed");
	tap_ok((uintptr_t)p % (2 * MIB) == 0, "aligned to 2 MiB");
	for (size_t i = 0; i < 5 * MIB; i += 4096)
		zero &= !p[i];
	tap_ok(zero, "zeroed");
	tap_is(usvm_malloc_managed((void **)&q, 100), USVM_SUCCESS, "100 bytes managed");
	tap_is(usvm_malloc_managed((void **)&q, 0), USVM_ERROR_INVALID_VALUE, "0 bytes");
	tap_ok(!q, "no pointer then");
	tap_is(usvm_malloc_managed((void **)&q, SIZE_MAX - 10), USVM_ERROR_OUT_OF_MEMORY, "too much");
	tap_is(usvm_pointer_get_attributes(&a, p + 12345), USVM_SUCCESS, "attributes, inside");
	tap_ok(a.type == USVM_MEMORY_MANAGED && a.base == p && a.size == 5 * MIB && a.device == 0,
	       "type, base, size, device");
	tap_is(usvm_pointer_get_attributes(&a, plain), USVM_SUCCESS, "attributes of malloc'ed memory");
	tap_is(a.type, USVM_MEMORY_SYSTEM, "system memory");
	tap_is(usvm_pointer_get_attributes(&a, local), USVM_SUCCESS, "attributes of the stack");
	tap_is(usvm_pointer_get_attributes(&a, nowhere()), USVM_ERROR_INVALID_ADDRESS,
	       "attributes of nothing");
	tap_is(usvm_free(p + 1), USVM_ERROR_INVALID_VALUE, "free of the middle");
	tap_is(usvm_free(p), USVM_SUCCESS, "free");
	tap_is(usvm_free(p), USVM_ERROR_INVALID_VALUE, "free twice");
	tap_is(usvm_free(NULL), USVM_SUCCESS, "free of NULL");
	tap_is(usvm_pointer_get_attributes(&a, p), USVM_ERROR_INVALID_ADDRESS, "gone after free");
	free(plain);
}

static void test_copies(void)
{
	char *a = malloc(3 * MIB), *b = malloc(3 * MIB);
	bool good = true;

	for (int i = 0; i < 3 * (int)MIB; i++)
		a[i] = (char)(i * 7 + i / 1000);
	tap_is(usvm_memcpy(b, a, 3 * MIB), USVM_SUCCESS, "copy");
	tap_ok(!memcmp(a, b, 3 * MIB), "the copy is right");
	tap_is(usvm_memcpy(b + 1, a + 3, 1001), USVM_SUCCESS, "odd copy");
	tap_ok(!memcmp(b + 1, a + 3, 1001) && b[0] == a[0] && b[1002] == a[1002], "and no more");
	tap_is(usvm_memcpy(b, a, 0), USVM_SUCCESS, "copy of nothing");
	tap_is(usvm_memcpy(NULL, a, 10), USVM_ERROR_INVALID_VALUE, "copy to NULL");
	tap_is(usvm_memcpy(b, NULL, 10), USVM_ERROR_INVALID_VALUE, "copy from NULL");
	tap_is(usvm_memcpy(a + 5, a, 10), USVM_ERROR_INVALID_VALUE, "overlapping copy");
	tap_is(usvm_memcpy((void *)-16, a, 64), USVM_ERROR_INVALID_VALUE, "copy around the end");

	memset(b, 0, 3 * MIB);
	tap_is(usvm_memcpy_2d(b + 10, 300, a, 700, 200, 1000), USVM_SUCCESS, "2D copy");
	for (int y = 0; y < 1000; y++)
		for (int x = 0; x < 300; x++)
			good &= b[10 + y * 300 + x] == (x < 200 ? a[y * 700 + x] : 0);
	tap_ok(good, "lines are right, gaps untouched");
	tap_is(usvm_memcpy_2d(b, 100, a, 700, 200, 2), USVM_ERROR_INVALID_VALUE,
	       "pitch smaller than width");
	tap_is(usvm_memcpy_2d(b, SIZE_MAX / 2, a, 700, 200, 8), USVM_ERROR_INVALID_VALUE,
	       "pitch that overflows");
	free(a);
	free(b);
}

static bool all(const void *p, size_t element, uint64_t value, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp((const char *)p + i * element, &value, element))
			return false;
	return true;
}

static void test_fills(void)
{
	uint64_t *p = calloc(1000, 8);
	char *c = (char *)p;

	for (size_t e = 1; e <= 8; e *= 2) {
		memset(p, 0xee, 8000);
		tap_is(usvm_fill(c + 8, e, 0x8877665544332211, 100), USVM_SUCCESS, "fill");
		tap_ok(all(c + 8, e, 0x8877665544332211, 100) && c[7] == (char)0xee &&
		       c[8 + 100 * e] == (char)0xee, "the pattern, and no more");
	}
	tap_is(usvm_fill(c, 3, 1, 10), USVM_ERROR_INVALID_VALUE, "element of 3 bytes");
	tap_is(usvm_fill(c + 1, 4, 1, 10), USVM_ERROR_INVALID_VALUE, "not aligned");
	tap_is(usvm_fill(c, 8, 1, SIZE_MAX / 4), USVM_ERROR_INVALID_VALUE, "count that overflows");
	tap_is(usvm_memset(c, 0x1ab, 100), USVM_SUCCESS, "memset");
	tap_ok(all(c, 1, 0xab, 100), "takes the low 8 bits");
	memset(p, 0, 8000);
	tap_is(usvm_memset_2d(c, 80, 5, 40, 50), USVM_SUCCESS, "2D memset");
	tap_ok(all(c, 1, 5, 40) && all(c + 40, 1, 0, 40) && all(c + 49 * 80, 1, 5, 40),
	       "lines and gaps");
	free(p);
}

static void test_advice(void)
{
	char *p;
	int64_t v;

	usvm_malloc_managed((void **)&p, 4 * MIB);
	tap_is(usvm_mem_range_get_attribute(&v, USVM_RANGE_PREFERRED_LOCATION, p, 4 * MIB),
	       USVM_SUCCESS, "attribute without advice");
	tap_is((int)v, USVM_NOWHERE, "no preferred location");
	usvm_mem_advise(p, MIB, USVM_ADVISE_SET_PREFERRED_LOCATION, 0);
	usvm_mem_range_get_attribute(&v, USVM_RANGE_PREFERRED_LOCATION, p, MIB);
	tap_is((int)v, 0, "preferred location of the advised part");
	usvm_mem_range_get_attribute(&v, USVM_RANGE_PREFERRED_LOCATION, p, 2 * MIB);
	tap_is((int)v, USVM_NOWHERE, "and of a range that is only partly so");
	usvm_mem_advise(p + MIB, MIB, USVM_ADVISE_SET_PREFERRED_LOCATION, USVM_HOST);
	usvm_mem_range_get_attribute(&v, USVM_RANGE_PREFERRED_LOCATION, p + MIB + 5, 10);
	tap_is((int)v, USVM_HOST, "the host as preferred location");
	usvm_mem_advise(p + MIB / 2, MIB, USVM_ADVISE_UNSET_PREFERRED_LOCATION, 0);
	usvm_mem_range_get_attribute(&v, USVM_RANGE_PREFERRED_LOCATION, p, MIB / 2);
	tap_is((int)v, 0, "unset in the middle leaves the head");
	usvm_mem_range_get_attribute(&v, USVM_RANGE_PREFERRED_LOCATION, p + MIB, MIB / 2);
	tap_is((int)v, USVM_NOWHERE, "clears the middle");
	usvm_mem_range_get_attribute(&v, USVM_RANGE_PREFERRED_LOCATION, p + 3 * MIB / 2, MIB / 2);
	tap_is((int)v, USVM_HOST, "and leaves the tail");
	usvm_mem_advise(p, 2 * MIB, USVM_ADVISE_SET_READ_MOSTLY, 0);
	usvm_mem_range_get_attribute(&v, USVM_RANGE_READ_MOSTLY, p, 2 * MIB);
	tap_is((int)v, 1, "read mostly across pieces of other advice");
	usvm_mem_range_get_attribute(&v, USVM_RANGE_READ_MOSTLY, p, 2 * MIB + 4096);
	tap_is((int)v, 0, "not read mostly if one page is not");
	usvm_mem_advise(p, MIB, USVM_ADVISE_SET_ACCESSED_BY, 0);
	usvm_mem_advise(p, MIB, USVM_ADVISE_SET_ACCESSED_BY, USVM_HOST);
	usvm_mem_range_get_attribute(&v, USVM_RANGE_ACCESSED_BY, p, MIB);
	tap_ok(v == (int64_t)(1ull << 63 | 1), "accessed by both");
	usvm_mem_advise(p, MIB, USVM_ADVISE_UNSET_ACCESSED_BY, 0);
	usvm_mem_range_get_attribute(&v, USVM_RANGE_ACCESSED_BY, p, MIB);
	tap_ok(v == INT64_MIN, "by the host alone");
	tap_is(usvm_mem_advise(p, MIB, (enum usvm_advice)77, 0), USVM_ERROR_INVALID_VALUE,
	       "advice that is not there");
	tap_is(usvm_mem_advise(p, MIB, USVM_ADVISE_SET_PREFERRED_LOCATION, 9),
	       USVM_ERROR_INVALID_DEVICE, "a location that is not there");
	usvm_free(p);
	usvm_malloc_managed((void **)&p, 4 * MIB);
	usvm_mem_range_get_attribute(&v, USVM_RANGE_READ_MOSTLY, p, MIB);
	tap_is((int)v, 0, "advice ends with the memory");
	usvm_free(p);
}

static void test_places(void)
{
	struct usvm_residency r;
	char *p = mmap(NULL, 64 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int64_t v;

	madvise(p, 64 * 4096, MADV_NOHUGEPAGE);
	tap_is(usvm_mem_range_get_residency(&r, p, 64 * 4096), USVM_SUCCESS, "residency");
	tap_ok(r.untouched == 64 * 4096, "nothing touched yet");
	memset(p, 1, 10 * 4096);
	usvm_mem_range_get_residency(&r, p + 1, 64 * 4096 - 2);
	tap_ok(r.ram_small + r.ram_huge == 10 * 4096 && r.untouched == 54 * 4096,
	       "ten pages in RAM, the others untouched; odd ends count as whole pages");
	tap_ok(!r.vram_small && !r.vram_huge, "none in VRAM");
	tap_is(usvm_mem_prefetch(p, 20 * 4096, 0), USVM_SUCCESS, "prefetch to the device");
	tap_ok(p[0] == 1 && p[9 * 4096] == 1 && !p[19 * 4096], "contents stay");
	usvm_mem_range_get_attribute(&v, USVM_RANGE_LAST_PREFETCH_LOCATION, p, 20 * 4096);
	tap_is((int)v, 0, "last prefetch: device 0");
	tap_is(usvm_mem_prefetch(p, 20 * 4096, USVM_HOST), USVM_SUCCESS, "prefetch back");
	usvm_mem_range_get_attribute(&v, USVM_RANGE_LAST_PREFETCH_LOCATION, p, 20 * 4096);
	tap_is((int)v, USVM_HOST, "last prefetch: the host");
	usvm_mem_range_get_attribute(&v, USVM_RANGE_LAST_PREFETCH_LOCATION, p, 21 * 4096);
	tap_is((int)v, USVM_NOWHERE, "no prefetch of the next page");
	tap_is(usvm_mem_prefetch(p, 4096, 5), USVM_ERROR_INVALID_DEVICE, "prefetch to nowhere");
	tap_is(usvm_mem_prefetch(p, 0, 0), USVM_ERROR_INVALID_VALUE, "prefetch of nothing");
	tap_is(usvm_mem_prefetch(nowhere(), 4096, 0), USVM_ERROR_INVALID_ADDRESS,
	       "prefetch of what is not there");
	tap_is(usvm_mem_discard_async(p + 100, 4 * 4096, NULL), USVM_SUCCESS, "discard");
	tap_is(usvm_stream_synchronize(NULL), USVM_SUCCESS, "discarded");
	tap_ok(p[0] == 1 && p[4096] == 0 && p[3 * 4096] == 0 && p[4 * 4096] == 1,
	       "whole pages inside are gone, the ends are not");
	munmap(p, 64 * 4096);
}

static void test_errors(void)
{
	bool good = true;

	usvm_get_last_error();
	usvm_free((void *)1);
	tap_is(usvm_peek_at_last_error(), USVM_ERROR_INVALID_VALUE, "the last error is kept");
	tap_is(usvm_get_last_error(), USVM_ERROR_INVALID_VALUE, "and given");
	tap_is(usvm_get_last_error(), USVM_SUCCESS, "once");
	for (int i = 0; i <= USVM_ERROR_SYSTEM; i++)
		good &= !!strcmp(usvm_error_name(i), "unknown") && strlen(usvm_error_string(i)) > 7;
	tap_ok(good, "every error has a name and a sentence");
	tap_ok(!strcmp(usvm_error_name(USVM_ERROR_TIMEOUT), "USVM_ERROR_TIMEOUT"), "a name");
	tap_ok(!strcmp(usvm_error_name(1234), "unknown"), "no error of that number");
}

int main(void)
{
	setenv("USVM_DEVICE", "host", 1);
	test_device();
	test_managed();
	test_copies();
	test_fills();
	test_advice();
	test_places();
	test_errors();
	return tap_done();
}
