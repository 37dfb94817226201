"""client.py SEED LEDGER: 32 connections that write, and a ledger of what they saw. Outlives servers.

Takes lines on stdin: `run PORT`, `cut` (resets every connection), `stop` (answers `stopped`). A line
of the ledger is written before a request leaves and after its whole answer has come:

  sent    writer number copy                     a POST with this number's key
  ok      writer number copy id etag crc         201
  fail    writer number copy status              it was not stored: 4xx, or a 5xx that says so
  unknown writer number copy why                 another 5xx, no answer, half an answer
  csent   writer change number method etag       PUT or DELETE with If-Match of that number's post
  cok     writer change etag crc                 200 or 204
  cfail   writer change status                   412, 404 and the like
  cunknown writer change why
  wrong   what                                   an answer that no server may give
"""
import asyncio
import json
import os
import random
import socket
import struct
import sys
import traceback
import zlib

import words

WRITERS = 32
PATIENCE = 30  # seconds for an answer: then it is unknown
LOST = (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, asyncio.LimitOverrunError)


class Connection:
    """One connection, opened at need."""

    def __init__(self, client):
        self.client, self.reader, self.writer = client, None, None
        client.connections.append(self)

    async def call(self, method, target, body=b"", **headers):
        """(status, headers, body). Raises one of LOST."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.client.port, limit=1 << 20)
        lines = [f"{method} {target} HTTP/1.1", "Host: acked", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        try:
            self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            return await asyncio.wait_for(self.read(), PATIENCE)
        except LOST:
            self.drop()
            raise

    async def read(self):
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head[1:-2])
        text = await self.reader.readexactly(int(fields.get("content-length", 0)))
        if fields.get("connection") == "close":
            self.drop()
        return int(head[0].split()[1]), fields, text

    def drop(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None

    def reset(self):
        if self.writer is not None and not self.writer.is_closing():
            sock = self.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()


def nothing_stored(status, text):
    return 400 <= status < 500 and status != 409 or b"nothing was stored" in text


class Writer:
    """Posts one after the other; some twice, some changed afterwards."""

    def __init__(self, client, number):
        self.client, self.number = client, number
        self.rng = random.Random(f"{client.seed} writer {number}")
        self.lines = Connection(client), Connection(client)
        self.posts = changes = 0
        self.changes = changes
        self.mine = []  # (number, id, etag) that may be changed: their state is known

    async def post(self, line, number, copy):
        seed, w, tell = self.client.seed, self.number, self.client.tell
        tell("sent", w, number, copy)
        try:
            status, fields, text = await line.call("POST", "/posts", words.body(seed, w, number),
                                                   Idempotency_Key=words.key(seed, w, number))
        except LOST as e:
            return tell("unknown", w, number, copy, type(e).__name__)
        if status == 201:
            if not words.same(text, seed, w, number):
                tell("wrong", f"201 with another post: {text[:300]!r}")
            found = json.loads(text).get("id")
            if fields.get("location") != f"/posts/{found}":
                tell("wrong", f"Location {fields.get('location')} of post {found}")
            tell("ok", w, number, copy, found, fields["etag"], zlib.crc32(text))
            return found, fields["etag"]
        if nothing_stored(status, text):
            return tell("fail", w, number, copy, status)
        if status < 500 and status != 409:
            tell("wrong", f"{status} for a POST: {text[:300]!r}")
        return tell("unknown", w, number, copy, status)

    async def create(self):
        number, self.posts = self.posts, self.posts + 1
        twice = self.rng.random()
        if twice < 0.1:  # at the same moment
            got = await asyncio.gather(*(self.post(line, number, i) for i, line in enumerate(self.lines)))
        elif twice < 0.2:
            got = [await self.post(self.lines[0], number, i) for i in (0, 1)]
        else:
            got = [await self.post(self.lines[0], number, 0)]
        known = [g for g in got if g]
        if known:
            self.mine.append((number, *known[0]))
        return bool(known)

    async def change(self):
        number, found, etag = self.mine.pop(self.rng.randrange(len(self.mine)))
        change, self.changes = self.changes + 1, self.changes + 1
        seed, w, tell = self.client.seed, self.number, self.client.tell
        method = self.rng.choice(["PUT", "PUT", "DELETE"])
        sent_tag = etag if self.rng.random() < 0.8 else '"99"'
        body = words.body(seed, w, number, change) if method == "PUT" else b""
        tell("csent", w, change, number, method, sent_tag)
        try:
            status, fields, text = await self.lines[0].call(method, f"/posts/{found}", body, If_Match=sent_tag)
        except LOST as e:
            return tell("cunknown", w, change, type(e).__name__)
        if status in (200, 204):
            if sent_tag != etag:
                tell("wrong", f"{status} for If-Match {sent_tag} where {etag} holds")
            tell("cok", w, change, fields.get("etag", ""), zlib.crc32(text))
            if status == 200:
                self.mine.append((number, found, fields["etag"]))
        elif nothing_stored(status, text):
            tell("cfail", w, change, status)
            if status != 412 or sent_tag == etag:
                if status < 500:
                    tell("wrong", f"{status} for {method} {found} with If-Match {sent_tag}, where {etag} holds")
            self.mine.append((number, found, etag))
        else:
            tell("cunknown", w, change, status)
        return None

    async def work(self):
        while self.client.running:
            if self.mine and self.rng.random() < 0.05:
                await self.change()
            elif not await self.create():
                await asyncio.sleep(0.02)


class Client:
    def __init__(self, seed, ledger):
        self.seed, self.ledger = seed, open(ledger, "a", buffering=1)
        self.port, self.running, self.connections = 0, False, []
        self.writers = [Writer(self, n) for n in range(WRITERS)]
        self.tasks = []

    def tell(self, *words):
        self.ledger.write(json.dumps(words) + "\n")

    async def obey(self, line):
        verb, *args = line.split()
        if verb == "run":
            self.port, self.running = int(args[0]), True
            self.tasks = [asyncio.create_task(w.work()) for w in self.writers]
        elif verb == "cut":
            for c in self.connections:
                c.reset()
        elif verb == "stop":
            self.running = False
            await asyncio.gather(*self.tasks)
            for c in self.connections:
                c.drop()
        print(verb, flush=True)

    async def main(self):
        loop = asyncio.get_running_loop()
        stdin = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
        while line := await stdin.readline():
            try:
                await self.obey(line.decode())
            except Exception:  # a broken client must not look like a broken service
                traceback.print_exc()
                os._exit(1)


if __name__ == "__main__":
    asyncio.run(Client(int(sys.argv[1]), sys.argv[2]).main())
