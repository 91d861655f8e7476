// SPDX-License-Identifier: MIT
/*
 * DOC: Placeholder firmware
 *
 * The files that a driver asks for before it makes a graphics engine, with
 * headers that it can parse and without any code. The model never runs
 * firmware, so the contents do not matter; none of NVIDIA's are used.
 *
 * usage: gpu-model-firmware DIR [gp104|gp100]
 * writes DIR/nvidia/CHIP/..., for both chips when none is named.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "chips.h"
#include "types.h"

#define FILE_MAX	0x1000u
#define CONTAINER_MAGIC	0x3b1d14f0u
#define HEADER_AT	0x20u		/* of the inner header in a container */
#define DATA_AT		0x200u		/* of the data */

struct blob {
	u8 bytes[FILE_MAX];
	u32 size;
};

static void put_words(struct blob *b, u32 at, const u32 *words, u32 nr)
{
	memcpy(b->bytes + at, words, nr * 4);
}

#define PUT(b, at, ...) put_words(b, at, (const u32[]){ __VA_ARGS__ }, sizeof((const u32[]){ __VA_ARGS__ }) / 4)

static void zeros(struct blob *b, u32 size)
{
	b->size = size;
}

/* magic, version, size, offset of the inner header, offset and size of the data */
static void container(struct blob *b, u32 data_size)
{
	b->size = DATA_AT + data_size;
	PUT(b, 0, CONTAINER_MAGIC, 1, b->size, HEADER_AT, DATA_AT, data_size);
}

/* Boot loader: start tag, DMEM offset, code offset and size, data offset and size. */
static void boot_loader(struct blob *b, const struct gpu_chip *chip)
{
	(void)chip;
	container(b, 0x100);
	PUT(b, HEADER_AT, 0, 0, 0, 0x100, 0x100, 0);
}

/*
 * High-secure image: signatures (debug, production: offset, size), where to patch
 * them in, then the load header: non-secure code, data, one application. The data
 * segment has room for the descriptor that the driver writes into it.
 */
static void high_secure(struct blob *b, const struct gpu_chip *chip)
{
	enum { SIGNATURES = 0x100, LOAD_HEADER = 0x140, DATA = 0x300, DATA_SIZE = 0x300 };

	(void)chip;
	container(b, DATA + DATA_SIZE);
	PUT(b, HEADER_AT, SIGNATURES, 16, SIGNATURES, 16, DATA, 0, LOAD_HEADER, 28);
	PUT(b, LOAD_HEADER, 0, 0x100, DATA, DATA_SIZE, 1, 0x100, 0x100);
}

/* Where the parts of a light-secure image lie: a boot loader, then the application. */
static void light_secure_layout(struct blob *b, const struct gpu_chip *chip)
{
	enum { BOOT = 0x100, APP = 0x200, CODE = 0x100, DATA = 0x100, LAYOUT = 80 };

	(void)chip;
	zeros(b, 656);
	PUT(b, 0, 656, BOOT + APP, 0, 0);
	PUT(b, LAYOUT, 0, BOOT, 0, 0, BOOT, APP, 0, 0, 0, 0, CODE, CODE, DATA);
}

static void light_secure_image(struct blob *b, const struct gpu_chip *chip)
{
	(void)chip;
	zeros(b, 0x300);
}

static void signature(struct blob *b, const struct gpu_chip *chip)
{
	zeros(b, chip->ls_signature_size);
}

static void segment(struct blob *b, const struct gpu_chip *chip)
{
	(void)chip;
	zeros(b, 0x100);
}

/* Lists of register writes for the graphics engine: one harmless entry each. */
static void context_list(struct blob *b, const struct gpu_chip *chip)
{
	(void)chip;
	zeros(b, 12);					/* address, index, data */
}

static void register_list(struct blob *b, const struct gpu_chip *chip)
{
	(void)chip;
	zeros(b, 8);
	PUT(b, 0, 0x404154, 0);				/* address, data */
}

static void bundle_list(struct blob *b, const struct gpu_chip *chip)
{
	(void)chip;
	zeros(b, 8);
}

static void method_list(struct blob *b, const struct gpu_chip *chip)
{
	zeros(b, 8);
	PUT(b, 0, chip->threed_class, 0);
}

static const struct {
	const char *path;
	void (*make)(struct blob *b, const struct gpu_chip *chip);
	bool sec2_only;		/* for chips whose ACR runs on SEC2 */
} files[] = {
	{ "acr/bl.bin", boot_loader, false },
	{ "acr/ucode_load.bin", high_secure, false },
	{ "acr/ucode_unload.bin", high_secure, false },
	{ "acr/unload_bl.bin", boot_loader, true },
	{ "nvdec/scrubber.bin", high_secure, true },
	{ "sec2/desc-1.bin", light_secure_layout, true },
	{ "sec2/image-1.bin", light_secure_image, true },
	{ "sec2/sig-1.bin", signature, true },
	{ "gr/fecs_bl.bin", boot_loader, false },
	{ "gr/fecs_inst.bin", segment, false },
	{ "gr/fecs_data.bin", segment, false },
	{ "gr/fecs_sig.bin", signature, false },
	{ "gr/gpccs_bl.bin", boot_loader, false },
	{ "gr/gpccs_inst.bin", segment, false },
	{ "gr/gpccs_data.bin", segment, false },
	{ "gr/gpccs_sig.bin", signature, false },
	{ "gr/sw_ctx.bin", context_list, false },
	{ "gr/sw_nonctx.bin", register_list, false },
	{ "gr/sw_bundle_init.bin", bundle_list, false },
	{ "gr/sw_method_init.bin", method_list, false },
};

/* Makes the directories of a path. False, with a message: not possible. */
static bool make_parents(char *path)
{
	for (char *p = path + 1; (p = strchr(p, '/')); p++) {
		*p = 0;
		if (mkdir(path, 0777) && errno != EEXIST) {
			perror(path);
			return false;
		}
		*p = '/';
	}
	return true;
}

static bool write_file(char *path, const struct blob *b)
{
	FILE *f;
	bool ok;

	if (!make_parents(path))
		return false;
	f = fopen(path, "wb");
	if (!f) {
		perror(path);
		return false;
	}
	ok = fwrite(b->bytes, 1, b->size, f) == b->size;
	ok = !fclose(f) && ok;
	if (!ok)
		perror(path);
	return ok;
}

static bool write_chip(const char *dir, const struct gpu_chip *chip)
{
	char path[4096];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct blob b = { .size = 0 };

		if (files[i].sec2_only && !chip->has_sec2)
			continue;
		if (snprintf(path, sizeof(path), "%s/nvidia/%s/%s", dir, chip->name, files[i].path) >= (int)sizeof(path)) {
			fprintf(stderr, "gpu-model-firmware: path too long\n");
			return false;
		}
		files[i].make(&b, chip);
		if (!write_file(path, &b))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	const struct gpu_chip *chip;

	if (argc < 2 || argc > 3 || argv[1][0] == '-') {
		fprintf(stderr, "usage: gpu-model-firmware DIR [gp104|gp100]\n");
		return 2;
	}
	if (argc == 3) {
		chip = gpu_chip_find(argv[2]);
		if (!chip) {
			fprintf(stderr, "gpu-model-firmware: no chip is called \"%s\"\n", argv[2]);
			return 2;
		}
		return write_chip(argv[1], chip) ? 0 : 1;
	}
	for (size_t i = 0; i < gpu_nr_chips; i++) {
		if (!write_chip(argv[1], &gpu_chips[i]))
			return 1;
	}
	return 0;
}
