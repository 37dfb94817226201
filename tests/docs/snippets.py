"""snippets.py: takes the fenced blocks out of the documentation, so that tests can run them.

A block is a language, its text and its place. HTML comments before it (nothing but blank lines in
between) say how it is to be taken:

    <!-- snippet: wrap=handlers -->   C: a fragment behind tests/docs/preludes/handlers.c
    <!-- snippet: wrap=handlers body -->  C: statements of a handler's body
    <!-- snippet: wrap=book rows -->  C: rows of a table of fields
    <!-- snippet: run -->             C: a whole program that must also end with status 0
    <!-- snippet: same=examples/hello.c -->  C: the file, without its opening comment
    <!-- snippet: skip -->            not run at all; say why in the text
    <!-- server: hello -->            console: a fresh server for this block and those that follow
    <!-- server: posts --require-if-match -->  with options
    <!-- file: plan.yaml -->          a file that the page's reader writes
    <!-- edit: ... -->, <!-- snippet: walk -->  see walk.py

Console blocks hold commands after "$ " and what they print. Only commands of COMMANDS are run.
"""
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
COMMANDS = ("curl", "hey", "posts", "hello", "todo", "books", "upload", "shop", "export", "news")

FENCE = re.compile(r"^```(\w*)\s*$")
COMMENT = re.compile(r"^<!--\s*(snippet|server|file|edit):\s*(.*?)\s*-->\s*$")


class Block:
    def __init__(self, path, line, language, notes):
        self.path, self.line, self.language, self.notes = path, line, language, notes
        self.lines = []

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"

    @property
    def place(self):
        return f"{self.path}:{self.line}"

    def note(self, kind):
        """The words of the last comment of that kind, or None."""
        found = [words for k, words in self.notes if k == kind]
        return found[-1] if found else None

    def wrap(self):
        """(prelude or None, "body", "rows" or "") of a fragment."""
        words = (self.note("snippet") or "").split()
        names = [w[5:] for w in words if w.startswith("wrap=")]
        kinds = [w for w in words if w in ("body", "rows")]
        return (names[0] if names else None), (kinds[0] if kinds else "")


def pages():
    """README.md and all pages below docs/, by their path from the root."""
    found = ["README.md"] if os.path.exists(os.path.join(ROOT, "README.md")) else []
    for folder, _, names in os.walk(os.path.join(ROOT, "docs")):
        found += [os.path.relpath(os.path.join(folder, n), ROOT) for n in names if n.endswith(".md")]
    return sorted(found)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def blocks(path):
    """All fenced blocks of a page, in order."""
    out, notes, block = [], [], None
    for number, line in enumerate(read(path).splitlines(), 1):
        fence = FENCE.match(line)
        if block is not None:
            if line.strip() == "```":
                out.append(block)
                block = None
            else:
                block.lines.append(line)
        elif fence:
            block = Block(path, number, fence.group(1), notes)
            notes = []
        elif COMMENT.match(line):
            notes.append(COMMENT.match(line).groups())
        elif line.strip():
            # A server goes on over text; how to take one block does not.
            notes = [n for n in notes if n[0] == "server"]
    if block is not None:
        raise AssertionError(f"{block.place}: the block has no end")
    return out


def commands(block):
    """(command, what the page says it prints) of a console block. A command goes on over lines
    that end in a backslash."""
    out = []
    for line in block.lines:
        if out and out[-1][0].endswith("\\") and not out[-1][1]:
            out[-1] = (out[-1][0][:-1] + " " + line.strip(), [])
        elif line.startswith("$ "):
            out.append((line[2:], []))
        elif out:
            out[-1][1].append(line)
        else:
            raise AssertionError(f"{block.place}: output before the first command")
    return [(command, "\n".join(lines)) for command, lines in out]


def links(path):
    """Relative links of a page: (text of the link, path from the root without the anchor)."""
    text = re.sub(r"^```.*?^```", "", read(path), flags=re.M | re.S)
    text = re.sub(r"`[^`]*`", "", text)
    out = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        file = target.split("#")[0]
        out.append((target, os.path.normpath(os.path.join(os.path.dirname(path), file))))
    return out
