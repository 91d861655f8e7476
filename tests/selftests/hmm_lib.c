// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "hmm_lib.h"

#define THP_DIR		"/sys/kernel/mm/transparent_hugepage"
#define CGROUP_DIR	"/sys/fs/cgroup"

/* --- regions ------------------------------------------------------------ */

/*
 * The guards keep the kernel from merging the region's VMA with a neighbour,
 * and turn a step beyond its end into a fault.
 */
int region_map(struct region *r, size_t npages)
{
	size_t size = npages * PAGE;

	r->map_size = size + 3 * BLOCK;
	r->map = mmap(NULL, r->map_size, PROT_NONE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r->map == MAP_FAILED)
		return -errno;
	r->addr = (char *)(((uintptr_t)r->map + 2 * BLOCK - 1) & ~(BLOCK - 1));
	r->npages = npages;
	r->seed = 0;
	if (mprotect(r->addr, size, PROT_READ | PROT_WRITE))
		return -errno;
	return madvise(r->addr, size, MADV_HUGEPAGE) ? -errno : 0;
}

/*
 * Part of a region as new: without a page table left, if it is all of a block,
 * which would keep a huge page out.
 */
int region_renew(char *addr, size_t npages)
{
	if (mmap(addr, npages * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -errno;
	return madvise(addr, npages * PAGE, MADV_HUGEPAGE) ? -errno : 0;
}

void region_unmap(struct region *r)
{
	if (r->map)
		munmap(r->map, r->map_size);
	r->map = NULL;
}

static uint64_t pattern(uint64_t seed, size_t page, size_t word)
{
	if (!seed)
		return 0;
	return seed * 0x9e3779b97f4a7c15ULL + page * WORDS + word;
}

/* Page number @first + i of the pattern goes to page @first + i of @addr. */
void pages_fill(char *addr, size_t first, size_t npages, uint64_t seed)
{
	size_t page, word;

	for (page = first; page < first + npages; page++) {
		volatile uint64_t *p = (uint64_t *)(addr + page * PAGE);

		for (word = 0; word < WORDS; word++)
			p[word] = pattern(seed, page, word);
	}
}

/* The first page that does not hold the pattern, or -1. */
ssize_t pages_differ(const char *addr, size_t first, size_t npages,
		     uint64_t seed)
{
	size_t page, word;

	for (page = first; page < first + npages; page++) {
		const volatile uint64_t *p =
			(const uint64_t *)(addr + page * PAGE);

		for (word = 0; word < WORDS; word++) {
			if (p[word] != pattern(seed, page, word))
				return page;
		}
	}
	return -1;
}

/* --- the test driver ---------------------------------------------------- */

int dev_open(int minor)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/hmm_dmirror%d", minor);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int dev_ioctl(int fd, unsigned long request, void *arg)
{
	while (ioctl(fd, request, arg) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* Whether the driver knows folios of more than one page; that of 6.12 does not. */
bool dev_has_orders(int fd)
{
	struct hmm_dmirror_orders orders = {};

	return !dev_ioctl(fd, HMM_DMIRROR_ORDERS, &orders);
}

int dev_cmd(int fd, unsigned long request, void *addr, size_t npages, void *ptr,
	    uint64_t *cpages)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)addr,
		.ptr = (uintptr_t)ptr,
		.npages = npages,
	};
	int ret = dev_ioctl(fd, request, &cmd);

	if (cpages)
		*cpages = cmd.cpages;
	return ret;
}

/*
 * Returns 0 only if every page is on the device afterwards. @copy receives what
 * the device reads there, or is NULL.
 */
int dev_migrate_in(int fd, void *addr, size_t npages, void *copy)
{
	void *buffer = copy ? copy : malloc(npages * PAGE);
	uint64_t cpages;
	int ret;

	if (!buffer)
		return -ENOMEM;
	ret = dev_cmd(fd, HMM_DMIRROR_MIGRATE_TO_DEV, addr, npages, buffer,
		      &cpages);
	if (!copy)
		free(buffer);
	if (!ret && cpages != npages)
		ret = -ENODATA;
	return ret;
}

int dev_migrate_out(int fd, void *addr, size_t npages, uint64_t *cpages)
{
	return dev_cmd(fd, HMM_DMIRROR_MIGRATE_TO_SYS, addr, npages, NULL,
		       cpages);
}

int dev_pages(int fd, void *addr, size_t npages, struct hmm_dmirror_page *info)
{
	return dev_cmd(fd, HMM_DMIRROR_PAGES, addr, npages, info, NULL);
}

int dev_orders(int fd, uint32_t to_dev, uint32_t to_sys)
{
	struct hmm_dmirror_orders orders = {
		.to_dev = to_dev,
		.to_sys = to_sys,
	};

	return dev_ioctl(fd, HMM_DMIRROR_ORDERS, &orders);
}

int dev_inject(int fd, uint32_t side, uint32_t orders, uint64_t skip,
	       uint64_t count, uint64_t *fired)
{
	struct hmm_dmirror_inject inject = {
		.side = side,
		.orders = orders,
		.skip = skip,
		.count = count,
	};
	int ret = dev_ioctl(fd, HMM_DMIRROR_INJECT, &inject);

	if (fired)
		*fired = inject.fired;
	return ret;
}

int dev_evict(int fd, uint32_t to_sys, struct hmm_dmirror_evict *evict)
{
	evict->to_sys = to_sys;
	evict->passes = 3;
	return dev_ioctl(fd, HMM_DMIRROR_EVICT, evict);
}

int dev_stats(int fd, struct hmm_dmirror_stats *stats)
{
	return dev_ioctl(fd, HMM_DMIRROR_STATS, stats);
}

/* --- /proc and /sys ----------------------------------------------------- */

int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int ret = 0;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int read_number(const char *path, long *value)
{
	FILE *f = fopen(path, "re");
	int n;

	if (!f)
		return -errno;
	n = fscanf(f, "%ld", value);
	fclose(f);
	return n == 1 ? 0 : -EIO;
}

static int thp_set_size(const char *dir, const char *mode)
{
	char path[512];

	snprintf(path, sizeof(path), THP_DIR "/%s/enabled", dir);
	return write_text(path, mode);
}

/*
 * khugepaged would change under the tests what they have made. To be told how
 * long to sleep wakes it for a last round, so it is told once, and given time
 * for that.
 */
static int khugepaged_keep_away(void)
{
	static const char path[] = THP_DIR "/khugepaged/scan_sleep_millisecs";
	const long hour = 3600000;
	long now;
	int ret;

	ret = read_number(path, &now);
	if (ret || now == hour)
		return ret;
	ret = write_text(path, "3600000");
	usleep(200000);
	return ret;
}

/*
 * From now on regions come in folios of @order, and in single pages where that
 * does not fit; the heap and the stack do not, so that what is counted is the
 * region's. khugepaged is kept away.
 */
int thp_only(unsigned int order)
{
	unsigned int kb, want = 4U << order;
	struct dirent *entry;
	bool found = !order;
	DIR *dir;
	int ret;

	ret = khugepaged_keep_away();
	if (!ret)
		ret = write_text(THP_DIR "/defrag", "always");
	if (ret)
		return ret;
	dir = opendir(THP_DIR);
	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "hugepages-%ukB", &kb) != 1)
			continue;
		if (order && kb == want) {
			ret = thp_set_size(entry->d_name, "madvise");
			found = true;
		} else {
			ret = thp_set_size(entry->d_name, "never");
			if (ret == -ENOENT)	/* a size for files only */
				ret = 0;
		}
	}
	closedir(dir);
	if (!ret && !found)
		ret = -ENOENT;
	return ret;
}

/* The number behind "FIELD:" in a file like /proc/self/status; -1 if not there */
long proc_field_kb(const char *path, const char *field)
{
	size_t len = strlen(field);
	long value = -1;
	char line[256];
	FILE *f;

	f = fopen(path, "re");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, field, len) && line[len] == ':') {
			value = strtol(line + len + 1, NULL, 10);
			break;
		}
	}
	fclose(f);
	return value;
}

/* The count of an event; -1 if this kernel does not count it. */
long vmstat(const char *event)
{
	long value = -1, count;
	char name[64];
	FILE *f;

	f = fopen("/proc/vmstat", "re");
	if (!f)
		return -1;
	while (fscanf(f, "%63s %ld", name, &count) == 2) {
		if (!strcmp(name, event)) {
			value = count;
			break;
		}
	}
	fclose(f);
	return value;
}

int pagemap_read(const void *addr, struct pagemap_entry *entry)
{
	uint64_t word;
	ssize_t n;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = pread(fd, &word, sizeof(word),
		  (uintptr_t)addr / PAGE * sizeof(word));
	close(fd);
	if (n != sizeof(word))
		return -EIO;

	entry->present = word >> 63 & 1;
	entry->swap = word >> 62 & 1;
	entry->uffd_wp = word >> 57 & 1;
	entry->soft_dirty = word >> 55 & 1;
	entry->pfn = word & ((1ULL << 55) - 1);
	if (entry->swap)
		entry->pfn >>= 5;	/* the low bits are the swap type */
	else if (!entry->present)
		entry->pfn = 0;
	return 0;
}

/* --- memory control groups ---------------------------------------------- */

static void memcg_path(char *path, size_t size, const char *name,
		       const char *file)
{
	snprintf(path, size, CGROUP_DIR "/%s%s%s", name, *file ? "/" : "", file);
}

/* Move this process into a new group of its own. */
int memcg_enter(const char *name)
{
	char path[512], pid[16];
	int ret;

	ret = write_text(CGROUP_DIR "/cgroup.subtree_control", "+memory");
	if (ret)
		return ret;
	memcg_path(path, sizeof(path), name, "");
	if (mkdir(path, 0755))
		return -errno;
	memcg_path(path, sizeof(path), name, "cgroup.procs");
	snprintf(pid, sizeof(pid), "%d", getpid());
	return write_text(path, pid);
}

/* Bytes charged to the group. */
long memcg_current(const char *name)
{
	char path[512];
	long value;
	int ret;

	memcg_path(path, sizeof(path), name, "memory.current");
	ret = read_number(path, &value);
	return ret ? ret : value;
}

int memcg_remove(const char *name)
{
	char path[512];

	memcg_path(path, sizeof(path), name, "");
	return rmdir(path) ? -errno : 0;
}

double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}
