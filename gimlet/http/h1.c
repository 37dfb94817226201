/* h1.c: HTTP/1.1 as a session: heads by head.h, bodies by Content-Length or chunked (RFC 9112
 * §6-7).
 *
 * What is here is the order of things: a head, then the body that it announced, then the next head.
 * Body bytes are handed out as slices of the input, never copied or looked at. */
#include "session.h"

static enum gim_event refuse(struct gim_session *s, int status, const char *detail)
{
    s->why.status = status;
    s->why.detail = detail;
    s->state = GIM_H1_DEAD;
    return GIM_EVENT_REFUSED;
}

static enum gim_event head_event(struct gim_session *s, gim_str *in, struct gim_head *head,
                                 const struct gim_head_limits *limits)
{
    int n = gim_head_parse(head, *in, s->seen, limits, &s->why);

    if (n < 0)
        return refuse(s, s->why.status, s->why.detail);
    if (n == 0) {
        s->seen = (uint16_t)in->len; /* a head still partial is shorter than GIM_HEAD_MAX */
        return GIM_EVENT_MORE;
    }
    in->ptr += n;
    in->len -= (size_t)n;
    s->seen = 0;
    if (head->chunked) {
        s->chunks = (struct gim_chunks){0};
        s->state = GIM_H1_CHUNKED;
    } else if (head->content_length > 0) {
        s->left = (uint64_t)head->content_length;
        s->state = GIM_H1_LENGTH;
    } else {
        s->state = GIM_H1_END;
    }
    return GIM_EVENT_HEAD;
}

static enum gim_event length_event(struct gim_session *s, gim_str *in)
{
    size_t n = in->len < s->left ? in->len : (size_t)s->left;

    if (!n)
        return GIM_EVENT_MORE;
    s->data = (gim_str){in->ptr, n};
    in->ptr += n;
    in->len -= n;
    s->left -= n;
    if (!s->left)
        s->state = GIM_H1_END;
    return GIM_EVENT_DATA;
}

static enum gim_event chunked_event(struct gim_session *s, gim_str *in)
{
    const char *why;

    switch (gim_chunks_next(&s->chunks, in, &s->data, &why)) {
    case GIM_CHUNKS_DATA:
        return GIM_EVENT_DATA;
    case GIM_CHUNKS_END:
        s->state = GIM_H1_HEAD;
        return GIM_EVENT_END;
    case GIM_CHUNKS_BAD:
        return refuse(s, 400, why);
    case GIM_CHUNKS_TRAILER:
        return refuse(s, 431, "the trailer section is longer than this server takes");
    default:
        return GIM_EVENT_MORE;
    }
}

static enum gim_event h1_next(struct gim_session *s, gim_str *in, struct gim_head *head,
                              const struct gim_head_limits *limits)
{
    switch (s->state) {
    case GIM_H1_HEAD:
        return head_event(s, in, head, limits);
    case GIM_H1_LENGTH:
        return length_event(s, in);
    case GIM_H1_CHUNKED:
        return chunked_event(s, in);
    case GIM_H1_END:
        s->state = GIM_H1_HEAD;
        return GIM_EVENT_END;
    default:
        return GIM_EVENT_REFUSED;
    }
}

const struct gim_session_ops gim_h1_ops = {h1_next};

bool gim_session_idle(const struct gim_session *s)
{
    return s->state == GIM_H1_HEAD && !s->seen;
}
