/**
 * gimlet/compress.h: replies compressed with gzip or zstd when the client asks for it (RFC 9110 §8.4.1,
 * RFC 1952, RFC 8878).
 *
 *     static const struct gim_middleware *const middleware[] = {&gim_request_id, &gim_compress, NULL};
 *
 *     static const struct gim_middleware small_json = GIM_COMPRESS(.types = "application/json",
 *                                                                  .min_size = 256, .gzip_level = 1);
 *
 * Put it before middleware that looks at bodies or sets ETag: what stands behind it in the table acts
 * first on the way back. Accept-Encoding decides, weights included.
 *
 * - Compressed are whole replies from min_size bytes on, and streamed ones of unknown length, each of
 *   whose pieces is flushed, so the client has it when the handler gave it. Left alone: replies of other
 *   types, with Content-Encoding, 204, 206, 304, streams of known length (files), anything marked
 *   no-transform (RFC 9111 §5.2.2.6), and what would not become smaller.
 * - text/event-stream is no type of the default list: an endless stream would keep its context, a
 *   quarter of a MiB, for ever. Name it in .types if you want it.
 * - Vary: Accept-Encoding is on every reply of a type of the list, compressed or not.
 * - A strong ETag "v7" becomes "v7-gzip": the bytes differ, so must the tag (RFC 9110 §8.8.3.3). It is
 *   not made weak, since If-Match never matches a weak one. gim_preconditions takes "v7-gzip" for "v7",
 *   so If-Match and If-None-Match hold whichever of the two a client has seen; of a GET and a HEAD only
 *   when Accept-Encoding takes that coding, since a shared cache asks for others (RFC 9111 §4.3.1).
 * - HEAD has the fields of GET.
 * - Contexts are the worker's and used again: at most 32 at a time, four are kept. Beyond them replies
 *   go as they are.
 *
 * BREACH: where a reply has both a secret (a token against CSRF) and something that the client chose,
 * its compressed length tells about the secret, over TLS too. Keep such routes outside.
 */
#ifndef GIMLET_COMPRESS_H
#define GIMLET_COMPRESS_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Zero is valid everywhere. */
struct gim_compress {
    const char *encodings; /* the favourite first, ", "-separated, of "zstd" and "gzip"; NULL: both.
                              Where zstd is not built in it is passed over */
    const char *types;     /* ", "-separated: "application/json", "text/" "*" (any text but
                              event-stream), "*+json"; NULL: text, JSON, XML, JavaScript, SVG, wasm */
    int64_t min_size;      /* bytes of a whole reply; 0: 1024 */
    int64_t max_size; /* a larger whole reply would hold the loop too long; 0: 4 MiB. Stream it */
    int gzip_level;   /* 1 to 9; 0: 4 */
    int zstd_level;   /* 1 to 12; 0: 3 */
};

/** GIM_COMPRESS(.min_size = 256, ...): an initialiser of a struct gim_middleware. */
#define GIM_COMPRESS(...)                                                                          \
    {                                                                                              \
        .name = "compress", .before = gim_compress_before, .after = gim_compress_after,            \
        .with = GIM_MADE_(const struct gim_compress, __VA_ARGS__), .wrong = gim_compress_wrong     \
    }
/** All defaults. */
extern const struct gim_middleware gim_compress;

/** The parts of GIM_COMPRESS. */
int gim_compress_before(struct gim_ctx *c);
int gim_compress_after(struct gim_ctx *c);
const char *gim_compress_wrong(const void *with);

#ifdef __cplusplus
}
#endif
#endif
