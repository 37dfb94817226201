/* test_client.c: the application without a socket: a loop, a worker and a memory stream.
 *
 * The bytes take the same way as in the server: connection, session, router, handler, writer. The
 * answer is read back only as far as a test needs it: status, head, body. */
#include "../base/clock.h"
#include "../wire/conn.h"
#include "ctx.h"
#include <gimlet/test.h>

#define GIVE_UP_MS 30000

struct gim_test_driver {
    struct gim_loop *loop;
    struct gim_worker worker;
};

static struct gim_test_driver *driver(struct gim_app *app)
{
    struct gim_test_driver *t = app->test;

    if (!t) {
        t = app->test = gim_heap_alloc(sizeof *t);
        t->loop = gim_loop_new();
        gim_worker_init(&t->worker, app, t->loop, 0, -1);
    }
    return t;
}

void gim_test_driver_free(struct gim_test_driver *t)
{
    if (!t)
        return;
    (void)gim_loop_turn(t->loop, 0); /* what was resumed after the last call lets go */
    gim_worker_release(&t->worker);
    gim_loop_free(t->loop);
    gim_heap_free(t);
}

/* Offset behind the first final head (1xx skipped), or 0 when it is not complete yet. */
static size_t find_head(gim_str raw, size_t *start)
{
    *start = 0;
    while (raw.len) {
        gim_str rest = {raw.ptr + *start, raw.len - *start};
        const char *end = rest.len ? memmem(rest.ptr, rest.len, "\r\n\r\n", 4) : NULL;

        if (!end)
            return 0;
        if (rest.ptr[9] != '1')
            return (size_t)(end + 4 - raw.ptr);
        *start = (size_t)(end + 4 - raw.ptr);
    }
    return 0;
}

static void parse_reply(struct gim_test_reply *r)
{
    size_t start;
    size_t end = find_head(r->raw, &start);
    int64_t length = 0;

    if (!end)
        return;
    r->head = (gim_str){r->raw.ptr + start, end - start};
    r->status = (r->head.ptr[9] - '0') * 100 + (r->head.ptr[10] - '0') * 10 + r->head.ptr[11] - '0';
    if (gim_str_to_int(gim_test_header(r, "Content-Length"), &length))
        length = 0;
    r->body = (gim_str){r->raw.ptr + end, r->raw.len - end};
    if ((size_t)length < r->body.len)
        r->body.len = (size_t)length;
}

/* Is the exchange over: a whole answer and nothing under way? */
static bool settled(const struct gim_memory *m, const struct gim_conn *c)
{
    return m->closed || m->shut || (!c->x && !c->in_body && !c->carry_len);
}

static void feed(struct gim_test_driver *t, struct gim_memory *m, gim_str bytes, size_t chunk)
{
    char *copy;

    while (bytes.len && !m->closed) {
        size_t n = chunk && chunk < bytes.len ? chunk : bytes.len;

        /* from a copy that is overwritten after the call, as the loop's buffer would be */
        copy = gim_heap_alloc(n);
        memcpy(copy, bytes.ptr, n);
        gim_memory_feed(m, (gim_str){copy, n});
        memset(copy, 0xdb, n);
        gim_heap_free(copy);
        while (m->stopped && !m->closed && gim_loop_turn(t->loop, 10) == 0)
            ;
        bytes.ptr += n;
        bytes.len -= n;
    }
}

struct gim_test_reply gim_test_bytes(struct gim_app *app, gim_str bytes, size_t chunk)
{
    struct gim_test_driver *t = driver(app);
    struct gim_memory *m = gim_heap_alloc(sizeof *m);
    struct gim_test_reply r = {0};
    uint64_t give_up = gim_clock_ms() + GIVE_UP_MS;
    struct gim_conn *c;

    gim_memory_open(m, t->loop, &gim_conn_user);
    c = gim_conn_open(&t->worker.wire, &m->stream);
    feed(t, m, bytes, chunk);
    while (!settled(m, c) && gim_clock_ms() < give_up && c->suspended)
        (void)gim_loop_turn(t->loop, 10);
    if (!m->closed)
        gim_memory_end(m);
    (void)gim_loop_turn(t->loop, 0);
    r.closed = m->shut || m->closed;
    if (m->out_len)
        r.raw = (gim_str){m->out, m->out_len};
    m->out = NULL;
    m->out_len = m->out_cap = 0;
    if (!m->closed)
        gim_conn_close(c, true);
    gim_memory_free(m);
    gim_heap_free(m);
    parse_reply(&r);
    return r;
}

struct gim_test_reply gim_test_call(struct gim_app *app, const char *method, const char *target,
                                    const char *headers, const char *body)
{
    struct gim_buf b = {0};
    struct gim_test_reply r;
    const char *host = "\r\nHost:";
    gim_str h = gim_str_of(headers);

    gim_buf_printf(&b, "%s %s HTTP/1.1\r\n", method, target);
    if (!h.ptr || (strncmp(h.ptr, host + 2, 5) != 0 && !strstr(h.ptr, host)))
        gim_buf_lit(&b, "Host: test\r\n");
    if (h.len)
        gim_buf_str(&b, h);
    if (body)
        gim_buf_printf(&b, "Content-Length: %zu\r\n", strlen(body));
    gim_buf_lit(&b, "\r\n");
    if (body)
        gim_buf_str(&b, gim_str_of(body));
    r = gim_test_bytes(app, gim_buf_view(&b), 0);
    gim_buf_free(&b);
    return r;
}

gim_str gim_test_header(const struct gim_test_reply *r, const char *name)
{
    gim_str lines = r->head;
    gim_str want = gim_str_of(name);

    (void)gim_str_cut(&lines, '\n'); /* the status line */
    while (lines.ptr) {
        gim_str value = gim_str_cut(&lines, '\n');
        gim_str field = gim_str_cut(&value, ':');

        if (value.len && value.ptr[value.len - 1] == '\r')
            value.len--;
        if (value.ptr && gim_str_eq_fold(field, want))
            return gim_str_trim(value);
    }
    return (gim_str){0};
}

void gim_test_free(struct gim_test_reply *r)
{
    gim_heap_free((char *)(uintptr_t)r->raw.ptr);
    *r = (struct gim_test_reply){0};
}
