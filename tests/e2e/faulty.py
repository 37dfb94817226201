"""HTTP servers that do one thing wrong (or rarely seen), to hold against a load generator.

    with Faulty("truncated") as server:      # a name of FAULTS, or a function of one Talk
        ... server.url, server.count, server.heads ...

Each connection has a thread, at most `limit` at a time; everything ends with the `with`. A behaviour
is a function that gets the connection and ends: it reads requests with talk.request(), and says what
it likes. When it returns, the connection is closed.
"""
import contextlib
import gzip
import re
import select
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

BODY = b"hello, load\n"
KEPT = 2000  # heads kept for a look, no more


class Request:
    def __init__(self, head, body):
        self.head, self.body = head, body
        self.lines = head.decode("latin-1").split("\r\n")
        self.method, self.target = self.lines[0].split(" ")[:2]
        self.fields = [tuple(line.split(": ", 1)) for line in self.lines[1:]]

    def field(self, name):
        found = [v for n, v in self.fields if n.lower() == name.lower()]
        assert len(found) < 2, f"{name} is there twice: {self.head!r}"
        return found[0] if found else None


class Talk:
    """One connection, seen from the server."""

    def __init__(self, server, sock):
        self.server, self.sock, self.rest = server, sock, b""

    def request(self):
        """The next request with its body; None at the end."""
        while b"\r\n\r\n" not in self.rest:
            if not self.more():
                return None
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.I)
        length = int(length.group(1)) if length else 0
        while len(self.rest) < length:
            if not self.more():
                return None
        body, self.rest = self.rest[:length], self.rest[length:]
        return self.server.seen(Request(head, body))

    def requests(self):
        while request := self.request():
            yield request

    def more(self):
        piece = self.sock.recv(65536)
        self.rest += piece
        return piece

    def send(self, *pieces):
        self.sock.sendall(b"".join(pieces))

    def answer(self, body=BODY, status="200 OK", *fields):
        head = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}"]
        self.send("\r\n".join(head).encode(), b"\r\n\r\n", body)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def wait(self, seconds):
        """Until then, or until the client or the test has had enough; False then."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.server.over.is_set():
                return False
            ready, _, _ = select.select([self.sock], [], [], min(left, 0.05))
            if ready and not self.more():
                return False
        return True


# ---- behaviours ---------------------------------------------------------------------------------

def fine(talk):
    for request in talk.requests():
        talk.answer(b"" if request.method == "HEAD" else BODY)


def truncated(talk):
    """The body ends before its time."""
    talk.request()
    talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")


def truncated_chunk(talk):
    talk.request()
    talk.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")


def slow_body(talk):
    """A byte each tenth of a second: never done within a timeout of one second."""
    talk.request()
    talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    for _ in range(100):
        if not talk.wait(0.1):
            return
        talk.send(b".")


def slow_head(talk):
    talk.request()
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nServer: the-slow-one\r\n\r\n":
        talk.send(bytes([byte]))
        if not talk.wait(0.1):
            return


def silent(talk):
    """Takes the request and says nothing."""
    talk.request()
    talk.wait(30)


def reset_mid_head(talk):
    talk.request()
    talk.send(b"HTTP/1.1 200 OK\r\nContent-Le")
    time.sleep(0.02)  # else the reset overtakes the bytes
    talk.reset()


def reset_at_once(talk):
    talk.request()
    talk.reset()


def garbage(talk):
    talk.request()
    talk.send(b"\x16\x03\x01 this is not HTTP \xff\xfe\r\n\r\n" * 20)


def ssh(talk):
    """What else may be found behind a wrong port."""
    talk.request()
    talk.send(b"SSH-2.0-OpenSSH_9.2p1\r\n")
    talk.wait(30)


def endless_headers(talk):
    """More head than anyone should take."""
    talk.request()
    talk.send(b"HTTP/1.1 200 OK\r\n")
    line = b"".join(b"X-%d: %s\r\n" % (i, b"y" * 1000) for i in range(64))
    for _ in range(1024):  # 64 MiB at most
        if talk.server.over.is_set():
            return
        talk.send(line)


def endless_line(talk):
    talk.request()
    talk.send(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(1024):
        if talk.server.over.is_set():
            return
        talk.send(b"y" * 65536)


def close_without_answer(talk):
    talk.request()


def close_every_second(talk):
    """Keep-alive promised, closed after the first answer: the second request meets a closed door."""
    talk.request()
    talk.answer()
    if talk.request():
        talk.server.unsee()


def short_length(talk):
    """Content-Length too small: what is left over is no answer to anything."""
    for _ in talk.requests():
        talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more than was said")


def two_lengths(talk):
    for _ in talk.requests():
        talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")


def bad_length(talk):
    for _ in talk.requests():
        talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello")


def broken_chunk(talk):
    for _ in talk.requests():
        talk.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n")


def huge_chunk(talk):
    """A size that overflows 64 bits."""
    for _ in talk.requests():
        talk.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff1\r\nhello\r\n")


def chunked(talk):
    """Right, and awkward: extensions, trailers, pieces."""
    for _ in talk.requests():
        for piece in (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhel", b"lo\r",
                      b"\n7\r\n, load\n\r\n0\r\nX-Sum: 1\r\n", b"\r\n"):
            talk.send(piece)


def flood_1xx(talk):
    """Early answers without end, and never a real one."""
    talk.request()
    while not talk.server.over.is_set():
        talk.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100)


def few_1xx(talk):
    for _ in talk.requests():
        talk.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        talk.answer()


def redirect_loop(talk):
    for _ in talk.requests():
        talk.answer(b"", "302 Found", "Location: /again")


def redirect_chain(talk):
    """/ -> /1 -> /2 -> /3, which is there."""
    for request in talk.requests():
        n = int(request.target[1:] or 0)
        if n == 3:
            talk.answer()
        else:
            talk.answer(b"moved", "302 Found", f"Location: {'' if n else talk.server.url}/{n + 1}")


def see_other(talk):
    """303 turns a POST into a GET; 307 must not."""
    for request in talk.requests():
        if request.target == "/303":
            talk.answer(b"", "303 See Other", "Location: /there")
        elif request.target == "/307":
            talk.answer(b"", "307 Temporary Redirect", "Location: /there")
        else:
            talk.answer(request.method.encode() + b" " + request.body)


def gzipped(talk):
    packed = gzip.compress(BODY * 100)
    for request in talk.requests():
        if "gzip" in (request.field("Accept-Encoding") or ""):
            talk.answer(packed, "200 OK", "Content-Encoding: gzip")
        else:
            talk.answer(BODY * 100)


def head_with_body(talk):
    """A body where none may be: what follows the head belongs to nobody."""
    for _ in talk.requests():
        talk.answer(BODY)


def head_with_length(talk):
    """As it should be: the length of the body that a GET would get, and no body."""
    for _ in talk.requests():
        talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")


def no_content_with_body(talk):
    for _ in talk.requests():
        talk.answer(BODY, "204 No Content")


def no_content(talk):
    for _ in talk.requests():
        talk.send(b"HTTP/1.1 204 No Content\r\n\r\n")


def not_modified(talk):
    """304 has the length of what it does not send."""
    for _ in talk.requests():
        talk.send(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n")


def close_delimited(talk):
    talk.request()
    talk.send(b"HTTP/1.1 200 OK\r\n\r\n", BODY)


def http10(talk):
    """Closes after each answer, as it must."""
    talk.request()
    talk.send(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold")


def connection_close(talk):
    talk.request()
    talk.answer(BODY, "200 OK", "Connection: close")


def byte_by_byte(talk):
    for _ in talk.requests():
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello":
            talk.send(bytes([byte]))


def statuses(talk):
    """200, 404, 500 in turn."""
    for _ in talk.requests():
        talk.answer(BODY, ("200 OK", "404 Not Found", "500 Internal Server Error")[talk.server.count % 3])


def echo(talk):
    """Says what it was asked: request line and body."""
    for request in talk.requests():
        talk.answer(request.lines[0].encode() + b"\n" + request.body)


FAULTS = {name: f for name, f in globals().items()
          if callable(f) and getattr(f, "__module__", "") == __name__ and name.islower()}


# ---- the server ---------------------------------------------------------------------------------

class Faulty:
    """A server on a free port; `family` AF_INET6 for ::1, `unix` for a path, `tls` for https with a
    certificate of its own making; `accept_after` seconds nobody comes to the door."""

    def __init__(self, talk="fine", family=socket.AF_INET, unix=None, tls=None, backlog=256,
                 accept_after=0.0, limit=256):
        self.talk = FAULTS[talk] if isinstance(talk, str) else talk
        self.lock, self.over = threading.Lock(), threading.Event()
        self.count = self.connections = self.most = self.open = 0
        self.heads, self.times, self.limit = [], [], threading.Semaphore(limit)
        self.tls, self.accept_after = tls, accept_after
        self.listener = socket.socket(socket.AF_UNIX if unix else family)
        host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(unix or (host, 0))
        self.listener.listen(backlog)
        self.port = None if unix else self.listener.getsockname()[1]
        place = f"[{host}]" if ":" in host else host
        self.url = "http://localhost" if unix else f"http{'s' if tls else ''}://{place}:{self.port}"
        self.socks = set()
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        self.over.wait(self.accept_after)
        while not self.over.is_set():
            self.limit.acquire()
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        with self.lock:
            self.connections += 1
            self.open += 1
            self.most = max(self.most, self.open)
            self.socks.add(sock)
        raw = sock
        try:
            sock.settimeout(10)
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            self.talk(Talk(self, sock))
        except (OSError, ValueError):
            pass  # the client left, or the test is over
        finally:
            with contextlib.suppress(OSError):
                sock.close()
            with self.lock:
                self.open -= 1
                self.socks.discard(raw)
            self.limit.release()

    def seen(self, request):
        with self.lock:
            self.count += 1
            self.times.append(time.monotonic())
            if len(self.heads) < KEPT:
                self.heads.append(request)
        return request

    def unsee(self):
        with self.lock:
            self.count -= 1
            self.heads = self.heads[:self.count]

    def reset(self):
        with self.lock:
            self.count = self.connections = self.most = 0
            self.heads, self.times = [], []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.over.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            for sock in self.socks:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)


class Certificate:
    """A self-signed certificate for 127.0.0.1, and a server's context with it."""

    def __init__(self, names="IP:127.0.0.1,DNS:localhost"):
        self.folder = tempfile.TemporaryDirectory(prefix="gimlet-tls-")
        self.file, key = Path(self.folder.name, "cert.pem"), Path(self.folder.name, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-keyout", key, "-out", self.file, "-days", "2", "-subj", "/CN=test",
                        "-addext", f"subjectAltName={names}"], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.file, key)


def proxy(talk):
    """A forward proxy: absolute requests and CONNECT."""
    for request in talk.requests():
        if request.method != "CONNECT":
            talk.answer(b"by proxy: " + request.target.encode())
            continue
        host, port = request.target.rsplit(":", 1)
        with socket.create_connection((host, int(port)), 5) as far:
            talk.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            pump(talk.sock, far)
        return


def pump(a, b):
    while True:
        ready, _, _ = select.select([a, b], [], [], 10)
        for one, other in ((a, b), (b, a)):
            if one in ready:
                piece = one.recv(65536)
                if not piece:
                    return
                other.sendall(piece)
        if not ready:
            return
