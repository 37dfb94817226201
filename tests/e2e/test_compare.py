"""The protocol of proof compare, proven by services whose faults are known."""
import json
import resource
import signal
import socket
import sys
from pathlib import Path

import pytest
from comparison import CONTRACT, PROTOCOL, begin, compare, fake, left_over, needs_compare, plan, running, starts, wait_for
from conftest import SLOW

pytestmark = [needs_compare, pytest.mark.alone]

DEAD_ROUND = 3
DEAD_LIFE = 1 + 2 * (DEAD_ROUND - 1) + 2  # one life for the contract, two a round: the second of them
PLAIN_DELAY, SLOWER_DELAY, SLOW_DELAY = 10, 10.5, 13  # ms: 5 % and 30 %


# ---- one long run ------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    path = plan(
        folder,
        fake("plain", folder, "--delay", PLAIN_DELAY, "--slow-first", 40, reference=True),
        {"name": "plain again", "control_of": "plain"},
        fake("slower", folder, "--delay", SLOWER_DELAY),
        fake("slow", folder, "--delay", SLOW_DELAY),
        fake("dies", folder, "--die-on-start", DEAD_LIFE, "--die-after", 15),
        fake("leaks", folder, "--leak", 20000, "--slow-start", 100),
        fake("lenient", folder, "--lenient"),
        fake("other status", folder, "--status", 200),
        fake("unbuilt", folder, build=[["sh", "-c", "echo no such header >&2; exit 3"]]),
        fake("no toolchain", folder, needs="gimlet-no-such-compiler", needs_help="ask your neighbour"),
        protocol={"closed_ms": 160, "warmup_ms": 80, "open": []}, mixed=False)
    done = compare(path)
    assert done.code == 0, done
    return done


def test_the_limits_that_services_inherit_are_recorded(ran):
    host = {pair["name"]: pair["value"] for pair in ran.json["host"]}
    for name in ("open_files", "processes", "locked_memory", "address_space", "stack", "core"):
        which = {"open_files": "NOFILE", "processes": "NPROC", "locked_memory": "MEMLOCK",
                 "address_space": "AS"}.get(name, name.upper())
        soft, hard = ("none" if v == resource.RLIM_INFINITY else str(v)
                      for v in resource.getrlimit(getattr(resource, f"RLIMIT_{which}")))
        assert host[f"limit_{name}"] == f"{soft}, hard {hard}"
    assert host["listen_backlog"] == Path("/proc/sys/net/core/somaxconn").read_text().strip()


def rotations(row):
    return [row[i:] + row[:i] for i in range(len(row))]


def test_every_service_runs_in_every_round_at_changing_places(ran):
    names = [s["name"] for s in ran.json["services"]]
    order = [[names[i] for i in row] for row in ran.json["order"]]
    assert len(order) == 6
    assert all(sorted(row) == sorted(names) for row in order)
    for name in ("plain", "plain again", "slower", "dies"):
        places = [row.index(name) for row in order]
        assert len(set(places)) >= 3, f"{name} ran at the places {places}"
    for forth, back in zip(order[::2], order[1::2]):
        assert back == forth[::-1]
    assert all(row in rotations(order[0]) for row in order[::2])
    assert len({row[0] for row in order[::2]}) == 3


def test_what_ran_is_what_the_order_says(ran):
    """Two fresh processes a service and round, after one each for the contract."""
    timed = ["plain", "plain again", "slower", "slow", "dies", "leaks"]
    names = [s["name"] for s in ran.json["services"]]
    expected = [n for row in ran.json["order"] for n in (names[i] for i in row) if n in timed for _ in "12"]
    got = [name for name, what, *_ in ran.records() if what == "start"]
    assert got[-len(expected):] == [n.replace("plain again", "plain").replace(" ", "-") for n in expected]
    assert len(got) == len(expected) + len(timed) + 2  # lenient and other status were started once


def test_data_are_fresh_in_every_life_and_gone_after_it(ran):
    folders = [data for _, what, _, _, data in ran.records() if what == "start"]
    assert len(folders) == len(set(folders))
    assert left_over(ran.folder) == []


def test_nothing_runs_on_after_the_end(ran):
    assert running(ran.folder) == []


def test_warm_up_is_run_and_not_counted(ran):
    lives = [requests for name, what, _, requests, _ in ran.records() if (name, what) == ("slower", "stop")]
    served = lives[2::2]  # after the contract's, the second of each round
    told = ran.service("slower")["requests"] / 6
    warm = 2 * 80 / SLOWER_DELAY
    calls = 1 + 2 * PROTOCOL["later_calls"]
    assert len(served) == 6
    assert all(n - calls - told > warm / 2 for n in served), f"{served} served, {told} told"


def test_the_first_call_stands_apart(ran):
    assert ran.median("plain", "first") > (40 + PLAIN_DELAY) * 1e6
    assert PLAIN_DELAY * 1e6 < ran.median("plain", "later.kept") < (PLAIN_DELAY + 5 * SLOW) * 1e6


def test_a_slow_start_is_time_to_ready(ran):
    assert min(ran.figures("leaks", "ready.connect")) > 100e6
    assert ran.median("leaks", "ready.connect") > ran.median("dies", "ready.connect")
    for service in ("plain", "leaks"):
        connect, answer = ran.median(service, "ready.connect"), ran.median(service, "ready.answer")
        assert connect < answer


def needs_quiet(ran, metric):
    """A host on which a service differs from its copy, or whose CPUs others take, cannot tell small ones."""
    low, high = ran.interval("plain again", metric)
    busy = any(w["code"] == "noisy_host" for w in ran.json["warnings"])
    if busy or low < 0.98 or high > 1.02:
        pytest.skip(f"this host is not quiet: a copy is {low:.3f} to {high:.3f} of its original, others busy: {busy}")


def test_five_percent_more_delay_is_slower_and_the_interval_says_how_much(ran):
    needs_quiet(ran, "p50.c2")
    assert ran.verdict("slower", "p50.c2") == "slower"
    low, high = ran.interval("slower", "p50.c2")
    assert low < 1.06 and high > 1.04  # the fake's own time beside its delay varies with the host


def test_thirty_percent_more_delay_is_slower_everywhere(ran):
    low, high = ran.interval("slow", "p50.c2")
    assert high > 1.2
    needs_quiet(ran, "p50.c2")
    assert [ran.verdict("slow", m) for m in ("p50.c2", "later.kept", "later.new")] == ["slower"] * 3
    low, high = ran.interval("slow", "p50.c2")
    assert low < 1.32 and high > 1.28 and low > 1.1


@pytest.mark.parametrize("metric", ["later.kept", "later.new", "p50.c2"])
def test_a_service_is_no_different_from_itself(ran, metric):
    word = ran.verdict("plain again", metric)
    if word in ("slower", "faster"):
        needs_quiet(ran, metric)
    assert word == "no practical difference" or word.startswith("undecided")


def test_a_contender_that_breaks_the_contract_is_shown_and_never_timed(ran):
    for name, check in [("lenient", "a title is wanted"), ("other status", "a post is stored")]:
        service = ran.service(name)
        assert service["state"] == "failed"
        failed = [c for c in service["checks"] if not c["passed"]]
        assert check in [c["name"] for c in failed]
        assert all(c["what"] for c in failed)
        assert service["figures"] == {}
        assert sum(n == name.replace(" ", "-") for n, what, *_ in ran.records() if what == "start") == 1
        assert name in ran.out and name in ran.markdown


def test_a_service_that_dies_voids_its_round_visibly_and_the_rest_goes_on(ran):
    rates = ran.figures("dies", "rps.c2")
    assert [i + 1 for i, x in enumerate(rates) if x is None] == [DEAD_ROUND]
    assert ran.figures("dies", "rss.start")[DEAD_ROUND - 1] is not None
    told = ran.warnings("died", "dies")
    assert told and {w["round"] for w in told} == {DEAD_ROUND}
    assert any("this is the end" in w["text"] for w in told)
    assert all(x is not None for x in ran.figures("plain", "rps.c2") + ran.figures("leaks", "rps.c2"))


def test_a_leak_is_seen_as_memory_of_each_post(ran):
    assert 15000 < ran.median("leaks", "rss.per_post") < 40000
    assert ran.median("leaks", "rss.peak") > 3 * ran.median("leaks", "rss.start")
    assert ran.median("plain", "rss.peak") < 2 * ran.median("plain", "rss.start")


def test_a_build_that_fails_is_told_with_its_last_words(ran):
    service = ran.service("unbuilt")
    assert service["state"] == "failed"
    assert "no such header" in service["why"] and "3" in service["why"]


def test_a_missing_toolchain_skips_with_a_line_that_says_how_to_get_it(ran):
    service = ran.service("no toolchain")
    assert service["state"] == "skipped"
    assert "gimlet-no-such-compiler" in service["why"] and "ask your neighbour" in service["why"]
    assert "ask your neighbour" in " ".join(ran.out.split()) + ran.err


# ---- short ones --------------------------------------------------------------------------------------

def test_every_phase_has_figures(tmp_path):
    done = compare(plan(tmp_path, fake("one", tmp_path)))
    assert done.code == 0, done
    for metric in ("ready.connect", "ready.answer", "rss.start", "pss.start", "binary", "first", "later.kept",
                   "later.new", "small.rps", "rps.c2", "cpu_per_request.c2", "rss.peak", "rss.per_post",
                   "p50.open50", "rps.mixed", "idle.5"):
        figures = done.figures("one", metric)
        if metric != "binary":  # python3 comes from the PATH
            assert len(figures) == 6 and all(x is not None for x in figures), metric


def test_contract_only_times_nothing_and_fails_when_one_fails(tmp_path):
    good, bad = fake("good", tmp_path), fake("bad", tmp_path, "--lenient")
    path = plan(tmp_path, good, bad)
    done = compare(path, "--contract-only")
    assert done.code == 1 and starts(tmp_path) == 2, done
    assert "a title is wanted" in done.out + done.err
    done = compare(path, "--contract-only", "--only", "good")
    assert done.code == 0 and starts(tmp_path) == 3, done
    assert running(tmp_path) == [] and left_over(tmp_path) == []


def test_a_port_in_use_is_told(tmp_path):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        done = compare(plan(tmp_path, fake("one", tmp_path, port=port)), "--contract-only")
    assert done.code == 1, done
    assert f"port {port} is in use" in " ".join((done.out + done.err).split())
    assert starts(tmp_path) == 0


def test_a_program_that_is_not_there_is_told(tmp_path):
    done = compare(plan(tmp_path, {"name": "one", "run": ["./gimlet-no-such-program", "{port}"]}), "--contract-only")
    assert done.code == 1, done
    assert "gimlet-no-such-program" in done.out + done.err
    assert "no such file" in " ".join((done.out + done.err).split())


def test_last_words_are_told_of_what_ends_before_it_listens(tmp_path):
    words = [sys.executable, "-c", "import sys; sys.exit('no database here')", "{port}"]
    done = compare(plan(tmp_path, {"name": "one", "run": words}), "--contract-only")
    assert done.code == 1, done
    assert "no database here" in done.out + done.err


def test_a_stubborn_service_and_its_daemon_end_all_the_same(tmp_path):
    path = plan(tmp_path, fake("one", tmp_path, "--stubborn", "--grandchild", f"{tmp_path}-grandchild"),
                protocol={"stop_timeout_ms": 200})
    done = compare(path, "--contract-only")
    assert done.code == 0, done
    assert running(tmp_path) == []


# ---- ends that were not planned -----------------------------------------------------------------------

def under_way(tmp_path):
    path = plan(tmp_path, fake("one", tmp_path, "--grandchild", f"{tmp_path}-grandchild"), fake("two", tmp_path),
                protocol={"rounds": 20})
    run = begin(path)
    assert wait_for(lambda: starts(tmp_path) >= 2 + 5), run.communicate(timeout=5)
    return run


def test_ctrl_c_reports_what_there_is(tmp_path):
    run = under_way(tmp_path)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=15 * SLOW)
    assert run.returncode == 130, out + err
    result = json.loads((tmp_path / "out.json").read_text())
    assert result["interrupted"] is True and 1 <= result["rounds"] < 20
    assert "Later calls" in out
    assert running(tmp_path) == [] and left_over(tmp_path) == []


def test_kill_9_of_proof_leaves_neither_processes_nor_data(tmp_path):
    run = under_way(tmp_path)
    assert len(running(tmp_path)) > 1 and left_over(tmp_path)
    run.kill()
    run.communicate(timeout=15 * SLOW)
    assert wait_for(lambda: not running(tmp_path)), running(tmp_path)
    assert wait_for(lambda: not left_over(tmp_path)), left_over(tmp_path)


def test_the_shortest_plan_is_enough(tmp_path):
    """Groups, lists and mixed traffic may be left out."""
    one = fake("one", tmp_path)
    path = tmp_path / "plan.yaml"
    path.write_text(json.dumps({"request": {"method": "POST", "path": "/posts", "body": '{"title":"t","body":"b"}'},
                                "contract": CONTRACT[1:2], "services": [one]}))
    assert compare(path, "--contract-only").code == 0
