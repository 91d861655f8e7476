// SPDX-License-Identifier: MIT
/* gpu-model: a Pascal GPU as a vfio-user device. */
#include <signal.h>
#include <stdio.h>

#include "options.h"
#include "server.h"

static struct server *the_server;

static void on_signal(int sig)
{
	(void)sig;
	server_stop(the_server);
}

static void handle_signals(void (*handler)(int))
{
	struct sigaction sa = { .sa_handler = handler };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
	char error[256] = "";
	struct options o;
	int status = options_parse(&o, argc, argv, error, sizeof(error));

	if (status > 0) {
		options_free(&o);
		return 0;
	}
	if (!status) {
		the_server = server_new(&o, error, sizeof(error));
		if (!the_server)
			status = 1;
	}
	if (status) {
		fprintf(stderr, "gpu-model: %s\n", error);
		options_free(&o);
		return status < 0 ? 2 : 1;
	}
	handle_signals(on_signal);
	status = server_run(the_server);
	handle_signals(SIG_IGN);	/* it is ending already, and must remove its sockets */
	server_free(the_server);
	options_free(&o);
	return status;
}
