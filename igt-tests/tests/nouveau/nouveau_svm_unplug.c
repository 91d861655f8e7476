// SPDX-License-Identifier: MIT
/**
 * TEST: nouveau svm unplug
 * Category: Core
 * Mega feature: SVM
 * Sub-category: races
 * Description: The device or its driver goes while it has memory of processes
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "igt.h"
#include "igt_nouveau_svm.h"

IGT_TEST_DESCRIPTION("Suspend, unbind and module unload with memory in VRAM");

#define UNBIND		"/sys/bus/pci/drivers/nouveau/unbind"
#define BIND		"/sys/bus/pci/drivers/nouveau/bind"
#define STALL		"/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout"
#define PM_TEST		"/sys/power/pm_test"
#define PM_TEST_DELAY	"/sys/module/suspend/parameters/pm_test_delay"
#define VALUE		0x00050000u
#define LEAVE		(12ull << 20)	/* VRAM that scarcity leaves */

static const uint64_t sizes[NSVM_NR_PAGES] = {
	[NSVM_BASE] = 64 * NSVM_PAGE,
	[NSVM_MTHP] = 8 * NSVM_MTHP_SIZE,
	[NSVM_HUGE] = 2 * NSVM_HUGE_SIZE,
};

static struct nsvm svm = { .fd = -1 };
static struct nsvm_channel ch;
static struct nsvm_hog hog;

/**
 * SUBTEST: %s-%s
 * Description: With memory in VRAM %arg[1], on %arg[2] pages; it is right afterwards, and
 *              both sides can use it
 *
 * arg[1]:
 *
 * @suspend:		the device sleeps
 * @suspend-scarce:	the device sleeps, and VRAM is taken by buffer objects that the GPU uses
 * @unbind:		the driver is unbound, and bound again
 * @unbind-busy:	the driver is unbound while threads move memory, and bound again
 * @unbind-channel:	the driver is unbound under an open channel, and bound again
 * @unload:		the module is unloaded, and loaded again
 *
 * arg[2]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
enum {
	SUSPEND		= 1 << 0,
	UNBIND_IT	= 1 << 1,
	UNLOAD		= 1 << 2,
	BUSY		= 1 << 3,
	SCARCE		= 1 << 4,
	CHANNEL		= 1 << 5,
};

static const struct section {
	const char *name;
	unsigned int flags;
} sections[] = {
	{ "unbind", UNBIND_IT },
	{ "unbind-busy", UNBIND_IT | BUSY },
	{ "unbind-channel", UNBIND_IT | CHANNEL },
	{ "unload", UNLOAD },
	{ "suspend", SUSPEND },
	{ "suspend-scarce", SUSPEND | SCARCE },
};

static int write_text(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* "0000:01:00.0" */
static void device_name(char name[64])
{
	char path[64], link[512];
	struct stat st;
	ssize_t n;

	igt_assert_eq(fstat(svm.fd, &st), 0);
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/device", major(st.st_rdev),
		 minor(st.st_rdev));
	n = readlink(path, link, sizeof(link) - 1);
	igt_require_f(n > 0, "%s: %m\n", path);
	link[n] = 0;
	snprintf(name, 64, "%.63s", strrchr(link, '/') ? strrchr(link, '/') + 1 : link);
}

static void sleep_and_wake(void)
{
	int ret;

	/*
	 * The driver reads the GPU's own memory word by word: seconds on the model, and
	 * minutes for the context of a compute channel.
	 */
	nsvm_channel_close(&ch);
	write_text(STALL, "300");
	write_text(PM_TEST_DELAY, "0");
	igt_require_f(!write_text(PM_TEST, "devices"), "the kernel has no test of suspend\n");
	ret = write_text("/sys/power/state", "freeze");
	write_text(PM_TEST, "none");
	igt_assert_f(!ret, "suspend: %d\n", ret);
}

static atomic_bool stop;

static void *keep_moving(void *arg)
{
	const struct nsvm_area *a = arg;

	while (!stop) {
		nsvm_to_vram(&svm, a->p, a->size);
		nsvm_to_ram(&svm, a->p, a->size / 2);
	}
	return NULL;
}

static void *keep_reading(void *arg)
{
	const struct nsvm_area *a = arg;
	uintptr_t wrong = 0;

	while (!stop)
		wrong += nsvm_wrong(a->p, a->size, NSVM_PAGE_WORDS, NSVM_SEED, NULL);
	return (void *)wrong;
}

static void bind_again(const char *name)
{
	int ret = write_text(BIND, name);

	igt_assert_f(!ret, "binding %s again: %d\n", name, ret);
	nsvm_channel_close(&ch);
	nsvm_close(&svm);
	nsvm_require(&svm);
}

static void unbind(const struct nsvm_area *a, unsigned int flags)
{
	struct nsvm_area other = nsvm_area_filled(&svm, a->size, a->pages, NSVM_SEED);
	void *wrong = NULL;
	pthread_t threads[2];
	char name[64];
	int ret;

	device_name(name);
	if (!(flags & CHANNEL))
		nsvm_channel_close(&ch);
	stop = false;
	if (flags & BUSY) {
		igt_assert_eq(pthread_create(&threads[0], NULL, keep_moving, &other), 0);
		igt_assert_eq(pthread_create(&threads[1], NULL, keep_reading, &other), 0);
		usleep(100000);
	}
	ret = write_text(UNBIND, name);
	stop = true;
	if (flags & BUSY) {
		pthread_join(threads[0], NULL);
		pthread_join(threads[1], &wrong);
	}
	igt_require_f(ret != -ENOENT && ret != -EACCES, "%s: %d\n", UNBIND, ret);
	igt_assert_f(!ret, "unbinding %s: %d\n", name, ret);
	igt_assert_f(!wrong, "%" PRIuPTR " wrong words were read meanwhile\n", (uintptr_t)wrong);
	nsvm_assert_pattern(a->p, a->size, 1, NSVM_SEED, "without a driver");
	nsvm_assert_pattern(other.p, other.size, 1, NSVM_SEED, "without a driver");
	igt_assert_lt((int)nsvm_to_vram(&svm, a->p, a->size), 0);
	bind_again(name);
	nsvm_area_del(&other);
}

static void unload(const struct nsvm_area *a)
{
	int ret;

	nsvm_channel_close(&ch);
	nsvm_close(&svm);
	ret = syscall(SYS_delete_module, "nouveau", O_NONBLOCK) ? -errno : 0;
	if (ret) {
		nsvm_require(&svm);
		igt_skip("nouveau cannot be unloaded (%d): built in, or used by others?\n", ret);
	}
	nsvm_assert_pattern(a->p, a->size, 1, NSVM_SEED, "without a module");
	ret = system("modprobe nouveau");
	igt_assert_f(!ret, "modprobe nouveau: status %d\n", ret);
	nsvm_require(&svm);
}

static void test_unplug(unsigned int flags, enum nsvm_pages pages)
{
	struct nsvm_area a;

	/* The last one may have ended with a device that is no more. */
	nsvm_channel_close(&ch);
	nsvm_close(&svm);
	nsvm_require(&svm);
	nsvm_begin(&svm);
	nsvm_require_channel(&svm, &ch, NSVM_COMPUTE);
	if (flags & SCARCE)
		nsvm_hog_new(&svm, &hog, LEAVE);
	a = nsvm_area_filled(&svm, sizes[pages], pages, NSVM_SEED);
	igt_assert_lte(0, (int)nsvm_to_vram(&svm, a.p, a.size));
	nsvm_assert_in_vram(&svm, a.p, a.size);
	if (flags & SCARCE)
		igt_assert_eq(nsvm_hog_use(&hog, &ch), 0);

	if (flags & SUSPEND)
		sleep_and_wake();
	if (flags & UNBIND_IT)
		unbind(&a, flags);
	if (flags & UNLOAD)
		unload(&a);

	nsvm_require_channel(&svm, &ch, NSVM_COMPUTE);
	nsvm_assert_gpu_sees(&ch, a.p, a.size, NSVM_PAGE_WORDS, NSVM_SEED, "afterwards, the GPU");
	nsvm_assert_pattern(a.p, a.size, 1, NSVM_SEED, "afterwards, the CPU");
	igt_assert_lte(0, (int)nsvm_to_vram(&svm, a.p, a.size));
	nsvm_assert_in_vram(&svm, a.p, a.size);
	igt_assert_eq(nsvm_gpu_add(&ch, a.p, a.size, NSVM_PAGE_WORDS, VALUE), 0);
	nsvm_assert_pattern(a.p, a.size, NSVM_PAGE_WORDS, NSVM_SEED + VALUE, "in the end");
	nsvm_area_del(&a);
	nsvm_hog_del(&svm, &hog);
	nsvm_assert_sound(&svm);
}

int igt_main()
{
	igt_fixture()
		nsvm_require(&svm);

	for (unsigned int i = 0; i < ARRAY_SIZE(sections); i++)
		for (unsigned int pages = 0; pages < NSVM_NR_PAGES; pages++)
			igt_subtest_f("%s-%s", sections[i].name, nsvm_pages_name(pages))
				test_unplug(sections[i].flags, pages);

	igt_fixture() {
		nsvm_channel_close(&ch);
		nsvm_close(&svm);
	}
}
