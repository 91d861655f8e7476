// SPDX-License-Identifier: MIT
/* The VBIOS image, read from PROM and parsed as a driver parses it. */
#include "bench_device.h"

static u8 image[0x10000];

static u32 get(u32 at, int bytes)
{
	u32 v = 0;

	for (int i = 0; i < bytes; i++)
		v |= (u32)image[at + (u32)i] << 8 * i;
	return v;
}

/* Offset of a BIT entry's data, 0 when there is none; *version, *length of it. */
static u32 bit_entry(char id, u32 *version, u32 *length)
{
	u32 bit = 0;

	for (u32 i = 0; i + 6 < 0x2000 && !bit; i++) {
		if (!memcmp(image + i, "\xff\xb8" "BIT\0", 6))
			bit = i;
	}
	for (u32 i = 0; bit && i < image[bit + 10]; i++) {
		u32 e = bit + image[bit + 8] + i * image[bit + 9];

		if (image[e] != (u8)id)
			continue;
		*version = image[e + 1];
		*length = get(e + 2, 2);
		return get(e + 4, 2);
	}
	return 0;
}

static void check(const char *chip, u16 device, u32 memory_type)
{
	u32 size, pcir, at, version, length, sum = 0;
	struct bench b;

	bench_open(&b, chip, 64 << 20, NULL);
	for (u32 i = 0; i < sizeof(image); i += 4) {
		u32 v = rd32(&b, 0x300000 + i);

		memcpy(image + i, &v, 4);
	}
	ok_eq(get(0, 2), 0xaa55, "%s: expansion ROM signature", chip);
	pcir = get(0x18, 2);
	ok(!memcmp(image + pcir, "PCIR", 4), "%s: PCI data structure", chip);
	ok(get(pcir + 4, 2) == 0x10de && get(pcir + 6, 2) == device, "%s: for this device", chip);
	size = get(pcir + 0x10, 2) * 512;
	ok(size == image[2] * 512u && size <= 0x2000, "%s: both sizes agree", chip);
	ok(image[pcir + 0x14] == 0 && image[pcir + 0x15] & 0x80, "%s: an x86 image, and the last one", chip);
	ok(memcmp(image + ((pcir + 0x18 + 15) & ~15u), "NPDE", 4), "%s: no extension follows", chip);
	for (u32 i = 0; i < size; i++)
		sum += image[i];
	ok_eq(sum & 0xff, 0, "%s: bytes sum up to zero", chip);
	ok_eq(get(size, 4), 0xffffffff, "%s: erased flash behind it", chip);
	at = bit_entry('I', &version, &length);
	ok(at && version == 1 && length >= 0x1c, "%s: devinit table", chip);
	at = bit_entry('p', &version, &length);
	ok(at && version == 2 && length >= 4 && image[get(at, 4) + 4] == 4, "%s: a PMU application for devinit", chip);
	at = bit_entry('P', &version, &length);
	ok(at && version == 2 && image[get(at + 4, 4)] == 0x11 && image[get(at + 4, 4) + 1] >= 0x15,
	   "%s: memory clock table", chip);
	at = bit_entry('M', &version, &length);
	at = at ? get(at + 3, 2) : 0;
	ok(at && image[at] == 0x10 && (image[at + image[at + 1]] & 0xf) == memory_type, "%s: memory type", chip);
	ok(get(get(0x36, 2) + 6, 4) == 0x4edcbdcb && image[get(0x36, 2) + 2] == 0, "%s: a DCB without connectors", chip);
	wr32(&b, 0x300000, 0);
	ok_eq(rd32(&b, 0x300000) & 0xffff, 0xaa55, "%s: it cannot be written", chip);
	bench_close(&b);
}

int main(void)
{
	check("gp104", 0x1b80, 8);
	check("gp100", 0x15f8, 6);
	return tap_done();
}
