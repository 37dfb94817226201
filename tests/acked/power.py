"""power.py: the other half of power.c: faults from outside, and what is left after a power cut."""
import mmap
import os
import struct
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
NOTE = struct.Struct("=IIQQQQ")
WRITE, SYNC, CUT = 1, 2, 3
SUFFIXES = ".db", ".db-wal", ".db-journal"
SECTOR = 512
EVER = -1


def build(to, cc="cc"):
    subprocess.run([cc, "-O2", "-fPIC", "-shared", "-o", to, HERE / "power.c", "-ldl", "-lpthread"], check=True)


class Power:
    """The disk under one database `stem`.db, seen through the layer."""

    def __init__(self, library, work, folder, stem):
        self.library, self.folder, self.stem = library, folder, stem
        self.log, ctl = work / "power.log", work / "power.ctl"
        ctl.write_bytes(bytes(4096))
        self.ctl = mmap.mmap(os.open(ctl, os.O_RDWR), 4096)
        self.env = {"LD_PRELOAD": str(library), "POWER_DIR": str(folder), "POWER_LOG": str(self.log), "POWER_CTL": str(ctl)}
        self.log.write_bytes(b"")

    def fault(self, what, at, error, times=EVER):
        """The at-th sync or write from now fails."""
        struct.pack_into("=iii", self.ctl, {"sync": 0, "write": 12}[what], at, error, times)

    def heal(self):
        self.ctl[:24] = bytes(24)

    def slow(self, microseconds):
        struct.pack_into("=i", self.ctl, 24, microseconds)

    def pending(self):
        """What is not synced, per file: a list of (kind, offset, old, new, size before)."""
        lists, at = {0: [], 1: [], 2: []}, 0
        data = self.log.read_bytes()
        while at + NOTE.size <= len(data):
            kind, file, offset, length, old_len, size = NOTE.unpack_from(data, at)
            if kind not in (WRITE, SYNC, CUT) or file not in lists:
                raise ValueError(f"power.log is no log at byte {at}")
            at += NOTE.size
            old, new = data[at:at + old_len], data[at + old_len:at + old_len + length]
            at += old_len + length
            if at > len(data):
                break  # killed while it wrote the note: the write itself never began
            if kind == SYNC:
                lists[file] = []
            else:
                lists[file].append((kind, offset, old, new, size))
        return lists

    def cut(self, rng):
        """The process is dead: what the disk may hold then. Says how much was lost."""
        issued = kept = 0
        share = rng.choice([0, 0, 0.1, 0.5, 0.9])
        for file, notes in self.pending().items():
            path = self.folder / (self.stem + SUFFIXES[file])
            if not path.exists() or not notes:
                continue
            data = bytearray(path.read_bytes())
            for kind, offset, old, new, size in reversed(notes):
                if kind == CUT:
                    data = data[:offset].ljust(offset, b"\0") + old
                else:
                    data[offset:offset + len(old)] = old
                del data[size:]
            for kind, offset, old, new, size in notes:
                for at in range(0, len(new), SECTOR):
                    issued += 1
                    if rng.random() < share:
                        piece = new[at:at + SECTOR]
                        data.extend(bytes(max(0, offset + at - len(data))))
                        data[offset + at:offset + at + len(piece)] = piece
                        kept += 1
                if kind == CUT and rng.random() < share:
                    del data[offset:]
            path.write_bytes(data)
        (self.folder / f"{self.stem}.db-shm").unlink(missing_ok=True)
        self.log.write_bytes(b"")
        return f"power cut, {kept} of {issued} unsynced sectors reached the disk"

    def settle(self):
        """After each end of the process, before another writes notes: a kill in the middle of a note
        leaves half of one, and what is synced need not be kept."""
        lists = self.pending()
        with open(self.log, "wb") as f:
            for file, notes in lists.items():
                for kind, offset, old, new, size in notes:
                    f.write(NOTE.pack(kind, file, offset, len(new), len(old), size) + old + new)
