/* SPDX-License-Identifier: MIT */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nouveau_dmem

#if !defined(__NOUVEAU_DMEM_TRACE_H__) || defined(TRACE_HEADER_MULTI_READ)
#define __NOUVEAU_DMEM_TRACE_H__

#include <linux/tracepoint.h>

TRACE_EVENT(nouveau_dmem_migrate,
	TP_PROTO(bool to_ram, unsigned long start, unsigned long npages,
		 unsigned long moved),
	TP_ARGS(to_ram, start, npages, moved),
	TP_STRUCT__entry(
		__field(bool, to_ram)
		__field(unsigned long, start)
		__field(unsigned long, npages)
		__field(unsigned long, moved)
	),
	TP_fast_assign(
		__entry->to_ram = to_ram;
		__entry->start = start;
		__entry->npages = npages;
		__entry->moved = moved;
	),
	TP_printk("to=%s start=%lx npages=%lu moved=%lu",
		  __entry->to_ram ? "ram" : "vram", __entry->start,
		  __entry->npages, __entry->moved)
);

TRACE_EVENT(nouveau_dmem_copy,
	TP_PROTO(u32 launches, u64 pages, int error),
	TP_ARGS(launches, pages, error),
	TP_STRUCT__entry(
		__field(u32, launches)
		__field(u64, pages)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->launches = launches;
		__entry->pages = pages;
		__entry->error = error;
	),
	TP_printk("launches=%u pages=%llu error=%d",
		  __entry->launches, __entry->pages, __entry->error)
);

TRACE_EVENT(nouveau_dmem_cpu_fault,
	TP_PROTO(unsigned long addr, unsigned long moved),
	TP_ARGS(addr, moved),
	TP_STRUCT__entry(
		__field(unsigned long, addr)
		__field(unsigned long, moved)
	),
	TP_fast_assign(
		__entry->addr = addr;
		__entry->moved = moved;
	),
	TP_printk("addr=%lx moved=%lu", __entry->addr, __entry->moved)
);

TRACE_EVENT(nouveau_dmem_gpu_fault,
	TP_PROTO(u64 addr, u32 access, u32 shift, int error),
	TP_ARGS(addr, access, shift, error),
	TP_STRUCT__entry(
		__field(u64, addr)
		__field(u32, access)
		__field(u32, shift)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->addr = addr;
		__entry->access = access;
		__entry->shift = shift;
		__entry->error = error;
	),
	TP_printk("addr=%llx access=%u shift=%u error=%d",
		  __entry->addr, __entry->access, __entry->shift, __entry->error)
);

TRACE_EVENT(nouveau_dmem_evict,
	TP_PROTO(unsigned long pfn, unsigned long moved, unsigned int left),
	TP_ARGS(pfn, moved, left),
	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(unsigned long, moved)
		__field(unsigned int, left)
	),
	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->moved = moved;
		__entry->left = left;
	),
	TP_printk("pfn=%lx moved=%lu left=%u",
		  __entry->pfn, __entry->moved, __entry->left)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE nouveau_dmem_trace
#include <trace/define_trace.h>
