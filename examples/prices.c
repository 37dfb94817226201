/* prices.c: a service that asks another one, on the same loop: while one handler waits, its worker
 * serves everybody else. Another price is fetched by a timer, with no request that waits for it.
 *   prices --upstream http://localhost:9000
 *   curl localhost:8080/prices/eur; curl localhost:8080/gold */
#include <gimlet.h>
#include <stdio.h>

struct price {
    gim_str currency;
    double value;
};
static const struct gim_field fields[] = {
    GIM_STR(struct price, currency, .required = true, .max_len = 8),
    GIM_DOUBLE(struct price, value, .required = true, GIM_DMIN(0)),
};
static const struct gim_schema price_schema = GIM_SCHEMA("Price", struct price, fields);

struct shop {
    const char *upstream; /* an option */
    double gold;          /* the worker's: there is one */
    bool known;
};

static int answered(struct gim_ctx *c)
{
    const struct gim_fetched *f = gim_fetched(c);
    struct price *p = GIM_NEW(gim_arena(c), struct price);
    struct gim_faults faults = {0};
    struct gim_json_error err;
    if (f->status == 404)
        return gim_problem(c, 404, NULL, "no such currency");
    if (f->status != 200)
        return gim_problem(c, 502, NULL, "the prices cannot be had: %s",
                           f->error ? f->error : "it answers with an error");
    if (gim_json_decode(&price_schema, f->body, p, gim_arena(c), &faults, &err))
        return gim_problem(c, 502, NULL, "the prices cannot be understood");
    return gim_reply(c, 200, &price_schema, p);
}

static int read_price(struct gim_ctx *c)
{
    const struct shop *s = gim_state(c);
    gim_str currency = gim_param(c, GIM_S("currency"));
    for (size_t i = 0; i < currency.len; i++) /* what a client says goes into no URL unseen */
        if (currency.ptr[i] < 'a' || currency.ptr[i] > 'z')
            return gim_problem(c, 404, NULL, "no such currency");
    struct gim_fetch ask = {
        .url = gim_printf(gim_arena(c), "%s/prices/%.*s", s->upstream, GIM_FMT(currency)).ptr,
        .timeout = 2000,
        .https = &gim_https,
        GIM_HEADERS({GIM_S("Accept"), GIM_S("application/json")}),
    };
    return gim_fetch(c, &ask, answered);
}

static int read_gold(struct gim_ctx *c)
{
    const struct shop *s = gim_state(c);
    struct price p = {GIM_S("gold"), s->gold};
    if (!s->known)
        return gim_problem(c, 503, NULL, "the price of gold is not known yet");
    return gim_reply(c, 200, &price_schema, &p);
}

static void got_gold(struct gim_app *app, unsigned worker, const struct gim_fetched *f, void *arg)
{
    struct shop *s = gim_app_state(app);
    (void)worker;
    (void)arg;
    s->known = f->status == 200 && sscanf(f->body.ptr, "{\"value\":%lf", &s->gold) == 1;
    if (!s->known)
        gim_log(GIM_LOG_WARN, "prices", "no price of gold: %s", f->error ? f->error : "no number");
}

static void fetch_gold(struct gim_app *app, unsigned worker, void *arg)
{
    const struct shop *s = gim_app_state(app);
    char url[256];
    (void)arg;
    snprintf(url, sizeof url, "%s/gold", s->upstream);
    if (gim_fetch_start(app, worker, &(struct gim_fetch){.url = url, .https = &gim_https}, got_gold,
                        NULL))
        gim_log(GIM_LOG_WARN, "prices", "too much is under way");
}

static const struct gim_route routes[] = {
    GIM_GET("/prices/:currency", read_price, .suspends = true, .reply = &price_schema,
            .handler_timeout = 5000),
    GIM_GET("/gold", read_gold, .reply = &price_schema),
    {0},
};
static const struct gim_timer_row timers[] = {
    GIM_EVERY(200, fetch_gold, .name = "gold", .first = 1),
    {0},
};
static const struct gim_option options[] = {
    {"upstream", GIM_OPTION_STR, GIM_OPTION_AT(struct shop, upstream), "http://localhost:9000",
     .group = "Prices", .help = "the service that knows them"},
    {0},
};

/* Shut in, but for asking others. */
static const struct gim_sandbox sandbox = GIM_SANDBOX(.connects = true);

int main(int argc, char **argv)
{
    static struct shop shop;
    return gim_main(argc, argv, .name = "prices", .routes = routes, .state = &shop,
                    .options = options, .timers = timers, .sandbox = &sandbox, .workers = 1);
}
