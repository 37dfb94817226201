#!/usr/bin/env python3
"""options.py POSTS: writes the table of docs/reference/options.md anew, from POSTS --help-all.

The test of the documentation makes the same table and compares, so the page cannot fall behind.
"""
import re
import subprocess
import sys

import snippets

PAGE = "docs/reference/options.md"
BEGIN, END = "<!-- options: posts --help-all -->\n", "<!-- end of options -->\n"
KINDS = {"N": "number", "SIZE": "size", "TIME": "duration", "TEXT": "text", "WORD": "word", "": "yes or no"}


def rows(text):
    """(heading, flag, kind, help, default) of each option that --help-all lists."""
    out, heading = [], ""
    for line in text.splitlines():
        if re.match(r"\w[\w ]*:$", line):
            heading = line[:-1]
        m = re.match(r"  (--[a-z-]+)(?: ([A-Z]+))?\s{2,}(\S.*)$", line)
        if m:
            out.append([heading, m.group(1), m.group(2) or "", m.group(3)])
        elif out and re.match(r"\s{10,}\S", line):
            out[-1][3] += " " + line.strip()
    for row in out:
        m = re.match(r"(.*) \[([^\]]*)\]$", row[3])
        row[3:] = m.groups() if m else [row[3], "" if row[2] else "false"]
    return out


def table(text):
    lines, heading = [], None
    for group, flag, kind, help_text, default in rows(text):
        if group != heading:
            lines += ["", f"**{group}**", "", "| flag | kind | default | what |", "|---|---|---|---|"]
            heading = group
        shown = f"`{default}`" if default else ""
        lines.append(f"| `{flag}` | {KINDS[kind]} | {shown} | {help_text} |")
    return "\n".join(lines[1:]) + "\n"


def current():
    """What the page has between the two marks, and what is around it."""
    before, rest = snippets.read(PAGE).split(BEGIN)
    now, after = rest.split(END)
    return before, now, after


def main():
    text = subprocess.run([sys.argv[1], "--help-all"], capture_output=True, text=True, check=True).stdout
    before, _, after = current()
    with open(f"{snippets.ROOT}/{PAGE}", "w", encoding="utf-8") as f:
        f.write(before + BEGIN + table(text) + END + after)


if __name__ == "__main__":
    main()
