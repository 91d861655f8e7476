/* SPDX-License-Identifier: MIT */
/*
 * The control socket of the GPU model, from inside of a guest: a virtio port
 * named "gpu" leads there. On a real card there is none.
 *
 * One thread at a time; the port can be opened once.
 */
#ifndef MODEL_PORT_H
#define MODEL_PORT_H

#include <stdbool.h>
#include <stddef.h>

/** model_open() - Return: is there a model that answers? */
bool model_open(void);

/** model_close() - also at exit, if it was not called */
void model_close(void);

/**
 * model_command() - send one line and wait for the answer
 * @line: a command, without the end of line
 * @text: the answer without its last line; may be NULL
 * @room: bytes of @text, which is cut to fit
 *
 * Return: true if the last line was "ok"; false also without a model.
 */
bool model_command(const char *line, char *text, size_t room);

/** model_counter() - Return: a counter by its whole name; -1 without a model, or without it */
long long model_counter(const char *name);

#endif
