// SPDX-License-Identifier: MIT
/**
 * TEST: nouveau svm mm
 * Category: Core
 * Mega feature: SVM
 * Sub-category: memory management events
 * Description: What the process does to its memory while the GPU maps it: the GPU sees the
 *              change, and neither side loses anything
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "igt.h"
#include "igt_nouveau_svm.h"

IGT_TEST_DESCRIPTION("Changes of memory that the GPU maps");

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#define SEED_2	0x20000000u
#define SEED_3	0x30000000u
#define LEAVE	(12ull << 20)	/* VRAM that scarcity leaves */

/* Enough pages to have some in each part, and not more: each one is a fault or two. */
static const uint64_t sizes[NSVM_NR_PAGES] = {
	[NSVM_BASE] = 64 * NSVM_PAGE,
	[NSVM_MTHP] = 8 * NSVM_MTHP_SIZE,
	[NSVM_HUGE] = NSVM_HUGE_SIZE,
};

/**
 * SUBTEST: %s-%s-%s
 * Description: %arg[1], while the data is %arg[2], on %arg[3] pages
 *
 * arg[1]:
 *
 * @munmap-front:	The first part is unmapped; the rest is right for both sides
 * @munmap-middle:	The middle is unmapped, off any alignment; both ends are right
 * @munmap-back:	The last part is unmapped; the rest is right for both sides
 * @munmap-reuse:	The middle is unmapped and mapped again; the GPU sees zeroes there
 * @remap:		mremap() to where it is aligned; the GPU finds everything there
 * @remap-odd:		mremap() to where it is not aligned; the GPU finds everything there
 * @remap-reuse:	After mremap() the old place is mapped again; the GPU sees zeroes
 * @remap-middle:	mremap() of the middle; all three pieces are right
 * @remap-dontunmap:	MREMAP_DONTUNMAP; the old place is zeroes, the new one has the data
 * @protect-read:	mprotect(PROT_READ) and back; the GPU reads between and writes after
 * @protect-none:	mprotect(PROT_NONE) of the middle and back; both sides are right
 * @fork-read:		A child reads everything while the GPU does
 * @fork-read-after:	A child reads what it inherited after the parent's GPU has read
 * @fork-child-writes:	A child writes; the parent and its GPU see nothing of it
 * @fork-gpu-writes:	The GPU writes after fork(); the child sees nothing of it
 * @fork-exec:		A child calls exec(); the parent and its GPU notice nothing
 * @dontneed:		MADV_DONTNEED of everything; the GPU sees zeroes
 * @dontneed-middle:	MADV_DONTNEED of the middle; the GPU sees zeroes there only
 * @free:		MADV_FREE, then the GPU writes; nothing of that is lost
 * @collapse:		MADV_COLLAPSE; both sides are right
 * @cold:		MADV_COLD; both sides are right
 * @pageout:		MADV_PAGEOUT; both sides are right
 * @nohugepage:		MADV_NOHUGEPAGE of the middle; both sides are right
 * @hugepage:		MADV_HUGEPAGE; both sides are right
 * @mlock:		mlock(), a move to VRAM, munlock(); both sides are right
 * @gpu-dirty:		Nothing, but that the GPU has written: the CPU sees all of it
 *
 * arg[2]:
 *
 * @ram:		in RAM, mapped by the GPU
 * @vram:		in VRAM
 * @scarce:		in VRAM as far as buffer objects that the GPU uses leave room
 *
 * arg[3]:
 *
 * @base:		4 KiB
 * @mthp:		64 KiB
 * @huge:		2 MiB
 */
enum {
	/* what happens */
	MUNMAP		= 1 << 0,
	REMAP		= 1 << 1,
	PROTECT		= 1 << 2,
	FORK		= 1 << 3,
	ADVISE		= 1 << 4,	/* section.advice */
	MLOCK		= 1 << 5,
	/* to what: everything, if none of them */
	FRONT		= 1 << 6,
	MIDDLE		= 1 << 7,
	BACK		= 1 << 8,
	/* how */
	REUSE		= 1 << 9,	/* fresh memory comes to where the old was */
	ODD		= 1 << 10,	/* the new place is off alignment */
	DONTUNMAP	= 1 << 11,
	NONE		= 1 << 12,	/* no access at all */
	CHILD_WRITES	= 1 << 13,
	GPU_WRITES	= 1 << 14,
	GPU_READS	= 1 << 15,
	EXEC		= 1 << 16,
	ZEROED		= 1 << 17,	/* the advice drops the content */
	LAZY		= 1 << 18,	/* the content may go until it is written again */
	/* before */
	GPU_DIRTY	= 1 << 19,
};

static const struct section {
	const char *name;
	unsigned int flags;
	int advice;
} sections[] = {
	{ "munmap-front", MUNMAP | FRONT, 0 },
	{ "munmap-middle", MUNMAP | MIDDLE, 0 },
	{ "munmap-back", MUNMAP | BACK, 0 },
	{ "munmap-reuse", MUNMAP | MIDDLE | REUSE, 0 },
	{ "remap", REMAP, 0 },
	{ "remap-odd", REMAP | ODD, 0 },
	{ "remap-reuse", REMAP | REUSE, 0 },
	{ "remap-middle", REMAP | MIDDLE, 0 },
	{ "remap-dontunmap", REMAP | DONTUNMAP, 0 },
	{ "protect-read", PROTECT, 0 },
	{ "protect-none", PROTECT | NONE | MIDDLE, 0 },
	{ "fork-read", FORK, 0 },
	{ "fork-read-after", FORK | GPU_READS, 0 },
	{ "fork-child-writes", FORK | CHILD_WRITES, 0 },
	{ "fork-gpu-writes", FORK | GPU_WRITES, 0 },
	{ "fork-exec", FORK | EXEC, 0 },
	{ "dontneed", ADVISE | ZEROED, MADV_DONTNEED },
	{ "dontneed-middle", ADVISE | ZEROED | MIDDLE, MADV_DONTNEED },
	{ "free", ADVISE | LAZY, MADV_FREE },
	{ "collapse", ADVISE, MADV_COLLAPSE },
	{ "cold", ADVISE, MADV_COLD },
	{ "pageout", ADVISE, MADV_PAGEOUT },
	{ "nohugepage", ADVISE | MIDDLE, MADV_NOHUGEPAGE },
	{ "hugepage", ADVISE, MADV_HUGEPAGE },
	{ "mlock", MLOCK, 0 },
	{ "gpu-dirty", GPU_DIRTY, 0 },
};

enum place {
	IN_RAM,
	IN_VRAM,
	SCARCE,
	NR_PLACES,
};

static const char *const place_names[NR_PLACES] = { "ram", "vram", "scarce" };

/*
 * In words: what both sides look at after each step. A GPU fault brings 64 KiB, so that
 * more would mostly be more of the same; at the end the CPU looks at every page.
 */
static const unsigned int strides[NSVM_NR_PAGES] = {
	[NSVM_BASE] = 4 * NSVM_PAGE_WORDS,
	[NSVM_MTHP] = 16 * NSVM_PAGE_WORDS,
	[NSVM_HUGE] = 64 * NSVM_PAGE_WORDS,
};

/**
 * struct piece - a part of the memory that has one kind of content
 * @p: where it is now
 * @size: bytes, perhaps 0
 * @at: where it was in the area, for its pattern
 * @zero: all zeroes, no pattern
 */
struct piece {
	char *p;
	uint64_t size;
	uint64_t at;
	bool zero;
};

static struct nsvm svm = { .fd = -1 };
static struct nsvm_channel ch;
static struct nsvm_hog hog;

/*
 * An area is front, middle and back. Whatever happens, it ends as at most five pieces:
 * these three, and what came to where one of them was.
 */
struct state {
	struct nsvm_area a;
	struct nsvm_area elsewhere;
	enum place place;
	unsigned int stride;
	uint32_t seed;
	struct piece piece[5];
	unsigned int pieces;
};

static void piece_add(struct state *s, char *p, uint64_t size, uint64_t at, bool zero)
{
	if (size)
		s->piece[s->pieces++] = (struct piece) { p, size, at, zero };
}

/* The part of the area that the flags name. */
static void part(const struct state *s, unsigned int flags, uint64_t *start, uint64_t *end)
{
	uint64_t first = s->a.size / 4 + 3 * NSVM_PAGE, last = s->a.size * 3 / 4 - 5 * NSVM_PAGE;

	*start = flags & MIDDLE ? first : flags & BACK ? last : 0;
	*end = flags & MIDDLE ? last : flags & FRONT ? first : s->a.size;
}

static void squeeze(const struct state *s)
{
	if (s->place == SCARCE)
		igt_assert_eq(nsvm_hog_use(&hog, &ch), 0);
}

static void place_it(struct state *s)
{
	if (s->place == IN_RAM) {
		if (svm.features & NOUVEAU_SVM_BIND_FEATURE_POLICY)
			igt_assert_eq(nsvm_policy(&svm, s->a.p, s->a.size,
						  NOUVEAU_SVM_BIND_POLICY__HOST), 0);
		return;
	}
	igt_assert_lte(0, (int)nsvm_to_vram(&svm, s->a.p, s->a.size));
	if (s->place == IN_VRAM) {
		nsvm_assert_in_vram(&svm, s->a.p, s->a.size);
		if (svm.features & NOUVEAU_SVM_BIND_FEATURE_QUERY)
			nsvm_assert_vram_order(&svm, s->a.p, s->a.size,
					       nsvm_pages_order(s->a.pages));
	}
	squeeze(s);
}

static void fresh(void *p, uint64_t size)
{
	void *got = mmap(p, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			 -1, 0);

	igt_assert_f(got == p, "mmap at %p: %m\n", p);
}

static void do_munmap(struct state *s, unsigned int flags, char *p, uint64_t size)
{
	igt_assert_eq(munmap(p, size), 0);
	if (!(flags & REUSE))
		return;
	fresh(p, size);
	piece_add(s, p, size, 0, true);
}

static void do_remap(struct state *s, unsigned int flags, char *p, uint64_t size)
{
	uint64_t at = (uint64_t)(p - (char *)s->a.p);
	char *to;

	s->elsewhere = nsvm_area_new(s->a.size + NSVM_HUGE_SIZE, s->a.pages);
	to = (char *)s->elsewhere.p + (flags & ODD ? 5 * NSVM_PAGE : 0) + at % NSVM_HUGE_SIZE;
	igt_assert_f(mremap(p, size, size, MREMAP_MAYMOVE | MREMAP_FIXED |
			    (flags & DONTUNMAP ? MREMAP_DONTUNMAP : 0), to) == to,
		     "mremap of %p to %p: %m\n", p, to);
	if (flags & REUSE)
		fresh(p, size);
	if (flags & (REUSE | DONTUNMAP))
		piece_add(s, p, size, 0, true);
	piece_add(s, to, size, at, false);
}

static void do_protect(struct state *s, unsigned int flags, char *p, uint64_t size)
{
	igt_assert_eq(mprotect(p, size, flags & NONE ? PROT_NONE : PROT_READ), 0);
	if (!(flags & NONE))
		nsvm_assert_gpu_sees(&ch, p, size, s->stride, s->seed, "read only");
	igt_assert_eq(mprotect(p, size, PROT_READ | PROT_WRITE), 0);
}

/* In a child: no igt_assert(), its status tells. */
static int child(const struct state *s, unsigned int flags, int ready)
{
	uint64_t bad;
	char c;

	if (flags & EXEC) {
		execl("/proc/self/exe", "nouveau_svm_mm", "--list-subtests", NULL);
		return 2;
	}
	/* What the parent's GPU does meanwhile is none of our business. */
	if (read(ready, &c, 1) < 0)
		return 3;
	bad = nsvm_wrong(s->a.p, s->a.size, NSVM_PAGE_WORDS, s->seed, NULL);
	if (flags & CHILD_WRITES) {
		nsvm_fill(s->a.p, s->a.size, NSVM_PAGE_WORDS, SEED_3);
		bad += nsvm_wrong(s->a.p, s->a.size, NSVM_PAGE_WORDS, SEED_3, NULL);
	}
	return bad ? 1 : 0;
}

static void do_fork(struct state *s, unsigned int flags)
{
	int status = -1, fds[2], null = STDOUT_FILENO;
	uint32_t before = s->seed;
	pid_t pid;

	igt_assert_eq(pipe(fds), 0);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(fds[1]);
		if (flags & EXEC)
			close(null);
		_exit(child(s, flags, fds[0]));
	}
	igt_assert(pid > 0);
	if (flags & GPU_READS)
		nsvm_assert_gpu_sees(&ch, s->a.p, s->a.size, s->stride, before,
				     "after fork");
	if (flags & GPU_WRITES) {
		s->seed = SEED_2;
		igt_assert_eq(nsvm_gpu_write(&ch, s->a.p, s->a.size, NSVM_PAGE_WORDS, SEED_2), 0);
	}
	close(fds[1]);
	close(fds[0]);
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert_f(WIFEXITED(status) && !WEXITSTATUS(status),
		     "a child of fork: status %#x (exit status 1: it saw wrong content)\n", status);
}

static void do_advise(struct state *s, unsigned int flags, int advice, char *p, uint64_t size)
{
	int ret;

	/* Nothing is something that any advice can be given for. */
	igt_require_f(!madvise(p, 0, advice), "the kernel has no advice %d\n", advice);
	/* What is advised against cannot be collapsed. */
	if (advice == MADV_COLLAPSE)
		igt_assert_eq(madvise(p, size, MADV_HUGEPAGE), 0);
	ret = madvise(p, size, advice) ? -errno : 0;
	/* Memory in VRAM may be left as it is. */
	if (advice != MADV_COLLAPSE || s->place == IN_RAM)
		igt_assert_f(!ret, "madvise(%d): %d\n", advice, ret);
	if (advice == MADV_COLLAPSE && !ret && svm.features & NOUVEAU_SVM_BIND_FEATURE_QUERY)
		nsvm_assert_ram_order(&svm, p, size, 9);
	if (flags & ZEROED)
		piece_add(s, p, size, 0, true);
	if (flags & LAZY) {
		s->seed = SEED_2;
		igt_assert_eq(nsvm_gpu_write(&ch, p, size, NSVM_PAGE_WORDS, SEED_2), 0);
	}
}

static void do_mlock(struct state *s)
{
	igt_require_f(!mlock(s->a.p, s->a.size), "mlock: %m\n");
	nsvm_assert_pattern(s->a.p, s->a.size, s->stride, s->seed, "locked");
	if (s->place != IN_RAM)
		igt_assert_lte(0, (int)nsvm_to_vram(&svm, s->a.p, s->a.size));
	nsvm_assert_gpu_sees(&ch, s->a.p, s->a.size, s->stride, s->seed, "locked");
	igt_assert_eq(munlock(s->a.p, s->a.size), 0);
}

static void happen(struct state *s, const struct section *section)
{
	unsigned int flags = section->flags;
	uint64_t start, end;
	char *p = s->a.p;

	part(s, flags, &start, &end);
	if (flags & MUNMAP)
		do_munmap(s, flags, p + start, end - start);
	if (flags & REMAP)
		do_remap(s, flags, p + start, end - start);
	if (flags & PROTECT)
		do_protect(s, flags, p + start, end - start);
	if (flags & FORK)
		do_fork(s, flags);
	if (flags & ADVISE)
		do_advise(s, flags, section->advice, p + start, end - start);
	if (flags & MLOCK)
		do_mlock(s);
	/* Where nothing else is by now the old content is. */
	if (flags & (MUNMAP | REMAP | ZEROED)) {
		piece_add(s, p, start, 0, false);
		piece_add(s, p + end, s->a.size - end, end, false);
	} else {
		piece_add(s, p, s->a.size, 0, false);
	}
}

static void check(struct state *s)
{
	for (unsigned int i = 0; i < s->pieces; i++) {
		struct piece *t = &s->piece[i];
		uint32_t seed = s->seed + (uint32_t)(t->at / 4);

		if (t->zero) {
			nsvm_assert_gpu_sees_zero(&ch, t->p, t->size, s->stride, "fresh");
			nsvm_assert_zero(t->p, t->size, s->stride, "fresh");
		} else {
			nsvm_assert_gpu_sees(&ch, t->p, t->size, s->stride, seed, "kept");
			nsvm_assert_pattern(t->p, t->size, NSVM_PAGE_WORDS, seed, "kept");
		}
	}
	/* Both sides still write to it, and see what the other has written. */
	for (unsigned int i = 0; i < s->pieces; i++) {
		struct piece *t = &s->piece[i];

		igt_assert_eq(nsvm_gpu_write(&ch, t->p, t->size, s->stride, SEED_3), 0);
		nsvm_assert_pattern(t->p, t->size, s->stride, SEED_3, "written by the GPU");
		nsvm_fill(t->p, t->size, s->stride, SEED_2);
		nsvm_assert_gpu_sees(&ch, t->p, t->size, s->stride, SEED_2,
				     "written by the CPU");
	}
}

static void test_exec(const struct section *section, enum place place, enum nsvm_pages pages)
{
	struct state s = { .place = place, .stride = strides[pages], .seed = NSVM_SEED };

	nsvm_begin(&svm);
	if (place == SCARCE)
		nsvm_hog_new(&svm, &hog, LEAVE);
	nsvm_require_channel(&svm, &ch, NSVM_COMPUTE);
	/* Only what could be a huge page can be collapsed. */
	s.a = nsvm_area_filled(&svm, section->advice == MADV_COLLAPSE ? NSVM_HUGE_SIZE :
			       sizes[pages], pages, NSVM_SEED);
	place_it(&s);
	nsvm_assert_gpu_sees(&ch, s.a.p, s.a.size, s.stride, NSVM_SEED, "at first");
	if (section->flags & GPU_DIRTY) {
		igt_assert_eq(nsvm_gpu_write(&ch, s.a.p, s.a.size, NSVM_PAGE_WORDS, SEED_2), 0);
		s.seed = SEED_2;
	}
	happen(&s, section);
	squeeze(&s);
	check(&s);
	nsvm_area_del(&s.a);
	nsvm_area_del(&s.elsewhere);
	nsvm_hog_del(&svm, &hog);
	nsvm_assert_sound(&svm);
}

/**
 * SUBTEST: userfaultfd-%s
 * Description: Half of an area that userfaultfd watches is there and %arg[1]; the other half
 *              is missing. SVM_BIND moves what is there and fills nothing in; the handler
 *              still gets the faults of the rest; then both sides see all of it
 *
 * arg[1]:
 *
 * @ram:		in RAM
 * @vram:		in VRAM
 */
struct watcher {
	int uffd;
	int stop[2];
	const char *base;
	unsigned int served;
	pthread_t thread;
};

/* Missing pages get the pattern. */
static void *serve(void *arg)
{
	struct watcher *w = arg;
	struct pollfd fds[2] = { { w->uffd, POLLIN, 0 }, { w->stop[0], POLLIN, 0 } };
	static uint32_t page[NSVM_PAGE_WORDS];

	while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
		struct uffdio_copy copy = { .len = NSVM_PAGE, .src = (uintptr_t)page };
		struct uffd_msg msg;

		if (read(w->uffd, &msg, sizeof(msg)) != sizeof(msg) ||
		    msg.event != UFFD_EVENT_PAGEFAULT)
			continue;
		copy.dst = msg.arg.pagefault.address & ~(NSVM_PAGE - 1);
		nsvm_fill(page, NSVM_PAGE, 1,
			  NSVM_SEED + (uint32_t)((copy.dst - (uintptr_t)w->base) / 4));
		if (!ioctl(w->uffd, UFFDIO_COPY, &copy))
			w->served++;
	}
	return NULL;
}

static void watch(struct watcher *w, const struct nsvm_area *a)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { .start = (uintptr_t)a->p, .len = a->size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	w->base = a->p;
	w->served = 0;
	w->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	igt_require_f(w->uffd >= 0, "no userfaultfd: %m\n");
	igt_assert_eq(ioctl(w->uffd, UFFDIO_API, &api), 0);
	igt_assert_eq(ioctl(w->uffd, UFFDIO_REGISTER, &range), 0);
	igt_assert_eq(pipe(w->stop), 0);
	igt_assert_eq(pthread_create(&w->thread, NULL, serve, w), 0);
}

static void unwatch(struct watcher *w)
{
	igt_assert_eq((int)write(w->stop[1], "", 1), 1);
	pthread_join(w->thread, NULL);
	close(w->stop[0]);
	close(w->stop[1]);
	close(w->uffd);
}

static void test_userfaultfd(enum place place)
{
	uint64_t half = 16 * NSVM_PAGE;
	struct nsvm_residency r;
	static struct watcher w;
	struct nsvm_area a;
	long moved;

	nsvm_begin(&svm);
	nsvm_require_channel(&svm, &ch, NSVM_COMPUTE);
	a = nsvm_area_new(2 * half, NSVM_BASE);
	nsvm_fill(a.p, half, 1, NSVM_SEED);
	watch(&w, &a);
	if (place == IN_VRAM) {
		moved = nsvm_to_vram(&svm, a.p, a.size);
		igt_assert_lte(0, (int)moved);
		if (svm.features & NOUVEAU_SVM_BIND_FEATURE_RESULT)
			igt_assert_eq_s64(moved, half / NSVM_PAGE);
		nsvm_assert_in_vram(&svm, a.p, half);
	}
	r = nsvm_where(&svm, (char *)a.p + half, half);
	igt_assert_eq_u64(r.nowhere, half);
	nsvm_assert_gpu_sees(&ch, a.p, half, NSVM_PAGE_WORDS, NSVM_SEED, "what is there");
	nsvm_assert_pattern(a.p, a.size, NSVM_PAGE_WORDS, NSVM_SEED, "all of it");
	nsvm_assert_gpu_sees(&ch, a.p, a.size, NSVM_PAGE_WORDS, NSVM_SEED, "all of it");
	unwatch(&w);
	igt_assert_eq((int)w.served, (int)(half / NSVM_PAGE));
	nsvm_area_del(&a);
}

int igt_main()
{
	igt_fixture()
		nsvm_require(&svm);

	for (unsigned int i = 0; i < ARRAY_SIZE(sections); i++)
		for (unsigned int place = 0; place < NR_PLACES; place++)
			for (unsigned int pages = 0; pages < NSVM_NR_PAGES; pages++)
				igt_subtest_f("%s-%s-%s", sections[i].name, place_names[place],
					      nsvm_pages_name(pages))
					test_exec(&sections[i], place, pages);
	for (unsigned int place = IN_RAM; place <= IN_VRAM; place++)
		igt_subtest_f("userfaultfd-%s", place_names[place])
			test_userfaultfd(place);

	igt_fixture() {
		nsvm_channel_close(&ch);
		nsvm_close(&svm);
	}
}
