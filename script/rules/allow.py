"""script/check.allow: exceptions, each with its reason. A line is `rule path[:name]  reason`."""
import os

FILE = "script/check.allow"


def read(tree):
    """[(line, rule, place, reason)]"""
    found = []
    if os.path.isfile(os.path.join(tree.root, FILE)):
        with open(os.path.join(tree.root, FILE), encoding="utf-8") as f:
            for n, line in enumerate(f, 1):
                if line.strip() and not line.startswith("#"):
                    rule, place, reason = (line.split(None, 2) + ["", ""])[:3]
                    found.append((n, rule, place, reason.strip()))
    return found


def apply(tree, defects):
    """The defects that are not allowed, and those of the list itself."""
    entries, used, left = read(tree), set(), []
    for rule, (path, line, what, mend) in defects:
        for n, allowed, place, reason in entries:
            where, _, name = place.partition(":")
            if allowed == rule and where == path and reason and (not name or what.startswith(name)):
                used.add(n)
                break
        else:
            left.append((path, line, what, mend))
    for n, rule, place, reason in entries:
        if not reason:
            left.append((FILE, n, f"{place} is allowed without a reason", "say why behind it"))
        elif n not in used:
            left.append((FILE, n, f"{place} breaks no {rule} any more", "delete the line"))
    return left
