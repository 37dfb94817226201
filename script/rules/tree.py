"""The repository as rules see it: files, code without comments and strings, includes, functions."""
import os
import re
import subprocess
from functools import cached_property

TEXT = (".c", ".h", ".py", ".sh", ".md", ".build", ".txt", ".ini", ".yaml", ".yml", ".json", ".toml",
        ".mod", ".lock", ".allow", "")
# Comments, strings and characters: what is inside them is no code.
NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)
NAME = re.compile(r"(\w+)\s*\(")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


class Include:
    def __init__(self, line, name, angled, path):
        self.line, self.name, self.angled = line, name, angled
        self.path = path  # inside the repository, or None: a system's or a library's


class File:
    def __init__(self, tree, path):
        self.tree, self.path = tree, path
        self.folder, self.name = os.path.split(path)

    @cached_property
    def text(self):
        with open(os.path.join(self.tree.root, self.path), encoding="utf-8", errors="replace") as f:
            return f.read()

    @cached_property
    def lines(self):
        return self.text.split("\n")[: self.text.count("\n") or 1]

    @cached_property
    def code(self):
        """The text with comments, strings and characters blanked; lines stay where they are."""
        return NOT_CODE.sub(blank, self.text)

    @cached_property
    def includes(self):
        found = []
        for m in INCLUDE.finditer(self.text):
            line = self.text.count("\n", 0, m.start()) + 1
            angled = m.group(1) == "<"
            found.append(Include(line, m.group(2), angled, self.tree.resolve(self, m.group(2), angled)))
        return found

    @cached_property
    def functions(self):
        """(name, first line, lines) of each function; Linux braces put both of its own in column 0."""
        found, start, code = [], 0, self.code.split("\n")
        for i, line in enumerate(code):
            if line == "{":
                start = i
                while start > 0 and code[start - 1].strip() and code[start - 1][0] not in "}#;":
                    start -= 1
                name = NAME.search(" ".join(code[start:i]))
            elif line == "}" and start:
                found.append((name.group(1) if name else "?", start + 1, i - start + 1))
                start = 0
        return found

    def line_at(self, offset):
        return self.code.count("\n", 0, offset) + 1


class Tree:
    def __init__(self, root):
        self.root = root
        self.files = {p: File(self, p) for p in sorted(self.paths()) if os.path.splitext(p)[1] in TEXT}

    def paths(self):
        """What git tracks or would; without git all that is there."""
        git = subprocess.run(["git", "-C", self.root, "ls-files", "-co", "--exclude-standard"],
                             capture_output=True, text=True)
        if git.returncode == 0:
            return [p for p in git.stdout.splitlines() if os.path.isfile(os.path.join(self.root, p))]
        return [os.path.relpath(os.path.join(d, n), self.root)
                for d, _, names in os.walk(self.root) for n in names if "/build" not in d and "/.git" not in d]

    def c(self, *under, headers=True):
        """The C files under these folders (all when none is given)."""
        ends = (".c", ".h") if headers else (".c",)
        return [f for p, f in self.files.items()
                if p.endswith(ends) and (not under or p.startswith(tuple(u + "/" for u in under)))]

    def resolve(self, file, name, angled):
        near = os.path.normpath(os.path.join(file.folder, name))
        for path in ([] if angled else [near]) + ["gimlet/include/" + name, name, "tests/" + name, "tests/unit/" + name]:
            if path in self.files:
                return path
        return None if angled else near
