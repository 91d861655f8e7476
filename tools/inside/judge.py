# SPDX-License-Identifier: MIT
"""Reads a guest's kernel log and report; exits 1 if the kernel complained.

A complaint is a WARNING, BUG, KASAN or UBSAN report, lockdep splat, RCU or
hung-task report, leak, refcount error, bad page state, DMA-API error or oops.
guest/complaints lists those that stock 6.12 makes itself, a reason a line.
On a *checked* kernel lockdep, kmemleak and KASAN must still be alive at the
end: a checker that switched itself off proves nothing.
"""
import argparse
import os
import re
import sys

COMPLAINTS = [re.compile(p) for p in (
    r"WARNING: ",
    r"\bBUG: ",
    r"BUG at ",
    r"kernel BUG",
    r"UBSAN: ",
    r"INFO: task .* blocked for more than",
    r"possible (circular|recursive) locking",
    r"possible irq lock inversion",
    r"inconsistent lock state",
    r"suspicious RCU usage",
    r"INFO: trying to register non-static key",
    r"INFO: HARDIRQ-safe",
    r"rcu: INFO: rcu_\w+ (self-)?detected (expedited )?stalls?",
    r"(soft|hard) lockup",
    r"refcount_t: ",
    r"kmemleak: \d+ new suspected memory leaks",
    # Without a scan area it goes on, and scans the whole object: injected failures do that.
    r"kmemleak: .*(disabled|Cannot allocate (?!a scan area))",
    r"Bad page (state|map)",
    r"Bad rss-counter",
    r"ODEBUG: ",
    r"DMA-API: .*(error|failed|leak|not allocated|exhausted|disabled|mapping error|freed)",
    r"list_(add|del) corruption",
    r"page_table_check",
    r"sleeping function called",
    r"scheduling while atomic",
    r"Oops",
    r"general protection fault",
    r"unable to handle ",
    r"Kernel panic",
    r"BUG kmalloc|BUG \S+ \(.*\): ",
    r"INFO: lockdep is turned off",
    r"BUG: (MAX_LOCK\w+|MAX_STACK_TRACE\w*)",
    r"irq \d+: nobody cared",
)]
TIME = re.compile(r"^\[ *\d+\.\d+\](\[ *[TC]\d+\])? ?")


def accepted(path, kernel):
    """[(kernels, pattern, reason)] of guest/complaints"""
    rows = []
    if not os.path.exists(path):
        return rows
    for line in open(path, encoding="utf-8"):
        if line.startswith("#") or not line.strip():
            continue
        kernels, pattern, reason = (x.strip() for x in line.split("|", 2))
        if kernels == "*" or kernel in kernels.split(","):
            rows.append((re.compile(pattern), reason))
    return rows


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--kernel", required=True)
    p.add_argument("--dir", required=True)
    a = p.parse_args()

    log = open(os.path.join(a.dir, "console.log"), encoding="utf-8", errors="replace").read() \
        if os.path.exists(os.path.join(a.dir, "console.log")) else ""
    lines = [TIME.sub("", x.rstrip("\r")) for x in log.split("\n")]
    rows = accepted("/hugesvm/src/guest/complaints", a.kernel)
    found = []
    for i, line in enumerate(lines):
        if not any(c.search(line) for c in COMPLAINTS):
            continue
        if any(r.search(line) for r, _ in rows):
            continue
        found.append(i)
    bad = False
    shown_to = -1
    for i in found:
        print("complaint: %s" % lines[i])
        bad = True
    for i in found[:3]:
        if i < shown_to:
            continue
        print("---- line %d of the kernel's log" % (i + 1))
        shown_to = min(i + 40, len(lines))
        for x in lines[i:shown_to]:
            print(x)

    status = open(os.path.join(a.dir, "status")).read().split("\n") \
        if os.path.exists(os.path.join(a.dir, "status")) else []
    # A guest that was cut off cannot report; its caller says so.
    if a.kernel.endswith("checked") and "done" in status:
        for checker in ("lockdep", "kmemleak", "kasan"):
            if "alive " + checker not in status:
                print("complaint: %s was no longer alive at the end" % checker)
                bad = True
    sys.exit(1 if bad else 0)


main()
