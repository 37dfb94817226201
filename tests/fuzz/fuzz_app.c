/* fuzz_app.c: a whole application over whatever bytes: the answers do not depend on how the bytes
 * were cut into reads. Connection, session, router, binding, patch and problems are all behind it.
 * The first byte of the input chooses the cut. Date lines are masked. */
#include <gimlet.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct thing {
    int64_t id;
    gim_str name, mail;
    gim_array tags;
    gim_map labels;
    gim_raw extra;
    double ratio;
};
static const struct gim_field fields[] = {
    GIM_INT(struct thing, id, GIM_MIN(0)),
    GIM_STR(struct thing, name, .required = true, .max_len = 8, .pattern = "^[a-z]*$"),
    GIM_STR(struct thing, mail, .format = GIM_FORMAT_EMAIL, .nullable = true),
    GIM_ARRAY(struct thing, tags, .unique = true, .items = GIM_ITEM_STR(.max_len = 4)),
    GIM_MAP(struct thing, labels),
    GIM_RAW(struct thing, extra),
    GIM_DOUBLE(struct thing, ratio),
};
static const struct gim_schema schema = GIM_SCHEMA("Thing", struct thing, fields);

static int echo(struct gim_ctx *c)
{
    return gim_reply(c, 200, &schema, gim_body(c));
}

static int patch(struct gim_ctx *c)
{
    struct thing t = {.id = 1, .name = GIM_S("abc")};

    if (gim_body_patch(c, &schema, &t))
        return GIM_REPLIED;
    return gim_reply(c, 200, &schema, &t);
}

static int show(struct gim_ctx *c)
{
    return gim_text(c, 200, gim_param(c, GIM_S("name")));
}

/* A name in pieces, between which the source sometimes waits. */
struct pieces {
    gim_str rest;
    bool waits;
};

static enum gim_pull next_piece(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    struct pieces *p = arg;
    size_t n = p->rest.len < 7 ? p->rest.len : 7;

    gim_out_bytes(out, (gim_str){p->rest.ptr, n});
    p->rest.ptr += n;
    p->rest.len -= n;
    if (!p->rest.len)
        return GIM_PULL_END;
    p->waits = !p->waits;
    if (!p->waits)
        return GIM_PULL_MORE;
    gim_resume(gim_suspend(c), NULL);
    return GIM_PULL_WAIT;
}

static int stream(struct gim_ctx *c)
{
    struct pieces *p = GIM_NEW(gim_arena(c), struct pieces);

    p->rest = gim_param(c, GIM_S("name"));
    return gim_stream(c, 200, GIM_S("text/plain"), GIM_LENGTH_UNKNOWN, next_piece, p);
}

static const struct gim_route routes[] = {
    GIM_ROUTE("GET|POST", "/stream/:name", stream, .streams = true, .body_raw = true),
    GIM_POST("/things", echo, .body = &schema, .max_body = 4096),
    GIM_PATCH("/things/:name", patch, .body_raw = true),
    GIM_GET("/things/:name", show),
    GIM_GET("/query", show, .query = &schema),
    {0},
};

/* Cuts from each `from` up to the next `to` out of `*s`, in place. */
static void mask(gim_str *s, gim_str from, gim_str to)
{
    char *p = (char *)(uintptr_t)s->ptr;
    char *at = p;

    while (s->len && (at = memmem(at, s->len - (size_t)(at - p), from.ptr, from.len)) != NULL) {
        char *end = memmem(at + 2, s->len - (size_t)(at + 2 - p), to.ptr, to.len);

        if (!end) /* nothing came after it */
            end = p + s->len;
        memmove(at, end, s->len - (size_t)(end - p));
        s->len -= (size_t)(end - at);
    }
}

/* What may depend on time and on how the bytes came: the Date, and whether a client that asks for
 * "100 Continue" has sent its body meanwhile. */
static void mask_timing(gim_str *s)
{
    mask(s, GIM_S("\r\nDate: "), GIM_S("\r\n"));
    mask(s, GIM_S("HTTP/1.1 100 Continue\r\n\r\n"), GIM_S("HTTP/1.1 "));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gim_app *app;
    const struct gim_app_spec spec = {.routes = routes};
    char err[512];
    struct gim_test_reply a, b;
    gim_str bytes = {(const char *)data + 1, size - 1};

    if (size < 2)
        return 0;
    if (!app && !(app = gim_app_new(&spec, err, sizeof err)))
        abort();
    a = gim_test_bytes(app, bytes, 0);
    b = gim_test_bytes(app, bytes, 1u + data[0]);
    mask_timing(&a.raw);
    mask_timing(&b.raw);
    if (!gim_str_eq(a.raw, b.raw)) {
        fprintf(stderr, "whole:\n%.*s\ncut:\n%.*s\n", GIM_FMT(a.raw), GIM_FMT(b.raw));
        abort();
    }
    gim_test_free(&a);
    gim_test_free(&b);
    return 0;
}
