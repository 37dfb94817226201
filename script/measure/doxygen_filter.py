"""doxygen_filter.py FILE: a header as Doxygen should read it.

Our comments are plain text with code in it: `<gimlet.h>`, `*obj`, "@" and "#" mean themselves. Inside
comments they are escaped; paragraphs that are indented by five blanks or more are code.
"""
import re
import sys

COMMENT = re.compile(r"/\*.*?\*/", re.S)


def text_line(line):
    return re.sub(r"([<>&@\\#$%])", r"\\\1", re.sub(r"(?<!\w)_(?=\w)|\*(?=\w)", lambda m: "\\" + m.group(), line))


def comment(match):
    body = match.group()
    if not body.startswith("/**") or body == "/**/":
        return body
    lines, code = body[3:-2].split("\n"), False
    out = []
    for i, line in enumerate(lines):
        bare = re.sub(r"^\s*\*?", "", line) if i else line
        is_code = bare.startswith("     ") or (code and not bare.strip())
        if is_code and not code:
            out.append(" @code")
        if code and not is_code:
            out.append(" @endcode")
        code = is_code
        out.append(bare if code else text_line(bare))
    if code:
        out.append(" @endcode")
    head = " @file\n" if lines[1:2] and re.match(r"\s*\*\s*gimlet[/:]", lines[1]) else ""
    return "/**" + head + "\n".join(out) + "*/"


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as f:
        sys.stdout.write(COMMENT.sub(comment, f.read()))
