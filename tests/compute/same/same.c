// SPDX-License-Identifier: MIT
/*
 * The functions as C: writes the operands and the results, and the names.
 * same DIR: to DIR/in, DIR/c, DIR/names.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "same.h"

typedef unsigned int uint;
typedef uint64_t wide;

static float as_float(uint v)
{
	float f;

	memcpy(&f, &v, 4);
	return f;
}

static uint as_uint(float f)
{
	uint v;

	memcpy(&v, &f, 4);
	return v;
}

#define EXACT
#define TO_UINT(x)	((uint)(x))
#define TO_INT(x)	((int)(x))
#define TO_FLOAT(x)	((float)(x))
#define TO_WIDE(x)	((wide)(x))
#define TO_DOUBLE(x)	((double)(x))
#define BITS_TO_FLOAT(x)	as_float(x)
#define FLOAT_TO_BITS(x)	as_uint(x)
#define POPCOUNT(x)	((uint)__builtin_popcount(x))
#define TOP_BIT(x)	(31u - (uint)__builtin_clz(x))
#define FMA(a, b, c)	fmaf(a, b, c)
#define DFMA(a, b, c)	fma(a, b, c)
#include "functions.h"

_Static_assert(NR_FUNCTIONS == SAME_FUNCTIONS, "the Vulkan program counts differently");

#define CALL(number, name)	out[NR_FUNCTIONS * i + number] = name(a, b, c);
#define NAME(number, name)	#name "\n"

static void save(const char *dir, const char *name, const void *data, size_t size)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f)) {
		perror(path);
		exit(1);
	}
}

/* Words of all sizes: few bits, many bits, next to powers of two. */
static uint random_operand(void)
{
	static uint64_t s = 88172645463325252u;
	uint v;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	v = (uint)(s >> 32);
	switch (s & 7) {
	case 0:
		return v >> (s >> 3 & 31);
	case 1:
		return (1u << (s >> 3 & 31)) - (v & 1);
	case 2:
		return ~(v >> (s >> 3 & 31));
	default:
		return v;
	}
}

int main(int argc, char **argv)
{
	uint *in = malloc(SAME_N * 3 * sizeof(uint)), *out = malloc(SAME_N * NR_FUNCTIONS * sizeof(uint));
	static const char names[] = FUNCTIONS(NAME);

	if (argc != 2 || !in || !out) {
		fprintf(stderr, "usage: same DIR\n");
		return 2;
	}
	for (uint i = 0; i < SAME_N; i++) {
		uint a = in[3 * i] = random_operand(), b = in[3 * i + 1] = random_operand();
		uint c = in[3 * i + 2] = random_operand();

		FUNCTIONS(CALL)
	}
	save(argv[1], "in", in, SAME_N * 3 * sizeof(uint));
	save(argv[1], "c", out, SAME_N * NR_FUNCTIONS * sizeof(uint));
	save(argv[1], "names", names, sizeof(names) - 1);
	free(in);
	free(out);
	return 0;
}
