"""How posts is started, told, watched and stopped."""
import json
import os
import re
import signal
import subprocess
import time

import pytest
from conftest import SANITIZED, SLOW, Closed, Client, request, run, until

MEMORY = ("--store", "memory:")
BODY = b'{"title":"t","body":"b"}'


def one_line(text):
    assert text.endswith("\n") and text.count("\n") == 1, text
    return text


# ---- what it says of itself ---------------------------------------------------------------------

def test_help_fits_a_screen_and_names_what_people_need():
    done = run("--help")
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert len(lines) <= 24 and max(map(len, lines)) <= 80
    for flag in "--store", "--port", "--host", "--workers", "--help-all", "--version", "--routes":
        assert flag in done.stdout, flag


def test_help_all_names_every_setting():
    named = run("--help-all").stdout
    settings = re.findall(r"^(\w+) =", run("--print-config").stdout, re.M)
    assert len(settings) > 20
    for name in settings:
        assert f"--{name.replace('_', '-')}" in named, name


def test_version():
    done = run("--version")
    assert done.returncode == 0 and re.fullmatch(r"posts \d+\.\d+\S*\n", done.stdout)


def test_routes_are_listed_with_their_places():
    done = run("--routes")
    assert done.returncode == 0
    for method, pattern in ("POST", "/posts"), ("GET", "/posts/:id"), ("DELETE", "/posts/:id"), ("GET", "/readyz"):
        assert re.search(rf"^{method}\s+{pattern}\s+\S+\.c:\d+", done.stdout, re.M), (method, pattern)


def test_start_line_says_address_store_durability_and_workers(serve, tmp_path):
    line = serve("--store", f"sqlite:{tmp_path / 'p.db'}", "--workers", 2).stderr()
    assert re.fullmatch(r"posts: listening on http://127\.0\.0\.1:\d+, sqlite:\S+, durable \(.*synchronous=FULL.*\).*, "
                        r"2 workers(, as root)?\n", line)
    line = serve(*MEMORY, "--workers", 1).stderr()
    assert re.fullmatch(r"posts: listening on http://127\.0\.0\.1:\d+, memory:?.*, 1 worker(, as root)?\n", line)
    assert "durable" not in line or "not durable" in line


# ---- settings -----------------------------------------------------------------------------------

@pytest.mark.parametrize("args, words", [
    (["--prot", "1"], ["--prot", "--port"]),
    (["--port"], ["--port", "value"]),
    (["--port", "x"], ["--port", "x"]),
    (["--port", "70000"], ["70000", "65535"]),
    (["--max-body", "1X"], ["--max-body", "1X"]),
    (["--idle-timeout", "5"], ["--idle-timeout", "5"]),
    (["--access-log", "some"], ["--access-log", "errors"]),
    (["--workers", "-1"], ["--workers", "-1"]),
    (["serve"], ["serve"]),
    (["--config", "/nowhere/posts.ini"], ["/nowhere/posts.ini"]),
    (["-h2"], ["-h2"]),
])
def test_wrong_flag_gets_one_line_and_exit_2(args, words):
    done = run(*args)
    assert (done.returncode, done.stdout) == (2, "")
    line = one_line(done.stderr)
    assert line.startswith("posts: ") and len(line) < 200
    for word in words:
        assert word in line


def test_config_file_flags_and_environment_in_their_order(serve, tmp_path):
    ini = tmp_path / "posts.ini"
    ini.write_text("; a comment\nport = 0\nstore = memory:\nmax_body = 100\nworkers = 1\n")
    body = BODY.ljust(150)
    of_file = serve("--config", ini, "--port", 0)
    assert of_file.call("POST", "/posts", body).status == 413
    of_env = serve("--config", ini, "--port", 0, env={"POSTS_MAX_BODY": "1K"})
    assert of_env.call("POST", "/posts", body).status == 201
    of_flag = serve("--config", ini, "--port", 0, "--max-body=120", env={"POSTS_MAX_BODY": "1K"})
    assert of_flag.call("POST", "/posts", body).status == 413


@pytest.mark.parametrize("text, line, words", [
    ("port = 0\nmax_body = 1X\n", 2, ["max_body", "1X"]),
    ("port = 0\n\nprot = 1\n", 3, ["prot", "port"]),
    ("port\n", 1, []),
    ("[other]\nport = 0\n", 2, ["other"]),
])
def test_fault_in_the_config_file_has_its_line(tmp_path, text, line, words):
    ini = tmp_path / "posts.ini"
    ini.write_text(text)
    done = run("--config", ini)
    assert done.returncode == 2
    said = one_line(done.stderr)
    assert f"{ini}:{line}: " in said
    for word in words:
        assert word in said


def test_fault_in_the_environment_names_the_variable():
    done = run(env={"POSTS_PORT": "x"})
    assert done.returncode == 2
    assert "POSTS_PORT=x" in one_line(done.stderr)


def settings(text):
    return {k: v.strip() for k, v in re.findall(r"^(\w+) = ([^;\n]*)", text, re.M)}


def test_printed_config_says_sources_and_is_a_config_file(tmp_path):
    args = ["--max-body", "2M", "--drain-delay=1500ms", "--strict-content-type", "--store", "sqlite:/tmp/a b.db"]
    env = {"POSTS_IDLE_TIMEOUT": "90s"}
    first = run("--print-config", *args, env=env)
    assert first.returncode == 0
    assert re.search(r"^max_body = 2M\s*; --max-body$", first.stdout, re.M)
    assert re.search(r"^idle_timeout = \S+\s*; POSTS_IDLE_TIMEOUT$", first.stdout, re.M)
    assert re.search(r"^max_head = 16K\s*; default$", first.stdout, re.M)
    ini = tmp_path / "posts.ini"
    ini.write_text(first.stdout)
    again = run("--print-config", "--config", ini)
    assert again.returncode == 0, again.stderr
    assert settings(again.stdout) == settings(first.stdout)
    assert settings(first.stdout)["store"] == "sqlite:/tmp/a b.db"
    assert str(ini) in again.stdout


# ---- places to listen ---------------------------------------------------------------------------

def test_port_in_use_says_so_and_names_the_mend(serve, tmp_path):
    for workers in 1, 2:
        first = serve(*MEMORY, "--workers", workers)
        db = tmp_path / "untouched.db"
        for more in 1, 2:
            done = run("--store", f"sqlite:{db}", "--port", first.port, "--workers", more)
            assert done.returncode == 1
            line = one_line(done.stderr)
            assert f"port {first.port} is in use" in line and "--port" in line
        assert not db.exists()  # said before a file was opened


def test_hosts_that_are_none(tmp_path):
    rows = ("1.2.3.4", "address", 1), ("nowhere.example", "nowhere.example", 2), ("unix:", "path", 2)
    for host, word, code in rows:
        done = run(*MEMORY, "--host", host, "--port", 0)
        assert done.returncode == code
        assert word in one_line(done.stderr)


def test_store_urls_that_are_wrong_are_wrong_options():
    for url in "sqlite:", "memory:x", "memory:?keys=none":
        done = run("--store", url, "--port", 0)
        assert done.returncode == 2, url
        one_line(done.stderr)


def test_unknown_store_is_told_with_the_known_ones():
    done = run("--store", "redis:x", "--port", 0)
    assert done.returncode == 2
    line = one_line(done.stderr)
    assert "redis" in line and "memory:" in line and "sqlite:" in line


def test_ipv6(serve):
    try:
        server = serve(*MEMORY, "--host", "::1", "--port", 0)
    except AssertionError as e:
        pytest.skip(f"no IPv6 here: {e}")
    done = subprocess.run(["curl", "-sgf", f"{server.url}/livez"], capture_output=True, text=True)
    assert done.returncode == 0 and "alive" in done.stdout


def test_unix_socket_is_served_to_curl(serve, tmp_path):
    path = tmp_path / "posts.sock"
    for workers in 1, 2:
        server = serve(*MEMORY, "--host", f"unix:{path}", "--workers", workers)
        for _ in range(5):
            done = subprocess.run(["curl", "-sS", "--unix-socket", path, "http://h/posts", "-d", BODY.decode()],
                                  capture_output=True, text=True)
            assert done.returncode == 0 and json.loads(done.stdout)["title"] == "t"
        other = run(*MEMORY, "--host", f"unix:{path}")
        assert other.returncode == 1 and "in use" in one_line(other.stderr)
        server.stop()
        assert not path.exists()  # its name goes with it


def test_stale_unix_socket_is_replaced_and_a_file_is_not(serve, tmp_path):
    path = tmp_path / "posts.sock"
    serve(*MEMORY, "--host", f"unix:{path}").kill()
    assert path.exists()
    assert serve(*MEMORY, "--host", f"unix:{path}").call("GET", "/livez").status == 200
    plain = tmp_path / "plain"
    plain.write_text("precious")
    done = run(*MEMORY, "--host", f"unix:{plain}")
    assert done.returncode == 1 and "not a socket" in one_line(done.stderr)
    assert plain.read_text() == "precious"


# ---- the end ------------------------------------------------------------------------------------

def refused(server):
    try:
        Client(server).close()
        return False
    except ConnectionError:  # reset: it was just being closed
        return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [1, 2])
def test_signal_ends_an_idle_server_soon(serve, number, workers):
    server = serve(*MEMORY, "--workers", workers)
    began = time.monotonic()
    server.signal(number)
    assert server.wait() == 0
    assert time.monotonic() - began < 1 * SLOW


def test_signal_right_after_the_start_line_is_a_graceful_one(serve, tmp_path):
    for _ in range(20):
        server = serve("--store", f"sqlite:{tmp_path / 'p.db'}", "--workers", 2)
        server.signal()
        assert server.wait() == 0


def test_readyz_is_503_during_the_drain_delay_and_all_else_works(serve):
    server = serve(*MEMORY, "--drain-delay", "600ms")
    with server.connect() as c:
        assert c.call("GET", "/readyz").status == 200
        server.signal()
        assert until(lambda: c.call("GET", "/readyz").status == 503, 0.4)
        assert server.call("GET", "/readyz").problem()["detail"]
        assert server.call("POST", "/posts", BODY).status == 201  # new clients, too
        assert server.call("GET", "/livez").status == 200
    assert until(lambda: refused(server))
    assert server.wait() == 0


def test_request_in_flight_is_finished(serve, tmp_path):
    server = serve("--store", f"sqlite:{tmp_path / 'p.db'}")
    with server.connect() as c:
        raw = request("POST", "/posts", BODY)
        c.send(raw[:-10])
        time.sleep(0.1)
        server.signal()
        assert until(lambda: refused(server))
        time.sleep(0.4)  # beyond the grace of idle connections
        c.send(raw[-10:])
        reply = c.read()
        assert reply.status == 201 and reply.closes
        assert c.at_end()
        id = reply.json()["id"]
    assert server.wait() == 0
    assert serve("--store", f"sqlite:{tmp_path / 'p.db'}").call("GET", f"/posts/{id}").status == 200


def test_idle_connection_may_send_one_more_request(serve):
    """A request that crossed the signal on its way is answered, not reset."""
    server = serve(*MEMORY)
    with server.connect() as c, server.connect() as idle:
        assert c.works() and idle.works()
        server.signal()
        assert until(lambda: refused(server))
        reply = c.call("GET", "/livez")
        assert reply.status == 200 and reply.closes
        assert c.at_end() and idle.at_end()
    assert server.wait() == 0


def test_a_connection_that_has_just_come_has_a_second_for_its_request(serve):
    """A client without much CPU is slow between connect and send; one that has been silent for long is not waited for."""
    server = serve(*MEMORY)
    with server.connect() as silent:
        time.sleep(1.1)
        with server.connect() as c:
            server.signal()
            assert until(lambda: refused(server))
            time.sleep(0.4)  # beyond the grace of idle connections
            reply = c.call("GET", "/livez")
            assert reply.status == 200 and reply.closes
            assert c.at_end() and silent.at_end()
    assert server.wait() == 0


@pytest.mark.parametrize("place", ["tcp", "unix"])
def test_clients_that_wait_in_the_backlog_are_answered(serve, tmp_path, place):
    """They are connected already, as far as they know; closing the listener would reset them."""
    where = ("--host", f"unix:{tmp_path / 's'}") if place == "unix" else ()
    server = serve(*MEMORY, *where, "--workers", 2)
    server.signal(signal.SIGSTOP)
    clients = [server.connect() for _ in range(300)]
    for c in clients:
        c.send(request("GET", "/livez"))
    server.signal()
    server.signal(signal.SIGCONT)
    for c in clients:
        assert c.read().status == 200
        c.close()
    assert server.wait() == 0


def test_pipelined_requests_at_the_end_are_answered_or_not_begun(serve, tmp_path):
    """Each answer belongs to a stored post; after Connection: close there is none."""
    server = serve("--store", f"sqlite:{tmp_path / 'p.db'}")
    with server.connect() as c:
        c.send(request("POST", "/posts", BODY) * 200)
        ids = [c.read().json()["id"]]
        server.signal()
        try:
            while True:
                reply = c.read()
                ids.append(reply.json()["id"])
                if reply.closes:
                    assert c.at_end()
                    break
        except (Closed, ConnectionResetError):
            pass
    assert server.wait() == 0
    with serve("--store", f"sqlite:{tmp_path / 'p.db'}").connect() as c:
        assert all(c.call("GET", f"/posts/{id}").status == 200 for id in ids)


def test_stop_timeout_cuts_what_does_not_end(serve):
    server = serve(*MEMORY, "--stop-timeout", "500ms")
    with server.connect() as c:
        c.send(request("POST", "/posts", BODY)[:-5])
        time.sleep(0.1)
        began = time.monotonic()
        server.signal()
        assert server.wait() == 0
        assert 0.3 < time.monotonic() - began < 1.5 * SLOW


def test_second_signal_ends_at_once(serve):
    server = serve(*MEMORY, "--drain-delay", "20s", expect_exit=128 + signal.SIGTERM)
    with server.connect() as c:
        assert c.works()
        server.signal()
        assert until(lambda: c.call("GET", "/readyz").status == 503)
        server.signal()
        assert server.wait(5) == 128 + signal.SIGTERM


def test_clean_end_leaves_no_log_behind(serve, tmp_path):
    """All is in the one file then: it can be copied alone."""
    db = tmp_path / "p.db"
    server = serve("--store", f"sqlite:{db}")
    assert server.call("POST", "/posts", BODY).status == 201
    server.stop()
    assert not db.with_name("p.db-wal").exists()


# ---- logs and workers ---------------------------------------------------------------------------

def test_access_log_is_json_lines_that_nobody_can_forge(serve):
    server = serve(*MEMORY, "--access-log", "all", "--log-format", "json")
    with server.connect() as c:
        made = c.call("POST", "/posts", BODY, {"X-Request-Id": "id-1"})
        c.call("GET", "/nowhere?q=%0a%22", None, {"User-Agent": '"}\\n{'})
        c.send(b"GET /\x01 HTTP/1.1\r\n\r\n")
        c.read()
    until(lambda: server.stdout().count("\n") >= 3)
    lines = [json.loads(line) for line in server.stdout().splitlines()]
    assert [(e.get("method"), e["status"]) for e in lines] == [("POST", 201), ("GET", 404), (None, 400)]
    assert lines[0]["id"] == "id-1" and lines[0]["bytes"] == len(made.body) and lines[0]["ms"] < 1000
    assert lines[1]["target"] == "/nowhere?q=%0a%22"


def test_access_log_tells_errors_by_default_and_nothing_when_off(serve):
    for mode, n in ((), 1), (("--access-log", "off"), 0):
        server = serve(*MEMORY, *mode)
        with server.connect() as c:
            assert c.works()
            c.call("GET", "/nowhere")
        time.sleep(0.3)
        assert server.stdout().count("\n") == n
        assert n == 0 or '"GET /nowhere" 404' in server.stdout()


def test_workers_are_threads_and_all_are_used(serve):
    server = serve(*MEMORY, "--workers", 2)
    assert until(lambda: len(os.listdir(f"/proc/{server.pid}/task")) >= 2)
    assert SANITIZED or len(os.listdir(f"/proc/{server.pid}/task")) == 2
    clients = [server.connect() for _ in range(16)]
    for c in clients:
        c.call("POST", "/posts", BODY)
    ids = [c.call("POST", "/posts", BODY).json()["id"] for c in clients]
    assert len(set(ids)) == 16
    for _ in range(200):
        for c in clients:
            c.send(request("GET", "/livez"))
        assert all(c.read().status == 200 for c in clients)
    ticks = [sum(map(int, open(f"/proc/{server.pid}/task/{t}/stat").read().rsplit(")", 1)[1].split()[11:13]))
             + int(open(f"/proc/{server.pid}/task/{t}/schedstat").read().split()[0])
             for t in os.listdir(f"/proc/{server.pid}/task")]
    assert sorted(ticks)[-2] > 1000000, ticks
    for c in clients:
        c.close()
