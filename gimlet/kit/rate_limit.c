/* rate_limit.c: whose bucket, and what the answer says; the buckets are rate_table.c's.
 *
 * The clock is the loop's, read once a turn, so a decision costs no system call; only the client's
 * address does (gim_client), once a request. */
#include <gimlet/rate_limit.h>
#include "../base/address.h"
#include "../rest/ctx.h"
#include "rate_table.h"
#include <gimlet/client.h>
#include <gimlet/cookie.h>

#define KEYS 16384
#define KEYS_MAX (INT64_C(1) << 27)
#define SECOND UINT64_C(1000000)

const struct gim_answer gim_rate_limit_answers[] = {
    {429, .doc = "Too many requests; Retry-After says when the next one is taken."},
    {0},
};

enum kind {
    KIND_NONE,
    KIND_ADDRESS,
    KIND_TEXT,
};

static const char *name_of(const struct gim_rate_limit *l)
{
    return l->name ? l->name : "default";
}

static int64_t seconds_of(const struct gim_rate_limit *l)
{
    return l->per > 0 ? l->per : 1;
}

/* Made by whoever comes first; who comes second at the same moment gives its own back. */
static struct gim_rate_buckets *buckets_of(const struct gim_rate_limit *l)
{
    void *there = __atomic_load_n(&l->table->inside, __ATOMIC_ACQUIRE);
    struct gim_rate_buckets *made;

    if (there)
        return there;
    made = gim_rate_buckets_new((size_t)(l->keys ? l->keys : KEYS));
    if (__atomic_compare_exchange_n(&l->table->inside, &there, made, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return made;
    gim_rate_buckets_free(made);
    return there;
}

/* ---- whose ------------------------------------------------------------------------------------- */

/* An IPv6 host has a /64 and may use all of it. */
static uint64_t hash_of_client(struct gim_ctx *c, const struct gim_rate_buckets *t)
{
    struct gim_address a;

    if (gim_address_read(gim_client(c), &a))
        return gim_rate_hash(t, KIND_NONE, "", 0);
    if (gim_address_is_v4(&a))
        return gim_rate_hash(t, KIND_ADDRESS, a.bytes, sizeof a.bytes);
    return gim_rate_hash(t, KIND_ADDRESS, a.bytes, 8);
}

static gim_str text_key(struct gim_ctx *c, const struct gim_rate_limit *l)
{
    if (l->header)
        return gim_header(c, gim_str_of(l->header));
    return l->cookie ? gim_cookie(c, gim_str_of(l->cookie)) : (gim_str){0};
}

/* ---- what is said ------------------------------------------------------------------------------ */

static int64_t seconds_up(uint64_t us)
{
    return (int64_t)((us + SECOND - 1) / SECOND);
}

static char *put(char *at, gim_str s)
{
    memcpy(at, s.ptr, s.len);
    return at + s.len;
}

/* "name";q=100;w=60: not by printf, which takes as long as the rest of a request. */
static gim_str item(struct gim_ctx *c, const struct gim_rate_limit *l, gim_str first, int64_t a,
                    gim_str second, int64_t b)
{
    gim_str name = gim_str_of(name_of(l));
    char *text = gim_alloc_raw(gim_arena(c), name.len + 64, 1);
    char *at = put(put(put(text, GIM_S("\"")), name), GIM_S("\""));

    at = put(at, first);
    at += gim_int_write(at, a);
    at = put(at, second);
    at += gim_int_write(at, b);
    return (gim_str){text, (size_t)(at - text)};
}

/* `t` is how long there will be no more than `r`, nearly: a client that spreads `r` over it is at the
 * rate. Of a refusal it is the wait, which Retry-After must not undercut (draft-11 §6.4). */
static void say(struct gim_ctx *c, const struct gim_rate_limit *l, const struct gim_rate_verdict *v)
{
    int64_t t = seconds_up(v->taken ? v->full_us : v->wait_us);

    (void)gim_add_header(c, GIM_S("RateLimit-Policy"),
                         item(c, l, GIM_S(";q="), l->limit, GIM_S(";w="), seconds_of(l)));
    (void)gim_add_header(c, GIM_S("RateLimit"),
                         item(c, l, GIM_S(";r="), (int64_t)v->left, GIM_S(";t="), t));
}

static int refuse(struct gim_ctx *c, const struct gim_rate_limit *l, uint64_t wait_us)
{
    long long wait = seconds_up(wait_us);

    (void)gim_set_header(c, GIM_S("Retry-After"), gim_printf(gim_arena(c), "%lld", wait));
    return gim_problem(c, 429, NULL, "more than %lld requests in %lld s; try again in %lld s",
                       (long long)l->limit, (long long)seconds_of(l), wait);
}

/* Right also for what gim_rate_limit_wrong refuses, since a limit of gim_rate_check is not asked. */
static struct gim_rate rate_of(const struct gim_rate_limit *l)
{
    uint64_t limit = l->limit > 0 ? (uint64_t)l->limit : 1;
    uint64_t step = (uint64_t)seconds_of(l) * SECOND / limit;
    uint64_t burst = l->burst > 0 ? (uint64_t)l->burst : limit;

    return (struct gim_rate){step ? step : 1, burst};
}

static int take(struct gim_ctx *c, const struct gim_rate_limit *l, uint64_t hash)
{
    struct gim_rate rate = rate_of(l);
    struct gim_rate_verdict v =
        gim_rate_take(buckets_of(l), &rate, hash, gim_loop_ms(c->x.wire->loop) * 1000);

    if (!l->quiet)
        say(c, l, &v);
    return v.taken ? GIM_OK : refuse(c, l, v.wait_us);
}

int gim_rate_check(struct gim_ctx *c, const struct gim_middleware *limit, gim_str key)
{
    const struct gim_rate_limit *l = limit->with;

    return take(c, l, gim_rate_hash(buckets_of(l), KIND_TEXT, key.ptr, key.len));
}

int gim_rate_limit_before(struct gim_ctx *c)
{
    const struct gim_rate_limit *l = gim_with(c);
    gim_str key = l->key ? l->key(c) : text_key(c, l);

    if (l->key && !key.ptr)
        return GIM_OK;
    if (!key.ptr)
        return take(c, l, hash_of_client(c, buckets_of(l)));
    return take(c, l, gim_rate_hash(buckets_of(l), KIND_TEXT, key.ptr, key.len));
}

/* ---- what stops the start ---------------------------------------------------------------------- */

/* What a string of a structured field may hold (RFC 9651 §3.3.3), without escapes. */
static bool name_ok(const char *name)
{
    for (; *name; name++) {
        if (*name < ' ' || *name >= 0x7f || *name == '"' || *name == '\\')
            return false;
    }
    return true;
}

const char *gim_rate_limit_wrong(const void *with)
{
    const struct gim_rate_limit *l = with;

    if (l->limit < 1 || l->per < 0 || l->per > 86400 * 366 || l->burst < 0)
        return ".limit must be 1 or more, .per seconds up to a year, .burst not negative";
    if (l->burst / l->limit > 1000)
        return ".burst is more than a thousand times .limit";
    if (l->limit / seconds_of(l) > 1000000)
        return ".limit is more than a million a second, finer than the clock";
    if ((l->key != NULL) + (l->header != NULL) + (l->cookie != NULL) > 1)
        return "one of .key, .header and .cookie, not more";
    if (l->keys < 0 || l->keys > KEYS_MAX)
        return ".keys must be 0 to 134217728";
    return name_ok(name_of(l)) ? NULL : ".name holds '\"', '\\' or what is no printable ASCII";
}
