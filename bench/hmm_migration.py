#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What hmm_migration measured, as a table and a plot.

    hmm_migration.py NAME=FILE... [--svg FILE]

Each FILE holds the lines of hmm_migration of one kernel, NAME names it. All
must come from the same machine, best from the same hour. Prints medians and,
for each, its ratio to the base pages of the first kernel; writes throughput by
size as SVG. Fails if a file has no measurement.
"""
import argparse
import statistics
import sys

COLUMNS = ("method", "kind", "order", "kib", "direction", "repetition",
           "total", "setup", "alloc", "copy", "pages", "finalize")


def read(path):
    rows = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            fields = line.split()
            if len(fields) != len(COLUMNS) or fields[0] not in ("timed", "ioctl", "memcpy"):
                continue
            row = dict(zip(COLUMNS, fields))
            for name in COLUMNS:
                if name not in ("method", "kind", "direction"):
                    row[name] = int(row[name])
            rows.append(row)
    if not rows:
        sys.exit("hmm_migration.py: no measurement in %s" % path)
    return rows


def median_of(rows, name):
    return statistics.median(row[name] for row in rows)


def groups(rows):
    found = {}
    for row in rows:
        key = (row["kind"], row["order"], row["kib"], row["direction"])
        found.setdefault(key, []).append(row)
    return found


def without_copy(rows):
    if rows[0]["copy"] < 0:
        return None
    return statistics.median(row["total"] - row["copy"] for row in rows)


def table(kernels, out):
    base = groups(kernels[0][1])
    out.write("%-10s %-9s %5s %8s %5s %3s %10s %9s %8s %12s\n" % (
        "kernel", "kind", "order", "KiB", "way", "n", "us", "GiB/s", "ratio", "us no copy"))
    for name, rows in kernels:
        for key, group in sorted(groups(rows).items()):
            kind, order, kib, direction = key
            ns = median_of(group, "total")
            reference = base.get((kind, 0, kib, direction))
            ratio = "%8.2f" % (median_of(reference, "total") / ns) if reference else "%8s" % "-"
            rest = without_copy(group)
            out.write("%-10s %-9s %5d %8d %5s %3d %10.1f %9.3f %s %12s\n" % (
                name, kind, order, kib, direction, len(group), ns / 1e3,
                kib * 1024 / ns * 1e9 / 2**30, ratio,
                "-" if rest is None else "%.1f" % (rest / 1e3)))


COLOURS = ("#1b6ca8", "#c8553d", "#588157", "#7b2d8b", "#b08900", "#333333", "#008b8b", "#aa3377")


def series_of(kernels, direction, kind):
    lines = []
    for name, rows in kernels:
        by_order = {}
        for (k, order, kib, way), group in groups(rows).items():
            if way == direction and k == kind:
                rate = kib * 1024 / median_of(group, "total") * 1e9 / 2**30
                by_order.setdefault(order, []).append((kib, rate))
        for order, points in sorted(by_order.items()):
            lines.append(("%s, order %d" % (name, order), sorted(points)))
    return lines


def plot_one(lines, title, left, sizes, top_rate):
    width, height, y0 = 360, 240, 50
    text = ['<text x="%d" y="30" font-weight="bold">%s</text>' % (left, title),
            '<rect x="%d" y="%d" width="%d" height="%d" fill="none" stroke="#999"/>' % (
                left, y0, width, height)]

    def x_of(kib):
        return left + (sizes.index(kib) + 0.5) * width / len(sizes)

    def y_of(rate):
        return y0 + height * (1 - rate / top_rate)

    for kib in sizes:
        label = "%dK" % kib if kib < 1024 else "%dM" % (kib // 1024)
        text.append('<text x="%.0f" y="%d" text-anchor="middle">%s</text>' % (
            x_of(kib), y0 + height + 16, label))
    for i in range(5):
        rate = top_rate * i / 4
        text.append('<text x="%d" y="%.0f" text-anchor="end">%.2f</text>' % (
            left - 4, y_of(rate) + 4, rate))
    for n, (name, points) in enumerate(lines):
        colour = COLOURS[n % len(COLOURS)]
        text.append('<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>' % (
            colour, " ".join("%.1f,%.1f" % (x_of(k), y_of(r)) for k, r in points)))
        text.append('<text x="%d" y="%d" fill="%s">%s</text>' % (
            left, y0 + height + 40 + 15 * n, colour, name))
    return text


def plot(kernels, path):
    kind = kernels[0][1][0]["kind"]
    ways = [(w, series_of(kernels, w, kind)) for w in ("in", "out")]
    points = [p for _, lines in ways for _, ps in lines for p in ps]
    if not points:
        sys.exit("hmm_migration.py: nothing to plot")
    sizes = sorted({k for k, _ in points})
    top_rate = max(r for _, r in points) * 1.05
    rows = max(len(lines) for _, lines in ways)
    text = ['<svg xmlns="http://www.w3.org/2000/svg" width="900" height="%d" '
            'font-family="sans-serif" font-size="11">' % (350 + 15 * rows),
            '<rect width="100%" height="100%" fill="white"/>']
    for i, (way, lines) in enumerate(ways):
        title = {"in": "to the device, GiB/s", "out": "to system memory, GiB/s"}[way]
        text += plot_one(lines, title, 60 + 440 * i, sizes, top_rate)
    text.append("</svg>")
    with open(path, "w", encoding="utf-8") as svg:
        svg.write("\n".join(text) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("measured", nargs="+", metavar="NAME=FILE")
    parser.add_argument("--svg")
    args = parser.parse_args()
    kernels = []
    for item in args.measured:
        name, sep, path = item.partition("=")
        if not sep:
            parser.error("'%s' is not NAME=FILE" % item)
        kernels.append((name, read(path)))
    table(kernels, sys.stdout)
    if args.svg:
        plot(kernels, args.svg)


if __name__ == "__main__":
    main()
