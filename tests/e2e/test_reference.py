"""What is made from the source: the API reference, the README's table of features, the count of lines."""
import importlib.machinery
import importlib.util
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import SANITIZED

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "docs"))
import snippets  # noqa: E402

pytestmark = pytest.mark.skipif(SANITIZED, reason="the same in every build: once is enough")


@pytest.mark.skipif(not shutil.which("doxygen"), reason="needs doxygen")
def test_the_api_reference_is_made_without_a_warning(tmp_path):
    settings = snippets.read("docs/Doxyfile") + f"\nOUTPUT_DIRECTORY = {tmp_path}\n"
    made = subprocess.run(["doxygen", "-"], input=settings, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0 and made.stderr == "", made.stderr
    page = (tmp_path / "ctx_8h.html").read_text()
    missing = [name for name in re.findall(r"\b(gim_\w+)\(struct gim_ctx|\b(gim_\w+)\(const struct gim_ctx",
                                           snippets.read("gimlet/include/gimlet/ctx.h")) if "".join(name) not in page]
    assert not missing
    # Code in a comment stays code, and a comment behind a member is the member's.
    assert "return *n &lt; 1000000" in re.sub(r"<[^>]+>", "", (tmp_path / "stream_8h.html").read_text())
    assert "names the parameter is the reply" in page
    assert "bytes; 0: the app's limit" in (tmp_path / "structgim__route.html").read_text().replace("&#39;", "'")
