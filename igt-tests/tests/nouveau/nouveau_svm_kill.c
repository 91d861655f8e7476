// SPDX-License-Identifier: MIT
/**
 * TEST: nouveau svm kill
 * Category: Core
 * Mega feature: SVM
 * Sub-category: GPU faults
 * Description: An access that the process may not make kills the channel that made it, and
 *              nothing else
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>

#include "igt.h"
#include "igt_nouveau_svm.h"

IGT_TEST_DESCRIPTION("What kills a channel, and what lives on");

#define SIZE	(4 * NSVM_MTHP_SIZE)
#define VALUE	0x00050000u

static struct nsvm svm = { .fd = -1 };
static struct nsvm_channel victim;
static struct nsvm_channel witness;

/**
 * SUBTEST: %s-%s
 * Description: A kernel's %arg[1] %arg[2] kills its channel. Another channel and
 *              a new one work, memory still moves, and nothing was written
 *
 * arg[1]:
 *
 * @write:		write
 * @atomic:		atomic addition
 *
 * arg[2]:
 *
 * @null:		at address 0
 * @unmapped:		of addresses without a mapping
 * @stale:		of what was unmapped after the GPU had used it
 * @no-access:		of memory with PROT_NONE
 * @made-no-access:	of memory that got PROT_NONE after the GPU had used it
 * @window:		of the driver's window, where no buffer is
 * @kernel:		above what a process can have
 * @end-of-file:	of a mapped file, behind its end
 * @read-only:		of memory without the right to write
 * @made-read-only:	of memory in VRAM that lost the right to write after the GPU had used it
 */

/**
 * SUBTEST: read-%s
 * Description: A kernel's read %arg[1] kills its channel. Another channel and
 *              a new one work, memory still moves, and nothing was written
 *
 * arg[1]:
 *
 * @null:		at address 0
 * @unmapped:		of addresses without a mapping
 * @stale:		of what was unmapped after the GPU had used it
 * @no-access:		of memory with PROT_NONE
 * @made-no-access:	of memory that got PROT_NONE after the GPU had used it
 * @window:		of the driver's window, where no buffer is
 * @kernel:		above what a process can have
 * @end-of-file:	of a mapped file, behind its end
 */
enum {
	READ		= 1 << 0,
	WRITE		= 1 << 1,
	ATOMIC		= 1 << 2,
	/* where: the last page of an area, if not elsewhere */
	NULL_PAGE	= 1 << 3,
	UNMAPPED	= 1 << 4,
	NO_ACCESS	= 1 << 5,
	READ_ONLY	= 1 << 6,
	WINDOW		= 1 << 7,
	KERNEL		= 1 << 8,
	END_OF_FILE	= 1 << 9,
	USED		= 1 << 10,	/* by the GPU, from VRAM, before that */
};

struct section {
	const char *name;
	unsigned int flags;
};

static const struct section accesses[] = {
	{ "read", READ },
	{ "write", WRITE },
	{ "atomic", ATOMIC },
};

static const struct section places[] = {
	{ "null", NULL_PAGE },
	{ "unmapped", UNMAPPED },
	{ "stale", UNMAPPED | USED },
	{ "no-access", NO_ACCESS },
	{ "made-no-access", NO_ACCESS | USED },
	{ "read-only", READ_ONLY },
	{ "made-read-only", READ_ONLY | USED },
	{ "window", WINDOW },
	{ "kernel", KERNEL },
	{ "end-of-file", END_OF_FILE },
};

/* An empty file without a name. */
static void *behind_end_of_file(void)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	void *p;

	igt_require_f(fd >= 0, "no file in /tmp: %m\n");
	p = mmap(NULL, NSVM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	igt_assert_f(p != MAP_FAILED, "mmap of a file: %m\n");
	close(fd);
	return p;
}

/* The bad address, made from the last page of @a or somewhere else. */
static void *bad_address(const struct nsvm_area *a, unsigned int flags)
{
	char *last = (char *)a->p + a->size - NSVM_PAGE;

	if (flags & USED) {
		igt_assert_lte(0, (int)nsvm_to_vram(&svm, a->p, a->size));
		igt_assert_eq(nsvm_gpu_add(&victim, a->p, a->size, NSVM_PAGE_WORDS, 0), 0);
	}
	if (flags & UNMAPPED)
		igt_assert_eq(munmap(last, NSVM_PAGE), 0);
	if (flags & NO_ACCESS)
		igt_assert_eq(mprotect(last, NSVM_PAGE, PROT_NONE), 0);
	if (flags & READ_ONLY)
		igt_assert_eq(mprotect(last, NSVM_PAGE, PROT_READ), 0);
	if (flags & WINDOW)
		return (char *)svm.window + svm.window_size / 2;
	if (flags & KERNEL)
		return (void *)0x0000800000010000;
	if (flags & END_OF_FILE)
		return behind_end_of_file();
	return flags & NULL_PAGE ? NULL : last;
}

static int access_it(unsigned int flags, void *p)
{
	uint32_t out;

	if (flags & WRITE)
		return nsvm_gpu_write(&victim, p, NSVM_PAGE, NSVM_PAGE_WORDS, VALUE);
	if (flags & ATOMIC)
		return nsvm_gpu_atomic(&victim, p, NSVM_PAGE, NSVM_PAGE_WORDS, VALUE, 1);
	return nsvm_gpu_read(&victim, &out, p, NSVM_PAGE, NSVM_PAGE_WORDS);
}

/* The other channel, a new one in the dead one's place, and memory itself. */
static void check_the_living(const struct nsvm_area *a, uint64_t good)
{
	igt_assert_eq(nsvm_channel_check(&witness), 0);
	nsvm_assert_gpu_sees(&witness, a->p, good, NSVM_PAGE_WORDS, NSVM_SEED, "the other channel");
	nsvm_require_channel(&svm, &victim, victim.engine);
	igt_assert_lte(0, (int)nsvm_to_vram(&svm, a->p, good));
	nsvm_assert_in_vram(&svm, a->p, good);
	if (victim.engine == NSVM_COMPUTE) {
		nsvm_assert_gpu_sees(&victim, a->p, good, NSVM_PAGE_WORDS, NSVM_SEED,
				     "a new channel");
	} else {
		nsvm_copy(&victim, (uintptr_t)a->p, (uintptr_t)a->p + NSVM_PAGE, NSVM_PAGE);
		igt_assert_eq(nsvm_finish(&victim), 0);
		nsvm_assert_pattern(a->p, NSVM_PAGE, 1, NSVM_SEED + NSVM_PAGE / 4, "a new channel");
		nsvm_fill(a->p, NSVM_PAGE, 1, NSVM_SEED);
	}
	nsvm_assert_pattern(a->p, good, 1, NSVM_SEED, "memory");
}

static void test_access(unsigned int flags)
{
	struct nsvm_area a;
	void *bad;
	int ret;

	nsvm_begin(&svm);
	nsvm_require_channel(&svm, &victim, NSVM_COMPUTE);
	nsvm_require_channel(&svm, &witness, NSVM_COMPUTE);
	a = nsvm_area_filled(&svm, SIZE, NSVM_BASE, NSVM_SEED);
	bad = bad_address(&a, flags);

	ret = access_it(flags, bad);
	igt_assert_f(ret == -ENODEV, "access to %p: expected %d, a dead channel; actual %d\n", bad,
		     -ENODEV, ret);
	check_the_living(&a, SIZE - NSVM_PAGE);
	if (flags & (NO_ACCESS | READ_ONLY)) {
		igt_assert_eq(mprotect((char *)a.p + SIZE - NSVM_PAGE, NSVM_PAGE, PROT_READ), 0);
		nsvm_assert_pattern(a.p, SIZE, 1, NSVM_SEED, "what may not be written");
	}
	if (flags & END_OF_FILE)
		munmap(bad, NSVM_PAGE);
	nsvm_area_del(&a);
	nsvm_assert_sound(&svm);
}

/**
 * SUBTEST: copy-%s
 * Description: The copy engine, whose faults are final, %arg[1]: that kills its channel. A
 *              compute channel and a new copy channel work, and memory still moves
 *
 * arg[1]:
 *
 * @from-unmapped:	reads where no mapping is
 * @to-unmapped:	writes where no mapping is
 * @from-unbound:	reads memory that the process has, but not the GPU
 * @to-unbound:		writes memory that the process has, but not the GPU
 * @from-pulled:	reads memory that was in VRAM until the CPU took it back
 * @to-stale:		writes memory that was in VRAM until it was unmapped
 */
enum {
	FROM		= 1 << 0,
	HOLE		= 1 << 1,
	BOUND		= 1 << 2,
	TAKEN_BACK	= 1 << 3,
};

static const struct section copies[] = {
	{ "from-unmapped", FROM | HOLE },
	{ "to-unmapped", HOLE },
	{ "from-unbound", FROM },
	{ "to-unbound", 0 },
	{ "from-pulled", FROM | BOUND | TAKEN_BACK },
	{ "to-stale", HOLE | BOUND },
};

static void test_copy(unsigned int flags)
{
	struct nsvm_area good, a;
	uint64_t bad, other;
	int ret;

	nsvm_begin(&svm);
	nsvm_require_channel(&svm, &victim, NSVM_COPY);
	nsvm_require_channel(&svm, &witness, NSVM_COMPUTE);
	good = nsvm_area_filled(&svm, SIZE, NSVM_BASE, NSVM_SEED);
	a = nsvm_area_filled(&svm, SIZE, NSVM_BASE, NSVM_SEED);
	igt_assert_lte(0, (int)nsvm_to_vram(&svm, good.p, SIZE));
	if (flags & BOUND)
		igt_assert_lte(0, (int)nsvm_to_vram(&svm, a.p, SIZE));
	if (flags & TAKEN_BACK)
		nsvm_assert_pattern(a.p, SIZE, NSVM_PAGE_WORDS, NSVM_SEED, "taken back");
	if (flags & HOLE)
		igt_assert_eq(munmap(a.p, SIZE), 0);

	bad = (uintptr_t)a.p + NSVM_PAGE;
	other = (uintptr_t)good.p + SIZE - NSVM_PAGE;
	nsvm_copy(&victim, flags & FROM ? other : bad, flags & FROM ? bad : other, NSVM_PAGE);
	ret = nsvm_finish(&victim);
	igt_assert_f(ret == -ENODEV,
		     "copy %s %#" PRIx64 ": expected %d, a dead channel; actual %d\n",
		     flags & FROM ? "from" : "to", bad, -ENODEV, ret);
	check_the_living(&good, SIZE);
	if (!(flags & HOLE))
		nsvm_assert_pattern(a.p, SIZE, 1, NSVM_SEED, "out of the engine's reach");
	nsvm_area_del(&good);
	nsvm_area_del(&a);
	nsvm_assert_sound(&svm);
}

/**
 * SUBTEST: other-file
 * Description: A channel of one file dies; a channel of another file of the process works
 *
 * SUBTEST: close-dead
 * Description: A file whose channels have died with faults under way is closed; the memory
 *              that it had moved to VRAM is right
 */
static void test_other_file(void)
{
	struct nsvm_area a = nsvm_area_filled(&svm, SIZE, NSVM_BASE, NSVM_SEED);
	struct nsvm_channel there = { 0 };
	struct nsvm other;

	nsvm_require(&other);
	nsvm_require_channel(&other, &there, NSVM_COMPUTE);
	nsvm_require_channel(&svm, &victim, NSVM_COMPUTE);
	igt_assert_eq(access_it(WRITE, NULL), -ENODEV);
	igt_assert_eq(nsvm_gpu_add(&there, a.p, SIZE, NSVM_PAGE_WORDS, VALUE), 0);
	nsvm_assert_pattern(a.p, SIZE, NSVM_PAGE_WORDS, NSVM_SEED + VALUE, "the other file");
	nsvm_channel_close(&there);
	nsvm_close(&other);
	nsvm_area_del(&a);
}

static void test_close_dead(void)
{
	struct nsvm_area a = nsvm_area_filled(&svm, SIZE, NSVM_BASE, NSVM_SEED);
	const uint64_t args[] = { 0, NSVM_PAGE_WORDS, VALUE, 1024 };
	struct nsvm_channel there[2] = { 0 };
	struct nsvm other;

	nsvm_require(&other);
	igt_assert_lte(0, (int)nsvm_to_vram(&other, a.p, SIZE));
	for (unsigned int i = 0; i < ARRAY_SIZE(there); i++) {
		nsvm_require_channel(&other, &there[i], NSVM_COMPUTE);
		nsvm_launch(&there[i], NSVM_KERNEL_WRITE, 1024, args);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(there); i++)
		igt_assert_eq(nsvm_submit(&there[i], NULL), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(there); i++)
		nsvm_channel_close(&there[i]);
	nsvm_close(&other);
	nsvm_assert_pattern(a.p, SIZE, 1, NSVM_SEED, "after the file was closed");
	nsvm_require_channel(&svm, &witness, NSVM_COMPUTE);
	nsvm_assert_gpu_sees(&witness, a.p, SIZE, NSVM_PAGE_WORDS, NSVM_SEED, "by another file");
	nsvm_area_del(&a);
}

/* What the process may read is no bad address for a read. */
static bool is_bad(unsigned int flags)
{
	return !(flags & READ) || !(flags & READ_ONLY);
}

int igt_main()
{
	igt_fixture()
		nsvm_require(&svm);

	for (unsigned int i = 0; i < ARRAY_SIZE(accesses); i++) {
		for (unsigned int k = 0; k < ARRAY_SIZE(places); k++) {
			unsigned int flags = accesses[i].flags | places[k].flags;

			if (is_bad(flags))
				igt_subtest_f("%s-%s", accesses[i].name, places[k].name)
					test_access(flags);
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(copies); i++)
		igt_subtest_f("copy-%s", copies[i].name)
			test_copy(copies[i].flags);
	igt_subtest("other-file") {
		nsvm_begin(&svm);
		test_other_file();
		nsvm_assert_sound(&svm);
	}
	igt_subtest("close-dead") {
		nsvm_begin(&svm);
		test_close_dead();
		nsvm_assert_sound(&svm);
	}

	igt_fixture() {
		nsvm_channel_close(&victim);
		nsvm_channel_close(&witness);
		nsvm_close(&svm);
	}
}
