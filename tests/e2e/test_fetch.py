"""examples/prices.c: a service that asks another one, which here does as the test says."""
import contextlib
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import BUILD, SLOW, until
from load import load

PROGRAM = BUILD / "examples/prices"


class Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections, gold_takes, sockets = 0, 0, []

    def setup(self):
        super().setup()
        Upstream.connections += 1
        Upstream.sockets.append(self.connection)

    def do_GET(self):
        name = self.path.rsplit("/", 1)[1]
        if name == "slow":
            time.sleep(0.3)
        if name == "gold":
            time.sleep(Upstream.gold_takes)
        body = json.dumps({"value": 41.5, "currency": name}).encode()
        status = 404 if name == "none" else 500 if name == "broken" else 200
        if name == "odd":
            body = b"{"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if name == "last":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def upstream():
    Upstream.connections, Upstream.gold_takes, Upstream.sockets = 0, 0, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def prices(serve, upstream):
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM} is not built")
    return serve("--upstream", f"http://127.0.0.1:{upstream.server_port}", program=PROGRAM)


def test_answers_of_the_other_service_become_ours(prices):
    reply = prices.call("GET", "/prices/eur")
    assert (reply.status, reply.json()) == (200, {"currency": "eur", "value": 41.5})
    assert prices.call("GET", "/prices/none").problem()["detail"] == "no such currency"
    assert prices.call("GET", "/prices/last").status == 200
    assert "an error" in prices.call("GET", "/prices/broken").problem()["detail"]
    assert "understood" in prices.call("GET", "/prices/odd").problem()["detail"]
    assert prices.call("GET", "/prices/eur%20x").status == 404


def test_the_timer_fetches_by_itself(prices):
    assert until(lambda: prices.call("GET", "/gold").status == 200)
    assert prices.call("GET", "/gold").json()["value"] == 41.5


def test_one_that_waits_holds_nobody_up(prices):
    with prices.connect() as slow, prices.connect() as quick:
        slow.send("GET /prices/slow HTTP/1.1\r\nHost: a\r\n\r\n")
        assert quick.call("GET", "/livez").status == 200
        assert quick.call("GET", "/prices/eur").status == 200
        assert slow.read().status == 200


def test_connections_are_few_however_many_ask(prices):
    done = load("-n", 160, "-c", 8, f"{prices.url}/prices/eur")
    assert done.statuses == {200: 160} and not done.errors
    assert Upstream.connections <= 9  # and the timer's


def test_clients_that_go_leave_nothing_behind(prices):
    before = until(lambda: prices.call("GET", "/gold").status == 200) and prices.fds()
    for _ in range(20):
        c = prices.connect()
        c.send("GET /prices/slow HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.01)
        c.reset()
    assert until(lambda: prices.fds() <= before + 2)
    assert prices.call("GET", "/prices/eur").status == 200


def test_a_service_that_is_away_is_a_502(prices, upstream):
    assert until(lambda: prices.call("GET", "/gold").status == 200)  # a connection is kept
    upstream.shutdown()
    upstream.server_close()
    for kept in Upstream.sockets:  # else its thread goes on answering
        with contextlib.suppress(OSError):
            kept.shutdown(socket.SHUT_RDWR)
    assert until(lambda: prices.call("GET", "/prices/eur").status == 502, 3)
    assert "cannot connect" in prices.call("GET", "/prices/usd").problem()["detail"]


def test_a_stop_waits_for_the_answer(prices):
    with prices.connect() as c:
        c.send("GET /prices/slow HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.05)
        prices.signal()
        assert c.read().status == 200
    assert prices.wait(5 * SLOW) == 0


def test_a_timer_that_always_waits_for_something_does_not_hold_up_the_stop(prices):
    Upstream.gold_takes = 0.7  # asked five times a second
    time.sleep(1)
    prices.signal()
    assert prices.wait(10 * SLOW) == 0  # not the 30 s of --stop-timeout


# ---- https --------------------------------------------------------------------------------------

@pytest.fixture
def certificate(tmp_path):
    if not shutil.which("openssl") or not PROGRAM.exists():
        pytest.skip("there is no openssl to make a certificate, or none to check it")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return cert, key


def test_https_is_trusted_only_with_a_certificate_that_holds(serve, upstream, certificate):
    cert, key = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    upstream.socket = context.wrap_socket(upstream.socket, server_side=True)
    place = f"https://127.0.0.1:{upstream.server_port}"
    trusting = serve("--upstream", place, program=PROGRAM, env={"SSL_CERT_FILE": str(cert)})
    with trusting.connect() as c:
        for _ in range(3):
            assert c.call("GET", "/prices/eur").json() == {"currency": "eur", "value": 41.5}
    assert trusting.call("GET", "/prices/last").status == 200
    doubting = serve("--upstream", place, program=PROGRAM)
    assert "certificate verify failed" in doubting.call("GET", "/prices/eur").problem()["detail"]
