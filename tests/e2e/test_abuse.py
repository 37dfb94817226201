"""Abuse: crowds of hostile clients beside a normal one. script/abuse does the same at full size and
with figures; here the crowds are small, the deadlines short, and nothing is timed that a busy host
could turn red.

What must hold each time: the server ends every hostile connection by its deadline and not before, a
normal client is answered throughout, and memory and descriptors go back to what they were.
"""
import re
import socket
import sqlite3
import threading
import time

import pytest
from attacks import Crowd, resets
from conftest import SANITIZED, SLOW, request, run, until

MIB = 1 << 20
DEADLINES = ("--header-timeout", "400ms", "--body-timeout", "400ms", "--idle-timeout", "400ms",
             "--write-timeout", "400ms")


def rejected(server):
    text = server.call("GET", "/metrics").body.decode()
    return {why: int(n) for why, n in re.findall(r'http_server_rejected_total\{reason="(\w+)"\} (\d+)', text)}


class Normal(threading.Thread):
    """A client that minds its own business, on one connection that must last."""

    def __init__(self, server):
        super().__init__()
        self.client, self.done, self.answered, self.wrong = server.connect(timeout=20 * SLOW), False, 0, None

    def run(self):
        try:
            while not self.done:
                reply = self.client.call("GET", "/livez")
                assert reply.status == 200, reply
                self.answered += 1
                time.sleep(0.01)
        except Exception as e:  # told by the test
            self.wrong = e

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.done = True
        self.join()
        self.client.close()


@pytest.fixture(scope="module")
def hasty(serve_module):
    server = serve_module("--store", "memory:", "--workers", 2, "--access-log", "off", *DEADLINES)
    with server.connect() as c:
        for i in range(100):
            assert c.call("POST", "/posts", {"title": str(i), "body": "x" * 1000}).status == 201
        c.call("GET", "/metrics")
    for _ in range(2):  # what is kept for the next time is there
        crowd = Crowd("idle", server.port, 200, None, reopen=False)
        crowd.run(time.monotonic() + 0.2)
        crowd.close()
    return server


@pytest.mark.parametrize("kind, reason", [("silent", None), ("slow-heads", "head_timeout"),
                                          ("slow-bodies", "body_timeout"), ("slow-readers", "write_timeout")])
def test_crowd_is_ended_by_its_deadline_and_others_are_served(hasty, kind, reason):
    assert until(lambda: hasty.fds() < 30)
    fds, memory, before = hasty.fds(), hasty.rss(), rejected(hasty)
    with Normal(hasty) as normal:
        crowd = Crowd(kind, hasty.port, 100, None)
        crowd.run(time.monotonic() + 20 * SLOW, left=lambda: crowd.ended >= 100)
        crowd.close()
    assert normal.wrong is None, normal.wrong
    assert normal.answered >= 3
    assert crowd.ended >= 100, crowd.result()
    assert crowd.shortest > 0.3, "a deadline struck early"
    assert crowd.longest < 10 * SLOW, "a deadline did not strike"
    if reason:
        assert rejected(hasty)[reason] - before[reason] >= 100
    assert until(lambda: hasty.fds() <= fds, 10)
    assert SANITIZED or until(lambda: hasty.rss() < memory + MIB, 10), hasty.rss() - memory


def test_5000_resets_leave_nothing(hasty):
    assert until(lambda: hasty.fds() < 30)
    fds, memory = hasty.fds(), hasty.rss()
    with Normal(hasty) as normal:
        assert resets(hasty.port, 5000, time.monotonic() + 60 * SLOW)["opened"] == 5000
    assert normal.wrong is None, normal.wrong
    assert until(lambda: hasty.fds() <= fds, 10)
    assert SANITIZED or until(lambda: hasty.rss() < memory + MIB, 10), hasty.rss() - memory


# ---- connections of one address -------------------------------------------------------------------

ONE = b"GET /livez HTTP/1.1\r\nHost: test\r\n\r\n"


def from_address(server, address):
    """A connection from one of this machine's many addresses, and the status of its first answer; 0:
    it was cut off without one."""
    s = socket.socket()
    s.settimeout(10 * SLOW)
    s.bind((address, 0))
    s.connect(("127.0.0.1", server.port))
    try:
        s.sendall(ONE)
        said = s.recv(4096)
    except ConnectionError:
        said = b""
    return s, int(said[9:12]) if said else 0


def test_an_address_has_so_many_connections_and_others_theirs(serve):
    server = serve("--store", "memory:", "--workers", 2, "--max-connections-per-address", 3)
    held = [from_address(server, "127.0.0.2") for _ in range(3)]
    assert [status for _, status in held] == [200] * 3
    over = [from_address(server, "127.0.0.2") for _ in range(2)]
    assert [status for _, status in over] == [503] * 2
    assert from_address(server, "127.0.0.3")[1] == 200
    assert rejected(server)["too_many_from_address"] == 2
    for s, _ in [*over, held[0]]:
        s.close()
    assert until(lambda: from_address(server, "127.0.0.2")[1] == 200)
    assert until(lambda: from_address(server, "127.0.0.2")[1] == 200)  # that one was closed again


def test_far_beyond_its_share_an_address_is_cut_off(serve):
    server = serve("--store", "memory:", "--max-connections-per-address", 1, "--workers", 1)
    crowd = Crowd("idle", server.port, 40, "127.0.0.2", reopen=False)
    crowd.run(time.monotonic() + 0.5 * SLOW)
    assert from_address(server, "127.0.0.3")[1] == 200
    assert rejected(server)["connections_cut"] >= 1
    crowd.close()


@pytest.mark.parametrize("address, flags", [("127.0.0.1", ()),
                                            ("127.0.0.9", ("--trusted-proxies", "127.0.0.8/30, 10.0.0.0/8"))])
def test_a_proxy_has_as_many_as_it_likes(serve, address, flags):
    server = serve("--store", "memory:", "--max-connections-per-address", 2, *flags)
    held = [from_address(server, address) for _ in range(12)]
    assert [status for _, status in held] == [200] * 12


def test_a_unix_socket_has_no_address_to_count(serve, tmp_path):
    server = serve("--store", "memory:", "--max-connections-per-address", 1, "--host", f"unix:{tmp_path}/s")
    held = [server.connect() for _ in range(5)]
    assert all(c.works() for c in held)


# ---- who the client is ----------------------------------------------------------------------------

@pytest.mark.parametrize("flags, field, shown", [
    ((), "192.0.2.7", "127.0.0.1"),
    (("--trusted-proxies", "none"), "192.0.2.7", "127.0.0.1"),
    (("--trusted-proxies", "10.0.0.0/8"), "192.0.2.7", "127.0.0.1"),
    (("--trusted-proxies", "127.0.0.1"), "192.0.2.7", "192.0.2.7"),
    (("--trusted-proxies", "127.0.0.1"), "6.6.6.6, 192.0.2.7", "192.0.2.7"),
    (("--trusted-proxies", "127.0.0.1, 10.0.0.0/8"), "192.0.2.7, 10.1.1.1", "192.0.2.7"),
    (("--trusted-proxies", "127.0.0.1"), "unknown", "127.0.0.1"),
])
def test_the_access_log_has_the_client_only_trusted_proxies_name(serve, flags, field, shown):
    server = serve("--store", "memory:", "--access-log", "all", *flags)
    assert server.call("GET", "/livez", None, {"X-Forwarded-For": field}).status == 200
    assert until(lambda: server.stdout())
    assert server.stdout().split()[1] == shown


def test_a_list_of_proxies_that_is_none_is_a_wrong_option():
    done = run("--store", "memory:", "--port", 0, "--trusted-proxies", "10.0.0.0/8, proxy.local")
    assert done.returncode == 2 and "proxy.local" in done.stderr and done.stderr.count("\n") == 1


# ---- rates ----------------------------------------------------------------------------------------

def test_a_client_over_its_rate_gets_429_and_is_told_when(serve):
    server = serve("--store", "memory:", "--rate-limit", "6/m", "--rate-burst", 2, "--trusted-proxies", "127.0.0.1")

    def ask(client):
        return server.call("GET", "/posts", None, {"X-Forwarded-For": client})

    replies = [ask("192.0.2.1") for _ in range(3)]
    assert [r.status for r in replies] == [200, 200, 429]
    assert replies[0].headers["ratelimit-policy"] == '"default";q=6;w=60'
    assert replies[0].headers["ratelimit"].startswith('"default";r=1;')
    assert 1 <= int(replies[2].headers["retry-after"]) <= 10
    assert replies[2].problem()["status"] == 429
    assert ask("192.0.2.2").status == 200
    assert [ask("2001:db8::1").status, ask("2001:db8::2").status, ask("2001:db8::3").status] == [200, 200, 429]


def test_no_rate_is_limited_unless_asked(memory):
    reply = memory.call("GET", "/posts")
    assert "ratelimit" not in reply.headers


@pytest.mark.parametrize("rate", ["100", "x/s", "5/d", "0/s", "-1/s", "2/s/", "99999999/s", "off/s"])
def test_a_rate_that_is_none_is_a_wrong_option(rate):
    done = run("--store", "memory:", "--port", 0, f"--rate-limit={rate}")
    assert done.returncode == 2 and "--rate-limit" in done.stderr and done.stderr.count("\n") == 1


# ---- overload -------------------------------------------------------------------------------------

def test_where_the_store_hangs_newcomers_are_refused_early(serve, tmp_path):
    """Its file is locked by somebody else, so the writer waits for seconds: who has waited for it goes on
    waiting, newcomers are refused after four times the age. What does not wait in that queue is served."""
    file = tmp_path / "posts.db"
    server = serve("--store", f"sqlite:{file}", "--workers", 1, "--max-queue-age", "50ms")
    post = request("POST", "/posts", {"title": "t", "body": "b"})
    lock = sqlite3.connect(file, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    waiting = [server.connect(timeout=60) for _ in range(40)]
    for c in waiting:
        c.send(post)
    time.sleep(0.4)
    with server.connect(timeout=60) as c:
        c.send(post)
        reply = c.read()
        assert reply.status == 503 and reply.headers["retry-after"] == "1"
        assert reply.problem()["type"].endswith("overloaded"), reply
        assert c.call("GET", "/posts?limit=1").status == 200
        assert c.call("GET", "/livez").status == 200
    assert rejected(server)["queue_age"] >= 1
    lock.execute("ROLLBACK")
    assert {c.read().status for c in waiting} <= {201, 503}
    assert server.call("POST", "/posts", {"title": "t", "body": "b"}).status == 201
