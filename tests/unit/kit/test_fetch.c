/* test_fetch.c: the client against a server that does as it is told, in a thread of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gimlet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gimlet/rest/work.h"

/* ---- the other service ------------------------------------------------------------------------- */

static int listener, unix_listener, port;
static char unix_path[64];
static atomic_int accepted, asked, open_now;

static void say(int fd, const char *text)
{
    (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* One request's head and body into `in`, NUL-terminated. False at the end. */
static bool read_request(int fd, char *in, size_t room)
{
    size_t n = 0, body = 0;

    for (;;) {
        char *end, *length;
        ssize_t got = recv(fd, in + n, room - 1 - n, 0);

        if (got <= 0)
            return false;
        n += (size_t)got;
        in[n] = '\0';
        end = strstr(in, "\r\n\r\n");
        length = strstr(in, "Content-Length: ");
        if (!end)
            continue;
        body = length && length < end ? strtoul(length + 16, NULL, 10) : 0;
        if (n >= (size_t)(end + 4 - in) + body)
            return true;
    }
}

static void echo(int fd, const char *request)
{
    char head[128];

    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(request));
    say(fd, head);
    say(fd, request);
}

/* False: the connection ends. */
static bool answer(int fd, const char *request, int nth)
{
    static const struct {
        const char *path, *answer;
        bool keep;
    } rows[] = {
        {"/ok", "HTTP/1.1 200 OK\r\nX-Say: yes\r\nContent-Length: 5\r\n\r\nhello", true},
        {"/empty", "HTTP/1.1 204 No Content\r\n\r\n", true},
        {"/missing", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", true},
        {"/moved", "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n", true},
        {"/hints", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nh",
         true},
        {"/chunks",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
         true},
        {"/close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", false},
        {"/until", "HTTP/1.1 200 OK\r\n\r\nhello", false},
        {"/cut", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhel", false},
        {"/drop", "", false},
        {"/bad", "what?\r\n\r\n", false},
        {"/long", "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n", true},
        {"/longer",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nhello\r\n", true},
        {"/more", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nmHTTP/1.1 200 OK\r\n\r\n", true},
    };
    const char *path = strchr(request, ' ') + 1;
    size_t n = strcspn(path, " ?");

    if (n == 5 && strncmp(path, "/jump", n) == 0) { /* to what the query says, with its status */
        char head[512];

        snprintf(head, sizeof head,
                 "HTTP/1.1 %.3s Jump\r\nContent-Length: 0\r\nLocation: %.*s\r\n\r\n", path + 6,
                 (int)strcspn(path + 10, " "), path + 10);
        say(fd, head);
        return true;
    }
    if (n == 6 && strncmp(path, "/never", n) == 0)
        return true;
    if (n == 5 &&
        strncmp(path, "/once", n) == 0) { /* a kept connection is dropped at its second request */
        if (nth == 1)
            echo(fd, request);
        return nth == 1;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strlen(rows[i].path) == n && memcmp(rows[i].path, path, n) == 0) {
            say(fd, rows[i].answer);
            return rows[i].keep;
        }
    }
    echo(fd, request);
    return true;
}

static void *serve_one(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char in[8192];

    for (int nth = 1; read_request(fd, in, sizeof in); nth++) {
        asked++;
        if (!answer(fd, in, nth))
            break;
    }
    close(fd);
    open_now--;
    return NULL;
}

static void *serve(void *arg)
{
    int from = (int)(intptr_t)arg, fd;
    pthread_attr_t detached;

    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    while ((fd = accept(from, NULL, NULL)) >= 0) {
        pthread_t t;

        accepted++;
        open_now++;
        pthread_create(&t, &detached, serve_one, (void *)(intptr_t)fd);
    }
    pthread_attr_destroy(&detached);
    return NULL;
}

static pthread_t servers[2];

static int open_server(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    socklen_t len = sizeof at;

    (void)state;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    unix_listener = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(unix_path, sizeof unix_path, "/tmp/gimlet-fetch-%d", getpid());
    memcpy(un.sun_path, unix_path, sizeof unix_path);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 256) ||
        getsockname(listener, (struct sockaddr *)&at, &len) ||
        bind(unix_listener, (struct sockaddr *)&un, sizeof un) || listen(unix_listener, 16))
        return -1;
    port = ntohs(at.sin_port);
    pthread_create(&servers[0], NULL, serve, (void *)(intptr_t)listener);
    pthread_create(&servers[1], NULL, serve, (void *)(intptr_t)unix_listener);
    return 0;
}

static int close_server(void **state)
{
    (void)state;
    shutdown(listener, SHUT_RDWR);
    shutdown(unix_listener, SHUT_RDWR);
    pthread_join(servers[0], NULL);
    pthread_join(servers[1], NULL);
    close(listener);
    close(unix_listener);
    unlink(unix_path);
    for (int i = 0; i < 1000 && open_now; i++)
        usleep(1000);
    return 0;
}

/* ---- the application --------------------------------------------------------------------------- */

static struct gim_app *app;
static struct gim_fetch ask; /* what the handler asks */
static char url[256];
static int ran;

static int answered(struct gim_ctx *c)
{
    const struct gim_fetched *f = gim_fetched(c);

    ran++;
    gim_set_header(c, GIM_S("X-Kept"), f->kept ? GIM_S("yes") : GIM_S("no"));
    gim_set_header(c, GIM_S("X-Say"), gim_fetched_header(f, GIM_S("x-say")));
    if (f->error)
        return gim_text(c, 502, gim_str_of(f->error));
    return gim_text(c, f->status == 204 ? 200 : f->status, f->body);
}

static int fetches(struct gim_ctx *c)
{
    return gim_fetch(c, &ask, answered);
}

static int again(struct gim_ctx *c)
{
    ran++;
    return gim_fetched(c)->status == 200 ? gim_fetch(c, &ask, answered) : gim_empty(c, 500);
}

static int fetches_twice(struct gim_ctx *c)
{
    return gim_fetch(c, &ask, again);
}

static int peeks(struct gim_ctx *c)
{
    return gim_text(c, 200, gim_fetched(c) ? GIM_S("some") : GIM_S("none"));
}

static const struct gim_route routes[] = {
    GIM_GET("/fetch", fetches, .suspends = true),
    GIM_GET("/twice", fetches_twice, .suspends = true),
    GIM_GET("/short", fetches, .suspends = true, .handler_timeout = 100),
    GIM_GET("/wrong", fetches),
    GIM_GET("/peek", peeks),
    {0},
};
static const struct gim_app_spec spec = {.routes = routes};

static int open_app(void **state)
{
    char err[512];

    (void)state;
    ran = 0;
    ask = (struct gim_fetch){.url = url, .timeout = 20000, .connect_timeout = 20000};
    app = gim_app_new(&spec, err, sizeof err);
    gim_test_run(app, 0);
    return app ? 0 : -1;
}

static int close_app(void **state)
{
    (void)state;
    gim_app_free(app);
    return 0;
}

static struct gim_test_reply get(const char *route, const char *path)
{
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, path);
    return gim_test_call(app, "GET", route, NULL, NULL);
}

static void expect(const char *path, int status, const char *holds)
{
    struct gim_test_reply r = get("/fetch", path);

    if (r.status != status || !memmem(r.body.ptr, r.body.len, holds, strlen(holds)))
        fail_msg("%s: %d %.*s, want %d %s", path, r.status, GIM_FMT(r.body), status, holds);
    gim_test_free(&r);
}

static void answers_and_failures_reach_the_handler(void **state)
{
    static const struct {
        const char *path;
        int status;
        const char *holds;
    } rows[] = {
        {"/ok", 200, "hello"},
        {"/empty", 200, ""},
        {"/missing", 404, ""},
        {"/moved", 302, ""},
        {"/hints", 200, "h"},
        {"/chunks", 200, "hello"},
        {"/close", 200, "hello"},
        {"/until", 200, "hello"},
        {"/more", 200, "m"},
        {"/cut", 502, "before the end of the body"},
        {"/drop", 502, "without an answer"},
        {"/bad", 502, "does not begin with HTTP/1."},
        {"/long", 502, "has 2000000 bytes, at most 1048576 are taken"},
        {"", 200, "GET / HTTP/1.1\r\nHost: 127.0.0.1:"},
        {"?q=1", 200, "GET /?q=1 HTTP/1.1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(rows[i].path, rows[i].status, rows[i].holds);
    ask.max_body = 7;
    expect("/longer", 502, "is longer than the 7 bytes");
    expect("/ok", 200, "hello");
}

static void a_connection_is_kept_and_used_again(void **state)
{
    struct gim_test_reply r;
    int before = accepted;

    (void)state;
    for (int i = 0; i < 5; i++) {
        r = get("/fetch", "/ok");
        assert_true(gim_str_eq(gim_test_header(&r, "X-Kept"), i ? GIM_S("yes") : GIM_S("no")));
        assert_true(gim_str_eq(gim_test_header(&r, "X-Say"), GIM_S("yes")));
        gim_test_free(&r);
    }
    assert_int_equal(accepted - before, 1);
    r = get("/twice", "/ok");
    assert_int_equal(r.status, 200);
    gim_test_free(&r);
    assert_int_equal(accepted - before, 1);
    assert_int_equal(ran, 7);
}

static void a_request_is_repeated_only_where_that_does_no_harm(void **state)
{
    static const struct {
        const char *method;
        bool idempotent;
        int status;
    } rows[] = {
        {"GET", false, 200},     {"PUT", false, 200},  {"DELETE", false, 200},
        {"OPTIONS", false, 200}, {"POST", false, 502}, {"PATCH", false, 502},
        {"POST", true, 200},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int before;

        ask.method = "GET";
        ask.idempotent = false;
        expect("/once", 200, "GET /once"); /* on a fresh connection, or again on one */
        before = asked;
        ask.method = rows[i].method;
        ask.idempotent = rows[i].idempotent;
        expect("/once", rows[i].status,
               rows[i].status == 200 ? rows[i].method : "without an answer");
        assert_int_equal(asked - before, rows[i].status == 200 ? 2 : 1);
        ask.method = "GET";
        ask.idempotent = false;
        expect("/close", 200, "hello"); /* leaves none behind */
    }
}

static void what_is_asked_is_sent(void **state)
{
    (void)state;
    ask = (struct gim_fetch){
        .url = url,
        .method = "POST",
        .body = GIM_S("{\"a\":1}"),
        GIM_HEADERS({GIM_S("X-Trace"), GIM_S("7")}, {GIM_S("Host"), GIM_S("other")})};
    expect("/echo", 200, "POST /echo HTTP/1.1\r\nUser-Agent: gimlet/");
    expect("/echo", 200, "Content-Type: application/json\r\nContent-Length: 7\r\n");
    expect("/echo", 200, "X-Trace: 7\r\nHost: other\r\n\r\n{\"a\":1}");
    ask.media_type = GIM_S("text/csv");
    expect("/echo", 200, "Content-Type: text/csv\r\n");
    ask = (struct gim_fetch){.url = url, .method = "POST"};
    expect("/echo", 200, "Content-Length: 0\r\n");
    ask.unix_socket = unix_path;
    ask.method = "GET";
    expect("/echo", 200, "Host: 127.0.0.1:");
}

static const gim_pair forged[] = {
    {{"X", 1}, {"a\r\nY: b", 7}}, {{"X ", 2}, {"a", 1}}, {{"content-length", 14}, {"9", 1}}};

static void what_cannot_be_asked_is_refused_with_the_reason(void **state)
{
    static const struct {
        struct gim_fetch ask;
        const char *says;
    } rows[] = {
        {{.url = NULL}, ".url is not set"},
        {{.url = "ftp://a"}, "http or https"},
        {{.url = "https://a"}, "https needs .https"},
        {{.url = "http://a/ b"}, "%20"},
        {{.url = "http://a", .method = "GE T"}, ".method"},
        {{.url = "http://a", .method = "CONNECT"}, ".method"},
        {{.url = "http://a", .method = ""}, ".method"},
        {{.url = "http://a", .media_type = {"a\r\nb", 4}}, ".media_type"},
        {{.url = "http://a", .headers = forged, .n_headers = 1}, "control character"},
        {{.url = "http://a", .headers = forged + 1, .n_headers = 1}, "no token"},
        {{.url = "http://a", .headers = forged + 2, .n_headers = 1}, "not for .headers"},
        {{.url = "http://a", .unix_socket = "/nowhere/at/all"}, "cannot connect to unix:/nowhere"},
        {{.url = "http://127.0.0.1:1"}, "cannot connect to 127.0.0.1, port 1: Connection refused"},
        {{.url = "http://no-such-host.invalid"}, "lookup no-such-host.invalid"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_test_reply r;

        ask = rows[i].ask;
        r = gim_test_call(app, "GET", "/fetch", NULL, NULL);
        if (r.status != 502 || !memmem(r.body.ptr, r.body.len, rows[i].says, strlen(rows[i].says)))
            fail_msg("row %zu: %d %.*s", i, r.status, GIM_FMT(r.body));
        gim_test_free(&r);
    }
}

static void redirects_are_followed_when_asked_for(void **state)
{
    static const struct {
        const char *method, *path;
        int status;
        const char *holds, *lacks; /* of what the last one got */
    } rows[] = {
        {"GET", "/jump?302:/a", 200, "GET /a HTTP/1.1\r\n", NULL},
        {"GET", "/x/jump?302:/a", 200, "GET /x/jump?302:/a", NULL}, /* no redirect */
        {"GET", "/jump?301:b?c=/d", 200, "GET /b?c=/d HTTP", NULL},
        {"GET", "/jump?302:/a", 200, "Authorization: secret", NULL},
        {"POST", "/jump?302:/a", 200, "GET /a HTTP/1.1\r\n", "{\"a\":1}"},
        {"POST", "/jump?303:/a", 200, "GET /a HTTP/1.1\r\n", "Content-Length"},
        {"PUT", "/jump?302:/a", 200, "PUT /a HTTP/1.1\r\n", NULL},
        {"POST", "/jump?307:/a", 200, "POST /a HTTP/1.1\r\n", NULL},
        {"POST", "/jump?308:/a", 200, "{\"a\":1}", NULL},
        {"GET", "/jump?307:http://localhost:PORT/a", 200, "Host: localhost:", "Authorization"},
        {"GET", "/jump?302:/jump?302:/jump?302:/a", 200, "GET /a ", NULL},
        {"GET", "/jump?302:/jump?302:/jump?302:/jump?302:/a", 502, "more than 3 redirects", NULL},
        {"GET", "/jump?302:ftp://a", 502, "leads to what is no URL", NULL},
        {"GET", "/jump?302:https://a", 502, "https needs .https", NULL},
        {"GET", "/jump?302:http://127.0.0.1:1/", 502, "cannot connect to 127.0.0.1, port 1", NULL},
        {"GET", "/jump?302:/missing", 404, "", NULL},
        {"GET", "/jump?304:/a", 304, "", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *at = strstr(rows[i].path, "PORT");
        char path[128];
        struct gim_test_reply r;

        snprintf(path, sizeof path, "%s", rows[i].path);
        if (at)
            snprintf(path, sizeof path, "%.*s%d%s", (int)(at - rows[i].path), rows[i].path, port,
                     at + 4);
        ask = (struct gim_fetch){.url = url,
                                 .method = rows[i].method,
                                 .redirects = 3,
                                 GIM_HEADERS({GIM_S("Authorization"), GIM_S("secret")})};
        if (strcmp(rows[i].method, "GET") != 0)
            ask.body = GIM_S("{\"a\":1}");
        r = get("/fetch", path);
        if (r.status != rows[i].status ||
            !memmem(r.body.ptr, r.body.len, rows[i].holds, strlen(rows[i].holds)) ||
            (rows[i].lacks && memmem(r.body.ptr, r.body.len, rows[i].lacks, strlen(rows[i].lacks))))
            fail_msg("%s %s: %d %.*s", rows[i].method, path, r.status, GIM_FMT(r.body));
        gim_test_free(&r);
    }
    ask = (struct gim_fetch){.url = url, .redirects = 3, .unix_socket = unix_path};
    expect("/jump?302:/a", 200, "GET /a ");
    expect("/jump?302:http://elsewhere/a", 502, "away from the unix socket");
}

static void names_are_looked_up(void **state)
{
    struct gim_test_reply r;

    (void)state;
    for (int i = 0; i < 3; i++) {
        snprintf(url, sizeof url, "http://localhost:%d/ok", port); /* ::1 may come first: refused */
        r = gim_test_call(app, "GET", "/fetch", NULL, NULL);
        assert_int_equal(r.status, 200);
        gim_test_free(&r);
    }
}

static void each_deadline_is_told(void **state)
{
    (void)state;
    ask.timeout = 100;
    expect("/never", 502, "did not answer whole within 100 ms");
    expect("/ok", 200, "hello");
}

static void a_request_that_ends_calls_its_own_off(void **state)
{
    struct gim_test_reply r = get("/short", "/never");

    (void)state;
    assert_int_equal(r.status, 503); /* handler_timeout */
    gim_test_free(&r);
    gim_test_run(app, 10);
    assert_int_equal(ran, 0);
    assert_int_equal(atomic_load(&app->shared.background), 0);
    assert_int_equal(app->running[0]->wire.in_flight, 0);
}

static void a_route_that_does_not_suspend_cannot_ask(void **state)
{
    struct gim_test_reply r = get("/wrong", "/ok");

    (void)state;
    assert_int_equal(r.status, 500);
    assert_int_equal(ran, 0);
    gim_test_free(&r);
    r = get("/peek", "/ok");
    assert_true(gim_str_eq(r.body, GIM_S("none")));
    gim_test_free(&r);
}

/* ---- without a request ------------------------------------------------------------------------- */

struct seen {
    int done, ok, failed;
    char error[128];
};

static void done(struct gim_app *a, unsigned worker, const struct gim_fetched *f, void *arg)
{
    struct seen *s = arg;

    assert_ptr_equal(a, app);
    assert_int_equal(worker, 0);
    s->done++;
    s->ok += f->status == 200;
    s->failed += f->status == 0;
    if (f->error)
        snprintf(s->error, sizeof s->error, "%s", f->error);
}

static void run_until(const int *done_, int n)
{
    for (int i = 0; i < 2000 && *done_ < n; i++)
        gim_test_run(app, 10);
    assert_int_equal(*done_, n);
}

static void many_share_a_bounded_number_of_connections(void **state)
{
    struct seen s = {0};
    int before = accepted;

    (void)state;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/ok", port);
    for (int i = 0; i < 300; i++)
        assert_int_equal(gim_fetch_start(app, 0, &ask, done, &s), 0);
    assert_int_equal(s.done, 0); /* never from inside the call */
    run_until(&s.done, 300);
    assert_int_equal(s.ok, 300);
    assert_true(accepted - before <= 64);
}

static void calls_are_bounded(void **state)
{
    struct seen s = {0};
    int n = 0;

    (void)state;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/never", port);
    while (n < 5000 && gim_fetch_start(app, 0, &ask, done, &s) == 0)
        n++;
    assert_int_equal(n, 4096);
    assert_int_equal(gim_fetch_start(app, 7, &ask, done, &s), -1);
    gim_test_run(app, 20);
    gim_app_stop(app);
    assert_int_equal(s.done, 4096); /* each is told, before the end */
    assert_int_equal(s.failed, 4096);
    assert_string_equal(s.error, "the server stops");
    assert_int_equal(gim_fetch_start(app, 0, &ask, done, &s), -1);
    assert_int_equal(atomic_load(&app->shared.background), 0);
}

static int began = 1;

static void begin_late(struct gim_app *a, unsigned worker, void *arg)
{
    began = gim_fetch_start(a, worker, &ask, done, arg);
}

/* The first of its worker: nothing has told the client of calls about the stop. */
static void no_call_begins_while_the_server_ends(void **state)
{
    struct seen s = {0};

    (void)state;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/never", port);
    assert_int_equal(gim_post(app, 0, begin_late, &s), 0);
    gim_app_stop(app);
    assert_int_equal(began, -1);
    assert_int_equal(atomic_load(&app->shared.background), 0);
}

static void hosts_that_nobody_asks_make_room(void **state)
{
    struct seen s = {0};

    (void)state;
    for (int i = 1; i <= 200; i++) {
        snprintf(url, sizeof url, "http://127.0.0.%d:%d/ok", i, port); /* only the first answers */
        assert_int_equal(gim_fetch_start(app, 0, &ask, done, &s), 0);
        run_until(&s.done, i);
    }
    assert_int_equal(s.ok, 1);
}

int main(void)
{
#define IN_APP(name) cmocka_unit_test_setup_teardown(name, open_app, close_app)
    const struct CMUnitTest tests[] = {
        IN_APP(answers_and_failures_reach_the_handler),
        IN_APP(a_connection_is_kept_and_used_again),
        IN_APP(a_request_is_repeated_only_where_that_does_no_harm),
        IN_APP(what_is_asked_is_sent),
        IN_APP(what_cannot_be_asked_is_refused_with_the_reason),
        IN_APP(redirects_are_followed_when_asked_for),
        IN_APP(names_are_looked_up),
        IN_APP(each_deadline_is_told),
        IN_APP(a_request_that_ends_calls_its_own_off),
        IN_APP(a_route_that_does_not_suspend_cannot_ask),
        IN_APP(many_share_a_bounded_number_of_connections),
        IN_APP(calls_are_bounded),
        IN_APP(no_call_begins_while_the_server_ends),
        IN_APP(hosts_that_nobody_asks_make_room),
    };

    return cmocka_run_group_tests(tests, open_server, close_server);
}
