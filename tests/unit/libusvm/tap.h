/* SPDX-License-Identifier: MIT */
/* TAP output for the libusvm tests: one line a check, a plan at the end. */
#ifndef USVM_TEST_TAP_H
#define USVM_TEST_TAP_H

#include <stdbool.h>
#include <stdio.h>

static int tap_count;
static int tap_failed;

static inline bool tap_ok(bool good, const char *name)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++tap_count, name);
	fflush(stdout);
	tap_failed += !good;
	return good;
}

static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

/* The error, when there is one, is said in words. */
static inline bool tap_is(int got, int want, const char *name)
{
	bool good = tap_ok(got == want, name);

	if (!good)
		printf("# got %d, want %d\n", got, want);
	return good;
}

#endif
