"""The example greeting, asked by curl as browsers and programs ask."""
import json
import subprocess

import pytest
from conftest import BUILD


@pytest.fixture(scope="module")
def greeting(serve_module):
    program = BUILD / "examples" / "greeting"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    return serve_module("--workers", 1, "--access-log", "off", program=program)


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"


@pytest.mark.parametrize("fields, kind, text", [
    ([], "application/json", "Good morning!"),
    (["Accept: */*"], "application/json", "Good morning!"),
    ([f"Accept: {BROWSER}", "Accept-Language: de-AT,de;q=0.9,en;q=0.5"], "text/html; charset=utf-8",
     '<p lang="de">Guten Morgen!</p>\n'),
    ([f"Accept: {JAVA}"], "text/html; charset=utf-8", '<p lang="en">Good morning!</p>\n'),
    (["Accept: text/plain, application/json;q=0.9", "Accept-Language: fr-CA"], "text/plain; charset=utf-8", "Bonjour !"),
    (["Accept: text/*;q=0.1, application/json;q=0", "Accept-Language: ja"], "text/plain; charset=utf-8", "Good morning!"),
    (["Accept: image/png", "Accept: application/*;q=0.001", "Accept-Language: en;q=0.1, de;q=0.2"],
     "application/json", "Guten Morgen!"),
])
def test_the_client_gets_what_it_wants_most(greeting, fields, kind, text):
    args = [x for f in (fields if any(f.startswith("Accept:") for f in fields) else ["Accept:", *fields])
            for x in ("-H", f)]
    done = subprocess.run(["curl", "-sS", "-i", *args, f"http://127.0.0.1:{greeting.port}/greeting"],
                          capture_output=True, text=True, timeout=30, check=True)
    head, body = done.stdout.split("\n\n", 1)
    assert f"Content-Type: {kind}" in head and "Vary: Accept, Accept-Language" in head
    assert (json.loads(body)["text"] if kind == "application/json" else body) == text


def test_a_406_says_what_there_is(greeting):
    reply = greeting.call("GET", "/greeting", headers={"Accept": "image/png, application/json;q=0"})
    assert reply.status == 406 and reply.headers["vary"] == "Accept, Accept-Language"
    assert "text/plain" in reply.problem()["detail"]
