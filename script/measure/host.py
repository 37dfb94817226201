"""The machine: which CPU serves, which one asks, what the disk is, and how to describe it all."""
import os
import resource
import socket
import statistics
import subprocess
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
VOLATILE = ("tmpfs", "ramfs")


def siblings(cpu):
    """CPUs that share a core with this one."""
    path = f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"
    found = {cpu}
    try:
        for part in open(path).read().strip().split(","):
            low, _, high = part.partition("-")
            found |= set(range(int(low), int(high or low) + 1))
    except OSError:
        pass
    return found


def choose_cpus():
    """(server CPU, client CPU, warning). Different cores if there are any."""
    allowed = sorted(os.sched_getaffinity(0))
    server = allowed[0]
    others = [c for c in allowed if c != server]
    if not others:
        return server, server, "one CPU only: server and client share it, figures are not comparable"
    apart = [c for c in others if c not in siblings(server)]
    if apart:
        return server, apart[0], None
    return server, others[0], "server and client CPU are threads of one core"


def raise_fd_limit(wanted=65536):
    """As many file descriptors as we may have; children inherit it. Returns the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for top in (max(hard, wanted), hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(top, max(wanted, soft)), max(hard, top)))
            break
        except (ValueError, OSError):
            continue
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def file_system(path):
    return subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True,
                          check=True).stdout.strip()


def fdatasync_us(folder, rounds=200):
    """Median µs of appending 4 KiB and fdatasync: what one commit must cost on this disk."""
    path = os.path.join(folder, "sync-probe")
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    times = []
    try:
        for i in range(rounds):
            os.pwrite(fd, b"x" * 4096, i * 4096)
            start = time.perf_counter_ns()
            os.fdatasync(fd)
            times.append((time.perf_counter_ns() - start) / 1000)
    finally:
        os.close(fd)
        os.unlink(path)
    return statistics.median(times)


def first_line(*argv):
    try:
        out = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT)
    except OSError:
        return "none"
    return ((out.stdout or out.stderr).strip().splitlines() or ["none"])[0]


def cpu_model():
    for line in open("/proc/cpuinfo"):
        if line.startswith(("model name", "Hardware", "CPU part")):
            return line.split(":", 1)[1].strip()
    return os.uname().machine


def read_or(path, other):
    try:
        return open(path).read().strip()
    except OSError:
        return other


def describe(server_cpu, client_cpu):
    """Facts that belong beside any figure."""
    dirty = "+" if first_line("git", "status", "--porcelain", "--untracked-files=no") != "none" else ""
    return {
        "cpu": cpu_model(), "cpus": os.cpu_count(), "server_cpu": server_cpu, "client_cpu": client_cpu,
        "kernel": os.uname().release, "machine": os.uname().machine,
        "governor": read_or(f"/sys/devices/system/cpu/cpu{server_cpu}/cpufreq/scaling_governor", "none"),
        "compiler": first_line("gcc", "--version"), "wrk": first_line("wrk", "-v"),
        "load": os.getloadavg()[0], "date": time.strftime("%Y-%m-%d %H:%M"),
        "commit": first_line("git", "rev-parse", "--short", "HEAD") + dirty,
        "host": socket.gethostname(),
    }
