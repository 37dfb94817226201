/* framing.c: what the fields mean together: where the body ends, and whether the connection stays
 * (RFC 9112 §3.2, §6, §9.3; RFC 9110 §10.1.1).
 *
 * The body's length has one source or the request is refused: Content-Length of digits alone, or
 * Transfer-Encoding of "chunked" alone, never both, never twice, no coding in HTTP/1.0. */
#include "parse.h"
#include "chars.h"

/* The next element of a comma-separated list, trimmed; false at the end. Empty ones are given. */
static bool next_element(gim_str *list, gim_str *element)
{
    if (!list->ptr)
        return false;
    *element = gim_str_trim(gim_str_cut(list, ','));
    return true;
}

static enum gim_step host(struct gim_head *h, struct gim_refusal *why)
{
    gim_str value = gim_head_known(h, GIM_FIELD_HOST);
    gim_str authority = gim_head_str(h, h->authority);
    bool https;

    if (!value.ptr)
        return h->minor ? gim_refuse(why, 400, "the Host field is missing") : GIM_STEP_OK;
    if (value.len && !gim_host_ok(value))
        return gim_refuse(why, 400, "the Host field is not one host and port");
    if (!authority.len || h->method_id == GIM_METHOD_CONNECT)
        return GIM_STEP_OK;
    https = (h->base[h->target.at + 4] | 0x20) == 's'; /* httpS */
    if (!gim_host_same(value, authority, https))
        return gim_refuse(why, 400, "the Host field and the request target name different hosts");
    return GIM_STEP_OK;
}

static enum gim_step content_length(struct gim_head *h, struct gim_refusal *why)
{
    gim_str value = gim_head_known(h, GIM_FIELD_CONTENT_LENGTH);

    h->content_length = -1;
    if (!value.ptr)
        return GIM_STEP_OK;
    if (gim_content_length_read(value, &h->content_length) != 0)
        return gim_refuse(why, 400, "the Content-Length is not a number of bytes");
    return GIM_STEP_OK;
}

/* Transfer-Encoding: "chunked" is served, another coding before it is 501, all else 400. */
static enum gim_step codings(gim_str list, struct gim_refusal *why)
{
    bool last_chunked = false, other = false;
    gim_str coding;

    while (next_element(&list, &coding)) {
        if (last_chunked)
            return gim_refuse(why, 400, "in Transfer-Encoding something follows chunked");
        last_chunked = gim_str_eq_fold(coding, GIM_S("chunked"));
        if (!last_chunked)
            other = true;
        for (size_t i = 0; i < coding.len; i++) {
            if (!gim_char_is(coding.ptr[i], GIM_CHAR_TOKEN))
                return gim_refuse(why, 400, "the Transfer-Encoding is malformed");
        }
        if (!coding.len)
            return gim_refuse(why, 400, "the Transfer-Encoding has an empty element");
    }
    if (!last_chunked)
        return gim_refuse(why, 400, "the Transfer-Encoding does not end in chunked");
    if (other)
        return gim_refuse(why, 501, "this server knows no transfer coding but chunked");
    return GIM_STEP_OK;
}

static enum gim_step transfer_encoding(struct gim_head *h, struct gim_refusal *why)
{
    gim_str value = gim_head_known(h, GIM_FIELD_TRANSFER_ENCODING);

    if (!value.ptr)
        return GIM_STEP_OK;
    if (!h->minor)
        return gim_refuse(why, 400, "an HTTP/1.0 request cannot have a Transfer-Encoding");
    if (h->first[GIM_FIELD_CONTENT_LENGTH])
        return gim_refuse(why, 400, "there are both a Content-Length and a Transfer-Encoding");
    h->chunked = true;
    return codings(value, why);
}

/* HTTP/1.1 stays open unless told to close; HTTP/1.0 closes unless asked to stay. */
static void connection(struct gim_head *h)
{
    struct gim_connection c = {0};

    h->keep_alive = h->minor != 0;
    if (!h->first[GIM_FIELD_CONNECTION])
        return;
    for (size_t i = h->first[GIM_FIELD_CONNECTION] - 1u; i < h->n_fields; i++) {
        if (h->fields[i].id == GIM_FIELD_CONNECTION)
            gim_connection_read(&c, gim_head_str(h, h->fields[i].value));
    }
    h->keep_alive = !c.close && (h->keep_alive || c.keep);
}

/* Expectations of an HTTP/1.0 request are ignored (RFC 9110 §10.1.1). */
static void expect(struct gim_head *h)
{
    bool body = h->chunked || h->content_length > 0;
    gim_str token;

    if (!h->first[GIM_FIELD_EXPECT] || !h->minor)
        return;
    for (size_t i = h->first[GIM_FIELD_EXPECT] - 1u; i < h->n_fields; i++) {
        gim_str list = gim_head_str(h, h->fields[i].value);

        while (h->fields[i].id == GIM_FIELD_EXPECT && next_element(&list, &token)) {
            if (gim_str_eq_fold(token, GIM_S("100-continue")))
                h->expect_continue = body;
            else if (token.len)
                h->expect_other = true;
        }
    }
}

int gim_content_length_read(gim_str value, int64_t *length)
{
    return !value.len || value.ptr[0] == '-' ? -1 : gim_str_to_int(value, length);
}

void gim_connection_read(struct gim_connection *c, gim_str value)
{
    gim_str token;

    if (gim_str_eq(value, GIM_S("keep-alive"))) { /* what nearly all say who say anything */
        c->keep = true;
        return;
    }
    while (next_element(&value, &token)) {
        c->close |= gim_str_eq_fold(token, GIM_S("close"));
        c->keep |= gim_str_eq_fold(token, GIM_S("keep-alive"));
    }
}

enum gim_step gim_framing_decide(struct gim_head *h, struct gim_refusal *why)
{
    if (host(h, why) != GIM_STEP_OK || content_length(h, why) != GIM_STEP_OK ||
        transfer_encoding(h, why) != GIM_STEP_OK)
        return GIM_STEP_BAD;
    connection(h);
    expect(h);
    return GIM_STEP_OK;
}
