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
#define RATE_MAX 1000000 /* a second: finer than the clock */
#define BURST_MAX 1000   /* times the limit */

const struct gim_answer gim_rate_limit_answers[] = {
    {429, .doc = "Too many requests; Retry-After says when the next one is taken."},
    {0},
};

enum kind {
    KIND_NONE,
    KIND_ADDRESS,
    KIND_TEXT,
};

/* A limit as it holds. */
struct holding {
    int64_t limit, per; /* limit 0: none */
    struct gim_rate rate;
    struct gim_rate_buckets *buckets;
};

static const char *name_of(const struct gim_rate_limit *l)
{
    return l->name ? l->name : "default";
}

/* ---- what holds -------------------------------------------------------------------------------- */

/* "100/s", "6000/m", "100000/h", "off". 0, or -1. */
static int read_setting(gim_str text, int64_t *limit, int64_t *per)
{
    static const struct {
        const char *name;
        int64_t seconds;
    } units[] = {{"s", 1}, {"m", 60}, {"h", 3600}};
    gim_str number = gim_str_cut(&text, '/');

    *limit = 0;
    *per = 1;
    if (!number.len || gim_str_eq(number, GIM_S("off")))
        return text.ptr ? -1 : 0;
    if (gim_str_to_int(number, limit) || *limit < 1)
        return -1;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!gim_str_eq(text, gim_str_of(units[i].name)))
            continue;
        *per = units[i].seconds;
        return *limit / *per <= RATE_MAX ? 0 : -1;
    }
    return -1;
}

const char *gim_rate_limit_check(gim_str setting)
{
    int64_t limit, per;

    return read_setting(setting, &limit, &per) ? "expected a rate such as 100/s, 6000/m or "
                                                 "100000/h, at most a million a second, or off"
                                               : NULL;
}

/* Right also for what gim_rate_limit_wrong refuses, since a limit of gim_rate_check is not asked. */
static struct gim_rate rate_of(int64_t limit, int64_t per, int64_t burst)
{
    uint64_t step = (uint64_t)per * SECOND / (uint64_t)limit;

    if (burst < 1)
        burst = limit;
    if (burst / limit > BURST_MAX)
        burst = limit * BURST_MAX;
    return (struct gim_rate){step ? step : 1, (uint64_t)burst};
}

/* NULL: there is no memory. The reserve would be lent for ever, and nothing be served any more. */
static struct holding *begin_holding(const struct gim_rate_limit *l)
{
    struct holding *h = gim_heap_try(sizeof *h);

    if (!h)
        return NULL;
    h->limit = l->limit > 0 ? l->limit : 1;
    h->per = l->per > 0 ? l->per : 1;
    if (l->setting &&
        read_setting(*l->setting ? gim_str_of(*l->setting) : (gim_str){0}, &h->limit, &h->per))
        h->limit = 0;
    if (!h->limit)
        return h;
    h->rate = rate_of(h->limit, h->per, l->burst_setting ? *l->burst_setting : l->burst);
    h->buckets = gim_rate_buckets_new((size_t)(l->keys ? l->keys : KEYS));
    if (h->buckets)
        return h;
    gim_heap_free(h);
    return NULL;
}

/* Made by whoever comes first; who comes second at the same moment gives its own back. NULL: it could
 * not be made now. */
static const struct holding *holding_of(const struct gim_rate_limit *l)
{
    void *there = __atomic_load_n(&l->table->inside, __ATOMIC_ACQUIRE);
    struct holding *made;

    if (there)
        return there;
    made = begin_holding(l);
    if (!made)
        return NULL;
    if (__atomic_compare_exchange_n(&l->table->inside, &there, made, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return made;
    gim_rate_buckets_free(made->buckets);
    gim_heap_free(made);
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
static void say(struct gim_ctx *c, const struct gim_rate_limit *l, const struct holding *h,
                const struct gim_rate_verdict *v)
{
    int64_t t = seconds_up(v->taken ? v->full_us : v->wait_us);

    (void)gim_add_header(c, GIM_S("RateLimit-Policy"),
                         item(c, l, GIM_S(";q="), h->limit, GIM_S(";w="), h->per));
    (void)gim_add_header(c, GIM_S("RateLimit"),
                         item(c, l, GIM_S(";r="), (int64_t)v->left, GIM_S(";t="), t));
}

static int refuse(struct gim_ctx *c, const struct holding *h, uint64_t wait_us)
{
    long long wait = seconds_up(wait_us);

    (void)gim_set_header(c, GIM_S("Retry-After"), gim_printf(gim_arena(c), "%lld", wait));
    return gim_problem(c, 429, NULL, "more than %lld requests in %lld s; try again in %lld s",
                       (long long)h->limit, (long long)h->per, wait);
}

static int refuse_unmade(struct gim_ctx *c)
{
    (void)gim_set_header(c, GIM_S("Retry-After"), GIM_S("1"));
    return gim_problem(c, 503, NULL, "there is no memory to count requests in now; try again");
}

static int take(struct gim_ctx *c, const struct gim_rate_limit *l, const struct holding *h,
                uint64_t hash)
{
    struct gim_rate_verdict v =
        gim_rate_take(h->buckets, &h->rate, hash, gim_loop_ms(c->x.wire->loop) * 1000);

    if (!l->quiet)
        say(c, l, h, &v);
    return v.taken ? GIM_OK : refuse(c, h, v.wait_us);
}

int gim_rate_check(struct gim_ctx *c, const struct gim_middleware *limit, gim_str key)
{
    const struct gim_rate_limit *l = limit->with;
    const struct holding *h = holding_of(l);

    if (!h)
        return refuse_unmade(c);
    return h->limit ? take(c, l, h, gim_rate_hash(h->buckets, KIND_TEXT, key.ptr, key.len))
                    : GIM_OK;
}

int gim_rate_limit_before(struct gim_ctx *c)
{
    const struct gim_rate_limit *l = gim_with(c);
    const struct holding *h = holding_of(l);
    gim_str key;

    if (!h)
        return refuse_unmade(c);
    if (!h->limit)
        return GIM_OK;
    key = l->key ? l->key(c) : text_key(c, l);
    if (l->key && !key.ptr)
        return GIM_OK;
    if (!key.ptr)
        return take(c, l, h, hash_of_client(c, h->buckets));
    return take(c, l, h, gim_rate_hash(h->buckets, KIND_TEXT, key.ptr, key.len));
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

    bool fixed = !l->setting;

    if ((fixed && l->limit < 1) || l->per < 0 || l->per > 86400 * 366 || l->burst < 0)
        return ".limit must be 1 or more, .per seconds up to a year, .burst not negative";
    if (!fixed && (l->limit || l->per || l->burst))
        return "one of .limit and .setting, not both";
    if (fixed && l->burst / l->limit > BURST_MAX)
        return ".burst is more than a thousand times .limit";
    if (l->limit / (l->per > 0 ? l->per : 1) > RATE_MAX)
        return ".limit is more than a million a second, finer than the clock";
    if ((l->key != NULL) + (l->header != NULL) + (l->cookie != NULL) > 1)
        return "one of .key, .header and .cookie, not more";
    if (l->keys < 0 || l->keys > KEYS_MAX)
        return ".keys must be 0 to 134217728";
    return name_ok(name_of(l)) ? NULL : ".name holds '\"', '\\' or what is no printable ASCII";
}
