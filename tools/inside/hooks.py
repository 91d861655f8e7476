# SPDX-License-Identifier: MIT
"""The hooks: what they say of themselves, and where their hunks land.

A hook is one file in hooks/, named in hooks/series:

    Subject: mm: one line
    Overlay: mm/foo.c include/linux/foo.h
    In: mm/memory.c:do_swap_page

    Reason: why.

    ---
    a unified diff (may be missing)

A point release may have changed the lines that a hook quotes. Where it did,
NAME@N.patch stands beside NAME.patch and takes its place on 6.12.N and older.

Each hunk has one In: line, in order: the file, and the function (or struct,
enum, union, macro; `-` between definitions) in which its changed lines must
lie once the patch is applied. Kernel files repeat their lines, and a hunk
that lands in the wrong one is worse than one that does not apply.
"""
import os
import re
import subprocess


class HookError(Exception):
    pass


class Hunk:
    def __init__(self, path, text):
        self.path = path
        self.text = text        # lines, with their first character


class Hook:
    def __init__(self, path):
        self.name = os.path.basename(path)
        self.path = path
        self.subject = ""
        self.overlay = []
        self.where = []
        self.reason = ""
        self.diff = ""
        self.hunks = []
        self._parse(open(path, encoding="utf-8").read())

    def _parse(self, text):
        head, sep, self.diff = text.partition("\n---\n")
        if not sep and head.endswith("\n---"):
            head = head[:-4]
        body = []
        for line in head.split("\n"):
            if not body and line.startswith("Subject:"):
                self.subject = line[8:].strip()
            elif not body and line.startswith("Overlay:"):
                self.overlay += line[8:].split()
            elif not body and line.startswith("In:"):
                path, _, name = line[3:].strip().partition(":")
                if not name:
                    raise HookError("%s: '%s' names no function" % (self.name, line))
                self.where.append((path.strip(), name.strip()))
            elif not body and (not line.strip() or line.startswith("SPDX-License-Identifier:")
                               or line.startswith("# SPDX")):
                continue
            else:
                body.append(line)
        self.reason = re.sub(r"^Reason:\s*", "", "\n".join(body).strip())
        if not self.subject:
            raise HookError("%s: no Subject:" % self.name)
        if not self.reason:
            raise HookError("%s: no reason" % self.name)
        self._parse_hunks()
        if [h.path for h in self.hunks] != [p for p, _ in self.where]:
            raise HookError("%s: %d hunks (%s) but %d In: lines (%s)" % (
                self.name, len(self.hunks), " ".join(h.path for h in self.hunks),
                len(self.where), " ".join(p for p, _ in self.where)))

    def _parse_hunks(self):
        path, hunk = None, None
        old = new = 0
        for line in self.diff.split("\n"):
            if hunk is not None and (old > 0 or new > 0):
                if line[:1] in (" ", ""):
                    old, new = old - 1, new - 1
                elif line[0] == "-":
                    old -= 1
                elif line[0] == "+":
                    new -= 1
                hunk.text.append(line)
                continue
            if line.startswith("+++ "):
                path = line[4:].split("\t")[0].strip()
                path = path.split("/", 1)[1]
            m = re.match(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@", line)
            if m:
                old = int(m.group(1) or 1)
                new = int(m.group(2) or 1)
                hunk = Hunk(path, [])
                self.hunks.append(hunk)

    def files(self):
        return sorted(set(h.path for h in self.hunks))


def sublevel(pristine):
    """N of the 6.12.N in the Makefile of a kernel tree."""
    with open(os.path.join(pristine, "Makefile"), encoding="utf-8") as f:
        m = re.search(r"^SUBLEVEL = (\d+)", f.read(), re.M)
    if not m:
        raise HookError("%s/Makefile names no SUBLEVEL" % pristine)
    return int(m.group(1))


def variant(file, level):
    """The hook to take for 6.12.level: the variant that ends soonest at or
    after it, else the hook itself."""
    base, ext = os.path.splitext(file)
    best = None
    for name in os.listdir(os.path.dirname(file)):
        m = re.match(re.escape(os.path.basename(base)) + r"@(\d+)" + re.escape(ext) + "$", name)
        if m and int(m.group(1)) >= level and (best is None or int(m.group(1)) < best):
            best = int(m.group(1))
    return file if best is None else "%s@%d%s" % (base, best, ext)


def series(top, pristine):
    """The hooks in order, as they are for this kernel source."""
    path = os.path.join(top, "hooks", "series")
    hooks = []
    if not os.path.exists(path):
        return hooks
    level = sublevel(pristine)
    for line in open(path, encoding="utf-8"):
        name = line.split("#")[0].strip()
        if name:
            file = os.path.join(top, "hooks", name)
            if not os.path.exists(file):
                raise HookError("hooks/series names %s, which is not there" % name)
            hooks.append(Hook(variant(file, level)))
    return hooks


# --------------------------------------------------------------------------
# Which definition encloses a line.

SKIP = {"if", "while", "for", "switch", "return", "sizeof", "__attribute__", "__releases",
        "__acquires", "__must_hold", "defined", "__printf", "__aligned", "__section"}


def function_name(line):
    """Name in a line that begins the definition of a function."""
    for m in re.finditer(r"(\w+)\s*\(", line):
        if m.group(1) not in SKIP:
            return m.group(1)
    return None


def enclosing(lines, at):
    """Name of the definition that holds lines[at] (0-based), or '-'."""
    name = "-"
    i = 0
    pending = None      # a definition whose '{' has not been seen
    inside = None
    while i <= at and i < len(lines):
        line = lines[i]
        if inside == "macro":
            if i == at:
                return name
            if not line.endswith("\\"):
                inside, name = None, "-"
            i += 1
            continue
        if inside is None:
            m = re.match(r"^#\s*define\s+(\w+)", line)
            if m:
                if i == at:
                    return m.group(1)
                if line.endswith("\\"):
                    inside, name = "macro", m.group(1)
                i += 1
                continue
            if line[:1].isalpha() or line[:1] == "_" or line.startswith("}"):
                m = re.match(r"^(?:static\s+|typedef\s+|extern\s+|const\s+)*(?:struct|union|enum)\s+(\w+)\s*(?:__\w+\s*)?\{", line)
                if m:
                    inside, name = "block", re.match(r".*?(struct|union|enum)", line).group(1) + " " + m.group(1)
                    pending = None
                elif re.match(r"^(?:static\s+)?(?:const\s+)?(?:struct|union|enum)\s+\w+\s+\w+.*=\s*\{\s*$", line) or \
                        re.match(r"^[\w\s\*\[\]]+=\s*\{\s*$", line):
                    inside = "block"
                    name = re.search(r"(\w+)\s*(?:\[[^\]]*\])*\s*=\s*\{", line).group(1)
                    pending = None
                elif re.match(r"^enum\s*\{", line):
                    inside, name = "block", "enum"
                else:
                    f = function_name(line)
                    if f and not re.match(r"^(EXPORT_|MODULE_|DEFINE_|DECLARE_|core_param|subsys_|module_|late_initcall)", line):
                        pending = f
                    if line.rstrip().endswith(";"):
                        if i == at:
                            return "-"
                        pending = None
                    if pending and line.rstrip().endswith("{") and "(" in line:
                        inside, name, pending = "block", pending, None
            if line.startswith("{") and pending:
                inside, name, pending = "block", pending, None
            elif pending and line.rstrip().endswith(";") and line[:1] in "\t ":
                if i == at:
                    return "-"
                pending = None
            elif pending and i == at:
                return pending
            elif pending and line.rstrip().endswith("{") and line[:1] in "\t ":
                inside, name, pending = "block", pending, None
            # static inline one-liners: int f(void) { return 0; }
            if inside is None and i == at:
                f = function_name(line)
                if f and re.search(r"\{.*\}\s*$", line):
                    return f
                return pending or "-"
            i += 1
            continue
        # inside a block
        if i == at:
            return name
        if line.startswith("}"):
            inside, name = None, "-"
        i += 1
    return name


def landed(lines, hunk):
    """Index of the hunk's new text in the patched file; None if absent, and
    how often it occurs."""
    want = [t[1:] for t in hunk.text if t[:1] in (" ", "+", "") and not t.startswith("\\")]
    hits = []
    first = want[0] if want else ""
    for i, line in enumerate(lines):
        if line == first and lines[i:i + len(want)] == want:
            hits.append(i)
    return hits


def changed_rows(hunk):
    """Rows (offsets in the new text) that the hunk adds or deletes at."""
    rows, new = [], 0
    for t in hunk.text:
        if t[:1] == "+":
            rows.append(new)
            new += 1
        elif t[:1] == "-":
            rows.append(new)
        elif t[:1] == "\\":
            continue
        else:
            new += 1
    return rows


def verify(hook, root):
    """Raise HookError unless each hunk's changed lines lie where In: says."""
    for hunk, (path, name) in zip(hook.hunks, hook.where):
        lines = open(os.path.join(root, path), encoding="utf-8", errors="replace").read().split("\n")
        hits = landed(lines, hunk)
        if not hits:
            raise HookError("%s: the text for %s is not in %s after patching" % (hook.name, name, path))
        places = []
        for hit in hits:
            rows = [r for r in changed_rows(hunk) if lines[hit + r:hit + r + 1] and lines[hit + r].strip()]
            rows = rows or changed_rows(hunk)
            found = {enclosing(lines, hit + r) for r in rows}
            places.append(found)
            if name in found:
                break
        else:
            raise HookError("%s: meant for %s in %s, but it lands in %s" % (
                hook.name, name, path, " or ".join("{%s}" % ", ".join(sorted(p)) for p in places)))
        if len(hits) > 1:
            raise HookError("%s: the lines for %s occur %d times in %s; give the hunk more context" % (
                hook.name, name, len(hits), path))


def apply(hook, root):
    """Apply the hook's diff to the files under root, and check where it landed."""
    if not hook.hunks:
        return
    p = subprocess.run(["patch", "-p1", "--fuzz=0", "--no-backup-if-mismatch", "-s", "-f", "-d", root],
                       input=hook.diff, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if p.returncode:
        raise HookError("%s does not apply (functions: %s):\n%s" % (
            hook.name, ", ".join("%s:%s" % w for w in hook.where), p.stdout))
    verify(hook, root)
