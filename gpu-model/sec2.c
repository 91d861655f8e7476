// SPDX-License-Identifier: MIT
/*
 * DOC: SEC2
 *
 * Two lives. The first start runs the ACR loader; the falcon then counts as
 * secure (CPUCTL b6). The next start is that of SEC2's own firmware: it
 * announces its queues and then answers commands, of which a driver sends
 * two: bootstrap a falcon, and unload.
 *
 * Commands are answered after a while, as a real one would need (option
 * ``sec2-delay-us``).
 */
#include <string.h>

#include "event.h"
#include "falcon.h"
#include "pmc.h"
#include "unit.h"

#define EMEM_BASE	0x01000000u	/* where EMEM lies in SEC2's data address space */
#define CMDQ		(EMEM_BASE + 0x000)
#define MSGQ		(EMEM_BASE + 0x080)
#define QUEUE_SIZE	0x080u

#define REG_CMDQ_HEAD	0xa00u
#define REG_CMDQ_TAIL	0xa04u
#define REG_MSGQ_HEAD	0xa30u
#define REG_MSGQ_TAIL	0xa34u

#define HOST_IRQS	0x50u		/* halt, software 0 */

#define PMC_SEC2_BIT	14u		/* as in the device info table */
#define PMC_SEC2_LINE	15

enum { UNIT_REWIND = 0x00, UNIT_INIT = 0x01, UNIT_UNLOAD = 0x06, UNIT_ACR = 0x08 };
enum { ACR_BOOTSTRAP_FALCON = 0 };

/* Where the loader of this generation has the region and its copy in its data segment. */
#define ACR_V1_REGION	0x220u
#define ACR_V1_SHADOW	0x238u

#define MAX_COMMANDS	32u		/* looked at in one go */

static void put32(u8 *p, u32 v)
{
	memcpy(p, &v, 4);
}

static u32 align4(u32 n)
{
	return (n + 3) & ~3u;
}

/* Appends to the message queue and interrupts. False: no room now. */
static bool send(struct gpu *gpu, struct falcon *f, const u8 *msg, u32 size)
{
	u32 head = falcon_reg_get(gpu, f, REG_MSGQ_HEAD), tail = falcon_reg_get(gpu, f, REG_MSGQ_TAIL);

	if (head - MSGQ + size > QUEUE_SIZE) {
		if (head != tail)
			return false;
		head = MSGQ;
	}
	memcpy(f->emem + (head - EMEM_BASE), msg, size);
	falcon_reg_set(gpu, f, REG_MSGQ_HEAD, head + align4(size));
	falcon_raise(gpu, f, FALCON_IRQ_SWGEN0);
	return true;
}

/* The firmware is up: it says where its queues are. */
static void boot_firmware(struct gpu *gpu, struct falcon *f)
{
	u8 m[32] = { UNIT_INIT, sizeof(m), 0, 0, 0, 2 };

	put32(m + 8, CMDQ);
	put32(m + 12, QUEUE_SIZE);			/* index 0, id 0: commands */
	put32(m + 16, MSGQ);
	put32(m + 20, QUEUE_SIZE | 1u << 24);		/* index 0, id 1: messages */
	falcon_reg_set(gpu, f, REG_CMDQ_HEAD, CMDQ);
	falcon_reg_set(gpu, f, REG_CMDQ_TAIL, CMDQ);
	falcon_reg_set(gpu, f, REG_MSGQ_HEAD, MSGQ);
	falcon_reg_set(gpu, f, REG_MSGQ_TAIL, MSGQ);
	f->cpuctl = FALCON_CPUCTL_ALIAS;
	f->mask |= HOST_IRQS;
	f->dest = HOST_IRQS;
	send(gpu, f, m, sizeof(m));
}

/* Carries out one command. False: no room for the answer. */
static bool command(struct gpu *gpu, struct falcon *f, const u8 *c)
{
	u8 m[16];
	u32 id;

	memset(m, 0, sizeof(m));
	memcpy(m, c, 4);			/* unit, size, flags, sequence number */
	if (c[0] == UNIT_UNLOAD) {
		m[1] = 4;
		if (!send(gpu, f, m, 4))
			return false;
		f->cpuctl |= FALCON_CPUCTL_HALTED;
	} else if (c[0] == UNIT_ACR && c[4] == ACR_BOOTSTRAP_FALCON) {
		memcpy(&id, c + 12, 4);
		m[1] = sizeof(m);
		put32(m + 8, acr_bootstrap_falcon(gpu, id) ? 0 : 1);
		put32(m + 12, id);
		if (!send(gpu, f, m, sizeof(m)))
			return false;
	} else {
		gpu_log(gpu, GPU_LOG_WARN, "SEC2: unknown command, unit %02x type %02x", c[0], c[4]);
	}
	counter_inc(gpu, CTR_SEC2_COMMANDS);
	return true;
}

static void service(struct gpu *gpu, struct event *event)
{
	struct falcon *f = &gpu->falcon->sec2;

	for (u32 n = 0; n < MAX_COMMANDS; n++) {
		u32 tail = falcon_reg_get(gpu, f, REG_CMDQ_TAIL);
		u8 c[16];

		if (tail == falcon_reg_get(gpu, f, REG_CMDQ_HEAD))
			return;
		if (tail < CMDQ || tail > CMDQ + QUEUE_SIZE - 4)
			break;
		memcpy(c, f->emem + (tail - EMEM_BASE), sizeof(c));
		if (c[0] == UNIT_REWIND) {
			falcon_reg_set(gpu, f, REG_CMDQ_TAIL, CMDQ);
			continue;
		}
		if (!c[1])
			break;
		if (!command(gpu, f, c)) {
			event_in(gpu, event, gpu->falcon->sec2_delay_ns + 1000);
			return;
		}
		falcon_reg_set(gpu, f, REG_CMDQ_TAIL, tail + align4(c[1]));
	}
	gpu_log(gpu, GPU_LOG_WARN, "SEC2: the command queue makes no sense");
	falcon_reg_set(gpu, f, REG_CMDQ_TAIL, falcon_reg_get(gpu, f, REG_CMDQ_HEAD));
}

void sec2_command_head_write(struct gpu *gpu, u32 addr, u32 value)
{
	struct falcon *f = &gpu->falcon->sec2;

	reg_set(gpu, addr, value);
	if (addr == f->base + REG_CMDQ_HEAD && f->cpuctl == FALCON_CPUCTL_ALIAS)
		event_in(gpu, &gpu->falcon->sec2_service, gpu->falcon->sec2_delay_ns);
}

static void sec2_start(struct gpu *gpu, struct falcon *f)
{
	if (f->cpuctl & FALCON_CPUCTL_ALIAS) {
		boot_firmware(gpu, f);
		return;
	}
	if (acr_load(gpu, f, ACR_V1_REGION, ACR_V1_SHADOW)) {
		falcon_reg_set(gpu, f, FALCON_MAILBOX0, 0);
		f->cpuctl = FALCON_CPUCTL_HALTED | FALCON_CPUCTL_ALIAS;
	} else {
		falcon_reg_set(gpu, f, FALCON_MAILBOX0, 1);
		f->cpuctl = FALCON_CPUCTL_HALTED;
	}
	falcon_raise(gpu, f, FALCON_IRQ_HALT);
}

/* The interrupt stays up while messages wait: one that came while the driver acknowledged is not lost. */
static void sec2_acked(struct gpu *gpu, struct falcon *f, u32 bits)
{
	if ((bits & FALCON_IRQ_SWGEN0) &&
	    falcon_reg_get(gpu, f, REG_MSGQ_HEAD) != falcon_reg_get(gpu, f, REG_MSGQ_TAIL))
		f->stat |= FALCON_IRQ_SWGEN0;
}

static void engine_reset(struct gpu *gpu)
{
	falcon_reset(gpu, &gpu->falcon->sec2);
	sec2_reset(gpu);
}

void sec2_reset(struct gpu *gpu)
{
	const struct falcon *f = &gpu->falcon->sec2;

	event_cancel(gpu, &gpu->falcon->sec2_service);
	falcon_reg_set(gpu, f, REG_CMDQ_HEAD, 0);
	falcon_reg_set(gpu, f, REG_CMDQ_TAIL, 0);
	falcon_reg_set(gpu, f, REG_MSGQ_HEAD, 0);
	falcon_reg_set(gpu, f, REG_MSGQ_TAIL, 0);
}

void sec2_create(struct gpu *gpu)
{
	struct falcon *f = &gpu->falcon->sec2;

	f->name = "SEC2";
	f->base = 0x087000;
	f->line = gpu->chip->has_sec2 ? PMC_SEC2_LINE : -1;
	f->start = sec2_start;
	f->acked = sec2_acked;
	gpu->falcon->sec2_service.fn = service;
	gpu->falcon->sec2_delay_ns = gpu_option_u64(gpu, "sec2-delay-us", 100) * 1000;
	pmc_on_engine_reset(gpu, PMC_SEC2_BIT, engine_reset);
}
