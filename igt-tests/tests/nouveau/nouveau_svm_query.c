// SPDX-License-Identifier: MIT
/**
 * TEST: nouveau svm query
 * Category: Core
 * Mega feature: SVM
 * Sub-category: uAPI
 * Description: The FEATURES, QUERY and POLICY commands of DRM_NOUVEAU_SVM_BIND
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/mman.h>

#include "igt.h"
#include "igt_nouveau_svm.h"

IGT_TEST_DESCRIPTION("Features, query and policy of nouveau's SVM");

#define HUGE	NSVM_HUGE_SIZE
#define ROOM	64

static struct nsvm svm = { .fd = -1 };
static struct nsvm_channel ch;
static struct drm_nouveau_svm_extent extents[ROOM];

static const char *const where_names[] = { "nowhere", "RAM", "VRAM" };

static void show(long n)
{
	for (long i = 0; i < n && i < ROOM; i++)
		igt_info("extent %ld: %#llx to %#llx, %s, order %u, policy %u, moved %u\n", i,
			 (unsigned long long)extents[i].va_start,
			 (unsigned long long)extents[i].va_end,
			 where_names[extents[i].where < 3 ? extents[i].where : 0],
			 extents[i].order, extents[i].policy, extents[i].moved);
}

/* One query, which has to find @expected extents. */
static void query(const void *p, uint64_t size, long expected)
{
	long n;

	memset(extents, 0xa5, sizeof(extents));
	n = nsvm_query(&svm, p, size, extents, ROOM);
	if (n != expected)
		show(n);
	igt_assert_eq_s64(n, expected);
}

static void assert_extent(unsigned int i, const void *start, uint64_t size, uint32_t where,
			  uint32_t order)
{
	const struct drm_nouveau_svm_extent *e = &extents[i];
	uint64_t first = (uintptr_t)start;

	if (e->va_start != first || e->va_end != first + size || e->where != where ||
	    (where != NOUVEAU_SVM_EXTENT_NOWHERE && e->order != order)) {
		igt_info("expected extent %u: %#" PRIx64 " to %#" PRIx64 ", %s, order %u\n", i,
			 first, first + size, where_names[where], order);
		show(i + 1);
	}
	igt_assert_eq_u64(e->va_start, first);
	igt_assert_eq_u64(e->va_end, first + size);
	igt_assert_eq_u32(e->where, where);
	if (where != NOUVEAU_SVM_EXTENT_NOWHERE)
		igt_assert_eq_u32(e->order, order);
	igt_assert_eq_u64(e->reserved, 0);
}

/**
 * SUBTEST: features-no-init
 * Description: FEATURES needs no SVM_INIT and says the same as after it
 *
 * SUBTEST: features-empty-range
 * Description: FEATURES with an empty range is refused with EINVAL, as every command
 *
 * SUBTEST: query-untouched
 * Description: Memory that nobody has touched is nowhere, and the query leaves it so
 *
 * SUBTEST: query-unmapped
 * Description: Addresses without a mapping are left out
 *
 * SUBTEST: query-mixed
 * Description: RAM, VRAM and untouched memory side by side are one extent each
 *
 * SUBTEST: query-orders
 * Description: Folios of different sizes side by side are one extent each
 *
 * SUBTEST: query-no-room
 * Description: Without room for any extent the query counts them, and needs no pointer
 *
 * SUBTEST: query-little-room
 * Description: The query fills what has room, counts all, and writes not a byte more
 *
 * SUBTEST: query-bad-pointer
 * Description: A pointer to nowhere is refused with EFAULT
 *
 * SUBTEST: query-target
 * Description: A query takes no target: EINVAL
 *
 * SUBTEST: query-unaligned
 * Description: The range is rounded out to pages
 *
 * SUBTEST: query-shared
 * Description: Shared memory is in RAM
 *
 * SUBTEST: query-moved
 * Description: The query tells which way memory was moved last, and when
 *
 * SUBTEST: query-own-buffer
 * Description: The extents may be written to the very memory that is asked about, in VRAM
 */
static void features_no_init(void)
{
	int fd = nsvm_require_fd();
	uint64_t features = nsvm_features(fd);

	close(fd);
	igt_assert_eq_u64(features, svm.features);
	igt_assert_eq_u64(features & NSVM_FEATURES_ALL, NSVM_FEATURES_ALL);
}

static void features_empty_range(void)
{
	igt_assert_eq(nsvm_command(&svm, NOUVEAU_SVM_BIND_COMMAND__FEATURES, 0,
				   (void *)NSVM_PAGE, 0, NULL), -EINVAL);
}

static void query_untouched(void)
{
	struct nsvm_area a = nsvm_area_new(HUGE, NSVM_HUGE);

	for (int i = 0; i < 2; i++) {
		query(a.p, HUGE, 1);
		assert_extent(0, a.p, HUGE, NOUVEAU_SVM_EXTENT_NOWHERE, 0);
	}
	nsvm_area_del(&a);
}

static void query_unmapped(void)
{
	struct nsvm_area a = nsvm_area_filled(&svm, 4 * NSVM_MTHP_SIZE, NSVM_BASE, NSVM_SEED);
	char *p = a.p;

	igt_assert_eq(munmap(p + NSVM_MTHP_SIZE, NSVM_MTHP_SIZE), 0);
	query(p, a.size, 2);
	assert_extent(0, p, NSVM_MTHP_SIZE, NOUVEAU_SVM_EXTENT_RAM, 0);
	assert_extent(1, p + 2 * NSVM_MTHP_SIZE, 2 * NSVM_MTHP_SIZE, NOUVEAU_SVM_EXTENT_RAM, 0);
	igt_assert_eq(munmap(p, a.size), 0);
	query(p, a.size, 0);
	nsvm_area_del(&a);
}

static void query_mixed(void)
{
	struct nsvm_area a = nsvm_area_new(3 * HUGE, NSVM_HUGE);
	char *p = a.p;

	nsvm_fill(p, 2 * HUGE, NSVM_PAGE_WORDS, NSVM_SEED);
	igt_assert_eq_s64(nsvm_to_vram(&svm, p + HUGE, HUGE), HUGE / NSVM_PAGE);
	query(p, 3 * HUGE, 3);
	assert_extent(0, p, HUGE, NOUVEAU_SVM_EXTENT_RAM, 9);
	assert_extent(1, p + HUGE, HUGE, NOUVEAU_SVM_EXTENT_VRAM, 9);
	assert_extent(2, p + 2 * HUGE, HUGE, NOUVEAU_SVM_EXTENT_NOWHERE, 0);
	nsvm_area_del(&a);
}

static void query_orders(void)
{
	struct nsvm_area a = nsvm_area_new(2 * HUGE, NSVM_HUGE);
	char *p = a.p;

	nsvm_fill(p, HUGE, NSVM_PAGE_WORDS, NSVM_SEED);
	nsvm_pages_select(NSVM_MTHP);
	nsvm_fill(p + HUGE, HUGE / 2, NSVM_PAGE_WORDS, NSVM_SEED);
	igt_assert_eq(madvise(p + HUGE, HUGE, MADV_NOHUGEPAGE), 0);
	nsvm_fill(p + HUGE + HUGE / 2, HUGE / 2, NSVM_PAGE_WORDS, NSVM_SEED);
	for (int vram = 0; vram < 2; vram++) {
		uint32_t where = vram ? NOUVEAU_SVM_EXTENT_VRAM : NOUVEAU_SVM_EXTENT_RAM;

		if (vram)
			igt_assert_eq_s64(nsvm_to_vram(&svm, p, 2 * HUGE), 2 * HUGE / NSVM_PAGE);
		query(p, 2 * HUGE, 3);
		assert_extent(0, p, HUGE, where, 9);
		assert_extent(1, p + HUGE, HUGE / 2, where, 4);
		assert_extent(2, p + HUGE + HUGE / 2, HUGE / 2, where, 0);
	}
	nsvm_area_del(&a);
}

static void query_no_room(void)
{
	struct nsvm_area a = nsvm_area_filled(&svm, HUGE, NSVM_BASE, NSVM_SEED);

	igt_assert_eq_s64(nsvm_query(&svm, a.p, HUGE, NULL, 0), 1);
	nsvm_area_del(&a);
}

static void query_little_room(void)
{
	struct nsvm_area a = nsvm_area_filled(&svm, 8 * NSVM_PAGE, NSVM_BASE, NSVM_SEED);

	for (unsigned int i = 1; i < 8; i += 2)
		igt_assert_eq_s64(nsvm_to_vram(&svm, (char *)a.p + i * NSVM_PAGE, NSVM_PAGE), 1);
	memset(extents, 0xa5, sizeof(extents));
	igt_assert_eq_s64(nsvm_query(&svm, a.p, a.size, extents, 3), 8);
	for (unsigned int i = 0; i < 3; i++)
		assert_extent(i, (char *)a.p + i * NSVM_PAGE, NSVM_PAGE,
			      i % 2 ? NOUVEAU_SVM_EXTENT_VRAM : NOUVEAU_SVM_EXTENT_RAM, 0);
	igt_assert_eq_u64(extents[3].va_start, 0xa5a5a5a5a5a5a5a5);
	nsvm_area_del(&a);
}

static void query_bad_pointer(void)
{
	struct nsvm_area a = nsvm_area_filled(&svm, HUGE, NSVM_BASE, NSVM_SEED);

	igt_assert_eq_s64(nsvm_query(&svm, a.p, HUGE, (void *)8, 8), -EFAULT);
	igt_assert_eq_s64(nsvm_query(&svm, a.p, HUGE, (void *)0xffff800000000000, 8), -EFAULT);
	nsvm_area_del(&a);
}

static void query_target(void)
{
	igt_assert_eq(nsvm_command(&svm, NOUVEAU_SVM_BIND_COMMAND__QUERY, 1, svm.window,
				   NSVM_PAGE, NULL), -EINVAL);
}

static void query_unaligned(void)
{
	struct nsvm_area a = nsvm_area_filled(&svm, HUGE, NSVM_BASE, NSVM_SEED);

	query((char *)a.p + NSVM_PAGE + 5, NSVM_PAGE, 1);
	assert_extent(0, (char *)a.p + NSVM_PAGE, 2 * NSVM_PAGE, NOUVEAU_SVM_EXTENT_RAM, 0);
	nsvm_area_del(&a);
}

static void query_shared(void)
{
	void *p = mmap(NULL, 4 * NSVM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);

	igt_assert(p != MAP_FAILED);
	nsvm_fill(p, 4 * NSVM_PAGE, 1, NSVM_SEED);
	nsvm_assert_in_ram(&svm, p, 4 * NSVM_PAGE);
	munmap(p, 4 * NSVM_PAGE);
}

static void query_moved(void)
{
	struct nsvm_area a = nsvm_area_filled(&svm, HUGE, NSVM_HUGE, NSVM_SEED);

	query(a.p, HUGE, 1);
	igt_assert_eq_u32(extents[0].moved, NOUVEAU_SVM_EXTENT_NOWHERE);
	igt_assert_eq_s64(nsvm_to_vram(&svm, a.p, HUGE), HUGE / NSVM_PAGE);
	usleep(50000);
	query(a.p, HUGE, 1);
	igt_assert_eq_u32(extents[0].moved, NOUVEAU_SVM_EXTENT_VRAM);
	igt_assert_lte_u64(50, extents[0].moved_ms + 10);	/* a jiffy is up to 10 ms */
	igt_assert_lte_u64(extents[0].moved_ms, 600000);
	/* The CPU takes it back. */
	nsvm_assert_pattern(a.p, HUGE, NSVM_PAGE_WORDS, NSVM_SEED, "back");
	query(a.p, HUGE, 1);
	igt_assert_eq_u32(extents[0].moved, NOUVEAU_SVM_EXTENT_RAM);
	/* What is mapped there next has not been moved. */
	munmap(a.p, HUGE);
	igt_assert(mmap(a.p, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			-1, 0) == a.p);
	query(a.p, HUGE, 1);
	igt_assert_eq_u32(extents[0].moved, NOUVEAU_SVM_EXTENT_NOWHERE);
	nsvm_area_del(&a);
}

static void query_own_buffer(void)
{
	struct nsvm_area a = nsvm_area_filled(&svm, HUGE, NSVM_HUGE, NSVM_SEED);
	struct drm_nouveau_svm_extent *own = a.p;

	igt_assert_eq_s64(nsvm_to_vram(&svm, a.p, HUGE), HUGE / NSVM_PAGE);
	igt_assert_eq_s64(nsvm_query(&svm, a.p, HUGE, own, 4), 1);
	igt_assert_eq_u64(own->va_start, (uintptr_t)a.p);
	igt_assert_eq_u32(own->where, NOUVEAU_SVM_EXTENT_VRAM);
	nsvm_area_del(&a);
}

/**
 * SUBTEST: policy-invalid-%s
 * Description: POLICY refuses %arg[1] with EINVAL and changes nothing
 *
 * arg[1]:
 *
 * @next:		the number after the last policy
 * @max:		the largest number
 * @reserved0:		a first reserved word
 */
/**
 * SUBTEST: policy-range
 * Description: A policy counts for its range only, page by page
 *
 * SUBTEST: policy-overlap
 * Description: The last policy of an address counts; DEFAULT takes it away
 *
 * SUBTEST: policy-of-addresses
 * Description: A policy belongs to addresses: it outlives what is mapped there
 *
 * SUBTEST: policy-neighbours
 * Description: A CPU access to a single page in VRAM brings the 64 KiB around it back; where
 *              VRAM is preferred it brings that page alone, and the rest stays mapped
 *
 * SUBTEST: policy-switch
 * Description: The device's switch in debugfs rules where no policy was set
 */
/**
 * SUBTEST: policy-%s-%s
 * Description: A GPU fault under the policy %arg[1], on %arg[2] pages
 *
 * arg[1]:
 *
 * @auto:		moves the memory while there is room
 * @device:		moves the memory
 * @host:		maps the memory where it is
 * @guard:		"auto", just after the CPU has taken the memory back: leaves it there
 *
 * arg[2]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
static void policy_invalid(const char *what)
{
	struct nsvm_area a = nsvm_area_new(HUGE, NSVM_BASE);
	struct drm_nouveau_svm_bind bind = {
		.va_start = (uintptr_t)a.p,
		.va_end = (uintptr_t)a.p + HUGE,
	};
	uint64_t policy = !strcmp(what, "next") ? NOUVEAU_SVM_BIND_POLICY__HOST + 1 :
			  !strcmp(what, "max") ? NOUVEAU_SVM_BIND_TARGET_MASK :
			  NOUVEAU_SVM_BIND_POLICY__HOST;

	bind.header = NOUVEAU_SVM_BIND_COMMAND__POLICY |
		      policy << NOUVEAU_SVM_BIND_TARGET_SHIFT;
	bind.reserved0 = !strcmp(what, "reserved0");
	igt_assert_eq(nsvm_bind(svm.fd, &bind), -EINVAL);
	query(a.p, HUGE, 1);
	igt_assert_eq_u32(extents[0].policy, NOUVEAU_SVM_BIND_POLICY__AUTO);
	nsvm_area_del(&a);
}

static void policy(void *p, uint64_t size, uint32_t policy)
{
	igt_assert_eq(nsvm_policy(&svm, p, size, policy), 0);
}

static void policy_range(void)
{
	struct nsvm_area a = nsvm_area_new(HUGE, NSVM_BASE);
	char *p = a.p;

	policy(p + 5 * NSVM_PAGE, 7 * NSVM_PAGE, NOUVEAU_SVM_BIND_POLICY__HOST);
	query(p, HUGE, 3);
	igt_assert_eq_u64(extents[0].va_end, (uintptr_t)p + 5 * NSVM_PAGE);
	igt_assert_eq_u64(extents[1].va_end, (uintptr_t)p + 12 * NSVM_PAGE);
	igt_assert_eq_u32(extents[0].policy, NOUVEAU_SVM_BIND_POLICY__AUTO);
	igt_assert_eq_u32(extents[1].policy, NOUVEAU_SVM_BIND_POLICY__HOST);
	igt_assert_eq_u32(extents[2].policy, NOUVEAU_SVM_BIND_POLICY__AUTO);
	nsvm_area_del(&a);
}

static void policy_overlap(void)
{
	struct nsvm_area a = nsvm_area_new(HUGE, NSVM_BASE);
	char *p = a.p;

	policy(p, HUGE, NOUVEAU_SVM_BIND_POLICY__HOST);
	policy(p + HUGE / 4, HUGE / 2, NOUVEAU_SVM_BIND_POLICY__DEVICE);
	query(p, HUGE, 3);
	igt_assert_eq_u32(extents[1].policy, NOUVEAU_SVM_BIND_POLICY__DEVICE);
	igt_assert_eq_u32(extents[2].policy, NOUVEAU_SVM_BIND_POLICY__HOST);
	policy(p, HUGE / 2, NOUVEAU_SVM_BIND_POLICY__DEFAULT);
	query(p, HUGE, 3);
	igt_assert_eq_u32(extents[0].policy, NOUVEAU_SVM_BIND_POLICY__AUTO);
	igt_assert_eq_u32(extents[1].policy, NOUVEAU_SVM_BIND_POLICY__DEVICE);
	nsvm_area_del(&a);
}

static void policy_of_addresses(void)
{
	struct nsvm_area a = nsvm_area_filled(&svm, HUGE, NSVM_BASE, NSVM_SEED);

	policy(a.p, HUGE, NOUVEAU_SVM_BIND_POLICY__HOST);
	munmap(a.p, HUGE);
	igt_assert(mmap(a.p, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			-1, 0) == a.p);
	query(a.p, HUGE, 1);
	igt_assert_eq_u32(extents[0].policy, NOUVEAU_SVM_BIND_POLICY__HOST);
	nsvm_area_del(&a);
}

static void policy_neighbours(void)
{
	static const struct {
		uint32_t policy;
		uint64_t comes;
	} ways[] = {
		{ NOUVEAU_SVM_BIND_POLICY__DEFAULT, NSVM_MTHP_SIZE },
		{ NOUVEAU_SVM_BIND_POLICY__DEVICE, NSVM_PAGE },
	};
	const uint64_t size = 4 * NSVM_MTHP_SIZE;

	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++) {
		struct nsvm_area a = nsvm_area_filled(&svm, size, NSVM_BASE, NSVM_SEED);
		char *p = (char *)a.p + NSVM_MTHP_SIZE;
		struct nsvm_residency r;

		policy(a.p, size, ways[i].policy);
		igt_assert_eq_s64(nsvm_to_vram(&svm, a.p, size), size / NSVM_PAGE);
		nsvm_assert_pattern(p, 4, 1, NSVM_SEED + NSVM_MTHP_SIZE / 4, "touched");
		r = nsvm_where(&svm, a.p, size);
		if (r.ram != ways[i].comes)
			nsvm_show_where(&svm, "after one access", a.p, size);
		igt_assert_eq_u64(r.ram, ways[i].comes);
		nsvm_assert_in_ram(&svm, p, ways[i].comes);
		nsvm_assert_pattern(a.p, size, NSVM_PAGE_WORDS, NSVM_SEED, "in the end");
		nsvm_area_del(&a);
	}
}

static void policy_switch(void)
{
	struct nsvm_area a = nsvm_area_filled(&svm, HUGE, NSVM_HUGE, NSVM_SEED);
	int ret = nsvm_debugfs_write(&svm, "svm_policy", "host");

	igt_require_f(ret != -ENOENT, "no debugfs\n");
	igt_assert_eq(ret, 0);
	query(a.p, HUGE, 1);
	ret = nsvm_debugfs_write(&svm, "svm_policy", "auto");
	igt_assert_eq_u32(extents[0].policy, NOUVEAU_SVM_BIND_POLICY__HOST);
	igt_assert_eq(ret, 0);
	igt_assert_eq(nsvm_debugfs_write(&svm, "svm_policy", "nonsense"), -EINVAL);
	query(a.p, HUGE, 1);
	igt_assert_eq_u32(extents[0].policy, NOUVEAU_SVM_BIND_POLICY__AUTO);
	nsvm_area_del(&a);
}

static const struct {
	const char *name;
	uint32_t policy;
	bool moves;
	bool guard;
} policies[] = {
	{ "auto", NOUVEAU_SVM_BIND_POLICY__AUTO, true, false },
	{ "device", NOUVEAU_SVM_BIND_POLICY__DEVICE, true, false },
	{ "host", NOUVEAU_SVM_BIND_POLICY__HOST, false, false },
	{ "guard", NOUVEAU_SVM_BIND_POLICY__AUTO, false, true },
};

static void policy_fault(unsigned int which, enum nsvm_pages pages)
{
	uint64_t size = pages == NSVM_HUGE ? HUGE : 4 * NSVM_MTHP_SIZE;
	struct nsvm_area a;
	int ret;

	nsvm_require_channel(&svm, &ch, NSVM_COMPUTE);
	a = nsvm_area_filled(&svm, size, pages, NSVM_SEED);
	policy(a.p, size, policies[which].policy);
	if (policies[which].guard) {
		igt_require_f(!nsvm_debugfs_write(&svm, "svm_guard_ms", "600000"), "no debugfs\n");
		igt_assert_lte(0, (int)nsvm_to_vram(&svm, a.p, size));
		nsvm_assert_pattern(a.p, size, NSVM_PAGE_WORDS, NSVM_SEED, "taken back");
	}
	ret = nsvm_gpu_add(&ch, a.p, size, NSVM_PAGE_WORDS, 1);
	if (policies[which].guard)
		igt_assert_eq(nsvm_debugfs_write(&svm, "svm_guard_ms", "100"), 0);
	igt_assert_eq(ret, 0);
	if (policies[which].moves)
		nsvm_assert_vram_order(&svm, a.p, size, nsvm_pages_order(pages));
	else
		nsvm_assert_ram_order(&svm, a.p, size, nsvm_pages_order(pages));
	nsvm_assert_pattern(a.p, size, NSVM_PAGE_WORDS, NSVM_SEED + 1, "after the GPU");
	nsvm_area_del(&a);
}

int igt_main()
{
	static const struct {
		const char *name;
		void (*run)(void);
	} plain[] = {
		{ "features-no-init", features_no_init },
		{ "features-empty-range", features_empty_range },
		{ "query-untouched", query_untouched },
		{ "query-unmapped", query_unmapped },
		{ "query-mixed", query_mixed },
		{ "query-orders", query_orders },
		{ "query-no-room", query_no_room },
		{ "query-little-room", query_little_room },
		{ "query-bad-pointer", query_bad_pointer },
		{ "query-target", query_target },
		{ "query-unaligned", query_unaligned },
		{ "query-shared", query_shared },
		{ "query-moved", query_moved },
		{ "query-own-buffer", query_own_buffer },
		{ "policy-range", policy_range },
		{ "policy-overlap", policy_overlap },
		{ "policy-of-addresses", policy_of_addresses },
		{ "policy-neighbours", policy_neighbours },
		{ "policy-switch", policy_switch },
	};
	static const char *const invalid[] = { "next", "max", "reserved0" };

	igt_fixture() {
		nsvm_require(&svm);
		nsvm_require_features(&svm, NSVM_FEATURES_ALL);
	}

	for (unsigned int i = 0; i < ARRAY_SIZE(plain); i++) {
		igt_subtest(plain[i].name) {
			nsvm_begin(&svm);
			plain[i].run();
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(invalid); i++) {
		igt_subtest_f("policy-invalid-%s", invalid[i]) {
			nsvm_begin(&svm);
			policy_invalid(invalid[i]);
		}
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++) {
		for (unsigned int pages = 0; pages < NSVM_NR_PAGES; pages++) {
			igt_subtest_f("policy-%s-%s", policies[i].name, nsvm_pages_name(pages)) {
				nsvm_begin(&svm);
				policy_fault(i, pages);
			}
		}
	}

	igt_fixture() {
		nsvm_channel_close(&ch);
		nsvm_close(&svm);
	}
}
