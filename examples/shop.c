/* shop.c: a service that can be watched: figures for Prometheus, traces, compressed replies.
 *
 *     curl -d '{"things":3}' localhost:8080/orders
 *     curl localhost:8080/metrics
 *     curl --compressed localhost:8080/catalogue */
#include <gimlet.h>

#define THINGS 100

struct order {
    int64_t things;
};
static const struct gim_field order_fields[] = {
    GIM_INT(struct order, things, .required = true, GIM_MIN(1), GIM_MAX(1000)),
};
static const struct gim_schema order_schema = GIM_SCHEMA("Order", struct order, order_fields);

static struct gim_counter sold, refused;
static struct gim_gauge in_stock;
static struct gim_buckets basket = {.scale = &gim_scale_count};
static struct gim_buckets packing = {.scale = &gim_scale_seconds};

static const struct gim_metric figures[] = {
    GIM_COUNTER("shop_orders_total", &sold, "Orders.", .labels = "outcome=\"sold\""),
    GIM_COUNTER("shop_orders_total", &refused, "Orders.", .labels = "outcome=\"refused\""),
    GIM_GAUGE("shop_stock_things", &in_stock, "Things in stock."),
    GIM_HISTOGRAM("shop_basket_things", &basket, "Things of an order."),
    GIM_HISTOGRAM("shop_packing_seconds", &packing, "Time to pack an order."),
    {0},
};
static const struct gim_metrics metrics = GIM_METRICS(.figures = figures);

static int place_order(struct gim_ctx *c)
{
    const struct order *order = gim_body(c);
    int64_t began = gim_metrics_clock();

    if (order->things > 100) {
        gim_counter_add(&refused, 1);
        return gim_problem(c, 409, "not-in-stock", "there are not that many");
    }
    gim_counter_add(&sold, 1);
    gim_gauge_add(&in_stock, -order->things);
    gim_buckets_add(&basket, order->things);
    gim_buckets_add(&packing, gim_metrics_clock() - began);
    return gim_reply(c, 201, &order_schema, order);
}

struct thing {
    int64_t number;
    gim_str name;
};
static const struct gim_field thing_fields[] = {
    GIM_INT(struct thing, number),
    GIM_STR(struct thing, name),
};
static const struct gim_schema thing_schema = GIM_SCHEMA("Thing", struct thing, thing_fields);

struct catalogue {
    gim_array things;
};
static const struct gim_field catalogue_fields[] = {
    GIM_ARRAY(struct catalogue, things, .items = GIM_ITEM_OBJECT(struct thing, &thing_schema)),
};
static const struct gim_schema catalogue_schema =
    GIM_SCHEMA("Catalogue", struct catalogue, catalogue_fields);

static int show_catalogue(struct gim_ctx *c)
{
    struct thing *things = GIM_NEW_N(gim_arena(c), struct thing, THINGS);

    if (gim_preconditions(c, GIM_S("2026"), (gim_time){0}))
        return GIM_REPLIED;
    for (int i = 0; i < THINGS; i++)
        things[i] = (struct thing){i, GIM_S("a thing, as good as the one before")};
    return gim_reply(c, 200, &catalogue_schema, &(struct catalogue){{things, THINGS}});
}

static enum gim_pull next_line(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    int *n = arg;

    (void)c;
    while (*n < 100000 && gim_out_room(out))
        gim_out_printf(out, "thing %d, sold\n", (*n)++);
    return *n < 100000 ? GIM_PULL_MORE : GIM_PULL_END;
}

/* Larger than one would want to hold: streamed, and compressed piece by piece. */
static int ledger(struct gim_ctx *c)
{
    return gim_stream(c, 200, GIM_S("text/plain"), GIM_LENGTH_UNKNOWN, next_line,
                      GIM_NEW(gim_arena(c), int));
}

/* What a call to another service would carry. */
static int show_trace(struct gim_ctx *c)
{
    return gim_text(c, 200, gim_traceparent(c));
}

static const struct gim_route routes[] = {
    GIM_POST("/orders", place_order, .body = &order_schema, .reply = &order_schema),
    GIM_GET("/catalogue", show_catalogue, .reply = &catalogue_schema),
    GIM_GET("/ledger", ledger, .streams = true),
    GIM_GET("/trace", show_trace),
    GIM_GET("/metrics", gim_metrics_reply),
    {0},
};
static const struct gim_middleware *const middleware[] = {&gim_request_id, &gim_trace,
                                                          &gim_compress, NULL};

int main(int argc, char **argv)
{
    gim_gauge_set(&in_stock, 1000);
    return gim_main(argc, argv, .name = "shop", .routes = routes, .middleware = middleware,
                    .metrics = &metrics);
}
