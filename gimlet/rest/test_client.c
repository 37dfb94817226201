/* test_client.c: the application without a socket: a loop, a worker and memory streams.
 *
 * The bytes take the same way as in the server: connection, session, router, handler, writer. A call
 * is a connection with a request and its end. The answer is read back only as far as a test needs
 * it: status, head, body. */
#include "../base/clock.h"
#include "../http/chunks.h"
#include "../wire/conn.h"
#include "ctx.h"
#include "work.h"
#include <gimlet/test.h>

#define GIVE_UP_MS 30000

struct gim_test_driver {
    struct gim_loop *loop;
    struct gim_worker worker;
    bool timers; /* the rows of .timers have begun */
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

/* ---- reading a reply ------------------------------------------------------------------------- */

/* Offset behind the first final head (1xx skipped, but for 101), or 0 when it is not complete yet. */
static size_t find_head(gim_str raw, size_t *start)
{
    *start = 0;
    while (raw.len) {
        gim_str rest = {raw.ptr + *start, raw.len - *start};
        const char *end = rest.len ? memmem(rest.ptr, rest.len, "\r\n\r\n", 4) : NULL;

        if (!end)
            return 0;
        if (rest.ptr[9] != '1' || memcmp(rest.ptr + 9, "101", 3) == 0)
            return (size_t)(end + 4 - raw.ptr);
        *start = (size_t)(end + 4 - raw.ptr);
    }
    return 0;
}

/* Takes the chunked coding off, as far as it came. Returns the bytes written at `to`. */
static size_t unchunk(gim_str in, char *to)
{
    struct gim_chunks chunks = {.any_overhead = true};
    const char *why;
    gim_str data;
    size_t n = 0;

    while (gim_chunks_next(&chunks, &in, &data, &why) == GIM_CHUNKS_DATA) {
        memcpy(to + n, data.ptr, data.len);
        n += data.len;
    }
    return n;
}

/* The body of a chunked answer is kept behind `raw`, in the same block. */
static void decode_chunked(struct gim_test_reply *r, size_t start, size_t end)
{
    char *block = gim_heap_grow((char *)(uintptr_t)r->raw.ptr, 2 * r->raw.len);
    gim_str coded = {block + end, r->raw.len - end};

    r->body = (gim_str){block + r->raw.len, unchunk(coded, block + r->raw.len)};
    r->raw.ptr = block;
    r->head.ptr = block + start;
}

static void parse_reply(struct gim_test_reply *r)
{
    size_t start;
    size_t end = find_head(r->raw, &start);
    int64_t length;

    if (!end)
        return;
    r->head = (gim_str){r->raw.ptr + start, end - start};
    r->status = (r->head.ptr[9] - '0') * 100 + (r->head.ptr[10] - '0') * 10 + r->head.ptr[11] - '0';
    if (gim_test_header(r, "Transfer-Encoding").ptr) {
        decode_chunked(r, start, end);
        return;
    }
    r->body = (gim_str){r->raw.ptr + end, r->raw.len - end};
    if (gim_str_to_int(gim_test_header(r, "Content-Length"), &length))
        length = r->closed && !gim_status_is_empty(r->status) ? INT64_MAX : 0;
    if ((uint64_t)length < r->body.len)
        r->body.len = (size_t)length;
}

void gim_test_run(struct gim_app *app, int64_t ms)
{
    struct gim_test_driver *t = driver(app);
    uint64_t now = gim_clock_ms(), end = now + (uint64_t)(ms > 0 ? ms : 0);

    if (!t->timers)
        gim_worker_begin_timers(&t->worker);
    t->timers = true;
    do {
        (void)gim_loop_turn(t->loop, (int)(end - now));
        now = gim_clock_ms();
    } while (now < end);
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

/* ---- a connection ---------------------------------------------------------------------------- */

struct gim_test_conn {
    struct gim_memory m;
    struct gim_test_driver *driver;
    struct gim_conn *conn; /* while not m.closed */
    size_t read;           /* bytes of m.out that the caller has seen */
};

struct gim_test_conn *gim_test_open(struct gim_app *app)
{
    struct gim_test_conn *t = gim_heap_alloc(sizeof *t);

    t->driver = driver(app);
    gim_memory_open(&t->m, t->driver->loop, &gim_conn_user);
    t->conn = gim_conn_open(&t->driver->worker.wire, &t->m.stream);
    return t;
}

/* From a copy that is overwritten after the call, as the loop's buffer would be. */
static void feed(struct gim_test_conn *t, gim_str bytes)
{
    char *copy = gim_heap_alloc(bytes.len ? bytes.len : 1);

    if (bytes.len)
        memcpy(copy, bytes.ptr, bytes.len);
    gim_memory_feed(&t->m, (gim_str){copy, bytes.len});
    memset(copy, 0xdb, bytes.len);
    gim_heap_free(copy);
    while (t->m.stopped && !t->m.closed && gim_loop_turn(t->driver->loop, 10) == 0)
        ;
}

void gim_test_send(struct gim_test_conn *t, gim_str bytes)
{
    if (!t->m.closed)
        feed(t, bytes);
    (void)gim_loop_turn(t->driver->loop, 0);
}

static gim_str unread(const struct gim_test_conn *t)
{
    size_t left = t->m.out_len - gim_stream_pending(&t->m.stream);

    return t->m.out ? (gim_str){t->m.out + t->read, left - t->read} : (gim_str){"", 0};
}

bool gim_test_ended(const struct gim_test_conn *t)
{
    return t->m.closed || t->m.shut;
}

static const char *find_text(gim_str in, const char *text)
{
    return in.len ? memmem(in.ptr, in.len, text, strlen(text)) : NULL;
}

/* Turns until `text` has come. NULL when it did not, in `ms` or at all. */
static const char *wait_for(struct gim_test_conn *t, const char *text, int ms)
{
    uint64_t until = gim_clock_ms() + (uint64_t)ms;
    const char *found;

    (void)gim_loop_turn(t->driver->loop, 0);
    while (!(found = find_text(unread(t), text)) && !gim_test_ended(t) && gim_clock_ms() < until)
        (void)gim_loop_turn(t->driver->loop, 10);
    return found;
}

gim_str gim_test_read_to(struct gim_test_conn *t, const char *text, int ms)
{
    const char *found = wait_for(t, text, ms);
    gim_str got = unread(t);

    if (found)
        got.len = (size_t)(found - got.ptr) + strlen(text);
    t->read += got.len;
    return got;
}

gim_str gim_test_read(struct gim_test_conn *t, int ms)
{
    gim_str got;

    (void)wait_for(t, "", ms); /* found in any byte */
    got = unread(t);
    t->read += got.len;
    return got;
}

void gim_test_take(struct gim_test_conn *t, size_t n)
{
    t->m.bounded = true;
    gim_memory_take(&t->m, n);
    (void)gim_loop_turn(t->driver->loop, 0);
}

void gim_test_end(struct gim_test_conn *t)
{
    gim_memory_end(&t->m);
    (void)gim_loop_turn(t->driver->loop, 0);
}

void gim_test_close(struct gim_test_conn *t)
{
    if (!t)
        return;
    if (!t->m.closed)
        gim_conn_close(t->conn, true);
    (void)gim_loop_turn(t->driver->loop, 0);
    gim_memory_free(&t->m);
    gim_heap_free(t);
}

void gim_test_wait(struct gim_app *app, int ms)
{
    struct gim_loop *loop = driver(app)->loop;
    uint64_t until = gim_clock_ms() + (uint64_t)ms;

    do
        (void)gim_loop_turn(loop, ms > 10 ? 10 : ms);
    while (gim_clock_ms() < until);
}

void gim_test_stop(struct gim_app *app)
{
    struct gim_wire *w = &driver(app)->worker.wire;
    struct gim_list *next;

    atomic_store(&app->draining, true);
    w->draining = true;
    for (struct gim_list *at = w->conns.next; at != &w->conns; at = next) {
        next = at->next;
        gim_conn_drain(GIM_CONTAINER(at, struct gim_conn, node));
    }
    (void)gim_loop_turn(w->loop, 0);
}

/* ---- a call ---------------------------------------------------------------------------------- */

/* Is something under way that an answer may come of? */
static bool is_busy(const struct gim_test_conn *t)
{
    return !gim_test_ended(t) && (t->conn->suspended || t->conn->streaming || t->conn->shared);
}

struct gim_test_reply gim_test_bytes(struct gim_app *app, gim_str bytes, size_t chunk)
{
    struct gim_test_conn *t = gim_test_open(app);
    struct gim_test_reply r = {0};
    uint64_t give_up = gim_clock_ms() + GIVE_UP_MS;

    while (bytes.len && !t->m.closed) {
        size_t n = chunk && chunk < bytes.len ? chunk : bytes.len;

        feed(t, (gim_str){bytes.ptr, n});
        bytes.ptr += n;
        bytes.len -= n;
    }
    while (is_busy(t) && gim_clock_ms() < give_up)
        (void)gim_loop_turn(t->driver->loop, 10);
    r.closed = gim_test_ended(t);
    gim_test_end(t);
    if (t->m.out_len)
        r.raw = (gim_str){t->m.out, t->m.out_len};
    t->m.out = NULL;
    t->m.out_len = t->m.out_cap = 0;
    gim_test_close(t);
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
