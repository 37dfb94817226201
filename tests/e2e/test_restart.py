"""Restarts under a socket that somebody else holds, as a service manager does: no connection is lost.

The test is the manager: it makes the listening socket, hands it over as descriptor 3 with LISTEN_PID and
LISTEN_FDS (sd_listen_fds(3)), and keeps it while generations of posts come and go.
"""
import os
import shutil
import socket
import subprocess
import time

import pytest
from conftest import LAYOUT, POSTS, SANITIZED, SLOW, child_env
from load import PROOF, SAMPLE, Done, begin, free_port, wait_for

RESTARTS = int(os.environ.get("RESTARTS", 3))
MEMORY = ("--store", "memory:")
HAND_OVER = ["bash", "-c", 'exec 3<&"$0"; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"']


@pytest.fixture
def held():
    with socket.create_server(("127.0.0.1", 0), backlog=256) as s:
        yield s


@pytest.fixture
def generation(serve, held):
    """generation(flag, ...): a server on the held socket."""
    return lambda *args, **more: serve(*args, wrap=[*HAND_OVER, str(held.fileno())], fds=(held.fileno(),), **more)


def url(held):
    return f"http://127.0.0.1:{held.getsockname()[1]}/posts"


@pytest.mark.parametrize("workers", [1, 3])
def test_a_socket_that_is_handed_over_is_served(generation, held, workers):
    server = generation(*MEMORY, "--workers", workers)
    assert server.port == held.getsockname()[1]
    assert "socket handed over" in server.stderr()
    for _ in range(20):
        assert server.call("GET", "/livez").status == 200
    with server.connect() as c:
        for _ in range(3):
            assert c.call("POST", "/posts", {"title": "t", "body": "b"}).status == 201


def test_host_fd_asks_for_one(generation, held):
    assert generation(*MEMORY, "--host", "fd").call("GET", "/livez").status == 200
    done = subprocess.run([*LAYOUT, POSTS, *MEMORY, "--host", "fd"], capture_output=True, text=True,
                          env=child_env(), timeout=20)
    assert done.returncode == 1 and "no socket was handed over" in done.stderr


@pytest.mark.parametrize("number, words", [("2", "one ListenStream="), ("x", "no numbers")])
def test_what_cannot_be_served_is_said(held, number, words):
    hand = HAND_OVER[2].replace("LISTEN_FDS=1", f"LISTEN_FDS={number}")
    done = subprocess.run(["bash", "-c", hand, str(held.fileno()), *LAYOUT, POSTS, *MEMORY], text=True,
                          capture_output=True, env=child_env(), pass_fds=(held.fileno(),), timeout=20)
    assert done.returncode == 1 and words in done.stderr


def test_variables_of_another_process_are_not_ours(serve):
    server = serve(*MEMORY, env={"LISTEN_PID": "1", "LISTEN_FDS": "1"})
    assert "handed over" not in server.stderr() and server.call("GET", "/livez").status == 200


def test_the_manager_is_told_of_start_and_stop(generation, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(5 * SLOW)
        server = generation(*MEMORY, env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert notify.recv(100) == b"READY=1"
        server.signal()
        assert notify.recv(100) == b"STOPPING=1"
        assert server.wait() == 0


def test_clients_that_come_while_none_runs_are_served_by_the_next(generation, held):
    generation(*MEMORY).stop()
    with socket.create_connection(held.getsockname()) as early:  # in the backlog
        early.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        generation(*MEMORY)
        early.settimeout(5 * SLOW)
        assert early.recv(100).startswith(b"HTTP/1.1 200")


class Load:
    """A load in the background, for as long as it takes."""

    def __init__(self, held, seconds=60):
        command = [*LAYOUT, PROOF, "load", "-z", f"{seconds}s", "-c", "16", "--no-progress", "-m", "POST",
                   "-D", SAMPLE, url(held)]
        self.process = subprocess.Popen(list(map(str, command)), text=True, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=child_env())

    def end(self):
        self.process.send_signal(2)  # the report is of what was
        out, err = self.process.communicate(timeout=20 * SLOW)
        return Done(self.process.returncode, out, err, 0)



@pytest.mark.parametrize("workers", [1, 2])
def test_generations_that_overlap_lose_no_request(generation, held, workers):
    old = generation(*MEMORY, "--workers", workers)
    load = Load(held)
    time.sleep(0.2)
    for _ in range(2):
        new = generation(*MEMORY, "--workers", workers)
        old.signal()
        assert old.wait() == 0
        old = new
        time.sleep(0.1)
    done = load.end()
    assert not done.errors, done
    assert set(done.statuses) == {201} and done.answered > 500, done


def test_a_restart_of_the_durable_store_loses_no_request(generation, held, tmp_path):
    """Its file is one server's at a time, so the next one begins when the last has ended; clients wait."""
    store = ("--store", f"sqlite:{tmp_path / 'p.db'}", "--workers", 2)
    server = generation(*store)
    load = Load(held)
    for _ in range(2):
        time.sleep(0.2)
        server.signal()
        assert server.wait() == 0
        server = generation(*store)
    time.sleep(0.2)
    done = load.end()
    assert not done.errors, done
    assert set(done.statuses) == {201} and done.answered > 100, done
    kept = server.call("GET", "/posts?limit=1")
    assert kept.status == 200 and kept.json()["items"]


def test_restarts_refuse_no_connection(generation, held, tmp_path):
    """Every request is a connection of its own and the load is open: one that is refused, reset or left alone is
    a failed request. The figures are printed: pytest -s."""
    store = ("--store", f"sqlite:{tmp_path / 'p.db'}", "--workers", 1)
    server = generation(*store)
    load = begin("-z", "3600s", "--rate", 100 if SANITIZED else 400, "-c", 256, "-disable-keepalive", "--no-progress",
                 "-m", "POST", "-D", SAMPLE, url(held))
    for _ in range(RESTARTS):
        time.sleep(0.25)
        server.signal()
        assert server.wait() == 0
        server = generation(*store)
    time.sleep(0.25)
    load.send_signal(2)
    out, err = load.communicate(timeout=20 * SLOW)
    done = Done(load.returncode, out, err, 0)
    print(f"\n{RESTARTS} restarts on a held socket: {done.answered} connections, refused {done.failed}")
    assert not done.errors, done
    assert set(done.statuses) == {201} and done.answered > 50, done


ACTIVATE = shutil.which("systemd-socket-activate")


@pytest.mark.skipif(not ACTIVATE, reason="needs systemd-socket-activate")
def test_systemds_own_activator_starts_it_at_the_first_connection():
    port = free_port()
    process = subprocess.Popen([ACTIVATE, "-l", f"127.0.0.1:{port}", *map(str, [*LAYOUT, POSTS, *MEMORY])],
                               env=child_env(), stderr=subprocess.DEVNULL)
    try:
        wait_for(port)  # this connection is the one that starts it, and has no request
        with socket.create_connection(("127.0.0.1", port)) as c:
            c.settimeout(10 * SLOW)
            c.sendall(b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert c.recv(100).startswith(b"HTTP/1.1 200")
        process.terminate()
        assert process.wait(20 * SLOW) == 0
    finally:
        process.kill()
        process.wait()
