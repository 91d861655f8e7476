#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""piglit_judge.py KNOWN RESULTS: what piglit.sh has written, as TAP.

A program that does not pass must be in KNOWN (tests/compute/piglit.known), or its compiler
must have said itself that it makes nothing of it.
"""
import sys

# What Mesa says when it has no code to run.
NO_CODE = ("translation failed", "Could not build", "NIR", "SPIR-V", "Unresolved external", "compilation action")


def read_known(path):
    known = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            line = line.split("#")[0].strip()
            if not line:
                continue
            name, colon, reason = line.partition(": ")
            if not colon:
                sys.exit(f"{path}: no reason: {line}")
            known[name] = reason.strip()
    return known


def verdict(result, name, why, known):
    """Good or not, and what to say of it."""
    if result == "pass":
        return (False, "passes, and is known to fail") if name in known else (True, "")
    if result in ("skip", "warn"):
        return True, "# SKIP by piglit" if result == "skip" else "(piglit warns)"
    if result == "fail" and name in known:
        return True, f"# SKIP known to fail: {known[name]}"
    if any(words in why for words in NO_CODE):
        return True, f"# SKIP Mesa makes no code: {why[:60]}"
    return False, f"({result}) {why}"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    known = read_known(sys.argv[1])
    count = bad = 0
    with open(sys.argv[2], encoding="utf-8") as f:
        for line in sorted(f, key=lambda text: text.split(" ")[1]):
            result, name, why = line.rstrip("\n").split(" ", 2)
            good, words = verdict(result, name, why, known)
            count += 1
            bad += not good
            print(f"{'' if good else 'not '}ok {count} - {name} {words}".rstrip())
    print(f"1..{count}")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
