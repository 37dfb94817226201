"""HTTPS by the service itself: curl, openssl s_client, and clients that misbehave.

posts has no OpenSSL; with a certificate it becomes posts-full. So each server here has gone that way.
"""
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time

import pytest
import test_http_table as table
import test_posts
from conftest import BUILD, LAYOUT, POSTS, SLOW, child_env, request, run, until
from load import PROOF, SAMPLE
from tls import FULL, Certificate, make, needs_tls

pytestmark = needs_tls

MEMORY = ("--store", "memory:")
POST = b'{"title":"t","body":"b"}'
GET = request("GET", "/livez")


@pytest.fixture(scope="module")
def trust(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def memory(serve_module, trust):
    return serve_module(*MEMORY, "--workers", 2, tls=trust)


@pytest.fixture(scope="module")
def posts(memory):
    return memory


@pytest.fixture
def c(posts):
    with posts.connect() as client:
        yield client


# ---- the contract, over TLS ----------------------------------------------------------------------

globals().update({name: made for name, made in vars(test_posts).items()
                  if name.startswith("test_") and made.__code__.co_varnames[:1] in (("c",), ("posts",))})


# Of the HTTP table: framing that proxies were fooled with, limits, what ends a connection.
TELLING = [row for row in table.ROWS if re.search(
    r"smuggl|chunk|Content-Length|two empty lines before|bare LF ends the head|HTTP/2|absolute form$|pipelin|"
    r"limit|upgrade|expect", row[1], re.I) and table.URL not in row[2]]


@pytest.mark.parametrize("raw, status, fate", [row[2:] for row in TELLING], ids=[f"{r[0]}: {r[1]}" for r in TELLING])
def test_row_of_the_http_table_byte_by_byte(memory, raw, status, fate):
    with memory.connect() as c:
        c.send_slowly(raw + table.BEHIND, piece=1 + len(raw) // 200)
        table.check(c, raw, status, fate)


# ---- curl ----------------------------------------------------------------------------------------

def curl(memory, *args, body=None):
    done = subprocess.run(["curl", "-s", "--cacert", memory.tls.cert, *map(str, args)], input=body,
                          capture_output=True, timeout=20 * SLOW)
    assert done.returncode == 0, done
    return done.stdout


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_curl_speaks_both_versions_and_http_1_1(memory, version):
    said = curl(memory, "--tls-max", version, f"--tlsv{version}", "-D", "-", "-d", POST.decode(), "-w",
                "\n%{http_version} %{ssl_verify_result}", f"https://localhost:{memory.port}/posts")
    assert said.startswith(b"HTTP/1.1 201 ") and said.endswith(b"\n1.1 0")
    head = curl(memory, "--tls-max", version, "-I", f"https://127.0.0.1:{memory.port}/posts")
    assert head.startswith(b"HTTP/1.1 200 ") and b"Content-Length: " in head


def test_curl_keeps_a_connection_and_sends_large_bodies(memory, tmp_path):
    large = tmp_path / "large.json"
    large.write_text(json.dumps({"title": "large", "body": "x" * 60000}))
    url = f"https://localhost:{memory.port}/posts"
    said = curl(memory, "-d", f"@{large}", "-w", "%{num_connects} ", "-o", "/dev/null", url, "-o", "/dev/null", url)
    assert said == b"1 0 "
    too_large = curl(memory, "-T", "-", "-X", "POST", "-o", "/dev/null", "-w", "%{http_code}", url, body=b"y" * 3000000)
    assert too_large == b"413"


def test_large_answer_comes_whole_to_a_slow_reader(memory):
    for _ in range(20):
        assert memory.call("POST", "/posts", {"title": "t", "body": "z" * 60000}).status == 201
    with memory.connect(rcvbuf=4096, timeout=20 * SLOW) as c:
        c.send(request("GET", "/posts?limit=20") + GET)
        time.sleep(0.3)  # the server has more than the socket takes
        assert len(c.read().json()["items"]) == 20
        assert c.read().status == 200


def test_pipelined_requests_are_answered_in_order(memory):
    with memory.connect() as c:
        c.send(b"".join(request("GET", f"/posts/{i}") + request("POST", "/posts", POST) for i in range(50)))
        assert [c.read().status for _ in range(100)] == [404, 201] * 50


# ---- openssl s_client ----------------------------------------------------------------------------

def s_client(memory, *args, say=""):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{memory.port}", "-CAfile", memory.tls.cert,
                           *map(str, args)], input=say, text=True, capture_output=True, timeout=20 * SLOW)
    return done.stdout + done.stderr


@pytest.mark.parametrize("args, words", [
    (["-tls1_2"], "Protocol  : TLSv1.2"),
    (["-tls1_3"], "New, TLSv1.3"),
    (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "alert protocol version"),
    (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], "alert protocol version"),
    (["-tls1_2", "-cipher", "AES128-GCM-SHA256"], "alert handshake failure"),  # no forward secrecy
    (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], "alert handshake failure"),  # no AEAD
    (["-alpn", "h2,http/1.1"], "ALPN protocol: http/1.1"),
    (["-alpn", "h2"], "alert no application protocol"),
    (["-servername", "another.name"], "subject=CN = first"),
    (["-comp", "-tls1_2"], "Compression: NONE"),
])
def test_s_client_gets_what_the_row_says(memory, args, words):
    assert words in s_client(memory, *args)


def test_renegotiation_is_refused(memory):
    said = s_client(memory, "-tls1_2", say="R\n")
    assert "no renegotiation" in said, said


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_sessions_resume_with_any_worker(memory, version, tmp_path):
    kept = tmp_path / "session"
    ask = GET.decode().replace("Host: test", "Host: test\r\nConnection: close")
    assert "\nNew, " in s_client(memory, version, "-sess_out", kept, "-ign_eof", say=ask)
    for _ in range(4):
        assert "\nReused, " in s_client(memory, version, "-sess_in", kept, "-ign_eof", say=ask)


# ---- clients that misbehave ----------------------------------------------------------------------

def raw(memory, timeout=5 * SLOW):
    s = socket.create_connection(("127.0.0.1", memory.port), timeout=timeout)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def rest_of(s):
    got = b""
    try:
        while piece := s.recv(65536):
            got += piece
    except ConnectionResetError:
        pass
    return got


def handshakes_refused(server):
    said = server.call("GET", "/metrics").body.decode()
    found = re.search(r'rejected_total\{reason="tls_handshake"\} (\d+)', said)
    return int(found.group(1)) if found else 0


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"POST /posts HTTP/1.1\r\nHost: h\r\n\r\n", b"D"])
def test_plain_http_is_told_where_it_is(memory, said):
    before = handshakes_refused(memory)
    with raw(memory) as s:
        s.sendall(said)
        got = rest_of(s)
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ") and b"Connection: close" in head, got
    assert f"Content-Length: {len(body)}".encode() in head and b"https://" in body
    assert handshakes_refused(memory) == before + 1


@pytest.mark.parametrize("said", [b"\0" * 64, b"\x16\x03\x01\x40\x01\x01", b"\r\n\r\n", b"\xfe\xff" * 2000,
                                  b"\x15\x03\x01\x00\x02\x02\x00"])
def test_garbage_ends_the_connection_and_nothing_else(memory, said):
    with memory.connect() as bystander, raw(memory) as s:
        s.sendall(said)
        s.shutdown(socket.SHUT_WR)
        assert not rest_of(s).startswith(b"HTTP")
        assert bystander.works()


def hello(memory):
    """The first flight of a client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = memory.tls.client.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return client, incoming, outgoing


def test_handshakes_that_do_not_end_are_cut_off_and_hold_nobody_up(serve, trust):
    server = serve(*MEMORY, "--workers", 1, "--header-timeout", "500ms", tls=trust)
    flight = hello(server)[2].read()
    begun = time.monotonic()
    silent, half, whole = raw(server), raw(server), raw(server)
    half.sendall(flight[:100])
    whole.sendall(flight)  # and no second one
    many = [raw(server) for _ in range(100)]
    for s in many:
        s.sendall(flight[:50])
    assert server.call("GET", "/livez").status == 200
    for s in (silent, half, whole, *many):
        rest_of(s)
        s.close()
    assert time.monotonic() - begun > 0.4
    assert server.call("GET", "/livez").status == 200


def test_handshake_sent_byte_by_byte(memory):
    client, incoming, outgoing = hello(memory)
    with raw(memory) as s:
        while True:
            for byte in outgoing.read():
                s.sendall(bytes([byte]))
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                incoming.write(s.recv(65536))
        client.write(GET)
        s.sendall(outgoing.read())
        got = b""
        while not got.endswith(b"}"):
            try:
                got += client.read()
            except ssl.SSLWantReadError:
                incoming.write(s.recv(65536))
        assert got.startswith(b"HTTP/1.1 200 ")


def ended_client(memory, s, said, notify):
    """Says it and ends its side, with close_notify or without; what comes back, and how it ends."""
    client, incoming, outgoing = hello(memory)
    while True:
        s.sendall(outgoing.read())
        try:
            client.do_handshake()
            break
        except ssl.SSLWantReadError:
            incoming.write(s.recv(65536))
    client.write(said)
    if notify:
        with pytest.raises(ssl.SSLWantReadError):
            client.unwrap()
    s.sendall(outgoing.read())
    s.shutdown(socket.SHUT_WR)
    while piece := s.recv(65536):
        incoming.write(piece)
    incoming.write_eof()
    got = b""
    while True:
        try:
            piece = client.read()
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError) as e:
            return got, type(e)
        if not piece:
            return got, ssl.SSLZeroReturnError
        got += piece


@pytest.mark.parametrize("notify", [True, False])
def test_half_closed_connection_gets_its_answers_and_a_close_notify(memory, notify):
    with raw(memory) as s:
        got, end = ended_client(memory, s, GET + request("POST", "/posts", POST), notify)
    assert got.count(b"HTTP/1.1 200 ") == 1 and got.count(b"HTTP/1.1 201 ") == 1
    assert end is ssl.SSLZeroReturnError


def sockets(server):
    shown = subprocess.run(["ls", "-l", f"/proc/{server.pid}/fd"], capture_output=True, text=True).stdout
    return shown.count("socket:")


def test_connections_that_are_reset_leave_nothing(memory):
    memory.call("GET", "/livez")
    before = 2  # its listeners
    assert until(lambda: sockets(memory) == before)
    for n in (0, 1, 60, 10000):
        for _ in range(10):
            s = raw(memory)
            s.sendall(hello(memory)[2].read()[:n])
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            s.close()
        with memory.connect() as c:
            c.send(request("POST", "/posts", POST) * 20)
            c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert until(lambda: sockets(memory) <= before)


# ---- certificates --------------------------------------------------------------------------------

def swap(server, cert, key):
    """Other files of the same names, as an ACME client leaves them."""
    os.replace(cert, server.tls.cert)
    os.replace(key, server.tls.key)
    server.signal(signal.SIGHUP)


def test_reload_under_load_loses_no_request(serve, tmp_path):
    server = serve(*MEMORY, "--workers", 2, tls=Certificate(tmp_path, "mine"))
    with server.connect() as old:
        assert old.works()
        load = subprocess.Popen([*LAYOUT, PROOF, "load", "-z", "1200ms", "-c", "8", "-disable-keepalive", "-m", "POST", "-k",
                                 "-D", SAMPLE, f"https://127.0.0.1:{server.port}/posts"], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=child_env())
        for name in ("second", "third", "fourth"):
            time.sleep(0.2)
            swap(server, *make(tmp_path, name))
        said, err = load.communicate(timeout=60)
        assert load.returncode == 0, said + err
        answers = dict(re.findall(r"\[(\d+)\]\s+(\d+) responses", said))
        assert set(answers) == {"201"} and int(answers["201"]) > 20 and "Error distribution" not in said, said
        assert "subject=CN = fourth" in s_client(server)
        assert old.works()
    assert server.stderr().count("SIGHUP: reloaded certificates") == 3


@pytest.mark.parametrize("spoil, words", [
    (lambda t, d: t.cert.write_text("no certificate"), r"--tls-cert \S+: it holds no certificate in PEM"),
    (lambda t, d: t.cert.unlink(), r"--tls-cert \S+: No such file or directory"),
    (lambda t, d: shutil.copy(make(d, "other")[1], t.key), r"--tls-key \S+: it is not the key of the certificate in"),
])
def test_new_file_that_is_wrong_is_told_and_the_old_one_stays(serve, tmp_path, spoil, words):
    server = serve(*MEMORY, "--workers", 1, tls=Certificate(tmp_path, "mine"))
    spoil(server.tls, tmp_path)
    server.signal(signal.SIGHUP)
    assert until(lambda: re.search("the old certificates stay: " + words, server.stderr())), server.stderr()
    assert server.call("GET", "/livez").status == 200


def test_wrong_files_end_the_start_with_their_names(tmp_path):
    cert, key = make(tmp_path)
    other = make(tmp_path, "other")[1]
    for args, words in [
        (["--tls-cert", cert], "--tls-cert is set and --tls-key is not"),
        (["--tls-key", key], "--tls-key is set and --tls-cert is not"),
        (["--tls-cert", tmp_path / "no", "--tls-key", key], "no: No such file or directory"),
        (["--tls-cert", cert, "--tls-key", other], f"--tls-key {other}: it is not the key of the certificate in {cert}"),
        (["--tls-cert", cert, "--tls-key", key, "--tls-min", "1.1"], "1.1"),
    ]:
        done = run(*MEMORY, "--port", 0, *args)
        assert done.returncode == 2 and words in done.stderr, done.stderr


def test_only_tls_1_3_when_told(serve, trust):
    server = serve(*MEMORY, "--workers", 1, "--tls-min", "1.3", tls=trust)
    assert "alert protocol version" in s_client(server, "-tls1_2")
    assert server.call("GET", "/livez").status == 200


def test_certificate_that_ends_soon_is_warned_of(serve, tmp_path):
    mine = Certificate(tmp_path, "mine")
    make(tmp_path, "mine", days=3)
    mine.client.load_verify_locations(mine.cert)
    server = serve(*MEMORY, "--workers", 1, tls=mine)
    assert re.search(r"expires in [23] days", server.stderr())


def test_unix_socket_can_speak_tls_too(serve, trust, tmp_path):
    server = serve(*MEMORY, "--workers", 1, "--host", f"unix:{tmp_path / 's'}", tls=trust)
    assert re.search(r"listening on unix:\S+, TLS, memory:", server.stderr()) and server.call("GET", "/livez").status == 200


# ---- posts and posts-full ------------------------------------------------------------------------

def maps(server):
    return open(f"/proc/{server.pid}/maps").read()


def test_plain_http_neither_links_nor_loads_openssl(serve, memory):
    for program in (POSTS, BUILD / "examples/hello"):
        names = subprocess.run(["nm", program], capture_output=True, text=True, check=True).stdout
        assert "gim_main_run" in names and "SSL_CTX_new" not in names, program
        needed = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
        assert "libssl" not in needed
    plain = serve(*MEMORY)
    assert "libssl" not in maps(plain) and "posts-full" not in maps(plain)
    assert "libssl" in maps(memory) and str(FULL) in maps(memory)


@pytest.mark.parametrize("how", ["flag", "environment", "file"])
def test_posts_becomes_posts_full_however_the_option_is_set(serve, trust, tmp_path, how):
    _, cert, _, key = trust.flags
    config = tmp_path / "posts.ini"
    config.write_text(f"store = memory:\ntls_cert = {cert}\ntls_key = {key}\n")
    args, env = {
        "flag": ([*MEMORY, *trust.flags], {}),
        "environment": (MEMORY, {"POSTS_TLS_CERT": str(cert), "POSTS_TLS_KEY": str(key)}),
        "file": (["--config", config], {}),
    }[how]
    server = serve(*args, env=env)
    server.tls = trust
    assert server.url.startswith("https://") and server.call("GET", "/livez").status == 200
    assert str(FULL) in maps(server)


def test_a_socket_that_was_handed_over_goes_along(serve, trust):
    hand = ["bash", "-c", 'exec 3<&"$0"; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"']
    with socket.create_server(("127.0.0.1", 0)) as held:
        server = serve(*MEMORY, tls=trust, wrap=[*hand, str(held.fileno())], fds=(held.fileno(),))
        assert server.port == held.getsockname()[1] and server.call("GET", "/livez").status == 200


def test_where_posts_full_is_looked_for_and_what_is_said_without_it(trust, tmp_path):
    alone = tmp_path / "bin/posts"
    alone.parent.mkdir()
    shutil.copy(POSTS, alone)
    without = run(*MEMORY, "--port", 0, *trust.flags, program=alone)
    assert without.returncode == 1, without
    assert "--tls-cert needs posts-full, which is not installed: put it beside posts or in " in without.stderr
    shutil.copy(POSTS, tmp_path / "bin/posts-full")
    loop = run(*MEMORY, "--port", 0, *trust.flags, program=alone)
    assert loop.returncode == 1 and "the one that was found is posts itself" in loop.stderr
    (tmp_path / "bin/posts-full").unlink()
    (tmp_path / "libexec").mkdir()
    (tmp_path / "libexec/posts-full").write_text("#!/bin/sh\necho here $0 \"$@\"\n")
    refused = run(*MEMORY, *trust.flags, program=alone)
    assert refused.returncode == 1 and "cannot be executed: Permission denied" in refused.stderr
    (tmp_path / "libexec/posts-full").chmod(0o755)
    found = run(*MEMORY, *trust.flags, program=alone)
    assert found.returncode == 0 and f"libexec/posts-full {' '.join(MEMORY)} --tls-cert" in found.stdout


def test_help_is_the_same_of_both():
    assert run("--help-all").stdout == run("--help-all", program=FULL).stdout
