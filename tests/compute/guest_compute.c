// SPDX-License-Identifier: MIT
/*
 * Compute through the real driver: exact machine code on ordinary memory of the
 * process, whose pages the GPU touches first, second, and after they moved.
 *
 * For a guest with the model, or a machine with a Pascal card. Kernels are
 * assembled here; arguments are raw pointers.
 *
 *	guest-compute [ELEMENTS [huge]]
 *
 * "huge": nothing but vectors on huge pages, for numbers.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "nv_compute.h"
#include "sm_isa.h"

#define CODE_BYTES	0x10000u
#define KERNEL_BYTES	0x1000u
#define BLOCK		64u
#define WAIT_NS		60000000000ull
#define HUGE		(2ul << 20)

enum { STORE, VADD, COUNT, WALK, SPIN, ILLEGAL, NR_KERNELS };

/* r0: number of the element, beyond the last one: exit. Arguments: three pointers, a number. */
#define HEAD \
	"s2r r1, sr_ctaid.x\n" \
	"s2r r2, sr_tid.x\n" \
	"xmad r0, r1, c[0x7][0x100], r2\n" \
	"isetp.ge.u32.and p0, pt, r0, c[0x0][0x18], pt\n" \
	"@p0 exit\n" \
	"shl r3, r0, 0x2\n"

#define POINTER(reg, next, arg, arg_hi) \
	"iadd.cc " reg ", r3, c[0x0][" arg "]\n" \
	"mov " next ", c[0x0][" arg_hi "]\n" \
	"iadd.x " next ", " next ", rz\n"

static const char *const source[NR_KERNELS] = {
	/* c[i] = i + 7 */
	[STORE] = HEAD POINTER("r8", "r9", "0x10", "0x14")
		"iadd r4, r0, 0x7\n"
		"st.e.32 [r8], r4\n"
		"exit\n",
	/* c[i] = a[i] * 2 + b[i], as f32 */
	[VADD] = HEAD POINTER("r4", "r5", "0x0", "0x4") POINTER("r6", "r7", "0x8", "0xc")
		POINTER("r8", "r9", "0x10", "0x14")
		"ld.e.32 r10, [r4]\n"
		"ld.e.32 r11, [r6]\n"
		"ffma r10, r10, 2.0, r11\n"
		"st.e.32 [r8], r10\n"
		"exit\n",
	/* c[a[i] & 255] += 1 */
	[COUNT] = HEAD POINTER("r4", "r5", "0x0", "0x4")
		"ld.e.32 r10, [r4]\n"
		"lop.and pt, r10, r10, 0xff\n"
		"shl r3, r10, 0x2\n"
		POINTER("r8", "r9", "0x10", "0x14")
		"mov32i r11, 0x1\n"
		"red.add.e.u32 [r8], r11\n"
		"exit\n",
	/* c[i] = sum over the list at a; a node is {next, value} */
	[WALK] = HEAD POINTER("r8", "r9", "0x10", "0x14")
		"mov r4, c[0x0][0x0]\n"
		"mov r5, c[0x0][0x4]\n"
		"mov r12, rz\n"
		"again:\n"
		"lop.or pt, r6, r4, r5\n"
		"isetp.eq.u32.and p0, pt, r6, rz, pt\n"
		"@p0 bra end\n"
		"ld.e.32 r6, [r4+0x8]\n"
		"iadd r12, r12, r6\n"
		"ld.e.64 r4, [r4]\n"
		"bra again\n"
		"end:\n"
		"iadd r12, r12, r0\n"
		"st.e.32 [r8], r12\n"
		"exit\n",
	/* integer work in registers: 1024 rounds */
	[SPIN] = HEAD POINTER("r8", "r9", "0x10", "0x14")
		"mov32i r4, 0x400\n"
		"mov r5, r0\n"
		"again:\n"
		"xmad r6, r5, 0x6255, r0\n"
		"lop.xor pt, r5, r6, r5\n"
		"shf.l.w r5, r5, 0x7, r5\n"
		"iadd r5, r5, 0x11\n"
		"iadd r4, r4, -0x1\n"
		"isetp.ne.u32.and p0, pt, r4, rz, pt\n"
		"@p0 bra again\n"
		"st.e.32 [r8], r5\n"
		"exit\n",
	[ILLEGAL] = HEAD POINTER("r8", "r9", "0x10", "0x14")
		"bpt 0x0\n"
		"st.e.32 [r8], r0\n"
		"exit\n",
};

static struct nv_device dev;
static struct nv_channel ch;
static struct nv_compute compute;
static struct nv_bo code;
static unsigned int tests, bad_tests;

static void ok(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %u - ", good ? "" : "not ", ++tests);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	bad_tests += !good;
}

static void bail(const char *what, int error)
{
	printf("Bail out! %s: %s\n", what, strerror(-error));
	exit(1);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void open_channel(void)
{
	int r = nv_channel_open(&dev, &ch, NV_ENGINE_GRAPHICS);

	if (r)
		bail("channel", r);
	r = nv_compute_open(&compute, &ch);
	if (r)
		bail("compute", r);
	nv_channel_use(&ch, &code);
}

static void close_channel(void)
{
	nv_compute_close(&compute);
	nv_channel_close(&ch);
}

static void load_kernels(void)
{
	char err[256];
	int r = nv_bo_new(&dev, &code, CODE_BYTES);

	if (r)
		bail("code", r);
	for (unsigned int k = 0; k < NR_KERNELS; k++) {
		uint64_t *at = (uint64_t *)((char *)code.map + k * KERNEL_BYTES);

		if (sm_asm(source[k], at, KERNEL_BYTES / 8, err, sizeof(err)) < 0) {
			printf("Bail out! kernel %u: %s\n", k, err);
			exit(1);
		}
	}
}

/* Runs a kernel on n elements; prints its time. */
static int launch(unsigned int kernel, const void *a, const void *b, void *c, uint32_t n, const char *what)
{
	const uint64_t args[4] = { (uintptr_t)a, (uintptr_t)b, (uintptr_t)c, n };
	const struct nv_grid grid = {
		.code = code.va, .entry = kernel * KERNEL_BYTES, .grid = { (n + BLOCK - 1) / BLOCK, 1, 1 },
		.block = { BLOCK, 1, 1 }, .registers = 16, .arguments = args,
		.arguments_size = sizeof(args),
	};
	double t = seconds();
	uint32_t seq;
	int r = nv_launch(&compute, &grid);

	if (!r)
		r = nv_submit(&ch, &seq);
	if (!r)
		r = nv_wait(&ch, seq, WAIT_NS);
	printf("# %s: %d, %.1f ms\n", what, r, 1e3 * (seconds() - t));
	fflush(stdout);
	return r;
}

static void *area(size_t size, int advice)
{
	char *p = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		bail("mmap", -errno);
	p = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
	madvise(p, size, advice);
	return p;
}

static uint32_t wrong_sums(const float *a, const float *b, const float *c, uint32_t n)
{
	uint32_t x = 0;

	for (uint32_t i = 0; i < n; i++)
		x += c[i] != a[i] * 2 + b[i];
	return x;
}

static void vector_tests(uint32_t n, int advice, const char *pages)
{
	float *a = area(4ul * n, advice), *b = area(4ul * n, advice), *c = area(4ul * n, advice);
	uint32_t *u = area(4ul * n, advice), x = 0;
	double t;
	int r = launch(STORE, NULL, NULL, u, n, "store to untouched memory");

	for (uint32_t i = 0; i < n; i++)
		x += u[i] != i + 7;
	ok(!r && !x, "%s: the GPU is the first to touch", pages);
	for (uint32_t i = 0; i < n; i++) {
		a[i] = i * 0.5f;
		b[i] = -(float)i;
	}
	r = launch(VADD, a, b, c, n, "vadd, first");
	ok(!r && !wrong_sums(a, b, c, n), "%s: vadd on memory of the CPU", pages);
	memset(c, 0, 4ul * n);
	r = launch(VADD, a, b, c, n, "vadd, second");
	ok(!r && !wrong_sums(a, b, c, n), "%s: vadd again", pages);
	r = nv_svm_bind(&dev, a, 4ul * n);
	r = r ? r : nv_svm_bind(&dev, b, 4ul * n);
	r = r ? r : nv_svm_bind(&dev, c, 4ul * n);
	ok(!r, "%s: moved to video memory", pages);
	r = launch(VADD, b, a, c, n, "vadd on video memory");
	t = seconds();
	x = wrong_sums(b, a, c, n);
	printf("# back by touching: %.1f ms\n", 1e3 * (seconds() - t));
	ok(!r && !x, "%s: vadd there, and back by touching", pages);
}

static void atomic_test(uint32_t n)
{
	uint32_t *a = malloc(4ul * n), *c = calloc(256, 4), sum = 0, x = 0;
	uint32_t want[256] = { 0 };
	int r;

	for (uint32_t i = 0; i < n; i++) {
		a[i] = i * 2654435761u >> 13;
		want[a[i] & 255]++;
	}
	r = launch(COUNT, a, NULL, c, n, "histogram");
	for (uint32_t i = 0; i < 256; i++) {
		sum += c[i];
		x += c[i] != want[i];
	}
	ok(!r && sum == n && !x, "atomics count everything once");
	free(a);
	free(c);
}

static void list_test(uint32_t nodes)
{
	struct node { struct node *next; uint64_t value; } *head = NULL;
	uint32_t *c = malloc(4 * BLOCK), want = 0, x = 0;
	int r;

	for (uint32_t i = 0; i < nodes; i++) {
		struct node *n = malloc(sizeof(*n) + (i * 37 & 4095));

		n->next = head;
		n->value = i * 77;
		want += i * 77;
		head = n;
	}
	r = launch(WALK, head, NULL, c, BLOCK, "list");
	for (uint32_t i = 0; i < BLOCK; i++)
		x += c[i] != want + i;
	ok(!r && !x, "a list of malloc'ed nodes");
	free(c);
	while (head) {
		struct node *next = head->next;

		free(head);
		head = next;
	}
}

static void error_tests(void)
{
	uint32_t *c = calloc(BLOCK, 4), x = 0;
	int r = launch(ILLEGAL, NULL, NULL, c, BLOCK, "illegal instruction");

	ok(!r && !c[1], "an illegal instruction ends its grid");
	r = launch(STORE, NULL, NULL, c, BLOCK, "store after it");
	ok(!r && c[1] == 8, "and the channel goes on");
	r = launch(STORE, NULL, NULL, (void *)0x123456000, BLOCK, "bad pointer");
	ok(r == -ENODEV, "a bad pointer is the end of its channel: %d", r);
	close_channel();
	open_channel();
	memset(c, 0, 4 * BLOCK);
	r = launch(STORE, NULL, NULL, c, BLOCK, "store on a new channel");
	for (uint32_t i = 0; i < BLOCK; i++)
		x += c[i] != i + 7;
	ok(!r && !x, "a new channel works");
	free(c);
}

int main(int argc, char **argv)
{
	uint32_t n = argc > 1 ? strtoul(argv[1], NULL, 0) : 65536;
	uint32_t *c;
	int r = nv_device_open(&dev, NULL);

	if (r) {
		printf("1..0 # SKIP %s: %s\n", dev.failed, strerror(-r));
		return 77;
	}
	load_kernels();
	open_channel();
	if (argc > 2) {
		vector_tests(n, MADV_HUGEPAGE, "huge pages");
		goto out;
	}
	vector_tests(n, MADV_NOHUGEPAGE, "small pages");
	vector_tests(n, MADV_HUGEPAGE, "huge pages");
	atomic_test(n);
	list_test(500);
	c = calloc(4096, 4);
	r = launch(SPIN, NULL, NULL, c, 4096, "integer kernel, 1 M warp instructions");
	ok(!r && c[1], "integer kernel");
	error_tests();
out:
	close_channel();
	nv_bo_del(&dev, &code);
	nv_device_close(&dev);
	printf("1..%u\n", tests);
	return bad_tests != 0;
}
