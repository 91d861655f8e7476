/* SPDX-License-Identifier: MIT */
#ifndef SHIM_LINUX_SPINLOCK_H
#define SHIM_LINUX_SPINLOCK_H

#include <linux/bug.h>
#include <linux/types.h>

typedef struct {
	bool held;
} spinlock_t;

/* How many spinlocks are held: the shim's slab.h refuses to allocate then. */
extern int shim_atomic_depth;

static inline void spin_lock_init(spinlock_t *lock)
{
	lock->held = false;
}

static inline void shim_lock(spinlock_t *lock)
{
	WARN_ON(lock->held);
	lock->held = true;
	shim_atomic_depth++;
}

static inline void shim_unlock(spinlock_t *lock)
{
	WARN_ON(!lock->held);
	lock->held = false;
	shim_atomic_depth--;
}

#define spin_lock_irqsave(lock, flags) do { (flags) = 0; shim_lock(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags) do { (void)(flags); shim_unlock(lock); } while (0)

#endif
