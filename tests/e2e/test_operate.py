"""docs/operate.md is true: its commands are run; what it says of log lines and answers is in the source, and
nothing that is in the source is missing; its alerts ask for figures that are there."""
import glob
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import LAYOUT, POSTS, ROOT, child_env, run
from load import free_port

sys.path.insert(0, str(ROOT / "tests/docs"))
import snippets  # noqa: E402
import transcript  # noqa: E402

PAGE = "docs/operate.md"
ALERTS = ROOT / "docs/dashboards/alerts.yml"
TEXT = snippets.read(PAGE)
LITERAL = r'"((?:[^"\\]|\\.)*)"'


# ---- the source's sentences ----------------------------------------------------------------------

def joined(path):
    """A file with neighbouring literals, and PRId64 and its like between them, made one."""
    def join(found):
        text = re.sub(r"\bPRI\w+", '"d"', found.group()).replace("SUFFIX", '".control"')
        return '"' + "".join(re.findall(LITERAL, text)) + '"'
    text = re.sub(r"/\*.*?\*/", "", open(path).read(), flags=re.S).replace("'\"'", "0")
    one = r'"(?:[^"\\]|\\.)*"'
    return re.sub(rf"{one}(?:\s*(?:(?:PRI\w+|SUFFIX)\s*)?{one})*(?:\s*PRI\w+)?", join, text)


SOURCES = {p: joined(p) for folder in ("gimlet", "posts")
           for p in sorted(glob.glob(f"{ROOT}/{folder}/**/*.c", recursive=True))}


def shown(format):
    """As the page writes it: one … for what differs."""
    format = re.sub(r"%[-0-9.*]*(?:ll|z|l)?[a-zA-Z]", "…", format.replace("\\n", ""))
    return re.sub(r"…+", "…", format)


def has_words(sentence):
    return len(re.findall(r"\b[a-z]{2,}\b", sentence)) >= 2


def log_sentences():
    """{sentence: file} of all calls of gim_log above debug. Those that pass a sentence on have no words here."""
    out = {}
    for path, text in SOURCES.items():
        for call in re.findall(rf"\bgim_log\(((?:{LITERAL.replace('(', '(?:', 1)}|[^;\"])*);", text):
            if "GIM_LOG_DEBUG" in call or path.endswith("base/log.c"):
                continue
            formats = [shown(s) for s in re.findall(LITERAL, call)]
            for sentence in formats:
                if has_words(sentence) and sentence not in ("no handler", "(no .root)"):
                    out[sentence] = path
    return out


def answers():
    """{(status, detail): file} of the refusals of 408, 429 and 5xx."""
    out = {}
    for path, text in SOURCES.items():
        if path.endswith("http/status.c"):
            continue
        found = re.findall(r"\b(408|429|5\d\d)\s*,\s*(?:(?:true|NULL|\"[a-z-]+\"),\s*)*" + LITERAL, text)
        for status, detail in found:
            if has_words(shown(detail)):
                out[status, shown(detail)] = path
    return out


def cells(heading):
    """The rows of the table under a heading."""
    part = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S).group(1)
    rows = [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in part.splitlines() if line.startswith("|")]
    return rows[2:]


def sentence(cell):
    return re.search(r"`([^`]+)`", cell).group(1)


def same(page, source):
    """Is the page's sentence the source's, or its beginning?"""
    pattern = ".*".join(re.escape(p) for p in re.split("…", page))
    return re.match(pattern, source) is not None


def test_every_sentence_of_the_log_stands_on_the_page():
    page = [sentence(row[0]) for row in cells("What the log says")]
    found = log_sentences()
    assert len(found) > 20
    missing = {f"{s} ({os.path.relpath(p, ROOT)})" for s, p in found.items() if not any(same(q, s) or same(q, "…" + s) for q in page)}
    assert not missing, f"{PAGE}, What the log says, lacks: " + "; ".join(sorted(missing))


def literals():
    return {shown(s) for text in SOURCES.values() for s in re.findall(LITERAL, text)}


@pytest.mark.parametrize("heading", ["What the log says", "It does not start"])
def test_what_the_page_quotes_stands_in_the_source(heading):
    """Behind a sentence's start there may be more; what differs in the page's may be fixed in the source."""
    known = literals()
    for row in cells(heading):
        words = re.sub(r"^…\s*", "", sentence(row[0])).rstrip("…").strip()
        plain = [p.strip() for p in words.split("…") if has_words(p)]
        for part in plain:
            assert any(part in k for k in known), f"{part!r} of {row[0]} is nowhere in the source"


def test_every_answer_that_is_not_the_clients_fault_stands_on_the_page():
    page = {(row[0], sentence(row[1])) for row in cells("What clients are told")}
    found = answers()
    documentation = {k for k, p in found.items() if k[1].endswith(".")}  # .doc of a route: no detail
    assert len(found) > 20
    missing = set(found) - documentation - page
    assert not missing, f"{PAGE}, What clients are told, lacks: {sorted(missing)}"
    assert not page - set(found), f"{PAGE} has what the source has not: {sorted(page - set(found))}"


def test_options_and_exit_codes_that_the_page_names_exist():
    known = set(re.findall(r"^  (--[a-z-]+)", run("--help-all").stdout, re.M))
    known |= {"--config", "--print-config"}
    named = {f for f in re.findall(r"`(--[a-z-]+)", TEXT)} - {"--cpus"}
    assert len(named) > 15 and named <= known, named - known


# ---- alerts --------------------------------------------------------------------------------------

def rules():
    """[(name, expression)], by the plain shape that the file has."""
    text = ALERTS.read_text()
    found = re.findall(r"- alert: (\w+)\n\s+expr: (?:>-\n)?(.*?)\n\s+(?:for|labels):", text, re.S)
    assert len(found) == text.count("- alert:")
    return found


def test_alerts_ask_for_figures_that_are_there(serve):
    server = serve("--store", "sqlite:posts.db", "--workers", 1)
    server.call("POST", "/posts", {"title": "t", "body": "b"})
    scrape = server.call("GET", "/metrics").body.decode()
    names = set(re.findall(r"^([a-z_]+)(?:\{| )", scrape, re.M))
    reasons = set(re.findall(r'reason="(\w+)"', scrape))
    for name, query in rules():
        asked = set(re.findall(r"\b((?:http_server|process|posts|gimlet)_[a-z_]+)\b", query))
        assert asked <= names and (asked or "up{" in query), (name, asked - names)
        for wanted in re.findall(r'reason=~"([^"]+)"', query):
            for word in wanted.split("|"):
                assert any(re.fullmatch(word, r) for r in reasons), (name, word)


def test_alerts_of_the_page_are_those_of_the_file():
    assert [sentence(row[0]) for row in cells("Metrics and alerts")] == [name for name, _ in rules()]


@pytest.mark.skipif(not shutil.which("promtool"), reason="needs promtool")
def test_promtool_finds_nothing_to_say():
    done = subprocess.run(["promtool", "check", "rules", ALERTS], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# ---- commands ------------------------------------------------------------------------------------

SYSTEMCTL = """#!/bin/bash
# What the page's systemctl does, for one service and no socket.
case $1 in
stop) kill $(cat {0}/pid); while grep -qs "^State:.[^Z]" /proc/$(cat {0}/pid)/status; do sleep 0.01; done ;;
start) {1} --store sqlite:{0}/lib/posts.db --port {2} >/dev/null 2>{0}/stderr & echo $! >{0}/pid
    until grep -q "listening on" {0}/stderr; do sleep 0.01; done ;;
esac
"""


def test_backup_and_restore_are_done_as_the_page_says(tmp_path):
    port, bin = free_port(), tmp_path / "bin"
    bin.mkdir()
    (tmp_path / "lib").mkdir()
    program = " ".join(map(str, [*LAYOUT, POSTS]))
    (bin / "systemctl").write_text(SYSTEMCTL.format(tmp_path, program, port))
    (bin / "systemctl").chmod(0o755)
    env = child_env(PATH=f"{bin}:{POSTS.parent}:{os.environ['PATH']}")

    def shell(command):
        done = subprocess.run(["bash", "-c", command], env=env, capture_output=True, text=True, timeout=60, cwd=tmp_path)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    try:
        shell("systemctl start")
        for title in "one", "two", "three":
            shell(f"""curl -sf -d '{{"title":"{title}","body":"b"}}' localhost:{port}/posts""")
        commands = [b for b in snippets.blocks(PAGE) if b.note("snippet") == "operate"]
        assert len(commands) == 2
        for block in commands:
            shell(f"""curl -sf -d '{{"title":"later","body":"b"}}' localhost:{port}/posts""") if block is commands[1] else None
            text = block.text.replace("/var/lib/posts", f"{tmp_path}/lib").replace("localhost:8080", f"localhost:{port}")
            for part in re.split(r"^# ", text, flags=re.M)[1:]:
                command, _, expected = part.partition("\n")
                got = shell(command)
                assert transcript.trimmed(got) == transcript.trimmed(expected), command
        listed = shell(f"curl -sf localhost:{port}/posts")
        assert listed.count('"id"') == 3 and "later" not in listed, "the restored file is not the backup"
    finally:
        subprocess.run(["bash", "-c", "systemctl stop"], env=env, timeout=60)
