"""Compressed replies, read back by curl, gzip and zstd."""
import gzip
import shutil
import subprocess

import pytest
from conftest import BUILD


@pytest.fixture(scope="module")
def shop(serve_module):
    program = BUILD / "examples" / "shop"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    return serve_module("--workers", 1, program=program)


def curl(*args, text=True):
    done = subprocess.run(["curl", "-sS", *args], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode() if text else done.stdout


def coded(url, encoding):
    """(the head's lines, the body as sent)"""
    raw = curl("-i", "--raw", "--http1.0", "-H", f"Accept-Encoding: {encoding}", url, text=False)
    head, body = raw.split(b"\r\n\r\n", 1)
    return head.decode().split("\r\n"), body


def unzstd(data):
    tool = shutil.which("zstd")
    assert tool, "zstd is not installed (script/bootstrap test)"
    done = subprocess.run([tool, "-dc"], input=data, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


READERS = {"gzip": gzip.decompress, "zstd": unzstd}


@pytest.mark.parametrize("path", ["/catalogue", "/ledger"])
@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_other_tools_read_what_was_compressed(shop, path, encoding):
    plain = curl(shop.url + path)
    head, body = coded(shop.url + path, encoding)
    if encoding == "zstd" and "Content-Encoding: zstd" not in head:
        pytest.skip("built without libzstd")
    assert f"Content-Encoding: {encoding}" in head and "Vary: Accept-Encoding" in head
    assert len(body) < len(plain) / 4
    assert READERS[encoding](body).decode() == plain


def test_curl_reads_it_by_itself(shop):
    assert curl("--compressed", f"{shop.url}/catalogue") == curl(f"{shop.url}/catalogue")
    size = curl("--compressed", "-o", "/dev/null", "-w", "%{size_download}", f"{shop.url}/ledger")
    assert int(size) < len(curl(f"{shop.url}/ledger")) / 4


def test_a_small_reply_stays_as_it_is(shop):
    head, _ = coded(f"{shop.url}/trace", "gzip")
    assert not [line for line in head if line.startswith("Content-Encoding")]
    assert "Vary: Accept-Encoding" in head


def test_the_tag_of_a_compressed_copy_is_known(shop):
    head, _ = coded(f"{shop.url}/catalogue", "gzip")
    assert 'ETag: "2026-gzip"' in head
    code = curl("-o", "/dev/null", "-w", "%{http_code}", "-H", "Accept-Encoding: gzip",
                "-H", 'If-None-Match: "2026-gzip"', f"{shop.url}/catalogue")
    assert code == "304"


def test_many_at_once_cost_bounded_memory(shop):
    curl("--compressed", "-o", "/dev/null", f"{shop.url}/ledger")
    before = shop.rss()
    clients = [shop.connect(rcvbuf=4096) for _ in range(100)]
    for c in clients:
        c.send("GET /ledger HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
    assert shop.call("GET", "/catalogue").status == 200
    after = shop.rss()
    for c in clients:
        c.sock.close()
    assert after - before < 100 << 20
