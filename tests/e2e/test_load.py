"""proof load speaks hey's command line and prints hey's report."""
import base64
import csv
import io
import re
import shutil
import subprocess
import threading
from collections import Counter

import pytest
from conftest import LAYOUT, SLOW, child_env
from faulty import BODY, Faulty
from load import PROOF, SAMPLE, good, hey, load, null


@pytest.fixture(scope="module")
def fine():
    with Faulty("fine") as server:
        yield server


@pytest.fixture
def plain(fine):
    fine.reset()
    return fine


# ---- the report, line for line --------------------------------------------------------------------

def masked(report):
    """Figures become their shape: how many decimals they have; bars go."""
    lines = []
    for line in report.split("\n"):
        line = re.sub(r"\[\d+\]\t\|■*$", "[N]\t|", line)
        line = re.sub(r"\d+\.(\d+)", lambda m: "N." + "d" * len(m.group(1)), line)
        if "%" not in line and "[" not in line:
            line = re.sub(r"\b\d+ bytes", "N bytes", line)
        lines.append(line)
    return lines


def as_hey(*args):
    """Called by the name hey, the program says no more than hey does."""
    done = subprocess.run([*LAYOUT, *args[:1], *map(str, args[1:])], capture_output=True, text=True,
                          env=child_env(), timeout=20 * SLOW)
    return done.stdout


@pytest.mark.parametrize("args", [
    ["-n", 200, "-c", 10, "-m", "POST", "-D", SAMPLE],
    ["-n", 300, "-c", 3, "-disable-keepalive"],
    ["-n", 200],
])
def test_the_report_has_the_lines_of_hey(fine, args):
    theirs = masked(hey(*args, f"{fine.url}/a%20b").out)
    assert masked(good("--plain", *args, f"{fine.url}/a%20b").out) == theirs
    assert masked(good(*args, f"{fine.url}/a%20b").out)[:len(theirs) - 3] == theirs[:-3]


def test_the_published_command_has_the_lines_of_hey(memory):
    args = ["-n", 200, "-c", 10, "-m", "POST", "-D", SAMPLE, f"{memory.url}/posts"]
    ours = good("--plain", *args)
    assert masked(ours.out) == masked(hey(*args).out)
    assert ours.statuses == {201: 200}


def test_statuses_are_counted_and_sorted_as_hey_does():
    with Faulty("statuses") as server:
        args = ["-n", 300, "-c", 1, server.url]
        theirs, ours = hey(*args), good("--plain", *args)
        assert masked(ours.out) == masked(theirs.out)
        assert ours.statuses == {200: 100, 404: 100, 500: 100}
        assert server.count == 600


def test_called_by_the_name_hey_it_is_hey(fine, tmp_path):
    (tmp_path / "hey").symlink_to(PROOF)
    args = ["-n", 200, "-c", 10, fine.url]
    assert masked(as_hey(tmp_path / "hey", *args)) == masked(hey(*args).out)


def test_the_figures_agree_with_each_other(plain):
    done = good("-n", 200, "-c", 4, plain.url)
    assert done.figure("Requests/sec") == pytest.approx(200 / done.figure("Total"), rel=0.01)
    assert done.figure("Fastest") <= done.figure("Average") <= done.figure("Slowest") <= done.figure("Total")
    assert done.figure("Total data") == 200 * len(BODY) and done.figure("Size/request") == len(BODY)
    counts = [int(n) for n in re.findall(r"^  \d\.\d{3} \[(\d+)\]", done.out, re.M)]
    assert len(counts) == 11 and sum(counts) == 200
    percentiles = [float(n) for n in re.findall(r"^  \d+% in (\d\.\d{4}) secs", done.out, re.M)]
    assert len(percentiles) == 7 and percentiles == sorted(percentiles)


def test_too_few_samples_for_a_percentile_are_said(fine):
    done = good("-n", 10, "-c", 2, fine.url)
    assert not re.search(r"^  0% in", done.out, re.M)
    assert "10% in" in done.out and re.search(r"p?99", done.out.partition("Latency distribution")[2]), done


def test_refused_connections_are_one_line_as_in_hey():
    server = Faulty()
    server.__exit__()
    args = ["-n", 20, "-c", 2, server.url + "/x"]
    theirs, ours = hey(*args), load(*args)
    assert ours.code == theirs.code == 0
    assert ours.errors == theirs.errors and ours.failed == 20


# ---- csv -------------------------------------------------------------------------------------------

def test_csv_has_the_columns_of_hey(fine):
    args = ["-n", 50, "-c", 5, "-o", "csv", fine.url]
    theirs, ours = hey(*args).out.splitlines(), good(*args).out.splitlines()
    assert ours[0] == theirs[0] and len(ours) == len(theirs) == 51
    shape = [len(cell.partition(".")[2]) for cell in theirs[1].split(",")]
    for row in csv.reader(io.StringIO("\n".join(ours[1:]))):
        assert [len(cell.partition(".")[2]) >= n for cell, n in zip(row, shape)] == [True] * 8, row
        assert row[6] == "200" and float(row[0]) > 0
        parts = sum(map(float, (row[3], row[4], row[5])))
        assert parts == pytest.approx(float(row[0]), abs=0.0005)


# ---- the command line ------------------------------------------------------------------------------

@pytest.mark.parametrize("args", [["-n=5", "-c=1"], ["--n", "5", "--c", "1"], ["--n=5", "--c=1"]])
def test_flags_are_spelt_as_in_hey(plain, args):
    assert good(*args, plain.url).statuses == {200: 5}


def test_flags_may_follow_the_url(plain):
    assert good(plain.url, "-n", "6", "-c", "2", "-m", "PUT").statuses == {200: 6}
    assert {r.method for r in plain.heads} == {"PUT"}


@pytest.mark.parametrize(("args", "code", "says"), [
    (["-n", "1", "-c", "2", "http://127.0.0.1:1/"], 1, r"-n.*-c|-c.*-n"),
    (["-n", "0", "http://127.0.0.1:1/"], 1, r"-n|0"),
    (["-D", "/nowhere/at/all", "http://127.0.0.1:1/"], 1, "/nowhere/at/all"),
    (["-H", "no colon", "http://127.0.0.1:1/"], 1, "-H"),
    ([], 1, "URL|url"),
    (["--no-such-flag", "http://127.0.0.1:1/"], 2, "no-such-flag"),
    (["-n", "many", "http://127.0.0.1:1/"], 2, "many"),
    (["-h2", "http://127.0.0.1:1/"], 2, "HTTP/2"),
    (["--fail-if", "p99 is slow", "http://127.0.0.1:1/"], 1, "fail-if"),
    (["ftp://127.0.0.1/"], 1, "ftp|http"),
])
def test_a_wrong_call_is_told_what_to_mend(args, code, says):
    done = load(*args, timeout=5)
    assert done.code == code, done
    assert re.search(says, done.err.splitlines()[0]) and not done.out, done


def test_help_fits_a_terminal_and_names_every_flag_of_hey():
    done = good("--help")
    assert all(len(line) <= 80 for line in done.out.splitlines()), done
    for flag in ("-n", "-c", "-q", "-z", "-o", "-m", "-H", "-t", "-A", "-T", "-d", "-D", "-U", "-a", "-x", "-host",
                 "-h2", "-disable-compression", "-disable-keepalive", "-disable-redirects", "-cpus",
                 "--rate", "--warmup", "--fail-if", "--json", "--unix-socket", "--self-test"):
        assert re.search(rf"^\s+{re.escape(flag)}\b", done.out, re.M), flag


# ---- what is sent ------------------------------------------------------------------------------------

@pytest.mark.parametrize(("n", "c"), [(7, 2), (1, 1), (10, 3), (50, 50), (1000, 7)])
def test_all_requests_are_sent(plain, n, c):
    assert good("-n", n, "-c", c, plain.url).statuses == {200: n}
    assert plain.count == n and plain.most <= c


@pytest.mark.parametrize("args", [
    [],
    ["-m", "POST", "-d", "hello"],
    ["-m", "POST"],
    ["-m", "patch", "-D", SAMPLE],
    ["-H", "X-B: 1", "-H", "x-a: 2", "-T", "application/json", "-A", "text/plain"],
    ["-H", "x-twice: 1", "-H", "X-Twice: 2"],
    ["-H", "Content-Type: text/plain"],
    ["-disable-compression"],
    ["-disable-keepalive"],
    ["-host", "example.org"],
    ["-m", "HEAD"],
    ["-m", "DELETE"],
    ["-m", "OPTIONS", "-H", "Cookie: a=b"],
], ids=lambda args: " ".join(map(str, args)) or "none")
def test_the_bytes_on_the_wire_are_those_of_hey(plain, args):
    hey("-n", 1, "-c", 1, *args, f"{plain.url}/path?q=a%20b")
    good("-n", 1, "-c", 1, *args, f"{plain.url}/path?q=a%20b")
    theirs, ours = plain.heads
    assert ours.lines == theirs.lines and ours.body == theirs.body


def test_credentials_are_sent(plain):
    good("-n", 1, "-c", 1, "-a", "user:pass:word", plain.url)
    assert plain.heads[0].field("Authorization") == "Basic " + base64.b64encode(b"user:pass:word").decode()
    good("-n", 1, "-c", 1, "-a", "u:p", plain.url)
    assert plain.heads[1].field("Authorization") == "Basic " + base64.b64encode(b"u:p").decode()


def test_the_user_agent_can_be_chosen(plain):
    good("-n", 1, "-c", 1, "-U", "me", plain.url)
    assert plain.heads[0].field("User-Agent").startswith("me ")


def test_connections_are_kept_and_as_many_as_asked_for(plain):
    good("-n", 300, "-c", 6, plain.url)
    assert plain.connections == 6
    plain.reset()
    good("-n", 30, "-c", 3, "-disable-keepalive", plain.url)
    # the server's threads may not have noticed yet that the three before were closed
    assert plain.count == 30 and plain.connections >= 30 and plain.most <= 6


@pytest.mark.parametrize("size", [0, 1, 100_000, 3_000_000])
def test_bodies_of_any_size_arrive(tmp_path, size):
    (tmp_path / "body").write_bytes(bytes(i % 251 for i in range(size)))
    with Faulty("fine") as server:
        good("-n", 4, "-c", 2, "-m", "POST", "-D", tmp_path / "body", server.url)
        assert Counter(r.body for r in server.heads) == {(tmp_path / "body").read_bytes(): 4}


# ---- requests that vary ----------------------------------------------------------------------------

def test_body_lines_are_taken_in_turn(plain, tmp_path):
    (tmp_path / "lines").write_text('{"a":1}\n{"a":22}\n{"a":333}\n')
    good("-n", 9, "-c", 1, "-m", "POST", "--body-lines", tmp_path / "lines", plain.url)
    assert Counter(r.body for r in plain.heads) == {b'{"a":1}': 3, b'{"a":22}': 3, b'{"a":333}': 3}


def test_urls_are_taken_in_turn(plain, tmp_path):
    (tmp_path / "urls").write_text(f"/one\n{plain.url}/two?x=1\n/three\n")
    good("-n", 9, "-c", 3, "--urls", tmp_path / "urls", plain.url)
    assert Counter(r.target for r in plain.heads) == {"/one": 3, "/two?x=1": 3, "/three": 3}


def test_templates_are_filled_in_path_header_and_body(plain):
    good("-n", 40, "-c", 4, "-m", "POST", "-H", "X-Id: {{uuid}}", "-d", '{"n":{{seq}},"r":{{rand}}}',
         plain.url + "/posts/{{seq}}")
    assert len({r.target for r in plain.heads}) == 40
    seqs = sorted(int(r.target.rsplit("/", 1)[1]) for r in plain.heads)
    assert seqs == list(range(seqs[0], seqs[0] + 40))
    uuids = [r.field("X-Id") for r in plain.heads]
    assert len(set(uuids)) == 40
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", u) for u in uuids)
    assert all(re.fullmatch(rb'\{"n":\d+,"r":\d+\}', r.body) for r in plain.heads)
    assert len({r.body for r in plain.heads}) == 40


# ---- checks ----------------------------------------------------------------------------------------

@pytest.mark.parametrize(("limit", "code"), [
    ("errors>0", 0), ("p99>1h", 0), ("p50>1ns", 99), ("mean>1ns", 99), ("max>1h", 0), ("rate<1", 0),
    ("rate<1000000000", 99), ("error_rate>1%", 0),
])
def test_limits_decide_the_exit_code(fine, limit, code):
    done = load("-n", 40, "-c", 4, "--fail-if", limit, fine.url)
    assert done.code == code and done.statuses == {200: 40}, done
    assert (limit in done.err + done.out) == (code == 99), done


def test_errors_fail_a_run_when_asked_to():
    with Faulty("close_without_answer") as server:
        assert load("-n", 4, "-c", 2, server.url).code == 0
        assert load("-n", 4, "-c", 2, "--fail-if", "errors>0", server.url).code == 99
        assert load("-n", 4, "-c", 2, "--fail-if", "errors>4", server.url).code == 0
        assert load("-n", 4, "-c", 2, "--fail-if", "error_rate>50%", server.url).code == 99


def test_what_is_expected_is_checked(fine):
    assert good("-n", 4, "-c", 2, "--expect-status", 200, "--expect-body", "hello", fine.url).failed == 0
    for args in (["--expect-status", 201], ["--expect-body", "goodbye"]):
        done = good("-n", 4, "-c", 2, *args, fine.url)
        assert done.failed == 4, done
        assert re.search("200|status|body", done.errors[0][1])
    assert load("-n", 4, "-c", 2, "--expect-status", 201, "--fail-if", "errors>0", fine.url).code == 99


def test_two_runs_at_once_do_not_meet():
    with null() as url:
        codes = []
        runs = [threading.Thread(target=lambda: codes.append(load("-n", 2000, "-c", 5, url).statuses))
                for _ in range(2)]
        for r in runs:
            r.start()
        for r in runs:
            r.join()
        assert codes == [{201: 2000}] * 2


def test_hey_is_here_to_compare_with():
    assert shutil.which("hey")
