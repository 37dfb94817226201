"""The documentation is run: C blocks are compiled, programs called, transcripts compared.

POSTS names the binary of posts; libraries and examples are looked for in its build folder.
"""
import glob
import json
import os
import re
import shlex
import subprocess
import sys

import pytest
from conftest import BUILD, POSTS, Server, child_env, run

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "docs"))
import options  # noqa: E402
import snippets  # noqa: E402
import transcript  # noqa: E402

PRELUDES = os.path.join(ROOT, "tests", "docs", "preludes")
FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-I", os.path.join(ROOT, "gimlet", "include"),
         "-I", PRELUDES]
# A fragment defines things that nothing in it uses.
FRAGMENT = ["-Wno-unused", "-Wno-unused-parameter", "-fsyntax-only"]
AROUND = {
    "": ("", ""),
    "body": ("static int snippet(struct gim_ctx *c)\n{\n", "\nreturn 0;\n}\n"),
    "rows": ("static const struct gim_field snippet[] = {\n", "\n};\n"),
}
README_LINES = 360  # the load section holds a whole report, the comparison two tables
FIRST_SCREEN = 40

PAGES = snippets.pages()
ALL = [b for page in PAGES for b in snippets.blocks(page)]


def is_kept(block):
    return block.note("snippet") not in ("skip", "walk") and not block.note("edit")


C_BLOCKS = [b for b in ALL if b.language == "c" and is_kept(b)]
PROGRAMS = [b for b in C_BLOCKS if re.search(r"^int main\(", b.text, re.M) and not b.wrap()[0]]
FRAGMENTS = [b for b in C_BLOCKS if b not in PROGRAMS]
QUOTES = [b for b in C_BLOCKS if (b.note("snippet") or "").startswith("of=")]
CONSOLES = {page: [b for b in ALL if b.path == page and b.language == "console" and is_kept(b)]
            for page in PAGES}


def compiler():
    return shlex.split(os.environ.get("CC", "gcc"))


def sanitizers():
    """The flags that the libraries were built with, since a program must be linked with the same."""
    path = os.path.join(BUILD, "meson-info", "intro-buildoptions.json")
    if not os.path.exists(path):
        return []
    with open(path) as f:
        value = {o["name"]: o["value"] for o in json.load(f)}.get("b_sanitize", "none")
    value = ",".join(value) if isinstance(value, list) else value
    return [] if value in ("", "none") else ["-fsanitize=" + value]


def libraries():
    found = glob.glob(os.path.join(BUILD, "gimlet", "*", "libgim_*.a"))
    assert found, f"no libraries below {BUILD}: build it first"
    return found


def compile_ok(args, source):
    p = subprocess.run([*compiler(), *FLAGS, *args], input=source, capture_output=True, text=True)
    assert p.returncode == 0, p.stderr


def place(block):
    return block.place


@pytest.mark.parametrize("block", PROGRAMS, ids=place)
def test_a_program_of_the_documentation_compiles_links_and_runs(block, tmp_path):
    exe = str(tmp_path / "program")
    libs = ["-Wl,--start-group", *libraries(), "-Wl,--end-group", "-linih", "-lpthread", "-lm"]
    compile_ok(["-x", "c", "-", "-o", exe, *sanitizers(), "-x", "none", *libs], block.text)
    if (block.note("snippet") or "").startswith("run"):
        p = subprocess.run([exe], capture_output=True, text=True, timeout=30)
        assert p.returncode == 0, p.stdout + p.stderr


@pytest.mark.parametrize("block", FRAGMENTS, ids=place)
def test_a_fragment_of_the_documentation_compiles(block):
    name, kind = block.wrap()
    source = "#include <gimlet.h>\n"
    if name:
        with open(os.path.join(PRELUDES, name + ".c")) as f:
            source = f.read()
    text = f'#line {block.line + 1} "{block.path}"\n{block.text}'
    before, after = AROUND[kind]
    compile_ok(["-x", "c", "-", *FRAGMENT], source + before + text + after)


@pytest.mark.parametrize("block", QUOTES, ids=place)
def test_a_quoted_example_stands_in_its_file(block):
    left = iter(snippets.read(block.note("snippet")[3:].split()[0]).splitlines())
    missing = [line for line in block.lines if line.strip() and line not in left]
    assert not missing


# ---- transcripts ---------------------------------------------------------------------------------


def binary(name):
    return POSTS if name == "posts" else BUILD / "examples" / name


def start(words):
    """A server for the comment `<!-- server: WORDS -->`."""
    name, *args = shlex.split(words)
    if name == "posts" and "--store" not in args:
        args += ["--store", "memory:"]
    return Server("--workers", 1, "--access-log", "off", *args, program=binary(name))


def output_of(command, server, folder):
    """What the command prints, the server's place put in."""
    first = command.split()[0]
    if first not in ("curl", "hey"):
        p = run(*shlex.split(command)[1:], program=binary(first), cwd=folder)
        return p.stdout + p.stderr
    command = command.replace("localhost:8080", f"127.0.0.1:{server.port}")
    if first == "curl":
        command = "curl -sS --max-time 20" + command[4:]
    p = subprocess.run(["bash", "-c", command], cwd=ROOT, stdin=subprocess.DEVNULL, env=child_env(),
                       capture_output=True, text=True, timeout=60)
    return p.stdout + p.stderr


@pytest.mark.parametrize("page", [p for p in PAGES if CONSOLES[p]])
def test_transcripts_of_the_documentation_are_what_the_programs_print(page, tmp_path):
    server, names = None, {}
    try:
        for block in CONSOLES[page]:
            if block.note("server"):
                if server:
                    server.stop()
                server, names = start(block.note("server")), {}
            for command, shown in snippets.commands(block):
                first = command.split()[0]
                if first not in snippets.COMMANDS:
                    continue
                assert server or first not in ("curl", "hey"), \
                    f"{block.place}: no <!-- server: ... --> says which server is meant"
                got = output_of(transcript.renamed(command, names), server, tmp_path)
                assert transcript.same(shown, got, names), \
                    f"{block.place}: {command}\n--- the page says\n{shown}\n--- it printed\n{got}"
    finally:
        if server:
            server.stop()


# ---- the pages themselves ------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_leads_to_a_file(page):
    missing = [target for target, file in snippets.links(page)
               if not os.path.exists(os.path.join(ROOT, file))]
    assert not missing


def test_the_readme_is_short_and_begins_with_what_works():
    assert len(snippets.read("README.md").splitlines()) <= README_LINES
    first = [b for b in snippets.blocks("README.md") if b.language in ("c", "console")][:3]
    assert first[-1].line + len(first[-1].lines) < FIRST_SCREEN + 1


def test_every_page_is_in_the_index():
    listed = {file for _, file in snippets.links("docs/README.md")}
    folders = {f for f in listed if os.path.isdir(os.path.join(ROOT, f))}
    missing = [p for p in PAGES if p.startswith("docs/") and p != "docs/README.md"
               and p not in listed and os.path.dirname(p) not in folders]
    assert not missing


def test_the_options_page_is_what_posts_says():
    assert options.current()[1] == options.table(run("--help-all").stdout)


def test_every_fault_code_has_its_row():
    """Codes are literals in the codec; the page's table begins its rows with them."""
    used = set()
    for path in glob.glob(os.path.join(ROOT, "gimlet", "json", "*.c")):
        with open(path) as f:
            text = f.read()
        used |= set(re.findall(r'(?:gim_sink_fault\([^"]*?|double_fault\(sink, )"([a-z_]+)"', text))
    page = snippets.read("docs/reference/problems.md")
    table = page[page.index("## Fault codes"):page.index("## Types")]
    listed = {code for row in re.findall(r"^\| (`[^|]*) \|", table, re.M) for code in re.findall(r"`(\w+)`", row)}
    assert used == listed


def test_every_problem_type_of_posts_has_its_row():
    with open(os.path.join(ROOT, "posts", "routes.c")) as routes, \
            open(os.path.join(ROOT, "posts", "idempotency.c")) as keys:
        text = routes.read() + keys.read()
    used = set(re.findall(r'\{\d{3}, \w+, "([a-z-]+)"|gim_problem\(c, \d{3}, "([a-z-]+)"', text))
    listed = set(re.findall(r"`/problems/([a-z-]+)`", snippets.read("docs/reference/problems.md")))
    assert {a or b for a, b in used} == listed


@pytest.mark.parametrize("path", sorted(glob.glob(os.path.join(ROOT, "gimlet", "include", "gimlet", "*.h"))),
                         ids=os.path.basename)
def test_every_public_call_is_described(path):
    """A declaration stands below a comment, or in the lines that follow one directly."""
    described, bare, declaring = False, [], False
    with open(path) as f:
        for line in f.read().splitlines():
            stripped = line.strip()
            if not declaring and re.match(r"(GIM_MUST_CHECK |static inline )?[a-z].*\bgim_\w+\(", line) \
                    and not line.startswith(("typedef", "return")):
                if not described:
                    bare.append(line)
                declaring = not stripped.endswith((";", "}"))
            elif declaring:
                declaring = not stripped.endswith((";", "}")) and stripped != "{"
            else:
                described = stripped.endswith("*/") or (described and stripped != "")
    assert not bare
