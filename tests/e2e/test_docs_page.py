"""/docs in a browser: it draws every operation, fetches from nobody else, and sends requests that work."""
import json
import time

import pytest
from browser import CONTRAST, OVERFLOW, browser, needs_browser  # noqa: F401 (a fixture)
from conftest import BUILD

pytestmark = needs_browser


@pytest.fixture(scope="module")
def books(serve_module):
    if not (BUILD / "examples/books").exists():
        pytest.skip("books is not built")
    return serve_module(program=BUILD / "examples/books")


def wait(browser, script, what):
    end = time.monotonic() + 30
    while not (value := browser.run(script)):
        assert time.monotonic() < end, f"{what}: {browser.log()} {browser.run('return document.body.innerText')[:800]}"
        time.sleep(0.05)
    return value


def open_docs(browser, server, **how):
    browser.open(f"{server.url}/docs", **how)
    wait(browser, "return document.querySelector('main section, main .trouble')", "nothing is drawn")


def open_all(browser):
    """Content comes when a box is opened, and has boxes of its own."""
    for _ in range(4):
        browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        browser.settle()


def send(browser, operation, changes=""):
    """Fills in the operation's form, sends it, and gives the status line that is shown."""
    form = f"document.querySelector('#{operation} form')"
    browser.run(f"document.getElementById('{operation}').open = true")
    wait(browser, f"return !!{form}", "no form")
    browser.run(f"const form = {form}; form.querySelector('.reply').replaceChildren(); {changes}; "
                "form.requestSubmit()")
    return wait(browser, f"return {form}.querySelector('.reply .status')?.textContent", "no reply")


def shown(browser, operation):
    return wait(browser, f"""const all = [...document.querySelectorAll('#{operation} .reply pre')];
        return all.length > 2 && all.map((e) => e.textContent)""", "no body")


def test_every_operation_is_drawn_and_nothing_is_said_on_the_console(browser, memory):
    document = memory.call("GET", "/openapi.json").json()
    for scheme in ("light", "dark"):
        open_docs(browser, memory, scheme=scheme)
        open_all(browser)
        assert browser.log() == []
    wanted = {op["operationId"] for item in document["paths"].values() for op in item.values()}
    assert set(browser.run("return [...document.querySelectorAll('.op')].map((e) => e.id)")) == wanted
    assert browser.run("return document.querySelectorAll('.op form').length") == len(wanted)
    assert browser.run("return document.title") == "Posts"
    text = browser.run("return document.querySelector('#create_post').innerText")
    for words in ("Idempotency-Key", "1 to 200 characters", "Location", "507", "Problem"):
        assert words in text, words


def test_it_fetches_from_its_own_service_only(browser, memory):
    open_docs(browser, memory)
    open_all(browser)
    names = browser.run("return performance.getEntriesByType('resource').map((e) => e.name)")
    assert sorted(n.removeprefix(memory.url) for n in names) == ["/docs/page.css", "/docs/page.js", "/openapi.json"]


@pytest.mark.parametrize("width", [360, 768, 1400])
def test_nothing_is_wider_than_the_screen(browser, memory, books, width):
    for server in memory, books:
        open_docs(browser, server, width=width)
        assert browser.run(OVERFLOW) == [0, []]
        open_all(browser)
        assert browser.run(OVERFLOW) == [0, []]


def test_both_schemes_can_be_read(browser, books):
    for scheme in ("light", "dark"):
        open_docs(browser, books, scheme=scheme)
        open_all(browser)
        least, where, _ = browser.run(CONTRAST)
        assert least >= 4.5, (scheme, least, where)


def test_a_post_is_posted_from_the_page(browser, memory):
    open_docs(browser, memory)
    assert send(browser, "create_post", """form.querySelector('textarea').value =
        JSON.stringify({title: 'From the page', body: "It's <b>here</b>"})""") == "201 Created"
    head, body, curl = shown(browser, "create_post")
    made = json.loads(body)
    assert "location: /posts/" in head and "etag: " in head
    assert memory.call("GET", f"/posts/{made['id']}").json() == made
    assert "curl -i -X POST" in curl and "It'\\''s <b>here</b>" in curl
    assert send(browser, "read_post", f"form.querySelector('input').value = '{made['id']}'") == "200 OK"
    assert json.loads(shown(browser, "read_post")[1]) == made
    assert browser.log() == []


def test_the_body_that_is_proposed_is_taken_and_faults_are_shown(browser, memory):
    open_docs(browser, memory)
    assert send(browser, "create_post") == "201 Created"
    assert send(browser, "create_post", "form.querySelector('textarea').value = '{}'") == "422 Unprocessable Content"
    assert {e["pointer"] for e in json.loads(shown(browser, "create_post")[1])["errors"]} == {"/title", "/body"}


def test_a_token_is_sent_when_it_is_given(browser, books):
    open_docs(browser, books)
    assert send(browser, "add_book") == "401 Unauthorized"
    browser.run("""const field = document.querySelector('header input'); field.value = 'letmein';
        field.dispatchEvent(new Event('input'))""")
    assert send(browser, "add_book") == "201 Created"
    assert send(browser, "read_book", "form.querySelector('input').value = '1'") == "200 OK"
    assert json.loads(shown(browser, "read_book")[1])["title"] == "The C Programming Language"


MULTIPART = """const op = {requestBody: {content: {'multipart/form-data': {schema: {type: 'object', required: ['photo'],
    properties: {title: {type: 'string'}, none: {type: 'string'}, kind: {type: 'string', enum: ['a', 'b']},
                 photo: {type: 'string', contentMediaType: 'image/png'}}}}}}};
const form = formOf('/forms/{id}', 'post', [{name: 'id', in: 'path', required: true, schema: {type: 'string'}}], op);
document.body.append(form);
const files = new DataTransfer();
files.items.add(new File(['abc'], 'cat.png', {type: 'image/png'}));
form.querySelector('label input').value = 'a/b';
form.querySelector('[name=title]').value = 'Cat';
form.querySelector('[name=kind]').value = 'b';
form.querySelector('[name=photo]').files = files.files;
window.fetch = async (url, options) => { window.seen = {url, ...options}; return new Response('ok'); };
form.requestSubmit();"""


def test_a_multipart_form_has_an_input_for_each_field(browser, memory):
    open_docs(browser, memory)
    browser.run(MULTIPART)
    wait(browser, "return document.querySelector('body > form .reply .curl')", "not sent")
    assert browser.run("return [...seen.body].map(([name, v]) => [name, v.name || v])") == [
        ["title", "Cat"], ["kind", "b"], ["photo", "cat.png"]]
    assert browser.run("return [seen.url, seen.headers]") == [f"{memory.url}/forms/a%2Fb", {}]
    assert "-F 'photo=@cat.png'" in browser.run("return document.querySelector('body > form .curl').textContent")
    assert browser.run("return [...document.querySelectorAll('body > form textarea')].every((e) => !e.getClientRects().length)")


def test_what_the_document_or_a_reply_says_stays_text(browser, memory):
    open_docs(browser, memory)
    html = browser.run("""const box = document.createElement('div');
        box.append(...prose(arguments[0]).flat(3), ...[valueLine('<b>', {pattern: '<i>', enum: ['<u>']}, true, '')].flat(3));
        return box.innerHTML""",
        "<img src=x onerror=alert(1)> [a](javascript:alert(1)) [b](data:text/html,x) `<script>` [c](/docs)")
    for tag in ("<img", "<script", "<b>", "<i>", "<u>", "javascript:alert(1)\"", "href=\"data:"):
        assert tag not in html, html
    assert html.count("<a ") == 1
    shown = browser.run("""const reply = new Response('<img src=x onerror=alert(1)>', {headers: {'Content-Type': 'text/html'}});
        return readReply(reply, () => {}).then((node) => node.outerHTML)""")
    assert "<img" not in shown


def test_a_path_with_slashes_stays_at_the_service(browser, memory):
    open_docs(browser, memory)
    for typed in ("/evil.test/x", "//evil.test", "a/b"):
        url = browser.run("""return requestOf('/{rest}', 'get', {}, [{input: {value: arguments[0]},
            parameter: {name: 'rest', in: 'path', 'x-rest': true}}]).url""", typed)
        assert url == f"{browser.run('return location.origin')}/{typed}"


def test_it_is_found_linked_and_used_without_a_mouse(browser, memory):
    open_docs(browser, memory)
    browser.run("""const find = document.getElementById('find'); find.value = 'create';
        find.dispatchEvent(new Event('input'))""")
    assert browser.run("""return [...document.querySelectorAll('.op, nav li')]
        .filter((e) => e.getClientRects().length).map((e) => e.textContent)""") == [
            "Create a post", "POST/postsCreate a post"]
    browser.open(f"{memory.url}/docs#delete_post")
    wait(browser, "return document.querySelector('#delete_post form')", "the link does not open it")
    assert browser.run("return document.activeElement.parentNode.id") == "delete_post"
    open_docs(browser, memory)
    for _ in range(60):
        browser.press("Tab")
        if browser.run("return document.activeElement.parentNode.id") == "list_posts":
            break
    browser.press("Enter")
    wait(browser, "return document.querySelector('#list_posts form')", "Enter does not open it")


def test_a_document_that_is_not_there_is_said(browser, memory):
    browser.devtools("Network.enable")
    browser.devtools("Network.setBlockedURLs", urls=["*openapi.json"])
    try:
        open_docs(browser, memory)
        assert "cannot be shown" in browser.run("return document.querySelector('[role=alert]').textContent")
    finally:
        browser.devtools("Network.setBlockedURLs", urls=[])
        browser.log()
