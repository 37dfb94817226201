/* reads.h: one head, read in every way: whole; at every prefix, each laid against a guard page; one
 * byte at a time; and in two reads cut at every place. The answer must be a function of the bytes
 * alone, and a refusal must never be taken back. Include after cmocka.h. */
#ifndef TESTS_HTTP_READS_H
#define TESTS_HTTP_READS_H

#include "../../../gimlet/http/head.h"
#include "guard.h"

struct answer {
    int result;
    struct gim_refusal why;
};

static const struct gim_head_limits defaults = {0, 0};

static inline struct answer parse(const char *in, size_t len, size_t seen, struct gim_head *h,
                                  const struct gim_head_limits *limits)
{
    struct answer a = {0};
    char *copy = guard_copy(in, len);

    memset(h, 0xa5, sizeof *h); /* the parser is lent dirty memory */
    a.result = gim_head_parse(h, (gim_str){copy, len}, seen, limits, &a.why);
    if (a.result > 0)
        h->base = in;
    guard_free(copy, len);
    return a;
}

static inline void same(struct answer a, struct answer b)
{
    assert_int_equal(a.result, b.result);
    assert_int_equal(a.why.status, b.why.status);
    if (a.result < 0)
        assert_string_equal(a.why.detail, b.why.detail);
}

/* The answer for the whole, proved the same for every way to read it. */
static inline struct answer run(const char *in, size_t len, struct gim_head *h,
                                const struct gim_head_limits *limits)
{
    struct answer whole = parse(in, len, 0, h, limits), last = {0};
    struct gim_head scratch;

    for (size_t k = 1; k <= len; k++) {
        struct answer pure = parse(in, k, 0, &scratch, limits);

        if (last.result) {
            same(pure, last); /* never taken back */
            continue;
        }
        same(parse(in, k, k - 1, &scratch, limits), pure);
        last = pure;
        if (!pure.result)
            same(parse(in, len, k, &scratch, limits), whole);
    }
    same(last, whole);
    parse(in, len, 0, h, limits);
    return whole;
}

#endif
