"""The table with its budgets, and build/bench.json. docs/internals/bench.md describes both."""
import json
import os
import statistics
import textwrap

MB = 1_000_000  # budgets are in MB, not MiB

# figure, title, unit, divisor, decimals; a heading has no unit.
ROWS = [
    ("POST /posts, memory store, c=64",),
    ("post.cpu_us", "server CPU per request", "µs", 1, 2),
    ("post.rate", "requests per second", "/s", 1, 0),
    ("post.p50_us", "p50", "ms", 1000, 3),
    ("post.p99_us", "p99", "ms", 1000, 3),
    ("post.busy", "share of server CPU in use", "", 1, 2),
    ("post.client_cpu_us", "wrk CPU per request", "µs", 1, 2),
    ("hey -n 200 -c 10 (the published command)",),
    ("hey.rate", "requests per second", "/s", 1, 0),
    ("durable POST /posts, SQLite, one core",),
    ("disk.fdatasync_us", "one 4 KiB append + fdatasync", "µs", 1, 0),
    *[row for c in (1, 10, 64, 256) for row in (
        (f"durable{c}.rate", f"c={c}: posts per second", "/s", 1, 0),
        (f"durable{c}.p99_us", f"c={c}: p99", "ms", 1000, 3),
        (f"durable{c}.cpu_us", f"c={c}: server CPU per request", "µs", 1, 2))],
    ("GET /posts/:id, SQLite, c=64",),
    ("get.rate", "requests per second", "/s", 1, 0),
    ("get.p99_us", "p99", "ms", 1000, 3),
    ("get.cpu_us", "server CPU per request", "µs", 1, 2),
    ("memory, one worker",),
    ("at_start.rss", "RSS at start", "MB", MB, 3),
    ("at_start.pss", "PSS at start", "MB", MB, 3),
    ("at_start.private", "private at start", "MB", MB, 3),
    ("after_first.rss", "RSS after the first call", "MB", MB, 3),
    ("after_fill.rss", "RSS after 200,000 posts", "MB", MB, 3),
    ("after_fill.pss", "PSS after 200,000 posts", "MB", MB, 3),
    ("space.per_post", "RSS per stored post", "B", 1, 0),
    ("idle.rss", "RSS, 10,000 idle connections", "MB", MB, 3),
    ("idle.per_connection", "RSS per idle connection", "B", 1, 0),
    ("idle.rss_after", "RSS after they closed", "MB", MB, 3),
    ("exec to first good answer",),
    ("start.ms", "POST answered", "ms", 1, 2),
    ("load generators on null, POST, one CPU (ratios to wrk)",),
    *[row for c in (10, 64) for row in (
        (f"load{c}.cpu_us", f"c={c}: client CPU per request", "µs", 1, 2),
        (f"load{c}.rate", f"c={c}: requests per second", "/s", 1, 0))],
    ("load.peak", "peak RSS, 10 million requests", "MB", MB, 3),
]


COMPARED = ("post.cpu", "post.rate", "post.p", "hey.", "at_start.", "after_first.", "start.", "load")


def ratios(values, figure, kind, base="null"):
    """Paired by round."""
    mine, other = values.get((figure, kind)), values.get((figure, base))
    if not mine or not other or len(mine) != len(other) or not all(other):
        return None
    return [a / b for a, b in zip(mine, other)]


def median(values, figure, kind):
    found = values.get((figure, kind))
    return statistics.median(found) if found else None


def budgets(values):
    """Design's budgets that this run can check: name, value, limit, unit, kept (None: not measured)."""
    rows = []

    def add(name, value, limit, unit, spread, kept, least):
        rows.append({"name": name, "value": value, "limit": limit, "least": least, "unit": unit,
                     "ok": None if value is None else kept(value),
                     "range": [min(spread), max(spread)] if spread else None})

    def at_most(name, value, limit, unit, spread=None, spare=0.0):
        add(name, value, limit, unit, spread, lambda v: v - spare <= limit, False)

    def at_least(name, value, limit, unit, spread=None):
        add(name, value, limit, unit, spread, lambda v: v >= limit, True)

    def over_null(kind):
        mine, null = median(values, "start.ms", kind), median(values, "start.ms", "null")
        return None if mine is None or null is None else mine - null

    cpu = ratios(values, "post.cpu_us", "memory")
    at_most("server CPU per request, memory store", statistics.median(cpu) if cpu else None, 1.20, "× null", cpu)
    for kind, limit in (("memory", 1.3), ("sqlite", 2.5)):
        rss = median(values, "at_start.rss", kind)
        at_most(f"RSS at start, {kind}", rss / MB if rss else None, limit, "MB")
    at_most("RSS per stored post, memory store", median(values, "space.per_post", "memory"), 250, "B")
    at_most("RSS per idle connection", median(values, "idle.per_connection", "memory"), 300, "B")
    at_most("exec to first answer, memory", over_null("memory"), 1.0, "ms over null")
    at_most("exec to first answer, SQLite", over_null("sqlite"), 5.0, "ms over null")
    at_most("exec to first answer, SQLite, new file", over_null("new file"), 5.0, "ms over null")
    for call in ("recv", "send", "epoll_ctl"):
        at_most(f"{call} per request, memory, c=64", calls(values, call, "memory"),
                0 if call == "epoll_ctl" else 1, "", spare=opening(values))
    for c in (10, 64):
        for tool, limit in (("wrk", 0.7), ("hey", 0.25)):
            pairs = ratios(values, f"load{c}.cpu_us", "proof", tool)
            at_most(f"proof load, client CPU, c={c}", statistics.median(pairs) if pairs else None, limit,
                    f"× {tool}", pairs)
        pairs = ratios(values, f"load{c}.rate", "proof", "wrk")
        at_least(f"proof load, requests/s, c={c}", statistics.median(pairs) if pairs else None, 1.0, "× wrk", pairs)
    peak = median(values, "load.peak", "proof")
    at_most("proof load, peak RSS, 10 million requests", peak / MB if peak else None, 8, "MB")
    return rows


CALLS = {"recv": ("recvfrom", "recvmsg", "read", "readv"), "send": ("sendto", "sendmsg", "write", "writev"),
         "epoll_ctl": ("epoll_ctl",), "epoll_wait": ("epoll_wait", "epoll_pwait", "epoll_pwait2")}


def calls(values, call, kind, connections=64):
    prefix = f"calls{connections}."
    found = [v[0] for (f, k), v in values.items()
             if k == kind and f.startswith(prefix) and f[len(prefix):] in CALLS[call]]
    return sum(found) if (prefix + "requests", kind) in values else None


def opening(values, connections=64):
    """What is no fault: two calls a connection, for its opening, its end, and the request that was
    under way when wrk stopped counting."""
    requests = values.get((f"calls{connections}.requests", "memory"))
    return (2 * connections + 4) / requests[0] if requests else 0.0


def number(value, decimals):
    return f"{value:,.{decimals}f}"


def table(values):
    """Lines of figure, server, median, range and ratio to null."""
    lines, heading = [], None
    for row in ROWS:
        if len(row) == 1:
            heading = row[0]
            continue
        figure, title, unit, divisor, decimals = row
        for kind in [k for f, k in values if f == figure]:
            if heading:
                lines += ["", heading]
                heading = None
            found = [v / divisor for v in values[(figure, kind)]]
            base = "wrk" if figure.startswith("load") else "null"
            pair = ratios(values, figure, kind, base) if kind != base else None
            low, high = number(min(found), decimals), number(max(found), decimals)
            line = (f"  {title:<30}{kind:<9}{number(statistics.median(found), decimals):>8} {unit:<2}"
                    f"{low:>9} – {high:<8}")
            if pair and figure.startswith(COMPARED):
                line += f"{statistics.median(pair):>5.2f}×"
            lines.append(line.rstrip())
            title = ""
    return lines


def calls_table(values):
    """A line per server and width, the most frequent call first."""
    lines = []
    for kind in ("null", "memory", "sqlite"):
        for c in (1, 64):
            prefix = f"calls{c}."
            found = {f[len(prefix):]: v[0] for (f, k), v in values.items()
                     if k == kind and f.startswith(prefix) and f != prefix + "requests"}
            words = [f"{name} {found[name]:.2f}" for name in sorted(found, key=lambda n: -found[n])
                     if found[name] >= 0.005]
            if words:
                lines += textwrap.wrap(f"{kind + ' c=' + str(c):<13}" + "  ".join(words), 80,
                                       initial_indent="  ", subsequent_indent=" " * 15,
                                       break_on_hyphens=False)
    return ["", "system calls per request (opening 64 connections included)"] + lines if lines else []


def budget_table(values):
    lines = ["", "budgets"]
    for b in budgets(values):
        if b["value"] is None:
            continue
        verdict = "ok" if b["ok"] else "MISSED"
        sign = "≥" if b["least"] else "≤"
        line = f"  {b['name']:<40}{b['value']:>8.2f}  {sign} {b['limit']:<5g}{b['unit']:<13}{verdict}"
        if b["range"]:
            line += f" ({b['range'][0]:.2f} – {b['range'][1]:.2f})"
        lines.append(line)
    if ("durable64.rate", "sqlite") in values:
        rates = " / ".join(number(median(values, f"durable{c}.rate", "sqlite"), 0) for c in (64, 256))
        lines.append(f"  durable POST/s, c=64 / 256: {rates}. Its limit, 1.2 × axum with a writer")
        lines.append("  thread in the same run, waits for the contenders (elsewhere: 56,000 / 64,000)")
    return lines


def text(host, options, values, notes, answer_bytes):
    lines = [f"{host['cpu']}, {host['cpus']} CPUs: server on {host['server_cpu']}, client on "
             f"{host['client_cpu']}; Linux {host['kernel']}",
             f"{host['compiler']}", f"commit {host['commit']}, {host['date']}, load {host['load']:.2f}",
             f"{options['rounds']} rounds of {options['seconds']} s, answers of {answer_bytes} bytes; "
             "median, min – max, ratio to null (by round)"]
    lines += table(values) + calls_table(values) + budget_table(values)
    if notes:
        lines += ["", "notes"] + [f"  {n}" for n in notes]
    return "\n".join(lines)


def save(path, host, options, values, notes, answer_bytes):
    figures = [{"figure": f, "server": k, "median": statistics.median(v), "min": min(v), "max": max(v),
                "rounds": v} for (f, k), v in values.items()]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        json.dump({"version": 1, "host": host, "options": options, "answer_bytes": answer_bytes,
                   "figures": figures, "budgets": budgets(values), "notes": notes}, f, indent=1)
        f.write("\n")
