/* SPDX-License-Identifier: MIT */
/* The command line of gpu-model. */
#ifndef GPU_MODEL_OPTIONS_H
#define GPU_MODEL_OPTIONS_H

#include <stdio.h>

#include "device.h"

#define MAX_OPTIONS	64

/**
 * struct options - what the command line says
 * @socket: where to listen for QEMU
 * @control: where to listen for control connections, or NULL
 * @trace: file for the trace of operations, or NULL
 * @verbose: 0 errors and warnings, 1 more, 2 everything
 * @config: for gpu_create(); its options point into argv, or into @text
 * @option: config.options
 * @text: copies of KEY=VALUE, cut at the '='
 */
struct options {
	const char *socket, *control, *trace;
	int verbose;
	struct gpu_config config;
	struct gpu_option option[MAX_OPTIONS];
	char *text[MAX_OPTIONS];
};

/**
 * options_parse() - read the command line
 * @error: room for one line that says what is wrong
 *
 * Returns 0; 1 when there is nothing more to do (--help and --version have
 * printed); -EINVAL with @error filled. Call options_free() in any case.
 */
int options_parse(struct options *o, int argc, char **argv, char *error, size_t size);
void options_free(struct options *o);

/* One KEY=VALUE pair, as after --opt. */
int options_check(const char *key, const char *value, char *error, size_t size);

/* "512M", "2G", "1048576". False: not a size. */
bool parse_size(const char *text, u64 *bytes);

void options_usage(FILE *to);

#endif
