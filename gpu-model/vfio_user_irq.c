// SPDX-License-Identifier: MIT
#include "vfio_user_irq.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static_assert(VFIO_USER_NR_IRQS == VFIO_PCI_NUM_IRQS, "interrupt indices");

void vfio_user_irqs_init(struct vfio_user_irqs *irqs, const uint32_t *count)
{
	pthread_mutex_init(&irqs->lock, NULL);
	irqs->raised = 0;
	for (unsigned int i = 0; i < VFIO_USER_NR_IRQS; i++) {
		irqs->count[i] = count[i] < VFIO_USER_MAX_VECTORS ?
				 count[i] : VFIO_USER_MAX_VECTORS;
		for (unsigned int v = 0; v < VFIO_USER_MAX_VECTORS; v++)
			irqs->fd[i][v] = -1;
	}
}

static void assign(int *slot, int fd)
{
	if (*slot >= 0)
		close(*slot);
	*slot = fd;
}

void vfio_user_irqs_fini(struct vfio_user_irqs *irqs)
{
	for (unsigned int i = 0; i < VFIO_USER_NR_IRQS; i++) {
		for (unsigned int v = 0; v < VFIO_USER_MAX_VECTORS; v++)
			assign(&irqs->fd[i][v], -1);
	}
	pthread_mutex_destroy(&irqs->lock);
}

/*
 * The lock is held, and the device waits. The eventfd is the client's, who may have made one
 * that blocks: a full one is not our error, and has been signalled already.
 */
static bool signal_vector(struct vfio_user_irqs *irqs, uint32_t index, uint32_t vector)
{
	const uint64_t one = 1;
	int fd = irqs->fd[index][vector];
	struct pollfd room = { fd, POLLOUT, 0 };

	if (fd < 0)
		return false;
	irqs->raised++;
	if (!(fcntl(fd, F_GETFL) & O_NONBLOCK) && poll(&room, 1, 0) != 1)
		return false;
	return write(fd, &one, sizeof(one)) == sizeof(one);
}

bool vfio_user_irqs_raise(struct vfio_user_irqs *irqs, uint32_t index, uint32_t vector)
{
	bool heard;

	if (index >= VFIO_USER_NR_IRQS || vector >= irqs->count[index])
		return false;
	pthread_mutex_lock(&irqs->lock);
	heard = signal_vector(irqs, index, vector);
	pthread_mutex_unlock(&irqs->lock);
	return heard;
}

static int check(const struct vfio_user_irqs *irqs, const struct vfio_user_irq_set *set,
		 size_t len, unsigned int nr_fds)
{
	uint32_t data = set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	uint32_t action = set->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;

	if (set->flags & ~(VFIO_IRQ_SET_DATA_TYPE_MASK | VFIO_IRQ_SET_ACTION_TYPE_MASK))
		return -EINVAL;
	if (__builtin_popcount(data) != 1 || __builtin_popcount(action) != 1)
		return -EINVAL;
	if (set->index >= VFIO_USER_NR_IRQS)
		return -EINVAL;
	if (set->start > irqs->count[set->index] ||
	    set->count > irqs->count[set->index] - set->start)
		return -EINVAL;
	if (len != (data == VFIO_IRQ_SET_DATA_BOOL ? set->count : 0))
		return -EINVAL;
	/* No descriptor at all with DATA_EVENTFD stands for "-1": disable. */
	if (nr_fds && (data != VFIO_IRQ_SET_DATA_EVENTFD || nr_fds != set->count))
		return -EINVAL;
	/* Only "none, 0 vectors" says something without naming a vector. */
	if (!set->count && data != VFIO_IRQ_SET_DATA_NONE)
		return -EINVAL;
	if (action != VFIO_IRQ_SET_ACTION_TRIGGER)
		return -ENOTSUP;
	return 0;
}

int vfio_user_irqs_set(struct vfio_user_irqs *irqs, const struct vfio_user_irq_set *set,
		       const uint8_t *data, size_t len, int *fds, unsigned int nr_fds)
{
	int error = check(irqs, set, len, nr_fds);

	if (error)
		return error;
	pthread_mutex_lock(&irqs->lock);
	if (!set->count) {
		for (uint32_t v = 0; v < irqs->count[set->index]; v++)
			assign(&irqs->fd[set->index][v], -1);
	}
	for (uint32_t i = 0; i < set->count; i++) {
		uint32_t v = set->start + i;

		if (set->flags & VFIO_IRQ_SET_DATA_EVENTFD) {
			assign(&irqs->fd[set->index][v], nr_fds ? fds[i] : -1);
			if (nr_fds)
				fds[i] = -1;
		} else if ((set->flags & VFIO_IRQ_SET_DATA_NONE) || data[i]) {
			signal_vector(irqs, set->index, v);
		}
	}
	pthread_mutex_unlock(&irqs->lock);
	return 0;
}
