// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "server.h"

#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl.h"
#include "trace.h"
#include "unit.h"
#include "vfio_user.h"

#define NO_FD_MS	100	/* until a connection is taken again when there is no descriptor for it */

struct server {
	const struct options *options;
	struct gpu *gpu;
	_Atomic(struct vfio_user *) vu;	/* NULL: no client yet, or no more */
	struct ctl *ctl;
	FILE *trace;
	int listener, stop_fd;
	atomic_bool stopping;
	atomic_int client_fd;		/* -1: none */
};

/* ------------------------------------------------------- what the device asks */

static void host_irq(void *ctx)
{
	struct server *s = ctx;
	struct vfio_user *vu = atomic_load(&s->vu);

	if (vu)
		vfio_user_irq_raise(vu, VFIO_PCI_MSI_IRQ_INDEX, 0);
}

/* Inside of an access bracket, so the map of guest memory does not change: no lock needed. */
static void *host_dma(void *ctx, u64 addr, u64 len, bool write)
{
	struct server *s = ctx;
	struct vfio_user *vu = atomic_load(&s->vu);

	return vu ? guest_memory_ptr(vfio_user_memory(vu), addr, len, write) : NULL;
}

static void host_log(void *ctx, enum gpu_log_level level, const char *text)
{
	struct server *s = ctx;

	if ((int)level <= s->options->verbose + GPU_LOG_WARN)
		fprintf(stderr, "gpu-model: %s\n", text);
}

/* ------------------------------------------------------- what the client asks */

static void on_read(void *device, uint32_t region, uint64_t offset, void *buf, size_t len)
{
	gpu_region_read(((struct server *)device)->gpu, region, offset, buf, (u32)len);
}

static void on_write(void *device, uint32_t region, uint64_t offset, const void *buf, size_t len)
{
	gpu_region_write(((struct server *)device)->gpu, region, offset, buf, (u32)len);
}

static void on_reset(void *device)
{
	gpu_reset(((struct server *)device)->gpu);
}

static void on_memory_begin(void *device)
{
	gpu_dma_change_begin(((struct server *)device)->gpu);
}

static void on_memory_end(void *device)
{
	gpu_dma_change_end(((struct server *)device)->gpu);
}

static const struct vfio_user_ops ops = {
	.read = on_read,
	.write = on_write,
	.reset = on_reset,
	.memory_begin = on_memory_begin,
	.memory_end = on_memory_end,
};

/* ------------------------------------------------------------------ the server */

static bool open_trace(struct server *s, char *error, size_t size)
{
	if (!s->options->trace)
		return true;
	s->trace = fopen(s->options->trace, "w");
	if (!s->trace) {
		snprintf(error, size, "trace file \"%s\": %s", s->options->trace, strerror(errno));
		return false;
	}
	trace_to_file(s->gpu, s->trace);
	return true;
}

static bool open_control(struct server *s, char *error, size_t size)
{
	if (!s->options->control)
		return true;
	s->ctl = ctl_new(s->gpu, s->options->control, error, size);
	return s->ctl;
}

struct server *server_new(const struct options *o, char *error, size_t size)
{
	struct server *s = calloc(1, sizeof(*s));
	struct gpu_config config = o->config;

	if (!s) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	s->options = o;
	s->listener = s->stop_fd = -1;
	atomic_store(&s->client_fd, -1);
	config.host = (struct gpu_host){ .ctx = s, .irq = host_irq, .dma = host_dma, .log = host_log };
	s->gpu = gpu_create(&config, error, size);
	if (!s->gpu) {
		server_free(s);
		return NULL;
	}
	s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (open_trace(s, error, size) && open_control(s, error, size)) {
		s->listener = vfio_user_listen(o->socket, error, size);
		if (s->listener >= 0)
			return s;
	}
	server_free(s);
	return NULL;
}

/*
 * The device is taken: who else connects sees the end of the connection at once. False: there is
 * no descriptor to take the connection with, so that the listener stays readable.
 */
static bool refuse_another(struct server *s)
{
	int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Waits for @fd; false: server_stop() was called. */
static bool wait_for(struct server *s, int fd)
{
	struct pollfd p[3] = { { fd, POLLIN, 0 }, { s->stop_fd, POLLIN, 0 }, { s->listener, POLLIN, 0 } };
	nfds_t nr = fd == s->listener ? 2 : 3;
	int ms = -1;

	for (;;) {
		int n = poll(p, nr, ms);

		if (n < 0 && errno != EINTR)
			return false;
		if (n <= 0) {		/* after a pause the listener is looked at again */
			nr = fd == s->listener ? 2 : 3;
			ms = -1;
			continue;
		}
		if (p[1].revents)
			return false;
		if (p[0].revents)
			return true;
		if (!refuse_another(s)) {
			nr = 2;
			ms = NO_FD_MS;
		}
	}
}

/* NULL: server_stop() was called, or @failed. */
static struct vfio_user *accept_client(struct server *s, bool *failed)
{
	struct vfio_user_device dev = {
		.ops = &ops, .device = s,
		.irq_count = { [VFIO_PCI_MSI_IRQ_INDEX] = 1, [VFIO_PCI_ERR_IRQ_INDEX] = 1 },
	};
	int fd;

	struct vfio_user *vu;

	*failed = false;
	if (!wait_for(s, s->listener))
		return NULL;
	fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	for (uint32_t i = 0; i < VFIO_USER_NR_REGIONS; i++)
		dev.region_size[i] = gpu_region_size(s->gpu, i);
	vu = fd < 0 ? NULL : vfio_user_new(fd, &dev);
	if (!vu) {
		fprintf(stderr, "gpu-model: accept: %s\n", strerror(errno));
		*failed = true;
	}
	return vu;
}

static int serve(struct server *s, struct vfio_user *vu)
{
	int error = 0;

	while (!error || error == -EAGAIN) {
		if (atomic_load_explicit(&s->stopping, memory_order_relaxed))
			return 0;
		error = vfio_user_receive(vu);
		if (error == -EAGAIN && !wait_for(s, vfio_user_fd(vu)))
			return 0;
	}
	if (error == -EPROTO) {
		fprintf(stderr, "gpu-model: the client sent a message that makes no sense\n");
		return 1;
	}
	return 0;
}

static void warn_about_memory(struct vfio_user *vu)
{
	unsigned int shared, lost, nr = guest_memory_ranges(vfio_user_memory(vu), &shared, &lost);

	if (lost)
		fprintf(stderr, "gpu-model: the file behind guest memory was cut; %u of %u ranges were lost\n",
			lost, shared);
	if (nr && !shared)
		fprintf(stderr, "gpu-model: guest memory was not shared with the model, so that it could "
			"not be reached; give QEMU a memory-backend-memfd with share=on\n");
}

/* Serves one connection to its end. */
static int run_client(struct server *s, struct vfio_user *vu)
{
	int status;

	atomic_store(&s->client_fd, vfio_user_fd(vu));
	atomic_store(&s->vu, vu);
	status = serve(s, vu);
	atomic_store(&s->client_fd, -1);
	return status;
}

/* When it returns, no thread of the device is in host_irq() or host_dma(). */
static void forget_client(struct server *s)
{
	gpu_lock(s->gpu);
	gpu_dma_change_begin(s->gpu);
	atomic_store(&s->vu, NULL);
	gpu_dma_change_end(s->gpu);
	gpu_unlock(s->gpu);
}

/* Whoever only looks whether somebody listens, as a second model at this path does, is no client. */
int server_run(struct server *s)
{
	bool failed;

	for (;;) {
		struct vfio_user *vu = accept_client(s, &failed);
		int status;

		if (!vu)
			return failed;
		status = run_client(s, vu);
		if (status || vfio_user_greeted(vu) || atomic_load(&s->stopping)) {
			warn_about_memory(vu);
			return status;
		}
		forget_client(s);
		vfio_user_free(vu);
	}
}

/* A reply may be under way to a client that does not read: it is cut off. */
void server_stop(struct server *s)
{
	const uint64_t one = 1;
	int fd = atomic_load(&s->client_fd);

	atomic_store(&s->stopping, true);
	if (write(s->stop_fd, &one, sizeof(one)) != sizeof(one))
		_exit(1);
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
}

static void report_transport(struct vfio_user *vu)
{
	const struct vfio_user_stats st = vfio_user_stats(vu);
	const struct { const char *name; uint64_t value; } line[] = {
		{ "messages", st.messages }, { "posted", st.posted }, { "errors", st.errors },
		{ "region_reads", st.region_reads }, { "region_writes", st.region_writes },
		{ "batches", st.multi_messages }, { "batched_writes", st.multi_writes },
		{ "dma_maps", st.dma_maps }, { "dma_unmaps", st.dma_unmaps }, { "resets", st.resets },
		{ "receives", st.receives }, { "irqs", st.irqs },
	};

	for (size_t i = 0; i < ARRAY_SIZE(line); i++)
		fprintf(stderr, "gpu-model: transport.%s %llu\n", line[i].name,
			(unsigned long long)line[i].value);
}

static void report(struct server *s, struct vfio_user *vu)
{
	gpu_report_unmodelled(s->gpu, stderr);
	if (s->options->verbose < 1)
		return;
	report_transport(vu);
	for (int i = 0; i < GPU_NR_COUNTERS; i++) {
		u64 v = counter_get(s->gpu, (enum gpu_counter)i);

		if (v)
			fprintf(stderr, "gpu-model: %s %llu\n", counter_name((enum gpu_counter)i),
				(unsigned long long)v);
	}
}

void server_free(struct server *s)
{
	struct vfio_user *vu = atomic_load(&s->vu);

	ctl_free(s->ctl);
	if (vu)
		report(s, vu);
	gpu_destroy(s->gpu);		/* no thread of it uses the connection after this */
	vfio_user_free(vu);
	if (s->trace)
		fclose(s->trace);
	if (s->listener >= 0) {
		close(s->listener);
		unlink(s->options->socket);
	}
	if (s->stop_fd >= 0)
		close(s->stop_fd);
	free(s);
}
