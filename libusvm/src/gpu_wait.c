// SPDX-License-Identifier: MIT
/*
 * Streams of one device that wait for each other on the GPU.
 *
 *	stream A    copy   record: release(word of A, 7)
 *	stream B                                          acquire(word of A, 7)   copy
 *
 * A buffer of the device has a word for each queue that records events. A queue
 * counts its word up; a word that a closed queue leaves behind goes on from where it
 * is, so that nobody who still waits for an old value waits for ever. A lost device
 * releases nothing any more: then the CPU sets all words to what was promised,
 * before channels that wait are taken down.
 */
#include <errno.h>

#include "gpu.h"

#define WORD_BYTES	16u

/* With gpu->lock held. */
static int open_words(struct gpu *gpu)
{
	uint32_t *map;
	int err;

	if (gpu->words.handle)
		return 0;
	err = nv_bo_new(&gpu->nv, &gpu->words, GPU_WORDS * WORD_BYTES);
	if (err)
		return err;
	map = gpu->words.map;
	for (unsigned int i = 0; i < GPU_WORDS * WORD_BYTES / 4; i++)
		map[i] = 0;
	return 0;
}

static int take_word(struct gpu *gpu)
{
	int word = -ENOSPC;

	pthread_mutex_lock(&gpu->lock);
	if (!open_words(gpu))
		for (int i = 0; i < GPU_WORDS && word < 0; i++)
			if (!gpu->word_taken[i])
				word = i;
	if (word >= 0)
		gpu->word_taken[word] = true;
	pthread_mutex_unlock(&gpu->lock);
	return word;
}

bool gpu_promise(struct queue *q, struct gpu_point *point)
{
	if (q->word < 0)
		q->word = take_word(q->gpu);
	if (q->word < 0 || nv_channel_use(q->active, &q->gpu->words))
		return false;
	point->va = q->gpu->words.va + (unsigned int)q->word * WORD_BYTES;
	point->value = atomic_load(&q->gpu->word_value[q->word]) + 1;
	if (nv_release(q->active, point->va, point->value))
		return false;
	atomic_store(&q->gpu->word_value[q->word], point->value);
	return true;
}

usvm_error gpu_wait(struct queue *q, const struct gpu_point *point)
{
	int err;

	/* without a channel there is nothing that could wait; the CPU may as well */
	if (!q->active || nv_channel_use(q->active, &q->gpu->words))
		return USVM_ERROR_NOT_SUPPORTED;
	err = nv_acquire(q->active, point->va, point->value);
	if (err)
		return gpu_error(q, err);
	q->settled = false;
	q->waits = true;
	atomic_fetch_add(&q->gpu->waits, 1);
	return USVM_SUCCESS;
}

void gpu_let_go(struct gpu *gpu)
{
	pthread_mutex_lock(&gpu->lock);
	for (unsigned int i = 0; gpu->words.map && i < GPU_WORDS; i++)
		__atomic_store_n((uint32_t *)gpu->words.map + i * WORD_BYTES / 4,
				 atomic_load(&gpu->word_value[i]), __ATOMIC_RELEASE);
	pthread_mutex_unlock(&gpu->lock);
}

void gpu_give_word(struct queue *q)
{
	if (q->word < 0)
		return;
	pthread_mutex_lock(&q->gpu->lock);
	q->gpu->word_taken[q->word] = false;
	pthread_mutex_unlock(&q->gpu->lock);
	q->word = -1;
}
