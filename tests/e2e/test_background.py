"""examples/reports.c: work in the background, a timer, and a stop that waits for both."""
import time

import pytest
from conftest import BUILD, SLOW, until

PROGRAM = BUILD / "examples/reports"


@pytest.fixture
def reports(serve):
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM} is not built")
    return lambda *args, **more: serve(*args, program=PROGRAM, **more)


def order(server, pages):
    reply = server.call("POST", "/reports", {"pages": pages})
    assert reply.status == 202, reply
    return reply.headers["location"]


def state(server, place):
    return server.call("GET", place).json()["state"]


def test_an_order_is_answered_before_it_is_done(reports):
    server = reports()
    place = order(server, 10)
    assert state(server, place) == "making"
    assert until(lambda: state(server, place) == "ready")
    assert server.call("GET", "/reports/99").status == 404
    assert server.call("POST", "/reports", {"pages": 0}).status == 422


def test_the_timer_forgets_old_reports(reports):
    server = reports("--keep", "1ms")
    place = order(server, 1)
    assert until(lambda: server.call("GET", place).status == 404)


def test_too_many_are_refused_and_the_rest_is_made(reports):
    server = reports("--blocking-threads", 1, "--blocking-queue", 2)
    places = []
    with server.connect() as c:
        for _ in range(20):
            reply = c.call("POST", "/reports", {"pages": 5})
            assert reply.status in (202, 503), reply
            if reply.status == 503:
                assert reply.headers["retry-after"] == "1"
            else:
                places.append(reply.headers["location"])
    assert 2 <= len(places) < 20
    for place in places:
        assert until(lambda p=place: state(server, p) == "ready")


def test_a_graceful_stop_waits_for_what_was_taken(reports):
    server = reports("--blocking-threads", 2)
    for _ in range(4):
        order(server, 15)  # 300 ms each, two at a time
    began = time.monotonic()
    server.signal()
    assert server.wait() == 0
    assert time.monotonic() - began > 0.4


def test_at_the_stop_timeout_what_has_not_begun_is_cut(reports):
    server = reports("--blocking-threads", 1, "--stop-timeout", "100ms")
    for _ in range(40):
        order(server, 10)  # 8 s in all
    began = time.monotonic()
    server.signal()
    assert server.wait() == 0
    assert time.monotonic() - began < 4 * SLOW
