/* websocket.h: the framing of WebSocket (RFC 6455 §5), as a server reads and writes it: bytes in,
 * messages out, however they were cut into reads.
 *
 * A message may come in many frames, with control frames between them. What came of it lies,
 * unmasked, in `message`, a buffer that the reader fills and its owner lends: an idle reader needs
 * none. Extensions (permessage-deflate, RFC 7692) are not spoken: no reserved bit may be set. */
#ifndef HTTP_WEBSOCKET_H
#define HTTP_WEBSOCKET_H

#include "../base/buf.h"

enum gim_ws_opcode {
    GIM_WS_CONTINUATION = 0,
    GIM_WS_TEXT = 1,
    GIM_WS_BINARY = 2,
    GIM_WS_CLOSE = 8, /* from here on: control frames */
    GIM_WS_PING = 9,
    GIM_WS_PONG = 10,
};

/* Codes of a Close frame that this file gives or knows (§7.4.1). */
enum gim_ws_code {
    GIM_WS_PROTOCOL = 1002,
    GIM_WS_NO_CODE = 1005, /* never sent: the Close had none */
    GIM_WS_NOT_UTF8 = 1007,
    GIM_WS_TOO_BIG = 1009,
};

#define GIM_WS_CONTROL_MAX 125 /* bytes of a control frame's payload (§5.5) */
#define GIM_WS_REASON_MAX 123  /* the same without the code of a Close */
#define GIM_WS_HEAD_MAX 10     /* of an unmasked frame */

enum gim_ws_event {
    GIM_WS_MORE,    /* all of the input is used */
    GIM_WS_MESSAGE, /* a whole message: `kind` says TEXT or BINARY */
    GIM_WS_CONTROL, /* a control frame: `opcode` says which; a Close: `code` */
    GIM_WS_BAD, /* fail the connection with `code`; `why` is one static line. Feed nothing more */
};

/* Well-formed UTF-8 (RFC 3629), however it was cut. {0} is ready; whole when `need` is 0. */
struct gim_ws_utf8 {
    uint8_t need;      /* bytes of the present character to come */
    uint8_t low, high; /* what the next one of them may be, when `need` is not 0 */
};

/* One connection's reader. {0} is ready, its limits set or not. */
struct gim_ws_reader {
    struct gim_buf message; /* payload of the message under way; lend one, keep it, free it */
    uint64_t max_message;   /* bytes of a message, all its frames together; 0: a buffer's own cap */
    uint64_t max_frame;     /* bytes of one frame's payload; 0: no other limit */
    uint8_t opcode;         /* of the present frame */
    uint8_t kind;           /* of the message under way, TEXT or BINARY; 0: none is */
    uint16_t code;          /* BAD; CONTROL with a Close */
    const char *why;        /* BAD */
    uint64_t left;          /* the rest is private: payload bytes of the frame to come */
    bool fin, in_payload, delivered;
    uint8_t phase; /* of the mask: payload bytes so far, modulo 4 */
    uint8_t have;  /* bytes in head */
    uint8_t n_control;
    struct gim_ws_utf8 utf8;
    uint8_t mask[4];
    uint8_t head[14];
    char control[GIM_WS_CONTROL_MAX];
};

/** The next event of `*in`, which is advanced past what was used. MESSAGE and CONTROL: `*data` is the
 *  payload (of a Close: its reason), valid until the next call or until `message` is touched. A text
 *  message is UTF-8, and what is not is told at the first byte that cannot be, not at its end. The
 *  events do not depend on the cuts. Nothing may be fed after a Close. */
enum gim_ws_event gim_ws_next(struct gim_ws_reader *r, gim_str *in, gim_str *data);

/** Is a message under way, that is: must `message` be kept? */
static inline bool gim_ws_is_partial(const struct gim_ws_reader *r)
{
    return r->kind && !r->delivered;
}

/** The head of an unmasked frame of `len` bytes of payload; returns its length. */
size_t gim_ws_head_write(char out[GIM_WS_HEAD_MAX], enum gim_ws_opcode opcode, bool fin,
                         uint64_t len);
/** Appends one unmasked frame. */
void gim_ws_frame_write(struct gim_buf *out, enum gim_ws_opcode opcode, gim_str payload);
/** Appends a Close: GIM_WS_NO_CODE gives an empty one. The reason is cut at GIM_WS_REASON_MAX, before
 *  the character that does not fit. */
void gim_ws_close_write(struct gim_buf *out, unsigned code, gim_str reason);

/** May a Close frame carry it? 1000 to 1014 without 1004 to 1006, and 3000 to 4999 (§7.4 and IANA's
 *  registry). */
bool gim_ws_code_ok(unsigned code);
/** Is `s` UTF-8? What a text message must be. */
bool gim_ws_text_ok(gim_str s);

#endif
