"""Everything at once, for a few seconds: several workers, writes that wait for the disk, a handler
deadline that strikes among them, clients that pipeline, trickle, stop in the middle and reset, and a
stop while all of that goes on.

What must hold: every reply on a connection belongs to the request in its place, whole requests
before a FIN are all answered, and the server ends by itself. Built with a sanitizer, which is what
this test is for, it must have nothing to report.
"""
import random
import socket
import threading
import time

import pytest

from conftest import SLOW, Closed, chunked, request

SECONDS = 2
CLIENTS = 12
GONE = (Closed, ConnectionError, socket.timeout)  # how a connection may end that we have ill-treated


class Load:
    def __init__(self, server, seed):
        self.server, self.random = server, random.Random(seed)
        self.count = 0

    # -- what is sent

    def post(self):
        """A request and what its reply may be: (bytes, method, check)."""
        self.count += 1
        title = f"{id(self)}-{self.count}"
        body = {"title": title, "body": "x" * self.random.choice((1, 10, 100, 100, 5000) * 6 + (60000,))}

        def check(reply):
            assert reply.status in (201, 503, 507), reply
            if reply.status == 201:
                assert reply.json()["title"] == title
        return request("POST", "/posts", body), "POST", check

    def post_in_chunks(self):
        self.count += 1
        title = f"{id(self)}-{self.count}"
        head = request("POST", "/posts", headers={"Transfer-Encoding": "chunked"})

        def check(reply):
            assert reply.status in (201, 503), reply
            if reply.status == 201:
                assert reply.json()["title"] == title
        return head + chunked(b'{"title":', f'"{title}","body":"b"}}'.encode()), "POST", check

    def change(self):
        method = self.random.choice(("PUT", "PATCH", "DELETE"))
        path = self.server.paths[self.random.randrange(len(self.server.paths))]
        body = None if method == "DELETE" else {"title": "changed", "body": "b"}

        def check(reply):
            assert reply.status in (200, 204, 404, 409, 503), reply
        return request(method, path, body), method, check

    def page(self):
        def check(reply):
            assert reply.status in (200, 503), reply
        return request("GET", f"/posts?limit={self.random.choice((1, 1, 10, 100))}"), "GET", check

    def refused_early(self):
        def check(reply):
            assert reply.status == 404, reply
        return request("POST", "/nowhere", b"x" * 3000), "POST", check

    def some(self, n):
        kinds = (self.post, self.post, self.post_in_chunks, self.change, self.page,
                 self.refused_early)
        return [self.random.choice(kinds)() for _ in range(n)]

    # -- how

    def pipeline(self, c):
        requests = self.some(self.random.randint(1, 12))
        c.send(b"".join(r[0] for r in requests))
        for _, method, check in requests:
            check(c.read(method))

    def pipeline_and_fin(self, c):
        """The FIN may find requests waiting behind answers that nobody takes yet."""
        requests = [self.page(), *self.some(self.random.randint(1, 6))]
        data = b"".join(r[0] for r in requests)
        cut = self.random.randrange(len(requests[0][0]), len(data))
        c.send(data[:cut])
        time.sleep(0.01)
        c.send(data[cut:])
        c.end()
        time.sleep(self.random.choice((0, 0.02)))
        for _, method, check in requests:
            check(c.read(method))
        assert c.at_end()

    def pipeline_and_reset(self, c):
        c.send(b"".join(r[0] for r in self.some(self.random.randint(1, 12))))
        if self.random.random() < 0.7:
            time.sleep(self.random.random() * 0.02)
        c.reset()

    def half(self, c):
        data = b"".join(r[0] for r in self.some(2))
        c.send(data[:self.random.randrange(1, len(data))])
        if self.random.random() < 0.5:
            c.reset()
        else:
            c.close()

    def trickle(self, c):
        data, method, check = self.post_in_chunks()
        c.send_slowly(data, piece=self.random.randint(1, 40), pause=0.0005)
        check(c.read(method))

    def take_slowly(self, c):
        requests = [self.page() for _ in range(4)]
        c.send(b"".join(r[0] for r in requests))
        for _, method, check in requests:
            time.sleep(0.02)
            check(c.read(method))

    def run(self, end, errors):
        ways = (self.pipeline, self.pipeline, self.pipeline_and_fin, self.pipeline_and_reset,
                self.half, self.trickle, self.take_slowly)
        while time.monotonic() < end and not errors:
            way = self.random.choice(ways)
            try:
                with self.server.connect(rcvbuf=self.random.choice((None, None, 4096))) as c:
                    way(c)
            except GONE as e:
                if not self.server.stopping:
                    errors.append(f"{way.__name__}: {e!r}")
            except AssertionError as e:
                errors.append(f"{way.__name__}: {e}")


def posts_to_change(server):
    with server.connect() as c:
        replies = [c.call("POST", "/posts", {"title": "t", "body": "b"}) for _ in range(20)]
    return [r.headers["location"] for r in replies if r.status == 201]


@pytest.mark.parametrize("options", [
    ["--store", "sqlite:posts.db"],
    ["--store", "sqlite:posts.db", "--handler-timeout", "1ms", "--access-log", "all"],
    ["--store", "memory:"],
], ids=["sqlite", "deadlines", "memory"])
def test_all_at_once(serve, options):
    server = serve(*options, "--workers", 3, "--stop-timeout", "300ms")
    server.paths, server.stopping = posts_to_change(server), False
    errors, end = [], time.monotonic() + SECONDS
    loads = [threading.Thread(target=Load(server, seed).run, args=(end, errors))
             for seed in range(CLIENTS)]
    for load in loads:
        load.start()
    time.sleep(SECONDS - 0.4)
    server.stopping = True
    server.signal()
    for load in loads:
        load.join(30 * SLOW)
    assert not errors, errors[:3]
    assert server.wait() == 0
