"""Load generators as what is measured: proof load beside wrk and hey, each with one thread's CPU."""
import re
import resource
import subprocess
import time

TOOLS = ("proof", "wrk", "hey")
WIDTHS = (10, 64)
MANY = 10_000_000


def children_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def argv(tool, options, cpu, connections, limit, url):
    """hey's command line, which proof load speaks. The client's CPU decides how many threads there are."""
    program = [options.proof, "load"] if tool == "proof" else ["hey"]
    return ["taskset", "-c", str(cpu), *program, *limit, "-c", str(connections), "-m", "POST",
            "-D", options.body_file, "-T", "application/json", url]


def report_of(out):
    """(answers, errors, requests per second) of hey's report."""
    statuses = {int(c): int(n) for c, n in re.findall(r"^  \[(\d{3})\]\t(\d+) responses", out, re.M)}
    failed = re.findall(r"^  \[(\d+)\]\t", out.partition("Error distribution:")[2], re.M)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    if not rate or not sum(statuses.values()):
        raise SystemExit(f"bench: a load generator brought no answers:\n{out}")
    wrong = sum(n for code, n in statuses.items() if code not in (200, 201))
    return sum(statuses.values()), sum(map(int, failed)) + wrong, float(rate.group(1))


def run(tool, bench, server, connections, seconds):
    """One run of a tool: requests, errors, rate, CPU of the client per request in µs."""
    if tool == "wrk":
        return bench.wrk.run(server, connections, seconds)
    command = argv(tool, bench.o, bench.client_cpu, connections, ["-z", f"{seconds}s"],
                   f"http://127.0.0.1:{server.port}/posts")
    before = children_cpu()
    done = subprocess.run(command, capture_output=True, text=True)
    spent = children_cpu() - before
    answers, errors, rate = report_of(done.stdout)
    return {"requests": answers, "errors": errors, "rate": rate, "client_cpu_us": spent * 1e6 / answers}


def peak_of(bench, server, count):
    """Peak RSS in bytes of proof load over `count` requests, as /proc has it until the end."""
    command = argv("proof", bench.o, bench.client_cpu, WIDTHS[-1], ["-n", str(count)],
                   f"http://127.0.0.1:{server.port}/posts")
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak = 0
    while child.poll() is None:
        try:
            found = re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{child.pid}/status").read())
            peak = max(peak, int(found.group(1))) if found else peak
        except OSError:
            pass
        time.sleep(0.02)
    answers, errors, _ = report_of(child.stdout.read())
    if answers != count or errors:
        bench.note(f"proof load: {answers} answers and {errors} errors of {count} requests, its peak is void")
    return peak * 1024
