/**
 * gimlet/rate_limit.h: how many requests somebody may make: a token bucket for each key.
 *
 *     static const struct gim_middleware limit = GIM_RATE_LIMIT(.limit = 100, .per = 60);
 *
 * is 100 requests a minute for each client address: a hundred at once, then one every 600 ms. What is
 * over gets 429 with Retry-After; every answer says what is left, in the fields RateLimit-Policy and
 * RateLimit (draft-ietf-httpapi-ratelimit-headers-10).
 *
 * All workers share the buckets, so the limit is exact over the process; other processes have their
 * own. Memory is fixed (.keys), allocated at the first request and kept until the process ends. When
 * more keys than that are in use at once, the fullest bucket of eight is forgotten for a new key: a
 * limit may then be too kind, never too strict.
 *
 * In a limit for the application or a group all its routes share a bucket; a route with a limit of its
 * own has both. Health checks are routes like others: leave room for the balancer's, or limit groups.
 */
#ifndef GIMLET_RATE_LIMIT_H
#define GIMLET_RATE_LIMIT_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where the buckets are; the macro makes one. */
struct gim_rate_table {
    void *inside;
};

/** One of .key, .header and .cookie, or none of them: the client's address (gim_client, so put
 *  GIM_PROXIES before it when there are proxies; an IPv6 client is its /64, RFC 6177). A client that
 *  sends no such header or cookie is known by its address; one that may make them up gets as many
 *  buckets as it likes, so limit by these only behind a guard that knows them. Where there is no
 *  address (a unix socket) all share one bucket. */
struct gim_rate_limit {
    int64_t limit; /* requests ... */
    int64_t per;   /* ... in so many seconds; 0: 1 */
    int64_t burst; /* at once, at most; 0: .limit */
    /** Instead of .limit, where such text will stand when requests come: "100/s", "6000/m", "100000/h";
     *  NULL, "" and "off" are no limit, which costs nothing. It is read once. */
    const char *const *setting;
    const int64_t *burst_setting;      /* the same of .burst; 0 there: the number of .setting */
    gim_str (*key)(struct gim_ctx *c); /* absent: this request is not limited. Loop thread */
    const char *header;                /* "X-Api-Key" */
    const char *cookie;
    const char *name;             /* of the policy, in the fields; NULL: "default" */
    int64_t keys;                 /* in use at once, 16 bytes each; 0: 16384 */
    bool quiet;                   /* no RateLimit fields; 429 and Retry-After stay */
    struct gim_rate_table *table; /* set by the macro */
};

/** A middleware value, at file scope. */
#define GIM_RATE_LIMIT(...)                                                                        \
    {                                                                                              \
        .name = "rate_limit", .before = gim_rate_limit_before,                                     \
        .with = GIM_MADE_(const struct gim_rate_limit, __VA_ARGS__,                                \
                          .table = GIM_MADE_(struct gim_rate_table, NULL)),                        \
        .answers = gim_rate_limit_answers, .wrong = gim_rate_limit_wrong                           \
    }

/** What is wrong with the text of a setting, a static line; NULL: nothing. For .start. */
const char *gim_rate_limit_check(gim_str setting);

/** Takes a token for a key that only the handler knows, such as the user name of a login form:
 *
 *     if (gim_rate_check(c, &logins, form->user))
 *         return GIM_REPLIED;
 *
 *  The limit need not stand in any .middleware. Returns 0; or GIM_REPLIED with the 429 made. Loop
 *  thread. */
GIM_MUST_CHECK int gim_rate_check(struct gim_ctx *c, const struct gim_middleware *limit,
                                  gim_str key);

/** The parts of GIM_RATE_LIMIT. */
int gim_rate_limit_before(struct gim_ctx *c);
const char *gim_rate_limit_wrong(const void *with);
extern const struct gim_answer gim_rate_limit_answers[];

#ifdef __cplusplus
}
#endif
#endif
