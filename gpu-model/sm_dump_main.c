// SPDX-License-Identifier: MIT
/*
 * sm-dump: prints SM50/SM60 machine code as text.
 *
 *	sm-dump [-x] [FILE]
 *
 * Reads 64-bit little-endian words, or with -x hexadecimal numbers separated by
 * white space, from FILE or standard input. The first word is at address 0 and
 * holds scheduling information.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sm_isa.h"

/* The next word of @f: 1, none is left: 0, something else stands there: -1. */
static int next_word(FILE *f, bool hex, u64 *word)
{
	char text[32], *end;
	size_t n;

	if (hex) {
		if (fscanf(f, "%31s", text) != 1)
			return 0;
		errno = 0;
		*word = strtoull(text, &end, 16);
		return *end || errno || text[0] == '-' ? -1 : 1;
	}
	n = fread(word, 1, 8, f);
	return n == 8 ? 1 : n ? -1 : 0;
}

static void print_sched(u64 word, u64 pc)
{
	printf("%05" PRIx64 ": %016" PRIx64 "  sched", pc, word);
	for (int n = 0; n < 3; n++) {
		u32 s = word >> 21 * n & 0x1fffff;

		printf(" (st %u%s wr %u rd %u wt %02x)", s & 15, s >> 4 & 1 ? "" : " yl",
		       s >> 5 & 7, s >> 8 & 7, s >> 11 & 63);
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	bool hex = argc > 1 && !strcmp(argv[1], "-x");
	const char *name = argc > 1 + hex ? argv[1 + hex] : NULL;
	FILE *f = name ? fopen(name, "r") : stdin;
	unsigned int unknown = 0;
	char text[128];
	u64 pc = 0, word;
	int got;

	if (argc > 2 + hex || (argc > 1 && !hex && argv[1][0] == '-')) {
		fprintf(stderr, "usage: sm-dump [-x] [FILE]\n");
		return 2;
	}
	if (!f) {
		fprintf(stderr, "sm-dump: %s: %s\n", name, strerror(errno));
		return 1;
	}
	for (; (got = next_word(f, hex, &word)) > 0; pc += 8) {
		if (sm_is_sched(pc)) {
			print_sched(word, pc);
			continue;
		}
		sm_dis(word, pc, text, sizeof(text));
		unknown += text[0] == '.';
		printf("%05" PRIx64 ": %016" PRIx64 "  %s\n", pc, word, text);
	}
	if (got < 0 || ferror(f)) {
		fflush(stdout);
		fprintf(stderr, "sm-dump: %s: what follows word %" PRIu64 " is no whole %s\n",
			name ? name : "standard input", pc / 8, hex ? "hexadecimal number" : "word");
		return 1;
	}
	if (name)
		fclose(f);
	if (fflush(stdout)) {
		perror("sm-dump");
		return 1;
	}
	if (unknown)
		fprintf(stderr, "sm-dump: %u unknown instructions\n", unknown);
	return unknown ? 3 : 0;
}
