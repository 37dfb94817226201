/* test_faulty_calls.c: the real loop, listener, connections and service over a kernel that misbehaves.
 *
 * Clients send what they know the answer to. What comes back must be that answer, byte for byte but for
 * the Date, or a beginning of it and then the connection's end: never a wrong one, a mixed one or one
 * twice. Under faults that end no connection every answer must be whole. Then, without faults, everything
 * is served as ever. FAULTY_SEED=n runs one seed, FAULTY_SEEDS=n so many (nightly). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "faulty.h"
#include "gimlet/base/buf.h"
#include "gimlet/base/clock.h"
#include "gimlet/net/listen.h"
#include "gimlet/rest/app.h"
#include "gimlet/wire/conn.h"
#include <fcntl.h>
#include <gimlet.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENTS 8
#define TURNS 20000

/* ---- the service ----------------------------------------------------------------------------- */

static int echo(struct gim_ctx *c)
{
    return gim_bytes(c, 200, GIM_S("text/plain"), gim_body_bytes(c));
}

static int large(struct gim_ctx *c)
{
    char *text = memset(gim_alloc(gim_arena(c), 300000), 'x', 300000);

    return gim_bytes(c, 200, GIM_S("text/plain"), (gim_str){text, 300000});
}

static enum gim_pull next_piece(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    int *left = arg;

    (void)c;
    for (int i = 0; i < 500; i++)
        gim_out_bytes(out, GIM_S("a line of a body\n"));
    return --*left ? GIM_PULL_MORE : GIM_PULL_END;
}

static int stream(struct gim_ctx *c)
{
    int *left = GIM_NEW(gim_arena(c), int);

    *left = 30;
    return gim_stream(c, 200, GIM_S("text/plain"), GIM_LENGTH_UNKNOWN, next_piece, left);
}

static char root[] = "/tmp/gimlet-faulty-XXXXXX";
static const struct gim_files site = {.root = root};

static const struct gim_route routes[] = {
    GIM_ROUTE("POST|PATCH", "/echo", echo, .body_raw = true),
    GIM_GET("/large", large),
    GIM_GET("/stream", stream, .streams = true),
    GIM_FILES("/files/", &site),
    {0},
};

#define LAST "Host: a\r\nConnection: close\r\n\r\n"
static const char *const scripts[] = {
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /none HTTP/1.1\r\n" LAST,
    "PATCH /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
    "5;x=y\r\ndefgh\r\n0\r\n\r\nGET /files/a HTTP/1.1\r\n" LAST,
    "GET /stream HTTP/1.1\r\nHost: a\r\n\r\nGET /large HTTP/1.1\r\n" LAST,
    "GET /files/a HTTP/1.1\r\nHost: a\r\n\r\nGET /stream HTTP/1.1\r\nHost: a\r\n\r\n"
    "POST /echo HTTP/1.1\r\nContent-Length: 3\r\n"
    "Host: a\r\nConnection: close\r\n\r\nend",
    "GET /large HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nnot HTTP\r\n\r\n",
};
#define SCRIPTS (sizeof scripts / sizeof scripts[0])

/* ---- clients --------------------------------------------------------------------------------- */

struct client {
    int fd;
    gim_str left; /* to be sent */
    struct gim_buf got;
    size_t script;
    bool ended;
};

static struct {
    struct gim_app *app;
    struct gim_loop *loop;
    struct gim_worker worker;
    struct gim_listener listener;
    struct sockaddr_un at;
    struct gim_buf right[SCRIPTS];
} bench;

/* Cuts the Date lines out. */
static void mask(struct gim_buf *b)
{
    char *at = b->ptr;

    while (b->len && (at = memmem(at, (size_t)(b->ptr + b->len - at), "\r\nDate: ", 8))) {
        size_t left = (size_t)(b->ptr + b->len - at), n = left < 37 ? left : 37;

        memmove(at, at + n, left - n);
        b->len -= n;
    }
}

static void client_open(struct client *c, size_t script)
{
    *c = (struct client){.script = script, .left = gim_str_of(scripts[script])};
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(c->fd >= 0);
    assert_int_equal(connect(c->fd, (struct sockaddr *)&bench.at, sizeof bench.at), 0);
}

/* Sends and receives what goes. */
static void client_turn(struct client *c)
{
    char piece[70000];
    ssize_t n;

    if (c->left.len) {
        size_t most = c->left.len > 40 && faulty_random(2) ? 40 : c->left.len;

        n = __real_send(c->fd, c->left.ptr, most, MSG_NOSIGNAL);
        if (n > 0)
            c->left = (gim_str){c->left.ptr + n, c->left.len - (size_t)n};
    }
    n = __real_recv(c->fd, piece, sizeof piece, 0);
    if (n > 0)
        gim_buf_add(&c->got, piece, (size_t)n);
    else if (n == 0 || errno != EAGAIN)
        c->ended = true;
}

static void client_close(struct client *c, bool whole)
{
    const struct gim_buf *right = &bench.right[c->script];

    assert_true(c->ended);
    mask(&c->got);
    assert_true(c->got.len <= right->len);
    if (c->got.len && memcmp(c->got.ptr, right->ptr, c->got.len) != 0) {
        /* a Date that was cut in its middle is no mistake */
        assert_non_null(memmem(c->got.ptr + c->got.len - (c->got.len < 45 ? c->got.len : 45),
                               c->got.len < 45 ? c->got.len : 45, "\r\nDa", 4));
    }
    if (whole)
        assert_int_equal(c->got.len, right->len);
    close(c->fd);
    gim_buf_free(&c->got);
}

static void round_of(bool whole)
{
    struct client clients[CLIENTS];
    int open = CLIENTS;

    for (size_t i = 0; i < CLIENTS; i++)
        client_open(&clients[i], faulty_random(SCRIPTS));
    for (int turn = 0; open && turn < TURNS; turn++) {
        assert_int_equal(gim_loop_turn(bench.loop, 1), 0);
        open = 0;
        for (size_t i = 0; i < CLIENTS; i++) {
            if (!clients[i].ended)
                client_turn(&clients[i]);
            open += !clients[i].ended;
        }
    }
    for (size_t i = 0; i < CLIENTS; i++)
        client_close(&clients[i], whole);
}

/* ---- the bench ------------------------------------------------------------------------------- */

static void on_accept(struct gim_listener *l, int fd)
{
    (void)l;
    gim_conn_accept(&bench.worker.wire, fd);
}

static void make_file(void)
{
    char path[64], text[200000];
    int fd;

    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/a", root);
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    memset(text, 'f', sizeof text);
    assert_int_equal(write(fd, text, sizeof text), sizeof text);
    close(fd);
}

static int open_bench(void **state)
{
    static const struct gim_app_spec spec = {.routes = routes};
    char err[512];
    int fd;

    (void)state;
    make_file();
    bench.app = gim_app_new(&spec, err, sizeof err);
    bench.loop = gim_loop_new();
    gim_worker_init(&bench.worker, bench.app, bench.loop, 0, -1);
    bench.at.sun_family = AF_UNIX;
    snprintf(bench.at.sun_path, sizeof bench.at.sun_path, "%s/socket", root);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&bench.at, sizeof bench.at) || listen(fd, 100))
        return -1;
    bench.listener = (struct gim_listener){
        .io = {.fd = fd}, .on_accept = on_accept, .per_turn = 4, .unix_path = true};
    if (gim_listener_start(&bench.listener, bench.loop))
        return -1;
    for (size_t i = 0; i < SCRIPTS; i++) {
        struct gim_test_reply r = gim_test_bytes(bench.app, gim_str_of(scripts[i]), 0);

        gim_buf_str(&bench.right[i], r.raw);
        mask(&bench.right[i]);
        gim_test_free(&r);
    }
    return 0;
}

static int close_bench(void **state)
{
    char path[64];

    (void)state;
    gim_listener_stop(&bench.listener, true);
    gim_worker_release(&bench.worker);
    gim_loop_free(bench.loop);
    gim_app_free(bench.app);
    for (size_t i = 0; i < SCRIPTS; i++)
        gim_buf_free(&bench.right[i]);
    unlink(bench.at.sun_path);
    snprintf(path, sizeof path, "%s/a", root);
    unlink(path);
    return rmdir(root);
}

static void one_seed(unsigned seed)
{
    faulty.seed = seed;
    print_message("seed %u\n", seed);
    for (int gentle = 0; gentle <= 1; gentle++) {
        faulty.gentle = gentle;
        faulty.on = true;
        round_of(gentle);
        faulty.on = false;
        round_of(true);
        for (int i = 0; bench.worker.wire.n_conns && i < 500; i++)
            assert_int_equal(gim_loop_turn(bench.loop, 10), 0); /* those that linger */
        assert_int_equal(bench.worker.wire.n_conns, 0);
    }
}

static void answers_are_right_or_the_connection_ends(void **state)
{
    const char *one = getenv("FAULTY_SEED"), *many = getenv("FAULTY_SEEDS");
    unsigned first = one ? (unsigned)strtoul(one, NULL, 10) : 1;
    unsigned n = one ? 1 : many ? (unsigned)strtoul(many, NULL, 10) : 8;

    (void)state;
    for (unsigned i = 0; i < n; i++)
        one_seed(first + i);
    print_message("%lu faults\n", faulty.injected);
    assert_true(faulty.injected > 100);
}

static void nothing_spins_afterwards(void **state)
{
    uint64_t before = gim_clock_ms();

    (void)state;
    faulty.on = false;
    for (int i = 0; i < 3; i++)
        assert_int_equal(gim_loop_turn(bench.loop, 50), 0);
    assert_true(gim_clock_ms() - before >= 50); /* 3 waits for nothing: they do wait */
    assert_int_equal(bench.worker.wire.shared->buffered, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_right_or_the_connection_ends),
        cmocka_unit_test(nothing_spins_afterwards),
    };

    return cmocka_run_group_tests(tests, open_bench, close_bench);
}
