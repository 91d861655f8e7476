#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same functions by every compiler that there is: do all results agree with gcc's?

same_judge.py SOURCES RESULTS NAME...: runs the OpenCL form on every platform, and reads
what others have left as RESULTS/NAME, words of all functions for each triple of operands.
"""
import sys

import numpy as np
import pyopencl as cl

# What a compiler may do otherwise: told, not judged.
KNOWN = {
    # lavapipe: a product and a sum.
    "lavapipe: fused": "Vulkan allows Fma to round twice",
}
count = 0
bad = 0


def ok(good, name):
    global count, bad
    count += 1
    known = KNOWN.get(name) if not good else None
    bad += not good and not known
    print(f"{'' if good or known else 'not '}ok {count} - {name}" + (f" # SKIP {known}" if known else ""),
          flush=True)


def compare(compiler, got, want, operands, names):
    for n, name in enumerate(names):
        wrong = np.nonzero(got[:, n] != want[:, n])[0]
        if len(wrong):
            i = wrong[0]
            print(f"# {len(wrong)} differ, first of {' '.join(f'{v:08x}' for v in operands[i])}: "
                  f"{got[i, n]:08x}, not {want[i, n]:08x}")
        ok(not len(wrong), f"{compiler}: {name}")


def run_opencl(device, sources, operands, nr):
    context = cl.Context([device])
    queue = cl.CommandQueue(context)
    with open(f"{sources}/same.cl") as f:
        program = cl.Program(context, f.read()).build(options=[f"-I{sources}"])
    flags = cl.mem_flags
    data = cl.Buffer(context, flags.READ_ONLY | flags.COPY_HOST_PTR, hostbuf=operands)
    results = np.full((len(operands), nr), 0xeeeeeeee, dtype=np.uint32)
    out = cl.Buffer(context, flags.READ_WRITE | flags.COPY_HOST_PTR, hostbuf=results)
    program.same(queue, (len(operands),), (64,), data, out, np.uint32(len(operands)))
    cl.enqueue_copy(queue, results, out)
    queue.finish()
    return results


def main():
    sources, directory, *others = sys.argv[1:]
    with open(f"{directory}/names") as f:
        names = f.read().split()
    operands = np.fromfile(f"{directory}/in", dtype=np.uint32).reshape(-1, 3)
    want = np.fromfile(f"{directory}/c", dtype=np.uint32).reshape(-1, len(names))
    platforms = cl.get_platforms()
    ok({"rusticl", "Portable Computing Language"} <= {p.name for p in platforms}, "both OpenCL compilers are there")
    for platform in platforms:
        for device in platform.get_devices():
            compare(platform.name, run_opencl(device, sources, operands, len(names)), want, operands, names)
    for name in others:
        try:
            got = np.fromfile(f"{directory}/{name}", dtype=np.uint32).reshape(-1, len(names))
        except (OSError, ValueError) as e:
            ok(False, f"{name}: {e}")
            continue
        compare(name, got, want, operands, names)
    print(f"1..{count}")
    return bad != 0


sys.exit(main())
