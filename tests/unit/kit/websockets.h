/* websockets.h: what tests of WebSockets share: a worker on a loop, and clients on memory streams. */
#ifndef TESTS_WEBSOCKETS_H
#define TESTS_WEBSOCKETS_H

#include <gimlet.h>
#include "../../../gimlet/base/arena.h"
#include "../../../gimlet/base/buf.h"
#include "../../../gimlet/base/options.h"
#include "../../../gimlet/rest/ctx.h"
#include "../../../gimlet/wire/conn.h"
#include <stdlib.h>

#define HANDSHAKE                                                                                  \
    "Host: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"     \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

struct bench {
    struct gim_loop *loop;
    struct gim_worker worker;
};

struct client {
    struct gim_memory m;
    struct gim_conn *conn;
    size_t at; /* bytes of m.out that were looked at */
};

/* An application with that many workers; none runs. */
static inline struct gim_app *make_app(const struct gim_app_spec *spec, unsigned workers)
{
    struct gim_settings settings = {0};
    char err[1024];
    struct gim_app *app;

    gim_options_defaults(&(struct gim_option_table){gim_settings_rows, &settings});
    settings.workers = workers;
    app = gim_app_build(spec, &settings, err, sizeof err);
    if (!app) {
        fprintf(stderr, "%s\n", err);
        abort();
    }
    return app;
}

static inline void bench_open(struct bench *b, struct gim_app *app, unsigned index)
{
    b->loop = gim_loop_new();
    gim_worker_init(&b->worker, app, b->loop, index, -1);
}

static inline void bench_close(struct bench *b)
{
    gim_wire_hang_up(&b->worker.wire);
    (void)gim_loop_turn(b->loop, 0);
    gim_worker_release(&b->worker);
    gim_loop_free(b->loop);
}

/* Turns until `*flag` is as wanted, 10 s at most. */
static inline bool turn_until(struct bench *b, const bool *flag, bool wanted)
{
    for (int i = 0; i < 1000 && *flag != wanted; i++)
        (void)gim_loop_turn(b->loop, 10);
    return *flag == wanted;
}

static inline void client_connect(struct client *c, struct bench *b)
{
    c->at = 0;
    gim_memory_open(&c->m, b->loop, &gim_conn_user);
    c->conn = gim_conn_open(&b->worker.wire, &c->m.stream);
}

static inline void client_say(struct client *c, gim_str bytes)
{
    /* from a copy that goes at once, as the loop's buffer would */
    char *copy = malloc(bytes.len ? bytes.len : 1);

    memcpy(copy, bytes.ptr, bytes.len);
    gim_memory_feed(&c->m, (gim_str){copy, bytes.len});
    free(copy);
}

static inline void client_ask(struct client *c, const char *path)
{
    struct gim_buf b = {0};

    gim_buf_printf(&b, "GET %s HTTP/1.1\r\n" HANDSHAKE "\r\n", path);
    client_say(c, gim_buf_view(&b));
    gim_buf_free(&b);
}

/* Steps over the head of the answer; its status, 0 when it is not there. */
static inline int client_status(struct client *c)
{
    const char *from, *end;

    if (c->m.out_len <= c->at)
        return 0;
    from = c->m.out + c->at;
    end = memmem(from, c->m.out_len - c->at, "\r\n\r\n", 4);
    if (!end)
        return 0;
    c->at = (size_t)(end + 4 - c->m.out);
    return (from[9] - '0') * 100 + (from[10] - '0') * 10 + from[11] - '0';
}

/* Connects, and has its 101. */
static inline void client_open(struct client *c, struct bench *b, const char *path)
{
    client_connect(c, b);
    client_ask(c, path);
    (void)gim_loop_turn(b->loop, 0);
    if (client_status(c) != 101) {
        fprintf(stderr, "no 101: %.*s\n", (int)c->m.out_len, c->m.out);
        abort();
    }
}

/* Ends what the server has not. */
static inline void client_close(struct client *c)
{
    if (!c->m.closed)
        gim_conn_close(c->conn, true);
    gim_memory_free(&c->m);
}

/* A masked frame of less than 65536 bytes. */
static inline void add_masked(struct gim_buf *out, int first, gim_str payload)
{
    static const char mask[4] = {0x12, (char)0x9A, 0x55, 0x01};
    size_t n = payload.len;

    gim_buf_char(out, (char)first);
    gim_buf_char(out, (char)(0x80 | (n < 126 ? n : 126)));
    if (n >= 126) {
        gim_buf_char(out, (char)(n >> 8));
        gim_buf_char(out, (char)n);
    }
    gim_buf_add(out, mask, 4);
    for (size_t i = 0; i < n; i++)
        gim_buf_char(out, (char)(payload.ptr[i] ^ mask[i % 4]));
}

static inline void client_send(struct client *c, int first, gim_str payload)
{
    struct gim_buf b = {0};

    add_masked(&b, first, payload);
    client_say(c, gim_buf_view(&b));
    gim_buf_free(&b);
}

/* The next frame that the server has sent: its first byte, or -1. */
static inline int next_frame(const char *out, size_t len, size_t *at, gim_str *payload)
{
    const unsigned char *p = (const unsigned char *)out + *at;
    size_t left = len - *at, head = 2, n;

    if (left < 2)
        return -1;
    n = p[1];
    if (n == 126 && left >= 4) {
        head = 4;
        n = (size_t)p[2] << 8 | p[3];
    } else if (n == 127 && left >= 10) {
        head = 10;
        n = (size_t)p[6] << 24 | (size_t)p[7] << 16 | (size_t)p[8] << 8 | p[9];
    }
    if (left < head + n)
        return -1;
    *payload = (gim_str){out + *at + head, n};
    *at += head + n;
    return p[0];
}

static inline int client_next(struct client *c, gim_str *payload)
{
    return next_frame(c->m.out, c->m.out_len, &c->at, payload);
}

#endif
