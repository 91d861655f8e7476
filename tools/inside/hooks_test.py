# SPDX-License-Identifier: MIT
"""Tests of hooks.py: a hunk that lands in the wrong function is an error."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hooks as H

SOURCE = """\
#include <linux/mm.h>

struct thing {
	int a;
	int b;
};

static int first(int x)
{
	int ret = 0;

	if (x)
		ret = 1;
	return ret;
}

int second(struct thing *t,
	   int x)
{
	int ret = 0;

	if (x)
		ret = 1;
	return ret;
}
EXPORT_SYMBOL(second);

#define three(x) do {		\\
	first(x);		\\
} while (0)

static const struct ops table = {
	.one = first,
};
"""

count = 0
failed = 0


def check(ok, name):
    global count, failed
    count += 1
    failed += not ok
    print("%sok %d - %s" % ("" if ok else "not ", count, name))


def hook(diff, where, subject="mm: test"):
    d = tempfile.mkdtemp()
    path = os.path.join(d, "0001-test.patch")
    with open(path, "w") as f:
        f.write("Subject: %s\n" % subject)
        for w in where:
            f.write("In: %s\n" % w)
        f.write("\nReason: a test.\n\n---\n" + diff)
    return H.Hook(path)


def tree(text=SOURCE):
    d = tempfile.mkdtemp()
    with open(os.path.join(d, "f.c"), "w") as f:
        f.write(text)
    return d


def error(call):
    try:
        call()
    except H.HookError as e:
        return str(e)
    return ""


def hunk(at, body):
    old = sum(1 for x in body if x[0] in " -")
    new = sum(1 for x in body if x[0] in " +")
    return "--- a/f.c\n+++ b/f.c\n@@ -%d,%d +%d,%d @@\n%s\n" % (at, old, at, new, "\n".join(body))


BODY = [" \tif (x)", "-\t\tret = 1;", "+\t\tret = 2;", " \treturn ret;", " }"]
TOP = [" ", " static int first(int x)", " {", " \tint ret = 0;", " "]
END = [" ", " int second(struct thing *t,", " \t   int x)", " {"]
lines = SOURCE.split("\n")


def row(text):
    return lines.index(text)


check(H.enclosing(lines, row("	int a;")) == "struct thing", "a field is in its struct")
check(H.enclosing(lines, row("		ret = 1;")) == "first", "a line is in its function")
check(H.enclosing(lines, row("	   int x)")) == "second", "a parameter is in its function")
later = row("EXPORT_SYMBOL(second);") - 2
check(lines[later] == "	return ret;" and H.enclosing(lines, later) == "second",
      "the later of two equal lines is in its own function")
check(H.enclosing(lines, row("EXPORT_SYMBOL(second);")) == "-", "between definitions is file scope")
check(H.enclosing(lines, row("	first(x);		\\")) == "three", "a line of a macro is in the macro")
check(H.enclosing(lines, row("	.one = first,")) == "table", "an initialiser is in its variable")

d = tree()
e = error(lambda: H.apply(hook(hunk(7, TOP + BODY + END), ["f.c:first"]), d))
check(e == "", "a hunk in the right function passes " + e.replace("\n", " "))

d = tree()
e = error(lambda: H.apply(hook(hunk(7, TOP + BODY + END), ["f.c:second"]), d))
check("lands in" in e and "first" in e, "a hunk in the wrong function is an error that names both")

# The same lines in both functions: with little context, and the first
# function's lines changed by a point release, patch takes the second's.
moved = SOURCE.replace("	if (x)\n		ret = 1;", "	if (x > 0)\n		ret = 1;", 1)
d = tree(moved)
e = error(lambda: H.apply(hook(hunk(12, BODY), ["f.c:first"]), d))
check("first" in e and ("second" in e or "does not apply" in e), "a hunk that slides into a later function is caught")

e = error(lambda: hook(hunk(8, BODY), []))
check("In: lines" in e, "each hunk needs its In: line")
e = error(lambda: hook(hunk(8, BODY), ["f.c"]))
check("names no function" in e, "an In: line must name a function")

d = tempfile.mkdtemp()
for name in ("0001-a.patch", "0001-a@94.patch", "0001-a@107.patch", "0001-ab@200.patch"):
    open(os.path.join(d, name), "w").close()
for level, want in ((90, "0001-a@94.patch"), (94, "0001-a@94.patch"), (95, "0001-a@107.patch"), (108, "0001-a.patch")):
    check(os.path.basename(H.variant(os.path.join(d, "0001-a.patch"), level)) == want,
          "6.12.%d takes %s" % (level, want))

print("1..%d" % count)
sys.exit(1 if failed else 0)
