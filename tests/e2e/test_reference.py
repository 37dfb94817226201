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


def table(name):
    """The rows of a table of the README: lists of cells."""
    text = snippets.read("README.md")
    rows = text[text.index(f"<!-- table: {name} -->"):text.index("<!-- end of table -->")].splitlines()[3:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_each_feature_of_the_readme_leads_to_its_page_and_its_test():
    rows = table("features")
    assert len(rows) > 20
    for feature, ours, *others in rows:
        assert len(others) == 5, f"{feature}: a column is missing"
        links = re.findall(r"\[([^\]]+)\]\(([^)#]+)[^)]*\)", ours)
        assert {text == "test" for text, _ in links} == {True, False}, f"{feature}: a page and a test"
        for text, path in links:
            assert os.path.exists(os.path.join(ROOT, path)), f"{feature}: {path} is not there"
            assert path.startswith("tests/") == (text == "test"), f"{feature}: {path}"


def test_the_posts_service_takes_no_more_lines_than_the_readme_says():
    script = os.path.join(ROOT, "script", "count-lines")
    loader = importlib.machinery.SourceFileLoader("count_lines", script)
    count_lines = importlib.util.module_from_spec(importlib.util.spec_from_loader("count_lines", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(count_lines)
    found = count_lines.counts()
    assert found["gimlet"] <= 1.3 * found["gin"]
    row = next(r for r in table("features") if "lines of code" in r[0])
    shown = [int(re.search(r"\d+", cell).group()) for cell in row[1:5]]
    assert shown == [found[name] for name in ("gimlet", "gin", "rocket", "axum")]
    assert f"ours {found['gimlet'] / found['gin']:.2f} × gin's" in snippets.read("README.md")
