// SPDX-License-Identifier: MIT
/*
 * usvm-pipe: producer and consumer over two streams and a ring of buffers.
 *
 * The producer's stream fills a slot in VRAM with a pattern; the consumer's
 * copies it to its place in the result. Events tell one that a slot is full and
 * the other that it is free; the CPU only hands out the work. Copies and fills
 * are the copy engine's, so that no kernel is needed.
 */
#include "example.h"

#define SLOTS	4
#define PARTS	32
#define PART	(256u << 10)	/* bytes */

int main(void)
{
	usvm_event *full[SLOTS], *empty[SLOTS];
	usvm_stream *producer, *consumer;
	unsigned char *slots;
	uint32_t *result;
	size_t wrong = 0;
	double start;
	int device;

	say_device("usvm-pipe");
	TRY(usvm_get_device(&device));
	TRY(usvm_malloc_managed((void **)&slots, SLOTS * PART));
	TRY(usvm_malloc_managed((void **)&result, PARTS * PART));
	TRY(usvm_stream_create(&producer));
	TRY(usvm_stream_create(&consumer));
	for (int i = 0; i < SLOTS; i++) {
		TRY(usvm_event_create(&full[i]));
		TRY(usvm_event_create(&empty[i]));
	}
	TRY(usvm_mem_prefetch(slots, SLOTS * PART, device));
	TRY(usvm_mem_prefetch(result, PARTS * PART, device));

	start = seconds();
	for (uint32_t i = 0; i < PARTS; i++) {
		uint32_t slot = i % SLOTS;
		unsigned char *at = slots + slot * PART;

		TRY(usvm_stream_wait_event(producer, empty[slot]));	/* at first: no wait */
		TRY(usvm_fill_async(at, 4, i * 0x01010101u + 7, PART / 4, producer));
		TRY(usvm_event_record(full[slot], producer));
		TRY(usvm_stream_wait_event(consumer, full[slot]));
		TRY(usvm_memcpy_async((char *)result + (size_t)i * PART, at, PART, consumer));
		TRY(usvm_event_record(empty[slot], consumer));
	}
	TRY(usvm_stream_synchronize(consumer));
	printf("%d parts of %u KiB through %d slots in %.1f ms\n", PARTS, PART >> 10, SLOTS,
	       1e3 * (seconds() - start));

	TRY(usvm_mem_prefetch(result, PARTS * PART, USVM_HOST));
	for (uint32_t i = 0; i < PARTS; i++)
		for (uint32_t w = 0; w < PART / 4; w++)
			wrong += result[(size_t)i * (PART / 4) + w] != i * 0x01010101u + 7;
	printf("%zu wrong\n", wrong);
	TRY(usvm_stream_destroy(producer));
	TRY(usvm_stream_destroy(consumer));
	for (int i = 0; i < SLOTS; i++) {
		TRY(usvm_event_destroy(full[i]));
		TRY(usvm_event_destroy(empty[i]));
	}
	TRY(usvm_free(slots));
	TRY(usvm_free(result));
	return wrong != 0;
}
