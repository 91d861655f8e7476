/* SPDX-License-Identifier: MIT */
/* A device and the socket that it is served on. */
#ifndef GPU_MODEL_SERVER_H
#define GPU_MODEL_SERVER_H

#include "options.h"

struct server;

/**
 * server_new() - make the device and listen
 * @o: stays the caller's and must outlive the server
 * @error: room for one line that says what is wrong
 *
 * Returns the server, or NULL with @error filled.
 */
struct server *server_new(const struct options *o, char *error, size_t size);

/* Serves one client until it goes or server_stop() is called. Returns the exit status. */
int server_run(struct server *s);

/* From a signal handler: server_run() returns. */
void server_stop(struct server *s);

/* Ends all threads, removes the socket file. */
void server_free(struct server *s);

#endif
