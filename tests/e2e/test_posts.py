"""The contract of the posts service, the same on every store."""
import json
import re
import threading
import uuid
from datetime import datetime

import pytest
from conftest import request

ID = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
NOWHERE = "0000000000000"


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def store(request, tmp_path_factory):
    if request.param == "memory":
        return "memory:"
    return f"sqlite:{tmp_path_factory.mktemp('store') / 'posts.db'}"


@pytest.fixture(scope="module")
def posts(store, serve_module):
    return serve_module("--store", store, "--workers", 2)


@pytest.fixture
def c(posts):
    with posts.connect() as client:
        yield client


def post(title="A title", body="A body", **more):
    return {"title": title, "body": body, **more}


def create(c, **members):
    reply = c.call("POST", "/posts", post(**members))
    assert reply.status == 201, reply
    return reply.json()["id"]


def pointers(reply):
    return sorted((e.get("pointer", e.get("parameter")), e["code"]) for e in reply.problem()["errors"])


# ---- create and read ----------------------------------------------------------------------------

def test_created_post_has_location_etag_and_itself_as_body(c):
    reply = c.call("POST", "/posts", post(author="Ada"))
    assert reply.status == 201
    assert reply.headers["content-type"] == "application/json"
    made = reply.json()
    assert ID.fullmatch(made["id"])
    assert reply.headers["location"] == f"/posts/{made['id']}"
    assert re.fullmatch(r'"[!-~]+"', reply.headers["etag"])
    assert (made["title"], made["body"], made["author"]) == ("A title", "A body", "Ada")
    assert TIME.fullmatch(made["created_at"]) and made["created_at"] == made["updated_at"]


def test_what_is_read_is_what_was_created(c):
    made = c.call("POST", "/posts", post(author="Ada"))
    read = c.call("GET", made.headers["location"])
    assert read.status == 200
    assert read.body == made.body
    assert read.headers["etag"] == made.headers["etag"]


def test_texts_come_back_as_they_were_sent(c):
    body = "tab\t \"quotes\" \\ / é 漢 \U0001f600 \u2028 \x7f nul\0end"
    raw = json.dumps(post(body=body)).encode()  # escapes, surrogate pairs
    plain = json.dumps(post(body=body), ensure_ascii=False).encode()  # UTF-8
    for sent in raw, plain:
        reply = c.call("POST", "/posts", sent)
        assert reply.status == 201, reply
        assert c.call("GET", reply.headers["location"]).json()["body"] == body


def test_post_without_author_has_no_such_member(c):
    assert "author" not in c.call("POST", "/posts", post()).json()


def test_members_a_client_may_not_set_are_not_taken(c):
    made = c.call("POST", "/posts", post(id=NOWHERE, created_at="2000-01-01T00:00:00Z")).json()
    assert made["id"] != NOWHERE and not made["created_at"].startswith("2000")


def test_ids_rise_with_time(c):
    ids = [create(c) for _ in range(20)]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("id", [NOWHERE, "7zzzzzzzzzzzz", "1", "x", "8000000000000", "0" * 12,
                                "0" * 14, "00000000000I0", "%20", "null", "1%2f2"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_unknown_or_malformed_id_is_404(c, method, id):
    body = post() if method in ("PUT", "PATCH") else None
    reply = c.call(method, f"/posts/{id}", body)
    assert reply.status == 404
    assert reply.problem()["detail"]


# ---- list ---------------------------------------------------------------------------------------

def pages(c, query=""):
    cursor, seen = None, []
    for _ in range(1000):
        target = f"/posts?{query}" + (f"&cursor={cursor}" if cursor else "")
        reply = c.call("GET", target)
        assert reply.status == 200, reply
        page = reply.json()
        assert set(page) == {"items", "next"}
        seen.append(page["items"])
        cursor = page["next"]
        if cursor is None:
            return seen
    raise AssertionError("the list does not end")


def test_pages_hold_every_post_once_newest_first(c):
    author = f"lister {uuid.uuid4()}"
    mine = [create(c, title=f"nr {i}") for i in range(23)]
    mine += [create(c, author=author) for _ in range(2)]
    seen = pages(c, "limit=7")
    ids = [p["id"] for page in seen for p in page]
    assert ids == sorted(set(ids), reverse=True)
    assert [i for i in ids if i in set(mine)] == mine[::-1]
    assert all(len(page) == 7 for page in seen[:-1])


def test_items_of_a_list_are_whole_posts(c):
    made = c.call("POST", "/posts", post(author="whole")).json()
    assert c.call("GET", "/posts?limit=1").json()["items"] == [made]


def test_author_filter_gives_only_theirs(c):
    author = f"ann {uuid.uuid4()}"
    mine = []
    for i in range(9):
        mine.append(create(c, author=author))
        create(c, author=f"not {author}")
        create(c)
    query = f"author={author.replace(' ', '%20')}"
    assert [p["id"] for page in pages(c, query + "&limit=2") for p in page] == mine[::-1]
    assert [p["id"] for page in pages(c, query.replace("%20", "+")) for p in page] == mine[::-1]


def test_author_nobody_has_gives_an_empty_page(c):
    assert c.call("GET", "/posts?author=nobody-at-all").json() == {"items": [], "next": None}


def test_limit_is_clamped_and_has_a_default(c):
    author = f"many{uuid.uuid4().hex}"
    for i in range(103):
        c.send(request("POST", "/posts", post(author=author)))
    assert all(c.read().status == 201 for _ in range(103))
    for query, n in ("", 20), ("limit=100", 100), ("limit=100000", 100), ("limit=0", 1), ("limit=-5", 1):
        assert len(c.call("GET", f"/posts?author={author}&{query}").json()["items"]) == n, query


@pytest.mark.parametrize("query, parameter, code", [("limit=x", "limit", None), ("limit=1.5", "limit", None),
                                                    ("limit=", "limit", None),
                                                    ("limit=99999999999999999999", "limit", None),
                                                    ("author=" + "a" * 101, "author", "too_long")])
def test_query_parameter_that_breaks_its_rule_is_named(c, query, parameter, code):
    reply = c.call("GET", f"/posts?{query}")
    assert reply.status == 422
    [(name, got)] = pointers(reply)
    assert name == parameter and (code is None or code == got)


def test_cursor_that_is_not_ours_is_400(c):
    for cursor in "x", "", NOWHERE, NOWHERE + "00000000", "%00", "0" * 500:
        reply = c.call("GET", f"/posts?cursor={cursor}")
        assert reply.status == 400, (cursor, reply)
        reply.problem()


def test_cursor_is_bound_to_its_filter(c):
    author = f"bound{uuid.uuid4().hex}"
    for _ in range(3):
        create(c, author=author)
    mine = c.call("GET", f"/posts?limit=1&author={author}").json()["next"]
    all_of_them = c.call("GET", "/posts?limit=1").json()["next"]
    assert c.call("GET", f"/posts?author={author}&cursor={mine}").status == 200
    assert c.call("GET", f"/posts?cursor={mine}").status == 400
    assert c.call("GET", f"/posts?author=other&cursor={mine}").status == 400
    assert c.call("GET", f"/posts?author={author}&cursor={all_of_them}").status == 400


def test_pages_stay_sound_while_posts_come_and_go(c):
    author = f"moving{uuid.uuid4().hex}"
    ids = [create(c, author=author) for _ in range(6)]
    first = c.call("GET", f"/posts?limit=2&author={author}").json()
    create(c, author=author)  # newer: not let in
    assert c.call("DELETE", f"/posts/{ids[3]}").status == 204  # next in line: gone
    assert c.call("DELETE", f"/posts/{ids[4]}").status == 204  # the cursor's own post: gone
    rest = c.call("GET", f"/posts?author={author}&cursor={first['next']}").json()
    assert [p["id"] for p in rest["items"]] == [ids[2], ids[1], ids[0]]


# ---- change -------------------------------------------------------------------------------------

def test_put_replaces_all_members(c):
    made = c.call("POST", "/posts", post(author="Ada"))
    url = made.headers["location"]
    reply = c.call("PUT", url, post("New", "newer"))
    assert reply.status == 200
    assert reply.headers["etag"] != made.headers["etag"]
    now = reply.json()
    assert (now["title"], now["body"], "author" in now) == ("New", "newer", False)
    assert now["id"] == made.json()["id"] and now["created_at"] == made.json()["created_at"]
    # as instants: a text without its last zeros does not sort
    assert datetime.fromisoformat(now["updated_at"]) >= datetime.fromisoformat(now["created_at"])
    read = c.call("GET", url)
    assert read.json() == now and read.headers["etag"] == reply.headers["etag"]


def test_put_of_an_incomplete_post_is_422(c):
    id = create(c)
    reply = c.call("PUT", f"/posts/{id}", {"title": "only"})
    assert reply.status == 422
    assert pointers(reply) == [("/body", "required")]


PATCH = {"Content-Type": "application/merge-patch+json"}


def test_patch_changes_what_it_names(c):
    made = c.call("POST", "/posts", post(author="Ada"))
    url = made.headers["location"]
    reply = c.call("PATCH", url, {"title": "Other"}, PATCH)
    assert reply.status == 200
    assert reply.headers["etag"] != made.headers["etag"]
    now = reply.json()
    assert (now["title"], now["body"], now["author"]) == ("Other", "A body", "Ada")
    assert c.call("GET", url).json() == now


def test_patch_with_null_removes_what_is_optional_only(c):
    url = f"/posts/{create(c, author='Ada')}"
    reply = c.call("PATCH", url, {"author": None}, PATCH)
    assert reply.status == 200 and "author" not in reply.json()
    assert "author" not in c.call("GET", url).json()
    refused = c.call("PATCH", url, {"title": None}, PATCH)
    assert refused.status == 422
    assert [p for p, _ in pointers(refused)] == ["/title"]
    assert c.call("GET", url).json()["title"] == "A title"


def test_patch_obeys_the_rules_of_a_post(c):
    url = f"/posts/{create(c)}"
    reply = c.call("PATCH", url, {"title": "", "author": "a" * 101}, PATCH)
    assert reply.status == 422
    assert pointers(reply) == [("/author", "too_long"), ("/title", "too_short")]
    assert c.call("PATCH", url, b"[]", PATCH).status in (400, 422)
    assert c.call("PATCH", url, b"{", PATCH).status == 400
    assert c.call("GET", url).json()["title"] == "A title"


def test_patch_of_an_unknown_type_says_which_is_taken(c):
    url = f"/posts/{create(c)}"
    reply = c.call("PATCH", url, b"x", {"Content-Type": "application/xml"})
    assert reply.status == 415
    reply.problem()
    assert "application/merge-patch+json" in reply.headers["accept-patch"]
    # another kind of patch that is JSON, too (RFC 6902), must not be taken for a merge patch
    reply = c.call("PATCH", url, {"title": "x"}, {"Content-Type": "application/json-patch+json"})
    assert reply.status == 415
    for type in "application/merge-patch+json", "application/json; charset=utf-8":
        assert c.call("PATCH", url, {"title": "x"}, {"Content-Type": type}).status == 200


def test_deleted_post_is_gone(c):
    id = create(c)
    reply = c.call("DELETE", f"/posts/{id}")
    assert reply.status == 204 and reply.body == b""
    assert c.call("GET", f"/posts/{id}").status == 404
    assert c.call("DELETE", f"/posts/{id}").status == 404
    assert c.call("PUT", f"/posts/{id}", post()).status == 404
    assert id not in [p["id"] for p in c.call("GET", "/posts?limit=100").json()["items"]]


# ---- conditions ---------------------------------------------------------------------------------

@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_if_match_guards_a_change(c, method):
    made = c.call("POST", "/posts", post())
    url, etag = made.headers["location"], made.headers["etag"]
    body = None if method == "DELETE" else post("Changed")
    for wrong in '"nope"', f"W/{etag}", etag.strip('"'):
        reply = c.call(method, url, body, {"If-Match": wrong})
        assert reply.status == 412, (wrong, reply)
        reply.problem()
    assert c.call("GET", url).json()["title"] == "A title"
    assert c.call(method, url, body, {"If-Match": f'"nope", {etag}'}).status in (200, 204)


def test_if_match_star_needs_a_post(c):
    url = f"/posts/{create(c)}"
    assert c.call("PUT", url, post(), {"If-Match": "*"}).status == 200
    assert c.call("PUT", f"/posts/{NOWHERE}", post(), {"If-Match": "*"}).status == 404
    gone = c.call("DELETE", url, None, {"If-Match": "*"})
    assert gone.status == 204 and "etag" not in gone.headers
    assert c.call("DELETE", url, None, {"If-Match": "*"}).status == 404


def test_old_etag_is_refused_after_a_change(c):
    made = c.call("POST", "/posts", post())
    url, etag = made.headers["location"], {"If-Match": made.headers["etag"]}
    assert c.call("PUT", url, post("First"), etag).status == 200
    assert c.call("PUT", url, post("Second"), etag).status == 412
    assert c.call("GET", url).json()["title"] == "First"


def test_if_none_match_saves_a_body(c):
    made = c.call("POST", "/posts", post())
    url, etag = made.headers["location"], made.headers["etag"]
    for same in etag, f"W/{etag}", f'"x", {etag}', "*":
        reply = c.call("GET", url, None, {"If-None-Match": same})
        assert reply.status == 304 and reply.headers["etag"] == etag, (same, reply)
    assert c.call("GET", url, None, {"If-None-Match": '"other"'}).status == 200
    head = c.call("HEAD", url, None, {"If-None-Match": etag})
    assert head.status == 304
    assert c.call("PUT", url, post(), {"If-None-Match": "*"}).status == 412


def test_of_many_writers_with_one_etag_one_wins(posts):
    made = posts.call("POST", "/posts", post())
    url, etag = made.headers["location"], made.headers["etag"]
    results, start = [], threading.Barrier(8)

    def write(i):
        with posts.connect() as c:
            start.wait()
            results.append(c.call("PUT", url, post(f"writer {i}"), {"If-Match": etag}).status)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(results) == [200] + [412] * 7


def test_unconditional_patches_of_many_are_all_made(posts):
    url = posts.call("POST", "/posts", post()).headers["location"]
    statuses = []

    def patch(i):
        with posts.connect() as c:
            for k in range(5):
                member = {"title": f"{i}.{k}"} if i % 2 else {"body": f"{i}.{k}"}
                statuses.append(c.call("PATCH", url, member, PATCH).status)

    threads = [threading.Thread(target=patch, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert statuses == [200] * 20
    now = posts.call("GET", url).json()
    assert now["title"] in ("1.4", "3.4") and now["body"] in ("0.4", "2.4")


def test_change_without_if_match_is_428_when_configured(serve):
    with serve("--store", "memory:", "--require-if-match").connect() as c:
        made = c.call("POST", "/posts", post())
        url = made.headers["location"]
        for method, body in ("PUT", post()), ("PATCH", {}), ("DELETE", None):
            reply = c.call(method, url, body)
            assert reply.status == 428
            assert "If-Match" in reply.problem()["detail"]
        assert c.call("DELETE", url, None, {"If-Match": made.headers["etag"]}).status == 204


# ---- idempotency --------------------------------------------------------------------------------

def key(value=None):
    return {"Idempotency-Key": value or str(uuid.uuid4())}


def test_replay_gives_the_first_reply_again(c):
    once = key()
    first = c.call("POST", "/posts", post("Once"), once)
    assert first.status == 201 and "idempotent-replayed" not in first.headers
    for _ in range(2):
        again = c.call("POST", "/posts", post("Once"), once)
        assert again.status == 201
        assert again.headers["idempotent-replayed"] == "true"
        assert again.body == first.body
        assert again.headers["location"] == first.headers["location"]
        assert again.headers["etag"] == first.headers["etag"]


def test_replay_is_of_the_first_reply_even_after_a_change(c):
    once = key()
    first = c.call("POST", "/posts", post("Once"), once)
    assert c.call("PUT", first.headers["location"], post("Changed")).status == 200
    assert c.call("POST", "/posts", post("Once"), once).body == first.body
    assert c.call("DELETE", first.headers["location"]).status == 204
    again = c.call("POST", "/posts", post("Once"), once)
    assert (again.status, again.body) == (201, first.body)
    assert c.call("GET", first.headers["location"]).status == 404


def test_key_with_another_body_is_422(c):
    once = key()
    assert c.call("POST", "/posts", post("Once"), once).status == 201
    reply = c.call("POST", "/posts", post("Twice"), once)
    assert reply.status == 422
    assert reply.problem()["type"].endswith("/idempotency-key-reused")


def test_bare_and_quoted_form_are_one_key(c):
    name = str(uuid.uuid4())
    first = c.call("POST", "/posts", post(), key(name))
    again = c.call("POST", "/posts", post(), key(f'"{name}"'))
    assert again.json()["id"] == first.json()["id"]


@pytest.mark.parametrize("bad", ['""', '"', '"open', 'k"k', "k\\k", "x" * 256, '"' + "x" * 256 + '"', "\xe9"])
def test_malformed_key_is_400(c, bad):
    reply = c.call("POST", "/posts", post(), {"Idempotency-Key": bad})
    assert reply.status == 400
    assert "Idempotency-Key" in reply.problem()["detail"]


def test_two_keys_are_400(c):
    reply = c.call("POST", "/posts", post(), [("Idempotency-Key", "a"), ("Idempotency-Key", "b")])
    assert reply.status == 400


def test_refused_post_does_not_use_up_its_key(c):
    once = key()
    assert c.call("POST", "/posts", {"title": "no body"}, once).status == 422
    assert c.call("POST", "/posts", post(), once).status == 201


def test_same_key_at_the_same_time_gives_one_post(posts):
    once, replies, start = key(), [], threading.Barrier(8)
    title = f"one {uuid.uuid4()}"

    def write():
        with posts.connect() as c:
            start.wait()
            replies.append(c.call("POST", "/posts", post(title), once))

    threads = [threading.Thread(target=write) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(replies) == 8 and {r.status for r in replies} <= {201, 409}
    assert len({r.json()["id"] for r in replies if r.status == 201}) == 1
    listed = posts.call("GET", "/posts?limit=100").json()["items"]
    assert len([p for p in listed if p["title"] == title]) == 1


# ---- faults -------------------------------------------------------------------------------------

def test_all_faults_come_at_once_with_their_places(c):
    reply = c.call("POST", "/posts", {"title": "", "body": 5, "author": "a" * 101})
    assert reply.status == 422
    assert pointers(reply) == [("/author", "too_long"), ("/body", "type"), ("/title", "too_short")]
    assert all(e["detail"] for e in reply.json()["errors"])


def test_missing_members_are_each_named(c):
    reply = c.call("POST", "/posts", {})
    assert reply.status == 422
    assert pointers(reply) == [("/body", "required"), ("/title", "required")]


def test_lengths_count_characters_not_bytes(c):
    assert c.call("POST", "/posts", post("é" * 200)).status == 201
    assert c.call("POST", "/posts", post("\U0001f600" * 200)).status == 201
    assert pointers(c.call("POST", "/posts", post("é" * 201))) == [("/title", "too_long")]
    assert c.call("POST", "/posts", post(body="b" * 65536)).status == 201
    assert pointers(c.call("POST", "/posts", post(body="b" * 65537))) == [("/body", "too_long")]


@pytest.mark.parametrize("body", ["null", "5", '"text"', "[]", "true"])
def test_body_that_is_no_object_is_422(c, body):
    reply = c.call("POST", "/posts", body.encode())
    assert reply.status == 422
    assert [p for p, _ in pointers(reply)] == [""]


@pytest.mark.parametrize("body, offset, line, column", [
    (b'{"title":}', 9, 1, 10),
    (b'{"title":"a",\n "body":nope}', 22, 2, 9),
    (b'{"title":"a","body":"b"} x', 25, 1, 26),
    (b'{"title":"\xff","body":"b"}', 10, 1, 11),
    (b'{"title":"a","title":"b","body":"c"}', 13, 1, 14),
])
def test_malformed_json_is_400_with_its_place(c, body, offset, line, column):
    reply = c.call("POST", "/posts", body)
    assert reply.status == 400
    problem = reply.problem()
    assert (problem["offset"], problem["line"], problem["column"]) == (offset, line, column), problem


@pytest.mark.parametrize("body", [
    b"", b" ", b"{", b'{"title":"a"', b"{'title':1}", b'{"title":"a",}', b'\xef\xbb\xbf{"title":"a","body":"b"}',
    b'{"title":"\\ud800","body":"b"}', b'{"title":"a\nb","body":"b"}', b'{"title":"a","body":"b","n":NaN}',
    b'{"title":"a","body":"b","n":01}', b'{"title":"a","body":"b","n":+1}', b'{"title":"a","body":"b","n":.5}',
    b'{"title":"\\x","body":"b"}', b'{"title":"a","body":"b"}{}', b'{"title":"a" "body":"b"}',
    b'{"title":"a","body":"b","x":[1,]}', b'{"title":"a","body":"b","x":{"y":1,"y":2}}', b"\x00",
    b'{"title":"a","body":"b"/**/}', b'{"title":"a","body":"\xc0\xaf"}',
])
def test_what_is_no_json_is_400_even_beside_rule_faults(c, body):
    reply = c.call("POST", "/posts", body)
    assert reply.status == 400, reply
    assert reply.problem()["detail"]
    broken = c.call("POST", "/posts", b'{"title":5,' + body[1:] if body.startswith(b"{") else body)
    assert broken.status == 400


# ---- media types, methods, health ---------------------------------------------------------------

@pytest.mark.parametrize("type", [None, "application/json", "application/json; charset=utf-8",
                                  "APPLICATION/JSON", "text/html", "text/plain", "application/problem+json"])
def test_any_content_type_is_read_as_json_by_default(c, type):
    assert c.call("POST", "/posts", post(), {"Content-Type": type} if type else None).status == 201


def test_strict_content_type_is_415_with_what_is_taken(serve):
    server = serve("--store", "memory:", "--strict-content-type")
    with server.connect() as c:
        for type in "text/html", "application/jsonx", "application/x-www-form-urlencoded", None:
            reply = c.call("POST", "/posts", post(), {"Content-Type": type} if type else None)
            assert reply.status == 415, type
            assert "application/json" in reply.headers["accept"]
            reply.problem()
        for type in "application/json", "application/json; charset=utf-8", "application/x+json":
            assert c.call("POST", "/posts", post(), {"Content-Type": type}).status == 201


def test_head_has_the_fields_of_get_and_no_body(c):
    url = f"/posts/{create(c)}"
    for target in url, "/posts?limit=2", "/livez", "/posts/none":
        get, head = c.call("GET", target), c.call("HEAD", target)
        assert head.status == get.status
        differ = {"date", "x-request-id"}
        assert {k: v for k, v in head.headers.items() if k not in differ} == \
               {k: v for k, v in get.headers.items() if k not in differ}
    assert c.works()


def allow(reply):
    return {m.strip() for m in reply.headers["allow"].split(",")}


def test_options_and_405_say_what_is_allowed(c):
    of_one = {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}
    for target, methods, wrong in (("/posts", {"GET", "HEAD", "POST", "OPTIONS"}, "DELETE"),
                                   (f"/posts/{NOWHERE}", of_one, "POST"),
                                   ("/livez", {"GET", "HEAD", "OPTIONS"}, "POST")):
        options = c.call("OPTIONS", target)
        assert options.status == 204 and allow(options) == methods
        refused = c.call(wrong, target)
        assert refused.status == 405 and allow(refused) == methods
        refused.problem()
    assert c.call("OPTIONS", "*").status == 204


@pytest.mark.parametrize("target", ["/", "/post", "/posts/", "/posts/a/b", "/Posts", "/livez/", "/nowhere"])
def test_other_paths_are_404(c, target):
    assert c.call("GET", target).problem()["status"] == 404


def test_unknown_method_is_501(c):
    for method in "BREW", "get", "TRACE2":
        assert c.call(method, "/posts").problem()["status"] == 501


def test_health(c):
    assert (c.call("GET", "/livez").status, c.call("GET", "/readyz").status) == (200, 200)


def test_request_id_is_taken_when_well_formed_else_made(c):
    assert c.call("GET", "/livez", None, {"X-Request-Id": "a-b_c.9"}).headers["x-request-id"] == "a-b_c.9"
    made = set()
    for bad in None, "", "a b", "x" * 129, "é", "a/b", '"q"':
        reply = c.call("GET", "/posts/none", None, {"X-Request-Id": bad} if bad is not None else None)
        id = reply.headers["x-request-id"]
        assert id != bad and re.fullmatch(r"[\w.-]{8,128}", id)
        assert reply.problem()["instance"].endswith(id)
        made.add(id)
    assert len(made) == 7


# ---- many workers -------------------------------------------------------------------------------

def test_what_one_connection_stored_any_other_reads(posts):
    """Connections are spread over the workers by the kernel: 16 of them meet both."""
    clients = [posts.connect() for _ in range(16)]
    try:
        for i, writer in enumerate(clients):
            made = writer.call("POST", "/posts", post(f"by {i}"))
            for reader in clients:
                assert reader.call("GET", made.headers["location"]).body == made.body
                newest = reader.call("GET", "/posts?limit=1").json()["items"]
                assert newest == [made.json()]
    finally:
        for client in clients:
            client.close()
