#!/usr/bin/env python3
"""run.py: is anything that was acknowledged ever lost? Rounds of writing, harm, restart and checking.

  tests/acked/run.py --posts build/release/posts/posts --rounds 25 --seed 1

A client (client.py) writes over 32 connections and keeps a ledger of what it was told. One harm a
round hits the service at a random moment; then it is started again and the ledger is held against
it (check.py: A to G). The first breach ends the run with status 1, says the seed, and keeps the
files. The seed decides harms, moments and contents; how requests fall in time it cannot decide.

A dynamic program is run on a disk whose power can be cut and whose calls can fail (power.c); for a
static one there is strace. What this host cannot do is left out and said in the last lines.
"""
import argparse
import json
import os
import random
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from check import Checker, Http  # noqa: E402
from ledger import Breach, Ledger  # noqa: E402
from power import Power, build  # noqa: E402

START_LINE = re.compile(r"listening on http://[^\s,]+:(\d+)")
REPORT = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error:|Assertion")
EIO, ENOSPC = 5, 28
DISK_MIB = 128  # the log may take 64
FRESH_MIB = 16  # a larger database is left behind and a new one begun
READERS = 6  # descriptors of the workers' reading connections, opened at need
CACHES_MIB = 16  # their page caches, and the writer's
START_SECONDS = 60  # on a busy host; the report says how long it took


def tool(*command):
    return bool(shutil.which(command[0])) and subprocess.run(command, capture_output=True).returncode == 0


class Service:
    """posts on one file: started, harmed, started again."""

    def __init__(self, run):
        self.run, self.process, self.port, self.took = run, None, None, []

    def begin(self):
        """Starts the process and does not wait."""
        run, power = self.run, self.run.power
        env = {k: v for k, v in os.environ.items() if not k.startswith("POSTS")}
        env["ASAN_OPTIONS"] = "detect_leaks=0:verify_asan_link_order=0"
        env.update(power.env if power else {})
        if run.preload:
            env["LD_PRELOAD"] = ":".join(filter(None, [run.preload, env.get("LD_PRELOAD")]))
        self.err = open(run.work / "posts.err", "wb")
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [*run.layout, run.posts, "--port", "0", "--workers", "2", "--store", f"sqlite:{run.db}", "--access-log", "off"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.err, env=env, cwd=run.work)

    def words(self):
        return (self.run.work / "posts.err").read_text(errors="replace")

    def start(self):
        self.begin()
        while not (found := START_LINE.search(self.words())):
            if self.process.poll() is not None:
                raise Breach(f"it does not start again (status {self.process.returncode}):\n{self.words()}")
            if time.monotonic() - self.began > START_SECONDS:
                raise Breach(f"it is not ready after {START_SECONDS} s")
            time.sleep(0.002)
        self.took.append(time.monotonic() - self.began)
        self.port = int(found.group(1))

    def signal(self, number):
        self.process.send_signal(number)

    def ended(self):
        """Waits for its end."""
        code = self.process.wait(60)
        self.err.close()
        if self.run.power:
            self.run.power.settle()
        if REPORT.search(self.words()):
            raise Breach(f"a sanitizer's report:\n{self.words()}")
        return code

    def kill(self):
        self.signal(signal.SIGKILL)
        self.ended()

    def stop(self):
        self.signal(signal.SIGTERM)
        code = self.ended()
        if code != 0:
            raise Breach(f"exit code {code} after SIGTERM:\n{self.words()}")

    def figures(self):
        proc = Path(f"/proc/{self.process.pid}")
        private = re.search(r"RssAnon:\s+(\d+) kB", (proc / "status").read_text())
        return len(os.listdir(proc / "fd")), len(os.listdir(proc / "task")), int(private.group(1)) // 1024


class Writers:
    """The client process."""

    def __init__(self, seed, ledger):
        self.process = subprocess.Popen([sys.executable, "-B", HERE / "client.py", str(seed), ledger],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(self, *line):
        print(*line, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().strip()
        if answer != line[0]:
            raise Breach(f"the client is broken: {answer!r} to {line}")

    def end(self):
        self.process.stdin.close()
        self.process.wait(60)


# ---- harms: each leaves the service dead, or alive for the common end ---------------------------

def kill(run):
    run.service.kill()


def stop_and_kill(run):
    run.service.signal(signal.SIGSTOP)
    time.sleep(run.rng.uniform(0.05, 0.3))
    run.service.kill()


def term(run):
    run.service.stop()


def kill_in_recovery(run):
    run.service.kill()
    for _ in range(run.rng.randint(1, 3)):
        run.service.begin()
        time.sleep(run.rng.uniform(0, 0.05))
        run.service.kill()


def cut_connections(run):
    for _ in range(run.rng.randint(1, 3)):
        run.writers.tell("cut")
        time.sleep(run.rng.uniform(0.01, 0.1))
    run.must_calm = True


def no_descriptors(run):
    pid = run.service.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")), before[1]))
    run.writers.tell("cut")
    time.sleep(run.rng.uniform(0.05, 0.3))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    run.must_calm = True


def replay_and_cut(run):
    """What a killed process had written and not synced is read by the next one out of the page cache;
    what that one says of it must survive the power."""
    run.service.kill()
    run.writers.tell("stop")
    run.service.start()
    run.checker.replay_what_is_there(run.service.port)
    run.service.kill()
    run.what += ", " + run.power.cut(run.rng)
    run.counts["power cut"] += 1


def fill_disk(run):
    ballast = run.folder / "ballast"
    with open(ballast, "wb", buffering=0) as f:
        size = 1 << 20
        while size >= 4096:
            try:
                f.write(bytes(size))
            except OSError:
                size //= 2
    time.sleep(run.rng.uniform(0.1, 0.4))
    if run.rng.random() < 0.5:
        run.service.kill()
    ballast.unlink()


def faults(what, error, times):
    def harm(run):
        run.power.fault(what, run.rng.randint(1, 20), error, times)
        time.sleep(run.rng.uniform(0.1, 0.4))
        if run.rng.random() < 0.3:
            run.service.kill()
        run.power.heal()
    return harm


def traced(call, error, times):
    def harm(run):
        first = run.rng.randint(1, 20)
        when_ = f"{first}..{first + times - 1}"
        tracer = subprocess.Popen(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
                                   "-e", f"inject={call}:error={error}:when={when_}", "-p", str(run.service.process.pid)])
        time.sleep(run.rng.uniform(0.2, 0.5))
        if run.rng.random() < 0.3:
            run.service.kill()
        tracer.terminate()
        tracer.wait()
    return harm


HARMS = {  # name → (what it needs, how often, how)
    "kill -9": (None, 4, kill),
    "kill -9 in recovery": (None, 2, kill_in_recovery),
    "SIGSTOP, then kill -9": (None, 1, stop_and_kill),
    "SIGTERM": (None, 1, term),
    "connections reset": (None, 1, cut_connections),
    "no descriptors": (None, 1, no_descriptors),
    "disk full": ("mount", 2, fill_disk),
    "kill -9, replays, power cut": ("power", 1, replay_and_cut),
    "fsync fails once": ("power", 1, faults("sync", EIO, 1)),
    "fsync fails": ("power", 1, faults("sync", EIO, -1)),
    "write fails once": ("power", 1, faults("write", EIO, 1)),
    "write finds no space": ("power", 1, faults("write", ENOSPC, 3)),
    "fdatasync fails (strace)": ("strace", 2, traced("fdatasync", "EIO", 1)),
    "pwrite64 finds no space (strace)": ("strace", 1, traced("pwrite64", "ENOSPC", 4)),
}


# ---- a run --------------------------------------------------------------------------------------

class Run:
    def __init__(self, o):
        self.o, self.rng, self.seed = o, random.Random(o.seed), o.seed
        self.posts, self.preload = Path(o.posts).resolve(), o.preload
        self.work = Path(tempfile.mkdtemp(prefix="acked-"))
        self.folder = self.work / "disk"
        self.folder.mkdir()
        self.counts, self.notes = Counter(), []
        self.mounted = tool("mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "none", str(self.folder))
        sanitized = b"__asan_init" in self.posts.read_bytes()
        self.layout = ["setarch", os.uname().machine, "-R"] if sanitized and tool("setarch", os.uname().machine, "-R", "true") else []
        self.power, self.writers = None, None
        self.has = {None: True, "mount": self.mounted, "power": self.is_dynamic()}
        self.has["strace"] = not self.has["power"] and tool("strace", "-o", "/dev/null", "true")
        if self.has["power"]:
            build(self.work / "power.so")
        self.number, self.service = 0, Service(self)
        self.totals = Counter()
        self.writers, self.ledger = None, None
        self.fresh()

    def is_dynamic(self):
        """Whether a library can be loaded into it: its ELF header names an interpreter."""
        head = self.posts.read_bytes()[:8192]
        at, size, count = struct.unpack_from("<Q", head, 32)[0], *struct.unpack_from("<HH", head, 54)
        types = [struct.unpack_from("<I", head, at + i * size)[0] for i in range(count)]
        return 3 in types and bool(shutil.which("cc"))

    def fresh(self):
        """A new database, a new client and a new ledger."""
        self.close_ledger()
        for left in self.folder.iterdir():
            left.unlink()
        self.number += 1
        self.db = self.folder / f"p{self.number}.db"
        ledger = self.work / f"ledger{self.number}"
        ledger.touch()
        seed = self.seed * 1000 + self.number
        self.ledger = Ledger(ledger, seed)
        self.checker = Checker(self.ledger, self.db, self.rng)
        self.writers = Writers(seed, ledger)
        if self.has["power"]:
            self.power = Power(self.work / "power.so", self.work, self.folder, self.db.stem)

    def close_ledger(self):
        if self.writers:
            self.writers.end()
            self.totals.update(self.ledger.counts)
            self.totals["survived"] += self.checker.survived
            self.totals["resent"] += self.checker.resent
            self.writers = None
            self.ledger.path.unlink()

    def round(self, harms):
        service, rng = self.service, self.rng
        service.start()
        self.checker.run(service.port)
        calm = service.figures()
        if self.power:
            self.power.slow(rng.choice([0, 1000, 5000]))
        self.writers.tell("run", service.port)
        self.must_calm = False
        time.sleep(rng.uniform(0.05, self.o.longest))
        name = rng.choices(list(harms), [h[1] for h in harms.values()])[0]
        self.counts[name] += 1
        self.what = name
        harms[name][2](self)
        self.writers.tell("stop")
        if service.process.poll() is None:
            self.after_calm(calm)
        if self.power and rng.random() < self.o.cuts:
            self.what += ", then " + self.power.cut(rng)
            self.counts["power cut"] += 1

    def is_calm(self, now, calm):
        """Back at the start? A sanitizer keeps what was freed: memory is judged without one."""
        return (now[0] <= calm[0] + READERS and now[1] <= calm[1] and
                (bool(self.layout) or now[2] <= calm[2] + CACHES_MIB))

    def after_calm(self, calm):
        """It is alive: everything that was opened is closed again, and what it knows is right."""
        service = self.service
        if self.must_calm:
            end = time.monotonic() + 60
            while not self.is_calm(now := service.figures(), calm):
                if time.monotonic() > end:
                    raise Breach(f"G: {now} descriptors, threads, MiB of its own; {calm} before")
                time.sleep(0.02)
            self.checker.run(service.port)
        if self.must_calm and self.rng.random() < 0.3:
            service.stop()
        else:
            service.kill()

    def all(self):
        harms = {n: h for n, h in HARMS.items() if self.has[h[0]] and (not self.o.only or self.o.only in n)}
        for number in range(1, self.o.rounds + 1):
            self.what = "the start"
            try:
                self.round(harms)
                self.ledger.read()
            except Breach as e:
                self.totals.update(self.ledger.counts)
                return self.breach(number, e)
            if self.db.stat().st_size > FRESH_MIB << 20 or self.number * self.o.together < number:
                if self.settle(number):
                    return 1
                self.fresh()
            if self.o.verbose:
                print(f"round {number}: {self.what}; {sum(k.acknowledged() for k in self.ledger.keys.values())} acknowledged", flush=True)
        if self.settle(self.o.rounds):
            return 1
        self.close_ledger()
        self.report()
        shutil.rmtree(self.work, ignore_errors=True)
        return 0

    def settle(self, number):
        """A last start and check of this database."""
        self.last, self.what = self.what, f"{self.what} (at the end of a database)"
        try:
            self.service.start()
            self.checker.run(self.service.port)
            self.service.stop()
        except Breach as e:
            return self.breach(number, e)
        return 0

    def breach(self, number, e):
        if self.mounted:  # the files outlive the mount
            kept = self.work / "kept"
            shutil.copytree(self.folder, kept, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.control", "ballast"))
        print(f"BREACH in round {number} after: {self.what}\n  {e}\n  seed {self.seed}; the files and the ledger are in {self.work}")
        return 1

    def report(self):
        t, took = self.totals, sorted(self.service.took)
        print(f"{self.o.rounds} rounds, {t['ok']} acknowledged, 0 lost; {t['cok']} changes; {t['fail'] + t['cfail']} refused; "
              f"{t['unknown'] + t['cunknown']} unknown, of them {t['survived']} stored; "
              f"restart p99 {took[min(len(took) - 1, len(took) * 99 // 100)] * 1000:.0f} ms")
        print("harms: " + ", ".join(f"{n} {c}" for n, c in self.counts.most_common()))
        left = sorted({need for need, _, _ in HARMS.values() if not self.has[need]} - {"strace" if self.has["power"] else None})
        if left:
            print("left out here: " + ", ".join(n for n, h in HARMS.items() if h[0] in left))

    def close(self):
        for p in (self.service.process, self.writers and self.writers.process):
            if p and p.poll() is None:
                p.kill()
                p.wait()
        if self.mounted:
            subprocess.run(["umount", self.folder], capture_output=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--posts", default=HERE.parents[1] / "build/release/posts/posts")
    p.add_argument("--rounds", type=int, default=25)
    p.add_argument("--seed", type=int, default=None)
    p.add_argument("--longest", type=float, default=1.5, help="seconds before the harm, at most")
    p.add_argument("--cuts", type=float, default=0.5, help="how often the power is cut, where it can be")
    p.add_argument("--only", help="harms whose name has this")
    p.add_argument("--preload", help="a library for the service, before the disk's (eatmydata)")
    p.add_argument("--together", type=int, default=10**9, help="rounds on one database")
    p.add_argument("--verbose", action="store_true")
    o = p.parse_args()
    o.seed = random.randrange(1 << 31) if o.seed is None else o.seed
    print(f"seed {o.seed}", flush=True)
    run = Run(o)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # with what it has started
    try:
        return run.all()
    finally:
        run.close()


if __name__ == "__main__":
    sys.exit(main())
