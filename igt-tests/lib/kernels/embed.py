# SPDX-License-Identifier: MIT
"""Writes machine code into a C file.

  embed.py OUT.c DESCRIPTION...     a description is what usvm-clc writes, with
                                    the file of its code beside it
  embed.py --check FILE.c DESCRIPTION...   exits 1 if FILE.c is not what would be written

The kernels are in the order of enum nsvm_kernel_id.
"""
import os
import struct
import sys

HEAD = """// SPDX-License-Identifier: MIT
/*
 * Machine code of the kernels in kernels/igt_nouveau_svm.cl for SM 6.0 and 6.1, compiled
 * by Mesa's nv50_ir. Written by kernels/embed.py; not to be edited.
 */
#include "igt_nouveau_svm.h"

"""


def read(path):
    k = {"args": [], "registers": 0}
    for line in open(path, encoding="utf-8"):
        words = line.split()
        if not words or words[0] == "#":
            continue
        if words[0] == "kernel":
            k["name"] = words[1]
        elif words[0] == "argument":
            k["args"].append(int(words[1]))
        elif words[0] == "registers":
            k["registers"] = int(words[1])
        elif words[0] == "code":
            code = open(os.path.join(os.path.dirname(path), words[1]), "rb").read()
            k["code"] = struct.unpack("<%dQ" % (len(code) // 8), code)
        elif words[0] in ("shared", "local", "barriers") and int(words[1]):
            sys.exit("%s: needs %s memory or barriers, which tests do not provide" %
                     (path, words[0]))
    return k


def text(kernels):
    out = HEAD
    for k in kernels:
        out += "static const uint64_t %s_code[] = {\n" % k["name"]
        for i in range(0, len(k["code"]), 4):
            out += "\t" + " ".join("0x%016x," % w for w in k["code"][i:i + 4]) + "\n"
        out += "};\n\n"
    out += "const struct nsvm_kernel nsvm_kernels[NSVM_NR_KERNELS] = {\n"
    for k in kernels:
        out += "\t[%s] = {\n" % k["name"].replace("nsvm_", "nsvm_kernel_").upper()
        out += "\t\t.name = \"%s\",\n\t\t.code = %s_code,\n" % (k["name"], k["name"])
        out += "\t\t.words = %d,\n\t\t.registers = %d,\n" % (len(k["code"]), k["registers"])
        out += "\t\t.arguments = %d,\n" % len(k["args"])
        out += "\t\t.size = { %s },\n\t},\n" % ", ".join(map(str, k["args"]))
    return out + "};\n"


def main():
    check = sys.argv[1] == "--check"
    out, descriptions = sys.argv[1 + check], sys.argv[2 + check:]
    new = text([read(d) for d in descriptions])
    if not check:
        open(out, "w", encoding="utf-8").write(new)
    elif open(out, encoding="utf-8").read() != new:
        sys.exit("%s is not what its source compiles to" % out)


main()
