# SPDX-License-Identifier: MIT
"""Writes the overlay and the hooks as a `git am` series for 6.12.y.

One hook, with the overlay files it brings, is one patch. Only the files that
the series touches are in the repository that the patches are made in; what
`git am` sees is the same.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hooks as H

AUTHOR = {"GIT_AUTHOR_NAME": "hugesvm", "GIT_AUTHOR_EMAIL": "hugesvm@localhost",
          "GIT_COMMITTER_NAME": "hugesvm", "GIT_COMMITTER_EMAIL": "hugesvm@localhost",
          "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
          "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}


def git(repo, *args, **kw):
    return subprocess.run(["git", "-C", repo, *args], check=True, env={**os.environ, **AUTHOR},
                          stdout=subprocess.PIPE, text=True, **kw).stdout


def base(repo, pristine, files):
    """A repository that holds the pristine versions of files."""
    git(".", "init", "-q", "-b", "linux-6.12.y", repo)
    for path in files:
        src = os.path.join(pristine, path)
        if os.path.exists(src):
            os.makedirs(os.path.join(repo, os.path.dirname(path)), exist_ok=True)
            shutil.copy(src, os.path.join(repo, path))
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--allow-empty", "-m", "linux 6.12.y")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--pristine", required=True)
    p.add_argument("--top", required=True)
    p.add_argument("--out", required=True)
    a = p.parse_args()
    try:
        hooks = H.series(a.top, a.pristine)
        files = sorted({f for h in hooks for f in h.overlay + h.files()})
        with tempfile.TemporaryDirectory() as d:
            repo = os.path.join(d, "made")
            base(repo, a.pristine, files)
            for h in hooks:
                for path in h.overlay:
                    os.makedirs(os.path.join(repo, os.path.dirname(path)), exist_ok=True)
                    shutil.copy(os.path.join(a.top, path), os.path.join(repo, path))
                H.apply(h, repo)
                git(repo, "add", "-A")
                git(repo, "commit", "-q", "-m", h.subject + "\n\n" + h.reason)
            os.makedirs(a.out, exist_ok=True)
            for old in os.listdir(a.out):
                if old.endswith(".patch"):
                    os.unlink(os.path.join(a.out, old))
            if not hooks:
                print("no hooks: nothing to write")
                return
            out = os.path.abspath(a.out)
            made = git(repo, "format-patch", "-q", "-o", out, "--no-signature", "HEAD~%d" % len(hooks))
            made = sorted(x for x in os.listdir(out) if x.endswith(".patch"))
            # What git am makes of it must be what was made.
            again = os.path.join(d, "again")
            base(again, a.pristine, files)
            git(again, "am", "-q", *[os.path.join(out, x) for x in made])
            if git(repo, "rev-parse", "HEAD^{tree}") != git(again, "rev-parse", "HEAD^{tree}"):
                sys.exit("patches: 'git am' of the series gives another tree")
            for x in made:
                print(x)
    except H.HookError as e:
        sys.exit("hooks: %s" % e)


main()
