/* response.h: reading HTTP/1.1 responses (RFC 9112 §4, §6.3), strict about framing. Bytes in, events
 * out, no I/O and no memory of its own: the client's twin of session.h.
 *
 * The hot path is one read that holds one whole response: the status at its fixed place, the end of
 * the head by a scan, the few fields that matter for framing, the body by its length. */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include "head.h"

enum gim_response_event {
    GIM_RESPONSE_MORE, /* all used, or a partial head kept by the caller: feed more */
    GIM_RESPONSE_HEAD, /* status and fields are in r->head... ; 1xx are skipped silently (101 is bad) */
    GIM_RESPONSE_DATA, /* a piece of the body: r->data */
    GIM_RESPONSE_END,  /* complete; r->keep_alive says whether the connection can go on */
    GIM_RESPONSE_BAD,  /* r->reason says what is wrong (static); nothing after it is read */
};

#define GIM_RESPONSE_HEAD_MAX 65536
#define GIM_RESPONSE_INTERIM 16 /* 1xx responses skipped for one request; more are bad */

struct gim_response {
    int status;
    int64_t content_length; /* -1: none given */
    gim_str head;           /* of the HEAD event: status line and fields, a slice of the input */
    gim_str data;
    const char *reason;
    uint64_t left;
    uint64_t body_bytes; /* of this response so far, chunk framing not counted */
    uint32_t seen, chunk_line, trailer, interim;
    uint8_t state, trailer_state, minor;
    bool keep_alive, chunked, until_close, no_body;
};

/** Gets ready for the response to a request; `head_request`: it was a HEAD, so no body comes. */
void gim_response_start(struct gim_response *r, bool head_request);
/** The next event; *in is advanced past what was used. A partial head stays in *in: pass it again
 *  with more behind it. After END, call gim_response_start before the next. */
enum gim_response_event gim_response_next(struct gim_response *r, gim_str *in);
/** The connection has ended: GIM_RESPONSE_END when that is how this body ends, else BAD ("the
 *  connection closed 12 bytes before the end of the body"-like static text). */
enum gim_response_event gim_response_eof(struct gim_response *r);
/** A field of r->head (valid during the HEAD event); absent when there is none. */
gim_str gim_response_field(gim_str head, gim_str name);

#endif
