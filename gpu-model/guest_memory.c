// SPDX-License-Identifier: MIT
#include "guest_memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "memory_guard.h"
#include "vfio_user_wire.h"

struct range {
	uint64_t iova, size;
	uint8_t *host;		/* NULL: memory that is not shared with us */
	struct guarded *guard;	/* of @host */
	bool writable;
};

struct guest_memory {
	pthread_rwlock_t lock;	/* protects the table below */
	struct range *range;	/* sorted by address, without overlaps */
	unsigned int nr;
	unsigned int room;
};

struct guest_memory *guest_memory_new(void)
{
	struct guest_memory *gm = calloc(1, sizeof(*gm));
	pthread_rwlockattr_t attr;

	if (!gm)
		return NULL;
	/* An unmap must not starve behind engines that copy without a pause. */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&gm->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return gm;
}

void guest_memory_free(struct guest_memory *gm)
{
	if (!gm)
		return;
	guest_memory_unmap_all(gm);
	pthread_rwlock_destroy(&gm->lock);
	free(gm->range);
	free(gm);
}

/* Index of the first range that ends above @iova. */
static unsigned int first_above(const struct guest_memory *gm, uint64_t iova)
{
	unsigned int lo = 0, hi = gm->nr;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (gm->range[mid].iova + (gm->range[mid].size - 1) < iova)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool sane(uint64_t start, uint64_t size)
{
	return size && !((start | size) & (VFIO_USER_PAGE_SIZE - 1)) &&
	       start + (size - 1) >= start;
}

static int map_file(struct range *r, int fd, uint64_t offset)
{
	int prot = PROT_READ | (r->writable ? PROT_WRITE : 0);
	struct stat st;
	void *p;

	if (!sane(offset, r->size) || offset > INT64_MAX || r->size > INT64_MAX - offset)
		return -EINVAL;
	if (fstat(fd, &st))
		return -errno;
	/* Beyond the end of the file an access would be a SIGBUS. */
	if (S_ISREG(st.st_mode) && offset + r->size > (uint64_t)st.st_size)
		return -EINVAL;
	p = mmap(NULL, r->size, prot, MAP_SHARED, fd, (off_t)offset);
	if (p == MAP_FAILED)
		return -errno;
	/* It is long enough now; whoever holds the file may still cut it. */
	r->guard = memory_guard(p, r->size);
	if (!r->guard) {
		munmap(p, r->size);
		return -ENOMEM;
	}
	r->host = p;
	return 0;
}

static void unmap_file(const struct range *r)
{
	if (!r->host)
		return;
	memory_unguard(r->guard);
	munmap(r->host, r->size);
}

static int insert(struct guest_memory *gm, const struct range *r)
{
	unsigned int at = first_above(gm, r->iova);

	if (at < gm->nr && gm->range[at].iova <= r->iova + (r->size - 1))
		return -EEXIST;
	if (gm->nr == VFIO_USER_MAX_DMA_MAPS)
		return -ENOSPC;
	if (gm->nr == gm->room) {
		unsigned int room = gm->room ? 2 * gm->room : 64;
		struct range *bigger = realloc(gm->range, room * sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		gm->range = bigger;
		gm->room = room;
	}
	memmove(gm->range + at + 1, gm->range + at, (gm->nr - at) * sizeof(*r));
	gm->range[at] = *r;
	gm->nr++;
	return 0;
}

int guest_memory_map(struct guest_memory *gm, uint64_t iova, uint64_t size,
		     int fd, uint64_t offset, bool writable)
{
	struct range r = { .iova = iova, .size = size, .writable = writable };
	int error;

	if (!sane(iova, size))
		return -EINVAL;
	if (fd >= 0) {
		error = map_file(&r, fd, offset);
		if (error)
			return error;
	}
	pthread_rwlock_wrlock(&gm->lock);
	error = insert(gm, &r);
	pthread_rwlock_unlock(&gm->lock);
	if (error)
		unmap_file(&r);
	return error;
}

static void drop(struct guest_memory *gm, unsigned int first, unsigned int last)
{
	for (unsigned int i = first; i < last; i++)
		unmap_file(&gm->range[i]);
	memmove(gm->range + first, gm->range + last, (gm->nr - last) * sizeof(*gm->range));
	gm->nr -= last - first;
}

int guest_memory_unmap(struct guest_memory *gm, uint64_t iova, uint64_t size)
{
	uint64_t end = iova + (size - 1);
	unsigned int first, last;
	int error = 0;

	if (!sane(iova, size))
		return -EINVAL;
	pthread_rwlock_wrlock(&gm->lock);
	first = first_above(gm, iova);
	for (last = first; last < gm->nr && gm->range[last].iova <= end; last++) {
		const struct range *r = &gm->range[last];

		if (r->iova < iova || r->iova + (r->size - 1) > end)
			error = -EINVAL;
	}
	if (!error && first == last)
		error = -ENOENT;
	if (!error)
		drop(gm, first, last);
	pthread_rwlock_unlock(&gm->lock);
	return error;
}

void guest_memory_unmap_all(struct guest_memory *gm)
{
	pthread_rwlock_wrlock(&gm->lock);
	if (gm->nr)
		drop(gm, 0, gm->nr);
	pthread_rwlock_unlock(&gm->lock);
}

void guest_memory_lock(struct guest_memory *gm)
{
	pthread_rwlock_rdlock(&gm->lock);
}

void guest_memory_unlock(struct guest_memory *gm)
{
	pthread_rwlock_unlock(&gm->lock);
}

void *guest_memory_ptr(struct guest_memory *gm, uint64_t iova, size_t len, bool write)
{
	unsigned int i = first_above(gm, iova);
	const struct range *r;

	if (i == gm->nr)
		return NULL;
	r = &gm->range[i];
	if (iova < r->iova || len > r->size - (iova - r->iova))
		return NULL;
	if (!r->host || (write && !r->writable) || memory_guard_lost(r->guard))
		return NULL;
	return r->host + (iova - r->iova);
}

static int copy(struct guest_memory *gm, uint64_t iova, void *to, const void *from, size_t len)
{
	int error = 0;

	if (len && iova + (len - 1) < iova)
		return -EFAULT;		/* it does not go on at 0 */
	guest_memory_lock(gm);
	while (len) {
		size_t n = VFIO_USER_PAGE_SIZE - (iova & (VFIO_USER_PAGE_SIZE - 1));
		uint8_t *p;

		if (n > len)
			n = len;
		p = guest_memory_ptr(gm, iova, n, from != NULL);
		if (!p) {
			error = -EFAULT;
			break;
		}
		if (from) {
			memcpy(p, from, n);
			from = (const uint8_t *)from + n;
		} else {
			memcpy(to, p, n);
			to = (uint8_t *)to + n;
		}
		if (!guest_memory_ptr(gm, iova, n, from != NULL)) {
			error = -EFAULT;	/* it was lost meanwhile */
			break;
		}
		iova += n;
		len -= n;
	}
	guest_memory_unlock(gm);
	return error;
}

int guest_memory_read(struct guest_memory *gm, uint64_t iova, void *buf, size_t len)
{
	return copy(gm, iova, buf, NULL, len);
}

int guest_memory_write(struct guest_memory *gm, uint64_t iova, const void *buf, size_t len)
{
	return copy(gm, iova, NULL, buf, len);
}

unsigned int guest_memory_ranges(struct guest_memory *gm, unsigned int *shared, unsigned int *lost)
{
	unsigned int nr;

	guest_memory_lock(gm);
	nr = gm->nr;
	*shared = *lost = 0;
	for (unsigned int i = 0; i < nr; i++) {
		*shared += gm->range[i].host != NULL;
		*lost += gm->range[i].host && memory_guard_lost(gm->range[i].guard);
	}
	guest_memory_unlock(gm);
	return nr;
}
