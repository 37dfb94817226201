"""Bearer tokens of posts: made, let in and refused, rotated, revoked; and nowhere to be found afterwards."""
import hashlib
import json
import random
import re
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import POSTS, SLOW, child_env, fixed_layout, run, until

POST = {"title": "A first post", "body": "Written in C"}


def make(name, *flags):
    """A token and its line."""
    made = run("token", name, *flags)
    assert made.returncode == 0 and re.fullmatch(r"posts_[\w-]{43}\n", made.stdout), made
    assert made.stdout.strip() not in made.stderr
    return made.stdout.strip(), made.stderr


class Tokens:
    """A file of tokens."""

    def __init__(self, path):
        self.path, self.lines = path, ""

    def add(self, name, *flags):
        token, line = make(name, *flags)
        self.lines += line
        self.write()
        return token

    def write(self, text=None):
        new = self.path.with_suffix(".new")  # as an operator should: whole or not at all
        new.write_text(self.lines if text is None else text)
        new.chmod(0o600)
        new.rename(self.path)


@pytest.fixture
def tokens(tmp_path):
    return Tokens(tmp_path / "tokens")


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def status(server, token, method="GET", target="/posts", body=None):
    return server.call(method, target, body, bearer(token) if token else None).status


# ---- who may do what ----------------------------------------------------------------------------

def test_reads_need_read_and_changes_need_write(serve, tokens):
    both, read, write, meter = (tokens.add("deploy"), tokens.add("report", "--scope", "read"),
                                tokens.add("robot", "--scope=write"), tokens.add("prometheus", "--scope", "metrics"))
    gone = tokens.add("gone", "--until", "2026-01-31")
    server = serve("--store", "memory:", "--tokens", tokens.path)
    assert ", tokens: 5, " in server.stderr()
    made = server.call("POST", "/posts", POST, bearer(both))
    assert made.status == 201
    one = made.headers["location"]
    for method, target, body, opened_by in [
            ("GET", "/posts", None, {both: 200, read: 200}), ("HEAD", one, None, {both: 200, read: 200}),
            ("GET", one, None, {both: 200, read: 200}), ("POST", "/posts", POST, {both: 201, write: 201}),
            ("PUT", one, POST, {both: 200, write: 200}), ("PATCH", one, POST, {both: 200, write: 200}),
            ("GET", "/metrics", None, {meter: 200}), ("GET", "/posts/nope", None, {both: 404, read: 404}),
            ("DELETE", one, None, {write: 204, both: 404})]:
        for token in (None, "posts_" + "a" * 43, "", gone, read, meter, write, both):
            reply = server.call(method, target, body, None if token is None else bearer(token))
            challenge = reply.headers.get("www-authenticate")
            what = f"{method} {target} {token}: {reply}"
            if token in opened_by:
                assert reply.status == opened_by[token] and challenge is None, what
            elif token is None:  # nothing but the realm (RFC 6750 §3.1)
                assert reply.status == 401 and challenge == 'Bearer realm="posts"', what
            elif token == "":
                assert reply.status == 400 and 'error="invalid_request"' in challenge, what
            elif token in (read, write, both, meter):
                scope = "metrics" if target == "/metrics" else "read" if method in ("GET", "HEAD") else "write"
                assert reply.status == 403, what
                assert challenge == f'Bearer realm="posts", error="insufficient_scope", scope="{scope}"', what
            else:
                assert reply.status == 401 and challenge == 'Bearer realm="posts", error="invalid_token"', what
            if reply.status >= 400 and method != "HEAD":
                reply.problem()


def test_what_is_open_to_all(serve, tokens):
    tokens.add("one")
    server = serve("--store", "memory:", "--tokens", tokens.path)
    for target in ("/livez", "/readyz", "/openapi.json", "/docs", "/docs/page.js"):
        assert status(server, None, target=target) == 200, target
        assert status(server, "wrong", target=target) == 200, target
    assert server.call("OPTIONS", "/posts").status == 204
    assert server.call("GET", "/nowhere").status == 404


def test_a_body_is_not_read_for_somebody_unknown(serve, tokens):
    tokens.add("one")
    server = serve("--store", "memory:", "--tokens", tokens.path)
    with server.connect() as c:
        c.send("POST /posts HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n")
        assert c.read().status == 401


@pytest.mark.parametrize("store", ["memory:", "sqlite:posts.db"])
def test_idempotency_keys_belong_to_who_sent_them(serve, tokens, store):
    ann, ann2, bob = tokens.add("ann"), tokens.add("ann"), tokens.add("bob")
    server = serve("--store", store, "--tokens", tokens.path)

    def post(token, title):
        return server.call("POST", "/posts", {"title": title, "body": "x"},
                           {**bearer(token), "Idempotency-Key": '"k"'})

    first = post(ann, "Ann's")
    assert first.status == 201
    other = post(bob, "Bob's")  # neither a replay of Ann's nor a misuse of her key
    assert other.status == 201 and "idempotent-replayed" not in other.headers
    assert other.json()["id"] != first.json()["id"]
    again = post(ann2, "Ann's")  # another token, the same principal
    assert again.headers["idempotent-replayed"] == "true" and again.json() == first.json()
    assert post(bob, "Ann's").status == 422


def test_a_file_with_keys_of_before_is_taken_as_it_is(serve, tokens, tmp_path):
    store = f"sqlite:{tmp_path}/posts.db"
    key = {"Idempotency-Key": "k"}
    server = serve("--store", store)
    assert server.call("POST", "/posts", POST, key).status == 201
    server.stop()
    ann = tokens.add("ann")
    server = serve("--store", store, "--tokens", tokens.path)
    assert "idempotent-replayed" not in server.call("POST", "/posts", POST, {**bearer(ann), **key}).headers
    server.stop()
    server = serve("--store", store)
    assert server.call("POST", "/posts", POST, key).headers["idempotent-replayed"] == "true"


# ---- the document -------------------------------------------------------------------------------

def test_the_document_shows_tokens_only_when_they_are_asked_for(tokens):
    tokens.add("one")
    off = json.loads(run("--openapi").stdout)
    on = json.loads(run("--openapi", "--tokens", tokens.path).stdout)
    assert "securitySchemes" not in off["components"] and "401" not in json.dumps(off)
    assert on["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path in on["paths"].values():
        for method, operation in path.items():
            if operation["operationId"] in ("get_livez", "get_readyz"):
                continue
            assert operation["security"] == [{"bearer": []}], operation
            assert {"401", "403"} <= set(operation["responses"]), operation


# ---- the file -----------------------------------------------------------------------------------

def test_a_wrong_file_ends_the_start(tokens):
    good = make("ann")[1]
    tokens.write(good + "bob\n# fine\nzoë read " + good.split()[2] + "\nhans fly " + good.split()[2] + "\n" + good)
    said = run("--store", "memory:", "--port", 0, "--tokens", tokens.path)
    assert said.returncode == 2 and said.stdout == ""
    places = [(line.split(": expected ")[0][-2:], line.split(": expected ")[1]) for line in said.stderr.splitlines()]
    assert places == [(":2", "scopes second, joined by commas, each one of read, write, metrics"),
                      (":4", "a name first, 1 to 64 of A-Z a-z 0-9 . _ @ -"),
                      (":5", "scopes second, joined by commas, each one of read, write, metrics")]
    tokens.write(good + good)
    assert ":2: expected another token than that of line 1" in run("--store", "memory:", "--tokens", tokens.path).stderr
    tokens.write(good)
    tokens.path.chmod(0o660)
    said = run("--store", "memory:", "--port", 0, "--tokens", tokens.path)
    assert said.returncode == 2 and "chmod go-w" in said.stderr
    said = run("--store", "memory:", "--port", 0, "--tokens", tokens.path.parent / "none")
    assert said.returncode == 2 and "none: No such file or directory" in said.stderr


def test_a_token_is_rotated_and_revoked_without_a_restart(serve, tokens):
    old = tokens.add("ci")
    server = serve("--store", "memory:", "--workers", 2, "--tokens", tokens.path)

    def all_workers_say(token, wanted):
        """Connections are spread over the workers: forty do not all miss one."""
        return until(lambda: {status(server, token) for _ in range(40)} == {wanted}, 5)

    def reload():
        n = len(re.findall("SIGHUP: (?:reloaded|the old) ", server.stderr()))
        server.signal(signal.SIGHUP)
        assert until(lambda: len(re.findall("SIGHUP: (?:reloaded|the old) ", server.stderr())) > n, 5)

    assert status(server, old) == 200
    new = tokens.add("ci")
    reload()
    assert all_workers_say(new, 200) and status(server, old) == 200
    tokens.write(tokens.lines + "oops " + new + "\n")  # nothing of a wrong file is taken or told
    reload()
    assert re.search(r"error posts: \S+tokens:3: expected scopes", server.stderr())
    assert "the old tokens stay" in server.stderr() and new not in server.stderr()
    assert status(server, old) == 200
    tokens.write("".join(tokens.lines.splitlines(True)[1:]))
    reload()
    assert all_workers_say(old, 401) and status(server, new) == 200
    tokens.write("")
    reload()
    assert all_workers_say(new, 401)


def test_reloads_under_load_refuse_nobody(serve, tokens):
    token = tokens.add("ci")
    server = serve("--store", "memory:", "--workers", 2, "--tokens", tokens.path)
    with server.connect() as c:
        for i in range(200):
            if i % 10 == 0:
                server.signal(signal.SIGHUP)
            assert c.call("POST", "/posts", POST, bearer(token)).status == 201


def test_posts_token_says_how_it_is_used():
    for args in ([], ["--scope"], ["a", "b"], ["-x"]):
        said = run("token", *args)
        assert said.returncode == 2 and said.stdout == "" and "use: posts token NAME" in said.stderr, args
    for args, why in ((["a b"], "expected"), (["a", "--scope", "all"], "each one of read, write, metrics"),
                      (["a", "--until", "soon"], "2027-06-30")):
        said = run("token", *args)
        assert said.returncode == 2 and said.stdout == "" and why in said.stderr, args
    assert make("a")[0] != make("a")[0]
    token, line = make("a", "--scope", "read", "--until=2099-12-31")
    assert line == f"a  read  sha256:{hashlib.sha256(token.encode()).hexdigest()}  2099-12-31\n"


# ---- secrets and logs ---------------------------------------------------------------------------

def provoke(server, secrets):
    """Every error path with every secret, at every place where a request may carry one (but its target and
    its X-Request-Id, which are logged as they come)."""
    for secret in secrets:
        for method, target, body, more in [
                ("POST", "/posts", POST, {}), ("POST", "/posts", b"{", {}), ("POST", "/posts", {"title": ""}, {}),
                ("POST", "/posts", POST, {"Idempotency-Key": "x" * 300}), ("POST", "/posts", POST, {"Idempotency-Key": "k"}),
                ("GET", "/posts?cursor=x", None, {}), ("GET", "/posts/nope", None, {}), ("GET", "/nowhere", None, {}),
                ("PATCH", "/posts/nope", POST, {}), ("PUT", "/posts", POST, {}), ("BREW", "/posts", None, {}),
                ("GET", "/metrics", None, {}), ("GET", "/livez", None, {}), ("POST", "/posts", b"x" * 70000, {}),
                ("GET", "/%zz", None, {}), ("POST", "/posts", POST, {"Expect": "200-maybe"})]:
            for header in (f"Bearer {secret}", f"bearer {secret}", f"Bearer {secret} x", f"Basic {secret}", secret):
                with server.connect() as c:
                    yield c.call(method, target, body, {"Authorization": header, **more})
        for raw in (f"GET / HTTP/1.1\r\nAuthorization: Bearer {secret}\r\n\r\n",  # no Host
                    f"GET /posts HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {secret}\r\nAuthorization: Bearer {secret}\r\n\r\n",
                    f"GET /posts HTTP/1.1\r\nHost: h\r\nAuthorization : Bearer {secret}\r\n\r\n",
                    f"GET /posts HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {secret}\r\nX: \0\r\n\r\n",
                    f"GET /posts HTTP/9.9\r\nHost: h\r\nAuthorization: Bearer {secret}\r\n\r\n",
                    f"GET /posts HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {secret}\r\nX: {'y' * 20000}\r\n\r\n",
                    f"POST /posts HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {secret}\r\nContent-Length: x\r\n\r\n"):
            with server.connect() as c:
                c.send(raw)
                yield c.read()
        with server.connect() as c:  # goes away in the middle of it
            c.send(f"POST /posts HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {secret}\r\nContent-Length: 9\r\n\r\n{{")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_token_is_in_no_output(serve, tokens, form):
    good, weak, meter = tokens.add("ann"), tokens.add("weak", "--scope", "read"), tokens.add("meter", "--scope=metrics")
    bad = "posts_" + "Q" * 43
    server = serve("--store", "memory:", "--tokens", tokens.path, "--access-log", "all", "--log-format", form,
                   "--log-level", "debug", "--max-body", "64K")
    seen = b"".join(json.dumps(r.headers).encode() + r.body for r in provoke(server, [good, weak, bad]))
    metrics = server.call("GET", "/metrics", None, bearer(meter))
    assert metrics.status == 200 and b'status="401"' in metrics.body and b'status="403"' in metrics.body
    tokens.write(tokens.lines + f"{good}\nx read {weak}\n")  # the worst place for a token
    server.signal(signal.SIGHUP)
    assert until(lambda: "the old tokens stay" in server.stderr())
    argv = Path(f"/proc/{server.pid}/cmdline").read_bytes() + Path(f"/proc/{server.pid}/environ").read_bytes()
    config = run("--print-config", "--tokens", tokens.path).stdout
    assert str(tokens.path) in config
    out = server.stdout
    assert until(lambda: ("principal=ann" if form == "text" else '"principal":"ann"') in out())
    server.signal()
    server.process.wait(15 * SLOW)
    said = seen + metrics.body + argv + (out() + server.stderr() + config).encode()
    digests = [hashlib.sha256(t.encode()).hexdigest() for t in (good, weak, bad, meter)]
    for secret in [good, weak, bad, meter, *digests]:
        for part in (secret, secret[6:30], secret[-20:]):
            assert part.encode() not in said, part
    if form == "json":
        lines = [json.loads(line) for line in out().splitlines()]
        assert {line.get("principal") for line in lines} == {"ann", "weak", "meter", None}


NASTY = ["\x1b[31m", "\x9b31m", "\x07", "\x7f", "\x08", "\xc2\x9b", "\xe2\x80\xae", "\xff\xfe", '"', "\\", '","x":"',
         "%0a", "%1b[2J", "%00", "\u00e9", "{}", " ", "\t", "'", "\x80", "\xc2\x85"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_request_can_write_into_the_log_what_it_likes(serve, form):
    """Whatever is in target, method, fields and body: lines of printable text, JSON lines that are JSON."""
    server = serve("--store", "memory:", "--access-log", "all", "--log-format", form, "--log-level", "debug")
    chance = random.Random(7)
    sent = 0
    for _ in range(250):
        bits = ["".join(chance.choice(NASTY) for _ in range(chance.randrange(1, 5))) for _ in range(7)]
        place = chance.randrange(8)
        at = [bits[i] if place in (i, 7) else "x" for i in range(7)]
        raw = (f"GET{at[0] if place == 0 else ''} /posts/{at[1]}?a={at[1]} HTTP/1.1\r\nHost: h\r\nUser-Agent: {at[2]}\r\n"
               f"X-Request-Id: {at[3]}\r\ntraceparent: 00-{at[4]}-{at[4]}-01\r\nAuthorization: Bearer {at[5]}\r\n"
               f"Referer: {at[6]}\r\nConnection: close\r\n\r\n")
        with server.connect() as c:
            c.send(raw)
            sent += 1
            reply = c.read()
            assert 200 <= reply.status < 500
    for end in ("\n", "\r", "\r\n"):  # a line of one's own
        with server.connect() as c:
            c.send(f"GET /a{end}2026-01-01T00:00:00Z forged HTTP/1.1\r\nHost: h\r\n\r\n")
            assert c.read().status == 400
    server.call("GET", "/livez?the-last")
    out = lambda: Path(server.out_path).read_bytes()
    assert until(lambda: b"the-last" in out())
    err = Path(server.err_path).read_bytes()
    for line in (out() + err).split(b"\n"):
        assert all(0x20 <= byte < 0x7f for byte in line), line
    lines = out().decode().splitlines()
    assert len(lines) >= sent
    for line in lines:
        if form == "json":
            assert json.loads(line)["status"] >= 200, line
        else:
            assert re.match(r"2\d{3}-\d\d-\d\dT[\d:.]+Z \S+ \"", line), line
    assert not any(re.match(r"2026-01-01T00:00:00Z forged", line) for line in lines)
