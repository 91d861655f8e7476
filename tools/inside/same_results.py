# SPDX-License-Identifier: MIT
"""same_results.py LOG LOG: do two runs of a kernel selftest say the same?

Compared is every line that tells a result, in the words of TAP, of khugepaged
and of uffd-unit-tests, in order and without what differs from run to run:
times, addresses, colours, the dots by which khugepaged's test counts how long it
waits. Prints what both say in short, or a diff; exits 1 if they differ, or if
there is nothing to compare.
"""
import collections
import difflib
import re
import sys

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
VARIES = re.compile(r"0x[0-9a-f]+|\b\d+(\.\d+)? ?(ns|us|ms|s|seconds)\b|mremap time: *\d+|\bpid \d+")
DOTS = re.compile(r"\.{3,}")
RESULTS = (
    ("skipped", re.compile(r"# SKIP|\bskipped\b|\.\.\. *Skip", re.I)),
    ("failed", re.compile(r"^not ok|\bfailed\b|\.\.\. *Fail")),
    ("passed", re.compile(r"^ok |\bdone$|\.\.\. *OK")),
    ("status", re.compile(r"^@status ")),
)


def results(path):
    """[(word, line)] of a log"""
    found = []
    text = open(path, encoding="utf-8", errors="replace").read()
    for line in text.replace("\r", "\n").split("\n"):
        line = DOTS.sub("...", VARIES.sub("~", COLOUR.sub("", line))).strip()
        if line.startswith("# Totals"):
            continue
        for word, pattern in RESULTS:
            if pattern.search(line):
                found.append((word, line))
                break
    return found


def main():
    first, second = (results(path) for path in sys.argv[1:3])
    counts = collections.Counter(word for word, _ in first)
    if not any(counts[word] for word in ("passed", "failed", "skipped")):
        sys.exit("%s tells no result" % sys.argv[1])
    if [line for _, line in first] != [line for _, line in second]:
        print("\n".join(difflib.unified_diff([line for _, line in first], [line for _, line in second],
                                             *sys.argv[1:3], lineterm="", n=0)))
        sys.exit(1)
    print("%d passed, %d failed, %d skipped on both" % tuple(counts[w] for w in ("passed", "failed", "skipped")))


main()
