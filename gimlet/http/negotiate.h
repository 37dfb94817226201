/* negotiate.h: what a client would rather have (RFC 9110 §12.4, §12.5): Accept, Accept-Encoding and
 * Accept-Language read once, then asked about each thing that the server could send.
 *
 *     static const gim_str codings[] = {{"zstd", 4}, {"gzip", 4}, {"identity", 8}};
 *     struct gim_preferences p;
 *
 *     gim_preferences_of(&p, head, GIM_S("Accept-Encoding"));
 *     best = gim_preferences_best(&p, gim_quality_coding, codings, 3);  0, 1, 2; -1: none may be sent
 *
 * Qualities are thousandths: 1000 is "q=1", 0 is "not acceptable". */
#ifndef HTTP_NEGOTIATE_H
#define HTTP_NEGOTIATE_H

#include "head.h"

/* Elements of a field that are looked at; those behind are not there. Browsers send about eight. */
#define GIM_PREFERENCES_MAX 48

struct gim_preference {
    gim_str value;  /* "text/html", "gzip", "en-GB", "*": no whitespace around it */
    gim_str params; /* raw, from the first ';' up to the weight: ";level=1"; may be empty */
    uint16_t q;     /* 0 to 1000 */
};

struct gim_preferences {
    bool given; /* the field was there, perhaps empty */
    uint8_t n;
    struct gim_preference items[GIM_PREFERENCES_MAX];
};

/** Adds the elements of one field line to a set that began as {0}; they point into `line`. An element
 *  that is no element (an empty one, a bad weight) is skipped. Linear in the line. Lenient where
 *  clients are known to be wrong: ".2" and "0." are weights, digits past the third are cut. */
void gim_preferences_add(struct gim_preferences *p, gim_str line);
/** All lines of the field `name` of a head, into `*p`, which is overwritten. */
void gim_preferences_of(struct gim_preferences *p, const struct gim_head *h, gim_str name);

/** How much one thing is wanted: a quality from 0 to 1000. */
typedef unsigned gim_quality_fn(const struct gim_preferences *p, gim_str offer);

/** Accept and a media type, "text/html; charset=utf-8": the most specific range that covers it
 *  decides (§12.5.1). All parameters of a range must be the type's, in any case and order; a charset
 *  that the type does not name is passed over. No field: 1000. */
gim_quality_fn gim_quality_type;
/** Accept-Encoding and a content coding, "gzip", "identity" (§12.5.3). `identity` is acceptable
 *  unless refused, at the lowest quality when it is not named. No field: identity only, since who
 *  does not send it may not know any coding. An empty field: the same. */
gim_quality_fn gim_quality_coding;
/** Accept-Language and a language tag, "en", "de-CH" (§12.5.4, RFC 4647): the longest range that
 *  covers the tag decides ("de" covers "de-CH"). When none does, a more special range will do
 *  ("de-CH" is content with "de") and counts a thousandth less. No field: 1000. */
gim_quality_fn gim_quality_language;

/** The offer that is wanted most; of equals the first, so list the server's favourite first. -1: none
 *  is acceptable. */
int gim_preferences_best(const struct gim_preferences *p, gim_quality_fn *quality,
                         const gim_str *offers, size_t n);

#endif
