"""proof load as the tests see it: the program, what it prints, and servers to hold it against."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from conftest import BUILD, LAYOUT, ROOT, SLOW, child_env, run

PROOF = BUILD / "proof/proof"
SAMPLE = ROOT / "examples/post1.json"
NS = {"us": 1e3, "ms": 1e6, "s": 1e9}


class Done:
    """A run that ended: exit code, both outputs, and the report read."""

    def __init__(self, code, out, err, took):
        self.code, self.out, self.err, self.took = code, out, err, took

    def figure(self, name):
        found = re.search(rf"^  {re.escape(name)}:\t\s*([\d.]+)", self.out, re.M)
        assert found, f"no {name} in\n{self.out}{self.err}"
        return float(found.group(1))

    @property
    def statuses(self):
        return {int(c): int(n) for c, n in re.findall(r"^  \[(\d{3})\]\t(\d+) responses$", self.out, re.M)}

    @property
    def errors(self):
        """[(count, text)] of the error distribution."""
        part = self.out.partition("Error distribution:\n")[2]
        return [(int(n), text) for n, text in re.findall(r"^  \[(\d+)\]\t(.*)$", part, re.M)]

    @property
    def answered(self):
        return sum(self.statuses.values())

    @property
    def failed(self):
        return sum(n for n, _ in self.errors)

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit {self.code} after {self.took:.1f} s\n{self.out}{self.err}"


def load(*args, timeout=20, env=None, **more):
    began = time.monotonic()
    done = run("load", *args, program=PROOF, env=env, timeout=timeout * SLOW, **more)
    return Done(done.returncode, done.stdout, done.stderr, time.monotonic() - began)


def good(*args, **more):
    done = load(*args, **more)
    assert done.code == 0, done
    return done


def hey(*args, timeout=20):
    began = time.monotonic()
    done = subprocess.run(["hey", *map(str, args)], capture_output=True, text=True, timeout=timeout)
    return Done(done.returncode, done.stdout, done.stderr, time.monotonic() - began)


def begin(*args, **more):
    """A run that goes on beside the test."""
    more.setdefault("stdout", subprocess.PIPE)
    more.setdefault("stderr", subprocess.PIPE)
    return subprocess.Popen([*LAYOUT, PROOF, "load", *map(str, args)], stdin=subprocess.DEVNULL, text=True,
                            env=child_env(), **more)


class Url(str):
    """Of a server that is a process of its own."""
    pid: int


@contextlib.contextmanager
def null(*args):
    """proof null on a free port; its URL."""
    server = subprocess.Popen([*LAYOUT, BUILD / "proof/null/proof-null", "--port", "0", *map(str, args)],
                              stdout=subprocess.PIPE, text=True, env=child_env())
    try:
        url = Url(server.stdout.readline().split()[1] + "/")
        url.pid = server.pid
        yield url
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


@contextlib.contextmanager
def nginx(config="location / { return 200 'hello'; }", top=""):
    """Debian's nginx, unprivileged, in a folder of its own; (URL, the folder of its files)."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="gimlet-nginx-") as folder:
        files = Path(folder, "www")
        files.mkdir()
        temps = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        Path(folder, "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; {top}\n"
            f"events {{}}\nhttp {{ access_log off; {temps}\n"
            f"server {{ listen 127.0.0.1:{port}; root {files}; {config} }} }}\n")
        os.chmod(folder, 0o755)  # when the tests run as root, the worker is somebody else
        server = subprocess.Popen([program, "-p", folder, "-c", f"{folder}/nginx.conf",
                                   "-e", f"{folder}/error.log"], stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}/", files
        finally:
            server.terminate()
            server.wait()


def wait_for(port):
    end = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end, "the server did not come up"
            time.sleep(0.02)


def free_port():
    """One where nobody listens."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# ---- what the kernel counts ----------------------------------------------------------------------

def peak(pid):
    """Largest RSS so far, in kB."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1))


@contextlib.contextmanager
def strace(*args):
    """Counts system calls, by name, into the dict it gives: of a command, or of `-p PID` meanwhile."""
    counts = {}
    with tempfile.NamedTemporaryFile(prefix="gimlet-strace-") as log:
        tracer = subprocess.Popen(["strace", "-f", "-c", "-o", log.name, *map(str, args)], env=child_env(),
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if args[0] == "-p":
            assert "attached" in tracer.stderr.readline()
        yield counts
        if args[0] == "-p":
            tracer.send_signal(signal.SIGINT)
        tracer.communicate(timeout=60)
        for line in Path(log.name).read_text().splitlines():
            cells = line.split()
            if len(cells) >= 5 and re.fullmatch(r"[\d.]+", cells[0]) and cells[-1] != "total":
                counts[cells[-1]] = int(cells[3])


# ---- the sample that proof null draws ------------------------------------------------------------

def draws(seed, n):
    """proof null's generator (splitmix64): the first n of its values in (0, 1]."""
    mask, out, state = (1 << 64) - 1, [], seed
    for _ in range(n):
        state = (state + 0x9E3779B97F4A7C15) & mask
        x = state
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
        x ^= x >> 31
        out.append(((x >> 11) + 1) / (1 << 53))
    return out


def percentile(sample, p):
    """The smallest that at least p percent are not above."""
    sample = sorted(sample)
    return sample[max(0, -(-len(sample) * p // 100) - 1)]
