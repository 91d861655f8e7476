// SPDX-License-Identifier: MIT
/*
 * Memory goes to VRAM and back for some seconds (argument, 40 by default), while
 * somebody outside makes trouble at the GPU model's control socket: copies that fail
 * ("inject copy-error 1"), dead channels ("inject kill 2"), delays. A bind may fail;
 * the data may not be wrong and nothing may be lost.
 */
#define _GNU_SOURCE
#include "gpu.h"

#include <time.h>

#define SIZE (4 * HUGE)

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 40);
	long failed = 0, errors;
	uint64_t bad = 0;
	uint32_t round;
	struct gpu g;
	char *a;

	tap_plan(4);
	must(gpu_open(&g), "open");
	must(gpu_svm_init(&g), "SVM_INIT");
	a = area_new(SIZE, true);
	must(dmem_order("reset"), "reset");
	NOTE("ready\n");

	for (round = 0; time(NULL) < end; round++) {
		fill(a, SIZE, round);
		failed += svm_to_vram(&g, a, SIZE) < 0;
		if (round % 2)
			failed += svm_to_ram(&g, a, HUGE) < 0;
		bad += wrong(a, SIZE, round);
	}

	errors = dmem_number("copies failed");
	NOTE("%u rounds, %ld calls failed, %ld copies failed, %ld channels made\n", round,
	     failed, errors, dmem_number("copy channels made"));
	ok(!bad, "whatever fails, the data is right");
	ok(dmem_number("pages lost: device did not answer") == 0, "nothing is lost");
	ok(!dmem_order("check") && dmem_number("bytes reserved") == 0, "the allocator is sound");
	ok(svm_to_vram(&g, a, SIZE) >= 0 && svm_bytes_in_vram(&g, a, SIZE) == SIZE,
	   "in the end memory moves");
	return tap_end();
}
