"""nginx in front, by the configuration that docs/guide/deploying.md shows: TLS and HTTP/2 for clients, a unix socket to us."""
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import SANITIZED, Server
from load import free_port, wait_for

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "docs"))
import snippets  # noqa: E402

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
pytestmark = pytest.mark.skipif(SANITIZED or not os.path.exists(NGINX) or not shutil.which("openssl"),
                                reason="needs nginx and openssl; once is enough")
AROUND = """
daemon off; master_process off; pid {0}/pid; error_log {0}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u; scgi_temp_path {0}/s;
    {1}
}}
"""


@pytest.fixture
def proxy(tmp_path):
    """The URL of posts with nginx between."""
    shown = next(b.text for b in snippets.blocks("docs/guide/deploying.md") if "proxy_pass" in b.text)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", "/CN=localhost", "-keyout", tmp_path / "key", "-out", tmp_path / "pem"],
                   check=True, capture_output=True)
    port, path = free_port(), tmp_path / "posts.sock"
    for this, that in (("listen 443", f"listen 127.0.0.1:{port}"), ("/etc/ssl/posts.pem", tmp_path / "pem"),
                       ("/etc/ssl/posts.key", tmp_path / "key"), ("/run/posts/posts.sock", path)):
        assert this in shown
        shown = shown.replace(this, str(that))
    conf = tmp_path / "nginx.conf"
    conf.write_text(AROUND.format(tmp_path, shown))
    posts = Server("--host", f"unix:{path}", "--store", "memory:", "--access-log", "all")
    nginx = subprocess.Popen([NGINX, "-c", conf, "-p", tmp_path, "-e", tmp_path / "error.log"], stderr=subprocess.PIPE)
    try:
        wait_for(port)
        yield f"https://127.0.0.1:{port}"
    finally:
        nginx.terminate()
        nginx.wait(20)
        posts.stop()


def curl(*args):
    return subprocess.run(["curl", "-ksSi", "--max-time", "20", *args], capture_output=True, text=True)


def test_a_client_has_tls_and_http2_by_the_proxy_of_the_guide(proxy):
    made = curl("--http2", "-d", '{"title":"a","body":"b"}', f"{proxy}/posts").stdout
    assert made.startswith("HTTP/2 201"), made
    where = re.search(r"(?mi)^location: (/posts/\S+)", made).group(1)
    assert curl("--http2", proxy + where).stdout.startswith("HTTP/2 200")
    assert curl("--http1.1", proxy + "/nowhere").stdout.startswith("HTTP/1.1 404")
