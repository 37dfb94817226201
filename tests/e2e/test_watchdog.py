"""A loop that does not turn is seen: by the service manager, in the log, in the figures, by /readyz."""
import os
import re
import select
import signal
import socket
import time

import pytest
from conftest import BUILD, POSTS, SLOW, until

OPERATED = BUILD / "tests/operated"
PINGS = 0.25  # of the manager's limit


class Manager:
    """The socket that systemd would listen at, and what came on it."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)

    def env(self, seconds, pid="self"):
        return {"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": str(int(seconds * 1e6)), "WATCHDOG_PID": pid}

    def heard(self, seconds):
        """All that comes within this time."""
        end, words = time.monotonic() + seconds, []
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                words.append(self.socket.recv(200))
            except TimeoutError:
                break
        return words

    def hears(self, word, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if word in self.heard(0.05):
                return True
        return False


@pytest.fixture
def manager(tmp_path):
    m = Manager(tmp_path / "notify")
    yield m
    m.socket.close()


def start(serve, manager, seconds, *args, program=OPERATED, **more):
    """With WATCHDOG_PID as a manager sets it: the process's own."""
    wrap = ["bash", "-c", 'export WATCHDOG_PID=$$; exec "$0" "$@"']
    return serve(*args, program=program, env=manager.env(seconds), wrap=wrap, **more)


def figure(server, name):
    text = server.call("GET", "/metrics").body.decode()
    return int(re.search(rf"^{name} (\d+)$", text, re.M).group(1))


@pytest.mark.parametrize("program", [OPERATED, POSTS], ids=lambda p: p.name)
def test_the_manager_hears_while_all_loops_turn(serve, manager, program):
    """posts is shut in as it runs by default: its sandbox must let the words out."""
    args = ["--store", "memory:"] if program == POSTS else []
    server = start(serve, manager, 0.4, "--workers", 2, *args, program=program)
    assert manager.hears(b"READY=1", 5 * SLOW)
    began = time.monotonic()
    words = manager.heard(0.7)
    assert words.count(b"WATCHDOG=1") <= (time.monotonic() - began) / (0.4 * PINGS) + 1
    assert words.count(b"WATCHDOG=1") >= 1  # seven of them, on a host that has nothing else to do
    server.signal()
    assert server.wait() == 0


def test_a_stuck_loop_is_not_vouched_for_and_logged_with_its_route(serve, manager):
    server = start(serve, manager, 1, "--workers", 1)
    assert manager.hears(b"WATCHDOG=1", 5 * SLOW)
    with server.connect() as c:
        c.send(b"GET /wedge?ms=1500 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert until(lambda: "worker 0 has been stuck" in server.stderr(), 10 * SLOW)
        manager.heard(0.01)
        assert re.search(r"error operated: worker 0 has been stuck for \d+ ms in GET /wedge: its clients wait",
                         server.stderr())
        words = manager.heard(0.3)
        if not select.select([c.sock], [], [], 0)[0]:  # else this host was too slow to look
            assert b"WATCHDOG=1" not in words, "nothing turns, and the manager was told that it does"
        assert c.read().status == 200
    assert until(lambda: "worker 0 turns again" in server.stderr(), 10 * SLOW)
    assert manager.hears(b"WATCHDOG=1", 5 * SLOW)
    assert (figure(server, "gimlet_workers_stuck"), figure(server, "gimlet_worker_stalls_total")) == (0, 1)


def test_one_stuck_worker_of_two_is_enough(serve, manager):
    """The other one answers meanwhile, and says that the instance is not to be used."""
    server = start(serve, manager, 1, "--workers", 2)
    stuck = server.connect()
    stuck.send(b"GET /wedge?ms=2000 HTTP/1.1\r\nHost: a\r\n\r\n")
    assert until(lambda: " has been stuck" in server.stderr(), 10 * SLOW)
    told = None
    for _ in range(40):  # the kernel gives connections to both
        with server.connect() as c:
            c.sock.settimeout(0.1)
            try:
                told = c.call("GET", "/readyz"), c.call("GET", "/metrics").body.decode()
                break
            except OSError:
                pass
    assert told, "nobody answers"
    assert told[0].status == 503 and told[0].problem()["detail"] == "not ready: a worker is stuck"
    assert "\ngimlet_workers_stuck 1\n" in told[1] and "\ngimlet_worker_stalls_total 1\n" in told[1]
    assert stuck.read().status == 200
    stuck.close()
    assert until(lambda: server.call("GET", "/readyz").status == 200, 10 * SLOW)


def test_what_is_not_a_request_is_seen_too(serve, manager):
    server = start(serve, manager, 1, "--workers", 1)
    assert server.call("GET", "/wedge-by-timer").status == 202
    assert until(lambda: re.search(r"stuck for \d+ ms in no handler", server.stderr()), 10 * SLOW)


def test_of_another_process_is_not_for_us(serve, manager):
    server = serve(program=OPERATED, env=manager.env(0.2, pid="1"))
    assert b"WATCHDOG=1" not in manager.heard(0.3)
    assert len(os.listdir(f"/proc/{server.pid}/task")) == server.status("Threads")


def test_nobody_asked_so_there_is_no_thread(serve):
    server = serve("--workers", 2, program=OPERATED)
    asked = serve("--workers", 2, "--watchdog", "60s", program=OPERATED)
    assert until(lambda: asked.status("Threads") == server.status("Threads") + 1, 5 * SLOW)


def test_a_process_that_was_stopped_as_a_whole_is_not_stuck(serve):
    """kill -STOP, or a machine that was paused: the watcher was late, too."""
    server = serve("--workers", 2, "--watchdog", "500ms", program=OPERATED)
    server.signal(signal.SIGSTOP)
    time.sleep(0.7)
    server.signal(signal.SIGCONT)
    time.sleep(0.1)
    assert server.call("GET", "/readyz").status == 200
    assert "ends the process" not in server.stderr()


def test_without_a_manager_the_process_ends_itself(serve):
    server = serve("--workers", 1, "--watchdog", "500ms", program=OPERATED, expect_exit=-signal.SIGABRT)
    with server.connect() as c:
        c.send(b"GET /wedge?ms=60000 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert server.process.wait(20 * SLOW) == -signal.SIGABRT
    assert re.search(r"worker 0 has been stuck for \d+ ms in GET /wedge: --watchdog ends the process",
                     server.stderr())


def test_a_stop_is_not_a_stuck_loop(serve, manager):
    """Worker 1 has no connection and ends at once; worker 0 drains for longer than the limit."""
    server = start(serve, manager, 0.4, "--workers", 2, "--drain-delay", "600ms", "--watchdog", "400ms")
    server.signal()
    assert server.wait() == 0
    assert "stuck" not in server.last_words
