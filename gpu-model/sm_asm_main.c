// SPDX-License-Identifier: MIT
/*
 * sm-asm: assembles SM50/SM60 instructions.
 *
 *	sm-asm [-x] [FILE]
 *
 * Reads text from FILE or standard input, writes 64-bit little-endian words to
 * standard output, or with -x hexadecimal numbers, one a line.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sm_isa.h"

#define MAX_TEXT	(1 << 20)
#define MAX_WORDS	(1 << 15)

int main(int argc, char **argv)
{
	bool hex = argc > 1 && !strcmp(argv[1], "-x");
	const char *name = argc > 1 + hex ? argv[1 + hex] : NULL;
	FILE *f = name ? fopen(name, "r") : stdin;
	static char text[MAX_TEXT];
	static u64 code[MAX_WORDS];
	char err[256];
	size_t len;
	int n;

	if (argc > 2 + hex || (argc > 1 && !hex && argv[1][0] == '-')) {
		fprintf(stderr, "usage: sm-asm [-x] [FILE]\n");
		return 2;
	}
	if (!f) {
		fprintf(stderr, "sm-asm: %s: %s\n", name, strerror(errno));
		return 1;
	}
	len = fread(text, 1, sizeof(text) - 1, f);
	if (ferror(f)) {
		fprintf(stderr, "sm-asm: %s: %s\n", name ? name : "standard input", strerror(errno));
		return 1;
	}
	if (name)
		fclose(f);
	if (len == sizeof(text) - 1) {
		fprintf(stderr, "sm-asm: the program is too long\n");
		return 1;
	}
	n = sm_asm(text, code, MAX_WORDS, err, sizeof(err));
	if (n < 0) {
		fprintf(stderr, "sm-asm: %s\n", err);
		return 1;
	}
	for (int i = 0; hex && i < n; i++)
		printf("%016" PRIx64 "\n", code[i]);
	if ((!hex && fwrite(code, 8, n, stdout) != (size_t)n) || fflush(stdout)) {
		perror("sm-asm");
		return 1;
	}
	return 0;
}
