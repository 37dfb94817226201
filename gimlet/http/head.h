/* head.h: a parsed request head (RFC 9112 §3, §5), as offsets into its bytes.
 *
 * Nothing is copied: `base` points at the first byte of the head and every part is a 16-bit offset
 * from it (a head is at most GIM_HEAD_MAX bytes). So moving a head to other memory is one memcpy of
 * the bytes and one store of the new base. */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include "method.h"
#include <gimlet/str.h>

#define GIM_HEAD_MAX 65535  /* offsets are 16 bits */
#define GIM_HEAD_FIELDS 100 /* more field lines than this: 431 (h2o's figure) */

/* Fields the framework itself looks at; found in one step by id. */
enum gim_field_id {
    GIM_FIELD_OTHER,
    GIM_FIELD_HOST,
    GIM_FIELD_CONTENT_LENGTH,
    GIM_FIELD_TRANSFER_ENCODING,
    GIM_FIELD_CONNECTION,
    GIM_FIELD_EXPECT,
    GIM_FIELD_CONTENT_TYPE,
    GIM_FIELD_ACCEPT,
    GIM_FIELD_AUTHORIZATION,
    GIM_FIELD_IF_MATCH,
    GIM_FIELD_IF_NONE_MATCH,
    GIM_FIELD_IF_MODIFIED_SINCE,
    GIM_FIELD_IF_UNMODIFIED_SINCE,
    GIM_FIELD_X_REQUEST_ID,
    GIM_FIELD_IDEMPOTENCY_KEY,
    GIM_FIELD_IDS
};

struct gim_span {
    uint16_t at, len;
};

struct gim_head_field {
    struct gim_span name, value; /* OWS around the value cut */
    uint8_t id;                  /* enum gim_field_id */
};

struct gim_head {
    const char *base;
    uint32_t size;          /* bytes, final CRLF CRLF included */
    struct gim_span method; /* as sent */
    struct gim_span target; /* as sent: origin-, absolute- or asterisk-form */
    struct gim_span
        path; /* raw path in target ("*" for OPTIONS *); "/" when absolute-form had none */
    struct gim_span query; /* raw, without '?' */
    struct gim_span
        authority;     /* of an absolute-form or CONNECT target; len 0: the target had none */
    uint8_t method_id; /* enum gim_method */
    uint8_t minor;     /* 1 for HTTP/1.1 and later 1.x, 0 for 1.0 */
    bool has_query;
    bool path_plain;        /* no '%', no "//", no dot segment: the raw path is the decoded one */
    bool keep_alive;        /* version and Connection taken together (RFC 9112 §9.3) */
    bool chunked;           /* body by chunked coding */
    bool expect_continue;   /* 1.1, a body follows, and the client waits for a 100 */
    bool expect_other;      /* 1.1 and an expectation we do not know: 417 */
    int64_t content_length; /* -1: none given */
    uint8_t first[GIM_FIELD_IDS]; /* 1 + index of the first field with that id; 0: none */
    uint8_t n_fields;
    struct gim_head_field fields[GIM_HEAD_FIELDS];
};

static inline gim_str gim_head_str(const struct gim_head *h, struct gim_span s)
{
    gim_str out = {h->base + s.at, s.len};
    return out;
}

/** The value of a known field; absent when the request has none. */
static inline gim_str gim_head_known(const struct gim_head *h, enum gim_field_id id)
{
    gim_str none = {0};
    return h->first[id] ? gim_head_str(h, h->fields[h->first[id] - 1].value) : none;
}

/** The value of any field, name in any case; `*at` is where to begin (0) and where to go on. */
gim_str gim_head_find(const struct gim_head *h, gim_str name, size_t *at);

/** Why a request was refused: what the client gets. `status` 0: not refused. */
struct gim_refusal {
    int status;         /* 400, 414, 417, 431, 501, 505 ... */
    const char *detail; /* one static line: "the Host field is missing" */
};

/* 0 means the default: GIM_HEAD_LIMIT and GIM_TARGET_LIMIT. */
struct gim_head_limits {
    uint32_t head;   /* bytes of the whole head -> 431 */
    uint32_t target; /* bytes of the request target -> 414 */
};

#define GIM_HEAD_LIMIT 16384
#define GIM_TARGET_LIMIT 8192

/** Parses a head at the start of `in`. Returns its size (> 0); 0: more bytes are needed; -1:
 *  refused, `*why` says how and h->size is 0. `seen` is the number of bytes at the start of `in`
 *  that an earlier call with the same bytes already returned 0 for; 0 otherwise. With it the bytes
 *  are parsed again at most a few times a line, however they were cut into reads; the answer does
 *  not depend on the cuts. Empty CRLF lines before the request line are skipped and counted in the
 *  size, two at most (RFC 9112 §2.2). Limits hold also for partial heads. Every rule of
 *  docs/reference/http.md from "Request line" to "Framing" is decided here, the framing
 *  (content_length, chunked) included, but for what only the decoded path shows (uri.h). */
int gim_head_parse(struct gim_head *h, gim_str in, size_t seen,
                   const struct gim_head_limits *limits, struct gim_refusal *why);

#endif
