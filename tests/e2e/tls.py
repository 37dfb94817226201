"""Certificates for the tests, made on the spot, and clients that trust them."""
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from conftest import BUILD

FULL = BUILD / "posts/posts-full"
needs_tls = pytest.mark.skipif(not FULL.exists() or not shutil.which("openssl"),
                               reason="built without OpenSSL, or there is no openssl to make a certificate")


def make(folder, name="first", days=30):
    """A self-signed certificate of that common name and its key: two paths."""
    folder = Path(folder)
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", str(days), "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    return cert, key


class Certificate:
    """What a server is given (`flags`), and what a client of it needs (`client`, an SSLContext)."""

    def __init__(self, folder, name="first"):
        self.cert, self.key = make(folder, name)
        self.flags = ("--tls-cert", self.cert, "--tls-key", self.key)
        self.client = ssl.create_default_context(cafile=self.cert)
        self.client.set_alpn_protocols(["http/1.1"])
