"""Requests as they may and may not be written, through nginx and haproxy to us: none is smuggled.

A smuggled request is one that we saw and the proxy did not: it took the bytes for part of another. So
the proxy gives each request that it reads a number, says in its log what it sent to us and what came
of it, and our access log says what we got. One must be the other: the same numbers with the same
targets, none twice, none of our own making. Meanwhile neighbours use the same proxy and, by its pool,
the same connections to us: each must get the answer to its own request.

Both proxies run twice, once as they come and once with all that makes them lenient; the rows are
those of http_rows.py, whole and byte by byte, and then bodies that hold a request, under framing that
two readers may read differently, mutated by a generator with a fixed start.
"""
import csv
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import Client, Server, chunked, until
from http_rows import BODY, ROWS, URL
from load import free_port

MUTATED = int(os.environ.get("MUTATED", 2000))  # inputs for each proxy; the nightly run asks for more
LAST = b"GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

NGINX = """
daemon off; master_process off; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log crit;
events {{ worker_connections 512; }}
http {{
    log_format both escape=json '{{"id":"$request_id","answered":"$upstream_status","sent":"$upstream_addr","request":"$request"}}';
    access_log {dir}/log both;
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
    large_client_header_buffers 8 64k; client_max_body_size 0; merge_slashes off; keepalive_requests 100000;
    proxy_http_version 1.1; proxy_next_upstream off; proxy_ignore_client_abort on; proxy_set_header Connection "";
    proxy_set_header Host $http_host; proxy_set_header X-Request-Id $request_id;
    upstream posts {{ server 127.0.0.1:{posts}; keepalive 4; keepalive_requests 100000; }}
    server {{ listen 127.0.0.1:{port}; {more} location / {{ proxy_pass http://posts; }} }}
}}
"""
HAPROXY = """
global
    maxconn 512
    nbthread 1
    tune.http.logurilen 32768
    stats socket {dir}/stats
    log stdout len 32768 format raw local0
defaults
    mode http
    log global
    retries 0
    timeout connect 5s
    timeout client 20s
    timeout server 20s
    option http-keep-alive
    http-reuse always
    unique-id-format %[uuid()]
    log-format '{{"id":"%ID","answered":"%ts","sent":"%s","request":"%[capture.req.method] %[capture.req.uri,json]"}}'
frontend all
    bind 127.0.0.1:{port}
    {more}
    http-request set-header X-Request-Id %[unique-id]
    default_backend posts
backend posts
    {more_behind}
    server posts 127.0.0.1:{posts} pool-max-conn 4
"""


class Proxy:
    """A proxy between the tests and a server of its own."""

    def __init__(self, kind, directory):
        self.kind, self.dir, self.port = kind, directory, free_port()
        self.unix = self.tls = None  # as a client asks of a server
        self.posts = Server("--store", "memory:", "--workers", 1, "--access-log", "all", "--log-format", "json")
        made = self.posts.call("POST", "/posts", {"title": "a", "body": "b"})
        self.place = made.headers["location"].encode()
        program, lenient = kind.split()[0], "lenient" in kind
        getattr(self, program)(lenient)
        assert until(self.answers, 10), self.log.read_text()

    def nginx(self, lenient):
        more = "proxy_request_buffering off; ignore_invalid_headers off; underscores_in_headers on;" if lenient else ""
        conf = self.dir / "nginx.conf"
        conf.write_text(NGINX.format(dir=self.dir, posts=self.posts.port, port=self.port, more=more))
        self.log = self.dir / "log"
        self.process = subprocess.Popen([find("nginx"), "-c", conf, "-p", self.dir, "-e", self.dir / "error.log"])

    def haproxy(self, lenient):
        conf = self.dir / "haproxy.cfg"
        conf.write_text(HAPROXY.format(dir=self.dir, posts=self.posts.port, port=self.port,
                                       more="option accept-invalid-http-request" if lenient else "",
                                       more_behind="option accept-invalid-http-response" if lenient else ""))
        self.log = self.dir / "log"
        self.process = subprocess.Popen([find("haproxy"), "-db", "-f", conf], stdout=open(self.log, "wb"))

    def answers(self):
        try:
            return talk(self, LAST).startswith(b"HTTP/1.1 404")
        except OSError:
            return False

    def requests(self):
        """{number: target} of what it sent, and those of them that came to an answer of ours."""
        sent, answered = {}, set()
        for text in self.log.read_text(errors="replace").rpartition("\n")[0].splitlines():
            said = json.loads(text)
            if said["sent"] in ("", "-", "<NOSRV>"):
                continue
            assert said["id"] not in sent, f"sent twice: {said}"
            sent[said["id"]] = said["request"]
            if said["answered"] == "--" or re.fullmatch(r"\d{3}", said["answered"]):
                answered.add(said["id"])
        return sent, answered

    def seen(self):
        """What we say that came, but for the post of the beginning."""
        return [json.loads(text) for text in self.posts.stdout().rpartition("\n")[0].splitlines()][1:]

    def counted(self):
        """How many requests its statistics say went to us; nginx has none without its commercial parts."""
        if "haproxy" not in self.kind:
            return None
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(self.dir / "stats"))
            s.sendall(b"show stat\n")
            text = b"".join(iter(lambda: s.recv(65536), b"")).decode()
        rows = csv.DictReader(text.removeprefix("# ").splitlines())
        return next(int(r["stot"]) for r in rows if (r["pxname"], r["svname"]) == ("posts", "posts"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        self.posts.stop()


def find(program):
    return shutil.which(program, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


@pytest.fixture(scope="module", params=["nginx", "nginx lenient", "haproxy", "haproxy lenient"])
def proxy(request, tmp_path_factory):
    if not find(request.param.split()[0]):
        pytest.skip(f"needs {request.param.split()[0]}")
    p = Proxy(request.param, tmp_path_factory.mktemp("proxy"))
    yield p
    p.stop()


def talk(place, raw, piece=1 << 20):
    """All that comes back for these bytes and the end behind them: what is not whole by then never will be."""
    got = b""
    with socket.create_connection(("127.0.0.1", place.port)) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.settimeout(20)
        try:
            for at in range(0, len(raw), piece):
                s.sendall(raw[at:at + piece])
            s.shutdown(socket.SHUT_WR)
            while more := s.recv(1 << 16):
                got += more
        except ConnectionError:
            pass
    return got


# ---- neighbours ---------------------------------------------------------------------------------

class Neighbours:
    """Clients that stay, each asking for a thing of its own again and again, while others misbehave."""

    def __init__(self, place, clients=3):
        self.place, self.over, self.wrong, self.answers = place, threading.Event(), [], 0
        self.threads = [threading.Thread(target=self.ask, args=(i,)) for i in range(clients)]

    def ask(self, number):
        title = ""
        try:
            with Client(self.place) as c:
                turn = 0
                while turn < 10 or not self.over.is_set():
                    turn += 1
                    title = f"neighbour {number} {self.answers}"
                    reply = c.call("POST", "/posts", {"title": title, "body": "b"})
                    assert reply.status == 201 and reply.json()["title"] == title, reply
                    self.answers += 1
                    time.sleep(0.004)
        except Exception as e:  # of a thread: the test tells it
            self.wrong.append(f"{title}: {e!r}")

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        for t in self.threads:
            t.join()


# ---- what is sent -------------------------------------------------------------------------------

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n"
FRAMES = [
    b"Content-Length: %d", b"Content-Length: +%d", b"Content-Length: 0%d", b"Content-Length:\t%d ", b"Content-Length : %d",
    b" Content-Length: %d", b"Content-Length: %d, %d", b"Content-Length: %d\r\nContent-Length: 0", b"Content-Length: 0",
    b"Content-Length: 5", b"Content-Length:\r\n %d", b"Content-Length: %d\n", b"Content_Length: %d", b"X: y\rContent-Length: %d",
    b"X: y\nContent-Length: %d", b"Content-Length: %d\x0b", b"Content-Length: 0x%x",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding : chunked", b" Transfer-Encoding: chunked", b"Transfer-Encoding:\tchunked\t",
    b"Transfer-Encoding: chunked, identity", b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding: ,chunked",
    b"Transfer-Encoding: xchunked", b"Transfer-Encoding:\r\n chunked", b"Transfer-Encoding: \x0bchunked", b"Transfer_Encoding: chunked",
    b"X: y\rTransfer-Encoding: chunked", b"X: y\nTransfer-Encoding: chunked", b'Transfer-Encoding: "chunked"',
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    b"transfer-encoding: CHUNKED", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding:", b"Transfer-Encoding: chunked;a=b",
    b"Connection: Content-Length", b"Connection: Transfer-Encoding, keep-alive", b"Connection: X-Request-Id", b"Expect: 100-continue",
    b"Connection: Upgrade\r\nUpgrade: h2c", b"Host: g",
]
CHUNKS = [
    chunked(BODY), chunked(HIDDEN), b"0\r\n\r\n" + HIDDEN, b"0\r\n" + HIDDEN, b"0\r\nX: y\r\n\r\n" + HIDDEN, b"0;\r\n\r\n" + HIDDEN,
    b"0;a\n\r\n\r\n" + HIDDEN, b"5\r\nhello\n0\r\n\r\n" + HIDDEN, b"5;a=b\nhello\r\n0\r\n\r\n" + HIDDEN, b"0 \r\n\r\n" + HIDDEN,
    b"05\r\nhello\r\n0\r\n\r\n" + HIDDEN, b"0x5\r\nhello\r\n0\r\n\r\n" + HIDDEN, b"10000000000000005\r\nhello\r\n0\r\n\r\n" + HIDDEN,
    b"5\rhello\r\n0\r\n\r\n" + HIDDEN, b"5\r\nhelloXX0\r\n\r\n" + HIDDEN, b"-1\r\n" + HIDDEN, b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN) - 2, HIDDEN),
    HIDDEN, BODY, b"", BODY + HIDDEN,
]
BYTES = [b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b"\x0b", b"0", b":", b",", b";", b"\xff", b"\x85", b"\x7f", b"chunked", b"X"]


def mutated(rng):
    """A body that holds a request, under framing of one or two kinds, one or two of its bytes another's."""
    content = rng.choice(CHUNKS)
    fields = []
    for frame in rng.sample(FRAMES, rng.choice([1, 1, 1, 2])):
        length = rng.choice([len(content), len(content), 0, 5, max(len(content) - len(HIDDEN), 0)])
        fields.append(frame % ((length,) * len(re.findall(rb"%[dx]", frame))))
    start = rng.choice([b"POST /posts", b"POST /posts", b"GET /livez", b"PUT /posts/x", b"DELETE /posts/x", b"HEAD /livez"])
    version = rng.choice([b"1.1", b"1.1", b"1.1", b"1.0", b"1.2"])
    raw = start + b" HTTP/" + version + b"\r\nHost: h\r\n" + b"".join(f + b"\r\n" for f in fields) + b"\r\n" + content
    for _ in range(rng.choice([0, 0, 1, 2])):
        at = rng.randrange(len(raw))
        raw = raw[:at] + rng.choice([b"", rng.choice(BYTES)]) + raw[at + rng.choice([0, 1]):]
    return raw


# ---- the tests ----------------------------------------------------------------------------------

def target(text):
    """Of a request as either side logs it: what is behind the method, without the authority. Logs cut long ones."""
    found = re.search(r"^\S+ +(\S+)", text)
    return (re.sub(r"(?i)^[a-z]+://[^/?]*", "", found.group(1)) or "/" if found else "-")[:900]


class Logs:
    """Both logs, held against each other."""

    def __init__(self, proxy):
        self.sent, answered = proxy.requests()
        self.seen = proxy.seen()
        self.names = Counter(r["id"] for r in self.seen if "id" in r)
        self.unnamed = len(self.seen) - self.names.total()  # refused here before their number was read
        self.unknown = answered - set(self.names)  # answered by us, it says: these
        self.cut = set(self.sent) - answered - set(self.names)  # the client's fault was found on the way

    def agree(self):
        return len(self.unknown) <= self.unnamed <= len(self.unknown) + len(self.cut)


def all_is_told(proxy):
    """What either says of the requests is the same; how many there were."""
    until(lambda: Logs(proxy).agree(), 2)
    logs = Logs(proxy)
    assert not [n for n, times in logs.names.items() if times > 1], "one request of the proxy was two here"
    strange = [r for r in logs.seen if "id" in r and r["id"] not in logs.sent]
    assert not strange, f"the proxy knows nothing of {strange[:3]}"
    for r in logs.seen:
        theirs = target(logs.sent.get(r.get("id"), ""))
        if "id" in r and theirs != "-" and theirs.isascii():  # haproxy writes no target that has no path
            assert target("X " + r["target"]) == theirs, f"{r} is {logs.sent[r['id']]!r} to the proxy"
    assert logs.agree(), (f"{logs.unnamed} refused here before they had a number; the proxy has answers of ours to "
                          f"{len(logs.unknown)} that we do not know, and cut {len(logs.cut)}")
    assert len(logs.cut) < 10 + len(logs.sent) / 50
    counted = proxy.counted()
    assert counted in (None, len(logs.sent)), "its log and its statistics differ"
    return len(logs.sent), len(logs.seen)


def through(proxy, inputs):
    with Neighbours(proxy) as near, ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda i: talk(proxy, *i), inputs))
    assert not near.wrong, near.wrong
    for (raw, *_), got in zip(inputs, answers):
        assert b'"title":"neighbour' not in got, f"{raw!r} got another's answer: {got!r}"
    sent, seen = all_is_told(proxy)
    print(f"{proxy.kind}: {len(inputs)} inputs, {near.answers} of neighbours; so far {sent} sent, {seen} seen")
    return sent, seen


def test_rows_of_the_page_are_what_the_proxy_took_them_for(proxy):
    rows = [raw.replace(URL, proxy.place) + LAST for _, _, raw, _, _ in ROWS]
    sent, seen = through(proxy, [(raw,) for raw in rows] + [(raw, 1) for raw in rows if len(raw) < 600])
    assert sent > len(rows) / 2 and seen > len(rows) / 2


def test_no_request_is_smuggled_in_another(proxy):
    rng = random.Random(proxy.kind)
    sent, seen = through(proxy, [(mutated(rng) + LAST,) for _ in range(MUTATED)])
    assert sent > MUTATED / 5 and seen > MUTATED / 5
