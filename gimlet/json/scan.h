/* scan.h: the one reader of JSON text: strings, numbers, literals, whole values.
 *
 * A scan is a cursor over the text. Each function steps over what it read and returns true, or
 * leaves the place and the reason of the first error and returns false. Binding, checking and the
 * tree all read through it, so there is one answer to "is this JSON". */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include "names.h"
#include "swar.h"
#include <gimlet/json.h>

struct gim_scan {
    const char *at, *end, *start;
    const char *reason; /* why it stopped at `at` */
};

/** A string's bytes between its quotes. */
struct gim_text {
    gim_str raw;
    bool escaped; /* it has a backslash: gim_text_decode */
    bool ascii;   /* no byte above 0x7F and no escape: bytes are characters */
};

struct gim_number {
    gim_str text;
    uint64_t digits; /* the integer part's value, modulo 2^64 */
    uint32_t n;      /* how many digits it has */
    bool negative;
    bool integral; /* no fraction, no exponent */
};

static inline void gim_scan_init(struct gim_scan *s, gim_str text)
{
    s->start = s->at = text.len ? text.ptr : "";
    s->end = s->start + text.len;
    s->reason = NULL;
}

/** Stops at `at`. Always false. */
bool gim_scan_fail(struct gim_scan *s, const char *at, const char *reason);
/** Stops at the cursor with `reason`, or with "the text ends too early" when nothing is left. */
bool gim_scan_expected(struct gim_scan *s, const char *reason);
/** Offset, line and column of the place where it stopped. */
void gim_scan_error(const struct gim_scan *s, struct gim_json_error *err);

void gim_scan_space_slow(struct gim_scan *s);
static inline void gim_scan_space(struct gim_scan *s)
{
    if (s->at < s->end && (unsigned char)*s->at <= ' ')
        gim_scan_space_slow(s);
}

/** The byte at the cursor; NUL at the end (no JSON token starts with one). */
static inline char gim_scan_peek(const struct gim_scan *s)
{
    return s->at < s->end ? *s->at : '\0';
}

static inline bool gim_scan_at_number(const struct gim_scan *s)
{
    char c = gim_scan_peek(s);

    return (c >= '0' && c <= '9') || c == '-';
}

bool gim_scan_string_slow(struct gim_scan *s, const char *from, struct gim_text *out);

/** At a '"'. The common string, ASCII without escapes, is read here; the rest out of line. */
static inline bool gim_scan_string(struct gim_scan *s, struct gim_text *out)
{
    const char *first = s->at + 1, *p = first, *end = s->end;
    uint64_t flags;

    for (; end - p >= 8; p += 8) {
        flags = gim_swar_special_or_high(gim_swar_load(p));
        if (flags) {
            p += gim_swar_first(flags);
            break;
        }
    }
    if (p < end && *p == '"') {
        *out = (struct gim_text){{first, (size_t)(p - first)}, false, true};
        s->at = p + 1;
        return true;
    }
    return gim_scan_string_slow(s, p, out);
}

/** The string's value: a slice of the text, or decoded into the arena when it has escapes. */
gim_str gim_text_decode_slow(const struct gim_text *t, struct gim_arena *a);
static inline gim_str gim_text_decode(const struct gim_text *t, struct gim_arena *a)
{
    return t->escaped ? gim_text_decode_slow(t, a) : t->raw;
}
/** Decodes one character or a run of checked string text at `*p` into `out` (room for 4). Returns
 *  the bytes written. */
size_t gim_text_step(const char **p, char out[4]);

/** At a '-' or a digit. */
bool gim_scan_number(struct gim_scan *s, struct gim_number *out);
/** At the first letter of true, false or null. */
bool gim_scan_literal(struct gim_scan *s, const char *word, size_t len);
/** After a name: white space, ':', white space. */
bool gim_scan_colon(struct gim_scan *s);
/** One whole value of any kind, inside `depth` open arrays and objects. */
bool gim_scan_value(struct gim_scan *s, struct gim_names *names, unsigned depth);
/** Before the value of a whole text: white space; refuses an empty text and a byte order mark. */
bool gim_scan_open(struct gim_scan *s);
/** After it: nothing but white space. */
bool gim_scan_close(struct gim_scan *s);

/* Reasons given at more than one place. */
extern const char gim_reason_deep[], gim_reason_duplicate[], gim_reason_element[],
    gim_reason_member[], gim_reason_name[], gim_reason_value[];

#endif
