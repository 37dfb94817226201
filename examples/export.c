/* export.c: a table of any length as CSV, in constant memory: the reader's speed is the source's.
 *   curl -N 'localhost:8080/squares.csv?rows=10'
 *   curl --limit-rate 1M -o /dev/null 'localhost:8080/squares.csv?rows=100000000' */
#include <gimlet.h>

struct span {
    int64_t rows;
};
static const struct gim_field fields[] = {
    GIM_INT(struct span, rows, .def = "1000", GIM_MIN(0), GIM_MAX(1000000000)),
};
static const struct gim_schema span_schema = GIM_SCHEMA("Span", struct span, fields);

struct cursor {
    int64_t at, end;
};

static enum gim_pull next_rows(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    struct cursor *cursor = arg;

    (void)c;
    if (cursor->at == 0)
        gim_out_bytes(out, GIM_S("number,square\n"));
    while (cursor->at < cursor->end && gim_out_room(out)) {
        int64_t n = ++cursor->at;

        gim_out_printf(out, "%lld,%lld\n", (long long)n, (long long)(n * n));
    }
    return cursor->at < cursor->end ? GIM_PULL_MORE : GIM_PULL_END;
}

static int squares(struct gim_ctx *c)
{
    const struct span *span = gim_query(c);
    struct cursor *cursor = GIM_NEW(gim_arena(c), struct cursor);

    cursor->end = span->rows;
    return gim_stream(c, 200, GIM_S("text/csv"), GIM_LENGTH_UNKNOWN, next_rows, cursor);
}

static const struct gim_route routes[] = {
    GIM_GET("/squares.csv", squares, .query = &span_schema, .streams = true),
    {0},
};

int main(int argc, char **argv)
{
    return gim_main(argc, argv, .name = "export", .routes = routes);
}
