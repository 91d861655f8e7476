/* SPDX-License-Identifier: MIT */
/*
 * A main() for fuzz targets that are built without libFuzzer: random inputs of
 * its own (ROUNDS [SEED]), or the files that it is given.
 */
#ifndef FUZZ_MAIN_H
#define FUZZ_MAIN_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef FUZZ_STANDALONE

static uint64_t fuzz_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static int fuzz_file(const char *name)
{
	FILE *f = fopen(name, "rb");
	static uint8_t data[1 << 20];
	size_t size;

	if (!f) {
		perror(name);
		return 1;
	}
	size = fread(data, 1, sizeof(data), f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 100;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1, state = seed * 0x9e3779b97f4a7c15ull | 1;
	static uint8_t data[4096];

	if (argc > 1 && !rounds) {
		for (int i = 1; i < argc; i++) {
			if (fuzz_file(argv[i]))
				return 1;
		}
		return 0;
	}
	for (unsigned long n = 0; n < rounds; n++) {
		size_t size = fuzz_random(&state) % sizeof(data);

		for (size_t i = 0; i < size; i++)
			data[i] = (uint8_t)(fuzz_random(&state) >> 11);
		LLVMFuzzerTestOneInput(data, size);
	}
	printf("ok 1 - %lu random inputs from seed %llu\n1..1\n", rounds, (unsigned long long)seed);
	return 0;
}
#endif

#endif
