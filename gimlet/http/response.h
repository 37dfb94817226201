/* response.h: reading HTTP/1.1 responses (RFC 9112 §4, §6.3), strict about framing. Bytes in, events
 * out, no I/O and no memory of its own: the client's twin of session.h.
 *
 * The hot path is one read that holds one whole response: the status at its fixed place, the lines
 * of the head eight bytes a step, the few fields that matter for framing, the body by its length. */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include "chunks.h"

enum gim_response_event {
    GIM_RESPONSE_MORE, /* all used, or a partial head kept by the caller: feed more */
    GIM_RESPONSE_HEAD, /* status and fields are in r->head... ; 1xx are skipped silently (101 is bad) */
    GIM_RESPONSE_DATA, /* a piece of the body: r->data, a slice of the input, never empty */
    GIM_RESPONSE_END,  /* complete; r->keep_alive says whether the connection can go on */
    GIM_RESPONSE_BAD,  /* r->reason says what is wrong (static); nothing after it is read */
};

#define GIM_RESPONSE_HEAD_MAX 65536 /* bytes of one head, its last CR LF included */
#define GIM_RESPONSE_INTERIM 16     /* 1xx responses skipped for one request; more are bad */

struct gim_response {
    /* from the HEAD event on */
    int status;             /* 200 to 999 */
    int64_t content_length; /* -1: none given. Of a HEAD, 204 or 304 it is not a body's */
    bool keep_alive;        /* version, Connection and framing taken together */
    bool chunked, until_close, no_body;
    gim_str head; /* during the HEAD event: status line and fields, a slice of the input */
    /* of the other events */
    gim_str data;
    const char *reason;
    uint64_t body_bytes; /* of this response so far, chunk framing not counted */
    union {
        uint64_t left; /* bytes of the body, or of the present chunk, to come */
        struct gim_chunks chunks;
    };
    /* private */
    uint32_t line, seen; /* in a partial head: its last line, and what is known to be text */
    uint8_t state, minor, interim;
    bool head_request, close, keep;
};

/** Gets ready for the response to a request; `head_request`: it was a HEAD (or a CONNECT that is only
 *  looked at for its status), so no body comes. */
void gim_response_start(struct gim_response *r, bool head_request);
/** The next event; *in is advanced past what was used. A partial head stays in *in: pass it again
 *  with more behind it. After END, call gim_response_start before the next; bytes left in *in after
 *  END belong to no request unless one was pipelined. */
enum gim_response_event gim_response_next(struct gim_response *r, gim_str *in);
/** The connection has ended: GIM_RESPONSE_END when that is how this body ends, else BAD (static text;
 *  r->left may add how many bytes a body of known length lacks). */
enum gim_response_event gim_response_eof(struct gim_response *r);
/** Whether a byte of the answer was read: if not, a kept connection that ended may have been closed
 *  before the request came (RFC 9112 §9.3.1). */
bool gim_response_begun(const struct gim_response *r);
/** A field of r->head (valid during the HEAD event), the first of that name in any case; absent when
 *  there is none. */
gim_str gim_response_field(gim_str head, gim_str name);

#endif
