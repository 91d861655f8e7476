# SPDX-License-Identifier: MIT
"""The checks of IGT that need no IGT tree, as TAP.

  documentation.py LISTS-DIR [PROGRAM SOURCE]...

For each program: its documentation parses, every subtest that it lists is documented,
every documented subtest exists, no name is there twice. For the lists of
nouveau-ci: each names subtests that exist, and the blocklist gives reasons.

Documentation is what stands in comments that begin with two asterisks:

  TEST: ..., SUBTEST: name, Description: ..., and for names with %s a table

  arg[1]:
  @value:   words for the description

which stands for every value. The tables of a comment belong to all its SUBTESTs.
"""
import itertools
import os
import re
import subprocess
import sys

TEST_FIELDS = ("Category", "Mega feature", "Sub-category", "Description")


class Bad(Exception):
    pass


def comments(text):
    for c in re.findall(r"/\*\*(.*?)\*/", text, re.S):
        yield [re.sub(r"^\s*\* ?", "", line).rstrip() for line in c.split("\n")]


def parse_comment(lines):
    """-> (fields of TEST or None, [(name, description)], {n: {value: words}})"""
    test, subtests, tables = None, [], {}
    where, table = None, None
    for line in lines:
        m = re.match(r"(TEST|SUBTEST|Description|Category|Mega feature|Sub-category|"
                     r"Functionality|Run type):\s*(.*)$", line)
        arg = re.match(r"arg\[(\d+)\]:\s*$", line)
        value = re.match(r"@([\w.+-]+):\s*(.+)$", line)
        if m and m.group(1) == "TEST":
            test, where, table = {"TEST": m.group(2)}, None, None
        elif m and m.group(1) == "SUBTEST":
            subtests.append([m.group(2), ""])
            where, table = None, None
        elif m and subtests and m.group(1) == "Description":
            subtests[-1][1], where, table = m.group(2), "description", None
        elif m and test is not None and not subtests:
            test[m.group(1)], where = m.group(2), m.group(1)
        elif m and not subtests:
            continue
        elif arg:
            table, where = tables.setdefault(int(arg.group(1)), {}), None
        elif value and table is not None:
            if value.group(1) in table:
                raise Bad("value @%s is there twice" % value.group(1))
            table[value.group(1)] = value.group(2)
        elif line.strip() and where == "description" and subtests:
            subtests[-1][1] += " " + line.strip()
        elif line.strip() and table is not None and table:
            table[list(table)[-1]] += " " + line.strip()
        elif not line.strip():
            where = None if where == "description" else where
    return test, subtests, tables


def expand(name, description, tables):
    """All names that a SUBTEST stands for."""
    wild = re.findall(r"%[sd]", name)
    if not description.strip():
        raise Bad("SUBTEST %s has no Description" % name)
    for n in range(1, len(wild) + 1):
        if n not in tables:
            raise Bad("SUBTEST %s: no table arg[%d]" % (name, n))
    for n in map(int, re.findall(r"%arg\[(\d+)\]", description)):
        if n > len(wild):
            raise Bad("SUBTEST %s: %%arg[%d] in the description, but only %d wildcards" %
                      (name, n, len(wild)))
    for values in itertools.product(*[list(tables[n]) for n in range(1, len(wild) + 1)]):
        it = iter(values)
        yield re.sub(r"%[sd]", lambda m: next(it), name)


def documented(path):
    tests, names = [], []
    for lines in comments(open(path, encoding="utf-8").read()):
        test, subtests, tables = parse_comment(lines)
        if test is not None:
            tests.append(test)
        for name, description in subtests:
            names += expand(name, description, tables)
    if len(tests) != 1:
        raise Bad("%d TEST blocks, one is wanted" % len(tests))
    for field in TEST_FIELDS:
        if not tests[0].get(field, "").strip():
            raise Bad("the TEST block has no %s" % field)
    return names


count = 0
failed = 0


def ok(good, name, why=""):
    global count, failed
    count += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", count, name))
    if not good:
        print("# %s" % why)


def check_program(program, source):
    name = os.path.basename(program)
    listed = subprocess.run([program, "--list-subtests"], capture_output=True, text=True,
                            check=True).stdout.split()
    try:
        names = documented(source)
    except Bad as e:
        ok(False, "%s: documentation parses" % name, "%s: %s" % (source, e))
        return ["igt@%s@%s" % (name, x) for x in listed]
    ok(True, "%s: documentation parses" % name)
    twice = {x for x in listed if listed.count(x) > 1}
    ok(not twice, "%s: names are unique" % name, " ".join(sorted(twice)))
    twice = {x for x in names if names.count(x) > 1}
    ok(not twice, "%s: each subtest is documented once" % name, " ".join(sorted(twice)))
    missing = set(listed) - set(names)
    ok(not missing, "%s: each subtest is documented" % name, " ".join(sorted(missing)))
    missing = set(names) - set(listed)
    ok(not missing, "%s: each documented subtest exists" % name, " ".join(sorted(missing)))
    wrong = [x for x in listed if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", x)]
    ok(not wrong, "%s: names are words with hyphens" % name, " ".join(wrong))
    return ["igt@%s@%s" % (name, x) for x in listed]


def rows(path):
    return [x.rstrip("\n") for x in open(path, encoding="utf-8")]


def check_lists(folder, subtests):
    gone = [x for x in rows(os.path.join(folder, "fast-feedback.testlist"))
            if x and not x.startswith("#") and x not in subtests]
    ok(not gone, "fast-feedback.testlist: each subtest exists", " ".join(gone))
    for name in ("blocklist.txt", "stock-tests.txt"):
        gone = [x for x in rows(os.path.join(folder, name)) if x and not x.startswith("#") and
                not any(re.search(x, t) for t in subtests)]
        ok(not gone, "%s: each expression matches a subtest" % name, " ".join(gone))
    bare, reason = [], False
    for x in rows(os.path.join(folder, "blocklist.txt"))[1:]:
        reason = x.startswith("#") or (reason and bool(x))
        if x and not reason:
            bare.append(x)
    ok(not bare, "blocklist.txt: a reason before each expression", " ".join(bare))
    bare = [x for x in rows(os.path.join(folder, "stock-defects.txt"))
            if x and not x.startswith("#") and
            (" | " not in x or not any(re.search(x.split(" | ")[0], t) for t in subtests))]
    ok(not bare, "stock-defects.txt: expressions match, with a reason", " ".join(bare))


def main():
    folder, rest = sys.argv[1], sys.argv[2:]
    subtests = []
    for program, source in zip(rest[::2], rest[1::2]):
        subtests += check_program(program, source)
    check_lists(folder, subtests)
    ok(len(subtests) >= 200, "at least 200 subtests", "%d" % len(subtests))
    print("# %d subtests" % len(subtests))
    print("1..%d" % count)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
