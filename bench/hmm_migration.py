#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What hmm_migration measured, as a table and a plot.

    hmm_migration.py NAME=FILE... [--svg FILE] [--json FILE]

Each FILE holds the lines of hmm_migration of one kernel, NAME names it. Files of
one name are put together: runs that took turns, so that a machine which gets
slower meanwhile does so for all. All must come from the same machine, best from
the same hour. Prints medians and, for each, its ratio to the base pages of the
first kernel, all of it and without the copy; writes throughput by size as SVG,
and the numbers of the table as JSON. Fails if a file has no measurement.

A driver without a clock for its copy is taken to need for base pages what the one
with a clock does: both call the same function for each page. memcpy() of the
program is no measure of that, it moves more with an instruction.
"""
import argparse
import json
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


def copies_by_page(kernels):
    """{(kind, KiB, direction): nanoseconds that drivers with a clock copy base pages}"""
    found = {}
    for _, rows in kernels:
        for row in rows:
            if row["copy"] >= 0 and row["order"] == 0:
                found.setdefault((row["kind"], row["kib"], row["direction"]), []).append(row["copy"])
    return {key: statistics.median(copies) for key, copies in found.items()}


def outside_copy(group, copies):
    """Nanoseconds of a migration that are not the copy, or None"""
    if group[0]["copy"] >= 0:
        return statistics.median(row["total"] - row["copy"] for row in group)
    copy = copies.get((group[0]["kind"], group[0]["kib"], group[0]["direction"]))
    return max(median_of(group, "total") - copy, 0) if copy else None


def figures(kernels):
    """A dict for each kernel, kind, order, size and direction"""
    base, found = groups(kernels[0][1]), []
    copies = copies_by_page(kernels)
    for name, rows in kernels:
        mine = groups(rows)
        for (kind, order, kib, direction), group in sorted(mine.items()):
            total = median_of(group, "total")
            row = {"kernel": name, "kind": kind, "order": order, "kib": kib, "direction": direction,
                   "n": len(group), "ns": total, "gib_per_s": kib * 1024 / total * 1e9 / 2**30,
                   "ns_min": min(r["total"] for r in group), "ns_outside_copy": None,
                   "ratio": None, "ratio_outside_copy": None}
            reference = base.get((kind, 0, kib, direction))
            if direction != "copy":
                row["ns_outside_copy"] = outside_copy(group, copies)
            if reference:
                row["ratio"] = median_of(reference, "total") / total
            if reference and row["ns_outside_copy"]:
                rest = outside_copy(reference, copies)
                row["ratio_outside_copy"] = rest / row["ns_outside_copy"] if rest is not None else None
            found.append(row)
    return found


def table(rows, out):
    def cell(form, value):
        return form % value if value is not None else "%9s" % "-"

    out.write("%-10s %-9s %5s %8s %5s %3s %10s %9s %9s %12s %9s\n" % (
        "kernel", "kind", "order", "KiB", "way", "n", "us", "GiB/s", "ratio", "us no copy", "ratio"))
    for r in rows:
        rest = r["ns_outside_copy"]
        out.write("%-10s %-9s %5d %8d %5s %3d %10.1f %9.3f %s %12s %s\n" % (
            r["kernel"], r["kind"], r["order"], r["kib"], r["direction"], r["n"], r["ns"] / 1e3,
            r["gib_per_s"], cell("%9.2f", r["ratio"]),
            "-" if rest is None else "%.1f" % (rest / 1e3), cell("%9.2f", r["ratio_outside_copy"])))


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
    parser.add_argument("--json")
    args = parser.parse_args()
    kernels = {}
    for item in args.measured:
        name, sep, path = item.partition("=")
        if not sep:
            parser.error("'%s' is not NAME=FILE" % item)
        kernels.setdefault(name, []).extend(read(path))
    kernels = list(kernels.items())
    rows = figures(kernels)
    table(rows, sys.stdout)
    if args.svg:
        plot(kernels, args.svg)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as out:
            json.dump(rows, out, indent=1)
            out.write("\n")


if __name__ == "__main__":
    main()
