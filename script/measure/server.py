"""A server under measurement: one fresh process on the server's CPU, and what it costs."""
import atexit
import os
import re
import signal
import socket
import time

running = set()


@atexit.register
def stop_all():
    for server in list(running):
        server.stop(signal.SIGKILL)


class Ports:
    """Ports below the range of outgoing connections, a fresh one each time, so that no server meets
    what the one before left in TIME_WAIT."""

    def __init__(self, first=18080, last=30000):
        self.at, self.first, self.last = first, first, last

    def take(self):
        for _ in range(self.last - self.first):
            self.at = self.first if self.at >= self.last else self.at + 1
            with socket.socket() as s:
                try:
                    s.bind(("127.0.0.1", self.at))
                    return self.at
                except OSError:
                    continue
        raise SystemExit("bench: no free port between 18080 and 30000")


PORTS = Ports()


class Server:
    def __init__(self, argv, cpu, log):
        self.port = PORTS.take()
        self.argv = [a.replace("{port}", str(self.port)) for a in argv]
        self.cpu, self.log = cpu, log
        self.start()

    def start(self):
        """posix_spawn, not fork: the child does not begin with this interpreter's memory. The child
        inherits the CPU that this thread has for the moment."""
        out = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        mine = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {self.cpu})
        self.started = time.perf_counter_ns()
        try:
            self.pid = os.posix_spawn(
                self.argv[0], self.argv, os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, out, 2)],
                setsigdef=[signal.SIGPIPE, signal.SIGINT])
        finally:
            os.sched_setaffinity(0, mine)
            os.close(out)
        running.add(self)
        self.clock = (~self.pid << 3) | 2  # clock_getcpuclockid(3): all threads, the ended ones too

    def connect(self, limit_s=5.0):
        """The first connection that succeeds; tries without pause, this CPU has nothing else to do."""
        end = time.perf_counter() + limit_s
        while True:
            s = socket.socket()
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                s.connect(("127.0.0.1", self.port))
                return s
            except OSError:
                s.close()
            if time.perf_counter() > end or self.ended():
                self.stop(signal.SIGKILL)
                raise SystemExit(f"bench: {' '.join(self.argv)} does not listen; it said:\n"
                                 + open(self.log, errors="replace").read()[-2000:])

    def ready(self):
        """Listening, and no request made yet."""
        self.connect().close()
        time.sleep(0.05)
        return self

    def ended(self):
        try:
            return os.waitpid(self.pid, os.WNOHANG) != (0, 0)
        except ChildProcessError:
            return True

    def cpu_ns(self):
        return time.clock_gettime_ns(self.clock)

    def memory(self):
        """Bytes: rss, pss, private (smaps_rollup), peak (VmHWM)."""
        text = open(f"/proc/{self.pid}/smaps_rollup").read()
        kb = {k: int(v) for k, v in re.findall(r"^(\w+):\s+(\d+) kB", text, re.M)}
        peak = re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{self.pid}/status").read())
        return {"rss": kb["Rss"] * 1024, "pss": kb["Pss"] * 1024,
                "private": (kb["Private_Clean"] + kb["Private_Dirty"]) * 1024,
                "peak": int(peak.group(1)) * 1024}

    def stop(self, sig=signal.SIGTERM, limit_s=5.0):
        """Ends it and waits for the end."""
        if self not in running:
            return
        running.discard(self)
        try:
            os.kill(self.pid, sig)
            end = time.perf_counter() + limit_s
            while not self.ended():
                if time.perf_counter() > end:
                    os.kill(self.pid, signal.SIGKILL)
                    os.waitpid(self.pid, 0)
                    return
                time.sleep(0.002)
        except (ProcessLookupError, ChildProcessError):
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
