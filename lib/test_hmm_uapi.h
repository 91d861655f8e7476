/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What user space and the HMM test driver say to each other through
 * /dev/hmm_dmirror<N>: devices 0 and 1 have device-private memory, devices 2
 * and 3 device-coherent memory (they exist when the module was told where
 * that memory is).
 *
 * Numbers 0x00 to 0x07 are those of Linux 6.12, 0x08 and 0x09 those that later
 * kernels added. From 0x40 on the driver speaks of folio orders, of failures
 * made to order and of time; no other kernel has these.
 */
#ifndef _LIB_TEST_HMM_UAPI_H
#define _LIB_TEST_HMM_UAPI_H

#include <linux/types.h>
#include <linux/ioctl.h>

/**
 * struct hmm_dmirror_cmd - one action on a range of the caller's memory
 * @addr: (in) user address of the range, aligned to a page
 * @ptr: (in) user buffer the data of the action comes from or goes to
 * @npages: (in) length of the range in base pages
 * @cpages: (out) base pages the action was done for
 * @faults: (out) how often the device had to fault pages in
 */
struct hmm_dmirror_cmd {
	__u64		addr;
	__u64		ptr;
	__u64		npages;
	__u64		cpages;
	__u64		faults;
};

#define HMM_DMIRROR_READ		_IOWR('H', 0x00, struct hmm_dmirror_cmd)
#define HMM_DMIRROR_WRITE		_IOWR('H', 0x01, struct hmm_dmirror_cmd)
#define HMM_DMIRROR_MIGRATE_TO_DEV	_IOWR('H', 0x02, struct hmm_dmirror_cmd)
#define HMM_DMIRROR_MIGRATE_TO_SYS	_IOWR('H', 0x03, struct hmm_dmirror_cmd)
#define HMM_DMIRROR_SNAPSHOT		_IOWR('H', 0x04, struct hmm_dmirror_cmd)
#define HMM_DMIRROR_EXCLUSIVE		_IOWR('H', 0x05, struct hmm_dmirror_cmd)
#define HMM_DMIRROR_CHECK_EXCLUSIVE	_IOWR('H', 0x06, struct hmm_dmirror_cmd)
#define HMM_DMIRROR_RELEASE		_IOWR('H', 0x07, struct hmm_dmirror_cmd)

/* Sets the flags below from @npages; @addr and @npages name no range here */
#define HMM_DMIRROR_FLAGS		_IOWR('H', 0x08, struct hmm_dmirror_cmd)
/* HMM_DMIRROR_READ whose faults may drop the mmap lock (userfaultfd) */
#define HMM_DMIRROR_READ_UNLOCKED	_IOWR('H', 0x09, struct hmm_dmirror_cmd)

/* The next allocation of a folio of more than one page fails, once */
#define HMM_DMIRROR_FLAG_FAIL_ALLOC	(1ULL << 0)

/*
 * One byte a page, which HMM_DMIRROR_SNAPSHOT stores at hmm_dmirror_cmd.ptr:
 * ERROR, or NONE, READ or WRITE together with what else is known of the page.
 */
enum {
	HMM_DMIRROR_PROT_ERROR			= 0xFF,	/* no access at all */
	HMM_DMIRROR_PROT_NONE			= 0x00,	/* nothing there */
	HMM_DMIRROR_PROT_READ			= 0x01,
	HMM_DMIRROR_PROT_WRITE			= 0x02,
	HMM_DMIRROR_PROT_PMD			= 0x04,	/* one PMD maps it */
	HMM_DMIRROR_PROT_PUD			= 0x08,	/* one PUD maps it */
	HMM_DMIRROR_PROT_ZERO			= 0x10,	/* the zero page */
	/* in this device's memory (LOCAL), or in that of another (REMOTE) */
	HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL	= 0x20,
	HMM_DMIRROR_PROT_DEV_PRIVATE_REMOTE	= 0x30,
	HMM_DMIRROR_PROT_DEV_COHERENT_LOCAL	= 0x40,
	HMM_DMIRROR_PROT_DEV_COHERENT_REMOTE	= 0x50,
};

/* Kinds of a device; 0 is what an uninitialized field has */
enum {
	HMM_DMIRROR_MEMORY_DEVICE_PRIVATE = 1,
	HMM_DMIRROR_MEMORY_DEVICE_COHERENT,
};

/* Folio orders 0 to 9: as many as a PMD has below it, on 4 KiB pages */
#define HMM_DMIRROR_NR_ORDERS		10

/* The two memories a folio can be allocated from */
enum {
	HMM_DMIRROR_SIDE_DEV,
	HMM_DMIRROR_SIDE_SYS,
};

/**
 * struct hmm_dmirror_orders - the folio orders this open file may migrate
 * @to_dev: (in, out) bit N: folios of order N may be made in device memory
 * @to_sys: (in, out) bit N: folios of order N may be made in system memory,
 *          by HMM_DMIRROR_MIGRATE_TO_SYS and by CPU faults
 *
 * 0 asks and does not change. Order 0 is always allowed, whether named or not.
 * A file starts with 0 and the order of a PMD both ways.
 */
struct hmm_dmirror_orders {
	__u32		to_dev;
	__u32		to_sys;
};

#define HMM_DMIRROR_ORDERS		_IOWR('H', 0x40, struct hmm_dmirror_orders)

/**
 * struct hmm_dmirror_inject - allocations that are to fail, by count
 * @side: (in) HMM_DMIRROR_SIDE_*: which memory's allocations
 * @orders: (in) bit N: allocations of order N are meant; 0: of any order
 * @skip: (in) so many of the meant allocations succeed first
 * @count: (in) so many then fail; 0 ends an injection
 * @fired: (out) how many failed since the injection before this one was set
 *
 * Holds for what is allocated on behalf of this open file: by its ioctls and
 * by CPU faults on pages that it migrated. With @side out of range nothing is
 * changed and EINVAL returned.
 */
struct hmm_dmirror_inject {
	__u32		side;
	__u32		orders;
	__u64		skip;
	__u64		count;
	__u64		fired;
};

#define HMM_DMIRROR_INJECT		_IOWR('H', 0x41, struct hmm_dmirror_inject)

/**
 * struct hmm_dmirror_timed - a migration of which each step is timed
 * @addr: (in) user address of the range, aligned to a page
 * @npages: (in) length of the range in base pages
 * @side: (in) HMM_DMIRROR_SIDE_*: where to
 * @flags: (in) 0
 * @cpages: (out) base pages that moved
 * @windows: (out) how many times migrate_vma_setup() was called
 * @ns_setup: (out) nanoseconds in migrate_vma_setup()
 * @ns_alloc: (out) nanoseconds in allocating destinations
 * @ns_copy: (out) nanoseconds in copying
 * @ns_pages: (out) nanoseconds in migrate_vma_pages()
 * @ns_finalize: (out) nanoseconds in migrate_vma_finalize()
 * @ns_total: (out) nanoseconds of all windows together, the gaps between the
 *            steps included
 * @folios: (out) folios that moved, by the order of the folio they moved to
 *
 * Nothing is read back and the device maps nothing.
 */
struct hmm_dmirror_timed {
	__u64		addr;
	__u64		npages;
	__u32		side;
	__u32		flags;
	__u64		cpages;
	__u64		windows;
	__u64		ns_setup;
	__u64		ns_alloc;
	__u64		ns_copy;
	__u64		ns_pages;
	__u64		ns_finalize;
	__u64		ns_total;
	__u64		folios[HMM_DMIRROR_NR_ORDERS];
};

#define HMM_DMIRROR_TIMED		_IOWR('H', 0x42, struct hmm_dmirror_timed)

/* Where a page is: hmm_dmirror_page.where */
enum {
	HMM_DMIRROR_WHERE_NONE,		/* not mapped, or not for this device */
	HMM_DMIRROR_WHERE_SYS,
	HMM_DMIRROR_WHERE_ZERO,
	HMM_DMIRROR_WHERE_DEV_LOCAL,
	HMM_DMIRROR_WHERE_DEV_REMOTE,
};

/**
 * struct hmm_dmirror_page - what is known of one page of the caller's memory
 * @pfn: its page frame number as hmm_range_fault() gave it
 * @index: which page of its folio it is
 * @order: the order of its folio
 * @map_order: the order of the page table entry that maps it
 * @where: HMM_DMIRROR_WHERE_*
 * @writable: 1 if a write needs no fault
 * @reserved: 0
 */
struct hmm_dmirror_page {
	__u64		pfn;
	__u16		index;
	__u8		order;
	__u8		map_order;
	__u8		where;
	__u8		writable;
	__u8		reserved[2];
};

/* Stores a struct hmm_dmirror_page for each page of the range at @ptr */
#define HMM_DMIRROR_PAGES		_IOWR('H', 0x43, struct hmm_dmirror_cmd)

/**
 * struct hmm_dmirror_evict - give back all memory of the device
 * @to_sys: (in) bit N: folios of order N may be made in system memory; order 0
 *          is always allowed
 * @passes: (in) how often to try what could not move, at least once
 * @moved: (out) base pages that moved to system memory
 * @left: (out) base pages of the device still in use afterwards
 *
 * The memory stays available to the device, other than with
 * HMM_DMIRROR_RELEASE. What holds for this open file's injections holds here.
 */
struct hmm_dmirror_evict {
	__u32		to_sys;
	__u32		passes;
	__u64		moved;
	__u64		left;
};

#define HMM_DMIRROR_EVICT		_IOWR('H', 0x44, struct hmm_dmirror_evict)

/**
 * struct hmm_dmirror_stats - counters of the device since the module's start
 * @kind: HMM_DMIRROR_MEMORY_*
 * @reserved: 0
 * @allocated: folios handed out, by order
 * @freed: folios taken back, by order
 * @split: calls of the split callback for a new folio
 * @cpu_faults: CPU faults on device memory
 * @fault_fallbacks: CPU faults served with smaller folios than were there
 * @live_pages: base pages handed out and not taken back
 * @capacity_pages: base pages the device has
 * @largest_free: order of the largest free block
 */
struct hmm_dmirror_stats {
	__u32		kind;
	__u32		reserved;
	__u64		allocated[HMM_DMIRROR_NR_ORDERS];
	__u64		freed[HMM_DMIRROR_NR_ORDERS];
	__u64		split;
	__u64		cpu_faults;
	__u64		fault_fallbacks;
	__u64		live_pages;
	__u64		capacity_pages;
	__u64		largest_free;
};

#define HMM_DMIRROR_STATS		_IOR('H', 0x45, struct hmm_dmirror_stats)

#endif /* _LIB_TEST_HMM_UAPI_H */
