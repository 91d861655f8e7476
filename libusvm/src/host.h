/* SPDX-License-Identifier: MIT */
/* The host device's two files. */
#ifndef USVM_HOST_BACKEND_H
#define USVM_HOST_BACKEND_H

#include "internal.h"

struct host_pool;

/** host_pool_new() - no threads yet; NULL without memory */
struct host_pool *host_pool_new(void);
/** host_pool_free() - ends its threads; nothing may run on it */
void host_pool_free(struct host_pool *pool);
/** host_pool_threads() - how many run a grid, the caller's included */
unsigned int host_pool_threads(const struct host_pool *pool);
/** host_pool_run() - run a grid on all threads and wait; callers take turns */
usvm_error host_pool_run(struct host_pool *pool, const struct grid *grid);

#endif
