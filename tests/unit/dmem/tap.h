/* SPDX-License-Identifier: MIT */
#ifndef DMEM_TAP_H
#define DMEM_TAP_H

#include <stdio.h>
#include <stdlib.h>

/*
 * A test is a function that returns; CHECK() ends the whole program with "not ok"
 * on the first false condition, since what follows would mean nothing.
 */
static int tap_nr;
static const char *tap_name;

#define CHECK(cond) do {						\
	if (!(cond)) {							\
		printf("not ok %d - %s\n# %s:%d: %s\n", ++tap_nr,	\
		       tap_name, __FILE__, __LINE__, #cond);		\
		exit(1);						\
	}								\
} while (0)

#define RUN(test) do {							\
	tap_name = #test;						\
	test();								\
	printf("ok %d - %s\n", ++tap_nr, tap_name);			\
	fflush(stdout);							\
} while (0)

static inline void tap_plan(int nr)
{
	printf("TAP version 13\n1..%d\n", nr);
}

#endif
