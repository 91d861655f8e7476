# SPDX-License-Identifier: MIT
"""Lays the overlay and the hooks over a kernel tree, changing only files whose
content changes, so that make rebuilds only those.

The series is applied in a stage that holds just the affected files; the tree
is made of links to the pristine source, and a file in it is replaced, never
written, so that the pristine one stays what it is.
"""
import argparse
import filecmp
import hashlib
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hooks as H


def put(src, dst):
    """Replace dst by a copy of src, breaking links, unless they are equal."""
    if os.path.exists(dst) and filecmp.cmp(src, dst, shallow=False):
        return False
    os.makedirs(os.path.dirname(dst), exist_ok=True)
    tmp = dst + ".hugesvm"
    shutil.copyfile(src, tmp)
    shutil.copymode(src, tmp)
    os.rename(tmp, dst)
    return True


def stage_series(top, pristine, stage, first=None, mutant=None):
    """Build the affected files in stage, by the first hooks of the series or by
    all; return their paths. A mutant is one more patch, a defect that a test is
    to find."""
    touched = set()

    def bring(path):
        if path in touched:
            return
        touched.add(path)
        src, dst = os.path.join(pristine, path), os.path.join(stage, path)
        os.makedirs(os.path.dirname(dst), exist_ok=True)
        if os.path.exists(src):
            shutil.copyfile(src, dst)

    for hook in H.series(top, pristine)[:first]:
        for path in hook.overlay:
            bring(path)
            src = os.path.join(top, path)
            if not os.path.exists(src):
                raise H.HookError("%s: overlay file %s is not there" % (hook.name, path))
            shutil.copyfile(src, os.path.join(stage, path))
        for path in hook.files():
            bring(path)
        H.apply(hook, stage)
    if mutant:
        for line in open(mutant, encoding="utf-8"):
            if line.startswith("+++ b/"):
                bring(line[6:].split()[0])
        done = subprocess.run(["patch", "-p1", "-s", "--fuzz=0", "--no-backup-if-mismatch", "-d", stage],
                              stdin=open(mutant, "rb"), capture_output=True, text=True, check=False)
        if done.returncode:
            raise H.HookError("mutant %s does not apply:\n%s" % (os.path.basename(mutant), done.stdout))
    return touched


def rows_of(stage, touched):
    rows = []
    for path in sorted(touched):
        with open(os.path.join(stage, path), "rb") as f:
            rows.append("%s %s\n" % (hashlib.sha256(f.read()).hexdigest(), path))
    return rows


def lay(stage, touched, tree, pristine):
    """Bring the tree to the stage's content."""
    manifest = tree + ".manifest"
    before = set()
    if os.path.exists(manifest):
        before = {line.split()[1] for line in open(manifest)}
    gone = sorted(before - touched)
    # What the tree must be put back to is on disk before the tree is touched.
    with open(manifest + ".new", "w") as f:
        f.writelines("- %s\n" % x for x in sorted(touched) + gone)
    os.rename(manifest + ".new", manifest)
    for path in gone:
        dst, src = os.path.join(tree, path), os.path.join(pristine, path)
        if os.path.exists(src):
            if put(src, dst):
                print("restored", path)
        elif os.path.exists(dst):
            os.unlink(dst)
            print("removed", path)
    for path in sorted(touched):
        if put(os.path.join(stage, path), os.path.join(tree, path)):
            print("updated", path)
    with open(manifest + ".new", "w") as f:
        f.writelines("- %s\n" % x for x in sorted(touched))
    os.rename(manifest + ".new", manifest)


def main():
    p = argparse.ArgumentParser()
    for name in ("pristine", "top", "stage"):
        p.add_argument("--" + name, required=True)
    p.add_argument("--tree", help="bring this tree to the result")
    p.add_argument("--mutant", help="a patch to apply after the series")
    p.add_argument("--manifest", help="write hashes of what the result changes")
    p.add_argument("--first", type=int, help="only so many hooks of the series")
    a = p.parse_args()
    os.makedirs(a.stage, exist_ok=True)
    try:
        touched = stage_series(a.top, a.pristine, a.stage, a.first, a.mutant)
    except H.HookError as e:
        sys.exit("hooks: %s" % e)
    if a.manifest:
        with open(a.manifest, "w") as f:
            f.writelines(rows_of(a.stage, touched))
    if a.tree:
        lay(a.stage, touched, a.tree, a.pristine)


main()
