"""What hostile, slow and broken clients cannot do: hold memory, hold a worker, take the service down.

Times are short by flags. Memory is read from /proc: VmHWM, the peak, so that nothing is missed
between two looks.
"""
import os
import random
import resource
import signal
import socket
import subprocess
import time

import pytest
from conftest import SANITIZED, SLOW, Closed, request, until

KIB, MIB = 1024, 1024 * 1024
POST = {"title": "t", "body": "b"}


@pytest.fixture(scope="module")
def hasty(serve_module):
    """A server that loses its patience soon."""
    return serve_module("--store", "memory:", "--workers", 1, "--header-timeout", "300ms", "--body-timeout", "400ms",
                        "--idle-timeout", "300ms", "--write-timeout", "500ms")


@pytest.fixture(scope="module", autouse=True)
def many_files():
    """The tests hold thousands of sockets themselves."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000) if hard > 0 else 20000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Flat:
    """Asserts that the server's peak memory stays within `room` of what it had."""

    def __init__(self, server, room):
        self.server, self.room = server, room * (4 if SANITIZED else 1)

    def __enter__(self):
        self.server.reset_peak()
        self.before = self.server.rss()

    def __exit__(self, failed, *rest):
        if not failed:
            grown = self.server.peak() - self.before
            assert grown < self.room, f"memory grew by {grown} bytes"


def head(length, extra=""):
    return f"POST /posts HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n{extra}\r\n"


# ---- sizes --------------------------------------------------------------------------------------

def test_head_limit_is_an_option(serve):
    with serve("--store", "memory:", "--max-head", "1K", "--max-target", 100).connect() as c:
        assert c.call("GET", "/livez", None, {"X": "y" * 900}).status == 200
        assert c.call("GET", "/" + "a" * 99).status == 404
        assert c.call("GET", "/livez", None, {"X": "y" * 1024}).status == 431
        assert c.at_end()


def test_target_limit_is_an_option(serve):
    with serve("--store", "memory:", "--max-target", 100).connect() as c:
        assert c.call("GET", "/" + "a" * 100).problem()["status"] == 414
        assert c.at_end()


def test_body_limit_is_an_option(serve):
    server = serve("--store", "memory:", "--max-body", 100)
    body = b'{"title":"t","body":"b"}'
    with server.connect() as c:
        assert c.call("POST", "/posts", body.ljust(100)).status == 201
        assert c.call("POST", "/posts", body.ljust(101)).problem()["status"] == 413
        assert c.at_end()


def test_terabyte_is_refused_before_a_byte_of_it(memory):
    with Flat(memory, MIB):
        for _ in range(20):
            with memory.connect() as c:
                c.send(head(10**12))
                assert c.read().status == 413
                assert c.at_end()


def pour(c, total, piece):
    """Sends until all is sent or the server has hung up. Returns the number of bytes."""
    sent = 0
    try:
        while sent < total:
            c.sock.sendall(piece)
            sent += len(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass
    return sent


def test_64_mib_with_a_length_are_not_taken(memory):
    with Flat(memory, 512 * KIB), memory.connect() as c:
        c.send(head(64 * MIB))
        assert c.read().problem()["status"] == 413
        assert pour(c, 64 * MIB, b"x" * 65536) < 64 * MIB
        assert c.at_end()


def test_64_mib_in_chunks_are_not_taken(memory):
    """Up to the limit a chunked body is kept: 1 MiB, at most twice that while the buffer grows."""
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with Flat(memory, 4 * MIB), memory.connect() as c:
        c.send("POST /posts HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert pour(c, 64 * MIB, piece) < 64 * MIB


@pytest.mark.parametrize("method, target, length, status", [
    ("POST", "/posts", 1048577, 413), ("POST", "/nowhere", 900000, 404), ("DELETE", "/posts", 900000, 405)])
def test_error_given_before_the_body_was_read_arrives(memory, method, target, length, status):
    """The client sends on and looks for an answer only then. Closing at once would be a reset, which
    some systems let eat the answer: so all is taken (up to a bound), and the end is a FIN."""
    with memory.connect() as c:
        c.send(f"{method} {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n")
        time.sleep(0.05)  # the answer is there before the body
        assert pour(c, 1000000, b"x" * 1000) == 1000000, "it hung up on a client that was sending"
        reply = c.read()
        assert reply.status == status and reply.closes
        reply.problem()
        assert c.sock.recv(1) == b""  # no reset


def test_small_body_that_nobody_wants_is_read_past(memory):
    with memory.connect() as c:
        c.send("POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 9000\r\n\r\n")
        pour(c, 9000, b"x" * 1000)
        assert c.read().problem()["status"] == 404
        assert c.works()


def test_error_in_the_middle_of_a_chunked_body_arrives(memory):
    with memory.connect() as c:
        c.send("POST /posts HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert pour(c, 1500000, b"3e8\r\n" + b"x" * 1000 + b"\r\n") >= 1500000
        assert c.read().problem()["status"] == 413
        assert c.sock.recv(1) == b""


def test_array_of_100000_levels_is_malformed(memory):
    warm = memory.call("POST", "/posts", b"[" * 100000)
    assert warm.status == 400
    with Flat(memory, 512 * KIB):
        for body in b"[" * 100000, b'{"a":' * 100000, b'{"title":' + b"[" * 100000 + b"]" * 100000 + b"}":
            reply = memory.call("POST", "/posts", body)
            assert reply.status == 400
            assert reply.problem()["detail"]


def test_faults_without_number_are_bounded(memory):
    reply = memory.call("POST", "/posts?", b'{"title":"","body":0,' + b",".join(b'"%d":%d' % (i, i) for i in range(50000)) + b"}")
    assert reply.status == 422 and len(reply.body) < 64 * KIB


def test_unfinished_bodies_are_bounded_together(serve):
    """max-buffered: bodies under way, of all connections."""
    server = serve("--store", "memory:", "--workers", 1, "--max-buffered", "2M", "--body-timeout", "5s")
    statuses = []
    clients = [server.connect() for _ in range(8)]
    for c in clients:
        c.send(head(900000) + "x" * 600000)
    for c in clients:
        c.sock.settimeout(0.3)
        try:
            statuses.append(c.read().status)
        except socket.timeout:
            pass
    assert statuses and set(statuses) == {503}
    assert len(statuses) < len(clients)
    for c in clients:
        c.reset()
    assert until(lambda: server.call("POST", "/posts", b'{"title":"t","body":"b"}'.ljust(900000)).status == 201)


# ---- deadlines ----------------------------------------------------------------------------------

def seconds_until_end(c, limit=5):
    """How long until the server hangs up, and what it said."""
    began = time.monotonic()
    c.sock.settimeout(limit)
    said = b""
    try:
        while piece := c.sock.recv(65536):
            said += piece
    except ConnectionResetError:
        pass
    return time.monotonic() - began, said


def test_head_has_an_absolute_deadline(hasty):
    with hasty.connect() as c:
        began = time.monotonic()
        c.send("GET /livez HTTP/1.1\r\nX: ")
        while time.monotonic() - began < 3 and not c.rest:  # a byte keeps nothing alive
            c.send("a")
            c.sock.settimeout(0.05)
            try:
                c.more()
            except socket.timeout:
                pass
        assert 0.25 < time.monotonic() - began < 1.2 * SLOW
        assert c.read().problem()["status"] == 408
        c.end()
        assert c.at_end(2)


def test_body_has_an_absolute_deadline(hasty):
    with hasty.connect() as c:
        began = time.monotonic()
        c.send(head(10000))
        while time.monotonic() - began < 3 and not c.rest:
            c.send("a")
            c.sock.settimeout(0.05)
            try:
                c.more()
            except socket.timeout:
                pass
        assert 0.35 < time.monotonic() - began < 1.5 * SLOW
        assert c.read().problem()["status"] == 408
        c.end()
        assert c.at_end(2)


def test_body_that_nobody_wants_has_a_deadline_too(hasty):
    """The answer was given from the head; reading past the body must not be endless either."""
    with hasty.connect() as c:
        c.send("POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n")
        assert c.read().status == 404
        began = time.monotonic()
        c.sock.settimeout(0.05)
        ended = False
        while time.monotonic() - began < 3 and not ended:
            try:
                c.sock.sendall(b"a")
                ended = c.sock.recv(100) is not None
            except socket.timeout:
                pass
            except (BrokenPipeError, ConnectionResetError):
                ended = True
        assert ended and time.monotonic() - began < 1.5 * SLOW


def test_fast_body_may_take_longer_than_its_deadline(serve):
    """64 KiB a second buy time: a large body on a slow line is no attack."""
    server = serve("--store", "memory:", "--body-timeout", "300ms", "--body-min-rate", "64K")
    body = b'{"title":"t","body":"b"}'.ljust(200000)
    with server.connect() as c:
        c.send(head(len(body)))
        c.send_slowly(body, piece=20000, pause=0.08)
        assert c.read().status == 201


def test_silent_connection_ends_without_a_word(hasty):
    with hasty.connect() as c:
        took, said = seconds_until_end(c)
        assert said == b"" and 0.2 < took < 1.2 * SLOW


def test_idle_connection_ends_without_a_word(hasty):
    with hasty.connect() as c:
        assert c.works()
        took, said = seconds_until_end(c)
        assert said == b"" and 0.2 < took < 1.2 * SLOW


def test_connection_in_use_never_ends(hasty):
    with hasty.connect() as c:
        for _ in range(10):
            assert c.works()
            time.sleep(0.1)


def test_requests_cut_anywhere_do_not_add_up_to_a_slow_head(hasty):
    """A pipelining client whose writes end in the middle of a head: each head has its own time."""
    raw = request("GET", "/livez")
    with hasty.connect() as c:
        c.send(raw[:20])
        began = time.monotonic()
        while time.monotonic() - began < 1.2:
            c.send(raw[20:] + raw[:20])
            assert c.read().status == 200
            time.sleep(0.02)


def test_pipelined_writes_do_not_add_up_to_a_slow_handler(serve, tmp_path):
    """A pipelining client whose requests always suspend: each has its own time."""
    server = serve("--store", f"sqlite:{tmp_path / 'posts.db'}", "--handler-timeout", "300ms", "--workers", 1)
    raw = request("POST", "/posts", POST)
    with server.connect() as c:
        c.send(raw * 20)
        began = time.monotonic()
        while time.monotonic() - began < 1.2:
            assert c.read().status == 201
            c.send(raw)


# ---- readers that do not read -------------------------------------------------------------------

@pytest.fixture(scope="module")
def heavy(serve_module):
    """A server whose list of 16 posts is a megabyte."""
    server = serve_module("--store", "memory:", "--workers", 1, "--write-timeout", "500ms", "--idle-timeout", "20s")
    with server.connect() as c:
        for i in range(16):
            assert c.call("POST", "/posts", {"title": str(i), "body": "x" * 65536}).status == 201
    server.call("GET", "/posts?limit=16")
    return server


LIST = request("GET", "/posts?limit=16")


def test_reader_that_takes_nothing_is_bounded_and_cut(heavy):
    fds = heavy.fds()
    with Flat(heavy, 8 * MIB), heavy.connect(rcvbuf=4096) as c:
        began = time.monotonic()
        c.sock.settimeout(0.2)
        sent = 0
        try:
            while time.monotonic() - began < 3:
                sent += c.sock.send(LIST * 100)
        except (socket.timeout, BrokenPipeError, ConnectionResetError):
            pass
        assert until(lambda: heavy.fds() <= fds), "the connection is still held"
        assert time.monotonic() - began < 3 * SLOW
        assert sent < 40 * MIB
    assert heavy.call("GET", "/livez").status == 200


def test_reader_of_many_is_bounded(heavy):
    """20 of them, a megabyte asked for by each, hold one answer each and no second."""
    fds = heavy.fds()
    clients = [heavy.connect(rcvbuf=4096) for _ in range(20)]
    with Flat(heavy, 20 * 4 * MIB):
        for c in clients:
            c.send(LIST * 40)
        assert heavy.call("GET", "/livez").status == 200
        assert until(lambda: heavy.fds() <= fds)
    for c in clients:
        c.close()


def test_answers_that_nobody_takes_share_one_budget(serve):
    """60 clients ask for a megabyte each and read nothing; 8 MiB may wait for such clients."""
    server = serve("--store", "memory:", "--workers", 1, "--max-buffered", "8M")
    with server.connect() as c:
        for i in range(16):
            assert c.call("POST", "/posts", {"title": str(i), "body": "x" * 65536}).status == 201
    assert server.call("GET", "/posts?limit=16").status == 200
    with Flat(server, 20 * MIB if not SANITIZED else 1024 * MIB):
        clients = [server.connect(rcvbuf=4096) for _ in range(60)]
        for c in clients:
            c.send(LIST)
        assert until(lambda: server.call("GET", "/posts?limit=16").status == 503)
        assert server.call("GET", "/posts?limit=1").status == 503  # 64 KiB is large, too
        assert server.call("POST", "/posts", POST).status == 201  # what is small is answered
        for c in clients:
            c.close()
    assert until(lambda: server.call("GET", "/posts?limit=16").status == 200)


def test_slow_reader_that_reads_gets_everything(heavy):
    """More than one write timeout long, with answers always pending: taking bytes is progress."""
    with heavy.connect(rcvbuf=16384, timeout=10) as c:
        c.send(LIST * 3)
        got, began = 0, time.monotonic()
        one = len(heavy.call("GET", "/posts?limit=16").body)
        while got < 3 * one:
            piece = c.sock.recv(64 * KIB)
            assert piece, f"cut after {got} bytes and {time.monotonic() - began:.1f} s"
            got += len(piece)
            time.sleep(0.012)
        assert time.monotonic() - began > 1.0, "not slow enough to mean anything"


# ---- floods -------------------------------------------------------------------------------------

def test_connect_and_reset_leaks_nothing(memory):
    fds = memory.fds()
    for i in range(1000):
        c = memory.connect()
        if i % 3 == 1:
            c.send("GET /livez HTTP/1.1\r\nHos")
        elif i % 3 == 2:
            c.send(LIST)
        c.reset()
    assert until(lambda: memory.fds() <= fds), (fds, memory.fds())
    assert memory.call("GET", "/livez").status == 200


def test_reset_while_the_store_works_leaks_nothing(serve, tmp_path):
    server = serve("--store", f"sqlite:{tmp_path / 'posts.db'}")
    server.call("GET", "/posts")
    fds = server.fds()
    for i in range(300):
        c = server.connect()
        c.send(request("POST", "/posts", POST) * (1 + i % 5))
        c.reset()
    assert until(lambda: server.fds() <= fds), (fds, server.fds())
    assert server.call("POST", "/posts", POST).status == 201


def test_noise_is_answered_or_ended(memory):
    noise = random.Random(7)
    fds = memory.fds()
    for _ in range(300):
        raw = bytes(noise.randrange(256) for _ in range(noise.randrange(1, 400)))
        if noise.random() < 0.5:
            raw = LIST[:noise.randrange(len(LIST))] + raw
        with memory.connect() as c:
            try:
                c.send(raw)
                c.end()
                while True:
                    c.read()
            except (Closed, ConnectionResetError, BrokenPipeError):
                pass
    assert until(lambda: memory.fds() <= fds)
    assert memory.call("GET", "/livez").status == 200


def test_without_descriptors_old_clients_are_served_and_nothing_spins(serve):
    """`prlimit --nofile`: accept fails, the kernel goes on saying that there is somebody."""
    server = serve("--store", "memory:", "--workers", 1, wrap=["prlimit", "--nofile=40:40"])
    old = server.connect()
    assert old.works()
    waiting = []
    try:
        for _ in range(100):
            waiting.append(server.connect())
        time.sleep(0.2)
        began = server.cpu()
        for _ in range(10):
            assert old.works()
            time.sleep(0.1)
        assert server.cpu() - began < 0.3, "it spins"
    finally:
        for c in waiting:
            c.close()
    assert until(lambda: server.fds() < 30)

    def recovered():
        try:
            return server.call("GET", "/livez").status == 200
        except (Closed, OSError):
            return False
    assert until(recovered)
    assert server.stderr().count("cannot accept") < 20


def test_beyond_max_connections_idle_ones_go_first(serve):
    server = serve("--store", "memory:", "--workers", 1, "--max-connections", 10)
    idle = [server.connect() for _ in range(10)]
    assert all(c.works() for c in idle)
    late = server.connect()
    assert late.works()
    ended = [c for c in idle if c.at_end(0.1)]
    assert len(ended) == 1
    for c in (*idle, late):
        c.close()


def test_beyond_max_connections_of_busy_ones_is_503(serve):
    server = serve("--store", "memory:", "--workers", 1, "--max-connections", 5)
    busy = [server.connect() for _ in range(5)]
    for c in busy:
        c.send("GET /livez HTTP/1.1\r\n")
    time.sleep(0.1)
    with server.connect() as late:
        reply = late.read()
        assert reply.status == 503 and reply.closes and "retry-after" in reply.headers
        reply.problem()
        late.end()
        assert late.at_end()
    for c in busy:
        c.send("Host: h\r\n\r\n")
        assert c.read().status == 200
        c.close()
    assert until(lambda: server.call("GET", "/livez").status == 200)


def test_beyond_max_in_flight_is_503(serve, tmp_path):
    """Requests that wait for the disk are counted; those over the limit are told at once."""
    server = serve("--store", f"sqlite:{tmp_path / 'posts.db'}", "--workers", 1, "--max-in-flight", 2)
    clients = [server.connect() for _ in range(30)]
    for c in clients:
        c.send(request("POST", "/posts", POST))
    replies = [c.read() for c in clients]
    assert {r.status for r in replies} <= {201, 503}
    assert all("retry-after" in r.headers for r in replies if r.status == 503)
    assert all(c.works() for c in clients)
    kept = len(server.call("GET", "/posts?limit=100").json()["items"])
    assert kept == len([r for r in replies if r.status == 201])


def test_2000_idle_connections_cost_little(serve):
    server = serve("--store", "memory:", "--workers", 1)
    with server.connect() as c:
        assert c.works()
    before = server.rss()
    idle = [server.connect() for _ in range(2000)]
    for c in idle:
        c.send(request("GET", "/livez"))
    assert all(c.read().status == 200 for c in idle)
    each = (server.rss() - before) / len(idle)
    if not SANITIZED:
        assert each < 600, f"{each:.0f} bytes a connection"
    for c in idle:
        c.close()
    assert until(lambda: server.fds() < 20)


def test_memory_goes_back_when_connections_end(serve):
    """Half-sent bodies of 100 clients, 600 KB each, and as many half-sent heads."""
    server = serve("--store", "memory:", "--workers", 1)
    server.call("GET", "/livez")
    before = server.rss()
    clients = [server.connect() for _ in range(90)]
    for c in clients:
        c.send(head(1000000) + "x" * 400000)
    heads = [server.connect() for _ in range(200)]
    for c in heads:
        c.send("GET /livez HTTP/1.1\r\nX: " + "y" * 12000)
    assert until(lambda: server.rss() - before > 30 * MIB)
    for c in clients + heads:
        c.close()
    assert until(lambda: server.fds() < 20)
    if not SANITIZED:
        left = until(lambda: server.rss() - before < 4 * MIB) or server.rss() - before
        assert left is True, f"{left} bytes were kept"


def test_memory_of_few_but_large_bodies_goes_back(serve):
    server = serve("--store", "memory:", "--workers", 2)
    server.call("GET", "/livez")
    before = server.rss()
    clients = [server.connect() for _ in range(60)]
    for c in clients:
        c.send(head(1000000) + "x" * 900000)
    assert until(lambda: server.rss() - before > 30 * MIB)
    for c in clients:
        c.close()
    if not SANITIZED:
        left = until(lambda: server.rss() - before < 4 * MIB) or server.rss() - before
        assert left is True, f"{left} bytes were kept"


def test_stopped_clients_do_not_stop_others(memory):
    """A client that is stopped in the middle of everything (SIGSTOP) costs its connection alone."""
    child = subprocess.Popen(["curl", "-s", "-T", "-", "-X", "POST", f"{memory.url}/posts"], stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL)
    child.stdin.write(b"x" * 1000)
    child.stdin.flush()
    time.sleep(0.1)
    os.kill(child.pid, signal.SIGSTOP)
    try:
        assert memory.call("POST", "/posts", POST).status == 201
    finally:
        os.kill(child.pid, signal.SIGCONT)
        child.stdin.close()
        child.wait()
