"""Shut in: what a taken-over service tries is refused (examples/sandbox.c), posts itself is confined on
every thread and still does all it promises, root becomes another user for good."""
import ctypes
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BUILD, POSTS, SANITIZED, Server, run

SANDBOX = BUILD / "examples/sandbox"
LANDLOCK = max(0, ctypes.CDLL(None).syscall(444, None, 0, 1))  # the kernel's version of it
MEMORY = ("--store", "memory:", "--workers", 2)
pytestmark = pytest.mark.skipif(b"this build is not confined" in POSTS.read_bytes() and b"its coverage" in POSTS.read_bytes(),
                                reason="builds with coverage are not confined")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

# What is tried, what comes of it, and the version of Landlock that it takes (0: seccomp's).
TRIES = [
    ("read-passwd", "EACCES", 1), ("list-root", "EACCES", 1), ("read-parent", "EACCES", 1),
    ("write-outside", "EACCES", 1), ("rename-out", "EXDEV|EACCES", 1), ("signal-parent", "EPERM", 6),
    ("change-outside", "EPERM", 0), ("make-setuid", "EPERM", 0), ("ask-a-daemon", "EPERM", 0),
    ("make-device", "EPERM", 0), ("execute", "EPERM", 0), ("fork", "EPERM", 0), ("trace-parent", "EPERM", 0),
    ("socket-tcp", "EPERM", 0), ("socket-udp6", "EPERM", 0), ("socket-packet", "EPERM", 0),
    ("socket-netlink", "EPERM", 0), ("map-code", "EPERM", 0), ("make-code", "EPERM", 0),
    ("become-root", "EPERM", 0), ("new-namespace", "EPERM", 0), ("mount", "EPERM", 0), ("io-uring", "EPERM", 0),
    ("bpf", "EPERM", 0), ("hidden-file", "EPERM", 0), ("unknown-call", "ENOSYS", 0),
    ("keep-a-file", "0", 0), ("read-itself", "0", 0),
]
# The leak check at the end makes a process and looks into this one.
FOR_ASAN = {"fork"}


def threads(server):
    """What the kernel says of each thread: seccomp's mode, no_new_privs."""
    found = set()
    for task in Path(f"/proc/{server.pid}/task").iterdir():
        status = (task / "status").read_text()
        found.add(tuple(int(re.search(rf"^{f}:\s+(\d+)", status, re.M).group(1)) for f in ("Seccomp", "NoNewPrivs")))
    return found


def capabilities(server, which="CapEff"):
    return int(re.search(rf"^{which}:\s+(\w+)", Path(f"/proc/{server.pid}/status").read_text(), re.M).group(1), 16)


# ---- the hook -----------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def walls(tmp_path_factory):
    inside = tmp_path_factory.mktemp("walls") / "inside"
    inside.mkdir()
    with Server("--directory", inside, "--workers", 2, program=SANDBOX) as server:
        assert server.call("GET", "/try/keep-a-file").body == b"0"
        yield server
    assert os.listdir(inside) == ["kept"] and os.listdir(inside.parent) == ["inside"]


@pytest.mark.parametrize("where", ["", "/elsewhere"])
@pytest.mark.parametrize("what, errno, version", TRIES)
def test_what_is_tried_is_refused(walls, what, errno, version, where):
    if version > LANDLOCK:
        pytest.skip(f"Landlock {version} is wanted, here it is {LANDLOCK}")
    if SANITIZED and what in FOR_ASAN:
        pytest.skip("allowed for the sanitizer's leak check")
    said = walls.call("GET", f"/try/{what}{where}").body.decode()
    assert re.fullmatch(errno, said), said


def test_without_the_sandbox_the_same_calls_work(tmp_path):
    """Else the rows above would prove nothing."""
    inside = tmp_path / "inside"
    inside.mkdir()
    with Server("--directory", inside, "--sandbox", "off", program=SANDBOX) as server:
        assert ", not confined\n" in server.stderr()
        for what in ("read-passwd", "list-root", "keep-a-file", "write-outside", "fork", "socket-tcp",
                     "socket-netlink", "map-code", "make-code", "hidden-file", "change-outside", "make-setuid"):
            assert server.call("GET", f"/try/{what}").body == b"0", what
        assert server.call("GET", "/try/ask-a-daemon").body == b"ENOENT"
        assert server.call("GET", "/try/bpf").body != b"ENOSYS"


# ---- posts --------------------------------------------------------------------------------------

def test_every_thread_of_posts_is_confined(serve, tmp_path):
    for store in "memory:", f"sqlite:{tmp_path / 'p.db'}":
        server = serve("--store", store, "--workers", 3)
        assert server.call("POST", "/posts", {"title": "t", "body": "b"}).status == 201
        assert threads(server) == {(2, 1)}
        assert "not confined" not in server.stderr()


def test_off_is_off_but_no_new_rights_come(serve):
    server = serve(*MEMORY, "--sandbox", "off")
    assert threads(server) == {(0, 1)}


@needs_root
def test_root_keeps_the_powers_over_files_alone(serve):
    server = serve(*MEMORY)
    allowed = 1 << 0 | 1 << 1 | 1 << 3  # CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER
    for which in "CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb":
        assert not capabilities(server, which) & ~allowed
    assert ", as root\n" in server.stderr()


def test_on_starts_where_the_kernel_has_it_all(serve):
    if not LANDLOCK:
        done = run(*MEMORY, "--port", 0, "--sandbox", "on")
        assert done.returncode == 1 and "Landlock" in done.stderr
    else:
        assert threads(serve(*MEMORY, "--sandbox", "on")) == {(2, 1)}


def test_where_seccomp_is_missing_auto_says_so_and_on_refuses(serve):
    """The calls are made to fail by strace, as an older kernel or a container's own filter would."""
    strace = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=seccomp", "-e", "inject=seccomp:error=ENOSYS"]
    if subprocess.run([*strace, "true"], capture_output=True).returncode:
        pytest.skip("strace cannot be used here")
    server = serve(*MEMORY, wrap=strace, env={"ASAN_OPTIONS": "detect_leaks=0"})  # which traces, too
    assert "no seccomp filter" in server.stderr()
    done = subprocess.run([*strace, POSTS, "--port", "0", "--store", "memory:", "--sandbox", "on"], capture_output=True,
                          text=True, timeout=20)
    assert done.returncode == 1 and "no seccomp filter" in done.stderr


def test_a_unix_socket_still_goes_at_the_end(serve, tmp_path):
    path = tmp_path / "s"
    server = serve(*MEMORY, "--host", f"unix:{path}", "--metrics-listen", f"unix:{tmp_path / 'm'}")
    assert path.exists()
    server.stop()
    assert os.listdir(tmp_path) == []


def test_a_store_behind_a_link_and_in_the_working_directory(serve, tmp_path):
    real, here = tmp_path / "real", tmp_path / "here"
    real.mkdir(), here.mkdir()
    (here / "p.db").symlink_to(real / "p.db")
    (real / "p.db").touch()
    server = serve("--store", "sqlite:p.db", cwd=here)
    assert server.call("POST", "/posts", {"title": "t", "body": "b"}).status == 201
    assert (real / "p.db-wal").exists()


def test_tokens_behind_a_link_are_read_and_read_again(serve, tmp_path):
    """As a secret that is mounted elsewhere."""
    conf, secret = tmp_path / "conf", tmp_path / "secret"
    conf.mkdir(), secret.mkdir()
    (conf / "tokens").symlink_to("../secret/tokens")
    made = run("token", "ci")
    (secret / "tokens").write_text(made.stderr)
    server = serve(*MEMORY, "--tokens", conf / "tokens")
    assert server.call("GET", "/posts", headers={"Authorization": f"Bearer {made.stdout.strip()}"}).status == 200


def test_the_root_directory_among_the_paths_is_warned_of(serve):
    server = serve("--directory", "/", program=SANDBOX)
    assert "every file stays in reach" in server.stderr() or not LANDLOCK


STACKED = """
import ctypes, os, sys
call = ctypes.CDLL(None).syscall
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
while True:
    made = call(444, ctypes.byref(ctypes.c_uint64(1 << 6)), 8, 0)
    if call(446, made, 0):
        break
os.execvp(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.skipif(not LANDLOCK, reason="no Landlock here")
def test_within_as_many_sandboxes_as_the_kernel_stacks_auto_says_so_and_on_refuses(serve):
    wrap = [sys.executable, "-c", STACKED]
    server = serve(*MEMORY, wrap=wrap)
    assert "files are not confined" in server.stderr()
    done = subprocess.run([*wrap, POSTS, "--port", "0", "--store", "memory:", "--sandbox", "on"], capture_output=True,
                          text=True, timeout=20)
    assert done.returncode == 1 and "files are not confined" in done.stderr


@needs_root
def test_what_is_hidden_from_its_user_does_not_stop_the_start(serve):
    wrap = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o mode=700 none /sys && exec "$@"', "sh"]
    if subprocess.run([*wrap, "true"], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    server = serve(*MEMORY, "--user", "nobody", wrap=wrap)
    assert server.call("GET", "/livez").status == 200


# ---- another user -------------------------------------------------------------------------------

@needs_root
@pytest.mark.parametrize("name", ["nobody", "65534:65534"])
def test_root_becomes_another_user_for_good(serve, tmp_path, name):
    tmp_path.chmod(0o755)
    home = tmp_path / "data"
    home.mkdir(), os.chown(home, 65534, 65534)
    for parent in list(tmp_path.parents)[:-2]:  # pytest keeps them to itself
        parent.chmod(parent.stat().st_mode | 0o011)
    server = serve("--store", f"sqlite:{home / 'p.db'}", "--user", name, "--sandbox", "on" if LANDLOCK else "auto")
    status = Path(f"/proc/{server.pid}/status").read_text()
    assert re.search(r"^Uid:(\t65534){4}$", status, re.M) and re.search(r"^Gid:(\t65534){4}$", status, re.M)
    assert re.search(r"^Groups:\t65534 ?$", status, re.M)
    assert capabilities(server, "CapPrm") == capabilities(server, "CapBnd") == 0
    assert server.call("POST", "/posts", {"title": "t", "body": "b"}).status == 201
    assert (home / "p.db").stat().st_uid == 65534
    assert server.call("GET", "/metrics").status == 200 and "as root" not in server.stderr()
    done = run("backup", "--store", f"sqlite:{home / 'p.db'}", tmp_path / "copy.db")
    assert done.returncode == 0 and (tmp_path / "copy.db").stat().st_uid == 0, "the copy is who asked for it's"


@needs_root
def test_a_low_port_is_bound_before_root_goes(serve):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", 81))
        except OSError:
            pytest.skip("port 81 is taken")
    server = serve(*MEMORY, "--port", 81, "--user", "nobody")
    assert server.call("GET", "/livez").status == 200


def test_users_that_cannot_be_are_told():
    done = run(*MEMORY, "--port", 0, "--user", "nobody-like-that")
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "no such user" in done.stderr
