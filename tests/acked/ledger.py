"""ledger.py: from the client's ledger to what must hold: per key what may have happened, per post
the states it may be in. `None` as a state: deleted."""
import json
import os
from collections import Counter


class Breach(Exception):
    """A promise is broken."""


class Key:
    """What is known of one Idempotency-Key: of all its requests together."""
    __slots__ = ("asked", "answered", "failed", "id", "etag", "crc", "states", "resent")

    def __init__(self):
        self.asked = self.answered = self.failed = 0
        self.id = self.etag = self.crc = None  # of the 201
        self.states = None  # set of (etag, change) or None; known since the 201
        self.resent = False

    def acknowledged(self):
        return self.id is not None

    def unknown(self):
        return self.id is None and self.failed < self.asked

    def created(self, id, etag, crc):
        if self.id is None:
            self.id, self.etag, self.crc, self.states = id, etag, crc, {(etag, 0)}
        elif (id, etag, crc) != (self.id, self.etag, self.crc):
            raise Breach(f"B: one key has two answers: {self.id} {self.etag} and {id} {etag}")


class Ledger:
    def __init__(self, path, seed):
        self.path, self.seed, self.at = path, seed, 0
        self.keys = {}  # (writer, number) → Key
        self.changes = {}  # (writer, change) → (number, method, sent etag)
        self.fresh = set()  # keys heard of since the last check
        self.last = {}  # writer → the last id told in order
        self.counts = Counter()

    def read(self):
        with open(self.path) as f:
            f.seek(self.at)
            for line in f:
                verb, *args = json.loads(line)
                self.counts[verb] += 1
                getattr(self, verb)(*args)
            self.at = os.fstat(f.fileno()).st_size

    def key(self, writer, number):
        self.fresh.add((writer, number))
        return self.keys.setdefault((writer, number), Key())

    def sent(self, writer, number, copy):
        self.key(writer, number).asked += 1

    def ok(self, writer, number, copy, id, etag, crc):
        key = self.key(writer, number)
        first = not key.acknowledged()
        key.created(id, etag, crc)
        if first:
            if id <= self.last.get(writer, ""):
                raise Breach(f"F: writer {writer} got id {id} after {self.last[writer]}")
            self.last[writer] = id

    def fail(self, writer, number, copy, status):
        self.key(writer, number).failed += 1

    def unknown(self, writer, number, copy, why):
        pass

    def wrong(self, what):
        raise Breach(f"an answer that no server may give: {what}")

    def csent(self, writer, change, number, method, etag):
        key = self.key(writer, number)
        self.changes[writer, change] = number, method, etag
        if etag == key_etag(key):
            key.states = key.states | {after(method, etag, change)}

    def settled(self, writer, change, keep):
        number, method, etag = self.changes.pop((writer, change))
        key = self.key(writer, number)
        new = after(method, etag, change)
        key.states = {new} if keep else key.states - {new}

    def cok(self, writer, change, etag, crc):
        number, method, sent = self.changes[writer, change]
        wanted = after(method, sent, change)
        if wanted and etag != wanted[0]:
            raise Breach(f"ETag {etag} after a change of {sent}")
        self.settled(writer, change, True)

    def cfail(self, writer, change, status):
        self.settled(writer, change, False)

    def cunknown(self, writer, change, why):
        self.changes.pop((writer, change))


def key_etag(key):
    """The ETag that holds, when it is known which does."""
    return next(iter(key.states))[0] if len(key.states) == 1 and None not in key.states else None


def after(method, etag, change):
    """The state that a change leads to: versions count from 1."""
    return (f'"{int(etag.strip(chr(34))) + 1}"', change) if method == "PUT" else None
