"""The clients people have: curl, hey, wrk. No errors, and what they report is right."""
import json
import re
import shutil
import subprocess

import pytest
from conftest import ROOT

SAMPLE = ROOT / "examples/post1.json"


def need(tool):
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")


def curl(*args, **more):
    need("curl")
    done = subprocess.run(["curl", "-sS", *map(str, args)], capture_output=True, text=True, timeout=30, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_creates_reads_changes_and_deletes(memory):
    made = json.loads(curl("-f", "-d", f"@{SAMPLE}", f"{memory.url}/posts"))
    url = f"{memory.url}/posts/{made['id']}"
    assert json.loads(SAMPLE.read_text()).items() <= made.items()
    assert json.loads(curl("-f", url)) == made
    patched = json.loads(curl("-f", "-X", "PATCH", "-H", "Content-Type: application/merge-patch+json",
                              "-d", '{"title":"Changed"}', url))
    assert patched["title"] == "Changed" and patched["body"] == made["body"]
    assert curl("-o", "/dev/null", "-w", "%{http_code}", "-X", "DELETE", url) == "204"
    assert curl("-o", "/dev/null", "-w", "%{http_code}", url) == "404"


def test_curl_saves_a_transfer_with_an_etag(memory, tmp_path):
    made = json.loads(curl("-f", "-d", f"@{SAMPLE}", f"{memory.url}/posts"))
    url, etag = f"{memory.url}/posts/{made['id']}", tmp_path / "etag"
    assert curl("--etag-save", etag, "-o", "/dev/null", "-w", "%{http_code}", url) == "200"
    assert curl("--etag-compare", etag, "-o", "/dev/null", "-w", "%{http_code}", url) == "304"


def test_curl_waits_for_continue_and_sends_its_body(memory, tmp_path):
    body = tmp_path / "large.json"
    body.write_text(json.dumps({"title": "large", "body": "x" * 60000}))
    out = curl("-v", "-H", "Expect: 100-continue", "--expect100-timeout", 20, "-d", f"@{body}", "-o", "/dev/null",
               "-w", "%{http_code} %{time_total}", "--stderr", "-", f"{memory.url}/posts")
    assert "HTTP/1.1 100 Continue" in out
    status, seconds = out.splitlines()[-1].rsplit("* ", 1)[-1].split()[-2:]
    assert status == "201" and float(seconds) < 5


def test_curl_gets_413_and_not_a_broken_pipe(memory, tmp_path):
    body = tmp_path / "huge"
    with open(body, "wb") as f:
        f.truncate(64 << 20)
    for more in (), ("-H", "Expect:"), ("-H", "Transfer-Encoding: chunked"), ("-H", "Transfer-Encoding: chunked", "-H", "Expect:"):
        need("curl")
        done = subprocess.run(["curl", "-sS", "-T", body, "-X", "POST", *more, "-w", "\n%{http_code}", f"{memory.url}/posts"],
                              capture_output=True, text=True, timeout=30)
        assert done.stdout.endswith("\n413"), (more, done)
        assert json.loads(done.stdout.rsplit("\n", 1)[0])["status"] == 413


def test_curl_chunked_upload(memory):
    out = curl("-f", "-H", "Transfer-Encoding: chunked", "-d", f"@{SAMPLE}", f"{memory.url}/posts")
    assert json.loads(out)["author"] == json.loads(SAMPLE.read_text())["author"]


def test_curl_speaks_http_1_0(memory):
    assert json.loads(curl("--http1.0", f"{memory.url}/livez")) == {"status": "alive"}


def test_curl_reuses_its_connection(memory):
    out = curl("-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null", "-w", "%{num_connects}\n", *[f"{memory.url}/livez"] * 3)
    assert out.split() == ["1", "0", "0"]


def test_hey_posts_without_errors(memory):
    need("hey")
    out = subprocess.run(["hey", "-n", "2000", "-c", "50", "-m", "POST", "-D", str(SAMPLE), f"{memory.url}/posts"],
                         capture_output=True, text=True, timeout=60).stdout
    assert "[201]\t2000 responses" in out
    assert "Error distribution" not in out


def test_hey_without_keep_alive(memory):
    need("hey")
    out = subprocess.run(["hey", "-n", "500", "-c", "20", "-disable-keepalive", f"{memory.url}/livez"],
                         capture_output=True, text=True, timeout=60).stdout
    assert "[200]\t500 responses" in out and "Error distribution" not in out


@pytest.mark.parametrize("connections", [1, 100])
def test_wrk_reads_without_errors(memory, connections):
    need("wrk")
    url = memory.call("POST", "/posts", json.loads(SAMPLE.read_text())).headers["location"]
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", "-d1s", f"{memory.url}{url}"],
                         capture_output=True, text=True, timeout=30).stdout
    assert int(re.search(r"(\d+) requests in", out).group(1)) > 100
    assert "Socket errors" not in out and "Non-2xx" not in out, out


def test_wrk_pipelines_without_errors(memory, tmp_path):
    need("wrk")
    script = tmp_path / "pipeline.lua"
    script.write_text('local r = {}\ninit = function()\n  for i = 1, 16 do r[i] = wrk.format("GET", "/livez") end\n'
                      '  all = table.concat(r)\nend\nrequest = function() return all end\n')
    out = subprocess.run(["wrk", "-t1", "-c20", "-d1s", "-s", script, memory.url], capture_output=True, text=True,
                         timeout=30).stdout
    assert int(re.search(r"(\d+) requests in", out).group(1)) > 1000
    assert "Socket errors" not in out and "Non-2xx" not in out, out
