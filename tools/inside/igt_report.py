# SPDX-License-Identifier: MIT
"""Reads igt_runner's results.json; writes summary.txt and summary.html beside it and
a verdict a subtest on standard output: "pass|fail|skip TAB name TAB why".

Whatever is not a pass or a skip is a failure, but on stock kernels for what the file
of known defects names: lines "regular expression | reason".
"""
import argparse
import html
import json
import os
import re

GOOD = {"pass", "warn", "dmesg-warn"}
CSS = """body { font-family: sans-serif; margin: 2em; max-width: 70em }
table { border-collapse: collapse; width: 100% } td, th { text-align: left;
padding: .2em .6em; border-bottom: 1px solid #ddd; vertical-align: top }
.pass { background: #dff5df } .fail { background: #f8d0d0 } .skip { background: #eee }
pre { white-space: pre-wrap; margin: 0 } summary { cursor: pointer }"""


def known_defects(path, kernel):
    rows = []
    if not kernel.startswith("stock") or not os.path.exists(path):
        return rows
    for line in open(path, encoding="utf-8"):
        if line.strip() and not line.startswith("#"):
            pattern, reason = (x.strip() for x in line.split("|", 1))
            rows.append((re.compile(pattern), reason))
    return rows


def skip_reason(test):
    text = test.get("out", "") + test.get("err", "")
    found = re.findall(r"Test requirement not met[^\n]*\n(?:Test requirement: ([^\n]*)\n)?([^\n]*)", text)
    if found:
        words = [w.strip() for w in found[-1] if w.strip() and not w.startswith("Subtest ")]
        return words[-1] if words else "requirement not met"
    # igt_skip() prints the reason on a line of its own before the verdict.
    lines = [x for x in text.split("\n") if x.strip() and not x.startswith(("Starting", "Subtest", "Opened", "IGT-Version", "Using"))]
    return lines[-1].strip() if lines else "no reason given"


def fail_reason(test):
    text = test.get("err", "") + "\n" + test.get("out", "")
    for pattern in (r"Failed assertion: ([^\n]*)", r"error: ([^\n]*)", r"Received signal ([^\n]*)"):
        found = re.search(pattern, text)
        if found:
            return "%s: %s" % (test["result"], found.group(1))
    return test["result"]


def verdict(name, test, known):
    result = test["result"]
    if result in GOOD:
        return "pass", "" if result == "pass" else result
    if result == "skip":
        return "skip", skip_reason(test)
    for pattern, reason in known:
        if pattern.search(name):
            return "skip", "known defect of this kernel (%s): %s" % (result, reason)
    return "fail", fail_reason(test)


def write_text(path, head, counts, rows):
    with open(path, "w", encoding="utf-8") as f:
        f.write(head + "\n\n")
        for v, name, why, seconds in rows:
            f.write("%-5s %7.2f s  %s%s\n" % (v, seconds, name, " (%s)" % why if why else ""))
        f.write("\n%(pass)d passed, %(fail)d failed, %(skip)d skipped\n" % counts)


def write_html(path, head, counts, rows, tests):
    e = html.escape
    with open(path, "w", encoding="utf-8") as f:
        f.write("<!doctype html><meta charset=utf-8><title>%s</title><style>%s</style>" % (e(head), CSS))
        f.write("<h1>%s</h1><p>%d passed, %d failed, %d skipped</p><table>" %
                (e(head), counts["pass"], counts["fail"], counts["skip"]))
        f.write("<tr><th>subtest<th>verdict<th>seconds<th>why, output")
        for v, name, why, seconds in rows:
            out = tests[name].get("out", "") + tests[name].get("err", "")
            f.write("<tr class=%s id=\"%s\"><td>%s<td>%s<td>%.2f<td><details%s><summary>%s</summary><pre>%s</pre></details>" %
                    (v, e(name), e(name), v, seconds, " open" if v == "fail" else "",
                     e(why or "output"), e(out)))
        f.write("</table>\n")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--kernel", required=True)
    p.add_argument("--runner", required=True)
    p.add_argument("--known", required=True)
    p.add_argument("--dir", required=True)
    a = p.parse_args()
    with open(os.path.join(a.dir, "results.json"), encoding="utf-8") as f:
        tests = json.load(f)["tests"]
    known = known_defects(a.known, a.kernel)
    rows, counts = [], {"pass": 0, "fail": 0, "skip": 0}
    for name in sorted(tests):
        test = tests[name]
        v, why = verdict(name, test, known)
        why = " ".join(why.split())
        t = test.get("time", {})
        counts[v] += 1
        rows.append((v, name, why, t.get("end", 0) - t.get("start", 0)))
        print("%s\t%s\t%s" % (v, name, why))
    head = "IGT, nouveau SVM: kernel %s, run by %s" % (a.kernel, a.runner)
    write_text(os.path.join(a.dir, "summary.txt"), head, counts, rows)
    write_html(os.path.join(a.dir, "summary.html"), head, counts, rows, tests)


main()
