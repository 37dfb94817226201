"""SIGHUP: what was read from files is read again; without any, nothing ends and nothing is lost."""
import os
import pty
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
from conftest import BUILD, LAYOUT, POSTS, SLOW, child_env, until

MEMORY = ("--store", "memory:")


@pytest.mark.parametrize("workers", [1, 2])
def test_sighup_without_files_is_logged_and_ends_nothing(serve, workers):
    server = serve(*MEMORY, "--workers", workers)
    for n in range(1, 4):
        server.signal(signal.SIGHUP)
        assert until(lambda: server.stderr().count("SIGHUP: there is nothing to reload") == n, 5 * SLOW)
        assert server.call("GET", "/readyz").status == 200
    server.signal()
    assert server.wait() == 0


def test_sighup_while_it_starts_is_taken_when_it_serves(serve, tmp_path):
    """From the first line of main on it may come; here as early as another process can send it."""
    for _ in range(2):
        store = f"sqlite:{tmp_path / 'p.db'}"
        hup = threading.Event()
        server = serve("--store", store, "--workers", 2)
        while not hup.is_set():  # the threads of store and pool are there: none may take the signal
            for task in os.listdir(f"/proc/{server.pid}/task"):
                blocked = re.search(r"^SigBlk:\s+(\w+)", open(f"/proc/{server.pid}/task/{task}/status").read(), re.M)
                assert int(blocked.group(1), 16) & 1 << (signal.SIGHUP - 1), task
            hup.set()
        server.signal(signal.SIGHUP)
        server.signal()
        assert server.wait() == 0


def test_the_manager_is_told_of_a_reload_and_its_time(serve, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(5 * SLOW)
        server = serve(*MEMORY, env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert notify.recv(100) == b"READY=1"
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        server.signal(signal.SIGHUP)
        told = re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=(\d+)", notify.recv(100))
        assert told, "no time with RELOADING=1: Type=notify-reload would wait for ever"
        assert before <= int(told.group(1)) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        assert notify.recv(100) == b"READY=1"
        server.signal()
        assert notify.recv(100) == b"STOPPING=1"
        server.signal(signal.SIGHUP)  # a stop is no place for a reload
        assert server.wait() == 0
        assert server.last_words.count("SIGHUP") == 1, server.last_words


def test_a_terminal_that_goes_away_is_a_graceful_stop():
    """The one SIGHUP that means an end: the window that posts ran in was closed."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen([*map(str, [*LAYOUT, POSTS, *MEMORY, "--port", "0"])], env=child_env(),
                               stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
                               preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0))
    os.close(terminal)
    try:
        said = b""
        while b"listening on" not in said:
            said += os.read(controller, 1000)
        process.send_signal(signal.SIGHUP)  # the terminal is still there: a reload
        while b"nothing to reload" not in said:
            said += os.read(controller, 1000)
        assert process.poll() is None
        os.close(controller)
        controller = -1
        assert process.wait(timeout=10 * SLOW) == 0
    finally:
        process.kill()
        process.wait()
        if controller >= 0:
            os.close(controller)


def test_an_application_reloads_and_keeps_the_old_when_the_new_is_wrong(serve, tmp_path):
    word = tmp_path / "word"
    word.write_text("old")
    server = serve("--word", word, "--workers", 1, program=BUILD / "tests/operated")
    with server.connect() as c:  # which lives on
        assert c.call("GET", "/word").body == b"old"
        for text, told, kept in (("new", "info operated: SIGHUP: reloaded\n", b"new"),
                                 ("", "error operated: SIGHUP: not reloaded, what was in force stays\n", b"new"),
                                 ("newer", "info operated: SIGHUP: reloaded\n", b"newer")):
            before = server.stderr().count(told)
            word.write_text(text)
            server.signal(signal.SIGHUP)
            assert until(lambda: server.stderr().count(told) > before, 5 * SLOW), server.stderr()
            assert c.call("GET", "/word").body == kept
