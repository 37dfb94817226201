"""doxygen_filter.py FILE: a header as Doxygen should read it.

Our comments are plain text with code in it: `<gimlet.h>`, `*obj`, "@" and "#" mean themselves. They are
escaped; what is indented by five blanks or more is code; public names become links; a comment behind a
member is the member's; one above several declarations is that of each; `/* ---- request ---- */` begins
a section.
"""
import glob
import os
import re
import sys

COMMENT = re.compile(r"/\*.*?\*/", re.S)
SECTION = re.compile(r"/\* -{3,} ([^-].*?) -{3,} \*/", re.S)
PUBLIC = re.compile(r"^#define (GIM_\w*[A-Z])(?=\W)|^struct (gim_\w+) \{|^[a-zG][^\n=;{}()]*?\b(gim_\w+)\(", re.M)
DECLARATION = re.compile(r"^(?!typedef (?:struct|enum) \w+ \{|static|extern|struct gim_\w+ [{;]|enum gim_\w+ [{;])[a-zG].*\bgim_\w+\("
                         r"|^#define GIM_\w*[A-Z]\(")
MEMBERS = re.compile(r"^( +(?:const )?(?:struct |enum )?\w+ )([^;(){}\n]+,[^;(){}\n]+);(\s*/\*\*<.*?\*/)", re.M | re.S)


def public_names(folder):
    """The functions, macros and structs of the headers: what a comment may link to."""
    found = set()
    for path in glob.glob(os.path.join(folder, "*.h")):
        with open(path, encoding="utf-8") as f:
            found |= {a or b or c for a, b, c in PUBLIC.findall(COMMENT.sub("", f.read()))}
    return found


def prose(text, names):
    """One stretch of text between code spans, escaped, public names linked."""
    text = re.sub(r"(?<=\S) \.\. (?=\S)", " … ", text)  # a sentence does not end there
    text = re.sub(r"([<>&@#$%]|\\(?!\"))", r"\\\1", text)
    text = re.sub(r"(?<!\")\*(?=\w)", r"\\*", text)
    text = re.sub(r"(?m)\.(\.+)$", lambda m: r"\." * len(m.group()), text)  # no mark of a list's end
    text = re.sub(r"(?m)^(\s*\d+)\.(?=\s)", r"\1\\.", text)  # nor a list's number
    return re.sub(r"\b(?:gim|GIM)_\w+\b(?!\()", lambda m: ("#" if m.group() in names else "") + m.group(), text)


def body(text, names):
    """The inside of a comment: prose, `code`, and blocks that are indented."""
    lines = [re.sub(r"^\s*\*?", "", line) if i else line for i, line in enumerate(text.split("\n"))]
    out, run, code = [], [], False

    def flush():
        parts = re.split(r"(`[^`]*`)", "\n".join(run))
        out.append("".join(p if p.startswith("`") else prose(p, names) for p in parts))
        run.clear()

    for line in lines:
        is_code = line.startswith("     ") or (code and not line.strip())
        if is_code != code:
            if is_code:
                flush()
            out.append("@code{.c}" if is_code else "@endcode")
            code = is_code
        (out if code else run).append(line)
    if code:
        out.append("@endcode")
    elif run:
        flush()
    return "\n".join(out)


def listed(match):
    return " * - " + " ".join("gimlet/" + name for name in match.group(1).split()) + ": "


def documented(text, names):
    """Comments in Doxygen's form."""
    open_section = False

    def comment(match):
        nonlocal open_section
        whole, line = match.group(), text[text.rfind("\n", 0, match.start()) + 1:match.start()]
        section = SECTION.fullmatch(whole)
        if section:
            end, open_section = "/** @} */\n" if open_section else "", True
            return end + "/** @name " + prose(section.group(1), names).capitalize() + "\n * @{ */"
        if whole.startswith("/**"):
            head = "@file\n" if re.match(r"/\*\*\n \* gimlet/", whole) else ""
            if re.match(r"/\*\*\n \* gimlet:", whole):  # gimlet.h: its list of headers is the first page
                head, whole = "@mainpage gimlet\n", re.sub(r"(?m)^ \*   ((?:\w+\.h ?)+) +", listed, whole)
            return "/** " + head + body(whole[3:-2], names) + "*/"
        macro = text[match.end():text.find("\n", match.end())].rstrip().endswith("\\")
        if line.strip() and not macro and re.search(r"[;,(}]\s*$|^\s*\w+\s*$|= [^;]*$|^#define ", line):
            return "/**< " + body(whole[2:-2].strip(), names) + " */"
        return whole

    text = COMMENT.sub(comment, text)
    return re.sub(r"\n(#ifdef __cplusplus\n\}|#endif\s*\Z)", r"\n/** @} */\n\1", text, count=1) if open_section else text


def repeated(text):
    """The comment above several declarations, above each."""
    out, last = [], ""
    parts = re.split(r"(/\*\*(?!<).*?\*/)", text, flags=re.S)
    for part in parts:
        if part.startswith("/**"):
            last = part if "@{" not in part and "@}" not in part and "@file" not in part else ""
            out.append(part)
            continue
        first, lines, ended = True, [], True
        for line in part.split("\n"):
            if not line.strip():
                last = last if first and ended and not lines[1:] else ""
            if ended and DECLARATION.match(line) and last:
                if not first:
                    lines.append(last)
                first = False
            if line.strip():
                ended = line.rstrip().endswith((";", "}", "*/")) or line.startswith("#define") and line[-1] != "\\"
            lines.append(line)
        out.append("\n".join(lines))
    return "".join(out)


def each_member(match):
    """`int a, b; /**< text */`: the text is that of both."""
    kind, names, comment = match.groups()
    return "\n".join(f"{kind}{name.strip()};{comment}" for name in names.split(","))


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as f:
        header = f.read()
    header = documented(header, public_names(os.path.dirname(sys.argv[1])))
    sys.stdout.write(repeated(MEMBERS.sub(each_member, header)))
