/* websocket_handshake.c: the server's part of the opening handshake (RFC 6455 §4.2).
 *
 * Who does not ask for a WebSocket is told what is spoken here (426); who does, and does it wrong, is
 * told what is wrong (400). A browser sends a visitor's cookies with any page's handshake, and no
 * CORS rule holds it back: so the Origin is looked at unless the table says otherwise. */
#include "websocket_private.h"
#include "../base/base64.h"
#include "../base/digest.h"
#include "../http/origin.h"
#include "../http/parse.h"
#include "../rest/mistake.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_BYTES 16

typedef bool compare_fn(gim_str a, gim_str b);

/* Does a list field, over all its lines, hold the token? */
static bool lists(const struct gim_ctx *c, gim_str name, gim_str token, compare_fn *same)
{
    size_t at = 0;
    gim_str value;

    while ((value = gim_header_next(c, name, &at)).ptr) {
        while (value.ptr) {
            if (same(gim_str_trim(gim_str_cut(&value, ',')), token))
                return true;
        }
    }
    return false;
}

/* The field's value; absent when it is there more than once, or not at all. */
static gim_str only(const struct gim_ctx *c, gim_str name)
{
    size_t at = 0;
    gim_str value = gim_header_next(c, name, &at);

    return gim_header_next(c, name, &at).ptr ? (gim_str){0} : value;
}

/* ---- origins --------------------------------------------------------------------------------- */

static bool is_same_host(const struct gim_ctx *c, gim_str origin)
{
    const struct gim_head *h = &c->x.head;
    gim_str host = h->authority.len ? gim_head_str(h, h->authority) : gim_header(c, GIM_S("Host"));
    bool https = gim_str_starts(origin, GIM_S("https://"));

    if (!https && !gim_str_starts(origin, GIM_S("http://")))
        return false;
    origin.ptr += https ? 8 : 7;
    origin.len -= https ? 8 : 7;
    return gim_host_same(origin, host, https);
}

static bool may_connect(const struct gim_ctx *c, gim_str origins)
{
    size_t at = 0;
    gim_str origin = gim_header_next(c, GIM_S("Origin"), &at);

    if (!origin.ptr)
        return true;
    if (gim_header_next(c, GIM_S("Origin"), &at).ptr)
        return false;
    if (!origins.ptr)
        return is_same_host(c, origin);
    return gim_str_eq(origins, GIM_S("*")) || gim_origin_in(origins, origin);
}

/* ---- the request ----------------------------------------------------------------------------- */

static bool asks_for_websocket(const struct gim_ctx *c)
{
    return c->x.head.method_id == GIM_METHOD_GET && c->x.head.minor >= 1 &&
           lists(c, GIM_S("Upgrade"), GIM_S("websocket"), gim_str_eq_fold) &&
           lists(c, GIM_S("Connection"), GIM_S("upgrade"), gim_str_eq_fold);
}

static bool key_is_ok(gim_str key)
{
    unsigned char bytes[GIM_BASE64_BYTES(GIM_BASE64_LEN(KEY_BYTES))];

    return key.len == GIM_BASE64_LEN(KEY_BYTES) &&
           gim_base64_read(bytes, key, GIM_BASE64) == KEY_BYTES;
}

/* The fields of a 426: Upgrade, and the option that goes with it (RFC 9110 §7.8), which is no
 * handler's to set. */
static void offer_upgrade(struct gim_ctx *c)
{
    struct gim_reply_parts *r = &c->x.reply;
    struct gim_header_line *line = GIM_NEW(&c->x.arena, struct gim_header_line);

    gim_set_header(c, GIM_S("Upgrade"), GIM_S("websocket")); /* so there is a tail */
    line->name = GIM_S("Connection");
    line->value = GIM_S("Upgrade");
    *r->tail = line;
    r->tail = &line->next;
}

/* GIM_OK, or the reply is made. */
static int check(struct gim_ctx *c, const struct gim_websocket_events *events)
{
    if (!asks_for_websocket(c)) {
        offer_upgrade(c);
        return gim_problem(c, 426, NULL,
                           "this is a WebSocket: ask for it over HTTP/1.1 with GET, Upgrade: "
                           "websocket and Connection: Upgrade");
    }
    if (!gim_str_eq(only(c, GIM_S("Sec-WebSocket-Version")), GIM_S("13"))) {
        offer_upgrade(c);
        gim_set_header(c, GIM_S("Sec-WebSocket-Version"), GIM_S("13"));
        return gim_problem(c, 426, NULL, "Sec-WebSocket-Version must be 13");
    }
    if (!key_is_ok(only(c, GIM_S("Sec-WebSocket-Key"))))
        return gim_problem(c, 400, NULL, "Sec-WebSocket-Key must be 16 bytes in base64, once");
    if (c->x.received || c->x.body.len)
        return gim_problem(c, 400, NULL, "a WebSocket's handshake has no body");
    if (!may_connect(c, gim_str_of(events->origins)))
        return gim_problem(c, 403, NULL, "pages of this Origin may not connect here");
    return GIM_OK;
}

/* ---- the reply ------------------------------------------------------------------------------- */

/* Sec-WebSocket-Accept. False: libcrypto could not. */
static bool accept_key(struct gim_ctx *c)
{
    gim_str key = only(c, GIM_S("Sec-WebSocket-Key"));
    gim_str joined = gim_printf(&c->x.arena, "%.*s" GUID, GIM_FMT(key));
    unsigned char digest[GIM_SHA1_LEN];
    char text[GIM_BASE64_LEN(GIM_SHA1_LEN)];
    size_t n;

    if (gim_sha1(joined.ptr, joined.len, digest))
        return false;
    n = gim_base64_write(text, (gim_str){(char *)digest, sizeof digest}, GIM_BASE64);
    return gim_set_header(c, GIM_S("Sec-WebSocket-Accept"), (gim_str){text, n}) == 0;
}

static gim_str choose_protocol(const struct gim_ctx *c, const char *const *protocols)
{
    for (; protocols && *protocols; protocols++) {
        gim_str p = gim_str_of(*protocols);

        if (lists(c, GIM_S("Sec-WebSocket-Protocol"), p, gim_str_eq))
            return p;
    }
    return (gim_str){0};
}

int gim_websocket(struct gim_ctx *c, const struct gim_websocket_events *events, void *data)
{
    struct gim_websocket *ws;

    if (!c->x.keep || c->on_pool) {
        gim_mistake(c, GIM_MISTAKE_PERMITTED, "gim_websocket needs a route made by GIM_WEBSOCKET");
        return gim_problem(c, 500, NULL, "the request could not be handled");
    }
    if (!events) {
        gim_mistake(c, GIM_MISTAKE_VALUE, "gim_websocket got NULL as its table of events");
        return gim_problem(c, 500, NULL, "the request could not be handled");
    }
    if (check(c, events))
        return GIM_REPLIED;
    if (!accept_key(c))
        return gim_problem(c, 500, NULL, "the handshake could not be answered");
    ws = GIM_NEW(&c->x.arena, struct gim_websocket);
    ws->events = events;
    ws->c = c;
    ws->hub = gim_websocket_hub(gim_ctx_worker(c));
    ws->data = data;
    ws->protocol = choose_protocol(c, events->protocols);
    if (ws->protocol.ptr)
        gim_set_header(c, GIM_S("Sec-WebSocket-Protocol"), ws->protocol);
    gim_set_header(c, GIM_S("Upgrade"), GIM_S("websocket"));
    (void)gim_empty(c, 200);
    c->x.reply.status = 101; /* which no handler may make by itself */
    gim_websocket_begin(ws);
    return GIM_REPLIED;
}

const char *gim_websocket_wrong(const struct gim_route *row)
{
    return row->blocking ? "a WebSocket's handler runs on the loop: it cannot be .blocking" : NULL;
}
