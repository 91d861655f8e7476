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
#include <string.h>

#include "sm_isa.h"

static bool next_word(FILE *f, bool hex, u64 *word)
{
	if (hex)
		return fscanf(f, "%" SCNx64 " ", word) == 1;
	return fread(word, 8, 1, f) == 1;
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

	if (argc > 2 + hex || (argc > 1 && !hex && argv[1][0] == '-')) {
		fprintf(stderr, "usage: sm-dump [-x] [FILE]\n");
		return 2;
	}
	if (!f) {
		fprintf(stderr, "sm-dump: %s: %s\n", name, strerror(errno));
		return 1;
	}
	for (; next_word(f, hex, &word); pc += 8) {
		if (sm_is_sched(pc)) {
			print_sched(word, pc);
			continue;
		}
		sm_dis(word, pc, text, sizeof(text));
		unknown += text[0] == '.';
		printf("%05" PRIx64 ": %016" PRIx64 "  %s\n", pc, word, text);
	}
	if (name)
		fclose(f);
	if (unknown)
		fprintf(stderr, "sm-dump: %u unknown instructions\n", unknown);
	return unknown ? 3 : 0;
}
