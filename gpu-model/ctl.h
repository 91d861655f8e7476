/* SPDX-License-Identifier: MIT */
/*
 * DOC: Control socket
 *
 * Lines of text over a UNIX socket: a command a line; the answer is any number
 * of lines and then "ok", or "error" with the reason before it. Several clients
 * may be connected; each is served by a thread of its own.
 */
#ifndef GPU_MODEL_CTL_H
#define GPU_MODEL_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct ctl;
struct gpu;

/**
 * ctl_new() - listen at @path and serve what connects
 * @gpu: must outlive it
 * @error: room for one line that says what is wrong
 *
 * Returns it, to be given back with ctl_free(), or NULL with @error filled.
 */
struct ctl *ctl_new(struct gpu *gpu, const char *path, char *error, size_t size);

/* Ends all connections and removes the socket file. NULL is fine. */
void ctl_free(struct ctl *ctl);

/* One command, as if it had come over the socket. False when it ended with "error". */
bool ctl_command(struct gpu *gpu, const char *line, FILE *out);

#endif
