// SPDX-License-Identifier: MIT
/*
 * Threads that run grids on the host device. Blocks are given out one by one;
 * the work-items of a block run one after the other on one thread. The thread
 * that launches works as well, so that one CPU needs no other thread.
 */
#include <stdlib.h>
#include <unistd.h>

#include "host.h"
#include "usvm_kernel.h"

#define MAX_THREADS	16

struct host_pool {
	pthread_mutex_t turn;		/* one grid at a time */
	pthread_mutex_t lock;
	pthread_cond_t work;		/* round or stop changed */
	pthread_cond_t finished;	/* busy reached 0 */
	unsigned int threads;
	unsigned int started;
	pthread_t thread[MAX_THREADS];
	const struct grid *grid;
	uint64_t round;
	unsigned int busy;
	bool stop;
	_Atomic uint64_t next_block;
};

static _Thread_local struct usvm_work_item item;

USVM_API const struct usvm_work_item *usvm_current_work_item(void)
{
	return &item;
}

static void run_block(const struct grid *g, uint64_t block, void **arguments)
{
	item.group[0] = (uint32_t)(block % g->grid.x);
	item.group[1] = (uint32_t)(block / g->grid.x % g->grid.y);
	item.group[2] = (uint32_t)(block / g->grid.x / g->grid.y);
	for (item.local[2] = 0; item.local[2] < g->block.z; item.local[2]++)
		for (item.local[1] = 0; item.local[1] < g->block.y; item.local[1]++)
			for (item.local[0] = 0; item.local[0] < g->block.x; item.local[0]++)
				g->kernel->call(arguments);
}

static void run_blocks(struct host_pool *pool, const struct grid *g)
{
	uint64_t blocks = (uint64_t)g->grid.x * g->grid.y * g->grid.z, block;
	void *arguments[USVM_MAX_ARGUMENTS];

	for (unsigned int i = 0; i < g->kernel->arguments; i++)
		arguments[i] = (void *)&g->bytes[g->kernel->offset[i]];
	item.groups[0] = g->grid.x;
	item.groups[1] = g->grid.y;
	item.groups[2] = g->grid.z;
	item.size[0] = g->block.x;
	item.size[1] = g->block.y;
	item.size[2] = g->block.z;
	while ((block = atomic_fetch_add(&pool->next_block, 1)) < blocks)
		run_block(g, block, arguments);
}

static void *worker(void *data)
{
	struct host_pool *pool = data;
	uint64_t seen = 0;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		const struct grid *grid;

		while (!pool->stop && pool->round == seen)
			pthread_cond_wait(&pool->work, &pool->lock);
		if (pool->stop)
			break;
		seen = pool->round;
		grid = pool->grid;
		pthread_mutex_unlock(&pool->lock);
		run_blocks(pool, grid);
		pthread_mutex_lock(&pool->lock);
		if (!--pool->busy)
			pthread_cond_signal(&pool->finished);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

struct host_pool *host_pool_new(void)
{
	struct host_pool *pool = calloc(1, sizeof(*pool));
	const char *want = getenv("USVM_HOST_THREADS");
	long n = want ? strtol(want, NULL, 10) : sysconf(_SC_NPROCESSORS_ONLN);

	if (!pool)
		return NULL;
	pool->threads = n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : (unsigned int)n;
	pthread_mutex_init(&pool->turn, NULL);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pthread_cond_init(&pool->finished, NULL);
	return pool;
}

void host_pool_free(struct host_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned int i = 0; i < pool->started; i++)
		pthread_join(pool->thread[i], NULL);
	pthread_cond_destroy(&pool->work);
	pthread_cond_destroy(&pool->finished);
	pthread_mutex_destroy(&pool->lock);
	pthread_mutex_destroy(&pool->turn);
	free(pool);
}

unsigned int host_pool_threads(const struct host_pool *pool)
{
	return pool->threads;
}

usvm_error host_pool_run(struct host_pool *pool, const struct grid *grid)
{
	pthread_mutex_lock(&pool->turn);
	/* A thread that cannot be had is done without. */
	while (pool->started < pool->threads - 1 &&
	       !pthread_create(&pool->thread[pool->started], NULL, worker, pool))
		pool->started++;
	pthread_mutex_lock(&pool->lock);
	atomic_store(&pool->next_block, 0);
	pool->grid = grid;
	pool->busy = pool->started;
	pool->round++;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	run_blocks(pool, grid);
	pthread_mutex_lock(&pool->lock);
	while (pool->busy)
		pthread_cond_wait(&pool->finished, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	pthread_mutex_unlock(&pool->turn);
	return USVM_SUCCESS;
}
