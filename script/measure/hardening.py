#!/usr/bin/env python3
"""script/measure/hardening.py [FLAG...]: instructions that each flag of a hardened release costs a POST.

posts is built once without them, once with each FLAG (those of FLAGS when none is given) and once with
all; every build answers few and many POSTs of examples/post1.json on one connection under valgrind
--tool=callgrind. The difference, divided, is what one takes in user space: exact to a few instructions
and the same on a busy machine. Cache misses and system calls are not in it. Builds stay in
build/hardening. docs/decisions/0020-hardened-releases.md has the table."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
from middleware import Client, free_port  # noqa: E402

FEW, MANY = 100, 1100
FLAGS = ["-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3", "-fstack-clash-protection", "-ftrivial-auto-var-init=zero",
         "-fno-delete-null-pointer-checks", "-fno-strict-overflow", "-fno-strict-aliasing", "-fcf-protection=full"]


def build(name, *options):
    folder = os.path.join(ROOT, "build/hardening", name)
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        subprocess.run(["meson", "setup", folder, ROOT, "--buildtype=release", "-Dtests=disabled", "-Dstatic_link=true",
                        *options], check=True, capture_output=True)
    subprocess.run(["ninja", "-C", folder, "posts/posts"], check=True, capture_output=True)
    return os.path.join(folder, "posts/posts")


def post(client, body):
    client.socket.sendall(b"POST /posts HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += client.socket.recv(65536)
    head, rest = answer.split(b"\r\n\r\n", 1)
    left = int(re.search(rb"(?i)content-length: (\d+)", head)[1]) - len(rest)
    while left:
        left -= len(client.socket.recv(left))
    if not head.startswith(b"HTTP/1.1 201"):
        raise SystemExit(f"hardening: {head.decode()}")


def instructions(program, requests):
    """Of the whole process. Not shut in: valgrind makes code while it runs."""
    port, folder = free_port(), tempfile.mkdtemp()
    with open(os.path.join(ROOT, "examples/post1.json"), "rb") as f:
        body = f.read()
    process = subprocess.Popen(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program, "--port",
                                str(port), "--store", "memory:", "--workers", "1", "--sandbox", "off"],
                               stderr=subprocess.PIPE, text=True)
    client = Client(port)
    for _ in range(requests):
        post(client, body)
    process.send_signal(signal.SIGTERM)
    words = process.communicate()[1]
    shutil.rmtree(folder)
    return int(re.search(r"Collected : (\d+)", words)[1])


def cost(program):
    return (instructions(program, MANY) - instructions(program, FEW)) / (MANY - FEW)


def main():
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(__doc__)
        return
    flags = sys.argv[1:] or FLAGS
    bare = cost(build("bare", "-Dhardening=false", "-Dc_args=-U_FORTIFY_SOURCE"))
    print(f"{'none of them':44} {bare:8.0f}", flush=True)
    for i, flag in enumerate([*flags, None]):
        with_flag = build(f"flag{i}", "-Dhardening=false", f"-Dc_args={flag}") if flag else build("all")
        here = cost(with_flag)
        print(f"{flag or 'all, as released':44} {here:8.0f} {100 * (here / bare - 1):+6.1f} %", flush=True)


main()
