/* SPDX-License-Identifier: MIT */
#ifndef DMEM_GUEST_GPU_H
#define DMEM_GUEST_GPU_H
/*
 * What the guest tests of device memory share: nouveau by raw ioctls, one copy
 * channel, the driver's own numbers, patterns, and TAP.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <drm/drm.h>
#include <drm/nouveau_drm.h>

#define PAGE	4096ul
#define MTHP	(64ul << 10)
#define HUGE	(2ul << 20)

/* The uAPI that this driver adds; the system's header may be older. */
#ifndef NOUVEAU_SVM_BIND_TARGET__CPU
#define NOUVEAU_SVM_BIND_TARGET__CPU		0
#define NOUVEAU_SVM_BIND_COMMAND__POLICY	1
#define NOUVEAU_SVM_BIND_COMMAND__QUERY		2
#define NOUVEAU_SVM_BIND_COMMAND__FEATURES	3
#define NOUVEAU_SVM_BIND_POLICY__DEFAULT	0
#define NOUVEAU_SVM_BIND_POLICY__AUTO		1
#define NOUVEAU_SVM_BIND_POLICY__DEVICE		2
#define NOUVEAU_SVM_BIND_POLICY__HOST		3
#define NOUVEAU_SVM_BIND_FEATURE_MAPPED		(1ULL << 4)
#define NOUVEAU_SVM_EXTENT_NOWHERE		0
#define NOUVEAU_SVM_EXTENT_RAM			1
#define NOUVEAU_SVM_EXTENT_VRAM			2
struct drm_nouveau_svm_extent {
	__u64 va_start;
	__u64 va_end;
	__u32 where;
	__u32 order;
	__u32 policy;
	__u32 moved;
	__u64 moved_ms;
	__u64 reserved;
};
#endif

struct gpu {
	int fd;
	int channel;
	uint32_t handle;
	uint32_t *push;
	unsigned int cur;
	unsigned int max;
};

/* All return 0 or -errno unless they say otherwise. */
int gpu_open(struct gpu *g);
int gpu_svm_init(struct gpu *g);
int gpu_channel(struct gpu *g);
void gpu_close(struct gpu *g);
void gpu_copy(struct gpu *g, void *dst, const void *src, uint64_t size);
int gpu_flush(struct gpu *g);
int gpu_bo(struct gpu *g, uint64_t size, uint32_t *handle, bool *in_vram);
void gpu_bo_free(struct gpu *g, uint32_t handle);

int svm_command(struct gpu *g, unsigned int command, uint32_t target, void *p,
		uint64_t size, struct drm_nouveau_svm_bind *out);
long svm_to_vram(struct gpu *g, void *p, uint64_t size);	/* pages moved */
long svm_to_ram(struct gpu *g, void *p, uint64_t size);		/* pages moved */
long svm_query(struct gpu *g, void *p, uint64_t size,
	       struct drm_nouveau_svm_extent *e, unsigned int room);
uint64_t svm_bytes_in_vram(struct gpu *g, void *p, uint64_t size);

/* A number of the driver by the name it has in debugfs; -1 when it has none. */
long dmem_number(const char *name);
int dmem_order(const char *word);	/* write to the file */
int debug_write(const char *file, const char *word);

void *area_new(uint64_t size, bool huge);
void fill(void *p, uint64_t size, uint32_t seed);
uint64_t wrong(const void *p, uint64_t size, uint32_t seed);	/* words */
bool thp_mapped(const void *p, uint64_t size);

void tap_plan(int n);
bool ok(bool good, const char *name);
int tap_end(void);
void must(int err, const char *what);

#define NOTE(...) do { printf("# " __VA_ARGS__); fflush(stdout); } while (0)

#endif
