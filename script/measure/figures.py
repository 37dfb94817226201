"""The experiments. Each runs in rounds, with a fresh process per server and round and the order
turned from round to round, and records one value per figure, server and round."""
import os
import shutil
import signal
import time

from . import client, host, loaders
from .server import Server

CONNECTIONS = 64
DURABLE = (1, 10, 64, 256)
FILLED = 200_000
HELD = 10_000
STARTS = 7


def post_of(length):
    """A post whose JSON text has this many bytes: the budget per stored post speaks of 150."""
    frame = b'{"title":"A post to be kept","body":"%s","author":"bench"}'
    return frame % (b"x" * (length - len(frame) + 2))


def turned(items, by):
    items = list(items)
    by %= len(items)
    return items[by:] + items[:by]


class Bench:
    def __init__(self, options, cpus):
        self.o = options
        self.server_cpu, self.client_cpu = cpus
        self.data = os.path.abspath(options.dir)
        shutil.rmtree(self.data, ignore_errors=True)
        os.makedirs(self.data)
        self.body_file = options.body_file
        self.body = open(self.body_file, "rb").read()
        self.request = client.post_request(self.body)
        self.wrk = client.Wrk(self.client_cpu, self.body_file)
        self.values = {}
        self.notes = []
        self.answer_bytes = 0

    def close(self):
        self.wrk.close()
        shutil.rmtree(self.data, ignore_errors=True)

    def record(self, figure, server, value):
        self.values.setdefault((figure, server), []).append(value)

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    # -- servers ------------------------------------------------------------------------------

    def argv(self, kind, store=None):
        if kind == "null":
            return [self.o.null, "--port", "{port}", "--bytes", str(self.answer_bytes or 400)]
        store = "memory:" if kind == "memory" else f"sqlite:{store}"
        return [self.o.posts, "--store", store, "--host", "127.0.0.1", "--port", "{port}",
                "--workers", "1", "--access-log", "off"]

    def start(self, kind, keep=False):
        """A fresh process; SQLite with a fresh file unless `keep`."""
        base = os.path.join(self.data, "posts.db")
        if kind == "sqlite" and not keep:
            for end in ("", "-wal", "-shm", ".lock"):
                if os.path.exists(base + end):
                    os.unlink(base + end)
        return Server(self.argv(kind, base), self.server_cpu, os.path.join(self.data, kind + ".log"))

    def good(self, what, got):
        """One wrk run's figures; errors are told, they void what is printed."""
        if got["errors"]:
            self.note(f"{what}: {got['errors']} errors of {got['requests']} requests, figures are void")
        return got

    # -- experiments --------------------------------------------------------------------------

    def match_null(self):
        """Null must answer with exactly as many bytes as posts, or it flatters one of them."""
        def size(kind):
            with self.start(kind) as s:
                with s.connect() as c:
                    raw = len(client.call(c, self.request))
                return raw, client.curl_bytes(s.port, self.body_file)
        posts = size("memory")
        self.answer_bytes = posts[0]
        null = size("null")
        if posts != null:
            raise SystemExit(f"bench: posts answers with {posts} bytes (raw, curl -i), null with {null}; "
                             "the comparison would not be fair")

    def memory(self, r):
        """CPU, rate and latency of POST against the memory store and null; hey's published command."""
        for kind in turned(("null", "memory"), r):
            with self.start(kind) as s:
                s.ready()
                rate, statuses = client.hey(self.client_cpu, s.port, self.body_file)
                self.record("hey.rate", kind, rate)
                if statuses not in ({201: 200}, {200: 200}):
                    self.note(f"hey against {kind}: statuses {statuses}, not 200 times 201")
                self.wrk.run(s, CONNECTIONS, 1)
                got = self.good(f"{kind} c={CONNECTIONS}",
                                self.wrk.run(s, CONNECTIONS, self.o.seconds))
            for key in ("cpu_us", "rate", "p50_us", "p99_us", "busy", "client_cpu_us"):
                self.record("post." + key, kind, got[key])

    def durable(self, r):
        """Acknowledged-after-COMMIT posts at several widths, then reads by id."""
        with self.start("sqlite") as s:
            s.ready()
            rate, statuses = client.hey(self.client_cpu, s.port, self.body_file)
            self.record("hey.rate", "sqlite", rate)
            if statuses != {201: 200}:
                self.note(f"hey against sqlite: statuses {statuses}, not 200 times 201")
            self.wrk.run(s, CONNECTIONS, 1)
            for c in turned(DURABLE, r):
                got = self.good(f"sqlite c={c}", self.wrk.run(s, c, self.o.seconds))
                for key in ("rate", "p50_us", "p99_us", "cpu_us"):
                    self.record(f"durable{c}.{key}", "sqlite", got[key])
            with s.connect() as one:
                head = client.call(one, self.request).split(b"\r\n\r\n")[0].decode()
            path = next(line.split(":", 1)[1].strip() for line in head.split("\r\n")
                        if line.lower().startswith("location:"))
            path = "/" + path.split("://", 1)[-1].split("/", 1)[1] if "://" in path else path
            got = self.good("GET by id", self.wrk.run(s, CONNECTIONS, self.o.seconds, "GET", path))
            for key in ("rate", "p50_us", "p99_us", "cpu_us"):
                self.record(f"get.{key}", "sqlite", got[key])

    def startup(self, r):
        """exec to the first good answer. An SQLite file is met twice: absent, and as it was left."""
        for _ in range(STARTS):
            for kind, keep, name in turned((("null", False, "null"), ("memory", False, "memory"),
                                            ("sqlite", False, "new file"),
                                            ("sqlite", True, "sqlite")), r):
                if keep and not os.path.exists(os.path.join(self.data, "posts.db")):
                    self.start(kind).ready().stop()
                with self.start(kind, keep) as s:
                    with s.connect() as c:
                        client.call(c, self.request)
                        took = time.perf_counter_ns() - s.started
                self.record("start.ms", name, took / 1e6)

    def space(self, r):
        """Memory at start, after one call, after 200,000 posts."""
        for kind in turned(("null", "memory", "sqlite"), r):
            with self.start(kind) as s:
                s.ready()
                self.record_memory("at_start", kind, s)
                with s.connect() as c:
                    client.call(c, self.request)
                first = self.record_memory("after_first", kind, s)
                if kind == "null":
                    continue
                client.fill(s, client.post_request(post_of(150)), self.o.filled)
                time.sleep(0.2)
                filled = self.record_memory("after_fill", kind, s)
                self.record("space.per_post", kind, (filled["rss"] - first["rss"]) / self.o.filled)

    def record_memory(self, when, kind, s):
        now = s.memory()
        for key in ("rss", "pss", "private"):
            self.record(f"{when}.{key}", kind, now[key])
        return now

    def idle(self, r):
        """Memory for connections that made one request and then stay open."""
        for kind in turned(("null", "memory"), r):
            with self.start(kind) as s:
                s.ready()
                with s.connect() as c:
                    client.call(c, self.request)
                before = s.memory()["rss"]
                request = self.request if kind == "null" else client.get_request("/livez")
                held = client.Idle(self.client_cpu, s.port, self.o.held, request)
                self.record("idle.rss", kind, s.memory()["rss"])
                self.record("idle.per_connection", kind, (s.memory()["rss"] - before) / self.o.held)
                held.close()
                time.sleep(2)  # memory goes back once a crowd has been gone for a second
                self.record("idle.rss_after", kind, s.memory()["rss"])

    def load(self, r):
        """proof load, wrk and hey against one null: CPU of the client per request, and the rate."""
        with self.start("null") as s:
            s.ready()
            self.wrk.run(s, CONNECTIONS, 1)
            for c in loaders.WIDTHS:
                for tool in turned(loaders.TOOLS, r):
                    got = self.good(f"{tool} c={c}", loaders.run(tool, self, s, c, self.o.seconds))
                    self.record(f"load{c}.cpu_us", tool, got["client_cpu_us"])
                    self.record(f"load{c}.rate", tool, got["rate"])

    def load_peak(self):
        """Peak memory of proof load over ten million requests (a tenth with --quick)."""
        count = loaders.MANY // 10 if self.o.quick else loaders.MANY
        if self.o.quick:
            self.note(f"the peak memory of proof load is of {count:,} requests")
        with self.start("null") as s:
            s.ready()
            self.record("load.peak", "proof", loaders.peak_of(self, s, count))

    def syscalls(self, _):
        """System calls per request, as strace counts them."""
        for kind in ("null", "memory", "sqlite"):
            for c in (1, CONNECTIONS):
                with self.start(kind) as s:
                    s.ready()
                    self.wrk.run(s, c, 1)
                    log = os.path.join(self.data, "strace")
                    counts, got = client.strace_counts(s, lambda: self.wrk.run(s, c, 2), log)
                self.record(f"calls{c}.requests", kind, got["requests"])
                for name, calls in counts.items():
                    self.record(f"calls{c}.{name}", kind, calls / got["requests"])

    def run(self, say):
        """Everything that was asked for, in interleaved rounds; strace once, it measures no time."""
        say("comparing answers: posts and null must be of one size")
        self.match_null()
        say(f"answers have {self.answer_bytes} bytes")
        if "durable" in self.o.only:
            kind = host.file_system(self.data)
            if kind in host.VOLATILE:
                self.note(f"{self.data} is {kind}: durable figures refused, choose a disk with --dir")
                self.o.only.remove("durable")
            else:
                self.record("disk.fdatasync_us", "disk", host.fdatasync_us(self.data))
        experiments = {"memory": self.memory, "durable": self.durable, "start": self.startup,
                       "space": self.space, "idle": self.idle, "load": self.load}
        for r in range(self.o.rounds):
            for name, experiment in experiments.items():
                if name in self.o.only:
                    say(f"round {r + 1} of {self.o.rounds}: {name}")
                    experiment(r)
        if "load" in self.o.only:
            say("peak memory of proof load")
            self.load_peak()
        if "syscalls" in self.o.only:
            say("system calls")
            self.syscalls(0)


def stop_signal(*_):
    raise SystemExit("bench: stopped")


signal.signal(signal.SIGTERM, stop_signal)
