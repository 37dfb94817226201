"""The library as an outsider uses it: installed, found by pkg-config, CMake and Meson, from C and C++."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

import pytest
from conftest import SANITIZED

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/docs"))
import walk  # noqa: E402

CXX = ROOT / "tests/data/cxx"

pytestmark = pytest.mark.skipif(SANITIZED or not shutil.which("pkg-config"), reason="installs a build of its own, once")


def run(*command, **more):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Installed:
    def __init__(self, prefix):
        self.prefix = prefix
        self.lib = next(prefix.rglob("libgimlet.a")).parent
        self.env = {**os.environ, "PKG_CONFIG_PATH": str(next(prefix.rglob("gimlet.pc")).parent),
                    "LD_LIBRARY_PATH": str(self.lib), "CMAKE_PREFIX_PATH": str(prefix),
                    "PATH": f"{prefix / 'bin'}{os.pathsep}{os.environ['PATH']}"}

    def flags(self, *more):
        return shlex.split(run("pkg-config", "--cflags", "--libs", *more, "gimlet", env=self.env))

    def run(self, *command, **more):
        return run(*command, env=self.env, **more)


def declared_names():
    """The functions and values that the public headers declare; inline ones are in the header itself."""
    code = "\n".join(p.read_text() for p in (ROOT / "gimlet/include/gimlet").glob("*.h"))
    for noise in (r"/\*.*?\*/", r"\\\n", r"^\s*#.*$", r"//.*$", r'extern "C" \{', r"static inline[^{;]*\{.*?^\}"):
        code = re.sub(noise, "", code, flags=re.M if "$" in noise else re.S | re.M)
    for _ in range(4):  # members of structs, and of structs in them
        code = re.sub(r"\{[^{}]*\}", "", code)
    found = set()
    for statement in code.split(";"):
        called = re.search(r"\b(gim_\w+)\s*\(", statement)
        values = re.search(r"extern\s[^(]*?((?:\bgim_\w+\s*(?:\[\])?\s*,?\s*)+)$", statement)  # one type, some names
        handler = re.search(r"^\s*gim_handler\s+(gim_\w+)\s*$", statement)
        if "typedef" in statement:
            continue
        if called or handler:
            found.add((called or handler).group(1))
        elif values:
            found |= set(re.findall(r"gim_\w+", re.sub(r"^\s*gim_\w+\s+(?=gim_)", "", values.group(1))))
    return found


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("install")
    run("meson", "setup", folder / "build", ROOT, f"--prefix={folder / 'prefix'}", "-Dtests=disabled")
    run("meson", "install", "-C", folder / "build")
    return Installed(folder / "prefix")


@pytest.mark.parametrize("static", [False, True])
def test_hello_builds_against_the_installed_library(installed, tmp_path, static):
    hello = tmp_path / "hello"
    flags = installed.flags(*(["--static"] if static else []))
    if static:
        flags = [str(installed.lib / "libgimlet.a") if f == "-lgimlet" else f for f in flags]
    run("cc", "-std=c11", "-Wall", "-Wextra", "-Werror", ROOT / "examples/hello.c", "-o", hello,
        "-Wl,--as-needed", *flags)
    assert "gimlet" not in installed.run(hello, "--version").lower()
    assert "POST" in installed.run(hello, "--routes")
    assert ("libgimlet.so.0" in run("ldd", hello)) is not static


def test_the_shared_library_exports_the_manual_and_nothing_else(installed):
    """Every function of the public headers, so that a header and the library cannot drift apart."""
    library = installed.lib / "libgimlet.so"
    assert re.search(r"SONAME.*\[libgimlet\.so\.0\]", run("readelf", "-d", library))
    exported = {line.split()[-1].split("@")[0] for line in run("nm", "-D", "--defined-only", library).splitlines()}
    listed = set(re.findall(r"^\s+(gim_\w+);", (ROOT / "gimlet/gimlet.map").read_text(), re.M))
    assert exported - {"GIMLET_0"} == listed
    declared = declared_names()
    assert declared - listed == set(), "declared in a header, not exported"
    assert listed - declared == set(), "exported, but not in the manual"


def test_every_example_links_with_the_shared_library(installed, tmp_path):
    """What only a macro names (the handler of GIM_FILES) must be there, too."""
    for example in sorted((ROOT / "examples").glob("*.c")):
        run("cc", "-std=gnu11", "-Werror", example, "-o", tmp_path / example.stem, *installed.flags())


@pytest.mark.skipif(not shutil.which("g++"), reason="needs g++")
def test_a_service_in_cpp_works(installed, tmp_path):
    run("cc", "-std=c11", "-c", CXX / "schema.c", "-o", tmp_path / "schema.o", *installed.flags())
    run("g++", "-std=c++20", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Werror", CXX / "main.cpp", tmp_path / "schema.o", "-o",
        tmp_path / "cxx", *installed.flags())
    installed.run(tmp_path / "cxx")


@pytest.mark.skipif(not shutil.which("cmake"), reason="needs cmake")
def test_cmake_finds_it(installed, tmp_path):
    installed.run("cmake", "-S", CXX, "-B", tmp_path, "-G", "Ninja")
    installed.run("ninja", "-C", tmp_path)
    for name in ("service", "service_shared"):
        installed.run(tmp_path / name)


def test_a_new_project_builds_passes_and_serves(installed, tmp_path):
    said = installed.run("gimlet", "new", "shop", cwd=tmp_path)
    project = tmp_path / "shop"
    build = next(line for line in said.splitlines() if "meson" in line)  # what the newcomer is told
    installed.run("sh", "-c", build.replace("setup", "setup --werror"), cwd=project)
    assert "@name@" not in "".join(p.read_text() for p in project.rglob("*") if p.is_file() and "build" not in p.parts)
    server = subprocess.Popen([project / "build/shop", "--port", "0"], stderr=subprocess.PIPE, text=True, env=installed.env)
    try:
        url = re.search(r"http://\S+?:\d+", server.stderr.readline()).group()
        assert run("curl", "-sd", '{"text":"buy milk"}', f"{url}/notes") == '{"id":1,"text":"buy milk"}'
    finally:
        server.terminate()
        assert server.wait(10) == 0


def test_the_page_of_the_first_service_is_true(installed, tmp_path):
    walk.walk("docs/guide/first-service.md", tmp_path, installed.env)


def test_a_new_project_builds_with_the_source_as_a_subproject(installed, tmp_path):
    installed.run("gimlet", "new", tmp_path / "shop")
    (tmp_path / "shop/subprojects").mkdir()
    (tmp_path / "shop/subprojects/gimlet").symlink_to(ROOT)
    run("meson", "setup", tmp_path / "shop/build", tmp_path / "shop", "--force-fallback-for=gimlet")
    run("meson", "test", "-C", tmp_path / "shop/build")


@pytest.mark.parametrize("words, code, says", [
    (["new"], 2, "one name"), (["new", "Shop"], 2, "'Shop' is no name"), (["new", "a b"], 2, "no name"),
    (["new", "there"], 1, "there already; nothing was changed"), (["new", "no/where/shop"], 1, "No such file"),
    (["old"], 2, "unknown command 'old'"), ([], 2, "usage:")])
def test_what_cannot_be_done_is_said(installed, tmp_path, words, code, says):
    (tmp_path / "there").mkdir()
    done = subprocess.run(["gimlet", *words], capture_output=True, text=True, env=installed.env, cwd=tmp_path)
    assert done.returncode == code and says in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["there"]
