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

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

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
	catch_signals();
	status = server_run(the_server);
	server_free(the_server);
	options_free(&o);
	return status;
}
