"""docs/guide/compare.md, done as it says, with phases short enough for a test."""
import json
import os
import re
import shlex
import subprocess
import sys

import pytest
from comparison import PROOF, PROTOCOL, needs_compare, running
from conftest import LAYOUT, ROOT, SLOW, child_env

sys.path.insert(0, str(ROOT / "tests/docs"))
import snippets  # noqa: E402

pytestmark = needs_compare

PAGE = "docs/guide/compare.md"
BLOCKS = snippets.blocks(PAGE)
SHORT = {**PROTOCOL, "closed": [2, 64], "closed_ms": 50, "warmup_ms": 10, "open": [], "mixed_ms": 50}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """{command: (exit code, output)} of every line that the page says to type."""
    folder = tmp_path_factory.mktemp("guide")
    for block in BLOCKS:
        if block.note("file"):
            (folder / block.note("file")).write_text(block.text)
    with open(folder / "plan.yaml", "a") as f:
        f.write("protocol: " + json.dumps(SHORT) + "\n")
    answers = {}
    for block in BLOCKS:
        for command, _ in snippets.commands(block) if block.language == "console" else []:
            words = [w for w in shlex.split(command) if w != "--quick"]
            assert words[0] == "proof"
            ended = subprocess.run([*LAYOUT, PROOF, *words[1:]], cwd=folder, capture_output=True, text=True,
                                   env=child_env(TMPDIR=str(folder)), timeout=100 * SLOW)
            answers[command] = ended.returncode, ended.stdout + ended.stderr
    return folder, answers


def test_its_files_are_all_there():
    assert [b.note("file") for b in BLOCKS if b.note("file")] == ["threads.py", "loop.py", "plan.yaml"]


def test_its_commands_do_what_it_says(done):
    folder, answers = done
    assert len(answers) == 5
    for command, (code, out) in answers.items():
        assert code == 0 or (" diff " in command and code == 99), f"{command}: exit {code}\n{out}"
    assert os.path.getsize(folder / "report.html") > 10000
    assert running(folder) == []


def test_the_terminal_tells_both_services_and_the_noise_floor(done):
    out = next(out for command, (_, out) in done[1].items() if "--html" in command)
    for words in ("threads again", "loop", "Noise floor", "First call"):
        assert words in out, out


def test_its_words_are_those_of_the_report(done):
    """Warnings that the page explains are ones that there are."""
    page = snippets.read(PAGE)
    known = subprocess.run(["grep", "-rhoE", r'"(client_bound|different_work|noisy_host|trend|one_cpu)"',
                            str(ROOT / "proof/compare")], capture_output=True, text=True).stdout
    for code in re.findall(r"\*([a-z]+_[a-z]+|trend)\*", page):
        assert f'"{code}"' in known, code
