// SPDX-License-Identifier: MIT
/**
 * TEST: nouveau svm uapi
 * Category: Core
 * Mega feature: SVM
 * Sub-category: uAPI
 * Description: What DRM_NOUVEAU_SVM_INIT and DRM_NOUVEAU_SVM_BIND promise and refuse
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "igt.h"
#include "igt_nouveau_svm.h"

IGT_TEST_DESCRIPTION("What the ioctls of nouveau's SVM promise and refuse");

#define SIZE	(2 * NSVM_HUGE_SIZE)
#define VRAM	((uint64_t)(uint32_t)NOUVEAU_SVM_BIND_TARGET__GPU_VRAM)

static uint64_t header(uint64_t command, uint64_t target)
{
	return command << NOUVEAU_SVM_BIND_COMMAND_SHIFT | target << NOUVEAU_SVM_BIND_TARGET_SHIFT;
}

/**
 * SUBTEST: init
 * Description: SVM_INIT of a fresh file works, and SVM_BIND works after it
 *
 * SUBTEST: init-twice
 * Description: A second SVM_INIT of the same file is refused with EBUSY, and the first stays
 *
 * SUBTEST: init-window-wraps
 * Description: SVM_INIT refuses a window that wraps with EINVAL; another try may be right
 *
 * SUBTEST: init-two-files
 * Description: Two files of one process each have SVM, with one window, and do not disturb
 *              each other when one is closed
 *
 * SUBTEST: init-after-channel
 * Description: A file that has made channels and buffers before can have SVM nevertheless
 *
 * SUBTEST: init-reopen
 * Description: Opening, SVM_INIT and closing 32 times leaves nothing behind
 *
 * SUBTEST: bind-no-init
 * Description: SVM_BIND without SVM_INIT is refused with EINVAL
 */
static void test_init(struct nsvm *svm)
{
	struct nsvm other;

	nsvm_require(&other);
	igt_assert_lte(0, (int)nsvm_to_vram(&other, svm->window, NSVM_PAGE));
	nsvm_close(&other);
}

static void test_init_twice(struct nsvm *svm)
{
	struct nsvm_area a = nsvm_area_filled(svm, SIZE, NSVM_BASE, NSVM_SEED);

	igt_assert_eq(nsvm_init(svm->fd, (uintptr_t)svm->window, svm->window_size), -EBUSY);
	igt_assert_lte(0, (int)nsvm_to_vram(svm, a.p, SIZE));
	nsvm_assert_pattern(a.p, SIZE, 1, NSVM_SEED, "after the second SVM_INIT");
	nsvm_area_del(&a);
}

static void test_init_window_wraps(struct nsvm *svm)
{
	int fd = nsvm_require_fd();

	igt_assert_eq(nsvm_init(fd, UINT64_MAX - NSVM_PAGE + 1, 2 * NSVM_PAGE), -EINVAL);
	igt_assert_eq(nsvm_init(fd, (uintptr_t)svm->window, svm->window_size), 0);
	close(fd);
}

static void test_init_two_files(struct nsvm *svm)
{
	struct nsvm_area a = nsvm_area_filled(svm, SIZE, NSVM_BASE, NSVM_SEED);
	struct nsvm other;

	nsvm_require(&other);
	igt_assert_lte(0, (int)nsvm_to_vram(&other, a.p, SIZE));
	nsvm_assert_in_vram(&other, a.p, SIZE);
	igt_assert_lte(0, (int)nsvm_to_vram(svm, a.p, SIZE));
	nsvm_close(&other);
	nsvm_assert_in_vram(svm, a.p, SIZE);
	nsvm_assert_pattern(a.p, SIZE, 1, NSVM_SEED, "after the other file was closed");
	nsvm_area_del(&a);
}

static void test_init_after_channel(struct nsvm *svm)
{
	struct nsvm other = *svm;
	struct nsvm_channel ch;
	struct nsvm_bo bo;

	other.fd = nsvm_require_fd();
	igt_assert_eq(nsvm_channel_open(&other, &ch, NSVM_COPY), 0);
	igt_assert_eq(nsvm_bo_new(&other, &bo, NSVM_PAGE, NOUVEAU_GEM_DOMAIN_GART), 0);
	igt_assert_eq(nsvm_init(other.fd, (uintptr_t)svm->window, svm->window_size), 0);
	nsvm_bo_del(&other, &bo);
	nsvm_channel_close(&ch);
	igt_assert_eq(nsvm_channel_open(&other, &ch, NSVM_COPY), 0);
	igt_assert_eq(nsvm_finish(&ch), 0);
	nsvm_channel_close(&ch);
	nsvm_close(&other);
}

static void test_init_reopen(struct nsvm *svm)
{
	for (int i = 0; i < 32; i++) {
		struct nsvm_area a = nsvm_area_new(4 * NSVM_PAGE, NSVM_BASE);
		struct nsvm other;

		nsvm_fill(a.p, a.size, 1, NSVM_SEED);
		nsvm_require(&other);
		nsvm_to_vram(&other, a.p, a.size);
		nsvm_close(&other);
		nsvm_assert_pattern(a.p, a.size, 1, NSVM_SEED, "after closing");
		nsvm_area_del(&a);
	}
	nsvm_assert_sound(svm);
}

static void test_bind_no_init(struct nsvm *svm)
{
	struct nsvm_area a = nsvm_area_filled(svm, SIZE, NSVM_BASE, NSVM_SEED);
	struct nsvm other = *svm;

	other.fd = nsvm_require_fd();
	igt_assert_eq((int)nsvm_to_vram(&other, a.p, SIZE), -EINVAL);
	close(other.fd);
	nsvm_assert_in_ram(svm, a.p, SIZE);
	nsvm_area_del(&a);
}

/**
 * SUBTEST: bind-invalid-%s
 * Description: SVM_BIND refuses %arg[1] with EINVAL and moves nothing
 *
 * arg[1]:
 *
 * @command-next:	the number after the last command
 * @command-max:	command 255
 * @target-1:		target 1 for a migration
 * @target-max:		all target bits set but the one for VRAM
 * @header-bits:	a header bit that means nothing
 * @stride:		a stride
 * @reserved0:		the first reserved word for a migration
 * @reserved1:		the second reserved word
 * @range-empty:	an empty range
 * @range-reversed:	an end before the start
 * @range-wraps:	an end that wraps when it is rounded up
 */
static const struct invalid {
	const char *name;
	uint64_t header;
	uint64_t stride;
	uint64_t reserved0;
	uint64_t reserved1;
	int64_t start;		/* bytes from the area's start */
	int64_t end;		/* bytes from the area's end */
	bool end_is_max;
} invalids[] = {
	{ .name = "command-next", .header = 4 | VRAM << NOUVEAU_SVM_BIND_TARGET_SHIFT },
	{ .name = "command-max", .header = 255 | VRAM << NOUVEAU_SVM_BIND_TARGET_SHIFT },
	{ .name = "target-1", .header = 1ull << NOUVEAU_SVM_BIND_TARGET_SHIFT },
	{ .name = "target-max", .header = (VRAM - 1) << NOUVEAU_SVM_BIND_TARGET_SHIFT },
	{ .name = "header-bits", .header = ~(uint64_t)NOUVEAU_SVM_BIND_VALID_MASK |
					   VRAM << NOUVEAU_SVM_BIND_TARGET_SHIFT },
	{ .name = "stride", .header = VRAM << NOUVEAU_SVM_BIND_TARGET_SHIFT, .stride = 1 },
	{ .name = "reserved0", .header = VRAM << NOUVEAU_SVM_BIND_TARGET_SHIFT, .reserved0 = 1 },
	{ .name = "reserved1", .header = VRAM << NOUVEAU_SVM_BIND_TARGET_SHIFT, .reserved1 = 1 },
	{ .name = "range-empty", .header = VRAM << NOUVEAU_SVM_BIND_TARGET_SHIFT,
	  .end = -(int64_t)SIZE },
	{ .name = "range-reversed", .header = VRAM << NOUVEAU_SVM_BIND_TARGET_SHIFT,
	  .start = NSVM_HUGE_SIZE, .end = -(int64_t)(SIZE - NSVM_PAGE) },
	{ .name = "range-wraps", .header = VRAM << NOUVEAU_SVM_BIND_TARGET_SHIFT,
	  .end_is_max = true },
};

static void test_bind_invalid(struct nsvm *svm, const struct invalid *t)
{
	struct nsvm_area a = nsvm_area_filled(svm, SIZE, NSVM_BASE, NSVM_SEED);
	struct drm_nouveau_svm_bind bind = {
		.header = t->header,
		.va_start = (uintptr_t)a.p + (uint64_t)t->start,
		.va_end = t->end_is_max ? UINT64_MAX : (uintptr_t)a.p + SIZE + (uint64_t)t->end,
		.npages = SIZE / NSVM_PAGE,
		.stride = t->stride,
		.reserved0 = t->reserved0,
		.reserved1 = t->reserved1,
	};

	igt_assert_eq(nsvm_bind(svm->fd, &bind), -EINVAL);
	nsvm_assert_in_ram(svm, a.p, SIZE);
	nsvm_assert_pattern(a.p, SIZE, NSVM_PAGE_WORDS, NSVM_SEED, "after a refused call");
	nsvm_area_del(&a);
}

/**
 * SUBTEST: bind-kernel-addresses
 * Description: SVM_BIND refuses addresses that belong to the kernel with EINVAL
 *
 * SUBTEST: bind-priority
 * Description: Any priority is accepted
 *
 * SUBTEST: bind-unmapped
 * Description: Addresses without a mapping are no error and nothing moves
 *
 * SUBTEST: bind-window
 * Description: The driver's own window is left alone
 *
 * SUBTEST: bind-everything
 * Description: SVM_BIND of all that the process has, its stack and code included, but not
 *              of the driver's window; the process goes on
 */
static void test_bind_kernel_addresses(struct nsvm *svm)
{
	nsvm_require_features(svm, NSVM_FEATURES_ALL);
	igt_assert_eq((int)nsvm_to_vram(svm, (void *)0xffff800000000000, NSVM_HUGE_SIZE),
		      -EINVAL);
	igt_assert_eq((int)nsvm_to_vram(svm, (void *)0x7ffffffff000, NSVM_PAGE), -EINVAL);
	igt_assert_eq((int)nsvm_to_ram(svm, (void *)0xffff800000000000, NSVM_HUGE_SIZE), -EINVAL);
}

static void test_bind_priority(struct nsvm *svm)
{
	struct nsvm_area a = nsvm_area_filled(svm, SIZE, NSVM_BASE, NSVM_SEED);

	for (unsigned int priority = 0; priority < 256; priority += 85) {
		struct drm_nouveau_svm_bind bind = {
			.header = header(NOUVEAU_SVM_BIND_COMMAND__MIGRATE, VRAM) |
				  (uint64_t)priority << NOUVEAU_SVM_BIND_PRIORITY_SHIFT,
			.va_start = (uintptr_t)a.p,
			.va_end = (uintptr_t)a.p + SIZE,
			.npages = SIZE / NSVM_PAGE,
		};

		igt_assert_eq(nsvm_bind(svm->fd, &bind), 0);
		nsvm_assert_in_vram(svm, a.p, SIZE);
		nsvm_assert_pattern(a.p, SIZE, NSVM_PAGE_WORDS, NSVM_SEED, "with a priority");
	}
	nsvm_area_del(&a);
}

static void test_bind_unmapped(struct nsvm *svm)
{
	struct nsvm_area a = nsvm_area_new(SIZE, NSVM_BASE);

	munmap(a.p, SIZE);
	igt_assert_eq((int)nsvm_to_vram(svm, a.p, SIZE), 0);
	if (svm->features & NOUVEAU_SVM_BIND_FEATURE_CPU_TARGET)
		igt_assert_eq((int)nsvm_to_ram(svm, a.p, SIZE), 0);
	nsvm_area_del(&a);
}

static void test_bind_window(struct nsvm *svm)
{
	long moved = nsvm_to_vram(svm, svm->window, 4 * NSVM_HUGE_SIZE);

	igt_assert_eq_s64(moved, 0);
	igt_assert_eq_u64(nsvm_where(svm, svm->window, 4 * NSVM_HUGE_SIZE).vram, 0);
}

static void test_bind_everything(struct nsvm *svm)
{
	struct nsvm_area a = nsvm_area_filled(svm, SIZE, NSVM_BASE, NSVM_SEED);
	uint64_t first = (uintptr_t)svm->window, last = first + svm->window_size;
	uint64_t top = 0x7ffffffff000 - 2 * NSVM_PAGE;
	uint32_t on_stack[4096];

	for (uint32_t i = 0; i < ARRAY_SIZE(on_stack); i++)
		on_stack[i] = NSVM_SEED + i;
	igt_assert_lte(0, (int)nsvm_to_vram(svm, (void *)NSVM_PAGE, first - NSVM_PAGE));
	igt_assert_lte(0, (int)nsvm_to_vram(svm, (void *)last, top - last));
	nsvm_assert_pattern(on_stack, sizeof(on_stack), 1, NSVM_SEED, "the stack");
	nsvm_assert_pattern(a.p, SIZE, 1, NSVM_SEED, "the area");
	nsvm_area_del(&a);
}

/**
 * SUBTEST: bind-%s-%s
 * Description: SVM_BIND to VRAM of a range %arg[1], on %arg[2] pages
 *
 * arg[1]:
 *
 * @whole:		all of an area: it is there, its content, too
 * @unaligned:		that begins and ends in the middle of a page: both pages move
 * @one-page:		of one page of an area: the others stay
 * @twice:		that is there already: nothing happens
 * @holes:		with unmapped gaps: the rest moves
 * @vmas:		of several mappings with different rights
 * @untouched:		that nobody has touched: afterwards it reads as zero
 * @read-only:		that is mapped read only: its content is kept
 * @no-access:		with PROT_NONE: its content is kept
 * @and-back:		and then the other way: it is in RAM, its content, too
 *
 * arg[2]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
enum range {
	WHOLE		= 1 << 0,
	UNALIGNED	= 1 << 1,
	ONE_PAGE	= 1 << 2,
	TWICE		= 1 << 3,
	HOLES		= 1 << 4,
	VMAS		= 1 << 5,
	UNTOUCHED	= 1 << 6,
	READ_ONLY	= 1 << 7,
	NO_ACCESS	= 1 << 8,
	AND_BACK	= 1 << 9,
};

static const struct section {
	const char *name;
	unsigned int flags;
} ranges[] = {
	{ "whole", WHOLE },
	{ "unaligned", UNALIGNED },
	{ "one-page", ONE_PAGE },
	{ "twice", WHOLE | TWICE },
	{ "holes", WHOLE | HOLES },
	{ "vmas", WHOLE | VMAS },
	{ "untouched", WHOLE | UNTOUCHED },
	{ "read-only", WHOLE | READ_ONLY },
	{ "no-access", WHOLE | NO_ACCESS },
	{ "and-back", WHOLE | AND_BACK },
};

/* Every second 64 KiB is away: gaps for mTHPs, splits for huge pages. */
static void make_holes(const struct nsvm_area *a)
{
	for (uint64_t at = NSVM_MTHP_SIZE; at < a->size; at += 2 * NSVM_MTHP_SIZE)
		igt_assert_eq(munmap((char *)a->p + at, NSVM_MTHP_SIZE), 0);
}

static void make_vmas(const struct nsvm_area *a, int rights)
{
	for (uint64_t at = 0; at < a->size; at += 4 * NSVM_MTHP_SIZE)
		igt_assert_eq(mprotect((char *)a->p + at, NSVM_MTHP_SIZE, rights), 0);
}

static void check_holes(struct nsvm *svm, const struct nsvm_area *a)
{
	for (uint64_t at = 0; at < a->size; at += 2 * NSVM_MTHP_SIZE) {
		nsvm_assert_in_vram(svm, (char *)a->p + at, NSVM_MTHP_SIZE);
		nsvm_assert_pattern((char *)a->p + at, NSVM_MTHP_SIZE, NSVM_PAGE_WORDS,
				    NSVM_SEED + (uint32_t)(at / 4), "between holes");
	}
}

static void bind_range(struct nsvm *svm, const struct nsvm_area *a, unsigned int flags)
{
	bool counts = svm->features & NOUVEAU_SVM_BIND_FEATURE_RESULT;
	char *start = a->p;
	uint64_t size = a->size, pages;
	long moved;

	if (flags & UNALIGNED) {
		start += NSVM_PAGE + 123;
		size -= 3 * NSVM_PAGE + 77;
	} else if (flags & ONE_PAGE) {
		start += NSVM_HUGE_SIZE / 2;
		size = NSVM_PAGE;
	}
	pages = ((uintptr_t)(start + size) + NSVM_PAGE - 1) / NSVM_PAGE -
		(uintptr_t)start / NSVM_PAGE;
	if (flags & HOLES)
		pages /= 2;
	moved = nsvm_to_vram(svm, start, size);
	igt_assert_lte(0, (int)moved);
	if (counts && !(flags & NO_ACCESS))
		igt_assert_eq_s64(moved, pages);
	if (flags & TWICE)
		igt_assert_eq_s64(nsvm_to_vram(svm, start, size), 0);
	if (!(flags & (HOLES | NO_ACCESS)))
		nsvm_assert_in_vram(svm, (void *)((uintptr_t)start & ~(NSVM_PAGE - 1)),
				    pages * NSVM_PAGE);
	/* Around it nothing but what shared a folio with it has moved. */
	if (flags & (UNALIGNED | ONE_PAGE))
		nsvm_assert_in_ram(svm, a->p, NSVM_PAGE);
}

static void test_bind_range(struct nsvm *svm, unsigned int flags, enum nsvm_pages pages)
{
	struct nsvm_area a;

	if (flags & UNTOUCHED)
		a = nsvm_area_new(SIZE, pages);
	else
		a = nsvm_area_filled(svm, SIZE, pages, NSVM_SEED);
	if (flags & HOLES)
		make_holes(&a);
	if (flags & VMAS)
		make_vmas(&a, PROT_READ);
	if (flags & READ_ONLY)
		igt_assert_eq(mprotect(a.p, SIZE, PROT_READ), 0);
	if (flags & NO_ACCESS)
		igt_assert_eq(mprotect(a.p, SIZE, PROT_NONE), 0);

	bind_range(svm, &a, flags);
	if (flags & AND_BACK) {
		nsvm_to_ram(svm, a.p, SIZE);
		nsvm_assert_in_ram(svm, a.p, SIZE);
	}
	if (flags & NO_ACCESS)
		igt_assert_eq(mprotect(a.p, SIZE, PROT_READ | PROT_WRITE), 0);

	if (flags & HOLES)
		check_holes(svm, &a);
	else if (flags & UNTOUCHED)
		nsvm_assert_zero(a.p, SIZE, 1, "untouched memory from VRAM");
	else
		nsvm_assert_pattern(a.p, SIZE, 1, NSVM_SEED, "memory from VRAM");
	nsvm_assert_sound(svm);
	nsvm_area_del(&a);
}

/**
 * SUBTEST: bind-kind-%s
 * Description: SVM_BIND of memory that cannot move, %arg[1]: no error, nothing moves, the
 *              content stays
 *
 * arg[1]:
 *
 * @file-private:	a private mapping of a file
 * @file-shared:	a shared mapping of a file
 * @shmem:		shared memory without a name
 * @memfd:		a memfd, shared
 * @hugetlb:		hugetlb pages
 */
static const struct kind {
	const char *name;
	int flags;
	bool file;
	bool memfd;
} kinds[] = {
	{ "file-private", MAP_PRIVATE, true, false },
	{ "file-shared", MAP_SHARED, true, false },
	{ "shmem", MAP_SHARED | MAP_ANONYMOUS, false, false },
	{ "memfd", MAP_SHARED, false, true },
	{ "hugetlb", MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, false, false },
};

static int backing(const struct kind *kind)
{
	char path[] = "/tmp/nouveau_svm_uapi.XXXXXX";
	int fd = -1;

	if (kind->memfd) {
		fd = memfd_create("nouveau_svm_uapi", MFD_CLOEXEC);
	} else if (kind->file) {
		fd = mkstemp(path);
		unlink(path);
	}
	igt_assert(fd >= 0 || !(kind->memfd || kind->file));
	if (fd >= 0)
		igt_assert_eq(ftruncate(fd, NSVM_HUGE_SIZE), 0);
	return fd;
}

static void test_bind_kind(struct nsvm *svm, const struct kind *kind)
{
	int fd = backing(kind);
	void *p = mmap(NULL, NSVM_HUGE_SIZE, PROT_READ | PROT_WRITE, kind->flags, fd, 0);
	struct nsvm_residency r;
	long moved;

	igt_require_f(p != MAP_FAILED, "no memory of that kind: %m\n");
	/* What is written to a private mapping of a file is anonymous memory: only read it. */
	if (kind->file && kind->flags & MAP_PRIVATE)
		nsvm_assert_zero(p, NSVM_HUGE_SIZE, NSVM_PAGE_WORDS, "file");
	else
		nsvm_fill(p, NSVM_HUGE_SIZE, NSVM_PAGE_WORDS, NSVM_SEED);
	moved = nsvm_to_vram(svm, p, NSVM_HUGE_SIZE);
	igt_assert_eq_s64(moved, 0);
	r = nsvm_where(svm, p, NSVM_HUGE_SIZE);
	igt_assert_eq_u64(r.vram, 0);
	if (kind->file && kind->flags & MAP_PRIVATE)
		nsvm_assert_zero(p, NSVM_HUGE_SIZE, NSVM_PAGE_WORDS, "file");
	else
		nsvm_assert_pattern(p, NSVM_HUGE_SIZE, NSVM_PAGE_WORDS, NSVM_SEED, kind->name);
	munmap(p, NSVM_HUGE_SIZE);
	if (fd >= 0)
		close(fd);
}

/**
 * SUBTEST: other-process-%s
 * Description: Another process has the file by %arg[1]: SVM_BIND is refused with EPERM
 *              there for each command, and works on here
 *
 * arg[1]:
 *
 * @fork:		fork(), after SVM_INIT
 * @socket:		a socket, and has opened nothing itself
 *
 * SUBTEST: other-process-init
 * Description: A child that calls SVM_INIT on a file it inherited is its owner; the parent
 *              is refused with EPERM
 */
static void send_fd(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	igt_assert_eq((int)sendmsg(socket, &m, 0), 1);
}

static int receive_fd(int socket)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte;
	struct iovec data = { &byte, 1 };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(socket, &m, 0) == 1 && CMSG_FIRSTHDR(&m))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

/* Exit status of a child: which command was not refused, or 0. */
static int commands_are_refused(const struct nsvm *svm, void *p)
{
	struct drm_nouveau_svm_extent e[4];

	if (nsvm_to_vram(svm, p, NSVM_HUGE_SIZE) != -EPERM)
		return 1;
	if (nsvm_to_ram(svm, p, NSVM_HUGE_SIZE) != -EPERM)
		return 2;
	if (nsvm_query(svm, p, NSVM_HUGE_SIZE, e, 4) != -EPERM)
		return 3;
	if (nsvm_policy(svm, p, NSVM_HUGE_SIZE, NOUVEAU_SVM_BIND_POLICY__HOST) != -EPERM)
		return 4;
	return 0;
}

static void assert_child(pid_t pid)
{
	int status = -1;

	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert_f(WIFEXITED(status) && !WEXITSTATUS(status), "the child: status %#x\n", status);
}

static void test_other_process(struct nsvm *svm, bool by_socket)
{
	struct nsvm_area a = nsvm_area_filled(svm, NSVM_HUGE_SIZE, NSVM_HUGE, NSVM_SEED);
	int sockets[2];
	pid_t pid;

	nsvm_require_features(svm, NSVM_FEATURES_ALL);
	igt_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	pid = fork();
	if (!pid) {
		struct nsvm other = *svm;

		if (by_socket) {
			close(svm->fd);
			other.fd = receive_fd(sockets[1]);
		}
		_exit(commands_are_refused(&other, a.p));
	}
	if (by_socket)
		send_fd(sockets[0], svm->fd);
	assert_child(pid);
	close(sockets[0]);
	close(sockets[1]);
	igt_assert_eq_s64(nsvm_to_vram(svm, a.p, a.size), a.size / NSVM_PAGE);
	nsvm_assert_pattern(a.p, a.size, NSVM_PAGE_WORDS, NSVM_SEED, "here");
	nsvm_area_del(&a);
}

static void test_other_process_init(struct nsvm *svm)
{
	struct nsvm_area a = nsvm_area_filled(svm, NSVM_HUGE_SIZE, NSVM_BASE, NSVM_SEED);
	struct nsvm other = *svm;
	int fds[2];
	pid_t pid;
	char c;

	nsvm_require_features(svm, NSVM_FEATURES_ALL);
	other.fd = nsvm_require_fd();
	igt_assert_eq(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		int bad = nsvm_init(other.fd, (uintptr_t)svm->window, svm->window_size) ? 1 : 0;

		if (!bad && nsvm_to_vram(&other, a.p, a.size) < 0)
			bad = 2;
		/* Stay until the parent has tried. */
		close(fds[1]);
		if (read(fds[0], &c, 1) < 0)
			bad = 3;
		if (!bad && nsvm_wrong(a.p, a.size, NSVM_PAGE_WORDS, NSVM_SEED, NULL))
			bad = 4;
		_exit(bad);
	}
	close(fds[0]);
	/* Until the child has called SVM_INIT it is EINVAL. */
	for (int i = 0; i < 1000 && nsvm_to_vram(&other, a.p, NSVM_PAGE) == -EINVAL; i++)
		usleep(10000);
	igt_assert_eq((int)nsvm_to_vram(&other, a.p, NSVM_PAGE), -EPERM);
	close(fds[1]);
	assert_child(pid);
	nsvm_assert_pattern(a.p, a.size, NSVM_PAGE_WORDS, NSVM_SEED, "the parent's");
	close(other.fd);
	nsvm_area_del(&a);
}

int igt_main()
{
	struct nsvm svm = { .fd = -1 };

	igt_fixture()
		nsvm_require(&svm);

	static const struct {
		const char *name;
		void (*run)(struct nsvm *svm);
	} plain[] = {
		{ "init", test_init },
		{ "init-twice", test_init_twice },
		{ "init-window-wraps", test_init_window_wraps },
		{ "init-two-files", test_init_two_files },
		{ "init-after-channel", test_init_after_channel },
		{ "init-reopen", test_init_reopen },
		{ "bind-no-init", test_bind_no_init },
		{ "bind-kernel-addresses", test_bind_kernel_addresses },
		{ "bind-priority", test_bind_priority },
		{ "bind-unmapped", test_bind_unmapped },
		{ "bind-window", test_bind_window },
		{ "bind-everything", test_bind_everything },
		{ "other-process-init", test_other_process_init },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(plain); i++) {
		igt_subtest(plain[i].name) {
			nsvm_begin(&svm);
			plain[i].run(&svm);
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(invalids); i++) {
		igt_subtest_f("bind-invalid-%s", invalids[i].name) {
			nsvm_begin(&svm);
			test_bind_invalid(&svm, &invalids[i]);
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(ranges); i++) {
		for (unsigned int pages = 0; pages < NSVM_NR_PAGES; pages++) {
			igt_subtest_f("bind-%s-%s", ranges[i].name, nsvm_pages_name(pages)) {
				nsvm_begin(&svm);
				test_bind_range(&svm, ranges[i].flags, pages);
			}
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		igt_subtest_f("bind-kind-%s", kinds[i].name) {
			nsvm_begin(&svm);
			test_bind_kind(&svm, &kinds[i]);
		}
	}
	for (int socket = 0; socket < 2; socket++) {
		igt_subtest_f("other-process-%s", socket ? "socket" : "fork") {
			nsvm_begin(&svm);
			test_other_process(&svm, socket);
		}
	}

	igt_fixture()
		nsvm_close(&svm);
}
