"""The pages of proof in a browser: a comparison, the same with hostile names, one load run."""
import json
import os
import re
import subprocess

import pytest
from browser import CONTRAST, OVERFLOW, browser, needs_browser  # noqa: F401 (a fixture)
from conftest import BUILD, LAYOUT, child_env
from load import good, load, null

WRITER = BUILD / "tests/unit/proof/sample_page"
KINDS = ["compare", "evil", "load", "open"]

pytestmark = needs_browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A file for each kind."""
    folder = tmp_path_factory.mktemp("pages")
    made = {kind: folder / f"{kind}.html" for kind in KINDS}
    if WRITER.exists():
        for kind in ("compare", "evil"):
            done = subprocess.run([*LAYOUT, WRITER, kind], capture_output=True, env=child_env())
            assert done.returncode == 0, done.stderr
            made[kind].write_bytes(done.stdout)
    with null() as url:
        good("-n", 3000, "-c", 10, "--html", made["load"], url)
        good("-z", "500ms", "--rate", 2000, f"--html={made['open']}", url + "<script>document.title='x'</script>")
    return made


@pytest.fixture(params=KINDS)
def page(request, pages):
    if not pages[request.param].exists():
        pytest.skip("proof was built without compare (libcyaml)")
    return pages[request.param]


@pytest.fixture
def compared(pages):
    if not pages["compare"].exists():
        pytest.skip("proof was built without compare (libcyaml)")
    return pages["compare"]


# ---- what is seen ---------------------------------------------------------------------------------

def test_nothing_is_said_on_the_console_and_nothing_fetched(browser, page):
    for scheme in ("light", "dark"):
        browser.open(page, scheme=scheme)
        assert browser.log() == []
        assert browser.run("return performance.getEntriesByType('resource').length") == 0
    text = page.read_text()
    assert "default-src 'none'" in text
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", text)


BLANK = """return [...document.querySelectorAll('canvas')].map((c) => {
  const p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
  const colors = new Set();
  for (let i = 0; i < p.length; i += 4)
    if (p[i + 3]) colors.add(p[i] << 16 | p[i + 1] << 8 | p[i + 2]);
  return colors.size; })"""


@pytest.mark.parametrize("width", [360, 1400])
def test_every_chart_is_drawn(browser, page, width):
    browser.open(page, width)
    colors = browser.run(BLANK)
    assert len(colors) == browser.run("return Object.keys(Chart.instances).length")
    assert len(colors) == (2 if page.stem in ("load", "open") else 10)
    assert min(colors) > 5, colors


@pytest.mark.parametrize("width", [360, 768, 1400])
@pytest.mark.parametrize("open_all", [False, True])
def test_nothing_is_wider_than_the_screen(browser, page, width, open_all):
    browser.open(page, width)
    if open_all:
        browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert browser.run(OVERFLOW) == [0, []]


def test_both_schemes_can_be_read(browser, page):
    grounds = {}
    for scheme in ("light", "dark"):
        browser.open(page, scheme=scheme)
        least, where, grounds[scheme] = browser.run(CONTRAST)
        assert least >= 4.5, (scheme, where)
    assert grounds["light"] > 0.8 and grounds["dark"] < 0.05


DRAWN = "return [...document.querySelectorAll('canvas')].map((c) => c.toDataURL())"


def test_charts_follow_the_scheme_and_paper_is_light(browser, page):
    browser.open(page, scheme="light")
    light = browser.run(DRAWN)
    browser.prefer("dark")
    browser.settle()
    dark = browser.run(DRAWN)
    assert not set(light) & set(dark)
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run(DRAWN) == light
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert browser.run(DRAWN) == dark
    assert browser.pdf().startswith(b"%PDF-")
    assert browser.log() == []


def test_paper_shows_the_tables_whole_and_no_controls(browser, page):
    browser.open(page, 718)  # A4 between its margins
    browser.prefer("dark", media="print")
    browser.settle()
    assert browser.run("return getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.run("""return [...document.querySelectorAll('select, nav, .skip')]
        .filter((e) => e.getClientRects().length).length""") == 0
    assert browser.run("return getComputedStyle(document.querySelector('.wide')).overflowX") == "visible"
    assert browser.run("return document.documentElement.scrollWidth") <= 718


# ---- without eyes, without a mouse ----------------------------------------------------------------

STRUCTURE = """const all = (s) => [...document.querySelectorAll(s)];
const ids = all('[id]').map((e) => e.id);
const levels = all('h1, h2, h3').map((e) => Number(e.tagName[1]));
return {
  h1: all('h1').length,
  jumps: levels.filter((l, i) => i && l > levels[i - 1] + 1).length,
  twice: ids.filter((id, i) => ids.indexOf(id) !== i),
  dead: all('a[href^="#"]').map((a) => a.getAttribute('href').slice(1)).filter((id) => !ids.includes(id)),
  unscoped: all('th:not([scope])').length,
  uncaptioned: all('table').filter((t) => !t.caption || !t.caption.textContent.trim()).length,
  unnamed: all('canvas').filter((c) => c.getAttribute('role') !== 'img' || !/\\d/.test(c.getAttribute('aria-label'))
    && !/: a point per round/.test(c.getAttribute('aria-label'))).map((c) => c.outerHTML),
  unlabelled: all('select').filter((s) => !s.labels.length).length,
  uneven: all('table').filter((t) => [...t.rows].some((r) => r.cells.length !== t.rows[0].cells.length))
    .map((t) => t.caption.textContent),
}"""


def test_headings_tables_and_charts_have_names(browser, page):
    browser.open(page)
    assert browser.run(STRUCTURE) == {"h1": 1, "jumps": 0, "twice": [], "dead": [], "unscoped": 0, "uncaptioned": 0,
                                      "unnamed": [], "unlabelled": 0, "uneven": []}
    assert browser.run("return document.documentElement.lang") == "en"


def test_the_keyboard_reaches_everything(browser, compared):
    browser.open(compared)
    browser.press("Tab")
    assert browser.run("return document.activeElement.textContent") == "To the figures"
    assert browser.run("return document.activeElement.getBoundingClientRect().left") >= 0
    seen = set()
    for _ in range(80):
        browser.press("Tab")
        seen.add(browser.run("return document.activeElement.tagName"))
    assert {"A", "SELECT", "DIV", "SUMMARY"} <= seen


def test_another_choice_draws_another_chart(browser, compared):
    browser.open(compared)
    told = browser.run("""const f = document.querySelector('figure'), s = f.querySelector('select');
        const label = () => f.querySelector('canvas').getAttribute('aria-label');
        const link = () => f.querySelector('.aside a').getAttribute('href');
        const before = [label(), link()];
        s.selectedIndex = 0;
        s.dispatchEvent(new Event('change'));
        return [before, [label(), link()], Object.keys(Chart.instances).length]""")
    assert told[0] != told[1] and told[2] == 10
    assert told[1][0].startswith("Published load, requests per second, medians: posts ")
    assert told[1][1] == "#phase-small"
    assert browser.log() == []


# ---- what it says ---------------------------------------------------------------------------------

def test_names_of_markup_are_names(browser, pages):
    for kind, title in (("evil", "Posts: C, Go & Rust </title><script>document.title='broken'</script>"),
                        ("open", "<script>document.title='x'</script>")):
        if pages[kind].exists():
            browser.open(pages[kind])
            assert browser.run("return document.title").endswith(title)
            assert browser.run("return document.querySelector('h1').textContent").endswith(title)
            assert browser.run("return [document.images.length, document.scripts.length]") == [0, 3]


def test_charts_and_tables_say_the_same(browser, compared):
    browser.open(compared)
    rows = browser.run("""return [...document.querySelector('#published table').tBodies[0].rows]
        .map((r) => [...r.cells].map((c) => c.innerText.split('\\n')[0]))""")
    label = browser.run("""return [...document.querySelectorAll('canvas')].map((c) => c.getAttribute('aria-label'))
        .find((l) => l.startsWith('Memory at start (RSS)'))""")
    assert [r[0] for r in rows] == ["posts", "posts-again", "gin"]
    for name, memory, *_ in rows:
        assert f"{name} {memory}" in label


def test_a_page_of_a_load_has_its_figures(browser, pages):
    browser.open(pages["load"])
    figures = dict(browser.run("""return [...document.querySelectorAll('#summary-table tbody tr')]
        .map((r) => [...r.cells].map((c) => c.textContent))"""))
    assert figures["Sent"] == figures["Answered"] == "3000" and figures["Failed"] == "0"
    data = json.loads(browser.run("return document.getElementById('data').textContent"))
    assert sum(bin[2] for bin in data["bins"]) == 3000
    points = [p[1] for p in data["series"][0]["points"]]
    assert points == sorted(points) and len(points) > 20
    browser.open(pages["open"])
    assert [s["name"] for s in json.loads(browser.run("return document.getElementById('data').textContent"))["series"]] \
        == ["response", "service", "lateness"]


def test_a_page_that_cannot_be_written_is_told(tmp_path):
    with null() as url:
        done = load("-n", 1, "-c", 1, "--html", tmp_path / "no" / "page.html", url)
    assert done.code == 1
    assert re.search(r"proof load: the report could not be written to \S+/no/page.html: No such file", done.err)
    assert not os.listdir(tmp_path)
