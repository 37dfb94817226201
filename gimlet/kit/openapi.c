/* openapi.c: the document on demand: GET /openapi.json, `PROGRAM --openapi`, and the check at start.
 *
 * The first who asks pays for the making, about a tenth of a millisecond; all others get the same
 * bytes. Two workers may make it at once: the first to store its copy wins, the other drops its own
 * (they are equal). Until somebody asks there is neither the text nor a page of this code in memory. */
#include <gimlet/openapi.h>
#include "openapi_page.h"
#include "openapi_private.h"

/* The document as it is kept: one block of the heap, freed with the application. */
struct kept {
    uint64_t version;
    size_t len;
    char text[];
};

/* NULL: there is no memory. What is kept must be whole, and not of the reserve, since it stays. */
static struct kept *make(const struct gim_app *app)
{
    struct gim_api d = {0};
    struct gim_buf b = {0};
    struct kept *k;

    (void)gim_api_open(&d, app, NULL);
    gim_api_put(&d, &b, false);
    gim_api_close(&d);
    k = b.full ? NULL : gim_heap_try(sizeof *k + b.len);
    if (k) {
        k->len = b.len;
        k->version = gim_page_version(gim_buf_view(&b));
        if (b.len)
            memcpy(k->text, b.ptr, b.len);
    }
    gim_buf_free(&b);
    return k;
}

static const struct kept *document_of(struct gim_app *app)
{
    void *there = atomic_load_explicit(&app->openapi, memory_order_acquire);

    if (!there) {
        struct kept *made = make(app);

        if (!made)
            return NULL;
        if (atomic_compare_exchange_strong(&app->openapi, &there, made))
            there = made;
        else
            gim_heap_free(made);
    }
    return there;
}

static int read_document(struct gim_ctx *c)
{
    const struct kept *k = document_of(gim_app_of(c));

    if (!k)
        return gim_problem(c, 503, NULL, "there is no memory to make it in now; try again");
    return gim_page_reply(c, GIM_S("application/json"), (gim_str){k->text, k->len}, k->version);
}

void gim_openapi_write(const struct gim_app *app, struct gim_buf *out)
{
    struct gim_api d = {0};

    (void)gim_api_open(&d, app, NULL);
    gim_api_put(&d, out, true);
    gim_api_close(&d);
}

unsigned gim_openapi_check(const struct gim_app *app, struct gim_buf *why)
{
    struct gim_api d = {0};
    unsigned defects = gim_api_open(&d, app, why);

    gim_api_close(&d);
    return defects;
}

const struct gim_route gim_openapi_routes[] = {
    GIM_GET("/openapi.json", read_document, .undocumented = true),
    GIM_GET("/docs", gim_page_html, .undocumented = true),
    GIM_GET("/docs/page.css", gim_page_css, .undocumented = true),
    GIM_GET("/docs/page.js", gim_page_js, .undocumented = true),
    {0},
};
