// SPDX-License-Identifier: MIT
/**
 * TEST: nouveau svm pressure
 * Category: Core
 * Mega feature: SVM
 * Sub-category: VRAM pressure
 * Description: More memory than VRAM, buffer objects that want it too, many processes.
 *              A subtest in which nothing was pushed out fails
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "igt.h"
#include "igt_nouveau_svm.h"

IGT_TEST_DESCRIPTION("More memory than VRAM");

#define HUGE	NSVM_HUGE_SIZE
#define LEAVE	(8ull << 20)
#define SEED_2	0x20000000u

static struct nsvm svm = { .fd = -1 };
static struct nsvm_channel ch;
static struct nsvm_hog hog;

/* Device memory that was pushed out so far, in whatever way. */
static int64_t pushed_out(void)
{
	int64_t regions = nsvm_counter(&svm, "VRAM regions given back");
	int64_t chunks = nsvm_counter(&svm, "chunks evicted");

	igt_require_f(regions >= 0 && chunks >= 0, "no debugfs\n");
	return regions + chunks;
}

/* Small pages take their time: fewer of them, and huge ones first to fill the rest. */
static uint64_t reasonable(uint64_t size, enum nsvm_pages pages)
{
	return pages == NSVM_HUGE ? size : pages == NSVM_MTHP ? size / 4 : size / 8;
}

/* Piece after piece, as a program that walks through its data. */
static uint64_t step(enum nsvm_pages pages)
{
	return pages == NSVM_HUGE ? HUGE : pages == NSVM_MTHP ? HUGE / 2 : HUGE / 4;
}

static unsigned int stride(enum nsvm_pages pages)
{
	return pages == NSVM_HUGE ? 64 * NSVM_PAGE_WORDS : pages == NSVM_MTHP ?
	       16 * NSVM_PAGE_WORDS : 4 * NSVM_PAGE_WORDS;
}

/*
 * Huge pages that take what the buffers leave. Single pages are slow: with these before
 * them a few are enough to need more VRAM than there is.
 */
static struct nsvm_area take_most(const struct nsvm *own, uint64_t size)
{
	struct nsvm_area most = nsvm_area_new(size, NSVM_HUGE);

	nsvm_fill(most.p, size, stride(NSVM_HUGE), NSVM_SEED);
	igt_assert_lte(0, (int)nsvm_to_vram(own, most.p, size));
	return most;
}

static void give_most(struct nsvm_area *most)
{
	nsvm_assert_pattern(most->p, most->size, stride(NSVM_HUGE), NSVM_SEED, "taken first");
	nsvm_area_del(most);
}

/**
 * SUBTEST: overcommit-%s-%s
 * Description: A working set of %arg[1] the VRAM that buffer objects leave, for small pages
 *              beside huge ones that take it, on %arg[2] pages, is bound piece by piece while
 *              the buffers come and go: each piece gets in, others go, nothing is lost
 *
 * arg[1]:
 *
 * @2x:			twice
 * @4x:			four times
 *
 * arg[2]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
static void overcommit(unsigned int times, enum nsvm_pages pages)
{
	uint64_t size = reasonable(times * LEAVE, pages);
	struct nsvm_area a = nsvm_area_filled(&svm, size, pages, NSVM_SEED), most;
	int64_t before = pushed_out();

	nsvm_hog_new(&svm, &hog, LEAVE);
	most = take_most(&svm, LEAVE);
	for (uint64_t at = 0; at < size; at += step(pages)) {
		char *p = (char *)a.p + at;

		igt_assert_eq_s64(nsvm_to_vram(&svm, p, step(pages)), step(pages) / NSVM_PAGE);
		nsvm_assert_in_vram(&svm, p, step(pages));
		igt_assert_eq(nsvm_gpu_add(&ch, p, step(pages), stride(pages), 1), 0);
		/* The buffers are used at every other step. */
		if (at / step(pages) % 2)
			igt_assert_eq(nsvm_hog_use(&hog, &ch), 0);
	}
	igt_assert_lt(0, (int)(pushed_out() - before));
	nsvm_assert_pattern(a.p, size, stride(pages), NSVM_SEED + 1, "of the working set");
	give_most(&most);
	nsvm_hog_del(&svm, &hog);
	nsvm_area_del(&a);
	nsvm_assert_sound(&svm);
}

/**
 * SUBTEST: fault-overcommit-%s
 * Description: The GPU writes memory on %arg[1] pages under the policy "device", beside twice
 *              what buffer objects leave of VRAM: faults move it in, others go out
 *
 * arg[1]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
static void fault_overcommit(enum nsvm_pages pages)
{
	uint64_t size = reasonable(2 * LEAVE, pages);
	struct nsvm_area a = nsvm_area_filled(&svm, size, pages, NSVM_SEED), most;
	int64_t before = pushed_out();

	igt_assert_eq(nsvm_policy(&svm, a.p, size, NOUVEAU_SVM_BIND_POLICY__DEVICE), 0);
	nsvm_hog_new(&svm, &hog, LEAVE);
	most = take_most(&svm, 2 * LEAVE);
	for (int round = 0; round < 2; round++) {
		for (uint64_t at = 0; at < size; at += 2 * HUGE) {
			uint64_t piece = size - at < 2 * HUGE ? size - at : 2 * HUGE;

			igt_assert_eq(nsvm_gpu_add(&ch, (char *)a.p + at, piece, stride(pages), 1),
				      0);
		}
		igt_assert_eq(nsvm_hog_use(&hog, &ch), 0);
	}
	igt_assert_lt(0, (int)(pushed_out() - before));
	nsvm_assert_pattern(a.p, size, stride(pages), NSVM_SEED + 2, "of the working set");
	give_most(&most);
	nsvm_hog_del(&svm, &hog);
	nsvm_area_del(&a);
	nsvm_assert_sound(&svm);
}

/**
 * SUBTEST: buffers-evict-%s
 * Description: Buffer objects that need all VRAM push memory on %arg[1] pages out; it is right,
 *              and it comes back when they are gone
 *
 * SUBTEST: evict-buffers-%s
 * Description: Memory on %arg[1] pages that needs the VRAM of buffer objects gets it; the
 *              content of the buffers is right when the GPU uses them again
 *
 * arg[1]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
static void buffers_evict(enum nsvm_pages pages)
{
	uint64_t size = reasonable(4 * HUGE, pages);
	struct nsvm_area a = nsvm_area_filled(&svm, size, pages, NSVM_SEED);
	struct nsvm_area most = take_most(&svm, LEAVE);
	int64_t before = pushed_out();

	igt_assert_eq_s64(nsvm_to_vram(&svm, a.p, size), size / NSVM_PAGE);
	igt_assert_eq(nsvm_gpu_add(&ch, a.p, size, stride(pages), 1), 0);
	nsvm_hog_new(&svm, &hog, LEAVE);
	igt_assert_eq(nsvm_hog_use(&hog, &ch), 0);
	igt_assert_lt(0, (int)(pushed_out() - before));
	nsvm_assert_gpu_sees(&ch, a.p, size, stride(pages), NSVM_SEED + 1, "pushed out");
	nsvm_hog_del(&svm, &hog);
	igt_assert_lte(0, (int)nsvm_to_vram(&svm, a.p, size));
	nsvm_assert_in_vram(&svm, a.p, size);
	nsvm_assert_pattern(a.p, size, stride(pages), NSVM_SEED + 1, "pushed out");
	give_most(&most);
	nsvm_area_del(&a);
	nsvm_assert_sound(&svm);
}

/* The hog's buffers carry a number each, at their start and end. */
static void number_buffers(void)
{
	nsvm_room(&ch, hog.count * 24 + 8);
	for (unsigned int i = 0; i < hog.count; i++) {
		nsvm_set(&ch, hog.bos[i].va, 0xb0000000 + i, 1);
		nsvm_set(&ch, hog.bos[i].va + hog.bos[i].size - 4, 0xe0000000 + i, 1);
	}
	igt_assert_eq(nsvm_hog_use(&hog, &ch), 0);
}

static void evict_buffers(enum nsvm_pages pages)
{
	uint64_t size = pages == NSVM_BASE ? HUGE / 2 : 2 * HUGE;
	struct nsvm_area a = nsvm_area_filled(&svm, size, pages, NSVM_SEED), most;
	struct nsvm_bo out;

	/* Twice what the buffers leave: the rest can only come from them. */
	nsvm_hog_new(&svm, &hog, LEAVE);
	number_buffers();
	most = take_most(&svm, 2 * LEAVE);
	igt_assert_eq_s64(nsvm_to_vram(&svm, a.p, size), size / NSVM_PAGE);
	nsvm_assert_in_vram(&svm, a.p, size);
	nsvm_assert_gpu_sees(&ch, a.p, size, stride(pages), NSVM_SEED, "beside the buffers");
	igt_assert_eq(nsvm_bo_new(&svm, &out, NSVM_PAGE, NOUVEAU_GEM_DOMAIN_GART), 0);
	nsvm_room(&ch, hog.count * 24 + 8);
	for (unsigned int i = 0; i < hog.count; i++) {
		nsvm_copy(&ch, out.va + 8 * i, hog.bos[i].va, 4);
		nsvm_copy(&ch, out.va + 8 * i + 4, hog.bos[i].va + hog.bos[i].size - 4, 4);
	}
	igt_assert_eq(nsvm_hog_use(&hog, &ch), 0);
	for (unsigned int i = 0; i < hog.count; i++) {
		const volatile uint32_t *w = out.map;

		igt_assert_eq_u32(w[2 * i], 0xb0000000 + i);
		igt_assert_eq_u32(w[2 * i + 1], 0xe0000000 + i);
	}
	nsvm_bo_del(&svm, &out);
	nsvm_assert_pattern(a.p, size, stride(pages), NSVM_SEED, "beside the buffers");
	give_most(&most);
	nsvm_hog_del(&svm, &hog);
	nsvm_area_del(&a);
	nsvm_assert_sound(&svm);
}

/**
 * SUBTEST: processes-%s-%s
 * Description: %arg[1] processes with a GPU address space each, on %arg[2] pages, want more
 *              VRAM than is left; each sees its own data only
 *
 * arg[1]:
 *
 * @two:		two
 * @four:		four
 *
 * arg[2]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
static void one_of_many(unsigned int child, enum nsvm_pages pages)
{
	uint64_t size = pages == NSVM_BASE ? HUGE / 8 : HUGE;
	uint32_t seed = NSVM_SEED * (child + 1);
	struct nsvm_channel own_ch = { 0 };
	struct nsvm_area a, most;
	struct nsvm own;

	nsvm_require(&own);
	nsvm_require_channel(&own, &own_ch, NSVM_COMPUTE);
	most = take_most(&own, 2 * LEAVE);
	a = nsvm_area_new(size, pages);
	nsvm_fill(a.p, size, stride(pages), seed);
	for (unsigned int round = 0; round < 3; round++) {
		igt_assert_lte(0, (int)nsvm_to_vram(&own, a.p, size));
		igt_assert_eq(nsvm_gpu_add(&own_ch, a.p, size, stride(pages), 1), 0);
		nsvm_assert_pattern(a.p, size, stride(pages), seed + round + 1, "of a process");
	}
	give_most(&most);
	nsvm_channel_close(&own_ch);
	nsvm_close(&own);
}

static void processes(unsigned int count, enum nsvm_pages pages)
{
	int64_t before = pushed_out();
	unsigned int used = 0;

	nsvm_pages_select(pages);
	/* The channels of the others take some of it for themselves. */
	nsvm_hog_new(&svm, &hog, (1 + count) * LEAVE);
	igt_fork(child, (int)count)
		one_of_many((unsigned int)child, pages);
	/* Meanwhile the buffers want their VRAM back: what is being moved cannot give way. */
	for (int i = 0; i < 8; i++) {
		int ret = nsvm_hog_use(&hog, &ch);

		igt_assert_f(!ret || ret == -ENOMEM || ret == -ENOSPC, "buffers: %d\n", ret);
		used += !ret;
		usleep(100000);
	}
	igt_waitchildren();
	igt_assert_eq(nsvm_hog_use(&hog, &ch), 0);
	igt_info("buffers in VRAM %u of 8 times\n", used);
	igt_assert_lt(0, (int)(pushed_out() - before));
	nsvm_hog_del(&svm, &hog);
	nsvm_assert_sound(&svm);
}

/**
 * SUBTEST: thrash-guard-%s
 * Description: CPU and GPU take the same memory from each other, on %arg[1] pages: after the
 *              CPU has had it, it stays in RAM for the guard time, whatever the GPU does
 *
 * SUBTEST: thrash-free-%s
 * Description: The same with no guard time, on %arg[1] pages: it moves each time, nothing is
 *              lost
 *
 * arg[1]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
static void thrash(enum nsvm_pages pages, bool guard)
{
	struct nsvm_area a = nsvm_area_filled(&svm, nsvm_pages_size(pages), pages, NSVM_SEED);
	int64_t before, moved;
	uint32_t rounds = 8;
	int ret;

	ret = nsvm_debugfs_write(&svm, "svm_guard_ms", guard ? "600000" : "0");
	igt_require_f(!ret, "no debugfs\n");
	igt_assert_lte(0, (int)nsvm_to_vram(&svm, a.p, a.size));
	before = nsvm_counter(&svm, "GPU faults served by migration");
	for (uint32_t i = 0; i < rounds && !ret; i++) {
		nsvm_fill(a.p, a.size, NSVM_PAGE_WORDS, NSVM_SEED + i);
		/* A guard of 0 ms counts whole milliseconds. */
		usleep(30000);
		ret = nsvm_gpu_add(&ch, a.p, a.size, NSVM_PAGE_WORDS, 1);
	}
	moved = nsvm_counter(&svm, "GPU faults served by migration") - before;
	igt_assert_eq(nsvm_debugfs_write(&svm, "svm_guard_ms", "100"), 0);
	igt_assert_eq(ret, 0);
	nsvm_assert_pattern(a.p, a.size, NSVM_PAGE_WORDS, NSVM_SEED + rounds, "thrashed");
	if (guard)
		igt_assert_eq_s64(moved, 0);
	else
		igt_assert_lte((int)rounds, (int)moved);
	nsvm_area_del(&a);
}

/**
 * SUBTEST: exit-%s-%s
 * Description: A process ends by %arg[1] with data in VRAM, on %arg[2] pages: VRAM is free then
 *
 * arg[1]:
 *
 * @return:		returning
 * @kill:		SIGKILL
 * @exec:		exec()
 * @close-first:	closing the device before it returns
 *
 * arg[2]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
enum ending { RETURN, KILL, EXEC, CLOSE_FIRST, NR_ENDINGS };
static const char *const endings[NR_ENDINGS] = { "return", "kill", "exec", "close-first" };

static void end(enum ending ending, enum nsvm_pages pages)
{
	struct nsvm_area a = nsvm_area_new(HUGE, pages);
	struct nsvm own;

	nsvm_require(&own);
	nsvm_fill(a.p, a.size, NSVM_PAGE_WORDS, NSVM_SEED);
	if (nsvm_to_vram(&own, a.p, a.size) <= 0)
		_exit(1);
	if (ending == CLOSE_FIRST)
		nsvm_close(&own);
	if (ending == KILL)
		raise(SIGKILL);
	if (ending == EXEC) {
		close(STDOUT_FILENO);
		execl("/proc/self/exe", "nouveau_svm_pressure", "--list-subtests", NULL);
	}
	_exit(ending == EXEC || ending == KILL ? 2 : 0);
}

static void exit_with_data(enum ending ending, enum nsvm_pages pages)
{
	int64_t before = nsvm_counter(&svm, "bytes used"), after = -1;
	int status = -1;
	pid_t pid;

	igt_require_f(before >= 0, "no debugfs\n");
	nsvm_pages_select(pages);
	fflush(stdout);
	pid = fork();
	if (!pid)
		end(ending, pages);
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	if (ending == KILL)
		igt_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	else
		igt_assert_f(WIFEXITED(status) && !WEXITSTATUS(status), "status %#x\n", status);
	/* The last reference to the mm may be somebody else's for a moment. */
	for (int i = 0; i < 100 && after != before; i++) {
		after = nsvm_counter(&svm, "bytes used");
		if (after != before)
			usleep(50000);
	}
	igt_assert_eq_s64(after, before);
	nsvm_assert_sound(&svm);
}

static void begin(void)
{
	nsvm_begin(&svm);
	nsvm_require_channel(&svm, &ch, NSVM_COMPUTE);
}

int igt_main()
{
	static const struct {
		const char *name;
		void (*run)(enum nsvm_pages pages);
	} by_pages[] = {
		{ "fault-overcommit", fault_overcommit },
		{ "buffers-evict", buffers_evict },
		{ "evict-buffers", evict_buffers },
	};

	igt_fixture() {
		nsvm_require(&svm);
		nsvm_require_features(&svm, NSVM_FEATURES_ALL);
	}

	for (unsigned int pages = 0; pages < NSVM_NR_PAGES; pages++) {
		const char *name = nsvm_pages_name(pages);

		for (unsigned int times = 2; times <= 4; times += 2) {
			igt_subtest_f("overcommit-%ux-%s", times, name) {
				begin();
				overcommit(times, pages);
			}
			igt_subtest_f("processes-%s-%s", times == 2 ? "two" : "four", name) {
				begin();
				processes(times, pages);
			}
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(by_pages); i++) {
			igt_subtest_f("%s-%s", by_pages[i].name, name) {
				begin();
				by_pages[i].run(pages);
			}
		}
		for (int guard = 0; guard < 2; guard++) {
			igt_subtest_f("thrash-%s-%s", guard ? "guard" : "free", name) {
				begin();
				thrash(pages, guard);
			}
		}
		for (unsigned int i = 0; i < NR_ENDINGS; i++) {
			igt_subtest_f("exit-%s-%s", endings[i], name) {
				begin();
				exit_with_data(i, pages);
			}
		}
	}

	igt_fixture() {
		nsvm_channel_close(&ch);
		nsvm_close(&svm);
	}
}
