// SPDX-License-Identifier: MIT
/**
 * TEST: nouveau svm inject
 * Category: Core
 * Mega feature: SVM
 * Sub-category: fault injection
 * Description: Memory is right whatever fails on the way: copies, interrupts and fault
 *              reports of the GPU model, allocations of the kernel. A test in which nothing
 *              was made to fail fails
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "igt.h"
#include "igt_nouveau_svm.h"

IGT_TEST_DESCRIPTION("Copies, interrupts, fault reports and allocations fail");

#define SEED_2		0x20000000u
#define DELAY_MS	30u
#define TIMEOUT_MS	"400"		/* of a copy, where its end is not reported */

static const uint64_t sizes[NSVM_NR_PAGES] = {
	[NSVM_BASE] = 64 * NSVM_PAGE,
	[NSVM_MTHP] = 8 * NSVM_MTHP_SIZE,
	[NSVM_HUGE] = 2 * NSVM_HUGE_SIZE,
};

/* What the GPU touches, in words. */
static const unsigned int strides[NSVM_NR_PAGES] = {
	[NSVM_BASE] = 8 * NSVM_PAGE_WORDS,
	[NSVM_MTHP] = 16 * NSVM_PAGE_WORDS,
	[NSVM_HUGE] = 128 * NSVM_PAGE_WORDS,
};

static struct nsvm svm = { .fd = -1 };
static struct nsvm_channel ch;

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/**
 * SUBTEST: %s-%s-%s
 * Description: %arg[1] while %arg[2], on %arg[3] pages. The content is right, what can be
 *              done again works afterwards, and the model says that it was made to fail
 *
 * arg[1]:
 *
 * @copy-error:		the copy engine refuses a launch
 * @delay:		commands and launches of the copy engine take their time
 *
 * arg[2]:
 *
 * @bind:		memory is moved to VRAM
 * @back:		memory is moved to RAM
 * @touch:		the CPU reads memory that is in VRAM
 * @gpu-write:		the GPU writes memory, which is moved for that
 *
 * arg[3]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */

/**
 * SUBTEST: %s-%s-%s
 * Description: %arg[1] while %arg[2], on %arg[3] pages. The content is right, what can be
 *              done again works afterwards, and the model says that it was made to fail
 *
 * arg[1]:
 *
 * @lost-irq:		an interrupt is lost
 * @late-irq:		each interrupt comes late
 *
 * arg[2]:
 *
 * @bind:		memory is moved to VRAM
 * @back:		memory is moved to RAM
 * @touch:		the CPU reads memory that is in VRAM
 * @gpu-write:		the GPU writes memory, which is moved for that
 * @gpu-read:		the GPU reads memory that stays in RAM
 *
 * arg[3]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */

/**
 * SUBTEST: %s-%s-%s
 * Description: %arg[1] while %arg[2], on %arg[3] pages. The content is right, what can be
 *              done again works afterwards, and the model says that it was made to fail
 *
 * arg[1]:
 *
 * @overflow:		the fault buffer is full
 * @duplicate:		each fault is reported twice
 * @late-fault:		faults are reported late
 * @burst:		faults are reported four at a time
 *
 * arg[2]:
 *
 * @gpu-write:		the GPU writes memory, which is moved for that
 * @gpu-read:		the GPU reads memory that stays in RAM
 *
 * arg[3]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
enum {
	/* of an injection */
	OF_COPIES	= 1 << 0,	/* it needs copies */
	OF_FAULTS	= 1 << 1,	/* it needs faults of the GPU */
	SLOW_COPIES	= 1 << 2,	/* seen by the time it takes */
	NO_END		= 1 << 3,	/* the end of a copy may not be seen */
	/* of an operation */
	COPIES		= 1 << 4,
	FAULTS		= 1 << 5,
	FROM_VRAM	= 1 << 6,
	IN_PLACE	= 1 << 7,
	MAY_FAIL	= 1 << 8,	/* and is done again then */
	/* of an injection, again */
	SLOW_FAULTS	= 1 << 9,	/* a copy's end is seen without an interrupt */
};

/**
 * struct injection - something that goes wrong
 * @name: of it
 * @command: for the model
 * @undo: what ends it; NULL if it ends by itself
 * @counter: of the model that tells that it has happened
 * @flags: as above
 */
struct injection {
	const char *name;
	const char *command;
	const char *undo;
	const char *counter;
	unsigned int flags;
};

static const struct injection injections[] = {
	{ "copy-error", "inject copy-error 1", NULL, "ce.launch_errors", OF_COPIES },
	{ "delay", "inject delay 10000 4", "inject delay 50 16", "ce.launches", OF_COPIES | SLOW_COPIES },
	{ "lost-irq", "inject lost-irq 1", "inject lost-irq 0", "irq.lost",
	  OF_COPIES | OF_FAULTS | NO_END },
	{ "late-irq", "inject late-irq 30000", "inject late-irq 0", "irq.sent",
	  OF_COPIES | OF_FAULTS | SLOW_FAULTS },
	{ "overflow", "inject overflow 4", "inject overflow 0", "fault.overflow", OF_FAULTS },
	{ "duplicate", "inject duplicate 100", "inject duplicate 0", "fault.duplicate", OF_FAULTS },
	{ "late-fault", "inject late-fault 30000", "inject late-fault 0", "fault.late", OF_FAULTS },
	{ "burst", "inject burst 4", "inject burst 0", "fault.replayable", OF_FAULTS },
};

static int op_bind(const struct nsvm_area *a)
{
	long ret = nsvm_to_vram(&svm, a->p, a->size);

	return ret < 0 ? (int)ret : 0;
}

static int op_back(const struct nsvm_area *a)
{
	long ret = nsvm_to_ram(&svm, a->p, a->size);

	return ret < 0 ? (int)ret : 0;
}

static int op_touch(const struct nsvm_area *a)
{
	return nsvm_wrong(a->p, a->size, NSVM_PAGE_WORDS, NSVM_SEED, "by the CPU") ? -EILSEQ : 0;
}

static int op_gpu_write(const struct nsvm_area *a)
{
	return nsvm_gpu_write(&ch, a->p, a->size, strides[a->pages], SEED_2);
}

static int op_gpu_read(const struct nsvm_area *a)
{
	nsvm_assert_gpu_sees(&ch, a->p, a->size, strides[a->pages], NSVM_SEED, "read by the GPU");
	return 0;
}

static const struct operation {
	const char *name;
	int (*run)(const struct nsvm_area *a);
	unsigned int flags;
} operations[] = {
	{ "bind", op_bind, COPIES | MAY_FAIL },
	{ "back", op_back, COPIES | FROM_VRAM | MAY_FAIL },
	{ "touch", op_touch, COPIES | FROM_VRAM },
	{ "gpu-write", op_gpu_write, COPIES | FAULTS },
	{ "gpu-read", op_gpu_read, FAULTS | IN_PLACE },
};

static bool fit(const struct injection *i, const struct operation *o)
{
	return (i->flags & OF_COPIES && o->flags & COPIES) ||
	       (i->flags & OF_FAULTS && o->flags & FAULTS);
}

static void check_content(const struct nsvm_area *a, bool written)
{
	if (!written) {
		nsvm_assert_pattern(a->p, a->size, 1, NSVM_SEED, "content");
		return;
	}
	nsvm_assert_pattern(a->p, a->size, strides[a->pages], SEED_2, "written by the GPU");
	nsvm_assert_pattern((uint32_t *)a->p + 1, a->size - 4, NSVM_PAGE_WORDS, NSVM_SEED + 1,
			    "not written");
}

static void timeout_again(int sig)
{
	(void)sig;
	if (svm.fd >= 0)
		nsvm_debugfs_write(&svm, "dmem_timeout_ms", "10000");
}

static void test_model(const struct injection *i, const struct operation *o, enum nsvm_pages pages)
{
	bool slow = (i->flags & SLOW_COPIES && o->flags & COPIES) ||
		    (i->flags & SLOW_FAULTS && o->flags & FAULTS);
	uint64_t before, after, start, took;
	struct nsvm_area a;
	int ret;

	nsvm_require_model();
	nsvm_require_features(&svm, NSVM_FEATURES_ALL);
	nsvm_begin(&svm);
	timeout_again(0);
	nsvm_require_channel(&svm, &ch, NSVM_COMPUTE);
	a = nsvm_area_filled(&svm, sizes[pages], pages, NSVM_SEED);
	if (o->flags & FROM_VRAM) {
		igt_assert_lte(0, (int)nsvm_to_vram(&svm, a.p, a.size));
		nsvm_assert_in_vram(&svm, a.p, a.size);
	}
	if (o->flags & IN_PLACE)
		igt_assert_eq(nsvm_policy(&svm, a.p, a.size, NOUVEAU_SVM_BIND_POLICY__HOST), 0);
	if (i->flags & NO_END)
		nsvm_debugfs_write(&svm, "dmem_timeout_ms", TIMEOUT_MS);

	before = nsvm_model_counter(i->counter);
	igt_assert_eq(nsvm_model(i->command, NULL, 0), 0);
	start = now_ms();
	ret = o->run(&a);
	took = now_ms() - start;
	/* What is late may be so late that the operation is over. */
	do
		after = nsvm_model_counter(i->counter);
	while (after == before && now_ms() - start - took < 1000);
	igt_debug("%s, %s: %d, %" PRIu64 " ms, %s %" PRIu64 "\n", i->name, o->name, ret, took,
		  i->counter, after - before);
	igt_assert_f(after > before,
		     "nothing was injected: %s was %" PRIu64 " and is %" PRIu64 "\n", i->counter,
		     before, after);
	if (slow)
		igt_assert_f(took >= DELAY_MS, "nothing was late: %" PRIu64 " ms\n", took);
	igt_assert_f(!ret || o->flags & MAY_FAIL, "%s: %d\n", o->name, ret);

	/* What failed can be done again, without trouble. */
	if (i->undo)
		igt_assert_eq(nsvm_model(i->undo, NULL, 0), 0);
	timeout_again(0);
	check_content(&a, o->run == op_gpu_write);
	igt_assert_lte(0, (int)nsvm_to_vram(&svm, a.p, a.size));
	nsvm_assert_in_vram(&svm, a.p, a.size);
	check_content(&a, o->run == op_gpu_write);
	igt_assert_eq_s64(nsvm_counter(&svm, "pages lost: device did not answer"), 0);
	nsvm_area_del(&a);
	nsvm_assert_sound(&svm);
}

/**
 * SUBTEST: kill-%s-%s
 * Description: The driver's own copy channel dies in the middle of a copy, while %arg[1], on
 *              %arg[2] pages. The content is right, and with a new channel memory moves
 *
 * arg[1]:
 *
 * @bind:		memory is moved to VRAM
 * @back:		memory is moved to RAM
 * @touch:		the CPU reads memory that is in VRAM
 *
 * arg[2]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */

/* The channel of the last launch in the model's trace: that of a move just made. */
static unsigned int driver_channel(void)
{
	struct nsvm_area a = nsvm_area_filled(&svm, NSVM_PAGE, NSVM_BASE, NSVM_SEED);
	static char trace[65536];
	unsigned int id = 0;
	char *at = trace;

	igt_assert_eq(nsvm_model("trace on", NULL, 0), 0);
	igt_assert_eq_s64(nsvm_to_vram(&svm, a.p, a.size), 1);
	igt_assert_eq(nsvm_model("trace off", NULL, 0), 0);
	igt_assert_eq(nsvm_model("trace dump 200", trace, sizeof(trace)), 0);
	while ((at = strstr(at, " launch "))) {
		const char *before = at;

		while (before > trace && before[-1] != ' ')
			before--;
		if (!strncmp(before, "ch", 2))
			id = (unsigned int)strtoul(before + 2, NULL, 10);
		at++;
	}
	igt_assert_f(id, "no launch in the model's trace:\n%s\n", trace);
	nsvm_area_del(&a);
	return id;
}

struct background {
	const struct nsvm_area *a;
	int (*run)(const struct nsvm_area *a);
	int ret;
};

static void *in_background(void *arg)
{
	struct background *b = arg;

	b->ret = b->run(b->a);
	return NULL;
}

static void test_kill(const struct operation *o, enum nsvm_pages pages)
{
	struct nsvm_area a;
	struct background b = { .a = &a, .run = o->run };
	uint64_t kills, launches;
	char command[32];
	pthread_t thread;

	nsvm_require_model();
	nsvm_require_features(&svm, NSVM_FEATURES_ALL);
	nsvm_begin(&svm);
	a = nsvm_area_filled(&svm, sizes[pages], pages, NSVM_SEED);
	if (o->flags & FROM_VRAM)
		igt_assert_lte(0, (int)nsvm_to_vram(&svm, a.p, a.size));
	snprintf(command, sizeof(command), "inject kill %u", driver_channel());
	kills = nsvm_model_counter("fifo.kills");
	launches = nsvm_model_counter("ce.launches");
	igt_assert_eq(nsvm_model("inject delay 200000 1", NULL, 0), 0);
	igt_assert_eq(pthread_create(&thread, NULL, in_background, &b), 0);
	for (unsigned int i = 0; i < 500 && nsvm_model_counter("ce.launches") == launches; i++)
		usleep(2000);
	igt_assert_eq(nsvm_model(command, NULL, 0), 0);
	igt_assert_eq(nsvm_model("inject delay 50 16", NULL, 0), 0);
	pthread_join(thread, NULL);
	igt_assert_f(nsvm_model_counter("fifo.kills") > kills, "nothing was injected: no kill\n");
	igt_assert_f(!b.ret || o->flags & MAY_FAIL, "%s: %d\n", o->name, b.ret);

	check_content(&a, false);
	igt_assert_lte(0, (int)nsvm_to_vram(&svm, a.p, a.size));
	nsvm_assert_in_vram(&svm, a.p, a.size);
	check_content(&a, false);
	igt_assert_eq_s64(nsvm_counter(&svm, "pages lost: device did not answer"), 0);
	nsvm_area_del(&a);
	nsvm_assert_sound(&svm);
}

/**
 * SUBTEST: nth-%s-%s
 * Description: Each allocation of the kernel fails once while %arg[1], on %arg[2] pages. The
 *              content is right, and afterwards the same works
 *
 * arg[1]:
 *
 * @bind:		memory is moved to VRAM
 * @back:		memory is moved to RAM
 * @touch:		the CPU reads memory that is in VRAM
 * @fork:		a process with memory in VRAM forks
 * @split:		the middle of memory in VRAM gets other rights
 * @unmap:		a part of memory in VRAM is unmapped
 *
 * arg[2]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
#define FAIL_NTH	"/proc/self/fail-nth"
#define NTH_MS		15000u	/* no more are tried then */

/* Without these allocations that may sleep pass; and what they are otherwise. */
static const struct {
	const char *file;
	const char *value;
	const char *otherwise;
} fail_settings[] = {
	{ "failslab/ignore-gfp-wait", "N", "Y" },
	{ "failslab/verbose", "0", "2" },
	{ "fail_page_alloc/ignore-gfp-wait", "N", "Y" },
	{ "fail_page_alloc/ignore-gfp-highmem", "N", "Y" },
	{ "fail_page_alloc/min-order", "0", "1" },
	{ "fail_page_alloc/verbose", "0", "2" },
};

static int fail_set(bool on)
{
	int ret = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(fail_settings) && !ret; i++) {
		const char *value = on ? fail_settings[i].value : fail_settings[i].otherwise;
		char path[128];
		int fd;

		snprintf(path, sizeof(path), "/sys/kernel/debug/%s", fail_settings[i].file);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		if (write(fd, value, strlen(value)) < 0)
			ret = -errno;
		close(fd);
	}
	return ret;
}

static void fail_unset(int sig)
{
	(void)sig;
	fail_set(false);
}

static void arm(int fd, unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	igt_assert_eq((int)pwrite(fd, text, (size_t)len, 0), len);
}

/* Whether the allocation came and failed. Ends it. */
static bool struck(int fd)
{
	char text[16] = "";

	igt_assert(pread(fd, text, sizeof(text) - 1, 0) > 0);
	arm(fd, 0);
	return !atoi(text);
}

static void nth_touch(struct nsvm_area *a)
{
	for (uint64_t at = 0; at < a->size; at += NSVM_PAGE)
		(void)*(volatile char *)((char *)a->p + at);
}

static void nth_fork(struct nsvm_area *a)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	(void)a;
}

static void nth_bind(struct nsvm_area *a)
{
	nsvm_to_vram(&svm, a->p, a->size);
}

static void nth_back(struct nsvm_area *a)
{
	nsvm_to_ram(&svm, a->p, a->size);
}

static void nth_split(struct nsvm_area *a)
{
	mprotect((char *)a->p + a->size / 2, NSVM_PAGE, PROT_READ);
}

static void nth_unmap(struct nsvm_area *a)
{
	munmap((char *)a->p + a->size - NSVM_PAGE, NSVM_PAGE);
}

static const struct nth {
	const char *name;
	void (*run)(struct nsvm_area *a);
	bool from_vram;
} nths[] = {
	{ "bind", nth_bind, false },
	{ "back", nth_back, true },
	{ "touch", nth_touch, true },
	{ "fork", nth_fork, true },
	{ "split", nth_split, true },
	{ "unmap", nth_unmap, true },
};

static bool fail_once(const struct nth *t, int fd, unsigned int n, enum nsvm_pages pages)
{
	struct nsvm_area a = nsvm_area_filled(&svm, sizes[pages], pages, NSVM_SEED);
	uint64_t kept = a.size - (t->run == nth_unmap ? NSVM_PAGE : 0);
	bool ret;

	if (t->from_vram)
		igt_assert_lte(0, (int)nsvm_to_vram(&svm, a.p, a.size));
	arm(fd, n);
	t->run(&a);
	ret = struck(fd);
	nsvm_assert_pattern(a.p, kept, NSVM_PAGE_WORDS, NSVM_SEED, "after a failed allocation");
	igt_assert_lte(0, (int)nsvm_to_vram(&svm, a.p, kept));
	nsvm_assert_in_vram(&svm, a.p, kept);
	nsvm_assert_pattern(a.p, kept, NSVM_PAGE_WORDS, NSVM_SEED, "moved afterwards");
	nsvm_area_del(&a);
	return ret;
}

static void test_nth(const struct nth *t, enum nsvm_pages pages)
{
	uint64_t start = now_ms();
	unsigned int n = 1;
	int fd;

	nsvm_begin(&svm);
	fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	igt_require_f(fd >= 0, "this kernel was built without fault injection\n");
	igt_require_f(!fail_set(true), "no settings of fault injection in debugfs\n");
	while (now_ms() - start < NTH_MS && fail_once(t, fd, n, pages))
		n++;
	close(fd);
	fail_set(false);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	igt_info("%u allocations failed, one after the other\n", n - 1);
	igt_assert_f(n > 1, "nothing was injected: no allocation to fail\n");
	nsvm_assert_sound(&svm);
}

static void subtests_of_the_model(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(injections); i++)
		for (unsigned int k = 0; k < ARRAY_SIZE(operations); k++)
			for (unsigned int p = 0; p < NSVM_NR_PAGES; p++)
				if (fit(&injections[i], &operations[k]))
					igt_subtest_f("%s-%s-%s", injections[i].name,
						      operations[k].name, nsvm_pages_name(p))
						test_model(&injections[i], &operations[k], p);
}

static void subtests_of_kills(void)
{
	for (unsigned int k = 0; k < ARRAY_SIZE(operations); k++)
		for (unsigned int p = 0; p < NSVM_NR_PAGES; p++)
			if (!(operations[k].flags & FAULTS))
				igt_subtest_f("kill-%s-%s", operations[k].name, nsvm_pages_name(p))
					test_kill(&operations[k], p);
}

int igt_main()
{
	igt_fixture() {
		nsvm_require(&svm);
		igt_install_exit_handler(timeout_again);
		igt_install_exit_handler(fail_unset);
	}

	subtests_of_the_model();
	subtests_of_kills();
	for (unsigned int i = 0; i < ARRAY_SIZE(nths); i++)
		for (unsigned int p = 0; p < NSVM_NR_PAGES; p++)
			igt_subtest_f("nth-%s-%s", nths[i].name, nsvm_pages_name(p))
				test_nth(&nths[i], p);

	igt_fixture() {
		nsvm_channel_close(&ch);
		timeout_again(0);
		nsvm_close(&svm);
	}
}
