/* SPDX-License-Identifier: MIT */
/* Test Anything Protocol: one line a property, a plan at the end. */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_count, tap_failed;

/* Prints one result; returns it, so that a test may stop early. */
__attribute__((format(printf, 2, 3), unused))
static bool ok(bool good, const char *name, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(ap, name);
	vprintf(name, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	tap_failed += !good;
	return good;
}

/* The same for two numbers, which are printed when they differ. */
__attribute__((format(printf, 3, 4), unused))
static bool ok_eq(long long got, long long want, const char *name, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, name);
	vsnprintf(text, sizeof(text), name, ap);
	va_end(ap);
	ok(got == want, "%s", text);
	if (got != want)
		printf("# got %lld (0x%llx), want %lld (0x%llx)\n", got, got, want, want);
	return got == want;
}

__attribute__((unused))
static int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

#endif
