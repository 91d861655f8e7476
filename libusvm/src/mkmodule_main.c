// SPDX-License-Identifier: MIT
/*
 * usvm-mkmodule: puts machine code and a description together as a module file.
 *
 * The description has one kernel after the other:
 *
 *	kernel NAME
 *	code FILE		raw 64-bit little-endian instruction words
 *	assembly FILE		or their text, in a build that has the assembler
 *	registers N
 *	barriers N		0 if not said, as for the next two
 *	shared BYTES
 *	local BYTES
 *	argument BYTES [OFFSET]	in order; offset: the next one that suits the size
 *
 * Names of files are relative to the description. A line that begins with # says
 * nothing.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module_format.h"
#ifdef USVM_HAVE_ASSEMBLER
#include "sm_isa.h"
#endif

#define MAX_KERNELS	256
#define MAX_CODE	(16u << 20)
#define MAX_STRINGS	65536
#define CODE_ALIGN	256u

static struct usvm_module_entry entries[MAX_KERNELS];
static unsigned int kernels;
static unsigned char *code;
static uint64_t code_size;
static char strings[MAX_STRINGS];
static uint32_t strings_size;

static bool fail(const char *file, unsigned int line, const char *what)
{
	fprintf(stderr, "usvm-mkmodule: %s:%u: %s\n", file, line, what);
	return false;
}

/* A name as the description's directory has it. */
static FILE *open_beside(const char *description, const char *name)
{
	const char *slash = strrchr(description, '/');
	char path[4096];

	snprintf(path, sizeof(path), "%.*s%s",
		 name[0] == '/' || !slash ? 0 : (int)(slash - description) + 1, description, name);
	return fopen(path, "rb");
}

/* Where the next kernel's code goes; the GPU fetches it from there on. */
static void *next_code(struct usvm_module_entry *e)
{
	code_size = (code_size + CODE_ALIGN - 1) / CODE_ALIGN * CODE_ALIGN;
	e->code = code_size;
	return code + code_size;
}

static bool add_code(struct usvm_module_entry *e, const char *file, const char *name)
{
	FILE *f = open_beside(file, name);
	void *to = next_code(e);
	size_t got;

	if (!f)
		return false;
	got = fread(to, 1, MAX_CODE - code_size, f);
	code_size += got;
	fclose(f);
	return got && got % 8 == 0 && code_size < MAX_CODE;
}

#ifdef USVM_HAVE_ASSEMBLER
static bool add_assembly(struct usvm_module_entry *e, const char *file, const char *name)
{
	FILE *f = open_beside(file, name);
	static char text[1 << 18];
	u64 *to = next_code(e);
	char err[256];
	size_t size;
	int n;

	if (!f)
		return false;
	size = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[size] = 0;
	n = sm_asm(text, to, (MAX_CODE - code_size) / 8, err, sizeof(err));
	if (n < 0)
		fprintf(stderr, "usvm-mkmodule: %s: %s\n", name, err);
	else
		code_size += (uint64_t)n * 8;
	return n > 0;
}
#endif

static bool add_argument(struct usvm_module_entry *e, unsigned int size, long offset)
{
	uint32_t end = 0, align = size & (~size + 1);

	if (e->arguments == 16 || !size || size > 1024)
		return false;
	if (e->arguments)
		end = e->offset[e->arguments - 1] + e->size[e->arguments - 1];
	if (offset < 0)
		offset = (end + (align < 16 ? align : 16) - 1) & ~((long)(align < 16 ? align : 16) - 1);
	if (offset < (long)end || offset + (long)size > 1024)
		return false;
	e->size[e->arguments] = (uint16_t)size;
	e->offset[e->arguments++] = (uint16_t)offset;
	return true;
}

static bool parse_line(const char *file, unsigned int line, const char *text)
{
	struct usvm_module_entry *e = kernels ? &entries[kernels - 1] : NULL;
	char word[32], rest[512] = "";
	unsigned int n = 0;
	long offset = -1;
	int fields = sscanf(text, "%31s %511s %ld", word, rest, &offset);

	if (fields < 1 || word[0] == '#')
		return true;
	if (fields < 2)
		return fail(file, line, "a word and its value");
	if (!strcmp(word, "kernel")) {
		size_t length = strlen(rest) + 1;

		if (kernels == MAX_KERNELS || strings_size + length > MAX_STRINGS)
			return fail(file, line, "too many kernels");
		entries[kernels].name = strings_size;
		memcpy(strings + strings_size, rest, length);
		strings_size += (uint32_t)length;
		kernels++;
		return true;
	}
	if (!e)
		return fail(file, line, "the first line says which kernel");
	if (!strcmp(word, "code"))
		return add_code(e, file, rest) || fail(file, line, "code cannot be read, or is not in words");
#ifdef USVM_HAVE_ASSEMBLER
	if (!strcmp(word, "assembly"))
		return add_assembly(e, file, rest) || fail(file, line, "this cannot be assembled");
#endif
	if (sscanf(rest, "%u", &n) != 1)
		return fail(file, line, "not a number");
	if (!strcmp(word, "registers"))
		e->registers = n;
	else if (!strcmp(word, "barriers"))
		e->barriers = n;
	else if (!strcmp(word, "shared"))
		e->shared_bytes = n;
	else if (!strcmp(word, "local"))
		e->local_bytes = n;
	else if (strcmp(word, "argument"))
		return fail(file, line, "an unknown word");
	else
		return add_argument(e, n, offset) || fail(file, line, "not a good argument");
	return true;
}

static bool parse(const char *file)
{
	FILE *f = fopen(file, "r");
	unsigned int line = 0;
	char text[600];
	bool good = true;

	if (!f) {
		fprintf(stderr, "usvm-mkmodule: %s: %s\n", file, strerror(errno));
		return false;
	}
	while (good && fgets(text, sizeof(text), f))
		good = parse_line(file, ++line, text);
	fclose(f);
	if (good && !kernels)
		good = fail(file, line, "no kernel");
	for (unsigned int i = 0; good && i < kernels; i++)
		if (!entries[i].registers || entries[i].registers > 255)
			good = fail(file, line, "a kernel without a number of registers");
	return good;
}

static bool put(FILE *f, const void *bytes, size_t size)
{
	return fwrite(bytes, 1, size, f) == size;
}

static bool write_file(const char *name)
{
	static const unsigned char zeros[CODE_ALIGN];
	struct usvm_module_header h = {
		.magic = USVM_MODULE_MAGIC,
		.version = USVM_MODULE_VERSION,
		.sm = USVM_MODULE_SM60,
		.kernels = kernels,
		.table = sizeof(h),
		.strings_size = strings_size,
		.code_size = code_size,
	};
	FILE *f = fopen(name, "wb");
	bool good;

	if (!f)
		return false;
	h.strings = h.table + kernels * sizeof(entries[0]);
	h.code = (h.strings + strings_size + CODE_ALIGN - 1) / CODE_ALIGN * CODE_ALIGN;
	good = put(f, &h, sizeof(h)) && put(f, entries, kernels * sizeof(entries[0])) &&
	       put(f, strings, strings_size) &&
	       put(f, zeros, h.code - h.strings - strings_size) && put(f, code, code_size);
	return !fclose(f) && good;
}

int main(int argc, char **argv)
{
	bool good;

	if (argc != 3) {
		fprintf(stderr, "usage: usvm-mkmodule DESCRIPTION MODULE\n");
		return 2;
	}
	code = calloc(1, MAX_CODE);
	good = code && parse(argv[1]);
	if (good && !write_file(argv[2])) {
		fprintf(stderr, "usvm-mkmodule: %s: %s\n", argv[2], strerror(errno));
		good = false;
	}
	free(code);
	return !good;
}
