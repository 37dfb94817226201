"""check.py: the promises, held against the ledger: over HTTP and straight in the file.

  A  what was acknowledged is there, with its ETag and its bytes, unless a later change explains it
  B  one key has made one post at most, and all its answers are the same
  C  sending an unknown key once more gives one post, and once again the same
  D  the same key with another body is 422
  E  what was refused is not there
  F  a writer's ids rise; pages by cursor list each post once, in order
  G  the file is in good order (integrity_check); descriptors and threads return to the start
"""
import json
import socket
import sqlite3
import zlib

import words
from ledger import Breach

SAMPLE = 200  # of what earlier checks have seen
PIPELINE = 40


class Http:
    """One connection that sends many requests and reads their replies in order."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), 60)
        self.file = self.sock.makefile("rb")

    def all(self, requests):
        """Yields (status, headers, body) for each (method, target, headers, body)."""
        for at in range(0, len(requests), PIPELINE):
            some = requests[at:at + PIPELINE]
            self.sock.sendall(b"".join(bytes_of(*r) for r in some))
            for _ in some:
                yield self.reply()

    def one(self, method, target, headers=(), body=b""):
        return next(self.all([(method, target, headers, body)]))

    def reply(self):
        line = self.file.readline()
        if not line:
            raise Breach("the server hung up on the checker")
        status, fields = int(line.split()[1]), {}
        while (line := self.file.readline().strip()):
            name, value = line.decode().split(": ", 1)
            fields[name.lower()] = value
        return status, fields, self.file.read(int(fields.get("content-length", 0)))

    def close(self):
        self.file.close()
        self.sock.close()


def bytes_of(method, target, headers=(), body=b""):
    lines = [f"{method} {target} HTTP/1.1", "Host: check", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def key_line(seed, place):
    return f"Idempotency-Key: {words.key(seed, *place)}"


class Checker:
    def __init__(self, ledger, db, rng):
        self.ledger, self.db, self.rng = ledger, db, rng
        self.survived = self.resent = 0

    def run(self, port):
        """All of it. Raises Breach."""
        led = self.ledger
        led.read()
        http = Http(port)
        try:
            self.rows = self.in_file()
            self.refused()
            old = [p for p, k in led.keys.items() if p not in led.fresh and k.acknowledged()]
            places = sorted(led.fresh) + self.rng.sample(old, min(SAMPLE, len(old)))
            self.read_back(http, [p for p in places if led.keys[p].acknowledged()])
            self.send_again(http, [p for p in places if led.keys[p].unknown()])
            known = [p for p in places if led.keys[p].acknowledged()]
            self.replays(http, self.rng.sample(known, min(20, len(known))))
            self.pages(http, places)
        finally:
            http.close()
        led.fresh.clear()

    def replay_what_is_there(self, port):
        """Sends the unknown keys whose post is in the file; nothing else is written."""
        led, http = self.ledger, Http(port)
        led.read()
        rows = self.in_file()
        for place in sorted(p for p, k in led.keys.items() if k.unknown() and p in rows):
            status, fields, text = http.one("POST", "/posts", [key_line(led.seed, place)], words.body(led.seed, *place))
            if status != 201:
                raise Breach(f"C: {place}, sent again, is {status}")
            led.keys[place].created(json.loads(text)["id"], fields["etag"], zlib.crc32(text))
            led.fresh.add(place)
        http.close()

    # -- straight in the file

    def in_file(self):
        """A, B, E and G, for every post. Rows by (writer, number)."""
        db = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)
        rows = {}
        try:
            if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise Breach("G: integrity_check finds damage")
            for title, version, text, author in db.execute("SELECT title, version, body, author FROM posts"):
                place = words.of_title(title)
                if not place or place[0] != self.ledger.seed or place[1:3] not in self.ledger.keys:
                    raise Breach(f"a post that nobody sent: {title!r}")
                if place[1:3] in rows:
                    raise Breach(f"B: the key of {place[1:3]} has made two posts")
                if (title, text, author) != words.content(*place):
                    raise Breach(f"A: {title!r} is not as it was sent")
                rows[place[1:3]] = (f'"{version}"', place[3])
        finally:
            db.close()
        for place, key in self.ledger.keys.items():
            if key.acknowledged() and rows.get(place) not in key.states:
                raise Breach(f"A: {place} ({key.id}) is {rows.get(place)} in the file, not {key.states}")
            if key.unknown() and place in rows:
                self.survived += 1
        return rows

    def refused(self):
        for place, key in self.ledger.keys.items():
            if key.failed == key.asked and not key.acknowledged() and place in self.rows:
                raise Breach(f"E: {place} was refused and is there")

    # -- over HTTP

    def read_back(self, http, places):
        seed, keys = self.ledger.seed, self.ledger.keys
        requests = [("GET", f"/posts/{keys[p].id}") for p in places]
        for place, (status, fields, text) in zip(places, http.all(requests)):
            key = keys[place]
            if status not in (200, 404):
                raise Breach(f"A: GET of {place} ({key.id}) is {status}")
            state = None
            if status == 200:
                state = next((s for s in key.states if s and s[0] == fields["etag"]), ("?", 0))
                if not words.same(text, seed, *place, state[1]) or (state[1] == 0 and zlib.crc32(text) != key.crc):
                    raise Breach(f"A: {place} ({key.id}) is read otherwise than it was acknowledged: {text[:300]!r}")
            if state not in key.states:
                raise Breach(f"A: {place} ({key.id}) was acknowledged and is {status} now, not {key.states}")
            key.states = {state}  # what was unknown is known from here on

    def send_again(self, http, places):
        seed, keys = self.ledger.seed, self.ledger.keys
        requests = [("POST", "/posts", [key_line(seed, p)], words.body(seed, *p)) for p in places for _ in (0, 1)]
        replies = list(http.all(requests))
        for place, first, again in zip(places, replies[::2], replies[1::2]):
            if first[0] != 201 or again[0] != 201 or first[2] != again[2]:
                raise Breach(f"C: {place}, unknown, sent again: {first[0]}, then {again[0]}")
            if not words.same(first[2], seed, *place):
                raise Breach(f"C: {place}, sent again, is another post: {first[2][:300]!r}")
            if place in self.rows and "idempotent-replayed" not in first[1]:
                raise Breach(f"C: {place} was there and was made again")
            keys[place].created(json.loads(first[2])["id"], first[1]["etag"], zlib.crc32(first[2]))
            self.resent += 1

    def replays(self, http, places):
        seed, keys = self.ledger.seed, self.ledger.keys
        for place in places:
            key = keys[place]
            status, fields, text = http.one("POST", "/posts", [key_line(seed, place)], words.body(seed, *place))
            if (status, zlib.crc32(text)) != (201, key.crc):
                raise Breach(f"B: {place} sent again is {status} {text[:300]!r}")
            other = words.body(seed, *place, change=10**9)
            status = http.one("POST", "/posts", [key_line(seed, place)], other)[0]
            if status != 422:
                raise Breach(f"D: the key of {place} with another body is {status}")

    def pages(self, http, places):
        """F: from the newest down until the oldest of `places`, or far enough."""
        ids = {k.id for p in places for k in [self.ledger.keys[p]] if k.acknowledged() and k.states != {None}}
        seen, cursor, last = set(), "", "~"
        for _ in range(50):
            status, _, text = http.one("GET", f"/posts?limit=100{cursor}")
            page = json.loads(text)
            if status != 200:
                raise Breach(f"F: a page is {status}")
            for post in page["items"]:
                if post["id"] >= last:
                    raise Breach(f"F: {post['id']} is listed after {last}")
                last = post["id"]
                seen.add(last)
            if page["next"] is None:
                last = ""
                break
            cursor = f"&cursor={page['next']}"
        missing = {i for i in ids if i >= last} - seen
        if missing:
            raise Breach(f"F: {len(missing)} posts are there and not listed, as {sorted(missing)[0]}")
