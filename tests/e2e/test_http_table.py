"""HTTP/1.1 as it may and may not be written: the rows of http_rows.py, sent to a server.

Each row is sent whole, byte by byte, cut in two, and by a client that then ends its side, and must
get the same answer; then the connection must stay or end as the row says. A refusal is told as
problem+json, and nothing behind it is read: every row has a second request on its heels, which must
stay unanswered when the row is refused.
"""
import random
import re
import socket
import time

import pytest
from conftest import ROOT, chunked, request
from http_rows import (BODY, CHUNKED, CLOSE, ELSEWHERE, GET, KEEP, NOT_OFFERED, ROWS, URL, body, get,
                       line)

CASES = pytest.mark.parametrize("raw, status, fate", [row[2:] for row in ROWS],
                                ids=[f"{row[0]}: {row[1]}" for row in ROWS])
BEHIND = b"GET /readyz HTTP/1.1\r\nHost: behind\r\n\r\n"


@pytest.fixture(scope="module")
def server(memory):
    """A server, and the place of a post that no row changes."""
    memory.place = memory.call("POST", "/posts", {"title": "a", "body": "b"}).headers["location"].encode()
    return memory


def method_of(raw):
    return "HEAD" if raw.startswith(b"HEAD") else "GET"


def answered(c, raw, status):
    reply = c.read(method_of(raw))
    assert reply.status == status, reply
    if status >= 400 and method_of(raw) != "HEAD":
        detail = reply.problem()["detail"]
        assert detail and "\n" not in detail
    return reply


def check(c, raw, status, fate):
    reply = answered(c, raw, status)
    assert reply.closes == (fate == CLOSE), reply
    if fate == KEEP:
        assert c.read().json() == {"status": "ready"}
        assert c.works()
    else:
        assert c.at_end(), "what follows the last reply was answered, or the connection stays"


@CASES
def test_request_sent_whole(server, raw, status, fate):
    with server.connect() as c:
        c.send(raw.replace(URL, server.place) + BEHIND)
        check(c, raw, status, fate)


@CASES
def test_request_sent_byte_by_byte(server, raw, status, fate):
    """Long ones in a thousand pieces, which is enough to meet every limit in the middle of one."""
    with server.connect() as c:
        c.send_slowly(raw.replace(URL, server.place) + BEHIND, piece=1 + len(raw) // 1000)
        check(c, raw, status, fate)


@CASES
def test_request_sent_in_two_reads(server, raw, status, fate):
    raw = raw.replace(URL, server.place)
    for at in {len(raw) - 1, random.Random(raw).randrange(1, len(raw)), raw.find(b"\r") + 1 or 1}:
        with server.connect() as c:
            c.send_slowly(raw[:at], piece=len(raw), pause=0.0003)
            c.send_slowly(raw[at:] + BEHIND, piece=len(raw) + len(BEHIND))
            check(c, raw, status, fate)


@CASES
def test_request_sent_by_one_who_then_ends(server, raw, status, fate):
    with server.connect() as c:
        c.send(raw.replace(URL, server.place))
        c.end()
        answered(c, raw, status)
        assert c.at_end()


def test_every_number_of_the_page_has_a_row():
    """Of the page, of the rows and of the tests that ELSEWHERE names: none without the others."""
    page = (ROOT / "docs/reference/http.md").read_text()
    listed = set()
    for first, last in re.findall(r"(?m)^\| (\d+)(?:–(\d+))? \|", page):
        listed |= set(range(int(first), int(last or first) + 1))
    assert listed == set(range(1, 64))
    proved = {row[0] for row in ROWS} | set(ELSEWHERE) | set(NOT_OFFERED)
    assert proved == listed, f"without a row: {listed - proved}; of no page: {proved - listed}"
    for number, (path, name) in ELSEWHERE.items():
        assert name in (ROOT / path).read_text(), f"{number}: {path} has no {name}"


def test_every_cut_of_a_request_is_the_same_request(memory):
    """Two segments, cut at every place, with a pause that lets the server read the first."""
    raw = CHUNKED + b"a;x=y\r\n" + BODY[:10] + b"\r\nE\r\n" + BODY[10:] + b"\r\n0\r\nT: u\r\n\r\n" + BEHIND
    with memory.connect() as c:
        for at in range(1, len(raw)):
            c.send(raw[:at])
            time.sleep(0.0005)
            c.send(raw[at:])
            assert c.read().status == 201, raw[:at]
            assert c.read().status == 200, raw[:at]


def test_every_refusal_says_what_was_wrong(memory):
    """Not one sentence for all: whoever debugs a client needs to know which rule it broke."""
    details = set()
    for *_, raw, status, fate in ROWS:
        if status in (400, 501, 505) and fate == CLOSE:
            with memory.connect() as c:
                c.send(raw)
                details.add(c.read().problem()["detail"])
    assert len(details) > 40


def test_field_values_are_not_echoed_into_the_head(memory):
    with memory.connect() as c:
        reply = c.call("GET", "/livez", None, {"X-Request-Id": "a\tInjected: yes"})
        assert "injected" not in reply.headers and "Injected" not in str(reply.fields)


def test_dates_are_imf_fixdates(memory):
    from email.utils import parsedate_to_datetime
    date = memory.call("GET", "/livez").headers["date"]
    assert date.endswith(" GMT") and len(date) == 29
    assert abs(parsedate_to_datetime(date).timestamp() - time.time()) < 3


# ---- many requests of one connection ------------------------------------------------------------

def test_pipelined_requests_are_answered_in_order(memory):
    with memory.connect() as c:
        c.send(b"".join(request("GET", f"/n{i}", None, {"X-Request-Id": f"nr-{i}"}) for i in range(300)))
        for i in range(300):
            assert c.read().headers["x-request-id"] == f"nr-{i}"


def test_pipelined_changes_happen_in_order(serve, tmp_path):
    for store in "memory:", f"sqlite:{tmp_path / 'posts.db'}":
        with serve("--store", store, "--workers", 2).connect() as c:
            url = c.call("POST", "/posts", {"title": "0", "body": "b"}).headers["location"]
            for i in range(40):
                c.send(request("PUT", url, {"title": str(i), "body": "b"}) + request("GET", url))
            for i in range(40):
                assert c.read().json()["title"] == str(i)
                assert c.read().json()["title"] == str(i)


def test_after_close_nothing_is_answered(memory):
    with memory.connect() as c:
        c.send(get() + get(b"Connection: close") + get() * 3)
        assert [c.read().closes for _ in range(2)] == [False, True]
        assert c.at_end()


def test_bytes_behind_a_framing_error_are_not_parsed(memory):
    before = memory.call("GET", "/posts?limit=100").json()
    with memory.connect() as c:
        c.send(body(b"Content-Length: 24", b"Transfer-Encoding: chunked", content=chunked(b"x")) +
               body(b"Content-Length: 24"))
        assert c.read().status == 400
        assert c.at_end()
    assert memory.call("GET", "/posts?limit=100").json() == before


def test_half_closed_client_gets_its_answers(memory):
    with memory.connect() as c:
        c.send(get() + body(b"Content-Length: 24") + get())
        c.end()
        assert [c.read().status for _ in range(3)] == [200, 201, 200]
        assert c.at_end()


def test_half_closed_client_of_a_slow_store_gets_its_answers(serve, tmp_path):
    server = serve("--store", f"sqlite:{tmp_path / 'posts.db'}")
    for _ in range(10):
        with server.connect() as c:
            c.send(body(b"Content-Length: 24") * 3)
            c.end()
            assert [c.read().status for _ in range(3)] == [201, 201, 201]
            assert c.at_end()


@pytest.mark.parametrize("raw", [body(b"Content-Length: 25"), CHUNKED + b"18\r\n" + BODY,
                                 CHUNKED + b"18\r\n" + BODY + b"\r\n0\r\n", GET, b"GET"],
                         ids=["short body", "short chunk", "no end of chunks", "half a head", "half a line"])
def test_half_a_request_is_no_request(memory, raw):
    before = memory.call("GET", "/posts?limit=100").json()
    with memory.connect() as c:
        c.send(raw)
        c.end()
        assert c.at_end()
    assert memory.call("GET", "/posts?limit=100").json() == before


def test_continue_is_said_before_the_body_and_only_then(memory):
    with memory.connect() as c:
        c.send(body(b"Content-Length: 24", b"Expect: 100-continue", content=b""))
        assert c.read().status == 100
        c.send(BODY)
        assert c.read().status == 201
        c.send(body(b"Content-Length: 24", b"Expect: 100-continue"))  # the client did not wait
        assert c.read().status == 201
        c.send(get(b"Expect: 100-continue"))  # no body to wait for
        assert c.read().status == 200
        c.send(body(b"Content-Length: 2000000", b"Expect: 100-continue", content=b""))
        assert c.read().status == 413  # and no 100 before it
        assert c.at_end()


def test_no_continue_where_the_answer_is_known(memory):
    with memory.connect() as c:
        c.send(line(b"POST /nowhere HTTP/1.1", b"Content-Length: 5", b"Expect: 100-continue"))
        reply = c.read()
        assert reply.status == 404 and reply.closes
        assert c.at_end()
    with memory.connect() as c:
        c.send(b"POST /posts HTTP/1.0\r\nContent-Length: 24\r\nExpect: 100-continue\r\n\r\n")
        c.sock.settimeout(0.2)
        with pytest.raises(socket.timeout):
            c.read()
        c.sock.settimeout(5)
        c.send(BODY)
        assert c.read().status == 201
