/* oracle.h: a conversation as we read it and as llhttp, node's parser, reads it: two transcripts of
 * one shape, to be laid beside each other.
 *
 * A transcript is text, and the places in it where a head and where a message was complete. llhttp
 * is asked in its strict mode; where its answer is about another thing than framing (an upgrade, a
 * connection that ends), it is told to go on as we do. */
#ifndef TESTS_HTTP_ORACLE_H
#define TESTS_HTTP_ORACLE_H

#include "../../../gimlet/http/session.h"
#include "conversations.h"
#include "guard.h"
#include <llhttp.h>

#define TALK_STEPS 128

struct talk {
    char out[32768];
    size_t len;
    size_t mark[TALK_STEPS]; /* length of out after each head (even) and each message (odd) */
    unsigned steps;
    bool in_body, in_trailer, keep; /* where llhttp was */
    char name[512], value[4096];    /* llhttp's: of the present field */
    size_t name_len, value_len;
    const char *stop; /* why nothing more is read; NULL: more bytes are wanted */
    int error;        /* llhttp's, with `stop` */
    size_t error_at;  /* where in the conversation */
};

static inline void talk_add(struct talk *t, const char *bytes, size_t n)
{
    if (t->len + n > sizeof t->out)
        abort();
    memcpy(t->out + t->len, bytes, n);
    t->len += n;
}

static inline void talk_line(struct talk *t, char what, gim_str text, gim_str more)
{
    talk_add(t, &what, 1);
    talk_add(t, text.ptr, text.len);
    talk_add(t, "\t", 1);
    talk_add(t, more.ptr, more.len);
    talk_add(t, "\n", 1);
}

static inline void talk_step(struct talk *t)
{
    if (t->steps == TALK_STEPS)
        abort();
    t->mark[t->steps++] = t->len;
}

/* ---- ours */

static inline void talk_head(struct talk *t, const struct gim_head *h)
{
    talk_line(t, 'M', gim_head_str(h, h->method), gim_head_str(h, h->target));
    for (size_t i = 0; i < h->n_fields; i++)
        talk_line(t, 'F', gim_head_str(h, h->fields[i].name), gim_head_str(h, h->fields[i].value));
    talk_line(t, 'V', h->minor ? GIM_S("1.1") : GIM_S("1.0"),
              h->keep_alive ? GIM_S("keep") : GIM_S("close"));
    t->keep = h->keep_alive;
    talk_step(t);
}

/* Reads `text` as a connection would; it is laid against a guard page. */
static inline void talk_ours(struct talk *t, const char *text, size_t len)
{
    static const struct gim_head_limits limits = {0};
    static struct gim_head h;
    struct gim_session s = {.ops = &gim_h1_ops};
    static char *edge;
    gim_str in = {NULL, len};

    if (!edge)
        edge = guard_copy(t->out, TEXT_MAX) + TEXT_MAX;
    in.ptr = memcpy(edge - len, text, len);
    t->len = t->steps = 0;
    t->stop = NULL;
    for (enum gim_event e = GIM_EVENT_HEAD; e != GIM_EVENT_MORE && !t->stop;) {
        e = s.ops->next(&s, &in, &h, &limits);
        if (e == GIM_EVENT_HEAD) {
            talk_head(t, &h);
        } else if (e == GIM_EVENT_DATA) {
            talk_add(t, s.data.ptr, s.data.len);
        } else if (e == GIM_EVENT_END) {
            talk_step(t);
            t->stop = t->keep ? NULL : "closed";
        } else if (e == GIM_EVENT_REFUSED) {
            t->stop = s.why.detail;
        }
    }
}

/* ---- llhttp's */

static inline int talk_begin(llhttp_t *p)
{
    struct talk *t = p->data;

    t->in_body = t->in_trailer = false;
    t->name_len = t->value_len = 0;
    talk_add(t, "M", 1);
    return 0;
}

static inline int talk_text(llhttp_t *p, const char *at, size_t n)
{
    talk_add(p->data, at, n);
    return 0;
}

static inline int talk_method_end(llhttp_t *p)
{
    talk_add(p->data, "\t", 1);
    return 0;
}

static inline int talk_target_end(llhttp_t *p)
{
    talk_add(p->data, "\n", 1);
    return 0;
}

static inline int talk_name(llhttp_t *p, const char *at, size_t n)
{
    struct talk *t = p->data;

    if (t->name_len + n > sizeof t->name)
        return HPE_USER;
    memcpy(t->name + t->name_len, at, n);
    t->name_len += n;
    t->in_trailer = t->in_body;
    return 0;
}

static inline int talk_value(llhttp_t *p, const char *at, size_t n)
{
    struct talk *t = p->data;

    if (t->value_len + n > sizeof t->value)
        return HPE_USER;
    memcpy(t->value + t->value_len, at, n);
    t->value_len += n;
    return 0;
}

/* A field; it leaves the whitespace at its end to whoever uses it. Trailers are not the head's. */
static inline int talk_field_end(llhttp_t *p)
{
    struct talk *t = p->data;

    if (!t->in_body)
        talk_line(t, 'F', (gim_str){t->name, t->name_len},
                  gim_str_trim((gim_str){t->value, t->value_len}));
    t->name_len = t->value_len = 0;
    return 0;
}

/* Asked of both "close" and "keep-alive" in HTTP/1.0 it stays, and we close (RFC 9112 §9.3). */
static inline int talk_head_end(llhttp_t *p)
{
    struct talk *t = p->data;

    t->keep = llhttp_should_keep_alive(p) && !(p->flags & F_CONNECTION_CLOSE);
    talk_line(t, 'V', p->http_minor ? GIM_S("1.1") : GIM_S("1.0"),
              t->keep ? GIM_S("keep") : GIM_S("close"));
    talk_step(t);
    t->in_body = true;
    p->upgrade = 0; /* what follows is HTTP still */
    return 0;
}

static inline int talk_end(llhttp_t *p)
{
    struct talk *t = p->data;

    talk_step(t);
    return t->keep ? 0 : HPE_PAUSED;
}

static inline void talk_theirs(struct talk *t, const char *text, size_t len)
{
    static const llhttp_settings_t settings = {
        .on_message_begin = talk_begin,
        .on_method = talk_text,
        .on_method_complete = talk_method_end,
        .on_url = talk_text,
        .on_url_complete = talk_target_end,
        .on_header_field = talk_name,
        .on_header_value = talk_value,
        .on_header_value_complete = talk_field_end,
        .on_headers_complete = talk_head_end,
        .on_body = talk_text,
        .on_message_complete = talk_end,
    };
    llhttp_t p;

    t->len = t->steps = 0;
    t->stop = NULL;
    llhttp_init(&p, HTTP_REQUEST, &settings);
    p.data = t;
    t->error = (int)llhttp_execute(&p, text, len);
    t->error_at = t->error ? (size_t)(llhttp_get_error_pos(&p) - text) : len;
    if (t->error == HPE_PAUSED)
        t->stop = "closed";
    else if (t->error != HPE_OK)
        t->stop = llhttp_get_error_reason(&p) ? llhttp_get_error_reason(&p) : "";
}

#endif
