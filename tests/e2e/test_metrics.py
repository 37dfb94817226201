"""What a scraper reads: it parses, it adds up over the workers, and the dashboard asks for what is there."""
import json
import re
import subprocess
import sys
import threading

import pytest
from conftest import BUILD, ROOT, run, until

PARSER = """
import sys
if sys.argv[1] == "open":
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
else:
    from prometheus_client.parser import text_string_to_metric_families as parse
for family in parse(sys.stdin.read()):
    for s in family.samples:
        print(family.type, s.name, repr(sorted(s.labels.items())), s.value, sep="\\t")
"""
BODY = {"title": "t", "body": "b"}


def python_with_parser():
    for python in sys.executable, "/usr/bin/python3":
        done = subprocess.run([python, "-c", "import prometheus_client"], capture_output=True)
        if done.returncode == 0:
            return python
    return None


PYTHON = python_with_parser()


def parsed(text, kind="text"):
    """{(name, labels): value} as the Prometheus client's own parser has it, which is strict."""
    assert PYTHON, "python3-prometheus-client is not installed (script/bootstrap test)"
    done = subprocess.run([PYTHON, "-c", PARSER, kind], input=text, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert len({(name, labels) for _, name, labels, _ in rows}) == len(rows), "a line is there twice"
    return {(name, labels): float(value) for _, name, labels, value in rows}


def curl(*args):
    done = subprocess.run(["curl", "-sS", *args], capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def total(figures, name, **labels):
    wanted = [repr((k, v)) for k, v in labels.items()]
    return sum(v for (n, have), v in figures.items() if n == name and all(w in have for w in wanted))


def load(server, requests, target):
    def client():
        with server.connect() as c:
            for i in range(requests):
                c.call("POST", "/posts", BODY)
                c.call("GET", target)

    threads = [threading.Thread(target=client) for _ in range(8)]
    for t in threads:
        t.start()
    return threads


@pytest.mark.parametrize("store", ["memory:", "sqlite:posts.db"])
def test_a_scrape_adds_up_over_the_workers(serve, store):
    server = serve("--store", store, "--workers", 4)
    threads = load(server, 50, "/posts/nobody")
    before = 0
    while any(t.is_alive() for t in threads):  # counters never go back, whoever is asked
        figures = parsed(curl(f"{server.url}/metrics"))
        now = total(figures, "http_server_request_duration_seconds_count", route="/posts")
        assert now >= before
        before = now
    for t in threads:
        t.join()
    text = curl(f"{server.url}/metrics")
    figures = parsed(text)
    count = "http_server_request_duration_seconds_count"
    assert total(figures, count, method="POST", route="/posts", status="201") == 400
    assert total(figures, count, method="GET", route="/posts/:id", status="404") == 400
    assert total(figures, count, status="500") == 0
    bucket = "http_server_request_duration_seconds_bucket"
    assert total(figures, bucket, route="/posts", status="201", le="+Inf") == 400
    assert total(figures, "posts_store_operations_total", operation="create", result="ok") == 400
    assert total(figures, "posts_store_pending") == 0
    assert total(figures, "posts_store_ready") == 1
    assert total(figures, "gimlet_workers") == 4
    assert "nobody" not in text
    committed = total(figures, "posts_commit_batch_size_sum")
    assert committed == (400 if store.startswith("sqlite") else 0)
    batches = total(figures, "posts_commit_batch_size_count")
    assert batches == total(figures, "posts_commit_seconds_count")
    if store.startswith("sqlite"):
        assert 1 <= batches <= 400 and total(figures, "posts_wal_bytes") > 0


def test_both_formats_are_read_by_strict_parsers(memory):
    memory.call("POST", "/posts", BODY)
    text = memory.call("GET", "/metrics")
    assert text.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    accept = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"}
    other = memory.call("GET", "/metrics", headers=accept)
    assert other.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    a, b = parsed(text.body.decode()), parsed(other.body.decode(), "open")
    still = {k for k in a if k[0].startswith("posts_")}
    assert {k: a[k] for k in still} == {k: v for k, v in b.items() if k[0].startswith("posts_")}
    names = {n for n, _ in a}
    assert {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds",
            "process_start_time_seconds", "gimlet_build_info"} <= names


def test_what_the_process_says_of_itself_is_what_the_kernel_says(memory):
    figures = parsed(memory.call("GET", "/metrics").body.decode())
    assert abs(figures["process_resident_memory_bytes", "[]"] - memory.rss()) < memory.rss() / 2
    assert abs(figures["process_open_fds", "[]"] - memory.fds()) <= 3
    with open(f"/proc/{memory.pid}/limits") as f:
        limit = re.search(r"Max open files\s+(\d+)", f.read())
    assert figures["process_max_fds", "[]"] == int(limit.group(1))


def test_refusals_are_counted_by_reason(serve):
    server = serve("--store", "memory:", "--workers", 1, "--header-timeout", "200ms", "--max-connections", 2)
    with server.connect() as c:
        c.send("GET / HTTP/1.1\r\nHo")
        assert c.read().status == 408
    with server.connect() as c:
        c.send("NONSENSE\r\n\r\n")
        assert c.read().status == 400
    with server.connect() as c:
        c.send("GET /" + "a" * 9000 + " HTTP/1.1\r\nHost: a\r\n\r\n")
        assert c.read().status == 414
    with server.connect() as c:
        c.send("GET / HTTP/1.1\r\nHost: a\r\nA: " + "a" * 17000 + "\r\n\r\n")
        assert c.read().status == 431
    with server.connect() as c:
        c.send("POST /posts HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n")
        assert c.read().status == 413
    with server.connect() as a, server.connect() as b:
        a.send("GET / HTTP/1.1\r\nHo")
        b.send("GET / HTTP/1.1\r\nHo")
        with server.connect() as c:
            assert c.read().status == 503

    def scrape():  # once the server has seen that the others have gone
        with server.connect() as c:
            reply = c.call("GET", "/metrics")
        return reply.body.decode() if reply.status == 200 else None

    figures = parsed(until(scrape))
    for reason in "head_timeout", "malformed", "target_too_long", "head_too_large", "body_too_large", \
                  "too_many_connections":
        assert total(figures, "http_server_rejected_total", reason=reason) >= 1, reason


def test_a_listener_for_scrapes_alone(serve):
    server = serve("--store", "memory:", "--workers", 2, "--metrics-listen", "127.0.0.1:0")
    address = re.search(r"metrics: served at (http://127\.0\.0\.1:\d+)/metrics", server.stderr()).group(1)
    assert server.call("GET", "/metrics").status == 404
    server.call("POST", "/posts", BODY)
    figures = parsed(curl(f"{address}/metrics"))
    assert total(figures, "posts_store_operations_total", operation="create", result="ok") == 1
    assert total(figures, "http_server_connections_accepted_total") == 2  # those of the service
    code = curl("-o", "/dev/null", "-w", "%{http_code}", f"{address}/posts")
    assert code == "404"


def test_a_listener_on_a_unix_socket(serve, tmp_path):
    path = tmp_path / "m.sock"
    server = serve("--store", "memory:", "--metrics-listen", f"unix:{path}")
    assert "gimlet_build_info" in curl("--unix-socket", str(path), "http://localhost/metrics")
    server.stop()
    assert not path.exists()


def test_an_address_that_is_none_ends_the_start(serve):
    for address, code in ("nonsense", 2), ("127.0.0.1:99999", 2), ("300.1.1.1:9100", 2), (":x", 2):
        done = run("--store", "memory:", "--port", 0, "--metrics-listen", address)
        assert done.returncode == code and address.split(":")[0] in done.stderr, done.stderr
    other = serve("--store", "memory:")
    done = run("--store", "memory:", "--port", 0, "--metrics-listen", f"127.0.0.1:{other.port}")
    assert done.returncode == 1 and "in use" in done.stderr


def test_the_dashboard_asks_for_what_is_there(serve):
    server = serve("--store", "sqlite:posts.db", "--workers", 1)
    server.call("POST", "/posts", BODY)
    text = server.call("GET", "/metrics").body.decode()
    names = set(re.findall(r"^([a-z_]+)(?:\{| )", text, re.M))
    labels = set(re.findall(r'[{,]([a-z_]+)="', text))
    dashboard = json.loads((ROOT / "docs/dashboards/posts.json").read_text())
    queries = [t["expr"] for p in dashboard["panels"] for t in p.get("targets", [])]
    assert len(queries) >= 12
    for query in queries:
        asked = set(re.findall(r"\b((?:http_server|process|posts|gimlet)_[a-z_]+)\b", query))
        assert asked and asked <= names, query
        used = re.findall(r"[{,]\s*([a-z_]+)\s*(?:=~|!~|!=|=)", query)
        for by in re.findall(r"by\s*\(([^)]*)\)", query):
            used += [w.strip() for w in by.split(",")]
        assert set(used) <= labels | {"job", "instance"}, query


@pytest.fixture(scope="module")
def shop(serve_module):
    program = BUILD / "examples" / "shop"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    return serve_module("--workers", 2, "--access-log", "all", "--log-format", "json", program=program)


def test_the_example_counts_its_orders(shop):
    for things in 3, 4, 500:
        shop.call("POST", "/orders", {"things": things})
    figures = parsed(curl(f"{shop.url}/metrics"))
    assert figures["shop_orders_total", "[('outcome', 'sold')]"] == 2
    assert figures["shop_orders_total", "[('outcome', 'refused')]"] == 1
    assert figures["shop_stock_things", "[]"] == 993
    assert figures["shop_basket_things_sum", "[]"] == 7
    assert figures["shop_packing_seconds_count", "[]"] == 2
