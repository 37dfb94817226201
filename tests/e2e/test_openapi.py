"""The document: valid by a kept validator, whole, and true: a kept property tester makes requests of
it and finds no answer that it does not promise."""
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import BUILD, POSTS, ROOT, run
from openapi_tools import run_tool

EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", 20))  # script/nightly asks for many more
HIDDEN = {("GET", p) for p in ("/openapi.json", "/docs", "/docs/page.css", "/docs/page.js", "/metrics")}


def program(name):
    return POSTS if name == "posts" else BUILD / "examples" / name


ARGS = {"posts": ["--store", "memory:", "--workers", 1], "strict": ["--store", "memory:", "--strict-content-type"],
        "books": []}


def args_of(name):
    return program("posts" if name == "strict" else name), ARGS[name]


@pytest.fixture(scope="module", params=list(ARGS))
def described(request, serve_module):
    """A service, its document as served, and as printed."""
    exe, args = args_of(request.param)
    if not exe.exists():
        pytest.skip(f"{exe} is not built")
    server = serve_module(*args, program=exe)
    printed = run(*args, "--openapi", program=exe)
    assert printed.returncode == 0, printed.stderr
    return request.param, server, server.call("GET", "/openapi.json"), printed.stdout


def test_the_served_document_is_the_printed_one(described):
    _, _, reply, printed = described
    assert reply.status == 200 and reply.headers["content-type"] == "application/json"
    assert json.loads(printed) == reply.json()
    assert printed.endswith("}\n") and "\n  \"paths\": {\n" in printed


def test_the_document_is_valid(described, tmp_path):
    _, _, _, printed = described
    path = tmp_path / "openapi.json"
    path.write_text(printed)
    done = run_tool("openapi-spec-validator", path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_route_is_in_the_document(described):
    name, _, reply, _ = described
    exe, args = args_of(name)
    listed = run(*args, "--routes", program=exe).stdout.splitlines()[1:]
    routes = {tuple(line.split()[:2]) for line in listed}
    told = {(method.upper(), re.sub(r"\{(\w+)\}", r":\1", path))
            for path, item in reply.json()["paths"].items() for method in item}
    assert ("GET", "/docs") in routes
    assert told == routes - HIDDEN


def test_every_operation_says_what_it_is(described):
    _, _, reply, _ = described
    seen = set()
    for path, item in reply.json()["paths"].items():
        for method, op in item.items():
            assert op["summary"] and op["tags"], (path, method)
            assert op["operationId"] not in seen
            seen.add(op["operationId"])


def test_a_program_without_a_description_has_no_switch_for_it():
    hello = BUILD / "examples" / "hello"
    if not hello.exists():
        pytest.skip("hello is not built")
    done = run("--openapi", program=hello)
    assert done.returncode == 2 and "unknown flag --openapi" in done.stderr
    assert "--openapi" not in run("--help", program=hello).stdout
    assert "--openapi" in run("--help").stdout


def test_all_who_ask_first_get_the_same(serve):
    server = serve("--store", "memory:", "--workers", 2)
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: server.call("GET", "/openapi.json"), range(16)))
    assert {r.status for r in replies} == {200} and len({r.body for r in replies}) == 1


def test_no_answer_is_found_that_the_document_does_not_promise(described):
    name, server, _, _ = described
    auth = ["-H", "Authorization: Bearer letmein"] if name == "books" else []
    done = run_tool("schemathesis", "--no-color", "--config-file", ROOT / "tests/e2e/openapi_tester.toml", "run",
                    f"{server.url}/openapi.json", "--max-examples", EXAMPLES, "--seed", 7, "--generation-database", "none",
                    *auth)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
