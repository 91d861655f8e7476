// SPDX-License-Identifier: MIT
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "chips.h"
#include "inject.h"

#define VERSION "0.1"

/**
 * struct known - a key of --opt
 * @key: its name
 * @choices: allowed words, separated by '|'; NULL: a number
 * @min: lowest number
 * @max: highest number
 * @power: the number must be a power of two
 * @help: what it does
 */
struct known {
	const char *key, *choices;
	u64 min, max;
	bool power;
	const char *help;
};

static const struct known known[] = {
	{ "ce-fault", "fatal|replay", 0, 0, false,
	  "copy engine's access to an unmapped address: fatal as on a card, or replayable" },
	{ "ce-runlist", "own|gr", 0, 0, false,
	  "copy engines on runlists of their own, as on a card, or on that of graphics" },
	{ "delay", NULL, 0, 10000000, false,
	  "engines start and runlists are read up to so many microseconds late (50); 0: as soon as they can" },
	{ "delay-every", NULL, 0, 1000000, false,
	  "also delay one of so many copies (16); 0: none" },
	{ "seed", NULL, 0, UINT64_MAX, false, "start of all random decisions (0)" },
	{ "invalidate-delay-us", NULL, 0, 10000000, false,
	  "TLB invalidates are done up to so much late (20); 0: in the write" },
	{ "tlb-entries", NULL, 1, 1 << 20, true, "entries of each translation cache" },
	{ "fault-late-us", NULL, 0, 10000000, false, "fault entries appear up to so much late" },
	{ "fault-ahead-us", NULL, 0, 10000000, false, "PUT passes fault entries up to so long before they are written" },
	{ "fault-duplicate", NULL, 0, 100, false, "percentage of fault entries written twice" },
	{ "fault-burst", NULL, 0, 1024, false, "collect so many fault entries" },
	{ "fault-entries", NULL, 2, 16384, false, "size of the replayable fault buffer (4608)" },
	{ "sec2-delay-us", NULL, 0, 10000000, false, "time that SEC2 takes for an answer" },
};

static bool is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value);

	while (len) {
		size_t n = strcspn(choices, "|");

		if (n == len && !strncmp(choices, value, n))
			return true;
		if (!choices[n])
			return false;
		choices += n + 1;
	}
	return false;
}

static bool parse_u64(const char *text, u64 *v)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*v = strtoull(text, &end, 0);
	return !errno && !*end;
}

int options_check(const char *key, const char *value, char *error, size_t size)
{
	u64 v;

	if (!strcmp(key, "schedule"))
		return schedule_check(value, error, size);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const struct known *k = &known[i];

		if (strcmp(k->key, key))
			continue;
		if (k->choices) {
			if (is_choice(k->choices, value))
				return 0;
			snprintf(error, size, "option %s: \"%s\" is none of %s", key, value, k->choices);
			return -EINVAL;
		}
		if (parse_u64(value, &v) && v >= k->min && v <= k->max && (!k->power || !(v & (v - 1))))
			return 0;
		snprintf(error, size, "option %s: \"%s\" is not a %s from %llu to %llu", key, value,
			 k->power ? "power of two" : "number", (unsigned long long)k->min,
			 (unsigned long long)k->max);
		return -EINVAL;
	}
	snprintf(error, size, "no option is called \"%s\"", key);
	return -EINVAL;
}

bool parse_size(const char *text, u64 *bytes)
{
	static const char unit[] = "KMG";
	char *copy = strdup(text), *last = copy + (*text ? strlen(text) - 1 : 0);
	const char *u = *last ? strchr(unit, *last) : NULL;
	unsigned int shift = u ? 10 * (unsigned int)(u - unit + 1) : 0;
	bool good;

	if (u)
		*last = 0;
	good = parse_u64(copy, bytes) && *bytes <= UINT64_MAX >> shift;
	*bytes <<= shift;
	free(copy);
	return good;
}

void options_usage(FILE *to)
{
	fprintf(to,
		"usage: gpu-model --socket PATH [OPTION]...\n"
		"\n"
		"Serves a model of an NVIDIA Pascal GPU to one QEMU (vfio-user-pci) at the socket PATH,\n"
		"and ends when it goes.\n"
		"\n"
		"  -s, --socket PATH      listen here for QEMU\n"
		"  -c, --chip NAME        ");
	for (size_t i = 0; i < gpu_nr_chips; i++)
		fprintf(to, "%s%s", i ? ", " : "", gpu_chips[i].name);
	fprintf(to, " (%s)\n"
		"  -m, --vram SIZE        video memory, 64M to 16G (512M)\n"
		"  -o, --opt KEY=VALUE    an option of the list below; may be given again\n"
		"      --control PATH     listen here for control connections\n"
		"      --trace FILE       write a trace of operations\n"
		"  -v, --verbose          say more; twice: everything\n"
		"      --version          print the version\n"
		"  -h, --help             print this\n"
		"\n"
		"options:\n", gpu_chips[0].name);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		fprintf(to, "  %-15s %s%s%s\n", known[i].key, known[i].choices ? known[i].choices : "",
			known[i].choices ? ": " : "", known[i].help);
	fprintf(to, "  %-15s %s\n", "schedule", "WHEN@N:COMMAND[:NUMBER],...: faults on demand, see gpu-model(1)");
}

static int add_option(struct options *o, const char *text, char *error, size_t size)
{
	size_t nr = o->config.nr_options;
	char *eq;

	if (nr == MAX_OPTIONS) {
		snprintf(error, size, "more than %d options", MAX_OPTIONS);
		return -EINVAL;
	}
	o->text[nr] = strdup(text);
	eq = strchr(o->text[nr], '=');
	if (!eq) {
		snprintf(error, size, "--opt %s: not KEY=VALUE", text);
		free(o->text[nr]);
		o->text[nr] = NULL;
		return -EINVAL;
	}
	*eq = 0;
	o->option[nr] = (struct gpu_option){ o->text[nr], eq + 1 };
	o->config.nr_options++;
	if (!strcmp(o->text[nr], "seed"))
		parse_u64(eq + 1, &o->config.seed);
	return options_check(o->text[nr], eq + 1, error, size);
}

enum { OPT_CONTROL = 256, OPT_TRACE, OPT_VERSION };

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "chip", required_argument, NULL, 'c' },
	{ "vram", required_argument, NULL, 'm' },
	{ "opt", required_argument, NULL, 'o' },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "trace", required_argument, NULL, OPT_TRACE },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int parse_one(struct options *o, int c, char *error, size_t size)
{
	switch (c) {
	case 's':
		o->socket = optarg;
		return 0;
	case 'c':
		o->config.chip = optarg;
		return 0;
	case 'm':
		if (parse_size(optarg, &o->config.vram_bytes) && o->config.vram_bytes)
			return 0;
		snprintf(error, size, "--vram %s: not a size", optarg);
		return -EINVAL;
	case 'o':
		return add_option(o, optarg, error, size);
	case OPT_CONTROL:
		o->control = optarg;
		return 0;
	case OPT_TRACE:
		o->trace = optarg;
		return 0;
	case 'v':
		o->verbose++;
		return 0;
	case OPT_VERSION:
		printf("gpu-model " VERSION "\n");
		return 1;
	case 'h':
		options_usage(stdout);
		return 1;
	}
	snprintf(error, size, "see gpu-model --help");
	return -EINVAL;
}

int options_parse(struct options *o, int argc, char **argv, char *error, size_t size)
{
	int c, r = 0;

	memset(o, 0, sizeof(*o));
	o->config.options = o->option;
	optind = 1;
	while (!r && (c = getopt_long(argc, argv, "s:c:m:o:vh", long_options, NULL)) != -1)
		r = parse_one(o, c, error, size);
	if (r)
		return r;
	if (optind < argc) {
		snprintf(error, size, "unexpected argument \"%s\"", argv[optind]);
		return -EINVAL;
	}
	if (!o->socket) {
		snprintf(error, size, "--socket PATH is missing");
		return -EINVAL;
	}
	return 0;
}

void options_free(struct options *o)
{
	for (size_t i = 0; i < o->config.nr_options; i++)
		free(o->text[i]);
	o->config.nr_options = 0;
}
