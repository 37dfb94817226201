"""examples/upload: files sent by real clients, by hostile ones, and by ones that vanish."""
import email.parser
import email.policy
import hashlib
import json
import os
import random
import re
import subprocess
from pathlib import Path

import pytest
from browser import Browser, needs_browser
from conftest import BUILD, SLOW, Server, chunked, request, until

MIB = 1 << 20
CHROME = "----WebKitFormBoundary7MA4YWxkTrZu0gW"


@pytest.fixture(scope="module")
def box(serve_module):
    return serve_module(program=BUILD / "examples" / "upload")


def curl(*args, cwd=None):
    done = subprocess.run(["curl", "-sS", "--max-time", "60", "-w", "\n%{http_code}", *map(str, args)],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=90, cwd=cwd)
    assert done.returncode == 0, done.stderr
    body, status = done.stdout.rsplit(b"\n", 1)
    return int(status), body


def part(name, data, filename=None, media_type=None):
    head = f'Content-Disposition: form-data; name="{name}"'
    head += f'; filename="{filename}"' if filename is not None else ""
    head += f"\r\nContent-Type: {media_type}" if media_type else ""
    return head.encode() + b"\r\n\r\n" + data


def form(*parts, boundary="b"):
    mark = b"--" + boundary.encode()
    return b"".join(mark + b"\r\n" + p + b"\r\n" for p in parts) + mark + b"--\r\n"


def typed(boundary="b"):
    return {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def post(box, target, body, boundary="b"):
    return box.call("POST", target, body, typed(boundary))


def temporary(box):
    """Descriptors of nameless files that the server holds."""
    found = []
    for fd in Path(f"/proc/{box.pid}/fd").iterdir():
        try:
            to = os.readlink(fd)
        except OSError:
            continue
        if to.endswith("(deleted)"):
            found.append(to)
    return found


# ---- real clients --------------------------------------------------------------------------------

def test_curl_sends_a_photo_and_its_fields(box, tmp_path):
    png = tmp_path / "My cat (1).png"
    png.write_bytes(b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(100000))
    status, body = curl("-F", "title=Cat", "-F", "license=public", "-F", f'photo=@"{png}"', f"{box.url}/photos")
    photo = json.loads(body)
    assert status == 201, body
    assert (photo["title"], photo["license"], photo["filename"]) == ("Cat", "public", "My cat (1).png")
    kept = Path(f"/proc/{box.pid}/cwd") / f"photo-{photo['id']}"
    assert kept.read_bytes() == png.read_bytes()
    assert photo["size"] == png.stat().st_size
    assert kept.stat().st_mode & 0o777 == 0o644


def test_curl_sends_a_photo_as_the_body(box, tmp_path):
    png = tmp_path / "cat.png"
    png.write_bytes(b"\x89PNG")
    status, body = curl("-T", png, "-H", "Content-Type: image/png", f"{box.url}/photos")
    assert status == 201
    assert (Path(f"/proc/{box.pid}/cwd") / f"photo-{json.loads(body)['id']}").read_bytes() == b"\x89PNG"
    status, body = curl("-T", png, "-H", "Content-Type: text/plain", f"{box.url}/photos")
    assert status == 415


def test_curl_sends_the_form_without_a_file(box):
    """As a browser does with an input that was left blank: a file without a name."""
    body = form(part("title", b"t"), part("license", b""), part("photo", b"", "", "application/octet-stream"),
                boundary=CHROME)
    problem = post(box, "/photos", body, CHROME).problem()
    assert [(e["parameter"], e["code"]) for e in problem["errors"]] == [("photo", "required")]


def test_every_fault_of_a_form_is_told_at_once(box):
    status, body = curl("-F", "license=stolen", "-F", "photo=@-;filename=x.txt;type=text/plain", f"{box.url}/photos",
                        "--form-string", "title=")
    assert status == 422
    assert sorted((e["parameter"], e["code"]) for e in json.loads(body)["errors"]) == [
        ("license", "enum"), ("photo", "type"), ("title", "too_short")]


def test_a_urlencoded_form_lacks_the_file(box):
    status, body = curl("-d", "title=t", f"{box.url}/photos")
    assert status == 422 and json.loads(body)["errors"][0]["parameter"] == "photo"
    reply = box.call("POST", "/photos", b"{}", {"Content-Type": "application/json"})
    assert reply.status == 415
    assert reply.headers["accept"] == "application/x-www-form-urlencoded, multipart/form-data"


def test_a_hundred_mebibytes_come_back_with_flat_memory(box, tmp_path):
    """curl sends `Expect: 100-continue` with it, and the server must answer that."""
    large, same = tmp_path / "large", tmp_path / "same"
    block = random.Random(2).randbytes(MIB)
    with open(large, "wb") as f:
        for i in range(100):
            f.write(block[i:] + block[:i])
    curl("-F", "file=@-", f"{box.url}/echo", "--max-time", "10", cwd="/")  # warm
    box.reset_peak()
    before = box.rss()
    status, _ = curl("-F", f"file=@{large}", "-H", "Expect: 100-continue", "-o", same, f"{box.url}/echo")
    assert status == 200
    assert box.peak() - before < 8 * MIB * SLOW
    with open(large, "rb") as a, open(same, "rb") as b:
        assert hashlib.file_digest(a, "sha256").digest() == hashlib.file_digest(b, "sha256").digest()
    assert until(lambda: not temporary(box))
    large.unlink()
    same.unlink()


def test_names_of_files_lead_nowhere(box):
    for name, want in [("../../../etc/passwd", "passwd"), ("C:\\\\temp\\\\cat.png", "cat.png"), (".htaccess", "htaccess"),
                       ("a\\\"b.png", 'a"b.png'), ("..", "file"), ("caf\u00e9.png", "caf\u00e9.png"), ("x/", "file")]:
        photo = post(box, "/photos", form(part("title", b"t"), part("photo", b"1", name, "image/png"))).json()
        assert photo["filename"] == want
    assert all(p.name.startswith("photo-") or p.name in ("stdout", "stderr")
               for p in Path(f"/proc/{box.pid}/cwd/").iterdir())


def test_a_file_that_stands_there_is_not_overwritten(serve, tmp_path):
    (tmp_path / "photo-1").write_text("mine")
    box = serve(program=BUILD / "examples" / "upload", cwd=tmp_path)
    assert post(box, "/photos", form(part("title", b"t"), part("photo", b"1", "f", "image/png"))).json()["id"] == 2
    assert (tmp_path / "photo-1").read_text() == "mine"
    assert (tmp_path / "photo-2").read_bytes() == b"1"


@needs_browser
def test_a_browser_sends_its_form(box):
    """What Chromium makes of odd names and of an input that was left blank."""
    chromium = Browser()
    try:
        chromium.call("POST", "/url", {"url": box.url})
        send = """const form = new FormData(document.forms[0]);
            for (const [name, value] of Object.entries(arguments[0])) form.set(name, value);
            if (arguments[1]) form.set("photo", new File([new Uint8Array([0, 13, 10, 45, 45, 255])], arguments[1],
                                                         {type: "image/png"}));
            return fetch("/photos", {method: "POST", body: form}).then(r => r.json());"""
        photo = chromium.run(send, {"title": 'x"\r\n\u00fc'}, 'q"u\u00fc\n.png')
        assert (photo["title"], photo["license"], photo["size"]) == ('x"\r\n\u00fc', "mine", 6)
        assert photo["filename"] == "q%22u\u00fc%0A.png"
        kept = Path(f"/proc/{box.pid}/cwd") / f"photo-{photo['id']}"
        assert kept.read_bytes() == b"\x00\r\n--\xff"
        blank = chromium.run(send, {}, None)
        assert [(e["parameter"], e["code"]) for e in blank["errors"]] == [("photo", "required"), ("title", "too_short")]
    finally:
        chromium.quit()


# ---- another reading of the same bodies ----------------------------------------------------------

def by_python(body, boundary):
    """(name, filename, data) of each part, as Python's email package reads it."""
    head = f'Content-Type: multipart/form-data; boundary="{boundary}"\r\n\r\n'.encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    out = []
    for p in message.iter_parts():
        field = p["Content-Disposition"]
        out.append((field.params["name"], field.params.get("filename"), p.get_payload(decode=True)))
    return out


def test_generated_bodies_are_read_as_python_reads_them(box):
    """What comes back is the first file named "file"."""
    r = random.Random(3)
    with box.connect() as c:
        for _ in range(300):
            boundary = "".join(r.choices("abcXYZ019'_-.", k=r.randint(1, 30))) + "e"
            near = [b"\r\n--" + boundary.encode()[:r.randint(0, len(boundary) - 1)], b"\r\n", b"--", b"\r", b"\n", b"-",
                    b"x" * r.randint(0, 99), b"--" + boundary.encode()]
            parts, first = [], None
            for _ in range(r.randint(1, 5)):
                data = b"".join(r.choices(near, k=r.randint(0, 12)))
                if re.search(rb"(^|[\r\n])--" + re.escape(boundary.encode()), data):
                    continue  # Python takes any end of a line for one
                is_file = r.random() < 0.7
                parts.append(part(r.choice(["file", "other"]), data, "f" if is_file else None, "application/octet-stream"))
            if not parts:
                continue
            preamble = r.choice([b"", b"", b"\r\n", b"pre\r\n"])
            epilogue = r.choice([b"", b"epi"])
            body = preamble + form(*parts, boundary=boundary) + epilogue
            for name, filename, data in by_python(body, boundary):
                if name == "file" and filename is not None and first is None:
                    first = data
            reply = c.call("POST", "/echo", body, {"Content-Type": f'multipart/form-data; boundary="{boundary}"'})
            assert (reply.status, reply.body if first is not None else None) == (200 if first is not None else 422, first), body


# ---- hostile bodies ------------------------------------------------------------------------------

def test_what_is_no_form_is_400_and_the_connection_is_sound(box):
    good = form(part("file", b"1", "f"))
    rows = [
        ("multipart/form-data", good), ("multipart/form-data; boundary=", good),
        ("multipart/form-data; boundary=" + "b" * 71, good),
        ("multipart/form-data; boundary=b", good[:-6]),
        ("multipart/form-data; boundary=other", good),
        ("multipart/form-data; boundary=b", good.replace(b"\r\n", b"\n")),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"X: " + b"h" * 5000 + b"\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"X: 1\r\n" * 5000),
        ("multipart/form-data; boundary=b", b"preamble" * 1000),
        ("multipart/form-data; boundary=b", good + b"x" * 2000),
        ("multipart/form-data; boundary=b", form(b"Content-Type: a/b\r\n\r\nno name")),
    ]
    for media_type, body in rows:
        with box.connect() as c:
            reply = c.call("POST", "/echo", body, {"Content-Type": media_type})
            assert reply.status == 400 and reply.problem()["detail"], body[:100]
            assert reply.closes or c.works()
    assert box.call("GET", "/livez").status == 200


def test_thousands_of_parts_are_413(box):
    reply = post(box, "/echo", form(*[part("x", b"")] * 5000))
    assert reply.status == 413 and reply.closes


def test_too_large_is_413_before_it_is_sent(box):
    with box.connect() as c:
        c.send(f"POST /photos HTTP/1.1\r\nHost: t\r\nContent-Type: multipart/form-data; boundary=b\r\n"
               f"Content-Length: {21 * MIB}\r\nExpect: 100-continue\r\n\r\n")
        assert c.read().status == 413
    with box.connect() as c:  # not announced: counted while it comes
        c.send("PUT /photos HTTP/1.1\r\nHost: t\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(22):
                c.send(b"%x\r\n%s\r\n" % (MIB, b"x" * MIB))
        except OSError:
            pass
        assert c.read().status == 413
    assert until(lambda: not temporary(box))


def test_a_100_continue_is_sent_only_when_the_body_is_wanted(box):
    body = form(part("file", b"1", "f"))
    with box.connect() as c:
        c.send(f"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Type: multipart/form-data; boundary=b\r\n"
               f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n")
        assert c.read().status == 100
        c.send(body)
        assert c.read().body == b"1"
    with box.connect() as c:
        c.send(f"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Type: multipart/mixed; boundary=b\r\n"
               f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n")
        assert c.read().status == 415


def test_bodies_come_in_chunks_and_one_behind_the_other(box):
    body = form(part("file", b"chunked", "f"))
    head = b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n"
    with box.connect() as c:
        c.send(head + chunked(*[body[i:i + 3] for i in range(0, len(body), 3)]) + request("POST", "/echo", body, typed()))
        assert [c.read().body for _ in range(2)] == [b"chunked"] * 2
        c.send_slowly(request("POST", "/echo", body, typed()), 5)
        assert c.read().body == b"chunked"


def test_nothing_is_left_of_clients_that_vanish(box):
    fds = until(lambda: box.fds())
    clients = []
    for i in range(20):
        c = box.connect()
        c.send(b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9999999\r\n\r\n"
               + form(part("file", b"x" * 200000, "f"))[:-8])
        clients.append(c)
    assert until(lambda: len(temporary(box)) == 20)
    for i, c in enumerate(clients):
        c.reset() if i % 2 else c.close()
    assert until(lambda: not temporary(box) and box.fds() <= fds)


def test_what_uploads_hold_in_memory_is_counted(serve):
    box = serve("--max-buffered", "32K", program=BUILD / "examples" / "upload")
    with box.connect() as c:
        assert post(box, "/echo", form(part("file", b"x" * 1000, "f"))).status == 200
        reply = c.call("POST", "/echo", form(part("file", b"x" * 60000, "f")), typed())
        assert reply.status == 503 and "retry-after" in reply.headers
    assert until(lambda: post(box, "/echo", form(part("file", b"x" * 1000, "f"))).status == 200)


def test_files_on_disk_are_counted_too(serve):
    """Each is a descriptor, which a hundred bytes of a client's open."""
    box = serve("--max-buffered", "1M", program=BUILD / "examples" / "upload")
    many = form(part("full", b"x" * 65536, "f"), *(part("file", b"x" * 2, "f") for _ in range(98)))
    assert post(box, "/echo", many).status == 503
    assert until(lambda: post(box, "/echo", form(part("file", b"x" * 200000, "f"))).status == 200)


def test_a_full_disk_is_507_and_the_server_lives(tmp_path):
    """A limit on the size of files is the disk that anybody may fill."""
    tight = ("sh", "-c", 'ulimit -f 2048; exec "$@"', "sh")
    with Server(program=BUILD / "examples" / "upload", cwd=tmp_path, wrap=tight) as box:
        reply = post(box, "/echo", form(part("file", b"x" * 4 * MIB, "f")))
        assert reply.status == 507 and "room" in reply.problem()["detail"]
        assert post(box, "/echo", form(part("file", b"1", "f"))).body == b"1"
        assert not temporary(box)
