"""WebSockets over real sockets: the chat example, with a client of our own, with curl, and with
Debian's python3-websockets where it is installed."""
import struct
import subprocess
import sys
import textwrap
import threading

import pytest
from browser import Browser, needs_browser
from conftest import BUILD, SANITIZED, until
from websocket_client import BINARY, CLOSE, PING, PONG, TEXT, WebSocket, frame


@pytest.fixture(scope="module")
def chat(serve_module):
    program = BUILD / "examples" / "chat"
    if not program.exists():
        pytest.skip("chat is not built: it needs libcrypto")
    return serve_module("--workers", 2, program=program)


@pytest.fixture
def own_chat(serve):
    program = BUILD / "examples" / "chat"
    if not program.exists():
        pytest.skip("chat is not built: it needs libcrypto")
    return lambda *args: serve(*args, program=program)


def heard(ws, text):
    """Reads until that line."""
    while ws.read_text() != text:
        pass


def test_everybody_hears_what_anybody_says(chat):
    with WebSocket(chat, "/chat/Ada", ["Sec-WebSocket-Protocol: x, chat.v1"]) as ada:
        assert ada.reply.headers["sec-websocket-protocol"] == "chat.v1"
        heard(ada, "Ada has come")
        with WebSocket(chat, "/chat/Bob%20%C3%A9") as bob:
            assert "sec-websocket-protocol" not in bob.reply.headers
            heard(ada, "Bob é has come")
            heard(bob, "Bob é has come")
            ada.text("grüß Gott")
            heard(ada, "Ada: grüß Gott")
            heard(bob, "Ada: grüß Gott")
            assert bob.close(1000, "tired") == (1000, "")
        heard(ada, "Bob é has gone")
        assert chat.call("POST", "/notices", b"tea is ready").status == 202
        heard(ada, "notice: tea is ready")
        assert chat.call("POST", "/notices", b"\xff").status == 422


def test_a_request_that_is_no_websocket_is_told_so(chat):
    with chat.connect() as c:
        reply = c.call("GET", "/chat/Ada")
        assert reply.status == 426 and reply.headers["upgrade"] == "websocket"
        assert reply.headers["connection"] == "Upgrade"
        assert "WebSocket" in reply.problem()["detail"]
        assert c.works()
        assert c.call("GET", "/chat/" + "x" * 41).status in (422, 426)
        assert c.call("GET", "/").headers["content-type"].startswith("text/html")


def test_curl_gets_its_101(chat):
    done = subprocess.run(
        ["curl", "-sS", "-i", "-N", "--max-time", "1", "-H", "Upgrade: websocket", "-H", "Connection: Upgrade",
         "-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
         "-H", f"Origin: {chat.url}", f"{chat.url}/chat/curl"], capture_output=True)
    assert done.stdout.startswith(b"HTTP/1.1 101 Switching Protocols\r\n"), done
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in done.stdout
    assert b"\x81\x0dcurl has come" in done.stdout
    refused = subprocess.run(
        ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Upgrade: websocket", "-H",
         "Connection: Upgrade", "-H", "Sec-WebSocket-Version: 13", "-H",
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "-H", "Origin: http://evil.example",
         f"{chat.url}/chat/curl"], capture_output=True, text=True)
    assert refused.stdout == "403"


# What a client does, and the Close it gets.
WRONGS = [
    ("a frame without mask", frame(TEXT, "a", masked=False), 1002),
    ("a reserved bit", frame(TEXT, "a", reserved=4), 1002),
    ("an opcode that is none", frame(3, "a"), 1002),
    ("a continuation of nothing", frame(0, "a"), 1002),
    ("a ping in two", frame(PING, "a", fin=False), 1002),
    ("a ping too long", frame(PING, "a" * 126), 1002),
    ("text that is none", frame(TEXT, b"\xff"), 1007),
    ("a message too big", frame(TEXT, "a" * 4097), 1009),
    ("bytes where text is wanted", frame(BINARY, b"a"), 1003),
    ("a close with a code that is none", frame(CLOSE, struct.pack("!H", 1005)), 1002),
]


@pytest.mark.parametrize("sent,code", [(s, c) for _, s, c in WRONGS], ids=[n for n, _, _ in WRONGS])
def test_what_is_wrong_is_told_with_its_code(chat, sent, code):
    with WebSocket(chat, "/chat/wrong") as ws:
        ws.client.send(sent)
        assert ws.read_close()[0] == code
        if code == 1003:
            ws.send(CLOSE, struct.pack("!H", 1003))
        ws.ended()


def test_frames_that_come_byte_by_byte_are_the_same(chat):
    with WebSocket(chat, "/chat/slow") as ws:
        ws.client.send_slowly(frame(TEXT, "Hel", fin=False) + frame(PING, "?") + frame(0, "lo"))
        opcode, payload = ws.read()
        while opcode != PONG:
            opcode, payload = ws.read()
        assert payload == b"?"
        heard(ws, "slow: Hello")


def test_a_client_that_goes_is_missed(chat):
    with WebSocket(chat, "/chat/stays") as stays:
        for how in ("reset", "end"):
            leaver = WebSocket(chat, f"/chat/{how}")
            heard(stays, f"{how} has come")
            getattr(leaver.client, how)()
            heard(stays, f"{how} has gone")
            leaver.client.close()


def test_many_connections_hear_all_in_one_order(chat):
    n, words = (60, 10) if SANITIZED else (200, 10)
    guests = [WebSocket(chat, f"/chat/crowd{i}") for i in range(n)]
    heard_by = [[] for _ in guests]

    def listen(i):
        while len(heard_by[i]) < 2 * words:
            line = guests[i].read_text()
            if ": word" in line:
                heard_by[i].append(line)

    heard(guests[-1], f"crowd{n - 1} has come")
    listeners = [threading.Thread(target=listen, args=(i,)) for i in range(n)]
    for t in listeners:
        t.start()
    for k in range(words):
        guests[0].text(f"word {k}")
        guests[1].text(f"word {k}")
    for t in listeners:
        t.join(30)
    assert all(h == heard_by[0] for h in heard_by)
    assert len(heard_by[0]) == 2 * words
    for g in guests:
        g.client.close()


def test_a_reader_that_stops_is_let_go_and_holds_nobody_up(own_chat):
    server = own_chat("--workers", 1)
    with WebSocket(server, "/chat/reads") as reads, WebSocket(server, "/chat/stops", rcvbuf=4096) as stops:
        line, gone = "x" * 4000, False
        for _ in range(20000):  # more than any kernel keeps for a socket
            reads.text(line)
            while (got := reads.read_text()) != f"reads: {line}":
                gone = gone or got == "stops has gone"
            if gone:
                break
        if not gone:
            heard(reads, "stops has gone")
        assert server.rss() < 200 << 20
        stops.client.close()


def test_a_server_that_stops_says_1001(own_chat):
    server = own_chat("--workers", 2)
    guests = [WebSocket(server, f"/chat/{i}") for i in range(4)]
    server.signal()
    for g in guests:
        code, reason = g.read_close()
        assert code == 1001 and reason == "the server is stopping"
        g.send(CLOSE, struct.pack("!H", 1001))
        g.ended()
    assert server.wait() == 0


def test_a_server_that_stops_does_not_wait_for_ever(own_chat):
    server = own_chat("--workers", 1, "--stop-timeout", "500ms")
    with WebSocket(server, "/chat/deaf"):
        server.signal()
        assert server.wait() == 0


def test_an_idle_connection_costs_little(own_chat):
    """What docs/guide/websocket.md says; sanitizers have their own arithmetic."""
    server = own_chat("--workers", 1)
    first = [WebSocket(server, "/chat/first") for _ in range(50)]
    n, before = 500, server.rss()
    more = [WebSocket(server, "/chat/more") for _ in range(n)]
    until(lambda: server.fds() >= n + 50)
    each = (server.rss() - before) / n
    print(f"{each:.0f} bytes a connection")
    if not SANITIZED:
        assert each < 20000, each
    for ws in first + more:
        ws.client.close()


@needs_browser
def test_a_browser_talks_with_the_others(own_chat):
    server = own_chat("--workers", 2)
    browser = Browser()

    def shows(text):
        assert until(lambda: text in browser.run("return document.querySelector('ul').innerText"), 10), browser.log()

    try:
        browser.open(f"{server.url}/#Ada%20L")
        shows("Ada L has come")
        with WebSocket(server, "/chat/Bob") as bob:
            shows("Bob has come")
            browser.run("document.querySelector('input').value = 'héllo';"
                        "document.forms[0].requestSubmit()")
            heard(bob, "Ada L: héllo")
            bob.text("x" * 4000)
            shows("Bob: " + "x" * 4000)
        # a page of another origin is refused
        browser.run("window.other = 'waits';"
                    "const ws = new WebSocket(arguments[0] + '/chat/evil');"
                    "ws.onopen = () => { window.other = 'open' };"
                    "ws.onclose = (e) => { window.other = 'closed ' + e.code };",
                    server.url.replace("http://127.0.0.1", "ws://localhost"))
        assert until(lambda: browser.run("return window.other") == "closed 1006")
        assert until(lambda: '"GET /chat/evil" 403' in server.stdout())
        server.signal()
        shows("the connection has ended: 1001 the server is stopping")
        assert server.wait() == 0
    finally:
        browser.quit()


def test_debians_library_agrees(chat):
    program = textwrap.dedent("""
        import asyncio, sys, websockets

        async def main(url):
            async with websockets.connect(url + "/chat/lib", subprotocols=["chat.v1"]) as ws:
                assert ws.subprotocol == "chat.v1"
                await ws.send("hello")
                while await ws.recv() != "lib: hello":
                    pass
                await (await ws.ping(b"abc"))
                await ws.send(["in ", "frag", "ments"])
                while await ws.recv() != "lib: in fragments":
                    pass
            assert ws.close_code == 1000, ws.close_code

        asyncio.run(asyncio.wait_for(main(sys.argv[1]), 20))
    """)
    have = [p for p in ("/usr/bin/python3", sys.executable)
            if subprocess.run([p, "-c", "import websockets"], capture_output=True).returncode == 0]
    if not have:
        pytest.skip("python3-websockets is not installed")
    done = subprocess.run([have[0], "-c", program, chat.url.replace("http", "ws", 1)],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
