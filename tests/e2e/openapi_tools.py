"""Kept tools for the documents that we write (OpenAPI, SPDX), in an environment of their own: validators and a
property tester. They come from PyPI the first time; where that is not to be had, tests that need them
are skipped and say so."""
import functools
import os
import subprocess
import sys

import pytest
from conftest import ROOT

REQUIREMENTS = ROOT / "tests/e2e/openapi_requirements.txt"
PLACE = ROOT / "build/openapi-tools"


def install():
    """None, or why the tools are not here."""
    stamp = PLACE / "requirements.txt"
    if stamp.exists() and stamp.read_text() == REQUIREMENTS.read_text():
        return None
    steps = [[sys.executable, "-m", "venv", "--clear", PLACE],
             [PLACE / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
              "-r", REQUIREMENTS]]
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, timeout=400, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired) as e:
            return str(e)
        if done.returncode:
            return ((done.stderr or done.stdout).strip().splitlines() or ["no reason given"])[-1]
    stamp.write_text(REQUIREMENTS.read_text())
    return None


@functools.lru_cache
def why_missing():
    return install()


def run_tool(name, *args, timeout=300, **more):
    """A program of the environment, run to its end."""
    if why_missing():
        pytest.skip(f"the tools of {REQUIREMENTS.name} could not be installed: {why_missing()}")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("POSTS", "PYTEST"))}
    return subprocess.run([PLACE / "bin" / name, *map(str, args)], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, env=env, cwd=PLACE, **more)
