// SPDX-License-Identifier: MIT
/* gpu-model-ctl COMMAND...: the model's control commands from inside of a guest, for scripts. */
#include <stdio.h>
#include <string.h>

#include "model_port.h"

int main(int argc, char **argv)
{
	static char text[1 << 20];
	char line[256] = "";
	bool good;

	if (argc < 2) {
		fprintf(stderr, "usage: gpu-model-ctl COMMAND [ARGUMENT]...\n");
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		if (strlen(line) + strlen(argv[i]) + 2 > sizeof(line)) {
			fprintf(stderr, "gpu-model-ctl: the command is too long\n");
			return 2;
		}
		strcat(strcat(line, i > 1 ? " " : ""), argv[i]);
	}
	if (!model_open()) {
		fprintf(stderr, "gpu-model-ctl: no model answers (a card?)\n");
		return 1;
	}
	good = model_command(line, text, sizeof(text));
	fputs(text, good ? stdout : stderr);
	return good ? 0 : 1;
}
