"""Files from the disk, with real clients: curl, nginx beside it for ranges, and a disk that changes under way."""
import email
import gzip
import os
import re
import shutil
import signal
import socket
import subprocess

import pytest
from conftest import BUILD, SLOW, Closed, request, run, until

NGINX = shutil.which("nginx") or ("/usr/sbin/nginx" if os.path.exists("/usr/sbin/nginx") else None)
TEXT = bytes(range(32, 127)) * 11  # 1045 bytes
BIG = 24 << 20


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("site")
    (root / "text.txt").write_bytes(TEXT)
    (root / "index.html").write_text("<h1>home</h1>")
    (root / "app.js").write_text("alert(1)\n" * 100)
    (root / "app.js.gz").write_bytes(gzip.compress(b"alert(1)\n" * 100))
    (root / ".env").write_text("SECRET=1")
    (root / "docs").mkdir()
    (root / "docs" / "index.html").write_text("<h1>docs</h1>")
    (root.parent / "secret.txt").write_text("secret")
    (root / "out").symlink_to("../secret.txt")
    with open(root / "big.bin", "wb") as f:
        for i in range(BIG >> 16):
            f.write(bytes([i & 255]) * 65536)
    old = 784111777
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (old, old))
    return root


@pytest.fixture(scope="module")
def files(serve_module, site):
    program = BUILD / "examples" / "files"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    return serve_module("--root", site, "--workers", 1, "--access-log", "off", program=program)


def curl(server, path, *args):
    """(status, fields, body) of what curl says."""
    url = f"http://127.0.0.1:{server.port}{path}"
    show = [] if "-I" in args else ["-i"]
    done = subprocess.run(["curl", "-sS", "--path-as-is", *show, *args, url], capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    head, body = done.stdout.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    return int(lines[0].split()[1]), {k.lower(): v for k, v in (x.split(": ", 1) for x in lines[1:])}, body


# ---- curl ---------------------------------------------------------------------------------------

def test_curl_gets_a_file_and_its_head(files):
    status, fields, body = curl(files, "/text.txt")
    assert (status, body) == (200, TEXT)
    assert fields["last-modified"] == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert fields["x-content-type-options"] == "nosniff" and fields["accept-ranges"] == "bytes"
    head_status, head, nothing = curl(files, "/text.txt", "-I")
    assert (head_status, nothing) == (200, b"")
    del head["date"], fields["date"]
    assert head == fields


@pytest.mark.parametrize("args, status, want", [
    (["--range", "0-9"], 206, TEXT[:10]),
    (["--range", "1000-"], 206, TEXT[1000:]),
    (["--range", "-5"], 206, TEXT[-5:]),
    (["-C", "40"], 206, TEXT[40:]),
    (["--range", "2000-"], 416, None),
])
def test_curl_gets_parts(files, args, status, want):
    got, fields, body = curl(files, "/text.txt", *args)
    assert got == status
    assert want is None or body == want
    assert fields["content-range"].endswith(f"/{len(TEXT)}")


def test_curl_asks_whether_it_changed(files, site):
    tag = curl(files, "/text.txt")[1]["etag"]
    assert curl(files, "/text.txt", "-z", "Sun, 06 Nov 1994 08:49:37 GMT")[0] == 304
    assert curl(files, "/text.txt", "-z", str(site / "text.txt"))[0] == 304
    assert curl(files, "/text.txt", "-z", "Sat, 05 Nov 1994 08:49:37 GMT")[0] == 200
    assert curl(files, "/text.txt", "-H", f"If-None-Match: {tag}")[0] == 304
    assert curl(files, "/text.txt", "-H", 'If-Match: "other"')[0] == 412


def test_curl_gets_what_is_compressed_already(files, site):
    status, fields, body = curl(files, "/app.js", "--compressed")
    assert (status, fields["content-encoding"], fields["vary"]) == (200, "gzip", "Accept-Encoding")
    assert body == (site / "app.js").read_bytes()  # curl undoes it
    assert fields["content-type"] == "text/javascript; charset=utf-8"
    assert "content-encoding" not in curl(files, "/app.js")[1]


def test_curl_saves_a_download_under_its_name(files, tmp_path):
    url = f"http://127.0.0.1:{files.port}/download/text.txt?as=Ma%C3%9F%20one.txt"
    subprocess.run(["curl", "-sS", "-OJ", url], check=True, cwd=tmp_path, timeout=30)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [TEXT]
    assert curl(files, "/download/docs/index.html")[1]["content-disposition"] == 'attachment; filename="index.html"'
    assert curl(files, "/download/.env")[0] == 404


def test_curl_follows_to_a_folder(files):
    assert curl(files, "/docs")[1]["location"] == "./docs/"
    done = subprocess.run(["curl", "-sS", "-L", f"http://127.0.0.1:{files.port}/docs"], capture_output=True, timeout=30)
    assert done.stdout == b"<h1>docs</h1>"


@pytest.mark.parametrize("path", [
    "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%2e%2e%2fsecret.txt", "/docs/../../secret.txt",
    "/..%5csecret.txt", "/..\\secret.txt", "/out", "/.env", "/%2eenv", "//etc/passwd", "/%2fetc/passwd",
    "/docs/%2e%2e/%2e%2e/secret.txt", "/text.txt%00", "/%c0%ae%c0%ae/secret.txt", "/....//secret.txt",
])
def test_nothing_leads_out_of_the_root(files, path):
    status, _, body = curl(files, path)
    assert status in (400, 404)
    assert b"secret\n" not in body and b"SECRET" not in body and b"root:" not in body


# ---- nginx says the same ------------------------------------------------------------------------

@pytest.fixture(scope="module")
def nginx(site, tmp_path_factory):
    if not NGINX:
        pytest.skip("nginx is not installed")
    home = tmp_path_factory.mktemp("nginx")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    os.chmod(site.parent, 0o755)
    os.chmod(site, 0o755)
    (home / "conf").write_text(
        f"daemon off; master_process off; pid {home}/pid; error_log {home}/error.log;\n"
        "events {}\n"
        "http { access_log off; " + "".join(
            f"{kind}_temp_path {home}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) +
        f"server {{ listen 127.0.0.1:{port}; root {site}; }} }}\n")
    process = subprocess.Popen([NGINX, "-c", home / "conf", "-e", home / "error.log"], stderr=subprocess.DEVNULL)

    class Place:
        unix = None

    place = Place()
    place.port = port

    def answers():
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return True
        except OSError:
            return False

    if not until(answers, 10):
        process.kill()
        pytest.skip("nginx does not start here")
    yield place
    process.send_signal(signal.SIGTERM)
    process.wait(10)


def parts(fields, body):
    """{offset: byte} of a 206, whatever its form."""
    def one(text, content):
        first, last, total = map(int, re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", text).groups())
        assert len(content) == last - first + 1 and total == len(TEXT)
        return dict(zip(range(first, last + 1), content))

    if "content-range" in fields:
        return one(fields["content-range"], body)
    message = email.message_from_bytes(f"Content-Type: {fields['content-type']}\r\n\r\n".encode() + body)
    assert message.get_content_type() == "multipart/byteranges" and message.is_multipart()
    found = {}
    for part in message.get_payload():
        assert part.get_content_type() == "text/plain"
        found |= one(part["Content-Range"], part.get_payload(decode=True))
    return found


RANGES = [
    "0-0", "0-9", "5-", "-1", "-1045", "-5000", "0-1044", "0-1045", "0-99999999", "1044-", "1044-1044", "007-009",
    "0-0,1044-", "0-9,20-29", "20-29,0-9", "0-9,20-29,40-49", "-10,0-9", "0-9,5-14", "0-9,10-19", "100-,0-9",
    "0-9 , 20-29", "0-9,2000-", "2000-,0-9", "0-9,-0", "1045-", "2000-3000", "2000-,3000-", "-0",
    "99999999999999-",
]


@pytest.mark.parametrize("ranges", RANGES)
def test_ranges_give_the_bytes_that_nginx_gives(files, nginx, ranges):
    ours = curl(files, "/text.txt", "-H", f"Range: bytes={ranges}")
    theirs = curl(nginx, "/text.txt", "-H", f"Range: bytes={ranges}")
    assert ours[0] == theirs[0]
    if ours[0] == 206:
        got = parts(ours[1], ours[2])
        assert got == parts(theirs[1], theirs[2])
        assert all(TEXT[at] == byte for at, byte in got.items())
    elif ours[0] == 200:
        assert ours[2] == theirs[2] == TEXT
    else:
        assert ours[1]["content-range"] == theirs[1]["content-range"]


@pytest.mark.parametrize("fields, status", [
    (["Range: bytes=5-4"], 200), (["Range: bytes=a-b"], 200), (["Range: lines=0-9"], 200), (["Range: bytes=0-9-"], 200),
    (["Range: bytes=0-9", "Range: bytes=20-29"], 200),
    (["Range: bytes=" + ",".join(f"{i * 3}-{i * 3}" for i in range(33))], 200),
    (["Range: bytes=" + ",".join(f"{i * 3}-{i * 3}" for i in range(32))], 206),
    (["Range: bytes=" + "0-," * 1000 + "0-"], 200),
    (["Range: bytes=0-9", "If-Range: Sun, 06 Nov 1994 08:49:37 GMT"], 206),
    (["Range: bytes=0-9", "If-Range: Sun, 06 Nov 1994 08:49:36 GMT"], 200),
    (["Range: bytes=0-9", 'If-Range: "other"'], 200),
])
def test_odd_ranges_give_the_whole_file(files, fields, status):
    got, _, body = curl(files, "/text.txt", *[x for f in fields for x in ("-H", f)])
    assert got == status
    assert status == 206 or body == TEXT


# ---- large files, slow clients, a disk that changes -----------------------------------------------

def test_a_large_file_costs_no_memory_and_comes_whole(files, site):
    curl(files, "/text.txt")
    files.reset_peak()
    before = files.peak()
    want = (site / "big.bin").read_bytes()
    with files.connect(timeout=20 * SLOW) as c:
        reply = c.call("GET", "/big.bin")
        assert reply.status == 200 and reply.body == want
        reply = c.call("GET", "/big.bin", headers={"Range": f"bytes=1000000-20000000,{BIG - 5}-"})
        assert reply.status == 206 and want[1000000:20000001] in reply.body
        assert c.call("GET", "/text.txt").body == TEXT  # the connection goes on
    assert files.peak() - before < (4 << 20) * SLOW


def test_pipelined_parts_come_in_order(files):
    wants = [("0-9", TEXT[:10]), ("-3", TEXT[-3:]), ("500-999", TEXT[500:1000])]
    with files.connect() as c:
        c.send(b"".join(request("GET", "/text.txt", headers={"Range": f"bytes={r}"}) for r, _ in wants))
        assert [c.read().body for _ in wants] == [body for _, body in wants]


def test_a_slow_client_holds_back_nobody(files):
    with files.connect(rcvbuf=4096) as slow:
        slow.send(request("GET", "/big.bin"))
        for _ in range(3):
            assert curl(files, "/text.txt")[2] == TEXT
        slow.more()


def start_reading(server, name, rcvbuf=4096):
    c = server.connect(rcvbuf=rcvbuf, timeout=20 * SLOW)
    c.send(request("GET", name))
    while b"\r\n\r\n" not in c.rest:
        c.more()
    head, c.rest = c.rest.split(b"\r\n\r\n", 1)
    return c, int(re.search(rb"Content-Length: (\d+)", head).group(1))


def read_to_end(c, length):
    try:
        while len(c.rest) < length:
            c.more()
    except (Closed, ConnectionResetError):
        pass
    return c.rest


def test_a_file_that_shrinks_cuts_the_connection(files, site):
    path = site / "shrinks.bin"
    path.write_bytes(b"x" * BIG)
    c, length = start_reading(files, "/shrinks.bin")
    with c:
        os.truncate(path, 1000)
        got = read_to_end(c, length)
    path.unlink()
    assert length == BIG and len(got) < length  # what was on its way may have become zeros: no copy was made
    assert curl(files, "/text.txt")[2] == TEXT


def test_a_file_that_is_replaced_is_sent_as_it_was(files, site):
    path = site / "replaced.bin"
    path.write_bytes(b"a" * (8 << 20))
    c, length = start_reading(files, "/replaced.bin")
    with c:
        other = site / "other.bin"
        other.write_bytes(b"b" * 100)
        other.rename(path)
        assert curl(files, "/replaced.bin")[2] == b"b" * 100
        assert read_to_end(c, length) == b"a" * length
    path.unlink()


def test_clients_that_go_leave_no_descriptor(files):
    before = files.fds()
    for _ in range(20):
        with files.connect(rcvbuf=4096) as c:
            c.send(request("GET", "/big.bin"))
            c.more()
    assert until(lambda: files.fds() <= before, 10)


def test_a_root_that_is_a_link_may_be_turned_over(serve, tmp_path):
    program = BUILD / "examples" / "files"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "v.txt").write_text(name)
    link = tmp_path / "current"
    link.symlink_to("one")
    server = serve("--root", link, "--workers", 1, "--access-log", "off", program=program)
    assert curl(server, "/v.txt")[2] == b"one"
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").rename(link)
    assert curl(server, "/v.txt")[2] == b"two"
    shutil.rmtree(tmp_path / "two")
    assert curl(server, "/v.txt")[0] == 500
    assert str(link) in server.stderr()


def test_a_root_that_is_not_there_ends_the_program(tmp_path):
    program = BUILD / "examples" / "files"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    done = run("--root", tmp_path / "nowhere", "--port", "0", program=program)
    assert done.returncode == 1 and "nowhere: No such file or directory; name a folder" in done.stderr
