"""The library as an outsider uses it: meson install, pkg-config, one compiler command."""

import os
import pathlib
import shlex
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(not shutil.which("pkg-config"), reason="needs pkg-config")
def test_hello_builds_against_the_installed_library(tmp_path):
    build, prefix = tmp_path / "build", tmp_path / "prefix"
    run("meson", "setup", build, ROOT, f"--prefix={prefix}", "-Dtests=disabled")
    run("meson", "install", "-C", build)
    where = os.pathsep.join(str(p.parent) for p in prefix.rglob("gimlet.pc"))
    flags = run("pkg-config", "--cflags", "--libs", "gimlet", env={**os.environ, "PKG_CONFIG_PATH": where})
    hello = tmp_path / "hello"
    run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", ROOT / "examples/hello.c", "-o", hello, *shlex.split(flags))
    assert "gimlet" not in run(hello, "--version").lower()
    assert "POST" in run(hello, "--routes")
