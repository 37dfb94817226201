"""transcript.py: does a command print what the documentation says?

What differs from run to run is compared by its class: dates, times, request ids, lengths. Ids and
cursors of posts are compared by class too, and remembered, so that the next command of the page may
use the id that the page shows. "..." stands for anything: at the end or inside of a line for the
rest of it, alone in a line for any number of lines. JSON is compared as JSON, so a page may break
its lines to be read.
"""
import json
import re

# (class, what a page shows, what a run may print). The order counts: longer things first.
CLASSES = [
    ("date", r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"),
    ("time", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"),
    ("request", r"\b[0-9a-f]{32}\b", r"[0-9a-f]{32}"),
    ("cursor", r"\b\d[0-9a-z]{12}[0-9a-f]{8}\b", r"\d[0-9a-z]{12}[0-9a-f]{8}"),
    ("post", r"\b\d[0-9a-z]{12}\b", r"\d[0-9a-z]{12}"),
    ("length", r"(?<=Content-Length: )\d+", r"\d+"),
    ("address", r"\blocalhost:8080\b|\b127\.0\.0\.1:8080\b", r"(?:localhost|127\.0\.0\.1):\d+"),
    ("any", r"\.\.\.", r".*"),
]
ANY = re.compile("|".join(f"(?P<{name}>{shown})" for name, shown, _ in CLASSES))
RUN = {name: run for name, _, run in CLASSES}
REMEMBERED = ("post", "cursor")


def pattern(shown):
    """A regular expression for what a page shows, and what its groups stand for."""
    out, groups, at = "", [], 0
    for m in ANY.finditer(shown):
        out += re.escape(shown[at:m.start()]) + f"({RUN[m.lastgroup]})"
        groups.append((m.lastgroup, m.group()))
        at = m.end()
    return out + re.escape(shown[at:]), groups


def same_text(shown, got, names):
    """Compares two lines or JSON strings; learns the names of ids."""
    regex, groups = pattern(shown)
    m = re.fullmatch(regex, got)
    if not m:
        return False
    for (kind, text), value in zip(groups, m.groups()):
        if kind in REMEMBERED and names.setdefault(text, value) != value:
            return False
    return True


def same_json(shown, got, names):
    if isinstance(shown, str) and isinstance(got, str):
        return same_text(shown, got, names)
    if isinstance(shown, dict) and isinstance(got, dict):
        return list(shown) == list(got) and all(same_json(shown[k], got[k], names) for k in shown)
    if isinstance(shown, list) and isinstance(got, list):
        return len(shown) == len(got) and all(same_json(a, b, names) for a, b in zip(shown, got))
    return type(shown) is type(got) and shown == got


def as_json(lines):
    try:
        value = json.loads("\n".join(lines))
    except ValueError:
        return None
    return value if isinstance(value, (dict, list)) else None


def trimmed(text):
    lines = [re.sub(r"\s+", " ", line.rstrip()) for line in text.replace("\r\n", "\n").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def same_lines(shown, got, names):
    if not shown:
        return not got
    if shown[0] == "...":
        return any(same_lines(shown[1:], got[i:], names) for i in range(len(got) + 1))
    return bool(got) and same_text(shown[0], got[0], names) and same_lines(shown[1:], got[1:], names)


def split_head(lines):
    """The head of a `curl -i` and what follows it."""
    if lines and lines[0].startswith("HTTP/") and "" in lines:
        at = lines.index("")
        return lines[:at], lines[at + 1:]
    return (lines, []) if lines and lines[0].startswith("HTTP/") else ([], lines)


def same_body(shown, got, names):
    a, b = as_json(shown), as_json(got)
    if a is not None and b is not None:
        return same_json(a, b, names)
    return same_lines(shown, got, names)


def same(shown, got, names):
    """`shown` is what the page says, `got` what the command printed; both whole. `names` maps ids of
    the page to ids of this run."""
    shown, got = trimmed(shown), trimmed(got)
    (shown_head, shown_body), (got_head, got_body) = split_head(shown), split_head(got)
    if shown_head and not shown_body:  # "..." may stand for the rest of the head and the body
        return same_lines(shown, got, names)
    return same_lines(shown_head, got_head, names) and same_body(shown_body, got_body, names)


def renamed(command, names):
    """The command with the page's ids replaced by those of this run."""
    for shown, value in sorted(names.items(), key=lambda item: -len(item[0])):
        command = command.replace(shown, value)
    return command
