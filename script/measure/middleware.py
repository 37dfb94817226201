#!/usr/bin/env python3
"""script/measure/middleware.py [PROGRAM]: instructions that each middleware costs a request.

PROGRAM is tests/bench_middleware of a release build; left out, it is built in build/measure. It is
started twice for each row under valgrind --tool=callgrind, with few requests and with many; the difference, divided, is what one takes
in user space. The row's cost is that less a request with the same fields to a route without the
middleware. Exact to a few instructions and the same on a busy machine; system calls are not counted.
docs/internals/middleware.md has the table and what it does not say."""
import argparse
import base64
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

FEW, MANY = 100, 1100
BASIC = "Authorization: Basic " + base64.b64encode(b"ada:lovelace").decode() + "\r\n"
GZIP = "Accept-Encoding: gzip, deflate, br, zstd\r\n"
TRACE = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"
SIGNED = "the session cookie"  # asked for first
ROWS = [  # what, path, fields, path without it
    ("a request with nothing", "/plain", "", None),
    ("request id", "/request_id", "", "/plain"),
    ("basic", "/basic", BASIC, "/plain"),
    ("bearer", "/bearer", "Authorization: Bearer let-me-in-0123456789\r\n", "/plain"),
    ("CORS, a simple request", "/cors", "Origin: https://app.example\r\n", "/plain"),
    ("CORS, no Origin", "/cors", "", "/plain"),
    ("security headers (four)", "/security", "", "/plain"),
    ("rate limit by address", "/limit", "", "/plain"),
    ("the same, quiet", "/quiet", "", "/plain"),
    ("the same behind a proxy", "/proxies", "X-Forwarded-For: 192.0.2.1, 10.1.2.3\r\n", "/plain"),
    ("cookie read", "/read_cookie", "Cookie: a=1; b=2; theme=dark\r\n", "/plain"),
    ("cookie set", "/set_cookie", "", "/plain"),
    ("signed cookie set", "/set_signed", "", "/plain"),
    ("signed cookie read", "/read_signed", SIGNED, "/plain"),
    ("trace, begun here", "/trace", "", "/plain"),
    ("trace, continued", "/trace", TRACE, "/plain"),
    ("gzip of 5.8 KB", "/gzip", GZIP, "/list"),
    ("zstd of 5.8 KB", "/zstd", GZIP, "/list"),
    ("metrics", "/plain", "", "/plain"),
]


class Client:
    def __init__(self, port):
        for _ in range(300):
            try:
                self.socket = socket.create_connection(("127.0.0.1", port))
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("middleware: the server does not listen")

    def get(self, path, fields):
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n".encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(65536)
        head, body = answer.split(b"\r\n\r\n", 1)
        left = int(re.search(rb"(?i)content-length: (\d+)", head)[1]) - len(body)
        while left:
            left -= len(self.socket.recv(left))
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"middleware: {path}: {head.decode()}")
        return head.decode()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def instructions(program, path, fields, requests, metrics):
    """Of the whole process."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        server = subprocess.Popen(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program, "--port", str(port),
             "--workers", "1", "--access-log", "off"],
            env={**os.environ, **({"BENCH_METRICS": "1"} if metrics else {})},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            client = Client(port)
            if fields == SIGNED:
                cookie = re.search("Set-Cookie: ([^;]*)", client.get("/set_signed", ""))[1]
                fields = f"Cookie: {cookie}\r\n"
            for _ in range(requests):
                client.get(path, fields)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
        return int(re.search(r"^(?:summary|totals): (\d+)", open(out).read(), re.M)[1])


def per_request(program, path, fields, metrics=False):
    few, many = (instructions(program, path, fields, n, metrics) for n in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def build():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
    folder = os.path.join(root, "build/measure")
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        subprocess.run(["meson", "setup", folder, root, "--buildtype=release"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", folder, "tests/bench_middleware"], check=True, stdout=subprocess.DEVNULL)
    return os.path.join(folder, "tests/bench_middleware")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?")
    program = parser.parse_args().program or build()
    if not shutil.which("valgrind"):
        raise SystemExit("middleware: valgrind is missing; apt-get install valgrind")
    without = {}
    print("| what | instructions a request |\n|---|---|")
    for what, path, fields, base in ROWS:
        cost = per_request(program, path, fields, what == "metrics")
        if base:
            if (base, fields) not in without:
                without[base, fields] = per_request(program, base, fields)
            cost -= without[base, fields]
        print(f"| {what} | {cost:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
