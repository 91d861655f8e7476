// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "trace.h"
#include "unit.h"

static const struct {
	const char *name, *arg[3];
} kinds[TRACE_NR_KINDS] = {
#define X(id, name, a, b, c) { name, { a, b, c } },
	TRACE_KINDS(X)
#undef X
};

int trace_init(struct gpu *gpu)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (t)
		t->ring = calloc(TRACE_RING, sizeof(*t->ring));
	if (!t || !t->ring) {
		free(t);
		return -ENOMEM;
	}
	pthread_mutex_init(&t->lock, NULL);
	gpu->trace = t;
	return 0;
}

void trace_fini(struct gpu *gpu)
{
	if (!gpu->trace)
		return;
	pthread_mutex_destroy(&gpu->trace->lock);
	free(gpu->trace->ring);
	free(gpu->trace);
	gpu->trace = NULL;
}

void trace_enable(struct gpu *gpu, bool on)
{
	atomic_store(&gpu->trace->on, on);
}

void trace_to_file(struct gpu *gpu, FILE *file)
{
	pthread_mutex_lock(&gpu->trace->lock);
	gpu->trace->file = file;
	pthread_mutex_unlock(&gpu->trace->lock);
	if (file)
		trace_enable(gpu, true);
}

static void print(const struct trace_record *r, FILE *to)
{
	fprintf(to, "%llu %llu.%09llu ", (unsigned long long)r->number,
		(unsigned long long)(r->ns / 1000000000), (unsigned long long)(r->ns % 1000000000));
	if (r->channel >= 0)
		fprintf(to, "ch%d ", r->channel);
	else
		fputs("- ", to);
	fputs(kinds[r->kind].name, to);
	for (int i = 0; i < 3; i++) {
		if (*kinds[r->kind].arg[i])
			fprintf(to, " %s=%llx", kinds[r->kind].arg[i], (unsigned long long)r->arg[i]);
	}
	fputc('\n', to);
}

void trace_add(struct gpu *gpu, enum trace_kind kind, int channel, u64 a, u64 b, u64 c)
{
	struct trace *t = gpu->trace;
	struct trace_record r = { .ns = host_ns(), .arg = { a, b, c }, .channel = channel, .kind = kind };

	pthread_mutex_lock(&t->lock);
	r.number = t->next++;
	t->ring[r.number % TRACE_RING] = r;
	if (t->file)
		print(&r, t->file);
	pthread_mutex_unlock(&t->lock);
}

/* Copies first: whoever reads the text may be slow, and engines must not wait for him. */
void trace_dump(struct gpu *gpu, u64 count, FILE *to)
{
	struct trace *t = gpu->trace;
	struct trace_record *copy;
	u64 first, nr;

	pthread_mutex_lock(&t->lock);
	nr = t->next < TRACE_RING ? t->next : TRACE_RING;
	if (count < nr)
		nr = count;
	first = t->next - nr;
	copy = calloc(nr ? nr : 1, sizeof(*copy));
	for (u64 i = 0; copy && i < nr; i++)
		copy[i] = t->ring[(first + i) % TRACE_RING];
	pthread_mutex_unlock(&t->lock);
	for (u64 i = 0; copy && i < nr; i++)
		print(&copy[i], to);
	free(copy);
}

const struct gpu_unit trace_unit = {
	.name = "trace",
	.init = trace_init,
	.fini = trace_fini,
};
