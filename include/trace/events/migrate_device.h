/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM migrate_device

#if !defined(_TRACE_MIGRATE_DEVICE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_MIGRATE_DEVICE_H

#include <linux/tracepoint.h>

/* One call of migrate_vma_setup(): what was asked for and what was found. */
TRACE_EVENT(migrate_device_setup,

	TP_PROTO(unsigned long start, unsigned long end, unsigned long flags,
		 unsigned long orders, unsigned long collected,
		 unsigned long unmapped),

	TP_ARGS(start, end, flags, orders, collected, unmapped),

	TP_STRUCT__entry(
		__field(unsigned long, start)
		__field(unsigned long, end)
		__field(unsigned long, flags)
		__field(unsigned long, orders)
		__field(unsigned long, collected)
		__field(unsigned long, unmapped)
	),

	TP_fast_assign(
		__entry->start = start;
		__entry->end = end;
		__entry->flags = flags;
		__entry->orders = orders;
		__entry->collected = collected;
		__entry->unmapped = unmapped;
	),

	TP_printk("start=%lx end=%lx flags=%lx orders=%lx collected=%lu unmapped=%lu",
		  __entry->start, __entry->end, __entry->flags,
		  __entry->orders, __entry->collected, __entry->unmapped)
);

/* A source folio has become its destination, or could not. */
TRACE_EVENT(migrate_device_folio,

	TP_PROTO(unsigned long src_pfn, unsigned long dst_pfn,
		 unsigned int order, bool to_device, int ret),

	TP_ARGS(src_pfn, dst_pfn, order, to_device, ret),

	TP_STRUCT__entry(
		__field(unsigned long, src_pfn)
		__field(unsigned long, dst_pfn)
		__field(unsigned int, order)
		__field(bool, to_device)
		__field(int, ret)
	),

	TP_fast_assign(
		__entry->src_pfn = src_pfn;
		__entry->dst_pfn = dst_pfn;
		__entry->order = order;
		__entry->to_device = to_device;
		__entry->ret = ret;
	),

	TP_printk("src_pfn=%lx dst_pfn=%lx order=%u to=%s ret=%d",
		  __entry->src_pfn, __entry->dst_pfn, __entry->order,
		  __entry->to_device ? "device" : "system", __entry->ret)
);

/* A device folio was put into a hole of the address space, or was not. */
TRACE_EVENT(migrate_device_insert,

	TP_PROTO(unsigned long addr, unsigned long pfn, unsigned int order,
		 bool inserted),

	TP_ARGS(addr, pfn, order, inserted),

	TP_STRUCT__entry(
		__field(unsigned long, addr)
		__field(unsigned long, pfn)
		__field(unsigned int, order)
		__field(bool, inserted)
	),

	TP_fast_assign(
		__entry->addr = addr;
		__entry->pfn = pfn;
		__entry->order = order;
		__entry->inserted = inserted;
	),

	TP_printk("addr=%lx pfn=%lx order=%u inserted=%d", __entry->addr,
		  __entry->pfn, __entry->order, __entry->inserted)
);

#define MIGRATE_DEVICE_SPLIT_WHERE					\
	EM(MIGRATE_DEVICE_SPLIT_COLLECT,	"collect")		\
	EM(MIGRATE_DEVICE_SPLIT_UNMAPPED,	"unmapped")		\
	EMe(MIGRATE_DEVICE_SPLIT_RANGE,		"range")

#ifndef __MIGRATE_DEVICE_SPLIT_WHERE_DEFINED
#define __MIGRATE_DEVICE_SPLIT_WHERE_DEFINED
enum migrate_device_split_where {
	MIGRATE_DEVICE_SPLIT_COLLECT,	/* in the walk of migrate_vma_setup() */
	MIGRATE_DEVICE_SPLIT_UNMAPPED,	/* to fit smaller destinations */
	MIGRATE_DEVICE_SPLIT_RANGE,	/* a source named by PFN */
};
#endif

#undef EM
#undef EMe
#define EM(a, b)	TRACE_DEFINE_ENUM(a);
#define EMe(a, b)	TRACE_DEFINE_ENUM(a);

MIGRATE_DEVICE_SPLIT_WHERE

#undef EM
#undef EMe
#define EM(a, b)	{a, b},
#define EMe(a, b)	{a, b}

/* Device migration had to split a folio. */
TRACE_EVENT(migrate_device_split,

	TP_PROTO(unsigned long pfn, unsigned int order, unsigned int new_order,
		 int where, int ret),

	TP_ARGS(pfn, order, new_order, where, ret),

	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(unsigned int, order)
		__field(unsigned int, new_order)
		__field(int, where)
		__field(int, ret)
	),

	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->order = order;
		__entry->new_order = new_order;
		__entry->where = where;
		__entry->ret = ret;
	),

	TP_printk("pfn=%lx order=%u new_order=%u where=%s ret=%d",
		  __entry->pfn, __entry->order, __entry->new_order,
		  __print_symbolic(__entry->where, MIGRATE_DEVICE_SPLIT_WHERE),
		  __entry->ret)
);

#endif /* _TRACE_MIGRATE_DEVICE_H */

#include <trace/define_trace.h>
