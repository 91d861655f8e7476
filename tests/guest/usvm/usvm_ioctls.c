// SPDX-License-Identifier: MIT
/*
 * What the library asks of the driver, beside what a program by hand asks for the same
 * job: the same ioctls, as many, as large, with as many commands for the GPU.
 * Needs a Pascal GPU or its model, and this project's nouveau.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <drm/drm.h>
#include <drm/nouveau_drm.h>
#include <usvm.h>

#include "nv.h"
#include "tap.h"

#define SIZE	(8ul << 20)
#define LOG	64

/** struct asked - one ioctl of the driver */
struct asked {
	unsigned long request;
	uint32_t entries;	/* of a submission */
	uint32_t buffers;
	uint64_t bytes;		/* of commands */
};

static struct asked asked[LOG];
static unsigned int asked_count;
static unsigned int others;	/* ioctls of anything else */

static void note(unsigned long request, const void *arg)
{
	const struct drm_nouveau_gem_pushbuf *submit = arg;
	struct asked a = { .request = request };

	if (_IOC_TYPE(request) != DRM_IOCTL_BASE) {
		others++;
		return;
	}
	if (request == DRM_IOCTL_NOUVEAU_GEM_PUSHBUF) {
		const struct drm_nouveau_gem_pushbuf_push *push = (void *)(uintptr_t)submit->push;

		/* without commands: "is the channel alive?", every 5 ms of waiting */
		if (!submit->nr_push)
			return;
		a.entries = submit->nr_push;
		a.buffers = submit->nr_buffers;
		for (uint32_t i = 0; i < submit->nr_push; i++)
			a.bytes += push[i].length;
	}
	if (asked_count < LOG)
		asked[asked_count] = a;
	asked_count++;
}

/* Instead of the C library's: this program is static. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list list;
	void *arg;

	va_start(list, request);
	arg = va_arg(list, void *);
	va_end(list);
	note(request, arg);
	return (int)syscall(SYS_ioctl, fd, request, arg);
}

static void forget(void)
{
	memset(asked, 0, sizeof(asked));
	asked_count = others = 0;
}

/* ------------------------------------------------------------------- by hand */

static struct nv_device hand;
static struct nv_channel channel;
static struct drm_nouveau_gem_pushbuf_bo hand_buffers[2];

static int hand_bind(void *p, unsigned long target)
{
	struct drm_nouveau_svm_bind bind = {
		.header = (uint64_t)NOUVEAU_SVM_BIND_COMMAND__MIGRATE << NOUVEAU_SVM_BIND_COMMAND_SHIFT |
			  target << NOUVEAU_SVM_BIND_TARGET_SHIFT,
		.va_start = (uintptr_t)p,
		.va_end = (uintptr_t)p + SIZE,
		.npages = SIZE / 4096,
	};

	return ioctl(hand.fd, DRM_IOCTL_NOUVEAU_SVM_BIND, &bind);
}

static uint32_t header(uint32_t method, uint32_t count)
{
	return 1u << 29 | count << 16 | 4u << 13 | method >> 2;
}

/* A copy of one line, and a word that says that it is done. Any manual's example. */
static int hand_copy(void *dst, void *src)
{
	uint64_t d = (uintptr_t)dst, s = (uintptr_t)src, done = channel.fence.va;
	uint32_t words[] = {
		header(0x400, 8), (uint32_t)(s >> 32), (uint32_t)s, (uint32_t)(d >> 32), (uint32_t)d,
		SIZE, SIZE, SIZE, 1,
		header(0x300, 1), 0x186,
		header(0x010, 4), (uint32_t)(done >> 32), (uint32_t)done, 77, 2,
	};
	struct drm_nouveau_gem_pushbuf_push push = { .length = sizeof(words) };
	struct drm_nouveau_gem_pushbuf submit = {
		.channel = (uint32_t)channel.id, .nr_buffers = 2,
		.buffers = (uintptr_t)hand_buffers, .nr_push = 1, .push = (uintptr_t)&push,
	};
	volatile uint32_t *word = channel.fence.map;

	push.offset = 4096;	/* beyond what opening the channel wrote */
	memcpy((char *)channel.push.map + push.offset, words, sizeof(words));
	if (ioctl(hand.fd, DRM_IOCTL_NOUVEAU_GEM_PUSHBUF, &submit))
		return -errno;
	for (int i = 0; i < 20000 && *word != 77; i++)
		usleep(500);
	return *word == 77 ? 0 : -ETIMEDOUT;
}

static int hand_open(void)
{
	int err = nv_device_open(&hand, NULL);

	if (!err)
		err = nv_channel_open(&hand, &channel, NV_ENGINE_COPY);
	if (err)
		return err;
	hand_buffers[0].handle = channel.push.handle;
	hand_buffers[1].handle = channel.fence.handle;
	for (int i = 0; i < 2; i++) {
		hand_buffers[i].valid_domains = NOUVEAU_GEM_DOMAIN_GART;
		hand_buffers[i].read_domains = NOUVEAU_GEM_DOMAIN_GART;
	}
	hand_buffers[1].write_domains = NOUVEAU_GEM_DOMAIN_GART;
	err = nv_submit(&channel, NULL);	/* binds the copy engine's object */
	return err ? err : nv_wait(&channel, channel.issued, 10000000000ull);
}

static bool by_hand(void *a, void *b)
{
	return !hand_bind(a, NOUVEAU_SVM_BIND_TARGET__GPU_VRAM) &&
	       !hand_bind(b, NOUVEAU_SVM_BIND_TARGET__GPU_VRAM) && !hand_copy(b, a) && !hand_bind(b, 0 /* the CPU */);
}

static bool by_library(void *a, void *b)
{
	return !usvm_mem_prefetch(a, SIZE, 0) && !usvm_mem_prefetch(b, SIZE, 0) &&
	       !usvm_memcpy(b, a, SIZE) && !usvm_mem_prefetch(b, SIZE, USVM_HOST);
}

/* ------------------------------------------------------------------------- */

static void new_contents(char *a, char *b)
{
	for (size_t i = 0; i < SIZE; i++)
		a[i] = (char)(i * 7 >> 3);
	memset(b, 1, SIZE);
}

static void print_asked(const char *who, const struct asked *list, unsigned int n)
{
	for (unsigned int i = 0; i < n && i < LOG; i++)
		printf("# %s: ioctl %#lx, %lu bytes; %u entries, %u buffers, %llu bytes of commands\n", who,
		       _IOC_NR(list[i].request), (unsigned long)_IOC_SIZE(list[i].request),
		       list[i].entries, list[i].buffers, (unsigned long long)list[i].bytes);
}

int main(void)
{
	struct asked hand_asked[LOG];
	unsigned int hand_count;
	int query = 0;
	char *a, *b;

	setenv("USVM_DEVICE", "nouveau", 0);
	if (usvm_device_get_attribute(&query, USVM_ATTR_RESIDENCY_QUERY, 0) || !query || hand_open()) {
		printf("1..0 # SKIP no GPU that shares memory, or an unmodified nouveau\n");
		return 0;
	}
	usvm_malloc_managed((void **)&a, SIZE);
	usvm_malloc_managed((void **)&b, SIZE);
	/* a first copy opens the library's channel; by hand it is open as well */
	new_contents(a, b);
	tap_ok(by_library(a, b) && !memcmp(a, b, SIZE), "the job once, to open what is opened once");
	usvm_mem_prefetch(a, SIZE, USVM_HOST);

	new_contents(a, b);
	forget();
	tap_ok(by_hand(a, b), "to VRAM twice, a copy there, one back: by hand");
	memcpy(hand_asked, asked, sizeof(asked));
	hand_count = asked_count;
	tap_ok(!memcmp(a, b, SIZE), "is right");
	usvm_mem_prefetch(a, SIZE, USVM_HOST);

	new_contents(a, b);
	forget();
	tap_ok(by_library(a, b), "and by the library");
	tap_ok(asked_count == hand_count && asked_count == 4, "as many ioctls of the driver as by hand");
	tap_ok(!memcmp(hand_asked, asked, sizeof(asked)),
	       "the same ones: their sizes, entries, buffers and bytes of commands");
	if (memcmp(hand_asked, asked, sizeof(asked))) {
		print_asked("by hand", hand_asked, hand_count);
		print_asked("library", asked, asked_count);
	}
	printf("# beside them the library looks at the page tables: %u ioctls of /proc/self/pagemap\n", others);
	tap_ok(others <= 8, "and no more than two looks a call");
	tap_ok(!memcmp(a, b, SIZE), "is right, too");
	nv_channel_close(&channel);
	nv_device_close(&hand);
	return tap_done();
}
