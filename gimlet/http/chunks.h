/* chunks.h: the chunked coding (RFC 9112 §7.1), read: content and what stands around it told apart.
 * Bytes in, slices out, however they were cut into reads; requests and responses share it. */
#ifndef HTTP_CHUNKS_H
#define HTTP_CHUNKS_H

#include <gimlet/str.h>

/* Bounds: hex digits of a size, extension bytes of one chunk, framing bytes in hand (every byte of
 * content pays for four of them, so chunks of one byte may go on for 16 KiB and chunks of two for
 * ever), bytes of the trailer section. */
#define GIM_CHUNK_DIGITS 16
#define GIM_CHUNK_EXTENSION 256
#define GIM_CHUNK_OVERHEAD 16384
#define GIM_CHUNK_OVERHEAD_PAID 4
#define GIM_TRAILER_MAX 8192

enum gim_chunks_event {
    GIM_CHUNKS_MORE,    /* all of the input is used */
    GIM_CHUNKS_DATA,    /* a piece of the content, never empty */
    GIM_CHUNKS_END,     /* the body is complete, its trailer section too */
    GIM_CHUNKS_BAD,     /* not the chunked coding, and why */
    GIM_CHUNKS_TRAILER, /* the trailer section is longer than GIM_TRAILER_MAX */
};

/* One body. {0} is ready for the first byte. */
struct gim_chunks {
    uint64_t left;     /* bytes of the present chunk to come */
    uint16_t overhead; /* private: framing bytes in hand */
    uint16_t line;     /* private: digits or extension bytes in the present line */
    uint16_t trailer;  /* private: bytes of the trailer section so far */
    uint8_t state;     /* private: where in the coding */
    bool any_overhead; /* the reader does not mind more framing than content */
};

/** The next event of `*in`, which is advanced past what was used. DATA: `*data` is a slice of it.
 *  BAD: `*why` is a static line. Nothing may be fed after END, BAD and TRAILER. */
enum gim_chunks_event gim_chunks_next(struct gim_chunks *s, gim_str *in, gim_str *data,
                                      const char **why);

#endif
