#!/usr/bin/env python3
"""A service of posts with faults to choose, for the tests of proof compare. A thread a connection, nothing
but the standard library, and few imports: it is started hundreds of times."""
import argparse
import os
import signal
import socket
import sys
import threading
import time

POST = ('{"id":"%d","title":"A first post","body":"kept","created_at":"2026-11-24T17:23:01.566152Z",'
        '"updated_at":"2026-11-24T17:23:01.566152Z"}')


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--delay", type=float, default=0, help="milliseconds before each answer")
    p.add_argument("--slow-first", type=float, default=0, help="milliseconds more before the first answer")
    p.add_argument("--slow-start", type=float, default=0, help="milliseconds before it listens")
    p.add_argument("--status", type=int, default=201, help="of a POST")
    p.add_argument("--leak", type=int, default=0, help="bytes kept for each request")
    p.add_argument("--lenient", action="store_true", help="takes what the contract wants refused")
    p.add_argument("--die-on-start", type=int, default=0, help="dies in its n-th life; needs --record")
    p.add_argument("--die-after", type=int, default=0, help="requests before it does")
    p.add_argument("--stubborn", action="store_true", help="does not hear SIGTERM")
    p.add_argument("--grandchild", help="a child with this word in its command line, in a session of its own")
    p.add_argument("--data", help="where it leaves a file")
    p.add_argument("--record", help="a file that gets a line at start, and one with the requests at the end")
    p.add_argument("--name", default="fake", help="in those lines")
    return p.parse_args()


class Fake:
    def __init__(self, o):
        self.o, self.requests, self.posts, self.kept = o, 0, 0, []
        self.lock, self.life = threading.Lock(), 0

    def record(self, what):
        if self.o.record:
            with open(self.o.record, "a") as f:
                f.write(f"{self.o.name} {what} {os.getpid()} {self.requests} {self.o.data or '-'}\n")

    def count_lives(self):
        if self.o.record and os.path.exists(self.o.record):
            with open(self.o.record) as f:
                return sum(line.startswith(f"{self.o.name} start ") for line in f)
        return 0

    def note_request(self):
        with self.lock:
            self.requests += 1
            n = self.requests
            if self.o.leak:
                self.kept.append(b"x" * self.o.leak)
        if self.life and self.life == self.o.die_on_start and n > self.o.die_after:
            print("fake: this is the end", flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        wait = self.o.delay + (self.o.slow_first if n == 1 else 0)
        if wait:
            time.sleep(wait / 1000)

    def answer(self, method, path, body):
        """(status, body, more header lines)"""
        if method == b"POST":
            if b'"title"' not in body and not self.o.lenient:
                return 422, '{"title":"a title is missing"}', ""
            with self.lock:
                self.posts += 1
                n = self.posts
            return self.o.status, POST % n, f"Location: /posts/{n}\r\n"
        if path.startswith(b"/posts/"):
            n = path[7:]
            known = n.isdigit() and int(n) <= self.posts
            return (200, POST % int(n), "") if known else (404, '{"title":"no such post"}', "")
        if path.partition(b"?")[0] == b"/posts":
            return 200, '{"items":[%s],"next":null}' % (POST % 1), ""
        return 404, '{"title":"nothing here"}', ""

    def serve(self, s):
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        have = b""
        while True:
            while b"\r\n\r\n" not in have:
                more = s.recv(65536)
                if not more:
                    return
                have += more
            head, _, have = have.partition(b"\r\n\r\n")
            lines = head.split(b"\r\n")
            length = 0
            for line in lines[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            while len(have) < length:
                more = s.recv(65536)
                if not more:
                    return
                have += more
            body, have = have[:length], have[length:]
            method, path, _ = lines[0].split(b" ", 2)
            self.note_request()
            status, text, more_head = self.answer(method, path, body)
            s.sendall((f"HTTP/1.1 {status} Fine\r\nContent-Type: application/json\r\n{more_head}"
                       f"Content-Length: {len(text)}\r\n\r\n{text}").encode())

    def serve_quietly(self, s):
        try:
            with s:
                self.serve(s)
        except OSError:
            pass

    def stop(self, number, frame):
        self.record("stop")
        os._exit(0)

    def run(self):
        o = self.o
        signal.signal(signal.SIGTERM, signal.SIG_IGN if o.stubborn else self.stop)
        self.life = self.count_lives() + 1
        if o.data:
            with open(os.path.join(o.data, "posts.db"), "x") as f:  # "x": fails where one was left over
                f.write("posts")
        self.record("start")
        if o.grandchild:
            import subprocess
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", o.grandchild],
                             start_new_session=True)
        time.sleep(o.slow_start / 1000)
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", o.port))
            listener.listen(128)
            while True:
                s, _ = listener.accept()
                threading.Thread(target=self.serve_quietly, args=(s,), daemon=True).start()


if __name__ == "__main__":
    Fake(options()).run()
