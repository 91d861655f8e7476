// SPDX-License-Identifier: MIT
/*
 * The device: creation and end, register dispatch, and the regions by which a
 * transport reaches it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bar.h"
#include "diag.h"
#include "event.h"
#include "inject.h"
#include "mmu.h"
#include "pci.h"
#include "unit.h"

#define MIN_VRAM	(64ull << 20)
#define MAX_VRAM	(16ull << 30)
#define DEFAULT_VRAM	(512ull << 20)
#define NR_BAR0_WORDS	(GPU_BAR0_SIZE / 4)

u64 host_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000000ull + (u64)ts.tv_nsec;
}

void gpu_log(struct gpu *gpu, enum gpu_log_level level, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (!gpu->config.host.log && level > GPU_LOG_WARN)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (gpu->config.host.log)
		gpu->config.host.log(gpu->config.host.ctx, level, text);
	else
		fprintf(stderr, "gpu-model: %s\n", text);
}

/* splitmix64: any seed is good, the state is one word. */
u64 random_next(u64 *state, u64 bound)
{
	u64 z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	z ^= z >> 31;
	return bound ? z % bound : z;
}

u64 gpu_random(struct gpu *gpu, u64 bound)
{
	return random_next(&gpu->random_state, bound);
}

/* ------------------------------------------------------------------ options */

const char *gpu_option(const struct gpu *gpu, const char *key, const char *fallback)
{
	for (size_t i = 0; i < gpu->config.nr_options; i++) {
		if (!strcmp(gpu->config.options[i].key, key))
			return gpu->config.options[i].value;
	}
	return fallback;
}

u64 gpu_option_u64(const struct gpu *gpu, const char *key, u64 fallback)
{
	const char *value = gpu_option(gpu, key, NULL);
	char *end;
	u64 v;

	if (!value)
		return fallback;
	errno = 0;
	v = strtoull(value, &end, 0);
	return errno || end == value || *end ? fallback : v;
}

static void free_options(struct gpu *gpu)
{
	struct gpu_option *o = (struct gpu_option *)gpu->config.options;

	for (size_t i = 0; o && i < gpu->config.nr_options; i++) {
		free((char *)o[i].key);
		free((char *)o[i].value);
	}
	free(o);
	gpu->config.options = NULL;
	gpu->config.nr_options = 0;
}

static int copy_options(struct gpu *gpu, const struct gpu_config *config)
{
	struct gpu_option *o = calloc(config->nr_options + 1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	gpu->config.options = o;
	gpu->config.nr_options = config->nr_options;
	for (size_t i = 0; i < config->nr_options; i++) {
		o[i].key = strdup(config->options[i].key);
		o[i].value = strdup(config->options[i].value);
		if (!o[i].key || !o[i].value)
			return -ENOMEM;
	}
	return 0;
}

/* ---------------------------------------------------------------- registers */

static bool for_this_chip(const struct gpu *gpu, const struct gpu_reg *r)
{
	switch (r->flags & (REG_GP104 | REG_GP100)) {
	case REG_GP104:
		return gpu->chip->id == CHIP_GP104;
	case REG_GP100:
		return gpu->chip->id == CHIP_GP100;
	}
	return true;
}

static u32 reg_nr(const struct gpu_reg *r)
{
	return r->count ? r->count : 1;
}

static u32 reg_addr(const struct gpu_reg *r, u32 i)
{
	return r->addr + i * (r->stride ? r->stride : 4);
}

/* Enters one table. Fallback ranges go first, so that single registers write over them. */
static int enter_table(struct gpu *gpu, const struct gpu_unit *unit, bool fallback, char *error,
		       size_t error_size)
{
	for (size_t n = 0; n < unit->nr_regs; n++) {
		const struct gpu_reg *r = &unit->regs[n];

		if (!!(r->flags & REG_FALLBACK) != fallback || !for_this_chip(gpu, r))
			continue;
		gpu->reg[gpu->nr_reg] = r;
		for (u32 i = 0; i < reg_nr(r); i++) {
			u32 a = reg_addr(r, i);
			u16 *slot;

			if (a >= GPU_BAR0_SIZE || a & 3) {
				snprintf(error, error_size, "%s: bad register address %x", r->name, a);
				return -EINVAL;
			}
			slot = &gpu->reg_index[a / 4];
			if (*slot && (gpu->reg[*slot]->flags & REG_FALLBACK) == (r->flags & REG_FALLBACK)) {
				snprintf(error, error_size, "register %06x is both %s and %s", a,
					 gpu->reg[*slot]->name, r->name);
				return -EEXIST;
			}
			*slot = (u16)gpu->nr_reg;
		}
		gpu->nr_reg++;
	}
	return 0;
}

static int enter_tables(struct gpu *gpu, char *error, size_t error_size)
{
	size_t total = 1;
	int r = 0;

	for (int i = 0; gpu_units[i]; i++)
		total += gpu_units[i]->nr_regs;
	gpu->reg = total <= UINT16_MAX ? calloc(total, sizeof(*gpu->reg)) : NULL;
	if (!gpu->reg)
		return -ENOMEM;
	gpu->nr_reg = 1;
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; !r && gpu_units[i]; i++)
			r = enter_table(gpu, gpu_units[i], pass == 0, error, error_size);
	}
	return r;
}

static const struct gpu_reg *reg_find(const struct gpu *gpu, u32 addr)
{
	u16 i = gpu->reg_index[addr / 4];

	return i ? gpu->reg[i] : NULL;
}

u32 reg_read_zero(struct gpu *gpu, u32 addr)
{
	(void)gpu;
	(void)addr;
	return 0;
}

u32 gpu_reg_read(struct gpu *gpu, u32 addr)
{
	const struct gpu_reg *r = reg_find(gpu, addr);
	u32 v = r && r->rd ? r->rd(gpu, addr) : reg_get(gpu, addr);

	if (!r)
		diag_unmodelled(gpu, addr, false, v);
	return v;
}

void gpu_reg_write(struct gpu *gpu, u32 addr, u32 value)
{
	const struct gpu_reg *r = reg_find(gpu, addr);

	if (!r)
		diag_unmodelled(gpu, addr, true, value);
	else if (r->wr) {
		r->wr(gpu, addr, value);
		return;
	} else if (r->flags & REG_RO) {
		return;
	}
	reg_set(gpu, addr, value);
}

const char *gpu_reg_name(const struct gpu *gpu, u32 addr, char *buf, size_t size)
{
	const struct gpu_reg *r = addr < GPU_BAR0_SIZE ? reg_find(gpu, addr & ~3u) : NULL;

	if (!r)
		snprintf(buf, size, "?");
	else if (reg_nr(r) > 1)
		snprintf(buf, size, "%s[%u]", r->name,
			 ((addr & ~3u) - r->addr) / (r->stride ? r->stride : 4));
	else
		snprintf(buf, size, "%s", r->name);
	return buf;
}

/* ------------------------------------------------------------ life and death */

static void reset_locked(struct gpu *gpu)
{
	event_cancel_all(gpu);
	madvise(gpu->regs, GPU_BAR0_SIZE, MADV_DONTNEED);	/* private and anonymous: reads 0 again */
	for (u32 n = 1; n < gpu->nr_reg; n++) {
		const struct gpu_reg *r = gpu->reg[n];

		for (u32 i = 0; r->reset && i < reg_nr(r); i++)
			reg_set(gpu, reg_addr(r, i), r->reset);
	}
	for (int i = 0; gpu_units[i]; i++) {
		if (gpu_units[i]->reset)
			gpu_units[i]->reset(gpu);
	}
	mmu_invalidate(gpu, true, false, APERTURE_VRAM, 0);
}

void gpu_reset(struct gpu *gpu)
{
	gpu_lock(gpu);
	gpu_log(gpu, GPU_LOG_INFO, "reset");
	reset_locked(gpu);
	gpu_unlock(gpu);
}

static void *reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int create_vram(struct gpu *gpu)
{
	gpu->vram_fd = memfd_create("gpu-vram", MFD_CLOEXEC);
	if (gpu->vram_fd < 0 || ftruncate(gpu->vram_fd, (off_t)gpu->vram_size))
		return -errno;
	gpu->vram = mmap(NULL, gpu->vram_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
			 gpu->vram_fd, 0);
	if (gpu->vram == MAP_FAILED) {
		gpu->vram = NULL;
		return -errno;
	}
	return 0;
}

static void create_locks(struct gpu *gpu)
{
	pthread_rwlockattr_t attr;

	pthread_mutex_init(&gpu->lock, NULL);
	pthread_rwlockattr_init(&attr);
	/* An invalidate must not wait for ever behind engines that come and go. */
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&gpu->access, &attr);
	pthread_rwlockattr_destroy(&attr);
}

/* Frees what there is; called with as much of it made as creation got to. */
static void destroy(struct gpu *gpu, int nr_units)
{
	for (int i = nr_units - 1; i >= 0; i--) {
		if (gpu_units[i]->stop)
			gpu_units[i]->stop(gpu);
	}
	if (gpu->events)
		event_stop(gpu);
	for (int i = nr_units - 1; i >= 0; i--) {
		if (gpu_units[i]->fini)
			gpu_units[i]->fini(gpu);
	}
	event_fini(gpu);
	diag_fini(gpu);
	if (gpu->vram)
		munmap(gpu->vram, gpu->vram_size);
	if (gpu->vram_fd >= 0)
		close(gpu->vram_fd);
	if (gpu->regs)
		munmap(gpu->regs, GPU_BAR0_SIZE);
	if (gpu->reg_index)
		munmap(gpu->reg_index, NR_BAR0_WORDS * sizeof(*gpu->reg_index));
	free(gpu->reg);
	free_options(gpu);
	pthread_rwlock_destroy(&gpu->access);
	pthread_mutex_destroy(&gpu->lock);
	free(gpu);
}

static bool config_is_good(struct gpu *gpu, const struct gpu_config *config, char *error, size_t size)
{
	gpu->chip = gpu_chip_find(config->chip);
	if (!gpu->chip) {
		snprintf(error, size, "no chip is called \"%s\"", config->chip);
		return false;
	}
	gpu->vram_size = config->vram_bytes ? config->vram_bytes : DEFAULT_VRAM;
	if (gpu->vram_size < MIN_VRAM || gpu->vram_size > MAX_VRAM || gpu->vram_size & 0xfffff) {
		snprintf(error, size, "VRAM must be 64 MiB to 16 GiB, in whole MiB");
		return false;
	}
	return true;
}

struct gpu *gpu_create(const struct gpu_config *config, char *error, size_t error_size)
{
	struct gpu *gpu = calloc(1, sizeof(*gpu));
	char reason[160] = "";
	int nr = 0, r;

	if (!gpu) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	gpu->vram_fd = -1;
	create_locks(gpu);
	gpu->config.host = config->host;
	gpu->config.seed = gpu->random_state = config->seed;
	r = config_is_good(gpu, config, reason, sizeof(reason)) ? 0 : -EINVAL;
	if (!r)
		r = copy_options(gpu, config);
	if (!r) {
		gpu->regs = reserve(GPU_BAR0_SIZE);
		gpu->reg_index = reserve(NR_BAR0_WORDS * sizeof(*gpu->reg_index));
		r = gpu->regs && gpu->reg_index ? 0 : -ENOMEM;
	}
	if (!r)
		r = enter_tables(gpu, reason, sizeof(reason));
	if (!r)
		r = create_vram(gpu);
	if (!r)
		r = diag_init(gpu);
	if (!r)
		r = event_init(gpu);
	gpu_lock(gpu);
	for (; !r && gpu_units[nr]; nr++) {
		if (gpu_units[nr]->init)
			r = gpu_units[nr]->init(gpu);
		if (r)
			snprintf(reason, sizeof(reason), "%s: %s", gpu_units[nr]->name, strerror(-r));
	}
	if (!r)
		reset_locked(gpu);
	gpu_unlock(gpu);
	if (!r)
		return gpu;
	if (error)
		snprintf(error, error_size, "%s", reason[0] ? reason : strerror(-r));
	destroy(gpu, nr);
	return NULL;
}

void gpu_destroy(struct gpu *gpu)
{
	int nr = 0;

	if (!gpu)
		return;
	while (gpu_units[nr])
		nr++;
	destroy(gpu, nr);
}

/* ------------------------------------------------------------------- regions */

u64 gpu_region_size(const struct gpu *gpu, u32 region)
{
	(void)gpu;
	switch (region) {
	case GPU_BAR0:
		return GPU_BAR0_SIZE;
	case GPU_BAR1:
		return GPU_BAR1_SIZE;
	case GPU_BAR2:
		return GPU_BAR2_SIZE;
	case GPU_CONFIG:
		return GPU_CONFIG_SIZE;
	}
	return 0;
}

static u32 bar0_read(struct gpu *gpu, u32 addr)
{
	u32 v = gpu_reg_read(gpu, addr);

	counter_inc(gpu, CTR_REG_READS);
	diag_read(gpu, addr, v);
	return v;
}

static void bar0_write(struct gpu *gpu, u32 addr, u32 value)
{
	counter_inc(gpu, CTR_REG_WRITES);
	diag_progress(gpu);
	gpu_reg_write(gpu, addr, value);
}

/* How much of an access lies in the aligned word that holds its first byte. */
static u32 in_word(u64 offset, u32 len)
{
	u32 n = 4 - (u32)(offset & 3);

	return n < len ? n : len;
}

static void bar0_access(struct gpu *gpu, u32 offset, u8 *buf, u32 len, bool write)
{
	while (len) {
		u32 n = in_word(offset, len), addr = offset & ~3u, v;

		if (!write) {
			v = bar0_read(gpu, addr);
			memcpy(buf, (u8 *)&v + (offset & 3), n);
		} else {
			v = n == 4 ? 0 : reg_get(gpu, addr);	/* byte enables: the rest stays */
			memcpy((u8 *)&v + (offset & 3), buf, n);
			bar0_write(gpu, addr, v);
		}
		offset += n;
		buf += n;
		len -= n;
	}
}

static int region_access(struct gpu *gpu, u32 region, u64 offset, u8 *buf, u32 len, bool write)
{
	u64 size = gpu_region_size(gpu, region);

	if (offset > size || len > size - offset)
		return -EINVAL;
	gpu_lock(gpu);
	if (inject_removed(gpu)) {
		if (!write)
			memset(buf, 0xff, len);
		gpu_unlock(gpu);
		return 0;
	}
	switch (region) {
	case GPU_BAR0:
		bar0_access(gpu, (u32)offset, buf, len, write);
		break;
	case GPU_BAR1:
	case GPU_BAR2:
		diag_progress(gpu);
		bar_access(gpu, region == GPU_BAR1 ? 1 : 2, offset, buf, len, write);
		break;
	case GPU_CONFIG:
		pci_config_access(gpu, (u32)offset, buf, len, write);
		break;
	}
	gpu_unlock(gpu);
	return 0;
}

int gpu_region_read(struct gpu *gpu, u32 region, u64 offset, void *buf, u32 len)
{
	memset(buf, 0, len);
	return region_access(gpu, region, offset, buf, len, false);
}

int gpu_region_write(struct gpu *gpu, u32 region, u64 offset, const void *buf, u32 len)
{
	return region_access(gpu, region, offset, (u8 *)buf, len, true);
}

void gpu_dma_change_begin(struct gpu *gpu)
{
	pthread_rwlock_wrlock(&gpu->access);
}

void gpu_dma_change_end(struct gpu *gpu)
{
	pthread_rwlock_unlock(&gpu->access);
}
