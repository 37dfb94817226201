"""The examples are called as their comments say, once well and once with everything wrong."""
import json
import subprocess

import pytest
from conftest import BUILD, ROOT


def example(serve_module, name):
    program = BUILD / "examples" / name
    if not program.exists():
        pytest.skip(f"{program} is not built")
    return serve_module(program=program)


@pytest.fixture(scope="module")
def hello(serve_module):
    return example(serve_module, "hello")


@pytest.fixture(scope="module")
def todo(serve_module):
    return example(serve_module, "todo")


def curl(*args):
    done = subprocess.run(["curl", "-sS", "-w", "\n%{http_code}", *args], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    body, status = done.stdout.rsplit("\n", 1)
    return int(status), json.loads(body) if body else None


def faults(problem):
    return sorted((e.get("pointer", e.get("parameter")), e["code"]) for e in problem["errors"])


def test_hello_greets(hello):
    status, reply = curl("-d", '{"name":"Ada"}', f"{hello.url}/greetings")
    assert status == 200
    assert "Hello, Ada!" in reply["text"] and reply["name"] == "Ada"


def test_hello_names_what_is_wrong(hello):
    status, problem = curl("-d", '{"name":""}', f"{hello.url}/greetings")
    assert status == 422
    assert faults(problem) == [("/name", "too_short")]
    assert curl("-d", "{}", f"{hello.url}/greetings")[0] == 422
    assert curl("-d", '{"name":', f"{hello.url}/greetings")[0] == 400
    assert curl(f"{hello.url}/greetings")[0] == 405


def test_examples_are_as_short_as_they_claim():
    assert len((ROOT / "examples/hello.c").read_text().splitlines()) < 25
    assert len((ROOT / "examples/todo.c").read_text().splitlines()) < 120


def test_todo_is_made_listed_changed_and_deleted(todo):
    status, made = curl("-d", '{"title":"buy milk","tags":["home"]}', f"{todo.url}/todos")
    assert (status, made["state"], made["tags"]) == (201, "open", ["home"])
    url = f"{todo.url}/todos/{made['id']}"
    assert curl(url) == (200, made)
    status, done = curl("-X", "PATCH", "-d", '{"state":"done"}', url)
    assert status == 200 and done == {**made, "state": "done"}
    assert curl(url) == (200, done)
    assert done in curl(f"{todo.url}/todos?state=done")[1]["items"]
    assert done not in curl(f"{todo.url}/todos?state=open")[1]["items"]
    assert curl("-X", "DELETE", url)[0] == 204
    assert curl(url)[0] == 404


def test_todo_names_every_field_that_is_wrong(todo):
    bad = {"title": "", "tags": ["ok", "Not Ok", "ok"], "state": "lost", "color": "red"}
    status, problem = curl("-d", json.dumps(bad), f"{todo.url}/todos")
    assert status == 422
    places = {p for p, _ in faults(problem)}
    assert places == {"/title", "/tags/1", "/state", "/color"}
    status, problem = curl("-d", '{"title":"t","tags":["a","b","a"]}', f"{todo.url}/todos")
    assert status == 422 and [p.split("/")[1] for p, _ in faults(problem)] == ["tags"]
    status, problem = curl(f"{todo.url}/todos?state=lost")
    assert status == 422 and [p for p, _ in faults(problem)] == ["state"]


def test_todo_of_another_id_is_404(todo):
    for id in "99999", "0", "-1", "x", "99999999999999999999":
        assert curl(f"{todo.url}/todos/{id}")[0] == 404, id
