/* compress.c: compressed replies: gimlet/compress.h.
 *
 * All is decided on the way back, when the reply is known: its type, its size, what it says of itself.
 * A whole body is compressed into the worker's buffer, capped at one byte less than the body: what
 * does not fit is not worth it. A streamed one has its pull wrapped: each piece is compressed and
 * flushed, so nothing is held back and the memory is that of a piece. */
#include <gimlet/compress.h>
#include "compress_pool.h"
#include "../http/negotiate.h"
#include "../rest/ctx.h"
#include <gimlet/negotiate.h>

#define MIN_SIZE 1024
#define MAX_SIZE (4 << 20)
#define GZIP_LEVEL 4
#define ZSTD_LEVEL 3
#define TYPES                                                                                      \
    "text/*, application/json, *+json, application/xml, *+xml, application/javascript, "           \
    "application/wasm, application/ndjson"
#define EVENTS GIM_S("text/event-stream")

static const struct gim_coder *const coders[] = {
#ifdef GIM_ZSTD
    &gim_coder_zstd,
#endif
    &gim_coder_gzip,
};
#define CODERS (sizeof coders / sizeof coders[0])

static const char stream_key; /* its address names the request's stream */

/* ---- which ----------------------------------------------------------------------------------- */

/* Does an element of .types cover the type? "text/" with a star covers all texts but the stream of
 * events, "*+json" a suffix. */
static bool covers(gim_str pattern, gim_str type)
{
    size_t n = pattern.len - 1;

    if (gim_str_eq_fold(pattern, type))
        return true;
    if (pattern.len < 2 || pattern.len > type.len + 1 || gim_str_eq_fold(type, EVENTS))
        return false;
    if (pattern.ptr[n] == '*')
        return gim_str_eq_fold((gim_str){pattern.ptr, n}, (gim_str){type.ptr, n});
    return pattern.ptr[0] == '*' &&
           gim_str_eq_fold((gim_str){pattern.ptr + 1, n}, (gim_str){type.ptr + type.len - n, n});
}

static bool type_is_wanted(const struct gim_compress *with, gim_str media_type)
{
    gim_str type = gim_str_trim(gim_str_cut(&media_type, ';'));
    gim_str list = with->types ? gim_str_of(with->types) : GIM_S(TYPES);

    while (type.len && list.ptr) {
        gim_str pattern = gim_str_trim(gim_str_cut(&list, ','));

        if (pattern.len && covers(pattern, type))
            return true;
    }
    return false;
}

static gim_str reply_field(const struct gim_reply_parts *r, gim_str name)
{
    for (const struct gim_header_line *l = r->first; l; l = l->next) {
        if (gim_str_eq_fold(l->name, name))
            return l->value;
    }
    return (gim_str){0};
}

static bool forbids(gim_str cache_control)
{
    while (cache_control.ptr) {
        if (gim_str_eq_fold(gim_str_trim(gim_str_cut(&cache_control, ',')), GIM_S("no-transform")))
            return true;
    }
    return false;
}

/* Is it a reply that may be compressed, whoever asks? */
static bool is_candidate(const struct gim_reply_parts *r, const struct gim_compress *with)
{
    bool has_body = r->status >= 200 && r->status != 204 && r->status != 205 && r->status != 206;

    return has_body && !r->upgrade && !(r->pull && r->length >= 0) &&
           type_is_wanted(with, r->media_type) && !reply_field(r, GIM_S("Content-Encoding")).ptr &&
           !reply_field(r, GIM_S("Content-Range")).ptr;
}

static bool size_is_right(const struct gim_reply_parts *r, const struct gim_compress *with)
{
    int64_t min = with->min_size ? with->min_size : MIN_SIZE;
    int64_t max = with->max_size ? with->max_size : MAX_SIZE;

    return r->pull || ((int64_t)r->body.len >= min && (int64_t)r->body.len <= max);
}

static const struct gim_coder *coder_of(gim_str name)
{
    for (size_t i = 0; i < CODERS; i++) {
        if (gim_str_eq_fold(name, gim_str_of(coders[i]->name)))
            return coders[i];
    }
    return NULL;
}

/* What the client wants most; NULL: as it is. */
static const struct gim_coder *choose(const struct gim_ctx *c, const struct gim_compress *with)
{
    gim_str names = with->encodings ? gim_str_of(with->encodings) : GIM_S("zstd, gzip");
    gim_str offers[CODERS + 1];
    struct gim_preferences wanted;
    size_t n = 0;
    int best;

    gim_preferences_of(&wanted, &c->x.head, GIM_S("Accept-Encoding"));
    while (wanted.given && names.ptr && n < CODERS) {
        const struct gim_coder *coder = coder_of(gim_str_trim(gim_str_cut(&names, ',')));

        if (coder)
            offers[n++] = gim_str_of(coder->name);
    }
    offers[n++] = GIM_S("identity");
    best = gim_preferences_best(&wanted, gim_quality_coding, offers, n);
    return best < 0 ? NULL : coder_of(offers[best]);
}

static int level_of(const struct gim_compress *with, const struct gim_coder *coder)
{
    if (coder == &gim_coder_gzip)
        return with->gzip_level ? with->gzip_level : GZIP_LEVEL;
    return with->zstd_level ? with->zstd_level : ZSTD_LEVEL;
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* "v7" with the suffix: "v7-gzip"; absent when it is none, or a weak one. */
static gim_str tag_with(struct gim_ctx *c, gim_str tag, const char *suffix)
{
    if (tag.len < 2 || tag.ptr[0] != '"')
        return (gim_str){0};
    return gim_printf(gim_arena(c), "%.*s%s\"", (int)(tag.len - 1), tag.ptr, suffix);
}

static void set_fields(struct gim_ctx *c, const struct gim_coder *coder)
{
    gim_str tag = tag_with(c, reply_field(&c->x.reply, GIM_S("ETag")), coder->suffix);

    (void)gim_set_header(c, GIM_S("Content-Encoding"), gim_str_of(coder->name));
    (void)gim_set_header(c, GIM_S("Accept-Ranges"), (gim_str){0});
    if (tag.ptr)
        (void)gim_set_header(c, GIM_S("ETag"), tag);
}

/* Is it one of those that gim_compress_before has let in? */
static bool is_known(const struct gim_ctx *c, const char *suffix)
{
    const char *const *s = c->etag_suffixes;

    while (s && *s && *s != suffix)
        s++;
    return s && *s;
}

static bool asks_with(const struct gim_ctx *c, gim_str tag)
{
    size_t at = 0;
    gim_str line;

    while ((line = gim_header_next(c, GIM_S("If-None-Match"), &at)).ptr) {
        if (line.len >= tag.len && memmem(line.ptr, line.len, tag.ptr, tag.len))
            return true;
    }
    return false;
}

/* The tag of a 304 is that of the copy which the client has. */
static int not_modified(struct gim_ctx *c)
{
    gim_str tag = reply_field(&c->x.reply, GIM_S("ETag"));

    gim_vary(c, GIM_S("Accept-Encoding"));
    for (size_t i = 0; i < CODERS; i++) {
        gim_str coded = tag_with(c, tag, coders[i]->suffix);

        if (!coded.ptr || !is_known(c, coders[i]->suffix) || !asks_with(c, coded))
            continue;
        (void)gim_set_header(c, GIM_S("ETag"), coded);
        break;
    }
    return GIM_OK;
}

/* ---- a whole body ---------------------------------------------------------------------------- */

static void compress_whole(struct gim_ctx *c, struct gim_coding_pool *pool, struct gim_coding *k)
{
    struct gim_reply_parts *r = &c->x.reply;
    struct gim_buf *out = &pool->out;

    out->len = 0;
    out->full = false;
    out->max = r->body.len - 1;
    if (k->coder->add(k->state, r->body, true, out) == 0) {
        r->body = gim_dup(gim_arena(c), gim_buf_view(out));
        set_fields(c, k->coder);
    }
    if (out->cap > 4 * GIM_LOOP_BUF)
        gim_buf_free(out);
    gim_coding_give(k);
}

/* ---- a streamed one -------------------------------------------------------------------------- */

struct coded_stream {
    struct gim_coding *coding;
    gim_exchange_pull *pull; /* the reply's own */
    struct gim_buf in;       /* its piece */
};

/* The context goes back as soon as the stream has ended, or with the request's memory. */
static void let_go(void *arg)
{
    struct coded_stream *s = arg;

    if (s->coding)
        gim_coding_give(s->coding);
    s->coding = NULL;
    gim_buf_free(&s->in);
}

static enum gim_pull pull(struct gim_exchange *x, struct gim_out *out)
{
    struct coded_stream *s = gim_get(gim_ctx_of(x), &stream_key);
    struct gim_out piece = {.buf = &s->in, .fd = -1};
    enum gim_pull got;
    bool end;

    s->in.len = 0;
    got = s->pull(x, &piece);
    end = got == GIM_PULL_END;
    if (got == GIM_PULL_FAIL || piece.len || s->in.full)
        return GIM_PULL_FAIL;
    if (!s->in.len && !end)
        return got;
    if (s->coding->coder->add(s->coding->state, gim_buf_view(&s->in), end, out->buf))
        return GIM_PULL_FAIL;
    if (end)
        let_go(s);
    return got;
}

static void compress_stream(struct gim_ctx *c, struct gim_coding *k)
{
    struct coded_stream *s = GIM_NEW(gim_arena(c), struct coded_stream);

    *s = (struct coded_stream){.coding = k, .pull = c->x.reply.pull};
    c->x.reply.pull = pull;
    gim_put(c, &stream_key, s);
    gim_defer(c, let_go, s);
    set_fields(c, k->coder);
}

/* ---- the middleware -------------------------------------------------------------------------- */

static const struct gim_compress defaults;

static const struct gim_compress *with_of(const struct gim_ctx *c)
{
    const struct gim_compress *with = gim_with(c);

    return with ? with : &defaults;
}

/* What gim_preconditions takes for the tag that the handler gave. A change is of the resource, so there
 * a tag of any coding will do. Reading is of what this client would be sent: a shared cache asks with
 * the tags of all it has (RFC 9111 §4.3.1), and must not be told to hand on what cannot be decoded. */
int gim_compress_before(struct gim_ctx *c)
{
    static const char *const all[] = {"-gzip", "-zstd", NULL};
    const struct gim_head *h = &c->x.head;
    struct gim_preferences wanted;
    const char **some;

    c->etag_suffixes = all;
    if ((h->method_id != GIM_METHOD_GET && h->method_id != GIM_METHOD_HEAD) ||
        (!h->first[GIM_FIELD_IF_NONE_MATCH] && !h->first[GIM_FIELD_IF_MATCH]))
        return GIM_OK;
    gim_preferences_of(&wanted, h, GIM_S("Accept-Encoding"));
    c->etag_suffixes = some = GIM_NEW_N(gim_arena(c), const char *, CODERS + 1);
    for (size_t i = 0; i < CODERS; i++) {
        if (gim_quality_coding(&wanted, gim_str_of(coders[i]->name)))
            *some++ = coders[i]->suffix;
    }
    return GIM_OK;
}

int gim_compress_after(struct gim_ctx *c)
{
    const struct gim_compress *with = with_of(c);
    struct gim_reply_parts *r = &c->x.reply;
    struct gim_coding_pool *pool;
    const struct gim_coder *coder;
    struct gim_coding *k;

    if (r->status == 304)
        return not_modified(c);
    if (!is_candidate(r, with))
        return GIM_OK;
    gim_vary(c, GIM_S("Accept-Encoding"));
    if (!size_is_right(r, with) || forbids(reply_field(r, GIM_S("Cache-Control"))) ||
        forbids(gim_header(c, GIM_S("Cache-Control"))) || !(coder = choose(c, with)))
        return GIM_OK;
    if (r->pull && c->x.head.method_id == GIM_METHOD_HEAD) { /* nothing will be pulled */
        set_fields(c, coder);
        return GIM_OK;
    }
    pool = gim_coding_pool_of(gim_ctx_worker(c));
    k = gim_coding_take(pool, coder, level_of(with, coder));
    if (k && r->pull)
        compress_stream(c, k);
    else if (k)
        compress_whole(c, pool, k);
    return GIM_OK;
}

const char *gim_compress_wrong(const void *arg)
{
    const struct gim_compress *with = arg;
    gim_str names = with->encodings ? gim_str_of(with->encodings) : GIM_S("gzip");

    while (names.ptr) {
        gim_str name = gim_str_trim(gim_str_cut(&names, ','));

        if (!gim_str_eq_fold(name, GIM_S("gzip")) && !gim_str_eq_fold(name, GIM_S("zstd")))
            return ".encodings is a list of \"zstd\" and \"gzip\"";
    }
    if (with->gzip_level < 0 || with->gzip_level > 9)
        return ".gzip_level is 1 to 9, or 0 for the default";
    if (with->zstd_level < 0 || with->zstd_level > 12)
        return ".zstd_level is 1 to 12, or 0 for the default";
    if (with->min_size < 0 || with->max_size < 0)
        return ".min_size and .max_size are not negative";
    return NULL;
}

const struct gim_middleware gim_compress = {
    .name = "compress",
    .before = gim_compress_before,
    .after = gim_compress_after,
};
