// SPDX-License-Identifier: MIT
/*
 * Prints this machine's TSC frequency in kHz, for the guest's tsc_early_khz=.
 *
 * Under TCG the guest's TSC is the host's. Left to itself the guest measures it
 * against the emulated PIT at boot; on a loaded host that can be several times
 * wrong, and then the guest's clock races and its watchdogs bark.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <x86intrin.h>

#define SAMPLES 5

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* Time and TSC read together: the tightest of a few tries. */
static void sample(uint64_t *ns, uint64_t *tsc)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 20; i++) {
		uint64_t before = __rdtsc();
		uint64_t t = now_ns();
		uint64_t after = __rdtsc();

		if (after - before < best) {
			best = after - before;
			*ns = t;
			*tsc = before + best / 2;
		}
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	double khz[SAMPLES];

	for (int i = 0; i < SAMPLES; i++) {
		struct timespec nap = { .tv_nsec = 5000000 };
		uint64_t ns0 = 0, ns1 = 0, tsc0 = 0, tsc1 = 0;

		sample(&ns0, &tsc0);
		nanosleep(&nap, NULL);
		sample(&ns1, &tsc1);
		khz[i] = (tsc1 - tsc0) * 1e6 / (ns1 - ns0);
	}
	qsort(khz, SAMPLES, sizeof(khz[0]), by_value);
	printf("%.0f\n", khz[SAMPLES / 2]);
	return 0;
}
