/**
 * gimlet/negotiate.h: which of the things that a handler could send the client wants (RFC 9110 §12).
 *
 *     static const char *const kinds[] = {"application/json", "text/csv", NULL};
 *
 *     static int report(struct gim_ctx *c)
 *     {
 *         switch (gim_accepts(c, kinds)) {
 *         case 0:
 *             return gim_reply(c, 200, &report_schema, &report);
 *         case 1:
 *             return gim_bytes(c, 200, GIM_S("text/csv; charset=utf-8"), as_csv(c, &report));
 *         default:
 *             return gim_not_acceptable(c, kinds);
 *         }
 *     }
 *
 * Weights count ("text/csv;q=0.5"), and so does "q=0": not this. A table lists the server's favourite
 * first: it is what a client gets that does not care. Each call says in Vary what the answer depends
 * on, so that caches keep the answers apart. For the thread that runs the handler.
 */
#ifndef GIMLET_NEGOTIATE_H
#define GIMLET_NEGOTIATE_H

#include <gimlet/ctx.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Which of these media types (a table that ends with NULL) the client's Accept wants most: its index;
 *  -1 when it wants none of them. The most specific range that covers a type gives its weight
 *  (§12.5.1); of equals the first type wins. Without the field: 0. A type may have parameters
 *  ("text/html; level=1"). Of the field the first 48 elements count, malformed ones do not. */
int gim_accepts(struct gim_ctx *c, const char *const *media_types);
/** The same of languages and Accept-Language (§12.5.4): "en", "de-CH". "de" in the field takes "de-CH",
 *  and "de-CH" is content with "de" when there is nothing nearer. For -1 send a default: a person
 *  would rather read another language than a 406. */
int gim_accepts_language(struct gim_ctx *c, const char *const *languages);
/** The same of content codings and Accept-Encoding (§12.5.3): "zstd", "gzip", "identity". List
 *  "identity" too, as what is sent when the client does not ask. -1: even that is refused. */
int gim_accepts_coding(struct gim_ctx *c, const char *const *codings);

/** The 406 that lists what there is. Returns GIM_REPLIED. */
int gim_not_acceptable(struct gim_ctx *c, const char *const *media_types);

/** Adds the name of a request field to Vary, unless it is there (§12.5.5). */
void gim_vary(struct gim_ctx *c, gim_str field);

#ifdef __cplusplus
}
#endif
#endif
