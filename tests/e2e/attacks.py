"""What hostile clients do, each from one thread with many sockets: for test_abuse.py and script/abuse.

    python3 attacks.py KIND PORT SECONDS N [ADDRESS]

runs one until SECONDS have passed or stdin ends, says "ready" when all that it holds is held, and at
the end a line of JSON: connections opened, connections that the server ended, and for how long it had
borne them (seconds: shortest, longest). The pace is set, not what a CPU allows: a connection's bytes are 50 ms
apart, not all connections' in the same instant, new ones are opened a few at a time, and resets come at
RESETS a second.
"""
import errno
import json
import select
import selectors
import socket
import struct
import sys
import time

HEAD = b"POST /posts HTTP/1.1\r\nHost: abuse\r\nContent-Type: application/json\r\nX-Pad: " + b"a" * 4000
BODY = b"POST /posts HTTP/1.1\r\nHost: abuse\r\nContent-Length: 100000\r\n\r\n{\"title\":\""
LISTS = b"GET /posts?limit=100 HTTP/1.1\r\nHost: abuse\r\n\r\n" * 50
ONE = b"GET /livez HTTP/1.1\r\nHost: abuse\r\n\r\n"

# What a connection sends at once, what it adds byte by byte, and whether it reads.
KINDS = {
    "silent": (b"", b"", True),
    "slow-heads": (HEAD[:20], HEAD[20:], True),
    "slow-bodies": (BODY, b"x" * 90000, True),
    "slow-readers": (LISTS, b"", False),
    "idle": (ONE, b"", True),
}
TRICKLE = 0.05  # seconds between the bytes of one connection
SLICES = 10     # a tenth of the connections at a time: a crowd's bytes do not come in the same instant
RESETS = 5000   # a second
REOPENED = 5    # of those that the server ended, in one round of at most TRICKLE
RESET = struct.pack("ii", 1, 0)


class Crowd:
    """N connections of one kind; one that the server ends is opened again."""

    def __init__(self, kind, port, n, address, reopen=True):
        self.first, self.slow, self.reads = KINDS[kind]
        self.kind, self.port, self.n, self.address, self.reopen = kind, port, n, address, reopen
        self.selector = selectors.DefaultSelector()
        self.open, self.opened, self.ended, self.failed = {}, 0, 0, 0
        self.shortest, self.longest = None, 0.0

    def connect(self):
        s = socket.socket()
        try:
            if not self.reads:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            if self.address:
                s.bind((self.address, 0))
            s.connect(("127.0.0.1", self.port))
            s.setblocking(False)
            if self.first:
                s.send(self.first)
        except OSError:
            self.failed += 1
            s.close()
            return False
        self.open[s] = [time.monotonic(), 0]
        self.opened += 1
        if self.reads:
            self.selector.register(s, selectors.EVENT_READ)
        return True

    def drop(self, s, by_server):
        began = self.open.pop(s)[0]
        if by_server:
            held = time.monotonic() - began
            self.ended += 1
            self.longest = max(self.longest, held)
            self.shortest = held if self.shortest is None else min(self.shortest, held)
        if self.reads:
            self.selector.unregister(s)
        s.close()

    def read(self, timeout):
        for key, _ in self.selector.select(timeout):
            try:
                gone = not key.fileobj.recv(65536)
            except BlockingIOError:
                continue
            except OSError:
                gone = True
            if gone:
                self.drop(key.fileobj, True)

    def add(self, turn):
        """A byte more on each of a slice. A connection whose bytes are used up says nothing more."""
        for s in list(self.open)[turn % SLICES::SLICES]:
            at = self.open[s][1]
            if at >= len(self.slow):
                continue
            try:
                s.send(self.slow[at:at + 1])
                self.open[s][1] += 1
            except BlockingIOError:
                pass
            except OSError:
                self.drop(s, True)

    def look(self):
        """Who does not read hears of the end from the kernel."""
        poll = select.poll()
        by_fd = {s.fileno(): s for s in self.open}
        for fd in by_fd:
            poll.register(fd, 0)
        for fd, events in poll.poll(0):
            if events & (select.POLLERR | select.POLLHUP):
                self.drop(by_fd[fd], True)

    def run(self, until, ready=lambda: None, left=lambda: False):
        while len(self.open) < self.n and self.opened < 2 * self.n and time.monotonic() < until:  # some are cut at once
            if not self.connect():
                time.sleep(0.001)
            if self.opened % 100 == 0:
                self.read(0)
        ready()
        turn = 0
        while time.monotonic() < until and not left():
            if self.slow:
                time.sleep(TRICKLE / SLICES)
                self.read(0)
                self.add(turn)
                turn += 1
            elif self.reads:
                self.read(TRICKLE)
            else:
                time.sleep(TRICKLE)
                self.look()
            for _ in range(min(self.n - len(self.open), REOPENED) if self.reopen else 0):
                if not self.connect():
                    break

    def close(self):
        for s in list(self.open):
            self.drop(s, False)

    def result(self):
        return {"opened": self.opened, "ended": self.ended, "failed": self.failed,
                "held": [self.shortest or 0, self.longest]}


def left():
    """Has whoever started us closed our stdin?"""
    return bool(select.select([sys.stdin], [], [], 0)[0])


def resets(port, n, until, address=None):
    """Connects and resets at once, every other time with a request on the way."""
    done = failed = 0
    began = time.monotonic()
    while done < n and time.monotonic() < until:
        early = began + done / RESETS - time.monotonic()
        if early > 0:
            time.sleep(early)
        s = socket.socket()
        try:
            if address:
                s.bind((address, 0))
            s.connect(("127.0.0.1", port))
            if done % 2:
                s.send(LISTS[:100])
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            done += 1
        except OSError as e:
            failed += 1
            if e.errno not in (errno.EADDRNOTAVAIL, errno.ECONNREFUSED, errno.ECONNRESET):
                raise
        s.close()
    return {"opened": done, "ended": 0, "failed": failed, "held": [0, 0]}


def main(kind, port, seconds, n, address=None):
    import resource
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    until = time.monotonic() + float(seconds)
    if kind == "resets":
        print("ready", flush=True)
        print(json.dumps(resets(int(port), int(n), until, address)), flush=True)
        return
    crowd = Crowd(kind, int(port), int(n), address)
    crowd.run(until, lambda: print("ready", flush=True), left)
    crowd.close()
    print(json.dumps(crowd.result()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
