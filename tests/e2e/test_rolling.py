"""A deployment under load: every instance is replaced, and no client notices.

haproxy asks /readyz, as docs/operate.md tells it to; the load is open, so a request that finds nobody is a
failed one, not a later one. The figures are printed: pytest -s; ROLLS=100 for more of them.
"""
import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time

import pytest
from conftest import ROOT, SANITIZED, SLOW, Server, until
from load import SAMPLE, Done, begin, free_port

sys.path.insert(0, str(ROOT / "tests/docs"))
import snippets  # noqa: E402

HAPROXY = shutil.which("haproxy") or "/usr/sbin/haproxy"
RATE = 300 if SANITIZED else 1500
ROLLS = int(os.environ.get("ROLLS", 1))
MEMORY = ("--store", "memory:", "--workers", 1)


def shown():
    """The configuration of the page, made to run as anybody, on free ports."""
    return next(b.text for b in snippets.blocks("docs/operate.md") if "httpchk" in b.text)


class Proxy:
    """haproxy before two ports; its statistics on a unix socket."""

    def __init__(self, folder, ports):
        self.port, self.stats = free_port(), f"{folder}/stats"
        text = shown()
        for this, that in (("bind :80", f"bind 127.0.0.1:{self.port}"), ("127.0.0.1:8081", f"127.0.0.1:{ports[0]}"),
                           ("127.0.0.1:8082", f"127.0.0.1:{ports[1]}"), ("inter 1s", "inter 100ms")):
            assert this in text, this
            text = text.replace(this, that)
        conf = folder / "haproxy.cfg"
        conf.write_text(f"global\n    stats socket {self.stats} level admin\n" + text)
        self.process = subprocess.Popen([HAPROXY, "-db", "-q", "-f", conf], stderr=subprocess.PIPE)

    def rows(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.stats)
            s.sendall(b"show stat\n")
            text = b"".join(iter(lambda: s.recv(65536), b"")).decode()
        lines = [line.split(",") for line in text.strip().splitlines()]
        return [dict(zip(lines[0], line)) for line in lines[1:]]

    def up(self):
        """The names of the servers that get traffic."""
        with contextlib.suppress(OSError):
            return {r["svname"] for r in self.rows() if r["svname"].startswith("posts") and r["status"].startswith("UP")}
        return set()

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.process.stderr.close()


def end(process):
    process.send_signal(2)  # the report is of what was
    out, err = process.communicate(timeout=30 * SLOW)
    return Done(process.returncode, out, err, 0)


def unsent(done):
    """Requests that were due when the load ended, and that no connection was free for."""
    found = re.search(r"unsent: (\d+) requests", repr(done))
    return int(found.group(1)) if found else 0


def all_answered(done):
    return not done.errors and set(done.statuses) == {201} and unsent(done) < RATE / 5


def report(what, done, **more):
    figures = ", ".join(f"{k} {v}" for k, v in more.items())
    print(f"\nunsent {unsent(done)}\n{what}: {done.answered} requests, failed {done.failed}, {figures}")


@pytest.mark.skipif(not os.path.exists(HAPROXY), reason="needs haproxy")
def test_two_instances_replaced_behind_a_proxy_fail_no_request(serve, tmp_path):
    ports = [free_port(), free_port()]

    def instance(i):
        return serve(*MEMORY, "--host", "127.0.0.1", "--port", ports[i], "--drain-delay", "1s")

    posts = [instance(0), instance(1)]
    proxy = Proxy(tmp_path, ports)
    try:
        assert until(lambda: len(proxy.up()) == 2, 10 * SLOW)
        load = begin("-z", "3600s", "--rate", RATE, "-c", 64, "--no-progress", "-m", "POST", "-D", SAMPLE,
                     f"http://127.0.0.1:{proxy.port}/posts")
        for i in (0, 1) * ROLLS:
            time.sleep(0.3)
            posts[i].signal()
            assert posts[i].wait() == 0
            posts[i] = instance(i)
            assert until(lambda: len(proxy.up()) == 2, 10 * SLOW)
        time.sleep(0.3)
        done = end(load)
        took = sum(int(r["stot"]) for r in proxy.rows() if r["svname"] == "BACKEND")
    finally:
        proxy.stop()
    report(f"two instances replaced {ROLLS} times behind haproxy", done, counted_by_haproxy=took)
    assert all_answered(done), done
    assert done.answered > RATE  # of more than a second
    assert all(p.call("GET", "/posts?limit=1").json()["items"] for p in posts), "one had no traffic"
    for p in posts:
        p.signal()  # both at once: each takes its delay
    assert [p.wait() for p in posts] == [0, 0]


def test_a_stop_of_both_at_once_is_noticed(serve, tmp_path):
    """So the test above can fail: nobody is left, whatever the proxy asks."""
    if not os.path.exists(HAPROXY) or SANITIZED:
        pytest.skip("needs haproxy; once is enough")
    ports = [free_port(), free_port()]
    posts = [serve(*MEMORY, "--host", "127.0.0.1", "--port", p) for p in ports]
    proxy = Proxy(tmp_path, ports)
    try:
        assert until(lambda: len(proxy.up()) == 2, 10 * SLOW)
        load = begin("-z", "3600s", "--rate", RATE, "-c", 64, "--no-progress", "-m", "POST", "-D", SAMPLE,
                     f"http://127.0.0.1:{proxy.port}/posts")
        time.sleep(0.3)
        for p in posts:
            p.signal()
        assert [p.wait() for p in posts] == [0, 0]
        time.sleep(0.2)
        done = end(load)
    finally:
        proxy.stop()
    assert not all_answered(done), done
