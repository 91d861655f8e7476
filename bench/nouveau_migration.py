#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What nouveau_migration and count_instructions measured, as tables.

    nouveau_migration.py NAME=TIMES,COUNTS,MARKERS...

For each kernel NAME: TIMES are the lines of nouveau_migration without the plugin (one file
or more, joined by '+'), COUNTS its lines with the plugin, MARKERS what the plugin wrote meanwhile. Prints medians, and
ratios to the first kernel. Fails if something is missing.
"""
import statistics
import sys

COLUMNS = ("way", "kib", "repetition", "ns", "accesses", "launches", "interrupts")
WAYS = {"vram": (1, 2), "ram": (3, 4)}


def read_lines(path):
    rows = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            fields = line.split()
            if len(fields) != len(COLUMNS) or fields[0] not in WAYS:
                continue
            rows.append(dict(zip(COLUMNS, [fields[0]] + [int(f) for f in fields[1:]])))
    if not rows:
        sys.exit("nouveau_migration.py: no measurement in %s" % path)
    return rows


def read_markers(path):
    """Instructions by way, in the order of the measurements; the first of each is a warm-up."""
    found = {way: [] for way in WAYS}
    begun = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            _, number, kernel, user = line.split()
            for way, (begin, end) in WAYS.items():
                if int(number) == begin:
                    begun[way] = (int(kernel), int(user))
                elif int(number) == end and way in begun:
                    k, u = begun.pop(way)
                    found[way].append((int(kernel) - k, int(user) - u))
    return {way: counts[1:] for way, counts in found.items()}


def median_of(rows, name):
    return statistics.median(row[name] for row in rows)


def pick(rows, way, kib):
    return [r for r in rows if r["way"] == way and r["kib"] == kib]


def times(kernels, out):
    out.write("time, without the plugin\n")
    out.write("%-10s %-5s %8s %3s %10s %9s %7s %14s %14s %12s\n" % (
        "kernel", "to", "KiB", "n", "ms", "MiB/s", "ratio", "accesses/2MiB",
        "launches/2MiB", "irqs/2MiB"))
    for way in WAYS:
        for kib in sorted({r["kib"] for r in kernels[0][1] if r["way"] == way}):
            base = None
            for name, rows, _, _ in kernels:
                group = pick(rows, way, kib)
                if not group:
                    sys.exit("nouveau_migration.py: %s has no measurement of %d KiB" % (name, kib))
                ns = median_of(group, "ns")
                base = base or ns
                huge = kib / 2048
                out.write("%-10s %-5s %8d %3d %10.1f %9.1f %7.2f %14.1f %14.1f %12.1f\n" % (
                    name, way, kib, len(group), ns / 1e6, kib / 1024 / (ns / 1e9), base / ns,
                    median_of(group, "accesses") / huge, median_of(group, "launches") / huge,
                    median_of(group, "interrupts") / huge))


def instructions(kernels, out):
    out.write("\ninstructions in the kernel, idle CPUs left out, for 2 MiB\n")
    out.write("%-10s %-5s %3s %14s %10s\n" % ("kernel", "to", "n", "instructions", "ratio"))
    for way in WAYS:
        base = None
        for name, _, rows, markers in kernels:
            kib = {r["kib"] for r in rows}
            if len(kib) != 1 or len(markers[way]) != len([r for r in rows if r["way"] == way]):
                sys.exit("nouveau_migration.py: %s: markers and measurements do not fit" % name)
            each = statistics.median(k for k, _ in markers[way]) / (kib.pop() / 2048)
            base = base or each
            out.write("%-10s %-5s %3d %14.0f %10.1f\n" % (
                name, way, len(markers[way]), each, base / each))


def main():
    kernels = []
    for arg in sys.argv[1:]:
        name, sep, files = arg.partition("=")
        parts = files.split(",")
        if not sep or len(parts) != 3:
            sys.exit(__doc__)
        rows = [row for path in parts[0].split("+") for row in read_lines(path)]
        kernels.append((name, rows, read_lines(parts[1]), read_markers(parts[2])))
    if not kernels:
        sys.exit(__doc__)
    times(kernels, sys.stdout)
    instructions(kernels, sys.stdout)


if __name__ == "__main__":
    main()
