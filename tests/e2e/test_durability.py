"""A 201 is a promise. Here the server is killed, its disk filled, its fsync made to fail, and the
promise is held against a ledger kept outside: what was acknowledged must be there, byte for byte; a
key must have made one post at most; what was neither acknowledged nor refused may be there or not,
and a retry with its key settles it.

A kill keeps the kernel's page cache, so it cannot tell fsync from no fsync: that COMMIT waits for
fdatasync is shown with strace, and by what happens when it fails.
"""
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import uuid

import pytest
from conftest import LAYOUT, POSTS, ROOT, SANITIZED, SLOW, Closed, Server, request, run, until

SAMPLE = ROOT / "examples/post1.json"
ROUNDS = int(os.environ.get("KILL_ROUNDS", 5))
GONE = (Closed, ConnectionError, socket.timeout, OSError)
NO_LEAK_CHECK = {"ASAN_OPTIONS": "detect_leaks=0"}  # a traced process cannot look for leaks


def url_of(db):
    return f"sqlite:{db}"


def one_line(text):
    assert text.endswith("\n") and text.count("\n") == 1, text
    return text


# ---- kill -9 ------------------------------------------------------------------------------------

def test_published_command_then_kill_keeps_all_200_posts(tmp_path):
    if not shutil.which("hey"):
        pytest.skip("hey is not installed")
    db = tmp_path / "posts.db"
    server = Server("--store", url_of(db))
    out = subprocess.run(["hey", "-n", "200", "-c", "10", "-m", "POST", "-D", "./examples/post1.json", f"{server.url}/posts"],
                         cwd=ROOT, capture_output=True, text=True, timeout=60).stdout
    server.kill()
    assert "[201]\t200 responses" in out
    with Server("--store", url_of(db)) as server, server.connect() as c:
        pages, cursor = [], ""
        while cursor is not None:
            page = c.call("GET", f"/posts?limit=100{cursor and '&cursor='}{cursor}").json()
            pages += page["items"]
            cursor = page["next"]
        assert len(pages) == 200 and len({p["id"] for p in pages}) == 200
        for post in pages:
            assert json.loads(SAMPLE.read_text()).items() <= post.items()
            assert c.call("GET", f"/posts/{post['id']}").json() == post


class Ledger:
    """What clients saw. It outlives every server."""

    def __init__(self):
        self.lock = threading.Lock()
        self.ok = {}  # key → (sent body, Location, ETag, reply body)
        self.unknown = {}  # key → sent body
        self.gone = {}  # Location → the DELETE's outcome is known (True) or not
        self.wrong = []  # answers that no server may give

    def __str__(self):
        return f"{len(self.ok)} acknowledged, {len(self.unknown)} unknown"


def writer(server, ledger, seed):
    """Posts with fresh keys until the server is gone; some twice, some deleted again."""
    rng = random.Random(seed)
    try:
        c = server.connect(timeout=5)
    except GONE:
        return
    with c:
        while True:
            key = str(uuid.UUID(int=rng.getrandbits(128)))
            body = json.dumps({"title": f"{seed} {key}", "body": "x" * rng.choice([1, 10, 1000, 20000]),
                               "author": f"writer {seed}"}).encode()
            try:
                replies = [c.call("POST", "/posts", body, {"Idempotency-Key": key})]
                if rng.random() < 0.2:
                    replies.append(c.call("POST", "/posts", body, {"Idempotency-Key": key}))
            except GONE:
                with ledger.lock:
                    ledger.unknown[key] = body
                return
            first = replies[0]
            if not all(r.status == 201 and r.body == first.body for r in replies):
                ledger.wrong.append(replies)
                return
            with ledger.lock:
                ledger.ok[key] = body, first.headers["location"], first.headers["etag"], first.body
            if rng.random() < 0.1:
                location = first.headers["location"]
                ledger.gone[location] = False
                try:
                    reply = c.call("DELETE", location, None, {"If-Match": first.headers["etag"]})
                except GONE:
                    return
                ledger.gone[location] = True
                if reply.status != 204:
                    ledger.wrong.append(reply)


def check_ledger(server, ledger, db, known=()):
    """All of it, or what is new and a sample of what was `known` to be there before."""
    assert not ledger.wrong
    known = set(random.sample(sorted(known), max(0, len(known) - 200)))
    with server.connect() as c:
        for key, (sent, location, etag, body) in ledger.ok.items():
            if key in known:
                continue
            read = c.call("GET", location)
            if location in ledger.gone:
                assert read.status == 404 or not ledger.gone[location], f"{location} was deleted and is back"
            else:
                assert read.status == 200, f"{location} was acknowledged and is lost"
                assert (read.body, read.headers["etag"]) == (body, etag)
        for key, sent in list(ledger.unknown.items()):
            first = c.call("POST", "/posts", sent, {"Idempotency-Key": key})
            again = c.call("POST", "/posts", sent, {"Idempotency-Key": key})
            assert (first.status, again.status) == (201, 201) and first.body == again.body
            ledger.ok[key] = sent, first.headers["location"], first.headers["etag"], first.body
            del ledger.unknown[key]
        for key in random.sample(sorted(ledger.ok), min(20, len(ledger.ok))):
            sent, _, _, body = ledger.ok[key]
            assert c.call("POST", "/posts", sent, {"Idempotency-Key": key}).body == body
            other = sent.replace(b"writer", b"forger")
            assert c.call("POST", "/posts", other, {"Idempotency-Key": key}).status == 422
    titles = [t for t, in sqlite3.connect(f"file:{db}?mode=ro", uri=True).execute("SELECT title FROM posts")]
    assert len(titles) == len(set(titles)), "a key has made two posts"
    keys = {t.split()[1] for t in titles}
    assert keys <= set(ledger.ok), "a post that nobody sent"


def test_acknowledged_posts_survive_kills_at_random_moments(tmp_path):
    seed = int(os.environ.get("KILL_SEED", random.randrange(1 << 32)))
    print(f"KILL_SEED={seed}")
    rng, ledger, known, db = random.Random(seed), Ledger(), set(), tmp_path / "posts.db"
    for number in range(ROUNDS):
        server = Server("--store", url_of(db), "--workers", 2)
        check_ledger(server, ledger, db, known)
        known = set(ledger.ok)
        threads = [threading.Thread(target=writer, args=(server, ledger, seed + number * 100 + i)) for i in range(8)]
        for t in threads:
            t.start()
        time.sleep(rng.uniform(0.05, 0.5) * SLOW)
        server.kill()
        for t in threads:
            t.join()
        if rng.random() < 0.5:  # once more while it recovers
            killed = subprocess.Popen([*LAYOUT, POSTS, "--store", url_of(db), "--port", "0"],
                                      stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            time.sleep(rng.uniform(0, 0.05))
            killed.kill()
            killed.wait()
    with Server("--store", url_of(db)) as server:
        check_ledger(server, ledger, db)
        assert len(ledger.ok) > 20 * ROUNDS, f"{ledger}: too few to mean anything"
    assert sqlite3.connect(db).execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_changes_survive_a_kill(tmp_path):
    db = tmp_path / "posts.db"
    server = Server("--store", url_of(db))
    with server.connect() as c:
        made = [c.call("POST", "/posts", {"title": str(i), "body": "b", "author": "a"}) for i in range(3)]
        put = c.call("PUT", made[0].headers["location"], {"title": "put", "body": "b"})
        patched = c.call("PATCH", made[1].headers["location"], {"author": None})
        assert c.call("DELETE", made[2].headers["location"]).status == 204
    server.kill()
    with Server("--store", url_of(db)) as server, server.connect() as c:
        for change, location in (put, made[0].headers["location"]), (patched, made[1].headers["location"]):
            read = c.call("GET", location)
            assert (read.body, read.headers["etag"]) == (change.body, change.headers["etag"])
        assert c.call("GET", made[2].headers["location"]).status == 404
        newer = c.call("POST", "/posts", {"title": "n", "body": "b"}).json()["id"]
        assert newer > made[2].json()["id"]  # an id is never given twice


# ---- fdatasync ----------------------------------------------------------------------------------

@pytest.fixture
def tracer():
    if not shutil.which("strace") or subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode:
        pytest.skip("strace is not installed, or not allowed")
    running = []

    def attach(server, *args):
        log = f"{server.dir}/strace"
        running.append(subprocess.Popen(["strace", "-f", "-qq", "-o", log, *args, "-p", str(server.pid)]))
        task = f"/proc/{server.pid}/task"

        def traced():
            return all(not re.search(r"^TracerPid:\s+0$", open(f"{task}/{t}/status").read(), re.M) for t in os.listdir(task))
        assert until(traced)
        return log

    yield attach
    for process in running:
        process.send_signal(signal.SIGTERM)
        process.wait()


def test_answer_leaves_after_fdatasync_has_returned(tmp_path, tracer):
    server = Server("--store", url_of(tmp_path / "p.db"), "--workers", 1, env=NO_LEAK_CHECK)
    with server.connect() as c:
        assert c.call("POST", "/posts", {"title": "t", "body": "b"}).status == 201
        log = tracer(server, "-e", "trace=fdatasync,fsync,sendto", "-e", "inject=fdatasync:delay_exit=200000")
        began = time.monotonic()
        assert c.call("POST", "/posts", {"title": "t", "body": "b"}).status == 201
        assert time.monotonic() - began > 0.2
    calls = re.findall(r"(fdatasync|sendto)\(|<\.\.\. (fdatasync) resumed", open(log).read())
    order = [a or b for a, b in calls]
    assert "fdatasync" in order and order.index("fdatasync") < order.index("sendto")
    server.stop()


def test_writes_of_one_moment_share_one_fdatasync(tmp_path, tracer):
    """Group commit: what arrives during one fdatasync waits for the next, all of it."""
    server = Server("--store", url_of(tmp_path / "p.db"), "--workers", 1, env=NO_LEAK_CHECK)
    clients = [server.connect() for _ in range(40)]
    assert clients[0].call("POST", "/posts", {"title": "t", "body": "b"}).status == 201
    log = tracer(server, "-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=100000")
    for c in clients:
        c.send(b'POST /posts HTTP/1.1\r\nHost: h\r\nContent-Length: 24\r\n\r\n{"title":"t","body":"b"}')
    assert all(c.read().status == 201 for c in clients)
    assert open(log).read().count("fdatasync(") <= 4
    for c in clients:
        c.close()
    server.stop()


def test_failing_fdatasync_stops_writes_and_says_so(tmp_path, tracer):
    db = tmp_path / "p.db"
    server = Server("--store", url_of(db), "--workers", 2, env=NO_LEAK_CHECK)
    with server.connect() as c:
        made = c.call("POST", "/posts", {"title": "before", "body": "b"})
        assert made.status == 201
        tracer(server, "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=1")
        key = {"Idempotency-Key": "failing"}
        failed = c.call("POST", "/posts", {"title": "failed", "body": "b"}, key)
        assert failed.status == 503 and "unknown" in failed.problem()["detail"]
        # Later ones would succeed, and prove nothing: the kernel may have dropped the pages.
        for method, target, body in (("POST", "/posts", {"title": "after", "body": "b"}),
                                     ("PUT", made.headers["location"], {"title": "after", "body": "b"}),
                                     ("DELETE", made.headers["location"], None)):
            assert c.call(method, target, body).status == 503
        ready = c.call("GET", "/readyz")
        assert ready.status == 503 and "writes have stopped" in ready.problem()["detail"]
        assert c.call("GET", "/livez").status == 200
        assert c.call("GET", made.headers["location"]).body == made.body
        assert c.call("GET", "/posts").status == 200
    assert "writes have stopped" in server.stderr()
    server.stop()
    with Server("--store", url_of(db)) as server, server.connect() as c:
        assert c.call("GET", made.headers["location"]).body == made.body
        again = c.call("POST", "/posts", {"title": "failed", "body": "b"}, key)
        assert again.status == 201
        listed = c.call("GET", "/posts").json()["items"]
        assert [p["title"] for p in listed if p["title"] != "before"] == ["failed"]


@pytest.mark.skipif(SANITIZED, reason="6 s; once is enough")
def test_a_disk_that_hangs_is_told_by_readyz_while_it_lasts(tmp_path, tracer):
    server = Server("--store", url_of(tmp_path / "p.db"), "--workers", 1)
    with server.connect(timeout=30) as waits, server.connect() as c:
        assert waits.call("POST", "/posts", {"title": "t", "body": "b"}).status == 201
        tracer(server, "-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=5600000:when=1")
        waits.send(request("POST", "/posts", {"title": "t", "body": "b"}))
        seen = []
        assert until(lambda: seen.append(c.call("GET", "/readyz")) or seen[-1].status == 503, 30)
        assert seen[-1].problem()["detail"] == "not ready: the disk has not answered for more than 5 s"
        assert c.call("GET", "/posts").status == 200  # reads go on
        assert waits.read().status == 201
        assert until(lambda: c.call("GET", "/readyz").status == 200, 10)
    assert until(lambda: re.search(r"warn posts: the disk took 5\d{3,} ms for a commit", server.stderr()), 5)
    server.stop()


# ---- disk full ----------------------------------------------------------------------------------

@pytest.fixture
def small_disk(tmp_path):
    """A disk of 2 MiB, half of it taken by a file that can be removed."""
    there = tmp_path / "disk"
    there.mkdir()
    if not shutil.which("mount") or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", there],
                                                   capture_output=True).returncode:
        pytest.skip("a small tmpfs cannot be mounted here (not root?)")
    (there / "ballast").write_bytes(b"x" * (1 << 20))
    yield there
    assert not subprocess.run(["umount", there], capture_output=True).returncode


def fill(c):
    """Posts until there is no space. Returns the ids acknowledged and the refusal."""
    ids = []
    for _ in range(200):
        reply = c.call("POST", "/posts", {"title": "t", "body": "x" * 30000})
        if reply.status != 201:
            return ids, reply
        ids.append(reply.json()["id"])
    raise AssertionError("the disk never filled")


def test_full_disk_is_507_and_passes(small_disk):
    db = small_disk / "p.db"
    with Server("--store", url_of(db), "--workers", 2) as server, server.connect() as c:
        ids, refusal = fill(c)
        assert refusal.status == 507 and ids
        refusal.problem()
        assert c.call("GET", "/readyz").status == 503
        for id in ids:
            assert c.call("GET", f"/posts/{id}").status == 200
        assert len(c.call("GET", "/posts?limit=100").json()["items"]) == min(100, len(ids))
        (small_disk / "ballast").unlink()
        assert until(lambda: c.call("GET", "/readyz").status == 200), "it does not notice the space"
        more, _ = fill(c)
        assert more
    with Server("--store", url_of(db)) as server, server.connect() as c:
        assert all(c.call("GET", f"/posts/{id}").status == 200 for id in ids + more)


def test_small_posts_still_fit_where_a_large_one_does_not(small_disk):
    """One that is too large must not fail its neighbours in the batch."""
    with Server("--store", url_of(small_disk / "p.db"), "--workers", 1) as server, server.connect() as c:
        fill(c)
        statuses = []
        for _ in range(20):
            c.send(b'POST /posts HTTP/1.1\r\nHost: h\r\nContent-Length: 24\r\n\r\n{"title":"t","body":"b"}')
        statuses = [c.read().status for _ in range(20)]
        assert set(statuses) <= {201, 507} and 201 in statuses, statuses


def test_max_pages_is_a_disk_of_that_size(serve, tmp_path):
    """The same without a mount: the store bounds its own file."""
    server = serve("--store", f"sqlite:{tmp_path / 'p.db'}?max_pages=60")
    with server.connect() as c:
        ids, refusal = fill(c)
        assert refusal.status == 507 and ids
        assert c.call("DELETE", f"/posts/{ids[0]}").status == 204
        assert c.call("DELETE", f"/posts/{ids[1]}").status == 204
        assert until(lambda: c.call("POST", "/posts", {"title": "t", "body": "x" * 30000}).status == 201)
        assert until(lambda: c.call("GET", "/readyz").status == 200)


# ---- files that are not taken -------------------------------------------------------------------

def refusal(store, *args, code=1, **more):
    done = run("--store", store, "--port", 0, *args, **more)
    assert done.returncode == code and done.stdout == ""
    line = one_line(done.stderr)
    assert line.startswith("posts: ")
    return line


@pytest.fixture
def file_with_posts(tmp_path):
    db = tmp_path / "p.db"
    with Server("--store", url_of(db)) as server, server.connect() as c:
        for _ in range(40):
            assert c.call("POST", "/posts", {"title": "t", "body": "x" * 5000}).status == 201
    return db


def test_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    db = tmp_path / "p.db"
    db.write_text("these are my notes, " * 500)
    assert "not an SQLite database" in refusal(url_of(db))
    assert db.read_text() == "these are my notes, " * 500


def test_damaged_file_is_refused_with_the_mend(file_with_posts):
    with open(file_with_posts, "r+b") as f:
        f.seek(100)
        f.write(b"\xff" * 2000)
    line = refusal(url_of(file_with_posts))
    assert "damaged" in line and "backup" in line


def test_damage_inside_is_found_when_asked_for(file_with_posts):
    with open(file_with_posts, "r+b") as f:
        f.seek(20 * 4096)
        f.write(b"\xff" * 4096)
    line = refusal(f"{url_of(file_with_posts)}?check=1")
    assert "damaged" in line


def test_damage_met_while_reading_fails_that_read_only(file_with_posts):
    size = file_with_posts.stat().st_size
    with open(file_with_posts, "r+b") as f:
        f.seek(size // 2 // 4096 * 4096)
        f.write(b"\xff" * 4096)
    with Server("--store", url_of(file_with_posts)) as server, server.connect() as c:
        statuses = {c.call("GET", "/posts?limit=100").status, c.call("GET", "/livez").status}
        assert statuses <= {200, 503} and 200 in statuses


def test_newer_schema_is_refused(file_with_posts):
    with sqlite3.connect(file_with_posts) as db:
        db.execute("PRAGMA user_version=99")
    line = refusal(url_of(file_with_posts))
    assert "newer" in line and "99" in line


def test_database_of_another_program_is_refused(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE precious (x)")
    before = path.read_bytes()
    assert "another program" in refusal(url_of(path))
    assert path.read_bytes() == before


def test_log_without_its_file_is_not_thrown_away(tmp_path):
    db = tmp_path / "p.db"
    server = Server("--store", url_of(db))
    assert server.call("POST", "/posts", {"title": "t", "body": "b"}).status == 201
    server.kill()
    wal = db.with_name("p.db-wal")
    held = wal.read_bytes()
    assert held
    db.rename(tmp_path / "moved.db")
    assert "-wal" in refusal(url_of(db))
    assert wal.read_bytes() == held
    db.unlink(missing_ok=True)
    (tmp_path / "moved.db").rename(db)
    with Server("--store", url_of(db)) as server:
        assert len(server.call("GET", "/posts").json()["items"]) == 1


def test_second_process_on_a_file_is_refused(serve, tmp_path):
    db = tmp_path / "p.db"
    first = serve("--store", url_of(db))
    line = refusal(url_of(db))
    assert "in use" in line and str(first.pid) in line
    assert first.call("POST", "/posts", {"title": "t", "body": "b"}).status == 201
    first.kill()
    assert serve("--store", url_of(db)).call("GET", "/posts").status == 200


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_another_name_of_the_same_file(serve, tmp_path, there):
    """Two processes on one file could corrupt it, whatever they call it; so a backup finds who has it."""
    (tmp_path / "real").mkdir(), (tmp_path / "here").mkdir()
    db, link = tmp_path / "real/p.db", tmp_path / "here/p.db"
    link.symlink_to("second"), (tmp_path / "here/second").symlink_to("../real/p.db")
    if there:
        db.touch()
    first = serve("--store", url_of(link))
    assert first.call("POST", "/posts", {"title": "t", "body": "b"}).status == 201
    for name in link, db:
        line = refusal(url_of(name))
        assert "in use" in line and str(first.pid) in line
        done = run("backup", "--store", url_of(name), tmp_path / "copy.db")
        assert done.returncode == 0 and ", 1 posts" in done.stdout


def test_a_lock_is_not_a_link_to_something_else(tmp_path):
    """Who may write in the directory could have the pid written over any file of who makes a backup."""
    victim, db = tmp_path / "victim", tmp_path / "p.db"
    victim.write_text("precious")
    (tmp_path / "p.db.lock").symlink_to(victim)
    assert "p.db.lock" in refusal(url_of(db))
    assert victim.read_text() == "precious"


def test_places_where_no_file_can_be(tmp_path):
    assert "directory must exist" in refusal(url_of(tmp_path / "none" / "p.db"))
    (tmp_path / "dir.db").mkdir()
    assert "cannot be opened" in refusal(url_of(tmp_path / "dir.db"))
    assert "name" in refusal("sqlite:", code=2)
    assert "max_pages" in refusal(f"{url_of(tmp_path / 'p.db')}?max_pages=x", code=2)
    assert "nope" in refusal(f"{url_of(tmp_path / 'p.db')}?nope=1", code=2)


def test_directory_that_cannot_be_written(tmp_path):
    there = tmp_path / "sealed"
    there.mkdir()
    if os.getuid() != 0:
        there.chmod(0o555)
    elif subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", there], capture_output=True).returncode:
        pytest.skip("root writes everywhere, and a read-only place cannot be mounted")
    try:
        line = refusal(url_of(there / "p.db"))
        assert str(there) in line and "writable" in line
    finally:
        if os.getuid() == 0:
            subprocess.run(["umount", there], check=True)
