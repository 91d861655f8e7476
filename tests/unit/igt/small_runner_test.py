# SPDX-License-Identifier: MIT
"""small_runner writes what happened: TAP. A shell script stands for an IGT program."""
import json
import os
import subprocess
import sys
import tempfile

PROGRAM = """#!/bin/sh
case $1 in
--list-subtests) printf '%s\\n' good skipped bad crashes hangs quoted blocked ;;
--run-subtest)
	case $2 in
	good) exit 0 ;;
	skipped) echo "no device"; exit 77 ;;
	bad) echo "expected 1, actual 2" >&2; exit 98 ;;
	crashes) kill -SEGV $$ ;;
	hangs) sleep 100 ;;
	quoted) printf 'a "quoted" \\\\ line\\n\\ttab\\001\\n'; exit 0 ;;
	*) exit 98 ;;
	esac ;;
esac
"""
WANT = {"good": "pass", "skipped": "skip", "bad": "fail", "crashes": "crash", "hangs": "timeout",
        "quoted": "pass"}

count = 0
failed = 0


def ok(good, name, why=""):
    global count, failed
    count += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", count, name))
    if not good:
        print("# %s" % (why,))


def run(runner, top, *options):
    subprocess.run([runner, "--per-test-timeout=2", *options, os.path.join(top, "tests"),
                    os.path.join(top, "results")], check=True, stderr=subprocess.DEVNULL)
    with open(os.path.join(top, "results", "results.json"), encoding="utf-8") as f:
        return json.load(f)


def main():
    runner = sys.argv[1]
    with tempfile.TemporaryDirectory() as top:
        os.mkdir(os.path.join(top, "tests"))
        os.mkdir(os.path.join(top, "results"))
        program = os.path.join(top, "tests", "fake")
        with open(program, "w", encoding="utf-8") as f:
            f.write(PROGRAM)
        os.chmod(program, 0o755)
        with open(os.path.join(top, "block"), "w", encoding="utf-8") as f:
            f.write("# a reason\nfake@block.*\n")
        with open(os.path.join(top, "list"), "w", encoding="utf-8") as f:
            f.write("# words\nigt@fake@bad\nigt@fake@good\nigt@fake@nonesuch\n")
        r = run(runner, top, "--include-tests=.", "--blacklist=%s/block" % top)
        got = {k.split("@")[2]: v["result"] for k, v in r["tests"].items()}
        ok(got == WANT, "each exit status is its result", got)
        ok(r["totals"][""] == {"crash": 1, "pass": 2, "fail": 1, "skip": 1, "timeout": 1,
                               "abort": 0, "notrun": 0}, "totals", r["totals"])
        tests = r["tests"]
        ok(tests["igt@fake@quoted"]["out"] == 'a "quoted" \\ line\n\ttab\x01\n',
           "output is as it was", tests["igt@fake@quoted"]["out"])
        ok(tests["igt@fake@bad"]["err"] == "expected 1, actual 2\n", "errors are as they were")
        t = tests["igt@fake@hangs"]["time"]
        ok(1.9 < t["end"] - t["start"] < 10, "a subtest that hangs is ended at its time", t)
        r = run(runner, top, "--test-list=%s/list" % top)
        ok(sorted(r["tests"]) == ["igt@fake@bad", "igt@fake@good"], "a list", list(r["tests"]))
        r = run(runner, top, "--include-tests=fake@(good|skip)")
        ok(sorted(r["tests"]) == ["igt@fake@good", "igt@fake@skipped"], "an expression",
           list(r["tests"]))
        bad = subprocess.run([runner, "--include-tests=(", top, top], capture_output=True,
                             check=False)
        ok(bad.returncode == 1 and b"'('" in bad.stderr, "a wrong expression is an error")
        bad = subprocess.run([runner, "--frobnicate", top, top], capture_output=True, check=False)
        ok(bad.returncode == 1, "an unknown option is an error")
    print("1..%d" % count)
    sys.exit(1 if failed else 0)


main()
