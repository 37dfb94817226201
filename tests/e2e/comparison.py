"""proof compare as the tests see it: plans of fake services, what a run left behind, who still runs."""
import functools
import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from conftest import BUILD, LAYOUT, ROOT, SLOW, child_env

PROOF = BUILD / "proof/proof"
FAKE = ROOT / "tests/e2e/fake_service.py"

PROTOCOL = {"rounds": 6, "idle_ms": 10, "later_calls": 5, "small_requests": 10, "small_connections": 2,
            "hey": False, "closed": [2], "warmup_ms": 50, "closed_ms": 150, "open": [50], "open_ms": 50,
            "open_connections": 2, "mixed_ms": 60, "mixed_connections": 2, "idle": [5],
            "ready_timeout_ms": 5000, "stop_timeout_ms": 1000, "call_timeout_ms": 5000}
CONTRACT = [
    {"name": "a post is stored", "status": 201, "json": '{"id": "*", "title": "A first post"}',
     "headers": ["Location"],
     "request": {"method": "POST", "path": "/posts", "body_file": str(ROOT / "examples/post1.json")}},
    {"name": "Location leads to it", "status": 200, "request": {"method": "GET", "path": "{location}"}},
    {"name": "a title is wanted", "status": 422,
     "request": {"method": "POST", "path": "/posts", "body": "{}"}},
]


def has_compare():
    if not PROOF.exists():
        return False
    done = subprocess.run([*LAYOUT, PROOF, "compare", "--help"], capture_output=True, env=child_env())
    return done.returncode == 0


needs_compare = pytest.mark.skipif(not has_compare(), reason="proof was built without compare")


def fake(name, folder, *args, **more):
    """A service of a plan; `args` are the fake's options."""
    words = ["python3", "-IS", str(FAKE), "--port", "{port}", "--name", name.replace(" ", "-"),
             "--record", str(folder / "record"), "--data", "{data}", *map(str, args)]
    return {"name": name, "run": words, **more}


def plan(folder, *services, protocol=None, mixed=True, **more):
    """Writes plan.yaml into `folder`; its path."""
    whole = {"title": "Fakes", "seed": 7, "practical": 2,
             "request": {"method": "POST", "path": "/posts", "status": 201,
                         "body_file": str(ROOT / "examples/post1.json")},
             "protocol": {**PROTOCOL, **(protocol or {})}, "contract": CONTRACT, "services": list(services)}
    if mixed:
        whole["read"] = {"method": "GET", "path": "/posts/{id}", "status": 200}
        whole["list"] = {"method": "GET", "path": "/posts?limit=20", "status": 200}
    path = Path(folder, "plan.yaml")
    path.write_text(json.dumps({**whole, **more}, indent=1, ensure_ascii=False) + "\n")  # which is YAML
    return path


class Compared:
    """A run that ended: exit code, what it printed, and its files read."""

    def __init__(self, folder, code, out, err):
        self.folder, self.code, self.out, self.err = Path(folder), code, out, err

    def __repr__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"

    @functools.cached_property
    def json(self):
        return json.loads((self.folder / "out.json").read_text())

    @property
    def markdown(self):
        return (self.folder / "out.md").read_text()

    def service(self, name):
        return next(s for s in self.json["services"] if s["name"] == name)

    def warnings(self, code, service=None):
        return [w for w in self.json["warnings"]
                if w["code"] == code and (service is None or w.get("service") == service)]

    def figures(self, service, metric):
        """A figure a round, None where there is none; [] when there is none at all."""
        return self.service(service)["figures"].get(metric, {"values": []})["values"]

    def median(self, service, metric):
        return self.service(service)["figures"][metric]["median"]

    def interval(self, service, metric):
        """Of the ratio to the reference."""
        figure = self.service(service)["figures"][metric]
        return figure["ratio_low"], figure["ratio_high"]

    def verdict(self, service, metric):
        return self.service(service)["figures"][metric]["verdict"]

    def records(self):
        """[(name, what, pid, requests, data)] that the fakes wrote."""
        lines = (self.folder / "record").read_text().splitlines()
        return [(n, what, int(pid), int(requests), data) for n, what, pid, requests, data in map(str.split, lines)]


def command(path, *args):
    folder = path.parent
    return [*LAYOUT, str(PROOF), "compare", str(path), "--json", str(folder / "out.json"),
            "--csv", str(folder / "out.csv"), "--markdown", str(folder / "out.md"), *map(str, args)]


def env_of(folder):
    """Data goes below the plan, so that what is left of it is seen."""
    data = Path(folder, "data")
    data.mkdir(exist_ok=True)
    return child_env(TMPDIR=str(data), NO_COLOR="1")


def compare(path, *args, timeout=120):
    done = subprocess.run(command(path, *args), capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env=env_of(path.parent), timeout=timeout * SLOW)
    return Compared(path.parent, done.returncode, done.stdout, done.stderr)


def begin(path, *args):
    return subprocess.Popen(command(path, *args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            stdin=subprocess.DEVNULL, env=env_of(path.parent))


def wait_for(what, seconds=10):
    end = time.monotonic() + seconds * SLOW
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    return what()


def starts(folder):
    """How often fakes were started so far."""
    record = Path(folder, "record")
    return record.read_text().count(" start ") if record.exists() else 0


def running(folder):
    """Command lines of processes that name the folder, or are in it: every service, its children, proof."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = Path("/proc", pid, "cmdline").read_bytes()
            inside = os.readlink(f"/proc/{pid}/cwd").startswith(str(folder))
        except OSError:
            continue
        if (inside or str(folder).encode() in words) and int(pid) != os.getpid():
            found.append(words.replace(b"\0", b" ").decode())
    return found


def left_over(folder):
    return os.listdir(Path(folder, "data"))
