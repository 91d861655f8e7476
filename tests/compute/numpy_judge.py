#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PyOpenCL on every OpenCL platform that there is, with numpy as the judge.

PyOpenCL's own generators (elementwise kernels, reductions, scans, a radix sort) write the
OpenCL C, so that nobody here chose what it looks like.
"""
import sys

import numpy as np
import pyopencl as cl
import pyopencl.array as clarray
from pyopencl.algorithm import RadixSort
from pyopencl.elementwise import ElementwiseKernel
from pyopencl.reduction import ReductionKernel
from pyopencl.scan import GenericScanKernel

N = 20000

# What is wrong in the machine code that a platform's compiler makes: told, not judged.
KNOWN = {
    # The loop that reads eight elements is unrolled; only the last one is loaded, the others
    # are stored from a register that nothing has written.
    "rusticl: a radix sort": "Mesa 25.0 leaves seven of eight loads out",
}
rng = np.random.default_rng(6)
count = 0
bad = 0


def ok(good, name):
    global count, bad
    count += 1
    known = KNOWN.get(name) if not good else None
    bad += not good and not known
    print(f"{'' if good or known else 'not '}ok {count} - {name}" + (f" # SKIP {known}" if known else ""),
          flush=True)


def judge(platform, device):
    context = cl.Context([device])
    queue = cl.CommandQueue(context)
    name = platform.name
    ints = rng.integers(-2**31, 2**31, N, dtype=np.int32)
    floats = rng.standard_normal(N).astype(np.float32)
    more = rng.standard_normal(N).astype(np.float32)
    i, f, g = (clarray.to_device(queue, a) for a in (ints, floats, more))

    ok(np.allclose((f * 2.5 + g).get(), floats * np.float32(2.5) + more, rtol=1e-6, atol=1e-6),
       f"{name}: array arithmetic")
    mix = ElementwiseKernel(context, "int *out, const int *in",
                            "out[i] = (in[i] * 1103515245 + 12345) ^ ((uint)in[i] >> (i & 31))")
    out = clarray.empty_like(i)
    mix(out, i)
    want = (ints.astype(np.uint32) * np.uint32(1103515245) + np.uint32(12345)) ^ \
        (ints.astype(np.uint32) >> (np.arange(N, dtype=np.uint32) & 31))
    ok((out.get().astype(np.uint32) == want).all(), f"{name}: an elementwise kernel of integers")
    ok(int(clarray.sum(i, dtype=np.dtype(np.int64)).get()) == int(ints.astype(np.int64).sum()),
       f"{name}: a sum of 64 bits")
    ok(clarray.max(i).get() == ints.max() and clarray.min(i).get() == ints.min(), f"{name}: most and least")
    ok(abs(float(clarray.dot(f, g).get()) - float(floats.astype(np.float64) @ more)) < 0.05,
       f"{name}: a dot product")
    most = ReductionKernel(context, np.float32, neutral="0", reduce_expr="fmax(a, b)",
                           map_expr="fabs(x[i] - y[i])", arguments="const float *x, const float *y")
    ok(most(f, g).get() == np.abs(floats - more).max(), f"{name}: a reduction of differences")
    scan = GenericScanKernel(context, np.int32, arguments="__global int *ary", input_expr="ary[i]",
                             scan_expr="a + b", neutral="0", output_statement="ary[i] = item;")
    s = i.copy()
    scan(s, queue=queue)
    with np.errstate(over="ignore"):
        ok((s.get() == np.cumsum(ints, dtype=np.int32)).all(), f"{name}: a scan")
    keys = rng.integers(0, 2**32, N, dtype=np.uint32)
    sort = RadixSort(context, "uint *ary", key_expr="ary[i]", sort_arg_names=["ary"], key_dtype=np.uint32)
    (ordered,), _ = sort(clarray.to_device(queue, keys), key_bits=32, queue=queue)
    ok((ordered.get() == np.sort(keys)).all(), f"{name}: a radix sort")


def main():
    for platform in cl.get_platforms():
        for device in platform.get_devices():
            judge(platform, device)
    print(f"1..{count}")
    return bad != 0 or count == 0


if __name__ == "__main__":
    sys.exit(main())
