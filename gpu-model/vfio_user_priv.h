/* SPDX-License-Identifier: MIT */
/* What the stream (vfio_user.c) and the messages (vfio_user_messages.c) share. */
#ifndef VFIO_USER_PRIV_H
#define VFIO_USER_PRIV_H

#include <linux/vfio.h>

#include "vfio_user.h"
#include "vfio_user_irq.h"
#include "vfio_user_wire.h"

static_assert(VFIO_USER_NR_REGIONS == VFIO_PCI_NUM_REGIONS, "region indices");

#define MAX_MESSAGE	(sizeof(struct vfio_user_header) + \
			 sizeof(struct vfio_user_region_access) + VFIO_USER_MAX_XFER)
#define BUFFER_SIZE	(2 * MAX_MESSAGE)

struct vfio_user {
	int fd;
	bool version_done;
	struct vfio_user_device dev;
	struct guest_memory *memory;
	struct vfio_user_irqs irqs;
	struct vfio_user_stats stats;

	uint8_t in[BUFFER_SIZE];
	size_t have;			/* bytes in in[] */
	int fds[VFIO_USER_MAX_FDS];	/* in the order in which they came */
	size_t fds_at[VFIO_USER_MAX_FDS]; /* each belongs to the message with this byte of in[] */
	unsigned int nr_fds;
	bool too_many_fds;		/* some had no room: of the message with byte lost_at */
	size_t lost_at;

	uint8_t out[MAX_MESSAGE];
};

/* One message while it is served. */
struct message {
	struct vfio_user_header h;
	const uint8_t *body;
	size_t len;			/* of body */
	int *fds;			/* handlers set to -1 what they keep */
	unsigned int nr_fds;
	bool too_many_fds;
};

/*
 * Sends the reply to @m, but for one with VFIO_USER_NO_REPLY. The body, @len bytes, is in vu->out already,
 * after the header. Return: 0, or -ENOTCONN.
 */
int vfio_user_reply(struct vfio_user *vu, const struct message *m, size_t len);

/*
 * Does what @m asks for, if it is right, and replies. Return: 0; a negative errno when nothing was done and
 * the caller is to answer with it; GONE when the reply could not be sent.
 */
int vfio_user_dispatch(struct vfio_user *vu, const struct message *m);

#define GONE	1

#endif
