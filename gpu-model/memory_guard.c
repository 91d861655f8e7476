// SPDX-License-Identifier: MIT
#include "memory_guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

#define MAX_GUARDED	8192u

/*
 * The handler reads these without a lock. The mapping that it was called for cannot go away
 * meanwhile, as the thread below it is in the middle of an access; an entry that
 * changes under its eyes is another one, whose start is 0 for a while.
 */
struct guarded {
	atomic_uintptr_t start;		/* 0: free, or changing */
	atomic_size_t size;
	atomic_bool lost;
	bool used;			/* table_lock */
};

static struct guarded table[MAX_GUARDED];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct sigaction before;

static struct guarded *find(uintptr_t addr)
{
	for (size_t i = 0; i < MAX_GUARDED; i++) {
		uintptr_t start = atomic_load(&table[i].start);
		size_t size = atomic_load(&table[i].size);

		if (start && addr - start < size && start == atomic_load(&table[i].start))
			return &table[i];
	}
	return NULL;
}

/*
 * Not ours: the access comes again when the handler returns, and meets the action from
 * before; so does a signal that somebody sent.
 */
static void on_bus_error(int sig, siginfo_t *info, void *context)
{
	const int error = errno;
	struct guarded *g = info->si_code > 0 ? find((uintptr_t)info->si_addr) : NULL;
	void *p = MAP_FAILED;

	(void)context;
	if (g)
		p = mmap((void *)atomic_load(&g->start), atomic_load(&g->size), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	if (p != MAP_FAILED) {
		atomic_store(&g->lost, true);
	} else {
		sigaction(sig, &before, NULL);
		if (info->si_code <= 0)
			raise(sig);
	}
	errno = error;
}

static void take_signal(void)
{
	struct sigaction sa = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };

	sigaction(SIGBUS, &sa, &before);
}

struct guarded *memory_guard(void *start, size_t size)
{
	struct guarded *g = NULL;

	pthread_once(&once, take_signal);
	pthread_mutex_lock(&table_lock);
	for (size_t i = 0; i < MAX_GUARDED && !g; i++) {
		if (!table[i].used)
			g = &table[i];
	}
	if (g) {
		g->used = true;
		atomic_store(&g->lost, false);
		atomic_store(&g->size, size);
		atomic_store(&g->start, (uintptr_t)start);
	}
	pthread_mutex_unlock(&table_lock);
	return g;
}

void memory_unguard(struct guarded *g)
{
	pthread_mutex_lock(&table_lock);
	atomic_store(&g->start, 0);
	g->used = false;
	pthread_mutex_unlock(&table_lock);
}

bool memory_guard_lost(const struct guarded *g)
{
	return atomic_load_explicit(&g->lost, memory_order_relaxed);
}
