/* SPDX-License-Identifier: MIT */
/* Interrupts of a vfio-user device: which eventfd belongs to which vector. */
#ifndef VFIO_USER_IRQ_H
#define VFIO_USER_IRQ_H

#include <pthread.h>

#include "vfio_user.h"
#include "vfio_user_wire.h"

struct vfio_user_irqs {
	pthread_mutex_t lock;		/* protects fd[] and raised */
	uint32_t count[VFIO_USER_NR_IRQS];
	int fd[VFIO_USER_NR_IRQS][VFIO_USER_MAX_VECTORS];
	uint64_t raised;
};

void vfio_user_irqs_init(struct vfio_user_irqs *irqs, const uint32_t *count);
void vfio_user_irqs_fini(struct vfio_user_irqs *irqs);

/**
 * vfio_user_irqs_set() - the body of SET_IRQS
 * @set: fixed part of the message
 * @data: what follows it
 * @len: bytes of @data
 * @fds: descriptors that came along; those that are kept are set to -1
 * @nr_fds: how many
 *
 * Returns 0, -EINVAL, or -ENOTSUP for masking (these are edges, not levels).
 */
int vfio_user_irqs_set(struct vfio_user_irqs *irqs, const struct vfio_user_irq_set *set,
		       const uint8_t *data, size_t len, int *fds, unsigned int nr_fds);

bool vfio_user_irqs_raise(struct vfio_user_irqs *irqs, uint32_t index, uint32_t vector);

#endif
