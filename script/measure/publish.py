"""What script/compare found, put where people read it: a table in README.md, the whole in docs/comparison.md.

Only figures of build/compare/ are written, between the marks `<!-- figures: script/compare -->` and
`<!-- end of figures -->`; the sentences round them are the README's own.
"""
import datetime
import json
import os
import re

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
FOLDER = os.path.join(ROOT, "build", "compare")
BEGIN, END = "<!-- figures: script/compare -->", "<!-- end of figures -->"
# metric, heading; the published comparison's own figures first
COLUMNS = [("rss.start", "memory at start"), ("first", "first call"), ("later.kept", "later calls"),
           ("hey.rps", "the published `hey`"), ("rps.c64", "POST/s, 64 conn."), ("p99.c64", "p99"),
           ("cpu_per_request.c64", "CPU per POST")]
SCALES = {"ns": [(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns")], "bytes": [(1e6, "MB"), (1e3, "kB"), (1, "B")]}


def digits(x):
    """Three digits that count; thousands with commas."""
    if x >= 100:
        places = len(str(int(x))) - 3
        return f"{int(round(x, -places)):,}"
    return f"{x:.2f}" if x < 10 else f"{x:.1f}"


def figure(value, unit):
    if value is None:
        return "–"
    for size, name in SCALES.get(unit, []):
        if value >= size or size == 1:
            return f"{digits(value / size)} {name}"
    return digits(value)


def table(results, group):
    units = {m["id"]: m["unit"] for m in results["metrics"]}
    columns = [(m, title) for m, title in COLUMNS if m in units]
    yield "| " + " | ".join([group] + [title for _, title in columns]) + " |"
    yield "|---" * (len(columns) + 1) + "|"
    for service in results["services"]:
        if service["group"] != group or service["control_of"]:
            continue
        if service["state"] != "ran":
            yield f"| {service['name']} | {service['why']} |" + " |" * (len(columns) - 1)
            continue
        cells = []
        for metric, _ in columns:
            f = service["figures"][metric]
            text = figure(f["median"], units[metric])
            cells.append(f"**{text}**" if f["best"] else text)
        yield f"| {service['name'].replace('-http', '/http')} | " + " | ".join(cells) + " |"


def block(results):
    host = {h["name"]: h["value"] for h in results["host"]}
    day = datetime.datetime.fromtimestamp(results["started_us"] / 1e6, datetime.timezone.utc).date()
    lines = [BEGIN]
    for group in dict.fromkeys(s["group"] for s in results["services"]):
        lines += [*table(results, group), ""]
    versions = sorted({s["version"].split(";")[0] for s in results["services"] if s["version"]})
    with open(os.path.join(FOLDER, "report.md"), encoding="utf-8") as f:
        lines += [line + "\n" for line in f.read().splitlines() if line.startswith("Where ")]
    lines += [f"Medians of {results['rounds']} rounds, the best median of a group bold; {host['cpu']}, server on CPU {host['server_cpus']}, client on {host['client_cpus']}, "
              f"{host['kernel']}, commit {results['commit']}, {day}; {'; '.join(versions)}.", END]
    return "\n".join(lines)


def main():
    with open(os.path.join(FOLDER, "results.json"), encoding="utf-8") as f:
        results = json.load(f)
    assert not results["quick"] and not results["interrupted"] and results["rounds"] >= 10, "only a whole run is published"
    readme = os.path.join(ROOT, "README.md")
    with open(readme, encoding="utf-8") as f:
        text = f.read()
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.S)
    assert pattern.search(text), f"README.md lacks {BEGIN} ... {END}"
    with open(readme, "w", encoding="utf-8") as f:
        f.write(pattern.sub(lambda _: block(results), text, count=1))
    with open(os.path.join(FOLDER, "report.md"), encoding="utf-8") as f:
        report = f.read().replace(ROOT + "/", "")
    with open(os.path.join(ROOT, "docs", "comparison.md"), "w", encoding="utf-8") as f:
        f.write("# The comparison\n\nWritten by `script/compare` and `script/compare --publish`; [how it is "
                "measured](decisions/0013-how-services-are-compared.md).\n\n" + report)


if __name__ == "__main__":
    main()
