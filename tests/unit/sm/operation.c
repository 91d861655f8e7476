// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "operation.h"

#define THREADS	1024u
#define ROUNDS	4

/*
 * A record of each thread: a, b, c, flags as read by the program; then the
 * results. The condition codes are made by an addition with .cc: r30 + r31 has
 * the wanted carry and is zero when wanted.
 */
struct record {
	u64 a, b, c;
	u32 x, y;		/* their sum makes the flags */
	u32 predicates, pad;
	u64 d;
	u32 packed;		/* predicates after */
	u32 codes;		/* condition codes after */
	u64 pad2;
};

static const char before[] =
	"s2r r0, sr_tid.x\n"
	"shl r0, r0, 0x6\n"
	"iadd.cc r2, r0, c[0x0][0x0]\n"
	"mov r3, c[0x0][0x4]\n"
	"iadd.x r3, r3, rz\n"
	"ld.e.64 r4, [r2]\n"
	"ld.e.64 r6, [r2+0x8]\n"
	"ld.e.64 r8, [r2+0x10]\n"
	"ld.e.64 r30, [r2+0x18]\n"
	"ld.e.32 r20, [r2+0x20]\n"
	"r2p.pr r20, 0x7f\n"
	"iadd.cc r31, r30, r31\n";

static const char after[] =
	"p2r.cc r22, rz, 0xf\n"
	"p2r.pr r21, rz, 0x7f\n"
	"st.e.64 [r2+0x28], r12\n"
	"st.e.32 [r2+0x30], r21\n"
	"st.e.32 [r2+0x34], r22\n"
	"exit\n";

static u32 random_half(void)
{
	static const u16 edges[] = {
		0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x0400, 0x8400, 0x3bff, 0x3c00, 0xbc00,
		0x3c01, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00,
	};
	u64 how = random_wide();

	return how >> 33 & 3 ? how >> 8 & 0xffff : edges[how >> 35 & 15];
}

static u64 random_operand(enum operand_kind kind)
{
	switch (kind) {
	case WORD:
		return random_word();
	case WIDE:
		return random_wide();
	case FLOAT:
		return random_float();
	case DOUBLE:
		return random_double();
	case HALVES:
		return random_half() | random_half() << 16;
	default:
		return random_word() & 0xffff;
	}
}

static void make_record(enum operand_kind kind, struct record *r)
{
	u32 how = random_word();

	memset(r, 0, sizeof(*r));
	r->a = random_operand(kind);
	r->b = how & 0x70 ? random_operand(kind) : r->a;
	if (kind == WIDE && !(how & 0x3000))	/* the lower halves decide */
		r->b = (r->a & ~0xffffffffull) | (u32)r->b;
	r->c = how & 0x700 ? random_operand(kind) : r->a;
	switch (random_wide() >> 40 & 3) {
	case 0:			/* no flag */
		r->x = 1;
		break;
	case 1:			/* carry */
		r->x = ~0u;
		r->y = 2;
		break;
	case 2:			/* zero */
		break;
	default:		/* both */
		r->x = ~0u;
		r->y = 1;
	}
	r->predicates = random_word() & 3;
}

static bool check_record(const struct operation *op, const struct record *r)
{
	struct operands x = { .a = r->a, .b = r->b, .c = r->c };
	u32 p2 = r->packed >> 2 & 1, p3 = r->packed >> 3 & 1;
	u32 carry = r->codes >> 2 & 1, zero = r->codes & 1;
	u32 want2 = 0, want3 = 0;
	bool good;
	u64 want;

	x.flags = ((u64)r->x + r->y) >> 32 & 1;
	x.flags |= (u32)(r->x + r->y == 0) << 1 | (r->predicates & 3) << 2;
	want = op->reference(&x, &want2, &want3);
	switch (op->result) {
	case D32:
		good = (u32)r->d == (u32)want;
		break;
	case D64:
		good = r->d == want;
		break;
	case PRED:
		good = p2 == want2 && p3 == want3;
		break;
	case D_CARRY:
		good = (u32)r->d == (u32)want && carry == want2;
		break;
	default:
		good = (u32)r->d == (u32)want && carry == want2 && zero == want3;
	}
	if (!good)
		printf("# %s: a %" PRIx64 " b %" PRIx64 " c %" PRIx64 " flags %x: is %" PRIx64
		       " p %x cc %x, should be %" PRIx64 " %x %x\n", op->text, r->a, r->b, r->c,
		       x.flags, r->d, r->packed, r->codes, want, want2, want3);
	return good;
}

void check_operations(const struct operation *op, unsigned int nr)
{
	const char *name;
	char text[2048];
	struct machine m;

	machine_init(&m);
	m.launch.block[0] = THREADS;
	machine_arg_address(&m, 0, M_DATA);
	machine_arg(&m, 2, 0x3fc00000);
	for (unsigned int n = 0; n < nr; n++) {
		struct record *r = machine_at(&m, M_DATA);
		unsigned int bad = 0;

		snprintf(text, sizeof(text), "%s%s\n%s", before, op[n].text, after);
		machine_program(&m, text);
		for (int round = 0; round < ROUNDS; round++) {
			for (unsigned int t = 0; t < THREADS; t++)
				make_record(op[n].kind, &r[t]);
			if (machine_run(&m, false) != SM_BLOCK_DONE) {
				const struct sm_report *e = sm_core_report(m.core);

				printf("# %s: %s at %" PRIx64 "\n", e->text,
				       sm_error_name(e->error), e->pc - m.launch.code);
				bad++;
				break;
			}
			for (unsigned int t = 0; t < THREADS && bad < 4; t++)
				bad += !check_record(&op[n], &r[t]);
		}
		name = strrchr(op[n].text, '\n');
		ok(!bad, "%s", name ? name + 1 : op[n].text);
	}
	machine_fini(&m);
}
