"""examples/login.c from outside: sessions in signed cookies, a bearer token, CORS, limits, proxies."""
import json
import subprocess

import pytest
from conftest import BUILD, Server, request, run

PROGRAM = BUILD / "examples" / "login"
KEY_A, KEY_B = "a" * 32, "b" * 32
ADA = '{"user":"ada","password":"lovelace"}'

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason=f"{PROGRAM} is not built")


def serve(*args, keys=KEY_A):
    return Server(*args, program=PROGRAM, env={"LOGIN_COOKIE_KEYS": keys})


@pytest.fixture(scope="module")
def login():
    server = serve("--workers", 2)
    yield server
    server.stop()


def curl(*args):
    """(status, head, body) of the last answer."""
    done = subprocess.run(["curl", "-sS", "-i", "--max-time", "20", *map(str, args)], capture_output=True, text=True,
                          timeout=30)
    assert done.returncode == 0, done.stderr
    head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
    return int(head.split()[1]), head.lower(), body


def log_in(server, jar):
    status, head, _ = curl("-c", jar, "-d", ADA, f"{server.url}/login")
    assert status == 204
    assert "set-cookie: session=" in head and "httponly" in head and "samesite=lax" in head


def test_a_session_lasts_from_login_to_logout(login, tmp_path):
    jar = tmp_path / "jar"
    assert curl(f"{login.url}/me")[0] == 401
    log_in(login, jar)
    assert curl("-b", jar, f"{login.url}/me")[::2] == (200, "ada")
    status, head, _ = curl("-b", jar, "-c", jar, "-X", "POST", f"{login.url}/logout")
    assert status == 204 and "max-age=0" in head
    assert curl("-b", jar, f"{login.url}/me")[0] == 401


def test_a_forged_session_is_none(login, tmp_path):
    jar = tmp_path / "jar"
    log_in(login, jar)
    text = jar.read_text()
    value = next(line.split("\t")[-1] for line in text.splitlines() if "\tsession\t" in line)
    expiry, user, mac = value.split(".")
    for forged in (f"{int(expiry) + 1}.{user}.{mac}", f"{expiry}.{'Ym9i'}.{mac}", f"{expiry}.{user}.{mac[:-1]}",
                   f"{expiry}.{user}", "ada", "", value + "="):
        assert curl("-H", f"Cookie: session={forged}", f"{login.url}/me")[0] == 401, forged
    assert curl("-H", f"Cookie: session={value}", f"{login.url}/me")[0] == 200


def test_keys_are_changed_without_ending_sessions(tmp_path):
    jar = tmp_path / "jar"
    for keys, then in ((KEY_A, 200), (f"{KEY_B},{KEY_A}", 200), (KEY_B, 401)):
        server = serve("--workers", 1, keys=keys)
        try:
            if keys == KEY_A:
                log_in(server, jar)
            assert curl("-b", jar, f"{server.url}/me")[0] == then
        finally:
            server.stop()


def test_the_admin_has_a_token(login):
    url = f"{login.url}/admin/logins"
    status, head, body = curl(url)
    assert status == 401 and 'www-authenticate: bearer realm="admin"\n' in head + "\n"
    assert json.loads(body)["status"] == 401
    status, head, _ = curl("-H", "Authorization: Bearer wrong", url)
    assert status == 401 and 'error="invalid_token"' in head
    status, head, _ = curl("-H", "Authorization: Bearer a b", url)
    assert status == 400 and 'error="invalid_request"' in head
    assert curl("-u", "let-me-in-0123456789:", url)[0] == 401
    status, _, body = curl("-H", "Authorization: Bearer let-me-in-0123456789", url)
    assert status == 200 and "logins" in body


def test_a_page_of_a_listed_origin_may_call(login):
    asks = ("-X", "OPTIONS", "-H", "Access-Control-Request-Method: POST", f"{login.url}/login")
    status, head, _ = curl("-H", "Origin: https://app.example", *asks)
    assert status == 204
    assert "access-control-allow-origin: https://app.example" in head
    assert "access-control-allow-methods: options, post" in head
    assert "vary: origin" in head
    assert "access-control" not in curl("-H", "Origin: https://evil.example", *asks)[1]
    # errors can be read by the page, and have the security headers
    status, head, _ = curl("-H", "Origin: https://app.example", f"{login.url}/me")
    assert status == 401 and "access-control-allow-origin: https://app.example" in head
    assert "x-content-type-options: nosniff" in head and "x-frame-options: deny" in head


def test_a_limit_holds_over_workers_and_connections():
    server = serve("--workers", 2)
    try:
        wrong = '{"user":"eve","password":"x"}'
        answers = [curl("-d", wrong, f"{server.url}/login") for _ in range(8)]
        assert [status for status, _, _ in answers] == [403] * 5 + [429] * 3
        assert '"attempts";q=5;w=60' in answers[0][1]
        assert "retry-after: " in answers[7][1]
        assert curl("-d", ADA, f"{server.url}/login")[0] == 204  # another name, another bucket
    finally:
        server.stop()


@pytest.mark.parametrize("args, refused", [
    ((), True),
    (("--trusted-proxies", "10.0.0.0/8"), True),
    (("--trusted-proxies", "127.0.0.0/8, ::1"), False),
])
def test_no_proxy_is_believed_that_is_not_named(args, refused):
    """100 requests a second for each client: 300 at once are too many for one, and not for 150."""
    asked = [request("GET", "/livez", headers={"X-Forwarded-For": f"6.6.6.6, 192.0.2.{n % 150}"}) for n in range(300)]
    server = serve("--workers", 1, *args)
    try:
        with server.connect() as c:
            c.send(b"".join(asked))
            assert (429 in [c.read().status for _ in asked]) == refused
    finally:
        server.stop()


def test_the_document_says_who_is_asked_for_what(login):
    api = json.loads(curl(f"{login.url}/openapi.json")[2])
    schemes = api["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert (schemes["session"]["in"], schemes["session"]["name"]) == ("cookie", "session")
    assert api["paths"]["/me"]["get"]["security"] == [{"session": []}]
    admin = api["paths"]["/admin/logins"]["get"]
    assert admin["security"] == [{"bearer": []}] and {"400", "401", "403", "429"} <= set(admin["responses"])


@pytest.mark.parametrize("keys, args, says", [
    ("", (), "fewer than 32"),
    ("short", (), "fewer than 32"),
    (",".join([KEY_A] * 5), (), "more than 4"),
    (KEY_A, ("--trusted-proxies", "10.0.0.0/99"), "10.0.0.0/99"),
])
def test_a_setting_that_cannot_be_right_stops_the_start(keys, args, says):
    done = run("--port", "0", *args, program=PROGRAM, env={"LOGIN_COOKIE_KEYS": keys})
    assert done.returncode == 2
    assert says in done.stderr


def test_no_credentials_are_logged(tmp_path):
    server = serve("--workers", 1, "--access-log", "all")
    try:
        curl("-u", "ada:secret-one", f"{server.url}/admin/logins")
        curl("-H", "Authorization: Bearer secret-two", f"{server.url}/admin/logins")
        curl("-H", "Cookie: session=secret-three", f"{server.url}/me")
        curl("-d", '{"user":"ada","password":"secret-four"}', f"{server.url}/login")
    finally:
        server.process.terminate()
        server.process.wait(30)
        said = server.stderr() + server.stdout()
        server.finish(0)
    assert "/admin/logins" in said
    assert "secret" not in said
