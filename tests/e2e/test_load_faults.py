"""proof load against servers that err: right counts, a clear line, no hang beyond the timeout."""
import re
import resource
import socket
import threading
import time

import pytest
from conftest import SLOW
from faulty import BODY, Certificate, Faulty, proxy
from load import free_port, good, load, nginx

# name, flags, statuses, errors, what the one error line says
ROWS = [
    ("fine", [], {200: 6}, 0, None),
    ("byte_by_byte", [], {200: 6}, 0, None),
    ("chunked", [], {200: 6}, 0, None),
    ("few_1xx", [], {200: 6}, 0, None),
    ("close_delimited", [], {200: 6}, 0, None),
    ("connection_close", [], {200: 6}, 0, None),
    ("http10", [], {200: 6}, 0, None),
    ("no_content", [], {204: 6}, 0, None),
    ("not_modified", [], {304: 6}, 0, None),
    ("gzipped", [], {200: 6}, 0, None),
    ("redirect_chain", [], {200: 6}, 0, None),
    ("redirect_chain", ["-disable-redirects"], {302: 6}, 0, None),
    ("redirect_loop", ["-disable-redirects"], {302: 6}, 0, None),
    ("head_with_length", ["-m", "HEAD"], {200: 6}, 0, None),
    ("head_with_body", ["-m", "HEAD"], {200: 6}, 0, None),
    ("no_content_with_body", [], {204: 6}, 0, None),
    ("short_length", [], {200: 6}, 0, None),
    ("statuses", [], {200: 2, 404: 2, 500: 2}, 0, None),
    ("truncated", [], {}, 6, "body|truncated|EOF"),
    ("truncated_chunk", [], {}, 6, "chunk|truncated|EOF"),
    ("reset_mid_head", [], {}, 6, "reset"),
    ("reset_at_once", [], {}, 6, "reset"),
    ("close_without_answer", [], {}, 6, "EOF"),
    ("garbage", [], {}, 6, "HTTP"),
    ("ssh", [], {}, 6, "HTTP"),
    ("endless_headers", [], {}, 6, "head"),
    ("endless_line", [], {}, 6, "head"),
    ("flood_1xx", [], {}, 6, "1xx|100|interim|informational"),
    ("two_lengths", [], {}, 6, "Content-Length"),
    ("bad_length", [], {}, 6, "Content-Length"),
    ("broken_chunk", [], {}, 6, "chunk"),
    ("huge_chunk", [], {}, 6, "chunk"),
    ("redirect_loop", [], {}, 6, "10 redirects"),
    ("close_every_second", ["-c", "1"], {200: 3}, 3, "EOF"),
    ("silent", ["-n", "2"], {}, 2, "timeout"),
    ("slow_head", ["-n", "2"], {}, 2, "timeout"),
    ("slow_body", ["-n", "2"], {}, 2, "timeout"),
]


@pytest.mark.parametrize(("name", "args", "statuses", "errors", "says"), ROWS,
                         ids=[f"{name} {' '.join(args)}".strip() for name, args, *_ in ROWS])
def test_a_fault_is_counted_and_named(name, args, statuses, errors, says):
    with Faulty(name) as server:
        done = good("-n", 6, "-c", 2, "-t", 1, *args, server.url + "/", timeout=8)
    assert done.statuses == statuses and done.failed == errors, done
    assert done.took < 2.5 * SLOW, done
    for _, text in done.errors:
        assert re.search(says, text, re.I) and server.url in text, done
    assert len(done.errors) <= 1, done


def test_a_request_is_not_repeated_behind_the_users_back():
    """hey sends a GET again when a kept connection breaks, and says nothing."""
    with Faulty("close_every_second") as server:
        done = good("-n", 6, "-c", 1, server.url)
        assert done.answered + done.failed == 6
        assert server.connections == 3


def test_statuses_of_errors_and_answers_add_up():
    """Faults and answers in one run: each request is counted once."""
    lock, turn = threading.Lock(), [0]

    def mixed(talk):
        for _ in talk.requests():
            with lock:
                turn[0] += 1
                mine = turn[0]
            if mine % 5 == 0:
                return
            if mine % 7 == 0:
                return talk.reset()
            talk.answer(BODY, "200 OK" if mine % 3 else "503 Service Unavailable")

    with Faulty(mixed) as server:
        done = good("-n", 500, "-c", 5, server.url)
    assert done.answered + done.failed == 500, done
    assert server.count == 500
    assert done.failed == sum(1 for i in range(1, 501) if i % 5 == 0 or i % 7 == 0), done
    assert done.statuses[503] == sum(1 for i in range(1, 501) if i % 3 == 0 and i % 5 and i % 7)


def test_nobody_at_the_port():
    done = good("-n", 10, "-c", 2, f"http://127.0.0.1:{free_port()}/")
    assert done.failed == 10 and "connection refused" in done.errors[0][1] and done.took < 1 * SLOW


def test_a_name_that_does_not_resolve():
    done = good("-n", 10, "-c", 2, "http://does-not-exist.invalid/", timeout=15)
    assert done.failed == 10 and "does-not-exist.invalid" in done.errors[0][1], done


def test_a_door_that_opens_late():
    with Faulty("fine", accept_after=0.4) as server:
        done = good("-n", 4, "-c", 2, server.url)
    assert done.statuses == {200: 4} and done.figure("Slowest") > 0.2, done


def test_a_door_that_never_opens():
    """The backlog is full: not even the connection comes about."""
    with Faulty("fine", backlog=0, accept_after=60) as server:
        stuffing = []
        for _ in range(3):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", server.port))
            stuffing.append(s)
        time.sleep(0.05)
        done = good("-n", 2, "-c", 2, "-t", 1, server.url, timeout=8)
        for s in stuffing:
            s.close()
    assert done.failed == 2 and "timeout" in done.errors[0][1] and done.took < 2.5 * SLOW, done


def test_a_server_that_comes_back_is_used_again():
    """Connections that broke are made anew: an error costs one request."""
    def one_in_ten(talk):
        for i, _ in enumerate(talk.requests()):
            if i == 9:
                return
            talk.answer()

    with Faulty(one_in_ten) as server:
        done = good("-n", 1000, "-c", 4, server.url)
    assert done.answered + done.failed == 1000 and 90 <= done.failed <= 100, done


def test_too_few_file_descriptors_are_explained():
    with Faulty("fine") as server:
        done = good("-n", 200, "-c", 100, server.url,
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)))
    assert done.answered + done.failed == 200
    assert "ulimit" in done.out, done  # an error line or a note: a run with fewer is not what was asked


# ---- https -----------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def certificate():
    return Certificate()


@pytest.fixture(scope="module")
def https(certificate):
    with Faulty("fine", tls=certificate.context) as server:
        yield server


def test_https_is_verified(https):
    done = good("-n", 4, "-c", 2, https.url)
    assert done.failed == 4 and re.search("certificate|self.signed", done.errors[0][1]), done


def test_https_with_k(https):
    https.reset()
    assert good("-n", 20, "-c", 2, "-k", https.url).statuses == {200: 20}
    assert https.connections == 2 and https.count == 20


def test_https_with_the_authority_given(https, certificate):
    assert good("-n", 4, "-c", 2, "--cacert", certificate.file, https.url).statuses == {200: 4}


def test_https_with_a_certificate_for_another_name(tmp_path):
    other = Certificate("DNS:elsewhere.example")
    with Faulty("fine", tls=other.context) as server:
        done = good("-n", 4, "-c", 2, "--cacert", other.file, server.url)
    assert done.failed == 4 and re.search("name|address|host|IP", done.errors[0][1]), done


def test_https_to_a_server_that_speaks_http():
    def bad_request(talk):  # as nginx says it
        talk.more()
        talk.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with Faulty(bad_request) as server:
        done = good("-n", 4, "-c", 2, "-t", 2, "-k", server.url.replace("http:", "https:"))
    assert done.failed == 4 and re.search("TLS|SSL", done.errors[0][1]), done


@pytest.mark.parametrize("name", ["truncated", "close_without_answer"])
def test_https_faults(certificate, name):
    with Faulty(name, tls=certificate.context) as server:
        done = good("-n", 4, "-c", 2, "-t", 2, "-k", server.url)
    assert done.failed == 4, done


# ---- ways there ------------------------------------------------------------------------------------

def test_unix_sockets(tmp_path):
    with Faulty("fine", unix=str(tmp_path / "s")) as server:
        assert good("-n", 20, "-c", 2, "--unix-socket", tmp_path / "s", "http://localhost/x").statuses == {200: 20}
        assert server.heads[0].field("Host") == "localhost" and server.heads[0].target == "/x"
    done = good("-n", 2, "-c", 1, "--unix-socket", tmp_path / "nobody", "http://localhost/x")
    assert done.failed == 2, done


def test_ipv6():
    try:
        server = Faulty("fine", family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    with server:
        assert good("-n", 20, "-c", 2, server.url).statuses == {200: 20}
        assert server.heads[0].field("Host") == f"[::1]:{server.port}"


def test_a_name_with_two_addresses_is_tried_at_both():
    with Faulty("fine") as server:  # on 127.0.0.1 only; localhost may be ::1 first
        assert good("-n", 20, "-c", 2, f"http://localhost:{server.port}").answered >= 18


def test_a_proxy_is_asked(https):
    with Faulty("fine") as far, Faulty(proxy) as near:
        done = good("-n", 6, "-c", 2, "-x", near.url, far.url + "/x")
        assert done.statuses == {200: 6} and near.count == 6 and far.count == 0
        assert near.heads[0].target == far.url + "/x"
        https.reset()
        near.reset()
        done = good("-n", 6, "-c", 2, "-k", "-x", near.url, https.url + "/x")
        assert done.statuses == {200: 6} and https.count == 6, done
        assert {r.method for r in near.heads} == {"CONNECT"} and near.count == 2


def test_redirects_change_the_method_as_they_should():
    with Faulty("see_other") as server:
        for path, method, body in (("/303", "GET", b""), ("/307", "POST", b"data")):
            server.reset()
            done = good("-n", 2, "-c", 1, "-m", "POST", "-d", "data", server.url + path)
            assert done.statuses == {200: 2}, done
            last = server.heads[-1]
            assert (last.target, last.method, last.body) == ("/there", method, body)


def test_redirects_to_another_server():
    with Faulty("fine") as there:
        def away(talk):
            for _ in talk.requests():
                talk.answer(b"", "302 Found", f"Location: {there.url}/found")

        with Faulty(away) as here:
            assert good("-n", 6, "-c", 2, here.url).statuses == {200: 6}
            assert here.count == 6 and [r.target for r in there.heads] == ["/found"] * 6


def test_gzip_is_asked_for_and_counted():
    with Faulty("gzipped") as server:
        done = good("-n", 4, "-c", 2, server.url)
        assert done.statuses == {200: 4} and server.heads[0].field("Accept-Encoding") == "gzip", done
        assert 10 < done.figure("Size/request") < 200
        done = good("-n", 4, "-c", 2, "--expect-body", BODY.decode().strip(), server.url)
        assert done.statuses == {200: 4}, done
        assert good("-n", 4, "-c", 2, "-disable-compression", server.url).figure("Size/request") == 100 * len(BODY)
        assert server.heads[-1].field("Accept-Encoding") is None


# ---- servers that others wrote ---------------------------------------------------------------------

def test_nginx():
    with nginx("location / {} location /there { return 302 /; } keepalive_requests 200;") as (url, files):
        (files / "index.html").write_bytes(b"x" * 5000)
        (files / "large").write_bytes(b"y" * 2_000_000)
        done = good("-n", 3000, "-c", 8, url)
        assert done.statuses == {200: 3000} and done.failed == 0, done
        assert done.figure("Size/request") == 5000
        assert good("-n", 20, "-c", 4, url + "large").figure("Size/request") == 2_000_000
        assert good("-n", 50, "-c", 5, url + "there").statuses == {200: 50}
        assert good("-n", 50, "-c", 5, "-m", "HEAD", url).statuses == {200: 50}
        assert good("-n", 50, "-c", 5, url + "missing").statuses == {404: 50}
        assert good("-n", 50, "-c", 5, "-m", "POST", "-d", "x", url).statuses == {405: 50}
        assert good("-n", 50, "-c", 5, "-H", "Host: a b", url).statuses.keys() <= {200, 400}


def test_nginx_compresses():
    with nginx("gzip on; gzip_min_length 1; gzip_types *; location / {}") as (url, files):
        (files / "index.html").write_bytes(b"hello, gzip " * 500)
        done = good("-n", 40, "-c", 4, "--expect-body", "hello, gzip hello", url)
        assert done.statuses == {200: 40}, done


def test_pythons_http_server(http_server):
    assert good("-n", 100, "-c", 4, http_server).statuses == {200: 100}
    assert good("-n", 20, "-c", 4, "-m", "POST", "-d", "x", http_server).statuses == {501: 20}
    assert good("-n", 20, "-c", 4, http_server + "missing").statuses == {404: 20}


@pytest.fixture
def http_server(tmp_path):
    import http.server
    (tmp_path / "index.html").write_text("hello")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args, **more):
            super().__init__(*args, directory=str(tmp_path), **more)

        def log_message(self, *args):
            pass

    class Large(http.server.ThreadingHTTPServer):
        request_queue_size = 128

    with Large(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()
