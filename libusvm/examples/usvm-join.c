// SPDX-License-Identifier: MIT
/*
 * usvm-join: a hash join on one linked data structure, CPU and GPU in turns.
 *
 * The CPU builds a hash table of malloc'ed rows, linked by plain pointers. The
 * GPU follows the pointers for each key of the probe side. Then the CPU adds
 * rows to the same lists and the GPU probes again: nothing is copied, packed
 * or translated in between.
 */
#include "example.h"
#include "kernels/join.cl"

#define BUCKETS	1024u
#define ROWS	4000u
#define PROBES	8000u

static const struct usvm_host_kernel kernels[] = { USVM_HOST_KERNEL(probe) };

static void insert(struct row **buckets, uint key, uint value)
{
	struct row *r = malloc(sizeof(*r));

	if (!r)
		exit(1);
	r->key = key;
	r->value = value;
	r->next = buckets[key & (BUCKETS - 1)];
	buckets[key & (BUCKETS - 1)] = r;
}

static uint key_of(uint i)
{
	return i * 40503u % 5000;	/* some keys several times, some never */
}

static size_t check(struct row *const *buckets, const uint *keys, const uint *sums,
		    const uint *matches)
{
	size_t wrong = 0;

	for (uint i = 0; i < PROBES; i++) {
		uint sum = 0, count = 0;

		for (const struct row *r = buckets[keys[i] & (BUCKETS - 1)]; r; r = r->next) {
			sum += r->key == keys[i] ? r->value : 0;
			count += r->key == keys[i];
		}
		wrong += sum != sums[i] || count != matches[i];
	}
	return wrong;
}

int main(void)
{
	struct row **buckets = calloc(BUCKETS, sizeof(*buckets));
	uint *keys = malloc(PROBES * 4), *sums = malloc(PROBES * 4), *matches = malloc(PROBES * 4);
	uint mask = BUCKETS - 1, n = PROBES;
	void *arguments[] = { &buckets, &mask, &keys, &sums, &matches, &n };
	size_t wrong = 0, found = 0;
	usvm_module *m;
	usvm_kernel *k;

	if (!buckets || !keys || !sums || !matches)
		return 1;
	say_device("usvm-join");
	m = load_kernels("join", kernels, 1);
	k = find_kernel(m, "probe");
	for (uint i = 0; i < PROBES; i++)
		keys[i] = i % 6000;
	for (uint turn = 0; turn < 3; turn++) {
		double start;

		for (uint i = 0; i < ROWS; i++)
			insert(buckets, key_of(turn * ROWS + i), i + 1);
		start = seconds();
		TRY(usvm_launch(k, (struct usvm_dim3){ (PROBES + 127) / 128, 1, 1 },
				(struct usvm_dim3){ 128, 1, 1 }, arguments, NULL));
		TRY(usvm_stream_synchronize(NULL));
		printf("%u rows, %u probes: %.1f ms\n", (turn + 1) * ROWS, PROBES,
		       1e3 * (seconds() - start));
		wrong += check(buckets, keys, sums, matches);
	}
	for (uint i = 0; i < PROBES; i++)
		found += matches[i];
	printf("%zu matches, %zu wrong\n", found, wrong);
	TRY(usvm_module_unload(m));
	for (uint b = 0; b < BUCKETS; b++) {
		while (buckets[b]) {
			struct row *r = buckets[b];

			buckets[b] = r->next;
			free(r);
		}
	}
	free(buckets);
	free(keys);
	free(sums);
	free(matches);
	return wrong != 0;
}
