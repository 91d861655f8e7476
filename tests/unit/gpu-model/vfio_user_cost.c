// SPDX-License-Identifier: MIT
/*
 * What a register access costs over the socket: a blocking read, a posted write, a
 * posted write that travels with 199 others. QEMU adds its own share to each. The
 * figures are printed; what is checked is that everything arrived.
 */
#include <errno.h>
#include <pthread.h>
#include <poll.h>
#include <time.h>

#include "tap.h"
#include "vfio_user_client.h"

#define READS	2000u
#define WRITES	100000u
#define BATCH	200u

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void *server(void *arg)
{
	struct rig *r = arg;
	int error = 0;

	while (!error || error == -EAGAIN) {
		struct pollfd p = { .fd = vfio_user_fd(r->vu), .events = POLLIN };

		error = vfio_user_receive(r->vu);
		if (error == -EAGAIN)
			poll(&p, 1, -1);
	}
	return NULL;
}

static void must_send(struct rig *r, const void *p, size_t len)
{
	if (send(r->fd, p, len, MSG_NOSIGNAL) != (ssize_t)len)
		abort();
}

/* One read, waited for as QEMU does. */
static bool read_once(struct rig *r)
{
	struct vfio_user_region_access a = { 0, 0, 4 };
	uint8_t m[64], reply[64];

	must_send(r, m, rig_build(r, m, VFIO_USER_REGION_READ, 0, &a, sizeof(a)));
	return recv(r->fd, reply, 36, MSG_WAITALL) == 36;
}

static void report(const char *what, double us, unsigned int nr)
{
	printf("# %s: %.2f us (%u of them)\n", what, us / nr, nr);
}

static void reads(struct rig *r)
{
	unsigned int good = 0;
	double t = now();

	for (unsigned int i = 0; i < READS; i++)
		good += read_once(r);
	report("a blocking register read", now() - t, READS);
	ok_eq(good, READS, "every read was answered");
}

static void posted(struct rig *r)
{
	struct vfio_user_region_access a = { 0, 0, 4 };
	uint8_t body[20] = { 0 }, m[64];
	unsigned int before = r->writes;
	double t = now();

	memcpy(body, &a, sizeof(a));
	for (unsigned int i = 0; i < WRITES; i++)
		must_send(r, m, rig_build(r, m, VFIO_USER_REGION_WRITE, VFIO_USER_NO_REPLY, body, sizeof(body)));
	read_once(r);
	report("a posted write", now() - t, WRITES);
	ok_eq(r->writes - before, WRITES, "every posted write arrived before the read behind them");
}

static void batched(struct rig *r)
{
	static uint8_t body[8 + BATCH * sizeof(struct vfio_user_write_one)], m[sizeof(body) + 16];
	uint64_t count = BATCH;
	unsigned int before = r->writes;
	double t;

	memcpy(body, &count, 8);
	for (unsigned int i = 0; i < BATCH; i++) {
		struct vfio_user_write_one w = { 4 * i, 0, 4, { 0 } };

		memcpy(body + 8 + i * sizeof(w), &w, sizeof(w));
	}
	t = now();
	for (unsigned int i = 0; i < WRITES / BATCH; i++)
		must_send(r, m, rig_build(r, m, VFIO_USER_REGION_WRITE_MULTI, VFIO_USER_NO_REPLY, body, sizeof(body)));
	read_once(r);
	report("a posted write in a batch of 200", now() - t, WRITES);
	ok_eq(r->writes - before, WRITES, "and every batched one");
}

int main(void)
{
	struct rig *r = rig_new();
	pthread_t t;

	rig_hello(r);
	pthread_create(&t, NULL, server, r);
	reads(r);
	posted(r);
	batched(r);
	shutdown(r->fd, SHUT_RDWR);
	pthread_join(t, NULL);
	rig_free(r);
	return tap_done();
}
