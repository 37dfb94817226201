"""HTTP/1.1 as it may and may not be written: one row a request, one answer a row.

Each row is sent whole and byte by byte, and must get the same answer; then the connection must stay
or end as the row says. A refusal is told as problem+json, and nothing behind it is read: every row
that is refused has a second request on its heels, which must stay unanswered.
"""
import socket
import time

import pytest
from conftest import chunked, request

KEEP, CLOSE = "keep", "close"
HOST = b"Host: h\r\n"
GET = b"GET /livez HTTP/1.1\r\n"
CHUNKED = b"POST /posts HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
BODY = b'{"title":"t","body":"b"}'  # 24 bytes


def get(*fields, line=GET, host=HOST):
    return line + host + b"".join(f + b"\r\n" for f in fields) + b"\r\n"


def line(text, *fields):
    return get(*fields, line=text + b"\r\n")


def body(*fields, content=BODY):
    return b"POST /posts HTTP/1.1\r\nHost: h\r\n" + b"".join(f + b"\r\n" for f in fields) + b"\r\n" + content


ROWS = [
    # ---- request line and target
    ("plain GET", get(), 200, KEEP),
    ("one empty line before", b"\r\n" + get(), 200, KEEP),
    ("two empty lines before", b"\r\n\r\n" + get(), 200, KEEP),
    ("a flood of empty lines", b"\r\n" * 50 + get(), 400, CLOSE),
    ("two spaces after the method", line(b"GET  /livez HTTP/1.1"), 400, CLOSE),
    ("two spaces before the version", line(b"GET /livez  HTTP/1.1"), 400, CLOSE),
    ("tab as delimiter", line(b"GET\t/livez HTTP/1.1"), 400, CLOSE),
    ("space before the method", line(b" GET /livez HTTP/1.1"), 400, CLOSE),
    ("space at the line's end", line(b"GET /livez HTTP/1.1 "), 400, CLOSE),
    ("HTTP/0.9", b"GET /livez\r\n", 400, CLOSE),
    ("version without minor", line(b"GET /livez HTTP/1"), 400, CLOSE),
    ("version of two digits", line(b"GET /livez HTTP/01.01"), 400, CLOSE),
    ("version in lower case", line(b"GET /livez http/1.1"), 400, CLOSE),
    ("space in the version", line(b"GET /livez HTTP/ 1.1"), 400, CLOSE),
    ("version 1.32", line(b"GET /livez HTTP/1.32"), 400, CLOSE),
    ("version that wraps", line(b"GET /livez HTTP/4294967295.255"), 400, CLOSE),
    ("another protocol", line(b"GET /livez HTPP/1.1"), 400, CLOSE),
    ("HTTP/1.2 is served as 1.1", line(b"GET /livez HTTP/1.2"), 200, KEEP),
    ("HTTP/2.0", line(b"GET /livez HTTP/2.0"), 505, CLOSE),
    ("HTTP/9.9", line(b"GET /livez HTTP/9.9"), 505, CLOSE),
    ("HTTP/0.9 with a version", line(b"GET /livez HTTP/0.9"), 505, CLOSE),
    ("preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, CLOSE),
    ("absolute form", line(b"GET http://h/livez HTTP/1.1"), 200, KEEP),
    ("absolute form in capitals", line(b"GET HTTP://H/livez HTTP/1.1"), 200, KEEP),
    ("absolute form with default port", line(b"GET http://h:80/livez HTTP/1.1"), 200, KEEP),
    ("absolute form without path", line(b"GET http://h HTTP/1.1"), 404, KEEP),
    ("absolute form of another host", line(b"GET http://g/livez HTTP/1.1"), 400, CLOSE),
    ("absolute form with user", line(b"GET http://u@h/livez HTTP/1.1"), 400, CLOSE),
    ("absolute form of another scheme", line(b"GET ftp://h/livez HTTP/1.1"), 400, CLOSE),
    ("absolute form without host", line(b"GET http:///livez HTTP/1.1"), 400, CLOSE),
    ("no slash in front", line(b"GET livez HTTP/1.1"), 400, CLOSE),
    ("empty target", line(b"GET  HTTP/1.1"), 400, CLOSE),
    ("OPTIONS *", line(b"OPTIONS * HTTP/1.1"), 204, KEEP),
    ("GET *", line(b"GET * HTTP/1.1"), 400, CLOSE),
    ("authority form on GET", line(b"GET h:80 HTTP/1.1"), 400, CLOSE),
    ("CONNECT", line(b"CONNECT h:80 HTTP/1.1"), 501, KEEP),
    ("CONNECT without port in a path", line(b"CONNECT /livez HTTP/1.1"), 400, CLOSE),
    ("TRACE", line(b"TRACE /livez HTTP/1.1"), 405, KEEP),
    ("fragment", line(b"GET /livez#a HTTP/1.1"), 400, CLOSE),
    ("raw UTF-8 in the path", line("GET /é HTTP/1.1".encode()), 400, CLOSE),
    ("backslash in the path", line(b"GET /a\\b HTTP/1.1"), 400, CLOSE),
    ("control in the path", line(b"GET /a\x01b HTTP/1.1"), 400, CLOSE),
    ("DEL in the path", line(b"GET /a\x7fb HTTP/1.1"), 400, CLOSE),
    ("NUL in the path", line(b"GET /a\0b HTTP/1.1"), 400, CLOSE),
    ("space in the path", line(b"GET /a b HTTP/1.1"), 400, CLOSE),
    ("escaped NUL", line(b"GET /%00 HTTP/1.1"), 400, KEEP),
    ("escaped CR LF", line(b"GET /%0d%0a HTTP/1.1"), 400, KEEP),
    ("overlong UTF-8", line(b"GET /%C0%AF HTTP/1.1"), 400, KEEP),
    ("bad escape", line(b"GET /%zz HTTP/1.1"), 400, CLOSE),
    ("cut escape", line(b"GET /%2 HTTP/1.1"), 400, CLOSE),
    ("escaped letters are letters", line(b"GET /%6civez HTTP/1.1"), 200, KEEP),
    ("never decoded twice", line(b"GET /%256civez HTTP/1.1"), 404, KEEP),
    ("dot segments", line(b"GET /posts/../livez HTTP/1.1"), 200, KEEP),
    ("dot segments above the root", line(b"GET /../../livez HTTP/1.1"), 200, KEEP),
    ("escaped dot segments", line(b"GET /posts/%2e%2e/livez HTTP/1.1"), 200, KEEP),
    ("escaped slash is no separator", line(b"GET /posts%2f..%2flivez HTTP/1.1"), 404, KEEP),
    ("query", line(b"GET /livez?a=b&c=%20+? HTTP/1.1"), 200, KEEP),
    ("bad escape in the query", line(b"GET /posts?limit=%zz HTTP/1.1"), 400, CLOSE),
    ("method in lower case", line(b"get /livez HTTP/1.1"), 501, KEEP),
    ("unknown method", line(b"BREW /livez HTTP/1.1"), 501, KEEP),
    ("method of another character", line(b"G@T /livez HTTP/1.1"), 400, CLOSE),
    ("method too long to be one", line(b"A" * 40 + b" /livez HTTP/1.1"), 501, CLOSE),
    ("line of 8,000 octets", line(b"GET /livez?" + b"a" * 7980 + b" HTTP/1.1"), 200, KEEP),
    ("target beyond the limit", line(b"GET /" + b"a" * 8200 + b" HTTP/1.1"), 414, CLOSE),
    ("target without end", b"GET /" + b"a" * 9000, 414, CLOSE),

    # ---- field lines
    ("bare CR in the request line", line(b"GET /livez\r HTTP/1.1"), 400, CLOSE),
    ("bare CR in a value", get(b"X: a\rb"), 400, CLOSE),
    ("CR LF CR X", GET + HOST + b"\r\rX: y\r\n\r\n", 400, CLOSE),
    ("bare LF ends the request line", b"GET /livez HTTP/1.1\nHost: h\n\n", 400, CLOSE),
    ("bare LF ends a field", GET + b"Host: h\nX: y\r\n\r\n", 400, CLOSE),
    ("bare LF ends the head", GET + b"Host: h\r\n\n", 400, CLOSE),
    ("NUL in a value", get(b"X: a\0b"), 400, CLOSE),
    ("control in a value", get(b"X: a\x02b"), 400, CLOSE),
    ("DEL in a value", get(b"X: a\x7fb"), 400, CLOSE),
    ("tab in a value", get(b"X: a\tb"), 200, KEEP),
    ("obs-text in a value", get(b"X: \xe9\xff"), 200, KEEP),
    ("space before the colon", get(b"X : y"), 400, CLOSE),
    ("no name", get(b": y"), 400, CLOSE),
    ("no colon", get(b"X"), 400, CLOSE),
    ("name with a space", get(b"X Y: z"), 400, CLOSE),
    ("name of another character", get(b"X(: z"), 400, CLOSE),
    ("name with UTF-8", get("é: z".encode()), 400, CLOSE),
    ("space before the first field", GET + b" Host: h\r\n\r\n", 400, CLOSE),
    ("folded value", get(b"X: a", b" b"), 400, CLOSE),
    ("folded value by a tab", get(b"X: a", b"\tb"), 400, CLOSE),
    ("empty value", get(b"X:"), 200, KEEP),
    ("no space after the colon", get(host=b"Host:h\r\n"), 200, KEEP),
    ("spaces around a value", get(host=b"Host: \t h \t \r\n"), 200, KEEP),
    ("names in any case", get(b"cOnNeCtIoN: cLoSe", host=b"hOST: h\r\n"), 200, CLOSE),
    ("no Host", GET + b"\r\n", 400, CLOSE),
    ("no Host in HTTP/1.0", b"GET /livez HTTP/1.0\r\n\r\n", 200, CLOSE),
    ("two Hosts", get(b"Host: h"), 400, CLOSE),
    ("Host of two", get(host=b"Host: a,b\r\n"), 400, CLOSE),
    ("Host with user", get(host=b"Host: u@h\r\n"), 400, CLOSE),
    ("Host with path", get(host=b"Host: h/a\r\n"), 400, CLOSE),
    ("Host with space", get(host=b"Host: a b\r\n"), 400, CLOSE),
    ("Host with a bad port", get(host=b"Host: h:x\r\n"), 400, CLOSE),
    ("Host with port", get(host=b"Host: h:8080\r\n"), 200, KEEP),
    ("Host of IPv6", get(host=b"Host: [::1]:80\r\n"), 200, KEEP),
    ("Host empty", get(host=b"Host:\r\n"), 200, KEEP),
    ("100 fields", get(*[b"X: y"] * 99), 200, KEEP),
    ("200 fields", get(*[b"X: y"] * 199), 431, CLOSE),
    ("a head of 20 KiB", get(b"X: " + b"y" * 20000), 431, CLOSE),
    ("a name without end", GET + b"X" * 20000, 431, CLOSE),
    ("Content_Length is another field", get(b"Content_Length: 5"), 200, KEEP),
    ("Transfer_Encoding is another field", get(b"Transfer_Encoding: chunked"), 200, KEEP),
    ("two Content-Types", body(b"Content-Length: 24", b"Content-Type: a/b", b"Content-Type: a/b"), 400, CLOSE),
    ("two Authorizations", get(b"Authorization: a", b"Authorization: b"), 400, CLOSE),
    ("two If-Matches", get(b"If-Match: *", b"If-Match: *"), 400, CLOSE),

    # ---- framing
    ("a body", body(b"Content-Length: 24"), 201, KEEP),
    ("length with leading zeros", body(b"Content-Length: 0024"), 201, KEEP),
    ("length empty", body(b"Content-Length:"), 400, CLOSE),
    ("length +24", body(b"Content-Length: +24"), 400, CLOSE),
    ("length -1", body(b"Content-Length: -1"), 400, CLOSE),
    ("length -0", body(b"Content-Length: -0"), 400, CLOSE),
    ("length in hex", body(b"Content-Length: 0x18"), 400, CLOSE),
    ("length with underscore", body(b"Content-Length: 2_4"), 400, CLOSE),
    ("length in two parts", body(b"Content-Length: 2 4"), 400, CLOSE),
    ("length with a letter", body(b"Content-Length: 24Z"), 400, CLOSE),
    ("length beyond 2^63", body(b"Content-Length: 9223372036854775808"), 400, CLOSE),
    ("length that wraps 2^64", body(b"Content-Length: 18446744073709551640"), 400, CLOSE),
    ("two lengths", body(b"Content-Length: 24", b"Content-Length: 25"), 400, CLOSE),
    ("two equal lengths", body(b"Content-Length: 24", b"Content-Length: 24"), 400, CLOSE),
    ("a list of lengths", body(b"Content-Length: 24, 24"), 400, CLOSE),
    ("length and coding", body(b"Content-Length: 24", b"Transfer-Encoding: chunked", content=chunked(BODY)), 400, CLOSE),
    ("chunked", body(b"Transfer-Encoding: chunked", content=chunked(BODY)), 201, KEEP),
    ("chunked in capitals", body(b"transfer-encoding: CHUNKED", content=chunked(BODY[:5], BODY[5:])), 201, KEEP),
    ("unknown coding", body(b"Transfer-Encoding: gzip, chunked", content=chunked(BODY)), 501, CLOSE),
    ("unknown coding at the end", body(b"Transfer-Encoding: chunked, gzip"), 400, CLOSE),
    ("identity", body(b"Transfer-Encoding: identity"), 400, CLOSE),
    ("xchunked", body(b"Transfer-Encoding: xchunked", content=chunked(BODY)), 400, CLOSE),
    ("chunked twice", body(b"Transfer-Encoding: chunked, chunked", content=chunked(BODY)), 400, CLOSE),
    ("empty element and chunked", body(b"Transfer-Encoding: ,chunked", content=chunked(BODY)), 400, CLOSE),
    ("coding empty", body(b"Transfer-Encoding:", content=chunked(BODY)), 400, CLOSE),
    ("vertical tab beside chunked", body(b"Transfer-Encoding: \x0bchunked", content=chunked(BODY)), 400, CLOSE),
    ("form feed beside chunked", body(b"Transfer-Encoding: chunked\x0c", content=chunked(BODY)), 400, CLOSE),
    ("NUL beside chunked", body(b"Transfer-Encoding: chunked\0", content=chunked(BODY)), 400, CLOSE),
    ("two codings in two lines", body(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", content=chunked(BODY)), 400, CLOSE),
    ("chunked in quotes", body(b'Transfer-Encoding: "chunked"', content=chunked(BODY)), 400, CLOSE),
    ("coding in HTTP/1.0", CHUNKED.replace(b"1.1", b"1.0") + chunked(BODY), 400, CLOSE),
    ("chunk size empty", CHUNKED + b"\r\n" + BODY + b"\r\n0\r\n\r\n", 400, CLOSE),
    ("chunk size with space before", CHUNKED + b" 18\r\n" + BODY + b"\r\n0\r\n\r\n", 400, CLOSE),
    ("chunk size with space behind", CHUNKED + b"18 \r\n" + BODY + b"\r\n0\r\n\r\n", 400, CLOSE),
    ("chunk size +18", CHUNKED + b"+18\r\n" + BODY + b"\r\n0\r\n\r\n", 400, CLOSE),
    ("chunk size -1", CHUNKED + b"-1\r\n" + BODY + b"\r\n0\r\n\r\n", 400, CLOSE),
    ("chunk size 0x18", CHUNKED + b"0x18\r\n" + BODY + b"\r\n0\r\n\r\n", 400, CLOSE),
    ("chunk size 0_18", CHUNKED + b"0_18\r\n" + BODY + b"\r\n0\r\n\r\n", 400, CLOSE),
    ("chunk size of 17 digits", CHUNKED + b"0" * 15 + b"18\r\n" + BODY + b"\r\n0\r\n\r\n", 400, CLOSE),
    ("chunk size of 2^64", CHUNKED + b"10000000000000018\r\n" + BODY + b"\r\n0\r\n\r\n", 400, CLOSE),
    ("chunk size of 2^63", CHUNKED + b"8000000000000000\r\n" + BODY + b"\r\n0\r\n\r\n", 400, CLOSE),
    ("chunk size with leading zeros", CHUNKED + b"00018\r\n" + BODY + b"\r\n0\r\n\r\n", 201, KEEP),
    ("chunk size in capitals", CHUNKED + b"A\r\n" + BODY[:10] + b"\r\ne\r\n" + BODY[10:] + b"\r\n0\r\n\r\n", 201, KEEP),
    ("chunk longer than its size", CHUNKED + b"17\r\n" + BODY + b"\r\n0\r\n\r\n", 400, CLOSE),
    ("chunk followed by LF alone", CHUNKED + b"18\r\n" + BODY + b"\n0\r\n\r\n", 400, CLOSE),
    ("chunk followed by CR X", CHUNKED + b"18\r\n" + BODY + b"\rX0\r\n\r\n", 400, CLOSE),
    ("chunk followed by XX", CHUNKED + b"18\r\n" + BODY + b"XX0\r\n\r\n", 400, CLOSE),
    ("bare LF after a chunk size", CHUNKED + b"18\n" + BODY + b"\r\n0\r\n\r\n", 400, CLOSE),
    ("bare CR after a chunk size", CHUNKED + b"18\rX" + BODY + b"\r\n0\r\n\r\n", 400, CLOSE),
    ("bare LF in an extension", CHUNKED + b"18;a\nb\r\n" + BODY + b"\r\n0\r\n\r\n", 400, CLOSE),
    ("bare CR in an extension", CHUNKED + b"18;a\rb\r\n" + BODY + b"\r\n0\r\n\r\n", 400, CLOSE),
    ("extension", CHUNKED + b'18;a=b;c="d"\r\n' + BODY + b"\r\n0;e\r\n\r\n", 201, KEEP),
    ("extension too long", CHUNKED + b"18;" + b"a" * 1000 + b"\r\n" + BODY + b"\r\n0\r\n\r\n", 400, CLOSE),
    ("trailer", CHUNKED + b"18\r\n" + BODY + b"\r\n0\r\nX: y\r\nZ: w\r\n\r\n", 201, KEEP),
    ("trailer changes nothing", CHUNKED + b"18\r\n" + BODY + b"\r\n0\r\nContent-Length: 9\r\nConnection: close\r\n\r\n", 201, KEEP),
    ("trailer malformed", CHUNKED + b"18\r\n" + BODY + b"\r\n0\r\nX y\r\n\r\n", 400, CLOSE),
    ("trailer with bare LF", CHUNKED + b"18\r\n" + BODY + b"\r\n0\r\nX: y\n\r\n", 400, CLOSE),
    ("trailer with bare CR", CHUNKED + b"18\r\n" + BODY + b"\r\n0\r\nX: y\rX\r\n\r\n", 400, CLOSE),
    ("trailer with a NUL", CHUNKED + b"18\r\n" + BODY + b"\r\n0\r\nX: \0\r\n\r\n", 400, CLOSE),
    ("trailer too long", CHUNKED + b"18\r\n" + BODY + b"\r\n0\r\nX: " + b"y" * 10000 + b"\r\n\r\n", 431, CLOSE),
    ("end of chunks malformed", CHUNKED + b"18\r\n" + BODY + b"\r\n0\r\n\rX", 400, CLOSE),
    ("chunks of one byte", CHUNKED + chunked(*[BODY[i:i + 1] for i in range(24)]), 201, KEEP),
    ("body on GET", get(b"Content-Length: 5") + b"GET /", 200, KEEP),
    ("body on HEAD", line(b"HEAD /livez HTTP/1.1", b"Content-Length: 5") + b"GET /", 200, KEEP),
    ("chunked body on GET", get(b"Transfer-Encoding: chunked") + chunked(b"GET / HTTP/1.1\r\n\r\n"), 200, KEEP),
    ("body on OPTIONS", line(b"OPTIONS /posts HTTP/1.1", b"Content-Length: 5") + b"GET /", 204, KEEP),
    ("body on DELETE", line(b"DELETE /posts/x HTTP/1.1", b"Content-Length: 5") + b"GET /", 404, KEEP),
    ("body for nobody", line(b"POST /nowhere HTTP/1.1", b"Content-Length: 5") + b"GET /", 404, KEEP),
    ("chunked body for nobody", line(b"POST /nowhere HTTP/1.1", b"Transfer-Encoding: chunked") + chunked(b"x"), 404, KEEP),
    ("no body at all", body(b"Content-Length: 0", content=b""), 400, KEEP),
    ("neither length nor coding", body(content=b""), 400, KEEP),
    ("length beyond the limit", body(b"Content-Length: 2000000"), 413, CLOSE),
    ("length of a terabyte", body(b"Content-Length: 1000000000000"), 413, CLOSE),
    ("other expectation", body(b"Content-Length: 24", b"Expect: magic"), 417, CLOSE),
    ("expectation of HTTP/1.0 is ignored", b"GET /livez HTTP/1.0\r\nExpect: magic\r\n\r\n", 200, CLOSE),

    # ---- connections
    ("close", get(b"Connection: close"), 200, CLOSE),
    ("close in a list", get(b"Connection: foo, Close"), 200, CLOSE),
    ("close in a second line", get(b"Connection: foo", b"Connection: close"), 200, CLOSE),
    ("keep-alive", get(b"Connection: keep-alive"), 200, KEEP),
    ("close beats keep-alive", get(b"Connection: keep-alive, close"), 200, CLOSE),
    ("closed is another word", get(b"Connection: closed"), 200, KEEP),
    ("HTTP/1.0", b"GET /livez HTTP/1.0\r\nHost: h\r\n\r\n", 200, CLOSE),
    ("HTTP/1.0 keep-alive", b"GET /livez HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 200, KEEP),

    # ---- other protocols
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(64)), 400, CLOSE),
    ("random bytes", bytes((i * 73 + 41) % 256 for i in range(300)), 400, CLOSE),
    ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n", 400, CLOSE),
    ("SMTP", b"EHLO localhost\r\n", 400, CLOSE),
    ("Redis", b"*1\r\n$4\r\nPING\r\n", 400, CLOSE),
]
CASES = pytest.mark.parametrize("raw, status, fate", [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
SHORT = [row for row in ROWS if len(row[1]) <= 600]

BEHIND = b"GET /readyz HTTP/1.1\r\nHost: behind\r\n\r\n"


def method_of(raw):
    return "HEAD" if raw.startswith(b"HEAD") else "GET"


def check(c, raw, status, fate):
    reply = c.read(method_of(raw))
    assert reply.status == status, reply
    assert reply.closes == (fate == CLOSE), reply
    if status >= 400 and method_of(raw) != "HEAD":
        detail = reply.problem()["detail"]
        assert detail and "\n" not in detail
    if fate == KEEP:
        assert c.read().json() == {"status": "ready"}
        assert c.works()
    else:
        assert c.at_end(1.5), "what follows the last reply was answered, or the connection stays"


@CASES
def test_request_sent_whole(memory, raw, status, fate):
    with memory.connect() as c:
        c.send(raw + BEHIND)
        check(c, raw, status, fate)


@pytest.mark.parametrize("raw, status, fate", [row[1:] for row in SHORT], ids=[row[0] for row in SHORT])
def test_request_sent_byte_by_byte(memory, raw, status, fate):
    with memory.connect() as c:
        c.send_slowly(raw + BEHIND)
        check(c, raw, status, fate)


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
    for _, raw, status, fate in ROWS:
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
