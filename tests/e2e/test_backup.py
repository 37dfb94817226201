"""posts backup and posts check: a copy of a running service's file is whole, as it stood at one
moment, and can be put in the file's place; what is wrong is said, with the exit code."""
import os
import re
import shutil
import socket
import sqlite3
import stat
import threading

import pytest
from conftest import Server, run, until


def url_of(db):
    return f"sqlite:{db}"


def post(c, title, **headers):
    reply = c.call("POST", "/posts", {"title": title, "body": "x" * 3000}, headers)
    assert reply.status == 201
    return reply


def backup(db, to, code=0, **more):
    done = run("backup", "--store", url_of(db), to, timeout=60, **more)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def counts(text):
    return tuple(map(int, re.fullmatch(r".*: ok, schema (\d+), (\d+) posts, (\d+) keys\n", text).groups()))


@pytest.mark.parametrize("running", [True, False])
def test_backup_is_one_file_that_restores_every_post(tmp_path, running):
    db, copy = tmp_path / "p.db", tmp_path / "elsewhere" / "copy.db"
    copy.parent.mkdir()
    server = Server("--store", url_of(db), "--workers", 2)
    with server.connect() as c:
        made = [post(c, str(i), **{"Idempotency-Key": f"k{i}"}) for i in range(50)]
        if not running:
            server.kill()  # the log still holds posts
        assert counts(backup(db, copy)) == (1, 50, 50)
    assert os.listdir(copy.parent) == ["copy.db"], "a backup is one file"
    assert sqlite3.connect(copy).execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    server.stop() if running else None
    # Restore, as docs/guide/posts.md says it.
    for name in "p.db", "p.db-wal", "p.db-shm":
        (tmp_path / name).unlink(missing_ok=True)
    shutil.copy(copy, db)
    with Server("--store", url_of(db)) as server, server.connect() as c:
        for reply in made:
            read = c.call("GET", reply.headers["location"])
            assert (read.body, read.headers["etag"]) == (reply.body, reply.headers["etag"])
        again = c.call("POST", "/posts", {"title": "7", "body": "x" * 3000}, {"Idempotency-Key": "k7"})
        assert again.body == made[7].body and again.headers["idempotent-replayed"] == "true"


def test_backup_under_writes_holds_what_was_acknowledged_before_it(tmp_path):
    db, stop, acknowledged, wrong = tmp_path / "p.db", threading.Event(), [], []

    def write(server, n):
        with server.connect() as c:
            while not stop.is_set():
                reply = c.call("POST", "/posts", {"title": f"{n}", "body": "x" * 2000, "author": f"a{n}"})
                (acknowledged if reply.status == 201 else wrong).append(reply)

    with Server("--store", url_of(db), "--workers", 2) as server:
        threads = [threading.Thread(target=write, args=(server, n)) for n in range(4)]
        for t in threads:
            t.start()
        try:
            for number in range(3):
                assert until(lambda n=number: len(acknowledged) > 200 * (n + 1), timeout=30)
                before = [r.json()["id"] for r in acknowledged[:]]
                copy = tmp_path / f"copy{number}.db"
                backup(db, copy)
                with Server("--store", url_of(copy)) as second, second.connect() as c:
                    for id in before[-100:] + before[:20]:
                        assert c.call("GET", f"/posts/{id}").status == 200, "acknowledged before, and not in the backup"
        finally:
            stop.set()
            for t in threads:
                t.join()
        assert not wrong


def test_backup_replaces_an_older_one_and_leaves_it_when_it_fails(tmp_path):
    db, copy = tmp_path / "p.db", tmp_path / "copy.db"
    with Server("--store", url_of(db)) as server, server.connect() as c:
        post(c, "one")
        assert counts(backup(db, copy))[1] == 1
        post(c, "two")
        assert counts(backup(db, copy))[1] == 2
        (tmp_path / "copy.db.part").mkdir()
        before = copy.read_bytes()
        assert "copy.db.part" in backup(db, copy, code=1)
        assert copy.read_bytes() == before


def test_backups_that_cannot_be_made_say_why(tmp_path):
    db = tmp_path / "p.db"
    assert "opened" in backup(db, tmp_path / "c.db", code=1)
    assert not db.exists() and not (tmp_path / "p.db.lock").exists(), "asking has made a file"
    with Server("--store", url_of(db)) as server:
        server.call("POST", "/posts", {"title": "t", "body": "b"})
        assert "directory must exist" in backup(db, tmp_path / "none" / "c.db", code=1)
        assert "itself" in backup(db, db, code=1)
        assert "cannot name" in backup(db, tmp_path, code=1)
        for args in ((), ("--bad",), ("a", "b"), ("--store",)):
            done = run("backup", *args)
            assert done.returncode == 2 and done.stderr.count("\n") == 1 and "use:" in done.stderr
        done = run("backup", "--store", "memory:", tmp_path / "c.db")
        assert done.returncode == 2 and "no file" in done.stderr
        assert not list(tmp_path.glob("*.part"))


def test_the_socket_is_the_owners_and_goes_with_the_process(tmp_path):
    db = tmp_path / "a rather long name of a directory" / ("d" * 90) / "p.db"
    db.parent.mkdir(parents=True)
    control = db.with_name("p.db.control")
    with Server("--store", url_of(db)) as server:
        mode = control.stat().st_mode
        assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600
        server.call("POST", "/posts", {"title": "t", "body": "b"})
        backup(db, tmp_path / "c.db")
    assert not control.exists()
    server = Server("--store", url_of(db))
    server.kill()
    assert control.exists()
    with Server("--store", url_of(db)):  # a dead process's socket is in nobody's way
        backup(db, tmp_path / "c.db")


def test_whatever_is_said_to_the_socket_the_service_goes_on(tmp_path):
    with Server("--store", url_of(tmp_path / "p.db")) as server:
        for said in b"", b"\n", b"relative\n", b"x" * 10000, b"/none/there/c.db\n", b"\0\n":
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(20)
                s.connect(os.path.relpath(tmp_path / "p.db.control"))  # an address is short
                try:
                    s.sendall(said)
                    s.shutdown(socket.SHUT_WR)
                    assert not s.recv(100).startswith(b"ok")
                except (BrokenPipeError, ConnectionResetError):
                    pass
        assert server.call("POST", "/posts", {"title": "t", "body": "b"}).status == 201
        backup(tmp_path / "p.db", tmp_path / "c.db")


# ---- check --------------------------------------------------------------------------------------

def check(*args, code=0, **more):
    done = run("check", *args, timeout=60, **more)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_check_counts_beside_the_service_and_without_it(tmp_path):
    db = tmp_path / "p.db"
    with Server("--store", url_of(db)) as server, server.connect() as c:
        for i in range(3):
            post(c, str(i), **{"Idempotency-Key": f"k{i}"} if i else {})
        assert counts(check(db)) == (1, 3, 2)
        assert counts(check("--store", url_of(db))) == (1, 3, 2)
        assert counts(check(env={"POSTS_STORE": url_of(db)})) == (1, 3, 2)
        post(c, "after")
    assert counts(check(db)) == (1, 4, 2)


def test_check_finds_damage_and_leaves_the_file_alone(tmp_path):
    db = tmp_path / "p.db"
    with Server("--store", url_of(db)) as server, server.connect() as c:
        for i in range(40):
            post(c, str(i))
    assert "damaged" not in check(db)
    with open(db, "r+b") as f:
        f.seek(8 * 4096)
        f.write(b"\xff" * 4096)
    before = db.read_bytes()
    assert "damaged" in check(db, code=1)
    assert "damaged" in backup(db, tmp_path / "c.db", code=1)
    assert not list(tmp_path.glob("c.db*")), "a damaged copy is no backup"
    assert db.read_bytes() == before


def test_check_knows_what_is_no_file_of_posts(tmp_path):
    (tmp_path / "notes").write_text("notes " * 1000)
    assert "not an SQLite database" in check(tmp_path / "notes", code=1)
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE precious (x)").connection.close()
    assert "another program" in check(tmp_path / "other.db", code=1)
    (tmp_path / "empty").touch()
    assert "empty" in check(tmp_path / "empty", code=1)
    assert "opened" in check(tmp_path / "none", code=1)
    assert not (tmp_path / "none").exists()
    assert "use:" in check("--what", code=2)


def test_nothing_of_a_copy_stays_beside_the_database(tmp_path):
    """Not of one that was handed over, nor of one whose maker was killed."""
    db, left = tmp_path / "p.db", tmp_path / "p.db.copy"
    with Server("--store", url_of(db)) as server, server.connect() as c:
        post(c, "one")
        left.write_bytes(b"of a process that was killed")
        (tmp_path / "elsewhere").mkdir()
        assert counts(backup(db, tmp_path / "elsewhere/c.db"))[1] == 1
        assert not left.exists()
        held = [os.readlink(f"/proc/{server.pid}/fd/{n}") for n in os.listdir(f"/proc/{server.pid}/fd")]
        assert not [name for name in held if "p.db.copy" in name], "its descriptor is closed"
        left.write_bytes(b"of a process that was killed")
        server.kill()
    with Server("--store", url_of(db)):
        assert not left.exists()


def test_a_copy_goes_where_the_service_itself_may_not_write(tmp_path):
    db, outside = tmp_path / "in" / "p.db", tmp_path / "out"
    db.parent.mkdir(), outside.mkdir()
    with Server("--store", url_of(db)) as server, server.connect() as c:
        made = post(c, "one")
        backup(db, outside / "c.db")
    assert os.listdir(outside) == ["c.db"]
    with Server("--store", url_of(outside / "c.db")) as server:
        assert server.call("GET", made.headers["location"]).body == made.body


def test_nothing_of_a_copy_stays_beside_the_database(tmp_path):
    """Not of one that was handed over, nor of one whose maker was killed."""
    db, left = tmp_path / "p.db", tmp_path / "p.db.copy"
    with Server("--store", url_of(db)) as server, server.connect() as c:
        post(c, "one")
        left.write_bytes(b"of a process that was killed")
        (tmp_path / "elsewhere").mkdir()
        assert counts(backup(db, tmp_path / "elsewhere/c.db"))[1] == 1
        assert not left.exists()
        fds = f"/proc/{server.pid}/fd"
        assert until(lambda: not [n for n in os.listdir(fds) if "p.db.copy" in os.readlink(f"{fds}/{n}")])
        left.write_bytes(b"of a process that was killed")
        server.kill()
    with Server("--store", url_of(db)):
        assert not left.exists()


def test_a_copy_goes_where_the_service_itself_may_not_write(tmp_path):
    db, outside = tmp_path / "in" / "p.db", tmp_path / "out"
    db.parent.mkdir(), outside.mkdir()
    with Server("--store", url_of(db)) as server, server.connect() as c:
        made = post(c, "one")
        backup(db, outside / "c.db")
    assert os.listdir(outside) == ["c.db"]
    with Server("--store", url_of(outside / "c.db")) as server:
        assert server.call("GET", made.headers["location"]).body == made.body
