"""A WebSocket client that can also say what no library would: frames by hand over a Client's socket."""
import base64
import hashlib
import os
import struct

from conftest import Closed

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(opcode, payload=b"", fin=True, masked=True, reserved=0):
    if isinstance(payload, str):
        payload = payload.encode()
    n = len(payload)
    first, mask = (0x80 if fin else 0) | reserved << 4 | opcode, 0x80 if masked else 0
    if n < 126:
        head = struct.pack("!BB", first, mask | n)
    elif n < 65536:
        head = struct.pack("!BBH", first, mask | 126, n)
    else:
        head = struct.pack("!BBQ", first, mask | 127, n)
    if not masked:
        return head + payload
    key = os.urandom(4)
    turned = (key * (n // 4 + 1))[:n]
    return head + key + (int.from_bytes(payload, "big") ^ int.from_bytes(turned, "big")).to_bytes(n, "big")


class WebSocket:
    """Connects with the handshake of RFC 6455 §4.1 and checks the answer as a browser does."""

    def __init__(self, server, path, fields=(), **more):
        self.client = server.connect(**more)
        key = base64.b64encode(os.urandom(16))
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Upgrade: websocket",
                 "Connection: keep-alive, Upgrade", "Sec-WebSocket-Version: 13",
                 f"Sec-WebSocket-Key: {key.decode()}", *fields]
        self.client.send("\r\n".join(lines) + "\r\n\r\n")
        self.reply = self.client.read()
        assert self.reply.status == 101, self.reply
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        assert self.reply.headers["sec-websocket-accept"] == accept
        assert self.reply.headers["upgrade"] == "websocket"
        assert self.reply.headers["connection"] == "Upgrade"

    def send(self, opcode, payload=b"", **more):
        self.client.send(frame(opcode, payload, **more))

    def text(self, text):
        self.send(TEXT, text)

    def take(self, n):
        while len(self.client.rest) < n:
            self.client.more()
        taken, self.client.rest = self.client.rest[:n], self.client.rest[n:]
        return taken

    def read(self):
        """(opcode, payload) of the next frame: whole and unmasked, as a server's are."""
        first, n = self.take(2)
        assert first & 0xF0 == 0x80 and n < 128, (first, n)
        if n == 126:
            n, = struct.unpack("!H", self.take(2))
            assert n >= 126
        elif n == 127:
            n, = struct.unpack("!Q", self.take(8))
            assert n >= 65536
        return first & 15, self.take(n)

    def read_text(self):
        """The next text; pings are answered on the way."""
        while True:
            opcode, payload = self.read()
            if opcode != PING:
                break
            self.send(PONG, payload)
        assert opcode == TEXT, (opcode, payload)
        return payload.decode()

    def read_close(self):
        """(code, reason) of the Close that must come next, texts before it left out."""
        opcode, payload = self.read()
        while opcode in (TEXT, BINARY, PING):
            opcode, payload = self.read()
        assert opcode == CLOSE, (opcode, payload)
        return (struct.unpack("!H", payload[:2])[0] if payload else None), payload[2:].decode()

    def close(self, code=1000, reason=""):
        """The whole closing handshake, begun here; what the server answered."""
        self.send(CLOSE, struct.pack("!H", code) + reason.encode())
        answer = self.read_close()
        self.ended()
        return answer

    def ended(self):
        """The server must end the connection now."""
        try:
            while True:
                self.client.more()
        except (Closed, ConnectionResetError):
            self.client.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.client.close()
