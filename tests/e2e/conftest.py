"""What the black-box tests share: a server as a child process, and a client that can say anything.

The server under test is the program that $POSTS names (build/release/posts/posts by default); the
examples lie beside it. Every server started here is watched to its end: a sanitizer's report, or an
exit code other than 0 after SIGTERM, fails the test that started it.

The client is a socket and no more, because most of what is tested here no HTTP library would send.
"""
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
POSTS = Path(os.environ.get("POSTS", ROOT / "build/release/posts/posts")).resolve()
BUILD = POSTS.parents[1]
SANITIZED = POSTS.exists() and any(s in POSTS.read_bytes() for s in (b"__asan_init", b"__tsan_init"))
SLOW = 3 if SANITIZED else 1  # how much more time a step may take

START_LINE = re.compile(r"listening on (https?://[^\s,]+|unix:[^\s,]+)")
REPORT = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error:|SUMMARY: \w+Sanitizer|Assertion")


def pytest_configure(config):
    config.addinivalue_line("markers", "alone: it measures, so script/test runs nothing beside it")
    if not POSTS.exists():
        pytest.exit(f"{POSTS} is not there: build it, or set POSTS", returncode=2)


# ---- the server ---------------------------------------------------------------------------------

def fixed_layout():
    """Sanitizers of older compilers cannot live with the address layouts of newer kernels."""
    if not SANITIZED or not shutil.which("setarch"):
        return []
    command = ["setarch", os.uname().machine, "-R"]
    return command if subprocess.run([*command, "true"], capture_output=True).returncode == 0 else []


LAYOUT = fixed_layout()


def child_env(**more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("POSTS")}
    env.setdefault("ASAN_OPTIONS", "detect_leaks=1:allocator_may_return_null=1")
    env.setdefault("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1")
    env.update(more)
    return env


def run(*args, program=POSTS, env=None, timeout=20, **more):
    """A program that is expected to end by itself."""
    return subprocess.run([*LAYOUT, program, *map(str, args)], capture_output=True, text=True,
                          env=child_env(**(env or {})), timeout=timeout, **more)


class Server:
    """A running server. `args` are its flags; `--port 0` is given unless they name a place. With `tls`
    (tls.py) it speaks HTTPS, and so do its clients."""

    def __init__(self, *args, program=POSTS, env=None, wrap=(), cwd=None, expect_exit=0, fds=(), tls=None):
        self.tls = tls
        args = [str(a) for a in (*args, *(tls.flags if tls else ()))]
        if "--port" not in args and "--host" not in args:
            args = ["--port", "0", *args]
        self.expect_exit = expect_exit
        self.dir = tempfile.mkdtemp(prefix="gimlet-e2e-")
        self.err_path, self.out_path = Path(self.dir, "stderr"), Path(self.dir, "stdout")
        with open(self.err_path, "wb") as err, open(self.out_path, "wb") as out:
            self.process = subprocess.Popen([*wrap, *LAYOUT, program, *args], stdout=out, stderr=err,
                                            stdin=subprocess.DEVNULL, cwd=cwd or self.dir,
                                            env=child_env(**(env or {})), pass_fds=fds)
        self.pid = self.process.pid
        self.ended = False
        self.url = self.wait_for_start()
        self.unix = self.url[5:] if self.url.startswith("unix:") else None
        self.port = None if self.unix else int(self.url.rsplit(":", 1)[1])

    def wait_for_start(self):
        end = time.monotonic() + 10 * SLOW
        while time.monotonic() < end:
            found = START_LINE.search(self.stderr())
            if found and "\n" in self.stderr()[found.end():]:
                return found.group(1)
            if self.process.poll() is not None:
                break
            time.sleep(0.005)
        self.process.kill()
        self.process.wait()
        said = self.stderr()
        shutil.rmtree(self.dir, ignore_errors=True)
        raise AssertionError(f"no start line; status {self.process.returncode}:\n{said}")

    def stderr(self):
        return self.err_path.read_text(errors="replace")

    def stdout(self):
        return self.out_path.read_text(errors="replace")

    def connect(self, **more):
        return Client(self, **more)

    def call(self, method, target, body=None, headers=None):
        """One request on a connection of its own."""
        with self.connect() as c:
            return c.call(method, target, body, headers)

    # -- what the kernel knows about it

    def status(self, field):
        found = re.search(rf"^{field}:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text(), re.M)
        return int(found.group(1))

    def rss(self):
        return self.status("VmRSS") * 1024

    def peak(self):
        return self.status("VmHWM") * 1024

    def reset_peak(self):
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def fds(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # -- its end

    def kill(self):
        """As a power cut would, as far as this process can tell."""
        self.process.kill()
        self.process.wait()
        self.finish(None)

    def signal(self, number=signal.SIGTERM):
        os.kill(self.pid, number)

    def wait(self, timeout=15 * SLOW):
        """Its exit code, once it ended by itself or by an earlier signal."""
        code = self.process.wait(timeout)
        self.finish(code)
        return code

    def stop(self):
        if self.ended:
            return
        if self.process.poll() is None:
            self.signal()
        try:
            code = self.process.wait(15 * SLOW)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.finish(None)
            raise AssertionError(f"SIGTERM did not end the server:\n{self.stderr()}") from None
        self.finish(code)
        assert code == self.expect_exit, f"exit code {code}:\n{self.stderr()}"

    def finish(self, code):
        """Its last words are read, its directory goes."""
        if self.ended:
            return
        self.ended = True
        words = self.stderr()
        self.err_path = Path(os.devnull)
        self.last_words = words
        shutil.rmtree(self.dir, ignore_errors=True)
        assert not REPORT.search(words), words

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()


@pytest.fixture
def serve():
    """serve(flag, ...) starts servers that end with the test."""
    yield from servers()


@pytest.fixture(scope="module")
def serve_module():
    yield from servers()


def servers():
    started = []

    def start(*args, program=POSTS, **more):
        if (BUILD / "tests") in Path(program).parents and not Path(program).exists():
            pytest.skip(f"{program} is built with the unit tests, which releases are not")
        started.append(Server(*args, program=program, **more))
        return started[-1]

    yield start
    failures = []
    for server in started:
        try:
            server.stop()
        except AssertionError as e:
            failures.append(str(e))
    assert not failures, "\n".join(failures)


@pytest.fixture(scope="module")
def memory(serve_module):
    """A server with the memory store for tests that leave no trace."""
    return serve_module("--store", "memory:", "--workers", 1)


# ---- the client ---------------------------------------------------------------------------------

class Reply:
    def __init__(self, status, headers, body):
        self.status, self.fields, self.body = status, headers, body
        self.headers = {}
        for name, value in headers:
            name = name.lower()
            assert name not in self.headers, f"{name} is there twice"
            self.headers[name] = value

    def json(self):
        return json.loads(self.body)

    def problem(self):
        """The body as a problem, which every error of 4xx and 5xx must be."""
        assert self.headers["content-type"] == "application/problem+json", self
        problem = self.json()
        assert problem["status"] == self.status and problem["title"] and problem["type"]
        return problem

    @property
    def closes(self):
        return self.headers.get("connection", "").lower() == "close"

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:300]!r}"


class Closed(Exception):
    """The server ended the connection where a reply was awaited."""


class Client:
    """One connection. Reads replies exactly: a byte too many or too few is an error."""

    def __init__(self, server, timeout=5 * SLOW, rcvbuf=None):
        family = socket.AF_UNIX if server.unix else socket.AF_INET
        self.sock = socket.socket(family)
        if rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.sock.settimeout(timeout)
        self.sock.connect(server.unix or ("127.0.0.1", server.port))
        if not server.unix:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if server.tls:
            self.sock = server.tls.client.wrap_socket(self.sock, server_hostname="localhost")
        self.rest = b""

    def send(self, data):
        if isinstance(data, str):
            data = data.encode("latin-1")
        self.sock.sendall(data)

    def send_slowly(self, data, piece=1, pause=0.0):
        """In pieces, each its own segment. Stops without a word when the server hung up."""
        if isinstance(data, str):
            data = data.encode("latin-1")
        for at in range(0, len(data), piece):
            try:
                self.sock.sendall(data[at:at + piece])
            except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                return
            time.sleep(pause)

    def more(self):
        piece = self.sock.recv(1 << 18)
        if not piece:
            raise Closed(f"after {self.rest!r}")
        self.rest += piece

    def read(self, method="GET"):
        """The next reply (a 100 is one, too)."""
        while b"\r\n\r\n" not in self.rest:
            self.more()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        assert "\n" not in "".join(lines) and "\r" not in "".join(lines), head
        found = re.fullmatch(r"HTTP/1\.1 (\d{3}) [ -~]+", lines[0])
        assert found, head
        status = int(found.group(1))
        headers = []
        for line in lines[1:]:
            named = re.fullmatch(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+): (.*)", line)
            assert named, head
            headers.append(named.groups())
        reply = Reply(status, headers, b"")
        if status < 200 or status == 204:
            assert "content-length" not in reply.headers, head
            return reply
        assert "date" in reply.headers, head
        if status == 304:
            return reply
        length = int(reply.headers["content-length"])
        if method == "HEAD":
            return reply
        while len(self.rest) < length:
            self.more()
        reply.body, self.rest = self.rest[:length], self.rest[length:]
        return reply

    def call(self, method, target, body=None, headers=None):
        self.send(request(method, target, body, headers))
        return self.read(method)

    def at_end(self, timeout=None):
        """Whether the server has nothing more to say and ends the connection. A reset counts."""
        if self.rest:
            return False
        if timeout is not None:
            self.sock.settimeout(timeout)
        try:
            self.rest = self.sock.recv(65536)
        except ConnectionResetError:
            return True
        except socket.timeout:
            return False
        return not self.rest

    def works(self):
        """Whether the connection still takes a request."""
        return self.call("GET", "/livez").status == 200

    def end(self):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the server has reset it

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def request(method, target, body=None, headers=None):
    """The bytes of a well-formed request. A body that is not bytes is sent as JSON."""
    lines = [f"{method} {target} HTTP/1.1", "Host: test"]
    if body is not None:
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        lines.append(f"Content-Length: {len(body)}")
    if headers is not None and not isinstance(headers, (list, tuple)):
        headers = list(headers.items())
    lines += [f"{name}: {value}" for name, value in headers or []]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


def chunked(*pieces):
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


def until(condition, timeout=5.0, pause=0.02):
    """Waits for a condition; its last value."""
    end = time.monotonic() + timeout * SLOW
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(pause)
