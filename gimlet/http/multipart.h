/* multipart.h: multipart/form-data (RFC 7578, RFC 2046 §5.1): bytes in, events out.
 *
 *     struct gim_multipart m;
 *
 *     if (gim_multipart_begin(&m, content_type)) ...          no boundary: 400
 *     for each piece `in` of the body:
 *         while ((e = gim_multipart_next(&m, &in)) != GIM_MULTIPART_MORE) ...
 *     when the body is over: gim_multipart_complete(&m), or it was cut short
 *
 * The pieces may be cut anywhere; the events tell the same, but for how DATA is sliced. Nothing is
 * copied but heads of parts. No I/O, no allocation; linear in the bytes. */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include "head.h"

#define GIM_MULTIPART_BOUNDARY 70 /* bytes (RFC 2046 §5.1.1) */
#define GIM_MULTIPART_HEAD 4096   /* bytes of a part's head */
#define GIM_MULTIPART_NAME 256    /* bytes of a part's name */
#define GIM_MULTIPART_OUTSIDE                                                                      \
    1024 /* bytes in front of the first boundary and behind the last one */

enum gim_multipart_event {
    GIM_MULTIPART_MORE,    /* all of the input is used */
    GIM_MULTIPART_PART,    /* a part begins: m.part */
    GIM_MULTIPART_DATA,    /* a piece of it: m.data, never empty */
    GIM_MULTIPART_END,     /* it is over */
    GIM_MULTIPART_REFUSED, /* not multipart/form-data as we take it: m.why; nothing more is parsed */
};

/* What a part's head says of it. */
struct gim_multipart_part {
    gim_str name;       /* of the form's field; any bytes but controls */
    gim_str filename;   /* as the client sent it, not for opening files; absent: it is no file */
    gim_str media_type; /* with its parameters; "text/plain" when it says nothing (RFC 7578 §4.4) */
};

struct gim_multipart {
    struct gim_multipart_part part; /* of PART; lives until the next call after its END */
    gim_str data;                   /* of DATA; a slice of the input or of this struct */
    struct gim_refusal why;         /* of REFUSED: 400, or 413 for too many parts */
    uint32_t max_parts;             /* set it after begin; 0: any number */
    /* private */
    uint32_t n_parts;
    uint32_t outside; /* bytes in front of the first boundary and behind the last one */
    uint16_t line;    /* start of the present line of `head` */
    uint16_t head_len;
    uint8_t state;
    uint8_t held;          /* bytes of the delimiter seen at the end of the input so far */
    uint8_t lent;          /* of those: not bytes of the text, but of the line in front of it */
    uint8_t delimiter_len; /* CR LF "--" boundary */
    char delimiter[4 + GIM_MULTIPART_BOUNDARY];
    char head[GIM_MULTIPART_HEAD];
};

/** Ready for the body of a request with that Content-Type, "multipart/form-data; boundary=x". 0; or
 *  -1 with `why` set: another type, or no boundary of RFC 2046. `content_type` may go afterwards. */
GIM_MUST_CHECK int gim_multipart_begin(struct gim_multipart *m, gim_str content_type);

/** The next event of `*in`, which is advanced past what was used. */
enum gim_multipart_event gim_multipart_next(struct gim_multipart *m, gim_str *in);

/** Was the last boundary there? */
bool gim_multipart_complete(const struct gim_multipart *m);

#endif
