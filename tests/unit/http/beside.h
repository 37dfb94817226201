/* beside.h: two transcripts (oracle.h) laid beside each other, and what may differ between them: the
 * rows of two tables, each of which a run must need. Include after cmocka.h. */
#ifndef TESTS_HTTP_BESIDE_H
#define TESTS_HTTP_BESIDE_H

#include "oracle.h"

/* What we refuse and llhttp takes: the row of docs/reference/http.md (0: an answer's), our detail. */
struct strict {
    int point;
    const char *why;
    bool used;
};

enum where {
    HEAD,
    BODY,
    TRAILER
};

/* What llhttp refuses and we take: how its reason begins, where it must have been, and why we do. */
struct lax {
    const char *why;
    enum where where;
    const char *ours;
    bool used;
};

/* Two readers and their tables. */
struct sides {
    void (*ours)(struct talk *t, const char *text, size_t len);
    void (*theirs)(struct talk *t, const char *text, size_t len);
    struct strict *stricter;
    size_t n_stricter;
    struct lax *laxer;
    size_t n_laxer;
    bool (*excused)(const struct text *t); /* more that must hold for a row of `laxer` to count */
};

static struct talk ours, theirs;
static unsigned long counts[4]; /* inputs; messages both read; we alone stopped; llhttp alone */

static inline bool strict_on_purpose(const struct sides *s)
{
    for (size_t i = 0; ours.stop && i < s->n_stricter; i++) {
        if (strcmp(s->stricter[i].why, ours.stop) == 0)
            return s->stricter[i].used = true;
    }
    return false;
}

static inline bool lax_on_purpose(const struct sides *s, const struct text *t)
{
    enum where where = theirs.in_trailer ? TRAILER : theirs.in_body ? BODY : HEAD;

    for (size_t i = 0; theirs.stop && i < s->n_laxer; i++) {
        const char *why = s->laxer[i].why;

        if (s->laxer[i].where == where && strncmp(why, theirs.stop, strlen(why)) == 0 &&
            s->excused(t))
            return s->laxer[i].used = true;
    }
    return false;
}

/* "HTTP/1.2" to "HTTP/1.9" are read as 1.1, and llhttp knows none of them. */
static inline bool has_version_1_2(const struct text *t)
{
    for (size_t i = 0; i + 8 <= t->len; i++) {
        if (memcmp(t->bytes + i, "HTTP/1.", 7) == 0 && t->bytes[i + 7] >= '2' &&
            t->bytes[i + 7] <= '9')
            return true;
    }
    return false;
}

/* llhttp stopped at whitespace with a ';' behind it. */
static inline bool before_extension(const struct text *t)
{
    size_t at = theirs.error_at, from = at;

    while (at < t->len && (t->bytes[at] == ' ' || t->bytes[at] == '\t'))
        at++;
    return at > from && at < t->len && t->bytes[at] == ';';
}

_Noreturn static inline void differ(const struct text *t, const char *what)
{
    for (size_t i = 0; i < t->len; i++)
        fprintf(stderr,
                t->bytes[i] >= ' ' && t->bytes[i] < 0x7f ? "%c"
                : t->bytes[i] == '\n'                    ? "\\n\n"
                                                         : "\\x%02x",
                (unsigned char)t->bytes[i]);
    fail_msg("%s\nwe: %u steps, %s\nllhttp: %u steps, %d %s", what, ours.steps,
             ours.stop ? ours.stop : "more", theirs.steps, theirs.error,
             theirs.stop ? theirs.stop : "more");
    abort();
}

/* Whether what both have read is the same. */
static inline bool same_so_far(unsigned steps)
{
    size_t len = steps ? ours.mark[steps - 1] : 0, a = ours.len - len, b = theirs.len - len;

    if (steps && (memcmp(ours.mark, theirs.mark, steps * sizeof ours.mark[0]) != 0 ||
                  memcmp(ours.out, theirs.out, len) != 0))
        return false;
    if (steps % 2 == 0 || ours.steps != theirs.steps)
        return true; /* of a head, a part is not compared; of a body it is */
    return memcmp(ours.out + len, theirs.out + len, a < b ? a : b) == 0;
}

/* NULL, or what is wrong with the two readings. */
static inline const char *compare_once(const struct sides *s, const struct text *t)
{
    unsigned steps;

    s->ours(&ours, t->bytes, t->len);
    s->theirs(&theirs, t->bytes, t->len);
    steps = ours.steps < theirs.steps ? ours.steps : theirs.steps;
    if (!same_so_far(steps))
        return "two readings of one text";
    if (ours.steps < theirs.steps && !strict_on_purpose(s))
        return "llhttp reads on, and why we do not is not listed";
    if (ours.steps > theirs.steps && !lax_on_purpose(s, t))
        return "we read on, and why llhttp does not is not listed";
    counts[0]++;
    counts[1] += steps / 2;
    counts[2] += ours.steps < theirs.steps;
    counts[3] += ours.steps > theirs.steps;
    return NULL;
}

static inline bool replace(struct text *t, char this, char that)
{
    char *at = t->bytes;
    bool any = false;

    while ((at = memchr(at, this, t->len - (size_t)(at - t->bytes))) != NULL) {
        *at++ = that;
        any = true;
    }
    return any;
}

/* llhttp 8 has two faults: HTAB beside a value is a part of it ("5 HTAB" is no length), and a chunk
 * size with ";a=b" may have no other extension. Without HTAB and '=' it must be read alike. */
static inline void compare(const struct sides *s, struct text *t)
{
    const char *wrong = compare_once(s, t);
    bool tab = wrong && replace(t, '\t', ' ');
    bool value = wrong && replace(t, '=', '_');

    if (tab || value)
        wrong = compare_once(s, t);
    if (wrong)
        differ(t, wrong);
}

/* Of what is valid, nothing is refused and no message lost. */
static inline void compare_valid(const struct sides *s, struct text *t)
{
    compare(s, t);
    if (ours.stop && strcmp(ours.stop, "closed") != 0)
        differ(t, "we refuse what is valid");
    if (ours.steps < theirs.steps)
        differ(t, "a message is lost");
}

static inline void every_row_was_needed(const struct sides *s)
{
    for (size_t i = 0; i < s->n_stricter; i++) {
        if (!s->stricter[i].used)
            fail_msg("row %d: llhttp refuses it too: %s", s->stricter[i].point, s->stricter[i].why);
    }
    for (size_t i = 0; i < s->n_laxer; i++) {
        if (!s->laxer[i].used)
            fail_msg("llhttp never refused: %s (%s)", s->laxer[i].why, s->laxer[i].ours);
    }
    print_message(
        "%lu inputs, %lu messages read alike, %lu that we alone refuse, %lu llhttp alone\n",
        counts[0], counts[1], counts[2], counts[3]);
}

#endif
