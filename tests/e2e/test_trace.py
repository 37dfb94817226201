"""Trace context over the wire: continued, logged, in problems."""
import json
import re
import time

import pytest
from conftest import BUILD

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def shop(serve):
    program = BUILD / "examples" / "shop"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    return lambda *flags: serve("--workers", 1, "--access-log", "all", *flags, program=program)


def log_line(server, of):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for line in server.stdout().splitlines():
            if of in line:
                return line
        time.sleep(0.02)
    raise AssertionError(server.stdout())


def test_a_trace_goes_on_and_is_logged(shop):
    server = shop("--log-format", "json")
    reply = server.call("GET", "/trace", headers={"traceparent": f"00-{TRACE}-{SPAN}-01", "X-Request-Id": "mine"})
    assert re.fullmatch(f"00-{TRACE}-(?!{SPAN})[0-9a-f]{{16}}-01", reply.body.decode())
    entry = json.loads(log_line(server, "mine"))
    assert entry["id"] == "mine" and entry["trace_id"] == TRACE


def test_the_text_log_has_both_ids(shop):
    server = shop()
    server.call("GET", "/trace", headers={"traceparent": f"00-{TRACE}-{SPAN}-01", "X-Request-Id": "mine"})
    assert log_line(server, "/trace").endswith(f" mine {TRACE}")


def test_a_problem_has_both_ids(shop):
    server = shop()
    problem = server.call("GET", "/nowhere", headers={"traceparent": f"00-{TRACE}-{SPAN}-00",
                                                      "X-Request-Id": "mine"}).problem()
    assert problem["instance"] == "mine" and problem["trace_id"] == TRACE


def test_nonsense_begins_a_new_trace(shop):
    server = shop()
    seen = set()
    for value in "nonsense", f"00-{'0' * 32}-{SPAN}-01", f"ff-{TRACE}-{SPAN}-01", f"00-{TRACE.upper()}-{SPAN}-01":
        got = server.call("GET", "/trace", headers={"traceparent": value}).body.decode()
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", got) and TRACE not in got
        seen.add(got)
    assert len(seen) == 4
