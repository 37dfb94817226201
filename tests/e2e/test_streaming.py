"""Streamed replies and server-sent events over real sockets: framing, back-pressure, resuming, ends."""
import json
import re
import subprocess
import time

import browser
import pytest
from conftest import BUILD, SANITIZED, Client, Closed, until

MEGABYTES = 16 if SANITIZED else 256  # of a stream whose memory is watched
MB = 1 << 20


def started(serve, name, *args):
    program = BUILD / "examples" / name
    if not program.exists():
        pytest.skip(f"{program} is not built")
    return serve(*args, program=program)


@pytest.fixture(scope="module")
def export(serve_module):
    return started(serve_module, "export", "--workers", 1)


@pytest.fixture(scope="module")
def news(serve_module):
    return started(serve_module, "news", "--workers", 2)


def curl(*args, timeout=30):
    return subprocess.run(["curl", "-sS", *args], capture_output=True, timeout=timeout)


def get(target, *fields, version="1.1"):
    lines = [f"GET {target} HTTP/{version}", "Host: test", *fields]
    return "\r\n".join(lines) + "\r\n\r\n"


def read_to(client, mark):
    while mark not in client.rest:
        client.more()
    at = client.rest.index(mark) + len(mark)
    found, client.rest = client.rest[:at], client.rest[at:]
    return found


def unchunk(coded):
    """The body of a complete chunked message, whose framing is checked to the byte."""
    body = b""
    while True:
        line, coded = coded.split(b"\r\n", 1)
        assert re.fullmatch(rb"[0-9a-f]{1,8}", line), line
        size = int(line, 16)
        body, end, coded = body + coded[:size], coded[size:size + 2], coded[size + 2:]
        assert end == b"\r\n"
        if size == 0:
            return body, coded


def squares(n):
    return b"number,square\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(1, n + 1))


def is_idle(server):
    before = server.cpu()
    time.sleep(0.2)
    return server.cpu() == before


# ---- streams ------------------------------------------------------------------------------------

def test_a_stream_is_chunked_exactly_and_the_connection_goes_on(export):
    with export.connect() as c:
        c.send(get("/squares.csv?rows=20000") + get("/squares.csv?rows=0") + get("/livez"))
        head = read_to(c, b"\r\n\r\n")
        assert b"\r\nTransfer-Encoding: chunked\r\n" in head and b"Content-Length" not in head
        body, rest = unchunk(read_to(c, b"\r\n0\r\n\r\n"))
        assert (body, rest) == (squares(20000), b"")
        read_to(c, b"\r\n\r\n")
        assert unchunk(read_to(c, b"\r\n0\r\n\r\n")) == (squares(0), b"")
        assert c.read().status == 200
        assert c.works()


def test_curl_reads_a_stream_and_an_older_client_reads_to_the_end(export):
    target = f"{export.url}/squares.csv?rows=5000"
    for version in ("--http1.1", "--http1.0"):
        done = curl(version, target)
        assert (done.returncode, done.stdout) == (0, squares(5000))
    assert curl("-I", target).stdout.startswith(b"HTTP/1.1 200 ")
    with export.connect() as c:
        c.send(get("/squares.csv?rows=3", "Connection: keep-alive", version="1.0"))
        assert b"\r\nConnection: close\r\n" in read_to(c, b"\r\n\r\n")
        while not c.at_end():
            c.rest = b""


def test_a_reader_that_stops_stops_the_source_and_costs_no_memory(export):
    c = Client(export, rcvbuf=65536)
    try:
        before = export.rss()
        c.send(get("/squares.csv?rows=1000000000"))
        c.sock.recv(1000)
        assert until(lambda: is_idle(export), timeout=20)  # once the kernel's buffers are full
        assert export.rss() - before < 8 * MB
        c.sock.recv(1 << 20)
        assert export.call("GET", "/livez").status == 200
    finally:
        c.reset()
    assert until(lambda: export.call("GET", "/livez").status == 200)


def test_memory_stays_flat_while_much_is_streamed(export):
    with export.connect() as c:
        c.send(get("/squares.csv?rows=1000000000"))
        c.sock.recv(1 << 16)
        export.reset_peak()
        before, got = export.rss(), 0
        while got < MEGABYTES * MB:
            got += len(c.sock.recv(1 << 20))
        assert export.peak() - before < 8 * MB


def test_a_fast_reader_does_not_keep_the_others_waiting(export):
    with export.connect() as c, export.connect() as other:
        c.send(get("/squares.csv?rows=1000000000"))
        for _ in range(20):
            c.sock.recv(1 << 20)
            assert other.works()


def test_a_stream_that_nobody_takes_is_cut_off(serve):
    server = started(serve, "export", "--workers", 1, "--write-timeout", "300ms")
    fds = server.fds()
    c = Client(server, rcvbuf=4096)
    c.send(get("/squares.csv?rows=1000000000"))
    c.sock.recv(100)
    assert server.fds() > fds
    assert until(lambda: server.fds() == fds, timeout=20)
    c.close()


def test_the_access_log_has_a_line_for_each_stream_at_its_end(serve):
    server = started(serve, "export", "--workers", 1, "--access-log", "all")
    with server.connect() as c:
        c.send(get("/squares.csv?rows=4"))
        read_to(c, b"\r\n0\r\n\r\n")
        assert until(lambda: f'"GET /squares.csv?rows=4" 200 {len(squares(4))} ' in server.stdout())
        c.send(get("/squares.csv?rows=1000000000"))
        c.sock.recv(1000)
        assert "1000000000" not in server.stdout()
        c.reset()
    assert until(lambda: re.search(r'rows=1000000000" aborted \d{4,} ', server.stdout()))


# ---- events -------------------------------------------------------------------------------------

def say(server, text):
    assert server.call("POST", "/news", {"by": "t", "text": text}).status == 204


def listen(server, *fields):
    c = server.connect()
    c.send(get("/events", *fields))
    head = read_to(c, b"\r\n\r\n").lower()
    assert b"content-type: text/event-stream\r\n" in head
    assert b"cache-control: no-store\r\n" in head
    return c


def events(client, n):
    """The next n events as (id, text)."""
    found = []
    while len(found) < n:
        block = read_to(client, b"\n\n")
        if b"data: " in block:
            found.append((re.search(rb"^id: (.*)$", block, re.M)[1].decode(),
                          json.loads(re.search(rb"^data: (.*)$", block, re.M)[1])["text"]))
    return found


def test_all_readers_hear_and_resume_where_they_were(news):
    with listen(news) as a, listen(news) as b:
        for text in ("one", "two", "three"):
            say(news, text)
        heard = events(a, 3)
        assert [t for _, t in heard] == ["one", "two", "three"]
        assert events(b, 3) == heard
    with listen(news, f"Last-Event-ID: {heard[0][0]}") as c:
        assert events(c, 2) == heard[1:]
        say(news, "four")
        assert events(c, 1)[0][1] == "four"
    with listen(news, "Last-Event-ID: of-another-life") as c:
        assert b"event: gap\ndata: \n\n" in read_to(c, b"\n\n")
        assert events(c, 1) == heard[:1]


def test_curl_hears_events_as_they_come(news):
    p = subprocess.Popen(["curl", "-sSN", f"{news.url}/events"], stdout=subprocess.PIPE)
    try:
        say(news, "to curl")
        text = b""
        while b"to curl" not in text:
            line = p.stdout.readline()
            assert line
            text += line
    finally:
        p.kill()
        p.wait()


def test_readers_that_leave_leave_nothing(news):
    before = news.fds()
    for way in ("close", "reset", "end"):
        clients = [listen(news) for _ in range(20)]
        for c in clients:
            getattr(c, way)()
        assert until(lambda: news.fds() <= before)
        say(news, "anybody?")
    assert news.call("GET", "/livez").status == 200


def test_many_readers_hear_all_of_what_many_say(news):
    clients = [listen(news) for _ in range(50)]
    mark = f"burst {time.monotonic()} "
    with news.connect() as c:
        for i in range(100):
            assert c.call("POST", "/news", {"by": "t", "text": f"{mark}{i}"}).status == 204
    for c in clients:
        heard = []
        while len(heard) < 100:
            heard += [t for _, t in events(c, 1) if t.startswith(mark)]
        assert heard == [f"{mark}{i}" for i in range(100)]
        c.close()


def test_open_streams_end_whole_when_the_server_stops(serve):
    server = started(serve, "news", "--workers", 2)
    clients = [listen(server) for _ in range(8)]
    say(server, "last")
    begun = time.monotonic()
    server.signal()
    for c in clients:
        assert read_to(c, b"0\r\n\r\n").endswith(b"\r\n0\r\n\r\n")
        with pytest.raises(Closed):
            c.more()
        c.close()
    assert server.wait() == 0
    assert time.monotonic() - begun < 15  # stop_timeout, which would cut them, is 30 s


def test_an_endless_stream_is_cut_when_stopping_has_lasted_long_enough(serve):
    server = started(serve, "export", "--workers", 1, "--stop-timeout", "300ms")
    c = Client(server, rcvbuf=4096)
    c.send(get("/squares.csv?rows=1000000000"))
    c.sock.recv(1000)
    server.signal()
    assert server.wait() == 0
    c.close()


def test_a_browser_hears_and_comes_again_where_it_was(serve):
    """EventSource itself: it connects again by itself, and nothing that is kept is lost on the way."""
    if not browser.DRIVER or not browser.CHROMIUM:
        pytest.skip("no chromedriver and chromium")
    server = started(serve, "news", "--workers", 1)
    b = browser.Browser()
    try:
        b.open(server.url)
        lines = lambda: b.run("return [...document.querySelectorAll('li')].map(l => l.textContent)")  # noqa: E731
        say(server, "one")
        assert until(lambda: lines() == ["t: one"], 20), b.log()
        b.run("document.getElementById('text').value = '<b>two</b>'; document.forms[0].requestSubmit()")
        assert until(lambda: lines() == ["guest: <b>two</b>", "t: one"], 20), b.log()
        b.run("window.gaps = 0; window.opens = 0;"
              "other = new EventSource('/events');"
              "other.onopen = () => opens++;"
              "other.addEventListener('gap', () => gaps++)")
        assert until(lambda: b.run("return opens") == 1, 20)
        port = server.port
        server.signal()
        server.wait()
        again = started(serve, "news", "--workers", 1, "--port", port)
        say(again, "three")
        assert until(lambda: lines()[0] == "t: three", 30), (lines(), b.log())
        assert until(lambda: b.run("return [opens, gaps]") == [2, 1], 30)
    finally:
        b.quit()
