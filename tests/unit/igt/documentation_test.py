# SPDX-License-Identifier: MIT
"""documentation.py sees each kind of mistake: TAP."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import documentation as d

HEAD = """/**
 * TEST: t
 * Category: Core
 * Mega feature: SVM
 * Sub-category: uAPI
 * Description: words
 */
"""


def of(text):
    with tempfile.NamedTemporaryFile("w", suffix=".c", delete=False) as f:
        f.write(text)
    try:
        return d.documented(f.name)
    except d.Bad as e:
        return str(e)
    finally:
        os.unlink(f.name)


def block(*lines):
    return HEAD + "/**\n" + "".join(" * %s\n" % x for x in lines) + " */\n"


CASES = [
    ("a plain subtest", block("SUBTEST: a-b", "Description: it"), ["a-b"]),
    ("two in one comment", block("SUBTEST: a", "Description: it", "", "SUBTEST: b",
                                 "Description: it", "             goes on"), ["a", "b"]),
    ("a wildcard", block("SUBTEST: a-%s", "Description: with %arg[1]", "", "arg[1]:", "",
                         "@x:\t\tone", "@y-2:\ttwo"), ["a-x", "a-y-2"]),
    ("two wildcards", block("SUBTEST: %s-%d", "Description: it", "", "arg[1]:", "@x: one", "",
                            "arg[2]:", "@1: one", "@2: two"), ["x-1", "x-2"]),
    ("no description", block("SUBTEST: a"), "SUBTEST a has no Description"),
    ("no table", block("SUBTEST: a-%s", "Description: it"), "SUBTEST a-%s: no table arg[1]"),
    ("a value twice", block("SUBTEST: a-%s", "Description: it", "arg[1]:", "@x: one", "@x: two"),
     "value @x is there twice"),
    ("an argument that is not there", block("SUBTEST: a", "Description: %arg[1]"),
     "SUBTEST a: %arg[1] in the description, but only 0 wildcards"),
    ("no TEST block", "/**\n * SUBTEST: a\n * Description: it\n */\n",
     "0 TEST blocks, one is wanted"),
    ("a TEST block without a category", HEAD.replace(" * Category: Core\n", ""),
     "the TEST block has no Category"),
]

bad = 0
for n, (name, text, expected) in enumerate(CASES, 1):
    got = of(text)
    bad += got != expected
    print("%sok %d - %s" % ("" if got == expected else "not ", n, name))
    if got != expected:
        print("# expected %r, actual %r" % (expected, got))
print("1..%d" % len(CASES))
sys.exit(1 if bad else 0)
