// SPDX-License-Identifier: MIT
/* Threads that wait for the next job. */
#include <pthread.h>
#include <stdlib.h>

#include "gr_grid.h"

struct gr_pool {
	pthread_mutex_t lock;
	pthread_cond_t wake, idle;
	u32 threads;
	u32 busy;		/* threads that have not done the job yet */
	u64 job;		/* number of the job */
	bool quit;
	void (*fn)(void *arg, u32 sm);
	void *arg;
	struct worker {
		struct gr_pool *pool;
		pthread_t thread;
		u32 sm;
	} worker[GR_MAX_SMS];
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct gr_pool *pool = w->pool;
	u64 seen = 0;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		while (pool->job == seen && !pool->quit)
			pthread_cond_wait(&pool->wake, &pool->lock);
		if (pool->quit)
			break;
		seen = pool->job;
		pthread_mutex_unlock(&pool->lock);
		pool->fn(pool->arg, w->sm);
		pthread_mutex_lock(&pool->lock);
		if (!--pool->busy)
			pthread_cond_signal(&pool->idle);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

struct gr_pool *gr_pool_new(u32 threads)
{
	struct gr_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	if (threads > GR_MAX_SMS - 1)
		threads = GR_MAX_SMS - 1;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->wake, NULL);
	pthread_cond_init(&pool->idle, NULL);
	for (u32 n = 0; n < threads; n++) {
		struct worker *w = &pool->worker[n];

		w->pool = pool;
		w->sm = n + 1;
		if (pthread_create(&w->thread, NULL, work, w)) {
			gr_pool_free(pool);
			return NULL;
		}
		pool->threads++;
	}
	return pool;
}

void gr_pool_free(struct gr_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->quit = true;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	for (u32 n = 0; n < pool->threads; n++)
		pthread_join(pool->worker[n].thread, NULL);
	pthread_cond_destroy(&pool->wake);
	pthread_cond_destroy(&pool->idle);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

u32 gr_pool_sms(const struct gr_pool *pool)
{
	return pool->threads + 1;
}

void gr_pool_run(struct gr_pool *pool, void (*fn)(void *arg, u32 sm), void *arg)
{
	pthread_mutex_lock(&pool->lock);
	pool->fn = fn;
	pool->arg = arg;
	pool->busy = pool->threads;
	pool->job++;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	fn(arg, 0);
	pthread_mutex_lock(&pool->lock);
	while (pool->busy)
		pthread_cond_wait(&pool->idle, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
}
