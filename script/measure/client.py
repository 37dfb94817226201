"""Clients: a raw exchange, wrk, hey, a pipelining filler and a holder of idle connections."""
import os
import re
import resource
import select
import socket
import subprocess
import sys
import tempfile
import time

WRK_DONE = """
done = function(summary, latency, requests)
    local e = summary.errors
    io.write(string.format("\\nRESULT %d %d %d %d %.0f %.0f %.0f %.0f\\n",
        summary.requests, summary.duration, summary.bytes,
        e.connect + e.read + e.write + e.status + e.timeout,
        latency:percentile(50), latency:percentile(99), latency.max, latency.mean))
end
"""


def post_request(body, path="/posts", host="127.0.0.1"):
    return (f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def get_request(path, host="127.0.0.1"):
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def read_response(s):
    """One response with Content-Length, head and body. None when the peer closed before its end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = s.recv(65536)
        if not more:
            return None
        data += more
    head = data[:data.index(b"\r\n\r\n") + 4]
    length = re.search(rb"(?i)\r\ncontent-length:\s*(\d+)", head)
    whole = len(head) + (int(length.group(1)) if length else 0)
    while len(data) < whole:
        more = s.recv(65536)
        if not more:
            return None
        data += more
    return data


def status_of(response):
    return int(response.split(b" ", 2)[1]) if response else 0


def call(s, request, good=(200, 201)):
    """One exchange on an open connection; anything but success ends the bench."""
    s.sendall(request)
    answer = read_response(s)
    if status_of(answer) not in good:
        raise SystemExit(f"bench: wrong answer: {answer!r}")
    return answer


def curl_bytes(port, body_file):
    """Length of what curl -i shows for one POST."""
    out = subprocess.run(["curl", "-s", "-i", "--data-binary", f"@{body_file}", "-H",
                          "Content-Type: application/json", f"http://127.0.0.1:{port}/posts"],
                         capture_output=True, check=True, timeout=10)
    return len(out.stdout)


class Wrk:
    """wrk on the client's CPU with one thread: POST of a file, or GET of a path."""

    def __init__(self, cpu, body_file):
        self.cpu = cpu
        self.scripts = {}
        for method, lines in (("POST", ['wrk.method = "POST"',
                                        f'local f = io.open("{body_file}", "rb")',
                                        'wrk.body = f:read("*a")', 'f:close()',
                                        'wrk.headers["Content-Type"] = "application/json"']),
                              ("GET", ['wrk.method = "GET"'])):
            f = tempfile.NamedTemporaryFile("w", suffix=".lua", delete=False)
            f.write("\n".join(lines) + WRK_DONE)
            f.close()
            self.scripts[method] = f.name

    def close(self):
        for name in self.scripts.values():
            os.unlink(name)

    def run(self, server, connections, seconds, method="POST", path="/posts"):
        """Requests, rate, latencies in µs, CPU of both sides per request in µs."""
        argv = ["taskset", "-c", str(self.cpu), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s",
                "--timeout", "10s", "-s", self.scripts[method], f"http://127.0.0.1:{server.port}{path}"]
        before, children = server.cpu_ns(), resource.getrusage(resource.RUSAGE_CHILDREN)
        out = subprocess.run(argv, capture_output=True, text=True)
        spent = server.cpu_ns() - before
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        client = after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
        found = re.search(r"^RESULT (.*)$", out.stdout, re.M)
        if not found:
            raise SystemExit(f"bench: wrk failed:\n{out.stdout}{out.stderr}")
        n, us, size, errors, p50, p99, top, mean = map(int, found.group(1).split())
        if not n:
            raise SystemExit(f"bench: wrk got no answer from {server.argv}:\n{out.stdout}")
        return {"requests": n, "rate": n / (us / 1e6), "errors": errors, "bytes": size / n,
                "p50_us": p50, "p99_us": p99, "max_us": top, "mean_us": mean,
                "cpu_us": spent / n / 1000, "client_cpu_us": client * 1e6 / n,
                "busy": spent / (us * 1000)}


def hey(cpu, port, body_file):
    """The published command; requests per second, and the statuses it counted."""
    argv = ["taskset", "-c", str(cpu), "hey", "-n", "200", "-c", "10", "-m", "POST", "-D", body_file,
            f"http://localhost:{port}/posts"]
    out = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    statuses = {int(c): int(n) for c, n in re.findall(r"\[(\d{3})\]\s+(\d+) responses", out)}
    return rate, statuses


class Lane:
    """One connection of a filler: sends `window` requests at once, then waits for as many 201s."""

    MARK = b"HTTP/1.1 201 "

    def __init__(self, server, request, count, window):
        self.s = server.connect()
        self.request, self.left, self.window = request, count, window
        self.due, self.tail = 0, b""
        self.send()

    def send(self):
        self.due = min(self.window, self.left)
        self.left -= self.due
        self.s.sendall(self.request * self.due)

    def read(self):
        """True when this lane has nothing more to do."""
        more = self.s.recv(1 << 18)
        if not more:
            raise SystemExit("bench: the server closed a connection while it was filled")
        self.due -= (self.tail + more).count(self.MARK)
        self.tail = (self.tail + more)[1 - len(self.MARK):]
        if self.due == 0 and self.left:
            self.send()
        return self.due == 0 and not self.left


def fill(server, request, count, lanes=64, window=16):
    """Makes `count` posts over `lanes` connections and has seen a 201 for each."""
    poll = select.poll()
    busy = {}
    for i in range(lanes):
        lane = Lane(server, request, count // lanes + (i < count % lanes), window)
        busy[lane.s.fileno()] = lane
        poll.register(lane.s, select.POLLIN)
    while busy:
        ready = poll.poll(10_000)
        if not ready:
            due = sum(lane.due + lane.left for lane in busy.values())
            raise SystemExit(f"bench: {count - due} of {count} posts got 201, then 10 s of silence")
        for fd, _ in ready:
            if busy[fd].read():
                poll.unregister(fd)
                busy.pop(fd).s.close()


HOLDER = """
import socket, sys
port, count, request = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode().decode("unicode_escape").encode()
held = []
for _ in range(count):
    s = socket.create_connection(("127.0.0.1", port))
    s.sendall(request)
    answer = s.recv(65536)
    assert answer.startswith(b"HTTP/1.1 2"), answer
    held.append(s)
print("held", flush=True)
sys.stdin.read()
"""


class Idle:
    """A child with `count` open connections, each of which made one request."""

    def __init__(self, cpu, port, count, request):
        text = request.decode().replace("\r\n", "\\r\\n")
        self.child = subprocess.Popen(
            ["taskset", "-c", str(cpu), sys.executable, "-c", HOLDER, str(port), str(count), text],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        ready, _, _ = select.select([self.child.stdout], [], [], 60)
        if not ready or not self.child.stdout.readline().startswith(b"held"):
            self.child.kill()
            raise SystemExit("bench: could not open idle connections: "
                             + self.child.stderr.read().decode(errors="replace")[-500:])

    def close(self):
        self.child.stdin.close()
        self.child.wait(60)


def strace_counts(server, run, log):
    """Calls by name that the server makes while `run()` is under way; (counts, what run returned)."""
    tracer = subprocess.Popen(["strace", "-f", "-c", "-o", log, "-p", str(server.pid)],
                              stderr=subprocess.PIPE, text=True)
    line = tracer.stderr.readline()
    if "attached" not in line:
        tracer.kill()
        raise SystemExit(f"bench: strace could not attach: {line.strip()}")
    result = run()
    tracer.send_signal(2)
    tracer.wait(10)
    counts = {}
    for row in open(log):
        parts = row.split()
        if len(parts) >= 5 and re.fullmatch(r"[\d.]+", parts[0]) and parts[-1] != "total":
            counts[parts[-1]] = int(parts[3])
    return counts, result
