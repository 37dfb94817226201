/* fuzz_range.c: Range, If-Range, Accept and its kin, whatever stands in them.
 *
 * The input is lines: the first is taken as a Range of a representation whose size is made of the
 * input's length, the second as an If-Range, the others as preference fields. What is asked for must
 * lie in the representation, each byte once; a quality is never above 1. */
#include "../../gimlet/http/disposition.h"
#include "../../gimlet/http/extension.h"
#include "../../gimlet/http/message.h"
#include "../../gimlet/http/negotiate.h"
#include "../../gimlet/http/range.h"
#include "must.h"

static void try_range(gim_str line, int64_t size)
{
    struct gim_ranges r;
    int64_t total = 0;

    switch (gim_ranges_read(&r, line, size)) {
    case GIM_RANGES_WHOLE:
        return;
    case GIM_RANGES_BEYOND:
        if (r.n)
            abort();
        return;
    default:
        break;
    }
    if (!r.n || r.n > GIM_RANGES_MAX)
        abort();
    for (unsigned i = 0; i < r.n; i++) {
        const struct gim_range *a = &r.items[i];
        char text[GIM_CONTENT_RANGE_MAX];

        if (a->first < 0 || a->len <= 0 || a->first > size - a->len)
            abort();
        total += a->len;
        for (unsigned k = 0; k < i; k++) {
            const struct gim_range *b = &r.items[k];

            if (a->first <= b->first + b->len && b->first <= a->first + a->len)
                abort(); /* they touch */
        }
        if (gim_content_range_write(text, a, size) >= sizeof text)
            abort();
    }
    if (total > size)
        abort();
}

static void try_preferences(gim_str line)
{
    static const gim_str offers[] = {
        {"text/html; charset=utf-8", 24},
        {"a/b;c=\"d\"", 9},
        {"gzip", 4},
        {"identity", 8},
        {"de-CH", 5},
        {"*", 1},
        {"", 0},
    };
    static gim_quality_fn *const kinds[] = {gim_quality_type, gim_quality_coding,
                                            gim_quality_language};
    struct gim_preferences p = {0};

    gim_preferences_add(&p, line);
    gim_preferences_add(&p, line);
    for (size_t k = 0; k < 3; k++) {
        for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++) {
            if (kinds[k](&p, offers[i]) > 1000)
                abort();
        }
        (void)gim_preferences_best(&p, kinds[k], offers, sizeof offers / sizeof offers[0]);
    }
}

static void try_name(gim_str line)
{
    struct gim_buf b = {0};

    (void)gim_media_type_of(line);
    gim_disposition_write(&b, line);
    if (!gim_field_ok(GIM_S("Content-Disposition"), gim_buf_view(&b)))
        abort();
    gim_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct gim_validators now = {.etag = {"v1", 2}, .modified = 784111777};
    char *copy = fuzz_copy(data, size);
    gim_str in = {copy, size};
    int64_t length = size % 8 == 7 ? INT64_MAX : (int64_t)(size * size * size % 100000);

    try_range(gim_str_cut(&in, '\n'), length);
    (void)gim_if_range_holds(gim_str_cut(&in, '\n'), &now, 784111779);
    while (in.ptr) {
        gim_str line = gim_str_cut(&in, '\n');

        try_preferences(line);
        try_name(line);
    }
    free(copy);
    return 0;
}
