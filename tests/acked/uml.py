#!/usr/bin/env python3
"""uml.py: a real power cut: a kernel dies with its page cache, and what its disk holds is looked at.

  tests/acked/uml.py --posts build/release/posts/posts --rounds 5 --seed 1

Service and client run in a user-mode-linux guest with an ext4 disk in a file; after so many
acknowledgements the guest is killed. The file system is recovered (e2fsck), the database taken out
(debugfs), and a service on it is held against the ledger (check.py). No root, no KVM. It loses the
guest's page cache and no more: it reorders and tears nothing (power.c does that), and cannot see a
missing flush of the disk's own cache. Exit status 1: a breach; 3: this host has not what it takes.
"""
import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
os.environ["PATH"] += ":/usr/sbin:/sbin"
from check import Checker  # noqa: E402
from ledger import Breach, Ledger  # noqa: E402

NEEDS = {"linux.uml": "user-mode-linux", "mkfs.ext4": "e2fsprogs", "e2fsck": "e2fsprogs", "debugfs": "e2fsprogs"}
PATIENCE = 120
START_LINE = re.compile(r"listening on http://[^\s,]+:(\d+)")


def descendants(pid):
    """A process and all that came from it or share its session, as /proc has them now."""
    stats = {}
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit():
                fields = Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()
                stats[int(entry)] = int(fields[1]), int(fields[3])
        except OSError:
            pass
    found = {pid}
    while more := {p for p, (parent, session) in stats.items() if p not in found and (parent in found or session == pid)}:
        found |= more
    return found


def power_off(process):
    for pid in descendants(process.pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.wait()


def live(o, work, seed, enough):
    """Runs a guest until so many were acknowledged, then kills it."""
    disk, console = work / "disk.img", work / "console"
    with open(disk, "wb") as f:
        f.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", disk], check=True)
    command = ["linux.uml", "mem=256M", "rootfstype=hostfs", "rootflags=/", "ro", "quiet", f"init={HERE}/guest.sh",
               f"ubd0={disk}", "con=null", "con0=fd:0,fd:1", f"acked_posts={o.posts}", f"acked_seed={seed}",
               f"acked_here={HERE}", f"acked_python={os.path.realpath(sys.executable)}"]
    with open(console, "wb") as out:
        guest = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                 start_new_session=True, cwd=work, env={**os.environ, "TMPDIR": str(work)})
    end = time.monotonic() + PATIENCE
    try:
        while console.read_bytes().count(b'["ok"') < enough:
            if guest.poll() is not None or time.monotonic() > end:
                raise Breach(f"the guest does not get there:\n{console.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
    finally:
        power_off(guest)
    lines = console.read_text(errors="replace").replace("\r", "").splitlines()
    ledger = work / "ledger"
    ledger.write_text("".join(line + "\n" for line in lines if line.startswith("[\"") and line.endswith("]")))
    return ledger


def recover(work):
    """The database as the disk has it."""
    subprocess.run(["e2fsck", "-fy", work / "disk.img"], capture_output=True)
    for name in "p.db", "p.db-wal":
        subprocess.run(["debugfs", "-R", f"dump /{name} {work / name}", work / "disk.img"], capture_output=True)
    (work / "p.db-shm").unlink(missing_ok=True)


def check(o, work, ledger, rng):
    with open(work / "err", "wb") as err:
        service = subprocess.Popen([o.posts, "--port", "0", "--workers", "1", "--store", f"sqlite:{work / 'p.db'}"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err)
    try:
        end = time.monotonic() + PATIENCE
        while not (found := START_LINE.search((work / "err").read_text())):
            if service.poll() is not None or time.monotonic() > end:
                raise Breach(f"it does not start again: {(work / 'err').read_text()}")
            time.sleep(0.01)
        Checker(ledger, work / "p.db", rng).run(int(found.group(1)))
    finally:
        service.kill()
        service.wait()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--posts", default=HERE.parents[1] / "build/release/posts/posts", type=Path)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seed", type=int, default=None)
    o = p.parse_args()
    o.posts = o.posts.resolve()
    o.seed = random.randrange(1 << 31) if o.seed is None else o.seed
    missing = sorted({package for tool, package in NEEDS.items() if not shutil.which(tool)})
    if missing:
        print(f"skipped: not installed (Debian: {' '.join(missing)})")
        return 3
    print(f"seed {o.seed}", flush=True)
    rng, acknowledged = random.Random(o.seed), 0
    for number in range(1, o.rounds + 1):
        work = Path(tempfile.mkdtemp(prefix="acked-uml-"))
        seed = o.seed * 1000 + number
        try:
            ledger = Ledger(live(o, work, seed, rng.randint(200, 1500)), seed)
            recover(work)
            check(o, work, ledger, rng)
        except Breach as e:
            print(f"BREACH in round {number}\n  {e}\n  seed {o.seed}; the files and the ledger are in {work}")
            return 1
        acknowledged += ledger.counts["ok"]
        shutil.rmtree(work)
    print(f"{o.rounds} power cuts, {acknowledged} acknowledged, 0 lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
